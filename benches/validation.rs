//! A validation of many rows against the bare model over the same rows and threads, with the peak of memory.
//!
//! `cargo bench --bench validation -- [ROWS]`: 200,000 rows of 20 features, made here,
//! unless `MODELDECK_BENCH_DATA` names a folder with `gbm.onnx`, `val.parquet` and `val.csv`. Each way runs in a process
//! of its own, so that the peak is its own.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a bench that fails says so by panicking")]

use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use modeldeck::data::stream::Stream;
use modeldeck::data::{NoWatch, ReadOptions};
use modeldeck::model::binding::propose_without;
use modeldeck::model::runtime::{self, Runtime, RuntimeHome, Unwatched};
use modeldeck::model::{BoundModel, ModelFile};
use modeldeck::stats::decisions::CostMatrix;
use modeldeck::stats::random::SplitMix64;
use modeldeck::validate::measure::{Answers, measure};
use modeldeck::validate::streamed::{File as Rows, run_streamed};
use modeldeck::validate::{Candidate, Plan, ValidateError};
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;
use polars::prelude::{DataFrame, IntoColumn as _, NamedFrom as _, ParquetWriter, Series};

const FEATURES: usize = 20;
const MODEL: &str = "gbm.onnx";
const BATCH: usize = 4_096;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [way, threads, folder, name] = arguments.as_slice() {
        let (threads, folder) = (threads.parse().unwrap(), Path::new(folder));
        match way.as_str() {
            "bare" => bare(threads, folder, name),
            "validate" => whole(threads, folder, name),
            _ => metrics(folder, name),
        }
        return;
    }
    let made = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("MODELDECK_BENCH_DATA").map_or_else(
        || {
            let rows = arguments.first().and_then(|rows| rows.parse().ok()).unwrap_or(200_000);
            make(made.path(), rows);
            made.path().to_owned()
        },
        Into::into,
    );
    for threads in ["1", "2"] {
        for (way, name) in [("bare", "val.parquet"), ("validate", "val.parquet"), ("validate", "val.csv")] {
            let status = Command::new(std::env::current_exe().unwrap())
                .args([way, threads])
                .arg(&folder)
                .arg(name)
                .status()
                .unwrap();
            assert!(status.success(), "{way} {name}");
        }
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let status = command.args(["metrics", "1"]).arg(&folder).arg("val.parquet").status().unwrap();
    assert!(status.success(), "metrics");
}

fn runtime() -> &'static Runtime {
    let home = RuntimeHome::user().unwrap();
    runtime::install(&home, &Unwatched).unwrap();
    runtime::ensure_loaded(&home).unwrap()
}

/// The features of all rows as one matrix in single precision, and the target.
fn matrix(path: &Path) -> (Vec<f32>, Vec<bool>) {
    let mut stream = Stream::open(path, &ReadOptions::default(), None, 65_536, &NoWatch).unwrap();
    let (mut all, mut truth) = (Vec::new(), Vec::new());
    while let Some(table) = stream.next(&NoWatch).unwrap() {
        let features: Vec<_> = table.columns().iter().filter(|c| c.name != "y").collect();
        let target = table.column("y").unwrap();
        for row in 0..table.rows() {
            all.extend(features.iter().map(|c| c.number(row).unwrap_or(f64::NAN) as f32));
            truth.push(target.number(row) == Some(1.0));
        }
    }
    (all, truth)
}

fn session(folder: &Path, threads: usize) -> Session {
    Session::builder(runtime().environment())
        .unwrap()
        .with_optimization_level(GraphOptimizationLevel::All)
        .unwrap()
        .with_intra_threads(threads)
        .unwrap()
        .commit_from_file(folder.join(MODEL))
        .unwrap()
}

/// The scores of all rows, and the seconds they took.
fn scores(session: &mut Session, values: &[f32]) -> (Vec<f64>, f64) {
    let began = Instant::now();
    let mut scores = Vec::new();
    for batch in values.chunks(BATCH * FEATURES) {
        let rows = (batch.len() / FEATURES) as i64;
        let input = TensorRef::from_array_view((vec![rows, FEATURES as i64], batch)).unwrap();
        let outputs = session.run(ort::inputs![input]).unwrap();
        let (_, probabilities) = outputs["probabilities"].try_extract_tensor::<f32>().unwrap();
        scores.extend(probabilities.chunks_exact(2).filter_map(|row| row.get(1)).map(|p| f64::from(*p)));
    }
    (scores, began.elapsed().as_secs_f64())
}

