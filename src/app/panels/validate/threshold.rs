//! The threshold of a binary model, moved by hand: what it would decide, what that costs, and which one is best for what.

use eframe::egui::{Slider, Ui};

use crate::app::context::PanelContext;
use crate::app::theme::{SPACE_S, SPACE_XS};
use crate::app::widgets::{Button, Card, Column, Explainer, Table, format, number_field, text};
use crate::backend::command::RunId;
use crate::backend::{Command, State};
use crate::stats::binary::BinaryCounts;
use crate::stats::decisions::{CostMatrix, DecisionTable};
use crate::stats::intervals;
use crate::stats::metric::title;
use crate::validate::ModelResult;

/// Costs are told for this many rows.
const PER: f64 = 1_000.0;

/// What a person chose for the model that is shown.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chosen {
    of: (RunId, usize),
    /// Place in the model's table of decisions; `None` is the threshold it was validated with.
    place: Option<usize>,
    costs: CostMatrix,
    recall: f64,
    precision: f64,
}

impl Default for Chosen {
    fn default() -> Self {
        Self {
            of: (0, 0),
            place: None,
            costs: CostMatrix { fp: 1.0, fn_: 1.0, ..CostMatrix::default() },
            recall: 0.8,
            precision: 0.5,
        }
    }
}

fn key(run: RunId, model: &str) -> String {
    format!("threshold {run} {model}")
}

/// The threshold a person kept for the deployments of a run's model.
pub(in crate::app::panels) fn kept(state: &State, run: RunId, model: &str) -> Option<f64> {
    state.settings.get(&key(run, model)).and_then(serde_json::Value::as_f64)
}

impl Chosen {
    /// Turns to a model; what was chosen for another one is forgotten, costs and wishes stay. A threshold that was kept
    /// for the model is chosen again.
    pub(super) fn turn_to(&mut self, state: &State, run: RunId, place: usize, model: &ModelResult) {
        if self.of != (run, place) {
            self.of = (run, place);
            let nearest = |threshold| model.decisions.as_ref().and_then(|table| table.nearest(threshold));
            self.place = kept(state, run, &model.sha256).and_then(nearest);
        }
    }

    /// Threshold and decisions in force, when a person chose others than those the model was validated with.
    pub(super) fn decisions(&self, model: &ModelResult) -> Option<(f64, BinaryCounts)> {
        let table = model.decisions.as_ref()?;
        let place = self.place?;
        Some((*table.thresholds.get(place)?, table.at(place)?))
    }
}

/// Decisions at the threshold the model was validated with.
fn validated(model: &ModelResult, table: &DecisionTable) -> Option<BinaryCounts> {
    table.at(table.nearest(model.threshold?)?)
}

pub(super) fn card(ui: &mut Ui, ctx: &PanelContext<'_>, run: RunId, model: &ModelResult, chosen: &mut Chosen) {
    let Some(table) = model.decisions.as_ref().filter(|t| !t.is_empty()) else { return };
    let help = Explainer::new(
        "Threshold",
        "The score from which a row is said to be positive. A lower one finds more of the positive rows and raises more \
         false alarms. Every number here is exact for the threshold that is shown.",
    );
    let kept = kept(ctx.state, run, &model.sha256);
    let right = kept.map(|t| format!("kept for deployment: {}", format::decimal(t, 3))).unwrap_or_default();
    Card::new("Threshold").explain(&help).right(&right).rows(model.rows as u64).show(ui, |ui| {
        slider(ui, model, table, chosen);
        best(ui, table, chosen);
        costs(ui, chosen);
        let now = chosen.decisions(model).map(|d| d.1).or_else(|| validated(model, table));
        if let Some(now) = now {
            numbers(ui, model, table, chosen, &now);
        }
        ui.horizontal_wrapped(|ui| keep(ui, ctx, run, model, chosen, kept));
    });
}

/// The slider alone with what it decides in one line, to stand over charts that follow it.
pub(super) fn bar(ui: &mut Ui, model: &ModelResult, chosen: &mut Chosen) {
    let Some(table) = model.decisions.as_ref().filter(|t| !t.is_empty()) else { return };
    Card::new("").show(ui, |ui| {
        slider(ui, model, table, chosen);
        let Some(now) = chosen.decisions(model).map(|d| d.1).or_else(|| validated(model, table)) else { return };
        let numbers = ["precision", "recall", "specificity", "f1", "accuracy"]
            .map(|name| format!("{} {}", title(name), format::metric(now.metric(name), None)));
        let cost = format::number_opt(chosen.costs.per_row(&now).map(|c| c * PER));
        let words = format!("{} · cost of {} rows {cost}", numbers.join(" · "), format::count(PER as u64));
        text::caption(ui, &words);
    });
    ui.add_space(SPACE_S);
}

