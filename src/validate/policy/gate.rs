//! What a policy and a gate are, and how a gate is said in a sentence.

use super::super::report::{metric_order, smaller_is_better};
use super::data_rules::DataRules;
use crate::model::Task;

/// Rows a segment needs before a gate looks at it, when the policy does not say.
pub const DEFAULT_MIN_ROWS: usize = 100;

/// A named list of gates that decides whether a model may go live.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Policy {
    /// What people call it.
    pub name: String,
    /// What it is for, in a sentence or two; may be empty.
    pub description: String,
    /// Fields of the model card that must be filled in, by their names in the card's JSON.
    pub required_card_fields: Vec<String>,
    /// What is asked of the columns that a model uses.
    #[serde(default)]
    pub data: DataRules,
    /// Whether a person must sign a model's result before it is deployed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_sign_off: bool,
    /// The gates, in the order in which they are shown.
    pub gates: Vec<Gate>,
}

/// One pass-or-fail condition on a metric.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Gate {
    /// What people call it.
    pub name: String,
    /// The metric's name in results, such as `roc_auc`.
    pub metric: String,
    /// What is asked of the metric.
    pub condition: Condition,
    /// Which end of the metric's interval is held against the limit.
    pub bound: Bound,
    /// On which rows.
    pub on: On,
    /// Whether a failure fails the verdict; an advisory gate is only reported.
    pub required: bool,
}

/// What is asked of a metric. Shares are fractions: 0.10 is ten percent of the absolute value compared with.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Not below a number, in the metric's unit.
    AtLeast(f64),
    /// Not above a number, in the metric's unit.
    AtMost(f64),
    /// Neither above nor below the other value by more than a share of it.
    WithinShare {
        /// The share.
        share: f64,
        /// The other value.
        against: Against,
    },
    /// Not worse than the other value by more than a share of it.
    LoseAtMost {
        /// The share.
        share: f64,
        /// The other value.
        against: Against,
    },
    /// Better than the other value by at least a number, in the metric's unit.
    GainAtLeast {
        /// The number.
        gain: f64,
        /// The other value.
        against: Against,
    },
    /// Better than the other value by at least a share of it.
    GainShareAtLeast {
        /// The share.
        share: f64,
        /// The other value.
        against: Against,
    },
}

/// The value that a metric is compared with.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// A number, in the metric's unit.
    Constant(f64),
    /// The model's own value in training, as its card says.
    Training,
    /// The naive answer to the same rows: the most frequent class, or the mean.
    Baseline,
    /// The model that answers today, on the same rows.
    Champion,
}

/// Which number of a metric is held against the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The value itself.
    #[default]
    Point,
    /// The lower end of its interval.
    Low,
    /// The upper end of its interval.
    High,
}

/// The rows that a gate looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// All of them at once.
    #[default]
    AllRows,
    /// Each segment for itself; the gate must hold in every one.
    Segments {
        /// The columns whose segments are looked at.
        columns: Vec<String>,
        /// Rows a segment needs to be looked at.
        min_rows: usize,
    },
}

/// The names of all metrics of all tasks, each once, in the order of [`metric_order`].
pub fn metrics() -> Vec<&'static str> {
    let mut all: Vec<&'static str> = Vec::new();
    for name in [Task::Binary, Task::Multiclass, Task::Regression].into_iter().flat_map(metric_order) {
        if !all.contains(name) {
            all.push(name);
        }
    }
    all
}

impl Against {
    /// The word of a policy file; a number has none.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Constant(_) => None,
            Self::Training => Some("training"),
            Self::Baseline => Some("baseline"),
            Self::Champion => Some("champion"),
        }
    }

    /// The value in words, to stand after “above”, “below” or “of”.
    pub fn phrase(self) -> String {
        match self {
            Self::Constant(value) => number(value),
            Self::Training => "the training value".to_owned(),
            Self::Baseline => "the naive baseline".to_owned(),
            Self::Champion => "the champion".to_owned(),
        }
    }
}

impl Bound {
    /// The word of a policy file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Low => "low",
            Self::High => "high",
        }
    }

    /// The bound in words, to stand after “the” or “its”.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Point => "value",
            Self::Low => "lower bound",
            Self::High => "upper bound",
        }
    }
}

