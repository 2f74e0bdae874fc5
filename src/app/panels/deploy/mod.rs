//! Deploy: puts a validated model to work on a feed, holds and steps it, shows its queue, speed and latency.
//!
//! What the answers are worth is Monitor's business; this panel draws no metric of quality.

mod draft;
mod figures;
mod form;
mod live;
mod rate;
mod served;
mod setup;
mod terms;

use eframe::egui::Ui;

use self::draft::Draft;
use self::figures::Figures;
use self::form::Done;
use self::live::Controls;
use self::setup::{Setup, readiness};
use super::page;
use super::words::deployment_status;
use crate::app::action::{Action, Panel};
use crate::app::context::PanelContext;
use crate::app::theme::{SPACE_M, SPACE_S, dim};
use crate::app::widgets::{self, Button, Card, Column, Icon, Table, format, status_chip, text};
use crate::backend::command::DeploymentId;
use crate::backend::event::JobTopic;
use crate::backend::state::{DeploymentStateView, DeploymentView};
use crate::backend::{Command, State};

const HINT: &str = "keep what is filled in, which replays May to December, and press “Start deployment”; then \
                    “Watch in Monitor”.";

/// Height of a row in the list of deployments, in points.
const LIST_ROW: f32 = 34.0;
/// Deployments that are shown before the list scrolls.
const LISTED: usize = 8;

/// The page of deployments.
#[derive(Debug, Default)]
pub struct DeployPanel {
    draft: Option<Draft>,
    shown: Option<DeploymentId>,
    /// Deployments there were when a draft was started: the one that is new is shown.
    waiting: Option<Vec<DeploymentId>>,
    figures: Figures,
    rate: rate::Wish,
    served: served::Page,
    setup: Setup,
}

impl DeployPanel {
    /// Begins a deployment of a run's model.
    pub fn draft(&mut self, state: &State, run: i64, model: &str) {
        self.draft = Some(Draft::new(state, run, model));
        self.shown = None;
    }

    /// Shows a deployment.
    pub fn select(&mut self, deployment: DeploymentId) {
        self.shown = Some(deployment);
        self.draft = None;
    }

    /// Takes the file with the token over for the endpoint that is being set up.
    pub fn token_picked(&mut self, path: std::path::PathBuf) {
        if let Some(draft) = &mut self.draft {
            draft.http.token_file = Some(path);
        }
    }

    /// Starts what is set up.
    ///
    /// # Errors
    /// What is wrong with the form, or that there is none.
    pub fn start(&mut self, ctx: &PanelContext<'_>) -> Result<(), String> {
        self.settle(ctx.state);
        if ctx.job(&JobTopic::Deploy).is_some() {
            return Err("A deployment is being prepared. Wait for it, or cancel it.".to_owned());
        }
        let Some(draft) = &self.draft else {
            return Err("No deployment is set up. Press “New deployment” first.".to_owned());
        };
        let request = draft.request(ctx.state)?;
        if let Some(why) = readiness::in_the_way(ctx.state, &draft.question()) {
            return Err(why);
        }
        self.waiting = Some(ctx.state.deployments.iter().map(|d| d.id.clone()).collect());
        ctx.command(Command::Deploy(request));
        Ok(())
    }

    /// Holds the shown deployment, or lets it go on.
    ///
    /// # Errors
    /// Why it cannot be done now.
    pub fn pause_or_resume(&mut self, ctx: &PanelContext<'_>) -> Result<(), String> {
        let deployment = self.at_work(ctx)?;
        let on = Controls::of(deployment);
        let id = deployment.id.clone();
        match (on.pause, on.resume) {
            (None, _) => ctx.command(Command::PauseDeployment(id)),
            (_, None) => ctx.command(Command::ResumeDeployment(id)),
            (Some(why), _) => return Err(format!("“{}” cannot be paused: {why}", deployment.request.name)),
        }
        Ok(())
    }

    /// Feeds one batch to the shown deployment, which must be paused.
    ///
    /// # Errors
    /// Why it cannot be done now.
    pub fn step(&mut self, ctx: &PanelContext<'_>) -> Result<(), String> {
        let deployment = self.at_work(ctx)?;
        if let Some(why) = Controls::of(deployment).step {
            return Err(format!("“{}” cannot be stepped: {why}", deployment.request.name));
        }
        ctx.command(Command::StepDeployment(deployment.id.clone()));
        Ok(())
    }

    /// Ends the shown deployment.
    ///
    /// # Errors
    /// When none is at work.
    pub fn stop(&mut self, ctx: &PanelContext<'_>) -> Result<(), String> {
        let deployment = self.at_work(ctx)?;
        ctx.command(Command::StopDeployment(deployment.id.clone()));
        Ok(())
    }

    /// The deployment that shortcuts mean: the shown one when it works, else the first that does.
    fn at_work<'a>(&self, ctx: &'a PanelContext<'_>) -> Result<&'a DeploymentView, String> {
        let live = || ctx.state.deployments.iter().filter(|d| d.live).map(|d| &**d);
        live()
            .find(|d| Some(&d.id) == self.shown.as_ref())
            .or_else(|| live().next())
            .ok_or_else(|| "No deployment is at work. Start one in Deploy.".to_owned())
    }

