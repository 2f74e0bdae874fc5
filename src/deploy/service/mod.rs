//! A service: models behind a hub, each with a capture and labels, and an endpoint before it.
//!
//! Window and shell stand one up by the same code; what they watch it with is their own.

mod forget;
mod layout;
mod sized;
mod tap;
mod truths;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

pub use self::forget::{Gone, delete_kept};
pub use self::layout::bound_by_names;
use self::layout::layout;
pub use self::sized::{SIZED, sized};
pub use self::tap::{Kept, Tap};
use self::truths::Truths;
use super::capture::{Capture, CaptureSettings};
use super::http::{Endpoint, EndpointSettings, EndpointStats};
use super::serve::{
    Front, Hub, LabelStore, ModelPlan, OnEvent, Recorder, RollbackRule, RunnerFactory, ServeSettings, ShadowSink,
    VersionState,
};
use crate::model::{BoundModel, ModelFile, Runtime, SessionSettings};

/// How long a model may take to load.
const LOADING: Duration = Duration::from_mins(5);
/// How long a service may take to answer what it has taken, when it ends.
const ENDING: Duration = Duration::from_secs(10);

/// A version to serve.
#[derive(Clone, Debug)]
pub struct ServedVersion {
    /// Its name.
    pub version: String,
    /// The model.
    pub file: ModelFile,
    /// Its columns, when it is bound; without, it answers tensors only.
    pub bound: Option<BoundModel>,
}

/// A model to serve.
pub struct ServedModel {
    /// The name that callers use.
    pub name: String,
    /// Its versions; the last one is the champion.
    pub versions: Vec<ServedVersion>,
    /// Where requests and answers are kept; `None` keeps nothing.
    pub capture: Option<(PathBuf, CaptureSettings)>,
    /// Sees what was kept.
    pub tap: Option<Tap>,
    /// Takes what shadows answered.
    pub shadow_sink: Option<Arc<dyn ShadowSink>>,
    /// When a rollout is taken back by itself.
    pub rollback: Option<RollbackRule>,
}

/// What to stand up.
pub struct ServicePlan {
    /// The models.
    pub models: Vec<ServedModel>,
    /// How each version is served.
    pub settings: ServeSettings,
    /// The endpoint; `None` leaves the models to feeds of this program.
    pub endpoint: Option<EndpointSettings>,
    /// Hears what happens.
    pub on_event: OnEvent,
    /// The loaded library.
    pub runtime: &'static Runtime,
}

/// A service at work. Dropping it ends it.
pub struct Service {
    endpoint: Mutex<Option<Endpoint>>,
    hub: Arc<Hub>,
    captures: Vec<(String, Arc<Capture>)>,
    truths: Arc<Truths>,
    notes: Vec<String>,
    runtime: &'static Runtime,
    settings: ServeSettings,
}

/// Keeps nothing, for a service without a capture.
struct Nowhere;

impl Recorder for Nowhere {
    fn keep(&mut self, _records: &[super::serve::CallRecord<'_>]) -> Result<(), String> {
        Ok(())
    }
}

impl Service {
    /// Opens the captures, loads the models and takes the port, in this order, so that the first caller finds
    /// everything ready.
    ///
    /// # Errors
    /// The first thing that cannot be done, as a sentence; then nothing is left standing.
    pub fn start(plan: ServicePlan) -> Result<Self, String> {
        let mut captures = Vec::new();
        let mut notes = Vec::new();
        for model in &plan.models {
            if let Some((folder, settings)) = &model.capture {
                let capture = Capture::open(folder, settings.clone()).map_err(|error| error.to_string())?;
                notes.extend(capture.repaired().sentences());
                captures.push((model.name.clone(), Arc::new(capture)));
            }
        }
        let truths = Arc::new(Truths::open(&captures)?);
        let labels: Arc<dyn LabelStore> = Arc::<Truths>::clone(&truths);
        let hub = Arc::new(Hub::new(plan.on_event, labels));
        let (endpoint, runtime, settings) = (Mutex::new(None), plan.runtime, plan.settings);
        let mut service = Self { endpoint, hub, captures, truths, notes, runtime, settings };
        for model in plan.models {
            service.add(model)?;
        }
        if let Some(endpoint) = plan.endpoint {
            let front: Arc<dyn Front> = Arc::<Hub>::clone(&service.hub);
            let started = Endpoint::start(endpoint, front).map_err(|error| error.to_string())?;
            *service.endpoint.lock() = Some(started);
        }
        Ok(service)
    }

