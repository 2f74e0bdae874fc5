//! From aligned truth and answers to metrics, intervals, curves and a baseline.

use std::collections::BTreeMap;

use super::report::{
    Baseline, CalibrationCurve, Confusion, Curves, MetricValue, PerClass, PrecisionRecallCurve, Residuals, RocCurve,
    metric_order,
};
use crate::model::Task;
use crate::stats::average_precision;
use crate::stats::binary::BinaryCounts;
use crate::stats::decisions::DecisionTable;
use crate::stats::delong::{Area, Placements};
use crate::stats::ece_interval;
use crate::stats::intervals::{self, Interval};
use crate::stats::margins;
use crate::stats::moments::Moments;
use crate::stats::multiclass::{self, ConfusionMatrix};
use crate::stats::probability::{self, CalibrationBin};
use crate::stats::ranked::RankedScores;
use crate::stats::regression::RegressionMetrics;
use crate::stats::skewed::{Scale, Spread};
use crate::stats::tail;

/// Points kept of a curve.
const CURVE_POINTS: usize = 400;
/// Bins of the calibration curve and of `ece`.
const CALIBRATION_BINS: usize = 10;
/// Classes up to which the confusion matrix is part of the result.
const CONFUSION_CLASSES: usize = 300;
/// Rows kept for a residual plot.
const RESIDUALS_KEPT: usize = 2_000;
/// Positives or negatives below which an interval of a ranking is not to be trusted.
pub(super) const FEW: u64 = 10;
/// Tail index of absolute errors below which the interval of their squares is not to be trusted.
const HEAVY: f64 = 3.3;

/// Answers beside the truth, one entry a measured row.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers {
    /// Score of the positive class, and whether the row is positive.
    Binary {
        /// Score of each row; for models without probabilities 1 or 0.
        scores: Vec<f64>,
        /// The truth.
        positive: Vec<bool>,
        /// Whether the scores are probabilities and not just labels.
        probabilities: bool,
    },
    /// Class and probabilities.
    Multiclass {
        /// The true class.
        truth: Vec<u32>,
        /// The predicted class.
        said: Vec<u32>,
        /// `k` a row, or empty when the model gives labels only.
        probabilities: Vec<f64>,
        /// Number of classes.
        k: usize,
    },
    /// A number.
    Regression {
        /// The truth.
        target: Vec<f64>,
        /// The answer.
        prediction: Vec<f64>,
    },
}

impl Answers {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Binary { scores, .. } => scores.len(),
            Self::Multiclass { truth, .. } => truth.len(),
            Self::Regression { target, .. } => target.len(),
        }
    }
}

/// Everything measured on one model's answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Metric name → value and interval.
    pub metrics: BTreeMap<String, MetricValue>,
    /// The naive answer.
    pub baseline: Baseline,
    /// Quality by class.
    pub per_class: Vec<PerClass>,
    /// Confusion matrix.
    pub confusion: Option<Confusion>,
    /// Curves.
    pub curves: Option<Curves>,
    /// What each threshold would decide.
    pub decisions: Option<DecisionTable>,
    /// Errors.
    pub residuals: Option<Residuals>,
    /// The rows of a binary task ranked by score, for whatever else follows from it.
    pub ranked: Option<RankedScores>,
}

/// What of a binary model's probabilities needs the rows one by one, not their ranks.
pub(super) struct Quality {
    losses: Moments,
    squares: Moments,
    bins: Vec<CalibrationBin>,
}

impl Quality {
    /// From score and truth of each row, in their order.
    pub(super) fn of<I: Iterator<Item = (f64, bool)>>(rows: impl Fn() -> I) -> Self {
        Self {
            losses: probability::log_losses_of(rows()),
            squares: probability::squared_errors_of(rows()),
            bins: probability::calibration_of(rows(), CALIBRATION_BINS),
        }
    }
}

/// [`measure`] of a binary model whose rows were ranked and looked at one by one before.
pub(super) fn measure_ranked(
    ranked: RankedScores,
    quality: &Quality,
    classes: &[String],
    positive: usize,
    threshold: f64,
    level: f64,
) -> Measured {
    let mut gathered = Gathered { level, metrics: BTreeMap::new() };
    let mut measured = of_ranked(&mut gathered, ranked, Some(quality), threshold, classes, positive);
    measured.metrics = gathered.metrics;
    measured
}

