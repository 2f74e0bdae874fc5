//! What a person or a script can ask for.

use std::path::PathBuf;

use super::previews::Reading;
use super::serving::{RolloutChange, Source};
use crate::data::read::ReadOptions;
use crate::deploy::capture::Selection;
use crate::deploy::sizing::Target;
use crate::deploy::{FeedSettings, WorkerSettings};
use crate::model::ModelCard;
use crate::model::binding::Fill;
use crate::monitor::Chunking;
use crate::validate::governance::Register;
use crate::validate::policy::Policy;
use crate::validate::{Plan, Predictions};
use crate::workspace::audit::AuditFilter;

/// SHA-256 of a model's file, hexadecimal.
pub type ModelId = String;
/// Key of a dataset in the workspace.
pub type DatasetId = String;
/// Key of a validation run in the workspace.
pub type RunId = i64;
/// Key of a deployment in the workspace.
pub type DeploymentId = String;
/// Number of a job, unique within a session.
pub type JobId = u64;

/// A request to the backend; each is answered by events.
#[derive(Clone, Debug)]
pub enum Command {
    /// Downloads and places ONNX Runtime.
    InstallRuntime,
    /// Uses a library of the person's own.
    UseRuntime(PathBuf),
    /// Adds model files; each with the card that lies beside it.
    AddModels(Vec<PathBuf>),
    /// Takes a model, its runs and its stopped deployments out of the workspace.
    RemoveModel(ModelId),
    /// Reads a table and adds it.
    AddDataset(PathBuf),
    /// Looks at the beginning of a file, with options or, at first, without. Answered in the state's `preview`.
    PreviewDataset(PathBuf, Option<Box<ReadOptions>>),
    /// Ends the look at a file.
    ClosePreview,
    /// Reads the file that was looked at as a person decided, adds it, and keeps the decision for files of its layout.
    AddPreviewed(PathBuf, Box<Reading>),
    /// Takes a dataset out of the workspace; the file stays.
    RemoveDataset(DatasetId),
    /// Works out how a dataset's columns feed a model, and what a run would take. Answered in the state's `preparation`.
    Prepare(Preparing),
    /// Binds a column to a model input by hand, for this dataset's layout.
    Bind {
        /// The model.
        model: ModelId,
        /// The dataset.
        dataset: DatasetId,
        /// The input's name, or `input[3]` for the fourth column of a matrix.
        input: String,
        /// The column, `None` to go back to the proposal.
        column: Option<String>,
    },
    /// Accepts the file's column order for a one-matrix model.
    BindByOrder {
        /// The model.
        model: ModelId,
        /// The dataset.
        dataset: DatasetId,
    },
    /// Whether rows with a value that an input cannot take are skipped and counted, instead of standing in the way.
    SkipRows {
        /// The model.
        model: ModelId,
        /// The dataset.
        dataset: DatasetId,
        /// The input's name.
        input: String,
        /// Whether they are skipped.
        skip: bool,
    },
    /// Sets what stands in for missing values of an input.
    SetFill {
        /// The model.
        model: ModelId,
        /// The dataset.
        dataset: DatasetId,
        /// The input's name.
        input: String,
        /// The value, `None` to leave them to the model.
        fill: Option<Fill>,
    },
    /// Sets which text the model gets for a text of an input's column.
    SetMap {
        /// The model.
        model: ModelId,
        /// The dataset.
        dataset: DatasetId,
        /// The input's name.
        input: String,
        /// The text of the column.
        from: String,
        /// The text that the model gets, `None` to give it the text as it is.
        to: Option<String>,
    },
    /// Validates models on a dataset.
    Validate {
        /// The candidates, in order.
        models: Vec<ModelId>,
        /// Predictions that stand in the data, as one more candidate.
        said: Option<Predictions>,
        /// The data they never saw.
        dataset: DatasetId,
        /// Data the models were trained or accepted on, to compare the data with.
        reference: Option<DatasetId>,
        /// How.
        plan: Box<Plan>,
    },
    /// Reads a policy from a TOML file and keeps it.
    AddPolicy(PathBuf),
    /// Keeps a policy that was written in the window.
    SavePolicy {
        /// Its TOML text.
        toml: String,
        /// The name of the policy that was edited, when it was one of the person's own.
        replaces: Option<String>,
    },
    /// Takes an own policy out of the workspace, by name.
    RemovePolicy(String),
    /// Judges the models of a kept run by gates that are still being written. Answered in the state's `trial`.
    TryPolicy {
        /// The run.
        run: RunId,
        /// The gates.
        policy: Box<Policy>,
    },
    /// Writes a policy to a file.
    ExportPolicy {
        /// Its name.
        name: String,
        /// Where.
        path: PathBuf,
    },
    /// Looks which card lies beside a model's file. Answered in the state's `card_file`.
    OpenCard(ModelId),
    /// Keeps the card of a model.
    SetCard {
        /// The model.
        model: ModelId,
        /// Its card.
        card: Box<ModelCard>,
        /// Whether it is written beside the model's file too; refused when that card changed since
        /// [`Command::OpenCard`].
        beside: bool,
    },
    /// Keeps what each column of a dataset may be used for; it holds for every dataset with the same columns.
    SetRegister {
        /// The dataset.
        dataset: DatasetId,
        /// Its register; an empty one is taken out.
        register: Box<Register>,
    },
    /// Takes over the entries of a register in a TOML file.
    ImportRegister {
        /// The dataset.
        dataset: DatasetId,
        /// The file.
        path: PathBuf,
    },
    /// Writes the report of a run, in the format that the file's ending asks for.
    SaveReport {
        /// The run.
        run: RunId,
        /// Where.
        path: PathBuf,
    },
    /// Works out the hashes of a model's result, for whoever is to sign it. Answered in the state's `hashes`.
    HashResult {
        /// The run.
        run: RunId,
        /// The model.
        model: ModelId,
    },
    /// Signs a model's result.
    SignOff {
        /// The run.
        run: RunId,
        /// The model.
        model: ModelId,
        /// Who signs.
        who: String,
        /// What they write beside it; may be empty.
        note: String,
        /// Why it may go live although required gates failed; `None` where none did.
        override_reason: Option<String>,
    },
    /// Runs a kept validation again and holds one model's result against what was kept. Answered in the state's
    /// `rechecks`.
    Reverify {
        /// The run.
        run: RunId,
        /// The model.
        model: ModelId,
    },
    /// Reads a page of the audit trail, newest first. Answered in the state's `audit`.
    LoadAudit {
        /// Which entries.
        filter: AuditFilter,
        /// How many of them, the newest, are left out.
        offset: usize,
    },
    /// Checks the audit trail from its first entry to its last. Answered in the state's `audit`.
    VerifyAudit,
    /// Writes the audit trail to a file: a table for `.csv`, else one JSON object a line.
    ExportAudit(PathBuf),
    /// Takes a finished run out of the workspace.
    RemoveRun(RunId),
    /// Looks up rows behind a model's result. Answered in the state's `looked`.
    ShowRows {
        /// The run.
        run: RunId,
        /// Which of its models.
        model: ModelId,
        /// Which rows.
        which: WhichRows,
    },
    /// Works out a regression's errors along a column of the data. Answered in the state's `looked`.
    ResidualsAgainst {
        /// The run.
        run: RunId,
        /// Which of its models.
        model: ModelId,
        /// The column.
        column: String,
    },
    /// Disturbs each feature of a model and keeps with the run how far it falls.
    TestRobustness {
        /// The run.
        run: RunId,
        /// Which of its models.
        model: ModelId,
    },
    /// Goes through the readiness list of a deployment that is being set up. Answered in the state's `readiness`.
    CheckReadiness(Box<DeployRequest>),
    /// Measures a validated model on its validation data with several settings. Answered in the state's `sizing`.
    SizeModel {
        /// The deployment that it is for.
        request: Box<DeployRequest>,
        /// What it is to carry.
        target: Target,
    },
    /// Writes what Triton Inference Server and `KServe` read into a folder.
    ExportCluster {
        /// The deployment: its model, with its workers and batches.
        request: Box<DeployRequest>,
        /// The folder.
        folder: PathBuf,
    },
    /// Puts a validated model to work.
    Deploy(DeployRequest),
    /// Holds the feed; what is queued is still answered.
    PauseDeployment(DeploymentId),
    /// Goes on.
    ResumeDeployment(DeploymentId),
    /// Feeds one batch, then holds again.
    StepDeployment(DeploymentId),
    /// Changes the feed's rate; `None` is as fast as it goes.
    SetRate(DeploymentId, Option<f64>),
    /// Loads another validated model as a version of a served one.
    AddVersion {
        /// The deployment.
        deployment: DeploymentId,
        /// The run that validated the model.
        run: RunId,
        /// The model.
        model: ModelId,
    },
    /// Changes which version of a served model answers what.
    RollOut {
        /// The deployment.
        deployment: DeploymentId,
        /// What changes.
        change: RolloutChange,
    },
    /// Asks a served model about a row; answered by [`super::Event::Tried`].
    TryRow {
        /// The deployment.
        deployment: DeploymentId,
        /// The version; `None` asks as a caller who names none.
        version: Option<String>,
        /// Column and value, as they were typed; what is empty is missing.
        row: Vec<(String, String)>,
    },
    /// Deletes kept rows of a served deployment, with their labels; it may work or have ended.
    DeleteRows {
        /// The deployment.
        deployment: DeploymentId,
        /// Which rows.
        which: Selection,
    },
    /// Answers what is queued, then ends feed and workers.
    StopDeployment(DeploymentId),
    /// Takes a stopped deployment with its history out of the workspace.
    RemoveDeployment(DeploymentId),
    /// Marks an alert as seen.
    AcknowledgeAlert(i64),
    /// Asks a job to end; it does so at its next chunk.
    CancelJob(JobId),
    /// Opens the sample stories in this workspace.
    OpenSamples,
    /// Writes text to a file, whole or not at all.
    Export {
        /// Where.
        path: PathBuf,
        /// What.
        text: String,
    },
    /// Keeps a setting across restarts.
    SetSetting {
        /// Its name.
        key: String,
        /// Its value.
        value: serde_json::Value,
    },
    /// Forgets the notification history.
    ClearNotices,
    /// Stops deployments, saves, ends. The last event is [`super::Event::Closed`].
    Shutdown,
}

