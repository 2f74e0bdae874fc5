//! Counters of one column in one chunk, and reading table columns into them without hashing a text per row.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use crate::data::table::{MISSING_CODE, MISSING_TIME};
use crate::data::{Column, Values};
use crate::monitor::chunk::{ColumnChunk, Counts};
use crate::monitor::profile::{Distribution, NumericBins};

/// Distinct unseen categories that are kept by name; more are counted only.
const UNSEEN_KEPT: usize = 1_000;

/// Unseen categories that a report names.
const UNSEEN_SHOWN: usize = 5;

/// The place of a category that the reference does not have.
const UNSEEN: u32 = u32::MAX;

/// Counters of one column in one chunk.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::monitor) struct ColumnTally {
    inside: Vec<u64>,
    below: u64,
    above: u64,
    missing: u64,
    unseen: u64,
    unseen_names: BTreeMap<String, u64>,
    finite: u64,
    sum: f64,
    min: f64,
    max: f64,
}

impl ColumnTally {
    pub(in crate::monitor) fn new(places: usize) -> Self {
        Self { inside: vec![0; places], min: f64::INFINITY, max: f64::NEG_INFINITY, ..Self::default() }
    }

    /// Counts a number against the reference's bins; NaN is missing, infinity lies outside of them.
    #[inline]
    pub(in crate::monitor) fn add_number(&mut self, bins: &NumericBins, x: f64) {
        if x.is_nan() {
            self.missing += 1;
            return;
        }
        if x.is_finite() {
            self.finite += 1;
            self.sum += x;
            self.min = self.min.min(x);
            self.max = self.max.max(x);
        }
        if x < bins.first() {
            self.below += 1;
        } else if let Some(count) = bins.place(x).and_then(|place| self.inside.get_mut(place)) {
            *count += 1;
        } else {
            self.above += 1;
        }
    }

    /// Counts a category by its place in the reference.
    #[inline]
    pub(in crate::monitor) fn add_place(&mut self, place: usize) {
        if let Some(count) = self.inside.get_mut(place) {
            *count += 1;
        }
    }

    /// Counts rows of a category that the reference does not have.
    pub(in crate::monitor) fn add_unseen(&mut self, name: &str, rows: u64) {
        self.unseen += rows;
        if let Some(known) = self.unseen_names.get_mut(name) {
            *known += rows;
        } else if self.unseen_names.len() < UNSEEN_KEPT {
            self.unseen_names.insert(name.to_owned(), rows);
        }
    }

    pub(in crate::monitor) fn add_missing(&mut self, rows: u64) {
        self.missing += rows;
    }

    pub(in crate::monitor) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.inside.iter_mut().zip(&other.inside) {
            *mine += theirs;
        }
        self.below += other.below;
        self.above += other.above;
        self.missing += other.missing;
        let named: u64 = other.unseen_names.values().sum();
        for (name, rows) in &other.unseen_names {
            self.add_unseen(name, *rows);
        }
        self.unseen += other.unseen.saturating_sub(named);
        self.finite += other.finite;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// What was counted, against the reference.
    pub(in crate::monitor) fn report(&self, name: &str, reference: &Distribution) -> ColumnChunk {
        let counts = Counts { inside: self.inside.clone(), outside: self.below + self.above + self.unseen };
        let mut examples: Vec<(&String, u64)> = self.unseen_names.iter().map(|(name, rows)| (name, *rows)).collect();
        examples.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        let mean = (self.finite > 0).then(|| self.sum / self.finite as f64).filter(|m| m.is_finite());
        let (mean, median) = match reference {
            Distribution::Numeric(bins) => (mean, self.median(bins)),
            Distribution::Categorical(_) => (None, None),
        };
        ColumnChunk {
            name: name.to_owned(),
            drift: reference.drift(&counts),
            missing: self.missing,
            unseen: self.unseen,
            unseen_examples: examples.into_iter().take(UNSEEN_SHOWN).map(|(name, _)| name.clone()).collect(),
            out_of_range: self.below + self.above,
            counts,
            mean,
            median,
        }
    }

    /// The median by linear interpolation within the bin that holds it. Rows outside of the bins count as evenly spread
    /// between the outermost bin and the most extreme value.
    fn median(&self, bins: &NumericBins) -> Option<f64> {
        let rows = self.inside.iter().sum::<u64>() + self.below + self.above;
        if rows == 0 || self.finite == 0 {
            return None;
        }
        let edges = bins.edges();
        let (first, last) = (*edges.first()?, *edges.last()?);
        let inner = edges.iter().zip(edges.iter().skip(1)).map(|(low, high)| (*low, *high));
        let spans = std::iter::once((self.min.min(first), first)).chain(inner).chain([(last, self.max.max(last))]);
        let counts = std::iter::once(self.below).chain(self.inside.iter().copied()).chain([self.above]);
        let half = rows as f64 / 2.0;
        let mut passed = 0.0;
        for ((low, high), count) in spans.zip(counts) {
            let count = count as f64;
            if count > 0.0 && passed + count >= half {
                // A bin may reach past the values that are in it.
                let value = low + (high - low) * (half - passed) / count;
                return Some(value.clamp(self.min, self.max)).filter(|m| m.is_finite());
            }
            passed += count;
        }
        None
    }

