//! Tables in and out: reading files, column types and roles, profiles.
//!
//! This room turns files into [`Table`]s and knows nothing of models.
//! It may not import any other room but `stats`, and no type of the library that decodes Parquet leaves it.

mod builder;
pub mod compressed;
pub mod convert;
mod dialect;
pub mod error;
pub mod estimate;
mod excel;
pub mod export;
pub mod fingerprint;
pub mod format;
mod ipc;
mod ipc_sound;
mod json;
mod json_rows;
mod json_shape;
pub mod layout;
mod pages;
mod parquet;
pub(crate) mod part;
pub mod preview;
pub mod profile;
pub mod read;
mod records;
mod rows;
pub mod sample;
pub mod schema;
mod series;
pub mod stream;
pub mod table;
pub mod target;
mod text;
mod typed;
mod values;
pub mod watch;

pub use error::DataError;
pub use fingerprint::Fingerprint;
pub use read::{Dataset, ReadOptions, read_table};
pub use table::{Column, Kind, Table, Values};
pub use watch::{NoWatch, Watch};
