//! The backend's thread: one loop that takes commands and finished work, changes the state, and tells.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use super::audit::Trail;
use super::by_hand::ByHand;
use super::command::{Command, DatasetId, DeploymentId, JobId};
use super::datasets::Seen;
use super::deployments::LiveDeployment;
use super::event::{Event, JobTopic, Notice, NoticeLevel};
use super::jobs::{JobHandle, Jobs, Outcome};
use super::live_sink::FinishedChunks;
use super::outbox::Outbox;
use super::state::{RuntimeView, State, WorkspaceView};
use super::validation::Preparings;
use crate::data::read::Dataset;
use crate::deploy::DeployEvent;
use crate::model::RuntimeHome;
use crate::workspace::{NoticeRecord, Workspace};

const COMMANDS_QUEUED: usize = 256;
const INTERNAL_QUEUED: usize = 256;
/// Progress of jobs is told this often.
const JOBS_TOLD_EVERY: Duration = Duration::from_millis(100);
/// Tables kept in memory beside those that a deployment holds.
const TABLES_KEPT: usize = 3;
/// Samples of large tables kept in memory.
const SAMPLES_KEPT: usize = 2;

/// Where the backend works.
#[derive(Clone, Debug)]
pub struct BackendOptions {
    /// The workspace folder; it is made when missing.
    pub workspace: PathBuf,
    /// Where ONNX Runtime is kept and found.
    pub runtime_home: RuntimeHome,
    /// The folder of the sample stories, when there is one.
    pub samples: Option<PathBuf>,
    /// Whether to put the samples into the workspace at once.
    pub open_samples: bool,
    /// Whether to fetch ONNX Runtime at once when it is missing.
    pub install_runtime: bool,
    /// Models and tables to add at once.
    pub files: Vec<PathBuf>,
    /// Tables that are expected to take more bytes than this are read and scored chunk by chunk instead of being held;
    /// [`crate::data::estimate::HELD_BYTES`] but in tests.
    pub held_bytes: u64,
}

/// The listener's side of a running backend.
#[derive(Debug)]
pub struct Backend {
    commands: Sender<Command>,
    outbox: Arc<Outbox>,
    thread: Option<JoinHandle<()>>,
}

impl Backend {
    /// Starts the backend's thread; the first state follows as an event.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(options: BackendOptions) -> std::io::Result<Self> {
        let (commands, inbox) = crossbeam_channel::bounded(COMMANDS_QUEUED);
        let (internal, finished) = crossbeam_channel::bounded(INTERNAL_QUEUED);
        let outbox = Arc::new(Outbox::default());
        let service_outbox = Arc::clone(&outbox);
        let thread = std::thread::Builder::new()
            .name("backend".to_owned())
            .spawn(move || Service::new(options, service_outbox, internal).run(&inbox, &finished))?;
        Ok(Self { commands, outbox, thread: Some(thread) })
    }

    /// Sends a command; `false` when the backend is gone or too busy to take it.
    pub fn send(&self, command: Command) -> bool {
        self.commands.try_send(command).is_ok()
    }

    /// Where events arrive.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// Stops deployments and jobs, saves, and waits for the end at most `limit`; `true` when it came.
    pub fn shut_down(&mut self, limit: Duration) -> bool {
        let Some(thread) = self.thread.take() else { return true };
        self.commands.send_timeout(Command::Shutdown, limit).ok();
        let until = Instant::now() + limit;
        while !thread.is_finished() {
            if Instant::now() > until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        thread.join().is_ok()
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.shut_down(Duration::from_secs(10));
    }
}

/// What work on other threads reports to the backend's thread.
pub(super) enum Internal {
    /// A job ended.
    JobDone(JobId, Outcome),
    /// A deployment finished chunks.
    Chunks(DeploymentId, Box<FinishedChunks>),
    /// A deployment has something to say.
    Deployment(DeploymentId, DeployEvent),
    /// A deployment's threads have nothing more to say.
    SinkClosed(DeploymentId),
}

/// Everything the backend's thread owns.
pub(super) struct Service {
    pub(super) options: BackendOptions,
    pub(super) outbox: Arc<Outbox>,
    pub(super) internal: Sender<Internal>,
    pub(super) state: State,
    pub(super) jobs: Jobs,
    pub(super) workspace: Option<Workspace>,
    pub(super) tables: Vec<(DatasetId, Dataset)>,
    /// Drawn rows of datasets that are too large to be held, the newest last.
    pub(super) samples: Vec<(DatasetId, Dataset)>,
    pub(super) live: BTreeMap<DeploymentId, LiveDeployment>,
    pub(super) by_hand: HashMap<(String, String), ByHand>,
    pub(super) preparing: Preparings,
    pub(super) trail: Trail,
    pub(super) answered: Option<super::rows::Answered>,
    changed: bool,
    jobs_told: Instant,
    pub(super) ending: bool,
}

