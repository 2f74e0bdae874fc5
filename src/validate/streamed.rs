//! Runs a plan over a file that is read, scored and let go chunk by chunk, so that it may be larger than memory.
//!
//! What stays of every row are its answers, its target and the columns that cut the data into segments; of a single
//! binary model without segments five bytes. The search for weak segments and the checks of the data look at the features
//! of evenly drawn rows, and the report says so.
//!
//! Three threads work at once: one reads ahead, one scores, and one gathers what is kept and counts what binding loses.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, bounded};

use super::aligned::align;
use super::candidate::{Candidate, Origin};
use super::data_use::{self, LossCount};
use super::error::ValidateError;
use super::finish::{Answered, Rows, finish};
use super::plan::Plan;
use super::policy::On;
use super::report::Report;
use super::run::{CandidateAnswers, check, runtime_missing};
use super::slim::{Answering, Truths};
use crate::data::part::Part;
use crate::data::read::{Dataset, ReadOptions, read_head};
use crate::data::stream::Stream;
use crate::data::watch::Watch;
use crate::data::{Column, DataError, Fingerprint, Table};
use crate::model::binding::{InputLoss, add_losses};
use crate::model::{BoundModel, ModelCard, Runtime, Scorer, Scores, SessionSettings};

/// Rows of a chunk.
const CHUNK_ROWS: usize = 16_384;
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
    let Gathered { candidates, answered, whole, total, features, every, columns, read_s } =
        gather(plan, file, bind, runtime, true, watch)?;
    let reference = file.reference;
    let rows = Rows { dataset: &whole, total, features: &features, every, columns, reference, read_s };
    finish(plan, &candidates, answered, &rows, watch)
}

/// Scores the one candidate that `bind` makes, as [`super::candidate_answers`] does on the whole table.
///
/// # Errors
/// Those of [`run_streamed`].
pub fn streamed_answers(
    plan: &Plan,
    file: File<'_>,
    bind: Bind<'_>,
    runtime: Option<&'static Runtime>,
    watch: &dyn Watch,
) -> Result<CandidateAnswers, ValidateError> {
    let gathered = gather(plan, file, bind, runtime, false, watch)?;
    watch.progress(1.0);
    let first = gathered.answered.into_iter().next();
    let none = || ValidateError::NoRows { why: "the table is empty".to_owned() };
    first.map(|answered| CandidateAnswers::of(answered.aligned)).ok_or_else(none)
}

/// All that is needed after scoring.
struct Gathered {
    candidates: Vec<Candidate>,
    answered: Vec<Answered>,
    /// Target and segment columns of every row; without the target where answers are kept in few bytes.
    whole: Dataset,
    /// Rows of the file.
    total: usize,
    /// The features of every `every`-th row.
    features: Table,
    every: usize,
    /// Columns of the file.
    columns: usize,
    read_s: f64,
}

/// Reads the file once and scores it. With `slim` answers may be kept in few bytes a row, for measures only.
fn gather(
    plan: &Plan,
    file: File<'_>,
    bind: Bind<'_>,
    runtime: Option<&'static Runtime>,
    mut slim: bool,
    watch: &dyn Watch,
) -> Result<Gathered, ValidateError> {
    let began = Instant::now();
    let watch = &Rising { watch, most: AtomicU32::new(0) };
    let wanted = wanted_columns(plan, file, bind, watch)?;
    let run = Run { plan, file, bind, runtime, began };
    // What the beginning of a text file promises mostly holds; where it does not, the file is looked through first.
    if let Ok(Some(stream)) = Stream::open_trusting(file.path, file.options, &wanted, CHUNK_ROWS) {
        match run.score(stream, slim, watch) {
            Err(ValidateError::Data(error)) if error != DataError::Cancelled => {
                tracing::debug!(%error, "the file is not what its beginning promises");
            }
            Ok(None) => slim = false,
            Ok(Some(gathered)) => return Ok(gathered),
            Err(error) => return Err(error),
        }
    }
    let opening = Part { watch, from: 0.0, span: 0.3 };
    let open = || Stream::open(file.path, file.options, Some(&wanted), CHUNK_ROWS, &opening);
    if slim && let Some(gathered) = run.score(open()?, slim, watch)? {
        return Ok(gathered);
    }
    let gathered = run.score(open()?, false, watch)?;
    gathered.ok_or_else(|| ValidateError::Data(DataError::Changed { path: file.path.to_owned() }))
}

/// Passes on progress only where it rises, so that beginning anew is not told.
struct Rising<'a> {
    watch: &'a dyn Watch,
    /// The bits of the most that was told; those of positive numbers are in their order.
    most: AtomicU32,
}

impl Watch for Rising<'_> {
    fn progress(&self, done: f32) {
        let bits = done.max(0.0).to_bits();
        if self.most.fetch_max(bits, Ordering::Relaxed) <= bits {
            self.watch.progress(done);
        }
    }

    fn cancelled(&self) -> bool {
        self.watch.cancelled()
    }
}

