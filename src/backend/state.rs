//! Everything the window needs to draw, as one immutable value.

use std::path::PathBuf;
use std::sync::Arc;

use super::command::{DatasetId, DeployRequest, DeploymentId, ModelId, Preparing, RunId};
use super::event::Notice;
use super::previews::Reading;
use crate::data::preview::Preview;
use crate::data::profile::ColumnProfile;
use crate::data::read::ReadOptions;
use crate::data::schema::ColumnSchema;
use crate::deploy::readiness::Readiness;
use crate::deploy::sizing::Sizing;
use crate::model::binding::InputLoss;
use crate::model::card::CardStamp;
use crate::model::{Binding, BindingProblem, Inspection, ModelCard};
use crate::monitor::{Alert, MonitorSnapshot};
use crate::validate::Report;
use crate::validate::governance::Register;
use crate::validate::policy::{Policy, Verdict};
use crate::validate::signoff::{Difference, Hashes, SignOff};
use crate::workspace::audit::{AuditFilter, AuditPage, Verified};

/// The state of a workspace.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Grows with every change.
    pub revision: u64,
    /// The workspace, or why there is none.
    pub workspace: WorkspaceView,
    /// ONNX Runtime.
    pub runtime: RuntimeView,
    /// Models, in the order they were added.
    pub models: Vec<Arc<ModelView>>,
    /// Datasets, in the order they were added.
    pub datasets: Vec<Arc<DatasetView>>,
    /// What the columns of a dataset may be used for, where that is kept.
    pub registers: std::collections::BTreeMap<DatasetId, Arc<Register>>,
    /// Policies, those that come with the program first.
    pub policies: Vec<Arc<PolicyView>>,
    /// The last answer to [`super::Command::TryPolicy`].
    pub trial: Option<Arc<PolicyTrial>>,
    /// Finished validations, the newest first.
    pub runs: Vec<Arc<RunView>>,
    /// Sign-offs, the newest first; they outlive the runs they are for.
    pub sign_offs: Vec<Arc<SignOffView>>,
    /// Hashes of results that were asked for, the newest first.
    pub hashes: Vec<Arc<HashesView>>,
    /// Validations that were run again in this session, the newest first, one for each model of a run.
    pub rechecks: Vec<Arc<RecheckView>>,
    /// The audit trail, as far as it was asked for.
    pub audit: Arc<AuditView>,
    /// Who is at work here: the person who signed last, else the signed-in user.
    pub reviewer: String,
    /// What was last looked up in the rows behind a result.
    pub looked: super::rows::Looked,
    /// The last answer to [`super::Command::Prepare`].
    pub preparation: Option<Arc<Preparation>>,
    /// The look at a file that may be added, while there is one.
    pub preview: Option<Arc<PreviewView>>,
    /// Why the last validation did not come to a result, until the next one is started.
    pub refused: Option<Arc<RunRefusal>>,
    /// The answers for each model, on the dataset and target that were last asked for.
    pub preparations: std::collections::BTreeMap<ModelId, Arc<Preparation>>,
    /// The last answer to [`super::Command::OpenCard`].
    pub card_file: Option<Arc<CardFile>>,
    /// The last answer to [`super::Command::CheckReadiness`].
    pub readiness: Option<Arc<ReadinessView>>,
    /// The newest sizing of each model.
    pub sizing: std::collections::BTreeMap<ModelId, Arc<SizingView>>,
    /// Deployments, the newest first.
    pub deployments: Vec<Arc<DeploymentView>>,
    /// Alerts of all deployments, open ones first, then the newest.
    pub alerts: Vec<Arc<AlertView>>,
    /// Kept notifications, the newest first.
    pub notices: Vec<Notice>,
    /// Whether the sample stories are in this workspace, so that panels show what to do here.
    pub samples: bool,
    /// Settings that are kept, by name.
    pub settings: std::collections::BTreeMap<String, serde_json::Value>,
}

/// The workspace as the window shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceView {
    /// The folder.
    pub path: PathBuf,
    /// Its name for people.
    pub name: String,
    /// Why nothing can be written, when nothing can.
    pub read_only: Option<String>,
    /// Why it could not be opened; the window then works on nothing and says so.
    pub failed: Option<String>,
    /// Whether the first load is over.
    pub ready: bool,
}

/// ONNX Runtime as the window shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RuntimeView {
    /// Not looked for yet.
    #[default]
    Unknown,
    /// It is being fetched or tried.
    Working,
    /// Usable.
    Ready {
        /// Its version.
        version: String,
        /// Where it lies.
        path: PathBuf,
        /// How it was found.
        source: String,
    },
    /// Not there.
    Missing {
        /// What to do.
        way_out: String,
    },
    /// There, but not usable.
    Broken {
        /// Why, and what to do.
        why: String,
    },
}

