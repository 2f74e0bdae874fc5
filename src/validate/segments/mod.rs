//! Segments: how good a model is in each part of the data, where it is weak, and how groups fare beside each other.
//!
//! A column is [`cut()`] once per table into a [`Segmentation`]; the answers of each model are then measured by segment.
//! Nothing here runs a model or reads a file.

pub mod cut;
pub mod fairness;
mod loss;
mod metrics;
mod period;
mod range;
pub mod weak;

use std::collections::BTreeMap;

use super::ValidateError;
use super::measure::Answers;
use super::report::MetricValue;
use crate::data::Watch;

pub use cut::{CutSettings, Segmentation, cut, cut_columns};
pub use fairness::{Fairness, fairness};
pub use weak::{WeakSearch, WeakSegment, weak_segments};

/// Rows below which no interval of a segment is to be trusted.
pub const FEW_ROWS: usize = 30;
const FEW_ROWS_REASON: &str = "Fewer than 30 rows: the interval is not to be trusted.";

/// One model's answers as they are judged segment by segment.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The answers beside the truth.
    pub answers: &'a Answers,
    /// The table row of each answer.
    pub rows: &'a [u32],
    /// Score from which a row counts as positive; without meaning but for a binary task.
    pub threshold: f64,
}

/// How good a model is in one segment.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SegmentResult {
    /// The column that was cut.
    pub column: String,
    /// The segment: a value, a range or a period of it.
    pub value: String,
    /// Measured rows in it.
    pub rows: usize,
    /// Whether these are fewer than [`FEW_ROWS`], so that the intervals are not to be trusted.
    #[serde(default)]
    pub few: bool,
    /// Metric name → value and interval. binary: `accuracy precision recall f1 roc_auc`; multiclass: `accuracy
    /// f1_macro`; regression: `mae rmse r2`.
    pub metrics: BTreeMap<String, MetricValue>,
}

impl SegmentResult {
    /// The segment in words: `origin = LGA`, `temp > 60`.
    pub fn place(&self) -> String {
        place(&self.column, &self.value)
    }
}

/// A segment in words; a range with an open end brings its own sign.
fn place(column: &str, value: &str) -> String {
    let sign = if value.starts_with(['≤', '>']) { "" } else { "= " };
    format!("{column} {sign}{value}")
}

/// Measures each segment that has a row, in the order of the columns and of their labels. Metrics and intervals
/// (at `level`, 0 to 1) are those of all rows; scores are sorted once for all segments.
///
/// # Errors
/// [`ValidateError::Cancelled`] when `watch` says so; it is asked before each column.
pub fn measure_segments(
    judged: Judged<'_>,
    segmentations: &[Segmentation],
    level: f64,
    watch: &dyn Watch,
) -> Result<Vec<SegmentResult>, ValidateError> {
    let mut results = Vec::new();
    if segmentations.is_empty() {
        return Ok(results);
    }
    let order = judged.in_order();
    for segmentation in segmentations {
        if watch.cancelled() {
            return Err(ValidateError::Cancelled);
        }
        let groups = Groups::of(&judged, segmentation, &order);
        for (segment, label) in segmentation.labels.iter().enumerate() {
            let places = groups.places(segment);
            if places.is_empty() {
                continue;
            }
            let few = places.len() < FEW_ROWS;
            let mut metrics = measure_one(&judged, places, level);
            if few {
                for metric in metrics.values_mut().filter(|m| m.value.is_some()) {
                    metric.reason = Some(FEW_ROWS_REASON.to_owned());
                }
            }
            results.push(SegmentResult {
                column: segmentation.column.clone(),
                value: label.clone(),
                rows: places.len(),
                few,
                metrics,
            });
        }
    }
    Ok(results)
}

