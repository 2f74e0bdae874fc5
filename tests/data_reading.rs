//! Reading files of every sort, good and bad: each bad one gets its sentence, none a panic.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail like tests")]

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use modeldeck::data::estimate::estimate_read;
use modeldeck::data::format::Format;
use modeldeck::data::target::numbers;
use modeldeck::data::{Column, DataError, Dataset, Kind, NoWatch, ReadOptions, Values, Watch, read_table};
use polars::prelude::{DataFrame, DataType, IntoColumn, NamedFrom as _, ParquetWriter, Series, TimeUnit};
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use proptest::test_runner::RngSeed;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn parquet(&self, name: &str, columns: Vec<Series>) -> PathBuf {
        self.parquet_in_groups(name, columns, 100)
    }

    fn parquet_in_groups(&self, name: &str, columns: Vec<Series>, rows: usize) -> PathBuf {
        let path = self.0.path().join(name);
        let columns = columns.into_iter().map(IntoColumn::into_column).collect();
        let mut frame = DataFrame::new_infer_height(columns).unwrap();
        ParquetWriter::new(File::create(&path).unwrap()).with_row_group_size(Some(rows)).finish(&mut frame).unwrap();
        path
    }
}

fn read(path: &Path) -> Result<Dataset, DataError> {
    read_table(path, &ReadOptions::default(), &NoWatch)
}

fn text(content: impl AsRef<[u8]>) -> Result<Dataset, DataError> {
    read(&Folder::new().file("table.csv", content))
}

/// The sentence of the error, checked to end with the path that is at fault.
fn sentence(path: &Path) -> String {
    let error = read(path).expect_err("must be refused").to_string();
    assert!(error.ends_with(&path.display().to_string()), "{error}");
    error
}

fn shown(data: &Dataset, column: &str) -> Vec<String> {
    let column = data.table.column(column).unwrap_or_else(|| panic!("no column {column}"));
    (0..column.len()).map(|row| column.display(row).unwrap_or_else(|| "–".to_owned())).collect()
}

fn noted(data: &Dataset, part: &str) -> bool {
    data.notes.iter().any(|note| note.contains(part))
}

#[test]
fn a_plain_csv_gets_kinds_a_fingerprint_and_no_note() {
    let data = text("id,price,name,ok,day\n1,2.5,a,true,2013-04-01\n2,,\"b, c\",false,2013-04-02\n3,1,,,\n").unwrap();
    let kinds: Vec<Kind> = data.table.columns().iter().map(Column::kind).collect();
    assert_eq!(kinds, [Kind::Number, Kind::Number, Kind::Text, Kind::Bool, Kind::Time]);
    assert_eq!(shown(&data, "price"), ["2.5", "–", "1"]);
    assert_eq!(shown(&data, "name"), ["a", "b, c", "–"]);
    assert_eq!(shown(&data, "ok"), ["true", "false", "–"]);
    assert_eq!(shown(&data, "day"), ["2013-04-01 00:00:00", "2013-04-02 00:00:00", "–"]);
    assert_eq!(data.format, Format::Text);
    assert_eq!((data.fingerprint.size_bytes, data.fingerprint.sha256.len()), (79, 64));
    assert_eq!(data.notes, Vec::<String>::new());
}

#[test]
fn what_is_not_a_file_is_told() {
    let folder = Folder::new();
    assert!(sentence(&folder.0.path().join("nothing.csv")).starts_with("There is no file"));
    assert!(sentence(folder.0.path()).starts_with("This is a folder"));
    assert!(sentence(&folder.file("in.csv", "a\n1\n").join("below.csv")).starts_with("There is no file"));
}

