//! Preparing and running validations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use super::by_hand::{ByHand, bound_by_hand};
use super::command::{DatasetId, ModelId, Preparing, RunId};
use super::datasets::{FileSource, Seen, Source};
use super::event::JobTopic;
use super::jobs::{JobHandle, Outcome};
use super::service::{Service, now_ms};
use super::state::{Categories, Preparation, RunRefusal, RunView};
use crate::data::read::Dataset;
use crate::data::watch::Watch;
use crate::data::{Table, Values};
use crate::model::binding::{known_categories, losses_in};
use crate::model::{BindingProposal, BoundModel, ModelFile, Runtime};
use crate::stats::grouped;
use crate::validate::aligned::check_target;
use crate::validate::estimate::estimate;
use crate::validate::governance::Register;
use crate::validate::streamed::{File, run_streamed};
use crate::validate::{Candidate, Data, Plan, Predictions, Report, ValidateError};
use crate::workspace::RunRecord;
use crate::workspace::audit::AuditKind;

/// Categories of an input that are kept for the window; more are counted.
const CATEGORIES: usize = 200;

/// The texts of the inputs whose categories the file tells, and those of the data that it does not know.
fn categories(
    known: BTreeMap<String, Vec<String>>,
    table: &Table,
    proposal: &BindingProposal,
) -> BTreeMap<String, Categories> {
    let mut found = BTreeMap::new();
    for (input, known) in known {
        let Some(bound) = proposal.binding.get(&input) else { continue };
        let mut unseen: BTreeSet<&str> = BTreeSet::new();
        for column in bound.columns.iter().filter_map(|used| table.column(&used.column)) {
            if let Values::Text { dictionary, .. } = &column.values {
                unseen.extend(dictionary.iter().map(String::as_str).filter(|t| !known.iter().any(|k| k == t)));
            }
        }
        let more_unseen = unseen.len().saturating_sub(CATEGORIES);
        let unseen = unseen.into_iter().take(CATEGORIES).map(ToOwned::to_owned).collect();
        let known = known.into_iter().take(CATEGORIES).collect();
        found.insert(input, Categories { known, unseen, more_unseen });
    }
    found
}

