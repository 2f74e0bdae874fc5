//! Numbers, texts and tensors to bytes and back; little-endian.

use crate::model::signature::DType;
use crate::model::tensor::{NamedTensor, Tensor, TensorData};

pub(super) fn put_u32(out: &mut Vec<u8>, value: usize) {
    // What is longer is refused as a whole by the frame, whose limit is far below.
    out.extend_from_slice(&u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes());
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_u32(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// The bytes of many numbers at once, in a loop that the compiler turns into a copy.
fn put_all<const N: usize, T: Copy>(out: &mut Vec<u8>, values: &[T], bytes: impl Fn(T) -> [u8; N]) {
    let start = out.len();
    out.resize(start + values.len() * N, 0);
    for (place, value) in out.split_at_mut(start).1.chunks_exact_mut(N).zip(values) {
        place.copy_from_slice(&bytes(*value));
    }
}

const CODES: [(u8, DType); 13] = [
    (1, DType::Bool),
    (2, DType::UInt8),
    (3, DType::UInt16),
    (4, DType::UInt32),
    (5, DType::UInt64),
    (6, DType::Int8),
    (7, DType::Int16),
    (8, DType::Int32),
    (9, DType::Int64),
    (10, DType::Float16),
    (11, DType::Float32),
    (12, DType::Float64),
    (13, DType::String),
];

pub(super) fn put_tensor(out: &mut Vec<u8>, named: &NamedTensor) {
    put_text(out, &named.name);
    let data = named.tensor.data();
    let dtype = data.dtype();
    out.push(CODES.iter().find(|(_, known)| *known == dtype).map_or(0, |(code, _)| *code));
    put_u32(out, named.tensor.shape().len());
    for size in named.tensor.shape() {
        out.extend_from_slice(&(*size as u64).to_le_bytes());
    }
    match data {
        TensorData::Bool(values) => out.extend(values.iter().map(|value| u8::from(*value))),
        TensorData::UInt8(values) => out.extend_from_slice(values),
        TensorData::UInt16(values) | TensorData::Float16(values) => put_all(out, values, u16::to_le_bytes),
        TensorData::UInt32(values) => put_all(out, values, u32::to_le_bytes),
        TensorData::UInt64(values) => put_all(out, values, u64::to_le_bytes),
        TensorData::Int8(values) => put_all(out, values, i8::to_le_bytes),
        TensorData::Int16(values) => put_all(out, values, i16::to_le_bytes),
        TensorData::Int32(values) => put_all(out, values, i32::to_le_bytes),
        TensorData::Int64(values) => put_all(out, values, i64::to_le_bytes),
        TensorData::Float32(values) => put_all(out, values, f32::to_le_bytes),
        TensorData::Float64(values) => put_all(out, values, f64::to_le_bytes),
        TensorData::Text(values) => values.iter().for_each(|text| put_text(out, text)),
    }
}

/// Bytes that are taken from the front; `None` when they end too early or make no sense.
pub(super) struct Take<'a>(pub(super) &'a [u8]);

impl<'a> Take<'a> {
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<usize> {
        self.array().map(|bytes| u32::from_le_bytes(bytes) as usize)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.u32()?;
        std::str::from_utf8(self.bytes(length)?).ok()
    }

    fn all<const N: usize, T>(&mut self, count: usize, read: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
        let bytes = self.bytes(count.checked_mul(N)?)?;
        Some(bytes.chunks_exact(N).filter_map(|piece| piece.try_into().ok()).map(read).collect())
    }

    pub(super) fn tensor(&mut self) -> Option<NamedTensor> {
        let name = self.text()?.into();
        let code = self.u8()?;
        let axes = self.u32()?;
        let shape: Vec<usize> = self.all(axes, u64::from_le_bytes)?.into_iter().map(|size| size as usize).collect();
        let count = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size))?;
        let (_, dtype) = CODES.iter().find(|(known, _)| *known == code)?;
        let data = match dtype {
            DType::Bool => TensorData::Bool(self.all(count, |[byte]: [u8; 1]| byte != 0)?),
            DType::UInt8 => TensorData::UInt8(self.bytes(count)?.to_vec()),
            DType::UInt16 => TensorData::UInt16(self.all(count, u16::from_le_bytes)?),
            DType::UInt32 => TensorData::UInt32(self.all(count, u32::from_le_bytes)?),
            DType::UInt64 => TensorData::UInt64(self.all(count, u64::from_le_bytes)?),
            DType::Int8 => TensorData::Int8(self.all(count, i8::from_le_bytes)?),
            DType::Int16 => TensorData::Int16(self.all(count, i16::from_le_bytes)?),
            DType::Int32 => TensorData::Int32(self.all(count, i32::from_le_bytes)?),
            DType::Int64 => TensorData::Int64(self.all(count, i64::from_le_bytes)?),
            DType::Float16 => TensorData::Float16(self.all(count, u16::from_le_bytes)?),
            DType::Float32 => TensorData::Float32(self.all(count, f32::from_le_bytes)?),
            DType::Float64 => TensorData::Float64(self.all(count, f64::from_le_bytes)?),
            DType::String => {
                TensorData::Text((0..count).map(|_| self.text().map(str::to_owned)).collect::<Option<_>>()?)
            }
            _ => return None,
        };
        Some(NamedTensor { name, tensor: Tensor::new(shape, data)? })
    }
}
