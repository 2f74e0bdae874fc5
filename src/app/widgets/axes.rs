//! The frame of a painted chart: round ticks, the grid and the map from values to points.

use eframe::egui::{Color32, Pos2, Rect, Shape, Stroke, Ui, pos2};

use super::format;
use super::text::one_line;
use crate::app::theme::{LINE_WIDTH, small_font, tokens};

/// Round values (1, 2 or 5 times a power of ten) from `low` to `high`, about `wanted` of them.
/// Empty when the range is empty or not finite.
pub fn ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 || wanted == 0 {
        return Vec::new();
    }
    let raw = span / wanted as f64;
    let magnitude = 10_f64.powf(raw.log10().floor());
    let distance = |step: &f64| (step / raw).ln().abs();
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * magnitude)
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .unwrap_or(raw);
    if !step.is_normal() {
        return Vec::new();
    }
    let first = (low / step - 1e-9).ceil();
    (0..64u32)
        .map(|i| (first + f64::from(i)) * step)
        .take_while(|v| *v <= high + step * 1e-9)
        .map(|v| if v.abs() < step * 1e-9 { 0.0 } else { v })
        .collect()
}

/// A label for a tick, with the decimals the distance between ticks needs.
pub fn tick_label(value: f64, step: f64) -> String {
    let size = value.abs().max(step.abs());
    if size >= 1e7 || (size > 0.0 && size < 1e-4) {
        return format::number(value);
    }
    let decimals = if step > 0.0 && step.is_finite() { (-step.log10().floor()).clamp(0.0, 8.0) as usize } else { 2 };
    format::decimal(value, decimals)
}

/// Widens an empty range and replaces one that is not finite, so that a chart has room.
pub fn sane_range(low: f64, high: f64) -> (f64, f64) {
    if !low.is_finite() || !high.is_finite() || low > high {
        return (0.0, 1.0);
    }
    if high - low <= f64::EPSILON * low.abs().max(1.0) {
        let pad = if low == 0.0 { 0.5 } else { low.abs() * 0.05 };
        return (low - pad, high + pad);
    }
    (low, high)
}

/// The plotting area and the values at its edges.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// The area in points.
    pub rect: Rect,
    /// Values at the left and the right edge.
    pub x: (f64, f64),
    /// Values at the lower and the upper edge.
    pub y: (f64, f64),
}

impl Frame {
    /// A frame whose ranges are neither empty nor infinite.
    pub fn new(rect: Rect, x: (f64, f64), y: (f64, f64)) -> Self {
        Self { rect, x: sane_range(x.0, x.1), y: sane_range(y.0, y.1) }
    }

    /// Where a value stands from left to right, in points.
    pub fn at_x(&self, x: f64) -> f32 {
        let share = (x - self.x.0) / (self.x.1 - self.x.0);
        self.rect.left() + self.rect.width() * share.clamp(-10.0, 10.0) as f32
    }

    /// Where a value stands from below to above, in points.
    pub fn at_y(&self, y: f64) -> f32 {
        let share = (y - self.y.0) / (self.y.1 - self.y.0);
        self.rect.bottom() - self.rect.height() * share.clamp(-10.0, 10.0) as f32
    }

    /// Where a pair of values stands.
    pub fn at(&self, x: f64, y: f64) -> Pos2 {
        pos2(self.at_x(x), self.at_y(y))
    }

    /// The value of x at a place, in points from the left of the window.
    pub fn x_of(&self, place: f32) -> f64 {
        let share = f64::from((place - self.rect.left()) / self.rect.width().max(1.0));
        self.x.0 + share * (self.x.1 - self.x.0)
    }

    /// Horizontal grid lines with their labels to the left of the area.
    pub fn paint_y(&self, ui: &Ui, wanted: usize, label: impl Fn(f64, f64) -> String) {
        let t = tokens(ui);
        let marks = ticks(self.y.0, self.y.1, wanted);
        let step = step_of(&marks);
        for mark in marks {
            let y = self.at_y(mark).round() + 0.5;
            ui.painter().hline(self.rect.x_range(), y, Stroke::new(LINE_WIDTH, t.grid));
            let galley = one_line(ui, &label(mark, step), small_font(), t.dim, 80.0);
            let at = pos2(self.rect.left() - 6.0 - galley.size().x, y - galley.size().y / 2.0);
            ui.painter().galley(at, galley, t.dim);
        }
    }

    /// Labels of x below the area; those that would touch are left out.
    pub fn paint_x(&self, ui: &Ui, wanted: usize, label: impl Fn(f64, f64) -> String) {
        let marks = ticks(self.x.0, self.x.1, wanted);
        let step = step_of(&marks);
        let mut free = f32::NEG_INFINITY;
        for mark in marks {
            self.paint_x_label(ui, self.at_x(mark), &label(mark, step), &mut free);
        }
    }

