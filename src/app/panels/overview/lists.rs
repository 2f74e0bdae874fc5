//! Open alerts and finished runs.

use eframe::egui::{Align, Layout, ScrollArea, Ui, vec2};

use super::models::{candidate_words, secondary};
use crate::app::context::{PanelContext, Subject};
use crate::app::panels::page::tall;
use crate::app::panels::words::{ago, data_date};
use crate::app::theme::{ROW_HEIGHT, SPACE_XS, Status};
use crate::app::widgets::{Button, Card, Column, Explainer, Icon, Table, format, status_chip, text};
use crate::backend::Command;
use crate::backend::state::AlertView;
use crate::monitor::{AlertState, Severity};

/// Alerts that are shown before the list scrolls.
const ALERTS: usize = 5;
/// Height of an alert, in points.
const ALERT_ROW: f32 = 1.6 * ROW_HEIGHT;
/// The newest runs; older ones are in Validate.
const RUNS: usize = 8;

pub(super) fn alerts(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let open: Vec<&AlertView> =
        ctx.state.alerts.iter().map(|a| &**a).filter(|a| a.alert.state == AlertState::Open).collect();
    let seen = ctx.state.alerts.len() - open.len();
    let right = if seen == 0 { String::new() } else { format!("{} acknowledged", format::count(seen as u64)) };
    let help = Explainer::new(
        "Alert",
        "A monitored number left the range it kept on the reference. Consecutive chunks beyond the same threshold are \
         one alert. Acknowledge it when somebody has looked; it stays in Monitor.",
    );
    Card::new("Open alerts").right(&right).explain(&help).fill().show(ui, |ui| {
        if open.is_empty() {
            let words = if ctx.state.deployments.is_empty() {
                "Nothing is watched yet"
            } else {
                "No number has left the range of its reference"
            };
            text::note(ui, words);
            return;
        }
        let rows = |ui: &mut Ui| open.iter().for_each(|alert| alert_row(ui, ctx, alert));
        if open.len() > ALERTS {
            tall(ui, ALERTS as f32 * ALERT_ROW, |ui| {
                ScrollArea::vertical().id_salt("overview alerts").auto_shrink([false, false]).show(ui, rows);
            });
        } else {
            rows(ui);
        }
    });
}

fn alert_row(ui: &mut Ui, ctx: &PanelContext<'_>, view: &AlertView) {
    let alert = &view.alert;
    let (status, word) = match alert.severity {
        Severity::Severe => (Status::Alert, "severe"),
        Severity::Warning => (Status::Warning, "warning"),
    };
    let size = vec2(ui.available_width(), ALERT_ROW);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_size(size);
        let seen = format!("Acknowledge alert {}: {}", view.id, alert.message);
        if Button::icon_only(Icon::Check, &seen).hover("Acknowledge").show(ui).clicked() {
            ctx.command(Command::AcknowledgeAlert(view.id));
        }
        let look = format!("Open alert {} in Monitor: {}", view.id, alert.message);
        if Button::icon_only(Icon::ArrowRight, &look).hover("Open in Monitor").show(ui).clicked() {
            ctx.show(Subject::Monitor(view.deployment.clone(), Some(alert.last_chunk)));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            status_chip(ui, status, word);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.add_space(SPACE_XS);
                text::elided(ui, alert.message.as_str());
                let chunks = format::counted(alert.chunks as u64, "chunk");
                let since = alert.since_ms.map(|at| format!(" · since {}", data_date(at))).unwrap_or_default();
                text::caption(ui, &format!("{} · {chunks}{since}", view.deployment_name));
            });
        });
    });
}

pub(super) fn runs(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let runs = &ctx.state.runs;
    Card::new("Validations").right(&format::counted(runs.len() as u64, "run")).fill().show(ui, |ui| {
        if runs.is_empty() {
            text::note(ui, "No model was validated yet");
            return;
        }
        let columns = [
            Column::words("data", 1.4).min_width(90.0),
            Column::words("best candidate", 2.2).min_width(130.0),
            Column::numbers("models", 0.7),
            Column::numbers("when", 1.0).min_width(84.0),
        ];
        let name = |row: usize| {
            runs.get(row).map(|r| format!("Open validation {} on {}", r.id, r.dataset_name)).unwrap_or_default()
        };
        let clicked = Table::new("overview runs", &columns).selectable(None, &name).show(
            ui,
            runs.len().min(RUNS),
            |ui, row, column| {
                let Some(run) = runs.get(row) else { return };
                match column {
                    0 => {
                        text::elided(ui, run.dataset_name.as_str());
                    }
                    1 => {
                        text::elided(ui, candidate_words(ctx, run));
                    }
                    2 => secondary(ui, &format::count(run.report.models.len() as u64)),
                    _ => secondary(ui, &ago(run.created_at_ms, ctx.now_ms)),
                }
            },
        );
        let model = clicked.and_then(|row| runs.get(row)).and_then(|run| run.report.models.first());
        if let Some(model) = model {
            ctx.show(Subject::Validation(model.sha256.clone()));
        }
    });
}
