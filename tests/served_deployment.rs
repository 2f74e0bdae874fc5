//! A validated model is served by the live backend: real callers, real versions, a real capture, and nothing left behind.
#![expect(clippy::unwrap_used, reason = "a test may end")]

mod common {
    pub mod caller;
    pub mod listener;
    pub mod runtime;
}

use std::path::Path;

use common::caller::{ask, ask_as, post, split};
use common::listener::{Listener, options};
use common::runtime::runtime;
use modeldeck::backend::Command;
use modeldeck::backend::serving::{RolloutChange, ServingView};
use modeldeck::backend::state::DeploymentStateView;
use modeldeck::data::read::{ReadOptions, read_table};
use modeldeck::data::watch::NoWatch;
use modeldeck::deploy::capture::{CaptureReader, Selection, Span};
use serde_json::{Value, json};

const CHUNK: usize = 500;

/// Rows of the flights after April, in the order of these columns.
fn rows(columns: &[(String, bool)], count: usize) -> Vec<Vec<Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models/flights/stream.parquet");
    let table = read_table(&path, &ReadOptions::default(), &NoWatch).unwrap().table;
    (0..count)
        .map(|row| {
            let cell = |(name, number): &(String, bool)| {
                let column = table.column(name).unwrap();
                if *number { json!(column.number(row)) } else { json!(column.display(row)) }
            };
            columns.iter().map(cell).collect()
        })
        .collect()
}

fn part(view: &ServingView, version: &str) -> String {
    let found = view.figures.versions.iter().find(|v| v.version == version);
    found.map(|v| v.part.clone()).unwrap_or_default()
}

