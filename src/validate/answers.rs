//! Answers of some rows taken out of those of all, and ranked.

use super::measure::Answers;
use crate::stats::ranked::RankedScores;

impl Answers {
    /// The rows of a binary task with scores, ranked; `None` for other answers.
    pub fn ranked(&self) -> Option<RankedScores> {
        match self {
            Self::Binary { scores, positive, probabilities: true } => Some(RankedScores::new(scores, positive)),
            _ => None,
        }
    }

    /// The answers at these places, in this order; a place that is not there is left out.
    pub fn at(&self, places: &[usize]) -> Self {
        fn pick<T: Copy>(list: &[T], places: &[usize]) -> Vec<T> {
            places.iter().filter_map(|place| list.get(*place).copied()).collect()
        }
        match self {
            Self::Binary { scores, positive, probabilities } => Self::Binary {
                scores: pick(scores, places),
                positive: pick(positive, places),
                probabilities: *probabilities,
            },
            Self::Multiclass { truth, said, probabilities, k } => Self::Multiclass {
                truth: pick(truth, places),
                said: pick(said, places),
                probabilities: if probabilities.is_empty() {
                    Vec::new()
                } else {
                    let row = |place: &usize| probabilities.get(place * k..(place + 1) * k);
                    places.iter().filter_map(row).flatten().copied().collect()
                },
                k: *k,
            },
            Self::Regression { target, prediction } => {
                Self::Regression { target: pick(target, places), prediction: pick(prediction, places) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picked_rows_keep_what_belongs_together() {
        let all = Answers::Multiclass {
            truth: vec![0, 1, 2],
            said: vec![2, 1, 0],
            probabilities: vec![0.1, 0.2, 0.7, 0.0, 1.0, 0.0, 0.6, 0.2, 0.2],
            k: 3,
        };
        let picked = Answers::Multiclass {
            truth: vec![2, 0],
            said: vec![0, 2],
            probabilities: vec![0.6, 0.2, 0.2, 0.1, 0.2, 0.7],
            k: 3,
        };
        assert_eq!(all.at(&[2, 0, 9]), picked);
        let numbers = Answers::Regression { target: vec![1.0, 2.0], prediction: vec![1.5, 2.5] };
        assert_eq!(numbers.at(&[1]), Answers::Regression { target: vec![2.0], prediction: vec![2.5] });
    }
}
