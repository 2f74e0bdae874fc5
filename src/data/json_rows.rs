//! JSON values on their way into columns.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::dialect::MAX_COLUMNS;
use super::typed::{Cell, Typed};
use super::{Column, DataError, Table};

/// Rows times columns that are held whatever the size of the file; a larger table must come from a file of its size.
const MAX_SPARSE_CELLS: usize = 1 << 27;
const ROWS_BETWEEN_LOOKS: usize = 4096;

/// What was left out of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    Nothing,
    Lists,
    Records,
}

struct Growing {
    name: String,
    typed: Typed,
    left_out: LeftOut,
    /// Whether it was a record whose fields are columns of their own.
    flattened: bool,
}

/// Columns that grow record by record.
pub(crate) struct Sink<'a> {
    path: PathBuf,
    max_rows: usize,
    /// Bytes of the file.
    size: u64,
    /// Tells the progress; true when the work is to end.
    look: &'a dyn Fn() -> bool,
    columns: Vec<Growing>,
    places: HashMap<String, usize>,
    /// Where the next key is expected, since records mostly have the same keys in the same order.
    next: usize,
    pub(crate) rows: usize,
    in_record: bool,
    /// What went wrong beside the syntax.
    pub(crate) problem: Option<DataError>,
    /// Whether no more rows are wanted.
    pub(crate) full: bool,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(path: &Path, max_rows: Option<usize>, size: u64, look: &'a dyn Fn() -> bool) -> Self {
        Self {
            path: path.to_owned(),
            max_rows: max_rows.unwrap_or(usize::MAX),
            size,
            look,
            columns: Vec::new(),
            places: HashMap::new(),
            next: 0,
            rows: 0,
            in_record: false,
            problem: None,
            full: false,
        }
    }

    pub(crate) fn is_full(&mut self) -> bool {
        self.full = self.rows >= self.max_rows;
        self.full
    }

    /// Whether a record has begun and not ended.
    pub(crate) fn in_record(&self) -> bool {
        self.in_record
    }

    /// Takes note of a problem that is none of syntax, and gives the error that ends the parsing.
    fn fail<E: Error>(&mut self, problem: DataError) -> E {
        self.problem.get_or_insert(problem);
        E::custom("stopped")
    }

    /// The place of a column by its name, made when it is new.
    fn place<E: Error>(&mut self, name: &str) -> Result<usize, E> {
        if self.columns.get(self.next).is_some_and(|column| column.name == name) {
            self.next += 1;
            return Ok(self.next - 1);
        }
        if let Some(place) = self.places.get(name).copied() {
            self.next = place + 1;
            return Ok(place);
        }
        let place = self.columns.len();
        if place >= MAX_COLUMNS {
            let (path, columns) = (self.path.clone(), place + 1);
            return Err(self.fail(DataError::TooManyColumns { path, columns, limit: MAX_COLUMNS }));
        }
        self.columns.push(Growing {
            name: name.to_owned(),
            typed: Typed::default(),
            left_out: LeftOut::Nothing,
            flattened: false,
        });
        self.places.insert(name.to_owned(), place);
        self.next = place + 1;
        self.bounded()?;
        Ok(place)
    }

    fn bounded<E: Error>(&mut self) -> Result<(), E> {
        let cells = self.rows.saturating_mul(self.columns.len());
        if cells > MAX_SPARSE_CELLS && cells as u64 > self.size.saturating_mul(4) {
            let reason = "its records share too few names, so that they make no table".to_owned();
            let problem = DataError::BadJson { path: self.path.clone(), line: 1, reason };
            return Err(self.fail(problem));
        }
        Ok(())
    }

    /// Adds a value to the row that grows.
    fn push<E: Error>(&mut self, place: usize, cell: Option<Cell<'_>>) -> Result<(), E> {
        let rows = self.rows;
        let Some(column) = self.columns.get_mut(place) else { return Ok(()) };
        if column.typed.len() > rows {
            let column = column.name.clone();
            return Err(self.fail(DataError::DuplicateColumn { column }));
        }
        column.typed.fill(rows);
        match cell {
            Some(cell) => column.typed.push(cell),
            None => column.typed.fill(rows + 1),
        }
        Ok(())
    }

    fn leave_out(&mut self, place: usize, what: LeftOut) {
        if let Some(column) = self.columns.get_mut(place) {
            column.left_out = what;
        }
    }

    fn end_row<E: Error>(&mut self) -> Result<(), E> {
        self.in_record = false;
        self.next = 0;
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_BETWEEN_LOOKS) {
            if (self.look)() {
                return Err(self.fail(DataError::Cancelled));
            }
            self.bounded()?;
        }
        Ok(())
    }

    /// Counts a record that did not end as a row with gaps, when only the beginning of a file is looked at.
    pub(crate) fn close_torn(&mut self) {
        let longest = self.columns.iter().map(|column| column.typed.len()).max().unwrap_or_default();
        self.rows = self.rows.max(longest);
    }

    /// The table, and what a person should know about the reading.
    pub(crate) fn finish(self) -> Result<(Table, Vec<String>), DataError> {
        let (mut notes, mut columns, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        let mut mixed = Vec::new();
        for mut growing in self.columns {
            growing.typed.fill(self.rows);
            let name = growing.name;
            let nothing = growing.typed.holds_nothing();
            match growing.left_out {
                LeftOut::Nothing => {}
                LeftOut::Lists => left_out.push(format!("“{name}” holds lists")),
                LeftOut::Records => left_out.push(format!("“{name}” holds records within records")),
            }
            if nothing && (growing.left_out != LeftOut::Nothing || growing.flattened) {
                continue;
            }
            if nothing && self.rows > 0 {
                notes.push(format!("Column “{name}” holds no value in any row."));
            }
            if growing.typed.mixed {
                mixed.push(format!("“{name}”"));
            }
            let values = growing.typed.finish(&name)?;
            columns.push(Column::new(name, values));
        }
        if columns.is_empty() && !left_out.is_empty() {
            let told = left_out.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
            return Err(DataError::NoUsableColumns { path: self.path, left_out: told });
        }
        notes.extend(left_out.into_iter().map(|what| format!("Column {what}, which are not read and were left out.")));
        notes.extend(
            mixed
                .into_iter()
                .map(|name| format!("Column {name} is read as text because it holds values of several kinds.")),
        );
        Ok((Table::new(columns)?, notes))
    }
}

