//! Robustness: how far a model falls when one feature is disturbed, is missing, or is swapped among the rows.
//!
//! A random sample of rows is scored once as it is and once for each change of each feature; what falls is the main
//! metric, on the rows both answered. The data itself is not changed.

mod disturb;
mod value;

use std::sync::Arc;

use super::aligned::{Aligned, align};
use super::candidate::{Candidate, Origin};
use super::compare::{Tests, differences};
use super::error::ValidateError;
use super::plan::Plan;
use super::report::{main_metric, smaller_is_better};
use crate::data::convert::not_found;
use crate::data::{Column, Dataset, Table, Watch};
use crate::model::{BoundModel, Runtime, Scorer, Scores, SessionSettings, Task};
use crate::stats::grouped;
use crate::stats::random::SplitMix64;
use crate::validate::measure::Answers;

/// How robustness is tested.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct RobustnessSettings {
    /// Rows of the sample at most. 5,000: a fall of the ROC AUC by 0.01 shows, and most models answer within a second.
    pub rows: usize,
    /// Size of the noise as a share of a column's standard deviation. 0.1 is about what measuring again gives.
    pub noise: f64,
    /// Share of the rows whose text or truth value is exchanged for another one in place of noise.
    pub exchanged: f64,
    /// How often values are swapped among the rows; the falls are averaged. At least 1.
    pub repeats: usize,
    /// The columns to disturb; empty takes all that feed the model.
    pub columns: Vec<String>,
    /// The metric that is watched; `None` takes the task's main one.
    pub metric: Option<String>,
}

impl Default for RobustnessSettings {
    fn default() -> Self {
        Self { rows: 5_000, noise: 0.1, exchanged: 0.1, repeats: 3, columns: Vec::new(), metric: None }
    }
}

/// How a model stands changes of its features.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Robustness {
    /// The model's name.
    pub model: String,
    /// The metric that is watched.
    pub metric: String,
    /// Whether smaller values of it are better; falls are positive for the worse in any case.
    pub smaller_is_better: bool,
    /// Its value on the unchanged sample.
    pub value: f64,
    /// Measured rows of the sample.
    pub rows: usize,
    /// Level of the intervals of the falls.
    pub level: f64,
    /// Seed of the sample and of the changes.
    pub seed: u64,
    /// How often the sample was scored: once, and for each feature noise, missing and each swap.
    pub scorings: usize,
    /// The features, the one whose swap costs most first.
    pub features: Vec<FeatureRobustness>,
}

/// How a model stands changes of one feature.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FeatureRobustness {
    /// The column.
    pub column: String,
    /// Small noise on each number, or another value in some rows of a text.
    pub noise: Effect,
    /// Every value missing.
    pub missing: Effect,
    /// Values swapped among the rows: permutation importance (Breiman 2001).
    pub swap: Effect,
}

/// What one change did.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Effect {
    /// The metric after the change.
    pub value: Option<f64>,
    /// How far it fell on the rows answered before and after; negative when it rose.
    pub fall: Option<f64>,
    /// Lower end of the fall's interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// The method of the interval.
    pub method: Option<String>,
    /// Rows measured before and after.
    pub rows: usize,
    /// Rows that the model no longer answered, of those it answered before.
    pub skipped: usize,
    /// Why there is no value, or what limits it; one sentence.
    pub reason: Option<String>,
}

/// How often the sample is scored for so many features: once, and features × (noise + missing + repeats).
pub fn scorings(features: usize, settings: &RobustnessSettings) -> usize {
    1 + features * (2 + settings.repeats.max(1))
}

/// A loaded model on a sample of rows.
struct Bench<'a> {
    scorer: Scorer,
    bound: &'a BoundModel,
    candidate: &'a Candidate,
    plan: &'a Plan,
    sample: Dataset,
    watch: &'a dyn Watch,
    /// Scorings done and to do.
    done: usize,
    all: usize,
}

impl Bench<'_> {
    /// The answers to the sample with one column in the place of its own.
    fn answers(&mut self, changed: Option<Column>) -> Result<Aligned, ValidateError> {
        let table = match changed {
            Some(column) => Arc::new(disturb::with(&self.sample.table, column)?),
            None => Arc::clone(&self.sample.table),
        };
        let mut scores = Scores::default();
        let (mut from, step) = (0, self.plan.batch_rows.max(1));
        while from < table.rows() {
            if self.watch.cancelled() {
                return Err(ValidateError::Cancelled);
            }
            let end = (from + step).min(table.rows());
            self.scorer.score(&table, from..end, &mut scores)?;
            from = end;
        }
        self.done += 1;
        self.watch.progress(self.done as f32 / self.all.max(1) as f32);
        // The truth stays that of the sample, also where the target feeds the model.
        align(self.bound.file(), self.candidate.card.as_deref(), self.plan, &self.sample, &scores)
    }
}

