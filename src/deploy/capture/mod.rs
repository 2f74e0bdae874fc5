//! The capture of a served model: every request with its answer, kept in a folder before the answer is given.
//!
//! Records go to an append-only **journal** first; a full or old journal becomes **segments**, Parquet files that any
//! program opens. This room keeps, reads, repairs, thins out and deletes; it knows no protocol, no queue and no window,
//! and it never changes what was kept except by retention and by deletion on demand.
//!
//! # Columns of a segment
//!
//! One line a row of a request; a request without rows has one line whose `row` is empty.
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `id` | text | the request |
//! | `row` | int32 | the row of the request, from 0 |
//! | `prediction_id` | text | `id:row`, by which labels and questions name the prediction |
//! | `sequence` | int64 | the request's place among all of this model, from 0 |
//! | `time` | datetime, ms | when it arrived, UTC |
//! | `model`, `version` | text | who answered |
//! | `feed`, `consumer` | text | where it came from, and who called when that is known |
//! | `latency_ms` | float64 | from arrival to answer |
//! | `outcome` | text | `answered` or `failed` |
//! | `error` | text | why it failed |
//! | one or more an input | as the model takes it | the name of the input; a matrix has one column a value, named by the [`CaptureLayout`], else `input_0`, `input_1` … |
//! | one or more an output | as the model gives it | `label`, `probability_<class>` by the layout, else the name of the output |
//!
//! - A name that is taken already gets `input_` or `output_` before it, and a number after it if that is taken too.
//! - 16-bit decimal numbers stand as float32, which holds each of them exactly. Tensors with more than
//!   [`MOST_COLUMNS`] values a row stand as one list column, which `data` does not read.
//! - A tensor with fewer rows than the others of its request is empty in the rest.
//! - Lines are sorted by `sequence` within a file; two files that follow each other overlap by what was in flight.
//! - Requests with other columns go to a file of their own, so columns never mix.
//!
//! # Files
//!
//! | name | what |
//! |---|---|
//! | `0000000012-20260801T120000Z.journal` | records not yet in a segment; the number rises, the time is its begin in UTC |
//! | `0000000012-20260801T120000Z.parquet`, `….2.parquet` | the segments made of that journal |
//! | `0000000012-20260801T120000Z.ids` | hashes of its request ids, sorted: which file knows an id |
//! | `deletions.jsonl` | what was deleted on demand, with hashes in place of ids |
//! | `capture.lock` | held by the program that writes |
//!
//! While a journal is there, segments of its number do not count: they are the rest of an interrupted change and are
//! made again. So nothing is lost and nothing doubled, whenever the process ends.

mod bytes;
mod cells;
mod clock;
mod delete;
pub mod error;
mod files;
mod frame;
mod ids;
mod info;
mod journal;
mod keeper;
mod layout;
mod live;
mod names;
mod parquet;
mod reader;
mod record;
mod repair;
mod retention;
mod seal;
mod settings;
mod sheet;
mod space;
mod stats;
mod tabled;

#[cfg(test)]
mod tests;

pub use delete::{Deleted, Gone, Selection};
pub use error::CaptureError;
pub use info::SegmentInfo;
pub use keeper::{Capture, CaptureRecorder};
pub use layout::{CaptureLayout, TensorColumns};
pub use reader::{CaptureReader, Chunks, Counts, Span};
pub use repair::Repaired;
pub use retention::{Removed, Retention};
pub use settings::{CaptureSettings, Durability};
pub use sheet::MOST_COLUMNS;
pub use stats::CaptureStats;

pub(crate) use clock::SteadyClock;
