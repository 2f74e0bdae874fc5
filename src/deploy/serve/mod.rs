//! Serving: requests that come one by one, from many callers at once, each with an answer of its own.
//!
//! A request is a [`Call`]; it is answered by a version of a model, kept by a [`Recorder`], and only then given back.
//! It knows no protocol: endpoints and feeds speak to it by [`Front`].

pub mod call;
pub mod front;

pub use call::{Answer, Call, CallRecord, Origin, Recorder, Refusal, Reply};
pub use front::{Front, Label, LabelsTaken, ModelInfo, Part, VersionInfo, VersionState};
