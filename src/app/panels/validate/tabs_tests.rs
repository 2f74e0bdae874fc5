//! The pages of a result: what each shows, what it asks for, and that a keyboard reaches all of it.

use std::sync::Arc;

use eframe::egui::Key;
use eframe::egui::accesskit::{Role, Toggled};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::tests::{commands, drawn, open};
use crate::app::context::Request;
use crate::app::panels::fixture::{World, click};
use crate::backend::Command;
use crate::backend::command::WhichRows;
use crate::backend::rows::{AgainstView, RobustnessFailure, RowValue, RowsView, ShownRow};
use crate::validate::robustness::{Effect, FeatureRobustness, Robustness};
use crate::validate::views::{ErrorsInBin, ResidualsAgainst};

type Page = Harness<'static, World>;

fn model(page: &Page) -> String {
    page.state().state.runs[0].report.models[1].sha256.clone()
}

fn saved(asked: &[Request]) -> &str {
    asked.iter().find_map(|r| if let Request::Save { text, .. } = r { Some(text.as_str()) } else { None }).unwrap()
}

fn has(page: &Page, label: &str) -> bool {
    page.query_all_by_label_contains(label).next().is_some()
}

fn rows(which: WhichRows, model: &str, temps: &[&str]) -> RowsView {
    let row = |(at, temp): (usize, &&str)| ShownRow {
        row: at as u32,
        truth: "late".to_owned(),
        prediction: "on time".to_owned(),
        score: Some(0.1 * at as f64),
        loss: None,
        values: vec![RowValue { text: (*temp).to_owned(), number: temp.parse().ok() }],
    };
    RowsView {
        run: 1,
        model: model.to_owned(),
        which,
        total: 1_204,
        score_name: "score of late".to_owned(),
        columns: vec!["temp".to_owned()],
        rows: temps.iter().enumerate().map(row).collect(),
        problem: None,
    }
}

#[test]
fn a_binary_result_has_curves_with_their_numbers() {
    let mut page = drawn(World::watched());
    open(&mut page, "Curves");
    for name in ["Score histogram", "ROC curve", "Precision-recall curve", "DET curve", "Gains curve", "Lift curve"] {
        page.get_by_label(name);
    }
    assert!(page.get_by_label("Score histogram").accesskit_node().value().unwrap().contains("late"));
    let asked = click(&mut page, "Export det as CSV");
    assert!(saved(&asked).starts_with("threshold,false_positive_rate,false_negative_rate\n"));
    let asked = click(&mut page, "Export scores as CSV");
    assert!(saved(&asked).starts_with("from,to,late,on time\n0,0.025,"));
}

#[test]
fn a_cell_asks_for_its_rows_and_shows_them_in_any_order() {
    let mut page = drawn(World::watched());
    open(&mut page, "Errors");
    let worst = |c: &Command| matches!(c, Command::ShowRows { which: WhichRows::Worst, .. });
    assert_eq!(commands(page.state()).iter().filter(|c| worst(c)).count(), 1, "asked once");
    let cell = page.query_all_by_label_contains("was late, said on time").next().unwrap();
    let name = cell.accesskit_node().label().unwrap();
    let asked = click(&mut page, &name);
    let [Request::Command(Command::ShowRows { run: 1, which, .. })] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(*which, WhichRows::Cell { was: 1, said: 0, threshold: None });
    assert_eq!(page.get_by_label(&name).accesskit_node().toggled(), Some(Toggled::True));

    let view = rows(*which, &model(&page), &["30", "9", "", "61.25000000001"]);
    page.state_mut().state.looked.cell = Some(Arc::new(view));
    page.run();
    assert!(has(&page, "Was late, said on time") && has(&page, "1,204 rows"));
    let asked = click(&mut page, "Export rows as CSV");
    assert!(saved(&asked).starts_with("row,truth,prediction,score of late,temp\n1,late,on time,0,30\n"), "{asked:?}");
    page.get_all_by_label("Sort by temp").next().unwrap().click();
    page.run();
    let asked = click(&mut page, "Export rows as CSV");
    assert!(saved(&asked).contains("temp\n2,late,on time,0.1,9\n"), "{asked:?}");

    page.get_by_role_and_label(Role::Slider, "Said positive from").set_value_accesskit(0.6);
    page.run();
    assert!(has(&page, "The threshold has moved since."));
    let asked = click(&mut page, "Look again");
    let again = asked.iter().any(|r| match r {
        Request::Command(Command::ShowRows { which: WhichRows::Cell { threshold, .. }, .. }) => threshold.is_some(),
        _ => false,
    });
    assert!(again, "{asked:?}");
}

