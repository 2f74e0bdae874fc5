//! Runs a plan over a file that is read, scored and let go chunk by chunk, so that it may be larger than memory.
//!
//! What stays of every row are its answers, its target and the columns that cut the data into segments. The search for
//! weak segments and the checks of the data look at the features of evenly drawn rows, and the report says so.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::aligned::align;
use super::candidate::{Candidate, Origin};
use super::data_use::{self, LossCount};
use super::error::ValidateError;
use super::finish::{Answered, Rows, finish};
use super::plan::Plan;
use super::policy::On;
use super::report::Report;
use super::run::{check, runtime_missing};
use crate::data::part::Part;
use crate::data::read::{Dataset, ReadOptions};
use crate::data::stream::Stream;
use crate::data::watch::Watch;
use crate::data::{Column, Table, read_table};
use crate::model::binding::{InputLoss, add_losses};
use crate::model::{Runtime, Scorer, Scores, SessionSettings};

/// Rows of a chunk.
const CHUNK_ROWS: usize = 32_768;
/// Rows from which the candidates are bound the first time.
const HEAD_ROWS: usize = 2_000;
/// Rows whose features are kept.
const SAMPLE_ROWS: usize = 200_000;

/// A file to be scored chunk by chunk.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// How it is read.
    pub options: &'a ReadOptions,
    /// Rows that the candidates were trained or accepted on.
    pub reference: Option<&'a Table>,
}

/// Makes the candidates for a table. It is called with the first rows of the file, to see which columns are needed, and
/// again with the first chunk, whose columns have the kinds that the whole file gives them.
pub type Bind<'a> = &'a dyn Fn(&Dataset) -> Result<Vec<Candidate>, ValidateError>;

/// Runs a plan; the result is that of [`super::run()`] on the whole table but for what is drawn from a sample.
///
/// # Errors
/// When the file cannot be read, the candidates cannot be bound, the data cannot judge a model, a model cannot be run,
/// nothing is left to measure, or `watch` cancels.
pub fn run_streamed(
    plan: &Plan,
    file: File<'_>,
    bind: Bind<'_>,
    runtime: Option<&'static Runtime>,
    watch: &dyn Watch,
) -> Result<Report, ValidateError> {
    let began = Instant::now();
    let wanted = wanted_columns(plan, file, bind, watch)?;
    let opening = Part { watch, from: 0.0, span: 0.3 };
    let stream = Stream::open(file.path, file.options, Some(&wanted), CHUNK_ROWS, &opening)?;
    let (rows, columns) = (stream.rows(), stream.all_columns().len());
    let mut whole = Dataset {
        table: Arc::new(Table::default()),
        path: file.path.to_owned(),
        fingerprint: stream.fingerprint().clone(),
        format: stream.format(),
        notes: stream.notes().to_vec(),
    };
    let mut stream = stream.ahead(1);
    let mut read_s = began.elapsed().as_secs_f64();

    let mut pass: Option<Pass> = None;
    let every = rows.div_ceil(SAMPLE_ROWS).max(1);
    let mut done = 0;
    loop {
        let began = Instant::now();
        let Some(chunk) = stream.next(watch)? else { break };
        read_s += began.elapsed().as_secs_f64();
        if watch.cancelled() {
            return Err(ValidateError::Cancelled);
        }
        let table = Arc::new(chunk);
        let pass = if let Some(pass) = &mut pass {
            pass
        } else {
            let first = Dataset { table: Arc::clone(&table), ..whole.clone() };
            let candidates = bind(&first)?;
            check(plan, &first, &candidates)?;
            // A refused column is told before hours of scoring; proxies are measured again over the whole file.
            data_use::judge(plan, &candidates, &first.table, watch)?;
            pass.insert(Pass::new(candidates, kept_names(plan), plan, runtime)?)
        };
        pass.take(&table, done, every, &Part::quiet(watch))?;
        done += table.rows();
        watch.progress(0.3 + 0.65 * done as f32 / rows.max(1) as f32);
    }
    let Some(Pass { candidates, scored, kept, sample, losses, .. }) = pass else {
        return Err(ValidateError::NoRows { why: "the table is empty".to_owned() });
    };
    whole.table = Arc::new(Table::new(kept)?);
    let mut answered = Vec::with_capacity(candidates.len());
    let features = Table::new(sample)?;
    let uses = data_use::judge(plan, &candidates, &features, watch)?;
    for (((candidate, scored), losses), data_use) in candidates.iter().zip(scored).zip(losses).zip(uses) {
        let began = Instant::now();
        let (aligned, predict_s) = match (&candidate.origin, scored) {
            (Origin::Model(bound), Some((_, scores, seconds))) => {
                (align(bound.file(), candidate.card.as_deref(), plan, &whole, &scores)?, Some(seconds))
            }
            (Origin::Columns(predictions), _) => (predictions.align(plan, &whole)?, None),
            (Origin::Model(_), None) => return Err(runtime_missing()),
        };
        let align_s = began.elapsed().as_secs_f64();
        answered.push(Answered { aligned, predict_s, align_s, losses, data_use });
    }
    let rows = Rows { dataset: &whole, features: &features, every, columns, reference: file.reference, read_s };
    finish(plan, &candidates, answered, &rows, watch)
}

