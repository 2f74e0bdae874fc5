//! What was said: toasts that pass, and the history that stays.

use std::time::{Duration, Instant};

use eframe::egui::{Align2, Area, Context, Id, Order, ScrollArea, Ui, vec2};

use super::theme::{self, SPACE_M, SPACE_S, Status, TOP_BAR_HEIGHT};
use super::widgets::{self, Button, ToastAction, notification_row, toasts};
use crate::backend::{Notice, NoticeLevel, State};

/// A passing toast stays this long; errors stay until closed.
const SHOWN_FOR: Duration = Duration::from_secs(6);

struct Toast {
    id: u64,
    notice: Notice,
    since: Instant,
}

/// Toasts on screen and whether the history is open.
#[derive(Default)]
pub(super) struct Notices {
    next: u64,
    toasts: Vec<Toast>,
    open: bool,
}

/// What a person did in the history.
pub(super) enum HistoryAction {
    /// Nothing.
    None,
    /// Forget it all.
    Clear,
}

fn status(level: NoticeLevel) -> Status {
    match level {
        NoticeLevel::Info => Status::Ok,
        NoticeLevel::Warning => Status::Warning,
        NoticeLevel::Error => Status::Alert,
    }
}

/// A notice's first sentence and the rest.
fn split(text: &str) -> (&str, &str) {
    match text.find(". ") {
        Some(end) if end < 160 => (text.get(..=end).unwrap_or(text), text.get(end + 2..).unwrap_or("")),
        _ => (text, ""),
    }
}

/// Local time of day, or the date when it was another day.
fn time_words(at_ms: i64, now_ms: i64) -> String {
    let Some(at) = chrono::DateTime::from_timestamp_millis(at_ms) else { return String::new() };
    let local = at.with_timezone(&chrono::Local);
    let same_day = now_ms.saturating_sub(at_ms) < 20 * 3_600_000;
    local.format(if same_day { "%H:%M:%S" } else { "%Y-%m-%d %H:%M" }).to_string()
}

impl Notices {
    pub(super) fn arrived(&mut self, notice: Notice) {
        self.next += 1;
        self.toasts.push(Toast { id: self.next, notice, since: Instant::now() });
        if self.toasts.len() > 4 {
            self.toasts.remove(0);
        }
    }

    pub(super) fn toggle(&mut self) {
        self.open = !self.open;
    }

    pub(super) fn forget_old(&mut self, ctx: &Context) {
        self.toasts.retain(|t| t.notice.level == NoticeLevel::Error || t.since.elapsed() < SHOWN_FOR);
        let next = self
            .toasts
            .iter()
            .filter(|t| t.notice.level != NoticeLevel::Error)
            .map(|t| SHOWN_FOR.saturating_sub(t.since.elapsed()))
            .min();
        if let Some(next) = next {
            ctx.request_repaint_after(next + Duration::from_millis(20));
        }
    }

    pub(super) fn toasts_ui(&mut self, ctx: &Context) {
        let shown: Vec<_> = self
            .toasts
            .iter()
            .map(|toast| {
                let (title, text) = split(&toast.notice.text);
                widgets::Notice {
                    id: toast.id,
                    status: status(toast.notice.level),
                    title,
                    text,
                    time: "",
                    action: None,
                }
            })
            .collect();
        if let Some(ToastAction::Close(id) | ToastAction::Follow(id)) = toasts(ctx, &shown) {
            self.toasts.retain(|t| t.id != id);
        }
    }

    pub(super) fn history_ui(&mut self, ctx: &Context, state: &State, now_ms: i64) -> HistoryAction {
        if !self.open {
            return HistoryAction::None;
        }
        let mut action = HistoryAction::None;
        let mut close = false;
        Area::new(Id::unique("notification history"))
            .order(Order::Foreground)
            .anchor(Align2::RIGHT_TOP, vec2(-SPACE_M, TOP_BAR_HEIGHT + SPACE_S))
            .show(ctx, |ui| {
                let t = theme::tokens(ui);
                eframe::egui::Frame::popup(ui.style()).fill(t.card).show(ui, |ui| {
                    ui.set_width(440.0);
                    Self::history(ui, state, now_ms, &mut action, &mut close);
                });
            });
        if close {
            self.open = false;
        }
        action
    }

    fn history(ui: &mut Ui, state: &State, now_ms: i64, action: &mut HistoryAction, close: &mut bool) {
        ui.horizontal(|ui| {
            ui.label(theme::strong("Notifications"));
            ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center), |ui| {
                if Button::icon_only(widgets::Icon::Close, "Close notifications").show(ui).clicked() {
                    *close = true;
                }
                if !state.notices.is_empty() && Button::quiet("Clear").show(ui).clicked() {
                    *action = HistoryAction::Clear;
                }
            });
        });
        if state.notices.is_empty() {
            let text = theme::dim(ui, "Nothing has been said yet");
            ui.label(text);
        }
        ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
            for (place, notice) in state.notices.iter().take(60).enumerate() {
                let (title, text) = split(&notice.text);
                let time = time_words(notice.at_ms, now_ms);
                let row = widgets::Notice {
                    id: place as u64,
                    status: status(notice.level),
                    title,
                    text,
                    time: &time,
                    action: None,
                };
                notification_row(ui, &row);
                ui.separator();
            }
        });
    }
}
