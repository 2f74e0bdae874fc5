//! Frames around the records of a journal, so that half a record and a damaged one are told from a whole one.
//!
//! A journal begins with `MDJL`, the version as u32 and a seed as u32. A frame is a mark of four bytes, the length of
//! the payload as u32, a CRC-32 as u32, and the payload; all little-endian. The CRC goes over length and payload and
//! starts from the seed, which nobody outside knows: bytes in a request cannot pass for a frame, and neither can the
//! rest of another file.

use crc32fast::Hasher;

/// The version of the format that is written.
pub(super) const VERSION: u32 = 1;
/// Bytes before the first frame.
pub(super) const HEADER: usize = 12;
const MAGIC: &[u8; 4] = b"MDJL";
const MARK: &[u8; 4] = b"\xabMD\n";
const AROUND: usize = 12;
/// The most bytes of a payload.
pub(super) const MOST: usize = 1 << 30;

pub(super) fn header(seed: u32) -> Vec<u8> {
    [MAGIC.as_slice(), &VERSION.to_le_bytes(), &seed.to_le_bytes()].concat()
}

/// What stands at the beginning of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    /// A journal with this seed.
    Sound { seed: u32 },
    /// A journal of a later version.
    Newer { found: u32 },
    /// Too short to hold anything.
    Short,
    /// Something else.
    Foreign,
}

pub(super) fn beginning(bytes: &[u8]) -> Beginning {
    let number = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let (Some(version), Some(seed)) = (number(4), number(8)) else { return Beginning::Short };
    match bytes.starts_with(MAGIC) {
        false => Beginning::Foreign,
        true if version > VERSION => Beginning::Newer { found: version },
        true => Beginning::Sound { seed },
    }
}

fn crc(seed: u32, length: [u8; 4], payload: &[u8]) -> u32 {
    let mut hasher = Hasher::new_with_initial(seed);
    hasher.update(&length);
    hasher.update(payload);
    hasher.finalize()
}

/// Adds a frame around what `write` adds; gives `false` and adds nothing when that is too much.
pub(super) fn put(out: &mut Vec<u8>, seed: u32, write: impl FnOnce(&mut Vec<u8>)) -> bool {
    let start = out.len();
    out.extend_from_slice(MARK);
    out.extend_from_slice(&[0; AROUND - 4]);
    write(out);
    let length = out.len() - start - AROUND;
    if length > MOST {
        out.truncate(start);
        return false;
    }
    let length = (length as u32).to_le_bytes();
    let (head, payload) = out.split_at_mut(start + AROUND);
    let sum = crc(seed, length, payload).to_le_bytes();
    if let Some(place) = head.get_mut(start + 4..start + AROUND) {
        place.copy_from_slice(&[length, sum].concat());
    }
    true
}

/// The whole frames in the bytes of a journal, one after the other; damaged places are stepped over.
pub(super) struct Frames<'a> {
    bytes: &'a [u8],
    seed: u32,
    at: usize,
    /// Bytes that were stepped over before the last whole frame.
    pub(super) damaged: usize,
}

impl<'a> Frames<'a> {
    pub(super) fn new(bytes: &'a [u8], seed: u32) -> Self {
        Self { bytes, seed, at: HEADER, damaged: 0 }
    }

    fn frame_at(&self, at: usize) -> Option<(&'a [u8], usize)> {
        let head = self.bytes.get(at..at.checked_add(AROUND)?)?;
        let length: [u8; 4] = head.get(4..8)?.try_into().ok()?;
        let sum: [u8; 4] = head.get(8..12)?.try_into().ok()?;
        let start = at + AROUND;
        let end = start.checked_add(u32::from_le_bytes(length) as usize)?;
        let payload = self.bytes.get(start..end).filter(|_| head.starts_with(MARK))?;
        (crc(self.seed, length, payload) == u32::from_le_bytes(sum)).then_some((payload, end))
    }

    /// Bytes after the last whole frame; meaningful once there is no next one.
    pub(super) fn tail(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let mut at = self.at;
        loop {
            if let Some((payload, end)) = self.frame_at(at) {
                self.damaged += at - self.at;
                self.at = end;
                return Some(payload);
            }
            let rest = self.bytes.get(at + 1..)?;
            at += 1 + rest.windows(MARK.len()).position(|window| window == MARK)?;
        }
    }
}
