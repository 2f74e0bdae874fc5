//! What a file was when it was read, to notice later that it changed or is gone.

use std::fmt::Write as _;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::Path;
use std::time::UNIX_EPOCH;

use sha2::{Digest as _, Sha256};

use super::{DataError, NoWatch, Watch};

/// Files up to this size are hashed in a few hundredths of a second, whenever it matters.
const SMALL_BYTES: u64 = 32 << 20;

/// The identity of a file's content.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Fingerprint {
    /// SHA-256 of all bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Time of the last change in milliseconds since 1970-01-01 UTC, where the file system knows it.
    pub modified_ms: Option<i64>,
}

/// Reads a file and takes its fingerprint.
///
/// # Errors
/// When there is no ordinary file at the path or it cannot be read.
pub fn of_file(path: &Path) -> Result<Fingerprint, DataError> {
    of_file_watched(path, &NoWatch)
}

/// Like [`of_file`], with progress and cancel.
///
/// # Errors
/// Those of [`of_file`], and when it was cancelled or the file changed meanwhile.
pub fn of_file_watched(path: &Path, watch: &dyn Watch) -> Result<Fingerprint, DataError> {
    let before = Stamp::of(path)?;
    let mut file = File::open(path).map_err(|e| DataError::reading(path, &e))?;
    let mut hasher = Hasher::default();
    let mut buffer = vec![0_u8; 1 << 20];
    loop {
        if watch.cancelled() {
            return Err(DataError::Cancelled);
        }
        let read = file.read(&mut buffer).map_err(|e| DataError::reading(path, &e))?;
        let Some(bytes) = buffer.get(..read).filter(|b| !b.is_empty()) else { break };
        hasher.update(bytes);
        watch.progress((hasher.bytes as f64 / before.size.max(1) as f64).min(1.0) as f32);
    }
    before.still(path)?;
    Ok(hasher.finish(&before))
}

impl Fingerprint {
    /// Checks that the file is still what it was. Another size is a change; with the same size the content decides,
    /// so that a mere copy or touch does no harm. Of a file above 32 MB whose time of change is the same the
    /// content is taken to be the same too.
    ///
    /// # Errors
    /// [`DataError::Changed`], [`DataError::Gone`], or why it cannot be read.
    pub fn still_matches(&self, path: &Path) -> Result<(), DataError> {
        // The file may go between a look at its size and a look at its bytes.
        self.compare(path).map_err(|error| match error {
            DataError::NotFound { path } | DataError::IsDirectory { path } => DataError::Gone { path },
            other => other,
        })
    }

    fn compare(&self, path: &Path) -> Result<(), DataError> {
        let now = Stamp::of(path)?;
        if now.size != self.size_bytes {
            return Err(DataError::Changed { path: path.to_owned() });
        }
        // A small file can be written twice within the millisecond that the time tells.
        if now.size > SMALL_BYTES && now.modified_ms.is_some() && now.modified_ms == self.modified_ms {
            return Ok(());
        }
        if of_file(path)?.sha256 == self.sha256 { Ok(()) } else { Err(DataError::Changed { path: path.to_owned() }) }
    }
}

/// Size and time of a file at one moment: the cheap half of a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    pub(crate) modified_ms: Option<i64>,
    modified_ns: Option<u128>,
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Result<Self, DataError> {
        let metadata = std::fs::metadata(path).map_err(|e| DataError::reading(path, &e))?;
        if metadata.is_dir() {
            return Err(DataError::IsDirectory { path: path.to_owned() });
        }
        if !metadata.is_file() {
            return Err(DataError::Unreadable { path: path.to_owned(), reason: "it is a device or a pipe".to_owned() });
        }
        Ok(Self::from_metadata(&metadata))
    }

    fn from_metadata(metadata: &Metadata) -> Self {
        let since = metadata.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        Self {
            size: metadata.len(),
            modified_ms: since.and_then(|d| i64::try_from(d.as_millis()).ok()),
            modified_ns: since.map(|d| d.as_nanos()),
        }
    }

    /// What is known of the file without reading it: the hash is empty.
    pub(crate) fn unhashed(self) -> Fingerprint {
        Fingerprint { sha256: String::new(), size_bytes: self.size, modified_ms: self.modified_ms }
    }

    /// Whether nothing was written to the file since the stamp was taken.
    pub(crate) fn still(self, path: &Path) -> Result<(), DataError> {
        match Self::of(path) {
            Ok(now) if now == self => Ok(()),
            Ok(_) => Err(DataError::Changed { path: path.to_owned() }),
            Err(DataError::NotFound { path } | DataError::IsDirectory { path }) => Err(DataError::Gone { path }),
            Err(other) => Err(other),
        }
    }
}

/// SHA-256 of bytes, hexadecimal.
pub fn sha256_of(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a String cannot fail.
        write!(text, "{byte:02x}").ok();
    }
    text
}

/// SHA-256 over bytes as they pass by.
#[derive(Default)]
pub(crate) struct Hasher {
    sha: Sha256,
    pub(crate) bytes: u64,
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    pub(crate) fn finish(self, stamp: &Stamp) -> Fingerprint {
        let sha256 = hexadecimal(&self.sha.finalize());
        Fingerprint { sha256, size_bytes: self.bytes, modified_ms: stamp.modified_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_a_touched_and_a_missing_file_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, "abc").unwrap();
        let print = of_file(&path).unwrap();
        assert_eq!(print.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(print.size_bytes, 3);
        assert_eq!(print.still_matches(&path), Ok(()));

        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(UNIX_EPOCH).unwrap();
        drop(file);
        assert_eq!(print.still_matches(&path), Ok(()), "same content at another time");

        std::fs::write(&path, "abd").unwrap();
        assert!(matches!(print.still_matches(&path), Err(DataError::Changed { .. })));
        std::fs::remove_file(&path).unwrap();
        let gone = print.still_matches(&path).unwrap_err();
        assert!(gone.to_string().contains("is gone"), "{gone}");
    }
}