#[test]
fn an_empty_file_and_one_without_rows_are_told_apart() {
    let folder = Folder::new();
    assert!(sentence(&folder.file("a.csv", "")).starts_with("The file is empty"));
    assert!(sentence(&folder.file("b.csv", "\u{feff}\r\n \n")).starts_with("The file is empty"));
    for content in ["a,b,c\n", "a,b,c", "\u{feff}a;b\r\n\r\n"] {
        assert!(sentence(&folder.file("c.csv", content)).contains("column names but no rows"), "{content}");
    }
    let empty = Series::new("a".into(), Vec::<i64>::new());
    assert!(sentence(&folder.parquet("d.parquet", vec![empty])).contains("column names but no rows"));
}

#[test]
fn one_row_is_read_with_a_warning() {
    let data = text("a,b\n1,x").unwrap();
    assert_eq!(data.table.rows(), 1);
    assert!(noted(&data, "one row only"), "{:?}", data.notes);
}

#[test]
fn columns_of_one_name_are_refused_by_name() {
    let error = text("a,größe,größe\n1,2,3\n").unwrap_err();
    assert_eq!(error, DataError::DuplicateColumn { column: "größe".into() });
}

#[test]
fn other_encodings_are_found_or_taken_by_order() {
    let latin: Vec<u8> = b"name,x\nM\xfcller,1\nGr\xf6\xdfe,2\n".to_vec();
    let data = text(&latin).unwrap();
    assert_eq!(shown(&data, "name"), ["Müller", "Größe"]);
    assert!(noted(&data, "windows-1252"), "{:?}", data.notes);

    for (mark, little) in [(&b"\xff\xfe"[..], true), (b"\xfe\xff", false), (b"", true), (b"", false)] {
        let mut bytes = mark.to_vec();
        for unit in "Größe;y\n1,5;漢\n2,5;ü\n".encode_utf16() {
            bytes.extend(if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
        }
        let data = text(&bytes).unwrap();
        assert_eq!(shown(&data, "Größe"), ["1.5", "2.5"], "little {little}, mark {mark:?}");
        assert_eq!(shown(&data, "y"), ["漢", "ü"]);
    }

    assert_eq!(shown(&text("\u{feff}a,b\n1,2\n").unwrap(), "a"), ["1"], "a mark is not part of the name");

    let path = Folder::new();
    let cyrillic = path.file("c.csv", b"a,b\n\xcf\xf0\xe8\xe2\xe5\xf2,1\n");
    let options = |name: &str| ReadOptions { encoding: Some(name.to_owned()), ..ReadOptions::default() };
    assert_eq!(shown(&read_table(&cyrillic, &options("windows-1251"), &NoWatch).unwrap(), "a"), ["Привет"]);
    let error = read_table(&cyrillic, &options("klingon"), &NoWatch).unwrap_err().to_string();
    assert!(error.contains("“klingon”"), "{error}");
    let error = read_table(&cyrillic, &options("utf-8"), &NoWatch).unwrap_err().to_string();
    assert!(error.starts_with("The text is not UTF-8"), "{error}");
}

#[test]
fn an_umlaut_after_megabytes_of_plain_letters_is_still_read() {
    let mut bytes = b"name,x\n".to_vec();
    for row in 0..200_000 {
        bytes.extend(format!("plain,{row}\n").bytes());
    }
    bytes.extend(b"M\xfcller,7\n");
    let data = text(&bytes).unwrap();
    assert_eq!(data.table.rows(), 200_001);
    assert_eq!(data.table.column("name").unwrap().display(200_000).as_deref(), Some("Müller"));
}

#[test]
fn decimal_commas_with_semicolons_are_numbers() {
    let data = text("länge;preis;n\n1,5;1.234,50;3\n;-0,25;4\n").unwrap();
    assert_eq!(data.table.column("länge").unwrap().values.len(), 2);
    assert_eq!(data.table.column("länge").unwrap().number(0), Some(1.5));
    assert_eq!(data.table.column("preis").unwrap().values, Values::Float(vec![1234.5, -0.25]));
    assert_eq!(data.table.column("n").unwrap().values, Values::ints(vec![3, 4]));
    assert!(noted(&data, "decimal comma") && noted(&data, "semicolons"), "{:?}", data.notes);
}

#[test]
fn options_override_what_is_found() {
    let folder = Folder::new();
    let path = folder.file("a.txt", "zip~size\n00501~1,5\n10115~x\n");
    let options = ReadOptions {
        delimiter: Some(b'~'),
        decimal_comma: Some(true),
        categorical: vec!["zip".into()],
        numeric: vec!["size".into()],
        ..ReadOptions::default()
    };
    let data = read_table(&path, &options, &NoWatch).unwrap();
    assert_eq!(shown(&data, "zip"), ["00501", "10115"]);
    assert_eq!(shown(&data, "size"), ["1.5", "–"]);
    assert!(noted(&data, "1 cell is no number"), "{:?}", data.notes);

    let unknown = ReadOptions { categorical: vec!["Zip".into()], ..options.clone() };
    let error = read_table(&path, &unknown, &NoWatch).unwrap_err().to_string();
    assert!(error.contains("no column “Zip”") && error.ends_with("zip, size"), "{error}");
    let bad = ReadOptions { delimiter: Some(b'\n'), ..ReadOptions::default() };
    assert!(matches!(read_table(&path, &bad, &NoWatch), Err(DataError::BadDelimiter { .. })));

    let few = ReadOptions { max_rows: Some(2), ..ReadOptions::default() };
    let path = folder.file("b.csv", "a,b\n1,2\n3,4\n5,x\n");
    let data = read_table(&path, &few, &NoWatch).unwrap();
    assert_eq!(shown(&data, "b"), ["2", "4"]);
    assert_eq!(data.fingerprint, modeldeck::data::fingerprint::of_file(&path).unwrap(), "the whole file is meant");
}

#[test]
fn a_text_among_numbers_makes_text_and_is_explained() {
    let mut content = "x,y\n".to_owned();
    for row in 0..60_000 {
        writeln!(content, "{row},{}", row * 2).unwrap();
    }
    content += "late,0\n";
    for content in ["x,y\n1,1\n2,0\nunknown,1\n".to_owned(), content] {
        let data = text(&content).unwrap();
        let x = data.table.column("x").unwrap();
        assert_eq!(x.kind(), Kind::Text);
        assert_eq!(data.table.column("y").unwrap().kind(), Kind::Number);
        let error = numbers(x).unwrap_err().to_string();
        assert!(error.contains("1 of its values") || error.contains("but 1"), "{error}");
        assert!(noted(&data, "“x” is read as text"), "{:?}", data.notes);
        assert_eq!(x.display(1).as_deref().map(str::len), Some(1));
    }
}

#[test]
fn words_for_missing_count_as_missing_among_numbers_only() {
    let data = text("n,country\n1,NA\nNA,DE\nnull,\nNaN,FR\n").unwrap();
    assert_eq!(shown(&data, "n"), ["1", "–", "–", "–"]);
    assert_eq!(shown(&data, "country"), ["NA", "DE", "–", "FR"]);
    assert!(noted(&data, "3 cells hold a word"), "{:?}", data.notes);
}

#[test]
fn a_column_without_any_value_is_kept_and_noted() {
    let data = text("a,b\n1,\n2,\n").unwrap();
    assert_eq!(shown(&data, "b"), ["–", "–"]);
    assert!(noted(&data, "“b” holds no value"), "{:?}", data.notes);
    let data = text("a,b\n,\n,\n").unwrap();
    assert_eq!((data.table.rows(), data.table.columns().len()), (2, 2));
}

#[test]
fn a_line_of_a_million_commas_is_refused_fast() {
    let folder = Folder::new();
    let path = folder.file("wide.csv", ",".repeat(1_000_000));
    let started = std::time::Instant::now();
    let error = sentence(&path);
    assert!(error.contains("1000001 columns") && error.contains("100000"), "{error}");
    assert!(started.elapsed().as_secs_f64() < 2.0, "{:?}", started.elapsed());
    let path = folder.file("endless.csv", "x".repeat(20 << 20));
    assert!(sentence(&path).contains("longer than 16 MB"));
}

#[test]
fn ragged_rows_are_left_out_and_counted_unless_most_are() {
    let data = text("a,b\n1,2\n3\n4,5,6\n\n7,8\n9,10\n").unwrap();
    assert_eq!(shown(&data, "a"), ["1", "7", "9"]);
    assert!(noted(&data, "2 rows were left out") && noted(&data, "line 3 and has 1"), "{:?}", data.notes);
    let folder = Folder::new();
    let error = sentence(&folder.file("r.csv", "a,b,c\n1,2\n3,4\n5,6,7\n"));
    assert!(error.starts_with("2 rows have another number of cells than the header's 3"), "{error}");
}

#[test]
fn quoted_line_breaks_blank_lines_and_open_quotes() {
    let data = text("a,b\r\n\"one\r\ntwo\",1\r\n\r\n\"say \"\"x\"\"\",2\r\n").unwrap();
    assert_eq!(shown(&data, "a"), ["one\r\ntwo", "say \"x\""]);
    let data = text("only\n1\n\n3\n\n\n").unwrap();
    assert_eq!(shown(&data, "only"), ["1", "–", "3"], "a blank line is a missing cell of a single column");
    let error = sentence(&Folder::new().file("q.csv", "a,b\n1,2\n\"open,3\n4,5\n"));
    assert!(error.contains("opens in the row of line 3"), "{error}");
}

#[test]
fn a_file_without_names_gets_them() {
    let data = text("5.1,3.5,0\n4.9,3.0,1\n").unwrap();
    assert_eq!(data.table.rows(), 2);
    assert!(noted(&data, "no row of names"), "{:?}", data.notes);
    let data = text("a,b,\n1,2,\n3,4,\n").unwrap();
    assert_eq!(data.table.columns().len(), 2, "a delimiter at the end of each line makes no column");
}

#[test]
fn content_that_is_no_table_is_told_by_what_it_is() {
    let folder = Folder::new();
    let cases: [(&str, &[u8], &str); 10] = [
        ("a.csv", b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
        ("b.csv", b"\x28\xb5\x2f\xfd\0\0", "Zstandard"),
        ("c.xlsx", b"PK\x03\x04\x14\0", "workbook"),
        ("d.arrow", b"ARROW1\0\0", "Arrow"),
        ("e.csv", b"{\"a\": \n", "JSON"),
        ("f.csv", b"<!DOCTYPE html><html></html>", "a web page"),
        ("g.csv", b"\x89PNG\r\n\x1a\n", "a picture"),
        ("h.parquet", b"a,b\n1,2\n", "named as Parquet"),
        ("i.parquet", b"PAR1 and then it stops", "stops before its end"),
        ("j.csv", b"\x01\x02\x80\xff\xfe\x00\x03\x90\x91", "neither text nor Parquet"),
    ];
    for (name, content, part) in cases {
        let error = sentence(&folder.file(name, content));
        assert!(error.contains(part), "{name}: {error}");
    }
    let junk: Vec<u8> = (0..5000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert!(sentence(&folder.file("k.csv", junk)).contains("neither text nor Parquet"));
}

#[test]
fn zero_bytes_in_text_are_told() {
    let folder = Folder::new();
    let error = sentence(&folder.file("z.csv", "name,x\nabc\0def,1\nplain text here,2\n"));
    assert!(error.contains("zero bytes") && error.contains("near byte 10"), "{error}");
    let mut late = "name,x\n".to_owned() + &"plain,1\n".repeat(300_000);
    late += "a\0b,2\n";
    assert!(sentence(&folder.file("late.csv", late)).contains("zero bytes"));
}

#[test]
fn names_and_values_of_any_script_stay_whole() {
    let names = ["Ä", "漢字", "🦀🚀", "שלום", "مرحبا", "e\u{301}", "a b"];
    let header = names.join(",");
    let folder = Folder::new();
    let csv = read(&folder.file("Zürich 漢 🦀.csv", format!("{header}\n{header}\n"))).unwrap();
    let columns = names.iter().map(|name| Series::new((*name).into(), [*name])).collect();
    let parquet = read(&folder.parquet("שלום.parquet", columns)).unwrap();
    for data in [csv, parquet] {
        for (column, name) in data.table.columns().iter().zip(names) {
            assert_eq!(column.name, name);
            assert_eq!(column.display(0).as_deref(), Some(name));
        }
    }
}

#[test]
fn parquet_columns_of_every_kind_are_read_or_left_out_by_name() {
    let folder = Folder::new();
    let rows: usize = 250;
    let series = |name: &str, kind: &DataType| {
        let numbers: Vec<Option<i64>> = (0..rows as i64).map(|i| (i % 7 != 3).then_some(i % 100)).collect();
        Series::new(name.into(), numbers).cast(kind).unwrap()
    };
    let texts: Vec<Option<String>> = (0..rows).map(|i| (i % 5 != 0).then(|| format!("t{}", i % 3))).collect();
    let mut columns: Vec<Series> = [
        ("i8", DataType::Int8),
        ("u16", DataType::UInt16),
        ("i64", DataType::Int64),
        ("u64", DataType::UInt64),
        ("f32", DataType::Float32),
        ("f64", DataType::Float64),
        ("bool", DataType::Boolean),
        ("day", DataType::Date),
        ("moment", DataType::Datetime(TimeUnit::Microseconds, None)),
        ("span", DataType::Duration(TimeUnit::Milliseconds)),
    ]
    .iter()
    .map(|(name, kind)| series(name, kind))
    .collect();
    columns.push(Series::new("text".into(), texts));
    columns.push(Series::new("large".into(), vec![u64::MAX; rows]));
    columns.push(Series::new_null("nothing".into(), rows));
    columns.push(Series::new("list".into(), vec![Series::new("".into(), [1_i64, 2]); rows]));
    columns.push(Series::new("bytes".into(), vec![&b"\xff\0"[..]; rows]));
    let path = folder.parquet("all.csv", columns);
    let data = read(&path).unwrap();
    assert_eq!(data.format, Format::Parquet);
    assert!(noted(&data, "The file is Parquet"));
    assert_eq!(data.table.rows(), rows);
    for name in ["span", "list", "bytes"] {
        assert!(
            data.table.column(name).is_none() && noted(&data, &format!("“{name}” holds")),
            "{name}: {:?}",
            data.notes
        );
    }
    for name in ["i8", "u16", "i64", "u64"] {
        let column = data.table.column(name).unwrap();
        assert!(matches!(column.values, Values::Int { .. }), "{name}");
        assert_eq!((column.number(249), column.is_missing(3)), (Some(49.0), true), "{name}");
    }
    for name in ["f32", "f64"] {
        assert!(
            matches!(&data.table.column(name).unwrap().values, Values::Float(list) if list[249] == 49.0 && list[3].is_nan())
        );
    }
    assert_eq!(data.table.column("bool").unwrap().display(1).as_deref(), Some("true"));
    assert_eq!(data.table.column("day").unwrap().display(1).as_deref(), Some("1970-01-02 00:00:00"));
    assert_eq!(data.table.column("moment").unwrap().kind(), Kind::Time);
    assert_eq!(data.table.column("large").unwrap().number(0), Some(u64::MAX as f64));
    let text = data.table.column("text").unwrap();
    assert!(matches!(&text.values, Values::Text { dictionary, .. } if dictionary.len() == 3));
    assert_eq!((text.display(248).as_deref(), text.is_missing(245)), (Some("t2"), true));
    assert_eq!(data.table.column("nothing").unwrap().missing_in(0..rows), rows);

    let few = ReadOptions {
        max_rows: Some(120),
        categorical: vec!["i8".into()],
        numeric: vec!["text".into()],
        ..ReadOptions::default()
    };
    let data = read_table(&path, &few, &NoWatch).unwrap();
    assert_eq!(data.table.rows(), 120);
    assert_eq!(data.table.column("i8").unwrap().kind(), Kind::Text);
    assert_eq!(data.table.column("text").unwrap().missing_in(0..120), 120);

    let only = folder.parquet("only.parquet", vec![Series::new("bytes".into(), vec![&b"\xff"[..]; 2])]);
    assert!(sentence(&only).contains("“bytes” holds raw bytes"));
}

#[test]
fn a_parquet_file_with_a_damaged_part_is_told() {
    let folder = Folder::new();
    let numbers: Vec<i64> = (0..1000).collect();
    let whole = std::fs::read(folder.parquet("a.parquet", vec![Series::new("a".into(), numbers)])).unwrap();
    for length in [4, 8, 11, whole.len() / 2, whole.len() - 1] {
        let error = sentence(&folder.file("cut.parquet", &whole[..length]));
        assert!(error.contains("stops before its end"), "{length}: {error}");
    }
    let mut bad_footer = whole.clone();
    let end = whole.len();
    bad_footer[end - 8..end - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(sentence(&folder.file("footer.parquet", bad_footer)).contains("damaged"));
    let middle = [b"PAR1".as_slice(), &[0x55; 300], &whole[end - 8..]].concat();
    assert!(sentence(&folder.file("middle.parquet", middle)).contains("damaged"));
}

/// Stops the work, or does something to the file, when progress is told the nth time.
struct At<F: Fn() + Sync> {
    calls: AtomicUsize,
    nth: usize,
    stop: bool,
    act: F,
}

impl<F: Fn() + Sync> At<F> {
    fn new(nth: usize, stop: bool, act: F) -> Self {
        Self { calls: AtomicUsize::new(0), nth, stop, act }
    }
}

impl<F: Fn() + Sync> Watch for At<F> {
    fn progress(&self, done: f32) {
        assert!((0.0..=1.0).contains(&done), "{done}");
        if self.calls.fetch_add(1, Ordering::SeqCst) + 1 == self.nth {
            (self.act)();
        }
    }

    fn cancelled(&self) -> bool {
        self.stop && self.calls.load(Ordering::SeqCst) >= self.nth
    }
}

const LONG_ROWS: usize = 300_000;

fn long_csv(folder: &Folder) -> PathBuf {
    folder.file("long.csv", "a,b\n".to_owned() + &"12345,some text\n".repeat(400_000))
}

fn long_parquet(folder: &Folder) -> PathBuf {
    let columns = (0..8).map(|at| Series::new(format!("c{at}").as_str().into(), vec![1.5_f64; LONG_ROWS])).collect();
    folder.parquet_in_groups("long.parquet", columns, 100_000)
}

#[test]
fn a_cancel_in_the_middle_stops_the_work() {
    let folder = Folder::new();
    for path in [long_csv(&folder), long_parquet(&folder)] {
        let watch = At::new(2, true, || {});
        let error = read_table(&path, &ReadOptions::default(), &watch).map(|data| data.table.rows());
        assert_eq!(error, Err(DataError::Cancelled));
        assert!(watch.calls.load(Ordering::SeqCst) <= 3, "stopped soon");
    }
}

#[test]
fn a_file_that_changes_or_vanishes_while_it_is_read_is_told() {
    let folder = Folder::new();
    for make in [long_csv, long_parquet] {
        let path = make(&folder);
        let watch = At::new(2, false, || std::fs::write(&path, "a,b\n1,2\n").unwrap());
        let error = read_table(&path, &ReadOptions::default(), &watch).map(|data| data.table.rows()).unwrap_err();
        assert!(matches!(error, DataError::Changed { .. }), "{error}");
        let path = make(&folder);
        let watch = At::new(2, false, || std::fs::remove_file(&path).unwrap());
        let error = read_table(&path, &ReadOptions::default(), &watch).map(|data| data.table.rows()).unwrap_err();
        assert!(matches!(error, DataError::Gone { .. }), "{error}");
    }
}

#[test]
fn a_file_that_changes_or_vanishes_after_it_was_read_is_told() {
    let folder = Folder::new();
    let path = folder.file("a.csv", "a,b\n1,2\n");
    let print = read(&path).unwrap().fingerprint;
    assert_eq!(print.still_matches(&path), Ok(()));
    std::fs::write(&path, "a,b\n1,2\n3,4\n").unwrap();
    assert!(print.still_matches(&path).unwrap_err().to_string().contains("has changed"));
    std::fs::remove_file(&path).unwrap();
    assert!(print.still_matches(&path).unwrap_err().to_string().contains("is gone"));
}

#[test]
fn progress_never_falls_even_when_a_second_pass_is_due() {
    struct Rising(parking_lot::Mutex<Vec<f32>>);
    impl Watch for Rising {
        fn progress(&self, done: f32) {
            self.0.lock().push(done);
        }
        fn cancelled(&self) -> bool {
            false
        }
    }
    let folder = Folder::new();
    let path = folder.file("p.csv", "a,b\n".to_owned() + &"1,22222222222\n".repeat(400_000) + "x,1\n");
    let watch = Rising(parking_lot::Mutex::new(Vec::new()));
    let data = read_table(&path, &ReadOptions::default(), &watch).unwrap();
    assert_eq!(data.table.column("a").unwrap().kind(), Kind::Text);
    assert_eq!(data.table.column("b").unwrap().kind(), Kind::Number);
    let told = watch.0.lock();
    assert!(told.windows(2).all(|pair| pair[0] <= pair[1] + 1e-6), "{told:?}");
    assert_eq!(told.last(), Some(&1.0));
}

#[test]
fn the_estimate_is_near_what_reading_takes() {
    let folder = Folder::new();
    let path = long_csv(&folder);
    let estimate = estimate_read(&path).unwrap();
    let data = read(&path).unwrap();
    let rows = estimate.rows.unwrap() as f64;
    assert!((rows / data.table.rows() as f64 - 1.0).abs() < 0.05, "{estimate:?}");
    let memory = data.table.memory_bytes() as f64;
    assert!((estimate.memory_bytes as f64 / memory - 1.0).abs() < 0.2, "{estimate:?}, {memory}");
    assert!(estimate.seconds > 0.0);

    let path = long_parquet(&folder);
    let estimate = estimate_read(&path).unwrap();
    assert_eq!((estimate.rows, estimate.memory_bytes), (Some(300_000), 8 * 8 * 300_000));
    assert!(matches!(estimate_read(&folder.0.path().join("none")), Err(DataError::NotFound { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), as_parquet: bool) {
        let folder = Folder::new();
        let content = if as_parquet { [b"PAR1", bytes.as_slice(), b"PAR1"].concat() } else { bytes };
        for name in ["r.csv", "r.parquet"] {
            let path = folder.file(name, &content);
            if let Err(error) = read(&path) {
                assert!(!error.to_string().is_empty());
            }
            estimate_read(&path).ok();
        }
    }

    #[test]
    fn random_tables_of_text_never_panic(content in "[a-c0-9,;\t|\"\r\n.äé漢 -]{0,200}") {
        if let Ok(data) = text(&content) {
            for column in data.table.columns() {
                assert_eq!(column.len(), data.table.rows());
            }
        }
    }

    #[test]
    fn a_parquet_file_with_changed_bytes_never_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let folder = Folder::new();
        let columns = vec![
            Series::new("n".into(), (0..150_i64).collect::<Vec<_>>()),
            Series::new("t".into(), (0..150).map(|i| format!("text {i}")).collect::<Vec<_>>()),
        ];
        let mut bytes = std::fs::read(folder.parquet("a.parquet", columns)).unwrap();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        read(&folder.file("b.parquet", bytes)).ok();
    }
}
