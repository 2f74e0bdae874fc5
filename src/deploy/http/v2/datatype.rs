//! The protocol's names for types of values.

use crate::model::signature::DType;

/// A type of values that the protocol knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datatype {
    /// True or false; one byte.
    Bool,
    /// Unsigned, 8 bits.
    UInt8,
    /// Unsigned, 16 bits.
    UInt16,
    /// Unsigned, 32 bits.
    UInt32,
    /// Unsigned, 64 bits.
    UInt64,
    /// Signed, 8 bits.
    Int8,
    /// Signed, 16 bits.
    Int16,
    /// Signed, 32 bits.
    Int32,
    /// Signed, 64 bits.
    Int64,
    /// IEEE 754 binary16.
    Fp16,
    /// IEEE 754 binary32.
    Fp32,
    /// IEEE 754 binary64.
    Fp64,
    /// Text in UTF-8; each with its length in front in binary tensors.
    Bytes,
}

impl Datatype {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Bool,
        Self::UInt8,
        Self::UInt16,
        Self::UInt32,
        Self::UInt64,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::Fp16,
        Self::Fp32,
        Self::Fp64,
        Self::Bytes,
    ];

    /// The protocol's type for a type of ONNX; `None` where the protocol has none, as for sequences and maps.
    pub fn of(dtype: &DType) -> Option<Self> {
        Some(match dtype {
            DType::Bool => Self::Bool,
            DType::UInt8 => Self::UInt8,
            DType::UInt16 => Self::UInt16,
            DType::UInt32 => Self::UInt32,
            DType::UInt64 => Self::UInt64,
            DType::Int8 => Self::Int8,
            DType::Int16 => Self::Int16,
            DType::Int32 => Self::Int32,
            DType::Int64 => Self::Int64,
            DType::Float16 => Self::Fp16,
            DType::Float32 => Self::Fp32,
            DType::Float64 => Self::Fp64,
            DType::String => Self::Bytes,
            DType::Sequence(_) | DType::Map(..) | DType::Optional(_) | DType::Other(_) => return None,
        })
    }

    /// The type of a name, as it stands in a request.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|datatype| datatype.word() == word)
    }

    /// The name in requests, answers and metadata.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::UInt8 => "UINT8",
            Self::UInt16 => "UINT16",
            Self::UInt32 => "UINT32",
            Self::UInt64 => "UINT64",
            Self::Int8 => "INT8",
            Self::Int16 => "INT16",
            Self::Int32 => "INT32",
            Self::Int64 => "INT64",
            Self::Fp16 => "FP16",
            Self::Fp32 => "FP32",
            Self::Fp64 => "FP64",
            Self::Bytes => "BYTES",
        }
    }

    /// The name in a model configuration of Triton.
    pub fn config_word(self) -> &'static str {
        match self {
            Self::Bool => "TYPE_BOOL",
            Self::UInt8 => "TYPE_UINT8",
            Self::UInt16 => "TYPE_UINT16",
            Self::UInt32 => "TYPE_UINT32",
            Self::UInt64 => "TYPE_UINT64",
            Self::Int8 => "TYPE_INT8",
            Self::Int16 => "TYPE_INT16",
            Self::Int32 => "TYPE_INT32",
            Self::Int64 => "TYPE_INT64",
            Self::Fp16 => "TYPE_FP16",
            Self::Fp32 => "TYPE_FP32",
            Self::Fp64 => "TYPE_FP64",
            Self::Bytes => "TYPE_STRING",
        }
    }

    /// Bytes of one value in a binary tensor; `None` for texts, which bring their own length.
    pub fn size(self) -> Option<usize> {
        match self {
            Self::Bool | Self::UInt8 | Self::Int8 => Some(1),
            Self::UInt16 | Self::Int16 | Self::Fp16 => Some(2),
            Self::UInt32 | Self::Int32 | Self::Fp32 => Some(4),
            Self::UInt64 | Self::Int64 | Self::Fp64 => Some(8),
            Self::Bytes => None,
        }
    }
}
