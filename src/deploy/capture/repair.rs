//! What an interrupted run left, put in order at the start.

use std::path::Path;

use super::error::CaptureError;
use super::ids::{self, Ids};
use super::journal;
use super::names::{self, Listing};
use super::parquet::Segment;
use super::seal;

/// How many of the last segments are asked for their highest sequence.
const LAST: usize = 8;

/// What was found and mended at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Repaired {
    /// Journals that had not become segments yet, and did now.
    pub journals: usize,
    /// Requests in these.
    pub requests: u64,
    /// Bytes of half-written records at their ends, left out: no answer was given for these.
    pub torn_bytes: u64,
    /// Bytes of damaged records in their middle, left out.
    pub damaged_bytes: u64,
    /// Segments of an interrupted change that were made again.
    pub made_again: usize,
    /// Temporary files that were removed.
    pub temporary: usize,
    /// Indexes of ids that were made anew.
    pub indexes: usize,
    /// Names of journals of which nothing could be read; they stay in the folder under the ending `damaged`.
    pub set_aside: Vec<String>,
    /// What could not be mended now; it is tried again while the capture is open.
    pub problem: Option<String>,
}

impl Repaired {
    /// What was mended, as sentences; none when all was in order.
    pub fn sentences(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut say = |when: bool, text: String| {
            if when {
                out.push(text);
            }
        };
        say(
            self.requests > 0,
            format!("{} kept before the last run ended were put into segments.", counted(self.requests, "request")),
        );
        say(
            self.torn_bytes > 0,
            format!(
                "{} of half-written records were left out; they had not been answered.",
                counted(self.torn_bytes, "byte")
            ),
        );
        say(
            self.damaged_bytes > 0,
            format!("{} of damaged records were left out. Check the disk.", counted(self.damaged_bytes, "byte")),
        );
        say(
            self.made_again > 0,
            format!("{} of an interrupted change were made again.", counted(self.made_again as u64, "segment")),
        );
        say(self.temporary > 0, format!("{} were removed.", counted(self.temporary as u64, "temporary file")));
        say(self.indexes > 0, format!("{} of ids were made anew.", counted(self.indexes as u64, "index")));
        say(
            !self.set_aside.is_empty(),
            format!("Nothing could be read from {}; kept for a closer look.", self.set_aside.join(", ")),
        );
        out.extend(self.problem.clone());
        out
    }
}

fn counted(count: u64, one: &str) -> String {
    match (count, one) {
        (1, one) => format!("1 {one}"),
        (_, "index") => format!("{count} indexes"),
        _ => format!("{count} {one}s"),
    }
}

/// One more than the highest sequence that was ever given.
pub(super) fn next_sequence(found: &Listing) -> Result<u64, CaptureError> {
    let mut next = 0;
    for path in found.journals.values() {
        if let Some(journal) = journal::read(path)? {
            next = next.max(journal.next_sequence);
        }
    }
    for path in found.segments.values().rev().take(LAST).flatten() {
        // A damaged segment is told by whoever reads it.
        if let Ok(Some(segment)) = Segment::open(path) {
            next = next.max(segment.info.sequences.1.saturating_add(1));
        }
    }
    Ok(next)
}

/// Seals the journals of the last run, removes temporary files and makes missing indexes.
pub(super) fn repair(folder: &Path, found: &Listing) -> Repaired {
    let mut repaired = Repaired::default();
    if let Err(error) = try_repair(folder, found, &mut repaired) {
        repaired.problem = Some(error.to_string());
    }
    repaired
}

fn try_repair(folder: &Path, found: &Listing, repaired: &mut Repaired) -> Result<(), CaptureError> {
    for path in &found.temporary {
        names::remove(path)?;
        repaired.temporary += 1;
    }
    for (number, path) in &found.journals {
        let sealed = seal::seal(folder, *number, path, found)?;
        repaired.journals += usize::from(sealed.requests > 0);
        repaired.requests += sealed.requests;
        repaired.torn_bytes += sealed.torn as u64;
        repaired.damaged_bytes += sealed.damaged as u64;
        repaired.made_again += sealed.made_again;
        let name = sealed.set_aside.as_deref().and_then(Path::file_name);
        repaired.set_aside.extend(name.map(|name| name.to_string_lossy().into_owned()));
    }
    let now = Listing::of(folder)?;
    for number in now.segments.keys().filter(|number| !now.indexes.contains_key(number)) {
        if !now.journals.contains_key(number) {
            repaired.indexes += usize::from(make_index(folder, *number, &now)?);
        }
    }
    Ok(())
}

/// Makes the index of a number from its segments; gives whether there was anything to put in.
pub(super) fn make_index(folder: &Path, number: u64, listing: &Listing) -> Result<bool, CaptureError> {
    let mut known = Ids::new();
    let mut stem = None;
    for path in listing.segments.get(&number).into_iter().flatten() {
        stem = stem.or_else(|| names::stem_of(path));
        // A damaged segment is told by whoever reads it.
        let Ok(Some(segment)) = Segment::open(path) else { continue };
        let frame = segment.read(0, segment.lines(), Some(&["id", "row"]))?;
        let pairs = super::parquet::guarded(path, || {
            let (ids, rows) = (frame.column("id")?.str()?.clone(), frame.column("row")?.i32()?.clone());
            Ok((ids, rows))
        })?;
        for (id, row) in pairs.0.iter().zip(pairs.1.iter()) {
            let rows = row.map_or(0, |row| usize::try_from(row).map_or(0, |row| row + 1));
            ids::note(&mut known, ids::hash(id.unwrap_or_default()), rows);
        }
    }
    let Some(stem) = stem.filter(|_| !known.is_empty()) else { return Ok(false) };
    ids::write(&names::index(folder, &stem), &known)?;
    Ok(true)
}
