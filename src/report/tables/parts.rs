//! Tables of a model in parts of the data, under its rules, and under disturbance.

use super::{Table, number, truth};
use crate::report::csv::number as maybe;
use crate::validate::policy::Bound;
use crate::validate::robustness::Effect;
use crate::validate::segments::fairness::GroupRates;
use crate::validate::{MetricValue, ModelResult, Report};

pub(super) fn tables(report: &Report) -> Vec<Table> {
    let of = |name, head: &[&'static str], rows: fn(&ModelResult) -> Vec<Vec<String>>| {
        Table::of_models(report, name, head, rows)
    };
    vec![
        of("segments", &["column", "value", "rows", "few", "metric", "point", "low", "high", "reason"], segments),
        of(
            "weak_segments",
            &["segment", "rows", "share", "loss", "loss_elsewhere", "p_value", "p_corrected", "looked_at"],
            weak,
        ),
        of(
            "fairness",
            &[
                "column",
                "group",
                "rows",
                "positives",
                "selected",
                "is_reference",
                "rate",
                "value",
                "low",
                "high",
                "difference",
                "difference_low",
                "difference_high",
                "ratio",
            ],
            fairness,
        ),
        of(
            "gates",
            &[
                "gate",
                "metric",
                "condition",
                "column",
                "value_of_column",
                "value",
                "bound",
                "limit",
                "margin",
                "passed",
                "applies",
                "required",
                "rows",
                "reason",
            ],
            gates,
        ),
        of(
            "losses",
            &[
                "input",
                "rows",
                "filled",
                "left_missing",
                "mapped",
                "inexact",
                "written_as_text",
                "unseen",
                "skipped_rows",
            ],
            losses,
        ),
        of(
            "robustness",
            &["metric", "feature", "change", "value", "fall", "low", "high", "method", "rows", "skipped", "reason"],
            robustness,
        ),
        of("data_use", &["column", "action", "sentence"], data_use),
        of("proxies", &["feature", "sensitive", "strength", "measure", "rows"], proxies),
    ]
}

fn segments(model: &ModelResult) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    for segment in &model.segments {
        for (name, found) in &segment.metrics {
            out.push(vec![
                segment.column.clone(),
                segment.value.clone(),
                segment.rows.to_string(),
                truth(segment.few),
                name.clone(),
                maybe(found.value),
                maybe(found.low),
                maybe(found.high),
                found.reason.clone().unwrap_or_default(),
            ]);
        }
    }
    out
}

fn weak(model: &ModelResult) -> Vec<Vec<String>> {
    let rows = model.weak_segments.iter().map(|weak| {
        vec![
            weak.place(),
            weak.rows.to_string(),
            number(weak.share),
            number(weak.loss),
            number(weak.loss_elsewhere),
            number(weak.p_value),
            number(weak.p_corrected),
            weak.looked_at.to_string(),
        ]
    });
    rows.collect()
}

fn fairness(model: &ModelResult) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    for column in &model.fairness {
        for group in &column.groups {
            let before = [
                column.column.clone(),
                group.group.clone(),
                group.rows.to_string(),
                group.positives.to_string(),
                group.selected.to_string(),
                truth(group.group == column.reference),
            ];
            out.extend(rates(group).into_iter().map(|rate| [before.to_vec(), rate].concat()));
        }
    }
    out
}

fn rates(group: &GroupRates) -> Vec<Vec<String>> {
    let (rates, apart, ratio) = (&group.rates, group.difference.as_ref(), group.ratio.as_ref());
    let row = |name: &str, rate: &MetricValue, apart: Option<&MetricValue>, ratio: Option<f64>| {
        vec![
            name.to_owned(),
            maybe(rate.value),
            maybe(rate.low),
            maybe(rate.high),
            maybe(apart.and_then(|d| d.value)),
            maybe(apart.and_then(|d| d.low)),
            maybe(apart.and_then(|d| d.high)),
            maybe(ratio),
        ]
    };
    vec![
        row(
            "selection_rate",
            &rates.selection_rate,
            apart.map(|d| &d.selection_rate),
            ratio.and_then(|r| r.selection_rate),
        ),
        row(
            "true_positive_rate",
            &rates.true_positive_rate,
            apart.map(|d| &d.true_positive_rate),
            ratio.and_then(|r| r.true_positive_rate),
        ),
        row(
            "false_positive_rate",
            &rates.false_positive_rate,
            apart.map(|d| &d.false_positive_rate),
            ratio.and_then(|r| r.false_positive_rate),
        ),
        row("precision", &rates.precision, apart.map(|d| &d.precision), ratio.and_then(|r| r.precision)),
    ]
}

fn gates(model: &ModelResult) -> Vec<Vec<String>> {
    let rows = model.gates.iter().map(|gate| {
        let (column, value) = gate.segment.clone().unwrap_or_default();
        let bound = match gate.bound_used {
            Bound::Point => "point",
            Bound::Low => "low",
            Bound::High => "high",
        };
        vec![
            gate.name.clone(),
            gate.metric.clone(),
            gate.condition.clone(),
            column,
            value,
            maybe(gate.value),
            bound.to_owned(),
            maybe(gate.limit),
            maybe(gate.margin),
            truth(gate.passed),
            truth(gate.applies),
            truth(gate.required),
            gate.rows.to_string(),
            gate.reason.clone().unwrap_or_default(),
        ]
    });
    rows.collect()
}

fn losses(model: &ModelResult) -> Vec<Vec<String>> {
    let rows = model.losses.iter().map(|loss| {
        let counts = [
            loss.rows,
            loss.filled,
            loss.left_missing,
            loss.mapped,
            loss.inexact,
            loss.written_as_text,
            loss.unseen,
            loss.skipped_rows,
        ];
        [vec![loss.input.clone()], counts.map(|n| n.to_string()).into()].concat()
    });
    rows.collect()
}

fn robustness(model: &ModelResult) -> Vec<Vec<String>> {
    let Some(found) = &model.robustness else { return Vec::new() };
    let row = |feature: &str, change: &str, effect: &Effect| {
        vec![
            found.metric.clone(),
            feature.to_owned(),
            change.to_owned(),
            maybe(effect.value),
            maybe(effect.fall),
            maybe(effect.low),
            maybe(effect.high),
            effect.method.clone().unwrap_or_default(),
            effect.rows.to_string(),
            effect.skipped.to_string(),
            effect.reason.clone().unwrap_or_default(),
        ]
    };
    let of_feature = |f: &crate::validate::robustness::FeatureRobustness| {
        [("noise", &f.noise), ("missing", &f.missing), ("swap", &f.swap)].map(|(change, e)| row(&f.column, change, e))
    };
    found.features.iter().flat_map(of_feature).collect()
}

fn data_use(model: &ModelResult) -> Vec<Vec<String>> {
    let found = model.data_use.iter();
    found.map(|f| vec![f.column.clone(), f.action.word().to_owned(), f.sentence.clone()]).collect()
}

fn proxies(model: &ModelResult) -> Vec<Vec<String>> {
    let rows = model.proxies.iter().map(|proxy| {
        let measure = proxy.measure.words().to_owned();
        vec![proxy.feature.clone(), proxy.sensitive.clone(), number(proxy.strength), measure, proxy.rows.to_string()]
    });
    rows.collect()
}