fn measure_one(judged: &Judged<'_>, places: &[u32], level: f64) -> metrics::Metrics {
    match judged.answers {
        Answers::Binary { scores, positive, probabilities } => {
            let scores: Vec<f64> = taken(scores, places).collect();
            let truth: Vec<bool> = taken(positive, places).collect();
            metrics::binary(&scores, &truth, *probabilities, judged.threshold, level)
        }
        Answers::Multiclass { truth, said, k, .. } => {
            metrics::multiclass(taken(truth, places).zip(taken(said, places)), *k, level)
        }
        Answers::Regression { target, prediction } => {
            let target: Vec<f64> = taken(target, places).collect();
            let prediction: Vec<f64> = taken(prediction, places).collect();
            metrics::regression(&target, &prediction, level)
        }
    }
}

fn taken<'a, T: Copy>(values: &'a [T], places: &'a [u32]) -> impl Iterator<Item = T> + Clone + 'a {
    places.iter().filter_map(|place| values.get(*place as usize).copied())
}

impl Judged<'_> {
    /// The places of the answers: by ascending score where a ranking is measured, so that every segment comes sorted.
    fn in_order(&self) -> Vec<u32> {
        let rows = self.answers.rows().min(self.rows.len()) as u32;
        let Answers::Binary { scores, probabilities: true, .. } = self.answers else { return (0..rows).collect() };
        let mut ranked: Vec<(f64, u32)> = scores.iter().map(|s| s + 0.0).zip(0..rows).collect();
        ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        ranked.into_iter().map(|(_, place)| place).collect()
    }
}

/// The places of the answers, segment after segment, each in the order given: a counting sort.
struct Groups {
    places: Vec<u32>,
    starts: Vec<usize>,
}

