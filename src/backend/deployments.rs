//! Deployments: from a validated model to running threads, and what they report.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use serde_json::Value;

use super::approval::Approval;
use super::by_hand::{ByHand, bound_by_hand};
use super::command::DeployRequest;
use super::datasets::Source;
use super::event::{Event, JobTopic};
use super::jobs::{JobHandle, Outcome};
use super::live_sink::{FinishedChunks, LiveSink};
use super::readiness::Gathered;
use super::service::{Internal, Service, now_ms};
use super::serving::{Ready, Served, ServedVersionView, Source as RequestSource, stand_up};
use super::state::{DeploymentStateView, DeploymentView};
use crate::data::Table;
use crate::data::watch::Watch as _;
use crate::deploy::readiness::Readiness;
use crate::deploy::{DeployEvent, Deployment, DeploymentPlan, ScorerFactory};
use crate::model::{BoundModel, ModelFile, Runtime, Scorer, Scores, SessionSettings};
use crate::monitor::profile::build;
use crate::monitor::snapshot::MonitorRecord;
use crate::monitor::{
    Alert, AlertEvent, AlertKind, ChunkReport, Chunking, Monitor, MonitorSettings, ProfileSettings, ReferenceProfile,
    Severity, default_chunk_rows,
};
use crate::validate::ModelResult;
use crate::workspace::audit::AuditKind;
use crate::workspace::capture::CaptureWriter;
use crate::workspace::{DeploymentRecord, Workspace};

/// How long closing waits for the threads of deployments.
const ENDING: Duration = Duration::from_secs(8);

/// A deployment whose threads belong to this session.
pub(super) struct LiveDeployment {
    pub(super) work: Work,
    pub(super) record: MonitorRecord,
    /// Keys of the kept alerts, by what tells alerts of one deployment apart.
    pub(super) alert_ids: Vec<(AlertKind, usize, i64)>,
}

/// The threads of a deployment.
pub(super) enum Work {
    /// A dataset is replayed.
    Replay(Deployment),
    /// Other programs call.
    Served(Box<Served>),
}

impl Work {
    pub(super) fn served(&self) -> Option<&Served> {
        match self {
            Self::Served(served) => Some(served),
            Self::Replay(_) => None,
        }
    }

    fn pause(&self) {
        match self {
            Self::Replay(deployment) => deployment.pause(),
            Self::Served(served) => served.pause(true),
        }
    }

    fn resume(&self) {
        match self {
            Self::Replay(deployment) => deployment.resume(),
            Self::Served(served) => served.pause(false),
        }
    }

    fn begin_stop(&mut self) {
        match self {
            Self::Replay(deployment) => deployment.begin_stop(),
            Self::Served(served) => served.begin_stop(),
        }
    }
}

/// What a job needs to make a deployment ready.
struct Preparing {
    file: ModelFile,
    judged: ModelResult,
    target: String,
    request: DeployRequest,
    reference: (Source, ByHand),
    /// The data that is replayed; `None` when other programs call.
    feed: Option<(Source, ByHand)>,
    /// What a service is stood up with.
    serving: Serving,
    /// What the readiness list is made from.
    facts: Gathered,
    runtime: &'static Runtime,
}

/// What a service is stood up with, beside the model.
struct Serving {
    captures: Option<std::path::PathBuf>,
    model_name: String,
    internal: crossbeam_channel::Sender<Internal>,
    outbox: Arc<super::outbox::Outbox>,
}

/// Everything that is needed to start the threads, or what already answers.
struct Prepared {
    id: String,
    started_at_ms: i64,
    request: DeployRequest,
    profile: Arc<ReferenceProfile>,
    readiness: Readiness,
    how: Prepare,
}

/// What a replay is started with.
struct Replay {
    bound: BoundModel,
    feed: crate::data::read::Dataset,
    runtime: &'static Runtime,
}

enum Prepare {
    Replay(Box<Replay>),
    Served(Box<Served>),
}

fn score_reference(
    bound: &BoundModel,
    table: &Table,
    runtime: &'static Runtime,
    handle: &JobHandle,
) -> Result<Scores, String> {
    let mut scorer = Scorer::open(bound, SessionSettings::default(), runtime).map_err(|e| e.to_string())?;
    let mut scores = Scores::default();
    let (mut done, total) = (0, table.rows());
    while done < total {
        if handle.cancelled() {
            return Err("The deployment was cancelled; nothing was started.".to_owned());
        }
        let end = (done + 4096).min(total);
        scorer.score(table, done..end, &mut scores).map_err(|e| e.to_string())?;
        done = end;
        handle.progress(0.1 + 0.7 * done as f32 / total as f32);
    }
    Ok(scores)
}

