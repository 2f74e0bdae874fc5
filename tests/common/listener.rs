//! A backend on a workspace and the newest state it told, for tests, benches and pictures that need the real thing.

#![allow(clippy::unwrap_used, clippy::allow_attributes, dead_code, reason = "what is missing fails the program")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use modeldeck::backend::command::DeployRequest;
use modeldeck::backend::serving::{HttpRequest, ServingView, Source, Tried};
use modeldeck::backend::state::{DeploymentStateView, RunView, RuntimeView};
use modeldeck::backend::{Backend, BackendOptions, Command, Event, NoticeLevel, State};
use modeldeck::deploy::{FeedSettings, WorkerSettings};
use modeldeck::model::RuntimeHome;
use modeldeck::monitor::Chunking;
use modeldeck::validate::Plan;

/// How a backend of tests starts: nothing outside the workspace, the samples of the source tree.
pub fn options(workspace: &Path, runtime_home: RuntimeHome, open_samples: bool) -> BackendOptions {
    BackendOptions {
        workspace: workspace.to_path_buf(),
        runtime_home,
        samples: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models")),
        open_samples,
        install_runtime: false,
        files: Vec::new(),
        held_bytes: modeldeck::data::estimate::HELD_BYTES,
    }
}

/// A backend and what it told last.
pub struct Listener {
    pub backend: Backend,
    pub state: Arc<State>,
    /// Rows that deployments of this session have answered.
    pub answered: BTreeMap<String, u64>,
    /// What served deployments of this session are at.
    pub serving: BTreeMap<String, Arc<ServingView>>,
    /// What was last tried on each.
    pub tried: BTreeMap<String, Arc<Tried>>,
    /// Chunks that each monitor has reported.
    pub chunks: BTreeMap<String, usize>,
    /// Warnings and errors that were expected, the oldest first.
    pub told: Vec<String>,
    expects_errors: bool,
}

impl Listener {
    pub fn open(options: BackendOptions) -> Self {
        Self {
            backend: Backend::start(options).unwrap(),
            state: Arc::default(),
            answered: BTreeMap::new(),
            serving: BTreeMap::new(),
            tried: BTreeMap::new(),
            chunks: BTreeMap::new(),
            told: Vec::new(),
            expects_errors: false,
        }
    }

    /// From now on errors are kept in [`Self::told`].
    pub fn expect_errors(mut self) -> Self {
        self.expects_errors = true;
        self
    }

    /// Waits for a state; what is said as an error meanwhile ends the program with its sentence.
    pub fn until(&mut self, what: &str, reached: impl Fn(&State) -> bool) {
        self.wait(what, |s| reached(&s.state));
    }

    /// The next warning or error.
    pub fn next_told(&mut self, what: &str) -> String {
        self.wait(what, |s| !s.told.is_empty());
        self.told.remove(0)
    }

    pub fn wait(&mut self, what: &str, reached: impl Fn(&Self) -> bool) {
        let until = Instant::now() + Duration::from_mins(2);
        while !reached(self) {
            assert!(Instant::now() < until, "{what} did not come");
            for event in self.backend.outbox().wait(Duration::from_millis(200)) {
                match event {
                    Event::State(state) => self.state = state,
                    Event::Notice(notice) if self.expects_errors && notice.level != NoticeLevel::Info => {
                        self.told.push(notice.text);
                    }
                    Event::Notice(notice) => assert!(notice.level != NoticeLevel::Error, "{}", notice.text),
                    Event::Stats(id, stats) => {
                        self.answered.insert(id, stats.rows_answered);
                    }
                    Event::Monitor(id, monitor) => {
                        self.chunks.insert(id, monitor.chunks.len());
                    }
                    Event::Serving(id, view) => {
                        self.serving.insert(id, view);
                    }
                    Event::Tried(id, tried) => {
                        self.tried.insert(id, tried);
                    }
                    _ => {}
                }
            }
        }
    }

    pub fn samples(&mut self) {
        self.until("the samples and ONNX Runtime", |s| s.samples && matches!(s.runtime, RuntimeView::Ready { .. }));
    }

    pub fn dataset(&self, path: &str) -> String {
        self.state.datasets.iter().find(|d| d.path.ends_with(path)).unwrap().id.clone()
    }

    /// The models of a sample story.
    pub fn story(&self, story: &str) -> Vec<String> {
        let of_story = |m: &&Arc<modeldeck::backend::state::ModelView>| {
            m.card.as_ref().is_some_and(|c| c.story.as_deref() == Some(story))
        };
        self.state.models.iter().filter(of_story).map(|m| m.id.clone()).collect()
    }

    /// Validates the three flight models on April, on a workspace with the samples.
    pub fn validate_flights(&mut self) -> Arc<RunView> {
        let models = self.story("flights");
        assert_eq!(models.len(), 3);
        let dataset = self.dataset("flights/april.parquet");
        self.backend.send(Command::Validate {
            models,
            said: None,
            dataset,
            reference: None,
            plan: Box::new(Plan::new("late")),
        });
        self.until("the validation", |s| !s.runs.is_empty());
        Arc::clone(&self.state.runs[0])
    }

    /// Deploys the recommended model on May to December; as fast as it goes without a rate.
    pub fn deploy_year(&mut self, run: &RunView, rows_per_second: Option<f64>) {
        let recommended = run.report.recommendation.clone().unwrap();
        self.backend.send(Command::Deploy(DeployRequest {
            source: Source::Replay,
            name: "flights".to_owned(),
            run: run.id,
            model: run.report.models[recommended.model].sha256.clone(),
            feed_dataset: self.dataset("flights/stream.parquet"),
            worker: WorkerSettings { batch_rows: 2_000, ..WorkerSettings::default() },
            feed: FeedSettings { rows_per_second, ..FeedSettings::default() },
            chunking: None,
            time_column: Some("time".to_owned()),
            threshold: None,
        }));
    }

    /// How a model of a run is served on a port of its own, in chunks of so many rows.
    pub fn serving_request(run: &RunView, model: &str, rows: usize) -> DeployRequest {
        DeployRequest {
            source: Source::Http(Box::new(HttpRequest {
                name: "flights".to_owned(),
                port: 0,
                ..HttpRequest::default()
            })),
            name: "flights by HTTP".to_owned(),
            run: run.id,
            model: model.to_owned(),
            feed_dataset: String::new(),
            worker: WorkerSettings::default(),
            feed: FeedSettings::default(),
            chunking: Some(Chunking::Rows(rows)),
            time_column: None,
            threshold: None,
        }
    }

    /// Serves a model of a run and waits until it does; gives the deployment and its address.
    pub fn serve(&mut self, run: &RunView, model: &str, rows: usize) -> (String, String) {
        let before = self.state.deployments.len();
        self.backend.send(Command::Deploy(Self::serving_request(run, model, rows)));
        self.until("the served deployment", |s| s.deployments.len() > before);
        let id = self.state.deployments[0].id.clone();
        self.wait("its figures", |l| l.serving.contains_key(&id));
        let address = self.serving[&id].address.clone();
        (id, address)
    }

    pub fn end_of_stream(&mut self) {
        self.until("the end of the stream", |s| {
            s.deployments.first().is_some_and(|d| !d.live && d.state == DeploymentStateView::Finished)
        });
    }

    /// Ends the backend; what it keeps is on disk afterwards.
    pub fn close(mut self) {
        assert!(self.backend.shut_down(Duration::from_secs(20)));
    }
}
