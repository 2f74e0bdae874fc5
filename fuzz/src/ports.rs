//! Models whose inputs the fuzzed requests are read against.

use crate::model::signature::{DType, Port};

/// Inputs of several models, with every type and several shapes; a byte chooses.
pub fn of(choice: u8) -> Vec<Port> {
    let port = |name: &str, dtype: DType, shape: &[Option<i64>]| Port {
        name: name.to_owned(),
        dtype,
        shape: shape.to_vec(),
    };
    let types = [
        DType::Bool,
        DType::UInt8,
        DType::UInt16,
        DType::UInt32,
        DType::UInt64,
        DType::Int8,
        DType::Int16,
        DType::Int32,
        DType::Int64,
        DType::Float16,
        DType::Float32,
        DType::Float64,
        DType::String,
    ];
    let one = types.get(usize::from(choice) % types.len()).cloned().unwrap_or(DType::Float32);
    match choice / 16 % 5 {
        0 => vec![port("x", one, &[None])],
        1 => vec![port("x", one, &[None, Some(2)])],
        2 => vec![port("x", one, &[None, None]), port("s", DType::String, &[None, Some(1)])],
        3 => vec![port("x", one, &[])],
        _ => types.iter().map(|dtype| port(&dtype.to_string(), dtype.clone(), &[None, Some(1)])).collect(),
    }
}