struct Gathered {
    level: f64,
    metrics: BTreeMap<String, MetricValue>,
}

impl Gathered {
    fn put(&mut self, name: &str, value: Option<f64>, interval: Option<Interval>, reason: Option<&str>) {
        let value = value.filter(|v| v.is_finite());
        let interval = value.and(interval);
        self.metrics.insert(
            name.to_owned(),
            MetricValue {
                value,
                low: interval.map(|i| i.low),
                high: interval.map(|i| i.high),
                level: self.level,
                interval: interval.map(|i| i.method.to_owned()),
                reason: reason.map(ToOwned::to_owned),
            },
        );
    }
}

/// Measures everything a task has metrics for. `classes` name the classes, the positive one's index is `positive`.
pub fn measure(answers: &Answers, classes: &[String], positive: usize, threshold: f64, level: f64) -> Measured {
    let mut gathered = Gathered { level, metrics: BTreeMap::new() };
    let mut measured = match answers {
        Answers::Binary { scores, positive: truth, probabilities } => {
            binary(&mut gathered, scores, truth, *probabilities, threshold, classes, positive)
        }
        Answers::Multiclass { truth, said, probabilities, k } => {
            multi(&mut gathered, truth, said, probabilities, *k, classes)
        }
        Answers::Regression { target, prediction } => regression(&mut gathered, target, prediction),
    };
    measured.metrics = gathered.metrics;
    measured
}

fn of_counts(c: &[f64]) -> BinaryCountsF {
    let at = |i: usize| c.get(i).copied().unwrap_or(0.0);
    BinaryCountsF { tp: at(0), fp: at(1), fn_: at(2), tn: at(3) }
}

/// Fractional counts, for small steps around the whole ones.
struct BinaryCountsF {
    tp: f64,
    fp: f64,
    fn_: f64,
    tn: f64,
}

impl BinaryCountsF {
    fn mcc(&self) -> Option<f64> {
        let below = (self.tp + self.fp) * (self.tp + self.fn_) * (self.tn + self.fp) * (self.tn + self.fn_);
        (below > 0.0).then(|| (self.tp * self.tn - self.fp * self.fn_) / below.sqrt())
    }

    fn kappa(&self) -> Option<f64> {
        let n = self.tp + self.fp + self.fn_ + self.tn;
        let chance = ((self.tp + self.fp) * (self.tp + self.fn_) + (self.tn + self.fp) * (self.tn + self.fn_)) / n;
        (n > chance).then(|| (self.tp + self.tn - chance) / (n - chance))
    }
}

const ONE_CLASS: &str = "Only one class occurs in the target, so this has no meaning.";
const NO_PROBABILITIES: &str = "The model gives classes without probabilities.";
const FEW_ORDERED_WRONG: &str = "Too few rows are ranked wrongly to know how many: the interval is not to be trusted.";
const FEW_MAKE_IT: &str = "A few rows make up most of this number: the interval is not to be trusted.";
const HEAVY_TAIL: &str =
    "Large errors thin out so slowly that their squares have no steady mean: the interval is not to be trusted.";
pub(super) const FEW_ROWS: &str = "Fewer than 10 rows of a class: the interval is not to be trusted.";

/// Why the interval of a mean of rows is not to be trusted, if it is not.
pub(super) fn one_sided(rows: &Moments) -> Option<&'static str> {
    Spread::of_mean(rows).is_some_and(|s| s.too_skewed()).then_some(FEW_MAKE_IT)
}

/// Why the interval of a mean of squared errors is not to be trusted, if it is not; `sorted` are the absolute errors,
/// ascending. Squares of errors have a variance when the fourth power has a mean.
pub(super) fn doubt_of_squares(sorted: &[f64], squared: &Moments) -> Option<&'static str> {
    tail::index(sorted).is_some_and(|index| index < HEAVY).then_some(HEAVY_TAIL).or(one_sided(squared))
}

fn binary(
    g: &mut Gathered,
    scores: &[f64],
    truth: &[bool],
    probabilities: bool,
    threshold: f64,
    classes: &[String],
    positive: usize,
) -> Measured {
    let ranked = RankedScores::new(scores, truth);
    let rows = || scores.iter().copied().zip(truth.iter().copied());
    let quality = probabilities.then(|| Quality::of(rows));
    of_ranked(g, ranked, quality.as_ref(), threshold, classes, positive)
}

