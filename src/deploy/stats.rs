//! How a deployment is doing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Numbers are told at most this often.
pub(super) const TOLD_EVERY: Duration = Duration::from_millis(100);
/// A point of history each.
const POINT_EVERY: Duration = Duration::from_millis(500);
/// Points kept: two minutes.
const POINTS: usize = 240;

/// What a deployment is at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DeploymentState {
    /// Workers load the model.
    #[default]
    Starting,
    /// Requests are answered.
    Running,
    /// The feed holds.
    Paused,
    /// The feed has ended; what is queued is answered.
    Draining,
    /// The feed came to its end and everything was answered.
    Finished,
    /// Ended by a person.
    Stopped,
    /// Ended by a failure.
    Failed {
        /// Why.
        why: String,
    },
}

/// Queue, speed and latency at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HistoryPoint {
    /// Seconds since the start.
    pub t: f64,
    /// Requests waiting.
    pub queue_depth: usize,
    /// Rows answered a second since the point before.
    pub rows_per_second: f64,
    /// 95th percentile of latency since the point before, milliseconds; 0 when nothing was answered.
    pub p95_ms: f64,
}

/// The numbers of a deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeploymentStats {
    /// What it is at.
    pub state: DeploymentState,
    /// Requests waiting.
    pub queue_depth: usize,
    /// Requests that may wait.
    pub queue_bound: usize,
    /// Rows put into the queue.
    pub rows_fed: u64,
    /// Rows answered and kept, skipped ones included.
    pub rows_answered: u64,
    /// Rows of the whole feed; `None` when it repeats.
    pub rows_total: Option<u64>,
    /// Rows that could not be answered.
    pub rows_skipped: u64,
    /// Requests answered.
    pub batches: u64,
    /// Times a feed with a rate found the queue full.
    pub waits_for_queue: u64,
    /// Workers started again after a panic.
    pub worker_restarts: u64,
    /// Rows answered a second, over the last second or so.
    pub rows_per_second: f64,
    /// Median latency since the start, milliseconds.
    pub latency_p50_ms: f64,
    /// 95th percentile of it.
    pub latency_p95_ms: f64,
    /// 99th percentile of it.
    pub latency_p99_ms: f64,
    /// The slowest answer.
    pub latency_max_ms: f64,
    /// When it was started, milliseconds since 1970.
    pub started_at_ms: i64,
    /// The last two minutes.
    pub history: Vec<HistoryPoint>,
}

/// Gathers the numbers; behind a lock that is held for moments only.
pub(super) struct Gauge {
    now: DeploymentStats,
    began: Instant,
    all: Option<Histogram<u64>>,
    recent: Option<Histogram<u64>>,
    history: VecDeque<HistoryPoint>,
    point_at: Instant,
    point_rows: u64,
    told_at: Option<Instant>,
    untold: bool,
}

fn histogram() -> Option<Histogram<u64>> {
    // Microseconds up to an hour, two digits.
    Histogram::new_with_bounds(1, 3_600_000_000, 2).ok()
}

impl Gauge {
    pub(super) fn new(queue_bound: usize, rows_total: Option<u64>) -> Self {
        let began = Instant::now();
        let now = DeploymentStats {
            queue_bound,
            rows_total,
            started_at_ms: chrono::Utc::now().timestamp_millis(),
            ..DeploymentStats::default()
        };
        Self {
            now,
            began,
            all: histogram(),
            recent: histogram(),
            history: VecDeque::new(),
            point_at: began,
            point_rows: 0,
            told_at: None,
            untold: false,
        }
    }

    pub(super) fn state(&self) -> &DeploymentState {
        &self.now.state
    }

    /// Changes the state, unless it is over already; `true` when it changed.
    pub(super) fn set_state(&mut self, state: DeploymentState) -> bool {
        use DeploymentState::{Failed, Finished, Stopped};
        let over = matches!(self.now.state, Finished | Stopped | Failed { .. });
        let changes = !over && self.now.state != state;
        if changes {
            if self.now.state == DeploymentState::Paused {
                // The time of a pause is no time of work.
                self.restart_point();
            }
            self.now.state = state;
            // A change is told at once.
            self.told_at = None;
            self.untold = true;
        }
        changes
    }

    pub(super) fn fed(&mut self, rows: usize) {
        self.now.rows_fed += rows as u64;
        self.untold = true;
    }

    pub(super) fn waited(&mut self) {
        self.now.waits_for_queue += 1;
    }

    pub(super) fn restarted(&mut self) {
        self.now.worker_restarts += 1;
        self.untold = true;
    }

    pub(super) fn answered(&mut self, rows: usize, skipped: usize, latency_ms: f64) {
        self.untold = true;
        self.now.rows_answered += rows as u64;
        self.now.rows_skipped += skipped as u64;
        self.now.batches += 1;
        self.now.latency_max_ms = self.now.latency_max_ms.max(latency_ms);
        let micros = (latency_ms * 1000.0).max(1.0) as u64;
        for histogram in [&mut self.all, &mut self.recent].into_iter().flatten() {
            histogram.saturating_record(micros);
        }
        let passed = self.point_at.elapsed();
        if passed >= POINT_EVERY {
            self.point(passed);
        }
    }

    fn point(&mut self, passed: Duration) {
        let rows_per_second = (self.now.rows_answered - self.point_rows) as f64 / passed.as_secs_f64().max(1e-9);
        let p95_ms = quantile(self.recent.as_ref(), 0.95);
        if self.history.len() >= POINTS {
            self.history.pop_front();
        }
        let t = self.began.elapsed().as_secs_f64();
        self.history.push_back(HistoryPoint { t, queue_depth: self.now.queue_depth, rows_per_second, p95_ms });
        self.now.rows_per_second = rows_per_second;
        self.restart_point();
    }

    fn restart_point(&mut self) {
        self.point_at = Instant::now();
        self.point_rows = self.now.rows_answered;
        if let Some(recent) = &mut self.recent {
            recent.reset();
        }
    }

    /// A picture of the numbers.
    pub(super) fn snapshot(&self) -> DeploymentStats {
        let mut now = self.now.clone();
        // A quick answer may be counted before its request is.
        now.rows_fed = now.rows_fed.max(now.rows_answered);
        if now.rows_per_second == 0.0 && now.rows_answered > 0 {
            now.rows_per_second = now.rows_answered as f64 / self.began.elapsed().as_secs_f64().max(1e-9);
        }
        if !matches!(now.state, DeploymentState::Running | DeploymentState::Draining) {
            now.rows_per_second = 0.0;
        }
        now.latency_p50_ms = quantile(self.all.as_ref(), 0.5);
        now.latency_p95_ms = quantile(self.all.as_ref(), 0.95);
        now.latency_p99_ms = quantile(self.all.as_ref(), 0.99);
        now.history = self.history.iter().copied().collect();
        now
    }

    /// Whether something changed since the numbers were told.
    pub(super) fn is_untold(&self) -> bool {
        self.untold
    }

    /// The numbers, when they changed and are due to be told.
    pub(super) fn due(&mut self, queue_depth: usize) -> Option<Arc<DeploymentStats>> {
        self.now.queue_depth = queue_depth;
        if !self.untold || self.told_at.is_some_and(|at| at.elapsed() < TOLD_EVERY) {
            return None;
        }
        self.told_at = Some(Instant::now());
        self.untold = false;
        Some(Arc::new(self.snapshot()))
    }
}

fn quantile(histogram: Option<&Histogram<u64>>, q: f64) -> f64 {
    histogram.filter(|h| !h.is_empty()).map_or(0.0, |h| h.value_at_quantile(q) as f64 / 1000.0)
}
