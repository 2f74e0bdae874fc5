//! Chunks of a text file: one pass that looks, one that gives.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crossbeam_channel::Sender;
use encoding_rs::UTF_8;

use crate::data::builder::{self, Builder, Preset};
use crate::data::dialect::Dialect;
use crate::data::fingerprint::Stamp;
use crate::data::read::ReadOptions;
use crate::data::records::Cut;
use crate::data::text::{ColumnNotes, presets, sample_builders, sampled, unique_names, why_text_of};
use crate::data::{Column, DataError, Fingerprint, Table, Watch};

use super::hashing::Hashing;
use super::scan::{Job, Scan};
use super::{Settled, check_names, is_wanted};

/// The second pass over a text file.
pub(super) struct TextChunks {
    scan: Scan,
    /// The wanted columns' builders by their place in the file.
    builders: Vec<Option<Builder>>,
    /// Place, name and kind of the wanted columns.
    wanted: Vec<(usize, String, builder::Settled)>,
    rows: usize,
    chunk_rows: usize,
    /// Where the kinds are taken on trust: who waits for the fingerprint, until the file's end was reached.
    trusting: Option<Trusting>,
}

/// The only pass over a text file.
struct Trusting {
    hashed: Option<Sender<Result<Fingerprint, DataError>>>,
}

