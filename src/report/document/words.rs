//! Words and numbers as they stand in a report: clipped, cleaned, rounded.

use crate::stats::grouped::grouped;

/// Stands where there is no number.
pub(in crate::report) const NONE: &str = "–";
/// Characters kept of a text; a column of a broken file can have a name of megabytes.
const LONGEST: usize = 600;
/// Significant figures of a measured number.
const FIGURES: i32 = 4;

/// A text of one line and bounded length. Characters that control something, or that turn the direction of what follows,
/// are shown as `U+FFFD`.
pub(in crate::report) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(4 * LONGEST));
    for (place, letter) in text.chars().enumerate() {
        if place == LONGEST {
            out.push('…');
            break;
        }
        out.push(match letter {
            '\n' | '\r' | '\t' => ' ',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        });
    }
    out
}

/// Puts a part behind what is there.
pub(in crate::report) fn put(out: &mut String, part: &str) {
    out.push_str(part);
}

/// Decimals that show [`FIGURES`] significant figures of a number of this size.
fn decimals(size: f64) -> usize {
    if size == 0.0 { 0 } else { (FIGURES - 1 - size.abs().log10().floor() as i32).clamp(0, 8) as usize }
}

fn fixed(value: f64, decimals: usize) -> String {
    let text = grouped(&format!("{value:.decimals$}"));
    match text.strip_prefix('-') {
        Some(digits) if digits.contains(|c: char| c.is_ascii_digit() && c != '0') => format!("−{digits}"),
        Some(digits) => digits.to_owned(),
        None => text,
    }
}

/// Whether a number is written without a power of ten.
fn is_plain(value: f64) -> bool {
    value == 0.0 || (1e-4..1e12).contains(&value.abs())
}

/// A measured number with four significant figures, all digits of the whole part, commas between thousands.
pub(in crate::report) fn number(value: f64) -> String {
    if !value.is_finite() {
        NONE.to_owned()
    } else if is_plain(value) {
        fixed(value, decimals(value))
    } else {
        format!("{value:.2e}").replace('-', "−")
    }
}

/// A chosen number, such as a threshold: as [`number`], without zeros at the end.
pub(in crate::report) fn short(value: f64) -> String {
    let text = number(value);
    if !text.contains('.') || text.contains('e') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Both ends of an interval with the same decimals: `0.812 to 0.843`.
pub(in crate::report) fn interval(low: f64, high: f64) -> String {
    let size = low.abs().max(high.abs());
    if !(low.is_finite() && high.is_finite()) {
        NONE.to_owned()
    } else if is_plain(size) {
        format!("{} to {}", fixed(low, decimals(size)), fixed(high, decimals(size)))
    } else {
        format!("{} to {}", number(low), number(high))
    }
}

/// A count, with commas between thousands.
pub(in crate::report) fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// A share (0 to 1) as a percentage with one decimal.
pub(in crate::report) fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1} %", 100.0 * share) } else { NONE.to_owned() }
}

/// The level of intervals (0 to 1): `95 %`.
pub(in crate::report) fn level(level: f64) -> String {
    format!("{} %", short(100.0 * level))
}

/// A p value; below a ten-thousandth its size has no meaning.
pub(in crate::report) fn p_value(p: f64) -> String {
    if p < 1e-4 { "< 0.0001".to_owned() } else { number(p) }
}

/// A moment in UTC, from milliseconds since 1970; `None` beyond the calendar.
pub(in crate::report) fn moment(at_ms: i64) -> Option<String> {
    let at = chrono::DateTime::from_timestamp_millis(at_ms)?;
    Some(at.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place() {
        assert_eq!(clean("a\u{0}b\u{202e}c\nd"), "a\u{fffd}b\u{fffd}c d");
        assert!(clean(&"ü".repeat(10_000)).chars().count() == LONGEST + 1);
    }

    #[test]
    fn numbers_have_four_figures_and_grouped_thousands() {
        let told = [0.0, 0.81234, -0.5, 12.3456, 1_234_567.8, 1e-7, -2.5e20, -0.000_000_001].map(number);
        assert_eq!(told, ["0", "0.8123", "−0.5000", "12.35", "1,234,568", "1.00e−7", "−2.50e20", "−1.00e−9"]);
        assert_eq!((number(f64::NAN), number(f64::INFINITY)), (NONE.to_owned(), NONE.to_owned()));
        assert_eq!((short(0.35), short(1_000.0), short(0.0)), ("0.35".to_owned(), "1,000".to_owned(), "0".to_owned()));
        assert_eq!(interval(-0.01, 0.812), "−0.0100 to 0.8120");
        assert_eq!(interval(-1e-9, 0.5), "0.0000 to 0.5000");
        assert_eq!((level(0.95), percent(0.1234), p_value(1e-9)), ("95 %".into(), "12.3 %".into(), "< 0.0001".into()));
        assert_eq!(moment(0).as_deref(), Some("1970-01-01 00:00:00 UTC"));
        assert_eq!(moment(i64::MAX), None);
    }
}
