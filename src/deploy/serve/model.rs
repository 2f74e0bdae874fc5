//! A served model: the door by which requests come in, and the rollout that decides who answers them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::call::{Call, CallRecord, Recorder, Refusal, Reply};
use super::event::{Happening, OnEvent, ServeEvent};
use super::front::{Label, ModelInfo, Part, VersionInfo};
use super::gate::{Gate, HISTORY};
use super::guard::{Guard, RollbackRule};
use super::job::{Job, Purpose, ReplyOnce};
use super::labels::LabelStore;
use super::meter::kind;
use super::queue::Turned;
use super::rollout::Rollout;
use super::shadow::{Pair, ShadowSink};
use super::version::Version;
use crate::deploy::worker::panic_text;
use crate::model::fit;

/// What all models share.
pub(super) struct Shared {
    pub on_event: OnEvent,
    pub labels: Arc<dyn LabelStore>,
}

struct Keeper {
    recorder: Box<dyn Recorder>,
    failing: Option<String>,
}

pub(super) struct Model {
    pub name: Arc<str>,
    gate: Mutex<Gate>,
    keeper: Mutex<Keeper>,
    guard: Mutex<Guard>,
    watched: AtomicBool,
    errors: Mutex<BTreeMap<&'static str, u64>>,
    sink: Option<Arc<dyn ShadowSink>>,
    shared: Arc<Shared>,
}

/// What is counted at the door.
pub(super) struct Counts {
    /// The next request's place.
    pub next_sequence: u64,
    /// All versions with their parts.
    pub versions: Vec<(Arc<Version>, Part)>,
    /// Requests turned away that no version is charged with.
    pub errors: BTreeMap<&'static str, u64>,
}

/// Why a request was turned away, and by whom.
struct TurnedAway {
    refusal: Refusal,
    reply: ReplyOnce,
    version: Option<Arc<Version>>,
    news: bool,
}

impl Model {
    pub(super) fn new(
        name: Arc<str>,
        recorder: Box<dyn Recorder>,
        sink: Option<Arc<dyn ShadowSink>>,
        first_sequence: u64,
        rule: Option<RollbackRule>,
        shared: Arc<Shared>,
    ) -> Self {
        let mut guard = Guard::default();
        guard.set_rule(rule);
        Self {
            name,
            gate: Mutex::new(Gate::new(first_sequence)),
            keeper: Mutex::new(Keeper { recorder, failing: None }),
            guard: Mutex::new(guard),
            watched: AtomicBool::new(false),
            errors: Mutex::default(),
            sink,
            shared,
        }
    }

    pub(super) fn say(&self, what: Happening) {
        (self.shared.on_event)(ServeEvent { model: Arc::clone(&self.name), what });
    }

    /// Takes a request in, or turns it away at once.
    pub(super) fn admit(&self, call: Call, reply: Reply) {
        let Err(turned) = self.enqueue(call, ReplyOnce::new(reply)) else { return };
        match &turned.version {
            Some(version) => version.meter.lock().refused(&turned.refusal),
            None => *self.errors.lock().entry(kind(&turned.refusal)).or_default() += 1,
        }
        if let (Some(version), true) = (&turned.version, turned.news) {
            self.say(Happening::QueueFull { version: Arc::clone(&version.name) });
        }
        turned.reply.give(Err(turned.refusal));
    }

    fn enqueue(&self, mut call: Call, reply: ReplyOnce) -> Result<(), Box<TurnedAway>> {
        let away = |refusal, reply, version, news| Box::new(TurnedAway { refusal, reply, version, news });
        let mut gate = self.gate.lock();
        let version = match gate.choose(&self.name, &call) {
            Ok(version) => version,
            Err(refusal) => return Err(away(refusal, reply, None, false)),
        };
        if !version.is_ready() {
            return Err(away(version.not_ready(&self.name), reply, Some(version), false));
        }
        let rows = match fit::fit(&version.description.inputs, &mut call.inputs) {
            Ok(rows) => rows,
            Err(misfit) => {
                let refusal = Refusal::BadInput { field: misfit.input, why: misfit.why };
                return Err(away(refusal, reply, Some(version), false));
            }
        };
        let outputs = &version.description.outputs;
        if let Some(unknown) = call.wanted.iter().find(|name| !outputs.iter().any(|port| *port.name == ***name)) {
            let known = outputs.iter().map(|port| format!("“{}”", port.name)).collect::<Vec<_>>().join(", ");
            let why = format!("The model has no such output. It gives {known}.");
            let refusal = Refusal::BadInput { field: unknown.to_string(), why };
            return Err(away(refusal, reply, Some(version), false));
        }
        // A request that names its version is no traffic of the rollout.
        let shadows = if call.version.is_none() { gate.shadows.clone() } else { None };
        let job = Job {
            sequence: gate.sequence,
            queued_at: call.received,
            call: Arc::new(call),
            rows,
            purpose: Purpose::Answer { reply, shadows },
        };
        match version.queue.push(job) {
            Ok(()) => {
                gate.sequence += 1;
                Ok(())
            }
            Err((job, turned)) => {
                drop(gate);
                // A queue only gives back what it was given.
                let Purpose::Answer { reply, .. } = job.purpose else { return Ok(()) };
                let (refusal, news) = match turned {
                    Turned::Full { news } => (Refusal::QueueFull, news),
                    Turned::Closed => (version.not_ready(&self.name), false),
                };
                Err(away(refusal, reply, Some(version), news))
            }
        }
    }

