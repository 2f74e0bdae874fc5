//! One entry of the rail on the left.

use eframe::egui::{Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::icon::Icon;
use super::text::one_line;
use crate::app::theme::{CONTROL_RADIUS, SPACE_M, body_font, strong_font, tokens};

/// An entry as wide as the room it is given. `badge` adds a red dot and is read out ("Monitor, needs attention");
/// `narrow` leaves the word to the hover text.
pub fn rail_item(ui: &mut Ui, icon: Icon, label: &str, selected: bool, badge: bool, narrow: bool) -> Response {
    let t = tokens(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 34.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, label));
    if badge {
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_description("needs attention");
        });
    }
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        if selected {
            painter.rect_filled(rect, CONTROL_RADIUS, t.accent_ground);
        } else if response.hovered() {
            painter.rect_filled(rect, CONTROL_RADIUS, t.control_hover);
        }
        if response.has_focus() {
            painter.rect_stroke(rect, CONTROL_RADIUS, Stroke::new(2.0, t.accent), StrokeKind::Inside);
        }
        let color = if selected { t.accent_text } else { t.dim };
        let icon_x = if narrow { rect.center().x - 8.0 } else { rect.left() + SPACE_M - 2.0 };
        let square = Rect::from_min_size(pos2(icon_x, rect.center().y - 8.0), vec2(16.0, 16.0));
        icon.paint(painter, square, color);
        if !narrow {
            let font = if selected { strong_font() } else { body_font() };
            let x = square.right() + 8.0;
            let room = rect.right() - x - if badge { 14.0 } else { 4.0 };
            let color = if selected { t.text } else { t.dim };
            let galley = one_line(ui, label, font, color, room);
            let y = rect.center().y - galley.size().y / 2.0;
            painter.galley(pos2(x, y), galley, color);
        }
        if badge {
            let at =
                if narrow { square.right_top() + vec2(3.0, -1.0) } else { pos2(rect.right() - 9.0, rect.center().y) };
            painter.circle(at, 4.0, t.alert, Stroke::new(1.5, t.panel));
        }
    }
    let response = response.on_hover_cursor(eframe::egui::CursorIcon::PointingHand);
    if narrow { response.on_hover_text(label) } else { response }
}
