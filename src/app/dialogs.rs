//! File dialogs, off the window's thread, behind a trait so that tests can answer them.

use std::path::PathBuf;

use crossbeam_channel::Sender;

use super::context::{Picked, Saved};
use crate::backend::command::{DatasetId, DeployRequest};

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Model files.
    Models,
    /// A data file.
    Dataset,
    /// A runtime library.
    Runtime,
    /// A policy file.
    Policy,
    /// A register file for a dataset.
    Register(DatasetId),
    /// The file with the token of an endpoint.
    Token,
    /// The folder for the files of a cluster.
    Cluster(Box<DeployRequest>),
    /// Where the backend is to write something, with a name to begin with.
    SaveBy(String, Saved),
    /// Where to write text, with a name to begin with.
    SaveText(String, String),
    /// Where to write a picture of a part of the window.
    SavePicture(String, eframe::egui::Rect),
}

impl Ask {
    /// The dialog's title.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Models => "Add model",
            Self::Dataset => "Add dataset",
            Self::Runtime => "Choose ONNX Runtime library",
            Self::Policy => "Add policy",
            Self::Register(_) => "Import data-use register",
            Self::Token => "Choose token file",
            Self::Cluster(_) => "Export for a cluster",
            Self::SaveBy(..) => "Save",
            Self::SaveText(..) => "Export",
            Self::SavePicture(..) => "Export picture",
        }
    }

    /// Turns a path that was typed or picked into an answer.
    pub fn answer(self, paths: Vec<PathBuf>) -> Option<Picked> {
        let first = paths.first().cloned();
        match self {
            Self::Models => (!paths.is_empty()).then_some(Picked::Models(paths)),
            Self::Dataset => first.map(Picked::Dataset),
            Self::Runtime => first.map(Picked::Runtime),
            Self::Policy => first.map(Picked::Policy),
            Self::Register(dataset) => first.map(|path| Picked::Register(path, dataset)),
            Self::Token => first.map(Picked::Token),
            Self::Cluster(request) => first.map(|folder| Picked::Cluster(folder, request)),
            Self::SaveBy(_, what) => first.map(|path| Picked::SaveBy(path, what)),
            Self::SaveText(_, text) => first.map(|path| Picked::SaveText(path, text)),
            Self::SavePicture(_, rect) => first.map(|path| Picked::SavePicture(path, rect)),
        }
    }
}

/// Where file dialogs come from.
pub trait Dialogs {
    /// Whether a dialog can appear at all; if not, the app asks for a typed path.
    fn available(&self) -> bool;

    /// Asks; the answer, if the person gives one, comes over `reply`.
    fn ask(&self, ask: Ask, reply: Sender<Picked>, wake: Box<dyn Fn() + Send>);
}

/// The desktop's own dialogs.
#[derive(Debug, Default)]
pub struct SystemDialogs;

impl Dialogs for SystemDialogs {
    fn available(&self) -> bool {
        if !cfg!(target_os = "linux") {
            return true;
        }
        // Without a portal and without zenity the dialog library answers “cancelled” and nothing is seen.
        let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").is_ok_and(|a| !a.is_empty() && !a.starts_with("disabled"));
        let zenity = std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("zenity").is_file()));
        bus || zenity
    }

    fn ask(&self, ask: Ask, reply: Sender<Picked>, wake: Box<dyn Fn() + Send>) {
        let work = move || {
            let dialog = rfd::FileDialog::new().set_title(ask.title());
            let paths = match &ask {
                Ask::Models => dialog.add_filter("ONNX models", &["onnx"]).pick_files().unwrap_or_default(),
                Ask::Dataset => dialog
                    .add_filter(
                        "Tables",
                        &[
                            "parquet", "csv", "tsv", "txt", "gz", "zst", "arrow", "feather", "ipc", "json", "ndjson",
                            "jsonl", "xlsx", "xlsm",
                        ],
                    )
                    .add_filter("All files", &["*"])
                    .pick_file()
                    .into_iter()
                    .collect(),
                Ask::Cluster(_) => dialog.pick_folder().into_iter().collect(),
                Ask::Runtime | Ask::Token => dialog.pick_file().into_iter().collect(),
                Ask::Policy => dialog
                    .add_filter("Policies", &["toml"])
                    .add_filter("All files", &["*"])
                    .pick_file()
                    .into_iter()
                    .collect(),
                Ask::Register(_) => dialog
                    .add_filter("Data-use registers", &["toml"])
                    .add_filter("All files", &["*"])
                    .pick_file()
                    .into_iter()
                    .collect(),
                Ask::SaveBy(name, _) | Ask::SaveText(name, _) | Ask::SavePicture(name, _) => {
                    dialog.set_file_name(name).save_file().into_iter().collect()
                }
            };
            if let Some(picked) = ask.answer(paths) {
                reply.try_send(picked).ok();
            }
            wake();
        };
        // macOS shows dialogs on the main thread only, where the library's own event loop keeps the window alive.
        if cfg!(target_os = "macos") {
            work();
        } else if let Err(error) = std::thread::Builder::new().name("file-dialog".to_owned()).spawn(work) {
            tracing::error!("no thread for a file dialog: {error}");
        }
    }
}
