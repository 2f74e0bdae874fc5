//! The key of a file layout, under which a person's corrections of types and roles are remembered.

use super::fingerprint::sha256_of;

/// Sixteen hexadecimal digits of a SHA-256 over the format family and the column names in order, upper and lower case
/// told apart. Files with the same key have the same columns, so that what was corrected for one holds for the other.
/// `family` is [`super::format::Format::family`].
pub fn layout_key(names: &[&str], family: &str) -> String {
    let mut bytes = Vec::new();
    // Lengths stand before the texts, so that no two lists of names give the same bytes.
    for text in std::iter::once(&family).chain(names) {
        let text = text.trim();
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    sha256_of(&bytes).chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_letters_family_and_borders_of_names_make_the_key() {
        let key = layout_key(&["a", "b"], "text");
        assert_eq!(key.len(), 16);
        assert_eq!(key, layout_key(&[" a", "b "], "text"));
        for other in [
            layout_key(&["b", "a"], "text"),
            layout_key(&["A", "b"], "text"),
            layout_key(&["ab"], "text"),
            layout_key(&["a", "b"], "json"),
        ] {
            assert_ne!(key, other);
        }
    }
}
