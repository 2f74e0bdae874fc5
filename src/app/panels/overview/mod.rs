//! Overview: every model's stage and health, open alerts, and what to do next.
//!
//! It only reads the state and leads to the panel where the work is done; it sets nothing up itself.

mod lists;
mod models;
pub(super) mod next;

use eframe::egui::Ui;

use self::next::Next;
use super::page;
use crate::app::action::{Action, Panel};
use crate::app::context::PanelContext;
use crate::app::theme::{SPACE_M, SPACE_S, Status};
use crate::app::widgets::{self, Button, Card, Icon, StatTile, format, reflow, text};
use crate::backend::event::JobTopic;
use crate::backend::state::RuntimeView;
use crate::monitor::{AlertState, Severity};

const HINT: &str = "follow the blue button below; on the flight delay story it leads from validation in April to \
                    the alerts of the months after.";

/// The first page.
#[derive(Debug, Default)]
pub struct OverviewPanel {}

impl OverviewPanel {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        page::head(ui, ctx, Panel::Overview.name(), HINT, |_| {});
        page::body(ui, "overview", |ui| {
            if !ctx.state.workspace.ready {
                widgets::pending_state(ui, "Opening the workspace", None::<fn(&mut Ui)>);
                return;
            }
            next_card(ui, ctx);
            if ctx.state.models.is_empty() && ctx.state.runs.is_empty() && ctx.state.deployments.is_empty() {
                return;
            }
            tiles(ui, ctx);
            models::card(ui, ctx);
            ui.add_space((SPACE_M - ui.spacing().item_spacing.y).max(0.0));
            reflow(ui, "overview lists", 2, 420.0, &[], |ui, place| match place {
                0 => lists::alerts(ui, ctx),
                _ => lists::runs(ui, ctx),
            });
        });
    }
}

fn next_card(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let next = Next::of(ctx.state);
    Card::new("What to do next").right(next.panel().name()).show(ui, |ui| {
        let broken = if let RuntimeView::Broken { why } = &ctx.state.runtime {
            let way_out = "Install the pinned one, or choose another library.";
            widgets::error_state(ui, "ONNX Runtime cannot be used", why, way_out, None);
            true
        } else {
            false
        };
        let busy = page::jobs_here(ui, ctx, &[JobTopic::Runtime, JobTopic::Models, JobTopic::Dataset]);
        let (words, button) = next.words();
        if !broken {
            ui.label(words);
        }
        if button.is_empty() || busy {
            return;
        }
        ui.add_space(SPACE_S / 2.0);
        ui.horizontal_wrapped(|ui| {
            let begins_empty = next == Next::AddModel;
            if Button::primary(button).show(ui).clicked() {
                next.clone().go(ctx);
            }
            if begins_empty && Button::secondary(&Action::OpenSamples.text()).icon(Icon::Folder).show(ui).clicked() {
                ctx.action(Action::OpenSamples);
            }
            if next == Next::InstallRuntime
                && Button::secondary(&Action::ChooseRuntime.text()).icon(Icon::File).show(ui).clicked()
            {
                ctx.action(Action::ChooseRuntime);
            }
        });
    });
    ui.add_space((SPACE_M - ui.spacing().item_spacing.y).max(0.0));
}

