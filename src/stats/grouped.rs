//! Numbers as people write them.

/// A written number with commas between the thousands of its whole part: `1234.5` becomes `1,234.5`.
pub fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let (sign, digits) = whole.split_at(whole.find(|c: char| c.is_ascii_digit()).unwrap_or(0));
    let mut out = sign.to_owned();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out + rest
}

/// A count of rows, with commas between thousands: `1 row`, `27,211 rows`.
pub fn rows(n: u64) -> String {
    format!("{} row{}", grouped(&n.to_string()), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_part_is_grouped() {
        assert_eq!(grouped("1234567.12345"), "1,234,567.12345");
        assert_eq!(grouped("-999"), "-999");
        assert_eq!(grouped("-1000"), "-1,000");
        assert_eq!(grouped("x"), "x");
        assert_eq!((rows(1), rows(1_000)), ("1 row".to_owned(), "1,000 rows".to_owned()));
    }
}
