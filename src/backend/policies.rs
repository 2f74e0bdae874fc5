//! The policies of a workspace: those that come with the program, and those that people wrote.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::command::RunId;
use super::service::Service;
use super::state::{PolicyTrial, PolicyView};
use crate::data::fingerprint::sha256_of;
use crate::validate::policy::{Policy, SHIPPED, judge_models, parse};
use crate::workspace::audit::AuditKind;

/// The setting that keeps own policies: name → TOML text.
const KEPT: &str = "policies";
/// A policy is written by people; a larger file is another one by mistake.
const LARGEST_BYTES: u64 = 1 << 20;

impl Service {
    /// Brings the shipped and the kept policies into the state.
    pub(super) fn load_policies(&mut self) {
        let mut all: Vec<Arc<PolicyView>> = SHIPPED
            .iter()
            .filter_map(|shipped| {
                let policy = parse(shipped.text).ok()?;
                Some(Arc::new(PolicyView { policy, toml: shipped.text.to_owned(), shipped: true }))
            })
            .collect();
        for (name, toml) in self.kept_policies() {
            match parse(&toml) {
                Ok(policy) => all.push(Arc::new(PolicyView { policy, toml, shipped: false })),
                Err(error) => self
                    .warn(format!("The policy “{name}” cannot be read by this version, so it is not offered. {error}")),
            }
        }
        self.state.policies = all;
        self.touch();
    }

    fn kept_policies(&self) -> BTreeMap<String, String> {
        let value = self.state.settings.get(KEPT).cloned().unwrap_or_default();
        serde_json::from_value(value).unwrap_or_default()
    }

    fn keep_policies(&mut self, kept: &BTreeMap<String, String>) {
        if let Ok(value) = serde_json::to_value(kept) {
            self.set_setting(KEPT.to_owned(), value);
        }
        self.load_policies();
    }

    /// Reads a policy from a file and keeps it.
    pub(super) fn add_policy(&mut self, path: &Path) {
        let read = || -> Result<String, String> {
            let size = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
            if size > LARGEST_BYTES {
                return Err("it is too large to be a policy".to_owned());
            }
            std::fs::read_to_string(path).map_err(|e| e.to_string())
        };
        match read() {
            Ok(toml) => self.save_policy(toml, None),
            Err(why) => self.error(format!(
                "The policy could not be read: {why}. Choose a TOML file with gates. {}",
                path.display()
            )),
        }
    }

    /// Keeps a policy; one of the same name, and the one it replaces, go.
    pub(super) fn save_policy(&mut self, toml: String, replaces: Option<&str>) {
        let policy = match parse(&toml) {
            Ok(policy) => policy,
            Err(error) => return self.error(format!("The policy was not kept. {error}")),
        };
        if SHIPPED.iter().any(|shipped| shipped.name == policy.name) {
            return self.error(format!(
                "“{}” is the name of a policy that comes with the program. Give yours another name.",
                policy.name
            ));
        }
        let mut kept = self.kept_policies();
        if let Some(old) = replaces {
            kept.remove(old);
        }
        let what = serde_json::json!({ "name": policy.name, "sha256": sha256_of(policy.to_toml().as_bytes()), "replaces": replaces });
        self.record(AuditKind::PolicySaved, policy.name.clone(), what);
        let known = kept.insert(policy.name.clone(), toml).is_some() || replaces.is_some();
        self.keep_policies(&kept);
        let word = if known { "Saved" } else { "Added" };
        self.info(format!("{word} the policy “{}”", policy.name));
    }

    /// Takes an own policy out; results that were judged by it stay as they are.
    pub(super) fn remove_policy(&mut self, name: &str) {
        let mut kept = self.kept_policies();
        if kept.remove(name).is_some() {
            self.keep_policies(&kept);
            self.record(AuditKind::PolicyRemoved, name, serde_json::json!({ "name": name }));
            self.info(format!("Removed the policy “{name}”"));
        }
    }

    /// Holds the numbers of a kept run against gates that are still being written. It only compares what is there, so it
    /// needs no job.
    pub(super) fn try_policy(&mut self, run: RunId, policy: Policy) {
        let Some(found) = self.state.runs.iter().find(|r| r.id == run) else { return };
        let report = &found.report;
        // As in a validation that is run now: who answers today is the champion, where it is a candidate.
        let mut live = self.state.deployments.iter().filter(|d| d.live).map(|d| d.request.model.as_str());
        let among = |key: &&str| report.models.iter().any(|model| model.sha256 == *key);
        let champion = live.find(among).or_else(|| report.plan.as_ref().and_then(|plan| plan.champion.as_deref()));
        let card = |key: &str| self.state.models.iter().find(|m| m.id == key).and_then(|m| m.card.as_deref());
        let cards: Vec<_> = report.models.iter().map(|model| card(&model.sha256)).collect();
        let judged = judge_models(&policy, &report.models, &cards, champion);
        let verdicts = report.models.iter().map(|model| model.name.clone()).zip(judged).collect();
        self.state.trial = Some(Arc::new(PolicyTrial { run, policy, verdicts }));
        self.touch();
    }

    /// Writes a policy to a file.
    pub(super) fn export_policy(&mut self, name: &str, path: &Path) {
        let Some(found) = self.state.policies.iter().find(|p| p.policy.name == name).cloned() else { return };
        self.export(path, &found.toml);
    }
}
