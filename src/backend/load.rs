//! What was kept, back into the state at the start.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::event::{Notice, NoticeLevel};
use super::samples::SAMPLES;
use super::service::Service;
use super::state::RunView;
use crate::validate::Report;

impl Service {
    /// Reads the workspace into the state.
    pub(super) fn load(&mut self) {
        self.load_settings();
        self.load_sizings();
        self.load_audit();
        self.load_policies();
        let Some(models) = self.with_workspace(|w| w.models()) else { return };
        self.state.models = models.iter().map(|record| Arc::new(self.load_model(record))).collect();
        let datasets = self.with_workspace(|w| w.datasets()).unwrap_or_default();
        self.state.datasets = datasets.iter().map(|record| Arc::new(Self::load_dataset(record))).collect();
        self.load_registers();
        self.load_runs();
        self.load_sign_offs();
        self.load_deployments();
        self.load_alerts();
        self.update_stages();
    }

    fn load_settings(&mut self) {
        let settings = self.with_workspace(|w| w.settings()).unwrap_or_default();
        self.state.samples = settings.iter().any(|(key, value)| key == SAMPLES && value.as_bool() == Some(true));
        self.state.settings = settings.into_iter().collect();
        let notices = self.with_workspace(|w| w.notices()).unwrap_or_default();
        self.state.notices = notices
            .into_iter()
            .map(|n| Notice { level: NoticeLevel::of_word(&n.level), text: n.text, at_ms: n.at_ms })
            .collect();
    }

    fn load_runs(&mut self) {
        let records = self.with_workspace(|w| w.runs()).unwrap_or_default();
        let names: HashMap<_, _> = self.state.datasets.iter().map(|d| (d.id.clone(), d.name.clone())).collect();
        for record in records {
            match serde_json::from_value::<Report>(record.report) {
                Ok(report) => self.state.runs.push(Arc::new(RunView {
                    id: record.id,
                    dataset_name: names.get(&record.dataset).cloned().unwrap_or_else(|| "removed dataset".to_owned()),
                    dataset: record.dataset,
                    created_at_ms: record.created_at_ms,
                    report: Arc::new(report),
                })),
                Err(error) => self.warn(format!(
                    "A kept validation cannot be read by this version ({error}), so it is not shown. Run it again."
                )),
            }
        }
        self.state.runs.sort_by_key(|run| std::cmp::Reverse(run.id));
    }

    /// Adds the files named on the command line.
    pub(super) fn add_files(&mut self) {
        let files = std::mem::take(&mut self.options.files);
        let (models, tables): (Vec<PathBuf>, Vec<PathBuf>) =
            files.into_iter().partition(|f| f.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx")));
        self.add_models(models);
        for table in tables {
            self.add_dataset(table);
        }
    }
}
