//! Unpacking gzip and Zstandard into a temporary file, with memory that does not grow with the file.

use std::fs::File;
use std::io::{BufReader, Read, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use super::fingerprint::{Fingerprint, Hasher, Stamp};
use super::{DataError, Watch};

/// More than this is no table a person meant to open.
const MAX_UNPACKED_BYTES: u64 = 64 << 30;
/// Above this size a file that grew a thousandfold is taken for a trap rather than a table.
const DOUBTED_BYTES: u64 = 1 << 30;
const MAX_RATIO: u64 = 1000;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// gzip, several members one after the other included.
    Gzip,
    /// Zstandard.
    Zstandard,
}

impl Compression {
    /// The word shown on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstandard => "Zstandard",
        }
    }

    /// The compression by the first bytes of a file.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"\x1f\x8b") {
            return Some(Self::Gzip);
        }
        head.starts_with(b"\x28\xb5\x2f\xfd").then_some(Self::Zstandard)
    }

    fn decoder<'a, R: Read + 'a>(self, source: R) -> std::io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(source)),
            Self::Zstandard => Box::new(zstd::stream::read::Decoder::new(source)?),
        })
    }

    fn bad(self, path: &Path, error: &std::io::Error) -> DataError {
        let reason = if error.kind() == std::io::ErrorKind::UnexpectedEof {
            "it stops before its end".to_owned()
        } else {
            format!("it is damaged, or something else stands after its end: {error}")
        };
        DataError::BadArchive { path: path.to_owned(), what: self.word(), reason }
    }
}

/// The first bytes of what is in the file, at most `limit`.
pub(crate) fn beginning(path: &Path, compression: Compression, limit: u64) -> Result<Vec<u8>, DataError> {
    let file = File::open(path).map_err(|e| DataError::reading(path, &e))?;
    let mut bytes = Vec::new();
    let decoder = compression.decoder(BufReader::new(file)).map_err(|e| compression.bad(path, &e))?;
    decoder.take(limit).read_to_end(&mut bytes).map_err(|e| compression.bad(path, &e))?;
    Ok(bytes)
}

/// Passes bytes on and hashes them.
struct Hashing<'a> {
    file: File,
    hasher: &'a mut Hasher,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// An empty temporary file with the inner ending of a compressed one, since the ending helps detection.
pub(crate) fn temporary(path: &Path) -> std::io::Result<NamedTempFile> {
    let inner = path.file_stem().map(Path::new).and_then(Path::extension).and_then(|e| e.to_str());
    let suffix = inner.map(|e| format!(".{e}")).unwrap_or_default();
    tempfile::Builder::new().prefix("table-").suffix(&suffix).tempfile()
}

/// What is in the file, as a temporary file that goes when it is dropped, and the fingerprint of the file itself.
/// The temporary file has the inner ending, as `.tsv` of `a.tsv.gz`.
pub(crate) fn unpack(
    path: &Path,
    compression: Compression,
    stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(NamedTempFile, Fingerprint), DataError> {
    let bad = |reason: String| DataError::BadArchive { path: path.to_owned(), what: compression.word(), reason };
    let full = |e: std::io::Error| bad(format!("the temporary folder does not take what is in it: {e}"));
    let mut made = temporary(path).map_err(full)?;
    let file = File::open(path).map_err(|e| DataError::reading(path, &e))?;
    let mut hasher = Hasher::default();
    let mut unpacked = 0_u64;
    {
        let source = BufReader::with_capacity(1 << 20, Hashing { file, hasher: &mut hasher });
        let mut decoder = compression.decoder(source).map_err(|e| compression.bad(path, &e))?;
        let mut piece = vec![0_u8; 1 << 20];
        loop {
            if watch.cancelled() {
                return Err(DataError::Cancelled);
            }
            let read = decoder.read(&mut piece).map_err(|e| compression.bad(path, &e))?;
            let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            made.write_all(bytes).map_err(full)?;
            unpacked += read as u64;
            if unpacked > MAX_UNPACKED_BYTES {
                return Err(bad(format!("it holds more than {} GiB", MAX_UNPACKED_BYTES >> 30)));
            }
            if unpacked > DOUBTED_BYTES && unpacked / MAX_RATIO > stamp.size {
                return Err(bad(format!("it grows more than {MAX_RATIO} times, as no table does")));
            }
        }
    }
    made.flush().map_err(full)?;
    Ok((made, hasher.finish(stamp)))
}

/// An error about the temporary file, said of the file that the person knows.
pub(crate) fn named(mut error: DataError, real: &Path) -> DataError {
    match &mut error {
        DataError::NotFound { path }
        | DataError::IsDirectory { path }
        | DataError::Unreadable { path, .. }
        | DataError::Empty { path }
        | DataError::NoRows { path }
        | DataError::TooManyColumns { path, .. }
        | DataError::RowTooLong { path, .. }
        | DataError::ZeroBytes { path, .. }
        | DataError::NotATable { path }
        | DataError::RaggedRows { path, .. }
        | DataError::OpenQuote { path, .. }
        | DataError::WrongEncoding { path, .. }
        | DataError::BadJson { path, .. }
        | DataError::NoUsableColumns { path, .. }
        | DataError::Changed { path }
        | DataError::Gone { path } => real.clone_into(path),
        _ => {}
    }
    error
}
