//! Before scoring: may the candidates use the columns they are fed by, and what binding makes of the data.

use std::collections::BTreeMap;

use super::candidate::{Candidate, Origin};
use super::error::ValidateError;
use super::governance::{Proxy, UseFinding, judge_use, proxies, refusal};
use super::plan::Plan;
use crate::data::Table;
use crate::data::watch::Watch;
use crate::model::binding::{InputLoss, known_categories, losses_in};

/// What a policy and a register say of a candidate's columns.
#[derive(Clone, Debug, Default)]
pub(super) struct Use {
    pub(super) findings: Vec<UseFinding>,
    pub(super) proxies: Vec<Proxy>,
}

/// Holds the columns of each candidate against the plan's register, by the rules of its policy.
///
/// # Errors
/// When a rule refuses a column, and on a cancel.
pub(super) fn judge(
    plan: &Plan,
    candidates: &[Candidate],
    table: &Table,
    watch: &dyn Watch,
) -> Result<Vec<Use>, ValidateError> {
    let Some(register) = &plan.register else { return Ok(vec![Use::default(); candidates.len()]) };
    let mut all = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let mut used = candidate.fed_by();
        used.sort_unstable();
        used.dedup();
        let sensitive = register.sensitive();
        let found = proxies(table, &sensitive, &used, watch).ok_or(ValidateError::Cancelled)?;
        let findings =
            plan.policy.as_ref().map(|policy| judge_use(policy, register, &used, &found)).unwrap_or_default();
        if let Some(sentence) = refusal(&findings) {
            return Err(ValidateError::Refused { model: candidate.name(), sentence });
        }
        all.push(Use { findings, proxies: found });
    }
    Ok(all)
}

/// Counts what binding makes of a table's rows for one model, chunk by chunk or at once.
pub(super) struct LossCount {
    known: BTreeMap<String, Vec<String>>,
}

impl LossCount {
    /// Reads the categories that the model's file tells; the costly part, done once.
    pub(super) fn of(candidate: &Candidate) -> Self {
        match &candidate.origin {
            Origin::Model(bound) => Self { known: known_categories(bound.file()) },
            Origin::Columns(_) => Self { known: BTreeMap::new() },
        }
    }

    /// What is lost in the rows of a table, one entry an input; none for predictions.
    ///
    /// # Errors
    /// On a cancel.
    pub(super) fn count(
        &self,
        candidate: &Candidate,
        table: &Table,
        watch: &dyn Watch,
    ) -> Result<Vec<InputLoss>, ValidateError> {
        let Origin::Model(bound) = &candidate.origin else { return Ok(Vec::new()) };
        losses_in(table, bound.binding(), &bound.file().inspection, &self.known, watch).ok_or(ValidateError::Cancelled)
    }
}
