//! The footer of a Parquet file cut up, so that some pages of a row group can be given to the decoder as a small file.
//!
//! The decoder takes a file as a whole only, and memory for all of it. Here the footer is kept as the writer wrote it
//! but for the numbers that say where the pages are. Layout: `FileMetaData` of the Parquet format in Thrift's compact
//! protocol.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use crate::data::pages::{Compact, MAX_DEPTH};

const MARK: &[u8] = b"PAR1";
const LIST: u8 = 9;
const STRUCT: u8 = 12;
const NUMBER: u8 = 6;

/// A footer and where the numbers stand in it.
pub(super) struct Footer {
    bytes: Vec<u8>,
    rows: Range<usize>,
    /// The list of row groups with its head.
    list: Range<usize>,
    groups: Vec<Group>,
}

struct Group {
    all: Range<usize>,
    rows: Range<usize>,
    columns: Vec<Chunk>,
}

/// Places of the numbers of a column chunk; empty where there is none.
#[derive(Default)]
struct Chunk {
    values: Range<usize>,
    compressed: Range<usize>,
    data: Range<usize>,
    dictionary: Range<usize>,
}

/// Pages of a column that make up a column chunk of the small file.
pub(super) struct Pick {
    /// The column among the leaves of the schema.
    pub(super) leaf: usize,
    /// Where its dictionary is in the file, if it has one.
    pub(super) dictionary: Option<Range<u64>>,
    /// Where its pages are in the file, one behind the other.
    pub(super) pages: Range<u64>,
    /// Values in the pages.
    pub(super) values: u64,
}

impl Footer {
    /// Reads the footer of a file; `None` when it is not one.
    pub(super) fn read(file: &mut File) -> Option<Self> {
        let size = file.seek(SeekFrom::End(0)).ok()?;
        let mut tail = [0; 8];
        file.seek(SeekFrom::Start(size.checked_sub(8)?)).ok()?;
        file.read_exact(&mut tail).ok()?;
        let length = u64::from(u32::from_le_bytes(*tail.first_chunk()?));
        file.seek(SeekFrom::Start(size.checked_sub(8 + length)?)).ok()?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes).ok()?;
        Self::of(bytes)
    }

    fn of(bytes: Vec<u8>) -> Option<Self> {
        let mut reader = Compact { source: bytes.as_slice(), read: 0 };
        let (mut rows, mut list, mut groups) = (0..0, 0..0, Vec::new());
        let mut id = 0;
        while let kind @ 1.. = reader.field(&mut id)? {
            let start = reader.read as usize;
            match (id, kind) {
                (3, NUMBER) => rows = number(&mut reader)?,
                (4, LIST) => {
                    let length = list_of_structs(&mut reader)?;
                    for _ in 0..length {
                        groups.push(group(&mut reader)?);
                    }
                    list = start..reader.read as usize;
                }
                _ => reader.skip(kind, MAX_DEPTH)?,
            }
        }
        Some(Self { bytes, rows, list, groups })
    }

    /// A small file with some pages of one row group. Columns that are not picked must not be decoded.
    pub(super) fn small_file(&self, file: &mut File, group: usize, rows: usize, picks: &[Pick]) -> Option<Vec<u8>> {
        let group = self.groups.get(group)?;
        let length: u64 = picks.iter().map(Pick::length).sum();
        let mut small = Vec::new();
        small.try_reserve_exact(usize::try_from(length).ok()? + self.bytes.len() + 64).ok()?;
        small.extend(MARK);
        let mut edits = vec![(group.rows.clone(), rows as u64)];
        for pick in picks {
            let chunk = group.columns.get(pick.leaf)?;
            let start = small.len() as u64;
            if let Some(dictionary) = &pick.dictionary {
                append(file, dictionary, &mut small)?;
            }
            let data = if chunk.dictionary.is_empty() { start } else { small.len() as u64 };
            append(file, &pick.pages, &mut small)?;
            edits.push((chunk.values.clone(), pick.values));
            edits.push((chunk.compressed.clone(), pick.length()));
            edits.push((chunk.data.clone(), data));
            if !chunk.dictionary.is_empty() {
                // Where the file names a dictionary but has none, both begin at the same place.
                edits.push((chunk.dictionary.clone(), start));
            }
        }
        edits.sort_by_key(|(place, _)| place.start);
        let footer_at = small.len();
        let mut at = 0;
        let copy = |small: &mut Vec<u8>, at: usize, to: usize| {
            small.extend(self.bytes.get(at..to)?);
            Some(())
        };
        if self.rows.start < self.list.start {
            copy(&mut small, at, self.rows.start)?;
            write_number(&mut small, rows as u64);
            at = self.rows.end;
        }
        copy(&mut small, at, self.list.start)?;
        small.push(1 << 4 | STRUCT);
        at = group.all.start;
        for (place, value) in edits {
            copy(&mut small, at, place.start)?;
            write_number(&mut small, value);
            at = place.end;
        }
        copy(&mut small, at, group.all.end)?;
        at = self.list.end;
        if self.rows.start >= self.list.end {
            copy(&mut small, at, self.rows.start)?;
            write_number(&mut small, rows as u64);
            at = self.rows.end;
        }
        copy(&mut small, at, self.bytes.len())?;
        let length = u32::try_from(small.len() - footer_at).ok()?;
        small.extend(length.to_le_bytes());
        small.extend(MARK);
        Some(small)
    }
}

