//! How a column is cut into segments: by value, by quantile range, by calendar period.

use super::period::by_period;
use super::range::{cut_points, number_text};
use crate::data::table::MISSING_CODE;
use crate::data::{Column, Table, Values};
use crate::stats::grouped::grouped;
use crate::validate::ValidateError;

/// Stands for a row without a value until the cut is complete.
pub(super) const NONE: u16 = u16::MAX;
/// Ranges and values beyond which a code would not fit, and no one could read the result.
const MOST_PARTS: usize = 1_000;

/// How fine a cut is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CutSettings {
    /// Most values of a column that are segments of their own; numbers with more distinct values are cut by range,
    /// texts keep this many of the most frequent.
    pub values: usize,
    /// Quantile ranges of a column of numbers; fewer come out where equal values span a bound.
    pub ranges: usize,
}

impl Default for CutSettings {
    fn default() -> Self {
        Self { values: 20, ranges: 4 }
    }
}

/// One column cut into segments: every row belongs to exactly one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segmentation {
    /// The column's name.
    pub column: String,
    /// What the segments are called, each once: numbers and periods ascending, texts by falling frequency, then what
    /// was put together (`other (9,980 values)`), then the rows without a value (`missing`).
    pub labels: Vec<String>,
    /// For each row of the table an index into `labels`.
    pub of_row: Vec<u16>,
}

impl Segmentation {
    /// The name of a segment; empty for an index that is none.
    pub fn label(&self, segment: usize) -> &str {
        self.labels.get(segment).map_or("", String::as_str)
    }

    /// The segment of a table row; `None` past the end.
    pub fn segment_of(&self, row: u32) -> Option<usize> {
        self.of_row.get(row as usize).map(|segment| usize::from(*segment))
    }
}

/// Cuts columns of a table by name.
///
/// # Errors
/// When a column is not in the table.
pub fn cut_columns<S: AsRef<str>>(
    table: &Table,
    names: &[S],
    settings: CutSettings,
) -> Result<Vec<Segmentation>, ValidateError> {
    let cut_one = |name: &S| {
        let column = table.column(name.as_ref());
        let column = column.ok_or_else(|| crate::data::convert::not_found(name.as_ref(), table))?;
        Ok(cut(column, settings))
    };
    names.iter().map(cut_one).collect()
}

/// Cuts a column. Texts, truth values and numbers with few distinct values are cut by value; other numbers at observed
/// quantiles (the least value that at least the share has at or below it, Hyndman and Fan 1996, type 1), with equal
/// values never parted; times by day within a month, by month within ten years, else by year. Infinite numbers are
/// ordinary ends of a range.
pub fn cut(column: &Column, settings: CutSettings) -> Segmentation {
    let most = settings.values.clamp(1, MOST_PARTS);
    let (labels, of_row) = match &column.values {
        Values::Text { codes, dictionary } => by_text(codes, dictionary, most),
        Values::Time(times) => by_period(times),
        Values::Bool(_) => by_value(column, 2).unwrap_or_default(),
        Values::Float(_) | Values::Int { .. } => {
            by_value(column, most).unwrap_or_else(|| by_range(column, settings.ranges.clamp(2, MOST_PARTS)))
        }
    };
    with_missing(column, labels, of_row)
}

/// The labels and each row's index into them, [`NONE`] for rows without a value.
pub(super) type Parts = (Vec<String>, Vec<u16>);

fn with_missing(column: &Column, mut labels: Vec<String>, mut of_row: Vec<u16>) -> Segmentation {
    let missing = labels.len() as u16;
    let mut any = false;
    for segment in of_row.iter_mut().filter(|segment| **segment == NONE) {
        *segment = missing;
        any = true;
    }
    if any {
        labels.push(not_taken("missing".to_owned(), &labels));
    }
    Segmentation { column: column.name.clone(), labels, of_row }
}

/// A text that happens to be called as a segment of ours must stay told apart from it.
fn not_taken(mut label: String, labels: &[String]) -> String {
    while labels.contains(&label) {
        label = format!("({label})");
    }
    label
}

pub(super) fn other(values: usize, labels: &[String]) -> String {
    let plural = if values == 1 { "" } else { "s" };
    not_taken(format!("other ({} value{plural})", grouped(&values.to_string())), labels)
}

