//! Chunks of a Parquet file: some pages of a row group at a time, of the wanted columns only.
//!
//! What is held is about [`BATCH_BYTES`] of values and the pages they are in. A column that was written as one page, or
//! with a dictionary of many long texts, is held by its page and dictionary.

use std::fs::File;
use std::io::Cursor;
use std::ops::Range;
use std::path::Path;

use polars::prelude::{ParallelStrategy, ParquetReader, SerReader as _};

use crate::data::builder::Texts;
use crate::data::convert;
use crate::data::fingerprint::Stamp;
use crate::data::pages::{Page, pages};
use crate::data::parquet::{Layout, check_pages, guarded, layout};
use crate::data::read::ReadOptions;
use crate::data::series::{Growing, Kept};
use crate::data::table::MISSING_CODE;
use crate::data::text::counted;
use crate::data::{Column, DataError, Kind, Table, Values, Watch};

use super::footer::{Footer, Pick};
use super::hashing::Hashing;
use super::{Settled, check_names, is_wanted};

/// Bytes of decoded values that are held at once, about.
const BATCH_BYTES: usize = 24 << 20;
/// Rows of the first batch of a first look, after which little is open in most files; each further batch is larger.
const LOOKED_AT_ROWS: usize = 4_096;
/// By how much batches grow from the first on.
const GROWTH: usize = 4;

/// A column that is wanted.
struct Wanted {
    /// Its place in the schema.
    at: usize,
    name: String,
    kept: Kept,
    ordered: Option<Ordered>,
    growing: Growing,
    /// Texts of a column that is made into text.
    texts: Texts,
}

/// A kind ordered by the options.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ordered {
    Text,
    Number,
}

/// The rows of a Parquet file, from the first to the last.
pub(super) struct GroupChunks {
    walk: Walk,
    wanted: Vec<Wanted>,
    /// Rows of the columns so far that were given already.
    given: usize,
    /// Rows that were decoded.
    decoded: usize,
    chunk_rows: usize,
}

