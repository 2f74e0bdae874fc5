//! What is in a folder, and which of it may be taken.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// Endings of files that another program has not finished.
const UNFINISHED: [&str; 8] = ["tmp", "temp", "part", "partial", "crdownload", "download", "filepart", "swp"];

/// Size and time of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) size: u64,
    pub(super) modified_ns: Option<i64>,
}

/// A file that rests, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Resting {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
    pub(super) rested: Duration,
}

/// What the folder held at the last looks. A file rests from the look at which size and time were first as they are
/// now; only differences count, so times in the future and clocks that are set do no harm.
#[derive(Default)]
pub(super) struct Look {
    seen: BTreeMap<String, (Stamp, Instant)>,
}

impl Look {
    /// Looks at the folder: the files in it, oldest first.
    pub(super) fn files(&mut self, folder: &Path, now: Instant) -> io::Result<Vec<Resting>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            // A name that is no Unicode cannot stand in the ledger.
            let Some(name) = path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
            if is_unfinished(&name) {
                continue;
            }
            let Ok(found) = std::fs::metadata(&path) else { continue };
            if !found.is_file() {
                continue;
            }
            let since = found.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let stamp =
                Stamp { size: found.len(), modified_ns: since.and_then(|since| i64::try_from(since.as_nanos()).ok()) };
            let (known, first) = self.seen.entry(name.clone()).or_insert((stamp, now));
            if *known != stamp {
                (*known, *first) = (stamp, now);
            }
            files.push(Resting { name, path, stamp, rested: now.saturating_duration_since(*first) });
        }
        files.sort_by(|a, b| (a.stamp.modified_ns, &a.name).cmp(&(b.stamp.modified_ns, &b.name)));
        let there: std::collections::BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
        self.seen.retain(|name, _| there.contains(name.as_str()));
        Ok(files)
    }

    /// A file moved while it was read: it has to rest anew.
    pub(super) fn disturb(&mut self, name: &str) {
        self.seen.remove(name);
    }
}

fn is_unfinished(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    name.starts_with('.')
        || name.starts_with("~$")
        || name.ends_with('~')
        || UNFINISHED.iter().any(|known| known.eq_ignore_ascii_case(ending))
}
