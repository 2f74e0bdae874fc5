//! Real models through the tensor path: what the runtime itself answered, whether requests were run alone or together.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may end")]

#[path = "common/runtime.rs"]
mod common;
#[path = "common/serving.rs"]
#[expect(dead_code, reason = "the helpers of scripted engines are for the other test program")]
mod serving;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use modeldeck::data::{Column, Table, Values};
use modeldeck::deploy::serve::{
    CompareSettings, Front as _, Label, Refusal, RunnerFactory, ServeSettings, ShadowComparer, TensorEngineFactory as _,
};
use modeldeck::model::binding::How;
use modeldeck::model::runtime::{Runtime, ensure_loaded};
use modeldeck::model::session::served_outputs;
use modeldeck::model::stack;
use modeldeck::model::tensor::{NamedTensor, Tensor, TensorData};
use modeldeck::model::{
    Binding, BoundModel, DType, ModelError, ModelFile, Runner, ScoreReader, Scorer, Scores, SessionSettings,
};
use serde_json::Value;
use serving::{PATIENCE, Setup, call_of, setup, setup_with, until};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models")
}

fn runtime() -> &'static Runtime {
    ensure_loaded(&common::runtime()).unwrap()
}

fn settings() -> SessionSettings {
    SessionSettings { intra_threads: 1, ..SessionSettings::default() }
}

