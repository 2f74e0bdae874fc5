//! Reading delimited text into columns, in one pass, or two when a column's kind shows late.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use encoding_rs::{Decoder, DecoderResult, UTF_8};

use super::builder::{Builder, Preset};
use super::dialect::Dialect;
use super::fingerprint::{Fingerprint, Hasher, Stamp};
use super::read::ReadOptions;
use super::records::{Cut, Records, Step};
use super::{Column, DataError, Table, Values, Watch, target};

const PIECE_BYTES: usize = 1 << 20;
const MAX_ROW_BYTES: usize = 64 << 20;

/// A text file as a table, its fingerprint, and what a person should know about the reading.
pub(crate) fn read(
    path: &Path,
    options: &ReadOptions,
    stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(Table, Fingerprint, Vec<String>), DataError> {
    let dialect = Dialect::of_file(path, options, false)?;
    match read_as(&dialect, path, options, stamp, watch) {
        Err(DataError::WrongEncoding { .. }) if dialect.guessed && dialect.encoding == UTF_8 => {
            let dialect = Dialect::of_file(path, options, true)?;
            read_as(&dialect, path, options, stamp, watch)
        }
        done => done,
    }
}

fn read_as(
    dialect: &Dialect,
    path: &Path,
    options: &ReadOptions,
    stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(Table, Fingerprint, Vec<String>), DataError> {
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = dialect.names.iter().find(|name| !seen.insert(name.as_str())) {
        return Err(DataError::DuplicateColumn { column: twice.clone() });
    }
    let ordered = presets(dialect, options);
    let mut job = Job { dialect, path, max_rows: options.max_rows, stamp, watch, from: 0.0, span: 1.0 };
    let late = sampled(dialect, &ordered);
    let mut builders: Vec<Option<Builder>> =
        late.iter().map(|preset| Some(Builder::new(*preset, dialect.decimal_comma))).collect();
    let first = job.pass(&mut builders)?;
    if first.rows == 0 && first.odd.is_none() {
        return Err(DataError::NoRows { path: path.to_owned() });
    }
    let mut notes = dialect.notes(options);
    if let Some((line, found)) = first.odd {
        if first.odd_rows > first.rows {
            let expected = dialect.names.len();
            return Err(DataError::RaggedRows { path: path.to_owned(), rows: first.odd_rows, expected, line, found });
        }
        notes.push(format!(
            "{} left out because the number of cells is not the header's {}; the first is in line {line} and has {found}.",
            counted(first.odd_rows, "row was", "rows were"),
            dialect.names.len()
        ));
    }
    if first.undecodable {
        notes.push(format!("Some letters could not be read as {} and were replaced by “�”.", dialect.encoding.name()));
    }

    let mixed: Vec<bool> = builders.iter().map(|b| b.as_ref().is_some_and(Builder::is_mixed)).collect();
    if mixed.contains(&true) {
        let mut again: Vec<Option<Builder>> =
            mixed.iter().map(|mixed| mixed.then(|| Builder::new(Some(Preset::Text), dialect.decimal_comma))).collect();
        (job.from, job.span) = (job.from + job.span, 1.0 - job.from - job.span);
        let second = job.pass(&mut again)?;
        if second.fingerprint != first.fingerprint || second.rows != first.rows {
            return Err(DataError::Changed { path: path.to_owned() });
        }
        for (kept, new) in builders.iter_mut().zip(again) {
            if new.is_some() {
                *kept = new;
            }
        }
    }
    let as_text = mixed.iter().zip(&late).zip(&ordered).map(|((mixed, late), ordered)| *mixed || late != ordered);
    let columns = finish(builders, as_text.collect(), dialect, &mut notes)?;
    Ok((Table::new(columns)?, first.fingerprint, notes))
}

/// “1 row was”, “7 rows were”.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

fn presets(dialect: &Dialect, options: &ReadOptions) -> Vec<Option<Preset>> {
    let preset = |name: &String| {
        if options.categorical.contains(name) {
            Some(Preset::Text)
        } else {
            options.numeric.contains(name).then_some(Preset::Number)
        }
    };
    dialect.names.iter().map(preset).collect()
}

/// Columns that are already seen to be text at the beginning, so that most files need one pass only.
fn sampled(dialect: &Dialect, ordered: &[Option<Preset>]) -> Vec<Option<Preset>> {
    let mut builders: Vec<Builder> = ordered.iter().map(|p| Builder::new(*p, dialect.decimal_comma)).collect();
    let mut records = Records::new(Cut::new(dialect.delimiter, &dialect.sample), builders.len());
    records.room().push_str(&dialect.sample);
    let mut header = dialect.header;
    loop {
        match records.step(false) {
            Step::Row { .. } if std::mem::take(&mut header) => {}
            Step::Row { cells, .. } if cells == builders.len() => {
                for (at, builder) in builders.iter_mut().enumerate() {
                    builder.push(&records.cell(at));
                }
            }
            Step::Row { .. } | Step::Blank => {}
            Step::NeedMore | Step::OpenQuote(_) | Step::End => break,
        }
    }
    builders.iter().zip(ordered).map(|(b, p)| if b.is_mixed() { Some(Preset::Text) } else { *p }).collect()
}

fn finish(
    builders: Vec<Option<Builder>>,
    as_text: Vec<bool>,
    dialect: &Dialect,
    notes: &mut Vec<String>,
) -> Result<Vec<Column>, DataError> {
    let mut columns = Vec::with_capacity(builders.len());
    let mut words = 0_usize;
    let mut unnamed = 0_usize;
    for (at, ((builder, name), as_text)) in builders.into_iter().zip(&dialect.names).zip(as_text).enumerate() {
        let Some(builder) = builder else { continue };
        words += builder.missing_words;
        if builder.not_numbers > 0 {
            let count = counted(builder.not_numbers, "cell is no number and is", "cells are no numbers and are");
            notes.push(format!("Column “{name}”: {count} treated as missing."));
        }
        let column = Column::new(name.clone(), builder.finish(name)?);
        let empty = matches!(&column.values, Values::Float(list) if list.iter().all(|x| x.is_nan()));
        if dialect.unnamed.contains(&at) {
            if empty {
                continue;
            }
            unnamed += 1;
        } else if empty {
            notes.push(format!("Column “{name}” holds no value in any row."));
        }
        if as_text {
            notes.extend(why_text(&column, dialect.decimal_comma));
        }
        columns.push(column);
    }
    if unnamed > 0 {
        let count = counted(unnamed, "column has no name and is", "columns have no name and are");
        notes.push(format!("{count} called by position, as column_1."));
    }
    if words > 0 {
        notes.push(format!(
            "{} such as NA or null, read as missing.",
            counted(words, "cell holds a word", "cells hold a word")
        ));
    }
    Ok(columns)
}

/// Says which cells made a column of numbers into text, when they are the fewer.
fn why_text(column: &Column, decimal_comma: bool) -> Option<String> {
    let Err(DataError::NotNumbers { column: name, value, row, count }) = target::numbers_in(column, decimal_comma)
    else {
        return None;
    };
    let filled = column.len() - column.missing_in(0..column.len());
    (count * 2 < filled).then(|| {
        let which = counted(count, "of its values is no number: ", "of its values are no numbers: the first is ");
        format!("Column “{name}” is read as text because {which}“{value}” in row {row}.")
    })
}

struct Job<'a> {
    dialect: &'a Dialect,
    path: &'a Path,
    max_rows: Option<usize>,
    stamp: &'a Stamp,
    watch: &'a dyn Watch,
    /// Progress at the begin of the pass, and the share of all work that the pass is.
    from: f64,
    span: f64,
}

struct Pass {
    rows: usize,
    odd_rows: usize,
    /// Line and cells of the first row that was left out.
    odd: Option<(u64, usize)>,
    undecodable: bool,
    fingerprint: Fingerprint,
}

impl Job<'_> {
    /// Goes through the file once and gives each row's cells to the builders that are there.
    fn pass(&mut self, builders: &mut [Option<Builder>]) -> Result<Pass, DataError> {
        let width = builders.len();
        let wanted: Vec<usize> = builders.iter().enumerate().filter_map(|(at, b)| b.as_ref().map(|_| at)).collect();
        let mut source = Source::open(self.path, self.dialect)?;
        let mut records = Records::new(Cut::new(self.dialect.delimiter, &self.dialect.sample), width);
        let mut header = self.dialect.header;
        let (mut rows, mut odd_rows, mut odd, mut blanks) = (0_usize, 0_usize, None, 0_usize);
        let mut only_once = self.from == 0.0;
        'file: loop {
            if self.watch.cancelled() {
                return Err(DataError::Cancelled);
            }
            let more = source.fill(records.room(), self.path)?;
            self.report(&source);
            loop {
                if self.max_rows.is_some_and(|max| rows >= max) {
                    break 'file;
                }
                match records.step(!more) {
                    Step::Row { .. } if std::mem::take(&mut header) => {}
                    Step::Row { cells, .. } if cells == width => {
                        // A blank line is an empty cell where there is one column, but not at the end of the file.
                        for _ in 0..std::mem::take(&mut blanks) {
                            builders.iter_mut().flatten().for_each(|b| b.push(""));
                            rows += 1;
                        }
                        for at in &wanted {
                            if let Some(Some(builder)) = builders.get_mut(*at) {
                                builder.push(&records.cell(*at));
                            }
                        }
                        rows += 1;
                    }
                    Step::Row { line, cells } => {
                        odd_rows += 1;
                        odd.get_or_insert((line, cells));
                    }
                    Step::Blank => blanks += usize::from(width == 1 && !header),
                    Step::OpenQuote(line) => return Err(DataError::OpenQuote { path: self.path.to_owned(), line }),
                    Step::NeedMore if records.pending() > MAX_ROW_BYTES => {
                        let path = self.path.to_owned();
                        return Err(DataError::RowTooLong {
                            path,
                            line: records.line(),
                            megabytes: MAX_ROW_BYTES >> 20,
                        });
                    }
                    Step::NeedMore => break,
                    Step::End => break 'file,
                }
            }
            if only_once && builders.iter().flatten().any(Builder::is_mixed) {
                only_once = false;
                // A second pass is due: what is left of this one and that one share what is left of the bar.
                let done = self.share(&source);
                let (left, all) = (1.0 - done, 2.0 - done);
                self.span = left / all;
                self.from = done - done * self.span;
            }
        }
        let undecodable = source.undecodable;
        let fingerprint = source.finish(self)?;
        Ok(Pass { rows, odd_rows, odd, undecodable, fingerprint })
    }

    fn share(&self, source: &Source) -> f64 {
        (source.hasher.bytes as f64 / self.stamp.size.max(1) as f64).min(1.0)
    }

    fn report(&self, source: &Source) {
        self.watch.progress((self.from + self.span * self.share(source)).min(1.0) as f32);
    }
}

