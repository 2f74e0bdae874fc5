//! Installing and finding the ONNX Runtime library: every way it can fail has its own sentence and leaves nothing behind.

#![expect(clippy::unwrap_used, reason = "a test that fails says so by panicking")]

#[path = "common/runtime.rs"]
mod common;

use modeldeck::model::runtime::pins::{Pin, Tool};
use modeldeck::model::runtime::{
    self, FetchError, Fetcher, Runtime, RuntimeHome, RuntimeSource, RuntimeStatus, Step, Unwatched, Watch, install_with,
};
use modeldeck::model::{RuntimeError, RuntimePlace};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

const MEMBER: &str = "onnxruntime/capi/libonnxruntime.so.9.9.9";

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().flat_map(|b| [b >> 4, b & 15]).filter_map(|d| char::from_digit(u32::from(d), 16)).collect()
}

/// A package with one library in it.
fn package(member: &str, library: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(member, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(library).unwrap();
    zip.finish().unwrap().into_inner()
}

fn loaded() -> &'static Runtime {
    runtime::ensure_loaded(&common::runtime()).unwrap()
}

/// The first bytes of a library for this machine, enough for its header to be whole.
fn library() -> Vec<u8> {
    let real = loaded().place().path.clone();
    let mut bytes = std::fs::read(real).unwrap();
    bytes.truncate(4096);
    bytes
}

fn pin(tool: Tool, package: &[u8], library: &[u8]) -> Pin {
    Pin {
        tool,
        package: "onnxruntime".into(),
        version: "9.9.9".into(),
        platform: "any".into(),
        package_sha256: sha256(package).into(),
        package_bytes: package.len() as u64,
        member: MEMBER.into(),
        library_sha256: sha256(library).into(),
        library_bytes: library.len() as u64,
    }
}

/// Gives what it was told to, and counts how often it was asked.
struct Shop {
    gives: Result<Vec<u8>, FetchError>,
    asked: AtomicUsize,
}

impl Shop {
    fn new(gives: Result<Vec<u8>, FetchError>) -> Self {
        Self { gives, asked: AtomicUsize::new(0) }
    }
}

impl Fetcher for Shop {
    fn fetch(&self, _pin: &Pin, into: &Path, _watch: &dyn Watch) -> Result<PathBuf, FetchError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let file = into.join("package.whl");
        std::fs::write(&file, self.gives.clone()?).unwrap();
        Ok(file)
    }
}

fn home(folder: &Path, pins: &[Pin]) -> RuntimeHome {
    let mut home = RuntimeHome::at(folder.to_path_buf()).alone().with_probe(env!("CARGO_BIN_EXE_modeldeck").into());
    home.pins = pins.to_vec();
    home
}

fn left_behind(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder.join("runtime"))
        .map(|entries| entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    names.retain(|n| n != "install.lock");
    names.sort();
    names
}

fn try_install(pin: &Pin, gives: Result<Vec<u8>, FetchError>) -> RuntimeError {
    let folder = tempfile::tempdir().unwrap();
    let pins = [pin.clone()];
    let error = install_with(&home(folder.path(), &pins), &Shop::new(gives), &pins, &Unwatched).unwrap_err();
    assert_eq!(left_behind(folder.path()), Vec::<String>::new(), "{error}");
    error
}

#[test]
fn an_installed_library_is_found_again_and_not_fetched_twice() {
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let package = package(MEMBER, &library);
    let pins = [pin(Tool::Pip, &package, &library)];
    let home = home(folder.path(), &pins);
    let shop = Shop::new(Ok(package));
    let first = install_with(&home, &shop, &pins, &Unwatched).unwrap();
    assert_eq!(std::fs::read(&first.path).unwrap(), library);
    assert_eq!((first.version.as_str(), first.source), ("9.9.9", RuntimeSource::Installed));
    let second = install_with(&home, &shop, &pins, &Unwatched).unwrap();
    assert_eq!((first, shop.asked.load(Ordering::SeqCst)), (second, 1));
    assert_eq!(left_behind(folder.path()), ["onnxruntime-9.9.9"]);
}

