//! The target column read row by row: as one of the model's classes, or as a number.

use std::collections::HashMap;
use std::sync::Arc;

use super::column::distinct;
use crate::data::target::Labels;
use crate::data::{Column, Values};

/// What a row's target says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Truth<T> {
    /// The class or the number.
    Known(T),
    /// There is none.
    Missing,
    /// It is one that the model cannot give: another class, or no finite number.
    Unknown,
}

/// Finds targets among a model's classes; each distinct value is looked up once.
#[derive(Debug, Default)]
pub(super) struct TruthReader {
    dictionary: Option<Arc<Vec<String>>>,
    classes: Vec<Option<usize>>,
    numbers: Vec<f64>,
    met: HashMap<u64, Option<usize>>,
    met_type: Option<std::mem::Discriminant<Values>>,
}

/// Distinct values that are remembered, unless one batch brings more.
const MET_KEPT: usize = 100_000;

impl TruthReader {
    /// Makes ready for a column; called once a batch.
    pub(super) fn prepare(&mut self, column: &Column, classes: &[String]) {
        let Values::Text { dictionary, .. } = &column.values else {
            let this_type = Some(std::mem::discriminant(&column.values));
            if self.met_type != this_type || self.met.len() > MET_KEPT {
                self.met.clear();
                self.met_type = this_type;
            }
            return;
        };
        if self.dictionary.as_ref().is_some_and(|d| Arc::ptr_eq(d, dictionary)) {
            return;
        }
        self.classes = among(dictionary.to_vec(), classes);
        self.numbers = dictionary.iter().map(|text| text.trim().parse().unwrap_or(f64::INFINITY)).collect();
        self.dictionary = Some(Arc::clone(dictionary));
    }

    /// The class of a row, as an index into `classes`.
    pub(super) fn class(&mut self, column: &Column, row: usize, classes: &[String]) -> Truth<usize> {
        let Some(key) = distinct(column, row) else { return Truth::Missing };
        let class = match &column.values {
            Values::Text { .. } => self.classes.get(key as usize).copied().flatten(),
            _ => *self.met.entry(key).or_insert_with(|| {
                let name = match &column.values {
                    // 1.0 is the class `1`.
                    Values::Float(values) => values.get(row).map(|x| if *x == 0.0 { 0.0 } else { *x }.to_string()),
                    _ => column.display(row),
                };
                among(name.into_iter().collect(), classes).first().copied().flatten()
            }),
        };
        class.map_or(Truth::Unknown, Truth::Known)
    }

    /// The number of a row.
    pub(super) fn number(&self, column: &Column, row: usize) -> Truth<f64> {
        if column.is_missing(row) {
            return Truth::Missing;
        }
        let number = match &column.values {
            Values::Text { codes, .. } => codes.get(row).and_then(|c| self.numbers.get(*c as usize)).copied(),
            _ => column.number(row),
        };
        number.filter(|x| x.is_finite()).map_or(Truth::Unknown, Truth::Known)
    }
}

fn among(names: Vec<String>, classes: &[String]) -> Vec<Option<usize>> {
    Labels { codes: Vec::new(), names }.match_classes(classes).class_of_label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_however_they_are_written() {
        let classes = ["0".to_owned(), "1".to_owned()];
        let columns = [
            Values::Bool(vec![1, 0, 2]),
            Values::Float(vec![1.0, -0.0, f64::NAN]),
            Values::Int { values: vec![1, 0, 0], valid: Some(vec![true, true, false]) },
            Values::text([Some("true"), Some("false"), None]),
        ];
        for values in columns {
            let column = Column::new("y", values);
            let mut reader = TruthReader::default();
            reader.prepare(&column, &classes);
            let read: Vec<_> = (0..3).map(|row| reader.class(&column, row, &classes)).collect();
            assert_eq!(read, [Truth::Known(1), Truth::Known(0), Truth::Missing], "{:?}", column.values);
        }
        let column = Column::new("y", Values::ints(vec![7]));
        assert_eq!(TruthReader::default().class(&column, 0, &classes), Truth::Unknown);
    }

    #[test]
    fn numbers_must_be_finite() {
        let column = Column::new("y", Values::text([Some("2.5"), Some("many"), None]));
        let mut reader = TruthReader::default();
        reader.prepare(&column, &[]);
        let read: Vec<_> = (0..3).map(|row| reader.number(&column, row)).collect();
        assert_eq!(read, [Truth::Known(2.5), Truth::Unknown, Truth::Missing]);
    }
}
