//! The table every room works on: named columns of equal length, missing values marked in place.

use std::ops::Range;
use std::sync::Arc;

/// The code of a missing value in [`Values::Text`].
pub const MISSING_CODE: u32 = u32::MAX;

/// The mark of a missing value in [`Values::Time`].
pub const MISSING_TIME: i64 = i64::MIN;

/// What a column holds, as a person would say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Whole or decimal numbers.
    Number,
    /// Text, categories included.
    Text,
    /// True or false.
    Bool,
    /// A moment in time.
    Time,
}

impl Kind {
    /// The word shown on screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Text => "text",
            Self::Bool => "true/false",
            Self::Time => "time",
        }
    }
}

/// The values of one column, one entry a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Decimal numbers; NaN is missing.
    Float(Vec<f64>),
    /// Whole numbers.
    Int {
        /// One number a row; what stands where a row is missing means nothing.
        values: Vec<i64>,
        /// `false` where a row is missing; `None` when no row is.
        valid: Option<Vec<bool>>,
    },
    /// 0 false, 1 true, 2 missing.
    Bool(Vec<u8>),
    /// Text by dictionary: a row's code is an index into `dictionary`, or [`MISSING_CODE`].
    Text {
        /// One code a row.
        codes: Vec<u32>,
        /// The distinct texts.
        dictionary: Arc<Vec<String>>,
    },
    /// Milliseconds since 1970-01-01 without time zone, or [`MISSING_TIME`].
    Time(Vec<i64>),
}

impl Values {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Float(v) => v.len(),
            Self::Int { values, .. } => values.len(),
            Self::Bool(v) => v.len(),
            Self::Text { codes, .. } => codes.len(),
            Self::Time(v) => v.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Text values from owned strings, `None` missing; equal texts share one dictionary entry.
    pub fn text<S: Into<String>>(rows: impl IntoIterator<Item = Option<S>>) -> Self {
        let mut dictionary: Vec<String> = Vec::new();
        let mut index = std::collections::HashMap::<String, u32>::new();
        let codes = rows
            .into_iter()
            .map(|row| match row {
                None => MISSING_CODE,
                Some(text) => {
                    let text = text.into();
                    *index.entry(text).or_insert_with_key(|text| {
                        dictionary.push(text.clone());
                        dictionary.len() as u32 - 1
                    })
                }
            })
            .collect();
        Self::Text { codes, dictionary: Arc::new(dictionary) }
    }

    /// Whole numbers without a missing row.
    pub fn ints(values: Vec<i64>) -> Self {
        Self::Int { values, valid: None }
    }
}

/// One named column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name as it stands in the file.
    pub name: String,
    /// The values, one a row.
    pub values: Values,
}

impl Column {
    /// A column from its parts.
    pub fn new(name: impl Into<String>, values: Values) -> Self {
        Self { name: name.into(), values }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What the column holds.
    pub fn kind(&self) -> Kind {
        match self.values {
            Values::Float(_) | Values::Int { .. } => Kind::Number,
            Values::Bool(_) => Kind::Bool,
            Values::Text { .. } => Kind::Text,
            Values::Time(_) => Kind::Time,
        }
    }

    /// Whether the row is missing; a row past the end is.
    pub fn is_missing(&self, row: usize) -> bool {
        match &self.values {
            Values::Float(v) => v.get(row).is_none_or(|x| x.is_nan()),
            Values::Int { values, valid } => {
                row >= values.len() || valid.as_ref().is_some_and(|v| !v.get(row).copied().unwrap_or(false))
            }
            Values::Bool(v) => v.get(row).is_none_or(|x| *x > 1),
            Values::Text { codes, .. } => codes.get(row).is_none_or(|c| *c == MISSING_CODE),
            Values::Time(v) => v.get(row).is_none_or(|t| *t == MISSING_TIME),
        }
    }

    /// The row as a number: numbers as they are, bools as 0 and 1, times as milliseconds; `None` for text and missing.
    pub fn number(&self, row: usize) -> Option<f64> {
        if self.is_missing(row) {
            return None;
        }
        match &self.values {
            Values::Float(v) => v.get(row).copied(),
            Values::Int { values, .. } => values.get(row).map(|x| *x as f64),
            Values::Bool(v) => v.get(row).map(|x| f64::from(*x)),
            Values::Text { .. } => None,
            Values::Time(v) => v.get(row).map(|x| *x as f64),
        }
    }

    /// The row as text, as a person would write it; `None` when missing.
    pub fn display(&self, row: usize) -> Option<String> {
        if self.is_missing(row) {
            return None;
        }
        match &self.values {
            Values::Float(v) => v.get(row).map(ToString::to_string),
            Values::Int { values, .. } => values.get(row).map(ToString::to_string),
            Values::Bool(v) => v.get(row).map(|x| if *x == 1 { "true".to_owned() } else { "false".to_owned() }),
            Values::Text { codes, dictionary } => codes.get(row).and_then(|c| dictionary.get(*c as usize)).cloned(),
            Values::Time(v) => v.get(row).and_then(|t| {
                chrono::DateTime::from_timestamp_millis(*t).map(|t| t.format("%Y-%m-%d %H:%M:%S").to_string())
            }),
        }
    }

    /// Number of missing rows in a range (clamped to the column).
    pub fn missing_in(&self, rows: Range<usize>) -> usize {
        (rows.start..rows.end.min(self.len())).filter(|row| self.is_missing(*row)).count()
    }
}

/// Named columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
}

