//! The audit trail: who did what and when, one entry a line in `audit.jsonl`, each with the hash of the one before.
//!
//! It is only ever appended to. What an entry says is kept as a JSON value that is not interpreted here. The number and
//! hash of the newest entry are kept in the workspace's database too, so that a cut tail is seen. Whoever can write both
//! files can still write a whole new history; against that only a copy elsewhere helps.

mod append;
mod chain;
mod entry;
mod error;
mod heads;
mod kind;
mod lines;
mod page;
mod verify;

pub use append::{Appended, append};
pub use entry::{AuditDraft, AuditEntry, LONGEST_LINE, NO_HASH, SCHEMA_VERSION};
pub use error::AuditError;
pub use heads::{Head, HeadKeeper, MemoryHead, page_of_folder, verify_folder};
pub use kind::AuditKind;
pub use page::{AuditFilter, AuditPage, MOST_ENTRIES, read_page};
pub use verify::{AuditProblem, MOST_PROBLEMS, ProblemKind, Verified, verify};

/// The trail's file in the workspace folder.
pub const FILE: &str = "audit.jsonl";

/// Where the rest of a line that a crash tore is moved, beside the trail.
pub const TORN_FILE: &str = "audit.torn";
