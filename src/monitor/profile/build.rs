//! Making a profile from a reference table and the model's answers to it.

use std::sync::Arc;

use super::distribution::Distribution;
use super::resample;
use super::threshold::{Side, Threshold, ThresholdMethod};
use super::{
    ColumnReference, MetricReference, PREDICTION, ProfileError, ProfileSettings, ReferenceProfile, SCHEMA_VERSION,
};
use crate::data::table::{MISSING_CODE, MISSING_TIME};
use crate::data::{Column, Table, Values};
use crate::model::session::NO_LABEL;
use crate::model::{Scores, Task};
use crate::monitor::chunk::{ChunkReport, Period};
use crate::monitor::live::Cutter;
use crate::monitor::tally::{ChunkTally, Readers, ScoredBatch, is_error, metric_limits};
use crate::stats::random::SplitMix64;

/// Fewest reference chunks a threshold is learned from; with fewer, random samples stand in.
const ENOUGH_CHUNKS: usize = 4;

/// Random samples that stand in for chunks.
const SAMPLES: usize = 50;

/// Makes the profile of a reference. `scores` holds the answers to all rows of `table`.
///
/// # Errors
/// When there is no row, the answers are not those of the table, a column is missing, or calendar chunks have no
/// times.
pub fn build(table: &Table, scores: &Scores, settings: &ProfileSettings) -> Result<ReferenceProfile, ProfileError> {
    if table.rows() == 0 {
        return Err(ProfileError::Empty);
    }
    if scores.rows != table.rows() {
        return Err(ProfileError::Unequal { rows: table.rows(), answers: scores.rows });
    }
    let ordered = in_time_order(table, scores, settings)?;
    let (table, scores) = ordered.as_ref().map_or((table, scores), |(table, scores)| (table, scores));
    let mut profile = without_thresholds(table, scores, settings)?;

    let mut readers = Readers::new(&profile);
    let mut whole = ChunkTally::new(&profile);
    let mut chunks: Vec<ChunkReport> = Vec::new();
    {
        let all = ScoredBatch::whole(table, scores);
        let mut cutter = Cutter::default();
        let mut tally = ChunkTally::new(&profile);
        let mut at = 0;
        while at < table.rows() {
            let cut = cutter.next(&profile, &all, at, tally.rows());
            tally.add(&mut readers, &profile, &all, at..at + cut.rows);
            at += cut.rows;
            if cut.is_full {
                chunks.push(tally.report(&profile, chunks.len(), Period::Reference));
                whole.merge(&tally);
                tally = ChunkTally::new(&profile);
            }
        }
        if Cutter::keeps_rest(&profile, tally.rows()) {
            chunks.push(tally.report(&profile, chunks.len(), Period::Reference));
        }
        whole.merge(&tally);
    }
    let mut sizes: Vec<u64> = chunks.iter().map(|c| c.rows).collect();
    sizes.sort_unstable();
    let typical = sizes.get(sizes.len() / 2).map_or(table.rows(), |rows| *rows as usize);
    profile.typical_chunk_rows = typical.max(profile.min_chunk_rows);

    let samples: Vec<ChunkReport>;
    let (learned_from, method) = if chunks.len() >= ENOUGH_CHUNKS {
        (&chunks, ThresholdMethod::ReferenceChunks)
    } else {
        let size = match settings.chunking {
            crate::monitor::Chunking::Rows(rows) => rows.max(1),
            _ => typical,
        };
        let names: Vec<&str> = settings.features.iter().chain(settings.target.as_ref()).map(String::as_str).collect();
        let mut random = SplitMix64::new(settings.seed);
        samples = (0..SAMPLES)
            .map(|index| {
                let rows = resample::draw(&mut random, size, table.rows());
                let (table, scores) = (resample::table(table, &names, &rows), resample::scores(scores, &rows));
                let mut tally = ChunkTally::new(&profile);
                tally.add(&mut readers, &profile, &ScoredBatch::whole(&table, &scores), 0..size);
                tally.report(&profile, index, Period::Reference)
            })
            .collect();
        (&samples, ThresholdMethod::Resampled)
    };

    let report = whole.report(&profile, 0, Period::Reference);
    let share = (Some(0.0), Some(1.0));
    let learn = |of: &dyn Fn(&ChunkReport) -> Option<f64>, side, limits| {
        let values: Vec<f64> = learned_from.iter().filter_map(of).collect();
        Threshold::learn(&values, side, limits, method)
    };
    for ((column, counted), (at, range)) in
        profile.columns.iter_mut().zip(&report.columns).zip(whole.ranges().into_iter().enumerate())
    {
        column.whole.clone_from(counted);
        column.range = range.filter(|_| column.distribution.is_numeric());
        column.drift = learn(&|c| c.columns.get(at)?.drift, Side::Above, share);
        column.missing = learn(&|c| c.columns.get(at)?.missing_share(), Side::Above, share);
    }
    profile.prediction.whole.clone_from(&report.prediction);
    profile.prediction.range = whole.prediction_range().filter(|_| profile.prediction.distribution.is_numeric());
    profile.prediction.drift = learn(&|c| c.prediction.drift, Side::Above, share);
    profile.prediction.missing = learn(&|c| c.prediction.missing_share(), Side::Above, share);
    let has_target = settings.target.is_some();
    profile.metrics = report
        .metrics
        .iter()
        .filter(|_| has_target)
        .map(|(name, level)| {
            let side = if is_error(name) { Side::Above } else { Side::Below };
            let threshold = learn(&|c| c.metric(name), side, metric_limits(name));
            MetricReference { name: name.clone(), level: *level, threshold }
        })
        .collect();
    profile.labelled = report.labelled;
    profile.chunks = chunks.into_iter().map(Arc::new).collect();
    Ok(profile)
}

