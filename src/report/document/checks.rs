//! What is odd about the data.

use super::blocks::{Block, Cell, Span, Tone, facts, leading, sentence, table};
use super::words::{count, percent};
use crate::validate::Report;
use crate::validate::checks::{Checks, Finding, Measure, Severity};

/// A severity as sign and word.
fn severity(severity: Severity) -> Span {
    match severity {
        Severity::Ok => Span::toned(Tone::Good, "✓ fine"),
        Severity::Info => Span::toned(Tone::Dim, "• to know"),
        Severity::Warning => Span::toned(Tone::Warning, "! warning"),
        Severity::Severe => Span::toned(Tone::Bad, "✗ severe"),
    }
}

/// The findings, the features that tell the target best, and the classes.
pub(super) fn checks(report: &Report, most: usize) -> Vec<Block> {
    let Some(checks) = &report.checks else { return sentence("The data were not checked before the run.") };
    let mut blocks = vec![facts(vec![
        ("Rows looked at", Span::plain(count(checks.rows as u64))),
        (
            "Rows of the reference",
            checks
                .reference_rows
                .map_or_else(|| Span::missing("No reference was given"), |rows| Span::plain(count(rows as u64))),
        ),
        ("Worst finding", severity(checks.worst())),
    ])];
    let head = [("Severity", false), ("Check", false), ("Column", false), ("What was found", false), ("Rows", true)];
    let rows = leading(&checks.findings, most, |f| f.severity).into_iter().map(|found: &Finding| {
        let column = found.column.as_deref();
        let mut told = vec![Span::plain(&found.sentence)];
        if !found.examples.is_empty() {
            let rows: Vec<String> = found.examples.iter().map(|row| count(u64::from(*row))).collect();
            told.push(Span::below(format!("row numbers, from 0: {}", rows.join(", "))));
        }
        vec![
            Cell::rich(vec![severity(found.severity)]),
            Cell::text(found.check.title()),
            column.map_or_else(|| Cell::rich(vec![Span::missing("Not about one column")]), Cell::text),
            Cell::rich(told),
            found.rows.map_or_else(|| Cell::missing("Not about single rows"), |n| Cell::count(n as u64)),
        ]
    });
    blocks.extend(table(&head, rows, most, "worst findings"));
    blocks.extend(predictors(checks, most));
    blocks.extend(classes(checks, most));
    if !checks.notes.is_empty() {
        blocks.push(Block::List(checks.notes.iter().take(most).cloned().collect()));
    }
    blocks
}

fn predictors(checks: &Checks, most: usize) -> Vec<Block> {
    if checks.predictive.is_empty() {
        return Vec::new();
    }
    let head = [("Feature", false), ("Measured by", false), ("Power", true), ("Rows", true)];
    let rows = checks.predictive.iter().map(|p| {
        // An area of 0.5 is what guessing has, so its bar begins there.
        let (measure, length) = match p.measure {
            Measure::RocAuc => ("ROC AUC", 2.0 * p.value - 1.0),
            Measure::R2 => ("R²", p.value),
        };
        vec![
            Cell::name(&p.column),
            Cell::text(measure),
            Cell::number(Some(p.value), "Not measured").bar(length),
            Cell::count(p.rows as u64),
        ]
    });
    let mut blocks = vec![Block::Heading("Features that alone tell most of the target".to_owned())];
    blocks.extend(table(&head, rows, most, "first features"));
    blocks
}

fn classes(checks: &Checks, most: usize) -> Vec<Block> {
    if checks.classes.is_empty() {
        return Vec::new();
    }
    let with_reference = checks.classes.iter().any(|c| c.reference_share.is_some());
    let mut head = vec![("Class", false), ("Rows", true), ("Share", true)];
    head.extend(with_reference.then_some(("In the reference", true)));
    let rows = leading(&checks.classes, most, |c| c.rows).into_iter().map(|c| {
        let mut row = vec![Cell::name(&c.class), Cell::count(c.rows), Cell::figure(percent(c.share)).bar(c.share)];
        row.extend(with_reference.then(|| match c.reference_share {
            Some(share) => Cell::figure(percent(share)),
            None => Cell::missing("The reference has no such share"),
        }));
        row
    });
    let mut blocks = vec![Block::Heading("Class balance".to_owned())];
    blocks.extend(table(&head, rows, most, "classes with most rows"));
    blocks
}
