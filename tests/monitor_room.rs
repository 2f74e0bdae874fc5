//! The monitor as a whole: what it finds in streams whose faults are known, and that it finds nothing else.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail like tests")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use modeldeck::data::{Column, Table, Values};
use modeldeck::model::session::{NO_LABEL, SkippedRow};
use modeldeck::model::{Scores, Task};
use modeldeck::monitor::profile::{PREDICTION, build};
use modeldeck::monitor::{
    AlertBook, AlertEvent, AlertKind, AlertState, Bins, ChunkReport, Chunking, Monitor, MonitorRecord, MonitorSettings,
    Period, ProfileError, ProfileSettings, ReferenceProfile, ScoredBatch, Severity, ThresholdMethod,
};
use modeldeck::stats::binary::BinaryCounts;
use modeldeck::stats::random::SplitMix64;

const DAY_MS: i64 = 86_400_000;

/// A stream of a binary task: `temp` drives the score and the truth, `wind` says nothing, `carrier` is text.
struct Story {
    random: SplitMix64,
    /// Added to `temp`.
    warmer: f64,
    /// Share of rows whose truth is turned over.
    wrong: f64,
    /// Share of rows without `wind`.
    calm: f64,
    /// Share of rows with a carrier that nobody knows.
    foreign: f64,
}

impl Story {
    fn new(seed: u64) -> Self {
        Self { random: SplitMix64::new(seed), warmer: 0.0, wrong: 0.1, calm: 0.05, foreign: 0.0 }
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.random.unit()).sum::<f64>() - 6.0
    }

    fn rows(&mut self, rows: usize, first_ms: i64, step_ms: i64) -> (Table, Scores) {
        let (mut temp, mut wind, mut carrier, mut truth, mut time) = (vec![], vec![], vec![], vec![], vec![]);
        let mut scores = Scores {
            task: Task::Binary,
            classes: vec!["0".to_owned(), "1".to_owned()],
            width: 2,
            rows,
            ..Scores::default()
        };
        for row in 0..rows {
            let cause = self.normal();
            let p = 1.0 / (1.0 + (-3.0 * cause).exp());
            let is_wrong = self.random.unit() < self.wrong;
            truth.push(i64::from((p >= 0.5) != is_wrong));
            temp.push(cause + self.warmer);
            wind.push(if self.random.unit() < self.calm { f64::NAN } else { self.random.unit() * 30.0 });
            carrier.push(Some(if self.random.unit() < self.foreign {
                "ZZ"
            } else {
                ["AA", "BB", "CC"][self.random.below(3)]
            }));
            time.push(first_ms + row as i64 * step_ms);
            scores.probabilities.extend([1.0 - p as f32, p as f32]);
            scores.labels.push(u32::from(p >= 0.5));
        }
        let table = Table::new(vec![
            Column::new("temp", Values::Float(temp)),
            Column::new("wind", Values::Float(wind)),
            Column::new("carrier", Values::text(carrier)),
            Column::new("late", Values::ints(truth)),
            Column::new("time", Values::Time(time)),
        ])
        .unwrap();
        (table, scores)
    }
}

fn settings(chunking: Chunking) -> ProfileSettings {
    let features = ["temp", "wind", "carrier"].map(str::to_owned).to_vec();
    ProfileSettings {
        time_column: Some("time".to_owned()),
        ..ProfileSettings::new(features, Some("late".to_owned()), chunking)
    }
}

fn profile(rows: usize, chunking: Chunking) -> Arc<ReferenceProfile> {
    let (table, scores) = Story::new(1).rows(rows, 0, 60_000);
    Arc::new(build(&table, &scores, &settings(chunking)).unwrap())
}

fn part(scores: &Scores, from: usize, to: usize) -> Scores {
    Scores {
        rows: to - from,
        labels: scores.labels[from..to].to_vec(),
        probabilities: scores.probabilities[from * scores.width..to * scores.width].to_vec(),
        skipped: scores.skipped.iter().filter(|s| (from..to).contains(&s.row)).cloned().collect(),
        task: scores.task,
        classes: scores.classes.clone(),
        width: scores.width,
        ..Scores::default()
    }
}

