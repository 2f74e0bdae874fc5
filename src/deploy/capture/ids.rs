//! Which file knows a request: the hashes of its ids, sorted, with the number of rows of each.
//!
//! `MDID`, version u32, count u64, then twelve bytes an id: hash u64, rows u32; little-endian. It is derived from the
//! segments of its number and made anew when it is missing.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::error::CaptureError;
use super::names;

const MAGIC: &[u8; 8] = b"MDID\x01\0\0\0";
const HEADER: u64 = 16;
const ENTRY: usize = 12;
const BLOCK: usize = 340;

/// A 64-bit hash of an id that stays the same for ever: FNV-1a with a final mixing, so that all bits are alike.
pub(super) fn hash(id: &str) -> u64 {
    let plain = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (plain ^ (plain >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

/// Ids with their rows; of an id that comes twice the most.
pub(super) type Ids = HashMap<u64, u32>;

pub(super) fn note(ids: &mut Ids, hash: u64, rows: usize) {
    let rows = u32::try_from(rows).unwrap_or(u32::MAX);
    let known = ids.entry(hash).or_default();
    *known = (*known).max(rows);
}

/// Writes an index, whole or not at all.
pub(super) fn write(path: &Path, ids: &Ids) -> Result<(), CaptureError> {
    let mut entries: Vec<(u64, u32)> = ids.iter().map(|(hash, rows)| (*hash, *rows)).collect();
    entries.sort_unstable();
    let mut bytes = Vec::with_capacity(HEADER as usize + entries.len() * ENTRY);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&(entries.len() as u64).to_le_bytes());
    for (hash, rows) in entries {
        bytes.extend_from_slice(&hash.to_le_bytes());
        bytes.extend_from_slice(&rows.to_le_bytes());
    }
    names::write_whole(path, &bytes).map_err(|e| CaptureError::io("The index of ids cannot be written", path, &e))
}

/// Rows of an id by the index at this path; `None` when it does not know it or is not there.
pub(super) fn rows(path: &Path, hash: u64) -> Result<Option<u32>, CaptureError> {
    match find(path, hash) {
        Err(e) if CaptureError::is_gone(&e) => Ok(None),
        Err(e) => Err(CaptureError::io("The index of ids cannot be read", path, &e)),
        Ok(found) => Ok(found),
    }
}

/// Hashes are spread evenly, so the place is guessed from the hash and met within a block or two.
fn find(path: &Path, hash: u64) -> io::Result<Option<u32>> {
    let mut file = File::open(path)?;
    let mut header = [0; HEADER as usize];
    file.read_exact(&mut header)?;
    if !header.starts_with(MAGIC) {
        return Err(io::Error::other("it is no index"));
    }
    let count = file.metadata()?.len().saturating_sub(HEADER) / ENTRY as u64;
    let (mut low, mut high) = (0, count);
    let mut guess = ((u128::from(hash) * u128::from(count)) >> 64) as u64;
    let mut block = Vec::with_capacity(BLOCK * ENTRY);
    while low < high {
        let start = guess.saturating_sub(BLOCK as u64 / 2).clamp(low, high - 1);
        let end = (start + BLOCK as u64).min(high);
        file.seek(SeekFrom::Start(HEADER + start * ENTRY as u64))?;
        block.clear();
        (&mut file).take((end - start) * ENTRY as u64).read_to_end(&mut block)?;
        let entries: Vec<(u64, u32)> = block.chunks_exact(ENTRY).filter_map(entry).collect();
        match entries.binary_search_by_key(&hash, |(known, _)| *known) {
            Ok(at) => return Ok(entries.get(at).map(|(_, rows)| *rows)),
            Err(0) => high = start,
            Err(at) if at == entries.len() && !entries.is_empty() => low = end,
            Err(_) => return Ok(None),
        }
        guess = low + (high - low) / 2;
    }
    Ok(None)
}

fn entry(bytes: &[u8]) -> Option<(u64, u32)> {
    let (hash, rows) = bytes.split_at_checked(8)?;
    Some((u64::from_le_bytes(hash.try_into().ok()?), u32::from_le_bytes(rows.try_into().ok()?)))
}
