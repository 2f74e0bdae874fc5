//! Models of the workspace: adding, removing, finding their files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::event::JobTopic;
use super::jobs::Outcome;
use super::service::{Service, now_ms};
use super::state::{ModelView, Stage};
use crate::data::watch::Watch as _;
use crate::model::{Inspection, ModelCard, ModelError, ModelFile};
use crate::workspace::ModelRecord;
use crate::workspace::audit::AuditKind;

impl ModelView {
    /// A name for people: the card's, else the file's.
    pub(super) fn name_of(card: Option<&ModelCard>, path: &Path) -> String {
        card.map(|card| card.name.trim())
            .filter(|name| !name.is_empty())
            .map(ToOwned::to_owned)
            .or_else(|| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
            .unwrap_or_else(|| "model".to_owned())
    }

    fn new(record: &ModelRecord, inspection: Arc<Inspection>, card: Option<Arc<ModelCard>>) -> Self {
        Self {
            id: record.id.clone(),
            name: record.name.clone(),
            original_path: record.original_path.clone(),
            added_at_ms: record.added_at_ms,
            problem: inspection.refusal.as_ref().map(ToString::to_string),
            inspection,
            card,
            stage: Stage::Added,
        }
    }
}

impl Service {
    /// Reads model files and adds them; each bad one gets its own sentence.
    pub(super) fn add_models(&mut self, paths: Vec<PathBuf>) {
        let name = match paths.as_slice() {
            [] => return,
            [one] => format!("Reading {}", file_name(one)),
            many => format!("Reading {} models", many.len()),
        };
        self.start_job(JobTopic::Models, name, move |handle| -> Outcome {
            let mut read = Vec::new();
            for (done, path) in paths.iter().enumerate() {
                if handle.cancelled() {
                    break;
                }
                handle.progress(done as f32 / paths.len() as f32);
                read.push(ModelFile::open(path));
            }
            Box::new(move |service| {
                for file in read {
                    service.model_read(file);
                }
            })
        });
    }

    fn model_read(&mut self, file: Result<ModelFile, ModelError>) {
        match file {
            Ok(file) => {
                if let Some(known) = self.state.models.iter().find(|m| m.id == file.sha256) {
                    let text = format!(
                        "“{}” is already here: the file has the same content. {}",
                        known.name,
                        file.path.display()
                    );
                    self.warn(text);
                    return;
                }
                self.keep_model(&file, true);
            }
            Err(error) => self.error(error.to_string()),
        }
    }

    /// Keeps a model that was read; `true` when it was kept.
    pub(super) fn keep_model(&mut self, file: &ModelFile, aloud: bool) -> bool {
        let record = ModelRecord {
            id: file.sha256.clone(),
            name: ModelView::name_of(file.card.as_deref(), &file.path),
            original_path: file.path.clone(),
            card: file.card.as_ref().and_then(|card| serde_json::to_value(card.as_ref()).ok()),
            added_at_ms: now_ms(),
        };
        if self.with_workspace(|w| w.add_model(&record, &file.bytes)).is_none() {
            return false;
        }
        let what = serde_json::json!({ "name": record.name, "file": file_name(&file.path), "bytes": file.size_bytes });
        self.record(AuditKind::ModelAdded, file.sha256.clone(), what);
        let view = ModelView::new(&record, Arc::clone(&file.inspection), file.card.clone());
        if aloud {
            match &view.problem {
                Some(problem) => self.warn(format!("“{}” was added, but it cannot be run. {problem}", view.name)),
                None => self.info(format!("Added “{}”", view.name)),
            }
        }
        self.state.models.push(Arc::new(view));
        self.touch();
        true
    }

    /// A kept model as the window shows it; its file is read again, so a lost one is seen.
    pub(super) fn load_model(&self, record: &ModelRecord) -> ModelView {
        let card =
            record.card.as_ref().and_then(|card| serde_json::from_value::<ModelCard>(card.clone()).ok()).map(Arc::new);
        match self.open_kept_model(&record.id) {
            Ok(file) => ModelView::new(record, file.inspection, card),
            Err(error) => ModelView {
                problem: Some(format!("{error} Remove the model and add it again.")),
                ..ModelView::new(record, Arc::default(), card)
            },
        }
    }

    /// The kept file of a model, checked against its key.
    pub(super) fn open_kept_model(&self, id: &str) -> Result<ModelFile, String> {
        let path = self.workspace.as_ref().map(|w| w.model_path(id)).ok_or("The workspace is not open.")?;
        let mut file = ModelFile::open(&path).map_err(|error| error.to_string())?;
        if file.sha256 != id {
            return Err(format!("The kept file has changed since it was added. {}", path.display()));
        }
        if let Some(model) = self.state.models.iter().find(|m| m.id == id) {
            file.card.clone_from(&model.card);
            file.path.clone_from(&model.original_path);
        }
        Ok(file)
    }

    /// Takes a model out, with its runs; a live deployment of it must be stopped first.
    pub(super) fn remove_model(&mut self, id: &str) {
        let Some(model) = self.state.models.iter().find(|m| m.id == id).cloned() else { return };
        if self.state.deployments.iter().any(|d| d.live && d.request.model == id) {
            self.error(format!("“{}” is deployed. Stop its deployment first, then remove it.", model.name));
            return;
        }
        if self.with_workspace(|w| w.remove_model(id)).is_some() {
            self.state.models.retain(|m| m.id != id);
            self.state.runs.retain(|run| !run.report.models.iter().any(|m| m.sha256 == id));
            self.state.deployments.retain(|d| d.request.model != id);
            let deployments: Vec<_> = self.state.deployments.iter().map(|d| d.id.clone()).collect();
            self.state.alerts.retain(|a| deployments.contains(&a.deployment));
            self.state.preparations.remove(id);
            if self.state.preparation.as_ref().is_some_and(|p| p.asked.model == id) {
                self.state.preparation = None;
            }
            self.record(AuditKind::ModelRemoved, id, serde_json::json!({ "name": model.name }));
            self.info(format!("Removed “{}”", model.name));
            self.update_stages();
        }
    }

    /// Works out how far each model has come, after runs or deployments changed.
    pub(super) fn update_stages(&mut self) {
        for place in &mut self.state.models {
            let deployed = self.state.deployments.iter().any(|d| d.live && d.request.model == place.id);
            let validated = self.state.runs.iter().any(|r| r.report.models.iter().any(|m| m.sha256 == place.id));
            let stage = match (deployed, validated) {
                (true, _) => Stage::Deployed,
                (false, true) => Stage::Validated,
                (false, false) => Stage::Added,
            };
            if place.stage != stage {
                Arc::make_mut(place).stage = stage;
            }
        }
        self.touch();
    }
}

/// A path's last part, for people.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
