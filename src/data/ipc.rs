//! Reading Arrow files (Feather version 2), some columns at a time, so that little is held twice.
//!
//! The decoder is another's; what it calls an error becomes a sentence, and so does a panic in it.

use std::fs::File;
use std::path::Path;

use polars::prelude::{IpcReader, PolarsResult, SerReader as _};

use super::dialect::MAX_COLUMNS;
use super::fingerprint::{Fingerprint, Stamp, of_file_watched};
use super::part::Part;
use super::read::ReadOptions;
use super::series::{self, Growing, Kept};
use super::{DataError, Table, Watch, ipc_sound};

/// Columns that are decoded together: each call walks over all batches of the file.
const COLUMNS_TOGETHER: usize = 16;

/// An Arrow file as a table, its fingerprint, and what a person should know about the reading.
pub(crate) fn read(
    path: &Path,
    options: &ReadOptions,
    _stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(Table, Fingerprint, Vec<String>), DataError> {
    let fingerprint = of_file_watched(path, &Part { watch, from: 0.0, span: 0.2 })?;
    let (table, notes) = decode(path, options, &Part { watch, from: 0.2, span: 0.8 })?;
    Ok((table, fingerprint, notes))
}

fn guarded<T>(path: &Path, work: impl FnOnce() -> PolarsResult<T>) -> Result<T, DataError> {
    series::guarded(|reason| DataError::BadArrow { path: path.to_owned(), reason }, work)
}

/// Reads the columns, without the fingerprint.
pub(crate) fn decode(path: &Path, options: &ReadOptions, watch: &dyn Watch) -> Result<(Table, Vec<String>), DataError> {
    let open = || File::open(path).map(IpcReader::new).map_err(|e| DataError::reading(path, &e));
    let mut reader = open()?;
    let schema = guarded(path, || reader.schema())?;
    if schema.len() > MAX_COLUMNS {
        return Err(DataError::TooManyColumns { path: path.to_owned(), columns: schema.len(), limit: MAX_COLUMNS });
    }
    let (mut readable, mut left_out) = (Vec::new(), Vec::new());
    for (at, (name, field)) in schema.iter().enumerate() {
        match Kept::of(&field.dtype) {
            Ok(kept) => readable.push((at, kept, name.to_string())),
            Err(what) => left_out.push(format!("“{name}” holds {what}")),
        }
    }
    if readable.is_empty() {
        return Err(DataError::NoUsableColumns { path: path.to_owned(), left_out: left_out.join(", ") });
    }
    let mut file = File::open(path).map_err(|e| DataError::reading(path, &e))?;
    if !ipc_sound::is_sound(&mut file) {
        let reason = "a batch has sizes that cannot be".to_owned();
        return Err(DataError::BadArrow { path: path.to_owned(), reason });
    }
    let (mut notes, mut columns) = (Vec::new(), Vec::with_capacity(readable.len()));
    for block in readable.chunks(COLUMNS_TOGETHER) {
        if watch.cancelled() {
            return Err(DataError::Cancelled);
        }
        let reader = open()?
            .with_projection(Some(block.iter().map(|(at, ..)| *at).collect()))
            .with_n_rows(options.max_rows)
            .set_rechunk(false);
        let mut growing: Vec<Growing> = block.iter().map(|(_, kept, _)| Growing::new(*kept)).collect();
        guarded(path, || {
            let frame = reader.finish()?;
            let mut pairs = growing.iter_mut().zip(frame.columns());
            pairs.try_for_each(|(growing, column)| growing.append(column.as_materialized_series()))
        })?;
        for (growing, (_, kept, name)) in growing.into_iter().zip(block) {
            let column = growing.finish(name)?;
            let rows = column.len();
            if rows > 0 && matches!(kept, Kept::Nothing | Kept::Float) && column.missing_in(0..rows) == rows {
                notes.push(format!("Column “{name}” holds no value in any row."));
            }
            columns.push(column);
        }
        watch.progress(columns.len() as f32 / readable.len() as f32);
    }
    notes.extend(left_out.into_iter().map(|what| format!("Column {what}, which are not read, so it was left out.")));
    Ok((Table::new(columns)?, notes))
}

/// Number of rows and a guess of the bytes that the columns need in memory, without reading a value.
pub(crate) fn size(path: &Path) -> Result<(u64, u64), DataError> {
    let open = || File::open(path).map(IpcReader::new).map_err(|e| DataError::reading(path, &e));
    let mut reader = open()?;
    let schema = guarded(path, || reader.schema())?;
    let wide: u64 = schema.iter_values().filter_map(|field| Kept::of(&field.dtype).ok()).map(Kept::bytes).sum();
    let counting = open()?.with_projection(Some(Vec::new()));
    let rows = guarded(path, || counting.finish())?.height() as u64;
    Ok((rows, rows.saturating_mul(wide)))
}
