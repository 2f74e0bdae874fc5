//! The result of a run: which model to take, all candidates beside each other, then one model in detail.

use std::sync::Arc;

use eframe::egui::Ui;

use super::detail::Shown;
use super::looks::{Looks, Tab};
use super::threshold::Chosen;
use super::view::{View, interval};
use super::{checks, comparison, detail, gates, signoff};
use crate::app::context::{PanelContext, Saved, Subject};
use crate::app::theme::{SPACE_S, Status};
use crate::app::widgets::{Button, Card, Icon, IntervalDot, format, interval_dots, status_chip, tabs, text};
use crate::backend::Approval;
use crate::backend::state::RunView;
use crate::stats::metric;
use crate::validate::report::{Report, main_metric};

/// What the panel remembers of the results.
pub(super) struct Memory<'a> {
    /// Place of the model in detail.
    pub(super) place: &'a mut usize,
    pub(super) view: &'a mut Option<View>,
    pub(super) chosen: &'a mut Chosen,
    pub(super) looks: &'a mut Looks,
    pub(super) signing: &'a mut signoff::Form,
}

pub(super) fn ui(ui: &mut Ui, ctx: &PanelContext<'_>, run: &Arc<RunView>, memory: Memory<'_>) {
    let Memory { place, view, chosen, looks, signing } = memory;
    let report = &run.report;
    if *place >= report.models.len() {
        *place = report.recommendation.as_ref().map_or(0, |r| r.model);
    }
    if let Some(recommendation) = &report.recommendation {
        Card::new("Recommendation").show(ui, |ui| {
            ui.horizontal_top(|ui| {
                status_chip(ui, Status::Ok, &recommendation.name);
                ui.add(eframe::egui::Label::new(recommendation.reason.as_str()).wrap());
            });
        });
    }
    if report.models.len() > 1 {
        ui.add_space(SPACE_S);
        detail::alone(ui, "validation candidates", |ui| candidates(ui, report, place));
        detail::alone(ui, "validation comparison", |ui| comparison::card(ui, ctx, report));
        if !report.wins.is_empty() {
            detail::alone(ui, "validation wins", |ui| comparison::wins(ui, ctx, report));
        }
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
            looks.tab = Tab::Gates;
            signing.scroll_to();
        }
        let save = Button::secondary("Save report…").icon(Icon::Export);
        if save.hover("One HTML file with everything on this page, without a row of data").show(ui).clicked() {
            ctx.save_by("validation.html", Saved::Report(run.id));
        }
    });
    ui.add_space(SPACE_S);
    if !view.as_ref().is_some_and(|v| v.is_of(run, *place)) {
        *view = View::new(ctx.state, run, *place);
    }
    if let (Some(view), Some(model)) = (view.as_ref(), report.models.get(*place)) {
        chosen.turn_to(ctx.state, run.id, *place, model);
        let options = Tab::of(model);
        // A page that this model does not have comes back with the next one that has it.
        let mut tab = options.iter().map(|(tab, _)| *tab).find(|tab| *tab == looks.tab).unwrap_or_default();
        if tabs(ui, "Result", &mut tab, &options) {
            looks.tab = tab;
        }
        ui.add_space(SPACE_S);
        detail::ui(ui, ctx, Shown { run, model, view }, tab, chosen, looks);
        if tab == Tab::Gates {
            ui.add_space(SPACE_S);
            signoff::card(ui, ctx, run, model, signing);
        }
    }
    // Last, because a long list of small findings would push the result out of sight; the chip above says when one matters.
    if let Some(found) = &report.checks {
        ui.add_space(SPACE_S);
        checks::card(ui, ctx, found);
    }
}

fn candidates(ui: &mut Ui, report: &Report, place: &mut usize) {
    let metric = report.models.first().map_or("", |m| main_metric(m.task));
    let title = format!("Candidates by {}", metric::title(metric));
    let level = format!("{} intervals", format::level(report.level));
    Card::new(&title).right(&level).fill().show(ui, |ui| {
        let short = comparison::short_names(report);
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
