//! The key of a layout of columns, under which what a person said about one file holds for the next.

use super::fingerprint::sha256_of;

/// What columns of these names have in common, in any order, upper and lower case told apart. `family`
/// ([`super::format::Format::family`]) is a part of the key where what is kept depends on how a file is written, and
/// `None` where it holds for the same columns in any format.
pub fn layout_key(names: &[&str], family: Option<&str>) -> String {
    let mut names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    names.sort_unstable();
    // As JSON, so that no name can hold a separator.
    let text = serde_json::Value::from(names).to_string();
    let kind = family.map_or_else(|| "columns".to_owned(), |family| format!("columns of {family}"));
    format!("{kind}:{}", sha256_of(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_letters_family_and_borders_of_names_make_the_key_but_not_their_order() {
        let key = layout_key(&["a", "b"], Some("text"));
        assert_eq!(key, layout_key(&[" b", "a "], Some("text")));
        for other in [
            layout_key(&["A", "b"], Some("text")),
            layout_key(&["ab"], Some("text")),
            layout_key(&["a,b"], Some("text")),
            layout_key(&["a", "b", "c"], Some("text")),
            layout_key(&["a", "b"], Some("json")),
            layout_key(&["a", "b"], None),
        ] {
            assert_ne!(key, other);
        }
    }
}
