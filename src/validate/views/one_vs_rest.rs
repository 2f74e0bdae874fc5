//! Each class of many against the rest, and the averages over all of them.

use super::class_name;
use crate::data::Watch;
use crate::stats::intervals::{self, Interval};
use crate::stats::one_vs_rest::{ClassRanking, MicroRanking, micro, rankings};
use crate::stats::ranked::{RankedScores, thin};
use crate::validate::measure::Answers;
use crate::validate::report::{MetricValue, PrecisionRecallCurve, RocCurve};

/// Classes that get curves.
const WITH_CURVES: usize = 12;
/// Points kept of a curve.
const POINTS: usize = 200;
/// Rows of a class or of its rest below which an interval of a ranking is not to be trusted.
const FEW: u64 = 10;

/// Each class against the rest.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct OneVsRest {
    /// One entry a class, in the order of the classes; empty when the model gives labels only.
    pub classes: Vec<ClassAgainstRest>,
    /// Plain mean of the classes' average precisions, as scikit-learn's `average_precision_score` with
    /// `average="macro"`. No interval: the classes' values depend on each other.
    pub average_precision_macro: MetricValue,
    /// Averages over all cells.
    pub micro: MicroAverages,
}

/// One class against the rest.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ClassAgainstRest {
    /// The class.
    pub class: String,
    /// Its rows.
    pub rows: u64,
    /// Area under its ROC curve, with DeLong's interval.
    pub roc_auc: MetricValue,
    /// Its average precision, with a binomial interval on the logit scale for its rows (Boyd, Eng and Page 2013).
    pub average_precision: MetricValue,
    /// ROC curve, of the 12 most frequent classes.
    pub roc: Option<RocCurve>,
    /// Precision-recall curve, of the 12 most frequent classes.
    pub precision_recall: Option<PrecisionRecallCurve>,
}

/// Averages over all decisions “is it this class?” together.
///
/// Each row is one right and one wrong decision at most, so with all classes judged every wrong answer is one false
/// positive and one false negative: micro precision, recall and F1 are all equal to accuracy, and share its interval.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MicroAverages {
    /// Equal to accuracy.
    pub precision: MetricValue,
    /// Equal to accuracy.
    pub recall: MetricValue,
    /// Equal to accuracy.
    pub f1: MetricValue,
    /// Area under the ROC curve of all cells of the probability table, as scikit-learn's `roc_auc_score` with
    /// `average="micro"`.
    pub roc_auc: MetricValue,
}

const NO_PROBABILITIES: &str = "The model gives classes without probabilities.";
const NO_REST: &str = "The class or its rest does not occur in the target, so this has no meaning.";
const NOT_ALL: &str = "A class does not occur in the target, so this has no meaning.";
const FEW_ROWS: &str = "Fewer than 10 rows of a class: the interval is not to be trusted.";

fn metric(value: Option<f64>, interval: Option<Interval>, level: f64, reason: Option<&str>) -> MetricValue {
    let value = value.filter(|v| v.is_finite());
    let interval = value.and(interval);
    MetricValue {
        value,
        low: interval.map(|i| i.low),
        high: interval.map(|i| i.high),
        level,
        interval: interval.map(|i| i.method.to_owned()),
        reason: reason.map(ToOwned::to_owned),
    }
}

/// Each class against the rest; empty for answers that are not of many classes. `None` when the watch was cancelled.
pub fn one_vs_rest(answers: &Answers, classes: &[String], level: f64, watch: &dyn Watch) -> Option<OneVsRest> {
    let Answers::Multiclass { truth, said, probabilities, k } = answers else { return Some(OneVsRest::default()) };
    let (right, rows) = truth
        .iter()
        .zip(said)
        .filter(|(t, s)| (**t as usize) < *k && (**s as usize) < *k)
        .fold((0.0, 0.0), |(right, rows), (t, s)| (right + f64::from(u8::from(t == s)), rows + 1.0));
    let accuracy = || {
        let value = (rows > 0.0).then(|| right / rows);
        metric(value, intervals::wilson(right, rows, level), level, value.is_none().then_some("There are no rows."))
    };
    let without = || metric(None, None, level, Some(NO_PROBABILITIES));
    let mut found = OneVsRest {
        classes: Vec::new(),
        average_precision_macro: without(),
        micro: MicroAverages { precision: accuracy(), recall: accuracy(), f1: accuracy(), roc_auc: without() },
    };
    if probabilities.is_empty() {
        return Some(found);
    }
    let mut go_on = || !watch.cancelled();
    let rankings = rankings(truth, probabilities, *k, &mut go_on)?;
    let area = micro(truth, probabilities, *k, &mut go_on);
    if watch.cancelled() {
        return None;
    }
    found.micro.roc_auc = micro_area(area, level);
    let precisions: Option<Vec<f64>> = rankings.iter().map(|r| r.average_precision).collect();
    let mean = precisions.as_ref().map(|all| all.iter().sum::<f64>() / all.len().max(1) as f64);
    found.average_precision_macro = metric(mean, None, level, mean.is_none().then_some(NOT_ALL));
    let all_rows = rankings.iter().map(|r| r.rows).sum();
    found.classes = rankings
        .iter()
        .enumerate()
        .map(|(class, ranking)| against_rest(class_name(classes, class), ranking, all_rows, level))
        .collect();
    for class in most_frequent(&rankings) {
        if watch.cancelled() {
            return None;
        }
        if let Some(entry) = found.classes.get_mut(class) {
            draw(entry, class, truth, probabilities, *k);
        }
    }
    Some(found)
}

