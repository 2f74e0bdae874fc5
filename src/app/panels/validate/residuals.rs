//! Errors of a regression: over the prediction, as a histogram, against a normal distribution, along any column.

use eframe::egui::Ui;

use super::curves::pairs_csv;
use super::looks::Looks;
use super::problem;
use super::view::View;
use crate::app::context::PanelContext;
use crate::app::panels::page::{self, chart_card};
use crate::app::widgets::{
    Button, Card, Curve, CurveChart, Explainer, IntervalDot, ScatterChart, ScatterGuide, choice, format, interval_dots,
    text,
};
use crate::backend::Command;
use crate::backend::event::JobTopic;
use crate::backend::state::RunView;
use crate::report::csv;
use crate::validate::report::ModelResult;
use crate::validate::views::ResidualsAgainst;

pub(super) fn over_prediction(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult) {
    let Some(residuals) = &model.residuals else { return };
    let numbers = || pairs_csv(["prediction", "error"], &residuals.sample);
    let title = format::counted(residuals.sample.len() as u64, "row");
    let help = Explainer::new(
        "Residuals",
        "The error of evenly drawn rows over what was predicted. A good model shows a band around 0 without a bend and \
         without a funnel.",
    )
    .formula("prediction − target");
    let card = Card::new("Residuals").subtitle(&title).explain(&help);
    chart_card(ui, ctx, card, "residuals", numbers, |ui| {
        ScatterChart::new("Residuals", &residuals.sample)
            .axes("prediction", "prediction − target")
            .guide(ScatterGuide::Zero)
            .show(ui);
    });
}

pub(super) fn histogram(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult, view: &View) {
    let numbers = || {
        let rows = view
            .error_bins
            .iter()
            .map(|(low, high, rows)| [csv::number(Some(*low)), csv::number(Some(*high)), rows.to_string()]);
        csv::table(&["low", "high", "rows"], rows)
    };
    let help = Explainer::new(
        "Errors",
        "How many rows have which error. A peak beside 0 tells of a model that is off in one direction.",
    )
    .formula("prediction − target");
    let found = model.views.as_ref().and_then(|v| v.residual_views.as_ref());
    let outside = found
        .map(|r| (r.histogram.below, r.histogram.above))
        .filter(|(below, above)| below + above > 0)
        .map(|(below, above)| format!("{} lie below and {} above the bins", format::count(below), format::count(above)))
        .unwrap_or_default();
    let mean = found.map(|r| format!("mean {}", format::number(r.mean)));
    let subtitle = mean.unwrap_or_else(|| "prediction − target".to_owned());
    let card = Card::new("Errors").subtitle(&subtitle).explain(&help).footnote(&outside);
    chart_card(ui, ctx, card, "errors", numbers, |ui| {
        let low = view.error_bins.first().map_or(0.0, |bin| bin.0);
        let high = view.error_bins.last().map_or(1.0, |bin| bin.1);
        let top = view.errors.iter().map(|p| p[1]).fold(0.0, f64::max);
        let curves = [Curve { name: "share of rows", points: &view.errors, color: 0, dots: false }];
        CurveChart::new("Histogram of errors", &curves)
            .axes("error", "share of rows")
            .ranges((low, high), (0.0, top * 1.05))
            .height(220.0)
            .show(ui);
    });
}

pub(super) fn quantiles(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult) {
    let Some(found) = model.views.as_ref().and_then(|v| v.residual_views.as_ref()) else { return };
    let numbers = || pairs_csv(["normal_quantile", "standardised_error"], &found.normal_quantiles);
    let help = Explainer::new(
        "QQ plot",
        "The ordered errors against those of a normal distribution of the same mean and spread. On the line they are \
         normal; ends that bend away tell of errors larger than a normal distribution would have.",
    )
    .formula("(error − mean) / standard deviation against Φ⁻¹((rank + ½) / rows)")
    .convention("plotting positions of Hazen");
    let deviation = found.deviation.map(|d| format!("standard deviation {}", format::number(d)));
    let subtitle = deviation.unwrap_or_default();
    let card = Card::new("QQ plot").subtitle(&subtitle).explain(&help);
    chart_card(ui, ctx, card, "qq-plot", numbers, |ui| {
        if found.normal_quantiles.is_empty() {
            text::note(ui, "The errors do not vary, so there is nothing to hold against a normal distribution.");
            return;
        }
        ScatterChart::new("Normal quantile plot", &found.normal_quantiles)
            .axes("quantile of a normal distribution", "error in standard deviations")
            .guide(ScatterGuide::Diagonal)
            .show(ui);
    });
}

