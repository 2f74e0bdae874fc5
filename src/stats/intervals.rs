//! Intervals beside point values, each by a named method.

use statrs::distribution::{Binomial, ContinuousCDF as _, DiscreteCDF as _, Normal, StudentsT};

use super::delong::Area;
use super::moments::Moments;
use super::skewed::{Scale, Spread};

/// A point value with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// How it was found.
    pub method: &'static str,
}

/// The two-sided normal quantile of a level, 1.96 for 0.95; 0 for a level that is none.
pub fn normal_quantile(level: f64) -> f64 {
    let p = f64::midpoint(1.0, level.clamp(0.0, 0.999_999_9));
    Normal::standard().inverse_cdf(p)
}

/// The two-sided quantile of Student's t: [`normal_quantile`] widened for a spread estimated from few rows.
pub fn t_quantile(level: f64, freedom: f64) -> f64 {
    // Beyond this the two agree to a thousandth, and the inverse is slow and less exact than the normal one.
    if !(1.0..1000.0).contains(&freedom) {
        return normal_quantile(level);
    }
    let p = f64::midpoint(1.0, level.clamp(0.0, 0.999_999_9));
    StudentsT::new(0.0, 1.0, freedom).map_or_else(|_| normal_quantile(level), |t| t.inverse_cdf(p))
}

/// Two-sided p value of a standard normal deviate.
pub fn normal_p(z: f64) -> f64 {
    2.0 * Normal::standard().cdf(-z.abs())
}

/// The standard normal distribution function.
pub fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// Wilson's interval (1927) of `hits` among `n`; `None` for `n` = 0. Weighted counts are taken as they are.
pub fn wilson(hits: f64, n: f64, level: f64) -> Option<Interval> {
    if n <= 0.0 {
        return None;
    }
    let z = normal_quantile(level);
    let p = hits / n;
    let below = 1.0 + z * z / n;
    let centre = (p + z * z / (2.0 * n)) / below;
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).max(0.0).sqrt() / below;
    // At the ends the formula gives 0 and 1 but for rounding.
    let low = if hits <= 0.0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if hits >= n { 1.0 } else { (centre + half).min(1.0) };
    Some(Interval { low, high, method: "wilson" })
}

/// Interval of F1. TP / (TP + FP + FN) is a plain share of the rows that are positive or said so, and F1 grows with it
/// alone: 2·share / (1 + share). So Wilson's limits of that share give the limits of F1, also for few rows and at the
/// ends. `None` when no row is positive or said so.
pub fn f1(tp: f64, fp: f64, fn_: f64, level: f64) -> Option<Interval> {
    let share = wilson(tp, tp + fp + fn_, level)?;
    let of_share = |j: f64| 2.0 * j / (1.0 + j);
    Some(Interval { low: of_share(share.low), high: of_share(share.high), method: "wilson, F1 from its share" })
}

/// Interval of the plain mean of independent shares, each (hits, rows), as balanced accuracy is: the distances to each
/// Wilson limit add up in squares (Zou and Donner 2008). Shares of no rows are left out; `None` when all are.
pub fn mean_of_shares(shares: &[(f64, f64)], level: f64) -> Option<Interval> {
    let (mut sum, mut below, mut above, mut k) = (0.0, 0.0, 0.0, 0.0);
    for (hits, rows) in shares {
        let Some(own) = wilson(*hits, *rows, level) else { continue };
        let share = hits / rows;
        sum += share;
        below += (share - own.low).powi(2);
        above += (own.high - share).powi(2);
        k += 1.0;
    }
    (k > 0.0).then(|| Interval {
        low: ((sum - f64::sqrt(below)) / k).max(0.0),
        high: ((sum + f64::sqrt(above)) / k).min(1.0),
        method: "wilson by class",
    })
}

/// Value ± z standard errors, kept within limits.
pub fn normal(value: f64, variance: f64, level: f64, limits: (f64, f64), method: &'static str) -> Option<Interval> {
    around(value, normal_quantile(level) * variance.max(0.0).sqrt(), limits, method)
}

fn around(value: f64, half: f64, limits: (f64, f64), method: &'static str) -> Option<Interval> {
    (value + half).is_finite().then(|| Interval {
        low: (value - half).max(limits.0),
        high: (value + half).min(limits.1),
        method,
    })
}

/// Value ± z standard errors on the logit scale, for a share that may lie near 0 or 1; falls back to [`normal`] at
/// the very ends.
pub fn logit(value: f64, variance: f64, level: f64, method: &'static str) -> Option<Interval> {
    let slope = value * (1.0 - value);
    if slope <= 0.0 || variance <= 0.0 {
        return normal(value, variance, level, (0.0, 1.0), method);
    }
    let centre = (value / (1.0 - value)).ln();
    let half = normal_quantile(level) * variance.sqrt() / slope;
    let back = |x: f64| 1.0 / (1.0 + (-x).exp());
    Some(Interval { low: back(centre - half), high: back(centre + half), method })
}

