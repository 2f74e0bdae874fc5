//! A look at the beginning of a file before it is read: what was detected, the first rows, the cost.

use std::path::{Path, PathBuf};

use super::compressed::{self, Compression};
use super::dialect::Dialect;
use super::estimate::{ReadEstimate, estimate_with};
use super::fingerprint::Stamp;
use super::format::{Format, look};
use super::layout::layout_key;
use super::read::ReadOptions;
use super::records::{Cut, Records, Step};
use super::schema::{Role, infer_roles};
use super::text::{presets, unique_names};
use super::{Column, DataError, Kind, NoWatch, Table, convert, excel, ipc, json, parquet};
use crate::data::builder::{Builder, Preset};

/// Rows that are shown.
pub const SHOWN_ROWS: usize = 50;
/// Rows from which kinds and roles are guessed.
const LOOKED_AT_ROWS: usize = 1000;
/// Bytes of a JSON file, and of what is in a compressed one, that are looked at.
const LOOKED_AT_BYTES: u64 = 4 << 20;

/// A column as it would be read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PreviewColumn {
    /// The name.
    pub name: String,
    /// What it holds, by the first rows; the whole file may tell otherwise.
    pub kind: Kind,
    /// What it is for, by name and first rows.
    pub role: Role,
}

/// The beginning of a file as it would be read with some options.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Preview {
    /// The file.
    pub path: PathBuf,
    /// Its format by content.
    pub format: Format,
    /// The compression around it.
    pub compression: Option<Compression>,
    /// The character between cells; of text.
    pub delimiter: Option<u8>,
    /// Whether numbers have a decimal comma; of text.
    pub decimal_comma: Option<bool>,
    /// The encoding by its usual name; of text.
    pub encoding: Option<String>,
    /// Whether the first row holds the names; of text and workbooks.
    pub header: Option<bool>,
    /// The sheets of a workbook.
    pub sheets: Vec<String>,
    /// The sheet that would be read.
    pub sheet: Option<String>,
    /// The columns, in the order of the file.
    pub columns: Vec<PreviewColumn>,
    /// The first rows, [`SHOWN_ROWS`] at most, one cell a column; a missing value is `None`.
    pub rows: Vec<Vec<Option<String>>>,
    /// What reading will cost.
    pub estimate: ReadEstimate,
    /// The key under which corrections of columns are remembered; see [`layout_key`].
    pub layout: String,
    /// What was found, assumed or left out in the beginning, as sentences.
    pub notes: Vec<String>,
}

/// The beginning of a file as a table, and what was detected.
struct Head {
    table: Table,
    notes: Vec<String>,
    dialect: Option<Dialect>,
    sheets: Vec<String>,
    sheet: Option<String>,
    header: Option<bool>,
}

impl Head {
    fn of((table, notes): (Table, Vec<String>)) -> Self {
        Self { table, notes, dialect: None, sheets: Vec::new(), sheet: None, header: None }
    }
}

/// Looks at the beginning of a file: some megabytes and a thousand rows, whatever its size. Only a workbook's shared
/// texts and an object with one list per column may take longer.
///
/// # Errors
/// Those of reading, as far as the beginning of the file shows them. Columns of the options that the file does not have
/// are no error here, so that a person can correct what they chose for another file.
pub fn preview(path: &Path, options: &ReadOptions) -> Result<Preview, DataError> {
    let stamp = Stamp::of(path)?;
    if stamp.size == 0 {
        return Err(DataError::Empty { path: path.to_owned() });
    }
    let found = look(path)?;
    let few = ReadOptions {
        max_rows: Some(options.max_rows.unwrap_or(LOOKED_AT_ROWS).min(LOOKED_AT_ROWS)),
        ..options.clone()
    };
    let mut head = match found.compression {
        None => head(path, found.format, &few, stamp.size, LOOKED_AT_BYTES)?,
        Some(compression) => {
            let temporary = |e: std::io::Error| DataError::reading(path, &e);
            let bytes = compressed::beginning(path, compression, LOOKED_AT_BYTES)?;
            let made = compressed::temporary(path).map_err(temporary)?;
            std::fs::write(made.path(), &bytes).map_err(temporary)?;
            let length = bytes.len() as u64;
            let size = length + u64::from(length == LOOKED_AT_BYTES);
            head(made.path(), found.format, &few, size, length).map_err(|error| compressed::named(error, path))?
        }
    };
    if found.format != Format::Text && found.format != Format::Excel {
        head.table = convert::apply_kinds(head.table, options, &mut head.notes)?;
    }
    if head.table.rows() == 0 {
        return Err(DataError::NoRows { path: path.to_owned() });
    }
    let mut estimate = estimate_with(path, options)?;
    if head.table.rows() < few.max_rows.unwrap_or_default() && found.format != Format::Text {
        estimate.rows = Some(head.table.rows() as u64);
    }
    let names: Vec<&str> = head.table.columns().iter().map(|column| column.name.as_str()).collect();
    let shown = head.table.rows().min(SHOWN_ROWS);
    let rows = (0..shown).map(|row| head.table.columns().iter().map(|column| cell(column, row)).collect()).collect();
    Ok(Preview {
        path: path.to_owned(),
        format: found.format,
        compression: found.compression,
        delimiter: head.dialect.as_ref().map(|dialect| dialect.delimiter),
        decimal_comma: head.dialect.as_ref().map(|dialect| dialect.decimal_comma),
        encoding: head.dialect.as_ref().map(|dialect| dialect.encoding.name().to_lowercase()),
        header: head.dialect.as_ref().map(|dialect| dialect.header).or(head.header),
        sheets: head.sheets,
        sheet: head.sheet,
        layout: layout_key(&names, Some(found.format.family())),
        columns: infer_roles(&head.table)
            .into_iter()
            .map(|column| PreviewColumn { name: column.name, kind: column.kind, role: column.role })
            .collect(),
        rows,
        estimate,
        notes: head.notes,
    })
}

