//! Finding, fetching and choosing ONNX Runtime.

use std::path::PathBuf;

use super::event::JobTopic;
use super::jobs::{JobHandle, Outcome};
use super::service::Service;
use super::state::RuntimeView;
use crate::data::watch::Watch as _;
use crate::model::runtime::{self, RuntimePlace, RuntimeStatus, Step, Watch};
use crate::model::{RuntimeError, RuntimeHome};

impl Watch for JobHandle {
    fn step(&self, step: &Step) {
        self.progress(step.share());
    }

    fn cancelled(&self) -> bool {
        crate::data::watch::Watch::cancelled(self)
    }
}

impl RuntimeView {
    fn of_place(place: &RuntimePlace) -> Self {
        Self::Ready {
            version: place.version.clone(),
            path: place.path.clone(),
            source: place.source.words().to_owned(),
        }
    }
}

/// Looks for the library and loads it, so that “ready” means that it was loaded.
fn load(home: &RuntimeHome) -> RuntimeView {
    match runtime::status(home) {
        RuntimeStatus::Ready(_) => match runtime::ensure_loaded(home) {
            Ok(runtime) => RuntimeView::of_place(runtime.place()),
            Err(error) => RuntimeView::Broken { why: error.to_string() },
        },
        RuntimeStatus::Missing { way_out, .. } => RuntimeView::Missing { way_out },
        RuntimeStatus::Broken { sentence, .. } => RuntimeView::Broken { why: sentence },
    }
}

impl Service {
    /// Looks for the library at the start.
    pub(super) fn find_runtime(&mut self) {
        self.state.runtime = RuntimeView::Working;
        self.touch();
        let home = self.options.runtime_home.clone();
        let install = self.options.install_runtime;
        self.start_job(JobTopic::Runtime, "Looking for ONNX Runtime", move |_| -> Outcome {
            let found = load(&home);
            Box::new(move |service| {
                service.state.runtime = found;
                service.touch();
                if install && matches!(service.state.runtime, RuntimeView::Missing { .. }) {
                    service.install_runtime();
                } else {
                    service.runtime_changed();
                }
            })
        });
    }

    /// Fetches the pinned library.
    pub(super) fn install_runtime(&mut self) {
        if self.jobs.is_running(&JobTopic::Runtime) {
            return;
        }
        let before = std::mem::replace(&mut self.state.runtime, RuntimeView::Working);
        self.touch();
        let home = self.options.runtime_home.clone();
        self.start_job(JobTopic::Runtime, "Installing ONNX Runtime 1.28.0 (19 MB)", move |handle| -> Outcome {
            let result = runtime::install(&home, handle);
            let view = match &result {
                Ok(_) => load(&home),
                Err(_) => before,
            };
            Box::new(move |service| service.runtime_installed(result.err(), view))
        });
    }

    /// Tries a library of the person's own, then keeps it.
    pub(super) fn use_runtime(&mut self, path: PathBuf) {
        let before = std::mem::replace(&mut self.state.runtime, RuntimeView::Working);
        self.touch();
        let home = self.options.runtime_home.clone();
        self.start_job(JobTopic::Runtime, "Trying the ONNX Runtime library", move |_| -> Outcome {
            let result = runtime::use_library(&home, &path);
            let view = match &result {
                Ok(_) => load(&home),
                Err(_) => before,
            };
            let other = result.as_ref().is_ok_and(|chosen| {
                runtime::Runtime::loaded().is_some_and(|loaded| loaded.place().path != chosen.path)
            });
            Box::new(move |service| {
                if other {
                    service.info(
                        "The library is kept and will be used from the next start on; one process can hold only one.",
                    );
                }
                service.runtime_installed(result.err(), view);
            })
        });
    }

    fn runtime_installed(&mut self, error: Option<RuntimeError>, view: RuntimeView) {
        if let Some(error) = error {
            self.error(error.to_string());
        } else if let RuntimeView::Ready { version, .. } = &view {
            let text = format!("ONNX Runtime {version} is ready");
            self.info(text);
        }
        // After a failed try the view is as before; “working” would never end.
        self.state.runtime = if view == RuntimeView::Working { load(&self.options.runtime_home) } else { view };
        self.touch();
        self.runtime_changed();
    }

    /// Whatever waited for the library goes on.
    fn runtime_changed(&mut self) {
        if let Some(preparation) = self.state.preparation.clone() {
            self.prepare(preparation.asked.clone());
        }
    }
}
