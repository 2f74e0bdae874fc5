//! Where the newest entry's number and hash are kept besides the trail, and the trail of a workspace.

use std::fs::File;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use super::super::error::WorkspaceError;
use super::super::open::{OpenOptions, Workspace};
use super::append::{Appended, append};
use super::entry::AuditDraft;
use super::error::AuditError;
use super::page::{AuditFilter, AuditPage, page_of};
use super::verify::{Verified, verify_file};
use super::{FILE, read_page};
use crate::data::Watch;

/// The setting of the workspace's database that holds the [`Head`].
const SETTING: &str = "audit_head";

/// The newest entry, as it is remembered elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    /// Its number; 0 before the first.
    pub number: u64,
    /// Its hash.
    pub hash: String,
    /// The hash of an entry that was about to be written; a crash can leave it with or without the entry.
    #[serde(default)]
    pub next: Option<String>,
}

impl Head {
    /// Whether an entry is the one that was about to follow.
    pub(super) fn announced(&self, number: u64, hash: &str) -> bool {
        number == self.number.saturating_add(1) && self.next.as_deref() == Some(hash)
    }
}

/// Something that remembers the head.
pub trait HeadKeeper {
    /// The head that was kept last; `None` before the first.
    fn head(&self) -> Result<Option<Head>, AuditError>;

    /// Keeps a head in place of the one before; it must be on the disk when this returns.
    fn keep(&mut self, head: &Head) -> Result<(), AuditError>;
}

/// A head in memory, for a trail outside a workspace; start with `None` to follow on what the file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryHead(pub Option<Head>);

impl HeadKeeper for MemoryHead {
    fn head(&self) -> Result<Option<Head>, AuditError> {
        Ok(self.0.clone())
    }

    fn keep(&mut self, head: &Head) -> Result<(), AuditError> {
        self.0 = Some(head.clone());
        Ok(())
    }
}

impl HeadKeeper for Workspace {
    fn head(&self) -> Result<Option<Head>, AuditError> {
        Ok(head_in(&self.connection, &self.database)?)
    }

    fn keep(&mut self, head: &Head) -> Result<(), AuditError> {
        let value = serde_json::to_value(head).map_err(|e| AuditError::NotJson { what: e.to_string() })?;
        let synchronous = |w: &Self, mode: &str| {
            w.connection.pragma_update(None, "synchronous", mode).map_err(|e| WorkspaceError::sql(&w.database, &e))
        };
        // With the usual NORMAL a power cut could bring back an older head than the trail's, which looks like a forgery.
        synchronous(self, "FULL")?;
        let kept = self.set_setting(SETTING, &value);
        synchronous(self, "NORMAL")?;
        Ok(kept?)
    }
}

impl Workspace {
    /// Records an entry in the workspace's trail; it is on the disk when this returns.
    ///
    /// # Errors
    /// When the workspace is read-only, the disk is full, or the entry is too long.
    pub fn append_audit(&mut self, draft: AuditDraft) -> Result<Appended, AuditError> {
        self.check_writable()?;
        let path = self.folder.join(FILE);
        append(&path, self, draft)
    }

    /// A page of the workspace's trail, newest first; see [`read_page`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn audit_page(&self, filter: &AuditFilter, offset: usize, limit: usize) -> Result<AuditPage, AuditError> {
        read_page(&self.folder.join(FILE), filter, offset, limit)
    }

    /// Checks the workspace's trail; see [`super::verify()`].
    ///
    /// # Errors
    /// When the file or the database cannot be read, and when it was stopped.
    pub fn verify_audit(&self, watch: &dyn Watch) -> Result<Verified, AuditError> {
        verify_locked(&self.folder, watch, || self.head())
    }
}

/// Checks the trail of a workspace folder, also while a window holds it open. A folder without a trail is whole when its
/// database knows of no entry.
///
/// # Errors
/// When the trail or the database cannot be read, and when it was stopped.
pub fn verify_folder(folder: &Path, watch: &dyn Watch) -> Result<Verified, AuditError> {
    verify_locked(folder, watch, || head_of_folder(folder))
}

/// A page of the trail of a workspace folder, newest first, also while a window holds it open.
///
/// # Errors
/// When the file cannot be read.
pub fn page_of_folder(
    folder: &Path,
    filter: &AuditFilter,
    offset: usize,
    limit: usize,
) -> Result<AuditPage, AuditError> {
    read_page(&folder.join(FILE), filter, offset, limit)
}

/// Opens a trail for reading and gives it with its length; `None` where there is none. No entry is being written at the
/// moment of `meanwhile`, so that what it finds belongs to the length.
pub(super) fn open_at_rest<T>(
    path: &Path,
    meanwhile: impl FnOnce() -> Result<T, AuditError>,
) -> Result<(Option<(File, u64)>, T), AuditError> {
    let failed = |e: &std::io::Error| AuditError::io(path, e);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok((None, meanwhile()?)),
        Err(e) => return Err(failed(&e)),
    };
    // A file system without locks can still be read; at worst the newest entry looks torn.
    let locked = file.lock_shared().is_ok();
    let found = meanwhile();
    let length = file.metadata().map(|m| m.len());
    if locked {
        file.unlock().map_err(|e| failed(&e))?;
    }
    Ok((Some((file, length.map_err(|e| failed(&e))?)), found?))
}

fn verify_locked(
    folder: &Path,
    watch: &dyn Watch,
    head: impl FnOnce() -> Result<Option<Head>, AuditError>,
) -> Result<Verified, AuditError> {
    let path = folder.join(FILE);
    let (file, head) = open_at_rest(&path, head)?;
    verify_file(&path, file, head.as_ref(), watch)
}

fn head_of_folder(folder: &Path) -> Result<Option<Head>, AuditError> {
    let database = folder.join("workspace.sqlite");
    if !database.is_file() {
        return Ok(None);
    }
    match Workspace::open_with(folder, OpenOptions { read_only: true, max_pages: None }) {
        Ok(workspace) => workspace.head(),
        // A window has it open; its log and shared memory are there, so it can be read beside it.
        Err(WorkspaceError::Locked { .. }) => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(&database, flags);
            let connection = connection.map_err(|e| WorkspaceError::sql(&database, &e))?;
            Ok(head_in(&connection, &database)?)
        }
        Err(other) => Err(other.into()),
    }
}

fn head_in(connection: &Connection, database: &Path) -> Result<Option<Head>, WorkspaceError> {
    let text: Option<String> = connection
        .query_row("SELECT value FROM settings WHERE key = ?1", [SETTING], |row| row.get(0))
        .optional()
        .map_err(|e| WorkspaceError::sql(database, &e))?;
    let damaged = |e: serde_json::Error| WorkspaceError::Damaged {
        what: format!("the head of the audit trail: {e}"),
        path: database.to_path_buf(),
    };
    text.map(|text| serde_json::from_str(&text).map_err(damaged)).transpose()
}

pub(super) fn page_at_rest(
    path: &Path,
    filter: &AuditFilter,
    offset: usize,
    limit: usize,
) -> Result<AuditPage, AuditError> {
    let (file, ()) = open_at_rest(path, || Ok(()))?;
    file.map_or_else(|| Ok(AuditPage::default()), |(file, length)| page_of(path, &file, length, filter, offset, limit))
}
