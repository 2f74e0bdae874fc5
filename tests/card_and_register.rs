//! The card and the data-use register over the live backend: kept, written beside the file, used by a validation.

#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "what is missing fails the program")]

#[path = "common/listener.rs"]
mod listener;
#[path = "common/runtime.rs"]
mod runtime;

use std::path::{Path, PathBuf};

use listener::{Listener, options};
use modeldeck::backend::Command;
use modeldeck::backend::state::RuntimeView;
use modeldeck::model::ModelCard;
use modeldeck::validate::Plan;
use modeldeck::validate::governance::{ColumnUse, Register};
use modeldeck::validate::policy::parse;

fn flights(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models/flights").join(name)
}

fn opened(folder: &Path) -> Listener {
    let model = folder.join("m.onnx");
    if !model.exists() {
        std::fs::copy(flights("gradient_boosting.onnx"), &model).unwrap();
        std::fs::copy(flights("gradient_boosting.card.json"), folder.join("m.card.json")).unwrap();
    }
    let mut backend = Listener::open(options(&folder.join("workspace"), runtime::runtime(), false)).expect_errors();
    backend.until("ONNX Runtime", |s| matches!(s.runtime, RuntimeView::Ready { .. }));
    backend
}

#[test]
fn a_card_is_kept_and_written_beside_unless_it_changed_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.card.json");
    let mut backend = opened(folder.path());
    backend.backend.send(Command::AddModels(vec![folder.path().join("m.onnx")]));
    backend.until("the model", |s| s.models.len() == 1);
    let model = backend.state.models[0].clone();
    backend.backend.send(Command::OpenCard(model.id.clone()));
    backend.until("the card's file", |s| s.card_file.as_ref().is_some_and(|f| f.stamp.is_some() && !f.differs));
    let card = |contact: &str| {
        let card = model.card.as_deref().cloned().unwrap();
        Box::new(ModelCard { contact: Some(contact.to_owned()), ..card })
    };
    let contact = |path: &Path| ModelCard::parse(&std::fs::read_to_string(path).unwrap()).unwrap().contact;
    backend.backend.send(Command::SetCard { model: model.id.clone(), card: card("one"), beside: true });
    backend.until("the card", |s| s.models[0].card.as_ref().is_some_and(|c| c.contact.as_deref() == Some("one")));
    assert_eq!(contact(&file).as_deref(), Some("one"));

    std::fs::write(&file, r#"{"name": "somebody else's"}"#).unwrap();
    backend.backend.send(Command::SetCard { model: model.id.clone(), card: card("two"), beside: true });
    let why = backend.next_told("the refusal");
    assert!(why.contains("changed since it was opened"), "{why}");
    assert_eq!(contact(&file), None, "what somebody else wrote stays");
    backend.until("the workspace's card", |s| {
        s.models[0].card.as_ref().is_some_and(|c| c.contact.as_deref() == Some("two"))
    });
    drop(backend);
    let backend = opened(folder.path());
    assert_eq!(backend.state.models[0].card.as_ref().and_then(|c| c.contact.clone()).as_deref(), Some("two"));
}

#[test]
fn a_register_is_kept_for_the_layout_and_refuses_by_policy() {
    let folder = tempfile::tempdir().unwrap();
    let mut backend = opened(folder.path());
    backend.backend.send(Command::AddModels(vec![folder.path().join("m.onnx")]));
    backend.backend.send(Command::AddDataset(flights("april.parquet")));
    backend.until("model and data", |s| s.models.len() == 1 && s.datasets.len() == 1);
    let (model, dataset) = (backend.state.models[0].id.clone(), backend.state.datasets[0].id.clone());
    let forbidden = ColumnUse { forbidden: true, ..ColumnUse::default() };
    let sensitive = ColumnUse { sensitive: true, kind: "origin".to_owned(), ..ColumnUse::default() };
    let register = Register { columns: [("carrier".to_owned(), forbidden), ("dest".to_owned(), sensitive)].into() };
    backend.backend.send(Command::SetRegister { dataset: dataset.clone(), register: Box::new(register.clone()) });
    backend.until("the register", |s| s.registers.len() == 1);

    let mut plan = Plan::new("late");
    plan.data_checks = false;
    plan.weak_segments = false;
    let validate = |policy: &str| {
        let policy = Some(parse(policy).unwrap());
        let plan = Box::new(Plan { policy, ..plan.clone() });
        Command::Validate { models: vec![model.clone()], said: None, reference: None, dataset: dataset.clone(), plan }
    };
    let gate = "[[gate]]\nname = \"G\"\nmetric = \"roc_auc\"\nat_least = 0.5\n";
    backend.backend.send(validate(&format!("name = \"P\"\n{gate}")));
    backend.until("the refusal in its place", |s| s.refused.is_some());
    let sentence = backend.state.refused.clone().unwrap().sentence.clone();
    assert!(sentence.contains("carrier"), "{sentence}");
    assert!(backend.state.runs.is_empty());

    let warn = "[data]\non_forbidden = \"warn\"\non_sensitive = \"warn\"\n";
    backend.backend.send(validate(&format!("name = \"P\"\n{warn}{gate}")));
    backend.until("the result", |s| !s.runs.is_empty() && s.refused.is_none());
    let found = &backend.state.runs[0].report.models[0].data_use;
    assert!(found.iter().any(|f| f.column == "carrier") && found.iter().any(|f| f.column == "dest"), "{found:?}");

    let toml = folder.path().join("register.toml");
    std::fs::write(&toml, "[[column]]\ncolumn = \"orign\"\nsource = \"radar\"\n").unwrap();
    backend.told.clear();
    backend.backend.send(Command::ImportRegister { dataset: dataset.clone(), path: toml });
    let told = backend.next_told("the stranger");
    assert!(told.contains("perhaps “origin” is meant"), "{told}");
    drop(backend);
    let backend = opened(folder.path());
    assert_eq!(backend.state.registers.get(&dataset).map(|r| r.columns.len()), Some(3));
}
