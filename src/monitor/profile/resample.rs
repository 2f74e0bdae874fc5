//! Random samples of the reference, for thresholds where it has too few chunks.

use crate::data::{Column, Table, Values};
use crate::model::Scores;
use crate::model::session::SkippedRow;
use crate::stats::random::SplitMix64;

/// `count` of `rows` row numbers, drawn with replacement, in ascending order.
pub(super) fn draw(random: &mut SplitMix64, count: usize, rows: usize) -> Vec<usize> {
    let mut drawn: Vec<usize> = (0..count).map(|_| random.below(rows)).collect();
    drawn.sort_unstable();
    drawn
}

fn take<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().filter_map(|row| values.get(*row)).copied().collect()
}

/// The named columns of a table at some rows.
pub(super) fn table(table: &Table, names: &[&str], rows: &[usize]) -> Table {
    let columns = table.columns().iter().filter(|c| names.contains(&c.name.as_str())).map(|column| {
        let values = match &column.values {
            Values::Float(v) => Values::Float(take(v, rows)),
            Values::Int { values, valid } => {
                Values::Int { values: take(values, rows), valid: valid.as_ref().map(|v| take(v, rows)) }
            }
            Values::Bool(v) => Values::Bool(take(v, rows)),
            Values::Text { codes, dictionary } => {
                Values::Text { codes: take(codes, rows), dictionary: std::sync::Arc::clone(dictionary) }
            }
            Values::Time(v) => Values::Time(take(v, rows)),
        };
        Column::new(column.name.clone(), values)
    });
    Table::new(columns.collect()).unwrap_or_default()
}

/// The answers at some rows.
pub(super) fn scores(scores: &Scores, rows: &[usize]) -> Scores {
    let mut taken = Scores {
        task: scores.task,
        classes: scores.classes.clone(),
        width: scores.width,
        rows: rows.len(),
        labels: take(&scores.labels, rows),
        values: take(&scores.values, rows),
        ..Scores::default()
    };
    for row in rows {
        let from = row * scores.width;
        taken.probabilities.extend_from_slice(scores.probabilities.get(from..from + scores.width).unwrap_or_default());
    }
    let reason = |row: usize| {
        let at = scores.skipped.binary_search_by_key(&row, |s| s.row).ok()?;
        scores.skipped.get(at).map(|s| std::sync::Arc::clone(&s.why))
    };
    taken.skipped =
        rows.iter().enumerate().filter_map(|(at, row)| Some(SkippedRow { row: at, why: reason(*row)? })).collect();
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_in_range_repeatable_and_spread() {
        let draw = |seed| draw(&mut SplitMix64::new(seed), 10_000, 100);
        let drawn = draw(7);
        assert_eq!(drawn, draw(7));
        assert_ne!(drawn, draw(8));
        for row in 0..100 {
            let count = drawn.iter().filter(|r| **r == row).count();
            assert!((50..150).contains(&count), "row {row} was drawn {count} times");
        }
    }

    #[test]
    fn rows_keep_their_values_and_answers() {
        let from = Table::new(vec![
            Column::new("t", Values::text([Some("a"), None, Some("b")])),
            Column::new("x", Values::Float(vec![1.0, 2.0, 3.0])),
        ])
        .unwrap();
        let taken = table(&from, &["x"], &[2, 2, 0]);
        assert_eq!(taken.columns(), [Column::new("x", Values::Float(vec![3.0, 3.0, 1.0]))]);
        let answers = Scores {
            width: 2,
            rows: 3,
            labels: vec![0, u32::MAX, 1],
            probabilities: vec![0.9, 0.1, f32::NAN, f32::NAN, 0.2, 0.8],
            skipped: vec![SkippedRow { row: 1, why: "gap".into() }],
            ..Scores::default()
        };
        let taken = scores(&answers, &[1, 2]);
        assert_eq!((taken.rows, taken.labels, &taken.probabilities[2..]), (2, vec![u32::MAX, 1], &[0.2, 0.8][..]));
        assert_eq!(taken.skipped, [SkippedRow { row: 0, why: "gap".into() }]);
    }
}