impl Groups {
    fn of(judged: &Judged<'_>, segmentation: &Segmentation, order: &[u32]) -> Self {
        let segments = segmentation.labels.len();
        let segment_of = |place: u32| {
            let row = judged.rows.get(place as usize)?;
            segmentation.segment_of(*row).filter(|segment| *segment < segments)
        };
        let mut starts = vec![0; segments + 1];
        for segment in order.iter().filter_map(|place| segment_of(*place)) {
            if let Some(count) = starts.get_mut(segment + 1) {
                *count += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut places = vec![0; total];
        let mut next = starts.clone();
        for place in order {
            if let Some(at) = segment_of(*place).and_then(|segment| next.get_mut(segment)) {
                if let Some(slot) = places.get_mut(*at) {
                    *slot = *place;
                }
                *at += 1;
            }
        }
        Self { places, starts }
    }

    fn places(&self, segment: usize) -> &[u32] {
        let bounds = self.starts.get(segment).zip(self.starts.get(segment + 1));
        bounds.and_then(|(from, to)| self.places.get(*from..*to)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, NoWatch, Values};
    use crate::stats::random::SplitMix64;

    fn text<S: Into<String>>(rows: impl IntoIterator<Item = Option<S>>) -> Segmentation {
        cut(&Column::new("region", Values::text(rows)), CutSettings::default())
    }

    #[test]
    fn a_decision_is_measured_in_each_segment() {
        let segmentation = text([Some("a"), Some("b"), None, Some("a"), Some("a"), Some("b"), Some("a")]);
        let answers = Answers::Binary {
            scores: vec![0.9, 0.2, 0.6, 0.1, 0.4, 0.8],
            positive: vec![true, true, false, false, true, false],
            probabilities: true,
        };
        // Row 1 of the table has no answer.
        let judged = Judged { answers: &answers, rows: &[0, 6, 2, 3, 4, 5], threshold: 0.5 };
        let results = measure_segments(judged, &[segmentation], 0.95, &NoWatch).unwrap();
        let told: Vec<_> = results.iter().map(|r| (r.value.as_str(), r.rows, r.few)).collect();
        assert_eq!(told, [("a", 4, true), ("b", 1, true), ("missing", 1, true)]);
        let value = |at: usize, name: &str| results[at].metrics[name].value;
        assert_eq!(value(0, "accuracy"), Some(0.5));
        assert_eq!(value(0, "recall"), Some(1.0 / 3.0));
        assert_eq!(value(0, "roc_auc"), Some(1.0));
        assert_eq!((value(1, "accuracy"), value(1, "roc_auc")), (Some(0.0), None));
        assert!(results[0].metrics["accuracy"].reason.as_deref().is_some_and(|r| r.contains("30")));
        assert!(results[1].metrics["roc_auc"].reason.as_deref().is_some_and(|r| r.contains("one class")));
        let json = serde_json::to_value(&results[0]).unwrap();
        assert!(json["metrics"]["f1"]["value"].is_f64() && json["column"] == "region" && json["few"] == true);
    }

    #[test]
    fn a_column_of_one_value_gives_the_metrics_of_all_rows() {
        let mut random = SplitMix64::new(3);
        let positive: Vec<bool> = (0..500).map(|_| random.unit() < 0.4).collect();
        let scores: Vec<f64> = positive.iter().map(|p| f64::midpoint(random.unit(), f64::from(u8::from(*p)))).collect();
        let answers = Answers::Binary { scores, positive, probabilities: true };
        let rows: Vec<u32> = (0..500).collect();
        let judged = Judged { answers: &answers, rows: &rows, threshold: 0.5 };
        let one = text((0..500).map(|_| Some("x")));
        let results = measure_segments(judged, &[one], 0.95, &NoWatch).unwrap();
        let whole = super::super::measure::measure(&answers, &["0".into(), "1".into()], 1, 0.5, 0.95);
        assert_eq!((results.len(), results[0].rows, results[0].few), (1, 500, false));
        for (name, metric) in &results[0].metrics {
            let other = &whole.metrics[name];
            assert_eq!(metric.reason, other.reason);
            for (a, b) in [(metric.value, other.value), (metric.low, other.low), (metric.high, other.high)] {
                assert!((a.unwrap() - b.unwrap()).abs() < 1e-12, "{name}");
            }
        }
    }

    #[test]
    fn classes_and_numbers_are_measured_too() {
        let segmentation = [text([Some("a"), Some("b"), Some("a"), Some("b")])];
        let rows = [0, 1, 2, 3];
        let many =
            Answers::Multiclass { truth: vec![0, 1, 2, 2], said: vec![0, 1, 1, 2], probabilities: Vec::new(), k: 3 };
        let judged = Judged { answers: &many, rows: &rows, threshold: 0.5 };
        let results = measure_segments(judged, &segmentation, 0.95, &NoWatch).unwrap();
        assert_eq!(results[0].metrics["accuracy"].value, Some(0.5));
        assert!((results[0].metrics["f1_macro"].value.unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(results[1].metrics["f1_macro"].value, Some(1.0));
        let numbers = Answers::Regression { target: vec![1.0, 2.0, 3.0, 2.0], prediction: vec![1.5, 2.0, 2.0, 5.0] };
        let judged = Judged { answers: &numbers, rows: &rows, threshold: 0.5 };
        let results = measure_segments(judged, &segmentation, 0.95, &NoWatch).unwrap();
        assert_eq!(results[0].metrics["mae"].value, Some(0.75));
        assert_eq!(results[0].metrics["r2"].value, Some(1.0 - 1.25 / 2.0));
        assert_eq!(results[1].metrics["rmse"].value, Some(4.5_f64.sqrt()));
    }

    #[test]
    fn nothing_is_measured_on_nothing_and_a_cancelled_run_says_so() {
        struct Stopped;
        impl Watch for Stopped {
            fn progress(&self, _done: f32) {}
            fn cancelled(&self) -> bool {
                true
            }
        }
        let answers = Answers::Regression { target: Vec::new(), prediction: Vec::new() };
        let judged = Judged { answers: &answers, rows: &[], threshold: 0.5 };
        let one = [text([Some("a")])];
        assert_eq!(measure_segments(judged, &one, 0.95, &NoWatch), Ok(Vec::new()));
        assert_eq!(measure_segments(judged, &[], 0.95, &Stopped), Ok(Vec::new()));
        assert_eq!(measure_segments(judged, &one, 0.95, &Stopped), Err(ValidateError::Cancelled));
    }
}
