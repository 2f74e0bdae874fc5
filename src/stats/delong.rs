//! Variance of the area under the ROC curve, and of the difference of two, after DeLong, DeLong and Clarke-Pearson
//! (1988), in O(n log n) by one sort of each class; the same numbers as the midranks of Sun and Xu (2014).

use super::moments::Moments;
use super::radix::sort_by_key;
use super::ranked::{RankedScores, key};
use super::skewed::Spread;

/// Weight of the expected variance beside the seen one, over the root of the rows of the smaller class. Found by
/// simulation (docs/coverage.md): less leaves too many intervals too narrow at areas of 0.99, more makes them too wide.
const EXPECTED: f64 = 0.5;

/// The parts of an AUC's variance: each positive's share of negatives below it, each negative's share of positives
/// above it (ties count half).
#[derive(Clone, Debug, PartialEq)]
pub struct Placements {
    /// The area.
    pub auc: f64,
    positive: Vec<f64>,
    negative: Vec<f64>,
}

/// An area under the ROC curve with how it varies over samples: each class's placements are means of independent rows,
/// with Welch's degrees of freedom (1947), as Brunner and Munzel (2000) take them.
///
/// Where nearly every pair is in order, a handful of misplaced rows make up the variance, and most samples hold too few
/// of them. So the variance is drawn a little towards the one of Hanley and `McNeil` (1982), which follows from the area
/// alone, and the less so the more rows there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// The area.
    pub auc: f64,
    /// How it varies; `None` when a class has one row only.
    pub spread: Option<Spread>,
    /// Rows of the smaller class: what an area of 0 or 1, which has no spread, was seen on.
    pub smaller_class: u64,
}

impl Area {
    /// The area of ranked scores, in one look at the ranks; `None` when a class is missing.
    pub fn of(ranked: &RankedScores) -> Option<Self> {
        let auc = ranked.roc_auc()?;
        let (m, n) = (ranked.positives() as f64, ranked.negatives() as f64);
        let (mut yes, mut no) = ([0.0; 2], [0.0; 2]);
        let add = |sums: &mut [f64; 2], rows: f64, share: f64| {
            let gap = share - auc;
            let square = rows * gap * gap;
            sums[0] += square;
            sums[1] += square * gap;
        };
        let (mut tp, mut fp) = (0, 0);
        for step in ranked.steps() {
            let (more_yes, more_no) = ((step.tp - tp) as f64, (step.fp - fp) as f64);
            // Ties count half on both sides.
            add(&mut yes, more_yes, (n - (step.fp + fp) as f64 / 2.0) / n);
            add(&mut no, more_no, (step.tp + tp) as f64 / 2.0 / m);
            (tp, fp) = (step.tp, step.fp);
        }
        let moments = |n: u64, [m2, m3]: [f64; 2]| Moments { n, mean: auc, m2, m3 };
        Some(Self::from_placements(auc, &moments(ranked.positives(), yes), &moments(ranked.negatives(), no)))
    }

    /// The area from the moments of both classes' placements.
    fn from_placements(auc: f64, positive: &Moments, negative: &Moments) -> Self {
        let smaller_class = positive.n.min(negative.n);
        let spread = Spread::of_mean(positive).zip(Spread::of_mean(negative)).map(|(yes, no)| {
            let own = yes.plus(&no);
            let (m, n) = (positive.n as f64, negative.n as f64);
            let square = auc * auc;
            let of_yes = auc / (2.0 - auc) - square;
            let of_no = 2.0 * square / (1.0 + auc) - square;
            let expected = (auc * (1.0 - auc) + (m - 1.0) * of_yes + (n - 1.0) * of_no) / (m * n);
            let weight = EXPECTED / m.min(n).sqrt();
            let variance = (1.0 - weight) * own.error * own.error + weight * expected.max(0.0);
            Spread { error: variance.sqrt(), ..own }
        });
        Self { auc, spread, smaller_class }
    }
}

/// Scores of one class as ordered keys with their places, ascending.
fn ordered(scores: &[f64], positive: &[bool], wanted: bool) -> Vec<(u64, u32)> {
    let of_class = scores.iter().zip(positive).filter(|(_, p)| **p == wanted);
    let mut rows: Vec<(u64, u32)> = of_class.zip(0..).map(|((score, _), place)| (key(*score), place)).collect();
    sort_by_key(&mut rows, |row| row.0);
    rows
}

