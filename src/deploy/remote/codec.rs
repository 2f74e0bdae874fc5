//! The client's side of the Open Inference Protocol: inputs to a JSON body, and an answer's JSON to outputs.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value;

use crate::model::tensor::{NamedTensor, Tensor, TensorData};

/// The body of a request.
///
/// # Errors
/// When an input has values that JSON has no words for: NaN, infinity, or 16-bit decimals.
pub(super) fn body(id: &str, inputs: &[NamedTensor]) -> Result<String, String> {
    let mut text = String::with_capacity(64 + inputs.iter().map(|i| i.tensor.data().len() * 8).sum::<usize>());
    write!(text, "{{\"id\":{},\"inputs\":[", quoted(id)).ok();
    for (place, input) in inputs.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        let shape: Vec<String> = input.tensor.shape().iter().map(ToString::to_string).collect();
        write!(
            text,
            "{{\"name\":{},\"shape\":[{}],\"datatype\":\"{}\",\"data\":[",
            quoted(&input.name),
            shape.join(","),
            datatype(input.tensor.data())
        )
        .ok();
        data(&mut text, input)?;
        text.push_str("]}");
    }
    text.push_str("]}");
    Ok(text)
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn datatype(data: &TensorData) -> &'static str {
    match data {
        TensorData::Bool(_) => "BOOL",
        TensorData::UInt8(_) => "UINT8",
        TensorData::UInt16(_) => "UINT16",
        TensorData::UInt32(_) => "UINT32",
        TensorData::UInt64(_) => "UINT64",
        TensorData::Int8(_) => "INT8",
        TensorData::Int16(_) => "INT16",
        TensorData::Int32(_) => "INT32",
        TensorData::Int64(_) => "INT64",
        TensorData::Float16(_) => "FP16",
        TensorData::Float32(_) => "FP32",
        TensorData::Float64(_) => "FP64",
        TensorData::Text(_) => "BYTES",
    }
}

fn join<T: std::fmt::Display>(text: &mut String, values: &[T]) {
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        write!(text, "{value}").ok();
    }
}

fn data(text: &mut String, input: &NamedTensor) -> Result<(), String> {
    let finite = |all: bool| {
        let sentence = format!(
            "Input “{}” has a missing or infinite number, which cannot be sent as JSON. Set what stands in for missing \
             values in the binding.",
            input.name
        );
        if all { Ok(()) } else { Err(sentence) }
    };
    match input.tensor.data() {
        TensorData::Bool(v) => join(text, v),
        TensorData::UInt8(v) => join(text, v),
        TensorData::UInt16(v) => join(text, v),
        TensorData::UInt32(v) => join(text, v),
        TensorData::UInt64(v) => join(text, v),
        TensorData::Int8(v) => join(text, v),
        TensorData::Int16(v) => join(text, v),
        TensorData::Int32(v) => join(text, v),
        TensorData::Int64(v) => join(text, v),
        TensorData::Float32(v) => {
            finite(v.iter().all(|v| v.is_finite()))?;
            join(text, v);
        }
        TensorData::Float64(v) => {
            finite(v.iter().all(|v| v.is_finite()))?;
            join(text, v);
        }
        TensorData::Float16(_) => {
            return Err(format!("Input “{}” takes 16-bit decimals, which cannot be sent as JSON.", input.name));
        }
        TensorData::Text(v) => {
            let words: Vec<String> = v.iter().map(|word| quoted(word)).collect();
            join(text, &words);
        }
    }
    Ok(())
}

/// The outputs of an answer; `rows` were asked.
///
/// # Errors
/// When it is no answer of the protocol, or does not hold one row for each that was asked.
pub(super) fn outputs(body: &[u8], rows: usize) -> Result<Vec<NamedTensor>, String> {
    let answer: Value = serde_json::from_slice(body).map_err(|error| format!("its answer is no JSON: {error}"))?;
    let listed = answer.get("outputs").and_then(Value::as_array).ok_or("its answer has no list “outputs”")?;
    listed.iter().map(|output| one(output, rows)).collect()
}

fn one(output: &Value, rows: usize) -> Result<NamedTensor, String> {
    let name = output.get("name").and_then(Value::as_str).ok_or("an output has no name")?;
    let wrong = |what: &str| format!("output “{name}” {what}");
    let shape = output.get("shape").and_then(Value::as_array).ok_or_else(|| wrong("has no shape"))?;
    let shape: Option<Vec<usize>> =
        shape.iter().map(|size| size.as_u64().and_then(|size| usize::try_from(size).ok())).collect();
    let shape = shape.ok_or_else(|| wrong("has a shape that is no list of sizes"))?;
    let mut flat = Vec::new();
    flatten(output.get("data").ok_or_else(|| wrong("has no data"))?, &mut flat, 0)
        .ok_or_else(|| wrong("is nested too deeply"))?;
    let word = output.get("datatype").and_then(Value::as_str).unwrap_or_default();
    let data = values(word, &flat).ok_or_else(|| wrong(&format!("has values that are no “{word}”")))?;
    let tensor = Tensor::new(shape, data).ok_or_else(|| wrong("does not have as many values as its shape says"))?;
    if tensor.rows() != rows {
        return Err(wrong(&format!("has {} rows where {rows} were asked", tensor.rows())));
    }
    Ok(NamedTensor { name: Arc::from(name), tensor })
}

