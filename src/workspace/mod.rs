//! The workspace: one folder that keeps models, datasets, validation runs, deployments, alerts, notices and captures.
//!
//! It stores and finds; it computes nothing, starts no threads and draws nothing. What other rooms own (reports,
//! profiles, alerts) is kept as JSON values that this room does not interpret.
//!
//! ```text
//! workspace.lock      held while a window has the folder open
//! workspace.sqlite    every record
//! models/<id>.onnx    the bytes of each model
//! captures/<id>.sqlite  the answered rows of each deployment
//! audit.jsonl         the audit trail
//! audit.torn          what a crash left of a line
//! ```

pub mod audit;
pub mod capture;
mod deployments;
mod error;
mod files;
mod notices;
mod open;
mod records;
mod register;
mod schema;
mod sign_offs;
mod store;

pub use error::WorkspaceError;
pub use files::safe_file_name;
pub use open::{OpenOptions, Workspace};
pub use records::{AlertRecord, DatasetRecord, DeploymentRecord, ModelRecord, NoticeRecord, RunRecord};
pub use schema::SCHEMA;
pub use sign_offs::SignOffRecord;
