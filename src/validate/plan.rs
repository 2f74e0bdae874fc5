//! What a validation is to do, as plain data that can be shown, saved and run again.

use super::governance::Register;
use super::policy::Policy;
use crate::model::Task;

/// The wish of a person: which column is the truth, and how to read the scores.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// The column that holds the truth.
    pub target: String,
    /// Overrides the task that the model's outputs suggest.
    pub task: Option<Task>,
    /// The class that counts as positive in a binary task; by default the card's, else the second class.
    pub positive: Option<String>,
    /// Score from which a row counts as positive; by default the card's, else 0.5.
    pub threshold: Option<f64>,
    /// Level of the intervals, 0 to 1.
    pub level: f64,
    /// Seed of everything drawn by chance.
    pub seed: u64,
    /// Rows a batch, the unit of progress and cancel.
    pub batch_rows: usize,
    /// ONNX Runtime threads within one operator.
    pub threads: usize,
    /// Columns by whose values the metrics are told apart.
    #[serde(default)]
    pub segments: Vec<String>,
    /// Whether parts of the data are searched for where a model is weak.
    #[serde(default)]
    pub weak_segments: bool,
    /// Whether the data are checked for duplicates, conflicting labels, leakage and the like.
    #[serde(default)]
    pub data_checks: bool,
    /// What each column may be used for, when that is kept.
    #[serde(default)]
    pub register: Option<Register>,
    /// SHA-256 of the model that answers today, for gates against the champion; it must be one of the candidates.
    #[serde(default)]
    pub champion: Option<String>,
    /// The gates a model must pass, if any.
    #[serde(default)]
    pub policy: Option<Policy>,
}

impl Plan {
    /// A plan with the usual settings: 95 % intervals, a search for weak segments, seed 0, batches of 4,096 rows, all cores.
    pub fn new(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            task: None,
            positive: None,
            threshold: None,
            level: 0.95,
            seed: 0,
            batch_rows: 4096,
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            segments: Vec::new(),
            weak_segments: true,
            data_checks: true,
            register: None,
            champion: None,
            policy: None,
        }
    }
}
