//! How average precision varies over samples, and its interval.

use super::intervals::{Interval, wilson};
use super::ranked::RankedScores;
use super::skewed::{Scale, Spread};

/// How average precision varies, and by how much it is too high on average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variation {
    /// Its spread.
    pub spread: Spread,
    /// What is to be taken away from it.
    pub bias: f64,
}

/// Sums of rows' influences and of their powers.
#[derive(Default)]
struct Sums {
    first: f64,
    second: f64,
    third: f64,
}

impl Sums {
    fn add(&mut self, x: f64, rows: f64) {
        self.first += rows * x;
        self.second += rows * x * x;
        self.third += rows * x * x * x;
    }
}

/// How average precision varies over samples of as many rows, from each row's influence; `None` without positives or
/// without negatives.
///
/// With G(s) the share of rows, and H(s) of positive rows, whose score is s or more, π = H(−∞) and P = H / G, average
/// precision is E[Y·P(S)] / π. The derivative of that functional in the direction of one row (von Mises 1947; Hampel
/// 1974) is
///
/// ψ = (Y·(P(S) − AP) + Y·A(S) − B(S)) / π, A(x) = ∫ dH(s) / G(s), B(x) = ∫ P(s)·dH(s) / G(s), both over s ≤ x:
///
/// a positive row counts by its own precision and raises that of the positives below it (A); any row dilutes it (B).
/// The variance of the metric is that of ψ over the number of rows.
///
/// The metric is biased upwards, since each positive row counts itself in its own precision: where N other rows lie at
/// and above it, and a share p of them is positive, (1 + N·p) / (1 + N) is expected, (1 − p) / (1 + N) too much.
pub fn vary(ranked: &RankedScores) -> Option<Variation> {
    let (positives, negatives) = (ranked.positives() as f64, ranked.negatives() as f64);
    if positives <= 0.0 || negatives <= 0.0 {
        return None;
    }
    let n = positives + negatives;
    let value = ranked.average_precision()?;
    let steps = ranked.steps();
    let (mut raised, mut diluted, mut bias) = (0.0, 0.0, 0.0);
    let mut sums = Sums::default();
    for (place, here) in steps.iter().enumerate().rev() {
        let above = place.checked_sub(1).and_then(|place| steps.get(place));
        let (tp_above, fp_above) = above.map_or((0.0, 0.0), |s| (s.tp as f64, s.fp as f64));
        let (tp, fp) = (here.tp as f64, here.fp as f64);
        let (yes, no, rows) = (tp - tp_above, fp - fp_above, tp + fp);
        let precision = tp / rows;
        raised += yes / rows;
        diluted += yes * precision / rows;
        bias += yes * (1.0 - precision) / (rows - 1.0).max(1.0);
        sums.add((precision - value + raised - diluted) * n / positives, yes);
        sums.add(-diluted * n / positives, no);
    }
    let mean = sums.first / n;
    let variance = (sums.second / n - mean * mean).max(0.0);
    let third = sums.third / n - 3.0 * mean * sums.second / n + 2.0 * mean.powi(3);
    let skewness = if variance > 0.0 { third / variance.powf(1.5) / n.sqrt() } else { 0.0 };
    let spread = Spread { error: (variance / n).sqrt(), skewness, freedom: positives.min(negatives) - 1.0 };
    Some(Variation { spread, bias: bias / positives })
}

/// Interval of average precision, by Student's t on the logit scale around the value without its bias; it reaches to the
/// value itself. Classes fully apart show no spread, which is not certainty: then Wilson's for the positives. `None`
/// without positives or without negatives, and where one class has a single row.
pub fn interval(ranked: &RankedScores, level: f64) -> Option<Interval> {
    let variation = vary(ranked)?;
    let value = ranked.average_precision()?;
    let positives = ranked.positives() as f64;
    if ranked.positives().min(ranked.negatives()) < 2 {
        return None;
    }
    if value >= 1.0 || variation.spread.error <= 0.0 {
        return wilson(value * positives, positives, level).map(|i| Interval { method: "wilson, positives", ..i });
    }
    let centre = (value - variation.bias).max(value / 2.0);
    let i = variation.spread.even_interval(centre, level, Scale::Logit, "influence function, logit")?;
    Some(Interval { high: i.high.max(value), ..i })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::SplitMix64;

    fn sample(n: usize, random: &mut SplitMix64) -> (Vec<f64>, Vec<bool>) {
        let positive: Vec<bool> = (0..n).map(|_| random.unit() < 0.2).collect();
        let scores = positive.iter().map(|p| random.normal() + if *p { 1.0 } else { 0.0 }).collect();
        (scores, positive)
    }

    #[test]
    fn the_influences_give_the_spread_that_samples_show() {
        let mut random = SplitMix64::new(5);
        let (mut values, mut spreads) = (Vec::new(), 0.0);
        for _ in 0..400 {
            let (scores, positive) = sample(1000, &mut random);
            let ranked = RankedScores::new(&scores, &positive);
            values.push(ranked.average_precision().unwrap());
            spreads += vary(&ranked).unwrap().spread.error / 400.0;
        }
        let seen: crate::stats::moments::Moments = values.into_iter().collect();
        let ratio = spreads / seen.sample_variance().unwrap().sqrt();
        assert!((ratio - 1.0).abs() < 0.08, "{ratio}");
    }

    #[test]
    fn an_influence_is_what_more_of_a_row_changes() {
        // Doubling every row leaves the metric, and halves the variance.
        let (scores, positive) = sample(300, &mut SplitMix64::new(8));
        let once = vary(&RankedScores::new(&scores, &positive)).unwrap();
        let twice = vary(&RankedScores::new(&scores.repeat(2), &positive.repeat(2))).unwrap();
        assert!((once.spread.error / twice.spread.error - 2.0_f64.sqrt()).abs() < 1e-9);
        assert!(once.bias > twice.bias && once.bias < 0.05);
    }

    #[test]
    fn perfect_ranking_is_not_certainty() {
        let ranked = RankedScores::new(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true]);
        let i = interval(&ranked, 0.95).unwrap();
        assert!(i.low < 0.5 && i.high == 1.0, "{i:?}");
        assert_eq!(interval(&RankedScores::new(&[0.1, 0.2], &[false, false]), 0.95), None);
        assert_eq!(interval(&RankedScores::new(&[0.1, 0.2], &[false, true]), 0.95), None);
    }
}
