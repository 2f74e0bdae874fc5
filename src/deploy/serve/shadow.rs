//! What a shadow answered beside what the caller got.

use std::time::Duration;

use super::call::Call;
use super::front::Label;
use crate::model::tensor::NamedTensor;

/// The same request, answered by two versions.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The request.
    pub call: &'a Call,
    /// Its rows.
    pub rows: usize,
    /// The version whose answer the caller got.
    pub champion: &'a str,
    /// What the caller got, all outputs.
    pub given: &'a [NamedTensor],
    /// From the arrival to that answer.
    pub champion_latency: Duration,
    /// The shadow.
    pub challenger: &'a str,
    /// All its outputs, or why it has no answer.
    pub other: Result<&'a [NamedTensor], &'a str>,
    /// From the arrival of the copy at the shadow to its answer.
    pub challenger_latency: Duration,
}

/// Takes what shadows answered; never seen by a caller.
pub trait ShadowSink: Send + Sync {
    /// A request was answered by a shadow, or it failed on it. Called on the shadow's worker.
    fn compared(&self, pair: &Pair<'_>);

    /// Labels came.
    fn labelled(&self, _labels: &[Label]) {}
}
