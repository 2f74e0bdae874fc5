//! Single features: those that say nothing, those that name the row, gaps, infinities, categories never seen.

use std::collections::HashSet;

use super::find::{Check, Examples, Finding, Severity, percent, put_columns, rows_of};
use super::rows::{MISSING, cells};
use super::{Checks, Looked};
use crate::data::table::MISSING_CODE;
use crate::data::{Column, Table, Values};
use crate::validate::ValidateError;

/// Rows after which a column with a repeated value is known to be no id.
const EARLY: usize = 1_000;

/// What was found in columns, check by check.
#[derive(Default)]
struct Found {
    empty: Vec<Finding>,
    constant: Vec<Finding>,
    ids: Vec<Finding>,
    missing: Vec<Finding>,
    infinite: Vec<Finding>,
    new: Vec<Finding>,
}

/// Adds what is found in single features.
pub(super) fn look(looked: &Looked<'_>, checks: &mut Checks) -> Result<(), ValidateError> {
    let rows = looked.table.rows();
    let (mut found, mut buffer, mut lacking) = (Found::default(), Vec::with_capacity(rows), Vec::new());
    for (place, column) in looked.features.iter().enumerate() {
        looked.go_on(0.4 + 0.15 * place as f32 / looked.features.len() as f32)?;
        if rows == 0 {
            break;
        }
        cells(column, &mut buffer);
        let gaps = buffer.iter().filter(|cell| **cell == MISSING).count();
        if gaps == rows {
            let sentence = format!(
                "“{}” has no value in any row, so the model gets nothing from it. Look whether the column was read right, or bind another one.",
                column.name
            );
            let finding = Finding::new(Check::AllMissing, Severity::Severe, sentence);
            found.empty.push(finding.of_column(&column.name).share(gaps, rows));
            continue;
        }
        found.missing.extend(missing(looked, column, gaps));
        found.constant.extend(constant(column, &buffer, looked.settings.constant));
        found.ids.extend(id(column, &buffer, rows - gaps, looked.settings.id_rows));
        found.infinite.extend(infinite(column));
        let Some(reference) = looked.reference else { continue };
        match reference.column(&column.name) {
            Some(known) => found.new.extend(new_categories(column, known, looked.settings.new_categories)),
            None => lacking.push(column.name.as_str()),
        }
    }
    if !lacking.is_empty() {
        let shown = lacking.iter().take(5).map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ");
        let more = if lacking.len() > 5 { ", …" } else { "" };
        checks.notes.push(format!("The reference lacks {shown}{more}, which were not compared with it."));
    }
    let list = &mut checks.findings;
    put_columns(list, found.empty, Check::AllMissing, "Every feature has values.");
    put_columns(list, found.constant, Check::Constant, "No feature has the same value throughout.");
    put_columns(list, found.ids, Check::Identifier, "No feature names the rows.");
    put_columns(list, found.missing, Check::MissingValues, "No feature has missing values.");
    put_columns(list, found.infinite, Check::InfiniteValues, "No feature has infinite values.");
    if looked.reference.is_some() {
        put_columns(list, found.new, Check::NewCategories, "Every category is known from the reference.");
    }
    Ok(())
}

fn missing_share(reference: Option<&Table>, name: &str) -> Option<f64> {
    let column = reference?.column(name)?;
    (!column.is_empty()).then(|| column.missing_in(0..column.len()) as f64 / column.len() as f64)
}

fn missing(looked: &Looked<'_>, column: &Column, gaps: usize) -> Option<Finding> {
    if gaps == 0 {
        return None;
    }
    let rows = column.len();
    let share = gaps as f64 / rows as f64;
    let before = missing_share(looked.reference, &column.name);
    let high = share - before.unwrap_or_default() > looked.settings.missing;
    let beside = before.map(|b| format!(", in the reference {}", percent(b))).unwrap_or_default();
    let advice = if high {
        " Look why; the model must have been trained with such gaps, or needs a value to fill in."
    } else {
        ""
    };
    let sentence = format!("“{}” is missing in {}{beside}.{advice}", column.name, rows_of(gaps, rows));
    let severity = if high { Severity::Warning } else { Severity::Info };
    Some(Finding::new(Check::MissingValues, severity, sentence).of_column(&column.name).share(gaps, rows))
}

/// Boyer and Moore's vote: the only value that can be in more than half of the rows.
fn majority(cells: &[u64]) -> Option<(u64, usize)> {
    let (mut leader, mut lead) = (None, 0_usize);
    for cell in cells {
        if leader == Some(*cell) {
            lead += 1;
        } else if lead == 0 {
            leader = Some(*cell);
            lead = 1;
        } else {
            lead -= 1;
        }
    }
    let leader = leader?;
    Some((leader, cells.iter().filter(|cell| **cell == leader).count()))
}

