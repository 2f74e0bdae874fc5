//! Takes commands, runs jobs, owns the state, sends events.
//!
//! The window and the command line speak to nothing else. The backend's one thread owns the [`State`] and the
//! workspace; everything slow is a job on a thread of its own, with progress and cancel. It draws nothing.
//! It may import every room below it, never `cli` or `app`.

mod alerts;
pub mod approval;
mod audit;
mod by_hand;
mod cards;
mod clusters;
pub mod command;
mod datasets;
mod deployments;
pub mod event;
mod jobs;
mod live_sink;
mod load;
mod models;
pub mod outbox;
mod policies;
pub mod previews;
mod readiness;
mod registers;
mod reports;
mod reverify;
mod robustness;
pub mod rows;
mod runtime;
mod samples;
pub mod service;
pub mod serving;
mod sign_offs;
mod sizing;
pub mod state;
mod validation;

pub use approval::Approval;
pub use audit::{PAGE as AUDIT_PAGE, UNKNOWN_USER};
pub use command::Command;
pub use event::{Event, Notice, NoticeLevel};
pub use service::{Backend, BackendOptions, write_whole};
pub use state::State;
