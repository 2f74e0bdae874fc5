//! The open connections: how many, which of them rest, and their end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// How long a connection has rested at least before it makes room for another.
const RESTED: Duration = Duration::from_secs(1);

/// What one connection does.
#[derive(Debug)]
pub(super) struct Activity {
    answering: AtomicBool,
    /// Milliseconds from the beginning of the register to the last change.
    since_ms: AtomicU64,
    began: Instant,
}

impl Activity {
    /// A request has come.
    pub(super) fn answers(&self) {
        self.set(true);
    }

    /// Its answer is given.
    pub(super) fn rests(&self) {
        self.set(false);
    }

    fn set(&self, answering: bool) {
        self.since_ms.store(self.now_ms(), Ordering::Relaxed);
        self.answering.store(answering, Ordering::Relaxed);
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// What a connection does, and how it is ended from outside.
type Open = (Arc<Activity>, Option<AbortHandle>);

/// All connections of an endpoint.
#[derive(Debug)]
pub(super) struct Connections {
    began: Instant,
    next: AtomicU64,
    open: Mutex<BTreeMap<u64, Open>>,
    emptied: Notify,
}

impl Connections {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            next: AtomicU64::new(0),
            open: Mutex::new(BTreeMap::new()),
            emptied: Notify::new(),
        })
    }

    /// Takes a connection in; it is out again when the value is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> Entered {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let activity = Arc::new(Activity {
            answering: AtomicBool::new(false),
            since_ms: AtomicU64::new(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)),
            began: self.began,
        });
        self.open.lock().insert(id, (Arc::clone(&activity), None));
        Entered { id, activity, connections: Arc::clone(self) }
    }

    /// Tells how a connection is ended from outside.
    pub(super) fn ends_by(&self, id: u64, handle: AbortHandle) {
        if let Some((_activity, end)) = self.open.lock().get_mut(&id) {
            *end = Some(handle);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.open.lock().len()
    }

    /// Closes the connection that has rested longest; whether there was one.
    pub(super) fn make_room(&self) -> bool {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut open = self.open.lock();
        let rested = open
            .iter()
            .filter(|(_id, (activity, end))| end.is_some() && !activity.answering.load(Ordering::Relaxed))
            .map(|(id, (activity, _end))| (activity.since_ms.load(Ordering::Relaxed), *id))
            .min()
            .filter(|(since, _id)| u128::from(now.saturating_sub(*since)) >= RESTED.as_millis());
        let Some((_since, id)) = rested else { return false };
        if let Some((_activity, Some(end))) = open.remove(&id) {
            end.abort();
        }
        true
    }

    /// Returns when no connection is open any more.
    pub(super) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.open.lock().is_empty() {
                return;
            }
            emptied.await;
        }
    }

    /// Ends connections at once: all of them, or only those that answer nothing.
    pub(super) fn end(&self, resting_only: bool) {
        for (activity, end) in self.open.lock().values() {
            if let Some(end) = end
                && !(resting_only && activity.answering.load(Ordering::Relaxed))
            {
                end.abort();
            }
        }
    }
}

/// A connection that is open.
#[derive(Debug)]
pub(super) struct Entered {
    pub(super) id: u64,
    pub(super) activity: Arc<Activity>,
    connections: Arc<Connections>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock();
        open.remove(&self.id);
        if open.is_empty() {
            self.connections.emptied.notify_waiters();
        }
    }
}