/// Pushes a table in batches of a size, as a worker does.
fn push(monitor: &mut Monitor, table: &Table, scores: &Scores, batch: usize, first_row: u64) -> Vec<ChunkReport> {
    let start = Instant::now();
    let mut reports = Vec::new();
    for from in (0..table.rows()).step_by(batch) {
        let to = (from + batch).min(table.rows());
        reports.extend(monitor.push(&ScoredBatch {
            table,
            rows: from..to,
            scores: &part(scores, from, to),
            first_row: first_row + from as u64,
            latency_ms: Some(2.0),
            answered_at: start + Duration::from_millis(from as u64),
        }));
    }
    reports
}

/// Six quiet chunks, then six with a fault, through a monitor and its record.
fn stream(profile: &Arc<ReferenceProfile>, fault: impl Fn(&mut Story)) -> MonitorRecord {
    let mut monitor = Monitor::new(Arc::clone(profile), MonitorSettings::default());
    let mut record = MonitorRecord::new(Arc::clone(profile));
    let mut story = Story::new(2);
    let (table, scores) = story.rows(6_000, 0, 1_000);
    let mut reports = push(&mut monitor, &table, &scores, 700, 0);
    fault(&mut story);
    let (table, scores) = story.rows(6_000, 6_000_000, 1_000);
    reports.extend(push(&mut monitor, &table, &scores, 700, 6_000));
    for report in reports {
        record.add(report);
    }
    record
}

#[test]
fn drift_and_loss_are_found_in_the_chunk_where_they_begin() {
    let profile = profile(20_000, Chunking::Rows(1_000));
    let record = stream(&profile, |story| {
        story.warmer = 1.0;
        story.wrong = 0.3;
    });
    let snapshot = record.snapshot();
    let find = |kind: &AlertKind| record.alerts().alerts().iter().find(|a| a.kind == *kind).cloned();
    let f1 = find(&AlertKind::Metric("f1".to_owned())).unwrap();
    assert_eq!((f1.first_chunk, f1.last_chunk, f1.chunks, f1.severity), (6, 11, 6, Severity::Severe));
    assert!(f1.ongoing);
    assert_eq!(f1.since_ms, Some(6_000_000));
    assert!(
        f1.message.starts_with("F1 fell to 0.") && f1.message.contains(" learned from 20 reference chunks"),
        "{}",
        f1.message
    );
    let temp = find(&AlertKind::Drift("temp".to_owned())).unwrap();
    assert_eq!((temp.first_chunk, temp.chunks, temp.severity), (6, 6, Severity::Warning));
    assert!(temp.message.starts_with("“temp” drifted to 0."), "{}", temp.message);
    assert_eq!(find(&AlertKind::Missing("wind".to_owned())), None);
    assert_eq!(find(&AlertKind::Unseen("carrier".to_owned())), None);

    assert_eq!(snapshot.reference_chunks(), 20);
    assert_eq!(snapshot.chunk_count(), 32);
    let series = snapshot.metric("f1").unwrap();
    assert_eq!((series.values.len(), series.alert_count()), (32, 6));
    assert!(series.alerts[..26].iter().all(|a| !a) && series.alerts[26..].iter().all(|a| *a));
    assert_eq!(series.last(20).map(|(place, _)| place), Some(31));
    assert_eq!(snapshot.views.by_drift[0], 0);
    assert!(snapshot.drifting_columns(31).any(|c| c == "temp"));
    assert_eq!(snapshot.worst(), Some(Severity::Severe));
    assert_eq!((snapshot.rows_seen, snapshot.rows_labelled, snapshot.rows_skipped), (12_000, 12_000, 0));
    assert_eq!(snapshot.place_of(11), Some(31));
    assert_eq!(snapshot.place_of(12), None);
}

#[test]
fn a_quiet_stream_raises_no_metric_alert() {
    let profile = profile(20_000, Chunking::Rows(1_000));
    let record = stream(&profile, |_| {});
    let metric = |a: &&modeldeck::monitor::Alert| matches!(a.kind, AlertKind::Metric(_));
    assert_eq!(record.alerts().alerts().iter().filter(metric).count(), 0, "{:?}", record.alerts().alerts());
    let others = record.alerts().alerts().iter().filter(|a| !metric(a)).count();
    assert!(others <= 2, "{:?}", record.alerts().alerts());
}

