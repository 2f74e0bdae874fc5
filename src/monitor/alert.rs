//! A monitored number crossed its threshold, or a deployment needs a person.

/// How much an alert matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Needs a person.
    Severe,
}

/// What has become of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Nobody has looked at it.
    Open,
    /// A person has seen it; it stays in the list.
    Acknowledged,
}

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "name")]
pub enum AlertKind {
    /// A performance metric, by name.
    Metric(String),
    /// Drift of a feature, by name.
    Drift(String),
    /// Drift of the prediction.
    PredictionDrift,
    /// Missing values in a column.
    Missing(String),
    /// Categories the reference does not have.
    Unseen(String),
    /// A worker thread panicked and was started again.
    WorkerRestarted,
    /// The feed had to wait because the queue was full.
    QueueFull,
    /// The dataset behind a feed changed or disappeared.
    Feed,
    /// Something is the matter with the versions that answer.
    Serving,
}

/// One alert: consecutive chunks that cross the same threshold extend it rather than raising a new one, and until it
/// is acknowledged later crossings do too.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Alert {
    /// What it is about.
    pub kind: AlertKind,
    /// How much it matters.
    pub severity: Severity,
    /// Whether a person has seen it.
    pub state: AlertState,
    /// Index of the first analysis chunk that crossed.
    pub first_chunk: usize,
    /// Index of the last analysis chunk that crossed.
    pub last_chunk: usize,
    /// Number of chunks that crossed.
    pub chunks: usize,
    /// The value in the last crossing chunk.
    pub value: Option<f64>,
    /// The threshold that was crossed.
    pub threshold: Option<f64>,
    /// One sentence: what happened.
    pub message: String,
    /// Whether the newest chunk in which the number has a meaning still crosses.
    #[serde(default)]
    pub ongoing: bool,
    /// Time of the first crossing chunk's first row, milliseconds since 1970, when known.
    pub since_ms: Option<i64>,
}
