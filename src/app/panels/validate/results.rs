//! The result of a run: which model to take, all candidates beside each other, then one model in detail.

use std::sync::Arc;

use eframe::egui::Ui;

use super::threshold::Chosen;
use super::view::{View, interval};
use super::{checks, detail, gates, signoff};
use crate::app::context::{PanelContext, Saved, Subject};
use crate::app::theme::{SPACE_S, Status};
use crate::app::widgets::{
    Button, Card, Column, Icon, IntervalDot, Table, format, interval_dots, reflow, status_chip, tabs, text,
};
use crate::backend::Approval;
use crate::backend::state::RunView;
use crate::report::csv;
use crate::stats::metric;
use crate::validate::report::{Report, main_metric};

/// Height of the comparison's rows in points; more scroll.
const HEIGHT: f32 = 200.0;

/// What the panel remembers of the results.
pub(super) struct Memory<'a> {
    /// Place of the model in detail.
    pub(super) place: &'a mut usize,
    pub(super) view: &'a mut Option<View>,
    pub(super) chosen: &'a mut Chosen,
    pub(super) signing: &'a mut signoff::Form,
}

pub(super) fn ui(ui: &mut Ui, ctx: &PanelContext<'_>, run: &Arc<RunView>, memory: Memory<'_>) {
    let Memory { place, view, chosen, signing } = memory;
    let report = &run.report;
    if *place >= report.models.len() {
        *place = report.recommendation.as_ref().map_or(0, |r| r.model);
    }
    if let Some(recommendation) = &report.recommendation {
        Card::new("Recommendation").right(&recommendation.name).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                status_chip(ui, Status::Ok, &recommendation.name);
                ui.add(eframe::egui::Label::new(recommendation.reason.as_str()).wrap());
            });
        });
    }
    if report.models.len() > 1 {
        ui.add_space(SPACE_S);
        reflow(ui, "validation candidates", 2, 400.0, &[0.6, 1.0], |ui, card| match card {
            0 => candidates(ui, report, place),
            _ => comparison(ui, ctx, report),
        });
    }
    if let Some(found) = &report.checks {
        ui.add_space(SPACE_S);
        checks::card(ui, ctx, found);
    }
    ui.add_space(SPACE_S);
    ui.horizontal_wrapped(|ui| {
        let options: Vec<(usize, &str)> = report.models.iter().enumerate().map(|(i, m)| (i, m.name.as_str())).collect();
        tabs(ui, "Model in detail", place, &options);
        let Some(model) = report.models.get(*place) else { return };
        if let Some(against) = &model.against_training {
            let (status, words) = if against.holds { (Status::Ok, "holds") } else { (Status::Alert, "does not hold") };
            let hover = format!(
                "{} was {} in training and is {} here",
                metric::title(&against.metric),
                format::metric(Some(against.training), None),
                format::metric(Some(against.value), None),
            );
            status_chip(ui, status, &format!("{words} against training")).on_hover_text(hover);
        }
        if let Some(found) = &report.checks {
            checks::chip(ui, found);
        }
        if let Some((status, words)) = gates::verdict(&model.verdict) {
            status_chip(ui, status, words);
        }
        if let Some(approval) = Approval::of(ctx.state, run.id, &model.sha256) {
            signoff::chip(ui, &approval);
        }
        let gone = ctx.state.models.iter().all(|m| m.id != model.sha256);
        let why = match gone {
            true if model.binding.inputs.is_empty() => {
                Some("Predictions in columns have no model that could be deployed")
            }
            true => Some("The model is no longer in the workspace"),
            false => None,
        };
        if Button::secondary("Deploy this model…").icon(Icon::Deploy).disabled_because(why).show(ui).clicked() {
            ctx.show(Subject::Deploy(run.id, model.sha256.clone()));
        }
        if Button::secondary("Go to sign-off").icon(Icon::Lock).show(ui).clicked() {
            signing.scroll_to();
        }
        let save = Button::secondary("Save report…").icon(Icon::Export);
        if save.hover("One HTML file with everything on this page, without a row of data").show(ui).clicked() {
            ctx.save_by("validation.html", Saved::Report(run.id));
        }
    });
    ui.add_space(SPACE_S);
    if !view.as_ref().is_some_and(|v| v.is_of(run, *place)) {
        *view = View::new(run, *place);
    }
    if let (Some(view), Some(model)) = (view.as_ref(), report.models.get(*place)) {
        chosen.turn_to(ctx.state, run.id, *place, model);
        detail::ui(ui, ctx, run, model, view, chosen);
        ui.add_space(SPACE_S);
        signoff::card(ui, ctx, run, model, signing);
    }
}

