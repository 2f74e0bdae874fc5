//! The recorder's thread: puts answers back into the feed's order and hands them to the sink.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::running::Shared;
use super::sink::{AnsweredBatch, DeployEvent, Sink};
use super::stats::DeploymentState;

pub(super) struct Recorder {
    pub(super) shared: Arc<Shared>,
    pub(super) answers: Receiver<AnsweredBatch>,
    pub(super) events: Receiver<DeployEvent>,
    pub(super) sink: Box<dyn Sink>,
}

impl Recorder {
    pub(super) fn run(mut self) {
        let mut waiting: BTreeMap<u64, AnsweredBatch> = BTreeMap::new();
        let mut next = 0;
        loop {
            crossbeam_channel::select! {
                recv(self.events) -> event => if let Ok(event) = event {
                    self.sink.event(event);
                },
                recv(self.answers) -> batch => {
                    // All workers have ended: nothing more can come.
                    let Ok(batch) = batch else { break };
                    waiting.insert(batch.sequence, batch);
                    while let Some(batch) = waiting.remove(&next) {
                        if !self.keep(&batch) {
                            break;
                        }
                        next += 1;
                    }
                },
            }
        }
        // A worker that could not go on leaves a gap; what was answered beyond it is still kept.
        for batch in waiting.into_values() {
            self.keep(&batch);
        }
        while let Ok(event) = self.events.try_recv() {
            self.sink.event(event);
        }
        self.end();
    }

    /// Keeps a batch, however often it takes; `false` when the deployment is stopped before it could be kept.
    fn keep(&mut self, batch: &AnsweredBatch) -> bool {
        loop {
            match self.sink.record(batch) {
                Ok(()) => break,
                Err(why) => {
                    self.sink.event(DeployEvent::SinkFailed { why });
                    self.shared.control.pause();
                    self.shared.set_state(DeploymentState::Paused);
                    if !self.shared.control.wait_for_resume() {
                        return false;
                    }
                    self.shared.set_state(DeploymentState::Running);
                }
            }
        }
        let depth = self.shared.queue_depth();
        let stats = {
            let mut gauge = self.shared.gauge.lock();
            gauge.answered(batch.rows.len(), batch.scores.skipped.len(), batch.latency_ms, depth);
            gauge.due()
        };
        if let Some(stats) = stats {
            (self.shared.on_stats)(stats);
        }
        true
    }

    fn end(&mut self) {
        let stopped = self.shared.control.stopping();
        self.shared.set_state(if stopped { DeploymentState::Stopped } else { DeploymentState::Finished });
        let over = self.shared.gauge.lock().state().clone();
        match over {
            DeploymentState::Finished => self.sink.event(DeployEvent::FeedEnded),
            DeploymentState::Failed { why } => self.sink.event(DeployEvent::Failed { why }),
            _ => {}
        }
        self.sink.finished();
    }
}
