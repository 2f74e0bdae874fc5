//! Reading delimited text into columns, in one pass, or two when a column's kind shows late.

use std::path::Path;

use encoding_rs::UTF_8;

use super::builder::{Builder, Preset};
use super::dialect::Dialect;
use super::fingerprint::{Fingerprint, Stamp};
use super::read::ReadOptions;
use super::records::{Cut, Records, Step};
use super::stream::scan::Job;
use super::{Column, DataError, Table, Values, Watch, target};

/// A text file as a table, its fingerprint, and what a person should know about the reading.
pub(crate) fn read(
    path: &Path,
    options: &ReadOptions,
    stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(Table, Fingerprint, Vec<String>), DataError> {
    read_rows(path, options, stamp, true, watch)
}

/// [`read`] without reading on behind the rows that are asked for: the fingerprint has no hash.
pub(crate) fn head(
    path: &Path,
    options: &ReadOptions,
    stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(Table, Fingerprint, Vec<String>), DataError> {
    read_rows(path, options, stamp, false, watch)
}

fn read_rows(
    path: &Path,
    options: &ReadOptions,
    stamp: &Stamp,
    hashed: bool,
    watch: &dyn Watch,
) -> Result<(Table, Fingerprint, Vec<String>), DataError> {
    let job = || Job { path, stamp, watch, from: 0.0, span: 1.0, repeats: true, hashed };
    let dialect = Dialect::of_file(path, options, false)?;
    match read_as(&dialect, options, job()) {
        Err(DataError::WrongEncoding { .. }) if dialect.guessed && dialect.encoding == UTF_8 => {
            let dialect = Dialect::of_file(path, options, true)?;
            read_as(&dialect, options, job())
        }
        done => done,
    }
}

fn read_as(
    dialect: &Dialect,
    options: &ReadOptions,
    mut job: Job<'_>,
) -> Result<(Table, Fingerprint, Vec<String>), DataError> {
    let path = job.path;
    unique_names(dialect)?;
    let ordered = presets(dialect, options);
    let late = sampled(dialect, &ordered);
    let mut builders: Vec<Option<Builder>> =
        late.iter().map(|preset| Some(Builder::new(*preset, dialect.decimal_comma))).collect();
    let max_rows = options.max_rows.unwrap_or(usize::MAX);
    let first = job.pass(dialect, &mut builders, max_rows)?;
    let mut notes = first.notes(dialect, options, path)?;

    let mixed: Vec<bool> = builders.iter().map(|b| b.as_ref().is_some_and(Builder::is_mixed)).collect();
    if mixed.contains(&true) {
        let mut again: Vec<Option<Builder>> =
            mixed.iter().map(|mixed| mixed.then(|| Builder::new(Some(Preset::Text), dialect.decimal_comma))).collect();
        (job.from, job.span) = (job.from + job.span, 1.0 - job.from - job.span);
        let second = job.pass(dialect, &mut again, max_rows)?;
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

/// Refuses a file in which two columns share a name.
pub(crate) fn unique_names(dialect: &Dialect) -> Result<(), DataError> {
    let mut seen = std::collections::HashSet::new();
    match dialect.names.iter().find(|name| !seen.insert(name.as_str())) {
        Some(twice) => Err(DataError::DuplicateColumn { column: twice.clone() }),
        None => Ok(()),
    }
}

/// “1 row was”, “7 rows were”.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

pub(crate) fn presets(dialect: &Dialect, options: &ReadOptions) -> Vec<Option<Preset>> {
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
pub(crate) fn sampled(dialect: &Dialect, ordered: &[Option<Preset>]) -> Vec<Option<Preset>> {
    let builders = sample_builders(dialect, ordered);
    builders.iter().zip(ordered).map(|(b, p)| if b.is_mixed() { Some(Preset::Text) } else { *p }).collect()
}

/// The columns of the whole rows at the beginning.
pub(crate) fn sample_builders(dialect: &Dialect, ordered: &[Option<Preset>]) -> Vec<Builder> {
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
    builders
}

pub(crate) fn finish(
    builders: Vec<Option<Builder>>,
    as_text: Vec<bool>,
    dialect: &Dialect,
    notes: &mut Vec<String>,
) -> Result<Vec<Column>, DataError> {
    let mut columns = Vec::with_capacity(builders.len());
    let mut told = ColumnNotes::new(dialect, notes);
    for (at, ((builder, name), as_text)) in builders.into_iter().zip(&dialect.names).zip(as_text).enumerate() {
        let Some(builder) = builder else { continue };
        let (words, not_numbers) = (builder.missing_words, builder.not_numbers);
        let column = Column::new(name.clone(), builder.finish(name)?);
        let empty = matches!(&column.values, Values::Float(list) if list.iter().all(|x| x.is_nan()));
        if told.column(at, words, not_numbers, empty) {
            if as_text {
                told.as_text(why_text(&column, dialect.decimal_comma));
            }
            columns.push(column);
        }
    }
    told.end();
    Ok(columns)
}

/// What a person should know about the columns, gathered one after the other.
pub(crate) struct ColumnNotes<'a> {
    dialect: &'a Dialect,
    notes: &'a mut Vec<String>,
    words: usize,
    unnamed: usize,
}

impl<'a> ColumnNotes<'a> {
    pub(crate) fn new(dialect: &'a Dialect, notes: &'a mut Vec<String>) -> Self {
        Self { dialect, notes, words: 0, unnamed: 0 }
    }

    /// Takes note of a column by its place, its words for missing, its cells that are no numbers, and whether it holds
    /// nothing. False for one that is to be left out: it has neither name nor value.
    pub(crate) fn column(&mut self, at: usize, words: usize, not_numbers: usize, empty: bool) -> bool {
        let name = self.dialect.names.get(at).map_or("", String::as_str);
        self.words += words;
        if not_numbers > 0 {
            let count = counted(not_numbers, "cell is no number and is", "cells are no numbers and are");
            self.notes.push(format!("Column “{name}”: {count} treated as missing."));
        }
        if self.dialect.unnamed.contains(&at) {
            if empty {
                return false;
            }
            self.unnamed += 1;
        } else if empty {
            self.notes.push(format!("Column “{name}” holds no value in any row."));
        }
        true
    }

    pub(crate) fn as_text(&mut self, why: Option<String>) {
        self.notes.extend(why);
    }

    pub(crate) fn end(self) {
        if self.unnamed > 0 {
            let count = counted(self.unnamed, "column has no name and is", "columns have no name and are");
            self.notes.push(format!("{count} called by position, as column_1."));
        }
        if self.words > 0 {
            self.notes.push(format!(
                "{} such as NA or null, read as missing.",
                counted(self.words, "cell holds a word", "cells hold a word")
            ));
        }
    }
}

/// Says which cells made a column of numbers into text, when they are the fewer.
fn why_text(column: &Column, decimal_comma: bool) -> Option<String> {
    let Err(DataError::NotNumbers { column: name, value, row, count }) = target::numbers_in(column, decimal_comma)
    else {
        return None;
    };
    let filled = column.len() - column.missing_in(0..column.len());
    why_text_of(&name, filled, count, &value, row)
}

/// [`why_text`] from the cells that are not missing, those that are no numbers, and the first of these.
pub(crate) fn why_text_of(name: &str, filled: usize, count: usize, value: &str, row: usize) -> Option<String> {
    (count * 2 < filled).then(|| {
        let which = counted(count, "of its values is no number: ", "of its values are no numbers: the first is ");
        format!("Column “{name}” is read as text because {which}“{value}” in row {row}.")
    })
}
