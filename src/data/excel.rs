//! Reading Excel workbooks (`.xlsx`, `.xlsm`), row by row, so that only the columns grow.
//!
//! The decoder is another's; what it calls an error becomes a sentence, and so does a panic in it. A cell becomes the
//! text that a person would have written into a CSV file, so that kinds and missing words are found as for text.

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};

use super::builder::{Builder, Preset};
use super::dialect::{Dialect, is_header};
use super::error::shortened_to;
use super::fingerprint::{Fingerprint, Stamp, of_file_watched};
use super::part::Part;
use super::read::ReadOptions;
use super::text::{counted, finish, presets, unique_names};
use super::{DataError, Table, Watch};

/// What a workbook may unpack to; more is no table a person meant to open.
const MAX_UNPACKED_BYTES: u64 = 2 << 30;
/// Rows times columns that are held.
const MAX_CELLS: usize = 1 << 28;
const ROWS_BETWEEN_LOOKS: usize = 2048;
const NAMED: usize = 6;

type Book = Xlsx<BufReader<File>>;

/// What was read of a workbook.
pub(crate) struct Decoded {
    pub(crate) table: Table,
    pub(crate) notes: Vec<String>,
    /// The sheets that can be chosen.
    pub(crate) sheets: Vec<String>,
    /// The sheet that was read.
    pub(crate) sheet: String,
    /// Whether its first row holds the names.
    pub(crate) header: bool,
}

/// A workbook's sheet as a table, its fingerprint, and what a person should know about the reading.
pub(crate) fn read(
    path: &Path,
    options: &ReadOptions,
    _stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(Table, Fingerprint, Vec<String>), DataError> {
    let fingerprint = of_file_watched(path, &Part { watch, from: 0.0, span: 0.1 })?;
    let decoded = decode(path, options, &Part { watch, from: 0.1, span: 0.9 })?;
    Ok((decoded.table, fingerprint, decoded.notes))
}

/// Bytes that the parts of a workbook unpack to.
///
/// # Errors
/// When it is no whole zip archive, or holds more than is read.
pub(crate) fn unpacked_bytes(path: &Path) -> Result<u64, DataError> {
    let bad = |reason: String| DataError::BadWorkbook { path: path.to_owned(), reason };
    let file = File::open(path).map_err(|e| DataError::reading(path, &e))?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file))
        .map_err(|_| bad("its list of parts is not there, so it was cut off or damaged".to_owned()))?;
    let mut all = 0_u64;
    for at in 0..archive.len() {
        let part = archive.by_index_raw(at).map_err(|error| bad(first_line(&error.to_string())))?;
        all = all.saturating_add(part.size());
    }
    if all > MAX_UNPACKED_BYTES {
        return Err(bad(format!("it unpacks to more than {} GiB", MAX_UNPACKED_BYTES >> 30)));
    }
    Ok(all)
}

/// Rows and columns that the sheet says it has, without reading them.
pub(crate) fn size(path: &Path, options: &ReadOptions) -> Result<(u64, u64), DataError> {
    let mut book = open(path)?;
    let sheets = sheets(&book);
    let sheet = chosen(&mut book, &sheets, options, path)?;
    guarded(path, || {
        let area = book.worksheet_cells_reader(&sheet)?.dimensions();
        let across = |from: u32, to: u32| u64::from(to.saturating_sub(from)) + 1;
        Ok((across(area.start.0, area.end.0), across(area.start.1, area.end.1)))
    })
}

fn first_line(message: &str) -> String {
    shortened_to(message.lines().next().unwrap_or_default().trim().trim_end_matches('.'), 160)
}

/// Runs the decoder; an error and a panic in it both become a sentence.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, XlsxError>) -> Result<T, DataError> {
    let bad = |reason: String| DataError::BadWorkbook { path: path.to_owned(), reason };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(XlsxError::Password)) => Err(DataError::ProtectedWorkbook { path: path.to_owned() }),
        Ok(Err(error)) => Err(bad(first_line(&error.to_string()))),
        Err(_) => Err(bad("the decoder gave up on it".to_owned())),
    }
}

