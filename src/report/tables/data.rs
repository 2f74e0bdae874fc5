//! Tables of the whole: pairs of models, and what is odd about the data.

use super::{Table, number, truth};
use crate::report::csv::number as maybe;
use crate::validate::Report;
use crate::validate::checks::{Measure, Severity};

pub(super) fn tables(report: &Report) -> Vec<Table> {
    let mut tables = vec![comparison(report), wins(report), clear_wins(report)];
    tables.extend(checks(report));
    tables
}

pub(super) fn comparison(report: &Report) -> Table {
    let head = [
        "a",
        "b",
        "metric",
        "difference",
        "low",
        "high",
        "p_value",
        "p_better",
        "method",
        "margin",
        "p_better_by_margin",
        "p_equal",
        "p_worse_by_margin",
    ];
    let rows = report.comparison.iter().map(|c| {
        vec![
            c.a.clone(),
            c.b.clone(),
            c.metric.clone(),
            number(c.difference),
            maybe(c.low),
            maybe(c.high),
            maybe(c.p_value),
            maybe(c.p_better),
            c.method.clone(),
            maybe(c.margin),
            maybe(c.p_better_by_margin),
            maybe(c.p_equal),
            maybe(c.p_worse_by_margin),
        ]
    });
    Table::new("comparison", &head, rows.collect())
}

fn wins(report: &Report) -> Table {
    let head = ["a", "b", "metric", "segments", "a_better", "b_better", "a_clear", "b_clear"];
    let rows = report.wins.iter().map(|w| {
        let counts = [w.segments, w.a_better, w.b_better, w.a_clear, w.b_clear].map(|n| n.to_string());
        [vec![w.a.clone(), w.b.clone(), w.metric.clone()], counts.into()].concat()
    });
    Table::new("wins", &head, rows.collect())
}

pub(super) fn clear_wins(report: &Report) -> Table {
    let head = ["a", "b", "metric", "column", "value", "a_wins", "value_of_a", "value_of_b", "gap", "rows"];
    let mut rows = Vec::new();
    for pair in &report.wins {
        for win in &pair.clear {
            rows.push(vec![
                pair.a.clone(),
                pair.b.clone(),
                pair.metric.clone(),
                win.column.clone(),
                win.value.clone(),
                truth(win.a_wins),
                number(win.a),
                number(win.b),
                number(win.gap),
                win.rows.to_string(),
            ]);
        }
    }
    Table::new("clear_wins", &head, rows)
}

fn checks(report: &Report) -> Vec<Table> {
    let Some(checks) = &report.checks else { return Vec::new() };
    let findings = checks.findings.iter().map(|found| {
        let severity = match found.severity {
            Severity::Ok => "ok",
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Severe => "severe",
        };
        vec![
            found.check.title().to_owned(),
            severity.to_owned(),
            found.column.clone().unwrap_or_default(),
            maybe(found.value),
            found.rows.map(|n| n.to_string()).unwrap_or_default(),
            found.examples.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            found.sentence.clone(),
        ]
    });
    let predictors = checks.predictive.iter().map(|p| {
        let measure = match p.measure {
            Measure::RocAuc => "roc_auc",
            Measure::R2 => "r2",
        };
        vec![p.column.clone(), measure.to_owned(), number(p.value), p.rows.to_string()]
    });
    let classes = checks.classes.iter();
    let classes = classes.map(|c| vec![c.class.clone(), c.rows.to_string(), number(c.share), maybe(c.reference_share)]);
    vec![
        Table::new(
            "checks",
            &["check", "severity", "column", "value", "rows", "example_rows", "sentence"],
            findings.collect(),
        ),
        Table::new("predictors", &["column", "measure", "value", "rows"], predictors.collect()),
        Table::new("classes", &["class", "rows", "share", "reference_share"], classes.collect()),
    ]
}
