//! From a bound and measured model to a service that answers.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use crossbeam_channel::{Sender, bounded};
use parking_lot::Mutex;

use super::figures::Watching;
use super::measure::{Measuring, Versions, WAITING};
use super::{HttpRequest, Served, ServedVersionView};
use crate::backend::command::DeploymentId;
use crate::backend::outbox::Outbox;
use crate::backend::service::Internal;
use crate::deploy::DeployEvent;
use crate::deploy::capture::CaptureSettings;
use crate::deploy::http::{EndpointSettings, Token};
use crate::deploy::serve::{CompareSettings, Happening, RollbackRule, ServeEvent, ShadowComparer};
use crate::deploy::service::{ServedModel, ServedVersion, Service, ServicePlan, Tap};
use crate::model::{BoundModel, Runtime};
use crate::monitor::{Monitor, MonitorSettings, ReferenceProfile};

/// Everything that a service is made of.
pub(in crate::backend) struct Ready {
    pub(in crate::backend) id: DeploymentId,
    pub(in crate::backend) http: HttpRequest,
    pub(in crate::backend) bound: BoundModel,
    pub(in crate::backend) first: ServedVersionView,
    pub(in crate::backend) profile: Arc<ReferenceProfile>,
    pub(in crate::backend) capture: PathBuf,
    pub(in crate::backend) runtime: &'static Runtime,
    pub(in crate::backend) internal: Sender<Internal>,
    pub(in crate::backend) outbox: Arc<Outbox>,
    pub(in crate::backend) started_at_ms: i64,
}

/// Starts the service with the threads that measure and watch it; it loads the model, so it is called by a job.
///
/// # Errors
/// What cannot be done, as a sentence; then nothing is left standing.
pub(in crate::backend) fn stand_up(ready: Ready) -> Result<Served, String> {
    let Ready { id, http, bound, first, profile, capture, runtime, internal, outbox, started_at_ms } = ready;
    let endpoint = endpoint(&http)?;
    let token = endpoint.token.is_some();
    let (tap, kept) = bounded(WAITING);
    let (bolt, bolted) = bounded(0);
    let readers = Arc::new(Versions::default());
    readers.add(&first.version, bound.clone());
    let comparer = Arc::new(ShadowComparer::new(CompareSettings::default()));
    comparer.know(&first.version, bound.file().clone());
    let measuring = Measuring {
        id: id.clone(),
        internal: internal.clone(),
        kept,
        versions: Arc::clone(&readers),
        monitor: Monitor::new(profile, MonitorSettings::default()),
        bolted,
    };
    let folder = capture.clone();
    let no_thread = |error: std::io::Error| format!("No thread could be started: {error}. Close other programs.");
    let told = id.clone();
    let started = Service::start(ServicePlan {
        models: vec![ServedModel {
            name: http.name.clone(),
            versions: vec![ServedVersion {
                version: first.version.clone(),
                file: bound.file().clone(),
                bound: Some(bound),
            }],
            capture: Some((capture, CaptureSettings::default())),
            tap: Some(Tap(tap)),
            shadow_sink: Some(Arc::<ShadowComparer>::clone(&comparer)),
            rollback: Some(RollbackRule::default()),
        }],
        settings: http.settings.clone(),
        endpoint: Some(endpoint),
        on_event: Arc::new(move |event| {
            if let Some(event) = heard(event) {
                // A worker must not wait for the backend; what does not fit is in the log.
                internal.try_send(Internal::Deployment(told.clone(), event)).ok();
            }
        }),
        runtime,
    });
    let service = match started {
        Ok(service) => Arc::new(service),
        Err(why) => {
            // Nothing was answered, so nothing is lost with it.
            std::fs::remove_dir_all(&folder).ok();
            return Err(why);
        }
    };
    let versions = Arc::new(Mutex::new(vec![first]));
    let (over, ends) = bounded(0);
    let served = Served {
        name: http.name.clone(),
        service: Some(Arc::clone(&service)),
        versions: Arc::clone(&versions),
        readers,
        comparer: Arc::clone(&comparer),
        numbers: Arc::new(AtomicU32::new(1)),
        unkept: Some(folder),
        bolt: Some(bolt),
        _over: over,
    };
    // Started last: before, a failure would be reported as the end of a deployment that never was.
    let name = format!("monitor-{id}");
    std::thread::Builder::new().name(name).spawn(move || measuring.run()).map_err(no_thread)?;
    let watching = Watching {
        id: id.clone(),
        name: http.name.clone(),
        token,
        service: Arc::downgrade(&service),
        outbox,
        versions,
        comparer,
        started_at_ms,
        over: ends,
    };
    std::thread::Builder::new().name(format!("figures-{id}")).spawn(move || watching.run()).map_err(no_thread)?;
    Ok(served)
}

fn endpoint(http: &HttpRequest) -> Result<EndpointSettings, String> {
    if let Some((_, why)) = http.problems().into_iter().next() {
        return Err(format!("{why}."));
    }
    let token = match &http.token_file {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("The file with the token could not be read: {error}. {}", path.display()))?;
            Some(Token::new(&text).map_err(|error| error.to_string())?)
        }
    };
    let address = http.address.parse().map_err(|_| "The address cannot be understood.".to_owned())?;
    Ok(EndpointSettings {
        address,
        port: http.port,
        open_to_network: http.open_to_network,
        token,
        ..EndpointSettings::default()
    })
}

/// What a person should hear of, in the words of any deployment.
fn heard(event: ServeEvent) -> Option<DeployEvent> {
    match event.what {
        Happening::WorkerRestarted { why, .. } => Some(DeployEvent::WorkerRestarted { why }),
        Happening::QueueFull { .. } => Some(DeployEvent::QueueFull),
        Happening::WorkerLost { version, why } => {
            Some(DeployEvent::Said { why: format!("A worker of version “{version}” is lost: {why}"), bad: true })
        }
        Happening::Failed { version, why } => {
            Some(DeployEvent::Said { why: format!("Version “{version}” cannot answer: {why}"), bad: true })
        }
        Happening::NotKept { why } => {
            Some(DeployEvent::Said { why: format!("No answer is given, because none can be kept. {why}"), bad: true })
        }
        Happening::KeptAgain => {
            Some(DeployEvent::Said { why: "Answers are kept and given again.".to_owned(), bad: false })
        }
        Happening::RolledBack { why, champion } => {
            let champion = champion.as_deref().unwrap_or("none").to_owned();
            Some(DeployEvent::RolledBack { champion, why })
        }
        Happening::Ready { .. } | Happening::Unloaded { .. } | Happening::RolledOut { .. } => None,
    }
}
