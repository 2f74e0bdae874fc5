//! Shares of the reference beside those of the data at hand, for numbers and for categories,
//! and plain horizontal bars.

use eframe::egui::{Rect, Response, Role, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::axes::{Frame, label_width, tick_label};
use super::chart::{paint_read_out, series_color, series_text_color};
use super::format;
use super::text::{describe, one_line};
use crate::app::theme::{LINE_WIDTH, Status, small_font, tokens};

/// What stands on the horizontal axis.
#[derive(Debug, Clone, Copy)]
enum Bins<'a> {
    /// Edges, one more than bins.
    Edges(&'a [f64]),
    /// Names of categories.
    Names(&'a [&'a str]),
}

/// Two distributions on the same bins; [`HistogramPair::show`] draws them.
#[must_use = "a histogram shows nothing until `show`"]
pub struct HistogramPair<'a> {
    name: &'a str,
    bins: Bins<'a>,
    reference: &'a [f64],
    current: &'a [f64],
    names: (&'a str, &'a str),
    unit: &'a str,
    height: f32,
    mark: Option<(f64, &'a str)>,
    value: Option<&'a str>,
}

impl<'a> HistogramPair<'a> {
    /// Shares (0 to 1) of a number's bins; `edges` has one value more than there are bins.
    pub fn numeric(name: &'a str, edges: &'a [f64], reference: &'a [f64], current: &'a [f64]) -> Self {
        Self {
            name,
            bins: Bins::Edges(edges),
            reference,
            current,
            names: ("reference", "now"),
            unit: "",
            height: 170.0,
            mark: None,
            value: None,
        }
    }

