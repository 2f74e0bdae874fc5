//! Intervals of metrics of many classes: the delta method over rows, columns and hits instead of over every cell.

use super::intervals::{Interval, normal, normal_quantile};
use super::multiclass::ConfusionMatrix;

/// What one class adds to the sums that the metrics are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sums {
    rows: f64,
    hits: f64,
    support_called: f64,
    support_support: f64,
    called_called: f64,
    /// The class's own value times its weight, for metrics that are means over classes.
    values: f64,
    weights: f64,
}

impl Sums {
    fn plus(self, other: Self, sign: f64) -> Self {
        Self {
            rows: self.rows + sign * other.rows,
            hits: self.hits + sign * other.hits,
            support_called: self.support_called + sign * other.support_called,
            support_support: self.support_support + sign * other.support_support,
            called_called: self.called_called + sign * other.called_called,
            values: self.values + sign * other.values,
            weights: self.weights + sign * other.weights,
        }
    }

    /// A metric as [`ConfusionMatrix::metric`] defines it; `None` without meaning.
    fn metric(&self, name: &str) -> Option<f64> {
        let n = self.rows;
        match name {
            "accuracy" => (n > 0.0).then(|| self.hits / n),
            "mcc" => {
                let below = (n * n - self.called_called) * (n * n - self.support_support);
                let above = self.hits * n - self.support_called;
                (n > 0.0).then(|| if below > 0.0 { above / below.sqrt() } else { 0.0 })
            }
            "cohen_kappa" => {
                let chance = self.support_called / n;
                (n > chance).then(|| (self.hits - chance) / (n - chance))
            }
            _ => (self.weights > 0.0).then(|| self.values / self.weights),
        }
    }
}

/// Of one class the rows that are it and called so, the rows that are it, and the rows called so.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Margin {
    hits: f64,
    support: f64,
    called: f64,
}

impl Margin {
    fn sums(self, name: &str) -> Sums {
        let Self { hits, support, called } = self;
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let value = match name.split('_').next() {
            Some("precision") => share(hits, called),
            Some("f1") => share(2.0 * hits, support + called),
            _ => share(hits, support),
        };
        let weight = if name.ends_with("_weighted") {
            support
        } else if name == "balanced_accuracy" {
            f64::from(u8::from(support > 0.0))
        } else {
            f64::from(u8::from(support + called > 0.0))
        };
        Sums {
            rows: support,
            hits,
            support_called: support * called,
            support_support: support * support,
            called_called: called * called,
            values: value * weight,
            weights: weight,
        }
    }
}

/// The slopes of a metric along a class's rows, the rows called so, and the rows that are both; 0 where it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Slopes {
    support: f64,
    called: f64,
    hits: f64,
}

