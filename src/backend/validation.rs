//! Preparing and running validations.

use std::sync::Arc;

use serde_json::json;

use super::command::{DatasetId, ModelId, Preparing, RunId};
use super::datasets::Source;
use super::event::JobTopic;
use super::jobs::{JobHandle, Outcome};
use super::service::{Service, now_ms};
use super::state::{Preparation, RunView};
use crate::data::Table;
use crate::data::read::Dataset;
use crate::data::watch::Watch as _;
use crate::model::binding::{How, propose_without};
use crate::model::{BindingProposal, BoundModel, ModelFile, Runtime};
use crate::stats::grouped;
use crate::validate::aligned::check_target;
use crate::validate::estimate::estimate;
use crate::validate::{Candidate, Data, Plan, Predictions, Report};
use crate::workspace::RunRecord;
use crate::workspace::audit::AuditKind;

/// The person's changes to a proposal: input → column.
pub(super) type ByHand = Vec<(String, String)>;

/// The mark in [`ByHand`] that the columns are taken in file order.
pub(super) const BY_ORDER: &str = "\u{0}by order";

/// The mark in [`ByHand`] of an input whose unreadable rows are skipped; the input stands in the column's place.
const SKIP_ROWS: &str = "\u{0}skip rows";

/// The binding that would be used: the proposal, changed by hand.
pub(super) fn bound_by_hand(
    file: &ModelFile,
    table: &Table,
    target: Option<&str>,
    by_hand: &ByHand,
) -> BindingProposal {
    let left_out: Vec<&str> = target.into_iter().collect();
    let mut proposal = propose_without(&file.inspection, file.card.as_deref(), table, &left_out);
    if by_hand.is_empty() {
        return proposal;
    }
    for (input, column) in by_hand {
        if input == BY_ORDER {
            if let Some(agreed) = proposal.agree_to_order() {
                proposal.binding = agreed;
            }
        } else if input == SKIP_ROWS {
            proposal.binding.set_skip_unreadable(column, true);
        } else if let Some((matrix, place)) = matrix_place(input) {
            let mut columns: Vec<String> = proposal
                .binding
                .get(matrix)
                .map(|bound| bound.columns.iter().map(|c| c.column.clone()).collect())
                .unwrap_or_default();
            if let Some(there) = columns.get_mut(place) {
                column.clone_into(there);
                proposal.binding.set_columns(matrix, columns, How::Person);
            }
        } else {
            proposal.binding.set(input, column);
        }
    }
    proposal.problems = proposal.binding.settle(&file.inspection, table);
    proposal.unbound = proposal.binding.unbound(&file.inspection);
    let used: Vec<String> = proposal.binding.columns().map(ToOwned::to_owned).collect();
    proposal.unused.retain(|column| !used.contains(column));
    proposal
}

/// `name[3]` → the matrix and the place of a column in it.
fn matrix_place(input: &str) -> Option<(&str, usize)> {
    let (name, rest) = input.rsplit_once('[')?;
    Some((name, rest.strip_suffix(']')?.parse().ok()?))
}

fn preparation(asked: Preparing, file: &ModelFile, dataset: &Dataset, by_hand: &ByHand, threads: usize) -> Preparation {
    let target = asked.target.clone();
    let proposal = bound_by_hand(file, &dataset.table, target.as_deref(), by_hand);
    let target_problem = match &target {
        None => Some("Choose the column that holds the truth.".to_owned()),
        Some(target) => {
            let mut plan = Plan::new(target.clone());
            plan.threads = threads;
            check_target(&plan, file, dataset).err().map(|error| error.to_string())
        }
    };
    let bound = BoundModel::bind(file.clone(), proposal.binding.clone(), &dataset.table);
    let cost = match (&bound, Runtime::loaded()) {
        (Ok(bound), Some(runtime)) => estimate(bound, dataset, threads, runtime).ok(),
        _ => None,
    };
    let ready = bound.is_ok() && target_problem.is_none();
    Preparation {
        by_order_possible: proposal.by_order.is_some(),
        binding: proposal.binding,
        unbound: proposal.unbound,
        unused: proposal.unused.into_iter().filter(|c| Some(c) != target.as_ref()).collect(),
        problems: proposal.problems,
        target,
        target_problem,
        seconds: cost.as_ref().map(|c| c.seconds),
        memory_bytes: cost.as_ref().map_or(0, |c| c.memory_bytes),
        ready,
        asked,
    }
}

struct Job {
    files: Vec<ModelFile>,
    source: Source,
    reference: Option<Source>,
    by_hand: Vec<ByHand>,
    said: Option<Predictions>,
    plan: Plan,
    runtime: Option<&'static Runtime>,
}

