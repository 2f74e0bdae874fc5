//! Rows by columns in five steps of colour; cells that alerted carry a mark of their own.

use eframe::egui::{EventFilter, Key, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::axes::tick_label;
use super::chart::paint_read_out;
use super::format;
use super::icon::paint_diamond;
use super::text::{describe, one_line};
use crate::app::theme::{Tokens, contrast, small_font, tokens};

/// A heatmap; [`Heatmap::show`] draws it.
#[must_use = "a heatmap shows nothing until `show`"]
pub struct Heatmap<'a> {
    name: &'a str,
    rows: &'a [&'a str],
    columns: &'a [&'a str],
    values: &'a dyn Fn(usize, usize) -> Option<f64>,
    alert: &'a dyn Fn(usize, usize) -> bool,
    max: f64,
    threshold: Option<f64>,
    selected: Option<(usize, usize)>,
    cell_height: f32,
    unit: &'a str,
}

/// What a person did with a heatmap.
#[derive(Debug)]
pub struct HeatmapResponse {
    /// The heatmap's response.
    pub response: Response,
    /// The cell that was clicked or reached with the arrow keys, row and column.
    pub clicked: Option<(usize, usize)>,
    /// The cell under the pointer.
    pub hovered: Option<(usize, usize)>,
}

fn never(_: usize, _: usize) -> bool {
    false
}

