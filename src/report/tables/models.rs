//! Tables of what a model answers: metrics, classes, curves, histograms.

use super::{Table, number};
use crate::report::csv::number as maybe;
use crate::validate::report::{MetricValue, PrecisionRecallCurve, RocCurve};
use crate::validate::views::{ClassAgainstRest, OneVsRest};
use crate::validate::{ModelResult, Report};

/// Value, interval and what weakens it.
fn measured(found: &MetricValue) -> Vec<String> {
    vec![
        maybe(found.value),
        maybe(found.low),
        maybe(found.high),
        number(found.level),
        found.interval.clone().unwrap_or_default(),
        found.reason.clone().unwrap_or_default(),
    ]
}

/// The columns of [`measured`].
const MEASURED: [&str; 6] = ["value", "low", "high", "level", "interval", "reason"];

pub(super) fn tables(report: &Report) -> Vec<Table> {
    let of = |name, head: &[&'static str], rows: fn(&ModelResult) -> Vec<Vec<String>>| {
        Table::of_models(report, name, head, rows)
    };
    vec![
        of("metrics", &[&["metric"], MEASURED.as_slice(), &["training", "baseline"]].concat(), metrics),
        of("per_class", &["class", "precision", "recall", "f1", "support"], per_class),
        of("confusion", &["true", "predicted", "rows"], confusion),
        of("roc", &["fpr", "tpr", "threshold"], |m| m.curves.as_ref().map(|c| roc(&c.roc)).unwrap_or_default()),
        of("precision_recall", &["precision", "recall"], |m| {
            m.curves.as_ref().map(|c| precision_recall(&c.precision_recall)).unwrap_or_default()
        }),
        of("calibration", &["predicted", "observed", "rows"], calibration),
        of("det", &["fpr", "fnr", "threshold"], det),
        of("score_histogram", &["group", "from", "to", "rows"], scores),
        of("error_histogram", &["from", "to", "rows"], errors),
        of("normal_quantiles", &["normal_quantile", "error_in_deviations"], quantiles),
        of("one_vs_rest", &[&["class", "rows", "metric"], MEASURED.as_slice()].concat(), one_vs_rest),
        of("one_vs_rest_roc", &["class", "fpr", "tpr", "threshold"], |m| {
            by_class(m, |class| class.roc.as_ref().map(roc).unwrap_or_default())
        }),
        of("one_vs_rest_precision_recall", &["class", "precision", "recall"], |m| {
            by_class(m, |class| class.precision_recall.as_ref().map(precision_recall).unwrap_or_default())
        }),
        of("worst_rows", &["row", "loss"], worst),
    ]
}

fn metrics(model: &ModelResult) -> Vec<Vec<String>> {
    let row = |(name, found): (&String, &MetricValue)| {
        let mut row = vec![name.clone()];
        row.extend(measured(found));
        row.push(maybe(model.training.get(name).copied()));
        row.push(maybe(model.baseline.metrics.get(name).copied().flatten()));
        row
    };
    model.metrics.iter().map(row).collect()
}

fn per_class(model: &ModelResult) -> Vec<Vec<String>> {
    let rows = model.per_class.iter().map(|class| {
        let numbers = [class.precision, class.recall, class.f1].map(maybe);
        [vec![class.class.clone()], numbers.into(), vec![class.support.to_string()]].concat()
    });
    rows.collect()
}

/// One row a cell that has rows: a matrix of ten thousand classes is nearly empty.
fn confusion(model: &ModelResult) -> Vec<Vec<String>> {
    let Some(confusion) = &model.confusion else { return Vec::new() };
    let mut rows = Vec::new();
    for (truth, row) in confusion.labels.iter().zip(&confusion.matrix) {
        for (said, n) in confusion.labels.iter().zip(row).filter(|(_, n)| **n > 0) {
            rows.push(vec![truth.clone(), said.clone(), n.to_string()]);
        }
    }
    rows
}

fn roc(curve: &RocCurve) -> Vec<Vec<String>> {
    let points = curve.fpr.iter().zip(&curve.tpr).zip(&curve.thresholds);
    points.map(|((x, y), t)| vec![number(*x), number(*y), maybe(*t)]).collect()
}

fn precision_recall(curve: &PrecisionRecallCurve) -> Vec<Vec<String>> {
    curve.precision.iter().zip(&curve.recall).map(|(p, r)| vec![number(*p), number(*r)]).collect()
}

