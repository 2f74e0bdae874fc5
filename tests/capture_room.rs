//! The capture as its users see it: what is kept is there, once, with its types, whatever happens to the process.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare or read its files has failed")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use modeldeck::data::table::Values;
use modeldeck::data::{NoWatch, ReadOptions, Table, read_table};
use modeldeck::deploy::capture::{
    Capture, CaptureLayout, CaptureReader, CaptureRecorder, CaptureSettings, Retention, Selection, Span,
};
use modeldeck::deploy::labels::{LabelSettings, Labelled, Labels, TruthKind};
use modeldeck::deploy::serve::{Call, CallRecord, Label, Origin, Recorder as _};
use modeldeck::model::tensor::{NamedTensor, Tensor, TensorData};

const NOON_MS: i64 = 1_785_585_600_000;

fn tensor(name: &str, shape: &[usize], data: TensorData) -> NamedTensor {
    NamedTensor { name: name.into(), tensor: Tensor::new(shape.to_vec(), data).unwrap() }
}

fn call(id: &str, at_ms: i64, inputs: Vec<NamedTensor>) -> Call {
    Call {
        id: id.into(),
        model: "credit".into(),
        version: None,
        inputs,
        wanted: Vec::new(),
        received: Instant::now(),
        received_at_ms: at_ms,
        deadline: None,
        origin: Origin { feed: "http".into(), consumer: Some("branch".into()) },
        sticky: None,
    }
}

fn keep(
    recorder: &mut CaptureRecorder,
    sequence: u64,
    version: &str,
    call: &Call,
    outcome: Result<&[NamedTensor], &str>,
) -> Result<(), String> {
    recorder.keep(&[CallRecord { sequence, call, version, outcome, latency: Duration::from_micros(2_500) }])
}

/// A request of some rows with two numbers, a person and an answer.
fn ordinary(recorder: &mut CaptureRecorder, sequence: u64, id: &str, at_ms: i64, person: &str, rows: usize) {
    let numbers = (0..rows * 2).map(|k| sequence as f32 + k as f32 / 10.0).collect();
    let inputs = vec![
        tensor("x", &[rows, 2], TensorData::Float32(numbers)),
        tensor("person", &[rows, 1], TensorData::Text(vec![person.to_owned(); rows])),
    ];
    let labels: Vec<i64> = (0..rows).map(|row| (sequence as i64 + row as i64) % 2).collect();
    let outputs = [tensor("output_label", &[rows], TensorData::Int64(labels))];
    keep(recorder, sequence, "1", &call(id, at_ms, inputs), Ok(&outputs)).unwrap();
}

fn plain() -> CaptureSettings {
    CaptureSettings { free_floor_bytes: 0, ..CaptureSettings::default() }
}

fn tables(reader: &CaptureReader, span: Span, lines: usize) -> Vec<Table> {
    let mut chunks = reader.chunks(span, lines).unwrap();
    std::iter::from_fn(|| chunks.next(&NoWatch).unwrap()).collect()
}

fn texts(tables: &[Table], column: &str) -> Vec<String> {
    let of = |table: &Table| {
        let column = table.column(column).unwrap().clone();
        (0..table.rows()).map(move |row| column.display(row).unwrap_or_else(|| "–".to_owned())).collect::<Vec<_>>()
    };
    tables.iter().flat_map(of).collect()
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    found.sort();
    found
}

/// Tensors of every type with two rows.
fn of_every_type() -> Vec<NamedTensor> {
    vec![
        tensor("bool", &[2], TensorData::Bool(vec![true, false])),
        tensor("u8", &[2], TensorData::UInt8(vec![0, u8::MAX])),
        tensor("u16", &[2], TensorData::UInt16(vec![0, u16::MAX])),
        tensor("u32", &[2], TensorData::UInt32(vec![0, u32::MAX])),
        tensor("u64", &[2], TensorData::UInt64(vec![0, i64::MAX as u64])),
        tensor("i8", &[2], TensorData::Int8(vec![i8::MIN, i8::MAX])),
        tensor("i16", &[2], TensorData::Int16(vec![i16::MIN, i16::MAX])),
        tensor("i32", &[2, 1], TensorData::Int32(vec![i32::MIN, i32::MAX])),
        tensor("i64", &[2, 1], TensorData::Int64(vec![i64::MIN + 1, i64::MAX])),
        tensor("f16", &[2, 1], TensorData::Float16(vec![0x3c00, 0xc000])),
        tensor("f32", &[2, 1], TensorData::Float32(vec![0.1, f32::NAN])),
        tensor("f64", &[2, 1], TensorData::Float64(vec![0.1, f64::INFINITY])),
        tensor("text", &[2], TensorData::Text(vec!["naïve, \"漢字\"\0\n".to_owned(), String::new()])),
    ]
}

