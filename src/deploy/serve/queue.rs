//! The bounded queue of a version, and how workers take batches from it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use super::job::Job;
use super::settings::ServeSettings;

/// Why a request was not taken into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// It is full; and whether this is news.
    Full { news: bool },
    /// The version takes nothing more.
    Closed,
}

/// Requests in the order of their arrival, and copies for a shadow, which come after them.
pub(super) struct Queue {
    inner: Mutex<Inner>,
    /// Wakes a worker that has nothing.
    arrived: Condvar,
    /// Wakes a worker that waits for more to run at once.
    more: Condvar,
    /// Wakes those who wait until everything was answered, or every worker has ended.
    drained: Condvar,
    /// Requests that ever came, for the worker that looks.
    arrivals: AtomicU64,
    /// Whether a worker looks.
    looking: AtomicBool,
}

struct Inner {
    calls: VecDeque<Job>,
    copies: VecDeque<Job>,
    /// Rows of `calls`.
    rows: usize,
    settings: ServeSettings,
    closed: bool,
    paused: bool,
    idle: usize,
    gathering: usize,
    /// Rows for which a gathering worker wants to be woken.
    wanted: usize,
    under_way: usize,
    /// Workers that have not ended.
    alive: BTreeSet<usize>,
    said_full: bool,
}

/// Depths at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Depth {
    pub calls: usize,
    pub copies: usize,
    pub under_way: usize,
    pub bound: usize,
    pub workers: usize,
    pub paused: bool,
}

impl Queue {
    /// A queue that takes nothing until it is opened.
    pub(super) fn new(settings: ServeSettings) -> Self {
        Self {
            inner: Mutex::new(Inner {
                calls: VecDeque::new(),
                copies: VecDeque::new(),
                rows: 0,
                settings,
                closed: true,
                paused: false,
                idle: 0,
                gathering: 0,
                wanted: usize::MAX,
                under_way: 0,
                alive: BTreeSet::new(),
                said_full: false,
            }),
            arrived: Condvar::new(),
            more: Condvar::new(),
            drained: Condvar::new(),
            arrivals: AtomicU64::new(0),
            looking: AtomicBool::new(false),
        }
    }

    pub(super) fn open(&self) {
        let mut inner = self.inner.lock();
        inner.closed = false;
        inner.paused = false;
    }

    /// Takes nothing more; workers end when they answered what is there.
    pub(super) fn close(&self) {
        self.inner.lock().closed = true;
        self.arrived.notify_all();
        self.more.notify_all();
    }

    pub(super) fn pause(&self, paused: bool) {
        self.inner.lock().paused = paused;
        self.arrived.notify_all();
        self.more.notify_all();
    }

    /// Limits and batches from now on; workers past the wanted number end.
    pub(super) fn configure(&self, settings: &ServeSettings) {
        self.inner.lock().settings.clone_from(settings);
        self.arrived.notify_all();
        self.more.notify_all();
    }

    /// The workers that are missing; they count as alive from now on, until they end.
    pub(super) fn enter(&self) -> Vec<usize> {
        let mut inner = self.inner.lock();
        let workers = inner.settings.workers;
        (0..workers).filter(|worker| inner.alive.insert(*worker)).collect()
    }

    /// A worker ends; gives how many are left.
    pub(super) fn leave(&self, worker: usize) -> usize {
        let mut inner = self.inner.lock();
        inner.leave(worker);
        let left = inner.alive.len();
        drop(inner);
        self.drained.notify_all();
        left
    }

    /// Waits until every worker has ended; `false` when the time passed before.
    pub(super) fn wait_ended(&self, until: Instant) -> bool {
        let mut inner = self.inner.lock();
        while !inner.alive.is_empty() {
            if self.drained.wait_until(&mut inner, until).timed_out() {
                return inner.alive.is_empty();
            }
        }
        true
    }

    pub(super) fn depth(&self) -> Depth {
        let inner = self.inner.lock();
        Depth {
            calls: inner.calls.len(),
            copies: inner.copies.len(),
            under_way: inner.under_way,
            bound: inner.settings.bound(),
            workers: inner.settings.workers,
            paused: inner.paused,
        }
    }

