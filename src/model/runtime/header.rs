//! Reading the first bytes of a library, so that a foreign or cut-off file is refused before the system loads it.
//!
//! The system's loader reports a library of another processor as "not found", and dies on a cut-off one.

use crate::model::error::RuntimeError;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// What a library's header says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    os: &'static str,
    arch: &'static str,
    /// Bytes the file must have at least.
    needs: u64,
}

/// Checks that a file is a whole library for this machine.
///
/// # Errors
/// When it is missing, no library, for another machine, or cut off.
pub fn check(path: &Path) -> Result<(), RuntimeError> {
    let io = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => RuntimeError::NotFound { path: path.to_path_buf() },
        _ => RuntimeError::io("Reading the library", path, &e),
    };
    let mut file = File::open(path).map_err(io)?;
    let meta = file.metadata().map_err(io)?;
    if meta.is_dir() {
        return Err(RuntimeError::NotALibrary { found: "it is a folder".to_owned(), path: path.to_path_buf() });
    }
    let mut start = Vec::new();
    file.by_ref().take(64 * 1024).read_to_end(&mut start).map_err(io)?;
    judge(&start, meta.len(), path, (std::env::consts::OS, std::env::consts::ARCH))
}

fn judge(start: &[u8], len: u64, path: &Path, machine: (&str, &str)) -> Result<(), RuntimeError> {
    let path = path.to_path_buf();
    if start.is_empty() {
        return Err(RuntimeError::NotALibrary { found: "it is empty".to_owned(), path });
    }
    let headers = match read(start) {
        Some(headers) => headers,
        None if is_magic(start) => {
            return Err(RuntimeError::TruncatedLibrary { expected: start.len() as u64 + 1, found: len, path });
        }
        None => {
            let text = start.iter().take(64).all(|b| (32..127).contains(b) || matches!(b, 9 | 10 | 13));
            let found = if text { "it is text" } else { "its first bytes are those of another kind of file" };
            return Err(RuntimeError::NotALibrary { found: found.to_owned(), path });
        }
    };
    let Some(header) = headers.iter().find(|h| (h.os, h.arch) == machine) else {
        let found = headers.iter().map(|h| format!("{} on {}", h.os, h.arch)).collect::<Vec<_>>().join(" and ");
        return Err(RuntimeError::OtherMachine { found, wanted: format!("{} on {}", machine.0, machine.1), path });
    };
    if header.needs > len {
        return Err(RuntimeError::TruncatedLibrary { expected: header.needs, found: len, path });
    }
    Ok(())
}

fn is_magic(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF") || bytes.starts_with(b"MZ") || bytes.starts_with(&[0xcf, 0xfa, 0xed, 0xfe])
}

/// Headers of a library file; several for a macOS file made for several processors.
fn read(bytes: &[u8]) -> Option<Vec<Header>> {
    if bytes.starts_with(b"\x7fELF") {
        Some(vec![elf(bytes)?])
    } else if bytes.starts_with(b"MZ") {
        Some(vec![pe(bytes)?])
    } else if bytes.starts_with(&[0xcf, 0xfa, 0xed, 0xfe]) {
        Some(vec![mach(bytes)?])
    } else if bytes.starts_with(&[0xca, 0xfe, 0xba, 0xbe]) {
        fat(bytes)
    } else {
        None
    }
}

fn at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..offset.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u64> {
    at(bytes, offset).map(|b| u64::from(u16::from_le_bytes(b)))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u64> {
    at(bytes, offset).map(|b| u64::from(u32::from_le_bytes(b)))
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    at(bytes, offset).map(u64::from_le_bytes)
}

/// Field offsets as in the System V ABI, "ELF header" and "Program header".
fn elf(bytes: &[u8]) -> Option<Header> {
    let machine = u16_at(bytes, 18)?;
    let arch = match machine {
        3 => "x86",
        40 => "arm",
        62 => "x86_64",
        183 => "aarch64",
        243 => "riscv64",
        21 => "powerpc64",
        22 => "s390x",
        _ => "another processor",
    };
    let is_64_bit = bytes.get(4) == Some(&2);
    let is_little = bytes.get(5) == Some(&1);
    let mut needs = 0;
    if is_64_bit && is_little {
        let sections = u64_at(bytes, 40)?.checked_add(u16_at(bytes, 58)?.checked_mul(u16_at(bytes, 60)?)?)?;
        needs = sections;
        let (first, size, count) = (u64_at(bytes, 32)?, u16_at(bytes, 54)?, u16_at(bytes, 56)?);
        for i in 0..count {
            let entry = usize::try_from(first.checked_add(i.checked_mul(size)?)?).ok()?;
            let end = u64_at(bytes, entry.checked_add(8)?)?.checked_add(u64_at(bytes, entry.checked_add(32)?)?)?;
            needs = needs.max(end);
        }
    }
    Some(Header { os: "linux", arch, needs })
}

/// Field offsets as in Microsoft's "PE Format".
fn pe(bytes: &[u8]) -> Option<Header> {
    let start = usize::try_from(u32_at(bytes, 60)?).ok()?;
    if bytes.get(start..start.checked_add(4)?)? != b"PE\0\0" {
        return None;
    }
    let arch = match u16_at(bytes, start + 4)? {
        0x014c => "x86",
        0x8664 => "x86_64",
        0xaa64 => "aarch64",
        _ => "another processor",
    };
    let sections = usize::try_from(u16_at(bytes, start + 6)?).ok()?;
    let first = start + 24 + usize::try_from(u16_at(bytes, start + 20)?).ok()?;
    let mut needs = 0;
    for i in 0..sections {
        let section = first.checked_add(i * 40)?;
        needs = needs.max(u32_at(bytes, section + 16)? + u32_at(bytes, section + 20)?);
    }
    Some(Header { os: "windows", arch, needs })
}

fn mach_arch(cpu: u64) -> &'static str {
    match cpu {
        0x0100_0007 => "x86_64",
        0x0100_000c => "aarch64",
        _ => "another processor",
    }
}

