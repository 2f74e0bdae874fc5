//! A look at the headers of a Parquet file's pages before they are decoded.
//!
//! The decoder believes their counts and asks for memory by them; where a count is nonsense that ends the process,
//! which no caller can catch. The layout is the `PageHeader` of the Parquet format in Thrift's compact protocol.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

/// Structs within structs that are followed; a page header has two.
pub(crate) const MAX_DEPTH: usize = 8;
/// Bytes of one text in a header, as a smallest value in the statistics.
const MAX_TEXT: u64 = 64 << 20;

/// Whether all page headers in a column chunk are sound: counts and sizes not negative, within the chunk and its values.
pub(crate) fn are_sound(source: impl Read + Seek, chunk: Range<u64>, values: u64) -> bool {
    pages(source, chunk, values).is_some()
}

/// A page of a column chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Its place in the file, header included.
    pub(crate) bytes: Range<u64>,
    /// Whether it holds the dictionary of the others.
    pub(crate) is_dictionary: bool,
    /// Its values, missing ones included; in a column that is not nested they are its rows.
    pub(crate) values: u64,
}

/// The pages of a column chunk; `None` when a header is not sound (see [`are_sound`]).
pub(crate) fn pages(source: impl Read + Seek, chunk: Range<u64>, values: u64) -> Option<Vec<Page>> {
    let mut found = Vec::new();
    let mut source = BufReader::with_capacity(512, source);
    source.seek(SeekFrom::Start(chunk.start)).ok()?;
    let mut at = chunk.start;
    let mut seen = 0_u64;
    while at < chunk.end && seen < values {
        let mut reader = Compact { source: &mut source, read: 0 };
        let header = Header::read(&mut reader)?;
        let start = at;
        at = at.checked_add(reader.read)?.checked_add(header.compressed)?;
        if at > chunk.end || header.levels > header.uncompressed {
            return None;
        }
        if header.is_dictionary {
            // An entry takes a byte at least.
            if header.values > header.uncompressed {
                return None;
            }
        } else {
            seen = seen.checked_add(header.values)?;
            if seen > values || header.nulls > header.values || header.rows > header.values {
                return None;
            }
        }
        found.push(Page { bytes: start..at, is_dictionary: header.is_dictionary, values: header.values });
        source.seek_relative(i64::try_from(header.compressed).ok()?).ok()?;
    }
    Some(found)
}

/// What a page says of itself.
#[derive(Default)]
struct Header {
    uncompressed: u64,
    compressed: u64,
    is_dictionary: bool,
    values: u64,
    nulls: u64,
    rows: u64,
    /// Bytes of both kinds of level in a page of version 2.
    levels: u64,
}

impl Header {
    fn read<R: Read>(reader: &mut Compact<R>) -> Option<Self> {
        let mut header = Self::default();
        let mut id = 0;
        while let kind @ 1.. = reader.field(&mut id)? {
            match (id, kind) {
                (2, 5) => header.uncompressed = reader.count()?,
                (3, 5) => header.compressed = reader.count()?,
                (5 | 7 | 8, 12) => {
                    let outer = id;
                    header.is_dictionary = outer == 7;
                    let mut id = 0;
                    while let kind @ 1.. = reader.field(&mut id)? {
                        match (outer, id, kind) {
                            (_, 1, 5) => header.values = reader.count()?,
                            (8, 2, 5) => header.nulls = reader.count()?,
                            (8, 3, 5) => header.rows = reader.count()?,
                            (8, 5 | 6, 5) => header.levels += reader.count()?,
                            _ => reader.skip(kind, MAX_DEPTH)?,
                        }
                    }
                }
                _ => reader.skip(kind, MAX_DEPTH)?,
            }
        }
        Some(header)
    }
}

/// Thrift's compact protocol, as far as Parquet uses it.
pub(crate) struct Compact<R> {
    pub(crate) source: R,
    /// Bytes that were read.
    pub(crate) read: u64,
}

impl<R: Read> Compact<R> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.source.read_exact(&mut byte).ok()?;
        self.read += 1;
        byte.first().copied()
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A number that must not be negative, and fits into 31 bits as the format has it.
    fn count(&mut self) -> Option<u64> {
        let raw = self.varint()?;
        let value = raw >> 1;
        (raw & 1 == 0 && i32::try_from(value).is_ok()).then_some(value)
    }

    /// The type of the next field and its id, counted on from the one before; 0 at the end of the struct.
    pub(crate) fn field(&mut self, id: &mut i64) -> Option<u8> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(0);
        }
        let step = i64::from(byte >> 4);
        *id = if step == 0 {
            let raw = self.varint()?;
            (raw >> 1) as i64
        } else {
            id.checked_add(step)?
        };
        // A field of no type cannot be followed.
        Some(byte & 0x0f).filter(|kind| *kind != 0)
    }

    /// Passes over a value of a type.
    pub(crate) fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            1 | 2 => Some(()),
            3 => self.byte().map(|_| ()),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip_bytes(8),
            8 => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            9 | 10 => {
                let head = self.byte()?;
                let length = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                for _ in 0..length {
                    match head & 0x0f {
                        1 | 2 => self.skip_bytes(1)?,
                        kind => self.skip(kind, depth)?,
                    }
                }
                Some(())
            }
            12 => {
                let mut id = 0;
                while let kind @ 1.. = self.field(&mut id)? {
                    self.skip(kind, depth)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn skip_bytes(&mut self, length: u64) -> Option<()> {
        if length > MAX_TEXT {
            return None;
        }
        let skipped = std::io::copy(&mut (&mut self.source).take(length), &mut std::io::sink()).ok()?;
        self.read += skipped;
        (skipped == length).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of a data page with so many values and bytes, in the compact protocol.
    fn page(values: u8, bytes: u8) -> Vec<u8> {
        let zigzag = |x: u8| x * 2;
        let mut page =
            vec![0x15, 0, 0x15, zigzag(bytes), 0x15, zigzag(bytes), 0x2c, 0x15, zigzag(values), 0x15, 0, 0, 0];
        page.extend(vec![9; bytes as usize]);
        page
    }

    #[test]
    fn headers_are_followed_from_page_to_page() {
        let file = [page(3, 5), page(4, 1)].concat();
        let end = file.len() as u64;
        let sound = |values, range| are_sound(std::io::Cursor::new(&file), range, values);
        assert!(sound(7, 0..end));
        assert!(!sound(6, 0..end), "more values than the chunk has");
        assert!(!sound(7, 0..end - 1), "a page that ends behind the chunk");
        assert!(!sound(7, 1..end), "no header");
        assert!(!sound(8, 0..u64::MAX), "a chunk that ends behind the file");
    }
}
