//! The model room as a whole: files in, bound to tables, scored by the real runtime.
//!
//! The models are made here, byte by byte, so that every layout and every flaw is in sight.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails says so by panicking")]

#[path = "common/runtime.rs"]
mod common;

use modeldeck::data::{Column, Table, Values};
use modeldeck::model::binding::{self, Fill, How};
use modeldeck::model::onnx::{
    Attribute, Dimension, Entry, Graph, Map, Model, Nested, Node, OperatorSet, Shape, Tensor, TensorType, Type,
    ValueInfo,
};
use modeldeck::model::runtime::{Runtime, ensure_loaded};
use modeldeck::model::session::NO_LABEL;
use modeldeck::model::{Binding, BoundModel, Inspection, ModelError, ModelFile, Scorer, Scores, SessionSettings, Task};
use proptest::prelude::*;
use prost::Message as _;
use std::path::Path;

const FLOAT: i32 = 1;
const INT64: i32 = 7;
const STRING: i32 = 8;
const BOOL: i32 = 9;
const DOUBLE: i32 = 11;

/// A tensor value; 0 stands for an open size.
fn value(name: &str, element: i32, sizes: &[i64]) -> ValueInfo {
    let dim = sizes.iter().map(|s| Dimension { dim_value: (*s > 0).then_some(*s), dim_param: None }).collect();
    let tensor = TensorType { elem_type: Some(element), shape: Some(Shape { dim }) };
    ValueInfo { name: Some(name.to_owned()), r#type: Some(Type { tensor_type: Some(tensor), ..Type::default() }) }
}

/// A sequence of maps from class to score.
fn maps(name: &str, key: i32) -> ValueInfo {
    let score = Type { tensor_type: Some(TensorType { elem_type: Some(FLOAT), shape: None }), ..Type::default() };
    let map = Map { key_type: Some(key), value_type: Some(Box::new(score)) };
    let inner = Type { map_type: Some(Box::new(map)), ..Type::default() };
    let sequence = Nested { elem_type: Some(Box::new(inner)) };
    let kind = Type { sequence_type: Some(Box::new(sequence)), ..Type::default() };
    ValueInfo { name: Some(name.to_owned()), r#type: Some(kind) }
}

fn node(operator: &str, inputs: &[&str], outputs: &[&str], attribute: Vec<Attribute>) -> Node {
    let ml = ["LinearClassifier", "LinearRegressor", "ZipMap", "LabelEncoder", "Normalizer"];
    Node {
        input: inputs.iter().map(|s| (*s).to_owned()).collect(),
        output: outputs.iter().map(|s| (*s).to_owned()).collect(),
        op_type: Some(operator.to_owned()),
        domain: ml.contains(&operator).then(|| "ai.onnx.ml".to_owned()),
        attribute,
    }
}

// The numbers of `AttributeProto.AttributeType`, which the runtime wants to be told: field 20, a varint.
fn typed(attribute: &Attribute) -> u8 {
    if attribute.f.is_some() {
        1
    } else if attribute.i.is_some() {
        2
    } else if attribute.s.is_some() {
        3
    } else if !attribute.floats.is_empty() {
        6
    } else if !attribute.ints.is_empty() {
        7
    } else {
        8
    }
}

fn floats(name: &str, values: &[f32]) -> Attribute {
    Attribute { name: Some(name.to_owned()), floats: values.to_vec(), ..Attribute::default() }
}

fn ints(name: &str, values: &[i64]) -> Attribute {
    Attribute { name: Some(name.to_owned()), ints: values.to_vec(), ..Attribute::default() }
}

fn strings(name: &str, values: &[&str]) -> Attribute {
    let strings = values.iter().map(|s| s.as_bytes().to_vec()).collect();
    Attribute { name: Some(name.to_owned()), strings, ..Attribute::default() }
}

fn text(name: &str, value: &str) -> Attribute {
    Attribute { name: Some(name.to_owned()), s: Some(value.as_bytes().to_vec()), ..Attribute::default() }
}

fn int(name: &str, value: i64) -> Attribute {
    Attribute { name: Some(name.to_owned()), i: Some(value), ..Attribute::default() }
}

fn float(name: &str, value: f32) -> Attribute {
    Attribute { name: Some(name.to_owned()), f: Some(value), ..Attribute::default() }
}

fn weights(name: &str, sizes: &[i64], values: &[f32]) -> Tensor {
    Tensor {
        dims: sizes.to_vec(),
        data_type: Some(FLOAT),
        name: Some(name.to_owned()),
        raw_data: Some(values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        ..Tensor::default()
    }
}

fn model(nodes: Vec<Node>, inputs: Vec<ValueInfo>, outputs: Vec<ValueInfo>, constants: Vec<Tensor>) -> Model {
    let opset =
        |domain: Option<&str>, version| OperatorSet { domain: domain.map(str::to_owned), version: Some(version) };
    Model {
        ir_version: Some(8),
        opset_import: vec![opset(None, 17), opset(Some("ai.onnx.ml"), 3)],
        graph: Some(Graph {
            node: nodes,
            name: Some("g".to_owned()),
            initializer: constants,
            doc_string: None,
            input: inputs,
            output: outputs,
        }),
        ..Model::default()
    }
}

/// The bytes of a model, with the type of every attribute, which the reading half of the messages leaves out.
fn bytes(model: &Model) -> Vec<u8> {
    fn delimited(tag: u8, payload: &[u8], out: &mut Vec<u8>) {
        out.push(tag << 3 | 2);
        prost::encoding::encode_varint(payload.len() as u64, out);
        out.extend_from_slice(payload);
    }
    let mut outer = model.clone();
    let Some(mut graph) = outer.graph.take() else { return model.encode_to_vec() };
    let mut inner = Vec::new();
    for mut node in std::mem::take(&mut graph.node) {
        let attributes = std::mem::take(&mut node.attribute);
        let mut coded = node.encode_to_vec();
        for attribute in attributes {
            let mut payload = attribute.encode_to_vec();
            payload.extend([0xa0, 0x01, typed(&attribute)]);
            delimited(5, &payload, &mut coded);
        }
        delimited(1, &coded, &mut inner);
    }
    inner.extend(graph.encode_to_vec());
    let mut whole = outer.encode_to_vec();
    delimited(7, &inner, &mut whole);
    whole
}

fn file(model: &Model) -> ModelFile {
    ModelFile::from_bytes(bytes(model), Path::new("made.onnx")).unwrap()
}

fn table(columns: &[(&str, Values)]) -> Table {
    Table::new(columns.iter().map(|(name, values)| Column::new(*name, values.clone())).collect()).unwrap()
}

fn numbers(values: &[f64]) -> Values {
    Values::Float(values.to_vec())
}

/// Two classes from two columns in one matrix: the logistic function of `2a - b + 0.5`.
fn logistic_model(labels: &Attribute, outputs: Vec<ValueInfo>, extra: Vec<Node>, transform: &str) -> Model {
    let mut nodes = vec![node(
        "LinearClassifier",
        &["X"],
        &["label", "probabilities"],
        vec![
            floats("coefficients", &[-2.0, 1.0, 2.0, -1.0]),
            floats("intercepts", &[-0.5, 0.5]),
            labels.clone(),
            int("multi_class", 1),
            text("post_transform", transform),
        ],
    )];
    nodes.extend(extra);
    model(nodes, vec![value("X", FLOAT, &[0, 2])], outputs, Vec::new())
}

fn plain_logistic() -> Model {
    let outputs = vec![value("label", INT64, &[0]), value("probabilities", FLOAT, &[0, 2])];
    logistic_model(&ints("classlabels_ints", &[3, 7]), outputs, Vec::new(), "LOGISTIC")
}

fn ab() -> Table {
    table(&[("a", numbers(&[1.0, -1.0, 0.25])), ("b", numbers(&[0.5, 2.0, 0.0]))])
}

/// The same logistic function, computed here.
fn expected() -> Vec<f64> {
    [2.0_f64, -3.5, 1.0].iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect()
}

fn by_order(file: &ModelFile, table: &Table) -> Binding {
    let proposal = binding::propose(&file.inspection, file.card.as_deref(), table);
    if proposal.unbound.is_empty() { proposal.binding } else { proposal.agree_to_order().unwrap() }
}

fn loaded() -> &'static Runtime {
    ensure_loaded(&common::runtime()).unwrap()
}

fn score_with(
    file: &ModelFile,
    binding: Binding,
    table: &Table,
    settings: SessionSettings,
) -> Result<Scores, ModelError> {
    let bound = BoundModel::bind(file.clone(), binding, table)?;
    let mut scorer = Scorer::open(&bound, settings, loaded())?;
    let mut scores = Scores::default();
    scorer.score(table, 0..table.rows(), &mut scores)?;
    Ok(scores)
}

fn score(model: &Model, table: &Table) -> Result<Scores, ModelError> {
    let file = file(model);
    let binding = by_order(&file, table);
    score_with(&file, binding, table, SessionSettings { intra_threads: 1, ..SessionSettings::default() })
}

fn assert_close(found: &[f32], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((f64::from(*found) - wanted).abs() < 1e-6, "{found} instead of {wanted}");
    }
}

#[test]
fn a_matrix_of_probabilities_is_scored() {
    let scores = score(&plain_logistic(), &ab()).unwrap();
    assert_eq!(
        (scores.task, scores.classes.join(" ").as_str(), scores.width, scores.rows),
        (Task::Binary, "3 7", 2, 3)
    );
    assert_close(&scores.probabilities_for(1), &expected());
    assert_eq!([0, 1, 2].map(|row| scores.label(row)), [Some("7"), Some("3"), Some("7")]);
    assert!(!scores.raw_scores && scores.skipped.is_empty() && scores.notes.is_empty());
}

#[test]
fn zipmap_gives_the_same_numbers_with_number_and_text_classes() {
    let labels = [
        (ints("classlabels_ints", &[3, 7]), ints("classlabels_int64s", &[3, 7]), INT64, ["3", "7"]),
        (
            strings("classlabels_strings", &["no", "ja"]),
            strings("classlabels_strings", &["no", "ja"]),
            STRING,
            ["no", "ja"],
        ),
    ];
    for (classes, keys, element, names) in labels {
        let zip = node("ZipMap", &["probabilities"], &["maps"], vec![keys]);
        let outputs = vec![value("label", element, &[0]), maps("maps", element)];
        let made = logistic_model(&classes, outputs, vec![zip], "LOGISTIC");
        let scores = score(&made, &ab()).unwrap();
        assert_eq!(scores.classes, names);
        assert_close(&scores.probabilities_for(1), &expected());
        assert_eq!(scores.label(1), Some(names[0]));
    }
}

#[test]
fn maps_that_cannot_be_cut_out_are_read_row_by_row() {
    let zip = node("ZipMap", &["probabilities"], &["maps"], vec![ints("classlabels_int64s", &[3, 7])]);
    // The matrix is an output too, so that the maps stay; the plan prefers the maps.
    let outputs = vec![value("label", INT64, &[0]), maps("maps", INT64), value("probabilities", FLOAT, &[0, 2])];
    let made = logistic_model(&ints("classlabels_ints", &[3, 7]), outputs, vec![zip], "LOGISTIC");
    assert_close(&score(&made, &ab()).unwrap().probabilities_for(1), &expected());
}

#[test]
fn raw_scores_become_probabilities_and_are_told() {
    let outputs = vec![value("label", INT64, &[0]), value("probabilities", FLOAT, &[0, 2])];
    let made = logistic_model(&ints("classlabels_ints", &[0, 1]), outputs, Vec::new(), "NONE");
    let scores = score(&made, &ab()).unwrap();
    assert!(scores.raw_scores);
    assert_close(&scores.probabilities_for(1), &expected());
    assert!(scores.notes[0].contains("raw scores"), "{:?}", scores.notes);
}

/// `sigmoid(2a - b + 0.5)` as a net: one output, no label.
fn net(last: &str, input: &[i64]) -> Model {
    let nodes = vec![node("Gemm", &["X", "w", "c"], &["z"], vec![]), node(last, &["z"], &["y"], vec![])];
    let constants = vec![weights("w", &[2, 1], &[2.0, -1.0]), weights("c", &[1], &[0.5])];
    let output = value("y", FLOAT, &[input[0], 1]);
    model(nodes, vec![value("X", FLOAT, input)], vec![output], constants)
}

#[test]
fn one_score_a_row_stands_for_two_classes() {
    let scores = score(&net("Sigmoid", &[0, 2]), &ab()).unwrap();
    assert_eq!((scores.task, scores.width), (Task::Binary, 2));
    assert_close(&scores.probabilities_for(1), &expected());
    assert_eq!(scores.labels, [1, 0, 1]);
}

#[test]
fn a_number_a_row_is_regression() {
    let scores = score(&net("Identity", &[0, 2]), &ab()).unwrap();
    assert_eq!((scores.task, scores.values.as_slice()), (Task::Regression, &[2.0, -3.5, 1.0][..]));
    assert!(scores.labels.is_empty() && scores.probabilities.is_empty());
}

#[test]
fn a_fixed_batch_is_fed_in_blocks() {
    for batch in [1, 2, 4] {
        let made = net("Identity", &[batch, 2]);
        assert!(file(&made).inspection.problems[0].starts_with("The model takes exactly"));
        let scores = score(&made, &ab()).unwrap();
        assert_eq!(scores.values, [2.0, -3.5, 1.0], "batch {batch}");
    }
}

#[test]
fn scoring_in_pieces_gives_the_same_as_at_once() {
    let table = ab();
    let file = file(&plain_logistic());
    let bound = BoundModel::bind(file.clone(), by_order(&file, &table), &table).unwrap();
    let mut scorer = Scorer::open(&bound, SessionSettings::default(), loaded()).unwrap();
    let (mut whole, mut pieces) = (Scores::default(), Scores::default());
    scorer.score(&table, 0..3, &mut whole).unwrap();
    for row in 0..3 {
        scorer.score(&table, row..row + 1, &mut pieces).unwrap();
    }
    assert_eq!(whole, pieces);
    scorer.score(&table, 2..99, &mut pieces).unwrap();
    assert_eq!(pieces.rows, 4, "rows past the end are left out");
    pieces.clear();
    scorer.score(&table, 3..3, &mut pieces).unwrap();
    assert_eq!((pieces.rows, pieces.classes.len()), (0, 2));
}

/// One tensor a column, of every kind: `x + d + n + flag + encoded(s)`.
fn by_column() -> Model {
    let to_float = |input: &str, output: &str| node("Cast", &[input], &[output], vec![int("to", i64::from(FLOAT))]);
    let encode = node(
        "LabelEncoder",
        &["s"],
        &["sf"],
        vec![
            strings("keys_strings", &["ü", "b"]),
            floats("values_floats", &[100.0, 200.0]),
            float("default_float", 1000.0),
        ],
    );
    let nodes = vec![
        to_float("d", "df"),
        to_float("n", "nf"),
        to_float("flag", "ff"),
        encode,
        node("Sum", &["x", "df", "nf", "ff", "sf"], &["y"], vec![]),
    ];
    let inputs = vec![
        value("x", FLOAT, &[0, 1]),
        value("d", DOUBLE, &[0, 1]),
        value("n", INT64, &[0, 1]),
        value("flag", BOOL, &[0, 1]),
        value("s", STRING, &[0, 1]),
    ];
    model(nodes, inputs, vec![value("y", FLOAT, &[0, 1])], Vec::new())
}

fn mixed() -> Table {
    table(&[
        ("s", Values::text([Some("ü"), Some("b"), None, Some("new")])),
        ("flag", Values::Bool(vec![1, 0, 1, 2])),
        ("n", Values::Int { values: vec![10, 0, 30, 40], valid: Some(vec![true, false, true, true]) }),
        ("d", numbers(&[0.5, 0.5, 0.5, 0.5])),
        ("x", numbers(&[1.0, 2.0, f64::NAN, 4.0])),
    ])
}

#[test]
fn columns_of_every_kind_are_fed_by_name_and_rows_without_an_answer_are_counted() {
    let table = mixed();
    let file = file(&by_column());
    let proposal = binding::propose(&file.inspection, None, &table);
    assert!(proposal.is_complete(), "{:?}", proposal.problems);
    assert!(proposal.binding.inputs.iter().all(|b| b.how == How::Exact));
    let scores = score_with(&file, proposal.binding.clone(), &table, SessionSettings::default()).unwrap();
    assert_eq!(scores.rows, 4);
    assert_eq!(scores.values[0], 112.5);
    assert!(scores.values[1..].iter().all(|v| v.is_nan()));
    let reasons: Vec<(usize, &str)> = scores.skipped.iter().map(|s| (s.row, &*s.why)).collect();
    assert_eq!(reasons, [(1, "no value in “n”"), (2, "the model gave no number"), (3, "no value in “flag”")]);

    let mut filled = proposal.binding;
    filled.set_fill("n", Some(Fill::Number(20.0)));
    filled.set_fill("flag", Some(Fill::Bool(false)));
    filled.set_fill("x", Some(Fill::Number(3.0)));
    filled.set_fill("s", Some(Fill::Text("b".to_owned())));
    let scores = score_with(&file, filled, &table, SessionSettings::default()).unwrap();
    assert_eq!(scores.values, [112.5, 222.5, 234.5, 1044.5]);
    assert!(scores.skipped.is_empty());
}

#[test]
fn a_table_that_changed_since_the_binding_is_met_with_a_sentence_or_skipped_rows() {
    let good = mixed();
    let file = file(&by_column());
    let bound = BoundModel::bind(file.clone(), by_order(&file, &good), &good).unwrap();
    let mut scorer = Scorer::open(&bound, SessionSettings::default(), loaded()).unwrap();
    let mut scores = Scores::default();
    scorer.score(&good, 0..1, &mut scores).unwrap();
    let before = scores.clone();

    let renamed = table(&[("x2", numbers(&[1.0]))]);
    let error = scorer.score(&renamed, 0..1, &mut scores).unwrap_err();
    assert!(matches!(&error, ModelError::MissingColumn { column, .. } if column == "x"), "{error}");
    assert_eq!(scores, before, "a failed call leaves nothing");

    let mut columns = good.columns().to_vec();
    columns[4] = Column::new("x", Values::text([Some("7"), Some("seven"), None, Some("")]));
    columns.reverse();
    let texts = Table::new(columns).unwrap();
    scorer.score(&texts, 0..2, &mut scores).unwrap();
    assert_eq!(scores.values[1], 118.5);
    assert_eq!(scores.skipped.last().map(|s| (s.row, &*s.why)), Some((1, "a value in “x” that is not a number")));
}

#[test]
fn text_where_a_number_must_be_is_refused_or_skipped() {
    let table = table(&[("a", Values::text([Some("1"), Some("one")])), ("b", numbers(&[1.0, 1.0]))]);
    let file = file(&plain_logistic());
    let mut binding = Binding::default();
    binding.set_columns("X", vec!["a".to_owned(), "b".to_owned()], How::Person);
    let error = score_with(&file, binding.clone(), &table, SessionSettings::default()).unwrap_err().to_string();
    assert!(error.starts_with("Column “a” has “one” in row 2, and the model's input “X” takes numbers."), "{error}");
    binding.set_skip_unreadable("X", true);
    let scores = score_with(&file, binding, &table, SessionSettings::default()).unwrap();
    assert_eq!(scores.labels, [1, NO_LABEL]);
    assert_eq!(&*scores.skipped[0].why, "a value in “a” that is not a number");
}

#[test]
fn incomplete_bindings_are_refused() {
    let file = file(&plain_logistic());
    let open = |binding: Binding| score_with(&file, binding, &ab(), SessionSettings::default()).unwrap_err();
    assert!(matches!(open(Binding::default()), ModelError::Unbound { inputs } if inputs == ["X"]));
    let mut binding = Binding::default();
    binding.set("X", "a");
    assert!(open(binding.clone()).to_string().contains("takes 2 columns, and 1 are bound"));
    binding.set_columns("X", vec!["a".to_owned(), "c".to_owned()], How::Person);
    assert!(open(binding).to_string().starts_with("The table has no column “c”"));
}

#[test]
fn empty_tables_give_empty_answers() {
    let empty = table(&[("a", numbers(&[])), ("b", numbers(&[]))]);
    let scores = score(&plain_logistic(), &empty).unwrap();
    assert_eq!((scores.rows, scores.task), (0, Task::Binary));
}

#[test]
fn what_the_runtime_refuses_gets_a_sentence() {
    let mut made = plain_logistic();
    made.ir_version = Some(14);
    assert!(matches!(score(&made, &ab()), Err(ModelError::IrTooNew { found: 14, max: 13 })));

    let mut made = plain_logistic();
    made.opset_import[0].version = Some(99);
    assert!(matches!(score(&made, &ab()), Err(ModelError::OpsetTooNew { found: 99, .. })));

    let unknown = net("Frobnicate", &[0, 2]);
    assert!(
        matches!(score(&unknown, &ab()), Err(ModelError::UnknownOperator { operator, .. }) if operator == "Frobnicate")
    );

    let picture = model(
        vec![node("Identity", &["X"], &["y"], vec![])],
        vec![value("X", FLOAT, &[0, 2])],
        vec![value("y", FLOAT, &[0, 3, 8, 8])],
        Vec::new(),
    );
    let error = file(&picture).inspection.refusal.clone().unwrap().to_string();
    assert!(error.contains("no output that can be used") && error.contains("float32 [N, 3, 8, 8]"), "{error}");

    // Inspection does not follow types through the graph; the runtime does, and its words are turned into a way out.
    let conflict = model(
        vec![node("Concat", &["x", "d"], &["y"], vec![int("axis", 1)])],
        vec![value("x", FLOAT, &[0, 1]), value("d", DOUBLE, &[0, 1])],
        vec![value("y", FLOAT, &[0, 1])],
        Vec::new(),
    );
    let two = table(&[("x", numbers(&[1.0])), ("d", numbers(&[1.0]))]);
    let error = score(&conflict, &two).unwrap_err();
    assert!(matches!(error, ModelError::TypeConflict { .. }), "{error}");
    assert!(error.to_string().contains("FloatTensorType"));
}

#[test]
fn a_model_that_fails_on_the_rows_says_which() {
    // Two columns go into a step that takes three.
    let nodes = vec![node("MatMul", &["X", "w"], &["y"], vec![])];
    let made = model(
        nodes,
        vec![value("X", FLOAT, &[0, 0])],
        vec![value("y", FLOAT, &[0, 1])],
        vec![weights("w", &[3, 1], &[1.0; 3])],
    );
    let error = score(&made, &ab()).unwrap_err();
    assert!(error.to_string().starts_with("The model failed while scoring 3 rows from row 1"), "{error}");
}

#[test]
fn inspection_tells_what_is_in_the_file_without_the_runtime() {
    let mut made = plain_logistic();
    made.producer_name = Some("tests".to_owned());
    made.doc_string = Some("A test.".to_owned());
    made.metadata_props =
        vec![Entry { key: Some("feature_names".to_owned()), value: Some("[\"b\",\"a\"]".to_owned()) }];
    let file = file(&made);
    let json = serde_json::to_value(&*file.inspection).unwrap();
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["task"], "binary");
    assert_eq!(json["classes"], serde_json::json!(["3", "7"]));
    assert_eq!(json["inputs"], serde_json::json!([{"name": "X", "dtype": "float32", "shape": [null, 2]}]));
    assert_eq!(json["operators"], serde_json::json!({"LinearClassifier": 1}));
    assert_eq!(json["opsets"], serde_json::json!({"ai.onnx": 17, "ai.onnx.ml": 3}));
    assert_eq!((&json["parameters"], &json["producer"]), (&serde_json::json!(6), &serde_json::json!("tests")));
    assert_eq!(json["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(serde_json::from_value::<Inspection>(json).unwrap(), *file.inspection);
    let proposal = binding::propose(&file.inspection, None, &ab());
    assert_eq!(proposal.binding.columns().collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn files_that_are_no_models_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let say = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let error = ModelFile::open(&path).unwrap_err().to_string();
        assert!(error.ends_with(&path.display().to_string()), "the path comes last: {error}");
        error
    };
    assert!(say("empty.onnx", b"").starts_with("The model file is empty"));
    assert!(say("table.onnx", b"a,b\n1,2\n").contains("it is text"));
    assert!(say("noise.onnx", &[0xff, 0x00, 0xfe, 0x13, 0x37]).contains("not an ONNX model"));
    let whole = bytes(&plain_logistic());
    assert!(say("half.onnx", &whole[..whole.len() / 2]).contains("cut off or damaged"));
    let is_folder = ModelFile::open(folder.path()).unwrap_err().to_string();
    assert!(is_folder.starts_with("This is a folder, not a model."), "{is_folder}");
    let gone = ModelFile::open(&folder.path().join("gone.onnx")).unwrap_err().to_string();
    assert!(gone.starts_with("The model file does not exist."), "{gone}");
}

#[test]
fn a_model_cut_off_anywhere_never_runs() {
    let whole = bytes(&plain_logistic());
    for end in 0..whole.len() {
        if let Ok(file) = ModelFile::from_bytes(whole[..end].to_vec(), Path::new("m")) {
            assert!(file.inspection.refusal.is_some(), "cut at {end} of {}", whole.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut whole = bytes(&plain_logistic());
        for (at, byte) in changes {
            let at = at.index(whole.len());
            whole[at] = byte;
        }
        if let Ok(file) = ModelFile::from_bytes(whole, Path::new("m")) {
            let proposal = binding::propose(&file.inspection, None, &ab());
            // Either outcome is fine; a panic is not.
            BoundModel::bind(file, proposal.binding, &ab()).ok();
        }
    }
}