/// A model of the workspace.
#[derive(Clone, Debug)]
pub struct ModelView {
    /// Its key.
    pub id: ModelId,
    /// Name for people: the card's, else the file's.
    pub name: String,
    /// Where it was added from.
    pub original_path: PathBuf,
    /// When, milliseconds since 1970.
    pub added_at_ms: i64,
    /// What the file says.
    pub inspection: Arc<Inspection>,
    /// What its trainer wrote.
    pub card: Option<Arc<ModelCard>>,
    /// How far it has come.
    pub stage: Stage,
    /// Why it cannot be used, when its file has gone or is damaged.
    pub problem: Option<String>,
}

/// How far a model has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Read and inspected.
    Added,
    /// At least one finished validation.
    Validated,
    /// A deployment of it runs or is paused.
    Deployed,
}

impl Stage {
    /// The word shown on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Validated => "validated",
            Self::Deployed => "deployed",
        }
    }
}

/// A dataset of the workspace.
#[derive(Clone, Debug)]
pub struct DatasetView {
    /// Its key.
    pub id: DatasetId,
    /// Name for people: the file's.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Rows.
    pub rows: usize,
    /// Bytes on disk.
    pub size_bytes: u64,
    /// Columns with kind and role.
    pub schema: Arc<Vec<ColumnSchema>>,
    /// Profile of each column, once it is worked out.
    pub profile: Option<Arc<Vec<ColumnProfile>>>,
    /// Plain sentences about how the file was read.
    pub notes: Vec<String>,
    /// Why it cannot be used, when the file has changed or gone.
    pub problem: Option<String>,
    /// The column a person or the samples named as target.
    pub target: Option<String>,
    /// The column that tells the time, if any.
    pub time_column: Option<String>,
    /// How the file is read.
    pub options: ReadOptions,
    /// The table is too large to be held in memory: kinds are those of all rows, but profile and schema count one row in
    /// so many.
    pub one_in: Option<usize>,
}

/// A look at a file that may be added.
#[derive(Clone, Debug)]
pub struct PreviewView {
    /// The file.
    pub path: PathBuf,
    /// The options of the last question.
    pub asked: ReadOptions,
    /// The last answer; it stays while the next is awaited, and after a failure.
    pub seen: Option<Arc<Preview>>,
    /// Why there is no answer to the last question.
    pub failed: Option<String>,
    /// Whether the answer is awaited.
    pub pending: bool,
    /// What was kept for files of this layout.
    pub kept: Option<Reading>,
    /// The key of the layout as it was detected; empty before.
    pub layout: String,
}

impl PreviewView {
    /// Nothing known yet.
    pub fn of(path: PathBuf) -> Self {
        Self {
            path,
            asked: ReadOptions::default(),
            seen: None,
            failed: None,
            pending: true,
            kept: None,
            layout: String::new(),
        }
    }
}

/// A policy of the workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyView {
    /// The gates.
    pub policy: Policy,
    /// The text it was read from, with its comments.
    pub toml: String,
    /// Whether it comes with the program and cannot be changed.
    pub shipped: bool,
}

/// The card beside a model's file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardFile {
    /// The model.
    pub model: ModelId,
    /// The file's name, when there is one.
    pub name: Option<String>,
    /// The state of the file that was read.
    pub stamp: Option<CardStamp>,
    /// Whether it says something else than the card of the workspace.
    pub differs: bool,
    /// Why it could not be read or written.
    pub problem: Option<String>,
}

/// A validation that came to no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRefusal {
    /// The dataset.
    pub dataset: DatasetId,
    /// What failed, why, and what to do.
    pub sentence: String,
}

/// How the models of a kept run would fare under gates that are still being written.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyTrial {
    /// The run whose numbers were held against the gates.
    pub run: RunId,
    /// The gates.
    pub policy: Policy,
    /// Name and verdict of each model, in the order of the run.
    pub verdicts: Vec<(String, Verdict)>,
}

/// A finished validation.
#[derive(Clone, Debug)]
pub struct RunView {
    /// Its key.
    pub id: RunId,
    /// The dataset.
    pub dataset: DatasetId,
    /// The dataset's name when it ran.
    pub dataset_name: String,
    /// When, milliseconds since 1970.
    pub created_at_ms: i64,
    /// The result.
    pub report: Arc<Report>,
}

/// A person's word for a model's result.
#[derive(Clone, Debug, PartialEq)]
pub struct SignOffView {
    /// The run.
    pub run: RunId,
    /// The model.
    pub model: ModelId,
    /// The dataset's name at the time.
    pub dataset_name: String,
    /// What was signed, by whom and when.
    pub signed: SignOff,
}

/// What would be signed, as hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashesView {
    /// The run.
    pub run: RunId,
    /// The model.
    pub model: ModelId,
    /// The hashes, or why there are none.
    pub found: Result<Hashes, String>,
}

