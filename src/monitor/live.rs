//! The live monitor: batches of scored rows go in, finished chunks come out.

use std::sync::Arc;

use super::chunk::{ChunkReport, Period};
use super::chunking::{Chunking, MIN_CHUNK_ROWS};
use super::profile::ReferenceProfile;
use super::tally::{ChunkTally, Readers, ScoredBatch};
use crate::data::table::MISSING_TIME;

/// How a monitor begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MonitorSettings {
    /// Index of the first chunk it will report: the number of chunks that are already there after a restart.
    pub first_chunk: usize,
}

/// Compares a stream with its reference. It belongs to one thread; a chunk is reported as soon as it is full.
#[derive(Debug)]
pub struct Monitor {
    profile: Arc<ReferenceProfile>,
    readers: Readers,
    cutter: Cutter,
    tally: ChunkTally,
    next_index: usize,
    rows_seen: u64,
    rows_dropped: u64,
}

impl Monitor {
    /// A monitor at the begin of a chunk.
    pub fn new(profile: Arc<ReferenceProfile>, settings: MonitorSettings) -> Self {
        Self {
            readers: Readers::new(&profile),
            cutter: Cutter::default(),
            tally: ChunkTally::new(&profile),
            next_index: settings.first_chunk,
            rows_seen: 0,
            rows_dropped: 0,
            profile,
        }
    }

    /// Counts rows and reports the chunks they fill, in order. Rows beyond the table or the answers are left out.
    pub fn push(&mut self, batch: &ScoredBatch<'_>) -> Vec<ChunkReport> {
        let mut finished = Vec::new();
        let rows = batch.len();
        let mut at = 0;
        while at < rows {
            let cut = self.cutter.next(&self.profile, batch, at, self.tally.rows());
            self.tally.add(&mut self.readers, &self.profile, batch, at..at + cut.rows);
            at += cut.rows;
            if cut.is_full {
                finished.push(self.close());
            }
        }
        self.rows_seen += rows as u64;
        finished
    }

    /// Ends the stream: reports the last chunk if it is big enough to say something (half a chunk by rows, or the
    /// fewest rows of a calendar chunk); else its rows are dropped and counted in [`Monitor::rows_dropped`].
    pub fn finish(&mut self) -> Option<ChunkReport> {
        if Cutter::keeps_rest(&self.profile, self.tally.rows()) {
            return Some(self.close());
        }
        self.rows_dropped += self.tally.rows();
        self.tally = ChunkTally::new(&self.profile);
        None
    }

    /// The reference it compares with.
    pub fn profile(&self) -> &Arc<ReferenceProfile> {
        &self.profile
    }

    /// Rows that were pushed.
    pub fn rows_seen(&self) -> u64 {
        self.rows_seen
    }

    /// Rows in the chunk that is being filled.
    pub fn rows_waiting(&self) -> u64 {
        self.tally.rows()
    }

    /// Rows of last chunks that were too small to report.
    pub fn rows_dropped(&self) -> u64 {
        self.rows_dropped
    }

    fn close(&mut self) -> ChunkReport {
        let report = self.tally.report(&self.profile, self.next_index, Period::Analysis);
        self.next_index += 1;
        self.tally = ChunkTally::new(&self.profile);
        report
    }
}

/// How many of the next rows belong to the chunk, and whether it is full with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) rows: usize,
    pub(super) is_full: bool,
}

/// Finds the ends of chunks, batch by batch.
#[derive(Clone, Debug, Default)]
pub(super) struct Cutter {
    period: Option<i64>,
}

impl Cutter {
    /// Looks at a batch from its row `at` on, with `in_chunk` rows already in the chunk.
    pub(super) fn next(
        &mut self,
        profile: &ReferenceProfile,
        batch: &ScoredBatch<'_>,
        at: usize,
        in_chunk: u64,
    ) -> Cut {
        let left = batch.len().saturating_sub(at);
        let by_rows = |rows: usize| {
            let room = rows.max(1).saturating_sub(in_chunk as usize);
            Cut { rows: room.min(left), is_full: room <= left }
        };
        let times = match profile.chunking {
            Chunking::Rows(rows) => return by_rows(rows),
            _ => batch.times(profile.time_column.as_deref()),
        };
        let Some(times) = times else { return by_rows(profile.typical_chunk_rows) };
        for (row, time) in times.iter().enumerate().skip(at) {
            let Some(period) = profile.chunking.period(*time).filter(|_| *time != MISSING_TIME) else { continue };
            let Some(current) = self.period else {
                self.period = Some(period);
                continue;
            };
            // A row that is a little late stays where it arrived; a jump back is a feed that began again.
            if period == current || period + 1 == current {
                continue;
            }
            self.period = Some(period);
            if in_chunk + (row - at) as u64 >= profile.min_chunk_rows.max(1) as u64 {
                return Cut { rows: row - at, is_full: true };
            }
        }
        Cut { rows: left, is_full: false }
    }

    /// Whether the last rows of a stream are a chunk of their own.
    pub(super) fn keeps_rest(profile: &ReferenceProfile, rows: u64) -> bool {
        let enough = match profile.chunking {
            Chunking::Rows(full) => full.div_ceil(2).max(MIN_CHUNK_ROWS.min(full)),
            _ => profile.min_chunk_rows,
        };
        rows >= enough.max(1) as u64
    }
}
