//! How good a model is in parts of the data: the segments of named columns, groups beside each other, and where it is weak.

use eframe::egui::Ui;

use crate::app::context::PanelContext;
use crate::app::panels::page::chart_card;
use crate::app::theme::Status;
use crate::app::widgets::{Card, Column, Explainer, Table, format, status_chip, text};
use crate::model::Task;
use crate::report::csv;
use crate::stats::metric::title;
use crate::validate::ModelResult;
use crate::validate::segments::{Fairness, SegmentResult};

/// Height of the tables in points; more scroll.
const HEIGHT: f32 = 260.0;

/// The metrics of a segment that are shown.
fn shown(task: Task) -> &'static [&'static str] {
    match task {
        Task::Binary => &["roc_auc", "f1", "recall"],
        Task::Multiclass => &["accuracy", "f1_macro"],
        _ => &["mae", "r2"],
    }
}

fn segments_csv(segments: &[SegmentResult]) -> String {
    let head = ["column", "value", "rows", "metric", "metric_value", "low", "high"];
    csv::table(
        &head,
        segments.iter().flat_map(|s| {
            s.metrics.iter().map(|(name, m)| {
                [
                    s.column.clone(),
                    s.value.clone(),
                    s.rows.to_string(),
                    name.clone(),
                    csv::number(m.value),
                    csv::number(m.low),
                    csv::number(m.high),
                ]
            })
        }),
    )
}

pub(super) fn segments(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult) {
    let help = Explainer::new(
        "Segments",
        "The metrics of each part of the data with their intervals. Below 30 rows an interval is not to be trusted and \
         the segment is marked.",
    );
    let metrics = shown(model.task);
    let mut heads = vec![Column::words("segment", 1.6).min_width(120.0), Column::numbers("rows", 0.8).min_width(60.0)];
    heads.extend(metrics.iter().map(|m| Column::numbers(title(m), 1.4).min_width(140.0)));
    let card = Card::new("Segments").explain(&help);
    chart_card(
        ui,
        ctx,
        card,
        "segments",
        || segments_csv(&model.segments),
        |ui| {
            Table::new("segments", &heads).max_height(HEIGHT).show(ui, model.segments.len(), |ui, row, column| {
                let Some(segment) = model.segments.get(row) else { return };
                match column {
                    0 => {
                        text::elided(ui, segment.place());
                    }
                    1 => {
                        text::elided(ui, format::count(segment.rows as u64));
                        if segment.few {
                            status_chip(ui, Status::Warning, "few");
                        }
                    }
                    _ => {
                        let value = metrics.get(column - 2).and_then(|m| segment.metrics.get(*m));
                        let ends = value.and_then(|m| m.low.zip(m.high));
                        let number = value.and_then(|m| m.value);
                        let decimals = number.map_or(3, |v| format::metric_decimals(v, ends));
                        let interval =
                            ends.map(|_| format!("  {}", format::interval(ends, decimals))).unwrap_or_default();
                        let cell = text::elided(ui, format!("{}{interval}", format::metric(number, ends)));
                        if let Some(reason) = value.and_then(|m| m.reason.as_ref()) {
                            cell.on_hover_text(reason);
                        }
                    }
                }
            });
        },
    );
}

