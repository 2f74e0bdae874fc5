//! Where a model's outputs are read from: the runtime's own values, or tensors that were kept.

use std::borrow::Cow;

use ort::session::SessionOutputs;
use ort::value::{DynValue, TensorElementType, ValueType};

use super::feed::Batch;
use crate::model::error::ModelError;
use crate::model::tensor::{NamedTensor, Tensor, TensorData};

/// The cells of an output that holds one label a row.
#[derive(Debug)]
pub(super) enum LabelCells<'o> {
    Int64(&'o [i64]),
    Int32(&'o [i32]),
    Int16(&'o [i16]),
    Int8(&'o [i8]),
    UInt32(&'o [u32]),
    UInt16(&'o [u16]),
    UInt8(&'o [u8]),
    Bool(&'o [bool]),
    Text(Cow<'o, [String]>),
}

impl LabelCells<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Int64(cells) => cells.len(),
            Self::Int32(cells) => cells.len(),
            Self::Int16(cells) => cells.len(),
            Self::Int8(cells) => cells.len(),
            Self::UInt32(cells) => cells.len(),
            Self::UInt16(cells) => cells.len(),
            Self::UInt8(cells) => cells.len(),
            Self::Bool(cells) => cells.len(),
            Self::Text(cells) => cells.len(),
        }
    }
}

/// A model's outputs by name.
pub(super) trait Outputs {
    /// Copies the batch's rows of a number output and returns its width. With `wide`, they go there instead, in full
    /// precision.
    fn matrix(
        &self,
        name: &str,
        batch: &Batch,
        cells: &mut Vec<f32>,
        wide: Option<&mut Vec<f64>>,
    ) -> Result<usize, ModelError>;

    /// The cells of a label output, those of added rows included.
    fn labels(&self, name: &str, batch: &Batch) -> Result<LabelCells<'_>, ModelError>;

    /// The runtime's value, where there is one.
    fn value(&self, name: &str) -> Option<&DynValue>;

    /// What is wrong with an output that has another type or shape than it should.
    fn wrong(&self, name: &str, batch: &Batch) -> ModelError;
}

fn error(name: &str, found: String, batch: &Batch) -> ModelError {
    ModelError::OutputShape { output: name.to_owned(), found, rows: batch.fed }
}

/// The width of a matrix of so many cells; `None` when they do not divide into the rows.
fn width_of(cells: usize, batch: &Batch) -> Option<usize> {
    (batch.fed > 0 && cells.is_multiple_of(batch.fed)).then(|| cells / batch.fed)
}

fn copy_f32(data: &[f32], take: usize, cells: &mut Vec<f32>, wide: Option<&mut Vec<f64>>) {
    let data = data.iter().take(take);
    match wide {
        Some(wide) => wide.extend(data.map(|x| f64::from(*x))),
        None => cells.extend(data),
    }
}

fn copy_f64(data: &[f64], take: usize, cells: &mut Vec<f32>, wide: Option<&mut Vec<f64>>) {
    let data = data.iter().take(take);
    match wide {
        Some(wide) => wide.extend(data),
        None => cells.extend(data.map(|x| *x as f32)),
    }
}

impl Outputs for SessionOutputs<'_> {
    fn matrix(
        &self,
        name: &str,
        batch: &Batch,
        cells: &mut Vec<f32>,
        wide: Option<&mut Vec<f64>>,
    ) -> Result<usize, ModelError> {
        let wrong = || self.wrong(name, batch);
        let value = self.get(name).ok_or_else(wrong)?;
        let ValueType::Tensor { ty, .. } = value.dtype() else { return Err(wrong()) };
        cells.clear();
        match ty {
            TensorElementType::Float32 => {
                let (_, data) = value.try_extract_tensor::<f32>().map_err(|_error| wrong())?;
                let width = width_of(data.len(), batch).ok_or_else(wrong)?;
                copy_f32(data, batch.len() * width, cells, wide);
                Ok(width)
            }
            TensorElementType::Float64 => {
                let (_, data) = value.try_extract_tensor::<f64>().map_err(|_error| wrong())?;
                let width = width_of(data.len(), batch).ok_or_else(wrong)?;
                copy_f64(data, batch.len() * width, cells, wide);
                Ok(width)
            }
            _ => Err(wrong()),
        }
    }

    fn labels(&self, name: &str, batch: &Batch) -> Result<LabelCells<'_>, ModelError> {
        let wrong = || self.wrong(name, batch);
        let value = self.get(name).ok_or_else(wrong)?;
        let ValueType::Tensor { ty, .. } = value.dtype() else { return Err(wrong()) };
        macro_rules! cells {
            ($variant:ident, $t:ty) => {
                LabelCells::$variant(value.try_extract_tensor::<$t>().map_err(|_error| wrong())?.1)
            };
        }
        Ok(match ty {
            TensorElementType::Int64 => cells!(Int64, i64),
            TensorElementType::Int32 => cells!(Int32, i32),
            TensorElementType::Int16 => cells!(Int16, i16),
            TensorElementType::Int8 => cells!(Int8, i8),
            TensorElementType::Uint32 => cells!(UInt32, u32),
            TensorElementType::Uint16 => cells!(UInt16, u16),
            TensorElementType::Uint8 => cells!(UInt8, u8),
            TensorElementType::Bool => cells!(Bool, bool),
            TensorElementType::String => {
                LabelCells::Text(Cow::Owned(value.try_extract_strings().map_err(|_error| wrong())?.1))
            }
            _ => return Err(wrong()),
        })
    }

    fn value(&self, name: &str) -> Option<&DynValue> {
        self.get(name)
    }

    fn wrong(&self, name: &str, batch: &Batch) -> ModelError {
        error(name, self.get(name).map_or_else(|| "nothing".to_owned(), |value| value.dtype().to_string()), batch)
    }
}

fn named<'o>(outputs: &'o [NamedTensor], name: &str) -> Option<&'o Tensor> {
    outputs.iter().find(|output| *output.name == *name).map(|output| &output.tensor)
}

impl Outputs for [NamedTensor] {
    fn matrix(
        &self,
        name: &str,
        batch: &Batch,
        cells: &mut Vec<f32>,
        wide: Option<&mut Vec<f64>>,
    ) -> Result<usize, ModelError> {
        let wrong = || self.wrong(name, batch);
        let tensor = named(self, name).ok_or_else(wrong)?;
        let width = width_of(tensor.data().len(), batch).ok_or_else(wrong)?;
        cells.clear();
        match tensor.data() {
            TensorData::Float32(data) => copy_f32(data, batch.len() * width, cells, wide),
            TensorData::Float64(data) => copy_f64(data, batch.len() * width, cells, wide),
            _ => return Err(wrong()),
        }
        Ok(width)
    }

    fn labels(&self, name: &str, batch: &Batch) -> Result<LabelCells<'_>, ModelError> {
        let wrong = || self.wrong(name, batch);
        Ok(match named(self, name).ok_or_else(wrong)?.data() {
            TensorData::Int64(cells) => LabelCells::Int64(cells),
            TensorData::Int32(cells) => LabelCells::Int32(cells),
            TensorData::Int16(cells) => LabelCells::Int16(cells),
            TensorData::Int8(cells) => LabelCells::Int8(cells),
            TensorData::UInt32(cells) => LabelCells::UInt32(cells),
            TensorData::UInt16(cells) => LabelCells::UInt16(cells),
            TensorData::UInt8(cells) => LabelCells::UInt8(cells),
            TensorData::Bool(cells) => LabelCells::Bool(cells),
            TensorData::Text(cells) => LabelCells::Text(Cow::Borrowed(cells)),
            _ => return Err(wrong()),
        })
    }

    fn value(&self, _name: &str) -> Option<&DynValue> {
        None
    }

    fn wrong(&self, name: &str, batch: &Batch) -> ModelError {
        let found = named(self, name)
            .map_or_else(|| "nothing".to_owned(), |tensor| format!("{} {:?}", tensor.data().dtype(), tensor.shape()));
        error(name, found, batch)
    }
}
