//! Each class against the rest, and all cells of the probability table together (micro average), in one pass over the
//! table: only the rows of a class are kept sorted, and every other row is placed among them by bisection.
//!
//! For `n` rows and `k` classes this takes O(n·k·log(rows of a class)) time and O(n + k) memory beside the table, so
//! many classes cost no more than the table itself. Areas, average precisions and variances are exact, ties included.

use super::ranked::key;

/// One class's ranking against the rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassRanking {
    /// Rows of the class.
    pub rows: u64,
    /// Area under the ROC curve; `None` when the class or its rest does not occur.
    pub auc: Option<f64>,
    /// DeLong's variance of the area; `None` when the class or its rest has one row only, or none.
    pub variance: Option<f64>,
    /// Average precision, Σ (recall gained) · precision; `None` when the class does not occur.
    pub average_precision: Option<f64>,
}

/// The ranking of all cells at once: the true class's cell of each row against all other cells, as scikit-learn's
/// `roc_auc_score(label_binarize(truth), probabilities, average="micro")`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MicroRanking {
    /// Area under the ROC curve of the cells.
    pub auc: f64,
    /// Variance of the area with each row as one draw, because a row's cells depend on each other (Obuchowski 1997);
    /// `None` below two rows.
    pub variance: Option<f64>,
}

/// How the negatives fell among the sorted positives.
struct Fallen<'a> {
    /// Keys of the positives, ascending.
    positives: &'a [u64],
    /// `past[j]`: negatives at or above exactly `j` positives.
    past: &'a [u64],
    /// `equal[j]`: those of `past[j]` that equal the `j`-th positive.
    equal: &'a [u64],
    negatives: u64,
}

impl Fallen<'_> {
    /// For each run of equal positives, ascending: its length, the positives up to its end, negatives below it, and
    /// negatives equal to it.
    fn runs(&self) -> impl Iterator<Item = (usize, usize, u64, u64)> + '_ {
        let (mut start, mut below) = (0, 0);
        std::iter::from_fn(move || {
            let first = self.positives.get(start)?;
            let end = start + self.positives.iter().skip(start).take_while(|k| *k == first).count();
            // Below the run are those at or above fewer positives than end with it.
            below += self.past.get(start..end).map_or(0, |past| past.iter().sum::<u64>());
            let equal = self.equal.get(end).copied().unwrap_or(0);
            let run = (end - start, end, below, equal);
            start = end;
            Some(run)
        })
    }

    fn average_precision(&self) -> Option<f64> {
        let p = self.positives.len();
        let sum: f64 = self
            .runs()
            .map(|(length, end, below, _)| {
                let caught = (p - end + length) as f64;
                length as f64 * caught / (caught + (self.negatives - below) as f64)
            })
            .sum();
        (p > 0).then(|| sum / p as f64)
    }

    /// The share of negatives below each positive (equal ones count half), with how many positives share it.
    fn shares_below(&self) -> impl Iterator<Item = (f64, usize)> + '_ {
        let n = self.negatives as f64;
        self.runs().map(move |(length, _, below, equal)| ((below as f64 + equal as f64 / 2.0) / n, length))
    }
}

/// Where a value stands among ascending keys: how many are below it, and how many are not above it.
fn place(keys: &[u64], value: u64) -> (usize, usize) {
    let below = keys.partition_point(|k| *k < value);
    let equal = match keys.get(below..) {
        Some(rest) if rest.first() == Some(&value) => rest.partition_point(|k| *k == value),
        _ => 0,
    };
    (below, below + equal)
}

/// The rows of each class as sorted keys of that class's own score, class after class.
struct Grouped {
    /// `starts[c]..starts[c + 1]` are the rows of class `c`.
    starts: Vec<usize>,
    keys: Vec<u64>,
}

