//! How the reference's values are spread, and the drift of a chunk against it.

use std::collections::HashMap;

use crate::data::{Column, Values};
use crate::monitor::chunk::Counts;
use crate::monitor::snapshot::Bins;
use crate::stats::{distance, histogram};

/// The spread of a column of the reference.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Numbers and times, in bins of equal width.
    Numeric(NumericBins),
    /// Texts and truth values, by category.
    Categorical(Categories),
}

/// Doane's bins of the reference, as `NannyML` takes them, and the reference's rows in each.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct NumericBins {
    /// Edges, one more than there are bins; none when the reference has no finite value.
    edges: Vec<f64>,
    counts: Vec<u64>,
}

/// The categories of the reference, the most frequent first, and the reference's rows in each.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Categories {
    names: Vec<String>,
    counts: Vec<u64>,
    /// Places in `names`, sorted by name.
    by_name: Vec<u32>,
}

impl Distribution {
    /// The spread of a column.
    pub(in crate::monitor) fn of(column: &Column) -> Self {
        match &column.values {
            Values::Text { codes, dictionary } => {
                let mut counts = vec![0_u64; dictionary.len()];
                for code in codes {
                    if let Some(count) = counts.get_mut(*code as usize) {
                        *count += 1;
                    }
                }
                let mut rows: HashMap<&str, u64> = HashMap::new();
                for (name, count) in dictionary.iter().zip(counts).filter(|(_, count)| *count > 0) {
                    *rows.entry(name).or_default() += count;
                }
                Self::Categorical(Categories::new(rows.into_iter()))
            }
            Values::Bool(values) => {
                let mut rows = [0_u64; 2];
                for value in values {
                    if let Some(count) = rows.get_mut(*value as usize) {
                        *count += 1;
                    }
                }
                let both = [("false", rows[0]), ("true", rows[1])];
                Self::Categorical(Categories::new(both.into_iter().filter(|(_, count)| *count > 0)))
            }
            _ => {
                let values: Vec<f64> = (0..column.len()).filter_map(|row| column.number(row)).collect();
                Self::Numeric(NumericBins::new(&values))
            }
        }
    }

    /// Number of bins or categories.
    pub fn places(&self) -> usize {
        match self {
            Self::Numeric(bins) => bins.counts.len(),
            Self::Categorical(categories) => categories.names.len(),
        }
    }

    /// Whether the column holds numbers.
    pub fn is_numeric(&self) -> bool {
        matches!(self, Self::Numeric(_))
    }

    /// Place of a category; `None` when the reference does not have it, or has numbers.
    pub fn place(&self, category: &str) -> Option<usize> {
        match self {
            Self::Numeric(_) => None,
            Self::Categorical(categories) => categories.place(category),
        }
    }

    /// Edges or names, to draw.
    pub fn bins(&self) -> Bins {
        match self {
            Self::Numeric(bins) => Bins::Edges(bins.edges.clone()),
            Self::Categorical(categories) => Bins::Categories(categories.names.clone()),
        }
    }

    /// Drift of a chunk by `js/nannyml`; `None` when reference or chunk has no value.
    pub fn drift(&self, chunk: &Counts) -> Option<f64> {
        let reference = match self {
            Self::Numeric(bins) => &bins.counts,
            Self::Categorical(categories) => &categories.counts,
        };
        distance::js_nannyml(reference, &chunk.inside, chunk.outside)
    }
}

impl NumericBins {
    fn new(values: &[f64]) -> Self {
        let edges = histogram::doane_edges(values).unwrap_or_default();
        let (counts, _) = histogram::count(&edges, values);
        Self { edges, counts }
    }

    /// Edges, one more than there are bins.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// The lowest edge; NaN without bins.
    #[inline]
    pub fn first(&self) -> f64 {
        self.edges.first().copied().unwrap_or(f64::NAN)
    }

    /// The bin of a number; `None` outside.
    #[inline]
    pub fn place(&self, x: f64) -> Option<usize> {
        histogram::place(&self.edges, x)
    }
}

impl Categories {
    /// Their names, the most frequent first.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    fn new<'a>(rows: impl Iterator<Item = (&'a str, u64)>) -> Self {
        let mut rows: Vec<(&str, u64)> = rows.collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let mut by_name: Vec<u32> = (0..rows.len() as u32).collect();
        by_name.sort_by_key(|place| rows.get(*place as usize).map(|(name, _)| *name));
        Self {
            names: rows.iter().map(|(name, _)| (*name).to_owned()).collect(),
            counts: rows.iter().map(|(_, count)| *count).collect(),
            by_name,
        }
    }

    fn place(&self, category: &str) -> Option<usize> {
        let name = |place: &u32| self.names.get(*place as usize).map_or("", String::as_str);
        let at = self.by_name.binary_search_by(|place| name(place).cmp(category)).ok()?;
        self.by_name.get(at).map(|place| *place as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(inside: &[u64], outside: u64) -> Counts {
        Counts { inside: inside.to_vec(), outside }
    }

    #[test]
    fn categories_are_found_and_ordered_by_frequency() {
        let column = Column::new("c", Values::text([Some("b"), Some("ä"), None, Some("ä"), Some("a")]));
        let distribution = Distribution::of(&column);
        assert_eq!(distribution.bins(), Bins::Categories(vec!["ä".into(), "a".into(), "b".into()]));
        assert_eq!(["ä", "a", "b", "c"].map(|c| distribution.place(c)), [Some(0), Some(1), Some(2), None]);
    }

    #[test]
    fn edge_cases_are_nannymls() {
        let one = Distribution::of(&Column::new("x", Values::Float(vec![1.0; 50])));
        assert_eq!(one.drift(&counts(&[50], 0)), Some(0.0));
        assert!((one.drift(&counts(&[0], 50)).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(one.drift(&counts(&[0], 0)), None);
        let text = Values::text((0..100).map(|i| Some(if i < 80 { "a" } else { "b" })));
        let two = Distribution::of(&Column::new("c", text));
        assert!((two.drift(&counts(&[80, 0], 20)).unwrap() - 0.4472135954999579).abs() < 1e-12);
        let constant = Distribution::of(&Column::new("c", Values::text([Some("a"), Some("a")])));
        assert_eq!(constant.drift(&counts(&[9], 0)), Some(0.0));
    }

    #[test]
    fn a_reference_without_values_has_no_drift() {
        for values in [Values::Float(vec![f64::NAN; 3]), Values::text([None::<String>, None])] {
            let distribution = Distribution::of(&Column::new("x", values));
            assert_eq!(distribution.drift(&counts(&[], 5)), None);
            assert_eq!(distribution.places(), 0);
        }
    }
}
