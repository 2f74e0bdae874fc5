//! One gate: what is asked, what was found and whether it holds.

use eframe::egui::{Align, Label, Layout, RichText, Stroke, Ui, vec2};

use super::chip::status_chip;
use super::text::{caption, elided, note};
use crate::app::theme::{LINE_WIDTH, Status, body_font, small_font, tokens};

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

/// Points that the verdict takes at the right end.
const VERDICT_WIDTH: f32 = 110.0;

/// Draws one gate as wide as the room it is given, with a line below: on one line where rule and finding fit, else the
/// finding below the rule.
pub fn gate_row(ui: &mut Ui, row: &GateRow<'_>) {
    let t = tokens(ui);
    let room = ui.available_width();
    let rule = || RichText::new(row.rule).font(body_font()).color(t.text);
    let of = |words: &str, font, width| ui.painter().layout(words.to_owned(), font, t.text, width).size();
    let needed = of(row.rule, body_font(), f32::INFINITY).x + of(row.found, small_font(), f32::INFINITY).x;
    let below = !row.found.is_empty() && needed + VERDICT_WIDTH > room;
    let height = if below {
        let width = (room - VERDICT_WIDTH).max(40.0);
        of(row.rule, body_font(), width).y + of(row.found, small_font(), width).y + 10.0
    } else {
        30.0
    };
    let size = vec2(room, height);
    let response = ui
        .allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            ui.set_min_size(size);
            status_chip(ui, row.status, row.verdict);
            if below {
                let words = vec2((room - VERDICT_WIDTH).max(40.0), height);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.allocate_ui_with_layout(words, Layout::top_down(Align::Min), |ui| {
                        ui.spacing_mut().item_spacing.y = 0.0;
                        ui.add_space(4.0);
                        ui.add(Label::new(rule()).wrap());
                        note(ui, row.found);
                    });
                });
                return;
            }
            ui.scope(|ui| {
                ui.set_max_width(ui.available_width() * 0.45);
                caption(ui, row.found);
            });
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                elided(ui, rule());
            });
        })
        .response;
    ui.painter().hline(response.rect.x_range(), response.rect.bottom() + 3.5, Stroke::new(LINE_WIDTH, t.line));
}
