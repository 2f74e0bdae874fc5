//! Excel workbooks and JSON, good and bad, and the preview of every format: each bad file gets its sentence, none a panic.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]
#![expect(clippy::format_push_string, clippy::format_collect, reason = "files of tests are made once")]

use std::io::{Cursor, Write as _};
use std::path::PathBuf;

use modeldeck::data::estimate::estimate_read;
use modeldeck::data::format::Format;
use modeldeck::data::preview::preview;
use modeldeck::data::schema::Role;
use modeldeck::data::stream::Stream;
use modeldeck::data::{Dataset, Kind, NoWatch, ReadOptions, read_table};

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
        let path = self.file(name, content);
        let data = read_table(&path, &ReadOptions::default(), &NoWatch).unwrap();
        assert!(preview(&path, &ReadOptions::default()).is_ok(), "{name}");
        assert!(estimate_read(&path).is_ok(), "{name}");
        data
    }

    /// The sentence of a file that must be refused, also by the preview, which never panics.
    fn refused(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.file(name, content);
        preview(&path, &ReadOptions::default()).ok();
        estimate_read(&path).ok();
        let error = read_table(&path, &ReadOptions::default(), &NoWatch).unwrap_err().to_string();
        assert!(error.contains(name) || error.contains("Two columns") || error.contains("Column “"), "{error}");
        error
    }
}

fn kinds(data: &Dataset) -> Vec<(&str, Kind)> {
    data.table.columns().iter().map(|c| (c.name.as_str(), c.kind())).collect()
}

fn shown(data: &Dataset, column: &str) -> Vec<String> {
    let column = data.table.column(column).unwrap();
    (0..column.len()).map(|row| column.display(row).unwrap_or_else(|| "–".to_owned())).collect()
}

fn has_note(data: &Dataset, words: &str) -> bool {
    data.notes.iter().any(|note| note.contains(words))
}

/// A workbook of sheets, each with the XML of its rows; style 1 is a date, style 2 a date with time.
fn workbook(epoch_1904: bool, sheets: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |name: &str, text: &str| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    part("[Content_Types].xml", &format!("<Types xmlns=\"{package}/content-types\"/>"));
    part(
        "_rels/.rels",
        &format!(
            "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r\" Type=\"{office}/officeDocument\" \
             Target=\"xl/workbook.xml\"/></Relationships>"
        ),
    );
    let (mut listed, mut related) = (String::new(), String::new());
    for (at, (name, rows)) in sheets.iter().enumerate() {
        listed += &format!("<sheet name=\"{name}\" sheetId=\"{0}\" r:id=\"s{0}\"/>", at + 1);
        related += &format!(
            "<Relationship Id=\"s{0}\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet{0}.xml\"/>",
            at + 1
        );
        let sheet = format!("<worksheet xmlns=\"{main}\"><sheetData>{rows}</sheetData></worksheet>");
        part(&format!("xl/worksheets/sheet{}.xml", at + 1), &sheet);
    }
    let epoch = if epoch_1904 { "<workbookPr date1904=\"1\"/>" } else { "<workbookPr/>" };
    part(
        "xl/workbook.xml",
        &format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\">{epoch}<sheets>{listed}</sheets></workbook>"),
    );
    related += &format!("<Relationship Id=\"y\" Type=\"{office}/styles\" Target=\"styles.xml\"/>");
    part(
        "xl/_rels/workbook.xml.rels",
        &format!("<Relationships xmlns=\"{package}/relationships\">{related}</Relationships>"),
    );
    let styles = "<cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/></cellXfs>";
    part("xl/styles.xml", &format!("<styleSheet xmlns=\"{main}\">{styles}</styleSheet>"));
    zip.finish().unwrap().into_inner()
}

fn text(at: &str, words: &str) -> String {
    format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{words}</t></is></c>")
}

fn number(at: &str, value: &str, style: u8) -> String {
    format!("<c r=\"{at}\" s=\"{style}\"><v>{value}</v></c>")
}

fn row(number: u32, cells: &[String]) -> String {
    format!("<row r=\"{number}\">{}</row>", cells.concat())
}

