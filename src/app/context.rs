//! What a panel may see and ask for while it draws.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::action::{Action, Panel};
use crate::backend::command::{DatasetId, DeployRequest, DeploymentId, ModelId, RunId};
use crate::backend::event::{JobTopic, JobView};
use crate::backend::serving::{ServingView, Tried};
use crate::backend::{Command, State};
use crate::deploy::DeploymentStats;
use crate::monitor::MonitorSnapshot;

/// What a panel asks for; the app carries it out after the frame.
#[derive(Clone, Debug)]
pub enum Request {
    /// For the backend.
    Command(Command),
    /// For the app.
    Action(Action),
    /// Shows a panel on a subject.
    Show(Subject),
    /// Asks where to save, then has the backend write it.
    Save {
        /// The file name to begin with, such as `roc.csv`.
        suggested: String,
        /// What to write.
        text: String,
    },
    /// Asks where to save, then has the backend make and write it.
    SaveBy {
        /// The file name to begin with, such as `validation.html`.
        suggested: String,
        /// What to write.
        what: Saved,
    },
    /// Takes a picture of the window's part that is shown at `rect`, then asks where to save it.
    SavePicture {
        /// The file name to begin with, such as `roc.png`.
        suggested: String,
        /// The part, in points.
        rect: eframe::egui::Rect,
    },
    /// Asks for a register file, then has the backend take its entries over for a dataset.
    ImportRegister(DatasetId),
    /// Asks for the file with the token of the endpoint that is being set up.
    PickToken,
    /// Asks for a folder, then has the backend write a model for a cluster into it.
    ExportCluster(Box<DeployRequest>),
    /// Asks “are you sure” before a command.
    Confirm {
        /// The question.
        question: String,
        /// The button that does it.
        button: &'static str,
        /// What it does.
        command: Command,
    },
}

/// What the backend makes into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// The report of a run; the file's ending chooses the format.
    Report(RunId),
    /// A policy, by name.
    Policy(String),
    /// The audit trail; the file's ending chooses the format.
    Audit,
}

impl Saved {
    /// The command that writes it.
    pub fn command(self, path: PathBuf) -> Command {
        match self {
            Self::Report(run) => Command::SaveReport { run, path },
            Self::Policy(name) => Command::ExportPolicy { name, path },
            Self::Audit => Command::ExportAudit(path),
        }
    }
}

/// Something to show in its panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A model, in Models.
    Model(ModelId),
    /// A model's validation, in Validate.
    Validation(ModelId),
    /// A run, in Validate; at a model of it, when given.
    Run(RunId, Option<ModelId>),
    /// A validated model to deploy, in Deploy: the run and the model.
    Deploy(i64, ModelId),
    /// A deployment, in Deploy.
    Deployment(DeploymentId),
    /// A deployment, in Monitor; at a chunk, when given.
    Monitor(DeploymentId, Option<usize>),
}

impl Subject {
    /// The panel that shows it.
    pub fn panel(&self) -> Panel {
        match self {
            Self::Model(_) => Panel::Models,
            Self::Validation(_) | Self::Run(..) => Panel::Validate,
            Self::Deploy(..) | Self::Deployment(_) => Panel::Deploy,
            Self::Monitor(..) => Panel::Monitor,
        }
    }
}

/// The newest numbers of each deployment of this session.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// What the monitors found.
    pub monitors: BTreeMap<DeploymentId, Arc<MonitorSnapshot>>,
    /// How fast they work.
    pub stats: BTreeMap<DeploymentId, Arc<DeploymentStats>>,
    /// What served models are at.
    pub serving: BTreeMap<DeploymentId, Arc<ServingView>>,
    /// What was last tried on each.
    pub tried: BTreeMap<DeploymentId, Arc<Tried>>,
}

impl Live {
    /// The newest monitor of a deployment: live, else as kept.
    pub fn monitor<'a>(&'a self, state: &'a State, id: &str) -> Option<&'a Arc<MonitorSnapshot>> {
        self.monitors.get(id).or_else(|| state.deployments.iter().find(|d| d.id == id).and_then(|d| d.monitor.as_ref()))
    }
}

/// What a panel draws from, and where its wishes go.
#[derive(Debug)]
pub struct PanelContext<'a> {
    /// The workspace.
    pub state: &'a State,
    /// Running jobs.
    pub jobs: &'a [JobView],
    /// Live numbers.
    pub live: &'a Live,
    /// Milliseconds since 1970, the same for the whole frame.
    pub now_ms: i64,
    /// Collected wishes.
    pub requests: &'a RefCell<Vec<Request>>,
}

impl PanelContext<'_> {
    /// Asks the backend.
    pub fn command(&self, command: Command) {
        self.requests.borrow_mut().push(Request::Command(command));
    }

    /// Asks the app.
    pub fn action(&self, action: Action) {
        self.requests.borrow_mut().push(Request::Action(action));
    }

    /// Shows something in its panel.
    pub fn show(&self, subject: Subject) {
        self.requests.borrow_mut().push(Request::Show(subject));
    }

    /// Saves text under a name the person chooses.
    pub fn save(&self, suggested: impl Into<String>, text: String) {
        self.requests.borrow_mut().push(Request::Save { suggested: suggested.into(), text });
    }

    /// Has the backend save something under a name the person chooses.
    pub fn save_by(&self, suggested: impl Into<String>, what: Saved) {
        self.requests.borrow_mut().push(Request::SaveBy { suggested: suggested.into(), what });
    }

    /// Saves a picture of a part of the window.
    pub fn save_picture(&self, suggested: impl Into<String>, rect: eframe::egui::Rect) {
        self.requests.borrow_mut().push(Request::SavePicture { suggested: suggested.into(), rect });
    }

    /// Asks for a register file whose entries are taken over for a dataset.
    pub fn import_register(&self, dataset: &str) {
        self.requests.borrow_mut().push(Request::ImportRegister(dataset.to_owned()));
    }

    /// Asks for the file with the token of the endpoint that is being set up.
    pub fn pick_token(&self) {
        self.requests.borrow_mut().push(Request::PickToken);
    }

    /// Has the backend write a deployment's model for a cluster into a folder the person chooses.
    pub fn export_cluster(&self, request: DeployRequest) {
        self.requests.borrow_mut().push(Request::ExportCluster(Box::new(request)));
    }

    /// Asks before doing something that cannot be undone.
    pub fn confirm(&self, question: impl Into<String>, button: &'static str, command: Command) {
        self.requests.borrow_mut().push(Request::Confirm { question: question.into(), button, command });
    }

    /// The first running job of a topic.
    pub fn job(&self, topic: &JobTopic) -> Option<&JobView> {
        self.jobs.iter().find(|job| &job.topic == topic)
    }
}

/// A dialog's answer that was asked for earlier.
#[derive(Clone, Debug)]
pub enum Picked {
    /// Model files.
    Models(Vec<PathBuf>),
    /// A data file.
    Dataset(PathBuf),
    /// A runtime library.
    Runtime(PathBuf),
    /// A policy file.
    Policy(PathBuf),
    /// A register file for a dataset.
    Register(PathBuf, DatasetId),
    /// The file with the token of the endpoint that is being set up.
    Token(PathBuf),
    /// The folder that a deployment's model is written into for a cluster.
    Cluster(PathBuf, Box<DeployRequest>),
    /// Where the backend is to write something.
    SaveBy(PathBuf, Saved),
    /// Where to write text.
    SaveText(PathBuf, String),
    /// Where to write a picture.
    SavePicture(PathBuf, eframe::egui::Rect),
}
