//! The database of labels.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::KnowsIds;
use super::error::LabelError;
use crate::deploy::capture::{Durability, SteadyClock};
use crate::deploy::serve::{Label, LabelsTaken};

const VERSION: i64 = 1;
const MOST_BYTES: usize = 4_096;
/// Unknown ids that are named in an answer.
const NAMED: usize = 100;

/// How labels are kept.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct LabelSettings {
    /// How long a label waits for its prediction, in hours.
    pub unknown_hours: u32,
    /// How many labels wait at most; the oldest give way.
    pub unknown_most: u64,
    /// What a taken label survives.
    pub durability: Durability,
}

impl Default for LabelSettings {
    fn default() -> Self {
        Self { unknown_hours: 24 * 7, unknown_most: 100_000, durability: Durability::Process }
    }
}

/// What is true of a prediction, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Truth {
    /// What was said last, which counts.
    pub truth: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub last_at_ms: i64,
    /// What was said first.
    pub first_truth: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub first_at_ms: i64,
    /// How often another truth came.
    pub corrections: u32,
    /// Whether its prediction was found.
    pub known: bool,
}

/// How many labels there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LabelCounts {
    /// Of known predictions.
    pub joined: u64,
    /// Of these, corrected at least once.
    pub corrected: u64,
    /// That wait for their prediction.
    pub unknown: u64,
}

/// What became of labels that waited for their predictions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Settled {
    /// Their prediction was found.
    pub joined: u64,
    /// They waited too long, or too many waited, and were forgotten.
    pub forgotten: u64,
}

/// The labels of one served model.
pub struct Labels {
    connection: Mutex<Connection>,
    path: PathBuf,
    settings: LabelSettings,
    clock: SteadyClock,
}

