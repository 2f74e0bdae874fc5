//! Served deployments: a validated model behind an endpoint, measured as it answers, with its versions and their
//! rollout.

mod calls;
mod figures;
mod forget;
mod measure;
mod request;
mod rollouts;
mod start;
mod tries;
mod view;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;

use self::measure::Versions;
pub use self::request::{HttpRequest, RolloutChange, Source};
pub(super) use self::start::{Ready, stand_up};
pub use self::view::{CaptureView, ServedVersionView, ServingView, Tried, TriedAnswer, TriedCalls};
use crate::deploy::serve::ShadowComparer;
use crate::deploy::service::Service;

/// The feed of rows that are tried by hand: kept like any other, and left out of the monitor.
const BY_HAND: &str = "window";

/// A service that belongs to this session.
pub(super) struct Served {
    /// The name that callers use.
    pub(super) name: String,
    /// `None` once it is ending.
    service: Option<Arc<Service>>,
    versions: Arc<Mutex<Vec<ServedVersionView>>>,
    readers: Arc<Versions>,
    comparer: Arc<ShadowComparer>,
    /// Numbers of versions that were given out: none is used again, because the capture knows them by it.
    numbers: Arc<AtomicU32>,
    /// Where answers are kept, until the deployment itself is.
    unkept: Option<PathBuf>,
    /// Dropped once the service is gone and its files are closed.
    bolt: Option<crossbeam_channel::Sender<()>>,
    /// Dropping it ends the thread that looks at the numbers.
    _over: crossbeam_channel::Sender<()>,
}

impl Drop for Served {
    /// What never became a deployment leaves no folder behind.
    fn drop(&mut self) {
        if let Some(folder) = self.unkept.take() {
            drop(self.service.take());
            if let Err(error) = std::fs::remove_dir_all(&folder) {
                tracing::warn!("the folder of a deployment that was not started stays: {error}");
            }
        }
    }
}

impl Served {
    /// The service, unless it is ending.
    pub(super) fn service(&self) -> Option<&Arc<Service>> {
        self.service.as_ref()
    }

    /// The deployment is in the workspace: from now on its folder belongs to it.
    pub(super) fn is_kept(&mut self) {
        self.unkept = None;
    }

    /// The number of a new version.
    fn next_number(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Holds the workers, or lets them go on.
    pub(super) fn pause(&self, paused: bool) {
        if let Some(service) = &self.service {
            service.hub().pause(&self.name, paused).ok();
        }
    }

    /// Lets it answer what it has taken, on a thread of its own; what it measured follows as of any deployment.
    pub(super) fn begin_stop(&mut self) {
        let Some(service) = self.service.take() else { return };
        let name = self.name.clone();
        let bolt = self.bolt.take();
        let stop = move || {
            for problem in service.stop() {
                tracing::warn!("“{name}”: {problem}");
            }
            drop(service);
            drop(bolt);
        };
        // Without a thread it ends here and now.
        if let Err(error) = std::thread::Builder::new().name("stopping".to_owned()).spawn(stop) {
            tracing::error!("a service ended without waiting for its answers: {error}");
        }
    }
}