/// Numbers and truth values by distinct value, ascending; `None` when there are more than `most`.
fn by_value(column: &Column, most: usize) -> Option<Parts> {
    // Each value with the first row that holds it.
    let mut found: Vec<(f64, usize)> = Vec::new();
    let mut of_row = Vec::with_capacity(column.len());
    let mut last = 0;
    for row in 0..column.len() {
        let Some(x) = column.number(row) else {
            of_row.push(NONE);
            continue;
        };
        if found.get(last).is_none_or(|(value, _)| *value != x) {
            last = found.iter().position(|(value, _)| *value == x).unwrap_or(found.len());
            if last == most {
                return None;
            }
            if last == found.len() {
                found.push((x, row));
            }
        }
        of_row.push(last as u16);
    }
    let mut ascending: Vec<(f64, usize, usize)> = (0..).zip(&found).map(|(at, (x, row))| (*x, *row, at)).collect();
    ascending.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut segment_of = vec![NONE; found.len()];
    let mut labels = Vec::with_capacity(found.len());
    for (segment, (x, row, at)) in (0..).zip(ascending) {
        // As it is written: a long whole number would lose digits as a float. Zero may be written with either sign.
        let zero = x == 0.0 && matches!(column.values, Values::Float(_));
        labels.push(column.display(row).filter(|_| !zero).unwrap_or_else(|| "0".to_owned()));
        if let Some(slot) = segment_of.get_mut(at) {
            *slot = segment;
        }
    }
    for segment in &mut of_row {
        *segment = segment_of.get(usize::from(*segment)).copied().unwrap_or(NONE);
    }
    Some((labels, of_row))
}

fn by_range(column: &Column, ranges: usize) -> Parts {
    let mut values: Vec<f64> = (0..column.len()).filter_map(|row| column.number(row)).collect();
    let cuts = cut_points(&mut values, ranges);
    drop(values);
    let mut labels = Vec::with_capacity(cuts.len() + 1);
    let written: Vec<String> = cuts.iter().copied().map(number_text).collect();
    labels.extend(written.first().map(|first| format!("≤ {first}")));
    labels.extend(written.iter().zip(written.iter().skip(1)).map(|(low, high)| format!("{low} – {high}")));
    labels.extend(written.last().map(|last| format!("> {last}")));
    let segment = |x: f64| cuts.iter().filter(|cut| x > **cut).count() as u16;
    let of_row = (0..column.len()).map(|row| column.number(row).map_or(NONE, segment)).collect();
    (labels, of_row)
}

/// The places of the largest counts, at most `most`, and the number of others above zero; ties by place.
pub(super) fn most_frequent(
    counts: &[u64],
    most: usize,
    tie: impl Fn(usize, usize) -> std::cmp::Ordering,
) -> (Vec<usize>, usize) {
    let mut used: Vec<(u64, usize)> = counts.iter().copied().zip(0..).filter(|(rows, _)| *rows > 0).collect();
    let order = |a: &(u64, usize), b: &(u64, usize)| b.0.cmp(&a.0).then_with(|| tie(a.1, b.1));
    if used.len() > most {
        used.select_nth_unstable_by(most, order);
    }
    let others = used.len().saturating_sub(most);
    used.truncate(most);
    used.sort_unstable_by(order);
    (used.into_iter().map(|(_, place)| place).collect(), others)
}

