//! Fetching a package through the machine's own package tools, by name and hash.

use super::install::{Step, Watch};
use super::pins::{Pin, Tool};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where packages come from. The real one runs pip or npm; tests bring their own.
pub trait Fetcher: Sync {
    /// Fetches the package of a pin into an empty folder and returns its file.
    ///
    /// # Errors
    /// As [`FetchError`] says.
    fn fetch(&self, pin: &Pin, into: &Path, watch: &dyn Watch) -> Result<PathBuf, FetchError>;
}

/// Why a package did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The tool is not on this machine.
    NoTool,
    /// The network did not answer; the tool's words.
    NoNetwork(String),
    /// The tool refused the package because of its hash; the hash it found, if told.
    WrongHash(Option<String>),
    /// The disk is full.
    DiskFull,
    /// The person stopped it.
    Cancelled,
    /// Anything else; the tool's words.
    Failed(String),
}

/// pip and npm, as they are on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct PackageTools;

impl Fetcher for PackageTools {
    fn fetch(&self, pin: &Pin, into: &Path, watch: &dyn Watch) -> Result<PathBuf, FetchError> {
        match pin.tool {
            Tool::Pip => pip(pin, into, watch),
            Tool::Npm => npm(pin, into, watch),
        }
    }
}

fn pip(pin: &Pin, into: &Path, watch: &dyn Watch) -> Result<PathBuf, FetchError> {
    let requirement = into.join("requirements.txt");
    let line = format!("{}=={} --hash=sha256:{}\n", pin.package, pin.version, pin.package_sha256);
    std::fs::write(&requirement, line).map_err(|e| io(&e))?;
    let pythons: &[&[&str]] =
        if cfg!(windows) { &[&["py", "-3"], &["python"], &["python3"]] } else { &[&["python3"], &["python"]] };
    let mut outcome = Err(FetchError::NoTool);
    for python in pythons {
        let [program, first @ ..] = python else { continue };
        let mut command = Command::new(program);
        command
            .args(first)
            .args(["-m", "pip", "download", "-q", "--no-input", "--disable-pip-version-check"])
            .args(["--retries", "1", "--timeout", "30", "--no-deps", "--only-binary=:all:", "--require-hashes"])
            .args(["--python-version", "3.12", "--platform", &pin.platform, "-r"])
            .arg(&requirement)
            .arg("-d")
            .arg(into);
        outcome = run(command, pin, into, watch);
        if outcome != Err(FetchError::NoTool) {
            break;
        }
    }
    outcome?;
    find(into, "whl")
}

fn npm(pin: &Pin, into: &Path, watch: &dyn Watch) -> Result<PathBuf, FetchError> {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command
        .args(["pack", "--silent", "--ignore-scripts", "--fetch-retries", "1", "--fetch-timeout", "60000"])
        .arg("--pack-destination")
        .arg(into)
        .arg(format!("{}@{}", pin.package, pin.version));
    // Without --silent's "error" level npm would say nothing about why it failed.
    command.env("npm_config_loglevel", "error");
    run(command, pin, into, watch)?;
    find(into, "tgz")
}

fn find(folder: &Path, ending: &str) -> Result<PathBuf, FetchError> {
    std::fs::read_dir(folder)
        .map_err(|e| io(&e))?
        .filter_map(Result::ok)
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == ending))
        .ok_or_else(|| FetchError::Failed(format!("it ended well but left no .{ending} file")))
}

fn io(error: &std::io::Error) -> FetchError {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => FetchError::DiskFull,
        _ => FetchError::Failed(error.to_string()),
    }
}

