//! What was against what was said: counts and shares of their row, for up to 20 classes.

use eframe::egui::{CursorIcon, FontId, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::format;
use super::text::{describe, note, one_line};
use crate::app::theme::{Tokens, ink_on, semibold_family, small_font, tokens};

/// Most classes that are drawn; the rest is said in words.
pub const MAX_CLASSES: usize = 20;

/// What stands large in a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CellWords {
    /// The number of rows, with their share of the row below.
    #[default]
    Counts,
    /// The share of the row's class, with the number of rows below.
    OfRow,
    /// The share of the column's class, with the number of rows below.
    OfColumn,
}

/// A confusion matrix; [`ConfusionMatrix::show`] draws it.
#[must_use = "a matrix shows nothing until `show`"]
pub struct ConfusionMatrix<'a> {
    name: &'a str,
    labels: &'a [&'a str],
    count: &'a dyn Fn(usize, usize) -> u64,
    selected: Option<(usize, usize)>,
    words: (&'a str, &'a str),
    cells: CellWords,
}

impl<'a> ConfusionMatrix<'a> {
    /// `count(was, said)` is the number of rows of class `was` that were said to be `said`.
    pub fn new(name: &'a str, labels: &'a [&'a str], count: &'a dyn Fn(usize, usize) -> u64) -> Self {
        Self { name, labels, count, selected: None, words: ("was", "said"), cells: CellWords::Counts }
    }

    /// The cell shown as chosen, row (was) and column (said).
    pub fn selected(mut self, cell: Option<(usize, usize)>) -> Self {
        self.selected = cell;
        self
    }

    /// What stands large in the cells, and by what they are coloured.
    pub fn cells(mut self, cells: CellWords) -> Self {
        self.cells = cells;
        self
    }

    /// Words before a class in its row and in its column.
    pub fn words(mut self, row: &'a str, column: &'a str) -> Self {
        self.words = (row, column);
        self
    }

    /// Draws the matrix; gives the cell that was clicked, row (was) and column (said).
    pub fn show(self, ui: &mut Ui) -> (Response, Option<(usize, usize)>) {
        let t = tokens(ui);
        let k = self.labels.len().min(MAX_CLASSES);
        let width = ui.available_width();
        let row_words: Vec<String> = self.labels.iter().take(k).map(|l| Self::label(self.words.0, l, k)).collect();
        let column_words: Vec<String> = self.labels.iter().take(k).map(|l| Self::label(self.words.1, l, k)).collect();
        let label =
            row_words.iter().map(|w| one_line(ui, w, small_font(), t.dim, width * 0.3).size().x).fold(0.0, f32::max)
                + 8.0;
        let gap = if k > 8 { 1.0 } else { 3.0 };
        let columns = k.max(1) as f32;
        let cell_width = ((width - label) / columns).clamp(14.0, 120.0);
        let cell_height = cell_width.min(match k {
            0..=3 => 62.0,
            4..=6 => 44.0,
            7..=10 => 32.0,
            _ => 22.0,
        });
        // Names of columns that do not fit above their cell are cut; the hover text has them whole.
        let head = 18.0;
        let size = vec2(label + cell_width * columns, head + cell_height * k as f32);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let origin = pos2(rect.left() + label, rect.top() + head);
        let all = self.labels.len();
        let totals: Vec<u64> = match self.cells {
            CellWords::OfColumn => (0..k).map(|said| (0..all).map(|was| (self.count)(was, said)).sum()).collect(),
            _ => (0..k).map(|was| (0..all).map(|said| (self.count)(was, said)).sum()).collect(),
        };
        let mut clicked = None;
        for was in 0..k {
            let y = origin.y + cell_height * was as f32;
            if let Some(words) = row_words.get(was) {
                let galley = one_line(ui, words, small_font(), t.dim, label - 8.0);
                let at = pos2(origin.x - 8.0 - galley.size().x, y + cell_height / 2.0 - galley.size().y / 2.0);
                ui.painter().galley(at, galley, t.dim);
            }
            if let Some(words) = column_words.get(was) {
                let galley = one_line(ui, words, small_font(), t.dim, cell_width - 2.0);
                let x = origin.x + cell_width * (was as f32 + 0.5) - galley.size().x / 2.0;
                ui.painter().galley(pos2(x, rect.top() + 1.0), galley, t.dim);
            }
            for said in 0..k {
                let at =
                    Rect::from_min_size(pos2(origin.x + cell_width * said as f32, y), vec2(cell_width, cell_height))
                        .shrink(gap / 2.0);
                let line = if self.cells == CellWords::OfColumn { said } else { was };
                let total = totals.get(line).copied().unwrap_or(0);
                if self.cell(ui, t, at, was, said, total) {
                    clicked = Some((was, said));
                }
            }
        }
        describe(&response, Role::Group, self.name, &self.text_value(k));
        if self.labels.len() > k {
            note(ui, &format!("The first {k} of {} classes are drawn", self.labels.len()));
        }
        (response, clicked)
    }

    fn label(word: &str, label: &str, k: usize) -> String {
        if k <= 3 { format!("{word} {label}") } else { label.to_owned() }
    }

    fn cell(&self, ui: &Ui, t: &Tokens, at: Rect, was: usize, said: usize, total: u64) -> bool {
        let n = (self.count)(was, said);
        let share = if total == 0 { f64::NAN } else { n as f64 / total as f64 };
        let percent = format::percent(share);
        let of = if self.cells == CellWords::OfColumn { "column" } else { "row" };
        let name = format!(
            "{} {}, {} {}: {}, {percent} of {of}",
            self.words.0,
            self.labels.get(was).copied().unwrap_or_default(),
            self.words.1,
            self.labels.get(said).copied().unwrap_or_default(),
            format::counted(n, "row"),
        );
        let response = ui.interact(at, ui.make_persistent_id((self.name, was, said)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, self.selected == Some((was, said)), &name));
        let hue = if was == said { t.accent } else { t.series[3] };
        let strength = if share.is_finite() { share as f32 } else { 0.0 };
        let ground = t.card.lerp_to_gamma(hue, 0.10 + 0.7 * strength);
        let painter = ui.painter();
        painter.rect_filled(at, 4.0, ground);
        if self.selected == Some((was, said)) {
            painter.rect_stroke(at, 4.0, Stroke::new(2.0, t.text), StrokeKind::Inside);
        } else if response.hovered() || response.has_focus() {
            painter.rect_stroke(at, 4.0, Stroke::new(1.5, t.dim), StrokeKind::Inside);
        }
        let ink = ink_on(t, ground);
        let two_lines = at.height() >= 36.0 && at.width() >= 50.0;
        let number_size = if at.height() >= 50.0 { 16.0 } else { 12.0 };
        let font = FontId::new(number_size, semibold_family());
        let counts = self.cells == CellWords::Counts;
        let large = if counts { format::count(n) } else { percent.clone() };
        let mut number = one_line(ui, &large, font, ink, at.width() * 2.0);
        if number.size().x > at.width() - 4.0 {
            let short = if counts { format::count_short(n) } else { percent.replace(' ', "") };
            number = one_line(ui, &short, small_font(), ink, at.width() * 2.0);
        }
        if at.height() >= 14.0 && number.size().x <= at.width() {
            let lift = if two_lines { 8.0 } else { 0.0 };
            let place = at.center() - number.size() / 2.0 - vec2(0.0, lift);
            painter.galley(place, number, ink);
            if two_lines {
                let (wide, narrow) = if counts {
                    (format!("{percent} of row"), percent)
                } else {
                    (format::counted(n, "row"), format::count_short(n))
                };
                let mut small = one_line(ui, &wide, small_font(), ink, at.width() - 4.0);
                if small.elided {
                    small = one_line(ui, &narrow, small_font(), ink, at.width() - 4.0);
                }
                let place = at.center() - small.size() / 2.0 + vec2(0.0, 10.0);
                painter.galley(place, small, ink);
            }
        }
        let clicked = response.clicked();
        response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(name);
        clicked
    }

    fn text_value(&self, k: usize) -> String {
        let all: u64 = (0..k).flat_map(|i| (0..k).map(move |j| (i, j))).map(|(i, j)| (self.count)(i, j)).sum();
        let right: u64 = (0..k).map(|i| (self.count)(i, i)).sum();
        format!("{} of {} said as they were", format::count(right), format::counted(all, "row"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::theme::{DARK, LIGHT, contrast};

    #[test]
    fn numbers_stand_out_at_every_share() {
        for t in [&DARK, &LIGHT] {
            for hue in [t.accent, t.series[3]] {
                for step in 0..=20u8 {
                    let ground = t.card.lerp_to_gamma(hue, 0.10 + 0.7 * f32::from(step) / 20.0);
                    let c = contrast(ink_on(t, ground), ground);
                    assert!(c >= 4.5, "{step}: {c:.2}");
                }
            }
        }
    }
}
