//! What a deployment's monitor knows at one moment, ready to draw: cheap to clone, and worked out once a change.

use std::sync::Arc;

use super::alert::{Alert, AlertState, Severity};
use super::alerts::{AlertBook, AlertEvent};
use super::chunk::{ChunkReport, ColumnChunk, Period};
use super::profile::{ColumnReference, ReferenceProfile, Threshold};
use crate::stats::metric;

/// One number over all chunks: first those of the reference, then those of the stream, as [`MonitorSnapshot::chunk`]
/// counts them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The metric's or column's name.
    pub name: String,
    /// The name as a person would write it.
    pub label: String,
    /// The value over the whole reference, where there is one.
    pub level: Option<f64>,
    /// The line.
    pub threshold: Option<Threshold>,
    /// The value in each chunk; `None` where it has no meaning.
    pub values: Vec<Option<f64>>,
    /// Whether the chunk raises an alert; never in the reference.
    pub alerts: Vec<bool>,
}

impl Series {
    /// The newest value of the stream that has a meaning, and the place of its chunk.
    pub fn last(&self, reference_chunks: usize) -> Option<(usize, f64)> {
        let places = self.values.iter().enumerate().skip(reference_chunks);
        places.rev().find_map(|(place, value)| value.map(|value| (place, value)))
    }

    /// How many chunks raise an alert.
    pub fn alert_count(&self) -> usize {
        self.alerts.iter().filter(|a| **a).count()
    }
}

/// What a column is drawn over.
#[derive(Clone, Debug, PartialEq)]
pub enum Bins {
    /// Edges of the reference's bins, one more than there are bins.
    Edges(Vec<f64>),
    /// The reference's categories.
    Categories(Vec<String>),
}

/// One column of one chunk beside the reference. Shares are of the rows with a value.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDetail {
    /// The column, or [`super::profile::PREDICTION`].
    pub name: String,
    /// Bins or categories.
    pub bins: Bins,
    /// Share of the reference in each.
    pub reference_shares: Vec<f64>,
    /// Share of the chunk in each.
    pub chunk_shares: Vec<f64>,
    /// Share of the chunk outside of the reference's range or categories; `None` without a value.
    pub outside_share: Option<f64>,
    /// Drift by `js/nannyml`.
    pub drift: Option<f64>,
    /// The line for drift.
    pub threshold: Option<Threshold>,
    /// The whole reference, counted in the same way.
    pub reference: ColumnChunk,
    /// The chunk.
    pub chunk: ColumnChunk,
    /// Smallest and largest value of the reference (numeric columns).
    pub range: Option<(f64, f64)>,
}

/// The series and counts that follow from profile and chunks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Views {
    /// The performance metrics.
    pub metrics: Vec<Series>,
    /// Drift of each feature, in the profile's order: the rows of the heatmap.
    pub drift: Vec<Series>,
    /// Drift of the prediction.
    pub prediction_drift: Series,
    /// Share of missing values of each feature, 0 to 1.
    pub missing: Vec<Series>,
    /// Rows with an unseen category, of each feature.
    pub unseen: Vec<Series>,
    /// Places of the features in `drift`, the one most often and most strongly over its line first.
    pub by_drift: Vec<usize>,
    /// For each feature how often it was over its line, and its strongest drift.
    strength: Vec<(usize, f64)>,
    /// Features over their line in each chunk.
    pub drifting: Vec<usize>,
    /// Share of all feature cells that are missing in each chunk.
    pub missing_overall: Vec<Option<f64>>,
    /// Median, 95th and 99th percentile of the latency in each chunk, milliseconds.
    pub latency_ms: [Vec<Option<f64>>; 3],
    /// Rows answered a second in each chunk.
    pub rows_per_second: Vec<Option<f64>>,
}

/// What a deployment's monitor knows at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct MonitorSnapshot {
    /// The reference.
    pub profile: Arc<ReferenceProfile>,
    /// The finished chunks of the stream, the oldest first.
    pub chunks: Arc<Vec<Arc<ChunkReport>>>,
    /// All alerts, the oldest first.
    pub alerts: Vec<Alert>,
    /// Grows with every change.
    pub revision: u64,
    /// Rows that arrived, those of the unfinished chunk included.
    pub rows_seen: u64,
    /// Rows of finished chunks that were answered and whose target is known.
    pub rows_labelled: u64,
    /// Rows of finished chunks that could not be scored.
    pub rows_skipped: u64,
    /// What is drawn.
    pub views: Arc<Views>,
}

impl MonitorSnapshot {
    /// How many chunks of the reference come before those of the stream.
    pub fn reference_chunks(&self) -> usize {
        self.profile.chunks.len()
    }

    /// Chunks of reference and stream together: the length of every series.
    pub fn chunk_count(&self) -> usize {
        self.profile.chunks.len() + self.chunks.len()
    }

