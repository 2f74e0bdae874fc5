//! Where answers and events go.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use crate::data::Table;
use crate::model::Scores;

/// A batch of rows with their answers.
#[derive(Clone, Debug)]
pub struct AnsweredBatch {
    /// Place in the order of the feed, from 0.
    pub sequence: u64,
    /// The table the rows are in.
    pub table: Arc<Table>,
    /// Which of its rows.
    pub rows: Range<usize>,
    /// Number of the first row in the feed; it goes on counting when the feed repeats.
    pub first_row: u64,
    /// The answers to exactly these rows.
    pub scores: Scores,
    /// Milliseconds from when the feed had the request ready, its wait for a place in the queue included, to the answer.
    pub latency_ms: f64,
    /// When the answer was there.
    pub answered_at: Instant,
    /// The same, milliseconds since 1970.
    pub answered_at_ms: i64,
}

/// Something that happened to a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeployEvent {
    /// A worker panicked and was started again.
    WorkerRestarted {
        /// What it said.
        why: String,
    },
    /// The workers do not keep up with the rate that was asked for.
    QueueFull,
    /// The dataset changed or disappeared; what was read is still fed.
    FeedChanged {
        /// What is the matter.
        why: String,
    },
    /// The feed came to its end and everything is answered.
    FeedEnded,
    /// Answers could not be kept; the deployment holds until it is resumed.
    SinkFailed {
        /// Why.
        why: String,
    },
    /// Something else that a person should hear of.
    Said {
        /// What; a sentence.
        why: String,
        /// Whether something is not as it should be.
        bad: bool,
    },
    /// A rollout was taken back by its rule.
    RolledBack {
        /// The version that answers now.
        champion: String,
        /// Why; a sentence.
        why: String,
    },
    /// The deployment cannot go on.
    Failed {
        /// Why.
        why: String,
    },
}

/// Takes answered batches, in the order of the feed, on the recorder's thread.
pub trait Sink: Send {
    /// Keeps a batch. A batch that could not be kept is offered again after a resume.
    ///
    /// # Errors
    /// Why it could not be kept, as a sentence.
    fn record(&mut self, batch: &AnsweredBatch) -> Result<(), String>;

    /// Hears of an event.
    fn event(&mut self, event: DeployEvent);

    /// Hears that nothing more will come.
    fn finished(&mut self);
}
