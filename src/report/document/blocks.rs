//! The pieces a report is made of.

use super::chart::Chart;
use super::words::{NONE, count, interval, number};
use crate::validate::MetricValue;

/// How a piece of text is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::report) enum Tone {
    /// As everything else.
    #[default]
    Plain,
    /// In the background.
    Dim,
    /// Stands out.
    Strong,
    /// In order.
    Good,
    /// Weakens something.
    Warning,
    /// Not in order.
    Bad,
    /// Letter by letter, such as a hash.
    Code,
}

/// A piece of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::report) struct Span {
    /// The words.
    pub(in crate::report) text: String,
    /// How they are set.
    pub(in crate::report) tone: Tone,
    /// What is told to whoever points at them.
    pub(in crate::report) hover: Option<String>,
    /// Whether they stand small on a line of their own.
    pub(in crate::report) below: bool,
    /// The part or section they lead to, by its id.
    pub(in crate::report) goal: Option<String>,
    /// Whether its length is bounded already, so that it is not clipped.
    pub(in crate::report) is_long: bool,
}

impl Span {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(super) fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone, ..Self::default() }
    }

    pub(super) fn below(text: impl Into<String>) -> Self {
        Self { text: text.into(), below: true, tone: Tone::Dim, ..Self::default() }
    }

    /// A warning on a line of its own.
    pub(super) fn warning(text: impl Into<String>) -> Self {
        Self { tone: Tone::Warning, ..Self::below(text) }
    }

    pub(super) fn link(goal: String, text: impl Into<String>) -> Self {
        Self { goal: Some(goal), ..Self::plain(text) }
    }

    /// Names with commas between them, each clipped already, as a text that may be long.
    pub(super) fn listed(names: Vec<String>) -> Self {
        Self { is_long: true, ..Self::plain(names.join(", ")) }
    }

    /// The dash that stands for no number, with its reason.
    pub(super) fn missing(reason: &str) -> Self {
        Self { hover: Some(reason.to_owned()), ..Self::toned(Tone::Dim, NONE) }
    }
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) enum CellKind {
    /// What the row is about.
    Name,
    /// Words.
    Text,
    /// A number.
    Number,
    /// A number with a ground, from 0 (none) to 3 (the darkest).
    Heat(u8),
    /// A number with a bar, its length from 0 to 1.
    Bar(f64),
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Cell {
    /// Its text.
    pub(in crate::report) spans: Vec<Span>,
    /// What it is.
    pub(in crate::report) kind: CellKind,
}

impl Cell {
    pub(super) fn name(text: impl Into<String>) -> Self {
        Self { spans: vec![Span::plain(text)], kind: CellKind::Name }
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::rich(vec![Span::plain(text)])
    }

    pub(super) fn rich(spans: Vec<Span>) -> Self {
        Self { spans, kind: CellKind::Text }
    }

    /// A written number.
    pub(super) fn figure(text: impl Into<String>) -> Self {
        Self::figures(vec![Span::plain(text)])
    }

    pub(super) fn figures(spans: Vec<Span>) -> Self {
        Self { spans, kind: CellKind::Number }
    }

    /// No number, and why.
    pub(super) fn missing(reason: &str) -> Self {
        Self::figures(vec![Span::missing(reason)])
    }

    /// A number with a bar of a length from 0 to 1.
    pub(super) fn bar(self, length: f64) -> Self {
        let length = if length.is_finite() { length.clamp(0.0, 1.0) } else { 0.0 };
        Self { kind: CellKind::Bar(length), ..self }
    }

    /// A number, or why there is none.
    pub(super) fn number(value: Option<f64>, reason: &str) -> Self {
        match value.filter(|v| v.is_finite()) {
            Some(value) => Self::figure(number(value)),
            None => Self::missing(reason),
        }
    }

    pub(super) fn count(n: u64) -> Self {
        Self::figure(count(n))
    }

    /// A count of rows, and whether they are too few for an interval to be trusted.
    pub(super) fn rows(n: u64, few: bool) -> Self {
        let mut spans = vec![Span::plain(count(n))];
        spans.extend(few.then(|| Span::warning("few")));
        Self::figures(spans)
    }

    /// An interval, or why there is none.
    pub(super) fn interval(low: Option<f64>, high: Option<f64>, reason: &str) -> Self {
        match low.zip(high).filter(|(low, high)| low.is_finite() && high.is_finite()) {
            Some((low, high)) => Self::figure(interval(low, high)),
            None => Self::missing(reason),
        }
    }

    /// A number with the interval that ends in `low` and `high` below it.
    pub(super) fn with_interval(value: f64, low: Option<f64>, high: Option<f64>) -> Self {
        let mut spans = vec![Span::plain(number(value))];
        let ends = low.zip(high).filter(|(low, high)| low.is_finite() && high.is_finite());
        spans.extend(ends.map(|(low, high)| Span::below(interval(low, high))));
        Self::figures(spans)
    }

    /// A value with its interval below it, and what weakens it on hover and behind a mark.
    pub(super) fn measured(found: Option<&MetricValue>) -> Self {
        let Some(found) = found else { return Self::missing("Not measured") };
        let reason = found.reason.as_deref();
        let Some(value) = found.value.filter(|v| v.is_finite()) else {
            return Self::missing(reason.unwrap_or("No value here"));
        };
        let mut cell = Self::with_interval(value, found.low, found.high);
        if let (Some(reason), Some(first)) = (reason, cell.spans.first_mut()) {
            first.text.push('*');
            first.hover = Some(reason.to_owned());
        }
        cell
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Table {
    /// The columns' titles, and whether they hold numbers.
    pub(in crate::report) head: Vec<(String, bool)>,
    /// The rows.
    pub(in crate::report) rows: Vec<Vec<Cell>>,
    /// Whether it is a matrix of cells with a ground, no wider than it must be.
    pub(in crate::report) is_matrix: bool,
}

/// A piece of a section.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) enum Block {
    /// A sentence in the background.
    Note(String),
    /// A paragraph.
    Line(Vec<Span>),
    /// A title within a section.
    Heading(String),
    /// Titles and values beside each other.
    Facts(Vec<(String, Vec<Span>)>),
    /// A table.
    Table(Table),
    /// Sentences one below the other.
    List(Vec<String>),
    /// Charts beside each other.
    Charts(Vec<Chart>),
}

/// Blocks with a title.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Section {
    /// Unique in the document: lower-case letters, digits and hyphens.
    pub(in crate::report) id: String,
    /// The title.
    pub(in crate::report) title: &'static str,
    /// What it holds; never empty.
    pub(in crate::report) blocks: Vec<Block>,
    /// Whether it is the answer that a reader looks for first.
    pub(in crate::report) is_answer: bool,
}

/// Sections that belong together.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Part {
    /// Unique in the document.
    pub(in crate::report) id: String,
    /// The title; empty for the whole.
    pub(in crate::report) title: String,
    /// The sections.
    pub(in crate::report) sections: Vec<Section>,
}

