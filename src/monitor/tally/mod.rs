//! Counters of one chunk: rows go in batch by batch, and a report comes out; no row is kept.

mod column;
mod latency;
mod performance;
mod truth;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Instant;

use super::chunk::{ChunkReport, Period};
use super::profile::ReferenceProfile;
use crate::data::table::MISSING_TIME;
use crate::data::{Table, Values};
use crate::model::session::NO_LABEL;
use crate::model::{Scores, Task};

pub(super) use column::{ColumnReader, ColumnTally};
use latency::LatencyTally;
pub(super) use performance::PerformanceTally;
pub use performance::{is_error, metric_limits, metric_names};
use truth::{Truth, TruthReader};

/// Rows that were scored together.
#[derive(Clone, Debug)]
pub struct ScoredBatch<'a> {
    /// The table the rows are in.
    pub table: &'a Table,
    /// Which of its rows.
    pub rows: Range<usize>,
    /// The answers to exactly these rows, skipped ones in their place.
    pub scores: &'a Scores,
    /// Number of the first row in the feed, from 0.
    pub first_row: u64,
    /// Milliseconds from request to answer; `None` when nobody waited, as for the reference.
    pub latency_ms: Option<f64>,
    /// When the answer was there.
    pub answered_at: Instant,
}

impl<'a> ScoredBatch<'a> {
    /// All rows of a table for which nobody waited, as those of a reference.
    pub fn whole(table: &'a Table, scores: &'a Scores) -> Self {
        let rows = 0..table.rows();
        Self { table, rows, scores, first_row: 0, latency_ms: None, answered_at: Instant::now() }
    }

    /// Rows that are both in the table and answered.
    pub fn len(&self) -> usize {
        let end = self.rows.end.min(self.table.rows());
        end.saturating_sub(self.rows.start).min(self.scores.rows)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The times of the rows, when the table has that column.
    pub(super) fn times(&self, column: Option<&str>) -> Option<&[i64]> {
        match &self.table.column(column?)?.values {
            Values::Time(times) => times.get(self.rows.start..self.rows.start + self.len()),
            _ => None,
        }
    }
}

/// What is remembered between batches to read them fast.
#[derive(Debug, Default)]
pub(super) struct Readers {
    columns: Vec<ColumnReader>,
    truth: TruthReader,
    /// The classes of the last batch, and for each its index in the profile.
    classes: Vec<String>,
    class_of: Vec<Option<usize>>,
}

impl Readers {
    pub(super) fn new(profile: &ReferenceProfile) -> Self {
        let columns = profile.columns.iter().map(|_| ColumnReader::default()).collect();
        Self { columns, ..Self::default() }
    }

    fn prepare(&mut self, profile: &ReferenceProfile, scores: &Scores) {
        if self.classes != scores.classes {
            self.class_of = scores.classes.iter().map(|c| profile.classes.iter().position(|k| k == c)).collect();
            self.classes.clone_from(&scores.classes);
        }
    }
}

/// Counters of one chunk.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ChunkTally {
    start_row: Option<u64>,
    end_row: u64,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    rows: u64,
    labelled: u64,
    unknown_labels: u64,
    skipped: u64,
    reasons: BTreeMap<String, u64>,
    columns: Vec<ColumnTally>,
    prediction: ColumnTally,
    performance: PerformanceTally,
    latency: LatencyTally,
}

