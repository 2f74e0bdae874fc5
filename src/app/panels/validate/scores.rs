//! How a model's scores spread, and the two kinds of error against each other on probit axes.

use eframe::egui::Ui;

use super::curves::Moved;
use super::view::{View, threshold_words};
use crate::app::context::PanelContext;
use crate::app::panels::page::chart_card;
use crate::app::widgets::{Card, Curve, CurveChart, Explainer, HistogramPair, format, text};
use crate::report::csv;
use crate::stats::normal_quantiles::{probit, share_below};
use crate::validate::report::ModelResult;
use crate::validate::views::ScoreHistograms;

/// Shares that are named on probit axes.
const SHARES: [f64; 13] = [0.0001, 0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99, 0.999];

/// Shares of a group's rows in each bin, ready to draw.
#[derive(Debug)]
pub(super) struct ScoreBars {
    edges: Vec<f64>,
    /// The positive class, or the right answers; then the others.
    shares: [Vec<f64>; 2],
    names: [String; 2],
    value: String,
}

impl ScoreBars {
    pub(super) fn new(found: &ScoreHistograms, name: impl Fn(&str) -> String) -> Option<Self> {
        let [first, second] = found.groups.as_slice() else { return None };
        let shares = [first, second].map(|group| {
            let total = group.total().max(1) as f64;
            group.rows.iter().map(|rows| *rows as f64 / total).collect()
        });
        let names = [name(&first.name), name(&second.name)];
        let counted = |name: &str, rows: u64| format!("{name} {}", format::counted(rows, "row"));
        let value = [counted(&names[0], first.total()), counted(&names[1], second.total())].join("; ");
        Some(Self { edges: found.edges.clone(), shares, names, value })
    }
}

/// A DET curve ready to draw: probits of the false positive and the false negative rate.
#[derive(Debug)]
pub(super) struct Det {
    points: Vec<[f64; 2]>,
    x: (f64, f64),
    y: (f64, f64),
    ticks: Vec<(f64, String)>,
}

impl Det {
    pub(super) fn new(model: &ModelResult) -> Option<Self> {
        let det = model.views.as_ref()?.det.as_ref()?;
        let both = det.probit_fpr.iter().zip(&det.probit_fnr);
        let points: Vec<[f64; 2]> = both.filter_map(|(x, y)| Some([(*x)?, (*y)?])).collect();
        let range = |axis: usize| {
            let values = points.iter().filter_map(|p| p.get(axis).copied());
            let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
            (low - 0.1, high + 0.1)
        };
        let ticks = SHARES.iter().filter_map(|share| Some((probit(*share)?, format::percent(*share)))).collect();
        let (x, y) = (range(0), range(1));
        (points.len() > 1).then_some(Self { points, x, y, ticks })
    }
}

pub(super) fn histogram(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult, view: &View, moved: Option<Moved>) {
    let Some(bars) = &view.scores else { return };
    let Some(found) = model.views.as_ref().and_then(|v| v.scores.as_ref()) else { return };
    let numbers = || {
        let head = ["from", "to", bars.names[0].as_str(), bars.names[1].as_str()];
        let ends = found.edges.iter().zip(found.edges.iter().skip(1));
        let rows = |group: usize, bin: usize| {
            found.groups.get(group).and_then(|g| g.rows.get(bin)).copied().unwrap_or_default().to_string()
        };
        csv::table(
            &head,
            ends.enumerate().map(|(bin, (from, to))| {
                [csv::number(Some(*from)), csv::number(Some(*to)), rows(0, bin), rows(1, bin)]
            }),
        )
    };
    let binary = model.threshold.is_some();
    let what = if binary { "score by class" } else { "probability given to the truth" };
    let help = if binary {
        Explainer::new(
            "Score histogram",
            "How the scores of each class spread; each colour adds up to 100 % of its class. The less the two overlap, \
             the better the model keeps them apart; what lies on the wrong side of the threshold is decided wrongly.",
        )
    } else {
        Explainer::new(
            "Score histogram",
            "The probability that was given to the true class, for right and for wrong answers; each colour adds up to \
             100 % of its rows. Wrong answers far to the left were given with confidence.",
        )
    }
    .formula("rows in the bin / rows of the group");
    let rows = found.groups.iter().map(crate::validate::views::ScoreGroup::total).sum();
    let card = Card::new("Scores").subtitle(what).explain(&help).rows(rows);
    chart_card(ui, ctx, card, "scores", numbers, |ui| {
        let [first, second] = &bars.shares;
        let mut chart = HistogramPair::numeric("Score histogram", &bars.edges, second, first)
            .names(&bars.names[1], &bars.names[0])
            .value(&bars.value)
            .height(240.0);
        let threshold = moved.map(|m| m.0).or(model.threshold);
        let words = threshold.map(threshold_words);
        if let (Some(threshold), Some(words)) = (threshold, &words) {
            chart = chart.mark(threshold, words);
        }
        chart.show(ui);
    });
}

pub(super) fn det(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult, view: &View, moved: Option<Moved>) {
    let Some(curve) = &view.det else { return };
    let Some(found) = model.views.as_ref().and_then(|v| v.det.as_ref()) else { return };
    let numbers = || {
        let rates = found.fpr.iter().zip(&found.fnr).zip(&found.thresholds);
        csv::table(
            &["threshold", "false_positive_rate", "false_negative_rate"],
            rates.map(|((x, y), t)| [csv::number(*t), csv::number(Some(*x)), csv::number(Some(*y))]),
        )
    };
    let help = Explainer::new(
        "Detection error tradeoff",
        "Misses against false alarms, both on a probit scale, on which the curve of normally spread scores is a straight \
         line. The nearer to the lower left corner, the better; it tells good models apart where a ROC curve hugs its \
         corner.",
    )
    .formula("axes: Φ⁻¹ of the false positive and of the false negative rate")
    .convention("rates of 0 and 1 have no place on this scale and are left out");
    let card = Card::new("DET").subtitle("misses against false alarms").explain(&help);
    chart_card(ui, ctx, card, "det", numbers, |ui| {
        let ticks: Vec<(f64, &str)> = curve.ticks.iter().map(|(at, words)| (*at, words.as_str())).collect();
        let curves = [Curve { name: &model.name, points: &curve.points, color: 0, dots: false }];
        let value = |z: f64| format::percent(share_below(z));
        let mut chart = CurveChart::new("DET curve", &curves)
            .axes("false positive rate", "false negative rate")
            .ranges(curve.x, curve.y)
            .scale(&ticks, &value);
        let counts = moved.or_else(|| {
            let threshold = model.threshold?;
            let table = model.decisions.as_ref()?;
            Some((threshold, table.at(table.nearest(threshold)?)?))
        });
        let mark = counts.and_then(|(t, c)| {
            let x = probit(1.0 - c.specificity()?)?;
            Some((x, probit(1.0 - c.recall()?)?, threshold_words(t)))
        });
        if let Some((x, y, name)) = &mark {
            chart = chart.mark(*x, *y, name);
        }
        chart.show(ui);
        if mark.is_none() && counts.is_some() {
            text::note(ui, "At this threshold one of the rates is 0 or 1, which has no place on the scale.");
        }
    });
}
