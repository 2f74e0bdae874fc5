//! Intervals of metrics of many classes: the delta method over rows, columns and hits instead of over every cell.

use super::intervals::{Interval, normal, normal_quantile, with_more};
use super::multiclass::ConfusionMatrix;

/// What the metrics of a choice rest on: of each class the rows, the rows called so, and the rows that are both.
#[derive(Clone, Debug, Default, PartialEq)]
struct Margins {
    hits: Vec<f64>,
    support: Vec<f64>,
    called: Vec<f64>,
}

impl Margins {
    fn of(matrix: &ConfusionMatrix) -> Self {
        let k = matrix.classes();
        let mut margins = Self { hits: vec![0.0; k], support: vec![0.0; k], called: vec![0.0; k] };
        for (quality, class) in matrix.per_class().iter().zip(0..) {
            let places = (margins.hits.get_mut(class), margins.support.get_mut(class), margins.called.get_mut(class));
            if let (Some(hits), Some(support), Some(called)) = places {
                (*hits, *support, *called) = (matrix.at(class, class), quality.support, quality.called);
            }
        }
        margins
    }

    fn classes(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        self.hits
            .iter()
            .zip(&self.support)
            .zip(&self.called)
            .map(|((hits, support), called)| (*hits, *support, *called))
    }

    /// A metric as [`ConfusionMatrix::metric`] defines it; `None` without meaning and for other names.
    fn metric(&self, name: &str) -> Option<f64> {
        let n: f64 = self.support.iter().sum();
        let hits: f64 = self.hits.iter().sum();
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let mean = |value: &dyn Fn(f64, f64, f64) -> f64, weighted: bool| {
            let used = self.classes().filter(|(_, support, called)| support + called > 0.0);
            let (sum, weight) = used.fold((0.0, 0.0), |(sum, weight), (h, s, c)| {
                let own = if weighted { s } else { 1.0 };
                (sum + own * value(h, s, c), weight + own)
            });
            (weight > 0.0).then(|| sum / weight)
        };
        let products = |value: fn(f64, f64) -> f64| self.classes().map(|(_, s, c)| value(s, c)).sum::<f64>();
        match name {
            "accuracy" => (n > 0.0).then(|| hits / n),
            "balanced_accuracy" => {
                let present = self.classes().filter(|(_, support, _)| *support > 0.0);
                let (sum, k) = present.fold((0.0, 0.0), |(sum, k), (h, s, _)| (sum + h / s, k + 1.0));
                (k > 0.0).then(|| sum / k)
            }
            "precision_macro" => mean(&|h, _, c| share(h, c), false),
            "precision_weighted" => mean(&|h, _, c| share(h, c), true),
            "recall_macro" => mean(&|h, s, _| share(h, s), false),
            "recall_weighted" => mean(&|h, s, _| share(h, s), true),
            "f1_macro" => mean(&|h, s, c| share(2.0 * h, s + c), false),
            "f1_weighted" => mean(&|h, s, c| share(2.0 * h, s + c), true),
            "mcc" => {
                let below = (n * n - products(|_, c| c * c)) * (n * n - products(|s, _| s * s));
                (n > 0.0).then(|| if below > 0.0 { (hits * n - products(|s, c| s * c)) / below.sqrt() } else { 0.0 })
            }
            "cohen_kappa" => {
                let chance = products(|s, c| s * c) / n;
                (n > chance).then(|| (hits - chance) / (n - chance))
            }
            _ => None,
        }
    }

    /// The slope of a metric along one of the three lists, class by class; 0 where it has no rows.
    fn slopes(&self, name: &str, list: fn(&mut Self) -> &mut Vec<f64>) -> Option<Vec<f64>> {
        let step = (self.support.iter().sum::<f64>() * 1e-6).max(1e-9);
        let mut moved = self.clone();
        let before = list(&mut moved).clone();
        let mut slopes = Vec::with_capacity(before.len());
        for (class, rows) in before.iter().enumerate() {
            if *rows <= 0.0 {
                slopes.push(0.0);
                continue;
            }
            let mut at = |by: f64| {
                *list(&mut moved).get_mut(class)? = rows + by;
                let value = moved.metric(name);
                *list(&mut moved).get_mut(class)? = *rows;
                value
            };
            slopes.push((at(step)? - at(-step)?) / (2.0 * step));
        }
        Some(slopes)
    }
}

