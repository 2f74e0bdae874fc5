//! Following the chain entry by entry, and telling what was done to it from what is left.

use super::entry::{AuditEntry, NO_HASH, ReadLine};
use super::heads::Head;
use super::verify::{ProblemKind, Verified};

/// Missing ranges and other hashes that are remembered at once; a trail with more is beyond telling moved from missing.
const MOST_REMEMBERED: usize = 1_000;

/// Where the check stands.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    expected: Option<&'a Head>,
    found: Verified,
    /// Lines so far.
    lines: u64,
    /// The highest number so far.
    number: u64,
    /// The hashes that the next entry may follow on: the one written, the one its content has, and those of other
    /// entries with the same number.
    hashes: Vec<String>,
    /// Unreadable lines since the last entry.
    unreadable: u64,
    /// Numbers that were passed over: from, to, and the line at which it was seen.
    missing: Vec<(u64, u64, u64)>,
    /// Whether the expected entry was met, or something was said about the entry in its place.
    met: bool,
    /// The first entry that was never noted.
    unknown: Option<(u64, u64)>,
}

impl<'a> Chain<'a> {
    pub(super) fn new(expected: Option<&'a Head>) -> Self {
        Self {
            expected,
            found: Verified { head_known: expected.is_some(), ..Verified::default() },
            lines: 0,
            number: 0,
            hashes: vec![NO_HASH.to_owned()],
            unreadable: 0,
            missing: Vec::new(),
            met: false,
            unknown: None,
        }
    }

    /// A line that is no entry.
    pub(super) fn unreadable(&mut self, line: u64, why: &str) {
        self.lines = line;
        self.unreadable += 1;
        self.found.add(ProblemKind::Unreadable, line, None, format!("Line {line} {why}"));
    }

    /// A last line that is no entry and has no end.
    pub(super) fn torn(&mut self, line: u64, bytes: u64) {
        self.lines = line;
        let sentence = format!(
            "Line {line}, the last, is torn: its {bytes} bytes are no whole entry, as a crash while writing leaves it"
        );
        self.found.add(ProblemKind::TornTail, line, None, sentence);
    }

    /// A line that reads as an entry.
    pub(super) fn entry(&mut self, line: u64, read: ReadLine, ended: bool) {
        self.lines = line;
        self.found.entries += 1;
        let ReadLine { entry, computed, untouched } = read;
        let number = entry.number;
        if !ended {
            let sentence = format!("Entry {number} on line {line}, the last, is whole but lacks its line end");
            self.found.add(ProblemKind::TornTail, line, Some(number), sentence);
        }
        if untouched {
            self.place(line, &entry);
        } else {
            self.changed(line, &entry, computed);
        }
    }

    fn changed(&mut self, line: u64, entry: &AuditEntry, computed: String) {
        let number = entry.number;
        let how = if computed == entry.hash {
            "is written otherwise than it was"
        } else {
            "was changed after it was written: its content does not have its hash"
        };
        self.found.add(ProblemKind::Changed, line, Some(number), format!("Entry {number} on line {line} {how}"));
        // Its number may be what was changed, so it counts as the one that belongs here.
        self.advance(self.number.saturating_add(1).saturating_add(self.unreadable), vec![entry.hash.clone(), computed]);
        if self.expected.is_some_and(|head| head.number == self.number) {
            self.met = true;
        }
        self.found.head = Some(Head { number: self.number, hash: entry.hash.clone(), next: None });
    }

    fn place(&mut self, line: u64, entry: &AuditEntry) {
        let number = entry.number;
        self.hold_against_head(line, entry);
        if number <= self.number {
            self.out_of_place(line, entry);
            return;
        }
        let next = self.number.saturating_add(1);
        let passed = next.saturating_add(self.unreadable);
        if number > passed {
            if self.missing.len() < MOST_REMEMBERED {
                self.missing.push((passed, number - 1, line));
            } else {
                self.say_missing(passed, number - 1, line);
            }
        } else if number == next && !self.hashes.contains(&entry.previous) {
            let before = if self.number == 0 { "the beginning".to_owned() } else { format!("entry {}", self.number) };
            let sentence = format!(
                "Entry {number} on line {line} does not follow on {before}, which was changed with its hash, replaced, or put in between"
            );
            self.found.add(ProblemKind::BrokenLink, line, Some(number), sentence);
        }
        self.advance(number, vec![entry.hash.clone()]);
        self.found.head = Some(Head { number, hash: entry.hash.clone(), next: None });
    }

    fn advance(&mut self, number: u64, hashes: Vec<String>) {
        self.number = number;
        self.hashes = hashes;
        self.unreadable = 0;
    }

    fn hold_against_head(&mut self, line: u64, entry: &AuditEntry) {
        let Some(head) = self.expected else { return };
        if entry.number == head.number && entry.hash == head.hash {
            self.met = true;
        }
        let is_beyond = entry.number > head.number && !head.announced(entry.number, &entry.hash);
        if is_beyond && self.unknown.is_none() {
            self.unknown = Some((line, entry.number));
        }
    }

    fn out_of_place(&mut self, line: u64, entry: &AuditEntry) {
        let number = entry.number;
        let gap = self.missing.iter().position(|(from, to, _)| (*from..=*to).contains(&number));
        if let Some((from, to, at)) = gap.map(|gap| self.missing.remove(gap)) {
            if from < number {
                self.missing.push((from, number - 1, at));
            }
            if number < to {
                self.missing.push((number + 1, to, at));
            }
            let sentence = format!("Entry {number} on line {line} was moved: it belongs before line {at}");
            self.found.add(ProblemKind::Moved, line, Some(number), sentence);
            return;
        }
        if number == self.number && self.hashes.len() < MOST_REMEMBERED {
            // Either of the two may be the true one; the next entry will follow on it.
            self.hashes.push(entry.hash.clone());
        }
        let sentence =
            format!("Entry {number} on line {line} was put in: there is an entry with this number before it");
        self.found.add(ProblemKind::Inserted, line, Some(number), sentence);
    }

    fn say_missing(&mut self, from: u64, to: u64, line: u64) {
        let sentence = format!("{} before line {line}", missing(from, to));
        self.found.add(ProblemKind::Removed, line, Some(from), sentence);
    }

    pub(super) fn finish(mut self) -> Verified {
        for (from, to, line) in std::mem::take(&mut self.missing) {
            self.say_missing(from, to, line);
        }
        let after = self.lines + 1;
        if let Some(head) = self.expected {
            // A torn or unreadable line in the place of the noted entry is not the noted entry.
            if self.number < head.number {
                let sentence = format!(
                    "{} at the end, which the workspace has noted: the trail was cut",
                    missing(self.number + 1, head.number)
                );
                self.found.add(ProblemKind::CutTail, after, Some(self.number + 1), sentence);
            } else if !self.met && head.number > 0 {
                let sentence = format!(
                    "Entry {} is not the one that the workspace has noted: the trail, or its end, was written anew",
                    head.number
                );
                self.found.add(ProblemKind::OtherHead, self.lines, Some(head.number), sentence);
            }
            if let Some((line, number)) = self.unknown {
                let sentence = format!(
                    "Entry {number} on line {line} and what follows were never noted by the workspace: something else \
                     wrote them, or the database is an older copy"
                );
                self.found.add(ProblemKind::Unknown, line, Some(number), sentence);
            }
        }
        self.found.problems.sort_by_key(|problem| problem.line);
        self.found
    }
}

fn missing(from: u64, to: u64) -> String {
    if from == to { format!("Entry {from} is missing") } else { format!("Entries {from} to {to} are missing") }
}
