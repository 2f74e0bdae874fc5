//! ONNX models: reading the file, its signature and card, the runtime library, binding columns to inputs, scoring.
//!
//! This room turns a file into a checked model and a table into scores. It measures nothing and keeps nothing but
//! the runtime library. It may import `data` and `stats` only, and everything of the `ort` crate stays inside
//! [`runtime`] and [`session`], because touching it before a library is loaded would panic.

pub mod binding;
pub mod card;
pub mod error;
pub mod fit;
pub mod inspect;
pub mod onnx;
mod operators;
pub mod runtime;
pub mod session;
pub mod signature;
pub mod stack;
mod task;
pub mod tensor;

pub use binding::{Binding, BindingProblem, BindingProposal, InputBinding};
pub use card::ModelCard;
pub use error::{ModelError, RuntimeError};
pub use inspect::{Inspection, ModelFile};
pub use runtime::{Runtime, RuntimeHome, RuntimePlace, RuntimeStatus};
pub use session::{BoundModel, Runner, ScoreReader, Scorer, Scores, SessionSettings};
pub use signature::{DType, Port, Signature, Task};