/// The same from ranks, and from the rows' probabilities where the model gives some.
fn of_ranked(
    g: &mut Gathered,
    ranked: RankedScores,
    quality: Option<&Quality>,
    threshold: f64,
    classes: &[String],
    positive: usize,
) -> Measured {
    let probabilities = quality.is_some();
    let counts = ranked.counts_at(threshold);
    let level = g.level;
    let cells = [counts.tp as f64, counts.fp as f64, counts.fn_ as f64, counts.tn as f64];
    let [tp, fp, fn_, tn] = cells;
    let unit = (0.0, 1.0);
    let few = ranked.positives().min(ranked.negatives()) < FEW;
    let doubt = few.then_some(FEW_ROWS);
    g.put("accuracy", counts.accuracy(), intervals::wilson(tp + tn, tp + fp + fn_ + tn, level), None);
    g.put("precision", counts.precision(), intervals::wilson(tp, tp + fp, level), doubt);
    g.put("recall", counts.recall(), intervals::wilson(tp, tp + fn_, level), doubt);
    g.put("specificity", counts.specificity(), intervals::wilson(tn, tn + fp, level), doubt);
    g.put("f1", counts.f1(), intervals::f1(tp, fp, fn_, level), doubt);
    g.put(
        "balanced_accuracy",
        counts.balanced_accuracy(),
        intervals::mean_of_shares(&[(tp, tp + fn_), (tn, tn + fp)], level),
        doubt,
    );
    g.put("mcc", counts.mcc(), intervals::delta(&cells, level, (-1.0, 1.0), |c| of_counts(c).mcc()), doubt);
    g.put(
        "cohen_kappa",
        counts.cohen_kappa(),
        intervals::delta(&cells, level, (-1.0, 1.0), |c| of_counts(c).kappa()),
        doubt,
    );

    let mut curves = None;
    let mut decisions = None;
    if let Some(Quality { losses, squares, bins }) = quality {
        decisions = Some(DecisionTable::new(&ranked));
        let area = Area::of(&ranked);
        let skewed = area.and_then(|a| a.spread).is_some_and(|s| s.too_skewed());
        let one_class = area.is_none().then_some(ONE_CLASS).or(doubt).or(skewed.then_some(FEW_ORDERED_WRONG));
        let interval = area.and_then(|a| intervals::delong(&a, level));
        g.put("roc_auc", ranked.roc_auc(), interval, one_class);
        let ap = ranked.average_precision();
        g.put("average_precision", ap, average_precision::interval(&ranked, level), doubt);
        let loss_interval = intervals::of_mean(losses, level, (0.0, f64::INFINITY));
        g.put("log_loss", losses.mean(), loss_interval, doubt.or(one_sided(losses)));
        g.put("brier", squares.mean(), intervals::of_mean(squares, level, unit), doubt.or(one_sided(squares)));
        let ece = probability::expected_calibration_error(bins);
        g.put("ece", ece, ece.and_then(|e| ece_interval::of_bins(e, bins, level)), doubt);
        curves = Some(curves_of(&ranked, bins));
    } else {
        for name in ["roc_auc", "average_precision", "log_loss", "brier", "ece"] {
            g.put(name, None, None, Some(NO_PROBABILITIES));
        }
    }

    let matrix =
        ConfusionMatrix::from_counts(2, if positive == 0 { vec![tp, fn_, fp, tn] } else { vec![tn, fp, fn_, tp] });
    let share = ranked.positives() as f64 / (tp + fp + fn_ + tn).max(1.0);
    Measured {
        baseline: binary_baseline(ranked.positives(), ranked.negatives(), share),
        per_class: per_class(&matrix, classes),
        confusion: Some(confusion(&matrix, classes)),
        curves,
        decisions,
        ranked: probabilities.then_some(ranked),
        ..Measured::default()
    }
}

