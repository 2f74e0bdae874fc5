//! A row as the bodies of the requests that other programs would send.

use serde_json::{Value, json};

use super::view::TriedCalls;
use crate::data::{Table, Values};
use crate::deploy::remote::infer_body;
use crate::deploy::serve::Refusal;
use crate::model::tensor::NamedTensor;

/// The bodies of a table of one row, and of the inputs that were made of it.
pub(super) fn calls(id: &str, table: &Table, inputs: Result<&Vec<NamedTensor>, &Refusal>) -> TriedCalls {
    let tensors = inputs.ok().map(|inputs| infer_body(id, inputs));
    TriedCalls { tensors, split: Some(split(table)) }
}

/// `MLflow`'s form of a table: names of the columns, and the rows in their order.
fn split(table: &Table) -> String {
    let columns: Vec<&str> = table.columns().iter().map(|column| column.name.as_str()).collect();
    let rows: Vec<Vec<Value>> = (0..table.rows())
        .map(|row| {
            table
                .columns()
                .iter()
                .map(|column| match &column.values {
                    _ if column.is_missing(row) => Value::Null,
                    Values::Text { .. } => json!(column.display(row)),
                    _ => number(column.number(row)),
                })
                .collect()
        })
        .collect();
    json!({ "dataframe_split": { "columns": columns, "data": rows } }).to_string()
}

/// A whole number without decimals, as a person would write it.
fn number(value: Option<f64>) -> Value {
    match value {
        Some(value) if value.fract() == 0.0 && value.abs() < 9e15 => json!(value as i64),
        value => json!(value),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::data::Column;
    use crate::model::tensor::{Tensor, TensorData};

    #[test]
    fn a_row_is_written_in_both_forms() {
        let table = Table::new(vec![
            Column::new("age", Values::Float(vec![41.0])),
            Column::new("rate", Values::Float(vec![0.5])),
            Column::new("plan", Values::text([Some("„ä“")])),
            Column::new("gone", Values::Float(vec![f64::NAN])),
        ])
        .unwrap();
        let input = NamedTensor {
            name: Arc::from("x"),
            tensor: Tensor::new(vec![1, 2], TensorData::Float32(vec![41.0, 0.5])).unwrap(),
        };
        let made = calls("a", &table, Ok(&vec![input]));
        assert_eq!(
            made.split.unwrap(),
            r#"{"dataframe_split":{"columns":["age","rate","plan","gone"],"data":[[41,0.5,"„ä“",null]]}}"#
        );
        let expected = r#"{"id":"a","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[41,0.5]}]}"#;
        assert_eq!(made.tensors.unwrap().unwrap(), expected);
        let refused = Refusal::BadInput { field: "age".to_owned(), why: "It is missing.".to_owned() };
        assert_eq!(calls("a", &table, Err(&refused)).tensors, None);
    }
}
