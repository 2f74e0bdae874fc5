//! A validation as a PDF of A4 pages, for files and signatures: the same words, tables and charts as the HTML report.
//!
//! It only lays out a finished [`Report`]; it measures nothing and writes no file.

mod charts;
mod fonts;
mod layout;
mod lines;
mod sheet;
mod system_fonts;
mod table;
mod write;

use super::document::document;
use crate::validate::Report;
use crate::validate::signoff::SignOff;

/// Rows of a table at most; what is left out is told below it.
const MOST_ROWS: usize = 200;
/// Models with sections of their own at most.
const MANY_MODELS: usize = 20;
/// Rows of a table with more models than that.
const FEW_ROWS: usize = 20;

/// Why there is no PDF.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// The fonts that come with the program cannot be read.
    #[error("The PDF could not be made, because a font of this program is damaged. Install it again, or save HTML.")]
    Font,
    /// The document could not be written down.
    #[error("The PDF could not be made ({why}). Save the report as HTML, and print it from a browser.")]
    Write {
        /// The writer's words.
        why: String,
    },
}

/// The report as PDF, with who signed it. Letters that the fonts of this program lack are taken from a font of the
/// system, and where none has them they are written as their code points (`U+6F22`). The same report gives the same
/// bytes on the same system: the only time in it is the report's own.
///
/// # Errors
/// When a font is damaged or the document cannot be written; both say what to do.
pub fn validation_pdf(report: &Report, signed: &[SignOff]) -> Result<Vec<u8>, PdfError> {
    let most = if report.models.len() > MANY_MODELS { FEW_ROWS } else { MOST_ROWS };
    let document = document(report, signed, most);
    let fonts = fonts::Fonts::for_document(&document, &system_fonts::folders())?;
    let pages = layout::pages(&document, &fonts);
    write::bytes(&pages, &document, &fonts, report.created_at_ms)
}

#[cfg(test)]
mod tests;
