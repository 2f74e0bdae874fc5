//! Reports of finished validations as files.

use std::path::PathBuf;
use std::sync::Arc;

use super::command::RunId;
use super::event::JobTopic;
use super::jobs::Outcome;
use super::service::{Service, write_whole};
use crate::report::html::validation_html;
use crate::validate::Report;

/// A report in the format that a file name asks for: JSON for `.json`, else HTML.
fn rendered(report: &Report, path: &std::path::Path) -> Result<Vec<u8>, String> {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    match ending.as_str() {
        "json" => serde_json::to_vec_pretty(report).map_err(|error| error.to_string()),
        _ => Ok(validation_html(report).into_bytes()),
    }
}

impl Service {
    /// Writes the report of a run.
    pub(super) fn save_report(&mut self, run: RunId, path: PathBuf) {
        let Some(run) = self.state.runs.iter().find(|r| r.id == run) else {
            return self.error("The validation is no longer in this workspace, so there is nothing to report.");
        };
        let report = Arc::clone(&run.report);
        self.start_job(JobTopic::Other, "Writing the report", move |_| -> Outcome {
            let written = rendered(&report, &path)
                .and_then(|bytes| write_whole(&path, &bytes).map_err(|error| error.to_string()));
            Box::new(move |service| match written {
                Ok(()) => service.info(format!("Saved {}", path.display())),
                Err(why) => service.error(format!(
                    "The report could not be saved: {why}. Choose another folder or free some space. {}",
                    path.display()
                )),
            })
        });
    }
}
