//! Score histograms: how far a model keeps the classes apart.

use super::{class_name, other_class};
use crate::stats::histogram::place;
use crate::validate::measure::Answers;

/// Bins of a score histogram.
const BINS: usize = 40;

/// Counts of scores in bins of equal width, one series a group.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ScoreHistograms {
    /// The 41 edges of 40 bins; a bin holds its lower edge, the last one its upper edge too.
    pub edges: Vec<f64>,
    /// Binary: the positive class, then the other. Many classes: `correct`, then `wrong`.
    pub groups: Vec<ScoreGroup>,
}

/// One series of a histogram.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ScoreGroup {
    /// The true class, or `correct` and `wrong`.
    pub name: String,
    /// Rows in each bin.
    pub rows: Vec<u64>,
}

impl ScoreGroup {
    /// All rows of the group.
    pub fn total(&self) -> u64 {
        self.rows.iter().sum()
    }
}

/// The scores of the positive class by true class, or, for more than two classes, the probability given to the true
/// class by whether the answer was right. The bins span 0 to 1, or the scores' own range when some lie outside.
/// `None` for a regression, for labels only, and without rows.
pub fn scores(answers: &Answers, classes: &[String], positive: usize) -> Option<ScoreHistograms> {
    match answers {
        Answers::Binary { scores, positive: truth, probabilities: true } => {
            scores_of(|| scores.iter().copied().zip(truth.iter().copied()), classes, positive)
        }
        Answers::Multiclass { truth, said, probabilities, k } if *k > 0 && !probabilities.is_empty() => {
            histograms(["correct".to_owned(), "wrong".to_owned()], || {
                truth
                    .iter()
                    .zip(said)
                    .zip(probabilities.chunks_exact(*k))
                    .filter_map(|((t, s), row)| row.get(*t as usize).map(|p| (*p, t == s)))
            })
        }
        Answers::Binary { .. } | Answers::Multiclass { .. } | Answers::Regression { .. } => None,
    }
}

/// The same for a binary model, from score and truth of each row.
pub(in crate::validate) fn scores_of<I: Iterator<Item = (f64, bool)>>(
    rows: impl Fn() -> I,
    classes: &[String],
    positive: usize,
) -> Option<ScoreHistograms> {
    histograms([class_name(classes, positive), class_name(classes, other_class(positive))], rows)
}

/// Histograms of the rows that are of the first group, and of those that are not.
fn histograms<I: Iterator<Item = (f64, bool)>>(names: [String; 2], rows: impl Fn() -> I) -> Option<ScoreHistograms> {
    let finite = || rows().filter(|(score, _)| score.is_finite());
    let (low, high) =
        finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (s, _)| (low.min(s), high.max(s)));
    if low > high {
        return None;
    }
    let (low, high) = if low >= 0.0 && high <= 1.0 {
        (0.0, 1.0)
    } else if low < high {
        (low, high)
    } else {
        (low - 0.5, high + 0.5)
    };
    let width = high / BINS as f64 - low / BINS as f64;
    let mut edges: Vec<f64> = (0..BINS).map(|i| low + i as f64 * width).collect();
    edges.push(high);
    let [first, second] = names;
    let mut groups =
        [ScoreGroup { name: first, rows: vec![0; BINS] }, ScoreGroup { name: second, rows: vec![0; BINS] }];
    for (score, is_first) in finite() {
        let [first, second] = &mut groups;
        let group = if is_first { first } else { second };
        if let Some(count) = place(&edges, score).and_then(|bin| group.rows.get_mut(bin)) {
            *count += 1;
        }
    }
    Some(ScoreHistograms { edges, groups: groups.into() })
}