    /// Appends a request.
    pub(super) fn push(&self, job: Job) -> Result<(), (Job, Turned)> {
        let mut inner = self.inner.lock();
        if inner.closed {
            return Err((job, Turned::Closed));
        }
        if inner.calls.len() >= inner.settings.bound() {
            let news = !std::mem::replace(&mut inner.said_full, true);
            return Err((job, Turned::Full { news }));
        }
        inner.rows += job.rows;
        inner.calls.push_back(job);
        let (gathers, waits) = (inner.gathering > 0, inner.idle > 0);
        let enough = inner.rows >= inner.wanted;
        self.arrivals.fetch_add(1, Ordering::Release);
        drop(inner);
        if gathers {
            if enough {
                self.more.notify_one();
            }
        } else if waits {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Appends a copy; `false` when it was dropped.
    pub(super) fn push_copy(&self, job: Job) -> bool {
        let mut inner = self.inner.lock();
        if inner.closed || inner.copies.len() >= inner.settings.shadow_calls {
            return false;
        }
        inner.copies.push_back(job);
        let waits = inner.idle > 0;
        drop(inner);
        if waits {
            self.arrived.notify_one();
        }
        true
    }

    /// Waits for requests and appends those that are to be run at once; `false` when the worker shall end. `finished` is
    /// how many the worker took before and has answered.
    pub(super) fn take(&self, worker: usize, finished: usize, joint: bool, jobs: &mut Vec<Job>) -> bool {
        let mut inner = self.inner.lock();
        self.finish(&mut inner, finished);
        let mut looks = finished > 0 && inner.settings.look_us > 0;
        let copies = loop {
            if worker >= inner.settings.workers {
                inner.leave(worker);
                self.drained.notify_all();
                return false;
            }
            if !inner.paused || inner.closed {
                if let Some(first) = inner.calls.pop_front() {
                    inner.rows -= first.rows;
                    jobs.push(first);
                    break false;
                }
                if let Some(first) = inner.copies.pop_front() {
                    jobs.push(first);
                    break true;
                }
            }
            if inner.closed {
                inner.leave(worker);
                self.drained.notify_all();
                return false;
            }
            if std::mem::take(&mut looks) && !inner.paused && inner.idle == 0 {
                let arrivals = self.arrivals.load(Ordering::Acquire);
                let end = Instant::now() + inner.settings.look();
                parking_lot::MutexGuard::unlocked(&mut inner, || self.look(arrivals, end));
                continue;
            }
            inner.idle += 1;
            self.arrived.wait(&mut inner);
            inner.idle -= 1;
        };
        let Some((mut rows, until)) =
            jobs.first().map(|first| (first.rows, first.call.received + inner.settings.max_wait()))
        else {
            return true;
        };
        let limit = if joint { inner.settings.max_batch } else { 0 };
        let waits = !copies && inner.settings.max_wait_us > 0;
        while inner.gather(copies, limit, &mut rows, jobs) && waits && !inner.closed && Instant::now() < until {
            inner.gathering += 1;
            inner.wanted = inner.wanted.min(limit - rows);
            self.more.wait_until(&mut inner, until);
            inner.gathering -= 1;
            inner.wanted = usize::MAX;
        }
        inner.under_way += jobs.len();
        if inner.calls.len() * 2 <= inner.settings.queue_calls {
            inner.said_full = false;
        }
        let wake = inner.idle > 0 && !inner.calls.is_empty();
        drop(inner);
        if wake {
            self.arrived.notify_one();
        }
        true
    }

    /// Looks for a request that comes after so many. One worker does it, so that it costs one core at most.
    fn look(&self, arrivals: u64, end: Instant) {
        if self.looking.swap(true, Ordering::AcqRel) {
            return;
        }
        while self.arrivals.load(Ordering::Acquire) == arrivals && Instant::now() < end {
            std::hint::spin_loop();
        }
        self.looking.store(false, Ordering::Release);
    }

    fn finish(&self, inner: &mut Inner, finished: usize) {
        inner.under_way -= finished.min(inner.under_way);
        if inner.under_way == 0 && inner.calls.is_empty() {
            self.drained.notify_all();
        }
    }

    /// Says that a worker that ends has answered what it took.
    pub(super) fn finished(&self, finished: usize) {
        let mut inner = self.inner.lock();
        self.finish(&mut inner, finished);
    }

    /// Takes everything out, copies dropped.
    pub(super) fn clear(&self) -> Vec<Job> {
        let mut inner = self.inner.lock();
        inner.copies.clear();
        inner.rows = 0;
        let jobs = inner.calls.drain(..).collect();
        self.finish(&mut inner, 0);
        jobs
    }

    /// Waits until every request was answered; `false` when the time passed before.
    pub(super) fn wait_drained(&self, until: Instant) -> bool {
        let mut inner = self.inner.lock();
        while inner.under_way > 0 || !inner.calls.is_empty() {
            if self.drained.wait_until(&mut inner, until).timed_out() {
                return inner.under_way == 0 && inner.calls.is_empty();
            }
        }
        true
    }
}

impl Inner {
    fn leave(&mut self, worker: usize) {
        self.alive.remove(&worker);
    }

    /// Appends what goes with the first job; gives whether more could be added if it came.
    fn gather(&mut self, copies: bool, limit: usize, rows: &mut usize, jobs: &mut Vec<Job>) -> bool {
        let lane = if copies { &mut self.copies } else { &mut self.calls };
        while *rows < limit {
            let Some(next) = lane.front() else { return true };
            let fits = *rows + next.rows <= limit && jobs.first().is_some_and(|first| first.goes_with(next));
            if !fits {
                return false;
            }
            let Some(next) = lane.pop_front() else { return true };
            *rows += next.rows;
            if !copies {
                self.rows -= next.rows;
            }
            jobs.push(next);
        }
        false
    }
}