/// Nested lists as one; a depth that no tensor has is refused.
fn flatten<'a>(data: &'a Value, flat: &mut Vec<&'a Value>, depth: usize) -> Option<()> {
    match data {
        Value::Array(inner) if depth < 16 => inner.iter().try_for_each(|value| flatten(value, flat, depth + 1)),
        Value::Array(_) => None,
        value => {
            flat.push(value);
            Some(())
        }
    }
}

fn values(datatype: &str, flat: &[&Value]) -> Option<TensorData> {
    fn whole<T: TryFrom<i64>>(flat: &[&Value]) -> Option<Vec<T>> {
        flat.iter().map(|v| v.as_i64().and_then(|v| T::try_from(v).ok())).collect()
    }
    let decimal =
        || flat.iter().map(|v| if v.is_null() { Some(f64::NAN) } else { v.as_f64() }).collect::<Option<Vec<_>>>();
    Some(match datatype {
        "BOOL" => TensorData::Bool(
            flat.iter().map(|v| v.as_bool().or_else(|| v.as_i64().map(|v| v != 0))).collect::<Option<_>>()?,
        ),
        "UINT8" => TensorData::UInt8(whole(flat)?),
        "UINT16" => TensorData::UInt16(whole(flat)?),
        "UINT32" => TensorData::UInt32(whole(flat)?),
        "UINT64" => TensorData::UInt64(flat.iter().map(|v| v.as_u64()).collect::<Option<_>>()?),
        "INT8" => TensorData::Int8(whole(flat)?),
        "INT16" => TensorData::Int16(whole(flat)?),
        "INT32" => TensorData::Int32(whole(flat)?),
        "INT64" => TensorData::Int64(whole(flat)?),
        "FP32" => TensorData::Float32(decimal()?.into_iter().map(|v| v as f32).collect()),
        "FP64" => TensorData::Float64(decimal()?),
        "BYTES" => TensorData::Text(flat.iter().map(|v| v.as_str().map(ToOwned::to_owned)).collect::<Option<_>>()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, shape: Vec<usize>, data: TensorData) -> NamedTensor {
        NamedTensor { name: name.into(), tensor: Tensor::new(shape, data).unwrap() }
    }

    #[test]
    fn what_is_sent_comes_back_as_it_was() {
        let all = [
            named("a", vec![2, 1], TensorData::Float32(vec![0.1, -3.5e-20])),
            named("b", vec![2], TensorData::Int64(vec![i64::MIN, i64::MAX])),
            named("ü \"", vec![2], TensorData::Text(vec!["é\n".to_owned(), String::new()])),
            named("c", vec![2], TensorData::Bool(vec![true, false])),
            named("d", vec![2], TensorData::UInt64(vec![u64::MAX, 0])),
        ];
        let sent = body("x", &all).unwrap();
        let answered = sent.replacen("inputs", "outputs", 1);
        assert_eq!(outputs(answered.as_bytes(), 2).unwrap(), all);
        let missing = [named("a", vec![1], TensorData::Float32(vec![f32::NAN]))];
        assert!(body("x", &missing).unwrap_err().contains("“a”"));
    }

    #[test]
    fn an_answer_that_is_not_one_is_said_what_is_wrong_with_it() {
        let output = |shape: &str, datatype: &str, data: &str| {
            format!(
                "{{\"outputs\":[{{\"name\":\"p\",\"shape\":{shape},\"datatype\":\"{datatype}\",\"data\":{data}}}]}}"
            )
        };
        let why = |text: String| outputs(text.as_bytes(), 2).unwrap_err();
        assert!(why("<html>".to_owned()).contains("no JSON"));
        assert!(why("{}".to_owned()).contains("outputs"));
        assert!(why(output("[3]", "FP32", "[1,2]")).contains("as many values"));
        assert!(why(output("[1,2]", "FP32", "[1,2]")).contains("1 rows where 2"));
        assert!(why(output("[2]", "INT8", "[1,300]")).contains("INT8"));
        assert!(why(output("[-2]", "FP32", "[1,2]")).contains("sizes"));
        assert_eq!(outputs(output("[2,2]", "FP64", "[[1,2],[3,4]]").as_bytes(), 2).unwrap()[0].tensor.width(), 2);
    }
}
