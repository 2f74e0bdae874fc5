//! Columns as they go into a segment: typed, with empty places.

use std::ops::Range;

use polars::prelude::{DataType, IntoColumn as _, NamedFrom as _, PolarsResult, Series, TimeUnit};

use crate::model::signature::DType;
use crate::model::tensor::TensorData;

/// The values of a column; texts are borrowed from the records.
pub(super) enum Cells<'a> {
    Bool(Vec<Option<bool>>),
    UInt8(Vec<Option<u8>>),
    UInt16(Vec<Option<u16>>),
    UInt32(Vec<Option<u32>>),
    UInt64(Vec<Option<u64>>),
    Int8(Vec<Option<i8>>),
    Int16(Vec<Option<i16>>),
    Int32(Vec<Option<i32>>),
    Int64(Vec<Option<i64>>),
    Float32(Vec<Option<f32>>),
    Float64(Vec<Option<f64>>),
    Text(Vec<Option<&'a str>>),
    /// Texts that were made here.
    Made(Vec<Option<String>>),
    /// Milliseconds since 1970-01-01 UTC.
    Time(Vec<Option<i64>>),
    /// Several values a row, with the type of one.
    List(DType, Vec<Option<(&'a TensorData, Range<usize>)>>),
}

/// Every variant with plain values by the same expression.
macro_rules! for_plain {
    ($cells:expr, $list:ident => $do:expr, $lists:ident => $other:expr) => {
        match $cells {
            Cells::Bool($list) => $do,
            Cells::UInt8($list) => $do,
            Cells::UInt16($list) => $do,
            Cells::UInt32($list) => $do,
            Cells::UInt64($list) => $do,
            Cells::Int8($list) => $do,
            Cells::Int16($list) => $do,
            Cells::Int32($list) => $do,
            Cells::Int64($list) | Cells::Time($list) => $do,
            Cells::Float32($list) => $do,
            Cells::Float64($list) => $do,
            Cells::Text($list) => $do,
            Cells::Made($list) => $do,
            Cells::List(_, $lists) => $other,
        }
    };
}

impl<'a> Cells<'a> {
    /// An empty column for values of a tensor.
    pub(super) fn of(dtype: &DType) -> Self {
        match dtype {
            DType::Bool => Self::Bool(Vec::new()),
            DType::UInt8 => Self::UInt8(Vec::new()),
            DType::UInt16 => Self::UInt16(Vec::new()),
            DType::UInt32 => Self::UInt32(Vec::new()),
            DType::UInt64 => Self::UInt64(Vec::new()),
            DType::Int8 => Self::Int8(Vec::new()),
            DType::Int16 => Self::Int16(Vec::new()),
            DType::Int32 => Self::Int32(Vec::new()),
            DType::Int64 => Self::Int64(Vec::new()),
            DType::Float16 | DType::Float32 => Self::Float32(Vec::new()),
            DType::Float64 => Self::Float64(Vec::new()),
            _ => Self::Text(Vec::new()),
        }
    }

    pub(super) fn len(&self) -> usize {
        for_plain!(self, list => list.len(), lists => lists.len())
    }

    /// Empty places up to this length.
    pub(super) fn fill(&mut self, length: usize) {
        for_plain!(self, list => list.resize(length, None), lists => lists.resize(length, None));
    }

    /// Adds the k-th of `width` values of some rows; false when the types differ, and nothing is added.
    pub(super) fn extend(&mut self, data: &'a TensorData, width: usize, k: usize, rows: Range<usize>) -> bool {
        fn strided<T>(values: &[T], width: usize, k: usize, rows: Range<usize>) -> impl Iterator<Item = &T> {
            let start = rows.start.saturating_mul(width).saturating_add(k);
            values.get(start..).unwrap_or_default().iter().step_by(width.max(1)).take(rows.len())
        }
        macro_rules! add {
            ($own:expr, $values:expr) => {
                $own.extend(strided($values, width, k, rows).map(|value| Some(*value)))
            };
        }
        match (self, data) {
            (Self::Bool(own), TensorData::Bool(values)) => add!(own, values),
            (Self::UInt8(own), TensorData::UInt8(values)) => add!(own, values),
            (Self::UInt16(own), TensorData::UInt16(values)) => add!(own, values),
            (Self::UInt32(own), TensorData::UInt32(values)) => add!(own, values),
            (Self::UInt64(own), TensorData::UInt64(values)) => add!(own, values),
            (Self::Int8(own), TensorData::Int8(values)) => add!(own, values),
            (Self::Int16(own), TensorData::Int16(values)) => add!(own, values),
            (Self::Int32(own), TensorData::Int32(values)) => add!(own, values),
            (Self::Int64(own), TensorData::Int64(values)) => add!(own, values),
            (Self::Float32(own), TensorData::Float32(values)) => add!(own, values),
            (Self::Float64(own), TensorData::Float64(values)) => add!(own, values),
            (Self::Float32(own), TensorData::Float16(values)) => {
                own.extend(strided(values, width, k, rows).map(|bits| Some(half(*bits))));
            }
            (Self::Text(own), TensorData::Text(values)) => {
                own.extend(strided(values, width, k, rows).map(|text| Some(text.as_str())));
            }
            (Self::List(_, own), data) => {
                own.extend(rows.map(|row| Some((data, row * width..(row + 1) * width))));
            }
            _ => return false,
        }
        true
    }

    pub(super) fn into_column(self, name: &str) -> PolarsResult<polars::prelude::Column> {
        let name = name.into();
        Ok(match self {
            Self::Bool(list) => Series::new(name, list),
            Self::UInt8(list) => Series::new(name, list),
            Self::UInt16(list) => Series::new(name, list),
            Self::UInt32(list) => Series::new(name, list),
            Self::UInt64(list) => Series::new(name, list),
            Self::Int8(list) => Series::new(name, list),
            Self::Int16(list) => Series::new(name, list),
            Self::Int32(list) => Series::new(name, list),
            Self::Int64(list) => Series::new(name, list),
            Self::Float32(list) => Series::new(name, list),
            Self::Float64(list) => Series::new(name, list),
            Self::Text(list) => Series::new(name, list),
            Self::Made(list) => Series::new(name, list),
            Self::Time(list) => Series::new(name, list).cast(&DataType::Datetime(TimeUnit::Milliseconds, None))?,
            Self::List(dtype, list) => {
                let rows: Vec<Option<Series>> =
                    list.into_iter().map(|row| row.and_then(|(data, range)| piece(data, range))).collect();
                let inner = polars_type(&dtype);
                Series::new(name, rows).cast(&DataType::List(Box::new(inner)))?
            }
        }
        .into_column())
    }
}

/// The polars type that values of a tensor get.
fn polars_type(dtype: &DType) -> DataType {
    match dtype {
        DType::Bool => DataType::Boolean,
        DType::UInt8 => DataType::UInt8,
        DType::UInt16 => DataType::UInt16,
        DType::UInt32 => DataType::UInt32,
        DType::UInt64 => DataType::UInt64,
        DType::Int8 => DataType::Int8,
        DType::Int16 => DataType::Int16,
        DType::Int32 => DataType::Int32,
        DType::Int64 => DataType::Int64,
        DType::Float16 | DType::Float32 => DataType::Float32,
        DType::Float64 => DataType::Float64,
        _ => DataType::String,
    }
}

fn piece(data: &TensorData, range: Range<usize>) -> Option<Series> {
    let none = "".into();
    Some(match data {
        TensorData::Bool(values) => Series::new(none, values.get(range)?),
        TensorData::UInt8(values) => Series::new(none, values.get(range)?),
        TensorData::UInt16(values) => Series::new(none, values.get(range)?),
        TensorData::UInt32(values) => Series::new(none, values.get(range)?),
        TensorData::UInt64(values) => Series::new(none, values.get(range)?),
        TensorData::Int8(values) => Series::new(none, values.get(range)?),
        TensorData::Int16(values) => Series::new(none, values.get(range)?),
        TensorData::Int32(values) => Series::new(none, values.get(range)?),
        TensorData::Int64(values) => Series::new(none, values.get(range)?),
        TensorData::Float32(values) => Series::new(none, values.get(range)?),
        TensorData::Float64(values) => Series::new(none, values.get(range)?),
        TensorData::Float16(values) => {
            Series::new(none, values.get(range)?.iter().map(|bits| half(*bits)).collect::<Vec<f32>>())
        }
        TensorData::Text(values) => Series::new(none, values.get(range)?),
    })
}

/// A 16-bit decimal number (IEEE 754 binary16) as 32 bits, exactly.
pub(super) fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits) & 0x3ff;
    match exponent {
        // A subnormal is its fraction times 2⁻²⁴.
        0 => f32::from_bits(sign | (fraction as f32 * (1.0 / 16_777_216.0)).to_bits()),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}
