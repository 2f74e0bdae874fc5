//! Which format a file has, by its content first and its name second.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::DataError;

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text with one row a line and a delimiter between cells: CSV, TSV and their kin.
    Text,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// The word shown on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "CSV",
            Self::Parquet => "Parquet",
        }
    }
}

/// Beginnings of files that are not read, and what they are.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "a gzip-compressed file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard-compressed file"),
    (b"BZh", "a bzip2-compressed file"),
    (b"\xfd7zXZ", "an xz-compressed file"),
    (b"ARROW1", "an Arrow (Feather, IPC) file"),
    (b"FEA1", "a Feather file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"\x89PNG", "a picture"),
    (b"\x93NUMPY", "a NumPy array"),
];

/// Finds the format of a file that is not empty.
///
/// # Errors
/// When the content is of a format that is not read, a Parquet file is cut off, or the name promises
/// Parquet and the content is not.
pub fn detect(path: &Path) -> Result<Format, DataError> {
    let reading = |e: std::io::Error| DataError::reading(path, &e);
    let mut file = File::open(path).map_err(reading)?;
    let mut head = Vec::with_capacity(64);
    (&mut file).take(64).read_to_end(&mut head).map_err(reading)?;
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    if head.is_empty() {
        return Err(DataError::Empty { path: path.to_owned() });
    }
    let unsupported = |format| Err(DataError::UnsupportedFormat { path: path.to_owned(), format });
    if head.starts_with(b"PAR1") {
        let size = file.seek(SeekFrom::End(0)).map_err(reading)?;
        let mut tail = Vec::with_capacity(4);
        file.seek(SeekFrom::Start(size.saturating_sub(4))).map_err(reading)?;
        file.take(4).read_to_end(&mut tail).map_err(reading)?;
        return if size >= 12 && tail == b"PAR1" {
            Ok(Format::Parquet)
        } else {
            Err(DataError::TruncatedParquet { path: path.to_owned() })
        };
    }
    if head.starts_with(b"PARE") {
        return unsupported("an encrypted Parquet file");
    }
    if head.starts_with(b"PK\x03\x04") {
        return unsupported(if matches!(ending.as_str(), "xlsx" | "xlsm" | "ods") {
            "a spreadsheet workbook"
        } else {
            "a zip archive or a spreadsheet workbook"
        });
    }
    if let Some((_, format)) = SIGNATURES.iter().find(|(start, _)| head.starts_with(start)) {
        // Three letters can begin a CSV header too.
        if head.contains(&0) || !matches!(*format, "an ORC file" | "a bzip2-compressed file" | "a Feather file") {
            return unsupported(format);
        }
    }
    if matches!(ending.as_str(), "parquet" | "pq" | "parq") {
        return Err(DataError::NotParquet { path: path.to_owned() });
    }
    let start = String::from_utf8_lossy(&head).trim_start_matches('\u{feff}').trim_start().to_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return unsupported("a web page");
    }
    if start.starts_with("<?xml") {
        return unsupported("an XML file");
    }
    if matches!(ending.as_str(), "json" | "ndjson" | "jsonl") || start.starts_with("{\"") || start.starts_with("[{") {
        return unsupported("a JSON file");
    }
    Ok(Format::Text)
}
