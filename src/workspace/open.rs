//! Opening the folder: its lock, its database, and reading only where writing is refused.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::error::WorkspaceError;
use super::{files, schema};

/// The file that makes a folder a workspace.
const DATABASE: &str = "workspace.sqlite";

/// How a workspace is opened; the defaults are what people get.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// Opens for reading only, even where the folder could be written.
    pub read_only: bool,
    /// The most pages (of 4096 bytes) the database may have; past it every write says that the disk is full.
    pub max_pages: Option<u32>,
}

/// An open workspace folder; the lock lasts as long as the value.
#[derive(Debug)]
pub struct Workspace {
    pub(super) connection: Connection,
    pub(super) folder: PathBuf,
    pub(super) database: PathBuf,
    read_only: Option<String>,
    _lock: Option<File>,
}

impl Workspace {
    /// Opens the folder, and makes it when missing.
    ///
    /// A folder that cannot be written but holds a database is opened for reading only.
    pub fn open(dir: &Path) -> Result<Self, WorkspaceError> {
        Self::open_with(dir, OpenOptions::default())
    }

    /// Whether a folder holds a workspace.
    pub fn is_in(dir: &Path) -> bool {
        dir.join(DATABASE).is_file()
    }

    /// Opens the folder with options.
    pub fn open_with(dir: &Path, options: OpenOptions) -> Result<Self, WorkspaceError> {
        let database = dir.join(DATABASE);
        let known = database.is_file();
        let (lock, read_only) = if options.read_only && known {
            (lock_of(dir, false)?, Some("it was opened for reading only".to_owned()))
        } else {
            match writable_lock(dir) {
                Ok(lock) => (Some(lock), None),
                Err(Refusal::Locked(error)) => return Err(error),
                Err(Refusal::NotWritable(why)) if known => {
                    (lock_of(dir, false)?, Some(format!("its folder cannot be written ({why})")))
                }
                Err(Refusal::NotWritable(what)) => {
                    return Err(WorkspaceError::Io { what, path: dir.to_path_buf() });
                }
            }
        };
        if known {
            refuse_newer(&database, header_version(&database)?)?;
        }
        let failed = |e: rusqlite::Error| WorkspaceError::sql(&database, &e);
        let mut connection = connect(&database, read_only.is_some()).map_err(failed)?;
        refuse_newer(&database, schema::version(&connection).map_err(failed)?)?;
        if read_only.is_none() {
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).map_err(failed)?;
            connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)?;
            connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
            schema::migrate(&mut connection).map_err(failed)?;
            if let Some(pages) = options.max_pages {
                connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).map_err(failed)?;
            }
            for name in ["models", "captures"] {
                files::make_folder(&dir.join(name))?;
            }
        }
        Ok(Self { connection, folder: dir.to_path_buf(), database, read_only, _lock: lock })
    }

    /// Why nothing can be written, if so.
    pub fn read_only_reason(&self) -> Option<String> {
        self.read_only.clone()
    }

    /// The folder of the captures; see [`super::capture`].
    pub fn captures_folder(&self) -> PathBuf {
        self.folder.join("captures")
    }

    /// Where the bytes of a model are.
    pub fn model_path(&self, id: &str) -> PathBuf {
        self.folder.join("models").join(format!("{}.onnx", files::safe_file_name(id)))
    }

    pub(super) fn check_writable(&self) -> Result<(), WorkspaceError> {
        if self.read_only.is_some() { Err(WorkspaceError::ReadOnly { path: self.folder.clone() }) } else { Ok(()) }
    }
}

enum Refusal {
    Locked(WorkspaceError),
    NotWritable(String),
}

fn writable_lock(dir: &Path) -> Result<File, Refusal> {
    let refused = |e: std::io::Error| Refusal::NotWritable(e.to_string());
    std::fs::create_dir_all(dir).map_err(refused)?;
    match lock_of(dir, true) {
        Ok(Some(file)) => {
            // The lock file may be writable in a folder that takes no new files, as the database needs.
            tempfile::tempfile_in(dir).map_err(refused)?;
            Ok(file)
        }
        Ok(None) => Err(Refusal::NotWritable("the lock file could not be made".to_owned())),
        Err(error @ WorkspaceError::Locked { .. }) => Err(Refusal::Locked(error)),
        Err(error) => Err(Refusal::NotWritable(error.to_string())),
    }
}

/// Takes the lock; `None` when there is no lock file and none may be made.
fn lock_of(dir: &Path, make: bool) -> Result<Option<File>, WorkspaceError> {
    let path = dir.join("workspace.lock");
    let opened =
        if make { File::options().create(true).truncate(false).write(true).open(&path) } else { File::open(&path) };
    let file = match opened {
        Ok(file) => file,
        Err(_) if !make => return Ok(None),
        Err(e) if matches!(e.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => return Ok(None),
        Err(e) => return Err(WorkspaceError::io(&path, &e)),
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(WorkspaceError::Locked { path: dir.to_path_buf() }),
        Err(TryLockError::Error(e)) => Err(WorkspaceError::io(&path, &e)),
    }
}

fn refuse_newer(database: &Path, found: i64) -> Result<(), WorkspaceError> {
    if found > schema::SCHEMA {
        return Err(WorkspaceError::Newer { found, known: schema::SCHEMA, path: database.to_path_buf() });
    }
    Ok(())
}

/// The version in the file's header (bytes 60 to 63, big-endian: `SQLite` file format, 1.3), read before the database
/// is opened, because opening already makes files beside it.
fn header_version(database: &Path) -> Result<i64, WorkspaceError> {
    let mut header = Vec::with_capacity(100);
    File::open(database)
        .and_then(|file| file.take(100).read_to_end(&mut header))
        .map_err(|e| WorkspaceError::io(database, &e))?;
    let bytes: Option<[u8; 4]> = header.get(60..64).and_then(|b| b.try_into().ok());
    if header.starts_with(b"SQLite format 3\0") { Ok(bytes.map_or(0, i32::from_be_bytes).into()) } else { Ok(0) }
}

fn connect(database: &Path, read_only: bool) -> rusqlite::Result<Connection> {
    let plain = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if !read_only {
        return Connection::open_with_flags(
            database,
            plain | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        );
    }
    let mut wal = database.as_os_str().to_owned();
    wal.push("-wal");
    let pending = std::fs::metadata(Path::new(&wal)).is_ok_and(|m| m.len() > 0);
    // A WAL database needs its shared-memory file even to be read, unless it is declared immutable; but then what is
    // still in the log would not be seen.
    let flags = plain | OpenFlags::SQLITE_OPEN_READ_ONLY;
    match (pending, immutable_uri(database)) {
        (false, Some(uri)) => Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI),
        _ => Connection::open_with_flags(database, flags),
    }
}

fn immutable_uri(database: &Path) -> Option<String> {
    let path = std::path::absolute(database).ok()?;
    let mut uri = String::from("file:");
    let text = path.to_str()?.replace('\\', "/");
    if !text.starts_with('/') {
        uri.push('/');
    }
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b':') {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&files::escaped(byte));
        }
    }
    uri.push_str("?immutable=1");
    Some(uri)
}
