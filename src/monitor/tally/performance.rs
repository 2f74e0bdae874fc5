//! Counters from which a chunk's performance metrics follow; they merge, and no row is kept but ranks for ROC AUC.

use crate::model::Task;

/// Counters of one chunk.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::monitor) enum PerformanceTally {
    /// A binary task: the confusion matrix at the threshold, and the scores of each class for ROC AUC.
    Binary {
        /// Positive rows called positive.
        tp: u64,
        /// Negative rows called positive.
        fp: u64,
        /// Negative rows called negative.
        tn: u64,
        /// Positive rows called negative.
        fn_: u64,
        /// Scores of the positive rows; empty when the model gives no scores.
        positive: Vec<f32>,
        /// Scores of the negative rows.
        negative: Vec<f32>,
    },
    /// One of several classes: for each class rows of it, rows called it, and rows of it called it.
    Classes {
        /// Rows of each class.
        truth: Vec<u64>,
        /// Rows called each class.
        called: Vec<u64>,
        /// Rows rightly called each class.
        right: Vec<u64>,
    },
    /// A number.
    Values(Errors),
    /// Nothing that can be judged.
    Nothing,
}

/// Sums of errors and the spread of the truth (Welford; merged by Chan, Golub and LeVeque 1979).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::monitor) struct Errors {
    n: u64,
    absolute: f64,
    squared: f64,
    mean: f64,
    spread: f64,
}

impl Errors {
    pub(in crate::monitor) fn add(&mut self, truth: f64, value: f64) {
        let error = value - truth;
        self.n += 1;
        self.absolute += error.abs();
        self.squared += error * error;
        let from_mean = truth - self.mean;
        self.mean += from_mean / self.n as f64;
        self.spread += from_mean * (truth - self.mean);
    }

    fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        let (n, m) = (self.n as f64, other.n as f64);
        let apart = other.mean - self.mean;
        self.spread += other.spread + apart * apart * n * m / (n + m);
        self.mean += apart * m / (n + m);
        self.n += other.n;
        self.absolute += other.absolute;
        self.squared += other.squared;
    }
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

/// The metric as a person would write it.
pub fn metric_label(name: &str) -> &str {
    match name {
        "accuracy" => "Accuracy",
        "precision" => "Precision",
        "recall" => "Recall",
        "f1" => "F1",
        "roc_auc" => "ROC AUC",
        "precision_macro" => "Macro precision",
        "recall_macro" => "Macro recall",
        "f1_macro" => "Macro F1",
        "mae" => "MAE",
        "rmse" => "RMSE",
        "r2" => "R²",
        other => other,
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
            Task::Binary => Self::Binary { tp: 0, fp: 0, tn: 0, fn_: 0, positive: Vec::new(), negative: Vec::new() },
            Task::Multiclass => {
                Self::Classes { truth: vec![0; classes], called: vec![0; classes], right: vec![0; classes] }
            }
            Task::Regression => Self::Values(Errors::default()),
            Task::Clustering | Task::Unknown => Self::Nothing,
        }
    }

    /// Adds a row of a binary task.
    pub(in crate::monitor) fn add_binary(&mut self, truth: bool, called: bool, score: Option<f32>) {
        let Self::Binary { tp, fp, tn, fn_, positive, negative } = self else { return };
        *match (truth, called) {
            (true, true) => tp,
            (false, true) => fp,
            (false, false) => tn,
            (true, false) => fn_,
        } += 1;
        if let Some(score) = score {
            if truth { positive } else { negative }.push(score);
        }
    }

    /// Adds a row of a task with several classes; `answer` is `None` for a class that the reference did not meet.
    pub(in crate::monitor) fn add_class(&mut self, of: usize, answer: Option<usize>) {
        let Self::Classes { truth, called, right } = self else { return };
        if let Some(count) = truth.get_mut(of) {
            *count += 1;
        }
        if let Some(count) = answer.and_then(|answer| called.get_mut(answer)) {
            *count += 1;
        }
        if let Some(count) = right.get_mut(of).filter(|_| answer == Some(of)) {
            *count += 1;
        }
    }

    /// Adds a row of a regression.
    pub(in crate::monitor) fn add_value(&mut self, truth: f64, value: f64) {
        if let Self::Values(errors) = self {
            errors.add(truth, value);
        }
    }

    pub(in crate::monitor) fn merge(&mut self, other: &Self) {
        match (self, other) {
            (
                Self::Binary { tp, fp, tn, fn_, positive, negative },
                Self::Binary { tp: tp2, fp: fp2, tn: tn2, fn_: fn2, positive: positive2, negative: negative2 },
            ) => {
                *tp += tp2;
                *fp += fp2;
                *tn += tn2;
                *fn_ += fn2;
                positive.extend_from_slice(positive2);
                negative.extend_from_slice(negative2);
            }
            (Self::Classes { truth, called, right }, Self::Classes { truth: t2, called: c2, right: r2 }) => {
                for (mine, theirs) in [(truth, t2), (called, c2), (right, r2)] {
                    for (a, b) in mine.iter_mut().zip(theirs) {
                        *a += b;
                    }
                }
            }
            (Self::Values(mine), Self::Values(theirs)) => mine.merge(theirs),
            _ => {}
        }
    }

    /// Metric name → value in the order of [`metric_names`].
    ///
    /// Formulas are scikit-learn's, `_macro` the unweighted mean over the classes that occur. Where they would divide
    /// by zero there is no value: precision of nothing called positive, recall and F1 without a positive row, ROC AUC
    /// with one class, R² of a constant truth.
    pub(in crate::monitor) fn metrics(&self, has_scores: bool) -> Vec<(String, Option<f64>)> {
        let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
        let (task, values): (Task, [Option<f64>; 5]) = match self {
            Self::Binary { tp, fp, tn, fn_, positive, negative } => {
                let f1 = if tp + fn_ == 0 { None } else { share(2 * tp, 2 * tp + fp + fn_) };
                let values = [
                    share(tp + tn, tp + tn + fp + fn_),
                    share(*tp, tp + fp),
                    share(*tp, tp + fn_),
                    f1,
                    super::auc::roc_auc(positive, negative),
                ];
                (Task::Binary, values)
            }
            Self::Classes { truth, called, right } => {
                let rows: u64 = truth.iter().sum();
                let seen = || {
                    let classes = truth.iter().zip(called).zip(right);
                    classes.filter(|((t, c), _)| **t + **c > 0).map(|((t, c), r)| (*t, *c, *r))
                };
                let classes = seen().count() as f64;
                let mean = |of: fn((u64, u64, u64)) -> f64| (rows > 0).then(|| seen().map(of).sum::<f64>() / classes);
                let values = [
                    share(right.iter().sum(), rows),
                    mean(|(_, c, r)| r as f64 / c.max(1) as f64),
                    mean(|(t, _, r)| r as f64 / t.max(1) as f64),
                    mean(|(t, c, r)| 2.0 * r as f64 / (t + c) as f64),
                    None,
                ];
                (Task::Multiclass, values)
            }
            Self::Values(errors) => {
                let n = (errors.n > 0).then_some(errors.n as f64);
                let r2 = (errors.spread > 0.0).then(|| 1.0 - errors.squared / errors.spread);
                let values = [n.map(|n| errors.absolute / n), n.map(|n| (errors.squared / n).sqrt()), r2, None, None];
                (Task::Regression, values)
            }
            Self::Nothing => (Task::Unknown, [None; 5]),
        };
        let finite = values.into_iter().map(|v| v.filter(|v| v.is_finite()));
        metric_names(task, has_scores).iter().map(|name| (*name).to_owned()).zip(finite).collect()
    }
}
