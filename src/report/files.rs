//! A report as the bytes of a file, in the format that the file's ending asks for.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;

use super::html::validation_html_signed;
use super::pdf::{PdfError, validation_pdf};
use super::tables;
use crate::validate::Report;
use crate::validate::signoff::SignOff;

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One page that stands alone, `.html` or `.htm`.
    Html,
    /// All numbers at full precision, `.json`.
    Json,
    /// A4 pages, `.pdf`.
    Pdf,
    /// Every table as CSV, `.zip`.
    Zip,
}

/// Why a report has no bytes.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file's ending names no format.
    #[error(
        "{ending}A report is written as .html, .pdf, .json, or .zip with every table as CSV. Name the file with one of these endings: {}",
        path.display()
    )]
    Ending {
        /// What is wrong with the ending, as a sentence and a space; empty without an ending.
        ending: String,
        /// The file.
        path: PathBuf,
    },
    /// The PDF could not be made.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// The numbers could not be written as JSON.
    #[error("The report could not be written as JSON ({0}). Save it as HTML.")]
    Json(#[from] serde_json::Error),
    /// The tables could not be packed.
    #[error("The tables could not be packed ({0}). Save the report as HTML or JSON.")]
    Zip(#[from] zip::result::ZipError),
    /// A table could not be packed.
    #[error("The tables could not be packed ({0}). Save the report as HTML or JSON.")]
    Pack(#[from] std::io::Error),
}

impl Format {
    /// The format that a file name asks for by its ending, in upper or lower case.
    ///
    /// # Errors
    /// When the ending is none of those of a report.
    pub fn of(path: &Path) -> Result<Self, FileError> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        match ending.as_str() {
            "html" | "htm" => Ok(Self::Html),
            "json" => Ok(Self::Json),
            "pdf" => Ok(Self::Pdf),
            "zip" => Ok(Self::Zip),
            "" => Err(FileError::Ending { ending: String::new(), path: path.to_owned() }),
            other => {
                let ending = format!("“.{other}” is no format of a report. ");
                Err(FileError::Ending { ending, path: path.to_owned() })
            }
        }
    }

    /// The report in this format, with who signed it where the format tells (HTML and PDF). The same report gives the
    /// same bytes.
    ///
    /// # Errors
    /// When the PDF, the JSON or the archive cannot be made.
    pub fn bytes(self, report: &Report, signed: &[SignOff]) -> Result<Vec<u8>, FileError> {
        match self {
            Self::Html => Ok(validation_html_signed(report, signed).into_bytes()),
            Self::Json => Ok(serde_json::to_vec_pretty(report)?),
            Self::Pdf => Ok(validation_pdf(report, signed)?),
            Self::Zip => packed(report),
        }
    }
}

/// Every table in one archive; without a time of its own, so that the same report gives the same bytes.
fn packed(report: &Report) -> Result<Vec<u8>, FileError> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    for (name, text) in tables::all(report) {
        archive.start_file(name, options)?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::model::Task;
    use crate::report::html::tests::report;

    #[test]
    fn the_ending_chooses_and_an_unknown_one_is_a_sentence() {
        assert_eq!(Format::of(Path::new("a/Report.HTML")).unwrap(), Format::Html);
        assert_eq!(Format::of(Path::new("report.pdf")).unwrap(), Format::Pdf);
        let told = Format::of(Path::new("report.docx")).unwrap_err().to_string();
        assert!(told.contains("“.docx” is no format") && told.ends_with("endings: report.docx"), "{told}");
        assert!(Format::of(Path::new("report")).unwrap_err().to_string().starts_with("A report is written as .html"));
    }

    #[test]
    fn the_archive_holds_every_table_and_is_the_same_again() {
        let report = report(Task::Binary);
        let bytes = Format::Zip.bytes(&report, &[]).unwrap();
        assert_eq!(bytes, Format::Zip.bytes(&report, &[]).unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        for (name, text) in tables::all(&report) {
            let mut found = String::new();
            archive.by_name(&name).unwrap().read_to_string(&mut found).unwrap();
            assert_eq!(found, text, "{name}");
        }
    }

    #[test]
    fn json_is_the_report_itself() {
        let report = report(Task::Regression);
        let read: Report = serde_json::from_slice(&Format::Json.bytes(&report, &[]).unwrap()).unwrap();
        assert_eq!(read, report);
    }
}
