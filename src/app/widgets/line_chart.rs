//! Lines over time: the reference span shaded, bands, thresholds with their value, alerts as
//! diamonds, names at the ends of the lines. It follows the data until a person zooms.

use eframe::egui::{Color32, PointerButton, Rangef, Rect, Response, Role, Shape, Stroke, Ui, Vec2b, pos2, vec2};
use egui_plot::{
    Axis, AxisHints, FilledArea, GridMark, HPlacement, Line, LineStyle, Plot, PlotPoint, PlotPoints, PlotTransform,
    Span,
};

use super::axes::{sane_range, tick_label, ticks};
use super::button::Button;
use super::chart::{decimate, paint_read_out, series_color, series_text_color};
use super::format;
use super::icon::paint_diamond;
use super::text::{describe, one_line};
use crate::app::theme::{Status, Tokens, small_font, tokens};

/// An interval around a series, one pair of bounds for each of its points.
#[derive(Debug, Clone, Copy)]
pub struct Band<'a> {
    /// Lower bounds; not finite where unknown.
    pub low: &'a [f64],
    /// Upper bounds; not finite where unknown.
    pub high: &'a [f64],
}

/// One line.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// The name, shown at the end of the line.
    pub name: &'a str,
    /// Pairs of x and y with x ascending; a y that is not finite leaves a gap.
    pub points: &'a [[f64; 2]],
    /// Which colour of the palette, from 0; it wraps.
    pub color: usize,
    /// Dashed for what is estimated, not measured.
    pub dashed: bool,
    /// The interval around it.
    pub band: Option<Band<'a>>,
}

impl<'a> Series<'a> {
    /// A solid line without a band.
    pub fn new(name: &'a str, points: &'a [[f64; 2]], color: usize) -> Self {
        Self { name, points, color, dashed: false, band: None }
    }

    /// Dashes the line.
    pub fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }

    /// Adds an interval.
    pub fn band(mut self, low: &'a [f64], high: &'a [f64]) -> Self {
        self.band = Some(Band { low, high });
        self
    }
}

/// A level that is watched.
#[derive(Debug, Clone, Copy)]
pub struct Threshold<'a> {
    /// The word before the value: "alert".
    pub name: &'a str,
    /// The level.
    pub value: f64,
    /// What crossing it means.
    pub status: Status,
}

/// A chart of lines; [`LineChart::show`] draws it.
#[must_use = "a chart shows nothing until `show`"]
pub struct LineChart<'a> {
    name: &'a str,
    series: &'a [Series<'a>],
    height: f32,
    thresholds: &'a [Threshold<'a>],
    alerts: &'a [[f64; 2]],
    reference: Option<(f64, f64)>,
    selected: Option<f64>,
    x_label: Option<&'a dyn Fn(f64) -> String>,
    y_label: Option<&'a dyn Fn(f64) -> String>,
    include_y: Option<f64>,
}

/// What a person did with a chart of lines.
#[derive(Debug)]
pub struct LineChartResponse {
    /// The chart's response.
    pub response: Response,
    /// Index into the points of the first series that was clicked.
    pub clicked: Option<usize>,
    /// Index into the points of the first series under the pointer.
    pub hovered: Option<usize>,
    /// Whether a person zoomed or moved it, so that it no longer follows the data.
    pub zoomed: bool,
}

impl<'a> LineChart<'a> {
    /// A chart named `name`, which is its id within the panel and its accessible name.
    pub fn new(name: &'a str, series: &'a [Series<'a>]) -> Self {
        Self {
            name,
            series,
            height: 200.0,
            thresholds: &[],
            alerts: &[],
            reference: None,
            selected: None,
            x_label: None,
            y_label: None,
            include_y: None,
        }
    }

    /// Height in points.
    pub fn height(mut self, height: f32) -> Self {
        self.height = height;
        self
    }

    /// Levels that are watched.
    pub fn thresholds(mut self, thresholds: &'a [Threshold<'a>]) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// Pairs of x and y where an alert was raised.
    pub fn alerts(mut self, alerts: &'a [[f64; 2]]) -> Self {
        self.alerts = alerts;
        self
    }

    /// First and last x of the reference.
    pub fn reference(mut self, span: Option<(f64, f64)>) -> Self {
        self.reference = span;
        self
    }

