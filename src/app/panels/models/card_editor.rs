//! The model card held against what a reviewer needs to find: each item with its reason and a field to fill it in.

use std::collections::BTreeMap;
use std::sync::Arc;

use eframe::egui::{Margin, TextEdit, Ui};

use super::card_text::{get, is_list, is_prose, set};
use crate::app::context::PanelContext;
use crate::app::theme::{SPACE_S, SPACE_XS, Status, strong};
use crate::app::widgets::{Button, Card, Explainer, Icon, job::progress_bar, status_chip, tag, text};
use crate::backend::Command;
use crate::backend::state::ModelView;
use crate::model::ModelCard;
use crate::validate::governance::{ChecklistItem, Section, checklist};

/// Fields beside the checklist.
const MORE: [(&str, &str); 5] = [
    ("task", "Task: binary, multiclass, regression or clustering"),
    ("owner_role", "Role of the owner"),
    ("classes", "Classes, in the order of the model"),
    ("class_names", "Names of the classes, as class = name"),
    ("licence", "Licence"),
];

/// A card that is being written.
#[derive(Debug)]
pub(super) struct Editor {
    pub(super) model: String,
    kept: ModelCard,
    card: ModelCard,
    items: Vec<ChecklistItem>,
    /// Field → what is typed.
    words: BTreeMap<String, String>,
    /// Field → why the words cannot be its value.
    problems: BTreeMap<String, String>,
    beside: bool,
    sent: Option<ModelCard>,
}

/// What came of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Open,
    Left,
}

impl Editor {
    /// Opens the card of a model, and asks which card lies beside its file.
    pub(super) fn open(ctx: &PanelContext<'_>, model: &ModelView) -> Self {
        ctx.command(Command::OpenCard(model.id.clone()));
        let named = || ModelCard { name: model.name.clone(), ..ModelCard::default() };
        let kept = model.card.as_deref().cloned().unwrap_or_else(named);
        let mut editor = Self {
            model: model.id.clone(),
            card: kept.clone(),
            items: checklist(Some(&kept)),
            words: BTreeMap::new(),
            problems: BTreeMap::new(),
            beside: false,
            sent: None,
            kept,
        };
        let fields: Vec<String> = editor.items.iter().map(|i| i.field.clone()).collect();
        for field in fields.iter().map(String::as_str).chain(MORE.map(|(field, _)| field)) {
            editor.words.insert(field.to_owned(), get(&editor.card, field));
        }
        editor
    }

    fn is_changed(&self) -> bool {
        self.card != self.kept || !self.problems.is_empty()
    }

    /// The words of a field were typed.
    fn typed(&mut self, field: &str) {
        let words = self.words.get(field).cloned().unwrap_or_default();
        match set(&mut self.card, field, &words) {
            Ok(()) => {
                self.problems.remove(field);
            }
            Err(why) => {
                self.problems.insert(field.to_owned(), why);
            }
        }
        self.items = checklist(Some(&self.card));
        for item in &self.items {
            // An item that the task brings in has no words yet.
            if !self.words.contains_key(&item.field) {
                self.words.insert(item.field.clone(), get(&self.card, &item.field));
            }
        }
    }

    fn field(&mut self, ui: &mut Ui, field: &str, name: &str, hint: &str) {
        let words = self.words.entry(field.to_owned()).or_default();
        let edit = if is_list(field) {
            TextEdit::multiline(words).desired_rows(2)
        } else if is_prose(field) {
            // As many lines as it needs, but one paragraph.
            TextEdit::multiline(words).desired_rows(1).return_key(None)
        } else {
            TextEdit::singleline(words)
        };
        let hint = if hint.is_empty() { String::new() } else { format!("For example: {hint}") };
        // What is typed may bring other fields in above.
        let edit = edit
            .id_salt(("card field", field))
            .hint_text(hint)
            .desired_width(f32::INFINITY)
            .margin(Margin::symmetric(8, 5));
        if ui.add(edit).accessible_name(name).changed() {
            self.typed(field);
        }
        if let Some(problem) = self.problems.get(field) {
            ui.horizontal_wrapped(|ui| {
                status_chip(ui, Status::Alert, "not taken over");
                text::note(ui, problem);
            });
        }
    }