#[test]
fn a_file_that_is_gone_is_said_in_the_place_of_its_rows() {
    let mut page = drawn(World::watched());
    open(&mut page, "Errors");
    let cell = page.query_all_by_label_contains("was on time, said late").next().unwrap();
    cell.focus();
    page.run();
    page.key_press(Key::Enter);
    page.run();
    let which = WhichRows::Cell { was: 0, said: 1, threshold: None };
    assert!(commands(page.state()).iter().any(|c| matches!(c, Command::ShowRows { which: w, .. } if *w == which)));
    let mut view = rows(which, &model(&page), &[]);
    view.problem = Some("The file has changed since it was added.".to_owned());
    page.state_mut().state.looked.cell = Some(Arc::new(view));
    page.run();
    assert!(has(&page, "The file has changed since it was added."));
    page.get_by_label("Look again");
}

#[test]
fn cells_are_told_as_shares_too() {
    let mut page = drawn(World::watched());
    open(&mut page, "Errors");
    let asked = click(&mut page, "Export confusion as CSV");
    let counts = saved(&asked).to_owned();
    click(&mut page, "Column %");
    assert!(has(&page, "of column") && !has(&page, "of row"));
    let asked = click(&mut page, "Export confusion as CSV");
    let shares = saved(&asked).to_owned();
    assert_ne!(counts, shares);
    let of = |line: &str| line.split(',').nth(1).unwrap().parse::<f64>().unwrap();
    let sum: f64 = shares.lines().skip(1).map(of).sum();
    assert!((sum - 1.0).abs() < 1e-12, "{shares}");
}

#[test]
fn the_page_stays_when_the_model_changes_and_arrows_turn_pages() {
    let mut page = drawn(World::watched());
    open(&mut page, "Curves");
    page.get_by_role_and_label(Role::Tab, "logistic regression").click();
    page.run();
    page.get_by_label("DET curve");
    page.get_by_role_and_label(Role::Tab, "Curves").focus();
    page.run();
    page.key_press(Key::ArrowRight);
    page.run();
    page.get_by_label("Confusion matrix");
}

#[test]
fn many_classes_are_held_against_their_rest() {
    let mut page = drawn(World::many_classes());
    open(&mut page, "Curves");
    for name in ["Score histogram", "ROC curve of a class", "Precision-recall curve of a class"] {
        page.get_by_label(name);
    }
    assert!(has(&page, "cat against the rest") && has(&page, "micro average"));
    page.get_by_role_and_label(Role::ComboBox, "Class against the rest").click();
    page.run();
    page.get_by_role_and_label(Role::Button, "owl").click();
    page.run();
    assert!(has(&page, "owl against the rest"));
    let asked = click(&mut page, "Export areas-by-class as CSV");
    assert!(saved(&asked).contains("\nmicro average,,0."), "{asked:?}");
    open(&mut page, "Errors");
    page.get_by_label("Export classes as CSV");
}

