//! Adding an entry: one whole line, on the disk before it is said to be there.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::TORN_FILE;
use super::entry::{AuditDraft, AuditEntry, LONGEST_LINE, NO_HASH, read_line};
use super::error::AuditError;
use super::heads::{Head, HeadKeeper};
use super::lines::Backward;

/// An entry that is on the disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// The entry.
    pub entry: AuditEntry,
    /// What was put right before it, in a sentence: the rest of a line that a crash had torn.
    pub repaired: Option<String>,
}

/// Adds an entry to the trail at `path`, which is made when missing, and waits while another process adds one.
///
/// The entry follows on the head that was kept, so that a tail which was cut or added to behind the program's back
/// stays visible for ever; only without a kept head it follows on the last entry of the file. The rest of a torn line is
/// moved to [`TORN_FILE`] beside the trail.
///
/// # Errors
/// When the file or the head cannot be written, or the entry is too long. The trail is then as it was, or ends in a torn
/// line that the next call moves away.
pub fn append(path: &Path, heads: &mut dyn HeadKeeper, draft: AuditDraft) -> Result<Appended, AuditError> {
    let failed = |e: &std::io::Error| AuditError::io(path, e);
    let is_new = !path.exists();
    let mut file =
        File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(|e| failed(&e))?;
    // Held until the file is closed; a second writer waits here.
    file.lock().map_err(|e| failed(&e))?;
    let kept = heads.head()?;
    let tail = look_at_tail(&file, path)?;
    let (number, previous) = base(kept.as_ref(), tail.last.as_ref());
    let (entry, line) = AuditEntry::after(number.saturating_add(1), &previous, draft)?;
    if line.len() > LONGEST_LINE {
        let (bytes, path) = (line.len(), path.to_path_buf());
        return Err(AuditError::TooLong { bytes, most: LONGEST_LINE, path });
    }
    // Nesting without end can be written and not be read.
    read_line(line.trim_end().as_bytes()).map_err(|what| AuditError::NotJson { what: format!("it {what}") })?;
    heads.keep(&Head { number, hash: previous, next: Some(entry.hash.clone()) })?;
    let repaired = repair(&mut file, path, &tail)?;
    file.seek(SeekFrom::End(0)).map_err(|e| failed(&e))?;
    file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(|e| failed(&e))?;
    if is_new && let Some(folder) = path.parent() {
        // The name lasts only once the folder is synced; not every system can open a folder.
        File::open(folder).and_then(|f| f.sync_all()).ok();
    }
    heads.keep(&Head { number: entry.number, hash: entry.hash.clone(), next: None })?;
    Ok(Appended { entry, repaired })
}

/// Number and hash that the next entry follows on.
fn base(kept: Option<&Head>, last: Option<&AuditEntry>) -> (u64, String) {
    let of_entry = |entry: &AuditEntry| (entry.number, entry.hash.clone());
    match (kept, last) {
        // The entry reached the disk, and the program ended before it could say so.
        (Some(head), Some(last)) if head.announced(last.number, &last.hash) => of_entry(last),
        (Some(head), _) => (head.number, head.hash.clone()),
        (None, Some(last)) => of_entry(last),
        (None, None) => (0, NO_HASH.to_owned()),
    }
}

struct Tail {
    /// The last line that is an entry as it was written.
    last: Option<AuditEntry>,
    torn: Torn,
}

enum Torn {
    No,
    /// Only the line end is missing.
    End,
    /// Bytes from here on are no entry.
    From(u64),
}

fn look_at_tail(file: &File, path: &Path) -> Result<Tail, AuditError> {
    let failed = |e: std::io::Error| AuditError::io(path, &e);
    let length = file.metadata().map_err(failed)?.len();
    let mut lines = Backward::new(file, length);
    let mut torn = Torn::No;
    while let Some(line) = lines.next().map_err(failed)? {
        let entry = line.bytes.as_deref().and_then(|bytes| read_line(bytes).ok()).filter(|read| read.untouched);
        if !line.ended {
            torn = if entry.is_some() { Torn::End } else { Torn::From(line.start) };
        }
        if let Some(read) = entry {
            return Ok(Tail { last: Some(read.entry), torn });
        }
    }
    Ok(Tail { last: None, torn })
}

fn repair(file: &mut File, path: &Path, tail: &Tail) -> Result<Option<String>, AuditError> {
    let failed = |e: std::io::Error| AuditError::io(path, &e);
    match tail.torn {
        Torn::No => Ok(None),
        Torn::End => {
            file.seek(SeekFrom::End(0)).map_err(failed)?;
            file.write_all(b"\n").map_err(failed)?;
            Ok(Some("The last entry of the audit trail lacked its line end, which was added.".to_owned()))
        }
        Torn::From(start) => {
            let beside = path.with_file_name(TORN_FILE);
            let failed_beside = |e: std::io::Error| AuditError::io(&beside, &e);
            let mut kept = File::options().append(true).create(true).open(&beside).map_err(failed_beside)?;
            file.seek(SeekFrom::Start(start)).map_err(failed)?;
            let bytes = std::io::copy(&mut (&*file).take(u64::MAX), &mut kept).map_err(failed_beside)?;
            kept.write_all(b"\n").and_then(|()| kept.sync_all()).map_err(failed_beside)?;
            file.set_len(start).map_err(failed)?;
            Ok(Some(format!(
                "The audit trail ended in a torn line of {bytes} bytes, left by a crash; it was moved to {}",
                beside.display()
            )))
        }
    }
}
