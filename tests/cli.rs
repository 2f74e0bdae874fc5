//! The promised command line: what it writes, where, and with which exit status.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

#[path = "common/runtime.rs"]
mod runtime;

use std::path::Path;
use std::process::{Command, Output};

use modeldeck::data::layout::layout_key;
use modeldeck::data::{NoWatch, ReadOptions};
use modeldeck::workspace::Workspace;
use serde_json::Value;

/// Runs the program in the source tree; the runtime that the tests use is installed first.
fn modeldeck(args: &[&str]) -> Output {
    runtime::runtime();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_modeldeck")).current_dir(root).args(args).output().unwrap()
}

fn flights<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "validate",
        "--model",
        "sample_models/flights/logistic.onnx",
        "--data",
        "sample_models/flights/april.parquet",
        "--target",
        "late",
        "--quiet",
    ];
    args.extend(more);
    args
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn complaint(output: &Output) -> String {
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn inspect_writes_the_promised_fields() {
    let output = modeldeck(&["inspect", "sample_models/flights/logistic.onnx", "--json", "-", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let found = json(&output);
    for field in [
        "schema_version",
        "path",
        "sha256",
        "size_bytes",
        "ir_version",
        "opsets",
        "producer",
        "description",
        "inputs",
        "outputs",
        "metadata",
        "task",
        "classes",
        "operators",
        "parameters",
        "problems",
    ] {
        assert!(found.get(field).is_some(), "{field} is missing");
    }
    assert_eq!((&found["task"], &found["inputs"][0]["dtype"]), (&"binary".into(), &"string".into()));
}

#[test]
fn validate_writes_the_promised_fields_and_the_same_bytes_again() {
    let gates = ["--segment", "origin", "--gates", "assets/policies/careful_binary.toml", "--json", "-"];
    let output = modeldeck(&flights(&gates));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = json(&output);
    let model = &report["models"][0];
    for field in [
        "path",
        "sha256",
        "rows",
        "rows_without_target",
        "task",
        "classes",
        "positive",
        "threshold",
        "metrics",
        "baseline",
        "per_class",
        "confusion",
        "curves",
        "segments",
        "weak_segments",
        "gates",
        "verdict",
        "timing",
        "rows_per_second",
    ] {
        assert!(model.get(field).is_some(), "{field} is missing");
    }
    let metrics = "accuracy balanced_accuracy precision recall specificity f1 roc_auc average_precision log_loss brier \
                   mcc cohen_kappa ece";
    for name in metrics.split_whitespace() {
        assert!(model["metrics"][name]["value"].is_number(), "{name}");
    }
    assert_eq!(model["verdict"], "fail");
    let origins: Vec<&str> = model["segments"].as_array().unwrap().iter().filter_map(|s| s["value"].as_str()).collect();
    assert_eq!(origins.len(), 3);
    assert!(model["curves"]["roc"]["fpr"].as_array().unwrap().len() > 50);
    let again = json(&modeldeck(&flights(&gates)));
    assert_eq!(again["models"][0]["metrics"], model["metrics"]);
    assert_eq!(again["models"][0]["weak_segments"], model["weak_segments"]);
}

#[test]
fn failed_gates_are_status_one_only_when_asked() {
    let gates = ["--gates", "assets/policies/careful_binary.toml"];
    assert_eq!(modeldeck(&flights(&gates)).status.code(), Some(0));
    let output = modeldeck(&flights(&[gates.as_slice(), &["--fail-on", "gates"]].concat()));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("gate FAIL: Ranks well") && text.contains("verdict: fail"), "{text}");
}

#[test]
fn a_report_is_one_file_that_needs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("report.html");
    let output = modeldeck(&flights(&["--segment", "origin", "--report", place.to_str().unwrap()]));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let html = std::fs::read_to_string(&place).unwrap();
    assert!(html.len() < 1_000_000 && html.contains("<svg") && html.contains("origin"), "{} bytes", html.len());
    for foreign in ["<script", "src=", "@import", "url("] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    let nowhere = folder.path().join("no/such/folder/report.html");
    assert!(complaint(&modeldeck(&flights(&["--report", nowhere.to_str().unwrap()]))).contains("report"));
}

#[test]
fn predictions_in_columns_are_validated_without_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("said.csv");
    std::fs::write(&table, "y,p,z\nno,0.1,-3\nyes,0.9,2\nyes,0.4,1\nno,0.3,-1\nyes,0.8,4\n").unwrap();
    let table = table.to_str().unwrap();
    let args = |more: &[&'static str]| {
        let all = ["validate", "--data", table, "--target", "y", "--json", "-"];
        modeldeck(&[all.as_slice(), more].concat())
    };
    let output = args(&["--score", "yes=p"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report = json(&output);
    assert_eq!((&report["models"][0]["positive"], &report["models"][0]["rows"]), (&"yes".into(), &5.into()));
    assert_eq!(report["models"][0]["metrics"]["roc_auc"]["value"], 1.0);
    assert_eq!(json(&args(&["--prediction", "y"]))["models"][0]["metrics"]["accuracy"]["value"], 1.0);
    let said = complaint(&args(&["--score", "z"]));
    assert!(said.contains("outside 0 to 1") && said.contains("sigmoid"), "{said}");
    assert_eq!(args(&["--score", "z", "--score-transform", "sigmoid"]).status.code(), Some(0));
    assert!(complaint(&args(&["--score", "q"])).contains('q'));
    assert!(complaint(&args(&[])).contains("--model"));
}

#[test]
fn bad_input_is_one_sentence_and_status_two() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("typo.toml");
    std::fs::write(&policy, "name = \"x\"\n[[gate]]\nmetric = \"roc_acu\"\nat_least = 0.7\n").unwrap();
    let said = complaint(&modeldeck(&flights(&["--gates", policy.to_str().unwrap()])));
    assert!(said.contains("line 3") && said.contains("roc_auc"), "{said}");
    let said = complaint(&modeldeck(&flights(&["--segment", "orign"])));
    assert!(said.contains("orign"), "{said}");
    let not_onnx = ["inspect", "sample_models/README.md"];
    assert!(complaint(&modeldeck(&not_onnx)).contains("README.md"));
    let gone = folder.path().join("gone.csv");
    let gone = gone.to_str().unwrap();
    let args = ["validate", "--model", "sample_models/flights/logistic.onnx", "--data", gone, "--target", "late"];
    assert!(complaint(&modeldeck(&args)).contains(gone));
}

#[test]
fn gates_hold_against_the_champion_that_answers_today() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("champion.toml");
    let gate = "name = \"Rival\"\n[[gate]]\nname = \"As good as today's\"\nmetric = \"roc_auc\"\nagainst = \"champion\"\nlose_at_most = 0.0\n";
    std::fs::write(&policy, gate).unwrap();
    let champion = ["--champion", "sample_models/flights/gradient_boosting.onnx", "--json", "-", "--gates"];
    let report = json(&modeldeck(&flights(&[champion.as_slice(), &[policy.to_str().unwrap()]].concat())));
    let verdicts: Vec<&str> =
        report["models"].as_array().unwrap().iter().filter_map(|m| m["verdict"].as_str()).collect();
    // The champion does not compete with itself, so its only gate finds nothing to hold against, and does not pass.
    assert_eq!(verdicts, ["pass", "fail"]);
    let reason = report["models"][1]["gates"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("champion"), "{reason}");
}

