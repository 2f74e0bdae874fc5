//! Deployments with the chunks and alerts of their monitors.

use rusqlite::{Row, params};
use serde_json::Value;

use super::capture::capture_path;
use super::error::WorkspaceError;
use super::files;
use super::open::Workspace;
use super::records::{AlertRecord, DeploymentRecord};
use super::store::{count, json};

impl Workspace {
    /// Keeps a deployment.
    pub fn add_deployment(&mut self, record: &DeploymentRecord) -> Result<(), WorkspaceError> {
        self.change(|t| {
            t.execute(
                "INSERT INTO deployments (id, model, request, profile, state, names, started_at_ms, rows_seen)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    record.id,
                    record.model,
                    record.request.to_string(),
                    record.profile.to_string(),
                    record.state.to_string(),
                    record.names.to_string(),
                    record.started_at_ms,
                    record.rows_seen as i64
                ],
            )
            .map(|_| ())
        })
    }

    /// Keeps a deployment's new state and how many rows it has read.
    pub fn update_deployment(&mut self, id: &str, state: &Value, rows_seen: u64) -> Result<(), WorkspaceError> {
        let sql = "UPDATE deployments SET state = ?2, rows_seen = ?3 WHERE id = ?1";
        self.change(|t| t.execute(sql, params![id, state.to_string(), rows_seen as i64]).map(|_| ()))
    }

    /// The deployments, in the order they were started.
    pub fn deployments(&self) -> Result<Vec<DeploymentRecord>, WorkspaceError> {
        let sql = "SELECT id, model, request, profile, state, names, started_at_ms, rows_seen FROM deployments
                   ORDER BY started_at_ms, rowid";
        self.list(sql, [], |row| {
            Ok(DeploymentRecord {
                id: row.get(0)?,
                model: row.get(1)?,
                request: json(row, 2)?,
                profile: json(row, 3)?,
                state: json(row, 4)?,
                names: json(row, 5)?,
                started_at_ms: row.get(6)?,
                rows_seen: count(row, 7)?,
            })
        })
    }

    /// Removes a deployment with its chunks, alerts and capture.
    pub fn remove_deployment(&mut self, id: &str) -> Result<(), WorkspaceError> {
        self.change(|t| t.execute("DELETE FROM deployments WHERE id = ?1", [id]).map(|_| ()))?;
        files::remove_database(&capture_path(&self.captures_folder(), id))
    }

    /// Keeps what a monitor found, all of it or nothing: chunks by index, alerts (`None` for a new one) with whether
    /// each is open, and the rows read so far. Gives the alerts' keys in the same order.
    pub fn keep_chunks(
        &mut self,
        deployment: &str,
        chunks: &[(u64, Value)],
        alerts: &[(Option<i64>, Value, bool)],
        rows_seen: u64,
    ) -> Result<Vec<i64>, WorkspaceError> {
        self.change(|t| {
            for (index, chunk) in chunks {
                t.execute(
                    "INSERT OR REPLACE INTO chunks (deployment, number, chunk) VALUES (?1, ?2, ?3)",
                    params![deployment, *index as i64, chunk.to_string()],
                )?;
            }
            let mut ids = Vec::with_capacity(alerts.len());
            for (id, alert, open) in alerts {
                // A NULL key makes SQLite give the next one.
                t.execute(
                    "INSERT INTO alerts (id, deployment, alert, open) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (id) DO UPDATE SET alert = excluded.alert, open = excluded.open",
                    params![id, deployment, alert.to_string(), open],
                )?;
                ids.push(id.unwrap_or_else(|| t.last_insert_rowid()));
            }
            t.execute("UPDATE deployments SET rows_seen = ?2 WHERE id = ?1", params![deployment, rows_seen as i64])?;
            Ok(ids)
        })
    }

    /// The chunks of a deployment, by index.
    pub fn chunks(&self, deployment: &str) -> Result<Vec<Value>, WorkspaceError> {
        self.list("SELECT chunk FROM chunks WHERE deployment = ?1 ORDER BY number", [deployment], |row| json(row, 0))
    }

    /// Every alert, oldest first.
    pub fn alerts(&self) -> Result<Vec<AlertRecord>, WorkspaceError> {
        self.list("SELECT id, deployment, alert, open FROM alerts ORDER BY id", [], |row: &Row<'_>| {
            Ok(AlertRecord { id: row.get(0)?, deployment: row.get(1)?, alert: json(row, 2)?, open: row.get(3)? })
        })
    }

    /// Keeps a changed alert.
    pub fn update_alert(&mut self, id: i64, alert: &Value, open: bool) -> Result<(), WorkspaceError> {
        let sql = "UPDATE alerts SET alert = ?2, open = ?3 WHERE id = ?1";
        self.change(|t| t.execute(sql, params![id, alert.to_string(), open]).map(|_| ()))
    }
}
