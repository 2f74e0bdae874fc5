//! What a person looks at in the results; it stays while models and runs change.

use super::rows;
use crate::app::widgets::CellWords;
use crate::model::Task;
use crate::validate::ModelResult;

/// A page of a model's result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tab {
    #[default]
    Metrics,
    Curves,
    Errors,
    Segments,
    Robustness,
    Gates,
}

impl Tab {
    /// The pages that a model's result has, with their names.
    pub(super) fn of(model: &ModelResult) -> Vec<(Self, &'static str)> {
        let mut tabs = vec![(Self::Metrics, "Metrics")];
        let many = model.views.as_ref().is_some_and(|v| v.one_vs_rest.is_some() || v.scores.is_some());
        if model.task != Task::Regression && (model.curves.is_some() || many) {
            tabs.push((Self::Curves, "Curves"));
        }
        tabs.extend([
            (Self::Errors, "Errors"),
            (Self::Segments, "Segments"),
            (Self::Robustness, "Robustness"),
            (Self::Gates, "Gates and sign-off"),
        ]);
        tabs
    }
}

/// A change of a feature whose fall is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Change {
    #[default]
    Swap,
    Noise,
    Missing,
}

/// What is looked at.
#[derive(Debug, Default)]
pub(super) struct Looks {
    pub(super) tab: Tab,
    /// What stands large in the confusion matrix.
    pub(super) cells: CellWords,
    /// Place of the class that is held against the rest.
    pub(super) class: usize,
    pub(super) change: Change,
    pub(super) rows: rows::Memory,
    /// The column along which errors are seen.
    pub(super) column: Option<String>,
}
