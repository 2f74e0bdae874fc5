//! Series of the library that decodes Arrow data, turned into columns batch by batch.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use polars::prelude::{ArrowDataType, DataType, PolarsResult, Series, TimeUnit};

use super::builder::Texts;
use super::error::shortened_to;
use super::rows::ranged;
use super::table::{MISSING_CODE, MISSING_TIME};
use super::{Column, DataError, Values, convert};

/// The kinds of column that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Float,
    Int,
    Unsigned,
    Bool,
    Text,
    Time,
    Nothing,
}

impl Kept {
    pub(crate) fn of(kind: &ArrowDataType) -> Result<Self, &'static str> {
        use ArrowDataType as A;
        Ok(match kind {
            A::Float32 | A::Float64 => Self::Float,
            A::Float16 => return Err("half-precision decimals"),
            A::Int8 | A::Int16 | A::Int32 | A::Int64 | A::UInt8 | A::UInt16 | A::UInt32 => Self::Int,
            A::UInt64 => Self::Unsigned,
            A::Boolean => Self::Bool,
            A::Utf8 | A::LargeUtf8 | A::Utf8View => Self::Text,
            A::Dictionary(_, inner, _) => match inner.as_ref() {
                A::Utf8 | A::LargeUtf8 | A::Utf8View => Self::Text,
                _ => return Err("categories that are not text"),
            },
            A::Date32 | A::Date64 | A::Timestamp(..) => Self::Time,
            A::Null => Self::Nothing,
            A::List(_) | A::LargeList(_) | A::FixedSizeList(..) => return Err("lists"),
            A::Struct(_) | A::Map(..) | A::Union(_) => return Err("nested records"),
            A::Binary | A::LargeBinary | A::FixedSizeBinary(_) | A::BinaryView => return Err("raw bytes"),
            A::Decimal(..) | A::Decimal32(..) | A::Decimal64(..) | A::Decimal256(..) => {
                return Err("fixed-point decimals");
            }
            A::Duration(_) | A::Interval(_) => return Err("durations"),
            A::Time32(_) | A::Time64(_) => return Err("times of day without a date"),
            _ => return Err("values of an unknown type"),
        })
    }

    /// Bytes a row takes in memory.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::Bool => 1,
            Self::Text => 5,
            _ => 8,
        }
    }
}

/// Runs a decoder; an error and a panic in it both become the error that `bad` makes of a reason.
pub(crate) fn guarded<T>(
    bad: impl FnOnce(String) -> DataError,
    work: impl FnOnce() -> PolarsResult<T>,
) -> Result<T, DataError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default().trim().trim_end_matches('.');
            Err(bad(shortened_to(line, 160)))
        }
        Err(_) => Err(bad("the decoder gave up on it".to_owned())),
    }
}

/// A column that grows batch by batch.
pub(crate) struct Growing {
    kept: Kept,
    floats: Vec<f64>,
    ints: Vec<i64>,
    valid: Option<Vec<bool>>,
    bools: Vec<u8>,
    codes: Vec<u32>,
    texts: Texts,
    overflow: bool,
    /// Whether whole numbers are held as decimal ones, because one is too large.
    wide: bool,
    /// Whether it is known that some decimal number is not missing.
    valued: bool,
}

impl Growing {
    pub(crate) fn new(kept: Kept) -> Self {
        Self {
            kept,
            floats: Vec::new(),
            ints: Vec::new(),
            valid: None,
            bools: Vec::new(),
            codes: Vec::new(),
            texts: Texts::default(),
            overflow: false,
            wide: false,
            valued: false,
        }
    }

    pub(crate) fn append(&mut self, series: &Series) -> PolarsResult<()> {
        match self.kept {
            Kept::Nothing => self.floats.extend(std::iter::repeat_n(f64::NAN, series.len())),
            Kept::Float => self.append_floats(series)?,
            Kept::Int => self.append_ints(&series.cast(&DataType::Int64)?)?,
            Kept::Unsigned => {
                let fits = series.u64()?.iter().flatten().all(|x| i64::try_from(x).is_ok());
                if fits && !self.wide {
                    self.append_ints(&series.cast(&DataType::Int64)?)?;
                } else {
                    self.widen();
                    self.append_floats(series)?;
                }
            }
            Kept::Bool => self.bools.extend(series.bool()?.iter().map(|x| x.map_or(2, u8::from))),
            Kept::Text => {
                let texts = if series.dtype() == &DataType::String {
                    series.clone()
                } else {
                    series.cast(&DataType::String)?
                };
                for text in texts.str()?.iter() {
                    let code = text.map(|text| self.texts.code(text));
                    self.overflow |= code == Some(None);
                    self.codes.push(code.flatten().unwrap_or(MISSING_CODE));
                }
            }
            Kept::Time => {
                if series.dtype() == &DataType::Date {
                    let days = series.date()?.physical();
                    self.ints
                        .extend(days.iter().map(|day| day.map_or(MISSING_TIME, |day| i64::from(day) * 86_400_000)));
                } else {
                    let moments = series.datetime()?;
                    let per_ms = match moments.time_unit() {
                        TimeUnit::Nanoseconds => 1_000_000,
                        TimeUnit::Microseconds => 1_000,
                        TimeUnit::Milliseconds => 1,
                    };
                    self.ints.extend(moments.physical().iter().map(|moment| convert::milliseconds(moment, per_ms)));
                }
            }
        }
        Ok(())
    }

