//! Why a validation cannot be run, each as a sentence with a way out.

/// A validation cannot be run on this model and this data.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ValidateError {
    /// The data lacks the target.
    #[error("{0}")]
    Data(#[from] crate::data::DataError),
    /// The model could not be run.
    #[error("{0}")]
    Model(#[from] crate::model::ModelError),
    /// What the model answers cannot be judged.
    #[error(
        "“{model}” answers something that cannot be judged against a target ({task}). Say what it is with --task, or choose another model."
    )]
    Task {
        /// The model.
        model: String,
        /// What its file says.
        task: String,
    },
    /// No class of the target is one of the model's.
    #[error(
        "None of the values of “{target}” ({seen}) is a class of “{model}” ({classes}). Choose the column that holds the truth."
    )]
    ForeignLabels {
        /// The column.
        target: String,
        /// Some of its values.
        seen: String,
        /// The model.
        model: String,
        /// Its classes.
        classes: String,
    },
    /// The positive class is none of the model's.
    #[error("“{positive}” is not a class of “{model}”; its classes are {classes}. Choose one of them.")]
    Positive {
        /// The named class.
        positive: String,
        /// The model.
        model: String,
        /// Its classes.
        classes: String,
    },
    /// Scores that should be probabilities are none.
    #[error(
        "{outside} of the scores in “{column}” lie outside 0 to 1 (they go from {low} to {high}), so they are no probabilities. If they are raw scores, say how to turn them into probabilities (sigmoid for log-odds of one class, softmax for a score of each class), or choose another column."
    )]
    NoProbabilities {
        /// The column.
        column: String,
        /// How many lie outside.
        outside: usize,
        /// The smallest score.
        low: f64,
        /// The largest score.
        high: f64,
    },
    /// The policy and the data-use register forbid a column.
    #[error("“{model}” was not run. {sentence}")]
    Refused {
        /// The model.
        model: String,
        /// What is refused, and what to do.
        sentence: String,
    },
    /// Nothing is left to measure.
    #[error("No row can be measured: {why}. Choose other data or another target.")]
    NoRows {
        /// Where the rows went.
        why: String,
    },
    /// A setting is out of its range.
    #[error("{0}")]
    Setting(String),
    /// The person stopped it.
    #[error("The validation was cancelled; nothing was kept.")]
    Cancelled,
}
