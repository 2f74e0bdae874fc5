//! Sorting many rows by a 64-bit key, digit by digit.

/// Rows from which digits are faster than comparisons.
const MANY: usize = 4_096;
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 64_usize.div_ceil(DIGIT_BITS as usize);
const VALUES: usize = 1 << DIGIT_BITS;

fn digit(key: u64, place: usize) -> usize {
    (key >> (place as u32 * DIGIT_BITS)) as usize & (VALUES - 1)
}

/// Sorts ascending by key; rows with equal keys keep their order. Digits that all rows share cost nothing, so scores
/// that a model gave in single precision are sorted in about half the passes.
pub(crate) fn sort_by_key<T: Copy>(rows: &mut Vec<T>, key: impl Fn(&T) -> u64) {
    if rows.len() < MANY {
        rows.sort_by_key(key);
        return;
    }
    let mut counts = vec![[0_usize; VALUES]; DIGITS];
    for row in rows.iter() {
        let key = key(row);
        for (place, counts) in counts.iter_mut().enumerate() {
            if let Some(count) = counts.get_mut(digit(key, place)) {
                *count += 1;
            }
        }
    }
    let mut from = std::mem::take(rows);
    let mut to = from.clone();
    for (place, counts) in counts.iter_mut().enumerate() {
        if counts.contains(&from.len()) {
            continue;
        }
        let mut start = 0;
        for count in counts.iter_mut() {
            start += std::mem::replace(count, start);
        }
        for row in &from {
            if let Some(next) = counts.get_mut(digit(key(row), place)) {
                if let Some(slot) = to.get_mut(*next) {
                    *slot = *row;
                }
                *next += 1;
            }
        }
        std::mem::swap(&mut from, &mut to);
    }
    *rows = from;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::SplitMix64;

    #[test]
    fn digits_sort_as_comparisons_do() {
        let mut random = SplitMix64::new(3);
        for shared_bits in [0, 29, 50, 63] {
            let draw = |random: &mut SplitMix64| random.next_u64() >> shared_bits << (shared_bits / 2);
            let mut rows: Vec<(u64, u32)> = (0..20_000).map(|place| (draw(&mut random), place)).collect();
            let mut expected = rows.clone();
            expected.sort_unstable();
            sort_by_key(&mut rows, |row| row.0);
            assert_eq!(rows, expected, "{shared_bits}");
        }
        let mut same = vec![(7_u64, 1_u32), (7, 0)];
        sort_by_key(&mut same, |row| row.0);
        assert_eq!(same, [(7, 1), (7, 0)], "equal keys keep their order");
    }
}