    /// Shares (0 to 1) of categories.
    pub fn categorical(name: &'a str, categories: &'a [&'a str], reference: &'a [f64], current: &'a [f64]) -> Self {
        Self { bins: Bins::Names(categories), ..Self::numeric(name, &[], reference, current) }
    }

    /// What the two distributions are called.
    pub fn names(mut self, reference: &'a str, current: &'a str) -> Self {
        self.names = (reference, current);
        self
    }

    /// Unit of the horizontal axis.
    pub fn unit(mut self, unit: &'a str) -> Self {
        self.unit = unit;
        self
    }

    /// Height in points.
    pub fn height(mut self, height: f32) -> Self {
        self.height = height;
        self
    }

    /// A named place on the horizontal axis of a number, such as the threshold in use.
    pub fn mark(mut self, x: f64, name: &'a str) -> Self {
        self.mark = Some((x, name));
        self
    }

    /// The text value, in place of the bin that differs most.
    pub fn value(mut self, words: &'a str) -> Self {
        self.value = Some(words);
        self
    }

    fn len(&self) -> usize {
        match self.bins {
            Bins::Edges(edges) => edges.len().saturating_sub(1),
            Bins::Names(names) => names.len(),
        }
    }

    /// Draws both distributions as wide as the room they are given; gives the bin that was clicked.
    pub fn show(self, ui: &mut Ui) -> (Response, Option<usize>) {
        let t = tokens(ui);
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), self.height.max(60.0)), Sense::click());
        let n = self.len();
        let top =
            self.reference.iter().chain(self.current).copied().filter(|v| v.is_finite()).fold(0.0, f64::max).max(1e-9);
        let y = (0.0, top * 1.05);
        let share = |v: f64, step: f64| format!("{} %", tick_label(v * 100.0, step * 100.0));
        let left = label_width(ui, y, 3, share) + 8.0;
        let area = Rect::from_min_max(
            pos2(rect.left() + left, rect.top() + 20.0),
            pos2(rect.right() - 4.0, rect.bottom() - 20.0),
        );
        let x = match self.bins {
            Bins::Edges(edges) => (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(1.0)),
            Bins::Names(names) => (0.0, names.len().max(1) as f64),
        };
        let frame = Frame::new(area, x, y);
        let bounds = |i: usize| match self.bins {
            Bins::Edges(edges) => {
                (edges.get(i).copied().unwrap_or(f64::NAN), edges.get(i + 1).copied().unwrap_or(f64::NAN))
            }
            Bins::Names(_) => (i as f64, i as f64 + 1.0),
        };
        let hovered = response
            .hover_pos()
            .filter(|p| area.x_range().contains(p.x))
            .map(|p| frame.x_of(p.x))
            .and_then(|x| (0..n).find(|i| bounds(*i).0 <= x && x < bounds(*i).1));
        if ui.is_rect_visible(rect) {
            frame.paint_y(ui, 3, share);
            let overlay = matches!(self.bins, Bins::Edges(_));
            for i in 0..n {
                let (from, to) = bounds(i);
                if !(from.is_finite() && to.is_finite()) {
                    continue;
                }
                let (l, r) = (frame.at_x(from), frame.at_x(to));
                let gap = ((r - l) * 0.08).min(2.0);
                let bar = |l: f32, r: f32, share: Option<&f64>, color| {
                    if let Some(share) = share.filter(|s| s.is_finite() && **s > 0.0) {
                        let top = frame.at_y(*share).min(area.bottom() - 1.0);
                        ui.painter().rect_filled(Rect::from_min_max(pos2(l, top), pos2(r, area.bottom())), 1.0, color);
                    }
                };
                let lit = if hovered == Some(i) { 1.0 } else { 0.85 };
                if overlay {
                    let (l, r) = (l + gap / 2.0, (r - gap / 2.0).max(l + 1.0));
                    bar(l, r, self.reference.get(i), t.reference.gamma_multiply(0.75 * lit));
                    bar(l, r, self.current.get(i), t.accent.gamma_multiply(0.75 * lit));
                } else {
                    let third = (r - l) * 0.36;
                    let middle = f32::midpoint(l, r);
                    bar(middle - third, middle - 0.5, self.reference.get(i), t.reference.gamma_multiply(lit));
                    bar(middle + 0.5, middle + third, self.current.get(i), t.accent.gamma_multiply(lit));
                }
            }
            ui.painter().hline(area.x_range(), area.bottom() + 0.5, Stroke::new(LINE_WIDTH, t.line));
            match self.bins {
                Bins::Edges(_) => {
                    let wanted = (area.width() / 64.0).clamp(2.0, 8.0) as usize;
                    let unit = self.unit;
                    frame.paint_x(ui, wanted, |v, step| {
                        let space = if unit.is_empty() { "" } else { " " };
                        format!("{}{space}{unit}", tick_label(v, step))
                    });
                }
                Bins::Names(names) => {
                    let slot = area.width() / names.len().max(1) as f32;
                    let mut free = f32::NEG_INFINITY;
                    for (i, name) in names.iter().enumerate() {
                        let galley = one_line(ui, name, small_font(), t.dim, (slot - 6.0).max(24.0));
                        let x = frame.at_x(i as f64 + 0.5) - galley.size().x / 2.0;
                        if x >= free {
                            free = x + galley.size().x + 4.0;
                            ui.painter().galley(pos2(x, area.bottom() + 4.0), galley, t.dim);
                        }
                    }
                }
            }
            self.paint_names(ui, rect);
            if let Some((x, name)) = self.mark.filter(|m| (frame.x.0..=frame.x.1).contains(&m.0)) {
                let at = frame.at_x(x);
                let ends = [pos2(at, area.top()), pos2(at, area.bottom())];
                ui.painter().extend(Shape::dashed_line(&ends, Stroke::new(1.5, t.text), 5.0, 4.0));
                let galley = one_line(ui, name, small_font(), t.text, area.width() * 0.5);
                let flip = at + 6.0 + galley.size().x > area.right();
                let left = if flip { at - 6.0 - galley.size().x } else { at + 6.0 };
                let ground = Rect::from_min_size(pos2(left, area.top()), galley.size()).expand2(vec2(3.0, 0.0));
                ui.painter().rect_filled(ground, 2.0, t.card.gamma_multiply(0.85));
                ui.painter().galley(pos2(left, area.top()), galley, t.text);
            }
        }
        if let Some(i) = hovered {
            let lines = [
                (self.bin_words(i), t.dim),
                (format!("{} {}", self.names.0, format::percent_opt(self.reference.get(i).copied())), t.dim),
                (format!("{} {}", self.names.1, format::percent_opt(self.current.get(i).copied())), t.accent_text),
            ];
            if let Some(p) = response.hover_pos() {
                paint_read_out(ui, rect, p, &lines);
            }
        }
        let value = self.value.map_or_else(|| self.text_value(), ToOwned::to_owned);
        describe(&response, Role::Image, self.name, &value);
        let clicked = hovered.filter(|_| response.clicked());
        (response, clicked)
    }

    fn bin_words(&self, i: usize) -> String {
        match self.bins {
            Bins::Edges(edges) => match (edges.get(i), edges.get(i + 1)) {
                (Some(a), Some(b)) => {
                    format!("{} to {} {}", format::number(*a), format::number(*b), self.unit)
                }
                _ => String::new(),
            },
            Bins::Names(names) => names.get(i).copied().unwrap_or_default().to_owned(),
        }
    }

    fn paint_names(&self, ui: &Ui, rect: Rect) {
        let t = tokens(ui);
        let mut x = rect.right() - 4.0;
        for (name, mark, color) in [(self.names.1, t.accent, t.accent_text), (self.names.0, t.reference, t.dim)] {
            let galley = one_line(ui, name, small_font(), color, rect.width() * 0.4);
            x -= galley.size().x;
            let middle = rect.top() + galley.size().y / 2.0;
            ui.painter().galley(pos2(x, rect.top()), galley, color);
            x -= 13.0;
            ui.painter().rect_filled(Rect::from_center_size(pos2(x + 4.5, middle), vec2(9.0, 9.0)), 2.0, mark);
            x -= 12.0;
        }
    }

    /// The bin that moved most, in words.
    fn text_value(&self) -> String {
        let most = self
            .reference
            .iter()
            .zip(self.current)
            .enumerate()
            .map(|(i, (r, c))| (i, c - r))
            .filter(|(_, d)| d.is_finite())
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        match most {
            Some((i, _)) => format!(
                "largest change in {}: {} {}, {} {}",
                self.bin_words(i).trim(),
                self.names.0,
                format::percent_opt(self.reference.get(i).copied()),
                self.names.1,
                format::percent_opt(self.current.get(i).copied()),
            ),
            None => "no values".to_owned(),
        }
    }
}

