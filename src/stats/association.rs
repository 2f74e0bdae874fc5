//! How strongly two variables go together, whatever their kind: Cramér's V, the correlation ratio, Spearman's rank
//! correlation. Slices are read row by row and have the same length; of unequal ones the shorter counts.

/// Cramér's V of two categorical variables with the bias correction of Bergsma (2013), “A bias-correction for Cramér's
/// V and Tschuprow's T”: 0 for independence, 1 when one decides the other.
///
/// With χ² of the table of r × k categories over n rows: φ̃² = max(0, χ²/n − (k−1)(r−1)/(n−1)),
/// k̃ = k − (k−1)²/(n−1), r̃ likewise, and Ṽ = √(φ̃² / min(k̃−1, r̃−1)). Categories are any numbers; only equality
/// counts. `None` with fewer than two rows, with one category only, or when every row is a category of its own, which
/// leaves nothing after the correction.
pub fn cramers_v(a: &[u32], b: &[u32]) -> Option<f64> {
    let mut cells: Vec<(u32, u32)> = a.iter().copied().zip(b.iter().copied()).collect();
    let n = cells.len() as f64;
    if cells.len() < 2 {
        return None;
    }
    cells.sort_unstable();
    let mut other: Vec<u32> = cells.iter().map(|(_, y)| *y).collect();
    other.sort_unstable();
    let columns: Vec<(u32, f64)> = other.chunk_by(|x, y| x == y).filter_map(counted).collect();
    let (mut sum, mut rows) = (0.0, 0.0);
    for row in cells.chunk_by(|x, y| x.0 == y.0) {
        rows += 1.0;
        for cell in row.chunk_by(|x, y| x.1 == y.1) {
            let Some((_, y)) = cell.first() else { continue };
            let at = columns.binary_search_by_key(y, |(code, _)| *code).ok()?;
            let (_, total) = columns.get(at)?;
            sum += (cell.len() as f64).powi(2) / (row.len() as f64 * total);
        }
    }
    let phi = sum - 1.0;
    let (r, k) = (rows, columns.len() as f64);
    let corrected = (phi - (k - 1.0) * (r - 1.0) / (n - 1.0)).max(0.0);
    let rest = |categories: f64| categories - (categories - 1.0).powi(2) / (n - 1.0) - 1.0;
    let smaller = rest(k).min(rest(r));
    (smaller > 1e-12).then(|| (corrected / smaller).sqrt().min(1.0))
}

fn counted(run: &[u32]) -> Option<(u32, f64)> {
    run.first().map(|code| (*code, run.len() as f64))
}

/// The correlation ratio η of a number by category: √(between-group sum of squares / total sum of squares), 0 when all
/// groups have the same mean, 1 when the category decides the number. Grows with the number of groups by chance alone;
/// see [`correlation_ratio_corrected`]. `None` when the number or the category is the same in every row.
pub fn correlation_ratio(groups: &[u32], values: &[f64]) -> Option<f64> {
    explained(groups, values).map(|(share, _, _)| share.sqrt())
}

/// As [`correlation_ratio`] without what chance adds: √max(0, 1 − (1 − η²)(n − 1)/(n − k)) for k groups and n rows
/// (Kelley 1935, “An unbiased correlation ratio measure”). `None` also when every row is a group of its own.
pub fn correlation_ratio_corrected(groups: &[u32], values: &[f64]) -> Option<f64> {
    let (share, n, k) = explained(groups, values)?;
    (n > k).then(|| (1.0 - (1.0 - share) * (n - 1.0) / (n - k)).max(0.0).sqrt())
}

/// η², rows and groups.
fn explained(groups: &[u32], values: &[f64]) -> Option<(f64, f64, f64)> {
    let mut rows: Vec<(u32, f64)> = groups.iter().copied().zip(values.iter().copied()).collect();
    rows.sort_by_key(|(group, _)| *group);
    let n = rows.len() as f64;
    let mean = rows.iter().map(|(_, x)| x).sum::<f64>() / n.max(1.0);
    let total: f64 = rows.iter().map(|(_, x)| (x - mean).powi(2)).sum();
    let (mut between, mut k) = (0.0, 0.0);
    for group in rows.chunk_by(|x, y| x.0 == y.0) {
        let size = group.len() as f64;
        let centre = group.iter().map(|(_, x)| x).sum::<f64>() / size;
        between += size * (centre - mean).powi(2);
        k += 1.0;
    }
    (total > 0.0 && total.is_finite() && k > 1.0).then(|| ((between / total).clamp(0.0, 1.0), n, k))
}

