//! Requests as clients send them, and every way in which they are wrong.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::deploy::serve::call::{Answer, Refusal};
use crate::model::signature::{DType, Port};
use crate::model::tensor::{NamedTensor, Tensor, TensorData};

fn port(name: &str, dtype: DType, shape: &[Option<i64>]) -> Port {
    Port { name: name.to_owned(), dtype, shape: shape.to_vec() }
}

fn x() -> Vec<Port> {
    vec![port("x", DType::Float32, &[None, Some(2)])]
}

fn body(input: &str) -> String {
    format!(r#"{{"inputs":[{input}]}}"#)
}

/// The field and the reason of a refusal.
fn refused(request: &str, ports: &[Port]) -> (String, String) {
    refused_bytes(None, request.as_bytes(), ports)
}

fn refused_bytes(header: Option<usize>, request: &[u8], ports: &[Port]) -> (String, String) {
    match parse_infer(header, request, ports) {
        Err(Refusal::BadInput { field, why }) => (field, why),
        other => panic!("{other:?} for {:?}", String::from_utf8_lossy(request)),
    }
}

fn taken(request: &str, ports: &[Port]) -> Vec<NamedTensor> {
    parse_infer(None, request.as_bytes(), ports).unwrap().inputs
}

fn f32s(tensor: &NamedTensor) -> &[f32] {
    match tensor.tensor.data() {
        TensorData::Float32(values) => values,
        other => panic!("{other:?}"),
    }
}

#[test]
fn flat_and_nested_values_are_the_same_request() {
    for data in ["[1, 2.5, -3e0, 4]", "[[1,2.5],[-3,4]]", " [ [ 1 , 2.5 ] ,\n[ -3.0 , 4 ] ] "] {
        let inputs = taken(&body(&format!(r#"{{"name":"x","shape":[2,2],"datatype":"FP32","data":{data}}}"#)), &x());
        assert_eq!(f32s(&inputs[0]), [1.0, 2.5, -3.0, 4.0], "{data}");
        assert_eq!(inputs[0].tensor.shape(), [2, 2]);
    }
}

#[test]
fn keys_stand_in_any_order_and_unknown_ones_are_stepped_over() {
    let request = r#"{"outputs":[{"name":"y","parameters":{"binary_data":false}}],"x":[{"]":"}\""}],
        "inputs":[{"data":[1,2],"extra":null,"shape":[1,2],"parameters":{"a":{"b":[1]}},"datatype":"FP32","name":"\u0078"}],
        "id":"7ü","parameters":{"timeout":1500,"sticky":12,"priority":3,"headers":{"a":1}}}"#;
    let infer = parse_infer(None, request.as_bytes(), &x()).unwrap();
    assert_eq!(infer.id.as_deref(), Some("7ü"));
    assert_eq!(infer.timeout, Some(Duration::from_micros(1500)));
    assert_eq!(infer.sticky.as_deref(), Some("12"));
    assert_eq!(infer.wanted.outputs, [WantedOutput { name: Arc::from("y"), binary: Some(false) }]);
    assert_eq!(f32s(&infer.inputs[0]), [1.0, 2.0]);
}

#[test]
fn a_column_is_taken_as_n_and_as_n_by_1() {
    for (model, expected) in [(vec![None], vec![3]), (vec![None, Some(1)], vec![3, 1]), (vec![None, None], vec![3, 1])]
    {
        let ports = [port("x", DType::Int64, &model)];
        for (shape, data) in [("[3]", "[1,2,3]"), ("[3,1]", "[[1],[2],[3]]"), ("[3,1]", "[1,2,3]")] {
            let request = body(&format!(r#"{{"name":"x","shape":{shape},"datatype":"INT64","data":{data}}}"#));
            let inputs = taken(&request, &ports);
            assert_eq!(inputs[0].tensor.shape(), expected, "{shape} for {model:?}");
            assert_eq!(inputs[0].tensor.data(), &TensorData::Int64(vec![1, 2, 3]));
        }
    }
}

#[test]
fn every_type_is_read_from_json() {
    let cases = [
        (DType::Bool, "[true,false,1]", TensorData::Bool(vec![true, false, true])),
        (DType::UInt8, "[0,255,-0]", TensorData::UInt8(vec![0, 255, 0])),
        (DType::UInt16, "[0,65535,7.0]", TensorData::UInt16(vec![0, 65535, 7])),
        (DType::UInt32, "[0,4294967295,1e2]", TensorData::UInt32(vec![0, u32::MAX, 100])),
        (DType::UInt64, "[0,18446744073709551615,1]", TensorData::UInt64(vec![0, u64::MAX, 1])),
        (DType::Int8, "[-128,127,-0.0]", TensorData::Int8(vec![-128, 127, 0])),
        (DType::Int16, "[-32768,32767,0]", TensorData::Int16(vec![i16::MIN, i16::MAX, 0])),
        (DType::Int32, "[-2147483648,2147483647,0]", TensorData::Int32(vec![i32::MIN, i32::MAX, 0])),
        (DType::Int64, "[-9223372036854775808,9223372036854775807,0]", TensorData::Int64(vec![i64::MIN, i64::MAX, 0])),
        (DType::Float16, "[1,-2,0.5]", TensorData::Float16(vec![0x3c00, 0xc000, 0x3800])),
        (DType::Float32, "[0.1,1e-46,-0]", TensorData::Float32(vec![0.1, 0.0, -0.0])),
        (DType::Float64, "[0.1,1e308,5e-324]", TensorData::Float64(vec![0.1, 1e308, 5e-324])),
        (
            DType::String,
            r#"["a","\u00fc\n","日本"]"#,
            TensorData::Text(vec!["a".to_owned(), "ü\n".to_owned(), "日本".to_owned()]),
        ),
    ];
    for (dtype, data, expected) in cases {
        let word = Datatype::of(&dtype).unwrap().word();
        let ports = [port("x", dtype, &[None])];
        let request = body(&format!(r#"{{"name":"x","shape":[3],"datatype":"{word}","data":{data}}}"#));
        assert_eq!(taken(&request, &ports)[0].tensor.data(), &expected, "{word}");
    }
}

#[test]
fn null_is_a_missing_decimal_number_and_nothing_else() {
    let inputs = taken(&body(r#"{"name":"x","shape":[1,2],"datatype":"FP32","data":[null,1]}"#), &x());
    assert!(f32s(&inputs[0])[0].is_nan());
    let whole = [port("x", DType::Int64, &[None])];
    let (field, why) = refused(&body(r#"{"name":"x","shape":[1],"datatype":"INT64","data":[null]}"#), &whole);
    assert_eq!(field, "x");
    assert!(why.contains("“null” stands where a whole number belongs"), "{why}");
}

#[test]
fn values_that_do_not_fit_are_refused_by_the_name_of_the_input() {
    let cases = [
        ("FP32", DType::Float32, "[NaN]", "“NaN” stands where a number"),
        ("FP32", DType::Float32, "[Infinity]", "“Infinity” stands"),
        ("FP32", DType::Float32, "[-Infinity]", "“-Infinity” stands"),
        ("FP32", DType::Float32, "[1e39]", "1e39 is beyond the range of FP32"),
        ("FP64", DType::Float64, "[1e999]", "beyond the range of FP64"),
        ("FP16", DType::Float16, "[65520]", "beyond the range of FP16"),
        ("FP32", DType::Float32, "[\"1\"]", "a text stands where a number"),
        ("FP32", DType::Float32, "[true]", "“true” stands where a number"),
        ("FP32", DType::Float32, "[01]", "“01” stands"),
        ("FP32", DType::Float32, "[1.]", "“1.” stands"),
        ("FP32", DType::Float32, "[.5]", "“.5” stands"),
        ("FP32", DType::Float32, "[+1]", "“+1” stands"),
        ("FP32", DType::Float32, "[0x10]", "“0x10” stands"),
        ("FP32", DType::Float32, "[{}]", "“{” stands"),
        ("FP32", DType::Float32, "[]", "0 values where the shape has 1"),
        ("FP32", DType::Float32, "[1,2]", "more than 1 values where the shape has 1"),
        ("FP32", DType::Float32, "[1,]", "more than 1 values"),
        ("FP32", DType::Float32, "[1 2]", "“2” stands where “,” or “]” belongs"),
        ("FP32", DType::Float32, "[[1]]", "“[” stands"),
        ("FP32", DType::Float32, "3", "where a list belongs"),
        ("INT8", DType::Int8, "[128]", "128 is beyond the range of INT8"),
        ("UINT8", DType::UInt8, "[-1]", "-1 is beyond the range of UINT8"),
        ("UINT8", DType::UInt8, "[256.0]", "beyond the range of UINT8"),
        ("INT64", DType::Int64, "[1.5]", "“1.5” where a whole number belongs"),
        ("INT64", DType::Int64, "[1e30]", "beyond the range of INT64"),
        ("UINT64", DType::UInt64, "[18446744073709551616]", "beyond the range of UINT64"),
        ("BOOL", DType::Bool, "[2]", "where true or false belongs"),
        ("BOOL", DType::Bool, "[\"true\"]", "where true or false belongs"),
        ("BYTES", DType::String, "[1]", "where a text in quotation marks belongs"),
        ("BYTES", DType::String, r#"["a\u0000b"]"#, "NUL"),
        ("BYTES", DType::String, r#"["\q"]"#, "an escape that JSON does not know"),
        ("BYTES", DType::String, "[\"a\nb\"]", "a control character"),
    ];
    for (word, dtype, data, expected) in cases {
        let ports = [port("größe", dtype, &[None])];
        let request = body(&format!(r#"{{"name":"größe","shape":[1],"datatype":"{word}","data":{data}}}"#));
        let (field, why) = refused(&request, &ports);
        assert!(why.contains(expected), "{data}: {why}");
        assert!(field == "größe" || data == "3", "{data}: {field}");
    }
    let ragged = body(r#"{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,2],[3]]}"#);
    assert!(refused(&ragged, &x()).1.contains("1 values where the shape has 2"));
    let short = body(r#"{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,2]]}"#);
    assert!(refused(&short, &x()).1.contains("1 lists where the shape has 2"));
    let long = body(r#"{"name":"x","shape":[1,2],"datatype":"FP32","data":[[1,2],[3,4]]}"#);
    assert!(refused(&long, &x()).1.contains("more than 1 lists"));
    let second = body(r#"{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,NaN]}"#);
    assert!(refused(&second, &x()).1.contains("(value 1, counted from 0), at byte"));
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let cases = [
        ("[2,3]", "the shape [2, 3] does not fit FP32 [-1, 2]"),
        ("[2]", "does not fit"),
        ("[]", "does not fit"),
        ("[1,2,1]", "does not fit"),
        ("[0,2]", "holds no values"),
        ("[4294967296,4294967296]", "beyond what any machine holds"),
        ("[9223372036854775807,3]", "beyond what any machine holds"),
        ("[1000000000000,2]", "values where the shape has 2000000000000"),
    ];
    for (shape, expected) in cases {
        let request = body(&format!(r#"{{"name":"x","shape":{shape},"datatype":"FP32","data":[1,2]}}"#));
        let (field, why) = refused(&request, &x());
        assert!(why.contains(expected), "{shape}: {why}");
        assert_eq!(field, "x");
    }
    for shape in ["[-1,2]", "[1.5,2]", "[99999999999999999999,2]", "[\"1\",2]", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"] {
        let request = body(&format!(r#"{{"name":"x","shape":{shape},"datatype":"FP32","data":[1,2]}}"#));
        let (field, why) = refused(&request, &x());
        assert!(field == "body" && why.contains("shape") || why.contains("size of an axis"), "{shape}: {field}: {why}");
    }
    let two = [port("a", DType::Float32, &[None]), port("b", DType::Float32, &[None])];
    let request = body(
        r#"{"name":"b","shape":[1],"datatype":"FP32","data":[1]},{"name":"a","shape":[2],"datatype":"FP32","data":[1,2]}"#,
    );
    assert!(refused(&request, &two).1.contains("1 rows, and “a” has 2"));
}

#[test]
fn names_and_types_that_do_not_fit_are_refused() {
    let cases = [
        (r#"{"name":"z","shape":[1,2],"datatype":"FP32","data":[1,2]}"#, "z", "no such input. It has “x”"),
        (r#"{"shape":[1,2],"datatype":"FP32","data":[1,2]}"#, "inputs", "has no name"),
        (r#"{"name":"x","shape":[1,2],"data":[1,2]}"#, "x", "no “datatype”"),
        (r#"{"name":"x","datatype":"FP32","data":[1,2]}"#, "x", "no “shape”"),
        (r#"{"name":"x","shape":[1,2],"datatype":"FP64","data":[1,2]}"#, "x", "is FP64, and the model wants FP32"),
        (r#"{"name":"x","shape":[1,2],"datatype":"float","data":[1,2]}"#, "x", "none of BOOL"),
        (r#"{"name":"x","shape":[1,2],"datatype":"FP32"}"#, "x", "neither “data” nor"),
        (
            r#"{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8},"data":[1,2]}"#,
            "x",
            "has both",
        ),
        (r#"{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}"#, "x", "no header"),
        (
            r#"{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"shared_memory_region":"r"}}"#,
            "x",
            "not offered",
        ),
        ("", "x", "is missing"),
    ];
    for (input, field, why) in cases {
        let (got_field, got_why) = refused(&body(input), &x());
        assert!(got_field == field && got_why.contains(why), "{input}: {got_field}: {got_why}");
    }
    let twice = r#"{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}"#;
    assert!(refused(&body(&format!("{twice},{twice}")), &x()).1.contains("twice"));
}

#[test]
fn what_is_no_request_is_refused() {
    let long_id = format!(r#"{{"id":"{}","inputs":[]}}"#, "a".repeat(600));
    for request in [
        "",
        "null",
        "[]",
        "{",
        "{}",
        "{\"inputs\"",
        "{\"inputs\":[",
        "{\"inputs\":{}}",
        "{\"inputs\":[]} x",
        "{\"inputs\":[],\"inputs\":[]}",
        "{\"inputs\":[],\"id\":7}",
        "{\"inputs\":[],\"id\":\"a\\u0000\"}",
        "{\"inputs\":[],\"outputs\":[{}]}",
        "{\"inputs\":[],\"parameters\":{\"timeout\":-1}}",
        "{\"inputs\":[],\"parameters\":{\"binary_data_output\":1}}",
        &long_id,
    ] {
        let (field, why) = refused(request, &x());
        assert!(field == "body" && why.contains("at byte"), "{field}: {why}");
    }
    let deep = format!(r#"{{"a":{}1{},"inputs":[]}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(refused(&deep, &x()).1.contains("missing"), "a deep value that means nothing is stepped over");
    assert!(refused_bytes(None, b"{\"inputs\":[{\"name\":\"\xff\"}]}", &x()).1.contains("not UTF-8 at byte 20"));
}

fn with_binary(json: &str, tail: &[u8]) -> (Option<usize>, Vec<u8>) {
    (Some(json.len()), [json.as_bytes(), tail].concat())
}

#[test]
fn binary_tensors_follow_in_the_order_of_the_request() {
    let ports = [port("x", DType::Float32, &[None]), port("s", DType::String, &[None])];
    let json = body(
        r#"{"name":"s","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":11}},
           {"name":"x","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}}"#,
    );
    let tail =
        [&[1, 0, 0, 0, b'a', 2, 0, 0, 0][..], "ü".as_bytes(), &f32::NAN.to_le_bytes(), &f32::INFINITY.to_le_bytes()]
            .concat();
    let (header, request) = with_binary(&json, &tail);
    let inputs = parse_infer(header, &request, &ports).unwrap().inputs;
    assert!(f32s(&inputs[0])[0].is_nan() && f32s(&inputs[0])[1].is_infinite());
    assert_eq!(inputs[1].tensor.data(), &TensorData::Text(vec!["a".to_owned(), "ü".to_owned()]));
    for (length, tail) in [(header, [&tail[..], b"x"].concat()), (header, tail[..18].to_vec())] {
        let request = [json.as_bytes(), &tail].concat();
        let (_field, why) = refused_bytes(length, &request, &ports);
        assert!(why.contains("bytes are left"), "{why}");
    }
}

#[test]
fn binary_tensors_that_lie_are_refused() {
    let input = |size: &str| {
        body(&format!(r#"{{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{{"binary_data_size":{size}}}}}"#))
    };
    for (size, expected) in [
        ("4", "4 bytes were sent where 2 values of FP32 take 4 bytes each"),
        ("9", "binary_data_size is 9, and 8 bytes are left"),
        ("18446744073709551615", "8 bytes are left"),
        ("99999999999999999999999", "whole number from 0"),
        ("-1", "whole number from 0"),
        ("0", "0 bytes were sent"),
    ] {
        let (header, request) = with_binary(&input(size), &[0; 8]);
        let (_field, why) = refused_bytes(header, &request, &x());
        assert!(why.contains(expected), "{size}: {why}");
    }
    let (_header, request) = with_binary(&input("8"), &[0; 8]);
    let (field, why) = refused_bytes(Some(usize::MAX), &request, &x());
    assert!(field == "Inference-Header-Content-Length" && why.contains("and the body has"), "{field}: {why}");
    let texts = [port("s", DType::String, &[None])];
    for (shape, tail, expected) in [
        ("[1]", &[255, 255, 255, 255, b'a'][..], "end within value 0"),
        ("[1]", &[1, 0, 0, 0, 0xff], "is not UTF-8 at byte 0"),
        ("[1]", &[1, 0, 0, 0, 0], "NUL"),
        ("[4611686018427387904]", &[0, 0, 0, 0], "end within value 1"),
        ("[1]", &[0, 0, 0, 0, 0], "1 bytes are left"),
    ] {
        let json = body(&format!(
            r#"{{"name":"s","shape":{shape},"datatype":"BYTES","parameters":{{"binary_data_size":{}}}}}"#,
            tail.len()
        ));
        let (header, request) = with_binary(&json, tail);
        let (field, why) = refused_bytes(header, &request, &texts);
        assert!(field == "s" && why.contains(expected), "{why}");
    }
    let flags = [port("b", DType::Bool, &[None])];
    let json = body(r#"{"name":"b","shape":[1],"datatype":"BOOL","parameters":{"binary_data_size":1}}"#);
    let (header, request) = with_binary(&json, &[2]);
    assert!(refused_bytes(header, &request, &flags).1.contains("neither the byte 0 nor the byte 1"));
}

#[test]
fn a_raw_body_is_the_values_of_the_only_input() {
    let values: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let infer = parse_infer(Some(0), &values, &x()).unwrap();
    assert_eq!(infer.inputs[0].tensor.shape(), [2, 2]);
    assert!(infer.wanted.binary);
    let text = parse_infer(Some(0), "grün".as_bytes(), &[port("s", DType::String, &[None, Some(1)])]).unwrap();
    assert_eq!(text.inputs[0].tensor.data(), &TensorData::Text(vec!["grün".to_owned()]));
    assert_eq!(text.inputs[0].tensor.shape(), [1, 1]);
    assert!(refused_bytes(Some(0), &values[..12], &x()).1.contains("no whole number of rows"));
    assert!(refused_bytes(Some(0), &[], &x()).1.contains("no whole number of rows"));
    assert!(refused_bytes(Some(0), &values, &[]).1.contains("0 means a body"));
    let huge = [port("x", DType::Float32, &[None, Some(i64::MAX), Some(i64::MAX)])];
    assert!(refused_bytes(Some(0), &values, &huge).1.contains("no whole number of rows"));
    let open = [port("x", DType::Float32, &[None, None])];
    assert!(refused_bytes(Some(0), &values, &open).1.contains("leaves one open"));
}

fn answer() -> Answer {
    let label = Tensor::new(vec![2], TensorData::Text(vec!["a\"".to_owned(), "ü".to_owned()])).unwrap();
    let score = Tensor::new(vec![2, 1], TensorData::Float32(vec![0.1, f32::NAN])).unwrap();
    Answer {
        id: Arc::from("r1"),
        model: Arc::from("m"),
        version: Arc::from("2"),
        outputs: vec![
            NamedTensor { name: Arc::from("label"), tensor: label },
            NamedTensor { name: Arc::from("score"), tensor: score },
        ],
        latency: Duration::ZERO,
    }
}

#[test]
fn an_answer_is_written_as_json() {
    let rendered = render(&answer(), &Wanted::default());
    assert_eq!(rendered.header_length, None);
    assert_eq!(
        String::from_utf8(rendered.body).unwrap(),
        r#"{"model_name":"m","model_version":"2","id":"r1","outputs":[{"name":"label","shape":[2],"datatype":"BYTES","data":["a\"","ü"]},{"name":"score","shape":[2,1],"datatype":"FP32","data":[0.1,null]}]}"#
    );
}

#[test]
fn outputs_are_chosen_and_binary_where_they_are_asked_for() {
    let wanted = Wanted { outputs: vec![WantedOutput { name: Arc::from("score"), binary: None }], binary: true };
    let rendered = render(&answer(), &wanted);
    let length = rendered.header_length.unwrap();
    let (json, tail) = rendered.body.split_at(length);
    assert!(std::str::from_utf8(json).unwrap().contains(r#""parameters":{"binary_data_size":8}}]}"#));
    assert_eq!(tail[..4], 0.1_f32.to_le_bytes());
    let both = Wanted {
        outputs: vec![
            WantedOutput { name: Arc::from("label"), binary: Some(true) },
            WantedOutput { name: Arc::from("score"), binary: None },
        ],
        binary: false,
    };
    let rendered = render(&answer(), &both);
    let (json, tail) = rendered.body.split_at(rendered.header_length.unwrap());
    assert!(std::str::from_utf8(json).unwrap().contains(r#""data":[0.1,null]"#));
    assert_eq!(tail, [2, 0, 0, 0, b'a', b'"', 2, 0, 0, 0, 0xc3, 0xbc]);
    let outputs = [port("label", DType::String, &[None])];
    assert!(matches!(both.check(&outputs), Err(Refusal::BadInput { field, .. }) if field == "score"));
}
