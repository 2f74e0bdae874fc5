//! What an endpoint needs of the models behind it.

use std::sync::Arc;

use super::call::{Call, Refusal, Reply};
use crate::data::Table;
use crate::model::signature::Port;
use crate::model::tensor::NamedTensor;

/// Whether a version answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionState {
    /// Its workers load the model.
    Loading,
    /// It answers.
    Ready,
    /// It answers what it has taken, and takes nothing more.
    Unloading,
    /// It was unloaded; loading it again is possible.
    Unloaded,
    /// It could not be loaded.
    Failed {
        /// Why, as a sentence.
        why: String,
    },
}

/// What part a version has in the rollout of its model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// It answers requests that name no version.
    Champion,
    /// It answers a share of them, 0 to 1.
    Canary {
        /// The share.
        share: f64,
    },
    /// It sees copies, and its answers are kept apart.
    Shadow,
    /// It answers only requests that name it.
    Standby,
}

/// A version of a served model.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionInfo {
    /// Its name, such as `1`.
    pub version: Arc<str>,
    /// Whether it answers.
    pub state: VersionState,
    /// Its part in the rollout.
    pub part: Part,
    /// The model's inputs.
    pub inputs: Vec<Port>,
    /// The model's outputs.
    pub outputs: Vec<Port>,
    /// Columns that a row of a table needs, in the binding's order; each with whether it is a number.
    pub columns: Vec<(String, bool)>,
    /// The classes it answers with; empty for numbers.
    pub classes: Vec<String>,
}

/// A served model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInfo {
    /// Its name.
    pub name: Arc<str>,
    /// Its versions, in the order they were added.
    pub versions: Vec<VersionInfo>,
}

/// A label that came for an earlier prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The id of the request.
    pub id: String,
    /// The row of that request, from 0.
    pub row: usize,
    /// What turned out to be true: a class or a number, as text.
    pub truth: String,
}

/// What became of labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct LabelsTaken {
    /// Joined to a prediction for the first time.
    pub joined: usize,
    /// Said again with the same truth, or corrected: the last one counts.
    pub repeated: usize,
    /// Ids that were never given, at most the first hundred.
    pub unknown: Vec<String>,
    /// How many of them there were.
    pub unknown_count: usize,
}

/// The models behind an endpoint.
pub trait Front: Send + Sync {
    /// All models, by name.
    fn models(&self) -> Vec<ModelInfo>;

    /// One model.
    fn model(&self, name: &str) -> Option<ModelInfo> {
        self.models().into_iter().find(|model| &*model.name == name)
    }

    /// Takes a request; the answer comes by `reply`, also when it is refused at once.
    fn submit(&self, call: Call, reply: Reply);

    /// Turns rows of a table into the inputs of a model, by its binding.
    ///
    /// # Errors
    /// When the model is unknown, or a column is missing or does not fit.
    fn encode(&self, model: &str, version: Option<&str>, table: &Table) -> Result<Vec<NamedTensor>, Refusal>;

    /// Loads a model again that was unloaded; it returns when it is ready or failed.
    ///
    /// # Errors
    /// When it is unknown or does not load.
    fn load(&self, model: &str) -> Result<(), Refusal>;

    /// Lets a model finish what it has taken, and unloads it.
    ///
    /// # Errors
    /// When it is unknown.
    fn unload(&self, model: &str) -> Result<(), Refusal>;

    /// Takes labels for earlier predictions of a model.
    ///
    /// # Errors
    /// When the model is unknown or they cannot be kept.
    fn feedback(&self, model: &str, labels: &[Label]) -> Result<LabelsTaken, Refusal>;

    /// Numbers for a monitoring system, in Prometheus' text format.
    fn prometheus(&self) -> String;
}
