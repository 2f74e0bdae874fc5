//! What can go wrong with a workspace, as sentences with a way out.

use std::path::{Path, PathBuf};

/// Why a workspace could not be opened, read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkspaceError {
    /// Another process holds the folder's lock.
    #[error(
        "The workspace is already open in another ModelDeck window. Close it, or name another folder with --workspace: {}",
        path.display()
    )]
    Locked {
        /// The workspace folder.
        path: PathBuf,
    },
    /// The database was written by a later version; nothing was changed.
    #[error(
        "The workspace was written by a newer ModelDeck (format {found}; this one reads up to {known}), and nothing in it \
         was changed. Install the newer version, or name another folder with --workspace: {}",
        path.display()
    )]
    Newer {
        /// The format found in the file.
        found: i64,
        /// The newest format this program reads.
        known: i64,
        /// The database file.
        path: PathBuf,
    },
    /// Something was to be kept in a workspace that is open for reading only.
    #[error(
        "Nothing was kept, because the workspace is read-only. Make its folder writable, or name another folder with \
         --workspace: {}",
        path.display()
    )]
    ReadOnly {
        /// The workspace folder.
        path: PathBuf,
    },
    /// No room is left on the disk, or for the database.
    #[error("Nothing was kept, because the disk is full. Free some space and try again: {}", path.display())]
    DiskFull {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// The database cannot be read as one, or a value in it is not what was written.
    #[error(
        "The file is damaged ({what}). Put a copy from a backup in its place, or name another folder with --workspace: {}",
        path.display()
    )]
    Damaged {
        /// What was found.
        what: String,
        /// The damaged file.
        path: PathBuf,
    },
    /// The system refused to read or write.
    #[error("The system refused to use the file ({what}). Check the folder's permissions and the disk: {}", path.display())]
    Io {
        /// The system's words.
        what: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// Anything else the database refused.
    #[error("The database refused the request ({what}). Try again, and restart ModelDeck if it stays: {}", path.display())]
    Other {
        /// The database's words.
        what: String,
        /// The database file.
        path: PathBuf,
    },
}

impl WorkspaceError {
    pub(super) fn io(path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let path = path.to_path_buf();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull { path },
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            _ => Self::Io { what: error.to_string(), path },
        }
    }

    pub(super) fn sql(path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::{Error, ErrorCode};
        let path = path.to_path_buf();
        let what = error.to_string();
        match error {
            Error::FromSqlConversionFailure(..) | Error::IntegralValueOutOfRange(..) | Error::InvalidColumnType(..) => {
                return Self::Damaged { what, path };
            }
            _ => {}
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged { what, path },
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::Io { what, path }
            }
            _ => Self::Other { what, path },
        }
    }
}
