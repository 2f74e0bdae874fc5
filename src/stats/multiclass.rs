//! Metrics of a choice among classes, from the confusion matrix and from probabilities.

use std::collections::BTreeMap;

use super::probability::log_loss_of;
use super::ranked::RankedScores;

/// Classes up to which every cell has a place; beyond, only cells with rows are kept, since most are empty.
const DENSE: usize = 512;

/// Rows by true class and predicted class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfusionMatrix {
    k: usize,
    /// All cells, row after row, up to [`DENSE`] classes.
    dense: Vec<f64>,
    /// Cells with rows beyond that, by true class and predicted class.
    sparse: BTreeMap<(usize, usize), f64>,
}

/// One class against the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClassQuality {
    /// Share of rows called this class that are.
    pub precision: f64,
    /// Share of this class's rows that were called so.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Rows of this class.
    pub support: f64,
    /// Rows called this class.
    pub called: f64,
}

impl ConfusionMatrix {
    /// An empty matrix of `k` classes.
    pub fn new(k: usize) -> Self {
        let dense = if k <= DENSE { vec![0.0; k * k] } else { Vec::new() };
        Self { k, dense, sparse: BTreeMap::new() }
    }

    /// Counts labels; a row with a label of `k` or more in either is ignored.
    pub fn of(truth: &[u32], said: &[u32], k: usize) -> Self {
        let mut matrix = Self::new(k);
        for (t, s) in truth.iter().zip(said) {
            matrix.add(*t as usize, *s as usize, 1.0);
        }
        matrix
    }

    /// A matrix from `k × k` (weighted) counts, row after row.
    pub fn from_counts(k: usize, counts: Vec<f64>) -> Self {
        if k <= DENSE {
            return Self { k, dense: counts, sparse: BTreeMap::new() };
        }
        let mut matrix = Self::new(k);
        for (place, rows) in counts.into_iter().enumerate().filter(|(_, rows)| *rows > 0.0) {
            matrix.add(place / k, place % k, rows);
        }
        matrix
    }

    /// Adds rows of true class `t` that were called `s`.
    pub fn add(&mut self, t: usize, s: usize, rows: f64) {
        if t >= self.k || s >= self.k {
            return;
        }
        if self.k > DENSE {
            *self.sparse.entry((t, s)).or_default() += rows;
        } else if let Some(count) = self.dense.get_mut(t * self.k + s) {
            *count += rows;
        }
    }

    /// Adds the rows of another matrix of as many classes.
    pub fn merge(&mut self, other: &Self) {
        for (t, s, rows) in other.cells() {
            self.add(t, s, rows);
        }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.k
    }

    /// Rows of true class `t` that were called `s`.
    pub fn at(&self, t: usize, s: usize) -> f64 {
        if t >= self.k || s >= self.k {
            return 0.0;
        }
        let cell = if self.k > DENSE { self.sparse.get(&(t, s)) } else { self.dense.get(t * self.k + s) };
        cell.copied().unwrap_or(0.0)
    }

    /// The cells with rows: true class, predicted class, rows.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize, f64)> {
        let k = self.k.max(1);
        let dense = self.dense.iter().enumerate().map(move |(place, rows)| (place / k, place % k, *rows));
        dense.filter(|(.., rows)| *rows > 0.0).chain(self.sparse.iter().map(|((t, s), rows)| (*t, *s, *rows)))
    }

    /// All counts, row after row: `k × k` of them, so for few classes only.
    pub fn counts(&self) -> Vec<f64> {
        (0..self.k).flat_map(|t| (0..self.k).map(move |s| self.at(t, s))).collect()
    }

    /// All rows.
    pub fn rows(&self) -> f64 {
        self.cells().map(|(.., rows)| rows).sum()
    }

    fn right(&self) -> f64 {
        (0..self.k).map(|c| self.at(c, c)).sum()
    }

    /// Quality of each class; a share of nothing is 0, as scikit-learn.
    pub fn per_class(&self) -> Vec<ClassQuality> {
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let mut classes = vec![ClassQuality::default(); self.k];
        for (t, s, rows) in self.cells() {
            if let Some(class) = classes.get_mut(t) {
                class.support += rows;
            }
            if let Some(class) = classes.get_mut(s) {
                class.called += rows;
            }
        }
        for (c, class) in classes.iter_mut().enumerate() {
            let hit = self.at(c, c);
            class.precision = share(hit, class.called);
            class.recall = share(hit, class.support);
            class.f1 = share(2.0 * hit, class.support + class.called);
        }
        classes
    }

    fn average(&self, value: impl Fn(&ClassQuality) -> f64, weighted: bool) -> Option<f64> {
        // Only classes that occur in truth or answers count, as scikit-learn's default label set.
        let (sum, weight) = self
            .per_class()
            .iter()
            .filter(|c| c.support + c.called > 0.0)
            .map(|c| (value(c), if weighted { c.support } else { 1.0 }))
            .fold((0.0, 0.0), |(sum, weight), (v, w)| (sum + v * w, weight + w));
        (weight > 0.0).then(|| sum / weight)
    }

    /// A metric of the choice by its name in results; `None` without meaning and for other names.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let n = self.rows();
        if n <= 0.0 {
            return None;
        }
        match name {
            "accuracy" => Some(self.right() / n),
            "balanced_accuracy" => {
                let present: Vec<f64> = self.per_class().iter().filter(|c| c.support > 0.0).map(|c| c.recall).collect();
                (!present.is_empty()).then(|| present.iter().sum::<f64>() / present.len() as f64)
            }
            "precision_macro" => self.average(|c| c.precision, false),
            "precision_weighted" => self.average(|c| c.precision, true),
            "recall_macro" => self.average(|c| c.recall, false),
            "recall_weighted" => self.average(|c| c.recall, true),
            "f1_macro" => self.average(|c| c.f1, false),
            "f1_weighted" => self.average(|c| c.f1, true),
            "mcc" => Some(self.mcc()),
            "cohen_kappa" => self.kappa(),
            _ => None,
        }
    }

    /// Matthews' correlation for k classes (Gorodkin 2004); 0 when one side is constant.
    fn mcc(&self) -> f64 {
        let n = self.rows();
        let classes = self.per_class();
        let both: f64 = classes.iter().map(|c| c.support * c.called).sum();
        let truth: f64 = classes.iter().map(|c| c.support * c.support).sum();
        let said: f64 = classes.iter().map(|c| c.called * c.called).sum();
        let below = (n * n - said) * (n * n - truth);
        if below > 0.0 { (self.right() * n - both) / below.sqrt() } else { 0.0 }
    }

    fn kappa(&self) -> Option<f64> {
        let n = self.rows();
        let chance: f64 = self.per_class().iter().map(|c| c.support * c.called).sum::<f64>() / n;
        (n > chance).then(|| (self.right() - chance) / (n - chance))
    }
}

