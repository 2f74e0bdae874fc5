//! Two models on the same rows: is the difference more than chance?

use statrs::distribution::{Binomial, DiscreteCDF as _};

use super::delong::Placements;
use super::intervals::{normal_cdf, normal_p, normal_quantile};
use super::moments::Moments;
use super::random::SplitMix64;

/// A difference, first minus second, with what is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// First minus second.
    pub value: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Two-sided p value of no difference.
    pub p_value: f64,
    /// Probability that the first is larger.
    pub p_larger: f64,
    /// The test.
    pub method: &'static str,
}

fn of_normal(value: f64, variance: f64, level: f64, method: &'static str) -> Difference {
    let spread = variance.max(0.0).sqrt();
    let half = normal_quantile(level) * spread;
    let (p_value, p_larger) = if spread > 0.0 {
        (normal_p(value / spread), normal_cdf(value / spread))
    } else if value == 0.0 {
        (1.0, 0.5)
    } else {
        (0.0, f64::from(u8::from(value > 0.0)))
    };
    Difference { value, low: value - half, high: value + half, p_value, p_larger, method }
}

/// Difference of two areas under the ROC curve after DeLong.
pub fn delong(a: &Placements, b: &Placements, level: f64) -> Option<Difference> {
    let variance = a.variance()? + b.variance()? - 2.0 * a.covariance(b)?;
    Some(of_normal(a.auc - b.auc, variance, level, "delong, paired"))
}

/// Two-sided p value of `McNemar`'s test: exact binomial below 25 discordant rows, else chi-squared with correction.
pub fn mcnemar_p(first_only: u64, second_only: u64) -> f64 {
    let (b, c) = (first_only.min(second_only), first_only.max(second_only));
    let n = b + c;
    if n == 0 {
        return 1.0;
    }
    if n < 25 {
        return Binomial::new(0.5, n).map_or(1.0, |d| (2.0 * d.cdf(b)).min(1.0));
    }
    let gap = ((c - b) as f64 - 1.0).max(0.0);
    normal_p((gap * gap / n as f64).sqrt())
}

/// Difference of accuracies: rows that only the first, and only the second, got right, among `rows`.
pub fn mcnemar(first_only: u64, second_only: u64, rows: u64, level: f64) -> Option<Difference> {
    if rows == 0 {
        return None;
    }
    let n = rows as f64;
    let (b, c) = (first_only as f64 / n, second_only as f64 / n);
    let value = b - c;
    let variance = (b + c - value * value) / n;
    let mut difference = of_normal(value, variance, level, "McNemar");
    difference.p_value = mcnemar_p(first_only, second_only);
    Some(difference)
}

/// Difference of two mean losses over the same rows.
pub fn mean_difference(differences: &Moments, level: f64) -> Option<Difference> {
    let variance = differences.sample_variance()? / differences.n as f64;
    Some(of_normal(differences.mean()?, variance, level, "paired, normal"))
}

/// Paired bootstrap of a metric that depends only on how many rows fall into each joint category of the two models:
/// categories are resampled together (Poisson approximation of the multinomial), so pairing is kept and the cost does
/// not grow with the rows. `metric(counts)` gives first minus second.
pub fn bootstrap(
    counts: &[u64],
    draws: usize,
    seed: u64,
    level: f64,
    metric: impl Fn(&[f64]) -> Option<f64>,
) -> Option<Difference> {
    let exact: Vec<f64> = counts.iter().map(|c| *c as f64).collect();
    let value = metric(&exact)?;
    let mut random = SplitMix64::new(seed);
    let mut found: Vec<f64> = Vec::with_capacity(draws);
    for _ in 0..draws {
        let drawn: Vec<f64> = counts.iter().map(|c| poisson(&mut random, *c)).collect();
        found.extend(metric(&drawn));
    }
    found.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    let low = super::moments::quantile_sorted(&found, tail)?;
    let high = super::moments::quantile_sorted(&found, 1.0 - tail)?;
    let n = found.len() as f64;
    let larger = found.iter().filter(|x| **x > 0.0).count() as f64;
    let equal = found.iter().filter(|x| **x == 0.0).count() as f64;
    let p_larger = (larger + equal / 2.0) / n;
    let p_value = (2.0 * p_larger.min(1.0 - p_larger)).clamp(1.0 / n, 1.0);
    Some(Difference { value, low, high, p_value, p_larger, method: "paired bootstrap" })
}

/// Poisson with a given mean: summed single draws when small, the normal approximation when large.
fn poisson(random: &mut SplitMix64, mean: u64) -> f64 {
    if mean < 50 {
        return (0..mean).map(|_| f64::from(random.poisson_one())).sum();
    }
    // Box and Muller.
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    let z = radius * (std::f64::consts::TAU * random.unit()).cos();
    (mean as f64 + z * (mean as f64).sqrt()).round().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mcnemar_exact_and_corrected() {
        assert!((mcnemar_p(1, 9) - 0.021484375).abs() < 1e-12);
        // Chi-squared 41.6 with one degree of freedom.
        assert!((mcnemar_p(59, 6) / 1.1176e-10 - 1.0).abs() < 1e-2, "{}", mcnemar_p(59, 6));
        assert_eq!(mcnemar_p(0, 0), 1.0);
    }

    #[test]
    fn equal_models_do_not_differ() {
        let d = bootstrap(&[100, 100], 500, 0, 0.95, |c| Some(c[0] - c[1])).unwrap();
        assert!(d.low < 0.0 && d.high > 0.0 && d.p_value > 0.3, "{d:?}");
        assert_eq!(mcnemar(5, 5, 100, 0.95).unwrap().value, 0.0);
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let run = || bootstrap(&[30, 200], 100, 7, 0.9, |c| Some(c[0] / (c[0] + c[1]))).unwrap();
        assert_eq!(run(), run());
    }
}
