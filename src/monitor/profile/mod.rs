//! What is kept of the data a model was accepted on: distributions, levels, thresholds, and its chunks for the charts.

mod build;
mod distribution;
mod resample;
mod threshold;

use std::sync::Arc;

use super::chunk::{ChunkReport, ColumnChunk};
use super::chunking::{Chunking, MIN_CHUNK_ROWS};
use crate::model::Task;

pub use build::build;
pub use distribution::{Distribution, NumericBins};
pub use threshold::{Threshold, ThresholdMethod};

/// Version of the JSON that [`ReferenceProfile`] writes.
pub const SCHEMA_VERSION: u32 = 1;

/// The name of the prediction among the columns of a chunk.
pub const PREDICTION: &str = "prediction";

/// What the monitor is to watch.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ProfileSettings {
    /// The columns that feed the model, in the order in which they are shown.
    pub features: Vec<String>,
    /// The column that holds the truth; without it there is no performance.
    pub target: Option<String>,
    /// Overrides the task that the scores tell.
    pub task: Option<Task>,
    /// The positive class of a binary task; by default the second.
    pub positive: Option<String>,
    /// Score from which a row counts as positive.
    pub score_threshold: f64,
    /// The column that tells the time.
    pub time_column: Option<String>,
    /// How rows are cut into chunks, in the reference as later in the stream.
    pub chunking: Chunking,
    /// A calendar period with fewer rows is joined with the next one.
    pub min_chunk_rows: usize,
    /// Seed of random samples, where the reference has too few chunks.
    pub seed: u64,
}

impl ProfileSettings {
    /// The usual settings: positive from 0.5, no time, [`MIN_CHUNK_ROWS`], seed 0.
    pub fn new(features: Vec<String>, target: Option<String>, chunking: Chunking) -> Self {
        Self {
            features,
            target,
            task: None,
            positive: None,
            score_threshold: 0.5,
            time_column: None,
            chunking,
            min_chunk_rows: MIN_CHUNK_ROWS,
            seed: 0,
        }
    }
}

/// Why no profile can be made: a sentence with a way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No row.
    #[error("The reference has no rows, so nothing can be compared with it. Choose a dataset with rows.")]
    Empty,
    /// Answers are not those of the table.
    #[error("The reference has {rows} rows but {answers} answers. Validate the model on this dataset again.")]
    Unequal {
        /// Rows of the table.
        rows: usize,
        /// Rows of the scores.
        answers: usize,
    },
    /// A column that is needed is not there.
    #[error("The reference has no column “{column}”, which is {role}. Choose another column or another dataset.")]
    NoColumn {
        /// Its name.
        column: String,
        /// What it is needed for.
        role: String,
    },
    /// Calendar chunks without a calendar.
    #[error("Chunks by {period} need a column with times. Choose one, or cut the stream by rows.")]
    NoTime {
        /// Day, week or month.
        period: String,
    },
    /// The positive class is none of the model's.
    #[error("“{class}” is none of the model's classes ({known}). Choose one of these as positive.")]
    NoClass {
        /// What was asked for.
        class: String,
        /// The classes, comma-separated.
        known: String,
    },
    /// A file of a newer version.
    #[error(
        "The monitor's reference was written by a newer version of this program (format {found}, known up to {known}). Update the program, or deploy again."
    )]
    Newer {
        /// Version found.
        found: u32,
        /// Version known.
        known: u32,
    },
}

/// One column of the reference.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ColumnReference {
    /// The column's name, or [`PREDICTION`].
    pub name: String,
    /// How its values are spread.
    pub distribution: Distribution,
    /// Smallest and largest value of a numeric column.
    pub range: Option<(f64, f64)>,
    /// The whole reference counted as a chunk is: shares, mean, median, missing values.
    pub whole: ColumnChunk,
    /// The line for drift.
    pub drift: Option<Threshold>,
    /// The line for the share of missing values.
    pub missing: Option<Threshold>,
}

impl ColumnReference {
    /// Share of the reference's rows without a value, 0 to 1.
    pub fn missing_share(&self) -> Option<f64> {
        self.whole.missing_share()
    }
}

/// One performance metric of the reference.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MetricReference {
    /// The metric, as in [`super::metric_names`].
    pub name: String,
    /// Its value over the whole reference.
    pub level: Option<f64>,
    /// The line on its bad side.
    pub threshold: Option<Threshold>,
}

/// What is kept of the data a model was accepted on. Plain data, made by [`fn@build`].
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ReferenceProfile {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// What kind of answer is judged.
    pub task: Task,
    /// The model's classes; empty for regression.
    pub classes: Vec<String>,
    /// The positive class of a binary task, as an index into `classes`.
    pub positive: Option<usize>,
    /// Whether a binary model gives scores.
    pub has_scores: bool,
    /// Score from which a row counts as positive.
    pub score_threshold: f64,
    /// The column that holds the truth.
    pub target: Option<String>,
    /// The column that tells the time.
    pub time_column: Option<String>,
    /// How rows are cut into chunks.
    pub chunking: Chunking,
    /// A calendar period with fewer rows is joined with the next one.
    pub min_chunk_rows: usize,
    /// Rows of a chunk where a calendar is asked for but a stream has no times: the median of the reference's chunks.
    pub typical_chunk_rows: usize,
    /// Rows of the reference.
    pub rows: u64,
    /// Rows of the reference that were answered and whose target is known.
    pub labelled: u64,
    /// The features.
    pub columns: Vec<ColumnReference>,
    /// The prediction: the positive class's score, the class, or the value.
    pub prediction: ColumnReference,
    /// For each class its place among the prediction's categories.
    pub place_of_class: Vec<Option<usize>>,
    /// The performance metrics.
    pub metrics: Vec<MetricReference>,
    /// The reference cut into chunks, drawn before the stream.
    pub chunks: Vec<Arc<ChunkReport>>,
}

impl ReferenceProfile {
    /// The reference of a metric.
    pub fn metric(&self, name: &str) -> Option<&MetricReference> {
        self.metrics.iter().find(|m| m.name == name)
    }

    /// The reference of a feature.
    pub fn column(&self, name: &str) -> Option<&ColumnReference> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Refuses what a newer version wrote, which may mean something else.
    ///
    /// # Errors
    /// [`ProfileError::Newer`].
    pub fn check_version(&self) -> Result<(), ProfileError> {
        if self.schema_version > SCHEMA_VERSION {
            return Err(ProfileError::Newer { found: self.schema_version, known: SCHEMA_VERSION });
        }
        Ok(())
    }

    /// How many reference chunks thresholds were learned from and how, as a phrase; `None` when there is no threshold.
    pub fn learned(&self) -> Option<String> {
        let of_metrics = self.metrics.iter().filter_map(|m| m.threshold);
        of_metrics.chain(self.columns.iter().filter_map(|c| c.drift)).next().map(|t| t.origin())
    }
}
