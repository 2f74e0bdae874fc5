//! One model in parts of the data, and how its result came about: what was skipped, bound, hashed and timed.

use super::tables::{Cell, facts, leading, left_out, missing, section, sentence, table};
use super::text::{count, escape, number, p_value, percent, short};
use crate::model::Task;
use crate::model::binding::Fill;
use crate::stats::metric::title;
use crate::validate::report::metric_order;
use crate::validate::segments::{Fairness, SegmentResult, WeakSegment};
use crate::validate::{ModelResult, Report};

/// Columns of a matrix input that are named.
const MOST_COLUMNS: usize = 200;

/// All of these sections of a model.
pub(super) fn sections(report: &Report, result: &ModelResult, most: usize) -> String {
    [
        section("Segments", &segments(result, most)),
        section("Weakest segments", &weakest(result, most)),
        section("Groups", &groups(result, most)),
        section("Rows left out", &skipped(result, most)),
        section("Notes", &notes(result, most)),
        section("Binding", &binding(result, most)),
        section("Hashes", &hashes(report, result)),
        section("Timing", &timing(result)),
    ]
    .concat()
}

fn segments(result: &ModelResult, most: usize) -> String {
    if result.segments.is_empty() {
        return sentence("No column was named to be looked at by segment.");
    }
    let names: Vec<&str> = metric_order(result.task)
        .iter()
        .copied()
        .filter(|name| result.segments.iter().any(|s| s.metrics.contains_key(*name)))
        .collect();
    let mut head = vec![("Segment", false), ("Rows", true)];
    head.extend(names.iter().map(|name| (title(name), true)));
    let rows = leading(&result.segments, most, |s| s.rows).into_iter().map(|segment: &SegmentResult| {
        let few = if segment.few { "<small class=\"warning\">few</small>" } else { "" };
        let mut row = vec![Cell::Name(segment.place()), Cell::Number(format!("{}{few}", count(segment.rows as u64)))];
        row.extend(names.iter().map(|name| Cell::measured(segment.metrics.get(*name))));
        row
    });
    table(&head, rows, most, "segments with most rows")
        + &sentence("Below each value its interval. Few: too few rows for the interval to be trusted.")
}

fn weakest(result: &ModelResult, most: usize) -> String {
    let Some(first) = result.weak_segments.first() else {
        return sentence(
            "No segment was found where the model loses significantly more than elsewhere, or none was searched for.",
        );
    };
    let loss = if result.task == Task::Regression { "Mean absolute error" } else { "Wrong" };
    let shown = |loss: f64| if result.task == Task::Regression { number(loss) } else { percent(loss) };
    let head = [
        ("Segment", false),
        ("Rows", true),
        ("Share", true),
        (loss, true),
        ("Elsewhere", true),
        ("p value", true),
        ("Corrected", true),
    ];
    let rows = result.weak_segments.iter().map(|weak: &WeakSegment| {
        vec![
            Cell::Name(weak.place()),
            Cell::count(weak.rows as u64),
            Cell::Number(percent(weak.share)),
            Cell::Number(shown(weak.loss)),
            Cell::Number(shown(weak.loss_elsewhere)),
            Cell::Number(p_value(weak.p_value)),
            Cell::Number(p_value(weak.p_corrected)),
        ]
    });
    table(&head, rows, most, "weakest segments")
        + &sentence(&format!(
            "{} segments were looked at; the corrected p value accounts for that (Benjamini and Hochberg).",
            count(first.looked_at as u64)
        ))
}

fn groups(result: &ModelResult, most: usize) -> String {
    if result.fairness.is_empty() {
        let none = sentence("No column was named to compare groups by.");
        return if result.task == Task::Binary { none } else { String::new() };
    }
    let parts: Vec<String> = result.fairness.iter().take(most).map(|fairness| of_column(fairness, most)).collect();
    parts.concat() + &left_out(result.fairness.len(), most, "first columns")
}

