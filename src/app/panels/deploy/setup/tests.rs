//! Setting up an endpoint: its fields, the readiness list, those who call, the sizing, the way to a cluster.

use std::path::PathBuf;
use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use crate::app::context::Request;
use crate::app::panels::deploy::DeployPanel;
use crate::app::panels::deploy::draft::{Draft, Field, Origin};
use crate::app::panels::fixture::{World, click, harness};
use crate::backend::Command;
use crate::backend::command::DeployRequest;
use crate::backend::event::JobTopic;
use crate::backend::serving::{HttpRequest, Source};
use crate::backend::state::{ReadinessView, SizingView};
use crate::deploy::machine::Machine;
use crate::deploy::readiness::{Consumer, Fitness, Line, Readiness};
use crate::deploy::serve::Overflow;
use crate::deploy::sizing::{Point, Setting, Sizing, Target, advise};

fn undeployed() -> World {
    let mut world = World::full();
    world.state.deployments.clear();
    world.state.alerts.clear();
    world
}

fn drawn(world: World) -> Harness<'static, World> {
    let mut panel = DeployPanel::default();
    harness([1280.0, 800.0], world, move |ui, ctx| panel.ui(ui, ctx))
}

fn http(world: &World) -> Draft {
    Draft { origin: Origin::Http, ..Draft::newest(&world.state).unwrap() }
}

/// What was asked beside the readiness list.
fn beside(mut asked: Vec<Request>) -> Vec<Request> {
    asked.retain(|request| !matches!(request, Request::Command(Command::CheckReadiness(_))));
    asked
}

/// The questions among what was asked.
fn questions(asked: &[Request]) -> Vec<&DeployRequest> {
    let question = |request| match request {
        &Request::Command(Command::CheckReadiness(ref request)) => Some(&**request),
        _ => None,
    };
    asked.iter().filter_map(question).collect()
}

fn line(what: &str, fitness: Fitness) -> Line {
    let mend = (fitness != Fitness::Ready).then(|| "Do something about it.".to_owned());
    Line { what: what.to_owned(), fitness, why: format!("{what} was looked at."), mend }
}

fn answered(mut world: World, draft: &Draft, lines: Vec<Line>) -> World {
    let view = ReadinessView { request: draft.question(), at_ms: 0, list: Readiness { lines } };
    world.state.readiness = Some(Arc::new(view));
    world
}

fn sizing(target: Target) -> Sizing {
    let point = |workers: usize, max_batch: usize| Point {
        setting: Setting { workers, threads: 1, max_batch, max_wait_us: 0 },
        start_ms: 12.0,
        requests_per_second: 4_000.0 * workers as f64,
        rows_per_second: 4_000.0 * workers as f64,
        load: 500.0,
        p50_ms: 0.4,
        p95_ms: 0.9 / workers as f64,
        p99_ms: 1.6,
        peak_bytes: (20 << 20) * workers as u64,
    };
    let points = vec![point(1, 1), point(1, 8), point(2, 8)];
    let machine = Machine { cores: 2, memory_bytes: 8 << 30, available_bytes: 4 << 30 };
    let advice = advise(&points, target, machine);
    Sizing { schema_version: 1, machine, rows: 1, target, points, advice }
}

fn sized(mut world: World) -> World {
    let target = Target { requests_per_second: Some(5_000.0), p95_ms: Some(20.0) };
    let view = SizingView { at_ms: 0, sizing: Some(Arc::new(sizing(target))), failed: None };
    world.state.sizing.insert("b".repeat(64), Arc::new(view));
    world
}

#[test]
fn an_endpoint_needs_no_dataset_and_says_what_is_wrong_at_its_field() {
    let world = undeployed();
    let good = Draft { feed: None, ..http(&world) };
    assert_eq!(good.problems(&world.state), []);
    let request = good.request(&world.state).unwrap();
    let Source::Http(asked) = &request.source else { panic!("{request:?}") };
    assert_eq!((asked.name.as_str(), asked.port, asked.address.as_str()), ("gradient-boosting", 8080, "127.0.0.1"));
    assert!(request.feed_dataset.is_empty() && request.time_column.is_none());
    let fields = |change: &dyn Fn(&mut HttpRequest)| {
        let mut draft = good.clone();
        change(&mut draft.http);
        draft.problems(&world.state).into_iter().map(|(field, _)| field).collect::<Vec<_>>()
    };
    assert_eq!(fields(&|h| h.name.clear()), [Field::Http("name")]);
    assert_eq!(fields(&|h| "0.0.0.0".clone_into(&mut h.address)), [Field::Http("address")]);
    assert_eq!(fields(&|h| h.settings.workers = 900), [Field::Http("workers")]);
    assert_eq!(fields(&|h| h.consumers.push(Consumer::default())), [Field::Consumers]);
}

