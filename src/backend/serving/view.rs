//! What the window shows of a served model, and what was last tried on it.

use std::path::PathBuf;

use crate::backend::command::{ModelId, RunId};
use crate::deploy::capture::CaptureStats;
use crate::deploy::http::EndpointStats;
use crate::deploy::serve::{Comparison, ModelFigures, VersionInfo};

/// A served model at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct ServingView {
    /// The name that callers use.
    pub name: String,
    /// Where it listens, such as `127.0.0.1:8080`.
    pub address: String,
    /// Whether callers must show a token.
    pub token: bool,
    /// The numbers of its versions.
    pub figures: ModelFigures,
    /// The numbers of the endpoint.
    pub endpoint: EndpointStats,
    /// Requests answered a second, over the last ten seconds.
    pub requests_per_second: f64,
    /// Which models its versions are.
    pub versions: Vec<ServedVersionView>,
    /// What its versions take and answer, in the order they were added.
    pub infos: Vec<VersionInfo>,
    /// Rollouts that can be gone back to.
    pub history: usize,
    /// Challengers beside the champion, on the same requests.
    pub comparisons: Vec<Comparison>,
    /// Why answers cannot be kept now.
    pub not_kept: Option<String>,
    /// What is kept.
    pub capture: CaptureView,
}

impl ServingView {
    /// The version that answers callers who name none.
    pub fn champion(&self) -> Option<&str> {
        self.figures.rollout.champion.as_deref()
    }

    /// Which model a version is.
    pub fn version(&self, version: &str) -> Option<&ServedVersionView> {
        self.versions.iter().find(|known| known.version == version)
    }

    /// What a version takes and answers.
    pub fn info(&self, version: &str) -> Option<&VersionInfo> {
        self.infos.iter().find(|info| *info.version == *version)
    }
}

/// What a served model has kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaptureView {
    /// Where.
    pub folder: PathBuf,
    /// What was kept since it was opened.
    pub stats: CaptureStats,
    /// Parquet files in the folder.
    pub segments: usize,
    /// Bytes of the folder.
    pub bytes: u64,
}

/// A version of a served model.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ServedVersionView {
    /// Its name.
    pub version: String,
    /// The model.
    pub model: ModelId,
    /// The model's name for people.
    pub model_name: String,
    /// The run that validated it.
    pub run: RunId,
    /// The class that a score is of, when it is a binary model.
    pub positive: Option<String>,
    /// The score from which that class is said, as it was validated or chosen.
    pub threshold: Option<f64>,
}

/// A row that was tried by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// What was asked: column and value, as they were typed.
    pub row: Vec<(String, String)>,
    /// The version that answered.
    pub version: String,
    /// The class or number it answered; or why not.
    pub answer: Result<TriedAnswer, String>,
    /// The same request as its callers write it.
    pub calls: TriedCalls,
}

/// A row as the bodies of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TriedCalls {
    /// As tensors, for `/v2/models/…/infer`; why not when they cannot be written as JSON.
    pub tensors: Option<Result<String, String>>,
    /// As `dataframe_split`, for `/invocations`; `None` when the row is none.
    pub split: Option<String>,
}

/// The answer to a row that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct TriedAnswer {
    /// The class or number.
    pub label: String,
    /// Each class with its probability; empty for a number.
    pub probabilities: Vec<(String, f64)>,
    /// From asking to the answer, milliseconds.
    pub latency_ms: f64,
    /// The id it was kept by.
    pub id: String,
}
