//! Reading a table chunk by chunk, so that a file larger than memory can be scored.
//!
//! A first look at the whole file settles what it holds; then chunks are read as they are asked for. Both hold a
//! bounded part of the file, with one exception: the distinct texts of a wanted column of text are all kept, so that
//! codes mean the same in every chunk. A column of ids is better not wanted.

mod ahead;
mod footer;
mod groups;
mod hashing;
pub(crate) mod scan;
mod source;
mod text;

use std::path::{Path, PathBuf};

use super::fingerprint::Stamp;
use super::format::{Format, look};
use super::part::Part;
use super::read::ReadOptions;
use super::text::counted;
use super::{DataError, Fingerprint, Kind, Table, Watch, read_table};

pub use ahead::Ahead;
use hashing::Hashing;

/// Text files up to this size are read once and cut up: their tables are small enough to be held.
const SMALL_BYTES: u64 = 24 << 20;

/// A file opened for reading chunk by chunk; its kinds and rows are settled before the first chunk.
pub struct Stream {
    path: PathBuf,
    stamp: Stamp,
    format: Format,
    /// `None` once it went with the thread that reads ahead.
    hashing: Option<Hashing>,
    notes: Vec<String>,
    all: Vec<(String, Kind)>,
    wanted: Vec<(String, Kind)>,
    rows: usize,
    given: usize,
    source: Chunks,
}

/// Where the chunks come from.
enum Chunks {
    Held { table: Table, chunk_rows: usize },
    Text(Box<text::TextChunks>),
    Trusted(Box<text::TextChunks>),
    Parquet(Box<groups::GroupChunks>),
}

/// What the first look at a file settles.
struct Settled {
    hashing: Hashing,
    notes: Vec<String>,
    /// Every readable column.
    all: Vec<(String, Kind)>,
    rows: usize,
}

impl Stream {
    /// Looks at the whole file once. `columns` are those wanted, in any order (`None`: all); `chunk_rows` is the most
    /// rows of a chunk, at least one. Progress goes from 0 to 0.5; the other half is told by [`Stream::next`].
    ///
    /// The notes and the errors are those of [`read_table`]; notes on single columns of a Parquet file are given for
    /// the wanted ones only. Formats other than text and Parquet are read at once and cut up.
    ///
    /// # Errors
    /// Those of [`read_table`], and when a wanted column is not in the file.
    pub fn open(
        path: &Path,
        options: &ReadOptions,
        columns: Option<&[String]>,
        chunk_rows: usize,
        watch: &dyn Watch,
    ) -> Result<Self, DataError> {
        Self::open_above(path, options, columns, chunk_rows, SMALL_BYTES, watch)
    }

    /// [`Stream::open`] with another limit for text files that are read at once.
    fn open_above(
        path: &Path,
        options: &ReadOptions,
        columns: Option<&[String]>,
        chunk_rows: usize,
        small_bytes: u64,
        watch: &dyn Watch,
    ) -> Result<Self, DataError> {
        let stamp = Stamp::of(path)?;
        if stamp.size == 0 {
            return Err(DataError::Empty { path: path.to_owned() });
        }
        let found = look(path)?;
        let format = found.format;
        let chunk_rows = chunk_rows.max(1);
        let half = Part { watch, from: 0.0, span: 0.5 };
        let opened = if format == Format::Parquet {
            groups::open(path, options, columns, chunk_rows, &stamp, &half)
                .map(|(settled, chunks)| (settled, Chunks::Parquet(Box::new(chunks))))
        } else if format == Format::Text && found.compression.is_none() && stamp.size > small_bytes {
            text::open(path, options, columns, chunk_rows, &stamp, &half)
                .map(|(settled, chunks)| (settled, Chunks::Text(Box::new(chunks))))
        } else {
            held(path, options, columns, chunk_rows, &half)
        };
        // A file that is written to while it is read gives errors that mislead, so this is asked first.
        if !matches!(opened, Err(DataError::Cancelled)) {
            stamp.still(path)?;
        }
        let (mut settled, source) = opened?;
        if !matches!(source, Chunks::Held { .. }) {
            check_names(options.categorical.iter().chain(&options.numeric), &settled.all)?;
            closing_notes(settled.rows, options, &mut settled.notes);
        }
        let Settled { hashing, notes, all, rows } = settled;
        let wanted = all.iter().filter(|(name, _)| is_wanted(columns, name)).cloned().collect();
        watch.progress(0.5);
        let (path, hashing) = (path.to_owned(), Some(hashing));
        Ok(Self { path, stamp, format, hashing, notes, all, wanted, rows, given: 0, source })
    }

    /// Opens a text file as [`Stream::open`] does, but takes the kinds of its columns from its beginning, so that it is read
    /// once only. `None` where that cannot be: for other formats, small files, and where the beginning leaves a kind open.
    ///
    /// What comes later is held against the kinds: where it does not fit, [`Stream::next`] fails, mostly with
    /// [`DataError::Changed`], and the file is to be opened again with [`Stream::open`], which gives the rows or the true
    /// error. Its rows are counted by line ends, so that the chunks may have others; it has no notes.
    ///
    /// # Errors
    /// Those of [`Stream::open`], as far as the beginning shows them.
    pub fn open_trusting(
        path: &Path,
        options: &ReadOptions,
        columns: &[String],
        chunk_rows: usize,
    ) -> Result<Option<Self>, DataError> {
        let stamp = Stamp::of(path)?;
        if stamp.size <= SMALL_BYTES {
            return Ok(None);
        }
        Self::trusting(path, options, columns, chunk_rows, stamp)
    }

