//! A file that does not fit at once: a renamed column, whole numbers that are missing, a category with another name.
//! Each is put right by the names a person reads, the run comes, and a second file of the same columns fits at once.

#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "what is missing fails the program")]

#[path = "common/listener.rs"]
mod listener;
#[path = "common/runtime.rs"]
mod runtime;
#[path = "common/window.rs"]
mod window;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use eframe::egui::Key;
use egui_kittest::kittest::Queryable as _;
use listener::options;
use modeldeck::data::Kind;
use modeldeck::data::read::{ReadOptions, read_table};
use modeldeck::data::watch::NoWatch;
use window::{Answers, Window};

fn flights(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models/flights").join(name)
}

/// April as a CSV with `origin` under another name, every tenth `hour` missing and one carrier renamed.
fn odd_csv(path: &Path, rows: std::ops::Range<usize>) {
    let april = read_table(&flights("april.parquet"), &ReadOptions::default(), &NoWatch).unwrap();
    let columns: Vec<_> = april.table.columns().iter().filter(|c| c.kind() != Kind::Time).collect();
    let name = |name: &str| if name == "origin" { "departs_from".to_owned() } else { name.to_owned() };
    let mut text = columns.iter().map(|c| name(&c.name)).collect::<Vec<_>>().join(",");
    for row in rows {
        let cells = columns.iter().map(|column| match column.name.as_str() {
            "hour" if row % 10 == 0 => String::new(),
            "carrier" if column.display(row).as_deref() == Some("UA") => "United".to_owned(),
            _ if column.kind() == Kind::Number => column.number(row).map(|n| n.to_string()).unwrap_or_default(),
            _ => column.display(row).unwrap_or_default(),
        });
        write!(text, "\n{}", cells.collect::<Vec<_>>().join(",")).unwrap();
    }
    std::fs::write(path, text).unwrap();
}

#[test]
fn a_file_that_does_not_fit_is_bound_filled_and_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("odd.csv"), folder.path().join("odd_too.csv"));
    odd_csv(&first, 0..3_000);
    odd_csv(&second, 3_000..5_000);
    let models = ["gradient_boosting.onnx", "logistic.onnx"].map(flights).to_vec();
    let answers = Answers::of([models, vec![first], vec![second]]);
    let options = options(&folder.path().join("workspace"), runtime::runtime(), false);
    let mut window = Window::open([1280.0, 1000.0], options, answers);
    window.begin();
    window.add_models(2);
    window.add_dataset();

    window.click("Validate");
    window.until("both bindings", |a| a.state().preparations.len() == 2 && a.jobs().is_empty());
    assert!(window.has("Bind these inputs to a column first: origin"));
    for model in ["gradient", "logistic"] {
        let id = {
            let state = window.page.state().state();
            let found = state.models.iter().find(|m| m.original_path.to_string_lossy().contains(model)).unwrap();
            (found.name.clone(), found.id.clone())
        };
        window.choose("Candidate to bind", &format!("Inputs of {}", id.0));
        window.choose("Column for origin", "departs_from");
        window.until("the column", |a| a.state().preparations[&id.1].unbound.is_empty());
        window.page.get_by_label("Fill for hour").focus();
        window.page.run_ok();
        window.page.get_by_label("Fill for hour").type_text("12");
        window.page.run_ok();
        window.page.key_press(Key::Enter);
        window.page.run_ok();
        window.until("the fill", |a| a.state().preparations[&id.1].losses.iter().any(|l| l.filled == 300));
        assert!(window.has("300 missing replaced"), "what is filled is counted");
        if window.has("Renamed values of carrier…") {
            window.click("Renamed values of carrier…");
            window.choose("Known value for United", "AS");
            window.until("the mapping", |a| {
                a.state().preparations[&id.1].losses.iter().any(|l| l.mapped > 0 && l.unseen == 0)
            });
            window.click("Renamed values of carrier…");
        }
    }
    window.click("Run validation");
    window.until("the result", |a| !a.state().runs.is_empty());
    let run = window.page.state().state().runs[0].clone();
    for model in &run.report.models {
        let hour = model.losses.iter().find(|l| l.input == "hour").unwrap();
        let rows = model.rows + model.rows_without_target;
        assert_eq!((hour.filled, hour.skipped_rows, rows), (300, 0, 3_000), "{}", model.name);
    }

    window.click("Models");
    window.add_dataset();
    window.click("Validate");
    window.choose("Dataset", "odd_too.csv");
    let second = window.page.state().state().datasets[1].id.clone();
    window.until("the second bindings", |a| {
        let all = &a.state().preparations;
        all.len() == 2 && all.values().all(|p| p.asked.dataset == second && p.ready)
    });
    let filled = |p: &modeldeck::backend::state::Preparation| p.losses.iter().any(|l| l.filled == 200);
    assert!(window.page.state().state().preparations.values().all(|p| filled(p)), "the choices hold for the layout");
    window.close();
}
