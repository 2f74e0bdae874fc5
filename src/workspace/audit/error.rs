//! What can go wrong with the trail, as sentences with a way out.

use std::path::{Path, PathBuf};

use super::super::error::WorkspaceError;

/// Why the trail could not be read or added to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// The file or the database beside it.
    #[error("{0}")]
    Workspace(#[from] WorkspaceError),
    /// An entry is longer than a line may be; nothing was written.
    #[error(
        "The audit entry is too long ({bytes} bytes; at most {most}), so nothing was recorded. Shorten the note, or \
         record a hash of the details: {}",
        path.display()
    )]
    TooLong {
        /// Bytes of the line.
        bytes: usize,
        /// The most it may have.
        most: usize,
        /// The trail.
        path: PathBuf,
    },
    /// The entry cannot be written as JSON.
    #[error("The audit entry cannot be written as JSON ({what}), so nothing was recorded. Record fewer details.")]
    NotJson {
        /// The writer's words.
        what: String,
    },
    /// The person stopped it.
    #[error("Reading the audit trail was stopped; nothing was changed.")]
    Cancelled,
}

impl AuditError {
    pub(super) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::Workspace(WorkspaceError::io(path, error))
    }
}
