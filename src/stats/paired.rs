//! Two models on the same rows: is the difference more than chance, and more than matters?

use statrs::distribution::{Binomial, ContinuousCDF as _, DiscreteCDF as _, StudentsT};

use super::delong::Placements;
use super::intervals::{normal_cdf, normal_p, normal_quantile, t_quantile};
use super::moments::Moments;
use super::random::SplitMix64;

/// A difference, first minus second, with what is known of it.
#[derive(Clone, Debug, PartialEq)]
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
    /// Where the true difference may lie, by the same numbers as the test.
    pub spread: Spread,
}

/// The distribution of a difference around its value.
#[derive(Clone, Debug, PartialEq)]
pub enum Spread {
    /// Normal.
    Normal {
        /// Its standard error.
        error: f64,
    },
    /// Student's t.
    Student {
        /// Its standard error.
        error: f64,
        /// Degrees of freedom.
        freedom: f64,
    },
    /// Differences of resamples, ascending.
    Draws(Vec<f64>),
}

/// How a difference lies to a region of practical equivalence, from −margin to margin (Benavoli et al. 2017, JMLR
/// 18(77)). The three probabilities sum to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivalence {
    /// Probability that the first is larger by more than the margin.
    pub larger: f64,
    /// Probability that the two differ by the margin at most.
    pub equal: f64,
    /// Probability that the first is smaller by more than the margin.
    pub smaller: f64,
}

impl Difference {
    /// Probability that the difference lies at or below `x`, half of what lies exactly there left out.
    fn below(&self, x: f64) -> f64 {
        let step = |gap: f64| if gap > 0.0 { 1.0 } else { f64::from(u8::from(gap == 0.0)) / 2.0 };
        match &self.spread {
            Spread::Normal { error } if *error > 0.0 => normal_cdf((x - self.value) / error),
            Spread::Student { error, freedom } if *error > 0.0 => student_cdf((x - self.value) / error, *freedom),
            Spread::Normal { .. } | Spread::Student { .. } => step(x - self.value),
            Spread::Draws(draws) => {
                let (under, upto) = (draws.partition_point(|d| *d < x), draws.partition_point(|d| *d <= x));
                (under + upto) as f64 / 2.0 / draws.len().max(1) as f64
            }
        }
    }

    /// How the difference lies to a margin (0 or more, in the metric's unit): the distribution that the test rests on,
    /// read as what is believed of the true difference when nothing was believed before.
    pub fn equivalence(&self, margin: f64) -> Equivalence {
        let margin = margin.max(0.0);
        let smaller = self.below(-margin).clamp(0.0, 1.0);
        let larger = (1.0 - self.below(margin)).clamp(0.0, 1.0 - smaller);
        Equivalence { larger, equal: (1.0 - larger - smaller).max(0.0), smaller }
    }
}

/// Student's t distribution function; the normal one where the two agree to a thousandth.
fn student_cdf(t: f64, freedom: f64) -> f64 {
    if !(1.0..1000.0).contains(&freedom) {
        return normal_cdf(t);
    }
    StudentsT::new(0.0, 1.0, freedom).map_or_else(|_| normal_cdf(t), |d| d.cdf(t))
}

/// A difference without any spread is certain: nothing in the rows speaks against it.
fn certain(value: f64) -> (f64, f64) {
    if value == 0.0 { (1.0, 0.5) } else { (0.0, f64::from(u8::from(value > 0.0))) }
}

