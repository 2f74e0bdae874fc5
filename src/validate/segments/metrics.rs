//! The few metrics that are measured in every segment, defined and bounded as the ones of all rows.

use std::collections::BTreeMap;

use crate::stats::binary::BinaryCounts;
use crate::stats::delong::Area;
use crate::stats::intervals::{self, Interval};
use crate::stats::moments::Moments;
use crate::stats::ranked::RankedScores;
use crate::stats::regression::RegressionMetrics;
use crate::validate::measure::{FEW, FEW_ROWS, doubt_of_squares, one_sided, ratio_interval};
use crate::validate::report::MetricValue;

const ONE_CLASS: &str = "Only one class occurs in this segment, so this has no meaning.";
const NO_PROBABILITIES: &str = "The model gives classes without probabilities.";

pub(super) type Metrics = BTreeMap<String, MetricValue>;

/// One value with its interval; a value that is not finite has no meaning.
pub(super) fn value(value: Option<f64>, interval: Option<Interval>, level: f64, reason: Option<&str>) -> MetricValue {
    let value = value.filter(|v| v.is_finite());
    let interval = value.and(interval);
    MetricValue {
        value,
        low: interval.map(|i| i.low),
        high: interval.map(|i| i.high),
        level,
        interval: interval.map(|i| i.method.to_owned()),
        reason: reason.map(ToOwned::to_owned),
    }
}

/// Metrics of a yes/no decision. Scores that come sorted make the area cheap; without probabilities it has no meaning.
pub(super) fn binary(scores: &[f64], truth: &[bool], probabilities: bool, threshold: f64, level: f64) -> Metrics {
    let counts = BinaryCounts::at(scores, truth, threshold);
    let [tp, fp, fn_, tn] = [counts.tp as f64, counts.fp as f64, counts.fn_ as f64, counts.tn as f64];
    let smaller = (counts.tp + counts.fn_).min(counts.fp + counts.tn);
    let doubt = (smaller < FEW).then_some(FEW_ROWS);
    let area = if probabilities {
        let area = Area::of(&RankedScores::new(scores, truth));
        let interval = area.and_then(|a| intervals::delong(&a, level));
        let reason = if area.is_none() { Some(ONE_CLASS) } else { doubt };
        value(area.map(|a| a.auc), interval, level, reason)
    } else {
        value(None, None, level, Some(NO_PROBABILITIES))
    };
    let share = |v: Option<f64>, hits: f64, n: f64, why| value(v, intervals::wilson(hits, n, level), level, why);
    BTreeMap::from([
        ("accuracy".to_owned(), share(counts.accuracy(), tp + tn, tp + fp + fn_ + tn, None)),
        ("precision".to_owned(), share(counts.precision(), tp, tp + fp, doubt)),
        ("recall".to_owned(), share(counts.recall(), tp, tp + fn_, doubt)),
        ("f1".to_owned(), value(counts.f1(), intervals::f1(tp, fp, fn_, level), level, doubt)),
        ("roc_auc".to_owned(), area),
    ])
}

/// Metrics of a choice among classes, from (true class, said class) of each row. Costs rows + `k`, never `k` × `k`.
pub(super) fn multiclass(pairs: impl Iterator<Item = (u32, u32)> + Clone, k: usize, level: f64) -> Metrics {
    let mut classes = vec![Class::default(); k];
    let (mut right, mut rows) = (0.0, 0.0);
    for (truth, said) in pairs.clone() {
        let hit = f64::from(u8::from(truth == said));
        rows += 1.0;
        right += hit;
        if let Some(class) = classes.get_mut(truth as usize) {
            class.support += 1.0;
            class.hits += hit;
        }
        if let Some(class) = classes.get_mut(said as usize) {
            class.called += 1.0;
        }
    }
    let accuracy = (rows > 0.0).then(|| right / rows);
    let f1 = macro_f1(&classes);
    // A class that neither occurs nor is said has no part in the mean.
    let rare = classes.iter().any(|c| c.both() > 0.0 && c.support < FEW as f64);
    let doubt = rare.then_some(FEW_ROWS);
    let interval = f1.and_then(|f1| macro_f1_interval(f1, &classes, pairs, level));
    BTreeMap::from([
        ("accuracy".to_owned(), value(accuracy, intervals::wilson(right, rows, level), level, None)),
        ("f1_macro".to_owned(), value(f1, interval, level, doubt)),
    ])
}