#[test]
fn a_draft_like_a_served_deployment_takes_the_endpoint_over() {
    let mut world = World::full();
    let mut draft = http(&world);
    draft.http.port = 9_000;
    draft.http.settings.overflow = Overflow::Refuse;
    let mut old = (*world.state.deployments[0]).clone();
    old.request = Arc::new(draft.built());
    let like = Draft::like(&world.state, &old);
    assert_eq!((like.origin, &like.http), (Origin::Http, &draft.http));
    assert_eq!(like.feed.as_deref(), Some("year"), "the way back to a replay is open");
    // While it works, another endpoint begins with another port.
    draft.http.port = 8_080;
    old.request = Arc::new(draft.built());
    world.state.deployments[0] = Arc::new(old);
    assert_eq!(Draft::newest(&world.state).unwrap().http.port, 8_081);
}

#[test]
fn the_fields_follow_where_requests_come_from() {
    let mut page = drawn(undeployed());
    assert!(page.query_all_by_label("Dataset").next().is_some());
    click(&mut page, "HTTP calls");
    assert!(page.query_all_by_label("Dataset").next().is_none());
    for field in ["Called as", "Address", "Port", "Batch", "Queue", "Application map"] {
        assert!(page.query_all_by_label(field).next().is_some(), "{field}");
    }
    assert!(matches!(beside(click(&mut page, "Choose token file…")).as_slice(), [Request::PickToken]));
    click(&mut page, "Let other machines call");
    let words = "An endpoint that is open to the network needs a token";
    assert_eq!(page.query_all_by_label(words).count(), 2, "at its field and beside the button");
    assert!(beside(click(&mut page, "Start deployment")).is_empty());
}

#[test]
fn the_token_that_was_picked_is_the_drafts() {
    let world = undeployed();
    let mut panel = DeployPanel { draft: Some(http(&world)), ..DeployPanel::default() };
    panel.token_picked(PathBuf::from("token.txt"));
    panel.start(&world.context()).unwrap();
    let asked = world.asked();
    let [Request::Command(Command::Deploy(request))] = asked.as_slice() else { panic!("{asked:?}") };
    let Source::Http(http) = &request.source else { panic!("{request:?}") };
    assert_eq!(http.token_file.as_deref(), Some(std::path::Path::new("token.txt")));
}

#[test]
fn readiness_is_asked_at_once_then_after_a_pause_and_again_when_wished() {
    let mut page = drawn(undeployed());
    assert_eq!(questions(&page.state().asked()).len(), 1);
    click(&mut page, "HTTP calls");
    for _ in 0..4 {
        page.step();
    }
    let asked = page.state().asked();
    let asked = questions(&asked);
    assert_eq!(asked.len(), 1, "one question for the change");
    assert!(matches!(asked[0].source, Source::Http(_)));
    assert_eq!(questions(&click(&mut page, "Check again")).len(), 1);
}

#[test]
fn what_is_in_the_way_keeps_the_deployment_from_starting() {
    let world = undeployed();
    let draft = Draft::newest(&world.state).unwrap();
    let lines =
        vec![line("Runtime", Fitness::Ready), line("Memory", Fitness::Blocked), line("Cores", Fitness::Caution)];
    let mut page = drawn(answered(world, &draft, lines));
    for words in ["1 in the way", "in the way", "Memory was looked at.", "look at this"] {
        assert!(page.query_all_by_label(words).next().is_some(), "{words}");
    }
    page.get_by_label("Memory: Memory was looked at.");
    assert!(click(&mut page, "Start deployment").is_empty());
    assert!(DeployPanel::default().start(&page.state().context()).unwrap_err().starts_with("Memory"));

    let lines = vec![line("Runtime", Fitness::Ready), line("Cores", Fitness::Caution)];
    let mut page = drawn(answered(undeployed(), &draft, lines));
    page.get_by_label("1 to look at");
    assert_eq!(click(&mut page, "Start deployment").len(), 1);
}

#[test]
fn consumers_are_added_edited_and_removed() {
    let mut page = drawn(undeployed());
    click(&mut page, "HTTP calls");
    click(&mut page, "Add consumer");
    assert!(page.query_all_by_label("Give the consumer a name").next().is_some());
    page.get_by_label("Consumer").focus();
    page.run();
    page.get_by_label("Consumer").type_text("Gates");
    page.run();
    assert!(page.query_all_by_label("Give the consumer a name").next().is_none());
    click(&mut page, "Needs answers within");
    page.get_by_label("Answer within");
    click(&mut page, "Done with the consumer");
    assert!(page.query_by_label("Consumer").is_none());
    click(&mut page, "Edit Gates");
    page.get_by_label("Consumer");
    let asked = click(&mut page, "Check again");
    let asked = questions(&asked);
    let Some(Source::Http(http)) = asked.last().map(|r| &r.source) else { panic!("{asked:?}") };
    let [consumer] = http.consumers.as_slice() else { panic!("{http:?}") };
    assert_eq!((consumer.name.as_str(), consumer.answer_within_ms), ("Gates", Some(100.0)));
    click(&mut page, "Remove Gates");
    assert!(page.query_by_label("Edit Gates").is_none());
}

