//! A look at the sizes an Arrow file claims, before the decoder believes them: it would ask for any amount of memory,
//! and a refused amount ends the program.
//!
//! The layout is that of the Arrow columnar format (footer, blocks, messages, batches) in `FlatBuffers`.

use std::io::{Read, Seek, SeekFrom};

/// Zstandard's run-length blocks make 128 KiB of 4 bytes; nothing compresses further.
const MAX_RATIO: u64 = 33_000;
/// One buffer of one batch is smaller in every sensible file.
const MAX_BUFFER_BYTES: u64 = 8 << 30;
const MAX_METADATA_BYTES: u64 = 256 << 20;

/// Whether every batch of the file lies in it and claims sizes that can be.
pub(crate) fn is_sound(source: &mut (impl Read + Seek)) -> bool {
    look(source).is_some()
}

fn look(source: &mut (impl Read + Seek)) -> Option<()> {
    let size = source.seek(SeekFrom::End(0)).ok()?;
    let tail = bytes_at(source, size.checked_sub(10)?, 4, size)?;
    let footer_bytes = u64::from(Flat(&tail).u32(0)?);
    let footer = bytes_at(source, size.checked_sub(10)?.checked_sub(footer_bytes)?, footer_bytes, size)?;
    let footer = Flat(&footer);
    let root = footer.root()?;
    const DICTIONARIES: usize = 2;
    const RECORD_BATCHES: usize = 3;
    for field in [DICTIONARIES, RECORD_BATCHES] {
        let Some((first, count)) = footer.vector(root, field, 24) else { continue };
        for at in (0..count).map(|block| first + block * 24) {
            let offset = u64::try_from(footer.i64(at)?).ok()?;
            let metadata = u64::from(footer.u32(at + 8)?);
            batch_is_sound(source, offset, metadata, size)?;
        }
    }
    Some(())
}

fn batch_is_sound(source: &mut (impl Read + Seek), offset: u64, metadata: u64, size: u64) -> Option<()> {
    let start = bytes_at(source, offset, 8, size)?;
    // Files before format version 0.15 have no mark before the length.
    let (skip, length) =
        if start.starts_with(&[0xff; 4]) { (8, Flat(&start).u32(4)?) } else { (4, Flat(&start).u32(0)?) };
    let message = bytes_at(source, offset.checked_add(skip)?, u64::from(length), size)?;
    let message = Flat(&message);
    let root = message.root()?;
    const DICTIONARY_BATCH: u8 = 2;
    let mut batch = message.table(root, 2)?;
    if *message.0.get(message.field(root, 1)?)? == DICTIONARY_BATCH {
        batch = message.table(batch, 1)?;
    }
    let body = offset.checked_add(metadata)?;
    let most_rows = size.saturating_mul(MAX_RATIO).saturating_mul(8);
    let rows = |at: usize| u64::try_from(message.i64(at)?).ok().filter(|rows| *rows <= most_rows);
    if let Some(at) = message.field(batch, 0) {
        rows(at)?;
    }
    if let Some((first, count)) = message.vector(batch, 1, 16) {
        (0..count).try_for_each(|node| rows(first + node * 16).map(drop))?;
    }
    let compressed = message.field(batch, 3).is_some();
    let Some((first, count)) = message.vector(batch, 2, 16) else { return Some(()) };
    for at in (0..count).map(|buffer| first + buffer * 16) {
        let from = body.checked_add(u64::try_from(message.i64(at)?).ok()?)?;
        let length = u64::try_from(message.i64(at + 8)?).ok()?;
        if from.checked_add(length)? > size || length > MAX_BUFFER_BYTES {
            return None;
        }
        if compressed && length >= 8 {
            let claimed = Flat(&bytes_at(source, from, 8, size)?).i64(0)?;
            // Minus one says that the buffer is not compressed after all.
            if claimed != -1 {
                u64::try_from(claimed).ok().filter(|c| *c <= length.saturating_mul(MAX_RATIO).min(MAX_BUFFER_BYTES))?;
            }
        }
    }
    Some(())
}

fn bytes_at(source: &mut (impl Read + Seek), at: u64, length: u64, size: u64) -> Option<Vec<u8>> {
    if length > MAX_METADATA_BYTES || at.checked_add(length)? > size {
        return None;
    }
    source.seek(SeekFrom::Start(at)).ok()?;
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    source.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// A `FlatBuffers` message; positions are bytes from its start.
struct Flat<'a>(&'a [u8]);

impl Flat<'_> {
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    fn i64(&self, at: usize) -> Option<i64> {
        self.array(at).map(i64::from_le_bytes)
    }

    fn root(&self) -> Option<usize> {
        self.u32(0).map(|at| at as usize)
    }

    /// Where a field of a table stands; `None` when it has its default.
    fn field(&self, table: usize, index: usize) -> Option<usize> {
        let back = i64::from(i32::from_le_bytes(self.array(table)?));
        let vtable = usize::try_from(i64::try_from(table).ok()?.checked_sub(back)?).ok()?;
        let entry = 4 + 2 * index;
        let length = usize::from(u16::from_le_bytes(self.array(vtable)?));
        if entry + 2 > length {
            return None;
        }
        let offset = usize::from(u16::from_le_bytes(self.array(vtable.checked_add(entry)?)?));
        (offset > 0).then(|| table.checked_add(offset))?
    }

    fn table(&self, table: usize, index: usize) -> Option<usize> {
        let at = self.field(table, index)?;
        at.checked_add(self.u32(at)? as usize)
    }

    /// Where the first element of a vector stands, and their number, where all of them are there.
    fn vector(&self, table: usize, index: usize, element: usize) -> Option<(usize, usize)> {
        let at = self.table(table, index)?;
        let count = self.u32(at)? as usize;
        let first = at.checked_add(4)?;
        (first.checked_add(count.checked_mul(element)?)? <= self.0.len()).then_some((first, count))
    }
}