pub(super) fn open(
    path: &Path,
    options: &ReadOptions,
    columns: Option<&[String]>,
    chunk_rows: usize,
    stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(Settled, GroupChunks), DataError> {
    let mut walk = Walk::open(path)?;
    let rows = walk.layout.rows.min(options.max_rows.unwrap_or(usize::MAX));
    if rows == 0 {
        return Err(DataError::NoRows { path: path.to_owned() });
    }
    walk.rows = rows;
    let source = || File::open(path).map_err(|e| DataError::reading(path, &e));
    check_pages(&walk.layout, source()?, path)?;
    let hashing = Hashing::of_file(path, *stamp);
    let mut all = Vec::new();
    let mut left_out = Vec::new();
    let mut wanted = Vec::new();
    for (at, found) in walk.layout.columns.iter().enumerate() {
        let name = found.name.clone();
        let kept = match found.kind {
            Ok(kept) => kept,
            Err(what) => {
                left_out.push(format!("“{name}” holds {what}"));
                continue;
            }
        };
        let ordered = if options.categorical.contains(&name) {
            Some(Ordered::Text)
        } else {
            options.numeric.contains(&name).then_some(Ordered::Number)
        };
        all.push((name.clone(), kind(kept, ordered)));
        if is_wanted(columns, &name) {
            let growing = Growing::new(kept);
            wanted.push(Wanted { at, name, kept, ordered, growing, texts: Texts::default() });
        }
    }
    if all.is_empty() {
        return Err(DataError::NoUsableColumns { path: path.to_owned(), left_out: left_out.join(", ") });
    }
    check_names(columns.into_iter().flatten(), &all)?;
    let mut looking = Walk { rows, batch_rows: LOOKED_AT_ROWS, ..Walk::open(path)? };
    let (empty, converted) = look(&mut looking, path, &mut wanted, watch)?;
    let mut notes: Vec<String> =
        empty.into_iter().map(|name| format!("Column “{name}” holds no value in any row.")).collect();
    notes.extend(left_out.into_iter().map(|what| format!("Column {what}, which are not read, so it was left out.")));
    notes.extend(converted);
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    if matches!(ending.as_str(), "csv" | "tsv" | "txt" | "tab") {
        notes.push("The file is Parquet, whatever its name says.".to_owned());
    }
    let chunks = GroupChunks { walk, wanted, given: 0, decoded: 0, chunk_rows };
    Ok((Settled { hashing, notes, all, rows }, chunks))
}

fn kind(kept: Kept, ordered: Option<Ordered>) -> Kind {
    match (ordered, kept) {
        (Some(Ordered::Text), _) | (None, Kept::Text) => Kind::Text,
        (Some(Ordered::Number), _) | (None, Kept::Float | Kept::Int | Kept::Unsigned | Kept::Nothing) => Kind::Number,
        (None, Kept::Bool) => Kind::Bool,
        (None, Kept::Time) => Kind::Time,
    }
}

/// Settles what only the values tell: which columns of decimal numbers hold none, which whole numbers are too large
/// for 64 bits with a sign, and how many texts of columns ordered as numbers are none. Stops when nothing is open.
fn look(
    walk: &mut Walk,
    path: &Path,
    wanted: &mut [Wanted],
    watch: &dyn Watch,
) -> Result<(Vec<String>, Vec<String>), DataError> {
    let mut open: Vec<usize> = (0..wanted.len()).collect();
    let mut bad = vec![0_usize; wanted.len()];
    loop {
        open.retain(|at| wanted.get(*at).is_some_and(is_open));
        let mut looked: Vec<(usize, Wanted)> =
            open.iter().filter_map(|at| wanted.get(*at).map(|column| (*at, column.fresh()))).collect();
        if looked.is_empty() || walk.batch(path, looked.iter_mut().map(|(_, column)| column).collect(), watch)? == 0 {
            break;
        }
        walk.batch_rows = walk.batch_rows.saturating_mul(GROWTH);
        for (at, seen) in looked {
            let Some(column) = wanted.get_mut(at) else { continue };
            if seen.growing.is_wide() {
                column.growing.widen();
            }
            if seen.growing.has_float() {
                // A value is all that was asked for; the column begins anew with none.
                column.growing.note_value();
            }
            if column.kept == Kept::Text {
                let part = seen.growing.part(&column.name, 0..seen.growing.len())?;
                if let Some(count) = bad.get_mut(at) {
                    *count += convert::to_number(&part).1;
                }
            }
        }
    }
    let empty = wanted.iter().filter(|column| column.growing.holds_nothing()).map(|column| column.name.clone());
    let converted = wanted.iter().zip(bad).filter(|(_, bad)| *bad > 0).map(|(column, bad)| {
        let count = counted(bad, "value is no number and is", "values are no numbers and are");
        format!("Column “{}”: {count} treated as missing.", column.name)
    });
    Ok((empty.collect(), converted.collect()))
}

fn is_open(column: &Wanted) -> bool {
    match column.kept {
        Kept::Float => column.growing.holds_nothing(),
        Kept::Unsigned => !column.growing.is_wide(),
        Kept::Text => column.ordered == Some(Ordered::Number),
        _ => false,
    }
}

impl Wanted {
    fn fresh(&self) -> Self {
        let (growing, texts) = (Growing::new(self.kept), Texts::default());
        Self { at: self.at, name: self.name.clone(), kept: self.kept, ordered: self.ordered, growing, texts }
    }

    /// Some rows in the kind that was ordered.
    fn part(&mut self, rows: Range<usize>) -> Result<Column, DataError> {
        let part = self.growing.part(&self.name, rows)?;
        match self.ordered {
            None => Ok(part),
            Some(Ordered::Number) => Ok(convert::to_number(&part).0),
            Some(Ordered::Text) if self.kept == Kept::Text => Ok(part),
            Some(Ordered::Text) => {
                let made = convert::to_text(&part);
                let Values::Text { codes, dictionary } = &made.values else { return Ok(made) };
                let many = || DataError::TooManyTexts { column: self.name.clone() };
                let shared: Option<Vec<u32>> = dictionary.iter().map(|text| self.texts.code(text)).collect();
                let shared = shared.ok_or_else(many)?;
                let codes = codes.iter().map(|code| shared.get(*code as usize).copied().unwrap_or(MISSING_CODE));
                let values = Values::Text { codes: codes.collect(), dictionary: self.texts.dictionary() };
                Ok(Column::new(self.name.clone(), values))
            }
        }
    }
}

impl GroupChunks {
    /// Decodes so many rows at once at most.
    #[cfg(test)]
    pub(super) fn limit_batches(&mut self, rows: usize) {
        self.walk.batch_rows = rows;
    }

    pub(super) fn next(&mut self, path: &Path, watch: &dyn Watch) -> Result<Table, DataError> {
        while self.decoded - self.given < self.chunk_rows && self.walk.rows > self.walk.done {
            let given = std::mem::take(&mut self.given);
            self.wanted.iter_mut().for_each(|column| column.growing.forget(given));
            self.decoded -= given;
            let rows = self.walk.batch(path, self.wanted.iter_mut().collect(), watch)?;
            if rows == 0 {
                break;
            }
            self.decoded += rows;
        }
        let end = self.decoded.min(self.given + self.chunk_rows);
        let rows = self.given..end;
        let columns: Result<Vec<Column>, DataError> =
            self.wanted.iter_mut().map(|column| column.part(rows.clone())).collect();
        self.given = end;
        Table::new(columns?)
    }
}

/// Where the decoding stands.
struct Walk {
    file: File,
    footer: Footer,
    layout: Layout,
    /// Rows to decode in all, and those that were.
    rows: usize,
    done: usize,
    group: usize,
    /// Rows of the group that were decoded.
    within: usize,
    /// Rows to decode at once at most, whatever their width.
    batch_rows: usize,
}

impl Walk {
    fn open(path: &Path) -> Result<Self, DataError> {
        let reading = |e: std::io::Error| DataError::reading(path, &e);
        let mut file = File::open(path).map_err(reading)?;
        let layout = layout(&mut ParquetReader::new(File::open(path).map_err(reading)?), path)?;
        let footer = Footer::read(&mut file).ok_or_else(|| bad(path, "its footer cannot be followed"))?;
        let rows = layout.rows;
        Ok(Self { file, footer, layout, rows, done: 0, group: 0, within: 0, batch_rows: usize::MAX })
    }

    /// Decodes the next rows of the columns; how many, 0 at the end.
    fn batch(&mut self, path: &Path, mut columns: Vec<&mut Wanted>, watch: &dyn Watch) -> Result<usize, DataError> {
        while self.layout.groups.get(self.group).is_some_and(|rows| *rows == self.within) {
            self.group += 1;
            self.within = 0;
        }
        let Some(group_rows) = self.layout.groups.get(self.group).copied() else { return Ok(0) };
        let most = (BATCH_BYTES / (8 * columns.len().max(1))).clamp(1, self.batch_rows);
        let left = (group_rows - self.within).min(self.rows - self.done);
        let length = if left - most.min(left) <= most / 4 { left } else { most };
        if length == 0 {
            return Ok(0);
        }
        let rows = self.within..self.within + length;
        if rows == (0..group_rows) {
            if watch.cancelled() {
                return Err(DataError::Cancelled);
            }
            self.decode(path, &rows, &mut columns)?;
        } else {
            // Pages of different columns hold different rows, so that each column needs a file of its own.
            for column in columns.chunks_mut(1) {
                if watch.cancelled() {
                    return Err(DataError::Cancelled);
                }
                self.decode(path, &rows, column)?;
            }
        }
        self.within += length;
        self.done += length;
        Ok(length)
    }

    fn decode(&mut self, path: &Path, rows: &Range<usize>, columns: &mut [&mut Wanted]) -> Result<(), DataError> {
        let mut picks = Vec::with_capacity(columns.len());
        let (mut before, mut held) = (0, 0);
        for column in columns.iter() {
            let (pick, first) =
                self.pick(&column.name, rows).ok_or_else(|| bad(path, "a page has counts that cannot be"))?;
            (before, held) = (first, pick.values as usize);
            picks.push(pick);
        }
        let small = self
            .footer
            .small_file(&mut self.file, self.group, held, &picks)
            .ok_or_else(|| bad(path, "a page is not where it should be"))?;
        guarded(path, || {
            let frame = ParquetReader::new(Cursor::new(small.as_slice()))
                .with_projection(Some(columns.iter().map(|column| column.at).collect()))
                .with_slice(Some((rows.start - before, rows.len())))
                .read_parallel(ParallelStrategy::None)
                .finish()?;
            let mut pairs = columns.iter_mut().zip(frame.columns());
            pairs.try_for_each(|(column, decoded)| column.growing.append(decoded.as_materialized_series()))
        })?;
        let length = columns.first().map_or(0, |column| column.growing.len());
        match columns.iter().find(|column| column.growing.len() != length) {
            Some(column) => Err(bad(path, &format!("column “{}” has fewer rows than others", column.name))),
            None => Ok(()),
        }
    }

    /// The pages of a column that hold some rows of the group, and the first row in them.
    fn pick(&mut self, name: &str, rows: &Range<usize>) -> Option<(Pick, usize)> {
        let group = self.layout.metadata.row_groups.get(self.group)?;
        let leaf = *group.columns_idxs_under_root_iter(name)?.first()?;
        let chunk = group.parquet_columns().get(leaf)?;
        let values = u64::try_from(chunk.num_values()).ok()?;
        let found: Vec<Page> = pages(&mut self.file, chunk.byte_range(), values)?;
        let dictionary = found.iter().find(|page| page.is_dictionary).map(|page| page.bytes.clone());
        let (mut row, mut first, mut end) = (0_usize, None, 0_usize);
        let mut place: Option<Range<u64>> = None;
        for page in found.iter().filter(|page| !page.is_dictionary) {
            let next = row + usize::try_from(page.values).ok()?;
            if next > rows.start && row < rows.end {
                first.get_or_insert(row);
                end = next;
                place = Some(place.map_or(page.bytes.start, |place| place.start)..page.bytes.end);
            }
            row = next;
        }
        let first = first?;
        (end >= rows.end).then_some((Pick { leaf, dictionary, pages: place?, values: (end - first) as u64 }, first))
    }
}

fn bad(path: &Path, reason: &str) -> DataError {
    DataError::BadParquet { path: path.to_owned(), reason: reason.to_owned() }
}
