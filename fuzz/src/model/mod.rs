//! The words of `model` that the parser needs.

#[path = "../../../src/model/onnx.rs"]
pub mod onnx;
#[allow(dead_code, reason = "reading a model is not fuzzed here")]
#[path = "../../../src/model/signature.rs"]
pub mod signature;
#[path = "../../../src/model/tensor.rs"]
pub mod tensor;
