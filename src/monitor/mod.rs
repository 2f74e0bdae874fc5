//! Live pipeline: chunks of scored rows become integrity, drift and performance numbers, thresholds and alerts.
//!
//! A [`ReferenceProfile`] is made once from the data a model was accepted on; a [`Monitor`] compares what arrives
//! with it, chunk by chunk. This room opens no file, starts no thread and keeps nothing: batches come in, finished
//! [`ChunkReport`]s go out. It may import `validate`, `model`, `data` and `stats`.

pub mod alert;
pub mod alerts;
pub mod chunk;
pub mod chunking;
pub mod live;
pub mod profile;
pub mod snapshot;
mod tally;

pub use alert::{Alert, AlertKind, AlertState, Severity};
pub use alerts::{AlertBook, AlertEvent};
pub use chunk::{ChunkReport, ColumnChunk, Counts, LatencySummary, Period};
pub use chunking::{Chunking, default_chunk_rows};
pub use live::{Monitor, MonitorSettings};
pub use profile::{
    ColumnReference, MetricReference, ProfileError, ProfileSettings, ReferenceProfile, Threshold, ThresholdMethod,
};
pub use snapshot::{Bins, ColumnDetail, MonitorRecord, MonitorSnapshot, Series, Views};
pub use tally::{ScoredBatch, is_error, metric_limits, metric_names};
