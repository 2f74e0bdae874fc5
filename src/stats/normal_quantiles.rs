//! Quantiles of the standard normal distribution at given shares: probit axes and normal quantile plots.

use statrs::distribution::{ContinuousCDF as _, Normal};

/// The standard normal quantile of a share; `None` outside the open interval 0 to 1, where it is infinite.
pub fn probit(share: f64) -> Option<f64> {
    (share > 0.0 && share < 1.0).then(|| Normal::standard().inverse_cdf(share)).filter(|z| z.is_finite())
}

/// The share of the standard normal distribution below a quantile: the inverse of [`probit`]. NaN for NaN.
pub fn share_below(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// The share at which the value of rank `i` (from 0) among `n` stands in a quantile plot: (i + ½) / n (Hazen 1914).
pub fn plotting_position(i: usize, n: usize) -> f64 {
    (i as f64 + 0.5) / n.max(1) as f64
}

/// At most `most` points (normal quantile, value) of sorted values, spread evenly over the ranks, the first and the
/// last among them.
pub fn quantile_plot(sorted: &[f64], most: usize) -> Vec<[f64; 2]> {
    let n = sorted.len();
    let points = n.min(most);
    (0..points)
        .filter_map(|point| {
            // Ranks in whole numbers, so that the last one is reached exactly.
            let rank = if points > 1 { point * (n - 1) / (points - 1) } else { 0 };
            Some([probit(plotting_position(rank, n))?, *sorted.get(rank)?])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_infinite_and_therefore_none() {
        assert_eq!(probit(0.0), None);
        assert_eq!(probit(1.0), None);
        assert_eq!(probit(f64::NAN), None);
        assert!((probit(0.975).unwrap() - 1.959_963_984_540_054).abs() < 1e-9);
        assert!(probit(0.5).unwrap().abs() < 1e-12);
        assert!((share_below(probit(0.013).unwrap()) - 0.013).abs() < 1e-12);
    }

    #[test]
    fn a_long_plot_is_thinned_and_keeps_its_ends() {
        let sorted: Vec<f64> = (0..5_000).map(f64::from).collect();
        let points = quantile_plot(&sorted, 200);
        assert_eq!(points.len(), 200);
        assert_eq!((points[0][1], points[199][1]), (0.0, 4_999.0));
        assert!((points[0][0] + points[199][0]).abs() < 1e-9);
        assert!(quantile_plot(&[], 200).is_empty());
        assert_eq!(quantile_plot(&[3.0], 200).len(), 1);
    }
}
