//! From a new policy to a verdict, by the names a person reads: write a gate, keep it, choose it, run, read what it says.

#[path = "common/listener.rs"]
mod listener;
#[path = "common/runtime.rs"]
mod runtime;
#[path = "common/window.rs"]
mod window;

use std::path::{Path, PathBuf};

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use listener::options;
use window::{Answers, Window};

fn flights(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models/flights").join(name)
}

fn type_toml(window: &mut Window, words: &str) {
    window.page.get_by_label("Policy as TOML text").focus();
    window.page.run_ok();
    window.page.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::A);
    window.page.run_ok();
    window.page.get_by_label("Policy as TOML text").type_text(words);
    window.page.run_ok();
}

/// Draws until words are on the page.
fn until_seen(window: &mut Window, words: &str) {
    let end = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while !window.has(words) {
        assert!(std::time::Instant::now() < end, "“{words}” was not seen");
        std::thread::sleep(std::time::Duration::from_millis(5));
        window.page.step();
    }
    window.page.run_ok();
}

#[test]
fn a_new_policy_is_written_kept_chosen_and_judges() {
    let folder = tempfile::tempdir().unwrap();
    let exported = folder.path().join("house.toml");
    let answers =
        Answers::of([vec![flights("gradient_boosting.onnx")], vec![flights("april.parquet")], vec![exported.clone()]]);
    let options = options(&folder.path().join("workspace"), runtime::runtime(), false);
    let mut window = Window::open([1280.0, 900.0], options, answers);
    window.begin();
    window.add_models(1);
    window.add_dataset();

    window.click("Validate");
    window.until("the binding", |a| a.state().preparation.as_ref().is_some_and(|p| p.ready));
    window.click("Run validation");
    window.until("the first result", |a| a.state().runs.len() == 1);

    window.click("New policy…");
    window.choose("Rows of gate 1", "in every segment of");
    window.choose("Rows of gate 1", "on all rows");
    window.choose("Condition of gate 1", "at least");
    until_seen(&mut window, "fails its gates");
    window.click("Add gate");
    window.choose("Metric of gate 2", "F1");
    type_toml(&mut window, "name = \"House\"\n[[gate]]\nname = \"G\"\nmetric = \"f_1\"\nat_least = 0.99\n");
    assert!(window.has("line 4"), "the mistake is named with its line");
    type_toml(&mut window, "name = \"House\"\n[[gate]]\nname = \"Ranks\"\nmetric = \"roc_auc\"\nat_least = 0.6\n");
    until_seen(&mut window, "passes its gates");
    type_toml(&mut window, "name = \"House\"\n[[gate]]\nname = \"Never\"\nmetric = \"f1\"\nat_least = 0.99\n");
    assert!(!window.has("line 4"));
    until_seen(&mut window, "fails its gates");
    window.click("Save");
    window.until("the policy", |a| a.state().policies.iter().any(|p| p.policy.name == "House" && !p.shipped));
    window.click("Export TOML…");
    window.until("the file", |_| exported.exists());
    assert!(std::fs::read_to_string(&exported).unwrap().contains("\"House\""));
    window.click("Back");
    let chosen = window.page.get_by_role_and_label(Role::ComboBox, "Policy").accesskit_node().value();
    assert_eq!(chosen.as_deref(), Some("House"), "what was kept is chosen");
    window.click("Run validation");
    window.until("the judged result", |a| a.state().runs.len() == 2);
    window.click("Gates and sign-off");
    assert!(window.has("fails its gates") && window.has("Never: F1 at least 0.99"));

    window.click("Edit policy…");
    window.click("Remove policy House");
    window.click("Remove");
    window.until("the removal", |a| !a.state().policies.iter().any(|p| p.policy.name == "House"));
    let chosen = window.page.get_by_role_and_label(Role::ComboBox, "Policy").accesskit_node().value();
    assert_eq!(chosen.as_deref(), Some("no gates"));
    window.close();
}
