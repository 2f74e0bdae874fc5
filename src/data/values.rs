//! Single cells of text read as numbers, truth values and times.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// Words that stand for a missing value in columns of numbers, truth values and times.
/// In a column of text they stay what they are: `NA` may be Namibia.
pub(crate) fn is_missing_word(text: &str) -> bool {
    matches!(
        text,
        "NA" | "N/A" | "n/a" | "#N/A" | "NaN" | "nan" | "NAN" | "null" | "NULL" | "Null" | "None" | "<NA>" | "NaT"
    )
}

/// A whole number.
pub(crate) fn int(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Powers of ten that are exact in double precision, as far as [`plain_float`] needs them.
const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// A number of up to 15 digits with one point at most, after a minus at most; `None` for every other cell, numbers or not.
/// Digits and power of ten are exact then, so that their one division rounds as a correct reading does (Clinger 1990).
pub(crate) fn plain_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    if digits.len() > 16 {
        return None;
    }
    let (mut whole, mut point) = (0_u64, None);
    let mut rest = digits;
    while let Some((byte, next)) = rest.split_first() {
        rest = next;
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            whole = whole * 10 + u64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(digits.len() - next.len() - 1);
            // Numbers written with all their digits have eight behind the point, and these are read at once.
            if let Some((eight, behind)) = next.split_first_chunk()
                && let Some(fraction) = eight_digits(*eight)
            {
                whole = whole * 100_000_000 + fraction;
                rest = behind;
            }
        } else {
            return None;
        }
    }
    let after = point.map_or(0, |point| digits.len() - 1 - point);
    let count = digits.len() - usize::from(point.is_some());
    if count == 0 || count > 15 {
        return None;
    }
    let x = whole as f64 / POWERS.get(after)?;
    Some(if digits.len() < bytes.len() { -x } else { x })
}

/// The number that eight digits write, two, four and eight of them joined at a time (after Lemire 2021); `None` when one is
/// no digit.
fn eight_digits(digits: [u8; 8]) -> Option<u64> {
    const HIGH: u64 = 0xF0F0_F0F0_F0F0_F0F0;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const PAIRS: u64 = 0x0000_00FF_0000_00FF;
    let text = u64::from_le_bytes(digits);
    if text & HIGH != ZEROS || text.wrapping_add(0x0606_0606_0606_0606) & HIGH != ZEROS {
        return None;
    }
    let cells = text - ZEROS;
    let pairs = (cells * 10).wrapping_add(cells >> 8);
    let outer = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let inner = ((pairs >> 16) & PAIRS).wrapping_mul(1 + (10_000 << 32));
    Some(outer.wrapping_add(inner) >> 32)
}

/// A number with a decimal point, or with a decimal comma and points between thousands.
pub(crate) fn float(text: &str, decimal_comma: bool) -> Option<f64> {
    if !decimal_comma {
        return text.parse().ok();
    }
    if !text.contains(['.', ',']) {
        return text.parse().ok();
    }
    let (whole, fraction) = text.split_once(',')?;
    if fraction.contains(['.', ',']) {
        return None;
    }
    let plain = if whole.contains('.') {
        let mut groups = whole.split('.');
        let first = groups.next()?.trim_start_matches(['-', '+']);
        if first.is_empty() || first.len() > 3 || !groups.all(|g| g.len() == 3 && g.bytes().all(|b| b.is_ascii_digit()))
        {
            return None;
        }
        whole.replace('.', "")
    } else {
        whole.to_owned()
    };
    format!("{plain}.{fraction}").parse().ok()
}

/// A truth value.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A date or a date with time as ISO 8601 writes it, in milliseconds since 1970-01-01.
/// A time with an offset from UTC is taken to UTC; one without stays as it is.
pub(crate) fn time(text: &str) -> Option<i64> {
    let date_text = text.get(..10)?;
    let mut parts = date_text.split('-');
    let (year, month, day) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some(date.and_time(NaiveTime::MIN).and_utc().timestamp_millis());
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset_minutes) = offset(rest)?;
    let (clock, milliseconds) = match clock.split_once(['.', ',']) {
        Some((clock, fraction))
            if (1..=9).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit()) =>
        {
            (clock, format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?)
        }
        Some(_) => return None,
        None => (clock, 0),
    };
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |text| digits(text, 2))?;
    if parts.next().is_some() {
        return None;
    }
    let moment = NaiveDateTime::new(date, NaiveTime::from_hms_opt(hour, minute, second)?);
    Some(moment.and_utc().timestamp_millis() + milliseconds - offset_minutes * 60_000)
}

