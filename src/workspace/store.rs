//! Models, datasets, bindings and runs.

use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension as _, Params, Row, Transaction, params};
use serde_json::Value;

use super::error::WorkspaceError;
use super::files;
use super::open::Workspace;
use super::records::{DatasetRecord, ModelRecord, RunRecord};

type Kept<T> = Result<T, WorkspaceError>;

/// A JSON column; text that is none is a damaged file.
pub(super) fn json(row: &Row<'_>, column: usize) -> rusqlite::Result<Value> {
    let text: String = row.get(column)?;
    parse(column, &text)
}

fn parse<T: serde::de::DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(e)))
}

/// A count; a negative one is a damaged file.
pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}

/// Paths are kept as text; bytes that are no text are replaced, and such a file is then not found again.
fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl Workspace {
    pub(super) fn list<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Kept<Vec<T>> {
        let found = || -> rusqlite::Result<Vec<T>> {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_map(params, read)?.collect()
        };
        found().map_err(|e| WorkspaceError::sql(&self.database, &e))
    }

    /// Does everything in `work` or nothing of it.
    pub(super) fn change<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Kept<T> {
        self.check_writable()?;
        let changed = || -> rusqlite::Result<T> {
            let transaction = self.connection.transaction()?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        changed().map_err(|e| WorkspaceError::sql(&self.database, &e))
    }

    /// Keeps a model: its bytes as a file, then its row; a row that is refused takes the file away again.
    pub fn add_model(&mut self, record: &ModelRecord, bytes: &[u8]) -> Kept<()> {
        self.check_writable()?;
        let path = self.model_path(&record.id);
        let was_there = path.exists();
        files::write_whole(&path, bytes)?;
        let added = self.change(|t| {
            t.execute(
                "INSERT INTO models (id, name, original_path, card, added_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    record.id,
                    record.name,
                    path_text(&record.original_path),
                    record.card.as_ref().map(Value::to_string),
                    record.added_at_ms
                ],
            )
        });
        if let Err(error) = added {
            if !was_there {
                // The refused row is what must be said; a file without a row is not shown anywhere.
                files::remove(&path).ok();
            }
            return Err(error);
        }
        Ok(())
    }

    /// The models, in the order they were added.
    pub fn models(&self) -> Kept<Vec<ModelRecord>> {
        self.list(
            "SELECT id, name, original_path, card, added_at_ms FROM models ORDER BY added_at_ms, rowid",
            [],
            |row| {
                let card: Option<String> = row.get(3)?;
                Ok(ModelRecord {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    original_path: PathBuf::from(row.get::<_, String>(2)?),
                    card: card.map(|text| parse(3, &text)).transpose()?,
                    added_at_ms: row.get(4)?,
                })
            },
        )
    }

    /// Keeps another card and name of a model; a model that is not there changes nothing.
    pub fn set_card(&mut self, id: &str, name: &str, card: &Value) -> Kept<()> {
        let sql = "UPDATE models SET name = ?2, card = ?3 WHERE id = ?1";
        self.change(|t| t.execute(sql, params![id, name, card.to_string()]).map(|_| ()))
    }

    /// Removes a model with every run that compares it, its deployments with all they kept, its bindings and its file.
    pub fn remove_model(&mut self, id: &str) -> Kept<()> {
        let deployments = self.list("SELECT id FROM deployments WHERE model = ?1", [id], |r| r.get::<_, String>(0))?;
        let runs: Vec<i64> =
            self.runs()?.into_iter().filter(|r| r.models.iter().any(|m| m == id)).map(|r| r.id).collect();
        self.change(|t| {
            for run in &runs {
                t.execute("DELETE FROM runs WHERE id = ?1", [run])?;
            }
            t.execute("DELETE FROM deployments WHERE model = ?1", [id])?;
            t.execute("DELETE FROM bindings WHERE model = ?1", [id])?;
            t.execute("DELETE FROM models WHERE id = ?1", [id])
        })?;
        for deployment in &deployments {
            files::remove_database(&super::capture::capture_path(&self.captures_folder(), deployment))?;
        }
        files::remove(&self.model_path(id))
    }

    /// Keeps a dataset.
    pub fn add_dataset(&mut self, record: &DatasetRecord) -> Kept<()> {
        self.change(|t| {
            t.execute(
                "INSERT INTO datasets (id, name, path, rows, fingerprint, schema, added_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    record.id,
                    record.name,
                    path_text(&record.path),
                    record.rows as i64,
                    record.fingerprint.to_string(),
                    record.schema.to_string(),
                    record.added_at_ms
                ],
            )
            .map(|_| ())
        })
    }

    /// The datasets, in the order they were added.
    pub fn datasets(&self) -> Kept<Vec<DatasetRecord>> {
        let sql =
            "SELECT id, name, path, rows, fingerprint, schema, added_at_ms FROM datasets ORDER BY added_at_ms, rowid";
        self.list(sql, [], |row| {
            Ok(DatasetRecord {
                id: row.get(0)?,
                name: row.get(1)?,
                path: PathBuf::from(row.get::<_, String>(2)?),
                rows: count(row, 3)?,
                fingerprint: json(row, 4)?,
                schema: json(row, 5)?,
                added_at_ms: row.get(6)?,
            })
        })
    }

    /// Removes a dataset and its bindings; its file and the runs on it stay.
    pub fn remove_dataset(&mut self, id: &str) -> Kept<()> {
        self.change(|t| {
            t.execute("DELETE FROM bindings WHERE dataset = ?1", [id])?;
            t.execute("DELETE FROM datasets WHERE id = ?1", [id]).map(|_| ())
        })
    }

    /// What is kept of how a model's inputs meet a dataset's columns.
    pub fn binding(&self, model: &str, dataset: &str) -> Kept<Option<Value>> {
        self.connection
            .query_row("SELECT binding FROM bindings WHERE model = ?1 AND dataset = ?2", [model, dataset], |r| {
                json(r, 0)
            })
            .optional()
            .map_err(|e| WorkspaceError::sql(&self.database, &e))
    }

    /// Keeps how a model's inputs meet a dataset's columns, in place of what was kept before.
    pub fn set_binding(&mut self, model: &str, dataset: &str, value: &Value) -> Kept<()> {
        let sql = "INSERT OR REPLACE INTO bindings (model, dataset, binding) VALUES (?1, ?2, ?3)";
        self.change(|t| t.execute(sql, params![model, dataset, value.to_string()]).map(|_| ()))
    }

    /// Keeps a run and gives its key; the record's own `id` is not used.
    pub fn add_run(&mut self, record: &RunRecord) -> Kept<i64> {
        let models = Value::from(record.models.clone()).to_string();
        self.change(|t| {
            t.execute(
                "INSERT INTO runs (dataset, models, verdict, created_at_ms, report) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![record.dataset, models, record.verdict, record.created_at_ms, record.report.to_string()],
            )?;
            Ok(t.last_insert_rowid())
        })
    }

    /// Writes a kept run's report anew, after something was added to it; a run that is not there is no failure.
    pub fn set_run_report(&mut self, id: i64, report: &Value) -> Kept<()> {
        let text = report.to_string();
        self.change(|t| t.execute("UPDATE runs SET report = ?2 WHERE id = ?1", params![id, text]).map(|_| ()))
    }

    /// The runs, oldest first.
    pub fn runs(&self) -> Kept<Vec<RunRecord>> {
        self.list("SELECT id, dataset, models, verdict, created_at_ms, report FROM runs ORDER BY id", [], |row| {
            let models: String = row.get(2)?;
            Ok(RunRecord {
                id: row.get(0)?,
                dataset: row.get(1)?,
                models: parse(2, &models)?,
                verdict: row.get(3)?,
                created_at_ms: row.get(4)?,
                report: json(row, 5)?,
            })
        })
    }

    /// Removes a run; one that is not there is no failure.
    pub fn remove_run(&mut self, id: i64) -> Kept<()> {
        self.change(|t| t.execute("DELETE FROM runs WHERE id = ?1", [id]).map(|_| ()))
    }
}
