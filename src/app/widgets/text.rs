//! Text on one line that ends in "…" when it does not fit, and the names of what is painted.

use std::sync::Arc;

use eframe::egui::{
    Color32, FontId, Galley, Label, Response, RichText, Role, Ui, WidgetInfo,
    text::{LayoutJob, TextFormat, TextWrapping},
};

use crate::app::theme::{body_font, small_font, tokens};

/// Text laid out on one line of at most `width` points; [`Galley::elided`] says whether it was cut.
pub fn one_line(ui: &Ui, text: &str, font: FontId, color: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font, color));
    job.wrap =
        TextWrapping { max_width: width.max(0.0), max_rows: 1, break_anywhere: true, overflow_character: Some('…') };
    job.break_on_newline = false;
    ui.painter().layout_job(job)
}

/// Width of words in the body font, in points.
pub fn width(ui: &Ui, words: &str) -> f32 {
    ui.painter().layout_no_wrap(words.to_owned(), body_font(), tokens(ui).text).size().x.ceil()
}

/// Width a widget may take, in points: the whole row where the layout wraps, else what is left of it.
pub fn room(ui: &Ui) -> f32 {
    if ui.layout().main_wrap() { ui.max_rect().width() } else { ui.available_width() }
}

/// A label on one line; the whole text shows on hover when it was cut.
pub fn elided(ui: &mut Ui, text: impl Into<RichText>) -> Response {
    ui.add(Label::new(text.into()).truncate())
}

/// A small secondary label on one line; the whole text shows on hover when it was cut.
pub fn caption(ui: &mut Ui, text: &str) -> Response {
    let dim = tokens(ui).dim;
    elided(ui, RichText::new(text).font(small_font()).color(dim))
}

/// A small secondary label that wraps.
pub fn note(ui: &mut Ui, text: &str) -> Response {
    let dim = tokens(ui).dim;
    ui.add(Label::new(RichText::new(text).font(small_font()).color(dim)).wrap())
}

/// Gives something painted a role, a name and a text value for tests and screen readers.
pub fn describe(response: &Response, role: Role, name: &str, value: &str) {
    response.widget_info(|| WidgetInfo::labeled(role, response.enabled(), name));
    if !value.is_empty() {
        response.ctx.accesskit_node_builder(response.id, |node| {
            // The value of a label is its text.
            if role == Role::Label { node.set_description(value) } else { node.set_value(value) }
        });
    }
}
