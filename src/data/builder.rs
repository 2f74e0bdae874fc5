//! A column that grows cell by cell and finds out what it holds.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use super::error::shortened;
use super::table::{Kind, MISSING_CODE, MISSING_TIME, Values};
use super::{DataError, values};

/// Distinct texts and their codes. The texts are kept once, unlike in a map from text to code.
#[derive(Default)]
pub(crate) struct Texts {
    hasher: RandomState,
    first: HashMap<u64, u32>,
    /// For each code, an earlier one with the same hash.
    same_hash: Vec<u32>,
    dictionary: Arc<Vec<String>>,
    last: Option<u32>,
}

impl Texts {
    /// The code of a text; `None` when there are too many distinct ones.
    pub(crate) fn code(&mut self, text: &str) -> Option<u32> {
        let is = |code: u32| self.dictionary.get(code as usize).is_some_and(|known| known == text);
        if let Some(code) = self.last.filter(|code| is(*code)) {
            return Some(code);
        }
        let hash = self.hasher.hash_one(text);
        let head = self.first.get(&hash).copied();
        let mut candidate = head;
        while let Some(code) = candidate {
            if is(code) {
                self.last = Some(code);
                return Some(code);
            }
            candidate = self.same_hash.get(code as usize).copied().filter(|next| *next != MISSING_CODE);
        }
        let code = u32::try_from(self.dictionary.len()).ok().filter(|code| *code != MISSING_CODE)?;
        // Copies the dictionary only where a table that was handed out still holds it.
        Arc::make_mut(&mut self.dictionary).push(text.to_owned());
        self.same_hash.push(head.unwrap_or(MISSING_CODE));
        self.first.insert(hash, code);
        self.last = Some(code);
        Some(code)
    }

    /// The texts so far, shared until the next new one.
    pub(crate) fn dictionary(&self) -> Arc<Vec<String>> {
        Arc::clone(&self.dictionary)
    }

    pub(crate) fn into_dictionary(mut self) -> Arc<Vec<String>> {
        if let Some(only) = Arc::get_mut(&mut self.dictionary) {
            only.shrink_to_fit();
        }
        self.dictionary
    }
}

/// What a column must become whatever its cells look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    /// Text, as written.
    Text,
    /// Numbers; every other cell is missing and counted.
    Number,
}

/// How the values of a column are held, once all its cells were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    Float,
    Int,
    Bool,
    Time,
    Text,
}

impl Settled {
    /// What a person would say that the column holds.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Float | Self::Int => Kind::Number,
            Self::Bool => Kind::Bool,
            Self::Time => Kind::Time,
            Self::Text => Kind::Text,
        }
    }
}

enum Store {
    /// Only missing cells so far.
    Missing(usize),
    Float(Vec<f64>),
    Int {
        values: Vec<i64>,
        valid: Option<Vec<bool>>,
    },
    Bool(Vec<u8>),
    Time(Vec<i64>),
    Text {
        codes: Vec<u32>,
        texts: Texts,
    },
    /// Cells of several kinds: it has to be read again as text.
    Mixed(usize),
}

/// What was seen of cells whose values are not kept.
#[derive(Default)]
struct Looked {
    /// Rows that were forgotten.
    rows: usize,
    /// Whether a decimal number among them is not missing.
    float: bool,
    /// Cells that are not missing.
    filled: usize,
    /// Cells of text that are no number.
    words: usize,
    /// The first of them, shortened, and its row from 1.
    first_word: Option<(String, usize)>,
}

/// A column that grows cell by cell. It begins as whole numbers where it can, widens to decimal numbers,
/// and gives up (see [`Builder::is_mixed`]) when a cell fits neither.
pub(crate) struct Builder {
    store: Store,
    preset: Option<Preset>,
    decimal_comma: bool,
    /// Cells that hold a word for missing, as `NA`.
    pub(crate) missing_words: usize,
    /// Cells of a column that must hold numbers and that are none.
    pub(crate) not_numbers: usize,
    /// Whether distinct texts were more than codes.
    pub(crate) overflow: bool,
    looked: Option<Looked>,
}

impl Builder {
    pub(crate) fn new(preset: Option<Preset>, decimal_comma: bool) -> Self {
        let store = match preset {
            Some(Preset::Text) => Store::Text { codes: Vec::new(), texts: Texts::default() },
            _ => Store::Missing(0),
        };
        Self { store, preset, decimal_comma, missing_words: 0, not_numbers: 0, overflow: false, looked: None }
    }

