//! How slowly the largest values of a sample thin out.

/// Factor on √n for the number of largest values that are looked at.
const LOOKED_AT: f64 = 1.5;

/// The tail index of values sorted ascending, after Hill (1975): the share of values above x falls as x to the power of
/// minus the index, and powers from the index on have no finite mean. The largest 1.5·√n values are looked at. `None` for
/// fewer than 50 values, or when the tail has no spread or is not above 0.
pub fn index(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    if n < 50 {
        return None;
    }
    let k = (LOOKED_AT * (n as f64).sqrt()).ceil() as usize;
    let from = *sorted.get(n.checked_sub(k + 1)?)?;
    if from <= 0.0 {
        return None;
    }
    let sum: f64 = sorted.iter().rev().take(k).map(|x| (x / from).ln()).sum();
    (sum > 0.0 && sum.is_finite()).then(|| k as f64 / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_law_has_its_index() {
        // The quantiles of a Pareto distribution with index 3.
        let sorted: Vec<f64> = (0..10_000).map(|i| (1.0 - (f64::from(i) + 0.5) / 10_000.0).powf(-1.0 / 3.0)).collect();
        let found = index(&sorted).unwrap();
        assert!((found - 3.0).abs() < 0.1, "{found}");
    }

    #[test]
    fn without_a_tail_there_is_no_index() {
        assert_eq!(index(&[1.0; 100]), None);
        assert_eq!(index(&[0.0; 100]), None);
        assert_eq!(index(&[1.0, 2.0]), None);
        let even: Vec<f64> = (0..1000).map(f64::from).collect();
        assert!(index(&even).unwrap() > 10.0);
    }
}