/// Field offsets as in `mach-o/loader.h`, 64-bit little-endian.
fn mach(bytes: &[u8]) -> Option<Header> {
    const SEGMENT_64: u64 = 0x19;
    let arch = mach_arch(u32_at(bytes, 4)?);
    let mut command = 32_usize;
    let mut needs = 0;
    for _ in 0..u32_at(bytes, 16)? {
        if u32_at(bytes, command)? == SEGMENT_64 {
            needs = needs.max(u64_at(bytes, command + 40)?.checked_add(u64_at(bytes, command + 48)?)?);
        }
        command = command.checked_add(usize::try_from(u32_at(bytes, command + 4)?).ok()?)?;
    }
    Some(Header { os: "macos", arch, needs })
}

/// Field offsets as in `mach-o/fat.h`, big-endian.
fn fat(bytes: &[u8]) -> Option<Vec<Header>> {
    let big = |offset| at(bytes, offset).map(|b| u64::from(u32::from_be_bytes(b)));
    let count = big(4).filter(|n| (1..=16).contains(n))?;
    (0..usize::try_from(count).ok()?)
        .map(|i| {
            let entry = 8 + i * 20;
            let needs = big(entry + 8)?.checked_add(big(entry + 12)?)?;
            Some(Header { os: "macos", arch: mach_arch(big(entry)?), needs })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf_bytes(machine: u16, segment_end: u64) -> Vec<u8> {
        let mut b = vec![0_u8; 64 + 56];
        b[..6].copy_from_slice(b"\x7fELF\x02\x01");
        b[18..20].copy_from_slice(&machine.to_le_bytes());
        b[32..40].copy_from_slice(&64_u64.to_le_bytes());
        b[54..56].copy_from_slice(&56_u16.to_le_bytes());
        b[56..58].copy_from_slice(&1_u16.to_le_bytes());
        b[64 + 32..64 + 40].copy_from_slice(&segment_end.to_le_bytes());
        b
    }

    fn say(bytes: &[u8], len: u64) -> Result<(), RuntimeError> {
        judge(bytes, len, Path::new("lib"), ("linux", "x86_64"))
    }

    #[test]
    fn whole_foreign_and_cut_libraries_are_told_apart() {
        assert_eq!(say(&elf_bytes(62, 1000), 1000), Ok(()));
        assert!(matches!(
            say(&elf_bytes(62, 1000), 999),
            Err(RuntimeError::TruncatedLibrary { expected: 1000, found: 999, .. })
        ));
        let foreign = say(&elf_bytes(183, 10), 1000);
        assert!(matches!(&foreign, Err(RuntimeError::OtherMachine { found, .. }) if found == "linux on aarch64"));
        assert!(matches!(say(b"\x7fELF", 4), Err(RuntimeError::TruncatedLibrary { .. })));
        assert!(matches!(say(b"", 0), Err(RuntimeError::NotALibrary { .. })));
        let text = say(b"#!/bin/sh\n", 10);
        assert!(matches!(&text, Err(RuntimeError::NotALibrary { found, .. }) if found == "it is text"));
    }

    #[test]
    fn windows_and_mac_headers_are_read() {
        let mut pe = vec![0_u8; 256];
        pe[..2].copy_from_slice(b"MZ");
        pe[60] = 128;
        pe[128..134].copy_from_slice(b"PE\0\0\x64\x86");
        assert!(matches!(say(&pe, 256), Err(RuntimeError::OtherMachine { found, .. }) if found == "windows on x86_64"));

        let mut mach = vec![0_u8; 128];
        mach[..8].copy_from_slice(&[0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1]);
        mach[16] = 1;
        mach[32] = 0x19;
        mach[36] = 72;
        mach[72..80].copy_from_slice(&0_u64.to_le_bytes());
        mach[80..88].copy_from_slice(&500_u64.to_le_bytes());
        assert_eq!(judge(&mach, 500, Path::new("l"), ("macos", "aarch64")), Ok(()));
        assert!(judge(&mach, 499, Path::new("l"), ("macos", "aarch64")).is_err());
    }
}