/// Table and answers by time, when calendar chunks are asked for and the rows are not in order.
fn in_time_order(
    table: &Table,
    scores: &Scores,
    settings: &ProfileSettings,
) -> Result<Option<(Table, Scores)>, ProfileError> {
    if !settings.chunking.is_calendar() {
        return Ok(None);
    }
    let column = settings.time_column.as_deref().and_then(|name| table.column(name));
    let Some(Values::Time(times)) = column.map(|c| &c.values) else {
        return Err(ProfileError::NoTime { period: settings.chunking.word() });
    };
    let known: Vec<i64> = times.iter().copied().filter(|t| *t != MISSING_TIME).collect();
    if known.is_empty() {
        return Err(ProfileError::NoTime { period: settings.chunking.word() });
    }
    if known.is_sorted() {
        return Ok(None);
    }
    let mut rows: Vec<usize> = (0..table.rows()).collect();
    rows.sort_by_key(|row| times.get(*row).copied().unwrap_or(MISSING_TIME));
    let names: Vec<&str> = table.columns().iter().map(|c| c.name.as_str()).collect();
    Ok(Some((resample::table(table, &names, &rows), resample::scores(scores, &rows))))
}

/// Distributions and settings; whole, ranges and lines follow from counting with them.
fn without_thresholds(
    table: &Table,
    scores: &Scores,
    settings: &ProfileSettings,
) -> Result<ReferenceProfile, ProfileError> {
    let no_column =
        |column: &str, role: &str| ProfileError::NoColumn { column: column.to_owned(), role: role.to_owned() };
    let mut columns = Vec::with_capacity(settings.features.len());
    for name in &settings.features {
        let column = table.column(name).ok_or_else(|| no_column(name, "an input of the model"))?;
        columns.push(reference(name, Distribution::of(column)));
    }
    if let Some(target) = &settings.target {
        table.column(target).ok_or_else(|| no_column(target, "the target"))?;
    }
    let task = match settings.task.unwrap_or(scores.task) {
        Task::Unknown if !scores.values.is_empty() => Task::Regression,
        Task::Unknown if scores.classes.len() == 2 => Task::Binary,
        Task::Unknown if scores.classes.len() > 2 => Task::Multiclass,
        task => task,
    };
    let positive = match (&settings.positive, task) {
        (Some(class), Task::Binary) => {
            let none = || ProfileError::NoClass { class: class.clone(), known: scores.classes.join(", ") };
            Some(scores.class_index(class).ok_or_else(none)?)
        }
        (None, Task::Binary) => Some(1).filter(|_| scores.classes.len() > 1),
        _ => None,
    };
    let score_column = positive.filter(|p| *p < scores.width);
    let answers = match (task, score_column) {
        (Task::Regression, _) => Values::Float(scores.values.clone()),
        (_, Some(positive)) => Values::Float(scores.probabilities_for(positive).into_iter().map(f64::from).collect()),
        _ => Values::Text {
            codes: scores.labels.iter().map(|l| if *l == NO_LABEL { MISSING_CODE } else { *l }).collect(),
            dictionary: Arc::new(scores.classes.clone()),
        },
    };
    let prediction = reference(PREDICTION, Distribution::of(&Column::new(PREDICTION, answers)));
    let place_of_class = scores.classes.iter().map(|class| prediction.distribution.place(class)).collect();
    Ok(ReferenceProfile {
        schema_version: SCHEMA_VERSION,
        task,
        classes: scores.classes.clone(),
        positive,
        has_scores: score_column.is_some(),
        score_threshold: settings.score_threshold,
        target: settings.target.clone(),
        time_column: settings.time_column.clone(),
        chunking: settings.chunking,
        min_chunk_rows: settings.min_chunk_rows,
        typical_chunk_rows: settings.min_chunk_rows,
        rows: table.rows() as u64,
        labelled: 0,
        columns,
        prediction,
        place_of_class,
        metrics: Vec::new(),
        chunks: Vec::new(),
    })
}

fn reference(name: &str, distribution: Distribution) -> ColumnReference {
    ColumnReference {
        name: name.to_owned(),
        distribution,
        range: None,
        whole: crate::monitor::chunk::ColumnChunk::default(),
        drift: None,
        missing: None,
    }
}
