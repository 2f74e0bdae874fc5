//! Opening a model file and saying what is in it, without the runtime library.

use super::card::ModelCard;
use super::error::ModelError;
use super::onnx::{Graph, Model, Node};
use super::operators::{self, MAX_IR, MAX_ML_OPSET, MAX_OPSET};
use super::signature::{DType, Port, Signature, Task};
use super::task;
use prost::Message as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A model file whose bytes were read and understood. Cloning shares the bytes.
#[derive(Clone, Debug)]
pub struct ModelFile {
    /// Where it was read from.
    pub path: PathBuf,
    /// SHA-256 of the bytes, lower-case hexadecimal; the identity of the model.
    pub sha256: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The bytes, so that what was inspected is what is loaded.
    pub bytes: Arc<[u8]>,
    /// What is in it.
    pub inspection: Arc<Inspection>,
    /// The card beside it.
    pub card: Option<Arc<ModelCard>>,
}

/// What is in a model file. Serialises to the promised JSON of `modeldeck inspect`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// Version of this JSON layout.
    pub schema_version: u32,
    /// Where the file was read from.
    pub path: PathBuf,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    pub sha256: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Version of the file format.
    pub ir_version: i64,
    /// Operator sets by domain.
    pub opsets: BTreeMap<String, i64>,
    /// The tool that wrote the file, with its version.
    pub producer: Option<String>,
    /// The model's own version number, when it is not 0.
    pub model_version: Option<i64>,
    /// Free text of the file.
    pub description: Option<String>,
    /// Inputs.
    pub inputs: Vec<Port>,
    /// Outputs.
    pub outputs: Vec<Port>,
    /// Key and value pairs written by the trainer.
    pub metadata: BTreeMap<String, String>,
    /// What the model answers.
    pub task: Task,
    /// The classes in the order of the scores, when the file names them.
    pub classes: Option<Vec<String>>,
    /// How often each operator occurs, those in branches and loops included.
    pub operators: BTreeMap<String, u64>,
    /// Learned numbers: constants, and the numbers of trees and linear models.
    pub parameters: u64,
    /// What stands in the way of running it, or is worth knowing; each a sentence.
    pub problems: Vec<String>,
    /// The first problem that keeps the model from running.
    #[serde(skip)]
    pub refusal: Option<ModelError>,
    /// Whether weights lie in other files beside the model.
    #[serde(skip)]
    pub external_data: bool,
}

impl Inspection {
    /// The typed inputs and outputs.
    pub fn signature(&self) -> Signature {
        Signature { inputs: self.inputs.clone(), outputs: self.outputs.clone() }
    }

    /// Column order of a one-matrix model from the metadata key `feature_names`: a JSON list, or names with commas.
    pub fn feature_names(&self) -> Option<Vec<String>> {
        let text = self.metadata.get("feature_names")?.trim();
        let names: Vec<String> = if text.starts_with('[') {
            serde_json::from_str(text).ok()?
        } else {
            text.split(',').map(|n| n.trim().to_owned()).collect()
        };
        (!names.is_empty() && names.iter().all(|n| !n.is_empty())).then_some(names)
    }

    fn refuse(&mut self, error: ModelError) {
        let sentence = error.to_string();
        if !self.problems.contains(&sentence) {
            self.problems.push(sentence);
        }
        self.refusal.get_or_insert(error);
    }
}

