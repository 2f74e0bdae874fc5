//! Answers beside the truth, row by row, and what had to be left out.

use super::candidate::{name_of, task_of};
use super::error::ValidateError;
use super::measure::Answers;
use super::plan::Plan;
use super::report::SkippedRows;
use crate::data::read::Dataset;
use crate::data::table::MISSING_CODE;
use crate::data::target::{class_labels, numbers};
use crate::model::session::NO_LABEL;
use crate::model::{ModelCard, ModelFile, Scores, Task};

/// One model's answers with the truth, and what was left out.
#[derive(Clone, Debug)]
pub(super) struct Aligned {
    pub(super) answers: Answers,
    /// The table row of each answer, so that two models can be compared on the rows both answered.
    pub(super) rows: Vec<u32>,
    pub(super) without_target: usize,
    pub(super) skipped: Vec<SkippedRows>,
    pub(super) classes: Vec<String>,
    pub(super) positive: Option<usize>,
    pub(super) threshold: f64,
    /// What should be known about the answers; each a sentence.
    pub(super) notes: Vec<String>,
}

/// Looks whether a target can judge a model, without running it.
///
/// # Errors
/// When it cannot, as a sentence.
pub fn check_target(plan: &Plan, file: &ModelFile, dataset: &Dataset) -> Result<(), ValidateError> {
    let column = target_column(plan, dataset)?;
    match task_of(plan, file.task(), file.card.as_deref()) {
        Task::Regression => numbers(column).map(|_| ()).map_err(ValidateError::from),
        Task::Binary | Task::Multiclass => {
            if let Some(classes) = file.classes() {
                known_labels(plan, &name_of(file), column, &classes).map(|_| ())
            } else {
                Ok(())
            }
        }
        // Known only once the model has answered.
        Task::Clustering | Task::Unknown => Ok(()),
    }
}

pub(super) fn target_column<'a>(plan: &Plan, dataset: &'a Dataset) -> Result<&'a crate::data::Column, ValidateError> {
    dataset
        .table
        .column(&plan.target)
        .ok_or_else(|| ValidateError::Data(crate::data::convert::not_found(&plan.target, &dataset.table)))
}

/// Each target row's class, as an index into the model's classes, and the unknown labels with their rows.
type Truth = (Vec<Option<u32>>, Vec<(String, usize)>, usize);

fn known_labels(
    plan: &Plan,
    model: &str,
    column: &crate::data::Column,
    classes: &[String],
) -> Result<Truth, ValidateError> {
    let labels = class_labels(column);
    let matched = labels.match_classes(classes);
    let missing = labels.missing();
    let rows: Vec<Option<u32>> = labels
        .codes
        .iter()
        .map(|code| {
            (*code != MISSING_CODE)
                .then(|| matched.class_of_label.get(*code as usize).copied().flatten())
                .flatten()
                .map(|class| class as u32)
        })
        .collect();
    if missing < labels.codes.len() && rows.iter().all(Option::is_none) {
        return Err(ValidateError::ForeignLabels {
            target: plan.target.clone(),
            seen: labels.names.iter().take(5).cloned().collect::<Vec<_>>().join(", "),
            model: model.to_owned(),
            classes: classes.join(", "),
        });
    }
    Ok((rows, matched.unknown, missing))
}

