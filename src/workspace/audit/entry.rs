//! One entry, and the line it is written as.

use serde_json::Value;

use super::error::AuditError;
use super::kind::AuditKind;
use crate::validate::signoff::canonical::{canonical, hash_of};

/// Version of the entries that this program writes.
pub const SCHEMA_VERSION: u32 = 1;

/// What stands for the hash before the first entry.
pub const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The most bytes of a line with its end; a longer one is not written, and reads as no entry.
pub const LONGEST_LINE: usize = 256 << 10;

/// What is to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditDraft {
    /// When it happened, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// What happened.
    pub kind: AuditKind,
    /// What it happened to: the key of a model, deployment, policy or alert.
    pub subject: String,
    /// Who did it; empty for the program itself.
    pub who: String,
    /// The details.
    pub what: Value,
}

/// One entry of the trail.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AuditEntry {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// Its number, from 1, without gaps.
    pub number: u64,
    /// When it happened, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// What happened.
    pub kind: AuditKind,
    /// What it happened to.
    pub subject: String,
    /// Who did it; empty for the program itself.
    pub who: String,
    /// The details.
    pub what: Value,
    /// [`AuditEntry::hash`] of the entry before; [`NO_HASH`] for the first.
    pub previous: String,
    /// SHA-256 over the canonical JSON of the entry without this field, in lower-case hexadecimal.
    pub hash: String,
}

impl AuditEntry {
    /// The entry that follows on `previous`, and its line with the end of the line.
    pub(super) fn after(number: u64, previous: &str, draft: AuditDraft) -> Result<(Self, String), AuditError> {
        let AuditDraft { at_ms, kind, subject, who, what } = draft;
        let previous = previous.to_owned();
        let mut entry = Self {
            schema_version: SCHEMA_VERSION,
            number,
            at_ms,
            kind,
            subject,
            who,
            what,
            previous,
            hash: String::new(),
        };
        let not_json = |e: serde_json::Error| AuditError::NotJson { what: e.to_string() };
        let mut value = serde_json::to_value(&entry).map_err(not_json)?;
        let hash = hash_without_hash(&mut value);
        entry.hash.clone_from(&hash);
        if let Value::Object(fields) = &mut value {
            fields.insert("hash".to_owned(), Value::from(hash));
        }
        let mut line = canonical(&value);
        line.push('\n');
        Ok((entry, line))
    }
}

fn hash_without_hash(value: &mut Value) -> String {
    if let Value::Object(fields) = value {
        fields.remove("hash");
    }
    hash_of(value)
}

/// A line that reads as an entry.
#[derive(Clone, Debug)]
pub(super) struct ReadLine {
    pub(super) entry: AuditEntry,
    /// The hash its content has.
    pub(super) computed: String,
    /// Whether it is, byte for byte, what was written.
    pub(super) untouched: bool,
}

/// Reads a line without its end; what is wrong with it otherwise, to stand after “The line”.
pub(super) fn read_line(line: &[u8]) -> Result<ReadLine, String> {
    if line.is_empty() {
        return Err("is empty".to_owned());
    }
    let mut value: Value = serde_json::from_slice(line).map_err(|e| format!("is no JSON ({e})"))?;
    let written = canonical(&value);
    let entry =
        serde_json::from_value::<AuditEntry>(value.clone()).map_err(|e| format!("is no entry of the trail ({e})"))?;
    let computed = hash_without_hash(&mut value);
    let untouched = computed == entry.hash && written.as_bytes() == line;
    Ok(ReadLine { entry, computed, untouched })
}
