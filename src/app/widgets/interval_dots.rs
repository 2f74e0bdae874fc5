//! Candidates with their interval on one scale.

use eframe::egui::{Rect, Response, Role, Sense, Stroke, Ui, pos2, vec2};

use super::axes::{Frame, tick_label};
use super::chart::{series_color, series_text_color};
use super::format;
use super::text::{describe, one_line};
use crate::app::theme::{small_font, tokens};

/// One candidate.
#[derive(Debug, Clone, Copy)]
pub struct IntervalDot<'a> {
    /// Its name.
    pub name: &'a str,
    /// The value; `None` where it has none.
    pub value: Option<f64>,
    /// Its interval, low and high.
    pub interval: Option<(f64, f64)>,
    /// Which colour of the palette, from 0; it wraps.
    pub color: usize,
}

/// Draws the candidates one below the other as wide as the room they are given; gives the one clicked.
/// `margin` is a band around the first candidate's value within which a difference does not matter.
pub fn interval_dots(
    ui: &mut Ui,
    name: &str,
    dots: &[IntervalDot<'_>],
    margin: Option<f64>,
) -> (Response, Option<usize>) {
    let t = tokens(ui);
    let row = 28.0;
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, row * dots.len() as f32 + 20.0), Sense::click());
    let label =
        dots.iter().map(|d| one_line(ui, d.name, small_font(), t.text, width * 0.42).size().x).fold(0.0, f32::max)
            + 12.0;
    let finite = || {
        dots.iter()
            .flat_map(|d| {
                let (low, high) = d.interval.unwrap_or((f64::NAN, f64::NAN));
                [d.value.unwrap_or(f64::NAN), low, high]
            })
            .filter(|v| v.is_finite())
    };
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let pad = (high - low).max(1e-9) * 0.08;
    let area = Rect::from_min_max(
        pos2(rect.left() + label, rect.top()),
        pos2((rect.right() - 52.0).max(rect.left() + label + 20.0), rect.bottom() - 20.0),
    );
    // One number of decimals for all: what can be seen on the scale, and no more than one of them carries.
    let seen = (-((high - low).max(1e-9) / 100.0).log10()).ceil().clamp(0.0, 8.0) as usize;
    let carried = dots.iter().map(|d| format::metric_decimals(d.value.unwrap_or(0.0), d.interval)).max();
    let decimals = seen.min(carried.unwrap_or(0));
    let frame = Frame::new(area, (low - pad, high + pad), (0.0, 1.0));
    let hovered = response.hover_pos().map(|p| ((p.y - rect.top()) / row) as usize).filter(|i| *i < dots.len());
    if let (Some(margin), Some(first)) = (margin, dots.first().and_then(|d| d.value)) {
        let band = Rect::from_x_y_ranges(
            frame.at_x(first - margin).max(area.left())..=frame.at_x(first + margin).min(area.right()),
            area.y_range(),
        );
        ui.painter().rect_filled(band, 0.0, t.reference_span);
    }
    for tick in super::axes::ticks(frame.x.0, frame.x.1, (area.width() / 80.0).max(2.0) as usize) {
        ui.painter().vline(frame.at_x(tick).round() + 0.5, area.y_range(), Stroke::new(1.0, t.grid));
    }
    frame.paint_x(ui, (area.width() / 80.0).max(2.0) as usize, tick_label);
    for (i, dot) in dots.iter().enumerate() {
        let y = rect.top() + row * (i as f32 + 0.5);
        let galley = one_line(ui, dot.name, small_font(), t.text, label - 12.0);
        ui.painter().galley(pos2(area.left() - 12.0 - galley.size().x, y - galley.size().y / 2.0), galley, t.text);
        let color = series_color(t, dot.color);
        let mut end = area.left();
        if let Some((low, high)) = dot.interval.filter(|(l, h)| l.is_finite() && h.is_finite()) {
            ui.painter().hline(frame.at_x(low)..=frame.at_x(high), y, Stroke::new(3.0, color.gamma_multiply(0.5)));
            for x in [low, high] {
                ui.painter().vline(frame.at_x(x), y - 4.0..=y + 4.0, Stroke::new(1.5, color));
            }
            end = frame.at_x(high);
        }
        if let Some(value) = dot.value.filter(|v| v.is_finite()) {
            let x = frame.at_x(value);
            ui.painter().circle(pos2(x, y), 5.0, color, Stroke::new(1.0, t.card));
            end = end.max(x + 5.0);
        }
        let text = dot.value.map_or_else(|| format::NONE.to_owned(), |value| format::decimal(value, decimals));
        let words = series_text_color(t, dot.color);
        let galley = one_line(ui, &text, small_font(), words, 80.0);
        ui.painter().galley(pos2(end + 8.0, y - galley.size().y / 2.0), galley, words);
    }
    let value = dots
        .iter()
        .map(|d| {
            let decimals = format::metric_decimals(d.value.unwrap_or(0.0), d.interval);
            format!("{} {} ({})", d.name, format::metric(d.value, d.interval), format::interval(d.interval, decimals))
        })
        .collect::<Vec<_>>();
    describe(&response, Role::Image, name, &value.join("; "));
    let clicked = hovered.filter(|_| response.clicked());
    let response = match hovered.and_then(|i| value.get(i)) {
        Some(text) => response.on_hover_text_at_pointer(text),
        None => response,
    };
    (response, clicked)
}
