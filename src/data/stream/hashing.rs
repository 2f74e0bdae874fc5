//! The fingerprint of a file, taken on a thread of its own while its rows are read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::data::fingerprint::{Stamp, of_file_watched};
use crate::data::{DataError, Fingerprint, Watch};

/// How long a cancel may go unheard while the file is being hashed.
const PATIENCE: Duration = Duration::from_millis(20);

type Hashed = Result<Fingerprint, DataError>;

/// A fingerprint that is known, or comes. The thread that hashes ends with the file and when this is dropped.
pub(super) struct Hashing {
    path: PathBuf,
    known: Option<Hashed>,
    coming: Option<Receiver<Hashed>>,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop(AtomicBool);

impl Watch for Stop {
    fn progress(&self, _done: f32) {}

    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Hashing {
    /// A fingerprint that is there.
    pub(super) fn known(fingerprint: Fingerprint, path: &Path) -> Self {
        Self { path: path.to_owned(), known: Some(Ok(fingerprint)), coming: None, stop: Arc::default(), thread: None }
    }

    /// One that whoever reads the file sends.
    pub(super) fn coming(path: &Path) -> (Self, Sender<Hashed>) {
        let (sender, coming) = bounded(1);
        let hashing =
            Self { path: path.to_owned(), known: None, coming: Some(coming), stop: Arc::default(), thread: None };
        (hashing, sender)
    }

    /// Begins to hash a file; one that is not of the stamp's size any more is an error.
    pub(super) fn of_file(path: &Path, stamp: Stamp) -> Self {
        let (mut hashing, sender) = Self::coming(path);
        let (stop, path) = (Arc::clone(&hashing.stop), path.to_owned());
        let work = move || {
            let hashed = of_file_watched(&path, stop.as_ref()).and_then(|fingerprint| {
                if fingerprint.size_bytes == stamp.size { Ok(fingerprint) } else { Err(DataError::Changed { path }) }
            });
            // Nobody may be there any more who wants it.
            sender.send(hashed).ok();
        };
        match std::thread::Builder::new().name("data-hash".to_owned()).spawn(work) {
            Ok(thread) => hashing.thread = Some(thread),
            Err(error) => {
                let reason = error.to_string();
                hashing.known = Some(Err(DataError::Unreadable { path: hashing.path.clone(), reason }));
            }
        }
        hashing
    }

    /// The fingerprint, waited for if need be.
    pub(super) fn wait(&mut self, watch: &dyn Watch) -> Hashed {
        if let Some(known) = &self.known {
            return known.clone();
        }
        let Some(coming) = &self.coming else { return Err(DataError::Cancelled) };
        let hashed = loop {
            if watch.cancelled() {
                return Err(DataError::Cancelled);
            }
            match coming.recv_timeout(PATIENCE) {
                Ok(hashed) => break hashed,
                Err(RecvTimeoutError::Timeout) => {}
                // Who reads gave up before the end, as it does with a file that changed.
                Err(RecvTimeoutError::Disconnected) => break Err(DataError::Changed { path: self.path.clone() }),
            }
        };
        self.known = Some(hashed.clone());
        hashed
    }
}

impl Drop for Hashing {
    fn drop(&mut self) {
        self.stop.0.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::NoWatch;
    use crate::data::fingerprint::of_file;

    #[test]
    fn a_file_is_hashed_aside_and_a_stop_is_heard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "a,b\n1,2\n".repeat(400_000)).unwrap();
        let stamp = Stamp::of(&path).unwrap();
        let mut hashing = Hashing::of_file(&path, stamp);
        assert_eq!(hashing.wait(&NoWatch), of_file(&path));
        assert_eq!(hashing.wait(&NoWatch), of_file(&path), "it stays known");
        let stopped = Stop(AtomicBool::new(true));
        assert_eq!(Hashing::of_file(&path, stamp).wait(&stopped), Err(DataError::Cancelled));
        let mut other = stamp;
        other.size = 1;
        assert!(matches!(Hashing::of_file(&path, other).wait(&NoWatch), Err(DataError::Changed { .. })));
    }

    #[test]
    fn a_reader_that_gives_up_leaves_an_error() {
        let (mut hashing, sender) = Hashing::coming(Path::new("x"));
        drop(sender);
        assert_eq!(hashing.wait(&NoWatch), Err(DataError::Changed { path: "x".into() }));
    }
}
