//! An interval of the expected calibration error that allows for its upward bias.
//!
//! The error adds up distances, and a distance that is 0 in truth is never 0 in a sample: even a perfectly calibrated
//! model has an error above 0, the more so the fewer the rows in a bin (Bröcker 2012; Kumar, Liang and Ma 2019, who
//! debias the squared error). Here each bin's gap is taken as normal around an unknown true gap; its distance from 0 is
//! then folded normal (Leone, Nelson and Nottingham 1961), whose mean tells how much of the sum is chance.

use statrs::distribution::{ChiSquared, ContinuousCDF as _};

use super::intervals::{Interval, normal_cdf, normal_quantile};
use super::probability::CalibrationBin;

/// Expected positives and negatives below which a bin joins its neighbour in the test of calibration.
const FEW_EXPECTED: f64 = 3.0;

/// Mean of |X| for a normal X.
fn folded_mean(mean: f64, error: f64) -> f64 {
    if error <= 0.0 {
        return mean.abs();
    }
    let z = mean / error;
    error * (2.0 / std::f64::consts::PI).sqrt() * (-z * z / 2.0).exp() + mean * (1.0 - 2.0 * normal_cdf(-z))
}

/// The interval of the calibration error `value` of these bins; `None` without rows.
///
/// How much of the value is chance depends on the true gaps, which are not known; both ends take the answer that makes
/// the interval wider. For the lower end a true gap is the observed one with its variance taken away,
/// √(gap² − error²), and the variance is the folded normal's; for the upper end it is the observed gap itself, and the
/// variance is the unfolded one. The lower end is 0 while a chi-squared test at the same level does not reject perfect
/// calibration; the upper end never lies below the value.
pub fn of_bins(value: f64, bins: &[CalibrationBin], level: f64) -> Option<Interval> {
    let rows: f64 = bins.iter().map(|b| b.rows as f64).sum();
    if rows <= 0.0 {
        return None;
    }
    let (mut most, mut least, mut folded_variance, mut variance, mut squares) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for bin in bins.iter().filter(|b| b.rows > 0) {
        let n = bin.rows as f64;
        let share = n / rows;
        let gap = bin.predicted - bin.observed;
        // A bin without a positive is not without spread: for the variance, two more rows as predicted are counted.
        let positive = ((n * bin.observed + 2.0 * bin.predicted) / (n + 2.0)).clamp(0.0, 1.0);
        let square = positive * (1.0 - positive) / n;
        let error = square.sqrt();
        let shrunk = (gap * gap - square).max(0.0).sqrt();
        let folded = folded_mean(gap, error);
        most += share * (folded_mean(shrunk, error) - shrunk);
        least += share * (folded - gap.abs());
        folded_variance += share * share * (gap * gap + square - folded * folded).max(0.0);
        variance += share * share * square;
        squares += share * gap * gap;
    }
    // How many rows fall into a bin varies too, which counts where the gaps differ.
    let of_shares = (squares - value * value).max(0.0) / rows;
    let z = normal_quantile(level);
    let below = value - most - z * (folded_variance + of_shares).sqrt();
    let above = value - least + z * (variance + of_shares).sqrt();
    let low = if is_calibrated(bins, level) { 0.0 } else { below.max(0.0).min(value) };
    Some(Interval { low, high: above.min(1.0).max(value), method: "folded normal by bin, bias removed" })
}

/// Whether the gaps are no larger than chance makes them when every probability is right. Neighbouring bins are joined
/// until enough rows of both classes are expected; what is left after the last joins it.
fn is_calibrated(bins: &[CalibrationBin], level: f64) -> bool {
    // Gap in rows and variance of each tested group.
    let mut groups: Vec<(f64, f64)> = Vec::with_capacity(bins.len());
    let (mut gap, mut variance, mut yes, mut no) = (0.0, 0.0, 0.0, 0.0);
    for bin in bins.iter().filter(|b| b.rows > 0) {
        let n = bin.rows as f64;
        let p = bin.predicted.clamp(0.0, 1.0);
        gap += n * (bin.observed - bin.predicted);
        variance += n * p * (1.0 - p);
        yes += n * p;
        no += n * (1.0 - p);
        if f64::min(yes, no) >= FEW_EXPECTED {
            groups.push((gap, variance));
            (gap, variance, yes, no) = (0.0, 0.0, 0.0, 0.0);
        }
    }
    if let Some(last) = groups.last_mut() {
        *last = (last.0 + gap, last.1 + variance);
    } else {
        groups.push((gap, variance));
    }
    let of_group = |(gap, variance): &(f64, f64)| match (*gap == 0.0, *variance > 0.0) {
        (true, _) => 0.0,
        (false, true) => gap * gap / variance,
        (false, false) => f64::INFINITY,
    };
    let sum: f64 = groups.iter().map(of_group).sum();
    ChiSquared::new(groups.len() as f64).map_or(true, |chi| sum <= chi.inverse_cdf(level.clamp(0.0, 0.999_999_9)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::probability::expected_calibration_error;

    fn bins(rows: u64, gap: f64) -> Vec<CalibrationBin> {
        let bin = |i: u32| {
            let predicted = (f64::from(i) + 0.5) / 10.0;
            CalibrationBin { rows, predicted, observed: (predicted + gap).clamp(0.0, 1.0) }
        };
        (0..10).map(bin).collect()
    }

    fn of(bins: &[CalibrationBin]) -> (f64, Interval) {
        let value = expected_calibration_error(bins).unwrap();
        (value, of_bins(value, bins, 0.95).unwrap())
    }

    #[test]
    fn gaps_that_chance_explains_start_at_zero() {
        let (value, i) = of(&bins(100, 0.02));
        assert!(i.low == 0.0 && i.high >= value && i.high < 0.07, "{value} {i:?}");
        let (value, i) = of(&bins(100_000, 0.02));
        assert!(i.low > 0.018 && i.low < value && i.high > value && i.high < 0.022, "{value} {i:?}");
    }

    #[test]
    fn it_stays_in_its_range() {
        for gap in [-1.0, -0.5, 0.0, 0.5, 1.0] {
            for rows in [1, 5, 1000] {
                let (value, i) = of(&bins(rows, gap));
                assert!(0.0 <= i.low && i.low <= value && value <= i.high && i.high <= 1.0, "{gap} {rows} {i:?}");
            }
        }
        assert_eq!(of_bins(0.0, &[], 0.95), None);
        // Sure and wrong: no chance can explain that.
        let wrong = [CalibrationBin { rows: 50, predicted: 0.0, observed: 1.0 }];
        let (_, i) = of(&wrong);
        assert!(i.low > 0.9, "{i:?}");
    }

    #[test]
    fn the_folded_mean_is_known_at_its_ends() {
        assert!((folded_mean(0.0, 1.0) - 0.7978845608028654).abs() < 1e-9);
        assert!((folded_mean(9.0, 1.0) - 9.0).abs() < 1e-9);
        assert_eq!(folded_mean(-2.0, 0.0), 2.0);
    }
}
