//! Files of the workspace: names that every system takes, and writes that are whole or not there.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::error::WorkspaceError;

const LONGEST_NAME: usize = 100;

/// A file name made of an id: letters, digits, `-` and `_` stay, any other byte becomes `%XX`.
///
/// Different ids give different names, except ids above 100 bytes once escaped, which are cut and end in a 64-bit
/// FNV-1a hash of the whole id. The result holds no separator and no dot, so it cannot leave its folder.
pub fn safe_file_name(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            name.push(char::from(byte));
        } else {
            name.push_str(&escaped(byte));
        }
    }
    if name.is_empty() {
        return "%".to_owned();
    }
    if name.len() > LONGEST_NAME {
        let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        name.truncate(LONGEST_NAME - 17);
        return format!("{name}-{hash:016x}");
    }
    name
}

pub(super) fn escaped(byte: u8) -> String {
    format!("%{byte:02X}")
}

pub(super) fn make_folder(path: &Path) -> Result<(), WorkspaceError> {
    fs::create_dir_all(path).map_err(|e| WorkspaceError::io(path, &e))
}

/// Writes beside the target, syncs and renames, so that a crash leaves the old file or the new one.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), WorkspaceError> {
    let failed = |e: &std::io::Error| WorkspaceError::io(path, e);
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| failed(&e))?;
    file.write_all(bytes).map_err(|e| failed(&e))?;
    file.as_file().sync_all().map_err(|e| failed(&e))?;
    file.persist(path).map_err(|e| failed(&e.error))?;
    // The rename itself lasts only once the folder is synced; not every system can open a folder.
    fs::File::open(folder).and_then(|f| f.sync_all()).ok();
    Ok(())
}

/// Removes a file; one that is not there is no failure.
pub(super) fn remove(path: &Path) -> Result<(), WorkspaceError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(WorkspaceError::io(path, &e)),
        _ => Ok(()),
    }
}

/// Removes a database with the files `SQLite` keeps beside it.
pub(super) fn remove_database(path: &Path) -> Result<(), WorkspaceError> {
    for ending in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        remove(Path::new(&beside))?;
    }
    remove(path)
}
