//! A card: a title, what stands beside it, the content and how many rows are behind it.

use eframe::egui::{
    Align, CornerRadius, Frame, Id, InnerResponse, Layout, Margin, Rect, RichText, Stroke, Ui, pos2, vec2,
};

use super::explainer::{Explainer, explainer_mark};
use super::format;
use super::text::{caption, elided};
use crate::app::theme::{CARD_RADIUS, LINE_WIDTH, SPACE_S, SPACE_XS, card_title, small_font, tokens};

const MARGIN: i8 = 14;
const HEAD_HEIGHT: f32 = 24.0;

/// Key of the tallest natural height among the cards drawn since a row began, in points.
pub(super) fn natural_height_key() -> Id {
    Id::unique("card natural height")
}

/// A card; [`Card::show`] draws it.
#[derive(Debug, Clone, Copy, Default)]
#[must_use = "a card shows nothing until `show`"]
pub struct Card<'a> {
    title: &'a str,
    subtitle: &'a str,
    right: &'a str,
    rows: Option<u64>,
    footnote: &'a str,
    explainer: Option<&'a Explainer>,
    min_height: f32,
    fill: bool,
}

impl<'a> Card<'a> {
    /// A card with a title; an empty title leaves the head out.
    pub fn new(title: &'a str) -> Self {
        Self { title, ..Self::default() }
    }

    /// Secondary words right after the title.
    pub fn subtitle(mut self, subtitle: &'a str) -> Self {
        self.subtitle = subtitle;
        self
    }

    /// Secondary words at the right end of the head.
    pub fn right(mut self, right: &'a str) -> Self {
        self.right = right;
        self
    }

    /// How many rows the content rests on: "27,211 rows behind it" below the content.
    pub fn rows(mut self, rows: u64) -> Self {
        self.rows = Some(rows);
        self
    }

    /// Words below the content, after the number of rows.
    pub fn footnote(mut self, footnote: &'a str) -> Self {
        self.footnote = footnote;
        self
    }

    /// A "?" behind the title.
    pub fn explain(mut self, explainer: &'a Explainer) -> Self {
        self.explainer = Some(explainer);
        self
    }

    /// Least height in points, margins included.
    pub fn min_height(mut self, height: f32) -> Self {
        self.min_height = height;
        self
    }

    /// Makes the card as high as the room it is given; inside [`super::reflow()`] that is the
    /// height of the tallest card of its row.
    pub fn fill(mut self) -> Self {
        self.fill = true;
        self
    }

    /// Draws the card around `content`.
    pub fn show<R>(self, ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
        self.show_with(ui, |_| {}, content)
    }

    /// Draws the card with controls at the right end of its head; `head` lays out from right to left.
    pub fn show_with<R>(
        self,
        ui: &mut Ui,
        head: impl FnOnce(&mut Ui),
        content: impl FnOnce(&mut Ui) -> R,
    ) -> InnerResponse<R> {
        let t = tokens(ui);
        let outer = if self.fill { ui.available_height().max(self.min_height) } else { self.min_height };
        let width = ui.available_width();
        Frame::new()
            .fill(t.card)
            .stroke(Stroke::new(LINE_WIDTH, t.line))
            .corner_radius(CornerRadius::same(CARD_RADIUS))
            .inner_margin(Margin::symmetric(MARGIN, MARGIN - 2))
            .show(ui, |ui| {
                let margins = f32::from(MARGIN - 2) * 2.0 + 2.0 * LINE_WIDTH;
                ui.set_width(width - 2.0 * f32::from(MARGIN) - 2.0 * LINE_WIDTH);
                let top = ui.cursor().top();
                let inner = ui
                    .with_layout(Layout::top_down(Align::Min), |ui| {
                        if !self.title.is_empty() {
                            self.head(ui, head);
                        }
                        let inner = content(ui);
                        if self.rows.is_some() || !self.footnote.is_empty() {
                            self.foot(ui);
                        }
                        inner
                    })
                    .inner;
                let natural = ui.min_rect().bottom() - top + margins;
                ui.ctx().data_mut(|data| {
                    let tallest = data.get_temp_mut_or_default::<f32>(natural_height_key());
                    *tallest = tallest.max(natural);
                });
                if outer.is_finite() && outer > natural {
                    let bottom = pos2(ui.min_rect().left(), top + outer - margins);
                    ui.expand_to_include_rect(Rect::from_two_pos(ui.min_rect().min, bottom));
                }
                inner
            })
    }

    fn head(self, ui: &mut Ui, head: impl FnOnce(&mut Ui)) {
        let t = tokens(ui);
        let size = vec2(ui.available_width(), HEAD_HEIGHT);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            ui.set_min_size(size);
            ui.spacing_mut().item_spacing.x = SPACE_S;
            head(ui);
            if !self.right.is_empty() {
                ui.scope(|ui| {
                    ui.set_max_width(ui.available_width() * 0.6);
                    caption(ui, self.right);
                });
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = SPACE_XS + 1.0;
                let mark = if self.explainer.is_some() { 22.0 } else { 0.0 };
                ui.scope(|ui| {
                    ui.set_max_width((ui.available_width() - mark).max(20.0));
                    elided(ui, RichText::new(self.title).text_style(card_title()).color(t.text));
                });
                if !self.subtitle.is_empty() {
                    ui.scope(|ui| {
                        ui.set_max_width((ui.available_width() - mark).max(20.0));
                        elided(ui, RichText::new(self.subtitle).font(small_font()).color(t.dim));
                    });
                }
                if let Some(explainer) = self.explainer {
                    explainer_mark(ui, explainer);
                }
            });
        });
    }

    fn foot(self, ui: &mut Ui) {
        let mut words = self.rows.map(|n| format!("{} behind it", format::counted(n, "row"))).unwrap_or_default();
        if !self.footnote.is_empty() {
            if !words.is_empty() {
                words.push_str(" · ");
            }
            words.push_str(self.footnote);
        }
        super::text::note(ui, &words);
    }
}