fn against_csv(found: &ResidualsAgainst) -> String {
    let number = |n: f64| csv::number(Some(n));
    match found {
        ResidualsAgainst::Numeric { bins, .. } => csv::table(
            &["from", "to", "rows", "mean_error", "low", "high"],
            bins.iter().map(|b| {
                [
                    number(b.from),
                    number(b.to),
                    b.rows.to_string(),
                    number(b.mean),
                    csv::number(b.low),
                    csv::number(b.high),
                ]
            }),
        ),
        ResidualsAgainst::Text { values, .. } => csv::table(
            &["value", "rows", "mean_error", "low", "high"],
            values.iter().map(|v| {
                [v.value.clone(), v.rows.to_string(), number(v.mean), csv::number(v.low), csv::number(v.high)]
            }),
        ),
    }
}

/// Errors along a column, ready to draw: x in the middle of each bin, its mean and the ends of the interval.
fn means(found: &ResidualsAgainst) -> Vec<[f64; 4]> {
    let ResidualsAgainst::Numeric { bins, .. } = found else { return Vec::new() };
    let end = |end: Option<f64>| end.unwrap_or(f64::NAN);
    bins.iter().map(|b| [f64::midpoint(b.from, b.to), b.mean, end(b.low), end(b.high)]).collect()
}

/// Errors along a column that a person chooses.
pub(super) fn against(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    run: &RunView,
    model: &ModelResult,
    view: &View,
    looks: &mut Looks,
) {
    let help = Explainer::new(
        "Errors along a column",
        "Where the mean error, with its interval, lies off 0, the model is off in one direction for such rows.",
    )
    .formula("mean of prediction − target in up to 20 bins of equally many rows, or by value")
    .convention("intervals by Student's t");
    let mine = |v: &&std::sync::Arc<crate::backend::rows::AgainstView>| v.run == run.id && v.model == model.sha256;
    let found = ctx.state.looked.against.as_ref().filter(mine);
    let numbers = || found.and_then(|v| v.found.as_ref().ok()).map(against_csv).unwrap_or_default();
    let card = Card::new("Errors along a column").explain(&help);
    chart_card(ui, ctx, card, "errors-along-a-column", numbers, |ui| {
        ui.horizontal_wrapped(|ui| {
            let none = (None, "choose a column");
            let columns = view.columns.iter().map(|c| (Some(c.clone()), c.as_str()));
            let options: Vec<(Option<String>, &str)> = std::iter::once(none).chain(columns).collect();
            let changed = choice(ui, "Column", &mut looks.column, &options);
            let Some(column) = looks.column.clone().filter(|c| view.columns.contains(c)) else { return };
            let there = found.is_some_and(|v| v.column == column);
            let busy = ctx.job(&JobTopic::Residuals).is_some();
            let again = !changed && !there && !busy && Button::secondary("Look").show(ui).clicked();
            if changed || again {
                let (run, model) = (run.id, model.sha256.clone());
                ctx.command(Command::ResidualsAgainst { run, model, column });
            }
        });
        page::jobs_here(ui, ctx, &[JobTopic::Residuals]);
        match found.map(|v| (&v.column, &v.found)) {
            None => {
                text::note(ui, "Choose a column to see where the model is off in one direction.");
            }
            Some((_, Err(why))) => problem(ui, why),
            Some((column, Ok(ResidualsAgainst::Numeric { sample, missing, .. }))) => {
                let means = found.and_then(|v| v.found.as_ref().ok()).map(means).unwrap_or_default();
                ScatterChart::new("Errors along a column", sample)
                    .axes(column, "prediction − target")
                    .guide(ScatterGuide::Zero)
                    .means(&means)
                    .height(280.0)
                    .show(ui);
                left_out(ui, *missing, 0);
            }
            Some((column, Ok(ResidualsAgainst::Text { values, other, missing, .. }))) => {
                let dots: Vec<IntervalDot<'_>> = values
                    .iter()
                    .map(|v| {
                        let interval = v.low.zip(v.high);
                        IntervalDot { name: &v.value, value: Some(v.mean), interval, color: 0 }
                    })
                    .collect();
                text::caption(ui, &format!("mean of prediction − target by {column}"));
                interval_dots(ui, "Errors along a column", &dots, None);
                left_out(ui, *missing, *other);
            }
        }
    });
}

fn left_out(ui: &mut Ui, missing: u64, other: u64) {
    if missing > 0 {
        text::note(ui, &format!("{} without a value are left out", format::counted(missing, "row")));
    }
    if other > 0 {
        text::note(ui, &format!("{} of rarer values are left out", format::counted(other, "row")));
    }
}
