//! A model stood up alone, to be measured: no endpoint, no capture, nobody who watches.

use std::sync::Arc;

use super::{ServedModel, ServedVersion, Service, ServicePlan};
use crate::deploy::serve::{Front, Hub, ServeSettings};
use crate::deploy::sizing::Setting;
use crate::model::{ModelFile, Runtime};

/// The name by which a model that is sized is asked.
pub const SIZED: &str = "model";

/// Starts a model with a setting and gives it ready to answer, under the name [`SIZED`]; letting it go ends it.
///
/// # Errors
/// When it does not load.
pub fn sized(file: &ModelFile, setting: &Setting, runtime: &'static Runtime) -> Result<Arc<dyn Front>, String> {
    let version = ServedVersion { version: "1".to_owned(), file: file.clone(), bound: None };
    let service = Service::start(ServicePlan {
        models: vec![ServedModel {
            name: SIZED.to_owned(),
            versions: vec![version],
            capture: None,
            tap: None,
            shadow_sink: None,
            rollback: None,
        }],
        settings: ServeSettings {
            workers: setting.workers,
            intra_threads: setting.threads,
            max_batch: setting.max_batch,
            max_wait_us: setting.max_wait_us,
            ..ServeSettings::default()
        },
        endpoint: None,
        on_event: Arc::new(|_| {}),
        runtime,
    })?;
    let front: Arc<dyn Front> = Arc::<Hub>::clone(service.hub());
    Ok(front)
}
