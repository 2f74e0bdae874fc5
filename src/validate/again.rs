//! A finished validation, run again as it was asked for, and what is not as it was.

use std::time::Instant;

use super::candidate::{Candidate, Origin};
use super::error::ValidateError;
use super::plan::Plan;
use super::report::Report;
use super::robustness::{RobustnessSettings, robustness};
use super::run::{Data, run};
use super::signoff::{Difference, Refusal, SignOff, compare, recheck};
use super::streamed::{File, run_streamed};
use crate::data::estimate::is_larger;
use crate::data::watch::Watch;
use crate::data::{Dataset, Table, read_table};
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
    disturb_again(report, &candidates, data.dataset, &mut again, runtime, watch)?;
    Ok(again)
}

/// [`run_again`] on a file, which is read at once when its table takes no more than `held_bytes`, else chunk by chunk,
/// as `validate` does. A larger table is held all the same where the report shows that it was.
///
/// # Errors
/// Those of [`run_again`], and when the file cannot be read.
pub fn run_file_again(
    report: &Report,
    files: &[ModelFile],
    file: File<'_>,
    held_bytes: u64,
    runtime: &'static Runtime,
    watch: &dyn Watch,
) -> Result<Report, ValidateError> {
    let disturbed = report.models.iter().any(|model| model.robustness.is_some());
    let was_cut = report.data.one_in.is_some();
    if (disturbed && !was_cut) || !is_larger(file.path, file.options, held_bytes) {
        let began = Instant::now();
        let dataset = read_table(file.path, file.options, watch)?;
        let data = Data { dataset: &dataset, reference: file.reference, read_s: began.elapsed().as_secs_f64() };
        return run_again(report, files, data, runtime, watch);
    }
    let bind = |dataset: &Dataset| candidates(report, files, &dataset.table);
    let mut again = run_streamed(plan_of(report)?, file, &bind, Some(runtime), watch)?;
    if disturbed {
        // Values are swapped over all rows, so that the table must be there.
        let dataset = read_table(file.path, file.options, watch)?;
        let candidates = candidates(report, files, &dataset.table)?;
        disturb_again(report, &candidates, &dataset, &mut again, runtime, watch)?;
    }
    Ok(again)
}

fn disturb_again(
    report: &Report,
    candidates: &[Candidate],
    dataset: &Dataset,
    again: &mut Report,
    runtime: &'static Runtime,
    watch: &dyn Watch,
) -> Result<(), ValidateError> {
    let plan = plan_of(report)?;
    for ((place, candidate), model) in places(report).into_iter().zip(candidates).zip(&mut again.models) {
        let had = report.models.get(place).is_some_and(|kept| kept.robustness.is_some());
        if had && matches!(candidate.origin, Origin::Model(_)) {
            let settings = RobustnessSettings::default();
            model.robustness = Some(robustness(candidate, plan, dataset, &settings, runtime, watch)?);
        }
    }
    Ok(())
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
