//! Everything that follows from ranking rows by score: sorted once, then ROC, precision-recall, AUC, any threshold.

use super::binary::BinaryCounts;
use super::radix::sort_by_key;

/// One distinct score with the rows at and above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) score: f64,
    /// Positive rows.
    pub(super) tp: u64,
    /// Negative rows.
    pub(super) fp: u64,
}

/// Rows ranked by score, equal scores together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RankedScores {
    steps: Vec<Step>,
    positives: u64,
    negatives: u64,
}

/// A point of a ROC or precision-recall curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Score at and above which rows are positive; infinite at the start of a ROC curve.
    pub threshold: f64,
    /// Horizontal value: false positive rate, or recall.
    pub x: f64,
    /// Vertical value: true positive rate, or precision.
    pub y: f64,
}

/// A key that sorts floats ascending as unsigned numbers, NaN apart; equal floats have equal keys.
pub(crate) fn key(score: f64) -> u64 {
    // −0 and 0 are one score.
    let bits = (score + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

fn score_of(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// [`key`] in single precision.
fn single_key(score: f32) -> u32 {
    let bits = (score + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | (1 << 31) }
}

fn single_of(key: u32) -> f64 {
    f64::from(f32::from_bits(if key >> 31 == 1 { key & !(1 << 31) } else { !key }))
}

/// Sorts keys, without further memory where they are many.
fn sort_singles(keys: &mut [u32]) {
    /// Up to so many keys a copy is worth its memory.
    const FEW: usize = 1 << 20;
    if keys.len() > FEW {
        keys.sort_unstable();
        return;
    }
    let mut sorted = keys.to_vec();
    sort_by_key(&mut sorted, |key| u64::from(*key));
    keys.copy_from_slice(&sorted);
}

/// Takes all equal to `top` from the descending front; how many.
fn take<K: PartialEq>(front: &mut std::iter::Peekable<impl Iterator<Item = K>>, top: &K) -> u64 {
    let mut n = 0;
    while front.next_if_eq(top).is_some() {
        n += 1;
    }
    n
}

impl RankedScores {
    /// Ranks rows, O(n log n). Rows beyond the shorter slice are ignored. A score that is not finite is the caller's to
    /// leave out; here it only ranks beyond all others.
    pub fn new(scores: &[f64], positive: &[bool]) -> Self {
        // Each class is sorted on its own, as bare keys, and the two are merged: half the memory of sorting pairs.
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for (score, positive) in scores.iter().zip(positive) {
            let class = if *positive { &mut yes } else { &mut no };
            class.push(key(*score));
        }
        sort_by_key(&mut yes, |key| *key);
        sort_by_key(&mut no, |key| *key);
        Self::merged(yes.into_iter().rev(), no.into_iter().rev(), score_of)
    }

    /// [`RankedScores::new`] of scores in single precision, of which the first `positives` are those of positive rows; it
    /// takes no further memory a row where there are many.
    pub fn of_singles(scores: Vec<f32>, positives: usize) -> Self {
        // The keys take the place of the scores.
        let mut keys: Vec<u32> = scores.into_iter().map(single_key).collect();
        let positives = positives.min(keys.len());
        let (yes, no) = keys.split_at_mut(positives);
        sort_singles(yes);
        sort_singles(no);
        Self::merged(yes.iter().rev().copied(), no.iter().rev().copied(), single_of)
    }

    /// The ranks of the keys of both classes, each descending.
    fn merged<K: Ord + Copy>(
        yes: impl Iterator<Item = K>,
        no: impl Iterator<Item = K>,
        score_of: impl Fn(K) -> f64,
    ) -> Self {
        let mut ranked = Self::default();
        let (mut yes, mut no) = (yes.peekable(), no.peekable());
        while let Some(top) = yes.peek().max(no.peek()).copied() {
            ranked.positives += take(&mut yes, &top);
            ranked.negatives += take(&mut no, &top);
            ranked.steps.push(Step { score: score_of(top), tp: ranked.positives, fp: ranked.negatives });
        }
        ranked
    }

    /// Rows of the positive class.
    pub fn positives(&self) -> u64 {
        self.positives
    }

    /// Rows of the negative class.
    pub fn negatives(&self) -> u64 {
        self.negatives
    }

    /// The distinct scores, the highest first.
    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Area under the ROC curve; `None` when a class is missing.
    pub fn roc_auc(&self) -> Option<f64> {
        if self.positives == 0 || self.negatives == 0 {
            return None;
        }
        let mut area = 0_u128;
        let (mut tp, mut fp) = (0, 0);
        for step in &self.steps {
            area += u128::from(step.fp - fp) * u128::from(step.tp + tp);
            (tp, fp) = (step.tp, step.fp);
        }
        Some(area as f64 / 2.0 / (self.positives as f64 * self.negatives as f64))
    }

    /// Σ (recall gained) · precision; 0 without positives, as scikit-learn.
    pub fn average_precision(&self) -> Option<f64> {
        if self.steps.is_empty() {
            return None;
        }
        let mut sum = 0.0;
        let mut tp = 0;
        for step in &self.steps {
            sum += (step.tp - tp) as f64 * step.tp as f64 / (step.tp + step.fp) as f64;
            tp = step.tp;
        }
        Some(if self.positives == 0 { 0.0 } else { sum / self.positives as f64 })
    }

    /// The ROC curve, from beyond the highest score down, a point for each distinct score.
    pub fn roc_curve(&self) -> Vec<CurvePoint> {
        self.roc_points().collect()
    }

    /// The ROC curve with at most `most` points, as [`thin`] gives it.
    pub fn thin_roc_curve(&self, most: usize) -> Vec<CurvePoint> {
        thinned(|| self.roc_points(), most)
    }

    fn roc_points(&self) -> impl Iterator<Item = CurvePoint> {
        let (p, n) = (self.positives as f64, self.negatives as f64);
        let both = self.positives > 0 && self.negatives > 0;
        let point = move |s: &Step| CurvePoint { threshold: s.score, x: s.fp as f64 / n, y: s.tp as f64 / p };
        let start = CurvePoint { threshold: f64::INFINITY, x: 0.0, y: 0.0 };
        let steps = if both { self.steps.as_slice() } else { &[] };
        both.then_some(start).into_iter().chain(steps.iter().map(point))
    }

    /// The precision-recall curve in scikit-learn's order: lowest threshold first, ending at recall 0, precision 1.
    pub fn precision_recall_curve(&self) -> Vec<CurvePoint> {
        self.precision_recall_points().collect()
    }

    /// The precision-recall curve with at most `most` points, as [`thin`] gives it.
    pub fn thin_precision_recall_curve(&self, most: usize) -> Vec<CurvePoint> {
        thinned(|| self.precision_recall_points(), most)
    }

    fn precision_recall_points(&self) -> impl Iterator<Item = CurvePoint> {
        let p = self.positives as f64;
        let any = self.positives > 0;
        let point = move |s: &Step| {
            let precision = s.tp as f64 / (s.tp + s.fp) as f64;
            CurvePoint { threshold: s.score, x: s.tp as f64 / p, y: precision }
        };
        let end = CurvePoint { threshold: f64::INFINITY, x: 0.0, y: 1.0 };
        let steps = if any { self.steps.as_slice() } else { &[] };
        steps.iter().rev().map(point).chain(any.then_some(end))
    }

    /// The counts when rows are positive from `threshold` up, O(log n).
    pub fn counts_at(&self, threshold: f64) -> BinaryCounts {
        let above = self.steps.partition_point(|s| s.score >= threshold);
        let (tp, fp) = above.checked_sub(1).and_then(|i| self.steps.get(i)).map_or((0, 0), |s| (s.tp, s.fp));
        BinaryCounts { tp, fp, fn_: self.positives - tp, tn: self.negatives - fp }
    }

    /// The threshold with the highest F1, and that F1; the highest such threshold when several tie.
    pub fn best_f1(&self) -> Option<(f64, f64)> {
        let p = self.positives as f64;
        self.steps.iter().map(|s| (s.score, 2.0 * s.tp as f64 / (p + (s.tp + s.fp) as f64))).fold(
            None,
            |best: Option<(f64, f64)>, now| match best {
                Some(best) if best.1 >= now.1 => Some(best),
                _ => Some(now),
            },
        )
    }
}

/// At most `most` points of a curve, the first and last among them, spread evenly along its length.
pub fn thin(points: &[CurvePoint], most: usize) -> Vec<CurvePoint> {
    thinned(|| points.iter().copied(), most)
}

/// The same from points that are made as they are looked at, so that a long curve is never held.
fn thinned<I: Iterator<Item = CurvePoint>>(points: impl Fn() -> I, most: usize) -> Vec<CurvePoint> {
    let step = |a: &CurvePoint, b: &CurvePoint| (a.x - b.x).abs() + (a.y - b.y).abs();
    let (mut number, mut length, mut before) = (0, 0.0, None);
    for point in points() {
        length += before.map_or(0.0, |b| step(&b, &point));
        before = Some(point);
        number += 1;
    }
    if number <= most || most < 2 {
        return points().collect();
    }
    let last = before;
    let gap = length / (most - 1) as f64;
    let mut kept: Vec<CurvePoint> = Vec::with_capacity(most);
    let mut since = f64::INFINITY;
    let mut before: Option<CurvePoint> = None;
    for point in points() {
        since += before.map_or(0.0, |b| step(&b, &point));
        if since >= gap && kept.len() < most - 1 {
            kept.push(point);
            since = 0.0;
        }
        before = Some(point);
    }
    if kept.last() != last.as_ref() {
        kept.extend(last);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked() -> RankedScores {
        RankedScores::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])
    }

    #[test]
    fn auc_and_average_precision_of_the_textbook_example() {
        assert_eq!(ranked().roc_auc(), Some(0.75));
        assert!((ranked().average_precision().unwrap() - 0.8333333333333333).abs() < 1e-12);
        assert_eq!(ranked().best_f1(), Some((0.35, 0.8)));
    }

    #[test]
    fn single_precision_ranks_as_double_does() {
        let scores = [0.25_f32, -0.0, 0.0, -3.5, 1e-40, f32::MAX, 0.25, -1e30];
        let positive = [true, true, true, true, false, false, false, false];
        let wide: Vec<f64> = scores.iter().map(|s| f64::from(*s)).collect();
        assert_eq!(RankedScores::of_singles(scores.to_vec(), 4), RankedScores::new(&wide, &positive));
        assert_eq!(RankedScores::of_singles(Vec::new(), 4), RankedScores::default());
    }

    #[test]
    fn equal_scores_are_one_step() {
        let ranked = RankedScores::new(&[0.5, 0.5, 0.5, -0.0, 0.0], &[true, false, true, false, true]);
        assert_eq!(ranked.roc_curve().len(), 3);
        let c = ranked.counts_at(0.5);
        assert_eq!((c.tp, c.fp, c.fn_, c.tn), (2, 1, 1, 1));
        assert_eq!(ranked.counts_at(0.6).tp, 0);
    }

    #[test]
    fn one_class_has_no_curve() {
        let ranked = RankedScores::new(&[0.2, 0.3], &[false, false]);
        assert_eq!(ranked.roc_auc(), None);
        assert!(ranked.roc_curve().is_empty());
        assert_eq!(ranked.average_precision(), Some(0.0));
    }

    #[test]
    fn a_thinned_curve_keeps_its_ends() {
        let points: Vec<_> =
            (0..=1000).map(|i| CurvePoint { threshold: 0.0, x: i as f64, y: (i * i) as f64 }).collect();
        let thinned = thin(&points, 50);
        assert!(thinned.len() <= 50 && thinned.len() > 30);
        assert_eq!(thinned.first(), points.first());
        assert_eq!(thinned.last(), points.last());
    }
}