/// The text of a caught panic.
pub(super) fn panic_text(panic: &Box<dyn std::any::Any + Send>) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
        .unwrap_or_else(|| "no reason given".to_owned())
}

/// Milliseconds since 1970, now.
pub(super) fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

impl Service {
    fn new(options: BackendOptions, outbox: Arc<Outbox>, internal: Sender<Internal>) -> Self {
        Self {
            options,
            outbox,
            internal,
            state: State::default(),
            jobs: Jobs::default(),
            workspace: None,
            tables: Vec::new(),
            samples: Vec::new(),
            live: BTreeMap::new(),
            by_hand: HashMap::new(),
            trail: Trail::default(),
            answered: None,
            preparing: Preparings::default(),
            changed: false,
            jobs_told: Instant::now(),
            ending: false,
        }
    }

    fn run(mut self, inbox: &Receiver<Command>, finished: &Receiver<Internal>) {
        self.open_workspace();
        self.tell();
        self.find_runtime();
        if self.options.open_samples {
            self.open_samples();
        }
        self.add_files();
        self.tell();
        while !self.ending {
            // Nothing ticks while nothing runs: an idle program must not wake up.
            let tick = if self.jobs.is_idle() {
                crossbeam_channel::never()
            } else {
                crossbeam_channel::after(JOBS_TOLD_EVERY)
            };
            crossbeam_channel::select! {
                recv(inbox) -> command => match command {
                    Ok(command) => self.command(command),
                    // The listener is gone without a word: end as if asked to.
                    Err(_) => self.ending = true,
                },
                recv(finished) -> report => {
                    if let Ok(report) = report {
                        self.internal(report);
                    }
                },
                recv(tick) -> _ => {},
            }
            self.tell();
        }
        self.end(finished);
    }

    fn end(mut self, finished: &Receiver<Internal>) {
        self.jobs.cancel_all();
        self.stop_all(finished);
        let until = Instant::now() + Duration::from_secs(5);
        while !self.jobs.is_idle() && Instant::now() < until {
            if let Ok(report) = finished.recv_timeout(Duration::from_millis(50)) {
                self.internal(report);
            }
        }
        while let Ok(report) = finished.try_recv() {
            self.internal(report);
        }
        self.end_trail();
        self.workspace = None;
        self.outbox.post(Event::Closed);
    }

    fn tell(&mut self) {
        if std::mem::take(&mut self.changed) {
            self.state.revision += 1;
            self.outbox.post(Event::State(Arc::new(self.state.clone())));
        }
        if !self.jobs.is_idle() && self.jobs_told.elapsed() >= JOBS_TOLD_EVERY {
            self.tell_jobs();
        }
    }

    fn tell_jobs(&mut self) {
        self.jobs_told = Instant::now();
        self.outbox.post(Event::Jobs(self.jobs.view()));
    }

    /// Marks the state as changed; it is told once, after the work at hand.
    pub(super) fn touch(&mut self) {
        self.changed = true;
    }