/// Runs a tool to its end, telling the bytes that came so far, and stops it on cancel.
fn run(mut command: Command, pin: &Pin, into: &Path, watch: &dyn Watch) -> Result<(), FetchError> {
    let scratch = into.join("tmp");
    std::fs::create_dir_all(&scratch).map_err(|e| io(&e))?;
    // The tool's own scratch files lie in our folder: on the right disk, counted, and gone with it.
    command.envs([("TMPDIR", &scratch), ("TEMP", &scratch), ("TMP", &scratch)]);
    command.current_dir(into).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => FetchError::NoTool,
        _ => io(&e),
    })?;
    // Read as it comes, into memory: a full pipe would stop the tool, and a full disk could not keep its words.
    let words = child.stderr.take().and_then(|mut pipe| {
        let read = move || {
            let mut said = Vec::new();
            pipe.read_to_end(&mut said).map(|_| said).unwrap_or_default()
        };
        std::thread::Builder::new().name("package tool words".to_owned()).spawn(read).ok()
    });
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if watch.cancelled() => {
                // It may have ended by itself meanwhile; either way nothing is left running.
                child.kill().ok();
                child.wait().ok();
                return Err(FetchError::Cancelled);
            }
            Ok(None) => {
                watch.step(&Step::Fetching { tool: pin.tool, bytes: size(into), total: pin.package_bytes });
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(error) => return Err(io(&error)),
        }
    };
    if status.success() {
        return Ok(());
    }
    let said = words.and_then(|words| words.join().ok()).unwrap_or_default();
    Err(explain(&String::from_utf8_lossy(&said), status.code()))
}

fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

/// What the tools say when the network fails, the most telling first, in plain words.
const NETWORK: &[(&str, &str)] = &[
    ("ProxyError", "the proxy did not let it through"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate was not accepted"),
    ("SSLError", "the secure connection failed"),
    ("NameResolutionError", "its name could not be looked up"),
    ("Name or service not known", "its name could not be looked up"),
    ("name resolution", "its name could not be looked up"),
    ("getaddrinfo failed", "its name could not be looked up"),
    ("ENOTFOUND", "its name could not be looked up"),
    ("EAI_AGAIN", "its name could not be looked up"),
    ("Network is unreachable", "there is no connection"),
    ("ENETUNREACH", "there is no connection"),
    ("Connection refused", "the connection was refused"),
    ("ECONNREFUSED", "the connection was refused"),
    ("ConnectTimeoutError", "it took too long"),
    ("ReadTimeoutError", "it took too long"),
    ("ETIMEDOUT", "it took too long"),
    ("ERR_SOCKET_TIMEOUT", "it took too long"),
    ("ECONNRESET", "the connection broke"),
    ("NewConnectionError", "no connection could be made"),
    ("Max retries exceeded", "no connection could be made"),
];

/// Turns a tool's last words into a reason.
fn explain(said: &str, code: Option<i32>) -> FetchError {
    let has = |words: &[&str]| words.iter().any(|w| said.contains(w));
    if has(&["No space left on device", "ENOSPC", "not enough space on the disk", "Disk quota exceeded"]) {
        FetchError::DiskFull
    } else if has(&["DO NOT MATCH THE HASHES", "EINTEGRITY"]) {
        let got = said.lines().find_map(|l| l.trim().strip_prefix("Got")).map(|g| g.trim().to_owned());
        FetchError::WrongHash(got)
    } else if has(&["No module named pip", "Python was not found", "No suitable Python runtime", "ensurepip"])
        || code == Some(9009)
    {
        FetchError::NoTool
    } else if let Some((_, plain)) = NETWORK.iter().find(|(word, _)| said.contains(word)) {
        FetchError::NoNetwork((*plain).to_owned())
    } else {
        FetchError::Failed(last_words(said))
    }
}

/// The last line that says something, shortened.
fn last_words(said: &str) -> String {
    let line = said.lines().rev().map(str::trim).find(|l| !l.is_empty()).unwrap_or("it said nothing");
    let line = line.trim_start_matches("ERROR: ").trim_start_matches("npm error ").trim_end_matches('.');
    line.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_words_become_reasons() {
        let hashes = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n    Expected sha256 aa\n         Got        bb\n";
        assert_eq!(explain(hashes, Some(1)), FetchError::WrongHash(Some("bb".to_owned())));
        let network = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('Failed: [Errno 111] Connection refused')'\nERROR: No matching distribution found for onnxruntime==1.28.0\n";
        assert_eq!(explain(network, Some(1)), FetchError::NoNetwork("the connection was refused".to_owned()));
        let missing = "ERROR: No matching distribution found for onnxruntime==1.28.0\n";
        assert_eq!(
            explain(missing, Some(1)),
            FetchError::Failed("No matching distribution found for onnxruntime==1.28.0".to_owned())
        );
        assert_eq!(explain("/usr/bin/python3: No module named pip", Some(1)), FetchError::NoTool);
        assert_eq!(explain("OSError: [Errno 28] No space left on device", Some(1)), FetchError::DiskFull);
        assert_eq!(explain("", Some(1)), FetchError::Failed("it said nothing".to_owned()));
    }
}
