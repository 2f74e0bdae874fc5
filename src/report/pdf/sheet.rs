//! Pages as lists of what is drawn on them, in points from the upper left corner.

use super::fonts::Weight;

/// Width of A4.
pub(super) const PAGE_WIDTH: f32 = 595.28;
/// Height of A4.
pub(super) const PAGE_HEIGHT: f32 = 841.89;
/// Left and right margin.
pub(super) const SIDE: f32 = 45.0;
/// Where the content begins.
pub(super) const TOP: f32 = 56.0;
/// Where it ends.
pub(super) const BOTTOM: f32 = PAGE_HEIGHT - 52.0;
/// Width of the content.
pub(super) const WIDTH: f32 = PAGE_WIDTH - 2.0 * SIDE;

/// A colour: red, green, blue.
pub(super) type Colour = (u8, u8, u8);

/// Text.
pub(super) const TEXT: Colour = (0x16, 0x20, 0x2B);
/// Text in the background.
pub(super) const DIM: Colour = (0x5A, 0x68, 0x76);
/// Lines between things.
pub(super) const RULE: Colour = (0xD8, 0xDF, 0xE6);
/// Lines behind things.
pub(super) const GRID: Colour = (0xEB, 0xEF, 0xF3);
/// In order.
pub(super) const GOOD: Colour = (0x0B, 0x80, 0x5A);
/// Weakens something.
pub(super) const WARNING: Colour = (0x9C, 0x66, 0x00);
/// Not in order.
pub(super) const BAD: Colour = (0xC9, 0x30, 0x2C);
/// Paper.
pub(super) const PAPER: Colour = (0xFF, 0xFF, 0xFF);
/// The series of a chart, in order.
pub(super) const SERIES: [Colour; 6] = [
    (0x1F, 0x6F, 0xD6),
    (0xC2, 0x6A, 0x00),
    (0x0B, 0x80, 0x5A),
    (0x8A, 0x4F, 0xBF),
    (0xC9, 0x30, 0x2C),
    (0x5A, 0x68, 0x76),
];

/// The colour of a series.
pub(super) fn series(number: u8) -> Colour {
    SERIES.get(usize::from(number) % SERIES.len()).copied().unwrap_or(TEXT)
}

/// One thing drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Drawn {
    /// A writable text that begins at a point of its base line.
    Text {
        /// Where.
        at: (f32, f32),
        /// Size in points.
        size: f32,
        /// How heavy.
        weight: Weight,
        /// Its colour.
        colour: Colour,
        /// The text.
        words: String,
        /// Whether it runs upwards.
        turned: bool,
    },
    /// A filled rectangle.
    Box {
        /// The upper left corner.
        at: (f32, f32),
        /// Width and height.
        size: (f32, f32),
        /// Its colour.
        colour: Colour,
        /// From 0 to 1.
        opacity: f32,
    },
    /// A line through points.
    Path {
        /// The points.
        points: Vec<(f32, f32)>,
        /// Its colour.
        colour: Colour,
        /// Its width.
        width: f32,
        /// Whether it is dashed.
        dashed: bool,
    },
    /// A filled circle.
    Dot {
        /// The centre.
        at: (f32, f32),
        /// The radius.
        radius: f32,
        /// Its colour.
        colour: Colour,
    },
}

/// A page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Page {
    /// What is drawn, the hindmost first.
    pub(super) drawn: Vec<Drawn>,
}

/// Where something begins, for the outline.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bookmark {
    /// The title.
    pub(super) title: String,
    /// Index of the page.
    pub(super) page: usize,
    /// How far down.
    pub(super) y: f32,
    /// Whether it lies within the one before that does not.
    pub(super) within: bool,
}

/// Laid-out pages.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pages {
    /// The pages; never none.
    pub(super) pages: Vec<Page>,
    /// Parts and sections in order.
    pub(super) bookmarks: Vec<Bookmark>,
}

/// A pen that goes down the pages.
pub(super) struct Pen {
    /// What is done so far.
    pub(super) done: Pages,
    /// How far down the last page.
    pub(super) y: f32,
}

impl Pen {
    pub(super) fn new() -> Self {
        Self { done: Pages { pages: vec![Page::default()], bookmarks: Vec::new() }, y: TOP }
    }

    /// Begins a page.
    pub(super) fn turn(&mut self) {
        self.done.pages.push(Page::default());
        self.y = TOP;
    }

    /// Whether so much fits on this page.
    pub(super) fn fits(&self, height: f32) -> bool {
        self.y + height <= BOTTOM
    }

    /// Begins a page unless so much fits on this one; a page that is empty is kept.
    pub(super) fn need(&mut self, height: f32) {
        if !self.fits(height) && self.y > TOP {
            self.turn();
        }
    }

    pub(super) fn draw(&mut self, drawn: Drawn) {
        if let Some(page) = self.done.pages.last_mut() {
            page.drawn.push(drawn);
        }
    }

    /// A horizontal line at a height.
    pub(super) fn rule(&mut self, (left, right): (f32, f32), y: f32, colour: Colour, width: f32) {
        self.draw(Drawn::Path { points: vec![(left, y), (right, y)], colour, width, dashed: false });
    }

    /// Marks this place for the outline.
    pub(super) fn bookmark(&mut self, title: String, within: bool) {
        let page = self.done.pages.len().saturating_sub(1);
        self.done.bookmarks.push(Bookmark { title, page, y: self.y, within });
    }
}