impl Grouped {
    fn of(truth: &[u32], probabilities: &[f64], k: usize) -> Self {
        let mut rows: Vec<(u32, u64)> = truth
            .iter()
            .zip(probabilities.chunks_exact(k))
            .filter_map(|(t, row)| row.get(*t as usize).map(|p| (*t, key(*p))))
            .collect();
        rows.sort_unstable();
        let starts = (0..=k).map(|class| rows.partition_point(|(t, _)| (*t as usize) < class)).collect();
        Self { starts, keys: rows.into_iter().map(|(_, key)| key).collect() }
    }

    fn range(&self, class: usize) -> std::ops::Range<usize> {
        let at = |c: usize| self.starts.get(c).copied().unwrap_or(0);
        at(class)..at(class + 1)
    }

    fn rows_of(&self, class: usize) -> &[u64] {
        self.keys.get(self.range(class)).unwrap_or_default()
    }
}

/// Every class against the rest; `probabilities` are `k` a row, row after row. A row whose truth is `k` or more is
/// left out. `go_on` is asked every thousand rows; `None` when it says no, or when `k` is 0.
pub fn rankings(
    truth: &[u32],
    probabilities: &[f64],
    k: usize,
    go_on: &mut dyn FnMut() -> bool,
) -> Option<Vec<ClassRanking>> {
    if k == 0 {
        return None;
    }
    let grouped = Grouped::of(truth, probabilities, k);
    let rows = grouped.keys.len() as u64;
    // A class of p rows has p + 1 places, so class c's places begin at its start + c.
    let places = |class: usize| {
        let range = grouped.range(class);
        range.start + class..range.end + class + 1
    };
    let mut past = vec![0_u64; grouped.keys.len() + k];
    let mut equal = vec![0_u64; grouped.keys.len() + k];
    // Σ and Σ² of twice the positives not above each negative, in whole numbers: exact whatever the order.
    let mut sums = vec![(0_u128, 0_u128); k];
    let present: Vec<usize> = (0..k).filter(|class| !grouped.range(*class).is_empty()).collect();
    for (at, (t, row)) in truth.iter().zip(probabilities.chunks_exact(k)).enumerate() {
        if at % 1000 == 0 && !go_on() {
            return None;
        }
        if *t as usize >= k {
            continue;
        }
        for class in present.iter().copied().filter(|class| *class != *t as usize) {
            let Some(score) = row.get(class) else { continue };
            let (below, up_to) = place(grouped.rows_of(class), key(*score));
            let slot = places(class).start + up_to;
            if let Some(count) = past.get_mut(slot) {
                *count += 1;
            }
            if up_to > below
                && let Some(count) = equal.get_mut(slot)
            {
                *count += 1;
            }
            if let Some((sum, squares)) = sums.get_mut(class) {
                let twice = (below + up_to) as u128;
                *sum += twice;
                *squares += twice * twice;
            }
        }
    }
    let ranking = |class: usize| {
        let positives = grouped.rows_of(class);
        let fallen = Fallen {
            positives,
            past: past.get(places(class)).unwrap_or_default(),
            equal: equal.get(places(class)).unwrap_or_default(),
            negatives: rows - positives.len() as u64,
        };
        let sums = sums.get(class).copied().unwrap_or_default();
        let area = area_and_variance(&fallen, sums);
        ClassRanking {
            rows: positives.len() as u64,
            auc: area.map(|(auc, _)| auc),
            variance: area.and_then(|(_, variance)| variance),
            average_precision: fallen.average_precision(),
        }
    };
    Some((0..k).map(ranking).collect())
}

