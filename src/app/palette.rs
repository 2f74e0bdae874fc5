//! The command palette: type words, Enter does the first action that has them.

use eframe::egui::{self, Align2, Id, Key, Modifiers, vec2};

use super::action::Action;
use super::theme::{SPACE_S, dim, tokens};
use super::widgets::Button;

/// The palette's words and place.
#[derive(Default)]
pub(super) struct Palette {
    open: bool,
    query: String,
    selected: usize,
}

impl Palette {
    pub(super) fn toggle(&mut self) {
        self.open = !self.open;
        self.query.clear();
        self.selected = 0;
    }

    /// Draws the palette when it is open; gives the action that was chosen.
    pub(super) fn ui(&mut self, ctx: &egui::Context) -> Option<Action> {
        if !self.open {
            return None;
        }
        let found: Vec<Action> =
            Action::all().filter(|a| *a != Action::TogglePalette && a.matches(&self.query)).collect();
        self.selected = self.selected.min(found.len().saturating_sub(1));
        let (down, up, enter) = ctx.input_mut(|i| {
            (
                i.consume_key(Modifiers::NONE, Key::ArrowDown),
                i.consume_key(Modifiers::NONE, Key::ArrowUp),
                i.consume_key(Modifiers::NONE, Key::Enter),
            )
        });
        if down {
            self.selected = (self.selected + 1).min(found.len().saturating_sub(1));
        }
        if up {
            self.selected = self.selected.saturating_sub(1);
        }
        let mut chosen = enter.then(|| found.get(self.selected).copied()).flatten();
        let modal = egui::Modal::new(Id::unique("palette"))
            .area(egui::Modal::default_area(Id::unique("palette")).anchor(Align2::CENTER_TOP, vec2(0.0, 60.0)))
            .show(ctx, |ui| {
                ui.set_width(420.0);
                let field = ui.add(
                    egui::TextEdit::singleline(&mut self.query)
                        .hint_text("Search or run a command…")
                        .desired_width(f32::INFINITY),
                );
                field.request_focus();
                ui.add_space(SPACE_S);
                if found.is_empty() {
                    let text = dim(ui, "No command has these words");
                    ui.label(text);
                }
                egui::ScrollArea::vertical().max_height(380.0).show(ui, |ui| {
                    for (place, action) in found.iter().enumerate() {
                        ui.horizontal(|ui| {
                            let text = action.text();
                            let button = Button::quiet(&text).selected(place == self.selected).min_width(300.0);
                            let response = button.show(ui);
                            if place == self.selected && (down || up) {
                                response.scroll_to_me(None);
                            }
                            if response.clicked() {
                                chosen = Some(*action);
                            }
                            if let Some(keys) = action.shortcut() {
                                let keys = ui.ctx().format_shortcut(&keys);
                                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                                    ui.label(egui::RichText::new(keys).small().color(tokens(ui).dim));
                                });
                            }
                        });
                    }
                });
            });
        if chosen.is_some() || modal.should_close() {
            self.open = false;
        }
        chosen
    }
}
