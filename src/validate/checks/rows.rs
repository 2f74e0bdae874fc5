//! Whole rows: repeated ones, contradicting ones, and those that the reference has too.
//!
//! Rows are compared by 64-bit hashes of their cells, one for the features and one for the target. Two different rows
//! of a million share a hash with a chance of 1 in 40 million, which no count here would show.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::find::{Check, Examples, Finding, Severity, percent, rows_of};
use super::leakage::is_number;
use super::{Checks, Looked};
use crate::data::table::{MISSING_CODE, MISSING_TIME};
use crate::data::{Column, Table, Values};
use crate::stats::grouped;
use crate::validate::ValidateError;

/// The hash of a missing cell.
pub(super) const MISSING: u64 = 0x6D69_7373_696E_6721;
/// Share of conflicting rows that a number as target is allowed on top.
const USUAL_CONFLICTS: f64 = 0.05;

/// A number as a hash: equal numbers are equal whether they are written whole or decimal.
fn of_float(x: f64) -> u64 {
    // −0 and 0 are one number.
    if x.is_nan() { MISSING } else { (x + 0.0).to_bits() }
}

fn of_int(x: i64) -> u64 {
    // Beyond 2⁵³ not every whole number is a decimal one.
    if x.unsigned_abs() <= 1 << 53 { of_float(x as f64) } else { mixed(1, x as u64) }
}

/// One more cell of a row.
pub(super) fn mixed(row: u64, cell: u64) -> u64 {
    let z = (row.rotate_left(23) ^ cell).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 32)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 29)
}

/// Each cell of a column as a hash, equal for equal values of any table.
pub(super) fn cells(column: &Column, into: &mut Vec<u64>) {
    into.clear();
    match &column.values {
        Values::Float(list) => into.extend(list.iter().map(|x| of_float(*x))),
        Values::Int { values, valid: None } => into.extend(values.iter().map(|x| of_int(*x))),
        Values::Int { values, valid: Some(valid) } => {
            into.extend(values.iter().zip(valid).map(|(x, valid)| if *valid { of_int(*x) } else { MISSING }));
        }
        Values::Bool(list) => {
            into.extend(list.iter().map(|x| if *x > 1 { MISSING } else { of_float(f64::from(*x)) }));
        }
        Values::Text { codes, dictionary } => {
            let hashes: Vec<u64> = dictionary
                .iter()
                .map(|text| {
                    let mut hasher = DefaultHasher::new();
                    text.hash(&mut hasher);
                    hasher.finish()
                })
                .collect();
            into.extend(codes.iter().map(|code| match *code {
                MISSING_CODE => MISSING,
                code => hashes.get(code as usize).copied().unwrap_or(MISSING),
            }));
        }
        Values::Time(list) => {
            into.extend(list.iter().map(|t| if *t == MISSING_TIME { MISSING } else { mixed(2, *t as u64) }));
        }
    }
}

/// A row as its hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    features: u64,
    target: u64,
    place: u32,
}

fn sorted(looked: &Looked<'_>, features: &[&Column], target: &Column) -> Result<Vec<Row>, ValidateError> {
    let mut buffer = Vec::with_capacity(target.len());
    cells(target, &mut buffer);
    let mut rows: Vec<Row> =
        (0..).zip(&buffer).map(|(place, target)| Row { features: 0, target: *target, place }).collect();
    for column in features {
        if looked.watch.cancelled() {
            return Err(ValidateError::Cancelled);
        }
        cells(column, &mut buffer);
        for (row, cell) in rows.iter_mut().zip(&buffer) {
            row.features = mixed(row.features, *cell);
        }
    }
    rows.sort_unstable();
    if looked.watch.cancelled() {
        return Err(ValidateError::Cancelled);
    }
    Ok(rows)
}

fn same(a: &Row, b: &Row) -> bool {
    (a.features, a.target) == (b.features, b.target)
}

/// Rows that repeat another one, which has a smaller number.
fn copies(rows: &[Row], mut each: impl FnMut(u32)) -> usize {
    let pairs = rows.iter().zip(rows.iter().skip(1)).filter(|(a, b)| same(a, b));
    pairs.map(|(_, copy)| each(copy.place)).count()
}

/// Adds what is found in rows.
pub(super) fn look(looked: &Looked<'_>, checks: &mut Checks) -> Result<(), ValidateError> {
    if looked.features.is_empty() {
        checks.notes.push("No feature is known, so rows were not compared.".to_owned());
        return Ok(());
    }
    let rows = sorted(looked, &looked.features, looked.target)?;
    let mut examples = Examples::default();
    let repeated = copies(&rows, |row| examples.add(row));
    checks.findings.push(duplicates(repeated, rows.len(), &examples, looked.settings.duplicates));
    checks.findings.push(conflicts(&rows, looked));
    if let Some(reference) = looked.reference {
        let found = overlap(looked, reference, &rows, repeated)?;
        checks.findings.push(found);
    }
    Ok(())
}

