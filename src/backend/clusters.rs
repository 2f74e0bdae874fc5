//! Taking a deployment's model to a cluster: its files, written into a folder that a person chose.

use std::path::PathBuf;

use super::command::DeployRequest;
use super::event::JobTopic;
use super::jobs::Outcome;
use super::models::file_name;
use super::service::Service;
use super::serving::Source;
use super::sizing::measured_with;
use crate::deploy::cluster::{ClusterSettings, export};
use crate::workspace::audit::AuditKind;

/// Where the manifest says that the repository lies, until a person writes there where it really does.
const STORAGE: &str = "pvc://models/repository";

/// A name as a cluster takes it, from one for people.
fn cluster_name(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') { c } else { '-' }).collect();
    let mut words: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    if words.is_empty() {
        words.push("model");
    }
    words.join("-").trim_start_matches(['_', '.']).chars().take(63).collect()
}

/// How the model is to run there: as it is to run here.
fn settings_of(request: &DeployRequest) -> ClusterSettings {
    let (name, max_batch, max_wait_us, instances, threads) = match &request.source {
        Source::Http(http) => {
            let s = &http.settings;
            (&http.name, s.max_batch, s.max_wait_us, s.workers, s.intra_threads)
        }
        Source::Replay => {
            let w = &request.worker;
            (&request.name, w.batch_rows, 0, w.workers, w.intra_threads)
        }
    };
    ClusterSettings {
        name: cluster_name(name),
        version: 1,
        max_batch,
        max_wait_us,
        instances,
        threads,
        peak_bytes: None,
        storage_uri: STORAGE.to_owned(),
    }
}

impl Service {
    /// Writes the files that Triton Inference Server and `KServe` read, as a job.
    pub(super) fn export_cluster(&mut self, request: &DeployRequest, folder: PathBuf) {
        let file = match self.open_kept_model(&request.model) {
            Ok(file) => file,
            Err(why) => return self.error(why),
        };
        let mut settings = settings_of(request);
        let sizing = self.state.sizing.get(&request.model).and_then(|view| view.sizing.clone());
        settings.peak_bytes = sizing
            .and_then(|sizing| measured_with(&sizing, (settings.instances, settings.threads), settings.max_batch))
            .map(|measured| measured.peak_bytes);
        let model = request.model.clone();
        self.start_job(JobTopic::Other, format!("Exporting {}", settings.name), move |_| -> Outcome {
            let written = export(&file, &settings, &folder);
            Box::new(move |service| match written {
                Ok(files) => {
                    let names: Vec<String> = files.iter().map(|file| file_name(file)).collect();
                    let what = serde_json::json!({ "name": settings.name, "for": "cluster", "files": names });
                    service.record(AuditKind::Exported, model, what);
                    service.info(format!(
                        "Saved “{}” for a cluster. Its manifest finds the repository at {STORAGE}; write there where you put it. {}",
                        settings.name,
                        folder.display()
                    ));
                }
                Err(error) => service.error(error.to_string()),
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_one_that_a_cluster_takes() {
        assert_eq!(cluster_name("gradient boosting #2"), "gradient-boosting-2");
        assert_eq!(cluster_name("Flug_verspätung"), "Flug_versp-tung");
        assert_eq!(cluster_name("模型"), "model");
        assert_eq!(cluster_name("..x"), "x");
        assert_eq!(cluster_name(&"a".repeat(90)).len(), 63);
    }
}
