//! Intervals beside point values, each by a named method.

use statrs::distribution::{ContinuousCDF as _, Normal};

use super::delong::Placements;
use super::moments::Moments;

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

/// Value ± z standard errors, kept within limits.
pub fn normal(value: f64, variance: f64, level: f64, limits: (f64, f64), method: &'static str) -> Option<Interval> {
    let half = normal_quantile(level) * variance.max(0.0).sqrt();
    half.is_finite().then(|| Interval {
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

/// DeLong's interval of an area under the ROC curve, on the logit scale.
pub fn delong(placements: &Placements, level: f64) -> Option<Interval> {
    logit(placements.auc, placements.variance()?, level, "delong, logit")
}

/// Interval of the mean of per-row losses.
pub fn of_mean(moments: &Moments, level: f64, limits: (f64, f64)) -> Option<Interval> {
    normal(moments.mean()?, moments.sample_variance()? / moments.n as f64, level, limits, "normal, mean of rows")
}

/// Delta-method interval of any function of a table of counts (multinomial sampling): the function's influence at
/// each cell, by a small step, weighted by the cell's count.
pub fn delta(
    counts: &[f64],
    level: f64,
    limits: (f64, f64),
    metric: impl Fn(&[f64]) -> Option<f64>,
) -> Option<Interval> {
    let n: f64 = counts.iter().sum();
    let value = metric(counts)?;
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
    normal(value, variance, level, limits, "delta method")
}

/// Distribution-free interval of the median from order statistics; values sorted ascending.
pub fn of_median(sorted: &[f64], level: f64) -> Option<Interval> {
    let n = sorted.len() as f64;
    let half = normal_quantile(level) * n.sqrt() / 2.0;
    let low = (n / 2.0 - half).floor().max(0.0) as usize;
    let high = ((n / 2.0 + half).ceil() as usize).min(sorted.len().checked_sub(1)?);
    Some(Interval { low: *sorted.get(low)?, high: *sorted.get(high)?, method: "order statistics" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_as_published() {
        let i = wilson(8.0, 10.0, 0.95).unwrap();
        assert!((i.low - 0.4901624715366422).abs() < 1e-9, "{i:?}");
        assert!((i.high - 0.9433178485456247).abs() < 1e-9, "{i:?}");
        assert_eq!(wilson(0.0, 0.0, 0.95), None);
        assert_eq!(wilson(0.0, 5.0, 0.95).unwrap().low, 0.0);
    }

    #[test]
    fn the_delta_method_gives_the_walds_of_a_share() {
        let share = |c: &[f64]| Some(c.first()? / (c.first()? + c.get(1)?));
        let i = delta(&[300.0, 700.0], 0.95, (0.0, 1.0), share).unwrap();
        let half = 1.959963984540054 * (0.3_f64 * 0.7 / 1000.0).sqrt();
        assert!((i.low - (0.3 - half)).abs() < 1e-6 && (i.high - (0.3 + half)).abs() < 1e-6, "{i:?}");
    }

    #[test]
    fn a_logit_interval_stays_inside() {
        let i = logit(0.99, 0.0001, 0.95, "x").unwrap();
        assert!(i.low > 0.9 && i.high < 1.0);
        assert_eq!(logit(1.0, 0.0, 0.95, "x").unwrap().high, 1.0);
    }

    #[test]
    fn the_median_lies_between_its_order_statistics() {
        let sorted: Vec<f64> = (0..101).map(f64::from).collect();
        let i = of_median(&sorted, 0.95).unwrap();
        assert!(i.low < 50.0 && i.high > 50.0);
        assert_eq!(of_median(&[], 0.95), None);
    }
}
