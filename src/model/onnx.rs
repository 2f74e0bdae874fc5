//! The part of the ONNX file format that is read, as protobuf messages.
//!
//! Field numbers are those of the public `onnx.proto`; unknown fields are skipped. Nothing is ever written back from
//! these messages, because re-encoding would lose what they do not name.

/// A whole model file.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Model {
    /// Version of the file format.
    #[prost(int64, optional, tag = "1")]
    pub ir_version: Option<i64>,
    /// The tool that wrote the file.
    #[prost(string, optional, tag = "2")]
    pub producer_name: Option<String>,
    /// The tool's version.
    #[prost(string, optional, tag = "3")]
    pub producer_version: Option<String>,
    /// Namespace of the model.
    #[prost(string, optional, tag = "4")]
    pub domain: Option<String>,
    /// The model's own version number.
    #[prost(int64, optional, tag = "5")]
    pub model_version: Option<i64>,
    /// Free text.
    #[prost(string, optional, tag = "6")]
    pub doc_string: Option<String>,
    /// The computation.
    #[prost(message, optional, tag = "7")]
    pub graph: Option<Graph>,
    /// The operator sets used.
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSet>,
    /// Key and value pairs written by the trainer.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: Vec<Entry>,
    /// Operators defined inside the file.
    #[prost(message, repeated, tag = "25")]
    pub functions: Vec<Function>,
}

/// An operator set and its version.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OperatorSet {
    /// Empty means `ai.onnx`.
    #[prost(string, optional, tag = "1")]
    pub domain: Option<String>,
    /// Version of the set.
    #[prost(int64, optional, tag = "2")]
    pub version: Option<i64>,
}

/// A key and a value.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Entry {
    /// The key.
    #[prost(string, optional, tag = "1")]
    pub key: Option<String>,
    /// The value.
    #[prost(string, optional, tag = "2")]
    pub value: Option<String>,
}

/// An operator defined inside the file.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Function {
    /// The operator's name.
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    /// What it does.
    #[prost(message, repeated, tag = "7")]
    pub node: Vec<Node>,
    /// The operator's domain.
    #[prost(string, optional, tag = "10")]
    pub domain: Option<String>,
}

/// A computation: nodes between inputs and outputs.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Graph {
    /// The steps, in an order in which they can run.
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<Node>,
    /// Name.
    #[prost(string, optional, tag = "2")]
    pub name: Option<String>,
    /// Constants.
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<Tensor>,
    /// Free text.
    #[prost(string, optional, tag = "10")]
    pub doc_string: Option<String>,
    /// Inputs; old files list constants here too.
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfo>,
    /// Outputs.
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfo>,
}

/// One step of a computation.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Node {
    /// Names of the values read.
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    /// Names of the values written.
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    /// The operator.
    #[prost(string, optional, tag = "4")]
    pub op_type: Option<String>,
    /// The operator's settings.
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<Attribute>,
    /// The operator's domain; empty means `ai.onnx`.
    #[prost(string, optional, tag = "7")]
    pub domain: Option<String>,
}

impl Node {
    /// The setting of a name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attribute.iter().find(|a| a.name() == name)
    }
}

/// A setting of a node.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Attribute {
    /// Name.
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    /// One decimal number.
    #[prost(float, optional, tag = "2")]
    pub f: Option<f32>,
    /// One whole number.
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    /// One text.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub s: Option<Vec<u8>>,
    /// One tensor.
    #[prost(message, optional, tag = "5")]
    pub t: Option<Tensor>,
    /// One computation.
    #[prost(message, optional, tag = "6")]
    pub g: Option<Graph>,
    /// Decimal numbers.
    #[prost(float, repeated, tag = "7")]
    pub floats: Vec<f32>,
    /// Whole numbers.
    #[prost(int64, repeated, tag = "8")]
    pub ints: Vec<i64>,
    /// Texts.
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub strings: Vec<Vec<u8>>,
    /// Tensors.
    #[prost(message, repeated, tag = "10")]
    pub tensors: Vec<Tensor>,
    /// Computations.
    #[prost(message, repeated, tag = "11")]
    pub graphs: Vec<Graph>,
}

/// A constant array.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Tensor {
    /// Size along each axis.
    #[prost(int64, repeated, tag = "1")]
    pub dims: Vec<i64>,
    /// Element type by ONNX's number.
    #[prost(int32, optional, tag = "2")]
    pub data_type: Option<i32>,
    /// Whole numbers up to 32 bits, and bools.
    #[prost(int32, repeated, tag = "5")]
    pub int32_data: Vec<i32>,
    /// Texts.
    #[prost(bytes = "vec", repeated, tag = "6")]
    pub string_data: Vec<Vec<u8>>,
    /// Whole numbers of 64 bits.
    #[prost(int64, repeated, tag = "7")]
    pub int64_data: Vec<i64>,
    /// Name.
    #[prost(string, optional, tag = "8")]
    pub name: Option<String>,
    /// The elements as little-endian bytes.
    #[prost(bytes = "vec", optional, tag = "9")]
    pub raw_data: Option<Vec<u8>>,
    /// Where the elements lie when they are in another file: `location`, `offset`, `length`.
    #[prost(message, repeated, tag = "13")]
    pub external_data: Vec<Entry>,
    /// 1 when the elements are in another file.
    #[prost(int32, optional, tag = "14")]
    pub data_location: Option<i32>,
}

