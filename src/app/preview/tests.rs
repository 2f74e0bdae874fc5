//! The dialog over a preview that was made of a file.

use eframe::egui::accesskit::Role as Node;
use eframe::egui::{CentralPanel, Ui};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::app::theme;
use crate::data::preview::preview;

struct World {
    dialog: Dialog,
    state: State,
    sent: Vec<Command>,
    _folder: tempfile::TempDir,
}

fn world(content: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, content).unwrap();
    let mut view = PreviewView::of(path.clone());
    match preview(&path, &ReadOptions::default()) {
        Ok(seen) => {
            view.layout.clone_from(&seen.layout);
            view.seen = Some(Arc::new(seen));
        }
        Err(error) => view.failed = Some(error.to_string()),
    }
    view.pending = false;
    let state = State { preview: Some(Arc::new(view)), ..State::default() };
    World { dialog: Dialog::new(path), state, sent: Vec::new(), _folder: folder }
}

fn page(world: World) -> Harness<'static, World> {
    let draw = |ui: &mut Ui, world: &mut World| {
        CentralPanel::default().show(ui, |ui| {
            if !world.dialog.is_closed() {
                let sent = world.dialog.ui(ui.ctx(), &world.state);
                world.sent.extend(sent);
            }
        });
    };
    let mut page = Harness::builder()
        .with_size([1024.0, 700.0])
        .with_max_steps(30)
        .with_context_setup(theme::install)
        .build_ui_state(draw, world);
    page.run_ok();
    page
}

fn choose(page: &mut Harness<'static, World>, list: &str, option: &str) {
    page.get_by_role_and_label(Node::ComboBox, list).click();
    page.run_ok();
    let begins = |n: &egui_kittest::Node<'_>| {
        n.accesskit_node().role() == Node::Button && n.accesskit_node().label().is_some_and(|l| l.starts_with(option))
    };
    let found: Vec<_> = page.query_all_by_label_contains(option).filter(begins).collect();
    found.last().unwrap().click();
    drop(found);
    page.run_ok();
}

#[test]
fn what_was_detected_is_shown_and_can_be_told_otherwise() {
    let mut page = page(world("zip;x;late\n1;1,5;0\n2;2,5;1\n"));
    for words in ["CSV · ", "3 columns · 2 rows", "reading takes about", "detected: semicolon", "1 · 2", "1.5 · 2.5"]
    {
        let by_value =
            page.query_all_by(move |n| n.value().is_some_and(|value| value.contains(words))).next().is_some();
        assert!(by_value || page.query_all_by_label_contains(words).next().is_some(), "{words}");
    }
    choose(&mut page, "Kind of zip", "category");
    choose(&mut page, "Role of x", "target");
    let asked = page.state().sent.iter().find_map(|c| match c {
        Command::PreviewDataset(_, Some(options)) => Some(options.clone()),
        _ => None,
    });
    assert_eq!(asked.unwrap().categorical, ["zip"]);
    assert!(page.get_by_label("Add").accesskit_node().is_disabled(), "the new look is awaited");
    let mut view = PreviewView::clone(page.state().state.preview.as_ref().unwrap());
    view.asked = page.state().dialog.options.clone();
    page.state_mut().state.preview = Some(Arc::new(view));
    page.run_ok();
    page.get_by_label("First rows").click();
    page.run_ok();
    assert!(page.query_all_by_label_contains("2.5").next().is_some());
    page.get_by_label("Add").click();
    page.run_ok();
    let Some(Command::AddPreviewed(_, reading)) = page.state().sent.last() else { panic!("{:?}", page.state().sent) };
    assert_eq!(reading.options.categorical, ["zip"]);
    assert_eq!(reading.roles, [("x".to_owned(), Role::Target)]);
    assert!(page.state().dialog.is_closed());
}

#[test]
fn a_file_that_cannot_be_read_says_why_and_can_be_put_aside() {
    let mut page = page(world("a,b\n"));
    assert!(page.query_all_by_label_contains("no rows").next().is_some());
    assert!(page.get_by_label("Add").accesskit_node().is_disabled());
    page.get_by_label("Cancel").click();
    page.run_ok();
    assert!(matches!(page.state().sent.last(), Some(Command::ClosePreview)));
}

#[test]
fn thousands_of_columns_are_drawn_as_few() {
    let names: Vec<String> = (0..3000).map(|at| format!("c{at}")).collect();
    let values = vec!["1"; 3000].join(",");
    let mut page = page(world(&format!("{}\n{values}\n{values}\n", names.join(","))));
    assert!(page.query_all_by_label_contains("3,000 columns").next().is_some());
    page.get_by_label("First rows").click();
    page.run_ok();
    assert!(page.query_all_by_label_contains("The first 40 columns are shown").next().is_some());
}