fn calibration(model: &ModelResult) -> Vec<Vec<String>> {
    let Some(curve) = model.curves.as_ref().map(|c| &c.calibration) else { return Vec::new() };
    let bins = curve.predicted.iter().zip(&curve.observed).zip(&curve.rows);
    bins.map(|((p, o), n)| vec![number(*p), number(*o), n.to_string()]).collect()
}

fn det(model: &ModelResult) -> Vec<Vec<String>> {
    let Some(curve) = model.views.as_ref().and_then(|v| v.det.as_ref()) else { return Vec::new() };
    let points = curve.fpr.iter().zip(&curve.fnr).zip(&curve.thresholds);
    points.map(|((x, y), t)| vec![number(*x), number(*y), maybe(*t)]).collect()
}

/// Low edge, high edge and rows of each bin.
fn bins<'a>(edges: &'a [f64], rows: &'a [u64]) -> impl Iterator<Item = Vec<String>> + 'a {
    let spans = edges.iter().zip(edges.iter().skip(1)).zip(rows);
    spans.map(|((from, to), n)| vec![number(*from), number(*to), n.to_string()])
}

fn scores(model: &ModelResult) -> Vec<Vec<String>> {
    let Some(found) = model.views.as_ref().and_then(|v| v.scores.as_ref()) else { return Vec::new() };
    let of_group = |group: &crate::validate::views::ScoreGroup| {
        let name = group.name.clone();
        bins(&found.edges, &group.rows).map(move |row| [vec![name.clone()], row].concat()).collect::<Vec<_>>()
    };
    found.groups.iter().flat_map(of_group).collect()
}

fn errors(model: &ModelResult) -> Vec<Vec<String>> {
    let told = model.views.as_ref().and_then(|v| v.residual_views.as_ref());
    if let Some(histogram) = told.map(|t| &t.histogram) {
        return bins(&histogram.edges, &histogram.rows).collect();
    }
    let Some(residuals) = &model.residuals else { return Vec::new() };
    residuals.histogram.iter().map(|(from, to, n)| vec![number(*from), number(*to), n.to_string()]).collect()
}

fn quantiles(model: &ModelResult) -> Vec<Vec<String>> {
    let told = model.views.as_ref().and_then(|v| v.residual_views.as_ref());
    told.map(|t| t.normal_quantiles.iter().map(|[x, y]| vec![number(*x), number(*y)]).collect()).unwrap_or_default()
}

fn against_rest(model: &ModelResult) -> Option<&OneVsRest> {
    model.views.as_ref()?.one_vs_rest.as_ref()
}

fn one_vs_rest(model: &ModelResult) -> Vec<Vec<String>> {
    let Some(found) = against_rest(model) else { return Vec::new() };
    let row = |class: &str, rows: String, metric: &str, value: &MetricValue| {
        [vec![class.to_owned(), rows, metric.to_owned()], measured(value)].concat()
    };
    let mut out: Vec<Vec<String>> = Vec::new();
    for class in &found.classes {
        out.push(row(&class.class, class.rows.to_string(), "roc_auc", &class.roc_auc));
        out.push(row(&class.class, class.rows.to_string(), "average_precision", &class.average_precision));
    }
    if !found.classes.is_empty() {
        // An empty class stands for all of them.
        out.push(row("", String::new(), "average_precision_macro", &found.average_precision_macro));
        out.push(row("", String::new(), "precision_micro", &found.micro.precision));
        out.push(row("", String::new(), "recall_micro", &found.micro.recall));
        out.push(row("", String::new(), "f1_micro", &found.micro.f1));
        out.push(row("", String::new(), "roc_auc_micro", &found.micro.roc_auc));
    }
    out
}

fn by_class(model: &ModelResult, points: fn(&ClassAgainstRest) -> Vec<Vec<String>>) -> Vec<Vec<String>> {
    let Some(found) = against_rest(model) else { return Vec::new() };
    let of_class = |class: &ClassAgainstRest| {
        let name = class.class.clone();
        points(class).into_iter().map(move |row| [vec![name.clone()], row].concat()).collect::<Vec<_>>()
    };
    found.classes.iter().flat_map(of_class).collect()
}

fn worst(model: &ModelResult) -> Vec<Vec<String>> {
    let worst = model.views.as_ref().map(|v| v.worst.as_slice()).unwrap_or_default();
    worst.iter().map(|row| vec![row.row.to_string(), number(row.loss)]).collect()
}
