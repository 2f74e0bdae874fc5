//! `modeldeck serve --model NAME=PATH[@VERSION] …`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{Args, Serve};
use super::console::{Console, Failure};
use crate::deploy::capture::{CaptureSettings, Durability, Retention};
use crate::deploy::http::{EndpointSettings, Token};
use crate::deploy::serve::{Overflow, ServeEvent, ServeSettings};
use crate::deploy::service::{ServedModel, ServedVersion, Service, ServicePlan, bound_by_names};
use crate::model::{ModelFile, RuntimeHome, runtime};

/// A name, a file and, when it was said, a version.
fn named(words: &str) -> Result<(&str, PathBuf, Option<&str>), Failure> {
    let wrong = || Failure::Input(format!("--model takes NAME=PATH or NAME=PATH@VERSION, and “{words}” is neither."));
    let (name, place) =
        words.split_once('=').filter(|(name, place)| !name.is_empty() && !place.is_empty()).ok_or_else(wrong)?;
    // A file may have an @ in its name.
    if Path::new(place).exists() {
        return Ok((name, place.into(), None));
    }
    match place.rsplit_once('@').filter(|(path, version)| !path.is_empty() && !version.is_empty()) {
        Some((path, version)) if !version.contains(['/', '\\']) => Ok((name, path.into(), Some(version))),
        _ => Ok((name, place.into(), None)),
    }
}

fn models(args: &Serve, console: &Console) -> Result<Vec<ServedModel>, Failure> {
    let retention = Retention { days: args.keep_days, bytes: args.keep_mib.map(|mib| mib.saturating_mul(1 << 20)) };
    let durability = if args.fsync { Durability::Power } else { Durability::Process };
    let settings = CaptureSettings { durability, retention, ..CaptureSettings::default() };
    let mut models: Vec<ServedModel> = Vec::new();
    for words in &args.models {
        let (name, path, version) = named(words)?;
        let file = ModelFile::open(&path).map_err(Failure::input)?;
        if let Some(refusal) = &file.inspection.refusal {
            return Err(Failure::input(refusal));
        }
        let bound = bound_by_names(&file);
        if bound.is_none() {
            console.complain(&format!(
                "“{name}” takes tensors only, because neither its file nor its card names its columns."
            ));
        }
        if models.iter().all(|model| model.name != name) {
            models.push(ServedModel {
                name: name.to_owned(),
                versions: Vec::new(),
                capture: args.capture.as_ref().map(|folder| (folder.join(folder_name(name)), settings.clone())),
                tap: None,
                shadow_sink: None,
                rollback: None,
            });
        }
        let Some(model) = models.iter_mut().find(|model| model.name == name) else { continue };
        let version = version.map_or_else(|| (model.versions.len() + 1).to_string(), ToOwned::to_owned);
        if model.versions.iter().any(|known| known.version == version) {
            return Err(Failure::Input(format!("“{name}” has two versions “{version}”. Give each another name.")));
        }
        model.versions.push(ServedVersion { version, file, bound });
    }
    Ok(models)
}

/// A model's name as a folder; signs that a file system may not take are written as their codes.
fn folder_name(name: &str) -> String {
    use std::fmt::Write as _;
    name.chars().fold(String::new(), |mut text, c| {
        if c.is_alphanumeric() || matches!(c, '-' | '_') || (c == '.' && !text.is_empty()) {
            text.push(c);
        } else {
            write!(text, "%{:02X}", c as u32).ok();
        }
        text
    })
}

fn endpoint(args: &Serve) -> Result<EndpointSettings, Failure> {
    let token = match &args.token_file {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Failure::Input(format!("The file with the token could not be read: {error}. {}", path.display()))
            })?;
            Some(Token::new(&text).map_err(Failure::input)?)
        }
    };
    let settings = EndpointSettings {
        address: args.listen.ip(),
        port: args.listen.port(),
        open_to_network: args.open_to_network,
        token,
        ..EndpointSettings::default()
    };
    settings.check().map_err(Failure::input)?;
    Ok(settings)
}

