//! The names of the files in the folder, and writes that are whole or not there.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::error::CaptureError;

pub(super) const TEMPORARY: &str = ".capture-";
pub(super) const DELETIONS: &str = "deletions.jsonl";
pub(super) const LOCK: &str = "capture.lock";
const JOURNAL: &str = "journal";
const SEGMENT: &str = "parquet";
const INDEX: &str = "ids";

/// What a journal and the files made of it are called before the ending.
pub(super) fn stem(number: u64, at_ms: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
    format!("{number:010}-{}", time.format("%Y%m%dT%H%M%SZ"))
}

pub(super) fn journal(folder: &Path, stem: &str) -> PathBuf {
    folder.join(format!("{stem}.{JOURNAL}"))
}

pub(super) fn index(folder: &Path, stem: &str) -> PathBuf {
    folder.join(format!("{stem}.{INDEX}"))
}

/// The k-th segment of a journal, from 0.
pub(super) fn segment(folder: &Path, stem: &str, k: usize) -> PathBuf {
    match k {
        0 => folder.join(format!("{stem}.{SEGMENT}")),
        more => folder.join(format!("{stem}.{}.{SEGMENT}", more + 1)),
    }
}

/// Number and stem of a file's name, if it is one of ours.
fn parse(name: &str) -> Option<(u64, &str)> {
    let stem = name.split('.').next()?;
    let (number, _) = stem.split_once('-')?;
    let plain = number.len() >= 10 && number.bytes().all(|byte| byte.is_ascii_digit());
    Some((number.parse().ok().filter(|_| plain)?, stem))
}

pub(super) fn stem_of(path: &Path) -> Option<String> {
    parse(path.file_name()?.to_str()?).map(|(_, stem)| stem.to_owned())
}

/// The files of a folder by the number of their journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Listing {
    pub(super) journals: BTreeMap<u64, PathBuf>,
    pub(super) segments: BTreeMap<u64, Vec<PathBuf>>,
    pub(super) indexes: BTreeMap<u64, PathBuf>,
    /// What an interrupted write left.
    pub(super) temporary: Vec<PathBuf>,
}

impl Listing {
    pub(super) fn of(folder: &Path) -> Result<Self, CaptureError> {
        let failed = |e: &io::Error| {
            if CaptureError::is_gone(e) {
                return CaptureError::NotFound { path: folder.to_owned() };
            }
            CaptureError::io("The folder of the capture cannot be read", folder, e)
        };
        let mut listing = Self::default();
        for entry in fs::read_dir(folder).map_err(|e| failed(&e))? {
            let path = entry.map_err(|e| failed(&e))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if name.starts_with(TEMPORARY) {
                listing.temporary.push(path);
                continue;
            }
            let Some((number, _)) = parse(name) else { continue };
            match path.extension().and_then(|ending| ending.to_str()) {
                Some(JOURNAL) => drop(listing.journals.insert(number, path)),
                Some(SEGMENT) => listing.segments.entry(number).or_default().push(path),
                Some(INDEX) => drop(listing.indexes.insert(number, path)),
                _ => {}
            }
        }
        // `….10.parquet` comes after `….9.parquet`, and the first has no number.
        for paths in listing.segments.values_mut() {
            paths.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
        }
        listing.temporary.sort();
        Ok(listing)
    }

    /// The highest number that was given.
    pub(super) fn last(&self) -> Option<u64> {
        let keys = [self.journals.keys().last(), self.segments.keys().last(), self.indexes.keys().last()];
        keys.into_iter().flatten().max().copied()
    }

    /// The segments that count: those whose journal is gone.
    pub(super) fn settled(&self) -> impl Iterator<Item = (u64, &PathBuf)> {
        let settled = self.segments.iter().filter(|(number, _)| !self.journals.contains_key(number));
        settled.flat_map(|(number, paths)| paths.iter().map(|path| (*number, path)))
    }
}

/// A temporary file in the folder, which repair knows by its name.
pub(super) fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(TEMPORARY).suffix(".tmp").tempfile_in(folder)
}

/// Writes beside the target, syncs and renames, so that a crash leaves the old file or the new one.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = temporary(folder)?;
    file.write_all(bytes)?;
    persist(file, path)
}

/// Puts a temporary file at its place, on the disk.
pub(super) fn persist(file: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")));
    Ok(())
}

/// A rename lasts only once the folder is synced; not every system can open a folder.
pub(super) fn sync_folder(folder: &Path) {
    fs::File::open(folder).and_then(|file| file.sync_all()).ok();
}

/// Removes a file; one that is not there is no failure.
pub(super) fn remove(path: &Path) -> Result<(), CaptureError> {
    match fs::remove_file(path) {
        Err(e) if !CaptureError::is_gone(&e) => Err(CaptureError::io("The file cannot be removed", path, &e)),
        _ => Ok(()),
    }
}
