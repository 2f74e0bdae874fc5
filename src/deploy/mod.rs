//! Worker threads, their bounded queue, the feed that fills it, and the recorder that puts answers back in order.
//!
//! A [`Deployment`] owns its threads and ends them. It scores through an [`Engine`], hands every answered batch to a
//! [`Sink`], and keeps nothing itself. It may import `model` and `data` and the rooms below; it knows no disk format
//! and no window.

pub mod cluster;
mod control;
pub mod engine;
pub mod error;
mod feed;
pub mod machine;
pub mod readiness;
mod recorder;
pub mod remote;
pub mod running;
pub mod serve;
pub mod settings;
mod shared;
pub mod sizing;
pub mod sink;
pub mod stats;
mod worker;

pub use engine::{Engine, EngineFactory, ScorerFactory};
pub use error::DeployError;
pub use running::{Deployment, DeploymentPlan};
pub use settings::{FeedSettings, WorkerSettings};
pub use sink::{AnsweredBatch, DeployEvent, Sink};
pub use stats::{DeploymentState, DeploymentStats, HistoryPoint};
