//! What a signature stands for, as hashes.

use serde_json::{Map, Value};

use super::super::policy::Policy;
use super::super::report::{ModelResult, Report};
use super::canonical::hash_of;
use super::sign::Refusal;

/// SHA-256 of everything a result rests on, each in lower-case hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Hashes {
    /// Of the model's file; empty where predictions in the data were judged.
    pub model: String,
    /// Of the data's file.
    pub data: String,
    /// Of the binding, as canonical JSON.
    pub binding: String,
    /// Of the policy's TOML as [`Policy::to_toml`] writes it; `None` without one.
    pub policy: Option<String>,
    /// Of the numbers with the settings behind them, as canonical JSON, without what differs from run to run and
    /// without names and places.
    pub result: String,
}

/// Fields of a result that say when, where, how fast or under which name, or that have a hash of their own.
/// Robustness is a test of its own that may be run after a signature; it changes no number that was signed.
const LEFT_OUT: [&str; 7] = ["timing", "rows_per_second", "path", "name", "sha256", "binding", "robustness"];

impl Hashes {
    /// The hashes of one model's result in a report.
    ///
    /// # Errors
    /// [`Refusal::NoSuchModel`], or [`Refusal::NotJson`] for a result that cannot be written as JSON.
    pub fn of(report: &Report, model: usize, policy: Option<&Policy>) -> Result<Self, Refusal> {
        let result = result_of(report, model)?;
        Ok(Self {
            model: result.sha256.clone(),
            data: report.data.sha256.clone(),
            binding: hash_of(&json_of(&result.binding)?),
            policy: policy.map(|p| crate::data::fingerprint::sha256_of(p.to_toml().as_bytes())),
            result: hash_of(&Value::Object(substance(report, result)?)),
        })
    }
}

pub(super) fn result_of(report: &Report, model: usize) -> Result<&ModelResult, Refusal> {
    let models = report.models.len();
    report.models.get(model).ok_or(Refusal::NoSuchModel { model, models })
}

/// The numbers of a result and the settings behind them, by field.
pub(super) fn substance(report: &Report, result: &ModelResult) -> Result<Map<String, Value>, Refusal> {
    let mut fields = match json_of(result)? {
        Value::Object(fields) => fields,
        other => return Err(Refusal::NotJson { what: format!("a result is no object but {other}") }),
    };
    for name in LEFT_OUT {
        fields.remove(name);
    }
    let settings = [
        ("target", Value::from(report.target.clone())),
        ("level", Value::from(report.level)),
        ("seed", Value::from(report.seed)),
        ("data_rows", Value::from(report.data.rows)),
        ("data_columns", Value::from(report.data.columns)),
    ];
    fields.extend(settings.map(|(name, value)| (name.to_owned(), value)));
    Ok(fields)
}

fn json_of(value: &impl serde::Serialize) -> Result<Value, Refusal> {
    serde_json::to_value(value).map_err(|error| Refusal::NotJson { what: error.to_string() })
}
