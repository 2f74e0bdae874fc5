//! Reading labels, probabilities and numbers out of tensors that a model gave, without the runtime.

use super::feed::Batch;
use super::outputs::Reader;
use super::plan::{self, Form, ScoreForm};
use super::scores::Scores;
use crate::model::error::ModelError;
use crate::model::inspect::ModelFile;
use crate::model::tensor::NamedTensor;

/// Reads what a [`super::Runner`] gave, now or from where it was kept, as scores.
#[derive(Debug)]
pub struct ScoreReader {
    reader: Reader,
}

impl ScoreReader {
    /// A reader for the outputs of a model.
    ///
    /// # Errors
    /// When no output is a label, probabilities or one number a row.
    pub fn new(file: &ModelFile) -> Result<Self, ModelError> {
        let mut form = plan::plan(&file.inspection, file.task(), file.classes().as_deref())?;
        if let Form::Classes { scores: Some(scores), .. } = &mut form
            && let ScoreForm::Maps(maps) = scores
        {
            // A runner gives maps as a matrix of their name.
            *scores = ScoreForm::Matrix(std::mem::take(maps));
        }
        Ok(Self { reader: Reader::new(form, file.task(), file.classes().or_else(|| super::clusters(file))) })
    }

    /// Appends the answers of `rows` rows. After an error nothing was appended.
    ///
    /// # Errors
    /// When an output is missing or has another type or number of rows.
    pub fn read(&mut self, outputs: &[NamedTensor], rows: usize, scores: &mut Scores) -> Result<(), ModelError> {
        let mark = scores.mark();
        let batch = Batch { rows: scores.rows..scores.rows + rows, fed: rows };
        let read = self.reader.read(outputs, &batch, &[], scores);
        if read.is_err() {
            scores.rewind(&mark);
        }
        read
    }
}
