//! Tables out: CSV files that are there whole or not at all.

use std::borrow::Cow;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::{DataError, Table};

/// The cells of one column to be written.
#[derive(Clone, Copy, Debug)]
pub enum Cells<'a> {
    /// Texts as they are.
    Text(&'a [String]),
    /// Decimal numbers at full precision; one that is not finite gives an empty cell.
    Numbers(&'a [f64]),
    /// Whole numbers.
    Whole(&'a [i64]),
}

impl Cells<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Text(list) => list.len(),
            Self::Numbers(list) => list.len(),
            Self::Whole(list) => list.len(),
        }
    }

    fn cell(&self, row: usize) -> String {
        match self {
            Self::Text(list) => list.get(row).cloned(),
            Self::Numbers(list) => list.get(row).filter(|x| x.is_finite()).map(ToString::to_string),
            Self::Whole(list) => list.get(row).map(ToString::to_string),
        }
        .unwrap_or_default()
    }
}

/// Writes named columns as UTF-8 CSV with commas and a row of names (RFC 4180, with line feeds).
/// The file is written beside its place and moved there when complete.
///
/// # Errors
/// When the columns differ in length, or the file cannot be written; what was there before is unchanged then.
pub fn write_csv(path: &Path, columns: &[(&str, Cells<'_>)]) -> Result<(), DataError> {
    let rows = columns.first().map_or(0, |(_, cells)| cells.len());
    if let Some((name, cells)) = columns.iter().find(|(_, cells)| cells.len() != rows) {
        return Err(DataError::UnequalColumns { column: (*name).to_owned(), rows: cells.len(), expected: rows });
    }
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    write_rows(path, &names, rows, |row, column| {
        columns.get(column).map(|(_, cells)| cells.cell(row)).unwrap_or_default()
    })
}

/// Writes a table as CSV; missing values are empty cells.
///
/// # Errors
/// Those of [`write_csv`].
pub fn write_table(path: &Path, table: &Table) -> Result<(), DataError> {
    let names: Vec<&str> = table.columns().iter().map(|c| c.name.as_str()).collect();
    write_rows(path, &names, table.rows(), |row, column| {
        table.columns().get(column).and_then(|c| c.display(row)).unwrap_or_default()
    })
}

fn write_rows(
    path: &Path,
    names: &[&str],
    rows: usize,
    cell: impl Fn(usize, usize) -> String,
) -> Result<(), DataError> {
    let failed = |e: &std::io::Error| DataError::NotWritten { path: path.to_owned(), reason: e.to_string() };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = tempfile::NamedTempFile::new_in(folder).map_err(|e| failed(&e))?;
    let mut out = BufWriter::new(temporary);
    let write = |out: &mut BufWriter<tempfile::NamedTempFile>| -> std::io::Result<()> {
        write_line(out, names.iter().map(|name| Cow::Borrowed(*name)))?;
        for row in 0..rows {
            write_line(out, (0..names.len()).map(|column| Cow::Owned(cell(row, column))))?;
        }
        Ok(())
    };
    write(&mut out).map_err(|e| failed(&e))?;
    let temporary = out.into_inner().map_err(|e| failed(e.error()))?;
    temporary.as_file().sync_all().map_err(|e| failed(&e))?;
    temporary.persist(path).map_err(|e| failed(&e.error))?;
    Ok(())
}

fn write_line<'a>(out: &mut impl Write, cells: impl ExactSizeIterator<Item = Cow<'a, str>>) -> std::io::Result<()> {
    let alone = cells.len() == 1;
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        out.write_all(quoted(&cell, alone).as_bytes())?;
    }
    out.write_all(b"\n")
}

/// Quoted where a reader would otherwise cut it, trim it, or take an empty cell that stands alone for no row.
fn quoted(cell: &str, alone: bool) -> Cow<'_, str> {
    let must = cell.contains([',', '"', '\n', '\r']) || cell.trim().len() != cell.len() || (alone && cell.is_empty());
    if must { Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\""))) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{NoWatch, ReadOptions, read_table};

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.csv");
        std::fs::write(&path, "old").unwrap();
        let texts: Vec<String> = ["a,b", "say \"hi\"", "two\nlines", " pad", "漢字"].map(str::to_owned).to_vec();
        let numbers = [0.1, f64::NAN, 1e300, -2.5, f64::INFINITY];
        write_csv(
            &path,
            &[
                ("name, full", Cells::Text(&texts)),
                ("x", Cells::Numbers(&numbers)),
                ("n", Cells::Whole(&[1, 2, 3, 4, 5])),
            ],
        )
        .unwrap();
        let read = read_table(&path, &ReadOptions::default(), &NoWatch).unwrap();
        assert_eq!((0..5).filter_map(|row| read.table.column("name, full")?.display(row)).collect::<Vec<_>>(), texts);
        let x = read.table.column("x").unwrap();
        assert_eq!(
            (0..5).map(|row| x.number(row)).collect::<Vec<_>>(),
            [Some(0.1), None, Some(1e300), Some(-2.5), None]
        );
        let again = dir.path().join("again.csv");
        write_table(&again, &read.table).unwrap();
        assert_eq!(
            *read_table(&again, &ReadOptions::default(), &NoWatch).unwrap().table.columns().first().unwrap(),
            read.table.columns()[0]
        );
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file stays");
    }

    #[test]
    fn a_place_that_cannot_be_written_and_unequal_columns_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let error = write_csv(&dir.path().join("no/such/folder.csv"), &[("a", Cells::Whole(&[1]))]).unwrap_err();
        assert!(matches!(error, DataError::NotWritten { .. }), "{error}");
        let error =
            write_csv(&dir.path().join("a.csv"), &[("a", Cells::Whole(&[1])), ("b", Cells::Whole(&[]))]).unwrap_err();
        assert!(matches!(error, DataError::UnequalColumns { .. }), "{error}");
    }
}
