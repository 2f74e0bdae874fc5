//! What each metric means, in words for the person who must decide.

/// A metric in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricHelp {
    /// What it says.
    pub text: &'static str,
    /// How it is computed.
    pub formula: &'static str,
}

/// The words of a metric by its name in results; an unknown name explains nothing.
pub fn help(metric: &str) -> MetricHelp {
    let (text, formula) = match metric {
        "accuracy" => ("Share of rows answered right. Misleading when one class is rare.", "right / rows"),
        "balanced_accuracy" => {
            ("Mean of recall over the classes, so that a rare class counts as much.", "mean of recall")
        }
        "precision" => ("Of the rows called positive, the share that are.", "TP / (TP + FP)"),
        "recall" => ("Of the positive rows, the share that were found.", "TP / (TP + FN)"),
        "specificity" => ("Of the negative rows, the share that were left alone.", "TN / (TN + FP)"),
        "f1" => ("Balance of precision and recall at the threshold.", "2·TP / (2·TP + FP + FN)"),
        "roc_auc" => (
            "Chance that a positive row gets a higher score than a negative one. Does not depend on the threshold; 0.5 is guessing.",
            "area under true against false positive rate",
        ),
        "average_precision" => (
            "Precision averaged over all thresholds, weighted by the recall gained. The share of positives is guessing.",
            "Σ (Rₙ − Rₙ₋₁)·Pₙ",
        ),
        "log_loss" => (
            "How surprised the model is by the truth; punishes being sure and wrong. Smaller is better.",
            "−mean ln p(truth)",
        ),
        "brier" => ("Mean squared distance of probability and truth. Smaller is better.", "mean (p − y)²"),
        "ece" => (
            "How far the probabilities lie from the shares that were observed. Smaller is better.",
            "Σ nᵦ/n · |mean p − share|, 10 equal-width bins",
        ),
        "mcc" => (
            "Correlation of answer and truth, fair to rare classes; 0 is guessing, 1 perfect.",
            "(TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))",
        ),
        "cohen_kappa" => ("Agreement beyond chance.", "(pₒ − pₑ) / (1 − pₑ)"),
        "precision_macro" => ("Precision of each class, all classes counting alike.", "mean over classes"),
        "precision_weighted" => ("Precision of each class, weighted by its rows.", "Σ nᶜ/n · precisionᶜ"),
        "recall_macro" => ("Recall of each class, all classes counting alike.", "mean over classes"),
        "recall_weighted" => ("Recall of each class, weighted by its rows.", "Σ nᶜ/n · recallᶜ"),
        "f1_macro" => ("F1 of each class, all classes counting alike.", "mean over classes"),
        "f1_weighted" => ("F1 of each class, weighted by its rows.", "Σ nᶜ/n · F1ᶜ"),
        "roc_auc_ovr_macro" => ("Each class against the rest, all classes counting alike.", "mean over classes"),
        "roc_auc_ovr_weighted" => ("Each class against the rest, weighted by its rows.", "Σ nᶜ/n · AUCᶜ"),
        "mae" => ("How far off, on average, in the target’s unit.", "mean |ŷ − y|"),
        "mse" => ("Mean of the squared errors; large ones weigh more.", "mean (ŷ − y)²"),
        "rmse" => ("As the squared error, in the target’s unit.", "√mean (ŷ − y)²"),
        "r2" => (
            "Share of the target’s spread that is explained; 0 is no better than the mean, 1 perfect.",
            "1 − Σ(ŷ − y)² / Σ(y − ȳ)²",
        ),
        "mape" => (
            "How far off relative to the target; explodes near zero. A fraction, not a percentage.",
            "mean |ŷ − y| / |y|",
        ),
        "median_ae" => ("Half of the rows are closer than this.", "median |ŷ − y|"),
        "max_error" => ("The worst row.", "max |ŷ − y|"),
        "explained_variance" => ("As R², but a constant error is forgiven.", "1 − Var(ŷ − y) / Var(y)"),
        "mean_error" => ("Whether it errs to one side: above 0 it says too much.", "mean (ŷ − y)"),
        _ => ("", ""),
    };
    MetricHelp { text, formula }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Task;
    use crate::stats::metric::title;
    use crate::validate::report::metric_order;

    #[test]
    fn every_metric_is_explained() {
        for task in [Task::Binary, Task::Multiclass, Task::Regression] {
            for metric in metric_order(task) {
                let words = help(metric);
                assert!(title(metric) != *metric && !words.text.is_empty() && !words.formula.is_empty(), "{metric}");
            }
        }
    }
}