impl Labels {
    /// Opens the labels in a capture's folder and makes them when missing.
    ///
    /// # Errors
    /// When the file cannot be opened or is of a newer version.
    pub fn open(folder: &Path, settings: LabelSettings) -> Result<Self, LabelError> {
        let path = folder.join("labels.sqlite");
        let failed = |e: rusqlite::Error| LabelError::sql(&path, &e);
        std::fs::create_dir_all(folder)
            .map_err(|e| LabelError::Database { reason: e.to_string(), path: path.clone() })?;
        let mut connection = Connection::open(&path).map_err(failed)?;
        connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(failed)?;
        let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
        if found > VERSION {
            return Err(LabelError::Newer { found, known: VERSION, path });
        }
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).map_err(failed)?;
        let synchronous = if settings.durability == Durability::Power { "FULL" } else { "NORMAL" };
        connection.pragma_update(None, "synchronous", synchronous).map_err(failed)?;
        if found < VERSION {
            let transaction = connection.transaction().map_err(failed)?;
            transaction
                .execute_batch(
                    "CREATE TABLE labels (id TEXT NOT NULL, row INTEGER NOT NULL, truth TEXT NOT NULL,
                       last_at_ms INTEGER NOT NULL, first_truth TEXT NOT NULL, first_at_ms INTEGER NOT NULL,
                       corrections INTEGER NOT NULL, known INTEGER NOT NULL, PRIMARY KEY (id, row)) WITHOUT ROWID;
                     CREATE INDEX waiting ON labels (first_at_ms) WHERE known = 0;",
                )
                .map_err(failed)?;
            transaction.pragma_update(None, "user_version", VERSION).map_err(failed)?;
            transaction.commit().map_err(failed)?;
        }
        Ok(Self { connection: Mutex::new(connection), path, settings, clock: SteadyClock::new() })
    }

    fn failed(&self, error: &rusqlite::Error) -> LabelError {
        LabelError::sql(&self.path, error)
    }

    /// Takes labels, all or none; when it returns they are kept as the settings say.
    ///
    /// # Errors
    /// When an id or truth is empty or too long, or they cannot be kept.
    pub fn take(&self, labels: &[Label], known: &dyn KnowsIds) -> Result<LabelsTaken, LabelError> {
        for label in labels {
            for (what, text) in [("id", &label.id), ("truth", &label.truth)] {
                if text.is_empty() || text.len() > MOST_BYTES {
                    return Err(LabelError::OutOfBounds { what, most: MOST_BYTES });
                }
            }
        }
        // Asked before the database is locked: it may take a look into many files.
        let mut given = Vec::with_capacity(labels.len());
        for label in labels {
            let rows = known.rows_of(&label.id).map_err(LabelError::Known)?;
            given.push(rows.is_some_and(|rows| label.row < rows as usize));
        }
        let mut connection = self.connection.lock();
        let taken = put(&mut connection, labels, &given, self.clock.now_ms()).map_err(|e| self.failed(&e))?;
        if taken.unknown_count > 0 {
            self.forget(&connection).map_err(|e| self.failed(&e))?;
        }
        Ok(taken)
    }

    /// Looks again for the predictions of labels that wait, and forgets those that waited too long.
    ///
    /// # Errors
    /// When the labels or the known requests cannot be read.
    pub fn settle(&self, known: &dyn KnowsIds) -> Result<Settled, LabelError> {
        let waiting: Vec<(String, u32)> = {
            let connection = self.connection.lock();
            let list = || -> rusqlite::Result<Vec<(String, u32)>> {
                let mut statement = connection.prepare_cached("SELECT id, row FROM labels WHERE known = 0")?;
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            };
            list().map_err(|e| self.failed(&e))?
        };
        let mut found = Vec::new();
        for (id, row) in waiting {
            if known.rows_of(&id).map_err(LabelError::Known)?.is_some_and(|rows| row < rows) {
                found.push((id, row));
            }
        }
        let mut connection = self.connection.lock();
        let mut mark = || -> rusqlite::Result<Settled> {
            let transaction = connection.transaction()?;
            let mut joined = 0;
            for (id, row) in &found {
                joined += transaction
                    .prepare_cached("UPDATE labels SET known = 1 WHERE id = ?1 AND row = ?2 AND known = 0")?
                    .execute(params![id, row])? as u64;
            }
            transaction.commit()?;
            Ok(Settled { joined, forgotten: self.forget(&connection)? })
        };
        mark().map_err(|e| self.failed(&e))
    }

    fn forget(&self, connection: &Connection) -> rusqlite::Result<u64> {
        let oldest = self.clock.now_ms().saturating_sub(i64::from(self.settings.unknown_hours) * 3_600_000);
        let old =
            connection.prepare_cached("DELETE FROM labels WHERE known = 0 AND first_at_ms < ?1")?.execute([oldest])?;
        let most = i64::try_from(self.settings.unknown_most).unwrap_or(i64::MAX);
        let many = connection
            .prepare_cached(
                "DELETE FROM labels WHERE known = 0 AND (id, row) IN
                   (SELECT id, row FROM labels WHERE known = 0 ORDER BY first_at_ms DESC, id, row LIMIT -1 OFFSET ?1)",
            )?
            .execute([most])?;
        Ok((old + many) as u64)
    }

    /// What is known of a prediction.
    ///
    /// # Errors
    /// When the labels cannot be read.
    pub fn truth(&self, id: &str, row: u32) -> Result<Option<Truth>, LabelError> {
        let connection = self.connection.lock();
        find(&connection, id, row).map_err(|e| self.failed(&e))
    }

    /// What is known of several predictions, in their order.
    ///
    /// # Errors
    /// When the labels cannot be read.
    pub fn truths<'a>(
        &self,
        predictions: impl IntoIterator<Item = Option<(&'a str, u32)>>,
    ) -> Result<Vec<Option<Truth>>, LabelError> {
        let connection = self.connection.lock();
        let one = |wanted: Option<(&str, u32)>| wanted.map_or(Ok(None), |(id, row)| find(&connection, id, row));
        predictions.into_iter().map(one).collect::<rusqlite::Result<_>>().map_err(|e| self.failed(&e))
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the labels cannot be read.
    pub fn counts(&self) -> Result<LabelCounts, LabelError> {
        let connection = self.connection.lock();
        let counted = connection.query_row(
            "SELECT coalesce(sum(known), 0), coalesce(sum(known AND corrections > 0), 0), coalesce(sum(NOT known), 0)
             FROM labels",
            [],
            |row| {
                let count = |at: usize| row.get::<_, i64>(at).map(|count| u64::try_from(count).unwrap_or(0));
                Ok(LabelCounts { joined: count(0)?, corrected: count(1)?, unknown: count(2)? })
            },
        );
        counted.map_err(|e| self.failed(&e))
    }

    /// Deletes the labels of predictions, as request id and row; gives how many there were.
    ///
    /// # Errors
    /// When they cannot be deleted; then none is.
    pub fn delete(&self, predictions: &[(String, u32)]) -> Result<u64, LabelError> {
        self.all_or_none(|connection| {
            let mut gone = 0;
            for (id, row) in predictions {
                let mut statement = connection.prepare_cached("DELETE FROM labels WHERE id = ?1 AND row = ?2")?;
                gone += statement.execute(params![id, row])? as u64;
            }
            Ok(gone)
        })
    }

    /// Deletes all labels of a request, whether it is known or not; gives how many there were.
    ///
    /// # Errors
    /// When they cannot be deleted.
    pub fn delete_request(&self, id: &str) -> Result<u64, LabelError> {
        self.all_or_none(|connection| {
            Ok(connection.prepare_cached("DELETE FROM labels WHERE id = ?1")?.execute([id])? as u64)
        })
    }

    /// Deletes labels that were last said before a moment, such as the oldest prediction that is still kept: theirs
    /// are gone. In milliseconds since 1970-01-01 UTC; gives how many there were.
    ///
    /// # Errors
    /// When they cannot be deleted.
    pub fn forget_before(&self, at_ms: i64) -> Result<u64, LabelError> {
        self.all_or_none(|connection| {
            Ok(connection.prepare_cached("DELETE FROM labels WHERE last_at_ms < ?1")?.execute([at_ms])? as u64)
        })
    }

    /// Deleted bytes are overwritten, as deletion of a person's rows must.
    fn all_or_none(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<u64>) -> Result<u64, LabelError> {
        let mut connection = self.connection.lock();
        let done = || -> rusqlite::Result<u64> {
            connection.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
            let transaction = connection.transaction()?;
            let gone = work(&transaction)?;
            transaction.commit()?;
            // The write-ahead log still holds the old pages; readers may be in the way, then the next one does it.
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            Ok(gone)
        };
        done().map_err(|e| self.failed(&e))
    }
}

