//! Curves over the unit square or over any range: ROC, precision and recall, calibration, gain.

use eframe::egui::{Rect, Response, Role, Sense, Stroke, Ui, pos2, vec2};

use super::axes::{Frame, label_width, tick_label};
use super::chart::{paint_read_out, series_color, series_text_color};
use super::format;
use super::text::{describe, one_line};
use crate::app::theme::{Tokens, small_font, tokens};

/// One curve.
#[derive(Debug, Clone, Copy)]
pub struct Curve<'a> {
    /// Its name, shown beside it.
    pub name: &'a str,
    /// Pairs of x and y in drawing order; pairs that are not finite leave a gap.
    pub points: &'a [[f64; 2]],
    /// Which colour of the palette, from 0; it wraps.
    pub color: usize,
    /// Marks the pairs with dots, as for calibration bins.
    pub dots: bool,
}

/// A chart of curves; [`CurveChart::show`] draws it.
#[must_use = "a chart shows nothing until `show`"]
pub struct CurveChart<'a> {
    name: &'a str,
    curves: &'a [Curve<'a>],
    x_name: &'a str,
    y_name: &'a str,
    x: (f64, f64),
    y: (f64, f64),
    diagonal: bool,
    mark: Option<(f64, f64, &'a str)>,
    height: Option<f32>,
    ticks: &'a [(f64, &'a str)],
    value: Option<&'a dyn Fn(f64) -> String>,
}