#[test]
fn missing_and_unseen_values_are_named() {
    let profile = profile(20_000, Chunking::Rows(1_000));
    let record = stream(&profile, |story| {
        story.calm = 0.5;
        story.foreign = 0.02;
    });
    let find = |kind: AlertKind| record.alerts().alerts().iter().find(|a| a.kind == kind).cloned().unwrap();
    let missing = find(AlertKind::Missing("wind".to_owned()));
    assert_eq!((missing.first_chunk, missing.chunks), (6, 6));
    assert!(missing.message.contains(" % of “wind” is missing, above "), "{}", missing.message);
    let unseen = find(AlertKind::Unseen("carrier".to_owned()));
    assert_eq!((unseen.first_chunk, unseen.chunks), (6, 6));
    assert!(
        unseen.message.ends_with(" rows have a value of “carrier” that the reference does not have, such as “ZZ”"),
        "{}",
        unseen.message
    );
    let snapshot = record.snapshot();
    let column = snapshot.chunk(31).and_then(|c| c.column("carrier")).cloned().unwrap();
    assert_eq!(column.unseen_examples, ["ZZ"]);
    assert_eq!(column.counts.outside, column.unseen);
    let overall = &snapshot.views.missing_overall;
    assert!(overall[31].unwrap() > 2.0 * overall[20].unwrap());
}

#[test]
fn a_chunk_is_the_same_however_its_rows_arrive() {
    let profile = profile(20_000, Chunking::Rows(1_000));
    let (table, scores) = Story::new(5).rows(3_000, 0, 1_000);
    let run = |batch| {
        let mut monitor = Monitor::new(Arc::clone(&profile), MonitorSettings::default());
        let mut reports = push(&mut monitor, &table, &scores, batch, 0);
        for report in &mut reports {
            report.latency = None;
        }
        reports
    };
    let whole = run(3_000);
    assert_eq!(whole.len(), 3);
    assert_eq!(
        whole.iter().map(|r| (r.start_row, r.end_row)).collect::<Vec<_>>(),
        [(0, 1000), (1000, 2000), (2000, 3000)]
    );
    for batch in [1, 64, 1_000, 1_500] {
        assert_eq!(run(batch), whole, "batches of {batch}");
    }
}

#[test]
fn metrics_are_those_of_the_rows() {
    let profile = profile(20_000, Chunking::Rows(1_000));
    let (table, scores) = Story::new(6).rows(1_000, 0, 1_000);
    let mut monitor = Monitor::new(Arc::clone(&profile), MonitorSettings::default());
    let report = push(&mut monitor, &table, &scores, 333, 0).remove(0);
    let truth: Vec<bool> = (0..1_000).map(|row| table.column("late").unwrap().number(row) == Some(1.0)).collect();
    let said: Vec<f64> = scores.probabilities_for(1).iter().map(|p| f64::from(*p)).collect();
    let counts = BinaryCounts::at(&said, &truth, 0.5);
    for name in ["accuracy", "precision", "recall", "f1"] {
        assert_eq!(report.metric(name), counts.metric(name), "{name}");
    }
    let auc = modeldeck::stats::ranked::RankedScores::new(&said, &truth).roc_auc();
    assert_eq!(report.metric("roc_auc"), auc);
    let temp: Vec<f64> = (0..1_000).filter_map(|row| table.column("temp").unwrap().number(row)).collect();
    let column = report.column("temp").unwrap();
    assert!((column.mean.unwrap() - temp.iter().sum::<f64>() / 1_000.0).abs() < 1e-12);
    let below = temp.iter().filter(|x| **x < column.median.unwrap()).count();
    assert!((450..550).contains(&below), "{below} rows below the median");
    let latency = report.latency.unwrap();
    assert_eq!((latency.p50_ms, latency.max_ms), (2.0, 2.0));
}

#[test]
fn drift_of_a_chunk_is_nannymls() {
    let (reference, scores) = Story::new(1).rows(20_000, 0, 60_000);
    let profile = Arc::new(build(&reference, &scores, &settings(Chunking::Rows(1_000))).unwrap());
    let mut story = Story::new(9);
    story.warmer = 0.7;
    let (table, scores) = story.rows(1_000, 0, 1_000);
    let mut monitor = Monitor::new(profile, MonitorSettings::default());
    let report = push(&mut monitor, &table, &scores, 100, 0).remove(0);
    for name in ["temp", "wind"] {
        let values = |table: &Table| match &table.column(name).unwrap().values {
            Values::Float(v) => v.clone(),
            _ => Vec::new(),
        };
        let whole = modeldeck::stats::distance::js_nannyml_numeric(&values(&reference), &values(&table));
        assert_eq!(report.column(name).unwrap().drift, whole, "{name}");
    }
}

