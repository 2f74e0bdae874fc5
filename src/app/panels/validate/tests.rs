//! What the page begins with, what it asks for, and what it shows.

use std::sync::Arc;

use eframe::egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::app::context::{Request, Subject};
use crate::app::panels::fixture::{World, click, harness};
use crate::backend::Command;
use crate::backend::state::Preparation;
use crate::model::Task;
use crate::validate::report::{
    CalibrationCurve, Comparison, Confusion, Curves, ModelResult, PerClass, Report, Residuals, RocCurve,
};

/// The first run, its models changed and compared.
fn with_results(mut world: World, change: impl Fn(&mut ModelResult)) -> World {
    let mut run = (*world.state.runs[0]).clone();
    let mut report = Report::clone(&run.report);
    report.models.iter_mut().for_each(change);
    report.comparison = vec![Comparison {
        a: "gradient boosting".to_owned(),
        b: "logistic regression".to_owned(),
        metric: "roc_auc".to_owned(),
        difference: 0.132,
        low: Some(0.12),
        high: Some(0.144),
        p_value: Some(0.0001),
        p_better: Some(0.9999),
        method: "DeLong".to_owned(),
        ..Comparison::default()
    }];
    run.report = Arc::new(report);
    world.state.runs[0] = Arc::new(run);
    world
}

fn binary(model: &mut ModelResult) {
    model.threshold = Some(0.35);
    model.class_names = vec!["on time".to_owned(), "late".to_owned()];
    model.confusion =
        Some(Confusion { labels: vec!["0".to_owned(), "1".to_owned()], matrix: vec![vec![170, 29], vec![30, 71]] });
    model.curves = Some(Curves {
        roc: RocCurve {
            fpr: vec![0.0, 0.1, 0.3, 1.0],
            tpr: vec![0.0, 0.5, 0.8, 1.0],
            thresholds: vec![None, Some(0.7), Some(0.4), Some(0.1)],
        },
        calibration: CalibrationCurve {
            predicted: vec![0.1, 0.5, 0.9],
            observed: vec![0.12, 0.45, 0.8],
            rows: vec![100, 100, 100],
        },
        ..Curves::default()
    });
}

fn regression(model: &mut ModelResult) {
    model.task = Task::Regression;
    model.metrics = [("r2".to_owned(), model.metrics["roc_auc"].clone())].into();
    model.residuals = Some(Residuals {
        sample: (0..50).map(|i| [f64::from(i), f64::from(i % 7) - 3.0]).collect(),
        histogram: vec![(-3.0, 0.0, 20), (0.0, 3.0, 30)],
    });
}

fn multiclass(model: &mut ModelResult) {
    model.task = Task::Multiclass;
    model.per_class = ["cat", "dog", "owl"]
        .map(|class| PerClass {
            class: class.to_owned(),
            precision: Some(0.5),
            recall: None,
            f1: Some(0.4),
            support: 10,
        })
        .to_vec();
}

pub(super) fn drawn(world: World) -> Harness<'static, World> {
    let mut panel = ValidatePanel::default();
    harness([1200.0, 2200.0], world, move |ui, ctx| panel.ui(ui, ctx))
}

/// Opens a page of the result.
pub(super) fn open(page: &mut Harness<'static, World>, name: &str) {
    page.get_by_role_and_label(Role::Tab, name).scroll_to_me();
    page.run();
    page.get_by_role_and_label(Role::Tab, name).click();
    page.run();
}

pub(super) fn commands(world: &World) -> Vec<Command> {
    world.asked().into_iter().filter_map(|r| if let Request::Command(c) = r { Some(c) } else { None }).collect()
}