#[test]
fn the_register_that_a_named_workspace_keeps_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = root.join("sample_models/flights/april.parquet");
    let table = modeldeck::data::read_table(&data, &ReadOptions::default(), &NoWatch).unwrap().table;
    let names: Vec<&str> = table.columns().iter().map(|c| c.name.as_str()).collect();
    let place = folder.path().to_str().unwrap();
    let run = |more: &[&str]| {
        modeldeck(&flights(&[&["--gates", "assets/policies/careful_binary.toml", "--workspace", place], more].concat()))
    };

    assert!(complaint(&run(&[])).contains("There is no workspace"));
    let mut workspace = Workspace::open(folder.path()).unwrap();
    let forbidden = serde_json::json!({ "columns": { "carrier": { "forbidden": true } } });
    workspace.set_register(&layout_key(&names, None), &forbidden).unwrap();
    assert!(complaint(&run(&[])).contains("another"), "a workspace that is open elsewhere is not looked into");
    drop(workspace);
    assert!(complaint(&run(&[])).contains("carrier"), "the register refuses a column");
    let other = folder.path().join("other.toml");
    std::fs::write(&other, "[[column]]\ncolumn = \"carrier\"\npurpose = [\"planning\"]\n").unwrap();
    assert_eq!(run(&["--register", other.to_str().unwrap()]).status.code(), Some(0), "a named file comes first");
}
