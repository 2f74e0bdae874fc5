//! The word that was probably meant by one that is not known.

/// What other programs call a metric, and its name here.
const ALIASES: [(&str, &str); 25] = [
    ("auc", "roc_auc"),
    ("auroc", "roc_auc"),
    ("roc", "roc_auc"),
    ("ap", "average_precision"),
    ("pr_auc", "average_precision"),
    ("auprc", "average_precision"),
    ("sensitivity", "recall"),
    ("tpr", "recall"),
    ("true_positive_rate", "recall"),
    ("tnr", "specificity"),
    ("true_negative_rate", "specificity"),
    ("ppv", "precision"),
    ("cross_entropy", "log_loss"),
    ("nll", "log_loss"),
    ("kappa", "cohen_kappa"),
    ("matthews_corrcoef", "mcc"),
    ("calibration_error", "ece"),
    ("f1_score", "f1"),
    ("mean_absolute_error", "mae"),
    ("mean_squared_error", "mse"),
    ("root_mean_squared_error", "rmse"),
    ("r_squared", "r2"),
    ("mean_absolute_percentage_error", "mape"),
    ("median_absolute_error", "median_ae"),
    ("bias", "mean_error"),
];

/// The known word that is the same but for case, spaces and hyphens, else the nearest by letters: at most one wrong
/// letter in three, and never the whole word.
pub(in crate::validate) fn nearest<'k>(wrong: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = plain(wrong);
    let wrong: Vec<char> = plain.chars().take(64).collect();
    let allowed = (wrong.len() / 3).clamp(1, 3);
    known
        .iter()
        .map(|word| (distance(&wrong, &word.chars().collect::<Vec<_>>()), *word))
        .filter(|(far, _)| *far <= allowed && *far < wrong.len())
        .min_by_key(|(far, _)| *far)
        .map(|(_, word)| word)
}

/// As [`nearest`] among metrics, which have other names in other programs.
pub(in crate::validate) fn nearest_metric<'k>(wrong: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = plain(wrong);
    let alias = ALIASES.iter().find(|(other, _)| *other == plain).map(|(_, here)| *here);
    alias.and_then(|here| known.iter().find(|k| **k == here).copied()).or_else(|| nearest(wrong, known))
}

fn plain(word: &str) -> String {
    word.trim().to_lowercase().replace([' ', '-', '.'], "_")
}

/// Edit distance in which two swapped neighbours are one mistake (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous: Option<char> = None;
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        let mut left = i + 1;
        let mut beside: Option<char> = None;
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX - 1);
            let mut here = (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(left + 1);
            if j > 0 && previous == Some(*y) && beside == Some(*x) {
                here = here.min(at(&before, j - 1) + 1);
            }
            row.push(here);
            left = here;
            beside = Some(*y);
        }
        before = std::mem::replace(&mut last, row);
        previous = Some(*x);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::gate::metrics;
    use super::*;

    #[test]
    fn swapped_letters_are_one_mistake() {
        let d = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!((d("roc_acu", "roc_auc"), d("kitten", "sitting"), d("", "ab"), d("same", "same")), (1, 3, 2, 0));
        assert_eq!((d("ab", "ba"), d("abc", ""), d("ca", "abc")), (1, 3, 3));
    }

    #[test]
    fn metrics_are_found_by_letters_case_and_foreign_names() {
        let all = metrics();
        let near = |word| nearest_metric(word, &all);
        assert_eq!(near("roc_acu"), Some("roc_auc"));
        assert_eq!(near("ROC AUC"), Some("roc_auc"));
        assert_eq!(near("logloss"), Some("log_loss"));
        assert_eq!(near("Sensitivity"), Some("recall"));
        assert_eq!(near("F1"), Some("f1"));
        assert_eq!(near("auc"), Some("roc_auc"));
        assert_eq!(near("customers"), None);
        assert_eq!(near(""), None);
        assert!(ALIASES.iter().all(|(_, here)| all.contains(here)));
        assert!(ALIASES.iter().all(|(other, _)| !all.contains(other)));
    }
}