impl ChunkTally {
    pub(super) fn new(profile: &ReferenceProfile) -> Self {
        Self {
            start_row: None,
            end_row: 0,
            start_ms: None,
            end_ms: None,
            rows: 0,
            labelled: 0,
            unknown_labels: 0,
            skipped: 0,
            reasons: BTreeMap::new(),
            columns: profile.columns.iter().map(|c| ColumnTally::new(c.distribution.places())).collect(),
            prediction: ColumnTally::new(profile.prediction.distribution.places()),
            performance: PerformanceTally::new(profile.task, profile.classes.len()),
            latency: LatencyTally::default(),
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Counts a part of a batch; `part` is counted from the batch's first row.
    pub(super) fn add(
        &mut self,
        readers: &mut Readers,
        profile: &ReferenceProfile,
        batch: &ScoredBatch<'_>,
        part: Range<usize>,
    ) {
        let part = part.start..part.end.min(batch.len());
        if part.is_empty() {
            return;
        }
        let rows = batch.rows.start + part.start..batch.rows.start + part.end;
        self.start_row.get_or_insert(batch.first_row + part.start as u64);
        self.end_row = batch.first_row + part.end as u64;
        self.rows += part.len() as u64;
        if let Some(times) = batch.times(profile.time_column.as_deref()) {
            let known = || times.get(part.clone()).unwrap_or_default().iter().filter(|t| **t != MISSING_TIME);
            self.start_ms = self.start_ms.or_else(|| known().next().copied());
            self.end_ms = known().next_back().copied().or(self.end_ms);
        }
        for skipped in &batch.scores.skipped {
            if rows.contains(&skipped.row) {
                *self.reasons.entry(skipped.why.to_string()).or_default() += 1;
            }
        }
        let columns = profile.columns.iter().zip(&mut readers.columns).zip(&mut self.columns);
        for ((column, reader), tally) in columns {
            reader.read(batch.table.column(&column.name), rows.clone(), &column.distribution, tally);
        }
        readers.prepare(profile, batch.scores);
        match profile.task {
            Task::Regression => self.add_values(readers, profile, batch, part.clone()),
            _ => self.add_classes(readers, profile, batch, part.clone()),
        }
        if let Some(ms) = batch.latency_ms {
            self.latency.add(ms, part.len() as u64, batch.answered_at);
        }
    }

    fn add_values(
        &mut self,
        readers: &mut Readers,
        profile: &ReferenceProfile,
        batch: &ScoredBatch<'_>,
        part: Range<usize>,
    ) {
        let target = profile.target.as_deref().and_then(|target| batch.table.column(target));
        if let Some(column) = target {
            readers.truth.prepare(column, &profile.classes);
        }
        for at in part {
            let value = batch.scores.values.get(at).copied().unwrap_or(f64::NAN);
            match &profile.prediction.distribution {
                super::profile::Distribution::Numeric(bins) => self.prediction.add_number(bins, value),
                super::profile::Distribution::Categorical(_) => self.prediction.add_missing(1),
            }
            if value.is_nan() {
                self.skipped += 1;
                continue;
            }
            match target.map_or(Truth::Missing, |column| readers.truth.number(column, batch.rows.start + at)) {
                Truth::Known(truth) => {
                    self.labelled += 1;
                    self.performance.add_value(truth, value);
                }
                Truth::Unknown => self.unknown_labels += 1,
                Truth::Missing => {}
            }
        }
    }

    fn add_classes(
        &mut self,
        readers: &mut Readers,
        profile: &ReferenceProfile,
        batch: &ScoredBatch<'_>,
        part: Range<usize>,
    ) {
        let scores = batch.scores;
        let target = profile.target.as_deref().and_then(|target| batch.table.column(target));
        if let Some(column) = target {
            readers.truth.prepare(column, &profile.classes);
        }
        let positive_here =
            profile.positive.and_then(|positive| readers.class_of.iter().position(|class| *class == Some(positive)));
        for at in part {
            let label = scores.labels.get(at).copied().unwrap_or(NO_LABEL);
            if label == NO_LABEL {
                self.skipped += 1;
                self.prediction.add_missing(1);
                continue;
            }
            let class = readers.class_of.get(label as usize).copied().flatten();
            let score = positive_here
                .filter(|p| profile.has_scores && *p < scores.width)
                .and_then(|p| scores.probabilities.get(at * scores.width + p))
                .copied();
            match (&profile.prediction.distribution, score, class) {
                (super::profile::Distribution::Numeric(bins), score, _) => {
                    self.prediction.add_number(bins, score.map_or(f64::NAN, f64::from));
                }
                (reference @ super::profile::Distribution::Categorical(_), _, class) => {
                    let name = scores.classes.get(label as usize).map_or("", String::as_str);
                    let known = class.and_then(|class| profile.place_of_class.get(class).copied().flatten());
                    match known.or_else(|| class.is_none().then(|| reference.place(name)).flatten()) {
                        Some(place) => self.prediction.add_place(place),
                        None => self.prediction.add_unseen(name, 1),
                    }
                }
            }
            let truth = target
                .map_or(Truth::Missing, |column| readers.truth.class(column, batch.rows.start + at, &profile.classes));
            match truth {
                Truth::Known(truth) => {
                    self.labelled += 1;
                    match profile.task {
                        Task::Binary => {
                            let positive = profile.positive;
                            let called = match score {
                                Some(score) => f64::from(score) >= profile.score_threshold,
                                None => class.is_some() && class == positive,
                            };
                            self.performance.add_binary(Some(truth) == positive, called, score);
                        }
                        _ => self.performance.add_class(truth, class),
                    }
                }
                Truth::Unknown => self.unknown_labels += 1,
                Truth::Missing => {}
            }
        }
    }

    /// Adds what another tally of the same profile counted after this one.
    pub(super) fn merge(&mut self, other: &Self) {
        self.start_row = self.start_row.or(other.start_row);
        self.end_row = self.end_row.max(other.end_row);
        self.start_ms = self.start_ms.or(other.start_ms);
        self.end_ms = other.end_ms.or(self.end_ms);
        self.rows += other.rows;
        self.labelled += other.labelled;
        self.unknown_labels += other.unknown_labels;
        self.skipped += other.skipped;
        for (why, rows) in &other.reasons {
            *self.reasons.entry(why.clone()).or_default() += rows;
        }
        for (mine, theirs) in self.columns.iter_mut().zip(&other.columns) {
            mine.merge(theirs);
        }
        self.prediction.merge(&other.prediction);
        self.performance.merge(&other.performance);
        self.latency.merge(&other.latency);
    }

    /// The finished chunk.
    pub(super) fn report(&self, profile: &ReferenceProfile, index: usize, period: Period) -> ChunkReport {
        let columns = profile.columns.iter().zip(&self.columns);
        ChunkReport {
            index,
            period,
            start_row: self.start_row.unwrap_or_default(),
            end_row: self.end_row,
            start_ms: self.start_ms,
            end_ms: self.end_ms,
            rows: self.rows,
            labelled: self.labelled,
            unknown_labels: self.unknown_labels,
            skipped: self.skipped,
            skipped_reasons: self.reasons.iter().map(|(why, rows)| (why.clone(), *rows)).collect(),
            metrics: self.performance.metrics(profile.task, profile.has_scores),
            columns: columns.map(|(column, tally)| tally.report(&column.name, &column.distribution)).collect(),
            prediction: self.prediction.report(&profile.prediction.name, &profile.prediction.distribution),
            latency: self.latency.summary(self.rows),
        }
    }

    /// The smallest and the largest finite value of each column.
    pub(super) fn ranges(&self) -> Vec<Option<(f64, f64)>> {
        self.columns.iter().map(ColumnTally::range).collect()
    }

    /// The same for the prediction.
    pub(super) fn prediction_range(&self) -> Option<(f64, f64)> {
        self.prediction.range()
    }
}