/// A list of records.
pub(crate) struct Records<'s, 'a> {
    pub(crate) sink: &'s mut Sink<'a>,
}

impl<'de> DeserializeSeed<'de> for Records<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Records<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while !self.sink.is_full() {
            if list.next_element_seed(Row { sink: &mut *self.sink })?.is_none() {
                return Ok(());
            }
        }
        Err(A::Error::custom("stopped"))
    }
}

/// One record.
pub(crate) struct Row<'s, 'a> {
    pub(crate) sink: &'s mut Sink<'a>,
}

impl<'de> DeserializeSeed<'de> for Row<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record in braces")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.sink.in_record = true;
        while let Some(place) = map.next_key_seed(Key { sink: &mut *self.sink, above: None })? {
            map.next_value_seed(Value { sink: &mut *self.sink, place, nested: false })?;
        }
        self.sink.end_row()
    }
}

/// A key, which becomes the place of its column.
struct Key<'s, 'a> {
    sink: &'s mut Sink<'a>,
    /// The column of the record around it.
    above: Option<usize>,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name in quotation marks")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        let above = self.above.and_then(|place| self.sink.columns.get(place));
        match above.map(|above| format!("{}.{name}", above.name)) {
            None => self.sink.place(name),
            Some(flat) => self.sink.place(&flat),
        }
    }
}

/// A value of a column.
struct Value<'s, 'a> {
    sink: &'s mut Sink<'a>,
    place: usize,
    /// Whether it stands in a record within a record.
    nested: bool,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.sink.push(self.place, None)
    }

    fn visit_bool<E: Error>(self, x: bool) -> Result<(), E> {
        self.sink.push(self.place, Some(Cell::Bool(x)))
    }

    fn visit_i64<E: Error>(self, x: i64) -> Result<(), E> {
        self.sink.push(self.place, Some(Cell::Int(x)))
    }

    fn visit_u64<E: Error>(self, x: u64) -> Result<(), E> {
        let cell = i64::try_from(x).map_or(Cell::Float(x as f64), Cell::Int);
        self.sink.push(self.place, Some(cell))
    }

    fn visit_f64<E: Error>(self, x: f64) -> Result<(), E> {
        self.sink.push(self.place, Some(Cell::Float(x)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.sink.push(self.place, Some(Cell::Text(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        self.sink.leave_out(self.place, LeftOut::Lists);
        self.sink.push(self.place, None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.sink.push(self.place, None)?;
        if self.nested {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            self.sink.leave_out(self.place, LeftOut::Records);
            return Ok(());
        }
        if let Some(column) = self.sink.columns.get_mut(self.place) {
            column.flattened = true;
        }
        while let Some(place) = map.next_key_seed(Key { sink: &mut *self.sink, above: Some(self.place) })? {
            map.next_value_seed(Value { sink: &mut *self.sink, place, nested: true })?;
        }
        Ok(())
    }
}

/// An object with one list per column.
pub(crate) struct ColumnLists<'s, 'a> {
    pub(crate) sink: &'s mut Sink<'a>,
}

impl<'de> DeserializeSeed<'de> for ColumnLists<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ColumnLists<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one list per column")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut longest = 0;
        while let Some(place) = map.next_key_seed(Key { sink: &mut *self.sink, above: None })? {
            self.sink.rows = 0;
            let began = self.sink.columns.get(place).map_or(0, |column| column.typed.len());
            if began > 0 {
                let column = self.sink.columns.get(place).map(|column| column.name.clone()).unwrap_or_default();
                return Err(self.sink.fail(DataError::DuplicateColumn { column }));
            }
            map.next_value_seed(ColumnList { sink: &mut *self.sink, place, longest })?;
            longest = longest.max(self.sink.rows);
        }
        self.sink.rows = longest;
        Ok(())
    }
}

/// The values of one column.
struct ColumnList<'s, 'a> {
    sink: &'s mut Sink<'a>,
    place: usize,
    /// Rows of the columns before.
    longest: usize,
}

impl<'de> DeserializeSeed<'de> for ColumnList<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ColumnList<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { sink, place, longest } = self;
        while sink.rows < sink.max_rows {
            // A record in a list of values would make columns of another length, so it is left out.
            if list.next_element_seed(Value { sink: &mut *sink, place, nested: true })?.is_none() {
                sink.rows = sink.rows.max(longest);
                return Ok(());
            }
            sink.end_row()?;
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