/// Runs until the process is asked to end.
pub(super) fn run(args: &Serve, all: &Args, console: &Console) -> Result<(), Failure> {
    let endpoint = endpoint(args)?;
    let settings = ServeSettings {
        workers: args.workers,
        intra_threads: all.threads.unwrap_or(1),
        max_batch: args.max_batch,
        max_wait_us: (args.max_wait_ms.max(0.0) * 1_000.0) as u64,
        overflow: if args.refuse_when_full { Overflow::Refuse } else { Overflow::Wait },
        ..ServeSettings::default()
    };
    if let Some((field, why)) = settings.problems().into_iter().next() {
        return Err(Failure::Input(format!("{field}: {why}.")));
    }
    let models = models(args, console)?;
    let home = RuntimeHome::user().map_err(Failure::input)?;
    let runtime = runtime::ensure_loaded(&home).map_err(Failure::input)?;
    // Before anything answers, so that no signal finds the default that ends a process in the middle.
    let ended = ended().map_err(|error| Failure::Input(format!("Signals cannot be waited for: {error}.")))?;
    let quiet = all.quiet;
    let plan = ServicePlan {
        models,
        settings,
        endpoint: Some(endpoint),
        on_event: Arc::new(move |event| tell(&event, quiet)),
        runtime,
    };
    let service = Service::start(plan).map_err(Failure::Input)?;
    for note in service.notes() {
        console.complain(note);
    }
    if let Some(address) = service.endpoint_address() {
        console.say(&serde_json::json!({ "listening": address.to_string() }).to_string());
    }
    ended.recv().ok();
    for problem in service.stop() {
        console.complain(&problem);
    }
    Ok(())
}

fn tell(event: &ServeEvent, quiet: bool) {
    use crate::deploy::serve::Happening;
    let model = &event.model;
    match &event.what {
        Happening::Failed { version, why } => tracing::error!("“{model}” version {version} cannot answer: {why}"),
        Happening::WorkerRestarted { version, why } => {
            tracing::warn!("a worker of “{model}” version {version} panicked and was started again: {why}");
        }
        Happening::WorkerLost { version, why } => {
            tracing::error!("a worker of “{model}” version {version} is lost: {why}");
        }
        Happening::QueueFull { version } => tracing::warn!("the queue of “{model}” version {version} is full"),
        Happening::NotKept { why } => tracing::error!("answers of “{model}” cannot be kept, so none is given: {why}"),
        Happening::KeptAgain => tracing::warn!("answers of “{model}” are kept again"),
        Happening::RolledBack { why, .. } => tracing::warn!("“{model}” was rolled back: {why}"),
        Happening::Ready { .. } | Happening::Unloaded { .. } | Happening::RolledOut { .. } if quiet => {}
        other => tracing::info!("“{model}”: {other:?}"),
    }
}

/// Receives once when the process is asked to end, by Ctrl+C or a termination.
fn ended() -> std::io::Result<crossbeam_channel::Receiver<()>> {
    let (told, ended) = crossbeam_channel::bounded(2);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (armed, ready) = crossbeam_channel::bounded(1);
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async move {
            #[cfg(unix)]
            {
                use tokio::signal::unix::{SignalKind, signal};
                let mut both = match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
                    (Ok(interrupt), Ok(terminate)) => (interrupt, terminate),
                    (Err(error), _) | (_, Err(error)) => {
                        armed.send(Err(error)).ok();
                        return;
                    }
                };
                armed.send(Ok(())).ok();
                std::future::poll_fn(|context| {
                    if both.0.poll_recv(context).is_ready() || both.1.poll_recv(context).is_ready() {
                        std::task::Poll::Ready(())
                    } else {
                        std::task::Poll::Pending
                    }
                })
                .await;
            }
            #[cfg(not(unix))]
            {
                armed.send(Ok(())).ok();
                tokio::signal::ctrl_c().await.ok();
            }
            told.send(()).ok();
        });
    })?;
    ready.recv().map_err(std::io::Error::other)??;
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_named_with_or_without_a_version() {
        assert!(matches!(named("a=m.onnx"), Ok(("a", path, None)) if path == Path::new("m.onnx")));
        assert!(matches!(named("a=m.onnx@2"), Ok(("a", path, Some("2"))) if path == Path::new("m.onnx")));
        assert!(matches!(named("a=x@y/m.onnx"), Ok(("a", _, None))));
        for wrong in ["m.onnx", "=m.onnx", "a="] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_becomes_one_folder() {
        assert_eq!(folder_name("flights-2.1"), "flights-2.1");
        assert_eq!(folder_name("../up"), "%2E.%2Fup");
        assert_ne!(folder_name("a/b"), folder_name("a_b"));
    }
}
