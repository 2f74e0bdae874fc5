//! The thread that looks at a service's numbers and tells the window when they changed.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use parking_lot::Mutex;

use super::view::{CaptureView, ServedVersionView, ServingView};
use crate::backend::command::DeploymentId;
use crate::backend::event::Event;
use crate::backend::outbox::Outbox;
use crate::deploy::serve::{Front as _, HubFigures, ModelFigures, ShadowComparer, VersionFigures};
use crate::deploy::service::Service;
use crate::deploy::{DeploymentState, DeploymentStats, HistoryPoint};

const EVERY: Duration = Duration::from_millis(250);
const POINT_EVERY: Duration = Duration::from_millis(500);
/// Points kept: two minutes.
const POINTS: usize = 240;
/// What rates are measured over.
const RATE_OVER: Duration = Duration::from_secs(10);
/// How often the files of the capture are counted.
const FILES_EVERY: Duration = Duration::from_secs(2);

pub(super) struct Watching {
    pub(super) id: DeploymentId,
    pub(super) name: String,
    pub(super) token: bool,
    pub(super) service: std::sync::Weak<Service>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) versions: Arc<Mutex<Vec<ServedVersionView>>>,
    pub(super) comparer: Arc<ShadowComparer>,
    pub(super) started_at_ms: i64,
    /// Disconnects when the deployment ends.
    pub(super) over: Receiver<()>,
}

/// What is remembered from one look to the next.
struct Memory {
    began: Instant,
    history: VecDeque<HistoryPoint>,
    point_at: Option<Instant>,
    /// Requests answered by then.
    answered: VecDeque<(Instant, u64)>,
    files: Option<(Instant, usize, u64)>,
}

impl Watching {
    pub(super) fn run(self) {
        let began = Instant::now();
        let (history, answered) = (VecDeque::new(), VecDeque::new());
        let mut memory = Memory { began, history, point_at: None, answered, files: None };
        let mut told: Option<ServingView> = None;
        loop {
            let Some(service) = self.service.upgrade() else { break };
            let look = self.look(&service, &mut memory);
            // Whoever ends the service must not have to wait for this thread's handle on it.
            drop(service);
            if let Some((view, stats)) = look
                // An endpoint that nobody calls must not wake the window.
                && (told.as_ref() != Some(&view) || stats.rows_per_second > 0.0)
            {
                self.outbox.post(Event::Stats(self.id.clone(), Arc::new(stats)));
                self.outbox.post(Event::Serving(self.id.clone(), Arc::new(view.clone())));
                told = Some(view);
            }
            if self.over.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
    }

    fn look(&self, service: &Service, memory: &mut Memory) -> Option<(ServingView, DeploymentStats)> {
        let HubFigures { models } = service.hub().figures();
        let figures = models.into_iter().find(|model| model.model == self.name)?;
        let now = Instant::now();
        let stats = stats(&figures, self.started_at_ms);
        if memory.point_at.is_none_or(|at| now.saturating_duration_since(at) >= POINT_EVERY) {
            memory.point_at = Some(now);
            if memory.history.len() >= POINTS {
                memory.history.pop_front();
            }
            memory.history.push_back(HistoryPoint {
                t: memory.began.elapsed().as_secs_f64(),
                queue_depth: stats.queue_depth,
                rows_per_second: stats.rows_per_second,
                p95_ms: figures.versions.iter().filter_map(|v| v.recent).map(|l| l.p95_ms).fold(0.0, f64::max),
            });
        }
        let requests = figures.versions.iter().map(|version| version.requests).sum();
        let requests_per_second = memory.rate(now, requests);
        let capture = memory.capture(now, service, &self.name);
        let view = ServingView {
            name: self.name.clone(),
            address: service.endpoint_address().map(|address| address.to_string()).unwrap_or_default(),
            token: self.token,
            endpoint: service.endpoint_stats().unwrap_or_default(),
            requests_per_second,
            not_kept: figures.not_kept.clone(),
            figures,
            versions: self.versions.lock().clone(),
            infos: service.hub().model(&self.name).map(|model| model.versions).unwrap_or_default(),
            history: service.hub().rollout(&self.name).map_or(0, |(_, before)| before.len()),
            comparisons: self.comparer.comparisons(),
            capture,
        };
        Some((view, DeploymentStats { history: memory.history.iter().copied().collect(), ..stats }))
    }
}

impl Memory {
    /// Requests a second.
    fn rate(&mut self, now: Instant, requests: u64) -> f64 {
        self.answered.push_back((now, requests));
        while self.answered.len() > 2
            && self.answered.get(1).is_some_and(|(at, _)| now.saturating_duration_since(*at) >= RATE_OVER)
        {
            self.answered.pop_front();
        }
        let Some((since, before)) = self.answered.front() else { return 0.0 };
        // A version that was removed takes its count along.
        let seconds = now.saturating_duration_since(*since).as_secs_f64().max(1.0);
        requests.saturating_sub(*before) as f64 / seconds
    }

