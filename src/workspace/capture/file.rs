//! The capture's database.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};

use super::super::error::WorkspaceError;
use super::super::files;
use super::blob::{CapturedBatch, CapturedRows, decode, encode};

const VERSION: i64 = 1;

/// Where the capture of a deployment is.
pub(in super::super) fn capture_path(folder: &Path, deployment: &str) -> PathBuf {
    folder.join(format!("{}.sqlite", files::safe_file_name(deployment)))
}

fn refuse_newer(connection: &Connection, path: &Path) -> Result<i64, WorkspaceError> {
    let found: i64 =
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(|e| WorkspaceError::sql(path, &e))?;
    if found > VERSION {
        return Err(WorkspaceError::Newer { found, known: VERSION, path: path.to_path_buf() });
    }
    Ok(found)
}

/// Writes a capture; every append is a transaction of its own, so nothing is lost when the program ends without care.
#[derive(Debug)]
pub struct CaptureWriter {
    connection: Connection,
    path: PathBuf,
    rows: u64,
}

impl CaptureWriter {
    /// Opens the capture of a deployment in the captures folder, and makes it when missing.
    pub fn open(folder: &Path, deployment: &str) -> Result<Self, WorkspaceError> {
        files::make_folder(folder)?;
        let path = capture_path(folder, deployment);
        let failed = |e: rusqlite::Error| WorkspaceError::sql(&path, &e);
        let mut connection = Connection::open(&path).map_err(failed)?;
        let found = refuse_newer(&connection, &path)?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).map_err(failed)?;
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
        if found < VERSION {
            let transaction = connection.transaction().map_err(failed)?;
            transaction
                .execute_batch(
                    "CREATE TABLE batches (id INTEGER PRIMARY KEY, first_row INTEGER NOT NULL, rows INTEGER NOT NULL,
                       batch BLOB NOT NULL);",
                )
                .map_err(failed)?;
            transaction.pragma_update(None, "user_version", VERSION).map_err(failed)?;
            transaction.commit().map_err(failed)?;
        }
        let rows: i64 =
            connection.query_row("SELECT coalesce(sum(rows), 0) FROM batches", [], |row| row.get(0)).map_err(failed)?;
        Ok(Self { rows: u64::try_from(rows).unwrap_or(0), connection, path })
    }

    /// Keeps a batch.
    pub fn append(&mut self, batch: &CapturedRows<'_>) -> Result<(), WorkspaceError> {
        self.connection
            .prepare_cached("INSERT INTO batches (first_row, rows, batch) VALUES (?1, ?2, ?3)")
            .and_then(|mut s| s.execute(params![batch.first_row as i64, batch.rows, encode(batch)]))
            .map_err(|e| WorkspaceError::sql(&self.path, &e))?;
        self.rows += u64::from(batch.rows);
        Ok(())
    }

    /// Rows in the capture, with those of earlier sessions.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

/// Reads a capture, also while it is being written.
#[derive(Debug)]
pub struct CaptureReader {
    connection: Connection,
    path: PathBuf,
}

impl CaptureReader {
    /// Opens the capture of a deployment; one that is not there is an error.
    pub fn open(folder: &Path, deployment: &str) -> Result<Self, WorkspaceError> {
        let path = capture_path(folder, deployment);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(|e| WorkspaceError::sql(&path, &e))?;
        refuse_newer(&connection, &path)?;
        Ok(Self { connection, path })
    }

    /// Every batch, in the order they were kept.
    pub fn batches(&self) -> Result<Vec<CapturedBatch>, WorkspaceError> {
        let found = || -> rusqlite::Result<Vec<Vec<u8>>> {
            let mut statement = self.connection.prepare("SELECT batch FROM batches ORDER BY id")?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        found()
            .map_err(|e| WorkspaceError::sql(&self.path, &e))?
            .iter()
            .map(|blob| decode(blob).map_err(|what| WorkspaceError::Damaged { what, path: self.path.clone() }))
            .collect()
    }
}
