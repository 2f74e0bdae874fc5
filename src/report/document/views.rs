//! What the answers look like beyond the curves.

use super::blocks::{Block, Cell, Span, facts, leading, sentence, table};
use super::chart;
use super::model::class_name;
use super::words::{count, number};
use crate::model::Task;
use crate::validate::views::ClassAgainstRest;
use crate::validate::{MetricValue, ModelResult};

/// Classes whose curves are drawn: more cannot be told apart.
const MOST_CURVES: usize = 6;

/// How the scores spread.
pub(super) fn scores(place: usize, result: &ModelResult) -> Vec<Block> {
    let Some(found) = result.views.as_ref().and_then(|v| v.scores.as_ref()) else { return Vec::new() };
    let names: Vec<String> = found.groups.iter().map(|group| class_name(result, &group.name)).collect();
    let (meaning, threshold) = match result.task {
        Task::Multiclass => (chart::Scores::ByAnswer, None),
        _ => (chart::Scores::ByClass, result.threshold),
    };
    match chart::scores(&format!("c{place}-scores"), found, &names, meaning, threshold) {
        Some(chart) => vec![Block::Charts(vec![chart])],
        None => sentence("There is no histogram of scores: no row has one."),
    }
}

/// How the errors of a regression spread.
pub(super) fn errors(place: usize, result: &ModelResult) -> Vec<Block> {
    let id = |kind: &str| format!("c{place}-{kind}");
    let told = result.views.as_ref().and_then(|v| v.residual_views.as_ref());
    let Some(told) = told else {
        let Some(residuals) = &result.residuals else { return Vec::new() };
        return match chart::errors(&id("errors"), &residuals.histogram) {
            Some(chart) => vec![Block::Charts(vec![chart])],
            None => sentence("There is no histogram of errors: there are no rows, or the errors are all alike."),
        };
    };
    let edges = told.histogram.edges.iter().zip(told.histogram.edges.iter().skip(1));
    let bins: Vec<(f64, f64, u64)> =
        edges.zip(&told.histogram.rows).map(|((low, high), rows)| (*low, *high, *rows)).collect();
    let mut charts: Vec<_> = chart::errors(&id("errors"), &bins).into_iter().collect();
    charts.extend(chart::normal_quantiles(&id("quantiles"), &told.normal_quantiles));
    let deviation = told.deviation.filter(|d| d.is_finite());
    let mut blocks = vec![facts(vec![
        ("Mean error", Span::plain(number(told.mean))),
        (
            "Standard deviation",
            deviation.map_or_else(|| Span::missing("It takes two rows"), |d| Span::plain(number(d))),
        ),
        ("Rows below the histogram", Span::plain(count(told.histogram.below))),
        ("Rows above it", Span::plain(count(told.histogram.above))),
    ])];
    if charts.is_empty() {
        blocks.extend(sentence("There is no histogram of errors: they are all alike."));
    } else {
        blocks.push(Block::Charts(charts));
    }
    blocks
}

/// Areas of each class against the rest, averages, and the curves of the most frequent classes.
pub(super) fn one_vs_rest(place: usize, result: &ModelResult, most: usize) -> Vec<Block> {
    let Some(found) = result.views.as_ref().and_then(|v| v.one_vs_rest.as_ref()) else { return Vec::new() };
    if found.classes.is_empty() {
        return sentence("There are no areas: the model gives classes without probabilities.");
    }
    let with_roc = |c: &&ClassAgainstRest| c.roc.is_some();
    let mut drawn: Vec<&ClassAgainstRest> = found.classes.iter().filter(with_roc).collect();
    drawn.sort_by_key(|c| std::cmp::Reverse(c.rows));
    drawn.truncate(MOST_CURVES);
    let named: Vec<(String, &ClassAgainstRest)> =
        drawn.into_iter().map(|c| (class_name(result, &c.class), c)).collect();
    let mut blocks = Vec::new();
    if !named.is_empty() {
        blocks.push(Block::Charts(vec![
            chart::rocs(&format!("c{place}-rocs"), &named),
            chart::precision_recalls(&format!("c{place}-prs"), &named),
        ]));
        if found.classes.len() > named.len() {
            blocks.extend(sentence(format!(
                "Curves of the {} classes with most rows; those of {} more are left out.",
                named.len(),
                count((found.classes.len() - named.len()) as u64)
            )));
        }
    }
    let head = [("Class", false), ("Rows", true), ("ROC AUC", true), ("Average precision", true)];
    let rows = leading(&found.classes, most, |c| c.rows).into_iter().map(|c| {
        vec![
            Cell::name(class_name(result, &c.class)),
            Cell::count(c.rows),
            Cell::measured(Some(&c.roc_auc)),
            Cell::measured(Some(&c.average_precision)),
        ]
    });
    blocks.extend(table(&head, rows, most, "classes with most rows"));
    let average = |name: &str, value: &MetricValue| {
        let words = value.value.filter(|v| v.is_finite()).map(number);
        let span = words.map_or_else(|| Span::missing(value.reason.as_deref().unwrap_or("No value here")), Span::plain);
        (name.to_owned(), vec![span])
    };
    blocks.push(Block::Facts(vec![
        average("Average precision, macro", &found.average_precision_macro),
        average("ROC AUC, micro", &found.micro.roc_auc),
        average("Precision, recall and F1, micro", &found.micro.f1),
    ]));
    blocks
}

/// The largest losses as numbers, without the rows' data.
pub(super) fn worst(result: &ModelResult) -> Vec<Block> {
    let worst = result.views.as_ref().map(|v| v.worst.as_slice()).unwrap_or_default();
    let (Some(first), Some(last), Some(middle)) = (worst.first(), worst.last(), worst.get(worst.len() / 2)) else {
        return Vec::new();
    };
    let sum: f64 = worst.iter().map(|row| row.loss).sum();
    let rows: Vec<String> = worst.iter().map(|row| count(u64::from(row.row)).replace(',', "")).collect();
    vec![
        facts(vec![
            ("Rows", Span::plain(count(worst.len() as u64))),
            ("Largest loss", Span::plain(number(first.loss))),
            ("Median of these", Span::plain(number(middle.loss))),
            ("Smallest of these", Span::plain(number(last.loss))),
            ("Mean of these", Span::plain(number(sum / worst.len() as f64))),
        ]),
        Block::Line(vec![
            Span::plain("Row numbers in the table, the largest loss first (the first row is 0): "),
            Span::listed(rows),
        ]),
        Block::Note(
            "Loss: log loss with probabilities, 1 for a wrong class, the absolute error of a number.".to_owned(),
        ),
    ]
}
