//! Counting what a version does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::call::Refusal;
use super::figures::{BatchSize, Latency};

/// Parts of a minute over which recent latencies are kept.
const PARTS: usize = 6;
const PART: Duration = Duration::from_secs(10);
/// Seconds over which the rate is taken.
const SECONDS: usize = 10;
/// Batch sizes are counted up to 1, 2, 4 … rows; the last one takes all above.
const SIZES: usize = 18;

/// Upper bounds of the latency histogram given to a monitoring system, microseconds.
pub(super) const BUCKETS_US: [u64; 14] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000];

/// The word for a refusal in figures.
pub(super) fn kind(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownModel { .. } => "unknown_model",
        Refusal::UnknownVersion { .. } => "unknown_version",
        Refusal::NotReady { .. } => "not_ready",
        Refusal::BadInput { .. } => "bad_input",
        Refusal::QueueFull => "queue_full",
        Refusal::TooLate => "too_late",
        Refusal::NotKept { .. } => "not_kept",
        Refusal::Failed { .. } => "failed",
    }
}

/// One percent of accuracy from a microsecond to an hour.
fn histogram() -> Option<Histogram<u64>> {
    Histogram::new_with_bounds(1, 3_600_000_000, 2).ok()
}

/// The counters of a version.
#[derive(Debug)]
pub(super) struct Meter {
    started: Instant,
    pub requests: u64,
    pub rows: u64,
    pub errors: BTreeMap<&'static str, u64>,
    pub batches: u64,
    pub batched_rows: u64,
    sizes: [u64; SIZES],
    all: Option<Histogram<u64>>,
    recent: [Option<Histogram<u64>>; PARTS],
    /// The part being written, counted from the start.
    part: u64,
    seconds: [(u64, u64); SECONDS],
    pub latency_sum: Duration,
    pub restarts: u64,
    pub copies: u64,
    pub copies_failed: u64,
    pub copies_dropped: u64,
}

impl Meter {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            started: now,
            requests: 0,
            rows: 0,
            errors: BTreeMap::new(),
            batches: 0,
            batched_rows: 0,
            sizes: [0; SIZES],
            all: histogram(),
            recent: std::array::from_fn(|_| histogram()),
            part: 0,
            seconds: [(0, 0); SECONDS],
            latency_sum: Duration::ZERO,
            restarts: 0,
            copies: 0,
            copies_failed: 0,
            copies_dropped: 0,
        }
    }

    /// A run of so many rows.
    pub(super) fn batch(&mut self, rows: usize) {
        self.batches += 1;
        self.batched_rows += rows as u64;
        let size = rows.max(1).next_power_of_two().trailing_zeros() as usize;
        if let Some(count) = self.sizes.get_mut(size.min(SIZES - 1)) {
            *count += 1;
        }
    }

    /// A request that was answered.
    pub(super) fn answered(&mut self, now: Instant, latency: Duration, rows: usize) {
        self.requests += 1;
        self.rows += rows as u64;
        self.latency_sum += latency;
        self.latency(now, latency);
        let second = now.saturating_duration_since(self.started).as_secs();
        if let Some(slot) = self.seconds.get_mut((second % SECONDS as u64) as usize) {
            if slot.0 != second {
                *slot = (second, 0);
            }
            slot.1 += rows as u64;
        }
    }

    /// A copy that was run.
    pub(super) fn copied(&mut self, now: Instant, latency: Duration) {
        self.copies += 1;
        self.latency(now, latency);
    }

    fn latency(&mut self, now: Instant, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.turn(now);
        let part = (self.part % PARTS as u64) as usize;
        for histogram in [self.all.as_mut(), self.recent.get_mut(part).and_then(Option::as_mut)].into_iter().flatten() {
            histogram.saturating_record(us);
        }
    }

    /// Empties the parts that lie more than a minute back.
    fn turn(&mut self, now: Instant) {
        let part = now.saturating_duration_since(self.started).as_secs() / PART.as_secs();
        for passed in (self.part + 1..=part).rev().take(PARTS) {
            if let Some(histogram) = self.recent.get_mut((passed % PARTS as u64) as usize).and_then(Option::as_mut) {
                histogram.reset();
            }
        }
        self.part = self.part.max(part);
    }

    /// A request that was admitted or turned away and got no answer.
    pub(super) fn refused(&mut self, refusal: &Refusal) {
        *self.errors.entry(kind(refusal)).or_default() += 1;
    }

    /// Rows answered a second over the last ten whole seconds, or since the start when that is shorter.
    pub(super) fn rows_per_second(&self, now: Instant) -> f64 {
        let second = now.saturating_duration_since(self.started).as_secs();
        let from = second.saturating_sub(SECONDS as u64 - 1);
        let rows: u64 = self.seconds.iter().filter(|(at, _)| *at >= from && *at < second).map(|(_, rows)| rows).sum();
        if second == 0 { 0.0 } else { rows as f64 / (second - from) as f64 }
    }

    /// How many runs had how many rows.
    pub(super) fn sizes(&self) -> Vec<BatchSize> {
        let sizes = self.sizes.iter().enumerate().filter(|(_, count)| **count > 0);
        sizes
            .map(|(size, count)| BatchSize { up_to: (size < SIZES - 1).then(|| 1_u64 << size), runs: *count })
            .collect()
    }

    /// Latencies of the last minute.
    pub(super) fn recent(&mut self, now: Instant) -> Option<Latency> {
        self.turn(now);
        let mut sum = histogram()?;
        for part in self.recent.iter().flatten() {
            sum.add(part).ok()?;
        }
        of(&sum)
    }

    /// Latencies since the version was loaded.
    pub(super) fn all(&self) -> Option<Latency> {
        of(self.all.as_ref()?)
    }

    /// How many latencies were up to each of [`BUCKETS_US`], and how many there are.
    pub(super) fn buckets(&self) -> ([u64; BUCKETS_US.len()], u64) {
        let Some(all) = &self.all else { return ([0; BUCKETS_US.len()], 0) };
        (BUCKETS_US.map(|us| all.count_between(0, us)), all.len())
    }
}

