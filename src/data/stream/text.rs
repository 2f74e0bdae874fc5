//! Chunks of a text file: one pass that looks, one that gives.

use std::path::Path;

use encoding_rs::UTF_8;

use crate::data::builder::{self, Builder, Preset};
use crate::data::dialect::Dialect;
use crate::data::fingerprint::Stamp;
use crate::data::read::ReadOptions;
use crate::data::text::{ColumnNotes, presets, sampled, unique_names, why_text_of};
use crate::data::{Column, DataError, Table, Watch};

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
    let mut job = Job { path, stamp, watch, from: 0.0, span: 1.0, repeats: false };
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
    let chunks = TextChunks { scan, builders, wanted, rows: pass.rows, chunk_rows };
    Ok((Settled { fingerprint: pass.fingerprint, notes, all, rows: pass.rows }, chunks))
}

/// Words for missing are counted where they were read as missing, not where the column became text.
fn words_for_missing(looked: &Builder) -> usize {
    if looked.is_mixed() { 0 } else { looked.missing_words }
}

impl TextChunks {
    pub(super) fn next(&mut self, path: &Path, stamp: &Stamp, watch: &dyn Watch) -> Result<Table, DataError> {
        let changed = || DataError::Changed { path: path.to_owned() };
        let limit = self.rows.min(self.scan.rows + self.chunk_rows);
        let job = Job { path, stamp, watch, from: 0.0, span: 1.0, repeats: false };
        while self.scan.piece(&mut self.builders, limit, &job)? {}
        if self.scan.rows != limit {
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
