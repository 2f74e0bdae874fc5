//! Trying a library in a process of its own, because a damaged one kills the process that loads it.

use crate::model::error::RuntimeError;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The argument with which the program is started to try a library; the library's path follows it.
pub const ARGUMENT: &str = "--probe-runtime";

/// How long a library may take to load.
const LIMIT: Duration = Duration::from_secs(10);

/// What the trial process tells its parent, as one line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Report {
    Works,
    NotOnnxRuntime,
    TooOld { found: String },
    Damaged { reason: String },
}

/// The trial process: loads the library, starts it, and reports on standard output. Returns the exit status.
///
/// `main` calls this, before anything else, when it was started with [`ARGUMENT`].
pub fn probe_main(path: &Path) -> i32 {
    let report = try_library(path);
    let line = serde_json::to_string(&report).unwrap_or_default();
    let told = writeln!(std::io::stdout(), "{line}").is_ok();
    i32::from(!(told && report == Report::Works)) * 2
}

fn try_library(path: &Path) -> Report {
    match ort::init_from(path) {
        Ok(builder) => match builder.with_telemetry(false).build() {
            Ok(_environment) => Report::Works,
            Err(error) => Report::Damaged { reason: error.message().to_owned() },
        },
        Err(ort::LoadDynamicError::BadVersion { version_str, .. }) => Report::TooOld { found: version_str },
        Err(ort::LoadDynamicError::MissingApi { .. } | ort::LoadDynamicError::InvalidVersionString) => {
            Report::NotOnnxRuntime
        }
        Err(ort::LoadDynamicError::Dlopen { error, .. }) => {
            // The system's words are in the source or in the debug form only.
            let source = std::error::Error::source(&error).map(ToString::to_string);
            Report::Damaged { reason: source.unwrap_or_else(|| error.to_string()) }
        }
    }
}

/// The program that can try libraries: the one given, else `MODELDECK_PROBE`, else this program when it is `modeldeck`.
pub(super) fn program(given: Option<&Path>) -> Option<PathBuf> {
    if let Some(given) = given {
        return Some(given.to_path_buf());
    }
    if let Some(path) = std::env::var_os("MODELDECK_PROBE").filter(|p| !p.is_empty()) {
        return Some(PathBuf::from(path));
    }
    let this = std::env::current_exe().ok()?;
    // A test program would run its tests instead of the trial, so only the real program may start itself.
    let is_modeldeck = this.file_stem().is_some_and(|s| s.to_string_lossy().to_lowercase().starts_with("modeldeck"));
    let is_test = this.parent().is_some_and(|p| p.ends_with("deps"));
    (is_modeldeck && !is_test).then_some(this)
}

/// Tries a library in a child process.
///
/// # Errors
/// When the child cannot start, takes too long, dies, or says that the library is unfit.
pub fn probe(program: Option<&Path>, path: &Path) -> Result<(), RuntimeError> {
    let owned = || path.to_path_buf();
    let no_probe = |reason: String| RuntimeError::NoProbe { reason, path: owned() };
    let program = self::program(program).ok_or_else(|| no_probe("this program is not ModelDeck".to_owned()))?;
    let mut child = Command::new(&program)
        .arg(ARGUMENT)
        .arg(path)
        .env("ORT_DISABLE_TELEMETRY", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| no_probe(e.to_string()))?;
    let deadline = Instant::now() + LIMIT;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                stop(&mut child);
                return Err(RuntimeError::Hangs { seconds: LIMIT.as_secs(), path: owned() });
            }
            Err(error) => {
                stop(&mut child);
                return Err(no_probe(error.to_string()));
            }
        }
    };
    let mut said = String::new();
    if let Some(mut out) = child.stdout.take() {
        // What the child wrote before it died is welcome, but its exit status decides.
        if let Err(error) = out.read_to_string(&mut said) {
            tracing::debug!(%error, "the trial process's words could not be read");
        }
    }
    // The library itself may print; the report is the last line.
    let report = said.lines().rev().find_map(|line| serde_json::from_str::<Report>(line).ok());
    match report {
        Some(Report::Works) if status.success() => Ok(()),
        Some(Report::NotOnnxRuntime) => Err(RuntimeError::NotOnnxRuntime { path: owned() }),
        Some(Report::TooOld { found }) => Err(RuntimeError::TooOld { found, path: owned() }),
        Some(Report::Damaged { reason }) => Err(RuntimeError::Damaged { reason, path: owned() }),
        Some(Report::Works) | None => {
            Err(RuntimeError::Damaged { reason: format!("loading it ended a trial process ({status})"), path: owned() })
        }
    }
}

fn stop(child: &mut std::process::Child) {
    // It may have ended by itself meanwhile; either way nothing is left running.
    child.kill().ok();
    child.wait().ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_program_never_starts_itself() {
        if std::env::var_os("MODELDECK_PROBE").is_none() {
            assert_eq!(program(None), None);
        }
        assert_eq!(program(Some(Path::new("p"))), Some(PathBuf::from("p")));
    }

    #[test]
    fn a_missing_trial_program_is_said() {
        let error = probe(Some(Path::new("/nonexistent/modeldeck")), Path::new("lib")).unwrap_err();
        assert!(matches!(error, RuntimeError::NoProbe { .. }), "{error}");
    }
}
