//! What is told of the server and its models, in the documents of the protocol and of Triton's extensions.

use serde_json::{Value, json};

use super::tally::VersionTally;
use super::v2::Datatype;
use crate::deploy::serve::{ModelInfo, VersionInfo, VersionState};
use crate::model::signature::Port;

/// What this server can do beyond the protocol, by Triton's names.
const EXTENSIONS: [&str; 5] =
    ["binary_tensor_data", "model_repository", "model_configuration", "statistics", "parameters"];

/// The server's own document.
pub(super) fn server() -> Value {
    json!({ "name": "modeldeck", "version": env!("CARGO_PKG_VERSION"), "extensions": EXTENSIONS })
}

/// A model's inputs and outputs, as one of its versions has them.
pub(super) fn model(info: &ModelInfo, version: &VersionInfo) -> Value {
    let versions: Vec<&str> = info.versions.iter().map(|known| &*known.version).collect();
    let mut document = json!({
        "name": *info.name,
        "versions": versions,
        "platform": "onnx_onnxv1",
        "inputs": version.inputs.iter().map(port).collect::<Vec<_>>(),
        "outputs": version.outputs.iter().map(port).collect::<Vec<_>>(),
    });
    if !version.classes.is_empty() {
        document["parameters"] = json!({ "classes": version.classes });
    }
    document
}

fn port(port: &Port) -> Value {
    json!({ "name": port.name, "datatype": word(port), "shape": sizes(port) })
}

fn word(port: &Port) -> String {
    // The protocol has no name for lists and maps; ONNX's says at least what it is.
    Datatype::of(&port.dtype).map_or_else(|| port.dtype.to_string(), |datatype| datatype.word().to_owned())
}

fn sizes(port: &Port) -> Vec<i64> {
    port.shape.iter().map(|size| size.unwrap_or(-1)).collect()
}

/// A version's configuration, as far as Triton's form has words for it.
pub(super) fn config(info: &ModelInfo, version: &VersionInfo) -> Value {
    let port = |port: &Port| {
        let datatype = Datatype::of(&port.dtype).map_or("TYPE_INVALID", Datatype::config_word);
        json!({ "name": port.name, "data_type": datatype, "dims": sizes(port) })
    };
    json!({
        "name": *info.name,
        "platform": "onnxruntime_onnx",
        "backend": "onnxruntime",
        // The first of the dims is the rows, as the model itself has it.
        "max_batch_size": 0,
        "input": version.inputs.iter().map(port).collect::<Vec<_>>(),
        "output": version.outputs.iter().map(port).collect::<Vec<_>>(),
    })
}

/// What this endpoint counted of a version.
pub(super) fn stats(info: &ModelInfo, version: &VersionInfo, tally: &VersionTally) -> Value {
    json!({
        "name": *info.name,
        "version": *version.version,
        "last_inference": tally.last_ms,
        "inference_count": tally.rows,
        "inference_stats": { "success": { "count": tally.answered, "ns": tally.answered_ns } },
    })
}

/// The repository index: each version with its state.
pub(super) fn index(models: &[ModelInfo], ready_only: bool) -> Value {
    let entries: Vec<Value> = models
        .iter()
        .flat_map(|model| model.versions.iter().map(move |version| (model, version)))
        .filter(|(_, version)| !ready_only || version.state == VersionState::Ready)
        .map(|(model, version)| {
            let (state, reason) = state(&version.state);
            json!({ "name": *model.name, "version": *version.version, "state": state, "reason": reason })
        })
        .collect();
    Value::Array(entries)
}

/// A state by Triton's name, and the reason where there is one.
pub(super) fn state(state: &VersionState) -> (&'static str, &str) {
    match state {
        VersionState::Loading => ("LOADING", ""),
        VersionState::Ready => ("READY", ""),
        VersionState::Unloading => ("UNLOADING", ""),
        VersionState::Unloaded => ("UNAVAILABLE", "unloaded"),
        VersionState::Failed { why } => ("UNAVAILABLE", why),
    }
}
