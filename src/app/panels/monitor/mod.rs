//! Monitor: what a deployment answers, chunk by chunk, beside its reference. It draws and selects; what an alert is
//! was decided by the monitor.

mod alerts;
mod charts;
mod drift;
mod lines;
mod terms;
mod top;

use eframe::egui::Ui;

use self::lines::Lines;
use super::page;
use super::words::deployment_status;
use crate::app::action::{Action, Panel};
use crate::app::context::PanelContext;
use crate::app::widgets::{self, Icon, choice_named, reflow, segmented, status_chip};
use crate::backend::state::{DeploymentStateView, DeploymentView};
use crate::monitor::{AlertKind, MonitorSnapshot};

const HINT: &str = "watch the lines, and click a chunk or a cell of the heatmap to see what moved.";

/// What is drawn in a frame, and what a person chose in it.
struct View<'a, 'c> {
    ctx: &'a PanelContext<'c>,
    id: &'a str,
    snapshot: &'a MonitorSnapshot,
    lines: &'a Lines,
    column: String,
    place: Option<usize>,
    chosen: Option<usize>,
    chosen_column: Option<String>,
}

impl View<'_, '_> {
    /// First and last place of the reference.
    fn span(&self) -> Option<(f64, f64)> {
        let n = self.snapshot.reference_chunks();
        (n > 0).then(|| (0.0, n.saturating_sub(1) as f64))
    }
}

/// The panel's memory: what is shown, and its charts' points.
#[derive(Debug, Default)]
pub struct MonitorPanel {
    deployment: Option<String>,
    /// An index of the stream that is to be found in the next snapshot.
    asked: Option<usize>,
    place: Option<usize>,
    column: Option<String>,
    metric: usize,
    lines: Lines,
}

impl MonitorPanel {
    /// Turns to a deployment, and to a chunk of its stream by index, when given.
    pub fn select(&mut self, deployment: String, chunk: Option<usize>) {
        if self.deployment.as_ref() != Some(&deployment) {
            self.column = None;
            self.metric = 0;
        }
        self.deployment = Some(deployment);
        self.asked = chunk;
        self.place = None;
    }

    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        let all = &ctx.state.deployments;
        let shown = all.iter().find(|d| Some(&d.id) == self.deployment.as_ref()).or_else(|| all.first());
        let Some(deployment) = shown else {
            page::head(ui, ctx, "Monitor", "", |_| {});
            let sentence = "Nothing is deployed yet. Put a validated model to work to watch it here.";
            if widgets::empty_state(ui, Icon::Monitor, sentence, Some("Go to Deploy")) {
                ctx.action(Action::GoTo(Panel::Deploy));
            }
            return;
        };
        if self.deployment.as_ref() != Some(&deployment.id) {
            self.select(deployment.id.clone(), None);
        }
        let snapshot = ctx.live.monitor(ctx.state, &deployment.id);
        let mut turn = None;
        page::head(ui, ctx, "Monitor", HINT, |ui| {
            if let Some(snapshot) = snapshot
                && let Some(worst) = snapshot.worst()
            {
                let (status, word) = alerts::severity(worst);
                status_chip(
                    ui,
                    status,
                    &format!("{}, {word}", widgets::format::counted(snapshot.open_alerts().count() as u64, "alert")),
                );
            }
            status_chip(ui, deployment_status(&deployment.state), deployment.state.word());
            if all.len() > 1 {
                let mut id = deployment.id.clone();
                let options: Vec<(String, &str)> =
                    all.iter().map(|d| (d.id.clone(), d.request.name.as_str())).collect();
                if choice_named(ui, "Deployment", &mut id, &options, 200.0) {
                    turn = Some(id);
                }
            }
        });
        page::body(ui, "monitor", |ui| {
            if let DeploymentStateView::Failed(why) = &deployment.state {
                let way_out = "What was answered is kept. Mend the cause, then start it again in Deploy.";
                widgets::error_state(ui, "The deployment failed", why, way_out, None);
            }
            match snapshot {
                Some(snapshot) => {
                    self.lines.turn_to(snapshot);
                    self.page(ui, ctx, deployment, snapshot);
                }
                None => widgets::pending_state(ui, "Waiting for the first finished chunk", None::<fn(&mut Ui)>),
            }
        });
        if let Some(id) = turn {
            self.select(id, None);
        }
    }

    fn page(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>, deployment: &DeploymentView, snapshot: &MonitorSnapshot) {
        if let Some(index) = self.asked
            && let Some(place) = snapshot.place_of(index)
        {
            self.asked = None;
            self.place = Some(place);
            let about =
                snapshot.alerts.iter().rev().filter(|a| (a.first_chunk..=a.last_chunk).contains(&index)).find_map(
                    |alert| match &alert.kind {
                        AlertKind::Drift(name) | AlertKind::Missing(name) | AlertKind::Unseen(name) => Some(name),
                        _ => None,
                    },
                );
            self.column = about.cloned();
        }
        let strongest = || snapshot.views.by_drift.first().and_then(|at| snapshot.views.drift.get(*at));
        let column = self.column.clone().or_else(|| strongest().map(|s| s.name.clone())).unwrap_or_default();
        let place = self.place.or_else(|| snapshot.chunk_count().checked_sub(1));
        let mut view = View {
            ctx,
            id: &deployment.id,
            snapshot,
            lines: &self.lines,
            column,
            place,
            chosen: None,
            chosen_column: None,
        };
        if snapshot.last_chunk().is_none() {
            let text = "Waiting for the first finished chunk. The reference is drawn below.";
            widgets::pending_state(ui, text, None::<fn(&mut Ui)>);
        }
        top::tiles(ui, &view);
        // A filled card alone on a page would take all of its height.
        reflow(ui, "monitor metric", 1, 380.0, &[], |ui, _| metric(ui, &mut view, &mut self.metric));
        reflow(ui, "monitor drift", 2, 420.0, &[1.3, 1.0], |ui, at| match at {
            0 => drift::heatmap(ui, &mut view),
            _ => drift::detail(ui, &view, false),
        });
        reflow(ui, "monitor columns", 7, 380.0, &[], |ui, at| match at {
            0 => drift::column(ui, &mut view),
            1 => gaps(ui, &mut view, false),
            2 => gaps(ui, &mut view, true),
            3 => {
                let line = &view.lines.prediction;
                charts::card(ui, &mut view, "Drift of the prediction", &terms::DRIFT, line, charts::plain, |_| {});
            }
            4 => drift::detail(ui, &view, true),
            _ => charts::speed(ui, &view, at == 6),
        });
        alerts::ui(ui, &mut view);
        let (chosen, chosen_column) = (view.chosen, view.chosen_column);
        self.place = chosen.or(self.place);
        self.column = chosen_column.or_else(|| self.column.take());
    }
}

