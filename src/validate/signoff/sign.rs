//! The act of signing: what a person vouches for, and when that is refused.

use std::collections::BTreeMap;

use super::super::policy::{GateResult, Policy};
use super::super::report::{ModelResult, Report};
use super::hashes::{Hashes, result_of};

/// Version of the JSON that [`SignOff`] writes.
pub const SCHEMA_VERSION: u32 = 1;

/// A person's word for a result.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SignOff {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// Who signed.
    pub who: String,
    /// When, milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// What they wrote beside it; may be empty.
    pub note: String,
    /// The model's name at the time.
    pub model_name: String,
    /// What exactly was signed.
    pub hashes: Hashes,
    /// The policy's verdict: `pass`, `fail` or `none`.
    pub verdict: String,
    /// The required gates that failed, by name, with the segment where there is one.
    pub failed_gates: Vec<String>,
    /// Why it was signed although they failed; `None` where nothing failed.
    pub override_reason: Option<String>,
    /// Metric name → value that was signed; `None` where it had no meaning.
    #[serde(default)]
    pub metrics: BTreeMap<String, Option<f64>>,
}

/// Why a result is not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody signs.
    #[error("A sign-off needs a name. Write who signs.")]
    NoName,
    /// The report has no such model.
    #[error("The report has {models} models, and number {} is none of them. Choose one of the report's models.", model + 1)]
    NoSuchModel {
        /// The index that was asked for, from 0.
        model: usize,
        /// Models in the report.
        models: usize,
    },
    /// A required gate failed and nobody says why it may go live all the same.
    #[error("Not signed, because the model fails {failed}. Improve the model, or record an override with a reason.")]
    Fails {
        /// The gates, in words.
        failed: String,
    },
    /// The reason for an override is too short to be one.
    #[error(
        "“{reason}” is no reason that a reviewer can judge. Say in a few words why the failed gates may be overridden."
    )]
    NoReason {
        /// What was written.
        reason: String,
    },
    /// An override of nothing.
    #[error("There is nothing to override, because no required gate failed. Sign without an override.")]
    NothingFailed,
    /// The report was judged by a policy that was not given.
    #[error("The report was judged by the policy “{policy}”, which is needed to sign. Name it, or validate again.")]
    NoPolicy {
        /// The policy's name in the report.
        policy: String,
    },
    /// The given policy is not the one that judged.
    #[error(
        "The report was not judged by the policy “{policy}” as it is now ({why}). Validate again with this policy."
    )]
    OtherPolicy {
        /// The given policy's name.
        policy: String,
        /// What does not match.
        why: String,
    },
    /// The result cannot be written down.
    #[error("The result cannot be written as JSON ({what}), so it has no hash. Validate again.")]
    NotJson {
        /// The writer's words.
        what: String,
    },
}

/// Signs one model's result of a report.
///
/// `policy` is the one that judged the report, if any; `at_ms` is milliseconds since 1970-01-01 UTC.
///
/// # Errors
/// Without a name; when a required gate failed and there is no override with a reason; when there is an override and
/// nothing failed; when the policy is not the report's; when there is no such model.
pub fn sign(
    report: &Report,
    model: usize,
    policy: Option<&Policy>,
    who: &str,
    note: &str,
    override_reason: Option<&str>,
    at_ms: i64,
) -> Result<SignOff, Refusal> {
    let result = result_of(report, model)?;
    let who = who.trim();
    if !who.chars().any(char::is_alphanumeric) {
        return Err(Refusal::NoName);
    }
    same_policy(report, result, policy)?;
    let failed_gates: Vec<String> = result.gates.iter().filter(|gate| gate.fails()).map(gate_name).collect();
    let fails = result.verdict == "fail" || !failed_gates.is_empty();
    let reason = override_reason.map(str::trim);
    match reason {
        None | Some("") if fails => return Err(Refusal::Fails { failed: listed(&failed_gates) }),
        Some(reason) if fails && !is_reason(reason) => return Err(Refusal::NoReason { reason: reason.to_owned() }),
        Some(_) if !fails => return Err(Refusal::NothingFailed),
        _ => {}
    }
    Ok(SignOff {
        schema_version: SCHEMA_VERSION,
        who: who.to_owned(),
        at_ms,
        note: note.trim().to_owned(),
        model_name: result.name.clone(),
        hashes: Hashes::of(report, model, policy)?,
        verdict: result.verdict.clone(),
        failed_gates,
        override_reason: reason.map(str::to_owned),
        metrics: result.metrics.iter().map(|(name, metric)| (name.clone(), metric.value)).collect(),
    })
}

/// Whether the policy is the one that judged: by its name, and every gate of it with its condition is in the result.
fn same_policy(report: &Report, result: &ModelResult, policy: Option<&Policy>) -> Result<(), Refusal> {
    let Some(policy) = policy else {
        return report.policy.as_ref().map_or(Ok(()), |name| Err(Refusal::NoPolicy { policy: name.clone() }));
    };
    let other = |why: String| Err(Refusal::OtherPolicy { policy: policy.name.clone(), why });
    match &report.policy {
        None => return other("it was judged by none".to_owned()),
        Some(name) if *name != policy.name => return other(format!("it was judged by “{name}”")),
        Some(_) => {}
    }
    for gate in &policy.gates {
        let condition = gate.sentence();
        let judged = |found: &&GateResult| {
            found.name == gate.name
                && found.metric == gate.metric
                && found.condition == condition
                && found.required == gate.required
        };
        if !result.gates.iter().any(|found| judged(&found)) {
            return other(format!("the report knows no gate “{}” that asks for {condition}", gate.name));
        }
    }
    Ok(())
}

fn gate_name(gate: &GateResult) -> String {
    match &gate.segment {
        None => gate.name.clone(),
        Some((column, value)) => format!("{} ({column} = {value})", gate.name),
    }
}

fn listed(gates: &[String]) -> String {
    const NAMED: usize = 3;
    let named: Vec<String> = gates.iter().take(NAMED).map(|name| format!("“{name}”")).collect();
    match gates.len() {
        0 => "its policy".to_owned(),
        all if all > NAMED => format!("{} and {} more gates", named.join(", "), all - NAMED),
        _ => named.join(", "),
    }
}

/// A reason has at least two words, or, in a script that puts no spaces between them, at least four letters.
pub fn is_reason(text: &str) -> bool {
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
    words >= 2 || text.chars().filter(|c| c.is_alphabetic() && *c >= '\u{2E80}').count() >= 4
}
