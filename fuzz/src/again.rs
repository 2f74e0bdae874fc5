//! What must hold of every request that was read.

use std::sync::Arc;
use std::time::Duration;

use crate::deploy::http::v2::{Infer, Wanted, parse_infer, render};
use crate::deploy::serve::call::Answer;
use crate::model::signature::Port;

/// Sends what was read back as a binary request, and checks that it is read the same.
///
/// # Panics
/// When it is not, which is what the fuzzer looks for.
pub fn holds(infer: Infer, ports: &[Port]) {
    assert_eq!(infer.inputs.len(), ports.len(), "every input has a tensor");
    let answer = Answer {
        id: Arc::from(infer.id.as_deref().unwrap_or("i")),
        model: Arc::from("m"),
        version: Arc::from("1"),
        outputs: infer.inputs,
        latency: Duration::ZERO,
    };
    // The JSON form must be well-formed whatever the values are.
    let json = render(&answer, &Wanted::default());
    let _document: serde_json::Value = serde_json::from_slice(&json.body).expect("an answer is JSON");
    let rendered = render(&answer, &Wanted { outputs: Vec::new(), binary: true });
    let length = rendered.header_length.expect("all outputs are binary");
    let text = std::str::from_utf8(&rendered.body[..length]).expect("the head is UTF-8");
    let head = text.replacen(",\"outputs\":[", ",\"inputs\":[", 1);
    let body = [head.as_bytes(), &rendered.body[length..]].concat();
    let again = parse_infer(Some(head.len()), &body, ports).expect("what was read can be sent again");
    // NaN is not equal to itself, so the bytes are compared.
    let again = Answer { outputs: again.inputs, ..answer };
    assert_eq!(render(&again, &Wanted { outputs: Vec::new(), binary: true }), rendered);
}
