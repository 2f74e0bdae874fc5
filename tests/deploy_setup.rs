//! Setting up a deployment over the live backend: what is in the way is said before anything starts and keeps it from
//! starting, the list stays with what was started, and a model is taken to a cluster.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

#[path = "common/listener.rs"]
mod listener;
#[path = "common/runtime.rs"]
mod runtime;

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use listener::{Listener, options};
use modeldeck::backend::Command;
use modeldeck::backend::command::DeployRequest;
use modeldeck::backend::serving::{HttpRequest, Source};
use modeldeck::backend::state::{ReadinessView, RunView};
use modeldeck::deploy::readiness::{Consumer, Fitness, Line, Readiness};
use modeldeck::deploy::sizing::Target;
use modeldeck::deploy::{FeedSettings, WorkerSettings};
use modeldeck::validate::Plan;
use modeldeck::validate::policy::Policy;
use modeldeck::workspace::audit::{AuditFilter, AuditKind, page_of_folder};

fn http(port: u16) -> Source {
    let consumers = vec![Consumer { name: "Gates".to_owned(), per_second: 5.0, ..Consumer::default() }];
    Source::Http(Box::new(HttpRequest { name: "flights".to_owned(), port, consumers, ..HttpRequest::default() }))
}

fn request(run: &RunView, source: Source) -> DeployRequest {
    let recommended = run.report.recommendation.clone().unwrap();
    DeployRequest {
        name: "flights".to_owned(),
        run: run.id,
        model: run.report.models[recommended.model].sha256.clone(),
        source,
        feed_dataset: String::new(),
        worker: WorkerSettings::default(),
        feed: FeedSettings::default(),
        chunking: None,
        time_column: None,
        threshold: None,
    }
}

fn line<'a>(list: &'a Readiness, what: &str) -> &'a Line {
    list.lines.iter().find(|line| line.what == what).unwrap_or_else(|| panic!("no line {what} in {list:?}"))
}

fn ready(listener: &mut Listener, request: &DeployRequest) -> Readiness {
    listener.backend.send(Command::CheckReadiness(Box::new(request.clone())));
    let before = listener.state.readiness.clone();
    let is_new = |view: &Arc<ReadinessView>| before.as_ref().is_none_or(|before| !Arc::ptr_eq(before, view));
    listener.until("the readiness list", |s| {
        s.readiness.as_ref().is_some_and(|view| view.request == *request && is_new(view))
    });
    listener.state.readiness.as_ref().unwrap().list.clone()
}

fn opened(folder: &Path) -> (Listener, Arc<RunView>) {
    let mut listener = Listener::open(options(folder, runtime::runtime(), true)).expect_errors();
    listener.samples();
    let run = listener.validate_flights();
    (listener, run)
}

#[test]
fn what_is_in_the_way_is_said_and_the_list_stays_with_what_was_started() {
    let folder = tempfile::tempdir().unwrap();
    let (mut listener, run) = opened(folder.path());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let wanted = request(&run, http(port));

    let list = ready(&mut listener, &wanted);
    let endpoint = line(&list, "Endpoint");
    assert!(endpoint.fitness == Fitness::Blocked && endpoint.why.contains(&port.to_string()), "{endpoint:?}");
    for what in ["Runtime", "Operators", "Memory", "Cores", "Validation", "Model card", "Disk for the capture"] {
        assert_ne!(line(&list, what).fitness, Fitness::Blocked, "{what}");
    }
    line(&list, "Consumer “Gates”");
    listener.backend.send(Command::Deploy(wanted.clone()));
    let said = listener.next_told("the refusal");
    assert!(said.contains("is not started. Endpoint:") && said.contains(&port.to_string()), "{said}");
    assert!(listener.state.deployments.is_empty());

    drop(taken);
    assert_ne!(line(&ready(&mut listener, &wanted), "Endpoint").fitness, Fitness::Blocked);
    listener.backend.send(Command::Deploy(wanted));
    listener.until("the deployment", |s| s.deployments.iter().any(|d| d.live));
    let kept = listener.state.deployments[0].readiness.clone().unwrap();
    assert_ne!(kept.fitness(), Fitness::Blocked);
    listener.close();

    let mut listener = Listener::open(options(folder.path(), runtime::runtime(), false)).expect_errors();
    listener.until("the kept workspace", |s| !s.deployments.is_empty());
    assert_eq!(listener.state.deployments[0].readiness.as_ref(), Some(&kept));
    listener.close();
    let filter = AuditFilter { kind: Some(AuditKind::Deployed), ..AuditFilter::default() };
    let page = page_of_folder(folder.path(), &filter, 0, 1).unwrap();
    assert_eq!(page.entries[0].what["readiness"]["Endpoint"], "ready");
    assert_eq!(page.entries[0].what["readiness"].as_object().map(serde_json::Map::len), Some(kept.lines.len()));
}

