//! The "?" beside a word: what it means, its formula and its convention, one click away.

use eframe::egui::{
    Frame, Popup, PopupCloseBehavior, Rect, Response, RichText, Role, Sense, Ui, Vec2, WidgetInfo, vec2,
};

use super::icon::Icon;
use crate::app::theme::{SPACE_M, SPACE_XS, card_title, tokens};

/// What the popover says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explainer {
    /// The term.
    pub title: String,
    /// What it means, in a sentence or two.
    pub text: String,
    /// The formula, in one line of plain text.
    pub formula: Option<String>,
    /// Which convention is followed where several are in use.
    pub convention: Option<String>,
}

impl Explainer {
    /// A term and its meaning.
    pub fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { title: title.into(), text: text.into(), formula: None, convention: None }
    }

    /// Adds the formula.
    pub fn formula(mut self, formula: impl Into<String>) -> Self {
        self.formula = Some(formula.into());
        self
    }

    /// Adds the convention.
    pub fn convention(mut self, convention: impl Into<String>) -> Self {
        self.convention = Some(convention.into());
        self
    }
}

/// The mark; its accessible name is "What is " and the term.
pub fn explainer_mark(ui: &mut Ui, explainer: &Explainer) -> Response {
    let t = tokens(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(16.0), Sense::click());
    response
        .widget_info(|| WidgetInfo::labeled(Role::Button, response.enabled(), format!("What is {}", explainer.title)));
    let open = Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response));
    let color = if open || response.hovered() || response.has_focus() { t.accent_text } else { t.dim };
    Icon::Help.paint(ui.painter(), Rect::from_center_size(rect.center(), vec2(13.0, 13.0)), color);
    Popup::from_toggle_button_response(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name(explainer.title.clone())
        .width(300.0)
        .frame(Frame::popup(ui.style()).inner_margin(SPACE_M))
        .show(|ui| {
            ui.set_max_width(300.0);
            ui.spacing_mut().item_spacing.y = SPACE_XS + 2.0;
            ui.label(RichText::new(&explainer.title).text_style(card_title()));
            ui.label(&explainer.text);
            if let Some(formula) = &explainer.formula {
                part(ui, "Formula", formula);
            }
            if let Some(convention) = &explainer.convention {
                part(ui, "Convention", convention);
            }
        });
    response.on_hover_cursor(eframe::egui::CursorIcon::PointingHand)
}

fn part(ui: &mut Ui, head: &str, text: &str) {
    ui.add_space(SPACE_M - SPACE_XS - 4.0);
    ui.label(crate::app::theme::small_dim(ui, head));
    ui.label(text);
}
