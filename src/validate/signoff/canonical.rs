//! One text for one JSON value, so that a hash of the text is a hash of the value.
//!
//! Keys are sorted by their bytes and nothing stands between the tokens. Numbers and texts are written as `serde_json`
//! writes them: the shortest decimal that reads back as the same 64-bit number. Sorting is done here because a map of
//! `serde_json` keeps the order of insertion when any crate of the build asks for it.

use serde_json::Value;

use crate::data::fingerprint::sha256_of;

/// The canonical text of a value.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

/// SHA-256 of the canonical text, in lower-case hexadecimal.
pub fn hash_of(value: &Value) -> String {
    sha256_of(canonical(value).as_bytes())
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
            text.push('{');
            for (at, (key, item)) in entries.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(item, text);
            }
            text.push('}');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_and_the_spaces_do_not_count() {
        let a: Value = serde_json::from_str(r#"{"b": [1, 2.50, null], "a": {"y": "ü\n", "x": true}}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{"a":{"x":true,"y":"\u00fc\u000a"},"b":[1,2.5,null]}"#).unwrap();
        assert_eq!(canonical(&a), r#"{"a":{"x":true,"y":"ü\n"},"b":[1,2.5,null]}"#);
        assert_eq!(hash_of(&a), hash_of(&b));
        assert_eq!(hash_of(&json!({})), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }

    #[test]
    fn what_was_written_reads_back_as_the_same_text() {
        let numbers = json!([0.1, -0.0, 1.0, 1e300, 5e-324, u64::MAX, i64::MIN, 1.0 / 3.0, 0.1 + 0.2]);
        let text = canonical(&numbers);
        assert_eq!(canonical(&serde_json::from_str(&text).unwrap()), text);
    }
}