impl<'a> Heatmap<'a> {
    /// A heatmap whose cell values run from 0 to `max`; `None` is a cell without data.
    pub fn new(
        name: &'a str,
        rows: &'a [&'a str],
        columns: &'a [&'a str],
        max: f64,
        values: &'a dyn Fn(usize, usize) -> Option<f64>,
    ) -> Self {
        Self {
            name,
            rows,
            columns,
            values,
            alert: &never,
            max: if max.is_finite() && max > 0.0 { max } else { 1.0 },
            threshold: None,
            selected: None,
            cell_height: 18.0,
            unit: "",
        }
    }

    /// Which cells alerted; they carry a diamond.
    pub fn alerts(mut self, alert: &'a dyn Fn(usize, usize) -> bool) -> Self {
        self.alert = alert;
        self
    }

    /// The value from which the warm colours begin; without it they begin at 60 % of the largest.
    pub fn threshold(mut self, threshold: Option<f64>) -> Self {
        self.threshold = threshold;
        self
    }

    /// The cell shown as chosen.
    pub fn selected(mut self, cell: Option<(usize, usize)>) -> Self {
        self.selected = cell;
        self
    }

    /// Height of a row in points.
    pub fn cell_height(mut self, height: f32) -> Self {
        self.cell_height = height.max(6.0);
        self
    }

    /// Words after a value in the read-out: the method, the unit.
    pub fn unit(mut self, unit: &'a str) -> Self {
        self.unit = unit;
        self
    }

    /// Step of the colour scale, 0 to 4.
    fn level(&self, value: f64) -> usize {
        let warm = self.threshold.filter(|v| *v > 0.0 && *v < self.max).unwrap_or(self.max * 0.6);
        if value >= warm {
            return if value >= warm + (self.max - warm) * 0.5 { 4 } else { 3 };
        }
        ((value / warm * 3.0).floor().max(0.0) as usize).min(2)
    }

    /// Draws the heatmap as wide as the room it is given.
    pub fn show(self, ui: &mut Ui) -> HeatmapResponse {
        let t = tokens(ui);
        let width = ui.available_width();
        let label_room = (width * 0.28).min(140.0);
        let label_width = self
            .rows
            .iter()
            .take(200)
            .map(|r| one_line(ui, r, small_font(), t.text, label_room).size().x)
            .fold(0.0, f32::max)
            + 8.0;
        let legend_height = 20.0;
        let axis_height = 20.0;
        let height = legend_height + self.cell_height * self.rows.len() as f32 + axis_height;
        let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
        let area = Rect::from_min_max(
            pos2(rect.left() + label_width, rect.top() + legend_height),
            pos2(rect.right(), rect.bottom() - axis_height),
        );
        let columns = self.columns.len().max(1) as f32;
        let cell = vec2((area.width() / columns).min(self.cell_height * 3.0), self.cell_height);
        let cell_at = |place: eframe::egui::Pos2| {
            if !area.contains(place) {
                return None;
            }
            let row = ((place.y - area.top()) / cell.y) as usize;
            let column = ((place.x - area.left()) / cell.x) as usize;
            (row < self.rows.len() && column < self.columns.len()).then_some((row, column))
        };
        if ui.is_rect_visible(rect) {
            self.paint(ui, t, area, cell);
            self.paint_legend(ui, t, rect);
        }
        let hovered = response.hover_pos().and_then(cell_at);
        let mut clicked = response.interact_pointer_pos().filter(|_| response.clicked()).and_then(cell_at);
        if response.has_focus() {
            ui.painter().rect_stroke(area.expand(2.0), 3.0, Stroke::new(1.5, t.accent), StrokeKind::Outside);
            clicked = clicked.or_else(|| self.step(ui, response.id));
        }
        if let Some((row, column)) = hovered {
            let at = Self::cell_rect(area, cell, row, column);
            ui.painter().rect_stroke(at, 2.0, Stroke::new(1.0, t.text), StrokeKind::Outside);
            let lines = [
                (self.rows.get(row).map_or(String::new(), |r| (*r).to_owned()), t.text),
                (self.words(row, column), t.dim),
            ];
            paint_read_out(ui, rect, at.center(), &lines);
        }
        describe(&response, Role::Image, self.name, &self.text_value());
        HeatmapResponse { response, clicked, hovered }
    }

    fn words(&self, row: usize, column: usize) -> String {
        let value = format::number_opt((self.values)(row, column));
        let at = self.columns.get(column).copied().unwrap_or_default();
        let alert = if (self.alert)(row, column) { " · alert" } else { "" };
        let unit = if self.unit.is_empty() { String::new() } else { format!("{} ", self.unit) };
        format!("{at} · {unit}{value}{alert}")
    }

    /// The largest value and the number of alerts in words, and the chosen cell.
    fn text_value(&self) -> String {
        let mut largest: Option<(f64, usize, usize)> = None;
        let mut alerts = 0;
        for row in 0..self.rows.len() {
            for column in 0..self.columns.len() {
                alerts += u64::from((self.alert)(row, column));
                if let Some(v) = (self.values)(row, column).filter(|v| v.is_finite())
                    && largest.is_none_or(|(best, _, _)| v > best)
                {
                    largest = Some((v, row, column));
                }
            }
        }
        let mut text = match largest {
            Some((v, row, column)) => format!(
                "largest {} in {} at {}; {}",
                format::number(v),
                self.rows.get(row).copied().unwrap_or_default(),
                self.columns.get(column).copied().unwrap_or_default(),
                format::counted(alerts, "alert")
            ),
            None => "no values".to_owned(),
        };
        if let Some((row, column)) = self.selected {
            let name = self.rows.get(row).copied().unwrap_or_default();
            text.push_str("; chosen ");
            text.push_str(name);
            text.push(' ');
            text.push_str(&self.words(row, column));
        }
        text
    }

    /// The cell the arrow keys lead to.
    fn step(&self, ui: &Ui, id: eframe::egui::Id) -> Option<(usize, usize)> {
        ui.memory_mut(|m| {
            m.set_focus_lock_filter(
                id,
                EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() },
            );
        });
        let pressed = |key| ui.input(|i| i.key_pressed(key));
        let (up, down) = (pressed(Key::ArrowUp), pressed(Key::ArrowDown));
        let (left, right) = (pressed(Key::ArrowLeft), pressed(Key::ArrowRight));
        if !(up || down || left || right) || self.rows.is_empty() || self.columns.is_empty() {
            return None;
        }
        let Some((row, column)) = self.selected else {
            return Some((0, self.columns.len() - 1));
        };
        let move_by = |at: usize, back: bool, on: bool, n: usize| {
            (at + usize::from(on)).saturating_sub(usize::from(back)).min(n - 1)
        };
        Some((move_by(row, up, down, self.rows.len()), move_by(column, left, right, self.columns.len())))
    }

    fn cell_rect(area: Rect, cell: eframe::egui::Vec2, row: usize, column: usize) -> Rect {
        let gap = if cell.x > 6.0 { 1.0 } else { 0.0 };
        Rect::from_min_size(pos2(area.left() + cell.x * column as f32, area.top() + cell.y * row as f32), cell)
            .shrink(gap)
    }

    fn paint(&self, ui: &Ui, t: &Tokens, area: Rect, cell: eframe::egui::Vec2) {
        let painter = ui.painter();
        let ink = |ground| if contrast(t.on_heat, ground) > contrast(t.text, ground) { t.on_heat } else { t.text };
        let inks = t.heat.map(ink);
        for (row, name) in self.rows.iter().enumerate() {
            let y = area.top() + cell.y * row as f32;
            if !ui.clip_rect().y_range().intersects((y..=y + cell.y).into()) {
                continue;
            }
            let room = area.left() - ui.min_rect().left().min(area.left()) - 8.0;
            let galley = one_line(ui, name, small_font(), t.text, room.max(20.0));
            painter.galley(
                pos2(area.left() - 8.0 - galley.size().x, y + cell.y / 2.0 - galley.size().y / 2.0),
                galley,
                t.text,
            );
            for column in 0..self.columns.len() {
                let at = Self::cell_rect(area, cell, row, column);
                let level = (self.values)(row, column).filter(|v| v.is_finite()).map(|value| self.level(value));
                match level {
                    Some(level) => {
                        let color = t.heat.get(level).copied().unwrap_or(t.grid);
                        painter.rect_filled(at, 2.0, color);
                    }
                    None => {
                        painter.hline(
                            at.center().x - 2.0..=at.center().x + 2.0,
                            at.center().y,
                            Stroke::new(1.0, t.line),
                        );
                    }
                }
                if (self.alert)(row, column) {
                    let radius = (at.width().min(at.height()) * 0.28).clamp(2.0, 5.0);
                    let ink = level.and_then(|level| inks.get(level)).copied().unwrap_or(t.text);
                    paint_diamond(painter, at.center(), radius, ink, ink);
                }
                if self.selected == Some((row, column)) {
                    painter.rect_stroke(at, 2.0, Stroke::new(2.0, t.text), StrokeKind::Outside);
                }
            }
        }
        let mut free = f32::NEG_INFINITY;
        let mut shown = "";
        for (column, name) in self.columns.iter().enumerate() {
            let x = area.left() + cell.x * (column as f32 + 0.5);
            let galley = one_line(ui, name, small_font(), t.dim, 120.0);
            let left = (x - galley.size().x / 2.0).max(area.left() - 4.0);
            // One label stands for a run of columns of the same name, such as the weeks of a month.
            if *name == shown || left < free || left + galley.size().x > area.right() + 4.0 {
                continue;
            }
            free = left + galley.size().x + 14.0;
            shown = name;
            painter.galley(pos2(left, area.bottom() + 4.0), galley, t.dim);
        }
    }

    fn paint_legend(&self, ui: &Ui, t: &Tokens, rect: Rect) {
        let painter = ui.painter();
        let mut x = rect.right();
        let y = rect.top();
        let word = |x: &mut f32, text: &str| {
            let galley = one_line(ui, text, small_font(), t.dim, 120.0);
            *x -= galley.size().x;
            painter.galley(pos2(*x, y), galley, t.dim);
            *x -= 5.0;
        };
        word(&mut x, "alert");
        paint_diamond(painter, pos2(x - 5.0, y + 7.0), 4.5, t.dim, t.dim);
        x -= 22.0;
        word(&mut x, &tick_label(self.max, self.max / 10.0));
        for color in t.heat.iter().rev() {
            x -= 12.0;
            let swatch = Rect::from_min_size(pos2(x, y + 2.0), vec2(11.0, 11.0));
            painter.rect(swatch, 2.0, *color, Stroke::new(0.5, t.line), StrokeKind::Inside);
        }
        x -= 4.0;
        word(&mut x, "0");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_colours_begin_at_the_threshold() {
        let value = |_: usize, _: usize| Some(0.0);
        let map = Heatmap::new("m", &[], &[], 0.6, &value).threshold(Some(0.1));
        assert_eq!(map.level(0.0), 0);
        assert_eq!(map.level(0.05), 1);
        assert_eq!(map.level(0.09), 2);
        assert_eq!(map.level(0.1), 3);
        assert_eq!(map.level(0.6), 4);
        assert_eq!(map.level(9.0), 4);
        assert_eq!(map.level(-1.0), 0);
    }
}
