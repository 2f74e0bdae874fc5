//! What reading a file will cost, before it is read.

use std::path::Path;
use std::time::Instant;

use super::builder::Builder;
use super::dialect::Dialect;
use super::fingerprint::Stamp;
use super::format::{Format, look};
use super::read::ReadOptions;
use super::records::{Cut, Records, Step};
use super::table::{Column, Table};
use super::{DataError, compressed, excel, ipc, json, parquet};

/// Tables that take more than this, in bytes, are read and scored chunk by chunk instead of being held in memory.
pub const HELD_BYTES: u64 = 96 << 20;

/// Values of a Parquet file that are decoded in a second on one slow core.
const PARQUET_VALUES_PER_SECOND: f64 = 20e6;
/// Bytes of a file that are read and hashed in a second on one slow core.
const BYTES_PER_SECOND: f64 = 150e6;

/// Bytes of the parts of a workbook that are decoded in a second on one slow core.
const WORKBOOK_BYTES_PER_SECOND: f64 = 40e6;
/// Bytes of a JSON file that are looked at.
const JSON_LOOKED_AT: u64 = 4 << 20;

/// The expected cost of reading a file.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ReadEstimate {
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Rows: exact for Parquet and Arrow, from the first megabytes for text.
    pub rows: Option<u64>,
    /// Bytes the table will take in memory.
    pub memory_bytes: u64,
    /// Seconds until it is there.
    pub seconds: f64,
}

/// Estimates the cost of reading a file: from the footer of a Parquet file, and by reading the first megabyte of text.
///
/// # Errors
/// Those of reading, as far as the beginning of the file shows them.
pub fn estimate_read(path: &Path) -> Result<ReadEstimate, DataError> {
    estimate_with(path, &ReadOptions::default())
}

/// Whether the table of a file is expected to take more than `held_bytes` in memory. A file that cannot be looked at is
/// none: reading it says why.
pub fn is_larger(path: &Path, options: &ReadOptions, held_bytes: u64) -> bool {
    estimate_with(path, options).is_ok_and(|cost| cost.memory_bytes > held_bytes)
}

/// [`estimate_read`] of a file that is read with these options.
pub(crate) fn estimate_with(path: &Path, options: &ReadOptions) -> Result<ReadEstimate, DataError> {
    let stamp = Stamp::of(path)?;
    if stamp.size == 0 {
        return Err(DataError::Empty { path: path.to_owned() });
    }
    let found = look(path)?;
    if let Some(compression) = found.compression {
        return estimate_compressed(path, found.format, compression, options, &stamp);
    }
    match found.format {
        Format::Arrow => {
            let (rows, memory_bytes) = ipc::size(path)?;
            let seconds = stamp.size as f64 / BYTES_PER_SECOND + memory_bytes as f64 / 8.0 / PARQUET_VALUES_PER_SECOND;
            Ok(ReadEstimate { bytes: stamp.size, rows: Some(rows), memory_bytes, seconds })
        }
        Format::Parquet => {
            let (rows, memory_bytes) = parquet::footer(path)?;
            let seconds = stamp.size as f64 / BYTES_PER_SECOND + memory_bytes as f64 / 8.0 / PARQUET_VALUES_PER_SECOND;
            Ok(ReadEstimate { bytes: stamp.size, rows: Some(rows), memory_bytes, seconds })
        }
        Format::Text => estimate_text(path, options, &stamp),
        Format::Json => estimate_json(path, stamp.size, JSON_LOOKED_AT),
        Format::Excel => {
            let unpacked = excel::unpacked_bytes(path)?;
            let (rows, columns) = excel::size(path, options)?;
            let memory_bytes = rows.saturating_mul(columns).saturating_mul(8);
            let seconds = unpacked as f64 / WORKBOOK_BYTES_PER_SECOND;
            Ok(ReadEstimate { bytes: stamp.size, rows: Some(rows.saturating_sub(1)), memory_bytes, seconds })
        }
    }
}

