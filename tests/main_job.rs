//! The main job without a window: samples → validate → deploy → stream → alerts → restart → still there.

#![expect(clippy::unwrap_used, reason = "what is missing fails the test")]

#[path = "common/runtime.rs"]
mod runtime;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use modeldeck::backend::command::DeployRequest;
use modeldeck::backend::state::{DeploymentStateView, RuntimeView};
use modeldeck::backend::{Backend, BackendOptions, Command, Event, State};
use modeldeck::deploy::{FeedSettings, WorkerSettings};
use modeldeck::validate::Plan;

struct Listener {
    backend: Backend,
    state: Arc<State>,
}

impl Listener {
    fn open(workspace: &Path, samples: bool) -> Self {
        let options = BackendOptions {
            workspace: workspace.to_path_buf(),
            runtime_home: runtime::runtime(),
            samples: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models")),
            open_samples: samples,
            install_runtime: false,
            files: Vec::new(),
        };
        Self { backend: Backend::start(options).unwrap(), state: Arc::default() }
    }

    /// Waits for a state; what is said as an error meanwhile ends the test with its sentence.
    fn until(&mut self, what: &str, reached: impl Fn(&State) -> bool) {
        let until = Instant::now() + Duration::from_mins(2);
        while !reached(&self.state) {
            assert!(Instant::now() < until, "{what} did not come");
            for event in self.backend.outbox().wait(Duration::from_millis(200)) {
                match event {
                    Event::State(state) => self.state = state,
                    Event::Notice(notice) => {
                        assert!(notice.level != modeldeck::backend::NoticeLevel::Error, "{}", notice.text);
                    }
                    _ => {}
                }
            }
        }
    }

    fn dataset(&self, path: &str) -> String {
        self.state.datasets.iter().find(|d| d.path.ends_with(path)).unwrap().id.clone()
    }
}

#[test]
fn a_model_goes_from_file_to_watched_deployment_and_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Listener::open(folder.path(), true);
    first.until("the samples and ONNX Runtime", |s| s.samples && matches!(s.runtime, RuntimeView::Ready { .. }));
    assert_eq!((first.state.models.len(), first.state.datasets.len()), (7, 6));

    let april = first.dataset("flights/april.parquet");
    let stream = first.dataset("flights/stream.parquet");
    let flights: Vec<_> = first
        .state
        .models
        .iter()
        .filter(|m| m.card.as_ref().is_some_and(|c| c.story.as_deref() == Some("flights")))
        .map(|m| m.id.clone())
        .collect();
    assert_eq!(flights.len(), 3);
    first.backend.send(Command::Validate { models: flights, dataset: april, plan: Plan::new("late") });
    first.until("the validation", |s| !s.runs.is_empty());
    let run = Arc::clone(&first.state.runs[0]);
    let recommended = run.report.recommendation.clone().unwrap();
    assert!(run.report.models.iter().any(|m| m.against_training.as_ref().is_some_and(|a| !a.holds)));

    first.backend.send(Command::Deploy(DeployRequest {
        name: "flights".to_owned(),
        run: run.id,
        model: run.report.models[recommended.model].sha256.clone(),
        feed_dataset: stream,
        worker: WorkerSettings { batch_rows: 2_000, ..WorkerSettings::default() },
        feed: FeedSettings { rows_per_second: None, ..FeedSettings::default() },
        chunking: None,
        time_column: Some("time".to_owned()),
    }));
    first.until("the end of the stream", |s| {
        s.deployments.first().is_some_and(|d| !d.live && d.state == DeploymentStateView::Finished)
    });
    let deployment = Arc::clone(&first.state.deployments[0]);
    let monitor = deployment.monitor.clone().unwrap();
    assert_eq!(monitor.rows_seen, deployment.feed_rows, "every row of the stream was answered");
    assert!(!monitor.chunks.is_empty());
    assert!(!first.state.alerts.is_empty(), "the year drifts away from April");
    let seen = first.state.alerts[0].id;
    first.backend.send(Command::AcknowledgeAlert(seen));
    let acknowledged = |s: &State| {
        s.alerts.iter().any(|a| a.id == seen && a.alert.state == modeldeck::monitor::AlertState::Acknowledged)
    };
    first.until("the acknowledgement", acknowledged);
    let alerts = first.state.alerts.len();
    assert!(first.backend.shut_down(Duration::from_secs(20)));
    drop(first);

    let mut second = Listener::open(folder.path(), false);
    second.until("the kept workspace", |s| s.workspace.ready && !s.deployments.is_empty());
    assert_eq!(second.state.models.len(), 7);
    assert_eq!(second.state.runs[0].report, run.report);
    let kept = second.state.deployments[0].monitor.clone().unwrap();
    assert_eq!(kept.chunks, monitor.chunks);
    assert_eq!(kept.rows_seen, monitor.rows_seen);
    assert_eq!(second.state.alerts.len(), alerts);
    assert!(acknowledged(&second.state));
}

#[test]
fn a_workspace_opens_once_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Listener::open(folder.path(), false);
    first.until("the workspace", |s| s.workspace.ready && s.workspace.failed.is_none());
    let mut second = Listener::open(folder.path(), false);
    second.until("the refusal", |s| s.workspace.failed.is_some());
}
