//! Numbers in words a person reads: thousands with commas, as many digits as the data carries,
//! "–" where there is no meaning.

use std::time::Duration;

pub use crate::stats::grouped::grouped;

/// What stands where a number has no meaning.
pub const NONE: &str = "–";
const MINUS: char = '−';

/// A count with commas between thousands: `27,211`.
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// A number as a person types it: commas between thousands, or one comma before the decimals.
pub fn parse(text: &str) -> Option<f64> {
    let text: String =
        text.trim().chars().filter(|c| !c.is_whitespace()).map(|c| if c == MINUS { '-' } else { c }).collect();
    let is_decimal_comma = match text.split_once(',') {
        Some((_, after)) => !after.contains([',', '.']) && after.len() != 3,
        None => false,
    };
    let text = if is_decimal_comma { text.replace(',', ".") } else { text.replace(',', "") };
    text.parse().ok().filter(|v: &f64| v.is_finite())
}

/// A count in at most four characters: `999`, `1.3k`, `27k`, `1.2M`.
pub fn count_short(n: u64) -> String {
    let mut value = n as f64;
    let mut unit = "";
    for next in ["k", "M", "G", "T"] {
        if value < 999.5 {
            break;
        }
        value /= 1_000.0;
        unit = next;
    }
    let decimals = usize::from(!unit.is_empty() && value < 9.95);
    format!("{value:.decimals$}{unit}")
}

/// A count or "–".
pub fn count_opt(n: Option<u64>) -> String {
    n.map_or_else(|| NONE.to_owned(), count)
}

/// A count and its noun: `1 row`, `27,211 rows`; the plural is the noun with an `s`.
pub fn counted(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(n))
}

/// A number with a fixed number of decimals, commas between thousands and a true minus sign.
/// "–" when it is not finite.
pub fn decimal(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let plain = format!("{:.*}", decimals.min(12), value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain.as_str(), ""));
    let mut out = String::new();
    if value < 0.0 && plain.bytes().any(|b| b.is_ascii_digit() && b != b'0') {
        out.push(MINUS);
    }
    out.push_str(&grouped(whole));
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// Decimals that give `significant` figures of `value`, between 0 and 8.
fn decimals_for(value: f64, significant: i32) -> usize {
    if value == 0.0 || !value.is_finite() {
        return usize::try_from(significant - 1).unwrap_or(0);
    }
    let magnitude = value.abs().log10().floor() as i32;
    usize::try_from((significant - 1 - magnitude).clamp(0, 8)).unwrap_or(0)
}

/// A number with four significant figures; very large and very small ones as a power of ten.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e9).contains(&size) {
        let plain = format!("{value:.2e}");
        return plain.replace('-', "−");
    }
    if value.fract() == 0.0 && size < 1e9 {
        return decimal(value, 0);
    }
    decimal(value, decimals_for(value, 4))
}

/// A number with four significant figures or "–".
pub fn number_opt(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), number)
}

/// Decimals a metric carries: so many that the last one is worth at most a quarter of its interval's
/// width; three decimals or four significant figures when there is no interval.
pub fn metric_decimals(value: f64, interval: Option<(f64, f64)>) -> usize {
    match interval {
        Some((low, high)) if (high - low).is_finite() && high > low => {
            let needed = (-((high - low) / 4.0).log10()).ceil();
            (needed.clamp(0.0, 8.0) as usize).min(decimals_for(value, 4).max(3))
        }
        _ if value.abs() < 1.0 => 3,
        _ => decimals_for(value, 4),
    }
}

/// A metric's value with the digits its interval supports; "–" for none.
pub fn metric(value: Option<f64>, interval: Option<(f64, f64)>) -> String {
    value.map_or_else(|| NONE.to_owned(), |v| decimal(v, metric_decimals(v, interval)))
}

/// An interval at a fixed number of decimals: `0.627 – 0.651`; "–" for none.
pub fn interval(interval: Option<(f64, f64)>, decimals: usize) -> String {
    interval.map_or_else(
        || NONE.to_owned(),
        |(low, high)| format!("{} – {}", decimal(low, decimals), decimal(high, decimals)),
    )
}

/// A share of one as per cent: `0.0193` is `1.9 %`; "–" when it is not finite.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return NONE.to_owned();
    }
    let p = share * 100.0;
    let decimals = match p.abs() {
        a if a == 0.0 || a >= 99.95 => 0,
        a if a < 0.1 => 2,
        _ => 1,
    };
    format!("{} %", decimal(p, decimals))
}

/// A share of one as per cent or "–".
pub fn percent_opt(share: Option<f64>) -> String {
    share.map_or_else(|| NONE.to_owned(), percent)
}

/// The level of intervals, 0 to 1, as per cent without needless zeros: `95 %`, `99.9 %`.
pub fn level(level: f64) -> String {
    // Rounded, because 100 times 0.95 is not always 95.
    let hundredths = (level * 10_000.0).round() / 100.0;
    if hundredths.is_finite() { format!("{hundredths} %") } else { NONE.to_owned() }
}

