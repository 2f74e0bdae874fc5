//! One model of a run in detail: metrics, then the charts of its task, then what lies behind them.

use eframe::egui::Ui;

use super::curves::{self, Moved, pairs_csv};
use super::threshold::{self, Chosen};
use super::view::View;
use super::{gates, parts};
use crate::app::context::PanelContext;
use crate::app::panels::page::chart_card;
use crate::app::theme::SPACE_S;
use crate::app::widgets::{
    Button, Card, Column, ConfusionMatrix, Curve, CurveChart, Explainer, Icon, MetricRow, ScatterChart, ScatterGuide,
    Table, format, key_value, metric_table, reflow, text,
};
use crate::backend::state::RunView;
use crate::report::csv;
use crate::stats::binary::BinaryCounts;
use crate::validate::report::{ModelResult, PerClass};

/// Height of the table of classes in points; more scroll.
const HEIGHT: f32 = 260.0;

#[derive(Clone, Copy)]
enum Part {
    Confusion,
    Roc,
    PrecisionRecall,
    Calibration,
    Gains,
    Lift,
    Classes,
    Residuals,
    Errors,
    Behind,
}

pub(super) fn ui(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    run: &RunView,
    model: &ModelResult,
    view: &View,
    chosen: &mut Chosen,
) {
    metrics(ui, ctx, run, model, view);
    ui.add_space(SPACE_S);
    threshold::card(ui, ctx, run.id, model, chosen);
    ui.add_space(SPACE_S);
    let moved = chosen.decisions(model);
    if let Some(policy) = run.report.policy.as_ref().filter(|_| !model.gates.is_empty()) {
        gates::card(ui, ctx, policy, model);
        ui.add_space(SPACE_S);
    }
    let tables = usize::from(!model.segments.is_empty()) + usize::from(!model.weak_segments.is_empty());
    reflow(ui, "validation parts", tables + model.fairness.len(), 480.0, &[], |ui, place| {
        match (place, model.segments.is_empty()) {
            (0, false) => parts::segments(ui, ctx, model),
            (0 | 1, _) if place < tables => parts::weak(ui, ctx, model),
            _ => {
                if let Some(fairness) = model.fairness.get(place - tables) {
                    parts::groups(ui, ctx, fairness);
                }
            }
        }
    });
    let mut parts = Vec::new();
    if !view.classes.is_empty() {
        parts.push(Part::Confusion);
    }
    if !view.roc.is_empty() {
        parts.push(Part::Roc);
    }
    if !view.precision_recall.is_empty() {
        parts.push(Part::PrecisionRecall);
    }
    if !view.calibration.is_empty() {
        parts.push(Part::Calibration);
    }
    if !view.gains.is_empty() {
        parts.extend([Part::Gains, Part::Lift]);
    }
    if model.per_class.len() > 2 {
        parts.push(Part::Classes);
    }
    if let Some(residuals) = &model.residuals {
        if !residuals.sample.is_empty() {
            parts.push(Part::Residuals);
        }
        if !view.errors.is_empty() {
            parts.push(Part::Errors);
        }
    }
    parts.push(Part::Behind);
    reflow(ui, "validation detail", parts.len(), 300.0, &[], |ui, place| match parts.get(place) {
        Some(Part::Confusion) => confusion(ui, ctx, model, view, moved),
        Some(Part::Roc) => curves::roc(ui, ctx, model, view, moved),
        Some(Part::PrecisionRecall) => curves::precision_recall(ui, ctx, model, view, moved),
        Some(Part::Calibration) => curves::calibration(ui, ctx, model, view),
        Some(Part::Gains) => curves::gains(ui, ctx, model, view, moved),
        Some(Part::Lift) => curves::lift(ui, ctx, model, view, moved),
        Some(Part::Classes) => classes(ui, ctx, &model.per_class),
        Some(Part::Residuals) => residuals(ui, ctx, model),
        Some(Part::Errors) => errors(ui, ctx, model, view),
        Some(Part::Behind) => behind(ui, model, view),
        None => {}
    });
}

/// Counts in the order of the model's classes: was, then said.
fn matrix_of(model: &ModelResult, c: &BinaryCounts) -> Vec<Vec<u64>> {
    if model.positive.as_ref() == model.classes.first() && !model.classes.is_empty() {
        vec![vec![c.tp, c.fn_], vec![c.fp, c.tn]]
    } else {
        vec![vec![c.tn, c.fp], vec![c.fn_, c.tp]]
    }
}

