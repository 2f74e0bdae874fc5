//! Models: the models and datasets of the workspace, and everything their files and cards tell.
//!
//! It adds and removes; it scores nothing and sets no validation up.

mod card_editor;
mod card_text;
mod data_use;
mod dataset;
mod list;
mod model;
mod trainer;

use eframe::egui::{Align, Layout, ScrollArea, Ui, vec2};

use super::page;
use crate::app::action::{Action, Panel};
use crate::app::context::PanelContext;
use crate::app::theme::{ROW_HEIGHT, SPACE_M, SPACE_S};
use crate::app::widgets::{self, Button, Card, Column, Icon, Table};
use crate::backend::command::{DatasetId, ModelId};
use crate::backend::event::JobTopic;

const HINT: &str = "click one of the flight delay models and read its card, then press “Validate this model”.";

/// What the detail shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Shown {
    /// The first model there is, else the first dataset.
    #[default]
    First,
    Model(ModelId),
    Dataset(DatasetId),
}

/// The page of models and datasets.
#[derive(Debug, Default)]
pub struct ModelsPanel {
    shown: Shown,
    column: usize,
    cache: model::Cache,
    data_use: data_use::Draft,
    /// The card that is being written, in place of its model's detail.
    card: Option<card_editor::Editor>,
}

impl ModelsPanel {
    /// Shows a model.
    pub fn select(&mut self, model: ModelId) {
        self.shown = Shown::Model(model);
    }

    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        page::head(ui, ctx, Panel::Models.name(), HINT, |ui| {
            let first = ctx.state.models.is_empty();
            let (add, data) = (Action::AddModel.text(), Action::AddDataset.text());
            if Button::secondary(&data).icon(Icon::Add).show(ui).clicked() {
                ctx.action(Action::AddDataset);
            }
            // The empty page has the same button as its one next step.
            if !first && Button::secondary(&add).icon(Icon::Add).show(ui).clicked() {
                ctx.action(Action::AddModel);
            }
            drop_hint(ui);
        });
        let state = ctx.state;
        if !state.workspace.ready {
            widgets::pending_state(ui, "Opening the workspace", None::<fn(&mut Ui)>);
            return;
        }
        if page::jobs_here(ui, ctx, &[JobTopic::Models, JobTopic::Dataset]) {
            ui.add_space(SPACE_S);
        }
        if state.models.is_empty() && state.datasets.is_empty() {
            let sentence = "No model yet: add an ONNX file, or drop it anywhere on the window.";
            if widgets::empty_state(ui, Icon::Models, sentence, Some(&Action::AddModel.text())) {
                ctx.action(Action::AddModel);
            }
            return;
        }
        self.settle(ctx);
        let room = ui.available_size();
        let left = (room.x * 0.36).clamp(300.0, 420.0);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = SPACE_M;
            ui.allocate_ui_with_layout(vec2(left, room.y), Layout::top_down(Align::Min), |ui| {
                column(ui, "models list", |ui| list::ui(ui, ctx, &mut self.shown));
            });
            let right = vec2(ui.available_width(), room.y);
            ui.allocate_ui_with_layout(right, Layout::top_down(Align::Min), |ui| {
                column(ui, "models detail", |ui| self.detail(ui, ctx));
            });
        });
    }

    /// Turns to something that is there.
    fn settle(&mut self, ctx: &PanelContext<'_>) {
        let state = ctx.state;
        let there = match &self.shown {
            Shown::First => false,
            Shown::Model(id) => state.models.iter().any(|m| &m.id == id),
            Shown::Dataset(id) => state.datasets.iter().any(|d| &d.id == id),
        };
        if !there {
            let model = state.models.first().map(|m| Shown::Model(m.id.clone()));
            let dataset = || state.datasets.first().map(|d| Shown::Dataset(d.id.clone()));
            self.shown = model.or_else(dataset).unwrap_or_default();
        }
    }

    fn detail(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        match &self.shown {
            Shown::First => {}
            Shown::Model(id) => {
                if let Some(view) = ctx.state.models.iter().find(|m| &m.id == id) {
                    let editor = self.card.as_mut().filter(|editor| editor.model == view.id);
                    if let Some(editor) = editor {
                        if editor.ui(ui, ctx, view) == card_editor::Outcome::Left {
                            self.card = None;
                        }
                    } else if model::ui(ui, ctx, view, &mut self.cache) {
                        self.card = Some(card_editor::Editor::open(ctx, view));
                    }
                }
            }
            Shown::Dataset(id) => {
                if let Some(view) = ctx.state.datasets.iter().find(|d| &d.id == id) {
                    dataset::ui(ui, ctx, view, &mut self.column, &mut self.data_use);
                }
            }
        }
    }
}

