//! The versions of a served model: which answers, which sees copies or a share, and how to change that.

use eframe::egui::Ui;

use crate::app::context::PanelContext;
use crate::app::panels::deploy::terms;
use crate::app::theme::{Status, dim};
use crate::app::widgets::{Button, Card, Column, Icon, Table, choice_named, format, number_field, status_chip, text};
use crate::backend::Command;
use crate::backend::command::{ModelId, RunId};
use crate::backend::serving::{RolloutChange, ServingView};
use crate::backend::state::DeploymentView;
use crate::deploy::serve::VersionFigures;

const ROW: f32 = 34.0;
/// Percent of the requests that a canary begins with.
const USUAL_SHARE: f64 = 10.0;

/// What a person has chosen and not yet asked for.
#[derive(Debug)]
pub(super) struct Adding {
    chosen: Option<(RunId, ModelId)>,
    share: f64,
}

impl Default for Adding {
    fn default() -> Self {
        Self { chosen: None, share: USUAL_SHARE }
    }
}

/// Draws the card.
pub(super) fn card(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    deployment: &DeploymentView,
    serving: &ServingView,
    adding: &mut Adding,
) {
    let no_history = (serving.history == 0).then_some("Nothing was rolled out before");
    let mut back = false;
    let head = |ui: &mut Ui| {
        back = Button::secondary("Roll back")
            .icon(Icon::Undo)
            .hover("The versions, settings and threshold of the rollout before hold again")
            .disabled_because(no_history)
            .show(ui)
            .clicked();
    };
    let roll = |change| ctx.command(Command::RollOut { deployment: deployment.id.clone(), change });
    Card::new("Versions").subtitle("which of them answers").explain(&terms::VERSIONS).show_with(ui, head, |ui| {
        table(ui, ctx, deployment, serving, adding.share);
        ui.horizontal_wrapped(|ui| {
            number_field(ui, "Share of a canary", &mut adding.share, 0.1..=100.0, "%");
            offer(ui, ctx, deployment, serving, adding);
        });
    });
    if back {
        roll(RolloutChange::RollBack);
    }
}

fn table(ui: &mut Ui, ctx: &PanelContext<'_>, deployment: &DeploymentView, serving: &ServingView, share: f64) {
    let columns = [
        Column::words("version", 0.5).min_width(56.0),
        Column::words("model", 1.4).min_width(110.0),
        Column::words("part", 0.9).min_width(92.0),
        Column::words("state", 0.7).min_width(70.0),
        Column::numbers("requests", 0.7).min_width(66.0),
        Column::numbers("errors", 0.5).min_width(52.0),
        Column::numbers("p95", 0.6).min_width(60.0),
        Column::words("", 2.4).min_width(330.0),
    ];
    let versions = &serving.figures.versions;
    Table::new("served versions", &columns).row_height(ROW).show(ui, versions.len(), |ui, row, column| {
        let Some(version) = versions.get(row) else { return };
        let quiet = |ui: &mut Ui, words: &str| {
            let words = dim(ui, words);
            text::elided(ui, words);
        };
        match column {
            0 => {
                text::elided(ui, version.version.as_str());
            }
            1 => quiet(ui, serving.version(&version.version).map_or(format::NONE, |v| v.model_name.as_str())),
            2 => {
                let (status, words) = part(serving, version);
                status_chip(ui, status, &words);
            }
            3 => quiet(ui, &version.state),
            4 => quiet(ui, &format::count(version.requests + version.copies)),
            5 => quiet(ui, &format::count(version.errors.iter().map(|e| e.count).sum::<u64>() + version.copies_failed)),
            6 => {
                let p95 = version.recent.or(version.latency).map(|l| format::seconds(l.p95_ms / 1_000.0));
                quiet(ui, p95.as_deref().unwrap_or(format::NONE));
            }
            _ => actions(ui, ctx, deployment, version, share),
        }
    });
}