/// The area and DeLong's variance; `sums` as in [`rankings`].
fn area_and_variance(fallen: &Fallen<'_>, (sum, squares): (u128, u128)) -> Option<(f64, Option<f64>)> {
    let (p, n) = (fallen.positives.len() as u128, u128::from(fallen.negatives));
    if p == 0 || n == 0 {
        return None;
    }
    let pairs = (2 * p * n) as f64;
    let auc = (2 * p * n - sum) as f64 / pairs;
    if p < 2 || n < 2 {
        return Some((auc, None));
    }
    let of_positives: f64 =
        fallen.shares_below().map(|(share, length)| length as f64 * (share - auc).powi(2)).sum::<f64>();
    // Σ (w − mean)² with w = twice / 2p, from whole numbers, so that nothing cancels.
    let of_negatives = (n * squares - sum * sum) as f64 / n as f64 / (4 * p * p) as f64;
    let (p, n) = (p as f64, n as f64);
    Some((auc, Some(of_positives / (p - 1.0) / p + of_negatives / (n - 1.0) / n)))
}

/// Sorted keys with a table of where each stretch of them begins, for bisection of a short stretch only.
struct Indexed {
    keys: Vec<u64>,
    first: u64,
    shift: u32,
    starts: Vec<usize>,
}

impl Indexed {
    const STRETCHES: u64 = 1 << 15;

    fn of(mut keys: Vec<u64>) -> Self {
        keys.sort_unstable();
        let (first, last) = (keys.first().copied().unwrap_or(0), keys.last().copied().unwrap_or(0));
        let mut shift = 0;
        while (last - first) >> shift >= Self::STRETCHES {
            shift += 1;
        }
        let stretches = (last - first) >> shift;
        let mut starts = Vec::new();
        let mut at = 0;
        for stretch in 0..=stretches {
            while keys.get(at).is_some_and(|k| (k - first) >> shift < stretch) {
                at += 1;
            }
            starts.push(at);
        }
        starts.push(keys.len());
        Self { keys, first, shift, starts }
    }

    fn place(&self, value: u64) -> (usize, usize) {
        let Some(above_first) = value.checked_sub(self.first) else { return (0, 0) };
        let stretch = (above_first >> self.shift) as usize;
        let (Some(from), Some(to)) = (self.starts.get(stretch), self.starts.get(stretch + 1)) else {
            return (self.keys.len(), self.keys.len());
        };
        // Equal keys lie in one stretch.
        let (below, up_to) = place(self.keys.get(*from..*to).unwrap_or_default(), value);
        (from + below, from + up_to)
    }
}