fn slider(ui: &mut Ui, model: &ModelResult, table: &DecisionTable, chosen: &mut Chosen) {
    let ends = table.thresholds.first().copied().zip(table.thresholds.last().copied());
    let Some((low, high)) = ends else { return };
    let as_validated = model.threshold.unwrap_or(low);
    let mut threshold = chosen.decisions(model).map_or(as_validated, |d| d.0);
    ui.horizontal(|ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - 260.0).clamp(120.0, 700.0);
        let name = text::caption(ui, "Said positive from");
        let slider = Slider::new(&mut threshold, low..=high).max_decimals(3).min_decimals(3);
        if ui.add(slider).labelled_by(name.id).changed() {
            chosen.place = table.nearest(threshold);
        }
        let off = chosen.place.is_none().then_some("It is the one that was validated");
        if Button::quiet("As validated").disabled_because(off).show(ui).clicked() {
            chosen.place = None;
        }
    });
}

fn best(ui: &mut Ui, table: &DecisionTable, chosen: &mut Chosen) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = SPACE_XS;
        text::caption(ui, "Best for");
        let take = |ui: &mut Ui, words: &str, place: Option<usize>, chosen: &mut Chosen| {
            let none = place.is_none().then_some("No threshold reaches it");
            if Button::secondary(words).disabled_because(none).show(ui).clicked() {
                chosen.place = place;
            }
        };
        take(ui, "F1", table.best_f1(), chosen);
        take(ui, "Least cost", table.cheapest(&chosen.costs), chosen);
        take(ui, "Recall of at least", table.for_recall(chosen.recall), chosen);
        number_field(ui, "Recall", &mut chosen.recall, 0.0..=1.0, "");
        take(ui, "Precision of at least", table.for_precision(chosen.precision), chosen);
        number_field(ui, "Precision", &mut chosen.precision, 0.0..=1.0, "");
    });
}

fn costs(ui: &mut Ui, chosen: &mut Chosen) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = SPACE_XS;
        let any = -1_000_000.0..=1_000_000.0;
        text::caption(ui, "Costs, a benefit is below 0");
        number_field(ui, "False alarm", &mut chosen.costs.fp, any.clone(), "");
        number_field(ui, "Miss", &mut chosen.costs.fn_, any.clone(), "");
        number_field(ui, "Hit", &mut chosen.costs.tp, any.clone(), "");
        number_field(ui, "Rightly left alone", &mut chosen.costs.tn, any, "");
    });
}

fn numbers(ui: &mut Ui, model: &ModelResult, table: &DecisionTable, chosen: &Chosen, now: &BinaryCounts) {
    let level = model.metrics.get("accuracy").map_or(0.95, |m| m.level);
    let before = validated(model, table);
    let [tp, fp, fn_, tn] = [now.tp, now.fp, now.fn_, now.tn].map(|n| n as f64);
    let share = |hits: f64, n: f64| intervals::wilson(hits, n, level);
    let rows = [
        ("precision", share(tp, tp + fp)),
        ("recall", share(tp, tp + fn_)),
        ("specificity", share(tn, tn + fp)),
        ("f1", intervals::f1(tp, fp, fn_, level)),
        ("accuracy", share(tp + tn, tp + fp + fn_ + tn)),
    ];
    let interval = format!("{} interval", format::level(level));
    let heads = [
        Column::words("Metric", 1.4).min_width(110.0),
        Column::numbers("at this threshold", 1.0).min_width(120.0),
        Column::numbers(&interval, 1.2).min_width(120.0),
        Column::numbers("as validated", 1.0).min_width(90.0),
        Column::numbers("change", 0.8).min_width(70.0),
    ];
    let cost = |counts: &BinaryCounts| chosen.costs.per_row(counts).map(|c| c * PER);
    let cost_name = format!("Cost of {} rows", format::count(PER as u64));
    Table::new("threshold", &heads).show(ui, rows.len() + 1, |ui, row, column| {
        let metric = rows.get(row);
        let value = |counts: &BinaryCounts| metric.map_or_else(|| cost(counts), |(name, _)| counts.metric(name));
        let (value, was) = (value(now), before.as_ref().and_then(value));
        let words = |v: Option<f64>| if metric.is_some() { format::metric(v, None) } else { format::number_opt(v) };
        let cell = match column {
            0 => metric.map_or_else(|| cost_name.clone(), |(name, _)| title(name).to_owned()),
            1 => words(value),
            2 => {
                let ends = metric.and_then(|(_, i)| i.as_ref()).map(|i| (i.low, i.high));
                let decimals = value.map_or(3, |v| format::metric_decimals(v, ends));
                format::interval(ends, decimals)
            }
            3 => words(was),
            _ => words(value.zip(was).map(|(a, b)| a - b)),
        };
        text::elided(ui, cell);
    });
}

fn keep(ui: &mut Ui, ctx: &PanelContext<'_>, run: RunId, model: &ModelResult, chosen: &Chosen, kept: Option<f64>) {
    let now = chosen.decisions(model).map(|d| d.0);
    let key = key(run, &model.sha256);
    let why = match (now, kept) {
        (None, _) => Some("The threshold that was validated is used anyway"),
        (Some(now), Some(kept)) if now == kept => Some("It is kept already"),
        _ => None,
    };
    if Button::secondary("Use for deployment").disabled_because(why).show(ui).clicked()
        && let Some(now) = now
    {
        ctx.command(Command::SetSetting { key: key.clone(), value: now.into() });
    }
    if kept.is_some() && Button::quiet("Forget the kept one").show(ui).clicked() {
        ctx.command(Command::SetSetting { key, value: serde_json::Value::Null });
    }
}
