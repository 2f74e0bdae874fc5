//! The sign-off of a result: what exactly is signed, who signs, and what stands against it.

use eframe::egui::{Align, Layout, Rect, Response, RichText, TextStyle, Ui, vec2};

use super::problem;
use crate::app::context::PanelContext;
use crate::app::panels::words::moment;
use crate::app::theme::{SPACE_S, Status, tokens};
use crate::app::widgets::{Button, Card, Explainer, Icon, key_value, pending_state, status_chip, text, text_field};
use crate::backend::approval::{Approval, sign_off};
use crate::backend::command::{ModelId, RunId};
use crate::backend::state::{HashesView, RunView, SignOffView};
use crate::backend::{Command, State, UNKNOWN_USER};
use crate::validate::ModelResult;
use crate::validate::policy::GateResult;
use crate::validate::signoff::{Hashes, is_reason};

/// Letters of a hash that are shown; the whole one is on hover.
const SHORT: usize = 16;
/// Width of the label before a hash, in points.
const LABEL: f32 = 76.0;
/// Failed gates that are named.
const NAMED: usize = 6;

/// What a person filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::app::panels) struct Form {
    subject: Option<(RunId, ModelId)>,
    who: String,
    note: String,
    reason: String,
    /// The hashes were asked for.
    asked: bool,
    /// The card is to be scrolled to.
    scroll: bool,
}

impl Form {
    /// Turns to a result; what was written for another one is put aside, the name stays.
    fn turn_to(&mut self, state: &State, run: RunId, model: &str) {
        if self.subject.as_ref().is_some_and(|(r, m)| *r == run && m == model) {
            return;
        }
        let known = state.reviewer != UNKNOWN_USER;
        let at_work = if known { state.reviewer.clone() } else { String::new() };
        let who = if self.who.is_empty() { at_work } else { std::mem::take(&mut self.who) };
        *self = Self { subject: Some((run, model.to_owned())), who, scroll: self.scroll, ..Self::default() };
    }

    /// Brings the card into view at its next drawing.
    pub(super) fn scroll_to(&mut self) {
        self.scroll = true;
    }
}

/// How a result stands with its signature, as a chip.
pub(in crate::app::panels) fn chip(ui: &mut Ui, approval: &Approval) {
    match approval {
        Approval::Signed(signed) => {
            let by = signed_words(signed);
            let (status, word) = match signed.signed.override_reason {
                Some(_) => (Status::Warning, "signed with an override"),
                None => (Status::Ok, "signed off"),
            };
            status_chip(ui, status, word).on_hover_text(by);
        }
        Approval::Unsigned(_) | Approval::Unjudged | Approval::Refused(_) => {
            status_chip(ui, Status::Neutral, "not signed");
        }
    }
}

/// Who signed and when.
pub(in crate::app::panels) fn signed_words(signed: &SignOffView) -> String {
    format!("Signed off by {} on {}", signed.signed.who, moment(signed.signed.at_ms))
}

/// The card below a result.
pub(super) fn card(ui: &mut Ui, ctx: &PanelContext<'_>, run: &RunView, model: &ModelResult, form: &mut Form) {
    form.turn_to(ctx.state, run.id, &model.sha256);
    let held = ctx.state.hashes.iter().find(|h| h.run == run.id && h.model == model.sha256);
    let signed = sign_off(ctx.state, run.id, &model.sha256);
    if held.is_none() && signed.is_none() && !std::mem::replace(&mut form.asked, true) {
        ctx.command(Command::HashResult { run: run.id, model: model.sha256.clone() });
    }
    let help = Explainer::new(
        "Sign-off",
        "A person's word that this result may be relied on. It names the exact model, data, binding, policy and numbers \
         by their SHA-256, is kept in the audit trail, and cannot be changed.",
    )
    .convention("A model that fails a required gate is signed only with an override and its reason.");
    let arrives = std::mem::take(&mut form.scroll);
    let card = Card::new("Sign-off").subtitle(&model.name).explain(&help);
    let rect = card
        .show(ui, |ui| {
            if let Some(signed) = signed {
                is_signed(ui, signed);
                return;
            }
            let field = to_sign(ui, ctx, run, model, held.map(|h| &**h), form);
            if arrives {
                field.request_focus();
            }
        })
        .response
        .rect;
    if arrives {
        ui.scroll_to_rect(Rect::from_min_size(rect.min, vec2(1.0, rect.height())), Some(Align::Center));
    }
}