    /// A builder that keeps no value: it finds out what the column is and nothing else.
    pub(crate) fn looking(preset: Option<Preset>, decimal_comma: bool) -> Self {
        Self { looked: Some(Looked::default()), ..Self::new(preset, decimal_comma) }
    }

    /// A builder for a column whose cells were all seen before, from which values can be taken before the end.
    pub(crate) fn settled(settled: Settled, preset: Option<Preset>, decimal_comma: bool) -> Self {
        let mut builder = Self::new(preset, decimal_comma);
        builder.store = match settled {
            Settled::Float => Store::Float(Vec::new()),
            Settled::Int => Store::Int { values: Vec::new(), valid: None },
            Settled::Bool => Store::Bool(Vec::new()),
            Settled::Time => Store::Time(Vec::new()),
            // Blanks before the first text are missing where text was not ordered, so it begins as it began before.
            Settled::Text => return builder,
        };
        builder
    }

    /// Whether cells of several kinds came, so that the column must be read again as text.
    pub(crate) fn is_mixed(&self) -> bool {
        matches!(self.store, Store::Mixed(_))
    }

    /// What the column is by the cells so far. Cells of several kinds, or only missing ones, are as in [`Builder::finish`]
    /// after a second reading: text, and decimal numbers.
    pub(crate) fn is(&self) -> Settled {
        match self.store {
            Store::Missing(_) | Store::Float(_) => Settled::Float,
            Store::Int { .. } => Settled::Int,
            Store::Bool(_) => Settled::Bool,
            Store::Time(_) => Settled::Time,
            Store::Text { .. } | Store::Mixed(_) => Settled::Text,
        }
    }

    /// Whether it becomes a column of decimal numbers without any; for a builder that only looks.
    pub(crate) fn holds_nothing(&self) -> bool {
        self.is() == Settled::Float && !self.looked.as_ref().is_some_and(|looked| looked.float)
    }

    /// Of a builder that only looks: cells that are not missing, those that are no numbers, and the first of these
    /// with its row from 1.
    pub(crate) fn words(&self) -> Option<(usize, usize, &str, usize)> {
        let looked = self.looked.as_ref()?;
        let (word, row) = looked.first_word.as_ref()?;
        Some((looked.filled, looked.words, word, *row))
    }

    /// Whether the column, begun by [`Builder::settled`], still is what was settled; a column of text that had only
    /// missing cells so far is.
    pub(crate) fn fits(&self, settled: Settled) -> bool {
        match self.store {
            Store::Mixed(_) => false,
            Store::Missing(_) => settled == Settled::Text,
            _ => self.is() == settled,
        }
    }

