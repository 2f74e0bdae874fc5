//! More versions of a served model, and which of them answers.

use std::sync::Arc;

use super::{RolloutChange, ServedVersionView};
use crate::backend::Approval;
use crate::backend::by_hand::bound_by_hand;
use crate::backend::command::{ModelId, RunId};
use crate::backend::deployments::Work;
use crate::backend::event::JobTopic;
use crate::backend::jobs::Outcome;
use crate::backend::service::Service;
use crate::deploy::service::ServedVersion;
use crate::model::BoundModel;
use crate::workspace::audit::AuditKind;

impl Service {
    /// Loads another validated model as a version of a served one.
    pub(in crate::backend) fn add_served_version(&mut self, deployment: &str, run: RunId, model: &ModelId) {
        let Some((service, name, served)) = self.served_parts(deployment) else { return };
        let Some(view) = self.state.runs.iter().find(|r| r.id == run).cloned() else {
            return self.error("That validation is no longer in this workspace. Validate the model again.");
        };
        if let Some(why) = Approval::of(&self.state, run, model).and_then(|a| a.refusal()) {
            return self.error(format!("The version is not added. {why}."));
        }
        if served.lock().iter().any(|version| version.model == *model) {
            return self.error("This model is a version of the deployment already.");
        }
        let (file, source) = match self.open_kept_model(model).and_then(|f| self.source(&view.dataset).map(|s| (f, s)))
        {
            Ok(found) => found,
            Err(why) => return self.error(why),
        };
        let by_hand = self.by_hand(model, &view.dataset);
        let target = view.report.target.clone();
        let Some(parts) = self.live.get(deployment).and_then(|live| live.work.served()) else { return };
        let (readers, comparer) = (Arc::clone(&parts.readers), Arc::clone(&parts.comparer));
        let number = parts.next_number();
        let judged = view.report.models.iter().find(|judged| judged.sha256 == *model);
        let entry = ServedVersionView {
            version: number.to_string(),
            model: model.clone(),
            model_name: self.model_name(model),
            run,
            positive: judged.and_then(|judged| judged.positive.clone()),
            threshold: judged.and_then(|judged| judged.threshold),
        };
        let id = deployment.to_owned();
        let job = format!("Loading version {number}");
        self.start_job(JobTopic::Serving, job, move |handle| -> Outcome {
            let loaded = (|| {
                let data = source.dataset(handle)?;
                let binding = bound_by_hand(&file, &data.table, Some(&target), &by_hand).binding;
                let bound = BoundModel::bind(file.clone(), binding, &data.table).map_err(|e| e.to_string())?;
                // Known before its first answer: whoever names it may ask as soon as it is loaded.
                readers.add(&entry.version, bound.clone());
                comparer.know(&entry.version, file.clone());
                let version = ServedVersion { version: entry.version.clone(), file, bound: Some(bound) };
                if let Err(why) = service.add_version(&name, version) {
                    comparer.forget(&entry.version);
                    return Err(why);
                }
                served.lock().push(entry.clone());
                Ok::<_, String>(())
            })();
            Box::new(move |backend| match loaded {
                Ok(()) => {
                    let what = serde_json::json!({ "version": entry.version, "model": entry.model, "run": entry.run });
                    backend.record(AuditKind::RolledOut, &id, what);
                    backend.info(format!("Version {} is loaded and answers those who name it", entry.version));
                }
                Err(why) => backend.error(format!("The version is not added. {why}")),
            })
        });
    }

    /// Changes which version answers what.
    pub(in crate::backend) fn roll_out(&mut self, deployment: &str, change: RolloutChange) {
        let Some((service, name, served)) = self.served_parts(deployment) else { return };
        let hub = service.hub();
        let threshold_of = |version: &str| {
            served.lock().iter().find(|known| known.version == version).and_then(|known| known.threshold)
        };
        let (done, said, what) = match &change {
            RolloutChange::Promote { version } => (
                hub.promote(&name, version, threshold_of(version)),
                format!("Version {version} answers from now on"),
                serde_json::json!({ "promoted": version }),
            ),
            RolloutChange::Canary { version, share } => (
                hub.set_canary(&name, version, *share),
                format!("Version {version} answers {:.0} % of the requests", share * 100.0),
                serde_json::json!({ "canary": version, "share": share }),
            ),
            RolloutChange::Shadow { version, on } => (
                hub.set_shadow(&name, version, *on),
                if *on {
                    format!("Version {version} sees copies; nobody gets its answers")
                } else {
                    format!("Version {version} sees no copies any more")
                },
                serde_json::json!({ "shadow": version, "on": on }),
            ),
            RolloutChange::Remove { version } => {
                let (hub, job_name, version) = (Arc::clone(hub), name.clone(), version.clone());
                let id = deployment.to_owned();
                let Some(parts) = self.live.get(deployment).and_then(|live| live.work.served()) else { return };
                let comparer = Arc::clone(&parts.comparer);
                // It waits for what the version has taken.
                self.start_job(JobTopic::Serving, format!("Removing version {version}"), move |_| -> Outcome {
                    let removed = hub.remove_version(&job_name, &version);
                    Box::new(move |backend| match removed {
                        Ok(()) => {
                            served.lock().retain(|known| known.version != version);
                            comparer.forget(&version);
                            backend.record(AuditKind::RolledOut, &id, serde_json::json!({ "removed": version }));
                            backend.info(format!("Version {version} is removed"));
                        }
                        Err(refusal) => backend.error(refusal.to_string()),
                    })
                });
                return;
            }
            RolloutChange::RollBack => (
                hub.roll_back(&name, "A person went back."),
                "What was before answers again".to_owned(),
                serde_json::json!({ "rolled_back": true }),
            ),
        };
        match done {
            Ok(()) => {
                self.record(AuditKind::RolledOut, deployment, what);
                self.info(said);
            }
            Err(refusal) => self.error(refusal.to_string()),
        }
    }

    /// The parts of a served deployment of this session; says why when there is none.
    #[expect(clippy::type_complexity, reason = "three handles that belong together for a moment")]
    fn served_parts(
        &mut self,
        deployment: &str,
    ) -> Option<(Arc<crate::deploy::service::Service>, String, Arc<parking_lot::Mutex<Vec<ServedVersionView>>>)> {
        let found = self.live.get(deployment).and_then(|live| match &live.work {
            Work::Served(served) => {
                let service = Arc::clone(served.service()?);
                Some((service, served.name.clone(), Arc::clone(&served.versions)))
            }
            Work::Replay(_) => None,
        });
        if found.is_none() {
            self.error("No endpoint of this deployment is at work. Start it again.");
        }
        found
    }
}
