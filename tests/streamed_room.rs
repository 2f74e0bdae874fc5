//! A validation chunk by chunk gives what one over the whole table gives, but for what is drawn from a sample.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "common/runtime.rs"]
mod runtime;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use modeldeck::data::{Dataset, NoWatch, ReadOptions, Watch, read_table};
use modeldeck::model::binding::propose_without;
use modeldeck::model::{BoundModel, ModelFile, Runtime, runtime as library};
use modeldeck::validate::predictions::ClassScore;
use modeldeck::validate::streamed::{File, run_streamed};
use modeldeck::validate::{Candidate, Data, Plan, Predictions, Report, ValidateError, run};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models").join(name)
}

fn loaded() -> &'static Runtime {
    library::ensure_loaded(&runtime::runtime()).unwrap()
}

fn bind(models: &[&str], target: &str, dataset: &Dataset) -> Result<Vec<Candidate>, ValidateError> {
    let one = |name: &&str| {
        let file = ModelFile::open(&sample(name))?;
        let card = file.card.clone();
        let proposal = propose_without(&file.inspection, card.as_deref(), &dataset.table, &[target]);
        Ok(Candidate::of_model(BoundModel::bind(file, proposal.binding, &dataset.table)?))
    };
    models.iter().map(one).collect()
}

/// What differs from run to run, or is told only where a table is cut.
fn comparable(mut report: Report) -> Report {
    report.created_at_ms = 0;
    for model in &mut report.models {
        model.timing = modeldeck::validate::report::Timing::default();
        model.rows_per_second = 0.0;
    }
    report
}

#[test]
fn chunks_give_the_report_of_the_whole_table() {
    let stories: [(&[&str], &str, &str, &str); 3] = [
        (&["flights/logistic.onnx", "flights/overfitted.onnx"], "flights/april.parquet", "late", "origin"),
        (&["diamonds/gradient_boosting.onnx"], "diamonds/validate.parquet", "price", "cut"),
        (&["digits/mlp.onnx"], "digits/validate.parquet", "digit", "pixel_0_2"),
    ];
    for (models, data, target, segment) in stories {
        let path = sample(data);
        let mut plan = Plan::new(target);
        plan.threads = 1;
        plan.segments = vec![segment.to_owned()];
        let dataset = read_table(&path, &ReadOptions::default(), &NoWatch).unwrap();
        let candidates = bind(models, target, &dataset).unwrap();
        let whole = run(&plan, &candidates, Data::new(&dataset, 0.0), Some(loaded()), &NoWatch).unwrap();
        let options = ReadOptions::default();
        let file = File { path: &path, options: &options, reference: None };
        let chunks = run_streamed(&plan, file, &|d| bind(models, target, d), Some(loaded()), &NoWatch).unwrap();
        assert_eq!(comparable(chunks), comparable(whole), "{data}");
    }
}

#[test]
fn predictions_in_a_large_text_file_are_judged_chunk_by_chunk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("said.csv");
    let mut text = String::from("y,p,note\n");
    for row in 0..40_000_u32 {
        let score = f64::from(row.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24);
        let truth = if row % 3 == 0 { "yes" } else { "no" };
        writeln!(text, "{truth},{score},\"row, {row}\"").unwrap();
    }
    std::fs::write(&path, text).unwrap();
    let said = |d: &Dataset| {
        let scores = vec![ClassScore::parse("yes=p", &d.table)];
        Ok(vec![Candidate::of_columns(Predictions { scores, ..Predictions::default() })])
    };
    let options = ReadOptions::default();
    let file = File { path: &path, options: &options, reference: None };
    let plan = Plan::new("y");
    let chunks = run_streamed(&plan, file, &said, None, &NoWatch).unwrap();
    let dataset = read_table(&path, &options, &NoWatch).unwrap();
    let whole = run(&plan, &said(&dataset).unwrap(), Data::new(&dataset, 0.0), None, &NoWatch).unwrap();
    assert_eq!(chunks.models[0].rows, 40_000);
    assert_eq!(comparable(chunks), comparable(whole));
}

/// A text file that is too large to be read at once, with the scores that are given.
fn long_csv(folder: &Path, score: impl Fn(u32) -> String) -> PathBuf {
    let path = folder.join("long.csv");
    let mut text = String::from("y,p,note\n");
    for row in 0..190_000_u32 {
        let truth = if row.wrapping_mul(2_654_435_761) >> 31 == 0 { "yes" } else { "no" };
        writeln!(text, "{truth},{},\"a note,{:120}\n that is long\"", score(row), row).unwrap();
    }
    std::fs::write(&path, text).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() > 24 << 20);
    path
}

