//! The finished result of a validation: the `validate` JSON of the command line, field for field.

use std::collections::BTreeMap;

use super::checks::Checks;
use super::compare::Wins;
use super::governance::{Proxy, UseFinding};
use super::plan::Plan;
use super::policy::GateResult;
use super::robustness::Robustness;
use super::segments::{Fairness, SegmentResult, WeakSegment};
use super::views::Views;
use crate::model::binding::InputLoss;
use crate::model::{Binding, Task};
use crate::stats::decisions::DecisionTable;

/// Version of the JSON that [`Report`] writes.
pub const SCHEMA_VERSION: u32 = 1;

/// A validation of one or more models on one dataset.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// When the run ended, milliseconds since 1970.
    pub created_at_ms: i64,
    /// One result a model, in the order they were named.
    pub models: Vec<ModelResult>,
    /// Every pair of models on the rows that both answered.
    pub comparison: Vec<Comparison>,
    /// Where each model of a pair wins, by the segments that were named.
    #[serde(default)]
    pub wins: Vec<Wins>,
    /// Which model to take, and why.
    pub recommendation: Option<Recommendation>,
    /// The dataset.
    pub data: DataInfo,
    /// What is odd about the data, when it was looked at.
    #[serde(default)]
    pub checks: Option<Checks>,
    /// The policy that judged, by name.
    #[serde(default)]
    pub policy: Option<String>,
    /// What was asked for, so that the validation can be run again.
    #[serde(default)]
    pub plan: Option<Plan>,
    /// The column that held the truth.
    pub target: String,
    /// Level of all intervals.
    pub level: f64,
    /// Seed of everything drawn by chance.
    pub seed: u64,
}

/// The dataset a report was made on.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DataInfo {
    /// Where it was read.
    pub path: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Rows read.
    pub rows: usize,
    /// Columns read.
    pub columns: usize,
    /// Weak segments were looked for, and the data checked, in one row of so many, where the table was larger than
    /// memory; `None` where all rows were looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_in: Option<usize>,
}

/// One number with what is known of its certainty.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MetricValue {
    /// The point value; `None` where it has no meaning.
    pub value: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// Level of the interval.
    pub level: f64,
    /// Method of the interval.
    pub interval: Option<String>,
    /// Why there is no value, or why the interval is not to be trusted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// A naive answer to beat.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Baseline {
    /// `most frequent` or `mean`.
    pub strategy: String,
    /// The same metrics for it.
    pub metrics: BTreeMap<String, Option<f64>>,
}

/// Quality of one class against the rest.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PerClass {
    /// The class.
    pub class: String,
    /// Share of rows called this class that are.
    pub precision: Option<f64>,
    /// Share of this class's rows that were called so.
    pub recall: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
    /// Rows of this class.
    pub support: u64,
}

/// Rows by true class (row) and predicted class (column).
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Confusion {
    /// Class names, in order.
    pub labels: Vec<String>,
    /// `matrix[true][predicted]`.
    pub matrix: Vec<Vec<u64>>,
}

/// Points of a ROC curve, from the highest threshold down.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RocCurve {
    /// False positive rate.
    pub fpr: Vec<f64>,
    /// True positive rate.
    pub tpr: Vec<f64>,
    /// Score at and above which a row counts as positive; the first is beyond every score and `None`.
    pub thresholds: Vec<Option<f64>>,
}

/// Points of a precision-recall curve.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PrecisionRecallCurve {
    /// Precision.
    pub precision: Vec<f64>,
    /// Recall.
    pub recall: Vec<f64>,
}

/// Mean score against observed share, in ten equal-width bins; empty bins are left out.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CalibrationCurve {
    /// Mean predicted probability of each bin.
    pub predicted: Vec<f64>,
    /// Observed share of positives.
    pub observed: Vec<f64>,
    /// Rows in the bin.
    pub rows: Vec<u64>,
}

/// Curves of a binary classification, thinned for drawing; the metrics come from all rows.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Curves {
    /// Receiver operating characteristic.
    pub roc: RocCurve,
    /// Precision over recall.
    pub precision_recall: PrecisionRecallCurve,
    /// Reliability of the scores.
    pub calibration: CalibrationCurve,
}

/// Errors of a regression.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Residuals {
    /// Up to 2,000 rows spread evenly over the data: prediction and prediction − target.
    pub sample: Vec<[f64; 2]>,
    /// Histogram of prediction − target: low edge, high edge, rows.
    pub histogram: Vec<(f64, f64, u64)>,
}

/// Rows left out for one reason.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SkippedRows {
    /// One sentence.
    pub reason: String,
    /// How many.
    pub rows: u64,
}

/// The main metric beside the card's training value.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AgainstTraining {
    /// The metric looked at.
    pub metric: String,
    /// Its value in training, from the card.
    pub training: f64,
    /// Its value now.
    pub value: f64,
    /// Whether it holds: the loss is within chance, or below [`AgainstTraining::TOLERATED_LOSS`].
    pub holds: bool,
}

impl AgainstTraining {
    /// Relative loss that still counts as holding; Deepchecks' default gate for train → test degradation.
    pub const TOLERATED_LOSS: f64 = 0.10;
}

/// Seconds spent by part.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Timing {
    /// Reading the file.
    pub read_s: f64,
    /// Scoring.
    pub predict_s: f64,
    /// Metrics, intervals and curves.
    pub metrics_s: f64,
    /// All of it.
    pub total_s: f64,
}

