//! What each threshold would decide: exact counts at many thresholds, small enough to keep and to draw from.

use super::binary::BinaryCounts;
use super::ranked::RankedScores;

/// Points kept along the ROC curve.
const ALONG_THE_CURVE: usize = 1_000;
/// Round thresholds kept besides: hundredths between 0 and 1.
const HUNDREDTHS: u32 = 100;

/// Counts of a binary decision at chosen thresholds. Every entry is exact; between two entries lie rows, but no decision
/// that would differ by much: the thresholds are spread evenly along the ROC curve, with the hundredths among them.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DecisionTable {
    /// Scores from which a row counts as positive, ascending.
    pub thresholds: Vec<f64>,
    /// Positive rows said positive at each.
    pub tp: Vec<u64>,
    /// Negative rows said positive at each.
    pub fp: Vec<u64>,
    /// Rows of the positive class.
    pub positives: u64,
    /// Rows of the negative class.
    pub negatives: u64,
}

/// What a decision costs, in any unit; a benefit is a negative cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CostMatrix {
    /// A positive row said so.
    pub tp: f64,
    /// A negative row said positive.
    pub fp: f64,
    /// A positive row said negative.
    pub fn_: f64,
    /// A negative row said so.
    pub tn: f64,
}

impl CostMatrix {
    /// Mean cost a row; `None` without rows.
    pub fn per_row(&self, counts: &BinaryCounts) -> Option<f64> {
        let rows = counts.rows();
        let sum = self.tp * counts.tp as f64
            + self.fp * counts.fp as f64
            + self.fn_ * counts.fn_ as f64
            + self.tn * counts.tn as f64;
        (rows > 0).then(|| sum / rows as f64)
    }
}

impl DecisionTable {
    /// The table of ranked scores. Thresholds that are kept: spread along the ROC curve, all hundredths when the scores lie
    /// between 0 and 1, and one above the highest score.
    pub fn new(ranked: &RankedScores) -> Self {
        let curve = ranked.thin_roc_curve(ALONG_THE_CURVE);
        let mut thresholds: Vec<f64> = curve.iter().map(|p| p.threshold).filter(|t| t.is_finite()).collect();
        let inside = thresholds.iter().all(|t| (0.0..=1.0).contains(t));
        if inside {
            thresholds.extend((0..=HUNDREDTHS).map(|i| f64::from(i) / f64::from(HUNDREDTHS)));
        }
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup();
        let counts: Vec<BinaryCounts> = thresholds.iter().map(|t| ranked.counts_at(*t)).collect();
        Self {
            tp: counts.iter().map(|c| c.tp).collect(),
            fp: counts.iter().map(|c| c.fp).collect(),
            thresholds,
            positives: ranked.positives(),
            negatives: ranked.negatives(),
        }
    }

    /// Number of thresholds.
    pub fn len(&self) -> usize {
        self.thresholds.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.thresholds.is_empty()
    }

    /// The decisions at a place of the table.
    pub fn at(&self, place: usize) -> Option<BinaryCounts> {
        let (tp, fp) = (*self.tp.get(place)?, *self.fp.get(place)?);
        Some(BinaryCounts { tp, fp, fn_: self.positives.saturating_sub(tp), tn: self.negatives.saturating_sub(fp) })
    }

    /// The place whose threshold is nearest to a score.
    pub fn nearest(&self, threshold: f64) -> Option<usize> {
        let after = self.thresholds.partition_point(|t| *t < threshold);
        let candidates = [after.checked_sub(1), (after < self.len()).then_some(after)];
        let distance = |place: &usize| self.thresholds.get(*place).map_or(f64::INFINITY, |t| (t - threshold).abs());
        candidates.into_iter().flatten().min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    fn best(&self, value: impl Fn(&BinaryCounts) -> Option<f64>) -> Option<usize> {
        let valued = (0..self.len()).filter_map(|place| Some((place, value(&self.at(place)?)?)));
        let best = valued.fold(None, |best: Option<(usize, f64)>, now| match best {
            Some(best) if best.1 > now.1 => Some(best),
            _ => Some(now),
        });
        best.map(|(place, _)| place)
    }

    /// The place with the highest F1; the highest such threshold when several tie.
    pub fn best_f1(&self) -> Option<usize> {
        self.best(BinaryCounts::f1)
    }

    /// The place with the lowest mean cost; the highest such threshold when several tie.
    pub fn cheapest(&self, costs: &CostMatrix) -> Option<usize> {
        self.best(|counts| costs.per_row(counts).map(|cost| -cost))
    }

    /// The highest threshold that still finds this share of the positive rows; `None` when none does.
    pub fn for_recall(&self, recall: f64) -> Option<usize> {
        (0..self.len()).rev().find(|place| self.at(*place).and_then(|c| c.recall()).is_some_and(|r| r >= recall))
    }

    /// The lowest threshold from which on this share of the rows said positive are; `None` when none reaches it.
    pub fn for_precision(&self, precision: f64) -> Option<usize> {
        (0..self.len()).find(|place| {
            self.at(*place).is_some_and(|c| c.tp + c.fp > 0 && c.precision().is_some_and(|p| p >= precision))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> DecisionTable {
        DecisionTable::new(&RankedScores::new(
            &[0.1, 0.4, 0.35, 0.8, 0.62, 0.2],
            &[false, false, true, true, false, false],
        ))
    }

    #[test]
    fn every_entry_is_exact() {
        let (scores, truth) = ([0.1, 0.4, 0.35, 0.8, 0.62, 0.2], [false, false, true, true, false, false]);
        let table = table();
        assert!(table.len() >= 101 && table.thresholds.is_sorted());
        for (place, threshold) in table.thresholds.iter().enumerate() {
            assert_eq!(table.at(place), Some(BinaryCounts::at(&scores, &truth, *threshold)), "{threshold}");
        }
        assert_eq!(table.at(table.len()), None);
    }

    #[test]
    fn the_best_places_are_found() {
        let table = table();
        let threshold = |place: Option<usize>| place.and_then(|p| table.thresholds.get(p)).copied();
        assert_eq!(threshold(table.for_recall(1.0)), Some(0.35));
        assert_eq!(threshold(table.for_precision(0.9)), Some(0.63));
        assert_eq!(threshold(table.best_f1()), Some(0.8));
        let misses = CostMatrix { fn_: 10.0, fp: 1.0, ..CostMatrix::default() };
        assert_eq!(threshold(table.cheapest(&misses)), Some(0.35));
        let alarms = CostMatrix { fn_: 1.0, fp: 10.0, ..CostMatrix::default() };
        assert_eq!(threshold(table.cheapest(&alarms)), Some(0.8));
        assert_eq!(threshold(table.nearest(0.634)), Some(0.63));
        assert_eq!(threshold(table.nearest(9.0)), Some(1.0));
    }

    #[test]
    fn one_class_has_only_round_thresholds_and_nothing_to_find() {
        let table = DecisionTable::new(&RankedScores::new(&[0.3, 0.6], &[false, false]));
        assert_eq!((table.len(), table.for_recall(0.5)), (101, None));
        let none = DecisionTable::new(&RankedScores::new(&[], &[]));
        assert_eq!(none.at(0).and_then(|c| CostMatrix::default().per_row(&c)), None);
    }

    #[test]
    fn raw_scores_keep_their_own_thresholds() {
        let table = DecisionTable::new(&RankedScores::new(&[-3.0, 2.0, 5.0], &[false, true, true]));
        assert_eq!(table.thresholds, [-3.0, 2.0, 5.0]);
    }
}
