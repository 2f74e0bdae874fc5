//! Sign-offs of finished validations. They outlive the validation they are for, as the word of a person does.

use rusqlite::params;
use serde_json::Value;

use super::error::WorkspaceError;
use super::open::Workspace;
use super::store::json;

/// The table of the sign-offs: at most one for a model of a run.
pub(super) const SIGN_OFFS: &str = "CREATE TABLE sign_offs (run INTEGER NOT NULL, model TEXT NOT NULL,
  dataset_name TEXT NOT NULL, at_ms INTEGER NOT NULL, sign_off TEXT NOT NULL, PRIMARY KEY (run, model));";

/// A person's word for one model's result of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct SignOffRecord {
    /// Key of the run.
    pub run: i64,
    /// Key of the model.
    pub model: String,
    /// The dataset's name at the time.
    pub dataset_name: String,
    /// When it was given, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The sign-off itself.
    pub sign_off: Value,
}

impl Workspace {
    /// Keeps a sign-off.
    ///
    /// # Errors
    /// When there is one for this model of this run, which is never replaced, and when nothing can be written.
    pub fn add_sign_off(&mut self, record: &SignOffRecord) -> Result<(), WorkspaceError> {
        let sql = "INSERT INTO sign_offs (run, model, dataset_name, at_ms, sign_off) VALUES (?1, ?2, ?3, ?4, ?5)";
        let SignOffRecord { run, model, dataset_name, at_ms, sign_off } = record;
        self.change(|t| t.execute(sql, params![run, model, dataset_name, at_ms, sign_off.to_string()]).map(|_| ()))
    }

    /// The sign-offs, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn sign_offs(&self) -> Result<Vec<SignOffRecord>, WorkspaceError> {
        let version = super::schema::version(&self.connection).map_err(|e| WorkspaceError::sql(&self.database, &e))?;
        // A database of an older format that is open for reading only was not brought to the present one.
        if version < super::schema::WITH_SIGN_OFFS {
            return Ok(Vec::new());
        }
        let sql =
            "SELECT run, model, dataset_name, at_ms, sign_off FROM sign_offs ORDER BY at_ms DESC, run DESC, model";
        self.list(sql, [], |row| {
            Ok(SignOffRecord {
                run: row.get(0)?,
                model: row.get(1)?,
                dataset_name: row.get(2)?,
                at_ms: row.get(3)?,
                sign_off: json(row, 4)?,
            })
        })
    }
}
