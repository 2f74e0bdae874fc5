//! The live page of a served deployment: its endpoint, a row to try, its versions and how they compare.

mod comparison;
mod tries;
mod versions;

use eframe::egui::Ui;

use self::tries::Trying;
use self::versions::Adding;
use super::terms;
use crate::app::context::PanelContext;
use crate::app::theme::{SPACE_M, Status};
use crate::app::widgets::{self, Button, Card, Icon, format, key_value, reflow, status_chip, text};
use crate::backend::command::DeploymentId;
use crate::backend::serving::{ServingView, Source};
use crate::backend::state::DeploymentView;

/// What a person has filled in on the page.
#[derive(Debug, Default)]
pub(super) struct Page {
    deployment: Option<DeploymentId>,
    trying: Trying,
    adding: Adding,
}

/// Draws the cards of a deployment that other programs call; nothing for a replay.
pub(super) fn ui(ui: &mut Ui, ctx: &PanelContext<'_>, deployment: &DeploymentView, page: &mut Page) {
    if !deployment.live || !matches!(deployment.request.source, Source::Http(_)) {
        return;
    }
    if page.deployment.as_ref() != Some(&deployment.id) {
        *page = Page { deployment: Some(deployment.id.clone()), ..Page::default() };
    }
    let gap = (SPACE_M - ui.spacing().item_spacing.y).max(0.0);
    ui.add_space(gap);
    let Some(serving) = ctx.live.serving.get(&deployment.id) else {
        widgets::pending_state(ui, "Waiting for the endpoint", None::<fn(&mut Ui)>);
        return;
    };
    reflow(ui, "served top", 2, 340.0, &[], |ui, place| match place {
        0 => endpoint(ui, serving),
        _ => kept(ui, serving),
    });
    ui.add_space(gap);
    versions::card(ui, ctx, deployment, serving, &mut page.adding);
    ui.add_space(gap);
    tries::card(ui, ctx, deployment, serving, &mut page.trying);
    for one in &serving.comparisons {
        ui.add_space(gap);
        comparison::card(ui, ctx, one);
    }
}

fn endpoint(ui: &mut Ui, serving: &ServingView) {
    let url = format!("http://{}", serving.address);
    let name = format!("{url}/v2/models/{}/infer", serving.name);
    let token = if serving.token { "callers show a token" } else { "no token: only this machine may call" };
    let rate = format::rate(serving.requests_per_second, "requests");
    let answered = format::count(serving.endpoint.succeeded);
    let refused = format::count(serving.endpoint.refused);
    let failed = format::count(serving.endpoint.failed);
    let open = format::count(serving.endpoint.connections as u64);
    let waiting = format::count(serving.endpoint.requests_waiting as u64);
    let pages = format!("{url}/docs · {url}/metrics");
    Card::new("Endpoint").explain(&terms::ENDPOINT).show_with(
        ui,
        |ui| {
            status_chip(ui, Status::Ok, "listening");
        },
        |ui| {
            key_value(
                ui,
                "endpoint",
                &[
                    ("Address", &name),
                    ("Who may call", token),
                    ("Description, numbers", &pages),
                    ("Requests", &rate),
                    ("Answered", &answered),
                    ("Refused (4xx)", &refused),
                    ("Failed (5xx)", &failed),
                    ("Connections open", &open),
                    ("Requests waiting", &waiting),
                ],
            );
            if Button::quiet("Copy address").icon(Icon::Copy).show(ui).clicked() {
                ui.ctx().copy_text(name.clone());
            }
        },
    );
}

fn kept(ui: &mut Ui, serving: &ServingView) {
    let capture = &serving.capture;
    let folder = capture.folder.display().to_string();
    let segments = format::counted(capture.segments as u64, "Parquet file");
    let bytes = format::bytes(capture.bytes);
    let polars = format!("pl.scan_parquet(\"{folder}/*.parquet\")");
    let duckdb = format!("SELECT * FROM '{folder}/*.parquet'");
    let problem = serving.not_kept.as_deref().or(capture.stats.problem.as_deref());
    Card::new("Capture").subtitle("every request with its answer").explain(&terms::CAPTURE).show_with(
        ui,
        |ui| match problem {
            Some(_) => {
                status_chip(ui, Status::Alert, "not kept");
            }
            None => {
                status_chip(ui, Status::Ok, "kept");
            }
        },
        |ui| {
            if let Some(problem) = problem {
                text::note(ui, problem);
            }
            key_value(
                ui,
                "capture",
                &[
                    ("Folder", &folder),
                    ("Files", &segments),
                    ("Size", &bytes),
                    ("With polars", &polars),
                    ("With DuckDB", &duckdb),
                ],
            );
            ui.horizontal_wrapped(|ui| {
                if Button::quiet("Copy folder").icon(Icon::Copy).show(ui).clicked() {
                    ui.ctx().copy_text(folder.clone());
                }
                if Button::quiet("Copy polars").icon(Icon::Copy).show(ui).clicked() {
                    ui.ctx().copy_text(polars.clone());
                }
                if Button::quiet("Copy DuckDB").icon(Icon::Copy).show(ui).clicked() {
                    ui.ctx().copy_text(duckdb.clone());
                }
            });
        },
    );
}