/// A header in row 2 from column B, two rows and a blank one between, an error cell, and a blank column at the end.
fn mixed_sheet() -> String {
    let header: Vec<String> = [
        ("B2", "whole"),
        ("C2", "decimal"),
        ("D2", "word"),
        ("E2", "day"),
        ("F2", "moment"),
        ("G2", "flag"),
        ("H2", "mix"),
    ]
    .map(|(at, name)| text(at, name))
    .to_vec();
    let flag = |at: &str| format!("<c r=\"{at}\" t=\"b\"><v>1</v></c>");
    let error = "<c r=\"C5\" t=\"e\"><v>#DIV/0!</v></c>".to_owned();
    let first = [
        number("B3", "1", 0),
        number("C3", "1.5", 0),
        text("D3", "ü"),
        number("E3", "45292", 1),
        number("F3", "45292.75", 2),
        flag("G3"),
        number("H3", "7", 0),
    ];
    let last = [number("B5", "3", 0), error, number("E5", "45293", 1), text("H5", "x")];
    let blank = ["<c r=\"B9\" s=\"1\"/>".to_owned(), text("J9", " ")];
    [row(2, &header), row(3, &first), row(5, &last), row(9, &blank)].concat()
}

#[test]
fn a_workbook_is_read_from_its_first_sheet_with_cells() {
    let folder = Folder::new();
    let other = row(1, &[text("A1", "x"), text("B1", "y")]) + &row(2, &[number("A2", "1", 0), number("B2", "2", 0)]);
    let bytes = workbook(false, &[("Empty", ""), ("Data", &mixed_sheet()), ("Other", &other)]);
    let data = folder.read("a.xlsx", &bytes);
    assert_eq!(data.format, Format::Excel);
    use Kind::{Bool, Number, Text, Time};
    let expected = [
        ("whole", Number),
        ("decimal", Number),
        ("word", Text),
        ("day", Time),
        ("moment", Time),
        ("flag", Bool),
        ("mix", Text),
    ];
    assert_eq!(kinds(&data), expected);
    assert_eq!(shown(&data, "whole"), ["1", "3"]);
    assert_eq!(shown(&data, "decimal"), ["1.5", "–"]);
    assert_eq!(shown(&data, "day"), ["2024-01-01 00:00:00", "2024-01-02 00:00:00"]);
    assert_eq!(shown(&data, "moment"), ["2024-01-01 18:00:00", "–"]);
    assert_eq!(shown(&data, "mix"), ["7", "x"]);
    assert!(has_note(&data, "Sheet “Data” was read; the workbook also has “Empty”, “Other”."), "{:?}", data.notes);
    assert!(has_note(&data, "1 cell holds an error such as"), "{:?}", data.notes);

    let sheet = ReadOptions { sheet: Some("Other".to_owned()), ..ReadOptions::default() };
    let other = read_table(&data.path, &sheet, &NoWatch).unwrap();
    assert_eq!(kinds(&other), [("x", Number), ("y", Number)]);
    let unknown = ReadOptions { sheet: Some("Nope".to_owned()), ..ReadOptions::default() };
    let error = read_table(&data.path, &unknown, &NoWatch).unwrap_err().to_string();
    assert!(error.contains("no sheet “Nope”. It has “Empty”, “Data”, “Other”."), "{error}");
    let bare = ReadOptions { header: Some(false), ..sheet };
    assert_eq!(read_table(&data.path, &bare, &NoWatch).unwrap().table.rows(), 2);
    let seen = preview(&data.path, &ReadOptions::default()).unwrap();
    assert_eq!((seen.sheets.len(), seen.sheet.as_deref(), seen.header), (3, Some("Data"), Some(true)));
    assert_eq!((seen.columns.len(), seen.rows.len(), seen.estimate.rows), (7, 2, Some(2)));
    let mut stream = Stream::open(&data.path, &ReadOptions::default(), None, 1, &NoWatch).unwrap();
    assert_eq!(stream.next(&NoWatch).unwrap().unwrap().rows(), 1);
}

#[test]
fn days_of_the_1904_system_are_the_same_days() {
    let folder = Folder::new();
    let sheet = row(1, &[text("A1", "day")]) + &row(2, &[number("A2", "43830", 1)]);
    assert_eq!(shown(&folder.read("a.xlsx", workbook(true, &[("S", &sheet)])), "day"), ["2024-01-01 00:00:00"]);
}

