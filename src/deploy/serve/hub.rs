//! All served models, and what can be done with them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::RwLock;

use super::call::{Answer, Call, Recorder, Refusal, Reply};
use super::engine::{EngineError, TensorEngineFactory};
use super::event::OnEvent;
use super::figures::{ErrorCount, HubFigures, ModelFigures, VersionFigures};
use super::front::{Front, Label, LabelsTaken, ModelInfo, Part, VersionState};
use super::guard::RollbackRule;
use super::labels::{LabelStore, MemoryLabels};
use super::model::{Counts, Model, Shared};
use super::rollout::{Canary, Rollout};
use super::settings::ServeSettings;
use super::shadow::ShadowSink;
use super::version::{LOADING, Version};
use crate::data::Table;
use crate::model::tensor::NamedTensor;

/// How long a version may take to answer what it has taken when it is unloaded.
const PATIENCE: Duration = Duration::from_secs(30);

/// A model to serve.
pub struct ModelPlan {
    /// Its name.
    pub name: String,
    /// Keeps requests and answers; an answer is given only after it did.
    pub recorder: Box<dyn Recorder>,
    /// Takes what shadows answered.
    pub shadow_sink: Option<Arc<dyn ShadowSink>>,
    /// The number of the first request: one more than the last that was recorded before.
    pub first_sequence: u64,
    /// When a rollout is taken back by itself; `None` never.
    pub rollback: Option<RollbackRule>,
}

impl ModelPlan {
    /// A model with nothing but a recorder.
    pub fn new(name: impl Into<String>, recorder: Box<dyn Recorder>) -> Self {
        Self { name: name.into(), recorder, shadow_sink: None, first_sequence: 0, rollback: None }
    }
}

