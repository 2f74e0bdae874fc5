//! Arrow files and compressed text, good and bad: each bad one gets its sentence, none a panic.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]
#![expect(clippy::default_trait_access, reason = "the level's type is not exported")]

use std::io::Write as _;
use std::path::PathBuf;

use modeldeck::data::estimate::estimate_read;
use modeldeck::data::format::Format;
use modeldeck::data::{Column, Dataset, Kind, NoWatch, ReadOptions, Watch, fingerprint, read_table};
use polars::prelude::{
    DataFrame, DataType, IntoColumn as _, IpcCompression, IpcWriter, NamedFrom as _, SerWriter as _, Series, TimeUnit,
};

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

    fn read(&self, name: &str, content: impl AsRef<[u8]>) -> Dataset {
        read_table(&self.file(name, content), &ReadOptions::default(), &NoWatch).unwrap()
    }

    /// The sentence of a file that must be refused; it names the file the person chose.
    fn refused(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let error = read_table(&self.file(name, content), &ReadOptions::default(), &NoWatch).unwrap_err().to_string();
        assert!(error.contains(name) || error.contains("Two columns"), "{error}");
        error
    }
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn arrow(compression: Option<IpcCompression>, columns: Vec<Series>) -> Vec<u8> {
    let rows = columns.first().map_or(0, |column| column.len());
    let mut frame = DataFrame::new(rows, columns.into_iter().map(Series::into_column).collect()).unwrap();
    let mut bytes = Vec::new();
    IpcWriter::new(&mut bytes).with_compression(compression).finish(&mut frame).unwrap();
    bytes
}

fn mixed() -> Vec<Series> {
    let days = Series::new("day".into(), [Some(0_i64), None, Some(86_400_000)]);
    vec![
        Series::new("whole".into(), [Some(1_i64), None, Some(3)]),
        Series::new("decimal".into(), [0.5_f32, 1.5, 2.5]),
        Series::new("word".into(), [Some("a"), Some("ü"), None]),
        Series::new("flag".into(), [Some(true), None, Some(false)]),
        days.cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).unwrap(),
        Series::new(
            "list".into(),
            [Series::new("".into(), [1_i64]), Series::new("".into(), [2_i64]), Series::new("".into(), [3_i64])],
        ),
    ]
}

#[test]
fn arrow_files_give_the_same_table_however_they_are_compressed() {
    let folder = Folder::new();
    for compression in [None, Some(IpcCompression::LZ4), Some(IpcCompression::ZSTD(Default::default()))] {
        let bytes = arrow(compression, mixed());
        let data = folder.read("a.feather", &bytes);
        assert_eq!(data.format, Format::Arrow);
        assert_eq!(data.fingerprint.sha256, fingerprint::sha256_of(&bytes));
        let kinds: Vec<Kind> = data.table.columns().iter().map(Column::kind).collect();
        assert_eq!(kinds, [Kind::Number, Kind::Number, Kind::Text, Kind::Bool, Kind::Time]);
        let shown: Vec<_> =
            data.table.columns().iter().map(|c| [0, 1, 2].map(|row| c.display(row).unwrap_or_default())).collect();
        assert_eq!(shown[0], ["1", "", "3"]);
        assert_eq!(shown[1], ["0.5", "1.5", "2.5"]);
        assert_eq!(shown[2], ["a", "ü", ""]);
        assert_eq!(shown[3], ["true", "", "false"]);
        assert_eq!(shown[4], ["1970-01-01 00:00:00", "", "1970-01-02 00:00:00"]);
        assert!(data.notes.iter().any(|n| n.contains("“list” holds lists")), "{:?}", data.notes);
        let cost = estimate_read(&data.path).unwrap();
        assert_eq!(cost.rows, Some(3));
        let two = ReadOptions { max_rows: Some(2), ..ReadOptions::default() };
        assert_eq!(read_table(&data.path, &two, &NoWatch).unwrap().table.rows(), 2);
    }
}

#[test]
fn the_content_of_an_arrow_file_wins_over_its_name() {
    let folder = Folder::new();
    let data = folder.read("a.csv", arrow(None, mixed()));
    assert!(data.notes.iter().any(|n| n == "The file is Arrow, whatever its name says."), "{:?}", data.notes);
    assert!(folder.refused("b.arrow", "x,y\n1,2\n").contains("does not begin as an Arrow file"));
    assert!(folder.refused("c.arrow", b"\xff\xff\xff\xff\x10\0\0\0").contains("Arrow stream"));
}

#[test]
fn arrow_files_without_rows_or_with_thousands_of_columns() {
    let folder = Folder::new();
    let none = arrow(None, vec![Series::new("x".into(), Vec::<f64>::new())]);
    assert!(folder.refused("none.arrow", none).contains("no rows"));
    let lists = vec![Series::new("l".into(), [Series::new("".into(), [1_i64])])];
    assert!(folder.refused("lists.arrow", arrow(None, lists)).contains("No column holds"));
    let wide: Vec<Series> = (0..3000).map(|at| Series::new(format!("c{at}").into(), [f64::from(at)])).collect();
    let data = folder.read("wide.arrow", arrow(None, wide));
    assert_eq!((data.table.columns().len(), data.table.rows()), (3000, 1));
    assert_eq!(data.table.columns().last().unwrap().number(0), Some(2999.0));
}