/// One class against the rest, in rows.
#[derive(Clone, Copy, Debug, Default)]
struct Class {
    hits: f64,
    support: f64,
    called: f64,
}

impl Class {
    /// Support + called, the denominator of F1.
    fn both(&self) -> f64 {
        self.support + self.called
    }

    /// What one more row in the denominator takes from F1.
    fn slope(&self) -> f64 {
        if self.both() > 0.0 { 2.0 * self.hits / self.both().powi(2) } else { 0.0 }
    }
}

/// Mean F1 of the classes that occur in truth or answers, scikit-learn's default set of labels.
fn macro_f1(classes: &[Class]) -> Option<f64> {
    let f1: Moments = classes.iter().filter(|c| c.both() > 0.0).map(|c| 2.0 * c.hits / c.both()).collect();
    f1.mean()
}

/// The interval of [`intervals::delta`] for macro F1, with its gradient in closed form, so that many classes cost no
/// matrix: z² rows are spread over the cells whose true class and said class both occur; then, with K classes and
/// aᵢ = 2·hitsᵢ / (supportᵢ + calledᵢ)², a row of class t called s moves macro F1 by −(aₜ + aₛ) / K, a hit by
/// (2 / (supportₜ + calledₜ) − 2·aₜ) / K, and the variance is the sum of the rows' squares.
fn macro_f1_interval(
    f1: f64,
    classes: &[Class],
    pairs: impl Iterator<Item = (u32, u32)>,
    level: f64,
) -> Option<Interval> {
    let z = intervals::normal_quantile(level);
    let true_ones = classes.iter().filter(|c| c.support > 0.0).count() as f64;
    let said_ones = classes.iter().filter(|c| c.called > 0.0).count() as f64;
    let more = z * z / (true_ones * said_ones).max(1.0);
    let used = |rows: f64| f64::from(u8::from(rows > 0.0));
    let smoothed: Vec<Class> = classes
        .iter()
        .map(|c| Class {
            hits: c.hits + more * used(c.support) * used(c.called),
            support: c.support + more * used(c.support) * said_ones,
            called: c.called + more * used(c.called) * true_ones,
        })
        .collect();
    let slope_of = |class: u32| smoothed.get(class as usize).map_or(0.0, Class::slope);
    // Every pair's product of slopes: of the rows, and of what was spread over true and said classes.
    let mut products: f64 = pairs.map(|(truth, said)| slope_of(truth) * slope_of(said)).sum();
    let sum_where =
        |rows: fn(&Class) -> f64| -> f64 { smoothed.iter().filter(|c| rows(c) > 0.0).map(Class::slope).sum() };
    products += more * sum_where(|c| c.support) * sum_where(|c| c.called);
    let (mut squares, mut k) = (2.0 * products, 0.0);
    for class in smoothed.iter().filter(|c| c.both() > 0.0) {
        let slope = class.slope();
        let of_hit = 2.0 / class.both() - 2.0 * slope;
        squares += class.both() * slope * slope + class.hits * (of_hit * of_hit - 4.0 * slope * slope);
        k += 1.0;
    }
    let centre = macro_f1(&smoothed)?;
    let wide = intervals::normal(centre, squares / (k * k), level, (0.0, 1.0), "delta method, smoothed")?;
    Some(Interval { low: wide.low.min(f1), high: wide.high.max(f1), ..wide })
}

