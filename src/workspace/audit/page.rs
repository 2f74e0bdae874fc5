//! A page of entries, newest first, for a window or a list.

use std::fs::File;
use std::path::Path;

use serde_json::Value;

use super::entry::{AuditEntry, read_line};
use super::error::AuditError;
use super::heads::page_at_rest;
use super::kind::AuditKind;
use super::lines::Backward;

/// The most entries of a page.
pub const MOST_ENTRIES: usize = 1_000;

/// The most bytes that the lines of a page have; a page ends early rather than hold more.
const MOST_BYTES: u64 = 16 << 20;

/// Which entries are wanted; the default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only this kind.
    pub kind: Option<AuditKind>,
    /// Only what happened to this subject.
    pub subject: Option<String>,
    /// Only entries with this text in subject, person or details, whatever its case.
    pub text: Option<String>,
}

impl AuditFilter {
    fn wants(&self, entry: &AuditEntry) -> bool {
        self.kind.as_ref().is_none_or(|kind| *kind == entry.kind)
            && self.subject.as_ref().is_none_or(|subject| *subject == entry.subject)
            && self.text.as_ref().is_none_or(|text| has_text(entry, &text.to_lowercase()))
    }
}

/// Whether a text in lower case stands in an entry's subject, person or details; names of details do not count.
fn has_text(entry: &AuditEntry, text: &str) -> bool {
    let has = |part: &str| part.to_lowercase().contains(text);
    has(&entry.subject) || has(&entry.who) || value_has(&entry.what, &has)
}

fn value_has(value: &Value, has: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => has(text),
        Value::Array(items) => items.iter().any(|item| value_has(item, has)),
        Value::Object(fields) => fields.values().any(|item| value_has(item, has)),
        plain => has(&plain.to_string()),
    }
}

/// Some entries, newest first, as they stand in the file: that they are true is what [`super::verify()`] says.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Whether there are older ones that fit the filter; the next page begins at the offset plus these entries.
    pub more: bool,
    /// Lines that were passed by and are no entry.
    pub unreadable: u64,
}

/// Reads at most `limit` entries (and [`MOST_ENTRIES`]) that fit the filter, after leaving out the newest `offset` that
/// do. A trail that is not there has none. Lines are read from the end of the file, so the newest cost nothing.
///
/// # Errors
/// When the file cannot be read.
pub fn read_page(path: &Path, filter: &AuditFilter, offset: usize, limit: usize) -> Result<AuditPage, AuditError> {
    page_at_rest(path, filter, offset, limit)
}

pub(super) fn page_of(
    path: &Path,
    file: &File,
    length: u64,
    filter: &AuditFilter,
    offset: usize,
    limit: usize,
) -> Result<AuditPage, AuditError> {
    let mut page = AuditPage::default();
    let mut lines = Backward::new(file, length);
    let (mut skipped, mut bytes) = (0, 0_u64);
    while let Some(line) = lines.next().map_err(|e| AuditError::io(path, &e))? {
        let Some(read) = line.bytes.as_deref().and_then(|bytes| read_line(bytes).ok()) else {
            page.unreadable += 1;
            continue;
        };
        if !filter.wants(&read.entry) {
            continue;
        }
        if skipped < offset {
            skipped += 1;
            continue;
        }
        bytes += line.length;
        let is_full = page.entries.len() >= limit.min(MOST_ENTRIES) || (bytes > MOST_BYTES && !page.entries.is_empty());
        if is_full {
            page.more = true;
            break;
        }
        page.entries.push(read.entry);
    }
    Ok(page)
}
