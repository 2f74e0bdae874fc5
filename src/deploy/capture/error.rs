//! What can go wrong with a capture, each as a sentence with a way out.

use std::io;
use std::path::{Path, PathBuf};

/// A capture could not be written, read or changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CaptureError {
    /// The operating system refused.
    #[error("{what} ({reason}). Check that the disk has room and that you may write there: {}", path.display())]
    Io {
        /// What was tried, as a sentence without its end.
        what: &'static str,
        /// The operating system's words.
        reason: String,
        /// Where.
        path: PathBuf,
    },
    /// Too little room is left on the disk.
    #[error("Only {free_mb} MB of the disk are free, and {floor_mb} MB must stay free. Free some room or lower that limit; keeping goes on by itself then: {}", path.display())]
    LittleRoom {
        /// What is free, in megabytes.
        free_mb: u64,
        /// What must stay free, in megabytes.
        floor_mb: u64,
        /// The capture.
        path: PathBuf,
    },
    /// Another program, or another part of this one, writes there.
    #[error("The capture is being written by someone else. Stop that deployment, or choose another folder: {}", path.display())]
    Locked {
        /// The capture.
        path: PathBuf,
    },
    /// A file of a later version of this program.
    #[error("The file was written by a newer version ({found}; this one knows {known}). Update this program: {}", path.display())]
    Newer {
        /// Its version.
        found: u32,
        /// The version that is known.
        known: u32,
        /// The file.
        path: PathBuf,
    },
    /// A record that does not fit.
    #[error(
        "The request “{id}” with its answer takes more than {limit_mb} MB and cannot be kept. Send fewer rows at once."
    )]
    TooLarge {
        /// The request.
        id: String,
        /// The most, in megabytes.
        limit_mb: usize,
    },
    /// A segment that cannot be read or written.
    #[error("The segment cannot be used ({reason}). Take it out of the folder and look at it with a Parquet tool: {}", path.display())]
    Segment {
        /// What the decoder said.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// No capture is there.
    #[error("There is no capture at this place yet. Start the deployment, or choose the folder with its Parquet files: {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The capture was closed.
    #[error("The capture is closed, so nothing more is kept. Start the deployment again.")]
    Closed,
    /// The person stopped the work.
    #[error("The work was cancelled.")]
    Cancelled,
}

impl CaptureError {
    /// An error of the operating system.
    pub(crate) fn io(what: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Io { what, reason: error.to_string(), path: path.to_owned() }
    }

    pub(super) fn segment(path: &Path, reason: impl Into<String>) -> Self {
        Self::Segment { reason: reason.into(), path: path.to_owned() }
    }

    /// Whether a file was not there.
    pub(super) fn is_gone(error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::NotFound
    }
}
