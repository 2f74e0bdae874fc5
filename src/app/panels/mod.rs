//! The panels of the rail, one folder or file each. A panel keeps drafts and caches of its own, draws from a
//! [`PanelContext`], and speaks through it; it returns nothing and changes nothing else.

pub mod deploy;
#[cfg(test)]
mod fixture;
pub mod models;
pub mod monitor;
pub mod overview;
mod page;
pub mod reports;
#[cfg(all(test, feature = "snapshots"))]
mod snapshots;
pub mod validate;
mod words;

use eframe::egui::Ui;

use super::action::{Action, Panel};
use super::context::{PanelContext, Subject};
use crate::backend::State;

/// All panels with what each remembers while the window is open.
#[derive(Debug, Default)]
pub struct Panels {
    overview: overview::OverviewPanel,
    models: models::ModelsPanel,
    validate: validate::ValidatePanel,
    deploy: deploy::DeployPanel,
    monitor: monitor::MonitorPanel,
    reports: reports::ReportsPanel,
}

impl Panels {
    /// Draws a panel.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>, panel: Panel) {
        match panel {
            Panel::Overview => self.overview.ui(ui, ctx),
            Panel::Models => self.models.ui(ui, ctx),
            Panel::Validate => self.validate.ui(ui, ctx),
            Panel::Deploy => self.deploy.ui(ui, ctx),
            Panel::Monitor => self.monitor.ui(ui, ctx),
            Panel::Reports => self.reports.ui(ui, ctx),
        }
    }

    /// Turns a panel to a subject.
    pub fn show(&mut self, state: &State, subject: Subject) {
        match subject {
            Subject::Model(model) => self.models.select(model),
            Subject::Validation(model) => self.validate.select(state, &model),
            Subject::Run(run, model) => self.validate.open(state, run, model.as_deref()),
            Subject::Deploy(run, model) => self.deploy.draft(state, run, &model),
            Subject::Deployment(deployment) => self.deploy.select(deployment),
            Subject::Monitor(deployment, chunk) => self.monitor.select(deployment, chunk),
        }
    }

    /// Takes the file with the token over for the endpoint that is being set up.
    pub fn token_picked(&mut self, path: std::path::PathBuf) {
        self.deploy.token_picked(path);
    }

    /// Does an action that belongs to what a panel has set up.
    ///
    /// # Errors
    /// Why it cannot be done now, as a sentence.
    pub fn act(&mut self, ctx: &PanelContext<'_>, action: Action) -> Result<(), String> {
        match action {
            Action::RunValidation => self.validate.run(ctx),
            Action::StartDeployment => self.deploy.start(ctx),
            Action::PauseOrResume => self.deploy.pause_or_resume(ctx),
            Action::StepFeed => self.deploy.step(ctx),
            Action::StopDeployment => self.deploy.stop(ctx),
            _ => Ok(()),
        }
    }
}
