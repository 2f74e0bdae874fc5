//! Typed values with a shape, as a model takes them and gives them back.

use std::sync::Arc;

use super::signature::DType;

/// The values of a tensor, row after row.
#[derive(Clone, Debug, PartialEq)]
pub enum TensorData {
    /// True or false.
    Bool(Vec<bool>),
    /// Unsigned 8-bit whole numbers.
    UInt8(Vec<u8>),
    /// Unsigned 16-bit whole numbers.
    UInt16(Vec<u16>),
    /// Unsigned 32-bit whole numbers.
    UInt32(Vec<u32>),
    /// Unsigned 64-bit whole numbers.
    UInt64(Vec<u64>),
    /// Signed 8-bit whole numbers.
    Int8(Vec<i8>),
    /// Signed 16-bit whole numbers.
    Int16(Vec<i16>),
    /// Signed 32-bit whole numbers.
    Int32(Vec<i32>),
    /// Signed 64-bit whole numbers.
    Int64(Vec<i64>),
    /// 16-bit decimal numbers, as their bits.
    Float16(Vec<u16>),
    /// 32-bit decimal numbers.
    Float32(Vec<f32>),
    /// 64-bit decimal numbers.
    Float64(Vec<f64>),
    /// Texts.
    Text(Vec<String>),
}

/// Runs the same expression on the values of any type.
macro_rules! for_any {
    ($data:expr, $values:ident => $do:expr) => {
        match $data {
            TensorData::Bool($values) => $do,
            TensorData::UInt8($values) => $do,
            TensorData::UInt16($values) => $do,
            TensorData::UInt32($values) => $do,
            TensorData::UInt64($values) => $do,
            TensorData::Int8($values) => $do,
            TensorData::Int16($values) => $do,
            TensorData::Int32($values) => $do,
            TensorData::Int64($values) => $do,
            TensorData::Float16($values) => $do,
            TensorData::Float32($values) => $do,
            TensorData::Float64($values) => $do,
            TensorData::Text($values) => $do,
        }
    };
}

impl TensorData {
    /// How many values there are.
    pub fn len(&self) -> usize {
        for_any!(self, values => values.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their type in ONNX's words.
    pub fn dtype(&self) -> DType {
        match self {
            Self::Bool(_) => DType::Bool,
            Self::UInt8(_) => DType::UInt8,
            Self::UInt16(_) => DType::UInt16,
            Self::UInt32(_) => DType::UInt32,
            Self::UInt64(_) => DType::UInt64,
            Self::Int8(_) => DType::Int8,
            Self::Int16(_) => DType::Int16,
            Self::Int32(_) => DType::Int32,
            Self::Int64(_) => DType::Int64,
            Self::Float16(_) => DType::Float16,
            Self::Float32(_) => DType::Float32,
            Self::Float64(_) => DType::Float64,
            Self::Text(_) => DType::String,
        }
    }
}

/// Values with a shape; the product of the shape is the number of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    data: TensorData,
}

impl Tensor {
    /// A tensor of this shape; `None` when the shape does not hold exactly these values, or its product overflows.
    pub fn new(shape: Vec<usize>, data: TensorData) -> Option<Self> {
        let count = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size))?;
        (count == data.len()).then_some(Self { shape, data })
    }

    /// Its size along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its values, row after row.
    pub fn data(&self) -> &TensorData {
        &self.data
    }

    /// Gives it another shape for the same values; `false`, and nothing changed, when they are not as many.
    pub fn reshape(&mut self, shape: Vec<usize>) -> bool {
        let count = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        let fits = count == Some(self.data.len());
        if fits {
            self.shape = shape;
        }
        fits
    }

    /// Shape and values.
    pub fn into_parts(self) -> (Vec<usize>, TensorData) {
        (self.shape, self.data)
    }

    /// Its size along the first axis; 1 without axes.
    pub fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// Values a row: the product of the sizes after the first axis.
    pub fn width(&self) -> usize {
        self.shape.iter().skip(1).product()
    }
}

/// A tensor by the name of the model's input or output.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// The input or output.
    pub name: Arc<str>,
    /// Its values.
    pub tensor: Tensor,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_holds_exactly_its_values() {
        let six = || TensorData::Float32(vec![0.0; 6]);
        let tensor = Tensor::new(vec![2, 3], six()).unwrap();
        assert_eq!((tensor.rows(), tensor.width()), (2, 3));
        assert!(Tensor::new(vec![2, 2], six()).is_none());
        assert!(Tensor::new(vec![usize::MAX, 3], six()).is_none());
        assert_eq!(Tensor::new(Vec::new(), TensorData::Bool(vec![true])).map(|t| t.rows()), Some(1));
        assert_eq!(Tensor::new(vec![0, 3], TensorData::Text(Vec::new())).map(|t| t.rows()), Some(0));
    }
}
