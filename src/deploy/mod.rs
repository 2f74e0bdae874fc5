//! A model at work: replayed data, or requests of other programs, answered by worker threads.
//!
//! A [`Deployment`] replays a table: feed, bounded queue, workers, and a recorder that puts answers back in order for a
//! [`Sink`]. A [`service::Service`] answers callers: [`serve`] is the hub of models and versions, [`http`] the endpoint
//! before it, [`capture`] and [`labels`] what is kept beside it. [`readiness`] and [`sizing`] come before either, and
//! [`remote`] and [`cluster`] lead to other machines. It may import `validate` and the rooms below; it knows no window.

pub mod capture;
pub mod cluster;
mod control;
pub mod engine;
pub mod error;
mod feed;
pub mod heartbeat;
pub mod http;
pub mod labels;
pub mod machine;
pub mod readiness;
mod recorder;
pub mod remote;
pub mod running;
pub mod serve;
pub mod service;
pub mod settings;
mod shared;
pub mod sink;
pub mod sizing;
pub mod stats;
pub mod watch_folder;
mod worker;

pub use engine::{Engine, EngineFactory, ScorerFactory};
pub use error::DeployError;
pub use running::{Deployment, DeploymentPlan};
pub use settings::{FeedSettings, WorkerSettings};
pub use sink::{AnsweredBatch, DeployEvent, Sink};
pub use stats::{DeploymentState, DeploymentStats, HistoryPoint};