#[test]
fn bad_workbooks_get_a_sentence() {
    let folder = Folder::new();
    let header = row(1, &[text("A1", "a"), text("B1", "b")]);
    assert!(folder.refused("header.xlsx", workbook(false, &[("S", &header)])).contains("no rows"));
    assert!(folder.refused("none.xlsx", workbook(false, &[("S", "")])).contains("empty"));
    assert!(folder.refused("empty.xlsx", b"").contains("empty"));
    assert!(folder.refused("text.xlsx", b"a,b\n1,2\n").contains("does not begin as one"));
    let ole = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &[0; 600]].concat();
    assert!(folder.refused("locked.xlsx", &ole).contains("protected by a password"));
    let named: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(folder.refused("locked.bin", [ole.clone(), named].concat()).contains("protected by a password"));
    assert!(folder.refused("old.xls", &ole).contains("old Excel workbook"));
    let twice = row(1, &[text("A1", "a"), text("B1", "a")]) + &row(2, &[number("A2", "1", 0), number("B2", "2", 0)]);
    assert!(folder.refused("twice.xlsx", workbook(false, &[("S", &twice)])).contains("Two columns are named “a”"));
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("a.csv", zip::write::SimpleFileOptions::default()).unwrap();
    assert!(folder.refused("a.zip", zip.finish().unwrap().into_inner()).contains("zip archive"));
    let whole = workbook(false, &[("S", &mixed_sheet())]);
    for end in (0..whole.len()).step_by(7) {
        folder.refused("cut.xlsx", &whole[..end]);
        let mut bytes = whole.clone();
        bytes[end] ^= 0x5a;
        let path = folder.file("bent.xlsx", bytes);
        read_table(&path, &ReadOptions::default(), &NoWatch).ok();
    }
    let gz = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&whole).unwrap();
        encoder.finish().unwrap()
    };
    assert!(folder.refused("a.xlsx.gz", gz).contains("compressed inside already"));
    let named = folder.read("a.csv", &whole);
    assert!(has_note(&named, "The file is Excel, whatever its name says."));
}

#[test]
fn workbooks_of_one_row_of_many_columns_and_of_long_texts() {
    let folder = Folder::new();
    let column = |at: usize| {
        let (mut at, mut letters) = (at, String::new());
        loop {
            letters.insert(0, char::from(b'A' + (at % 26) as u8));
            if at < 26 {
                return letters;
            }
            at = at / 26 - 1;
        }
    };
    let wide = row(1, &(0..3000).map(|at| text(&format!("{}1", column(at)), &format!("c{at}"))).collect::<Vec<_>>())
        + &row(2, &(0..3000).map(|at| number(&format!("{}2", column(at)), "1", 0)).collect::<Vec<_>>());
    let data = folder.read("wide.xlsx", workbook(false, &[("S", &wide)]));
    assert_eq!((data.table.columns().len(), data.table.rows()), (3000, 1));
    let long = row(1, &[text("A1", "a")]) + &row(2, &[text("A2", &"x".repeat(10 << 20))]);
    let data = folder.read("long.xlsx", workbook(false, &[("S", &long)]));
    assert_eq!(shown(&data, "a")[0].len(), 10 << 20);
    let numbers = row(1, &[number("A1", "1", 0), number("B1", "2", 0)]) + &row(2, &[number("A2", "3", 0)]);
    let data = folder.read("numbers.xlsx", workbook(false, &[("S", &numbers)]));
    assert_eq!((kinds(&data).len(), data.table.rows()), (2, 2), "a first row of numbers is data");
}

const RECORDS: &str = r#"[
 {"whole": 1, "decimal": 1, "word": "a", "flag": true, "day": "2024-01-01", "none": null, "in": {"x": 1, "deep": {"y": 2}}, "list": [1, 2]},
 {"decimal": 0.5, "whole": 2, "word": null, "flag": false, "day": "2024-01-02T18:00:00Z", "none": null, "in": {"x": 2.5}, "late": "ü"},
 {}
]"#;