/// What is to be done with the chunks of a file.
struct Run<'a> {
    plan: &'a Plan,
    file: File<'a>,
    bind: Bind<'a>,
    runtime: Option<&'static Runtime>,
    began: Instant,
}

impl Run<'_> {
    /// Scores. With `slim` the answers of a single binary model are kept in few bytes a row; `None` when they turn out not
    /// to fit into these.
    fn score(&self, stream: Stream, slim: bool, watch: &dyn Watch) -> Result<Option<Gathered>, ValidateError> {
        let Self { plan, file, .. } = *self;
        let (rows, columns) = (stream.rows(), stream.all_columns().len());
        let every = every(rows);
        let mut whole = Dataset {
            table: Arc::new(Table::default()),
            path: file.path.to_owned(),
            fingerprint: Fingerprint { sha256: String::new(), size_bytes: 0, modified_ms: None },
            format: stream.format(),
            notes: stream.notes().to_vec(),
        };
        let mut stream = stream.ahead(1);
        let first = stream.next(watch)?;
        let mut read_s = self.began.elapsed().as_secs_f64();
        let Some(first) = first.map(Arc::new) else {
            return Err(ValidateError::NoRows { why: "the table is empty".to_owned() });
        };
        let head = Dataset { table: Arc::clone(&first), ..whole.clone() };
        let candidates = (self.bind)(&head)?;
        check(plan, &head, &candidates)?;
        // A refused column is told before hours of scoring; proxies are measured again over the whole file.
        data_use::judge(plan, &candidates, &head.table, watch)?;
        drop(head);
        let mut scored = scorers(&candidates, plan, self.runtime)?;
        let lone = lone_binary(&candidates, plan).filter(|_| slim);
        let gathering = Gathering::new(&candidates, plan, every, lone.is_some());
        let judged = candidates.as_slice();
        let mut answering: Option<Answering> = None;

        let (done, gathered) = std::thread::scope(|scope| {
            let (chunks, given) = bounded::<Arc<Table>>(1);
            let aside = std::thread::Builder::new().name("validate-gather".to_owned());
            let aside = aside
                .spawn_scoped(scope, move || gathering.all(judged, &given, &Part::quiet(watch)))
                .map_err(|error| ValidateError::Setting(format!("No thread could be started: {error}")))?;
            let (mut next, mut done) = (Some(first), 0);
            while let Some(table) = next {
                if watch.cancelled() {
                    return Err(ValidateError::Cancelled);
                }
                if chunks.send(Arc::clone(&table)).is_err() {
                    // Its error is told below.
                    break;
                }
                for (scorer, scores, seconds) in scored.iter_mut().flatten() {
                    let began = Instant::now();
                    scorer.score(&table, 0..table.rows(), scores)?;
                    *seconds += began.elapsed().as_secs_f64();
                    if let Some((model, card)) = lone {
                        if answering.is_none() {
                            answering = Answering::begin(scores, model, card, plan)?;
                        }
                        if !answering.as_mut().is_some_and(|answering| answering.take(scores)) {
                            return Ok(None);
                        }
                    }
                }
                done += table.rows();
                drop(table);
                watch.progress(0.3 + 0.65 * (done as f32 / rows.max(1) as f32).min(1.0));
                let began = Instant::now();
                next = stream.next(watch)?.map(Arc::new);
                read_s += began.elapsed().as_secs_f64();
            }
            drop(chunks);
            let gathered = aside.join().unwrap_or(Err(ValidateError::Cancelled))?;
            Ok::<_, ValidateError>(Some((done, gathered)))
        })?
        .unzip();
        let (Some(done), Some(gathered)) = (done, gathered) else { return Ok(None) };
        if every != self::every(done) {
            return Err(ValidateError::Data(DataError::Changed { path: file.path.to_owned() }));
        }
        let Kept { columns: kept, sample, losses, truths } = gathered;
        let lone = lone.zip(answering);
        let mut lone = match (lone, truths) {
            (Some(lone), Some(truths)) => Some((lone, truths)),
            (Some(_), None) => return Ok(None),
            (None, _) => None,
        };
        whole.fingerprint = stream.fingerprint(watch)?;
        drop(stream);
        whole.table = Arc::new(Table::new(kept)?);
        let mut answered = Vec::with_capacity(candidates.len());
        let features = Table::new(sample)?;
        let uses = data_use::judge(plan, &candidates, &features, watch)?;
        for (((candidate, scored), losses), data_use) in candidates.iter().zip(scored).zip(losses).zip(uses) {
            let began = Instant::now();
            let mut slim = None;
            let (aligned, predict_s) = match (&candidate.origin, scored) {
                (Origin::Model(_), Some((_, _, seconds))) if lone.is_some() => {
                    let Some((((model, card), answering), truths)) = lone.take() else { continue };
                    let (aligned, all) = answering.beside(truths, every, plan, model, card)?;
                    slim = Some(all);
                    (aligned, Some(seconds))
                }
                (Origin::Model(bound), Some((_, scores, seconds))) => {
                    (align(bound.file(), candidate.card.as_deref(), plan, &whole, &scores)?, Some(seconds))
                }
                (Origin::Columns(predictions), _) => (predictions.align(plan, &whole)?, None),
                (Origin::Model(_), None) => return Err(runtime_missing()),
            };
            let align_s = began.elapsed().as_secs_f64();
            answered.push(Answered { aligned, predict_s, align_s, losses, data_use, slim });
        }
        Ok(Some(Gathered { candidates, answered, whole, total: done, features, every, columns, read_s }))
    }
}

