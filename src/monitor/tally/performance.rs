//! Counters from which a chunk's performance metrics follow; they merge, and of a row no more is kept than score and
//! class for ROC AUC.

use crate::model::Task;
use crate::stats::binary::BinaryCounts;
use crate::stats::moments::Moments;
use crate::stats::multiclass::ConfusionMatrix;
use crate::stats::ranked::RankedScores;

/// Counters of one chunk.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::monitor) enum PerformanceTally {
    /// A binary task.
    Binary {
        /// Decisions at the threshold.
        counts: BinaryCounts,
        /// Scores, where the model gives them, and whether the row is positive.
        scores: Vec<f64>,
        /// One entry a score.
        positive: Vec<bool>,
    },
    /// One of several classes; the last row and column stand for answers that the reference did not meet.
    Classes(ConfusionMatrix),
    /// A number.
    Values {
        /// Of the absolute errors.
        absolute: Moments,
        /// Of the squared errors.
        squared: Moments,
        /// Of the truth.
        truth: Moments,
    },
    /// Nothing that can be judged.
    Nothing,
}

/// Names of the metrics a chunk is judged by, in the order in which they are shown.
pub fn metric_names(task: Task, has_scores: bool) -> &'static [&'static str] {
    match task {
        Task::Binary if has_scores => &["accuracy", "precision", "recall", "f1", "roc_auc"],
        Task::Binary => &["accuracy", "precision", "recall", "f1"],
        Task::Multiclass => &["accuracy", "precision_macro", "recall_macro", "f1_macro"],
        Task::Regression => &["mae", "rmse", "r2"],
        Task::Clustering | Task::Unknown => &[],
    }
}

/// Whether a smaller value is the better one.
pub fn is_error(name: &str) -> bool {
    matches!(name, "mae" | "rmse")
}

/// The smallest and the largest value a metric can have, where there is one.
pub fn metric_limits(name: &str) -> (Option<f64>, Option<f64>) {
    match name {
        "mae" | "rmse" => (Some(0.0), None),
        "r2" => (None, Some(1.0)),
        _ => (Some(0.0), Some(1.0)),
    }
}

impl PerformanceTally {
    pub(in crate::monitor) fn new(task: Task, classes: usize) -> Self {
        match task {
            Task::Binary => Self::Binary { counts: BinaryCounts::default(), scores: Vec::new(), positive: Vec::new() },
            Task::Multiclass => Self::Classes(ConfusionMatrix::new(classes + 1)),
            Task::Regression => {
                Self::Values { absolute: Moments::default(), squared: Moments::default(), truth: Moments::default() }
            }
            Task::Clustering | Task::Unknown => Self::Nothing,
        }
    }

    /// Adds a row of a binary task.
    pub(in crate::monitor) fn add_binary(&mut self, truth: bool, called: bool, score: Option<f32>) {
        let Self::Binary { counts, scores, positive } = self else { return };
        counts.add(called, truth);
        if let Some(score) = score {
            scores.push(f64::from(score));
            positive.push(truth);
        }
    }

    /// Adds a row of a task with several classes; `answer` is `None` for a class that the reference did not meet.
    pub(in crate::monitor) fn add_class(&mut self, truth: usize, answer: Option<usize>) {
        if let Self::Classes(matrix) = self {
            let other = matrix.classes().saturating_sub(1);
            matrix.add(truth, answer.unwrap_or(other), 1.0);
        }
    }

    /// Adds a row of a regression.
    pub(in crate::monitor) fn add_value(&mut self, is: f64, said: f64) {
        if let Self::Values { absolute, squared, truth } = self {
            let error = said - is;
            absolute.add(error.abs());
            squared.add(error * error);
            truth.add(is);
        }
    }

    pub(in crate::monitor) fn merge(&mut self, other: &Self) {
        match (self, other) {
            (
                Self::Binary { counts, scores, positive },
                Self::Binary { counts: counts2, scores: scores2, positive: positive2 },
            ) => {
                counts.tp += counts2.tp;
                counts.fp += counts2.fp;
                counts.fn_ += counts2.fn_;
                counts.tn += counts2.tn;
                scores.extend_from_slice(scores2);
                positive.extend_from_slice(positive2);
            }
            (Self::Classes(mine), Self::Classes(theirs)) => {
                mine.merge(theirs);
            }
            (
                Self::Values { absolute, squared, truth },
                Self::Values { absolute: absolute2, squared: squared2, truth: truth2 },
            ) => {
                absolute.merge(absolute2);
                squared.merge(squared2);
                truth.merge(truth2);
            }
            _ => {}
        }
    }