fn preparation(
    asked: Preparing,
    file: &ModelFile,
    seen: &Seen,
    by_hand: &ByHand,
    threads: usize,
    watch: &dyn Watch,
) -> Preparation {
    let dataset = &seen.dataset;
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
        (Ok(bound), Some(runtime)) => estimate(bound, dataset, seen.rows, threads, runtime).ok(),
        _ => None,
    };
    let ready = bound.is_ok() && target_problem.is_none();
    let known = known_categories(file);
    let losses = losses_in(&dataset.table, &proposal.binding, &file.inspection, &known, watch).unwrap_or_default();
    Preparation {
        categories: categories(known, &dataset.table, &proposal),
        losses,
        one_in: seen.one_in,
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

/// Which preparations are under way, so that a late answer does not replace a newer one.
#[derive(Debug, Default)]
pub(super) struct Preparings {
    /// The dataset and target they are about.
    about: Option<(DatasetId, Option<String>)>,
    /// How often each model was asked for.
    turns: BTreeMap<ModelId, u64>,
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

impl Job {
    fn candidates(&self, dataset: &Dataset) -> Result<Vec<Candidate>, ValidateError> {
        let mut candidates = Vec::new();
        for (file, by_hand) in self.files.iter().zip(&self.by_hand) {
            let proposal = bound_by_hand(file, &dataset.table, Some(&self.plan.target), by_hand);
            candidates.push(Candidate::of_model(BoundModel::bind(file.clone(), proposal.binding, &dataset.table)?));
        }
        candidates.extend(self.said.clone().map(Candidate::of_columns));
        Ok(candidates)
    }

    /// The report, and the table when it was held.
    fn report(mut self, handle: &JobHandle) -> Result<(Report, Option<Dataset>), String> {
        let reference = self.reference.take().map(|reference| reference.dataset(handle)).transpose()?;
        let reference = reference.as_ref().map(|reference| reference.table.as_ref());
        if let Some(file) = self.source.in_parts() {
            return self.in_parts(file, reference, handle).map(|report| (report, None));
        }
        let began = std::time::Instant::now();
        let dataset = self.source.clone().dataset(handle)?;
        let read_s = began.elapsed().as_secs_f64();
        let candidates = self.candidates(&dataset).map_err(|error| error.to_string())?;
        let data = Data { dataset: &dataset, reference, read_s };
        let report = crate::validate::run(&self.plan, &candidates, data, self.runtime, handle)
            .map_err(|error| error.to_string())?;
        // The file is looked at again: a result on data that changed meanwhile would be signed with the wrong hash.
        dataset.fingerprint.still_matches(&dataset.path).map_err(|error| error.to_string())?;
        Ok((report, Some(dataset)))
    }

    fn in_parts(&self, source: &FileSource, reference: Option<&Table>, handle: &JobHandle) -> Result<Report, String> {
        let file = File { path: &source.path, options: &source.options, reference };
        let report = run_streamed(&self.plan, file, &|dataset| self.candidates(dataset), self.runtime, handle)
            .map_err(|error| error.to_string())?;
        source.same(&report.data.sha256)?;
        Ok(report)
    }
}

impl Service {
    /// Works the binding out again, after a change.
    pub(super) fn prepare_again(&mut self, model: &str, dataset: &str) {
        let target = self.state.preparation.as_ref().and_then(|p| p.asked.target.clone());
        self.prepare(Preparing { model: model.to_owned(), dataset: dataset.to_owned(), target });
    }

    /// Works out binding, target and cost on a job's thread.
    pub(super) fn prepare(&mut self, mut asked: Preparing) {
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
        // A question about other data makes the older ones pointless; other candidates on the same data go on.
        let about = Some((asked.dataset.clone(), asked.target.clone()));
        if self.preparing.about != about {
            self.jobs.cancel_topic(&JobTopic::Prepare);
            self.preparing.about = about;
        }
        let model = asked.model.clone();
        let turn = self.preparing.turns.entry(model.clone()).or_default();
        *turn += 1;
        let turn = *turn;
        let by_hand = self.by_hand(&asked.model, &asked.dataset);
        let threads = Plan::new("").threads;
        let id = asked.dataset.clone();
        self.start_job(JobTopic::Prepare, format!("Looking at {}", dataset.name), move |handle| -> Outcome {
            let prepared = source.seen(handle).map(|seen| {
                let prepared = preparation(asked, &file, &seen, &by_hand, threads, handle);
                (prepared, seen)
            });
            Box::new(move |service| match prepared {
                _ if service.preparing.turns.get(&model) != Some(&turn) => {}
                Ok((prepared, seen)) => {
                    service.keep_seen(id.clone(), seen);
                    service.dataset_problem(&id, None);
                    service.prepared(Arc::new(prepared));
                    service.touch();
                }
                Err(why) => {
                    service.dataset_problem(&id, Some(why.clone()));
                    service.state.preparation = None;
                    service.state.preparations.remove(&model);
                    service.error(why);
                }
            })
        });
    }

    /// Takes an answer in; those of other candidates stay as long as they are about the same data and target.
    fn prepared(&mut self, prepared: Arc<Preparation>) {
        let asked = &prepared.asked;
        let same = |p: &Preparation| p.asked.dataset == asked.dataset && p.asked.target == asked.target;
        self.state.preparations.retain(|_, kept| same(kept));
        self.state.preparations.insert(asked.model.clone(), Arc::clone(&prepared));
        self.state.preparation = Some(prepared);
        self.touch();
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
        if plan.register.is_none() {
            plan.register = self.state.registers.get(&dataset).map(|register| Register::clone(register));
        }
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
        if self.state.refused.take().is_some() {
            self.touch();
        }
        let job = Job { files, source, reference, by_hand, said, plan, runtime };
        self.start_job(JobTopic::Validate, name, move |handle| -> Outcome {
            let result = job.report(handle);
            let cancelled = handle.cancelled();
            Box::new(move |service| match result {
                Ok((report, table)) => {
                    if let Some((key, value)) = columns {
                        service.set_setting(key, value);
                    }
                    service.validated(&dataset, report, table);
                }
                Err(_) if cancelled => {}
                Err(why) => {
                    service.state.refused = Some(Arc::new(RunRefusal { dataset, sentence: why.clone() }));
                    service.error(why);
                }
            })
        });
    }

    fn validated(&mut self, dataset: &str, report: Report, table: Option<Dataset>) {
        if let Some(table) = table {
            self.keep_table(dataset.to_owned(), table);
        }
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
