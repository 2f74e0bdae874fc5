use std::fmt::Write as _;
use std::fs::File;
use std::path::PathBuf;

use polars::prelude::{DataFrame, DataType, IntoColumn, NamedFrom as _, ParquetWriter, Series, TimeUnit};

use super::*;
use crate::data::{Column, NoWatch, Values};

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
}

/// The rows of chunks, each cell as a person would write it, checked for codes that mean the same everywhere.
fn chunks_of(stream: &mut Stream, chunk_rows: usize) -> Vec<Vec<Option<String>>> {
    let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); stream.schema().len()];
    let mut dictionaries: Vec<Vec<String>> = vec![Vec::new(); columns.len()];
    while let Some(chunk) = stream.next(&NoWatch).unwrap() {
        assert!((1..=chunk_rows).contains(&chunk.rows()), "{}", chunk.rows());
        let kinds: Vec<(String, Kind)> = chunk.columns().iter().map(|c| (c.name.clone(), c.kind())).collect();
        assert_eq!(kinds, stream.schema());
        for ((column, all), known) in chunk.columns().iter().zip(&mut columns).zip(&mut dictionaries) {
            all.extend((0..column.len()).map(|row| column.display(row)));
            if let Values::Text { dictionary, .. } = &column.values
                && !dictionary.is_empty()
            {
                assert!(dictionary.starts_with(known), "codes keep their meaning");
                known.clone_from(dictionary);
            }
        }
    }
    assert_eq!(columns.first().map(Vec::len), Some(stream.rows()));
    columns
}

fn variant(column: &Column) -> (String, Kind) {
    (column.name.clone(), column.kind())
}

/// Reads at once and by chunks of several sizes, and compares all that comes of it.
fn assert_same(path: &Path, options: &ReadOptions) {
    let whole = read_table(path, options, &NoWatch);
    for chunk_rows in [1, 3, 1000] {
        let opened = Stream::open_above(path, options, None, chunk_rows, 0, &NoWatch);
        match (&whole, opened) {
            (Ok(data), Ok(mut stream)) => {
                assert_eq!(stream.fingerprint(&NoWatch).as_ref(), Ok(&data.fingerprint));
                assert_eq!(stream.rows(), data.table.rows());
                assert_eq!(stream.notes(), data.notes);
                assert_eq!(stream.format(), data.format);
                let kinds: Vec<(String, Kind)> = data.table.columns().iter().map(variant).collect();
                assert_eq!(stream.schema(), kinds);
                assert_eq!(stream.all_columns(), kinds);
                let chunks = chunks_of(&mut stream, chunk_rows);
                for (column, rows) in data.table.columns().iter().zip(chunks) {
                    let expected: Vec<Option<String>> = (0..column.len()).map(|row| column.display(row)).collect();
                    assert_eq!(rows, expected, "{} in chunks of {chunk_rows}", column.name);
                }
            }
            (Err(error), Err(other)) => assert_eq!(error, &other),
            (Err(error), Ok(_)) => panic!("only the stream takes it: {error}"),
            (Ok(_), Err(error)) => panic!("only the stream refuses it: {error}"),
        }
    }
}

/// Takes the kinds of a text file on trust: what then comes to its end is what reading at once gives. `None` where the
/// file is not trusted, or its rows do not fit their beginning.
fn on_trust(path: &Path, options: &ReadOptions, chunk_rows: usize) -> Option<usize> {
    let data = read_table(path, options, &NoWatch);
    let names: Vec<String> = match &data {
        Ok(data) => data.table.columns().iter().map(|c| c.name.clone()).collect(),
        Err(_) => vec!["a".to_owned()],
    };
    let mut stream = Stream::trusting(path, options, &names, chunk_rows, Stamp::of(path).unwrap()).ok().flatten()?;
    let mut chunks = Vec::new();
    while let Some(chunk) = stream.next(&NoWatch).ok()? {
        assert!((1..=chunk_rows).contains(&chunk.rows()));
        chunks.push(chunk);
    }
    let data = data.unwrap();
    assert_eq!(stream.next(&NoWatch), Ok(None), "the end stays the end");
    assert_eq!(stream.fingerprint(&NoWatch).as_ref(), Ok(&data.fingerprint));
    let kinds: Vec<(String, Kind)> = data.table.columns().iter().map(variant).collect();
    assert_eq!(stream.schema(), kinds);
    let mut whole: Vec<Column> = Vec::new();
    for chunk in chunks {
        for (place, column) in chunk.columns().iter().enumerate() {
            match whole.get_mut(place) {
                Some(known) => assert!(known.values.append(&column.values)),
                None => whole.push(column.clone()),
            }
        }
    }
    for (column, expected) in whole.iter().zip(data.table.columns()) {
        let shown = |column: &Column| (0..column.len()).map(|row| column.display(row)).collect::<Vec<_>>();
        assert_eq!(column.kind(), expected.kind());
        assert_eq!(shown(column), shown(expected), "{}", column.name);
    }
    Some(data.table.rows())
}

