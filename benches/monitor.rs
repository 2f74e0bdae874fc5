//! Rows per second through the monitor: fifteen columns, batches of 1,024, chunks of 5,000, on one core.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that fails says so by panicking")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use modeldeck::data::{Column, Table, Values};
use modeldeck::model::{Scores, Task};
use modeldeck::monitor::profile::build;
use modeldeck::monitor::{Chunking, Monitor, MonitorRecord, MonitorSettings, ProfileSettings, ScoredBatch};
use modeldeck::stats::random::SplitMix64;

const ROWS: usize = 102_400;
const BATCH: usize = 1_024;

fn stream() -> (Table, Scores) {
    let mut random = SplitMix64::new(1);
    let mut columns = Vec::new();
    for number in 0..11 {
        let values = (0..ROWS).map(|_| if random.below(50) == 0 { f64::NAN } else { random.unit() * 100.0 });
        columns.push(Column::new(format!("number {number}"), Values::Float(values.collect())));
    }
    for text in 0..4 {
        let values = (0..ROWS).map(|_| Some(format!("category {}", random.below(5 * (text + 1)))));
        columns.push(Column::new(format!("text {text}"), Values::text(values)));
    }
    let mut scores = Scores {
        task: Task::Binary,
        classes: vec!["0".to_owned(), "1".to_owned()],
        width: 2,
        rows: ROWS,
        ..Scores::default()
    };
    let mut truth = Vec::new();
    for _ in 0..ROWS {
        let p = random.unit() as f32;
        scores.labels.push(u32::from(p >= 0.5));
        scores.probabilities.extend([1.0 - p, p]);
        truth.push(i64::from(random.unit() < f64::from(p)));
    }
    columns.push(Column::new("target", Values::ints(truth)));
    (Table::new(columns).unwrap(), scores)
}

fn monitor(c: &mut Criterion) {
    let (table, scores) = stream();
    let features = table.columns().iter().map(|c| c.name.clone()).filter(|name| name != "target").collect();
    let settings = ProfileSettings::new(features, Some("target".to_owned()), Chunking::Rows(5_000));
    let profile = Arc::new(build(&table, &scores, &settings).unwrap());
    let batches: Vec<Scores> = (0..ROWS / BATCH)
        .map(|at| {
            let rows = at * BATCH..(at + 1) * BATCH;
            Scores {
                rows: BATCH,
                labels: scores.labels[rows.clone()].to_vec(),
                probabilities: scores.probabilities[rows.start * 2..rows.end * 2].to_vec(),
                task: scores.task,
                classes: scores.classes.clone(),
                width: scores.width,
                ..Scores::default()
            }
        })
        .collect();

    let mut group = c.benchmark_group("monitor");
    group.sample_size(20);
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("push", |b| {
        b.iter(|| {
            let mut monitor = Monitor::new(Arc::clone(&profile), MonitorSettings::default());
            let mut record = MonitorRecord::new(Arc::clone(&profile));
            for (at, scores) in batches.iter().enumerate() {
                let batch = ScoredBatch {
                    table: &table,
                    rows: at * BATCH..(at + 1) * BATCH,
                    scores,
                    first_row: (at * BATCH) as u64,
                    latency_ms: Some(1.0),
                    answered_at: Instant::now(),
                };
                for report in monitor.push(&batch) {
                    record.add(report);
                }
            }
            black_box(record.snapshot())
        });
    });
    group.bench_function("build the profile", |b| b.iter(|| black_box(build(&table, &scores, &settings).unwrap())));
    group.finish();
}

criterion_group!(benches, monitor);
criterion_main!(benches);