fn curves_of(ranked: &RankedScores, bins: &[CalibrationBin]) -> Curves {
    let roc = ranked.thin_roc_curve(CURVE_POINTS);
    let pr = ranked.thin_precision_recall_curve(CURVE_POINTS);
    let filled: Vec<&CalibrationBin> = bins.iter().filter(|b| b.rows > 0).collect();
    Curves {
        roc: RocCurve {
            fpr: roc.iter().map(|p| p.x).collect(),
            tpr: roc.iter().map(|p| p.y).collect(),
            thresholds: roc.iter().map(|p| Some(p.threshold).filter(|t| t.is_finite())).collect(),
        },
        precision_recall: PrecisionRecallCurve {
            precision: pr.iter().map(|p| p.y).collect(),
            recall: pr.iter().map(|p| p.x).collect(),
        },
        calibration: CalibrationCurve {
            predicted: filled.iter().map(|b| b.predicted).collect(),
            observed: filled.iter().map(|b| b.observed).collect(),
            rows: filled.iter().map(|b| b.rows).collect(),
        },
    }
}

fn binary_baseline(positives: u64, negatives: u64, share: f64) -> Baseline {
    let counts = if positives > negatives {
        BinaryCounts { tp: positives, fp: negatives, ..BinaryCounts::default() }
    } else {
        BinaryCounts { tn: negatives, fn_: positives, ..BinaryCounts::default() }
    };
    let both = positives > 0 && negatives > 0;
    let entropy = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    let metrics = metric_order(Task::Binary)
        .iter()
        .map(|name| {
            // Ranking and probabilities of the naive answer: the same score, the share of positives, for every row.
            let value = match *name {
                "roc_auc" => both.then_some(0.5),
                "average_precision" => Some(share),
                "log_loss" => Some(entropy(share) + entropy(1.0 - share)),
                "brier" => Some(share * (1.0 - share)),
                "ece" => Some(0.0),
                other => counts.metric(other),
            };
            ((*name).to_owned(), value)
        })
        .collect();
    Baseline { strategy: "most frequent".to_owned(), metrics }
}

fn per_class(matrix: &ConfusionMatrix, classes: &[String]) -> Vec<PerClass> {
    matrix
        .per_class()
        .iter()
        .zip(classes)
        .map(|(quality, class)| PerClass {
            class: class.clone(),
            precision: Some(quality.precision),
            recall: Some(quality.recall),
            f1: Some(quality.f1),
            support: quality.support as u64,
        })
        .collect()
}

fn confusion(matrix: &ConfusionMatrix, classes: &[String]) -> Confusion {
    let k = matrix.classes();
    Confusion {
        labels: classes.to_vec(),
        matrix: (0..k).map(|t| (0..k).map(|s| matrix.at(t, s) as u64).collect()).collect(),
    }
}

fn multi(
    g: &mut Gathered,
    truth: &[u32],
    said: &[u32],
    probabilities: &[f64],
    k: usize,
    classes: &[String],
) -> Measured {
    let level = g.level;
    let matrix = ConfusionMatrix::of(truth, said, k);
    let rows = matrix.rows();
    let support: Vec<f64> = matrix.per_class().iter().map(|c| c.support).collect();
    let doubt = support.iter().any(|rows| *rows < FEW as f64).then_some(FEW_ROWS);
    for name in metric_order(Task::Multiclass) {
        let value = matrix.metric(name);
        let limits = if matches!(*name, "mcc" | "cohen_kappa") { (-1.0, 1.0) } else { (0.0, 1.0) };
        let interval = match *name {
            "accuracy" => value.and_then(|v| intervals::wilson(v * rows, rows, level)),
            "log_loss" | "roc_auc_ovr_macro" | "roc_auc_ovr_weighted" => continue,
            _ => margins::interval(&matrix, name, level, limits),
        };
        // Averages over classes weigh a rare one as much as the others.
        let by_class = name.ends_with("_macro") || *name == "balanced_accuracy";
        let undefined = value.is_none().then_some(ONE_CLASS);
        g.put(name, value, interval, undefined.or(doubt.filter(|_| by_class)));
    }
    if probabilities.is_empty() {
        for name in ["log_loss", "roc_auc_ovr_macro", "roc_auc_ovr_weighted"] {
            g.put(name, None, None, Some(NO_PROBABILITIES));
        }
    } else {
        let losses: Moments = truth
            .iter()
            .zip(probabilities.chunks_exact(k.max(1)))
            .filter_map(|(t, row)| row.get(*t as usize).map(|p| probability::log_loss_of(*p)))
            .collect();
        let loss = multiclass::log_loss(truth, probabilities, k);
        let interval = intervals::of_mean(&losses, level, (0.0, f64::INFINITY));
        g.put("log_loss", loss, interval, one_sided(&losses));
        one_vs_rest(g, truth, probabilities, k, doubt);
    }
    Measured {
        baseline: multi_baseline(&support, rows),
        per_class: per_class(&matrix, classes),
        // A table of so many cells would be read by nobody, and written by nothing in reasonable time.
        confusion: (k <= CONFUSION_CLASSES).then(|| confusion(&matrix, classes)),
        ..Measured::default()
    }
}