    /// The smallest and the largest finite value.
    pub(in crate::monitor) fn range(&self) -> Option<(f64, f64)> {
        (self.finite > 0).then_some((self.min, self.max))
    }
}

/// How a column's values are found in the reference; remembers dictionaries and values it has met.
#[derive(Debug, Default)]
pub(in crate::monitor) struct ColumnReader {
    /// Held, so that its address cannot become that of another dictionary.
    dictionary: Option<Arc<Vec<String>>>,
    /// For each entry of the dictionary its place among the reference's categories.
    places: Vec<u32>,
    /// For each entry of the dictionary its number, NaN when it is none.
    numbers: Vec<f64>,
    /// The places of values that are not text, by their bits.
    met: HashMap<u64, (u32, String)>,
    /// The type of the values in `met`.
    met_type: Option<std::mem::Discriminant<Values>>,
}

/// Distinct values that are remembered; a column of measurements must not fill the memory.
const MET_KEPT: usize = 100_000;

/// A table's slice, clamped to what is there.
fn part<'a, T>(values: &'a [T], rows: &Range<usize>) -> &'a [T] {
    let end = rows.end.min(values.len());
    values.get(rows.start.min(end)..end).unwrap_or_default()
}

impl ColumnReader {
    /// Counts rows of a column; without the column, they are missing.
    pub(in crate::monitor) fn read(
        &mut self,
        column: Option<&Column>,
        rows: Range<usize>,
        reference: &Distribution,
        tally: &mut ColumnTally,
    ) {
        let Some(column) = column else {
            tally.add_missing(rows.len() as u64);
            return;
        };
        let rows = rows.start..rows.end.min(column.len());
        match reference {
            Distribution::Numeric(bins) => self.read_numbers(column, &rows, bins, tally),
            Distribution::Categorical(_) => self.read_categories(column, &rows, reference, tally),
        }
    }

    fn read_numbers(&mut self, column: &Column, rows: &Range<usize>, bins: &NumericBins, tally: &mut ColumnTally) {
        match &column.values {
            Values::Float(values) => {
                for x in part(values, rows) {
                    tally.add_number(bins, *x);
                }
            }
            Values::Int { values, valid: None } => {
                for x in part(values, rows) {
                    tally.add_number(bins, *x as f64);
                }
            }
            Values::Int { values, valid: Some(valid) } => {
                for (x, valid) in part(values, rows).iter().zip(part(valid, rows)) {
                    tally.add_number(bins, if *valid { *x as f64 } else { f64::NAN });
                }
            }
            Values::Bool(values) => {
                for x in part(values, rows) {
                    tally.add_number(bins, if *x > 1 { f64::NAN } else { f64::from(*x) });
                }
            }
            Values::Time(values) => {
                for t in part(values, rows) {
                    tally.add_number(bins, if *t == MISSING_TIME { f64::NAN } else { *t as f64 });
                }
            }
            Values::Text { codes, dictionary } => {
                if self.is_new(dictionary) {
                    self.numbers = dictionary.iter().map(|text| text.trim().parse().unwrap_or(f64::NAN)).collect();
                }
                for code in part(codes, rows) {
                    tally.add_number(bins, self.numbers.get(*code as usize).copied().unwrap_or(f64::NAN));
                }
            }
        }
    }

    fn read_categories(
        &mut self,
        column: &Column,
        rows: &Range<usize>,
        reference: &Distribution,
        tally: &mut ColumnTally,
    ) {
        match &column.values {
            Values::Text { codes, dictionary } => {
                if self.is_new(dictionary) {
                    self.places = dictionary.iter().map(|text| place(reference, text)).collect();
                }
                let mut unseen = BTreeMap::<u32, u64>::new();
                for code in part(codes, rows) {
                    match self.places.get(*code as usize) {
                        Some(&UNSEEN) => *unseen.entry(*code).or_default() += 1,
                        Some(place) => tally.add_place(*place as usize),
                        None => tally.add_missing(1),
                    }
                }
                for (code, rows) in unseen {
                    tally.add_unseen(dictionary.get(code as usize).map_or("", String::as_str), rows);
                }
            }
            Values::Bool(values) => {
                let places = [place(reference, "false"), place(reference, "true")];
                for x in part(values, rows) {
                    match places.get(*x as usize) {
                        Some(&UNSEEN) => tally.add_unseen(if *x == 1 { "true" } else { "false" }, 1),
                        Some(place) => tally.add_place(*place as usize),
                        None => tally.add_missing(1),
                    }
                }
            }
            // Numbers and times where the reference had text: each distinct value is written out once.
            _ => {
                let this_type = Some(std::mem::discriminant(&column.values));
                if self.met_type != this_type || self.met.len() > MET_KEPT {
                    self.met.clear();
                    self.met_type = this_type;
                }
                for row in rows.start..rows.end {
                    let Some(key) = distinct(column, row) else {
                        tally.add_missing(1);
                        continue;
                    };
                    let (place, name) = self.met.entry(key).or_insert_with(|| {
                        let name = column.display(row).unwrap_or_default();
                        (place(reference, &name), name)
                    });
                    if *place == UNSEEN {
                        tally.add_unseen(name, 1);
                    } else {
                        tally.add_place(*place as usize);
                    }
                }
            }
        }
    }

