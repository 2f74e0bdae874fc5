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
use super::{DataError, compressed, ipc, parquet};

/// Values of a Parquet file that are decoded in a second on one slow core.
const PARQUET_VALUES_PER_SECOND: f64 = 20e6;
/// Bytes of a file that are read and hashed in a second on one slow core.
const BYTES_PER_SECOND: f64 = 150e6;

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
    let stamp = Stamp::of(path)?;
    if stamp.size == 0 {
        return Err(DataError::Empty { path: path.to_owned() });
    }
    let found = look(path)?;
    if let Some(compression) = found.compression {
        return estimate_compressed(path, compression, &stamp);
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
        Format::Text => estimate_text(path, &stamp),
    }
}

/// The first megabytes are unpacked and looked at; the rest is taken to be compressed as well as they are on average.
fn estimate_compressed(
    path: &Path,
    compression: compressed::Compression,
    stamp: &Stamp,
) -> Result<ReadEstimate, DataError> {
    const LOOKED_AT: u64 = 4 << 20;
    /// What text of tables commonly shrinks to a part of.
    const USUAL_RATIO: f64 = 5.0;
    let text = compressed::beginning(path, compression, LOOKED_AT)?;
    let temporary = |e: std::io::Error| DataError::reading(path, &e);
    let made = tempfile::NamedTempFile::new().map_err(temporary)?;
    std::fs::write(made.path(), &text).map_err(temporary)?;
    let inner = estimate_text(made.path(), &Stamp::of(made.path())?).map_err(|e| compressed::named(e, path))?;
    let whole = (text.len() as u64) < LOOKED_AT;
    let scale = if whole { 1.0 } else { (stamp.size as f64 * USUAL_RATIO / text.len().max(1) as f64).max(1.0) };
    Ok(ReadEstimate {
        bytes: stamp.size,
        rows: inner.rows.map(|rows| (rows as f64 * scale) as u64),
        memory_bytes: (inner.memory_bytes as f64 * scale) as u64,
        seconds: inner.seconds * scale * 1.4,
    })
}

fn estimate_text(path: &Path, stamp: &Stamp) -> Result<ReadEstimate, DataError> {
    let started = Instant::now();
    let dialect = Dialect::of_file(path, &ReadOptions::default(), false)?;
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
