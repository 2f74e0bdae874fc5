//! Points of two values each: predicted against actual, residuals against predicted.

use eframe::egui::{Rect, Response, Role, Sense, Stroke, Ui, pos2, vec2};

use super::axes::{Frame, label_width, tick_label};
use super::chart::{paint_read_out, series_color};
use super::format;
use super::text::{describe, one_line};
use crate::app::theme::{small_font, tokens};

/// Most points that are drawn; of more, every n-th is.
pub const MAX_POINTS: usize = 2_000;

/// The line the points are judged against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScatterGuide {
    /// None.
    None,
    /// Where y equals x: predicted against actual.
    Diagonal,
    /// Where y is 0: residuals.
    Zero,
}

/// A scatter chart; [`ScatterChart::show`] draws it.
#[must_use = "a chart shows nothing until `show`"]
pub struct ScatterChart<'a> {
    name: &'a str,
    points: &'a [[f64; 2]],
    x_name: &'a str,
    y_name: &'a str,
    guide: ScatterGuide,
    height: f32,
    selected: Option<usize>,
    means: &'a [[f64; 4]],
}

impl<'a> ScatterChart<'a> {
    /// A chart of pairs of x and y; pairs that are not finite are left out.
    pub fn new(name: &'a str, points: &'a [[f64; 2]]) -> Self {
        Self {
            name,
            points,
            x_name: "x",
            y_name: "y",
            guide: ScatterGuide::None,
            height: 220.0,
            selected: None,
            means: &[],
        }
    }

    /// Words along the axes.
    pub fn axes(mut self, x: &'a str, y: &'a str) -> Self {
        self.x_name = x;
        self.y_name = y;
        self
    }

    /// The line the points are judged against.
    pub fn guide(mut self, guide: ScatterGuide) -> Self {
        self.guide = guide;
        self
    }

    /// Height in points.
    pub fn height(mut self, height: f32) -> Self {
        self.height = height;
        self
    }

    /// A line over the points with an interval at each place: x, y, and the interval's ends; ends that are not finite
    /// leave it out.
    pub fn means(mut self, means: &'a [[f64; 4]]) -> Self {
        self.means = means;
        self
    }

    /// The point shown as chosen.
    pub fn selected(mut self, index: Option<usize>) -> Self {
        self.selected = index;
        self
    }

    /// Draws the chart as wide as the room it is given; gives the index of the point that was clicked.
    pub fn show(self, ui: &mut Ui) -> (Response, Option<usize>) {
        let t = tokens(ui);
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), self.height), Sense::click());
        let (mut x, mut y) = (self.range(0), self.range(1));
        match self.guide {
            ScatterGuide::Diagonal => {
                let both = (x.0.min(y.0), x.1.max(y.1));
                (x, y) = (both, both);
            }
            ScatterGuide::Zero => y = (y.0.min(0.0), y.1.max(0.0)),
            ScatterGuide::None => {}
        }
        let pad = |(low, high): (f64, f64)| {
            let p = (high - low) * 0.04;
            (low - p, high + p)
        };
        let (x, y) = (pad(x), pad(y));
        let left = label_width(ui, y, 4, tick_label) + 8.0;
        let area = Rect::from_min_max(
            pos2(rect.left() + left, rect.top() + 20.0),
            pos2(rect.right() - 8.0, rect.bottom() - 36.0),
        );
        let frame = Frame::new(area, x, y);
        let every = self.points.len().div_ceil(MAX_POINTS).max(1);
        let drawn =
            || self.points.iter().enumerate().step_by(every).filter(|(_, p)| p[0].is_finite() && p[1].is_finite());
        if ui.is_rect_visible(rect) {
            frame.paint_y(ui, 4, tick_label);
            frame.paint_x(ui, (area.width() / 60.0).clamp(2.0, 8.0) as usize, tick_label);
            let color = series_color(t, 0).gamma_multiply(0.55);
            let painter = ui.painter().with_clip_rect(area.expand(3.0).intersect(ui.clip_rect()));
            for (_, p) in drawn() {
                painter.circle_filled(frame.at(p[0], p[1]), 2.2, color);
            }
            let stroke = Stroke::new(2.0, series_color(t, 1));
            let line: Vec<[f64; 2]> = self.means.iter().map(|m| [m[0], m[1]]).collect();
            frame.paint_line(ui, &line, stroke);
            for [x, y, low, high] in self.means.iter().filter(|m| m[0].is_finite() && m[1].is_finite()) {
                painter.circle_filled(frame.at(*x, *y), 3.0, stroke.color);
                if low.is_finite() && high.is_finite() {
                    painter.line_segment([frame.at(*x, *low), frame.at(*x, *high)], stroke);
                }
            }
            match self.guide {
                ScatterGuide::Diagonal => {
                    frame.paint_dashed(ui, [frame.x.0, frame.y.0], [frame.x.1, frame.y.1], t.text);
                }
                ScatterGuide::Zero => {
                    frame.paint_dashed(ui, [frame.x.0, 0.0], [frame.x.1, 0.0], t.text);
                }
                ScatterGuide::None => {}
            }
            if let Some(p) = self.selected.and_then(|i| self.points.get(i)) {
                painter.circle_stroke(frame.at(p[0], p[1]), 5.0, Stroke::new(2.0, t.text));
            }
            let galley = one_line(ui, self.y_name, small_font(), t.dim, rect.width());
            ui.painter().galley(rect.left_top(), galley, t.dim);
            let galley = one_line(ui, self.x_name, small_font(), t.dim, area.width());
            let at = pos2(area.right() - galley.size().x, rect.bottom() - galley.size().y);
            ui.painter().galley(at, galley, t.dim);
        }
        let near = response.hover_pos().and_then(|pointer| {
            drawn()
                .map(|(i, p)| (i, p, frame.at(p[0], p[1]).distance(pointer)))
                .min_by(|a, b| a.2.total_cmp(&b.2))
                .filter(|n| n.2 < 12.0)
        });
        if let Some((_, p, _)) = near {
            let at = frame.at(p[0], p[1]);
            ui.painter().circle(at, 4.0, series_color(t, 0), Stroke::new(1.0, t.text));
            let lines = [
                (format!("{} {}", self.x_name, format::number(p[0])), t.dim),
                (format!("{} {}", self.y_name, format::number(p[1])), t.text),
            ];
            paint_read_out(ui, rect, at, &lines);
        }
        let count = self.points.len() as u64;
        let value = if every > 1 {
            format!("{}, every {every}th drawn", format::counted(count, "point"))
        } else {
            format::counted(count, "point")
        };
        describe(&response, Role::Image, self.name, &value);
        let clicked = near.map(|n| n.0).filter(|_| response.clicked());
        (response, clicked)
    }

    fn range(&self, axis: usize) -> (f64, f64) {
        let (low, high) = self
            .points
            .iter()
            .filter_map(|p| p.get(axis).copied())
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        super::axes::sane_range(low, high)
    }
}
