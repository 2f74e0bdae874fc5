//! Rows per second through our scorer against bare `Session::run` on the same batches and threads.
//!
//! `cargo bench --bench scoring` uses the sample models;
//! `MODELDECK_BENCH_MODEL` names another model file with one matrix or one column an input.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that fails says so by panicking"
)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use modeldeck::data::{Column, Table, Values};
use modeldeck::model::binding::How;
use modeldeck::model::runtime::{self, Runtime, RuntimeHome, Unwatched};
use modeldeck::model::{Binding, BoundModel, DType, ModelFile, Scorer, Scores, SessionSettings};
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue};
use ort::value::{Tensor, TensorRef};
use std::hint::black_box;
use std::path::{Path, PathBuf};

const ROWS: usize = 40_960;
const BATCH: usize = 4096;

/// One input's values, as bare code would hold them.
enum Ready {
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
    Ints(Vec<i64>),
    Texts(Vec<String>),
}

/// A number that looks random, between -2 and 2, the same every time.
fn noise(seed: usize) -> f64 {
    let mut x = (seed as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 31;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (x >> 11) as f64 / (1_u64 << 53) as f64 * 4.0 - 2.0
}

fn runtime() -> &'static Runtime {
    let home = RuntimeHome::user().unwrap_or_else(|e| panic!("{e}"));
    runtime::install(&home, &Unwatched).unwrap_or_else(|e| panic!("{e}"));
    runtime::ensure_loaded(&home).unwrap_or_else(|e| panic!("{e}"))
}

/// A table with values for every input, its binding, and the same values ready for bare calls.
fn prepare(file: &ModelFile) -> (Table, Binding, Vec<Ready>) {
    let mut columns = Vec::new();
    let mut binding = Binding::default();
    let mut ready = Vec::new();
    for port in &file.inspection.inputs {
        let width = port.width().unwrap_or(1);
        let names: Vec<String> = (0..width).map(|c| format!("{} {c}", port.name)).collect();
        let at = |row: usize, c: usize| noise((columns.len() + c) * ROWS + row);
        match port.dtype {
            DType::String => {
                let text = |row: usize| format!("v{}", (at(row, 0).abs() * 20.0) as usize);
                let texts: Vec<String> = (0..ROWS).map(text).collect();
                columns.push(Column::new(&names[0], Values::text(texts.iter().map(|t| Some(t.as_str())))));
                ready.push(Ready::Texts(texts));
            }
            DType::Int64 => {
                let ints: Vec<i64> = (0..ROWS).map(|row| (at(row, 0) * 10.0) as i64).collect();
                columns.push(Column::new(&names[0], Values::ints(ints.clone())));
                ready.push(Ready::Ints(ints));
            }
            DType::Float64 => {
                let floats: Vec<f64> = (0..ROWS).map(|row| at(row, 0)).collect();
                columns.push(Column::new(&names[0], Values::Float(floats.clone())));
                ready.push(Ready::Doubles(floats));
            }
            _ => {
                let rows = (0..ROWS).flat_map(|row| (0..width).map(move |c| (row, c)));
                ready.push(Ready::Floats(rows.map(|(row, c)| at(row, c) as f32).collect()));
                let fresh: Vec<Column> = names
                    .iter()
                    .enumerate()
                    .map(|(c, name)| Column::new(name, Values::Float((0..ROWS).map(|row| at(row, c)).collect())))
                    .collect();
                columns.extend(fresh);
            }
        }
        binding.set_columns(&port.name, names, How::Person);
    }
    (Table::new(columns).unwrap_or_else(|e| panic!("{e}")), binding, ready)
}

fn bare(session: &mut Session, ready: &[Ready], widths: &[usize]) -> usize {
    let mut seen = 0;
    for start in (0..ROWS).step_by(BATCH) {
        let end = (start + BATCH).min(ROWS);
        let n = (end - start) as i64;
        let inputs: Vec<SessionInputValue<'_>> = ready
            .iter()
            .zip(widths)
            .map(|(values, width)| {
                let dims = vec![n, *width as i64];
                match values {
                    Ready::Floats(v) => {
                        TensorRef::from_array_view((dims, &v[start * width..end * width])).unwrap().into()
                    }
                    Ready::Doubles(v) => TensorRef::from_array_view((dims, &v[start..end])).unwrap().into(),
                    Ready::Ints(v) => TensorRef::from_array_view((dims, &v[start..end])).unwrap().into(),
                    Ready::Texts(v) => Tensor::from_string_array((dims, &v[start..end])).unwrap().into(),
                }
            })
            .collect();
        seen += black_box(session.run(inputs.as_slice()).unwrap()).len();
    }
    seen
}

fn compare(c: &mut Criterion, path: &Path) {
    let runtime = runtime();
    let file = ModelFile::open(path).unwrap_or_else(|e| panic!("{e}"));
    let (table, binding, ready) = prepare(&file);
    let widths: Vec<usize> = file.inspection.inputs.iter().map(|p| p.width().unwrap_or(1)).collect();
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut group = c.benchmark_group(format!("scoring/{name}"));
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    for threads in [1, 2] {
        let settings = SessionSettings { intra_threads: threads, batch: BATCH, ..SessionSettings::default() };
        let mut session = Session::builder(runtime.environment())
            .unwrap()
            .with_optimization_level(GraphOptimizationLevel::All)
            .unwrap()
            .with_intra_threads(threads)
            .unwrap()
            .with_deterministic_compute(settings.deterministic)
            .unwrap()
            .with_intra_op_spinning(settings.spinning)
            .unwrap()
            .commit_from_memory(&file.bytes)
            .unwrap();
        group.bench_function(format!("bare/{threads}"), |b| b.iter(|| bare(&mut session, &ready, &widths)));
        let bound = BoundModel::bind(file.clone(), binding.clone(), &table).unwrap_or_else(|e| panic!("{e}"));
        let mut scorer = Scorer::open(&bound, settings, runtime).unwrap_or_else(|e| panic!("{e}"));
        let mut scores = Scores::default();
        group.bench_function(format!("ours/{threads}"), |b| {
            b.iter(|| {
                scores.clear();
                scorer.score(&table, 0..ROWS, &mut scores).unwrap_or_else(|e| panic!("{e}"));
                scores.rows
            });
        });
    }
    group.finish();
}

/// Every model under `sample_models/`, or those named by `MODELDECK_BENCH_MODEL` (paths as in `PATH`).
fn models() -> Vec<PathBuf> {
    if let Some(named) = std::env::var_os("MODELDECK_BENCH_MODEL") {
        return std::env::split_paths(&named).collect();
    }
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "onnx") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn scoring(c: &mut Criterion) {
    for path in models() {
        compare(c, &path);
    }
}

criterion_group!(benches, scoring);
criterion_main!(benches);