/// The interval that [`super::intervals::delta`] gives for a metric of a confusion matrix, by its name. A row of class t
/// called s moves a metric by its slopes along the rows of t, along those called s and, if both are one, along the hits;
/// so k classes need 3·k slopes of cost k, not k² of cost k².
pub fn interval(matrix: &ConfusionMatrix, name: &str, level: f64, limits: (f64, f64)) -> Option<Interval> {
    let value = matrix.metric(name)?;
    let k = matrix.classes();
    let z = normal_quantile(level);
    let smoothed = ConfusionMatrix::from_counts(k, with_more(matrix.counts(), z * z));
    let margins = Margins::of(&smoothed);
    let of_support = margins.slopes(name, |m| &mut m.support)?;
    let of_called = margins.slopes(name, |m| &mut m.called)?;
    let of_hits = margins.slopes(name, |m| &mut m.hits)?;
    let slope = |t: usize, s: usize| {
        let at = |slopes: &[f64], class: usize| slopes.get(class).copied().unwrap_or(0.0);
        at(&of_support, t) + at(&of_called, s) + if t == s { at(&of_hits, t) } else { 0.0 }
    };
    let n = smoothed.rows();
    let cells = || smoothed.counts().iter().enumerate().map(|(place, rows)| (*rows, slope(place / k, place % k)));
    let mean = cells().map(|(rows, slope)| rows * slope).sum::<f64>() / n;
    let variance: f64 = cells().map(|(rows, slope)| rows * (slope - mean).powi(2)).sum();
    let wide = normal(margins.metric(name)?, variance, level, limits, "delta method, smoothed")?;
    Some(Interval { low: wide.low.min(value), high: wide.high.max(value), ..wide })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::intervals::delta;
    use crate::stats::random::SplitMix64;

    const NAMES: [&str; 10] = [
        "accuracy",
        "balanced_accuracy",
        "precision_macro",
        "precision_weighted",
        "recall_macro",
        "recall_weighted",
        "f1_macro",
        "f1_weighted",
        "mcc",
        "cohen_kappa",
    ];

    #[test]
    fn it_is_the_delta_method_over_cells() {
        let mut random = SplitMix64::new(6);
        for k in [2, 4, 7] {
            let mut matrix = ConfusionMatrix::new(k + 1);
            for _ in 0..200 {
                let truth = random.below(k);
                // The last class is only ever said.
                let said = if random.unit() < 0.6 { truth } else { random.below(k + 1) };
                matrix.add(truth, said, 1.0);
            }
            for name in NAMES {
                let by_margins = Margins::of(&matrix).metric(name).unwrap();
                assert!((by_margins - matrix.metric(name).unwrap()).abs() < 1e-12, "{name}");
                let ours = interval(&matrix, name, 0.95, (-1.0, 1.0)).unwrap();
                let cells = delta(matrix.counts(), 0.95, (-1.0, 1.0), |c| {
                    ConfusionMatrix::from_counts(k + 1, c.to_vec()).metric(name)
                });
                let cells = cells.unwrap();
                let same = (ours.low - cells.low).abs() < 1e-6 && (ours.high - cells.high).abs() < 1e-6;
                assert!(same, "{name} of {k}: {ours:?} {cells:?}");
            }
        }
    }

    #[test]
    fn no_rows_have_no_interval() {
        for k in [0, 3] {
            assert!(NAMES.iter().all(|name| interval(&ConfusionMatrix::new(k), name, 0.95, (0.0, 1.0)).is_none()));
        }
    }
}
