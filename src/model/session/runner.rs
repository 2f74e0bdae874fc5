//! A loaded model that takes tensors and gives tensors, as a server needs it.

use std::borrow::Cow;
use std::sync::Arc;

use ort::session::{Session, SessionInputValue};
use ort::value::{
    DynMapValueType, DynSequenceValueType, DynValue, Tensor as OrtTensor, TensorElementType, TensorRef, ValueType,
};

use super::{SessionSettings, explain, load_without_maps};
use crate::model::error::ModelError;
use crate::model::fit;
use crate::model::inspect::ModelFile;
use crate::model::runtime::Runtime;
use crate::model::signature::{DType, Port};
use crate::model::stack;
use crate::model::tensor::{NamedTensor, Tensor, TensorData};

/// A loaded model. It belongs to one thread at a time.
///
/// Outputs come as tensors under the model's names. Where a model gives one map a row, from class to score, the maps
/// come as a matrix `[N,k]` of the classes' order.
#[derive(Debug)]
pub struct Runner {
    session: Session,
    ports: Vec<Port>,
    outputs: Vec<Arc<str>>,
    fixed: Option<usize>,
}

/// A model's outputs as a [`Runner`] gives them: maps as a matrix `[N,k]`.
pub fn served_outputs(file: &ModelFile) -> Vec<Port> {
    let classes = file.classes().map(|classes| classes.len() as i64);
    file.inspection
        .outputs
        .iter()
        .map(|port| match port.dtype {
            DType::Sequence(_) => {
                Port { name: port.name.clone(), dtype: DType::Float32, shape: vec![None, classes.filter(|k| *k > 0)] }
            }
            _ => port.clone(),
        })
        .collect()
}

impl Runner {
    /// Loads a model.
    ///
    /// # Errors
    /// When it cannot run, or the runtime refuses it.
    pub fn open(file: &ModelFile, settings: SessionSettings, runtime: &'static Runtime) -> Result<Self, ModelError> {
        match &file.inspection.refusal {
            // Such outputs cannot be measured, yet they can be given to a caller.
            None | Some(ModelError::NoUsableOutput { .. }) => {}
            Some(refusal) => return Err(refusal.clone()),
        }
        let is_maps = |port: &&Port| matches!(port.dtype, DType::Sequence(_));
        let maps = file.inspection.outputs.iter().find(is_maps).map(|port| port.name.as_str());
        let (session, cut) = load_without_maps(file, maps, settings, runtime)?;
        let mut ports = Vec::with_capacity(session.inputs().len());
        for outlet in session.inputs() {
            let port = file.inspection.inputs.iter().find(|port| port.name == outlet.name());
            let missing =
                || ModelError::UnsupportedInput { input: outlet.name().to_owned(), dtype: outlet.dtype().to_string() };
            ports.push(port.ok_or_else(missing)?.clone());
        }
        let name = |found: &str| match &cut {
            Some(cut) if cut.matrix == found => Arc::from(cut.maps.as_str()),
            _ => Arc::from(found),
        };
        let outputs = session.outputs().iter().map(|outlet| name(outlet.name())).collect();
        let fixed = ports.iter().find_map(Port::fixed_batch);
        Ok(Self { session, ports, outputs, fixed })
    }

    /// The inputs, in the order in which they are run.
    pub fn inputs(&self) -> &[Port] {
        &self.ports
    }

    /// Runs the model on all rows and gives all outputs, in the model's order.
    ///
    /// Inputs may come in any order. Where the model fixes its rows a call, it is called as often as needed, the last
    /// time with the last row repeated.
    ///
    /// # Errors
    /// When an input does not fit, the model fails, or an output is no tensor.
    pub fn run(&mut self, inputs: &[NamedTensor]) -> Result<Vec<NamedTensor>, ModelError> {
        let (inputs, rows) = if let Some(rows) = fit::rows_of(&self.ports, inputs) {
            (Cow::Borrowed(inputs), rows)
        } else {
            let mut mended = inputs.to_vec();
            let rows = fit::fit(&self.ports, &mut mended)
                .map_err(|misfit| ModelError::BadInput { input: misfit.input, why: misfit.why })?;
            (Cow::Owned(mended), rows)
        };
        match self.fixed {
            Some(size) if size != rows => self.run_in_parts(&inputs, rows, size),
            _ => self.run_at_once(&inputs, rows),
        }
    }