/// The first megabytes are read; the rest is taken to be like them.
fn estimate_json(path: &Path, size: u64, limit: u64) -> Result<ReadEstimate, DataError> {
    let began = Instant::now();
    let head = json::head(path, &ReadOptions::default(), size, limit)?;
    let cut = head.bytes < size;
    let scale = if cut { size as f64 / head.bytes.max(1) as f64 } else { 1.0 };
    let rows = (head.table.rows() as f64 * scale) as u64;
    Ok(ReadEstimate {
        bytes: size,
        rows: (!cut || !head.by_column).then_some(rows),
        memory_bytes: (head.table.memory_bytes() as f64 * scale) as u64,
        seconds: began.elapsed().as_secs_f64() * scale + size as f64 / BYTES_PER_SECOND,
    })
}

/// The first megabytes are unpacked and looked at; the rest is taken to be compressed as well as they are on average.
fn estimate_compressed(
    path: &Path,
    format: Format,
    compression: compressed::Compression,
    options: &ReadOptions,
    stamp: &Stamp,
) -> Result<ReadEstimate, DataError> {
    const LOOKED_AT: u64 = 4 << 20;
    /// What text of tables commonly shrinks to a part of.
    const USUAL_RATIO: f64 = 5.0;
    let text = compressed::beginning(path, compression, LOOKED_AT)?;
    let temporary = |e: std::io::Error| DataError::reading(path, &e);
    let made = compressed::temporary(path).map_err(temporary)?;
    std::fs::write(made.path(), &text).map_err(temporary)?;
    let length = text.len() as u64;
    let whole = length < LOOKED_AT;
    let inner = if format == Format::Json {
        estimate_json(made.path(), length + u64::from(!whole), length)
    } else {
        estimate_text(made.path(), options, &Stamp::of(made.path())?)
    };
    let inner = inner.map_err(|e| compressed::named(e, path))?;
    let scale = if whole { 1.0 } else { (stamp.size as f64 * USUAL_RATIO / text.len().max(1) as f64).max(1.0) };
    Ok(ReadEstimate {
        bytes: stamp.size,
        rows: inner.rows.map(|rows| (rows as f64 * scale) as u64),
        memory_bytes: (inner.memory_bytes as f64 * scale) as u64,
        seconds: inner.seconds * scale * 1.4,
    })
}

fn estimate_text(path: &Path, options: &ReadOptions, stamp: &Stamp) -> Result<ReadEstimate, DataError> {
    let started = Instant::now();
    let dialect = Dialect::of_file(path, options, false)?;
    let width = dialect.names.len();
    let mut builders: Vec<Builder> = (0..width).map(|_| Builder::new(None, dialect.decimal_comma)).collect();
    let mut records = Records::new(Cut::new(dialect.delimiter, &dialect.sample), width);
    records.room().push_str(&dialect.sample);
    let mut header = dialect.header;
    let mut rows = 0_u64;
    loop {
        match records.step(dialect.whole) {
            Step::Row { .. } if std::mem::take(&mut header) => {}
            Step::Row { cells, .. } if cells == width => {
                builders.iter_mut().enumerate().for_each(|(at, builder)| builder.push(&records.cell(at)));
                rows += 1;
            }
            Step::Row { .. } | Step::Blank => {}
            Step::NeedMore | Step::OpenQuote(_) | Step::End => break,
        }
    }
    let consumed = (dialect.sample.len() - records.pending()) as f64 / dialect.sample.len().max(1) as f64;
    let scale = stamp.size as f64 / (dialect.sample_bytes as f64 * consumed).max(1.0);
    let mut memory = 0.0;
    for (builder, name) in builders.into_iter().zip(&dialect.names) {
        let table = Table::new(vec![Column::new(name.clone(), builder.finish(name)?)])?;
        memory += table.memory_bytes() as f64;
    }
    Ok(ReadEstimate {
        bytes: stamp.size,
        rows: Some(if dialect.whole { rows } else { (rows as f64 * scale) as u64 }),
        memory_bytes: (memory * scale) as u64,
        seconds: started.elapsed().as_secs_f64() * scale + stamp.size as f64 / BYTES_PER_SECOND,
    })
}
