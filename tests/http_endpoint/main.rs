//! The HTTP endpoint over real sockets on this machine, with plain models behind it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::panic_in_result_fn,
    reason = "a test that cannot go on has failed"
)]

mod abuse;
mod client;
mod front;
mod infer;
mod limits;
mod other;
