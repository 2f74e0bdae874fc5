//! What the values of a column look like: counts, moments, quantiles, a histogram, the most frequent values.

use super::schema::distinct;
use super::target::class_labels;
use super::{Column, Kind, Table};

const BINS: usize = 20;
const TOP: usize = 10;
/// Numbers with no more distinct values than this are also counted one by one.
const FEW: usize = 50;

/// One column described. Times are in milliseconds since 1970-01-01; numbers that have no meaning are `None`.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ColumnProfile {
    /// The name as it stands in the file.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// All rows.
    pub rows: usize,
    /// Rows without a value.
    pub missing: usize,
    /// Distinct values.
    pub distinct: usize,
    /// Smallest finite value.
    pub min: Option<f64>,
    /// Largest finite value.
    pub max: Option<f64>,
    /// Mean of the finite values.
    pub mean: Option<f64>,
    /// Standard deviation of the finite values with n − 1 in the denominator.
    pub std: Option<f64>,
    /// The 5, 25, 50, 75 and 95 % quantiles of the finite values, with linear interpolation between neighbours.
    pub quantiles: Option<[f64; 5]>,
    /// Lower edge, upper edge and rows of bins of equal width from `min` to `max`; the last holds its upper edge.
    pub histogram: Vec<(f64, f64, u64)>,
    /// The most frequent values and their rows, the most frequent first, for texts, truth values and numbers with few values.
    pub top: Vec<(String, u64)>,
}

/// Describes each column of a table.
pub fn profile(table: &Table) -> Vec<ColumnProfile> {
    table.columns().iter().map(profile_column).collect()
}

/// Describes one column; a caller that wants progress or cancel goes column by column.
pub fn profile_column(column: &Column) -> ColumnProfile {
    let rows = column.len();
    let missing = column.missing_in(0..rows);
    let mut made = ColumnProfile {
        name: column.name.clone(),
        kind: column.kind(),
        rows,
        missing,
        distinct: 0,
        min: None,
        max: None,
        mean: None,
        std: None,
        quantiles: None,
        histogram: Vec::new(),
        top: Vec::new(),
    };
    if matches!(column.kind(), Kind::Text | Kind::Bool) {
        made.distinct = distinct(column).unwrap_or_default();
        made.top = top(column);
        return made;
    }
    let mut finite: Vec<f64> = (0..rows).filter_map(|row| column.number(row)).filter(|x| x.is_finite()).collect();
    finite.sort_unstable_by(f64::total_cmp);
    made.distinct = distinct(column).unwrap_or_else(|| distinct_sorted(&finite) + infinities(column));
    if made.distinct <= FEW && column.kind() == Kind::Number {
        made.top = top(column);
    }
    let (Some(min), Some(max)) = (finite.first().copied(), finite.last().copied()) else { return made };
    let count = finite.len() as f64;
    // Half of each keeps the sum of very large values finite.
    let mean = (finite.iter().map(|x| x / 2.0 / count).sum::<f64>() * 2.0).clamp(min, max);
    made.min = Some(min);
    made.max = Some(max);
    made.mean = Some(mean);
    let variance = finite.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0);
    made.std = (finite.len() > 1 && variance.is_finite()).then(|| variance.sqrt());
    made.quantiles = Some([0.05, 0.25, 0.5, 0.75, 0.95].map(|q| quantile(&finite, q)));
    made.histogram = histogram(&finite, min, max);
    made
}

fn infinities(column: &Column) -> usize {
    let numbers = || (0..column.len()).filter_map(|row| column.number(row));
    usize::from(numbers().any(|x| x == f64::INFINITY)) + usize::from(numbers().any(|x| x == f64::NEG_INFINITY))
}

fn distinct_sorted(sorted: &[f64]) -> usize {
    let steps = sorted.iter().zip(sorted.iter().skip(1)).filter(|(a, b)| a != b).count();
    steps + usize::from(!sorted.is_empty())
}

