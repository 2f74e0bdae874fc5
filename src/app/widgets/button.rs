//! Buttons of four kinds, with an icon, a reason when disabled and an elided text.

use eframe::egui::{Color32, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::icon::Icon;
use super::text::{one_line, room};
use crate::app::theme::{
    CONTROL_RADIUS, LINE_WIDTH, ROW_HEIGHT, SPACE_M, SPACE_S, Tokens, body_font, strong_font, tokens,
};

/// How much a button asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing to do next; at most one in a view.
    Primary,
    /// Any other action.
    Secondary,
    /// An action that takes something away.
    Danger,
    /// An action in a card's head or in a row: no frame until the pointer is over it.
    Quiet,
}

/// A button; [`Button::show`] draws it.
#[derive(Debug, Clone, Copy)]
#[must_use = "a button shows nothing until `show`"]
pub struct Button<'a> {
    kind: ButtonKind,
    text: &'a str,
    icon: Option<Icon>,
    name: Option<&'a str>,
    hover: Option<&'a str>,
    disabled: Option<&'a str>,
    icon_only: bool,
    chevron: bool,
    selected: bool,
    min_width: f32,
}

impl<'a> Button<'a> {
    fn new(kind: ButtonKind, text: &'a str) -> Self {
        Self {
            kind,
            text,
            icon: None,
            name: None,
            hover: None,
            disabled: None,
            icon_only: false,
            chevron: false,
            selected: false,
            min_width: 0.0,
        }
    }

    /// The one thing to do next.
    pub fn primary(text: &'a str) -> Self {
        Self::new(ButtonKind::Primary, text)
    }

    /// Any other action.
    pub fn secondary(text: &'a str) -> Self {
        Self::new(ButtonKind::Secondary, text)
    }

    /// An action that takes something away.
    pub fn danger(text: &'a str) -> Self {
        Self::new(ButtonKind::Danger, text)
    }

    /// An action without a frame.
    pub fn quiet(text: &'a str) -> Self {
        Self::new(ButtonKind::Quiet, text)
    }

    /// A square quiet button that shows an icon; `name` is its accessible name and its hover text.
    pub fn icon_only(icon: Icon, name: &'a str) -> Self {
        Self { icon: Some(icon), icon_only: true, ..Self::new(ButtonKind::Quiet, name) }
    }

    /// Puts an icon before the text.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Another accessible name than the text, where several buttons share one text.
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// Text on hover.
    pub fn hover(mut self, text: &'a str) -> Self {
        self.hover = Some(text);
        self
    }

    /// Disables the button and says why on hover; `None` leaves it enabled.
    pub fn disabled_because(mut self, reason: Option<&'a str>) -> Self {
        self.disabled = reason;
        self
    }

    /// Adds a chevron: the button opens a menu.
    pub fn menu(mut self) -> Self {
        self.chevron = true;
        self
    }

    /// Shows the button as switched on.
    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    /// Least width in points.
    pub fn min_width(mut self, width: f32) -> Self {
        self.min_width = width;
        self
    }

    /// Draws the button; ask the response whether it was clicked.
    pub fn show(self, ui: &mut Ui) -> Response {
        match self.disabled {
            Some(reason) => ui.add_enabled_ui(false, |ui| self.paint(ui)).inner.on_disabled_hover_text(reason),
            None => self.paint(ui),
        }
    }

