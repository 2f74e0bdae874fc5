//! How a yes/no decision treats groups: rates by group, and how far apart they are.
//!
//! Definitions are fairlearn 0.15's, but for rates of no rows: there they are 0, here they have no value and do not
//! count, because a group without positives is not treated worse for it.

use super::cut::Segmentation;
use super::metrics::value;
use super::{FEW_ROWS, Judged};
use crate::stats::binary::BinaryCounts;
use crate::stats::intervals::{Interval, wilson};
use crate::validate::measure::Answers;
use crate::validate::report::MetricValue;

/// Four rates of a decision, or something told of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Rates<T> {
    /// Share of rows that were said positive.
    pub selection_rate: T,
    /// Share of positive rows that were said so.
    pub true_positive_rate: T,
    /// Share of negative rows that were said positive.
    pub false_positive_rate: T,
    /// Share of rows said positive that are.
    pub precision: T,
}

impl<T> Rates<T> {
    fn map<U>(&self, told: impl Fn(&T) -> U) -> Rates<U> {
        Rates {
            selection_rate: told(&self.selection_rate),
            true_positive_rate: told(&self.true_positive_rate),
            false_positive_rate: told(&self.false_positive_rate),
            precision: told(&self.precision),
        }
    }

    fn zip<'a, U>(&'a self, other: &'a Rates<U>) -> Rates<(&'a T, &'a U)> {
        Rates {
            selection_rate: (&self.selection_rate, &other.selection_rate),
            true_positive_rate: (&self.true_positive_rate, &other.true_positive_rate),
            false_positive_rate: (&self.false_positive_rate, &other.false_positive_rate),
            precision: (&self.precision, &other.precision),
        }
    }
}

/// One group.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GroupRates {
    /// The group: a segment of the column.
    pub group: String,
    /// Measured rows.
    pub rows: u64,
    /// Rows that are positive.
    pub positives: u64,
    /// Rows that were said positive.
    pub selected: u64,
    /// Whether the group has fewer than [`FEW_ROWS`] rows.
    #[serde(default)]
    pub few: bool,
    /// The rates, with Wilson's intervals.
    pub rates: Rates<MetricValue>,
    /// Rate less that of the reference group, with Newcombe's interval (1998, method 10); `None` for the reference.
    pub difference: Option<Rates<MetricValue>>,
    /// Rate / that of the reference group; no value where the latter is 0.
    pub ratio: Option<Rates<Option<f64>>>,
}

/// How far apart groups are; no value where fewer than two groups have the rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Disparity {
    /// Groups that count.
    pub groups: usize,
    /// Largest less smallest selection rate.
    pub demographic_parity_difference: Option<f64>,
    /// Smallest / largest selection rate; the “four fifths rule” asks for 0.8.
    pub demographic_parity_ratio: Option<f64>,
    /// The larger of the largest difference of true positive rates and that of false positive rates.
    pub equalized_odds_difference: Option<f64>,
    /// The smaller of smallest / largest true positive rate and that of false positive rates.
    pub equalized_odds_ratio: Option<f64>,
}

/// A decision by the groups of one column.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Fairness {
    /// The column.
    pub column: String,
    /// The group the others are compared with: the one with most rows, the first of equals.
    pub reference: String,
    /// The groups that have a row, in the order of the segmentation.
    pub groups: Vec<GroupRates>,
    /// Over all groups, as fairlearn.
    pub all: Disparity,
    /// Over the groups of at least [`FEW_ROWS`] rows: a rate of a few rows lies far out by chance alone.
    pub without_few: Disparity,
}

/// Rates of a binary decision by the groups of a column, at intervals of `level` (0 to 1); `None` for other answers and
/// without rows.
pub fn fairness(judged: Judged<'_>, column: &Segmentation, level: f64) -> Option<Fairness> {
    let Answers::Binary { scores, positive, .. } = judged.answers else { return None };
    let mut counts = vec![BinaryCounts::default(); column.labels.len()];
    for ((score, is), row) in scores.iter().zip(positive).zip(judged.rows) {
        if let Some(count) = column.segment_of(*row).and_then(|segment| counts.get_mut(segment)) {
            count.add(*score >= judged.threshold, *is);
        }
    }
    let groups: Vec<(&String, BinaryCounts)> =
        column.labels.iter().zip(counts).filter(|(_, counts)| counts.rows() > 0).collect();
    // The last of the largest is the first when looked at from behind.
    let (reference, largest) = groups.iter().rev().max_by_key(|(_, counts)| counts.rows())?;
    let of_reference = shares(largest).map(|share| told(*share, level));
    let groups: Vec<GroupRates> = groups
        .iter()
        .map(|(label, counts)| {
            let rates = shares(counts).map(|share| told(*share, level));
            let other = label != reference;
            GroupRates {
                group: (*label).clone(),
                rows: counts.rows(),
                positives: counts.tp + counts.fn_,
                selected: counts.tp + counts.fp,
                few: counts.rows() < FEW_ROWS as u64,
                difference: other.then(|| rates.zip(&of_reference).map(|(own, base)| difference(own, base, level))),
                ratio: other.then(|| rates.zip(&of_reference).map(|(own, base)| ratio(own.value?, base.value?))),
                rates,
            }
        })
        .collect();
    Some(Fairness {
        column: column.column.clone(),
        reference: (*reference).clone(),
        all: disparity(groups.iter()),
        without_few: disparity(groups.iter().filter(|group| !group.few)),
        groups,
    })
}