fn validate(job: Job, handle: &JobHandle) -> Result<(Report, Dataset), String> {
    let began = std::time::Instant::now();
    let dataset = job.source.dataset(handle)?;
    let read_s = began.elapsed().as_secs_f64();
    let reference = job.reference.map(|reference| reference.dataset(handle)).transpose()?;
    let mut candidates = Vec::new();
    for (file, by_hand) in job.files.into_iter().zip(job.by_hand) {
        let proposal = bound_by_hand(&file, &dataset.table, Some(&job.plan.target), &by_hand);
        let bound = BoundModel::bind(file, proposal.binding, &dataset.table).map_err(|error| error.to_string())?;
        candidates.push(Candidate::of_model(bound));
    }
    candidates.extend(job.said.map(Candidate::of_columns));
    let data = Data { dataset: &dataset, reference: reference.as_ref().map(|r| r.table.as_ref()), read_s };
    let report =
        crate::validate::run(&job.plan, &candidates, data, job.runtime, handle).map_err(|error| error.to_string())?;
    // The file is looked at again: a result on data that changed meanwhile would be signed with the wrong hash.
    dataset.fingerprint.still_matches(&dataset.path).map_err(|error| error.to_string())?;
    Ok((report, dataset))
}

impl Service {
    /// The person's changes for a model and a dataset, as kept.
    pub(super) fn by_hand(&mut self, model: &str, dataset: &str) -> ByHand {
        let key = (model.to_owned(), dataset.to_owned());
        if let Some(known) = self.by_hand.get(&key) {
            return known.clone();
        }
        let kept = self
            .workspace
            .as_ref()
            .and_then(|w| w.binding(model, dataset).ok().flatten())
            .and_then(|value| serde_json::from_value::<ByHand>(value).ok())
            .unwrap_or_default();
        self.by_hand.insert(key, kept.clone());
        kept
    }

    fn keep_by_hand(&mut self, model: &str, dataset: &str, changes: ByHand) {
        if let (Some(workspace), Ok(value)) = (self.workspace.as_mut(), serde_json::to_value(&changes))
            && let Err(error) = workspace.set_binding(model, dataset, &value)
        {
            self.warn(format!("The binding is used, but not kept: {error}"));
        }
        self.by_hand.insert((model.to_owned(), dataset.to_owned()), changes);
    }

    /// Binds a column to an input by hand.
    pub(super) fn bind(&mut self, model: ModelId, dataset: DatasetId, input: String, column: Option<String>) {
        let mut changes = self.by_hand(&model, &dataset);
        changes.retain(|(name, _)| name != &input);
        changes.extend(column.map(|column| (input, column)));
        self.keep_by_hand(&model, &dataset, changes);
        self.prepare_again(&model, &dataset);
    }

    /// Skips rows with a value that an input cannot take, or no longer.
    pub(super) fn skip_rows(&mut self, model: &str, dataset: &str, input: String, skip: bool) {
        let mut changes = self.by_hand(model, dataset);
        changes.retain(|(mark, name)| mark != SKIP_ROWS || name != &input);
        if skip {
            changes.push((SKIP_ROWS.to_owned(), input));
        }
        self.keep_by_hand(model, dataset, changes);
        self.prepare_again(model, dataset);
    }

    /// Takes the columns of a one-matrix model in file order.
    pub(super) fn bind_by_order(&mut self, model: &str, dataset: &str) {
        self.keep_by_hand(model, dataset, vec![(BY_ORDER.to_owned(), String::new())]);
        self.prepare_again(model, dataset);
    }

    fn prepare_again(&mut self, model: &str, dataset: &str) {
        let target = self.state.preparation.as_ref().and_then(|p| p.asked.target.clone());
        self.prepare(Preparing { model: model.to_owned(), dataset: dataset.to_owned(), target });
    }

    /// Works out binding, target and cost on a job's thread.
    pub(super) fn prepare(&mut self, mut asked: Preparing) {
        // A newer question makes an older one pointless.
        self.jobs.cancel_topic(&JobTopic::Prepare);
        let Some(dataset) = self.state.datasets.iter().find(|d| d.id == asked.dataset).cloned() else { return };
        let file = match self.open_kept_model(&asked.model) {
            Ok(file) => file,
            Err(why) => return self.error(why),
        };
        if asked.target.is_none() {
            asked.target = file.card.as_ref().and_then(|c| c.target.clone()).or_else(|| dataset.target.clone());
        }
        let source = match self.source(&asked.dataset) {
            Ok(source) => source,
            Err(why) => return self.error(why),
        };
        let by_hand = self.by_hand(&asked.model, &asked.dataset);
        let threads = Plan::new("").threads;
        let id = asked.dataset.clone();
        self.start_job(JobTopic::Prepare, format!("Looking at {}", dataset.name), move |handle| -> Outcome {
            let prepared = source.dataset(handle).map(|dataset| {
                let prepared = preparation(asked, &file, &dataset, &by_hand, threads);
                (prepared, dataset)
            });
            Box::new(move |service| match prepared {
                Ok((prepared, dataset)) => {
                    service.keep_table(id.clone(), dataset);
                    service.dataset_problem(&id, None);
                    service.state.preparation = Some(Arc::new(prepared));
                    service.touch();
                }
                Err(why) => {
                    service.dataset_problem(&id, Some(why.clone()));
                    service.state.preparation = None;
                    service.error(why);
                }
            })
        });
    }

