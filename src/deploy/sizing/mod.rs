//! Sizing from real runs: the person's own model and rows through the serving path with several settings, how much
//! each carries and how fast it answers, and which of them would do for a target.
//!
//! It measures; the numbers are of this machine, at this moment, with whatever else it was doing.

mod load;
mod memory;
mod recommend;

use std::sync::Arc;
use std::time::Instant;

use self::load::{busiest, paced};
use self::memory::{Peak, resident_bytes};
pub use self::recommend::{Advice, MARGIN, advise};
use super::machine::Machine;
use super::serve::Front;
use crate::data::watch::Watch;
use crate::model::tensor::NamedTensor;

/// Version of the JSON layout.
const SCHEMA_VERSION: u32 = 1;
/// Share of what a setting carries at which its latency is measured, when no target is named.
const USUAL_LOAD: f64 = 0.7;
/// Requests that a latency is taken from, at least.
const LEAST_PACED: f64 = 200.0;
/// Most requests that wait for an answer at once while a setting is driven to its limit.
const OUTSTANDING: usize = 64;

/// Settings of the serving path that are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Setting {
    /// Worker threads, each with the model once more.
    pub workers: usize,
    /// Threads inside one call of the model.
    pub threads: usize,
    /// Rows that are answered together at most.
    pub max_batch: usize,
    /// Microseconds that a request may wait for others.
    pub max_wait_us: u64,
}

impl Setting {
    /// Cores that it keeps busy.
    pub fn cores(&self) -> usize {
        self.workers * self.threads
    }
}

/// What the sizing is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Target {
    /// Requests a second to be carried.
    pub requests_per_second: Option<f64>,
    /// Milliseconds within which 95 of 100 are to be answered.
    pub p95_ms: Option<f64>,
}

/// What is tried, for how long, and what for.
#[derive(Clone, Debug, PartialEq)]
pub struct SizingPlan {
    /// The settings, in the order in which they are tried.
    pub settings: Vec<Setting>,
    /// Seconds of each of the two loads on each setting.
    pub seconds: f64,
    /// What it is for.
    pub target: Target,
}

impl SizingPlan {
    /// Batch × threads × workers that make sense on a machine with this many cores.
    pub fn usual(cores: usize, target: Target) -> Self {
        let mut settings = Vec::new();
        let mut powers = vec![1];
        while powers.last().is_some_and(|last| last * 2 <= cores) {
            powers.push(powers.last().map_or(1, |last| last * 2));
        }
        if !powers.contains(&cores) {
            powers.push(cores);
        }
        for &workers in &powers {
            for &threads in powers.iter().filter(|threads| *threads * workers <= cores) {
                for max_batch in [1, 8, 64] {
                    settings.push(Setting { workers, threads, max_batch, max_wait_us: 0 });
                }
            }
        }
        Self { settings, seconds: 1.0, target }
    }
}

/// What was measured with one setting.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Point {
    /// The setting.
    #[serde(flatten)]
    pub setting: Setting,
    /// From nothing to the first answer, milliseconds.
    pub start_ms: f64,
    /// Requests a second at its limit.
    pub requests_per_second: f64,
    /// Rows a second at its limit.
    pub rows_per_second: f64,
    /// Requests a second at which latency was measured.
    pub load: f64,
    /// Median latency at that load, milliseconds, from the moment a request was due.
    pub p50_ms: f64,
    /// 95th percentile of it.
    pub p95_ms: f64,
    /// 99th percentile of it.
    pub p99_ms: f64,
    /// Memory at its highest, above that before it was loaded; bytes.
    pub peak_bytes: u64,
}

/// A finished sizing.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sizing {
    /// Version of this layout.
    pub schema_version: u32,
    /// The machine.
    pub machine: Machine,
    /// Rows in each request.
    pub rows: usize,
    /// What it was for.
    pub target: Target,
    /// What was measured.
    pub points: Vec<Point>,
    /// What to do.
    pub advice: Advice,
}

/// Starts the model with a setting and gives it ready to answer; letting it go ends it.
pub type Start<'a> = &'a dyn Fn(&Setting) -> Result<Arc<dyn Front>, String>;

/// Tries every setting of a plan. `requests` are inputs of real rows, taken in turn; each has `rows` rows.
///
/// # Errors
/// When a setting cannot be started, a request is refused, there is no request, or `watch` cancels.
pub fn size(
    plan: &SizingPlan,
    model: &str,
    requests: &[Vec<NamedTensor>],
    start: Start<'_>,
    watch: &dyn Watch,
) -> Result<Sizing, String> {
    let rows = requests.first().and_then(|inputs| inputs.first()).map(|input| input.tensor.rows());
    let Some(rows) = rows.filter(|rows| *rows > 0) else {
        return Err("There is no row to size with. Choose a table with rows that fit the model.".to_owned());
    };
    let mut points = Vec::with_capacity(plan.settings.len());
    for (tried, setting) in plan.settings.iter().enumerate() {
        if watch.cancelled() {
            return Err("The sizing was cancelled.".to_owned());
        }
        points.push(point(plan, setting, model, requests, rows, start)?);
        watch.progress((tried + 1) as f32 / plan.settings.len() as f32);
    }
    let machine = Machine::look();
    let advice = advise(&points, plan.target, machine);
    Ok(Sizing { schema_version: SCHEMA_VERSION, machine, rows, target: plan.target, points, advice })
}

fn point(
    plan: &SizingPlan,
    setting: &Setting,
    model: &str,
    requests: &[Vec<NamedTensor>],
    rows: usize,
    start: Start<'_>,
) -> Result<Point, String> {
    let before = resident_bytes();
    let peak = Peak::watch();
    let began = Instant::now();
    let front = start(setting)?;
    // The first answer is slower than those after it, and belongs to the start.
    busiest(&*front, model, requests, 1, 0.0)?;
    let start_ms = began.elapsed().as_secs_f64() * 1_000.0;
    let outstanding = (setting.workers * (setting.max_batch / rows).max(1) * 2).min(OUTSTANDING);
    let requests_per_second = busiest(&*front, model, requests, outstanding, plan.seconds)?;
    let load = match plan.target.requests_per_second {
        // Of a few requests there is no p95; at a higher load than asked for it is a cautious one.
        Some(asked) if asked < requests_per_second => {
            asked.max((LEAST_PACED / plan.seconds).min(requests_per_second * USUAL_LOAD))
        }
        // Past its limit a queue only grows, and latency would tell how long it was measured.
        _ => requests_per_second * USUAL_LOAD,
    };
    let latency = paced(&*front, model, requests, load, plan.seconds)?;
    let ms = |share: f64| latency.value_at_quantile(share) as f64 / 1_000.0;
    Ok(Point {
        setting: *setting,
        start_ms,
        requests_per_second,
        rows_per_second: requests_per_second * rows as f64,
        load,
        p50_ms: ms(0.5),
        p95_ms: ms(0.95),
        p99_ms: ms(0.99),
        peak_bytes: peak.end().saturating_sub(before),
    })
}

#[cfg(test)]
mod tests;
