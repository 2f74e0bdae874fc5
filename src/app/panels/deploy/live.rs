//! One deployment: its state and controls, its figures, its charts.

use std::sync::Arc;

use eframe::egui::Ui;

use super::figures::{Figures, progress};
use super::rate::Wish;
use super::terms;
use crate::app::context::{PanelContext, Subject};
use crate::app::panels::page::chart_card;
use crate::app::panels::words::{ago, deployment_status};
use crate::app::theme::{SPACE_M, Status};
use crate::app::widgets::{
    self, Button, Card, Icon, LineChart, Series, StatTile, format, key_value, progress_bar, reflow, status_chip, text,
};
use crate::backend::Command;
use crate::backend::serving::Source;
use crate::backend::state::{DeploymentStateView, DeploymentView};
use crate::deploy::DeploymentStats;
use crate::report::csv;

/// Why each control is off, `None` when it is on.
pub(super) struct Controls {
    pub(super) pause: Option<&'static str>,
    pub(super) resume: Option<&'static str>,
    pub(super) step: Option<&'static str>,
    pub(super) stop: Option<&'static str>,
}

impl Controls {
    pub(super) fn of(deployment: &DeploymentView) -> Self {
        let ended = (!deployment.live).then_some("It has ended. Start it again to go on.");
        let running = (deployment.state == DeploymentStateView::Running).then_some("It is running");
        let paused = (deployment.state == DeploymentStateView::Paused).then_some("It is paused");
        let finished = (deployment.state == DeploymentStateView::Finished).then_some("The feed came to its end");
        Self {
            pause: ended.or(paused).or(finished),
            resume: ended.or(running).or(finished),
            step: ended.or(finished).or_else(|| running.map(|_| "Pause it first, then feed batch by batch")),
            stop: ended,
        }
    }
}

/// Draws the deployment; gives whether a person wants to start it again.
pub(super) fn ui(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    deployment: &DeploymentView,
    figures: &mut Figures,
    wish: &mut Wish,
) -> bool {
    let stats = ctx.live.stats.get(&deployment.id);
    let again = head(ui, ctx, deployment, stats, wish);
    let gap = (SPACE_M - ui.spacing().item_spacing.y).max(0.0);
    ui.add_space(gap);
    if let DeploymentStateView::Failed(why) = &deployment.state {
        let way_out = "What was answered is kept. Mend the cause, then start it again.";
        widgets::error_state(ui, "The deployment failed", why, way_out, None);
        ui.add_space(gap);
    }
    match stats {
        Some(stats) => {
            figures.turn_to(stats);
            tiles(ui, deployment, stats);
            charts(ui, ctx, figures, stats);
        }
        None if deployment.live => {
            widgets::pending_state(ui, "Waiting for the first answers", None::<fn(&mut Ui)>);
        }
        None => kept(ui, deployment),
    }
    again
}

fn head(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    deployment: &DeploymentView,
    stats: Option<&Arc<DeploymentStats>>,
    wish: &mut Wish,
) -> bool {
    let request = &deployment.request;
    let mut again = false;
    let is_served = matches!(request.source, Source::Http(_));
    let kind = if is_served { "" } else { "replay of " };
    let subtitle = format!("{} · {kind}{}", deployment.model_name, deployment.feed_name);
    Card::new(&request.name).subtitle(&subtitle).show_with(
        ui,
        |ui| {
            status_chip(ui, deployment_status(&deployment.state), deployment.state.word());
        },
        |ui| {
            ui.horizontal_wrapped(|ui| {
                let id = || deployment.id.clone();
                if deployment.live {
                    let on = Controls::of(deployment);
                    let button = |ui: &mut Ui, text, icon, why| {
                        Button::secondary(text).icon(icon).disabled_because(why).show(ui).clicked()
                    };
                    if button(ui, "Pause", Icon::Pause, on.pause) {
                        ctx.command(Command::PauseDeployment(id()));
                    }
                    if button(ui, "Resume", Icon::Play, on.resume) {
                        ctx.command(Command::ResumeDeployment(id()));
                    }
                    if !is_served && button(ui, "Step", Icon::Step, on.step) {
                        ctx.command(Command::StepDeployment(id()));
                    }
                    let stop = Button::danger("Stop").icon(Icon::Stop).disabled_because(on.stop);
                    if stop.hover("Answers what is queued, then ends feed and workers").show(ui).clicked() {
                        ctx.command(Command::StopDeployment(id()));
                    }
                } else {
                    let text = "Start again…";
                    again = Button::secondary(text).icon(Icon::Play).show(ui).clicked();
                }
                if Button::primary("Watch in Monitor").icon(Icon::Monitor).show(ui).clicked() {
                    ctx.show(Subject::Monitor(id(), None));
                }
            });
            if is_served {
                let answered = stats.map_or(deployment.captured, |stats| stats.rows_answered);
                text::caption(ui, &format!("{} answered", format::counted(answered, "row")));
                return;
            }
            way(ui, deployment, stats);
            if deployment.live && wish.ui(ui, deployment) {
                ctx.command(Command::SetRate(deployment.id.clone(), wish.rate));
            }
        },
    );
    again
}