/// Looks through the file, keeping no value.
pub(super) fn open(
    path: &Path,
    options: &ReadOptions,
    columns: Option<&[String]>,
    chunk_rows: usize,
    stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(Settled, TextChunks), DataError> {
    let dialect = Dialect::of_file(path, options, false)?;
    match open_as(&dialect, path, options, columns, chunk_rows, stamp, watch) {
        Err(DataError::WrongEncoding { .. }) if dialect.guessed && dialect.encoding == UTF_8 => {
            let dialect = Dialect::of_file(path, options, true)?;
            open_as(&dialect, path, options, columns, chunk_rows, stamp, watch)
        }
        done => done,
    }
}

fn open_as(
    dialect: &Dialect,
    path: &Path,
    options: &ReadOptions,
    columns: Option<&[String]>,
    chunk_rows: usize,
    stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(Settled, TextChunks), DataError> {
    unique_names(dialect)?;
    let ordered = presets(dialect, options);
    let late = sampled(dialect, &ordered);
    let mut looking: Vec<Option<Builder>> =
        late.iter().map(|preset| Some(Builder::looking(*preset, dialect.decimal_comma))).collect();
    let mut job = Job { path, stamp, watch, from: 0.0, span: 1.0, repeats: false, hashed: true };
    let pass = job.pass(dialect, &mut looking, options.max_rows.unwrap_or(usize::MAX))?;
    let mut notes = pass.notes(dialect, options, path)?;

    let mut all = Vec::new();
    let mut wanted = Vec::new();
    let mut builders = Vec::with_capacity(looking.len());
    let mut told = ColumnNotes::new(dialect, &mut notes);
    for (at, (looked, name)) in looking.iter().flatten().zip(&dialect.names).enumerate() {
        builders.push(None);
        if !told.column(at, words_for_missing(looked), looked.not_numbers, looked.holds_nothing()) {
            continue;
        }
        let (ordered, late) = (ordered.get(at).copied().flatten(), late.get(at).copied().flatten());
        if looked.is_mixed() || late != ordered {
            told.as_text(
                looked.words().and_then(|(filled, count, value, row)| why_text_of(name, filled, count, value, row)),
            );
        }
        let settled = looked.is();
        all.push((name.clone(), settled.kind()));
        if is_wanted(columns, name) {
            let preset = if looked.is_mixed() { Some(Preset::Text) } else { late };
            if let Some(place) = builders.last_mut() {
                *place = Some(Builder::settled(settled, preset, dialect.decimal_comma));
            }
            wanted.push((at, name.clone(), settled));
        }
    }
    told.end();
    check_names(columns.into_iter().flatten(), &all)?;
    let scan = Scan::open(path, dialect, false)?;
    let chunks = TextChunks { scan, builders, wanted, rows: pass.rows, chunk_rows, trusting: None };
    let hashing = Hashing::known(pass.fingerprint, path);
    Ok((Settled { hashing, notes, all, rows: pass.rows }, chunks))
}

/// Words for missing are counted where they were read as missing, not where the column became text.
fn words_for_missing(looked: &Builder) -> usize {
    if looked.is_mixed() { 0 } else { looked.missing_words }
}

/// Takes the kinds of the columns from the beginning of the file, so that one pass does; `None` where the beginning does
/// not tell them all. The rows are counted by line ends and may turn out to be others.
pub(super) fn open_trusting(
    path: &Path,
    options: &ReadOptions,
    columns: &[String],
    chunk_rows: usize,
) -> Result<Option<(Settled, TextChunks)>, DataError> {
    let dialect = Dialect::of_file(path, options, false)?;
    unique_names(&dialect)?;
    if dialect.encoding != UTF_8 || !dialect.unnamed.is_empty() || options.max_rows.is_some() {
        return Ok(None);
    }
    let ordered = presets(&dialect, options);
    let mut all = Vec::with_capacity(ordered.len());
    let (mut wanted, mut builders) = (Vec::new(), Vec::with_capacity(ordered.len()));
    let seen = sample_builders(&dialect, &ordered);
    for (at, ((seen, name), ordered)) in seen.iter().zip(&dialect.names).zip(ordered).enumerate() {
        let (settled, preset) =
            if seen.is_mixed() { (builder::Settled::Text, Some(Preset::Text)) } else { (seen.is(), ordered) };
        all.push((name.clone(), settled.kind()));
        let is_wanted = columns.contains(name);
        if is_wanted && seen.is_unknown() {
            return Ok(None);
        }
        builders.push(is_wanted.then(|| Builder::settled(settled, preset, dialect.decimal_comma)));
        if is_wanted {
            wanted.push((at, name.clone(), settled));
        }
    }
    check_names(columns, &all)?;
    let line_end = Cut::new(dialect.delimiter, &dialect.sample).line_end;
    let lines = lines(path, line_end).map_err(|e| DataError::reading(path, &e))?;
    let rows = lines.saturating_sub(usize::from(dialect.header)).max(1);
    let scan = Scan::open(path, &dialect, true)?;
    let (hashing, hashed) = Hashing::coming(path);
    let trusting = Some(Trusting { hashed: Some(hashed) });
    let chunks = TextChunks { scan, builders, wanted, rows, chunk_rows, trusting };
    Ok(Some((Settled { hashing, notes: Vec::new(), all, rows }, chunks)))
}

/// Lines of a file, counted by two threads.
fn lines(path: &Path, line_end: u8) -> std::io::Result<usize> {
    let size = std::fs::metadata(path)?.len();
    let half = size / 2;
    std::thread::scope(|scope| {
        let later = std::thread::Builder::new().name("data-lines".to_owned());
        let later = later.spawn_scoped(scope, || line_ends(path, half, size - half, line_end))?;
        let ends = line_ends(path, 0, half, line_end)?;
        let given_up = || Err(std::io::Error::other("a thread gave up"));
        let (more, last) = later.join().unwrap_or_else(|_panic| given_up())?;
        Ok(ends.0 + more + usize::from(last.is_some_and(|last| last != line_end)))
    })
}

/// Line ends in a part of a file, and the last byte of it.
fn line_ends(path: &Path, from: u64, length: u64, line_end: u8) -> std::io::Result<(usize, Option<u8>)> {
    /// So many fit into a byte.
    const RUN: usize = 255;
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut part = file.take(length);
    let mut buffer = vec![0; 256 << 10];
    let (mut ends, mut last) = (0, None);
    loop {
        let read = part.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { return Ok((ends, last)) };
        for run in bytes.chunks(RUN) {
            ends += usize::from(run.iter().map(|byte| u8::from(*byte == line_end)).sum::<u8>());
        }
        last = bytes.last().copied();
    }
}

impl TextChunks {
    /// Whether the end of a file that is read on trust was reached.
    pub(super) fn is_over(&self) -> bool {
        self.trusting.as_ref().is_some_and(|trusting| trusting.hashed.is_none())
    }

    /// The next rows; of a file that is read on trust they may be none.
    pub(super) fn next(&mut self, path: &Path, stamp: &Stamp, watch: &dyn Watch) -> Result<Table, DataError> {
        let changed = || DataError::Changed { path: path.to_owned() };
        let trusted = self.trusting.is_some();
        let most = if trusted { usize::MAX } else { self.rows };
        let limit = most.min(self.scan.rows + self.chunk_rows);
        let job = Job { path, stamp, watch, from: 0.0, span: 1.0, repeats: false, hashed: trusted };
        while self.scan.piece(&mut self.builders, limit, &job)? {}
        if let Some(trusting) = &mut self.trusting {
            let fits = |(at, _, settled): &(usize, String, builder::Settled)| {
                self.builders.get(*at).and_then(Option::as_ref).is_some_and(|builder| builder.fits(*settled))
            };
            if !self.wanted.iter().all(fits) {
                return Err(changed());
            }
            if self.scan.rows != limit {
                let pass = self.scan.finish(&job)?;
                // More odd rows than rows, or none at all, are errors that the look through the file tells.
                if pass.odd_rows > pass.rows || pass.rows == 0 {
                    return Err(changed());
                }
                if let Some(hashed) = trusting.hashed.take() {
                    // Nobody may be there any more who wants it.
                    hashed.send(Ok(pass.fingerprint)).ok();
                }
            }
        } else if self.scan.rows != limit {
            return Err(changed());
        }
        let mut columns = Vec::with_capacity(self.wanted.len());
        for (at, name, settled) in &self.wanted {
            let Some(Some(builder)) = self.builders.get_mut(*at) else { continue };
            let column = Column::new(name.clone(), builder.take(name, *settled)?);
            if column.kind() != settled.kind() {
                return Err(changed());
            }
            columns.push(column);
        }
        Table::new(columns)
    }
}