#[test]
fn every_type_comes_back_from_journal_and_segment() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    let mut recorder = capture.recorder();
    let outputs = of_every_type();
    keep(&mut recorder, 0, "1", &call("a", NOON_MS, of_every_type()), Ok(&outputs)).unwrap();
    for sealed in [false, true] {
        if sealed {
            capture.seal_now().unwrap();
        }
        let read = tables(&capture.reader().unwrap(), Span::All, 100);
        assert_eq!(read.len(), 1);
        let table = &read[0];
        let values = |name: &str| table.column(name).unwrap().values.clone();
        assert_eq!(values("bool"), Values::Bool(vec![1, 0]));
        assert_eq!(values("output_bool"), Values::Bool(vec![1, 0]), "an output with the name of an input");
        for (name, low, high) in [
            ("u8", 0, 255),
            ("u16", 0, 65_535),
            ("u32", 0, i64::from(u32::MAX)),
            ("u64", 0, i64::MAX),
            ("i8", -128, 127),
            ("i16", -32_768, 32_767),
            ("i32", i64::from(i32::MIN), i64::from(i32::MAX)),
            ("i64", i64::MIN + 1, i64::MAX),
        ] {
            assert_eq!(values(name), Values::ints(vec![low, high]), "{name}");
        }
        assert_eq!(values("f16"), Values::Float(vec![1.0, -2.0]));
        assert_eq!(table.column("f32").unwrap().number(0), Some(f64::from(0.1_f32)));
        assert_eq!(values("f64"), Values::Float(vec![0.1, f64::INFINITY]));
        assert_eq!(texts(&read, "text"), ["naïve, \"漢字\"\0\n", ""]);
        assert_eq!(texts(&read, "prediction_id"), ["a:0", "a:1"]);
        assert_eq!(texts(&read, "consumer"), ["branch", "branch"]);
        assert_eq!(table.column("latency_ms").unwrap().number(0), Some(2.5));
        assert_eq!(values("time"), Values::Time(vec![NOON_MS, NOON_MS]));
    }
    // Any reader of Parquet sees the same.
    let segment = files(dir.path(), ".parquet");
    let read = read_table(&segment[0], &ReadOptions::default(), &NoWatch).unwrap();
    assert_eq!(read.table.column("i64").unwrap().values, Values::ints(vec![i64::MIN + 1, i64::MAX]));
}

#[test]
fn failures_rows_that_differ_and_requests_without_rows_keep_their_lines() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    let mut recorder = capture.recorder();
    let x = |rows: usize| vec![tensor("x", &[rows, 1], TensorData::Float32(vec![1.0; rows]))];
    let y = |rows: usize| vec![tensor("y", &[rows], TensorData::Int64(vec![7; rows]))];
    keep(&mut recorder, 0, "1", &call("failed", NOON_MS, x(2)), Err("It broke.")).unwrap();
    keep(&mut recorder, 1, "1", &call("short", NOON_MS, x(2)), Ok(&y(1))).unwrap();
    keep(&mut recorder, 2, "1", &call("long", NOON_MS, x(1)), Ok(&y(2))).unwrap();
    keep(&mut recorder, 3, "1", &call("none", NOON_MS, x(0)), Ok(&y(0))).unwrap();
    capture.seal_now().unwrap();
    assert_eq!(files(dir.path(), ".parquet").len(), 1, "a failure goes with the answers to the same inputs");
    let read = tables(&capture.reader().unwrap(), Span::All, 100);
    assert_eq!(texts(&read, "id"), ["failed", "failed", "short", "short", "long", "long", "none"]);
    assert_eq!(texts(&read, "row"), ["0", "1", "0", "1", "0", "1", "–"]);
    assert_eq!(texts(&read, "x"), ["1", "1", "1", "1", "1", "–", "–"]);
    assert_eq!(texts(&read, "y"), ["–", "–", "7", "–", "7", "7", "–"]);
    assert_eq!(texts(&read, "error")[0], "It broke.");
    assert_eq!(texts(&read, "outcome")[1..3], ["failed", "answered"]);
    let counts = capture.reader().unwrap().counts().unwrap();
    assert_eq!((counts.requests, counts.failed, counts.lines, counts.sequences), (4, 1, 7, Some((0, 3))));
}

