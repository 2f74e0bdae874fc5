//! What a model answered, row by row.

use crate::model::signature::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The label of a row that was skipped.
pub const NO_LABEL: u32 = u32::MAX;

/// A row the model gave no answer for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedRow {
    /// The row of the table, counted from 0.
    pub row: usize,
    /// Why, as a short phrase that is the same for all rows of the same cause.
    pub why: Arc<str>,
}

/// Answers for a run of rows. Calls append to it, so that its buffers are used again.
///
/// Skipped rows keep their place: their label is [`NO_LABEL`], their probabilities and values are NaN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// What the answers are.
    pub task: Task,
    /// The classes; labels are indices into it, probabilities follow its order.
    pub classes: Vec<String>,
    /// Probabilities per row: the number of classes, or 0 when the model gives labels only or numbers.
    pub width: usize,
    /// Rows answered or skipped.
    pub rows: usize,
    /// One class a row, as an index into `classes`; empty for regression.
    pub labels: Vec<u32>,
    /// Probabilities, `width` for each row, row after row.
    pub probabilities: Vec<f32>,
    /// One number a row, for regression.
    pub values: Vec<f64>,
    /// Rows without an answer, in ascending order within each call.
    pub skipped: Vec<SkippedRow>,
    /// Whether the model gave raw scores that were turned into probabilities.
    pub raw_scores: bool,
    /// What should be known about these answers; each a sentence.
    pub notes: Vec<String>,
}

impl Scores {
    /// Empties it and keeps the buffers.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.labels.clear();
        self.probabilities.clear();
        self.values.clear();
        self.skipped.clear();
        self.raw_scores = false;
        self.notes.clear();
    }

    /// The class of a row; `None` when it was skipped or answers are numbers.
    pub fn label(&self, row: usize) -> Option<&str> {
        let index = *self.labels.get(row)?;
        self.classes.get(usize::try_from(index).ok()?).map(String::as_str)
    }

    /// The probabilities of a row in class order; `None` without probabilities or when the row was skipped.
    pub fn probabilities_of(&self, row: usize) -> Option<&[f32]> {
        let from = row.checked_mul(self.width).filter(|_| self.width > 0)?;
        self.probabilities.get(from..from.checked_add(self.width)?).filter(|p| !p.iter().any(|p| p.is_nan()))
    }

    /// The index of a class.
    pub fn class_index(&self, class: &str) -> Option<usize> {
        self.classes.iter().position(|c| c == class)
    }

    /// The column of one class's probabilities, one entry a row, NaN where a row was skipped.
    pub fn probabilities_for(&self, class: usize) -> Vec<f32> {
        if class >= self.width {
            return Vec::new();
        }
        self.probabilities.chunks_exact(self.width).filter_map(|row| row.get(class).copied()).collect()
    }

    /// How many rows were skipped for each cause, the most frequent first.
    pub fn skipped_by_reason(&self) -> Vec<(Arc<str>, usize)> {
        let mut counts: Vec<(Arc<str>, usize)> = Vec::new();
        for skipped in &self.skipped {
            match counts.iter_mut().find(|(why, _)| *why == skipped.why) {
                Some((_, count)) => *count += 1,
                None => counts.push((Arc::clone(&skipped.why), 1)),
            }
        }
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    /// Takes back what was appended after a mark, so that a failed call leaves nothing half-done.
    pub(super) fn rewind(&mut self, mark: &Mark) {
        self.rows = mark.rows;
        self.labels.truncate(mark.labels);
        self.probabilities.truncate(mark.probabilities);
        self.values.truncate(mark.values);
        self.skipped.truncate(mark.skipped);
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            rows: self.rows,
            labels: self.labels.len(),
            probabilities: self.probabilities.len(),
            values: self.values.len(),
            skipped: self.skipped.len(),
        }
    }

    pub(super) fn note(&mut self, sentence: &str) {
        if !self.notes.iter().any(|n| n == sentence) {
            self.notes.push(sentence.to_owned());
        }
    }
}

/// How long everything was before a call.
pub(super) struct Mark {
    rows: usize,
    labels: usize,
    probabilities: usize,
    values: usize,
    skipped: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_by_class_and_reason() {
        let why: Arc<str> = "no value".into();
        let scores = Scores {
            classes: vec!["a".to_owned(), "b".to_owned()],
            width: 2,
            rows: 3,
            labels: vec![1, NO_LABEL, 0],
            probabilities: vec![0.25, 0.75, f32::NAN, f32::NAN, 1.0, 0.0],
            skipped: vec![SkippedRow { row: 1, why: Arc::clone(&why) }],
            ..Scores::default()
        };
        assert_eq!((scores.label(0), scores.label(1), scores.label(9)), (Some("b"), None, None));
        assert_eq!(scores.probabilities_of(0), Some(&[0.25, 0.75][..]));
        assert_eq!(scores.probabilities_of(1), None);
        assert_eq!(scores.probabilities_for(0).len(), 3);
        assert_eq!(scores.probabilities_for(2).len(), 0);
        assert_eq!(scores.skipped_by_reason(), vec![(why, 1)]);
    }
}
