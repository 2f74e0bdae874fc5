//! Turning the runtime's errors into sentences with a way out.

use crate::model::error::ModelError;
use crate::model::operators::{MAX_IR, MAX_OPSET, domain_name};

/// An error of loading a model.
pub(super) fn load(error: &ort::Error, path: &std::path::Path) -> ModelError {
    load_message(error.message(), error.code() == ort::ErrorCode::InvalidProtobuf, path)
}

fn load_message(message: &str, is_damaged: bool, path: &std::path::Path) -> ModelError {
    let path = || path.to_path_buf();
    if is_damaged || message.contains("Protobuf parsing failed") {
        return ModelError::Truncated { path: path() };
    }
    if message.contains("No graph was found") {
        return ModelError::Empty { path: path() };
    }
    if let Some(found) = number_after(message, "Unsupported model IR version: ") {
        let max = number_after(message, "max supported IR version: ").unwrap_or(MAX_IR);
        return ModelError::IrTooNew { found, max };
    }
    if message.contains("only *guarantees* support") {
        let found = number_after(message, "Opset ").unwrap_or_default();
        let max = number_after(message, "is till opset ").unwrap_or(MAX_OPSET);
        let domain = between(message, "for domain ", " is till").unwrap_or("ai.onnx");
        return ModelError::OpsetTooNew { domain: domain_name(domain).to_owned(), found, max };
    }
    if let Some(name) = between(message, "Fatal error: ", " is not a registered function/op") {
        let (domain, operator) = name.rsplit_once(':').unwrap_or(("", name));
        return ModelError::UnknownOperator {
            operator: operator.split('(').next().unwrap_or(operator).to_owned(),
            domain: domain_name(domain).to_owned(),
        };
    }
    if let Some(name) = between(message, "Could not find an implementation for ", " node") {
        return ModelError::UnknownOperator {
            operator: name.split('(').next().unwrap_or(name).to_owned(),
            domain: "this type and version".to_owned(),
        };
    }
    if message.contains("bound to different types") || message.contains("Type Error:") {
        return ModelError::TypeConflict { detail: short(message) };
    }
    if message.contains("locale") {
        let locale = between(message, "name:", ".UTF-8").map(|l| format!("{l}.UTF-8"));
        return ModelError::Locale { locale: locale.unwrap_or_else(|| "en_US.UTF-8".to_owned()) };
    }
    ModelError::Load { reason: short(message) }
}

/// An error of running a model on rows; `first` is counted from 0.
pub(super) fn run(error: &ort::Error, first: usize, rows: usize) -> ModelError {
    let message = error.message();
    if message.contains("Got invalid dimensions for input")
        && let Some(input) = between(message, "input: ", " for")
        && let Some(found) = number_after(message, "Got: ")
        && let Some(expected) = number_after(message, "Expected: ")
    {
        return ModelError::WrongWidth { input: input.to_owned(), expected, found };
    }
    ModelError::Run { first: first + 1, rows, reason: short(message) }
}

fn between<'m>(message: &'m str, before: &str, after: &str) -> Option<&'m str> {
    let (_, rest) = message.split_once(before)?;
    let (found, _) = rest.split_once(after)?;
    Some(found.trim())
}

fn number_after(message: &str, before: &str) -> Option<i64> {
    let (_, rest) = message.split_once(before)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The message without the runtime's source paths, on one line, at most 240 letters, without a trailing period.
fn short(message: &str) -> String {
    let line = message.split_whitespace().filter(|w| !is_source_path(w)).collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    if line.chars().count() > 240 { line.chars().take(239).chain(['…']).collect() } else { line.to_owned() }
}

fn is_source_path(word: &str) -> bool {
    word.starts_with('/') && (word.contains(".cc:") || word.contains(".h:") || word.contains(".cpp:"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn say(message: &str) -> ModelError {
        load_message(message, false, Path::new("m.onnx"))
    }

    #[test]
    fn the_runtimes_words_become_sentences() {
        assert_eq!(
            say("/o/model.cc:180 Model() Unsupported model IR version: 14, max supported IR version: 13"),
            ModelError::IrTooNew { found: 14, max: 13 }
        );
        assert_eq!(
            say(
                "ONNX Runtime only *guarantees* support for models stamped with official released onnx opset versions. Opset 27 is under development and support for this is limited. Current official support for domain ai.onnx is till opset 26."
            ),
            ModelError::OpsetTooNew { domain: "ai.onnx".to_owned(), found: 27, max: 26 }
        );
        assert_eq!(
            say("Fatal error: my.domain:Frob(-1) is not a registered function/op"),
            ModelError::UnknownOperator { operator: "Frob".to_owned(), domain: "my.domain".to_owned() }
        );
        assert!(matches!(
            say(
                "Type Error: Type parameter (T) of Optype (Concat) bound to different types (tensor(float) and tensor(double) in node (c)."
            ),
            ModelError::TypeConflict { .. }
        ));
        assert_eq!(
            say("Failed to construct locale with name:en_US.UTF-8:locale::facet::_S_create_c_locale name not valid"),
            ModelError::Locale { locale: "en_US.UTF-8".to_owned() }
        );
        assert_eq!(
            say("/onnxruntime/core/x.cc:12 Something odd."),
            ModelError::Load { reason: "Something odd".to_owned() }
        );
    }
}