#[derive(serde::Deserialize)]
struct Golden {
    columns: Vec<GoldenColumn>,
}

#[derive(serde::Deserialize)]
struct GoldenColumn {
    name: String,
    kind: String,
    chunk_size: usize,
    reference: Vec<serde_json::Value>,
    current: Vec<serde_json::Value>,
    methods: std::collections::BTreeMap<String, GoldenMethod>,
}

#[derive(serde::Deserialize)]
struct GoldenMethod {
    reference: Vec<Option<f64>>,
    current: Vec<Option<f64>>,
    upper: Option<f64>,
    alerts: Vec<bool>,
}

fn golden_table(kind: &str, values: &[serde_json::Value]) -> (Table, Scores) {
    let values = match kind {
        "numeric" => Values::Float(values.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()),
        _ => Values::text(values.iter().map(serde_json::Value::as_str)),
    };
    let rows = values.len();
    let scores = Scores { task: Task::Regression, rows, values: vec![0.0; rows], ..Scores::default() };
    (Table::new(vec![Column::new("x", values)]).unwrap(), scores)
}

#[test]
fn drift_and_lines_of_every_golden_column_are_nannymls() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/drift.json");
    let golden: Golden = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(golden.columns.len() >= 20);
    let close = |a: Option<f64>, b: Option<f64>| match (a, b) {
        // A root magnifies the rounding of a distance that is zero.
        (Some(a), Some(b)) => (a - b).abs() < 1e-9 || (a * a - b * b).abs() < 1e-15,
        (a, b) => a == b,
    };
    let mut lines = 0;
    for column in golden.columns {
        let size = column.chunk_size;
        let js = &column.methods["js/nannyml"];
        let (table, scores) = golden_table(&column.kind, &column.reference);
        let settings = ProfileSettings::new(vec!["x".to_owned()], None, Chunking::Rows(size));
        let profile = Arc::new(build(&table, &scores, &settings).unwrap());
        let drift = |chunk: &ChunkReport| chunk.column("x").unwrap().drift;
        let full = column.reference.len() / size;
        assert_eq!(profile.chunks.len(), full, "{}", column.name);
        for (chunk, expected) in profile.chunks.iter().zip(&js.reference) {
            assert!(close(drift(chunk), *expected), "{}: {:?} not {expected:?}", column.name, drift(chunk));
        }
        let (table, scores) = golden_table(&column.kind, &column.current);
        let mut monitor = Monitor::new(Arc::clone(&profile), MonitorSettings::default());
        let reports = monitor.push(&ScoredBatch::whole(&table, &scores));
        assert_eq!(reports.len(), column.current.len() / size, "{}", column.name);
        for (chunk, expected) in reports.iter().zip(&js.current) {
            assert!(close(drift(chunk), *expected), "{}: {:?} not {expected:?}", column.name, drift(chunk));
        }
        if full >= 4 && column.reference.len() % size == 0 {
            let line = profile.column("x").and_then(|c| c.drift).unwrap();
            assert!(close(line.upper, js.upper.map(|u| u.min(1.0))), "{}: {line:?} not {:?}", column.name, js.upper);
            for (chunk, alert) in reports.iter().zip(&js.alerts) {
                assert_eq!(drift(chunk).is_some_and(|d| line.is_crossed(d)), *alert, "{}", column.name);
            }
            lines += 1;
        }
    }
    assert!(lines >= 3, "{lines} columns have enough reference chunks");
}

#[test]
fn few_reference_chunks_give_way_to_random_samples() {
    let few = profile(2_500, Chunking::Rows(1_000));
    assert_eq!(few.chunks.len(), 3);
    let threshold = few.metric("f1").and_then(|m| m.threshold).unwrap();
    assert_eq!((threshold.method, threshold.of), (ThresholdMethod::Resampled, 50));
    assert_eq!(few.learned().unwrap(), "learned from 50 random samples of the reference");
    let level = few.metric("f1").and_then(|m| m.level).unwrap();
    assert!(threshold.lower.unwrap() < level && threshold.lower.unwrap() > level - 0.1);
    assert_eq!(few, profile(2_500, Chunking::Rows(1_000)), "the same seed gives the same lines");
    let many = profile(20_000, Chunking::Rows(1_000));
    let threshold = many.metric("f1").and_then(|m| m.threshold).unwrap();
    assert_eq!((threshold.method, threshold.of, threshold.upper), (ThresholdMethod::ReferenceChunks, 20, None));
}