#[test]
fn a_long_text_file_is_judged_as_at_once_whatever_its_beginning_promises() {
    let folder = tempfile::tempdir().unwrap();
    let random = |row: u32| f64::from(row.wrapping_mul(2_246_822_519) >> 8) / f64::from(1 << 24);
    let said = |d: &Dataset| {
        let scores = vec![ClassScore::parse("yes=p", &d.table)];
        Ok(vec![Candidate::of_columns(Predictions { scores, ..Predictions::default() })])
    };
    let (options, plan) = (ReadOptions::default(), Plan::new("y"));
    let as_told = |row: u32| random(row).to_string();
    // Whole numbers to begin with, and a decimal one far behind.
    let widened = |row: u32| if row < 180_000 { (row % 2).to_string() } else { as_told(row) };
    for widens in [false, true] {
        let path = long_csv(folder.path(), |row| if widens { widened(row) } else { as_told(row) });
        let file = File { path: &path, options: &options, reference: None };
        let chunks = run_streamed(&plan, file, &said, None, &NoWatch).unwrap();
        let dataset = read_table(&path, &options, &NoWatch).unwrap();
        let whole = run(&plan, &said(&dataset).unwrap(), Data::new(&dataset, 0.0), None, &NoWatch).unwrap();
        assert_eq!(chunks.data.sha256, whole.data.sha256);
        assert_eq!(comparable(chunks), comparable(whole));
    }
    // Text among the scores is the same error either way.
    let path = long_csv(folder.path(), |row| if row == 185_000 { "none".to_owned() } else { as_told(row) });
    let file = File { path: &path, options: &options, reference: None };
    let chunks = run_streamed(&plan, file, &said, None, &NoWatch).unwrap_err();
    let dataset = read_table(&path, &options, &NoWatch).unwrap();
    let whole = run(&plan, &said(&dataset).unwrap(), Data::new(&dataset, 0.0), None, &NoWatch).unwrap_err();
    assert_eq!(chunks.to_string(), whole.to_string());
}

#[test]
fn a_lone_binary_model_is_judged_as_at_once() {
    let path = sample("flights/april.parquet");
    let options = ReadOptions::default();
    let dataset = read_table(&path, &options, &NoWatch).unwrap();
    // The target with labels that no model knows, with gaps, and as text.
    let folder = tempfile::tempdir().unwrap();
    let told = |name: &str, words: &dyn Fn(usize, &str) -> String| {
        let place = folder.path().join(name);
        let mut text = dataset.table.columns().iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(",") + "\n";
        for row in 0..dataset.table.rows() {
            let cells = dataset.table.columns().iter().map(|column| {
                let cell = column.display(row).unwrap_or_default();
                if column.name == "late" { words(row, &cell) } else { cell }
            });
            writeln!(text, "{}", cells.collect::<Vec<_>>().join(",")).unwrap();
        }
        std::fs::write(&place, text).unwrap();
        place
    };
    let odd = told("odd.csv", &|row, cell| match row % 50 {
        3 => String::new(),
        7 => "2".to_owned(),
        9 => "-1".to_owned(),
        _ => cell.to_owned(),
    });
    let words = told("words.csv", &|row, cell| match row % 90 {
        4 => "unsure".to_owned(),
        _ => format!("{cell}.0"),
    });
    for (path, models) in [
        (&path, ["flights/logistic.onnx"]),
        (&path, ["flights/gradient_boosting.onnx"]),
        (&odd, ["flights/logistic.onnx"]),
        (&words, ["flights/overfitted.onnx"]),
    ] {
        let dataset = read_table(path, &options, &NoWatch).unwrap();
        let candidates = bind(&models, "late", &dataset).unwrap();
        for positive in [None, Some("0"), Some("nobody")] {
            let mut plan = Plan::new("late");
            plan.threads = 1;
            plan.positive = positive.map(ToOwned::to_owned);
            plan.threshold = positive.map(|_| 0.25);
            let whole = run(&plan, &candidates, Data::new(&dataset, 0.0), Some(loaded()), &NoWatch);
            let file = File { path, options: &options, reference: None };
            let chunks = run_streamed(&plan, file, &|d| bind(&models, "late", d), Some(loaded()), &NoWatch);
            assert_eq!(chunks.map(comparable), whole.map(comparable), "{} {positive:?}", path.display());
        }
    }
}

/// Asks to stop once the work is past a share.
struct StopAt(f32, std::sync::atomic::AtomicBool);

impl Watch for StopAt {
    fn progress(&self, done: f32) {
        self.1.fetch_or(done > self.0, std::sync::atomic::Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.1.load(std::sync::atomic::Ordering::Relaxed)
    }
}

#[test]
fn a_cancel_is_seen_while_chunks_are_scored() {
    let path = sample("flights/stream.parquet");
    let options = ReadOptions::default();
    let file = File { path: &path, options: &options, reference: None };
    let models = ["flights/logistic.onnx"];
    for share in [0.0, 0.4, 0.7] {
        let watch = StopAt(share, std::sync::atomic::AtomicBool::new(false));
        let stopped = run_streamed(&Plan::new("late"), file, &|d| bind(&models, "late", d), Some(loaded()), &watch);
        let cancelled = matches!(
            stopped,
            Err(ValidateError::Cancelled | ValidateError::Data(modeldeck::data::DataError::Cancelled))
        );
        assert!(cancelled, "{share}: {stopped:?}");
    }
}
