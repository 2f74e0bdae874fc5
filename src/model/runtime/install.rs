//! Installing the pinned library: fetch, verify, unpack, verify, place in one step.

use super::fetch::{FetchError, Fetcher, PackageTools};
use super::find::{self, RuntimeSource};
use super::pins::{self, Pin, Tool};
use super::{RuntimeHome, RuntimePlace, settings};
use crate::model::error::RuntimeError;
use crate::model::inspect::hex;
use sha2::{Digest as _, Sha256};
use std::fs::{File, TryLockError};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where an installation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another process is installing; this one waits for it.
    Waiting,
    /// A package is on its way.
    Fetching {
        /// The tool that fetches it.
        tool: Tool,
        /// Bytes that came so far, roughly.
        bytes: u64,
        /// Bytes of the whole package.
        total: u64,
    },
    /// Hashes are compared.
    Verifying,
    /// The library is taken out of the package.
    Unpacking,
    /// The library is put in its place.
    Placing,
    /// Done.
    Done,
}

impl Step {
    /// Share of the whole work done, 0 to 1.
    pub fn share(&self) -> f32 {
        match self {
            Self::Waiting => 0.0,
            Self::Fetching { bytes, total, .. } => 0.9 * (*bytes as f32 / (*total).max(1) as f32).min(1.0),
            Self::Verifying => 0.92,
            Self::Unpacking => 0.95,
            Self::Placing => 0.99,
            Self::Done => 1.0,
        }
    }
}

/// Watches an installation and may stop it.
pub trait Watch: Sync {
    /// Told whenever the installation moves on; called often while fetching.
    fn step(&self, step: &Step);

    /// Whether to stop.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn step(&self, _step: &Step) {}
}

/// Installs the pinned library with this machine's package tools, unless it is there already.
///
/// The installed library is preferred from then on: a library chosen before is forgotten.
///
/// # Errors
/// A sentence for each way it can fail; nothing half-done is left behind.
pub fn install(home: &RuntimeHome, watch: &dyn Watch) -> Result<RuntimePlace, RuntimeError> {
    install_with(home, &PackageTools, &pins::for_this_machine(), watch)
}

/// As [`install`], with other sources: the first pin that can be fetched and verified wins.
///
/// # Errors
/// As [`install`].
pub fn install_with(
    home: &RuntimeHome,
    fetcher: &dyn Fetcher,
    pins: &[Pin],
    watch: &dyn Watch,
) -> Result<RuntimePlace, RuntimeError> {
    if pins.is_empty() {
        return Err(RuntimeError::NoBuild { version: pins::VERSION.to_owned(), platform: pins::this_machine() });
    }
    let folder = home.runtime_folder();
    std::fs::create_dir_all(&folder)
        .map_err(|e| RuntimeError::io("Creating the folder for ONNX Runtime", &folder, &e))?;
    let _lock = lock(&folder, watch)?;
    let place = match installed(home, pins) {
        Some(place) => place,
        None => fetch_any(home, fetcher, pins, watch)?,
    };
    if settings::read(&folder).library.is_some() {
        settings::write(&folder, None)?;
    }
    watch.step(&Step::Done);
    Ok(place)
}

/// The installed and verified library of the first pin that has one.
pub(super) fn installed(home: &RuntimeHome, pins: &[Pin]) -> Option<RuntimePlace> {
    pins.iter().find_map(|pin| {
        let path = library_path(home, pin);
        let print = find::fingerprint(&path).ok()?;
        (print.sha256 == *pin.library_sha256).then(|| RuntimePlace {
            path,
            version: pin.version.to_string(),
            source: RuntimeSource::Installed,
            sha256: print.sha256,
        })
    })
}

/// Where the library of a pin is kept.
pub(super) fn library_path(home: &RuntimeHome, pin: &Pin) -> PathBuf {
    home.runtime_folder().join(pin.folder_name()).join(pin.library_name())
}

