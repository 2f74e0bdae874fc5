//! A validation as one HTML file that stands alone: it loads nothing, runs nothing, holds aggregates only, and fits
//! screen (light and dark) and paper.
//!
//! It only lays out a finished [`Report`]; it measures nothing and writes no file.

mod breakdown;
mod model;
mod page;
mod svg;
mod tables;
mod text;

use crate::validate::Report;

/// Bytes that a report may have.
pub const MOST_BYTES: usize = 1_000_000;

/// Rows of a table, tried in turn until the page is small enough.
const MOST_ROWS: [usize; 6] = [200, 100, 50, 20, 5, 1];

/// The report as HTML, under [`MOST_BYTES`]. A table shows at most 200 rows and says how many were left out; with many
/// models, fewer, and in the last resort fewer models. Names and values are escaped; rows of the data never appear.
pub fn validation_html(report: &Report) -> String {
    let mut html = String::new();
    for most in MOST_ROWS {
        html = page::page(report, most);
        if html.len() < MOST_BYTES {
            break;
        }
    }
    html
}

#[cfg(test)]
mod tests;
