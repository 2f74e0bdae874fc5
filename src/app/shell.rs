//! The frame around the panels: top bar, rail, status bar, and what lies above them.

use eframe::egui::{self, Align, CentralPanel, Frame, Layout, Margin, Panel as Side, Ui};

use super::App;
use super::action::{Action, Panel};
use super::context::{PanelContext, Request};
use super::modal::Answer;
use super::notices::HistoryAction;
use super::theme::{
    self, RAIL_WIDTH, RAIL_WIDTH_NARROW, SPACE_L, SPACE_M, SPACE_S, STATUS_BAR_HEIGHT, Status, TOP_BAR_HEIGHT,
};
use super::widgets::{self, Button, Icon, format, rail_item, status_chip};
use crate::backend::Command;
use crate::backend::state::RuntimeView;
use crate::monitor::AlertState;

/// Below this width the rail shows icons only.
const NARROW_BELOW: f32 = 1100.0;

pub(super) fn ui(app: &mut App, ui: &mut Ui) {
    let t = theme::tokens(ui);
    let bar = |margin: Margin| Frame::new().fill(t.panel).inner_margin(margin);
    let wide = Margin::symmetric(SPACE_L as i8, 0);
    Side::top("top bar").exact_size(TOP_BAR_HEIGHT).frame(bar(wide)).resizable(false).show(ui, |ui| top_bar(app, ui));
    Side::bottom("status bar")
        .exact_size(STATUS_BAR_HEIGHT)
        .frame(bar(wide))
        .resizable(false)
        .show(ui, |ui| status_bar(app, ui));
    let narrow = ui.available_width() < NARROW_BELOW;
    Side::left("rail")
        .exact_size(if narrow { RAIL_WIDTH_NARROW } else { RAIL_WIDTH })
        .frame(bar(Margin::same(SPACE_S as i8)))
        .resizable(false)
        .show(ui, |ui| rail(app, ui, narrow));
    let room = Frame::new().fill(t.window).inner_margin(Margin::same(SPACE_L as i8));
    CentralPanel::default().frame(room).show(ui, |ui| room_ui(app, ui));
    above(app, ui);
}

fn room_ui(app: &mut App, ui: &mut Ui) {
    if let Some(why) = &app.state.workspace.failed {
        ui.heading("Workspace");
        ui.add_space(SPACE_M);
        let way_out = "Start ModelDeck with --workspace and another folder, or mend this one.";
        widgets::error_state(ui, "The workspace could not be opened", why, way_out, None);
        return;
    }
    let panel = app.view.panel;
    let context = PanelContext {
        state: &app.state,
        jobs: &app.jobs,
        live: &app.live,
        now_ms: (app.now_ms)(),
        requests: &app.requests,
    };
    app.panels.ui(ui, &context, panel);
}

fn top_bar(app: &App, ui: &mut Ui) {
    ui.horizontal_centered(|ui| {
        ui.label(theme::strong("ModelDeck"));
        let workspace = &app.state.workspace;
        let name = theme::dim(ui, format!("{} · workspace", workspace.name));
        widgets::text::elided(ui, name).on_hover_text(workspace.path.display().to_string());
        if let Some(why) = &workspace.read_only {
            status_chip(ui, Status::Warning, "read-only").on_hover_text(why);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let ask = |action| app.requests.borrow_mut().push(Request::Action(action));
            let unread = app.state.notices.len();
            let bell = format!("Notifications, {unread}");
            if Button::icon_only(Icon::Bell, &bell).hover("Notifications").show(ui).clicked() {
                ask(Action::ToggleNotices);
            }
            let (icon, name) = if app.view.light { (Icon::Moon, "Dark theme") } else { (Icon::Sun, "Light theme") };
            if Button::icon_only(icon, name).hover(name).show(ui).clicked() {
                ask(Action::ToggleTheme);
            }
            runtime_chip(app, ui);
            let keys = Action::TogglePalette.shortcut().map(|k| ui.ctx().format_shortcut(&k)).unwrap_or_default();
            let text = format!("Search or run a command…   {keys}");
            if Button::secondary(&text).icon(Icon::Search).min_width(260.0).name("Command palette").show(ui).clicked() {
                ask(Action::TogglePalette);
            }
        });
    });
}

fn runtime_chip(app: &App, ui: &mut Ui) {
    match &app.state.runtime {
        RuntimeView::Unknown | RuntimeView::Working => {
            status_chip(ui, Status::Running, "ONNX Runtime…");
        }
        RuntimeView::Ready { version, path, source } => {
            status_chip(ui, Status::Ok, &format!("ONNX Runtime {version}"))
                .on_hover_text(format!("{source}\n{}", path.display()));
        }
        RuntimeView::Missing { way_out } => {
            if Button::primary("Install ONNX Runtime (19 MB)").hover(way_out).show(ui).clicked() {
                app.requests.borrow_mut().push(Request::Action(Action::InstallRuntime));
            }
            status_chip(ui, Status::Warning, "no ONNX Runtime").on_hover_text(way_out);
        }
        RuntimeView::Broken { why } => {
            if Button::primary("Install ONNX Runtime (19 MB)").show(ui).clicked() {
                app.requests.borrow_mut().push(Request::Action(Action::InstallRuntime));
            }
            status_chip(ui, Status::Alert, "ONNX Runtime fails").on_hover_text(why);
        }
    }
}