    /// Metric name → value in the order of [`metric_names`].
    ///
    /// Formulas are scikit-learn's, but where it would say 0 because nothing can be divided there is no value:
    /// precision when nothing was called positive, recall and F1 without a positive row, ROC AUC with one class, R² of
    /// a constant truth.
    pub(in crate::monitor) fn metrics(&self, task: Task, has_scores: bool) -> Vec<(String, Option<f64>)> {
        let value = |name: &str| match self {
            Self::Binary { counts, scores, positive } => match name {
                "precision" if counts.tp + counts.fp == 0 => None,
                "recall" | "f1" if counts.tp + counts.fn_ == 0 => None,
                "roc_auc" => RankedScores::new(scores, positive).roc_auc(),
                _ => counts.metric(name),
            },
            Self::Classes(matrix) => matrix.metric(name),
            Self::Values { absolute, squared, truth } => match name {
                "mae" => absolute.mean(),
                "rmse" => squared.mean().map(f64::sqrt),
                "r2" => (truth.m2 > 0.0).then(|| 1.0 - squared.mean * squared.n as f64 / truth.m2),
                _ => None,
            },
            Self::Nothing => None,
        };
        let names = metric_names(task, has_scores).iter();
        names.map(|name| ((*name).to_owned(), value(name).filter(|v| v.is_finite()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(tally: &PerformanceTally, task: Task, name: &str) -> Option<f64> {
        tally.metrics(task, true).into_iter().find(|(n, _)| n == name).and_then(|(_, v)| v)
    }

    #[test]
    fn one_class_and_no_row_have_no_meaningless_number() {
        let mut tally = PerformanceTally::new(Task::Binary, 2);
        assert!(tally.metrics(Task::Binary, true).iter().all(|(_, v)| v.is_none()));
        tally.add_binary(false, false, Some(0.1));
        tally.add_binary(false, true, Some(0.9));
        let of = |name| get(&tally, Task::Binary, name);
        assert_eq!((of("accuracy"), of("precision")), (Some(0.5), Some(0.0)));
        assert_eq!((of("recall"), of("f1"), of("roc_auc")), (None, None, None));
        let mut silent = PerformanceTally::new(Task::Binary, 2);
        silent.add_binary(true, false, None);
        let of = |name| get(&silent, Task::Binary, name);
        assert_eq!((of("precision"), of("recall"), of("f1")), (None, Some(0.0), Some(0.0)));
    }

    #[test]
    fn parts_merge_into_the_whole() {
        let rows: Vec<(usize, usize)> = (0..500).map(|i| (i * 7 % 3, i * 5 % 4 % 3)).collect();
        for task in [Task::Binary, Task::Multiclass, Task::Regression] {
            let fill = |rows: &[(usize, usize)]| {
                let mut tally = PerformanceTally::new(task, 3);
                for (a, b) in rows {
                    tally.add_binary(*a > 0, *b > 0, Some(*b as f32 / 3.0));
                    tally.add_class(*a, Some(*b));
                    tally.add_value(*a as f64, *b as f64);
                }
                tally
            };
            let whole = fill(&rows);
            let mut parts = PerformanceTally::new(task, 3);
            rows.chunks(77).for_each(|part| parts.merge(&fill(part)));
            for ((name, a), (_, b)) in whole.metrics(task, true).into_iter().zip(parts.metrics(task, true)) {
                assert!((a.unwrap() - b.unwrap()).abs() < 1e-12, "{name}");
            }
        }
    }

    #[test]
    fn regression_is_scikit_learns() {
        let mut tally = PerformanceTally::new(Task::Regression, 0);
        for (truth, value) in [(3.0, 2.5), (-0.5, 0.0), (2.0, 2.0), (7.0, 8.0)] {
            tally.add_value(truth, value);
        }
        let of = |name| get(&tally, Task::Regression, name).unwrap();
        assert!((of("mae") - 0.5).abs() < 1e-12);
        assert!((of("rmse") - 0.6123724356957945).abs() < 1e-12);
        assert!((of("r2") - 0.9486081370449679).abs() < 1e-12);
        let mut constant = PerformanceTally::new(Task::Regression, 0);
        (0..9).for_each(|i| constant.add_value(0.1, f64::from(i)));
        assert_eq!(get(&constant, Task::Regression, "r2"), None);
    }

    #[test]
    fn a_class_nobody_met_is_wrong_and_no_more() {
        let mut tally = PerformanceTally::new(Task::Multiclass, 3);
        tally.add_class(0, Some(0));
        tally.add_class(1, None);
        assert_eq!(get(&tally, Task::Multiclass, "accuracy"), Some(0.5));
    }
}
