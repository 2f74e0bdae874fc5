//! The words of serving, and the parser.

pub mod http;
pub mod serve;