#[test]
fn layouts_name_columns_and_versions_with_other_columns_go_apart() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    let classes = ["no".to_owned(), "yes".to_owned()];
    let layout = CaptureLayout::default()
        .input("float_input", &["age".to_owned(), "id".to_owned()])
        .label("output_label")
        .probabilities("output_probability", &classes);
    capture.name_columns("1", layout.clone()).unwrap();
    let mut recorder = capture.recorder();
    let matrix = |width: usize| vec![tensor("float_input", &[1, width], TensorData::Float32(vec![0.5; width]))];
    let outputs = [
        tensor("output_label", &[1], TensorData::Text(vec!["yes".to_owned()])),
        tensor("output_probability", &[1, 2], TensorData::Float32(vec![0.25, 0.75])),
    ];
    for (sequence, (version, width)) in [("1", 2), ("2", 2), ("1", 2), ("3", 3_000)].into_iter().enumerate() {
        let id = format!("r{sequence}");
        keep(&mut recorder, sequence as u64, version, &call(&id, NOON_MS, matrix(width)), Ok(&outputs)).unwrap();
    }
    // A version that names its columns later, the same way as another.
    drop(recorder);
    capture.close();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    assert_eq!(files(dir.path(), ".parquet").len(), 3);
    let read = tables(&capture.reader().unwrap(), Span::All, 100);
    let names = |table: &Table| table.columns().iter().skip(12).map(|c| c.name.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&read[..1], "id"), ["r0", "r2"]);
    assert_eq!(names(&read[0]), ["age", "input_id", "label", "probability_no", "probability_yes"]);
    assert_eq!(
        names(&read[1]),
        ["float_input_0", "float_input_1", "output_label", "output_probability_0", "output_probability_1"]
    );
    assert_eq!(texts(&read[2..], "version"), ["3"]);
    assert!(!names(&read[2]).contains(&"float_input".to_owned()), "a list is no column of a table");
}

#[test]
fn journals_roll_and_reading_by_span_and_id_finds_its_way() {
    let dir = tempfile::tempdir().unwrap();
    let settings = CaptureSettings { roll_rows: 100, ..plain() };
    let capture = Capture::open(dir.path(), settings.clone()).unwrap();
    let mut recorder = capture.recorder();
    for sequence in 0..250_u64 {
        let at = NOON_MS + sequence as i64 * 1_000;
        ordinary(&mut recorder, sequence, &format!("r{sequence}"), at, "someone", 2);
    }
    let all = |reader: &CaptureReader| texts(&tables(reader, Span::All, 64), "sequence");
    let expected: Vec<String> = (0..250).flat_map(|n| [n.to_string(), n.to_string()]).collect();
    assert_eq!(all(&capture.reader().unwrap()), expected, "while journals become segments");
    capture.seal_now().unwrap();
    let reader = capture.reader().unwrap();
    assert_eq!(all(&reader), expected);
    assert_eq!(reader.segments().unwrap().len(), 5);
    assert_eq!(reader.segments().unwrap()[1].sequences, (50, 99));
    let span = texts(&tables(&reader, Span::Sequences(48..52), 64), "sequence");
    assert_eq!(span, ["48", "48", "49", "49", "50", "50", "51", "51"]);
    let span = texts(&tables(&reader, Span::Times(NOON_MS + 199_000..NOON_MS + 201_000), 64), "id");
    assert_eq!(span, ["r199", "r199", "r200", "r200"]);
    assert!(tables(&reader, Span::Sequences(900..901), 64).is_empty());
    assert_eq!(texts(&reader.find("r77").unwrap(), "prediction_id"), ["r77:0", "r77:1"]);
    assert!(reader.find("r777").unwrap().is_empty());
    assert_eq!(capture.next_sequence(), 250);
    let names = files(dir.path(), ".parquet");
    assert!(names.is_sorted() && names[0].file_name().unwrap().to_string_lossy().starts_with("0000000001-"));
    drop(recorder);
    let stats = capture.close();
    assert_eq!((stats.requests, stats.segments, stats.problem), (250, 5, None));
}