#[test]
fn calendar_chunks_end_with_their_period_and_small_ones_are_joined() {
    // One row a minute: 1,440 rows a day.
    let daily = profile(10_080, Chunking::Day);
    assert_eq!(daily.chunks.len(), 7);
    assert!(daily.chunks.iter().all(|c| c.rows == 1_440 && c.period == Period::Reference));
    assert_eq!((daily.chunks[1].start_ms, daily.chunks[1].end_ms), (Some(DAY_MS), Some(2 * DAY_MS - 60_000)));

    let mut monitor = Monitor::new(Arc::clone(&daily), MonitorSettings { first_chunk: 4 });
    // One row every quarter of an hour: 96 a day, so it takes three days for 200 rows.
    let (table, scores) = Story::new(3).rows(960, 0, 900_000);
    let reports = push(&mut monitor, &table, &scores, 50, 0);
    assert_eq!(reports.iter().map(|r| (r.index, r.rows)).collect::<Vec<_>>(), [(4, 288), (5, 288), (6, 288)]);
    assert_eq!(reports[1].start_ms, Some(3 * DAY_MS));
    assert_eq!(monitor.finish(), None);
    assert_eq!((monitor.rows_dropped(), monitor.rows_seen(), monitor.rows_waiting()), (96, 960, 0));

    let (table, scores) = Story::new(1).rows(500, 0, 60_000);
    let mut without = settings(Chunking::Week);
    without.time_column = Some("temp".to_owned());
    let error = build(&table, &scores, &without).unwrap_err();
    assert_eq!(error, ProfileError::NoTime { period: "week".to_owned() });
}

#[test]
fn a_feed_that_begins_again_and_late_rows_do_not_stop_the_calendar() {
    let daily = profile(10_080, Chunking::Day);
    let mut monitor = Monitor::new(Arc::clone(&daily), MonitorSettings::default());
    let (table, scores) = Story::new(3).rows(10_080, 0, 60_000);
    let mut reports = push(&mut monitor, &table, &scores, 999, 0);
    reports.extend(push(&mut monitor, &table, &scores, 999, 10_080));
    assert_eq!(reports.len(), 13);
    assert!(reports.iter().all(|r| r.rows == 1_440));
    let times = [DAY_MS, DAY_MS - 60_000, DAY_MS, DAY_MS].repeat(100);
    let late = Table::new(vec![Column::new("time", Values::Time(times))]).unwrap();
    let mut monitor = Monitor::new(daily, MonitorSettings::default());
    assert_eq!(push(&mut monitor, &late, &part(&scores, 0, 400), 400, 0), []);
}

#[test]
fn the_last_chunk_is_kept_when_it_is_half_full() {
    let profile = profile(20_000, Chunking::Rows(1_000));
    for (rows, kept) in [(1_499, None), (1_500, Some(500))] {
        let (table, scores) = Story::new(4).rows(rows, 0, 1_000);
        let mut monitor = Monitor::new(Arc::clone(&profile), MonitorSettings::default());
        assert_eq!(push(&mut monitor, &table, &scores, 256, 0).len(), 1);
        assert_eq!(monitor.finish().map(|r| r.rows), kept);
        assert_eq!(monitor.rows_dropped(), if kept.is_some() { 0 } else { 499 });
    }
}

/// A chunk like the first of a quiet stream, but for its place and one metric.
fn chunk_with(quiet: &ChunkReport, index: usize, f1: Option<f64>) -> ChunkReport {
    let mut chunk = quiet.clone();
    chunk.index = index;
    chunk.metrics.iter_mut().filter(|(name, _)| name == "f1").for_each(|(_, value)| *value = f1);
    chunk
}