fn make_ready(job: Preparing, handle: &JobHandle) -> Result<Prepared, String> {
    let Preparing { file, judged, target, request, reference, feed, serving, facts, runtime } = job;
    let readiness = facts.judged();
    if let Some(line) = readiness.in_the_way().next() {
        let mend = line.mend.as_deref().unwrap_or_default();
        return Err(format!("“{}” is not started. {}: {} {mend}", request.name, line.what, line.why));
    }
    let reference_data = reference.0.dataset(handle)?;
    let proposal = bound_by_hand(&file, &reference_data.table, Some(&target), &reference.1);
    let features: Vec<String> = proposal.binding.columns().map(ToOwned::to_owned).collect();
    let bound = BoundModel::bind(file.clone(), proposal.binding, &reference_data.table).map_err(|e| e.to_string())?;
    let scores = score_reference(&bound, &reference_data.table, runtime, handle)?;
    let feed = match feed {
        Some((source, by_hand)) => Some((source.dataset(handle)?, by_hand)),
        None => None,
    };
    handle.progress(0.9);
    let reference_rows = reference_data.table.rows();
    // A stream without an end is cut as one as long as the reference.
    let feed_rows = feed.as_ref().map_or(reference_rows, |(feed, _)| feed.table.rows());
    let rows = default_chunk_rows(reference_rows, feed_rows);
    let mut settings =
        ProfileSettings::new(features, Some(target.clone()), request.chunking.unwrap_or(Chunking::Rows(rows)));
    settings.task = Some(judged.task);
    settings.positive.clone_from(&judged.positive);
    settings.score_threshold = request.threshold.or(judged.threshold).unwrap_or(0.5);
    settings.time_column = request.time_column.clone().filter(|name| reference_data.table.column(name).is_some());
    let profile = Arc::new(build(&reference_data.table, &scores, &settings).map_err(|e| e.to_string())?);
    let started_at_ms = now_ms();
    let id = format!("{started_at_ms:x}");
    let how = match (&request.source, feed) {
        (RequestSource::Http(http), _) => {
            let captures = serving.captures.ok_or("The workspace is not open, so no answer could be kept.")?;
            let first = ServedVersionView {
                version: "1".to_owned(),
                model: request.model.clone(),
                model_name: serving.model_name,
                run: request.run,
                positive: judged.positive.clone(),
                threshold: request.threshold.or(judged.threshold),
            };
            Prepare::Served(Box::new(stand_up(Ready {
                id: id.clone(),
                http: (**http).clone(),
                bound,
                first,
                profile: Arc::clone(&profile),
                capture: captures.join(&id),
                runtime,
                internal: serving.internal,
                outbox: serving.outbox,
                started_at_ms,
            })?))
        }
        (RequestSource::Replay, Some((feed, by_hand))) => {
            let binding = bound_by_hand(&file, &feed.table, Some(&target), &by_hand).binding;
            let bound = BoundModel::bind(file, binding, &feed.table)
                .map_err(|e| format!("The dataset to replay does not fit the model. {e}"))?;
            Prepare::Replay(Box::new(Replay { bound, feed, runtime }))
        }
        (RequestSource::Replay, None) => return Err("No dataset is chosen to be replayed.".to_owned()),
    };
    Ok(Prepared { id, started_at_ms, request, profile, readiness, how })
}