impl Tensor {
    /// Number of elements by its dimensions; none for a negative one.
    pub fn elements(&self) -> u64 {
        self.dims.iter().fold(1_u64, |n, d| n.saturating_mul(u64::try_from(*d).unwrap_or(0)))
    }

    /// The elements as class names, when they are whole numbers or texts.
    pub fn labels(&self) -> Option<Vec<String>> {
        let labels: Vec<String> = match self.data_type() {
            // 7 = int64, 6 = int32, 8 = string, as numbered by `TensorProto.DataType`.
            7 => match &self.raw_data {
                Some(raw) => raw
                    .chunks_exact(8)
                    .filter_map(|b| b.try_into().ok())
                    .map(|b| i64::from_le_bytes(b).to_string())
                    .collect(),
                None => self.int64_data.iter().map(ToString::to_string).collect(),
            },
            6 => match &self.raw_data {
                Some(raw) => raw
                    .chunks_exact(4)
                    .filter_map(|b| b.try_into().ok())
                    .map(|b| i32::from_le_bytes(b).to_string())
                    .collect(),
                None => self.int32_data.iter().map(ToString::to_string).collect(),
            },
            8 => self.string_data.iter().map(|s| String::from_utf8_lossy(s).into_owned()).collect(),
            _ => return None,
        };
        (labels.len() as u64 == self.elements() && !labels.is_empty()).then_some(labels)
    }
}

/// A named and typed input or output.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ValueInfo {
    /// Name.
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    /// Type.
    #[prost(message, optional, tag = "2")]
    pub r#type: Option<Type>,
}

/// A type; exactly one field is set.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Type {
    /// An array.
    #[prost(message, optional, tag = "1")]
    pub tensor_type: Option<TensorType>,
    /// A list of one type.
    #[prost(message, optional, boxed, tag = "4")]
    pub sequence_type: Option<Box<Nested>>,
    /// A map from key to value.
    #[prost(message, optional, boxed, tag = "5")]
    pub map_type: Option<Box<Map>>,
    /// An array that may be absent.
    #[prost(message, optional, boxed, tag = "9")]
    pub optional_type: Option<Box<Nested>>,
}

/// The element type of a list or optional value.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Nested {
    /// What is inside.
    #[prost(message, optional, boxed, tag = "1")]
    pub elem_type: Option<Box<Type>>,
}

/// A map type.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Map {
    /// Key's element type by ONNX's number.
    #[prost(int32, optional, tag = "1")]
    pub key_type: Option<i32>,
    /// Value's type.
    #[prost(message, optional, boxed, tag = "2")]
    pub value_type: Option<Box<Type>>,
}

/// An array type.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TensorType {
    /// Element type by ONNX's number.
    #[prost(int32, optional, tag = "1")]
    pub elem_type: Option<i32>,
    /// Sizes; absent when even the number of axes is unknown.
    #[prost(message, optional, tag = "2")]
    pub shape: Option<Shape>,
}

/// Sizes along the axes.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Shape {
    /// One entry an axis.
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<Dimension>,
}

/// The size along one axis: a number, a name, or unknown.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Dimension {
    /// Fixed size.
    #[prost(int64, optional, tag = "1")]
    pub dim_value: Option<i64>,
    /// Symbolic name.
    #[prost(string, optional, tag = "2")]
    pub dim_param: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message as _;

    #[test]
    fn unknown_fields_are_skipped_and_cut_files_refused() {
        let model = Model {
            ir_version: Some(8),
            graph: Some(Graph { name: Some("g".to_owned()), ..Graph::default() }),
            ..Model::default()
        };
        let mut bytes = model.encode_to_vec();
        // Field 99, length-delimited, one byte.
        bytes.extend_from_slice(&[0x9a, 0x06, 0x01, 0x7f]);
        assert_eq!(Model::decode(bytes.as_slice()).map(|m| m.ir_version), Ok(Some(8)));
        assert!(Model::decode(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn class_names_are_read_in_every_form() {
        let raw: Vec<u8> = [3_i64, 7].iter().flat_map(|v| v.to_le_bytes()).collect();
        let ints = Tensor { dims: vec![2], data_type: Some(7), raw_data: Some(raw), ..Tensor::default() };
        assert_eq!(ints.labels(), Some(vec!["3".to_owned(), "7".to_owned()]));
        let texts = Tensor {
            dims: vec![1],
            data_type: Some(8),
            string_data: vec!["ja".as_bytes().to_vec()],
            ..Tensor::default()
        };
        assert_eq!(texts.labels(), Some(vec!["ja".to_owned()]));
        let cut = Tensor { dims: vec![3], data_type: Some(7), int64_data: vec![1], ..Tensor::default() };
        assert_eq!(cut.labels(), None);
    }
}
