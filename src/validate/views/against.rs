//! Errors of a regression along a column of the data: where the model is off in one direction.

use crate::data::table::{Column, Kind};
use crate::stats::intervals;
use crate::stats::moments::{Moments, quantile_sorted};
use crate::validate::measure::Answers;

/// Points of the scatter.
const SAMPLE: usize = 2_000;
/// Quantile bins of a numeric column.
const BINS: usize = 20;
/// Values of a text column that are shown on their own.
const VALUES: usize = 20;

/// Mean prediction − target along a column, in the target's unit.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ResidualsAgainst {
    /// A column of numbers or times (milliseconds since 1970).
    Numeric {
        /// The column.
        column: String,
        /// Up to 2,000 rows spread evenly over the data: value and error.
        sample: Vec<[f64; 2]>,
        /// Up to 20 bins of about equally many rows, ascending.
        bins: Vec<ErrorsInBin>,
        /// Rows where the column is missing or infinite.
        missing: u64,
    },
    /// A column of texts, or of true and false.
    Text {
        /// The column.
        column: String,
        /// Up to 20 values, the most frequent first.
        values: Vec<ErrorsByValue>,
        /// Rows of all other values.
        other: u64,
        /// Rows where the column is missing.
        missing: u64,
    },
}

/// Errors in one bin of a numeric column.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ErrorsInBin {
    /// Smallest value in the bin.
    pub from: f64,
    /// Largest value in the bin.
    pub to: f64,
    /// Rows.
    pub rows: u64,
    /// Mean error.
    pub mean: f64,
    /// Lower end of its interval, by Student's t; `None` for one row.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// Errors of one value of a text column.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ErrorsByValue {
    /// The value.
    pub value: String,
    /// Rows.
    pub rows: u64,
    /// Mean error.
    pub mean: f64,
    /// Lower end of its interval, by Student's t; `None` for one row.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// Errors along a column. `rows` are the table's row numbers of the answers, `level` that of the intervals; `None` for
/// other tasks than regression.
pub fn residuals_against(answers: &Answers, rows: &[u32], column: &Column, level: f64) -> Option<ResidualsAgainst> {
    let Answers::Regression { target, prediction } = answers else { return None };
    let errors = || {
        target
            .iter()
            .zip(prediction)
            .zip(rows)
            .map(|((t, p), row)| (*row as usize, p - t))
            .filter(|(_, error)| error.is_finite())
    };
    Some(match column.kind() {
        Kind::Number | Kind::Time => numeric(column, errors(), level),
        Kind::Text | Kind::Bool => text(column, errors(), level),
    })
}

fn ends(moments: &Moments, level: f64) -> (Option<f64>, Option<f64>) {
    let interval = intervals::of_mean(moments, level, (f64::NEG_INFINITY, f64::INFINITY));
    (interval.map(|i| i.low), interval.map(|i| i.high))
}

fn numeric(column: &Column, errors: impl Iterator<Item = (usize, f64)>, level: f64) -> ResidualsAgainst {
    let mut missing = 0;
    let mut points = Vec::new();
    for (row, error) in errors {
        match column.number(row).filter(|x| x.is_finite()) {
            Some(x) => points.push([x, error]),
            None => missing += 1,
        }
    }
    let every = points.len().div_ceil(SAMPLE).max(1);
    let sample = points.iter().copied().step_by(every).collect();
    points.sort_by(|[a, _], [b, _]| a.total_cmp(b));
    let values: Vec<f64> = points.iter().map(|[x, _]| *x).collect();
    let mut bins = Vec::new();
    let mut start = 0;
    for bin in 1..=BINS {
        let Some(limit) = quantile_sorted(&values, bin as f64 / BINS as f64) else { break };
        // Equal values stay together, so a bin may be larger than its share, and the next one empty.
        let end = values.partition_point(|x| *x <= limit);
        let end = if bin == BINS { values.len() } else { end };
        let moments: Moments = points.iter().take(end).skip(start).map(|[_, error]| *error).collect();
        if let (Some(from), Some(to), Some(mean)) =
            (values.get(start), end.checked_sub(1).and_then(|last| values.get(last)), moments.mean())
        {
            let (low, high) = ends(&moments, level);
            bins.push(ErrorsInBin { from: *from, to: *to, rows: moments.n, mean, low, high });
        }
        start = end.max(start);
    }
    ResidualsAgainst::Numeric { column: column.name.clone(), sample, bins, missing }
}

fn text(column: &Column, errors: impl Iterator<Item = (usize, f64)>, level: f64) -> ResidualsAgainst {
    let codes = crate::data::target::class_labels(column);
    let mut by_value = vec![Moments::default(); codes.names.len()];
    let mut missing = 0;
    for (row, error) in errors {
        let code = codes.codes.get(row).map(|code| *code as usize);
        match code.and_then(|code| by_value.get_mut(code)) {
            Some(moments) => moments.add(error),
            None => missing += 1,
        }
    }
    let mut found: Vec<(&String, Moments)> = codes.names.iter().zip(by_value).filter(|(_, m)| m.n > 0).collect();
    found.sort_by(|(a, x), (b, y)| y.n.cmp(&x.n).then_with(|| a.cmp(b)));
    let other = found.iter().skip(VALUES).map(|(_, moments)| moments.n).sum();
    let values = found
        .into_iter()
        .take(VALUES)
        .map(|(value, moments)| {
            let (low, high) = ends(&moments, level);
            ErrorsByValue { value: value.clone(), rows: moments.n, mean: moments.mean, low, high }
        })
        .collect();
    ResidualsAgainst::Text { column: column.name.clone(), values, other, missing }
}
