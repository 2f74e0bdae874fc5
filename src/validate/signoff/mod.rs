//! Signing a finished result: who vouches for it, for exactly which model, data, binding, policy and numbers.
//!
//! Everything here is plain data and rules over a [`super::Report`]. It keeps nothing, asks nobody, and reads no clock.

pub mod canonical;
mod hashes;
mod recheck;
mod sign;

pub use hashes::Hashes;
pub use recheck::{Difference, Part, compare, recheck};
pub use sign::{Refusal, SCHEMA_VERSION, SignOff, is_reason, sign};

#[cfg(test)]
mod tests;
