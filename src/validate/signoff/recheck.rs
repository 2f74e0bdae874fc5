//! Holding a result that was computed again against the one that was signed or kept.

use std::collections::{BTreeMap, BTreeSet};

use super::super::policy::Policy;
use super::super::report::Report;
use super::hashes::{Hashes, result_of, substance};
use super::sign::{Refusal, SignOff};

/// What a hash stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The model's file.
    Model,
    /// The data's file.
    Data,
    /// Which column feeds which input.
    Binding,
    /// The policy.
    Policy,
    /// The numbers.
    Result,
}

impl Part {
    /// The words shown on screen.
    pub fn words(self) -> &'static str {
        match self {
            Self::Model => "model file",
            Self::Data => "data file",
            Self::Binding => "binding",
            Self::Policy => "policy",
            Self::Result => "result",
        }
    }
}

/// One thing that is not as it was.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// A hash.
    Hash {
        /// Of what.
        part: Part,
        /// What it was; `None` where there was nothing.
        was: Option<String>,
        /// What it is now.
        now: Option<String>,
    },
    /// A metric's point value.
    Metric {
        /// The metric's name in results.
        metric: String,
        /// What it was; `None` where it had no meaning or was not there.
        was: Option<f64>,
        /// What it is now.
        now: Option<f64>,
        /// `now` − `was`, in the metric's unit.
        by: Option<f64>,
    },
    /// Another part of the result, such as `confusion` or `segments`; or the interval of a metric, within `metrics`.
    Field {
        /// The field's name in the report's JSON.
        field: String,
    },
}

impl Difference {
    /// The difference in a sentence.
    pub fn sentence(&self) -> String {
        let number = |value: &Option<f64>| value.map_or_else(|| "–".to_owned(), |v| v.to_string());
        match self {
            Self::Hash { part, was: None, .. } => format!("There was no {} before, and now there is one", part.words()),
            Self::Hash { part, now: None, .. } => format!("There was a {} before, and now there is none", part.words()),
            Self::Hash { part, .. } => format!("The {} is another one", part.words()),
            Self::Metric { metric, was, now, by } => {
                let by = by.map(|by| format!(" ({by:+e})")).unwrap_or_default();
                format!("{metric} was {} and is {}{by}", number(was), number(now))
            }
            Self::Field { field } => format!("“{field}” of the result is different"),
        }
    }
}

/// Holds a report that was computed again against a sign-off. Nothing is tolerated: the same data and seed give the
/// same numbers. An empty answer says that all is as it was signed.
///
/// # Errors
/// When the report has no such model, or its result cannot be written as JSON.
pub fn recheck(
    signed: &SignOff,
    again: &Report,
    model: usize,
    policy: Option<&Policy>,
) -> Result<Vec<Difference>, Refusal> {
    let mut found = hash_differences(&signed.hashes, &Hashes::of(again, model, policy)?);
    found.extend(metric_differences(&signed.metrics, &metrics_of(again, model)?));
    Ok(found)
}

/// Holds a model's result in one report against that in another, field by field; both as (report, index of the model).
/// The policy is compared by name and by what came of its gates.
///
/// # Errors
/// When a report has no such model, or a result cannot be written as JSON.
pub fn compare(kept: (&Report, usize), again: (&Report, usize)) -> Result<Vec<Difference>, Refusal> {
    let mut found = hash_differences(&Hashes::of(kept.0, kept.1, None)?, &Hashes::of(again.0, again.1, None)?);
    if kept.0.policy != again.0.policy {
        let (was, now) = (kept.0.policy.clone(), again.0.policy.clone());
        found.push(Difference::Hash { part: Part::Policy, was, now });
    }
    let (was, now) = (metrics_of(kept.0, kept.1)?, metrics_of(again.0, again.1)?);
    let metrics = metric_differences(&was, &now);
    let (was, now) =
        (substance(kept.0, result_of(kept.0, kept.1)?)?, substance(again.0, result_of(again.0, again.1)?)?);
    let names: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    let fields = names.into_iter().filter(|name| was.get(*name) != now.get(*name));
    // A metric that moved is named already; `metrics` alone says that only intervals or reasons did.
    let fields = fields.filter(|name| name.as_str() != "metrics" || metrics.is_empty());
    let fields: Vec<Difference> = fields.map(|name| Difference::Field { field: name.clone() }).collect();
    found.extend(metrics);
    found.extend(fields);
    Ok(found)
}

fn metrics_of(report: &Report, model: usize) -> Result<BTreeMap<String, Option<f64>>, Refusal> {
    let result = result_of(report, model)?;
    Ok(result.metrics.iter().map(|(name, metric)| (name.clone(), metric.value)).collect())
}

fn hash_differences(was: &Hashes, now: &Hashes) -> Vec<Difference> {
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let pairs = [
        (Part::Model, some(&was.model), some(&now.model)),
        (Part::Data, some(&was.data), some(&now.data)),
        (Part::Binding, some(&was.binding), some(&now.binding)),
        (Part::Policy, was.policy.clone(), now.policy.clone()),
        (Part::Result, some(&was.result), some(&now.result)),
    ];
    let differ = pairs.into_iter().filter(|(_, was, now)| was != now);
    differ.map(|(part, was, now)| Difference::Hash { part, was, now }).collect()
}

fn metric_differences(was: &BTreeMap<String, Option<f64>>, now: &BTreeMap<String, Option<f64>>) -> Vec<Difference> {
    let names: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    let mut found = Vec::new();
    for metric in names {
        if was.get(metric) == now.get(metric) {
            continue;
        }
        let (was, now) = (was.get(metric).copied().flatten(), now.get(metric).copied().flatten());
        let by = was.zip(now).map(|(was, now)| now - was).filter(|by| by.is_finite());
        found.push(Difference::Metric { metric: metric.clone(), was, now, by });
    }
    found
}
