//! The alerts of the shown deployment.

use eframe::egui::Ui;

use super::View;
use crate::app::panels::words::data_date;
use crate::app::theme::Status;
use crate::app::widgets::{Button, Card, format, status_chip, text};
use crate::backend::Command;
use crate::monitor::{AlertKind, AlertState, Severity};

/// Words and look of a severity.
pub(super) fn severity(severity: Severity) -> (Status, &'static str) {
    match severity {
        Severity::Warning => (Status::Warning, "warning"),
        Severity::Severe => (Status::Alert, "severe"),
    }
}

pub(super) fn ui(ui: &mut Ui, view: &mut View<'_, '_>) {
    let ctx = view.ctx;
    Card::new("Alerts").show(ui, |ui| {
        let mut any = false;
        for entry in ctx.state.alerts.iter().filter(|a| a.deployment == view.id) {
            any = true;
            let alert = &entry.alert;
            let seen = alert.state == AlertState::Acknowledged;
            let (status, word) = severity(alert.severity);
            let since = alert.since_ms.map_or_else(|| format!("chunk {}", alert.first_chunk + 1), data_date);
            ui.horizontal_wrapped(|ui| {
                status_chip(ui, if seen { Status::Neutral } else { status }, word);
                ui.label(&alert.message);
            });
            ui.horizontal_wrapped(|ui| {
                let chunks = format::counted(alert.chunks as u64, "chunk");
                let now = match (alert.ongoing, alert.threshold) {
                    (true, _) => " · goes on",
                    (false, Some(_)) => " · within its line again",
                    (false, None) => "",
                };
                text::note(ui, &format!("since {since} · {chunks}{now}"));
                let show = format!("Show alert {}", entry.id);
                if Button::quiet("Show").name(&show).show(ui).clicked() {
                    view.chosen = view.snapshot.place_of(alert.last_chunk);
                    if let AlertKind::Drift(name) | AlertKind::Missing(name) | AlertKind::Unseen(name) = &alert.kind {
                        view.chosen_column = Some(name.clone());
                    }
                }
                let seen_why = seen.then_some("It is acknowledged");
                let name = format!("Acknowledge alert {}", entry.id);
                if Button::quiet("Acknowledge").name(&name).disabled_because(seen_why).show(ui).clicked() {
                    ctx.command(Command::AcknowledgeAlert(entry.id));
                }
            });
        }
        if !any {
            text::note(ui, "No alert so far");
        }
    });
}