    /// Starts a job and shows it.
    pub(super) fn start_job(
        &mut self,
        topic: JobTopic,
        name: impl Into<String>,
        work: impl FnOnce(&JobHandle) -> Outcome + Send + 'static,
    ) -> JobId {
        let id = self.jobs.start(&self.internal, topic, name, work);
        self.tell_jobs();
        id
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::InstallRuntime => self.install_runtime(),
            Command::UseRuntime(path) => self.use_runtime(path),
            Command::AddModels(paths) => self.add_models(paths),
            Command::RemoveModel(id) => self.remove_model(&id),
            Command::AddDataset(path) => self.add_dataset(path),
            Command::PreviewDataset(path, options) => self.preview_dataset(path, options),
            Command::ClosePreview => self.close_preview(),
            Command::AddPreviewed(path, reading) => self.add_previewed(path, *reading),
            Command::RemoveDataset(id) => self.remove_dataset(&id),
            Command::Prepare(asked) => self.prepare(asked),
            Command::Bind { model, dataset, input, column } => self.bind(&model, &dataset, input, column),
            Command::SkipRows { model, dataset, input, skip } => self.skip_rows(&model, &dataset, input, skip),
            Command::BindByOrder { model, dataset } => self.bind_by_order(&model, &dataset),
            Command::Validate { models, said, dataset, reference, plan } => {
                self.validate(models, said, dataset, reference, *plan);
            }
            Command::SetFill { model, dataset, input, fill } => self.set_fill(&model, &dataset, input, fill),
            Command::SetMap { model, dataset, input, from, to } => self.set_map(&model, &dataset, input, from, to),
            Command::AddPolicy(path) => self.add_policy(&path),
            Command::SavePolicy { toml, replaces } => self.save_policy(toml, replaces.as_deref()),
            Command::RemovePolicy(name) => self.remove_policy(&name),
            Command::TryPolicy { run, policy } => self.try_policy(run, *policy),
            Command::ExportPolicy { name, path } => self.export_policy(&name, &path),
            Command::OpenCard(model) => self.open_card(&model),
            Command::SetCard { model, card, beside } => self.set_card(&model, *card, beside),
            Command::SetRegister { dataset, register } => self.set_register(&dataset, &register),
            Command::ImportRegister { dataset, path } => self.import_register(&dataset, &path),
            Command::SaveReport { run, path } => self.save_report(run, path),
            Command::HashResult { run, model } => self.hash_result(run, model),
            Command::SignOff { run, model, who, note, override_reason } => {
                self.sign_off(run, model, &who, &note, override_reason.as_deref());
            }
            Command::Reverify { run, model } => self.reverify(run, model),
            Command::LoadAudit { filter, offset } => self.load_audit_page(filter, offset),
            Command::VerifyAudit => self.verify_audit(),
            Command::ExportAudit(path) => self.export_audit(path),
            Command::RemoveRun(id) => self.remove_run(id),
            Command::ShowRows { run, model, which } => self.show_rows(run, &model, which),
            Command::ResidualsAgainst { run, model, column } => self.residuals_against(run, &model, column),
            Command::TestRobustness { run, model } => self.test_robustness(run, &model),
            Command::CheckReadiness(request) => self.check_readiness(*request),
            Command::SizeModel { request, target } => self.size_model(&request, target),
            Command::ExportCluster { request, folder } => self.export_cluster(&request, folder),
            Command::Deploy(request) => self.deploy(request),
            Command::PauseDeployment(id) => self.pause_deployment(&id),
            Command::ResumeDeployment(id) => self.resume_deployment(&id),
            Command::StepDeployment(id) => self.step_deployment(&id),
            Command::SetRate(id, rate) => self.set_rate(&id, rate),
            Command::AddVersion { deployment, run, model } => self.add_served_version(&deployment, run, &model),
            Command::RollOut { deployment, change } => self.roll_out(&deployment, change),
            Command::TryRow { deployment, version, row } => self.try_row(&deployment, version, row),
            Command::DeleteRows { deployment, which } => self.delete_rows(&deployment, which),
            Command::StopDeployment(id) => self.stop_deployment(&id),
            Command::RemoveDeployment(id) => self.remove_deployment(&id),
            Command::AcknowledgeAlert(id) => self.acknowledge_alert(id),
            Command::CancelJob(id) => {
                self.jobs.cancel(id);
                self.tell_jobs();
            }
            Command::OpenSamples => self.open_samples(),
            Command::Export { path, text } => self.export(&path, &text),
            Command::SetSetting { key, value } => self.set_setting(key, value),
            Command::ClearNotices => self.clear_notices(),
            Command::Shutdown => self.ending = true,
        }
    }

    pub(super) fn internal(&mut self, report: Internal) {
        match report {
            Internal::JobDone(id, outcome) => {
                // A cancelled job's late answer changes nothing.
                if self.jobs.finish(id) {
                    outcome(self);
                }
                self.tell_jobs();
            }
            Internal::Chunks(id, chunks) => self.keep_chunks(&id, *chunks),
            Internal::Deployment(id, event) => self.deployment_event(&id, event),
            Internal::SinkClosed(id) => self.sink_closed(&id),
        }
    }

    fn open_workspace(&mut self) {
        let path = self.options.workspace.clone();
        let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
        self.state.workspace = WorkspaceView { path: path.clone(), name, ready: true, ..WorkspaceView::default() };
        match Workspace::open(&path) {
            Ok(workspace) => {
                self.state.workspace.read_only = workspace.read_only_reason();
                self.workspace = Some(workspace);
                self.load();
            }
            Err(error) => self.state.workspace.failed = Some(error.to_string()),
        }
        self.touch();
    }

    /// Does something with the workspace; what fails is said once.
    pub(super) fn with_workspace<T>(
        &mut self,
        work: impl FnOnce(&mut Workspace) -> Result<T, crate::workspace::WorkspaceError>,
    ) -> Option<T> {
        let Some(workspace) = self.workspace.as_mut() else {
            let why = self.state.workspace.failed.clone().unwrap_or_default();
            self.error(format!("Nothing is kept, because the workspace is not open. {why}"));
            return None;
        };
        match work(workspace) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(error.to_string());
                None
            }
        }
    }

    /// Says that something was done.
    pub(super) fn info(&mut self, text: impl Into<String>) {
        self.notice(NoticeLevel::Info, text.into());
    }

    /// Says that something was done with a loss.
    pub(super) fn warn(&mut self, text: impl Into<String>) {
        self.notice(NoticeLevel::Warning, text.into());
    }

    /// Says that something was not done.
    pub(super) fn error(&mut self, text: impl Into<String>) {
        self.notice(NoticeLevel::Error, text.into());
    }

    fn notice(&mut self, level: NoticeLevel, text: String) {
        let notice = Notice { level, text, at_ms: now_ms() };
        if let Some(workspace) = self.workspace.as_mut() {
            // A notice that cannot be kept is still shown; saying so would only make another one.
            let record =
                NoticeRecord { level: level.word().to_owned(), text: notice.text.clone(), at_ms: notice.at_ms };
            workspace.add_notice(&record).ok();
        }
        self.state.notices.insert(0, notice.clone());
        self.state.notices.truncate(200);
        self.touch();
        self.outbox.post(Event::Notice(notice));
    }

    fn clear_notices(&mut self) {
        self.state.notices.clear();
        self.with_workspace(Workspace::clear_notices);
        self.touch();
    }

    pub(super) fn set_setting(&mut self, key: String, value: serde_json::Value) {
        if self.state.settings.get(&key) == Some(&value) {
            return;
        }
        if let Some(workspace) = self.workspace.as_mut() {
            // A read-only workspace forgets how the window looked; that is no news for a person.
            workspace.set_setting(&key, &value).ok();
        }
        self.state.settings.insert(key, value);
        self.touch();
    }

    pub(super) fn export(&mut self, path: &Path, text: &str) {
        match write_whole(path, text.as_bytes()) {
            Ok(()) => self.info(format!("Saved {}", path.display())),
            Err(error) => self.error(format!(
                "The file could not be saved: {error}. Choose another folder or free some space. {}",
                path.display()
            )),
        }
    }

    /// The table of a dataset when it is in memory.
    pub(super) fn table(&self, id: &str) -> Option<&Dataset> {
        self.tables.iter().find(|(key, _)| key == id).map(|(_, dataset)| dataset)
    }

    /// Keeps a table in memory, the newest last; the oldest goes, and one that is too large to be held goes at once.
    pub(super) fn keep_table(&mut self, id: DatasetId, dataset: Dataset) {
        if self.is_large(&id) {
            return;
        }
        keep_newest(&mut self.tables, id, dataset, TABLES_KEPT);
    }

    /// Keeps what a job looked at: the table, or drawn rows of one that is too large to be held.
    pub(super) fn keep_seen(&mut self, id: DatasetId, seen: Seen) {
        if self.is_large(&id) {
            keep_newest(&mut self.samples, id, seen.dataset, SAMPLES_KEPT);
        } else if seen.one_in == 1 {
            self.keep_table(id, seen.dataset);
        }
    }

    /// Whether models can be run; says why not.
    pub(super) fn runtime_ready(&mut self) -> bool {
        match &self.state.runtime {
            RuntimeView::Ready { .. } => true,
            RuntimeView::Unknown | RuntimeView::Working => {
                self.warn("ONNX Runtime is still being looked for. Try again in a moment.");
                false
            }
            RuntimeView::Missing { way_out } => {
                let text = format!("ONNX Runtime is not installed, so no model can be run. {way_out}");
                self.error(text);
                false
            }
            RuntimeView::Broken { why } => {
                let text = why.clone();
                self.error(text);
                false
            }
        }
    }
}

fn keep_newest(kept: &mut Vec<(DatasetId, Dataset)>, id: DatasetId, dataset: Dataset, most: usize) {
    kept.retain(|(key, _)| key != &id);
    kept.push((id, dataset));
    if kept.len() > most {
        kept.remove(0);
    }
}

/// Writes a file whole or not at all: beside its place, then renamed.
///
/// # Errors
/// When the folder cannot be written or the disk is full; the place is then as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut builder = tempfile::Builder::new();
    // A temporary file is its owner's alone; what a person saved is to be as any file of theirs.
    #[cfg(unix)]
    let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    std::io::Write::write_all(&mut file, bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}
