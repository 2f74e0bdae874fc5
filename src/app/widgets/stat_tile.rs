//! A tile: one number, its interval and what it compares with.

use eframe::egui::{InnerResponse, RichText, Role, Ui};

use super::card::Card;
use super::chip::status_chip;
use super::explainer::{Explainer, explainer_mark};
use super::text::{caption, describe, elided};
use crate::app::theme::{SPACE_XS, Status, big_number, small_font, tokens};

/// A tile; [`StatTile::show`] draws it. Lines that are left out keep no room.
#[derive(Debug, Clone, Copy, Default)]
#[must_use = "a tile shows nothing until `show`"]
pub struct StatTile<'a> {
    title: &'a str,
    value: &'a str,
    interval: &'a str,
    comparison: &'a str,
    chip: Option<(Status, &'a str)>,
    explainer: Option<&'a Explainer>,
}

impl<'a> StatTile<'a> {
    /// What is measured and its value with its unit.
    pub fn new(title: &'a str, value: &'a str) -> Self {
        Self { title, value, ..Self::default() }
    }

    /// The interval or the sample size.
    pub fn interval(mut self, text: &'a str) -> Self {
        self.interval = text;
        self
    }

    /// What the value compares with.
    pub fn comparison(mut self, text: &'a str) -> Self {
        self.comparison = text;
        self
    }

    /// The judgement.
    pub fn chip(mut self, status: Status, text: &'a str) -> Self {
        self.chip = Some((status, text));
        self
    }

    /// A "?" behind the title.
    pub fn explain(mut self, explainer: &'a Explainer) -> Self {
        self.explainer = Some(explainer);
        self
    }

    /// Draws the tile as wide as the room it is given.
    pub fn show(self, ui: &mut Ui) -> InnerResponse<()> {
        let t = tokens(ui);
        let tile = Card::new("").fill().show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            ui.spacing_mut().interact_size.y = 16.0;
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = SPACE_XS;
                let mark = if self.explainer.is_some() { 22.0 } else { 0.0 };
                ui.scope(|ui| {
                    ui.set_max_width((ui.available_width() - mark).max(20.0));
                    caption(ui, self.title);
                });
                if let Some(explainer) = self.explainer {
                    explainer_mark(ui, explainer);
                }
            });
            elided(ui, RichText::new(self.value).text_style(big_number()).color(t.text));
            if !self.interval.is_empty() {
                caption(ui, self.interval);
            }
            if !self.comparison.is_empty() {
                elided(ui, RichText::new(self.comparison).font(small_font()).color(t.text));
            }
            if let Some((status, text)) = self.chip {
                ui.add_space(SPACE_XS);
                status_chip(ui, status, text);
            }
        });
        let mut value = self.value.to_owned();
        for part in [self.interval, self.comparison, self.chip.map_or("", |c| c.1)] {
            if !part.is_empty() {
                value.push_str(", ");
                value.push_str(part);
            }
        }
        describe(&tile.response, Role::Group, self.title, &value);
        tile
    }
}
