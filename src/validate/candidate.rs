//! What is validated: a bound model, or predictions that stand in the data already.

use std::sync::Arc;

use super::predictions::Predictions;
use crate::model::{Binding, BoundModel, ModelCard, ModelFile, Task};

/// Something whose answers are judged.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Where its answers come from.
    pub origin: Origin,
    /// Its card.
    pub card: Option<Arc<ModelCard>>,
}

/// Where answers come from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A model that is run.
    Model(BoundModel),
    /// Columns of the data, made by any model of any framework.
    Columns(Predictions),
}

impl Candidate {
    /// A model with its binding to the dataset, and the card that its file came with.
    pub fn of_model(bound: BoundModel) -> Self {
        let card = bound.file().card.clone();
        Self { origin: Origin::Model(bound), card }
    }

    /// Predictions that were made already.
    pub fn of_columns(predictions: Predictions) -> Self {
        Self { origin: Origin::Columns(predictions), card: None }
    }

    /// The name for people: the card's, else the file's, else which columns.
    pub fn name(&self) -> String {
        match &self.origin {
            Origin::Model(bound) => name_of(bound.file()),
            Origin::Columns(predictions) => predictions.name(),
        }
    }

    /// What it answers, when that is known beforehand.
    pub fn task(&self) -> Option<Task> {
        match &self.origin {
            Origin::Model(bound) => Some(bound.task()).filter(|task| *task != Task::Unknown),
            Origin::Columns(_) => None,
        }
    }

    /// The columns that feed the model; none for predictions, which rest on what is not known.
    pub fn fed_by(&self) -> Vec<&str> {
        match &self.origin {
            Origin::Model(bound) => bound.binding().columns().collect(),
            Origin::Columns(_) => Vec::new(),
        }
    }

    /// Which column feeds which input; empty for predictions.
    pub fn binding(&self) -> Binding {
        match &self.origin {
            Origin::Model(bound) => bound.binding().clone(),
            Origin::Columns(_) => Binding::default(),
        }
    }
}

/// A model's name: its card's, else its file's.
pub(super) fn name_of(file: &ModelFile) -> String {
    file.card
        .as_ref()
        .map(|card| card.name.clone())
        .filter(|name| !name.trim().is_empty())
        .or_else(|| file.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "model".to_owned())
}

/// The task that is judged: the plan's, else the model's, else the card's.
pub(super) fn task_of(plan: &super::Plan, model: Task, card: Option<&ModelCard>) -> Task {
    plan.task
        .or_else(|| (model != Task::Unknown).then_some(model))
        .or_else(|| card.and_then(|c| c.task.as_deref()).and_then(Task::of_word))
        .unwrap_or(Task::Unknown)
}
