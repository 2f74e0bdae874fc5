//! The letters of a document: which font has them, and how wide they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use krilla::text::Font;

use super::PdfError;
use super::system_fonts::{Letter, find, letter};
use crate::report::document::blocks::{Block, Span};
use crate::report::document::chart::{Chart, Shape};
use crate::report::document::words::clean;
use crate::report::document::{Document, LAST_WORDS};

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");
const SEMI_BOLD: &[u8] = include_bytes!("../../../assets/fonts/Inter-SemiBold.otf");

/// How heavy a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// As text.
    Regular,
    /// As titles.
    Semi,
}

/// Letters of a text in one font.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    /// Index of the font in [`Fonts::faces`].
    pub(super) font: usize,
    /// The letters.
    pub(super) text: String,
    /// Width in ems.
    pub(super) width: f32,
    /// Their glyphs in order, each with its advance in ems; empty where the letters must be shaped.
    pub(super) glyphs: Vec<Letter>,
}

/// The fonts of a document.
pub(super) struct Fonts {
    /// Regular, semi-bold, then fonts of the system.
    pub(super) faces: Vec<Font>,
    regular: BTreeMap<char, Letter>,
    semi: BTreeMap<char, Letter>,
    /// Letters of the system's fonts, with the font's index.
    others: BTreeMap<char, (usize, Letter)>,
}

/// A letter that no font has, as its code point.
fn code_point(letter: char) -> String {
    format!("U+{:04X}", u32::from(letter))
}

/// Marks that are set on the letter before them; only shaping knows where.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

impl Fonts {
    /// The fonts for every letter of a document; those of the system are looked for in `folders`.
    ///
    /// # Errors
    /// When a font of this program is damaged.
    pub(super) fn for_document(document: &Document, folders: &[PathBuf]) -> Result<Self, PdfError> {
        let mut wanted: BTreeSet<char> = (' '..='~').chain("–−…“”·≤≥✓✗".chars()).collect();
        letters_of(document, &mut wanted);
        let mut fonts = Self::new(&wanted)?;
        let mut missing: BTreeSet<char> =
            wanted.into_iter().filter(|c| !fonts.regular.contains_key(c) || !fonts.semi.contains_key(c)).collect();
        if !missing.is_empty() {
            for found in find(folders, &mut missing) {
                let Some(font) = Font::new(found.bytes.into(), found.index) else { continue };
                let index = fonts.faces.len();
                fonts.faces.push(font);
                fonts.others.extend(found.letters.into_iter().map(|(c, letter)| (c, (index, letter))));
            }
        }
        Ok(fonts)
    }

    fn new(wanted: &BTreeSet<char>) -> Result<Self, PdfError> {
        let letters = |bytes: &[u8]| -> Result<BTreeMap<char, Letter>, PdfError> {
            let face = ttf_parser::Face::parse(bytes, 0).map_err(|_| PdfError::Font)?;
            Ok(wanted.iter().filter_map(|c| Some((*c, letter(&face, *c)?))).collect())
        };
        let font = |bytes: &'static [u8]| Font::new(bytes.into(), 0).ok_or(PdfError::Font);
        Ok(Self {
            faces: vec![font(REGULAR)?, font(SEMI_BOLD)?],
            regular: letters(REGULAR)?,
            semi: letters(SEMI_BOLD)?,
            others: BTreeMap::new(),
        })
    }

    fn own(&self, weight: Weight) -> (usize, &BTreeMap<char, Letter>) {
        match weight {
            Weight::Regular => (0, &self.regular),
            Weight::Semi => (1, &self.semi),
        }
    }

    fn of_letter(&self, weight: Weight, wanted: char) -> Option<(usize, Letter)> {
        let (index, own) = self.own(weight);
        own.get(&wanted).map(|letter| (index, *letter)).or_else(|| self.others.get(&wanted).copied())
    }