fn open(path: &Path) -> Result<Book, DataError> {
    unpacked_bytes(path)?;
    let file = File::open(path).map_err(|e| DataError::reading(path, &e))?;
    guarded(path, || Xlsx::new(BufReader::new(file)))
}

/// The worksheets, visible ones where there are some.
fn sheets(book: &Book) -> Vec<String> {
    let work = || book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let visible: Vec<String> =
        work().filter(|sheet| sheet.visible == SheetVisible::Visible).map(|sheet| sheet.name.clone()).collect();
    if visible.is_empty() { work().map(|sheet| sheet.name.clone()).collect() } else { visible }
}

/// The sheet that was asked for, else the first that has cells.
fn chosen(book: &mut Book, sheets: &[String], options: &ReadOptions, path: &Path) -> Result<String, DataError> {
    if let Some(wanted) = &options.sheet {
        let known = book.sheet_names();
        return if known.contains(wanted) {
            Ok(wanted.clone())
        } else {
            Err(DataError::SheetNotFound { path: path.to_owned(), sheet: wanted.clone(), known: named(&known) })
        };
    }
    for sheet in sheets {
        let filled = guarded(path, || {
            let mut cells = book.worksheet_cells_reader(sheet)?;
            while let Some(cell) = cells.next_cell()? {
                if !matches!(cell.get_value(), DataRef::Empty) {
                    return Ok(true);
                }
            }
            Ok(false)
        })?;
        if filled {
            return Ok(sheet.clone());
        }
    }
    Err(DataError::Empty { path: path.to_owned() })
}

/// Some names in quotation marks.
fn named(names: &[String]) -> String {
    let more = if names.len() > NAMED { ", …" } else { "" };
    names.iter().take(NAMED).map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ") + more
}

/// A column that is begun when its first cell comes.
struct Growing {
    builder: Builder,
    seen: bool,
}

impl Growing {
    fn new(preset: Option<Preset>) -> Self {
        Self { builder: Builder::new(preset, false), seen: false }
    }

    fn fill(&mut self, rows: usize) {
        while self.builder.rows() < rows {
            self.builder.push("");
        }
    }
}

/// One pass over the rows of a sheet.
#[derive(Default)]
struct Pass {
    header: Option<bool>,
    first: Vec<String>,
    columns: Vec<Growing>,
    rows: usize,
    errors: usize,
    /// The places of the columns to be filled; all where there are none.
    only: Option<Vec<bool>>,
}

impl Pass {
    /// Takes one row that has a cell; false when no more are wanted.
    fn row(&mut self, cells: &[(usize, String)], options: &ReadOptions) -> bool {
        if self.header.is_none() {
            let width = cells.iter().map(|(at, _)| at + 1).max().unwrap_or_default();
            self.first = vec![String::new(); width];
            for (at, text) in cells {
                if let Some(place) = self.first.get_mut(*at) {
                    text.clone_into(place);
                }
            }
            let header = options.header.unwrap_or_else(|| is_header(&self.first, false));
            self.header = Some(header);
            if header {
                return true;
            }
        }
        if options.max_rows.is_some_and(|most| self.rows >= most) {
            return false;
        }
        for (at, text) in cells {
            while self.columns.len() <= *at {
                let preset = self.preset(self.columns.len(), options);
                self.columns.push(Growing::new(preset));
            }
            let unwanted = self.only.as_ref().is_some_and(|only| !only.get(*at).copied().unwrap_or(false));
            if let Some(column) = self.columns.get_mut(*at).filter(|_| !unwanted) {
                column.fill(self.rows);
                if column.builder.rows() == self.rows {
                    column.builder.push(text);
                    column.seen = true;
                }
            }
        }
        self.rows += 1;
        true
    }