/// How far the feed is.
fn way(ui: &mut Ui, deployment: &DeploymentView, stats: Option<&Arc<DeploymentStats>>) {
    let done = stats.map_or(deployment.captured, |s| s.rows_answered + s.rows_skipped);
    let per_second = stats.map_or(0.0, |s| s.rows_per_second);
    let repeat = deployment.request.feed.repeat;
    let (share, left) = progress(done, deployment.feed_rows, repeat, per_second);
    if share.is_some() {
        progress_bar(ui, &deployment.request.name, share);
    }
    let running = deployment.live && deployment.state == DeploymentStateView::Running;
    let left = left.filter(|_| running).map(|s| format!(" · {} left", format::seconds(s.ceil()))).unwrap_or_default();
    let words = if repeat {
        format!("{} so far, the feed repeats", format::counted(done, "row"))
    } else {
        format!("{} of {}{left}", format::count(done), format::counted(deployment.feed_rows, "row"))
    };
    text::caption(ui, &words);
}

fn tiles(ui: &mut Ui, deployment: &DeploymentView, stats: &DeploymentStats) {
    let ms = |value: f64| format::seconds(value / 1_000.0);
    let answered = format::count(stats.rows_answered);
    let of = match deployment.request.source {
        Source::Replay => format!("of {}", format::counted(deployment.feed_rows, "row")),
        Source::Http(_) => "since the start".to_owned(),
    };
    let captured = format!("{} captured", format::count(deployment.captured));
    let depth = format::count(stats.queue_depth as u64);
    let bound = format!("of at most {}", format::counted(stats.queue_bound as u64, "request"));
    let waits = waits(stats.waits_for_queue);
    let throughput = format::number(stats.rows_per_second.round());
    let batches = batches(stats.batches);
    let p95 = ms(stats.latency_p95_ms);
    let median = format!("p50 {}", ms(stats.latency_p50_ms));
    let slowest = format!("p99 {} · max {}", ms(stats.latency_p99_ms), ms(stats.latency_max_ms));
    let skipped = format::count(stats.rows_skipped);
    let fed = stats.rows_answered + stats.rows_skipped;
    let share =
        if fed == 0 { format::NONE.to_owned() } else { format::percent(stats.rows_skipped as f64 / fed as f64) };
    let share = format!("{share} of what was fed");
    let restarts = format::count(stats.worker_restarts);
    let workers = match &deployment.request.source {
        Source::Replay => deployment.request.worker.workers,
        Source::Http(http) => http.settings.workers,
    };
    let workers = format::counted(workers as u64, "worker");
    let full = stats.queue_bound > 0 && stats.queue_depth >= stats.queue_bound;
    let queue_chip = if full { (Status::Warning, "full") } else { (Status::Ok, "has room") };
    let judge = |n: u64, bad: Status| if n == 0 { (Status::Ok, "none") } else { (bad, "look") };
    let (skip, restart) = (judge(stats.rows_skipped, Status::Warning), judge(stats.worker_restarts, Status::Alert));
    let tiles = [
        StatTile::new("Rows answered", &answered).interval(&of).comparison(&captured),
        StatTile::new("Queue depth", &depth)
            .interval(&bound)
            .comparison(&waits)
            .chip(queue_chip.0, queue_chip.1)
            .explain(&terms::QUEUE),
        StatTile::new("Rows a second", &throughput).comparison(&batches).explain(&terms::THROUGHPUT),
        StatTile::new("Latency p95", &p95).interval(&median).comparison(&slowest).explain(&terms::LATENCY),
        StatTile::new("Skipped rows", &skipped).comparison(&share).chip(skip.0, skip.1).explain(&terms::SKIPPED),
        StatTile::new("Worker restarts", &restarts).comparison(&workers).chip(restart.0, restart.1),
    ];
    reflow(ui, "deploy tiles", tiles.len(), 150.0, &[], |ui, place| {
        if let Some(tile) = tiles.get(place) {
            tile.show(ui);
        }
    });
}

