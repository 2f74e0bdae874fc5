//! Every odd model of the fixtures answers through our scorer what ONNX Runtime itself answered when its answers were
//! recorded by `fixtures/models/make_models.py`; those without an answer of ours are refused with a sentence.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail like tests")]

#[path = "common/runtime.rs"]
mod common;

use std::path::Path;

use modeldeck::data::{Column, Table, Values};
use modeldeck::model::binding::How;
use modeldeck::model::runtime::ensure_loaded;
use modeldeck::model::{Binding, BoundModel, ModelError, ModelFile, Scorer, Scores, SessionSettings, Task};
use serde_json::Value;

const WITHOUT_ANSWER: [&str; 3] = ["no_usable_output.onnx", "image_output.onnx", "scalar_output.onnx"];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models")
}

fn recorded() -> Value {
    serde_json::from_slice(&std::fs::read(folder().join("expected.json")).unwrap()).unwrap()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    array(value).iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

/// The recorded inputs as a table of columns, and which of them feed which input.
fn table(inputs: &Value) -> (Table, Binding) {
    let (mut columns, mut binding) = (Vec::new(), Binding::default());
    for input in array(inputs) {
        let name = input["name"].as_str().unwrap();
        let rows = input["shape"][0].as_u64().unwrap() as usize;
        let cells = array(&input["values"]);
        let width = cells.len() / rows;
        let names: Vec<String> = (0..width).map(|c| format!("{name} {c}")).collect();
        for (c, column) in names.iter().enumerate() {
            let own: Vec<&Value> = cells.iter().skip(c).step_by(width).collect();
            let values = match input["type"].as_str().unwrap() {
                "tensor(string)" => Values::text(own.iter().map(|v| v.as_str())),
                "tensor(int64)" => Values::ints(own.iter().map(|v| v.as_i64().unwrap()).collect()),
                "tensor(bool)" => Values::Bool(own.iter().map(|v| u8::from(v.as_bool().unwrap())).collect()),
                _ => Values::Float(own.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()),
            };
            columns.push(Column::new(column, values));
        }
        binding.set_columns(name, names, How::Person);
    }
    (Table::new(columns).unwrap(), binding)
}

fn score(name: &str, recorded: &Value) -> Result<Scores, ModelError> {
    let runtime = ensure_loaded(&common::runtime()).unwrap();
    let (table, binding) = table(&recorded["inputs"]);
    let bound = BoundModel::bind(ModelFile::open(&folder().join(name))?, binding, &table)?;
    let settings = SessionSettings { batch: 2, ..SessionSettings::default() };
    let mut scorer = Scorer::open(&bound, settings, runtime)?;
    let mut scores = Scores::default();
    scorer.score(&table, 0..table.rows(), &mut scores)?;
    Ok(scores)
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

/// Compares with one recorded output; gives whether it said something to compare with.
fn matches(name: &str, scores: &Scores, output: &Value) -> bool {
    let answer = &output["answer"];
    if let Some(maps) = answer.as_array() {
        for (row, map) in maps.iter().enumerate() {
            for pair in array(map) {
                let class = scores.class_index(&words(&pair[0])).unwrap();
                let ours = f64::from(scores.probabilities_of(row).unwrap()[class]);
                assert!(close(ours, pair[1].as_f64().unwrap()), "{name} row {row}");
            }
        }
        return true;
    }
    let shape: Vec<u64> = array(&answer["shape"]).iter().map(|v| v.as_u64().unwrap()).collect();
    if scores.task == Task::Regression {
        for (ours, theirs) in scores.values.iter().zip(numbers(&answer["values"])) {
            assert!(close(*ours, theirs), "{name}: {ours} is not {theirs}");
        }
        return true;
    }
    let is_float = output["type"].as_str().unwrap().contains("float") || output["type"] == "tensor(double)";
    if !is_float {
        for (row, label) in array(&answer["values"]).iter().enumerate() {
            assert_eq!(scores.label(row), Some(words(label).as_str()), "{name} row {row}");
        }
        return true;
    }
    let theirs = numbers(&answer["values"]);
    let width = shape.get(1).copied().unwrap_or(1) as usize;
    if scores.raw_scores || width != scores.width {
        if width == 1 && !scores.raw_scores && theirs.iter().all(|p| (0.0..=1.0).contains(p)) {
            let class = output["name"].as_str().and_then(|n| n.strip_prefix('i')).and_then(|n| n.parse().ok());
            let ours = scores.probabilities_for(class.unwrap_or(1));
            assert!(ours.iter().zip(&theirs).all(|(a, b)| close(f64::from(*a), *b)), "{name}: {ours:?} {theirs:?}");
            return true;
        }
        return false;
    }
    for (ours, theirs) in scores.probabilities.iter().zip(theirs) {
        assert!(close(f64::from(*ours), theirs), "{name}: {ours} is not {theirs}");
    }
    true
}

#[test]
fn every_model_answers_as_recorded() {
    let recorded = recorded();
    let mut compared = 0;
    for (name, model) in recorded["models"].as_object().unwrap() {
        if WITHOUT_ANSWER.contains(&name.as_str()) {
            continue;
        }
        let scores = score(name, model).unwrap_or_else(|error| panic!("{name}: {error}"));
        let rows = model["inputs"][0]["shape"][0].as_u64().unwrap() as usize;
        assert_eq!((scores.rows, scores.skipped.len()), (rows, 0), "{name}");
        let found = array(&model["outputs"]).iter().filter(|output| matches(name, &scores, output)).count();
        assert!(found > 0, "{name} was compared with nothing");
        compared += found;
        if scores.width > 0 {
            for row in 0..rows {
                let sum: f32 = scores.probabilities_of(row).unwrap().iter().sum();
                assert!((sum - 1.0).abs() < 1e-5, "{name} row {row}: {sum}");
            }
        }
    }
    assert!(compared >= 24, "{compared} outputs were compared");
}

#[test]
fn a_model_without_an_answer_a_row_is_refused() {
    let recorded = recorded();
    for name in WITHOUT_ANSWER {
        let error = match ModelFile::open(&folder().join(name)) {
            Ok(file) => match file.inspection.refusal.as_ref().map(ToString::to_string) {
                Some(refusal) => refusal,
                None => match score(name, &recorded["models"][name]) {
                    Err(error) => error.to_string(),
                    Ok(scores) => panic!("{name} was taken: {scores:?}"),
                },
            },
            Err(error) => error.to_string(),
        };
        assert!(error.contains(". "), "{name} names no way out: {error}");
    }
}

#[test]
fn every_damaged_file_is_refused_before_or_by_the_runtime() {
    let recorded = recorded();
    for name in recorded["bad"].as_object().unwrap().keys() {
        let runtime = ensure_loaded(&common::runtime()).unwrap();
        let one = || Values::Float(vec![0.5; 3]);
        let opened = ModelFile::open(&folder().join(name)).and_then(|file| {
            if let Some(refusal) = &file.inspection.refusal {
                return Err(refusal.clone());
            }
            let (mut columns, mut binding) = (Vec::new(), Binding::default());
            for input in &file.inspection.inputs {
                let names: Vec<String> =
                    (0..input.width().unwrap_or(1)).map(|c| format!("{} {c}", input.name)).collect();
                columns.extend(names.iter().map(|n| Column::new(n, one())));
                binding.set_columns(&input.name, names, How::Person);
            }
            let bound = BoundModel::bind(file, binding, &Table::new(columns).unwrap())?;
            Scorer::open(&bound, SessionSettings::default(), runtime).map(|_| ())
        });
        let error = opened.err().unwrap_or_else(|| panic!("{name} was taken")).to_string();
        assert!(error.contains(". ") && !error.contains("ONNXRuntimeError"), "{name}: {error}");
    }
}
