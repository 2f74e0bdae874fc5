//! Looking for a library in the usual places, and telling what one is.

use super::pins::{self, Pin};
use super::{RuntimeHome, install, settings};
use crate::model::error::RuntimeError;
use crate::model::inspect::hex_sha256;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// How a library was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuntimeSource {
    /// A person chose it.
    Chosen,
    /// The variable `ORT_DYLIB_PATH` names it.
    Environment,
    /// It lies beside the program.
    BesideProgram,
    /// It was installed by [`fn@super::install`].
    Installed,
    /// It belongs to the Python on this machine.
    Python,
    /// It lies in one of the system's library folders.
    System,
}

impl RuntimeSource {
    /// The words shown on screen.
    pub fn words(self) -> &'static str {
        match self {
            Self::Chosen => "chosen by you",
            Self::Environment => "named by ORT_DYLIB_PATH",
            Self::BesideProgram => "beside the program",
            Self::Installed => "installed by ModelDeck",
            Self::Python => "from Python",
            Self::System => "from the system",
        }
    }

    /// Whether a person asked for exactly this one, so that no other may silently take its place.
    pub(super) fn is_asked_for(self) -> bool {
        matches!(self, Self::Chosen | Self::Environment)
    }
}

/// A place where a library may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub path: PathBuf,
    pub source: RuntimeSource,
    /// The pin it must equal.
    pub pin: Option<Pin>,
}

/// The candidates in order of preference; those that exist, and those that were asked for.
pub(super) fn candidates(home: &RuntimeHome) -> impl Iterator<Item = Candidate> + use<> {
    let mut list: Vec<Candidate> = Vec::new();
    let mut add = |source, path: PathBuf| list.push(Candidate { path, source, pin: None });
    if let Some(chosen) = settings::read(&home.runtime_folder()).library {
        add(RuntimeSource::Chosen, chosen.path);
    }
    let looks_outside = home.looks_outside;
    if looks_outside {
        if let Some(path) = std::env::var_os("ORT_DYLIB_PATH").filter(|p| !p.is_empty()) {
            add(RuntimeSource::Environment, PathBuf::from(path));
        }
        if let Some(folder) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
            for path in libraries_in(folder).into_iter().chain(libraries_in(&folder.join("lib"))) {
                add(RuntimeSource::BesideProgram, path);
            }
        }
    }
    for pin in &home.pins {
        let path = install::library_path(home, pin);
        if path.exists() {
            list.push(Candidate { path, source: RuntimeSource::Installed, pin: Some(pin.clone()) });
        }
    }
    // Asking Python takes a process, so it is left for when nothing before it will do.
    list.into_iter().chain(std::iter::once_with(move || if looks_outside { outside() } else { Vec::new() }).flatten())
}

fn outside() -> Vec<Candidate> {
    let make = |source| move |path| Candidate { path, source, pin: None };
    let python = python_package().into_iter().flat_map(|p| libraries_in(&p)).map(make(RuntimeSource::Python));
    let system = system_folders().into_iter().flat_map(|p| libraries_in(&p)).map(make(RuntimeSource::System));
    python.chain(system).collect()
}

/// Whether a file name is that of the library on this system, with or without a version.
fn is_library_name(name: &str) -> bool {
    if cfg!(windows) {
        name.eq_ignore_ascii_case("onnxruntime.dll")
    } else if cfg!(target_os = "macos") {
        name.strip_prefix("libonnxruntime").is_some_and(|rest| {
            rest.strip_suffix(".dylib").is_some_and(|v| v.chars().all(|c| c == '.' || c.is_ascii_digit()))
        })
    } else {
        name.strip_prefix("libonnxruntime.so").is_some_and(|v| v.chars().all(|c| c == '.' || c.is_ascii_digit()))
    }
}

/// Libraries in a folder, each file once, the longest name (the full version) first.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|e| is_library_name(&e.file_name().to_string_lossy()))
        .map(|e| e.path())
        .collect();
    names.sort_by_key(|p| std::cmp::Reverse((p.as_os_str().len(), p.clone())));
    let mut seen = std::collections::HashSet::new();
    names.retain(|p| p.canonicalize().is_ok_and(|real| seen.insert(real)));
    names
}