fn constant(column: &Column, cells: &[u64], threshold: f64) -> Option<Finding> {
    let rows = cells.len();
    let (leader, count) = majority(cells)?;
    if rows < 2 || (count as f64) < threshold * rows as f64 {
        return None;
    }
    if leader == MISSING {
        let sentence = format!(
            "“{}” has a value in {} only, so next to nothing can rest on it.",
            column.name,
            rows_of(rows - count, rows)
        );
        let finding = Finding::new(Check::Constant, Severity::Warning, sentence);
        return Some(finding.of_column(&column.name).share(count, rows));
    }
    let row = cells.iter().position(|cell| *cell == leader)?;
    let value = shortened(column.display(row).unwrap_or_default());
    let (severity, sentence) = if count == rows {
        let sentence = format!(
            "“{}” is “{value}” in every row, so these rows cannot show what the model makes of it. Look whether the data is a part of what the model will meet.",
            column.name
        );
        (Severity::Warning, sentence)
    } else {
        let sentence = format!(
            "“{}” is “{value}” in all but {}, so what the model makes of other values is hardly tested.",
            column.name,
            crate::stats::grouped::rows((rows - count) as u64)
        );
        (Severity::Info, sentence)
    };
    let mut examples = Examples::default();
    for (row, _) in (0_u32..).zip(cells).filter(|(_, cell)| **cell != leader).take(5) {
        examples.add(row);
    }
    Some(Finding::new(Check::Constant, severity, sentence).of_column(&column.name).share(count, rows).at(&examples))
}

fn shortened(mut text: String) -> String {
    if text.chars().count() > 40 {
        text = text.chars().take(39).chain(['…']).collect();
    }
    text
}

fn distinct(mut cells: Vec<u64>) -> bool {
    cells.sort_unstable();
    cells.windows(2).all(|pair| pair.first() != pair.last())
}

fn id(column: &Column, cells: &[u64], filled: usize, least: usize) -> Option<Finding> {
    let may_be = matches!(column.values, Values::Text { .. } | Values::Int { .. });
    if !may_be || filled < least.max(2) {
        return None;
    }
    let known = || cells.iter().copied().filter(|cell| *cell != MISSING);
    if !distinct(known().take(EARLY).collect()) || !distinct(known().collect()) {
        return None;
    }
    let sentence = format!(
        "“{}” has another value in each row, so it names the row and says nothing of the next one. Leave it out, unless its order means something.",
        column.name
    );
    Some(
        Finding::new(Check::Identifier, Severity::Warning, sentence)
            .of_column(&column.name)
            .share(filled, column.len()),
    )
}

fn infinite(column: &Column) -> Option<Finding> {
    let Values::Float(list) = &column.values else { return None };
    let mut examples = Examples::default();
    let mut count = 0;
    for (row, _) in (0_u32..).zip(list).filter(|(_, x)| x.is_infinite()) {
        count += 1;
        examples.add(row);
    }
    if count == 0 {
        return None;
    }
    let sentence = format!(
        "“{}” is infinite in {}, which often comes from a division by zero. Correct these values or make them missing.",
        column.name,
        rows_of(count, list.len())
    );
    let finding = Finding::new(Check::InfiniteValues, Severity::Warning, sentence);
    Some(finding.of_column(&column.name).share(count, list.len()).at(&examples))
}

fn new_categories(column: &Column, known: &Column, threshold: f64) -> Option<Finding> {
    let (Values::Text { codes, dictionary }, Values::Text { codes: known_codes, dictionary: known }) =
        (&column.values, &known.values)
    else {
        return None;
    };
    let used: HashSet<u32> = known_codes.iter().copied().collect();
    let texts: HashSet<&str> =
        (0..).zip(known.iter()).filter(|(code, _)| used.contains(code)).map(|(_, text)| text.as_str()).collect();
    let is_new: Vec<bool> = dictionary.iter().map(|text| !texts.contains(text.as_str())).collect();
    let mut counts = vec![0_usize; dictionary.len()];
    let (mut rows, mut examples) = (0, Examples::default());
    for (row, code) in (0_u32..).zip(codes).filter(|(_, code)| **code != MISSING_CODE) {
        if is_new.get(*code as usize) == Some(&true) {
            rows += 1;
            examples.add(row);
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
    }
    if rows == 0 {
        return None;
    }
    let mut new: Vec<(usize, &String)> = counts.into_iter().zip(dictionary.iter()).filter(|(n, _)| *n > 0).collect();
    new.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let shown: Vec<String> = new.iter().take(3).map(|(_, text)| format!("“{}”", shortened((*text).clone()))).collect();
    let more = if new.len() > shown.len() { format!(" and {} more", new.len() - shown.len()) } else { String::new() };
    let sentence = format!(
        "“{}” has categories that the reference does not know in {}: {}{more}. The model was not trained on them: look for another spelling, or watch the metrics of these rows.",
        column.name,
        rows_of(rows, codes.len()),
        shown.join(", ")
    );
    let high = rows as f64 > threshold * codes.len() as f64;
    let severity = if high { Severity::Warning } else { Severity::Info };
    let finding = Finding::new(Check::NewCategories, severity, sentence);
    Some(finding.of_column(&column.name).share(rows, codes.len()).at(&examples))
}
