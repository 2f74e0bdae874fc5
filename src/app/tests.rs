//! What the window itself does: closing while busy, dropped files, the palette, typed paths.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::App as _;
use eframe::egui::{DroppedFile, Key, Modifiers, ViewportEvent, ViewportId};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::backend::BackendOptions;
use crate::backend::event::JobTopic;
use crate::model::RuntimeHome;

/// A desktop without file dialogs.
#[derive(Debug)]
struct NoDialogs;

impl Dialogs for NoDialogs {
    fn available(&self) -> bool {
        false
    }

    fn ask(&self, _: Ask, _: Sender<Picked>, _: Box<dyn Fn() + Send>) {}
}

struct Window {
    page: Harness<'static, App>,
    folder: tempfile::TempDir,
}

impl Window {
    /// A window on an empty workspace, without ONNX Runtime.
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backend = Backend::start(BackendOptions {
            workspace: folder.path().join("workspace"),
            runtime_home: RuntimeHome::at(folder.path().join("runtime")).alone(),
            samples: None,
            open_samples: false,
            install_runtime: false,
            files: Vec::new(),
            held_bytes: crate::data::estimate::HELD_BYTES,
        })
        .unwrap();
        let page = Harness::builder()
            .with_size([1280.0, 800.0])
            .with_max_steps(30)
            .with_context_setup(theme::install)
            .build_eframe(move |cc| App::new(&cc.egui_ctx, backend, Box::new(NoDialogs)));
        let mut window = Self { page, folder };
        window.until("the workspace", |app| app.state.workspace.ready && app.jobs.is_empty());
        window
    }

    fn until(&mut self, what: &str, reached: impl Fn(&App) -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !reached(self.page.state()) {
            assert!(Instant::now() < end, "{what} did not come");
            std::thread::sleep(Duration::from_millis(5));
            self.page.step();
        }
        self.page.run_ok();
    }

    fn ask_to_close(&mut self) {
        self.page.input_mut().viewports.get_mut(&ViewportId::ROOT).unwrap().events.push(ViewportEvent::Close);
        self.page.run_ok();
    }

    fn close(mut self) {
        self.page.state_mut().on_exit(None);
    }
}

fn job() -> JobView {
    JobView {
        id: 1,
        name: "Validate three models".to_owned(),
        topic: JobTopic::Validate,
        progress: Some(0.5),
        seconds: 1.0,
        left_s: None,
        cancelling: false,
    }
}

#[test]
fn closing_asks_while_a_job_runs_and_only_then() {
    let mut window = Window::open();
    window.ask_to_close();
    assert!(window.page.query_by_label("Close ModelDeck?").is_none());
    window.page.state_mut().jobs = vec![job()];
    window.ask_to_close();
    window.page.get_by_label_contains("Still at work: Validate three models.");
    window.page.get_by_label("Keep as it is").click();
    window.page.run_ok();
    assert!(window.page.query_by_label("Close ModelDeck?").is_none() && !window.page.state().closing);
    window.ask_to_close();
    window.page.get_by_label("Cancel and close").click();
    window.page.run_ok();
    assert!(window.page.state().closing);
    window.close();
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("only the path is used".to_owned())
    }
}

#[test]
fn dropped_files_are_added_and_a_wrong_one_is_explained() {
    let mut window = Window::open();
    let wrong = window.folder.path().join("notes.onnx");
    std::fs::write(&wrong, "this is a text").unwrap();
    let table = window.folder.path().join("table.csv");
    std::fs::write(&table, "a,b\n1,2\n3,4\n").unwrap();
    window.page.input_mut().dropped_files = vec![Arc::new(Dropped(wrong)), Arc::new(Dropped(table))];
    window.until("the table", |app| app.state.datasets.len() == 1);
    window.until("the sentence", |app| app.state.notices.iter().any(|n| n.level == NoticeLevel::Error));
    assert_eq!(window.page.state().view.panel, Panel::Models);
    assert!(window.page.state().state.models.is_empty());
    assert!(window.page.query_all_by_label_contains("notes.onnx").next().is_some());
    window.close();
}

#[test]
fn without_file_dialogs_a_path_can_be_typed() {
    let mut window = Window::open();
    let table = window.folder.path().join("typed.csv");
    std::fs::write(&table, "a,b\n1,2\n3,4\n").unwrap();
    let ctx = window.page.ctx.clone();
    window.page.state_mut().act(&ctx, Action::AddDataset);
    window.page.run_ok();
    window.page.get_by_label("Add dataset");
    let typed = eframe::egui::Event::Text(table.display().to_string());
    window.page.event(typed);
    window.page.run_ok();
    window.page.get_by_label("OK").click();
    window.until("the preview", |app| app.state.preview.as_ref().is_some_and(|p| p.seen.is_some() && !p.pending));
    window.page.get_by_label("Add").click();
    window.until("the table", |app| app.state.datasets.len() == 1);
    window.close();
}

#[test]
fn the_palette_finds_an_action_by_its_words() {
    let mut window = Window::open();
    window.page.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.page.run_ok();
    window.page.event(eframe::egui::Event::Text("monitor".to_owned()));
    window.page.run_ok();
    window.page.key_press(Key::Enter);
    window.page.run_ok();
    assert_eq!(window.page.state().view.panel, Panel::Monitor);
    window.close();
}

#[test]
fn theme_and_panel_are_kept() {
    let mut window = Window::open();
    window.page.get_by_label("Light theme").click();
    window.page.run_ok();
    assert!(window.page.state().view.light);
    let kept = |app: &App| app.state.settings.get(VIEW).and_then(|v| v.get("light")) == Some(&true.into());
    window.until("the setting", kept);
    window.close();
}