/// The folder with the library of the `onnxruntime` package of the active Python, without importing it.
fn python_package() -> Option<PathBuf> {
    const ASK: &str =
        "import importlib.util as u; s=u.find_spec('onnxruntime'); print(s.origin if s and s.origin else '')";
    let program = if cfg!(windows) { "python" } else { "python3" };
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"].iter().filter_map(std::env::var_os).map(|root| {
        let root = PathBuf::from(root);
        if cfg!(windows) { root.join("Scripts").join("python.exe") } else { root.join("bin").join("python3") }
    });
    active.chain([PathBuf::from(program)]).find_map(|python| {
        let output =
            Command::new(&python).args(["-c", ASK]).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        let origin = String::from_utf8(output.stdout).ok()?;
        let init = Path::new(origin.trim());
        (init.is_absolute()).then(|| init.with_file_name("capi"))
    })
}

fn system_folders() -> Vec<PathBuf> {
    let variable = if cfg!(windows) {
        "PATH"
    } else if cfg!(target_os = "macos") {
        "DYLD_LIBRARY_PATH"
    } else {
        "LD_LIBRARY_PATH"
    };
    let fixed: &[&str] = if cfg!(windows) {
        &[]
    } else if cfg!(target_os = "macos") {
        &["/opt/homebrew/lib", "/usr/local/lib"]
    } else {
        &["/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"]
    };
    let named = std::env::var_os(variable).unwrap_or_default();
    std::env::split_paths(&named).filter(|p| p.is_absolute()).chain(fixed.iter().map(PathBuf::from)).collect()
}

/// What a library file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub sha256: String,
    pub version: String,
}

type Known = HashMap<(PathBuf, u64, Option<SystemTime>), Fingerprint>;

/// Hash and version of a library. Kept for the life of the process, by path, size and time of change.
pub(super) fn fingerprint(path: &Path) -> Result<Fingerprint, RuntimeError> {
    static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
    let io = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => RuntimeError::NotFound { path: path.to_path_buf() },
        _ => RuntimeError::io("Reading the library", path, &e),
    };
    let meta = std::fs::metadata(path).map_err(io)?;
    let key = (path.to_path_buf(), meta.len(), meta.modified().ok());
    if let Some(known) = KNOWN.lock().as_ref().and_then(|k| k.get(&key)) {
        return Ok(known.clone());
    }
    let bytes = std::fs::read(path).map_err(io)?;
    let sha256 = hex_sha256(&bytes);
    let version = pinned_version(&sha256)
        .or_else(|| symbol_version(&bytes))
        .or_else(|| version_in_name(path))
        .unwrap_or_else(|| "unknown".to_owned());
    let print = Fingerprint { sha256, version };
    KNOWN.lock().get_or_insert_default().insert(key, print.clone());
    Ok(print)
}

fn pinned_version(sha256: &str) -> Option<String> {
    pins::for_this_machine().into_iter().find(|p| p.library_sha256 == sha256).map(|p| p.version.into_owned())
}

/// The version node of the exported symbols on Linux: `VERS_1.28.0`.
fn symbol_version(bytes: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"VERS_1.";
    let mut from = 0;
    while let Some(found) = bytes.get(from..)?.iter().position(|b| *b == b'V').map(|i| from + i) {
        let rest = bytes.get(found..)?;
        if rest.starts_with(MARK) {
            let version: String = rest
                .get(5..)?
                .iter()
                .take(16)
                .take_while(|b| b.is_ascii_digit() || **b == b'.')
                .map(|b| char::from(*b))
                .collect();
            return Some(version);
        }
        from = found + 1;
    }
    None
}

fn version_in_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let version: String =
        name.chars().skip_while(|c| !c.is_ascii_digit()).take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let version = version.trim_matches('.');
    (version.matches('.').count() == 2).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_symbols_and_names() {
        assert_eq!(symbol_version(b"V VER VERS_1.23.2\0x").as_deref(), Some("1.23.2"));
        assert_eq!(symbol_version(b"nothing"), None);
        assert_eq!(version_in_name(Path::new("/a/libonnxruntime.so.1.28.0")).as_deref(), Some("1.28.0"));
        assert_eq!(version_in_name(Path::new("libonnxruntime.1.27.0.dylib")).as_deref(), Some("1.27.0"));
        assert_eq!(version_in_name(Path::new("libonnxruntime.so.1")), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_library_itself_is_found_and_links_once() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["libonnxruntime.so.1.28.0", "libonnxruntime_providers_shared.so", "libonnxruntime.so.txt"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("libonnxruntime.so.1.28.0", folder.path().join("libonnxruntime.so.1")).unwrap();
        let found = libraries_in(folder.path());
        assert_eq!(found, [folder.path().join("libonnxruntime.so.1.28.0")]);
    }
}
