//! Questions that stop everything else: are you sure, close while busy, type a path.

use std::path::PathBuf;

use eframe::egui::{self, Id, Key};

use super::context::Picked;
use super::dialogs::Ask;
use super::theme::{SPACE_L, SPACE_M, SPACE_S};
use super::widgets::Button;
use crate::backend::Command;

/// An empty dialog in the middle of the window, above everything else.
pub(super) fn dialog(ctx: &egui::Context, id: Id) -> egui::Modal {
    let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(egui::Margin::same(SPACE_L as i8));
    egui::Modal::new(id).frame(frame)
}

/// A question on the screen.
pub(super) struct Modal {
    question: String,
    kind: Kind,
}

enum Kind {
    Confirm { button: &'static str, command: Command },
    Close,
    Path { ask: Ask, text: String },
}

/// What came of a question.
pub(super) enum Answer {
    /// Not answered yet.
    Open,
    /// Put aside.
    Dismissed,
    /// Do this.
    Command(Command),
    /// Cancel the jobs and close.
    Close,
    /// This path.
    Picked(Picked),
}

impl Modal {
    pub(super) fn confirm(question: String, button: &'static str, command: Command) -> Self {
        Self { question, kind: Kind::Confirm { button, command } }
    }

    pub(super) fn close(busy: &[String]) -> Self {
        let question = format!("Still at work: {}. Closing cancels it; what is finished is kept.", busy.join(", "));
        Self { question, kind: Kind::Close }
    }

    pub(super) fn path(ask: Ask) -> Self {
        let text = match &ask {
            Ask::SaveBy(name, _) | Ask::SaveText(name, _) | Ask::SavePicture(name, _) => name.clone(),
            Ask::Models
            | Ask::Dataset
            | Ask::Runtime
            | Ask::Policy
            | Ask::Register(_)
            | Ask::Token
            | Ask::Cluster(_) => String::new(),
        };
        let question =
            "This desktop offers no file dialog. Type the whole path, or drop the file on the window.".to_owned();
        Self { question, kind: Kind::Path { ask, text } }
    }

    pub(super) fn ui(&mut self, ctx: &egui::Context) -> Answer {
        let mut answer = Answer::Open;
        let shown = dialog(ctx, Id::unique("question")).show(ctx, |ui| {
            ui.set_width(420.0);
            let title = match &self.kind {
                Kind::Confirm { .. } => "Are you sure?",
                Kind::Close => "Close ModelDeck?",
                Kind::Path { ask, .. } => ask.title(),
            };
            ui.heading(title);
            ui.add_space(SPACE_S);
            ui.label(&self.question);
            let mut accepted = false;
            if let Kind::Path { text, .. } = &mut self.kind {
                ui.add_space(SPACE_S);
                let field = ui.add(egui::TextEdit::singleline(text).hint_text("Path").desired_width(f32::INFINITY));
                field.request_focus();
                accepted = ui.input(|i| i.key_pressed(Key::Enter));
            }
            ui.add_space(SPACE_M);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let button = match &self.kind {
                    Kind::Confirm { button, .. } => Button::danger(button),
                    Kind::Close => Button::danger("Cancel and close"),
                    Kind::Path { .. } => Button::primary("OK"),
                };
                accepted |= button.show(ui).clicked();
                let back = if matches!(self.kind, Kind::Path { .. }) { "Cancel" } else { "Keep as it is" };
                if Button::secondary(back).show(ui).clicked() {
                    answer = Answer::Dismissed;
                }
            });
            accepted
        });
        if shown.inner {
            answer = self.accepted();
        } else if shown.should_close() {
            answer = Answer::Dismissed;
        }
        answer
    }

    fn accepted(&self) -> Answer {
        match &self.kind {
            Kind::Confirm { command, .. } => Answer::Command(command.clone()),
            Kind::Close => Answer::Close,
            Kind::Path { ask, text } => {
                let path = PathBuf::from(text.trim());
                if path.as_os_str().is_empty() {
                    return Answer::Open;
                }
                ask.clone().answer(vec![path]).map_or(Answer::Dismissed, Answer::Picked)
            }
        }
    }
}
