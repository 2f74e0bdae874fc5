//! Serving: requests that come one by one, from many callers at once, each with an answer of its own.
//!
//! A request is a [`Call`]; it is answered by a version of a model, kept by a [`Recorder`], and only then given back.
//! It knows no protocol: endpoints and feeds speak to it by [`Front`], which the [`Hub`] is.

pub mod call;
pub mod compare;
pub mod engine;
pub mod event;
pub mod figures;
pub mod front;
mod gate;
mod guard;
pub mod hub;
mod job;
pub mod labels;
mod meter;
mod model;
mod queue;
pub mod rollout;
pub mod settings;
pub mod shadow;
pub mod shadow_compare;
mod version;
mod worker;

pub use call::{Answer, Call, CallRecord, Origin, Recorder, Refusal, Reply};
pub use compare::{CompareSettings, Comparer, Comparison, Disagreement, Labelled, SideLatency};
pub use engine::{Description, EngineError, RunnerFactory, TensorEngine, TensorEngineFactory};
pub use event::{Happening, OnEvent, ServeEvent};
pub use figures::{BatchSize, ErrorCount, HubFigures, Latency, ModelFigures, VersionFigures};
pub use front::{Front, Label, LabelsTaken, ModelInfo, Part, VersionInfo, VersionState};
pub use guard::RollbackRule;
pub use hub::{Hub, ModelPlan};
pub use labels::{LabelStore, MemoryLabels};
pub use rollout::{Canary, Rollout};
pub use settings::{Overflow, ServeSettings};
pub use shadow::{Pair, ShadowSink};
pub use shadow_compare::ShadowComparer;
