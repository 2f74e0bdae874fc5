//! The charts over chunks, each in a card with its exports.

use eframe::egui::Ui;

use super::View;
use super::lines::Line;
use super::terms;
use crate::app::panels::page::chart_card;
use crate::app::theme::Status;
use crate::app::widgets::{Card, Explainer, LineChart, Series, Threshold, format, text};

/// The words of a value's unit.
pub(super) type Words = fn(f64) -> String;

pub(super) fn plain(y: f64) -> String {
    format::metric(Some(y), None)
}

/// A share; below 0, where an axis may reach, nothing is said.
pub(super) fn share(y: f64) -> String {
    if y < -1e-9 { String::new() } else { format::percent(y.max(0.0)) }
}

/// A count of rows; between whole numbers and below 0 nothing is said.
pub(super) fn number(y: f64) -> String {
    if y < -1e-9 || (y - y.round()).abs() > 1e-6 { String::new() } else { format::number(y) }
}

/// A card with one line; a click chooses a chunk.
pub(super) fn card(
    ui: &mut Ui,
    view: &mut View<'_, '_>,
    title: &str,
    help: &Explainer,
    line: &Line,
    words: Words,
    head: impl FnOnce(&mut Ui),
) {
    let card = Card::new(title).footnote(&line.note).explain(help);
    let (ctx, lines) = (view.ctx, view.lines);
    chart_card(
        ui,
        ctx,
        card,
        title,
        || lines.csv(line),
        |ui| {
            head(ui);
            chart(ui, view, title, line, words);
        },
    );
}

/// One line with its threshold, its reference level and its alerts.
pub(super) fn chart(ui: &mut Ui, view: &mut View<'_, '_>, title: &str, line: &Line, words: Words) {
    if line.points.iter().all(|p| !p[1].is_finite()) {
        text::note(ui, "No chunk has a value yet");
        return;
    }
    let mut levels = Vec::new();
    if let Some(value) = line.threshold {
        levels.push(Threshold { name: "alert", value, status: Status::Alert });
    }
    if let Some(value) = line.level {
        levels.push(Threshold { name: "reference", value, status: Status::Neutral });
    }
    let series = [Series::new("", &line.points, 0)];
    let lines = view.lines;
    let x = |x: f64| lines.x(x);
    let out = LineChart::new(title, &series)
        .height(180.0)
        .thresholds(&levels)
        .alerts(&line.alerts)
        .reference(view.span())
        .selected(view.place.map(|p| p as f64))
        .x_label(&x)
        .y_label(&words)
        .show(ui);
    if let Some(place) = out.clicked {
        view.chosen = Some(place);
    }
}

/// Latency or throughput of each chunk.
pub(super) fn speed(ui: &mut Ui, view: &View<'_, '_>, rate: bool) {
    let (title, help) =
        if rate { ("Throughput by chunk", &terms::THROUGHPUT) } else { ("Latency by chunk", &terms::LATENCY) };
    let lines = view.lines;
    let [p50, p95, p99] = &lines.latency;
    let x = |x: f64| lines.x(x);
    let y = |y: f64| if rate { format::rate(y.max(0.0), "rows") } else { format::seconds(y.max(0.0)) };
    let latency = [Series::new("p50", p50, 0), Series::new("p95", p95, 1), Series::new("p99", p99, 2)];
    let throughput = [Series::new("", &lines.rate, 0)];
    let numbers = || {
        if rate {
            lines.columns_csv(&[("rows_per_second", &lines.rate)])
        } else {
            lines.columns_csv(&[("p50_s", p50), ("p95_s", p95), ("p99_s", p99)])
        }
    };
    chart_card(ui, view.ctx, Card::new(title).explain(help), title, numbers, |ui| {
        if lines.rate.iter().all(|p| !p[1].is_finite()) {
            text::note(ui, "No chunk has a value yet");
            return;
        }
        let series: &[Series<'_>] = if rate { &throughput } else { &latency };
        LineChart::new(title, series).height(150.0).include_y(0.0).x_label(&x).y_label(&y).show(ui);
    });
}