    /// Turns to something that is there: a deployment that was just started, else the newest, else a draft.
    fn settle(&mut self, state: &State) {
        if let Some(before) = &self.waiting
            && let Some(new) = state.deployments.iter().find(|d| !before.contains(&d.id))
        {
            self.shown = Some(new.id.clone());
            self.draft = None;
            self.waiting = None;
        }
        if self.shown.as_ref().is_some_and(|id| !state.deployments.iter().any(|d| &d.id == id)) {
            self.shown = None;
        }
        if self.draft.is_none() && self.shown.is_none() {
            let newest = state.deployments.iter().find(|d| d.live).or_else(|| state.deployments.first());
            self.shown = newest.map(|d| d.id.clone());
            if self.shown.is_none() {
                self.draft = Draft::newest(state);
            }
        }
    }

    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        self.settle(ctx.state);
        page::head(ui, ctx, Panel::Deploy.name(), HINT, |ui| {
            let none = Draft::newest(ctx.state).is_none().then_some("Validate a model first");
            if self.draft.is_none()
                && Button::secondary("New deployment").icon(Icon::Add).disabled_because(none).show(ui).clicked()
            {
                self.draft = Draft::newest(ctx.state);
            }
        });
        page::body(ui, "deploy", |ui| self.body(ui, ctx));
    }

    fn body(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        if !ctx.state.workspace.ready {
            widgets::pending_state(ui, "Opening the workspace", None::<fn(&mut Ui)>);
            return;
        }
        if page::jobs_here(ui, ctx, &[JobTopic::Deploy]) {
            text::caption(ui, "The model answers the reference once, so that what comes can be compared with it");
            ui.add_space(SPACE_S);
        }
        let deployments = &ctx.state.deployments;
        if self.draft.is_none() {
            self.setup.put_aside();
        }
        let shown = self.shown.as_ref().and_then(|id| deployments.iter().find(|d| &d.id == id));
        if let Some(draft) = &mut self.draft {
            match form::ui(ui, ctx, draft, &mut self.setup, !deployments.is_empty()) {
                Some(Done::Start) => ctx.action(Action::StartDeployment),
                Some(Done::PutAside) => self.draft = None,
                None => {}
            }
        } else if let Some(deployment) = shown {
            if live::ui(ui, ctx, deployment, &mut self.figures, &mut self.rate) {
                self.draft = Some(Draft::like(ctx.state, deployment));
            }
            served::ui(ui, ctx, deployment, &mut self.served);
            ui.add_space((SPACE_M - ui.spacing().item_spacing.y).max(0.0));
            readiness::at_start(ui, ctx, deployment, &mut self.setup.open);
        } else {
            let sentence = "Nothing to deploy yet: a model must be validated first, so that there is a reference.";
            if widgets::empty_state(ui, Icon::Deploy, sentence, Some("Go to Validate")) {
                ctx.action(Action::GoTo(Panel::Validate));
            }
        }
        if !deployments.is_empty() {
            ui.add_space((SPACE_M - ui.spacing().item_spacing.y).max(0.0));
            self.list(ui, ctx);
        }
    }

    fn list(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        let deployments = &ctx.state.deployments;
        let live = deployments.iter().filter(|d| d.live).count();
        let right = format!("{} at work", format::count(live as u64));
        Card::new("Deployments").right(&right).show(ui, |ui| {
            let columns = [
                Column::words("name", 2.0).min_width(130.0),
                Column::words("state", 1.0).min_width(96.0),
                Column::words("model", 1.6).min_width(110.0),
                Column::words("feed", 1.6).min_width(110.0),
                Column::numbers("rows answered", 1.0).min_width(112.0),
                Column::numbers("started", 0.9).min_width(84.0),
                Column::numbers("", 0.8).min_width(96.0),
            ];
            let selected = self
                .draft
                .is_none()
                .then(|| deployments.iter().position(|d| Some(&d.id) == self.shown.as_ref()))
                .flatten();
            let name =
                |row: usize| deployments.get(row).map(|d| format!("Show {}", d.request.name)).unwrap_or_default();
            let mut table = Table::new("deployments", &columns).row_height(LIST_ROW).selectable(selected, &name);
            if deployments.len() > LISTED {
                table = table.max_height(LISTED as f32 * LIST_ROW);
            }
            let clicked = table.show(ui, deployments.len(), |ui, row, column| {
                if let Some(deployment) = deployments.get(row) {
                    cell(ui, ctx, deployment, column);
                }
            });
            if let Some(deployment) = clicked.and_then(|row| deployments.get(row)) {
                self.shown = Some(deployment.id.clone());
                self.draft = None;
            }
        });
    }
}

fn cell(ui: &mut Ui, ctx: &PanelContext<'_>, deployment: &DeploymentView, column: usize) {
    let quiet = |ui: &mut Ui, words: &str| {
        let words = dim(ui, words);
        text::elided(ui, words);
    };
    match column {
        0 => {
            text::elided(ui, deployment.request.name.as_str());
        }
        1 => {
            let chip = status_chip(ui, deployment_status(&deployment.state), deployment.state.word());
            if let DeploymentStateView::Failed(why) = &deployment.state {
                chip.on_hover_text(why);
            }
        }
        2 => quiet(ui, &deployment.model_name),
        3 => quiet(ui, &deployment.feed_name),
        4 => {
            let answered = ctx.live.stats.get(&deployment.id).map_or(deployment.captured, |s| s.rows_answered);
            text::elided(ui, format::count(answered));
        }
        5 => quiet(ui, &live::started(deployment, ctx.now_ms)),
        _ => {
            let name = format!("Remove deployment {}", deployment.request.name);
            let busy = deployment.live.then_some("Stop it first");
            if Button::quiet("Remove…").name(&name).disabled_because(busy).show(ui).clicked() {
                ctx.confirm(
                    format!(
                        "Remove “{}” with its captured answers, charts and alerts? This cannot be undone.",
                        deployment.request.name
                    ),
                    "Remove",
                    Command::RemoveDeployment(deployment.id.clone()),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
