//! The journal that is being written, and what is known of it.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::CaptureError;
use super::files::{Appender, Disk};
use super::frame;
use super::ids::{self, Ids};
use super::layout::CaptureLayout;
use super::names;
use super::record;
use super::settings::{CaptureSettings, Durability};
use super::stats::CaptureStats;

/// A new journal is not tried more often than this when it cannot be made.
const ROLL_AGAIN: Duration = Duration::from_secs(1);

/// Records as bytes, ready to be written.
#[derive(Default)]
pub(super) struct Batch {
    /// Frames one after the other.
    pub(super) bytes: Vec<u8>,
    pub(super) calls: Vec<BatchCall>,
}

/// What must be known of a record beside its bytes.
pub(super) struct BatchCall {
    pub(super) sequence: u64,
    pub(super) hash: u64,
    pub(super) rows: usize,
}

struct Open {
    number: u64,
    path: PathBuf,
    file: Appender,
    since: Instant,
    requests: u64,
    rows: u64,
    ids: Ids,
}

/// The journal that is being written.
pub(super) struct Live {
    folder: PathBuf,
    settings: CaptureSettings,
    disk: Arc<dyn Disk>,
    open: Option<Open>,
    /// Ids of journals that wait to be sealed, by number.
    waiting: VecDeque<(u64, Ids)>,
    layouts: BTreeMap<String, CaptureLayout>,
    next_number: u64,
    next_sequence: u64,
    /// Of every journal until the capture is closed, so that frames are made before the journal is waited for.
    seed: u32,
    roll_after: Option<Instant>,
    /// Why no new journal could be made at the last try.
    roll_problem: Option<String>,
    /// Bytes written since the free space was looked at.
    written: u64,
    pub(super) stats: CaptureStats,
}

impl Live {
    pub(super) fn start(
        folder: PathBuf,
        settings: CaptureSettings,
        disk: Arc<dyn Disk>,
        next: (u64, u64),
        now_ms: i64,
    ) -> Result<Self, CaptureError> {
        let mut live = Self {
            folder,
            settings,
            disk,
            open: None,
            waiting: VecDeque::new(),
            layouts: BTreeMap::new(),
            next_number: next.0,
            next_sequence: next.1,
            seed: RandomState::new().hash_one(now_ms) as u32,
            roll_after: None,
            roll_problem: None,
            written: 0,
            stats: CaptureStats::default(),
        };
        live.open = Some(live.create(now_ms)?);
        Ok(live)
    }

    fn create(&mut self, now_ms: i64) -> Result<Open, CaptureError> {
        let number = self.next_number;
        let path = names::journal(&self.folder, &names::stem(number, now_ms));
        let seed = self.seed;
        let mut beginning = frame::header(seed);
        frame::put(&mut beginning, seed, |out| record::put_begin(out, self.next_sequence));
        for (version, layout) in &self.layouts {
            frame::put(&mut beginning, seed, |out| record::put_layout(out, version, layout));
        }
        let store = self
            .disk
            .create(&path, &beginning, self.settings.durability == Durability::Power)
            .map_err(|e| CaptureError::io("A new journal cannot be made", &path, &e))?;
        self.next_number += 1;
        Ok(Open {
            number,
            path,
            file: Appender::new(store, beginning.len() as u64),
            since: Instant::now(),
            requests: 0,
            rows: 0,
            ids: Ids::new(),
        })
    }

    /// Keeps records; gives whether the journal was put aside to be sealed.
    pub(super) fn keep(&mut self, batch: &Batch, now_ms: i64) -> Result<bool, CaptureError> {
        let start = Instant::now();
        let kept = self.append(batch);
        self.stats.slowest_ms = self.stats.slowest_ms.max(start.elapsed().as_secs_f64() * 1e3);
        if let Err(error) = kept {
            self.stats.refused += 1;
            return Err(error);
        }
        let full = self
            .open
            .as_ref()
            .is_some_and(|open| open.file.length() >= self.settings.roll_bytes || open.rows >= self.settings.roll_rows);
        Ok((full || self.is_old()) && self.try_roll(now_ms))
    }

