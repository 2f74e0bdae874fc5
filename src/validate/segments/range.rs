//! Bounds of quantile ranges that never part equal values and can be read.

/// Bounds such that a value belongs to the range whose upper bound is the first not below it; ascending, each once.
pub(super) fn cut_points(values: &mut [f64], ranges: usize) -> Vec<f64> {
    let n = values.len();
    let mut cuts: Vec<f64> = Vec::new();
    let mut done = 0;
    for i in 1..ranges {
        let place = (i * n).div_ceil(ranges).max(1) - 1;
        // What stands before an earlier quantile is no larger, so only the rest is looked at.
        let Some(rest) = values.get_mut(done..).filter(|rest| place - done < rest.len()) else { break };
        let (_, at, above) = rest.select_nth_unstable_by(place - done, f64::total_cmp);
        let at = *at;
        let next = above.iter().copied().filter(|x| *x > at).reduce(f64::min);
        done = place;
        let cut = match next {
            Some(next) => Some(shortest_between(at, next)),
            // The quantile is the largest value: part it from those below.
            None => {
                values.iter().copied().filter(|x| *x < at).reduce(f64::max).map(|below| shortest_between(below, at))
            }
        };
        cuts.extend(cut.filter(|cut| cuts.last().is_none_or(|last| cut > last)));
    }
    cuts
}

/// The number with the fewest digits that is at least `low` and below `high`, so that a bound can be read and still
/// parts the same rows.
fn shortest_between(low: f64, high: f64) -> f64 {
    for digits in 0..17_i32 {
        let text = format!("{low:.*e}", digits as usize);
        let exponent = text.split_once('e').and_then(|(_, e)| e.parse::<i32>().ok()).unwrap_or(0);
        let step = format!("1e{}", exponent - digits).parse().unwrap_or(0.0);
        let near = text.parse().unwrap_or(low);
        for candidate in [near, near + step] {
            let short = format!("{candidate:.*e}", digits as usize).parse().unwrap_or(low);
            if low <= short && short < high {
                // Never −0.
                return short + 0.0;
            }
        }
    }
    low
}

/// A bound as it is written: without a row of zeros.
pub(super) fn number_text(x: f64) -> String {
    let size = x.abs();
    if size.is_finite() && (size >= 1e15 || (size > 0.0 && size < 1e-4)) { format!("{x:e}") } else { x.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_short_and_part_the_same_rows() {
        assert_eq!(shortest_between(12.3456789, 12.3567), 12.35);
        assert_eq!(shortest_between(-12.3617, -12.3423), -12.36);
        assert_eq!(shortest_between(95.0, 104.0), 100.0);
        assert_eq!(number_text(shortest_between(-0.0, 1e-9)), "0");
        assert_eq!(shortest_between(f64::NEG_INFINITY, 1.0), f64::NEG_INFINITY);
        assert_eq!(shortest_between(1.0, f64::INFINITY), 1.0);
        let next = f64::from_bits(0.1_f64.to_bits() + 1);
        assert_eq!(shortest_between(0.1, next), 0.1);
        assert_eq!(
            (number_text(1e-7), number_text(2e15), number_text(-0.5)),
            ("1e-7".into(), "2e15".into(), "-0.5".into())
        );
    }

    #[test]
    fn bounds_stand_between_the_quantile_and_the_next_value() {
        assert_eq!(cut_points(&mut [4.0, 1.0, 3.0, 2.0], 2), [2.0]);
        assert_eq!(cut_points(&mut [1.0, 1.0, 1.0, 5.0], 4), [1.0]);
        assert_eq!(cut_points(&mut [1.0, 5.0, 5.0, 5.0], 4), [1.0]);
        assert!(cut_points(&mut [7.0; 9], 4).is_empty() && cut_points(&mut [], 4).is_empty());
    }
}
