//! The window. egui, eframe, `egui_plot` and rfd live here and nowhere else.
//!
//! [`App`] takes events in `logic` and draws in `ui`; it never reads a file, sorts, or waits. What a person asks for
//! becomes a [`context::Request`], carried out after the frame. It speaks to `backend` only; the plain results of
//! the rooms below (reports, snapshots, inspections) are drawn as they come.

pub mod action;
pub mod context;
pub mod dialogs;
mod keyboard;
mod modal;
mod notices;
mod palette;
pub mod panels;
mod picture;
mod preview;
mod shell;
mod start;
#[cfg(test)]
mod tests;
pub mod theme;
pub mod widgets;

pub use start::{StartError, open_window};

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use eframe::egui;

use self::action::{Action, Panel};
use self::context::{Live, PanelContext, Picked, Request, Subject};
use self::dialogs::{Ask, Dialogs};
use self::modal::Modal;
use self::notices::Notices;
use self::palette::Palette;
use self::panels::Panels;
use crate::backend::event::JobView;
use crate::backend::service::Backend;
use crate::backend::{Command, Event, Notice, NoticeLevel, State};

/// Intake of events stops after this long, so that a flood cannot freeze a frame.
const INTAKE: Duration = Duration::from_millis(8);
/// How long closing waits for workers and jobs to end.
const CLOSING: Duration = Duration::from_secs(10);
/// The setting that keeps how the window looked.
const VIEW: &str = "view";

/// What the window remembers across restarts.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
struct View {
    panel: Panel,
    light: bool,
    zoom: Option<f32>,
}

/// The program behind the window.
pub struct App {
    backend: Backend,
    dialogs: Box<dyn Dialogs>,
    picked: Receiver<Picked>,
    pick_reply: Sender<Picked>,
    state: Arc<State>,
    jobs: Vec<JobView>,
    live: Live,
    notices: Notices,
    palette: Palette,
    panels: Panels,
    modal: Option<Modal>,
    preview: Option<preview::Dialog>,
    view: View,
    view_loaded: bool,
    requests: RefCell<Vec<Request>>,
    closing: bool,
    first_frame: Option<Instant>,
    now_ms: fn() -> i64,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("view", &self.view).finish_non_exhaustive()
    }
}

fn wall_clock() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

impl App {
    /// The window's program over a running backend.
    pub fn new(ctx: &egui::Context, backend: Backend, dialogs: Box<dyn Dialogs>) -> Self {
        theme::install(ctx);
        let repaint = ctx.clone();
        backend.outbox().on_arrival(Arc::new(move || repaint.request_repaint()));
        let (pick_reply, picked) = crossbeam_channel::bounded(8);
        Self {
            backend,
            dialogs,
            picked,
            pick_reply,
            state: Arc::default(),
            jobs: Vec::new(),
            live: Live::default(),
            notices: Notices::default(),
            palette: Palette::default(),
            panels: Panels::default(),
            modal: None,
            preview: None,
            view: View::default(),
            view_loaded: false,
            requests: RefCell::default(),
            closing: false,
            first_frame: None,
            now_ms: wall_clock,
        }
    }

    /// Logs the time from `began` to the first painted frame.
    pub fn log_first_frame_since(mut self, began: Instant) -> Self {
        self.first_frame = Some(began);
        self
    }

    /// Shows times as seen from a fixed moment, so that pictures are the same every day.
    pub fn with_clock(mut self, now_ms: fn() -> i64) -> Self {
        self.now_ms = now_ms;
        self
    }

    /// The state that is drawn.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// The live numbers that are drawn.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// The panel that is shown.
    pub fn panel(&self) -> Panel {
        self.view.panel
    }

    /// The running jobs.
    pub fn jobs(&self) -> &[JobView] {
        &self.jobs
    }

    fn take_events(&mut self, ctx: &egui::Context) {
        let until = Instant::now() + INTAKE;
        for event in self.backend.outbox().take() {
            self.event(ctx, event);
        }
        while let Ok(picked) = self.picked.try_recv() {
            self.picked(ctx, picked);
            if Instant::now() > until {
                ctx.request_repaint();
                break;
            }
        }
    }

