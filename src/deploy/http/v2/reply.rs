//! An answer, as JSON or as JSON with binary tensors behind it.

use std::ops::Range;

use super::request::Wanted;
use super::{Datatype, binary, half};
use crate::deploy::serve::call::Answer;
use crate::model::tensor::{NamedTensor, TensorData};

/// An answer as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Bytes of the JSON part, for the header `Inference-Header-Content-Length`; `None` when all of it is JSON.
    pub header_length: Option<usize>,
    /// The body.
    pub body: Vec<u8>,
}

/// Writes an answer as it is wanted. A number that is none, or infinite, becomes null in JSON.
pub fn render(answer: &Answer, wanted: &Wanted) -> Rendered {
    let chosen: Vec<(&NamedTensor, bool)> = answer
        .outputs
        .iter()
        .filter_map(|output| {
            let asked = wanted.outputs.iter().find(|asked| asked.name == output.name);
            let binary = asked.and_then(|asked| asked.binary).unwrap_or(wanted.binary);
            (wanted.outputs.is_empty() || asked.is_some()).then_some((output, binary))
        })
        .collect();
    let room: usize = chosen
        .iter()
        .map(|(output, binary)| output.name.len() + 120 + if *binary { 0 } else { output.tensor.data().len() * 12 })
        .sum();
    let mut body = Vec::with_capacity(room + 200);
    let mut tail =
        Vec::with_capacity(chosen.iter().filter(|(_, b)| *b).map(|(o, _)| binary::size(o.tensor.data())).sum());
    body.extend_from_slice(b"{\"model_name\":");
    json(&mut body, &*answer.model);
    body.extend_from_slice(b",\"model_version\":");
    json(&mut body, &*answer.version);
    body.extend_from_slice(b",\"id\":");
    json(&mut body, &*answer.id);
    body.extend_from_slice(b",\"outputs\":[");
    for (at, (output, binary)) in chosen.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        let data = output.tensor.data();
        body.extend_from_slice(b"{\"name\":");
        json(&mut body, &*output.name);
        body.extend_from_slice(b",\"shape\":");
        json(&mut body, output.tensor.shape());
        body.extend_from_slice(b",\"datatype\":\"");
        body.extend_from_slice(Datatype::of(&data.dtype()).map_or("", Datatype::word).as_bytes());
        if *binary {
            let before = tail.len();
            binary::write(data, &mut tail);
            body.extend_from_slice(b"\",\"parameters\":{\"binary_data_size\":");
            json(&mut body, &(tail.len() - before));
            body.extend_from_slice(b"}}");
        } else {
            body.extend_from_slice(b"\",\"data\":");
            write_values(data, 0..data.len(), &mut body);
            body.push(b'}');
        }
    }
    body.extend_from_slice(b"]}");
    let header_length = chosen.iter().any(|(_, binary)| *binary).then_some(body.len());
    body.append(&mut tail);
    Rendered { header_length, body }
}

/// Appends some of the values as a flat JSON list, or null when they are not there.
pub fn write_values(data: &TensorData, range: Range<usize>, out: &mut Vec<u8>) {
    each(data, |values| values.write_all(range, out));
}

/// Appends one value as JSON, or null when it is not there.
pub fn write_value(data: &TensorData, at: usize, out: &mut Vec<u8>) {
    each(data, |values| values.write_one(at, out));
}

/// Values of one type that can be written as JSON.
trait Writable {
    fn write_all(&self, range: Range<usize>, out: &mut Vec<u8>);
    fn write_one(&self, at: usize, out: &mut Vec<u8>);
}

impl<T: serde::Serialize> Writable for Vec<T> {
    fn write_all(&self, range: Range<usize>, out: &mut Vec<u8>) {
        json(out, &self.get(range));
    }

    fn write_one(&self, at: usize, out: &mut Vec<u8>) {
        json(out, &self.get(at));
    }
}

/// 16-bit decimal numbers, which are kept as bits.
struct Halves<'a>(&'a [u16]);

impl Writable for Halves<'_> {
    fn write_all(&self, range: Range<usize>, out: &mut Vec<u8>) {
        let numbers = self.0.get(range).map(|bits| bits.iter().map(|bits| half::to_f32(*bits)).collect::<Vec<f32>>());
        json(out, &numbers);
    }

    fn write_one(&self, at: usize, out: &mut Vec<u8>) {
        json(out, &self.0.get(at).map(|bits| half::to_f32(*bits)));
    }
}

fn each(data: &TensorData, write: impl FnOnce(&dyn Writable)) {
    match data {
        TensorData::Bool(values) => write(values),
        TensorData::UInt8(values) => write(values),
        TensorData::UInt16(values) => write(values),
        TensorData::UInt32(values) => write(values),
        TensorData::UInt64(values) => write(values),
        TensorData::Int8(values) => write(values),
        TensorData::Int16(values) => write(values),
        TensorData::Int32(values) => write(values),
        TensorData::Int64(values) => write(values),
        TensorData::Float16(values) => write(&Halves(values)),
        TensorData::Float32(values) => write(values),
        TensorData::Float64(values) => write(values),
        TensorData::Text(values) => write(values),
    }
}

fn json<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Writing numbers and texts into memory cannot fail.
    serde_json::to_writer(&mut *out, value).ok();
}
