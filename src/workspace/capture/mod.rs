//! The capture of a deployment: every answered batch, in a database of its own so that a busy stream never holds up the
//! workspace. It may not change what it was given.
//!
//! One table row per batch: `first_row`, `rows` and a blob. The blob, little-endian, version 1:
//!
//! | bytes | meaning |
//! |---|---|
//! | 4 | `MDC1` |
//! | 8 | first row, u64 |
//! | 4 | rows, u32 |
//! | 4 | width, u32: probabilities a row |
//! | 8 | latency, f64, milliseconds |
//! | 8 | answered at, i64, milliseconds since 1970-01-01 UTC |
//! | 4 + 4 n | labels: count u32, then u32 each |
//! | 4 + 4 n | probabilities: count u32, then f32 each, row by row |
//! | 4 + 8 n | values: count u32, then f64 each |
//! | 4 + … | skipped: count u32, then row u32, length u32 and that many bytes of UTF-8 each |

mod blob;
mod file;

pub use blob::{CapturedBatch, CapturedRows, decode, encode};
pub(super) use file::capture_path;
pub use file::{CaptureReader, CaptureWriter};
