//! Reading JSON: a list of records, one record a line, or one list per column; value by value, so that little is held
//! beside the columns.

use std::cell::Cell as Shared;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use serde::de::DeserializeSeed as _;

use super::error::shortened_to;
use super::fingerprint::{Fingerprint, Stamp, of_file_watched};
use super::json_rows::{ColumnLists, Records, Row, Sink};
use super::json_shape::{Shape, ShapeSeed};
use super::part::Part;
use super::read::ReadOptions;
use super::{DataError, NoWatch, Table, Watch};

const BUFFER_BYTES: usize = 1 << 18;
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// A JSON file as a table, its fingerprint, and what a person should know about the reading.
pub(crate) fn read(
    path: &Path,
    options: &ReadOptions,
    stamp: &Stamp,
    watch: &dyn Watch,
) -> Result<(Table, Fingerprint, Vec<String>), DataError> {
    let fingerprint = of_file_watched(path, &Part { watch, from: 0.0, span: 0.1 })?;
    let decoded = decode(path, options, stamp.size, u64::MAX, &Part { watch, from: 0.1, span: 0.9 })?;
    Ok((decoded.table, fingerprint, decoded.notes))
}

/// What was read of a JSON file.
pub(crate) struct Decoded {
    pub(crate) table: Table,
    pub(crate) notes: Vec<String>,
    /// Bytes that were looked at, about.
    pub(crate) bytes: u64,
    /// Whether the file holds one list per column.
    pub(crate) by_column: bool,
}

/// Counts the bytes that pass.
struct Counting {
    file: File,
    read: Rc<Shared<u64>>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.set(self.read.get() + read as u64);
        Ok(read)
    }
}

type Source = BufReader<std::io::Take<Counting>>;

/// The file behind its byte order mark, up to a number of bytes.
fn open(path: &Path, limit: u64) -> Result<(Source, Rc<Shared<u64>>), DataError> {
    let reading = |e: std::io::Error| DataError::reading(path, &e);
    let file = File::open(path).map_err(reading)?;
    let read = Rc::new(Shared::new(0));
    let counting = Counting { file, read: Rc::clone(&read) };
    let mut source = BufReader::with_capacity(BUFFER_BYTES, counting.take(limit));
    let head = source.fill_buf().map_err(reading)?;
    let bad = |line: usize, reason: String| DataError::BadJson { path: path.to_owned(), line, reason };
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") || head.get(..4).is_some_and(|h| h.contains(&0)) {
        return Err(bad(1, "it is written in UTF-16, where UTF-8 was expected".to_owned()));
    }
    if head.starts_with(UTF8_MARK) {
        source.consume(UTF8_MARK.len());
    }
    Ok((source, read))
}

/// Reads the beginning: `limit` bytes, and more when the first record does not end in them.
pub(crate) fn head(path: &Path, options: &ReadOptions, size: u64, limit: u64) -> Result<Decoded, DataError> {
    const MOST: u64 = 256 << 20;
    match decode(path, options, size, limit, &NoWatch) {
        Err(DataError::BadJson { .. }) if limit < size.min(MOST) => head(path, options, size, limit.saturating_mul(8)),
        done => done,
    }
}

/// Reads records or columns, without the fingerprint. `size` is that of the file and `limit` the bytes to look at: what
/// is cut off by it is no error.
pub(crate) fn decode(
    path: &Path,
    options: &ReadOptions,
    size: u64,
    limit: u64,
    watch: &dyn Watch,
) -> Result<Decoded, DataError> {
    let cut = limit < size;
    let shape = shape(path, limit, cut)?;
    let (source, read) = open(path, limit)?;
    let told = || {
        watch.progress((read.get() as f64 / size.max(1) as f64).min(1.0) as f32);
        watch.cancelled()
    };
    let mut sink = Sink::new(path, options.max_rows, size, &told);
    let mut parser = serde_json::Deserializer::from_reader(source);
    let parsed = match shape {
        Shape::List => Records { sink: &mut sink }.deserialize(&mut parser).and_then(|()| parser.end()),
        Shape::Lines => lines(&mut parser, &mut sink),
        Shape::Columns => ColumnLists { sink: &mut sink }.deserialize(&mut parser).and_then(|()| parser.end()),
    };
    if let Some(problem) = sink.problem.take() {
        return Err(problem);
    }
    if let Err(error) = parsed
        && !sink.full
    {
        let torn = cut && (error.is_eof() || error.is_io()) && sink.rows > 0;
        if !torn {
            return Err(sentence(path, &error));
        }
        sink.close_torn();
    }
    let bytes = read.get();
    let (table, notes) = sink.finish()?;
    Ok(Decoded { table, notes, bytes, by_column: shape == Shape::Columns })
}

/// One record after the other, each on a line of its own or not.
fn lines<'de, R: serde_json::de::Read<'de>>(
    parser: &mut serde_json::Deserializer<R>,
    sink: &mut Sink<'_>,
) -> Result<(), serde_json::Error> {
    loop {
        if sink.is_full() {
            return Ok(());
        }
        match (Row { sink: &mut *sink }).deserialize(&mut *parser) {
            Ok(()) => {}
            // The end of the file stands where a record could begin: nothing of one was read.
            Err(error) if error.is_eof() && !sink.in_record() => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// How the file is written, by its first value.
fn shape(path: &Path, limit: u64, cut: bool) -> Result<Shape, DataError> {
    let (mut source, _) = open(path, limit)?;
    loop {
        let buffer = source.fill_buf().map_err(|e| DataError::reading(path, &e))?;
        let Some(first) = buffer.first().copied() else { return Err(DataError::Empty { path: path.to_owned() }) };
        match first {
            b' ' | b'\t' | b'\r' | b'\n' => source.consume(1),
            b'[' => return Ok(Shape::List),
            b'{' => break,
            _ => return Ok(Shape::Lines),
        }
    }
    let mut parser = serde_json::Deserializer::from_reader(source);
    // What is wrong in the first value is said when it is read again.
    let Ok(seen) = ShapeSeed.deserialize(&mut parser) else {
        return Ok(if cut { ShapeSeed::torn(path, limit)? } else { Shape::Lines });
    };
    if seen.equal_lists().is_none() {
        if seen.lists > 1 && seen.others == 0 && parser.end().is_ok() {
            let (column, rows) = seen.odd.unwrap_or_default();
            return Err(DataError::UnequalColumns { column, rows, expected: seen.rows.unwrap_or_default() });
        }
        return Ok(Shape::Lines);
    }
    Ok(if parser.end().is_ok() { Shape::Columns } else { Shape::Lines })
}

fn sentence(path: &Path, error: &serde_json::Error) -> DataError {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    let reason = if error.is_eof() {
        "it stops before its end, so it was cut off while it was written or copied".to_owned()
    } else if text.starts_with("expected value") || text.starts_with("expected ident") {
        "a value was expected: a number, a text in quotation marks, true, false or null (NaN and Infinity are none)"
            .to_owned()
    } else if text.starts_with("invalid unicode") || text.contains("unicode code point") {
        "a letter is not UTF-8".to_owned()
    } else {
        text.to_owned()
    };
    DataError::BadJson { path: path.to_owned(), line: error.line().max(1), reason: shortened_to(&reason, 200) }
}
