//! Columns turned into another kind by a person's order.

use super::read::ReadOptions;
use super::table::MISSING_TIME;
use super::text::counted;
use super::{Column, DataError, Table, Values, values};

/// The column as text: every value as [`Column::display`] writes it.
pub fn to_text(column: &Column) -> Column {
    if matches!(column.values, Values::Text { .. }) {
        return column.clone();
    }
    let rows = (0..column.len()).map(|row| column.display(row));
    Column::new(column.name.clone(), Values::text(rows))
}

/// The column as decimal numbers, and the number of its texts that are none and became missing.
pub fn to_number(column: &Column) -> (Column, usize) {
    let Values::Text { codes, dictionary } = &column.values else {
        return match &column.values {
            Values::Float(_) | Values::Int { .. } => (column.clone(), 0),
            _ => {
                let list = (0..column.len()).map(|row| column.number(row).unwrap_or(f64::NAN)).collect();
                (Column::new(column.name.clone(), Values::Float(list)), 0)
            }
        };
    };
    let parsed: Vec<Option<f64>> = dictionary.iter().map(|text| number_or_missing(text)).collect();
    let mut bad = 0;
    let list = codes
        .iter()
        .map(|code| match parsed.get(*code as usize) {
            Some(Some(x)) => *x,
            Some(None) => {
                bad += 1;
                f64::NAN
            }
            None => f64::NAN,
        })
        .collect();
    (Column::new(column.name.clone(), Values::Float(list)), bad)
}

/// NaN for a word or blank that means missing; `None` for what is no number.
fn number_or_missing(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.is_empty() || values::is_missing_word(text) { Some(f64::NAN) } else { values::float(text, false) }
}

/// Kinds ordered by the options, for formats that bring their own.
pub(crate) fn apply_kinds(table: Table, options: &ReadOptions, notes: &mut Vec<String>) -> Result<Table, DataError> {
    if options.categorical.is_empty() && options.numeric.is_empty() {
        return Ok(table);
    }
    let columns = table.columns().iter().map(|column| {
        if options.categorical.contains(&column.name) {
            to_text(column)
        } else if options.numeric.contains(&column.name) {
            let (made, bad) = to_number(column);
            if bad > 0 {
                let count = counted(bad, "value is no number and is", "values are no numbers and are");
                notes.push(format!("Column “{}”: {count} treated as missing.", column.name));
            }
            made
        } else {
            column.clone()
        }
    });
    Table::new(columns.collect())
}

/// The error of a column that is not in the table, with the first names that are.
pub fn not_found(name: &str, table: &Table) -> DataError {
    const SHOWN: usize = 20;
    let names: Vec<&str> = table.columns().iter().take(SHOWN).map(|c| c.name.as_str()).collect();
    let more = if table.columns().len() > SHOWN { ", …" } else { "" };
    DataError::ColumnNotFound { column: name.to_owned(), known: names.join(", ") + more }
}

/// A moment from a number of units since 1970-01-01, where `per_ms` units make a millisecond.
pub(crate) fn milliseconds(value: Option<i64>, per_ms: i64) -> i64 {
    value.map_or(MISSING_TIME, |value| value.div_euclid(per_ms.max(1)))
}
