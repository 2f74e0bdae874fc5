//! Candidates beside each other: paired tests on the rows that both of a pair answered, where each wins, and which one
//! to take. It compares what was measured and runs no model.

mod pair;
mod recommend;
mod wins;

use super::aligned::Aligned;
use super::plan::Plan;
use super::report::{Comparison, ModelResult, smaller_is_better};
use crate::stats::paired::Difference;
pub(super) use pair::{Tests, differences};
pub(super) use recommend::recommend;
pub(super) use wins::wins;
pub use wins::{Win, Wins};

/// Half the width of the region of practical equivalence of metrics from 0 to 1: Benavoli et al. (2017) call two
/// classifiers that differ by one percentage point the same.
pub const MARGIN: f64 = 0.01;

/// The difference from which on two models are no longer practically equal: [`MARGIN`], or for metrics without an upper
/// limit that share of the larger value. `None` where that is nothing to measure by.
pub fn margin_of(metric: &str, a: Option<f64>, b: Option<f64>) -> Option<f64> {
    let relative =
        matches!(metric, "log_loss" | "mae" | "mse" | "rmse" | "mape" | "median_ae" | "max_error" | "mean_error");
    if !relative {
        return Some(MARGIN);
    }
    Some(MARGIN * a?.abs().max(b?.abs())).filter(|margin| margin.is_finite() && *margin > 0.0)
}

fn row(a: &ModelResult, b: &ModelResult, metric: &str, d: &Difference) -> Comparison {
    let down = smaller_is_better(metric);
    let margin = margin_of(metric, a.value(metric), b.value(metric));
    let region = margin.map(|margin| d.equivalence(margin));
    let (better, worse) = (region.map(|r| r.larger), region.map(|r| r.smaller));
    let (better, worse) = if down { (worse, better) } else { (better, worse) };
    Comparison {
        a: a.name.clone(),
        b: b.name.clone(),
        metric: metric.to_owned(),
        difference: d.value,
        low: Some(d.low),
        high: Some(d.high),
        p_value: Some(d.p_value),
        p_better: Some(if down { 1.0 - d.p_larger } else { d.p_larger }),
        method: d.method.to_owned(),
        margin,
        p_better_by_margin: better,
        p_equal: region.map(|r| r.equal),
        p_worse_by_margin: worse,
    }
}

/// Compares every pair.
pub(super) fn compare(models: &[ModelResult], aligned: &[Aligned], plan: &Plan) -> Vec<Comparison> {
    let all: Vec<_> = models.iter().zip(aligned).collect();
    let tests = Tests { level: plan.level, seed: plan.seed, only: None };
    let mut found = Vec::new();
    for (place, (a, answers_a)) in all.iter().enumerate() {
        for (b, answers_b) in all.iter().skip(place + 1) {
            let tested = differences((answers_a, a.threshold), (answers_b, b.threshold), &tests);
            found.extend(tested.iter().map(|(metric, difference)| row(a, b, metric, difference)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_is_a_point_or_a_hundredth() {
        assert_eq!(margin_of("roc_auc", None, None), Some(0.01));
        assert_eq!(margin_of("r2", Some(-3.0), Some(0.5)), Some(0.01));
        assert_eq!(margin_of("mae", Some(50.0), Some(-200.0)), Some(2.0));
        assert_eq!(margin_of("mae", Some(0.0), Some(0.0)), None);
        assert_eq!(margin_of("log_loss", None, Some(0.3)), None);
    }
}