/// One installation at a time on this machine; the lock goes with the file.
fn lock(folder: &Path, watch: &dyn Watch) -> Result<File, RuntimeError> {
    let path = folder.join("install.lock");
    let io = |e: &std::io::Error| RuntimeError::io("Locking the folder for ONNX Runtime", &path, e);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(|e| io(&e))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if watch.cancelled() => return Err(RuntimeError::Cancelled),
            Err(TryLockError::WouldBlock) => {
                watch.step(&Step::Waiting);
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(TryLockError::Error(error)) => return Err(io(&error)),
        }
    }
}

fn fetch_any(
    home: &RuntimeHome,
    fetcher: &dyn Fetcher,
    pins: &[Pin],
    watch: &dyn Watch,
) -> Result<RuntimePlace, RuntimeError> {
    let mut first: Option<RuntimeError> = None;
    for pin in pins {
        match fetch_one(home, fetcher, pin, watch) {
            Ok(place) => return Ok(place),
            Err(error @ (RuntimeError::Cancelled | RuntimeError::DiskFull { .. })) => return Err(error),
            Err(RuntimeError::NoTools { .. }) => {}
            Err(error) => {
                tracing::warn!(%error, package = %pin.package, "a source of ONNX Runtime failed");
                first.get_or_insert(error);
            }
        }
    }
    Err(first.unwrap_or_else(|| RuntimeError::NoTools {
        version: pins.first().map_or_else(|| pins::VERSION.to_owned(), |p| p.version.to_string()),
    }))
}

fn fetch_one(
    home: &RuntimeHome,
    fetcher: &dyn Fetcher,
    pin: &Pin,
    watch: &dyn Watch,
) -> Result<RuntimePlace, RuntimeError> {
    let folder = home.runtime_folder();
    let io = |what: &str, path: &Path, e: &std::io::Error| RuntimeError::io(what, path, e);
    let work = tempfile::Builder::new()
        .prefix(".incoming-")
        .tempdir_in(&folder)
        .map_err(|e| io("Creating a folder for the package", &folder, &e))?;
    let parcel = work.path().join("package");
    std::fs::create_dir(&parcel).map_err(|e| io("Creating a folder for the package", &parcel, &e))?;

    watch.step(&Step::Fetching { tool: pin.tool, bytes: 0, total: pin.package_bytes });
    let package = fetcher.fetch(pin, &parcel, watch).map_err(|error| explain(error, pin, &folder))?;

    watch.step(&Step::Verifying);
    let found = sha256_of(&package).map_err(|e| io("Reading the package", &package, &e))?;
    if found != *pin.package_sha256 {
        return Err(RuntimeError::WrongPackageHash {
            package: format!("{} {}", pin.package, pin.version),
            expected: pin.package_sha256.to_string(),
            found,
        });
    }
    if watch.cancelled() {
        return Err(RuntimeError::Cancelled);
    }

    watch.step(&Step::Unpacking);
    let ready = work.path().join("ready");
    std::fs::create_dir(&ready).map_err(|e| io("Creating a folder for the library", &ready, &e))?;
    let library = ready.join(pin.library_name());
    match pin.tool {
        Tool::Pip => unzip(&package, pin, &library)?,
        Tool::Npm => untar(&package, pin, &parcel, &library)?,
    }

    watch.step(&Step::Verifying);
    let found = sha256_of(&library).map_err(|e| io("Reading the library", &library, &e))?;
    if found != *pin.library_sha256 {
        return Err(RuntimeError::WrongLibraryHash { expected: pin.library_sha256.to_string(), found });
    }
    if watch.cancelled() {
        return Err(RuntimeError::Cancelled);
    }

    watch.step(&Step::Placing);
    let target = folder.join(pin.folder_name());
    place(&ready, &target, work.path())?;
    Ok(RuntimePlace {
        path: library_path(home, pin),
        version: pin.version.to_string(),
        source: RuntimeSource::Installed,
        sha256: found,
    })
}