/// A model's scores beside the truth.
pub(super) fn align(
    file: &ModelFile,
    card: Option<&ModelCard>,
    plan: &Plan,
    dataset: &Dataset,
    scores: &Scores,
) -> Result<Aligned, ValidateError> {
    let name = name_of(file);
    let column = target_column(plan, dataset)?;
    let mut task = task_of(plan, if scores.task == Task::Unknown { file.task() } else { scores.task }, card);
    if task.is_classification() && scores.classes.len() == 2 {
        task = Task::Binary;
    } else if task == Task::Binary && scores.classes.len() > 2 {
        task = Task::Multiclass;
    }
    let mut skipped: Vec<SkippedRows> = scores
        .skipped_by_reason()
        .into_iter()
        .map(|(reason, rows)| SkippedRows { reason: reason.to_string(), rows: rows as u64 })
        .collect();
    let threshold = plan.threshold.or_else(|| card.and_then(|c| c.threshold)).unwrap_or(0.5);
    match task {
        Task::Regression => {
            let truth = numbers(column)?;
            let without_target = truth.iter().filter(|t| !t.is_finite()).count();
            let mut aligned = (Vec::new(), Vec::new(), Vec::new());
            let mut infinite = 0;
            for (row, (target, value)) in truth.iter().zip(&scores.values).enumerate() {
                if !target.is_finite() || value.is_nan() {
                    continue;
                }
                if value.is_infinite() {
                    infinite += 1;
                    continue;
                }
                aligned.0.push(*target);
                aligned.1.push(*value);
                aligned.2.push(row as u32);
            }
            if infinite > 0 {
                skipped.push(SkippedRows { reason: "the model answered infinity".to_owned(), rows: infinite });
            }
            let (target, prediction, rows) = aligned;
            Ok(Aligned {
                answers: Answers::Regression { target, prediction },
                rows,
                without_target,
                skipped,
                classes: Vec::new(),
                positive: None,
                threshold,
                notes: scores.notes.clone(),
            })
        }
        Task::Binary | Task::Multiclass => {
            let (truth, unknown, without_target) = known_labels(plan, &name, column, &scores.classes)?;
            for (label, rows) in unknown {
                let reason = format!("the target says “{label}”, which the model does not know");
                skipped.push(SkippedRows { reason, rows: rows as u64 });
            }
            let positive = positive_class(plan, card, &scores.classes, &name)?;
            let (answers, rows, infinite) = if task == Task::Binary {
                binary_answers(scores, &truth, positive)
            } else {
                multiclass_answers(scores, &truth)
            };
            if infinite > 0 {
                skipped.push(SkippedRows { reason: "the model answered infinity".to_owned(), rows: infinite });
            }
            Ok(Aligned {
                answers,
                rows,
                without_target,
                skipped,
                classes: scores.classes.clone(),
                positive: (task == Task::Binary).then_some(positive),
                threshold,
                notes: scores.notes.clone(),
            })
        }
        Task::Clustering | Task::Unknown => Err(ValidateError::Task { model: name, task: task.word().to_owned() }),
    }
}

pub(super) fn positive_class(
    plan: &Plan,
    card: Option<&ModelCard>,
    classes: &[String],
    model: &str,
) -> Result<usize, ValidateError> {
    if let Some(positive) = &plan.positive {
        return classes.iter().position(|c| c == positive).ok_or_else(|| ValidateError::Positive {
            positive: positive.clone(),
            model: model.to_owned(),
            classes: classes.join(", "),
        });
    }
    let of_card = card.and_then(|c| c.positive.as_ref()).and_then(|p| classes.iter().position(|c| c == p));
    Ok(of_card.unwrap_or(1.min(classes.len().saturating_sub(1))))
}

/// The answers, their rows, and how many were left out because a score is infinite.
fn binary_answers(scores: &Scores, truth: &[Option<u32>], positive: usize) -> (Answers, Vec<u32>, u64) {
    let probabilities = scores.width > 0;
    let (mut kept, mut is, mut rows, mut infinite) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (row, truth) in truth.iter().enumerate() {
        let Some(truth) = truth else { continue };
        let score = if probabilities {
            scores.probabilities_of(row).and_then(|p| p.get(positive)).map(|p| f64::from(*p))
        } else {
            scores.labels.get(row).filter(|l| **l != NO_LABEL).map(|l| f64::from(u8::from(*l as usize == positive)))
        };
        infinite += u64::from(score.is_some_and(f64::is_infinite));
        if let Some(score) = score.filter(|s| s.is_finite()) {
            kept.push(score);
            is.push(*truth as usize == positive);
            rows.push(row as u32);
        }
    }
    (Answers::Binary { scores: kept, positive: is, probabilities }, rows, infinite)
}

fn multiclass_answers(scores: &Scores, truth: &[Option<u32>]) -> (Answers, Vec<u32>, u64) {
    let k = scores.classes.len();
    let with = scores.width == k;
    let (mut is, mut said, mut probabilities, mut rows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut infinite = 0;
    for (row, truth) in truth.iter().enumerate() {
        let (Some(truth), Some(label)) = (truth, scores.labels.get(row).filter(|l| **l != NO_LABEL)) else {
            continue;
        };
        if with {
            let Some(p) = scores.probabilities_of(row) else { continue };
            if p.iter().any(|p| p.is_infinite()) {
                infinite += 1;
                continue;
            }
            probabilities.extend(p.iter().map(|p| f64::from(*p)));
        }
        is.push(*truth);
        said.push(*label);
        rows.push(row as u32);
    }
    (Answers::Multiclass { truth: is, said, probabilities, k }, rows, infinite)
}
