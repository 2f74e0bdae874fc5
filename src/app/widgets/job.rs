//! One job: its name, how far it is, how long it will take, and a way to stop it.

use eframe::egui::{Align, Layout, Rect, Response, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::button::Button;
use super::chip::status_chip;
use super::format;
use super::icon::Icon;
use super::text::{caption, elided};
use crate::app::theme::{SPACE_XS, Status, body_font, tokens};

/// What a job row says.
#[derive(Debug, Clone, Copy)]
pub struct JobRow<'a> {
    /// What is being done.
    pub name: &'a str,
    /// How far it is, 0 to 1; `None` while nobody can say.
    pub progress: Option<f32>,
    /// The rest in words: "4 s left · 12,000 of 27,673 rows".
    pub detail: &'a str,
    /// Running, or how it ended.
    pub status: Status,
    /// The status in a word; empty while it runs.
    pub word: &'a str,
}

/// What a person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobAction {
    /// Cancel the job.
    Cancel,
    /// Take the finished job out of the list.
    Dismiss,
}

/// Draws one job as wide as the room it is given.
pub fn job_row(ui: &mut Ui, row: &JobRow<'_>) -> Option<JobAction> {
    let t = tokens(ui);
    let running = row.status == Status::Running;
    let mut action = None;
    let height = if running { 44.0 } else { 36.0 };
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_size(size);
        if running {
            let name = format!("Cancel {}", row.name);
            if Button::secondary("Cancel").name(&name).show(ui).clicked() {
                action = Some(JobAction::Cancel);
            }
        } else {
            let name = format!("Dismiss {}", row.name);
            if Button::icon_only(Icon::Close, &name).show(ui).clicked() {
                action = Some(JobAction::Dismiss);
            }
            if !row.word.is_empty() {
                status_chip(ui, row.status, row.word);
            }
        }
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.spacing_mut().item_spacing.y = SPACE_XS - 1.0;
            elided(ui, RichText::new(row.name).font(body_font()).color(t.text));
            if running {
                progress_bar(ui, row.name, row.progress);
            }
            if !row.detail.is_empty() {
                caption(ui, row.detail);
            }
        });
    });
    action
}

/// A bar as wide as the room it is given; without a known progress it is hatched and still.
pub fn progress_bar(ui: &mut Ui, name: &str, progress: Option<f32>) -> Response {
    let t = tokens(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 5.0), Sense::hover());
    let share = progress.filter(|p| p.is_finite()).map(|p| p.clamp(0.0, 1.0));
    response.widget_info(|| WidgetInfo {
        value: share.map(f64::from),
        ..WidgetInfo::labeled(Role::ProgressIndicator, true, format!("Progress of {name}"))
    });
    let painter = ui.painter();
    painter.rect_filled(rect, 2.5, t.control_active);
    if let Some(share) = share {
        let done = Rect::from_min_size(rect.min, vec2(rect.width() * share, rect.height()));
        painter.rect_filled(done, 2.5, t.accent);
    } else {
        let mut x = rect.left();
        while x < rect.right() {
            let dash = Rect::from_min_max(pos2(x, rect.top()), pos2((x + 10.0).min(rect.right()), rect.bottom()));
            painter.rect_filled(dash, 2.5, t.accent.gamma_multiply(0.6));
            x += 18.0;
        }
    }
    response.on_hover_text(
        share.map_or_else(|| "How far it is cannot be known".to_owned(), |s| format::percent(f64::from(s))),
    )
}
