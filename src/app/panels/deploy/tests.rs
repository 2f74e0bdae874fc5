//! The form, the controls and what they ask for.

use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::draft::{Cut, Draft, Field};
use super::*;
use crate::app::context::{Request, Subject};
use crate::app::panels::fixture::{World, click, harness};
use crate::monitor::Chunking;

fn undeployed() -> World {
    let mut world = World::full();
    world.state.deployments.clear();
    world.state.alerts.clear();
    world
}

fn drawn(world: World) -> Harness<'static, World> {
    let mut panel = DeployPanel::default();
    harness([1024.0, 700.0], world, move |ui, ctx| panel.ui(ui, ctx))
}

#[test]
fn a_new_draft_takes_the_recommended_model_and_the_data_that_comes_after() {
    let world = undeployed();
    let draft = Draft::newest(&world.state).unwrap();
    assert_eq!((draft.run, draft.model.as_str()), (1, "b".repeat(64).as_str()));
    // The larger dataset lacks a column that feeds the model.
    assert_eq!(draft.feed.as_deref(), Some("year"));
    assert_eq!(draft.time.as_deref(), Some("time"));
    assert_eq!(draft.problems(&world.state), []);
    let request = draft.request(&world.state).unwrap();
    assert_eq!((request.feed.rows_per_second, request.chunking), (Some(5_000.0), None));
}

#[test]
fn what_is_wrong_is_said_at_its_field() {
    let world = undeployed();
    let state = &world.state;
    let good = Draft::newest(state).unwrap();
    let fields = |draft: &Draft| draft.problems(state).into_iter().map(|(field, _)| field).collect::<Vec<_>>();
    assert_eq!(fields(&Draft { name: "  ".to_owned(), ..good.clone() }), [Field::Name]);
    assert_eq!(fields(&Draft { feed: None, ..good.clone() }), [Field::Feed]);
    assert_eq!(fields(&Draft { feed: Some("bare".to_owned()), ..good.clone() }), [Field::Feed]);
    assert_eq!(fields(&Draft { time: Some("when".to_owned()), ..good.clone() }), [Field::Time]);
    assert_eq!(fields(&Draft { time: None, cut: Cut::Week, ..good.clone() }), [Field::Chunking]);
    assert_eq!(fields(&Draft { workers: 9.0, ..good.clone() }), [Field::Worker]);
    assert_eq!(fields(&Draft { model: "x".to_owned(), ..good.clone() }), [Field::Model]);
    assert!(Draft { feed: None, ..good }.request(state).is_err());
}

#[test]
fn without_the_reference_nothing_starts() {
    let mut world = undeployed();
    world.state.datasets.retain(|d| d.id != "april");
    let draft = Draft::newest(&world.state).unwrap();
    assert!(draft.problems(&world.state).iter().any(|(field, _)| *field == Field::Model));
}

#[test]
fn a_draft_like_another_deployment_gets_a_name_of_its_own() {
    let world = World::full();
    let mut old = (*world.state.deployments[1]).clone();
    Arc::make_mut(&mut old.request).chunking = Some(Chunking::Week);
    let draft = Draft::like(&world.state, &old);
    assert_eq!(draft.name, "gradient boosting #3");
    assert_eq!(draft.request(&world.state).map(|r| r.chunking), Ok(Some(Chunking::Week)));
}

#[test]
fn without_a_validated_model_the_way_is_shown() {
    let mut world = undeployed();
    world.state.runs.clear();
    let asked = click(&mut drawn(world), "Go to Validate");
    assert!(matches!(asked.as_slice(), [Request::Action(Action::GoTo(Panel::Validate))]), "{asked:?}");
}

#[test]
fn the_form_asks_for_the_action_and_the_action_sends_the_request() {
    let asked = click(&mut drawn(undeployed()), "Start deployment");
    assert!(matches!(asked.as_slice(), [Request::Action(Action::StartDeployment)]), "{asked:?}");
    let world = undeployed();
    let mut panel = DeployPanel::default();
    panel.start(&world.context()).unwrap();
    let asked = world.asked();
    assert!(
        matches!(asked.as_slice(), [Request::Command(Command::Deploy(r))] if r.feed_dataset == "year"),
        "{asked:?}"
    );
    // The one that appears is the one that is shown.
    let mut started = World::full().state;
    panel.settle(&started);
    assert_eq!(panel.shown.as_deref(), Some("d1"));
    started.deployments.clear();
    panel.settle(&started);
    assert!(panel.shown.is_none() && panel.draft.is_some());
}

