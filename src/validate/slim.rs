//! The answers of one binary model in five bytes a row, for files that are larger than memory.
//!
//! Of each row are kept the score as the model gave it, in single precision, and which of the labels seen so far is its
//! truth. What needs the rows in their order is measured first; then the scores are ranked where they stand.

use std::collections::HashMap;
use std::sync::Arc;

use super::aligned::{Aligned, positive_class};
use super::candidate::{name_of, task_of};
use super::error::ValidateError;
use super::measure::Answers;
use super::plan::Plan;
use super::report::SkippedRows;
use crate::data::Column;
use crate::data::target::{Labels, class_labels};
use crate::model::{BoundModel, ModelCard, Scores, Task};
use crate::stats::ranked::RankedScores;

/// The place of a row without a label, and the most labels that are told apart.
const NO_LABEL: u8 = u8::MAX;
/// The truth of a row that is not measured; else 1 for positive and 0 for negative.
const NOT_MEASURED: u8 = 2;

/// The labels of a target, chunk by chunk.
#[derive(Default)]
pub(super) struct Truths {
    /// Each label once, in the order in which they came.
    distinct: Option<Column>,
    places: HashMap<String, u8>,
    /// For each row the place of its label.
    of_row: Vec<u8>,
}

impl Truths {
    /// Adds the rows of the next chunk; `false` when there are too many labels, or the column changes its kind.
    pub(super) fn add(&mut self, target: &Column) -> bool {
        let labels = class_labels(target);
        let mut places = Vec::with_capacity(labels.names.len());
        for (code, name) in (0_u32..).zip(&labels.names) {
            if let Some(place) = self.places.get(name) {
                places.push(*place);
                continue;
            }
            let Some(place) = u8::try_from(self.places.len()).ok().filter(|place| *place != NO_LABEL) else {
                return false;
            };
            let Some(row) = labels.codes.iter().position(|own| *own == code) else { return false };
            let one = target.take(&[row]);
            if let Some(known) = &mut self.distinct {
                if !known.values.append(&one.values) {
                    return false;
                }
            } else {
                self.distinct = Some(one);
            }
            self.places.insert(name.clone(), place);
            places.push(place);
        }
        self.of_row.extend(labels.codes.iter().map(|code| places.get(*code as usize).copied().unwrap_or(NO_LABEL)));
        true
    }
}

/// The scores of a binary model, chunk by chunk.
pub(super) struct Answering {
    classes: Vec<String>,
    positive: usize,
    /// The score of the positive class; NaN where the model gave none.
    scores: Vec<f32>,
    skipped: Vec<(Arc<str>, usize)>,
    notes: Vec<String>,
}

impl Answering {
    /// Whether a model's answers can be expected to be of this kind.
    pub(super) fn is_likely(model: &BoundModel, card: Option<&ModelCard>, plan: &Plan) -> bool {
        task_of(plan, model.task(), card) == Task::Binary && model.has_probabilities()
    }

    /// Begins with the first answers; `None` when these are not two probabilities a row.
    ///
    /// # Errors
    /// When the positive class of the plan is none of the model's.
    pub(super) fn begin(
        scores: &Scores,
        model: &BoundModel,
        card: Option<&ModelCard>,
        plan: &Plan,
    ) -> Result<Option<Self>, ValidateError> {
        let file = model.file();
        let told = if scores.task == Task::Unknown { file.task() } else { scores.task };
        let task = task_of(plan, told, card);
        if !task.is_classification() || scores.classes.len() != 2 || scores.width != 2 {
            return Ok(None);
        }
        let positive = positive_class(plan, card, &scores.classes, &name_of(file))?;
        let classes = scores.classes.clone();
        Ok(Some(Self { classes, positive, scores: Vec::new(), skipped: Vec::new(), notes: Vec::new() }))
    }