#[test]
fn errors_of_a_regression_are_seen_along_a_column() {
    let mut page = drawn(World::numbers());
    open(&mut page, "Errors");
    for name in ["Histogram of errors", "Normal quantile plot"] {
        page.get_by_label(name);
    }
    page.get_by_role_and_label(Role::ComboBox, "Column").click();
    page.run();
    page.get_by_role_and_label(Role::Button, "temp").click();
    page.run();
    let asked = commands(page.state());
    assert!(asked.iter().any(|c| matches!(c, Command::ResidualsAgainst { run: 1, column, .. } if column == "temp")));
    let bin = |from: f64| ErrorsInBin { from, to: from + 10.0, rows: 30, mean: 0.1, low: Some(0.0), high: Some(0.2) };
    let found = ResidualsAgainst::Numeric {
        column: "temp".to_owned(),
        sample: (0..60).map(|i| [f64::from(i), f64::from(i % 5) - 2.0]).collect(),
        bins: [10.0, 20.0, 30.0].map(bin).to_vec(),
        missing: 3,
    };
    let view = AgainstView { run: 1, model: model(&page), column: "temp".to_owned(), found: Ok(found) };
    page.state_mut().state.looked.against = Some(Arc::new(view));
    page.run();
    assert!(has(&page, "3 rows without a value are left out"));
    let asked = click(&mut page, "Export errors-along-a-column as CSV");
    assert!(saved(&asked).starts_with("from,to,rows,mean_error,low,high\n10,20,30,0.1,0,0.2\n"));
}

fn with_robustness(world: &mut World) {
    let fall = |fall: f64| Effect {
        value: Some(0.7 - fall),
        fall: Some(fall),
        low: Some(fall - 0.01),
        high: Some(fall + 0.01),
        rows: 300,
        ..Effect::default()
    };
    let none = Effect { reason: Some("Cannot be missing.".to_owned()), ..Effect::default() };
    let feature = |column: &str, swap: f64| FeatureRobustness {
        column: column.to_owned(),
        noise: fall(0.002),
        missing: none.clone(),
        swap: fall(swap),
    };
    let mut run = (*world.state.runs[0]).clone();
    let mut report = (*run.report).clone();
    report.models[1].robustness = Some(Robustness {
        model: "gradient boosting".to_owned(),
        metric: "roc_auc".to_owned(),
        smaller_is_better: false,
        value: 0.7,
        rows: 300,
        level: 0.95,
        seed: 0,
        scorings: 11,
        features: vec![feature("temp", 0.12), feature("hour", 0.04)],
    });
    run.report = Arc::new(report);
    world.state.runs[0] = Arc::new(run);
}

#[test]
fn robustness_is_asked_for_with_its_cost_and_shown_when_it_is_there() {
    let mut page = drawn(World::watched());
    open(&mut page, "Robustness");
    assert!(has(&page, "16 scorings of 300 rows"));
    let asked = click(&mut page, "Test robustness");
    assert!(matches!(asked.as_slice(), [Request::Command(Command::TestRobustness { run: 1, .. })]), "{asked:?}");
    let why = "ONNX Runtime is needed to run a model.".to_owned();
    let failure = RobustnessFailure { run: 1, model: model(&page), why };
    page.state_mut().state.looked.robustness = Some(Arc::new(failure));
    page.run();
    assert!(has(&page, "ONNX Runtime is needed"));
    page.state_mut().state.looked.robustness = None;
    with_robustness(page.state_mut());
    page.run();
    let drawn = page.get_by_label("Fall by feature").accesskit_node().value().unwrap();
    assert!(drawn.starts_with("temp 0.120") && drawn.contains("hour 0.040"), "{drawn}");
    click(&mut page, "Missing");
    assert!(has(&page, "could not be tested on any feature") && has(&page, "Missing: Cannot be missing."));
    let asked = click(&mut page, "Export robustness as CSV");
    assert!(saved(&asked).contains("temp,swap,0.58,0.12,0.11,0.13,300,0,,\n"), "{asked:?}");
}

#[test]
fn the_comparison_tells_practical_equality_and_fits() {
    let mut page = drawn(World::watched());
    let asked = click(&mut page, "Export comparison as CSV");
    let lines: Vec<&str> = saved(&asked).lines().collect();
    assert!(lines[0].contains("margin,p_better_by_margin,p_equal,p_worse_by_margin"));
    assert!(lines[1].ends_with(",0.01,0.9998,0.0002,0"), "{lines:?}");
    assert!(has(&page, "DeLong"));
}