    /// Runs a validation as a job.
    pub(super) fn validate(
        &mut self,
        models: Vec<ModelId>,
        said: Option<Predictions>,
        dataset: DatasetId,
        reference: Option<DatasetId>,
        mut plan: Plan,
    ) {
        if !models.is_empty() && !self.runtime_ready() {
            return;
        }
        let runtime = Runtime::loaded();
        // Who answers today is the champion, where it is a candidate too.
        let live = self.state.deployments.iter().find(|d| d.live && models.contains(&d.request.model));
        plan.champion = plan.champion.or_else(|| live.map(|d| d.request.model.clone()));
        let mut files = Vec::new();
        let mut by_hand = Vec::new();
        for model in &models {
            match self.open_kept_model(model) {
                Ok(file) => files.push(file),
                Err(why) => return self.error(why),
            }
            by_hand.push(self.by_hand(model, &dataset));
        }
        let source = match self.source(&dataset) {
            Ok(source) => source,
            Err(why) => return self.error(why),
        };
        let reference = match reference.map(|id| self.source(&id)).transpose() {
            Ok(reference) => reference,
            Err(why) => return self.error(why),
        };
        let name = match files.len() + usize::from(said.is_some()) {
            1 => "Validating".to_owned(),
            n => format!("Validating {n} candidates"),
        };
        // Which columns were judged is no part of the report, but needed to look at its rows again.
        let columns = said.as_ref().and_then(|said| {
            let value = serde_json::to_value(said).ok()?;
            Some((super::rows::columns_key(&said.key(&dataset)), value))
        });
        let job = Job { files, source, reference, by_hand, said, plan, runtime };
        self.start_job(JobTopic::Validate, name, move |handle| -> Outcome {
            let result = validate(job, handle);
            let cancelled = handle.cancelled();
            Box::new(move |service| match result {
                Ok((report, table)) => {
                    if let Some((key, value)) = columns {
                        service.set_setting(key, value);
                    }
                    service.validated(&dataset, report, table);
                }
                Err(_) if cancelled => {}
                Err(why) => service.error(why),
            })
        });
    }

    fn validated(&mut self, dataset: &str, report: Report, table: Dataset) {
        self.keep_table(dataset.to_owned(), table);
        self.dataset_problem(dataset, None);
        let Ok(value) = serde_json::to_value(&report) else {
            return self.error("The result could not be written down, so it is not kept. Run the validation again.");
        };
        let record = RunRecord {
            id: 0,
            dataset: dataset.to_owned(),
            models: report.models.iter().map(|m| m.sha256.clone()).collect(),
            verdict: report.models.first().map_or_else(|| "none".to_owned(), |m| m.verdict.clone()),
            created_at_ms: now_ms(),
            report: value,
        };
        // A result that cannot be kept is still shown, with a key that no kept run has.
        let id = self.with_workspace(|w| w.add_run(&record)).unwrap_or(-record.created_at_ms);
        let dataset_name =
            self.state.datasets.iter().find(|d| d.id == dataset).map_or_else(String::new, |d| d.name.clone());
        let rows = report.models.first().map_or(0, |m| m.rows);
        let judged = report.models.iter();
        let judged = judged.map(|m| json!({ "name": m.name, "sha256": m.sha256, "verdict": m.verdict }));
        let what = json!({
            "name": dataset_name, "data": report.data.sha256, "policy": report.policy,
            "models": judged.collect::<Vec<_>>(),
        });
        self.record(AuditKind::Validated, id.to_string(), what);
        self.state.runs.insert(
            0,
            Arc::new(RunView {
                id,
                dataset: dataset.to_owned(),
                dataset_name: dataset_name.clone(),
                created_at_ms: record.created_at_ms,
                report: Arc::new(report),
            }),
        );
        self.info(format!("Validated on {} of {dataset_name}", grouped::rows(rows as u64)));
        self.update_stages();
    }

    /// Takes a run out; one that a deployment was approved by stays.
    pub(super) fn remove_run(&mut self, id: RunId) {
        if self.state.deployments.iter().any(|d| d.request.run == id) {
            self.error("A deployment rests on this validation. Remove the deployment first.");
            return;
        }
        if self.with_workspace(|w| w.remove_run(id)).is_some() {
            self.state.runs.retain(|run| run.id != id);
            self.record(AuditKind::RunRemoved, id.to_string(), json!({}));
            self.update_stages();
        }
    }
}
