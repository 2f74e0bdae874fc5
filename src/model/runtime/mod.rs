//! The ONNX Runtime library: finding, installing, trying and loading it.
//!
//! Nothing else of the `ort` crate may be touched before [`ensure_loaded`] has succeeded, because it would panic;
//! what it returns is the proof. One library is loaded per process; changing it takes a restart. The variable
//! `ORT_DISABLE_TELEMETRY` must be set by `main` before any thread starts.

mod fetch;
mod find;
mod header;
mod install;
pub mod pins;
pub mod probe;
mod settings;

pub use fetch::{FetchError, Fetcher, PackageTools};
pub use find::RuntimeSource;
pub use install::{Step, Unwatched, Watch, install, install_with};

use super::error::RuntimeError;
use find::Candidate;
use parking_lot::Mutex;
use pins::Pin;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Where the runtime library is kept and looked for.
#[derive(Clone, Debug)]
pub struct RuntimeHome {
    /// The user's data folder; the library lies in `runtime/` inside it.
    pub folder: PathBuf,
    /// The program that can try a library; `None` for this program itself.
    pub probe: Option<PathBuf>,
    /// Whether places outside the folder are looked at too: variables, the program's folder, Python, the system.
    pub looks_outside: bool,
    /// The builds that may be installed.
    pub pins: Vec<Pin>,
}

impl RuntimeHome {
    /// The user's data folder, or the folder named by `MODELDECK_RUNTIME_HOME`.
    ///
    /// # Errors
    /// When there is neither.
    pub fn user() -> Result<Self, RuntimeError> {
        if let Some(folder) = std::env::var_os("MODELDECK_RUNTIME_HOME").filter(|f| !f.is_empty()) {
            return Ok(Self::at(PathBuf::from(folder)));
        }
        directories::ProjectDirs::from("", "", "modeldeck")
            .map(|dirs| Self::at(dirs.data_dir().to_path_buf()))
            .ok_or(RuntimeError::NoHome)
    }

    /// A folder of its own.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder, probe: None, looks_outside: true, pins: pins::for_this_machine() }
    }

    /// Tries libraries with another program than this one.
    pub fn with_probe(mut self, program: PathBuf) -> Self {
        self.probe = Some(program);
        self
    }

    /// Looks nowhere but in the folder.
    pub fn alone(mut self) -> Self {
        self.looks_outside = false;
        self
    }

    /// The folder with the library and its settings.
    pub fn runtime_folder(&self) -> PathBuf {
        self.folder.join("runtime")
    }
}

/// A library that can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimePlace {
    /// The library file.
    pub path: PathBuf,
    /// Its version, or `unknown`.
    pub version: String,
    /// How it was found.
    pub source: RuntimeSource,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub sha256: String,
}

/// A place that was looked at and what was wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedIn {
    /// The file.
    pub path: PathBuf,
    /// How it was found.
    pub source: RuntimeSource,
    /// Why it is not used, as a sentence.
    pub why_not: String,
}

/// Whether models can be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RuntimeStatus {
    /// They can.
    Ready(RuntimePlace),
    /// There is no library that could be used.
    Missing {
        /// Libraries that were found and passed over.
        looked_in: Vec<LookedIn>,
        /// What to do, as a sentence.
        way_out: String,
    },
    /// A library that was chosen or installed cannot be used.
    Broken {
        /// Why, and what to do, as a sentence.
        sentence: String,
        /// All that was looked at.
        looked_in: Vec<LookedIn>,
    },
}

impl RuntimeStatus {
    /// The library, when there is one.
    pub fn ready(&self) -> Option<&RuntimePlace> {
        match self {
            Self::Ready(place) => Some(place),
            Self::Missing { .. } | Self::Broken { .. } => None,
        }
    }
}

/// The loaded runtime: proof that `ort` may be used, and the environment sessions are made in.
#[derive(Debug)]
pub struct Runtime {
    environment: ort::environment::Environment,
    place: RuntimePlace,
}

static LOADED: OnceLock<Runtime> = OnceLock::new();

impl Runtime {
    /// The library that is loaded.
    pub fn place(&self) -> &RuntimePlace {
        &self.place
    }

    /// The environment sessions are made in.
    pub fn environment(&self) -> &ort::environment::Environment {
        &self.environment
    }

    /// The runtime of this process, if one was loaded already.
    pub fn loaded() -> Option<&'static Self> {
        LOADED.get()
    }
}

/// The loaded library, else the one that would be loaded. May take a second: trying a library takes a process.
pub fn status(home: &RuntimeHome) -> RuntimeStatus {
    match Runtime::loaded() {
        Some(runtime) => RuntimeStatus::Ready(runtime.place.clone()),
        None => look(home),
    }
}

/// The library that would be loaded after a restart, whatever is loaded now.
pub fn look(home: &RuntimeHome) -> RuntimeStatus {
    match resolve(home) {
        Ok(place) => RuntimeStatus::Ready(place),
        Err((RuntimeError::Missing, looked_in)) => {
            RuntimeStatus::Missing { looked_in, way_out: RuntimeError::Missing.to_string() }
        }
        Err((error, looked_in)) => RuntimeStatus::Broken { sentence: error.to_string(), looked_in },
    }
}