/// A kept result, computed again from the files.
#[derive(Clone, Debug, PartialEq)]
pub struct RecheckView {
    /// The run.
    pub run: RunId,
    /// The model.
    pub model: ModelId,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Whether it was held against a sign-off, not only against what was kept.
    pub against_signature: bool,
    /// What is not as it was, nothing when all is; or why it could not be computed.
    pub outcome: Result<Vec<Difference>, String>,
}

/// The audit trail, as far as it was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditView {
    /// Number of the newest entry.
    pub total: u64,
    /// The page that was read last.
    pub page: Option<Arc<AuditPage>>,
    /// The filter and the offset of the last reading, and `total` at its time.
    pub read: Option<(AuditFilter, usize, u64)>,
    /// Why the trail could not be read, when it could not.
    pub problem: Option<String>,
    /// The last check of the whole trail.
    pub verified: Option<Arc<VerifiedView>>,
}

/// A check of the whole audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedView {
    /// When it ended, milliseconds since 1970.
    pub at_ms: i64,
    /// What was found, or why it could not be checked.
    pub found: Result<Verified, String>,
}

/// How a dataset fits a model, and what a run would take.
#[derive(Clone, Debug)]
pub struct Preparation {
    /// What was asked.
    pub asked: Preparing,
    /// Which column feeds which input.
    pub binding: Binding,
    /// Inputs without a column.
    pub unbound: Vec<String>,
    /// Feature columns that feed nothing.
    pub unused: Vec<String>,
    /// What is wrong or was guessed.
    pub problems: Vec<BindingProblem>,
    /// Whether a one-matrix model could take the columns in file order, if the person agrees.
    pub by_order_possible: bool,
    /// The target that would be used.
    pub target: Option<String>,
    /// What is wrong with the target.
    pub target_problem: Option<String>,
    /// Seconds a run would take, from scoring a sample.
    pub seconds: Option<f64>,
    /// Bytes it would need.
    pub memory_bytes: u64,
    /// What is lost on the way into the model, one entry an input.
    pub losses: Vec<InputLoss>,
    /// The losses were counted in one row of so many; 1 where all rows were looked at.
    pub one_in: usize,
    /// The texts of inputs whose categories the model's file tells.
    pub categories: std::collections::BTreeMap<String, Categories>,
    /// Whether a run can start.
    pub ready: bool,
}

/// The texts of an input that has categories; long lists are cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Categories {
    /// Those that the model knows, in its order.
    pub known: Vec<String>,
    /// Those of the data that it has never seen, sorted.
    pub unseen: Vec<String>,
    /// How many more of those there are.
    pub more_unseen: usize,
}

/// The readiness list of a deployment that is being set up.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadinessView {
    /// The deployment it is for.
    pub request: DeployRequest,
    /// When it was gone through, milliseconds since 1970.
    pub at_ms: i64,
    /// The list.
    pub list: Readiness,
}

/// The newest sizing of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SizingView {
    /// When it was measured, milliseconds since 1970.
    pub at_ms: i64,
    /// What was measured; `None` when it never was.
    pub sizing: Option<Arc<Sizing>>,
    /// Why the last attempt came to nothing.
    pub failed: Option<String>,
}

/// A deployment.
#[derive(Clone, Debug)]
pub struct DeploymentView {
    /// Its key.
    pub id: DeploymentId,
    /// How it was asked for.
    pub request: Arc<DeployRequest>,
    /// The model's name.
    pub model_name: String,
    /// The feed dataset's name.
    pub feed_name: String,
    /// Rows of the feed dataset.
    pub feed_rows: u64,
    /// Whether threads of this session work for it.
    pub live: bool,
    /// The word for its state: running, paused, finished, stopped, failed.
    pub state: DeploymentStateView,
    /// When it was started, milliseconds since 1970.
    pub started_at_ms: i64,
    /// The readiness list as it was when it started; `None` where none was kept.
    pub readiness: Option<Arc<Readiness>>,
    /// Rows in its capture.
    pub captured: u64,
    /// Its monitor as last kept; live ones get newer ones by event.
    pub monitor: Option<Arc<MonitorSnapshot>>,
}

/// State of a deployment, as kept and shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "why")]
pub enum DeploymentStateView {
    /// Answers.
    Running,
    /// Held by a person, or by a full disk.
    Paused,
    /// The feed came to its end and everything was answered.
    Finished,
    /// Ended by a person, or by closing the program.
    Stopped,
    /// Ended by a failure.
    Failed(String),
}

impl DeploymentStateView {
    /// The word shown on screen.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed(_) => "failed",
        }
    }
}

/// An alert with its key and deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertView {
    /// Its key.
    pub id: i64,
    /// The deployment it belongs to.
    pub deployment: DeploymentId,
    /// The deployment's name.
    pub deployment_name: String,
    /// The alert.
    pub alert: Alert,
}
