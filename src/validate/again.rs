//! A finished validation, run again as it was asked for, and what is not as it was.

use super::candidate::{Candidate, Origin};
use super::error::ValidateError;
use super::plan::Plan;
use super::report::Report;
use super::robustness::{RobustnessSettings, robustness};
use super::run::{Data, run};
use super::signoff::{Difference, Refusal, SignOff, compare, recheck};
use crate::data::Table;
use crate::data::watch::Watch;
use crate::model::{BoundModel, ModelFile, Runtime};

/// The plan that a report keeps.
///
/// # Errors
/// When the report was written before plans were kept.
pub fn plan_of(report: &Report) -> Result<&Plan, ValidateError> {
    report.plan.as_ref().ok_or_else(|| {
        let sentence = "The report does not say what was asked for, so it cannot be run again. Validate again with this version, which keeps it.";
        ValidateError::Setting(sentence.to_owned())
    })
}

/// The places in a report of the results that a model gave. Predictions in columns cannot be run again: the report does
/// not say which columns they were.
pub fn places(report: &Report) -> Vec<usize> {
    let models = report.models.iter().enumerate().filter(|(_, model)| !model.binding.inputs.is_empty());
    models.map(|(place, _)| place).collect()
}

/// The candidates of a report, bound to a table as they were; `files` stand in the order of [`places`].
///
/// # Errors
/// When there is no model to run, a file is missing, or a model no longer fits the table.
pub fn candidates(report: &Report, files: &[ModelFile], table: &Table) -> Result<Vec<Candidate>, ValidateError> {
    let places = places(report);
    if places.is_empty() {
        let sentence = "The report judges predictions in columns and does not say which, so it cannot be run again. Validate the columns again.";
        return Err(ValidateError::Setting(sentence.to_owned()));
    }
    if places.len() != files.len() {
        return Err(ValidateError::Setting(format!(
            "The report judges {} models, and {} files were named. Name one file for each, in the report's order.",
            places.len(),
            files.len()
        )));
    }
    let bound = places.iter().filter_map(|place| report.models.get(*place)).zip(files).map(|(result, file)| {
        let bound = BoundModel::bind(file.clone(), result.binding.clone(), table)?;
        Ok(Candidate::of_model(bound))
    });
    bound.collect()
}

/// Runs the models of a report again on a dataset, by the report's own plan and bindings. The new report holds the
/// models of [`places`], in that order. All are run together, because weak segments are looked for in the features of all.
///
/// # Errors
/// When the report keeps no plan, a model cannot be run, the data cannot judge it, or `watch` cancels.
pub fn run_again(
    report: &Report,
    files: &[ModelFile],
    data: Data<'_>,
    runtime: &'static Runtime,
    watch: &dyn Watch,
) -> Result<Report, ValidateError> {
    let plan = plan_of(report)?;
    let candidates = candidates(report, files, &data.dataset.table)?;
    let mut again = run(plan, &candidates, data, Some(runtime), watch)?;
    for ((place, candidate), model) in places(report).into_iter().zip(&candidates).zip(&mut again.models) {
        let had = report.models.get(place).is_some_and(|kept| kept.robustness.is_some());
        if had && matches!(candidate.origin, Origin::Model(_)) {
            let settings = RobustnessSettings::default();
            model.robustness = Some(robustness(candidate, plan, data.dataset, &settings, runtime, watch)?);
        }
    }
    Ok(again)
}

/// What differs between a model's kept result and the one computed again, both as (report, place of the model), and
/// against the sign-off of the kept one when there is one. An empty answer says that all is as it was.
///
/// # Errors
/// When a report has no such model, or a result cannot be written as JSON.
pub fn differences(
    signed: Option<&SignOff>,
    kept: (&Report, usize),
    again: (&Report, usize),
) -> Result<Vec<Difference>, Refusal> {
    let mut found = match signed {
        Some(signed) => recheck(signed, again.0, again.1, again.0.plan.as_ref().and_then(|p| p.policy.as_ref()))?,
        None => Vec::new(),
    };
    for difference in compare(kept, again)? {
        if !found.contains(&difference) {
            found.push(difference);
        }
    }
    Ok(found)
}
