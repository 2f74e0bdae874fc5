//! One metric of answers, without the intervals and curves of a whole measurement.

use crate::stats::binary::BinaryCounts;
use crate::stats::multiclass::{self, ConfusionMatrix};
use crate::stats::probability;
use crate::stats::ranked::RankedScores;
use crate::stats::regression::RegressionMetrics;
use crate::validate::aligned::Aligned;
use crate::validate::measure::Answers;

/// A metric by its name in results; `None` without meaning and for names that are none of the task's.
pub(super) fn metric(answers: &Answers, name: &str, threshold: f64) -> Option<f64> {
    let value = match answers {
        Answers::Binary { scores, positive, probabilities } => match name {
            "roc_auc" | "average_precision" | "log_loss" | "brier" if !probabilities => None,
            "roc_auc" => RankedScores::new(scores, positive).roc_auc(),
            "average_precision" => RankedScores::new(scores, positive).average_precision(),
            "log_loss" => probability::log_loss(scores, positive),
            "brier" => probability::brier(scores, positive),
            other => BinaryCounts::at(scores, positive, threshold).metric(other),
        },
        Answers::Multiclass { truth, said, probabilities, k } => match name {
            "log_loss" if probabilities.is_empty() => None,
            "log_loss" => multiclass::log_loss(truth, probabilities, *k),
            other => ConfusionMatrix::of(truth, said, *k).metric(other),
        },
        Answers::Regression { target, prediction } => RegressionMetrics::of(target, prediction)?.metric(name),
    };
    value.filter(|v| v.is_finite())
}

/// The answers that belong to some rows, both lists ascending.
pub(super) fn on_rows_of(aligned: &Aligned, rows: &[u32]) -> Aligned {
    let kept: Vec<bool> = aligned.rows.iter().map(|row| rows.binary_search(row).is_ok()).collect();
    if kept.iter().all(|kept| *kept) {
        return aligned.clone();
    }
    fn only<T: Copy>(list: &[T], kept: &[bool]) -> Vec<T> {
        list.iter().zip(kept).filter(|(_, kept)| **kept).map(|(x, _)| *x).collect()
    }
    let answers = match &aligned.answers {
        Answers::Binary { scores, positive, probabilities } => Answers::Binary {
            scores: only(scores, &kept),
            positive: only(positive, &kept),
            probabilities: *probabilities,
        },
        Answers::Multiclass { truth, said, probabilities, k } => Answers::Multiclass {
            truth: only(truth, &kept),
            said: only(said, &kept),
            probabilities: probabilities
                .chunks_exact((*k).max(1))
                .zip(&kept)
                .filter(|(_, kept)| **kept)
                .flat_map(|(row, _)| row.iter().copied())
                .collect(),
            k: *k,
        },
        Answers::Regression { target, prediction } => {
            Answers::Regression { target: only(target, &kept), prediction: only(prediction, &kept) }
        }
    };
    Aligned { answers, rows: only(&aligned.rows, &kept), ..aligned.clone() }
}
