//! What to do next, read off the state: the way of a model from a file to a watched deployment.

use crate::app::action::{Action, Panel};
use crate::app::context::{PanelContext, Subject};
use crate::backend::State;
use crate::backend::command::{DeploymentId, ModelId, RunId};
use crate::backend::state::{DeploymentView, RunView, RuntimeView};
use crate::monitor::AlertState;
use crate::validate::ModelResult;

/// The next step of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The first load is under way.
    Wait,
    /// Without ONNX Runtime nothing can be scored.
    InstallRuntime,
    /// There is no model.
    AddModel,
    /// There is no dataset.
    AddDataset,
    /// A model was never judged on data it did not see.
    Validate(ModelId),
    /// A model was judged and nothing is deployed.
    Deploy(RunId, ModelId, String),
    /// An alert waits for a person.
    Look(DeploymentId, usize, String),
    /// A deployment works, or its history can be looked at.
    Watch(DeploymentId, String, bool),
}

impl Next {
    pub(super) fn of(state: &State) -> Self {
        if !state.workspace.ready && state.workspace.failed.is_none() {
            return Self::Wait;
        }
        if matches!(state.runtime, RuntimeView::Missing { .. } | RuntimeView::Broken { .. }) {
            return Self::InstallRuntime;
        }
        if state.models.is_empty() {
            return Self::AddModel;
        }
        if state.datasets.is_empty() {
            return Self::AddDataset;
        }
        if let Some(open) = state.alerts.iter().find(|a| a.alert.state == AlertState::Open) {
            return Self::Look(open.deployment.clone(), open.alert.last_chunk, open.alert.message.clone());
        }
        if let Some(deployment) = state.deployments.iter().find(|d| d.live).or_else(|| state.deployments.first()) {
            return Self::Watch(deployment.id.clone(), deployment.request.name.clone(), deployment.live);
        }
        if let Some((run, result)) = state.runs.iter().find_map(|run| proposed(state, run).map(|m| (run, m))) {
            return Self::Deploy(run.id, result.sha256.clone(), result.name.clone());
        }
        let usable = state.models.iter().find(|m| m.problem.is_none() && m.inspection.refusal.is_none());
        usable.map_or(Self::AddModel, |model| Self::Validate(model.id.clone()))
    }

    /// What is to be done and why, and the button that begins it.
    pub(super) fn words(&self) -> (String, &'static str) {
        match self {
            Self::Wait => ("The workspace is being opened.".to_owned(), ""),
            Self::InstallRuntime => (
                "Models run on ONNX Runtime, which is not on this machine yet. Files can be read without it, scores need it."
                    .to_owned(),
                "Install ONNX Runtime",
            ),
            Self::AddModel => (
                "Add a model: an ONNX file, with the card its trainer wrote beside it. Or open the samples to try the whole way."
                    .to_owned(),
                "Add model…",
            ),
            Self::AddDataset => (
                "Add a dataset with known outcomes that the model never saw: a Parquet or CSV file.".to_owned(),
                "Add dataset…",
            ),
            Self::Validate(_) => (
                "See how good the models are on data they never saw, side by side and beside their training.".to_owned(),
                "Go to Validate",
            ),
            Self::Deploy(_, _, name) => (
                format!("“{name}” was validated. Put it to work: its run becomes the reference that new data is compared with."),
                "Set up deployment",
            ),
            Self::Look(_, _, message) => (message.clone(), "Look at the alert"),
            Self::Watch(_, name, true) => (format!("“{name}” is answering. Watch its quality and its data as they come in."), "Watch in Monitor"),
            Self::Watch(_, name, false) => {
                (format!("“{name}” no longer runs. See how it went, or deploy a model again."), "See its history")
            }
        }
    }

