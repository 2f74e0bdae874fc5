//! Runs a plan: scores each model chunk by chunk, aligns answers with the truth, measures, compares.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::breakdown::Cuts;
use super::compare::{compare, recommend};
use super::error::ValidateError;
use super::measure::{Answers, measure};
use super::plan::Plan;
use super::report::{
    AgainstTraining, DataInfo, ModelResult, Report, SCHEMA_VERSION, SkippedRows, Timing, main_metric, smaller_is_better,
};
use crate::data::read::Dataset;
use crate::data::table::MISSING_CODE;
use crate::data::target::{class_labels, numbers};
use crate::data::watch::Watch;
use crate::model::session::NO_LABEL;
use crate::model::{BoundModel, ModelCard, ModelFile, Runtime, Scorer, Scores, SessionSettings, Task};
use crate::stats::grouped;

/// A model that is ready to be validated.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The model with its binding to the dataset.
    pub bound: BoundModel,
    /// Its card.
    pub card: Option<Arc<ModelCard>>,
}

/// One model's answers with the truth, and what was left out.
#[derive(Clone, Debug)]
pub(super) struct Aligned {
    pub(super) answers: Answers,
    /// The table row of each answer, so that two models can be compared on the rows both answered.
    pub(super) rows: Vec<u32>,
    without_target: usize,
    skipped: Vec<SkippedRows>,
    classes: Vec<String>,
    positive: Option<usize>,
    threshold: f64,
}

fn name_of(file: &ModelFile) -> String {
    file.card
        .as_ref()
        .map(|card| card.name.clone())
        .filter(|name| !name.trim().is_empty())
        .or_else(|| file.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "model".to_owned())
}

fn task_of(plan: &Plan, model: Task, card: Option<&ModelCard>) -> Task {
    plan.task
        .or_else(|| (model != Task::Unknown).then_some(model))
        .or_else(|| card.and_then(|c| c.task.as_deref()).and_then(Task::of_word))
        .unwrap_or(Task::Unknown)
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

fn target_column<'a>(plan: &Plan, dataset: &'a Dataset) -> Result<&'a crate::data::Column, ValidateError> {
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

fn score_all(
    candidate: &Candidate,
    plan: &Plan,
    dataset: &Dataset,
    runtime: &'static Runtime,
    watch: &dyn Watch,
    share: (f32, f32),
) -> Result<Scores, ValidateError> {
    let settings =
        SessionSettings { intra_threads: plan.threads, batch: plan.batch_rows, ..SessionSettings::default() };
    let mut scorer = Scorer::open(&candidate.bound, settings, runtime)?;
    let mut scores = Scores::default();
    let total = dataset.table.rows();
    let mut done = 0;
    while done < total {
        if watch.cancelled() {
            return Err(ValidateError::Cancelled);
        }
        let end = (done + plan.batch_rows.max(1)).min(total);
        scorer.score(&dataset.table, done..end, &mut scores)?;
        done = end;
        watch.progress(share.0 + (share.1 - share.0) * done as f32 / total as f32);
    }
    Ok(scores)
}

fn align(candidate: &Candidate, plan: &Plan, dataset: &Dataset, scores: &Scores) -> Result<Aligned, ValidateError> {
    let file = candidate.bound.file();
    let name = name_of(file);
    let column = target_column(plan, dataset)?;
    let card = candidate.card.as_deref();
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
            })
        }
        Task::Binary | Task::Multiclass => {
            let (truth, unknown, without_target) = known_labels(plan, &name, column, &scores.classes)?;
            for (label, rows) in unknown {
                let reason = format!("the target says “{label}”, which the model does not know");
                skipped.push(SkippedRows { reason, rows: rows as u64 });
            }
            let positive = positive_class(plan, card, &scores.classes, &name)?;
            let (answers, rows) = if task == Task::Binary {
                binary_answers(scores, &truth, positive)
            } else {
                multiclass_answers(scores, &truth)
            };
            Ok(Aligned {
                answers,
                rows,
                without_target,
                skipped,
                classes: scores.classes.clone(),
                positive: (task == Task::Binary).then_some(positive),
                threshold,
            })
        }
        Task::Clustering | Task::Unknown => Err(ValidateError::Task { model: name, task: task.word().to_owned() }),
    }
}

