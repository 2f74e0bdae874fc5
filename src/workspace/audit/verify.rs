//! Checking a trail from its first byte to its last, and saying everything that is wrong with it.

use std::fs::File;
use std::path::Path;

use super::chain::Chain;
use super::entry::{LONGEST_LINE, read_line};
use super::error::AuditError;
use super::heads::{Head, open_at_rest};
use super::lines::{Forward, Line};
use crate::data::Watch;

/// The most problems that are listed; further ones are counted.
pub const MOST_PROBLEMS: usize = 1_000;

/// What is wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// An entry is not as it was written.
    Changed,
    /// Entries are missing between others.
    Removed,
    /// An entry stands at another place.
    Moved,
    /// An entry whose number is taken.
    Inserted,
    /// An entry does not follow on the one before.
    BrokenLink,
    /// A line that is no entry.
    Unreadable,
    /// The last line has no end.
    TornTail,
    /// Entries are missing at the end.
    CutTail,
    /// The newest entry that was noted is another one.
    OtherHead,
    /// Entries at the end that were never noted.
    Unknown,
}

/// One thing that is wrong with a trail.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AuditProblem {
    /// What it is.
    pub kind: ProblemKind,
    /// The line of the file, from 1; the one after the last for what is missing at the end.
    pub line: u64,
    /// The number of the entry, where there is one.
    pub number: Option<u64>,
    /// What is wrong, in a sentence.
    pub sentence: String,
}

/// What checking a trail found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Verified {
    /// Lines that read as entries, changed or not.
    pub entries: u64,
    /// The newest entry of the file; `None` without entries.
    pub head: Option<Head>,
    /// Whether the newest entry was held against what is noted elsewhere; without that a cut tail cannot be seen.
    pub head_known: bool,
    /// What is wrong, in the order of the file, at most [`MOST_PROBLEMS`].
    pub problems: Vec<AuditProblem>,
    /// Problems beyond those.
    pub left_off: u64,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn add(&mut self, kind: ProblemKind, line: u64, number: Option<u64>, sentence: String) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(AuditProblem { kind, line, number, sentence });
        } else {
            self.left_off += 1;
        }
    }
}

/// Checks a trail: every entry is as it was written, follows on the one before, and the newest is the one that is noted
/// elsewhere. It goes on after a problem, and reads one line at a time.
///
/// Each line is recomputed and compared byte for byte, so that any changed byte is found. `expected_head` is what the
/// [`super::HeadKeeper`] holds; without it a cut tail, and a history that was written anew, look whole.
///
/// # Errors
/// When the file cannot be read, and when it was stopped. A missing file is a trail without entries.
pub fn verify(path: &Path, expected_head: Option<&Head>, watch: &dyn Watch) -> Result<Verified, AuditError> {
    let (file, ()) = open_at_rest(path, || Ok(()))?;
    verify_file(path, file, expected_head, watch)
}

pub(super) fn verify_file(
    path: &Path,
    file: Option<(File, u64)>,
    expected_head: Option<&Head>,
    watch: &dyn Watch,
) -> Result<Verified, AuditError> {
    let failed = |e: std::io::Error| AuditError::io(path, &e);
    let mut chain = Chain::new(expected_head);
    if let Some((file, length)) = file {
        let mut lines = Forward::new(file, length).map_err(failed)?;
        let mut number = 0_u64;
        while let Some(line) = lines.next().map_err(failed)? {
            number += 1;
            take(&mut chain, number, &line);
            if number.is_multiple_of(1_000) {
                if watch.cancelled() {
                    return Err(AuditError::Cancelled);
                }
                watch.progress(((line.start + line.length) as f64 / length.max(1) as f64).min(1.0) as f32);
            }
        }
    }
    Ok(chain.finish())
}

fn take(chain: &mut Chain<'_>, number: u64, line: &Line) {
    let read = match &line.bytes {
        Some(bytes) => read_line(bytes),
        None => Err(format!("is longer than an entry can be ({} bytes; at most {LONGEST_LINE})", line.length)),
    };
    match read {
        Ok(read) => chain.entry(number, read, line.ended),
        Err(_) if !line.ended => chain.torn(number, line.length),
        Err(why) => chain.unreadable(number, &why),
    }
}
