//! A version of a model, from loading to unloading.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::call::Refusal;
use super::engine::{Description, TensorEngineFactory};
use super::event::Happening;
use super::front::VersionState;
use super::meter::Meter;
use super::model::Model;
use super::queue::Queue;
use super::settings::ServeSettings;
use super::worker::Worker;

/// How long a worker may take to load.
pub(super) const LOADING: Duration = Duration::from_mins(5);

/// A version: what opens it, its queue, its workers and its figures.
pub(super) struct Version {
    pub name: Arc<str>,
    pub description: Description,
    pub factory: Arc<dyn TensorEngineFactory>,
    pub queue: Queue,
    pub meter: Mutex<Meter>,
    settings: Mutex<ServeSettings>,
    state: Mutex<VersionState>,
    moved: Condvar,
    ready: AtomicBool,
    /// The workers' threads; held while the version is loaded or unloaded, so that one happens after the other.
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Workers that still load for the first time.
    loading: AtomicUsize,
    /// Whether some output cannot be cut into the answers of several requests.
    pub apart: AtomicBool,
    /// Counts changes for which engines must be opened again.
    pub generation: AtomicU64,
}

impl Version {
    pub(super) fn new(name: Arc<str>, factory: Arc<dyn TensorEngineFactory>, settings: ServeSettings) -> Self {
        Self {
            name,
            description: factory.describe(),
            factory,
            queue: Queue::new(settings.clone()),
            meter: Mutex::new(Meter::new(Instant::now())),
            settings: Mutex::new(settings),
            state: Mutex::new(VersionState::Unloaded),
            moved: Condvar::new(),
            ready: AtomicBool::new(false),
            threads: Mutex::default(),
            loading: AtomicUsize::new(0),
            apart: AtomicBool::new(false),
            generation: AtomicU64::new(0),
        }
    }

    pub(super) fn state(&self) -> VersionState {
        self.state.lock().clone()
    }

    pub(super) fn settings(&self) -> ServeSettings {
        self.settings.lock().clone()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Why it does not answer now.
    pub(super) fn not_ready(&self, model: &str) -> Refusal {
        let why = match self.state() {
            VersionState::Loading => "it is loading. Try again in a moment.".to_owned(),
            VersionState::Unloading => "it is being unloaded.".to_owned(),
            VersionState::Ready | VersionState::Unloaded => "it is unloaded. Load it first.".to_owned(),
            VersionState::Failed { why } => why,
        };
        Refusal::NotReady { model: model.to_owned(), why }
    }

    fn set(&self, state: VersionState) {
        let mut held = self.state.lock();
        self.ready.store(state == VersionState::Ready, Ordering::Release);
        *held = state;
        drop(held);
        self.moved.notify_all();
    }

    /// Starts the workers; they load the model in the background. Nothing happens when they are there.
    pub(super) fn start(self: &Arc<Self>, model: &Arc<Model>) {
        let mut threads = self.threads.lock();
        if matches!(self.state(), VersionState::Loading | VersionState::Ready | VersionState::Unloading) {
            return;
        }
        // Workers of a load that failed may still be at it.
        if !self.queue.wait_ended(Instant::now() + LOADING) {
            return;
        }
        threads.retain(|thread| !thread.is_finished());
        self.set(VersionState::Loading);
        self.apart.store(false, Ordering::Relaxed);
        self.queue.configure(&self.settings());
        self.queue.open();
        let missing = self.queue.enter();
        self.loading.store(missing.len(), Ordering::Release);
        for index in missing {
            self.spawn(model, &mut threads, index, true);
        }
    }

    fn spawn(self: &Arc<Self>, model: &Arc<Model>, threads: &mut Vec<JoinHandle<()>>, index: usize, first: bool) {
        let worker = Worker::new(Arc::clone(model), Arc::clone(self), index, first);
        let name = format!("serve-{}-{}-{index}", model.name, self.name);
        match std::thread::Builder::new().name(name).spawn(move || worker.run()) {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                self.queue.leave(index);
                self.fail(
                    model,
                    format!("No thread could be started: {error}. Close other programs or use fewer workers."),
                );
            }
        }
    }

    /// A worker has loaded the model for the first time.
    pub(super) fn loaded(&self, model: &Model) {
        if self.loading.fetch_sub(1, Ordering::AcqRel) != 1 {
            return;
        }
        let mut state = self.state.lock();
        if *state == VersionState::Loading {
            *state = VersionState::Ready;
            self.ready.store(true, Ordering::Release);
            drop(state);
            model.say(Happening::Ready { version: Arc::clone(&self.name) });
            self.moved.notify_all();
        }
    }

    /// It cannot answer any more; what waits is refused.
    pub(super) fn fail(&self, model: &Model, why: String) {
        self.set(VersionState::Failed { why: why.clone() });
        self.queue.close();
        model.refuse_all(self, self.queue.clear());
        model.say(Happening::Failed { version: Arc::clone(&self.name), why });
    }

    /// Waits until it answers, failed or was unloaded; gives what it is at then or when the time passed.
    pub(super) fn wait(&self, until: Instant) -> VersionState {
        let mut state = self.state.lock();
        while matches!(*state, VersionState::Loading | VersionState::Unloading) {
            if self.moved.wait_until(&mut state, until).timed_out() {
                break;
            }
        }
        state.clone()
    }

    /// Other settings from now on. Workers are started or end; engines are opened again when their threads change.
    pub(super) fn configure(self: &Arc<Self>, model: &Arc<Model>, settings: &ServeSettings) {
        let mut threads = self.threads.lock();
        let before = std::mem::replace(&mut *self.settings.lock(), settings.clone());
        if before == *settings {
            return;
        }
        if before.intra_threads != settings.intra_threads {
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        self.queue.configure(settings);
        threads.retain(|thread| !thread.is_finished());
        if self.state() == VersionState::Ready {
            for index in self.queue.enter() {
                self.spawn(model, &mut threads, index, false);
            }
        }
    }

    /// Takes nothing more, answers what it has taken, and lets go of the model; `false` when a worker did not end in time.
    /// What waited then was refused.
    pub(super) fn unload(&self, model: &Model, until: Instant) -> bool {
        let mut threads = self.threads.lock();
        if self.state() == VersionState::Unloaded {
            return true;
        }
        self.set(VersionState::Unloading);
        self.queue.close();
        // A worker that unloads its own version, as by dropping the hub, cannot wait for itself; it ends by itself.
        let own = std::thread::current().id();
        if threads.iter().any(|thread| thread.thread().id() == own) {
            return false;
        }
        if !self.queue.wait_ended(until) {
            model.refuse_all(self, self.queue.clear());
            return false;
        }
        for thread in threads.drain(..) {
            if thread.join().is_err() {
                tracing::warn!(version = %self.name, "a worker's thread ended with a panic");
            }
        }
        model.refuse_all(self, self.queue.clear());
        self.set(VersionState::Unloaded);
        model.say(Happening::Unloaded { version: Arc::clone(&self.name) });
        true
    }
}
