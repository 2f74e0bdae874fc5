//! One model of a run in detail, in pages: metrics, curves, errors, segments, robustness, gates.

use eframe::egui::Ui;

use super::curves::{self, Moved};
use super::looks::{Looks, Tab};
use super::threshold::{self, Chosen};
use super::view::View;
use super::{data_use, gates, one_vs_rest, parts, residuals, robust, rows, scores};
use crate::app::context::PanelContext;
use crate::app::panels::page::chart_card;
use crate::app::theme::SPACE_S;
use crate::app::widgets::{
    Button, Card, CellWords, Column, ConfusionMatrix, Explainer, MetricRow, Table, format, key_value, metric_table,
    reflow, segmented, text,
};
use crate::backend::command::WhichRows;
use crate::backend::state::RunView;
use crate::model::Task;
use crate::report::csv;
use crate::stats::binary::BinaryCounts;
use crate::validate::report::{Confusion, ModelResult, PerClass};
use crate::validate::views::{column_shares, row_shares};

/// Height of the table of classes in points; more scroll.
const HEIGHT: f32 = 260.0;
/// Classes from which on the matrix gets as much room as its rows.
const MANY_CLASSES: usize = 5;

/// What a page draws from.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) run: &'a RunView,
    pub(super) model: &'a ModelResult,
    pub(super) view: &'a View,
}

pub(super) fn ui(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    shown: Shown<'_>,
    tab: Tab,
    chosen: &mut Chosen,
    looks: &mut Looks,
) {
    let Shown { run, model, view } = shown;
    match tab {
        Tab::Metrics => {
            metrics(ui, ctx, run, model, view);
            ui.add_space(SPACE_S);
            threshold::card(ui, ctx, run.id, model, chosen);
            ui.add_space(SPACE_S);
            behind(ui, model, view);
        }
        Tab::Curves => {
            threshold::bar(ui, model, chosen);
            curves_page(ui, ctx, shown, chosen.decisions(model), looks);
        }
        Tab::Errors if model.task == Task::Regression => regression_errors(ui, ctx, shown, looks),
        Tab::Errors => {
            threshold::bar(ui, model, chosen);
            class_errors(ui, ctx, shown, chosen.decisions(model), looks);
        }
        Tab::Segments => segments_page(ui, ctx, model),
        Tab::Robustness => {
            alone(ui, "robustness", |ui| robust::ui(ui, ctx, run, model, view, looks));
        }
        Tab::Gates => gates_page(ui, ctx, shown),
    }
}

/// Draws a card that fills its row in a row of its own; outside of one it would be as high as the window.
pub(super) fn alone(ui: &mut Ui, id_salt: &str, mut content: impl FnMut(&mut Ui)) {
    reflow(ui, id_salt, 1, 400.0, &[], |ui, _| content(ui));
}

/// Verdict and sign-off of the model.
fn gates_page(ui: &mut Ui, ctx: &PanelContext<'_>, shown: Shown<'_>) {
    let Shown { run, model, .. } = shown;
    if let Some(policy) = run.report.policy.as_ref().filter(|_| !model.gates.is_empty()) {
        alone(ui, "gates", |ui| gates::card(ui, ctx, policy, model));
    } else {
        Card::new("Gates").show(ui, |ui| {
            text::note(ui, "No policy judged this model. Choose one under Policy and run the validation again.");
        });
    }
    if !model.data_use.is_empty() || !model.proxies.is_empty() {
        alone(ui, "data use", |ui| data_use::card(ui, ctx, model));
    }
}

#[derive(Clone, Copy)]
enum Chart {
    Scores,
    Roc,
    PrecisionRecall,
    Det,
    Calibration,
    Gains,
    Lift,
}

fn curves_page(ui: &mut Ui, ctx: &PanelContext<'_>, shown: Shown<'_>, moved: Option<Moved>, looks: &mut Looks) {
    let Shown { model, view, .. } = shown;
    let there = [
        (Chart::Scores, view.scores.is_some()),
        (Chart::Roc, !view.roc.is_empty()),
        (Chart::PrecisionRecall, !view.precision_recall.is_empty()),
        (Chart::Det, view.det.is_some()),
        (Chart::Calibration, !view.calibration.is_empty()),
        (Chart::Gains, !view.gains.is_empty()),
        (Chart::Lift, !view.lift.is_empty()),
    ];
    let charts: Vec<Chart> = there.iter().filter(|(_, there)| *there).map(|(chart, _)| *chart).collect();
    reflow(ui, "validation curves", charts.len(), 300.0, &[], |ui, place| match charts.get(place) {
        Some(Chart::Scores) => scores::histogram(ui, ctx, model, view, moved),
        Some(Chart::Roc) => curves::roc(ui, ctx, model, view, moved),
        Some(Chart::PrecisionRecall) => curves::precision_recall(ui, ctx, model, view, moved),
        Some(Chart::Det) => scores::det(ui, ctx, model, view, moved),
        Some(Chart::Calibration) => curves::calibration(ui, ctx, model, view),
        Some(Chart::Gains) => curves::gains(ui, ctx, model, view, moved),
        Some(Chart::Lift) => curves::lift(ui, ctx, model, view, moved),
        None => {}
    });
    one_vs_rest::ui(ui, ctx, model, view, &mut looks.class);
}

