//! Validate: sets a validation up, runs it, and shows what came of it.
//!
//! It computes no metric and reads no file; it draws what the backend found, and asks it for the rest.

mod binding;
mod checks;
pub(super) mod comparison;
mod curves;
mod data_use;
mod detail;
mod form;
mod gates;
mod looks;
mod one_vs_rest;
mod parts;
mod policy;
mod residuals;
mod results;
mod robust;
mod rows;
mod scores;
mod setup;
pub(super) mod signoff;
#[cfg(test)]
mod tabs_tests;
#[cfg(test)]
mod tests;
pub(super) mod threshold;
mod view;

use std::sync::Arc;

use eframe::egui::{Align, Label, Rect, RichText, Ui, vec2};

use self::setup::Setup;
use self::view::View;
use super::page;
use super::words::ago;
use crate::app::action::{Action, Panel};
use crate::app::context::PanelContext;
use crate::app::theme::{SPACE_M, SPACE_S, SPACE_XS, Status, tokens};
use crate::app::widgets::{Icon, choice_named, empty_state, format, pending_state, reflow, text};
use crate::backend::State;
use crate::backend::command::RunId;
use crate::backend::event::JobTopic;
use crate::backend::state::RunView;

const HINT: &str = "tick the three flight models, choose april.parquet, press Run validation.";

/// Which run the results show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shown {
    /// The newest there is.
    #[default]
    Newest,
    /// This one.
    Run(RunId),
    /// None: a model without a run is being set up.
    Nothing,
}

/// The page of validations.
#[derive(Debug, Default)]
pub struct ValidatePanel {
    setup: Setup,
    binding: binding::Cache,
    shown: Shown,
    /// Place of the model that is shown in detail, in the run of this key.
    place: (Option<RunId>, usize),
    view: Option<View>,
    chosen: threshold::Chosen,
    signing: signoff::Form,
    looks: looks::Looks,
    /// The newest run when one was started here, 0 without any: the next one is scrolled to.
    started_after: Option<RunId>,
    /// The policy that is being written, instead of the page.
    editor: Option<policy::Editor>,
}

/// What is wrong, where it is wrong.
fn problem(ui: &mut Ui, words: &str) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = SPACE_XS;
        let color = Status::Alert.text_color(tokens(ui));
        Icon::Alert.show(ui, 14.0, color);
        ui.add(Label::new(RichText::new(words).color(color)).wrap());
    });
}

impl ValidatePanel {
    /// Shows the newest run that has this model, or sets one up for it.
    pub fn select(&mut self, state: &State, model: &str) {
        let place_of = |run: &RunView| run.report.models.iter().position(|m| m.sha256 == model);
        let found = state.runs.iter().find_map(|run| Some((run, place_of(run)?)));
        if let Some((run, place)) = found {
            self.setup = Setup::of_run(state, run);
            self.shown = Shown::Run(run.id);
            self.place = (Some(run.id), place);
        } else {
            self.setup = Setup::of_model(state, model);
            self.shown = Shown::Nothing;
        }
    }

    /// Shows a run at a model of it, or at the one that is recommended.
    pub fn open(&mut self, state: &State, run: RunId, model: Option<&str>) {
        let Some(run) = state.runs.iter().find(|r| r.id == run) else { return };
        let place = run.report.models.iter().position(|m| Some(m.sha256.as_str()) == model);
        self.setup = Setup::of_run(state, run);
        self.shown = Shown::Run(run.id);
        self.place = (place.map(|_| run.id), place.unwrap_or(0));
    }

