//! The figures of a working deployment, in the units of the charts; remade only when new ones arrive.

use std::sync::Arc;

use crate::deploy::DeploymentStats;

/// Seconds that the charts show.
const SPAN: f64 = 120.0;

/// Pairs of seconds before now (negative) and a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    of: Option<Arc<DeploymentStats>>,
    /// Rows that wait.
    pub(super) queue: Vec<[f64; 2]>,
    /// Rows answered a second.
    pub(super) rate: Vec<[f64; 2]>,
    /// 95th percentile of the latency, seconds.
    pub(super) latency: Vec<[f64; 2]>,
}

impl Figures {
    pub(super) fn turn_to(&mut self, stats: &Arc<DeploymentStats>) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, stats)) {
            return;
        }
        self.of = Some(Arc::clone(stats));
        let now = stats.history.iter().map(|p| p.t).fold(f64::NEG_INFINITY, f64::max);
        let points = || stats.history.iter().filter(move |p| now - p.t <= SPAN);
        self.queue = points().map(|p| [p.t - now, p.queue_depth as f64]).collect();
        self.rate = points().map(|p| [p.t - now, p.rows_per_second]).collect();
        self.latency = points().map(|p| [p.t - now, p.p95_ms / 1_000.0]).collect();
    }
}

/// Share of the feed that is done and seconds left, when they can be told.
pub(super) fn progress(done: u64, total: u64, repeat: bool, rows_per_second: f64) -> (Option<f32>, Option<f64>) {
    if repeat || total == 0 {
        return (None, None);
    }
    let share = (done as f64 / total as f64).min(1.0) as f32;
    let left = total.saturating_sub(done) as f64 / rows_per_second;
    (Some(share), left.is_finite().then_some(left).filter(|_| done < total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_told_is_not_told() {
        assert_eq!(progress(5, 10, true, 1.0), (None, None));
        assert_eq!(progress(0, 0, false, 1.0), (None, None));
        assert_eq!(progress(5, 10, false, 0.0), (Some(0.5), None));
        assert_eq!(progress(5, 10, false, 2.0), (Some(0.5), Some(2.5)));
        assert_eq!(progress(12, 10, false, 2.0), (Some(1.0), None));
    }
}