/// DeLong's interval of an area under the ROC curve, by Student's t on the logit scale ([`Area`]). Classes
/// fully apart show no spread, which is not certainty: then Wilson's for the rows of the smaller class. `None` when a
/// class has one row only.
pub fn delong(area: &Area, level: f64) -> Option<Interval> {
    let spread = area.spread?;
    let auc = area.auc;
    if spread.error <= 0.0 || auc <= 0.0 || auc >= 1.0 {
        let rows = area.smaller_class as f64;
        return wilson(auc * rows, rows, level).map(|i| Interval { method: "wilson, smaller class", ..i });
    }
    spread.even_interval(auc, level, Scale::Logit, "delong, logit")
}

/// Interval of the mean of per-row losses, by Student's t with the skewness removed ([`Spread::interval`]); `None` below
/// two rows.
pub fn of_mean(moments: &Moments, level: f64, limits: (f64, f64)) -> Option<Interval> {
    let mean = moments.mean()?;
    let i = Spread::of_mean(moments)?.interval(mean, level, Scale::Plain, "t, skewness removed")?;
    Some(Interval { low: i.low.max(limits.0).min(mean), high: i.high.min(limits.1).max(mean), ..i })
}

/// Delta-method interval of any function of a table of counts (multinomial sampling): the function's influence at
/// each cell, by a small step, weighted by the cell's count.
///
/// As Agresti and Coull (1998) do for a share, z² rows are added first, spread evenly over the cells: without them the
/// interval is too narrow for few rows, and vanishes for a table without an error, where nothing seen is not certainty.
/// A square table, row after row, keeps its empty rows and columns, so that a class that does not occur stays away.
/// The interval always reaches to the value itself.
pub fn delta(
    counts: &[f64],
    level: f64,
    limits: (f64, f64),
    metric: impl Fn(&[f64]) -> Option<f64>,
) -> Option<Interval> {
    let value = metric(counts)?;
    let z = normal_quantile(level);
    let smoothed = with_more(counts, z * z);
    let variance = delta_variance(&smoothed, &metric)?;
    let wide = normal(metric(&smoothed)?, variance, level, limits, "delta method, smoothed")?;
    Some(Interval { low: wide.low.min(value), high: wide.high.max(value), ..wide })
}

/// The counts with `rows` more, spread evenly over the cells; in a square table over those of rows and columns in use.
fn with_more(counts: &[f64], rows: f64) -> Vec<f64> {
    let side = counts.len().isqrt();
    let used: Vec<bool> = if side > 0 && side * side == counts.len() {
        let row_in_use: Vec<bool> = counts.chunks(side).map(|row| row.iter().any(|c| *c > 0.0)).collect();
        let mut column_in_use = vec![false; side];
        for row in counts.chunks(side) {
            column_in_use.iter_mut().zip(row).for_each(|(used, count)| *used |= *count > 0.0);
        }
        row_in_use.iter().flat_map(|row| column_in_use.iter().map(|column| *row && *column)).collect()
    } else {
        vec![true; counts.len()]
    };
    let more = rows / used.iter().filter(|used| **used).count().max(1) as f64;
    counts.iter().zip(used).map(|(count, used)| if used { count + more } else { *count }).collect()
}

/// Variance of a function of multinomial counts, to first order.
fn delta_variance(counts: &[f64], metric: &impl Fn(&[f64]) -> Option<f64>) -> Option<f64> {
    let n: f64 = counts.iter().sum();
    let step = (n * 1e-6).max(1e-9);
    let mut moved = counts.to_vec();
    let mut gradient = Vec::with_capacity(counts.len());
    for place in 0..counts.len() {
        if counts.get(place).is_none_or(|c| *c <= 0.0) {
            gradient.push(0.0);
            continue;
        }
        let mut shifted = |by: f64| {
            let cell = moved.get_mut(place)?;
            let before = *cell;
            *cell = before + by;
            let value = metric(&moved);
            if let Some(cell) = moved.get_mut(place) {
                *cell = before;
            }
            value
        };
        let (up, down) = (shifted(step)?, shifted(-step)?);
        gradient.push((up - down) / (2.0 * step) * n);
    }
    let mean: f64 = gradient.iter().zip(counts).map(|(g, c)| g * c).sum::<f64>() / n;
    let variance: f64 = gradient.iter().zip(counts).map(|(g, c)| c * (g - mean).powi(2)).sum::<f64>() / n / n;
    Some(variance)
}

