//! A walk to the rows behind a result, over the live backend and the real models: run → errors → a cell's rows → an
//! order → an export, then the slider, the robustness of a model, and what is left after a restart.

#![allow(clippy::unwrap_used, clippy::panic, clippy::allow_attributes, reason = "what is missing fails the program")]

#[path = "common/listener.rs"]
mod listener;
#[path = "common/runtime.rs"]
mod runtime;
#[path = "common/window.rs"]
mod window;

use std::path::Path;

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use listener::options;
use modeldeck::app::App;
use window::{Answers, Window};

fn flights(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models/flights").join(name)
}

/// Rows that were late and said on time, as the matrix tells them.
fn missed(window: &Window) -> (String, u64) {
    let cells = window.page.query_all_by_label_contains("was late, said on time: ");
    let names: Vec<String> = cells.filter_map(|n| n.accesskit_node().label()).collect();
    let [name] = names.as_slice() else { panic!("{names:?}") };
    let rows = name.split(": ").nth(1).unwrap().split(' ').next().unwrap().replace([',', '\u{2009}'], "");
    (name.clone(), rows.parse().unwrap())
}

fn truth_and_score(app: &App) -> (u64, Vec<f64>) {
    let view = app.state().looked.cell.as_ref().unwrap();
    assert_eq!(view.problem, None);
    assert!(view.rows.iter().all(|r| r.truth == "late" && r.prediction == "on time"));
    (view.total, view.rows.iter().map(|r| r.score.unwrap()).collect())
}

#[test]
fn an_analyst_looks_at_the_rows_behind_the_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("rows.csv");
    let models = vec![flights("logistic.onnx")];
    let answers = Answers::of([models, vec![flights("april.parquet")], vec![csv.clone()]]);
    let workspace = folder.path().join("workspace");
    let open = |answers| Window::open([1280.0, 800.0], options(&workspace, runtime::runtime(), false), answers);

    let mut window = open(answers);
    window.begin();
    window.add_models(1);
    window.add_dataset();
    window.click("Validate");
    window.choose("Dataset", "april.parquet");
    window.until("the binding", |a| a.state().preparation.as_ref().is_some_and(|p| p.ready));
    window.click("Run validation");
    window.until("the result", |a| !a.state().runs.is_empty());

    window.click("Errors");
    window.until("the worst rows", |a| a.state().looked.worst.is_some());
    let worst = window.page.state().state().looked.worst.clone().unwrap();
    assert_eq!(worst.problem, None);
    assert!(worst.rows.len() == 50 && !worst.columns.is_empty());
    assert!(worst.rows.iter().all(|r| r.values.iter().any(|v| !v.text.is_empty())));

    let (cell, rows) = missed(&window);
    window.click(&cell);
    window.until("the rows of the cell", |a| a.state().looked.cell.is_some() && a.jobs().is_empty());
    let (total, scores) = truth_and_score(window.page.state());
    assert_eq!(total, rows, "as many rows as the cell tells");
    assert_eq!(scores.len() as u64, rows.min(500));
    assert!(scores.windows(2).all(|w| w[0] <= w[1]), "the surest that it was on time come first");
    let threshold = window.page.state().state().runs[0].report.models[0].threshold.unwrap();
    assert!(scores.iter().all(|s| *s < threshold));
    assert!(window.has("Was late, said on time"));

    let head = "Sort by score of late";
    window.click(head);
    window.click(head);
    window.click("Export rows as CSV");
    window.until("the file", |_| csv.exists());
    let text = std::fs::read_to_string(&csv).unwrap();
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("row,truth,prediction,score of late,"));
    let written: Vec<f64> = lines.map(|l| l.split(',').nth(3).unwrap().parse().unwrap()).collect();
    assert_eq!(written.len(), scores.len());
    assert!(written.windows(2).all(|w| w[0] >= w[1]), "the second click turns the order round");

    let slider = window.page.get_by_role_and_label(Role::Slider, "Said positive from");
    slider.set_value_accesskit(0.9);
    window.page.step();
    let (_, more) = missed(&window);
    assert!(more > rows, "{more} after {rows}");
    window.click("Look again");
    window.until("the rows at the new threshold", |a| {
        a.jobs().is_empty() && a.state().looked.cell.as_ref().is_some_and(|v| v.total != total)
    });
    assert_eq!(truth_and_score(window.page.state()).0, more);

    window.click("Robustness");
    window.click("Test robustness");
    window.until("the robustness", |a| a.state().runs[0].report.models[0].robustness.is_some());
    assert!(window.has("Fall by feature"));
    let tested = window.page.state().state().runs[0].report.models[0].robustness.clone();
    window.close();

    let mut window = open(Answers::default());
    window.until("the kept workspace", |a| a.state().workspace.ready && !a.state().runs.is_empty());
    assert_eq!(window.page.state().state().runs[0].report.models[0].robustness, tested);
    window.close();
}
