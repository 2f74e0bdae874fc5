//! “Add dataset…” over the live backend: look, correct, add; the correction is offered again for the next file of the
//! same layout, used whenever the file is read again, and told apart from files of another layout.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "common/listener.rs"]
mod listener;
#[path = "common/runtime.rs"]
mod runtime;
#[path = "common/window.rs"]
mod window;

use std::path::{Path, PathBuf};

use egui_kittest::kittest::Queryable as _;
use listener::options;
use modeldeck::app::App;
use modeldeck::data::Kind;
use modeldeck::data::schema::Role;
use window::{Answers, Window, previewed};

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn column(app: &App, dataset: usize, name: &str) -> (Kind, Role) {
    let column = app.state().datasets[dataset].schema.iter().find(|c| c.name == name).unwrap();
    (column.kind, column.role)
}

#[test]
fn a_correction_is_used_kept_and_offered_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = file(folder.path(), "first.csv", "zip;x;seen;late\n1;1,5;3;0\n2;2,5;4;1\n1;3,5;5;0\n");
    file(folder.path(), "second.csv", "zip;x;seen;late\n2;0,5;3;1\n1;9,5;4;1\n7;8,5;5;0\n");
    file(folder.path(), "other.csv", "zip;y\n2;0,5\n1;9,5\n");
    let kept = folder.path().join("kept");
    let answers = Answers::of([vec![first]]);
    let open = |answers| Window::open([1280.0, 800.0], options(&kept, runtime::runtime(), false), answers);

    let mut window = open(answers);
    window.until("the workspace", |a| a.state().workspace.ready);
    window.click("Models");
    window.click("Add dataset…");
    window.until("the preview", previewed);
    let seen = window.page.state().state().preview.as_ref().unwrap().seen.clone().unwrap();
    assert_eq!((seen.delimiter, seen.decimal_comma), (Some(b';'), Some(true)));
    assert!(window.has("4 columns"));
    window.choose("Kind of zip", "category");
    window.until("the second look", |a| {
        let view = a.state().preview.as_ref().unwrap();
        !view.pending && view.seen.as_ref().is_some_and(|s| s.columns[0].kind == Kind::Text)
    });
    window.choose("Role of seen", "target");
    window.click("Add");
    window.until("the first file", |a| a.state().datasets.len() == 1 && a.jobs().is_empty());
    assert!(window.page.state().state().preview.is_none());
    let app = window.page.state();
    assert_eq!(column(app, 0, "zip"), (Kind::Text, Role::Feature));
    assert_eq!(column(app, 0, "seen").1, Role::Target);
    assert_eq!(column(app, 0, "late").1, Role::Feature, "the guess gives way");
    assert_eq!(app.state().datasets[0].target.as_deref(), Some("seen"));
    window.close();

    // The program ends between the two files: corrections are kept in the workspace.
    let second = folder.path().join("second.csv");
    let other = folder.path().join("other.csv");
    let mut window = open(Answers::of([vec![second.clone()], vec![second], vec![other]]));
    window.until("the kept workspace", |a| a.state().workspace.ready && a.state().datasets.len() == 1);
    assert_eq!(window.page.state().state().datasets[0].options.categorical, ["zip"]);
    window.click("Models");
    window.click("Add dataset…");
    window.until("the preview", previewed);
    assert!(window.has("kept corrections in use"));
    window.click("Cancel");
    window.until("nothing", |a| a.state().preview.is_none());
    assert_eq!(window.page.state().state().datasets.len(), 1);
    window.add_dataset();
    let app = window.page.state();
    assert_eq!(column(app, 1, "zip"), (Kind::Text, Role::Feature));
    assert_eq!(column(app, 1, "seen").1, Role::Target);

    window.click("Add dataset…");
    window.until("the preview of another layout", previewed);
    assert!(window.page.query_by_label("kept corrections in use").is_none());
    window.click("Add");
    window.until("the other file", |a| a.state().datasets.len() == 3 && a.jobs().is_empty());
    assert_eq!(column(window.page.state(), 2, "zip").0, Kind::Number);
    window.close();
}