#[test]
fn a_policy_that_asks_for_a_sign_off_keeps_an_unsigned_model_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let mut listener = Listener::open(options(folder.path(), runtime::runtime(), true)).expect_errors();
    listener.samples();
    let mut plan = Plan::new("late");
    plan.policy = Some(Policy { name: "Signed".to_owned(), require_sign_off: true, ..Policy::default() });
    let (models, dataset) = (listener.story("flights"), listener.dataset("flights/april.parquet"));
    listener.backend.send(Command::Validate { models, said: None, dataset, reference: None, plan: Box::new(plan) });
    listener.until("the validation", |s| !s.runs.is_empty());
    let run = Arc::clone(&listener.state.runs[0]);
    let feed_dataset = listener.dataset("flights/stream.parquet");
    let wanted = DeployRequest { feed_dataset, ..request(&run, Source::Replay) };
    let list = ready(&mut listener, &wanted);
    let validation = line(&list, "Validation");
    assert!(validation.fitness == Fitness::Blocked && validation.why.contains("asks for a sign-off"), "{validation:?}");
    listener.backend.send(Command::Deploy(wanted.clone()));
    assert!(listener.next_told("the refusal").contains("Validation"));
    listener.backend.send(Command::SignOff {
        run: run.id,
        model: wanted.model.clone(),
        who: "Ada".to_owned(),
        note: String::new(),
        override_reason: None,
    });
    listener.until("the sign-off", |s| s.sign_offs.len() == 1);
    let again = DeployRequest { name: "signed".to_owned(), ..wanted };
    assert_eq!(line(&ready(&mut listener, &again), "Validation").fitness, Fitness::Ready);
    listener.backend.send(Command::Deploy(again));
    listener.until("the deployment", |s| !s.deployments.is_empty());
    listener.close();
}

#[test]
fn a_model_is_taken_to_a_cluster_and_a_sizing_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let (mut listener, run) = opened(folder.path());
    let wanted = Box::new(request(&run, http(0)));
    let export = || Command::ExportCluster { request: wanted.clone(), folder: out.path().to_path_buf() };
    listener.backend.send(export());
    listener.until("the export", |s| s.notices.iter().any(|n| n.text.contains("for a cluster")));
    let config = std::fs::read_to_string(out.path().join("repository/flights/config.pbtxt")).unwrap();
    assert!(config.contains("max_batch_size: 256"), "{config}");
    assert!(out.path().join("flights.kserve.yaml").is_file());
    listener.backend.send(export());
    assert!(listener.next_told("the refusal").contains("already something"));

    listener.backend.send(Command::SizeModel { request: wanted, target: Target::default() });
    for job in 0..64 {
        listener.backend.send(Command::CancelJob(job));
    }
    listener.close();
    let mut listener = Listener::open(options(folder.path(), runtime::runtime(), false));
    listener.until("the kept workspace", |s| !s.runs.is_empty());
    assert!(listener.state.sizing.is_empty());
    listener.close();
}
