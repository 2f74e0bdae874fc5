//! What an endpoint counts of itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::StatusCode;
use parking_lot::Mutex;

use crate::deploy::serve::Answer;

/// Models and versions that are counted at most.
const MAX_COUNTED: usize = 10_000;

/// What an endpoint has done since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EndpointStats {
    /// Connections that are open.
    pub connections: usize,
    /// Connections that were refused because there were too many.
    pub connections_refused: u64,
    /// Resting connections that were closed to make room.
    pub connections_displaced: u64,
    /// Requests that wait for their answer.
    pub requests_waiting: usize,
    /// Requests that were answered with a status from 200 to 299.
    pub succeeded: u64,
    /// Requests that were answered with a status from 400 to 499.
    pub refused: u64,
    /// Requests that were answered with a status from 500.
    pub failed: u64,
}

/// What was counted of one version of a model.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct VersionTally {
    pub(super) answered: u64,
    pub(super) answered_ns: u64,
    pub(super) rows: u64,
    pub(super) last_ms: i64,
}

/// The counters.
#[derive(Debug, Default)]
pub(super) struct Tally {
    succeeded: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    pub(super) connections_refused: AtomicU64,
    pub(super) connections_displaced: AtomicU64,
    versions: Mutex<BTreeMap<String, BTreeMap<String, VersionTally>>>,
}

impl Tally {
    pub(super) fn status(&self, status: StatusCode) {
        let counter = match status.as_u16() {
            ..400 => &self.succeeded,
            400..500 => &self.refused,
            _ => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, answer: &Answer, rows: usize, took: Duration, now_ms: i64) {
        let mut versions = self.versions.lock();
        if !versions.contains_key(&*answer.model) && versions.len() >= MAX_COUNTED {
            return;
        }
        // Names are copied once, not on each request.
        if !versions.get(&*answer.model).is_some_and(|model| model.contains_key(&*answer.version)) {
            let model = versions.entry(answer.model.to_string()).or_default();
            if model.len() >= MAX_COUNTED {
                return;
            }
            model.insert(answer.version.to_string(), VersionTally::default());
        }
        if let Some(tally) = versions.get_mut(&*answer.model).and_then(|model| model.get_mut(&*answer.version)) {
            tally.answered += 1;
            tally.answered_ns = tally.answered_ns.saturating_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
            tally.rows = tally.rows.saturating_add(rows as u64);
            tally.last_ms = now_ms;
        }
    }

    pub(super) fn of_version(&self, model: &str, version: &str) -> VersionTally {
        self.versions.lock().get(model).and_then(|model| model.get(version)).copied().unwrap_or_default()
    }

    pub(super) fn stats(&self, connections: usize, requests_waiting: usize) -> EndpointStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        EndpointStats {
            connections,
            connections_refused: read(&self.connections_refused),
            connections_displaced: read(&self.connections_displaced),
            requests_waiting,
            succeeded: read(&self.succeeded),
            refused: read(&self.refused),
            failed: read(&self.failed),
        }
    }
}

/// The endpoint's own numbers in Prometheus' text format.
pub(super) fn prometheus(stats: &EndpointStats) -> String {
    let mut text = String::from(
        "# HELP modeldeck_http_responses_total Responses by kind of status.\n\
         # TYPE modeldeck_http_responses_total counter\n",
    );
    for (kind, count) in [("success", stats.succeeded), ("refused", stats.refused), ("failed", stats.failed)] {
        writeln!(text, "modeldeck_http_responses_total{{kind=\"{kind}\"}} {count}").ok();
    }
    let lines = [
        ("connections", "gauge", "Open connections.", stats.connections as u64),
        ("requests_waiting", "gauge", "Requests that wait for their answer.", stats.requests_waiting as u64),
        ("connections_refused_total", "counter", "Connections beyond the limit.", stats.connections_refused),
        ("connections_displaced_total", "counter", "Resting connections closed for room.", stats.connections_displaced),
    ];
    for (name, kind, help, value) in lines {
        writeln!(
            text,
            "# HELP modeldeck_http_{name} {help}\n# TYPE modeldeck_http_{name} {kind}\nmodeldeck_http_{name} {value}"
        )
        .ok();
    }
    text
}