fn part(serving: &ServingView, version: &VersionFigures) -> (Status, String) {
    match version.part.as_str() {
        "champion" => (Status::Ok, "champion".to_owned()),
        "canary" => {
            let canary = serving.figures.rollout.canaries.iter().find(|canary| canary.version == version.version);
            let share = canary.map_or_else(|| format::NONE.to_owned(), |canary| format::percent(canary.share));
            (Status::Warning, format!("canary {share}"))
        }
        "shadow" => (Status::Neutral, "shadow".to_owned()),
        other => (Status::Neutral, other.to_owned()),
    }
}

fn actions(ui: &mut Ui, ctx: &PanelContext<'_>, deployment: &DeploymentView, version: &VersionFigures, share: f64) {
    let name = &version.version;
    let roll = |change| Command::RollOut { deployment: deployment.id.clone(), change };
    let champion = (version.part == "champion").then_some("It answers already");
    let not_ready = (version.state != "ready").then_some("It is not ready");
    let off = champion.or(not_ready);
    ui.horizontal(|ui| {
        let label = format!("Promote version {name}");
        if Button::quiet("Promote").name(&label).disabled_because(off).show(ui).clicked() {
            ctx.confirm(
                format!(
                    "Let version {name} of “{}” answer from now on? “Roll back” undoes it.",
                    deployment.request.name
                ),
                "Promote it",
                roll(RolloutChange::Promote { version: name.clone() }),
            );
        }
        let on = version.part != "shadow";
        let (words, label) = if on {
            ("Shadow", format!("Shadow version {name}"))
        } else {
            ("End shadow", format!("End shadow of version {name}"))
        };
        if Button::quiet(words).name(&label).disabled_because(off).show(ui).clicked() {
            ctx.command(roll(RolloutChange::Shadow { version: name.clone(), on }));
        }
        let canary = version.part != "canary";
        let (words, label) = if canary {
            ("Canary", format!("Canary version {name}"))
        } else {
            ("End canary", format!("End canary of version {name}"))
        };
        if Button::quiet(words).name(&label).disabled_because(off).show(ui).clicked() {
            let share = if canary { share / 100.0 } else { 0.0 };
            ctx.command(roll(RolloutChange::Canary { version: name.clone(), share }));
        }
        let in_use = (version.part != "standby").then_some("End its part in the rollout first");
        let label = format!("Remove version {name}");
        if Button::quiet("Remove").name(&label).disabled_because(in_use).show(ui).clicked() {
            ctx.confirm(
                format!("Unload version {name} and take it out? What it answered stays kept."),
                "Remove it",
                roll(RolloutChange::Remove { version: name.clone() }),
            );
        }
    });
}

/// Validated models of the same target that are no version yet.
fn offer(ui: &mut Ui, ctx: &PanelContext<'_>, deployment: &DeploymentView, serving: &ServingView, adding: &mut Adding) {
    let own = ctx.state.runs.iter().find(|run| run.id == deployment.request.run);
    let mut offered: Vec<((RunId, ModelId), String)> = Vec::new();
    for run in &ctx.state.runs {
        if own.is_some_and(|own| own.report.target != run.report.target) {
            continue;
        }
        for result in &run.report.models {
            let known = serving.versions.iter().any(|version| version.model == result.sha256);
            let twice = offered.iter().any(|((_, model), _)| *model == result.sha256);
            let there = ctx.state.models.iter().any(|model| model.id == result.sha256);
            if !known && !twice && there {
                offered.push(((run.id, result.sha256.clone()), result.name.clone()));
            }
        }
    }
    if adding.chosen.as_ref().is_none_or(|chosen| !offered.iter().any(|(id, _)| id == chosen)) {
        adding.chosen = offered.first().map(|(id, _)| id.clone());
    }
    let Some(mut chosen) = adding.chosen.clone() else {
        text::note(ui, "Validate another model on the same target to add it as a version.");
        return;
    };
    let options: Vec<((RunId, ModelId), &str)> = offered.iter().map(|(id, name)| (id.clone(), name.as_str())).collect();
    choice_named(ui, "Another validated model", &mut chosen, &options, 200.0);
    adding.chosen = Some(chosen.clone());
    if Button::secondary("Add version").icon(Icon::Add).show(ui).clicked() {
        let (run, model) = chosen;
        ctx.command(Command::AddVersion { deployment: deployment.id.clone(), run, model });
    }
}