#[test]
fn an_old_journal_rolls_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), CaptureSettings { roll_seconds: 1, ..plain() }).unwrap();
    ordinary(&mut capture.recorder(), 0, "a", NOON_MS, "someone", 1);
    let start = Instant::now();
    while files(dir.path(), ".parquet").is_empty() && start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(files(dir.path(), ".parquet").len(), 1);
}

#[test]
fn retention_takes_the_oldest_and_never_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let day = 86_400_000;
    let fill = |capture: &Capture| {
        for sequence in 0..5 {
            let at = now - (5 - sequence as i64) * day;
            ordinary(&mut capture.recorder(), sequence, &format!("r{sequence}"), at, "someone", 1);
            if sequence < 4 {
                capture.seal_now().unwrap();
            }
        }
    };
    let retention = Retention { days: Some(3), bytes: None };
    let capture = Capture::open(dir.path(), CaptureSettings { retention, ..plain() }).unwrap();
    fill(&capture);
    capture.thin_out().unwrap();
    assert_eq!(texts(&tables(&capture.reader().unwrap(), Span::All, 9), "id"), ["r3", "r4"], "r2 was three days old");
    assert_eq!(files(dir.path(), ".ids").len(), 1);

    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    fill(&capture);
    let one = std::fs::metadata(&files(dir.path(), ".parquet")[0]).unwrap().len();
    drop(capture);
    let retention = Retention { days: None, bytes: Some(one * 2 + 100) };
    let capture = Capture::open(dir.path(), CaptureSettings { retention, ..plain() }).unwrap();
    let removed = capture.thin_out().unwrap();
    let left = texts(&tables(&capture.reader().unwrap(), Span::All, 9), "id");
    assert_eq!(left, ["r3", "r4"]);
    // The thread may have been there first.
    assert!(removed.segments == 3 || removed.segments == 0, "{removed:?}");
    assert_eq!(removed.oldest_ms, Some(now - 2 * day));
}

