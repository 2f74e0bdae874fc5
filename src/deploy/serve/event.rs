//! What happened that a person should hear of.

use std::sync::Arc;

/// Something that happened to a served model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeEvent {
    /// The model.
    pub model: Arc<str>,
    /// What.
    pub what: Happening,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A version answers.
    Ready {
        /// The version.
        version: Arc<str>,
    },
    /// A version cannot answer.
    Failed {
        /// The version.
        version: Arc<str>,
        /// Why, as a sentence.
        why: String,
    },
    /// A version let go of its model.
    Unloaded {
        /// The version.
        version: Arc<str>,
    },
    /// A worker panicked and was started again.
    WorkerRestarted {
        /// The version.
        version: Arc<str>,
        /// The panic's words.
        why: String,
    },
    /// A worker panicked and could not load the model again; the others go on.
    WorkerLost {
        /// The version.
        version: Arc<str>,
        /// Why, as a sentence.
        why: String,
    },
    /// The queue of a version became full; said again only after it was half empty.
    QueueFull {
        /// The version.
        version: Arc<str>,
    },
    /// Answers cannot be kept, so none is given.
    NotKept {
        /// Why.
        why: String,
    },
    /// Answers are kept again.
    KeptAgain,
    /// Another rollout holds.
    RolledOut {
        /// The version that answers now.
        champion: Option<Arc<str>>,
    },
    /// The rollout before holds again.
    RolledBack {
        /// The version that answers now.
        champion: Option<Arc<str>>,
        /// Why, as a sentence.
        why: String,
    },
}

/// Hears of events; called on any thread, must be quick and must not wait for the hub.
pub type OnEvent = Arc<dyn Fn(ServeEvent) + Send + Sync>;