fn icon(panel: Panel) -> Icon {
    match panel {
        Panel::Overview => Icon::Overview,
        Panel::Models => Icon::Models,
        Panel::Validate => Icon::Validate,
        Panel::Deploy => Icon::Deploy,
        Panel::Monitor => Icon::Monitor,
        Panel::Reports => Icon::Reports,
    }
}

fn rail(app: &App, ui: &mut Ui, narrow: bool) {
    let open = open_alerts(app);
    for panel in Panel::ALL {
        let badge = panel == Panel::Monitor && open > 0;
        if rail_item(ui, icon(panel), panel.name(), app.view.panel == panel, badge, narrow).clicked() {
            app.requests.borrow_mut().push(Request::Action(Action::GoTo(panel)));
        }
    }
}

fn open_alerts(app: &App) -> usize {
    app.state.alerts.iter().filter(|a| a.alert.state == AlertState::Open).count()
}

fn status_bar(app: &App, ui: &mut Ui) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = SPACE_L;
        let live: Vec<_> = app.state.deployments.iter().filter(|d| d.live).collect();
        if live.is_empty() {
            widgets::text::caption(ui, "no workers");
        }
        for deployment in live.iter().take(2) {
            let Some(stats) = app.live.stats.get(&deployment.id) else { continue };
            let workers = format::counted(deployment.request.worker.workers as u64, "worker");
            let text = format!(
                "{workers} · queue {} / {} · {} · p95 {}",
                format::count(stats.queue_depth as u64),
                format::count(stats.queue_bound as u64),
                format::rate(stats.rows_per_second, "rows"),
                format::seconds(stats.latency_p95_ms / 1000.0),
            );
            widgets::text::caption(ui, &text).on_hover_text(&deployment.request.name);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = SPACE_M;
            let open = open_alerts(app);
            if open > 0 {
                let text = format::counted(open as u64, "open alert");
                if Button::quiet(&text).icon(Icon::Alert).show(ui).clicked() {
                    app.requests.borrow_mut().push(Request::Action(Action::GoTo(Panel::Monitor)));
                }
            } else {
                widgets::text::caption(ui, "no alerts");
            }
            jobs(app, ui);
        });
    });
}

fn jobs(app: &App, ui: &mut Ui) {
    let Some(job) = app.jobs.first() else {
        widgets::text::caption(ui, "no jobs");
        return;
    };
    let name = format!("Cancel {}", job.name);
    if Button::icon_only(Icon::Close, &name).show(ui).clicked() {
        app.requests.borrow_mut().push(Request::Command(Command::CancelJob(job.id)));
    }
    ui.allocate_ui(egui::vec2(90.0, 8.0), |ui| widgets::progress_bar(ui, &job.name, job.progress));
    let left = job.left_s.map(|s| format!(" · {} left", format::seconds(s))).unwrap_or_default();
    let more = if app.jobs.len() > 1 { format!(" · {} more", app.jobs.len() - 1) } else { String::new() };
    let state = if job.cancelling { " · cancelling" } else { "" };
    widgets::text::caption(ui, &format!("{}{state}{left}{more}", job.name));
}

fn above(app: &mut App, ui: &Ui) {
    let ctx = ui.ctx();
    if let HistoryAction::Clear = app.notices.history_ui(ctx, &app.state, (app.now_ms)()) {
        app.requests.borrow_mut().push(Request::Command(Command::ClearNotices));
    }
    app.notices.toasts_ui(ctx);
    if let Some(action) = app.palette.ui(ctx) {
        app.requests.borrow_mut().push(Request::Action(action));
    }
    if let Some(dialog) = app.preview.as_mut()
        && app.modal.is_none()
    {
        let commands = dialog.ui(ctx, &app.state);
        if dialog.is_closed() {
            app.preview = None;
        }
        app.requests.borrow_mut().extend(commands.into_iter().map(Request::Command));
    }
    let answer = app.modal.as_mut().map_or(Answer::Open, |modal| modal.ui(ctx));
    match answer {
        Answer::Open => return,
        Answer::Dismissed => {}
        Answer::Command(command) => app.requests.borrow_mut().push(Request::Command(command)),
        Answer::Close => {
            for job in &app.jobs {
                app.requests.borrow_mut().push(Request::Command(Command::CancelJob(job.id)));
            }
            app.closing = true;
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        Answer::Picked(picked) => app.picked(ctx, picked),
    }
    app.modal = None;
}
