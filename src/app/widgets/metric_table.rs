//! Metrics with their interval, what they were in training, what a naive model reaches and the gate.

use eframe::egui::{Rect, RichText, Sense, Ui, vec2};

use super::chip::status_chip;
use super::explainer::{Explainer, explainer_mark};
use super::format;
use super::icon::Icon;
use super::table::{Column, Table};
use super::text::elided;
use crate::app::theme::{Status, body_font, strong_font, tokens};

/// One metric.
#[derive(Debug, Clone, Default)]
pub struct MetricRow<'a> {
    /// The metric's name.
    pub name: &'a str,
    /// What it means.
    pub help: Option<&'a Explainer>,
    /// The value on the data at hand.
    pub value: Option<f64>,
    /// Its interval, low and high.
    pub interval: Option<(f64, f64)>,
    /// The value in training.
    pub training: Option<f64>,
    /// The value of a naive model.
    pub baseline: Option<f64>,
    /// The gate in words.
    pub gate: &'a str,
    /// The gate's verdict.
    pub verdict: Option<(Status, &'a str)>,
    /// Rows behind the value.
    pub rows: Option<u64>,
}

/// What a person did in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricAction {
    /// Clicked the row with this index.
    Row(usize),
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Name,
    Value,
    Interval,
    Training,
    Change,
    Baseline,
    Rows,
    Gate,
    Verdict,
}

/// Draws the table; `value_title` names the data at hand ("April") and `level` (0 to 1) is that of the intervals.
/// Columns nobody fills are left out.
/// `selected` is the row shown as chosen.
pub fn metric_table(
    ui: &mut Ui,
    id_salt: &str,
    value_title: &str,
    level: f64,
    rows: &[MetricRow<'_>],
    selected: Option<usize>,
) -> Option<MetricAction> {
    let mut kinds = vec![(Kind::Name, Column::words("Metric", 1.6).min_width(110.0))];
    let interval_title = format!("{} interval", format::level(level));
    let any = |has: fn(&MetricRow<'_>) -> bool| rows.iter().any(has);
    kinds.push((Kind::Value, Column::numbers(value_title, 1.0)));
    if any(|r| r.interval.is_some()) {
        kinds.push((Kind::Interval, Column::numbers(&interval_title, 1.5).min_width(120.0)));
    }
    if any(|r| r.training.is_some()) {
        kinds.push((Kind::Training, Column::numbers("training", 0.9)));
        kinds.push((Kind::Change, Column::numbers("change", 0.9).min_width(70.0)));
    }
    if any(|r| r.baseline.is_some()) {
        kinds.push((Kind::Baseline, Column::numbers("naive", 0.9)));
    }
    if any(|r| r.rows.is_some()) {
        kinds.push((Kind::Rows, Column::numbers("rows", 0.8)));
    }
    if any(|r| !r.gate.is_empty()) {
        kinds.push((Kind::Gate, Column::words("gate", 1.9).min_width(90.0)));
    }
    if any(|r| r.verdict.is_some()) {
        kinds.push((Kind::Verdict, Column::words("verdict", 1.3).min_width(100.0)));
    }
    let columns: Vec<Column<'_>> = kinds.iter().map(|(_, c)| *c).collect();
    let name = |row: usize| rows.get(row).map(|r| r.name.to_owned()).unwrap_or_default();
    Table::new(id_salt, &columns)
        .row_height(30.0)
        .selectable(selected, &name)
        .show(ui, rows.len(), |ui, row, column| {
            if let (Some(row), Some((kind, _))) = (rows.get(row), kinds.get(column)) {
                cell(ui, row, *kind);
            }
        })
        .map(MetricAction::Row)
}

fn cell(ui: &mut Ui, row: &MetricRow<'_>, kind: Kind) {
    let t = tokens(ui);
    let decimals = format::metric_decimals(row.value.unwrap_or(0.0), row.interval);
    let fixed = |v: Option<f64>| v.map_or_else(|| format::NONE.to_owned(), |v| format::decimal(v, decimals));
    let plain = |ui: &mut Ui, text: String| {
        elided(ui, RichText::new(text).font(body_font()).color(t.text));
    };
    let dim = |ui: &mut Ui, text: String| {
        elided(ui, RichText::new(text).font(body_font()).color(t.dim));
    };
    match kind {
        Kind::Name => {
            ui.scope(|ui| {
                let mark = if row.help.is_some() { 22.0 } else { 0.0 };
                ui.set_max_width((ui.available_width() - mark).max(20.0));
                plain(ui, row.name.to_owned());
            });
            if let Some(help) = row.help {
                explainer_mark(ui, help);
            }
        }
        Kind::Value => {
            elided(ui, RichText::new(fixed(row.value)).font(strong_font()).color(t.text));
        }
        Kind::Interval => dim(ui, format::interval(row.interval, decimals)),
        Kind::Training => plain(ui, fixed(row.training)),
        Kind::Change => match (row.value, row.training) {
            (Some(now), Some(then)) if (now - then).is_finite() => {
                let change = now - then;
                let text = format::decimal(change.abs(), decimals);
                let still = !text.bytes().any(|b| b.is_ascii_digit() && b != b'0');
                plain(ui, text);
                if !still {
                    let icon = if change < 0.0 { Icon::ArrowDown } else { Icon::ArrowUp };
                    let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
                    icon.paint(ui.painter(), Rect::from_center_size(rect.center(), vec2(10.0, 10.0)), t.text);
                }
            }
            _ => dim(ui, format::NONE.to_owned()),
        },
        Kind::Baseline => dim(ui, fixed(row.baseline)),
        Kind::Rows => dim(ui, format::count_opt(row.rows)),
        Kind::Gate => dim(ui, row.gate.to_owned()),
        Kind::Verdict => {
            if let Some((status, text)) = row.verdict {
                status_chip(ui, status, text);
            }
        }
    }
}