#[test]
fn a_cut_or_damaged_file_of_any_format_is_refused_and_never_a_panic() {
    let folder = Folder::new();
    let text = "name,x\n".to_owned() + &"Zoë,1.5\nBob,2\n".repeat(20);
    let samples = [
        ("a.arrow", arrow(None, mixed())),
        ("b.arrow", arrow(Some(IpcCompression::ZSTD(Default::default())), mixed())),
        ("c.csv.gz", gz(text.as_bytes())),
        ("d.csv.zst", zst(text.as_bytes())),
    ];
    for (name, bytes) in &samples {
        for cut in (0..bytes.len()).step_by(if name.ends_with("arrow") { 7 } else { 1 }) {
            folder.refused(name, &bytes[..cut]);
        }
        for at in (0..bytes.len()).step_by(3) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            // Some bytes mean nothing, so that a table may come out; it must only not end the program.
            drop(read_table(&folder.file(name, damaged), &ReadOptions::default(), &NoWatch));
        }
    }
}

#[test]
fn compressed_text_is_read_like_the_text_itself() {
    let folder = Folder::new();
    let plain = folder.read("p.tsv", "a\tb\n1\tx\n2\ty\n");
    for (name, bytes) in [
        ("a.tsv.gz", gz(b"a\tb\n1\tx\n2\ty\n")),
        ("b.tsv.zst", zst(b"a\tb\n1\tx\n2\ty\n")),
        ("c.csv", gz(b"a\tb\n1\tx\n2\ty\n")),
        ("members.gz", [gz(b"a\tb\n1\tx\n"), gz(b"2\ty\n")].concat()),
        ("frames.zst", [zst(b"a\tb\n1\tx\n"), zst(b"2\ty\n")].concat()),
    ] {
        let data = folder.read(name, &bytes);
        assert_eq!(data.table, plain.table, "{name}");
        assert_eq!(data.fingerprint.sha256, fingerprint::sha256_of(&bytes));
        assert_eq!(data.fingerprint.still_matches(&data.path), Ok(()));
        assert!(data.notes.iter().any(|n| n.contains("compressed with")));
        assert_eq!(estimate_read(&data.path).unwrap().rows, Some(2));
    }
}

#[test]
fn encodings_are_found_inside_of_an_archive() {
    let folder = Folder::new();
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("a,b\nü,1\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [gz(b"a,b\n\xfc,1\n"), zst(b"a,b\n\xfc,1\n"), gz(&utf16), gz("a,b\nü,1\n".as_bytes())] {
        let data = folder.read("e.csv.gz", bytes);
        assert_eq!(data.table.column("a").unwrap().display(0).as_deref(), Some("ü"));
    }
}

#[test]
fn what_is_wrong_inside_of_an_archive_is_said_of_the_archive() {
    let folder = Folder::new();
    let mut tar = vec![b'x'; 600];
    tar[257..262].copy_from_slice(b"ustar");
    let trailing = [gz(b"a,b\n1,2\n"), b"garbage after the end".to_vec()].concat();
    let trailing_zst = [zst(b"a,b\n1,2\n"), b"garbage after the end".to_vec()].concat();
    for (name, bytes, part) in [
        ("empty.gz", gz(b""), "is empty"),
        ("names.csv.gz", gz(b"a,b\n"), "no rows"),
        ("twice.gz", gz(&gz(b"a,b\n1,2\n")), "compressed twice"),
        ("tar.gz", gz(&tar), "tar archive"),
        ("parquet.gz", gz(b"PAR1    "), "compressed inside already"),
        ("zero.csv.gz", gz(b"a,b\nplain text,1\nmore\0text,2\n"), "zero bytes"),
        ("same.csv.zst", zst(b"a,a\n1,2\n"), "Two columns"),
        ("quote.csv.zst", zst(b"a,b\n\"never,2\n"), "quotation mark"),
        ("after.gz", trailing, "after its end"),
        ("after.zst", trailing_zst, "after its end"),
        ("page.gz", gz(b"<html></html>"), "a web page"),
    ] {
        let error = folder.refused(name, bytes);
        assert!(error.contains(part), "{name}: {error}");
    }
}

#[test]
fn an_archive_that_grows_without_bound_is_refused() {
    let folder = Folder::new();
    let path = folder.0.path().join("bomb.csv.zst");
    let mut encoder = zstd::stream::write::Encoder::new(std::fs::File::create(&path).unwrap(), 1).unwrap();
    let piece = vec![b'1'; 1 << 20];
    for _ in 0..1100 {
        encoder.write_all(&piece).unwrap();
    }
    encoder.finish().unwrap();
    let error = read_table(&path, &ReadOptions::default(), &NoWatch).unwrap_err().to_string();
    assert!(error.contains("grows more than 1000 times"), "{error}");
}

struct Stopped;

impl Watch for Stopped {
    fn progress(&self, _done: f32) {}

    fn cancelled(&self) -> bool {
        true
    }
}

#[test]
fn every_format_can_be_cancelled() {
    let folder = Folder::new();
    for (name, bytes) in [("a.arrow", arrow(None, mixed())), ("b.gz", gz(b"a\n1\n")), ("c.zst", zst(b"a\n1\n"))] {
        let error = read_table(&folder.file(name, bytes), &ReadOptions::default(), &Stopped).unwrap_err();
        assert!(error.to_string().contains("cancelled"), "{error}");
    }
}

#[test]
fn files_that_people_try_by_mistake_are_told_by_what_they_are() {
    let folder = Folder::new();
    for (name, bytes, part) in [
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), "old Excel"),
        ("b.pkl", b"\x80\x04\x95\x10\0\0\0\0\0\0\0", "pickle"),
        ("c.npy", b"\x93NUMPY\x01\0", "NumPy"),
        ("d.sqlite", b"SQLite format 3\0", "SQLite"),
        ("e.h5", b"\x89HDF\r\n\x1a\n", "HDF5"),
        ("f.pdf", b"%PDF-1.7", "PDF"),
        ("g.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "picture"),
        ("h.html", b"<!doctype html>", "web page"),
    ] {
        let error = folder.refused(name, bytes);
        assert!(error.contains(part), "{name}: {error}");
    }
}
