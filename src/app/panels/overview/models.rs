//! The table of models: stage, last verdict, deployment, alerts; every cell leads to its panel.

use eframe::egui::Ui;

use super::next::{deployment_of, last_result};
use super::nothing;
use crate::app::context::{PanelContext, Subject};
use crate::app::panels::page::{TALL_ROW, two_lines};
use crate::app::panels::words::{deployment_status, kind_words, stage_status};
use crate::app::theme::{Status, dim, strong};
use crate::app::widgets::{Button, Card, Column, Explainer, Table, format, status_chip, text};
use crate::backend::state::{DeploymentView, ModelView};
use crate::monitor::AlertState;
use crate::stats::metric;
use crate::validate::report::main_metric;

/// Rows a deployment has answered: live, else as kept.
pub(super) fn answered(ctx: &PanelContext<'_>, deployment: &DeploymentView) -> u64 {
    ctx.live.stats.get(&deployment.id).map_or(deployment.captured, |s| s.rows_answered)
}

pub(super) fn card(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let state = ctx.state;
    let help = Explainer::new(
        "Last verdict",
        "The main metric of the model's newest validation with its interval. “Holds” means that the loss against \
         the training value on its card is within chance, or below a tenth of that value.",
    );
    Card::new("Models").explain(&help).show(ui, |ui| {
        let columns = [
            Column::words("model", 2.2).min_width(150.0),
            Column::words("stage", 1.0).min_width(100.0),
            Column::words("last verdict", 1.9).min_width(150.0),
            Column::words("against training", 1.2).min_width(134.0),
            Column::words("deployment", 1.9).min_width(150.0),
            Column::words("open alerts", 1.0).min_width(112.0),
        ];
        let name = |row: usize| state.models.get(row).map(|m| format!("Open model {}", m.name)).unwrap_or_default();
        let clicked = Table::new("overview models", &columns).row_height(TALL_ROW).selectable(None, &name).show(
            ui,
            state.models.len(),
            |ui, row, column| {
                if let Some(model) = state.models.get(row) {
                    cell(ui, ctx, model, column);
                }
            },
        );
        if let Some(model) = clicked.and_then(|row| state.models.get(row)) {
            ctx.show(Subject::Model(model.id.clone()));
        }
    });
}

fn cell(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelView, column: usize) {
    match column {
        0 => {
            two_lines(ui, strong(&model.name), &kind_words(model));
        }
        1 => match model.problem.as_deref().or_else(|| model.inspection.refusal.is_some().then_some("cannot run")) {
            Some(why) => {
                status_chip(ui, Status::Alert, "problem").on_hover_text(why);
            }
            None => {
                status_chip(ui, stage_status(model.stage), model.stage.word());
            }
        },
        2 => verdict(ui, ctx, model),
        3 => against(ui, ctx, model),
        4 => deployment(ui, ctx, model),
        _ => alerts(ui, ctx, model),
    }
}

fn verdict(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelView) {
    let Some((run, result)) = last_result(ctx.state, &model.id) else {
        return nothing(ui, "not validated");
    };
    let metric = main_metric(result.task);
    let value = result.metrics.get(metric);
    let interval = value.and_then(|m| m.low.zip(m.high));
    let number = format::metric(value.and_then(|m| m.value), interval);
    let decimals = format::metric_decimals(value.and_then(|m| m.value).unwrap_or(0.0), interval);
    let words = strong(format!("{} {number}", metric::title(metric)));
    two_lines(ui, words, &format::interval(interval, decimals)).on_hover_text(format!(
        "On {}, {}",
        run.dataset_name,
        format::counted(result.rows as u64, "row")
    ));
}

fn against(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelView) {
    let Some(against) = last_result(ctx.state, &model.id).and_then(|(_, r)| r.against_training.as_ref()) else {
        return nothing(ui, format::NONE);
    };
    let (status, word) = if against.holds { (Status::Ok, "holds") } else { (Status::Alert, "does not hold") };
    status_chip(ui, status, word).on_hover_text(format!(
        "{}: {} in training, {} now",
        metric::title(&against.metric),
        format::metric(Some(against.training), None),
        format::metric(Some(against.value), None),
    ));
}

fn deployment(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelView) {
    let Some(deployment) = deployment_of(ctx.state, &model.id) else {
        return nothing(ui, "not deployed");
    };
    let name = format!("Open deployment {}", deployment.request.name);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add_space(4.0);
        status_chip(ui, deployment_status(&deployment.state), deployment.state.word());
        text::caption(ui, &format!("{} answered", format::counted(answered(ctx, deployment), "row")));
    });
    let open = Button::icon_only(crate::app::widgets::Icon::ArrowRight, &name);
    if open.show(ui).clicked() {
        ctx.show(Subject::Deployment(deployment.id.clone()));
    }
}

fn alerts(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelView) {
    let state = ctx.state;
    let mine = |id: &str| state.deployments.iter().any(|d| d.id == id && d.request.model == model.id);
    let open = || state.alerts.iter().filter(|a| a.alert.state == AlertState::Open && mine(&a.deployment));
    let Some(first) = open().next() else {
        return nothing(ui, "none");
    };
    let text = format::counted(open().count() as u64, "alert");
    let name = format!("{text} of {}", model.name);
    if Button::quiet(&text).icon(Status::Alert.icon()).name(&name).hover(&first.alert.message).show(ui).clicked() {
        ctx.show(Subject::Monitor(first.deployment.clone(), Some(first.alert.last_chunk)));
    }
}

/// The words of a run's best candidate.
pub(super) fn candidate_words(ctx: &PanelContext<'_>, run: &crate::backend::state::RunView) -> String {
    let Some(result) = super::next::proposed(ctx.state, run) else {
        return format::NONE.to_owned();
    };
    let metric = main_metric(result.task);
    let value = result.metrics.get(metric);
    let number = format::metric(value.and_then(|m| m.value), value.and_then(|m| m.low.zip(m.high)));
    format!("{} · {} {number}", result.name, metric::title(metric))
}

/// Secondary words in a cell.
pub(super) fn secondary(ui: &mut Ui, words: &str) {
    let words = dim(ui, words);
    text::elided(ui, words);
}
