//! What was detected, in words.

use crate::app::widgets::format;
use crate::data::estimate::HELD_BYTES;
use crate::data::preview::Preview;

/// Encodings that are offered.
pub(super) const ENCODINGS: [&str; 6] =
    ["utf-8", "utf-16le", "utf-16be", "windows-1252", "iso-8859-15", "windows-1251"];

/// The word for a delimiter.
pub(super) fn delimiter_word(delimiter: u8) -> &'static str {
    match delimiter {
        b',' => "comma",
        b';' => "semicolon",
        b'\t' => "tab",
        b'|' => "bar",
        _ => "another character",
    }
}

/// Format, size, and what reading will cost.
pub(super) fn facts(seen: &Preview) -> String {
    let mut parts = vec![seen.format.word().to_owned()];
    if let Some(compression) = seen.compression {
        parts.push(format!("compressed with {}", compression.word()));
    }
    parts.push(format::bytes(seen.estimate.bytes));
    parts.push(format::counted(seen.columns.len() as u64, "column"));
    let shown_all = (seen.rows.len() as u64) < crate::data::preview::SHOWN_ROWS as u64;
    match seen.estimate.rows {
        _ if shown_all => parts.push(format::counted(seen.rows.len() as u64, "row")),
        Some(rows) => parts.push(format!("about {}", format::counted(rows, "row"))),
        None => {}
    }
    let (time, memory) = (format::seconds(seen.estimate.seconds), format::bytes(seen.estimate.memory_bytes));
    parts.push(if seen.estimate.memory_bytes > HELD_BYTES {
        format!("about {memory} in memory, so it is read in parts, about {time} each time")
    } else {
        format!("reading takes about {time}, {memory} of memory")
    });
    parts.join(" · ")
}