fn candidates(ui: &mut Ui, report: &Report, place: &mut usize) {
    let metric = report.models.first().map_or("", |m| main_metric(m.task));
    let title = format!("Candidates by {}", metric::title(metric));
    let level = format!("{} % intervals", format::decimal(report.level * 100.0, 0));
    Card::new(&title).right(&level).fill().show(ui, |ui| {
        let short = short_names(report);
        let dots: Vec<IntervalDot<'_>> = report
            .models
            .iter()
            .zip(&short)
            .enumerate()
            .map(|(color, (model, name))| IntervalDot {
                name,
                value: model.value(metric),
                interval: model.metrics.get(metric).and_then(interval),
                color,
            })
            .collect();
        let (_, clicked) = interval_dots(ui, &title, &dots, None);
        if let Some(clicked) = clicked {
            *place = clicked;
        }
        for model in &report.models {
            if let Some(against) = model.against_training.as_ref().filter(|a| !a.holds) {
                let words = format!(
                    "{}: {} in training, {} here",
                    model.name,
                    format::metric(Some(against.training), None),
                    format::metric(Some(against.value), None),
                );
                text::note(ui, &words);
            }
        }
    });
}

fn comparison_csv(report: &Report) -> String {
    let head = ["a", "b", "metric", "difference", "low", "high", "p_value", "p_better", "method"];
    csv::table(
        &head,
        report.comparison.iter().map(|c| {
            [
                c.a.clone(),
                c.b.clone(),
                c.metric.clone(),
                csv::number(Some(c.difference)),
                csv::number(c.low),
                csv::number(c.high),
                csv::number(c.p_value),
                csv::number(c.p_better),
                c.method.clone(),
            ]
        }),
    )
}

/// What tells the models apart: their names without the words all begin with.
fn short_names(report: &Report) -> Vec<String> {
    let names: Vec<&str> = report.models.iter().map(|m| m.name.as_str()).collect();
    let Some(first) = names.first().filter(|_| names.len() > 1) else {
        return names.iter().map(|n| (*n).to_owned()).collect();
    };
    let shared = |end: &usize| first.get(..*end).is_some_and(|head| names.iter().all(|name| name.starts_with(head)));
    let ends = first.match_indices(' ').map(|(at, _)| at + 1);
    let cut = ends.filter(shared).max().unwrap_or(0);
    names.iter().map(|name| name.get(cut..).unwrap_or(name).to_owned()).collect()
}

/// A p value or a probability of being better, in words.
fn probability(value: Option<f64>) -> String {
    match value {
        Some(p) if p < 0.001 => "< 0.001".to_owned(),
        Some(p) if p > 0.999 => "> 0.999".to_owned(),
        Some(p) => format::decimal(p, 3),
        None => format::NONE.to_owned(),
    }
}

fn comparison(ui: &mut Ui, ctx: &PanelContext<'_>, report: &Report) {
    let heads = [
        Column::words("a", 1.3).min_width(80.0),
        Column::words("b", 1.3).min_width(80.0),
        Column::words("metric", 0.8).min_width(76.0),
        Column::numbers("a − b", 1.8).min_width(196.0),
        Column::numbers("p", 0.7).min_width(68.0),
        Column::numbers("P(a better)", 0.8).min_width(84.0),
    ];
    let export = |ui: &mut Ui| {
        if Button::quiet("CSV").name("Export comparison as CSV").icon(Icon::Export).show(ui).clicked() {
            ctx.save("comparison.csv", comparison_csv(report));
        }
    };
    Card::new("Comparison").subtitle("on the same rows").fill().show_with(ui, export, |ui| {
        if report.comparison.is_empty() {
            text::note(ui, "The candidates answered no rows in common.");
            return;
        }
        let short = short_names(report);
        let name = |whole: &str| {
            let place = report.models.iter().position(|m| m.name == whole);
            place.and_then(|place| short.get(place)).map_or_else(|| whole.to_owned(), Clone::clone)
        };
        let table = Table::new("comparison", &heads).max_height(HEIGHT);
        table.show(ui, report.comparison.len(), |ui, row, column| {
            let Some(line) = report.comparison.get(row) else { return };
            let words = match column {
                0 => name(&line.a),
                1 => name(&line.b),
                2 => metric::title(&line.metric).to_owned(),
                3 => {
                    let ends = line.low.zip(line.high);
                    let value = format::metric(Some(line.difference), ends);
                    let decimals = format::metric_decimals(line.difference, ends);
                    match ends {
                        Some(_) => format!("{value}  ({})", format::interval(ends, decimals)),
                        None => value,
                    }
                }
                4 => probability(line.p_value),
                _ => probability(line.p_better),
            };
            let response = text::elided(ui, words);
            if column == 4 && !line.method.is_empty() {
                response.on_hover_text(&line.method);
            }
        });
    });
}