/// The confusion matrix with the rows of its cells, the classes, the worst rows.
fn class_errors(ui: &mut Ui, ctx: &PanelContext<'_>, shown: Shown<'_>, moved: Option<Moved>, looks: &mut Looks) {
    let Shown { run, model, view } = shown;
    if !view.classes.is_empty() {
        let room = if view.classes.len() < MANY_CLASSES { [0.55, 1.0] } else { [1.0, 1.0] };
        reflow(ui, "confusion and its rows", 2, 380.0, &room, |ui, place| match place {
            0 => confusion(ui, ctx, shown, moved, looks),
            _ => rows::of_cell(ui, ctx, run, model, view, moved.map(|m| m.0), &mut looks.rows),
        });
    }
    if model.per_class.len() > 2 {
        alone(ui, "by class", |ui| classes(ui, ctx, &model.per_class));
    }
    alone(ui, "worst errors", |ui| rows::worst(ui, ctx, run, model, view, &mut looks.rows));
}

fn regression_errors(ui: &mut Ui, ctx: &PanelContext<'_>, shown: Shown<'_>, looks: &mut Looks) {
    let Shown { run, model, view } = shown;
    let there = [
        (0, model.residuals.as_ref().is_some_and(|r| !r.sample.is_empty())),
        (1, !view.errors.is_empty()),
        (2, model.views.as_ref().is_some_and(|v| v.residual_views.is_some())),
    ];
    let charts: Vec<usize> = there.iter().filter(|(_, there)| *there).map(|(chart, _)| *chart).collect();
    reflow(ui, "residuals", charts.len(), 300.0, &[], |ui, place| match charts.get(place) {
        Some(0) => residuals::over_prediction(ui, ctx, model),
        Some(1) => residuals::histogram(ui, ctx, model, view),
        _ => residuals::quantiles(ui, ctx, model),
    });
    alone(ui, "along a column", |ui| residuals::against(ui, ctx, run, model, view, looks));
    alone(ui, "worst errors", |ui| rows::worst(ui, ctx, run, model, view, &mut looks.rows));
}

fn segments_page(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult) {
    let tables = usize::from(!model.segments.is_empty()) + usize::from(!model.weak_segments.is_empty());
    if tables + model.fairness.len() == 0 {
        Card::new("Segments").show(ui, |ui| {
            text::note(
                ui,
                "No part of the data is weaker than the rest beyond chance. Tick columns under Segments and run the \
                 validation again to see the metrics of their values.",
            );
        });
        return;
    }
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
        if Button::quiet("CSV").name("Export metrics as CSV").show(ui).clicked() {
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
        metric_table(ui, "validation metrics", "value", run.report.level, &rows, None);
        for reason in &view.reasons {
            text::note(ui, reason);
        }
    });
    if picture {
        ctx.save_picture("metrics.png", shown.response.rect);
    }
}

fn confusion(ui: &mut Ui, ctx: &PanelContext<'_>, shown: Shown<'_>, moved: Option<Moved>, looks: &mut Looks) {
    let Shown { run, model, view } = shown;
    let Some(confusion) = &model.confusion else { return };
    let labels: Vec<&str> = view.classes.iter().map(String::as_str).collect();
    let of_moved = moved.map(|(_, counts)| matrix_of(model, &counts));
    let matrix = of_moved.as_ref().unwrap_or(&confusion.matrix);
    let count = |was: usize, said: usize| matrix.get(was).and_then(|row| row.get(said)).copied().unwrap_or_default();
    let cells = looks.cells;
    let numbers = || {
        let head: Vec<&str> = std::iter::once("was \\ said").chain(labels.iter().copied()).collect();
        let shown = Confusion { labels: Vec::new(), matrix: matrix.clone() };
        let lines: Vec<Vec<String>> = match cells {
            CellWords::Counts => matrix.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect(),
            CellWords::OfRow => shares(&row_shares(&shown)),
            CellWords::OfColumn => shares(&column_shares(&shown)),
        };
        let rows = labels.iter().zip(lines).map(|(label, cells)| std::iter::once((*label).to_owned()).chain(cells));
        csv::table(&head, rows)
    };
    let help = Explainer::new(
        "Confusion",
        "Rows by what they were and what the model said. A share of the row tells how a class was answered, on the \
         diagonal its recall; a share of the column how far an answer can be believed, on the diagonal its precision. A \
         click on a cell shows its rows.",
    );
    let card = Card::new("Confusion").explain(&help).rows(matrix.iter().flatten().sum());
    chart_card(ui, ctx, card, "confusion", numbers, |ui| {
        let options = [(CellWords::Counts, "Counts"), (CellWords::OfRow, "Row %"), (CellWords::OfColumn, "Column %")];
        segmented(ui, "Cells", &mut looks.cells, &options);
        ui.add_space(SPACE_S);
        let chosen = looks.rows.chosen(run.id, &model.sha256);
        let matrix = ConfusionMatrix::new("Confusion matrix", &labels, &count).cells(cells).selected(chosen);
        if let (_, Some((was, said))) = matrix.show(ui) {
            let which = WhichRows::Cell { was, said, threshold: moved.map(|m| m.0) };
            looks.rows.ask(ctx, run.id, &model.sha256, which);
        }
    });
}

fn shares(lines: &[Vec<Option<f64>>]) -> Vec<Vec<String>> {
    lines.iter().map(|line| line.iter().map(|share| csv::number(*share)).collect()).collect()
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

fn behind(ui: &mut Ui, model: &ModelResult, view: &View) {
    Card::new("Behind it").show(ui, |ui| {
        let rows: Vec<(&str, &str)> = view.facts.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        key_value(ui, "validation facts", &rows);
        for note in &model.notes {
            text::note(ui, note);
        }
    });
}