impl Service {
    /// Scores the reference, learns thresholds, then starts the threads.
    pub(super) fn deploy(&mut self, request: DeployRequest) {
        if !self.runtime_ready() {
            return;
        }
        let Some(runtime) = Runtime::loaded() else { return };
        let Some(run) = self.state.runs.iter().find(|r| r.id == request.run).cloned() else {
            return self
                .error("That validation is no longer in this workspace. Validate the model again, then deploy it.");
        };
        let Some(judged) = run.report.models.iter().find(|m| m.sha256 == request.model).cloned() else {
            return self.error("That validation did not judge this model. Validate it first, then deploy it.");
        };
        if let Some(why) = Approval::of(&self.state, request.run, &request.model).and_then(|a| a.refusal()) {
            return self.error(format!("“{}” is not deployed. {why}.", judged.name));
        }
        let file = match self.open_kept_model(&request.model) {
            Ok(file) => file,
            Err(why) => return self.error(why),
        };
        let replays = request.source == RequestSource::Replay;
        let sources = self.source(&run.dataset).and_then(|reference| {
            let feed = replays.then(|| self.source(&request.feed_dataset)).transpose()?;
            Ok((reference, feed))
        });
        let (reference, feed) = match sources {
            Ok(sources) => sources,
            Err(why) => return self.error(why),
        };
        let Some(facts) = self.gather(&request) else {
            return self.error("The model is no longer in this workspace. Add it again, then validate and deploy it.");
        };
        let name = format!("Preparing {}", request.name);
        let job = Preparing {
            file,
            judged,
            target: run.report.target.clone(),
            reference: (reference, self.by_hand(&request.model, &run.dataset)),
            feed: feed.map(|feed| (feed, self.by_hand(&request.model, &request.feed_dataset))),
            serving: Serving {
                captures: self.workspace.as_ref().map(Workspace::captures_folder),
                model_name: self.model_name(&request.model),
                internal: self.internal.clone(),
                outbox: Arc::clone(&self.outbox),
            },
            facts,
            request,
            runtime,
        };
        self.start_job(JobTopic::Deploy, name, move |handle| -> Outcome {
            let ready = make_ready(job, handle);
            Box::new(move |service| match ready {
                Ok(ready) => service.launch(ready),
                Err(why) => service.error(why),
            })
        });
    }

    fn launch(&mut self, ready: Prepared) {
        let Prepared { id, started_at_ms, request, profile, readiness, how } = ready;
        let (feed_name, feed_rows) = match (&how, &request.source) {
            (Prepare::Replay(replay), _) => (self.dataset_name(&request.feed_dataset), replay.feed.table.rows() as u64),
            (Prepare::Served(_), RequestSource::Http(http)) => (format!("HTTP calls to “{}”", http.name), 0),
            (Prepare::Served(_), RequestSource::Replay) => ("calls".to_owned(), 0),
        };
        let names = serde_json::json!({
            "model": self.model_name(&request.model),
            "feed": feed_name,
            "feed_rows": feed_rows,
            "readiness": readiness,
        });
        let (Ok(request_value), Ok(profile_value), Ok(state_value)) = (
            serde_json::to_value(&request),
            serde_json::to_value(profile.as_ref()),
            serde_json::to_value(DeploymentStateView::Running),
        ) else {
            return self.error("The deployment could not be written down, so it was not started.");
        };
        let kept = DeploymentRecord {
            id: id.clone(),
            model: request.model.clone(),
            request: request_value,
            profile: profile_value,
            state: state_value,
            names,
            started_at_ms,
            rows_seen: 0,
        };
        if self.with_workspace(|w| w.add_deployment(&kept)).is_none() {
            return;
        }
        let started = match how {
            Prepare::Served(mut served) => {
                served.is_kept();
                Ok(Work::Served(served))
            }
            Prepare::Replay(replay) => {
                let Replay { bound, feed, runtime } = *replay;
                self.start_replay(&id, &request, &profile, bound, &feed, runtime).map(Work::Replay)
            }
        };
        let work = match started {
            Ok(work) => work,
            Err(why) => {
                self.with_workspace(|w| w.remove_deployment(&id));
                return self.error(why);
            }
        };
        let record = MonitorRecord::new(Arc::clone(&profile));
        let monitor = Arc::new(record.snapshot());
        self.state.deployments.insert(
            0,
            Arc::new(DeploymentView {
                id: id.clone(),
                model_name: self.model_name(&request.model),
                feed_name,
                feed_rows,
                live: true,
                state: DeploymentStateView::Running,
                started_at_ms,
                readiness: Some(Arc::new(readiness.clone())),
                captured: 0,
                monitor: Some(monitor),
                request: Arc::new(request.clone()),
            }),
        );
        self.record_deployed(&id, &request, &readiness);
        self.live.insert(id, LiveDeployment { work, record, alert_ids: Vec::new() });
        self.info(format!("“{}” is deployed", request.name));
        self.update_stages();
    }