impl Part {
    pub(super) fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), sections: Vec::new() }
    }

    /// Adds a section; nothing without content.
    pub(super) fn add(&mut self, title: &'static str, blocks: Vec<Block>) {
        if !blocks.is_empty() {
            let slug = title.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
            let id = format!("{}-{slug}", self.id);
            self.sections.push(Section { id, title, blocks, is_answer: false });
        }
    }
}

/// A table of at most `most` rows, and a sentence on those left out; `kept` says which of too many stay, such as
/// `segments with most rows`.
pub(super) fn table<R>(head: &[(&str, bool)], rows: R, most: usize, kept: &str) -> Vec<Block>
where
    R: ExactSizeIterator<Item = Vec<Cell>>,
{
    let total = rows.len();
    let head = head.iter().map(|(title, is_number)| ((*title).to_owned(), *is_number)).collect();
    let mut blocks = vec![Block::Table(Table { head, rows: rows.take(most).collect(), is_matrix: false })];
    blocks.extend(left_out(total, most, kept).map(Block::Note));
    blocks
}

/// A sentence on what a limit left out; `None` when nothing was.
pub(super) fn left_out(total: usize, most: usize, kept: &str) -> Option<String> {
    (total > most).then(|| {
        let (shown, left) = (count(most as u64), count((total - most) as u64));
        format!("The {shown} {kept} are shown; {left} more are left out.")
    })
}

/// The items to show: all in their order, or of too many the ones with the largest key.
pub(super) fn leading<T, K: Ord>(items: &[T], most: usize, key: impl Fn(&T) -> K) -> Vec<&T> {
    let mut items: Vec<&T> = items.iter().collect();
    if items.len() > most {
        items.sort_by_key(|item| std::cmp::Reverse(key(item)));
    }
    items
}

/// Titles and values beside each other.
pub(super) fn facts(facts: Vec<(&str, Span)>) -> Block {
    Block::Facts(facts.into_iter().map(|(title, value)| (title.to_owned(), vec![value])).collect())
}

/// One sentence in place of a table.
pub(super) fn sentence(text: impl Into<String>) -> Vec<Block> {
    vec![Block::Note(text.into())]
}