/// A length of time in seconds, in the unit that fits: `0.42 ms`, `3.1 s`, `4 min 12 s`, `2 h 5 min`,
/// `3 d 4 h`; "–" when negative or not finite.
pub fn seconds(s: f64) -> String {
    if !s.is_finite() || s < 0.0 {
        return NONE.to_owned();
    }
    if s == 0.0 {
        return "0 s".to_owned();
    }
    if s < 1e-3 {
        return format!("{} µs", decimal(s * 1e6, decimals_for(s * 1e6, 2).min(1)));
    }
    if s < 1.0 {
        return format!("{} ms", decimal(s * 1e3, decimals_for(s * 1e3, 2)));
    }
    if s < 60.0 {
        return format!("{} s", decimal(s, decimals_for(s, 2)));
    }
    let whole = s.round() as u64;
    let (minutes, rest) = (whole / 60, whole % 60);
    if minutes < 60 {
        return join_units(minutes, "min", rest, "s");
    }
    let (hours, minutes) = (minutes / 60, minutes % 60);
    if hours < 48 {
        return join_units(hours, "h", minutes, "min");
    }
    join_units(hours / 24, "d", hours % 24, "h")
}

fn join_units(big: u64, big_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 {
        format!("{} {big_unit}", count(big))
    } else {
        format!("{} {big_unit} {small} {small_unit}", count(big))
    }
}

/// A length of time, as [`seconds`].
pub fn duration(d: Duration) -> String {
    seconds(d.as_secs_f64())
}

/// A size in bytes, in powers of 1,000: `512 B`, `41 MB`, `1.2 GB`.
pub fn bytes(n: u64) -> String {
    if n < 1_000 {
        return format!("{n} B");
    }
    let mut value = n as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB", "PB"] {
        if value < 999.5 {
            break;
        }
        value /= 1_000.0;
        unit = next;
    }
    format!("{} {unit}", decimal(value, decimals_for(value, 2).min(1)))
}

/// A rate of things a second: `3,204 rows/s`; "–" when it is not finite.
pub fn rate(per_second: f64, noun: &str) -> String {
    if !per_second.is_finite() {
        return NONE.to_owned();
    }
    let decimals = if per_second.abs() >= 10.0 || per_second == 0.0 { 0 } else { decimals_for(per_second, 2).min(2) };
    format!("{} {noun}/s", decimal(per_second, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_numbers_may_have_either_comma() {
        assert_eq!(parse("5,000"), Some(5_000.0));
        assert_eq!(parse(" 1,234,567.5 "), Some(1_234_567.5));
        assert_eq!(parse("0,5"), Some(0.5));
        assert_eq!(parse("−2"), Some(-2.0));
        assert_eq!(parse("much"), None);
        assert_eq!(parse("inf"), None);
    }

    #[test]
    fn counts_have_commas() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(27_211, "row"), "27,211 rows");
        assert_eq!(count_opt(None), "–");
        assert_eq!(count_short(999), "999");
        assert_eq!(count_short(1_250), "1.2k");
        assert_eq!(count_short(27_211), "27k");
        assert_eq!(count_short(999_600), "1.0M");
    }

    #[test]
    fn decimals_keep_sign_and_thousands() {
        assert_eq!(decimal(-1234.5, 1), "−1,234.5");
        assert_eq!(decimal(-0.0001, 2), "0.00");
        assert_eq!(decimal(f64::NAN, 2), "–");
        assert_eq!(decimal(f64::INFINITY, 2), "–");
    }

    #[test]
    fn a_metric_has_the_digits_its_interval_carries() {
        assert_eq!(metric(Some(0.6712), Some((0.6631, 0.6793))), "0.671");
        assert_eq!(metric(Some(0.6712), Some((0.52, 0.81))), "0.67");
        assert_eq!(metric(Some(0.8641), Some((0.860, 0.868))), "0.864");
        assert_eq!(metric(Some(0.6712), None), "0.671");
        assert_eq!(metric(Some(12.3456), None), "12.35");
        assert_eq!(metric(None, Some((0.0, 1.0))), "–");
        assert_eq!(interval(Some((0.627, 0.651)), 3), "0.627 – 0.651");
    }

    #[test]
    fn numbers_have_four_figures() {
        assert_eq!(number(42.0), "42");
        assert_eq!(number(2.34567), "2.346");
        assert_eq!(number(12_345.678), "12,346");
        assert_eq!(number(1.0e-7), "1.00e−7");
        assert_eq!(number_opt(None), "–");
    }

    #[test]
    fn shares_are_per_cent() {
        assert_eq!(percent(0.0193), "1.9 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.0004), "0.04 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent_opt(None), "–");
        assert_eq!([level(0.95), level(0.999), level(0.9), level(f64::NAN)], ["95 %", "99.9 %", "90 %", "–"]);
    }

    #[test]
    fn lengths_of_time_use_the_unit_that_fits() {
        assert_eq!(seconds(0.00042), "420 µs");
        assert_eq!(seconds(0.0042), "4.2 ms");
        assert_eq!(seconds(3.12), "3.1 s");
        assert_eq!(seconds(252.0), "4 min 12 s");
        assert_eq!(seconds(7_500.0), "2 h 5 min");
        assert_eq!(seconds(86_400.0 * 3.0 + 3_600.0 * 4.0), "3 d 4 h");
        assert_eq!(seconds(-1.0), "–");
        assert_eq!(duration(Duration::from_secs(61)), "1 min 1 s");
    }

    #[test]
    fn sizes_and_rates() {
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(41_000_000), "41 MB");
        assert_eq!(bytes(1_234_000_000), "1.2 GB");
        assert_eq!(rate(3_204.4, "row"), "3,204 row/s");
        assert_eq!(rate(f64::NAN, "row"), "–");
    }
}
