//! Pages as bytes.

use krilla::Document as Pdf;
use krilla::color::rgb;
use krilla::destination::XyzDestination;
use krilla::geom::{Path, PathBuilder, Point, Rect, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, LineCap, LineJoin, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph, TextDirection};

use super::PdfError;
use super::fonts::{Fonts, Weight};
use super::lines::Setter;
use super::sheet::{Bookmark, Colour, Drawn, PAGE_HEIGHT, PAGE_WIDTH, Page, Pages, SIDE, WIDTH};
use crate::report::document::Document;
use crate::report::document::words::moment;

/// The circle's handles, as a share of its radius.
const KAPPA: f32 = 0.552_284_8;

/// The file: pages with running heads and numbers, an outline, and what the file is.
pub(super) fn bytes(
    pages: &Pages,
    document: &Document,
    fonts: &Fonts,
    created_at_ms: i64,
) -> Result<Vec<u8>, PdfError> {
    let broken = |why: &str| PdfError::Write { why: why.to_owned() };
    let mut pdf = Pdf::new();
    let all = pages.pages.len();
    for (place, page) in pages.pages.iter().enumerate() {
        let settings = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).ok_or_else(|| broken("a page has no size"))?;
        let mut open = pdf.start_page_with(settings);
        let mut surface = open.surface();
        let running = running(place, all, document, fonts, created_at_ms);
        for drawn in running.drawn.iter().chain(&page.drawn) {
            draw(&mut surface, drawn, fonts);
        }
        surface.finish();
        open.finish();
    }
    pdf.set_outline(outline(&pages.bookmarks));
    pdf.set_metadata(metadata(document, created_at_ms));
    pdf.finish().map_err(|error| broken(&error.to_string()))
}

fn metadata(document: &Document, created_at_ms: i64) -> Metadata {
    let metadata = Metadata::new()
        .title(format!("Validation: {}", document.heading))
        .creator("ModelDeck".to_owned())
        .language("en".to_owned());
    match chrono::DateTime::from_timestamp_millis(created_at_ms) {
        Some(at) => metadata.creation_date(date(at)),
        None => metadata,
    }
}