fn assert_text(content: impl AsRef<[u8]>, options: &ReadOptions) {
    let folder = Folder::new();
    let path = folder.file("table.csv", content);
    assert_same(&path, options);
    for chunk_rows in [1, 3, 1000] {
        on_trust(&path, options, chunk_rows);
    }
}

#[test]
fn the_beginning_of_a_text_file_is_trusted_until_a_row_contradicts_it() {
    let plain = ReadOptions::default();
    let folder = Folder::new();
    let mut text = "a,b,c,d,e\n".to_owned();
    for row in 0..40_000 {
        let ok = row % 2 == 0;
        writeln!(text, "{},{row}.25,w{},{ok},2013-04-{:02}", row % 50, row % 7, 1 + row % 28).unwrap();
    }
    let path = folder.file("long.csv", &text);
    let stream = Stream::trusting(&path, &plain, &["b".to_owned()], 10, Stamp::of(&path).unwrap()).unwrap().unwrap();
    assert_eq!((stream.rows(), stream.all_columns().len()), (40_000, 5));
    assert_eq!(on_trust(&path, &plain, 7_000), Some(40_000));
    for (last, fits) in [
        ("1,2,x,true,2013-04-01", true),
        ("NA,NA,NA,,", true),
        ("1,2,\"quoted\nline\",true,2013-04-01\r\n", true),
        ("1,2,x", true),
        ("\n\n", true),
        ("1.5,2,x,true,2013-04-01", false),
        ("x,2,x,true,2013-04-01", false),
        ("1,x,x,true,2013-04-01", false),
        ("1,2,x,1,2013-04-01", false),
        ("1,2,x,true,then", false),
        ("1,2,\"open,true,2013-04-01", false),
    ] {
        let path = folder.file("late.csv", text.clone() + last);
        assert_eq!(on_trust(&path, &plain, 7_000).is_some(), fits, "{last}");
    }
    let path = folder.file("late.csv", [text.as_bytes(), b"1,2,\xe4,true,2013-04-01\n"].concat());
    assert_eq!(on_trust(&path, &plain, 7_000), None, "another encoding");
    for unclear in ["a,b\n,1\n,2\n", "a,\n1,2\n"] {
        assert_eq!(on_trust(&folder.file("unclear.csv", unclear), &plain, 10), None, "{unclear}");
    }
    let first = ReadOptions { max_rows: Some(5), ..ReadOptions::default() };
    assert_eq!(on_trust(&path, &first, 10), None);
}

