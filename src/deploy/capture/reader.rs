//! What was kept, read back: in order, by span, by id.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::CaptureError;
use super::ids::{self, Ids};
use super::info::SegmentInfo;
use super::journal::{self, Journal};
use super::names::Listing;
use super::parquet::{Segment, guarded};
use super::record::KeptCall;
use super::sheet;
use super::tabled;
use crate::data::{Table, Watch};
use crate::deploy::labels::KnowsIds;

/// Which requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Span {
    /// All.
    #[default]
    All,
    /// Those with a sequence in the range.
    Sequences(Range<u64>),
    /// Those that arrived in the range, in milliseconds since 1970-01-01 UTC.
    Times(Range<i64>),
}

impl Span {
    fn holds(&self, sequence: u64, time_ms: i64) -> bool {
        match self {
            Self::All => true,
            Self::Sequences(range) => range.contains(&sequence),
            Self::Times(range) => range.contains(&time_ms),
        }
    }

    fn holds_all(&self, info: &SegmentInfo) -> bool {
        self.holds(info.sequences.0, info.times_ms.0) && self.holds(info.sequences.1, info.times_ms.1)
    }

    fn holds_none(&self, info: &SegmentInfo) -> bool {
        match self {
            Self::All => false,
            Self::Sequences(range) => range.end <= info.sequences.0 || range.start > info.sequences.1,
            Self::Times(range) => range.end <= info.times_ms.0 || range.start > info.times_ms.1,
        }
    }
}

/// How much is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Requests.
    pub requests: u64,
    /// Of these, those that failed.
    pub failed: u64,
    /// Lines: a line a row, and one for a request without rows.
    pub lines: u64,
    /// Segments.
    pub segments: usize,
    /// Bytes of all segments and journals.
    pub bytes: u64,
    /// First and last arrival, in milliseconds since 1970-01-01 UTC; `None` without requests.
    pub times_ms: Option<(i64, i64)>,
    /// Lowest and highest sequence; `None` without requests.
    pub sequences: Option<(u64, u64)>,
}

impl Counts {
    fn add(&mut self, info: &SegmentInfo) {
        if info.requests == 0 {
            return;
        }
        self.requests += info.requests;
        self.failed += info.failed;
        self.lines += info.lines;
        let times = self.times_ms.unwrap_or(info.times_ms);
        self.times_ms = Some((times.0.min(info.times_ms.0), times.1.max(info.times_ms.1)));
        let sequences = self.sequences.unwrap_or(info.sequences);
        self.sequences = Some((sequences.0.min(info.sequences.0), sequences.1.max(info.sequences.1)));
    }
}

/// Reads a capture, also while it is being written.
#[derive(Clone, Debug)]
pub struct CaptureReader {
    folder: PathBuf,
}

enum Source {
    Segment(PathBuf),
    Journal(u64, PathBuf),
}

impl CaptureReader {
    /// Opens the capture in a folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(folder: &Path) -> Result<Self, CaptureError> {
        Listing::of(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Segments and journals of now, in the order of their numbers.
    fn sources(&self) -> Result<VecDeque<Source>, CaptureError> {
        let listing = Listing::of(&self.folder)?;
        let segments = listing.settled().map(|(number, path)| (number, Source::Segment(path.clone())));
        let journals = listing.journals.iter().map(|(number, path)| (*number, Source::Journal(*number, path.clone())));
        let mut all: Vec<(u64, Source)> = segments.chain(journals).collect();
        all.sort_by_key(|(number, _)| *number);
        Ok(all.into_iter().map(|(_, source)| source).collect())
    }

    /// The segments, oldest first.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn segments(&self) -> Result<Vec<SegmentInfo>, CaptureError> {
        let mut infos = Vec::new();
        for (_, path) in Listing::of(&self.folder)?.settled() {
            infos.extend(Segment::open(path)?.map(|segment| segment.info));
        }
        Ok(infos)
    }

