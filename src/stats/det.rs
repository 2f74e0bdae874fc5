//! The detection error tradeoff curve (Martin and others 1997): what is missed against what is falsely reported.

use super::normal_quantiles::probit;
use super::ranked::{CurvePoint, RankedScores, thin};

/// False positive rate across and false negative rate up, one point for each distinct score, as scikit-learn's
/// `det_curve` with its defaults: from the highest score that catches every positive up to the highest that reports
/// no negative. Empty when a class does not occur.
pub fn det_curve(ranked: &RankedScores) -> Vec<CurvePoint> {
    let mut roc = ranked.roc_curve();
    let first = roc.partition_point(|p| p.x <= 0.0).saturating_sub(1);
    let past = roc.partition_point(|p| p.y < 1.0) + 1;
    roc.truncate(past);
    roc.iter().skip(first).rev().map(|p| CurvePoint { y: 1.0 - p.y, ..*p }).collect()
}

/// Places of points that can be told apart when drawn: a probit costs more than all else, and of a million points most
/// fall on one pixel. A point is kept where a rate moved by a thousandth, or by a fiftieth of itself or of its
/// complement, since the last one kept; both ends are.
fn apart(points: &[CurvePoint]) -> Vec<usize> {
    const MANY: usize = 10_000;
    if points.len() <= MANY {
        return (0..points.len()).collect();
    }
    let moved = |a: f64, b: f64| {
        let gap = (a - b).abs();
        gap > 1e-3 || gap > 0.02 * a.min(1.0 - a)
    };
    let mut kept: Vec<usize> = Vec::new();
    let mut last: Option<&CurvePoint> = None;
    for (place, point) in points.iter().enumerate() {
        if place + 1 == points.len() || last.is_none_or(|l| moved(l.x, point.x) || moved(l.y, point.y)) {
            kept.push(place);
            last = Some(point);
        }
    }
    kept
}

/// At most `most` points of a DET curve, spread evenly along its length on probit axes, on which it is drawn. Rates of
/// 0 and 1, infinite there, stand where half a row would be; the points themselves are kept as they are.
pub fn thin_det(points: &[CurvePoint], positives: u64, negatives: u64, most: usize) -> Vec<CurvePoint> {
    let placed = |rate: f64, rows: u64| {
        let half = 0.5 / rows.max(1) as f64;
        probit(rate.clamp(half, 1.0 - half)).unwrap_or_default()
    };
    // The place of a point travels in its threshold through the thinning.
    let drawn: Vec<CurvePoint> = apart(points)
        .into_iter()
        .filter_map(|place| Some((place, points.get(place)?)))
        .map(|(place, p)| CurvePoint { threshold: place as f64, x: placed(p.x, negatives), y: placed(p.y, positives) })
        .collect();
    thin(&drawn, most).iter().filter_map(|p| points.get(p.threshold as usize).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scikit_learns_example() {
        let ranked = RankedScores::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true]);
        let curve: Vec<_> = det_curve(&ranked).iter().map(|p| (p.x, p.y, p.threshold)).collect();
        assert_eq!(curve, [(0.5, 0.0, 0.35), (0.5, 0.5, 0.4), (0.0, 0.5, 0.8)]);
    }

    #[test]
    fn perfect_scores_are_one_point_and_one_class_none() {
        let perfect = RankedScores::new(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true]);
        let points = det_curve(&perfect);
        assert_eq!(points.len(), 1);
        assert_eq!((points[0].x, points[0].y), (0.0, 0.0));
        assert!(det_curve(&RankedScores::new(&[0.1, 0.2], &[true, true])).is_empty());
    }

    #[test]
    fn thinning_keeps_points_of_the_curve_and_its_ends() {
        let scores: Vec<f64> = (0..4_000).map(|i| f64::from(i * 7919 % 4_000)).collect();
        let truth: Vec<bool> = (0..4_000).map(|i| (i * 31) % 97 < 30).collect();
        let ranked = RankedScores::new(&scores, &truth);
        let whole = det_curve(&ranked);
        let few = thin_det(&whole, ranked.positives(), ranked.negatives(), 100);
        assert!(few.len() <= 100 && few.len() > 50);
        assert_eq!((few.first(), few.last()), (whole.first(), whole.last()));
        assert!(few.iter().all(|p| whole.contains(p)));
    }
}