    /// Whether no cell told yet what the column holds.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self.store, Store::Missing(_))
    }

    pub(crate) fn push(&mut self, cell: &str) {
        if self.looked.is_none() {
            // Most cells of most files are plain numbers, which need no closer look.
            if let Store::Float(list) = &mut self.store
                && !self.decimal_comma
                && let Some(x) = values::plain_float(cell)
            {
                return list.push(x);
            }
            return self.push_cell(cell);
        }
        let plainly = match self.store {
            Store::Float(_) => is_plain_number(cell, !self.decimal_comma),
            Store::Int { .. } => cell.len() < 19 && is_plain_number(cell, false),
            _ => false,
        };
        if plainly {
            if let Some(looked) = &mut self.looked {
                looked.rows += 1;
                looked.float = true;
                looked.filled += 1;
            }
            return;
        }
        self.push_looking(cell);
    }

    /// A cell that is not plainly of the kind the column has, in a builder that keeps no value.
    fn push_looking(&mut self, cell: &str) {
        let is_text = matches!(self.store, Store::Text { .. } | Store::Mixed(_));
        if !is_text || cell.is_empty() {
            self.push_cell(cell);
        }
        let decimal_comma = self.decimal_comma;
        let is_text = matches!(self.store, Store::Text { .. } | Store::Mixed(_));
        let Some(looked) = &mut self.looked else { return };
        looked.rows += 1;
        if !cell.is_empty() {
            looked.filled += 1;
            if is_text || matches!(self.store, Store::Bool(_) | Store::Time(_)) {
                let trimmed = cell.trim();
                let number =
                    trimmed.is_empty() || missing_word(trimmed) || values::float(trimmed, decimal_comma).is_some();
                if !number {
                    looked.words += 1;
                    let row = looked.rows;
                    looked.first_word.get_or_insert_with(|| (shortened(cell), row));
                }
            }
        }
        match &mut self.store {
            Store::Missing(rows) | Store::Mixed(rows) => *rows = 0,
            Store::Float(list) => {
                looked.float |= list.iter().any(|x| !x.is_nan());
                list.clear();
            }
            Store::Int { values, valid } => {
                looked.float = true;
                values.clear();
                *valid = None;
            }
            Store::Bool(list) => list.clear(),
            Store::Time(list) => list.clear(),
            Store::Text { codes, texts } => {
                codes.clear();
                *texts = Texts::default();
            }
        }
    }

    fn push_cell(&mut self, cell: &str) {
        if cell.is_empty() {
            return self.push_missing();
        }
        if let Store::Text { codes, texts } = &mut self.store {
            let code = texts.code(cell);
            self.overflow |= code.is_none();
            return codes.push(code.unwrap_or(MISSING_CODE));
        }
        if let Store::Mixed(rows) = &mut self.store {
            *rows += 1;
            return;
        }
        let trimmed = trimmed(cell);
        if trimmed.is_empty() {
            return self.push_missing();
        }
        if missing_word(trimmed) {
            self.missing_words += 1;
            return self.push_missing();
        }
        if self.push_same(trimmed) {
            return;
        }
        if self.preset == Some(Preset::Number) && values::float(trimmed, self.decimal_comma).is_none() {
            self.not_numbers += 1;
            return self.push_missing();
        }
        self.push_other(cell, trimmed);
    }

    /// Adds a cell of the kind the column has; false when it is of another.
    fn push_same(&mut self, cell: &str) -> bool {
        match &mut self.store {
            Store::Float(list) => values::float(cell, self.decimal_comma).map(|x| list.push(x)),
            Store::Int { values: list, valid } => values::int(cell).map(|x| {
                list.push(x);
                if let Some(valid) = valid {
                    valid.push(true);
                }
            }),
            Store::Bool(list) => values::boolean(cell).map(|x| list.push(u8::from(x))),
            Store::Time(list) => values::time(cell).map(|x| list.push(x)),
            Store::Missing(_) | Store::Text { .. } | Store::Mixed(_) => None,
        }
        .is_some()
    }

    fn push_other(&mut self, cell: &str, trimmed: &str) {
        let rows = self.rows();
        match &mut self.store {
            Store::Missing(missing) => {
                let missing = *missing;
                if let Some(x) = values::int(trimmed) {
                    let mut list = vec![0; missing];
                    list.push(x);
                    let valid = (missing > 0).then(|| {
                        let mut valid = vec![false; missing];
                        valid.push(true);
                        valid
                    });
                    self.store = Store::Int { values: list, valid };
                } else if let Some(x) = values::float(trimmed, self.decimal_comma) {
                    let mut list = vec![f64::NAN; missing];
                    list.push(x);
                    self.store = Store::Float(list);
                } else if let Some(x) = values::boolean(trimmed) {
                    let mut list = vec![2; missing];
                    list.push(u8::from(x));
                    self.store = Store::Bool(list);
                } else if let Some(x) = values::time(trimmed) {
                    let mut list = vec![MISSING_TIME; missing];
                    list.push(x);
                    self.store = Store::Time(list);
                } else if self.missing_words == 0 {
                    self.store = Store::Text { codes: vec![MISSING_CODE; missing], texts: Texts::default() };
                    self.push_cell(cell);
                } else {
                    self.store = Store::Mixed(rows + 1);
                }
            }
            Store::Int { values: list, valid } => match values::float(trimmed, self.decimal_comma) {
                Some(x) => {
                    let known = valid.take();
                    let is_valid = |row: usize| known.as_ref().is_none_or(|v| v.get(row).copied().unwrap_or(false));
                    let mut floats: Vec<f64> = list
                        .iter()
                        .enumerate()
                        .map(|(row, x)| if is_valid(row) { *x as f64 } else { f64::NAN })
                        .collect();
                    floats.push(x);
                    self.store = Store::Float(floats);
                }
                None => self.store = Store::Mixed(rows + 1),
            },
            Store::Float(_) | Store::Bool(_) | Store::Time(_) | Store::Text { .. } | Store::Mixed(_) => {
                self.store = Store::Mixed(rows + 1);
            }
        }
    }

    fn push_missing(&mut self) {
        match &mut self.store {
            Store::Missing(rows) | Store::Mixed(rows) => *rows += 1,
            Store::Float(list) => list.push(f64::NAN),
            Store::Int { values, valid } => {
                valid.get_or_insert_with(|| vec![true; values.len()]).push(false);
                values.push(0);
            }
            Store::Bool(list) => list.push(2),
            Store::Time(list) => list.push(MISSING_TIME),
            Store::Text { codes, .. } => codes.push(MISSING_CODE),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        let forgotten = self.looked.as_ref().map_or(0, |looked| looked.rows);
        forgotten + self.kept_rows()
    }

    fn kept_rows(&self) -> usize {
        match &self.store {
            Store::Missing(rows) | Store::Mixed(rows) => *rows,
            Store::Float(list) => list.len(),
            Store::Int { values, .. } => values.len(),
            Store::Bool(list) => list.len(),
            Store::Time(list) => list.len(),
            Store::Text { codes, .. } => codes.len(),
        }
    }

    /// Takes the values of the rows so far out of a builder made by [`Builder::settled`], and goes on without them.
    /// A dictionary stays, so that codes mean the same in all that is taken.
    pub(crate) fn take(&mut self, name: &str, settled: Settled) -> Result<Values, DataError> {
        if self.overflow {
            return Err(DataError::TooManyTexts { column: name.to_owned() });
        }
        Ok(match &mut self.store {
            Store::Missing(rows) | Store::Mixed(rows) => {
                let rows = std::mem::take(rows);
                match settled {
                    Settled::Text => Values::Text { codes: vec![MISSING_CODE; rows], dictionary: Arc::new(Vec::new()) },
                    _ => Values::Float(vec![f64::NAN; rows]),
                }
            }
            Store::Float(list) => Values::Float(emptied(list)),
            Store::Int { values, valid } => Values::Int { values: emptied(values), valid: valid.take() },
            Store::Bool(list) => Values::Bool(emptied(list)),
            Store::Time(list) => Values::Time(emptied(list)),
            Store::Text { codes, texts } => Values::Text { codes: emptied(codes), dictionary: texts.dictionary() },
        })
    }

    /// The values, with spare room given back; a column of missing cells only becomes decimal numbers.
    pub(crate) fn finish(self, name: &str) -> Result<Values, DataError> {
        if self.overflow {
            return Err(DataError::TooManyTexts { column: name.to_owned() });
        }
        Ok(match self.store {
            Store::Missing(rows) | Store::Mixed(rows) => Values::Float(vec![f64::NAN; rows]),
            Store::Float(mut list) => {
                list.shrink_to_fit();
                Values::Float(list)
            }
            Store::Int { mut values, mut valid } => {
                values.shrink_to_fit();
                if let Some(valid) = &mut valid {
                    valid.shrink_to_fit();
                }
                Values::Int { values, valid }
            }
            Store::Bool(mut list) => {
                list.shrink_to_fit();
                Values::Bool(list)
            }
            Store::Time(mut list) => {
                list.shrink_to_fit();
                Values::Time(list)
            }
            Store::Text { mut codes, texts } => {
                codes.shrink_to_fit();
                Values::Text { codes, dictionary: texts.into_dictionary() }
            }
        })
    }
}