    fn append(&mut self, batch: &Batch) -> Result<(), CaptureError> {
        self.check_room(batch.bytes.len() as u64)?;
        let open = self.open.as_mut().ok_or(CaptureError::Closed)?;
        let sync = self.settings.durability == Durability::Power;
        let spent = open
            .file
            .append(&batch.bytes, sync)
            .map_err(|e| CaptureError::io("The journal cannot be written", &open.path, &e))?;
        for call in &batch.calls {
            open.rows += call.rows.max(1) as u64;
            ids::note(&mut open.ids, call.hash, call.rows);
            self.next_sequence = self.next_sequence.max(call.sequence.saturating_add(1));
            self.stats.rows += call.rows as u64;
        }
        open.requests += batch.calls.len() as u64;
        self.written += batch.bytes.len() as u64;
        self.stats.keeps += 1;
        self.stats.requests += batch.calls.len() as u64;
        self.stats.bytes += batch.bytes.len() as u64;
        self.stats.write_ms += spent.write.as_secs_f64() * 1e3;
        self.stats.sync_ms += spent.sync.as_secs_f64() * 1e3;
        Ok(())
    }

    fn check_room(&self, more: u64) -> Result<(), CaptureError> {
        let Some(free) = self.stats.free_bytes else { return Ok(()) };
        if free.saturating_sub(self.written).saturating_sub(more) >= self.settings.free_floor_bytes {
            return Ok(());
        }
        Err(CaptureError::LittleRoom {
            free_mb: free.saturating_sub(self.written) >> 20,
            floor_mb: self.settings.free_floor_bytes >> 20,
            path: self.folder.clone(),
        })
    }

    /// Takes note of what is free on the disk.
    pub(super) fn measured(&mut self, free: Option<u64>) {
        self.stats.free_bytes = free;
        self.written = 0;
    }

    pub(super) fn name(&mut self, version: &str, layout: CaptureLayout) -> Result<(), CaptureError> {
        if self.layouts.get(version) == Some(&layout) {
            return Ok(());
        }
        let open = self.open.as_mut().ok_or(CaptureError::Closed)?;
        let mut bytes = Vec::new();
        frame::put(&mut bytes, self.seed, |out| record::put_layout(out, version, &layout));
        open.file
            .append(&bytes, self.settings.durability == Durability::Power)
            .map_err(|e| CaptureError::io("The journal cannot be written", &open.path, &e))?;
        self.layouts.insert(version.to_owned(), layout);
        Ok(())
    }

    fn is_old(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.requests > 0 && open.since.elapsed() >= self.settings.roll_age())
    }

    pub(super) fn roll_if_old(&mut self, now_ms: i64) -> bool {
        self.is_old() && self.try_roll(now_ms)
    }

    /// Goes on in a new journal; when none can be made, the old one goes on growing.
    fn try_roll(&mut self, now_ms: i64) -> bool {
        if self.roll_after.is_some_and(|after| Instant::now() < after) {
            return false;
        }
        match self.roll(now_ms) {
            Ok(rolled) => {
                self.roll_after = None;
                self.roll_problem = None;
                rolled
            }
            Err(error) => {
                self.roll_after = Some(Instant::now() + ROLL_AGAIN);
                self.roll_problem = Some(error.to_string());
                false
            }
        }
    }

    /// Goes on in a new journal, unless nothing stands in this one.
    pub(super) fn roll(&mut self, now_ms: i64) -> Result<bool, CaptureError> {
        if self.open.as_ref().ok_or(CaptureError::Closed)?.requests == 0 {
            return Ok(false);
        }
        let next = self.create(now_ms)?;
        if let Some(old) = self.open.replace(next) {
            self.waiting.push_back((old.number, old.ids));
        }
        Ok(true)
    }

    /// Keeps nothing more.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    pub(super) fn open_number(&self) -> Option<u64> {
        self.open.as_ref().map(|open| open.number)
    }

    pub(super) fn seed(&self) -> u32 {
        self.seed
    }

    pub(super) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Whether a journal waits to be sealed.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Forgets the ids of a journal that has an index by now.
    pub(super) fn sealed(&mut self, number: u64) {
        self.waiting.retain(|(waiting, _)| *waiting != number);
    }

    /// Rows of an id in the journals.
    pub(super) fn rows_of(&self, hash: u64) -> Option<u32> {
        let open = self.open.as_ref().and_then(|open| open.ids.get(&hash));
        open.or_else(|| self.waiting.iter().rev().find_map(|(_, ids)| ids.get(&hash))).copied()
    }

    pub(super) fn stats(&self) -> CaptureStats {
        let journal_bytes = self.open.as_ref().map_or(0, |open| open.file.length());
        let problem = self.roll_problem.clone().or_else(|| self.stats.problem.clone());
        CaptureStats { journal_bytes, problem, ..self.stats.clone() }
    }
}