    /// Grid lines and labels of both axes at given places, for a scale that is not straight; labels that would touch
    /// are left out.
    pub fn paint_marks(&self, ui: &Ui, marks: &[(f64, &str)]) {
        let t = tokens(ui);
        let mut above = f32::INFINITY;
        let mut free = f32::NEG_INFINITY;
        for (value, words) in marks {
            if (self.y.0..=self.y.1).contains(value) {
                let y = self.at_y(*value).round() + 0.5;
                ui.painter().hline(self.rect.x_range(), y, Stroke::new(LINE_WIDTH, t.grid));
                let galley = one_line(ui, words, small_font(), t.dim, 80.0);
                let at = pos2(self.rect.left() - 6.0 - galley.size().x, y - galley.size().y / 2.0);
                if at.y + galley.size().y < above {
                    above = at.y;
                    ui.painter().galley(at, galley, t.dim);
                }
            }
            if (self.x.0..=self.x.1).contains(value) {
                let x = self.at_x(*value);
                ui.painter().vline(x.round() + 0.5, self.rect.y_range(), Stroke::new(LINE_WIDTH, t.grid));
                self.paint_x_label(ui, x, words, &mut free);
            }
        }
    }

    /// One label below the area, centred at `x`, unless it would begin before `free`.
    pub fn paint_x_label(&self, ui: &Ui, x: f32, text: &str, free: &mut f32) {
        let t = tokens(ui);
        let galley = one_line(ui, text, small_font(), t.dim, 120.0);
        let left =
            (x - galley.size().x / 2.0).min(self.rect.right() + 10.0 - galley.size().x).max(self.rect.left() - 10.0);
        if left < *free {
            return;
        }
        *free = left + galley.size().x + 8.0;
        ui.painter().galley(pos2(left, self.rect.bottom() + 4.0), galley, t.dim);
    }

    /// A line through the pairs; pairs that are not finite leave a gap.
    pub fn paint_line(&self, ui: &Ui, points: &[[f64; 2]], stroke: Stroke) {
        let painter = ui.painter().with_clip_rect(self.rect.expand(2.0));
        for run in points.split(|p| !(p[0].is_finite() && p[1].is_finite())) {
            let line: Vec<Pos2> = run.iter().map(|p| self.at(p[0], p[1])).collect();
            if line.len() > 1 {
                painter.add(Shape::line(line, stroke));
            }
        }
    }

    /// A dashed straight line between two pairs.
    pub fn paint_dashed(&self, ui: &Ui, from: [f64; 2], to: [f64; 2], color: Color32) {
        ui.painter().with_clip_rect(self.rect.expand(1.0)).extend(Shape::dashed_line(
            &[self.at(from[0], from[1]), self.at(to[0], to[1])],
            Stroke::new(1.2, color),
            4.0,
            4.0,
        ));
    }
}

fn step_of(marks: &[f64]) -> f64 {
    match marks {
        [a, b, ..] => b - a,
        [a] => a.abs(),
        [] => 1.0,
    }
}

/// Width of the widest label of the ticks of a range, in points.
pub fn label_width(ui: &Ui, range: (f64, f64), wanted: usize, label: impl Fn(f64, f64) -> String) -> f32 {
    let t = tokens(ui);
    let (low, high) = sane_range(range.0, range.1);
    let marks = ticks(low, high, wanted);
    let step = step_of(&marks);
    marks.iter().map(|m| one_line(ui, &label(*m, step), small_font(), t.dim, 80.0).size().x).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 10.0, 2), vec![0.0, 5.0, 10.0]);
        let marks = ticks(0.58, 0.72, 4);
        assert_eq!(marks.len(), 3);
        for (mark, wanted) in marks.iter().zip([0.6, 0.65, 0.7]) {
            assert!((mark - wanted).abs() < 1e-9, "{marks:?}");
        }
        assert!(ticks(1.0, 1.0, 4).is_empty());
        assert!(ticks(0.0, f64::NAN, 4).is_empty());
        assert!(ticks(f64::MIN, f64::MAX, 4).is_empty());
    }

    #[test]
    fn labels_have_the_decimals_of_their_step() {
        assert_eq!(tick_label(0.65, 0.05), "0.65");
        assert_eq!(tick_label(20_000.0, 5_000.0), "20,000");
        assert_eq!(tick_label(-3.0, 1.0), "−3");
    }

    #[test]
    fn a_frame_of_one_value_has_room() {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), eframe::egui::vec2(100.0, 50.0));
        let frame = Frame::new(rect, (2.0, 2.0), (0.0, 0.0));
        assert!((frame.at_x(2.0) - 50.0).abs() < 0.01);
        assert!((frame.at_y(0.0) - 25.0).abs() < 0.01);
        assert!((frame.x_of(50.0) - 2.0).abs() < 1e-6);
    }
}