/// One horizontal bar.
#[derive(Debug, Clone, Copy)]
pub struct Bar<'a> {
    /// The word at its left.
    pub name: &'a str,
    /// Its length; negative bars go to the left.
    pub value: f64,
    /// The number as it is shown at its end.
    pub text: &'a str,
    /// Colour from the palette, or a status.
    pub color: BarColor,
}

/// Colour of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarColor {
    /// A colour of the palette, from 0; it wraps.
    Series(usize),
    /// The grey of the reference.
    Reference,
    /// Red and green are not used for more and less: the first series to the right, the fourth to the left.
    Signed,
    /// The colour of a status.
    Status(Status),
}

/// Horizontal bars from a common zero, each with its number; gives the bar that was clicked.
pub fn bar_chart(ui: &mut Ui, name: &str, bars: &[Bar<'_>]) -> (Response, Option<usize>) {
    let t = tokens(ui);
    let row = 22.0;
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, row * bars.len() as f32), Sense::click());
    let label =
        bars.iter().map(|b| one_line(ui, b.name, small_font(), t.text, width * 0.35).size().x).fold(0.0, f32::max)
            + 10.0;
    let number =
        bars.iter().map(|b| one_line(ui, b.text, small_font(), t.dim, 140.0).size().x).fold(0.0, f32::max) + 8.0;
    let finite = || bars.iter().map(|b| b.value).filter(|v| v.is_finite());
    let low = finite().fold(0.0, f64::min);
    let high = finite().fold(0.0, f64::max);
    let left_number = if low < 0.0 { number } else { 0.0 };
    let area = Rect::from_min_max(
        pos2(rect.left() + label + left_number, rect.top()),
        pos2((rect.right() - number).max(rect.left() + label + left_number + 10.0), rect.bottom()),
    );
    let frame = Frame::new(area, (low, if high > low { high } else { low + 1.0 }), (0.0, 1.0));
    let zero = frame.at_x(0.0);
    let hovered = response.hover_pos().map(|p| ((p.y - rect.top()) / row) as usize).filter(|i| *i < bars.len());
    for (i, bar) in bars.iter().enumerate() {
        let top = rect.top() + row * i as f32;
        let middle = top + row / 2.0;
        let line = Rect::from_min_size(pos2(rect.left(), top), vec2(width, row));
        if !ui.is_rect_visible(line) {
            continue;
        }
        if hovered == Some(i) {
            ui.painter().rect_filled(line, 3.0, t.control_hover);
        }
        let galley = one_line(ui, bar.name, small_font(), t.text, label - 10.0);
        ui.painter().galley(
            pos2(rect.left() + label - 10.0 - galley.size().x, middle - galley.size().y / 2.0),
            galley,
            t.text,
        );
        let (fill, words) = match bar.color {
            BarColor::Series(index) => (series_color(t, index), series_text_color(t, index)),
            BarColor::Reference => (t.reference, t.dim),
            BarColor::Signed if bar.value < 0.0 => (series_color(t, 3), series_text_color(t, 3)),
            BarColor::Signed => (series_color(t, 0), series_text_color(t, 0)),
            BarColor::Status(status) => (status.color(t), status.text_color(t)),
        };
        let end = if bar.value.is_finite() { frame.at_x(bar.value) } else { zero };
        ui.painter().rect_filled(
            Rect::from_x_y_ranges(zero.min(end)..=zero.max(end), middle - 6.0..=middle + 6.0),
            2.0,
            fill,
        );
        let galley = one_line(ui, bar.text, small_font(), words, 140.0);
        let x = if bar.value < 0.0 { end - 6.0 - galley.size().x } else { end + 6.0 };
        ui.painter().galley(pos2(x, middle - galley.size().y / 2.0), galley, words);
    }
    ui.painter().vline(zero.round() + 0.5, rect.y_range(), Stroke::new(LINE_WIDTH, t.line));
    let value = bars.iter().take(20).map(|b| format!("{} {}", b.name, b.text)).collect::<Vec<_>>().join("; ");
    describe(&response, Role::Image, name, &value);
    let clicked = hovered.filter(|_| response.clicked());
    let response = match hovered.and_then(|i| bars.get(i)) {
        Some(bar) => response.on_hover_text_at_pointer(format!("{} {}", bar.name, bar.text)),
        None => response,
    };
    (response, clicked)
}