    fn preset(&self, at: usize, options: &ReadOptions) -> Option<Preset> {
        if self.only.is_some() {
            return Some(Preset::Text);
        }
        let given = self.first.get(at).filter(|name| self.header == Some(true) && !name.trim().is_empty());
        let name = given.cloned().unwrap_or_else(|| format!("column_{}", at + 1));
        if options.categorical.contains(&name) {
            Some(Preset::Text)
        } else {
            options.numeric.contains(&name).then_some(Preset::Number)
        }
    }
}

/// Reads a sheet, without the fingerprint.
pub(crate) fn decode(path: &Path, options: &ReadOptions, watch: &dyn Watch) -> Result<Decoded, DataError> {
    let mut book = open(path)?;
    let sheets = sheets(&book);
    let sheet = chosen(&mut book, &sheets, options, path)?;
    let mut pass = Pass::default();
    walk(&mut book, &sheet, path, options, &mut pass, watch)?;
    let header = pass.header.unwrap_or_default();
    let width = pass.columns.len().max(pass.first.len());
    let mut first = std::mem::take(&mut pass.first);
    first.resize(width, String::new());
    let mut dialect = Dialect::of_cells(&first, header);
    // Columns beside the table have neither a name nor a cell.
    let is_seen = |at: usize| pass.columns.get(at).is_some_and(|column| column.seen);
    dialect.unnamed = (0..width)
        .filter(|at| !is_seen(*at) && (!header || first.get(*at).is_none_or(|name| name.trim().is_empty())))
        .chain(dialect.unnamed.iter().copied().filter(|at| is_seen(*at)))
        .collect();
    unique_names(&dialect)?;
    while pass.columns.len() < width {
        pass.columns.push(Growing::new(None));
    }
    let rows = pass.rows;
    pass.columns.iter_mut().for_each(|column| column.fill(rows));
    let mut as_text: Vec<bool> = pass.columns.iter().map(|column| column.builder.is_mixed()).collect();
    if as_text.contains(&true) {
        let mut again = Pass {
            only: Some(as_text.clone()),
            header: None,
            first: Vec::new(),
            columns: Vec::new(),
            rows: 0,
            errors: 0,
        };
        walk(&mut book, &sheet, path, options, &mut again, watch)?;
        for (column, new) in pass.columns.iter_mut().zip(again.columns) {
            if column.builder.is_mixed() {
                *column = new;
                column.fill(rows);
            }
        }
    }
    as_text.resize(width, false);
    let mut notes = Vec::new();
    if sheets.len() > 1 {
        let others: Vec<String> = sheets.iter().filter(|name| **name != sheet).cloned().collect();
        notes.push(format!("Sheet “{sheet}” was read; the workbook also has {}.", named(&others)));
    }
    if !header {
        notes.push("The sheet has no row of names, so the columns are called column_1 and so on.".to_owned());
    }
    if pass.errors > 0 {
        notes.push(format!(
            "{} such as #N/A or #DIV/0!, read as missing.",
            counted(pass.errors, "cell holds an error", "cells hold an error")
        ));
    }
    let ordered = presets(&dialect, options);
    let builders = pass.columns.into_iter().map(|column| Some(column.builder)).collect();
    let as_text = as_text.iter().zip(&ordered).map(|(mixed, ordered)| *mixed && ordered.is_none()).collect();
    let columns = finish(builders, as_text, &dialect, &mut notes)?;
    Ok(Decoded { table: Table::new(columns)?, notes, sheets, sheet, header })
}

