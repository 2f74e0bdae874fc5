//! Runs a plan: scores each model chunk by chunk, aligns answers with the truth, measures, compares.

use std::collections::BTreeMap;
use std::time::Instant;

use super::aligned::{Aligned, align, target_column};
use super::breakdown::Cuts;
use super::candidate::{Candidate, Origin};
use super::compare::{compare, recommend};
use super::error::ValidateError;
use super::measure::{Answers, measure};
use super::plan::Plan;
use super::report::{
    AgainstTraining, DataInfo, ModelResult, Report, SCHEMA_VERSION, Timing, main_metric, smaller_is_better,
};
use crate::data::read::Dataset;
use crate::data::watch::Watch;
use crate::model::{BoundModel, Runtime, Scorer, Scores, SessionSettings, Task};
use crate::stats::grouped;

fn score_all(
    bound: &BoundModel,
    plan: &Plan,
    dataset: &Dataset,
    runtime: &'static Runtime,
    watch: &dyn Watch,
    share: (f32, f32),
) -> Result<Scores, ValidateError> {
    let settings =
        SessionSettings { intra_threads: plan.threads, batch: plan.batch_rows, ..SessionSettings::default() };
    let mut scorer = Scorer::open(bound, settings, runtime)?;
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

/// Runs a plan over candidates. `read_s` is what reading the data took, for the report's timing; `runtime` is needed
/// when one of the candidates is a model.
///
/// # Errors
/// When the data cannot judge a model, a model cannot be run, nothing is left to measure, or `watch` cancels.
pub fn run(
    plan: &Plan,
    candidates: &[Candidate],
    dataset: &Dataset,
    read_s: f64,
    runtime: Option<&'static Runtime>,
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
        let (answers, scored) = answers_of(candidate, plan, dataset, runtime, watch, (from, from + each * 0.9))?;
        let predict_s = scored.unwrap_or_default();
        let aligned_s = began.elapsed().as_secs_f64() - predict_s;
        let began = Instant::now();
        if answers.answers.rows() == 0 {
            return Err(ValidateError::NoRows { why: why_none(&answers, dataset.table.rows(), &plan.target) });
        }
        let timing = Timing { read_s, predict_s, ..Timing::default() };
        let mut measured = result(candidate, plan, &answers, dataset, timing);
        if scored.is_some() {
            measured.rows_per_second = dataset.table.rows() as f64 / predict_s.max(1e-9);
        }
        cuts.complete(plan, &mut measured, &answers, candidate.card.as_deref(), watch)?;
        measured.timing.metrics_s = aligned_s + began.elapsed().as_secs_f64();
        measured.timing.total_s = read_s + predict_s + measured.timing.metrics_s;
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

/// A candidate's answers beside the truth, and the seconds that scoring took when a model was run.
fn answers_of(
    candidate: &Candidate,
    plan: &Plan,
    dataset: &Dataset,
    runtime: Option<&'static Runtime>,
    watch: &dyn Watch,
    share: (f32, f32),
) -> Result<(Aligned, Option<f64>), ValidateError> {
    match &candidate.origin {
        Origin::Model(bound) => {
            let Some(runtime) = runtime else {
                let sentence = "ONNX Runtime is needed to run a model. Install it with “modeldeck runtime install”.";
                return Err(ValidateError::Setting(sentence.to_owned()));
            };
            let began = Instant::now();
            let scores = score_all(bound, plan, dataset, runtime, watch, share)?;
            let seconds = began.elapsed().as_secs_f64();
            Ok((align(bound.file(), candidate.card.as_deref(), plan, dataset, &scores)?, Some(seconds)))
        }
        Origin::Columns(predictions) => Ok((predictions.align(plan, dataset)?, None)),
    }
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

fn result(candidate: &Candidate, plan: &Plan, aligned: &Aligned, dataset: &Dataset, timing: Timing) -> ModelResult {
    let (path, sha256) = match &candidate.origin {
        Origin::Model(bound) => (&bound.file().path, bound.file().sha256.clone()),
        Origin::Columns(predictions) => (&dataset.path, predictions.key(&dataset.fingerprint.sha256)),
    };
    let bound_notes = match &candidate.origin {
        Origin::Model(bound) => bound.notes(),
        Origin::Columns(_) => &[],
    };
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
    let notes = bound_notes.iter().chain(&aligned.notes).cloned().collect();
    let mut result = ModelResult {
        name: candidate.name(),
        path: path.display().to_string(),
        sha256,
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
        binding: candidate.binding(),
        notes,
        timing,
        rows_per_second: 0.0,
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
