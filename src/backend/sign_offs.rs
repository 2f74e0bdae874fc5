//! Signing results: what would be signed, the act, and what was signed before.

use std::sync::Arc;

use serde_json::json;

use super::approval::sign_off;
use super::audit::REVIEWER;
use super::command::{ModelId, RunId};
use super::event::JobTopic;
use super::jobs::Outcome;
use super::service::{Service, now_ms};
use super::state::{HashesView, SignOffView};
use crate::validate::Report;
use crate::validate::policy::Policy;
use crate::validate::signoff::{Hashes, SignOff, sign};
use crate::workspace::SignOffRecord;
use crate::workspace::audit::AuditKind;

/// Results whose hashes are held; older ones are worked out anew when they are shown again.
const HASHES_HELD: usize = 32;

/// Place of a model in a report.
pub(super) fn place_of(report: &Report, model: &str) -> Option<usize> {
    report.models.iter().position(|m| m.sha256 == model)
}

/// The policy that judged a report, as it was then.
pub(super) fn policy_of(report: &Report) -> Option<&Policy> {
    report.plan.as_ref().and_then(|plan| plan.policy.as_ref())
}

impl Service {
    /// Kept sign-offs, newest first.
    pub(super) fn load_sign_offs(&mut self) {
        for record in self.with_workspace(|w| w.sign_offs()).unwrap_or_default() {
            match serde_json::from_value::<SignOff>(record.sign_off) {
                Ok(signed) => self.state.sign_offs.push(Arc::new(SignOffView {
                    run: record.run,
                    model: record.model,
                    dataset_name: record.dataset_name,
                    signed,
                })),
                Err(error) => self.warn(format!(
                    "A kept sign-off cannot be read by this version ({error}), so it is not shown. It stays in the audit trail."
                )),
            }
        }
    }

    /// Works out the hashes of what would be signed, as a job.
    pub(super) fn hash_result(&mut self, run: RunId, model: ModelId) {
        let held = &self.state.hashes;
        if held.iter().any(|h| h.run == run && h.model == model) {
            return;
        }
        let Some(view) = self.state.runs.iter().find(|r| r.id == run).cloned() else { return };
        self.start_job(JobTopic::Hashes, "Hashing the result", move |_| -> Outcome {
            let place = place_of(&view.report, &model).unwrap_or(usize::MAX);
            let found = Hashes::of(&view.report, place, policy_of(&view.report)).map_err(|error| error.to_string());
            Box::new(move |service| {
                let hashes = &mut service.state.hashes;
                hashes.insert(0, Arc::new(HashesView { run, model, found }));
                hashes.truncate(HASHES_HELD);
                service.touch();
            })
        });
    }

    /// Signs a model's result in a person's name. The audit trail has it first: what is not there was not signed.
    pub(super) fn sign_off(
        &mut self,
        run: RunId,
        model: ModelId,
        who: &str,
        note: &str,
        override_reason: Option<&str>,
    ) {
        let Some(view) = self.state.runs.iter().find(|r| r.id == run).cloned() else {
            return self.error("The validation is no longer in this workspace, so it cannot be signed. Run it again.");
        };
        if run < 0 {
            return self.error("The validation could not be kept, so it cannot be signed. Make the workspace writable and run it again.");
        }
        if let Some(signed) = sign_off(&self.state, run, &model) {
            let text = format!("{} has signed this result already. Validate again to sign anew.", signed.signed.who);
            return self.error(text);
        }
        let report = &view.report;
        let place = place_of(report, &model).unwrap_or(usize::MAX);
        let signed = match sign(report, place, policy_of(report), who, note, override_reason, now_ms()) {
            Ok(signed) => signed,
            Err(refusal) => return self.error(refusal.to_string()),
        };
        let Ok(value) = serde_json::to_value(&signed) else {
            return self.error("The sign-off could not be written down, so the result is not signed. Try again.");
        };
        let kind = if signed.override_reason.is_some() { AuditKind::Overridden } else { AuditKind::SignedOff };
        let what = json!({
            "name": signed.model_name, "run": run, "dataset": view.dataset_name, "policy": report.policy,
            "verdict": signed.verdict, "failed_gates": signed.failed_gates, "override_reason": signed.override_reason,
            "note": signed.note, "hashes": signed.hashes,
        });
        if !self.record_by(kind, model.clone(), &signed.who, what) {
            self.unrecord();
            return self.error("Not signed, because the audit trail cannot be written. Make the workspace folder writable, then sign again.");
        }
        let record = SignOffRecord {
            run,
            model: model.clone(),
            dataset_name: view.dataset_name.clone(),
            at_ms: signed.at_ms,
            sign_off: value,
        };
        if self.with_workspace(|w| w.add_sign_off(&record)).is_none() {
            return;
        }
        self.set_setting(REVIEWER.to_owned(), signed.who.clone().into());
        self.state.reviewer.clone_from(&signed.who);
        self.info(format!("{} signed off “{}”", signed.who, signed.model_name));
        let dataset_name = record.dataset_name;
        self.state.sign_offs.insert(0, Arc::new(SignOffView { run, model, dataset_name, signed }));
        self.touch();
    }
}
