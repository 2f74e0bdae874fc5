//! The HTTP endpoint: requests of other programs in the words of the Open Inference Protocol and of `MLflow`.
//!
//! An [`Endpoint`] owns one thread and one port. It reads, bounds and refuses; whatever a model has to do with it goes
//! through [`Front`](super::serve::Front), so that it knows no queue, no session and no disk. It listens on this
//! machine only, unless it is told otherwise and given a token.

mod app;
mod body;
mod connections;
mod documents;
pub mod error;
mod failure;
mod feedback;
mod gate;
mod infer;
pub mod mlflow;
mod pages;
mod repository;
mod routes;
pub mod server;
pub mod settings;
mod tally;
pub mod token;
pub mod v2;

pub use error::EndpointError;
pub use server::Endpoint;
pub use settings::EndpointSettings;
pub use tally::EndpointStats;
pub use token::Token;