#[test]
fn odd_files_of_text_stream_as_they_read() {
    let plain = ReadOptions::default();
    let mut late = "a,b,c,d\n".to_owned();
    for row in 0..120_000 {
        writeln!(late, "{},{row}.5,,{}", row % 50, row % 2 == 0).unwrap();
    }
    late.push_str("x,1,2.5,maybe\nNA,NA,NA,NA\n");
    let wide_row = |cells: usize| vec!["1"; cells].join(",");
    for content in [
        "id,price,name,ok,day\n1,2.5,a,true,2013-04-01\n2,,\"b, c\",false,2013-04-02\n3,1,,,\n",
        "a,b\n1,\"x\ny\"\n2,\"say \"\"hi\"\"\"\n,\"\"\n",
        "a,b\r\n1,2\r\n3\r\n4,5,6\r\n7,8\r\n9,10\r\n",
        "a,b\n1,2,3\n4\n5\n",
        "x\n1\n\n2\n\n\n3\n\n\n",
        "x\n\n\na\n",
        "a;b\n1,5;x\n2,5;NA\nNA;y\n",
        "5.1,3.5,0\n4.9,3.0,1\n",
        "a,,b\n1,,2\n3,,4\n",
        "a,,b\n1,7,2\n3,,4\n",
        "a,b\n,\n,\n",
        "a,b\nNA,Nan\n,\n",
        "a,b\nNA,1\nx,2\n",
        "a,b\n  ,1\n \t,2\nx,3\n  ,4\n",
        "a,b\n18446744073709551615,1\n2,3\n",
        "a,b\n1,1\n2,2.5\n3,NaN\n",
        "a,a\n1,2\n",
        "a,b\n",
        "a,b\n1,\"open\n2,3\n",
        "a\tb\n1\t2\n",
        "a,b\r1,2\r3,4\r",
        "a,b\n1,2",
        "caf\u{e9},漢字\nä,1\nö,\n",
        late.as_str(),
        format!("{}\n{}\n", wide_row(500).replace('1', "n"), wide_row(500)).as_str(),
    ] {
        assert_text(content, &plain);
    }
}

