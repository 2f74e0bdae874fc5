//! Checks of the data before a model is judged on it: repeated rows, contradictions, columns that say nothing or too
//! much, gaps, rows known from the reference, classes. It looks at tables only, runs no model and changes nothing.

mod balance;
mod columns;
mod find;
mod leakage;
mod leakage_words;
mod rows;
mod settings;

use super::ValidateError;
use crate::data::convert::not_found;
use crate::data::{Column, Table, Watch};
pub use balance::ClassCount;
pub use find::{Check, Finding, Severity};
pub use leakage::{Measure, Predictive};
pub use settings::CheckSettings;

/// What the checks found in a table.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Checks {
    /// Rows looked at.
    pub rows: usize,
    /// Rows of the reference, when one was given.
    pub reference_rows: Option<usize>,
    /// At least one finding a check that applies, in the order of [`Check`]; at most 20 of the worst columns each.
    pub findings: Vec<Finding>,
    /// How well single features tell the target, the best ten, the best first.
    pub predictive: Vec<Predictive>,
    /// Rows by class of the target, in the order of the classes, the most frequent 100; empty for a number.
    pub classes: Vec<ClassCount>,
    /// What was estimated from a sample or left out; each a sentence.
    pub notes: Vec<String>,
}

impl Checks {
    /// The worst severity among the findings.
    pub fn worst(&self) -> Severity {
        self.findings.iter().map(|f| f.severity).max().unwrap_or(Severity::Ok)
    }

    /// The findings of one check.
    pub fn of(&self, check: Check) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |f| f.check == check)
    }
}

/// What is looked at: the features and the target of a table.
struct Looked<'a> {
    table: &'a Table,
    features: Vec<&'a Column>,
    target: &'a Column,
    reference: Option<&'a Table>,
    settings: &'a CheckSettings,
    watch: &'a dyn Watch,
}

impl Looked<'_> {
    fn go_on(&self, done: f32) -> Result<(), ValidateError> {
        self.watch.progress(done);
        if self.watch.cancelled() { Err(ValidateError::Cancelled) } else { Ok(()) }
    }
}

/// Checks a table: its `features` (each once; the target among them is told and left out) and its `target`, beside the
/// `reference` a model was trained or accepted on, when there is one. A million rows of twenty features take about a
/// second.
///
/// # Errors
/// When the target or a feature is not in the table, and when `watch` cancels.
pub fn check(
    table: &Table,
    target: &str,
    features: &[&str],
    reference: Option<&Table>,
    settings: &CheckSettings,
    watch: &dyn Watch,
) -> Result<Checks, ValidateError> {
    let column = |name: &str| table.column(name).ok_or_else(|| ValidateError::Data(not_found(name, table)));
    let mut names: Vec<&str> = Vec::new();
    for name in features {
        if *name != target && !names.contains(name) {
            names.push(name);
        }
    }
    let looked = Looked {
        table,
        features: names.into_iter().map(column).collect::<Result<_, _>>()?,
        target: column(target)?,
        reference,
        settings,
        watch,
    };
    let mut checks = Checks {
        rows: table.rows(),
        reference_rows: reference.map(Table::rows),
        findings: Vec::new(),
        predictive: Vec::new(),
        classes: Vec::new(),
        notes: Vec::new(),
    };
    looked.go_on(0.0)?;
    rows::look(&looked, &mut checks)?;
    looked.go_on(0.4)?;
    columns::look(&looked, &mut checks)?;
    looked.go_on(0.55)?;
    if features.contains(&target) {
        checks.findings.push(find::target_is_feature(target));
    }
    let truth = leakage::Truth::of(looked.target, settings);
    leakage::look(&looked, truth.as_ref(), &mut checks)?;
    looked.go_on(0.95)?;
    if let Some(leakage::Truth::Classes(labels)) = &truth {
        balance::look(&looked, labels, &mut checks);
    }
    // A stable sort: within a check the order stays that of the finding.
    checks.findings.sort_by_key(|f| f.check);
    looked.go_on(1.0)?;
    Ok(checks)
}

#[cfg(test)]
mod tests;
