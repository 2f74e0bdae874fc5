//! The records a workspace keeps. Times are milliseconds since 1970-01-01 UTC.

use std::path::PathBuf;

use serde_json::Value;

/// A model whose bytes lie in the workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRecord {
    /// Its key.
    pub id: String,
    /// The name people see.
    pub name: String,
    /// Where it was added from.
    pub original_path: PathBuf,
    /// The card that came with it.
    pub card: Option<Value>,
    /// When it was added.
    pub added_at_ms: i64,
}

/// A dataset; its file stays where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetRecord {
    /// Its key.
    pub id: String,
    /// The name people see.
    pub name: String,
    /// Where its file is.
    pub path: PathBuf,
    /// How many rows it had when it was added.
    pub rows: u64,
    /// What tells whether the file changed since.
    pub fingerprint: Value,
    /// Its columns.
    pub schema: Value,
    /// When it was added.
    pub added_at_ms: i64,
}

/// A finished validation run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// Its key; given by the workspace when the run is added.
    pub id: i64,
    /// Key of the dataset.
    pub dataset: String,
    /// Keys of the models, in the report's order.
    pub models: Vec<String>,
    /// The verdict in a word.
    pub verdict: String,
    /// When it finished.
    pub created_at_ms: i64,
    /// The whole report.
    pub report: Value,
}

/// A deployment, running or stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct DeploymentRecord {
    /// Its key.
    pub id: String,
    /// Key of its model.
    pub model: String,
    /// What was asked for.
    pub request: Value,
    /// The reference profile it is compared with.
    pub profile: Value,
    /// Its last known state.
    pub state: Value,
    /// Names for display: model, dataset, classes.
    pub names: Value,
    /// When it started.
    pub started_at_ms: i64,
    /// Rows read from its source.
    pub rows_seen: u64,
}

/// An alert of a deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRecord {
    /// Its key.
    pub id: i64,
    /// Key of the deployment.
    pub deployment: String,
    /// The alert itself.
    pub alert: Value,
    /// Whether it is not yet closed.
    pub open: bool,
}

/// A line of the log that people see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRecord {
    /// How grave it is, in a word.
    pub level: String,
    /// What happened.
    pub text: String,
    /// When.
    pub at_ms: i64,
}
