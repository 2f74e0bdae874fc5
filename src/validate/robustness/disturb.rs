//! Samples of rows, and columns that differ from their own: disturbed, emptied, swapped.

use super::RobustnessSettings;
use crate::data::table::{MISSING_CODE, MISSING_TIME};
use crate::data::{Column, DataError, Table, Values};
use crate::stats::moments::Moments;
use crate::stats::random::SplitMix64;

/// At most `most` of `rows` rows, drawn at random without repetition, ascending: one of each of as many equal runs.
pub(super) fn some_rows(rows: usize, most: usize, random: &mut SplitMix64) -> Vec<usize> {
    if rows <= most {
        return (0..rows).collect();
    }
    let start = |part: usize| (part as u128 * rows as u128 / most as u128) as usize;
    (0..most).map(|part| start(part) + random.below(start(part + 1) - start(part))).collect()
}

/// A table with a column in the place of that of the same name.
pub(super) fn with(table: &Table, changed: Column) -> Result<Table, DataError> {
    let columns = table.columns().iter();
    let mut changed = Some(changed);
    let columns = columns.map(|own| {
        if changed.as_ref().is_some_and(|c| c.name == own.name) {
            changed.take().unwrap_or_else(|| own.clone())
        } else {
            own.clone()
        }
    });
    Table::new(columns.collect())
}

/// The column with every value missing.
pub(super) fn missing(column: &Column) -> Column {
    let rows = column.len();
    let values = match &column.values {
        Values::Float(_) => Values::Float(vec![f64::NAN; rows]),
        Values::Int { values, .. } => Values::Int { values: values.clone(), valid: Some(vec![false; rows]) },
        Values::Bool(_) => Values::Bool(vec![2; rows]),
        Values::Text { dictionary, .. } => {
            Values::Text { codes: vec![MISSING_CODE; rows], dictionary: std::sync::Arc::clone(dictionary) }
        }
        Values::Time(_) => Values::Time(vec![MISSING_TIME; rows]),
    };
    Column::new(&column.name, values)
}

/// The column with its values in another order (Fisher and Yates).
pub(super) fn swapped(column: &Column, random: &mut SplitMix64) -> Column {
    let mut order: Vec<usize> = (0..column.len()).collect();
    for place in (1..order.len()).rev() {
        order.swap(place, random.below(place + 1));
    }
    column.take(&order)
}

/// A standard normal number (Box and Muller).
fn normal(random: &mut SplitMix64) -> f64 {
    (-2.0 * (1.0 - random.unit()).ln()).sqrt() * (std::f64::consts::TAU * random.unit()).cos()
}

/// Noise for the values of a column: a share of their own spread, kept between the smallest and the largest, so that no
/// value comes about that the column could not have.
struct Noise {
    size: f64,
    low: f64,
    high: f64,
}

impl Noise {
    fn of(values: impl Iterator<Item = f64> + Clone, share: f64) -> Option<Self> {
        let finite = || values.clone().filter(|x| x.is_finite());
        let spread: Moments = finite().collect();
        let size = share * spread.sample_variance()?.sqrt();
        let low = finite().fold(f64::INFINITY, f64::min);
        let high = finite().fold(f64::NEG_INFINITY, f64::max);
        (size > 0.0 && size.is_finite()).then_some(Self { size, low, high })
    }

    fn on(&self, x: f64, random: &mut SplitMix64) -> f64 {
        let noisy = x + self.size * normal(random);
        if x.is_finite() { noisy.clamp(self.low, self.high) } else { x }
    }
}

const CONSTANT: &str = "The column has one value only, so there is nothing to disturb it by.";

/// The column with small changes: normal noise on numbers, another row's value in some rows of texts and truth values,
/// and of whole numbers that the noise is too small to move.
pub(super) fn noise(
    column: &Column,
    settings: &RobustnessSettings,
    random: &mut SplitMix64,
) -> Result<Column, &'static str> {
    let values = match &column.values {
        Values::Float(list) => {
            let noise = Noise::of(list.iter().copied(), settings.noise).ok_or(CONSTANT)?;
            // Whole numbers may be bound to an input that takes nothing else.
            let whole = list.iter().filter(|x| x.is_finite()).all(|x| x.fract() == 0.0);
            let noisy = |x: &f64| {
                let noisy = noise.on(*x, random);
                if whole { noisy.round() } else { noisy }
            };
            let noisy: Vec<f64> = list.iter().map(noisy).collect();
            if whole && list.iter().zip(&noisy).all(|(a, b)| a == b || a.is_nan()) {
                return exchanged(column, settings.exchanged, random);
            }
            Values::Float(noisy)
        }
        Values::Int { values, valid } => {
            let known = (0..values.len()).filter(|row| !column.is_missing(*row));
            let numbers = known.filter_map(|row| values.get(row)).map(|x| *x as f64);
            let noise = Noise::of(numbers, settings.noise).ok_or(CONSTANT)?;
            let noisy: Vec<i64> = values.iter().map(|x| noise.on(*x as f64, random).round() as i64).collect();
            if noisy == *values {
                return exchanged(column, settings.exchanged, random);
            }
            Values::Int { values: noisy, valid: valid.clone() }
        }
        Values::Time(list) => {
            let numbers = list.iter().filter(|t| **t != MISSING_TIME).map(|t| *t as f64);
            let noise = Noise::of(numbers, settings.noise).ok_or(CONSTANT)?;
            let noisy = |t: &i64| if *t == MISSING_TIME { *t } else { noise.on(*t as f64, random).round() as i64 };
            Values::Time(list.iter().map(noisy).collect())
        }
        Values::Text { .. } | Values::Bool(_) => return exchanged(column, settings.exchanged, random),
    };
    Ok(Column::new(&column.name, values))
}

/// The column with the value of a random other row, that is not its own, in a share of the rows.
fn exchanged(column: &Column, share: f64, random: &mut SplitMix64) -> Result<Column, &'static str> {
    const TRIES: usize = 50;
    let rows = column.len();
    let known: Vec<usize> = (0..rows).filter(|row| !column.is_missing(*row)).collect();
    let differ = |a: usize, b: usize| match &column.values {
        Values::Text { codes, .. } => codes.get(a) != codes.get(b),
        Values::Bool(list) => list.get(a) != list.get(b),
        _ => column.number(a) != column.number(b),
    };
    let Some(first) = known.first() else { return Err(CONSTANT) };
    if !known.iter().any(|row| differ(*first, *row)) {
        return Err(CONSTANT);
    }
    let mut from: Vec<usize> = (0..rows).collect();
    for (row, slot) in from.iter_mut().enumerate() {
        if column.is_missing(row) || random.unit() >= share {
            continue;
        }
        for _ in 0..TRIES {
            if let Some(other) = known.get(random.below(known.len()))
                && differ(row, *other)
            {
                *slot = *other;
                break;
            }
        }
    }
    Ok(column.take(&from))
}
