//! Whether a JSON object is a record or holds one list per column.

use std::fmt;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::DataError;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A list of records.
    List,
    /// Records one after the other.
    Lines,
    /// One list per column.
    Columns,
}

/// What the values of an object are.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) lists: usize,
    pub(crate) others: usize,
    /// Values of the first list.
    pub(crate) rows: Option<usize>,
    /// The first list of another length.
    pub(crate) odd: Option<(String, usize)>,
}

impl Seen {
    /// The length of all lists, where there is nothing else.
    pub(crate) fn equal_lists(&self) -> Option<usize> {
        self.rows.filter(|_| self.others == 0 && self.odd.is_none())
    }
}

/// Looks at an object without keeping a value.
pub(crate) struct ShapeSeed;

impl ShapeSeed {
    /// The shape of a file of which only the beginning is there: one list per column when its first value is a list
    /// that does not end in the beginning.
    pub(crate) fn torn(path: &Path, limit: u64) -> Result<Shape, DataError> {
        use std::io::Read as _;
        let reading = |e: std::io::Error| DataError::reading(path, &e);
        let mut text = Vec::new();
        std::fs::File::open(path).map_err(reading)?.take(limit).read_to_end(&mut text).map_err(reading)?;
        let after_colon = text.iter().position(|byte| *byte == b':').and_then(|at| text.get(at + 1..));
        let first = after_colon.and_then(|rest| rest.iter().find(|byte| !byte.is_ascii_whitespace()));
        Ok(if first == Some(&b'[') { Shape::Columns } else { Shape::Lines })
    }
}

impl<'de> DeserializeSeed<'de> for ShapeSeed {
    type Value = Seen;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ShapeSeed {
    type Value = Seen;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record in braces")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Seen, A::Error> {
        let mut seen = Seen::default();
        while let Some(name) = map.next_key::<String>()? {
            match map.next_value_seed(Length)? {
                None => seen.others += 1,
                Some(rows) => {
                    seen.lists += 1;
                    if *seen.rows.get_or_insert(rows) != rows {
                        seen.odd.get_or_insert((name, rows));
                    }
                }
            }
        }
        Ok(seen)
    }
}

/// The length of a list; `None` for what is none.
struct Length;

impl<'de> DeserializeSeed<'de> for Length {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! no_list {
    ($($visit:ident: $kind:ty),*) => {
        $(fn $visit<E>(self, _value: $kind) -> Result<Option<usize>, E> { Ok(None) })*
    };
}

impl<'de> Visitor<'de> for Length {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    no_list!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<Option<usize>, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<usize>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<usize>, A::Error> {
        let mut rows = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            rows += 1;
        }
        Ok(Some(rows))
    }
}
