//! The open capture: keeps records, and tends its files on a thread of its own.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use parking_lot::Mutex;

use super::clock::SteadyClock;
use super::error::CaptureError;
use super::files::{Disk, RealDisk};
use super::frame;
use super::ids;
use super::layout::CaptureLayout;
use super::live::{Batch, BatchCall, Live};
use super::names::{self, Listing};
use super::reader::CaptureReader;
use super::record::{self, rows_of};
use super::repair::{self, Repaired};
use super::retention::{self, Removed};
use super::seal;
use super::settings::CaptureSettings;
use super::stats::CaptureStats;
use crate::deploy::labels::KnowsIds;
use crate::deploy::serve::{CallRecord, Recorder};

/// How often the thread looks at age and free space.
const TICK: Duration = Duration::from_secs(1);
/// How often what is too old or too much is removed.
const THIN_OUT: Duration = Duration::from_mins(1);
/// Bytes of an encoding buffer that are held on to between two keeps.
const HELD: usize = 1 << 20;

/// A capture that is open for writing. Dropping it seals what is left and ends its thread.
pub struct Capture {
    inner: Arc<Inner>,
    wake: Sender<()>,
    thread: Option<JoinHandle<()>>,
    repaired: Repaired,
}

pub(super) struct Inner {
    pub(super) folder: PathBuf,
    pub(super) settings: CaptureSettings,
    pub(super) clock: SteadyClock,
    disk: Arc<dyn Disk>,
    pub(super) live: Mutex<Live>,
    /// Held by whoever changes segments.
    pub(super) maintenance: Mutex<()>,
    /// The indexes of ids, newest first.
    indexes: Mutex<Vec<PathBuf>>,
    stopping: AtomicBool,
    /// Whether journals of an earlier run still wait to be sealed.
    unrepaired: AtomicBool,
    /// Locked as long as it is open; recorders may live longer.
    lock: Mutex<Option<File>>,
}

impl Capture {
    /// Opens the capture in a folder, makes it when missing, and repairs what an interrupted run left.
    ///
    /// # Errors
    /// When the folder cannot be used, someone else writes there, or a file is of a newer version.
    pub fn open(folder: &Path, settings: CaptureSettings) -> Result<Self, CaptureError> {
        Self::open_on(folder, settings, Arc::new(RealDisk))
    }

    pub(super) fn open_on(folder: &Path, settings: CaptureSettings, disk: Arc<dyn Disk>) -> Result<Self, CaptureError> {
        let failed = |e: &std::io::Error| CaptureError::io("The folder of the capture cannot be made", folder, e);
        std::fs::create_dir_all(folder).map_err(|e| failed(&e))?;
        let lock_path = folder.join(names::LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path).map_err(|e| failed(&e))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(CaptureError::Locked { path: folder.to_owned() }),
            Err(TryLockError::Error(e)) => {
                return Err(CaptureError::io("The capture cannot be locked", &lock_path, &e));
            }
        }
        let clock = SteadyClock::new();
        let found = Listing::of(folder)?;
        let next_sequence = repair::next_sequence(&found)?;
        let next_number = found.last().map_or(1, |last| last.saturating_add(1));
        let mut live = Live::start(
            folder.to_owned(),
            settings.clone(),
            Arc::clone(&disk),
            (next_number, next_sequence),
            clock.now_ms(),
        )?;
        live.measured(disk.free(folder));
        let repaired = repair::repair(folder, &found);
        live.stats.problem.clone_from(&repaired.problem);
        let inner = Arc::new(Inner {
            folder: folder.to_owned(),
            settings,
            clock,
            disk,
            live: Mutex::new(live),
            maintenance: Mutex::new(()),
            indexes: Mutex::new(Vec::new()),
            stopping: AtomicBool::new(false),
            unrepaired: AtomicBool::new(repaired.problem.is_some()),
            lock: Mutex::new(Some(lock)),
        });
        inner.list_indexes()?;
        let (wake, woken) = bounded(1);
        let own = Arc::clone(&inner);
        let thread = std::thread::Builder::new()
            .name("capture".to_owned())
            .spawn(move || own.tend(&woken))
            .map_err(|e| CaptureError::io("The capture's thread cannot be started", folder, &e))?;
        Ok(Self { inner, wake, thread: Some(thread), repaired })
    }

    /// What an interrupted run had left, and what became of it.
    pub fn repaired(&self) -> &Repaired {
        &self.repaired
    }

    /// The sequence that the next request gets: one more than any that was ever kept here.
    pub fn next_sequence(&self) -> u64 {
        self.inner.live.lock().next_sequence()
    }

    /// What keeps records; there may be several, on any threads.
    pub fn recorder(&self) -> CaptureRecorder {
        let seed = self.inner.live.lock().seed();
        CaptureRecorder { inner: Arc::clone(&self.inner), wake: self.wake.clone(), batch: Batch::default(), seed }
    }

    /// Names the columns of a version, from the next segment on. Say it before the version's first record.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn name_columns(&self, version: &str, layout: CaptureLayout) -> Result<(), CaptureError> {
        self.inner.live.lock().name(version, layout)
    }

    /// Turns what is in the journal into segments now; [`CaptureRecorder::keep`] goes on meanwhile.
    ///
    /// # Errors
    /// When a new journal cannot be made or a segment cannot be written; nothing is lost then.
    pub fn seal_now(&self) -> Result<(), CaptureError> {
        let _held = self.inner.maintenance.lock();
        self.inner.roll_and_seal()
    }

    /// Removes the oldest segments by the retention of the settings.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn thin_out(&self) -> Result<Removed, CaptureError> {
        self.inner.thin_out()
    }

    /// What it has kept since it was opened, and what that cost.
    pub fn stats(&self) -> CaptureStats {
        self.inner.live.lock().stats()
    }

    /// Reads what is kept, also while more is.
    ///
    /// # Errors
    /// When the folder is gone.
    pub fn reader(&self) -> Result<CaptureReader, CaptureError> {
        CaptureReader::open(&self.inner.folder)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// Seals what is left and ends the thread; what went wrong at that is in the numbers, and tried again at the next
    /// start.
    pub fn close(mut self) -> CaptureStats {
        self.end();
        self.inner.live.lock().stats()
    }

    fn end(&mut self) {
        self.inner.stopping.store(true, Ordering::SeqCst);
        // A full channel means that the thread is about to wake anyway.
        self.wake.try_send(()).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
        self.inner.lock.lock().take();
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.end();
    }
}