    /// How much is kept now.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn counts(&self) -> Result<Counts, CaptureError> {
        let mut counts = Counts::default();
        let mut sources = self.sources()?;
        while let Some(source) = sources.pop_front() {
            match source {
                Source::Segment(path) => {
                    if let Some(segment) = Segment::open(&path)? {
                        counts.add(&segment.info);
                        counts.segments += 1;
                        counts.bytes += segment.info.bytes;
                    }
                }
                Source::Journal(number, path) => match journal::read(&path)? {
                    Some(journal) => {
                        counts.add(&SegmentInfo::of(&journal.calls));
                        counts.bytes += std::fs::metadata(&path).map_or(0, |found| found.len());
                    }
                    None => self.replace(number, &mut sources)?,
                },
            }
        }
        Ok(counts)
    }

    /// What was kept until now, as tables of at most so many lines; each has the columns of its segment.
    ///
    /// # Errors
    /// When the folder is gone.
    pub fn chunks(&self, span: Span, lines: usize) -> Result<Chunks, CaptureError> {
        let sources = self.sources()?;
        let all = sources.len();
        Ok(Chunks {
            reader: self.clone(),
            span,
            lines: lines.max(1),
            sources,
            all,
            ready: VecDeque::new(),
            current: None,
        })
    }

    /// The lines of a request, a table for each file that has some; none when the id was never kept.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn find(&self, id: &str) -> Result<Vec<Table>, CaptureError> {
        let mut found = Vec::new();
        let mut sources = self.sources()?;
        let hash = ids::hash(id);
        while let Some(source) = sources.pop_front() {
            match source {
                Source::Segment(path) => {
                    let index = super::names::stem_of(&path).map(|stem| super::names::index(&self.folder, &stem));
                    let indexed = index.filter(|index| index.exists());
                    if let Some(index) = indexed
                        && ids::rows(&index, hash)?.is_none()
                    {
                        continue;
                    }
                    found.extend(Segment::open(&path)?.map(|segment| find_in(&segment, id)).transpose()?.flatten());
                }
                Source::Journal(number, path) => match journal::read(&path)? {
                    Some(journal) => found.extend(tables(journal, &path, usize::MAX, |call| call.id == id)?),
                    None => self.replace(number, &mut sources)?,
                },
            }
        }
        Ok(found)
    }

    /// Puts the segments in front that were made of a journal since it was listed.
    fn replace(&self, number: u64, sources: &mut VecDeque<Source>) -> Result<(), CaptureError> {
        let listing = Listing::of(&self.folder)?;
        for path in listing.segments.get(&number).into_iter().flatten().rev() {
            sources.push_front(Source::Segment(path.clone()));
        }
        Ok(())
    }

    /// The ids that are known now; journals are read once.
    ///
    /// # Errors
    /// When a journal cannot be read.
    pub fn ids(&self) -> Result<impl KnowsIds + use<>, CaptureError> {
        let listing = Listing::of(&self.folder)?;
        let mut live = Ids::new();
        for path in listing.journals.values() {
            for call in journal::read(path)?.into_iter().flat_map(|journal| journal.calls) {
                ids::note(&mut live, ids::hash(&call.id), call.rows());
            }
        }
        Ok(ReadIds { live, reader: self.clone() })
    }
}

struct ReadIds {
    live: Ids,
    reader: CaptureReader,
}

