//! How served models are doing, as plain data and in Prometheus' text format.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::meter::BUCKETS_US;
use super::rollout::Rollout;

/// Percentiles of latency, from a request's arrival to its answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Requests behind them.
    pub count: u64,
    /// Median, milliseconds.
    pub p50_ms: f64,
    /// 95th percentile, milliseconds.
    pub p95_ms: f64,
    /// 99th percentile, milliseconds.
    pub p99_ms: f64,
    /// Longest, milliseconds.
    pub max_ms: f64,
}

/// How many runs of the model had so many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchSize {
    /// The most rows of these runs, and more than the size before; `None` for all above.
    pub up_to: Option<u64>,
    /// Runs.
    pub runs: u64,
}

/// Requests that got no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorCount {
    /// Why, as `bad_input`, `not_ready`, `queue_full`, `too_late`, `not_kept`, `failed`.
    pub kind: String,
    /// How many.
    pub count: u64,
}

/// The figures of a version since it was added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionFigures {
    /// The version.
    pub version: String,
    /// `loading`, `ready`, `paused`, `unloading`, `unloaded` or `failed`.
    pub state: String,
    /// `champion`, `canary`, `shadow` or `standby`.
    pub part: String,
    /// Workers that it should have.
    pub workers: usize,
    /// Requests that wait.
    pub queue_depth: usize,
    /// Requests that may wait.
    pub queue_bound: usize,
    /// Requests that a worker has in hand.
    pub under_way: usize,
    /// Requests answered.
    pub requests: u64,
    /// Rows answered.
    pub rows: u64,
    /// Requests without an answer, by kind in alphabetical order.
    pub errors: Vec<ErrorCount>,
    /// Runs of the model.
    pub batches: u64,
    /// Rows in these runs: more than were answered where a run failed or answered copies.
    pub batched_rows: u64,
    /// How many rows they had.
    pub batch_sizes: Vec<BatchSize>,
    /// Latency of the last minute; `None` when nothing was answered.
    pub recent: Option<Latency>,
    /// Latency since the version was added.
    pub latency: Option<Latency>,
    /// Rows answered a second, over the last ten seconds.
    pub rows_per_second: f64,
    /// Workers started again after a panic.
    pub restarts: u64,
    /// Copies of requests that it answered as a shadow.
    pub copies: u64,
    /// Copies on which it failed.
    pub copies_failed: u64,
    /// Copies that were dropped because its queue was full.
    pub copies_dropped: u64,
    /// Numbers of answers up to each bucket of latency, for Prometheus.
    #[serde(skip)]
    pub(super) buckets: [u64; BUCKETS_US.len()],
    /// Number and sum of the bucketed latencies.
    #[serde(skip)]
    pub(super) bucketed: (u64, f64),
}

/// The figures of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelFigures {
    /// The model.
    pub model: String,
    /// Requests admitted so far; the next one gets this number.
    pub next_sequence: u64,
    /// Why answers cannot be kept now; `None` when they are.
    pub not_kept: Option<String>,
    /// Which version answers what.
    pub rollout: Rollout,
    /// Requests turned away that no version can be charged with, by kind.
    pub errors: Vec<ErrorCount>,
    /// By version, in the order they were added.
    pub versions: Vec<VersionFigures>,
}

/// The figures of all models.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HubFigures {
    /// By name.
    pub models: Vec<ModelFigures>,
}

/// A label's value as the text format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

type Of = fn(&VersionFigures) -> f64;

