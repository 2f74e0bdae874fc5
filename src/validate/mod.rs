//! Plan → run → report: how good a model is on data it never saw, beside its training, a naive baseline and rivals.
//!
//! A [`Plan`] is plain data; running it over bound models and one dataset gives a [`Report`], plain data too.
//! This room keeps nothing on disk and draws nothing. It may import `model`, `data` and `stats`.

pub mod again;
pub mod aligned;
mod answers;
mod breakdown;
pub mod candidate;
pub mod checks;
pub mod compare;
mod data_use;
pub mod error;
pub mod estimate;
mod finish;
pub mod governance;
pub mod help;
pub mod measure;
mod parallel;
pub mod plan;
pub mod policy;
pub mod predictions;
pub mod report;
pub mod robustness;
pub mod run;
pub mod segments;
pub mod signoff;
mod slim;
pub mod streamed;
pub mod views;

pub use candidate::{Candidate, Origin};
pub use error::ValidateError;
pub use plan::Plan;
pub use predictions::Predictions;
pub use report::{MetricValue, ModelResult, Report};
pub use run::{CandidateAnswers, Data, candidate_answers, run};
