//! Rows and cells of delimited text (RFC 4180 with a lenient eye), found as the text arrives.

use std::borrow::Cow;
use std::ops::Range;

/// How the text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Between two cells.
    pub(crate) delimiter: u8,
    /// At the end of a row: a line feed, or a carriage return in files that have no line feed.
    pub(crate) line_end: u8,
}

impl Cut {
    /// The cut for a text by its delimiter; the line end is what the text shows.
    pub(crate) fn new(delimiter: u8, text: &str) -> Self {
        Self { delimiter, line_end: if !text.contains('\n') && text.contains('\r') { b'\r' } else { b'\n' } }
    }
}

/// What a look for the next row gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A row; its cells are in the buffer until the next step.
    Row {
        /// Line of its begin, from 1.
        line: u64,
        /// Its cells, more than are stored when they exceed the limit.
        cells: usize,
    },
    /// A line without any character.
    Blank,
    /// The text ends within a row; more must come first.
    NeedMore,
    /// The text ends within a quoted cell that began in this line.
    OpenQuote(u64),
    /// Nothing is left.
    End,
}

/// Text that arrives in pieces, taken row by row.
pub(crate) struct Records {
    cut: Cut,
    /// Cells of one row that are stored; the rest is only counted.
    limit: usize,
    text: String,
    start: usize,
    line: u64,
    cells: Vec<Range<usize>>,
    /// Whether the row found last has no quotation mark.
    plain: bool,
}

impl Records {
    pub(crate) fn new(cut: Cut, limit: usize) -> Self {
        Self { cut, limit, text: String::new(), start: 0, line: 1, cells: Vec::new(), plain: false }
    }

    /// The place where more text is to be appended; what was consumed is dropped first.
    pub(crate) fn room(&mut self) -> &mut String {
        self.text.drain(..self.start);
        self.start = 0;
        self.cells.clear();
        &mut self.text
    }

    /// Bytes that wait for the rest of their row.
    pub(crate) fn pending(&self) -> usize {
        self.text.len() - self.start
    }

    /// Line of the row that comes next, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Finds the next row. `last` says that no more text comes.
    pub(crate) fn step(&mut self, last: bool) -> Step {
        let found = self.plain_row();
        self.plain = found.is_some();
        found.unwrap_or_else(|| self.any_row(last))
    }

    /// The next row if it has no quotation mark and its end is there, found eight bytes at a time;
    /// else `None`, and nothing is consumed.
    fn plain_row(&mut self) -> Option<Step> {
        self.cells.clear();
        let Cut { delimiter, line_end } = self.cut;
        let (cut_at, end_at, quote_at) = (repeated(delimiter), repeated(line_end), repeated(b'"'));
        let bytes = self.text.as_bytes().get(self.start..)?;
        let (words, tail) = bytes.as_chunks::<8>();
        let (mut cell, mut cells) = (self.start, 0_usize);
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(tail) {
            *to = *from;
        }
        let filled = (0..tail.len()).fold(0_u64, |mask, byte| mask | 0xff << (byte * 8));
        let words = words.iter().map(|word| (*word, u64::MAX)).chain(std::iter::once((last, filled)));
        for (place, (word, within)) in (self.start..).step_by(8).zip(words) {
            let word = u64::from_le_bytes(word);
            let ends = equal_bytes(word, end_at) & within;
            let quotes = equal_bytes(word, quote_at) & within;
            let mut hits = (equal_bytes(word, cut_at) & within) | ends | quotes;
            while hits != 0 {
                let hit = hits & hits.wrapping_neg();
                hits ^= hit;
                if quotes & hit != 0 {
                    return None;
                }
                let at = place + (hit.trailing_zeros() / 8) as usize;
                cells += 1;
                if ends & hit == 0 {
                    if cells <= self.limit {
                        self.cells.push(cell..at);
                    }
                    cell = at + 1;
                    continue;
                }
                let returned = line_end == b'\n' && at > cell && self.text.as_bytes().get(at - 1) == Some(&b'\r');
                if cells <= self.limit {
                    self.cells.push(cell..at - usize::from(returned));
                }
                return Some(self.row_ends(cells, 1, at + 1));
            }
        }
        None
    }

    /// Consumes a row that was found.
    fn row_ends(&mut self, cells: usize, lines: u64, next: usize) -> Step {
        let line = self.line;
        self.line += lines;
        self.start = next;
        if cells == 1 && self.cells.first().is_some_and(Range::is_empty) {
            return Step::Blank;
        }
        Step::Row { line, cells }
    }

