use std::time::Duration;

use super::*;
use crate::model::tensor::{Tensor, TensorData};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn why(body: &str, columns: &[&str]) -> String {
    parse(body.as_bytes(), &names(columns)).unwrap_err().to_string()
}

#[test]
fn every_form_is_the_same_table() {
    let columns = names(&["a", "b"]);
    let expected = Table::new(vec![
        Column::new("a", Values::Float(vec![1.0, 2.5])),
        Column::new("b", Values::text([Some("x"), None])),
    ])
    .unwrap();
    for body in [
        r#"{"dataframe_split":{"index":[0,1],"columns":["a","b","unused"],"data":[[1,"x",{}],[2.5,null,[1]]]},"params":{}}"#,
        r#"{"dataframe_split":{"data":[[1,"x"],[2.5,null]],"columns":["a","b"]}}"#,
        r#"{"dataframe_records":[{"a":1,"b":"x","unused":true},{"b":null,"a":2.5}]}"#,
        r#"{"instances":[{"a":1,"b":"x"},{"a":2.5,"b":null}]}"#,
        r#"{"instances":[[1,"x"],[2.5,null]]}"#,
        r#"{"inputs":[[1,"x"],[2.5,null]]}"#,
        r#"{"inputs":{"a":[1,2.5],"b":["x",null],"unused":[7]}}"#,
        r#"{"inputs":{"a":[[1],[2.5]],"b":[["x"],[null]]}}"#,
    ] {
        let table = parse(body.as_bytes(), &columns).unwrap();
        let values = |name: &str| format!("{:?}", table.column(name).unwrap().values);
        for column in expected.columns() {
            assert_eq!(values(&column.name), format!("{:?}", column.values), "{body}");
        }
        assert_eq!(table.columns().len(), 2, "{body}");
    }
}

#[test]
fn kinds_follow_the_values() {
    let body = r#"{"dataframe_records":[{"t":null,"i":1,"n":null,"s":"a"},{"t":true,"i":null,"n":null,"s":"a"}]}"#;
    let table = parse(body.as_bytes(), &[]).unwrap();
    assert_eq!(table.column("t").unwrap().values, Values::Bool(vec![2, 1]));
    assert_eq!(table.column("i").unwrap().values, Values::Int { values: vec![1, 0], valid: Some(vec![true, false]) });
    assert_eq!(table.column("n").unwrap().missing_in(0..2), 2);
    assert_eq!(table.column("s").unwrap().values, Values::text([Some("a"), Some("a")]));
    assert_eq!(
        parse(br#"{"instances":[1,2]}"#, &names(&["x"])).unwrap().column("x").unwrap().values,
        Values::ints(vec![1, 2])
    );
}

#[test]
fn what_is_no_table_is_refused_with_its_place() {
    for (body, expected) in [
        ("{}", "none of dataframe_split"),
        ("[]", "“[” stands where “{” belongs"),
        (r#"{"instances":[]}"#, "the model needs this column"),
        (r#"{"inputs":{"a":[],"b":[]}}"#, "there is no row"),
        (r#"{"inputs":{"a":[1]}}"#, "“b”: the model needs this column"),
        (r#"{"inputs":{"a":[1],"b":[1,2]}}"#, "“b” has 2 values where another has 1"),
        (r#"{"inputs":{"a":[1],"a":[1]}}"#, "“a” is there twice"),
        (r#"{"instances":[[1,2,3]]}"#, "more than 2 values"),
        (r#"{"instances":[[1]]}"#, "no column “b”"),
        (r#"{"instances":[[1,2],{"a":1}]}"#, "records and rows"),
        (r#"{"instances":[{"c":1}]}"#, "none of the columns"),
        (r#"{"dataframe_records":[{"a":1},{"a":1,"b":2}]}"#, "“b” was not in every row"),
        (r#"{"dataframe_records":[{"a":1,"b":2},{"a":1}]}"#, "row 1, counted from 0: no column “b”"),
        (r#"{"dataframe_records":[{"a":1,"b":2},{"a":"x","b":2}]}"#, "“a” holds values of several kinds"),
        (r#"{"dataframe_records":[{"a":NaN,"b":2}]}"#, "“NaN” stands where a number, a text"),
        (r#"{"dataframe_records":[{"a":1e999,"b":2}]}"#, "beyond the range of FP64"),
        (r#"{"dataframe_split":{"columns":["a","b"]}}"#, "no “columns” or no “data”"),
        (r#"{"dataframe_split":{"columns":["a","a"],"data":[]}}"#, "“a” is there twice"),
        (r#"{"dataframe_split":{"columns":["a","b"],"data":[[1]]}}"#, "fewer values than columns"),
        (r#"{"dataframe_split":{"columns":["a"],"data":[[1,2]]}}"#, "more values than columns"),
        (r#"{"dataframe_split":3}"#, "“3” stands"),
        (r#"{"inputs":{"a":[1],"b":[2]},"instances":[]}"#, "a second form"),
        (r#"{"inputs":{"a":[1],"b":[2]}"#, "the text ends"),
    ] {
        let why = why(body, &["a", "b"]);
        assert!(why.contains(expected), "{body}: {why}");
    }
    assert!(parse(b"\xff", &[]).unwrap_err().to_string().contains("not UTF-8"));
    assert!(why(r#"{"instances":[[1]]}"#, &[]).contains("names no columns"));
}

fn answer(outputs: Vec<(&str, Vec<usize>, TensorData)>) -> Answer {
    let named = |(name, shape, data): (&str, Vec<usize>, TensorData)| NamedTensor {
        name: Arc::from(name),
        tensor: Tensor::new(shape, data).unwrap(),
    };
    Answer {
        id: Arc::from("i"),
        model: Arc::from("m"),
        version: Arc::from("1"),
        outputs: outputs.into_iter().map(named).collect(),
        latency: Duration::ZERO,
    }
}

#[test]
fn one_output_gives_values_and_more_give_records() {
    let text = |answer: &Answer| String::from_utf8(predictions(answer)).unwrap();
    let one = answer(vec![("y", vec![2, 1], TensorData::Float32(vec![0.5, f32::NAN]))]);
    assert_eq!(text(&one), r#"{"predictions":[0.5,null]}"#);
    let wide = answer(vec![("y", vec![2, 2], TensorData::Int64(vec![1, 2, 3, 4]))]);
    assert_eq!(text(&wide), r#"{"predictions":[[1,2],[3,4]]}"#);
    let two = answer(vec![
        ("label", vec![2], TensorData::Text(vec!["a".to_owned(), "b,\"".to_owned()])),
        ("p", vec![2, 2], TensorData::Float64(vec![0.25, 0.75, 1.0, 0.0])),
    ]);
    assert_eq!(text(&two), r#"{"predictions":[{"label":"a","p":[0.25,0.75]},{"label":"b,\"","p":[1.0,0.0]}]}"#);
}
