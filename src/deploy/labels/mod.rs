//! Labels that come later: what turned out to be true for a prediction that was given.
//!
//! They are joined to predictions by request id and row, come in any order and any number of times, and the last one
//! counts. A label whose prediction is not known is reported, and kept for a bounded time in case its prediction comes
//! after it. This room keeps labels beside the capture, in `labels.sqlite`; it may read captures and never changes them.
//!
//! | column of `labels` | meaning |
//! |---|---|
//! | `id`, `row` | the prediction |
//! | `truth`, `last_at_ms` | what counts, and when it was said |
//! | `first_truth`, `first_at_ms` | what was said first, and when |
//! | `corrections` | how often another truth came |
//! | `known` | 1 once its prediction was found in the capture |

pub mod error;
mod file;
mod join;
mod store;

pub use error::LabelError;
pub use file::FileTaken;
pub use join::{Labelled, TruthKind, with_truth};
pub use store::{LabelCounts, LabelSettings, Labels, Settled, Truth};

/// Knows which requests were answered.
pub trait KnowsIds {
    /// How many rows a request had; `None` when there was none of this id.
    ///
    /// # Errors
    /// When the place where that is kept cannot be read; a sentence.
    fn rows_of(&self, id: &str) -> Result<Option<u32>, String>;
}