/// Mean negative log probability of the true class; probabilities are `k` a row, row after row.
pub fn log_loss(truth: &[u32], probabilities: &[f64], k: usize) -> Option<f64> {
    if k == 0 || truth.is_empty() {
        return None;
    }
    let losses = truth
        .iter()
        .zip(probabilities.chunks_exact(k))
        .filter_map(|(t, row)| row.get(*t as usize).map(|p| log_loss_of(*p)));
    let (sum, n) = losses.fold((0.0, 0_u64), |(sum, n), x| (sum + x, n + 1));
    (n > 0).then(|| sum / n as f64)
}

/// Area under the one-against-rest ROC curve of each class; `None` where a class or its rest does not occur.
pub fn roc_auc_one_vs_rest(truth: &[u32], probabilities: &[f64], k: usize) -> Vec<Option<f64>> {
    (0..k)
        .map(|class| {
            let scores: Vec<f64> = probabilities.chunks_exact(k).filter_map(|row| row.get(class).copied()).collect();
            let positive: Vec<bool> = truth.iter().map(|t| *t as usize == class).collect();
            RankedScores::new(&scores, &positive).roc_auc()
        })
        .collect()
}

/// Plain mean of the classes' areas; `None` when one of them has none, or there are none.
pub fn macro_area(areas: &[Option<f64>]) -> Option<f64> {
    let sum = areas.iter().copied().sum::<Option<f64>>()?;
    (!areas.is_empty()).then(|| sum / areas.len() as f64)
}

/// Mean of the classes' areas weighted by their rows; classes without rows do not count, as in scikit-learn. `None`
/// when a class that counts has no area.
pub fn weighted_area(areas: &[Option<f64>], support: &[f64]) -> Option<f64> {
    let (mut sum, mut rows) = (0.0, 0.0);
    for (area, n) in areas.iter().zip(support).filter(|(_, n)| **n > 0.0) {
        sum += (*area)? * n;
        rows += n;
    }
    (rows > 0.0).then(|| sum / rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_classes_by_hand() {
        let m = ConfusionMatrix::of(&[0, 0, 1, 1, 2, 2], &[0, 1, 1, 1, 2, 0], 3);
        assert_eq!(m.metric("accuracy"), Some(4.0 / 6.0));
        let recall = (0.5 + 1.0 + 0.5) / 3.0;
        assert!((m.metric("recall_macro").unwrap() - recall).abs() < 1e-12);
        assert_eq!(m.metric("cohen_kappa"), Some(0.5));
        assert_eq!(ConfusionMatrix::new(3).metric("accuracy"), None);
    }

    #[test]
    fn many_classes_are_counted_as_few_are() {
        let mut random = crate::stats::random::SplitMix64::new(1);
        let truth: Vec<u32> = (0..3_000).map(|_| random.below(7) as u32).collect();
        let said: Vec<u32> =
            truth.iter().map(|t| if random.unit() < 0.7 { *t } else { random.below(7) as u32 }).collect();
        let few = ConfusionMatrix::of(&truth, &said, 7);
        let mut many = ConfusionMatrix::of(&truth, &said, 10_000);
        for name in ["accuracy", "f1_macro", "precision_weighted", "balanced_accuracy", "mcc", "cohen_kappa"] {
            let (a, b) = (few.metric(name).unwrap(), many.metric(name).unwrap());
            assert!((a - b).abs() < 1e-12, "{name}");
        }
        assert_eq!((many.at(3, 3), many.rows()), (few.at(3, 3), 3_000.0));
        many.merge(&many.clone());
        assert_eq!(many.rows(), 6_000.0);
    }

    #[test]
    fn a_perfect_choice_is_one_in_every_metric() {
        let m = ConfusionMatrix::of(&[0, 1, 2], &[0, 1, 2], 3);
        for name in ["accuracy", "f1_macro", "f1_weighted", "mcc", "cohen_kappa", "balanced_accuracy"] {
            assert!((m.metric(name).unwrap() - 1.0).abs() < 1e-12, "{name}");
        }
    }
}
