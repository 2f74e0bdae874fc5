//! What can go wrong with a table, each as a sentence with a way out.

use std::path::PathBuf;

/// A table could not be read or written, or is not fit for what was asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DataError {
    /// Columns of one table differ in length.
    #[error(
        "Column “{column}” has {rows} rows where the others have {expected}. Repair the file so that every column has a value or an empty cell in each row."
    )]
    UnequalColumns {
        /// The odd column.
        column: String,
        /// Its rows.
        rows: usize,
        /// The rows of the others.
        expected: usize,
    },
    /// Two columns share a name.
    #[error("Two columns are named “{column}”, so it is not clear which one is meant. Rename one of them in the file.")]
    DuplicateColumn {
        /// The repeated name.
        column: String,
    },
    /// Nothing is at the path.
    #[error("There is no file at this place; it may have been moved, renamed or deleted. Choose it again: {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The path is a folder.
    #[error("This is a folder, not a file. Choose a CSV, Parquet, Arrow, JSON or Excel file in it: {}", path.display())]
    IsDirectory {
        /// The folder.
        path: PathBuf,
    },
    /// The operating system refused to read.
    #[error("The file cannot be read ({reason}). Check that it is an ordinary file and that you may open it: {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// The file has no content.
    #[error("The file is empty. Export it again from where it came from: {}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file names columns but has no row.
    #[error("The file has column names but no rows, so there is nothing to work on. Export it again with its rows: {}", path.display())]
    NoRows {
        /// The file.
        path: PathBuf,
    },
    /// More columns than the program takes.
    #[error("The file has {columns} columns, more than the {limit} that can be read. Check that the right delimiter and line breaks were written, or keep fewer columns: {}", path.display())]
    TooManyColumns {
        /// The file.
        path: PathBuf,
        /// Columns found.
        columns: usize,
        /// Columns allowed.
        limit: usize,
    },
    /// A single row of text is larger than any sensible row.
    #[error("The row that begins in line {line} is longer than {megabytes} MB, so this is hardly a table. Check its line breaks and quotation marks: {}", path.display())]
    RowTooLong {
        /// The file.
        path: PathBuf,
        /// Line of the row's begin, from 1.
        line: u64,
        /// The limit in megabytes.
        megabytes: usize,
    },
    /// A text file with zero bytes in it.
    #[error("The file holds zero bytes (the first near byte {position}), so it is damaged or not a text table. Export it again as UTF-8 CSV or as Parquet: {}", path.display())]
    ZeroBytes {
        /// The file.
        path: PathBuf,
        /// About where the first one is, in bytes from the start.
        position: u64,
    },
    /// The content is neither text nor a format that is known.
    #[error("The content is neither text nor Parquet, whatever the file's name says. Choose another file, or export the table as CSV or Parquet: {}", path.display())]
    NotATable {
        /// The file.
        path: PathBuf,
    },
    /// A known format that is not read yet.
    #[error("This is {format}, which is not read yet. Save the table as CSV or Parquet and choose that file: {}", path.display())]
    UnsupportedFormat {
        /// The file.
        path: PathBuf,
        /// What it is, with its article, as “an Excel workbook”.
        format: &'static str,
    },
    /// The name promises Parquet, the content is something else.
    #[error("The file is named as Parquet but does not begin as one. Give it the ending of what it is, or export it again: {}", path.display())]
    NotParquet {
        /// The file.
        path: PathBuf,
    },
    /// A Parquet file without its end.
    #[error("The Parquet file stops before its end: it was cut off while it was written or copied. Copy or export it again: {}", path.display())]
    TruncatedParquet {
        /// The file.
        path: PathBuf,
    },
    /// A Parquet file that cannot be decoded.
    #[error("The Parquet file is damaged or uses a feature that is not known ({reason}). Export it again, with Snappy, Zstandard or no compression: {}", path.display())]
    BadParquet {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// An Arrow file that cannot be decoded.
    #[error("The Arrow file is damaged, cut off or uses a feature that is not known ({reason}). Export it again, as a Feather file (version 2) or Parquet: {}", path.display())]
    BadArrow {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// A workbook that cannot be decoded.
    #[error("The workbook is damaged, cut off or uses a feature that is not known ({reason}). Open and save it again in a spreadsheet program, or export the sheet as CSV: {}", path.display())]
    BadWorkbook {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// A workbook that only a password opens.
    #[error("The workbook is protected by a password, so it cannot be read. Save it without one, or export the sheet as CSV: {}", path.display())]
    ProtectedWorkbook {
        /// The file.
        path: PathBuf,
    },
    /// A sheet that is not in the workbook.
    #[error("The workbook has no sheet “{sheet}”. It has {known}. Name one of them: {}", path.display())]
    SheetNotFound {
        /// The file.
        path: PathBuf,
        /// The sheet asked for.
        sheet: String,
        /// The first sheets it has, in quotation marks.
        known: String,
    },
    /// A JSON file that is no table.
    #[error("The JSON cannot be read as a table: in line {line}, {reason}. Write a list of records, one record a line, or an object with one list per column: {}", path.display())]
    BadJson {
        /// The file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// What was found, and what was expected.
        reason: String,
    },
    /// A compressed file that cannot be unpacked.
    #[error("The {what} file cannot be unpacked ({reason}). Copy or compress it again, or unpack it and choose the table itself: {}", path.display())]
    BadArchive {
        /// The file.
        path: PathBuf,
        /// The compression.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// No column has a type that can be used.
    #[error("No column holds numbers, text, true/false or times, so nothing can be read ({left_out}). Export the table with plain columns: {}", path.display())]
    NoUsableColumns {
        /// The file.
        path: PathBuf,
        /// Why, by column.
        left_out: String,
    },
    /// Most rows have another number of cells than the header.
    #[error("{rows} rows have another number of cells than the header's {expected} (the first in line {line} has {found}). Check the delimiter, and that cells with a delimiter in them are quoted: {}", path.display())]
    RaggedRows {
        /// The file.
        path: PathBuf,
        /// How many rows.
        rows: usize,
        /// Columns of the header.
        expected: usize,
        /// Line of the first odd row, from 1.
        line: u64,
        /// Its cells.
        found: usize,
    },
    /// A quoted cell without an end.
    #[error("A quotation mark opens in the row of line {line} and never closes, so the rest of the file cannot be told apart. Close or double it: {}", path.display())]
    OpenQuote {
        /// The file.
        path: PathBuf,
        /// Line of the row's begin, from 1.
        line: u64,
    },
    /// A delimiter that cannot be told from the rest.
    #[error("“{}” cannot stand between cells. Use a comma, semicolon, tab, bar or another plain character.", char::from(*delimiter).escape_default())]
    BadDelimiter {
        /// The byte asked for.
        delimiter: u8,
    },
    /// An encoding's name that is not known.
    #[error("No text encoding is named “{encoding}”. Use a name such as utf-8, utf-16le, windows-1252 or iso-8859-15.")]
    UnknownEncoding {
        /// The name asked for.
        encoding: String,
    },
    /// The bytes do not fit the encoding that was asked for.
    #[error("The text is not {encoding} (the first odd byte is near byte {position}). Choose another encoding: {}", path.display())]
    WrongEncoding {
        /// The file.
        path: PathBuf,
        /// The encoding.
        encoding: String,
        /// About where the first odd byte is, in bytes from the start.
        position: u64,
    },
    /// A column that was named is not in the table.
    #[error("There is no column “{column}”. The columns are: {known}")]
    ColumnNotFound {
        /// The name asked for.
        column: String,
        /// The first names that exist.
        known: String,
    },
    /// A column of text stands where numbers must be.
    #[error(
        "Column “{column}” must hold numbers, but {count} of its values are not: the first is “{value}” in row {row}. Correct or empty these cells, or choose another column."
    )]
    NotNumbers {
        /// The column.
        column: String,
        /// The first value that is no number, shortened when long.
        value: String,
        /// Its row, from 1, without the header.
        row: usize,
        /// Rows whose value is no number.
        count: usize,
    },
    /// A column of text has more distinct values than can be kept.
    #[error("Column “{column}” has more distinct texts than can be kept. Leave it out of the file.")]
    TooManyTexts {
        /// The column.
        column: String,
    },
    /// The file is not the one it was when it was read.
    #[error("The file has changed since it was read, so earlier results no longer describe it. Read it again: {}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file that was read before does not exist any more.
    #[error("The file is gone: it was moved, renamed or deleted after it was read. Put it back or choose it again: {}", path.display())]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// The person stopped the work.
    #[error("Reading was cancelled; nothing was kept.")]
    Cancelled,
    /// A file could not be written.
    #[error("The file could not be written ({reason}); what was there before is unchanged. Choose another place or free some space: {}", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// The operating system's words.
        reason: String,
    },
}

impl DataError {
    /// An error of opening or reading, by what the operating system says.
    pub(crate) fn reading(path: &std::path::Path, error: &std::io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Self::NotFound { path },
            std::io::ErrorKind::IsADirectory => Self::IsDirectory { path },
            _ => Self::Unreadable { path, reason: error.to_string() },
        }
    }
}

/// A value shortened so that it fits into a sentence.
pub(crate) fn shortened(value: &str) -> String {
    shortened_to(value, 40)
}

/// A text of at most so many letters, with an ellipsis where it was cut.
pub(crate) fn shortened_to(value: &str, letters: usize) -> String {
    if value.chars().count() <= letters {
        return value.to_owned();
    }
    value.chars().take(letters).chain(['…']).collect()
}