/// The only candidate, when it is a binary model with probabilities and no segment needs its answers row by row.
fn lone_binary<'a>(candidates: &'a [Candidate], plan: &Plan) -> Option<(&'a BoundModel, Option<&'a ModelCard>)> {
    let [Candidate { origin: Origin::Model(model), card, .. }] = candidates else { return None };
    let card = card.as_deref();
    let no_segment = kept_names(plan).iter().all(|name| *name == plan.target);
    (no_segment && Answering::is_likely(model, card, plan)).then_some((model, card))
}

/// Of so many rows the features are kept once.
fn every(rows: usize) -> usize {
    rows.div_ceil(SAMPLE_ROWS).max(1)
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
    let head = read_head(file.path, &options, &Part::quiet(watch))?;
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

/// Loads the candidates that are models.
fn scorers(
    candidates: &[Candidate],
    plan: &Plan,
    runtime: Option<&'static Runtime>,
) -> Result<Vec<Option<Scored>>, ValidateError> {
    let settings =
        SessionSettings { intra_threads: plan.threads, batch: plan.batch_rows.max(1), ..SessionSettings::default() };
    let one = |candidate: &Candidate| match &candidate.origin {
        Origin::Model(bound) => {
            let runtime = runtime.ok_or_else(runtime_missing)?;
            Ok(Some((Scorer::open(bound, settings, runtime)?, Scores::default(), 0.0)))
        }
        Origin::Columns(_) => Ok(None),
    };
    candidates.iter().map(one).collect()
}

/// What is gathered over all chunks beside the scores.
struct Kept {
    /// The columns of which every row is kept.
    columns: Vec<Column>,
    /// Every so-manieth row of all columns.
    sample: Vec<Column>,
    /// What binding makes of the rows, for each candidate.
    losses: Vec<Vec<InputLoss>>,
    /// The target in place of a kept column, where that is enough and its labels are few.
    truths: Option<Truths>,
}

struct Gathering {
    target: String,
    counts: Vec<LossCount>,
    names: Vec<String>,
    every: usize,
    found: Kept,
}

impl Gathering {
    /// `slim` when of the target its labels are enough.
    fn new(candidates: &[Candidate], plan: &Plan, every: usize, slim: bool) -> Self {
        let mut names = if slim { Vec::new() } else { kept_names(plan) };
        for candidate in candidates {
            if let Origin::Columns(predictions) = &candidate.origin {
                names.extend(predictions.columns().map(ToOwned::to_owned));
            }
        }
        let counts = candidates.iter().map(LossCount::of).collect();
        let losses = vec![Vec::new(); candidates.len()];
        let truths = slim.then(Truths::default);
        let found = Kept { columns: Vec::new(), sample: Vec::new(), losses, truths };
        Self { target: plan.target.clone(), counts, names, every, found }
    }

    /// Gathers from chunks until no more are given.
    fn all(
        mut self,
        candidates: &[Candidate],
        chunks: &Receiver<Arc<Table>>,
        watch: &dyn Watch,
    ) -> Result<Kept, ValidateError> {
        let mut from = 0;
        for table in chunks {
            self.take(candidates, &table, from, watch)?;
            from += table.rows();
        }
        Ok(self.found)
    }

    /// Keeps what is needed of a chunk that begins at row `from` of the file.
    fn take(
        &mut self,
        candidates: &[Candidate],
        table: &Table,
        from: usize,
        watch: &dyn Watch,
    ) -> Result<(), ValidateError> {
        let found = &mut self.found;
        for ((candidate, count), losses) in candidates.iter().zip(&self.counts).zip(&mut found.losses) {
            add_losses(losses, count.count(candidate, table, watch)?);
        }
        if let (Some(truths), Some(target)) = (&mut found.truths, table.column(&self.target))
            && !truths.add(target)
        {
            found.truths = None;
        }
        let first = from.next_multiple_of(self.every) - from;
        let drawn: Vec<usize> = (first..table.rows()).step_by(self.every).collect();
        for column in table.columns() {
            if self.names.contains(&column.name) {
                add(&mut found.columns, column.clone())?;
            }
            add(&mut found.sample, column.take(&drawn))?;
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