#[test]
fn a_served_model_is_called_compared_promoted_rolled_back_and_removed() {
    let workspace = tempfile::tempdir().unwrap();
    let mut listener = Listener::open(options(workspace.path(), runtime(), true));
    listener.samples();
    let run = listener.validate_flights();
    let models: Vec<String> = run.report.models.iter().map(|m| m.sha256.clone()).collect();

    // One model answers at an address of its own.
    let (id, address) = listener.serve(&run, &models[0], CHUNK);
    let view = listener.serving[&id].clone();
    assert_eq!((view.champion(), view.versions.len(), view.history), (Some("1"), 1, 0));
    assert_eq!(view.version("1").unwrap().model, models[0]);
    let columns = view.info("1").unwrap().columns.clone();
    let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    let rows = rows(&columns, 2_000);
    // JSON has no word for a missing number, so that such a row has no form as tensors.
    let whole = rows.iter().find(|row| row.iter().all(|value| !value.is_null())).unwrap();

    // Somebody tries a row; the same request, sent by hand, gets the same answer.
    let typed: Vec<(String, String)> = names
        .iter()
        .zip(whole)
        .map(|(name, value)| {
            let typed = match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                number => number.to_string(),
            };
            (name.clone(), typed)
        })
        .collect();
    listener.backend.send(Command::TryRow { deployment: id.clone(), version: None, row: typed.clone() });
    listener.wait("the tried row", |l| l.tried.contains_key(&id));
    let tried = listener.tried[&id].clone();
    let answer = tried.answer.clone().unwrap();
    assert_eq!((tried.row.clone(), tried.version.as_str()), (typed, "1"));
    assert!((answer.probabilities.iter().map(|(_, p)| p).sum::<f64>() - 1.0).abs() < 1e-5, "{answer:?}");
    let by_tensors: Value = serde_json::from_str(&tried.calls.tensors.clone().unwrap().unwrap()).unwrap();
    let given = post(&address, "/v2/models/flights/infer", &by_tensors);
    assert_eq!(given["model_version"], "1", "{given}");
    let by_table: Value = serde_json::from_str(&tried.calls.split.clone().unwrap()).unwrap();
    let predicted = post(&address, "/invocations", &by_table);
    assert!(predicted["predictions"].to_string().contains(&answer.label), "{predicted} {answer:?}");

    // 1,200 rows are two chunks of the monitor; the tried row is none of them.
    for part in rows[..1_200].chunks(100) {
        post(&address, "/invocations", &split(&names, part));
    }
    listener.wait("two chunks", |l| l.chunks.get(&id) == Some(&2));
    listener.wait("the count of rows", |l| l.serving[&id].figures.versions[0].rows >= 1_203);
    let view = listener.serving[&id].clone();
    assert_eq!((view.figures.versions[0].rows, view.figures.versions[0].requests), (1_203, 15), "{view:?}");
    assert_eq!(view.capture.stats.rows, 1_203);
    assert!(view.requests_per_second > 0.0 && view.endpoint.succeeded >= 14);
    // What cannot be answered says why, and is counted by its kind.
    let (status, why) = ask(&address, "POST", "/invocations", r#"{"dataframe_split":{"columns":["x"],"data":[[1]]}}"#);
    assert_eq!(status, 400, "{why}");

    // A second model sees copies, and is compared on the very same requests.
    let add = |model: &str| Command::AddVersion { deployment: id.clone(), run: run.id, model: model.to_owned() };
    let change = |change| Command::RollOut { deployment: id.clone(), change };
    listener.backend.send(add(&models[1]));
    listener.wait("the second version", |l| l.serving[&id].versions.len() == 2);
    assert_eq!(part(&listener.serving[&id], "2"), "standby");
    listener.backend.send(change(RolloutChange::Shadow { version: "2".to_owned(), on: true }));
    listener.wait("the shadow", |l| part(&l.serving[&id], "2") == "shadow");
    for (number, row) in rows[1_200..1_300].iter().enumerate() {
        let body = split(&names, std::slice::from_ref(row)).to_string();
        let (status, text) = ask_as(&address, &format!("both {number}"), "POST", "/invocations", &body);
        assert_eq!(status, 200, "{text}");
    }
    listener.wait("the comparison", |l| l.serving[&id].comparisons.iter().any(|c| c.rows == 100));
    let told = listener.serving[&id].comparisons[0].clone();
    assert_eq!((told.champion.as_str(), told.challenger.as_str(), told.failed), ("1", "2", 0));
    assert!(told.agreement.is_some() && told.mean_shift.is_some() && !told.worst.is_empty(), "{told:?}");

    // Labels that come later are joined to both.
    let truths: Vec<Value> =
        told.worst.iter().map(|w| json!({ "id": w.id, "row": w.row, "truth": w.champion })).collect();
    let labels = truths.len() as u64;
    let body = json!({ "labels": truths });
    let (status, text) = ask(&address, "POST", "/v2/models/flights/feedback", &body.to_string());
    assert_eq!(status, 200, "{text}");
    listener.wait("the labels", |l| {
        l.serving[&id].comparisons[0].labelled.as_ref().is_some_and(|labelled| labelled.rows == labels)
    });

    // The second takes over, and the first comes back.
    listener.backend.send(change(RolloutChange::Promote { version: "2".to_owned() }));
    listener.wait("the promotion", |l| l.serving[&id].champion() == Some("2"));
    let given = post(&address, "/v2/models/flights/infer", &by_tensors);
    assert_eq!(given["model_version"], "2");
    listener.backend.send(change(RolloutChange::Canary { version: "1".to_owned(), share: 0.5 }));
    listener.wait("the canary", |l| part(&l.serving[&id], "1") == "canary");
    let answering: Vec<String> = (0..10)
        .map(|_| post(&address, "/v2/models/flights/infer", &by_tensors)["model_version"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(answering.iter().filter(|version| *version == "1").count(), 5, "{answering:?}");
    listener.backend.send(change(RolloutChange::RollBack));
    listener.wait("the canary's end", |l| part(&l.serving[&id], "1") == "standby");
    listener.backend.send(change(RolloutChange::RollBack));
    listener
        .wait("the roll-back", |l| l.serving[&id].champion() == Some("1") && part(&l.serving[&id], "2") == "shadow");
    let given = post(&address, "/v2/models/flights/infer", &by_tensors);
    assert_eq!(given["model_version"], "1");

    // A version without a part goes; its number is not used again.
    listener.backend.send(change(RolloutChange::Shadow { version: "2".to_owned(), on: false }));
    listener.wait("the shadow's end", |l| part(&l.serving[&id], "2") == "standby");
    listener.backend.send(change(RolloutChange::Remove { version: "2".to_owned() }));
    listener.wait("the removal", |l| {
        let view = &l.serving[&id];
        view.versions.len() == 1 && view.figures.versions.len() == 1 && view.comparisons.is_empty()
    });
    listener.backend.send(add(&models[2]));
    listener.wait("the third version", |l| l.serving[&id].versions.len() == 2);
    assert_eq!(listener.serving[&id].versions[1].version, "3");

    // A person's rows go, while it works.
    let folder = listener.serving[&id].capture.folder.clone();
    let lines = |folder: &Path| CaptureReader::open(folder).unwrap().counts().unwrap().lines;
    let before = lines(&folder);
    let which = Selection::Request { id: "both 7".to_owned() };
    listener.backend.send(Command::DeleteRows { deployment: id.clone(), which });
    listener.until("the deletion", |s| s.notices.iter().any(|n| n.text.contains("1 row deleted")));
    assert_eq!(lines(&folder), before - 1);

    // It ends; what it kept is in files that anyone opens.
    listener.backend.send(Command::StopDeployment(id.clone()));
    listener.until("the end", |s| s.deployments[0].state == DeploymentStateView::Stopped && !s.deployments[0].live);
    assert!(std::net::TcpStream::connect(&address).is_err());
    let reader = CaptureReader::open(&folder).unwrap();
    let counts = reader.counts().unwrap();
    assert!(counts.segments > 0 && counts.lines == before - 1, "{counts:?}");
    let mut chunks = reader.chunks(Span::All, 10_000).unwrap();
    let table = chunks.next(&NoWatch).unwrap().unwrap();
    assert!(
        names.iter().all(|name| table.column(name).is_some()),
        "{:?}",
        table.columns().iter().map(|c| &c.name).collect::<Vec<_>>()
    );
    assert!(reader.find("both 7").unwrap().is_empty() && !reader.find("both 8").unwrap().is_empty());
    // 1,200 of the callers and what was asked of both and by hand of the address, less the tried row.
    assert_eq!(listener.state.deployments[0].captured, before - 1);

    listener.backend.send(Command::RemoveDeployment(id));
    listener.until("the removal", |s| s.deployments.is_empty());
    assert!(!folder.exists());
    listener.close();
}
