//! Reading Parquet, column by column and some row groups at a time, so that little is held twice.
//!
//! The decoder is another's; what it calls an error becomes a sentence, and so does a panic in it.

use std::fs::File;
use std::io::Cursor;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use polars::io::mmap::MmapBytesReader;
use polars::prelude::{
    ArrowDataType, DataType, FileMetadataRef, ParallelStrategy, ParquetReader, PolarsResult, SerReader as _, Series,
    TimeUnit,
};

use super::builder::Texts;
use super::dialect::MAX_COLUMNS;
use super::fingerprint::{Fingerprint, Hasher, Stamp, of_file_watched};
use super::read::ReadOptions;
use super::table::{MISSING_CODE, MISSING_TIME};
use super::{Column, DataError, Table, Values, Watch, convert, pages};

/// Files up to this size are read into memory at once: a mapped file that another program cuts off kills the process.
const IN_MEMORY_BYTES: u64 = 512 << 20;
const BATCH_ROWS: usize = 500_000;
/// Columns of a short table are decoded together up to so many values, since each call costs time for every column of the file.
const VALUES_TOGETHER: usize = 1_000_000;

/// A Parquet file as a table, its fingerprint, and what a person should know about the reading.
pub(crate) fn read(
    path: &Path,
    options: &ReadOptions,
    stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(Table, Fingerprint, Vec<String>), DataError> {
    if stamp.size > IN_MEMORY_BYTES {
        let (table, notes) =
            decode(|| File::open(path).map_err(|e| DataError::reading(path, &e)), path, options, watch)?;
        return Ok((table, of_file_watched(path, &SilentWatch(watch))?, notes));
    }
    let bytes = std::fs::read(path).map_err(|e| DataError::reading(path, &e))?;
    let mut hasher = Hasher::default();
    for piece in bytes.chunks(8 << 20) {
        if watch.cancelled() {
            return Err(DataError::Cancelled);
        }
        hasher.update(piece);
    }
    let (table, notes) = decode(|| Ok(Cursor::new(bytes.as_slice())), path, options, watch)?;
    Ok((table, hasher.finish(stamp), notes))
}

/// Number of rows and a guess of the bytes that the columns need in memory, from the footer alone.
pub(crate) fn footer(path: &Path) -> Result<(u64, u64), DataError> {
    let mut reader = ParquetReader::new(File::open(path).map_err(|e| DataError::reading(path, &e))?);
    let layout = layout(&mut reader, path)?;
    let wide: u64 = layout.columns.iter().filter_map(|c| c.kind.as_ref().ok()).map(|kept| kept.bytes()).sum();
    Ok((layout.rows as u64, layout.rows as u64 * wide))
}

/// Passes on cancel, but no progress: for work that is not the whole.
struct SilentWatch<'a>(&'a dyn Watch);

impl Watch for SilentWatch<'_> {
    fn progress(&self, _done: f32) {}

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

/// The kinds of column that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Float,
    Int,
    Unsigned,
    Bool,
    Text,
    Time,
    Nothing,
}

impl Kept {
    fn of(kind: &ArrowDataType) -> Result<Self, &'static str> {
        use ArrowDataType as A;
        Ok(match kind {
            A::Float32 | A::Float64 => Self::Float,
            A::Float16 => return Err("half-precision decimals"),
            A::Int8 | A::Int16 | A::Int32 | A::Int64 | A::UInt8 | A::UInt16 | A::UInt32 => Self::Int,
            A::UInt64 => Self::Unsigned,
            A::Boolean => Self::Bool,
            A::Utf8 | A::LargeUtf8 | A::Utf8View => Self::Text,
            A::Dictionary(_, inner, _) => match inner.as_ref() {
                A::Utf8 | A::LargeUtf8 | A::Utf8View => Self::Text,
                _ => return Err("categories that are not text"),
            },
            A::Date32 | A::Date64 | A::Timestamp(..) => Self::Time,
            A::Null => Self::Nothing,
            A::List(_) | A::LargeList(_) | A::FixedSizeList(..) => return Err("lists"),
            A::Struct(_) | A::Map(..) | A::Union(_) => return Err("nested records"),
            A::Binary | A::LargeBinary | A::FixedSizeBinary(_) | A::BinaryView => return Err("raw bytes"),
            A::Decimal(..) | A::Decimal32(..) | A::Decimal64(..) | A::Decimal256(..) => {
                return Err("fixed-point decimals");
            }
            A::Duration(_) | A::Interval(_) => return Err("durations"),
            A::Time32(_) | A::Time64(_) => return Err("times of day without a date"),
            _ => return Err("values of an unknown type"),
        })
    }

    /// Bytes a row takes in memory.
    fn bytes(self) -> u64 {
        match self {
            Self::Bool => 1,
            Self::Text => 5,
            _ => 8,
        }
    }
}

pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) kind: Result<Kept, &'static str>,
}

pub(crate) struct Layout {
    pub(crate) metadata: FileMetadataRef,
    pub(crate) columns: Vec<Found>,
    pub(crate) rows: usize,
    /// Rows of each row group.
    pub(crate) groups: Vec<usize>,
}

pub(crate) fn layout<R: MmapBytesReader>(reader: &mut ParquetReader<R>, path: &Path) -> Result<Layout, DataError> {
    let metadata = guarded(path, || reader.get_metadata().cloned())?;
    let fields = metadata.schema_descr.fields();
    if fields.len() > MAX_COLUMNS {
        return Err(DataError::TooManyColumns { path: path.to_owned(), columns: fields.len(), limit: MAX_COLUMNS });
    }
    let mut seen = std::collections::HashSet::new();
    for field in fields {
        if !seen.insert(field.name()) {
            return Err(DataError::DuplicateColumn { column: field.name().to_owned() });
        }
    }
    let schema = guarded(path, || reader.schema())?;
    let columns =
        schema.iter().map(|(name, field)| Found { name: name.to_string(), kind: Kept::of(&field.dtype) }).collect();
    let mut groups = Vec::with_capacity(metadata.row_groups.len());
    for group in &metadata.row_groups {
        groups.push(group.num_rows());
    }
    let rows = groups.iter().sum();
    Ok(Layout { metadata, columns, rows, groups })
}

/// Refuses a file whose page headers cannot be true, before the decoder believes them.
pub(crate) fn check_pages<R: MmapBytesReader>(layout: &Layout, mut source: R, path: &Path) -> Result<(), DataError> {
    let sound = guarded(path, || {
        for group in &layout.metadata.row_groups {
            for chunk in group.parquet_columns() {
                let values = u64::try_from(chunk.num_values()).ok();
                if !values.is_some_and(|values| pages::are_sound(&mut source, chunk.byte_range(), values)) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    })?;
    let reason = "a page has counts that cannot be".to_owned();
    if sound { Ok(()) } else { Err(DataError::BadParquet { path: path.to_owned(), reason }) }
}

/// Runs the decoder; an error and a panic in it both become a sentence.
pub(crate) fn guarded<T>(path: &Path, work: impl FnOnce() -> PolarsResult<T>) -> Result<T, DataError> {
    let bad = |reason: String| DataError::BadParquet { path: path.to_owned(), reason };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(bad(one_line(&error.to_string()))),
        Err(_) => Err(bad("the decoder gave up on it".to_owned())),
    }
}

fn one_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default().trim().trim_end_matches('.');
    super::error::shortened_to(line, 160)
}

fn decode<R: MmapBytesReader>(
    open: impl Fn() -> Result<R, DataError>,
    path: &Path,
    options: &ReadOptions,
    watch: &dyn Watch,
) -> Result<(Table, Vec<String>), DataError> {
    let layout = layout(&mut ParquetReader::new(open()?), path)?;
    let rows = layout.rows.min(options.max_rows.unwrap_or(usize::MAX));
    if rows == 0 {
        return Err(DataError::NoRows { path: path.to_owned() });
    }
    check_pages(&layout, open()?, path)?;
    let batches = batches(&layout.groups, rows);
    let mut notes = Vec::new();
    let mut left_out = Vec::new();
    let mut readable = Vec::with_capacity(layout.columns.len());
    for (at, found) in layout.columns.iter().enumerate() {
        match found.kind {
            Ok(kept) => readable.push((at, kept, found.name.as_str())),
            Err(what) => left_out.push(format!("“{}” holds {what}", found.name)),
        }
    }
    let together = (VALUES_TOGETHER / rows.clamp(1, BATCH_ROWS)).clamp(1, 1000);
    let steps = (readable.len().div_ceil(together) * batches.len()).max(1);
    let mut step = 0;
    let mut columns = Vec::with_capacity(readable.len());
    for block in readable.chunks(together) {
        let mut growing: Vec<Growing> = block.iter().map(|(_, kept, _)| Growing::new(*kept)).collect();
        for (offset, length) in &batches {
            if watch.cancelled() {
                return Err(DataError::Cancelled);
            }
            let mut reader = ParquetReader::new(open()?)
                .with_projection(Some(block.iter().map(|(at, ..)| *at).collect()))
                .with_slice(Some((*offset, *length)))
                .read_parallel(ParallelStrategy::None);
            reader.set_metadata(layout.metadata.clone());
            guarded(path, || {
                let frame = reader.finish()?;
                let mut pairs = growing.iter_mut().zip(frame.columns());
                pairs.try_for_each(|(growing, column)| growing.append(column.as_materialized_series()))
            })?;
            step += 1;
            watch.progress((step as f64 / steps as f64).min(1.0) as f32);
        }
        for (growing, (_, kept, name)) in growing.into_iter().zip(block) {
            let column = growing.finish(name)?;
            if column.len() != rows {
                let reason = format!("column “{name}” has {} of {rows} rows", column.len());
                return Err(DataError::BadParquet { path: path.to_owned(), reason });
            }
            if matches!(kept, Kept::Nothing | Kept::Float) && column.missing_in(0..rows) == rows {
                notes.push(format!("Column “{name}” holds no value in any row."));
            }
            columns.push(column);
        }
    }
    if columns.is_empty() {
        return Err(DataError::NoUsableColumns { path: path.to_owned(), left_out: left_out.join(", ") });
    }
    notes.extend(left_out.into_iter().map(|what| format!("Column {what}, which are not read, so it was left out.")));
    Ok((Table::new(columns)?, notes))
}

