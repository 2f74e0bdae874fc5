//! What decides which version answers a request.

use std::sync::Arc;

use super::call::{Call, Refusal};
use super::front::Part;
use super::rollout::Rollout;
use super::version::Version;

/// Rollouts that can be gone back to.
pub(super) const HISTORY: usize = 50;

/// What decides who answers a request; the order of admission is the order in which it is locked.
pub(super) struct Gate {
    pub versions: Vec<Arc<Version>>,
    pub rollout: Rollout,
    pub history: Vec<Rollout>,
    /// Counts rollouts.
    pub number: u64,
    /// The next request's place.
    pub sequence: u64,
    /// Requests that were not sticky.
    pub draws: u64,
    pub champion: Option<Arc<Version>>,
    pub shadows: Option<Arc<[Arc<Version>]>>,
}

impl Gate {
    /// A gate without versions, whose first request gets this number.
    pub(super) fn new(first_sequence: u64) -> Self {
        Self {
            versions: Vec::new(),
            rollout: Rollout::default(),
            history: Vec::new(),
            number: 0,
            sequence: first_sequence,
            draws: 0,
            champion: None,
            shadows: None,
        }
    }

    pub(super) fn find(&self, version: &str) -> Option<&Arc<Version>> {
        self.versions.iter().find(|v| *v.name == *version)
    }

    pub(super) fn unknown(&self, model: &str, version: &str) -> Refusal {
        let known = self.versions.iter().map(|v| format!("“{}”", v.name)).collect::<Vec<_>>().join(", ");
        Refusal::UnknownVersion {
            model: model.to_owned(),
            version: version.to_owned(),
            known: if known.is_empty() { "none yet".to_owned() } else { known },
        }
    }

    /// The version that is to answer.
    pub(super) fn choose(&mut self, model: &str, call: &Call) -> Result<Arc<Version>, Refusal> {
        if let Some(asked) = &call.version {
            return self.find(asked).cloned().ok_or_else(|| self.unknown(model, asked));
        }
        let Some(champion) = self.champion.clone() else {
            let why = "no version has been promoted yet. Promote one, or name a version.".to_owned();
            return Err(Refusal::NotReady { model: model.to_owned(), why });
        };
        if self.rollout.canaries.is_empty() {
            return Ok(champion);
        }
        let sticky = call.sticky.as_deref();
        let canary = self.rollout.canary(self.draws, sticky).and_then(|name| self.find(name)).cloned();
        if sticky.is_none() {
            self.draws = self.draws.wrapping_add(1);
        }
        // Better the champion than no answer.
        Ok(canary.filter(|canary| canary.is_ready()).unwrap_or(champion))
    }

    /// Checks a rollout against what is there.
    pub(super) fn check(&self, model: &str, rollout: &Rollout) -> Result<(), Refusal> {
        if let Some(why) = rollout.problem() {
            return Err(Refusal::BadInput { field: "rollout".to_owned(), why });
        }
        let answering = rollout.champion.iter().chain(rollout.canaries.iter().map(|canary| &canary.version));
        for name in answering {
            let version = self.find(name).ok_or_else(|| self.unknown(model, name))?;
            if !version.is_ready() {
                return Err(version.not_ready(model));
            }
        }
        match rollout.shadows.iter().find(|name| self.find(name).is_none()) {
            Some(name) => Err(self.unknown(model, name)),
            None => Ok(()),
        }
    }

    /// Puts a checked rollout in place; gives the one before and the versions that are new in their part.
    pub(super) fn install(&mut self, mut rollout: Rollout) -> (Rollout, Vec<Arc<str>>) {
        self.champion = rollout.champion.as_deref().and_then(|name| self.find(name)).cloned();
        if rollout.settings.is_none() {
            rollout.settings = self.champion.as_ref().map(|champion| champion.settings());
        }
        let shadows: Vec<Arc<Version>> = rollout.shadows.iter().filter_map(|name| self.find(name)).cloned().collect();
        self.shadows = (!shadows.is_empty()).then(|| shadows.into());
        let before = std::mem::replace(&mut self.rollout, rollout);
        self.number += 1;
        let mut fresh = Vec::new();
        if before.champion.is_some() {
            if before.champion != self.rollout.champion {
                fresh.extend(self.rollout.champion.as_deref().map(Arc::from));
            }
            let known = |name: &String| {
                before.canaries.iter().any(|c| c.version == *name && Some(name) != self.rollout.champion.as_ref())
            };
            let new = self.rollout.canaries.iter().map(|canary| &canary.version).filter(|name| !known(name));
            fresh.extend(new.map(|name| Arc::from(name.as_str())));
        }
        (before, fresh)
    }

    pub(super) fn part(&self, version: &str) -> Part {
        if self.rollout.champion.as_deref() == Some(version) {
            Part::Champion
        } else if let Some(canary) = self.rollout.canaries.iter().find(|canary| canary.version == version) {
            Part::Canary { share: canary.share }
        } else if self.rollout.shadows.iter().any(|shadow| shadow == version) {
            Part::Shadow
        } else {
            Part::Standby
        }
    }
}
