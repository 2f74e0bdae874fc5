//! One gate: what is asked, what was found and whether it holds.

use eframe::egui::{Align, Layout, RichText, Stroke, Ui, vec2};

use super::chip::status_chip;
use super::text::{caption, elided};
use crate::app::theme::{LINE_WIDTH, Status, body_font, tokens};

/// What a gate row says.
#[derive(Debug, Clone, Copy)]
pub struct GateRow<'a> {
    /// What is asked: "F1 ≥ 0.650 at the lower bound".
    pub rule: &'a str,
    /// What was found and on how many rows: "0.663 on 27,673 rows".
    pub found: &'a str,
    /// Whether it holds.
    pub status: Status,
    /// The verdict in a word: "pass", "fail", "not measured".
    pub verdict: &'a str,
}

/// Draws one gate as wide as the room it is given, with a line below.
pub fn gate_row(ui: &mut Ui, row: &GateRow<'_>) {
    let t = tokens(ui);
    let size = vec2(ui.available_width(), 30.0);
    let response = ui
        .allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            ui.set_min_size(size);
            status_chip(ui, row.status, row.verdict);
            ui.scope(|ui| {
                ui.set_max_width(ui.available_width() * 0.45);
                caption(ui, row.found);
            });
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                elided(ui, RichText::new(row.rule).font(body_font()).color(t.text));
            });
        })
        .response;
    ui.painter().hline(response.rect.x_range(), response.rect.bottom() + 3.5, Stroke::new(LINE_WIDTH, t.line));
}