    /// Keeps records.
    ///
    /// # Errors
    /// When they could not be kept.
    pub(super) fn keep(&self, records: &[CallRecord<'_>]) -> Result<(), String> {
        let mut keeper = self.keeper.lock();
        let recorder = &mut keeper.recorder;
        let kept = catch_unwind(AssertUnwindSafe(|| recorder.keep(records)))
            .unwrap_or_else(|panic| Err(format!("the recorder panicked ({})", panic_text(&*panic))));
        let happened = match (&kept, &keeper.failing) {
            (Ok(()), None) | (Err(_), Some(_)) => None,
            (Ok(()), Some(_)) => Some(Happening::KeptAgain),
            (Err(why), None) => Some(Happening::NotKept { why: why.clone() }),
        };
        if happened.is_some() {
            keeper.failing = kept.as_ref().err().cloned();
        }
        drop(keeper);
        if let Some(happened) = happened {
            self.say(happened);
        }
        kept
    }

    /// Why answers cannot be kept now.
    pub(super) fn not_kept(&self) -> Option<String> {
        self.keeper.lock().failing.clone()
    }

    /// Refuses requests that were admitted to a version that cannot answer any more; they are recorded too.
    pub(super) fn refuse_all(&self, version: &Version, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        let refusal = version.not_ready(&self.name);
        let why = refusal.to_string();
        let records: Vec<CallRecord<'_>> = jobs
            .iter()
            .map(|job| CallRecord {
                sequence: job.sequence,
                call: &job.call,
                version: &version.name,
                outcome: Err(&why),
                latency: job.call.received.elapsed(),
            })
            .collect();
        // They get no answer either way.
        self.keep(&records).ok();
        drop(records);
        for job in jobs {
            version.meter.lock().refused(&refusal);
            if let Purpose::Answer { reply, .. } = job.purpose {
                reply.give(Err(refusal.clone()));
            }
        }
    }

    pub(super) fn answered(&self, id: &Arc<str>, rows: usize) {
        self.shared.labels.answered(&self.name, id, rows);
    }

    pub(super) fn compared(&self, pair: &Pair<'_>) {
        let Some(sink) = &self.sink else { return };
        if catch_unwind(AssertUnwindSafe(|| sink.compared(pair))).is_err() {
            tracing::warn!(model = %self.name, "a comparison panicked");
        }
    }

    pub(super) fn labelled(&self, labels: &[Label]) {
        if let Some(sink) = &self.sink {
            sink.labelled(labels);
        }
    }

    pub(super) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    /// Hears how requests went, and takes the rollout back when the rule says so.
    pub(super) fn observe(self: &Arc<Self>, version: &str, answers: &[(bool, Duration)]) {
        let verdict = self.guard.lock().observe(version, answers);
        self.take_back(verdict);
    }

    /// Hears of a severe alert.
    pub(super) fn alert(self: &Arc<Self>, why: &str) {
        let verdict = self.guard.lock().alert(why);
        self.take_back(verdict);
    }

    fn take_back(self: &Arc<Self>, verdict: Option<(u64, String)>) {
        let Some((number, why)) = verdict else { return };
        if let Err(error) = self.roll_back(Some(number), why) {
            tracing::warn!(model = %self.name, %error, "the rollout could not be taken back");
        }
    }

    pub(super) fn set_rule(&self, rule: Option<RollbackRule>) {
        let mut guard = self.guard.lock();
        guard.set_rule(rule);
        self.watched.store(guard.watches(), Ordering::Relaxed);
    }

    fn begin_trial(&self, number: u64, fresh: Vec<Arc<str>>) {
        let mut guard = self.guard.lock();
        guard.begin(number, fresh);
        self.watched.store(guard.watches(), Ordering::Relaxed);
    }

    pub(super) fn versions(&self) -> Vec<Arc<Version>> {
        self.gate.lock().versions.clone()
    }

    pub(super) fn version(&self, name: &str) -> Result<Arc<Version>, Refusal> {
        let gate = self.gate.lock();
        gate.find(name).cloned().ok_or_else(|| gate.unknown(&self.name, name))
    }

    /// The version that a request would go to that names this one or none.
    pub(super) fn version_or_champion(&self, name: Option<&str>) -> Result<Arc<Version>, Refusal> {
        if let Some(name) = name {
            return self.version(name);
        }
        let gate = self.gate.lock();
        let champion = gate.champion.as_ref().or_else(|| gate.versions.first()).cloned();
        champion.ok_or_else(|| Refusal::NotReady {
            model: self.name.to_string(),
            why: "it has no version yet. Add one first.".to_owned(),
        })
    }

    /// Adds a version that is not loaded yet.
    ///
    /// # Errors
    /// When there is one of this name.
    pub(super) fn add(&self, version: Arc<Version>) -> Result<(), Refusal> {
        let mut gate = self.gate.lock();
        if gate.find(&version.name).is_some() {
            let why = "The model has a version of this name. Choose another name.".to_owned();
            return Err(Refusal::BadInput { field: version.name.to_string(), why });
        }
        gate.versions.push(version);
        Ok(())
    }

    /// Takes a version out of the list, when it has no part in the rollout.
    ///
    /// # Errors
    /// When it is unknown or has a part.
    pub(super) fn remove(&self, name: &str) -> Result<Arc<Version>, Refusal> {
        let mut gate = self.gate.lock();
        let Some(at) = gate.versions.iter().position(|v| *v.name == *name) else {
            return Err(gate.unknown(&self.name, name));
        };
        if gate.part(name) != Part::Standby {
            let why = "The version has a part in the rollout. Promote another one or end its part first.".to_owned();
            return Err(Refusal::BadInput { field: name.to_owned(), why });
        }
        Ok(gate.versions.remove(at))
    }

    pub(super) fn rollout(&self) -> (Rollout, Vec<Rollout>) {
        let gate = self.gate.lock();
        (gate.rollout.clone(), gate.history.clone())
    }

    /// The earlier rollouts, as they were kept before a restart.
    pub(super) fn set_history(&self, mut history: Vec<Rollout>) {
        let from = history.len().saturating_sub(HISTORY);
        history.drain(..from);
        self.gate.lock().history = history;
    }

    /// Lets another rollout hold: requests before go by the old one, requests after by the new one.
    ///
    /// # Errors
    /// When it names versions that are not there or not ready; then nothing changed.
    pub(super) fn roll_out(self: &Arc<Self>, change: impl FnOnce(&mut Rollout)) -> Result<(), Refusal> {
        let mut gate = self.gate.lock();
        let mut rollout = gate.rollout.clone();
        change(&mut rollout);
        if rollout == gate.rollout {
            return Ok(());
        }
        gate.check(&self.name, &rollout)?;
        let (before, fresh) = gate.install(rollout);
        if before.champion.is_some() {
            gate.history.push(before);
            if gate.history.len() > HISTORY {
                gate.history.remove(0);
            }
        }
        let champion = self.settle(gate, fresh);
        self.say(Happening::RolledOut { champion });
        Ok(())
    }

    /// Lets the rollout before hold again. With `number`, only if that is the one that holds.
    ///
    /// # Errors
    /// When there is none before, or its versions are not ready; then nothing changed.
    pub(super) fn roll_back(self: &Arc<Self>, number: Option<u64>, why: String) -> Result<(), Refusal> {
        let mut gate = self.gate.lock();
        if number.is_some_and(|number| number != gate.number) {
            return Ok(());
        }
        let Some(earlier) = gate.history.last().cloned() else {
            let why = "There is no earlier rollout to go back to.".to_owned();
            return Err(Refusal::BadInput { field: "rollout".to_owned(), why });
        };
        gate.check(&self.name, &earlier)?;
        gate.history.pop();
        gate.install(earlier);
        // What was good before is not on trial.
        let champion = self.settle(gate, Vec::new());
        self.say(Happening::RolledBack { champion, why });
        Ok(())
    }

    /// Ends a change of the rollout: settings and trials follow it.
    fn settle(self: &Arc<Self>, gate: parking_lot::MutexGuard<'_, Gate>, fresh: Vec<Arc<str>>) -> Option<Arc<str>> {
        let (champion, settings, number) = (gate.champion.clone(), gate.rollout.settings.clone(), gate.number);
        // In the order of rollouts, so under the lock.
        self.begin_trial(number, fresh);
        drop(gate);
        if let (Some(champion), Some(settings)) = (&champion, settings) {
            champion.configure(self, &settings);
        }
        champion.map(|champion| Arc::clone(&champion.name))
    }

    pub(super) fn info(&self) -> ModelInfo {
        let gate = self.gate.lock();
        let versions = gate
            .versions
            .iter()
            .map(|version| VersionInfo {
                version: Arc::clone(&version.name),
                state: version.state(),
                part: gate.part(&version.name),
                inputs: version.description.inputs.clone(),
                outputs: version.description.outputs.clone(),
                columns: version.description.columns.clone(),
                classes: version.description.classes.clone(),
            })
            .collect();
        ModelInfo { name: Arc::clone(&self.name), versions }
    }

    /// What is counted at the door.
    pub(super) fn counts(&self) -> Counts {
        let gate = self.gate.lock();
        let parts = gate.versions.iter().map(|v| (Arc::clone(v), gate.part(&v.name))).collect();
        let sequence = gate.sequence;
        drop(gate);
        Counts { next_sequence: sequence, versions: parts, errors: self.errors.lock().clone() }
    }
}