    fn trusting(
        path: &Path,
        options: &ReadOptions,
        columns: &[String],
        chunk_rows: usize,
        stamp: Stamp,
    ) -> Result<Option<Self>, DataError> {
        let found = look(path)?;
        if found.format != Format::Text || found.compression.is_some() {
            return Ok(None);
        }
        let Some((settled, chunks)) = text::open_trusting(path, options, columns, chunk_rows.max(1))? else {
            return Ok(None);
        };
        stamp.still(path)?;
        let Settled { hashing, notes, all, rows } = settled;
        check_names(options.categorical.iter().chain(&options.numeric), &all)?;
        let wanted = all.iter().filter(|(name, _)| columns.contains(name)).cloned().collect();
        let (path, hashing, source) = (path.to_owned(), Some(hashing), Chunks::Trusted(Box::new(chunks)));
        Ok(Some(Self { path, stamp, format: found.format, hashing, notes, all, wanted, rows, given: 0, source }))
    }

    /// The wanted columns, in the order of the file, and what each holds.
    pub fn schema(&self) -> &[(String, Kind)] {
        &self.wanted
    }

    /// Every readable column of the file, and what each holds.
    pub fn all_columns(&self) -> &[(String, Kind)] {
        &self.all
    }

    /// Rows of all chunks together.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What the file was when it was opened. A Parquet file is hashed while its rows are read, and waited for here; of a
    /// file that is read on trust it is known after the last chunk only.
    ///
    /// # Errors
    /// When the file changed or went while it was hashed, and when `watch` cancels.
    pub fn fingerprint(&mut self, watch: &dyn Watch) -> Result<Fingerprint, DataError> {
        self.hashing.as_mut().map_or(Err(DataError::Cancelled), |hashing| hashing.wait(watch))
    }

    /// Its format by content.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What was found, assumed or left out, as sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next rows, in the order of the file; `None` after the last. A text has the same code in every chunk: a
    /// chunk's dictionary begins with that of the chunk before. What is read is compared with size and time of the
    /// first look, not hashed again.
    ///
    /// # Errors
    /// When the file changed or is gone since it was opened, and when `watch` cancels.
    pub fn next(&mut self, watch: &dyn Watch) -> Result<Option<Table>, DataError> {
        let over = match &self.source {
            Chunks::Trusted(chunks) => chunks.is_over(),
            _ => self.given >= self.rows,
        };
        if over || self.wanted.is_empty() {
            return Ok(None);
        }
        if watch.cancelled() {
            return Err(DataError::Cancelled);
        }
        let silent = Part::quiet(watch);
        let chunk = match &mut self.source {
            Chunks::Held { table, chunk_rows } => {
                let end = (self.given + *chunk_rows).min(self.rows);
                table.range(self.given..end)
            }
            Chunks::Text(chunks) | Chunks::Trusted(chunks) => chunks.next(&self.path, &self.stamp, &silent),
            Chunks::Parquet(chunks) => chunks.next(&self.path, &silent),
        };
        if !matches!(chunk, Err(DataError::Cancelled)) {
            self.stamp.still(&self.path)?;
        }
        let chunk = chunk?;
        if chunk.rows() == 0 {
            if matches!(self.source, Chunks::Trusted(_)) {
                return Ok(None);
            }
            return Err(DataError::Changed { path: self.path.clone() });
        }
        self.given += chunk.rows();
        watch.progress((0.5 + 0.5 * (self.given as f64 / self.rows as f64).min(1.0)) as f32);
        Ok(Some(chunk))
    }

    /// Goes on reading on a thread of its own, `depth` chunks ahead (at least one).
    pub fn ahead(self, depth: usize) -> Ahead {
        Ahead::new(self, depth)
    }
}

fn is_wanted(columns: Option<&[String]>, name: &str) -> bool {
    columns.is_none_or(|columns| columns.iter().any(|column| column == name))
}

fn held(
    path: &Path,
    options: &ReadOptions,
    columns: Option<&[String]>,
    chunk_rows: usize,
    watch: &dyn Watch,
) -> Result<(Settled, Chunks), DataError> {
    let data = read_table(path, options, watch)?;
    let all: Vec<(String, Kind)> = data.table.columns().iter().map(|c| (c.name.clone(), c.kind())).collect();
    check_names(columns.into_iter().flatten(), &all)?;
    let rows = data.table.rows();
    let kept = data.table.columns().iter().filter(|c| is_wanted(columns, &c.name)).cloned().collect();
    let settled = Settled { hashing: Hashing::known(data.fingerprint, path), notes: data.notes, all, rows };
    Ok((settled, Chunks::Held { table: Table::new(kept)?, chunk_rows }))
}

/// Refuses a name that is no column's.
fn check_names<'a>(names: impl IntoIterator<Item = &'a String>, all: &[(String, Kind)]) -> Result<(), DataError> {
    const SHOWN: usize = 20;
    for name in names {
        if !all.iter().any(|(known, _)| known == name) {
            let known: Vec<&str> = all.iter().take(SHOWN).map(|(known, _)| known.as_str()).collect();
            let more = if all.len() > SHOWN { ", …" } else { "" };
            return Err(DataError::ColumnNotFound { column: name.clone(), known: known.join(", ") + more });
        }
    }
    Ok(())
}

/// The notes that [`read_table`] gives for every format.
fn closing_notes(rows: usize, options: &ReadOptions, notes: &mut Vec<String>) {
    if rows == 1 {
        notes.push("The file has one row only, from which no metric or distribution can be told.".to_owned());
    }
    if options.max_rows == Some(rows) {
        notes.push(format!("Only the first {} read, as asked for.", counted(rows, "row was", "rows were")));
    }
}

#[cfg(test)]
mod tests;