    /// Starts the threads that replay a dataset.
    fn start_replay(
        &self,
        id: &str,
        request: &DeployRequest,
        profile: &Arc<ReferenceProfile>,
        bound: BoundModel,
        feed: &crate::data::read::Dataset,
        runtime: &'static Runtime,
    ) -> Result<Deployment, String> {
        let folder = self.workspace.as_ref().map(Workspace::captures_folder).ok_or("The workspace is not open.")?;
        let capture = CaptureWriter::open(&folder, id).map_err(|error| error.to_string())?;
        let sink = LiveSink {
            id: id.to_owned(),
            internal: self.internal.clone(),
            capture: Some(capture),
            monitor: Monitor::new(Arc::clone(profile), MonitorSettings::default()),
            rows_seen: 0,
        };
        let (outbox, told) = (Arc::clone(&self.outbox), id.to_owned());
        let (fingerprint, path) = (feed.fingerprint.clone(), feed.path.clone());
        let session = SessionSettings {
            intra_threads: request.worker.intra_threads,
            batch: request.worker.batch_rows,
            ..SessionSettings::default()
        };
        Deployment::start(DeploymentPlan {
            id: id.to_owned(),
            table: Arc::clone(&feed.table),
            still_there: Box::new(move || fingerprint.still_matches(&path).map_err(|e| e.to_string())),
            worker: request.worker.clone(),
            feed: request.feed.clone(),
            engines: Arc::new(ScorerFactory { bound, settings: session, runtime }),
            sink: Box::new(sink),
            on_stats: Arc::new(move |stats| outbox.post(Event::Stats(told.clone(), stats))),
        })
        .map_err(|error| error.to_string())
    }

    fn record_deployed(&mut self, id: &str, request: &DeployRequest, readiness: &Readiness) {
        let approval = Approval::of(&self.state, request.run, &request.model);
        let signed_by = match &approval {
            Some(Approval::Signed(signed)) => Some(signed.signed.who.clone()),
            _ => None,
        };
        // The sentences are kept with the deployment; what stood how outlives it here.
        let stood: serde_json::Map<String, Value> = readiness
            .lines
            .iter()
            .filter_map(|line| Some((line.what.clone(), serde_json::to_value(line.fitness).ok()?)))
            .collect();
        let what = serde_json::json!({
            "name": request.name, "model": request.model, "model_name": self.model_name(&request.model),
            "run": request.run, "feed": request.feed_dataset, "threshold": request.threshold,
            "approval": approval.map(|a| a.word()), "signed_by": signed_by, "readiness": stood,
        });
        self.record(AuditKind::Deployed, id, what);
    }

    pub(super) fn model_name(&self, id: &str) -> String {
        self.state.models.iter().find(|m| m.id == id).map_or_else(|| "removed model".to_owned(), |m| m.name.clone())
    }

    fn dataset_name(&self, id: &str) -> String {
        let found = self.state.datasets.iter().find(|d| d.id == id);
        found.map_or_else(|| "removed dataset".to_owned(), |d| d.name.clone())
    }

    fn view_mut(&mut self, id: &str) -> Option<&mut DeploymentView> {
        self.touch();
        self.state.deployments.iter_mut().find(|d| d.id == id).map(Arc::make_mut)
    }

    /// Keeps finished chunks and the alerts they raise, in one transaction, and tells the window.
    pub(super) fn keep_chunks(&mut self, id: &str, finished: FinishedChunks) {
        let Some(live) = self.live.get_mut(id) else { return };
        let mut chunks = Vec::new();
        let mut events = Vec::new();
        for report in finished.reports {
            if let Ok(value) = serde_json::to_value(&report) {
                chunks.push((report.index as u64, value));
            }
            events.extend(live.record.add(report));
        }
        live.record.set_rows_seen(finished.rows_seen);
        let snapshot = Arc::new(live.record.snapshot());
        self.keep_alerts(id, &chunks, &events, finished.rows_seen);
        self.tell_service(id, &events);
        let touched = !events.is_empty();
        if let Some(view) = self.state.deployments.iter_mut().find(|d| d.id == id) {
            let view = Arc::make_mut(view);
            view.captured = finished.rows_seen;
            view.monitor = Some(Arc::clone(&snapshot));
        }
        self.outbox.post(Event::Monitor(id.to_owned(), snapshot));
        if touched {
            self.touch();
        }
    }

    /// A severe alert ends a rollout that is on trial.
    fn tell_service(&self, id: &str, events: &[AlertEvent]) {
        let Some(served) = self.live.get(id).and_then(|live| live.work.served()) else { return };
        let Some(service) = served.service() else { return };
        for alert in events.iter().map(AlertEvent::alert).filter(|alert| alert.severity == Severity::Severe) {
            service.hub().severe_alert(&served.name, &alert.message).ok();
        }
    }