    /// Begins it.
    pub(super) fn go(self, ctx: &PanelContext<'_>) {
        match self {
            Self::Wait => {}
            Self::InstallRuntime => ctx.action(Action::InstallRuntime),
            Self::AddModel => ctx.action(Action::AddModel),
            Self::AddDataset => ctx.action(Action::AddDataset),
            // Without a run, Validate proposes all candidates for the same job.
            Self::Validate(_) if ctx.state.runs.is_empty() => ctx.action(Action::GoTo(Panel::Validate)),
            Self::Validate(model) => ctx.show(Subject::Validation(model)),
            Self::Deploy(run, model, _) => ctx.show(Subject::Deploy(run, model)),
            Self::Look(deployment, chunk, _) => ctx.show(Subject::Monitor(deployment, Some(chunk))),
            Self::Watch(deployment, ..) => ctx.show(Subject::Monitor(deployment, None)),
        }
    }

    /// The panel where it happens, for the steps of the way.
    pub(super) fn panel(&self) -> Panel {
        match self {
            Self::Wait | Self::InstallRuntime => Panel::Overview,
            Self::AddModel | Self::AddDataset => Panel::Models,
            Self::Validate(_) => Panel::Validate,
            Self::Deploy(..) => Panel::Deploy,
            Self::Look(..) | Self::Watch(..) => Panel::Monitor,
        }
    }
}

/// The model of a run to take: the recommended one, else the first that is still here.
pub(in crate::app::panels) fn proposed<'a>(state: &State, run: &'a RunView) -> Option<&'a ModelResult> {
    let here = |result: &&ModelResult| state.models.iter().any(|m| m.id == result.sha256);
    let report = &run.report;
    report
        .recommendation
        .as_ref()
        .and_then(|r| report.models.get(r.model))
        .filter(here)
        .or_else(|| report.models.iter().find(here))
}

/// The newest result of a model, with its run.
pub(in crate::app::panels) fn last_result<'a>(state: &'a State, model: &str) -> Option<(&'a RunView, &'a ModelResult)> {
    state.runs.iter().find_map(|run| run.report.models.iter().find(|r| r.sha256 == model).map(|r| (&**run, r)))
}

/// The deployment that tells most about a model: a live one, else the newest.
pub(super) fn deployment_of<'a>(state: &'a State, model: &str) -> Option<&'a DeploymentView> {
    let mine = || state.deployments.iter().filter(|d| d.request.model == model);
    mine().find(|d| d.live).or_else(|| mine().next()).map(|d| &**d)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::panels::fixture::World;

    #[test]
    fn the_way_leads_from_runtime_to_watching() {
        let full = World::full().state;
        let mut state = World::empty().state;
        state.workspace.ready = false;
        assert_eq!(Next::of(&state), Next::Wait);
        state.workspace.ready = true;
        state.runtime = RuntimeView::Missing { way_out: String::new() };
        assert_eq!(Next::of(&state), Next::InstallRuntime);
        state.runtime = full.runtime.clone();
        assert_eq!(Next::of(&state), Next::AddModel);
        state.models.clone_from(&full.models);
        assert_eq!(Next::of(&state), Next::AddDataset);
        state.datasets.clone_from(&full.datasets);
        assert_eq!(Next::of(&state), Next::Validate("a".repeat(64)));
        state.runs.clone_from(&full.runs);
        assert!(matches!(Next::of(&state), Next::Deploy(1, model, _) if model == "b".repeat(64)));
        state.deployments.clone_from(&full.deployments);
        assert!(matches!(Next::of(&state), Next::Watch(id, _, true) if id == "d1"));
        state.alerts.clone_from(&full.alerts);
        assert!(matches!(Next::of(&state), Next::Look(id, 14, _) if id == "d1"));
    }

    #[test]
    fn models_that_cannot_run_are_not_proposed() {
        let mut state = World::full().state;
        state.runs.clear();
        state.deployments.clear();
        state.alerts.clear();
        for model in &mut state.models {
            Arc::make_mut(model).problem = Some("gone".to_owned());
        }
        assert_eq!(Next::of(&state), Next::AddModel);
    }

    #[test]
    fn a_run_whose_recommended_model_was_removed_proposes_another() {
        let mut state = World::full().state;
        state.models.retain(|m| m.id != "b".repeat(64));
        let run = Arc::clone(&state.runs[0]);
        assert_eq!(proposed(&state, &run).map(|r| r.sha256.clone()), Some("a".repeat(64)));
        state.models.clear();
        assert!(proposed(&state, &run).is_none());
    }
}