    /// Takes the answers of the next chunk over and empties them; `false` when they are of another kind.
    pub(super) fn take(&mut self, scores: &mut Scores) -> bool {
        if scores.width != 2 || scores.classes != self.classes || scores.probabilities.len() != 2 * scores.rows {
            return false;
        }
        let positive = self.positive;
        self.scores.extend(scores.probabilities.chunks_exact(2).map(|row| {
            let known = !row.iter().any(|p| p.is_nan());
            row.get(positive).copied().filter(|_| known).unwrap_or(f32::NAN)
        }));
        for skipped in &scores.skipped {
            match self.skipped.iter_mut().find(|(why, _)| *why == skipped.why) {
                Some((_, rows)) => *rows += 1,
                None => self.skipped.push((Arc::clone(&skipped.why), 1)),
            }
        }
        for note in &scores.notes {
            if !self.notes.contains(note) {
                self.notes.push(note.clone());
            }
        }
        scores.clear();
        true
    }

    /// Lays scores and truths beside each other. The answers of the first result are those of every `every`-th row; what
    /// else it tells is of all rows, as [`super::aligned::align`] tells it.
    ///
    /// # Errors
    /// When the target has none of the model's classes.
    pub(super) fn beside(
        self,
        truths: Truths,
        every: usize,
        plan: &Plan,
        model: &BoundModel,
        card: Option<&ModelCard>,
    ) -> Result<(Aligned, Slim), ValidateError> {
        let Self { classes, positive, scores, mut skipped, notes } = self;
        let Truths { distinct, of_row: mut truth, .. } = truths;
        let labels = distinct.as_ref().map_or(Labels { codes: Vec::new(), names: Vec::new() }, class_labels);
        let class_of_label = labels.match_classes(&classes).class_of_label;
        let mut rows_of = [0_usize; NO_LABEL as usize + 1];
        for place in &truth {
            if let Some(rows) = rows_of.get_mut(usize::from(*place)) {
                *rows += 1;
            }
        }
        let without_target = rows_of.last().copied().unwrap_or_default();
        if without_target < truth.len() && class_of_label.iter().all(Option::is_none) {
            return Err(ValidateError::ForeignLabels {
                target: plan.target.clone(),
                seen: labels.names.iter().take(5).cloned().collect::<Vec<_>>().join(", "),
                model: name_of(model.file()),
                classes: classes.join(", "),
            });
        }
        skipped.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        let mut skipped: Vec<SkippedRows> = skipped
            .into_iter()
            .map(|(reason, rows)| SkippedRows { reason: reason.to_string(), rows: rows as u64 })
            .collect();
        let mut truth_of = [NOT_MEASURED; NO_LABEL as usize + 1];
        for (label, (name, class)) in (0_u32..).zip(labels.names.iter().zip(&class_of_label)) {
            // The distinct labels are the rows of their column.
            let Some(place) = labels.codes.iter().position(|code| *code == label) else { continue };
            if class.is_none() {
                let reason = format!("the target says “{name}”, which the model does not know");
                let rows = rows_of.get(place).copied().unwrap_or_default() as u64;
                skipped.push(SkippedRows { reason, rows });
            }
            if let Some(slot) = truth_of.get_mut(place) {
                *slot = class.map_or(NOT_MEASURED, |class| u8::from(class == positive));
            }
        }
        let (mut infinite, mut measured) = (0, 0);
        for (truth, score) in truth.iter_mut().zip(&scores) {
            *truth = truth_of.get(usize::from(*truth)).copied().unwrap_or(NOT_MEASURED);
            infinite += u64::from(*truth != NOT_MEASURED && score.is_infinite());
            if !score.is_finite() {
                *truth = NOT_MEASURED;
            }
            measured += usize::from(*truth != NOT_MEASURED);
        }
        if infinite > 0 {
            skipped.push(SkippedRows { reason: "the model answered infinity".to_owned(), rows: infinite });
        }
        let slim = Slim { scores, truth, measured };
        let (mut some, mut is, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (row, score, positive) in slim.rows().filter(|(row, ..)| (*row as usize).is_multiple_of(every)) {
            some.push(score);
            is.push(positive);
            rows.push(row);
        }
        let aligned = Aligned {
            answers: Answers::Binary { scores: some, positive: is, probabilities: true },
            rows,
            without_target,
            skipped,
            classes,
            positive: Some(positive),
            threshold: plan.threshold.or_else(|| card.and_then(|c| c.threshold)).unwrap_or(0.5),
            notes,
        };
        Ok((aligned, slim))
    }
}

/// Scores beside the truth, one entry a row of the table.
pub(super) struct Slim {
    scores: Vec<f32>,
    truth: Vec<u8>,
    measured: usize,
}

impl Slim {
    /// Measured rows.
    pub(super) fn measured(&self) -> usize {
        self.measured
    }

