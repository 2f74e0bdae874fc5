//! The document on pages.

use super::charts;
use super::fonts::Fonts;
use super::lines::{Line, Setter, height};
use super::sheet::{BOTTOM, Pages, Pen, RULE, SIDE, TOP, WIDTH, series};
use super::table;
use crate::report::document::Document;
use crate::report::document::blocks::{Block, Section, Span, Tone};
use crate::report::document::words::clean;

/// Size of text.
const SIZE: f32 = 9.0;
/// Columns of facts.
const FACTS: usize = 4;
/// Letters of a value that takes the whole width.
const LONG: usize = 26;

/// Lays the document out; a part with a title begins a page.
pub(super) fn pages(document: &Document, fonts: &Fonts) -> Pages {
    let mut pen = Pen::new();
    let layout = Layout { fonts };
    put(&mut pen, &Setter::semi(fonts, 20.0).text("Validation report", WIDTH));
    put(&mut pen, &Setter::dim(fonts, 10.5).text(&document.heading, WIDTH));
    pen.y += 6.0;
    pen.rule((SIDE, SIDE + WIDTH), pen.y, RULE, 1.0);
    pen.y += 8.0;
    for part in &document.parts {
        if !part.title.is_empty() {
            pen.turn();
            pen.bookmark(fonts.writable(&clean(&part.title)), false);
            put(&mut pen, &Setter::semi(fonts, 15.0).text(&part.title, WIDTH));
            pen.y += 4.0;
            pen.rule((SIDE, SIDE + WIDTH), pen.y, RULE, 1.0);
            pen.y += 6.0;
        }
        for section in &part.sections {
            layout.section(&mut pen, section, !part.title.is_empty());
        }
    }
    if let Some(left_out) = &document.left_out {
        put(&mut pen, &Setter::dim(fonts, SIZE).text(left_out, WIDTH));
    }
    pen.done
}

fn put(pen: &mut Pen, lines: &[Line]) {
    put_at(pen, lines, SIDE);
}

/// Draws lines from a distance to the left on, on the next page where this one ends.
fn put_at(pen: &mut Pen, lines: &[Line], x: f32) {
    for line in lines {
        pen.need(line.height());
        line.draw(pen, (x, pen.y));
        pen.y += line.height();
    }
}

struct Layout<'a> {
    fonts: &'a Fonts,
}

impl Layout<'_> {
    fn section(&self, pen: &mut Pen, section: &Section, within: bool) {
        // A title never stands alone at the foot of a page.
        let first = match section.blocks.first() {
            Some(Block::Charts(_)) => charts::row_height(),
            Some(Block::Heading(_)) => 70.0,
            Some(Block::Table(table)) => table::least_height(table, self.fonts),
            _ => 44.0,
        };
        pen.need(26.0 + first);
        if pen.y > TOP {
            pen.y += 7.0;
        }
        pen.bookmark(section.title.to_owned(), within);
        let (page, top) = (pen.done.pages.len(), pen.y);
        put(pen, &Setter::semi(self.fonts, 11.0).text(section.title, WIDTH));
        pen.y += 2.0;
        for block in &section.blocks {
            self.block(pen, block);
        }
        if section.is_answer && pen.done.pages.len() == page {
            let points = vec![(SIDE - 8.0, top + 2.0), (SIDE - 8.0, pen.y)];
            pen.draw(super::sheet::Drawn::Path { points, colour: series(0), width: 2.0, dashed: false });
        }
        pen.y += 3.0;
    }

    fn block(&self, pen: &mut Pen, block: &Block) {
        match block {
            Block::Note(text) => {
                put(pen, &Setter::dim(self.fonts, 8.0).text(text, WIDTH));
                pen.y += 3.0;
            }
            Block::Line(spans) => {
                put(pen, &Setter::new(self.fonts, SIZE).spans(spans, WIDTH));
                pen.y += 3.0;
            }
            Block::Heading(text) => {
                pen.need(70.0);
                pen.y += 4.0;
                put(pen, &Setter::semi(self.fonts, SIZE).text(text, WIDTH));
                pen.y += 2.0;
            }
            Block::Facts(facts) => self.facts(pen, facts),
            Block::Table(table) => table::draw(pen, table, self.fonts),
            Block::List(items) => {
                for item in items {
                    let lines = Setter::new(self.fonts, SIZE).text(item, WIDTH - 12.0);
                    pen.need(lines.first().map_or(0.0, Line::height));
                    let bullet = Setter::dim(self.fonts, SIZE).text("–", 12.0);
                    for line in &bullet {
                        line.draw(pen, (SIDE, pen.y));
                    }
                    put_at(pen, &lines, SIDE + 12.0);
                }
                pen.y += 3.0;
            }
            Block::Charts(list) => charts::draw(pen, list, self.fonts),
        }
    }

    fn facts(&self, pen: &mut Pen, facts: &[(String, Vec<Span>)]) {
        let width = WIDTH / FACTS as f32;
        let is_long = |value: &[Span]| value.iter().any(|s| s.tone == Tone::Code || s.text.chars().count() > LONG);
        let mut row: Vec<Vec<Line>> = Vec::new();
        for (title, value) in facts {
            let long = is_long(value);
            let room = if long { WIDTH } else { width - 10.0 };
            let mut lines = Setter::dim(self.fonts, 7.2).text(title, room);
            // What is told on pointing at a dash is told outright on paper.
            let value: Vec<Span> = value.iter().map(outright).collect();
            lines.extend(Setter::new(self.fonts, SIZE).spans(&value, room));
            if long {
                facts_row(pen, &std::mem::take(&mut row), width);
                facts_row(pen, &[lines], width);
                continue;
            }
            row.push(lines);
            if row.len() == FACTS {
                facts_row(pen, &std::mem::take(&mut row), width);
            }
        }
        facts_row(pen, &row, width);
    }
}

/// Draws facts beside each other.
fn facts_row(pen: &mut Pen, row: &[Vec<Line>], width: f32) {
    if let [only] = row {
        // It may be long enough for a page of its own.
        pen.need(height(only).min(60.0));
        put(pen, only);
        pen.y += 4.0;
        return;
    }
    let tall = row.iter().map(|lines| height(lines)).fold(0.0, f32::max);
    if tall <= 0.0 {
        return;
    }
    pen.need(tall.min(BOTTOM - TOP));
    let top = pen.y;
    for (place, lines) in row.iter().enumerate() {
        let mut y = top;
        for line in lines {
            line.draw(pen, (SIDE + place as f32 * width, y));
            y += line.height();
        }
    }
    pen.y = top + tall + 4.0;
}

/// A span with its reason as its text.
fn outright(span: &Span) -> Span {
    match &span.hover {
        Some(reason) => Span { text: format!("{} {reason}", span.text), hover: None, ..span.clone() },
        None => span.clone(),
    }
}
