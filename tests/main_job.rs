//! The main job without a window: samples → validate → deploy → stream → alerts → restart → still there.

#[path = "common/listener.rs"]
mod listener;
#[path = "common/runtime.rs"]
mod runtime;

use std::sync::Arc;

use listener::{Listener, options};
use modeldeck::backend::{Command, State};
use modeldeck::monitor::AlertState;

#[test]
fn a_model_goes_from_file_to_watched_deployment_and_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Listener::open(options(folder.path(), runtime::runtime(), true));
    first.samples();
    assert_eq!((first.state.models.len(), first.state.datasets.len()), (7, 6));

    let run = first.validate_flights();
    assert!(run.report.models.iter().any(|m| m.against_training.as_ref().is_some_and(|a| !a.holds)));
    first.deploy_year(&run, None);
    first.end_of_stream();
    let deployment = Arc::clone(&first.state.deployments[0]);
    let monitor = deployment.monitor.clone().unwrap();
    assert_eq!(monitor.rows_seen, deployment.feed_rows, "every row of the stream was answered");
    assert!(!monitor.chunks.is_empty());
    assert!(!first.state.alerts.is_empty(), "the year drifts away from April");
    let seen = first.state.alerts[0].id;
    first.backend.send(Command::AcknowledgeAlert(seen));
    let acknowledged = |s: &State| s.alerts.iter().any(|a| a.id == seen && a.alert.state == AlertState::Acknowledged);
    first.until("the acknowledgement", acknowledged);
    let alerts = first.state.alerts.len();
    first.close();

    let mut second = Listener::open(options(folder.path(), runtime::runtime(), false));
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
    let mut first = Listener::open(options(folder.path(), runtime::runtime(), false));
    first.until("the workspace", |s| s.workspace.ready && s.workspace.failed.is_none());
    let mut second = Listener::open(options(folder.path(), runtime::runtime(), false));
    second.until("the refusal", |s| s.workspace.failed.is_some());
}
