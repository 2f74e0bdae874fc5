//! A walk over the rows of a text file that can stop and go on.

use std::path::Path;

use crate::data::builder::Builder;
use crate::data::dialect::Dialect;
use crate::data::fingerprint::{Fingerprint, Stamp};
use crate::data::read::ReadOptions;
use crate::data::records::{Cut, Records, Step};
use crate::data::text::counted;
use crate::data::{DataError, Watch};

use super::source::Source;

const MAX_ROW_BYTES: usize = 64 << 20;

/// One reading of a file: what it is about, and how far all of the work is.
pub(crate) struct Job<'a> {
    pub(crate) path: &'a Path,
    pub(crate) stamp: &'a Stamp,
    pub(crate) watch: &'a dyn Watch,
    /// Progress at the begin of the pass, and the share of all work that the pass is.
    pub(crate) from: f64,
    pub(crate) span: f64,
    /// Whether a column of several kinds makes a second pass due.
    pub(crate) repeats: bool,
    /// Whether the fingerprint is wanted: then all bytes are read, whatever rows are asked for.
    pub(crate) hashed: bool,
}

/// What a pass over a file found.
pub(crate) struct Pass {
    pub(crate) rows: usize,
    pub(super) odd_rows: usize,
    /// Line and cells of the first row that was left out.
    odd: Option<(u64, usize)>,
    undecodable: bool,
    pub(crate) fingerprint: Fingerprint,
}

impl Job<'_> {
    /// Goes through the file once and gives each row's cells to the builders that are there, up to a number of rows.
    /// Leaves room for a second pass in the progress when one turns out to be due.
    pub(crate) fn pass(
        &mut self,
        dialect: &Dialect,
        builders: &mut [Option<Builder>],
        max_rows: usize,
    ) -> Result<Pass, DataError> {
        let mut scan = Scan::open(self.path, dialect, self.hashed)?;
        while scan.piece(builders, max_rows, self)? {
            if self.repeats && builders.iter().flatten().any(Builder::is_mixed) {
                self.repeats = false;
                // What is left of this pass and the second one share what is left of the bar.
                let done = self.share(&scan.source);
                let (left, all) = (1.0 - done, 2.0 - done);
                self.span = left / all;
                self.from = done - done * self.span;
            }
        }
        scan.finish(self)
    }

    fn share(&self, source: &Source) -> f64 {
        (source.read as f64 / self.stamp.size.max(1) as f64).min(1.0)
    }

    pub(super) fn report(&self, source: &Source) {
        self.watch.progress((self.from + self.span * self.share(source)).min(1.0) as f32);
    }
}

impl Pass {
    /// What a person should know about the file as a whole.
    ///
    /// # Errors
    /// When it has no row, or more rows that do not fit than rows.
    pub(crate) fn notes(
        &self,
        dialect: &Dialect,
        options: &ReadOptions,
        path: &Path,
    ) -> Result<Vec<String>, DataError> {
        let mut notes = dialect.notes(options);
        if let Some((line, found)) = self.odd {
            if self.odd_rows > self.rows {
                let (rows, expected) = (self.odd_rows, dialect.names.len());
                return Err(DataError::RaggedRows { path: path.to_owned(), rows, expected, line, found });
            }
            notes.push(format!(
                "{} left out because the number of cells is not the header's {}; the first is in line {line} and has {found}.",
                counted(self.odd_rows, "row was", "rows were"),
                dialect.names.len()
            ));
        } else if self.rows == 0 {
            return Err(DataError::NoRows { path: path.to_owned() });
        }
        if self.undecodable {
            notes.push(format!(
                "Some letters could not be read as {} and were replaced by “�”.",
                dialect.encoding.name()
            ));
        }
        Ok(notes)
    }
}

/// A walk over the rows of a file. Between two calls it holds a piece of the file and where it stands in it.
pub(crate) struct Scan {
    source: Source,
    records: Records,
    width: usize,
    header: bool,
    /// Rows that were given to the builders.
    pub(crate) rows: usize,
    odd_rows: usize,
    odd: Option<(u64, usize)>,
    /// Blank lines that are rows if another row follows: an empty cell where there is one column.
    blanks: usize,
    /// Blank rows that are to be given before the row that waits.
    due: usize,
    /// Whether the row found last still is to be given.
    waits: bool,
    starved: bool,
    more: bool,
}

impl Scan {
    /// Stands before the first row. `hashed`: whether the fingerprint is wanted at the end.
    pub(crate) fn open(path: &Path, dialect: &Dialect, hashed: bool) -> Result<Self, DataError> {
        let width = dialect.names.len();
        Ok(Self {
            source: Source::open(path, dialect, hashed)?,
            records: Records::new(Cut::new(dialect.delimiter, &dialect.sample), width),
            width,
            header: dialect.header,
            rows: 0,
            odd_rows: 0,
            odd: None,
            blanks: 0,
            due: 0,
            waits: false,
            starved: true,
            more: true,
        })
    }

    /// Gives rows to the builders until so many were given in all, or the piece that was read ends.
    /// False when nothing more will come within that limit.
    pub(crate) fn piece(
        &mut self,
        builders: &mut [Option<Builder>],
        limit: usize,
        job: &Job<'_>,
    ) -> Result<bool, DataError> {
        if self.rows >= limit {
            return Ok(false);
        }
        if std::mem::take(&mut self.starved) {
            if job.watch.cancelled() {
                return Err(DataError::Cancelled);
            }
            self.more = self.source.fill(self.records.room(), job.path)?;
            job.report(&self.source);
        }
        while self.rows < limit {
            if self.due > 0 {
                self.due -= 1;
                self.rows += 1;
                builders.iter_mut().flatten().for_each(|builder| builder.push(""));
                continue;
            }
            if std::mem::take(&mut self.waits) {
                for (at, builder) in builders.iter_mut().enumerate() {
                    if let Some(builder) = builder {
                        builder.push(&self.records.cell(at));
                    }
                }
                self.rows += 1;
                continue;
            }
            match self.records.step(!self.more) {
                Step::Row { .. } if std::mem::take(&mut self.header) => {}
                Step::Row { cells, .. } if cells == self.width => {
                    self.due = std::mem::take(&mut self.blanks);
                    self.waits = true;
                }
                Step::Row { line, cells } => {
                    self.odd_rows += 1;
                    self.odd.get_or_insert((line, cells));
                }
                Step::Blank => self.blanks += usize::from(self.width == 1 && !self.header),
                Step::OpenQuote(line) => return Err(DataError::OpenQuote { path: job.path.to_owned(), line }),
                Step::NeedMore if self.records.pending() > MAX_ROW_BYTES => {
                    let (path, line) = (job.path.to_owned(), self.records.line());
                    return Err(DataError::RowTooLong { path, line, megabytes: MAX_ROW_BYTES >> 20 });
                }
                Step::NeedMore => {
                    self.starved = true;
                    return Ok(true);
                }
                Step::End => return Ok(false),
            }
        }
        Ok(false)
    }

    /// Reads what is left of the file, for its fingerprint.
    pub(super) fn finish(&mut self, job: &Job<'_>) -> Result<Pass, DataError> {
        let undecodable = self.source.undecodable;
        let fingerprint = if job.hashed { self.source.finish(job)? } else { job.stamp.unhashed() };
        Ok(Pass { rows: self.rows, odd_rows: self.odd_rows, odd: self.odd, undecodable, fingerprint })
    }
}