fn of_normal(value: f64, variance: f64, level: f64, method: &'static str) -> Difference {
    let error = variance.max(0.0).sqrt();
    let half = normal_quantile(level) * error;
    let (p_value, p_larger) =
        if error > 0.0 { (normal_p(value / error), normal_cdf(value / error)) } else { certain(value) };
    let spread = Spread::Normal { error };
    Difference { value, low: value - half, high: value + half, p_value, p_larger, method, spread }
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

/// Difference of two mean losses over the same rows, by the paired t test, as `scipy.stats.ttest_rel`.
pub fn mean_difference(differences: &Moments, level: f64) -> Option<Difference> {
    let error = (differences.sample_variance()? / differences.n as f64).sqrt();
    let (value, freedom) = (differences.mean()?, (differences.n - 1) as f64);
    let half = t_quantile(level, freedom) * error;
    let (p_value, p_larger) = if error > 0.0 {
        (2.0 * student_cdf(-(value / error).abs(), freedom), student_cdf(value / error, freedom))
    } else {
        certain(value)
    };
    let spread = Spread::Student { error, freedom };
    Some(Difference { value, low: value - half, high: value + half, p_value, p_larger, method: "paired t", spread })
}

/// Difference of two metrics that are smooth functions of means over rows: each row's influence on the first less its
/// influence on the second (the delta method) gives the variance, with the pairing kept. The influences' own mean is 0
/// but for rounding and is not used.
pub fn influence_difference(value: f64, influences: &Moments, level: f64) -> Option<Difference> {
    let variance = influences.sample_variance()? / influences.n as f64;
    (value.is_finite() && variance.is_finite()).then(|| of_normal(value, variance, level, "paired, influence function"))
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
    let spread = Spread::Draws(found);
    Some(Difference { value, low, high, p_value, p_larger, method: "paired bootstrap", spread })
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

    #[test]
    fn the_paired_t_is_scipys() {
        let d = mean_difference(&[0.3, -0.1, 0.4, 0.2, 0.25, -0.05].into_iter().collect(), 0.95).unwrap();
        assert!((d.p_value - 0.09566719227183286).abs() < 1e-9, "{d:?}");
        assert!((d.low - -0.04234410204456779).abs() < 1e-9 && (d.high - 0.3756774353779011).abs() < 1e-9, "{d:?}");
        let e = d.equivalence(0.1);
        assert!((e.larger - 0.7752169005021374).abs() < 1e-9, "{e:?}");
        assert!((e.equal - 0.21380195833934462).abs() < 1e-9, "{e:?}");
        assert!((e.larger + e.equal + e.smaller - 1.0).abs() < 1e-12);
    }

    #[test]
    fn equal_models_are_practically_equal_whatever_the_margin() {
        let same = mean_difference(&[0.0; 10].into_iter().collect(), 0.95).unwrap();
        assert_eq!((same.p_value, same.p_larger), (1.0, 0.5));
        assert_eq!(same.equivalence(0.01), Equivalence { larger: 0.0, equal: 1.0, smaller: 0.0 });
        let apart = influence_difference(0.2, &[0.0; 10].into_iter().collect(), 0.95).unwrap();
        assert_eq!(apart.equivalence(0.01), Equivalence { larger: 1.0, equal: 0.0, smaller: 0.0 });
        assert_eq!(influence_difference(f64::NAN, &[1.0, -1.0].into_iter().collect(), 0.95), None);
    }

    #[test]
    fn the_bootstraps_draws_tell_the_probabilities() {
        let d = bootstrap(&[5_000, 5_100], 2_000, 1, 0.95, |c| Some((c[0] - c[1]) / (c[0] + c[1]))).unwrap();
        // The share's standard error is 1 / √10,100; the normal distribution says nearly the same as the draws.
        let normal = of_normal(d.value, 1.0 / 10_100.0, 0.95, "");
        for margin in [0.0, 0.005, 0.02, 0.1] {
            let (a, b) = (d.equivalence(margin), normal.equivalence(margin));
            assert!((a.larger - b.larger).abs() < 0.03 && (a.equal - b.equal).abs() < 0.03, "{margin}: {a:?} {b:?}");
        }
        assert!(d.equivalence(0.1).equal > 0.999);
        assert!((d.equivalence(0.0).larger - d.p_larger).abs() < 1e-12);
    }
}