impl ModelFile {
    /// Reads a model file and the card beside it.
    ///
    /// A model that is understood but cannot run is opened too: its inspection says why.
    ///
    /// # Errors
    /// When the path is missing, a folder, empty or unreadable, or the bytes are no ONNX model.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let owned = || path.to_path_buf();
        let bytes = match std::fs::metadata(path) {
            Ok(meta) if meta.is_dir() => return Err(ModelError::Directory { path: owned() }),
            Ok(_) => std::fs::read(path),
            Err(error) => Err(error),
        }
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ModelError::NotFound { path: owned() },
            _ => ModelError::Unreadable { reason: error.to_string(), path: owned() },
        })?;
        let mut file = Self::from_bytes(bytes, path)?;
        match ModelCard::beside(path) {
            Ok(card) => file.card = card.map(Arc::new),
            Err(problem) => Arc::make_mut(&mut file.inspection).problems.push(problem.to_string()),
        }
        Ok(file)
    }

    /// Understands bytes that were read from `path`.
    ///
    /// # Errors
    /// When they are no ONNX model.
    pub fn from_bytes(bytes: Vec<u8>, path: &Path) -> Result<Self, ModelError> {
        let inspection = inspect(&bytes, path)?;
        Ok(Self {
            path: path.to_path_buf(),
            sha256: inspection.sha256.clone(),
            size_bytes: inspection.size_bytes,
            bytes: bytes.into(),
            inspection: Arc::new(inspection),
            card: None,
        })
    }

    /// The task: what the file tells, else what the card says.
    pub fn task(&self) -> Task {
        let told = self.card.as_ref().and_then(|c| c.task.as_deref()).and_then(Task::of_word);
        match (self.inspection.task, told) {
            (Task::Unknown, Some(told)) => told,
            (seen, _) => seen,
        }
    }

    /// The classes: what the file names, else what the card says.
    pub fn classes(&self) -> Option<Vec<String>> {
        self.inspection.classes.clone().or_else(|| self.card.as_ref().and_then(|c| c.classes.clone()))
    }
}

/// SHA-256 as lower-case hexadecimal.
pub(crate) fn hex_sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