fn metric(ui: &mut Ui, view: &mut View<'_, '_>, chosen: &mut usize) {
    let lines = view.lines;
    *chosen = (*chosen).min(lines.metrics.len().saturating_sub(1));
    let Some(line) = lines.metrics.get(*chosen) else { return };
    let options: Vec<(usize, &str)> = lines.metrics.iter().map(|l| l.label.as_str()).enumerate().collect();
    let title = format!("{} by chunk", line.label);
    let help = terms::performance(&line.name);
    charts::card(ui, view, &title, &help, line, charts::plain, |ui| {
        segmented(ui, "Metric", chosen, &options);
    });
}

fn gaps(ui: &mut Ui, view: &mut View<'_, '_>, unseen: bool) {
    let lines = view.lines;
    let of = if unseen { &lines.unseen } else { &lines.missing };
    let Some(line) = of.iter().find(|l| l.name == view.column) else { return };
    let words = if unseen { "Unseen values of" } else { "Missing values of" };
    let title = format!("{words} {}", view.column);
    let help = if unseen { &terms::UNSEEN } else { &terms::MISSING };
    charts::card(ui, view, &title, help, line, if unseen { charts::number } else { charts::share }, |_| {});
}

#[cfg(test)]
mod tests {
    use eframe::egui::accesskit::Role;
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    use super::*;
    use crate::app::context::Request;
    use crate::app::panels::fixture::{World, click, harness};
    use crate::backend::Command;

    fn drawn(world: World) -> Harness<'static, World> {
        let mut panel = MonitorPanel::default();
        harness([1200.0, 2600.0], world, move |ui, ctx| panel.ui(ui, ctx))
    }

    #[test]
    fn without_a_deployment_the_way_is_shown() {
        let mut page = drawn(World::empty());
        let asked = click(&mut page, "Go to Deploy");
        assert!(matches!(asked.as_slice(), [Request::Action(Action::GoTo(Panel::Deploy))]), "{asked:?}");
    }

    #[test]
    fn the_column_that_drifts_most_is_shown_first_and_an_alert_turns_to_its_own() {
        let mut page = drawn(World::watched());
        page.get_by_role_and_label(Role::Image, "Drift of temp");
        let alerts = page.state().state.alerts.clone();
        let unseen = alerts.iter().find(|a| a.alert.kind == AlertKind::Unseen("origin".to_owned())).unwrap();
        page.get_by_label(&unseen.alert.message);
        click(&mut page, &format!("Show alert {}", unseen.id));
        page.get_by_role_and_label(Role::Image, "Drift of origin");
        let asked = click(&mut page, &format!("Acknowledge alert {}", unseen.id));
        assert!(
            matches!(asked.as_slice(), [Request::Command(Command::AcknowledgeAlert(id))] if *id == unseen.id),
            "{asked:?}"
        );
    }

    #[test]
    fn a_failure_stands_above_what_was_seen_before_it() {
        let page = drawn(World::failed());
        let failure = page.get_by_label("The deployment failed").rect();
        let chart = page.get_by_role_and_label(Role::Image, "Accuracy by chunk").rect();
        assert!(failure.bottom() < chart.top());
    }

    #[test]
    fn charts_say_their_value_and_save_their_numbers() {
        let mut page = drawn(World::watched());
        let chart = page.get_by_role_and_label(Role::Image, "Accuracy by chunk");
        let value = chart.accesskit_node().value().unwrap_or_default();
        assert!(value.contains("alert 0.7"), "{value}");
        let asked = click(&mut page, "Export Drift by column and chunk as CSV");
        let [Request::Save { suggested, text }] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!(suggested, "drift-by-column-and-chunk.csv");
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("chunk,start_row,start,temp,hour,origin"));
        assert_eq!(lines.clone().count(), 24);
        assert!(lines.next().is_some_and(|l| l.starts_with("0,0,2013-04-01,0.")), "{text}");
    }
}