/// The quantile of sorted values by linear interpolation (`NumPy`'s default, type 7 of Hyndman and Fan 1996).
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len().saturating_sub(1)) as f64;
    let low = sorted.get(place.floor() as usize).copied().unwrap_or(f64::NAN);
    let high = sorted.get(place.ceil() as usize).copied().unwrap_or(low);
    let share = place.fract();
    low * (1.0 - share) + high * share
}

fn histogram(sorted: &[f64], min: f64, max: f64) -> Vec<(f64, f64, u64)> {
    let width = max / BINS as f64 - min / BINS as f64;
    if width <= 0.0 || !width.is_finite() {
        return vec![(min, max, sorted.len() as u64)];
    }
    // A weighted mean of both ends cannot overflow, as a sum of widths can.
    let edge = |bin: usize| {
        let share = bin as f64 / BINS as f64;
        if bin == BINS { max } else { min * (1.0 - share) + max * share }
    };
    let mut from = 0;
    (0..BINS)
        .map(|bin| {
            let to = if bin + 1 == BINS { sorted.len() } else { sorted.partition_point(|x| *x < edge(bin + 1)) };
            let rows = to.saturating_sub(from) as u64;
            from = from.max(to);
            (edge(bin), edge(bin + 1), rows)
        })
        .collect()
}

fn top(column: &Column) -> Vec<(String, u64)> {
    let labels = class_labels(column);
    let counts = labels.counts();
    let mut all: Vec<(String, u64)> = labels
        .names
        .into_iter()
        .zip(counts)
        .filter(|(_, rows)| *rows > 0)
        .map(|(name, rows)| (name, rows as u64))
        .collect();
    // A stable sort keeps equal counts in the order of the names.
    all.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    all.truncate(TOP);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Values;

    #[test]
    fn numbers_are_described_like_numpy_does() {
        let values: Vec<f64> = (1..=10).map(f64::from).chain([f64::NAN, f64::INFINITY]).collect();
        let made = profile_column(&Column::new("x", Values::Float(values)));
        assert_eq!((made.rows, made.missing, made.distinct), (12, 1, 11));
        assert_eq!((made.min, made.max, made.mean), (Some(1.0), Some(10.0), Some(5.5)));
        assert!((made.std.unwrap() - 3.0276503540974917).abs() < 1e-12);
        let quantiles = made.quantiles.unwrap();
        for (got, wanted) in quantiles.iter().zip([1.45, 3.25, 5.5, 7.75, 9.55]) {
            assert!((got - wanted).abs() < 1e-12, "{got} {wanted}");
        }
        assert_eq!(made.histogram.len(), BINS);
        assert_eq!(made.histogram.iter().map(|b| b.2).sum::<u64>(), 10);
        assert_eq!(made.histogram.last().map(|b| (b.1, b.2)), Some((10.0, 1)));
    }

    #[test]
    fn texts_are_counted_the_most_frequent_first() {
        let made = profile_column(&Column::new("t", Values::text([Some("b"), Some("a"), None, Some("b"), Some("漢")])));
        assert_eq!((made.missing, made.distinct), (1, 3));
        assert_eq!(made.top, [("b".to_owned(), 2), ("a".to_owned(), 1), ("漢".to_owned(), 1)]);
        assert_eq!(made.mean, None);
    }

    #[test]
    fn columns_without_spread_or_values_have_no_number_that_means_nothing() {
        let one = profile_column(&Column::new("x", Values::ints(vec![7])));
        assert_eq!((one.mean, one.std), (Some(7.0), None));
        assert_eq!(one.histogram, [(7.0, 7.0, 1)]);
        let none = profile_column(&Column::new("x", Values::Float(vec![f64::NAN; 4])));
        assert_eq!((none.missing, none.distinct, none.min, none.quantiles), (4, 0, None, None));
        let huge = profile_column(&Column::new("x", Values::Float(vec![f64::MAX, f64::MIN])));
        assert_eq!(huge.histogram.iter().map(|b| b.2).sum::<u64>(), 2);
        let text = serde_json::to_string(&huge).unwrap();
        assert_eq!(serde_json::from_str::<ColumnProfile>(&text).unwrap(), huge);
    }
}