fn inspect(bytes: &[u8], path: &Path) -> Result<Inspection, ModelError> {
    if bytes.is_empty() {
        return Err(ModelError::Empty { path: path.to_path_buf() });
    }
    if let Some((what, way_out)) = known_other_format(bytes) {
        return Err(ModelError::NotOnnx {
            what: what.to_owned(),
            way_out: way_out.to_owned(),
            path: path.to_path_buf(),
        });
    }
    let not_onnx = || ModelError::NotOnnx {
        what: "its bytes follow another format".to_owned(),
        way_out: "Export the model to ONNX, for example with skl2onnx, onnxmltools or torch.onnx.".to_owned(),
        path: path.to_path_buf(),
    };
    let model = Model::decode(bytes).map_err(|_error| {
        // A model begins with the field `ir_version`, whose tag is 8, followed by a small number.
        if matches!(bytes, [8, 1..=32, ..]) { ModelError::Truncated { path: path.to_path_buf() } } else { not_onnx() }
    })?;
    let Some(graph) = &model.graph else {
        return Err(if model.ir_version.is_some() {
            ModelError::Truncated { path: path.to_path_buf() }
        } else {
            not_onnx()
        });
    };

    let constants: HashSet<&str> = graph.initializer.iter().map(super::onnx::Tensor::name).collect();
    let signature = Signature {
        inputs: graph.input.iter().filter(|i| !constants.contains(i.name())).map(Port::read).collect(),
        outputs: graph.output.iter().map(Port::read).collect(),
    };
    let answers = task::read(graph, &signature);
    let mut inspection = Inspection {
        schema_version: 1,
        path: path.to_path_buf(),
        sha256: hex_sha256(bytes),
        size_bytes: bytes.len() as u64,
        ir_version: model.ir_version(),
        opsets: model
            .opset_import
            .iter()
            .map(|o| (operators::domain_name(o.domain()).to_owned(), o.version()))
            .collect(),
        producer: filled(&format!("{} {}", model.producer_name(), model.producer_version())),
        model_version: model.model_version.filter(|v| *v != 0),
        description: filled(model.doc_string()).or_else(|| filled(graph.doc_string())),
        inputs: signature.inputs,
        outputs: signature.outputs,
        metadata: model.metadata_props.iter().map(|e| (e.key().to_owned(), e.value().to_owned())).collect(),
        task: answers.task,
        classes: answers.classes,
        ..Inspection::default()
    };
    count(&mut inspection, graph, 0);
    for function in &model.functions {
        for node in &function.node {
            count_node(&mut inspection, node, 0);
        }
    }
    judge(&mut inspection, &model, graph, path);
    Ok(inspection)
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Formats that people mistake for ONNX, with the way from there.
fn known_other_format(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    const SKLEARN: &str = "Load it in Python and export it to ONNX, for example with skl2onnx or onnxmltools.";
    let trimmed = bytes.trim_ascii_start();
    Some(if bytes.starts_with(b"PK\x03\x04") {
        (
            "it is a zip archive, such as a spreadsheet or a PyTorch checkpoint",
            "Unpack it, or export the model to ONNX with torch.onnx.",
        )
    } else if matches!(bytes, [0x80, 2..=5, ..]) {
        ("it is a Python pickle", SKLEARN)
    } else if bytes.starts_with(b"\x89HDF") {
        ("it is an HDF5 file, such as a Keras model", "Export the model to ONNX with tf2onnx.")
    } else if bytes.starts_with(b"PAR1") {
        ("it is a Parquet table", "Open it as a dataset instead.")
    } else if bytes.starts_with(&[0x1f, 0x8b]) {
        ("it is compressed with gzip", "Unpack it first.")
    } else if bytes.get(4..8) == Some(b"ORTM") {
        ("it is in the runtime's own .ort format", "Use the .onnx file it was made from.")
    } else if bytes.get(4..8) == Some(b"TFL3") {
        ("it is a TensorFlow Lite model", "Export the model to ONNX with tf2onnx.")
    } else if bytes.starts_with(b"version https://git-lfs") {
        ("it is only a pointer to a large file", "Fetch the file itself with `git lfs pull`.")
    } else if matches!(trimmed, [b'{' | b'[', ..]) && std::str::from_utf8(trimmed.get(..trimmed.len().min(64))?).is_ok()
    {
        ("it is JSON text, such as an XGBoost model", SKLEARN)
    } else if bytes.starts_with(b"tree\n") {
        ("it is a LightGBM text model", SKLEARN)
    } else if bytes.len() > 1 && bytes.iter().take(512).all(|b| *b >= 32 || matches!(b, 9 | 10 | 13)) {
        ("it is text", "Choose the .onnx file; open tables as datasets instead.")
    } else {
        return None;
    })
}

/// Graphs in graphs deeper than this are not counted; real files have two or three.
const MAX_DEPTH: u32 = 32;

fn count(inspection: &mut Inspection, graph: &Graph, depth: u32) {
    for tensor in &graph.initializer {
        inspection.parameters = inspection.parameters.saturating_add(tensor.elements());
    }
    for node in &graph.node {
        count_node(inspection, node, depth);
    }
}

fn count_node(inspection: &mut Inspection, node: &Node, depth: u32) {
    *inspection.operators.entry(node.op_type().to_owned()).or_default() += 1;
    for attribute in &node.attribute {
        // Hit rates say how training rows went through a tree; they do not take part in the answer.
        if node.domain() == "ai.onnx.ml" && attribute.name() != "nodes_hitrates" {
            inspection.parameters += attribute.floats.len() as u64;
        }
        for tensor in attribute.t.iter().chain(&attribute.tensors) {
            inspection.parameters = inspection.parameters.saturating_add(tensor.elements());
        }
        if depth < MAX_DEPTH {
            for graph in attribute.g.iter().chain(&attribute.graphs) {
                count(inspection, graph, depth + 1);
            }
        }
    }
}

/// Finds what keeps the model from running, in the order in which a person would want to hear it.
fn judge(inspection: &mut Inspection, model: &Model, graph: &Graph, path: &Path) {
    if inspection.ir_version > MAX_IR {
        inspection.refuse(ModelError::IrTooNew { found: inspection.ir_version, max: MAX_IR });
    }
    for (domain, max) in [("ai.onnx", MAX_OPSET), ("ai.onnx.ml", MAX_ML_OPSET)] {
        if let Some(found) = inspection.opsets.get(domain).copied().filter(|v| *v > max) {
            inspection.refuse(ModelError::OpsetTooNew { domain: domain.to_owned(), found, max });
        }
    }
    if inspection.opsets.is_empty() {
        inspection.refuse(ModelError::Truncated { path: path.to_path_buf() });
    }
    let local: HashSet<(&str, &str)> =
        model.functions.iter().map(|f| (f.domain.as_deref().unwrap_or(""), f.name())).collect();
    // An operator missing from a set that is itself too new is no second problem.
    if inspection.refusal.is_none() {
        judge_operators(inspection, graph, &local, 0);
    }
    judge_external_data(inspection, graph, path);
    if let Some(input) = inspection.inputs.iter().find(|i| !i.dtype.can_be_fed() || i.shape.is_empty()).cloned() {
        inspection.refuse(ModelError::UnsupportedInput { input: input.name.clone(), dtype: input.describe() });
    }
    if inspection.inputs.is_empty() {
        inspection.problems.push(
            "The model has no inputs, so it answers the same for every row. Export it with its inputs.".to_owned(),
        );
    }
    if !inspection.outputs.iter().any(is_usable) {
        let found = if inspection.outputs.is_empty() {
            "there is none".to_owned()
        } else {
            let outputs: Vec<String> =
                inspection.outputs.iter().take(5).map(|o| format!("“{}” is {}", o.name, o.describe())).collect();
            outputs.join(", ")
        };
        inspection.refuse(ModelError::NoUsableOutput { found });
    }
    if let Some(batch) = inspection.inputs.iter().find_map(Port::fixed_batch) {
        let rows = if batch == 1 { "one row".to_owned() } else { format!("{batch} rows") };
        inspection.problems.push(format!(
            "The model takes exactly {rows} a call, so scoring is slow. Export it with an open batch size."
        ));
    }
}

/// Whether an output can be a label, probabilities or a number a row.
fn is_usable(port: &Port) -> bool {
    match &port.dtype {
        DType::Sequence(inner) => {
            matches!(&**inner, DType::Map(key, value)
                if (**key == DType::Int64 || **key == DType::String) && **value == DType::Float32)
        }
        DType::Float32 | DType::Float64 => port.shape.len() <= 2,
        _ => task::is_label(port),
    }
}

fn judge_operators(inspection: &mut Inspection, graph: &Graph, local: &HashSet<(&str, &str)>, depth: u32) {
    for node in &graph.node {
        let (domain, operator) = (node.domain(), node.op_type());
        if !local.contains(&(domain, operator)) && operators::is_known(domain, operator) == Some(false) {
            inspection.refuse(ModelError::UnknownOperator {
                operator: operator.to_owned(),
                domain: operators::domain_name(domain).to_owned(),
            });
        }
        if depth < MAX_DEPTH {
            for inner in node.attribute.iter().flat_map(|a| a.g.iter().chain(&a.graphs)) {
                judge_operators(inspection, inner, local, depth + 1);
            }
        }
    }
}

fn judge_external_data(inspection: &mut Inspection, graph: &Graph, path: &Path) {
    let files: BTreeSet<&str> = graph
        .initializer
        .iter()
        .filter(|t| t.data_location() == 1)
        .flat_map(|t| &t.external_data)
        .filter(|e| e.key() == "location")
        .map(super::onnx::Entry::value)
        .collect();
    inspection.external_data = !files.is_empty();
    for file in files {
        let name = Path::new(file);
        let inside = name.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if inside && path.with_file_name("").join(name).is_file() {
            inspection.problems.push(format!(
                "The model keeps its weights in a second file, “{file}”, which its SHA-256 does not cover. Save it as one file to be sure that it is whole."
            ));
        } else {
            inspection.refuse(ModelError::ExternalDataMissing { file: file.to_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::onnx::{OperatorSet, Tensor, TensorType, Type, ValueInfo};

    fn value(name: &str, element: i32) -> ValueInfo {
        ValueInfo {
            name: Some(name.to_owned()),
            r#type: Some(Type {
                tensor_type: Some(TensorType {
                    elem_type: Some(element),
                    shape: Some(crate::model::onnx::Shape {
                        dim: vec![
                            crate::model::onnx::Dimension::default(),
                            crate::model::onnx::Dimension { dim_value: Some(1), dim_param: None },
                        ],
                    }),
                }),
                ..Type::default()
            }),
        }
    }

    fn small(operator: &str) -> Model {
        Model {
            ir_version: Some(8),
            opset_import: vec![OperatorSet { domain: None, version: Some(17) }],
            graph: Some(Graph {
                node: vec![Node {
                    op_type: Some(operator.to_owned()),
                    input: vec!["x".to_owned(), "w".to_owned()],
                    output: vec!["y".to_owned()],
                    ..Node::default()
                }],
                initializer: vec![Tensor { dims: vec![1, 1], name: Some("w".to_owned()), ..Tensor::default() }],
                input: vec![value("x", 1), value("w", 1)],
                output: vec![value("y", 1)],
                ..Graph::default()
            }),
            ..Model::default()
        }
    }

    fn open(model: &Model) -> Inspection {
        inspect(&model.encode_to_vec(), Path::new("m.onnx")).unwrap()
    }

    #[test]
    fn a_small_regression_is_understood() {
        let seen = open(&small("MatMul"));
        assert_eq!(seen.task, Task::Regression);
        assert_eq!(seen.inputs.len(), 1, "constants are no inputs");
        assert_eq!(seen.parameters, 1);
        assert_eq!(seen.problems, Vec::<String>::new());
        let json = serde_json::to_value(&seen).unwrap();
        assert_eq!(json["inputs"][0]["shape"], serde_json::json!([null, 1]));
        assert_eq!(json["opsets"]["ai.onnx"], 17);
        assert_eq!(json["classes"], serde_json::Value::Null);
    }

    #[test]
    fn what_the_runtime_cannot_take_is_said() {
        let mut model = small("MatMul");
        model.ir_version = Some(14);
        assert!(matches!(open(&model).refusal, Some(ModelError::IrTooNew { found: 14, .. })));
        let mut model = small("MatMul");
        model.opset_import[0].version = Some(28);
        assert!(matches!(open(&model).refusal, Some(ModelError::OpsetTooNew { found: 28, .. })));
        assert!(matches!(open(&small("Frobnicate")).refusal, Some(ModelError::UnknownOperator { .. })));
        let mut model = small("MatMul");
        model.graph.as_mut().unwrap().output[0] = value("y", 14);
        assert!(matches!(open(&model).refusal, Some(ModelError::NoUsableOutput { .. })));
    }

    #[test]
    fn other_files_are_named() {
        let say = |bytes: &[u8]| inspect(bytes, Path::new("f")).unwrap_err().to_string();
        assert!(say(b"").contains("empty"));
        assert!(say(b"PK\x03\x04....").contains("zip archive"));
        assert!(say(&[0x80, 4, 1, 2]).contains("pickle"));
        assert!(say(b"{\"learner\":{}}").contains("JSON"));
        assert!(say(b"a,b\n1,2\n").contains("it is text"));
        let whole = small("MatMul").encode_to_vec();
        assert!(say(&whole[..whole.len() / 2]).contains("cut off"));
    }

    #[test]
    fn feature_names_come_as_json_or_with_commas() {
        let mut seen = Inspection::default();
        assert_eq!(seen.feature_names(), None);
        for text in ["[\"a\", \"b c\"]", "a, b c"] {
            seen.metadata.insert("feature_names".to_owned(), text.to_owned());
            assert_eq!(seen.feature_names(), Some(vec!["a".to_owned(), "b c".to_owned()]));
        }
    }
}
