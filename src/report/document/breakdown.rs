//! One model in parts of the data, and how its result came about: what was skipped, bound, hashed and timed.

use super::blocks::{Block, Cell, Part, Span, Tone, facts, leading, left_out, sentence, table};
use super::requests;
use super::words::{clean, count, number, p_value, percent, short};
use crate::model::Task;
use crate::model::binding::{Fill, InputLoss};
use crate::stats::metric::title;
use crate::validate::report::metric_order;
use crate::validate::segments::{Fairness, SegmentResult, WeakSegment};
use crate::validate::{ModelResult, Report};

/// Columns of a matrix input that are named.
const MOST_COLUMNS: usize = 200;

/// Adds all of these sections of a model.
pub(super) fn add(part: &mut Part, report: &Report, result: &ModelResult, most: usize) {
    part.add("Segments", segments(result, most));
    part.add("Weakest segments", weakest(result, most));
    part.add("Groups", groups(result, most));
    part.add("Use of data", requests::data_use(report, result, most));
    part.add("Rows left out", skipped(result, most));
    part.add("Notes", notes(result, most));
    part.add("Binding", binding(result, most));
    part.add("What binding changed", losses(result, most));
    part.add("Hashes", hashes(report, result));
    part.add("Timing", timing(result));
}

fn segments(result: &ModelResult, most: usize) -> Vec<Block> {
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
        let mut row = vec![Cell::name(segment.place()), Cell::rows(segment.rows as u64, segment.few)];
        row.extend(names.iter().map(|name| Cell::measured(segment.metrics.get(*name))));
        row
    });
    let mut blocks = table(&head, rows, most, "segments with most rows");
    blocks.extend(sentence("Below each value its interval. Few: too few rows for the interval to be trusted."));
    blocks
}

fn weakest(result: &ModelResult, most: usize) -> Vec<Block> {
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
            Cell::name(weak.place()),
            Cell::count(weak.rows as u64),
            Cell::figure(percent(weak.share)),
            Cell::figure(shown(weak.loss)),
            Cell::figure(shown(weak.loss_elsewhere)),
            Cell::figure(p_value(weak.p_value)),
            Cell::figure(p_value(weak.p_corrected)),
        ]
    });
    let mut blocks = table(&head, rows, most, "weakest segments");
    blocks.extend(sentence(format!(
        "{} segments were looked at; the corrected p value accounts for that (Benjamini and Hochberg).",
        count(first.looked_at as u64)
    )));
    blocks
}

fn groups(result: &ModelResult, most: usize) -> Vec<Block> {
    if result.fairness.is_empty() {
        let none = sentence("No column was named to compare groups by.");
        return if result.task == Task::Binary { none } else { Vec::new() };
    }
    let mut blocks: Vec<Block> = result.fairness.iter().take(most).flat_map(|f| of_column(f, most)).collect();
    blocks.extend(left_out(result.fairness.len(), most, "first columns").map(Block::Note));
    blocks
}

fn of_column(fairness: &Fairness, most: usize) -> Vec<Block> {
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
        let ratio = match &group.ratio {
            Some(ratio) => Cell::number(ratio.selection_rate, "The rate of the reference group is 0"),
            None => Cell::missing("The reference group"),
        };
        vec![
            Cell::name(group.group.clone()),
            Cell::rows(group.rows, group.few),
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
            Cell::name(name),
            Cell::count(apart.groups as u64),
            Cell::number(apart.demographic_parity_difference, few),
            Cell::number(apart.demographic_parity_ratio, few),
            Cell::number(apart.equalized_odds_difference, few),
            Cell::number(apart.equalized_odds_ratio, few),
        ]
    });
    let mut blocks = vec![Block::Heading(fairness.column.clone())];
    blocks.extend(rates);
    blocks.push(Block::Note(format!("Ratio: selection rate / that of the reference group “{}”.", fairness.reference)));
    blocks.extend(table(&head, rows, all.len(), "first"));
    blocks
}

