//! Notices: as toasts at the lower right, and as rows of their history.

use eframe::egui::{
    Align, Align2, Area, Color32, Context, Frame, Id, Layout, Margin, Order, RichText, Stroke, Ui, vec2,
};

use super::button::Button;
use super::icon::Icon;
use super::text::{caption, note};
use crate::app::theme::{
    CARD_RADIUS, LINE_WIDTH, ROW_HEIGHT, SPACE_M, SPACE_S, SPACE_XS, STATUS_BAR_HEIGHT, Status, strong_font, tokens,
};

/// One notice.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// Tells notices apart; stays the same while the notice lives.
    pub id: u64,
    /// How it stands.
    pub status: Status,
    /// What happened, in a few words.
    pub title: &'a str,
    /// Why and what to do; may be empty.
    pub text: &'a str,
    /// When, in words; may be empty.
    pub time: &'a str,
    /// The word on a button that leads on; `None` for no button.
    pub action: Option<&'a str>,
}

/// What a person did with a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToastAction {
    /// Close the notice with this id.
    Close(u64),
    /// Follow the button of the notice with this id.
    Follow(u64),
}

/// Draws the notices above the status bar at the right, the last one lowest; at most four.
pub fn toasts(ctx: &Context, notices: &[Notice<'_>]) -> Option<ToastAction> {
    if notices.is_empty() {
        return None;
    }
    let t = tokens(ctx);
    let mut action = None;
    Area::new(Id::unique("toasts"))
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_BOTTOM, vec2(-SPACE_M, -SPACE_M - STATUS_BAR_HEIGHT))
        .show(ctx, |ui| {
            ui.spacing_mut().item_spacing.y = SPACE_S;
            let first = notices.len().saturating_sub(4);
            for notice in notices.iter().skip(first) {
                Frame::new()
                    .fill(t.card)
                    .stroke(Stroke::new(LINE_WIDTH, frame_color(t, notice.status)))
                    .corner_radius(CARD_RADIUS)
                    .inner_margin(Margin::symmetric(12, 8))
                    .shadow(ui.visuals().popup_shadow)
                    .show(ui, |ui| {
                        ui.set_width(340.0);
                        if let Some(done) = notification_row(ui, notice) {
                            action = Some(done);
                        }
                    });
            }
        });
    action
}

fn frame_color(t: &crate::app::theme::Tokens, status: Status) -> Color32 {
    match status {
        Status::Neutral => t.line,
        _ => status.color(t).gamma_multiply(0.6),
    }
}

/// Draws one notice as wide as the room it is given.
pub fn notification_row(ui: &mut Ui, notice: &Notice<'_>) -> Option<ToastAction> {
    let t = tokens(ui);
    let mut action = None;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing = vec2(SPACE_S, SPACE_XS - 2.0);
        ui.vertical(|ui| {
            ui.add_space((ROW_HEIGHT - 16.0) / 2.0);
            let icon = notice.status.icon().show(ui, 16.0, notice.status.color(t));
            icon.on_hover_text(notice.status.word());
        });
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            let name = format!("Close {}", notice.title);
            if Button::icon_only(Icon::Close, &name).show(ui).clicked() {
                action = Some(ToastAction::Close(notice.id));
            }
            if let Some(word) = notice.action {
                let name = format!("{word}: {}", notice.title);
                if Button::secondary(word).name(&name).show(ui).clicked() {
                    action = Some(ToastAction::Follow(notice.id));
                }
            }
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.add_space(5.0);
                ui.add(
                    eframe::egui::Label::new(
                        RichText::new(notice.title).font(strong_font()).color(notice.status.text_color(t)),
                    )
                    .wrap(),
                );
                if !notice.text.is_empty() {
                    note(ui, notice.text);
                }
                if !notice.time.is_empty() {
                    caption(ui, notice.time);
                }
            });
        });
    });
    action
}