fn file(name: &str) -> ModelFile {
    ModelFile::open(&folder().join(name)).unwrap()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// The recorded models: name, inputs, outputs.
fn recorded() -> Vec<(String, Vec<NamedTensor>, Vec<Value>)> {
    let all: Value = serde_json::from_slice(&std::fs::read(folder().join("expected.json")).unwrap()).unwrap();
    let models = all["models"].as_object().unwrap();
    models
        .iter()
        .filter(|(name, _)| *name != "no_usable_output.onnx")
        .map(|(name, told)| {
            (name.clone(), array(&told["inputs"]).iter().map(input).collect(), array(&told["outputs"]).to_vec())
        })
        .collect()
}

fn input(told: &Value) -> NamedTensor {
    let shape = array(&told["shape"]).iter().map(|n| n.as_u64().unwrap() as usize).collect();
    let cells = array(&told["values"]);
    let numbers = || cells.iter().map(|v| v.as_f64().unwrap_or(f64::NAN));
    let data = match told["type"].as_str().unwrap() {
        "tensor(string)" => TensorData::Text(cells.iter().map(|v| v.as_str().unwrap().to_owned()).collect()),
        "tensor(int64)" => TensorData::Int64(cells.iter().map(|v| v.as_i64().unwrap()).collect()),
        "tensor(bool)" => TensorData::Bool(cells.iter().map(|v| v.as_bool().unwrap()).collect()),
        "tensor(double)" => TensorData::Float64(numbers().collect()),
        _ => TensorData::Float32(numbers().map(|x| x as f32).collect()),
    };
    NamedTensor { name: told["name"].as_str().unwrap().into(), tensor: Tensor::new(shape, data).unwrap() }
}

/// Cells as words, numbers rounded to what a change of batch may move.
fn words(data: &TensorData) -> Vec<String> {
    match data {
        TensorData::Float32(cells) => cells.iter().map(|x| number(f64::from(*x))).collect(),
        TensorData::Float64(cells) => cells.iter().map(|x| number(*x)).collect(),
        TensorData::Int64(cells) => cells.iter().map(ToString::to_string).collect(),
        TensorData::Text(cells) => cells.clone(),
        other => panic!("{other:?}"),
    }
}

fn number(x: f64) -> String {
    format!("{:.4}", x + 0.0)
}

fn told_words(value: &Value, is_decimal: bool) -> String {
    match value {
        Value::String(text) => text.clone(),
        value if is_decimal => number(value.as_f64().unwrap_or(f64::NAN)),
        value => value.to_string(),
    }
}

#[test]
fn a_runner_gives_what_the_runtime_gave() {
    for (name, mut inputs, outputs) in recorded() {
        let mut runner = Runner::open(&file(&name), settings(), runtime()).unwrap();
        inputs.reverse();
        let given = runner.run(&inputs).unwrap();
        assert_eq!(given.len(), outputs.len(), "{name}");
        for (given, told) in given.iter().zip(&outputs) {
            assert_eq!(*given.name, *told["name"].as_str().unwrap(), "{name}");
            let is_decimal = given.tensor.data().dtype().is_decimal();
            let answer = &told["answer"];
            let (shape, cells): (Vec<usize>, Vec<String>) = match answer.as_array() {
                // One map a row comes as a matrix.
                Some(maps) => {
                    let width = array(&maps[0]).len();
                    let pairs = maps.iter().flat_map(array);
                    (vec![maps.len(), width], pairs.map(|pair| told_words(&pair[1], true)).collect())
                }
                None => (
                    array(&answer["shape"]).iter().map(|n| n.as_u64().unwrap() as usize).collect(),
                    array(&answer["values"]).iter().map(|value| told_words(value, is_decimal)).collect(),
                ),
            };
            assert_eq!(
                (given.tensor.shape(), words(given.tensor.data())),
                (&shape[..], cells),
                "{name} {}",
                given.name
            );
        }
        let served: Vec<(String, DType)> =
            served_outputs(&file(&name)).into_iter().map(|port| (port.name, port.dtype)).collect();
        let own: Vec<(String, DType)> =
            given.iter().map(|output| (output.name.to_string(), output.tensor.data().dtype())).collect();
        assert_eq!(served, own, "{name}");
    }
}

#[test]
fn a_runner_says_what_it_cannot_take_or_give() {
    let mut runner = Runner::open(&file("strings.onnx"), settings(), runtime()).unwrap();
    let (_, inputs, _) = recorded().into_iter().find(|(name, ..)| name == "strings.onnx").unwrap();
    let with = |data: TensorData, at: usize| {
        let mut inputs = inputs.clone();
        let shape = vec![data.len(), 1];
        inputs[at].tensor = Tensor::new(shape, data).unwrap();
        inputs
    };
    let nul = runner.run(&with(TensorData::Text(vec!["re\0d".to_owned(); 5]), 0)).unwrap_err();
    assert!(nul.to_string().contains("NUL"), "{nul}");
    let typed = runner.run(&with(TensorData::Float64(vec![0.5; 5]), 1)).unwrap_err();
    assert!(matches!(&typed, ModelError::BadInput { input, .. } if input == "size"), "{typed}");
    let rows = runner.run(&with(TensorData::Int64(vec![1; 4]), 2)).unwrap_err();
    assert!(rows.to_string().contains("4 rows"), "{rows}");
    runner.run(&inputs).unwrap();
    let mut other = Runner::open(&file("no_usable_output.onnx"), settings(), runtime()).unwrap();
    let x = Tensor::new(vec![1, 4], TensorData::Float32(vec![0.5; 4])).unwrap();
    let error = other.run(&[NamedTensor { name: "X".into(), tensor: x }]).unwrap_err();
    assert!(matches!(error, ModelError::UnsupportedOutput { .. }), "{error}");
    assert!(matches!(Runner::open(&file("ir_too_new.onnx"), settings(), runtime()), Err(ModelError::IrTooNew { .. })));
}

fn factory(name: &str) -> RunnerFactory {
    RunnerFactory { file: file(name), bound: None, session: settings(), runtime: runtime() }
}

fn serve(name: &str, settings: ServeSettings) -> Setup {
    setup().serve("1", factory(name), settings)
}

#[test]
fn requests_run_together_get_the_answers_they_get_alone() {
    for (name, inputs, _) in recorded() {
        let setup = serve(&name, ServeSettings { max_batch: 64, ..ServeSettings::default() });
        let mut alone = Runner::open(&file(&name), settings(), runtime()).unwrap();
        setup.hub.pause("m", true).unwrap();
        // Rows 0, 1 and 2 on their own, then two at once, three times over.
        let ranges = [0..1, 1..2, 2..3, 3..5].into_iter().cycle().take(12);
        let waiting: Vec<_> = ranges
            .map(|rows| {
                let part: Vec<NamedTensor> = inputs
                    .iter()
                    .map(|input| NamedTensor {
                        name: Arc::clone(&input.name),
                        tensor: stack::rows(&input.tensor, rows.clone(), None).unwrap(),
                    })
                    .collect();
                (alone.run(&part).unwrap(), setup.send(call_of("a", part)))
            })
            .collect();
        setup.hub.pause("m", false).unwrap();
        for (expected, given) in waiting {
            let given = given.recv_timeout(PATIENCE).unwrap().unwrap().outputs;
            for (expected, given) in expected.iter().zip(&given) {
                assert_eq!((&expected.name, expected.tensor.shape()), (&given.name, given.tensor.shape()), "{name}");
                assert_eq!(words(expected.tensor.data()), words(given.tensor.data()), "{name}");
            }
        }
        let batches = setup.hub.figures().models[0].versions[0].batches;
        let tried_together = if name == "scalar_output.onnx" { 13 } else { 1 };
        assert_eq!(batches, tried_together, "{name}");
    }
}

/// The recorded inputs as a table of columns, and which of them feed which input.
fn table(inputs: &[NamedTensor]) -> (Table, Binding) {
    let (mut columns, mut binding) = (Vec::new(), Binding::default());
    for input in inputs {
        let width = input.tensor.width();
        let names: Vec<String> = (0..width).map(|c| format!("{} {c}", input.name)).collect();
        for (c, column) in names.iter().enumerate() {
            let values = match input.tensor.data() {
                TensorData::Float32(cells) => {
                    Values::Float(cells.iter().skip(c).step_by(width).map(|x| f64::from(*x)).collect())
                }
                TensorData::Float64(cells) => Values::Float(cells.iter().skip(c).step_by(width).copied().collect()),
                TensorData::Int64(cells) => Values::ints(cells.iter().skip(c).step_by(width).copied().collect()),
                TensorData::Bool(cells) => {
                    Values::Bool(cells.iter().skip(c).step_by(width).map(|b| u8::from(*b)).collect())
                }
                TensorData::Text(cells) => {
                    Values::text(cells.iter().skip(c).step_by(width).map(|text| Some(text.as_str())))
                }
                other => panic!("{other:?}"),
            };
            columns.push(Column::new(column, values));
        }
        binding.set_columns(&input.name, names, How::Person);
    }
    (Table::new(columns).unwrap(), binding)
}

#[test]
fn a_bound_table_becomes_the_tensors_and_its_scores_are_those_of_scoring() {
    for (name, inputs, _) in recorded() {
        let (table, binding) = table(&inputs);
        let Ok(bound) = BoundModel::bind(file(&name), binding, &table) else {
            assert_eq!(name, "image_output.onnx");
            continue;
        };
        assert_eq!(bound.tensors(&table, 0..99).unwrap(), inputs, "{name}");
        if name == "scalar_output.onnx" {
            continue;
        }
        let mut expected = Scores::default();
        Scorer::open(&bound, settings(), runtime()).unwrap().score(&table, 0..5, &mut expected).unwrap();
        let given = Runner::open(&file(&name), settings(), runtime()).unwrap().run(&inputs).unwrap();
        let mut scores = Scores::default();
        ScoreReader::new(&file(&name)).unwrap().read(&given, 5, &mut scores).unwrap();
        assert_eq!(scores, expected, "{name}");
        assert!(ScoreReader::new(&file(&name)).unwrap().read(&given, 4, &mut Scores::default()).is_err(), "{name}");
    }
}

#[test]
fn rows_of_a_table_are_encoded_by_the_binding() {
    let (_, inputs, _) = recorded().into_iter().find(|(name, ..)| name == "strings.onnx").unwrap();
    let (table, binding) = table(&inputs);
    let bound = BoundModel::bind(file("strings.onnx"), binding, &table).unwrap();
    let factory = RunnerFactory { bound: Some(bound), ..factory("strings.onnx") };
    let columns = [("colour 0", false), ("size 0", true), ("count 0", true)].map(|(c, n)| (c.to_owned(), n));
    assert_eq!(factory.describe().columns, columns);
    let setup = setup().serve("1", factory, ServeSettings::default());
    let encoded = setup.hub.encode("m", None, &table).unwrap();
    assert_eq!(encoded, inputs);
    setup.hub.ask(call_of("a", encoded)).unwrap();
    let gaps = Values::Int { values: vec![1, 2], valid: Some(vec![true, false]) };
    let short = Table::new(vec![
        Column::new("colour 0", Values::text([Some("red"), None])),
        Column::new("size 0", Values::Float(vec![0.5, 1.0])),
        Column::new("count 0", gaps),
    ]);
    let gap = setup.hub.encode("m", Some("1"), &short.unwrap()).unwrap_err().to_string();
    assert!(gap.contains("Row 2 cannot be fed: no value in “count 0”"), "{gap}");
    let missing = Table::new(vec![Column::new("size 0", Values::Float(vec![0.5]))]).unwrap();
    let missing = setup.hub.encode("m", None, &missing).unwrap_err();
    assert!(matches!(&missing, Refusal::BadInput { field, .. } if field == "colour 0"), "{missing}");
}

#[test]
fn a_shadow_of_a_real_model_is_compared_and_labels_reach_it() {
    let comparer = Arc::new(ShadowComparer::new(CompareSettings::default()));
    for (version, name) in [("1", "zipmap_strings.onnx"), ("2", "zipmap_strings.onnx")] {
        comparer.know(version, file(name));
    }
    let sink = Arc::clone(&comparer);
    let setup = setup_with(move |plan| plan.shadow_sink = Some(sink));
    let setup = setup.serve("1", factory("zipmap_strings.onnx"), ServeSettings::default());
    setup.add("2", factory("zipmap_strings.onnx"), ServeSettings::default());
    setup.hub.set_shadow("m", "2", true).unwrap();
    let (_, inputs, _) = recorded().into_iter().find(|(name, ..)| name == "zipmap_strings.onnx").unwrap();
    for id in ["a", "b"] {
        setup.hub.ask(call_of(id, inputs.clone())).unwrap();
    }
    until("both were compared", || comparer.comparisons().first().is_some_and(|told| told.requests == 2));
    let label = |id: &str, row: usize| Label { id: id.to_owned(), row, truth: "yes".to_owned() };
    let taken = setup.hub.feedback("m", &[label("a", 0), label("b", 4), label("never", 0)]).unwrap();
    assert_eq!((taken.joined, taken.unknown_count), (2, 1));
    let told = &comparer.comparisons()[0];
    assert_eq!((told.rows, told.agreement, told.mean_shift, told.failed), (10, Some(1.0), Some(0.0), 0));
    assert_eq!(told.labelled.as_ref().map(|labelled| labelled.rows), Some(2));
    assert!(told.worst.is_empty());
}