fn metrics(ui: &mut Ui, ctx: &PanelContext<'_>, run: &RunView, model: &ModelResult, view: &View) {
    let numbers = || {
        let head = ["metric", "value", "low", "high", "level", "interval", "training", "naive"];
        csv::table(
            &head,
            model.metrics.iter().map(|(name, m)| {
                [
                    name.clone(),
                    csv::number(m.value),
                    csv::number(m.low),
                    csv::number(m.high),
                    csv::number(Some(m.level)),
                    m.interval.clone().unwrap_or_default(),
                    csv::number(model.training.get(name).copied()),
                    csv::number(model.baseline.metrics.get(name).copied().flatten()),
                ]
            }),
        )
    };
    let subtitle = format!("{} on {}", model.name, run.dataset_name);
    let card = Card::new("Metrics").subtitle(&subtitle).rows(model.rows as u64);
    // The card stands alone in its row: it is as high as its content.
    let mut picture = false;
    let export = |ui: &mut Ui| {
        picture = Button::quiet("PNG").name("Export metrics as PNG").show(ui).clicked();
        if Button::quiet("CSV").name("Export metrics as CSV").icon(Icon::Export).show(ui).clicked() {
            ctx.save("metrics.csv", numbers());
        }
    };
    let shown = card.show_with(ui, export, |ui| {
        let rows: Vec<MetricRow<'_>> = view
            .metrics
            .iter()
            .map(|m| MetricRow {
                name: m.name,
                help: Some(&m.help),
                value: m.value,
                interval: m.interval,
                training: m.training,
                baseline: m.baseline,
                ..MetricRow::default()
            })
            .collect();
        metric_table(ui, "validation metrics", "value", &rows, None);
        for reason in &view.reasons {
            text::note(ui, reason);
        }
    });
    if picture {
        ctx.save_picture("metrics.png", shown.response.rect);
    }
}

fn confusion(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult, view: &View, moved: Option<Moved>) {
    let Some(confusion) = &model.confusion else { return };
    let labels: Vec<&str> = view.classes.iter().map(String::as_str).collect();
    let matrix = moved.map_or_else(|| confusion.matrix.clone(), |(_, counts)| matrix_of(model, &counts));
    let count = |was: usize, said: usize| matrix.get(was).and_then(|row| row.get(said)).copied().unwrap_or_default();
    let numbers = || {
        let head: Vec<&str> = std::iter::once("was \\ said").chain(labels.iter().copied()).collect();
        let rows = labels.iter().enumerate().map(|(was, label)| {
            let cells = (0..labels.len()).map(move |said| count(was, said).to_string());
            std::iter::once((*label).to_owned()).chain(cells)
        });
        csv::table(&head, rows)
    };
    let help = Explainer::new("Confusion", "Rows by what they were and what the model said; shares are of their row.");
    chart_card(ui, ctx, Card::new("Confusion").explain(&help), "confusion", numbers, |ui| {
        ConfusionMatrix::new("Confusion matrix", &labels, &count).show(ui);
    });
}

fn classes(ui: &mut Ui, ctx: &PanelContext<'_>, classes: &[PerClass]) {
    let numbers = || {
        let rows = classes.iter().map(|c| {
            let [precision, recall, f1] = [c.precision, c.recall, c.f1].map(csv::number);
            [c.class.clone(), precision, recall, f1, c.support.to_string()]
        });
        csv::table(&["class", "precision", "recall", "f1", "rows"], rows)
    };
    chart_card(ui, ctx, Card::new("By class"), "classes", numbers, |ui| {
        let heads = [
            Column::words("Class", 1.4),
            Column::numbers("precision", 1.0),
            Column::numbers("recall", 1.0),
            Column::numbers("F1", 1.0),
            Column::numbers("rows", 1.0),
        ];
        Table::new("classes", &heads).max_height(HEIGHT).show(ui, classes.len(), |ui, row, column| {
            let Some(class) = classes.get(row) else { return };
            let words = match column {
                0 => class.class.clone(),
                1 => format::metric(class.precision, None),
                2 => format::metric(class.recall, None),
                3 => format::metric(class.f1, None),
                _ => format::count(class.support),
            };
            text::elided(ui, words);
        });
    });
}

fn residuals(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult) {
    let Some(residuals) = &model.residuals else { return };
    let numbers = || pairs_csv(["prediction", "error"], &residuals.sample);
    let title = format::counted(residuals.sample.len() as u64, "row");
    chart_card(ui, ctx, Card::new("Residuals").subtitle(&title), "residuals", numbers, |ui| {
        ScatterChart::new("Residuals", &residuals.sample)
            .axes("prediction", "prediction − target")
            .guide(ScatterGuide::Zero)
            .show(ui);
    });
}

fn errors(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult, view: &View) {
    let histogram = model.residuals.as_ref().map_or(&[][..], |r| &r.histogram);
    let numbers = || {
        let rows = histogram
            .iter()
            .map(|(low, high, rows)| [csv::number(Some(*low)), csv::number(Some(*high)), rows.to_string()]);
        csv::table(&["low", "high", "rows"], rows)
    };
    chart_card(ui, ctx, Card::new("Errors").subtitle("prediction − target"), "errors", numbers, |ui| {
        let low = histogram.first().map_or(0.0, |bin| bin.0);
        let high = histogram.last().map_or(1.0, |bin| bin.1);
        let top = view.errors.iter().map(|p| p[1]).fold(0.0, f64::max);
        let curves = [Curve { name: "share of rows", points: &view.errors, color: 0, dots: false }];
        CurveChart::new("Histogram of errors", &curves)
            .axes("error", "share of rows")
            .ranges((low, high), (0.0, top * 1.05))
            .height(220.0)
            .show(ui);
    });
}

fn behind(ui: &mut Ui, model: &ModelResult, view: &View) {
    Card::new("Behind it").fill().show(ui, |ui| {
        let rows: Vec<(&str, &str)> = view.facts.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        key_value(ui, "validation facts", &rows);
        for note in &model.notes {
            text::note(ui, note);
        }
    });
}
