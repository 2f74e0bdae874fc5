//! A model bound to columns, and scoring tables with it.

mod answers;
mod cells;
mod explain;
mod feed;
mod outputs;
mod plan;
mod runner;
mod scores;
mod source;
mod zipmap;

pub use answers::ScoreReader;
pub use runner::{Runner, served_outputs};
pub use scores::{NO_LABEL, Scores, SkippedRow};

use super::binding::Binding;
use super::error::ModelError;
use super::inspect::ModelFile;
use super::runtime::Runtime;
use super::signature::{Port, Task};
use super::tensor::NamedTensor;
use crate::data::Table;
use feed::{Batch, Feed};
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue};
use outputs::Reader;
use plan::{Form, ScoreForm};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// A model whose file was understood and whose inputs are all fed by columns that fit.
#[derive(Clone, Debug)]
pub struct BoundModel {
    file: ModelFile,
    binding: Binding,
    form: Form,
    notes: Vec<String>,
}

impl BoundModel {
    /// Binds a model to a table's columns.
    ///
    /// # Errors
    /// When the model cannot run, an input has no column, a column does not fit, or no output can be used.
    pub fn bind(file: ModelFile, mut binding: Binding, table: &Table) -> Result<Self, ModelError> {
        if let Some(refusal) = &file.inspection.refusal {
            return Err(refusal.clone());
        }
        let unbound = binding.unbound(&file.inspection);
        if !unbound.is_empty() {
            return Err(ModelError::Unbound { inputs: unbound });
        }
        let problems = binding.settle(&file.inspection, table);
        if let Some(problem) = problems.iter().find(|p| p.blocks) {
            return Err(ModelError::Binding { sentence: problem.sentence.clone() });
        }
        for port in &file.inspection.inputs {
            let fill = binding.get(&port.name).and_then(|b| b.fill.as_ref());
            if fill.is_some_and(|fill| !feed::fill_fits(fill, &port.dtype)) {
                return Err(ModelError::Binding {
                    sentence: format!(
                        "The value to fill in for the model's input “{}” is not a {}. Choose another value.",
                        port.name,
                        port.dtype.word()
                    ),
                });
            }
        }
        let form = plan::plan(&file.inspection, file.task(), file.classes().as_deref())?;
        let notes = problems.into_iter().map(|p| p.sentence).collect();
        Ok(Self { file, binding, form, notes })
    }

    /// The model.
    pub fn file(&self) -> &ModelFile {
        &self.file
    }

    /// Which column feeds which input.
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// The inputs for rows of a table, in the model's order. Columns are found by name, so that the table may be
    /// another one than that of the binding; rows past its end are left out.
    ///
    /// # Errors
    /// When a column is missing, or a row cannot be fed.
    pub fn tensors(&self, table: &Table, rows: Range<usize>) -> Result<Vec<NamedTensor>, ModelError> {
        let rows = rows.start.min(table.rows())..rows.end.min(table.rows());
        let batch = Batch { fed: rows.len(), rows };
        let (mut inputs, mut skips) = (Vec::with_capacity(self.file.inspection.inputs.len()), Vec::new());
        for port in &self.file.inspection.inputs {
            let unbound = || ModelError::Unbound { inputs: vec![port.name.clone()] };
            let mut feed = Feed::new(port, self.binding.get(&port.name).ok_or_else(unbound)?)?;
            feed.fill(table, &batch, &mut skips)?;
            if let Some((row, why)) = skips.iter().min_by_key(|(row, _)| *row) {
                return Err(ModelError::Row { row: batch.rows.start + row + 1, why: why.to_string() });
            }
            inputs.extend(feed.into_tensor(table, &batch));
        }
        Ok(inputs)
    }

    /// What should be known about the binding; each a sentence.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What the model answers, as far as the file and its card tell.
    pub fn task(&self) -> Task {
        match (self.file.task(), &self.form) {
            (Task::Unknown, Form::Value(_)) => Task::Regression,
            (task, _) => task,
        }
    }

    /// Whether answers come with probabilities.
    pub fn has_probabilities(&self) -> bool {
        matches!(self.form, Form::Classes { scores: Some(_), .. })
    }
}

/// How a session runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionSettings {
    /// Threads inside one call of the model; 0 takes one for each core.
    pub intra_threads: usize,
    /// Whether the runtime must give the same bits each time, whatever the threads.
    pub deterministic: bool,
    /// Rows in one call, where the model does not fix it.
    pub batch: usize,
    /// Whether idle threads wait busily: faster with small batches, at the cost of a core.
    pub spinning: bool,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { intra_threads: 0, deterministic: true, batch: 4096, spinning: false }
    }
}

/// A loaded model that scores tables. It belongs to one thread at a time.
#[derive(Debug)]
pub struct Scorer {
    session: Session,
    feeds: Vec<Feed>,
    reader: Reader,
    /// Rows of every call, when the model fixes them.
    fixed: Option<usize>,
    batch: usize,
    skips: Vec<(usize, Arc<str>)>,
}