/// All cells of the table ranked together; arguments as in [`rankings`]. `None` also below two classes or one row.
pub fn micro(truth: &[u32], probabilities: &[f64], k: usize, go_on: &mut dyn FnMut() -> bool) -> Option<MicroRanking> {
    if k < 2 {
        return None;
    }
    let rows = || truth.iter().zip(probabilities.chunks_exact(k)).filter(|(t, _)| (**t as usize) < k);
    let own: Vec<u64> = rows().filter_map(|(t, row)| row.get(*t as usize)).map(|p| key(*p)).collect();
    let indexed = Indexed::of(own.clone());
    let p = own.len();
    let negatives = p as u64 * (k as u64 - 1);
    let mut past = vec![0_u64; p + 1];
    let mut equal = vec![0_u64; p + 1];
    let mut not_above = Vec::with_capacity(p);
    for (at, (t, row)) in rows().enumerate() {
        if at % 1000 == 0 && !go_on() {
            return None;
        }
        let mut of_row = 0_u64;
        for (_, score) in row.iter().enumerate().filter(|(class, _)| *class != *t as usize) {
            let (below, up_to) = indexed.place(key(*score));
            of_row += (below + up_to) as u64;
            if let Some(count) = past.get_mut(up_to) {
                *count += 1;
            }
            if up_to > below
                && let Some(count) = equal.get_mut(up_to)
            {
                *count += 1;
            }
        }
        not_above.push(of_row);
    }
    let lost: u128 = not_above.iter().map(|x| u128::from(*x)).sum();
    let pairs = 2 * p as u128 * u128::from(negatives);
    if pairs == 0 {
        return None;
    }
    let auc = (pairs - lost) as f64 / pairs as f64;
    // A row's pull on the area: its own cell's placement and those of its other cells.
    let fallen = Fallen { positives: &indexed.keys, past: &past, equal: &equal, negatives };
    let mut shares = Vec::with_capacity(p);
    for (share, length) in fallen.shares_below() {
        shares.resize(shares.len() + length, share);
    }
    let per_row = (k - 1) as f64;
    let squares: f64 = own
        .iter()
        .zip(&not_above)
        .map(|(own, not_above)| {
            let share = shares.get(indexed.place(*own).0).copied().unwrap_or(auc);
            let others = per_row - *not_above as f64 / (2.0 * p as f64);
            ((share - auc) / p as f64 + (others - per_row * auc) / negatives as f64).powi(2)
        })
        .sum();
    let variance = (p > 1).then(|| squares * p as f64 / (p - 1) as f64);
    Some(MicroRanking { auc, variance })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::delong::Placements;
    use crate::stats::random::SplitMix64;
    use crate::stats::ranked::RankedScores;

    fn table(rows: usize, k: usize, steps: usize) -> (Vec<u32>, Vec<f64>) {
        let mut random = SplitMix64::new(5);
        let truth = (0..rows).map(|_| random.below(k) as u32).collect();
        let cells = (0..rows * k).map(|_| random.below(steps) as f64 / steps as f64).collect();
        (truth, cells)
    }

    #[test]
    fn one_pass_gives_what_sorting_each_class_gives() {
        for steps in [4, 1_000_000] {
            let (truth, cells) = table(300, 7, steps);
            let found = rankings(&truth, &cells, 7, &mut || true).unwrap();
            for (class, found) in found.iter().enumerate() {
                let scores: Vec<f64> = cells.chunks_exact(7).map(|row| row[class]).collect();
                let positive: Vec<bool> = truth.iter().map(|t| *t as usize == class).collect();
                let ranked = RankedScores::new(&scores, &positive);
                let placements = Placements::of(&scores, &positive).unwrap();
                let near = |a: Option<f64>, b: Option<f64>| assert!((a.unwrap() - b.unwrap()).abs() < 1e-12);
                near(found.auc, ranked.roc_auc());
                near(found.variance, placements.variance());
                near(found.average_precision, ranked.average_precision());
                assert_eq!(found.rows, ranked.positives());
            }
        }
    }

    #[test]
    fn micro_is_the_area_of_all_cells() {
        for steps in [4, 1_000_000] {
            let (truth, cells) = table(200, 5, steps);
            let positive: Vec<bool> = truth.iter().flat_map(|t| (0..5).map(move |c| c == *t)).collect();
            let micro = micro(&truth, &cells, 5, &mut || true).unwrap();
            let whole = RankedScores::new(&cells, &positive).roc_auc().unwrap();
            assert!((micro.auc - whole).abs() < 1e-12);
            assert!(micro.variance.unwrap() > 0.0);
        }
    }

    #[test]
    fn a_class_that_does_not_occur_has_no_area() {
        let found = rankings(&[0, 1, 0], &[0.6, 0.3, 0.1, 0.2, 0.7, 0.1, 0.5, 0.4, 0.1], 3, &mut || true).unwrap();
        assert_eq!((found[0].auc, found[1].auc, found[2].auc), (Some(1.0), Some(1.0), None));
        assert_eq!(found[2].average_precision, None);
        assert_eq!(found[1].variance, None);
        assert_eq!(rankings(&[0], &[1.0], 0, &mut || true), None);
        assert_eq!(rankings(&[0], &[1.0], 1, &mut || false), None);
        assert_eq!(micro(&[], &[], 3, &mut || true), None);
    }

    #[test]
    fn many_classes_and_few_rows_stay_quick() {
        let (truth, cells) = table(200, 10_000, 1_000);
        let found = rankings(&truth, &cells, 10_000, &mut || true).unwrap();
        assert_eq!(found.len(), 10_000);
        assert!(micro(&truth, &cells, 10_000, &mut || true).is_some());
    }
}
