//! Which format a file has, by its content first and its name second.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::DataError;
use super::compressed::{self, Compression};

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text with one row a line and a delimiter between cells: CSV, TSV and their kin.
    Text,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow as a file: Feather version 2, IPC.
    Arrow,
    /// An Excel workbook: `.xlsx`, `.xlsm`.
    Excel,
    /// JSON: a list of records, one record a line, or one list per column.
    Json,
}

impl Format {
    /// The word shown on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "CSV",
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow",
            Self::Excel => "Excel",
            Self::Json => "JSON",
        }
    }

    /// The word under which layouts of this format are remembered; it never changes.
    pub fn family(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Excel => "excel",
            Self::Json => "json",
        }
    }
}

/// Beginnings of files that are not read, and what they are.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"BZh", "a bzip2-compressed file"),
    (b"\xfd7zXZ", "an xz-compressed file"),
    (b"FEA1", "a Feather file of version 1"),
    (OLE, "an old Excel workbook"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"\x89PNG", "a picture"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x80\x02", "a Python pickle"),
    (b"\x80\x03", "a Python pickle"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
    (b"\xff\xff\xff\xff", "an Arrow stream, not an Arrow file"),
];

/// What a file is: its format, and how it is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The format, of what is inside where the file is compressed.
    pub format: Format,
    /// The compression around it.
    pub compression: Option<Compression>,
}

/// Finds the format of a file that is not empty; of a compressed one that of what is inside.
///
/// # Errors
/// When the content is of a format that is not read, a Parquet or Arrow file is cut off, or the name promises
/// another format than the content has.
pub fn detect(path: &Path) -> Result<Format, DataError> {
    look(path).map(|found| found.format)
}

