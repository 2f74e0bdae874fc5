//! Live pipeline: chunks of scored rows become integrity, drift and performance numbers, thresholds and alerts.
//!
//! A [`ReferenceProfile`] is made once from the data a model was accepted on; a [`Monitor`] compares what arrives
//! with it, chunk by chunk. This room opens no file, starts no thread and keeps nothing: batches come in, finished
//! [`ChunkReport`]s go out. It may import `validate`, `model`, `data` and `stats`.

pub mod alert;
pub mod chunk;

pub use alert::{Alert, AlertState, Severity};
pub use chunk::{ChunkReport, ColumnChunk, Counts, LatencySummary, Period};
