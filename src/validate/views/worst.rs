//! Single rows worth a look: the largest losses, and the rows of a cell of the confusion matrix.

use super::{class_name, other_class};
use crate::stats::probability::log_loss_of;
use crate::validate::measure::Answers;

/// One of the worst answers.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WorstRow {
    /// Number of the row in the table, from 0.
    pub row: u32,
    /// The true class, or the target.
    pub truth: String,
    /// The predicted class, or the prediction.
    pub prediction: String,
    /// Probability given to the true class; `None` for a regression and for labels only.
    pub truth_probability: Option<f64>,
    /// Log loss with probabilities, 1 for a wrong label, absolute error of a regression.
    pub loss: f64,
}

/// A row of a cell of the confusion matrix.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CellRow {
    /// Number of the row in the table, from 0.
    pub row: u32,
    /// Probability given to the predicted class; `None` for labels only.
    pub confidence: Option<f64>,
}

/// Keeps the answers of the highest rank, O(most) memory; of equal ranks those that came first.
struct Highest {
    most: usize,
    kept: Vec<(f64, usize)>,
    /// The lowest rank among the kept ones, once they are as many as there may be.
    lowest: Option<f64>,
}

impl Highest {
    fn new(most: usize) -> Self {
        Self { most, kept: Vec::new(), lowest: None }
    }

    fn offer(&mut self, rank: f64, at: usize) {
        self.kept.push((rank, at));
        if self.kept.len() >= self.most.saturating_mul(2).max(1024) {
            self.settle();
        }
    }

    /// Whether a rank may be among the highest: it is above the lowest that was kept when it was last settled.
    fn may_keep(&self, rank: f64) -> bool {
        self.lowest.is_none_or(|lowest| rank > lowest)
    }

    fn settle(&mut self) {
        self.kept.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        self.kept.truncate(self.most);
        if self.kept.len() == self.most {
            self.lowest = self.kept.last().map(|(rank, _)| *rank);
        }
    }

    fn sorted(mut self) -> Vec<(f64, usize)> {
        self.settle();
        self.kept
    }
}

/// Loss of each answer, in order; not finite or nothing lost counts as none.
fn losses(answers: &Answers) -> Box<dyn Iterator<Item = Option<f64>> + '_> {
    match answers {
        Answers::Binary { scores, positive, probabilities } => {
            let with = *probabilities;
            Box::new(scores.iter().zip(positive).map(move |(score, is)| {
                let given = if *is { *score } else { 1.0 - *score };
                Some(if with { log_loss_of(given) } else { 1.0 - given })
            }))
        }
        Answers::Multiclass { truth, said, probabilities, k } => {
            let k = *k;
            Box::new(truth.iter().zip(said).enumerate().map(move |(at, (t, s))| {
                if probabilities.is_empty() {
                    Some(f64::from(u8::from(t != s)))
                } else {
                    cell(probabilities, k, at, *t).map(log_loss_of)
                }
            }))
        }
        Answers::Regression { target, prediction } => {
            Box::new(target.iter().zip(prediction).map(|(t, p)| Some((p - t).abs())))
        }
    }
}

/// Probability of a class in a row.
fn cell(probabilities: &[f64], k: usize, at: usize, class: u32) -> Option<f64> {
    ((class as usize) < k).then(|| probabilities.get(at * k + class as usize).copied()).flatten()
}

/// The `most` answers with the largest losses, the largest first, ties in row order. `rows` are the table's row numbers
/// of the answers. A row that lost nothing (a right label, an exact number) is not among them.
pub fn worst(
    answers: &Answers,
    rows: &[u32],
    classes: &[String],
    positive: usize,
    threshold: f64,
    most: usize,
) -> Vec<WorstRow> {
    let mut highest = Highest::new(most);
    for (at, loss) in losses(answers).enumerate() {
        if let Some(loss) = loss.filter(|l| l.is_finite() && *l > 0.0) {
            highest.offer(loss, at);
        }
    }
    highest
        .sorted()
        .into_iter()
        .filter_map(|(loss, at)| {
            let row = *rows.get(at)?;
            let (truth, prediction, truth_probability) = said(answers, classes, positive, threshold, at)?;
            Some(WorstRow { row, truth, prediction, truth_probability, loss })
        })
        .collect()
}