/// The first candidate that can be used.
fn resolve(home: &RuntimeHome) -> Result<RuntimePlace, (RuntimeError, Vec<LookedIn>)> {
    let mut looked_in = Vec::new();
    let mut own_is_broken = None;
    for candidate in find::candidates(home) {
        let error = match check(home, &candidate) {
            Ok(place) => return Ok(place),
            Err(error) => error,
        };
        looked_in.push(LookedIn { path: candidate.path.clone(), source: candidate.source, why_not: error.to_string() });
        if candidate.source.is_asked_for() {
            return Err((error, looked_in));
        }
        if candidate.source == RuntimeSource::Installed {
            own_is_broken.get_or_insert(error);
        }
    }
    Err((own_is_broken.unwrap_or(RuntimeError::Missing), looked_in))
}

fn check(home: &RuntimeHome, candidate: &Candidate) -> Result<RuntimePlace, RuntimeError> {
    header::check(&candidate.path)?;
    let print = find::fingerprint(&candidate.path)?;
    let version = match &candidate.pin {
        Some(pin) if print.sha256 == *pin.library_sha256 => pin.version.to_string(),
        Some(_) => {
            return Err(RuntimeError::Damaged {
                reason: "it is not the file that was installed".to_owned(),
                path: candidate.path.clone(),
            });
        }
        None => {
            probe::probe(home.probe.as_deref(), &candidate.path)?;
            print.version
        }
    };
    Ok(RuntimePlace { path: candidate.path.clone(), version, source: candidate.source, sha256: print.sha256 })
}

/// Uses a library from now on: tries it in a process of its own and remembers it. A loaded one stays until a restart.
///
/// # Errors
/// When the library is missing, foreign, damaged or too old, or the choice cannot be written; the old choice stays.
pub fn use_library(home: &RuntimeHome, path: &Path) -> Result<RuntimePlace, RuntimeError> {
    let path = std::path::absolute(path).map_err(|e| RuntimeError::io("Finding the library", path, &e))?;
    let candidate = Candidate { path, source: RuntimeSource::Chosen, pin: None };
    let place = check(home, &candidate)?;
    settings::write(
        &home.runtime_folder(),
        Some(settings::Chosen {
            path: place.path.clone(),
            sha256: place.sha256.clone(),
            version: place.version.clone(),
        }),
    )?;
    Ok(place)
}

/// Loads the runtime, once per process; later calls return the same one, whatever `home` says.
///
/// # Errors
/// When no library can be used. Nothing is remembered then, so that it may be called again after an installation.
pub fn ensure_loaded(home: &RuntimeHome) -> Result<&'static Runtime, RuntimeError> {
    static GATE: Mutex<()> = Mutex::new(());
    if let Some(runtime) = LOADED.get() {
        return Ok(runtime);
    }
    let _gate = GATE.lock();
    if let Some(runtime) = LOADED.get() {
        return Ok(runtime);
    }
    let place = resolve(home).map_err(|(error, _)| error)?;
    let environment = start(&place)?;
    Ok(LOADED.get_or_init(|| Runtime { environment, place }))
}

fn start(place: &RuntimePlace) -> Result<ort::environment::Environment, RuntimeError> {
    let builder = ort::init_from(&place.path).map_err(|error| match error {
        ort::LoadDynamicError::MissingApi { .. } | ort::LoadDynamicError::InvalidVersionString => {
            RuntimeError::NotOnnxRuntime { path: place.path.clone() }
        }
        ort::LoadDynamicError::BadVersion { version_str, .. } => {
            RuntimeError::TooOld { found: version_str, path: place.path.clone() }
        }
        other @ ort::LoadDynamicError::Dlopen { .. } => {
            RuntimeError::Damaged { reason: other.to_string(), path: place.path.clone() }
        }
    })?;
    let environment = builder
        .with_name("modeldeck")
        .with_telemetry(false)
        .with_logger(Arc::new(log))
        .build()
        .map_err(|e| RuntimeError::Start { reason: e.message().to_owned() })?;
    environment.set_log_level(ort::logging::LogLevel::Warning);
    Ok(environment)
}

/// The runtime's own log lines go where all others go.
fn log(level: ort::logging::LogLevel, _category: &str, id: &str, _place: &str, message: &str) {
    use ort::logging::LogLevel;
    // LightGBM's converter declares the label's shape wrongly, which would be said again with every batch.
    let is_expected = message.contains("Expected shape from model of");
    match level {
        LogLevel::Warning if !is_expected => tracing::warn!(target: "onnxruntime", id, "{message}"),
        LogLevel::Error | LogLevel::Fatal => tracing::error!(target: "onnxruntime", id, "{message}"),
        LogLevel::Verbose | LogLevel::Info | LogLevel::Warning => {
            tracing::debug!(target: "onnxruntime", id, "{message}");
        }
    }
}