/// Like [`detect`], and says how the file is compressed.
///
/// # Errors
/// Those of [`detect`], and when what is compressed is no text.
pub fn look(path: &Path) -> Result<Found, DataError> {
    let reading = |e: std::io::Error| DataError::reading(path, &e);
    let mut file = File::open(path).map_err(reading)?;
    let mut head = Vec::with_capacity(HEAD_BYTES);
    (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(reading)?;
    let Some(compression) = Compression::of(&head) else {
        let format = of_head(path, &head, file, &ending(path))?;
        return Ok(Found { format, compression: None });
    };
    let head = compressed::beginning(path, compression, HEAD_BYTES as u64)?;
    let bad = |reason: &str| DataError::BadArchive {
        path: path.to_owned(),
        what: compression.word(),
        reason: reason.to_owned(),
    };
    if Compression::of(&head).is_some() {
        return Err(bad("it is compressed twice"));
    }
    if head.get(257..262) == Some(b"ustar".as_slice()) {
        return Err(bad("it holds a tar archive of files, not one table"));
    }
    if head.starts_with(b"PAR1") || head.starts_with(ARROW_MAGIC) {
        return Err(bad("it holds a Parquet or Arrow file, which is compressed inside already"));
    }
    if head.starts_with(ZIP) {
        return Err(bad("it holds a workbook or archive, which is compressed inside already"));
    }
    let inner = path.file_stem().map(Path::new).map(ending).unwrap_or_default();
    let format = of_head(path, &head, file, &inner)?;
    Ok(Found { format, compression: Some(compression) })
}

const HEAD_BYTES: usize = 512;
const ARROW_MAGIC: &[u8] = b"ARROW1";
const ZIP: &[u8] = b"PK\x03\x04";
/// The container of old Office files, and of new ones that are protected by a password.
const OLE: &[u8] = b"\xd0\xcf\x11\xe0";

fn ending(path: &Path) -> String {
    path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase()
}

fn of_head(path: &Path, head: &[u8], mut file: File, ending: &str) -> Result<Format, DataError> {
    let reading = |e: std::io::Error| DataError::reading(path, &e);
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
    if head.starts_with(ARROW_MAGIC) && head.get(6..8) == Some(&[0, 0]) {
        let size = file.seek(SeekFrom::End(0)).map_err(reading)?;
        let mut tail = Vec::with_capacity(6);
        file.seek(SeekFrom::Start(size.saturating_sub(6))).map_err(reading)?;
        file.take(6).read_to_end(&mut tail).map_err(reading)?;
        if size >= 20 && tail == ARROW_MAGIC {
            return Ok(Format::Arrow);
        }
        let reason = "it was cut off while it was written or copied".to_owned();
        return Err(DataError::BadArrow { path: path.to_owned(), reason });
    }
    if head.starts_with(b"PARE") {
        return unsupported("an encrypted Parquet file");
    }
    if head.starts_with(ZIP) {
        return of_zip(path, ending);
    }
    if head.starts_with(OLE) && (matches!(ending, "xlsx" | "xlsm") || is_encrypted(file.try_clone().map_err(reading)?))
    {
        return Err(DataError::ProtectedWorkbook { path: path.to_owned() });
    }
    if let Some((_, format)) = SIGNATURES.iter().find(|(start, _)| head.starts_with(start)) {
        // Three letters can begin a CSV header too.
        if head.contains(&0)
            || !matches!(*format, "an ORC file" | "a bzip2-compressed file" | "a Feather file of version 1")
        {
            return unsupported(format);
        }
    }
    if matches!(ending, "parquet" | "pq" | "parq") {
        return Err(DataError::NotParquet { path: path.to_owned() });
    }
    if matches!(ending, "arrow" | "feather" | "ipc") {
        let reason = "it does not begin as an Arrow file, whatever its name says".to_owned();
        return Err(DataError::BadArrow { path: path.to_owned(), reason });
    }
    let start = String::from_utf8_lossy(head.get(..64).unwrap_or(head))
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return unsupported("a web page");
    }
    if start.starts_with("<?xml") {
        return unsupported("an XML file");
    }
    if matches!(ending, "xlsx" | "xlsm") {
        let reason = "it does not begin as one, whatever its name says".to_owned();
        return Err(DataError::BadWorkbook { path: path.to_owned(), reason });
    }
    let begins =
        |first: char, second: char| start.strip_prefix(first).is_some_and(|rest| rest.trim_start().starts_with(second));
    if matches!(ending, "json" | "ndjson" | "jsonl") || begins('{', '"') || begins('[', '{') {
        return Ok(Format::Json);
    }
    Ok(Format::Text)
}

/// A workbook is known by its parts.
fn of_zip(path: &Path, ending: &str) -> Result<Format, DataError> {
    let unsupported = |format| Err(DataError::UnsupportedFormat { path: path.to_owned(), format });
    let file = File::open(path).map_err(|e| DataError::reading(path, &e))?;
    let Ok(archive) = zip::ZipArchive::new(std::io::BufReader::new(file)) else {
        if matches!(ending, "xlsx" | "xlsm") {
            let reason = "its list of parts is not there, so it was cut off or damaged".to_owned();
            return Err(DataError::BadWorkbook { path: path.to_owned(), reason });
        }
        return unsupported("a damaged zip archive");
    };
    let names: Vec<String> =
        archive.file_names().flatten().map(|name| name.replace('\\', "/").to_lowercase()).collect();
    let has = |start: &str| names.iter().any(|name| name.starts_with(start));
    if has("xl/workbook.bin") {
        unsupported("a binary Excel workbook")
    } else if has("xl/") {
        Ok(Format::Excel)
    } else if has("content.xml") {
        unsupported("an OpenDocument file")
    } else {
        unsupported("a zip archive of files")
    }
}

/// Whether a container of Office names the part in which a file that a password protects is kept.
fn is_encrypted(mut file: File) -> bool {
    const LOOKED_AT: u64 = 8 << 20;
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = Vec::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(LOOKED_AT).read_to_end(&mut bytes));
    read.is_ok() && bytes.windows(name.len()).any(|part| part == name)
}
