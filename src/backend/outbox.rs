//! The way from the backend to its listener: the newest of everything, never a growing queue.
//!
//! States, job lists, monitors and speeds replace each other, so a listener that is busy or hidden finds the newest
//! one and memory stays bounded. Notices are kept in order, the oldest dropped past a bound.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::command::DeploymentId;
use super::event::{Event, JobView, Notice};
use super::serving::{ServingView, Tried};
use super::state::State;
use crate::deploy::DeploymentStats;
use crate::monitor::MonitorSnapshot;

const NOTICES_KEPT: usize = 200;

#[derive(Default)]
struct Waiting {
    state: Option<Arc<State>>,
    jobs: Option<Vec<JobView>>,
    monitors: BTreeMap<DeploymentId, Arc<MonitorSnapshot>>,
    stats: BTreeMap<DeploymentId, Arc<DeploymentStats>>,
    serving: BTreeMap<DeploymentId, Arc<ServingView>>,
    tried: BTreeMap<DeploymentId, Arc<Tried>>,
    notices: VecDeque<Notice>,
    closed: bool,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.state.is_none()
            && self.jobs.is_none()
            && self.monitors.is_empty()
            && self.stats.is_empty()
            && self.serving.is_empty()
            && self.tried.is_empty()
            && self.notices.is_empty()
            && !self.closed
    }
}

/// Where events wait for their listener.
pub struct Outbox {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    wake: Mutex<Arc<dyn Fn() + Send + Sync>>,
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox").finish_non_exhaustive()
    }
}

impl Default for Outbox {
    fn default() -> Self {
        Self { waiting: Mutex::default(), arrived: Condvar::new(), wake: Mutex::new(Arc::new(|| {})) }
    }
}

impl Outbox {
    /// Sets what is called after each event, for example a repaint of the window.
    pub fn on_arrival(&self, wake: Arc<dyn Fn() + Send + Sync>) {
        *self.wake.lock() = wake;
    }

    /// Leaves an event for the listener.
    pub fn post(&self, event: Event) {
        {
            let mut waiting = self.waiting.lock();
            match event {
                Event::State(state) => waiting.state = Some(state),
                Event::Jobs(jobs) => waiting.jobs = Some(jobs),
                Event::Monitor(id, monitor) => {
                    waiting.monitors.insert(id, monitor);
                }
                Event::Stats(id, stats) => {
                    waiting.stats.insert(id, stats);
                }
                Event::Serving(id, view) => {
                    waiting.serving.insert(id, view);
                }
                Event::Tried(id, tried) => {
                    waiting.tried.insert(id, tried);
                }
                Event::Notice(notice) => {
                    if waiting.notices.len() >= NOTICES_KEPT {
                        waiting.notices.pop_front();
                    }
                    waiting.notices.push_back(notice);
                }
                Event::Closed => waiting.closed = true,
            }
        }
        self.arrived.notify_all();
        let wake = Arc::clone(&self.wake.lock());
        wake();
    }

    /// Takes all that waits; `Closed` comes last.
    pub fn take(&self) -> Vec<Event> {
        let waiting = std::mem::take(&mut *self.waiting.lock());
        let mut events = Vec::new();
        events.extend(waiting.state.map(Event::State));
        events.extend(waiting.jobs.map(Event::Jobs));
        events.extend(waiting.monitors.into_iter().map(|(id, m)| Event::Monitor(id, m)));
        events.extend(waiting.stats.into_iter().map(|(id, s)| Event::Stats(id, s)));
        events.extend(waiting.serving.into_iter().map(|(id, view)| Event::Serving(id, view)));
        events.extend(waiting.tried.into_iter().map(|(id, tried)| Event::Tried(id, tried)));
        events.extend(waiting.notices.into_iter().map(Event::Notice));
        if waiting.closed {
            events.push(Event::Closed);
        }
        events
    }

    /// Waits for events at most `limit`, then takes what is there.
    pub fn wait(&self, limit: Duration) -> Vec<Event> {
        let until = Instant::now() + limit;
        let mut waiting = self.waiting.lock();
        while waiting.is_empty() {
            if self.arrived.wait_until(&mut waiting, until).timed_out() {
                break;
            }
        }
        drop(waiting);
        self.take()
    }
}
