//! ModelDeck takes a machine-learning model from a file to a watched deployment: load, validate, deploy, monitor.
//!
//! The rooms, from the ground up; each imports only from rooms below it:
//! [`stats`] → [`data`] → [`model`] → [`validate`] → [`monitor`] → [`deploy`] → [`workspace`] → [`report`] →
//! [`backend`] → [`cli`] and [`app`].

pub mod app;
pub mod backend;
pub mod cli;
pub mod data;
pub mod deploy;
pub mod model;
pub mod monitor;
pub mod report;
pub mod stats;
pub mod validate;
pub mod workspace;
