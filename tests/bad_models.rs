//! Model files that cannot be used, each with a sentence of its own and never a panic; odd ones that can.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use modeldeck::model::ModelFile;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models").join(name)
}

/// Why a file is refused, by reading it alone.
fn refusal(name: &str) -> Option<String> {
    match ModelFile::open(&fixture(name)) {
        Ok(file) => file.inspection.refusal.as_ref().map(ToString::to_string),
        Err(error) => Some(error.to_string()),
    }
}

#[test]
fn each_bad_file_gets_a_sentence_of_its_own() {
    let mut sentences = BTreeSet::new();
    let bad = [
        "not_onnx.onnx",
        "truncated.onnx",
        "empty.onnx",
        "ir_too_new.onnx",
        "opset_too_new.onnx",
        "missing_operator.onnx",
    ];
    for name in bad {
        let sentence = refusal(name).unwrap_or_else(|| panic!("{name} was taken"));
        assert!(sentence.contains(". "), "{name} names no way out: {sentence}");
        assert!(sentences.insert(sentence.clone()), "{name} shares its sentence: {sentence}");
    }
    assert!(ModelFile::open(&fixture("")).is_err(), "a directory is no model");
}

#[test]
fn odd_models_are_understood() {
    let good = [
        "zipmap.onnx",
        "matrix.onnx",
        "strings.onnx",
        "fixed_batch.onnx",
        "regression.onnx",
        "raw_scores.onnx",
        "int_input.onnx",
        "renamed.onnx",
    ];
    for name in good {
        assert_eq!(refusal(name), None, "{name}");
    }
    let fixed = ModelFile::open(&fixture("fixed_batch.onnx")).unwrap();
    assert!(fixed.inspection.inputs.iter().any(|input| input.fixed_batch() == Some(1)));
}