#[test]
fn a_persons_rows_are_deleted_everywhere_with_their_labels() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    let labels = Labels::open(dir.path(), LabelSettings::default()).unwrap();
    let mut recorder = capture.recorder();
    for (sequence, person) in ["ann", "bob", "ann", "eve", "bob", "ann"].into_iter().enumerate() {
        ordinary(&mut recorder, sequence as u64, &format!("r{sequence}"), NOON_MS, person, 2);
        if sequence == 2 {
            capture.seal_now().unwrap();
        }
    }
    let label = |id: &str, row| Label { id: id.to_owned(), row, truth: "1".to_owned() };
    labels.take(&[label("r0", 0), label("r1", 0), label("r4", 1), label("r4", 0)], &capture).unwrap();
    let delete = |selections: &[Selection]| {
        capture.delete(selections, &mut |gone| labels.delete(gone).map(drop).map_err(|e| e.to_string()), &NoWatch)
    };
    let deleted = delete(&[Selection::Value { column: "person".to_owned(), value: "ann".to_owned() }]).unwrap();
    assert_eq!((deleted.requests, deleted.rows, deleted.segments), (3, 6, 2));
    let deleted = delete(&[
        Selection::Request { id: "r3".to_owned() },
        Selection::Prediction { id: "r4".to_owned(), row: 1 },
        Selection::Request { id: "nobody".to_owned() },
    ])
    .unwrap();
    assert_eq!((deleted.requests, deleted.rows, deleted.segments), (2, 3, 1));
    let left = tables(&capture.reader().unwrap(), Span::All, 9);
    assert_eq!(texts(&left, "prediction_id"), ["r1:0", "r1:1", "r4:0"]);
    assert!(capture.reader().unwrap().find("r0").unwrap().is_empty());
    let counts = capture.reader().unwrap().counts().unwrap();
    assert_eq!((counts.requests, counts.lines), (2, 3));
    assert_eq!(labels.counts().unwrap().joined, 2, "those of r0:0 and r4:1 went");
    let taken = labels.take(&[label("r0", 0)], &capture).unwrap();
    assert_eq!(taken.unknown, ["r0"], "a deleted id is not known any more");
    let log = std::fs::read_to_string(dir.path().join("deletions.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 2);
    assert!(!log.contains("ann") && !log.contains("\"r3\"") && log.contains("\"rows\":6"), "{log}");
    // By a number, and until nothing is left.
    let deleted = delete(&[Selection::Value { column: "x_1".to_owned(), value: "1.1".to_owned() }]).unwrap();
    assert_eq!(deleted.rows, 1);
    delete(&[Selection::Request { id: "r1".to_owned() }, Selection::Request { id: "r4".to_owned() }]).unwrap();
    assert!(files(dir.path(), ".parquet").is_empty() && files(dir.path(), ".ids").is_empty());
    ordinary(&mut recorder, 6, "r6", NOON_MS, "ann", 1);
    assert_eq!(capture.reader().unwrap().counts().unwrap().requests, 1, "keeping goes on");
}

#[test]
fn labels_come_in_any_order_and_the_last_one_counts() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    let labels = Labels::open(dir.path(), LabelSettings { unknown_most: 2, ..LabelSettings::default() }).unwrap();
    let mut recorder = capture.recorder();
    let label = |id: &str, row, truth: &str| Label { id: id.to_owned(), row, truth: truth.to_owned() };
    ordinary(&mut recorder, 0, "a", NOON_MS, "ann", 2);
    let taken = labels.take(&[label("a", 0, "1"), label("a", 2, "1"), label("b", 0, "0")], &capture).unwrap();
    assert_eq!((taken.joined, taken.repeated, taken.unknown_count), (1, 0, 2));
    assert_eq!(taken.unknown, ["a", "b"], "the row is beyond the request, and b was never given");
    let first = labels.truth("a", 0).unwrap().unwrap();
    let taken = labels.take(&[label("a", 0, "1")], &capture).unwrap();
    assert_eq!((taken.joined, taken.repeated), (0, 1));
    assert_eq!(labels.truth("a", 0).unwrap().unwrap(), first, "a repeated label changes nothing");
    std::thread::sleep(Duration::from_millis(3));
    labels.take(&[label("a", 0, "0")], &capture).unwrap();
    let corrected = labels.truth("a", 0).unwrap().unwrap();
    assert_eq!((corrected.truth.as_str(), corrected.first_truth.as_str(), corrected.corrections), ("0", "1", 1));
    assert!(corrected.last_at_ms > corrected.first_at_ms && corrected.first_at_ms == first.first_at_ms);

    ordinary(&mut recorder, 1, "b", NOON_MS, "bob", 1);
    assert_eq!(labels.settle(&capture).unwrap().joined, 1, "the prediction came after its label");
    for n in 0..5 {
        labels.take(&[label(&format!("never-{n}"), 0, "1")], &capture).unwrap();
        std::thread::sleep(Duration::from_millis(2));
    }
    let counts = labels.counts().unwrap();
    assert_eq!((counts.joined, counts.corrected, counts.unknown), (2, 1, 2), "few unknown ones wait");
    assert!(labels.truth("never-4", 0).unwrap().is_some() && labels.truth("never-0", 0).unwrap().is_none());
    for bad in [label("", 0, "1"), label("a", 0, ""), label("a", 0, &"x".repeat(5_000))] {
        let error = labels.take(&[label("a", 1, "1"), bad], &capture).unwrap_err();
        assert!(error.to_string().contains("empty or longer"), "{error}");
    }
    assert!(labels.truth("a", 1).unwrap().is_none(), "all or none");

    let joined = |kind, only| {
        let chunks = capture.reader().unwrap().chunks(Span::All, 100).unwrap();
        let mut labelled = Labelled::new(chunks, &labels, kind, only);
        std::iter::from_fn(|| labelled.next(&NoWatch).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&joined(TruthKind::Text, false), "truth"), ["0", "–", "0"]);
    let only = joined(TruthKind::Number, true);
    assert_eq!(texts(&only, "prediction_id"), ["a:0", "b:0"]);
    assert_eq!(only[0].column("truth").unwrap().values, Values::Float(vec![0.0, 0.0]));
    drop(labels);
    let labels = Labels::open(dir.path(), LabelSettings::default()).unwrap();
    assert_eq!(labels.truth("a", 0).unwrap().unwrap(), corrected, "after a restart too");
    assert_eq!(labels.forget_before(i64::MAX).unwrap(), 4);
}

