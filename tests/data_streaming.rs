//! Files read chunk by chunk through the public interface: threads, cancel, and files that change meanwhile.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use modeldeck::data::stream::Stream;
use modeldeck::data::{Column, DataError, Kind, NoWatch, ReadOptions, Watch, read_table};
use polars::prelude::{DataFrame, IntoColumn as _, NamedFrom as _, ParquetWriter, Series};

const ROWS: usize = 1_600_000;

/// A text file that is too large to be read at once.
fn long_csv(folder: &Path) -> PathBuf {
    let path = folder.join("long.csv");
    std::fs::write(&path, "a,b\n".to_owned() + &"12345.25,some text\n".repeat(ROWS)).unwrap();
    path
}

fn parquet(folder: &Path) -> PathBuf {
    let path = folder.join("long.parquet");
    let columns = vec![
        Series::new("a".into(), (0..200_000).map(f64::from).collect::<Vec<_>>()).into_column(),
        Series::new("b".into(), (0..200_000).map(|row| format!("t{}", row % 9)).collect::<Vec<_>>()).into_column(),
    ];
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    ParquetWriter::new(File::create(&path).unwrap()).with_row_group_size(Some(20_000)).finish(&mut frame).unwrap();
    path
}

fn open(path: &Path, chunk_rows: usize) -> Result<Stream, DataError> {
    Stream::open(path, &ReadOptions::default(), None, chunk_rows, &NoWatch)
}

#[test]
fn a_long_text_file_streams_on_a_thread_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let stream = open(&long_csv(folder.path()), 100_000).unwrap();
    assert_eq!(stream.rows(), ROWS);
    assert_eq!(stream.schema(), [("a".to_owned(), Kind::Number), ("b".to_owned(), Kind::Text)]);
    let mut ahead = stream.ahead(2);
    let mut rows = 0;
    while let Some(chunk) = ahead.next(&NoWatch).unwrap() {
        assert_eq!(chunk.columns().first().and_then(|a| a.number(7)), Some(12345.25));
        rows += chunk.rows();
    }
    assert_eq!((rows, ahead.rows()), (ROWS, ROWS));
    assert_eq!(ahead.next(&NoWatch), Ok(None));
}

#[test]
fn parquet_streams_across_its_groups() {
    let folder = tempfile::tempdir().unwrap();
    let path = parquet(folder.path());
    let whole = read_table(&path, &ReadOptions::default(), &NoWatch).unwrap();
    let mut ahead = open(&path, 33_333).unwrap().ahead(1);
    let mut row = 0;
    while let Some(chunk) = ahead.next(&NoWatch).unwrap() {
        for (column, all) in chunk.columns().iter().zip(whole.table.columns()) {
            let show = |column: &Column, row: usize| column.display(row);
            assert!((0..chunk.rows()).all(|at| show(column, at) == show(all, row + at)));
        }
        row += chunk.rows();
    }
    assert_eq!(row, whole.table.rows());
}

/// Stops at the nth progress.
struct StopAt(AtomicUsize, usize);

impl Watch for StopAt {
    fn progress(&self, done: f32) {
        assert!((0.0..=1.0).contains(&done), "{done}");
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst) >= self.1
    }
}

#[test]
fn a_cancel_stops_the_look_the_chunks_and_the_thread() {
    let folder = tempfile::tempdir().unwrap();
    let path = long_csv(folder.path());
    let options = ReadOptions::default();
    let watch = StopAt(AtomicUsize::new(0), 3);
    assert_eq!(Stream::open(&path, &options, None, 1000, &watch).err(), Some(DataError::Cancelled));
    let mut stream = open(&path, 1000).unwrap();
    let watch = StopAt(AtomicUsize::new(0), 2);
    assert!(stream.next(&watch).unwrap().is_some());
    assert!(stream.next(&watch).unwrap().is_some());
    assert_eq!(stream.next(&watch), Err(DataError::Cancelled));
    let mut ahead = stream.ahead(1);
    assert!(ahead.next(&NoWatch).unwrap().is_some());
    assert_eq!(ahead.next(&watch), Err(DataError::Cancelled));
    // Dropped while its thread waits for room: must not hang.
    drop(open(&path, 1000).unwrap().ahead(1));
}

#[test]
fn a_file_that_changes_shrinks_or_disappears_between_chunks_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for make in [long_csv, parquet] {
        let path = make(folder.path());
        let mut stream = open(&path, 1000).unwrap();
        assert!(stream.next(&NoWatch).unwrap().is_some());
        let half = std::fs::metadata(&path).unwrap().len() / 2;
        File::options().write(true).open(&path).unwrap().set_len(half).unwrap();
        assert!(matches!(stream.next(&NoWatch), Err(DataError::Changed { .. })));

        let path = make(folder.path());
        let mut stream = open(&path, 1000).unwrap();
        assert!(stream.next(&NoWatch).unwrap().is_some());
        File::options().append(true).open(&path).unwrap().write_all(b"1,2\n").unwrap();
        assert!(matches!(stream.next(&NoWatch), Err(DataError::Changed { .. })));

        let path = make(folder.path());
        let mut stream = open(&path, 1000).unwrap();
        assert!(stream.next(&NoWatch).unwrap().is_some());
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(stream.next(&NoWatch), Err(DataError::Gone { .. })));
    }
}

#[test]
fn progress_rises_from_the_look_to_the_last_chunk() {
    struct Rising(parking_lot::Mutex<Vec<f32>>, AtomicBool);
    impl Watch for Rising {
        fn progress(&self, done: f32) {
            self.0.lock().push(done);
        }
        fn cancelled(&self) -> bool {
            self.1.load(Ordering::Relaxed)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let watch = Rising(parking_lot::Mutex::new(Vec::new()), AtomicBool::new(false));
    let path = long_csv(folder.path());
    let mut stream = Stream::open(&path, &ReadOptions::default(), None, 400_000, &watch).unwrap();
    while stream.next(&watch).unwrap().is_some() {}
    let told = watch.0.lock();
    assert!(told.windows(2).all(|pair| pair.first() <= pair.last()), "{told:?}");
    assert_eq!(told.last(), Some(&1.0));
}