/// For each row of a class, by its place, the share of the other class's rows below it; equal ones count half.
fn share_below(own: &[(u64, u32)], other: &[(u64, u32)]) -> Vec<f64> {
    let n = other.len() as f64;
    let mut shares = vec![0.0; own.len()];
    let (mut below, mut up_to) = (0, 0);
    for (key, place) in own {
        while other.get(below).is_some_and(|(k, _)| k < key) {
            below += 1;
        }
        up_to = up_to.max(below);
        while other.get(up_to).is_some_and(|(k, _)| k <= key) {
            up_to += 1;
        }
        if let Some(share) = shares.get_mut(*place as usize) {
            *share = (below + up_to) as f64 / 2.0 / n;
        }
    }
    shares
}

impl Placements {
    /// Places each row among the other class; `None` when a class is missing.
    pub fn of(scores: &[f64], positive: &[bool]) -> Option<Self> {
        let (pos, neg) = (ordered(scores, positive, true), ordered(scores, positive, false));
        if pos.is_empty() || neg.is_empty() {
            return None;
        }
        let positive = share_below(&pos, &neg);
        let mut negative = share_below(&neg, &pos);
        for below in &mut negative {
            *below = 1.0 - *below;
        }
        let auc = positive.iter().sum::<f64>() / positive.len() as f64;
        Some(Self { auc, positive, negative })
    }

    /// Variance of the area; `None` when a class has one row only.
    pub fn variance(&self) -> Option<f64> {
        self.covariance(self)
    }

    /// The area with how it varies.
    pub fn area(&self) -> Area {
        let of = |shares: &[f64]| shares.iter().copied().collect::<Moments>();
        Area::from_placements(self.auc, &of(&self.positive), &of(&self.negative))
    }

    /// Adds each row's influence on the area, times `weight`: what the area would gain per row if rows like it were more
    /// frequent. The mean is 0, and the mean square over the rows is DeLong's variance but for the factor n / (n − 1) of
    /// each class. `positive` is the truth that the rows were placed by.
    pub fn add_influence(&self, positive: &[bool], weight: f64, sums: &mut [f64]) {
        let n = (self.positive.len() + self.negative.len()) as f64;
        let (of_yes, of_no) = (n / self.positive.len() as f64, n / self.negative.len() as f64);
        let (mut yes, mut no) = (self.positive.iter(), self.negative.iter());
        for (sum, is) in sums.iter_mut().zip(positive) {
            let (next, factor) = if *is { (yes.next(), of_yes) } else { (no.next(), of_no) };
            *sum += next.map_or(0.0, |share| weight * factor * (share - self.auc));
        }
    }

    /// Covariance of two areas over the same rows.
    pub fn covariance(&self, other: &Self) -> Option<f64> {
        let part = |a: &[f64], b: &[f64]| {
            let n = a.len().min(b.len());
            let products = a.iter().zip(b).map(|(x, y)| (x - self.auc) * (y - other.auc)).sum::<f64>();
            (n > 1).then(|| products / (n - 1) as f64 / n as f64)
        };
        Some(part(&self.positive, &other.positive)? + part(&self.negative, &other.negative)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_ranked_one() {
        let scores = [0.1, 0.4, 0.35, 0.8, 0.4];
        let positive = [false, false, true, true, true];
        let placements = Placements::of(&scores, &positive).unwrap();
        let ranked = crate::stats::ranked::RankedScores::new(&scores, &positive);
        assert!((placements.auc - ranked.roc_auc().unwrap()).abs() < 1e-12);
        assert!(placements.variance().unwrap() > 0.0);
        assert!(Placements::of(&scores, &[true; 5]).is_none());
    }

    #[test]
    fn influences_have_mean_zero_and_delongs_variance() {
        let mut random = crate::stats::random::SplitMix64::new(2);
        let positive: Vec<bool> = (0..500).map(|_| random.unit() < 0.3).collect();
        let scores: Vec<f64> = positive.iter().map(|p| random.normal() + if *p { 1.0 } else { 0.0 }).collect();
        let placements = Placements::of(&scores, &positive).unwrap();
        let mut influence = vec![0.0; 500];
        placements.add_influence(&positive, 1.0, &mut influence);
        let moments: crate::stats::moments::Moments = influence.into_iter().collect();
        assert!(moments.mean.abs() < 1e-12);
        let ratio = moments.variance().unwrap() / 500.0 / placements.variance().unwrap();
        assert!((ratio - 1.0).abs() < 0.01, "{ratio}");
        let spread = placements.area().spread.unwrap();
        assert!((spread.error.powi(2) / placements.variance().unwrap() - 1.0).abs() < 0.1, "{spread:?}");
    }

    #[test]
    fn ties_count_half() {
        let placements = Placements::of(&[0.5, 0.5, 0.2, 0.9], &[true, false, false, true]).unwrap();
        assert_eq!(placements.positive, [0.75, 1.0]);
        assert_eq!(placements.negative, [0.75, 1.0]);
        assert_eq!(placements.area().smaller_class, 2);
    }
}
