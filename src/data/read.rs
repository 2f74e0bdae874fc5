//! A file becomes a [`Dataset`]: its table, what it was, and what a person should know about the reading.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fingerprint::Stamp;
use super::format::{Format, look};
use super::part::Part;
use super::text::counted;
use super::{DataError, Fingerprint, Table, Watch, compressed, convert, excel, ipc, json, parquet, text};

/// What overrides detection; the default detects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// The character between cells of a text file.
    pub delimiter: Option<u8>,
    /// Whether numbers in text are written with a decimal comma.
    pub decimal_comma: Option<bool>,
    /// The encoding of a text file by its usual name, as `windows-1252`; a byte order mark wins over it.
    pub encoding: Option<String>,
    /// Whether the first row of a text file or sheet holds the names of the columns.
    pub header: Option<bool>,
    /// The sheet of a workbook; by default the first that has cells.
    pub sheet: Option<String>,
    /// Columns that are categories although they look like numbers.
    pub categorical: Vec<String>,
    /// Columns that are numbers although some cells are not; those cells become missing.
    pub numeric: Vec<String>,
    /// Rows to read at most, from the first.
    pub max_rows: Option<usize>,
}

/// A table and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The rows.
    pub table: Arc<Table>,
    /// The file.
    pub path: PathBuf,
    /// What the file was when it was read.
    pub fingerprint: Fingerprint,
    /// Its format by content.
    pub format: Format,
    /// What was found, assumed or left out, as sentences.
    pub notes: Vec<String>,
}

/// Reads a file of any format that is known, found by its content.
///
/// # Errors
/// When there is no readable table at the path, when a column of the options is not in it, when the file
/// changes or disappears meanwhile, and when `watch` cancels. Nothing is kept then.
pub fn read_table(path: &Path, options: &ReadOptions, watch: &dyn Watch) -> Result<Dataset, DataError> {
    read_rows(path, options, true, watch)
}

/// [`read_table`] for a first look at some rows (see [`ReadOptions::max_rows`]): text and Parquet are read as far as
/// these rows go and no further, so that their fingerprint has no hash.
///
/// # Errors
/// Those of [`read_table`], as far as the rows show them.
pub(crate) fn read_head(path: &Path, options: &ReadOptions, watch: &dyn Watch) -> Result<Dataset, DataError> {
    read_rows(path, options, false, watch)
}

fn read_rows(path: &Path, options: &ReadOptions, hashed: bool, watch: &dyn Watch) -> Result<Dataset, DataError> {
    let stamp = Stamp::of(path)?;
    if stamp.size == 0 {
        return Err(DataError::Empty { path: path.to_owned() });
    }
    let found = look(path)?;
    let format = found.format;
    let read = match (found.compression, format) {
        (Some(compression), _) => read_compressed(path, format, compression, options, &stamp, watch),
        (None, Format::Text) if !hashed => text::head(path, options, &stamp, watch),
        (None, Format::Text) => text::read(path, options, &stamp, watch),
        (None, Format::Parquet) if !hashed => {
            parquet::head(path, options, watch).map(|(table, notes)| (table, stamp.unhashed(), notes))
        }
        (None, Format::Parquet) => parquet::read(path, options, &stamp, watch),
        (None, Format::Arrow) => ipc::read(path, options, &stamp, watch),
        (None, Format::Excel) => excel::read(path, options, &stamp, watch),
        (None, Format::Json) => json::read(path, options, &stamp, watch),
    };
    // A file that is written to while it is read gives errors that mislead, so this is asked first.
    if !matches!(read, Err(DataError::Cancelled)) {
        stamp.still(path)?;
    }
    let (mut table, fingerprint, mut notes) = read?;
    if table.rows() == 0 {
        return Err(DataError::NoRows { path: path.to_owned() });
    }
    for name in options.categorical.iter().chain(&options.numeric) {
        if table.column(name).is_none() {
            return Err(convert::not_found(name, &table));
        }
    }
    if format != Format::Text {
        if format != Format::Excel {
            table = convert::apply_kinds(table, options, &mut notes)?;
        }
        if ending_misleads(path, format) {
            notes.push(format!("The file is {}, whatever its name says.", format.word()));
        }
    }
    if table.rows() == 1 {
        notes.push("The file has one row only, from which no metric or distribution can be told.".to_owned());
    }
    if options.max_rows == Some(table.rows()) {
        notes.push(format!("Only the first {} read, as asked for.", counted(table.rows(), "row was", "rows were")));
    }
    watch.progress(1.0);
    Ok(Dataset { table: Arc::new(table), path: path.to_owned(), fingerprint, format, notes })
}

/// Unpacks a compressed text and reads that; the fingerprint is that of the file as it stands.
fn read_compressed(
    path: &Path,
    format: Format,
    compression: compressed::Compression,
    options: &ReadOptions,
    stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(Table, Fingerprint, Vec<String>), DataError> {
    const UNPACKING: f32 = 0.3;
    let (unpacked, fingerprint) =
        compressed::unpack(path, compression, stamp, &Part { watch, from: 0.0, span: UNPACKING })?;
    let inner = Stamp::of(unpacked.path())?;
    if inner.size == 0 {
        return Err(DataError::Empty { path: path.to_owned() });
    }
    let rest = Part { watch, from: UNPACKING, span: 1.0 - UNPACKING };
    let read = if format == Format::Json { json::read } else { text::read };
    let (table, _, mut notes) =
        read(unpacked.path(), options, &inner, &rest).map_err(|error| compressed::named(error, path))?;
    notes.push(format!("The file is compressed with {}.", compression.word()));
    Ok((table, fingerprint, notes))
}

fn ending_misleads(path: &Path, format: Format) -> bool {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    match ending.as_str() {
        "csv" | "tsv" | "txt" | "tab" => true,
        "json" | "ndjson" | "jsonl" => format != Format::Json,
        "xlsx" | "xlsm" => format != Format::Excel,
        "parquet" | "pq" | "parq" => format != Format::Parquet,
        "arrow" | "feather" | "ipc" => format != Format::Arrow,
        _ => false,
    }
}