fn put(connection: &mut Connection, labels: &[Label], given: &[bool], now_ms: i64) -> rusqlite::Result<LabelsTaken> {
    let mut taken = LabelsTaken::default();
    let transaction = connection.transaction()?;
    for (label, known) in labels.iter().zip(given) {
        let row = i64::try_from(label.row).unwrap_or(i64::MAX);
        let before: Option<bool> = transaction
            .prepare_cached("SELECT known FROM labels WHERE id = ?1 AND row = ?2")?
            .query_row(params![label.id, row], |found| found.get(0))
            .optional()?;
        transaction
            .prepare_cached(
                "INSERT INTO labels VALUES (?1, ?2, ?3, ?4, ?3, ?4, 0, ?5)
                 ON CONFLICT (id, row) DO UPDATE SET
                   corrections = corrections + (truth <> excluded.truth),
                   last_at_ms = CASE WHEN truth <> excluded.truth THEN max(last_at_ms, excluded.last_at_ms) ELSE last_at_ms END,
                   truth = excluded.truth,
                   known = max(known, excluded.known)",
            )?
            .execute(params![label.id, row, label.truth, now_ms, known])?;
        match (before, known) {
            (Some(true), _) => taken.repeated += 1,
            (_, true) => taken.joined += 1,
            (_, false) => {
                taken.unknown_count += 1;
                if taken.unknown.len() < NAMED {
                    taken.unknown.push(label.id.clone());
                }
            }
        }
    }
    transaction.commit()?;
    Ok(taken)
}

fn find(connection: &Connection, id: &str, row: u32) -> rusqlite::Result<Option<Truth>> {
    connection
        .prepare_cached(
            "SELECT truth, last_at_ms, first_truth, first_at_ms, corrections, known FROM labels
             WHERE id = ?1 AND row = ?2",
        )?
        .query_row(params![id, row], |found| {
            Ok(Truth {
                truth: found.get(0)?,
                last_at_ms: found.get(1)?,
                first_truth: found.get(2)?,
                first_at_ms: found.get(3)?,
                corrections: found.get(4)?,
                known: found.get(5)?,
            })
        })
        .optional()
}