/// Macro and weighted one-against-rest areas. A row's influence on the mean of the classes' areas adds up its DeLong
/// placements among every class and its rest, so that what the areas have in common is counted (Hanley and
/// Hajian-Tilaki 1997 for the placements of one area).
fn one_vs_rest(g: &mut Gathered, truth: &[u32], probabilities: &[f64], k: usize, doubt: Option<&str>) {
    let rows = truth.len();
    let (mut areas, mut supports) = (Vec::with_capacity(k), Vec::with_capacity(k));
    let (mut of_macro, mut of_weighted) = (vec![0.0; rows], vec![0.0; rows]);
    for class in 0..k {
        let scores: Vec<f64> = probabilities.chunks_exact(k).filter_map(|row| row.get(class).copied()).collect();
        let positive: Vec<bool> = truth.iter().map(|t| *t as usize == class).collect();
        let support = positive.iter().filter(|p| **p).count() as f64;
        supports.push(support);
        let Some(placements) = Placements::of(&scores, &positive) else {
            areas.push(None);
            continue;
        };
        placements.add_influence(&positive, 1.0 / k as f64, &mut of_macro);
        placements.add_influence(&positive, support / rows as f64, &mut of_weighted);
        areas.push(Some(placements.auc));
    }
    let weighted = multiclass::weighted_area(&areas, &supports);
    // The weights are estimated too.
    for (sum, class) in of_weighted.iter_mut().zip(truth) {
        let own = areas.get(*class as usize).copied().flatten();
        *sum += own.zip(weighted).map_or(0.0, |(own, mean)| own - mean);
    }
    let level = g.level;
    // A class without rows has no weight, so the weighted mean does without its area, as in scikit-learn.
    let mut put = |name: &str, value: Option<f64>, influence: Vec<f64>| {
        if value.is_none() {
            g.put(name, None, None, Some("A class does not occur in the target, so this has no meaning."));
            return;
        }
        let spread = Spread::of_mean(&influence.into_iter().collect());
        let interval = value.zip(spread).and_then(|(value, spread)| {
            let known = spread.error > 0.0 && value < 1.0;
            known.then(|| spread.even_interval(value, level, Scale::Logit, "delong, logit"))?
        });
        // Classes fully apart show no spread, which is not certainty.
        let unknown = interval.is_none().then_some(FEW_ORDERED_WRONG);
        g.put(name, value, interval, doubt.or(unknown));
    };
    put("roc_auc_ovr_macro", multiclass::macro_area(&areas), of_macro);
    put("roc_auc_ovr_weighted", weighted, of_weighted);
}

fn multi_baseline(support: &[f64], rows: f64) -> Baseline {
    let k = support.len();
    let most = support.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(class, _)| class);
    let mut matrix = ConfusionMatrix::new(k);
    for (class, n) in support.iter().enumerate() {
        matrix.add(class, most, *n);
    }
    let entropy: f64 = support.iter().filter(|s| **s > 0.0).map(|s| -(s / rows) * (s / rows).ln()).sum();
    let metrics = metric_order(Task::Multiclass)
        .iter()
        .map(|name| {
            let value = match *name {
                "log_loss" => Some(entropy),
                "roc_auc_ovr_macro" | "roc_auc_ovr_weighted" => Some(0.5),
                other => matrix.metric(other),
            };
            ((*name).to_owned(), value)
        })
        .collect();
    Baseline { strategy: "most frequent".to_owned(), metrics }
}

