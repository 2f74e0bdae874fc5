//! From answers beside the truth to a finished report: measures, segments, gates, comparison.

use std::collections::BTreeMap;
use std::time::Instant;

use super::aligned::Aligned;
use super::breakdown::{Cuts, judge_all};
use super::candidate::{Candidate, Origin};
use super::checks::{CheckSettings, Checks, check};
use super::compare::{compare, recommend, wins};
use super::data_use::Use;
use super::error::ValidateError;
use super::measure::{Answers, Measured, Quality, measure, measure_ranked};
use super::plan::Plan;
use super::report::{
    AgainstTraining, DataInfo, ModelResult, Report, SCHEMA_VERSION, Timing, main_metric, smaller_is_better,
};
use super::slim::Slim;
use super::views::{Looked, Views, binary_views, det, views};
use crate::data::Table;
use crate::data::part::Part;
use crate::data::read::Dataset;
use crate::data::watch::Watch;
use crate::model::Task;
use crate::model::binding::InputLoss;
use crate::stats::grouped;

/// The rows behind the answers, as far as they are needed after scoring.
pub(super) struct Rows<'a> {
    /// Target and segment columns of every row, and what the file was.
    pub(super) dataset: &'a Dataset,
    /// Rows of the file.
    pub(super) total: usize,
    /// The features of every `every`-th row.
    pub(super) features: &'a Table,
    /// 1 where the features of all rows are there.
    pub(super) every: usize,
    /// Columns of the file.
    pub(super) columns: usize,
    /// Data that a model was trained or accepted on.
    pub(super) reference: Option<&'a Table>,
    /// Seconds that reading took.
    pub(super) read_s: f64,
}

/// A candidate's answers.
pub(super) struct Answered {
    pub(super) aligned: Aligned,
    /// Seconds that scoring took, when a model was run.
    pub(super) predict_s: Option<f64>,
    /// Seconds that went into laying answers beside the truth.
    pub(super) align_s: f64,
    /// What binding made of the rows, input by input.
    pub(super) losses: Vec<InputLoss>,
    /// What the register and the policy say of its columns.
    pub(super) data_use: Use,
    /// The answers to all rows, where `aligned` has those to a sample only.
    pub(super) slim: Option<Slim>,
}

/// Measures all candidates and compares them.
///
/// # Errors
/// When nothing is left to measure, a named column is not there, or `watch` cancels.
pub(super) fn finish(
    plan: &Plan,
    candidates: &[Candidate],
    answered: Vec<Answered>,
    rows: &Rows<'_>,
    watch: &dyn Watch,
) -> Result<Report, ValidateError> {
    let dataset = rows.dataset;
    // The data itself is looked at while the answers are measured.
    let look = || {
        let checks = look_at_data(plan, candidates, rows, watch)?;
        Ok::<_, ValidateError>((checks, Cuts::of(plan, candidates, rows, watch)?))
    };
    let (looked, measured) = std::thread::scope(|scope| {
        let aside = std::thread::Builder::new().name("validate-data".to_owned()).spawn_scoped(scope, look).ok();
        let measured = measure_all(plan, candidates, answered, rows, watch);
        // Where no thread could be started, or it gave up, this one looks.
        (aside.and_then(|aside| aside.join().ok()).unwrap_or_else(look), measured)
    });
    let (checks, cuts) = looked?;
    let (mut models, aligned): (Vec<_>, Vec<_>) = measured?.into_iter().unzip();
    for (measured, answers) in models.iter_mut().zip(&aligned) {
        let began = Instant::now();
        cuts.complete(plan, measured, answers, watch)?;
        measured.timing.metrics_s += began.elapsed().as_secs_f64();
        measured.timing.total_s = rows.read_s + measured.timing.predict_s + measured.timing.metrics_s;
        if watch.cancelled() {
            return Err(ValidateError::Cancelled);
        }
    }
    judge_all(plan, candidates, &mut models);
    distinct_names(&mut models);
    let comparison = compare(&models, &aligned, plan);
    let wins = wins(&models);
    let recommendation = recommend(&models, &comparison);
    watch.progress(1.0);
    Ok(Report {
        schema_version: SCHEMA_VERSION,
        created_at_ms: chrono::Utc::now().timestamp_millis(),
        models,
        comparison,
        wins,
        recommendation,
        data: DataInfo {
            path: dataset.path.display().to_string(),
            sha256: dataset.fingerprint.sha256.clone(),
            rows: rows.total,
            columns: rows.columns,
            one_in: (rows.every > 1).then_some(rows.every),
        },
        checks,
        policy: plan.policy.as_ref().map(|policy| policy.name.clone()),
        plan: Some(plan.clone()),
        target: plan.target.clone(),
        level: plan.level,
        seed: plan.seed,
    })
}