/// Splits `Z`, `+02:00`, `+0200` or `+02` from a clock time; minutes east of UTC.
fn offset(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let (clock, zone) = text.split_at_checked(at)?;
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let zone = zone.get(1..)?;
    let (hours, minutes) = match zone.len() {
        2 => (digits(zone, 2)?, 0),
        4 => (digits(zone.get(..2)?, 2)?, digits(zone.get(2..)?, 2)?),
        5 if zone.get(2..3) == Some(":") => (digits(zone.get(..2)?, 2)?, digits(zone.get(3..)?, 2)?),
        _ => return None,
    };
    (hours <= 15 && minutes < 60).then(|| (clock, sign * (i64::from(hours) * 60 + i64::from(minutes))))
}

fn digits(text: &str, length: usize) -> Option<u32> {
    if text.len() != length || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_numbers_are_read_as_any_number_is() {
        let mut seed = 3_u64;
        let mut next = |limit: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 20) % limit
        };
        for _ in 0..200_000 {
            let below = 10_u64.pow(1 + next(15) as u32);
            let digits = next(below).to_string();
            let point = next(digits.len() as u64 + 1) as usize;
            let sign = if next(2) == 0 { "-" } else { "" };
            let dot = if next(4) == 0 { "" } else { "." };
            let text = format!("{sign}{}{dot}{}", &digits[..point], &digits[point..]);
            let read: f64 = text.parse().unwrap();
            assert_eq!(plain_float(&text).map(f64::to_bits), Some(read.to_bits()), "{text}");
        }
        for (text, number) in [("12345678", Some(12_345_678)), ("00000000", Some(0)), ("99999999", Some(99_999_999))] {
            assert_eq!(eight_digits(text.as_bytes().try_into().unwrap()), number);
        }
        for odd in ["1234567.", "/2345678", "123:5678", "12 45678", "1234567\u{7f}"] {
            assert_eq!(eight_digits(odd.as_bytes().try_into().unwrap()), None, "{odd}");
        }
        assert_eq!(plain_float("-0").map(f64::to_bits), Some((-0.0_f64).to_bits()));
        for text in ["", "-", ".", "-.", "+1", "1e5", "1.2.3", "--1", " 1", "1 ", "nan", "1234567890123456", "1,5"] {
            assert_eq!(plain_float(text), None, "{text}");
        }
    }

    #[test]
    fn decimal_commas_take_points_between_thousands_only() {
        assert_eq!(float("1,5", true), Some(1.5));
        assert_eq!(float("-1.234.567,25", true), Some(-1_234_567.25));
        assert_eq!(float("12", true), Some(12.0));
        for text in ["1.5", "1.23,4", "1,2,3", "1,2.3", ",", "a,5", ".123,4"] {
            assert_eq!(float(text, true), None, "{text}");
        }
        assert_eq!(float("1e-3", false), Some(0.001));
        assert_eq!(float("1,5", false), None);
    }

    #[test]
    fn times_are_iso_8601_and_nothing_else() {
        assert_eq!(time("1970-01-02"), Some(86_400_000));
        assert_eq!(time("1970-01-01T00:00:01.5Z"), Some(1_500));
        assert_eq!(time("1970-01-01 02:00:00+02:00"), Some(0));
        assert_eq!(time("1970-01-01T02:00-0130"), Some(12_600_000));
        for text in [
            "1970-13-01",
            "01.02.1970",
            "1970-01-01x",
            "1970-01-01T25:00",
            "2013",
            "1970-1-1",
            "1970-01-01T",
            "１９７０-01",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