fn is_signed(ui: &mut Ui, view: &SignOffView) {
    let signed = &view.signed;
    ui.horizontal_wrapped(|ui| {
        match signed.override_reason {
            Some(_) => status_chip(ui, Status::Warning, "signed with an override"),
            None => status_chip(ui, Status::Ok, "signed off"),
        };
        ui.label(signed_words(view));
    });
    text::note(ui, "A deployment of this model with this validation is approved.");
    details(ui, view);
}

/// What was signed, in full.
pub(in crate::app::panels) fn details(ui: &mut Ui, view: &SignOffView) {
    let signed = &view.signed;
    let failed = signed.failed_gates.join(", ");
    let mut facts = vec![("Verdict", verdict_words(&signed.verdict))];
    if let Some(reason) = &signed.override_reason {
        facts.push(("Failed gates", failed.as_str()));
        facts.push(("Override because", reason));
    }
    if !signed.note.is_empty() {
        facts.push(("Note", &signed.note));
    }
    key_value(ui, "sign-off facts", &facts);
    hashes(ui, &signed.hashes);
}

/// The verdict of a policy, in words.
pub(in crate::app::panels) fn verdict_words(verdict: &str) -> &'static str {
    match verdict {
        "pass" => "passes its gates",
        "fail" => "fails its gates",
        _ => "judged by no policy",
    }
}

fn hashes(ui: &mut Ui, hashes: &Hashes) {
    let rows = [
        ("Model", Some(&hashes.model)),
        ("Data", Some(&hashes.data)),
        ("Binding", Some(&hashes.binding)),
        ("Policy", hashes.policy.as_ref()),
        ("Result", Some(&hashes.result)),
    ];
    for (label, hash) in rows {
        ui.horizontal(|ui| {
            let color = tokens(ui).dim;
            ui.allocate_ui_with_layout(vec2(LABEL, 22.0), Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(LABEL);
                ui.label(RichText::new(label).color(color));
            });
            let Some(hash) = hash.filter(|hash| !hash.is_empty()) else {
                text::caption(ui, "none");
                return;
            };
            let short = hash.get(..SHORT).unwrap_or(hash);
            ui.label(RichText::new(format!("{short}…")).text_style(TextStyle::Monospace)).on_hover_text(hash);
            let name = format!("Copy the hash of the {}", label.to_lowercase());
            if Button::icon_only(Icon::Copy, &name).show(ui).clicked() {
                ui.ctx().copy_text(hash.clone());
            }
        });
    }
}

fn failed_gates(model: &ModelResult) -> Vec<&GateResult> {
    model.gates.iter().filter(|gate| gate.fails()).collect()
}

/// Whether it is signed only with an override.
fn fails(model: &ModelResult) -> bool {
    model.verdict == "fail" || !failed_gates(model).is_empty()
}

/// Why it cannot be signed as the form stands.
fn objection(
    ctx: &PanelContext<'_>,
    run: &RunView,
    model: &ModelResult,
    held: Option<&HashesView>,
    form: &Form,
) -> Option<String> {
    if let Some(why) = &ctx.state.workspace.read_only {
        return Some(format!("Nothing can be kept in this workspace: {why}"));
    }
    if run.id < 0 {
        return Some("The validation could not be kept, so it cannot be signed".to_owned());
    }
    match held.map(|h| &h.found) {
        None => return Some("Its hashes are being worked out".to_owned()),
        Some(Err(why)) => return Some(why.clone()),
        Some(Ok(_)) => {}
    }
    if !form.who.chars().any(char::is_alphanumeric) {
        return Some("Write who signs".to_owned());
    }
    if fails(model) {
        if form.reason.trim().is_empty() {
            return Some("A required gate failed: give the reason for an override".to_owned());
        }
        if !is_reason(form.reason.trim()) {
            return Some("Say in a few words why the failed gates may be overridden".to_owned());
        }
    }
    None
}