/// A cell without its end where it is long: a table shows one line.
fn cell(column: &Column, row: usize) -> Option<String> {
    const LETTERS: usize = 200;
    column.display(row).map(|text| super::error::shortened_to(&text, LETTERS))
}

fn head(path: &Path, format: Format, options: &ReadOptions, size: u64, limit: u64) -> Result<Head, DataError> {
    match format {
        Format::Text => text(path, options, limit < size),
        Format::Parquet => parquet::head(path, options, &NoWatch).map(Head::of),
        Format::Arrow => ipc::decode(path, options, &NoWatch).map(Head::of),
        Format::Json => json::head(path, options, size, limit).map(|decoded| Head::of((decoded.table, decoded.notes))),
        Format::Excel => {
            let decoded = excel::decode(path, options, &NoWatch)?;
            let mut head = Head::of((decoded.table, decoded.notes));
            head.sheets = decoded.sheets;
            head.sheet = Some(decoded.sheet);
            head.header = Some(decoded.header);
            Ok(head)
        }
    }
}

/// The first rows of the beginning of a text file. `cut` says that the file goes on after its last line.
fn text(path: &Path, options: &ReadOptions, cut: bool) -> Result<Head, DataError> {
    let dialect = Dialect::of_file(path, options, false)?;
    unique_names(&dialect)?;
    let ordered = presets(&dialect, options);
    let mut builders = fill(&dialect, &ordered, options, cut);
    let mixed: Vec<bool> = builders.iter().map(Builder::is_mixed).collect();
    if mixed.contains(&true) {
        let as_text: Vec<Option<Preset>> = mixed
            .iter()
            .zip(&ordered)
            .map(|(mixed, ordered)| if *mixed { Some(Preset::Text) } else { *ordered })
            .collect();
        builders = fill(&dialect, &as_text, options, cut);
    }
    let mut columns = Vec::with_capacity(builders.len());
    for (at, (builder, name)) in builders.into_iter().zip(&dialect.names).enumerate() {
        let column = Column::new(name.clone(), builder.finish(name)?);
        // As in reading: a column with neither name nor value is left out.
        if !dialect.unnamed.contains(&at) || column.missing_in(0..column.len()) < column.len() {
            columns.push(column);
        }
    }
    let mut head = Head::of((Table::new(columns)?, dialect.notes(options)));
    head.dialect = Some(dialect);
    Ok(head)
}

fn fill(dialect: &Dialect, presets: &[Option<Preset>], options: &ReadOptions, cut: bool) -> Vec<Builder> {
    let mut builders: Vec<Builder> =
        presets.iter().map(|preset| Builder::new(*preset, dialect.decimal_comma)).collect();
    let mut records = Records::new(Cut::new(dialect.delimiter, &dialect.sample), builders.len());
    records.room().push_str(&dialect.sample);
    let (mut header, mut rows) = (dialect.header, 0);
    while rows < options.max_rows.unwrap_or(LOOKED_AT_ROWS) {
        match records.step(dialect.whole && !cut) {
            Step::Row { .. } if std::mem::take(&mut header) => {}
            Step::Row { cells, .. } if cells == builders.len() => {
                builders.iter_mut().enumerate().for_each(|(at, builder)| builder.push(&records.cell(at)));
                rows += 1;
            }
            Step::Row { .. } | Step::Blank => {}
            Step::NeedMore | Step::OpenQuote(_) | Step::End => break,
        }
    }
    builders
}
