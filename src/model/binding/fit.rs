//! Whether a column's values fit an input's type, and what is lost.

use super::Cast;
use crate::data::table::MISSING_CODE;
use crate::data::{Column, Kind, Values};
use crate::model::signature::{DType, Port};
use std::collections::BTreeMap;

/// How a column fits an input.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fit {
    pub cast: Cast,
    /// The column cannot be fed at all, as a sentence.
    pub misfit: Option<String>,
    /// Some rows cannot be fed: the first one, as a sentence without a way out.
    pub misfit_rows: Option<String>,
    /// Something worth knowing that does not stand in the way.
    pub note: Option<String>,
}

/// A text as a number; `None` when it is none. Empty text is the caller's business.
pub(crate) fn text_to_number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// A text as true or false.
pub(crate) fn text_to_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

pub(super) fn fit(column: &Column, port: &Port, is_filled: bool, map: &BTreeMap<String, String>) -> Fit {
    let dtype = &port.dtype;
    let mut fit = match (dtype, column.kind()) {
        (DType::String, Kind::Text) | (DType::Bool, Kind::Bool) => Fit::default(),
        (DType::String, Kind::Number) => Fit { cast: Cast::NumberToText, ..Fit::default() },
        (DType::String, Kind::Bool) => Fit { cast: Cast::BoolToText, ..Fit::default() },
        (DType::String, Kind::Time) => Fit { cast: Cast::TimeToText, ..Fit::default() },
        (_, Kind::Time) => Fit {
            misfit: Some(format!(
                "Column “{}” holds times, and the model's input “{}” takes {}. Choose another column, or add a column with the number the model was trained on, such as the hour.",
                column.name,
                port.name,
                plural(dtype)
            )),
            ..Fit::default()
        },
        (DType::Bool, Kind::Number) => Fit {
            cast: Cast::NumberToBool,
            misfit_rows: first_number(column, |x| x == 0.0 || x == 1.0).map(|row| misfit(column, port, row)),
            ..Fit::default()
        },
        (DType::Bool, Kind::Text) => Fit {
            cast: Cast::TextToBool,
            misfit_rows: first_text(column, map, |t| text_to_bool(t).is_some()).map(|row| misfit(column, port, row)),
            ..Fit::default()
        },
        (_, Kind::Bool) => Fit { cast: Cast::BoolToNumber, ..Fit::default() },
        (_, Kind::Text) => {
            let whole = dtype.is_whole();
            let fits = |t: &str| text_to_number(t).is_some_and(|x| !whole || x.fract() == 0.0);
            Fit {
                cast: Cast::TextToNumber,
                misfit_rows: first_text(column, map, fits).map(|row| misfit(column, port, row)),
                ..Fit::default()
            }
        }
        (_, Kind::Number) if dtype.is_whole() => Fit {
            misfit_rows: first_number(column, |x| x.fract() == 0.0).map(|row| misfit(column, port, row)),
            ..Fit::default()
        },
        (_, Kind::Number) => Fit::default(),
    };
    fit.note = gaps(column, port, is_filled);
    fit
}

fn plural(dtype: &DType) -> &'static str {
    match dtype {
        DType::String => "text",
        DType::Bool => "true or false",
        t if t.is_whole() => "whole numbers",
        _ => "numbers",
    }
}

fn misfit(column: &Column, port: &Port, row: usize) -> String {
    let mut value = column.display(row).unwrap_or_default();
    if value.chars().count() > 40 {
        value = value.chars().take(39).chain(['…']).collect();
    }
    format!(
        "Column “{}” has “{value}” in row {}, and the model's input “{}” takes {}.",
        column.name,
        row + 1,
        port.name,
        plural(&port.dtype)
    )
}

/// The first row with a number that does not pass.
fn first_number(column: &Column, passes: impl Fn(f64) -> bool) -> Option<usize> {
    match &column.values {
        Values::Float(values) => values.iter().position(|x| !x.is_nan() && !passes(*x)),
        Values::Int { .. } => (0..column.len()).find(|row| column.number(*row).is_some_and(|x| !passes(x))),
        _ => None,
    }
}

/// The first row with a text that is not empty and does not pass once it is mapped; each distinct text is looked at
/// once.
fn first_text(column: &Column, map: &BTreeMap<String, String>, passes: impl Fn(&str) -> bool) -> Option<usize> {
    let Values::Text { codes, dictionary } = &column.values else { return None };
    let good: Vec<bool> =
        dictionary.iter().map(|t| map.get(t).unwrap_or(t)).map(|t| t.trim().is_empty() || passes(t)).collect();
    codes.iter().position(|c| *c != MISSING_CODE && good.get(*c as usize) == Some(&false))
}

fn gaps(column: &Column, port: &Port, is_filled: bool) -> Option<String> {
    let missing = column.missing_in(0..column.len());
    if missing == 0 || is_filled {
        return None;
    }
    if missing == column.len() {
        return Some(format!(
            "Column “{}” has no value in any row, so the model's input “{}” gets nothing to go by. Choose another column, or set a value to fill in.",
            column.name, port.name
        ));
    }
    (port.dtype.is_whole() || port.dtype == DType::Bool).then(|| {
        format!(
            "{missing} of {} rows have no value in column “{}”, and the model's input “{}” takes {} without gaps. These rows are skipped unless a value to fill in is set.",
            column.len(), column.name, port.name, plural(&port.dtype)
        )
    })
}