impl Scorer {
    /// Loads a bound model.
    ///
    /// # Errors
    /// When the runtime refuses the model.
    pub fn open(model: &BoundModel, settings: SessionSettings, runtime: &'static Runtime) -> Result<Self, ModelError> {
        let file = &model.file;
        let mut form = model.form.clone();
        let maps = match &model.form {
            Form::Classes { scores: Some(ScoreForm::Maps(maps)), .. } => Some(maps.as_str()),
            _ => None,
        };
        let (session, cut) = load_without_maps(file, maps, settings, runtime)?;
        if let (Some(cut), Form::Classes { scores: Some(scores), .. }) = (cut, &mut form) {
            *scores = ScoreForm::Matrix(cut.matrix);
        }

        let mut feeds = Vec::with_capacity(session.inputs().len());
        for outlet in session.inputs() {
            let port = file.inspection.inputs.iter().find(|p| p.name == outlet.name());
            let bound = model.binding.get(outlet.name());
            let (Some(port), Some(bound)) = (port, bound) else {
                return Err(ModelError::Unbound { inputs: vec![outlet.name().to_owned()] });
            };
            feeds.push(Feed::new(port, bound)?);
        }
        Ok(Self {
            session,
            feeds,
            reader: Reader::new(form, file.task(), file.classes().or_else(|| clusters(file))),
            fixed: file.inspection.inputs.iter().find_map(Port::fixed_batch),
            batch: settings.batch.max(1),
            skips: Vec::new(),
        })
    }

    /// Scores rows of a table and appends the answers. After an error nothing was appended.
    ///
    /// Columns are found by name in each call, so that the table may be another one than that of the binding. Rows
    /// past the end of the table are left out.
    ///
    /// # Errors
    /// When a column is missing or the model fails.
    pub fn score(&mut self, table: &Table, rows: Range<usize>, scores: &mut Scores) -> Result<(), ModelError> {
        let rows = rows.start..rows.end.min(table.rows());
        let mark = scores.mark();
        let size = self.fixed.unwrap_or(self.batch);
        let mut start = rows.start;
        while start < rows.end {
            let end = start.saturating_add(size).min(rows.end);
            let batch = Batch { rows: start..end, fed: self.fixed.unwrap_or(end - start) };
            if let Err(error) = self.score_batch(table, &batch, scores) {
                scores.rewind(&mark);
                return Err(error);
            }
            start = end;
        }
        if scores.rows == 0 {
            // Even an empty answer says what it would have been.
            self.reader.describe(scores);
        }
        Ok(())
    }

    fn score_batch(&mut self, table: &Table, batch: &Batch, scores: &mut Scores) -> Result<(), ModelError> {
        self.skips.clear();
        for feed in &mut self.feeds {
            feed.fill(table, batch, &mut self.skips)?;
        }
        let failed = |error: &ort::Error| explain::run(error, batch.rows.start, batch.len());
        let inputs: Vec<SessionInputValue<'_>> =
            self.feeds.iter().map(|feed| feed.value(table, batch)).collect::<Result<_, _>>().map_err(|e| failed(&e))?;
        let outputs = self.session.run(inputs.as_slice()).map_err(|e| failed(&e))?;
        self.reader.read(&outputs, batch, &self.skips, scores)
    }

    /// Names of the inputs in the order of the model.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        self.feeds.iter().map(Feed::input)
    }
}

/// The groups of a clustering model by their number, when the file tells how many there are.
fn clusters(file: &ModelFile) -> Option<Vec<String>> {
    let distances = file.inspection.outputs.iter().filter(|p| p.dtype.is_decimal()).find_map(Port::width);
    let count = distances.filter(|_| file.task() == Task::Clustering)?;
    Some((0..count).map(|group| group.to_string()).collect())
}

fn builder(settings: SessionSettings, runtime: &'static Runtime) -> ort::Result<ort::session::builder::SessionBuilder> {
    let threads = match settings.intra_threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    // Batches vary in size, for which the memory pattern would be learned anew each time.
    Ok(Session::builder(runtime.environment())?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        .with_memory_pattern(false)?
        .with_deterministic_compute(settings.deterministic)?
        .with_intra_op_spinning(settings.spinning)?)
}

/// Loads a model's file, without the `ZipMap` that feeds the output `maps` where it can be cut out.
fn load_without_maps(
    file: &ModelFile,
    maps: Option<&str>,
    settings: SessionSettings,
    runtime: &'static Runtime,
) -> Result<(Session, Option<zipmap::Cut>), ModelError> {
    let refused = |error: &ort::Error| explain::load(error, &file.path);
    if let Some(maps) = maps
        && !file.inspection.external_data
        && let Some(cut) = zipmap::cut(&file.bytes)
        && cut.maps == *maps
    {
        match load(&cut.bytes, settings, runtime) {
            Ok(session) => return Ok((session, Some(cut))),
            // The whole file may still load, and if not, its own error is the one to show.
            Err(error) => tracing::debug!(%error, "the model does not load without its ZipMap"),
        }
    }
    let session = if file.inspection.external_data {
        let mut builder = builder(settings, runtime).map_err(|e| refused(&e))?;
        builder.commit_from_file(&file.path).map_err(|e| refused(&e))?
    } else {
        load(&file.bytes, settings, runtime).map_err(|e| refused(&e))?
    };
    Ok((session, None))
}

fn load(bytes: &[u8], settings: SessionSettings, runtime: &'static Runtime) -> ort::Result<Session> {
    builder(settings, runtime)?.commit_from_memory(bytes)
}