/// Runs of row groups with about [`BATCH_ROWS`] rows each, as offset and length, up to a number of rows.
fn batches(groups: &[usize], rows: usize) -> Vec<(usize, usize)> {
    let mut batches: Vec<(usize, usize)> = Vec::new();
    let mut offset = 0;
    for group in groups {
        let length = (*group).min(rows.saturating_sub(offset));
        match batches.last_mut() {
            _ if length == 0 => {}
            Some((_, run)) if *run + length <= BATCH_ROWS => *run += length,
            _ => batches.push((offset, length)),
        }
        offset += length;
    }
    batches
}

/// A column that grows batch by batch.
pub(crate) struct Growing {
    kept: Kept,
    floats: Vec<f64>,
    ints: Vec<i64>,
    valid: Option<Vec<bool>>,
    bools: Vec<u8>,
    codes: Vec<u32>,
    texts: Texts,
    overflow: bool,
    /// Whether whole numbers are held as decimal ones, because one is too large.
    wide: bool,
    /// Whether it is known that some decimal number is not missing.
    valued: bool,
}

impl Growing {
    pub(crate) fn new(kept: Kept) -> Self {
        Self {
            kept,
            floats: Vec::new(),
            ints: Vec::new(),
            valid: None,
            bools: Vec::new(),
            codes: Vec::new(),
            texts: Texts::default(),
            overflow: false,
            wide: false,
            valued: false,
        }
    }

    pub(crate) fn append(&mut self, series: &Series) -> PolarsResult<()> {
        match self.kept {
            Kept::Nothing => self.floats.extend(std::iter::repeat_n(f64::NAN, series.len())),
            Kept::Float => self.append_floats(series)?,
            Kept::Int => self.append_ints(&series.cast(&DataType::Int64)?)?,
            Kept::Unsigned => {
                let fits = series.u64()?.iter().flatten().all(|x| i64::try_from(x).is_ok());
                if fits && !self.wide {
                    self.append_ints(&series.cast(&DataType::Int64)?)?;
                } else {
                    self.widen();
                    self.append_floats(series)?;
                }
            }
            Kept::Bool => self.bools.extend(series.bool()?.iter().map(|x| x.map_or(2, u8::from))),
            Kept::Text => {
                let texts = if series.dtype() == &DataType::String {
                    series.clone()
                } else {
                    series.cast(&DataType::String)?
                };
                for text in texts.str()?.iter() {
                    let code = text.map(|text| self.texts.code(text));
                    self.overflow |= code == Some(None);
                    self.codes.push(code.flatten().unwrap_or(MISSING_CODE));
                }
            }
            Kept::Time => {
                if series.dtype() == &DataType::Date {
                    let days = series.date()?.physical();
                    self.ints
                        .extend(days.iter().map(|day| day.map_or(MISSING_TIME, |day| i64::from(day) * 86_400_000)));
                } else {
                    let moments = series.datetime()?;
                    let per_ms = match moments.time_unit() {
                        TimeUnit::Nanoseconds => 1_000_000,
                        TimeUnit::Microseconds => 1_000,
                        TimeUnit::Milliseconds => 1,
                    };
                    self.ints.extend(moments.physical().iter().map(|moment| convert::milliseconds(moment, per_ms)));
                }
            }
        }
        Ok(())
    }

    fn append_floats(&mut self, series: &Series) -> PolarsResult<()> {
        let series = series.cast(&DataType::Float64)?;
        self.floats.extend(series.f64()?.iter().map(|x| x.unwrap_or(f64::NAN)));
        Ok(())
    }

