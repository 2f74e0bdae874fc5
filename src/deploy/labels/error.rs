//! What can go wrong with labels, each as a sentence with a way out.

use std::path::{Path, PathBuf};

use crate::data::DataError;
use crate::deploy::capture::CaptureError;

/// Labels could not be taken or read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LabelError {
    /// The database refused.
    #[error("The labels cannot be kept or read ({reason}). Check that the disk has room and that you may write there: {}", path.display())]
    Database {
        /// What it said.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// A database of a later version of this program.
    #[error("The labels were written by a newer version ({found}; this one knows {known}). Update this program: {}", path.display())]
    Newer {
        /// Its version.
        found: i64,
        /// The version that is known.
        known: i64,
        /// The file.
        path: PathBuf,
    },
    /// An id or a truth that no one can mean.
    #[error(
        "The {what} of a label is empty or longer than {most} bytes. Send the id of a request, and a class or a number."
    )]
    OutOfBounds {
        /// Which part.
        what: &'static str,
        /// The most bytes.
        most: usize,
    },
    /// A column that a file of labels must have.
    #[error("The file has no column “{column}”. Labels need “id” (or “prediction_id”), “truth”, and “row” when requests had several rows: {}", path.display())]
    NoColumn {
        /// The column.
        column: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A row number that is none.
    #[error("In line {line} of the rows, “{value}” is no row number. Write 0 for the first row of a request: {}", path.display())]
    BadRow {
        /// Which row of the file, from 1, without the header.
        line: usize,
        /// What stands there.
        value: String,
        /// The file.
        path: PathBuf,
    },
    /// A table could not be read or made.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The capture could not be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The known requests could not be asked for.
    #[error("Whether the labels' predictions were given cannot be told: {0}")]
    Known(String),
}

impl LabelError {
    pub(super) fn sql(path: &Path, error: &rusqlite::Error) -> Self {
        Self::Database { reason: error.to_string(), path: path.to_owned() }
    }
}
