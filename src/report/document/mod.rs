//! What a report says, apart from how it is written: parts, sections, sentences, tables and charts.
//!
//! HTML and PDF lay out the same document, so neither says more than the other. It holds raw texts (whoever writes them
//! escapes them) and aggregates only, and computes nothing.

pub(in crate::report) mod blocks;
mod breakdown;
pub(in crate::report) mod chart;
mod checks;
mod model;
mod overview;
mod requests;
mod robustness;
mod signed;
mod views;
pub(in crate::report) mod words;

use blocks::Part;

use crate::validate::Report;
use crate::validate::signoff::SignOff;

/// A report ready to be laid out.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Document {
    /// What was validated on what, in a line.
    pub(in crate::report) heading: String,
    /// The whole first, then one part a model.
    pub(in crate::report) parts: Vec<Part>,
    /// What a limit on the number of models left out.
    pub(in crate::report) left_out: Option<String>,
}

/// The last words of every report.
pub(in crate::report) const LAST_WORDS: &str =
    "Made by ModelDeck. Aggregates only: no row of the data is in this file.";

/// Lays a report out with at most `most` rows in a table and `most` models.
pub(in crate::report) fn document(report: &Report, signed: &[SignOff], most: usize) -> Document {
    let mut parts = vec![overview::part(report, signed, most)];
    for (place, result) in report.models.iter().take(most).enumerate() {
        parts.push(model::part(report, place, result, most));
    }
    Document {
        heading: overview::heading(report),
        parts,
        left_out: blocks::left_out(report.models.len(), most, "first models"),
    }
}
