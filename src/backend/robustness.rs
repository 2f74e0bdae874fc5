//! Testing how a validated model stands changes of its features; the result is kept with the run.

use std::sync::Arc;

use super::command::RunId;
use super::event::JobTopic;
use super::jobs::{JobHandle, Outcome};
use super::rows::{Behind, RobustnessFailure};
use super::service::Service;
use crate::data::read::Dataset;
use crate::stats::metric::title;
use crate::validate::robustness::{Robustness, RobustnessSettings, robustness};

fn tested(behind: Behind, handle: &JobHandle) -> Result<(Robustness, Dataset), String> {
    let runtime = behind.runtime.ok_or("ONNX Runtime is needed to run a model. Install it from the Overview panel.")?;
    let (candidate, plan, dataset) = behind.opened(handle)?;
    let found = robustness(&candidate, &plan, &dataset, &RobustnessSettings::default(), runtime, handle)
        .map_err(|error| error.to_string())?;
    Ok((found, dataset))
}

impl Service {
    /// Disturbs each feature of a run's model.
    pub(super) fn test_robustness(&mut self, run: RunId, model: &str) {
        if self.jobs.is_running(&JobTopic::Robustness) {
            return self.warn("A test of robustness runs already. Wait for it, or cancel it first.");
        }
        self.state.looked.robustness = None;
        self.touch();
        let behind = match self.behind(run, model) {
            Ok(behind) => behind,
            Err(why) => return self.robustness_failed(run, model, why),
        };
        let model = model.to_owned();
        self.start_job(JobTopic::Robustness, "Testing robustness", move |handle| -> Outcome {
            let found = tested(behind, handle);
            Box::new(move |service| match found {
                Ok((found, dataset)) => {
                    service.keep_table(dataset.fingerprint.sha256.clone(), dataset);
                    service.keep_robustness(run, &model, found);
                }
                Err(why) => service.robustness_failed(run, &model, why),
            })
        });
    }

    fn robustness_failed(&mut self, run: RunId, model: &str, why: String) {
        self.state.looked.robustness = Some(Arc::new(RobustnessFailure { run, model: model.to_owned(), why }));
        self.touch();
    }

    fn keep_robustness(&mut self, run: RunId, model: &str, found: Robustness) {
        let Some(view) = self.state.runs.iter_mut().find(|r| r.id == run) else { return };
        let view = Arc::make_mut(view);
        let report = Arc::make_mut(&mut view.report);
        let Some(result) = report.models.iter_mut().find(|m| m.sha256 == model) else { return };
        let done = format!("Tested the robustness of {} by {}", result.name, title(&found.metric));
        result.robustness = Some(found);
        let kept = serde_json::to_value(&*report);
        self.touch();
        // A run that could not be kept has a negative key, and nothing of it is on disk.
        if run > 0 {
            match kept {
                Ok(value) => {
                    self.with_workspace(|w| w.set_run_report(run, &value));
                }
                Err(error) => {
                    self.warn(format!("The test is shown, but not kept: {error}. Run it again after a restart."));
                }
            }
        }
        self.info(done);
    }
}