fn explain(error: FetchError, pin: &Pin, folder: &Path) -> RuntimeError {
    match error {
        FetchError::NoTool => RuntimeError::NoTools { version: pin.version.to_string() },
        FetchError::NoNetwork(detail) => RuntimeError::NoNetwork { detail },
        FetchError::WrongHash(found) => RuntimeError::WrongPackageHash {
            package: format!("{} {}", pin.package, pin.version),
            expected: pin.package_sha256.to_string(),
            found: found.unwrap_or_else(|| "another one".to_owned()),
        },
        FetchError::DiskFull => RuntimeError::DiskFull { path: folder.to_path_buf() },
        FetchError::Cancelled => RuntimeError::Cancelled,
        FetchError::Failed(detail) => RuntimeError::Fetch {
            tool: match pin.tool {
                Tool::Pip => "pip".to_owned(),
                Tool::Npm => "npm".to_owned(),
            },
            detail,
        },
    }
}

fn sha256_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 16];
    loop {
        let n = file.read(&mut buffer)?;
        let Some(read) = buffer.get(..n).filter(|r| !r.is_empty()) else { break };
        hasher.update(read);
    }
    Ok(hex(&hasher.finalize()))
}

fn unzip(package: &Path, pin: &Pin, library: &Path) -> Result<(), RuntimeError> {
    let bad = |detail: String| RuntimeError::BadPackage { detail };
    let file = File::open(package).map_err(|e| RuntimeError::io("Reading the package", package, &e))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|e| bad(e.to_string()))?;
    let mut member = archive.by_name(&pin.member).map_err(|e| bad(format!("{} is not inside ({e})", pin.member)))?;
    write_whole(&mut member, pin.library_bytes, library)
}

/// The `tar` of the system reads the npm package: every system that is supported has one.
fn untar(package: &Path, pin: &Pin, scratch: &Path, library: &Path) -> Result<(), RuntimeError> {
    let bad = |detail: String| RuntimeError::BadPackage { detail };
    let status = Command::new("tar")
        .arg("-xzf")
        .arg(package)
        .arg("-C")
        .arg(scratch)
        .arg(&*pin.member)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|e| bad(format!("the program tar could not be started ({e})")))?;
    if !status.success() {
        return Err(bad(format!("tar could not take {} out of it", pin.member)));
    }
    let member = scratch.join(&*pin.member);
    let mut file = File::open(&member).map_err(|e| RuntimeError::io("Reading the library", &member, &e))?;
    write_whole(&mut file, pin.library_bytes, library)
}

/// Copies at most the pinned number of bytes and one more, so that a wrong package cannot fill the disk.
fn write_whole(from: &mut dyn Read, bytes: u64, to: &Path) -> Result<(), RuntimeError> {
    let io = |e: &std::io::Error| RuntimeError::io("Writing the library", to, e);
    let mut file = File::create(to).map_err(|e| io(&e))?;
    std::io::copy(&mut from.take(bytes.saturating_add(1)), &mut file).map_err(|e| match e.kind() {
        std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidInput => {
            RuntimeError::BadPackage { detail: e.to_string() }
        }
        _ => io(&e),
    })?;
    file.flush().map_err(|e| io(&e))?;
    file.sync_all().map_err(|e| io(&e))
}

/// Moves the finished folder to its place in one step; what stood there goes away with the work folder.
fn place(ready: &Path, target: &Path, work: &Path) -> Result<(), RuntimeError> {
    let io = |e: &std::io::Error| RuntimeError::io("Placing the library", target, e);
    if target.exists() {
        std::fs::rename(target, work.join("replaced")).map_err(|e| io(&e))?;
    }
    std::fs::rename(ready, target).map_err(|e| io(&e))?;
    #[cfg(unix)]
    if let Some(parent) = target.parent() {
        File::open(parent).and_then(|f| f.sync_all()).map_err(|e| io(&e))?;
    }
    Ok(())
}
