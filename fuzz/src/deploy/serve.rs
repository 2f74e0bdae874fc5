//! The words of serving.

#[path = "../../../src/deploy/serve/call.rs"]
pub mod call;