#[test]
fn a_preparing_deployment_keeps_another_from_starting() {
    let world = undeployed().with_job(JobTopic::Deploy, "Scoring the reference");
    assert!(DeployPanel::default().start(&world.context()).is_err());
    let mut page = drawn(world);
    let asked = click(&mut page, "Cancel Scoring the reference");
    assert!(matches!(asked.as_slice(), [Request::Command(Command::CancelJob(5))]), "{asked:?}");
    assert!(click(&mut page, "Start deployment").is_empty());
}

#[test]
fn controls_follow_the_state() {
    let mut page = drawn(World::full());
    assert!(
        matches!(click(&mut page, "Pause").as_slice(), [Request::Command(Command::PauseDeployment(id))] if id == "d1")
    );
    assert!(click(&mut page, "Resume").is_empty());
    assert!(click(&mut page, "Step").is_empty());
    assert!(matches!(click(&mut page, "Stop").as_slice(), [Request::Command(Command::StopDeployment(_))]));
    let asked = click(&mut page, "20,000");
    assert!(matches!(asked.first(), Some(Request::Command(Command::SetRate(_, Some(20_000.0))))), "{asked:?}");
    assert!(
        matches!(click(&mut page, "Watch in Monitor").as_slice(), [Request::Show(Subject::Monitor(id, None))] if id == "d1")
    );
    let asked = click(&mut page, "Remove deployment gradient boosting #2");
    assert!(
        matches!(asked.as_slice(), [Request::Confirm { command: Command::RemoveDeployment(id), .. }] if id == "d0")
    );
}

#[test]
fn shortcuts_do_what_the_buttons_do() {
    let mut world = World::full();
    let mut panel = DeployPanel::default();
    panel.pause_or_resume(&world.context()).unwrap();
    assert!(panel.step(&world.context()).is_err());
    if let Some(deployment) = world.state.deployments.first_mut() {
        Arc::make_mut(deployment).state = DeploymentStateView::Paused;
    }
    panel.pause_or_resume(&world.context()).unwrap();
    panel.step(&world.context()).unwrap();
    panel.stop(&world.context()).unwrap();
    let asked = world.asked();
    assert!(
        matches!(
            asked.as_slice(),
            [
                Request::Command(Command::PauseDeployment(_)),
                Request::Command(Command::ResumeDeployment(_)),
                Request::Command(Command::StepDeployment(_)),
                Request::Command(Command::StopDeployment(_)),
            ]
        ),
        "{asked:?}"
    );
    assert!(panel.stop(&World::empty().context()).is_err());
}

#[test]
fn a_model_that_fails_its_gates_is_deployed_only_with_an_override() {
    let mut world = undeployed();
    drawn(undeployed()).get_by_label_contains("validated without a policy");
    let mut run = (*world.state.runs[0]).clone();
    let mut report = crate::validate::Report::clone(&run.report);
    report.policy = Some("Careful binary".to_owned());
    for model in &mut report.models {
        "fail".clone_into(&mut model.verdict);
    }
    run.report = std::sync::Arc::new(report);
    world.state.runs[0] = std::sync::Arc::new(run);
    let words = "It fails its gates of “Careful binary” and was not overridden: sign it off in Validate first";
    let mut page = drawn(world);
    assert_eq!(page.query_all_by_label(words).count(), 2, "at its field and beside the button");
    assert!(click(&mut page, "Start deployment").is_empty());
    let asked = click(&mut page, "Sign off in Validate");
    assert!(matches!(asked.as_slice(), [Request::Show(Subject::Run(1, Some(model)))] if *model == "b".repeat(64)));
    let world = std::mem::take(page.state_mut()).with_sign_off("b", Some("It is only a trial"));
    let mut page = drawn(world);
    page.get_by_label_contains("Signed off by Grace on ");
    page.get_by_label("It fails its gates, which was overridden: It is only a trial");
    let asked = click(&mut page, "Start deployment");
    assert!(matches!(asked.as_slice(), [Request::Action(Action::StartDeployment)]), "{asked:?}");
}
