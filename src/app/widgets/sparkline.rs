//! A line the size of a word.

use eframe::egui::{Response, Role, Sense, Stroke, Ui, Vec2};

use super::axes::Frame;
use super::format;
use super::text::describe;
use crate::app::theme::{Status, tokens};

/// Draws `values` from left to right in a box of `size`; values that are not finite leave a gap.
/// The last value carries a dot in the colour of `status`.
pub fn sparkline(ui: &mut Ui, name: &str, values: &[f64], size: Vec2, status: Status) -> Response {
    let t = tokens(ui);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if ui.is_rect_visible(rect) {
        let frame = Frame::new(rect.shrink(4.0), (0.0, values.len().saturating_sub(1).max(1) as f64), (low, high));
        let points: Vec<[f64; 2]> = values.iter().enumerate().map(|(i, v)| [i as f64, *v]).collect();
        frame.paint_line(ui, &points, Stroke::new(1.4, t.dim));
        if let Some(last) = points.iter().rev().find(|p| p[1].is_finite()) {
            ui.painter().circle_filled(frame.at(last[0], last[1]), 2.8, status.color(t));
        }
    }
    let value = match finite().next_back() {
        Some(last) => {
            format!("last {}, from {} to {}", format::number(last), format::number(low), format::number(high))
        }
        None => "no values".to_owned(),
    };
    describe(&response, Role::Image, name, &value);
    response.on_hover_text(value)
}
