//! The card of a model: edited, kept in the workspace, and written beside the model's file when a person asks for it.

use std::sync::Arc;

use super::models::file_name;
use super::service::Service;
use super::state::{CardFile, ModelView};
use crate::model::ModelCard;

impl Service {
    /// Reads which card lies beside a model's file, so that a later change of it is not written over.
    pub(super) fn open_card(&mut self, model: &str) {
        let Some(view) = self.state.models.iter().find(|m| m.id == model).cloned() else { return };
        let mut file = CardFile { model: model.to_owned(), ..CardFile::default() };
        match ModelCard::stamped_beside(&view.original_path) {
            Ok(Some((card, stamp))) => {
                file.name = Some(file_name(&stamp.path));
                file.differs = view.card.as_deref() != Some(&card);
                file.stamp = Some(stamp);
            }
            Ok(None) => {}
            Err(error) => file.problem = Some(error.to_string()),
        }
        self.state.card_file = Some(Arc::new(file));
        self.touch();
    }

    /// Keeps a model's card, beside its file too when asked; what follows from it is prepared again.
    pub(super) fn set_card(&mut self, model: &str, card: ModelCard, beside: bool) {
        let Some(view) = self.state.models.iter().find(|m| m.id == model).cloned() else { return };
        if card.name.trim().is_empty() {
            return self.error("The model card was not saved, because it has no name. Give the model a name.");
        }
        let name = ModelView::name_of(Some(&card), &view.original_path);
        let value = match serde_json::to_value(&card) {
            Ok(value) => value,
            Err(error) => return self.error(format!("The model card was not saved: {error}")),
        };
        if self.with_workspace(|w| w.set_card(model, &name, &value)).is_none() {
            return;
        }
        let card = Arc::new(card);
        if let Some(place) = self.state.models.iter_mut().find(|m| m.id == model) {
            let place = Arc::make_mut(place);
            place.name.clone_from(&name);
            place.card = Some(Arc::clone(&card));
        }
        self.info(format!("Saved the card of “{name}”"));
        if beside {
            self.write_card_beside(model, &view, &card);
        }
        // The list of features, the positive class and the threshold may be others now.
        self.state.preparations.remove(model);
        if let Some(asked) = self.state.preparation.as_ref().map(|p| p.asked.clone()).filter(|a| a.model == model) {
            self.prepare(asked);
        }
        self.touch();
    }

    fn write_card_beside(&mut self, model: &str, view: &ModelView, card: &ModelCard) {
        let known = self.state.card_file.clone().filter(|f| f.model == model);
        let mut file =
            known.as_deref().cloned().unwrap_or_else(|| CardFile { model: model.to_owned(), ..CardFile::default() });
        match card.write_beside(&view.original_path, file.stamp.as_ref()) {
            Ok(stamp) => {
                self.info(format!("Saved {}", stamp.path.display()));
                file = CardFile {
                    model: model.to_owned(),
                    name: Some(file_name(&stamp.path)),
                    stamp: Some(stamp),
                    differs: false,
                    problem: None,
                };
            }
            Err(error) => {
                file.problem = Some(error.to_string());
                self.error(error.to_string());
            }
        }
        self.state.card_file = Some(Arc::new(file));
    }
}