/// [`worst`] of a binary model with probabilities, from number, score and truth of each row.
pub(in crate::validate) fn worst_of(
    rows: impl Iterator<Item = (u32, f64, bool)>,
    classes: &[String],
    positive: usize,
    threshold: f64,
    most: usize,
) -> Vec<WorstRow> {
    let mut highest = Highest::new(most);
    // The kept ones are few, so their scores are found again among those that were offered.
    let mut offered: Vec<(u32, f64, bool)> = Vec::new();
    for (row, score, is) in rows {
        let loss = log_loss_of(if is { score } else { 1.0 - score });
        if loss.is_finite() && loss > 0.0 && highest.may_keep(loss) {
            highest.offer(loss, offered.len());
            offered.push((row, score, is));
        }
    }
    let name = |yes: bool| class_name(classes, if yes { positive } else { other_class(positive) });
    let told = highest.sorted().into_iter().filter_map(|(loss, at)| {
        let (row, score, is) = *offered.get(at)?;
        let given = Some(if is { score } else { 1.0 - score });
        Some(WorstRow { row, truth: name(is), prediction: name(score >= threshold), truth_probability: given, loss })
    });
    told.collect()
}

/// Truth, prediction and the probability of the truth of one answer, in words.
fn said(
    answers: &Answers,
    classes: &[String],
    positive: usize,
    threshold: f64,
    at: usize,
) -> Option<(String, String, Option<f64>)> {
    match answers {
        Answers::Binary { scores, positive: truth, probabilities } => {
            let (score, is) = (*scores.get(at)?, *truth.get(at)?);
            let name = |yes: bool| class_name(classes, if yes { positive } else { other_class(positive) });
            let given = probabilities.then_some(if is { score } else { 1.0 - score });
            Some((name(is), name(score >= threshold), given))
        }
        Answers::Multiclass { truth, said, probabilities, k } => {
            let (t, s) = (*truth.get(at)?, *said.get(at)?);
            let given = cell(probabilities, *k, at, t);
            Some((class_name(classes, t as usize), class_name(classes, s as usize), given))
        }
        Answers::Regression { target, prediction } => {
            Some((target.get(at)?.to_string(), prediction.get(at)?.to_string(), None))
        }
    }
}

/// The rows of one cell of the confusion matrix: how many there are, and the `limit` that the model was surest of, the
/// surest first, ties in row order. `truth` and `predicted` are class indices. A regression has no cells.
pub fn cell_rows(
    answers: &Answers,
    rows: &[u32],
    positive: usize,
    threshold: f64,
    truth: usize,
    predicted: usize,
    limit: usize,
) -> (u64, Vec<CellRow>) {
    let mut total = 0;
    let mut highest = Highest::new(limit);
    let mut with = true;
    let mut offer = |at: usize, confidence: Option<f64>| {
        total += 1;
        with &= confidence.is_some();
        highest.offer(confidence.unwrap_or_default(), at);
    };
    match answers {
        Answers::Binary { scores, positive: is, probabilities } => {
            let class = |yes: bool| if yes { positive } else { other_class(positive) };
            for (at, (score, is)) in scores.iter().zip(is).enumerate() {
                let yes = *score >= threshold;
                if class(*is) == truth && class(yes) == predicted {
                    offer(at, probabilities.then_some(if yes { *score } else { 1.0 - *score }));
                }
            }
        }
        Answers::Multiclass { truth: is, said, probabilities, k } => {
            for (at, (t, s)) in is.iter().zip(said).enumerate() {
                if *t as usize == truth && *s as usize == predicted {
                    offer(at, cell(probabilities, *k, at, *s));
                }
            }
        }
        Answers::Regression { .. } => {}
    }
    let found = highest
        .sorted()
        .into_iter()
        .filter_map(|(confidence, at)| {
            Some(CellRow { row: *rows.get(at)?, confidence: Some(confidence).filter(|c| with && c.is_finite()) })
        })
        .collect();
    (total, found)
}