fn walk(
    book: &mut Book,
    sheet: &str,
    path: &Path,
    options: &ReadOptions,
    pass: &mut Pass,
    watch: &dyn Watch,
) -> Result<(), DataError> {
    let epoch_1904 = book.has_1904_epoch();
    let mut stop = None;
    let bad = |reason: &str| DataError::BadWorkbook { path: path.to_owned(), reason: reason.to_owned() };
    guarded(path, || {
        let mut reader = book.worksheet_cells_reader(sheet)?;
        let expected = f64::from(reader.dimensions().end.0.max(1));
        let (mut row, mut cells): (u32, Vec<(usize, String)>) = (0, Vec::new());
        let mut looked = 0_usize;
        loop {
            let cell = reader.next_cell()?;
            let at = cell.as_ref().map(calamine::Cell::get_position);
            if at.is_none_or(|(number, _)| number != row) && !cells.is_empty() {
                if !pass.row(&cells, options) {
                    return Ok(());
                }
                cells.clear();
                looked += 1;
                if looked.is_multiple_of(ROWS_BETWEEN_LOOKS) {
                    if watch.cancelled() {
                        stop = Some(DataError::Cancelled);
                        return Ok(());
                    }
                    watch.progress((f64::from(row) / expected).min(1.0) as f32);
                }
                if pass.rows.saturating_mul(pass.columns.len()) > MAX_CELLS {
                    stop = Some(bad("its cells are spread over more rows and columns than can be held"));
                    return Ok(());
                }
            }
            let (Some(cell), Some((number, column))) = (cell, at) else { return Ok(()) };
            if number < row {
                stop = Some(bad("its rows are out of order"));
                return Ok(());
            }
            row = number;
            match written(cell.get_value(), epoch_1904) {
                Written::Nothing => {}
                Written::Error => pass.errors += 1,
                Written::Text(text) => cells.push((column as usize, text)),
            }
        }
    })?;
    stop.map_or(Ok(()), Err)
}

/// A cell as a person would write it.
enum Written {
    Nothing,
    Error,
    Text(String),
}

fn written(cell: &DataRef<'_>, epoch_1904: bool) -> Written {
    let text = match cell {
        DataRef::Empty => return Written::Nothing,
        DataRef::Error(_) => return Written::Error,
        DataRef::Int(x) => x.to_string(),
        DataRef::Float(x) => x.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(x) => x.to_string(),
        DataRef::DateTime(moment) if moment.is_duration() => moment.as_f64().to_string(),
        DataRef::DateTime(moment) => {
            let serial = moment.as_f64();
            of_serial(serial, epoch_1904).unwrap_or_else(|| serial.to_string())
        }
    };
    if text.trim().is_empty() { Written::Nothing } else { Written::Text(text) }
}

/// A day number with its fraction, as ISO 8601 writes it; below 1 it is a time of day. Day 1 is 1900-01-01 and the day
/// 1900-02-29 is counted though there was none, or day 0 is 1904-01-01.
fn of_serial(serial: f64, epoch_1904: bool) -> Option<String> {
    const DAY_MS: f64 = 86_400_000.0;
    if !(0.0..3_000_000.0).contains(&serial) {
        return None;
    }
    let day_zero = match (epoch_1904, serial < 60.0) {
        (true, _) => (1904, 1, 1),
        (false, true) => (1899, 12, 31),
        (false, false) => (1899, 12, 30),
    };
    let zero = chrono::NaiveDate::from_ymd_opt(day_zero.0, day_zero.1, day_zero.2)?.and_hms_opt(0, 0, 0)?;
    let ms = (serial * DAY_MS).round() as i64;
    let moment = zero.checked_add_signed(chrono::TimeDelta::milliseconds(ms))?;
    let format = match (serial < 1.0, ms % 86_400_000 == 0, ms % 1000 == 0) {
        (true, _, _) => "%H:%M:%S",
        (_, true, _) => "%Y-%m-%d",
        (_, _, true) => "%Y-%m-%d %H:%M:%S",
        _ => "%Y-%m-%d %H:%M:%S%.3f",
    };
    Some(moment.format(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_are_days_of_either_system() {
        for (serial, epoch_1904, text) in [
            (1.0, false, "1900-01-01"),
            (59.0, false, "1900-02-28"),
            (61.0, false, "1900-03-01"),
            (45_292.0, false, "2024-01-01"),
            (45_292.75, false, "2024-01-01 18:00:00"),
            (43_830.0, true, "2024-01-01"),
            (0.5, false, "12:00:00"),
        ] {
            assert_eq!(of_serial(serial, epoch_1904).as_deref(), Some(text));
        }
        for serial in [-1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert_eq!(of_serial(serial, false), None);
        }
    }
}