    fn event(&mut self, ctx: &egui::Context, event: Event) {
        match event {
            Event::State(state) => {
                self.state = state;
                if !self.view_loaded && self.state.workspace.ready {
                    self.view_loaded = true;
                    self.restore_view(ctx);
                }
                let kept = &self.state.deployments;
                self.live.monitors.retain(|id, _| kept.iter().any(|d| &d.id == id));
                self.live.stats.retain(|id, _| kept.iter().any(|d| &d.id == id));
                self.live.serving.retain(|id, _| kept.iter().any(|d| &d.id == id && d.live));
                self.live.tried.retain(|id, _| kept.iter().any(|d| &d.id == id));
            }
            Event::Jobs(jobs) => self.jobs = jobs,
            Event::Monitor(id, monitor) => {
                self.live.monitors.insert(id, monitor);
            }
            Event::Stats(id, stats) => {
                self.live.stats.insert(id, stats);
            }
            Event::Serving(id, view) => {
                self.live.serving.insert(id, view);
            }
            Event::Tried(id, tried) => {
                self.live.tried.insert(id, tried);
            }
            Event::Notice(notice) => self.notices.arrived(notice),
            Event::Closed => self.closing = true,
        }
    }

    fn restore_view(&mut self, ctx: &egui::Context) {
        if let Some(view) = self.state.settings.get(VIEW).and_then(|v| serde_json::from_value::<View>(v.clone()).ok()) {
            self.view = view;
        }
        ctx.set_theme(if self.view.light { egui::Theme::Light } else { egui::Theme::Dark });
        if let Some(zoom) = self.view.zoom {
            ctx.set_zoom_factor(zoom.clamp(0.5, 3.0));
        }
    }

    fn keep_view(&self) {
        if let Ok(value) = serde_json::to_value(&self.view) {
            self.send(Command::SetSetting { key: VIEW.to_owned(), value });
        }
    }

    fn send(&self, command: Command) {
        if !self.backend.send(command) {
            tracing::error!("the backend did not take a command: it is busy or has ended");
        }
    }

    fn picked(&mut self, ctx: &egui::Context, picked: Picked) {
        match picked {
            Picked::Models(paths) => self.send(Command::AddModels(paths)),
            Picked::Dataset(path) => self.look_at(path),
            Picked::Runtime(path) => self.send(Command::UseRuntime(path)),
            Picked::Policy(path) => self.send(Command::AddPolicy(path)),
            Picked::Register(path, dataset) => self.send(Command::ImportRegister { dataset, path }),
            Picked::Token(path) => self.panels.token_picked(path),
            Picked::Cluster(folder, request) => self.send(Command::ExportCluster { request, folder }),
            Picked::SaveBy(path, what) => self.send(what.command(path)),
            Picked::SaveText(path, text) => self.send(Command::Export { path, text }),
            Picked::SavePicture(path, rect) => picture::save(ctx, path, rect),
        }
    }

    fn ask(&mut self, ctx: &egui::Context, ask: Ask) {
        if self.dialogs.available() {
            let wake = ctx.clone();
            self.dialogs.ask(ask, self.pick_reply.clone(), Box::new(move || wake.request_repaint()));
        } else {
            self.modal = Some(Modal::path(ask));
        }
    }

