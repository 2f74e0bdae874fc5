//! What a segment says about itself, in its footer under the key `modeldeck`.

use std::path::PathBuf;

use super::record::KeptCall;

/// The version of what is written.
const FORMAT: u32 = 1;
/// The key in the footer.
pub(super) const KEY: &str = "modeldeck";

/// A segment: a Parquet file of the capture.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SegmentInfo {
    /// The file.
    #[serde(skip)]
    pub path: PathBuf,
    /// Its size in bytes.
    #[serde(skip)]
    pub bytes: u64,
    /// The version of the columns' meaning.
    pub format: u32,
    /// Requests in it.
    pub requests: u64,
    /// Of these, those that failed.
    pub failed: u64,
    /// Lines in it.
    pub lines: u64,
    /// The lowest and highest sequence.
    pub sequences: (u64, u64),
    /// The first and last arrival, in milliseconds since 1970-01-01 UTC.
    pub times_ms: (i64, i64),
    /// The versions that answered, sorted.
    pub versions: Vec<String>,
}

impl SegmentInfo {
    pub(super) fn of<'a>(calls: impl IntoIterator<Item = &'a KeptCall>) -> Self {
        let mut info = Self {
            path: PathBuf::new(),
            bytes: 0,
            format: FORMAT,
            requests: 0,
            failed: 0,
            lines: 0,
            sequences: (u64::MAX, 0),
            times_ms: (i64::MAX, i64::MIN),
            versions: Vec::new(),
        };
        for call in calls {
            info.requests += 1;
            info.failed += u64::from(call.outcome.is_err());
            info.lines += call.rows().max(1) as u64;
            info.saw(call.sequence, call.received_at_ms, &call.version);
        }
        info
    }

    /// Takes note of a request's place, time and version.
    pub(super) fn saw(&mut self, sequence: u64, time_ms: i64, version: &str) {
        self.sequences = (self.sequences.0.min(sequence), self.sequences.1.max(sequence));
        self.times_ms = (self.times_ms.0.min(time_ms), self.times_ms.1.max(time_ms));
        if let Err(at) = self.versions.binary_search_by(|known| known.as_str().cmp(version)) {
            self.versions.insert(at, version.to_owned());
        }
    }

    pub(super) fn empty() -> Self {
        Self::of(std::iter::empty())
    }
}
