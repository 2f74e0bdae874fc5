//! The page: its head, the answer first, the candidates side by side, then each model.

use super::model;
use super::tables::{Cell, facts, left_out, missing, section, sentence, table};
use super::text::{count, escape, level, moment, p_value, percent};
use crate::stats::metric::title;
use crate::validate::report::{Comparison, main_metric, smaller_is_better};
use crate::validate::{ModelResult, Report};

const STYLE: &str = include_str!("style.css");

/// The whole document, with at most `most` rows in a table.
pub(super) fn page(report: &Report, most: usize) -> String {
    let mut body = overview(report);
    body.push_str(&recommendation(report));
    body.push_str(&section("Candidates", &candidates(report, most)));
    body.push_str(&section("Paired comparison", &comparison(report, most)));
    for (place, result) in report.models.iter().take(most).enumerate() {
        body.push_str(&model::section_of(report, place, result, most));
    }
    body.push_str(&left_out(report.models.len(), most, "first models"));
    let heading = heading(report);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light \
         dark\">\n<title>Validation: {heading}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}<footer>Made \
         by ModelDeck. Aggregates only: no row of the data is in this file, and it loads nothing from elsewhere. * marks \
         a number that is weakened by what its hover text says.</footer>\n</main>\n</body>\n</html>\n"
    )
}

/// The last part of a path, of either kind of system.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(path)
}

fn heading(report: &Report) -> String {
    let models = match report.models.as_slice() {
        [] => "no model".to_owned(),
        [only] => escape(&only.name),
        [first, second] => format!("{} and {}", escape(&first.name), escape(&second.name)),
        many => format!("{} models", count(many.len() as u64)),
    };
    format!("{models} on {}", escape(file_name(&report.data.path)))
}

fn overview(report: &Report) -> String {
    let policy = match report.policy.as_deref() {
        Some(policy) => escape(policy),
        None => missing("No policy was named, so nothing was judged"),
    };
    let when =
        moment(report.created_at_ms).map_or_else(|| missing("The time is beyond the calendar"), |at| escape(&at));
    let facts = facts(&[
        ("Dataset", escape(&report.data.path)),
        ("Rows", count(report.data.rows as u64)),
        ("Columns", count(report.data.columns as u64)),
        ("Target", escape(&report.target)),
        ("When", when),
        ("Policy", policy),
        ("Intervals", level(report.level)),
        ("Seed", report.seed.to_string()),
    ]);
    format!("<header>\n<h1>Validation report</h1>\n<p class=\"dim\">{}</p>\n</header>\n", heading(report))
        + &format!("<section>\n<h3>Dataset and run</h3>\n{facts}</section>\n")
}

fn recommendation(report: &Report) -> String {
    let content = match &report.recommendation {
        Some(told) => {
            format!("<p><strong>{}</strong></p>\n<p>{}</p>\n", escape(&told.name), escape(&told.reason))
        }
        None => sentence("No model is recommended: one candidate, or nothing that tells them apart."),
    };
    format!("<section class=\"answer\">\n<h3>Recommendation</h3>\n{content}</section>\n")
}

/// The metric that the candidates are compared by.
pub(super) fn judged_by<'a>(report: &'a Report, result: &'a ModelResult) -> &'a str {
    let compared = report.comparison.first().map(|c| c.metric.as_str()).filter(|m| result.metrics.contains_key(*m));
    let against = result.against_training.as_ref().map(|a| a.metric.as_str());
    compared.or(against).unwrap_or_else(|| main_metric(result.task))
}

/// A verdict as sign and word.
pub(super) fn verdict(word: &str) -> String {
    match word {
        "pass" => "<span class=\"ok\">✓ passes</span>".to_owned(),
        "fail" => "<span class=\"alert\">✗ fails</span>".to_owned(),
        "none" | "" => "<span class=\"dim\">not judged</span>".to_owned(),
        other => escape(other),
    }
}

fn candidates(report: &Report, most: usize) -> String {
    if report.models.is_empty() {
        return sentence("No model was validated.");
    }
    let interval = format!("{} interval", level(report.level));
    let head = [
        ("Model", false),
        ("Metric", false),
        ("Value", true),
        (interval.as_str(), true),
        ("Naive", true),
        ("Training", true),
        ("Against training", false),
        ("Verdict", false),
        ("Rows", true),
    ];
    let recommended = report.recommendation.as_ref().map(|r| r.model);
    let rows = report.models.iter().enumerate().map(|(place, result)| {
        let metric = judged_by(report, result);
        let found = result.metrics.get(metric);
        let reason = found.and_then(|f| f.reason.as_deref()).unwrap_or("Not measured");
        let name = escape(&result.name);
        let taken = if recommended == Some(place) { "<small>recommended</small>" } else { "" };
        let against = match &result.against_training {
            Some(a) if a.holds => Cell::Html("<span class=\"ok\">✓ holds</span>".to_owned()),
            Some(_) => Cell::Html("<span class=\"alert\">✗ does not hold</span>".to_owned()),
            None => Cell::Html(missing("The model card names no training value of this metric")),
        };
        vec![
            Cell::Html(format!("<a href=\"#m{place}\">{name}</a>{taken}")),
            Cell::Text(title(metric).to_owned()),
            Cell::number(found.and_then(|f| f.value), reason),
            Cell::interval(found.and_then(|f| f.low), found.and_then(|f| f.high), "No interval of this metric"),
            Cell::number(result.baseline.metrics.get(metric).copied().flatten(), "The naive answer has none"),
            Cell::number(result.training.get(metric).copied(), "The model card names none"),
            against,
            Cell::Html(verdict(&result.verdict)),
            Cell::count(result.rows as u64),
        ]
    });
    table(&head, rows, most, "first models")
}

fn better_share(share: Option<f64>) -> Cell {
    match share.filter(|s| s.is_finite()) {
        Some(share) => Cell::Number(percent(share)),
        None => Cell::Missing("The test gives no probability".to_owned()),
    }
}

fn comparison(report: &Report, most: usize) -> String {
    if report.comparison.is_empty() {
        return sentence("There is nothing to compare: it takes two models with answers on the same rows.");
    }
    let interval = format!("{} interval", level(report.level));
    let head = [
        ("A", false),
        ("B", false),
        ("Metric", false),
        ("A − B", true),
        (interval.as_str(), true),
        ("p value", true),
        ("A is better", true),
        ("Test", false),
    ];
    let rows = report.comparison.iter().map(|c: &Comparison| {
        let p = c.p_value.filter(|p| p.is_finite());
        let better = if smaller_is_better(&c.metric) { " (smaller is better)" } else { "" };
        vec![
            Cell::Name(c.a.clone()),
            Cell::Name(c.b.clone()),
            Cell::Text(format!("{}{better}", title(&c.metric))),
            Cell::number(Some(c.difference), "The difference has no value"),
            Cell::interval(c.low, c.high, "The test gives no interval"),
            p.map_or_else(|| Cell::Missing("The test gives no p value".to_owned()), |p| Cell::Number(p_value(p))),
            better_share(c.p_better),
            Cell::Text(c.method.clone()),
        ]
    });
    table(&head, rows, most, "first pairs")
        + &sentence(
            "p value: two-sided, of “no difference”. A is better: probability that A is the better model, given these \
             rows.",
        )
}
