//! A journal read back.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::CaptureError;
use super::frame::{self, Beginning, Frames};
use super::layout::CaptureLayout;
use super::record::{self, Entry, KeptCall};

/// What a journal holds, sorted by sequence.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Journal {
    pub(super) calls: Vec<KeptCall>,
    pub(super) layouts: BTreeMap<String, CaptureLayout>,
    /// One more than the highest sequence that was given.
    pub(super) next_sequence: u64,
    /// Bytes in the middle that were damaged.
    pub(super) damaged: usize,
    /// Bytes at the end that are no whole record.
    pub(super) torn: usize,
    /// Whether it is no journal at all, or nothing in it can be read.
    pub(super) unreadable: bool,
}

/// Reads the whole records of a journal; `None` when it is not there (any more).
pub(super) fn read(path: &Path) -> Result<Option<Journal>, CaptureError> {
    match std::fs::read(path) {
        Ok(bytes) => parse(&bytes, path).map(Some),
        Err(e) if CaptureError::is_gone(&e) => Ok(None),
        Err(e) => Err(CaptureError::io("The journal cannot be read", path, &e)),
    }
}

fn parse(bytes: &[u8], path: &Path) -> Result<Journal, CaptureError> {
    let mut journal = Journal::default();
    let seed = match frame::beginning(bytes) {
        Beginning::Sound { seed } => seed,
        Beginning::Newer { found } => {
            return Err(CaptureError::Newer { found, known: frame::VERSION, path: path.to_owned() });
        }
        Beginning::Short => return Ok(Journal { torn: bytes.len(), ..journal }),
        Beginning::Foreign => return Ok(Journal { damaged: bytes.len(), unreadable: true, ..journal }),
    };
    let mut frames = Frames::new(bytes, seed);
    let (mut found, mut senseless) = (false, 0);
    for payload in &mut frames {
        found = true;
        match record::read(payload) {
            Some(Entry::Begin { next_sequence }) => journal.next_sequence = journal.next_sequence.max(next_sequence),
            Some(Entry::Layout { version, layout }) => drop(journal.layouts.insert(version, layout)),
            Some(Entry::Call(call)) => {
                journal.next_sequence = journal.next_sequence.max(call.sequence.saturating_add(1));
                journal.calls.push(*call);
            }
            None => senseless += payload.len(),
        }
    }
    journal.torn = frames.tail();
    journal.damaged = frames.damaged + senseless;
    // The beginning is written whole, so a file of which no frame is sound had its seed damaged.
    journal.unreadable = !found && journal.torn > 0;
    journal.calls.sort_by_key(|call| call.sequence);
    Ok(journal)
}