fn duplicates(repeated: usize, rows: usize, examples: &Examples, threshold: f64) -> Finding {
    if repeated == 0 {
        return Finding::fine(Check::Duplicates, "No row stands twice.").share(0, rows);
    }
    let high = repeated as f64 > threshold * rows as f64;
    let sentence = if high {
        format!(
            "{} repeat an earlier row in all features and the target. They count several times in every metric and make the intervals too narrow: remove the copies, unless each is an event of its own.",
            rows_of(repeated, rows)
        )
    } else {
        format!("{} repeat an earlier row in all features and the target.", rows_of(repeated, rows))
    };
    let severity = if high { Severity::Warning } else { Severity::Info };
    Finding::new(Check::Duplicates, severity, sentence).share(repeated, rows).at(examples)
}

fn conflicts(rows: &[Row], looked: &Looked<'_>) -> Finding {
    let mut examples = Examples::default();
    let (mut concerned, mut groups) = (0, 0_u64);
    for group in rows.chunk_by(|a, b| a.features == b.features) {
        // A missing target contradicts nothing.
        let known = || group.iter().filter(|row| row.target != MISSING);
        let first = known().next().map(|row| row.target);
        if known().any(|row| Some(row.target) != first) {
            groups += 1;
            concerned += known().count();
            known().take(2).for_each(|row| examples.add(row.place));
        }
    }
    if concerned == 0 {
        let fine = "No two rows have equal features and different targets.";
        return Finding::fine(Check::ConflictingLabels, fine).share(0, rows.len());
    }
    let number = is_number(looked.target, looked.settings);
    let threshold = looked.settings.conflicts + if number { USUAL_CONFLICTS } else { 0.0 };
    let severity = if concerned as f64 > threshold * rows.len() as f64 { Severity::Warning } else { Severity::Info };
    let advice = if number {
        "No model can tell them apart, so this part of the error cannot be learned away: look whether a feature is missing that would."
    } else {
        "No model can be right on all of them: correct the labels, or add what tells these rows apart."
    };
    let sentence = format!(
        "{} have the same features as another row and a different target, in {} group{}. {advice}",
        rows_of(concerned, rows.len()),
        grouped::grouped(&groups.to_string()),
        if groups == 1 { "" } else { "s" },
    );
    Finding::new(Check::ConflictingLabels, severity, sentence).share(concerned, rows.len()).at(&examples)
}

fn overlap(looked: &Looked<'_>, reference: &Table, rows: &[Row], repeated: usize) -> Result<Finding, ValidateError> {
    let known = |column: &&Column| reference.column(&column.name);
    let features: Option<Vec<&Column>> = looked.features.iter().map(known).collect();
    let (Some(features), Some(target)) = (features, known(&looked.target)) else {
        let lacking = looked.features.iter().chain([&looked.target]).find(|c| known(c).is_none());
        let sentence = format!(
            "The reference has no column “{}”, so its rows cannot be looked for here. Choose a reference with the same columns.",
            lacking.map_or("", |c| c.name.as_str())
        );
        return Ok(Finding::new(Check::ReferenceOverlap, Severity::Info, sentence));
    };
    let others = sorted(looked, &features, target)?;
    let mut examples = Examples::default();
    let (mut also, mut at) = (0, 0);
    for row in rows {
        let here = (row.features, row.target);
        while others.get(at).is_some_and(|other| (other.features, other.target) < here) {
            at += 1;
        }
        if others.get(at).is_some_and(|other| same(other, row)) {
            also += 1;
            examples.add(row.place);
        }
    }
    if also == 0 {
        return Ok(Finding::fine(Check::ReferenceOverlap, "No row also stands in the reference.").share(0, rows.len()));
    }
    let share = also as f64 / rows.len().max(1) as f64;
    let own = copies(&others, |_| {}) as f64 / others.len().max(1) as f64;
    let own = own.max(repeated as f64 / rows.len().max(1) as f64);
    // Where rows repeat each other anyway, as with few columns of few values, meeting them again is no sign of leakage.
    let by_chance = own >= share / 2.0;
    let severity = if by_chance {
        Severity::Info
    } else if share > looked.settings.overlap {
        Severity::Severe
    } else {
        Severity::Warning
    };
    let counted = rows_of(also, rows.len());
    let sentence = if by_chance {
        format!(
            "{counted} also stand in the reference. Rows repeat each other within the data just as often ({}), so this may be chance.",
            percent(own)
        )
    } else {
        format!(
            "{counted} also stand in the reference. A model that was trained on the reference knows them by heart, and every metric here is too good: leave these rows out."
        )
    };
    Ok(Finding::new(Check::ReferenceOverlap, severity, sentence).share(also, rows.len()).at(&examples))
}