    fn capture(&mut self, now: Instant, service: &Service, name: &str) -> CaptureView {
        let Some(capture) = service.capture(name) else { return CaptureView::default() };
        let due = |at: Instant| now.saturating_duration_since(at) >= FILES_EVERY;
        if self.files.is_none_or(|(at, ..)| due(at)) {
            let (segments, bytes) = files(capture.folder());
            self.files = Some((now, segments, bytes));
        }
        let (_, segments, bytes) = self.files.unwrap_or((now, 0, 0));
        let mut stats = capture.stats();
        // It moves without anything of this capture moving; the window says it only when it is short, then as a problem.
        stats.free_bytes = None;
        CaptureView { folder: capture.folder().to_owned(), stats, segments, bytes }
    }
}

/// Parquet files in a folder, and the bytes of all files.
fn files(folder: &Path) -> (usize, u64) {
    let Ok(entries) = std::fs::read_dir(folder) else { return (0, 0) };
    entries.flatten().fold((0, 0), |(segments, bytes), entry| {
        let is_segment = entry.path().extension().is_some_and(|ending| ending == "parquet");
        (segments + usize::from(is_segment), bytes + entry.metadata().map_or(0, |found| found.len()))
    })
}

/// The numbers of all versions as those of a deployment; latencies are those of the busiest version.
fn stats(figures: &ModelFigures, started_at_ms: i64) -> DeploymentStats {
    let busiest = figures.versions.iter().filter(|v| v.latency.is_some()).max_by_key(|v| v.requests);
    let latency = busiest.and_then(|version| version.latency);
    let sum = |of: fn(&VersionFigures) -> u64| figures.versions.iter().map(of).sum::<u64>();
    let rows = sum(|v| v.rows);
    let paused = figures.versions.iter().any(|v| v.state == "paused");
    DeploymentStats {
        state: if paused { DeploymentState::Paused } else { DeploymentState::Running },
        queue_depth: figures.versions.iter().map(|v| v.queue_depth).sum(),
        queue_bound: figures.versions.iter().map(|v| v.queue_bound).sum(),
        rows_fed: rows,
        rows_answered: rows,
        rows_total: None,
        rows_skipped: figures.versions.iter().flat_map(|v| &v.errors).map(|error| error.count).sum(),
        batches: sum(|v| v.batches),
        waits_for_queue: 0,
        worker_restarts: sum(|v| v.restarts),
        rows_per_second: figures.versions.iter().map(|v| v.rows_per_second).sum(),
        latency_p50_ms: latency.map_or(0.0, |l| l.p50_ms),
        latency_p95_ms: latency.map_or(0.0, |l| l.p95_ms),
        latency_p99_ms: latency.map_or(0.0, |l| l.p99_ms),
        latency_max_ms: latency.map_or(0.0, |l| l.max_ms),
        started_at_ms,
        history: Vec::new(),
    }
}
