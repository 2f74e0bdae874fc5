//! Inputs with their label: text, a choice, a number with its unit, a search.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use eframe::egui::{
    ComboBox, DragValue, Id, Label, Margin, PopupCloseBehavior, Rect, Response, TextEdit, Ui, emath, pos2, vec2,
};

use super::format;
use super::icon::Icon;
use super::text::{elided, room, width};
use crate::app::theme::{ROW_HEIGHT, SPACE_S, dim, tokens};

/// Width of the labels of a column of inputs, in points.
const LABEL_WIDTH: f32 = 84.0;

/// Points that most inputs take at most, in a row that wraps.
const INPUT_WIDTH: f32 = 190.0;

/// Draws a label and the input beside it. In a column of inputs the labels share a width, so that
/// the inputs line up. `input` gets the label's id, by which an input is named.
pub fn labelled<R>(ui: &mut Ui, label: &str, input: impl FnOnce(&mut Ui, Id) -> R) -> R {
    if ui.layout().main_wrap() {
        // A label at the end of a row with its input on the next one would name nothing.
        let needed = width(ui, label) + INPUT_WIDTH;
        if ui.cursor().left() > ui.max_rect().left() && ui.available_size_before_wrap().x < needed {
            ui.end_row();
        }
        let name = ui.add(Label::new(dim(ui, label)).extend());
        return input(ui, name.id);
    }
    let in_column = ui.layout().is_vertical();
    ui.horizontal(|ui| {
        let left = ui.cursor().left();
        let name = elided(ui, dim(ui, label));
        if in_column {
            let used = ui.cursor().left() - left;
            ui.add_space((LABEL_WIDTH - used).max(0.0));
        }
        input(ui, name.id)
    })
    .inner
}

/// A label and a one-line text beside it; `hint` shows while the text is empty. No other field of one form has the same
/// label: what is typed goes on into the field whatever comes and goes above it.
pub fn text_field(ui: &mut Ui, label: &str, text: &mut String, hint: &str, width: f32) -> Response {
    labelled(ui, label, |ui, name| {
        ui.add(
            TextEdit::singleline(text)
                .id_salt(("text field", label))
                .hint_text(hint.to_owned())
                .desired_width(width)
                .margin(Margin::symmetric(8, 5)),
        )
        .labelled_by(name)
    })
}

/// A label and a list to choose from; gives whether the choice changed.
pub fn choice<T: Clone + PartialEq>(ui: &mut Ui, label: &str, value: &mut T, options: &[(T, &str)]) -> bool {
    labelled(ui, label, |ui, _| choice_named(ui, label, value, options, 150.0))
}

/// A list to choose from without a visible label; `name` is its accessible name and `width` its
/// width in points. Gives whether the choice changed.
pub fn choice_named<T: Clone + PartialEq>(
    ui: &mut Ui,
    name: &str,
    value: &mut T,
    options: &[(T, &str)],
    width: f32,
) -> bool {
    let before = value.clone();
    let shown = options.iter().find(|(v, _)| v == value).map_or(format::NONE, |(_, text)| *text);
    ComboBox::from_id_salt(("choice", name))
        .selected_text(shown)
        .truncate()
        .width(width.min(room(ui)))
        .icon(|ui, rect, visuals, _| {
            Icon::ChevronDown.paint(ui.painter(), rect.expand(1.0), visuals.text_color());
        })
        .show_ui(ui, |ui| {
            for (option, text) in options {
                ui.selectable_value(value, option.clone(), *text);
            }
        })
        .response
        .accessible_name(name)
        .on_hover_text(shown);
    *value != before
}

/// A label and a list from which any number can be ticked; `none` shows while nothing is. Gives whether it changed.
pub fn choices(ui: &mut Ui, label: &str, ticked: &mut BTreeSet<String>, options: &[&str], none: &str) -> bool {
    let shown = if ticked.is_empty() {
        none.to_owned()
    } else {
        ticked.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    let mut changed = false;
    labelled(ui, label, |ui, _| {
        ComboBox::from_id_salt(("choices", label))
            .selected_text(shown.as_str())
            .truncate()
            .width(150.0_f32.min(room(ui)))
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .icon(|ui, rect, visuals, _| {
                Icon::ChevronDown.paint(ui.painter(), rect.expand(1.0), visuals.text_color());
            })
            .show_ui(ui, |ui| {
                for option in options {
                    let mut on = ticked.contains(*option);
                    if ui.checkbox(&mut on, *option).changed() {
                        changed = true;
                        if on {
                            ticked.insert((*option).to_owned());
                        } else {
                            ticked.remove(*option);
                        }
                    }
                }
            })
            .response
            .accessible_name(label)
            .on_hover_text(shown);
    });
    changed
}

/// A label and a number with its unit; it can be typed or dragged within `range`.
pub fn number_field(ui: &mut Ui, label: &str, value: &mut f64, range: RangeInclusive<f64>, unit: &str) -> Response {
    let span = (range.end() - range.start()).abs();
    let speed = if span.is_finite() && span > 0.0 { (span / 400.0).min(1.0) } else { 0.1 };
    labelled(ui, label, |ui, name| {
        let suffix = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        let value = DragValue::new(value).range(range).speed(speed).max_decimals(4).suffix(suffix);
        let value = value
            .custom_formatter(|v, decimals| format::grouped(&emath::format_with_decimals_in_range(v, decimals)))
            .custom_parser(format::parse);
        ui.add(value).labelled_by(name)
    })
}

/// A search: a magnifier, the text and a button that clears it.
pub fn search_field(ui: &mut Ui, name: &str, text: &mut String, hint: &str, width: f32) -> Response {
    let t = tokens(ui);
    let has_text = !text.is_empty();
    let mut response = ui
        .add_sized(
            [width.min(room(ui)), ROW_HEIGHT],
            TextEdit::singleline(text).hint_text(hint.to_owned()).margin(Margin {
                left: 28,
                right: if has_text { 28 } else { 8 },
                top: 5,
                bottom: 5,
            }),
        )
        .accessible_name(name);
    let rect = response.rect;
    Icon::Search.paint(
        ui.painter(),
        Rect::from_center_size(pos2(rect.left() + 15.0, rect.center().y), vec2(14.0, 14.0)),
        t.dim,
    );
    if has_text {
        let at = Rect::from_center_size(pos2(rect.right() - SPACE_S - 6.0, rect.center().y), vec2(18.0, 18.0));
        let id = response.id.with("clear");
        let clear = ui.interact(at, id, eframe::egui::Sense::click());
        super::text::describe(&clear, eframe::egui::Role::Button, &format!("Clear {name}"), "");
        let color = if clear.hovered() || clear.has_focus() { t.text } else { t.dim };
        Icon::Close.paint(ui.painter(), at.shrink(3.0), color);
        if clear.clicked() {
            text.clear();
            response.mark_changed();
        }
        clear.on_hover_cursor(eframe::egui::CursorIcon::PointingHand);
    }
    response
}
