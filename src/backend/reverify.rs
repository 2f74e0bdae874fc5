//! Running a kept validation again, from the files, and holding it against what was kept and signed.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use super::approval::sign_off;
use super::command::{ModelId, RunId};
use super::event::JobTopic;
use super::jobs::{JobHandle, Outcome};
use super::service::{Service, now_ms};
use super::sign_offs::place_of;
use super::state::RecheckView;
use crate::data::fingerprint::of_file;
use crate::data::read::ReadOptions;
use crate::data::watch::Watch as _;
use crate::model::{ModelCard, ModelFile, Runtime};
use crate::validate::Report;
use crate::validate::again::{differences, places, run_file_again};
use crate::validate::signoff::{Difference, SignOff};
use crate::validate::streamed::File;
use crate::workspace::audit::AuditKind;

/// Results of this kind that are held; each is small.
const HELD: usize = 32;

struct Job {
    report: Arc<Report>,
    /// Place of the model that is asked about.
    place: usize,
    /// The kept file of each model, with its card.
    models: Vec<(PathBuf, Option<Arc<ModelCard>>)>,
    data: PathBuf,
    options: ReadOptions,
    held_bytes: u64,
    signed: Option<SignOff>,
    runtime: &'static Runtime,
}

fn verified(job: &Job, handle: &JobHandle) -> Result<Vec<Difference>, String> {
    let mut files = Vec::new();
    for (path, card) in &job.models {
        let mut file = ModelFile::open(path).map_err(|error| error.to_string())?;
        file.card.clone_from(card);
        files.push(file);
    }
    let file = File { path: &job.data, options: &job.options, reference: None };
    let again = run_file_again(&job.report, &files, file, job.held_bytes, job.runtime, handle).map_err(|error| {
        // The same content fails for a reason of its own.
        match of_file(&job.data) {
            Ok(found) if found.sha256 != job.report.data.sha256 => format!(
                "The data file is another one than the validation was made on, and it cannot be validated. {error}"
            ),
            _ => error.to_string(),
        }
    })?;
    let place = places(&job.report).iter().position(|place| *place == job.place).unwrap_or(usize::MAX);
    differences(job.signed.as_ref(), (&job.report, job.place), (&again, place)).map_err(|error| error.to_string())
}

impl Service {
    /// Runs a kept validation again and holds one model's result against what was kept, as a job.
    pub(super) fn reverify(&mut self, run: RunId, model: ModelId) {
        let Some(view) = self.state.runs.iter().find(|r| r.id == run).cloned() else {
            return self.error("The validation is no longer in this workspace, so it cannot be verified.");
        };
        if !self.runtime_ready() {
            return;
        }
        let (Some(runtime), Some(workspace)) = (Runtime::loaded(), self.workspace.as_ref()) else { return };
        let Some(place) = place_of(&view.report, &model) else { return };
        if !places(&view.report).contains(&place) {
            return self.error("Predictions in columns cannot be verified, because the report does not say which columns they were. Validate the columns again.");
        }
        let results = places(&view.report).into_iter().filter_map(|place| view.report.models.get(place));
        let models: Vec<_> = results
            .map(|result| {
                let card = self.state.models.iter().find(|m| m.id == result.sha256).and_then(|m| m.card.clone());
                (workspace.model_path(&result.sha256), card)
            })
            .collect();
        let kept = self.state.datasets.iter().find(|d| d.id == view.dataset);
        let job = Job {
            place,
            models,
            data: kept.map_or_else(|| PathBuf::from(&view.report.data.path), |d| d.path.clone()),
            options: kept.map(|d| d.options.clone()).unwrap_or_default(),
            held_bytes: self.options.held_bytes,
            signed: sign_off(&self.state, run, &model).map(|s| s.signed.clone()),
            report: Arc::clone(&view.report),
            runtime,
        };
        let name = view.report.models.get(place).map(|m| m.name.clone()).unwrap_or_default();
        let against_signature = job.signed.is_some();
        self.start_job(JobTopic::Reverify, format!("Verifying {name}"), move |handle| -> Outcome {
            let outcome = verified(&job, handle);
            let cancelled = handle.cancelled();
            Box::new(move |service| {
                if cancelled {
                    return;
                }
                let sentences = outcome.as_ref().map(|d| d.iter().map(Difference::sentence).collect::<Vec<_>>());
                let what = match &sentences {
                    Ok(found) => json!({ "name": name, "run": run, "same": found.is_empty(), "differences": found }),
                    Err(why) => json!({ "name": name, "run": run, "same": null, "failed": why }),
                };
                service.record(AuditKind::Reverified, model.clone(), what);
                let checks = &mut service.state.rechecks;
                checks.retain(|r| r.run != run || r.model != model);
                let at_ms = now_ms();
                checks.insert(0, Arc::new(RecheckView { run, model, at_ms, against_signature, outcome }));
                checks.truncate(HELD);
                service.touch();
            })
        });
    }
}