    fn paint(self, ui: &mut Ui) -> Response {
        let t = tokens(ui);
        let icon_side = 16.0;
        let padding = match self.kind {
            ButtonKind::Quiet => SPACE_S,
            _ => SPACE_M,
        };
        let mut extra = padding * 2.0;
        if self.icon.is_some() {
            extra += icon_side + 6.0;
        }
        if self.chevron {
            extra += 14.0;
        }
        let font = match self.kind {
            ButtonKind::Primary | ButtonKind::Danger => strong_font(),
            _ => body_font(),
        };
        let galley = (!self.icon_only).then(|| {
            let room = (room(ui) - extra).max(24.0);
            one_line(ui, self.text, font, Color32::PLACEHOLDER, room)
        });
        let width = match &galley {
            Some(galley) => (galley.size().x + extra).max(self.min_width).ceil(),
            None => ROW_HEIGHT,
        };
        let (rect, mut response) = ui.allocate_exact_size(vec2(width, ROW_HEIGHT), Sense::click());
        let name = self.name.unwrap_or(self.text);
        response.widget_info(|| {
            if self.selected {
                WidgetInfo::selected(Role::Button, response.enabled(), true, name)
            } else {
                WidgetInfo::labeled(Role::Button, response.enabled(), name)
            }
        });
        if ui.is_rect_visible(rect) {
            let (fill, stroke, text) = self.colors(t, &response);
            ui.painter().rect(rect, CONTROL_RADIUS, fill, Stroke::new(LINE_WIDTH, stroke), StrokeKind::Inside);
            if response.has_focus() {
                ui.painter().rect_stroke(rect, CONTROL_RADIUS, Stroke::new(2.0, t.accent), StrokeKind::Outside);
            }
            let content = galley.as_ref().map_or(icon_side, |g| g.size().x + extra - padding * 2.0);
            let mut x = rect.center().x - content / 2.0;
            if let Some(icon) = self.icon {
                let square = eframe::egui::Rect::from_min_size(
                    pos2(x, rect.center().y - icon_side / 2.0),
                    vec2(icon_side, icon_side),
                );
                icon.paint(ui.painter(), square, text);
                x += icon_side + 6.0;
            }
            if let Some(galley) = &galley {
                let y = rect.center().y - galley.size().y / 2.0;
                ui.painter().galley(pos2(x, y), std::sync::Arc::clone(galley), text);
                x += galley.size().x + 4.0;
            }
            if self.chevron {
                let square = eframe::egui::Rect::from_min_size(pos2(x, rect.center().y - 6.0), vec2(12.0, 12.0));
                Icon::ChevronDown.paint(ui.painter(), square, text);
            }
        }
        if let Some(cursor) = ui.visuals().interact_cursor {
            response = response.on_hover_cursor(cursor);
        }
        let elided = galley.is_some_and(|g| g.elided);
        match self.hover {
            Some(hover) => response.on_hover_text(hover),
            None if elided || self.icon_only => response.on_hover_text(name),
            None => response,
        }
    }

    /// Fill, frame and text colour in the state the button is in.
    fn colors(self, t: &Tokens, response: &Response) -> (Color32, Color32, Color32) {
        if !response.enabled() {
            return match self.kind {
                ButtonKind::Quiet => (Color32::TRANSPARENT, Color32::TRANSPARENT, t.text),
                _ => (t.control, t.line, t.text),
            };
        }
        let pressed = response.is_pointer_button_down_on();
        let lit = response.hovered() || pressed;
        match self.kind {
            ButtonKind::Primary => {
                let fill = if lit { t.accent_text } else { t.accent };
                (fill, fill, t.on_accent)
            }
            ButtonKind::Danger if lit => (t.alert, t.alert, t.on_alert),
            ButtonKind::Danger => (t.alert_ground, t.alert, t.alert_text),
            ButtonKind::Secondary | ButtonKind::Quiet if self.selected => (t.accent_ground, t.accent, t.accent_text),
            ButtonKind::Secondary if pressed => (t.control_active, t.line, t.text),
            ButtonKind::Secondary if lit => (t.control_hover, t.line, t.text),
            ButtonKind::Secondary => (t.control, t.line, t.text),
            ButtonKind::Quiet if pressed => (t.control_active, Color32::TRANSPARENT, t.text),
            ButtonKind::Quiet if lit => (t.control_hover, Color32::TRANSPARENT, t.text),
            ButtonKind::Quiet => (Color32::TRANSPARENT, Color32::TRANSPARENT, t.dim),
        }
    }
}