impl Pick {
    fn length(&self) -> u64 {
        let of = |range: &Range<u64>| range.end.saturating_sub(range.start);
        self.dictionary.as_ref().map_or(0, of) + of(&self.pages)
    }
}

fn append(file: &mut File, range: &Range<u64>, to: &mut Vec<u8>) -> Option<()> {
    let length = range.end.checked_sub(range.start)?;
    file.seek(SeekFrom::Start(range.start)).ok()?;
    let read = file.take(length).read_to_end(to).ok()?;
    (read as u64 == length).then_some(())
}

fn group(reader: &mut Compact<&[u8]>) -> Option<Group> {
    let start = reader.read as usize;
    let (mut rows, mut columns) = (0..0, Vec::new());
    let mut id = 0;
    while let kind @ 1.. = reader.field(&mut id)? {
        match (id, kind) {
            (1, LIST) => {
                for _ in 0..list_of_structs(reader)? {
                    columns.push(chunk(reader)?);
                }
            }
            (3, NUMBER) => rows = number(reader)?,
            _ => reader.skip(kind, MAX_DEPTH)?,
        }
    }
    (!rows.is_empty()).then_some(Group { all: start..reader.read as usize, rows, columns })
}

fn chunk(reader: &mut Compact<&[u8]>) -> Option<Chunk> {
    let mut chunk = Chunk::default();
    let mut id = 0;
    while let kind @ 1.. = reader.field(&mut id)? {
        if (id, kind) != (3, STRUCT) {
            reader.skip(kind, MAX_DEPTH)?;
            continue;
        }
        let mut id = 0;
        while let kind @ 1.. = reader.field(&mut id)? {
            match (id, kind) {
                (5, NUMBER) => chunk.values = number(reader)?,
                (7, NUMBER) => chunk.compressed = number(reader)?,
                (9, NUMBER) => chunk.data = number(reader)?,
                (11, NUMBER) => chunk.dictionary = number(reader)?,
                _ => reader.skip(kind, MAX_DEPTH)?,
            }
        }
    }
    let whole = ![&chunk.values, &chunk.compressed, &chunk.data].iter().any(|place| place.is_empty());
    whole.then_some(chunk)
}

/// The place of a number.
fn number(reader: &mut Compact<&[u8]>) -> Option<Range<usize>> {
    let start = reader.read as usize;
    reader.varint()?;
    Some(start..reader.read as usize)
}

/// The length of a list of structs, from its head.
fn list_of_structs(reader: &mut Compact<&[u8]>) -> Option<u64> {
    let head = reader.byte()?;
    let length = if head >> 4 == 15 { reader.varint()? } else { u64::from(head >> 4) };
    (head & 0x0f == STRUCT || length == 0).then_some(length)
}

/// A number in zigzag form.
fn write_number(to: &mut Vec<u8>, value: u64) {
    let mut rest = value << 1;
    while rest >= 0x80 {
        to.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    to.push(rest as u8);
}