fn of_column(fairness: &Fairness, most: usize) -> String {
    let head = [
        ("Group", false),
        ("Rows", true),
        ("Positive", true),
        ("Said positive", true),
        ("Selection rate", true),
        ("Ratio", true),
        ("True positive rate", true),
        ("False positive rate", true),
        ("Precision", true),
    ];
    let rows = leading(&fairness.groups, most, |group| group.rows).into_iter().map(|group| {
        let few = if group.few { "<small class=\"warning\">few</small>" } else { "" };
        let ratio = match &group.ratio {
            Some(ratio) => Cell::number(ratio.selection_rate, "The rate of the reference group is 0"),
            None => Cell::Missing("The reference group".to_owned()),
        };
        vec![
            Cell::Name(group.group.clone()),
            Cell::Number(format!("{}{few}", count(group.rows))),
            Cell::count(group.positives),
            Cell::count(group.selected),
            Cell::measured(Some(&group.rates.selection_rate)),
            ratio,
            Cell::measured(Some(&group.rates.true_positive_rate)),
            Cell::measured(Some(&group.rates.false_positive_rate)),
            Cell::measured(Some(&group.rates.precision)),
        ]
    });
    let rates = table(&head, rows, most, "groups with most rows");
    let head = [
        ("Over", false),
        ("Groups", true),
        ("Demographic parity difference", true),
        ("Ratio", true),
        ("Equalized odds difference", true),
        ("Ratio", true),
    ];
    let few = "Fewer than two groups have this rate";
    let all = [("all groups", &fairness.all), ("groups of 30 rows or more", &fairness.without_few)];
    let rows = all.into_iter().map(|(name, apart)| {
        vec![
            Cell::Name(name.to_owned()),
            Cell::count(apart.groups as u64),
            Cell::number(apart.demographic_parity_difference, few),
            Cell::number(apart.demographic_parity_ratio, few),
            Cell::number(apart.equalized_odds_difference, few),
            Cell::number(apart.equalized_odds_ratio, few),
        ]
    });
    let apart = table(&head, rows, all.len(), "first");
    let column = escape(&fairness.column);
    let reference = sentence(&format!("Ratio: selection rate / that of the reference group “{}”.", fairness.reference));
    format!("<h4>{column}</h4>\n{rates}{reference}{apart}")
}

fn skipped(result: &ModelResult, most: usize) -> String {
    if result.skipped.is_empty() && result.rows_without_target == 0 {
        return sentence("No row was left out.");
    }
    let untold =
        (result.rows_without_target > 0).then_some(("The target is missing.", result.rows_without_target as u64));
    let reasons: Vec<(&str, u64)> =
        untold.into_iter().chain(result.skipped.iter().map(|s| (s.reason.as_str(), s.rows))).collect();
    let rows = reasons.into_iter().map(|(reason, rows)| vec![Cell::Text(reason.to_owned()), Cell::count(rows)]);
    table(&[("Why", false), ("Rows", true)], rows, most, "first reasons")
}

fn notes(result: &ModelResult, most: usize) -> String {
    if result.notes.is_empty() {
        return sentence("There is nothing to note.");
    }
    let items: Vec<String> =
        result.notes.iter().take(most).map(|note| format!("<li>{}</li>\n", escape(note))).collect();
    ["<ul>\n", &items.concat(), "</ul>\n", &left_out(result.notes.len(), most, "first notes")].concat()
}

fn binding(result: &ModelResult, most: usize) -> String {
    if result.binding.inputs.is_empty() {
        return sentence("No input was bound: the predictions were already in the data.");
    }
    let head = [("Input", false), ("Column", false), ("Found", false), ("Cast", false), ("Missing values", false)];
    let rows = result.binding.inputs.iter().map(|bound| {
        let most = most.min(MOST_COLUMNS);
        let mut columns: Vec<String> = bound.columns.iter().take(most).map(|used| escape(&used.column)).collect();
        if bound.columns.len() > most {
            columns.push(format!("and {} more", count((bound.columns.len() - most) as u64)));
        }
        let fill = match &bound.fill {
            Some(Fill::Bool(value)) => format!("filled with {value}"),
            Some(Fill::Number(value)) => format!("filled with {}", short(*value)),
            Some(Fill::Text(text)) => format!("filled with “{text}”"),
            None => "left to the model, or skipped".to_owned(),
        };
        let unreadable = if bound.skip_unreadable { "; unreadable rows skipped" } else { "" };
        let cast = match bound.cast.words() {
            "" => Cell::Html(missing("Nothing is cast")),
            words => Cell::Text(words.to_owned()),
        };
        vec![
            Cell::Name(bound.input.clone()),
            Cell::Html(columns.join(", ")),
            Cell::Text(bound.how.words().to_owned()),
            cast,
            Cell::Text(fill + unreadable),
        ]
    });
    table(&head, rows, most, "first inputs")
}

fn hashes(report: &Report, result: &ModelResult) -> String {
    let row = |what: &str, path: &str, hash: &str| {
        let hash = match hash {
            "" => missing("The file was not hashed"),
            hash => format!("<span class=\"hash\">{}</span>", escape(hash)),
        };
        vec![Cell::Name(what.to_owned()), Cell::Text(path.to_owned()), Cell::Html(hash)]
    };
    let rows = [row("Model", &result.path, &result.sha256), row("Data", &report.data.path, &report.data.sha256)];
    table(&[("What", false), ("File", false), ("SHA-256", false)], rows.into_iter(), 2, "first")
}

fn timing(result: &ModelResult) -> String {
    let seconds = |s: f64| format!("{} s", short(s));
    let timing = &result.timing;
    facts(&[
        ("Reading", seconds(timing.read_s)),
        ("Scoring", seconds(timing.predict_s)),
        ("Metrics, intervals, curves", seconds(timing.metrics_s)),
        ("In all", seconds(timing.total_s)),
        ("Rows scored a second", number(result.rows_per_second.round())),
    ])
}
