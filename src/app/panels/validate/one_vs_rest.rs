//! Each of many classes against the rest: curves of a chosen class, areas of all, averages over all.

use eframe::egui::Ui;

use super::curves::pairs_csv;
use super::view::{View, interval};
use crate::app::context::PanelContext;
use crate::app::panels::page::{chart_card, tall};
use crate::app::theme::SPACE_S;
use crate::app::widgets::{Card, Column, Curve, CurveChart, Explainer, Table, choice, format, reflow, text};
use crate::report::csv;
use crate::validate::report::{MetricValue, ModelResult};
use crate::validate::views::OneVsRest;

/// Height of the table of classes in points; more scroll.
const HEIGHT: f32 = 280.0;

/// The curves of one class, ready to draw.
#[derive(Debug)]
pub(super) struct ClassCurves {
    name: String,
    roc: Vec<[f64; 2]>,
    precision_recall: Vec<[f64; 2]>,
    /// The precision of a guess, from recall 0 to 1.
    guess: [[f64; 2]; 2],
}

fn pairs(x: &[f64], y: &[f64]) -> Vec<[f64; 2]> {
    x.iter().zip(y).map(|(x, y)| [*x, *y]).collect()
}

/// The curves of the classes that have them.
pub(super) fn curves_of(found: &OneVsRest, name: impl Fn(&str) -> String) -> Vec<ClassCurves> {
    let all: u64 = found.classes.iter().map(|c| c.rows).sum();
    let drawn = found.classes.iter().filter_map(|class| {
        let (roc, pr) = (class.roc.as_ref()?, class.precision_recall.as_ref()?);
        let share = class.rows as f64 / all.max(1) as f64;
        Some(ClassCurves {
            name: name(&class.class),
            roc: pairs(&roc.fpr, &roc.tpr),
            precision_recall: pairs(&pr.recall, &pr.precision),
            guess: [[0.0, share], [1.0, share]],
        })
    });
    drawn.collect()
}

/// A value with its interval in one line.
fn words(value: &MetricValue) -> String {
    let ends = interval(value);
    let decimals = value.value.map_or(3, |v| format::metric_decimals(v, ends));
    let interval = ends.map(|_| format!("  ({})", format::interval(ends, decimals))).unwrap_or_default();
    format!("{}{interval}", format::metric(value.value, ends))
}

pub(super) fn ui(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult, view: &View, class: &mut usize) {
    let Some(found) = model.views.as_ref().and_then(|v| v.one_vs_rest.as_ref()) else { return };
    if !view.by_class.is_empty() {
        *class = (*class).min(view.by_class.len() - 1);
        ui.horizontal_wrapped(|ui| {
            let options: Vec<(usize, &str)> =
                view.by_class.iter().enumerate().map(|(i, c)| (i, c.name.as_str())).collect();
            choice(ui, "Class against the rest", class, &options);
            if view.by_class.len() < found.classes.len() {
                text::caption(ui, &format!("Curves are kept for the {} most frequent classes", view.by_class.len()));
            }
        });
        ui.add_space(SPACE_S);
    }
    let curves = view.by_class.get(*class);
    let first = if curves.is_some() { 0 } else { 2 };
    reflow(ui, "one against the rest", 3 - first, 300.0, &[], |ui, place| match (place + first, curves) {
        (0, Some(curves)) => roc(ui, ctx, curves),
        (1, Some(curves)) => precision_recall(ui, ctx, curves),
        _ => areas(ui, ctx, model, found, view),
    });
}

fn roc(ui: &mut Ui, ctx: &PanelContext<'_>, class: &ClassCurves) {
    let numbers = || pairs_csv(["false_positive_rate", "true_positive_rate"], &class.roc);
    let subtitle = format!("{} against the rest", class.name);
    chart_card(ui, ctx, Card::new("ROC").subtitle(&subtitle), "roc-of-class", numbers, |ui| {
        let curves = [Curve { name: &class.name, points: &class.roc, color: 0, dots: false }];
        CurveChart::new("ROC curve of a class", &curves)
            .axes("false positive rate", "true positive rate")
            .diagonal()
            .show(ui);
    });
}

