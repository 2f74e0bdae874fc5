//! Tensors as little-endian bytes, in and out.

use super::datatype::Datatype;
use crate::model::tensor::TensorData;

/// Reads exactly `count` values from exactly these bytes.
///
/// # Errors
/// Half a sentence on what does not fit.
pub(super) fn read(datatype: Datatype, bytes: &[u8], count: usize) -> Result<TensorData, String> {
    if let Some(size) = datatype.size()
        && count.checked_mul(size) != Some(bytes.len())
    {
        let word = datatype.word();
        return Err(format!("{} bytes were sent where {count} values of {word} take {size} bytes each", bytes.len()));
    }
    macro_rules! numbers {
        ($variant:ident, $type:ty) => {
            TensorData::$variant(bytes.as_chunks().0.iter().map(|value| <$type>::from_le_bytes(*value)).collect())
        };
    }
    Ok(match datatype {
        Datatype::Bool => {
            if let Some(at) = bytes.iter().position(|byte| *byte > 1) {
                return Err(format!("value {at}, counted from 0, is neither the byte 0 nor the byte 1"));
            }
            TensorData::Bool(bytes.iter().map(|byte| *byte == 1).collect())
        }
        Datatype::UInt8 => TensorData::UInt8(bytes.to_vec()),
        Datatype::UInt16 => numbers!(UInt16, u16),
        Datatype::UInt32 => numbers!(UInt32, u32),
        Datatype::UInt64 => numbers!(UInt64, u64),
        Datatype::Int8 => numbers!(Int8, i8),
        Datatype::Int16 => numbers!(Int16, i16),
        Datatype::Int32 => numbers!(Int32, i32),
        Datatype::Int64 => numbers!(Int64, i64),
        Datatype::Fp16 => numbers!(Float16, u16),
        Datatype::Fp32 => numbers!(Float32, f32),
        Datatype::Fp64 => numbers!(Float64, f64),
        Datatype::Bytes => TensorData::Text(texts(bytes, count)?),
    })
}

/// Texts, each with its length in front.
fn texts(mut bytes: &[u8], count: usize) -> Result<Vec<String>, String> {
    let mut texts = Vec::with_capacity(count.min(bytes.len() / 4));
    while texts.len() < count {
        let at = texts.len();
        let torn = || format!("the bytes end within value {at}, counted from 0, of {count}");
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(torn)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (value, rest) = rest.split_at_checked(length).ok_or_else(torn)?;
        texts.push(text(value).map_err(|why| format!("value {at}, counted from 0, {why}"))?);
        bytes = rest;
    }
    if !bytes.is_empty() {
        return Err(format!("{} bytes are left after {count} values", bytes.len()));
    }
    Ok(texts)
}

/// A text that a model can take.
pub(super) fn text(bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("is not UTF-8 at byte {}", error.valid_up_to()))?;
    if text.contains('\0') {
        return Err("has a NUL character, which a model cannot take".to_owned());
    }
    Ok(text.to_owned())
}

/// Appends values as they stand in a binary tensor.
pub(super) fn write(data: &TensorData, out: &mut Vec<u8>) {
    macro_rules! numbers {
        ($values:expr) => {{
            // Room first and whole values after, which becomes one copy.
            let before = out.len();
            out.resize(before + size(data), 0);
            let room = out.get_mut(before..).unwrap_or_default().as_chunks_mut().0;
            for (place, value) in room.iter_mut().zip($values) {
                *place = value.to_le_bytes();
            }
        }};
    }
    match data {
        TensorData::Bool(values) => out.extend(values.iter().map(|value| u8::from(*value))),
        TensorData::UInt8(values) => out.extend_from_slice(values),
        TensorData::UInt16(values) | TensorData::Float16(values) => numbers!(values),
        TensorData::UInt32(values) => numbers!(values),
        TensorData::UInt64(values) => numbers!(values),
        TensorData::Int8(values) => numbers!(values),
        TensorData::Int16(values) => numbers!(values),
        TensorData::Int32(values) => numbers!(values),
        TensorData::Int64(values) => numbers!(values),
        TensorData::Float32(values) => numbers!(values),
        TensorData::Float64(values) => numbers!(values),
        TensorData::Text(values) => {
            for value in values {
                // A text of more than 4 GB cannot be told by the format; it is cut where a character ends.
                let longest = value.floor_char_boundary(u32::MAX as usize);
                let value = value.get(..longest).unwrap_or_default();
                out.extend((value.len() as u32).to_le_bytes());
                out.extend_from_slice(value.as_bytes());
            }
        }
    }
}

/// Bytes that [`write()`] appends.
pub(super) fn size(data: &TensorData) -> usize {
    match data {
        TensorData::Text(values) => values.iter().map(|value| value.len() + 4).sum(),
        other => Datatype::of(&other.dtype()).and_then(Datatype::size).unwrap_or(0) * other.len(),
    }
}
