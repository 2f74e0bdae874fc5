//! What is known of one finished chunk of rows.

/// Whether a chunk belongs to the data the model was accepted on or to what came after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// The data the model was accepted on.
    Reference,
    /// The data it meets now.
    Analysis,
}

/// How the values of a column fall into the bins or categories of the reference.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Rows in each bin (numeric) or category (text) of the reference, in the reference's order.
    pub inside: Vec<u64>,
    /// Rows outside the reference's range, or in a category it does not have.
    pub outside: u64,
}

/// One column of a chunk against the reference.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ColumnChunk {
    /// The column's name.
    pub name: String,
    /// Drift by `js/nannyml`, 0 to 1; `None` when the chunk has no value.
    pub drift: Option<f64>,
    /// Rows without a value.
    pub missing: u64,
    /// Rows with a category that the reference does not have (text columns only).
    pub unseen: u64,
    /// Up to five unseen categories, the most frequent first.
    pub unseen_examples: Vec<String>,
    /// Rows below or above the reference's range (numeric columns only).
    pub out_of_range: u64,
    /// The chunk's distribution over the reference's bins or categories.
    pub counts: Counts,
    /// Mean of the values (numeric columns).
    pub mean: Option<f64>,
    /// Median of the values (numeric columns), by the reference's bins.
    pub median: Option<f64>,
}

impl ColumnChunk {
    /// Rows with a value.
    pub fn values(&self) -> u64 {
        self.counts.inside.iter().sum::<u64>() + self.counts.outside
    }

    /// Share of the chunk's rows without a value, 0 to 1; `None` without a row.
    pub fn missing_share(&self) -> Option<f64> {
        let rows = self.values() + self.missing;
        (rows > 0).then(|| self.missing as f64 / rows as f64)
    }
}

/// How long answers took in a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LatencySummary {
    /// Median milliseconds from request to answer.
    pub p50_ms: f64,
    /// 95th percentile of the same.
    pub p95_ms: f64,
    /// 99th percentile of the same.
    pub p99_ms: f64,
    /// The slowest answer, milliseconds.
    pub max_ms: f64,
    /// Rows answered a second while the chunk was filled.
    pub rows_per_second: f64,
}

/// Everything measured on one finished chunk.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ChunkReport {
    /// Place in its period, from 0.
    pub index: usize,
    /// Reference or analysis.
    pub period: Period,
    /// First row of the feed in this chunk.
    pub start_row: u64,
    /// One past the last row.
    pub end_row: u64,
    /// Time of the first row, milliseconds since 1970, when the data has a time column.
    pub start_ms: Option<i64>,
    /// Time of the last row, likewise.
    pub end_ms: Option<i64>,
    /// Rows that arrived.
    pub rows: u64,
    /// Rows that were answered and whose target is known.
    pub labelled: u64,
    /// Answered rows whose target is none that the model can give: an unknown class, or no finite number.
    #[serde(default)]
    pub unknown_labels: u64,
    /// Rows that could not be scored.
    pub skipped: u64,
    /// Why rows could not be scored, and how many for each cause.
    #[serde(default)]
    pub skipped_reasons: Vec<(String, u64)>,
    /// Metric name → value over the labelled rows; `None` where it has no meaning.
    pub metrics: Vec<(String, Option<f64>)>,
    /// Each feature against the reference.
    pub columns: Vec<ColumnChunk>,
    /// The prediction (score, class or value) against the reference.
    pub prediction: ColumnChunk,
    /// Speed, for chunks that went through a deployment.
    pub latency: Option<LatencySummary>,
}

impl ChunkReport {
    /// The value of a metric.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|(n, _)| n == name).and_then(|(_, v)| *v)
    }

    /// The report of a feature.
    pub fn column(&self, name: &str) -> Option<&ColumnChunk> {
        self.columns.iter().find(|c| c.name == name)
    }
}