    /// The next row with quotation marks in it or at the end of the text.
    fn any_row(&mut self, last: bool) -> Step {
        self.cells.clear();
        let bytes = self.text.as_bytes();
        let Cut { delimiter, line_end } = self.cut;
        let begin = self.start;
        if begin >= bytes.len() {
            return if last { Step::End } else { Step::NeedMore };
        }
        let (mut at, mut cells, mut lines) = (begin, 0_usize, 0_u64);
        let next = loop {
            let cell = at;
            let mut quoted = false;
            if bytes.get(at) == Some(&b'"') {
                quoted = true;
                at += 1;
            }
            let stop = loop {
                let rest = bytes.get(at..).unwrap_or_default();
                let found = if quoted {
                    rest.iter().position(|b| *b == b'"' || *b == line_end)
                } else if bytes.get(cell) == Some(&b'"') {
                    rest.iter().position(|b| *b == delimiter || *b == line_end || *b == b'"')
                } else {
                    rest.iter().position(|b| *b == delimiter || *b == line_end)
                };
                let Some(offset) = found else {
                    at = bytes.len();
                    break None;
                };
                at += offset;
                match bytes.get(at) {
                    Some(b'"') if delimiter != b'"' => quoted = !quoted,
                    Some(b) if quoted && *b == line_end => lines += 1,
                    other => break other.copied(),
                }
                at += 1;
            };
            if stop.is_none() && (!last || quoted) {
                return if last { Step::OpenQuote(self.line) } else { Step::NeedMore };
            }
            let mut end = at;
            if stop != Some(delimiter) && line_end == b'\n' && end > cell && bytes.get(end - 1) == Some(&b'\r') {
                end -= 1;
            }
            cells += 1;
            if cells <= self.limit {
                self.cells.push(cell..end);
            }
            match stop {
                Some(b) if b == delimiter => at += 1,
                Some(_) => {
                    lines += 1;
                    break at + 1;
                }
                None => break at,
            }
        };
        self.row_ends(cells, lines, next)
    }

    /// A cell of the row found last, without its quotes; empty when there is none.
    pub(crate) fn cell(&self, index: usize) -> Cow<'_, str> {
        let raw = self.cells.get(index).and_then(|range| self.text.get(range.clone())).unwrap_or_default();
        if self.plain {
            return Cow::Borrowed(raw);
        }
        let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return Cow::Borrowed(raw);
        };
        if inner.contains('"') { Cow::Owned(inner.replace("\"\"", "\"")) } else { Cow::Borrowed(inner) }
    }

    /// All cells of the row found last, up to the limit.
    pub(crate) fn row(&self) -> Vec<String> {
        (0..self.cells.len()).map(|index| self.cell(index).into_owned()).collect()
    }
}

/// A word with the byte in each place.
fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte of a word that equals the byte in a repeated word, and no other bit.
fn equal_bytes(word: u64, repeated: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let different = word ^ repeated;
    !(((different & LOW) + LOW) | different | LOW)
}

/// The first rows of a text that is there at once; a row that the text cuts off is left out unless `whole`.
pub(crate) fn first_rows(
    text: &str,
    delimiter: u8,
    limit: usize,
    rows: usize,
    whole: bool,
) -> Vec<(usize, Vec<String>)> {
    let mut records = Records::new(Cut::new(delimiter, text), limit);
    records.room().push_str(text);
    let mut found = Vec::new();
    while found.len() < rows {
        match records.step(whole) {
            Step::Row { cells, .. } => found.push((cells, records.row())),
            Step::Blank => {}
            Step::NeedMore | Step::OpenQuote(_) | Step::End => break,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        first_rows(text, b',', 10, 100, true).into_iter().map(|(_, row)| row).collect()
    }

    #[test]
    fn quotes_hold_delimiters_line_breaks_and_quotes() {
        let found = rows("a,b\r\n\"x,\r\ny\",\"say \"\"hi\"\"\"\r\n,\"\"\r\n");
        assert_eq!(found, [vec!["a", "b"], vec!["x,\r\ny", "say \"hi\""], vec!["", ""]]);
        assert_eq!(
            rows("5\" pipe,b\"c\n1,2"),
            [vec!["5\" pipe", "b\"c"], vec!["1", "2"]],
            "quotes inside a cell are text"
        );
    }

    #[test]
    fn pieces_of_any_size_give_the_same_rows() {
        let text = "naïve,\"漢\n字\"\r\n\n1,2\r\n";
        for size in 1..text.chars().count() {
            let mut records = Records::new(Cut::new(b',', text), 10);
            let mut found = Vec::new();
            let letters: Vec<char> = text.chars().collect();
            for piece in letters.chunks(size) {
                records.room().extend(piece);
                while let Step::Row { .. } | Step::Blank = records.step(false) {
                    found.push(records.row());
                }
            }
            assert_eq!(records.step(true), Step::End);
            assert_eq!(found, [vec!["naïve", "漢\n字"], vec![""], vec!["1", "2"]], "pieces of {size}");
        }
    }

    #[test]
    fn rows_are_the_same_whether_found_by_words_or_by_bytes() {
        let pieces = ["a", ",", "\n", "\r\n", "\"", "漢", "1234567", ",,", "é"];
        let mut seed = 1_u64;
        for _ in 0..2000 {
            let mut text = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
            }
            let cut = Cut { delimiter: b',', line_end: b'\n' };
            let (mut quick, mut slow) = (Records::new(cut, 4), Records::new(cut, 4));
            quick.room().push_str(&text);
            slow.room().push_str(&text);
            loop {
                let (a, b) = (quick.step(true), slow.any_row(true));
                assert_eq!((a, quick.row(), quick.line()), (b, slow.row(), slow.line()), "{text:?}");
                if matches!(a, Step::End | Step::OpenQuote(_)) {
                    break;
                }
            }
        }
    }

    #[test]
    fn an_open_quote_and_a_count_past_the_limit_are_told() {
        let mut records = Records::new(Cut::new(b',', "\n"), 3);
        records.room().push_str("1,2,3,4,5\n\"never closed\n1\n");
        assert_eq!(records.step(true), Step::Row { line: 1, cells: 5 });
        assert_eq!(records.row().len(), 3);
        assert_eq!(records.step(true), Step::OpenQuote(2));
    }

    #[test]
    fn carriage_returns_alone_end_lines_where_no_line_feed_is() {
        assert_eq!(rows("a,b\r1,2\r"), [vec!["a", "b"], vec!["1", "2"]]);
    }
}