    /// The text with every letter that no font has as its code point.
    pub(super) fn writable(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for letter in text.chars() {
            if self.of_letter(Weight::Regular, letter).is_some() && self.of_letter(Weight::Semi, letter).is_some() {
                out.push(letter);
            } else {
                out.push_str(&code_point(letter));
            }
        }
        out
    }

    /// Width of a writable text in ems; marks and joined letters count as if they stood alone.
    pub(super) fn width(&self, weight: Weight, text: &str) -> f32 {
        text.chars().filter_map(|c| self.of_letter(weight, c)).map(|(_, letter)| letter.advance).sum()
    }

    /// A writable text in parts of one font each.
    pub(super) fn runs(&self, weight: Weight, text: &str) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for c in text.chars() {
            let Some((font, letter)) = self.of_letter(weight, c) else { continue };
            if runs.last().is_none_or(|run| run.font != font) {
                runs.push(Run { font, text: String::new(), width: 0.0, glyphs: Vec::new() });
            }
            if let Some(run) = runs.last_mut() {
                run.text.push(c);
                run.width += letter.advance;
                run.glyphs.push(letter);
            }
        }
        for run in &mut runs {
            if run.font > 1 || run.text.chars().any(is_mark) {
                run.glyphs.clear();
            }
        }
        runs
    }
}

fn letters_of(document: &Document, letters: &mut BTreeSet<char>) {
    let mut add = |text: &str| letters.extend(clean(text).chars());
    add(&document.heading);
    add(LAST_WORDS);
    add(document.left_out.as_deref().unwrap_or_default());
    for part in &document.parts {
        add(&part.title);
        for section in &part.sections {
            add(section.title);
            section.blocks.iter().for_each(|block| letters_of_block(block, &mut add));
        }
    }
}

fn letters_of_block(block: &Block, add: &mut impl FnMut(&str)) {
    let mut spans = |spans: &[Span]| {
        for span in spans {
            if span.is_long {
                // Bounded already; `clean` would clip it.
                span.text.split(' ').for_each(&mut *add);
            } else {
                add(&span.text);
            }
            add(span.hover.as_deref().unwrap_or_default());
        }
    };
    match block {
        Block::Line(line) => spans(line),
        Block::Facts(facts) => {
            for (title, value) in facts {
                spans(&[Span { text: title.clone(), ..Span::default() }]);
                spans(value);
            }
        }
        Block::Table(table) => {
            table.rows.iter().flatten().for_each(|cell| spans(&cell.spans));
            table.head.iter().for_each(|(title, _)| add(title));
        }
        Block::Note(text) | Block::Heading(text) => add(text),
        Block::List(items) => items.iter().for_each(|item| add(item)),
        Block::Charts(charts) => charts.iter().for_each(|chart| letters_of_chart(chart, add)),
    }
}

fn letters_of_chart(chart: &Chart, add: &mut impl FnMut(&str)) {
    add(chart.title);
    for shape in &chart.shapes {
        if let Shape::Text { words, .. } = shape {
            add(words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fonts(text: &str) -> Fonts {
        let document = Document { heading: text.to_owned(), parts: Vec::new(), left_out: None };
        Fonts::for_document(&document, &[]).unwrap()
    }

    #[test]
    fn a_letter_that_no_font_has_is_written_as_its_code_point() {
        let fonts = fonts("Größe 漢 ✓");
        assert_eq!(fonts.writable("Größe 漢 ✓"), "Größe U+6F22 ✓");
        assert!(fonts.width(Weight::Semi, "Größe") > fonts.width(Weight::Regular, "Größ"));
    }

    #[test]
    fn a_text_with_marks_is_left_to_shaping() {
        let fonts = fonts("e\u{301}");
        let (plain, marked) = (fonts.runs(Weight::Regular, "ab"), fonts.runs(Weight::Regular, "e\u{301}"));
        assert_eq!((plain.len(), plain[0].glyphs.len()), (1, 2));
        assert!(marked.iter().all(|run| run.glyphs.is_empty()), "{marked:?}");
    }
}