    /// The measured rows: number in the table, score of the positive class, and whether the row is positive.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, f64, bool)> + Clone {
        let all = (0_u32..).zip(self.scores.iter().zip(&self.truth));
        all.filter(|(_, (_, truth))| **truth != NOT_MEASURED)
            .map(|(row, (score, truth))| (row, f64::from(*score), *truth == 1))
    }

    /// Score and truth of the measured rows.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (f64, bool)> + Clone {
        self.rows().map(|(_, score, positive)| (score, positive))
    }

    /// The rows ranked by score, in the memory of the scores.
    pub(super) fn ranked(self) -> RankedScores {
        let Self { mut scores, mut truth, .. } = self;
        // Positive rows to the front, those that are not measured to the end.
        let (mut positives, mut at, mut end) = (0, 0, truth.len().min(scores.len()));
        while at < end {
            match truth.get(at) {
                Some(1) => {
                    truth.swap(positives, at);
                    scores.swap(positives, at);
                    positives += 1;
                    at += 1;
                }
                Some(0) => at += 1,
                _ => {
                    end -= 1;
                    truth.swap(at, end);
                    scores.swap(at, end);
                }
            }
        }
        drop(truth);
        scores.truncate(end);
        RankedScores::of_singles(scores, positives)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Values;
    use crate::stats::random::SplitMix64;

    #[test]
    fn rows_ranked_in_place_are_those_ranked_anywhere() {
        let mut random = SplitMix64::new(4);
        for rows in [0, 1, 7, 20_000] {
            let mut draw = |_| ((random.unit() * 500.0).floor() / 500.0 - 0.1) as f32;
            let scores: Vec<f32> = (0..rows).map(&mut draw).collect();
            let truth: Vec<u8> = (0..rows).map(|_| random.below(3) as u8).collect();
            let measured = truth.iter().filter(|t| **t != NOT_MEASURED).count();
            let slim = Slim { scores, truth, measured };
            let (of, is): (Vec<f64>, Vec<bool>) = slim.pairs().unzip();
            assert_eq!((of.len(), slim.measured()), (measured, measured));
            assert_eq!(slim.ranked(), RankedScores::new(&of, &is));
        }
    }

    #[test]
    fn labels_keep_their_place_from_chunk_to_chunk() {
        let mut truths = Truths::default();
        let chunk = |values| Column::new("y", values);
        assert!(truths.add(&chunk(Values::ints(vec![7, 3, 7]))));
        assert!(truths.add(&chunk(Values::Int { values: vec![0, 5, 3], valid: Some(vec![false, true, true]) })));
        // Sorted within a chunk: 3 came first.
        assert_eq!(truths.of_row, [1, 0, 1, NO_LABEL, 2, 0]);
        assert_eq!(
            truths.distinct.as_ref().map(|d| class_labels(d).names),
            Some(vec!["3".into(), "5".into(), "7".into()])
        );
        assert!(!truths.add(&chunk(Values::ints((0..300).collect()))), "too many labels");
        assert!(!truths.add(&chunk(Values::text([Some("x")]))), "another kind");
    }
}