fn positive_class(
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

fn binary_answers(scores: &Scores, truth: &[Option<u32>], positive: usize) -> (Answers, Vec<u32>) {
    let probabilities = scores.width > 0;
    let (mut kept, mut is, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for (row, truth) in truth.iter().enumerate() {
        let Some(truth) = truth else { continue };
        let score = if probabilities {
            scores.probabilities_of(row).and_then(|p| p.get(positive)).map(|p| f64::from(*p))
        } else {
            scores.labels.get(row).filter(|l| **l != NO_LABEL).map(|l| f64::from(u8::from(*l as usize == positive)))
        };
        if let Some(score) = score.filter(|s| s.is_finite()) {
            kept.push(score);
            is.push(*truth as usize == positive);
            rows.push(row as u32);
        }
    }
    (Answers::Binary { scores: kept, positive: is, probabilities }, rows)
}

fn multiclass_answers(scores: &Scores, truth: &[Option<u32>]) -> (Answers, Vec<u32>) {
    let k = scores.classes.len();
    let with = scores.width == k;
    let (mut is, mut said, mut probabilities, mut rows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (row, truth) in truth.iter().enumerate() {
        let (Some(truth), Some(label)) = (truth, scores.labels.get(row).filter(|l| **l != NO_LABEL)) else {
            continue;
        };
        if with {
            let Some(p) = scores.probabilities_of(row) else { continue };
            probabilities.extend(p.iter().map(|p| f64::from(*p)));
        }
        is.push(*truth);
        said.push(*label);
        rows.push(row as u32);
    }
    (Answers::Multiclass { truth: is, said, probabilities, k }, rows)
}

fn check(plan: &Plan, dataset: &Dataset, candidates: &[Candidate]) -> Result<(), ValidateError> {
    if candidates.is_empty() {
        return Err(ValidateError::Setting("Choose at least one model.".to_owned()));
    }
    if !(0.5..1.0).contains(&plan.level) {
        let sentence = format!("The level of the intervals is {}; it must lie between 0.5 and 1.", plan.level);
        return Err(ValidateError::Setting(sentence));
    }
    if plan.threshold.is_some_and(|t| !t.is_finite()) {
        return Err(ValidateError::Setting("The threshold must be a number.".to_owned()));
    }
    if dataset.table.rows() == 0 {
        return Err(ValidateError::NoRows { why: "the table is empty".to_owned() });
    }
    target_column(plan, dataset).map(|_| ())
}

/// Runs a plan over candidates. `read_s` is what reading the data took, for the report's timing.
///
/// # Errors
/// When the data cannot judge a model, a model cannot be run, nothing is left to measure, or `watch` cancels.
pub fn run(
    plan: &Plan,
    candidates: &[Candidate],
    dataset: &Dataset,
    read_s: f64,
    runtime: &'static Runtime,
    watch: &dyn Watch,
) -> Result<Report, ValidateError> {
    check(plan, dataset, candidates)?;
    let cuts = Cuts::of(plan, candidates, dataset, watch)?;
    let mut models = Vec::new();
    let mut aligned = Vec::new();
    let each = 0.95 / candidates.len() as f32;
    for (place, candidate) in candidates.iter().enumerate() {
        let from = place as f32 * each;
        let began = Instant::now();
        let scores = score_all(candidate, plan, dataset, runtime, watch, (from, from + each * 0.9))?;
        let predict_s = began.elapsed().as_secs_f64();
        let began = Instant::now();
        let answers = align(candidate, plan, dataset, &scores)?;
        if answers.answers.rows() == 0 {
            return Err(ValidateError::NoRows { why: why_none(&answers, dataset.table.rows(), &plan.target) });
        }
        let timing = Timing { read_s, predict_s, ..Timing::default() };
        let mut measured = result(candidate, plan, &answers, &scores, timing, began);
        cuts.complete(plan, &mut measured, &answers, candidate.card.as_deref(), watch)?;
        measured.timing.metrics_s = began.elapsed().as_secs_f64();
        models.push(measured);
        aligned.push(answers);
        watch.progress(from + each);
    }
    if watch.cancelled() {
        return Err(ValidateError::Cancelled);
    }
    distinct_names(&mut models);
    let comparison = compare(&models, &aligned, plan);
    let recommendation = recommend(&models, &comparison);
    watch.progress(1.0);
    Ok(Report {
        schema_version: SCHEMA_VERSION,
        created_at_ms: chrono::Utc::now().timestamp_millis(),
        models,
        comparison,
        recommendation,
        data: DataInfo {
            path: dataset.path.display().to_string(),
            sha256: dataset.fingerprint.sha256.clone(),
            rows: dataset.table.rows(),
            columns: dataset.table.columns().len(),
        },
        policy: plan.policy.as_ref().map(|policy| policy.name.clone()),
        target: plan.target.clone(),
        level: plan.level,
        seed: plan.seed,
    })
}

/// Two models of one name could not be told apart in a comparison.
fn distinct_names(models: &mut [ModelResult]) {
    let mut seen = std::collections::BTreeSet::new();
    for model in models {
        if !seen.insert(model.name.clone()) {
            model.name = format!("{} ({})", model.name, model.sha256.get(..8).unwrap_or(&model.sha256));
            seen.insert(model.name.clone());
        }
    }
}

fn why_none(aligned: &Aligned, rows: usize, target: &str) -> String {
    if aligned.without_target == rows {
        return format!("the target “{target}” is missing in every row");
    }
    let mut reasons: Vec<String> =
        aligned.skipped.iter().map(|s| format!("{} ({})", s.reason, grouped::rows(s.rows))).collect();
    if aligned.without_target > 0 {
        reasons.push(format!("the target is missing in {}", grouped::rows(aligned.without_target as u64)));
    }
    reasons.join("; ")
}

fn result(
    candidate: &Candidate,
    plan: &Plan,
    aligned: &Aligned,
    scores: &Scores,
    mut timing: Timing,
    began: Instant,
) -> ModelResult {
    let file = candidate.bound.file();
    let card = candidate.card.as_deref();
    let positive = aligned.positive.unwrap_or(0);
    let measured = measure(&aligned.answers, &aligned.classes, positive, aligned.threshold, plan.level);
    let task = match aligned.answers {
        Answers::Binary { .. } => Task::Binary,
        Answers::Multiclass { .. } => Task::Multiclass,
        Answers::Regression { .. } => Task::Regression,
    };
    let training: BTreeMap<String, f64> = card
        .map(|c| c.training_metrics.iter().filter_map(|(k, v)| v.map(|v| (k.clone(), v))).collect())
        .unwrap_or_default();
    let names = card.and_then(|c| c.class_names.as_ref());
    let class_names =
        aligned.classes.iter().map(|class| names.and_then(|n| n.get(class)).unwrap_or(class).clone()).collect();
    timing.metrics_s = began.elapsed().as_secs_f64();
    timing.total_s = timing.read_s + timing.predict_s + timing.metrics_s;
    let notes = candidate.bound.notes().iter().chain(&scores.notes).cloned().collect();
    let mut result = ModelResult {
        name: name_of(file),
        path: file.path.display().to_string(),
        sha256: file.sha256.clone(),
        rows: aligned.answers.rows(),
        rows_without_target: aligned.without_target,
        skipped: aligned.skipped.clone(),
        task,
        positive: aligned.positive.and_then(|p| aligned.classes.get(p)).cloned(),
        threshold: (task == Task::Binary).then_some(aligned.threshold),
        classes: aligned.classes.clone(),
        class_names,
        metrics: measured.metrics,
        baseline: measured.baseline,
        training,
        against_training: None,
        per_class: measured.per_class,
        confusion: measured.confusion,
        curves: measured.curves,
        decisions: measured.decisions,
        residuals: measured.residuals,
        segments: Vec::new(),
        weak_segments: Vec::new(),
        fairness: Vec::new(),
        gates: Vec::new(),
        verdict: "none".to_owned(),
        binding: candidate.bound.binding().clone(),
        notes,
        timing,
        rows_per_second: scores.rows as f64 / timing.predict_s.max(1e-9),
    };
    result.against_training = against_training(&result);
    result
}

fn against_training(result: &ModelResult) -> Option<AgainstTraining> {
    let metric = main_metric(result.task);
    let training = *result.training.get(metric)?;
    let now = result.metrics.get(metric)?;
    let value = now.value?;
    let loss = if smaller_is_better(metric) { value - training } else { training - value };
    let by_chance = now.low.zip(now.high).is_some_and(|(low, high)| (low..=high).contains(&training));
    let holds = loss <= 0.0 || by_chance || loss <= AgainstTraining::TOLERATED_LOSS * training.abs();
    Some(AgainstTraining { metric: metric.to_owned(), training, value, holds })
}
