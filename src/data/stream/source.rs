//! The bytes of a text file as text, hashed as they pass.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use encoding_rs::{Decoder, UTF_8};

use crate::data::DataError;
use crate::data::dialect::Dialect;
use crate::data::fingerprint::{Fingerprint, Hasher};

use super::scan::Job;

const PIECE_BYTES: usize = 1 << 20;

/// The bytes of a file, hashed and decoded as they pass.
pub(super) struct Source {
    file: File,
    /// `None` for UTF-8, which must fit; in other encodings what does not fit is replaced.
    decoder: Option<Decoder>,
    encoding: &'static str,
    hasher: Option<Hasher>,
    /// Bytes that were read so far.
    pub(super) read: u64,
    bytes: Vec<u8>,
    /// The begin of a letter that the next piece completes.
    begun: usize,
    pub(super) undecodable: bool,
}

impl Source {
    /// Stands behind the byte order mark.
    pub(super) fn open(path: &Path, dialect: &Dialect, hashed: bool) -> Result<Self, DataError> {
        let reading = |e: std::io::Error| DataError::reading(path, &e);
        let mut file = File::open(path).map_err(reading)?;
        let mut mark = vec![0; dialect.mark];
        file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut mark)).map_err(reading)?;
        let mut hasher = hashed.then(Hasher::default);
        if let Some(hasher) = &mut hasher {
            hasher.update(&mark);
        }
        let decoder = (dialect.encoding != UTF_8).then(|| dialect.encoding.new_decoder_without_bom_handling());
        Ok(Self {
            file,
            decoder,
            encoding: dialect.encoding.name(),
            hasher,
            read: mark.len() as u64,
            bytes: Vec::new(),
            begun: 0,
            undecodable: false,
        })
    }

    /// Reads the next bytes behind the begun letter; false when they were the last.
    fn read_bytes(&mut self, wanted: usize, path: &Path) -> Result<bool, DataError> {
        let kept = std::mem::take(&mut self.begun);
        self.bytes.drain(..self.bytes.len() - kept);
        let read = (&mut self.file)
            .take(wanted as u64)
            .read_to_end(&mut self.bytes)
            .map_err(|e| DataError::reading(path, &e))?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(self.bytes.get(kept..).unwrap_or_default());
        }
        self.read += read as u64;
        Ok(read == wanted)
    }

    /// Appends the next piece of text; false when it was the last.
    pub(super) fn fill(&mut self, text: &mut String, path: &Path) -> Result<bool, DataError> {
        // A row that does not fit asks for as much again, so that long rows are not searched many times.
        let before = self.read - self.begun as u64;
        let more = self.read_bytes(PIECE_BYTES.max(text.len()), path)?;
        let old = text.len();
        if let Some(decoder) = &mut self.decoder {
            text.reserve(decoder.max_utf8_buffer_length(self.bytes.len()).unwrap_or(self.bytes.len()));
            let (_, _, replaced) = decoder.decode_to_string(&self.bytes, text, !more);
            self.undecodable |= replaced;
        } else {
            match std::str::from_utf8(&self.bytes) {
                Ok(piece) => text.push_str(piece),
                Err(error) => {
                    let (valid, rest) = self.bytes.split_at(error.valid_up_to());
                    if error.error_len().is_some() || !more {
                        let encoding = self.encoding.to_owned();
                        let position = before + valid.len() as u64;
                        return Err(DataError::WrongEncoding { path: path.to_owned(), encoding, position });
                    }
                    self.begun = rest.len();
                    text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                }
            }
        }
        let new = text.as_bytes().get(old..).unwrap_or_default();
        if new.contains(&0) {
            let at = new.iter().position(|byte| *byte == 0).unwrap_or_default();
            return Err(DataError::ZeroBytes { path: path.to_owned(), position: before + at as u64 });
        }
        Ok(more)
    }

    /// Hashes what was not read and gives the file's fingerprint.
    pub(super) fn finish(&mut self, job: &Job<'_>) -> Result<Fingerprint, DataError> {
        self.begun = 0;
        while self.read_bytes(PIECE_BYTES, job.path)? {
            if job.watch.cancelled() {
                return Err(DataError::Cancelled);
            }
            job.report(self);
        }
        job.report(self);
        Ok(self.hasher.take().unwrap_or_default().finish(job.stamp))
    }
}
