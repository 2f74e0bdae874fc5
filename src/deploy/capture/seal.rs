//! A journal becomes segments.

use std::path::{Path, PathBuf};

use super::error::CaptureError;
use super::ids::{self, Ids};
use super::info::SegmentInfo;
use super::journal::{self, Journal};
use super::names::{self, Listing};
use super::parquet::{self, GROUP_LINES};
use super::sheet;

/// What became of a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) requests: u64,
    pub(super) segments: usize,
    pub(super) torn: usize,
    pub(super) damaged: usize,
    /// Segments of an interrupted try, made again.
    pub(super) made_again: usize,
    pub(super) next_sequence: u64,
    /// Where a journal was put of which nothing could be read.
    pub(super) set_aside: Option<PathBuf>,
}

/// Turns a journal that no one writes to into segments and removes it.
///
/// The segments are written first and count only once the journal is gone, so that an end of the process at any
/// moment leaves the journal or the segments, and a second try begins anew.
pub(super) fn seal(folder: &Path, number: u64, path: &Path, listing: &Listing) -> Result<Sealed, CaptureError> {
    let Some(journal) = journal::read(path)? else { return Ok(Sealed::default()) };
    let mut sealed = Sealed {
        requests: journal.calls.len() as u64,
        torn: journal.torn,
        damaged: journal.damaged,
        next_sequence: journal.next_sequence,
        ..Sealed::default()
    };
    for rest in listing.segments.get(&number).into_iter().flatten() {
        names::remove(rest)?;
        sealed.made_again += 1;
    }
    if journal.unreadable {
        let aside = path.with_extension("damaged");
        std::fs::rename(path, &aside)
            .map_err(|e| CaptureError::io("A damaged journal cannot be set aside", path, &e))?;
        sealed.set_aside = Some(aside);
        return Ok(sealed);
    }
    if !journal.calls.is_empty() {
        let stem =
            names::stem_of(path).ok_or_else(|| CaptureError::segment(path, "its name is not as it was given"))?;
        sealed.segments = write(folder, &stem, &journal)?;
    }
    names::remove(path)?;
    names::sync_folder(folder);
    Ok(sealed)
}

fn write(folder: &Path, stem: &str, journal: &Journal) -> Result<usize, CaptureError> {
    let groups = sheet::groups(&journal.calls, &journal.layouts);
    for (k, group) in groups.iter().enumerate() {
        let info = SegmentInfo::of(group.calls.iter().copied());
        let portions = group.portions(GROUP_LINES);
        let frames = portions.iter().map(|pieces| group.frame(pieces));
        parquet::write(&names::segment(folder, stem, k), &info, frames)?;
    }
    let mut known = Ids::new();
    for call in &journal.calls {
        ids::note(&mut known, ids::hash(&call.id), call.rows());
    }
    ids::write(&names::index(folder, stem), &known)?;
    Ok(groups.len())
}
