//! Quality of probabilities: log loss, Brier score, calibration.

use super::moments::Moments;

/// scikit-learn clips probabilities to this distance from 0 and 1: the machine epsilon of double precision.
const EPSILON: f64 = f64::EPSILON;

/// The log loss of one row whose true class has probability `p`.
pub fn log_loss_of(p: f64) -> f64 {
    -p.clamp(EPSILON, 1.0 - EPSILON).ln()
}

/// Mean negative log probability of the truth; `None` without rows.
pub fn log_loss(scores: &[f64], positive: &[bool]) -> Option<f64> {
    log_losses(scores, positive).mean()
}

/// Mean squared distance of score and truth; `None` without rows.
pub fn brier(scores: &[f64], positive: &[bool]) -> Option<f64> {
    squared_errors(scores, positive).mean()
}

/// The log losses of all rows.
pub fn log_losses(scores: &[f64], positive: &[bool]) -> Moments {
    log_losses_of(pairs(scores, positive))
}

fn pairs(scores: &[f64], positive: &[bool]) -> impl Iterator<Item = (f64, bool)> {
    scores.iter().copied().zip(positive.iter().copied())
}

/// [`log_losses`] of rows as they come.
pub fn log_losses_of(rows: impl Iterator<Item = (f64, bool)>) -> Moments {
    Moments::of_blocks(rows.map(|(s, p)| log_loss_of(if p { s } else { 1.0 - s })))
}

/// The squared distances of score and truth of all rows.
pub fn squared_errors(scores: &[f64], positive: &[bool]) -> Moments {
    squared_errors_of(pairs(scores, positive))
}

/// [`squared_errors`] of rows as they come.
pub fn squared_errors_of(rows: impl Iterator<Item = (f64, bool)>) -> Moments {
    Moments::of_blocks(rows.map(|(s, p)| (s - f64::from(u8::from(p))).powi(2)))
}

/// One bin of scores.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CalibrationBin {
    /// Rows in it.
    pub rows: u64,
    /// Mean score.
    pub predicted: f64,
    /// Share of positives.
    pub observed: f64,
}

/// Bins of equal width over 0 to 1, empty ones included. A score on an edge belongs to the lower bin, as in
/// scikit-learn's `calibration_curve`; scores beyond 0 and 1 belong to the outer bins.
pub fn calibration(scores: &[f64], positive: &[bool], bins: usize) -> Vec<CalibrationBin> {
    calibration_of(pairs(scores, positive), bins)
}

/// [`calibration`] of rows as they come.
pub fn calibration_of(rows: impl Iterator<Item = (f64, bool)>, bins: usize) -> Vec<CalibrationBin> {
    let mut found = vec![CalibrationBin::default(); bins];
    // NumPy's linspace edges, searched as scikit-learn does, so that rounding falls on the same side.
    let edges: Vec<f64> = (1..bins).map(|i| i as f64 * (1.0 / bins as f64)).collect();
    for (score, truth) in rows {
        let guess = ((score * bins as f64) as usize).min(bins.saturating_sub(1));
        let place = adjust(&edges, guess, score);
        if let Some(bin) = found.get_mut(place) {
            bin.rows += 1;
            bin.predicted += score;
            bin.observed += f64::from(u8::from(truth));
        }
    }
    for bin in &mut found {
        if bin.rows > 0 {
            bin.predicted /= bin.rows as f64;
            bin.observed /= bin.rows as f64;
        }
    }
    found
}

/// scikit-learn searches the inner edges from the left: a score equal to an edge stays below it.
fn adjust(edges: &[f64], guess: usize, score: f64) -> usize {
    let mut place = guess;
    while place > 0 && edges.get(place - 1).is_some_and(|edge| score <= *edge) {
        place -= 1;
    }
    while edges.get(place).is_some_and(|edge| score > *edge) {
        place += 1;
    }
    place
}

/// Expected calibration error: Σ over bins of (share of rows) · |mean score − share of positives|.
pub fn expected_calibration_error(bins: &[CalibrationBin]) -> Option<f64> {
    let rows: u64 = bins.iter().map(|b| b.rows).sum();
    let sum: f64 = bins.iter().map(|b| b.rows as f64 * (b.predicted - b.observed).abs()).sum();
    (rows > 0).then(|| sum / rows as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sure_and_wrong_answer_costs_a_finite_price() {
        assert!((log_loss(&[1.0, 0.0], &[false, true]).unwrap() - 36.04365338911715).abs() < 1e-9);
        assert_eq!(brier(&[1.0, 0.0], &[false, true]), Some(1.0));
        assert_eq!(log_loss(&[], &[]), None);
    }

    #[test]
    fn bins_hold_their_rows() {
        let bins = calibration(&[0.0, 0.1, 0.15, 1.0], &[false, false, true, true], 10);
        assert_eq!(bins.iter().map(|b| b.rows).collect::<Vec<_>>(), [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        let ece = expected_calibration_error(&bins).unwrap();
        assert!((ece - (0.5 * 0.05 + 0.25 * 0.85)).abs() < 1e-12, "{ece}");
    }
}