#[test]
fn a_damaged_installation_is_told_and_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let package = package(MEMBER, &library);
    let pins = [pin(Tool::Pip, &package, &library)];
    let home = home(folder.path(), &pins);
    let shop = Shop::new(Ok(package));
    let place = install_with(&home, &shop, &pins, &Unwatched).unwrap();
    let mut changed = library.clone();
    *changed.last_mut().unwrap() ^= 1;
    std::fs::write(&place.path, [changed.as_slice(), b"longer"].concat()).unwrap();
    let place = install_with(&home, &shop, &pins, &Unwatched).unwrap();
    assert_eq!(std::fs::read(place.path).unwrap(), library);
    assert_eq!(left_behind(folder.path()), ["onnxruntime-9.9.9"]);
}

#[test]
fn two_installations_at_once_fetch_once() {
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let package = package(MEMBER, &library);
    let pins = [pin(Tool::Pip, &package, &library)];
    let shop = Shop::new(Ok(package));
    let places: Vec<RuntimePlace> = std::thread::scope(|scope| {
        let run = || install_with(&home(folder.path(), &pins), &shop, &pins, &Unwatched).unwrap();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(shop.asked.load(Ordering::SeqCst), 1);
    assert!(places.windows(2).all(|p| p[0] == p[1]));
}

#[test]
fn each_failure_has_its_own_sentence_and_leaves_nothing() {
    let library = library();
    let good = package(MEMBER, &library);
    let pin = pin(Tool::Pip, &good, &library);
    let say = |gives| try_install(&pin, gives).to_string();

    let text = say(Err(FetchError::NoTool));
    assert!(text.contains("neither was found") && text.contains("runtime use PATH"), "{text}");
    let text = say(Err(FetchError::NoNetwork("no answer".to_owned())));
    assert!(text.contains("network did not answer (no answer)"), "{text}");
    let text = say(Err(FetchError::Failed("odd".to_owned())));
    assert!(text.starts_with("pip could not fetch ONNX Runtime: odd."), "{text}");
    let text = say(Err(FetchError::DiskFull));
    assert!(text.starts_with("The disk is full"), "{text}");
    let text = say(Err(FetchError::Cancelled));
    assert!(text.contains("cancelled"), "{text}");
    assert!(matches!(
        try_install(&pin, Err(FetchError::WrongHash(Some("bb".to_owned())))),
        RuntimeError::WrongPackageHash { found, .. } if found == "bb"
    ));
    assert!(matches!(try_install(&pin, Ok(b"something else".to_vec())), RuntimeError::WrongPackageHash { .. }));
}

#[test]
fn a_package_with_another_library_is_refused() {
    let library = library();
    let other = package(MEMBER, b"another library");
    let error = try_install(&pin(Tool::Pip, &other, &library), Ok(other.clone()));
    assert!(matches!(error, RuntimeError::WrongLibraryHash { .. }), "{error}");
    let elsewhere = package("readme.txt", &library);
    let error = try_install(&pin(Tool::Pip, &elsewhere, &library), Ok(elsewhere.clone()));
    assert!(matches!(error, RuntimeError::BadPackage { .. }), "{error}");
    let no_zip = b"not a zip file".to_vec();
    let error = try_install(&pin(Tool::Pip, &no_zip, &library), Ok(no_zip.clone()));
    assert!(matches!(error, RuntimeError::BadPackage { .. }), "{error}");
}

#[test]
fn the_second_source_is_taken_when_the_first_has_no_tool() {
    struct OnlyNpm(Vec<u8>);
    impl Fetcher for OnlyNpm {
        fn fetch(&self, pin: &Pin, into: &Path, _watch: &dyn Watch) -> Result<PathBuf, FetchError> {
            if pin.tool == Tool::Pip {
                return Err(FetchError::NoTool);
            }
            let file = into.join("package.tgz");
            std::fs::write(&file, &self.0).unwrap();
            Ok(file)
        }
    }
    // The system's tar makes the package that the system's tar will read.
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let member = folder.path().join(MEMBER);
    std::fs::create_dir_all(member.parent().unwrap()).unwrap();
    std::fs::write(&member, &library).unwrap();
    let archive = folder.path().join("made.tgz");
    let made = std::process::Command::new("tar")
        .arg("-czf")
        .arg(&archive)
        .arg("-C")
        .arg(folder.path())
        .arg("onnxruntime")
        .status()
        .unwrap();
    assert!(made.success());
    let package = std::fs::read(archive).unwrap();
    let pins = [pin(Tool::Pip, b"", &library), pin(Tool::Npm, &package, &library)];
    let place = install_with(&home(folder.path(), &pins), &OnlyNpm(package), &pins, &Unwatched).unwrap();
    assert_eq!(std::fs::read(place.path).unwrap(), library);
}

#[test]
fn cancelling_between_the_steps_leaves_nothing() {
    struct Impatient;
    impl Watch for Impatient {
        fn step(&self, _step: &Step) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let package = package(MEMBER, &library);
    let pins = [pin(Tool::Pip, &package, &library)];
    let error = install_with(&home(folder.path(), &pins), &Shop::new(Ok(package)), &pins, &Impatient).unwrap_err();
    assert_eq!(error, RuntimeError::Cancelled);
    assert_eq!(left_behind(folder.path()), Vec::<String>::new());
}

#[test]
fn without_a_library_the_status_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path(), &[]);
    let RuntimeStatus::Missing { looked_in, way_out } = runtime::look(&home) else { panic!("nothing is installed") };
    assert!(looked_in.is_empty());
    assert!(way_out.contains("modeldeck runtime install") && way_out.contains("runtime use PATH"), "{way_out}");
    let error = install_with(&home, &Shop::new(Err(FetchError::NoTool)), &[], &Unwatched).unwrap_err();
    assert!(error.to_string().starts_with("There is no ready build of ONNX Runtime"), "{error}");
    loaded();
    assert!(matches!(runtime::status(&home), RuntimeStatus::Ready(_)), "the loaded library stays until a restart");
}

#[test]
fn a_library_that_was_chosen_or_installed_and_is_broken_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let package = package(MEMBER, &library);
    let pins = [pin(Tool::Pip, &package, &library)];
    let home = home(folder.path(), &pins);
    let place = install_with(&home, &Shop::new(Ok(package)), &pins, &Unwatched).unwrap();
    std::fs::write(&place.path, &library[..100]).unwrap();
    let RuntimeStatus::Broken { sentence, looked_in } = runtime::look(&home) else { panic!("it is cut off") };
    assert!(sentence.contains("cut off"), "{sentence}");
    assert_eq!((looked_in.len(), looked_in[0].source), (1, RuntimeSource::Installed));

    let chosen = folder.path().join("chosen.so");
    std::fs::copy(&loaded().place().path, &chosen).unwrap();
    runtime::use_library(&home, &chosen).unwrap();
    assert!(matches!(runtime::look(&home), RuntimeStatus::Ready(p) if p.source == RuntimeSource::Chosen));
    std::fs::remove_file(&chosen).unwrap();
    let RuntimeStatus::Broken { sentence, .. } = runtime::look(&home) else { panic!("it is gone") };
    assert!(sentence.starts_with("There is no library file at this place"), "{sentence}");
}

