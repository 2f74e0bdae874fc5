//! The sign-offs: who vouched for what.

use eframe::egui::Ui;

use crate::app::action::{Action, Panel};
use crate::app::context::{PanelContext, Subject};
use crate::app::panels::validate::signoff::{details, signed_words};
use crate::app::panels::words::moment;
use crate::app::theme::{SPACE_S, Status, dim};
use crate::app::widgets::{Button, Card, Column, Icon, Table, empty_state, format, status_chip, text};
use crate::backend::command::{ModelId, RunId};
use crate::backend::state::SignOffView;
use crate::report::csv;

/// Most points that a model's name takes.
const NAME_WIDTH: f32 = 270.0;
const ROW: f32 = 34.0;
/// Sign-offs that are shown before the list scrolls.
const LISTED: usize = 8;

/// What is chosen.
#[derive(Debug, Default)]
pub(super) struct SignOffs {
    chosen: Option<(RunId, ModelId)>,
}

impl SignOffs {
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        let all = &ctx.state.sign_offs;
        if all.is_empty() {
            let sentence = "Nothing is signed off yet. Open a validation and sign its result below the charts.";
            if empty_state(ui, Icon::Lock, sentence, Some("Go to Validate")) {
                ctx.action(Action::GoTo(Panel::Validate));
            }
            return;
        }
        let right = format::counted(all.len() as u64, "sign-off");
        let mut export = false;
        let head = |ui: &mut Ui| export = Button::quiet("CSV").name("Export sign-offs as CSV").show(ui).clicked();
        let is_chosen =
            |s: &SignOffView| self.chosen.as_ref().is_some_and(|(run, model)| *run == s.run && *model == s.model);
        let selected = all.iter().position(|s| is_chosen(s)).unwrap_or(0);
        let clicked = Card::new("Sign-offs").subtitle(&right).show_with(ui, head, |ui| {
            let columns = [
                Column::words("when", 1.0).min_width(144.0),
                Column::words("who", 1.0).min_width(90.0),
                Column::words("model", 1.6).fit(ui, all.iter().map(|s| s.signed.model_name.as_str()), NAME_WIDTH),
                Column::words("data", 1.6).min_width(120.0),
                Column::words("how", 1.4).min_width(160.0),
                Column::words("note", 1.6).min_width(100.0),
            ];
            let name = |row: usize| {
                all.get(row).map(|s| format!("Show sign-off of {}", s.signed.model_name)).unwrap_or_default()
            };
            let mut table = Table::new("sign-offs", &columns).row_height(ROW).selectable(Some(selected), &name);
            if all.len() > LISTED {
                table = table.max_height(LISTED as f32 * ROW);
            }
            table.show(ui, all.len(), |ui, row, column| {
                if let Some(view) = all.get(row) {
                    cell(ui, view, column);
                }
            })
        });
        if export {
            ctx.save("sign-offs.csv", table_csv(all.iter().map(|view| &**view)));
        }
        if let Some(view) = clicked.inner.and_then(|row| all.get(row)) {
            self.chosen = Some((view.run, view.model.clone()));
        }
        ui.add_space(SPACE_S);
        if let Some(view) = all.get(selected) {
            Card::new(&view.signed.model_name).subtitle(&view.dataset_name).show(ui, |ui| {
                ui.horizontal_wrapped(|ui| {
                    ui.label(signed_words(view));
                    let gone = ctx.state.runs.iter().all(|run| run.id != view.run);
                    let why = gone.then_some("The validation was removed; the sign-off stays");
                    if Button::secondary("Open in Validate")
                        .icon(Icon::Validate)
                        .disabled_because(why)
                        .show(ui)
                        .clicked()
                    {
                        ctx.show(Subject::Run(view.run, Some(view.model.clone())));
                    }
                });
                details(ui, view);
            });
        }
    }
}

fn cell(ui: &mut Ui, view: &SignOffView, column: usize) {
    let signed = &view.signed;
    match column {
        0 => text::elided(ui, moment(signed.at_ms)),
        1 => text::elided(ui, signed.who.as_str()),
        2 => text::elided(ui, signed.model_name.as_str()),
        3 => {
            let words = dim(ui, view.dataset_name.as_str());
            text::elided(ui, words)
        }
        4 => match (&signed.override_reason, signed.verdict.as_str()) {
            (Some(reason), _) => status_chip(ui, Status::Warning, "with an override").on_hover_text(reason),
            (None, "pass") => status_chip(ui, Status::Ok, "passes its gates"),
            _ => status_chip(ui, Status::Neutral, "judged by no policy"),
        },
        _ => {
            let words = dim(ui, signed.note.as_str());
            text::elided(ui, words)
        }
    };
}

fn table_csv<'a>(all: impl Iterator<Item = &'a SignOffView>) -> String {
    let head = [
        "at_ms",
        "who",
        "model",
        "data",
        "verdict",
        "failed_gates",
        "override_reason",
        "note",
        "model_sha256",
        "data_sha256",
        "binding_sha256",
        "policy_sha256",
        "result_sha256",
    ];
    let lines = all.map(|view| {
        let signed = view.signed.clone();
        let hashes = signed.hashes;
        [
            signed.at_ms.to_string(),
            signed.who,
            signed.model_name,
            view.dataset_name.clone(),
            signed.verdict,
            signed.failed_gates.join("; "),
            signed.override_reason.unwrap_or_default(),
            signed.note,
            hashes.model,
            hashes.data,
            hashes.binding,
            hashes.policy.unwrap_or_default(),
            hashes.result,
        ]
    });
    csv::table(&head, lines)
}