fn precision_recall(ui: &mut Ui, ctx: &PanelContext<'_>, class: &ClassCurves) {
    let numbers = || pairs_csv(["recall", "precision"], &class.precision_recall);
    let subtitle = format!("{} against the rest", class.name);
    let card = Card::new("Precision and recall").subtitle(&subtitle);
    chart_card(ui, ctx, card, "precision-recall-of-class", numbers, |ui| {
        let curves = [
            Curve { name: &class.name, points: &class.precision_recall, color: 0, dots: false },
            Curve { name: "share of the class", points: &class.guess, color: 2, dots: false },
        ];
        CurveChart::new("Precision-recall curve of a class", &curves).axes("recall", "precision").show(ui);
    });
}

/// A line of the table: name, rows, area under the ROC curve, average precision.
type Line<'a> = (&'a str, Option<u64>, Option<&'a MetricValue>, Option<&'a MetricValue>);

fn areas(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult, found: &OneVsRest, view: &View) {
    let name = |place: usize, class: &str| view.classes.get(place).map_or(class.to_owned(), Clone::clone);
    let names: Vec<String> = found.classes.iter().enumerate().map(|(i, c)| name(i, &c.class)).collect();
    let averages: [Line<'_>; 2] = [
        ("macro average", None, model.metrics.get("roc_auc_ovr_macro"), Some(&found.average_precision_macro)),
        ("micro average", None, Some(&found.micro.roc_auc), None),
    ];
    let of_class = |place: usize| -> Option<Line<'_>> {
        let class = found.classes.get(place)?;
        Some((names.get(place)?, Some(class.rows), Some(&class.roc_auc), Some(&class.average_precision)))
    };
    let line = |row: usize| averages.get(row).copied().or_else(|| of_class(row - averages.len()));
    let rows = averages.len() + found.classes.len();
    let numbers = || {
        let head = ["class", "rows", "roc_auc", "low", "high", "average_precision", "ap_low", "ap_high"];
        let numbers = |value: Option<&MetricValue>| {
            let of = |end: fn(&MetricValue) -> Option<f64>| csv::number(value.and_then(end));
            [of(|m| m.value), of(|m| m.low), of(|m| m.high)]
        };
        csv::table(
            &head,
            (0..rows).filter_map(line).map(|(name, rows, auc, ap)| {
                let mut cells = vec![name.to_owned(), rows.map(|r| r.to_string()).unwrap_or_default()];
                cells.extend(numbers(auc));
                cells.extend(numbers(ap));
                cells
            }),
        )
    };
    let help = Explainer::new(
        "Each class against the rest",
        "Each class is taken as the positive one and all others together as the rest. The macro average weighs every \
         class the same, the micro average every row.",
    )
    .formula("micro: the curve of all cells of the table of probabilities together")
    .convention("as scikit-learn's roc_auc_score and average_precision_score");
    let card = Card::new("Areas by class").explain(&help);
    chart_card(ui, ctx, card, "areas-by-class", numbers, |ui| {
        let micro = words(&found.micro.f1);
        text::note(
            ui,
            &format!("Micro precision, recall and F1 are {micro}: with one class a row they equal accuracy."),
        );
        let heads = [
            Column::words("class", 1.2).min_width(90.0),
            Column::numbers("rows", 0.6).min_width(56.0),
            Column::numbers("ROC AUC", 1.2).min_width(140.0),
            Column::numbers("average precision", 1.2).min_width(140.0),
        ];
        tall(ui, HEIGHT, |ui| {
            Table::new("areas by class", &heads).max_height(HEIGHT - 30.0).show(ui, rows, |ui, row, column| {
                let Some((name, rows, auc, ap)) = line(row) else { return };
                let value = match column {
                    0 => {
                        text::elided(ui, name);
                        return;
                    }
                    1 => {
                        text::elided(ui, rows.map_or(format::NONE.to_owned(), format::count));
                        return;
                    }
                    2 => auc,
                    _ => ap,
                };
                let cell = text::elided(ui, value.map_or(format::NONE.to_owned(), words));
                if let Some(reason) = value.and_then(|m| m.reason.as_ref()) {
                    cell.on_hover_text(reason);
                }
            });
        });
    });
}