/// What the changed answers are held against.
struct Before {
    answers: Aligned,
    metric: String,
    level: f64,
    seed: u64,
}

fn threshold(aligned: &Aligned) -> Option<f64> {
    matches!(aligned.answers, Answers::Binary { .. }).then_some(aligned.threshold)
}

impl Before {
    fn effect(&self, after: &Aligned) -> Effect {
        // A swap moves gaps too, so either side may have answered rows that the other has not.
        let before = value::on_rows_of(&self.answers, &after.rows);
        let skips = &after.skipped;
        let after = &value::on_rows_of(after, &before.rows);
        let rows = before.rows.len();
        let mut effect = Effect { rows, skipped: self.answers.rows.len().saturating_sub(rows), ..Effect::default() };
        if rows == 0 {
            let why = skips.first().map(|s| format!(": {}", s.reason)).unwrap_or_default();
            effect.reason = Some(format!("No row is answered then{why}."));
            return effect;
        }
        let of = |aligned: &Aligned| value::metric(&aligned.answers, &self.metric, aligned.threshold);
        let (Some(was), Some(is)) = (of(&before), of(after)) else {
            effect.reason = Some("On the rows that are left the metric has no meaning.".to_owned());
            return effect;
        };
        let sign = if smaller_is_better(&self.metric) { -1.0 } else { 1.0 };
        let fall = sign * (was - is);
        effect.value = Some(is);
        effect.fall = Some(fall);
        let tests = Tests { level: self.level, seed: self.seed, only: Some(&self.metric) };
        let tested = differences((&before, threshold(&before)), (after, threshold(after)), &tests);
        if let Some((_, d)) = tested.first() {
            let (low, high) = if sign > 0.0 { (d.low, d.high) } else { (-d.high, -d.low) };
            effect.low = Some(low).filter(|x| x.is_finite());
            effect.high = Some(high).filter(|x| x.is_finite());
            effect.method = Some(d.method.to_owned());
        }
        if effect.skipped > 0 {
            let rows = grouped::rows(effect.skipped as u64);
            let verb = if effect.skipped == 1 { "is" } else { "are" };
            let why = skips.first().map(|s| format!(" ({})", s.reason)).unwrap_or_default();
            effect.reason = Some(format!("{rows} {verb} not answered then{why} and left out on both sides."));
        }
        effect
    }
}

/// The mean of several effects, ends of the intervals included: the mean is at least as sure as each of them.
fn mean_of(effects: &[Effect]) -> Effect {
    let mean = |of: fn(&Effect) -> Option<f64>| -> Option<f64> {
        let values: Option<Vec<f64>> = effects.iter().map(of).collect();
        values.filter(|v| !v.is_empty()).map(|v| v.iter().sum::<f64>() / v.len() as f64)
    };
    let Some(first) = effects.first() else { return Effect::default() };
    Effect {
        value: mean(|e| e.value),
        fall: mean(|e| e.fall),
        low: mean(|e| e.low),
        high: mean(|e| e.high),
        method: first.method.as_ref().map(|method| format!("{method}, mean of {}", effects.len())),
        ..first.clone()
    }
}