/// Hits and rows of each rate.
fn shares(c: &BinaryCounts) -> Rates<(u64, u64)> {
    Rates {
        selection_rate: (c.tp + c.fp, c.rows()),
        true_positive_rate: (c.tp, c.tp + c.fn_),
        false_positive_rate: (c.fp, c.fp + c.tn),
        precision: (c.tp, c.tp + c.fp),
    }
}

fn told((hits, rows): (u64, u64), level: f64) -> MetricValue {
    let (hits, rows) = (hits as f64, rows as f64);
    let reason = (rows == 0.0).then_some("The group has no row that counts for this rate.");
    value((rows > 0.0).then(|| hits / rows), wilson(hits, rows, level), level, reason)
}

/// The limits of a difference from Wilson's limits of both shares.
fn difference(own: &MetricValue, base: &MetricValue, level: f64) -> MetricValue {
    let limits = || {
        let (p, low, high) = (own.value?, own.low?, own.high?);
        let (q, base_low, base_high) = (base.value?, base.low?, base.high?);
        Some(Interval {
            low: p - q - (p - low).hypot(base_high - q),
            high: p - q + (high - p).hypot(q - base_low),
            method: "newcombe",
        })
    };
    let gap = own.value.zip(base.value).map(|(own, base)| own - base);
    let reason = gap.is_none().then_some("One of the groups has no row that counts for this rate.");
    value(gap, limits(), level, reason)
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

fn disparity<'a>(groups: impl Iterator<Item = &'a GroupRates> + Clone) -> Disparity {
    let ends = |rate: fn(&Rates<MetricValue>) -> &MetricValue| {
        let mut values = groups.clone().filter_map(|group| rate(&group.rates).value);
        let first = values.next()?;
        let (mut low, mut high, mut more) = (first, first, false);
        for value in values {
            (low, high, more) = (low.min(value), high.max(value), true);
        }
        more.then_some((low, high))
    };
    let selection = ends(|r| &r.selection_rate);
    let odds = [ends(|r| &r.true_positive_rate), ends(|r| &r.false_positive_rate)];
    let differences = odds.iter().flatten().map(|(low, high)| high - low);
    let ratios = odds.iter().flatten().filter_map(|(low, high)| ratio(*low, *high));
    Disparity {
        groups: groups.clone().count(),
        demographic_parity_difference: selection.map(|(low, high)| high - low),
        demographic_parity_ratio: selection.and_then(|(low, high)| ratio(low, high)),
        equalized_odds_difference: differences.reduce(f64::max),
        equalized_odds_ratio: ratios.reduce(f64::min),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, Values};
    use crate::validate::segments::{CutSettings, cut};

    /// Rows of groups, each with its counts of (tp, fp, fn, tn).
    fn of(groups: &[(Option<&str>, [usize; 4])]) -> Option<Fairness> {
        let (mut names, mut scores, mut positive) = (Vec::new(), Vec::new(), Vec::new());
        for (name, counts) in groups {
            for (count, (score, is)) in counts.iter().zip([(0.9, true), (0.5, false), (0.4, true), (0.1, false)]) {
                for _ in 0..*count {
                    names.push(*name);
                    scores.push(score);
                    positive.push(is);
                }
            }
        }
        let rows: Vec<u32> = (0..scores.len() as u32).collect();
        let answers = Answers::Binary { scores, positive, probabilities: true };
        let column = cut(&Column::new("sex", Values::text(names)), CutSettings::default());
        fairness(Judged { answers: &answers, rows: &rows, threshold: 0.5 }, &column, 0.95)
    }

    fn close(a: Option<f64>, b: f64) -> bool {
        a.is_some_and(|a| (a - b).abs() < 1e-12)
    }

    #[test]
    fn two_groups_by_hand() {
        let f = of(&[(Some("f"), [10, 5, 10, 25]), (Some("m"), [30, 10, 10, 50])]).unwrap();
        assert_eq!((f.column.as_str(), f.reference.as_str(), f.groups.len()), ("sex", "m", 2));
        let women = f.groups.iter().find(|g| g.group == "f").unwrap();
        assert_eq!((women.rows, women.positives, women.selected, women.few), (50, 20, 15, false));
        assert!(close(women.rates.selection_rate.value, 0.3));
        assert!(close(women.rates.true_positive_rate.value, 0.5));
        assert!(close(women.rates.false_positive_rate.value, 5.0 / 30.0));
        assert!(close(women.rates.precision.value, 10.0 / 15.0));
        let own = wilson(15.0, 50.0, 0.95).unwrap();
        assert_eq!((women.rates.selection_rate.low, women.rates.selection_rate.high), (Some(own.low), Some(own.high)));
        let gap = women.difference.as_ref().unwrap();
        assert!(close(gap.selection_rate.value, -0.1) && close(gap.true_positive_rate.value, -0.25));
        assert!(close(women.ratio.as_ref().unwrap().selection_rate, 0.75));
        let men = f.groups.iter().find(|g| g.group == "m").unwrap();
        assert!(men.difference.is_none() && men.ratio.is_none());
        assert!(close(f.all.demographic_parity_difference, 0.1) && close(f.all.demographic_parity_ratio, 0.75));
        assert!(close(f.all.equalized_odds_difference, 0.25) && close(f.all.equalized_odds_ratio, 0.5 / 0.75));
        assert_eq!(f.all, f.without_few);
    }

    #[test]
    fn the_interval_of_a_difference_as_published() {
        // Newcombe 1998, table II, contrast (a): 56/70 − 48/80, method 10: 0.0524 to 0.3339.
        let gap = difference(&told((56, 70), 0.95), &told((48, 80), 0.95), 0.95);
        assert!((gap.low.unwrap() - 0.0524).abs() < 5e-5 && (gap.high.unwrap() - 0.3339).abs() < 5e-5, "{gap:?}");
    }

    #[test]
    fn a_rate_of_no_rows_has_no_value_and_small_groups_are_marked() {
        let f = of(&[(Some("a"), [20, 10, 10, 20]), (None, [0, 3, 0, 0]), (Some("b"), [0, 10, 0, 30])]).unwrap();
        let missing = f.groups.iter().find(|g| g.group == "missing").unwrap();
        assert!(missing.few && missing.rates.true_positive_rate.value.is_none());
        assert!(missing.rates.true_positive_rate.reason.is_some());
        assert!(missing.difference.as_ref().is_some_and(|d| d.true_positive_rate.value.is_none()));
        assert_eq!((f.all.groups, f.without_few.groups), (3, 2));
        assert!(close(f.all.demographic_parity_difference, 0.75));
        assert!(close(f.without_few.demographic_parity_difference, 0.25));
        // Only one group has positives, so only false positive rates, 1/3 and 1/4, are compared.
        assert!(close(f.without_few.equalized_odds_difference, 1.0 / 12.0));
    }

    #[test]
    fn nothing_and_one_group_have_nothing_to_compare() {
        assert_eq!(of(&[]), None);
        let one = of(&[(Some("a"), [1, 1, 1, 1])]).unwrap();
        assert_eq!(one.all, Disparity { groups: 1, ..Disparity::default() });
        let never = of(&[(Some("a"), [0, 0, 5, 5]), (Some("b"), [0, 0, 5, 4])]).unwrap();
        assert_eq!((never.all.demographic_parity_difference, never.all.demographic_parity_ratio), (Some(0.0), None));
        let numbers = Answers::Regression { target: vec![1.0], prediction: vec![1.0] };
        let column = cut(&Column::new("sex", Values::text([Some("a")])), CutSettings::default());
        assert_eq!(fairness(Judged { answers: &numbers, rows: &[0], threshold: 0.5 }, &column, 0.95), None);
    }

    #[test]
    fn ten_thousand_groups_are_the_twenty_largest_and_the_rest() {
        let names: Vec<String> = (0..10_000).map(|i| format!("g{i}")).collect();
        let groups: Vec<_> = names.iter().map(|n| (Some(n.as_str()), [1, 0, 0, 1])).collect();
        let f = of(&groups).unwrap();
        assert_eq!((f.groups.len(), f.reference.as_str()), (21, "other (9,980 values)"));
        assert!(close(f.all.demographic_parity_difference, 0.0));
    }

    #[test]
    fn the_result_survives_json() {
        let f = of(&[(Some("f"), [10, 5, 10, 25]), (Some("m"), [30, 10, 10, 50])]).unwrap();
        let text = serde_json::to_string(&f).unwrap();
        assert_eq!(serde_json::from_str::<Fairness>(&text).unwrap(), f);
    }
}