/// Served models. Dropping it stops them.
///
/// A request goes to a version under its model's lock, into that version's queue; a worker takes what goes together,
/// runs the model once, hands the records to the model's recorder, and then answers. Nothing here waits for a model on
/// the thread of the caller, except where it says so.
pub struct Hub {
    models: RwLock<BTreeMap<Arc<str>, Arc<Model>>>,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("models", &self.models.read().keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Default for Hub {
    /// A hub whose events nobody hears and that keeps the last labels in memory.
    fn default() -> Self {
        Self::new(Arc::new(|_| {}), Arc::new(MemoryLabels::default()))
    }
}

fn bad_input(field: &str, why: &str) -> Refusal {
    Refusal::BadInput { field: field.to_owned(), why: why.to_owned() }
}

impl Hub {
    /// A hub without models.
    pub fn new(on_event: OnEvent, labels: Arc<dyn LabelStore>) -> Self {
        Self { models: RwLock::default(), shared: Arc::new(Shared { on_event, labels }) }
    }

    fn find(&self, model: &str) -> Result<Arc<Model>, Refusal> {
        let found = self.models.read().get(model).cloned();
        found.ok_or_else(|| Refusal::UnknownModel { model: model.to_owned() })
    }

    /// Adds a model without versions.
    ///
    /// # Errors
    /// When there is one of this name.
    pub fn add_model(&self, plan: ModelPlan) -> Result<(), Refusal> {
        let name: Arc<str> = plan.name.as_str().into();
        let mut models = self.models.write();
        if models.contains_key(&name) {
            return Err(bad_input(
                &name,
                "There is a model of this name. Choose another name, or add a version to it.",
            ));
        }
        let shared = Arc::clone(&self.shared);
        let ModelPlan { recorder, shadow_sink, first_sequence, rollback, .. } = plan;
        let model = Model::new(Arc::clone(&name), recorder, shadow_sink, first_sequence, rollback, shared);
        models.insert(name, Arc::new(model));
        Ok(())
    }

    /// Unloads a model and forgets it. It waits until everything was answered.
    ///
    /// # Errors
    /// When it is unknown, or a worker does not end.
    pub fn remove_model(&self, model: &str) -> Result<(), Refusal> {
        self.unload(model)?;
        self.models.write().remove(model);
        Ok(())
    }

    /// Adds a version, which loads in the background: see [`Self::wait_loaded`].
    ///
    /// # Errors
    /// When the model is unknown, it has a version of this name, or a setting cannot be used.
    pub fn add_version(
        &self,
        model: &str,
        version: &str,
        factory: Arc<dyn TensorEngineFactory>,
        settings: ServeSettings,
    ) -> Result<(), Refusal> {
        let model = self.find(model)?;
        if let Some((field, why)) = settings.problems().into_iter().next() {
            return Err(bad_input(field, &format!("{why}.")));
        }
        let version = Arc::new(Version::new(version.into(), factory, settings));
        model.add(Arc::clone(&version))?;
        version.start(&model);
        Ok(())
    }

    /// Waits until a version has loaded or failed, or the time has passed; gives what it is at then.
    ///
    /// # Errors
    /// When it is unknown.
    pub fn wait_loaded(&self, model: &str, version: &str, patience: Duration) -> Result<VersionState, Refusal> {
        Ok(self.find(model)?.version(version)?.wait(Instant::now() + patience))
    }

    /// Lets a version answer what it has taken, then unloads and forgets it. It waits for that.
    ///
    /// # Errors
    /// When it is unknown, has a part in the rollout, or a worker does not end.
    pub fn remove_version(&self, model: &str, version: &str) -> Result<(), Refusal> {
        let model = self.find(model)?;
        let version = model.remove(version)?;
        stop(&model, &version, Instant::now() + PATIENCE)
    }

    /// Lets a version answer what it has taken and unloads it; it can be loaded again. It waits for that.
    ///
    /// # Errors
    /// When it is unknown, or a worker does not end.
    pub fn unload_version(&self, model: &str, version: &str) -> Result<(), Refusal> {
        let model = self.find(model)?;
        let version = model.version(version)?;
        stop(&model, &version, Instant::now() + PATIENCE)
    }

    /// Loads a version again, in the background.
    ///
    /// # Errors
    /// When it is unknown.
    pub fn load_version(&self, model: &str, version: &str) -> Result<(), Refusal> {
        let model = self.find(model)?;
        model.version(version)?.start(&model);
        Ok(())
    }

    /// Makes a version the champion: every request that comes from now on and names no version goes to it, every one
    /// before to the one before, and none gets no answer or two. The one before stays loaded, for a roll-back.
    ///
    /// # Errors
    /// When it is unknown or not ready; then nothing changed.
    pub fn promote(&self, model: &str, version: &str, threshold: Option<f64>) -> Result<(), Refusal> {
        self.find(model)?.roll_out(|rollout| {
            rollout.canaries.retain(|canary| canary.version != version);
            rollout.shadows.retain(|shadow| shadow != version);
            if rollout.champion.as_deref() != Some(version) {
                rollout.settings = None;
            }
            rollout.champion = Some(version.to_owned());
            rollout.threshold = threshold;
        })
    }

    /// Gives a version a share of the requests that name no version, 0 for none.
    ///
    /// # Errors
    /// When it is unknown, not ready or the champion, or shares are more than 1; then nothing changed.
    pub fn set_canary(&self, model: &str, version: &str, share: f64) -> Result<(), Refusal> {
        self.find(model)?.roll_out(|rollout| {
            rollout.shadows.retain(|shadow| shadow != version);
            if share == 0.0 {
                rollout.canaries.retain(|canary| canary.version != version);
            } else if let Some(canary) = rollout.canaries.iter_mut().find(|canary| canary.version == version) {
                canary.share = share;
            } else {
                rollout.canaries.push(Canary { version: version.to_owned(), share });
            }
        })
    }

    /// Lets a version see copies of the requests that name no version, or ends it.
    ///
    /// # Errors
    /// When it is unknown or the champion; then nothing changed.
    pub fn set_shadow(&self, model: &str, version: &str, on: bool) -> Result<(), Refusal> {
        self.find(model)?.roll_out(|rollout| {
            rollout.canaries.retain(|canary| !on || canary.version != version);
            rollout.shadows.retain(|shadow| shadow != version);
            if on {
                rollout.shadows.push(version.to_owned());
            }
        })
    }

    /// Lets a whole rollout hold, as it was saved.
    ///
    /// # Errors
    /// When it names versions that are not there or not ready; then nothing changed.
    pub fn set_rollout(&self, model: &str, rollout: Rollout) -> Result<(), Refusal> {
        self.find(model)?.roll_out(|held| *held = rollout)
    }

    /// Other settings for a version. Those of the champion are part of the rollout, so that a roll-back restores them.
    ///
    /// # Errors
    /// When it is unknown, or a setting cannot be used; then nothing changed.
    pub fn configure(&self, model: &str, version: &str, settings: ServeSettings) -> Result<(), Refusal> {
        let model = self.find(model)?;
        if let Some((field, why)) = settings.problems().into_iter().next() {
            return Err(bad_input(field, &format!("{why}.")));
        }
        let found = model.version(version)?;
        let mut is_champion = false;
        model.roll_out(|rollout| {
            is_champion = rollout.champion.as_deref() == Some(version);
            if is_champion {
                rollout.settings = Some(settings.clone());
            }
        })?;
        if !is_champion {
            found.configure(&model, &settings);
        }
        Ok(())
    }

    /// Goes back to the rollout before: versions, settings, threshold.
    ///
    /// # Errors
    /// When there is none, or its versions are not ready; then nothing changed.
    pub fn roll_back(&self, model: &str, why: &str) -> Result<(), Refusal> {
        self.find(model)?.roll_back(None, why.to_owned())
    }

    /// The rollout that holds, and those before, the last one last.
    ///
    /// # Errors
    /// When the model is unknown.
    pub fn rollout(&self, model: &str) -> Result<(Rollout, Vec<Rollout>), Refusal> {
        Ok(self.find(model)?.rollout())
    }

    /// The rollouts before, as they were kept before a restart.
    ///
    /// # Errors
    /// When the model is unknown.
    pub fn set_history(&self, model: &str, history: Vec<Rollout>) -> Result<(), Refusal> {
        self.find(model)?.set_history(history);
        Ok(())
    }

    /// When a rollout is taken back by itself; `None` never.
    ///
    /// # Errors
    /// When the model is unknown.
    pub fn set_rollback_rule(&self, model: &str, rule: Option<RollbackRule>) -> Result<(), Refusal> {
        self.find(model)?.set_rule(rule);
        Ok(())
    }

    /// Hears that a severe alert is open; a rollout on trial is taken back when the model's rule says so.
    ///
    /// # Errors
    /// When the model is unknown.
    pub fn severe_alert(&self, model: &str, why: &str) -> Result<(), Refusal> {
        self.find(model)?.alert(why);
        Ok(())
    }

    /// Holds a model's workers, or lets them go on. Requests are taken until the queue is full.
    ///
    /// # Errors
    /// When it is unknown.
    pub fn pause(&self, model: &str, paused: bool) -> Result<(), Refusal> {
        for version in self.find(model)?.versions() {
            version.queue.pause(paused);
        }
        Ok(())
    }

    /// Waits until a model has answered what it has taken; `false` when the time passed before.
    ///
    /// # Errors
    /// When it is unknown.
    pub fn drain(&self, model: &str, patience: Duration) -> Result<bool, Refusal> {
        let until = Instant::now() + patience;
        Ok(self.find(model)?.versions().iter().all(|version| version.queue.wait_drained(until)))
    }

    /// Asks and waits for the answer, on the caller's thread.
    ///
    /// # Errors
    /// The refusal.
    pub fn ask(&self, call: Call) -> Result<Answer, Refusal> {
        let (give, given) = crossbeam_channel::bounded(1);
        // Nobody is left to hear of it when the asking thread is gone.
        self.submit(call, Box::new(move |answer| give.send(answer).unwrap_or_default()));
        given.recv().unwrap_or_else(|_gone| {
            Err(Refusal::Failed { why: "the worker broke off before the answer. Send the request again.".to_owned() })
        })
    }

    /// How everything is doing.
    pub fn figures(&self) -> HubFigures {
        let now = Instant::now();
        let models: Vec<Arc<Model>> = self.models.read().values().cloned().collect();
        HubFigures { models: models.iter().map(|model| figures_of(model, now)).collect() }
    }

    /// Lets every model answer what it has taken and unloads it; `false` when a worker did not end in time. What waited
    /// then was refused.
    pub fn stop(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let models: Vec<Arc<Model>> = self.models.read().values().cloned().collect();
        let versions: Vec<(Arc<Model>, Arc<Version>)> =
            models.iter().flat_map(|model| model.versions().into_iter().map(|v| (Arc::clone(model), v))).collect();
        // All at once, so that they share the time.
        for (_, version) in &versions {
            version.queue.close();
        }
        versions.iter().fold(true, |ended, (model, version)| version.unload(model, until) && ended)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(5));
    }
}

fn stop(model: &Model, version: &Version, until: Instant) -> Result<(), Refusal> {
    if version.unload(model, until) {
        return Ok(());
    }
    let why = "a worker does not end, because its model does not answer. What waited was refused.".to_owned();
    Err(Refusal::NotReady { model: model.name.to_string(), why })
}

fn counted(errors: &BTreeMap<&'static str, u64>) -> Vec<ErrorCount> {
    errors.iter().map(|(kind, count)| ErrorCount { kind: (*kind).to_owned(), count: *count }).collect()
}

fn figures_of(model: &Model, now: Instant) -> ModelFigures {
    let Counts { next_sequence, versions, errors } = model.counts();
    let versions = versions
        .iter()
        .map(|(version, part)| {
            let depth = version.queue.depth();
            let state = match version.state() {
                VersionState::Ready if depth.paused => "paused",
                VersionState::Loading => "loading",
                VersionState::Ready => "ready",
                VersionState::Unloading => "unloading",
                VersionState::Unloaded => "unloaded",
                VersionState::Failed { .. } => "failed",
            };
            let part = match part {
                Part::Champion => "champion",
                Part::Canary { .. } => "canary",
                Part::Shadow => "shadow",
                Part::Standby => "standby",
            };
            let mut meter = version.meter.lock();
            let (buckets, count) = meter.buckets();
            VersionFigures {
                version: version.name.to_string(),
                state: state.to_owned(),
                part: part.to_owned(),
                workers: depth.workers,
                queue_depth: depth.calls,
                queue_bound: depth.bound,
                under_way: depth.under_way,
                requests: meter.requests,
                rows: meter.rows,
                errors: counted(&meter.errors),
                batches: meter.batches,
                batched_rows: meter.batched_rows,
                batch_sizes: meter.sizes(),
                recent: meter.recent(now),
                latency: meter.all(),
                rows_per_second: meter.rows_per_second(now),
                restarts: meter.restarts,
                copies: meter.copies,
                copies_failed: meter.copies_failed,
                copies_dropped: meter.copies_dropped,
                buckets,
                bucketed: (count, meter.latency_sum.as_secs_f64()),
            }
        })
        .collect();
    ModelFigures {
        model: model.name.to_string(),
        next_sequence,
        not_kept: model.not_kept(),
        rollout: model.rollout().0,
        errors: counted(&errors),
        versions,
    }
}

impl Front for Hub {
    fn models(&self) -> Vec<ModelInfo> {
        self.models.read().values().map(|model| model.info()).collect()
    }

