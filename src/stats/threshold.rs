//! Thresholds learned from the reference.

use super::moments::Moments;

/// Mean − `k` and mean + `k` population standard deviations, NannyML's default with `k` = 3; `None` without values.
pub fn std_threshold(values: &[f64], k: f64) -> Option<(f64, f64)> {
    let moments: Moments = values.iter().copied().collect();
    let spread = moments.variance()?.sqrt();
    Some((moments.mean - k * spread, moments.mean + k * spread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_deviations_each_way() {
        let (low, high) = std_threshold(&[1.0, 3.0], 3.0).unwrap();
        assert_eq!((low, high), (-1.0, 5.0));
        assert_eq!(std_threshold(&[], 3.0), None);
    }
}
