//! Intervals of estimates that are not spread evenly around the truth.
//!
//! The estimate is a mean, or behaves like one: over many samples it varies with a standard error and with a skewness
//! that shrinks by the root of the rows. Studentised, its distribution function is
//! Φ(x) + λ·(2x² + 1)·φ(x) / 6 + …, with λ the skewness of the estimate (Hall 1992a, "The Bootstrap and Edgeworth
//! Expansion", 2.6). Hall's cubic transformation (1992b, "On the removal of skewness by transformation", JRSS B 54)
//! takes that term away and, being monotone, has an inverse; so each end of the interval misses equally often.

use super::intervals::{Interval, t_quantile};
use super::moments::Moments;

/// Skewness of an estimate from which no correction helps. A mean that rests on m equal rows among very many others
/// that say nothing has 1 / √m: here fewer than three rows make up the number.
pub const TOO_SKEWED: f64 = 0.6;

/// The scale on which an interval is laid out, so that it stays within the metric's range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Any number, as it is.
    Plain,
    /// A number above 0, by its logarithm.
    Log,
    /// A number between 0 and 1, by its log odds.
    Logit,
}

impl Scale {
    fn there(self, x: f64) -> f64 {
        match self {
            Self::Plain => x,
            Self::Log => x.ln(),
            Self::Logit => (x / (1.0 - x)).ln(),
        }
    }

    fn back(self, y: f64) -> f64 {
        match self {
            Self::Plain => y,
            Self::Log => y.exp(),
            Self::Logit => 1.0 / (1.0 + (-y).exp()),
        }
    }

    /// First derivative, and second over first.
    fn slopes(self, x: f64) -> (f64, f64) {
        match self {
            Self::Plain => (1.0, 0.0),
            Self::Log => (1.0 / x, -1.0 / x),
            Self::Logit => (1.0 / (x * (1.0 - x)), (2.0 * x - 1.0) / (x * (1.0 - x))),
        }
    }
}

/// What is known of how an estimate varies over samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Its standard error.
    pub error: f64,
    /// Its skewness: that of the rows over the root of their number, when it is a mean.
    pub skewness: f64,
    /// Degrees of freedom of the standard error.
    pub freedom: f64,
}

impl Spread {
    /// How the mean of rows varies; `None` below two rows.
    pub fn of_mean(rows: &Moments) -> Option<Self> {
        let n = rows.n as f64;
        Some(Self {
            error: (rows.sample_variance()? / n).sqrt(),
            skewness: rows.skewness().unwrap_or(0.0) / n.sqrt(),
            freedom: n - 1.0,
        })
    }

    /// How the sum of independent estimates varies, with degrees of freedom after Welch (1947).
    pub fn plus(&self, other: &Self) -> Self {
        let (a, b) = (self.error * self.error, other.error * other.error);
        let variance = a + b;
        let thirds = self.skewness * self.error.powi(3) + other.skewness * other.error.powi(3);
        let apart = a * a / self.freedom + b * b / other.freedom;
        Self {
            error: variance.sqrt(),
            skewness: if variance > 0.0 { thirds / variance.powf(1.5) } else { 0.0 },
            freedom: if apart > 0.0 { variance * variance / apart } else { self.freedom.min(other.freedom) },
        }
    }

    /// Whether so few rows make the estimate that its interval is not to be trusted.
    pub fn too_skewed(&self) -> bool {
        self.skewness.abs() > TOO_SKEWED
    }

    /// The interval of `value`, skewness removed, by Student's t. A scale h bends the studentised estimate by
    /// −h″/(2h′)·error·t², to second order what the skewness does, so both are removed together. `None` when the value
    /// lies at an end of the scale, or the numbers are not finite.
    pub fn interval(&self, value: f64, level: f64, scale: Scale, method: &'static str) -> Option<Interval> {
        let (_, bend) = scale.slopes(value);
        let lambda = self.skewness + 1.5 * bend * self.error;
        self.on_scale(value, level, scale, method, |x| {
            let shifted = x - self.skewness / 6.0;
            // The inverse is x + λx²/3 + … near λ = 0, where its own formula loses all digits.
            if lambda.abs() < 1e-9 { shifted } else { 3.0 / lambda * ((1.0 + lambda * shifted).cbrt() - 1.0) }
        })
    }

