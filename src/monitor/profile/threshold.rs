//! Thresholds learned from the reference.

use crate::stats::threshold::std_threshold;

/// Where the values came from that a threshold was learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdMethod {
    /// The chunks of the reference, cut as the stream is: changes in the course of the reference are allowed for.
    ReferenceChunks,
    /// Random samples of a chunk's size from the reference, because it has too few chunks: chance alone is allowed for.
    Resampled,
}

/// On which side a value is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Small values are bad: accuracy.
    Below,
    /// Large values are bad: errors, drift, missing values.
    Above,
}

/// A line that a monitored number should not cross: mean ± 3 population standard deviations of its values in the
/// reference (`NannyML`'s rule), cut to the values the number can have.
///
/// Only the bad side has a line: a metric that gets better raises no alert.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Threshold {
    /// A value below is an alert.
    pub lower: Option<f64>,
    /// A value above is an alert.
    pub upper: Option<f64>,
    /// Where it was learned.
    pub method: ThresholdMethod,
    /// Values of the reference that would have raised an alert.
    pub fired_in_reference: usize,
    /// Values of the reference it was learned from.
    pub of: usize,
}

/// Standard deviations from the mean to the line.
const DEVIATIONS: f64 = 3.0;

impl Threshold {
    /// Learns from values of the reference; `None` without any.
    pub(super) fn learn(
        values: &[f64],
        side: Side,
        (smallest, largest): (Option<f64>, Option<f64>),
        method: ThresholdMethod,
    ) -> Option<Self> {
        let values: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let (low, high) = std_threshold(&values, DEVIATIONS)?;
        let cut = |line: f64| {
            let line = smallest.map_or(line, |s| line.max(s));
            largest.map_or(line, |l| line.min(l))
        };
        let mut learned = Self { lower: None, upper: None, method, fired_in_reference: 0, of: values.len() };
        match side {
            Side::Below => learned.lower = Some(cut(low)),
            Side::Above => learned.upper = Some(cut(high)),
        }
        learned.fired_in_reference = values.iter().filter(|v| learned.is_crossed(**v)).count();
        Some(learned)
    }

    /// Whether a value lies beyond the line, by more than rounding.
    pub fn is_crossed(&self, value: f64) -> bool {
        let beyond = |line: f64| 1e-12 * line.abs().max(1.0);
        self.lower.is_some_and(|line| value < line - beyond(line))
            || self.upper.is_some_and(|line| value > line + beyond(line))
    }

    /// The line.
    pub fn line(&self) -> Option<f64> {
        self.lower.or(self.upper)
    }

    /// Whether no value can cross it: the reference varies so much that the line lies at the end of what the number can
    /// be, a share below 0 or above 1.
    pub fn is_mute(&self) -> bool {
        self.lower == Some(0.0) || self.upper == Some(1.0)
    }

    /// How often it would have been crossed where it was learned: `Would have fired in 0 of 12 reference chunks`.
    pub fn false_alarms(&self) -> String {
        let what = match self.method {
            ThresholdMethod::ReferenceChunks => "reference chunks",
            ThresholdMethod::Resampled => "random samples of the reference",
        };
        if self.is_mute() {
            return format!("No value can cross the line: the {} {what} vary too much", self.of);
        }
        format!("Would have fired in {} of {} {what}", self.fired_in_reference, self.of)
    }

    /// Where it was learned, as the end of a sentence: `learned from 8 reference chunks`.
    pub fn origin(&self) -> String {
        match self.method {
            ThresholdMethod::ReferenceChunks => format!("learned from {} reference chunks", self.of),
            ThresholdMethod::Resampled => format!("learned from {} random samples of the reference", self.of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARE: (Option<f64>, Option<f64>) = (Some(0.0), Some(1.0));

    fn learn(values: &[f64], side: Side) -> Option<Threshold> {
        Threshold::learn(values, side, SHARE, ThresholdMethod::ReferenceChunks)
    }

    #[test]
    fn the_line_is_three_population_deviations_from_the_mean_and_within_limits() {
        let below = learn(&[0.7, 0.8, 0.9], Side::Below).unwrap();
        assert!((below.lower.unwrap() - (0.8 - 3.0 * (0.02_f64 / 3.0).sqrt())).abs() < 1e-15);
        assert_eq!((below.upper, below.fired_in_reference, below.of), (None, 0, 3));
        assert_eq!(learn(&[0.1, 0.9], Side::Above).unwrap().upper, Some(1.0));
        assert!(learn(&[0.1, 0.9], Side::Above).unwrap().is_mute() && !below.is_mute());
        assert_eq!(learn(&[0.1, 0.9], Side::Below).unwrap().lower, Some(0.0));
        assert_eq!(learn(&[], Side::Above), None);
        assert_eq!(learn(&[f64::NAN], Side::Above), None);
    }

    #[test]
    fn one_outlier_among_many_would_have_fired() {
        let mut values = vec![0.5; 40];
        values.push(0.1);
        assert_eq!(learn(&values, Side::Below).unwrap().fired_in_reference, 1);
    }

    #[test]
    fn rounding_is_no_alert() {
        let constant = learn(&[0.1 + 0.2, 0.3, 0.3], Side::Below).unwrap();
        assert!(!constant.is_crossed(0.3) && !constant.is_crossed(0.1 + 0.2) && constant.is_crossed(0.299));
    }
}
