//! How the errors of a regression spread.

use crate::stats::histogram::count;
use crate::stats::moments::{Moments, quantile_sorted};
use crate::stats::normal_quantiles::quantile_plot;
use crate::validate::measure::Answers;

/// Points of the normal quantile plot.
const QUANTILE_POINTS: usize = 200;
/// Bins of the error histogram.
const BINS: usize = 40;
/// Share of rows at each end that the histogram leaves out of its bins, so that one outlier does not flatten the rest.
const TAIL: f64 = 0.005;

/// The spread of prediction − target, in the target's unit.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ResidualViews {
    /// Mean error.
    pub mean: f64,
    /// Sample standard deviation of the errors; `None` below two rows.
    pub deviation: Option<f64>,
    /// Up to 200 points: standard normal quantile, and (error − mean) / deviation at that rank. Empty when the errors
    /// do not vary.
    pub normal_quantiles: Vec<[f64; 2]>,
    /// How many rows have which error.
    pub histogram: ErrorHistogram,
}

/// Errors in 40 bins of equal width between their 0.5 % and 99.5 % quantiles.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ErrorHistogram {
    /// Edges of the bins; a bin holds its lower edge, the last one its upper edge too.
    pub edges: Vec<f64>,
    /// Rows in each bin.
    pub rows: Vec<u64>,
    /// Rows below the first edge.
    pub below: u64,
    /// Rows above the last edge.
    pub above: u64,
}

/// Views of the errors; `None` for other tasks and without rows.
pub fn residual_views(answers: &Answers) -> Option<ResidualViews> {
    let Answers::Regression { target, prediction } = answers else { return None };
    let mut errors: Vec<f64> =
        target.iter().zip(prediction).map(|(t, p)| p - t).filter(|error| error.is_finite()).collect();
    errors.sort_unstable_by(f64::total_cmp);
    let moments: Moments = errors.iter().copied().collect();
    let mean = moments.mean()?;
    let deviation = moments.sample_variance().map(f64::sqrt).filter(|d| d.is_finite());
    let normal_quantiles = deviation.filter(|d| *d > 0.0).map_or_else(Vec::new, |deviation| {
        quantile_plot(&errors, QUANTILE_POINTS).into_iter().map(|[z, error]| [z, (error - mean) / deviation]).collect()
    });
    Some(ResidualViews { mean, deviation, normal_quantiles, histogram: histogram(&errors)? })
}

fn histogram(sorted: &[f64]) -> Option<ErrorHistogram> {
    let (low, high) = (quantile_sorted(sorted, TAIL)?, quantile_sorted(sorted, 1.0 - TAIL)?);
    let (low, high) = if low < high { (low, high) } else { (low - 0.5, high + 0.5) };
    let width = high / BINS as f64 - low / BINS as f64;
    let mut edges: Vec<f64> = (0..BINS).map(|i| low + i as f64 * width).collect();
    edges.push(high);
    let (rows, _) = count(&edges, sorted);
    let below = sorted.partition_point(|error| *error < low) as u64;
    let above = sorted.len() as u64 - sorted.partition_point(|error| *error <= high) as u64;
    Some(ErrorHistogram { edges, rows, below, above })
}