fn skipped(result: &ModelResult, most: usize) -> Vec<Block> {
    if result.skipped.is_empty() && result.rows_without_target == 0 {
        return sentence("No row was left out.");
    }
    let untold =
        (result.rows_without_target > 0).then_some(("The target is missing.", result.rows_without_target as u64));
    let reasons: Vec<(&str, u64)> =
        untold.into_iter().chain(result.skipped.iter().map(|s| (s.reason.as_str(), s.rows))).collect();
    let rows = reasons.into_iter().map(|(reason, rows)| vec![Cell::text(reason), Cell::count(rows)]);
    table(&[("Why", false), ("Rows", true)], rows, most, "first reasons")
}

fn notes(result: &ModelResult, most: usize) -> Vec<Block> {
    if result.notes.is_empty() {
        return sentence("There is nothing to note.");
    }
    let mut blocks = vec![Block::List(result.notes.iter().take(most).cloned().collect())];
    blocks.extend(left_out(result.notes.len(), most, "first notes").map(Block::Note));
    blocks
}

fn binding(result: &ModelResult, most: usize) -> Vec<Block> {
    if result.binding.inputs.is_empty() {
        return sentence("No input was bound: the predictions were already in the data.");
    }
    let head = [("Input", false), ("Column", false), ("Found", false), ("Cast", false), ("Missing values", false)];
    let rows = result.binding.inputs.iter().map(|bound| {
        let most = most.min(MOST_COLUMNS);
        let mut columns: Vec<String> = bound.columns.iter().take(most).map(|used| clean(&used.column)).collect();
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
            "" => Cell::rich(vec![Span::missing("Nothing is cast")]),
            words => Cell::text(words),
        };
        vec![
            Cell::name(bound.input.clone()),
            Cell::rich(vec![Span::listed(columns)]),
            Cell::text(bound.how.words()),
            cast,
            Cell::text(fill + unreadable),
        ]
    });
    table(&head, rows, most, "first inputs")
}

/// What binding made of the values; without examples, which are values of the data.
fn losses(result: &ModelResult, most: usize) -> Vec<Block> {
    let changed: Vec<&InputLoss> =
        result.losses.iter().filter(|loss| !loss.is_nothing() || loss.left_missing > 0).collect();
    if changed.is_empty() {
        let bound = !result.binding.inputs.is_empty();
        return if bound { sentence("Nothing: the model saw the values as they are.") } else { Vec::new() };
    }
    let head = [
        ("Input", false),
        ("Missing filled", true),
        ("Left missing", true),
        ("Mapped", true),
        ("Not exact", true),
        ("Written as text", true),
        ("Never seen", true),
        ("Rows skipped", true),
    ];
    let rows = changed.iter().map(|loss| {
        let counts = [
            loss.filled,
            loss.left_missing,
            loss.mapped,
            loss.inexact,
            loss.written_as_text,
            loss.unseen,
            loss.skipped_rows,
        ];
        let mut row = vec![Cell::name(&loss.input)];
        row.extend(counts.map(|n| Cell::count(n as u64)));
        row
    });
    let mut blocks = table(&head, rows, most, "first inputs");
    blocks.extend(sentence(
        "Values, of all columns of an input together. Not exact: another number in the model’s type. Never seen: a \
         category that the model does not know.",
    ));
    blocks
}

fn hashes(report: &Report, result: &ModelResult) -> Vec<Block> {
    let row = |what: &str, path: &str, hash: &str| {
        let hash = match hash {
            "" => Span::missing("The file was not hashed"),
            hash => Span::toned(Tone::Code, hash),
        };
        vec![Cell::name(what), Cell::text(path), Cell::rich(vec![hash])]
    };
    let rows = [row("Model", &result.path, &result.sha256), row("Data", &report.data.path, &report.data.sha256)];
    table(&[("What", false), ("File", false), ("SHA-256", false)], rows.into_iter(), 2, "first")
}

fn timing(result: &ModelResult) -> Vec<Block> {
    let seconds = |s: f64| Span::plain(format!("{} s", short(s)));
    let timing = &result.timing;
    vec![facts(vec![
        ("Reading", seconds(timing.read_s)),
        ("Scoring", seconds(timing.predict_s)),
        ("Metrics, intervals, curves", seconds(timing.metrics_s)),
        ("In all", seconds(timing.total_s)),
        ("Rows scored a second", Span::plain(number(result.rows_per_second.round()))),
    ])]
}
