//! What a run would take, from scoring a small sample.

use std::time::Instant;

use crate::data::read::Dataset;
use crate::model::{BoundModel, ModelError, Runtime, Scorer, Scores, SessionSettings};

/// Rows of the sample.
const SAMPLE: usize = 2048;

/// Expected cost of scoring a dataset with one model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Seconds.
    pub seconds: f64,
    /// Bytes beside the table: scores, ranks and sorting.
    pub memory_bytes: u64,
}

/// Scores a sample and multiplies; `rows` are those of the whole data, of which `dataset` may be a part.
///
/// # Errors
/// When the model cannot be loaded or run.
pub fn estimate(
    model: &BoundModel,
    dataset: &Dataset,
    rows: usize,
    threads: usize,
    runtime: &'static Runtime,
) -> Result<Estimate, ModelError> {
    let began = Instant::now();
    let settings = SessionSettings { intra_threads: threads, ..SessionSettings::default() };
    let mut scorer = Scorer::open(model, settings, runtime)?;
    let open_s = began.elapsed().as_secs_f64();
    let sample = dataset.table.rows().min(SAMPLE);
    let mut scores = Scores::default();
    let began = Instant::now();
    scorer.score(&dataset.table, 0..sample, &mut scores)?;
    let each = began.elapsed().as_secs_f64() / sample.max(1) as f64;
    let a_row = scores.width * 4 + 80;
    Ok(Estimate {
        // Metrics cost about as much as a cheap model: two million rows a second.
        seconds: open_s + rows as f64 * (each + 5e-7),
        memory_bytes: (rows * a_row) as u64 + dataset.table.memory_bytes() as u64,
    })
}
