//! One line of the readiness list.

/// How a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fitness {
    /// Nothing to do.
    Ready,
    /// It can start, and somebody should know this.
    Caution,
    /// It cannot start before this is mended.
    Blocked,
}

impl Fitness {
    /// The word shown on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Caution => "look at this",
            Self::Blocked => "in the way",
        }
    }
}

/// What was looked at, what was seen, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Line {
    /// What was looked at, such as “Memory”.
    pub what: String,
    /// How it stands.
    pub fitness: Fitness,
    /// What was seen, with its numbers; a sentence.
    pub why: String,
    /// What to do; `None` when it is ready.
    pub mend: Option<String>,
}

impl Line {
    pub(super) fn ready(what: &str, why: impl Into<String>) -> Self {
        Self { what: what.to_owned(), fitness: Fitness::Ready, why: why.into(), mend: None }
    }

    pub(super) fn caution(what: &str, why: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.to_owned(), fitness: Fitness::Caution, why: why.into(), mend: Some(mend.into()) }
    }

    pub(super) fn blocked(what: &str, why: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.to_owned(), fitness: Fitness::Blocked, why: why.into(), mend: Some(mend.into()) }
    }
}