    fn run_in_parts(
        &mut self,
        inputs: &[NamedTensor],
        rows: usize,
        size: usize,
    ) -> Result<Vec<NamedTensor>, ModelError> {
        let failed = |reason: &str| ModelError::Run { first: 1, rows, reason: reason.to_owned() };
        let mut parts: Vec<Vec<NamedTensor>> = Vec::with_capacity(rows.div_ceil(size));
        for start in (0..rows).step_by(size) {
            let end = (start + size).min(rows);
            let part = inputs
                .iter()
                .map(|input| {
                    let tensor = stack::rows(&input.tensor, start..end, Some(size))?;
                    Some(NamedTensor { name: Arc::clone(&input.name), tensor })
                })
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| failed("an input has fewer rows than it says"))?;
            let mut given = self.run_at_once(&part, size)?;
            for output in &mut given {
                if output.tensor.rows() != size || output.tensor.shape().is_empty() {
                    return Err(wrong_rows(output, size));
                }
                if end - start < size {
                    output.tensor = stack::rows(&output.tensor, 0..end - start, None)
                        .ok_or_else(|| failed("an output has fewer rows than it says"))?;
                }
            }
            parts.push(given);
        }
        let Some(first) = parts.first() else { return Err(failed("there is no row")) };
        (0..first.len())
            .map(|at| {
                let name = first.get(at).map(|output| Arc::clone(&output.name))?;
                let own = parts.iter().filter_map(|part| part.get(at)).map(|output| &output.tensor);
                Some(NamedTensor { name, tensor: stack::concat(own)? })
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| failed("its outputs have another shape from call to call"))
    }

    fn run_at_once(&mut self, inputs: &[NamedTensor], rows: usize) -> Result<Vec<NamedTensor>, ModelError> {
        let failed = |error: &ort::Error| explain::run(error, 0, rows);
        let values = inputs.iter().map(value).collect::<Result<Vec<SessionInputValue<'_>>, _>>()?;
        let outputs = self.session.run(values.as_slice()).map_err(|error| failed(&error))?;
        self.outputs
            .iter()
            .zip(outputs.values())
            .map(|(name, value)| Ok(NamedTensor { name: Arc::clone(name), tensor: extract(name, &value, rows)? }))
            .collect()
    }
}

fn wrong_rows(output: &NamedTensor, rows: usize) -> ModelError {
    let found = format!("{} {:?}", output.tensor.data().dtype(), output.tensor.shape());
    ModelError::OutputShape { output: output.name.to_string(), found, rows }
}

/// A tensor as the runtime takes it, borrowed except for texts.
fn value(input: &NamedTensor) -> Result<SessionInputValue<'_>, ModelError> {
    let shape = input.tensor.shape();
    let refused = |error: ort::Error| ModelError::BadInput {
        input: input.name.to_string(),
        why: format!("The runtime refuses it: {}.", error.message().trim_end_matches('.')),
    };
    macro_rules! view {
        ($values:expr) => {
            TensorRef::from_array_view((shape, $values.as_slice())).map_err(refused)?.into()
        };
    }
    Ok(match input.tensor.data() {
        TensorData::Bool(values) => view!(values),
        TensorData::UInt8(values) => view!(values),
        TensorData::UInt16(values) => view!(values),
        TensorData::UInt32(values) => view!(values),
        TensorData::UInt64(values) => view!(values),
        TensorData::Int8(values) => view!(values),
        TensorData::Int16(values) => view!(values),
        TensorData::Int32(values) => view!(values),
        TensorData::Int64(values) => view!(values),
        TensorData::Float32(values) => view!(values),
        TensorData::Float64(values) => view!(values),
        TensorData::Text(values) => {
            // The runtime takes texts up to the first NUL only, so one inside would be cut silently.
            if let Some(row) = values.iter().position(|text| text.contains('\0')) {
                return Err(ModelError::BadInput {
                    input: input.name.to_string(),
                    why: format!("Text {} has a NUL character inside. Send it without.", row + 1),
                });
            }
            OrtTensor::from_string_array((shape, values.as_slice())).map_err(refused)?.into()
        }
        TensorData::Float16(_) => {
            return Err(ModelError::BadInput {
                input: input.name.to_string(),
                why: "Numbers of 16 bits cannot be fed. Export the model with float32 inputs.".to_owned(),
            });
        }
    })
}