    /// A chunk by its place in the series.
    pub fn chunk(&self, place: usize) -> Option<&Arc<ChunkReport>> {
        match place.checked_sub(self.profile.chunks.len()) {
            None => self.profile.chunks.get(place),
            Some(place) => self.chunks.get(place),
        }
    }

    /// The place in the series of a chunk of the stream.
    pub fn place_of(&self, index: usize) -> Option<usize> {
        let found = self.chunks.binary_search_by_key(&index, |c| c.index).ok()?;
        Some(self.profile.chunks.len() + found)
    }

    /// The newest chunk of the stream.
    pub fn last_chunk(&self) -> Option<&Arc<ChunkReport>> {
        self.chunks.last()
    }

    /// The series of a metric.
    pub fn metric(&self, name: &str) -> Option<&Series> {
        self.views.metrics.iter().find(|s| s.name == name)
    }

    /// The drift series of a feature.
    pub fn drift(&self, column: &str) -> Option<&Series> {
        self.views.drift.iter().find(|s| s.name == column)
    }

    /// Names of the features that are over their line in a chunk, by its place.
    pub fn drifting_columns(&self, place: usize) -> impl Iterator<Item = &str> {
        let is_over = move |series: &&Series| series.alerts.get(place).copied().unwrap_or(false);
        self.views.drift.iter().filter(is_over).map(|s| s.name.as_str())
    }

    /// Alerts that nobody has acknowledged, the newest first.
    pub fn open_alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.iter().rev().filter(|a| a.state == AlertState::Open)
    }

    /// The gravest severity among open alerts.
    pub fn worst(&self) -> Option<Severity> {
        self.open_alerts().map(|a| a.severity).max()
    }

    /// A feature of a chunk (by its place) beside the reference.
    pub fn column_detail(&self, column: &str, place: usize) -> Option<ColumnDetail> {
        let at = self.profile.columns.iter().position(|c| c.name == column)?;
        Some(detail(self.profile.columns.get(at)?, self.chunk(place)?.columns.get(at)?))
    }

    /// The prediction of a chunk (by its place) beside the reference.
    pub fn prediction_detail(&self, place: usize) -> Option<ColumnDetail> {
        Some(detail(&self.profile.prediction, &self.chunk(place)?.prediction))
    }
}

fn detail(reference: &ColumnReference, chunk: &ColumnChunk) -> ColumnDetail {
    let shares = |column: &ColumnChunk| {
        let rows = column.values().max(1) as f64;
        column.counts.inside.iter().map(|n| *n as f64 / rows).collect::<Vec<f64>>()
    };
    let values = chunk.values();
    ColumnDetail {
        name: reference.name.clone(),
        bins: reference.distribution.bins(),
        reference_shares: shares(&reference.whole),
        chunk_shares: shares(chunk),
        outside_share: (values > 0).then(|| chunk.counts.outside as f64 / values as f64),
        drift: chunk.drift,
        threshold: reference.drift,
        reference: reference.whole.clone(),
        chunk: chunk.clone(),
        range: reference.range,
    }
}

/// The kept and growing record of a deployment's monitor: chunks and alerts, and a snapshot of them when asked.
#[derive(Clone, Debug)]
pub struct MonitorRecord {
    profile: Arc<ReferenceProfile>,
    chunks: Arc<Vec<Arc<ChunkReport>>>,
    book: AlertBook,
    revision: u64,
    rows_seen: u64,
    rows_labelled: u64,
    rows_skipped: u64,
    views: Arc<Views>,
}

impl MonitorRecord {
    /// A record without chunks.
    pub fn new(profile: Arc<ReferenceProfile>) -> Self {
        let views = Arc::new(Views::new(&profile));
        Self {
            profile,
            chunks: Arc::default(),
            book: AlertBook::default(),
            revision: 0,
            rows_seen: 0,
            rows_labelled: 0,
            rows_skipped: 0,
            views,
        }
    }

    /// The record of an earlier session, from its chunks and its alerts as they were kept together.
    pub fn restore(profile: Arc<ReferenceProfile>, chunks: Vec<ChunkReport>, kept: Vec<Alert>) -> Self {
        let mut record = Self::new(profile);
        for chunk in chunks {
            record.count(chunk);
        }
        record.book = AlertBook::from_alerts(kept);
        record
    }

    /// Takes in the next finished chunk, and tells what it means for the alerts.
    pub fn add(&mut self, chunk: ChunkReport) -> Vec<AlertEvent> {
        let events = self.book.update(&chunk, &self.profile);
        self.count(chunk);
        events
    }

    fn count(&mut self, chunk: ChunkReport) {
        self.rows_labelled += chunk.labelled;
        self.rows_skipped += chunk.skipped;
        self.rows_seen = self.rows_seen.max(chunk.end_row);
        Arc::make_mut(&mut self.views).add(&chunk, &self.profile);
        Arc::make_mut(&mut self.chunks).push(Arc::new(chunk));
        self.revision += 1;
    }