/// The bytes of a file, hashed and decoded as they pass.
struct Source {
    file: File,
    decoder: Decoder,
    /// UTF-8 must fit; in other encodings what does not fit is replaced.
    strict: bool,
    encoding: &'static str,
    hasher: Hasher,
    bytes: Vec<u8>,
    undecodable: bool,
}

impl Source {
    fn open(path: &Path, dialect: &Dialect) -> Result<Self, DataError> {
        let reading = |e: std::io::Error| DataError::reading(path, &e);
        let mut file = File::open(path).map_err(reading)?;
        let mut mark = vec![0; dialect.mark];
        file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut mark)).map_err(reading)?;
        let mut hasher = Hasher::default();
        hasher.update(&mark);
        Ok(Self {
            file,
            decoder: dialect.encoding.new_decoder_without_bom_handling(),
            strict: dialect.encoding == UTF_8,
            encoding: dialect.encoding.name(),
            hasher,
            bytes: Vec::new(),
            undecodable: false,
        })
    }

    fn read_bytes(&mut self, wanted: usize, path: &Path) -> Result<bool, DataError> {
        self.bytes.clear();
        (&mut self.file).take(wanted as u64).read_to_end(&mut self.bytes).map_err(|e| DataError::reading(path, &e))?;
        self.hasher.update(&self.bytes);
        Ok(self.bytes.len() == wanted)
    }

    /// Appends the next piece of text; false when it was the last.
    fn fill(&mut self, text: &mut String, path: &Path) -> Result<bool, DataError> {
        // A row that does not fit asks for as much again, so that long rows are not searched many times.
        let before = self.hasher.bytes;
        let more = self.read_bytes(PIECE_BYTES.max(text.len()), path)?;
        let old = text.len();
        text.reserve(self.decoder.max_utf8_buffer_length(self.bytes.len()).unwrap_or(self.bytes.len()));
        if self.strict {
            let (result, read) = self.decoder.decode_to_string_without_replacement(&self.bytes, text, !more);
            if !matches!(result, DecoderResult::InputEmpty) {
                let position = before + read as u64;
                return Err(DataError::WrongEncoding {
                    path: path.to_owned(),
                    encoding: self.encoding.to_owned(),
                    position,
                });
            }
        } else {
            let (_, _, replaced) = self.decoder.decode_to_string(&self.bytes, text, !more);
            self.undecodable |= replaced;
        }
        if let Some(at) = text.get(old..).unwrap_or_default().bytes().position(|b| b == 0) {
            return Err(DataError::ZeroBytes { path: path.to_owned(), position: before + at as u64 });
        }
        Ok(more)
    }

    /// Hashes what was not read and gives the file's fingerprint.
    fn finish(mut self, job: &Job<'_>) -> Result<Fingerprint, DataError> {
        while self.read_bytes(PIECE_BYTES, job.path)? {
            if job.watch.cancelled() {
                return Err(DataError::Cancelled);
            }
            job.report(&self);
        }
        job.report(&self);
        Ok(self.hasher.finish(job.stamp))
    }
}