/// The columns that anything needs, from binding the candidates to the first rows.
fn wanted_columns(
    plan: &Plan,
    file: File<'_>,
    bind: Bind<'_>,
    watch: &dyn Watch,
) -> Result<Vec<String>, ValidateError> {
    let mut options = file.options.clone();
    options.max_rows = Some(options.max_rows.unwrap_or(HEAD_ROWS).min(HEAD_ROWS));
    let head = read_table(file.path, &options, &Part::quiet(watch))?;
    let candidates = bind(&head)?;
    check(plan, &head, &candidates)?;
    let mut wanted: Vec<String> =
        candidates.iter().flat_map(Candidate::fed_by).map(ToOwned::to_owned).chain(kept_names(plan)).collect();
    for candidate in &candidates {
        if let Origin::Columns(predictions) = &candidate.origin {
            wanted.extend(predictions.columns().map(ToOwned::to_owned));
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    // A policy may ask for segments of a column that this table does not have.
    wanted.retain(|name| head.table.column(name).is_some());
    Ok(wanted)
}

/// The columns of which every row is kept.
fn kept_names(plan: &Plan) -> Vec<String> {
    let mut names = vec![plan.target.clone()];
    names.extend(plan.segments.iter().cloned());
    for gate in plan.policy.iter().flat_map(|policy| &policy.gates) {
        if let On::Segments { columns, .. } = &gate.on {
            names.extend(columns.iter().cloned());
        }
    }
    names
}

/// Scoring one model: its scorer, its answers so far, and the seconds they took.
type Scored = (Scorer, Scores, f64);

/// What is gathered over all chunks.
struct Pass {
    candidates: Vec<Candidate>,
    scored: Vec<Option<Scored>>,
    counts: Vec<LossCount>,
    losses: Vec<Vec<InputLoss>>,
    names: Vec<String>,
    kept: Vec<Column>,
    sample: Vec<Column>,
}

impl Pass {
    fn new(
        candidates: Vec<Candidate>,
        mut names: Vec<String>,
        plan: &Plan,
        runtime: Option<&'static Runtime>,
    ) -> Result<Self, ValidateError> {
        let settings = SessionSettings {
            intra_threads: plan.threads,
            batch: plan.batch_rows.max(1),
            ..SessionSettings::default()
        };
        let mut scored = Vec::with_capacity(candidates.len());
        for candidate in &candidates {
            scored.push(match &candidate.origin {
                Origin::Model(bound) => {
                    let runtime = runtime.ok_or_else(runtime_missing)?;
                    Some((Scorer::open(bound, settings, runtime)?, Scores::default(), 0.0))
                }
                Origin::Columns(predictions) => {
                    names.extend(predictions.columns().map(ToOwned::to_owned));
                    None
                }
            });
        }
        let counts = candidates.iter().map(LossCount::of).collect();
        let losses = vec![Vec::new(); candidates.len()];
        Ok(Self { candidates, scored, counts, losses, names, kept: Vec::new(), sample: Vec::new() })
    }

    /// Scores a chunk that begins at row `from` of the file, and keeps of it what is needed.
    fn take(&mut self, table: &Table, from: usize, every: usize, watch: &dyn Watch) -> Result<(), ValidateError> {
        for ((candidate, count), losses) in self.candidates.iter().zip(&self.counts).zip(&mut self.losses) {
            add_losses(losses, count.count(candidate, table, watch)?);
        }
        for (scorer, scores, seconds) in self.scored.iter_mut().flatten() {
            let began = Instant::now();
            scorer.score(table, 0..table.rows(), scores)?;
            *seconds += began.elapsed().as_secs_f64();
        }
        let first = from.next_multiple_of(every) - from;
        let drawn: Vec<usize> = (first..table.rows()).step_by(every).collect();
        for column in table.columns() {
            if self.names.contains(&column.name) {
                add(&mut self.kept, column.clone())?;
            }
            add(&mut self.sample, column.take(&drawn))?;
        }
        Ok(())
    }
}

fn add(columns: &mut Vec<Column>, more: Column) -> Result<(), ValidateError> {
    let Some(own) = columns.iter_mut().find(|c| c.name == more.name) else {
        columns.push(more);
        return Ok(());
    };
    if own.values.append(&more.values) {
        return Ok(());
    }
    let sentence =
        format!("Column “{}” changes its kind within the file. Say what it is with --categorical.", own.name);
    Err(ValidateError::Setting(sentence))
}
