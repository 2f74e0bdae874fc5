//! One model's result made ready for drawing: words and points, worked out once for each model that is shown.

use std::sync::Arc;

use super::looks::Change;
use super::one_vs_rest::{ClassCurves, curves_of};
use super::scores::{Det, ScoreBars};
use crate::app::widgets::{Explainer, format};
use crate::backend::State;
use crate::backend::rows::{RowsView, worst_without_values};
use crate::backend::state::RunView;
use crate::stats::binary::BinaryCounts;
use crate::stats::metric::title;
use crate::validate::help::help;
use crate::validate::report::{MetricValue, ModelResult, metric_order};

/// One row of the metric table.
#[derive(Debug)]
pub(super) struct MetricLine {
    pub(super) name: &'static str,
    pub(super) help: Explainer,
    pub(super) value: Option<f64>,
    pub(super) interval: Option<(f64, f64)>,
    pub(super) training: Option<f64>,
    pub(super) baseline: Option<f64>,
}

/// What the detail of a model draws from.
#[derive(Debug)]
pub(super) struct View {
    run: Arc<RunView>,
    place: usize,
    pub(super) metrics: Vec<MetricLine>,
    /// Why values are missing or intervals not to be trusted.
    pub(super) reasons: Vec<String>,
    pub(super) classes: Vec<String>,
    pub(super) roc: Vec<[f64; 2]>,
    pub(super) mark: Option<(f64, f64, String)>,
    /// Recall and precision.
    pub(super) precision_recall: Vec<[f64; 2]>,
    /// The point of the threshold on it.
    pub(super) precision_recall_mark: Option<(f64, f64, String)>,
    /// Share of positives: the precision of a guess.
    pub(super) prevalence: Option<f64>,
    pub(super) calibration: Vec<[f64; 2]>,
    /// Share of rows said positive, and of the positives among them.
    pub(super) gains: Vec<[f64; 2]>,
    /// Share of rows said positive, and how much denser the positives lie there.
    pub(super) lift: Vec<[f64; 2]>,
    /// The outline of the histogram of errors: error and share of rows.
    pub(super) errors: Vec<[f64; 2]>,
    /// That histogram: low edge, high edge, rows.
    pub(super) error_bins: Vec<(f64, f64, u64)>,
    pub(super) scores: Option<ScoreBars>,
    pub(super) det: Option<Det>,
    /// Curves of the classes against their rest.
    pub(super) by_class: Vec<ClassCurves>,
    /// The worst rows without the values of their columns.
    pub(super) worst: Arc<RowsView>,
    /// Columns along which errors can be seen: those that feed the model first.
    pub(super) columns: Vec<String>,
    /// Places of the features by how far the model falls, for each change.
    pub(super) falls: Vec<Vec<usize>>,
    pub(super) facts: Vec<(String, String)>,
}

/// The ends of an interval, when both are known.
pub(super) fn interval(value: &MetricValue) -> Option<(f64, f64)> {
    value.low.zip(value.high)
}

/// A threshold as it stands beside a curve.
pub(super) fn threshold_words(threshold: f64) -> String {
    format!("threshold {}", format::decimal(threshold, 2))
}

/// The point of the ROC curve that belongs to the model's threshold.
fn mark(model: &ModelResult) -> Option<(f64, f64, String)> {
    let roc = &model.curves.as_ref()?.roc;
    let threshold = model.threshold?;
    let place = roc.thresholds.iter().rposition(|t| t.is_none_or(|t| t >= threshold))?;
    Some((*roc.fpr.get(place)?, *roc.tpr.get(place)?, threshold_words(threshold)))
}

/// The point of recall and precision that belongs to the model's threshold.
fn precision_recall_mark(model: &ModelResult) -> Option<(f64, f64, String)> {
    let threshold = model.threshold?;
    Some((model.value("recall")?, model.value("precision")?, threshold_words(threshold)))
}

/// Share of the positive class in a two-class confusion matrix.
fn prevalence(model: &ModelResult) -> Option<f64> {
    let [negative, positive] = model.confusion.as_ref()?.matrix.as_slice() else { return None };
    let (negative, positive) = (negative.iter().sum::<u64>(), positive.iter().sum::<u64>());
    (negative + positive > 0).then(|| positive as f64 / (negative + positive) as f64)
}

/// Points over the share of rows said positive, from none to all; `y` gets the decisions and the share of positives.
fn ranked(model: &ModelResult, y: impl Fn(&BinaryCounts, f64) -> Option<f64>) -> Vec<[f64; 2]> {
    let Some(table) = model.decisions.as_ref().filter(|t| t.positives > 0 && t.negatives > 0) else {
        return Vec::new();
    };
    let share = table.positives as f64 / (table.positives + table.negatives) as f64;
    let point = |place: usize| {
        let counts = table.at(place).filter(|c| c.tp + c.fp > 0)?;
        Some([(counts.tp + counts.fp) as f64 / counts.rows() as f64, y(&counts, share)?])
    };
    (0..table.len()).rev().filter_map(point).collect()
}

/// The gains curve, from no row to all.
fn gains(model: &ModelResult) -> Vec<[f64; 2]> {
    let points = ranked(model, |c, _| c.recall());
    if points.is_empty() { points } else { std::iter::once([0.0, 0.0]).chain(points).collect() }
}

/// The outline of a histogram as one curve of error and share.
fn outline(histogram: &[(f64, f64, u64)]) -> Vec<[f64; 2]> {
    let all: u64 = histogram.iter().map(|(_, _, rows)| rows).sum();
    let all = all.max(1) as f64;
    let mut points = Vec::new();
    for (low, high, rows) in histogram {
        let share = *rows as f64 / all;
        points.extend([[*low, 0.0], [*low, share], [*high, share], [*high, 0.0]]);
    }
    points
}