#[test]
fn crossings_in_a_row_are_one_alert_that_a_person_can_acknowledge() {
    let profile = profile(20_000, Chunking::Rows(1_000));
    let quiet = stream(&profile, |_| {}).snapshot().chunks[0].as_ref().clone();
    let mut book = AlertBook::default();
    let kind = AlertKind::Metric("f1".to_owned());
    let mut kinds = Vec::new();
    let course = [Some(0.1), Some(0.2), None, Some(0.1), quiet.metric("f1"), Some(0.3)];
    for (index, f1) in course.into_iter().enumerate() {
        for event in book.update(&chunk_with(&quiet, index, f1), &profile) {
            if event.alert().kind == kind {
                kinds.push(match event {
                    AlertEvent::Raised(_) => 'r',
                    AlertEvent::Extended(_) => 'x',
                    AlertEvent::Ended(_) => 'e',
                });
            }
        }
        if index == 1 {
            assert!(book.acknowledge(&kind, 0));
            assert!(!book.acknowledge(&kind, 0));
        }
    }
    assert_eq!(kinds, ['r', 'x', 'x', 'e', 'r']);
    let f1: Vec<_> = book.alerts().iter().filter(|a| a.kind == kind).collect();
    assert_eq!((f1[0].first_chunk, f1[0].last_chunk, f1[0].chunks, f1[0].ongoing), (0, 3, 3, false));
    assert_eq!((f1[0].state, f1[1].state), (AlertState::Acknowledged, AlertState::Open));
    assert_eq!((f1[1].first_chunk, f1[1].ongoing), (5, true));
}

#[test]
fn a_number_that_hovers_around_its_line_is_one_alert_until_it_is_acknowledged() {
    let profile = profile(20_000, Chunking::Rows(1_000));
    let quiet = stream(&profile, |_| {}).snapshot().chunks[0].as_ref().clone();
    let mut book = AlertBook::default();
    let kind = AlertKind::Metric("f1".to_owned());
    let good = quiet.metric("f1");
    for (index, f1) in [Some(0.1), good, good, Some(0.2), good].into_iter().enumerate() {
        book.update(&chunk_with(&quiet, index, f1), &profile);
    }
    let own = |book: &AlertBook| book.alerts().iter().filter(|a| a.kind == kind).cloned().collect::<Vec<_>>();
    let [alert] = own(&book).try_into().unwrap();
    assert_eq!((alert.first_chunk, alert.last_chunk, alert.chunks, alert.ongoing), (0, 3, 2, false));
    assert!(book.acknowledge(&kind, 0));
    book.update(&chunk_with(&quiet, 5, Some(0.1)), &profile);
    let [seen, new] = own(&book).try_into().unwrap();
    assert_eq!(
        (seen.last_chunk, seen.state, new.first_chunk, new.state),
        (3, AlertState::Acknowledged, 5, AlertState::Open)
    );
}

