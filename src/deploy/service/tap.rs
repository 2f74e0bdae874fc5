//! A look at what was kept, for whoever measures it.

use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::deploy::serve::{CallRecord, Recorder};
use crate::model::tensor::NamedTensor;

/// A request that was answered and kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its place among all requests to the model.
    pub sequence: u64,
    /// Its id.
    pub id: Arc<str>,
    /// The version that answered.
    pub version: Arc<str>,
    /// Where it came from.
    pub feed: Arc<str>,
    /// Its inputs.
    pub inputs: Vec<NamedTensor>,
    /// All outputs.
    pub outputs: Vec<NamedTensor>,
    /// When it arrived, milliseconds since 1970-01-01 UTC.
    pub received_at_ms: i64,
    /// From arrival to answer, milliseconds.
    pub latency_ms: f64,
}

/// Where kept requests are sent. The channel is bounded: a reader that falls behind holds the answers up, because what
/// is measured must be all of it.
#[derive(Clone, Debug)]
pub struct Tap(pub Sender<Kept>);

struct Tapped {
    inner: Box<dyn Recorder>,
    tap: Sender<Kept>,
}

impl Tap {
    pub(super) fn over(self, inner: Box<dyn Recorder>) -> Box<dyn Recorder> {
        Box::new(Tapped { inner, tap: self.0 })
    }
}

impl Recorder for Tapped {
    fn keep(&mut self, records: &[CallRecord<'_>]) -> Result<(), String> {
        self.inner.keep(records)?;
        for record in records {
            let Ok(outputs) = record.outcome else { continue };
            let kept = Kept {
                sequence: record.sequence,
                id: Arc::clone(&record.call.id),
                version: Arc::from(record.version),
                feed: Arc::clone(&record.call.origin.feed),
                inputs: record.call.inputs.clone(),
                outputs: outputs.to_vec(),
                received_at_ms: record.call.received_at_ms,
                latency_ms: record.latency.as_secs_f64() * 1_000.0,
            };
            // A reader that is gone measures nothing more; the requests are kept all the same.
            self.tap.send(kept).ok();
        }
        Ok(())
    }
}
