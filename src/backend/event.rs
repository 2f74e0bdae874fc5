//! What the backend tells.

use std::sync::Arc;

use super::command::{DeploymentId, JobId};
use super::serving::{ServingView, Tried};
use super::state::State;
use crate::deploy::DeploymentStats;
use crate::monitor::MonitorSnapshot;

/// One message to the window or the command line.
#[derive(Clone, Debug)]
pub enum Event {
    /// The whole state after a change; cheap to clone and to keep.
    State(Arc<State>),
    /// The jobs that run now, in the order they began; progress is sent at most ten times a second.
    Jobs(Vec<JobView>),
    /// A deployment's monitor after a chunk was finished or an alert changed.
    Monitor(DeploymentId, Arc<MonitorSnapshot>),
    /// A deployment's speed and queue, at most ten times a second while it works.
    Stats(DeploymentId, Arc<DeploymentStats>),
    /// A served model's versions and endpoint, at most four times a second while it is called.
    Serving(DeploymentId, Arc<ServingView>),
    /// The answer to a row that was tried on a served model.
    Tried(DeploymentId, Arc<Tried>),
    /// Something a person should read.
    Notice(Notice),
    /// Everything is stopped and saved; nothing follows.
    Closed,
}

/// How a notice is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeLevel {
    /// Done as asked.
    Info,
    /// Done, with a loss that was counted.
    Warning,
    /// Not done.
    Error,
}

impl NoticeLevel {
    /// The word it is kept by.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The level of a word.
    pub fn of_word(word: &str) -> Self {
        match word {
            "error" => Self::Error,
            "warning" => Self::Warning,
            _ => Self::Info,
        }
    }
}

/// A sentence for a person, kept in the history.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Notice {
    /// How it is shown.
    pub level: NoticeLevel,
    /// What happened, why, what to do.
    pub text: String,
    /// Milliseconds since 1970.
    pub at_ms: i64,
}

/// A running job as the window shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct JobView {
    /// Its number.
    pub id: JobId,
    /// What it does, for people.
    pub name: String,
    /// What it belongs to, so that a panel can show it in its place.
    pub topic: JobTopic,
    /// 0 to 1; `None` when it cannot be told.
    pub progress: Option<f32>,
    /// Seconds it has run.
    pub seconds: f64,
    /// Seconds left, when it can be told.
    pub left_s: Option<f64>,
    /// A cancel was asked for and the job has not ended yet.
    pub cancelling: bool,
}

/// The panel a job belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobTopic {
    /// ONNX Runtime is fetched or tried.
    Runtime,
    /// Models are read.
    Models,
    /// A table is read.
    Dataset,
    /// The beginning of a table is looked at before it is read.
    Preview,
    /// A binding and an estimate are worked out.
    Prepare,
    /// A validation runs.
    Validate,
    /// The rows of a cell of a confusion matrix are looked up.
    Rows,
    /// The values of the worst rows are looked up.
    Worst,
    /// Errors along a column are worked out.
    Residuals,
    /// A model's features are disturbed.
    Robustness,
    /// A deployment is prepared: the reference is scored.
    Deploy,
    /// The readiness list of a deployment is gone through.
    Readiness,
    /// A model is measured with several settings.
    Size,
    /// A version of a served model is loaded or removed, or kept rows are deleted.
    Serving,
    /// The hashes of a result are worked out.
    Hashes,
    /// A kept validation is run again.
    Reverify,
    /// A page of the audit trail is read.
    Audit,
    /// The audit trail is checked.
    VerifyAudit,
    /// Anything else.
    Other,
}
