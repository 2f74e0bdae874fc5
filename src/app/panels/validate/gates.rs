//! The verdict of a policy: each gate with what was found, and how far from its limit.

use eframe::egui::Ui;

use crate::app::context::PanelContext;
use crate::app::panels::page::chart_card;
use crate::app::theme::Status;
use crate::app::widgets::{Card, Explainer, GateRow, format, gate_row, text};
use crate::report::csv;
use crate::stats::metric::title;
use crate::validate::ModelResult;
use crate::validate::policy::GateResult;

/// The look and the word of a verdict.
pub(super) fn verdict(word: &str) -> Option<(Status, &'static str)> {
    match word {
        "pass" => Some((Status::Ok, "passes its gates")),
        "fail" => Some((Status::Alert, "fails its gates")),
        _ => None,
    }
}

pub(super) fn status(gate: &GateResult) -> (Status, &'static str) {
    match (gate.applies, gate.passed, gate.required) {
        (false, ..) => (Status::Neutral, "does not apply"),
        (_, true, _) => (Status::Ok, "pass"),
        (_, false, true) => (Status::Alert, "fail"),
        (_, false, false) => (Status::Warning, "advice"),
    }
}

pub(super) fn rule(gate: &GateResult) -> String {
    let segment = gate.segment.as_ref().map(|(c, v)| format!(", {c} = {v}")).unwrap_or_default();
    if gate.metric.starts_with("card.") {
        return format!("{}{segment}", gate.name);
    }
    format!("{}{segment}: {} {}", gate.name, title(&gate.metric), gate.condition)
}

pub(super) fn found(gate: &GateResult) -> String {
    let Some(value) = gate.value else { return gate.reason.clone().unwrap_or_default() };
    let margin = gate.margin.map(|m| format!(", margin {}", format::metric(Some(m), None))).unwrap_or_default();
    format!("{}{margin} on {}", format::metric(Some(value), None), format::counted(gate.rows as u64, "row"))
}

fn numbers(gates: &[GateResult]) -> String {
    let head = ["gate", "metric", "condition", "segment", "value", "limit", "margin", "passed", "required", "applies"];
    csv::table(
        &head,
        gates.iter().map(|g| {
            [
                g.name.clone(),
                g.metric.clone(),
                g.condition.clone(),
                g.segment.as_ref().map(|(c, v)| format!("{c} = {v}")).unwrap_or_default(),
                csv::number(g.value),
                csv::number(g.limit),
                csv::number(g.margin),
                g.passed.to_string(),
                g.required.to_string(),
                g.applies.to_string(),
            ]
        }),
    )
}

pub(super) fn card(ui: &mut Ui, ctx: &PanelContext<'_>, policy: &str, model: &ModelResult) {
    let help = Explainer::new(
        "Gates",
        "The conditions of the policy. A required gate that does not hold fails the verdict; advice is only told. What \
         could not be measured does not pass.",
    );
    let applying = || model.gates.iter().filter(|g| g.applies);
    let held = applying().filter(|g| g.passed).count();
    let subtitle = format!("{policy} · {held} of {} hold", applying().count());
    let card = Card::new("Gates").subtitle(&subtitle).explain(&help);
    chart_card(
        ui,
        ctx,
        card,
        "gates",
        || numbers(&model.gates),
        |ui| {
            for gate in &model.gates {
                let (status, word) = status(gate);
                gate_row(ui, &GateRow { rule: &rule(gate), found: &found(gate), status, verdict: word });
            }
            if applying().next().is_none() {
                text::note(ui, "No gate of this policy applies to this model, so nothing was decided.");
            }
        },
    );
}
