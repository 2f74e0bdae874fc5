//! Reading Parquet, column by column and some row groups at a time, so that little is held twice.
//!
//! The decoder is another's; what it calls an error becomes a sentence, and so does a panic in it.

use std::fs::File;
use std::io::Cursor;
use std::path::Path;

use polars::io::mmap::MmapBytesReader;
use polars::prelude::{FileMetadataRef, ParallelStrategy, ParquetReader, PolarsResult, SerReader as _};

use super::dialect::MAX_COLUMNS;
use super::fingerprint::{Fingerprint, Hasher, Stamp, of_file_watched};
use super::part::Part;
use super::read::ReadOptions;
use super::series::{self, Growing, Kept};
use super::{DataError, Table, Watch, pages};

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
        return Ok((table, of_file_watched(path, &Part::quiet(watch))?, notes));
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

/// The first rows, as many as the options ask for, without reading or hashing the rest.
pub(crate) fn head(path: &Path, options: &ReadOptions, watch: &dyn Watch) -> Result<(Table, Vec<String>), DataError> {
    decode(|| File::open(path).map_err(|e| DataError::reading(path, &e)), path, options, watch)
}

/// Number of rows and a guess of the bytes that the columns need in memory, from the footer alone.
pub(crate) fn footer(path: &Path) -> Result<(u64, u64), DataError> {
    let mut reader = ParquetReader::new(File::open(path).map_err(|e| DataError::reading(path, &e))?);
    let layout = layout(&mut reader, path)?;
    let wide: u64 = layout.columns.iter().filter_map(|c| c.kind.as_ref().ok()).map(|kept| kept.bytes()).sum();
    Ok((layout.rows as u64, layout.rows as u64 * wide))
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
    series::guarded(|reason| DataError::BadParquet { path: path.to_owned(), reason }, work)
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