    /// Whether the dictionary is another one than the last; remembers it.
    fn is_new(&mut self, dictionary: &Arc<Vec<String>>) -> bool {
        if self.dictionary.as_ref().is_some_and(|d| Arc::ptr_eq(d, dictionary)) {
            return false;
        }
        self.dictionary = Some(Arc::clone(dictionary));
        true
    }
}

/// The place of a category in the reference, or [`UNSEEN`].
fn place(reference: &Distribution, category: &str) -> u32 {
    reference.place(category).and_then(|place| u32::try_from(place).ok()).unwrap_or(UNSEEN)
}

/// The bits that tell a value from others of its column; `None` when it is missing.
pub(super) fn distinct(column: &Column, row: usize) -> Option<u64> {
    match &column.values {
        // Zero has two signs but is one value.
        Values::Float(values) => {
            values.get(row).filter(|x| !x.is_nan()).map(|x| if *x == 0.0 { 0 } else { x.to_bits() })
        }
        Values::Int { values, valid } => {
            let is_valid = valid.as_ref().is_none_or(|v| v.get(row).copied().unwrap_or(false));
            values.get(row).filter(|_| is_valid).map(|x| *x as u64)
        }
        Values::Bool(values) => values.get(row).filter(|x| **x < 2).map(|x| u64::from(*x)),
        Values::Text { codes, .. } => codes.get(row).filter(|c| **c != MISSING_CODE).map(|c| u64::from(*c)),
        Values::Time(values) => values.get(row).filter(|t| **t != MISSING_TIME).map(|t| *t as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(reference: Values, chunk: Values) -> (Distribution, ColumnTally) {
        let distribution = Distribution::of(&Column::new("x", reference));
        let mut tally = ColumnTally::new(distribution.places());
        let column = Column::new("x", chunk);
        // Rows past the end are not there, so they are not counted.
        ColumnReader::default().read(Some(&column), 0..column.len() + 9, &distribution, &mut tally);
        (distribution, tally)
    }

    #[test]
    fn what_is_not_finite_lies_outside_and_what_is_missing_is_counted() {
        let chunk = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -5.0, 50.0, 150.0];
        let (reference, tally) = tally(Values::Float((0..=100).map(f64::from).collect()), Values::Float(chunk));
        let report = tally.report("x", &reference);
        assert_eq!((report.missing, report.out_of_range, report.counts.outside, report.unseen), (1, 4, 4, 0));
        assert_eq!(report.mean, Some(65.0));
        assert_eq!(tally.range(), Some((-5.0, 150.0)));
        assert!((40.0..60.0).contains(&report.median.unwrap()));
        let (reference, tally) = self::tally(Values::Float(vec![f64::NAN]), Values::Float(vec![1.0, 2.0]));
        let report = tally.report("x", &reference);
        assert_eq!((report.drift, report.counts.outside), (None, 2));
    }

    #[test]
    fn a_median_beyond_the_reference_stays_among_the_values() {
        let (reference, tally) = tally(Values::ints(vec![0, 1, 2, 3]), Values::ints(vec![100, 110, 120]));
        let median = tally.report("x", &reference).median.unwrap();
        assert!((100.0..=120.0).contains(&median), "{median}");
    }

    #[test]
    fn the_most_frequent_unseen_categories_are_named() {
        let texts = |list: &[&'static str]| Values::text(list.iter().map(|t| Some(*t)));
        let (reference, tally) = tally(texts(&["a"]), texts(&["z", "a", "y", "y", "x", "w", "v", "u"]));
        let report = tally.report("x", &reference);
        assert_eq!((report.unseen, report.counts.inside.as_slice()), (7, &[1][..]));
        assert_eq!(report.unseen_examples, ["y", "u", "v", "w", "x"]);
    }

    #[test]
    fn categories_are_known_whatever_type_they_come_in() {
        let text = || Values::text([Some("1"), Some("true"), None]);
        let (reference, ints) =
            tally(text(), Values::Int { values: vec![1, 2, 0], valid: Some(vec![true, true, false]) });
        let report = ints.report("x", &reference);
        assert_eq!((report.values(), report.unseen, report.missing), (2, 1, 1));
        assert_eq!(report.unseen_examples, ["2"]);
        let (reference, bools) = tally(text(), Values::Bool(vec![1, 0, 2]));
        let report = bools.report("x", &reference);
        assert_eq!((report.values(), report.unseen, report.missing), (2, 1, 1));
    }
}