/// Name, type, help and value of what is one number a version.
const SERIES: [(&str, &str, &str, Of); 12] = [
    ("modeldeck_requests_total", "counter", "Requests answered.", |v| v.requests as f64),
    ("modeldeck_rows_total", "counter", "Rows answered.", |v| v.rows as f64),
    ("modeldeck_batches_total", "counter", "Runs of the model.", |v| v.batches as f64),
    ("modeldeck_worker_restarts_total", "counter", "Workers started again after a panic.", |v| v.restarts as f64),
    ("modeldeck_shadow_copies_total", "counter", "Copies of requests answered as a shadow.", |v| v.copies as f64),
    ("modeldeck_shadow_failed_total", "counter", "Copies of requests that failed.", |v| v.copies_failed as f64),
    ("modeldeck_shadow_dropped_total", "counter", "Copies of requests that were dropped.", |v| v.copies_dropped as f64),
    ("modeldeck_version_ready", "gauge", "Whether the version answers.", |v| f64::from(u8::from(v.state == "ready"))),
    ("modeldeck_version_champion", "gauge", "Whether requests without a version go to it.", |v| {
        f64::from(u8::from(v.part == "champion"))
    }),
    ("modeldeck_workers", "gauge", "Worker threads.", |v| v.workers as f64),
    ("modeldeck_queue_depth", "gauge", "Requests that wait.", |v| v.queue_depth as f64),
    ("modeldeck_queue_bound", "gauge", "Requests that may wait.", |v| v.queue_bound as f64),
];

impl HubFigures {
    /// The figures in Prometheus' text exposition format 0.0.4.
    pub fn prometheus(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        self.write(&mut text).ok();
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let versions = || {
            self.models.iter().flat_map(|model| {
                let name = escaped(&model.model);
                model.versions.iter().map(move |version| {
                    (version, format!("model=\"{name}\",version=\"{}\"", escaped(&version.version)))
                })
            })
        };
        for (name, kind, help, value) in SERIES {
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")?;
            for (version, labels) in versions() {
                writeln!(text, "{name}{{{labels}}} {}", value(version))?;
            }
        }
        let name = "modeldeck_errors_total";
        writeln!(text, "# HELP {name} Requests without an answer.\n# TYPE {name} counter")?;
        for (version, labels) in versions() {
            for error in &version.errors {
                writeln!(text, "{name}{{{labels},kind=\"{}\"}} {}", escaped(&error.kind), error.count)?;
            }
        }
        for model in &self.models {
            for error in &model.errors {
                let (model, kind) = (escaped(&model.model), escaped(&error.kind));
                writeln!(text, "{name}{{model=\"{model}\",version=\"\",kind=\"{kind}\"}} {}", error.count)?;
            }
        }
        let name = "modeldeck_batch_rows";
        writeln!(text, "# HELP {name} Rows in one run of the model.\n# TYPE {name} histogram")?;
        for (version, labels) in versions() {
            let mut runs = 0;
            for size in &version.batch_sizes {
                runs += size.runs;
                if let Some(up_to) = size.up_to {
                    writeln!(text, "{name}_bucket{{{labels},le=\"{up_to}\"}} {runs}")?;
                }
            }
            writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", version.batches)?;
            writeln!(text, "{name}_sum{{{labels}}} {}", version.batched_rows)?;
            writeln!(text, "{name}_count{{{labels}}} {}", version.batches)?;
        }
        let name = "modeldeck_request_seconds";
        writeln!(text, "# HELP {name} From arrival to answer.\n# TYPE {name} histogram")?;
        for (version, labels) in versions() {
            for (us, count) in BUCKETS_US.iter().zip(version.buckets) {
                writeln!(text, "{name}_bucket{{{labels},le=\"{}\"}} {count}", *us as f64 / 1e6)?;
            }
            let (count, sum) = version.bucketed;
            writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}")?;
            writeln!(text, "{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {count}")?;
        }
        let name = "modeldeck_answers_kept";
        writeln!(text, "# HELP {name} Whether answers can be kept; without, none is given.\n# TYPE {name} gauge")?;
        for model in &self.models {
            let kept = u8::from(model.not_kept.is_none());
            writeln!(text, "{name}{{model=\"{}\"}} {kept}", escaped(&model.model))?;
        }
        Ok(())
    }
}