fn tiles(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let state = ctx.state;
    let validated = state.models.iter().filter(|m| next::last_result(state, &m.id).is_some()).count();
    let models = format::count(state.models.len() as u64);
    let models_more = format!("{} validated", format::count(validated as u64));
    let live: Vec<_> = state.deployments.iter().filter(|d| d.live).collect();
    let deployments = format::count(live.len() as u64);
    let deployments_more = format!("{} in all", format::count(state.deployments.len() as u64));
    let answered: u64 = state.deployments.iter().map(|d| models::answered(ctx, d)).sum();
    let rate: f64 = live.iter().filter_map(|d| ctx.live.stats.get(&d.id)).map(|s| s.rows_per_second).sum();
    let answered_text = format::count(answered);
    let rate_text = if live.is_empty() { "nothing runs now".to_owned() } else { format::rate(rate, "rows") };
    let open: Vec<_> = state.alerts.iter().filter(|a| a.alert.state == AlertState::Open).collect();
    let severe = open.iter().filter(|a| a.alert.severity == Severity::Severe).count();
    let open_text = format::count(open.len() as u64);
    let open_more = if severe == 1 {
        "1 needs a person".to_owned()
    } else {
        format!("{} need a person", format::count(severe as u64))
    };
    let (status, word) = match (open.len(), severe) {
        (0, _) => (Status::Ok, "none open"),
        (_, 0) => (Status::Warning, "worth a look"),
        _ => (Status::Alert, "look now"),
    };
    let tiles = [
        StatTile::new("Models", &models).comparison(&models_more),
        StatTile::new("Deployments at work", &deployments).comparison(&deployments_more),
        StatTile::new("Rows answered", &answered_text).comparison(&rate_text),
        StatTile::new("Open alerts", &open_text).comparison(&open_more).chip(status, word),
    ];
    reflow(ui, "overview tiles", tiles.len(), 170.0, &[], |ui, place| {
        if let Some(tile) = tiles.get(place) {
            tile.show(ui);
        }
    });
}

/// Words for a cell that holds nothing.
fn nothing(ui: &mut Ui, words: &str) {
    text::caption(ui, words);
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::super::fixture::{World, harness};
    use super::*;
    use crate::app::context::{Request, Subject};
    use crate::backend::Command;

    fn drawn(world: World) -> egui_kittest::Harness<'static, World> {
        let mut panel = OverviewPanel::default();
        harness([1024.0, 700.0], world, move |ui, ctx| panel.ui(ui, ctx))
    }

    #[test]
    fn an_empty_workspace_offers_the_first_step_only() {
        let mut page = drawn(World::empty());
        page.get_by_label("Open samples");
        assert!(page.query_by_label("Open alerts").is_none());
        page.get_by_label("Add model…").click();
        page.run();
        assert!(matches!(page.state().asked().as_slice(), [Request::Action(Action::AddModel)]));
    }

    #[test]
    fn rows_lead_to_their_panels() {
        let mut page = drawn(World::full());
        for (name, subject) in [
            ("Open model gradient boosting", Subject::Model("b".repeat(64))),
            ("Open deployment gradient boosting", Subject::Deployment("d1".to_owned())),
            ("2 alerts of gradient boosting", Subject::Monitor("d1".to_owned(), Some(14))),
            ("Open validation 1 on flights_2013_04.parquet", Subject::Validation("a".repeat(64))),
            ("Look at the alert", Subject::Monitor("d1".to_owned(), Some(14))),
        ] {
            page.state_mut().requests.borrow_mut().clear();
            page.get_by_label(name).scroll_to_me();
            page.run();
            page.get_by_label(name).click();
            page.run();
            let asked = page.state().asked();
            assert!(matches!(asked.as_slice(), [Request::Show(shown)] if *shown == subject), "{name}: {asked:?}");
        }
    }

    #[test]
    fn an_alert_is_acknowledged_by_its_number() {
        let mut page = drawn(World::full());
        page.get_by_label_contains("Acknowledge alert 7").scroll_to_me();
        page.run();
        page.get_by_label_contains("Acknowledge alert 7").click();
        page.run();
        let asked = page.state().asked();
        assert!(matches!(asked.as_slice(), [Request::Command(Command::AcknowledgeAlert(7))]), "{asked:?}");
    }

    #[test]
    fn a_broken_runtime_has_two_ways_out() {
        let mut world = World::full();
        world.state.runtime = RuntimeView::Broken { why: "It is too old.".to_owned() };
        let page = drawn(world);
        page.get_by_label("It is too old.");
        page.get_by_label("Install ONNX Runtime");
    }
}