    fn add(&mut self, model: ServedModel) -> Result<(), String> {
        let ServedModel { name, versions, tap, shadow_sink, rollback, .. } = model;
        let capture = self.captures.iter().find(|(of, _)| *of == name).map(|(_, capture)| capture);
        let recorder: Box<dyn Recorder> = match capture {
            Some(capture) => Box::new(capture.recorder()),
            None => Box::new(Nowhere),
        };
        let recorder = match tap {
            Some(tap) => tap.over(recorder),
            None => recorder,
        };
        let first_sequence = capture.map_or(0, |capture| capture.next_sequence());
        let plan = ModelPlan { name: name.clone(), recorder, shadow_sink, first_sequence, rollback };
        self.hub.add_model(plan).map_err(|refusal| refusal.to_string())?;
        let last = versions.last().map(|version| version.version.clone());
        for version in versions {
            self.add_version(&name, version)?;
        }
        match last {
            Some(last) => self.hub.promote(&name, &last, None).map_err(|refusal| refusal.to_string()),
            None => Ok(()),
        }
    }

    /// Adds a version to a served model and waits until it answers.
    ///
    /// # Errors
    /// When the model is unknown, there is such a version, or it does not load; then it is not there.
    pub fn add_version(&self, model: &str, version: ServedVersion) -> Result<(), String> {
        let ServedVersion { version, file, bound } = version;
        if let Some((_, capture)) = self.captures.iter().find(|(of, _)| of == model) {
            capture.name_columns(&version, layout(&file, bound.as_ref())).map_err(|error| error.to_string())?;
        }
        let factory = RunnerFactory { file, bound, session: SessionSettings::default(), runtime: self.runtime };
        let said = |refusal: super::serve::Refusal| refusal.to_string();
        self.hub.add_version(model, &version, Arc::new(factory), self.settings.clone()).map_err(said)?;
        match self.hub.wait_loaded(model, &version, LOADING).map_err(said)? {
            VersionState::Ready => Ok(()),
            VersionState::Failed { why } => {
                // A version that never answered leaves no trace.
                self.hub.remove_version(model, &version).ok();
                Err(why)
            }
            _ => {
                self.hub.remove_version(model, &version).ok();
                Err(format!("Version “{version}” of “{model}” was not loaded within five minutes."))
            }
        }
    }

    /// The models.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Where the endpoint listens, when there is one.
    pub fn endpoint_address(&self) -> Option<SocketAddr> {
        self.endpoint.lock().as_ref().map(Endpoint::address)
    }

    /// The endpoint's numbers.
    pub fn endpoint_stats(&self) -> Option<EndpointStats> {
        self.endpoint.lock().as_ref().map(Endpoint::stats)
    }

    /// The capture of a model.
    pub fn capture(&self, model: &str) -> Option<&Arc<Capture>> {
        self.captures.iter().find(|(of, _)| of == model).map(|(_, capture)| capture)
    }

    /// What a person should know of the start, such as what was repaired; sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Takes nothing more, answers what was taken, and seals the captures. What did not end in time or cannot be sealed
    /// is told.
    pub fn stop(&self) -> Vec<String> {
        let endpoint = self.endpoint.lock().take();
        if let Some(endpoint) = endpoint {
            endpoint.stop();
        }
        let mut problems = Vec::new();
        if !self.hub.stop(ENDING) {
            problems.push("A model did not answer in time; what waited for it was refused.".to_owned());
        }
        for (_, capture) in &self.captures {
            problems.extend(capture.seal_now().err().map(|error| error.to_string()));
        }
        problems
    }
}
