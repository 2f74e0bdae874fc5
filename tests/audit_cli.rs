//! `modeldeck verify` on the report of a validation: the same files give the same numbers, and what changed is named.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

#[path = "common/runtime.rs"]
mod runtime;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn modeldeck(args: &[&str]) -> Output {
    runtime::runtime();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_modeldeck")).current_dir(root).args(args).output().unwrap()
}

/// The report of two flight models on some rows of April, judged by a policy.
fn report(folder: &Path, data: &Path) -> String {
    let place = folder.join("report.json").display().to_string();
    let data = data.display().to_string();
    let args = [
        "validate",
        "--model",
        "sample_models/flights/logistic.onnx",
        "--model",
        "sample_models/flights/gradient_boosting.onnx",
        "--data",
        &data,
        "--target",
        "late",
        "--segment",
        "origin",
        "--gates",
        "assets/policies/careful_binary.toml",
        "--quiet",
        "--json",
        &place,
    ];
    let output = modeldeck(&args);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    place
}

fn verified(args: &[&str]) -> (Option<i32>, Value) {
    let output = modeldeck(&[&["verify", "--quiet", "--json", "-"], args].concat());
    let found = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output.status.code(), found)
}

fn complaint(args: &[&str]) -> String {
    let output = modeldeck(&[&["verify", "--quiet"], args].concat());
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn the_same_files_give_the_same_numbers_and_changed_ones_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("april.parquet");
    std::fs::copy("sample_models/flights/april.parquet", &data).unwrap();
    let place = report(folder.path(), &data);
    let (status, found) = verified(&[&place]);
    assert_eq!((status, &found["same"]), (Some(0), &json!(true)), "{found:#}");
    assert_eq!(found["models"].as_array().map(Vec::len), Some(2));

    // Files that were named in another order are told by their content.
    let named = ["gradient_boosting", "logistic"].map(|name| format!("sample_models/flights/{name}.onnx"));
    let (status, _) = verified(&[&place, "--model", &named[0], "--model", &named[1]]);
    assert_eq!(status, Some(0));

    // Another model in the first one's place.
    let other = "sample_models/flights/overfitted.onnx";
    let (status, found) = verified(&[&place, "--model", other, "--model", &named[0]]);
    assert_eq!(status, Some(1));
    let sentences = |at: usize| found["models"][at]["sentences"].to_string();
    assert!(
        sentences(0).contains("The model file is another one") && sentences(0).contains("roc_auc was"),
        "{found:#}"
    );
    assert_eq!(found["models"][1]["same"], json!(true), "{found:#}");

    // Other rows.
    let (status, found) = verified(&[&place, "--data", "sample_models/flights/stream.parquet"]);
    assert_eq!((status, &found["same"]), (Some(1), &json!(false)));
    assert_ne!(found["data"]["sha256"], found["data"]["sha256_now"]);
    let output = modeldeck(&["verify", &place, "--data", "sample_models/flights/stream.parquet"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("The data file is another one") && text.contains("roc_auc was"), "{text}");

    // A number that somebody changed in the report.
    let mut changed: Value = serde_json::from_slice(&std::fs::read(&place).unwrap()).unwrap();
    changed["models"][0]["metrics"]["roc_auc"]["value"] = json!(0.99);
    std::fs::write(&place, changed.to_string()).unwrap();
    let (status, found) = verified(&[&place]);
    assert_eq!(status, Some(1));
    let sentences = found["models"][0]["sentences"].to_string();
    assert!(
        sentences.contains("roc_auc was 0.99 and is") && sentences.contains("The result is another one"),
        "{found:#}"
    );
}

#[test]
fn what_cannot_be_verified_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("april.parquet");
    std::fs::copy("sample_models/flights/april.parquet", &data).unwrap();
    let place = report(folder.path(), &data);
    std::fs::remove_file(&data).unwrap();
    let said = complaint(&[&place]);
    assert!(said.contains("data file of the report is not there") && said.contains("april.parquet"), "{said}");
    let april = "sample_models/flights/april.parquet";
    assert!(complaint(&[&place, "--data", april, "--model", april]).contains("april.parquet"));
    let one = "sample_models/flights/logistic.onnx";
    assert!(complaint(&[&place, "--data", april, "--model", one]).contains("judges 2 models, and 1"));
    let other = complaint(&[&place, "--data", "sample_models/README.md"]);
    assert!(other.contains("cannot be computed again"), "{other}");
    assert!(complaint(&["sample_models/README.md"]).contains("no report"));
    assert!(complaint(&[&folder.path().join("gone.json").display().to_string()]).contains("gone.json"));

    let mut old: Value = serde_json::from_slice(&std::fs::read(&place).unwrap()).unwrap();
    old["plan"] = Value::Null;
    std::fs::write(&place, old.to_string()).unwrap();
    assert!(complaint(&[&place, "--data", april]).contains("does not say what was asked for"));
}
