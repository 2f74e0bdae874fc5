//! What a worker scores with.

use std::ops::Range;

use crate::data::Table;
use crate::model::{BoundModel, Runtime, Scorer, Scores, SessionSettings};

/// Answers rows. It belongs to the thread that opened it.
pub trait Engine {
    /// Appends the answers to `rows` of `table`.
    ///
    /// # Errors
    /// When the rows could not be answered, as a sentence.
    fn score(&mut self, table: &Table, rows: Range<usize>, out: &mut Scores) -> Result<(), String>;
}

/// Opens an engine for each worker.
pub trait EngineFactory: Send + Sync {
    /// A new engine.
    ///
    /// # Errors
    /// When the model cannot be loaded, as a sentence.
    fn open(&self) -> Result<Box<dyn Engine>, String>;
}

impl Engine for Scorer {
    fn score(&mut self, table: &Table, rows: Range<usize>, out: &mut Scores) -> Result<(), String> {
        Self::score(self, table, rows, out).map_err(|error| error.to_string())
    }
}

/// Opens an ONNX Runtime session for each worker.
#[derive(Debug)]
pub struct ScorerFactory {
    /// The model.
    pub bound: BoundModel,
    /// How its sessions run.
    pub settings: SessionSettings,
    /// The loaded library.
    pub runtime: &'static Runtime,
}

impl EngineFactory for ScorerFactory {
    fn open(&self) -> Result<Box<dyn Engine>, String> {
        let scorer = Scorer::open(&self.bound, self.settings, self.runtime).map_err(|error| error.to_string())?;
        Ok(Box::new(scorer))
    }
}
