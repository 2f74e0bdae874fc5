//! What is written is read back, for every type, in both forms.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::model::signature::{DType, Port};
use crate::model::tensor::{NamedTensor, Tensor, TensorData};

/// Values of any type; decimal numbers are finite, as JSON knows no others.
fn any_data() -> impl Strategy<Value = TensorData> {
    use prop::collection::vec;
    let rows = 1..40_usize;
    let half = any::<u16>().prop_filter("finite", |bits| half::to_f32(*bits).is_finite());
    prop_oneof![
        vec(any::<bool>(), rows.clone()).prop_map(TensorData::Bool),
        vec(any::<u8>(), rows.clone()).prop_map(TensorData::UInt8),
        vec(any::<u16>(), rows.clone()).prop_map(TensorData::UInt16),
        vec(any::<u32>(), rows.clone()).prop_map(TensorData::UInt32),
        vec(any::<u64>(), rows.clone()).prop_map(TensorData::UInt64),
        vec(any::<i8>(), rows.clone()).prop_map(TensorData::Int8),
        vec(any::<i16>(), rows.clone()).prop_map(TensorData::Int16),
        vec(any::<i32>(), rows.clone()).prop_map(TensorData::Int32),
        vec(any::<i64>(), rows.clone()).prop_map(TensorData::Int64),
        vec(half, rows.clone()).prop_map(TensorData::Float16),
        vec(any::<f32>().prop_filter("finite", |x| x.is_finite()), rows.clone()).prop_map(TensorData::Float32),
        vec(any::<f64>().prop_filter("finite", |x| x.is_finite()), rows.clone()).prop_map(TensorData::Float64),
        vec("[^\0]{0,12}", rows).prop_map(TensorData::Text),
    ]
}

fn port(name: &str, dtype: DType) -> Port {
    Port { name: name.to_owned(), dtype, shape: vec![None, Some(1)] }
}

fn named(name: &str, data: TensorData) -> NamedTensor {
    NamedTensor { name: Arc::from(name), tensor: Tensor::new(vec![data.len(), 1], data).unwrap() }
}

/// The request that sends what an answer gave back.
fn echoed(tensors: Vec<NamedTensor>, binary: bool) -> (Option<usize>, Vec<u8>) {
    let answer = crate::deploy::serve::call::Answer {
        id: Arc::from("a"),
        model: Arc::from("m"),
        version: Arc::from("1"),
        outputs: tensors,
        latency: std::time::Duration::ZERO,
    };
    let rendered = render(&answer, &Wanted { outputs: Vec::new(), binary });
    let length = rendered.header_length.unwrap_or(rendered.body.len());
    let (json, tail) = rendered.body.split_at(length);
    let json = std::str::from_utf8(json).unwrap().replace("\"outputs\":", "\"inputs\":");
    let body = [json.as_bytes(), tail].concat();
    (rendered.header_length.map(|_| json.len()), body)
}

proptest! {
    #[test]
    fn an_answer_sent_back_as_a_request_has_the_same_values(first in any_data(), binary: bool) {
        let second = TensorData::Text((0..first.len()).map(|n| format!("ü{n}\n\"")).collect());
        let ports = [port("a", first.dtype()), port("b", second.dtype())];
        let tensors = vec![named("a", first), named("b", second)];
        let (header, body) = echoed(tensors.clone(), binary);
        prop_assert_eq!(header.is_some(), binary);
        let infer = parse_infer(header, &body, &ports).unwrap();
        prop_assert_eq!(infer.inputs, tensors);
        prop_assert_eq!(infer.id.as_deref(), Some("a"));
    }

    #[test]
    fn a_torn_or_changed_request_is_refused_or_read_but_never_more(
        data in any_data(), binary: bool, cut in any::<prop::sample::Index>(), byte: u8, claimed in 0..100_000_usize,
    ) {
        let ports = [port("a", data.dtype())];
        let (header, mut body) = echoed(vec![named("a", data)], binary);
        let at = cut.index(body.len());
        prop_assert!(header.is_none() || parse_infer(Some(claimed.max(body.len() + 1)), &body, &ports).is_err());
        parse_infer(Some(claimed), &body, &ports).ok();
        prop_assert!(parse_infer(header, &body[..at], &ports).is_err());
        body[at] = byte;
        parse_infer(header, &body, &ports).ok();
    }

    #[test]
    fn any_bytes_are_survived(header in prop::option::of(0..64_usize), body in prop::collection::vec(any::<u8>(), 0..200)) {
        for dtype in [DType::Float32, DType::String, DType::Int64] {
            parse_infer(header, &body, &[port("a", dtype)]).ok();
        }
    }

    #[test]
    fn numbers_are_the_nearest_ones(x: f64) {
        prop_assume!(x.is_finite());
        let body = format!(r#"{{"inputs":[{{"name":"a","datatype":"FP64","shape":[1],"data":[{x:e}]}}]}}"#);
        let infer = parse_infer(None, body.as_bytes(), &[port("a", DType::Float64)]).unwrap();
        prop_assert_eq!(infer.inputs[0].tensor.data(), &TensorData::Float64(vec![x]));
    }
}