fn micro_area(area: Option<MicroRanking>, level: f64) -> MetricValue {
    let interval = area.and_then(|a| intervals::logit(a.auc, a.variance?, level, "placements by row, logit"));
    metric(area.map(|a| a.auc), interval, level, area.is_none().then_some(NO_REST))
}

fn against_rest(class: String, ranking: &ClassRanking, all_rows: u64, level: f64) -> ClassAgainstRest {
    let few = ranking.rows.min(all_rows - ranking.rows) < FEW;
    let doubt = |known: bool| if known { few.then_some(FEW_ROWS) } else { Some(NO_REST) };
    let area = ranking.auc.and_then(|auc| area_interval(auc, ranking, all_rows, level));
    let precision = ranking
        .average_precision
        .and_then(|ap| intervals::logit(ap, ap * (1.0 - ap) / ranking.rows as f64, level, "logit, positives"));
    ClassAgainstRest {
        class,
        rows: ranking.rows,
        roc_auc: metric(ranking.auc, area, level, doubt(ranking.auc.is_some())),
        average_precision: metric(
            ranking.average_precision,
            precision,
            level,
            doubt(ranking.average_precision.is_some()),
        ),
        roc: None,
        precision_recall: None,
    }
}

/// The interval that [`intervals::delong`] gives, from an area and its variance.
fn area_interval(auc: f64, ranking: &ClassRanking, all_rows: u64, level: f64) -> Option<Interval> {
    let variance = ranking.variance?;
    if variance <= 0.0 && (auc <= 0.0 || auc >= 1.0) {
        let smaller = ranking.rows.min(all_rows - ranking.rows) as f64;
        return intervals::wilson(auc * smaller, smaller, level)
            .map(|i| Interval { method: "wilson, smaller class", ..i });
    }
    intervals::logit(auc, variance, level, "delong, logit")
}

/// The classes that get curves: those with an area, the most frequent first, of equal ones the first.
fn most_frequent(rankings: &[ClassRanking]) -> Vec<usize> {
    let mut order: Vec<(u64, usize)> =
        rankings.iter().enumerate().filter(|(_, r)| r.auc.is_some()).map(|(class, r)| (r.rows, class)).collect();
    order.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    order.into_iter().take(WITH_CURVES).map(|(_, class)| class).collect()
}

fn draw(entry: &mut ClassAgainstRest, class: usize, truth: &[u32], probabilities: &[f64], k: usize) {
    let (scores, positive): (Vec<f64>, Vec<bool>) = truth
        .iter()
        .zip(probabilities.chunks_exact(k.max(1)))
        .filter(|(t, _)| (**t as usize) < k)
        .filter_map(|(t, row)| Some((*row.get(class)?, *t as usize == class)))
        .unzip();
    let ranked = RankedScores::new(&scores, &positive);
    let roc = thin(&ranked.roc_curve(), POINTS);
    entry.roc = Some(RocCurve {
        fpr: roc.iter().map(|p| p.x).collect(),
        tpr: roc.iter().map(|p| p.y).collect(),
        thresholds: roc.iter().map(|p| Some(p.threshold).filter(|t| t.is_finite())).collect(),
    });
    let curve = thin(&ranked.precision_recall_curve(), POINTS);
    entry.precision_recall = Some(PrecisionRecallCurve {
        precision: curve.iter().map(|p| p.y).collect(),
        recall: curve.iter().map(|p| p.x).collect(),
    });
}
