//! The Open Inference Protocol's version 2, as text and bytes: a request is read against the inputs of a model, an
//! answer is written back, in JSON and with Triton's binary tensors.
//!
//! Pure functions over bytes: no socket, no clock, no model. Nothing is reserved by a number the caller only claims.
//! It may import the words of serving and of `model` only, so that the fuzzer can be built from these files alone.

mod binary;
pub(in crate::deploy::http) mod cursor;
pub mod datatype;
pub mod half;
mod head;
pub mod reply;
pub mod request;
mod shape;
mod values;

pub use datatype::Datatype;
pub use reply::{Rendered, render};
pub use request::{Infer, Wanted, WantedOutput, parse_infer};

#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod tests;