    /// The x shown as chosen.
    pub fn selected(mut self, x: Option<f64>) -> Self {
        self.selected = x;
        self
    }

    /// Words for an x: a date, a chunk's name.
    pub fn x_label(mut self, label: &'a dyn Fn(f64) -> String) -> Self {
        self.x_label = Some(label);
        self
    }

    /// Words for a y with its unit.
    pub fn y_label(mut self, label: &'a dyn Fn(f64) -> String) -> Self {
        self.y_label = Some(label);
        self
    }

    /// Keeps this y in view.
    pub fn include_y(mut self, y: f64) -> Self {
        self.include_y = Some(y);
        self
    }

    /// Draws the chart as wide as the room it is given.
    pub fn show(self, ui: &mut Ui) -> LineChartResponse {
        let t = tokens(ui);
        let plot_id = ui.make_persistent_id(("line chart", self.name));
        let reset_id = plot_id.with("reset");
        let reset = ui.data_mut(|d| d.remove_temp::<bool>(reset_id)).unwrap_or(false);
        let x_bounds = self.x_bounds();
        let y_bounds = self.y_bounds();
        let labels = self.end_labels(ui);
        let right = labels.iter().map(|l| l.1.size().x).fold(0.0, f32::max) + 10.0;
        let width = (ui.available_width() - right).max(80.0);
        let y_step = step(&ticks(y_bounds.0, y_bounds.1, 4));
        let x_words = |mark: GridMark, _: &std::ops::RangeInclusive<f64>| self.x_words(mark.value);
        let y_words = |mark: GridMark, _: &std::ops::RangeInclusive<f64>| match self.y_label {
            Some(label) => label(mark.value),
            None => tick_label(mark.value, mark.step_size.min(y_step.max(1e-12))),
        };
        let plot_width = f64::from(width);
        let grid = move |wanted: usize| {
            move |input: egui_plot::GridInput| {
                let marks = ticks(input.bounds.0, input.bounds.1, wanted);
                let step_size = step(&marks);
                marks.into_iter().map(|value| GridMark { value, step_size }).collect::<Vec<_>>()
            }
        };
        let x_wanted = (plot_width / 90.0).clamp(2.0, 12.0) as usize;
        let y_wanted = (self.height / 45.0).clamp(2.0, 8.0) as usize;
        let origin = ui.cursor().min;
        let mut plot = Plot::new(self.name)
            .id(plot_id)
            .width(width)
            .height(self.height)
            .show_background(false)
            .show_x(false)
            .show_y(false)
            .show_crosshair(false)
            .show_grid([false, true])
            .grid_color(t.grid)
            .grid_fade(0.0)
            .allow_scroll(false)
            .allow_zoom(Vec2b::new(true, false))
            .allow_drag(Vec2b::new(true, false))
            .allow_boxed_zoom(true)
            .boxed_zoom_pointer_button(PointerButton::Secondary)
            .allow_axis_zoom_drag(false)
            .x_grid_spacer(grid(x_wanted))
            .y_grid_spacer(grid(y_wanted))
            .custom_x_axes(vec![
                AxisHints::new_x()
                    .formatter(x_words)
                    .tick_label_font(small_font())
                    .tick_label_color(t.dim)
                    .label_spacing(Rangef::new(30.0, 40.0)),
            ])
            .custom_y_axes(vec![
                AxisHints::new_y()
                    .formatter(y_words)
                    .tick_label_font(small_font())
                    .tick_label_color(t.dim)
                    .placement(HPlacement::Left)
                    .min_thickness(40.0),
            ])
            .label_formatter(|_| None)
            .set_margin_fraction(vec2(0.0, 0.0))
            .auto_bounds(false);
        if reset {
            plot = plot.reset();
        }
        // The bounds follow the data as long as nobody moved them; what a person set is kept by the plot.
        let moved_id = plot_id.with("moved");
        let moved = !reset && ui.data(|d| d.get_temp::<bool>(moved_id)).unwrap_or(false);
        let lines: Vec<Line<'_>> = self.lines(t, width);
        let out = plot.show(ui, |plot_ui| {
            if !moved {
                plot_ui.set_plot_bounds_x(x_bounds.0..=x_bounds.1);
                plot_ui.set_plot_bounds_y(y_bounds.0..=y_bounds.1);
            }
            if let Some((from, to)) = self.reference {
                plot_ui.span(Span::new("", from..=to).axis(Axis::X).fill(t.dim.gamma_multiply(0.12)).border_width(0.0));
            }
            for area in self.bands(t) {
                plot_ui.add(area);
            }
            for line in lines {
                plot_ui.line(line);
            }
        });
        let transform = out.transform;
        let bounds = transform.bounds();
        let drifted = |a: f64, b: f64, span: f64| (a - b).abs() > span * 1e-6;
        let span = x_bounds.1 - x_bounds.0;
        let touched = out.response.dragged()
            || out.response.drag_stopped()
            || (out.response.contains_pointer() && ui.input(|i| i.zoom_delta() != 1.0));
        let zoomed = moved
            || (touched && (drifted(bounds.min()[0], x_bounds.0, span) || drifted(bounds.max()[0], x_bounds.1, span)));
        let zoomed = zoomed && !out.response.double_clicked();
        ui.data_mut(|d| d.insert_temp(moved_id, zoomed));

        self.paint_marks(ui, t, &transform);
        self.paint_above(ui, t, &transform, labels);
        let hovered = self.hovered(&out.response, &transform);
        let clicked = hovered.filter(|_| out.response.clicked());
        if let Some(index) = hovered {
            self.read_out(ui, t, &transform, index, &out.response);
        }
        describe(&out.response, Role::Image, self.name, &self.text_value());
        if zoomed {
            let at = Rect::from_min_size(pos2(origin.x + width - 110.0, origin.y + 2.0), vec2(108.0, 28.0));
            let mut child = ui.new_child(
                eframe::egui::UiBuilder::new()
                    .max_rect(at)
                    .layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center)),
            );
            if Button::secondary("Back to live").show(&mut child).clicked() {
                ui.data_mut(|d| {
                    d.insert_temp(reset_id, true);
                    d.insert_temp(moved_id, false);
                });
                ui.ctx().request_repaint();
            }
        }
        LineChartResponse { response: out.response, clicked, hovered, zoomed }
    }

    fn x_words(&self, x: f64) -> String {
        self.x_label.map_or_else(|| format::number(x), |label| label(x))
    }

    fn y_words(&self, y: f64) -> String {
        if !y.is_finite() {
            return format::NONE.to_owned();
        }
        self.y_label.map_or_else(|| format::metric(Some(y), None), |label| label(y))
    }

    fn x_bounds(&self) -> (f64, f64) {
        let mut low = f64::INFINITY;
        let mut high = f64::NEG_INFINITY;
        for series in self.series {
            for x in series.points.iter().map(|p| p[0]).filter(|x| x.is_finite()) {
                low = low.min(x);
                high = high.max(x);
            }
        }
        if let Some((from, to)) = self.reference {
            low = low.min(from);
            high = high.max(to);
        }
        sane_range(low, high)
    }

    fn y_bounds(&self) -> (f64, f64) {
        let mut low = f64::INFINITY;
        let mut high = f64::NEG_INFINITY;
        let mut take = |y: f64| {
            if y.is_finite() {
                low = low.min(y);
                high = high.max(y);
            }
        };
        for series in self.series {
            series.points.iter().for_each(|p| take(p[1]));
            if let Some(band) = series.band {
                band.low.iter().chain(band.high).for_each(|y| take(*y));
            }
        }
        self.thresholds.iter().for_each(|l| take(l.value));
        self.include_y.into_iter().for_each(&mut take);
        let (low, high) = sane_range(low, high);
        let pad = (high - low) * 0.08;
        (low - pad, high + pad)
    }

    /// The bands, one area for each stretch without a gap.
    fn bands(&self, t: &Tokens) -> Vec<FilledArea> {
        let mut areas = Vec::new();
        for (number, series) in self.series.iter().enumerate() {
            let Some(band) = series.band else { continue };
            let known: Vec<Option<(f64, f64, f64)>> = series
                .points
                .iter()
                .zip(band.low)
                .zip(band.high)
                .map(|((p, low), high)| {
                    (p[0].is_finite() && low.is_finite() && high.is_finite()).then_some((p[0], *low, *high))
                })
                .collect();
            for (part, run) in known.split(Option::is_none).enumerate() {
                let run: Vec<_> = run.iter().flatten().collect();
                if run.len() < 2 {
                    continue;
                }
                let xs: Vec<f64> = run.iter().map(|v| v.0).collect();
                let low: Vec<f64> = run.iter().map(|v| v.1).collect();
                let high: Vec<f64> = run.iter().map(|v| v.2).collect();
                areas.push(
                    FilledArea::new(series.name, &xs, &low, &high)
                        .id(("band", number, part))
                        .fill_color(series_color(t, series.color).gamma_multiply(0.18))
                        .stroke(Stroke::NONE)
                        .allow_hover(false),
                );
            }
        }
        areas
    }

    fn lines(&self, t: &Tokens, width: f32) -> Vec<Line<'a>> {
        let mut lines = Vec::new();
        for (number, series) in self.series.iter().enumerate() {
            let color = series_color(t, series.color);
            for (part, run) in series
                .points
                .split(|p| !(p[0].is_finite() && p[1].is_finite()))
                .filter(|run| !run.is_empty())
                .enumerate()
            {
                let points: Vec<PlotPoint> =
                    decimate(run, width as usize).into_iter().map(|p| PlotPoint::new(p[0], p[1])).collect();
                let style = if series.dashed { LineStyle::Dashed { length: 5.0 } } else { LineStyle::Solid };
                lines.push(
                    Line::new(series.name, PlotPoints::Owned(points))
                        .id((number, part))
                        .color(color)
                        .width(1.6)
                        .style(style)
                        .allow_hover(false),
                );
            }
        }
        lines
    }

    fn end_labels(&self, ui: &Ui) -> Vec<(usize, std::sync::Arc<eframe::egui::Galley>)> {
        let t = tokens(ui);
        let room = (ui.available_width() * 0.22).clamp(40.0, 150.0);
        self.series
            .iter()
            .enumerate()
            .filter(|(_, s)| !s.name.is_empty())
            .map(|(i, s)| {
                let color = series_text_color(t, s.color);
                (i, one_line(ui, s.name, small_font(), color, room))
            })
            .collect()
    }

    fn paint_marks(&self, ui: &Ui, t: &Tokens, transform: &PlotTransform) {
        let area = *transform.frame();
        let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
        if let Some((from, to)) = self.reference {
            let left = transform.position_from_point_x(from);
            let right = transform.position_from_point_x(to);
            let span = Rect::from_x_y_ranges(left..=right, area.y_range());
            let galley = one_line(ui, "reference", small_font(), t.dim, span.width() - 8.0);
            if !galley.elided {
                painter.galley(pos2(left + 6.0, area.top() + 3.0), galley, t.dim);
            }
        }
        if let Some(x) = self.selected {
            let x = transform.position_from_point_x(x);
            painter.vline(x, area.y_range(), Stroke::new(1.5, t.accent));
        }
    }

    fn paint_above(
        &self,
        ui: &Ui,
        t: &Tokens,
        transform: &PlotTransform,
        labels: Vec<(usize, std::sync::Arc<eframe::egui::Galley>)>,
    ) {
        let area = *transform.frame();
        let painter = ui.painter().with_clip_rect(area.expand(6.0).intersect(ui.clip_rect()));
        for level in self.thresholds.iter().filter(|l| l.value.is_finite()) {
            let y = transform.position_from_point_y(level.value).round() + 0.5;
            if !area.y_range().contains(y) {
                continue;
            }
            painter.extend(Shape::dashed_line(
                &[pos2(area.left(), y), pos2(area.right(), y)],
                Stroke::new(1.0, level.status.color(t)),
                5.0,
                4.0,
            ));
            let color = level.status.text_color(t);
            let text = format!("{} {}", level.name, self.y_words(level.value));
            let galley = one_line(ui, text.trim(), small_font(), color, area.width());
            let above = y - galley.size().y - 1.0;
            let top = if above < area.top() { y + 1.0 } else { above };
            let at = pos2(area.right() - galley.size().x - 4.0, top);
            let ground = Rect::from_min_size(at, galley.size()).expand2(vec2(3.0, 0.0));
            painter.rect_filled(ground, 2.0, t.card.gamma_multiply(0.75));
            painter.galley(at, galley, color);
        }
        for alert in self.alerts {
            let at = transform.position_from_point(&PlotPoint::new(alert[0], alert[1]));
            if area.expand(1.0).contains(at) {
                paint_diamond(&painter, at, 5.5, t.alert, t.card);
            }
        }
        // Names stand at the height where their line ends, moved apart where they would touch.
        let mut placed: Vec<(f32, usize, std::sync::Arc<eframe::egui::Galley>)> = labels
            .into_iter()
            .filter_map(|(i, galley)| {
                let last = self.series.get(i)?.points.iter().rev().find(|p| p[1].is_finite())?;
                let y = transform.position_from_point_y(last[1]);
                Some((y.clamp(area.top(), area.bottom()), i, galley))
            })
            .collect();
        placed.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut free = area.top() - 8.0;
        for (y, i, galley) in placed {
            let height = galley.size().y;
            let top = (y - height / 2.0).max(free);
            free = top + height;
            let color = self.series.get(i).map_or(t.dim, |s| series_text_color(t, s.color));
            ui.painter().galley(pos2(area.right() + 8.0, top), galley, color);
        }
    }

    fn hovered(&self, response: &Response, transform: &PlotTransform) -> Option<usize> {
        let pointer = response.hover_pos()?;
        if !transform.frame().contains(pointer) {
            return None;
        }
        let x = transform.value_from_position(pointer).x;
        let points = self.series.first()?.points;
        let after = points.partition_point(|p| p[0] < x);
        [after.checked_sub(1), Some(after)]
            .into_iter()
            .flatten()
            .filter_map(|i| points.get(i).map(|p| (i, (p[0] - x).abs())))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(i, _)| i)
    }

    fn read_out(&self, ui: &Ui, t: &Tokens, transform: &PlotTransform, index: usize, response: &Response) {
        let Some(x) = self.series.first().and_then(|s| s.points.get(index)).map(|p| p[0]) else {
            return;
        };
        let area = *transform.frame();
        let place = transform.position_from_point_x(x);
        ui.painter().vline(place, area.y_range(), Stroke::new(1.0, t.dim.gamma_multiply(0.6)));
        let mut lines: Vec<(String, Color32)> = vec![(self.x_words(x), t.dim)];
        for series in self.series {
            let Some((at, point)) = nearest(series.points, x) else {
                continue;
            };
            let mut text = format!("{} {}", series.name, self.y_words(point[1]));
            if let Some(band) = series.band
                && let (Some(low), Some(high)) = (band.low.get(at), band.high.get(at))
                && low.is_finite()
                && high.is_finite()
            {
                text = format!("{text} ({} – {})", self.y_words(*low), self.y_words(*high));
            }
            if point[1].is_finite() {
                let dot = transform.position_from_point(&PlotPoint::new(point[0], point[1]));
                ui.painter().circle(dot, 3.5, series_color(t, series.color), Stroke::new(1.0, t.card));
            }
            lines.push((text, series_text_color(t, series.color)));
        }
        let pointer = response.hover_pos().unwrap_or(area.center());
        paint_read_out(ui, area, pos2(place, pointer.y), &lines);
    }

    /// The last value of each series, thresholds and the number of alerts in words.
    fn text_value(&self) -> String {
        let mut parts: Vec<String> = self
            .series
            .iter()
            .map(|s| {
                let last = s.points.iter().rev().find(|p| p[1].is_finite());
                match last {
                    Some(p) => format!("{} {} at {}", s.name, self.y_words(p[1]), self.x_words(p[0])),
                    None => format!("{} without values", s.name),
                }
            })
            .collect();
        for level in self.thresholds {
            parts.push(format!("{} {}", level.name, self.y_words(level.value)));
        }
        if !self.alerts.is_empty() {
            parts.push(format::counted(self.alerts.len() as u64, "alert"));
        }
        parts.join("; ")
    }
}

fn step(marks: &[f64]) -> f64 {
    match marks {
        [a, b, ..] => b - a,
        _ => 1.0,
    }
}

fn nearest(points: &[[f64; 2]], x: f64) -> Option<(usize, [f64; 2])> {
    let after = points.partition_point(|p| p[0] < x);
    [after.checked_sub(1), Some(after)]
        .into_iter()
        .flatten()
        .filter_map(|i| points.get(i).map(|p| (i, *p)))
        .min_by(|a, b| (a.1[0] - x).abs().total_cmp(&(b.1[0] - x).abs()))
}