#[test]
fn what_was_kept_gives_the_same_snapshot_after_a_restart() {
    let profile = profile(20_000, Chunking::Rows(1_000));
    let mut record = stream(&profile, |story| story.wrong = 0.4);
    assert!(record.alerts_mut().acknowledge(&AlertKind::Metric("f1".to_owned()), 6));
    record.alerts_mut().note(AlertKind::WorkerRestarted, Severity::Severe, "A worker restarted", 7, Some(1));
    let before = record.snapshot();
    let profile: ReferenceProfile = serde_json::from_str(&json(before.profile.as_ref())).unwrap();
    let chunks: Vec<ChunkReport> =
        before.chunks.iter().map(|c| serde_json::from_str(&json(c.as_ref())).unwrap()).collect();
    let alerts = serde_json::from_str(&json(&before.alerts)).unwrap();
    assert_eq!(profile.check_version(), Ok(()));
    let after = MonitorRecord::restore(Arc::new(profile), chunks, alerts).snapshot();
    let sorted = |snapshot: &modeldeck::monitor::MonitorSnapshot| {
        let mut alerts = snapshot.alerts.clone();
        alerts.sort_by_key(|a| (a.first_chunk, format!("{:?}", a.kind)));
        alerts
    };
    assert_eq!(sorted(&after), sorted(&before));
    let same =
        modeldeck::monitor::MonitorSnapshot { alerts: before.alerts.clone(), revision: before.revision, ..after };
    assert_eq!(same, before);
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

#[test]
fn a_column_of_a_chunk_stands_beside_the_reference() {
    let profile = profile(20_000, Chunking::Rows(1_000));
    let snapshot = stream(&profile, |story| story.warmer = 2.0).snapshot();
    let detail = snapshot.column_detail("temp", 31).unwrap();
    let Bins::Edges(edges) = &detail.bins else { panic!("numbers have edges") };
    assert_eq!((detail.reference_shares.len(), detail.chunk_shares.len()), (edges.len() - 1, edges.len() - 1));
    assert!((detail.reference_shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert!((detail.chunk_shares.iter().sum::<f64>() + detail.outside_share.unwrap() - 1.0).abs() < 1e-9);
    assert!(detail.chunk.median.unwrap() > detail.reference.median.unwrap() + 1.8);
    assert!(detail.range.unwrap().0 < -2.5);
    let carrier = snapshot.column_detail("carrier", 0).unwrap();
    assert!(matches!(&carrier.bins, Bins::Categories(names) if names.len() == 3));
    assert_eq!((carrier.range, carrier.chunk.mean), (None, None));
    let prediction = snapshot.prediction_detail(31).unwrap();
    assert_eq!(prediction.name, PREDICTION);
    assert_eq!(snapshot.column_detail("nothing", 0), None);
    assert_eq!(snapshot.column_detail("temp", 99), None);
}

#[test]
fn chunks_without_labels_values_or_columns_have_no_numbers() {
    let profile = profile(20_000, Chunking::Rows(1_000));
    let (table, scores) = Story::new(8).rows(1_000, 0, 1_000);
    let columns = table.columns().iter().filter(|c| c.name != "temp").map(|c| match c.name.as_str() {
        "late" => Column::new("late", Values::Int { values: vec![0; 1_000], valid: Some(vec![false; 1_000]) }),
        "wind" => Column::new("wind", Values::Float(vec![f64::NAN; 1_000])),
        _ => c.clone(),
    });
    let bare = Table::new(columns.collect()).unwrap();
    let mut monitor = Monitor::new(Arc::clone(&profile), MonitorSettings::default());
    let report = push(&mut monitor, &bare, &scores, 128, 0).remove(0);
    assert!(report.metrics.iter().all(|(_, value)| value.is_none()));
    assert_eq!((report.labelled, report.skipped, report.unknown_labels), (0, 0, 0));
    for name in ["temp", "wind"] {
        let column = report.column(name).unwrap();
        assert_eq!((column.drift, column.mean, column.median, column.missing), (None, None, None, 1_000), "{name}");
    }
    assert!(report.prediction.drift.is_some());
    let mut record = MonitorRecord::new(profile);
    let kinds: Vec<AlertKind> = record.add(report).into_iter().map(|e| e.alert().kind.clone()).collect();
    assert!(kinds.contains(&AlertKind::Missing("temp".to_owned())));
    assert!(!kinds.iter().any(|k| matches!(k, AlertKind::Metric(_) | AlertKind::Drift(_))), "{kinds:?}");
}

#[test]
fn skipped_rows_and_strange_labels_are_counted() {
    let profile = profile(20_000, Chunking::Rows(1_000));
    let (table, mut scores) = Story::new(8).rows(1_000, 0, 1_000);
    for row in [3, 500, 999] {
        scores.labels[row] = NO_LABEL;
        scores.probabilities[row * 2..row * 2 + 2].fill(f32::NAN);
        scores.skipped.push(SkippedRow { row, why: "no value for temp".into() });
    }
    let columns = table.columns().iter().map(|c| match &c.values {
        Values::Int { values, .. } if c.name == "late" => {
            let mut values = values.clone();
            values[7] = 9;
            Column::new("late", Values::ints(values))
        }
        _ => c.clone(),
    });
    let table = Table::new(columns.collect()).unwrap();
    let mut monitor = Monitor::new(profile, MonitorSettings::default());
    let report = push(&mut monitor, &table, &scores, 250, 0).remove(0);
    assert_eq!((report.rows, report.skipped, report.labelled, report.unknown_labels), (1_000, 3, 996, 1));
    assert_eq!(report.skipped_reasons, [("no value for temp".to_owned(), 3)]);
    assert_eq!(report.prediction.missing, 3);
}

#[test]
fn a_table_read_another_way_means_the_same() {
    let (table, scores) = Story::new(1).rows(20_000, 0, 60_000);
    let columns = |text_target: bool| {
        let columns = table.columns().iter().map(|c| match c.name.as_str() {
            "wind" => {
                let texts = (0..c.len()).map(|row| c.number(row).map(|x| format!("{x:?}")));
                Column::new("wind", Values::text(texts))
            }
            "late" if text_target => {
                let texts = (0..c.len()).map(|row| Some(if c.number(row) == Some(1.0) { "True" } else { "False" }));
                Column::new("late", Values::text(texts))
            }
            _ => c.clone(),
        });
        Table::new(columns.collect()).unwrap()
    };
    let profile = Arc::new(build(&table, &scores, &settings(Chunking::Rows(1_000))).unwrap());
    let run = |table: &Table| {
        let mut monitor = Monitor::new(Arc::clone(&profile), MonitorSettings::default());
        let mut reports = push(&mut monitor, table, &scores, 1_000, 0);
        for report in &mut reports {
            report.latency = None;
        }
        reports
    };
    let plain = run(&table);
    assert_eq!(run(&columns(false)), plain);
    assert_eq!(run(&columns(true)), plain);
}

#[test]
fn several_classes_and_numbers_are_judged_by_their_own_metrics() {
    let mut random = SplitMix64::new(3);
    let rows = 6_000;
    let truth: Vec<i64> = (0..rows).map(|_| random.below(3) as i64).collect();
    let feature = Values::Float(truth.iter().map(|t| *t as f64).collect());
    let table = Table::new(vec![Column::new("x", feature), Column::new("y", Values::ints(truth.clone()))]).unwrap();
    let settings = ProfileSettings::new(vec!["x".to_owned()], Some("y".to_owned()), Chunking::Rows(1_000));
    let labels: Vec<u32> =
        truth.iter().map(|t| if random.unit() < 0.8 { *t as u32 } else { random.below(3) as u32 }).collect();
    let classes = ["0", "1", "2"].map(str::to_owned).to_vec();
    let scores = Scores { task: Task::Multiclass, classes, rows, labels: labels.clone(), ..Scores::default() };
    let profile = Arc::new(build(&table, &scores, &settings).unwrap());
    let names: Vec<&str> = profile.metrics.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["accuracy", "precision_macro", "recall_macro", "f1_macro"]);
    let matrix = modeldeck::stats::multiclass::ConfusionMatrix::of(
        &truth.iter().map(|t| *t as u32).collect::<Vec<_>>(),
        &labels,
        3,
    );
    for metric in &profile.metrics {
        assert!((metric.level.unwrap() - matrix.metric(&metric.name).unwrap()).abs() < 1e-12, "{}", metric.name);
    }
    // The same classes in another order, as a model that names them as it meets them may give.
    let turned = Scores {
        classes: ["2", "1", "0"].map(str::to_owned).to_vec(),
        labels: labels.iter().map(|l| 2 - l).collect(),
        ..scores.clone()
    };
    let run = |scores: &Scores| {
        let mut monitor = Monitor::new(Arc::clone(&profile), MonitorSettings::default());
        monitor.push(&ScoredBatch::whole(&table, scores))
    };
    assert_eq!(run(&turned), run(&scores));

    let values: Vec<f64> = truth.iter().map(|t| *t as f64 + random.unit()).collect();
    let scores = Scores { task: Task::Regression, rows, values, ..Scores::default() };
    let profile = build(&table, &scores, &settings).unwrap();
    let names: Vec<&str> = profile.metrics.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["mae", "rmse", "r2"]);
    let mae = profile.metric("mae").unwrap();
    assert!((mae.level.unwrap() - 0.5).abs() < 0.02);
    assert!(mae.threshold.is_some_and(|t| t.lower.is_none() && t.upper.unwrap() > 0.5));
}

#[test]
fn a_reference_that_cannot_serve_is_refused_with_a_sentence() {
    let (table, scores) = Story::new(1).rows(100, 0, 1_000);
    let refuse = |change: &dyn Fn(&mut ProfileSettings)| {
        let mut settings = settings(Chunking::Rows(1_000));
        change(&mut settings);
        build(&table, &scores, &settings).unwrap_err().to_string()
    };
    assert!(refuse(&|s| s.features.push("snow".to_owned())).contains("“snow”"));
    assert!(refuse(&|s| s.target = Some("nothing".to_owned())).contains("the target"));
    assert!(refuse(&|s| s.positive = Some("maybe".to_owned())).contains("0, 1"));
    let fewer = part(&scores, 0, 50);
    assert!(matches!(build(&table, &fewer, &settings(Chunking::Day)), Err(ProfileError::Unequal { .. })));
    let none = Table::new(Vec::new()).unwrap();
    assert_eq!(build(&none, &Scores::default(), &settings(Chunking::Day)), Err(ProfileError::Empty));
    // A reference smaller than one chunk still gives lines, from samples.
    let small = build(&table, &scores, &settings(Chunking::Rows(1_000))).unwrap();
    assert!(small.chunks.is_empty() && small.metric("f1").is_some_and(|m| m.threshold.is_some()));
}
