//! May a validated model go live: what its verdict and its sign-off say.

use std::sync::Arc;

use super::command::RunId;
use super::state::{SignOffView, State};

/// What stands for or against putting a validated model to work.
#[derive(Clone, Debug)]
pub enum Approval {
    /// Somebody signed the result.
    Signed(Arc<SignOffView>),
    /// No gate of this policy failed, and nobody signed yet.
    Unsigned(String),
    /// It was judged by no policy, and nobody signed.
    Unjudged,
    /// It fails the gates of this policy, and nobody overrode that.
    Refused(String),
}

impl Approval {
    /// The approval of a model by a run; `None` when the run has no such model.
    pub fn of(state: &State, run: RunId, model: &str) -> Option<Self> {
        if let Some(signed) = sign_off(state, run, model) {
            return Some(Self::Signed(Arc::clone(signed)));
        }
        let report = &state.runs.iter().find(|r| r.id == run)?.report;
        let result = report.models.iter().find(|m| m.sha256 == model)?;
        let policy = report.policy.clone();
        let fails = result.verdict == "fail" || result.gates.iter().any(crate::validate::policy::GateResult::fails);
        Some(match policy {
            policy if fails => Self::Refused(policy.unwrap_or_else(|| "its policy".to_owned())),
            Some(policy) => Self::Unsigned(policy),
            None => Self::Unjudged,
        })
    }

    /// Why it may not go live, as a sentence; `None` when it may.
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Refused(policy) => {
                Some(format!("It fails its gates of “{policy}” and was not overridden: sign it off in Validate first"))
            }
            Self::Signed(_) | Self::Unsigned(_) | Self::Unjudged => None,
        }
    }

    /// The word for records.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Signed(signed) if signed.signed.override_reason.is_some() => "overridden",
            Self::Signed(_) => "signed_off",
            Self::Unsigned(_) => "unsigned",
            Self::Unjudged => "unjudged",
            Self::Refused(_) => "refused",
        }
    }
}

/// The sign-off of a model's result in a run.
pub fn sign_off<'a>(state: &'a State, run: RunId, model: &str) -> Option<&'a Arc<SignOffView>> {
    state.sign_offs.iter().find(|s| s.run == run && s.model == model)
}