fn is_whole(x: f64) -> bool {
    (x - x.round()).abs() < 1e-6
}

fn batches(n: u64) -> String {
    if n == 1 { "1 batch".to_owned() } else { format!("{} batches", format::count(n)) }
}

fn waits(n: u64) -> String {
    match n {
        0 => "the feed never waited".to_owned(),
        1 => "the feed waited once".to_owned(),
        n => format!("the feed waited {} ×", format::count(n)),
    }
}

fn charts(ui: &mut Ui, ctx: &PanelContext<'_>, figures: &Figures, stats: &DeploymentStats) {
    // Between two whole numbers nothing is said, else a number would be said twice.
    let before = |x: f64| match x {
        x if x > -0.05 => "now".to_owned(),
        x if is_whole(x) => format!("{} s", format::decimal(x, 0)),
        _ => String::new(),
    };
    let rows = |y: f64| if is_whole(y) { format::count_short(y.max(0.0) as u64) } else { String::new() };
    let seconds = |y: f64| format::seconds(y.max(0.0));
    let right = format!(" · bound {}", format::count(stats.queue_bound as u64));
    reflow(ui, "deploy charts", 3, 300.0, &[], |ui, place| {
        let (title, right, points, color) = match place {
            0 => ("Queue depth, requests", right.as_str(), &figures.queue, 0),
            1 => ("Throughput, rows a second", "", &figures.rate, 2),
            _ => ("Latency p95", "", &figures.latency, 1),
        };
        let numbers = || {
            let lines = points.iter().map(|[t, y]| [csv::number(Some(*t)), csv::number(Some(*y))]);
            csv::table(&["seconds_before_now", if place == 2 { "p95_s" } else { "value" }], lines)
        };
        let footnote = format!("the last two minutes{right}");
        let card = Card::new(title).footnote(&footnote);
        chart_card(ui, ctx, card, title, numbers, |ui| {
            if points.len() < 2 {
                text::note(ui, "The line begins with the second measurement");
                return;
            }
            let series = [Series::new("", points, color)];
            let chart = LineChart::new(title, &series).height(150.0).include_y(0.0).x_label(&before);
            let chart = if place == 2 { chart.y_label(&seconds) } else { chart.y_label(&rows) };
            chart.show(ui);
        });
    });
}

/// What is known of a deployment of an earlier session.
fn kept(ui: &mut Ui, deployment: &DeploymentView) {
    let request = &deployment.request;
    let captured = format::counted(deployment.captured, "row");
    let workers = format!(
        "{} × {}",
        format::counted(request.worker.workers as u64, "worker"),
        format::counted(request.worker.intra_threads as u64, "thread")
    );
    let queue = format!(
        "{} of {}",
        batches(request.worker.queue_batches as u64),
        format::counted(request.worker.batch_rows as u64, "row")
    );
    let rate =
        request.feed.rows_per_second.map_or_else(|| "as fast as it goes".to_owned(), |r| format::rate(r, "rows"));
    Card::new("How it was").show(ui, |ui| {
        key_value(
            ui,
            "kept deployment",
            &[
                ("Captured", &captured),
                ("Workers", &workers),
                ("Queue", &queue),
                ("Rate", &rate),
                ("Time column", request.time_column.as_deref().unwrap_or(format::NONE)),
            ],
        );
    });
}

/// When it was started, in words.
pub(super) fn started(deployment: &DeploymentView, now_ms: i64) -> String {
    ago(deployment.started_at_ms, now_ms)
}
