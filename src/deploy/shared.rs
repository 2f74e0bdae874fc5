//! What all threads of a deployment share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crossbeam_channel::Sender;
use parking_lot::Mutex;

use super::control::Control;
use super::sink::DeployEvent;
use super::stats::{DeploymentState, DeploymentStats, Gauge};
use crate::data::Table;

pub(super) struct Shared {
    pub(super) table: Arc<Table>,
    pub(super) control: Control,
    pub(super) gauge: Mutex<Gauge>,
    pub(super) on_stats: Arc<dyn Fn(Arc<DeploymentStats>) + Send + Sync>,
    pub(super) telling: Mutex<()>,
    pub(super) events: Sender<DeployEvent>,
    pub(super) depth: Box<dyn Fn() -> usize + Send + Sync>,
    /// The place in the feed's order that the recorder waits for.
    pub(super) next_kept: AtomicU64,
    /// Requests that may be on their way between feed and recorder.
    pub(super) window: u64,
    /// Workers that have an engine.
    pub(super) working: AtomicUsize,
}

impl Shared {
    pub(super) fn say(&self, event: DeployEvent) {
        // Events repeat themselves in the numbers; a flood of them must not hold up the work.
        self.events.try_send(event).ok();
    }

    pub(super) fn queue_depth(&self) -> usize {
        (self.depth)()
    }

    pub(super) fn has_room(&self, sequence: u64) -> bool {
        sequence < self.next_kept.load(Ordering::Relaxed).saturating_add(self.window)
    }

    /// Tells the numbers when they are due; one thread at a time, so that old numbers never follow new ones.
    pub(super) fn tell(&self) {
        let _turn = self.telling.lock();
        let depth = self.queue_depth();
        let stats = self.gauge.lock().due(depth);
        if let Some(stats) = stats {
            (self.on_stats)(stats);
        }
    }

    pub(super) fn set_state(&self, state: DeploymentState) {
        let changed = self.gauge.lock().set_state(state);
        if changed {
            self.tell();
        }
    }

    /// Brings the state in line with the hand.
    pub(super) fn show_hand(&self) {
        let changed = self.control.show(|state| self.gauge.lock().set_state(state));
        if changed {
            self.tell();
        }
    }

    /// Ends everything for a reason.
    pub(super) fn fail(&self, why: String) {
        self.set_state(DeploymentState::Failed { why });
        self.control.stop();
    }
}
