//! Distances between a reference and what is there now.

use statrs::distribution::{ChiSquared, ContinuousCDF as _};

use super::histogram::{count, doane_edges};

/// Jensen-Shannon distance, base 2, of two lists of weights that are normalised first: 0 equal, 1 disjoint.
/// `None` when either sums to nothing.
pub fn jensen_shannon(reference: &[f64], current: &[f64]) -> Option<f64> {
    let (p_sum, q_sum) = (reference.iter().sum::<f64>(), current.iter().sum::<f64>());
    if p_sum <= 0.0 || q_sum <= 0.0 {
        return None;
    }
    let part = |x: f64, m: f64| if x > 0.0 { x * (x / m).ln() } else { 0.0 };
    let sum: f64 = reference
        .iter()
        .zip(current)
        .map(|(p, q)| (p / p_sum, q / q_sum))
        .map(|(p, q)| {
            let m = f64::midpoint(p, q);
            part(p, m) + part(q, m)
        })
        .sum();
    Some((sum.max(0.0) / 2.0 / std::f64::consts::LN_2).sqrt().min(1.0))
}

/// Hellinger distance of two lists of weights that are normalised first: √(½ Σ (√p − √q)²), 0 equal, 1 disjoint.
/// `None` when either sums to nothing.
pub fn hellinger(reference: &[f64], current: &[f64]) -> Option<f64> {
    let (p_sum, q_sum) = (reference.iter().sum::<f64>(), current.iter().sum::<f64>());
    if p_sum <= 0.0 || q_sum <= 0.0 {
        return None;
    }
    let gaps = reference.iter().zip(current).map(|(p, q)| ((p / p_sum).sqrt() - (q / q_sum).sqrt()).powi(2));
    Some((gaps.sum::<f64>() / 2.0).sqrt().min(1.0))
}

/// Counts as weights, with a bin more for what lies outside of the reference's; the reference has nothing there.
fn with_outside(reference: &[u64], inside: &[u64], outside: u64) -> (Vec<f64>, Vec<f64>) {
    let mut p: Vec<f64> = reference.iter().map(|c| *c as f64).collect();
    let mut q: Vec<f64> = inside.iter().map(|c| *c as f64).collect();
    if outside > 0 {
        p.push(0.0);
        q.push(outside as f64);
    }
    (p, q)
}

/// `js/nannyml` from counts: the reference's bins or categories, and one more for all that falls outside of them.
pub fn js_nannyml(reference: &[u64], inside: &[u64], outside: u64) -> Option<f64> {
    let (p, q) = with_outside(reference, inside, outside);
    jensen_shannon(&p, &q)
}

/// `hellinger/nannyml` from counts, binned as [`js_nannyml`].
pub fn hellinger_nannyml(reference: &[u64], inside: &[u64], outside: u64) -> Option<f64> {
    let (p, q) = with_outside(reference, inside, outside);
    hellinger(&p, &q)
}

/// `linf/nannyml`: the largest change of a category's share. Both lists count the same categories, those of either
/// side; `None` when a side has no row.
pub fn l_infinity(reference: &[u64], current: &[u64]) -> Option<f64> {
    let (n, m) = (reference.iter().sum::<u64>(), current.iter().sum::<u64>());
    let share = |count: u64, of: u64| count as f64 / of as f64;
    let gaps = reference.iter().zip(current).map(|(p, q)| (share(*p, n) - share(*q, m)).abs());
    (n > 0 && m > 0).then(|| gaps.fold(0.0, f64::max))
}

/// A chi-squared test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquaredTest {
    /// Σ (observed − expected)² / expected.
    pub statistic: f64,
    /// Degrees of freedom: categories that occur, less one.
    pub freedom: u64,
    /// Probability of such a statistic, or a larger one, without any difference.
    pub p_value: f64,
}

/// `chi2/nannyml`: the contingency test of two lists that count the same categories, those of either side, as
/// `scipy.stats.chi2_contingency` with its default, Yates' correction of a 2 × 2 table. Categories without a row are
/// left out. `None` when a side has no row.
pub fn chi_squared(reference: &[u64], current: &[u64]) -> Option<ChiSquaredTest> {
    let seen: Vec<(f64, f64)> =
        reference.iter().zip(current).filter(|(p, q)| **p + **q > 0).map(|(p, q)| (*p as f64, *q as f64)).collect();
    let (n, m) = seen.iter().fold((0.0, 0.0), |(n, m), (p, q)| (n + p, m + q));
    if n <= 0.0 || m <= 0.0 {
        return None;
    }
    let freedom = seen.len() as u64 - 1;
    if freedom == 0 {
        return Some(ChiSquaredTest { statistic: 0.0, freedom, p_value: 1.0 });
    }
    let correct = freedom == 1;
    let cell = |observed: f64, expected: f64| {
        let gap = (observed - expected).abs();
        let gap = if correct { gap - gap.min(0.5) } else { gap };
        gap * gap / expected
    };
    let statistic =
        seen.iter().map(|(p, q)| cell(*p, (p + q) * (n / (n + m))) + cell(*q, (p + q) * (m / (n + m)))).sum::<f64>();
    let p_value = ChiSquared::new(freedom as f64).ok()?.sf(statistic).clamp(0.0, 1.0);
    Some(ChiSquaredTest { statistic, freedom, p_value })
}