    /// Something happened to a deployment.
    pub(super) fn deployment_event(&mut self, id: &str, event: DeployEvent) {
        let name =
            self.state.deployments.iter().find(|d| d.id == id).map(|d| d.request.name.clone()).unwrap_or_default();
        match event {
            DeployEvent::WorkerRestarted { why } => {
                let text = format!("A worker panicked and was started again; no request was lost. It said: {why}");
                self.note(id, AlertKind::WorkerRestarted, Severity::Severe, text);
            }
            DeployEvent::QueueFull => {
                let text = "The queue was full: the workers do not keep up with the rate. Lower the rate, or use more \
                            workers or larger batches.";
                self.note(id, AlertKind::QueueFull, Severity::Warning, text.to_owned());
            }
            DeployEvent::FeedChanged { why } => {
                let text = format!("The deployment goes on with what was read. {why}");
                self.note(id, AlertKind::Feed, Severity::Warning, text);
            }
            DeployEvent::SinkFailed { why } => {
                self.set_deployment_state(id, DeploymentStateView::Paused);
                self.error(format!("“{name}” is held, because its answers cannot be kept. {why} Resume when that is mended; no row is lost."));
            }
            DeployEvent::Said { why, bad } => {
                let severity = if bad { Severity::Severe } else { Severity::Warning };
                self.note(id, AlertKind::Serving, severity, why);
            }
            DeployEvent::RolledBack { champion, why } => {
                let text = format!("Version {champion} answers again: the rollout was taken back. {why}");
                self.record(AuditKind::RolledOut, id, serde_json::json!({ "rolled_back_to": champion, "why": why }));
                self.note(id, AlertKind::Serving, Severity::Severe, text);
            }
            DeployEvent::FeedEnded => {
                self.set_deployment_state(id, DeploymentStateView::Finished);
                self.info(format!("“{name}” has answered its whole feed"));
            }
            DeployEvent::Failed { why } => {
                self.set_deployment_state(id, DeploymentStateView::Failed(why.clone()));
                self.error(format!("“{name}” has ended: {why}"));
            }
        }
    }

    fn set_deployment_state(&mut self, id: &str, state: DeploymentStateView) {
        let Some(view) = self.view_mut(id) else { return };
        let over = matches!(
            view.state,
            DeploymentStateView::Finished | DeploymentStateView::Stopped | DeploymentStateView::Failed(_)
        );
        if over || view.state == state {
            return;
        }
        view.state = state.clone();
        let (rows_seen, name) = (view.captured, view.request.name.clone());
        if let Ok(value) = serde_json::to_value(&state) {
            self.with_workspace(|w| w.update_deployment(id, &value, rows_seen));
        }
        let who = match state {
            DeploymentStateView::Running | DeploymentStateView::Paused => return,
            DeploymentStateView::Stopped if !self.ending => self.state.reviewer.clone(),
            _ => String::new(),
        };
        let why = if let DeploymentStateView::Failed(why) = &state { Some(why) } else { None };
        let what = serde_json::json!({ "name": name, "state": state.word(), "why": why, "rows": rows_seen });
        self.record_by(AuditKind::Stopped, id, &who, what);
    }

    /// Holds a feed.
    pub(super) fn pause_deployment(&mut self, id: &str) {
        if let Some(live) = self.live.get(id) {
            live.work.pause();
            self.set_deployment_state(id, DeploymentStateView::Paused);
        }
    }

    /// Lets a feed go on.
    pub(super) fn resume_deployment(&mut self, id: &str) {
        if let Some(live) = self.live.get(id) {
            live.work.resume();
            self.set_deployment_state(id, DeploymentStateView::Running);
        }
    }

    /// Feeds one batch and holds.
    pub(super) fn step_deployment(&mut self, id: &str) {
        if let Some(Work::Replay(deployment)) = self.live.get(id).map(|live| &live.work) {
            deployment.step();
            self.set_deployment_state(id, DeploymentStateView::Paused);
        }
    }

    /// Changes a feed's rate.
    pub(super) fn set_rate(&mut self, id: &str, rate: Option<f64>) {
        if let Some(Work::Replay(deployment)) = self.live.get(id).map(|live| &live.work) {
            deployment.set_rate(rate);
            if let Some(view) = self.view_mut(id) {
                Arc::make_mut(&mut view.request).feed.rows_per_second = rate;
            }
        }
    }