impl<'a> CurveChart<'a> {
    /// A chart over the unit square.
    pub fn new(name: &'a str, curves: &'a [Curve<'a>]) -> Self {
        Self {
            name,
            curves,
            x_name: "",
            y_name: "",
            x: (0.0, 1.0),
            y: (0.0, 1.0),
            diagonal: false,
            mark: None,
            height: None,
            ticks: &[],
            value: None,
        }
    }

    /// Words along the axes.
    pub fn axes(mut self, x: &'a str, y: &'a str) -> Self {
        self.x_name = x;
        self.y_name = y;
        self
    }

    /// Other ranges than 0 to 1.
    pub fn ranges(mut self, x: (f64, f64), y: (f64, f64)) -> Self {
        self.x = x;
        self.y = y;
        self
    }

    /// A scale that is not straight: where its marks stand on both axes with their words, and how a place is read.
    pub fn scale(mut self, ticks: &'a [(f64, &'a str)], value: &'a dyn Fn(f64) -> String) -> Self {
        self.ticks = ticks;
        self.value = Some(value);
        self
    }

    /// Draws the diagonal from the lower left to the upper right, dashed: chance, or perfect calibration.
    pub fn diagonal(mut self) -> Self {
        self.diagonal = true;
        self
    }

    /// A named place: the threshold in use.
    pub fn mark(mut self, x: f64, y: f64, name: &'a str) -> Self {
        self.mark = Some((x, y, name));
        self
    }

    /// Height in points; without it the chart is nearly square and at most 260 points high.
    pub fn height(mut self, height: f32) -> Self {
        self.height = Some(height);
        self
    }

    /// Draws the chart as wide as the room it is given.
    pub fn show(self, ui: &mut Ui) -> Response {
        let t = tokens(ui);
        let width = ui.available_width();
        let height = self.height.unwrap_or_else(|| (width * 0.9).clamp(140.0, 260.0));
        let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        let top = if self.y_name.is_empty() { 8.0 } else { 20.0 };
        let bottom = if self.x_name.is_empty() { 20.0 } else { 36.0 };
        let left = match self.ticks {
            [] => label_width(ui, self.y, 4, tick_label) + 8.0,
            ticks => {
                let width = |words: &str| one_line(ui, words, small_font(), t.dim, 80.0).size().x;
                ticks.iter().map(|(_, words)| width(words)).fold(0.0, f32::max) + 8.0
            }
        };
        let area = Rect::from_min_max(
            pos2(rect.left() + left, rect.top() + top),
            pos2(rect.right() - 10.0, rect.bottom() - bottom),
        );
        let frame = Frame::new(area, self.x, self.y);
        if ui.is_rect_visible(rect) {
            if self.ticks.is_empty() {
                frame.paint_y(ui, 4, tick_label);
                frame.paint_x(ui, 4, tick_label);
            } else {
                frame.paint_marks(ui, self.ticks);
            }
            if !self.y_name.is_empty() {
                let galley = one_line(ui, self.y_name, small_font(), t.dim, width - 8.0);
                ui.painter().galley(rect.left_top(), galley, t.dim);
            }
            if !self.x_name.is_empty() {
                let galley = one_line(ui, self.x_name, small_font(), t.dim, area.width());
                let at = pos2(area.right() - galley.size().x, rect.bottom() - galley.size().y);
                ui.painter().galley(at, galley, t.dim);
            }
            if self.diagonal {
                frame.paint_dashed(ui, [frame.x.0, frame.y.0], [frame.x.1, frame.y.1], t.dim);
            }
            for curve in self.curves {
                let color = series_color(t, curve.color);
                frame.paint_line(ui, curve.points, Stroke::new(1.8, color));
                if curve.dots {
                    for p in curve.points.iter().filter(|p| p[0].is_finite() && p[1].is_finite()) {
                        ui.painter().circle(frame.at(p[0], p[1]), 3.0, color, Stroke::new(1.0, t.card));
                    }
                }
            }
            if self.curves.len() > 1 {
                self.paint_names(ui, t, &frame);
            }
            if let Some((x, y, name)) = self.mark.filter(|m| m.0.is_finite() && m.1.is_finite()) {
                let at = frame.at(x, y);
                ui.painter().circle(at, 4.5, t.card, Stroke::new(2.0, t.text));
                let galley = one_line(ui, name, small_font(), t.text, area.width() * 0.6);
                let flip = at.x + 8.0 + galley.size().x > area.right();
                let x = if flip { at.x - 8.0 - galley.size().x } else { at.x + 8.0 };
                let y = (at.y + 3.0).min(area.bottom() - galley.size().y);
                let ground = Rect::from_min_size(pos2(x, y), galley.size()).expand2(vec2(3.0, 0.0));
                ui.painter().rect_filled(ground, 2.0, t.card.gamma_multiply(0.85));
                ui.painter().galley(pos2(x, y), galley, t.text);
            }
        }
        if let Some(pointer) = response.hover_pos().filter(|p| area.contains(*p)) {
            self.read_out(ui, t, &frame, pointer);
        }
        describe(&response, Role::Image, self.name, &self.text_value());
        response
    }

    /// Names stand in the lower right corner, where curves that are any good are not.
    fn paint_names(&self, ui: &Ui, t: &Tokens, frame: &Frame) {
        let mut y = frame.rect.bottom() - 4.0;
        for curve in self.curves.iter().rev().filter(|c| !c.name.is_empty()) {
            let color = series_text_color(t, curve.color);
            let galley = one_line(ui, curve.name, small_font(), color, frame.rect.width() * 0.6);
            y -= galley.size().y + 1.0;
            let x = frame.rect.right() - galley.size().x - 4.0;
            let ground = Rect::from_min_size(pos2(x, y), galley.size()).expand2(vec2(3.0, 0.0));
            ui.painter().rect_filled(ground, 2.0, t.card.gamma_multiply(0.85));
            ui.painter().galley(pos2(x, y), galley, color);
        }
    }

    fn read_out(&self, ui: &Ui, t: &Tokens, frame: &Frame, pointer: eframe::egui::Pos2) {
        let near = self
            .curves
            .iter()
            .flat_map(|c| c.points.iter().map(move |p| (c, p)))
            .filter(|(_, p)| p[0].is_finite() && p[1].is_finite())
            .map(|(c, p)| (c, p, frame.at(p[0], p[1]).distance(pointer)))
            .min_by(|a, b| a.2.total_cmp(&b.2))
            .filter(|n| n.2 < 40.0);
        if let Some((curve, p, _)) = near {
            let at = frame.at(p[0], p[1]);
            ui.painter().circle(at, 4.0, series_color(t, curve.color), Stroke::new(1.0, t.card));
            let word = |name: &str, fallback: &str, v: f64| {
                let value = self.value.map_or_else(|| format::metric(Some(v), None), |words| words(v));
                format!("{} {value}", if name.is_empty() { fallback } else { name })
            };
            let lines = [
                (curve.name.to_owned(), series_text_color(t, curve.color)),
                (word(self.x_name, "x", p[0]), t.dim),
                (word(self.y_name, "y", p[1]), t.dim),
            ];
            paint_read_out(ui, frame.rect, at, &lines);
        }
    }

    fn text_value(&self) -> String {
        self.curves
            .iter()
            .map(|c| format!("{}, {}", c.name, format::counted(c.points.len() as u64, "point")))
            .collect::<Vec<_>>()
            .join("; ")
    }
}