fn date(at: chrono::DateTime<chrono::Utc>) -> DateTime {
    use chrono::{Datelike as _, Timelike as _};
    DateTime::new(at.year().clamp(0, 9999) as u16)
        .month(at.month() as u8)
        .day(at.day() as u8)
        .hour(at.hour() as u8)
        .minute(at.minute() as u8)
        .second(at.second() as u8)
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn outline(bookmarks: &[Bookmark]) -> Outline {
    let node = |mark: &Bookmark| {
        let to = XyzDestination::new(mark.page, Point::from_xy(SIDE, mark.y));
        OutlineNode::new(mark.title.clone(), to)
    };
    let mut outline = Outline::new();
    let mut open: Option<OutlineNode> = None;
    for mark in bookmarks {
        match &mut open {
            Some(part) if mark.within => part.push_child(node(mark)),
            _ => {
                if let Some(done) = open.replace(node(mark)) {
                    outline.push_child(done);
                }
            }
        }
    }
    if let Some(done) = open {
        outline.push_child(done);
    }
    outline
}

/// What stands at the head and foot of a page.
fn running(place: usize, all: usize, document: &Document, fonts: &Fonts, created_at_ms: i64) -> Page {
    let mut pen = super::sheet::Pen::new();
    let setter = Setter::dim(fonts, 7.5);
    let one = |words: &str, width: f32| setter.text(words, width).into_iter().next();
    if place > 0 {
        if let Some(line) = one(&document.heading, 0.75 * WIDTH) {
            line.draw(&mut pen, (SIDE, 30.0));
        }
        if let Some(line) = one("Validation report", 0.25 * WIDTH) {
            line.draw(&mut pen, (SIDE + WIDTH - line.width, 30.0));
        }
        pen.rule((SIDE, SIDE + WIDTH), 43.0, super::sheet::RULE, 0.5);
    }
    let foot = PAGE_HEIGHT - 38.0;
    let when = moment(created_at_ms).map_or_else(String::new, |at| format!(" Measured {at}."));
    if let Some(line) = one(&format!("{}{when}", crate::report::document::LAST_WORDS), 0.85 * WIDTH) {
        line.draw(&mut pen, (SIDE, foot));
    }
    if let Some(line) = one(&format!("Page {} of {all}", place + 1), 0.15 * WIDTH) {
        line.draw(&mut pen, (SIDE + WIDTH - line.width, foot));
    }
    pen.done.pages.into_iter().next().unwrap_or_default()
}

fn fill(colour: Colour, opacity: f32) -> Fill {
    Fill {
        paint: rgb::Color::new(colour.0, colour.1, colour.2).into(),
        opacity: NormalizedF32::new(opacity).unwrap_or(NormalizedF32::ONE),
        rule: FillRule::NonZero,
    }
}

fn draw(surface: &mut Surface<'_>, drawn: &Drawn, fonts: &Fonts) {
    match drawn {
        Drawn::Text { at, size, weight, colour, words, turned } => {
            surface.set_stroke(None);
            surface.set_fill(Some(fill(*colour, 1.0)));
            if *turned {
                // A quarter turn against the clock around the point.
                surface.push_transform(&Transform::from_row(0.0, -1.0, 1.0, 0.0, at.0, at.1));
                text(surface, (0.0, 0.0), *size, *weight, words, fonts);
                surface.pop();
            } else {
                text(surface, *at, *size, *weight, words, fonts);
            }
        }
        Drawn::Box { at, size, colour, opacity } => {
            let rect = Rect::from_xywh(at.0, at.1, size.0, size.1);
            let path = rect.and_then(|rect| {
                let mut path = PathBuilder::new();
                path.push_rect(rect);
                path.finish()
            });
            filled(surface, path, *colour, *opacity);
        }
        Drawn::Dot { at: (x, y), radius, colour } => filled(surface, circle(*x, *y, *radius), *colour, 1.0),
        Drawn::Path { points, colour, width, dashed } => {
            let mut path = PathBuilder::new();
            for (place, (x, y)) in points.iter().enumerate() {
                if place == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
            }
            if let Some(path) = path.finish() {
                surface.set_fill(None);
                surface.set_stroke(Some(Stroke {
                    paint: rgb::Color::new(colour.0, colour.1, colour.2).into(),
                    width: *width,
                    line_cap: LineCap::Butt,
                    line_join: LineJoin::Round,
                    dash: dashed.then(|| StrokeDash { array: vec![2.6, 2.6], offset: 0.0 }),
                    ..Stroke::default()
                }));
                surface.draw_path(&path);
            }
        }
    }
}

fn filled(surface: &mut Surface<'_>, path: Option<Path>, colour: Colour, opacity: f32) {
    if let Some(path) = path {
        surface.set_stroke(None);
        surface.set_fill(Some(fill(colour, opacity)));
        surface.draw_path(&path);
    }
}

fn circle(x: f32, y: f32, r: f32) -> Option<Path> {
    let k = KAPPA * r;
    let mut path = PathBuilder::new();
    path.move_to(x + r, y);
    path.cubic_to(x + r, y + k, x + k, y + r, x, y + r);
    path.cubic_to(x - k, y + r, x - r, y + k, x - r, y);
    path.cubic_to(x - r, y - k, x - k, y - r, x, y - r);
    path.cubic_to(x + k, y - r, x + r, y - k, x + r, y);
    path.close();
    path.finish()
}

fn text(surface: &mut Surface<'_>, at: (f32, f32), size: f32, weight: Weight, words: &str, fonts: &Fonts) {
    let (mut x, y) = at;
    for run in fonts.runs(weight, words) {
        let Some(font) = fonts.faces.get(run.font) else { continue };
        let start = Point::from_xy(x, y);
        if run.glyphs.is_empty() {
            surface.draw_text(start, font.clone(), size, &run.text, false, TextDirection::Auto);
        } else {
            let places = run.text.char_indices().zip(&run.glyphs);
            let glyphs: Vec<KrillaGlyph> = places
                .map(|((from, c), letter)| {
                    let id = GlyphId::new(u32::from(letter.glyph));
                    KrillaGlyph::new(id, letter.advance, 0.0, 0.0, 0.0, from..from + c.len_utf8(), None)
                })
                .collect();
            surface.draw_glyphs(start, &glyphs, font.clone(), &run.text, size, false);
        }
        x += size * run.width;
    }
}