#[test]
fn labels_are_taken_from_files() {
    let dir = tempfile::tempdir().unwrap();
    let capture = Capture::open(dir.path(), plain()).unwrap();
    let labels = Labels::open(dir.path(), LabelSettings::default()).unwrap();
    let mut recorder = capture.recorder();
    ordinary(&mut recorder, 0, "0012", NOON_MS, "ann", 2);
    ordinary(&mut recorder, 1, "a:1", NOON_MS, "bob", 2);
    let path = dir.path().join("labels.csv");
    let take = |text: &str| {
        std::fs::write(&path, text).unwrap();
        labels.take_file(&path, &capture, &NoWatch)
    };
    let taken = take("id,row,truth\n0012,1,01\na:1,0,1\n77,0,1\n,0,1\n").unwrap();
    assert_eq!((taken.taken.joined, taken.taken.unknown_count, taken.without), (2, 1, 1));
    assert_eq!(labels.truth("0012", 1).unwrap().unwrap().truth, "01", "as it was written");
    let taken = take("prediction_id,truth\na:1:1,yes\n0012:1,01\n").unwrap();
    assert_eq!((taken.taken.joined, taken.taken.repeated), (1, 1));
    assert_eq!(take("id,truth\n0012,5\n0012,6\n").unwrap().taken.joined, 1);
    for (text, said) in [
        ("id,label\na,1\nb,2\n", "no column “truth”"),
        ("row,truth\n1,1\n2,2\n", "no column “id”"),
        ("id,row,truth\na,first,1\nb,2,2\n", "“first” is no row number"),
        ("prediction_id,truth\na,1\nb,2\n", "“a” is no row number"),
    ] {
        let error = take(text).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

const CHILD: &str = "CAPTURE_ROOM_CHILD";

/// What the kill loop starts in a process of its own; by itself it does nothing.
#[test]
fn child_that_keeps_records_until_it_is_killed() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    // Small journals, so that rolling and sealing are hit too.
    let settings = CaptureSettings { roll_rows: 150, ..plain() };
    let capture = Capture::open(Path::new(&folder), settings).unwrap();
    let first = capture.next_sequence();
    std::thread::scope(|scope| {
        for worker in 0..2_u64 {
            let mut recorder = capture.recorder();
            std::thread::Builder::new()
                .name(format!("worker {worker}"))
                .spawn_scoped(scope, move || {
                    let mut out = std::io::stdout();
                    for n in 0.. {
                        let sequence = first + 2 * n + worker;
                        let id = format!("{sequence}");
                        ordinary(&mut recorder, sequence, &id, NOON_MS, "someone", 1 + (sequence % 3) as usize);
                        if writeln!(out, "kept {id}").and_then(|()| out.flush()).is_err() {
                            return;
                        }
                    }
                })
                .unwrap();
        }
    });
}

#[test]
fn a_killed_process_loses_no_answered_request_and_doubles_none() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<String> = Vec::new();
    let mut seed = 20_260_801_u64;
    for _ in 0..10 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let most = 20 + (seed >> 33) as usize % 900;
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_keeps_records_until_it_is_killed", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut heard = 0;
        let lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            // The test harness speaks on the same line as the first record.
            if let Some((_, id)) = line.split_once("kept ") {
                acknowledged.push(id.to_owned());
                heard += 1;
                if heard == most {
                    // SIGKILL on Unix; what was printed until it takes effect still counts.
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        assert!(heard >= most, "the child ended by itself after {heard}");
    }
    let capture = Capture::open(dir.path(), plain()).unwrap();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for id in texts(&tables(&capture.reader().unwrap(), Span::All, 1_000), "prediction_id") {
        *seen.entry(id).or_default() += 1;
    }
    let doubled: Vec<_> = seen.iter().filter(|(_, times)| **times > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    acknowledged.sort();
    acknowledged.dedup();
    for id in &acknowledged {
        for row in 0..=id.parse::<u64>().unwrap() % 3 {
            assert!(seen.contains_key(&format!("{id}:{row}")), "answered request {id} is missing");
        }
    }
    assert!(acknowledged.len() > 1_000);
}
