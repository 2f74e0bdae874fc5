//! The parser.

#[allow(dead_code, reason = "steps that other readers take")]
#[path = "../../../src/deploy/http/v2/mod.rs"]
pub mod v2;