/// The measures of all candidates that need no column of the data, with the answers they were taken of.
fn measure_all(
    plan: &Plan,
    candidates: &[Candidate],
    answered: Vec<Answered>,
    rows: &Rows<'_>,
    watch: &dyn Watch,
) -> Result<Vec<(ModelResult, Aligned)>, ValidateError> {
    let dataset = rows.dataset;
    let mut all = Vec::with_capacity(answered.len());
    for (candidate, answered) in candidates.iter().zip(answered) {
        let began = Instant::now();
        let Answered { aligned: answers, predict_s: scored, align_s, losses, data_use, slim } = answered;
        let number = slim.as_ref().map_or(answers.answers.rows(), Slim::measured);
        if number == 0 {
            return Err(ValidateError::NoRows { why: why_none(&answers, rows.total, &plan.target) });
        }
        let predict_s = scored.unwrap_or_default();
        let timing = Timing { read_s: rows.read_s, predict_s, ..Timing::default() };
        let positive = answers.positive.unwrap_or_default();
        let (classes, threshold) = (&answers.classes, answers.threshold);
        let (mut found, slim_views) = if let Some(slim) = slim {
            // What needs the rows in their order comes first: ranking uses their memory.
            let seen = binary_views(|| slim.rows(), classes, positive, threshold);
            let quality = Quality::of(|| slim.pairs());
            let found = measure_ranked(slim.ranked(), &quality, classes, positive, threshold, plan.level);
            (found, Some(seen))
        } else {
            (measure(&answers.answers, classes, positive, threshold, plan.level), None)
        };
        let ranked = found.ranked.take();
        let mut measured = result(candidate, &answers, dataset, timing, found);
        measured.rows = number;
        if scored.is_some() {
            measured.rows_per_second = rows.total as f64 / predict_s.max(1e-9);
        }
        measured.losses = losses.into_iter().filter(|loss| !loss.is_nothing()).collect();
        measured.data_use = data_use.findings;
        measured.proxies = data_use.proxies;
        let looked = Looked {
            answers: &answers.answers,
            ranked: ranked.as_ref(),
            rows: &answers.rows,
            classes: &measured.classes,
            positive,
            threshold: answers.threshold,
        };
        let seen = match slim_views {
            Some(seen) => Views { det: ranked.as_ref().and_then(det), ..seen },
            None => views(looked, plan.level, watch).ok_or(ValidateError::Cancelled)?,
        };
        measured.views = Some(seen);
        measured.timing.metrics_s = align_s + began.elapsed().as_secs_f64();
        all.push((measured, answers));
        if watch.cancelled() {
            return Err(ValidateError::Cancelled);
        }
    }
    Ok(all)
}

/// Duplicates, leakage and the like, over the columns that feed the candidates.
fn look_at_data(
    plan: &Plan,
    candidates: &[Candidate],
    rows: &Rows<'_>,
    watch: &dyn Watch,
) -> Result<Option<Checks>, ValidateError> {
    if !plan.data_checks {
        return Ok(None);
    }
    let mut features: Vec<&str> = candidates.iter().flat_map(Candidate::fed_by).collect();
    features.sort_unstable();
    features.dedup();
    features.retain(|name| rows.features.column(name).is_some());
    if features.is_empty() {
        return Ok(None);
    }
    let settings = CheckSettings {
        numeric_target: candidates.first().and_then(Candidate::task).map(|task| task == Task::Regression),
        ..CheckSettings::default()
    };
    // Checking is not the slow part, so its progress is not told.
    let quiet = Part::quiet(watch);
    let mut checks = check(rows.features, &plan.target, &features, rows.reference, &settings, &quiet)?;
    if rows.every > 1 {
        checks.notes.push(format!("One row in {} was looked at, because the table is larger than memory.", rows.every));
    }
    Ok(Some(checks))
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
    aligned: &Aligned,
    dataset: &Dataset,
    timing: Timing,
    measured: Measured,
) -> ModelResult {
    let (path, sha256) = match &candidate.origin {
        Origin::Model(bound) => (&bound.file().path, bound.file().sha256.clone()),
        Origin::Columns(predictions) => (&dataset.path, predictions.key(&dataset.fingerprint.sha256)),
    };
    let bound_notes = match &candidate.origin {
        Origin::Model(bound) => bound.notes(),
        Origin::Columns(_) => &[],
    };
    let card = candidate.card.as_deref();
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
        views: None,
        losses: Vec::new(),
        robustness: None,
        data_use: Vec::new(),
        proxies: Vec::new(),
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