    fn append_ints(&mut self, series: &Series) -> PolarsResult<()> {
        let list = series.i64()?;
        if list.null_count() > 0 || self.valid.is_some() {
            let valid = self.valid.get_or_insert_with(|| vec![true; self.ints.len()]);
            valid.extend(list.iter().map(|x| x.is_some()));
        }
        self.ints.extend(list.iter().map(Option::unwrap_or_default));
        Ok(())
    }

    /// Whole numbers so far become decimal ones, because one came that is too large.
    pub(crate) fn widen(&mut self) {
        self.wide = true;
        let valid = self.valid.take();
        let is_valid = |row: usize| valid.as_ref().is_none_or(|v| v.get(row).copied().unwrap_or(false));
        let ints = std::mem::take(&mut self.ints);
        self.floats.extend(ints.iter().enumerate().map(|(row, x)| if is_valid(row) { *x as f64 } else { f64::NAN }));
    }

    /// Whether whole numbers became decimal ones.
    pub(crate) fn is_wide(&self) -> bool {
        self.wide
    }

    /// Takes note that some decimal number is not missing.
    pub(crate) fn note_value(&mut self) {
        self.valued = true;
    }

    /// Whether it is a column of decimal numbers of which none was noted.
    pub(crate) fn holds_nothing(&self) -> bool {
        matches!(self.kept, Kept::Float | Kept::Nothing) && !self.valued
    }

    /// Whether some decimal number is not missing.
    pub(crate) fn has_float(&self) -> bool {
        self.floats.iter().any(|x| !x.is_nan())
    }

    /// Rows so far.
    pub(crate) fn len(&self) -> usize {
        self.floats.len().max(self.ints.len()).max(self.bools.len()).max(self.codes.len())
    }

    /// A copy of some rows; the dictionary is the one so far.
    pub(crate) fn part(&self, name: &str, rows: Range<usize>) -> Result<Column, DataError> {
        fn of<T: Clone>(list: &[T], rows: Range<usize>) -> Vec<T> {
            list.get(rows).unwrap_or_default().to_vec()
        }
        if self.overflow {
            return Err(DataError::TooManyTexts { column: name.to_owned() });
        }
        let values = match self.kept {
            Kept::Float | Kept::Nothing => Values::Float(of(&self.floats, rows)),
            Kept::Unsigned if self.wide => Values::Float(of(&self.floats, rows)),
            Kept::Int | Kept::Unsigned => Values::Int {
                valid: self.valid.as_ref().map(|valid| of(valid, rows.clone())),
                values: of(&self.ints, rows),
            },
            Kept::Bool => Values::Bool(of(&self.bools, rows)),
            Kept::Text => Values::Text { codes: of(&self.codes, rows), dictionary: self.texts.dictionary() },
            Kept::Time => Values::Time(of(&self.ints, rows)),
        };
        Ok(Column::new(name, values))
    }

    /// Drops the first rows.
    pub(crate) fn forget(&mut self, rows: usize) {
        fn drop<T>(list: &mut Vec<T>, rows: usize) {
            list.drain(..rows.min(list.len()));
        }
        drop(&mut self.floats, rows);
        drop(&mut self.ints, rows);
        drop(&mut self.bools, rows);
        drop(&mut self.codes, rows);
        if let Some(valid) = &mut self.valid {
            drop(valid, rows);
        }
        if self.ints.is_empty() {
            self.valid = None;
        }
    }

    fn finish(self, name: &str) -> Result<Column, DataError> {
        if self.overflow {
            return Err(DataError::TooManyTexts { column: name.to_owned() });
        }
        let values = match self.kept {
            Kept::Float | Kept::Nothing => Values::Float(self.floats),
            Kept::Unsigned if self.wide => Values::Float(self.floats),
            Kept::Int | Kept::Unsigned => Values::Int { values: self.ints, valid: self.valid },
            Kept::Bool => Values::Bool(self.bools),
            Kept::Text => Values::Text { codes: self.codes, dictionary: self.texts.into_dictionary() },
            Kept::Time => Values::Time(self.ints),
        };
        Ok(Column::new(name, values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_join_small_row_groups_and_stop_at_the_rows_asked_for() {
        assert_eq!(
            batches(&[300_000, 200_000, 1, 900_000], usize::MAX),
            [(0, 500_000), (500_000, 1), (500_001, 900_000)]
        );
        assert_eq!(batches(&[10, 10, 10], 15), [(0, 15)]);
        assert!(batches(&[], 5).is_empty());
    }
}
