//! Facts in two columns: what, and its value.

use eframe::egui::{Align, Layout, Rect, RichText, Sense, Ui, UiBuilder, pos2, vec2};

use super::text::{elided, one_line};
use crate::app::theme::{SPACE_L, body_font, tokens};

const ROW: f32 = 22.0;

/// Rows of name and value; names are secondary and keep a common width, both are cut with "…".
pub fn key_value(ui: &mut Ui, id_salt: &str, rows: &[(&str, &str)]) {
    let t = tokens(ui);
    let width = ui.available_width();
    let key_width = rows
        .iter()
        .map(|(key, _)| one_line(ui, key, body_font(), t.dim, width * 0.4).size().x)
        .fold(0.0, f32::max)
        .ceil()
        + SPACE_L;
    let (all, _) = ui.allocate_exact_size(vec2(width, ROW * rows.len() as f32), Sense::hover());
    for (index, (key, value)) in rows.iter().enumerate() {
        let top = all.top() + ROW * index as f32;
        for (column, text, left, right, color) in [
            (0, key, all.left(), all.left() + key_width - 4.0, t.dim),
            (1, value, all.left() + key_width, all.right(), t.text),
        ] {
            let cell = Rect::from_min_max(pos2(left, top), pos2(right.max(left), top + ROW));
            let mut child = ui.new_child(
                UiBuilder::new()
                    .id_salt((id_salt, index, column))
                    .max_rect(cell)
                    .layout(Layout::left_to_right(Align::Center)),
            );
            elided(&mut child, RichText::new(*text).font(body_font()).color(color));
        }
    }
}
