//! The file that a journal grows in, behind a trait so that a full disk can be had in a test.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::names;
use super::space;

/// A file that grows at its end.
pub(super) trait Store: Send {
    /// Writes at the end; after an error any part of it may stand there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes it this long.
    fn cut(&mut self, length: u64) -> io::Result<()>;
    /// Waits until the disk has it.
    fn sync(&mut self) -> io::Result<()>;
}

/// Where journals are made.
pub(super) trait Disk: Send + Sync {
    /// Makes a file with this beginning, whole or not at all; on the disk when `sync`.
    fn create(&self, path: &Path, beginning: &[u8], sync: bool) -> io::Result<Box<dyn Store>>;
    /// Bytes that are free where the folder is, if that can be told.
    fn free(&self, folder: &Path) -> Option<u64>;
}

/// The disk of this machine.
pub(super) struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path, beginning: &[u8], sync: bool) -> io::Result<Box<dyn Store>> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = names::temporary(folder)?;
        file.write_all(beginning)?;
        if sync {
            file.as_file().sync_all()?;
        }
        let file = file.persist(path).map_err(|e| e.error)?;
        if sync {
            names::sync_folder(folder);
        }
        Ok(Box::new(RealStore(file)))
    }

    fn free(&self, folder: &Path) -> Option<u64> {
        space::free(folder)
    }
}

struct RealStore(File);

impl Store for RealStore {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)?;
        self.0.seek(SeekFrom::Start(length)).map(|_| ())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// A store that holds whole records only: what could not be written whole is cut off again.
pub(super) struct Appender {
    store: Box<dyn Store>,
    length: u64,
    torn: bool,
}

impl Appender {
    pub(super) fn new(store: Box<dyn Store>, length: u64) -> Self {
        Self { store, length, torn: false }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes, and has them on the disk when `sync`; after an error none of them is there.
    pub(super) fn append(&mut self, bytes: &[u8], sync: bool) -> io::Result<Spent> {
        if self.torn {
            self.store.cut(self.length)?;
            self.torn = false;
        }
        let start = Instant::now();
        let mut written = start;
        let done = self.store.append(bytes).and_then(|()| {
            written = Instant::now();
            if sync { self.store.sync() } else { Ok(()) }
        });
        match done {
            Ok(()) => {
                self.length += bytes.len() as u64;
                Ok(Spent { write: written - start, sync: if sync { written.elapsed() } else { Duration::ZERO } })
            }
            Err(error) => {
                self.torn = self.store.cut(self.length).is_err();
                Err(error)
            }
        }
    }
}

/// Time that an append took.
pub(super) struct Spent {
    pub(super) write: Duration,
    pub(super) sync: Duration,
}
