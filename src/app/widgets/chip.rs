//! Pills: a status in icon, word and colour, and a plain tag.

use eframe::egui::{Color32, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::icon::Icon;
use super::text::{describe, one_line, room};
use crate::app::theme::{LINE_WIDTH, Status, small_font, tokens};

const HEIGHT: f32 = 20.0;

/// A status in icon, word and colour.
pub fn status_chip(ui: &mut Ui, status: Status, text: &str) -> Response {
    let t = tokens(ui);
    let frame = match status {
        Status::Neutral => t.line,
        _ => status.color(t).gamma_multiply(0.55),
    };
    pill(ui, Some(status.icon()), text, status.text_color(t), status.ground(t), frame, status.word())
}

/// A plain tag: a version, a role, a count.
pub fn tag(ui: &mut Ui, text: &str) -> Response {
    let t = tokens(ui);
    pill(ui, None, text, t.dim, t.card, t.line, "")
}

fn pill(
    ui: &mut Ui,
    icon: Option<Icon>,
    text: &str,
    color: Color32,
    ground: Color32,
    frame: Color32,
    word: &str,
) -> Response {
    let side = 12.0;
    let extra = 16.0 + icon.map_or(0.0, |_| side + 4.0);
    let width = (room(ui) - extra).max(16.0);
    let galley = one_line(ui, text, small_font(), color, width);
    let (rect, response) = ui.allocate_exact_size(vec2((galley.size().x + extra).ceil(), HEIGHT), Sense::hover());
    describe(&response, Role::Label, text, word);
    let elided = galley.elided;
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        painter.rect(rect, HEIGHT / 2.0, ground, Stroke::new(LINE_WIDTH, frame), StrokeKind::Inside);
        let mut x = rect.left() + 8.0;
        if let Some(icon) = icon {
            let square = Rect::from_min_size(pos2(x, rect.center().y - side / 2.0), vec2(side, side));
            icon.paint(painter, square, color);
            x += side + 4.0;
        }
        let y = rect.center().y - galley.size().y / 2.0;
        painter.galley(pos2(x, y), galley, color);
    }
    if elided { response.on_hover_text(text) } else { response }
}
