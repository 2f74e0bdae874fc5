//! What a model may use and what a reviewer must find: the data-use register, likely proxies of sensitive columns, and
//! the checklist of the model card.
//!
//! Judging compares what is written down with what is used; nothing here scores a model or touches a file.

mod checklist;
mod judge;
mod proxies;
mod register;
mod register_toml;

pub use checklist::{ChecklistItem, Section, checklist};
pub use judge::{UseFinding, UseRule, judge_use, refusal};
pub use proxies::{LIKELY_PROXY, LISTED_PROXY, Measure, PROXY_SAMPLE, Proxy, proxies};
pub use register::{ColumnUse, Register, SENSITIVE_KINDS};
pub use register_toml::{REGISTER_FIELDS, parse_register};