    fn model(&self, name: &str) -> Option<ModelInfo> {
        self.models.read().get(name).map(|model| model.info())
    }

    fn submit(&self, call: Call, reply: Reply) {
        match self.find(&call.model) {
            Ok(model) => model.admit(call, reply),
            Err(refusal) => reply(Err(refusal)),
        }
    }

    fn encode(&self, model: &str, version: Option<&str>, table: &Table) -> Result<Vec<NamedTensor>, Refusal> {
        let version = self.find(model)?.version_or_champion(version)?;
        version.factory.encode(table).map_err(|error| match error {
            EngineError::Input { field, why } => Refusal::BadInput { field, why },
            EngineError::Failed { why } => Refusal::Failed { why },
        })
    }

    fn load(&self, model: &str) -> Result<(), Refusal> {
        let model = self.find(model)?;
        let versions = model.versions();
        for version in &versions {
            version.start(&model);
        }
        let until = Instant::now() + LOADING;
        match versions.iter().find(|version| version.wait(until) != VersionState::Ready) {
            Some(version) => Err(version.not_ready(&model.name)),
            None => Ok(()),
        }
    }

    fn unload(&self, model: &str) -> Result<(), Refusal> {
        let model = self.find(model)?;
        let until = Instant::now() + PATIENCE;
        let stopped: Vec<_> = model.versions().iter().map(|version| stop(&model, version, until)).collect();
        stopped.into_iter().collect()
    }

    fn feedback(&self, model: &str, labels: &[Label]) -> Result<LabelsTaken, Refusal> {
        let model = self.find(model)?;
        let taken = self.shared.labels.take(&model.name, labels).map_err(|why| Refusal::NotKept { why })?;
        model.labelled(labels);
        Ok(taken)
    }

    fn prometheus(&self) -> String {
        self.figures().prometheus()
    }
}
