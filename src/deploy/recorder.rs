//! The recorder's thread: puts answers back into the feed's order and hands them to the sink.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_channel::Receiver;

use super::shared::Shared;
use super::sink::{AnsweredBatch, DeployEvent, Sink};
use super::stats::{DeploymentState, TOLD_EVERY};
use super::worker::panic_text;
use crate::stats::grouped;

pub(super) struct Recorder {
    pub(super) shared: Arc<Shared>,
    pub(super) answers: Receiver<AnsweredBatch>,
    pub(super) events: Receiver<DeployEvent>,
    pub(super) sink: Box<dyn Sink>,
    pub(super) unkept: Option<Unkept>,
}

/// Answers that a stopped deployment could not hand over any more.
pub(super) struct Unkept {
    rows: usize,
    why: String,
}

impl Recorder {
    pub(super) fn run(mut self) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.work())) {
            self.shared.fail(format!("What keeps the answers panicked: {}", panic_text(&*panic)));
        }
        let Self { shared, answers, events, mut sink, unkept } = self;
        // A worker that still has an answer to give must not wait for a reader.
        drop(answers);
        if let Some(Unkept { rows, why }) = unkept {
            let why = format!("{} of answers could not be kept. {why}", grouped::rows(rows as u64));
            shared.set_state(DeploymentState::Failed { why });
        }
        let stopped = shared.control.stopping();
        shared.set_state(if stopped { DeploymentState::Stopped } else { DeploymentState::Finished });
        let last = match shared.gauge.lock().state().clone() {
            DeploymentState::Finished => Some(DeployEvent::FeedEnded),
            DeploymentState::Failed { why } => Some(DeployEvent::Failed { why }),
            _ => None,
        };
        let said = catch_unwind(AssertUnwindSafe(|| events.try_iter().chain(last).for_each(|event| sink.event(event))));
        let told = catch_unwind(AssertUnwindSafe(|| sink.finished()));
        for panic in [said.err(), told.err()].into_iter().flatten() {
            tracing::error!(why = panic_text(&*panic), "a sink panicked at its end");
        }
    }

    fn work(&mut self) {
        let mut waiting: BTreeMap<u64, AnsweredBatch> = BTreeMap::new();
        let mut next = 0;
        loop {
            // The last numbers before a lull are told too, and nothing during it.
            let untold = self.shared.gauge.lock().is_untold();
            let lull = if untold { crossbeam_channel::after(TOLD_EVERY) } else { crossbeam_channel::never() };
            crossbeam_channel::select! {
                recv(self.events) -> event => if let Ok(event) = event {
                    self.sink.event(event);
                },
                recv(lull) -> _ => self.shared.tell(),
                recv(self.answers) -> batch => {
                    // All workers have ended: nothing more can come.
                    let Ok(batch) = batch else { break };
                    waiting.insert(batch.sequence, batch);
                    while let Some(batch) = waiting.remove(&next) {
                        self.keep(&batch);
                        next += 1;
                        self.shared.next_kept.store(next, Ordering::Relaxed);
                    }
                },
            }
        }
        // Requests that were left unanswered leave gaps; what was answered beyond them is still kept.
        for batch in waiting.into_values() {
            self.keep(&batch);
        }
    }

    /// Keeps a batch, however often it takes; only a stop ends the tries.
    fn keep(&mut self, batch: &AnsweredBatch) {
        if let Some(unkept) = &mut self.unkept {
            unkept.rows += batch.rows.len();
            return;
        }
        while let Err(why) = self.sink.record(batch) {
            if self.shared.control.stopping() {
                self.unkept = Some(Unkept { rows: batch.rows.len(), why });
                return;
            }
            self.sink.event(DeployEvent::SinkFailed { why });
            self.shared.control.hold();
            self.shared.show_hand();
            self.shared.control.wait_for_resume();
        }
        self.shared.gauge.lock().answered(batch.rows.len(), batch.scores.skipped.len(), batch.latency_ms);
        self.shared.tell();
    }
}
