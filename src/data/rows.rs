//! Some rows of a table, and rows added to others.

use std::ops::Range;
use std::sync::Arc;

use super::{Column, DataError, Table, Values};

fn picked<T: Copy>(list: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().filter_map(|row| list.get(*row).copied()).collect()
}

/// The rows of a range of a list; none where it does not lie in it.
pub(crate) fn ranged<T: Clone>(list: &[T], rows: Range<usize>) -> Vec<T> {
    list.get(rows).unwrap_or_default().to_vec()
}

impl Column {
    /// The rows of a range; none where it does not lie in the column.
    pub fn range(&self, rows: Range<usize>) -> Self {
        let values = match &self.values {
            Values::Float(list) => Values::Float(ranged(list, rows)),
            Values::Int { values, valid } => {
                Values::Int { valid: valid.as_ref().map(|v| ranged(v, rows.clone())), values: ranged(values, rows) }
            }
            Values::Bool(list) => Values::Bool(ranged(list, rows)),
            Values::Text { codes, dictionary } => {
                Values::Text { codes: ranged(codes, rows), dictionary: Arc::clone(dictionary) }
            }
            Values::Time(list) => Values::Time(ranged(list, rows)),
        };
        Self::new(&self.name, values)
    }

    /// The rows of these numbers, in this order; a row that is not there is left out.
    pub fn take(&self, rows: &[usize]) -> Self {
        let values = match &self.values {
            Values::Float(list) => Values::Float(picked(list, rows)),
            Values::Int { values, valid } => {
                Values::Int { values: picked(values, rows), valid: valid.as_ref().map(|v| picked(v, rows)) }
            }
            Values::Bool(list) => Values::Bool(picked(list, rows)),
            Values::Text { codes, dictionary } => {
                Values::Text { codes: picked(codes, rows), dictionary: Arc::clone(dictionary) }
            }
            Values::Time(list) => Values::Time(picked(list, rows)),
        };
        Self::new(&self.name, values)
    }
}

impl Table {
    /// The rows of a range.
    ///
    /// # Errors
    /// Never for rows that are there.
    pub fn range(&self, rows: Range<usize>) -> Result<Self, DataError> {
        Self::new(self.columns().iter().map(|column| column.range(rows.clone())).collect())
    }

    /// The rows of these numbers, in this order.
    ///
    /// # Errors
    /// Never for rows that are there.
    pub fn take(&self, rows: &[usize]) -> Result<Self, DataError> {
        Self::new(self.columns().iter().map(|column| column.take(rows)).collect())
    }
}

impl Values {
    /// Adds the rows of a later chunk of the same column: same kind, and a dictionary that begins with the one before.
    /// Gives `false` and changes nothing when the kinds differ.
    pub fn append(&mut self, later: &Self) -> bool {
        match (self, later) {
            (Self::Float(own), Self::Float(more)) => own.extend_from_slice(more),
            (Self::Int { values: own, valid }, Self::Int { values: more, valid: more_valid }) => {
                if valid.is_some() || more_valid.is_some() {
                    let known = valid.get_or_insert_with(|| vec![true; own.len()]);
                    match more_valid {
                        Some(more_valid) => known.extend_from_slice(more_valid),
                        None => known.resize(own.len() + more.len(), true),
                    }
                }
                own.extend_from_slice(more);
            }
            (Self::Bool(own), Self::Bool(more)) => own.extend_from_slice(more),
            (Self::Text { codes: own, dictionary }, Self::Text { codes: more, dictionary: grown }) => {
                own.extend_from_slice(more);
                *dictionary = Arc::clone(grown);
            }
            (Self::Time(own), Self::Time(more)) => own.extend_from_slice(more),
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_in_the_order_asked_for() {
        let column = Column::new("t", Values::text([Some("a"), None, Some("b")]));
        let taken = column.take(&[2, 0, 9, 1]);
        let shown: Vec<_> = (0..taken.len()).map(|row| taken.display(row)).collect();
        assert_eq!(shown, [Some("b".to_owned()), Some("a".to_owned()), None]);
    }

    #[test]
    fn later_chunks_are_added_with_their_gaps() {
        let mut whole = Values::ints(vec![1, 2]);
        assert!(whole.append(&Values::Int { values: vec![0, 4], valid: Some(vec![false, true]) }));
        assert!(whole.append(&Values::ints(vec![5])));
        let valid = Some(vec![true, true, false, true, true]);
        assert_eq!(whole, Values::Int { values: vec![1, 2, 0, 4, 5], valid });
        assert!(!whole.append(&Values::Bool(vec![1])), "another kind");
        let mut texts = Values::text([Some("a")]);
        let grown = Values::Text { codes: vec![1, 0], dictionary: Arc::new(vec!["a".into(), "b".into()]) };
        assert!(texts.append(&grown));
        assert_eq!(Column::new("t", texts).display(1).as_deref(), Some("b"));
    }
}