    fn append_floats(&mut self, series: &Series) -> PolarsResult<()> {
        if series.dtype() == &DataType::Float32 {
            // Straight from single precision, which is what most models' features are kept in.
            for run in series.f32()?.downcast_iter() {
                if run.validity().is_none() {
                    self.floats.extend(run.values().iter().map(|x| f64::from(*x)));
                } else {
                    self.floats.extend(run.iter().map(|x| x.map_or(f64::NAN, |x| f64::from(*x))));
                }
            }
            return Ok(());
        }
        let series = series.cast(&DataType::Float64)?;
        for run in series.f64()?.downcast_iter() {
            if run.validity().is_none() {
                self.floats.extend_from_slice(run.values());
            } else {
                self.floats.extend(run.iter().map(|x| x.copied().unwrap_or(f64::NAN)));
            }
        }
        Ok(())
    }

    fn append_ints(&mut self, series: &Series) -> PolarsResult<()> {
        let list = series.i64()?;
        if list.null_count() > 0 || self.valid.is_some() {
            let valid = self.valid.get_or_insert_with(|| vec![true; self.ints.len()]);
            valid.extend(list.iter().map(|x| x.is_some()));
        }
        for run in list.downcast_iter() {
            if run.validity().is_none() {
                self.ints.extend_from_slice(run.values());
            } else {
                self.ints.extend(run.iter().map(|x| x.copied().unwrap_or_default()));
            }
        }
        Ok(())
    }

    /// Whole numbers so far become decimal ones, because one came that is too large.
    pub(crate) fn widen(&mut self) {
        self.wide = true;
        let valid = self.valid.take();
        let is_valid = |row: usize| valid.as_ref().is_none_or(|v| v.get(row).copied().unwrap_or(false));
        let ints = std::mem::take(&mut self.ints);
        self.floats.extend(ints.iter().enumerate().map(|(row, x)| if is_valid(row) { *x as f64 } else { f64::NAN }));
    }

    /// Whether whole numbers became decimal ones.
    pub(crate) fn is_wide(&self) -> bool {
        self.wide
    }

    /// Takes note that some decimal number is not missing.
    pub(crate) fn note_value(&mut self) {
        self.valued = true;
    }

    /// Whether it is a column of decimal numbers of which none was noted.
    pub(crate) fn holds_nothing(&self) -> bool {
        matches!(self.kept, Kept::Float | Kept::Nothing) && !self.valued
    }

    /// Whether some decimal number is not missing.
    pub(crate) fn has_float(&self) -> bool {
        self.floats.iter().any(|x| !x.is_nan())
    }

    /// Rows so far.
    pub(crate) fn len(&self) -> usize {
        self.floats.len().max(self.ints.len()).max(self.bools.len()).max(self.codes.len())
    }

    /// A copy of some rows; the dictionary is the one so far.
    pub(crate) fn part(&self, name: &str, rows: Range<usize>) -> Result<Column, DataError> {
        if self.overflow {
            return Err(DataError::TooManyTexts { column: name.to_owned() });
        }
        let values = match self.kept {
            Kept::Float | Kept::Nothing => Values::Float(ranged(&self.floats, rows)),
            Kept::Unsigned if self.wide => Values::Float(ranged(&self.floats, rows)),
            Kept::Int | Kept::Unsigned => Values::Int {
                valid: self.valid.as_ref().map(|valid| ranged(valid, rows.clone())),
                values: ranged(&self.ints, rows),
            },
            Kept::Bool => Values::Bool(ranged(&self.bools, rows)),
            Kept::Text => Values::Text { codes: ranged(&self.codes, rows), dictionary: self.texts.dictionary() },
            Kept::Time => Values::Time(ranged(&self.ints, rows)),
        };
        Ok(Column::new(name, values))
    }

    /// Drops the first rows.
    pub(crate) fn forget(&mut self, rows: usize) {
        fn drop<T>(list: &mut Vec<T>, rows: usize) {
            list.drain(..rows.min(list.len()));
        }
        drop(&mut self.floats, rows);
        drop(&mut self.ints, rows);
        drop(&mut self.bools, rows);
        drop(&mut self.codes, rows);
        if let Some(valid) = &mut self.valid {
            drop(valid, rows);
        }
        if self.ints.is_empty() {
            self.valid = None;
        }
    }

    pub(crate) fn finish(self, name: &str) -> Result<Column, DataError> {
        if self.overflow {
            return Err(DataError::TooManyTexts { column: name.to_owned() });
        }
        let values = match self.kept {
            Kept::Float | Kept::Nothing => Values::Float(self.floats),
            Kept::Unsigned if self.wide => Values::Float(self.floats),
            Kept::Int | Kept::Unsigned => Values::Int { values: self.ints, valid: self.valid },
            Kept::Bool => Values::Bool(self.bools),
            Kept::Text => Values::Text { codes: self.codes, dictionary: self.texts.into_dictionary() },
            Kept::Time => Values::Time(self.ints),
        };
        Ok(Column::new(name, values))
    }
}