/// Gives the field in which a person goes on writing.
fn to_sign(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    run: &RunView,
    model: &ModelResult,
    held: Option<&HashesView>,
    form: &mut Form,
) -> Response {
    let overriding = fails(model);
    ui.horizontal_wrapped(|ui| {
        let words = verdict_words(&model.verdict);
        match (overriding, model.verdict.as_str()) {
            (true, _) => status_chip(ui, Status::Alert, "fails its gates"),
            (false, "pass") => status_chip(ui, Status::Ok, words),
            _ => status_chip(ui, Status::Neutral, words),
        };
        if let Some(policy) = &run.report.policy {
            text::caption(ui, &format!("by “{policy}”"));
        }
    });
    if overriding {
        let failed = failed_gates(model);
        for gate in failed.iter().take(NAMED) {
            let place = gate.segment.as_ref().map(|(c, v)| format!(" where {c} = {v}")).unwrap_or_default();
            problem(ui, &format!("{}{place}", gate.name));
        }
        if failed.len() > NAMED {
            text::note(ui, &format!("and {} more", failed.len() - NAMED));
        }
    }
    ui.add_space(SPACE_S);
    match held.map(|h| &h.found) {
        Some(Ok(found)) => hashes(ui, found),
        Some(Err(why)) => problem(ui, why),
        None => pending_state(ui, "Working out the hashes", None::<fn(&mut Ui)>),
    }
    ui.add_space(SPACE_S);
    let width = (ui.available_width() - LABEL).clamp(80.0, 520.0);
    let unnamed = form.who.trim().is_empty();
    let who = text_field(ui, "Signed by", &mut form.who, "Who signs", width.min(260.0));
    let note = text_field(ui, "Note", &mut form.note, "What a reader should know, if anything", width);
    let hint = "Why it may go live although a required gate failed";
    let reason = overriding.then(|| text_field(ui, "Override", &mut form.reason, hint, width));
    ui.add_space(SPACE_S);
    let why = objection(ctx, run, model, held, form);
    ui.horizontal_wrapped(|ui| {
        let button = if overriding { Button::danger("Sign with an override") } else { Button::secondary("Sign off") };
        if button.icon(Icon::Lock).disabled_because(why.as_deref()).show(ui).clicked() {
            ctx.command(Command::SignOff {
                run: run.id,
                model: model.sha256.clone(),
                who: form.who.trim().to_owned(),
                note: form.note.trim().to_owned(),
                override_reason: overriding.then(|| form.reason.trim().to_owned()),
            });
        }
        if let Some(why) = &why {
            text::caption(ui, why);
        }
    });
    if unnamed { who } else { reason.unwrap_or(note) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use eframe::egui::accesskit::Role;
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    use super::*;
    use crate::app::context::Request;
    use crate::app::panels::fixture::{World, click, harness};
    use crate::app::panels::validate::ValidatePanel;
    use crate::validate::Report;

    fn gate(name: &str, passed: bool) -> GateResult {
        GateResult {
            name: name.to_owned(),
            metric: "roc_auc".to_owned(),
            condition: "at least 0.8".to_owned(),
            value: Some(0.742),
            passed,
            required: true,
            applies: true,
            bound_used: crate::validate::policy::Bound::Low,
            limit: Some(0.8),
            margin: Some(-0.058),
            rows: 300,
            segment: None,
            reason: None,
        }
    }

    /// The second model of the first run, judged by a policy, with its hashes worked out.
    fn judged(passes: bool) -> World {
        let mut world = World::full();
        let mut run = (*world.state.runs[0]).clone();
        let mut report = Report::clone(&run.report);
        report.policy = Some("Careful binary".to_owned());
        for model in &mut report.models {
            model.gates = vec![gate("Ranks well", passes)];
            model.verdict = if passes { "pass" } else { "fail" }.to_owned();
        }
        run.report = Arc::new(report);
        world.state.runs[0] = Arc::new(run);
        world.state.reviewer = "Ada".to_owned();
        world.with_hashes()
    }

    fn drawn(world: World) -> Harness<'static, World> {
        let mut panel = ValidatePanel::default();
        let mut page = harness([1200.0, 2600.0], world, move |ui, ctx| panel.ui(ui, ctx));
        page.run();
        page.get_by_label("Gates and sign-off").click();
        page.run();
        page
    }

    fn write(page: &mut Harness<'static, World>, field: &str, words: &str) {
        page.get_by_role_and_label(Role::TextInput, field).focus();
        page.run();
        page.get_by_role_and_label(Role::TextInput, field).type_text(words);
        page.run();
    }

    fn disabled(page: &Harness<'static, World>, name: &str) -> bool {
        page.get_by_role_and_label(Role::Button, name).accesskit_node().is_disabled()
    }

    #[test]
    fn the_hashes_are_asked_for_once_and_nothing_is_signed_before() {
        let mut world = judged(true);
        world.state.hashes.clear();
        let mut page = drawn(world);
        page.run();
        page.run();
        let asked = page.state().asked();
        let hashes = asked.iter().filter(
            |r| matches!(r, Request::Command(Command::HashResult { run: 1, model }) if *model == "b".repeat(64)),
        );
        assert_eq!(hashes.count(), 1, "{asked:?}");
        assert!(disabled(&page, "Sign off"));
        page.get_by_label("Its hashes are being worked out");
    }

    #[test]
    fn a_result_that_passes_is_signed_by_whoever_works_here() {
        let mut page = drawn(judged(true));
        let asked = click(&mut page, "Sign off");
        let [Request::Command(Command::SignOff { run, who, note, override_reason, .. })] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        assert_eq!((*run, who.as_str(), note.as_str(), override_reason), (1, "Ada", "", &None));
        let asked = click(&mut page, "Copy the hash of the data");
        assert!(asked.is_empty(), "{asked:?}");
    }

    #[test]
    fn a_failed_gate_needs_a_reason_in_words() {
        let mut page = drawn(judged(false));
        assert!(disabled(&page, "Sign with an override"));
        page.get_by_label("A required gate failed: give the reason for an override");
        write(&mut page, "Override", "ok");
        assert!(disabled(&page, "Sign with an override"));
        page.get_by_label("Say in a few words why the failed gates may be overridden");
        write(&mut page, "Override", " for a trial of two weeks");
        write(&mut page, "Note", "Watched daily");
        let asked = click(&mut page, "Sign with an override");
        let [Request::Command(Command::SignOff { note, override_reason, .. })] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        assert_eq!((note.as_str(), override_reason.as_deref()), ("Watched daily", Some("ok for a trial of two weeks")));
    }

    #[test]
    fn what_is_typed_on_arrival_is_kept_when_the_hashes_come() {
        let mut world = judged(false);
        world.state.reviewer = "Ada".to_owned();
        let ready = std::mem::take(&mut world.state.hashes);
        let mut panel = ValidatePanel::default();
        let mut page = harness([1200.0, 700.0], world, move |ui, ctx| panel.ui(ui, ctx));
        page.get_by_label("Go to sign-off").scroll_to_me();
        page.run_ok();
        page.get_by_label("Go to sign-off").click();
        let letter = |page: &mut Harness<'static, World>, letter: &str| {
            page.event(eframe::egui::Event::Text(letter.to_owned()));
            page.step();
        };
        // The page has just been drawn with the card; the first letter comes with the next frame.
        page.step();
        page.step();
        for part in ["A ", "tr", "ial"] {
            letter(&mut page, part);
        }
        page.state_mut().state.hashes = ready;
        for part in [" of ", "two ", "weeks"] {
            letter(&mut page, part);
        }
        page.run_ok();
        let field = page.get_by_role_and_label(Role::TextInput, "Override");
        assert_eq!(field.accesskit_node().value().as_deref(), Some("A trial of two weeks"));
        assert!(!disabled(&page, "Sign with an override"));
    }

    #[test]
    fn what_is_signed_says_by_whom_and_what_and_is_not_signed_again() {
        let page = drawn(judged(false).with_sign_off("b", Some("It is only a trial")));
        assert!(page.query_all_by_label_contains("Signed off by Grace on ").next().is_some());
        page.get_by_label("It is only a trial");
        page.get_by_label("A deployment of this model with this validation is approved.");
        assert!(page.query_by_label("Sign with an override").is_none());
    }

    #[test]
    fn a_read_only_workspace_takes_no_signature() {
        let mut world = judged(true);
        world.state.workspace.read_only = Some("its folder cannot be written".to_owned());
        let page = drawn(world);
        assert!(disabled(&page, "Sign off"));
    }
}