fn column(ui: &mut Ui, id_salt: &str, content: impl FnOnce(&mut Ui)) {
    ui.set_max_width(ui.available_width());
    ScrollArea::vertical().id_salt(id_salt).auto_shrink([false, false]).show(ui, |ui| {
        ui.set_max_width(ui.available_width() - SPACE_S);
        content(ui);
    });
}

fn drop_hint(ui: &mut Ui) {
    widgets::text::caption(ui, "or drop .onnx or table files anywhere").on_hover_text(
        "Files can be dropped on the window on X11, Windows and macOS. On Wayland the desktop does not hand dropped \
         files over: use the buttons, or name the files when you start ModelDeck.",
    );
}

/// Rows of a table in a card before it scrolls.
const ROWS: usize = 10;

/// A table in a card: as high as its rows, scrolling when they are many.
fn table(ui: &mut Ui, id_salt: &str, columns: &[Column<'_>], rows: usize, mut cell: impl FnMut(&mut Ui, usize, usize)) {
    let table = Table::new(id_salt, columns);
    if rows <= ROWS {
        table.show(ui, rows, cell);
    } else {
        let height = ROWS as f32 * ROW_HEIGHT;
        page::tall(ui, height + ROW_HEIGHT, |ui| {
            table.max_height(height).show(ui, rows, &mut cell);
        });
    }
}

/// A card of paragraphs under small heads; parts without text are left out.
fn paragraphs(ui: &mut Ui, title: &str, parts: &[(&str, String)]) {
    Card::new(title).fill().show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for (head, words) in parts.iter().filter(|(_, words)| !words.is_empty()) {
            widgets::text::caption(ui, head);
            ui.label(words);
            ui.add_space(SPACE_S);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::super::fixture::{World, click, harness};
    use super::*;
    use crate::app::context::{Request, Subject};
    use crate::backend::Command;

    fn drawn(world: World) -> Harness<'static, World> {
        let mut panel = ModelsPanel::default();
        harness([1024.0, 700.0], world, move |ui, ctx| panel.ui(ui, ctx))
    }

    #[test]
    fn an_empty_workspace_has_one_button_for_a_model() {
        let mut page = drawn(World::empty());
        let asked = click(&mut page, "Add model…");
        assert!(matches!(asked.as_slice(), [Request::Action(Action::AddModel)]), "{asked:?}");
    }

    #[test]
    fn a_model_leads_to_validation_and_is_removed_only_when_idle() {
        let mut page = drawn(World::full());
        let asked = click(&mut page, "Validate this model");
        assert!(matches!(asked.as_slice(), [Request::Show(Subject::Validation(id))] if *id == "a".repeat(64)));
        let asked = click(&mut page, "Remove model logistic regression");
        assert!(matches!(asked.as_slice(), [Request::Confirm { command: Command::RemoveModel(_), .. }]), "{asked:?}");
        click(&mut page, "Model gradient boosting");
        let asked = click(&mut page, "Remove model gradient boosting");
        assert!(asked.is_empty(), "{asked:?}");
    }

    #[test]
    fn a_model_that_is_gone_says_why_and_cannot_be_validated() {
        let mut world = World::full();
        if let Some(model) = world.state.models.first_mut() {
            Arc::make_mut(model).problem = Some("The file is no longer there.".to_owned());
        }
        let mut page = drawn(world);
        page.get_by_label("The file is no longer there.");
        assert!(click(&mut page, "Validate this model").is_empty());
    }

    #[test]
    fn a_dataset_shows_its_columns_and_the_values_of_one() {
        let mut page = drawn(World::full());
        click(&mut page, "Dataset flights_2013_04.parquet");
        click(&mut page, "Column hour");
        page.get_by_label("Most frequent values of hour");
        let asked = click(&mut page, "Remove dataset flights_2013_04.parquet");
        assert!(matches!(asked.as_slice(), [Request::Confirm { command: Command::RemoveDataset(_), .. }]));
    }

    #[test]
    fn what_was_removed_is_no_longer_shown() {
        let mut page = drawn(World::full());
        click(&mut page, "Model gradient boosting");
        page.state_mut().state.models.clear();
        page.run();
        page.get_by_label("Remove dataset flights_2013_04.parquet");
    }
}