/// The content of a list, which keeps room for as much again.
fn emptied<T>(list: &mut Vec<T>) -> Vec<T> {
    let room = list.len();
    std::mem::replace(list, Vec::with_capacity(room))
}

/// A cell without the blanks around it; most have none.
fn trimmed(cell: &str) -> &str {
    let bare = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = cell.as_bytes();
    if bare(bytes.first()) && bare(bytes.last()) { cell } else { cell.trim() }
}

/// As [`values::is_missing_word`], asked only where the first letter allows it.
fn missing_word(text: &str) -> bool {
    matches!(text.as_bytes().first(), Some(b'N' | b'n' | b'#' | b'<')) && values::is_missing_word(text)
}

/// Whether a cell is digits, after a minus at most, and with one point among them where that is allowed:
/// then it is a number without a closer look.
fn is_plain_number(cell: &str, point: bool) -> bool {
    let bytes = cell.as_bytes();
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let mut other = digits.iter().filter(|byte| !byte.is_ascii_digit());
    match (other.next(), other.next()) {
        (None, _) => !digits.is_empty(),
        (Some(b'.'), None) => point && digits.len() > 1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(cells: &[&str], decimal_comma: bool) -> Option<Values> {
        let mut builder = Builder::new(None, decimal_comma);
        for cell in cells {
            builder.push(cell);
        }
        assert_eq!(builder.rows(), cells.len());
        if builder.is_mixed() { None } else { builder.finish("x").ok() }
    }

    #[test]
    fn a_column_takes_the_narrowest_kind_that_fits_all_cells() {
        assert_eq!(build(&["1", " 2 ", "-3"], false), Some(Values::ints(vec![1, 2, -3])));
        assert_eq!(
            build(&["", "1", "NA"], false),
            Some(Values::Int { values: vec![0, 1, 0], valid: Some(vec![false, true, false]) })
        );
        assert_eq!(build(&["1", "2.5"], false), Some(Values::Float(vec![1.0, 2.5])));
        assert_eq!(build(&["1", "2,5"], true), Some(Values::Float(vec![1.0, 2.5])));
        assert_eq!(build(&["18446744073709551615"], false), Some(Values::Float(vec![18446744073709551615.0])));
        assert_eq!(build(&["True", "", "false"], false), Some(Values::Bool(vec![1, 2, 0])));
        assert_eq!(build(&["", "1970-01-01"], false), Some(Values::Time(vec![MISSING_TIME, 0])));
        assert_eq!(
            build(&["b", "a", "", "b", "NA"], false),
            Some(Values::text([Some("b"), Some("a"), None, Some("b"), Some("NA")]))
        );
        assert_eq!(build(&["1", "x"], false), None);
        assert_eq!(build(&["NA", "x"], false), None, "the word may be a text, so it must be read again");
        assert_eq!(build(&["true", "1"], false), None);
        let missing_only = build(&["", "NA"], false);
        assert!(matches!(missing_only, Some(Values::Float(list)) if list.iter().all(|x| x.is_nan())));
    }

    #[test]
    fn a_number_by_order_counts_what_is_none() {
        let mut builder = Builder::new(Some(Preset::Number), false);
        for cell in ["7", "x", "", "8"] {
            builder.push(cell);
        }
        assert_eq!(builder.not_numbers, 1);
        assert_eq!(
            builder.finish("x"),
            Ok(Values::Int { values: vec![7, 0, 0, 8], valid: Some(vec![true, false, false, true]) })
        );
    }

    #[test]
    fn a_builder_that_only_looks_finds_what_one_that_keeps_finds() {
        let pieces = [
            "",
            " ",
            "NA",
            "1",
            "-2",
            " 3 ",
            "2.5",
            "1e5",
            "nan",
            "Nan",
            "x",
            "true",
            "2013-04-01",
            ".",
            "-",
            "1,5",
            "9223372036854775808",
        ];
        let mut seed = 7_u64;
        let mut next = |limit: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % limit
        };
        for round in 0..20_000 {
            let (comma, allowed) = (round % 3 == 0, 1 + next(pieces.len()));
            let from = next(pieces.len());
            let preset = [None, None, Some(Preset::Number), Some(Preset::Text)][next(4)];
            let cells: Vec<&str> = (0..next(6)).map(|_| pieces[(from + next(allowed)) % pieces.len()]).collect();
            let (mut keeps, mut looks) = (Builder::new(preset, comma), Builder::looking(preset, comma));
            for cell in &cells {
                keeps.push(cell);
                looks.push(cell);
            }
            assert_eq!((looks.is(), looks.rows()), (keeps.is(), keeps.rows()), "{cells:?}");
            assert_eq!(looks.is_mixed(), keeps.is_mixed());
            assert_eq!((looks.missing_words, looks.not_numbers), (keeps.missing_words, keeps.not_numbers), "{cells:?}");
            let settled = looks.is();
            let preset = if looks.is_mixed() { Some(Preset::Text) } else { preset };
            let mut whole = Builder::new(preset, comma);
            let mut taken = Builder::settled(settled, preset, comma);
            let mut rows = 0;
            for cell in &cells {
                whole.push(cell);
                taken.push(cell);
                let part = taken.take("x", settled).unwrap();
                assert_eq!(part.len(), 1);
                rows += 1;
                let (a, b) = (crate::data::Column::new("x", part), &whole);
                assert_eq!(b.rows(), rows);
                assert_eq!(a.kind(), settled.kind(), "{cells:?}");
            }
            let whole = whole.finish("x").unwrap();
            if let Values::Float(list) = &whole {
                assert_eq!(looks.holds_nothing(), list.iter().all(|x| x.is_nan()), "{cells:?}");
            } else {
                assert!(!looks.holds_nothing());
            }
        }
    }
}
