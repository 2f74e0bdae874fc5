//! What each kind of cell loses in each type, and that mapping, filling and unseen categories are counted.

use super::*;
use crate::data::NoWatch;
use crate::model::signature::Port;

fn loss_of(values: Values, dtype: DType, prepare: impl FnOnce(&mut Binding), known: &[&str]) -> InputLoss {
    let table = Table::new(vec![Column::new("c", values)]).unwrap();
    let mut binding = Binding::default();
    binding.set("in", "c");
    prepare(&mut binding);
    let port = Port { name: "in".to_owned(), dtype, shape: vec![None, Some(1)] };
    let inspection = Inspection { inputs: vec![port], ..Inspection::default() };
    let mut categories = BTreeMap::new();
    if !known.is_empty() {
        categories.insert("in".to_owned(), known.iter().map(|k| (*k).to_owned()).collect());
    }
    losses_in(&table, &binding, &inspection, &categories, &NoWatch).unwrap().remove(0)
}

fn plain(values: Values, dtype: DType) -> InputLoss {
    loss_of(values, dtype, |_| {}, &[])
}

#[test]
fn numbers_that_become_others_are_counted() {
    let floats = || Values::Float(vec![0.1, 1e300, 1e-300, f64::NAN, -5.0]);
    let loss = plain(floats(), DType::Float32);
    assert_eq!((loss.inexact, loss.left_missing, loss.skipped_rows), (2, 1, 0));
    assert_eq!(loss.examples.len(), 2);
    assert!(plain(floats(), DType::Float64).is_nothing());
    let ints = || Values::ints(vec![16_777_216, 16_777_217, 9_007_199_254_740_993, -3]);
    assert_eq!(plain(ints(), DType::Float32).inexact, 2);
    assert_eq!(plain(ints(), DType::Float64).inexact, 1);
    assert!(plain(ints(), DType::Int64).is_nothing());
    assert_eq!(plain(ints(), DType::Int8).skipped_rows, 3);
}

#[test]
fn missing_values_are_filled_left_or_skip_their_row() {
    let gaps = || Values::Int { values: vec![1, 0, 0], valid: Some(vec![true, false, false]) };
    assert_eq!(plain(gaps(), DType::Int64).skipped_rows, 2);
    assert_eq!(plain(gaps(), DType::Float32).left_missing, 2);
    let filled = loss_of(
        gaps(),
        DType::Int64,
        |b| {
            b.set_fill("in", Some(Fill::Number(0.0)));
        },
        &[],
    );
    assert_eq!((filled.filled, filled.skipped_rows, filled.left_missing), (2, 0, 0));
    let blanks = Values::text([Some(" "), None, Some("2")]);
    assert_eq!(plain(blanks.clone(), DType::Float32).left_missing, 2);
    // A blank text is a text to a model that takes texts.
    assert_eq!(plain(blanks, DType::String).left_missing, 1);
}

#[test]
fn mapped_and_unseen_texts_are_counted_by_cell() {
    let texts = || Values::text([Some("male"), Some("f"), Some("male"), None, Some("x"), Some("x")]);
    let map = |binding: &mut Binding| {
        assert!(binding.set_map("in", "male", Some("m".to_owned())));
        assert!(binding.set_map("in", "f", Some("f".to_owned())), "the same text is no mapping");
        assert!(!binding.set_map("other", "f", None));
    };
    let loss = loss_of(texts(), DType::String, map, &["m", "f"]);
    assert_eq!((loss.mapped, loss.unseen, loss.left_missing), (2, 2, 1));
    assert_eq!(loss.examples, ["x"]);
    assert_eq!(
        loss.sentence().as_deref(),
        Some("Input “in”, of 6 rows: 2 mapped, 2 never seen by the model, such as “x”.")
    );
    assert_eq!(loss_of(texts(), DType::String, |_| {}, &["m", "f"]).unseen, 4);
    assert_eq!(loss_of(texts(), DType::String, |_| {}, &[]).unseen, 0);
    let numbers = loss_of(
        Values::text([Some("three"), Some("4"), Some("five")]),
        DType::Float32,
        |b| {
            b.set_map("in", "three", Some("3".to_owned()));
        },
        &[],
    );
    assert_eq!((numbers.mapped, numbers.skipped_rows), (1, 1));
    assert_eq!(numbers.examples, ["five"]);
}

#[test]
fn other_values_written_as_text_are_counted() {
    let loss = plain(Values::Float(vec![1.0, f64::NAN, 2.5]), DType::String);
    assert_eq!((loss.written_as_text, loss.left_missing), (2, 1));
    assert_eq!(plain(Values::Bool(vec![0, 1, 2]), DType::String).written_as_text, 2);
}

#[test]
fn chunks_add_up_to_the_whole() {
    let values = |range: std::ops::Range<usize>| {
        let all = [1.0, 2.5, f64::NAN, 4.0, 1e300, 6.0];
        Values::Float(all[range].to_vec())
    };
    let whole = plain(values(0..6), DType::Int64);
    let mut chunks = vec![plain(values(0..2), DType::Int64)];
    add_losses(&mut chunks, vec![plain(values(2..6), DType::Int64)]);
    assert_eq!(chunks, [whole]);
    add_losses(&mut chunks, vec![InputLoss { input: "other".to_owned(), ..InputLoss::default() }]);
    assert_eq!(chunks.len(), 2);
    assert_eq!(InputLoss::default().sentence(), None);
}

#[test]
fn a_mapping_makes_texts_fit_and_is_kept_in_json() {
    let table = Table::new(vec![Column::new("c", Values::text([Some("one"), Some("2")]))]).unwrap();
    let port = Port { name: "in".to_owned(), dtype: DType::Float32, shape: vec![None, Some(1)] };
    let inspection = Inspection { inputs: vec![port], ..Inspection::default() };
    let mut binding = Binding::default();
    binding.set("in", "c");
    assert!(binding.settle(&inspection, &table).iter().any(|p| p.blocks && p.rows_only));
    let plain = serde_json::to_string(&binding).unwrap();
    assert!(!plain.contains("map"), "bindings without a mapping keep their bytes and so their hash");
    binding.set_map("in", "one", Some("1".to_owned()));
    assert!(binding.settle(&inspection, &table).is_empty());
    binding.set("in", "c");
    let json = serde_json::to_string(&binding).unwrap();
    assert!(json.contains(r#""map":{"one":"1"}"#), "{json}");
    assert_eq!(serde_json::from_str::<Binding>(&json).unwrap(), binding);
    assert_eq!(serde_json::from_str::<Binding>(&plain).unwrap().inputs[0].map, BTreeMap::new());
    binding.set_map("in", "one", None);
    assert_eq!(serde_json::to_string(&binding).unwrap(), plain.replace("\"none\"", "\"text_to_number\""));
}