/// The interval that [`super::intervals::delta`] gives for a metric of a confusion matrix, by its name. A row of class t
/// called s moves a metric by its slopes along the rows of t, along those called s and, if both are one, along the hits.
/// The metrics are made of sums over classes, so a slope needs the change of one class only; and the rows that are added
/// evenly to all cells in use enter by sums too. The cost is that of the cells with rows.
pub fn interval(matrix: &ConfusionMatrix, name: &str, level: f64, limits: (f64, f64)) -> Option<Interval> {
    let value = matrix.metric(name)?;
    let z = normal_quantile(level);
    let mut margins: Vec<Margin> = matrix
        .per_class()
        .iter()
        .enumerate()
        .map(|(class, q)| Margin { hits: matrix.at(class, class), support: q.support, called: q.called })
        .collect();
    let of: Vec<bool> = margins.iter().map(|m| m.support > 0.0).collect();
    let called: Vec<bool> = margins.iter().map(|m| m.called > 0.0).collect();
    let count = |used: &[bool]| used.iter().filter(|u| **u).count() as f64;
    let (rows_used, columns_used) = (count(&of), count(&called));
    let more = z * z / (rows_used * columns_used).max(1.0);
    for ((margin, of), called) in margins.iter_mut().zip(&of).zip(&called) {
        margin.support += if *of { more * columns_used } else { 0.0 };
        margin.called += if *called { more * rows_used } else { 0.0 };
        margin.hits += if *of && *called { more } else { 0.0 };
    }
    let sums = margins.iter().fold(Sums::default(), |sum, m| sum.plus(m.sums(name), 1.0));
    let slopes = margins.iter().map(|m| slopes_of(*m, sums, name)).collect::<Option<Vec<_>>>()?;

    let n = sums.rows;
    let slope = |t: usize, s: usize| {
        let (of, called) = (slopes.get(t).copied().unwrap_or_default(), slopes.get(s).copied().unwrap_or_default());
        of.support + called.called + if t == s { of.hits } else { 0.0 }
    };
    let used = |list: &[bool], value: &dyn Fn(&Slopes) -> f64| {
        slopes.iter().zip(list).filter(|(_, used)| **used).map(|(s, _)| value(s)).sum::<f64>()
    };
    let both: Vec<bool> = of.iter().zip(&called).map(|(a, b)| *a && *b).collect();
    let even =
        columns_used * used(&of, &|s| s.support) + rows_used * used(&called, &|s| s.called) + used(&both, &|s| s.hits);
    let mean = (matrix.cells().map(|(t, s, rows)| rows * slope(t, s)).sum::<f64>() + more * even) / n;
    let seen: f64 = matrix.cells().map(|(t, s, rows)| rows * (slope(t, s) - mean).powi(2)).sum();
    // Σ over rows and columns of (a + b − mean)², and what the diagonal has beyond it.
    let squares = columns_used * used(&of, &|s| (s.support - mean).powi(2))
        + 2.0 * used(&of, &|s| s.support - mean) * used(&called, &|s| s.called)
        + rows_used * used(&called, &|s| s.called * s.called);
    let diagonal = used(&both, &|s| {
        let apart = s.support + s.called - mean;
        (apart + s.hits).powi(2) - apart.powi(2)
    });
    let variance = seen + more * (squares + diagonal);
    let wide = normal(sums.metric(name)?, variance.max(0.0), level, limits, "delta method, smoothed")?;
    Some(Interval { low: wide.low.min(value), high: wide.high.max(value), ..wide })
}

fn slopes_of(margin: Margin, sums: Sums, name: &str) -> Option<Slopes> {
    let step = (sums.rows * 1e-6).max(1e-9);
    let others = sums.plus(margin.sums(name), -1.0);
    let slope = |rows: f64, moved: &dyn Fn(f64) -> Margin| {
        if rows <= 0.0 {
            return Some(0.0);
        }
        let at = |by: f64| others.plus(moved(by).sums(name), 1.0).metric(name);
        Some((at(step)? - at(-step)?) / (2.0 * step))
    };
    Some(Slopes {
        support: slope(margin.support, &|by| Margin { support: margin.support + by, ..margin })?,
        called: slope(margin.called, &|by| Margin { called: margin.called + by, ..margin })?,
        hits: slope(margin.hits, &|by| Margin { hits: margin.hits + by, ..margin })?,
    })
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
                let ours = interval(&matrix, name, 0.95, (-1.0, 1.0)).unwrap();
                let cells = delta(&matrix.counts(), 0.95, (-1.0, 1.0), |c| {
                    ConfusionMatrix::from_counts(k + 1, c.to_vec()).metric(name)
                });
                let cells = cells.unwrap();
                let same = (ours.low - cells.low).abs() < 1e-6 && (ours.high - cells.high).abs() < 1e-6;
                assert!(same, "{name} of {k}: {ours:?} {cells:?}");
            }
        }
    }

    #[test]
    fn ten_thousand_classes_take_no_time() {
        let mut random = SplitMix64::new(7);
        let mut matrix = ConfusionMatrix::new(10_000);
        for _ in 0..20_000 {
            let truth = random.below(10_000);
            matrix.add(truth, if random.unit() < 0.8 { truth } else { random.below(10_000) }, 1.0);
        }
        for name in NAMES {
            let i = interval(&matrix, name, 0.95, (-1.0, 1.0)).unwrap();
            let value = matrix.metric(name).unwrap();
            assert!(i.low < value && value < i.high && i.high - i.low < 0.1, "{name}: {i:?} {value}");
        }
    }

    #[test]
    fn no_rows_have_no_interval() {
        for k in [0, 3] {
            assert!(NAMES.iter().all(|name| interval(&ConfusionMatrix::new(k), name, 0.95, (0.0, 1.0)).is_none()));
        }
    }
}