fn by_text(codes: &[u32], dictionary: &[String], most: usize) -> Parts {
    let mut counts = vec![0_u64; dictionary.len()];
    for code in codes {
        if let Some(count) = counts.get_mut(*code as usize) {
            *count += 1;
        }
    }
    let (kept, others) = most_frequent(&counts, most, |a, b| dictionary.get(a).cmp(&dictionary.get(b)));
    let mut labels: Vec<String> = kept.iter().filter_map(|place| dictionary.get(*place)).cloned().collect();
    let mut of_code = vec![labels.len() as u16; dictionary.len()];
    for (segment, place) in (0..).zip(kept) {
        if let Some(slot) = of_code.get_mut(place) {
            *slot = segment;
        }
    }
    if others > 0 {
        labels.push(other(others, &labels));
    }
    let segment = |code: &u32| {
        if *code == MISSING_CODE { NONE } else { of_code.get(*code as usize).copied().unwrap_or(NONE) }
    };
    (labels, codes.iter().map(segment).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::table::MISSING_TIME;

    fn of(values: Values) -> Segmentation {
        cut(&Column::new("c", values), CutSettings::default())
    }

    #[test]
    fn texts_are_cut_by_value_the_frequent_first_and_missing_last() {
        let s = of(Values::text([Some("b"), None, Some("a"), Some("b"), Some("a"), Some("c"), Some("b")]));
        assert_eq!(s.labels, ["b", "a", "c", "missing"]);
        assert_eq!(s.of_row, [0, 3, 1, 0, 1, 2, 0]);
        assert_eq!((s.label(3), s.label(9), s.segment_of(1), s.segment_of(7)), ("missing", "", Some(3), None));
    }

    #[test]
    fn ten_thousand_categories_leave_twenty_and_the_rest() {
        let names = (0..10_000).map(|i| Some(format!("k{i:05}"))).chain((0..5).map(|_| Some("k07777".to_owned())));
        let s = of(Values::text(names));
        assert_eq!(s.labels.len(), 21);
        assert_eq!((s.label(0), s.label(1), s.label(20)), ("k07777", "k00000", "other (9,980 values)"));
        assert_eq!(s.of_row.iter().filter(|c| **c == 0).count(), 6);
        assert_eq!(s.of_row.iter().filter(|c| **c == 20).count(), 9_980);
    }

    #[test]
    fn a_text_called_missing_is_not_a_missing_one() {
        let s = of(Values::text([Some("missing"), None]));
        assert_eq!(s.labels, ["missing", "(missing)"]);
    }

    #[test]
    fn few_numbers_are_cut_by_value_ascending() {
        let s = of(Values::Float(vec![2.5, -0.0, f64::NAN, -3.0, 0.0, 2.5]));
        assert_eq!(s.labels, ["-3", "0", "2.5", "missing"]);
        assert_eq!(s.of_row, [2, 1, 3, 0, 1, 2]);
        let s = of(Values::Int { values: vec![9_007_199_254_740_993, 1, 7], valid: Some(vec![true, true, false]) });
        assert_eq!(s.labels, ["1", "9007199254740993", "missing"]);
        assert_eq!(of(Values::Bool(vec![1, 0, 2, 1])).labels, ["false", "true", "missing"]);
    }

    #[test]
    fn many_numbers_are_cut_at_quantiles() {
        let s = of(Values::ints((1..=100).rev().collect()));
        assert_eq!(s.labels, ["≤ 25", "25 – 50", "50 – 75", "> 75"]);
        for segment in 0..4 {
            assert_eq!(s.of_row.iter().filter(|c| **c == segment).count(), 25);
        }
        assert_eq!(s.of_row.last(), Some(&0));
        let two = CutSettings { ranges: 2, ..CutSettings::default() };
        let s = cut(&Column::new("c", Values::Float((0..1000).map(|i| f64::from(i) / 7.0).collect())), two);
        assert_eq!(s.labels, ["≤ 71.3", "> 71.3"]);
        assert_eq!(s.of_row.iter().filter(|c| **c == 0).count(), 500);
    }

    #[test]
    fn ties_are_never_parted_and_merge_ranges() {
        let zeros = (0..900).map(|_| 0.0);
        let s = of(Values::Float(zeros.clone().chain((1..=100).map(f64::from)).collect()));
        assert_eq!(s.labels, ["≤ 0", "> 0"]);
        assert_eq!(s.of_row.iter().filter(|c| **c == 0).count(), 900);
        let s = of(Values::Float(zeros.chain((1..=100).map(|i| -f64::from(i))).collect()));
        assert_eq!(s.labels, ["≤ -1", "> -1"], "most rows hold the largest value");
        assert_eq!(s.of_row.iter().filter(|c| **c == 1).count(), 900);
    }

    #[test]
    fn infinite_numbers_are_the_outer_ranges() {
        let ends = [f64::INFINITY, f64::NEG_INFINITY];
        let s = of(Values::Float((0..40).map(f64::from).chain(ends).collect()));
        assert_eq!(s.labels.len(), 4);
        assert_eq!(s.of_row.get(40..), Some(&[3, 0][..]));
    }

    #[test]
    fn nothing_constant_and_all_missing_are_cut_too() {
        for values in [Values::ints(Vec::new()), Values::text([None::<&str>; 0]), Values::Time(Vec::new())] {
            let s = of(values);
            assert!(s.labels.is_empty() && s.of_row.is_empty());
        }
        assert_eq!(of(Values::ints(vec![7; 100])).labels, ["7"]);
        for values in
            [Values::Float(vec![f64::NAN; 3]), Values::text([None::<&str>; 3]), Values::Time(vec![MISSING_TIME; 3])]
        {
            let s = of(values);
            assert_eq!((s.labels, s.of_row), (vec!["missing".to_owned()], vec![0; 3]));
        }
    }

    #[test]
    fn a_column_that_is_not_there_is_named() {
        let table = Table::new(vec![Column::new("a", Values::ints(vec![1]))]).unwrap();
        assert_eq!(cut_columns(&table, &["a"], CutSettings::default()).unwrap().len(), 1);
        let error = cut_columns(&table, &["b"], CutSettings::default()).unwrap_err();
        assert!(error.to_string().contains('b'), "{error}");
    }
}
