//! Text broken into lines of a width.

use super::fonts::{Fonts, Weight};
use super::sheet::{BAD, Colour, DIM, Drawn, GOOD, Pen, TEXT, WARNING};
use crate::report::document::blocks::{Span, Tone};
use crate::report::document::words::clean;

/// Height of a line as a multiple of the size of its letters.
const LINE_HEIGHT: f32 = 1.32;
/// Size of what stands below, as a share.
const SMALL: f32 = 0.86;

/// Letters of one look.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    words: String,
    weight: Weight,
    colour: Colour,
    width: f32,
}

/// Sums of the same widths in another order differ by less than this, in points.
const ROUNDING: f32 = 0.1;

/// One line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line {
    pieces: Vec<Piece>,
    size: f32,
    /// Width of the letters, in points.
    pub(super) width: f32,
}

impl Line {
    /// Height it takes.
    pub(super) fn height(&self) -> f32 {
        self.size * LINE_HEIGHT
    }

    /// Draws it with its upper left corner at a point.
    pub(super) fn draw(&self, pen: &mut Pen, (mut x, y): (f32, f32)) {
        // The base line lies where letters of this size leave equal room above and below.
        let base = y + self.size * (0.5 * (LINE_HEIGHT - 1.0) + 0.88);
        for piece in &self.pieces {
            pen.draw(Drawn::Text {
                at: (x, base),
                size: self.size,
                weight: piece.weight,
                colour: piece.colour,
                words: piece.words.clone(),
                turned: false,
            });
            x += piece.width;
        }
    }
}

/// Height of lines together.
pub(super) fn height(lines: &[Line]) -> f32 {
    lines.iter().map(Line::height).sum()
}

fn look(span: &Span, setter: &Setter<'_>) -> (Weight, Colour) {
    let (weight, colour) = (setter.weight, setter.colour);
    match span.tone {
        Tone::Plain | Tone::Code => (weight, colour),
        Tone::Dim => (Weight::Regular, setter.dim),
        Tone::Strong => (Weight::Semi, colour),
        Tone::Good => (Weight::Semi, GOOD),
        Tone::Warning => (if span.below { Weight::Regular } else { Weight::Semi }, WARNING),
        Tone::Bad => (Weight::Semi, BAD),
    }
}

/// A span's text as it can be written.
fn words_of(span: &Span, fonts: &Fonts) -> String {
    fonts.writable(&if span.is_long { span.text.clone() } else { clean(&span.text) })
}

/// Breaks text into lines.
pub(super) struct Setter<'a> {
    /// The fonts.
    pub(super) fonts: &'a Fonts,
    /// Size of the letters.
    pub(super) size: f32,
    /// Weight of what has no tone.
    pub(super) weight: Weight,
    /// Colour of what has no tone.
    pub(super) colour: Colour,
    /// Colour of what is in the background.
    pub(super) dim: Colour,
}

impl<'a> Setter<'a> {
    pub(super) fn new(fonts: &'a Fonts, size: f32) -> Self {
        Self { fonts, size, weight: Weight::Regular, colour: TEXT, dim: DIM }
    }

    pub(super) fn semi(fonts: &'a Fonts, size: f32) -> Self {
        Self { weight: Weight::Semi, ..Self::new(fonts, size) }
    }

    pub(super) fn dim(fonts: &'a Fonts, size: f32) -> Self {
        Self { colour: DIM, ..Self::new(fonts, size) }
    }

    /// The lines of a text.
    pub(super) fn text(&self, text: &str, width: f32) -> Vec<Line> {
        self.spans(&[Span { text: text.to_owned(), ..Span::default() }], width)
    }

    /// The lines of a text whose length is bounded already.
    pub(super) fn text_long(&self, text: &str, width: f32) -> Vec<Line> {
        self.spans(&[Span { text: text.to_owned(), is_long: true, ..Span::default() }], width)
    }

    /// Width of the widest line when nothing is broken, and of the widest word.
    pub(super) fn widths(&self, spans: &[Span]) -> (f32, f32) {
        let (mut line, mut widest, mut word) = (0.0_f32, 0.0_f32, 0.0_f32);
        for span in spans {
            let (weight, _) = look(span, self);
            let size = if span.below { SMALL * self.size } else { self.size };
            let words = words_of(span, self.fonts);
            if span.below {
                line = 0.0;
            }
            line += size * self.fonts.width(weight, &words);
            widest = widest.max(line);
            for part in words.split(' ') {
                word = word.max(size * self.fonts.width(weight, part));
            }
        }
        (widest, word)
    }

    /// The lines of spans: words are kept whole where they fit, and a span that stands below begins a line.
    pub(super) fn spans(&self, spans: &[Span], width: f32) -> Vec<Line> {
        let mut lines = vec![Line { size: self.size, ..Line::default() }];
        for (place, span) in spans.iter().enumerate() {
            let (weight, colour) = look(span, self);
            let size = if span.below && span.tone != Tone::Plain { SMALL * self.size } else { self.size };
            if span.below && place > 0 {
                lines.push(Line { size, ..Line::default() });
            }
            for word in words_of(span, self.fonts).split_inclusive(' ') {
                self.word(&mut lines, word, (weight, colour, size), width);
            }
        }
        lines
    }

    fn word(&self, lines: &mut Vec<Line>, word: &str, look: (Weight, Colour, f32), width: f32) {
        let (weight, colour, size) = look;
        let full = size * self.fonts.width(weight, word);
        let bare = size * self.fonts.width(weight, word.trim_end());
        let used = lines.last().map_or(0.0, |line| line.width);
        if used + bare <= width + ROUNDING {
            put(lines, word, (weight, colour), full);
            return;
        }
        if used > 0.0 {
            lines.push(Line { size, ..Line::default() });
        }
        if bare <= width + ROUNDING {
            put(lines, word, (weight, colour), full);
            return;
        }
        // A word wider than the line is broken between letters.
        let mut part = String::new();
        let mut wide = 0.0;
        for letter in word.chars() {
            let advance = size * self.fonts.width(weight, letter.encode_utf8(&mut [0; 4]));
            if wide + advance > width && !part.is_empty() {
                put(lines, &std::mem::take(&mut part), (weight, colour), wide);
                lines.push(Line { size, ..Line::default() });
                wide = 0.0;
            }
            part.push(letter);
            wide += advance;
        }
        put(lines, &part, (weight, colour), wide);
    }
}

fn put(lines: &mut [Line], words: &str, (weight, colour): (Weight, Colour), width: f32) {
    let Some(line) = lines.last_mut() else { return };
    line.width += width;
    match line.pieces.last_mut().filter(|piece| piece.weight == weight && piece.colour == colour) {
        Some(piece) => {
            piece.words.push_str(words);
            piece.width += width;
        }
        None => line.pieces.push(Piece { words: words.to_owned(), weight, colour, width }),
    }
}