impl KnowsIds for Capture {
    fn rows_of(&self, id: &str) -> Result<Option<u32>, String> {
        let hash = ids::hash(id);
        if let Some(rows) = self.inner.live.lock().rows_of(hash) {
            return Ok(Some(rows));
        }
        let indexes = self.inner.indexes.lock().clone();
        for path in indexes {
            if let Some(rows) = ids::rows(&path, hash).map_err(|e| e.to_string())? {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }
}

impl Inner {
    fn tend(&self, woken: &Receiver<()>) {
        let mut thinned: Option<Instant> = None;
        loop {
            let heard = woken.recv_timeout(TICK);
            let stopping = self.stopping.load(Ordering::SeqCst) || heard == Err(RecvTimeoutError::Disconnected);
            let free = self.disk.free(&self.folder);
            let mut live = self.live.lock();
            live.measured(free);
            live.roll_if_old(self.clock.now_ms());
            // A folder of many segments is not listed without need.
            let due = live.is_waiting() || self.unrepaired.load(Ordering::SeqCst);
            drop(live);
            let held = self.maintenance.lock();
            let mut done = match (stopping, due) {
                (true, _) => self.finish(),
                (false, true) => self.seal_waiting(None),
                (false, false) => Ok(()),
            };
            drop(held);
            if thinned.is_none_or(|at| at.elapsed() >= THIN_OUT) && !stopping {
                thinned = Some(Instant::now());
                done = done.and(self.thin_out().map(drop));
            }
            self.live.lock().stats.problem = done.err().map(|error| error.to_string());
            if stopping {
                return;
            }
        }
    }

    /// Keeps nothing more and seals what there is. The empty journal stays: it remembers number and sequence.
    fn finish(&self) -> Result<(), CaptureError> {
        let mut live = self.live.lock();
        let rolled = live.roll(self.clock.now_ms());
        let last = live.open_number();
        live.close();
        drop(live);
        rolled?;
        self.seal_waiting(last)
    }

    /// Seals the journals that are not written to any more; `maintenance` must be held.
    pub(super) fn roll_and_seal(&self) -> Result<(), CaptureError> {
        self.live.lock().roll(self.clock.now_ms())?;
        self.seal_waiting(None)
    }

    fn seal_waiting(&self, below: Option<u64>) -> Result<(), CaptureError> {
        // Listed before the open one is asked for: a journal that is made in between is not in the list.
        let listing = Listing::of(&self.folder)?;
        let open = below.or_else(|| self.live.lock().open_number());
        let Some(open) = open else { return Ok(()) };
        for (number, path) in listing.journals.range(..open) {
            let sealed = seal::seal(&self.folder, *number, path, &listing)?;
            self.list_indexes()?;
            let mut live = self.live.lock();
            live.sealed(*number);
            live.stats.segments += sealed.segments as u64;
        }
        self.unrepaired.store(false, Ordering::SeqCst);
        Ok(())
    }

    pub(super) fn list_indexes(&self) -> Result<(), CaptureError> {
        let listing = Listing::of(&self.folder)?;
        *self.indexes.lock() = listing.indexes.into_values().rev().collect();
        Ok(())
    }

    fn thin_out(&self) -> Result<Removed, CaptureError> {
        let _held = self.maintenance.lock();
        let removed = retention::apply(&self.folder, &self.settings.retention, self.clock.now_ms())?;
        if removed.segments > 0 {
            self.list_indexes()?;
        }
        Ok(removed)
    }
}

/// Keeps records in a capture.
pub struct CaptureRecorder {
    inner: Arc<Inner>,
    wake: Sender<()>,
    batch: Batch,
    seed: u32,
}

impl CaptureRecorder {
    fn try_keep(&mut self, records: &[CallRecord<'_>]) -> Result<(), CaptureError> {
        self.batch.bytes.clear();
        self.batch.calls.clear();
        for record in records {
            if !frame::put(&mut self.batch.bytes, self.seed, |out| record::put_call(out, record)) {
                return Err(CaptureError::TooLarge { id: record.call.id.to_string(), limit_mb: frame::MOST >> 20 });
            }
            let outputs = record.outcome.unwrap_or_default();
            self.batch.calls.push(BatchCall {
                sequence: record.sequence,
                hash: ids::hash(&record.call.id),
                rows: rows_of(record.call.inputs.iter().chain(outputs)),
            });
        }
        let rolled = self.inner.live.lock().keep(&self.batch, self.inner.clock.now_ms())?;
        // A single huge request shall not hold its memory for ever.
        self.batch.bytes.shrink_to(HELD);
        if rolled {
            // A full channel means that the thread is about to wake anyway.
            self.wake.try_send(()).ok();
        }
        Ok(())
    }
}

impl Recorder for CaptureRecorder {
    fn keep(&mut self, records: &[CallRecord<'_>]) -> Result<(), String> {
        if records.is_empty() {
            return Ok(());
        }
        self.try_keep(records).map_err(|error| error.to_string())
    }
}
