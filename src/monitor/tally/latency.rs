//! How long answers took in one chunk.

use std::time::Instant;

use crate::monitor::chunk::LatencySummary;

/// Waiting times of the batches of one chunk.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LatencyTally {
    /// Milliseconds, and the rows that waited so long.
    waits: Vec<(f64, u64)>,
    /// When the first answer was there, and how long it had taken.
    first: Option<(Instant, f64)>,
    last: Option<Instant>,
}

impl LatencyTally {
    pub(super) fn add(&mut self, ms: f64, rows: u64, answered_at: Instant) {
        if !ms.is_finite() || ms < 0.0 {
            return;
        }
        self.waits.push((ms, rows));
        self.first.get_or_insert((answered_at, ms));
        self.last = Some(answered_at);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.waits.extend_from_slice(&other.waits);
        self.first = self.first.or(other.first);
        self.last = other.last.or(self.last);
    }

    /// Percentiles by nearest rank over rows, and the rate from the first request to the last answer.
    pub(super) fn summary(&self, rows: u64) -> Option<LatencySummary> {
        let ((first, first_ms), last) = (self.first?, self.last?);
        let mut waits = self.waits.clone();
        waits.sort_by(|a, b| a.0.total_cmp(&b.0));
        let answered: u64 = waits.iter().map(|(_, rows)| rows).sum();
        let percentile = |share: f64| {
            let rank = (share * answered as f64).ceil().max(1.0) as u64;
            let mut passed = 0;
            let reached = waits.iter().find(|(_, rows)| {
                passed += rows;
                passed >= rank
            });
            reached.or(waits.last()).map_or(0.0, |(ms, _)| *ms)
        };
        let seconds = last.saturating_duration_since(first).as_secs_f64() + first_ms / 1000.0;
        Some(LatencySummary {
            p50_ms: percentile(0.50),
            p95_ms: percentile(0.95),
            p99_ms: percentile(0.99),
            max_ms: waits.last().map_or(0.0, |(ms, _)| *ms),
            rows_per_second: if seconds > 0.0 { rows as f64 / seconds } else { 0.0 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn percentiles_count_rows_and_rate_counts_from_the_first_request() {
        let start = Instant::now();
        let mut tally = LatencyTally::default();
        assert_eq!(tally.summary(0), None);
        tally.add(1000.0, 96, start);
        tally.add(f64::NAN, 500, start);
        let mut later = LatencyTally::default();
        later.add(40.0, 4, start + Duration::from_secs(1));
        tally.merge(&later);
        let summary = tally.summary(100).unwrap();
        assert_eq!((summary.p50_ms, summary.p95_ms, summary.p99_ms, summary.max_ms), (1000.0, 1000.0, 1000.0, 1000.0));
        assert_eq!(summary.rows_per_second, 50.0);
        tally.add(2000.0, 1, start + Duration::from_secs(1));
        assert_eq!(tally.summary(101).unwrap().p99_ms, 1000.0);
        assert_eq!(tally.summary(101).unwrap().max_ms, 2000.0);
    }
}