fn extract(name: &str, value: &DynValue, rows: usize) -> Result<Tensor, ModelError> {
    let unsupported = || ModelError::UnsupportedOutput { output: name.to_owned(), found: value.dtype().to_string() };
    let (element, shape) = match value.dtype() {
        ValueType::Tensor { ty, shape, .. } => (*ty, shape),
        ValueType::Sequence(_) => return matrix_of_maps(value).ok_or_else(unsupported),
        _ => return Err(unsupported()),
    };
    let shape = shape.iter().map(|n| usize::try_from(*n).ok()).collect::<Option<Vec<usize>>>();
    macro_rules! copy {
        ($variant:ident, $t:ty) => {
            TensorData::$variant(value.try_extract_tensor::<$t>().map_err(|_error| unsupported())?.1.to_vec())
        };
    }
    let data = match element {
        TensorElementType::Float32 => copy!(Float32, f32),
        TensorElementType::Float64 => copy!(Float64, f64),
        TensorElementType::Int64 => copy!(Int64, i64),
        TensorElementType::Int32 => copy!(Int32, i32),
        TensorElementType::Int16 => copy!(Int16, i16),
        TensorElementType::Int8 => copy!(Int8, i8),
        TensorElementType::Uint64 => copy!(UInt64, u64),
        TensorElementType::Uint32 => copy!(UInt32, u32),
        TensorElementType::Uint16 => copy!(UInt16, u16),
        TensorElementType::Uint8 => copy!(UInt8, u8),
        TensorElementType::Bool => copy!(Bool, bool),
        TensorElementType::String => TensorData::Text(value.try_extract_strings().map_err(|_error| unsupported())?.1),
        _ => return Err(unsupported()),
    };
    shape.and_then(|shape| Tensor::new(shape, data)).ok_or_else(|| ModelError::OutputShape {
        output: name.to_owned(),
        found: value.dtype().to_string(),
        rows,
    })
}

/// One map a row as a matrix, in the order of the first map's keys, which is that of the classes.
fn matrix_of_maps(value: &DynValue) -> Option<Tensor> {
    let view = value.view().downcast::<DynSequenceValueType>().ok()?;
    let maps = view.try_extract_sequence::<DynMapValueType>().ok()?;
    let mut cells = Vec::new();
    macro_rules! fill {
        ($key:ty) => {{
            let mut keys: Vec<$key> = Vec::new();
            for (row, map) in maps.iter().enumerate() {
                let pairs = map.try_extract_key_values::<$key, f32>().ok()?;
                if row == 0 {
                    keys = pairs.iter().map(|(key, _)| key.clone()).collect();
                }
                let same = pairs.len() == keys.len() && pairs.iter().zip(&keys).all(|((own, _), key)| own == key);
                if !same {
                    return None;
                }
                cells.extend(pairs.iter().map(|(_, score)| *score));
            }
            keys.len()
        }};
    }
    let is_text =
        maps.first().is_some_and(|m| matches!(m.dtype(), ValueType::Map { key: TensorElementType::String, .. }));
    let width = if is_text { fill!(String) } else { fill!(i64) };
    Tensor::new(vec![maps.len(), width], TensorData::Float32(cells))
}