    /// Tells how many rows have arrived, those of the unfinished chunk included.
    pub fn set_rows_seen(&mut self, rows: u64) {
        if rows != self.rows_seen {
            self.rows_seen = rows;
            self.revision += 1;
        }
    }

    /// The alerts, to note something or to acknowledge.
    pub fn alerts_mut(&mut self) -> &mut AlertBook {
        self.revision += 1;
        &mut self.book
    }

    /// The alerts.
    pub fn alerts(&self) -> &AlertBook {
        &self.book
    }

    /// Chunks of the stream so far.
    pub fn chunk_count(&self) -> usize {
        self.chunks.len()
    }

    /// Everything at this moment.
    pub fn snapshot(&self) -> MonitorSnapshot {
        MonitorSnapshot {
            profile: Arc::clone(&self.profile),
            chunks: Arc::clone(&self.chunks),
            alerts: self.book.alerts().to_vec(),
            revision: self.revision,
            rows_seen: self.rows_seen,
            rows_labelled: self.rows_labelled,
            rows_skipped: self.rows_skipped,
            views: Arc::clone(&self.views),
        }
    }
}

impl Views {
    /// The series of the reference.
    fn new(profile: &ReferenceProfile) -> Self {
        let series = |name: &str, label: &str, level, threshold| Series {
            name: name.to_owned(),
            label: label.to_owned(),
            level,
            threshold,
            ..Series::default()
        };
        let columns = || profile.columns.iter();
        let missing = |c: &ColumnReference| series(&c.name, &c.name, c.missing_share(), c.missing);
        let metrics = profile.metrics.iter();
        let mut views = Self {
            metrics: metrics.map(|m| series(&m.name, metric::title(&m.name), m.level, m.threshold)).collect(),
            drift: columns().map(|c| series(&c.name, &c.name, None, c.drift)).collect(),
            prediction_drift: series(&profile.prediction.name, "Prediction", None, profile.prediction.drift),
            missing: columns().map(missing).collect(),
            unseen: columns().map(|c| series(&c.name, &c.name, None, None)).collect(),
            ..Self::default()
        };
        views.by_drift = (0..views.drift.len()).collect();
        for chunk in &profile.chunks {
            views.add(chunk, profile);
        }
        views
    }

    /// Appends a chunk to every series.
    fn add(&mut self, chunk: &ChunkReport, profile: &ReferenceProfile) {
        let is_analysis = chunk.period == Period::Analysis;
        let push = |series: &mut Series, value: Option<f64>, is_alert: bool| {
            series.values.push(value);
            series.alerts.push(is_alert && is_analysis);
        };
        let judge = |series: &mut Series, value: Option<f64>| {
            let is_crossed = value.zip(series.threshold).is_some_and(|(value, threshold)| threshold.is_crossed(value));
            push(series, value, is_crossed);
        };
        for series in &mut self.metrics {
            let value = chunk.metric(&series.name);
            judge(series, value);
        }
        judge(&mut self.prediction_drift, chunk.prediction.drift);
        let (mut missing, mut cells) = (0, 0);
        for at in 0..profile.columns.len() {
            let column = chunk.columns.get(at);
            if let Some(series) = self.drift.get_mut(at) {
                judge(series, column.and_then(|c| c.drift));
            }
            if let Some(series) = self.missing.get_mut(at) {
                judge(series, column.and_then(ColumnChunk::missing_share));
            }
            if let Some(series) = self.unseen.get_mut(at) {
                push(series, column.map(|c| c.unseen as f64), column.is_some_and(|c| c.unseen > 0));
            }
            missing += column.map_or(0, |c| c.missing);
            cells += column.map_or(0, |c| c.missing + c.values());
        }
        self.missing_overall.push((cells > 0).then(|| missing as f64 / cells as f64));
        let over = self.drift.iter().filter(|s| s.alerts.last().copied().unwrap_or(false)).count();
        self.drifting.push(over);
        let latency = chunk.latency;
        let percentiles = [latency.map(|l| l.p50_ms), latency.map(|l| l.p95_ms), latency.map(|l| l.p99_ms)];
        for (series, value) in self.latency_ms.iter_mut().zip(percentiles) {
            series.push(value);
        }
        self.rows_per_second.push(latency.map(|l| l.rows_per_second).filter(|r| *r > 0.0));
        if is_analysis {
            self.order_by_drift();
        }
    }

    fn order_by_drift(&mut self) {
        self.strength.resize(self.drift.len(), (0, 0.0));
        for (strength, series) in self.strength.iter_mut().zip(&self.drift) {
            strength.0 += usize::from(series.alerts.last().copied().unwrap_or(false));
            strength.1 = series.values.last().copied().flatten().map_or(strength.1, |drift| strength.1.max(drift));
        }
        let strength = |at: &usize| self.strength.get(*at).copied().unwrap_or_default();
        self.by_drift.sort_by(|a, b| {
            let (a, b, first) = (strength(a), strength(b), a.cmp(b));
            b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(first)
        });
    }
}
