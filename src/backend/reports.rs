//! Reports of finished validations as files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::command::RunId;
use super::event::JobTopic;
use super::jobs::Outcome;
use super::models::file_name;
use super::service::{Service, write_whole};
use crate::data::fingerprint::sha256_of;
use crate::report::files::{FileError, Format};
use crate::validate::Report;
use crate::validate::signoff::SignOff;
use crate::workspace::audit::AuditKind;

/// Writes a report in the format that the file name asks for, and gives the hash of what was written.
fn written(report: &Report, signed: &[SignOff], path: &Path) -> Result<String, String> {
    let said = |error: FileError| error.to_string();
    let bytes = Format::of(path).and_then(|format| format.bytes(report, signed)).map_err(said)?;
    write_whole(path, &bytes).map(|()| sha256_of(&bytes)).map_err(|error| {
        let path = path.display();
        format!("The report could not be saved: {error}. Choose another folder or free some space. {path}")
    })
}

impl Service {
    /// Writes the report of a run, with who signed it.
    pub(super) fn save_report(&mut self, run: RunId, path: PathBuf) {
        let Some(found) = self.state.runs.iter().find(|r| r.id == run) else {
            return self.error("The validation is no longer in this workspace, so there is nothing to report.");
        };
        let report = Arc::clone(&found.report);
        let signed: Vec<SignOff> =
            self.state.sign_offs.iter().filter(|s| s.run == run).map(|s| s.signed.clone()).collect();
        self.start_job(JobTopic::Other, "Writing the report", move |_| -> Outcome {
            let written = written(&report, &signed, &path);
            Box::new(move |service| match written {
                Ok(sha256) => {
                    let what = serde_json::json!({ "name": file_name(&path), "sha256": sha256 });
                    service.record(AuditKind::Exported, run.to_string(), what);
                    service.info(format!("Saved {}", path.display()));
                }
                Err(why) => service.error(why),
            })
        });
    }
}