impl Condition {
    /// The key of a policy file.
    pub fn key(self) -> &'static str {
        match self {
            Self::AtLeast(_) => "at_least",
            Self::AtMost(_) => "at_most",
            Self::WithinShare { .. } => "within_share",
            Self::LoseAtMost { .. } => "lose_at_most",
            Self::GainAtLeast { .. } => "gain_at_least",
            Self::GainShareAtLeast { .. } => "gain_share_at_least",
        }
    }

    /// The number that stands behind the key.
    pub fn number(self) -> f64 {
        match self {
            Self::AtLeast(number) | Self::AtMost(number) => number,
            Self::WithinShare { share, .. } | Self::LoseAtMost { share, .. } | Self::GainShareAtLeast { share, .. } => {
                share
            }
            Self::GainAtLeast { gain, .. } => gain,
        }
    }

    /// What the metric is compared with.
    pub fn against(self) -> Against {
        match self {
            Self::AtLeast(number) | Self::AtMost(number) => Against::Constant(number),
            Self::WithinShare { against, .. }
            | Self::LoseAtMost { against, .. }
            | Self::GainAtLeast { against, .. }
            | Self::GainShareAtLeast { against, .. } => against,
        }
    }

    fn phrase(self, metric: &str) -> String {
        let smaller = smaller_is_better(metric);
        let (worse, better) = if smaller { ("above", "below") } else { ("below", "above") };
        let other = self.against().phrase();
        match self {
            Self::AtLeast(_) => format!("at least {other}"),
            Self::AtMost(_) => format!("at most {other}"),
            Self::WithinShare { share, .. } => format!("within {} of {other}", percent(share)),
            Self::LoseAtMost { share: 0.0, .. } => format!("not {worse} {other}"),
            Self::LoseAtMost { share, .. } => format!("at most {} {worse} {other}", percent(share)),
            Self::GainAtLeast { gain, .. } => format!("at least {} {better} {other}", number(gain)),
            Self::GainShareAtLeast { share, .. } => format!("at least {} {better} {other}", percent(share)),
        }
    }
}

impl Gate {
    /// The condition in words, such as “at least 0.70 at the lower bound”.
    pub fn sentence(&self) -> String {
        let asked = self.condition.phrase(&self.metric);
        match self.bound {
            Bound::Point => asked,
            bound => format!("{asked} at the {}", bound.phrase()),
        }
    }

    /// On which rows, in words; nothing for all rows.
    pub fn scope(&self) -> Option<String> {
        match &self.on {
            On::AllRows => None,
            On::Segments { columns, min_rows } => {
                Some(format!("in every segment of {} with at least {min_rows} rows", columns.join(", ")))
            }
        }
    }
}

/// A number as people write it: no more digits than it has, and two decimals where it would have one.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e15).contains(&size) {
        return format!("{value:e}").replace('-', "−");
    }
    let shortest = format!("{value}").replace('-', "−");
    match shortest.split_once('.') {
        Some((_, decimals)) if decimals.len() == 1 => format!("{shortest}0"),
        _ => shortest,
    }
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    // 0.07 · 100 is 7.000000000000001.
    let rounded = (share * 1e10).round() / 1e8;
    format!("{rounded} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(metric: &str, condition: Condition) -> Gate {
        let (name, metric) = ("G".to_owned(), metric.to_owned());
        Gate { name, metric, condition, bound: Bound::Point, on: On::AllRows, required: true }
    }

    #[test]
    fn a_condition_is_said_in_the_direction_that_is_worse() {
        let against = Against::Training;
        let lose = Condition::LoseAtMost { share: 0.07, against };
        assert_eq!(gate("roc_auc", lose).sentence(), "at most 7 % below the training value");
        assert_eq!(gate("rmse", lose).sentence(), "at most 7 % above the training value");
        let none = Condition::LoseAtMost { share: 0.0, against: Against::Champion };
        assert_eq!(gate("rmse", none).sentence(), "not above the champion");
        let gain = Condition::GainAtLeast { gain: 0.05, against: Against::Baseline };
        assert_eq!(gate("f1", gain).sentence(), "at least 0.05 above the naive baseline");
        let share = Condition::GainShareAtLeast { share: 0.125, against: Against::Baseline };
        assert_eq!(gate("rmse", share).sentence(), "at least 12.5 % below the naive baseline");
        let within = Condition::WithinShare { share: 0.1, against: Against::Constant(0.8) };
        assert_eq!(gate("f1", within).sentence(), "within 10 % of 0.80");
        let low = Gate { bound: Bound::Low, ..gate("roc_auc", Condition::AtLeast(0.7)) };
        assert_eq!(low.sentence(), "at least 0.70 at the lower bound");
        let high = Gate { bound: Bound::High, ..gate("mae", Condition::AtMost(1234.0)) };
        assert_eq!(high.sentence(), "at most 1234 at the upper bound");
        let on = On::Segments { columns: vec!["a".to_owned(), "b".to_owned()], min_rows: 200 };
        let scope = Gate { on, ..low }.scope();
        assert_eq!(scope.as_deref(), Some("in every segment of a, b with at least 200 rows"));
    }

    #[test]
    fn numbers_are_short_and_never_endless() {
        let said = [0.7, 0.725, 12.0, -0.5, 0.0, 1e300, 1e-9].map(number);
        assert_eq!(said, ["0.70", "0.725", "12", "−0.50", "0", "1e300", "1e−9"]);
    }

    #[test]
    fn every_metric_is_listed_once() {
        let all = metrics();
        assert_eq!(all.len(), 30);
        assert!(["roc_auc", "roc_auc_ovr_macro", "mean_error"].iter().all(|m| all.contains(m)));
        assert_eq!(all.iter().filter(|m| **m == "log_loss").count(), 1);
    }
}