impl Table {
    /// A table from columns.
    ///
    /// # Errors
    /// When two columns differ in length or share a name.
    pub fn new(columns: Vec<Column>) -> Result<Self, super::DataError> {
        let rows = columns.first().map_or(0, Column::len);
        if let Some(odd) = columns.iter().find(|c| c.len() != rows) {
            return Err(super::DataError::UnequalColumns { column: odd.name.clone(), rows: odd.len(), expected: rows });
        }
        let mut seen = std::collections::HashSet::new();
        if let Some(twice) = columns.iter().find(|c| !seen.insert(c.name.as_str())) {
            return Err(super::DataError::DuplicateColumn { column: twice.name.clone() });
        }
        Ok(Self { columns, rows })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// All columns in file order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of a name, matched exactly.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Bytes held in memory by the values, dictionaries included.
    pub fn memory_bytes(&self) -> usize {
        self.columns
            .iter()
            .map(|c| match &c.values {
                Values::Float(v) => v.len() * 8,
                Values::Int { values, valid } => values.len() * 8 + valid.as_ref().map_or(0, Vec::len),
                Values::Bool(v) => v.len(),
                Values::Text { codes, dictionary } => {
                    codes.len() * 4 + dictionary.iter().map(|s| s.len() + 24).sum::<usize>()
                }
                Values::Time(v) => v.len() * 8,
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_are_seen_in_every_kind() {
        let columns = [
            Column::new("f", Values::Float(vec![1.5, f64::NAN])),
            Column::new("i", Values::Int { values: vec![7, 0], valid: Some(vec![true, false]) }),
            Column::new("b", Values::Bool(vec![1, 2])),
            Column::new("t", Values::text([Some("ü"), None])),
            Column::new("d", Values::Time(vec![0, MISSING_TIME])),
        ];
        for column in &columns {
            assert!(!column.is_missing(0), "{}", column.name);
            assert!(column.is_missing(1), "{}", column.name);
            assert!(column.is_missing(2), "a row past the end of {}", column.name);
            assert_eq!(column.missing_in(0..10), 1);
        }
        let shown: Vec<_> = columns.iter().filter_map(|c| c.display(0)).collect();
        assert_eq!(shown, ["1.5", "7", "true", "ü", "1970-01-01 00:00:00"]);
    }

    #[test]
    fn a_table_refuses_unequal_and_repeated_columns() {
        let a = Column::new("a", Values::ints(vec![1, 2]));
        let b = Column::new("b", Values::ints(vec![1]));
        assert!(Table::new(vec![a.clone(), b]).is_err());
        assert!(Table::new(vec![a.clone(), a]).is_err());
        assert_eq!(Table::new(Vec::new()).map(|t| t.rows()).ok(), Some(0));
    }
}