/// Spearman's rank correlation, −1 to 1: Pearson's correlation of the ranks, ties sharing the mean of theirs. `None`
/// with fewer than two rows or when one of the variables is the same in every row.
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len().min(b.len());
    let (a, b) = (ranks(a.get(..n)?), ranks(b.get(..n)?));
    // The mean of ranks 1 to n, ties or not.
    let mean = f64::midpoint(n as f64, 1.0);
    let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(&b) {
        both += (x - mean) * (y - mean);
        first += (x - mean).powi(2);
        second += (y - mean).powi(2);
    }
    (first > 0.0 && second > 0.0).then(|| (both / (first.sqrt() * second.sqrt())).clamp(-1.0, 1.0))
}

/// The ranks from 1, equal numbers sharing the mean of theirs.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
    sorted.sort_unstable_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tie in sorted.chunk_by(|x, y| x.0 == y.0) {
        let rank = before as f64 + f64::midpoint(tie.len() as f64, 1.0);
        for (_, row) in tie {
            if let Some(slot) = ranks.get_mut(*row) {
                *slot = rank;
            }
        }
        before += tie.len();
    }
    ranks
}

/// Numbers as categories: the bin of each in at most `bins` bins of about equal counts; equal numbers share a bin.
pub fn quantile_bins(values: &[f64], bins: u32) -> Vec<u32> {
    let n = values.len().max(1) as f64;
    let last = bins.max(1) - 1;
    ranks(values).into_iter().map(|rank| (((rank - 0.5) / n * f64::from(bins)) as u32).min(last)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by formula, so that another program can make them too.
    fn samples() -> (Vec<u32>, Vec<u32>, Vec<f64>, Vec<f64>) {
        let a: Vec<u32> = (0..60).map(|i| i * 7 % 5).collect();
        let b = (0..60).zip(&a).map(|(i, x)| (x * 3 + (i * i) % 7) % 4).collect();
        let v: Vec<f64> = (0..60_u32)
            .zip(&a)
            .map(|(i, x)| f64::from(*x) * 1.5 + f64::from((i * 37) % 11) / 2.0 - f64::from(i % 3))
            .collect();
        let w = (0..60_u32).zip(&v).map(|(i, y)| f64::from(i * 13 % 17) + 0.5 * y).collect();
        (a, b, v, w)
    }

    fn near(found: Option<f64>, expected: f64) {
        assert!(found.is_some_and(|x| (x - expected).abs() < 1e-12), "{found:?} is not {expected}");
    }

    #[test]
    fn the_numbers_are_those_of_scipy() {
        // chi2_contingency without continuity correction, f_oneway and spearmanr of scipy, and the formulas above.
        let (a, b, v, w) = samples();
        near(cramers_v(&a, &b), 0.2695085504892555);
        near(cramers_v(&b, &a), 0.2695085504892555);
        near(correlation_ratio(&a, &v), 0.7883839596856196);
        near(correlation_ratio_corrected(&a, &v), 0.7707305484289214);
        near(spearman(&v, &w), 0.22794052738598833);
        let floor = |xs: Vec<f64>, by: f64| xs.iter().map(|x| (x / by).floor()).collect::<Vec<_>>();
        near(spearman(&floor(v, 1.0), &floor(w, 3.0)), 0.24297081659567626);
    }

    #[test]
    fn extremes_are_zero_one_or_without_meaning() {
        let half: Vec<u32> = (0..100).map(|i| i % 2).collect();
        let quarter: Vec<u32> = (0..100).map(|i| i / 2 % 2).collect();
        near(cramers_v(&half, &half), 1.0);
        near(cramers_v(&half, &quarter), 0.0);
        let own: Vec<u32> = (0..100).collect();
        assert_eq!((cramers_v(&half, &own), cramers_v(&half, &[7; 100]), cramers_v(&[1], &[1])), (None, None, None));
        let numbers: Vec<f64> = half.iter().map(|x| f64::from(*x)).collect();
        near(correlation_ratio(&half, &numbers), 1.0);
        near(correlation_ratio_corrected(&half, &numbers), 1.0);
        assert_eq!(correlation_ratio_corrected(&own, &numbers), None);
        assert_eq!(correlation_ratio(&half, &[2.0; 100]), None);
        assert_eq!((spearman(&numbers, &[2.0; 100]), spearman(&[], &[]), spearman(&[1.0], &[1.0])), (None, None, None));
        let cubes: Vec<f64> = (0..9).map(|i| f64::from(i - 4).powi(3)).collect();
        let falling: Vec<f64> = (0..9).map(|i| -f64::from(i)).collect();
        near(spearman(&cubes, &falling), -1.0);
    }

    #[test]
    fn bins_hold_about_as_many_rows_each_and_keep_ties_together() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let bins = quantile_bins(&values, 10);
        assert!((0..10).all(|bin| bins.iter().filter(|b| **b == bin).count() == 10));
        assert_eq!(quantile_bins(&[1.0, 1.0, 1.0, 9.0], 2), [0, 0, 0, 1]);
        assert_eq!(ranks(&[3.0, 1.0, 3.0]), [2.5, 1.0, 2.5]);
    }
}
