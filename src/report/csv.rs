//! Comma-separated text of columns of numbers or words, quoted where needed (RFC 4180).

/// One cell, quoted when it holds a comma, a quote or a line break.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// A table as text: a header, then the rows.
pub fn table<R, C>(header: &[&str], rows: R) -> String
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = String>,
{
    let mut text = header.iter().map(|h| cell(h)).collect::<Vec<_>>().join(",");
    text.push('\n');
    for row in rows {
        text.push_str(&row.into_iter().map(|c| cell(&c)).collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    text
}

/// A number at full precision; empty when there is none.
pub fn number(value: Option<f64>) -> String {
    value.filter(|v| v.is_finite()).map_or_else(String::new, |v| v.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_commas_and_quotes_are_quoted() {
        let rows = [[number(Some(0.5)), "a, \"b\"".to_owned()], [number(None), "ü".to_owned()]];
        assert_eq!(table(&["x", "name"], rows), "x,name\n0.5,\"a, \"\"b\"\"\"\n,ü\n");
    }
}