    /// The interval of `value` by Student's t on a scale that is trusted to take the skewness away by itself, which is
    /// better when few rows show too little of it. `None` as for [`Spread::interval`].
    pub fn even_interval(&self, value: f64, level: f64, scale: Scale, method: &'static str) -> Option<Interval> {
        self.on_scale(value, level, scale, method, |x| x)
    }

    fn on_scale(
        &self,
        value: f64,
        level: f64,
        scale: Scale,
        method: &'static str,
        studentised: impl Fn(f64) -> f64,
    ) -> Option<Interval> {
        let (slope, _) = scale.slopes(value);
        let quantile = t_quantile(level, self.freedom);
        let end = |x: f64| scale.back(scale.there(value) - slope * self.error * studentised(x));
        let (low, high) = (end(quantile), end(-quantile));
        (low.is_finite() && high.is_finite()).then(|| Interval { low: low.min(value), high: high.max(value), method })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_skewness_it_is_students_interval() {
        let rows: Moments = [1.0, 2.0, 3.0].into_iter().collect();
        let i = Spread::of_mean(&rows).unwrap().interval(2.0, 0.95, Scale::Plain, "x").unwrap();
        let half = 4.302652729911275 / 3.0_f64.sqrt();
        assert!((i.low - (2.0 - half)).abs() < 1e-6 && (i.high - (2.0 + half)).abs() < 1e-6, "{i:?}");
    }

    #[test]
    fn a_long_right_tail_moves_the_interval_right() {
        let rows: Moments = (0..100).map(|i| if i % 20 == 0 { 10.0 } else { 1.0 }).collect();
        let spread = Spread::of_mean(&rows).unwrap();
        let i = spread.interval(rows.mean, 0.95, Scale::Plain, "x").unwrap();
        assert!(i.high - rows.mean > 1.3 * (rows.mean - i.low), "{i:?}");
        let log = spread.interval(rows.mean, 0.95, Scale::Log, "x").unwrap();
        assert!((log.low / i.low - 1.0).abs() < 0.1 && (log.high / i.high - 1.0).abs() < 0.1, "{i:?} {log:?}");
        let turned: Moments = (0..100).map(|i| if i % 20 == 0 { -10.0 } else { -1.0 }).collect();
        let t = Spread::of_mean(&turned).unwrap().interval(turned.mean, 0.95, Scale::Plain, "x").unwrap();
        assert!((t.low + i.high).abs() < 1e-9 && (t.high + i.low).abs() < 1e-9, "{i:?} {t:?}");
    }

    #[test]
    fn a_scale_keeps_its_range() {
        let spread = Spread { error: 0.02, skewness: -0.3, freedom: 40.0 };
        let i = spread.interval(0.985, 0.99, Scale::Logit, "x").unwrap();
        assert!(i.low > 0.8 && i.low < 0.985 && i.high < 1.0, "{i:?}");
        assert!(spread.interval(0.01, 0.99, Scale::Log, "x").unwrap().low > 0.0);
        assert_eq!(spread.interval(0.0, 0.99, Scale::Log, "x"), None);
        assert_eq!(spread.interval(1.0, 0.99, Scale::Logit, "x"), None);
    }

    #[test]
    fn parts_add_up() {
        let a = Spread { error: 3.0, skewness: 0.5, freedom: 10.0 };
        let b = Spread { error: 4.0, skewness: -0.5, freedom: 20.0 };
        let sum = a.plus(&b);
        assert!((sum.error - 5.0).abs() < 1e-12 && (sum.skewness - (13.5 - 32.0) / 125.0).abs() < 1e-12, "{sum:?}");
        assert!((sum.freedom - 625.0 / (8.1 + 12.8)).abs() < 1e-9);
    }
}
