//! Lines of a file of any length, forwards and backwards, with bounded memory.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Take};

use super::entry::LONGEST_LINE;

const BLOCK: u64 = 64 << 10;

/// A line as it lies in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Byte at which it begins.
    pub(super) start: u64,
    /// Bytes with its end.
    pub(super) length: u64,
    /// The bytes without the end; `None` for a line longer than [`LONGEST_LINE`].
    pub(super) bytes: Option<Vec<u8>>,
    /// Whether it ends in a line end.
    pub(super) ended: bool,
}

/// The lines of a file from its first byte to a length.
#[derive(Debug)]
pub(super) struct Forward {
    reader: BufReader<Take<File>>,
    at: u64,
}

impl Forward {
    pub(super) fn new(mut file: File, length: u64) -> std::io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { reader: BufReader::new(file.take(length)), at: 0 })
    }

    pub(super) fn next(&mut self) -> std::io::Result<Option<Line>> {
        let start = self.at;
        let mut bytes = Vec::new();
        let mut length = 0_u64;
        let mut ended = false;
        while !ended {
            let block = self.reader.fill_buf()?;
            if block.is_empty() {
                break;
            }
            let end = block.iter().position(|b| *b == b'\n');
            let part = block.get(..end.unwrap_or(block.len())).unwrap_or_default();
            if bytes.len() <= LONGEST_LINE {
                bytes.extend_from_slice(part);
            }
            ended = end.is_some();
            let used = part.len() + usize::from(ended);
            length += used as u64;
            self.reader.consume(used);
        }
        self.at += length;
        let whole = length <= LONGEST_LINE as u64;
        Ok((length > 0).then(|| Line { start, length, bytes: whole.then_some(bytes), ended }))
    }
}

/// The lines of a file from a length back to its first byte.
#[derive(Debug)]
pub(super) struct Backward<'a> {
    file: &'a File,
    /// Bytes before `pending` that were not read yet.
    before: u64,
    pending: Vec<u8>,
    /// Bytes of the present line that were too many to keep, after `pending`.
    dropped: u64,
    dropped_ended: bool,
}

impl<'a> Backward<'a> {
    pub(super) fn new(file: &'a File, length: u64) -> Self {
        Self { file, before: length, pending: Vec::new(), dropped: 0, dropped_ended: false }
    }

    pub(super) fn next(&mut self) -> std::io::Result<Option<Line>> {
        loop {
            // The end of the line itself is not the end of the one before.
            let look = if self.dropped > 0 { self.pending.len() } else { self.pending.len().saturating_sub(1) };
            let begin = self.pending.get(..look).and_then(|p| p.iter().rposition(|b| *b == b'\n')).map(|at| at + 1);
            if let Some(begin) = begin {
                return Ok(Some(self.take(begin)));
            }
            if self.before == 0 {
                let rest = !self.pending.is_empty() || self.dropped > 0;
                return Ok(rest.then(|| self.take(0)));
            }
            if self.pending.len() > LONGEST_LINE {
                if self.dropped == 0 {
                    self.dropped_ended = self.pending.last() == Some(&b'\n');
                }
                self.dropped += self.pending.len() as u64;
                self.pending.clear();
            }
            self.read_block()?;
        }
    }

    fn read_block(&mut self) -> std::io::Result<()> {
        let size = self.before.min(BLOCK);
        self.before -= size;
        let mut block = vec![0; size as usize];
        let mut file = self.file;
        file.seek(SeekFrom::Start(self.before))?;
        file.read_exact(&mut block)?;
        block.append(&mut self.pending);
        self.pending = block;
        Ok(())
    }

    fn take(&mut self, begin: usize) -> Line {
        let mut bytes = self.pending.split_off(begin);
        let length = bytes.len() as u64 + self.dropped;
        let ended = if self.dropped > 0 { self.dropped_ended } else { bytes.last() == Some(&b'\n') };
        if self.dropped == 0 && ended {
            bytes.pop();
        }
        let whole = length <= LONGEST_LINE as u64;
        self.dropped = 0;
        Line { start: self.before + begin as u64, length, bytes: whole.then_some(bytes), ended }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{ProptestConfig, prop, prop_assert_eq, proptest};
    use std::io::Write as _;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn backwards_are_the_same_lines(lines in prop::collection::vec(0_usize..5, 0..8), cut in 0_usize..3) {
            // Lengths around the blocks and around the longest line.
            let lengths = [0, 1, BLOCK as usize - 1, LONGEST_LINE - 1, LONGEST_LINE + 70_000];
            let mut bytes: Vec<u8> = Vec::new();
            for (at, line) in lines.iter().enumerate() {
                bytes.extend(std::iter::repeat_n(b'a' + at as u8, lengths[*line]));
                bytes.push(b'\n');
            }
            bytes.truncate(bytes.len().saturating_sub(cut));
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes).unwrap();
            let mut forward = Forward::new(file.try_clone().unwrap(), bytes.len() as u64).unwrap();
            let mut there = Vec::new();
            while let Some(line) = forward.next().unwrap() {
                there.push(line);
            }
            let mut backward = Backward::new(&file, bytes.len() as u64);
            let mut back = Vec::new();
            while let Some(line) = backward.next().unwrap() {
                back.push(line);
            }
            back.reverse();
            prop_assert_eq!(there.iter().map(|l| l.length).sum::<u64>(), bytes.len() as u64);
            prop_assert_eq!(there, back);
        }
    }
}