/// `js/nannyml` of two numeric columns: Doane's bins from the reference only. Values that are not finite are left out.
pub fn js_nannyml_numeric(reference: &[f64], current: &[f64]) -> Option<f64> {
    let edges = doane_edges(reference)?;
    let (known, _) = count(&edges, reference);
    let (inside, outside) = count(&edges, current);
    js_nannyml(&known, &inside, outside)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// Calls `step(x, F_a(x), F_b(x))` at each value of either, ascending; both sorted and not empty.
fn both_distributions(a: &[f64], b: &[f64], mut step: impl FnMut(f64, f64, f64)) {
    let (mut i, mut j) = (0, 0);
    loop {
        let x = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.min(*y),
            (Some(x), None) | (None, Some(x)) => *x,
            (None, None) => return,
        };
        let (before_i, before_j) = (i, j);
        while a.get(i).is_some_and(|v| *v <= x) {
            i += 1;
        }
        while b.get(j).is_some_and(|v| *v <= x) {
            j += 1;
        }
        // Only what is not a number compares with nothing, and it has no place on the axis.
        if (i, j) == (before_i, before_j) {
            return;
        }
        step(x, i as f64 / a.len() as f64, j as f64 / b.len() as f64);
    }
}

/// The Kolmogorov-Smirnov statistic D: the largest gap between the two distribution functions; `None` when one is
/// empty. Values are finite.
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let mut d = 0.0_f64;
    both_distributions(&sorted(a), &sorted(b), |_, a, b| d = d.max((a - b).abs()));
    Some(d)
}

/// The first Wasserstein distance, in the values' unit: the area between the two distribution functions, as
/// `scipy.stats.wasserstein_distance` and NannyML below 10 000 rows of reference. `None` when one is empty. Values are
/// finite.
pub fn wasserstein(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let (mut area, mut last) = (0.0, None);
    both_distributions(&sorted(a), &sorted(b), |x, a, b| {
        if let Some((from, gap)) = last {
            area += gap * (x - from);
        }
        last = Some((x, (a - b).abs()));
    });
    Some(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_is_zero_and_disjoint_is_one() {
        assert_eq!(jensen_shannon(&[1.0, 2.0], &[2.0, 4.0]), Some(0.0));
        assert!((jensen_shannon(&[1.0, 0.0], &[0.0, 1.0]).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(jensen_shannon(&[0.0], &[1.0]), None);
    }

    #[test]
    fn a_new_category_falls_into_the_outside() {
        // a, b → a, c at 80 : 20 gives 0.447214 in NannyML.
        assert!((js_nannyml(&[80, 20], &[80, 0], 20).unwrap() - 0.4472135954999579).abs() < 1e-9);
    }

    #[test]
    fn constants_follow_nannyml() {
        assert_eq!(js_nannyml_numeric(&[1.0; 50], &[1.0; 50]), Some(0.0));
        assert!((js_nannyml_numeric(&[1.0; 50], &[2.0; 50]).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(js_nannyml_numeric(&[1.0, 2.0], &[f64::NAN]), None);
    }

    #[test]
    fn ks_of_two_small_samples() {
        let d = kolmogorov_smirnov(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0]).unwrap();
        assert!((d - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(kolmogorov_smirnov(&[1.0], &[2.0]), Some(1.0));
    }

    #[test]
    fn wasserstein_is_how_far_values_were_moved() {
        assert!((wasserstein(&[1.0, 2.0, 3.0], &[4.0, 2.0, 3.5]).unwrap() - 3.5 / 3.0).abs() < 1e-12);
        assert_eq!(wasserstein(&[5.0; 3], &[7.0]), Some(2.0));
        assert_eq!(wasserstein(&[], &[7.0]), None);
        assert!(wasserstein(&[f64::NAN, 1.0], &[7.0]).is_some());
    }

    #[test]
    fn hellinger_of_equal_and_disjoint() {
        assert_eq!(hellinger(&[1.0, 2.0], &[2.0, 4.0]), Some(0.0));
        assert_eq!(hellinger(&[1.0, 0.0], &[0.0, 3.0]), Some(1.0));
        assert_eq!(hellinger(&[1.0], &[0.0]), None);
    }

    #[test]
    fn chi_squared_of_a_table_by_hand() {
        // All expected counts are 15.
        let test = chi_squared(&[10, 20, 15], &[20, 10, 15]).unwrap();
        assert!((test.statistic - 100.0 / 15.0).abs() < 1e-12 && test.freedom == 2, "{test:?}");
        assert!((test.p_value - (-test.statistic / 2.0).exp()).abs() < 1e-9);
        let corrected = chi_squared(&[10, 20], &[20, 10]).unwrap();
        assert!((corrected.statistic - 4.0 * 4.5 * 4.5 / 15.0).abs() < 1e-12);
        assert_eq!(chi_squared(&[5, 0], &[3, 0]).unwrap().p_value, 1.0);
        assert_eq!(chi_squared(&[5], &[0]), None);
        assert_eq!(l_infinity(&[5, 5], &[10, 0]), Some(0.5));
    }
}
