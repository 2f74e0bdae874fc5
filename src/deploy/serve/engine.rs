//! What a worker answers with.

use crate::data::Table;
use crate::model::binding::Cast;
use crate::model::session::served_outputs;
use crate::model::signature::Port;
use crate::model::tensor::NamedTensor;
use crate::model::{BoundModel, ModelError, ModelFile, Runner, Runtime, SessionSettings};

/// Why an engine gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// The request is at fault.
    Input {
        /// The input.
        field: String,
        /// What is wrong and what would be right; a sentence.
        why: String,
    },
    /// The model is.
    Failed {
        /// Why, as a sentence.
        why: String,
    },
}

impl From<ModelError> for EngineError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::BadInput { input, why } => Self::Input { field: input, why },
            error @ (ModelError::WrongWidth { .. } | ModelError::Row { .. }) => {
                Self::Input { field: "inputs".to_owned(), why: error.to_string() }
            }
            ModelError::MissingColumn { ref column, .. } => {
                Self::Input { field: column.clone(), why: error.to_string() }
            }
            error => Self::Failed { why: error.to_string() },
        }
    }
}

/// Answers rows of tensors. It belongs to the thread that opened it.
pub trait TensorEngine {
    /// The outputs for inputs that were checked against the model's and have the same number of rows.
    ///
    /// # Errors
    /// When there is no answer.
    fn run(&mut self, inputs: &[NamedTensor]) -> Result<Vec<NamedTensor>, EngineError>;
}

/// What a version takes and gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// The model's inputs.
    pub inputs: Vec<Port>,
    /// Its outputs, as they are given.
    pub outputs: Vec<Port>,
    /// Columns that a row of a table needs, in the binding's order; each with whether it is a number.
    pub columns: Vec<(String, bool)>,
    /// The classes it answers with; empty for numbers.
    pub classes: Vec<String>,
}

/// Opens an engine for each worker of a version.
pub trait TensorEngineFactory: Send + Sync {
    /// What the version takes and gives.
    fn describe(&self) -> Description;

    /// A new engine, which uses so many threads inside one call.
    ///
    /// # Errors
    /// When the model cannot be loaded, as a sentence.
    fn open(&self, intra_threads: usize) -> Result<Box<dyn TensorEngine>, String>;

    /// Rows of a table as inputs.
    ///
    /// # Errors
    /// When there is no binding, or a column is missing or does not fit.
    fn encode(&self, table: &Table) -> Result<Vec<NamedTensor>, EngineError>;
}

impl TensorEngine for Runner {
    fn run(&mut self, inputs: &[NamedTensor]) -> Result<Vec<NamedTensor>, EngineError> {
        Self::run(self, inputs).map_err(EngineError::from)
    }
}

/// Opens an ONNX Runtime session for each worker.
#[derive(Clone, Debug)]
pub struct RunnerFactory {
    /// The model.
    pub file: ModelFile,
    /// Its columns, when it was bound; without, it answers tensors only.
    pub bound: Option<BoundModel>,
    /// How its sessions run, but for the number of threads.
    pub session: SessionSettings,
    /// The loaded library.
    pub runtime: &'static Runtime,
}

impl TensorEngineFactory for RunnerFactory {
    fn describe(&self) -> Description {
        let mut columns: Vec<(String, bool)> = Vec::new();
        for port in &self.file.inspection.inputs {
            let Some(bound) = self.bound.as_ref().and_then(|bound| bound.binding().get(&port.name)) else { continue };
            let is_number = match bound.cast {
                Cast::TextToNumber | Cast::TextToBool | Cast::TimeToText | Cast::BoolToText => false,
                Cast::NumberToText | Cast::NumberToBool => true,
                Cast::None | Cast::BoolToNumber => port.dtype.is_decimal() || port.dtype.is_whole(),
            };
            for used in &bound.columns {
                if !columns.iter().any(|(column, _)| *column == used.column) {
                    columns.push((used.column.clone(), is_number));
                }
            }
        }
        Description {
            inputs: self.file.inspection.inputs.clone(),
            outputs: served_outputs(&self.file),
            columns,
            classes: self.file.classes().unwrap_or_default(),
        }
    }

    fn open(&self, intra_threads: usize) -> Result<Box<dyn TensorEngine>, String> {
        let settings = SessionSettings { intra_threads, ..self.session };
        let runner = Runner::open(&self.file, settings, self.runtime).map_err(|error| error.to_string())?;
        Ok(Box::new(runner))
    }

    fn encode(&self, table: &Table) -> Result<Vec<NamedTensor>, EngineError> {
        let bound = self.bound.as_ref().ok_or_else(|| EngineError::Input {
            field: "inputs".to_owned(),
            why: "The model was deployed without a binding of columns, so it takes tensors only. Send tensors, or bind its columns.".to_owned(),
        })?;
        Ok(bound.tensors(table, 0..table.rows())?)
    }
}