fn metrics(model: &ModelResult) -> Vec<MetricLine> {
    let line = |key: &'static str| {
        let value = model.metrics.get(key)?;
        let words = help(key);
        let mut explainer = Explainer::new(title(key), words.text).formula(words.formula);
        if let Some(method) = &value.interval {
            explainer =
                explainer.convention(format!("{} % interval: {method}", format::decimal(value.level * 100.0, 0)));
        }
        Some(MetricLine {
            name: title(key),
            help: explainer,
            value: value.value,
            interval: interval(value),
            training: model.training.get(key).copied(),
            baseline: model.baseline.metrics.get(key).copied().flatten(),
        })
    };
    metric_order(model.task).iter().filter_map(|key| line(key)).collect()
}

fn facts(run: &RunView, model: &ModelResult) -> Vec<(String, String)> {
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let timing = &model.timing;
    let mut facts = vec![
        fact("Rows behind it", format::count(model.rows as u64)),
        fact("Rows without target", format::count(model.rows_without_target as u64)),
    ];
    facts.extend(model.skipped.iter().map(|s| (format!("Skipped: {}", s.reason), format::count(s.rows))));
    facts.extend(model.positive.clone().map(|positive| fact("Positive class", positive)));
    facts.extend(model.threshold.map(|threshold| fact("Threshold", format::decimal(threshold, 2))));
    facts.extend([
        fact("Naive baseline", model.baseline.strategy.clone()),
        fact("Target", run.report.target.clone()),
        fact("Intervals", format!("{} %, seed {}", format::decimal(run.report.level * 100.0, 0), run.report.seed)),
        fact("Reading", format::seconds(timing.read_s)),
        fact(
            "Scoring",
            format!("{}, {}", format::seconds(timing.predict_s), format::rate(model.rows_per_second, "rows")),
        ),
        fact("Metrics and intervals", format::seconds(timing.metrics_s)),
        fact("In all", format::seconds(timing.total_s)),
    ]);
    facts
}

/// The histogram of errors: without the outliers that would flatten it, where the result has that.
fn error_bins(model: &ModelResult) -> Vec<(f64, f64, u64)> {
    let of_views = model.views.as_ref().and_then(|v| v.residual_views.as_ref()).map(|r| &r.histogram);
    match of_views.filter(|h| !h.rows.is_empty()) {
        Some(h) => {
            let ends = h.edges.iter().zip(h.edges.iter().skip(1));
            ends.zip(&h.rows).map(|((low, high), rows)| (*low, *high, *rows)).collect()
        }
        None => model.residuals.as_ref().map(|r| r.histogram.clone()).unwrap_or_default(),
    }
}

/// The columns of the data, those that feed the model first, without the target.
fn columns(state: &State, run: &RunView, model: &ModelResult) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let data = state.datasets.iter().find(|d| d.id == run.dataset);
    let others = data.into_iter().flat_map(|d| d.schema.iter()).map(|c| c.name.as_str());
    for name in model.binding.columns().chain(others) {
        if name != run.report.target && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

impl View {
    /// Works out what a model's detail shows; `None` when the run has no such model.
    pub(super) fn new(state: &State, run: &Arc<RunView>, place: usize) -> Option<Self> {
        let model = run.report.models.get(place)?;
        let bins = error_bins(model);
        let views = model.views.as_ref();
        let named = |label: &str| {
            let place = model.classes.iter().position(|class| class == label);
            place.and_then(|place| model.class_names.get(place)).map_or_else(|| label.to_owned(), Clone::clone)
        };
        let labels = model.confusion.as_ref().map_or(&[][..], |c| &c.labels);
        let names = &model.class_names;
        let classes = if names.len() == labels.len() { names.clone() } else { labels.to_vec() };
        let pairs = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| [*x, *y]).collect::<Vec<_>>();
        let curves = model.curves.as_ref();
        let reasons = metric_order(model.task)
            .iter()
            .filter_map(|key| Some(format!("{}: {}", title(key), model.metrics.get(*key)?.reason.as_ref()?)))
            .collect();
        Some(Self {
            run: Arc::clone(run),
            place,
            metrics: metrics(model),
            reasons,
            classes,
            roc: curves.map(|c| pairs(&c.roc.fpr, &c.roc.tpr)).unwrap_or_default(),
            mark: mark(model),
            precision_recall: curves
                .map(|c| pairs(&c.precision_recall.recall, &c.precision_recall.precision))
                .unwrap_or_default(),
            precision_recall_mark: precision_recall_mark(model),
            prevalence: prevalence(model),
            calibration: curves.map(|c| pairs(&c.calibration.predicted, &c.calibration.observed)).unwrap_or_default(),
            gains: gains(model),
            lift: ranked(model, |c, share| Some(c.precision()? / share)),
            errors: outline(&bins),
            error_bins: bins,
            scores: views.and_then(|v| v.scores.as_ref()).and_then(|s| ScoreBars::new(s, named)),
            det: Det::new(model),
            by_class: views.and_then(|v| v.one_vs_rest.as_ref()).map(|o| curves_of(o, named)).unwrap_or_default(),
            worst: Arc::new(worst_without_values(run.id, model)),
            columns: columns(state, run, model),
            falls: model
                .robustness
                .as_ref()
                .map(|r| [Change::Swap, Change::Noise, Change::Missing].map(|change| change.order(r)).to_vec())
                .unwrap_or_default(),
            facts: facts(run, model),
        })
    }

    /// Whether it shows this model of this run.
    pub(super) fn is_of(&self, run: &Arc<RunView>, place: usize) -> bool {
        Arc::ptr_eq(&self.run, run) && self.place == place
    }
}