/// Metrics of predicted numbers.
pub(super) fn regression(target: &[f64], prediction: &[f64], level: f64) -> Metrics {
    let Some(m) = RegressionMetrics::of(target, prediction) else { return Metrics::new() };
    let errors: Vec<f64> = target.iter().zip(prediction).map(|(t, p)| p - t).collect();
    let absolute: Moments = errors.iter().map(|e| e.abs()).collect();
    let squared: Moments = errors.iter().map(|e| e * e).collect();
    let positive = (0.0, f64::INFINITY);
    let rmse = intervals::of_mean(&squared, level, positive).map(|i| Interval {
        low: i.low.sqrt(),
        high: i.high.sqrt(),
        method: "root of the interval of mse",
    });
    let r2 = m.r2.and_then(|r2| ratio_interval(target, &errors, r2, level));
    let mut sorted: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let of_squares = doubt_of_squares(&sorted, &squared);
    let short = m.r2.is_none().then_some("Fewer than two rows.").or(of_squares);
    let mae = value(Some(m.mae), intervals::of_mean(&absolute, level, positive), level, one_sided(&absolute));
    BTreeMap::from([
        ("mae".to_owned(), mae),
        ("rmse".to_owned(), value(Some(m.rmse), rmse, level, of_squares)),
        ("r2".to_owned(), value(m.r2, r2, level, short)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::SplitMix64;
    use crate::validate::measure::{Answers, measure};

    fn same(ours: &Metrics, answers: &Answers, classes: &[String], within: f64) {
        let whole = measure(answers, classes, 1, 0.5, 0.95).metrics;
        for (name, own) in ours {
            let other = &whole[name];
            assert_eq!((&own.interval, &own.reason), (&other.interval, &other.reason), "{name}");
            for (a, b) in [(own.value, other.value), (own.low, other.low), (own.high, other.high)] {
                let close = a.zip(b).map_or(a == b, |(a, b)| (a - b).abs() < within);
                assert!(close, "{name}: {own:?} {other:?}");
            }
        }
    }

    fn names(k: usize) -> Vec<String> {
        (0..k).map(|i| i.to_string()).collect()
    }

    #[test]
    fn a_segment_of_all_rows_has_the_metrics_of_all_rows() {
        let mut random = SplitMix64::new(1);
        let positive: Vec<bool> = (0..300).map(|_| random.unit() < 0.3).collect();
        let scores: Vec<f64> =
            positive.iter().map(|p| (random.unit() * 8.0 + f64::from(u8::from(*p))).floor() / 9.0).collect();
        for probabilities in [true, false] {
            let ours = binary(&scores, &positive, probabilities, 0.5, 0.95);
            let answers = Answers::Binary { scores: scores.clone(), positive: positive.clone(), probabilities };
            same(&ours, &answers, &names(2), 1e-12);
        }

        let target: Vec<f64> = (0..300).map(|_| random.unit()).collect();
        let prediction: Vec<f64> = target.iter().map(|t| t + random.unit() * 0.3).collect();
        let ours = regression(&target, &prediction, 0.95);
        same(&ours, &Answers::Regression { target, prediction }, &[], 1e-12);

        // Errors whose squares have no steady mean, and one that makes up the mean.
        let heavy: Vec<f64> = (1..=400).map(|i| f64::from(i).powf(-0.9)).collect();
        let one: Vec<f64> = (1..=400).map(|i| if i == 1 { 100.0 } else { 0.0 }).collect();
        for (prediction, name) in [(heavy, "rmse"), (one, "mae")] {
            let target: Vec<f64> = (0..400).map(|i| f64::from(i % 7)).collect();
            let prediction: Vec<f64> = target.iter().zip(prediction).map(|(t, e)| t + e).collect();
            let ours = regression(&target, &prediction, 0.95);
            assert!(ours[name].reason.is_some(), "{ours:?}");
            same(&ours, &Answers::Regression { target, prediction }, &[], 1e-9);
        }

        // Class 3 is only ever said, class 4 only ever true, class 5 neither.
        let truth: Vec<u32> = (0..300).map(|_| [0, 1, 2, 4][random.below(4)]).collect();
        let said: Vec<u32> =
            truth.iter().map(|t| if random.unit() < 0.6 && *t < 3 { *t } else { random.below(4) as u32 }).collect();
        let ours = multiclass(truth.iter().copied().zip(said.iter().copied()), 6, 0.95);
        let answers = Answers::Multiclass { truth, said, probabilities: Vec::new(), k: 6 };
        same(&ours, &answers, &names(6), 1e-6);
    }

    #[test]
    fn ten_thousand_classes_need_no_matrix() {
        let rows = (0..20_000).map(|i| (i % 10_000, (i * 7) % 10_000));
        let ours = multiclass(rows, 10_000, 0.95);
        // A hit where 6 · i is a multiple of 10,000: at 0, 5,000, 10,000 and 15,000.
        assert_eq!(ours["accuracy"].value, Some(4.0 / 20_000.0));
        assert!(ours["f1_macro"].low < ours["f1_macro"].high);
    }

    #[test]
    fn no_rows_have_no_metrics() {
        assert!(regression(&[], &[], 0.95).is_empty());
        assert!(binary(&[], &[], true, 0.5, 0.95).values().all(|m| m.value.is_none() && m.low.is_none()));
        assert!(multiclass(std::iter::empty(), 3, 0.95).values().all(|m| m.value.is_none() && m.low.is_none()));
        let one = regression(&[1.0], &[2.0], 0.95);
        assert_eq!((one["mae"].value, one["mae"].low, one["r2"].value), (Some(1.0), None, None));
        assert!(one["r2"].reason.is_some());
    }
}
