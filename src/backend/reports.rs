//! Reports of finished validations as files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::command::RunId;
use super::event::JobTopic;
use super::jobs::Outcome;
use super::service::{Service, write_whole};
use crate::report::files::{FileError, Format};
use crate::validate::Report;

/// Writes a report in the format that the file name asks for.
fn written(report: &Report, path: &Path) -> Result<(), String> {
    let said = |error: FileError| error.to_string();
    let bytes = Format::of(path).and_then(|format| format.bytes(report, &[])).map_err(said)?;
    write_whole(path, &bytes).map_err(|error| {
        let path = path.display();
        format!("The report could not be saved: {error}. Choose another folder or free some space. {path}")
    })
}

impl Service {
    /// Writes the report of a run.
    pub(super) fn save_report(&mut self, run: RunId, path: PathBuf) {
        let Some(run) = self.state.runs.iter().find(|r| r.id == run) else {
            return self.error("The validation is no longer in this workspace, so there is nothing to report.");
        };
        let report = Arc::clone(&run.report);
        self.start_job(JobTopic::Other, "Writing the report", move |_| -> Outcome {
            let written = written(&report, &path);
            Box::new(move |service| match written {
                Ok(()) => service.info(format!("Saved {}", path.display())),
                Err(why) => service.error(why),
            })
        });
    }
}
