//! One request from its arrival to its answer, and the words for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::model::tensor::NamedTensor;

/// Where a request came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The feed it came by, such as `http` or the name of a watched folder.
    pub feed: Arc<str>,
    /// Who called, when it is known.
    pub consumer: Option<Arc<str>>,
}

/// A request to a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its id: the caller's, or one made at its arrival. Row k of its answer is the prediction `id:k`.
    pub id: Arc<str>,
    /// The model's name.
    pub model: Arc<str>,
    /// The version; `None` leaves it to the rollout.
    pub version: Option<Arc<str>>,
    /// What each input of the model is fed; all have the same number of rows.
    pub inputs: Vec<NamedTensor>,
    /// Outputs that are wanted; empty for all.
    pub wanted: Vec<Arc<str>>,
    /// When it arrived.
    pub received: Instant,
    /// The same, in milliseconds since 1970-01-01 UTC.
    pub received_at_ms: i64,
    /// When its answer is of no use any more.
    pub deadline: Option<Instant>,
    /// Where it came from.
    pub origin: Origin,
    /// What keeps a caller with one version while a share of requests goes to another.
    pub sticky: Option<Arc<str>>,
}

/// What a model answered to a [`Call`].
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The request's id.
    pub id: Arc<str>,
    /// The model.
    pub model: Arc<str>,
    /// The version that answered.
    pub version: Arc<str>,
    /// The wanted outputs, in the model's order.
    pub outputs: Vec<NamedTensor>,
    /// From arrival to answer.
    pub latency: Duration,
}

/// Why a request got no answer; each a sentence with a way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such model.
    #[error("There is no model “{model}” here. Ask the repository index for those that are.")]
    UnknownModel {
        /// As it was asked for.
        model: String,
    },
    /// The model has no such version.
    #[error("Model “{model}” has no version “{version}”. It has {known}.")]
    UnknownVersion {
        /// The model.
        model: String,
        /// As it was asked for.
        version: String,
        /// Those that are, in words.
        known: String,
    },
    /// The model is loading, unloading, or failed to load.
    #[error("Model “{model}” cannot answer now: {why}")]
    NotReady {
        /// The model.
        model: String,
        /// Why.
        why: String,
    },
    /// A part of the request does not fit the model.
    #[error("“{field}”: {why}")]
    BadInput {
        /// The input, output or parameter.
        field: String,
        /// What is wrong and what would be right.
        why: String,
    },
    /// The queue is full, and the deployment refuses instead of letting callers wait.
    #[error("The queue is full. Try again in a moment, or give the deployment more workers.")]
    QueueFull,
    /// The deadline passed before the answer.
    #[error("No answer within the request's time. Ask for more time, or send fewer requests at once.")]
    TooLate,
    /// The answer cannot be kept, so it is not given.
    #[error("The answer could not be kept, so it is not given: {why}")]
    NotKept {
        /// Why.
        why: String,
    },
    /// The model failed on this request.
    #[error("The model failed: {why}")]
    Failed {
        /// Why.
        why: String,
    },
}

/// Takes the answer; called exactly once, on any thread, and quick to return.
pub type Reply = Box<dyn FnOnce(Result<Answer, Refusal>) + Send>;

/// A request and its outcome, to be kept before the answer is given.
#[derive(Clone, Copy, Debug)]
pub struct CallRecord<'a> {
    /// Its place among all requests to this model, from 0: the order of arrival, in which versions took over.
    pub sequence: u64,
    /// The request.
    pub call: &'a Call,
    /// The version that answered or failed.
    pub version: &'a str,
    /// All outputs of the model for this request, in the model's order; or why there is no answer.
    pub outcome: Result<&'a [NamedTensor], &'a str>,
    /// From arrival until now.
    pub latency: Duration,
}

/// Keeps requests with their answers.
pub trait Recorder: Send {
    /// Keeps records; when it returns, they survive the end of the process.
    ///
    /// # Errors
    /// When they could not be kept; then none of their answers is given.
    fn keep(&mut self, records: &[CallRecord<'_>]) -> Result<(), String>;
}