#[test]
fn json_gives_the_same_table_in_each_of_its_forms() {
    let folder = Folder::new();
    let lines: String = {
        let records: Vec<serde_json::Value> = serde_json::from_str(RECORDS).unwrap();
        records.iter().map(|record| format!("{record}\n")).collect()
    };
    let mut seen = Vec::new();
    for (name, content) in [("a.json", RECORDS), ("b.ndjson", lines.as_str()), ("c.jsonl", &lines), ("d.json", &lines)]
    {
        let data = folder.read(name, content);
        assert_eq!(data.format, Format::Json);
        assert_eq!(shown(&data, "whole"), ["1", "2", "–"]);
        assert_eq!(shown(&data, "decimal"), ["1", "0.5", "–"]);
        assert_eq!(shown(&data, "word"), ["a", "–", "–"]);
        assert_eq!(shown(&data, "flag"), ["true", "false", "–"]);
        assert_eq!(shown(&data, "day"), ["2024-01-01 00:00:00", "2024-01-02 18:00:00", "–"]);
        assert_eq!(shown(&data, "in.x"), ["1", "2.5", "–"]);
        assert_eq!(shown(&data, "late"), ["–", "ü", "–"]);
        assert_eq!(data.table.columns().len(), 8, "{:?}", kinds(&data));
        assert!(has_note(&data, "“list” holds lists"), "{:?}", data.notes);
        assert!(has_note(&data, "“in.deep” holds records within records"), "{:?}", data.notes);
        assert!(has_note(&data, "“none” holds no value"), "{:?}", data.notes);
        seen.push(data.fingerprint.sha256.clone());
    }
    assert_ne!(seen[0], seen[1]);
    let data = folder.read("e.json", r#"{"a": [1, 2, 3], "b": ["x", null, "y"], "c": [1, "z", true]}"#);
    assert_eq!(
        (shown(&data, "a"), shown(&data, "b")),
        (vec!["1".into(), "2".into(), "3".into()], vec!["x".into(), "–".into(), "y".into()])
    );
    assert_eq!(shown(&data, "c"), ["1", "z", "true"]);
    assert!(has_note(&data, "“c” is read as text because it holds values of several kinds"), "{:?}", data.notes);
    let data = folder.read("f.csv", RECORDS);
    assert!(has_note(&data, "The file is JSON, whatever its name says."));
    let marked = [b"\xef\xbb\xbf".as_slice(), RECORDS.as_bytes()].concat();
    assert_eq!(folder.read("g.json", marked).table.rows(), 3);
    let packed = zstd::encode_all(lines.as_bytes(), 3).unwrap();
    assert_eq!(folder.read("h.ndjson.zst", packed).table.rows(), 3);
    let big = folder.read("i.json", r#"[{"x": 18446744073709551615}, {"x": 1}]"#);
    assert_eq!(shown(&big, "x"), ["18446744073709552000", "1"]);
    let data = folder.read("j.ndjson", "{\"tags\": [1], \"x\": 2}\n{\"tags\": [], \"x\": 3}\n");
    assert_eq!((data.table.rows(), data.table.columns().len()), (2, 1));
}

#[test]
fn options_apply_to_json() {
    let folder = Folder::new();
    let path = folder.file("a.json", r#"[{"zip": 1, "n": "2"}, {"zip": 2, "n": "x"}, {"zip": 3, "n": "4"}]"#);
    let options = ReadOptions {
        categorical: vec!["zip".to_owned()],
        numeric: vec!["n".to_owned()],
        max_rows: Some(2),
        ..ReadOptions::default()
    };
    let data = read_table(&path, &options, &NoWatch).unwrap();
    assert_eq!(kinds(&data), [("zip", Kind::Text), ("n", Kind::Number)]);
    assert_eq!(shown(&data, "n"), ["2", "–"]);
    let lists = folder.file("b.json", r#"{"a": [1, 2, 3], "b": [4, 5, 6]}"#);
    let two = ReadOptions { max_rows: Some(2), ..ReadOptions::default() };
    assert_eq!(read_table(&lists, &two, &NoWatch).unwrap().table.rows(), 2);
}

#[test]
fn bad_json_names_the_line_and_what_was_expected() {
    let folder = Folder::new();
    let error = folder.refused("a.json", "[{\"x\": 1},\n {\"x\": NaN}]");
    assert!(error.contains("in line 2") && error.contains("a value was expected"), "{error}");
    for word in ["Infinity", "-Infinity", "undefined"] {
        assert!(folder.refused("a.json", format!("[{{\"x\": {word}}}]")).contains("in line 1"), "{word}");
    }
    assert!(folder.refused("a.json", "[1, 2]").contains("expected a record in braces"));
    assert!(folder.refused("a.json", "5").contains("expected a record in braces"));
    assert!(folder.refused("a.json", "a,b\n1,2\n").contains("in line 1"));
    assert!(folder.refused("a.json", "[{\"x\": 1}] [").contains("trailing"));
    assert!(folder.refused("a.json", "[]").contains("no rows"));
    assert!(folder.refused("a.json", " \n").contains("empty"));
    assert!(folder.refused("a.json", "").contains("empty"));
    assert!(folder.refused("a.json", "[{\"x\": 1, \"x\": 2}]").contains("Two columns are named “x”"));
    assert!(folder.refused("a.json", "[{\"a.b\": 1, \"a\": {\"b\": 2}}]").contains("Two columns are named “a.b”"));
    assert!(folder.refused("a.json", r#"{"a": [1, 2], "b": [1]}"#).contains("Column “b” has 1 rows"));
    assert!(folder.refused("a.json", r#"[{"l": [1]}]"#).contains("“l” holds lists"));
    assert!(folder.refused("a.json", b"\xff\xfe{\0\"\0").contains("UTF-16"));
    assert!(folder.refused("a.json", b"[{\"x\": \"\xe9\"}]").contains("UTF-8"));
    for end in (0..RECORDS.len()).filter(|end| RECORDS.is_char_boundary(*end)).step_by(7) {
        folder.refused("cut.json", &RECORDS[..end]);
    }
    let lines = "{\"x\": 1, \"y\": \"aaa\"}\n".repeat(3);
    for end in (0..lines.len()).step_by(7) {
        let path = folder.file("cut.ndjson", &lines[..end]);
        read_table(&path, &ReadOptions::default(), &NoWatch).ok();
        preview(&path, &ReadOptions::default()).ok();
    }
    let deep = format!("[{{\"x\": 1, \"deep\": {}1{}}}]", "[".repeat(100_000), "]".repeat(100_000));
    let data = folder.read("deep.json", deep);
    assert_eq!(data.table.columns().len(), 1);
    folder.refused("deeper.json", "{\"a\":".repeat(100_000));
    folder.refused("deepest.json", "[".repeat(100_000));
}

#[test]
fn json_of_one_row_of_many_columns_of_nulls_and_of_long_texts() {
    let folder = Folder::new();
    let wide: Vec<String> = (0..3000).map(|at| format!("\"c{at}\": {at}")).collect();
    let data = folder.read("wide.json", format!("[{{{}}}]", wide.join(", ")));
    assert_eq!((data.table.columns().len(), data.table.rows()), (3000, 1));
    let nulls = folder.read("nulls.json", r#"[{"a": null}, {"a": null}]"#);
    assert_eq!(shown(&nulls, "a"), ["–", "–"]);
    let words = folder.read("words.json", r#"[{"a": "NaN"}, {"a": "Infinity"}]"#);
    assert_eq!(kinds(&words), [("a", Kind::Text)], "words of JSON stay words");
    let long = folder.read("long.json", format!("[{{\"a\": \"{}\"}}]", "x".repeat(10 << 20)));
    assert_eq!(shown(&long, "a")[0].len(), 10 << 20);
    let one: String = (0..20_000).map(|at| format!("{{\"k{at}\": 1}}\n")).collect();
    assert!(folder.refused("sparse.ndjson", one).contains("too few names"));
}

#[test]
fn previews_of_long_files_end_early_and_guess_the_rows() {
    let folder = Folder::new();
    let lines: String = (0..300_000).map(|at| format!("{{\"row\": {at}, \"word\": \"w{}\"}}\n", at % 7)).collect();
    let packed = zstd::encode_all(lines.as_bytes(), 1).unwrap();
    for (name, content) in [("a.ndjson", lines.as_bytes()), ("b.ndjson.zst", &packed)] {
        let seen = preview(&folder.file(name, content), &ReadOptions::default()).unwrap();
        assert_eq!((seen.rows.len(), seen.columns.len(), seen.format), (50, 2, Format::Json));
        assert_eq!(seen.rows[3], [Some("3".to_owned()), Some("w3".to_owned())]);
        assert!(seen.estimate.rows.is_some_and(|rows| rows > 100_000), "{name}: {:?}", seen.estimate);
    }
    let text: String = (0..300_000).map(|at| format!("{at};{},5;w\n", at % 100)).collect();
    let path = folder.file("c.csv", format!("row;x;target\n{text}"));
    let seen = preview(&path, &ReadOptions::default()).unwrap();
    assert_eq!((seen.delimiter, seen.decimal_comma, seen.header), (Some(b';'), Some(true), Some(true)));
    assert_eq!(seen.encoding.as_deref(), Some("utf-8"));
    let rows = seen.estimate.rows.unwrap() as f64;
    assert!((rows / 300_000.0 - 1.0).abs() < 0.1, "{rows}");
    let columns: Vec<_> = seen.columns.iter().map(|c| (c.name.as_str(), c.kind, c.role)).collect();
    assert_eq!(columns[1], ("x", Kind::Number, Role::Feature));
    assert_eq!(columns[2], ("target", Kind::Text, Role::Target));
    let options = ReadOptions { header: Some(false), delimiter: Some(b','), ..ReadOptions::default() };
    let seen = preview(&path, &options).unwrap();
    assert_eq!(seen.columns[0].name, "column_1");
    let strange = ReadOptions { categorical: vec!["x".to_owned(), "gone".to_owned()], ..ReadOptions::default() };
    let seen = preview(&path, &strange).unwrap();
    assert_eq!(seen.columns[1].kind, Kind::Text, "a column that is not there is no error");
    assert_eq!(seen.layout, preview(&path, &ReadOptions::default()).unwrap().layout);
}
