//! The detection error tradeoff curve for drawing.

use crate::stats::det::{det_curve, thin_det};
use crate::stats::normal_quantiles::probit;
use crate::stats::ranked::RankedScores;

/// Points kept of the curve.
const POINTS: usize = 400;

/// Points of a DET curve as scikit-learn's `det_curve`, the highest false positive rate first; thinned for drawing.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DetCurve {
    /// False positive rate.
    pub fpr: Vec<f64>,
    /// False negative rate.
    pub fnr: Vec<f64>,
    /// Score at and above which a row counts as positive; `None` beyond every score.
    pub thresholds: Vec<Option<f64>>,
    /// The false positive rate as a standard normal quantile; `None` for 0 and 1, which have no place on a probit axis.
    pub probit_fpr: Vec<Option<f64>>,
    /// The false negative rate as a standard normal quantile, as `probit_fpr`.
    pub probit_fnr: Vec<Option<f64>>,
}

/// The curve of ranked rows; `None` when a class does not occur.
pub fn det(ranked: &RankedScores) -> Option<DetCurve> {
    let points = thin_det(&det_curve(ranked), ranked.positives(), ranked.negatives(), POINTS);
    (!points.is_empty()).then(|| DetCurve {
        fpr: points.iter().map(|p| p.x).collect(),
        fnr: points.iter().map(|p| p.y).collect(),
        thresholds: points.iter().map(|p| Some(p.threshold).filter(|t| t.is_finite())).collect(),
        probit_fpr: points.iter().map(|p| probit(p.x)).collect(),
        probit_fnr: points.iter().map(|p| probit(p.y)).collect(),
    })
}