#[test]
fn the_first_sight_is_the_flights_models_on_april_and_asks_once() {
    let mut page = drawn(World::full());
    page.run();
    let mut asked = commands(page.state());
    asked.retain(|command| matches!(command, Command::Prepare(_)));
    let [Command::Prepare(asked)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((asked.dataset.as_str(), asked.target.as_deref()), ("april", Some("late")));
    let run = page.get_by_label("Run validation");
    assert!(run.accesskit_node().is_disabled());
}

#[test]
fn a_run_is_sent_with_every_ticked_candidate() {
    let mut page = drawn(World::prepared());
    assert_eq!(binding::bound_words(page.state().state.preparation.as_ref().unwrap()), "3 inputs bound");
    page.get_by_label("Run validation").click();
    page.run();
    let asked = commands(page.state());
    let sent = asked.iter().find_map(|c| match c {
        Command::Validate { models, dataset, plan, .. } => Some((models.len(), dataset.as_str(), plan.target.as_str())),
        _ => None,
    });
    assert_eq!(sent, Some((2, "april", "late")));
}

#[test]
fn the_level_of_the_intervals_is_chosen_and_shown() {
    let mut page = drawn(World::prepared());
    page.get_by_role_and_label(Role::ComboBox, "Intervals").click();
    page.run();
    page.get_by_role_and_label(Role::Button, "99 %").click();
    page.run();
    page.get_by_label("Run validation").click();
    page.run();
    let asked = commands(page.state());
    let sent = asked.iter().find_map(|c| if let Command::Validate { plan, .. } = c { Some(plan.level) } else { None });
    assert_eq!(sent, Some(0.99));

    // A run that was made with a level of its own offers it for the next one.
    let mut run = (*page.state().state.runs[0]).clone();
    run.report = Arc::new(Report { level: 0.975, ..Report::clone(&run.report) });
    let mut world = World::prepared();
    world.state.runs = vec![Arc::new(run)];
    let mut panel = ValidatePanel::default();
    panel.open(&world.state, 1, None);
    let page = harness([1200.0, 2200.0], world, move |ui, ctx| panel.ui(ui, ctx));
    let list = page.get_by_role_and_label(Role::ComboBox, "Intervals");
    assert_eq!(list.accesskit_node().value().as_deref(), Some("97.5 %"));
    assert!(page.query_by_label("97.5 % intervals").is_some());
}

#[test]
fn what_is_missing_is_said() {
    let world = World::full();
    let mut panel = ValidatePanel::default();
    assert!(panel.run(&world.context()).unwrap_err().contains("worked out"));
    let mut world = World::prepared();
    let mut open = Preparation::clone(world.state.preparation.as_ref().unwrap());
    open.unbound = vec!["temp".to_owned()];
    world.state.preparation = Some(Arc::new(open));
    world.prepare_all();
    let mut panel = ValidatePanel::default();
    assert!(panel.run(&world.context()).unwrap_err().contains("temp"));
    assert!(ValidatePanel::default().run(&World::empty().context()).unwrap_err().contains("candidate"));
}

#[test]
fn a_model_of_another_task_cannot_join() {
    let mut world = World::full();
    let mut other = (*world.state.models[1]).clone();
    Arc::make_mut(&mut other.inspection).task = Task::Regression;
    world.state.models[1] = Arc::new(other);
    let setup = Setup::of_model(&world.state, &"a".repeat(64));
    assert!(setup.unfit(&world.state, &world.state.models[0]).is_none());
    assert!(setup.unfit(&world.state, &world.state.models[1]).unwrap().contains("regression"));
}

#[test]
fn a_selected_model_shows_its_run_or_drafts_one() {
    let mut world = World::full();
    let mut panel = ValidatePanel::default();
    panel.select(&world.state, &"a".repeat(64));
    assert_eq!((panel.shown, panel.place), (Shown::Run(1), (Some(1), 0)));
    world.state.runs.clear();
    panel.select(&world.state, &"b".repeat(64));
    assert_eq!(panel.shown, Shown::Nothing);
    assert!(panel.setup.ticked.contains(&"b".repeat(64)) && panel.setup.ticked.len() == 1);
}

#[test]
fn a_binary_result_shows_its_charts_and_leads_to_deploy() {
    let mut page = drawn(with_results(World::prepared(), binary));
    for (tab, name) in [
        ("Metrics", "Candidates by ROC AUC"),
        ("Errors", "Confusion matrix"),
        ("Curves", "Calibration curve"),
        ("Curves", "ROC curve"),
    ] {
        open(&mut page, tab);
        assert!(page.query_all_by_label(name).next().is_some(), "{name}");
    }
    page.get_by_label("Export roc as CSV").click();
    page.get_by_label("Deploy this model…").click();
    page.run();
    let asked = page.state().asked();
    let saved = asked.iter().find_map(|r| if let Request::Save { text, .. } = r { Some(text.as_str()) } else { None });
    assert!(saved.unwrap().starts_with("threshold,false_positive_rate,true_positive_rate\n,0,0\n0.7,0.1,0.5\n"));
    assert!(asked.iter().any(|r| matches!(r, Request::Show(Subject::Deploy(1, model)) if *model == "b".repeat(64))));
}

#[test]
fn the_threshold_is_marked_where_it_cuts_the_curve() {
    let world = with_results(World::prepared(), binary);
    let view = View::new(&world.state, &world.state.runs[0], 0).unwrap();
    assert_eq!(view.mark.map(|(x, y, _)| (x, y)), Some((0.3, 0.8)));
    assert_eq!(view.classes, ["on time", "late"]);
    assert!(View::new(&world.state, &world.state.runs[0], 9).is_none());
}

#[test]
fn other_tasks_show_their_own_cards() {
    let mut page = drawn(with_results(World::prepared(), regression));
    assert!(page.query_by_role_and_label(Role::Tab, "Curves").is_none());
    open(&mut page, "Errors");
    page.get_by_label("Histogram of errors");
    assert!(page.query_all_by_label("Residuals").next().is_some());
    let mut page = drawn(with_results(World::prepared(), multiclass));
    open(&mut page, "Errors");
    page.get_by_label("Export classes as CSV");
}

#[test]
fn an_empty_workspace_offers_the_samples() {
    let mut page = drawn(World::empty());
    page.get_by_label("Open samples").click();
    page.run();
    assert!(page.state().asked().iter().any(|r| matches!(r, Request::Action(Action::OpenSamples))));
}

#[test]
fn a_running_validation_can_be_cancelled_in_its_place() {
    let page = drawn(World::prepared().with_job(JobTopic::Validate, "Validating 2 candidates"));
    assert!(page.get_by_label("Run validation").accesskit_node().is_disabled());
    assert!(page.query_all_by_label_contains("Validating 2 candidates").next().is_some());
}

#[test]
fn the_threshold_moves_the_matrix_and_is_kept_for_deployment() {
    let mut page = drawn(World::watched());
    let matrix = |page: &Harness<'static, World>| {
        let cells = page.query_all_by_label_contains("was late, said late");
        cells.map(|n| n.accesskit_node().label().unwrap_or_default()).collect::<Vec<_>>()
    };
    open(&mut page, "Curves");
    page.get_by_label("Gains curve");
    page.get_by_label("Lift curve");
    open(&mut page, "Errors");
    let before = matrix(&page);
    page.get_by_role_and_label(Role::Slider, "Said positive from").set_value_accesskit(0.6);
    // The frame that takes the value in draws it too.
    page.step();
    assert_ne!(matrix(&page), before, "the matrix follows");
    open(&mut page, "Metrics");
    let asked = click(&mut page, "Use for deployment");
    let [Request::Command(Command::SetSetting { key, value })] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(key.starts_with("threshold 1 bbb"), "{key}");
    assert!((value.as_f64().unwrap() - 0.6).abs() < 0.002, "{value}");
    click(&mut page, "As validated");
    open(&mut page, "Errors");
    assert_eq!(matrix(&page), before);
    open(&mut page, "Metrics");
    click(&mut page, "Least cost");
    open(&mut page, "Errors");
    assert_ne!(matrix(&page), before);
}
