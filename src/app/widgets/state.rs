//! What a panel shows while it has nothing, while it waits and after a failure.

use eframe::egui::{Align, Frame, Label, Layout, Margin, RichText, Stroke, Ui, vec2};

use super::button::Button;
use super::icon::Icon;
use super::text::note;
use crate::app::theme::{CARD_RADIUS, LINE_WIDTH, SPACE_M, SPACE_S, SPACE_XL, SPACE_XS, body_font, card_title, tokens};

/// Nothing is there yet: an icon, one sentence, one button. Gives whether the button was clicked.
pub fn empty_state(ui: &mut Ui, icon: Icon, sentence: &str, button: Option<&str>) -> bool {
    let t = tokens(ui);
    let mut clicked = false;
    ui.vertical_centered(|ui| {
        ui.add_space(SPACE_XL);
        icon.show(ui, 32.0, t.dim);
        ui.add_space(SPACE_XS);
        ui.scope(|ui| {
            ui.set_max_width(ui.available_width().min(420.0));
            ui.add(Label::new(RichText::new(sentence).font(body_font()).color(t.dim)).wrap());
        });
        ui.add_space(SPACE_XS);
        if let Some(text) = button {
            clicked = Button::primary(text).show(ui).clicked();
        }
        ui.add_space(SPACE_XL);
    });
    clicked
}

/// Something failed: what, why and the way out, and a button to try again. Gives whether it was clicked.
pub fn error_state(ui: &mut Ui, what: &str, why: &str, way_out: &str, retry: Option<&str>) -> bool {
    let t = tokens(ui);
    let mut clicked = false;
    Frame::new()
        .fill(t.alert_ground)
        .stroke(Stroke::new(LINE_WIDTH, t.alert.gamma_multiply(0.6)))
        .corner_radius(CARD_RADIUS)
        .inner_margin(Margin::same(SPACE_M as i8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing = vec2(SPACE_S + 2.0, SPACE_XS);
                Icon::Alert.show(ui, 18.0, t.alert_text);
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    let words = |ui: &mut Ui, text: RichText| {
                        ui.add(Label::new(text).wrap());
                    };
                    words(ui, RichText::new(what).text_style(card_title()).color(t.alert_text));
                    for text in [why, way_out] {
                        if !text.is_empty() {
                            words(ui, RichText::new(text).font(body_font()).color(t.text));
                        }
                    }
                    if let Some(text) = retry {
                        ui.add_space(SPACE_XS);
                        clicked = Button::secondary(text).icon(Icon::Refresh).show(ui).clicked();
                    }
                });
            });
        });
    clicked
}

/// Something is on its way: says so and draws what was there before, dimmed and out of reach.
pub fn pending_state(ui: &mut Ui, text: &str, previous: Option<impl FnOnce(&mut Ui)>) {
    let t = tokens(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        Icon::Running.show(ui, 14.0, t.accent);
        note(ui, text);
    });
    if let Some(previous) = previous {
        ui.scope(|ui| {
            ui.disable();
            previous(ui);
        });
    }
}
