//! Runs a plan: scores each model chunk by chunk, then measures and compares.

use std::time::Instant;

use super::aligned::{Aligned, align, target_column};
use super::candidate::{Candidate, Origin};
use super::data_use::{self, LossCount};
use super::error::ValidateError;
use super::finish::{Answered, Rows, finish};
use super::measure::Answers;
use super::plan::Plan;
use super::report::Report;
use crate::data::Table;
use crate::data::read::Dataset;
use crate::data::watch::Watch;
use crate::model::{BoundModel, Runtime, Scorer, Scores, SessionSettings};

/// What a plan is run on.
#[derive(Clone, Copy, Debug)]
pub struct Data<'a> {
    /// The rows the candidates never saw.
    pub dataset: &'a Dataset,
    /// Rows that they were trained or accepted on, to be told from the new ones.
    pub reference: Option<&'a Table>,
    /// Seconds that reading took, for the report's timing.
    pub read_s: f64,
}

impl<'a> Data<'a> {
    /// New rows alone.
    pub fn new(dataset: &'a Dataset, read_s: f64) -> Self {
        Self { dataset, reference: None, read_s }
    }
}

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

pub(super) fn check(plan: &Plan, dataset: &Dataset, candidates: &[Candidate]) -> Result<(), ValidateError> {
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

/// Runs a plan over candidates. `runtime` is needed when one of the candidates is a model.
///
/// # Errors
/// When the data cannot judge a model, a model cannot be run, nothing is left to measure, or `watch` cancels.
pub fn run(
    plan: &Plan,
    candidates: &[Candidate],
    data: Data<'_>,
    runtime: Option<&'static Runtime>,
    watch: &dyn Watch,
) -> Result<Report, ValidateError> {
    let dataset = data.dataset;
    check(plan, dataset, candidates)?;
    let mut uses = data_use::judge(plan, candidates, &dataset.table, watch)?.into_iter();
    let mut answered = Vec::with_capacity(candidates.len());
    let each = 0.9 / candidates.len() as f32;
    for (place, candidate) in candidates.iter().enumerate() {
        let from = place as f32 * each;
        let began = Instant::now();
        let (aligned, predict_s) = answers_of(candidate, plan, dataset, runtime, watch, (from, from + each))?;
        let align_s = began.elapsed().as_secs_f64() - predict_s.unwrap_or_default();
        let losses = LossCount::of(candidate).count(candidate, &dataset.table, watch)?;
        let data_use = uses.next().unwrap_or_default();
        answered.push(Answered { aligned, predict_s, align_s, losses, data_use, slim: None });
    }
    if watch.cancelled() {
        return Err(ValidateError::Cancelled);
    }
    let rows = Rows {
        dataset,
        total: dataset.table.rows(),
        features: &dataset.table,
        every: 1,
        columns: dataset.table.columns().len(),
        reference: data.reference,
        read_s: data.read_s,
    };
    finish(plan, candidates, answered, &rows, watch)
}

pub(super) fn runtime_missing() -> ValidateError {
    let sentence = "ONNX Runtime is needed to run a model. Install it with “modeldeck runtime install”.";
    ValidateError::Setting(sentence.to_owned())
}

/// One candidate's answers beside the truth, for a look at single rows after a run.
#[derive(Clone, Debug, PartialEq)]
pub struct CandidateAnswers {
    /// The answers, one entry a measured row.
    pub answers: Answers,
    /// The table row (from 0) of each answer, ascending.
    pub rows: Vec<u32>,
    /// The classes in the order of their indices; empty for a regression.
    pub classes: Vec<String>,
    /// Index of the positive class of a binary task, else 0.
    pub positive: usize,
    /// Score from which a row counts as positive.
    pub threshold: f64,
}

/// Scores one candidate as [`run`] does, without measuring it. `runtime` is needed when it is a model.
///
/// # Errors
/// When the data cannot judge the candidate, the model cannot be run, or `watch` cancels.
pub fn candidate_answers(
    plan: &Plan,
    candidate: &Candidate,
    dataset: &Dataset,
    runtime: Option<&'static Runtime>,
    watch: &dyn Watch,
) -> Result<CandidateAnswers, ValidateError> {
    check(plan, dataset, std::slice::from_ref(candidate))?;
    let (aligned, _) = answers_of(candidate, plan, dataset, runtime, watch, (0.0, 1.0))?;
    Ok(CandidateAnswers::of(aligned))
}

impl CandidateAnswers {
    pub(super) fn of(aligned: Aligned) -> Self {
        Self {
            answers: aligned.answers,
            rows: aligned.rows,
            classes: aligned.classes,
            positive: aligned.positive.unwrap_or_default(),
            threshold: aligned.threshold,
        }
    }
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
            let runtime = runtime.ok_or_else(runtime_missing)?;
            let began = Instant::now();
            let scores = score_all(bound, plan, dataset, runtime, watch, share)?;
            let seconds = began.elapsed().as_secs_f64();
            Ok((align(bound.file(), candidate.card.as_deref(), plan, dataset, &scores)?, Some(seconds)))
        }
        Origin::Columns(predictions) => Ok((predictions.align(plan, dataset)?, None)),
    }
}