#[test]
fn a_sizing_is_asked_for_what_the_consumers_need() {
    let mut world = undeployed();
    let mut draft = http(&world);
    draft.http.consumers = vec![
        Consumer { name: "A".to_owned(), per_second: 400.0, answer_within_ms: Some(50.0), ..Consumer::default() },
        Consumer { name: "B".to_owned(), per_second: 100.0, answer_within_ms: Some(20.0), ..Consumer::default() },
    ];
    let mut panel = DeployPanel { draft: Some(draft), ..DeployPanel::default() };
    world.jobs.clear();
    let mut page = harness([1280.0, 800.0], world, move |ui, ctx| panel.ui(ui, ctx));
    let asked = click(&mut page, "Size on this machine");
    let [Request::Command(Command::SizeModel { request, target })] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*target, Target { requests_per_second: Some(500.0), p95_ms: Some(20.0) });
    assert_eq!(request.model, "b".repeat(64));
    let mut page = drawn(undeployed().with_job(JobTopic::Size, "Sizing gradient boosting"));
    assert!(click(&mut page, "Size on this machine").is_empty());
    assert!(matches!(
        click(&mut page, "Cancel Sizing gradient boosting").as_slice(),
        [Request::Command(Command::CancelJob(5))]
    ));
}

#[test]
fn what_was_measured_is_taken_over_in_one_click() {
    let mut page = drawn(sized(undeployed()));
    page.get_by_label_contains("For 5000 requests a second with p95 under 20 ms: 2 workers");
    page.get_by_label("Requests a second against p95");
    let asked = click(&mut page, "Export Requests a second against p95 as CSV");
    let [Request::Save { text, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(text.starts_with("workers,threads,max_batch") && text.lines().count() == 4, "{text}");
    click(&mut page, "HTTP calls");
    click(&mut page, "Use these settings");
    for _ in 0..4 {
        page.step();
    }
    let asked = page.state().asked();
    let asked = questions(&asked);
    let Some(Source::Http(http)) = asked.last().map(|r| &r.source) else { panic!("{asked:?}") };
    assert_eq!((http.settings.workers, http.settings.max_batch), (2, 8));
    // Another setting is looked at by its row.
    click(&mut page, "1 worker with 1 thread each, batches of up to 1 row");
    click(&mut page, "Use these settings");
    page.get_by_label_contains("1 of ");
}

#[test]
fn a_sizing_that_failed_says_why_and_leaves_the_old_one() {
    let mut world = sized(undeployed());
    let view = world.state.sizing.get_mut(&"b".repeat(64)).unwrap();
    Arc::make_mut(view).failed = Some("The file has changed.".to_owned());
    let page = drawn(world);
    page.get_by_label("The sizing came to nothing");
    page.get_by_label("Use these settings");
}

#[test]
fn a_model_is_taken_to_a_cluster_from_the_draft_and_from_its_deployment() {
    let asked = click(&mut drawn(undeployed()), "Export for a cluster…");
    assert!(matches!(asked.as_slice(), [Request::ExportCluster(r)] if r.model == "b".repeat(64)), "{asked:?}");
    let asked = click(&mut drawn(World::full()), "Export for a cluster…");
    assert!(matches!(asked.as_slice(), [Request::ExportCluster(r)] if r.name == "gradient boosting"), "{asked:?}");
}

#[test]
fn the_list_of_the_start_is_kept_and_unfolded_when_wished() {
    let mut world = World::full();
    let lines = vec![line("Runtime", Fitness::Ready), line("Cores", Fitness::Caution)];
    Arc::make_mut(&mut world.state.deployments[0]).readiness = Some(Arc::new(Readiness { lines }));
    let mut page = drawn(world);
    page.get_by_label("1 to look at");
    assert!(page.query_by_label("Cores was looked at.").is_none());
    click(&mut page, "Show the readiness at the start");
    page.get_by_label("Cores was looked at.");
    page.get_by_label("Do something about it.");
    click(&mut page, "Hide the readiness at the start");
    assert!(page.query_by_label("Cores was looked at.").is_none());
}
