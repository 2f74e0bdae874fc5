//! Pictures of every panel, empty, busy, ready and failed, in both themes, on a software rasteriser.

use eframe::egui::{CentralPanel, Frame, LayerId, Margin, Theme, Ui};
use egui_kittest::{Harness, SnapshotResults};

use super::Panels;
use super::fixture::World;
use crate::app::action::Panel;
use crate::app::theme::{self, SPACE_L};
use crate::app::widgets::gallery;
use crate::backend::event::JobTopic;
use crate::backend::state::RuntimeView;

const SIZE: [f32; 2] = [1024.0, 700.0];
const THEMES: [(Theme, &str); 2] = [(Theme::Dark, "dark"), (Theme::Light, "light")];

/// What a panel looks like while it waits: jobs of its own, and the workspace or the first chunk not there yet.
fn busy(panel: Panel) -> World {
    match panel {
        Panel::Overview => World::default(),
        Panel::Models => World::full().with_job(JobTopic::Models, "Read gradient_boosting.onnx"),
        Panel::Validate => World::full().with_job(JobTopic::Validate, "Validate 2 models on April"),
        Panel::Deploy => World::watched().with_job(JobTopic::Deploy, "Score the reference"),
        Panel::Monitor => World::full(),
        Panel::Reports => World::full().with_job(JobTopic::Reverify, "Verify gradient boosting"),
    }
}

fn failed(panel: Panel) -> World {
    let mut world = World::failed();
    if panel == Panel::Overview {
        world.state.runtime = RuntimeView::Broken { why: "The library is of version 1.17, and too old.".to_owned() };
    }
    world
}

/// Fills the picture to its edges.
fn paper(ui: &Ui) {
    let ctx = ui.ctx();
    ctx.layer_painter(LayerId::background()).rect_filled(ctx.content_rect(), 0.0, theme::tokens(ui).window);
}

fn picture(results: &mut SnapshotResults, name: &str, theme: Theme, panel: Panel, world: World) {
    let mut panels = Panels::default();
    let mut harness = Harness::builder()
        .with_size(SIZE)
        .with_theme(theme)
        .with_max_steps(20)
        .with_context_setup(theme::install)
        .wgpu()
        .build_ui_state(
            move |ui, world: &mut World| {
                paper(ui);
                let room = Frame::new().fill(theme::tokens(ui).window).inner_margin(Margin::same(SPACE_L as i8));
                CentralPanel::default().frame(room).show(ui, |ui| panels.ui(ui, &world.context(), panel));
            },
            world,
        );
    harness.run_steps(8);
    harness.snapshot(name);
    results.extend_harness(&mut harness);
}

#[test]
fn every_panel_in_every_state() {
    let mut results = SnapshotResults::new();
    for panel in Panel::ALL {
        for (theme, theme_name) in THEMES {
            let name = |state: &str| format!("{}/{state}_{theme_name}", panel.name().to_lowercase());
            picture(&mut results, &name("empty"), theme, panel, World::empty());
            picture(&mut results, &name("busy"), theme, panel, busy(panel));
            picture(&mut results, &name("ready"), theme, panel, World::watched());
            picture(&mut results, &name("failed"), theme, panel, failed(panel));
        }
    }
}

#[test]
fn every_part_of_the_gallery() {
    let mut results = SnapshotResults::new();
    for (theme, theme_name) in THEMES {
        for (title, draw) in gallery::SECTIONS {
            let mut harness = Harness::builder()
                .with_size([900.0, 700.0])
                .with_theme(theme)
                .with_max_steps(20)
                .with_context_setup(theme::install)
                .wgpu()
                .build_ui(move |ui| {
                    paper(ui);
                    CentralPanel::default().show(ui, draw);
                });
            harness.run_steps(8);
            harness.snapshot(format!("gallery/{}_{theme_name}", title.to_lowercase().replace(' ', "_")));
            results.extend_harness(&mut harness);
        }
    }
}