    /// Asks a deployment to end; the rest follows when its threads have.
    pub(super) fn stop_deployment(&mut self, id: &str) {
        if let Some(live) = self.live.get_mut(id) {
            live.work.begin_stop();
        }
    }

    /// A deployment's threads are done: it is history from now on.
    pub(super) fn sink_closed(&mut self, id: &str) {
        let Some(live) = self.live.remove(id) else { return };
        if let Work::Replay(deployment) = live.work {
            deployment.stop(Duration::from_secs(2));
        }
        self.set_deployment_state(id, DeploymentStateView::Stopped);
        if let Some(view) = self.view_mut(id) {
            view.live = false;
        }
        self.update_stages();
    }

    /// Ends all deployments and keeps what they still report.
    pub(super) fn stop_all(&mut self, finished: &Receiver<Internal>) {
        for live in self.live.values_mut() {
            live.work.begin_stop();
        }
        let until = Instant::now() + ENDING;
        while !self.live.is_empty() && Instant::now() < until {
            if let Ok(report) = finished.recv_timeout(Duration::from_millis(20)) {
                self.internal(report);
            }
        }
        if !self.live.is_empty() {
            tracing::error!("a deployment did not end in time");
        }
    }

    /// Takes an ended deployment with its history out.
    pub(super) fn remove_deployment(&mut self, id: &str) {
        if self.live.contains_key(id) {
            return self.error("The deployment still works. Stop it first, then remove it.");
        }
        let name = self.state.deployments.iter().find(|d| d.id == id).map(|d| d.request.name.clone());
        if self.with_workspace(|w| w.remove_deployment(id)).is_some() {
            // A served model keeps its answers in a folder of its own.
            if let Some(folder) = self.workspace.as_ref().map(|w| w.captures_folder().join(id)).filter(|f| f.is_dir())
                && let Err(error) = std::fs::remove_dir_all(&folder)
            {
                self.warn(format!("The kept answers could not all be removed: {error}. {}", folder.display()));
            }
            self.record(AuditKind::DeploymentRemoved, id, serde_json::json!({ "name": name }));
            self.state.deployments.retain(|d| d.id != id);
            self.state.alerts.retain(|a| a.deployment != id);
            self.update_stages();
        }
    }

    /// Kept deployments with their charts, as history: their threads ended with the program that started them.
    pub(super) fn load_deployments(&mut self) {
        let records = self.with_workspace(|w| w.deployments()).unwrap_or_default();
        let alerts = self.with_workspace(|w| w.alerts()).unwrap_or_default();
        for record in records {
            let (Ok(request), Ok(profile)) = (
                serde_json::from_value::<DeployRequest>(record.request.clone()),
                serde_json::from_value::<ReferenceProfile>(record.profile.clone()),
            ) else {
                self.warn(
                    "A kept deployment cannot be read by this version, so it is not shown. Its files are untouched.",
                );
                continue;
            };
            let chunks = self.with_workspace(|w| w.chunks(&record.id)).unwrap_or_default();
            let chunks: Vec<ChunkReport> = chunks.into_iter().filter_map(|c| serde_json::from_value(c).ok()).collect();
            let own = alerts.iter().filter(|a| a.deployment == record.id);
            let kept: Vec<Alert> = own.filter_map(|a| serde_json::from_value(a.alert.clone()).ok()).collect();
            let mut monitor = MonitorRecord::restore(Arc::new(profile), chunks, kept);
            monitor.set_rows_seen(record.rows_seen);
            let mut state = serde_json::from_value(record.state.clone()).unwrap_or(DeploymentStateView::Stopped);
            if matches!(state, DeploymentStateView::Running | DeploymentStateView::Paused) {
                state = DeploymentStateView::Stopped;
            }
            let text = |name: &str| record.names.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let readiness = record.names.get("readiness").cloned();
            self.state.deployments.push(Arc::new(DeploymentView {
                readiness: readiness.and_then(|list| serde_json::from_value(list).ok()).map(Arc::new),
                model_name: text("model"),
                feed_name: text("feed"),
                feed_rows: record.names.get("feed_rows").and_then(Value::as_u64).unwrap_or(0),
                request: Arc::new(request),
                live: false,
                state,
                started_at_ms: record.started_at_ms,
                captured: record.rows_seen,
                monitor: Some(Arc::new(monitor.snapshot())),
                id: record.id,
            }));
        }
        self.state.deployments.sort_by_key(|d| std::cmp::Reverse(d.started_at_ms));
    }
}