#[test]
fn foreign_and_damaged_libraries_are_refused_by_use() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path(), &[]);
    let real = loaded().place().path.clone();
    let bytes = std::fs::read(&real).unwrap();
    let refuse = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = runtime::use_library(&home, &path).unwrap_err();
        assert!(error.to_string().ends_with(&path.display().to_string()), "the path comes last: {error}");
        error
    };
    assert!(matches!(refuse("text.so", b"not a library"), RuntimeError::NotALibrary { .. }));
    assert!(matches!(refuse("empty.so", b""), RuntimeError::NotALibrary { .. }));
    let missing = runtime::use_library(&home, &folder.path().join("gone.so")).unwrap_err();
    assert!(matches!(missing, RuntimeError::NotFound { .. }), "{missing}");
    assert!(matches!(runtime::use_library(&home, folder.path()).unwrap_err(), RuntimeError::NotALibrary { .. }));
    let half = refuse("half.so", &bytes[..bytes.len() / 2]);
    assert!(matches!(half, RuntimeError::TruncatedLibrary { .. }), "{half}");
    assert_eq!(left_behind(folder.path()), Vec::<String>::new(), "nothing was remembered");
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#[test]
fn a_library_of_another_processor_and_one_that_is_no_runtime_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path(), &[]);
    let mut bytes = std::fs::read(&loaded().place().path).unwrap();
    // The ELF field e_machine: 183 is aarch64, 62 is x86_64.
    bytes[18] = if cfg!(target_arch = "x86_64") { 183 } else { 62 };
    let foreign = folder.path().join("foreign.so");
    std::fs::write(&foreign, &bytes).unwrap();
    let error = runtime::use_library(&home, &foreign).unwrap_err();
    assert!(matches!(error, RuntimeError::OtherMachine { .. }), "{error}");

    // The C library that this test runs with is a whole library without the runtime's entry point.
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let libc = maps.split_whitespace().find(|word| word.starts_with('/') && word.contains("/libc.so")).unwrap();
    let error = runtime::use_library(&home, Path::new(libc)).unwrap_err();
    assert!(matches!(error, RuntimeError::NotOnnxRuntime { .. }), "{error}");
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_library_that_kills_its_process_kills_only_the_trial() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path(), &[]);
    let mut bytes = std::fs::read(&loaded().place().path).unwrap();
    // All code between the first and last tenth is gone; the header and the tables at the end stay whole.
    let (from, to) = (bytes.len() / 10, bytes.len() * 9 / 10);
    bytes[from..to].fill(0xf4);
    let path = folder.path().join("libonnxruntime.so");
    std::fs::write(&path, &bytes).unwrap();
    let error = runtime::use_library(&home, &path).unwrap_err();
    assert!(matches!(error, RuntimeError::Damaged { .. }), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_that_is_too_old_is_told_with_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(folder.path(), &[]);
    let place = loaded().place();
    let mut bytes = std::fs::read(&place.path).unwrap();
    // The version is a text between two NULs; one of the same length takes its place.
    let wanted = format!("\0{}\0", place.version);
    let starts: Vec<usize> =
        bytes.windows(wanted.len()).enumerate().filter(|(_, w)| *w == wanted.as_bytes()).map(|(i, _)| i).collect();
    assert!(!starts.is_empty());
    for start in starts {
        bytes[start + 1..start + 7].copy_from_slice(b"1.18.0");
    }
    let path = folder.path().join("libonnxruntime.so");
    std::fs::write(&path, &bytes).unwrap();
    let error = runtime::use_library(&home, &path).unwrap_err();
    assert!(matches!(&error, RuntimeError::TooOld { found, .. } if found == "1.18.0"), "{error}");
}

#[test]
fn a_chosen_library_is_tried_remembered_and_forgotten_by_an_installation() {
    let folder = tempfile::tempdir().unwrap();
    let real = loaded().place().clone();
    let library = library();
    let package = package(MEMBER, &library);
    let pins = [pin(Tool::Pip, &package, &library)];
    let home = home(folder.path(), &pins);
    let place = runtime::use_library(&home, &real.path).unwrap();
    assert_eq!((place.sha256, place.version), (real.sha256, real.version));
    assert_eq!(place.source, RuntimeSource::Chosen);
    let settings = folder.path().join("runtime").join("settings.json");
    let read = || std::fs::read_to_string(&settings).unwrap();
    assert!(read().contains("libonnxruntime") || read().contains("onnxruntime.dll"));
    install_with(&home, &Shop::new(Ok(package)), &pins, &Unwatched).unwrap();
    assert!(read().contains("\"library\": null"), "{}", read());
}