impl KnowsIds for ReadIds {
    fn rows_of(&self, id: &str) -> Result<Option<u32>, String> {
        let hash = ids::hash(id);
        if let Some(rows) = self.live.get(&hash) {
            return Ok(Some(*rows));
        }
        let listing = Listing::of(&self.reader.folder).map_err(|e| e.to_string())?;
        for path in listing.indexes.values().rev() {
            if let Some(rows) = ids::rows(path, hash).map_err(|e| e.to_string())? {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }
}

fn find_in(segment: &Segment, id: &str) -> Result<Option<Table>, CaptureError> {
    let path = &segment.info.path;
    let ids = segment.read(0, segment.lines(), Some(&["id"]))?;
    let (first, last) = guarded(path, || {
        let column = ids.column("id")?.str()?;
        let mut at = column.iter().enumerate().filter(|(_, found)| *found == Some(id)).map(|(at, _)| at);
        let first = at.next();
        Ok((first, at.next_back().or(first)))
    })?;
    let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
    let table = read_table(segment, first, last + 1 - first)?;
    let column = table.column("id");
    let rows: Vec<usize> =
        (0..table.rows()).filter(|row| column.and_then(|c| c.display(*row)).as_deref() == Some(id)).collect();
    table.take(&rows).map(Some).map_err(|e| CaptureError::segment(path, e.to_string()))
}

fn read_table(segment: &Segment, start: usize, lines: usize) -> Result<Table, CaptureError> {
    let path = &segment.info.path;
    let frame = segment.read(start, lines, None)?;
    guarded(path, || tabled::table(&frame))?.map_err(|e| CaptureError::segment(path, e.to_string()))
}

/// The wanted requests of a journal as tables.
fn tables(
    journal: Journal,
    path: &Path,
    lines: usize,
    wanted: impl Fn(&KeptCall) -> bool,
) -> Result<Vec<Table>, CaptureError> {
    let calls: Vec<KeptCall> = journal.calls.into_iter().filter(wanted).collect();
    let mut tables = Vec::new();
    for group in sheet::groups(&calls, &journal.layouts) {
        for pieces in group.portions(lines) {
            let table = guarded(path, || tabled::table(&group.frame(&pieces)?))?;
            tables.push(table.map_err(|e| CaptureError::segment(path, e.to_string()))?);
        }
    }
    Ok(tables)
}

/// Tables one after the other, in the order in which requests arrived: see the room's doc on files that overlap.
pub struct Chunks {
    reader: CaptureReader,
    span: Span,
    lines: usize,
    sources: VecDeque<Source>,
    all: usize,
    /// Of a journal.
    ready: VecDeque<Table>,
    /// A segment and its next line.
    current: Option<(Segment, usize)>,
}

impl Chunks {
    /// The next table that is not empty; `None` after the last. After an error of one file the next call goes on with
    /// the file after it.
    ///
    /// # Errors
    /// When a file cannot be read, and when `watch` cancels.
    pub fn next(&mut self, watch: &dyn Watch) -> Result<Option<Table>, CaptureError> {
        loop {
            if watch.cancelled() {
                return Err(CaptureError::Cancelled);
            }
            if let Some(table) = self.ready.pop_front() {
                return Ok(Some(table));
            }
            if let Some((segment, start)) = self.current.take() {
                if let Some(table) = self.slice(segment, start)? {
                    return Ok(Some(table));
                }
                continue;
            }
            watch.progress(1.0 - self.sources.len() as f32 / self.all.max(1) as f32);
            match self.sources.pop_front() {
                None => return Ok(None),
                Some(Source::Segment(path)) => {
                    let segment = Segment::open(&path)?.filter(|segment| !self.span.holds_none(&segment.info));
                    self.current = segment.map(|segment| (segment, 0));
                }
                Some(Source::Journal(number, path)) => match journal::read(&path)? {
                    Some(journal) => {
                        let wanted = |call: &KeptCall| self.span.holds(call.sequence, call.received_at_ms);
                        self.ready = tables(journal, &path, self.lines, wanted)?.into();
                    }
                    None => self.reader.replace(number, &mut self.sources)?,
                },
            }
        }
    }

    /// The next lines of a segment that are in the span.
    fn slice(&mut self, segment: Segment, start: usize) -> Result<Option<Table>, CaptureError> {
        let lines = self.lines.min(segment.lines().saturating_sub(start));
        if lines == 0 {
            return Ok(None);
        }
        let table = read_table(&segment, start, lines)?;
        let rows: Option<Vec<usize>> = (!self.span.holds_all(&segment.info)).then(|| {
            let number = |name: &str, row: usize| table.column(name).and_then(|column| column.number(row));
            let inside = |row: &usize| {
                let sequence = number("sequence", *row).unwrap_or_default();
                self.span.holds(sequence as u64, number("time", *row).unwrap_or_default() as i64)
            };
            (0..table.rows()).filter(inside).collect()
        });
        let table = match rows {
            Some(rows) => table.take(&rows).map_err(|e| CaptureError::segment(&segment.info.path, e.to_string()))?,
            None => table,
        };
        self.current = Some((segment, start + lines));
        Ok((table.rows() > 0).then_some(table))
    }
}