#[test]
fn other_encodings_stream_as_they_read() {
    let plain = ReadOptions::default();
    let text = "näme,wert\nMüller,1\nGroß,2\n漢,3\n";
    for big in [false, true] {
        let bytes = |letter: u16| if big { letter.to_be_bytes() } else { letter.to_le_bytes() };
        let marked: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect();
        assert_text(&marked, &plain);
    }
    assert_text([b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat(), &plain);
    assert_text(b"n\xe4me,b\nM\xfcller,1\n", &plain);
    // Not UTF-8 behind the beginning that is looked at first.
    let late = [b"a,b\n".to_vec(), b"x,1\n".repeat(400_000), b"\xe4,2\n".to_vec()].concat();
    assert_text(&late, &plain);
    assert_text(&late, &ReadOptions { encoding: Some("utf-8".to_owned()), ..ReadOptions::default() });
    // Letters of several bytes across the pieces of a megabyte.
    assert_text("a,b\n".to_owned() + &"漢字,é\n".repeat(300_000), &plain);
    assert_text(b"a,b\n1,2\n\0,3\n", &plain);
}

#[test]
fn what_the_options_order_holds_for_streams_too() {
    let text = "code,amount,note\n1,5,a\n2,x,\n3,NA,b\n4,2.5,c\n";
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let folder = Folder::new();
    let grouped = parquet(&folder, 400);
    for max_rows in [None, Some(1), Some(2), Some(4), Some(9), Some(0)] {
        for (categorical, numeric) in
            [(named(&["code"]), named(&["amount"])), (named(&["nope"]), named(&[])), (named(&[]), named(&["note"]))]
        {
            let options = ReadOptions { categorical, numeric, max_rows, ..ReadOptions::default() };
            assert_text(text, &options);
            assert_same(&grouped, &options);
        }
    }
    let comma = ReadOptions { delimiter: Some(b';'), decimal_comma: Some(true), ..ReadOptions::default() };
    assert_text("a;b\n1.000,5;2\n3;4,5\n", &comma);
}

/// Columns of every kind with missing rows, among them text and times.
fn parquet(folder: &Folder, group_rows: usize) -> PathBuf {
    let rows = 2500_usize;
    let some = |row: usize| row % 7 != 3;
    let columns = vec![
        Series::new("code".into(), (0..rows).map(|row| some(row).then_some(row as i64 * 3)).collect::<Vec<_>>()),
        Series::new("amount".into(), (0..rows).map(|row| some(row).then_some(row as f64 / 8.0)).collect::<Vec<_>>()),
        Series::new(
            "note".into(),
            (0..rows).map(|row| some(row).then(|| format!("{}", row % 40))).collect::<Vec<Option<String>>>(),
        ),
        Series::new("small".into(), (0..rows).map(|row| row as f32).collect::<Vec<_>>()),
        Series::new("flag".into(), (0..rows).map(|row| some(row).then_some(row % 2 == 0)).collect::<Vec<_>>()),
        Series::new(
            "huge".into(),
            (0..rows).map(|row| if row == 2000 { u64::MAX } else { row as u64 }).collect::<Vec<_>>(),
        ),
        Series::new("none".into(), vec![None::<f64>; rows]),
        Series::new("late".into(), (0..rows).map(|row| (row > 2400).then_some(1.0)).collect::<Vec<_>>()),
        Series::new(
            "words".into(),
            (0..rows).map(|row| if row % 9 == 0 { "x".to_owned() } else { row.to_string() }).collect::<Vec<_>>(),
        ),
        Series::new("moment".into(), (0..rows).map(|row| row as i64 * 1_000_003).collect::<Vec<_>>())
            .cast(&DataType::Datetime(TimeUnit::Microseconds, None))
            .unwrap(),
        Series::new("day".into(), (0..rows).map(|row| row as i32).collect::<Vec<_>>()).cast(&DataType::Date).unwrap(),
    ];
    let path = folder.0.path().join(format!("t{group_rows}.parquet"));
    let columns = columns.into_iter().map(IntoColumn::into_column).collect();
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    ParquetWriter::new(File::create(&path).unwrap())
        .with_row_group_size(Some(group_rows))
        .with_data_page_size(Some(512))
        .finish(&mut frame)
        .unwrap();
    path
}

#[test]
fn parquet_streams_as_it_reads_whatever_its_groups() {
    let folder = Folder::new();
    for group_rows in [100, 700, 2500] {
        let path = parquet(&folder, group_rows);
        assert_same(&path, &ReadOptions::default());
        let numeric = vec!["words".to_owned(), "flag".to_owned()];
        let categorical = vec!["code".to_owned(), "late".to_owned()];
        for max_rows in [None, Some(1), Some(650)] {
            let options = ReadOptions {
                categorical: categorical.clone(),
                numeric: numeric.clone(),
                max_rows,
                ..ReadOptions::default()
            };
            assert_same(&path, &options);
        }
    }
    assert_same(&folder.file("cut.parquet", b"PAR1 this is not one PAR1"), &ReadOptions::default());
}

#[test]
fn a_group_is_decoded_by_its_pages_when_it_is_large() {
    let folder = Folder::new();
    let path = parquet(&folder, 2500);
    let whole = read_table(&path, &ReadOptions::default(), &NoWatch).unwrap();
    for batch_rows in [1, 64, 999] {
        let mut stream = Stream::open(&path, &ReadOptions::default(), None, 100, &NoWatch).unwrap();
        if let Chunks::Parquet(chunks) = &mut stream.source {
            chunks.limit_batches(batch_rows);
        }
        let chunks = chunks_of(&mut stream, 100);
        for (column, rows) in whole.table.columns().iter().zip(chunks) {
            let expected: Vec<Option<String>> = (0..column.len()).map(|row| column.display(row)).collect();
            assert_eq!(rows, expected, "{} in batches of {batch_rows}", column.name);
        }
    }
}

#[test]
fn only_wanted_columns_are_given_in_the_order_of_the_file() {
    let folder = Folder::new();
    let csv = folder.file("a.csv", "a,b,c\n1,x,2\n3,y,4\n");
    let wanted = ["c".to_owned(), "a".to_owned()];
    for small_bytes in [0, u64::MAX] {
        let open = |columns: &[String]| {
            Stream::open_above(&csv, &ReadOptions::default(), Some(columns), 10, small_bytes, &NoWatch)
        };
        let mut stream = open(&wanted).unwrap();
        assert_eq!(stream.schema().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(stream.all_columns().len(), 3);
        assert_eq!(stream.next(&NoWatch).unwrap().unwrap().columns().len(), 2);
        assert_eq!(stream.next(&NoWatch), Ok(None));
        let error = open(&["d".to_owned()]).err().unwrap();
        assert!(error.to_string().contains("a, b, c"), "{error}");
        assert_eq!(open(&[]).unwrap().next(&NoWatch), Ok(None));
    }
}
