//! A column that grows cell by cell and finds out what it holds.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use super::table::{MISSING_CODE, MISSING_TIME, Values};
use super::{DataError, values};

/// Distinct texts and their codes. The texts are kept once, unlike in a map from text to code.
#[derive(Default)]
pub(crate) struct Texts {
    hasher: RandomState,
    first: HashMap<u64, u32>,
    /// For each code, an earlier one with the same hash.
    same_hash: Vec<u32>,
    dictionary: Vec<String>,
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
        self.dictionary.push(text.to_owned());
        self.same_hash.push(head.unwrap_or(MISSING_CODE));
        self.first.insert(hash, code);
        self.last = Some(code);
        Some(code)
    }

    pub(crate) fn into_dictionary(mut self) -> Arc<Vec<String>> {
        self.dictionary.shrink_to_fit();
        Arc::new(self.dictionary)
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
}

impl Builder {
    pub(crate) fn new(preset: Option<Preset>, decimal_comma: bool) -> Self {
        let store = match preset {
            Some(Preset::Text) => Store::Text { codes: Vec::new(), texts: Texts::default() },
            _ => Store::Missing(0),
        };
        Self { store, preset, decimal_comma, missing_words: 0, not_numbers: 0, overflow: false }
    }

    /// Whether cells of several kinds came, so that the column must be read again as text.
    pub(crate) fn is_mixed(&self) -> bool {
        matches!(self.store, Store::Mixed(_))
    }

    pub(crate) fn push(&mut self, cell: &str) {
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
        let trimmed = cell.trim();
        if trimmed.is_empty() {
            return self.push_missing();
        }
        if values::is_missing_word(trimmed) {
            self.missing_words += 1;
            return self.push_missing();
        }
        if self.preset == Some(Preset::Number) && values::float(trimmed, self.decimal_comma).is_none() {
            self.not_numbers += 1;
            return self.push_missing();
        }
        if !self.push_same(trimmed) {
            self.push_other(cell, trimmed);
        }
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
                    self.push(cell);
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
        match &self.store {
            Store::Missing(rows) | Store::Mixed(rows) => *rows,
            Store::Float(list) => list.len(),
            Store::Int { values, .. } => values.len(),
            Store::Bool(list) => list.len(),
            Store::Time(list) => list.len(),
            Store::Text { codes, .. } => codes.len(),
        }
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
}
