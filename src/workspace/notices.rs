//! Notices and settings.

use rusqlite::params;
use serde_json::Value;

use super::error::WorkspaceError;
use super::open::Workspace;
use super::records::NoticeRecord;
use super::store::json;

const MOST_NOTICES: i64 = 200;

impl Workspace {
    /// Keeps a notice; only the newest 200 stay.
    pub fn add_notice(&mut self, record: &NoticeRecord) -> Result<(), WorkspaceError> {
        self.change(|t| {
            t.execute(
                "INSERT INTO notices (level, text, at_ms) VALUES (?1, ?2, ?3)",
                params![record.level, record.text, record.at_ms],
            )?;
            t.execute(
                "DELETE FROM notices WHERE id NOT IN (SELECT id FROM notices ORDER BY id DESC LIMIT ?1)",
                [MOST_NOTICES],
            )
            .map(|_| ())
        })
    }

    /// The notices, newest first.
    pub fn notices(&self) -> Result<Vec<NoticeRecord>, WorkspaceError> {
        self.list("SELECT level, text, at_ms FROM notices ORDER BY id DESC", [], |row| {
            Ok(NoticeRecord { level: row.get(0)?, text: row.get(1)?, at_ms: row.get(2)? })
        })
    }

    /// Removes every notice.
    pub fn clear_notices(&mut self) -> Result<(), WorkspaceError> {
        self.change(|t| t.execute("DELETE FROM notices", []).map(|_| ()))
    }

    /// Keeps a setting, in place of the value it had.
    pub fn set_setting(&mut self, key: &str, value: &Value) -> Result<(), WorkspaceError> {
        let sql = "INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)";
        self.change(|t| t.execute(sql, params![key, value.to_string()]).map(|_| ()))
    }

    /// Every setting, by key.
    pub fn settings(&self) -> Result<Vec<(String, Value)>, WorkspaceError> {
        self.list("SELECT key, value FROM settings ORDER BY key", [], |row| Ok((row.get(0)?, json(row, 1)?)))
    }
}