fn bare(threads: usize, folder: &Path, name: &str) {
    let (values, _) = matrix(&folder.join(name));
    let mut session = session(folder, threads);
    let (found, seconds) = scores(&mut session, &values);
    println!("{threads} threads  bare Session::run, {} rows           {seconds:6.2} s", found.len());
}

fn whole(threads: usize, folder: &Path, name: &str) {
    let runtime = runtime();
    let began = Instant::now();
    let path = folder.join(name);
    let model = ModelFile::open(&folder.join(MODEL)).unwrap();
    let mut plan = Plan::new("y");
    plan.threads = threads;
    let options = ReadOptions::default();
    let bind = |dataset: &modeldeck::data::Dataset| -> Result<Vec<Candidate>, ValidateError> {
        let mut proposal = propose_without(&model.inspection, None, &dataset.table, &["y"]);
        if let Some(agreed) = proposal.agree_to_order() {
            proposal.binding = agreed;
        }
        Ok(vec![Candidate::of_model(BoundModel::bind(model.clone(), proposal.binding, &dataset.table)?)])
    };
    let rows = Rows { path: &path, options: &options, reference: None };
    let report = run_streamed(&plan, rows, &bind, Some(runtime), &NoWatch).unwrap_or_else(|e| panic!("{e}"));
    let seconds = began.elapsed().as_secs_f64();
    let model = report.models.first().unwrap();
    let timing = model.timing;
    println!(
        "{threads} threads  whole validation of {name:12} {:>9} rows {seconds:6.2} s (waited for reading {:.2}, scoring {:.2}, metrics and search {:.2})  peak {} MiB",
        model.rows,
        timing.read_s,
        timing.predict_s,
        timing.metrics_s,
        peak_mib()
    );
}

/// All metrics, curves and intervals, and one move of the threshold.
fn metrics(folder: &Path, name: &str) {
    let (values, truth) = matrix(&folder.join(name));
    let (scores, _) = scores(&mut session(folder, 2), &values);
    let answers = Answers::Binary { scores, positive: truth, probabilities: true };
    let classes = ["0".to_owned(), "1".to_owned()];
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let began = Instant::now();
        black_box(measure(&answers, &classes, 1, 0.5, 0.95));
        best = best.min(began.elapsed().as_secs_f64());
    }
    println!("all metrics, curves and intervals of {} rows: {:.1} ms", answers.rows(), best * 1e3);
    let table = measure(&answers, &classes, 1, 0.5, 0.95).decisions.unwrap();
    let moves = 100_000;
    let began = Instant::now();
    let costs = CostMatrix { fp: 1.0, fn_: 5.0, ..CostMatrix::default() };
    for place in 0..moves {
        let counts = table.at(place % table.len()).unwrap();
        black_box((counts.f1(), counts.precision(), counts.recall(), counts.accuracy(), costs.per_row(&counts)));
    }
    println!("one move of the threshold: {:.3} µs", began.elapsed().as_secs_f64() * 1e6 / moves as f64);
}

/// The most memory the process held, in MiB; 0 where the system does not tell.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Rows like those the model learned from: the target follows four features, with noise.
fn make(folder: &Path, rows: usize) {
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/models/trees.onnx"), folder.join(MODEL)).unwrap();
    let mut random = SplitMix64::new(1);
    let values: Vec<f32> = (0..rows * FEATURES).map(|_| random.normal() as f32).collect();
    let truth: Vec<i64> = values
        .chunks_exact(FEATURES)
        .map(|row| {
            let [a, b, c, d, ..] = row else { panic!("a row has {FEATURES} features") };
            i64::from(f64::from(a + b * c + 0.5 * (3.0 * d).sin()) + random.normal() * 0.7 > 0.3)
        })
        .collect();
    let mut csv = BufWriter::new(File::create(folder.join("val.csv")).unwrap());
    let names: Vec<String> = (0..FEATURES).map(|at| format!("f{at:02}")).collect();
    writeln!(csv, "{},y", names.join(",")).unwrap();
    let mut line = String::new();
    for (row, truth) in values.chunks_exact(FEATURES).zip(&truth) {
        line.clear();
        for value in row {
            write!(line, "{value},").unwrap();
        }
        writeln!(csv, "{line}{truth}").unwrap();
    }
    csv.flush().unwrap();
    let mut columns: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let values: Vec<f32> = values.iter().skip(at).step_by(FEATURES).copied().collect();
            Series::new(name.as_str().into(), values).into_column()
        })
        .collect();
    columns.push(Series::new("y".into(), truth).into_column());
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    ParquetWriter::new(File::create(folder.join("val.parquet")).unwrap()).finish(&mut frame).unwrap();
}