/// Distribution-free interval of the median from order statistics (Conover 1999): how many of n values lie below the
/// median is binomial, and the ranks are the ones that keep each tail at half of 1 − level or less; exact up to 1,000
/// values, by the normal approximation beyond. Values are sorted ascending. `None` when so few values have no such
/// ranks (fewer than six at 95 %).
pub fn of_median(sorted: &[f64], level: f64) -> Option<Interval> {
    let n = sorted.len();
    let tail = (1.0 - level.clamp(0.0, 0.999_999_9)) / 2.0;
    // The number of values left out at each end.
    let out = if n <= 1000 {
        let below = Binomial::new(0.5, n as u64).ok()?;
        (0..n as u64 / 2).take_while(|k| below.cdf(*k) <= tail).count().checked_sub(1)?
    } else {
        (n as f64 / 2.0 - normal_quantile(level) * (n as f64).sqrt() / 2.0).floor().max(1.0) as usize - 1
    };
    let high = n.checked_sub(out + 1)?;
    Some(Interval { low: *sorted.get(out)?, high: *sorted.get(high)?, method: "order statistics" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::ranked::RankedScores;

    #[test]
    fn wilson_as_published() {
        let i = wilson(8.0, 10.0, 0.95).unwrap();
        assert!((i.low - 0.4901624715366422).abs() < 1e-9, "{i:?}");
        assert!((i.high - 0.9433178485456247).abs() < 1e-9, "{i:?}");
        assert_eq!(wilson(0.0, 0.0, 0.95), None);
        assert_eq!(wilson(0.0, 5.0, 0.95).unwrap().low, 0.0);
    }

    #[test]
    fn the_delta_method_gives_a_share_the_interval_of_agresti_and_coull() {
        let share = |c: &[f64]| Some(c.first()? / (c.first()? + c.get(1)?));
        let i = delta(&[300.0, 700.0], 0.95, (0.0, 1.0), share).unwrap();
        let z2 = 1.959963984540054_f64.powi(2);
        let centre = (300.0 + z2 / 2.0) / (1000.0 + z2);
        let half = (z2 * centre * (1.0 - centre) / (1000.0 + z2)).sqrt();
        assert!((i.low - (centre - half)).abs() < 1e-6 && (i.high - (centre + half)).abs() < 1e-6, "{i:?}");
    }

    #[test]
    fn a_class_that_does_not_occur_stays_away() {
        let with = with_more(&[5.0, 1.0, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0, 0.0], 4.0);
        assert_eq!(with, [6.0, 2.0, 0.0, 3.0, 5.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(with_more(&[1.0, 2.0, 3.0], 3.0), [2.0, 3.0, 4.0]);
    }

    #[test]
    fn a_logit_interval_stays_inside() {
        let i = logit(0.99, 0.0001, 0.95, "x").unwrap();
        assert!(i.low > 0.9 && i.high < 1.0);
        assert_eq!(logit(1.0, 0.0, 0.95, "x").unwrap().high, 1.0);
    }

    #[test]
    fn a_perfect_result_on_few_rows_is_not_certainty() {
        let accuracy = |c: &[f64]| Some((c.first()? + c.get(3)?) / c.iter().sum::<f64>());
        let i = delta(&[10.0, 0.0, 0.0, 10.0], 0.95, (0.0, 1.0), accuracy).unwrap();
        assert!(i.low < 0.9 && i.low > 0.6 && i.high == 1.0, "{i:?}");
        let apart = RankedScores::new(&[0.1, 0.2, 0.3, 0.8, 0.9], &[false, false, false, true, true]);
        let apart = Area::of(&apart).unwrap();
        let i = delong(&apart, 0.95).unwrap();
        assert!(i.low < 0.5 && i.high == 1.0, "{i:?}");
        let i = f1(5.0, 0.0, 0.0, 0.95).unwrap();
        assert!(i.low < 0.8 && i.high == 1.0, "{i:?}");
        assert_eq!(f1(0.0, 0.0, 0.0, 0.95), None);
    }

    #[test]
    fn the_mean_of_one_share_has_wilsons_limits() {
        let (one, own) = (mean_of_shares(&[(8.0, 10.0), (0.0, 0.0)], 0.95).unwrap(), wilson(8.0, 10.0, 0.95).unwrap());
        assert!((one.low - own.low).abs() < 1e-12 && (one.high - own.high).abs() < 1e-12);
        let two = mean_of_shares(&[(8.0, 10.0), (8.0, 10.0)], 0.95).unwrap();
        assert!(two.low > own.low && two.high < own.high);
        assert_eq!(mean_of_shares(&[], 0.95), None);
    }

    #[test]
    fn few_rows_widen_the_interval_of_a_mean() {
        assert!((t_quantile(0.95, 4.0) - 2.7764451051977987).abs() < 1e-6);
        assert!((t_quantile(0.95, 999.0) / normal_quantile(0.95) - 1.0).abs() < 2e-3);
        let few: Moments = [1.0, 2.0, 3.0].into_iter().collect();
        let i = of_mean(&few, 0.95, (0.0, 9.0)).unwrap();
        assert!((i.high - (2.0 + 4.302652729911275 / 3.0_f64.sqrt())).abs() < 1e-6 && i.low == 0.0, "{i:?}");
        assert_eq!(of_mean(&[1.0].into_iter().collect(), 0.95, (0.0, 9.0)), None);
    }

    #[test]
    fn the_median_lies_between_its_order_statistics() {
        let sorted: Vec<f64> = (0..101).map(f64::from).collect();
        let i = of_median(&sorted, 0.95).unwrap();
        // Ranks 41 and 61 of 101, as tables have them.
        assert_eq!((i.low, i.high), (40.0, 60.0));
        assert_eq!(of_median(&[], 0.95), None);
        assert_eq!(of_median(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95), None);
        let six = of_median(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.95).unwrap();
        assert_eq!((six.low, six.high), (1.0, 6.0));
    }
}
