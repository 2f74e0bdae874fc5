//! A choice among a few: as a compact control and as tabs.

use eframe::egui::{EventFilter, Key, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::text::one_line;
use crate::app::theme::{CONTROL_RADIUS, LINE_WIDTH, ROW_HEIGHT, SPACE_L, body_font, strong_font, tokens};

/// A compact control; gives whether the choice changed. Arrow keys move it while it has the focus.
pub fn segmented<T: Copy + PartialEq>(ui: &mut Ui, name: &str, value: &mut T, options: &[(T, &str)]) -> bool {
    let t = tokens(ui);
    let before = *value;
    let galleys: Vec<_> = options.iter().map(|(_, text)| one_line(ui, text, body_font(), t.text, 220.0)).collect();
    let width: f32 = galleys.iter().map(|g| g.size().x + 24.0).sum();
    let (rect, _) = ui.allocate_exact_size(vec2(width, ROW_HEIGHT), Sense::hover());
    ui.painter().rect(rect, CONTROL_RADIUS, t.control, Stroke::new(LINE_WIDTH, t.line), StrokeKind::Inside);
    let mut x = rect.left();
    for (index, ((option, text), galley)) in options.iter().zip(galleys).enumerate() {
        let part = Rect::from_min_size(pos2(x, rect.top()), vec2(galley.size().x + 24.0, rect.height()));
        let response = ui.interact(part, ui.make_persistent_id((name, index)), Sense::click());
        let selected = *option == before;
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, response.enabled(), selected, text));
        if response.clicked() {
            *value = *option;
        }
        if response.has_focus() {
            step_by_arrows(ui, response.id, value, options);
        }
        let inner = part.shrink(2.0);
        if selected {
            ui.painter().rect_filled(inner, CONTROL_RADIUS - 2, t.accent_ground);
        } else if response.hovered() {
            ui.painter().rect_filled(inner, CONTROL_RADIUS - 2, t.control_hover);
        }
        if response.has_focus() {
            ui.painter().rect_stroke(inner, CONTROL_RADIUS - 2, Stroke::new(1.5, t.accent), StrokeKind::Inside);
        }
        let color = if selected { t.accent_text } else { t.dim };
        let job = one_line(ui, text, if selected { strong_font() } else { body_font() }, color, part.width());
        ui.painter().galley(part.center() - job.size() / 2.0, job, color);
        response.on_hover_cursor(eframe::egui::CursorIcon::PointingHand);
        x = part.right();
    }
    *value != before
}

/// Tabs of a panel, underlined; gives whether the choice changed. Arrow keys move it while it has the focus.
pub fn tabs<T: Copy + PartialEq>(ui: &mut Ui, name: &str, value: &mut T, options: &[(T, &str)]) -> bool {
    let t = tokens(ui);
    let before = *value;
    let row = ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(SPACE_L, 0.0);
        for (index, (option, text)) in options.iter().enumerate() {
            let selected = *option == before;
            let wide = one_line(ui, text, strong_font(), t.text, 240.0);
            let (rect, _) = ui.allocate_exact_size(vec2(wide.size().x, 30.0), Sense::hover());
            let response = ui.interact(rect, ui.make_persistent_id((name, index)), Sense::click());
            response.widget_info(|| WidgetInfo::selected(Role::Tab, response.enabled(), selected, text));
            if response.clicked() {
                *value = *option;
            }
            if response.has_focus() {
                step_by_arrows(ui, response.id, value, options);
            }
            let color = if selected || response.hovered() { t.text } else { t.dim };
            let font = if selected { strong_font() } else { body_font() };
            let galley = one_line(ui, text, font, color, 240.0);
            let at = pos2(rect.center().x - galley.size().x / 2.0, rect.center().y - galley.size().y / 2.0);
            ui.painter().galley(at, galley, color);
            if selected {
                ui.painter().rect_filled(
                    Rect::from_min_max(pos2(rect.left(), rect.bottom() - 2.0), rect.max),
                    1.0,
                    t.accent,
                );
            }
            if response.has_focus() {
                ui.painter().rect_stroke(
                    rect.expand2(vec2(4.0, -3.0)),
                    CONTROL_RADIUS,
                    Stroke::new(1.5, t.accent),
                    StrokeKind::Outside,
                );
            }
            response.on_hover_cursor(eframe::egui::CursorIcon::PointingHand);
        }
    });
    let rect = row.response.rect;
    ui.painter().hline(rect.left()..=ui.max_rect().right(), rect.bottom() + 0.5, Stroke::new(LINE_WIDTH, t.line));
    *value != before
}

fn step_by_arrows<T: Copy + PartialEq>(ui: &Ui, id: eframe::egui::Id, value: &mut T, options: &[(T, &str)]) {
    ui.memory_mut(|m| {
        m.set_focus_lock_filter(id, EventFilter { horizontal_arrows: true, ..EventFilter::default() });
    });
    let (left, right) = ui.input(|i| (i.key_pressed(Key::ArrowLeft), i.key_pressed(Key::ArrowRight)));
    let Some(at) = options.iter().position(|(o, _)| *o == *value) else {
        return;
    };
    let next = if left {
        at.checked_sub(1)
    } else if right {
        Some(at + 1)
    } else {
        None
    };
    if let Some((option, _)) = next.and_then(|n| options.get(n)) {
        *value = *option;
    }
}
