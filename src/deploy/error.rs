//! Why a deployment cannot start.

/// A deployment could not be started.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DeployError {
    /// A setting is out of its range.
    #[error("{0}")]
    Setting(String),
    /// There is nothing to feed.
    #[error("The dataset to replay has no row after row {start_row}. Choose another dataset or start earlier.")]
    NothingToFeed {
        /// Where the feed should have begun.
        start_row: u64,
    },
    /// A worker could not load the model.
    #[error("The model could not be loaded by a worker: {0}")]
    Engine(String),
    /// The system gives no more threads.
    #[error("No thread could be started: {0}. Close other programs or use fewer workers.")]
    Thread(String),
}