pub(super) fn weak(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult) {
    let loss = if model.task == Task::Regression { "mean absolute error" } else { "share wrong" };
    let help = Explainer::new(
        "Weakest segments",
        "Every value or range of every feature, and of two features together, was looked at. Told are those where the \
         model loses more than elsewhere by more than chance, corrected for how many were looked at.",
    )
    .formula("Welch's or two-proportion test, Benjamini-Hochberg over all segments, p < 0.05");
    let looked = model.weak_segments.first().map_or(0, |w| w.looked_at);
    let subtitle = format!("{loss} · {} looked at, corrected", format::counted(looked as u64, "segment"));
    let numbers = || {
        let head = ["segment", "rows", "loss", "loss_elsewhere", "p_value", "p_corrected", "looked_at"];
        csv::table(
            &head,
            model.weak_segments.iter().map(|w| {
                [
                    w.place(),
                    w.rows.to_string(),
                    csv::number(Some(w.loss)),
                    csv::number(Some(w.loss_elsewhere)),
                    csv::number(Some(w.p_value)),
                    csv::number(Some(w.p_corrected)),
                    w.looked_at.to_string(),
                ]
            }),
        )
    };
    let heads = [
        Column::words("segment", 2.4).min_width(180.0),
        Column::numbers("rows", 0.7).min_width(56.0),
        Column::numbers("here", 0.7).min_width(56.0),
        Column::numbers("elsewhere", 0.8).min_width(70.0),
        Column::numbers("p", 0.7).min_width(64.0),
    ];
    let card = Card::new("Weakest segments").subtitle(&subtitle).explain(&help);
    chart_card(ui, ctx, card, "weak-segments", numbers, |ui| {
        Table::new("weak segments", &heads).max_height(HEIGHT).show(
            ui,
            model.weak_segments.len(),
            |ui, row, column| {
                let Some(weak) = model.weak_segments.get(row) else { return };
                let words = match column {
                    0 => weak.place(),
                    1 => format::count(weak.rows as u64),
                    2 => format::metric(Some(weak.loss), None),
                    3 => format::metric(Some(weak.loss_elsewhere), None),
                    _ if weak.p_corrected < 0.001 => "< 0.001".to_owned(),
                    _ => format::decimal(weak.p_corrected, 3),
                };
                text::elided(ui, words);
            },
        );
    });
}

pub(super) fn groups(ui: &mut Ui, ctx: &PanelContext<'_>, fairness: &Fairness) {
    let help = Explainer::new(
        "Groups beside each other",
        "How often rows of each group are said positive, and how often rightly. The ratio compares the group said \
         positive least with the one said so most; the four fifths rule asks for 0.8. Groups below 30 rows are left out \
         of it.",
    )
    .formula("demographic parity ratio = smallest / largest selection rate; equalised odds difference = largest gap of TPR or FPR");
    let name = format!("groups-{}", fairness.column);
    let title = format!("Groups by {}", fairness.column);
    let apart = &fairness.without_few;
    let subtitle = format!(
        "parity ratio {} · equalised odds difference {}",
        format::metric(apart.demographic_parity_ratio, None),
        format::metric(apart.equalized_odds_difference, None),
    );
    let numbers = || {
        let head = ["group", "rows", "selection_rate", "true_positive_rate", "false_positive_rate", "precision"];
        csv::table(
            &head,
            fairness.groups.iter().map(|g| {
                let r = &g.rates;
                [
                    g.group.clone(),
                    g.rows.to_string(),
                    csv::number(r.selection_rate.value),
                    csv::number(r.true_positive_rate.value),
                    csv::number(r.false_positive_rate.value),
                    csv::number(r.precision.value),
                ]
            }),
        )
    };
    let heads = [
        Column::words("group", 1.4).min_width(90.0),
        Column::numbers("rows", 0.8).min_width(60.0),
        Column::numbers("said positive", 1.0).min_width(90.0),
        Column::numbers("TPR", 0.7).min_width(56.0),
        Column::numbers("FPR", 0.7).min_width(56.0),
        Column::numbers("precision", 0.8).min_width(70.0),
    ];
    let card = Card::new(&title).subtitle(&subtitle).explain(&help);
    chart_card(ui, ctx, card, &name, numbers, |ui| {
        Table::new(&name, &heads).max_height(HEIGHT).show(ui, fairness.groups.len(), |ui, row, column| {
            let Some(group) = fairness.groups.get(row) else { return };
            let words = match column {
                0 => group.group.clone(),
                1 => format::count(group.rows),
                2 => format::percent_opt(group.rates.selection_rate.value),
                3 => format::percent_opt(group.rates.true_positive_rate.value),
                4 => format::percent_opt(group.rates.false_positive_rate.value),
                _ => format::percent_opt(group.rates.precision.value),
            };
            text::elided(ui, words);
        });
    });
}
