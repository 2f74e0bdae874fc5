//! The tables, and how an older database becomes the present one.

use rusqlite::Connection;

/// The format of the database that this program writes (`PRAGMA user_version`).
pub const SCHEMA: i64 = 3;

/// The format from which on there are registers.
pub(super) const WITH_REGISTERS: i64 = 2;

/// The format from which on there are sign-offs.
pub(super) const WITH_SIGN_OFFS: i64 = 3;

const FIRST: &str = "
CREATE TABLE models (id TEXT PRIMARY KEY, name TEXT NOT NULL, original_path TEXT NOT NULL, card TEXT,
  added_at_ms INTEGER NOT NULL);
CREATE TABLE datasets (id TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, rows INTEGER NOT NULL,
  fingerprint TEXT NOT NULL, schema TEXT NOT NULL, added_at_ms INTEGER NOT NULL);
CREATE TABLE bindings (model TEXT NOT NULL, dataset TEXT NOT NULL, binding TEXT NOT NULL, PRIMARY KEY (model, dataset));
CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, dataset TEXT NOT NULL, models TEXT NOT NULL,
  verdict TEXT NOT NULL, created_at_ms INTEGER NOT NULL, report TEXT NOT NULL);
CREATE TABLE deployments (id TEXT PRIMARY KEY, model TEXT NOT NULL, request TEXT NOT NULL, profile TEXT NOT NULL,
  state TEXT NOT NULL, names TEXT NOT NULL, started_at_ms INTEGER NOT NULL, rows_seen INTEGER NOT NULL);
CREATE TABLE chunks (deployment TEXT NOT NULL REFERENCES deployments (id) ON DELETE CASCADE, number INTEGER NOT NULL,
  chunk TEXT NOT NULL, PRIMARY KEY (deployment, number)) WITHOUT ROWID;
CREATE TABLE alerts (id INTEGER PRIMARY KEY AUTOINCREMENT,
  deployment TEXT NOT NULL REFERENCES deployments (id) ON DELETE CASCADE, alert TEXT NOT NULL, open INTEGER NOT NULL);
CREATE INDEX alerts_of_deployment ON alerts (deployment);
CREATE TABLE notices (id INTEGER PRIMARY KEY AUTOINCREMENT, level TEXT NOT NULL, text TEXT NOT NULL,
  at_ms INTEGER NOT NULL);
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
";

pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings the database to [`SCHEMA`] in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    if version(&transaction)? < 1 {
        transaction.execute_batch(FIRST)?;
    }
    if version(&transaction)? < WITH_REGISTERS {
        transaction.execute_batch(super::register::REGISTERS)?;
    }
    if version(&transaction)? < WITH_SIGN_OFFS {
        transaction.execute_batch(super::sign_offs::SIGN_OFFS)?;
    }
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    transaction.commit()
}
