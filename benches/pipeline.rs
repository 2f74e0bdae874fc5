//! Rows per second from the feed through two workers, the recorder and the capture on disk.
//!
//! The engine answers at once, so that what is measured is everything around the model: `bare` keeps nothing,
//! `captured` writes each batch as a transaction.

#![expect(clippy::unwrap_used, reason = "a bench that fails says so by panicking")]

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use modeldeck::data::{Column, Table, Values};
use modeldeck::deploy::{
    AnsweredBatch, DeployEvent, Deployment, DeploymentPlan, DeploymentState, Engine, EngineFactory, FeedSettings, Sink,
    WorkerSettings,
};
use modeldeck::model::{Scores, Task};
use modeldeck::workspace::capture::{CaptureWriter, CapturedRows};

const ROWS: usize = 200_000;

struct AtOnce;

impl Engine for AtOnce {
    fn score(&mut self, _table: &Table, rows: Range<usize>, out: &mut Scores) -> Result<(), String> {
        out.task = Task::Binary;
        out.classes = vec!["0".to_owned(), "1".to_owned()];
        out.width = 2;
        out.rows = rows.len();
        for row in rows {
            let p = (row % 101) as f32 / 100.0;
            out.labels.push(u32::from(p >= 0.5));
            out.probabilities.extend([1.0 - p, p]);
        }
        Ok(())
    }
}

struct Engines;

impl EngineFactory for Engines {
    fn open(&self) -> Result<Box<dyn Engine>, String> {
        Ok(Box::new(AtOnce))
    }
}

struct Captured(Option<CaptureWriter>);

impl Sink for Captured {
    fn record(&mut self, batch: &AnsweredBatch) -> Result<(), String> {
        let Some(capture) = &mut self.0 else { return Ok(()) };
        let rows = CapturedRows {
            first_row: batch.first_row,
            rows: batch.rows.len() as u32,
            labels: &batch.scores.labels,
            width: batch.scores.width as u32,
            probabilities: &batch.scores.probabilities,
            values: &batch.scores.values,
            skipped: &[],
            latency_ms: batch.latency_ms,
            answered_at_ms: batch.answered_at_ms,
        };
        capture.append(&rows).map_err(|error| error.to_string())
    }

    fn event(&mut self, _event: DeployEvent) {}

    fn finished(&mut self) {}
}

fn replay(table: &Arc<Table>, batch_rows: usize, folder: Option<&Path>) {
    let capture = folder.map(|folder| CaptureWriter::open(folder, "bench").unwrap());
    let deployment = Deployment::start(DeploymentPlan {
        id: "bench".to_owned(),
        table: Arc::clone(table),
        still_there: Box::new(|| Ok(())),
        worker: WorkerSettings { workers: 2, batch_rows, ..WorkerSettings::default() },
        feed: FeedSettings { rows_per_second: None, ..FeedSettings::default() },
        engines: Arc::new(Engines),
        sink: Box::new(Captured(capture)),
        on_stats: Arc::new(|_| {}),
    })
    .unwrap();
    while !deployment.is_over() {
        std::thread::sleep(Duration::from_micros(200));
    }
    let stats = deployment.stats();
    assert_eq!((stats.state, stats.rows_answered), (DeploymentState::Finished, ROWS as u64));
}

fn pipeline(c: &mut Criterion) {
    let values = Values::Float((0..ROWS).map(|row| row as f64).collect());
    let table = Arc::new(Table::new(vec![Column::new("x", values)]).unwrap());
    let mut group = c.benchmark_group("pipeline");
    group.sample_size(10);
    group.throughput(Throughput::Elements(ROWS as u64));
    for batch_rows in [100, 500, 2_000] {
        group.bench_function(BenchmarkId::new("bare", batch_rows), |b| b.iter(|| replay(&table, batch_rows, None)));
        group.bench_function(BenchmarkId::new("captured", batch_rows), |b| {
            b.iter_batched_ref(
                || tempfile::tempdir().unwrap(),
                |folder| replay(&table, batch_rows, Some(folder.path())),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