fn chosen(candidate: &Candidate, settings: &RobustnessSettings, table: &Table) -> Result<Vec<String>, ValidateError> {
    let mut names: Vec<String> = Vec::new();
    let fed: Vec<String> = candidate.fed_by().into_iter().map(str::to_owned).collect();
    for name in if settings.columns.is_empty() { &fed } else { &settings.columns } {
        if table.column(name).is_none() {
            return Err(ValidateError::Data(not_found(name, table)));
        }
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(names)
}

fn metric_of(aligned: &Aligned, wanted: Option<&str>) -> Result<String, ValidateError> {
    let task = match &aligned.answers {
        Answers::Binary { .. } => Task::Binary,
        Answers::Multiclass { .. } => Task::Multiclass,
        Answers::Regression { .. } => Task::Regression,
    };
    let has = |metric: &str| value::metric(&aligned.answers, metric, aligned.threshold).is_some();
    if let Some(wanted) = wanted {
        return has(wanted).then(|| wanted.to_owned()).ok_or_else(|| {
            ValidateError::Setting(format!(
                "“{wanted}” has no value on the sample. Choose another metric, such as {}.",
                main_metric(task)
            ))
        });
    }
    let found = [main_metric(task), "f1", "accuracy", "mae"].into_iter().find(|metric| has(metric));
    found.map(str::to_owned).ok_or_else(|| {
        ValidateError::Setting(
            "No metric has a value on the sample. Choose data in which every class occurs.".to_owned(),
        )
    })
}

/// Disturbs each feature of a model on a sample of the data. A feature is disturbed in the table before it is bound, so
/// that casts and fills apply as they do in earnest.
///
/// # Errors
/// When the candidate is no model that can be run, a column is not in the data, the target cannot judge it, nothing is
/// left to measure, or `watch` cancels.
pub fn robustness(
    candidate: &Candidate,
    plan: &Plan,
    dataset: &Dataset,
    settings: &RobustnessSettings,
    runtime: &'static Runtime,
    watch: &dyn Watch,
) -> Result<Robustness, ValidateError> {
    let Origin::Model(bound) = &candidate.origin else {
        let sentence = "Predictions that were made already cannot be asked again with other values. Choose the model itself to test its robustness.";
        return Err(ValidateError::Setting(sentence.to_owned()));
    };
    let names = chosen(candidate, settings, &dataset.table)?;
    let mut random = SplitMix64::new(plan.seed);
    let rows = disturb::some_rows(dataset.table.rows(), settings.rows.max(1), &mut random);
    let sample = Dataset { table: Arc::new(dataset.table.take(&rows)?), ..dataset.clone() };
    let session =
        SessionSettings { intra_threads: plan.threads, batch: plan.batch_rows.max(1), ..SessionSettings::default() };
    let all = scorings(names.len(), settings);
    let scorer = Scorer::open(bound, session, runtime)?;
    let mut bench = Bench { scorer, bound, candidate, plan, sample, watch, done: 0, all };
    let answers = bench.answers(None)?;
    if answers.rows.is_empty() {
        let why = answers.skipped.first().map_or("no row of the sample has a target", |s| s.reason.as_str());
        return Err(ValidateError::NoRows { why: why.to_owned() });
    }
    let metric = metric_of(&answers, settings.metric.as_deref())?;
    let value = value::metric(&answers.answers, &metric, answers.threshold).unwrap_or_default();
    let before = Before { answers, metric, level: plan.level, seed: plan.seed };

    let table = Arc::clone(&bench.sample.table);
    let mut features = Vec::new();
    for column in names.iter().filter_map(|name| table.column(name)) {
        let noise = try_one(&mut bench, &before, disturb::noise(column, settings, &mut random))?;
        let missing = try_one(&mut bench, &before, Ok(disturb::missing(column)))?;
        let missing = Effect { reason: missing_words(&missing, bound, &column.name), ..missing };
        let mut swaps = Vec::new();
        for _ in 0..settings.repeats.max(1) {
            swaps.push(try_one(&mut bench, &before, Ok(disturb::swapped(column, &mut random)))?);
        }
        features.push(FeatureRobustness { column: column.name.clone(), noise, missing, swap: mean_of(&swaps) });
    }
    // A stable sort: equal falls stay in the order of the inputs, and what could not be told comes last.
    let fall = |f: &FeatureRobustness| f.swap.fall.unwrap_or(f64::NEG_INFINITY);
    features.sort_by(|a, b| fall(b).total_cmp(&fall(a)));
    Ok(Robustness {
        model: candidate.name(),
        smaller_is_better: smaller_is_better(&before.metric),
        value,
        rows: before.answers.rows.len(),
        level: plan.level,
        seed: plan.seed,
        scorings: bench.done,
        metric: before.metric,
        features,
    })
}

/// Scores one change. A change that cannot be made, or that the model refuses, is told instead of ending the test.
fn try_one(
    bench: &mut Bench<'_>,
    before: &Before,
    changed: Result<Column, &'static str>,
) -> Result<Effect, ValidateError> {
    let told = |reason: String| Effect { reason: Some(reason), ..Effect::default() };
    let changed = match changed {
        Ok(changed) => changed,
        Err(why) => return Ok(told(why.to_owned())),
    };
    match bench.answers(Some(changed)) {
        Ok(after) => Ok(before.effect(&after)),
        Err(ValidateError::Model(error)) => Ok(told(format!("The model refuses such rows: {error}"))),
        Err(error) => Err(error),
    }
}

fn missing_words(effect: &Effect, bound: &BoundModel, column: &str) -> Option<String> {
    let fill = bound
        .binding()
        .inputs
        .iter()
        .find(|input| input.columns.iter().any(|used| used.column == column))
        .and_then(|input| input.fill.as_ref());
    if effect.rows == 0 && effect.skipped > 0 {
        let why = effect.reason.as_deref().unwrap_or_default();
        return Some(format!("Cannot be missing. {why}"));
    }
    if effect.reason.is_none() && fill.is_some() {
        return Some("The binding's value is filled in for each missing one.".to_owned());
    }
    effect.reason.clone()
}

#[cfg(test)]
mod tests;