    fn take_dropped_files(&mut self, ctx: &egui::Context) {
        let dropped = ctx.input(|i| i.raw.dropped_files.iter().map(|f| f.path().to_path_buf()).collect::<Vec<_>>());
        let (models, tables): (Vec<_>, Vec<_>) =
            dropped.into_iter().partition(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx")));
        if !models.is_empty() || !tables.is_empty() {
            self.go_to(Panel::Models);
        }
        // One file is looked at first; several are taken as they are.
        if let ([], [path]) = (models.as_slice(), tables.as_slice()) {
            return self.look_at(path.clone());
        }
        if !models.is_empty() {
            self.send(Command::AddModels(models));
        }
        for path in tables {
            self.send(Command::AddDataset(path));
        }
    }

    /// Shows the beginning of a table before it is added.
    fn look_at(&mut self, path: PathBuf) {
        self.send(Command::PreviewDataset(path.clone(), None));
        self.preview = Some(preview::Dialog::new(path));
    }

    fn go_to(&mut self, panel: Panel) {
        if self.view.panel != panel {
            self.view.panel = panel;
            self.keep_view();
        }
    }

    fn show_subject(&mut self, subject: Subject) {
        self.go_to(subject.panel());
        self.panels.show(&self.state, subject);
    }

    fn carry_out(&mut self, ctx: &egui::Context) {
        // A panel may ask while a request is carried out, so the list is taken first.
        let requests = std::mem::take(&mut *self.requests.borrow_mut());
        for request in requests {
            match request {
                Request::Command(command) => self.send(command),
                Request::Action(action) => self.act(ctx, action),
                Request::Show(subject) => self.show_subject(subject),
                Request::Save { suggested, text } => self.ask(ctx, Ask::SaveText(suggested, text)),
                Request::SaveBy { suggested, what } => self.ask(ctx, Ask::SaveBy(suggested, what)),
                Request::ImportRegister(dataset) => self.ask(ctx, Ask::Register(dataset)),
                Request::PickToken => self.ask(ctx, Ask::Token),
                Request::ExportCluster(request) => self.ask(ctx, Ask::Cluster(request)),
                Request::SavePicture { suggested, rect } => self.ask(ctx, Ask::SavePicture(suggested, rect)),
                Request::Confirm { question, button, command } => {
                    self.modal = Some(Modal::confirm(question, button, command));
                }
            }
        }
    }

    /// Does what a person asked for.
    pub fn act(&mut self, ctx: &egui::Context, action: Action) {
        match action {
            Action::GoTo(panel) => self.go_to(panel),
            Action::AddModel => self.ask(ctx, Ask::Models),
            Action::AddDataset => self.ask(ctx, Ask::Dataset),
            Action::ChooseRuntime => self.ask(ctx, Ask::Runtime),
            Action::AddPolicy => self.ask(ctx, Ask::Policy),
            Action::OpenSamples => self.send(Command::OpenSamples),
            Action::InstallRuntime => self.send(Command::InstallRuntime),
            Action::RunValidation
            | Action::StartDeployment
            | Action::PauseOrResume
            | Action::StepFeed
            | Action::StopDeployment => self.panel_action(action),
            Action::CancelJobs => {
                for job in &self.jobs {
                    self.send(Command::CancelJob(job.id));
                }
            }
            Action::ToggleTheme => {
                self.view.light = !self.view.light;
                ctx.set_theme(if self.view.light { egui::Theme::Light } else { egui::Theme::Dark });
                self.keep_view();
            }
            Action::ToggleNotices => self.notices.toggle(),
            Action::TogglePalette => self.palette.toggle(),
            Action::ZoomIn | Action::ZoomOut => {
                let step = if action == Action::ZoomIn { 0.1 } else { -0.1 };
                let zoom = ((ctx.zoom_factor() + step) * 10.0).round() / 10.0;
                self.view.zoom = Some(zoom.clamp(0.5, 3.0));
                ctx.set_zoom_factor(zoom.clamp(0.5, 3.0));
                self.keep_view();
            }
            Action::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        }
    }

    fn panel_action(&mut self, action: Action) {
        let context = PanelContext {
            state: &self.state,
            jobs: &self.jobs,
            live: &self.live,
            now_ms: (self.now_ms)(),
            requests: &self.requests,
        };
        if let Err(why) = self.panels.act(&context, action) {
            self.notices.arrived(Notice { level: NoticeLevel::Warning, text: why, at_ms: (self.now_ms)() });
        }
    }

    fn close_requested(&mut self, ctx: &egui::Context) {
        if self.closing || !ctx.input(|i| i.viewport().close_requested()) {
            return;
        }
        let busy: Vec<_> = self.jobs.iter().map(|job| job.name.clone()).collect();
        if busy.is_empty() {
            return;
        }
        ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
        self.modal = Some(Modal::close(&busy));
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.take_events(ctx);
        self.take_dropped_files(ctx);
        self.close_requested(ctx);
        keyboard::take_shortcuts(self, ctx);
        self.carry_out(ctx);
        self.notices.forget_old(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        shell::ui(self, ui);
        if !self.requests.borrow().is_empty() {
            ui.ctx().request_repaint();
        }
        if let Some(began) = self.first_frame.take() {
            tracing::info!("first frame after {} ms", began.elapsed().as_millis());
        }
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        if !self.backend.shut_down(CLOSING) {
            tracing::error!("work did not end within {} s of closing", CLOSING.as_secs());
        }
    }
}