    /// Draws the editor in place of the model's detail.
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelView) -> Outcome {
        if let Some(sent) = self.sent.take_if(|sent| model.card.as_deref() == Some(&*sent)) {
            self.kept = sent;
        }
        let mut outcome = Outcome::Open;
        let help = Explainer::new(
            "Model card",
            "What a reviewer needs to find about a model. A policy can require any of these fields. What is written here \
             is kept in the workspace; it can be written beside the model's file too, for everyone who gets the file.",
        );
        let filled = self.items.iter().filter(|i| i.filled).count();
        let of = self.items.len();
        let words = format!("{filled} of {of} filled");
        let title = format!("Card of {}", model.name);
        let head = |ui: &mut Ui| {
            if Button::quiet("Back").icon(Icon::ChevronLeft).name("Back to the model").show(ui).clicked() {
                outcome = Outcome::Left;
            }
        };
        Card::new(&title).subtitle(&words).explain(&help).show_with(ui, head, |ui| {
            progress_bar(ui, "the card", Some(filled as f32 / of.max(1) as f32));
            self.save_row(ui, ctx);
            let mut section: Option<Section> = None;
            for item in self.items.clone() {
                if section != Some(item.section) {
                    section = Some(item.section);
                    ui.add_space(SPACE_S);
                    ui.label(strong(item.section.title()));
                }
                ui.horizontal_wrapped(|ui| {
                    ui.label(&item.title);
                    if item.filled {
                        status_chip(ui, Status::Ok, "filled");
                    } else {
                        status_chip(ui, Status::Warning, "open");
                    }
                    text::caption(ui, &item.why);
                });
                self.field(ui, &item.field, &item.title, &item.example);
                ui.add_space(SPACE_XS);
            }
            ui.add_space(SPACE_S);
            ui.label(strong("More"));
            for (field, words) in MORE {
                text::caption(ui, words);
                self.field(ui, field, words, "");
            }
        });
        outcome
    }

    fn save_row(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        let file = ctx.state.card_file.as_ref().filter(|f| f.model == self.model).map(Arc::clone);
        ui.horizontal_wrapped(|ui| {
            let nothing = (!self.is_changed() && !self.beside).then_some("Nothing has changed");
            let why = match self.card.name.trim().is_empty() {
                true => Some("Give the model a name"),
                false if !self.problems.is_empty() => Some("Repair the fields that were not taken over"),
                false => nothing,
            };
            if Button::primary("Save card").icon(Icon::Check).disabled_because(why).show(ui).clicked() {
                ctx.command(Command::SetCard {
                    model: self.model.clone(),
                    card: Box::new(self.card.clone()),
                    beside: self.beside,
                });
                self.sent = Some(self.card.clone());
            }
            let name = file.as_ref().and_then(|f| f.name.clone()).unwrap_or_else(|| "a new .card.json".to_owned());
            ui.checkbox(&mut self.beside, "also beside the model file")
                .on_hover_text(format!("Writes {name} in the folder the model was added from"));
            if self.is_changed() {
                tag(ui, "not saved");
            }
        });
        let Some(file) = file else { return };
        if let Some(problem) = &file.problem {
            ui.horizontal_wrapped(|ui| {
                status_chip(ui, Status::Alert, "not written");
                text::note(ui, problem);
            });
        } else if file.differs {
            text::note(
                ui,
                "The card beside the model's file says something else than the one in this workspace. Saving beside it \
                 replaces what stands there.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::accesskit::Role;
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    use super::*;
    use crate::app::context::Request;
    use crate::app::panels::fixture::{World, click, harness};

    fn drawn() -> Harness<'static, World> {
        let mut panel = super::super::ModelsPanel::default();
        let mut page = harness([1100.0, 2600.0], World::full(), move |ui, ctx| panel.ui(ui, ctx));
        let asked = click(&mut page, "Edit card…");
        assert!(matches!(asked.as_slice(), [Request::Command(Command::OpenCard(_))]), "{asked:?}");
        page
    }

    #[test]
    fn what_is_open_is_filled_in_and_saved() {
        let mut page = drawn();
        let says = |page: &Harness<'static, World>, words: &str| page.query_all_by_label(words).next().is_some();
        assert!(says(&page, "9 of 21 filled"));
        page.get_by_role_and_label(Role::TextInput, "Contact").focus();
        page.run();
        page.get_by_role_and_label(Role::TextInput, "Contact").type_text("operations@example.org");
        page.run();
        assert!(says(&page, "10 of 21 filled"));
        click(&mut page, "also beside the model file");
        let asked = click(&mut page, "Save card");
        let [Request::Command(Command::SetCard { card, beside: true, .. })] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        assert_eq!(card.contact.as_deref(), Some("operations@example.org"));
        assert_eq!(card.threshold, Some(0.35), "what was there stays");
        click(&mut page, "Back to the model");
        page.get_by_label("Validate this model");
    }

    #[test]
    fn what_is_no_number_is_not_saved() {
        let mut page = drawn();
        page.get_by_role_and_label(Role::TextInput, "Threshold").focus();
        page.run();
        page.get_by_role_and_label(Role::TextInput, "Threshold").type_text("x");
        page.run();
        assert!(page.query_all_by_label_contains("must be a number").next().is_some());
        assert!(page.get_by_label("Save card").accesskit_node().is_disabled());
    }
}
