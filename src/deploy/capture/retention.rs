//! What is kept for how long: the oldest segments go first, the journal never.

use std::path::Path;

use super::error::CaptureError;
use super::names::{self, Listing};
use super::parquet::Segment;

/// Bounds of what is kept; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Retention {
    /// Segments whose last request is older go, in days.
    pub days: Option<u32>,
    /// The oldest segments go until the rest takes at most this, in bytes.
    pub bytes: Option<u64>,
}

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Removed {
    /// Segments.
    pub segments: usize,
    /// Requests in them.
    pub requests: u64,
    /// Bytes.
    pub bytes: u64,
    /// Arrival of the oldest request that is left in a segment, in milliseconds since 1970-01-01 UTC.
    pub oldest_ms: Option<i64>,
}

pub(super) fn apply(folder: &Path, retention: &Retention, now_ms: i64) -> Result<Removed, CaptureError> {
    let mut removed = Removed::default();
    let listing = Listing::of(folder)?;
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    let mut left: u64 = listing.settled().map(|(_, path)| size(path)).sum();
    left += listing.indexes.values().map(|path| size(path)).sum::<u64>();
    let oldest_allowed = retention.days.map(|days| now_ms.saturating_sub(i64::from(days).saturating_mul(86_400_000)));
    for (number, paths) in listing.segments.iter().filter(|(number, _)| !listing.journals.contains_key(number)) {
        let mut infos = Vec::with_capacity(paths.len());
        for path in paths {
            // A damaged segment stays until it must go by size: nobody knows what is in it.
            infos.push(Segment::open(path).ok().flatten().map(|segment| segment.info));
        }
        let last = infos.iter().flatten().map(|info| info.times_ms.1).max();
        let too_old = oldest_allowed.zip(last).is_some_and(|(allowed, last)| last < allowed);
        if !too_old && retention.bytes.is_none_or(|most| left <= most) {
            let first = infos.iter().flatten().map(|info| info.times_ms.0).min();
            removed.oldest_ms = first;
            break;
        }
        for (path, info) in paths.iter().zip(infos) {
            let bytes = size(path);
            names::remove(path)?;
            left = left.saturating_sub(bytes);
            removed.bytes += bytes;
            removed.segments += 1;
            removed.requests += info.map_or(0, |info| info.requests);
        }
        if let Some(index) = listing.indexes.get(number) {
            let bytes = size(index);
            names::remove(index)?;
            left = left.saturating_sub(bytes);
            removed.bytes += bytes;
        }
    }
    Ok(removed)
}