/// Rows behind a result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WhichRows {
    /// Those of a cell of the confusion matrix.
    Cell {
        /// Index of the true class.
        was: usize,
        /// Index of the predicted class.
        said: usize,
        /// Score from which a row counts as positive, where a person moved it; `None` takes the validated one.
        threshold: Option<f64>,
    },
    /// Those with the largest losses.
    Worst,
}

/// A model, a dataset and a target to look at together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preparing {
    /// The model.
    pub model: ModelId,
    /// The dataset.
    pub dataset: DatasetId,
    /// The target, when chosen.
    pub target: Option<String>,
}

/// Everything needed to put a model to work.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DeployRequest {
    /// A name for people.
    pub name: String,
    /// The run that validated the model; its dataset becomes the reference.
    pub run: RunId,
    /// Which of the run's models.
    pub model: ModelId,
    /// Where its requests come from.
    #[serde(default)]
    pub source: Source,
    /// The dataset that is replayed; empty when other programs call.
    pub feed_dataset: DatasetId,
    /// Threads, batch and queue.
    pub worker: WorkerSettings,
    /// Rate and repeat of the replay.
    pub feed: FeedSettings,
    /// How the stream is cut into chunks; `None` takes the sensible default.
    pub chunking: Option<Chunking>,
    /// The column that tells the time, for labels on the charts.
    pub time_column: Option<String>,
    /// Score from which a row counts as positive; `None` takes the one of the validation.
    #[serde(default)]
    pub threshold: Option<f64>,
}