/// One model's result.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ModelResult {
    /// The model's name: its card's, else its file's.
    pub name: String,
    /// Where the file was.
    pub path: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Rows that entered the metrics.
    pub rows: usize,
    /// Rows whose target is missing.
    pub rows_without_target: usize,
    /// Rows that could not be scored or whose label the model does not know, by reason.
    pub skipped: Vec<SkippedRows>,
    /// What kind of answer was judged.
    pub task: Task,
    /// The model's classes, in order.
    pub classes: Vec<String>,
    /// The classes as the card names them for people, in the order of `classes`.
    #[serde(default)]
    pub class_names: Vec<String>,
    /// The positive class of a binary task.
    pub positive: Option<String>,
    /// Score from which a row counts as positive.
    pub threshold: Option<f64>,
    /// Metric name → value and interval.
    pub metrics: BTreeMap<String, MetricValue>,
    /// The naive answer.
    pub baseline: Baseline,
    /// The card's training metrics.
    #[serde(default)]
    pub training: BTreeMap<String, f64>,
    /// The main metric against training.
    #[serde(default)]
    pub against_training: Option<AgainstTraining>,
    /// Quality by class.
    pub per_class: Vec<PerClass>,
    /// Confusion matrix of a classification.
    pub confusion: Option<Confusion>,
    /// Curves of a binary classification.
    pub curves: Option<Curves>,
    /// What each threshold would decide, of a binary classification with scores.
    #[serde(default)]
    pub decisions: Option<DecisionTable>,
    /// Errors of a regression.
    #[serde(default)]
    pub residuals: Option<Residuals>,
    /// What charts beyond the curves draw, and the worst errors.
    #[serde(default)]
    pub views: Option<Views>,
    /// What binding made of the data before the model saw it, input by input, where it was not the same.
    #[serde(default)]
    pub losses: Vec<InputLoss>,
    /// How the main metric stands changes of each feature, when that was tested.
    #[serde(default)]
    pub robustness: Option<Robustness>,
    /// Columns whose use the policy refuses or warns of.
    #[serde(default)]
    pub data_use: Vec<UseFinding>,
    /// Features that go with sensitive columns, the strongest first.
    #[serde(default)]
    pub proxies: Vec<Proxy>,
    /// Metrics by the segments of the columns that were named.
    pub segments: Vec<SegmentResult>,
    /// Parts of the data where the model loses more than elsewhere, the weakest first.
    pub weak_segments: Vec<WeakSegment>,
    /// How groups fare beside each other, for each column that was named (binary).
    #[serde(default)]
    pub fairness: Vec<Fairness>,
    /// What came of each gate of the policy.
    pub gates: Vec<GateResult>,
    /// `pass`, `fail`, or `none` without a policy.
    pub verdict: String,
    /// Which column fed which input.
    pub binding: Binding,
    /// Plain sentences about what was done to the scores.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Seconds by part.
    pub timing: Timing,
    /// Rows scored a second.
    pub rows_per_second: f64,
}

/// Two models on the same rows.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Comparison {
    /// Name of the first.
    pub a: String,
    /// Name of the second.
    pub b: String,
    /// What was compared.
    pub metric: String,
    /// Value of `a` − value of `b`.
    pub difference: f64,
    /// Lower end of the interval of the difference.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Two-sided p value of “no difference”.
    pub p_value: Option<f64>,
    /// Probability that `a` is better.
    pub p_better: Option<f64>,
    /// The test.
    #[serde(default)]
    pub method: String,
    /// The difference from which on the two are no longer practically equal, in the metric's unit.
    #[serde(default)]
    pub margin: Option<f64>,
    /// Probability that `a` is better by more than the margin.
    #[serde(default)]
    pub p_better_by_margin: Option<f64>,
    /// Probability that the two differ by the margin at most.
    #[serde(default)]
    pub p_equal: Option<f64>,
    /// Probability that `a` is worse by more than the margin.
    #[serde(default)]
    pub p_worse_by_margin: Option<f64>,
}

/// Which model to take.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Recommendation {
    /// Index into the report's models.
    pub model: usize,
    /// The model's name.
    pub name: String,
    /// One or two sentences with the numbers behind them.
    pub reason: String,
}

/// The metrics of a task in the order in which they are shown.
pub fn metric_order(task: Task) -> &'static [&'static str] {
    match task {
        Task::Binary => &[
            "roc_auc",
            "f1",
            "precision",
            "recall",
            "accuracy",
            "balanced_accuracy",
            "specificity",
            "average_precision",
            "log_loss",
            "brier",
            "ece",
            "mcc",
            "cohen_kappa",
        ],
        Task::Multiclass => &[
            "accuracy",
            "f1_macro",
            "precision_macro",
            "recall_macro",
            "balanced_accuracy",
            "f1_weighted",
            "precision_weighted",
            "recall_weighted",
            "roc_auc_ovr_macro",
            "roc_auc_ovr_weighted",
            "log_loss",
            "mcc",
            "cohen_kappa",
        ],
        Task::Regression => {
            &["mae", "rmse", "r2", "mape", "median_ae", "max_error", "mse", "explained_variance", "mean_error"]
        }
        Task::Clustering | Task::Unknown => &[],
    }
}

/// The metric a model is judged by first, where the person names none.
pub fn main_metric(task: Task) -> &'static str {
    match task {
        Task::Binary => "roc_auc",
        Task::Multiclass => "accuracy",
        Task::Regression => "r2",
        Task::Clustering | Task::Unknown => "",
    }
}

/// Whether a smaller value is the better one; `mean_error` is best at zero and counts as neither.
pub fn smaller_is_better(metric: &str) -> bool {
    matches!(metric, "log_loss" | "brier" | "ece" | "mae" | "mse" | "rmse" | "mape" | "median_ae" | "max_error")
}

impl ModelResult {
    /// The point value of a metric.
    pub fn value(&self, metric: &str) -> Option<f64> {
        self.metrics.get(metric).and_then(|m| m.value)
    }
}
