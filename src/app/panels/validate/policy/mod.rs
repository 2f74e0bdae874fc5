//! The page on which a policy is written: a form and the same policy as text, how the shown run would fare, saving.
//!
//! It judges nothing and writes no file: the backend does both.

mod draft;
mod form;
mod gate_form;
#[cfg(test)]
mod tests;

use eframe::egui::{Key, KeyboardShortcut, Modifiers, TextEdit, TextStyle, Ui};

use self::draft::Draft;
use super::gates;
use crate::app::context::PanelContext;
use crate::app::panels::page;
use crate::app::theme::{SPACE_M, SPACE_S, Status};
use crate::app::widgets::{
    Button, Card, Explainer, GateRow, Icon, gate_row, reflow, status_chip, tag, text, text_field,
};
use crate::backend::state::{PolicyView, RunView};
use crate::backend::{Command, State};
use crate::model::Task;
use crate::validate::policy::{Policy, SHIPPED};

/// Gates of a trial that are shown for each model; more are counted.
const SHOWN_GATES: usize = 40;

/// What the person wants of the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A policy by name; a shipped one is opened as a copy.
    Edit(String),
    /// A new one.
    New,
}

/// A policy that is being written.
#[derive(Debug)]
pub(super) struct Editor {
    draft: Draft,
    /// The name of the own policy that is changed; `None` for one that is not kept yet.
    original: Option<String>,
    /// The text as it was kept, or as it was opened.
    kept: String,
    task: Option<Task>,
    /// The name and text that were sent to be kept.
    sent: Option<(String, String)>,
    save_as: Option<String>,
    leaving: bool,
    tried: Option<(i64, Policy)>,
}

/// A name that no policy has.
fn free_name(state: &State, wanted: &str) -> String {
    let taken = |name: &str| state.policies.iter().any(|p| p.policy.name == name);
    let mut name = wanted.to_owned();
    let mut number = 2;
    while taken(&name) {
        name = format!("{wanted} {number}");
        number += 1;
    }
    name
}

/// What came of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It goes on.
    Open,
    /// The person left; nothing is chosen anew.
    Left,
}

impl Editor {
    /// Opens a policy, or a new one.
    pub(super) fn open(state: &State, wish: &Wish, task: Option<Task>) -> Self {
        let found: Option<&PolicyView> = match wish {
            Wish::Edit(name) => state.policies.iter().map(AsRef::as_ref).find(|p| &p.policy.name == name),
            Wish::New => None,
        };
        let (draft, original) = match found {
            Some(view) if view.shipped => {
                let policy =
                    Policy { name: free_name(state, &format!("{} (copy)", view.policy.name)), ..view.policy.clone() };
                (Draft::new(policy.clone(), policy.to_toml()), None)
            }
            Some(view) => (Draft::new(view.policy.clone(), view.toml.clone()), Some(view.policy.name.clone())),
            None => {
                let gates = vec![gate_form::new_gate(task, 1)];
                let policy = Policy { name: free_name(state, "New policy"), gates, ..Policy::default() };
                (Draft::new(policy.clone(), policy.to_toml()), None)
            }
        };
        let kept = draft.text().to_owned();
        Self { draft, original, kept, task, sent: None, save_as: None, leaving: false, tried: None }
    }

    /// Whether something would be lost by leaving.
    fn is_changed(&self) -> bool {
        self.draft.text() != self.kept
    }

    /// Why the policy cannot be kept under a name.
    fn cannot_keep(&self, state: &State, name: &str, as_copy: bool) -> Option<String> {
        if !self.draft.mistakes().is_empty() {
            return Some("Repair the mistakes first".to_owned());
        }
        if SHIPPED.iter().any(|shipped| shipped.name == name) {
            return Some(format!("“{name}” comes with the program; give yours another name"));
        }
        let own = !as_copy && self.original.as_deref() == Some(name);
        let taken = state.policies.iter().any(|p| p.policy.name == name);
        (taken && !own).then(|| format!("There is already a policy “{name}”; give this one another name"))
    }

    fn send(&mut self, ctx: &PanelContext<'_>, replaces: Option<String>) {
        let (name, toml) = (self.draft.policy().name.clone(), self.draft.text().to_owned());
        ctx.command(Command::SavePolicy { toml: toml.clone(), replaces });
        self.sent = Some((name, toml));
    }

    /// Whether what was sent is kept; gives the name when it is from this frame on.
    fn arrived(&mut self, state: &State) -> Option<String> {
        let (name, toml) = self.sent.as_ref()?;
        if !state.policies.iter().any(|p| !p.shipped && &p.policy.name == name && &p.toml == toml) {
            return None;
        }
        let (name, toml) = self.sent.take()?;
        self.original = Some(name.clone());
        self.kept = toml;
        Some(name)
    }

