//! Governance through the public interface: registers kept in a workspace, a policy that refuses a column, categories
//! that a model tells, and what a binding loses.

use std::collections::BTreeMap;
use std::path::Path;

use modeldeck::data::{Column, NoWatch, Table, Values};
use modeldeck::model::binding::{known_categories, losses_in};
use modeldeck::model::{Binding, ModelCard, ModelFile};
use modeldeck::validate::governance::{Register, UseRule, checklist, judge_use, parse_register, proxies, refusal};
use modeldeck::validate::policy;
use modeldeck::workspace::Workspace;

const REGISTER: &str = r#"
[[column]]
column = "age"
purpose = ["planning"]
sensitive = true
kind = "age"

[[column]]
column = "tenure"
purpose = ["planning"]

[[column]]
column = "religion"
forbidden = true
"#;

#[test]
fn registers_stay_in_the_workspace_and_reach_an_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut workspace = Workspace::open(folder.path()).unwrap();
    assert_eq!(workspace.register("layout"), Ok(None));
    let register = parse_register(REGISTER).unwrap();
    let value = serde_json::to_value(&register).unwrap();
    workspace.set_register("layout", &value).unwrap();
    workspace.set_register("another", &serde_json::json!({"columns": {}})).unwrap();
    drop(workspace);

    let mut workspace = Workspace::open(folder.path()).unwrap();
    let kept: Register = serde_json::from_value(workspace.register("layout").unwrap().unwrap()).unwrap();
    assert_eq!(kept, register);
    assert_eq!(workspace.register_keys().unwrap(), ["another", "layout"]);
    workspace.remove_register("another").unwrap();
    workspace.remove_register("another").unwrap();
    assert_eq!(workspace.register_keys().unwrap(), ["layout"]);
}

#[test]
fn a_workspace_of_the_first_format_gets_its_registers_and_keeps_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    drop(Workspace::open(folder.path()).unwrap());
    let database = rusqlite::Connection::open(folder.path().join("workspace.sqlite")).unwrap();
    database
        .execute_batch("DROP TABLE registers; DROP TABLE sign_offs; INSERT INTO settings VALUES ('k', '1'); PRAGMA user_version = 1;")
        .unwrap();
    drop(database);
    let mut workspace = Workspace::open(folder.path()).unwrap();
    workspace.set_register("layout", &serde_json::json!({})).unwrap();
    assert_eq!(workspace.register_keys().unwrap(), ["layout"]);
    drop(workspace);
    let database = rusqlite::Connection::open(folder.path().join("workspace.sqlite")).unwrap();
    let kept: String = database.query_row("SELECT value FROM settings WHERE key = 'k'", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "1");
}

#[test]
fn a_policy_refuses_what_the_register_forbids_and_warns_of_a_proxy() {
    let rules = policy::parse(
        "name = \"Use\"\n[data]\non_proxy = \"warn\"\non_unregistered = \"warn\"\npurpose = \"planning\"\n",
    )
    .unwrap();
    let register = parse_register(REGISTER).unwrap();
    let age: Vec<f64> = (0..400).map(|i| 20.0 + f64::from(i * 37 % 400) / 10.0).collect();
    let table = Table::new(vec![
        Column::new("tenure", Values::Float(age.iter().map(|a| a.powi(3)).collect())),
        Column::new("age", Values::Float(age)),
    ])
    .unwrap();
    let used = ["tenure", "religion", "shoe size"];
    let found = proxies(&table, &register.sensitive(), &used, &NoWatch).unwrap();
    assert_eq!(found.len(), 1);
    let findings = judge_use(&rules, &register, &used, &found);
    let rules_broken: Vec<UseRule> = findings.iter().map(|f| f.rule).collect();
    assert_eq!(rules_broken, [UseRule::Forbidden, UseRule::Proxy, UseRule::Unregistered]);
    assert!(refusal(&findings).is_some_and(|text| text.contains("“religion”")));
    assert!(findings[1].sentence.contains("likely proxy of the sensitive column “age”"));
}

#[test]
fn a_model_tells_its_categories_and_unseen_ones_are_counted() {
    let file = ModelFile::open(Path::new("tests/fixtures/models/strings.onnx")).unwrap();
    let known = known_categories(&file);
    assert_eq!(known.keys().collect::<Vec<_>>(), ["colour"]);
    assert_eq!(known["colour"].len(), 3);
    let seen = known["colour"][0].clone();
    let colours = [Some(seen.clone()), Some("no such colour".to_owned()), None, Some("renamed".to_owned())];
    let table = Table::new(vec![Column::new("colour", Values::text(colours))]).unwrap();
    let mut binding = Binding::default();
    binding.set("colour", "colour");
    binding.set_map("colour", "renamed", Some(seen));
    let losses = losses_in(&table, &binding, &file.inspection, &known, &NoWatch).unwrap();
    assert_eq!((losses[0].unseen, losses[0].mapped, losses[0].left_missing), (1, 1, 1));
    assert_eq!(losses[0].examples, ["no such colour"]);
    let none = losses_in(&table, &binding, &file.inspection, &BTreeMap::new(), &NoWatch).unwrap();
    assert_eq!(none[0].unseen, 0);
}

#[test]
fn a_card_that_is_edited_against_the_checklist_meets_a_policy_that_asks_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("m.onnx");
    std::fs::write(folder.path().join("m.card.json"), r#"{"name": "m", "house_rule": [1, 2]}"#).unwrap();
    let (mut card, stamp) = ModelCard::stamped_beside(&model).unwrap().unwrap();
    let open = |card: &ModelCard| checklist(Some(card)).iter().filter(|item| !item.filled).count();
    let before = open(&card);
    card.owner = Some("Planning".to_owned());
    card.out_of_scope = vec!["Hiring".to_owned()];
    assert_eq!(open(&card), before - 2);
    card.write_beside(&model, Some(&stamp)).unwrap();
    let text = std::fs::read_to_string(folder.path().join("m.card.json")).unwrap();
    assert!(text.contains("house_rule") && text.contains("\"owner\": \"Planning\""), "{text}");
    let fields = "required_card_fields = [\"owner\", \"out_of_scope\"]";
    assert!(policy::parse(&format!("name = \"Card\"\n{fields}")).is_ok());
}
