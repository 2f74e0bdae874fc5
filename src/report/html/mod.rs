//! A validation as one HTML file that stands alone: it loads nothing, runs nothing, holds aggregates only, and fits
//! screen and paper.
//!
//! It only lays out a finished [`Report`]; it measures nothing and writes no file.

mod svg;
mod write;

use super::document::document;
use crate::validate::Report;
use crate::validate::signoff::SignOff;

/// Bytes that a report may have.
pub const MOST_BYTES: usize = 1_000_000;

/// Rows of a table, tried in turn until the page is small enough.
const MOST_ROWS: [usize; 6] = [200, 100, 50, 20, 5, 1];

/// The report as HTML, under [`MOST_BYTES`]. A table shows at most 200 rows and says how many were left out; with many
/// models, fewer, and in the last resort fewer models. Names and values are escaped; rows of the data never appear.
pub fn validation_html(report: &Report) -> String {
    validation_html_signed(report, &[])
}

/// [`validation_html`] with who signed the result, for exactly which model, data, binding, policy and numbers.
pub fn validation_html_signed(report: &Report, signed: &[SignOff]) -> String {
    let mut html = String::new();
    for most in MOST_ROWS {
        html = write::page(&document(report, signed, most));
        if html.len() < MOST_BYTES {
            break;
        }
    }
    html
}

#[cfg(test)]
pub(in crate::report) mod tests;
