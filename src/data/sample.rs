//! Evenly drawn rows of a file, so that a file larger than memory can be looked at.

use std::path::Path;
use std::sync::Arc;

use super::read::{Dataset, ReadOptions};
use super::stream::Stream;
use super::{Column, DataError, Table, Watch};

/// Rows that are drawn at most.
const SAMPLE_ROWS: usize = 200_000;
/// Rows of a chunk.
const CHUNK_ROWS: usize = 32_768;
/// Bytes of a cell at most; distinct texts are held once more.
const CELL_BYTES: usize = 8;

/// Rows of a file, evenly drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The drawn rows; path, fingerprint, format and notes are those of the whole file.
    pub dataset: Dataset,
    /// Rows of the whole file.
    pub rows: usize,
    /// One row in so many was drawn, the first of the file among them; 1 when all were.
    pub one_in: usize,
}

/// Reads a file chunk by chunk and keeps every n-th row of every column: at most 200,000 rows and about `max_bytes`.
/// The kinds of the columns are those that the whole file gives them.
///
/// # Errors
/// Those of [`super::read_table`].
pub fn read_sample(path: &Path, options: &ReadOptions, max_bytes: u64, watch: &dyn Watch) -> Result<Sample, DataError> {
    let mut stream = Stream::open(path, options, None, CHUNK_ROWS, watch)?;
    let rows = stream.rows();
    let row_bytes = stream.all_columns().len().max(1) * CELL_BYTES;
    let most = usize::try_from(max_bytes).unwrap_or(usize::MAX) / row_bytes;
    let one_in = rows.div_ceil(most.clamp(1, SAMPLE_ROWS)).max(1);
    let mut drawn: Vec<Column> = Vec::new();
    let mut from: usize = 0;
    while let Some(chunk) = stream.next(watch)? {
        let first = from.next_multiple_of(one_in) - from;
        let places: Vec<usize> = (first..chunk.rows()).step_by(one_in).collect();
        for (place, column) in chunk.columns().iter().enumerate() {
            add(&mut drawn, place, column.take(&places), path)?;
        }
        from += chunk.rows();
    }
    watch.progress(1.0);
    let dataset = dataset(stream, drawn, watch)?;
    Ok(Sample { dataset, rows, one_in })
}

/// Some columns of the rows with these numbers, from 0 and ascending, or of all rows, of a file that is read chunk by
/// chunk. A number past the end is left out. Path, fingerprint, format and notes are those of the whole file.
///
/// # Errors
/// Those of [`super::read_table`], and when a column is not in the file.
pub fn read_rows(
    path: &Path,
    options: &ReadOptions,
    columns: &[String],
    rows: Option<&[usize]>,
    watch: &dyn Watch,
) -> Result<Dataset, DataError> {
    let mut stream = Stream::open(path, options, Some(columns), CHUNK_ROWS, watch)?;
    let mut taken: Vec<Column> = Vec::new();
    let mut from: usize = 0;
    while let Some(chunk) = stream.next(watch)? {
        let end = from + chunk.rows();
        let places: Option<Vec<usize>> = rows.map(|rows| {
            let (begin, stop) = (rows.partition_point(|row| *row < from), rows.partition_point(|row| *row < end));
            rows.get(begin..stop).unwrap_or_default().iter().map(|row| row - from).collect()
        });
        for (place, column) in chunk.columns().iter().enumerate() {
            let more = places.as_ref().map_or_else(|| column.clone(), |places| column.take(places));
            add(&mut taken, place, more, path)?;
        }
        from = end;
        if rows.is_some_and(|rows| rows.last().is_none_or(|last| *last < from)) {
            break;
        }
    }
    watch.progress(1.0);
    dataset(stream, taken, watch)
}

fn add(columns: &mut Vec<Column>, place: usize, more: Column, path: &Path) -> Result<(), DataError> {
    let Some(own) = columns.get_mut(place) else {
        columns.push(more);
        return Ok(());
    };
    // The kinds were settled before the first chunk.
    if own.values.append(&more.values) { Ok(()) } else { Err(DataError::Changed { path: path.to_owned() }) }
}

fn dataset(mut stream: Stream, columns: Vec<Column>, watch: &dyn Watch) -> Result<Dataset, DataError> {
    Ok(Dataset {
        table: Arc::new(Table::new(columns)?),
        path: stream.path().to_owned(),
        fingerprint: stream.fingerprint(watch)?,
        format: stream.format(),
        notes: stream.notes().to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::data::NoWatch;

    fn file(rows: usize) -> tempfile::NamedTempFile {
        let mut text = "n,half,name\n".to_owned();
        for row in 0..rows {
            let gap = if row % 5 == 0 { String::new() } else { format!("{row}.5") };
            writeln!(text, "{row},{gap},name {}", row % 7).unwrap();
        }
        let made = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        std::fs::write(made.path(), text).unwrap();
        made
    }

    #[test]
    fn every_nth_row_is_drawn_with_the_kinds_of_the_whole_file() {
        let made = file(70_001);
        let sample = read_sample(made.path(), &ReadOptions::default(), 24_000, &NoWatch).unwrap();
        assert_eq!((sample.rows, sample.one_in), (70_001, 71));
        let table = &sample.dataset.table;
        assert_eq!(table.rows(), 986);
        let numbers: Vec<_> = (0..3).filter_map(|row| table.column("n")?.number(row)).collect();
        assert_eq!(numbers, [0.0, 71.0, 142.0]);
        assert_eq!(table.column("n").and_then(|c| c.number(985)), Some(69_935.0));
        assert_eq!(table.column("name").and_then(|c| c.display(1)).as_deref(), Some("name 1"));
        let whole = crate::data::read_table(made.path(), &ReadOptions::default(), &NoWatch).unwrap();
        assert_eq!(whole.fingerprint.sha256, sample.dataset.fingerprint.sha256);
        let kinds = |t: &Table| t.columns().iter().map(Column::kind).collect::<Vec<_>>();
        assert_eq!(kinds(&whole.table), kinds(table));
        let all = read_sample(made.path(), &ReadOptions::default(), u64::MAX, &NoWatch).unwrap();
        assert_eq!((all.one_in, all.dataset.table.rows()), (1, 70_001));
    }

    #[test]
    fn single_rows_are_found_again() {
        let made = file(70_001);
        let columns = ["name".to_owned(), "n".to_owned()];
        let options = ReadOptions::default();
        let rows = [3, 40_000, 70_000, 80_000];
        let table = read_rows(made.path(), &options, &columns, Some(&rows), &NoWatch).unwrap().table;
        assert_eq!((table.rows(), table.columns().len()), (3, 2));
        let numbers: Vec<_> = (0..3).filter_map(|row| table.column("n")?.number(row)).collect();
        assert_eq!(numbers, [3.0, 40_000.0, 70_000.0]);
        assert_eq!(table.column("name").and_then(|c| c.display(1)).as_deref(), Some("name 2"));
        let all = read_rows(made.path(), &options, &columns, None, &NoWatch).unwrap();
        assert_eq!(all.table.rows(), 70_001);
        let stranger = ["not there".to_owned()];
        assert!(matches!(
            read_rows(made.path(), &options, &stranger, None, &NoWatch),
            Err(DataError::ColumnNotFound { .. })
        ));
    }
}