fn of(histogram: &Histogram<u64>) -> Option<Latency> {
    let ms = |us: u64| us as f64 / 1_000.0;
    (!histogram.is_empty()).then(|| Latency {
        count: histogram.len(),
        p50_ms: ms(histogram.value_at_quantile(0.5)),
        p95_ms: ms(histogram.value_at_quantile(0.95)),
        p99_ms: ms(histogram.value_at_quantile(0.99)),
        max_ms: ms(histogram.max()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_passes_out_of_the_recent_latencies() {
        let start = Instant::now();
        let mut meter = Meter::new(start);
        for (second, ms) in [(1, 10), (55, 20), (65, 30)] {
            meter.answered(start + Duration::from_secs(second), Duration::from_millis(ms), 2);
        }
        let at = |second| start + Duration::from_secs(second);
        assert_eq!(meter.recent(at(65)).unwrap().count, 2, "the first is older than a minute");
        assert!(meter.recent(at(200)).is_none());
        let all = meter.all().unwrap();
        assert_eq!((all.count, meter.requests, meter.rows), (3, 3, 6));
        assert!((all.p50_ms - 20.0).abs() < 0.3 && all.max_ms >= 29.7, "{all:?}");
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let mut meter = Meter::new(start);
        for second in 0..20 {
            meter.answered(start + Duration::from_secs(second), Duration::from_millis(1), 100);
        }
        assert_eq!(meter.rows_per_second(start + Duration::from_secs(20)), 100.0);
        assert_eq!(meter.rows_per_second(start + Duration::from_mins(1)), 0.0);
    }

    #[test]
    fn batches_are_counted_by_doubling_sizes() {
        let mut meter = Meter::new(Instant::now());
        for rows in [1, 2, 3, 4, 1_000_000] {
            meter.batch(rows);
        }
        let sizes: Vec<(Option<u64>, u64)> = meter.sizes().iter().map(|s| (s.up_to, s.runs)).collect();
        assert_eq!(sizes, [(Some(1), 1), (Some(2), 1), (Some(4), 2), (None, 1)]);
    }
}