    fn keys(&mut self, ui: &Ui) {
        // Taken before the text sees them: its own undo would know nothing of the form.
        let shift = Modifiers::COMMAND | Modifiers::SHIFT;
        let redo = [KeyboardShortcut::new(shift, Key::Z), KeyboardShortcut::new(Modifiers::COMMAND, Key::Y)];
        if redo.iter().any(|keys| ui.input_mut(|i| i.consume_shortcut(keys))) {
            self.draft.redo();
        } else if ui.input_mut(|i| i.consume_shortcut(&KeyboardShortcut::new(Modifiers::COMMAND, Key::Z))) {
            self.draft.undo();
        }
    }

    /// Draws the page. `columns` can be segments, `run` is the one whose models are judged on trial, and `chosen` is
    /// the policy of the set-up, which becomes this one once it is kept.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        ctx: &PanelContext<'_>,
        columns: &[&str],
        run: Option<&RunView>,
        chosen: &mut Option<String>,
    ) -> Outcome {
        if let Some(name) = self.arrived(ctx.state) {
            *chosen = Some(name);
        }
        if self.original.as_ref().is_some_and(|name| !ctx.state.policies.iter().any(|p| &p.policy.name == name)) {
            return Outcome::Left;
        }
        self.keys(ui);
        let title = if self.original.is_some() { "Edit policy" } else { "New policy" };
        let mut outcome = Outcome::Open;
        page::head(ui, ctx, title, "", |ui| {
            if Button::secondary("Back").icon(Icon::ChevronLeft).show(ui).clicked() {
                if self.is_changed() {
                    self.leaving = true;
                } else {
                    outcome = Outcome::Left;
                }
            }
        });
        if self.leaving && self.ask_leaving(ui) {
            outcome = Outcome::Left;
        }
        self.buttons(ui, ctx);
        let now = ui.input(|i| i.time);
        page::body(ui, "policy page", |ui| {
            reflow(ui, "policy editor", 2, 420.0, &[1.25, 1.0], |ui, place| {
                if place == 0 {
                    let mut policy = self.draft.policy().clone();
                    form::ui(ui, &mut policy, &mut self.task, columns);
                    self.draft.set_policy(policy, now);
                } else {
                    self.text(ui, now);
                    ui.add_space(SPACE_M);
                    self.trial(ui, ctx, run);
                }
            });
        });
        outcome
    }

    /// Asks before changes are lost; gives whether the person leaves.
    fn ask_leaving(&mut self, ui: &mut Ui) -> bool {
        let mut leave = false;
        ui.horizontal_wrapped(|ui| {
            status_chip(ui, Status::Warning, "Changes are not saved");
            leave = Button::danger("Discard changes").show(ui).clicked();
            if Button::secondary("Keep editing").show(ui).clicked() {
                self.leaving = false;
            }
        });
        leave
    }

    fn buttons(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        ui.horizontal_wrapped(|ui| {
            let name = self.draft.policy().name.clone();
            let nothing = || (self.original.is_some() && !self.is_changed()).then(|| "Nothing has changed".to_owned());
            let why = self.cannot_keep(ctx.state, &name, false).or_else(nothing);
            if Button::primary("Save").icon(Icon::Check).disabled_because(why.as_deref()).show(ui).clicked() {
                let replaces = self.original.clone();
                self.send(ctx, replaces);
                self.leaving = false;
            }
            if self.original.is_some() && Button::secondary("Save as…").show(ui).clicked() {
                self.save_as = Some(free_name(ctx.state, &name));
            }
            if Button::secondary("Export TOML…").icon(Icon::Export).show(ui).clicked() {
                let file = name.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "_");
                ctx.save(format!("{file}.toml"), self.draft.text().to_owned());
            }
            let (back, again) = self.draft.can();
            let why = (!back).then_some("There is nothing to undo");
            if Button::quiet("Undo").icon(Icon::Undo).disabled_because(why).show(ui).clicked() {
                self.draft.undo();
            }
            let why = (!again).then_some("There is nothing to do again");
            if Button::quiet("Redo").disabled_because(why).show(ui).clicked() {
                self.draft.redo();
            }
            if let Some(original) = &self.original
                && Button::quiet("Remove…")
                    .icon(Icon::Remove)
                    .name(&format!("Remove policy {original}"))
                    .show(ui)
                    .clicked()
            {
                let question = format!("Remove the policy “{original}”? Results that it judged stay as they are.");
                ctx.confirm(question, "Remove", Command::RemovePolicy(original.clone()));
            }
            match (&why_not(self, ctx.state), self.is_changed()) {
                (Some(why), _) => {
                    status_chip(ui, Status::Alert, why);
                }
                (None, true) => {
                    tag(ui, "not saved");
                }
                (None, false) if self.original.is_some() => {
                    status_chip(ui, Status::Ok, "saved");
                }
                (None, false) => {}
            }
        });
        self.save_as_row(ui, ctx);
        ui.add_space(SPACE_S);
    }

    fn save_as_row(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        let Some(mut name) = self.save_as.take() else { return };
        let mut open = true;
        ui.horizontal(|ui| {
            text_field(ui, "Name of the copy", &mut name, "", 240.0);
            let why = self.cannot_keep(ctx.state, &name, true);
            let why = if name.trim().is_empty() { Some("Give it a name".to_owned()) } else { why };
            if Button::primary("Save copy").disabled_because(why.as_deref()).show(ui).clicked() {
                let policy = Policy { name: name.clone(), ..self.draft.policy().clone() };
                self.draft.set_policy(policy, ui.input(|i| i.time));
                self.send(ctx, None);
                open = false;
            }
            open &= !Button::quiet("Cancel").show(ui).clicked();
        });
        self.save_as = open.then_some(name);
    }

    fn text(&mut self, ui: &mut Ui, now: f64) {
        let help = Explainer::new(
            "Policy as TOML",
            "The same policy as a file that can be kept with the code and given to the command line with --policy. What \
             is written here moves the form and the other way round; comments last until the form changes something.",
        );
        Card::new("As TOML").explain(&help).show(ui, |ui| {
            let mut words = self.draft.text().to_owned();
            let field = TextEdit::multiline(&mut words)
                .font(TextStyle::Monospace)
                .desired_rows(18)
                .desired_width(f32::INFINITY)
                .lock_focus(true);
            if ui.add(field).accessible_name("Policy as TOML text").changed() {
                self.draft.set_text(words, now);
            }
            for mistake in self.draft.mistakes() {
                super::problem(ui, &mistake.to_string());
            }
            if !self.draft.mistakes().is_empty() {
                text::note(ui, "The form stays as it was until the text is sound.");
            }
        });
    }

    fn trial(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>, run: Option<&RunView>) {
        let help = Explainer::new(
            "Trial",
            "The numbers of the shown run held against these gates, at once and without scoring anything again. Segments \
             count as far as the run measured them.",
        );
        let subtitle = run.map(|run| format!("on {}", run.dataset_name)).unwrap_or_default();
        Card::new("How the shown run would fare").subtitle(&subtitle).explain(&help).show(ui, |ui| {
            let Some(run) = run else {
                text::note(ui, "Run a validation to see at once how its models would fare under these gates.");
                return;
            };
            let policy = self.draft.policy();
            let asked = self.tried.as_ref().is_some_and(|(id, tried)| *id == run.id && tried == policy);
            if !asked {
                ctx.command(Command::TryPolicy { run: run.id, policy: Box::new(policy.clone()) });
                self.tried = Some((run.id, policy.clone()));
            }
            let Some(trial) = ctx.state.trial.as_ref().filter(|t| t.run == run.id && &t.policy == policy) else {
                text::note(ui, "Judging");
                return;
            };
            for (name, verdict) in &trial.verdicts {
                ui.add_space(SPACE_S);
                ui.horizontal(|ui| {
                    text::elided(ui, name.as_str());
                    match gates::verdict(verdict.verdict.word()) {
                        Some((status, words)) => status_chip(ui, status, words),
                        None => tag(ui, "nothing is decided"),
                    };
                    let (held, of) = verdict.held();
                    text::caption(ui, &format!("{held} of {of} hold"));
                });
                for gate in verdict.gates.iter().take(SHOWN_GATES) {
                    let (status, word) = gates::status(gate);
                    let (rule, found) = (gates::rule(gate), gates::found(gate));
                    gate_row(ui, &GateRow { rule: &rule, found: &found, status, verdict: word });
                }
                if verdict.gates.len() > SHOWN_GATES {
                    text::note(ui, &format!("and {} more", verdict.gates.len() - SHOWN_GATES));
                }
            }
        });
    }
}

/// Why what is written cannot be kept under its own name.
fn why_not(editor: &Editor, state: &State) -> Option<String> {
    match editor.draft.mistakes().len() {
        0 => editor.cannot_keep(state, &editor.draft.policy().name, false),
        1 => Some("1 mistake in the text".to_owned()),
        n => Some(format!("{n} mistakes in the text")),
    }
}
