//! The editor over a workspace of the tests: what it asks for and what it says.

use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::app::context::Request;
use crate::app::panels::fixture::{World, click, harness};
use crate::backend::state::PolicyTrial;
use crate::validate::policy::{Evidence, judge, parse};

fn world() -> World {
    let mut world = World::prepared();
    let own = "# ours\nname = \"House\"\n\n[[gate]]\nname = \"Ranks\"\nmetric = \"roc_auc\"\nat_least = 0.7\n";
    for (toml, shipped) in [(SHIPPED[0].text, true), (own, false)] {
        let view = PolicyView { policy: parse(toml).unwrap(), toml: toml.to_owned(), shipped };
        world.state.policies.push(Arc::new(view));
    }
    world
}

fn drawn(wish: &Wish) -> Harness<'static, World> {
    let world = world();
    let mut editor = Editor::open(&world.state, wish, Some(Task::Binary));
    let mut chosen = None;
    harness([1280.0, 1600.0], world, move |ui, ctx| {
        let run = ctx.state.runs.first().cloned();
        editor.ui(ui, ctx, &["origin", "hour"], run.as_deref(), &mut chosen);
    })
}

fn toml(page: &Harness<'static, World>) -> String {
    page.get_by_label("Policy as TOML text").accesskit_node().value().unwrap_or_default()
}

fn type_toml(page: &mut Harness<'static, World>, words: &str) {
    page.get_by_label("Policy as TOML text").focus();
    page.run();
    page.key_press_modifiers(Modifiers::COMMAND, Key::A);
    page.run();
    page.get_by_label("Policy as TOML text").type_text(words);
    page.run();
}

#[test]
fn a_shipped_policy_is_opened_as_a_copy_and_an_own_one_as_itself() {
    let page = drawn(&Wish::Edit(SHIPPED[0].name.to_owned()));
    assert!(toml(&page).starts_with("name = \"Careful binary (copy)\""));
    assert!(page.query_by_label("Save as…").is_none());
    let mut page = drawn(&Wish::Edit("House".to_owned()));
    assert!(toml(&page).starts_with("# ours"), "comments are kept");
    assert!(page.get_by_label("Save").accesskit_node().is_disabled());
    let asked = click(&mut page, "Remove policy House");
    assert!(
        asked.iter().any(|r| matches!(r, Request::Confirm { command: Command::RemovePolicy(n), .. } if n == "House"))
    );
}

#[test]
fn the_form_moves_the_text_and_the_keys_take_it_back() {
    let mut page = drawn(&Wish::Edit("House".to_owned()));
    click(&mut page, "Add gate");
    assert_eq!(toml(&page).matches("[[gate]]").count(), 2);
    click(&mut page, "Move up gate 2");
    assert!(toml(&page).find("Gate 2").unwrap() < toml(&page).find("Ranks").unwrap());
    page.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    page.run();
    page.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    page.run();
    assert!(toml(&page).starts_with("# ours"), "{}", toml(&page));
    page.key_press_modifiers(Modifiers::COMMAND, Key::Y);
    page.run();
    assert_eq!(toml(&page).matches("[[gate]]").count(), 2);
    let asked = click(&mut page, "Save");
    let [Request::Command(Command::SavePolicy { toml, replaces })] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(toml.contains("Gate 2") && replaces.as_deref() == Some("House"));
}

#[test]
fn a_mistake_in_the_text_is_named_with_its_line_and_the_form_stays() {
    let mut page = drawn(&Wish::Edit("House".to_owned()));
    type_toml(&mut page, "name = \"House\"\n[[gate]]\nname = \"G\"\nmetric = \"f_one\"\nat_least = 0.7\n");
    assert!(page.query_all_by_label_contains("line 4").next().is_some());
    assert!(page.get_by_label("Save").accesskit_node().is_disabled());
    page.get_by_role_and_label(Role::ComboBox, "Metric of gate 1");
    type_toml(
        &mut page,
        "name = \"House\"\n[[gate]]\nname = \"G\"\nmetric = \"f1\"\nat_least = 0.4\nbound = \"low\"\n",
    );
    assert!(page.query_all_by_label_contains("line 4").next().is_none());
    assert!(!page.get_by_label("Save").accesskit_node().is_disabled());
}

#[test]
fn the_shown_run_is_judged_on_trial() {
    let mut page = drawn(&Wish::Edit("House".to_owned()));
    let asked = page.state().asked();
    let tried = asked.iter().find_map(|r| match r {
        Request::Command(Command::TryPolicy { run, policy }) => Some((*run, policy.clone())),
        _ => None,
    });
    let (run, policy) = tried.unwrap();
    assert_eq!(asked.iter().filter(|r| matches!(r, Request::Command(Command::TryPolicy { .. }))).count(), 1);
    let models = &page.state().state.runs[0].report.models;
    let verdicts = models.iter().map(|m| (m.name.clone(), judge(&policy, &Evidence::of(m)))).collect();
    page.state_mut().state.trial = Some(Arc::new(PolicyTrial { run, policy: *policy, verdicts }));
    page.run();
    assert!(page.query_all_by_label_contains("passes its gates").next().is_some());
    assert!(page.query_all_by_label_contains("fails its gates").next().is_some());
}

#[test]
fn changes_are_not_lost_without_a_word() {
    let mut page = drawn(&Wish::New);
    click(&mut page, "Duplicate gate 1");
    click(&mut page, "Back");
    page.get_by_label("Discard changes");
    click(&mut page, "Keep editing");
    assert!(page.query_by_label("Discard changes").is_none());
    let asked = click(&mut page, "Save");
    let sent = asked.iter().find_map(|r| match r {
        Request::Command(Command::SavePolicy { toml, replaces: None }) => Some(toml.clone()),
        _ => None,
    });
    assert!(parse(&sent.unwrap()).is_ok());
}