    /// Runs the validation that is set up.
    ///
    /// # Errors
    /// Why it cannot run now, as a sentence.
    pub fn run(&mut self, ctx: &PanelContext<'_>) -> Result<(), String> {
        self.setup.settle(ctx.state);
        self.setup.run(ctx)?;
        self.shown = Shown::Newest;
        self.started_after = Some(ctx.state.runs.first().map_or(0, |run| run.id));
        Ok(())
    }

    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        if self.edit_policy(ui, ctx) {
            return;
        }
        page::head(ui, ctx, Panel::Validate.name(), HINT, |ui| self.former_runs(ui, ctx));
        let state = ctx.state;
        if !state.workspace.ready {
            pending_state(ui, "Opening the workspace", None::<fn(&mut Ui)>);
            return;
        }
        if state.models.is_empty() || (state.datasets.is_empty() && state.runs.is_empty()) {
            nothing_yet(ui, ctx);
            return;
        }
        self.setup.settle(state);
        self.setup.prepare(ctx);
        page::body(ui, "validate page", |ui| {
            let mut wants_run = false;
            let (setup, binding) = (&mut self.setup, &mut self.binding);
            reflow(ui, "validate set-up", 2, 380.0, &[], |ui, place| match place {
                0 => wants_run |= form::ui(ui, ctx, setup),
                _ => binding::ui(ui, ctx, setup, binding),
            });
            if wants_run && self.run(ctx).is_err() {
                // The button is off with its reason beside it as long as there is one.
                ui.ctx().request_repaint();
            }
            ui.add_space(SPACE_S);
            page::jobs_here(ui, ctx, &[JobTopic::Validate, JobTopic::Prepare]);
            data_use::refused(ui, ctx, self.setup.dataset.as_deref());
            self.results(ui, ctx);
        });
    }

    /// Draws the policy editor when it is open; gives whether it is.
    fn edit_policy(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) -> bool {
        let state = ctx.state;
        let run = self.shown_run(state).cloned();
        if let Some(wish) = self.setup.policy_wish.take() {
            let shown = run.as_ref().and_then(|run| run.report.models.first()).map(|m| m.task);
            self.editor = Some(policy::Editor::open(state, &wish, self.setup.task(state).or(shown)));
        }
        let Some(editor) = &mut self.editor else { return false };
        let columns: Vec<&str> =
            self.setup.data(state).map(|d| d.schema.iter().map(|c| c.name.as_str()).collect()).unwrap_or_default();
        let mut chosen = self.setup.policy.clone();
        let outcome = editor.ui(ui, ctx, &columns, run.as_deref(), &mut chosen);
        if chosen != self.setup.policy {
            self.setup.policy = chosen;
            self.setup.touched = true;
        }
        if outcome == policy::Outcome::Left {
            self.editor = None;
            ui.ctx().request_repaint();
        }
        true
    }

    fn shown_run<'a>(&self, state: &'a State) -> Option<&'a Arc<RunView>> {
        match self.shown {
            Shown::Nothing => None,
            Shown::Newest => state.runs.first(),
            Shown::Run(id) => state.runs.iter().find(|run| run.id == id).or_else(|| state.runs.first()),
        }
    }

    fn former_runs(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        let state = ctx.state;
        if state.runs.is_empty() {
            return;
        }
        let before = self.shown_run(state).map(|run| run.id);
        let words: Vec<(Option<RunId>, String)> = state
            .runs
            .iter()
            .map(|run| {
                let models = format::counted(run.report.models.len() as u64, "model");
                let ago = ago(run.created_at_ms, ctx.now_ms);
                (Some(run.id), format!("{models} on {} · {ago}", run.dataset_name))
            })
            .collect();
        let mut options: Vec<(Option<RunId>, &str)> = words.iter().map(|(id, w)| (*id, w.as_str())).collect();
        if before.is_none() {
            options.insert(0, (None, "no run yet"));
        }
        let mut chosen = before;
        if choice_named(ui, "Validation run", &mut chosen, &options, 300.0)
            && let Some(id) = chosen
        {
            self.shown = Shown::Run(id);
        }
    }

    fn results(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        let Some(run) = self.shown_run(ctx.state) else {
            self.view = None;
            if ctx.job(&JobTopic::Validate).is_none() {
                text::note(ui, "No result yet: press Run validation to see metrics with their intervals here.");
            }
            return;
        };
        if self.place.0 != Some(run.id) {
            self.place = (Some(run.id), run.report.recommendation.as_ref().map_or(0, |r| r.model));
        }
        if self.started_after.is_some_and(|before| before != run.id) {
            self.started_after = None;
            // A little of the gap above is left, so that the fading edge does not cover the first words.
            let top = ui.cursor().min - vec2(0.0, SPACE_M);
            ui.scroll_to_rect(Rect::from_min_size(top, vec2(1.0, 1.0)), Some(Align::TOP));
        }
        let memory = results::Memory {
            place: &mut self.place.1,
            view: &mut self.view,
            chosen: &mut self.chosen,
            looks: &mut self.looks,
            signing: &mut self.signing,
        };
        results::ui(ui, ctx, run, memory);
    }
}

/// A page without anything to validate, or without data to validate on.
fn nothing_yet(ui: &mut Ui, ctx: &PanelContext<'_>) {
    if page::jobs_here(ui, ctx, &[JobTopic::Models, JobTopic::Dataset, JobTopic::Other]) {
        return;
    }
    let (icon, sentence, action) = if ctx.state.models.is_empty() && ctx.state.datasets.is_empty() {
        (
            Icon::Validate,
            "Nothing to validate yet: open the samples, or add a model and data of your own.",
            Action::OpenSamples,
        )
    } else if ctx.state.models.is_empty() {
        (Icon::Models, "No model yet: add an ONNX file to validate it.", Action::AddModel)
    } else {
        (Icon::File, "No dataset yet: add a table that the models never saw.", Action::AddDataset)
    };
    if empty_state(ui, icon, sentence, Some(&action.text())) {
        ctx.action(action);
    }
}
