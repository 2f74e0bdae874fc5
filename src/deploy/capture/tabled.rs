//! Lines of a segment as a table.

use polars::prelude::{Column as Lines, DataFrame, DataType, PolarsResult, TimeUnit};

use crate::data::table::{MISSING_TIME, Table, Values};
use crate::data::{Column, DataError};

/// The columns that a table can hold; lists are left out.
pub(super) fn table(frame: &DataFrame) -> PolarsResult<Result<Table, DataError>> {
    let mut columns = Vec::with_capacity(frame.columns().len());
    for lines in frame.columns() {
        if let Some(values) = values(lines)? {
            columns.push(Column::new(lines.name().as_str(), values));
        }
    }
    Ok(Table::new(columns))
}

fn values(lines: &Lines) -> PolarsResult<Option<Values>> {
    let whole = |cast: &DataType| -> PolarsResult<Values> {
        let list = lines.cast(cast)?;
        let list = list.i64()?;
        let valid = (list.null_count() > 0).then(|| list.iter().map(|value| value.is_some()).collect());
        Ok(Values::Int { values: list.iter().map(Option::unwrap_or_default).collect(), valid })
    };
    let decimal = || -> PolarsResult<Values> {
        let list = lines.cast(&DataType::Float64)?;
        Ok(Values::Float(list.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect()))
    };
    Ok(Some(match lines.dtype() {
        DataType::Float32 | DataType::Float64 => decimal()?,
        DataType::UInt64 => {
            let fits = lines.u64()?.iter().flatten().all(|value| i64::try_from(value).is_ok());
            if fits { whole(&DataType::Int64)? } else { decimal()? }
        }
        dtype if dtype.is_integer() => whole(&DataType::Int64)?,
        DataType::Boolean => Values::Bool(lines.bool()?.iter().map(|value| value.map_or(2, u8::from)).collect()),
        DataType::String => Values::text(lines.str()?.iter()),
        DataType::Datetime(TimeUnit::Milliseconds, _) => {
            let moments = lines.datetime()?;
            Values::Time(moments.physical().iter().map(|moment| moment.unwrap_or(MISSING_TIME)).collect())
        }
        _ => return Ok(None),
    }))
}
