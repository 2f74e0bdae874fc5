//! What was taken from a watched folder, kept over restarts.
//!
//! A text file with one JSON object a line, only ever added to: `{"ledger":1}` first, then an entry for each step of a
//! file. The last entry of a name and fingerprint counts; half a line at the end is cut off.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The version of what is written.
const VERSION: u32 = 1;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its rows are being handed on; found so after a restart, that was interrupted.
    Begun,
    /// Its rows were handed on.
    Done,
    /// It was bad, and set aside.
    SetAside,
}

/// An entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Taken {
    /// The file's name in the folder.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its time of change, in nanoseconds since 1970-01-01 UTC, where the file system knows it.
    pub modified_ns: Option<i64>,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Rows in it.
    pub rows: u64,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// Why it was set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The ledger cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The operating system refused.
    #[error("What was taken from the watched folder cannot be kept or read ({reason}). Check that the disk has room and that you may write there: {}", path.display())]
    Io {
        /// Its words.
        reason: String,
        /// The ledger.
        path: PathBuf,
    },
    /// A line that makes no sense.
    #[error("Line {line} of the ledger is damaged, so it is not known which files were taken. Restore the file, or move it away to take all files again: {}", path.display())]
    Damaged {
        /// Which line, from 1.
        line: usize,
        /// The ledger.
        path: PathBuf,
    },
    /// A ledger of a later version.
    #[error("The ledger was written by a newer version. Update this program: {}", path.display())]
    Newer {
        /// The ledger.
        path: PathBuf,
    },
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Head {
    ledger: u32,
}

/// What was taken from a watched folder.
pub struct Ledger {
    file: File,
    path: PathBuf,
    length: u64,
    /// By name, then by fingerprint.
    entries: BTreeMap<String, BTreeMap<String, Taken>>,
}

impl Ledger {
    /// Opens a ledger and makes it when missing.
    ///
    /// # Errors
    /// When it cannot be read or written, or is damaged.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let failed = |e: &io::Error| LedgerError::Io { reason: e.to_string(), path: path.to_owned() };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| failed(&e))?;
        }
        let bytes = match std::fs::read(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other.map_err(|e| failed(&e))?,
        };
        // A line without its end was being written when the process ended, and nobody relied on it yet.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut entries: BTreeMap<String, BTreeMap<String, Taken>> = BTreeMap::new();
        let text = bytes.get(..whole).unwrap_or_default();
        for (at, line) in text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
            let damaged = || LedgerError::Damaged { line: at + 1, path: path.to_owned() };
            if at == 0 {
                let head: Head = serde_json::from_slice(line).map_err(|_| damaged())?;
                if head.ledger > VERSION {
                    return Err(LedgerError::Newer { path: path.to_owned() });
                }
                continue;
            }
            let taken: Taken = serde_json::from_slice(line).map_err(|_| damaged())?;
            entries.entry(taken.name.clone()).or_default().insert(taken.sha256.clone(), taken);
        }
        let mut file =
            File::options().create(true).truncate(false).read(true).write(true).open(path).map_err(|e| failed(&e))?;
        file.set_len(whole as u64).map_err(|e| failed(&e))?;
        file.seek(SeekFrom::End(0)).map_err(|e| failed(&e))?;
        let mut ledger = Self { file, path: path.to_owned(), length: whole as u64, entries };
        if whole == 0 {
            ledger.line(&Head { ledger: VERSION })?;
        }
        Ok(ledger)
    }

    fn line(&mut self, value: &impl serde::Serialize) -> Result<(), LedgerError> {
        let write = |ledger: &mut Self| -> io::Result<u64> {
            let mut line = serde_json::to_vec(value)?;
            line.push(b'\n');
            ledger.file.write_all(&line)?;
            ledger.file.sync_data()?;
            Ok(line.len() as u64)
        };
        match write(self) {
            Ok(written) => {
                self.length += written;
                Ok(())
            }
            Err(e) => {
                // Half a line must not stand before the next one.
                self.file.set_len(self.length).ok();
                self.file.seek(SeekFrom::End(0)).ok();
                Err(LedgerError::Io { reason: e.to_string(), path: self.path.clone() })
            }
        }
    }

    /// Adds an entry; when it returns, the disk has it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, taken: Taken) -> Result<(), LedgerError> {
        self.line(&taken)?;
        self.entries.entry(taken.name.clone()).or_default().insert(taken.sha256.clone(), taken);
        Ok(())
    }

    /// What became of the file of this name and content.
    pub fn find(&self, name: &str, sha256: &str) -> Option<&Taken> {
        self.entries.get(name)?.get(sha256)
    }

    /// What became of a file of this name whose size and time of change are these.
    pub fn resting(&self, name: &str, size: u64, modified_ns: Option<i64>) -> Option<&Taken> {
        let same = |taken: &&Taken| taken.size == size && taken.modified_ns == modified_ns && modified_ns.is_some();
        self.entries.get(name)?.values().find(same)
    }

    /// What was taken with this content, under any name.
    pub fn with_content<'a>(&'a self, sha256: &'a str) -> impl Iterator<Item = &'a Taken> {
        self.entries.values().filter_map(move |contents| contents.get(sha256))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All entries, by name.
    pub fn entries(&self) -> impl Iterator<Item = &Taken> {
        self.entries.values().flat_map(BTreeMap::values)
    }
}
