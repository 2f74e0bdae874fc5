//! The typed inputs and outputs of a model, in ONNX's own words.

use super::onnx;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An element or value type, written as ONNX writes it, in lower case: `float32`, `sequence<map<int64,float32>>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// 32-bit decimal number.
    Float32,
    /// 64-bit decimal number.
    Float64,
    /// 16-bit decimal number.
    Float16,
    /// Signed 8-bit whole number.
    Int8,
    /// Signed 16-bit whole number.
    Int16,
    /// Signed 32-bit whole number.
    Int32,
    /// Signed 64-bit whole number.
    Int64,
    /// Unsigned 8-bit whole number.
    UInt8,
    /// Unsigned 16-bit whole number.
    UInt16,
    /// Unsigned 32-bit whole number.
    UInt32,
    /// Unsigned 64-bit whole number.
    UInt64,
    /// True or false.
    Bool,
    /// Text.
    String,
    /// A list of values of one type.
    Sequence(Box<DType>),
    /// A map from key to value.
    Map(Box<DType>, Box<DType>),
    /// A value that may be absent.
    Optional(Box<DType>),
    /// Any other type, by the name ONNX gives it.
    Other(String),
}

impl DType {
    /// The type of an element number of `TensorProto.DataType`.
    pub fn of_element(number: i32) -> Self {
        match number {
            1 => Self::Float32,
            2 => Self::UInt8,
            3 => Self::Int8,
            4 => Self::UInt16,
            5 => Self::Int16,
            6 => Self::Int32,
            7 => Self::Int64,
            8 => Self::String,
            9 => Self::Bool,
            10 => Self::Float16,
            11 => Self::Float64,
            12 => Self::UInt32,
            13 => Self::UInt64,
            14 => Self::Other("complex64".to_owned()),
            15 => Self::Other("complex128".to_owned()),
            16 => Self::Other("bfloat16".to_owned()),
            other => Self::Other(format!("type{other}")),
        }
    }

    /// Whether this is a decimal number.
    pub fn is_decimal(&self) -> bool {
        matches!(self, Self::Float32 | Self::Float64 | Self::Float16)
    }

    /// Whether this is a whole number.
    pub fn is_whole(&self) -> bool {
        matches!(
            self,
            Self::Int8
                | Self::Int16
                | Self::Int32
                | Self::Int64
                | Self::UInt8
                | Self::UInt16
                | Self::UInt32
                | Self::UInt64
        )
    }

    /// Whether a column of a table can fill this type.
    pub fn can_be_fed(&self) -> bool {
        match self {
            Self::Float32 | Self::Float64 | Self::Bool | Self::String => true,
            other => other.is_whole(),
        }
    }

    /// The word a person would use for values of this type.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Bool => "true/false",
            Self::String => "text",
            t if t.is_whole() => "whole number",
            t if t.is_decimal() => "number",
            _ => "value",
        }
    }

    fn parse(text: &str) -> Self {
        let inside = |prefix: &str| text.strip_prefix(prefix).and_then(|t| t.strip_suffix('>'));
        if let Some(inner) = inside("sequence<") {
            return Self::Sequence(Box::new(Self::parse(inner)));
        }
        if let Some(inner) = inside("optional<") {
            return Self::Optional(Box::new(Self::parse(inner)));
        }
        if let Some((key, value)) = inside("map<").and_then(|t| t.split_once(',')) {
            return Self::Map(Box::new(Self::parse(key)), Box::new(Self::parse(value)));
        }
        match text {
            "float32" => Self::Float32,
            "float64" => Self::Float64,
            "float16" => Self::Float16,
            "int8" => Self::Int8,
            "int16" => Self::Int16,
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "uint8" => Self::UInt8,
            "uint16" => Self::UInt16,
            "uint32" => Self::UInt32,
            "uint64" => Self::UInt64,
            "bool" => Self::Bool,
            "string" => Self::String,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Float16 => "float16",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::UInt8 => "uint8",
            Self::UInt16 => "uint16",
            Self::UInt32 => "uint32",
            Self::UInt64 => "uint64",
            Self::Bool => "bool",
            Self::String => "string",
            Self::Other(name) => name,
            Self::Sequence(inner) => return write!(f, "sequence<{inner}>"),
            Self::Optional(inner) => return write!(f, "optional<{inner}>"),
            Self::Map(key, value) => return write!(f, "map<{key},{value}>"),
        })
    }
}

impl Serialize for DType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

/// A named and typed input or output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Name as it stands in the model.
    pub name: String,
    /// Element type, or the type of the sequence or map.
    pub dtype: DType,
    /// Size along each axis, `None` where any size goes; empty for sequences and maps.
    pub shape: Vec<Option<i64>>,
}

impl Port {
    /// Reads a port from the file.
    pub(crate) fn read(info: &onnx::ValueInfo) -> Self {
        let (dtype, shape) =
            info.r#type.as_ref().map_or_else(|| (DType::Other("untyped".to_owned()), Vec::new()), read_type);
        Self { name: info.name().to_owned(), dtype, shape }
    }

    /// The rows each call must have, when the model fixes them; `None` when any number goes.
    pub fn fixed_batch(&self) -> Option<usize> {
        self.shape.first().copied().flatten().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0)
    }

    /// Values per row: 1 for `[N]` and `[N,1]`, k for `[N,k]`; `None` when the file leaves it open.
    pub fn width(&self) -> Option<usize> {
        self.shape.iter().skip(1).try_fold(1_usize, |n, d| {
            d.and_then(|d| usize::try_from(d).ok()).filter(|d| *d > 0).and_then(|d| n.checked_mul(d))
        })
    }

    /// Type and shape as a person reads it: `float32 [N, 20]`.
    pub fn describe(&self) -> String {
        if self.shape.is_empty() {
            return self.dtype.to_string();
        }
        let sizes: Vec<String> =
            self.shape.iter().map(|d| d.map_or_else(|| "N".to_owned(), |d| d.to_string())).collect();
        format!("{} [{}]", self.dtype, sizes.join(", "))
    }
}

fn read_type(kind: &onnx::Type) -> (DType, Vec<Option<i64>>) {
    if let Some(tensor) = &kind.tensor_type {
        // Without a shape not even the number of axes is known: rows by columns is what a table can offer.
        let shape = tensor.shape.as_ref().map_or_else(
            || vec![None, None],
            |s| {
                // Some exporters write 0 or -1 for an open size.
                s.dim.iter().map(|d| d.dim_value.filter(|v| *v > 0)).collect()
            },
        );
        return (DType::of_element(tensor.elem_type()), shape);
    }
    let nested = |n: &onnx::Nested| {
        Box::new(n.elem_type.as_deref().map_or_else(|| DType::Other("untyped".to_owned()), |t| read_type(t).0))
    };
    let dtype = if let Some(sequence) = &kind.sequence_type {
        DType::Sequence(nested(sequence))
    } else if let Some(optional) = &kind.optional_type {
        DType::Optional(nested(optional))
    } else if let Some(map) = &kind.map_type {
        let value = map.value_type.as_deref().map_or_else(|| DType::Other("untyped".to_owned()), |t| read_type(t).0);
        DType::Map(Box::new(DType::of_element(map.key_type())), Box::new(value))
    } else {
        DType::Other("untyped".to_owned())
    };
    (dtype, Vec::new())
}

/// What the model takes and gives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Inputs that a caller must fill, constants left out.
    pub inputs: Vec<Port>,
    /// Outputs.
    pub outputs: Vec<Port>,
}

/// What a model's answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of two classes.
    Binary,
    /// One of three or more classes.
    Multiclass,
    /// A number.
    Regression,
    /// A group found without a target.
    Clustering,
    /// Not told by the file.
    #[default]
    Unknown,
}

impl Task {
    /// The word shown on screen and written into results.
    pub fn word(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Multiclass => "multiclass",
            Self::Regression => "regression",
            Self::Clustering => "clustering",
            Self::Unknown => "unknown",
        }
    }

    /// Whether answers are classes.
    pub fn is_classification(self) -> bool {
        matches!(self, Self::Binary | Self::Multiclass)
    }

    /// The task of a word, as in a card or an argument.
    pub fn of_word(word: &str) -> Option<Self> {
        match word.trim().to_lowercase().as_str() {
            "binary" | "binary classification" => Some(Self::Binary),
            "multiclass" | "multiclass classification" => Some(Self::Multiclass),
            "regression" => Some(Self::Regression),
            "clustering" => Some(Self::Clustering),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_back_as_they_are_written() {
        for text in ["float32", "string", "sequence<map<int64,float32>>", "optional<float64>", "complex64"] {
            assert_eq!(DType::parse(text).to_string(), text);
        }
    }

    #[test]
    fn widths_follow_the_shape() {
        let port = |shape: &[Option<i64>]| Port { name: "x".to_owned(), dtype: DType::Float32, shape: shape.to_vec() };
        assert_eq!(port(&[None]).width(), Some(1));
        assert_eq!(port(&[None, Some(20)]).width(), Some(20));
        assert_eq!(port(&[Some(1), Some(8), Some(8)]).width(), Some(64));
        assert_eq!(port(&[None, None]).width(), None);
        assert_eq!(port(&[Some(1), Some(4)]).fixed_batch(), Some(1));
        assert_eq!(port(&[None, Some(4)]).describe(), "float32 [N, 4]");
    }
}
