//! Data-use registers, one for each layout of a dataset.

use rusqlite::{OptionalExtension as _, params};
use serde_json::Value;

use super::error::WorkspaceError;
use super::open::Workspace;
use super::store::json;

/// The table of the registers: a layout's key and the register as JSON, which this room does not interpret.
pub(super) const REGISTERS: &str = "CREATE TABLE registers (layout TEXT PRIMARY KEY, register TEXT NOT NULL);";

impl Workspace {
    /// The register of a dataset layout, by the key under which it was kept; `None` when there is none.
    pub fn register(&self, key: &str) -> Result<Option<Value>, WorkspaceError> {
        if self.lacks_registers()? {
            return Ok(None);
        }
        self.connection
            .query_row("SELECT register FROM registers WHERE layout = ?1", [key], |row| json(row, 0))
            .optional()
            .map_err(|e| WorkspaceError::sql(&self.database, &e))
    }

    /// Keeps the register of a dataset layout, in place of what was kept before.
    pub fn set_register(&mut self, key: &str, value: &Value) -> Result<(), WorkspaceError> {
        let sql = "INSERT OR REPLACE INTO registers (layout, register) VALUES (?1, ?2)";
        self.change(|t| t.execute(sql, params![key, value.to_string()]).map(|_| ()))
    }

    /// The keys of the layouts that have a register, sorted.
    pub fn register_keys(&self) -> Result<Vec<String>, WorkspaceError> {
        if self.lacks_registers()? {
            return Ok(Vec::new());
        }
        self.list("SELECT layout FROM registers ORDER BY layout", [], |row| row.get(0))
    }

    /// Removes the register of a layout; one that is not there is no failure.
    pub fn remove_register(&mut self, key: &str) -> Result<(), WorkspaceError> {
        self.change(|t| t.execute("DELETE FROM registers WHERE layout = ?1", [key]).map(|_| ()))
    }

    /// A database of an older format that is open for reading only was not brought to the present one.
    fn lacks_registers(&self) -> Result<bool, WorkspaceError> {
        let version = super::schema::version(&self.connection).map_err(|e| WorkspaceError::sql(&self.database, &e))?;
        Ok(version < super::schema::WITH_REGISTERS)
    }
}
