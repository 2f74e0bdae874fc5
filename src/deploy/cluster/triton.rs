//! Triton's `config.pbtxt`.

use std::fmt::Write as _;

use super::{ClusterError, ClusterSettings};
use crate::model::inspect::Inspection;
use crate::model::signature::{DType, Port};

/// The configuration of a model.
///
/// With batching, the first axis of every port is the batch and is not written; that is only possible where the model
/// leaves it open everywhere.
pub(super) fn config(model: &Inspection, settings: &ClusterSettings) -> Result<String, ClusterError> {
    let ports = || model.inputs.iter().chain(&model.outputs);
    let open = ports().all(|port| matches!(port.shape.first(), Some(None)));
    let batched = open && settings.max_batch > 0;
    let mut text = String::new();
    writeln!(text, "name: {}", quoted(&settings.name)).ok();
    text.push_str("platform: \"onnxruntime_onnx\"\n");
    writeln!(text, "max_batch_size: {}", if batched { settings.max_batch } else { 0 }).ok();
    for (word, what, list) in [("input", "input", &model.inputs), ("output", "output", &model.outputs)] {
        for port in list {
            let dtype = data_type(&port.dtype).ok_or_else(|| ClusterError::Type {
                what,
                port: port.name.clone(),
                dtype: port.dtype.to_string(),
            })?;
            let name = quoted(&port.name);
            writeln!(text, "{word} {{\n  name: {name}\n  data_type: {dtype}\n{}}}", dims(port, batched)).ok();
        }
    }
    if batched {
        writeln!(text, "dynamic_batching {{\n  max_queue_delay_microseconds: {}\n}}", settings.max_wait_us).ok();
    }
    writeln!(text, "instance_group {{\n  count: {}\n  kind: KIND_CPU\n}}", settings.instances.max(1)).ok();
    let threads = settings.threads.max(1).to_string();
    for (key, value) in [("intra_op_thread_count", threads.as_str()), ("inter_op_thread_count", "1")] {
        let value = quoted(value);
        writeln!(text, "parameters {{\n  key: \"{key}\"\n  value {{ string_value: {value} }}\n}}").ok();
    }
    writeln!(text, "version_policy {{ specific {{ versions: {} }} }}", settings.version).ok();
    Ok(text)
}

/// The sizes of the axes; one that is empty, as of `[N]` under batching, is a single value that is reshaped away.
fn dims(port: &Port, batched: bool) -> String {
    let axes = port.shape.iter().skip(usize::from(batched));
    let sizes: Vec<String> = axes.map(|size| size.map_or_else(|| "-1".to_owned(), |size| size.to_string())).collect();
    if sizes.is_empty() {
        return "  dims: [ 1 ]\n  reshape { shape: [ ] }\n".to_owned();
    }
    format!("  dims: [ {} ]\n", sizes.join(", "))
}

fn data_type(dtype: &DType) -> Option<&'static str> {
    Some(match dtype {
        DType::Bool => "TYPE_BOOL",
        DType::UInt8 => "TYPE_UINT8",
        DType::UInt16 => "TYPE_UINT16",
        DType::UInt32 => "TYPE_UINT32",
        DType::UInt64 => "TYPE_UINT64",
        DType::Int8 => "TYPE_INT8",
        DType::Int16 => "TYPE_INT16",
        DType::Int32 => "TYPE_INT32",
        DType::Int64 => "TYPE_INT64",
        DType::Float16 => "TYPE_FP16",
        DType::Float32 => "TYPE_FP32",
        DType::Float64 => "TYPE_FP64",
        DType::String => "TYPE_STRING",
        _ => return None,
    })
}

/// A text of protobuf's text format: bytes outside printable ASCII as octal escapes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            0x20..=0x7e => out.push(char::from(byte)),
            other => {
                write!(out, "\\{other:03o}").ok();
            }
        }
    }
    out.push('"');
    out
}
