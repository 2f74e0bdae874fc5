//! The library a person chose, remembered in `settings.json` of the runtime folder.

use crate::model::error::RuntimeError;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What is remembered about the runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    /// Version of this JSON layout.
    pub schema_version: u32,
    /// The library a person chose.
    pub library: Option<Chosen>,
}

/// A library a person chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chosen {
    /// Where it is.
    pub path: PathBuf,
    /// What it was when it was tried.
    pub sha256: String,
    /// Its version then.
    pub version: String,
}

fn file(folder: &Path) -> PathBuf {
    folder.join("settings.json")
}

/// Reads the settings; damaged ones count as none, because the program can do without.
pub(super) fn read(folder: &Path) -> Settings {
    let path = file(folder);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!(%error, path = %path.display(), "the runtime settings are damaged and are not used");
            Settings::default()
        }),
        Err(_) => Settings::default(),
    }
}

/// Writes the settings: all or nothing.
pub(super) fn write(folder: &Path, library: Option<Chosen>) -> Result<(), RuntimeError> {
    let path = file(folder);
    let io = |e: &std::io::Error| RuntimeError::io("Writing the runtime settings", &path, e);
    std::fs::create_dir_all(folder).map_err(|e| io(&e))?;
    let mut temp = tempfile::NamedTempFile::new_in(folder).map_err(|e| io(&e))?;
    let json = serde_json::to_vec_pretty(&Settings { schema_version: 1, library })
        .map_err(|e| io(&std::io::Error::other(e)))?;
    temp.write_all(&json).map_err(|e| io(&e))?;
    temp.as_file().sync_all().map_err(|e| io(&e))?;
    temp.persist(&path).map_err(|e| io(&e.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_kept_and_damaged_ones_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), Settings::default());
        let chosen = Chosen { path: "lib.so".into(), sha256: "ab".to_owned(), version: "1.2.3".to_owned() };
        write(folder.path(), Some(chosen.clone())).unwrap();
        assert_eq!(read(folder.path()).library, Some(chosen));
        std::fs::write(file(folder.path()), "{\"library\":").unwrap();
        assert_eq!(read(folder.path()).library, None);
    }
}
