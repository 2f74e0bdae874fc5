//! Cutting the `ZipMap` step out of a model before it is loaded.
//!
//! `ZipMap` turns a matrix of probabilities into one map a row, which costs five times the scoring itself. The matrix
//! is already in the model; making it the output gives the same numbers. The file is changed at the level of protobuf
//! fields, so that everything not named here stays byte for byte.

use crate::model::onnx::{Node, TensorType, Type, ValueInfo};
use prost::Message as _;
use prost::encoding::{decode_varint, encode_varint};

/// A model without its `ZipMap`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// The changed model.
    pub bytes: Vec<u8>,
    /// The output that gave maps.
    pub maps: String,
    /// The output that gives the matrix instead.
    pub matrix: String,
}

const GRAPH_IN_MODEL: u64 = 7;
const NODE_IN_GRAPH: u64 = 1;
const OUTPUT_IN_GRAPH: u64 = 12;

/// Cuts out the only `ZipMap` that feeds an output; `None` when there is none, or more than one.
pub(super) fn cut(model: &[u8]) -> Option<Cut> {
    let graph = Fields(model).find_map(|f| f.filter(|f| f.number == GRAPH_IN_MODEL)?.payload)?;
    let (mut maps, mut matrix, mut at) = (None, None, None);
    let mut outputs = Vec::new();
    for field in Fields(graph) {
        let field = field?;
        match (field.number, field.payload) {
            (NODE_IN_GRAPH, Some(payload)) => {
                let node = Node::decode(payload).ok()?;
                if node.op_type() == "ZipMap" {
                    if at.is_some() {
                        return None;
                    }
                    at = Some(field.whole);
                    maps = node.output.first().cloned();
                    matrix = node.input.first().cloned();
                }
            }
            (OUTPUT_IN_GRAPH, Some(payload)) => outputs.push(ValueInfo::decode(payload).ok()?.name().to_owned()),
            _ => {}
        }
    }
    let (maps, matrix, at) = (maps?, matrix?, at?);
    if !outputs.contains(&maps) || outputs.contains(&matrix) {
        return None;
    }

    let mut changed = Vec::with_capacity(graph.len());
    for field in Fields(graph) {
        let field = field?;
        if std::ptr::eq(field.whole, at) {
            continue;
        }
        let is_maps = field.number == OUTPUT_IN_GRAPH
            && field.payload.is_some_and(|p| ValueInfo::decode(p).is_ok_and(|v| v.name() == maps));
        if is_maps {
            // 1 is the number of float32 in `TensorProto.DataType`.
            let tensor = TensorType { elem_type: Some(1), shape: None };
            let output = ValueInfo {
                name: Some(matrix.clone()),
                r#type: Some(Type { tensor_type: Some(tensor), ..Type::default() }),
            };
            put(&mut changed, OUTPUT_IN_GRAPH, &output.encode_to_vec());
        } else {
            changed.extend_from_slice(field.whole);
        }
    }
    let mut bytes = Vec::with_capacity(model.len());
    for field in Fields(model) {
        let field = field?;
        if field.number == GRAPH_IN_MODEL {
            put(&mut bytes, GRAPH_IN_MODEL, &changed);
        } else {
            bytes.extend_from_slice(field.whole);
        }
    }
    Some(Cut { bytes, maps, matrix })
}

fn put(out: &mut Vec<u8>, number: u64, payload: &[u8]) {
    encode_varint((number << 3) | 2, out);
    encode_varint(payload.len() as u64, out);
    out.extend_from_slice(payload);
}

/// One field of a message.
struct Field<'b> {
    number: u64,
    /// Tag and value.
    whole: &'b [u8],
    /// The value, when it is length-delimited.
    payload: Option<&'b [u8]>,
}

/// The fields of a message; `None` once where the bytes make no sense, then the end.
struct Fields<'b>(&'b [u8]);

impl<'b> Iterator for Fields<'b> {
    type Item = Option<Field<'b>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = read(self.0);
        self.0 = field.as_ref().and_then(|f| self.0.get(f.whole.len()..)).unwrap_or_default();
        Some(field)
    }
}

fn read(bytes: &[u8]) -> Option<Field<'_>> {
    let mut rest = bytes;
    let tag = decode_varint(&mut rest).ok()?;
    let mut payload = None;
    match tag & 7 {
        0 => {
            decode_varint(&mut rest).ok()?;
        }
        1 => rest = rest.get(8..)?,
        2 => {
            let len = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
            payload = Some(rest.get(..len)?);
            rest = rest.get(len..)?;
        }
        5 => rest = rest.get(4..)?,
        _ => return None,
    }
    let whole = bytes.get(..bytes.len() - rest.len())?;
    Some(Field { number: tag >> 3, whole, payload })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::onnx::{Graph, Model};

    fn value(name: &str) -> ValueInfo {
        ValueInfo { name: Some(name.to_owned()), r#type: None }
    }

    fn model(operators: &[(&str, &str, &str)]) -> Vec<u8> {
        let node = operators
            .iter()
            .map(|(operator, input, output)| Node {
                op_type: Some((*operator).to_owned()),
                input: vec![(*input).to_owned()],
                output: vec![(*output).to_owned()],
                ..Node::default()
            })
            .collect();
        let graph = Graph { node, output: vec![value("label"), value("maps")], ..Graph::default() };
        let mut bytes = Model { ir_version: Some(8), graph: Some(graph), ..Model::default() }.encode_to_vec();
        // Field 99, unknown here, must survive.
        bytes.extend_from_slice(&[0x9a, 0x06, 0x01, 0x7f]);
        bytes
    }

    #[test]
    fn the_matrix_takes_the_place_of_the_maps() {
        let whole = model(&[("LinearClassifier", "x", "p"), ("ZipMap", "p", "maps")]);
        let cut = cut(&whole).unwrap();
        assert_eq!((cut.maps.as_str(), cut.matrix.as_str()), ("maps", "p"));
        let graph = Model::decode(cut.bytes.as_slice()).unwrap().graph.unwrap();
        let outputs: Vec<&str> = graph.output.iter().map(ValueInfo::name).collect();
        assert_eq!(outputs, ["label", "p"]);
        assert_eq!(graph.node.len(), 1);
        assert!(cut.bytes.ends_with(&[0x9a, 0x06, 0x01, 0x7f]));
    }

    #[test]
    fn other_models_are_left_alone() {
        assert_eq!(cut(&model(&[("Softmax", "x", "maps")])), None);
        assert_eq!(cut(&model(&[("ZipMap", "p", "elsewhere")])), None);
        assert_eq!(cut(b"\x3a\xff\xff"), None);
    }
}