fn regression(g: &mut Gathered, target: &[f64], prediction: &[f64]) -> Measured {
    let level = g.level;
    let Some(m) = RegressionMetrics::of(target, prediction) else { return Measured::default() };
    let errors: Vec<f64> = target.iter().zip(prediction).map(|(t, p)| p - t).collect();
    let positive = (0.0, f64::INFINITY);
    let anywhere = (f64::NEG_INFINITY, f64::INFINITY);
    let absolute: Moments = errors.iter().map(|e| e.abs()).collect();
    let squared: Moments = errors.iter().map(|e| e * e).collect();
    let relative: Moments = errors.iter().zip(target).map(|(e, t)| e.abs() / t.abs().max(f64::EPSILON)).collect();
    let plain: Moments = errors.iter().copied().collect();
    let mut sorted: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let of_squares = doubt_of_squares(&sorted, &squared);
    g.put("mae", Some(m.mae), intervals::of_mean(&absolute, level, positive), one_sided(&absolute));
    g.put("mse", Some(m.mse), intervals::of_mean(&squared, level, positive), of_squares);
    let rmse = intervals::of_mean(&squared, level, positive).map(|i| Interval {
        low: i.low.sqrt(),
        high: i.high.sqrt(),
        method: "root of the interval of mse",
    });
    g.put("rmse", Some(m.rmse), rmse, of_squares);
    g.put("mape", Some(m.mape), intervals::of_mean(&relative, level, positive), one_sided(&relative));
    g.put("mean_error", Some(m.mean_error), intervals::of_mean(&plain, level, anywhere), one_sided(&plain));
    g.put("median_ae", Some(m.median_ae), intervals::of_median(&sorted, level), None);
    g.put("max_error", Some(m.max_error), None, Some("The largest of a sample says little of the next one."));
    let short = "Fewer than two rows.";
    g.put(
        "r2",
        m.r2,
        m.r2.and_then(|r2| ratio_interval(target, &errors, r2, level)),
        m.r2.is_none().then_some(short).or(of_squares),
    );
    let explained = m.explained_variance;
    let centred: Vec<f64> = errors.iter().map(|e| e - m.mean_error).collect();
    let explained_interval = explained.and_then(|v| ratio_interval(target, &centred, v, level));
    g.put("explained_variance", explained, explained_interval, of_squares);
    Measured {
        baseline: regression_baseline(target),
        residuals: Some(residuals(prediction, &errors)),
        ..Measured::default()
    }
}

/// Influence-function interval of 1 − mean(e²) / variance(target): each row's share in numerator and denominator.
pub(super) fn ratio_interval(target: &[f64], errors: &[f64], value: f64, level: f64) -> Option<Interval> {
    let spread: Moments = target.iter().copied().collect();
    let variance = spread.variance().filter(|v| *v > 0.0)?;
    let influence: Moments = target
        .iter()
        .zip(errors)
        .map(|(t, e)| (e * e - (1.0 - value) * (t - spread.mean).powi(2)) / variance)
        .collect();
    let spread = Spread::of_mean(&influence)?;
    let i = spread.interval(1.0 - value, level, Scale::Plain, "influence function, skewness removed")?;
    Some(Interval { low: 1.0 - i.high, high: (1.0 - i.low).min(1.0), ..i })
}

fn regression_baseline(target: &[f64]) -> Baseline {
    let mean = target.iter().sum::<f64>() / target.len().max(1) as f64;
    let naive = RegressionMetrics::of(target, &vec![mean; target.len()]);
    let metrics = metric_order(Task::Regression)
        .iter()
        .map(|name| ((*name).to_owned(), naive.as_ref().and_then(|m| m.metric(name)).filter(|v| v.is_finite())))
        .collect();
    Baseline { strategy: "mean".to_owned(), metrics }
}

fn residuals(prediction: &[f64], errors: &[f64]) -> Residuals {
    let every = errors.len().div_ceil(RESIDUALS_KEPT).max(1);
    let sample = prediction.iter().zip(errors).step_by(every).map(|(p, e)| [*p, *e]).collect();
    let edges = crate::stats::histogram::doane_edges(errors).unwrap_or_default();
    let (inside, _) = crate::stats::histogram::count(&edges, errors);
    let histogram =
        edges.iter().zip(edges.iter().skip(1)).zip(inside).map(|((low, high), n)| (*low, *high, n)).collect();
    Residuals { sample, histogram }
}
