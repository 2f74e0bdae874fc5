//! What the charts and tables of a validation show beyond its metrics, as plain data of bounded size.
//!
//! Everything here is a pure function of answers beside the truth. It draws nothing, reads no file and keeps nothing.

mod against;
mod errors;
mod one_vs_rest;
mod rates;
mod scores;
mod shares;
mod worst;

pub use against::{ErrorsByValue, ErrorsInBin, ResidualsAgainst, residuals_against};
pub use errors::{ErrorHistogram, ResidualViews, residual_views};
pub use one_vs_rest::{ClassAgainstRest, MicroAverages, OneVsRest, one_vs_rest};
pub use rates::{DetCurve, det};
pub use scores::{ScoreGroup, ScoreHistograms, scores};
pub use shares::{column_shares, row_shares};
pub use worst::{CellRow, WorstRow, cell_rows, worst};

use super::measure::Answers;
use crate::data::Watch;
use crate::stats::ranked::RankedScores;

/// Rows in the table of the worst errors.
pub const WORST_ROWS: usize = 50;

/// All views of one model's answers that need no column of the data; what a task does not have is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Views {
    /// How the scores spread, by class or by right and wrong; not for a regression or labels only.
    pub scores: Option<ScoreHistograms>,
    /// Detection error tradeoff of a binary model with scores and a target of both classes.
    pub det: Option<DetCurve>,
    /// Each class against the rest, and micro averages, for more than two classes.
    pub one_vs_rest: Option<OneVsRest>,
    /// Errors of a regression.
    pub residual_views: Option<ResidualViews>,
    /// The [`WORST_ROWS`] rows with the largest losses, the largest first.
    pub worst: Vec<WorstRow>,
}

/// One model's answers as they are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Looked<'a> {
    /// The answers beside the truth.
    pub answers: &'a Answers,
    /// The rows of a binary task with scores, ranked (see [`Answers::ranked`]).
    pub ranked: Option<&'a RankedScores>,
    /// The table row of each answer.
    pub rows: &'a [u32],
    /// The names of the classes.
    pub classes: &'a [String],
    /// The place of the positive class of a binary task.
    pub positive: usize,
    /// Score from which a row counts as positive.
    pub threshold: f64,
}

/// All views at once. `level` is that of the intervals. `None` when the watch was cancelled.
pub fn views(looked: Looked<'_>, level: f64, watch: &dyn Watch) -> Option<Views> {
    let Looked { answers, ranked, rows, classes, positive, threshold } = looked;
    let cancelled = || watch.cancelled();
    let scores = scores(answers, classes, positive);
    if cancelled() {
        return None;
    }
    let det = ranked.and_then(det);
    if cancelled() {
        return None;
    }
    let one_vs_rest = match answers {
        Answers::Multiclass { .. } => Some(one_vs_rest(answers, classes, level, watch)?),
        Answers::Binary { .. } | Answers::Regression { .. } => None,
    };
    let residual_views = residual_views(answers);
    if cancelled() {
        return None;
    }
    let worst = worst(answers, rows, classes, positive, threshold, WORST_ROWS);
    Some(Views { scores, det, one_vs_rest, residual_views, worst })
}

/// Views of a binary model with probabilities, from number, score and truth of each row. What follows from the ranks is
/// added once they are there.
pub(super) fn binary_views<I: Iterator<Item = (u32, f64, bool)>>(
    rows: impl Fn() -> I,
    classes: &[String],
    positive: usize,
    threshold: f64,
) -> Views {
    let scores = scores::scores_of(|| rows().map(|(_, score, is)| (score, is)), classes, positive);
    let worst = worst::worst_of(rows(), classes, positive, threshold, WORST_ROWS);
    Views { scores, worst, ..Views::default() }
}

/// The name of a class; its number where it has none.
fn class_name(classes: &[String], class: usize) -> String {
    classes.get(class).cloned().unwrap_or_else(|| class.to_string())
}

/// The other class of a binary task.
fn other_class(positive: usize) -> usize {
    usize::from(positive == 0)
}

#[cfg(test)]
mod tests;
