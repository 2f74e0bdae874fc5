//! The curves of a binary model, each with the threshold in force marked on it.

use eframe::egui::Ui;

use super::view::{View, threshold_words};
use crate::app::context::PanelContext;
use crate::app::panels::page::chart_card;
use crate::app::widgets::{Card, Curve, CurveChart, Explainer, format};
use crate::report::csv;
use crate::stats::binary::BinaryCounts;
use crate::validate::report::ModelResult;

/// A threshold that a person chose, and what it decides.
pub(super) type Moved = (f64, BinaryCounts);

pub(super) fn pairs_csv(head: [&str; 2], points: &[[f64; 2]]) -> String {
    csv::table(&head, points.iter().map(|[x, y]| [csv::number(Some(*x)), csv::number(Some(*y))]))
}

pub(super) fn roc(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult, view: &View, moved: Option<Moved>) {
    let numbers = || {
        let thresholds = model.curves.as_ref().map_or(&[][..], |c| &c.roc.thresholds);
        let rows = view.roc.iter().enumerate().map(|(i, [x, y])| {
            let threshold = thresholds.get(i).copied().flatten();
            [csv::number(threshold), csv::number(Some(*x)), csv::number(Some(*y))]
        });
        csv::table(&["threshold", "false_positive_rate", "true_positive_rate"], rows)
    };
    let title = format!("AUC {}", format::metric(model.value("roc_auc"), None));
    chart_card(ui, ctx, Card::new("ROC").subtitle(&title), "roc", numbers, |ui| {
        let curves = [Curve { name: &model.name, points: &view.roc, color: 0, dots: false }];
        let mut chart =
            CurveChart::new("ROC curve", &curves).axes("false positive rate", "true positive rate").diagonal();
        let rates = |(t, c): Moved| Some((1.0 - c.specificity()?, c.recall()?, threshold_words(t)));
        let moved = moved.and_then(rates);
        if let Some((x, y, name)) = moved.as_ref().or(view.mark.as_ref()) {
            chart = chart.mark(*x, *y, name);
        }
        chart.show(ui);
    });
}

pub(super) fn precision_recall(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    model: &ModelResult,
    view: &View,
    moved: Option<Moved>,
) {
    let numbers = || pairs_csv(["recall", "precision"], &view.precision_recall);
    let title = format!("AP {}", format::metric(model.value("average_precision"), None));
    chart_card(ui, ctx, Card::new("Precision and recall").subtitle(&title), "precision-recall", numbers, |ui| {
        let guess = view.prevalence.map(|share| [[0.0, share], [1.0, share]]);
        let mut curves = vec![Curve { name: &model.name, points: &view.precision_recall, color: 0, dots: false }];
        if let Some(guess) = &guess {
            curves.push(Curve { name: "share of positives", points: guess, color: 2, dots: false });
        }
        let mut chart = CurveChart::new("Precision-recall curve", &curves).axes("recall", "precision");
        let moved = moved.and_then(|(t, c)| Some((c.recall()?, c.precision()?, threshold_words(t))));
        if let Some((x, y, name)) = moved.as_ref().or(view.precision_recall_mark.as_ref()) {
            chart = chart.mark(*x, *y, name);
        }
        chart.show(ui);
    });
}

pub(super) fn calibration(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult, view: &View) {
    let numbers = || {
        let rows = model.curves.as_ref().map_or(&[][..], |c| &c.calibration.rows);
        let lines = view.calibration.iter().enumerate().map(|(i, [x, y])| {
            let rows = rows.get(i).map(ToString::to_string).unwrap_or_default();
            [csv::number(Some(*x)), csv::number(Some(*y)), rows]
        });
        csv::table(&["mean_predicted", "observed_share", "rows"], lines)
    };
    let title = format!("error {}", format::metric(model.value("ece"), None));
    chart_card(ui, ctx, Card::new("Calibration").subtitle(&title), "calibration", numbers, |ui| {
        let curves = [Curve { name: &model.name, points: &view.calibration, color: 1, dots: true }];
        CurveChart::new("Calibration curve", &curves).axes("mean probability", "observed share").diagonal().show(ui);
    });
}

/// Share of all rows that are said positive.
fn depth(c: &BinaryCounts) -> Option<f64> {
    (c.rows() > 0).then(|| (c.tp + c.fp) as f64 / c.rows() as f64)
}

/// What share of the positives one has after working through the rows from the highest score down.
pub(super) fn gains(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult, view: &View, moved: Option<Moved>) {
    let help = Explainer::new(
        "Cumulative gains",
        "Work through the rows from the highest score down: after this share of all rows, this share of the positive \
         rows was met. The dashed line is an order by chance.",
    );
    let numbers = || pairs_csv(["share_of_rows", "share_of_positives"], &view.gains);
    chart_card(ui, ctx, Card::new("Cumulative gains").explain(&help), "gains", numbers, |ui| {
        let curves = [Curve { name: &model.name, points: &view.gains, color: 0, dots: false }];
        let mut chart = CurveChart::new("Gains curve", &curves).axes("share of rows", "share of positives").diagonal();
        let moved = moved.and_then(|(t, c)| Some((depth(&c)?, c.recall()?, threshold_words(t))));
        if let Some((x, y, name)) = &moved {
            chart = chart.mark(*x, *y, name);
        }
        chart.show(ui);
    });
}

/// How much denser the positives lie among the highest scores than among all rows.
pub(super) fn lift(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult, view: &View, moved: Option<Moved>) {
    let help = Explainer::new(
        "Lift",
        "How many times denser the positive rows lie among the rows with the highest scores than among all rows; 1 is \
         an order by chance.",
    )
    .formula("precision / share of positives");
    let numbers = || pairs_csv(["share_of_rows", "lift"], &view.lift);
    let top = view.lift.iter().map(|p| p[1]).fold(1.0, f64::max) * 1.05;
    chart_card(ui, ctx, Card::new("Lift").explain(&help), "lift", numbers, |ui| {
        let chance = [[0.0, 1.0], [1.0, 1.0]];
        let curves = [
            Curve { name: &model.name, points: &view.lift, color: 0, dots: false },
            Curve { name: "chance", points: &chance, color: 2, dots: false },
        ];
        let mut chart =
            CurveChart::new("Lift curve", &curves).axes("share of rows", "lift").ranges((0.0, 1.0), (0.0, top));
        let moved = moved.and_then(|(t, c)| {
            let prevalence = view.prevalence.filter(|p| *p > 0.0)?;
            Some((depth(&c)?, c.precision()? / prevalence, threshold_words(t)))
        });
        if let Some((x, y, name)) = &moved {
            chart = chart.mark(*x, *y, name);
        }
        chart.show(ui);
    });
}
