//! A request that was admitted, on its way to a worker and back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::call::{Answer, Call, Refusal, Reply};
use super::version::Version;
use crate::model::tensor::NamedTensor;

/// A reply that is given exactly once: by [`Self::give`], or when it is dropped because a thread broke off.
pub(super) struct ReplyOnce(Option<Reply>);

impl ReplyOnce {
    pub(super) fn new(reply: Reply) -> Self {
        Self(Some(reply))
    }

    pub(super) fn give(mut self, answer: Result<Answer, Refusal>) {
        if let Some(reply) = self.0.take() {
            call_back(reply, answer);
        }
    }
}

impl Drop for ReplyOnce {
    fn drop(&mut self) {
        if let Some(reply) = self.0.take() {
            let why = "the worker broke off before the answer. Send the request again.".to_owned();
            call_back(reply, Err(Refusal::Failed { why }));
        }
    }
}

/// A caller's code must not take a worker down with it.
fn call_back(reply: Reply, answer: Result<Answer, Refusal>) {
    if catch_unwind(AssertUnwindSafe(move || reply(answer))).is_err() {
        tracing::warn!("a caller panicked while it took its answer");
    }
}

/// What the version that answered a caller said, for the comparison with shadows.
#[derive(Debug)]
pub(super) struct Answered {
    pub version: Arc<str>,
    pub outputs: Vec<NamedTensor>,
    pub latency: Duration,
}

/// What a job is for.
pub(super) enum Purpose {
    /// A caller waits.
    Answer { reply: ReplyOnce, shadows: Option<Arc<[Arc<Version>]>> },
    /// A copy for a shadow.
    Copy { champion: Arc<Answered> },
}

/// An admitted request.
pub(super) struct Job {
    pub sequence: u64,
    pub call: Arc<Call>,
    pub rows: usize,
    pub queued_at: Instant,
    pub purpose: Purpose,
}

impl Job {
    /// Whether two requests can be run at once: their rows have the same shape. Types were checked before.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        self.call
            .inputs
            .iter()
            .zip(&other.call.inputs)
            .all(|(a, b)| a.tensor.shape().get(1..) == b.tensor.shape().get(1..))
    }
}
