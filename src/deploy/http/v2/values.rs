//! The values of a tensor from a JSON list, straight into the type that the model wants.

use std::ops::Range;
use std::str::FromStr;

use super::cursor::{Cursor, Fault};
use super::datatype::Datatype;
use super::half;
use crate::model::tensor::TensorData;

/// The largest whole number up to which decimal numbers tell every whole number apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads the values of a list, flat or nested as the shape has it.
///
/// `count` is the product of the shape.
pub(super) fn read(
    text: &str,
    place: &Range<usize>,
    datatype: Datatype,
    shape: &[usize],
    count: usize,
) -> Result<TensorData, Fault> {
    let cursor = Cursor::within(text, place);
    macro_rules! whole {
        ($variant:ident, $type:ty) => {
            TensorData::$variant(list(cursor, shape, count, |c| whole::<$type>(c, datatype))?)
        };
    }
    Ok(match datatype {
        Datatype::Bool => TensorData::Bool(list(cursor, shape, count, truth)?),
        Datatype::UInt8 => whole!(UInt8, u8),
        Datatype::UInt16 => whole!(UInt16, u16),
        Datatype::UInt32 => whole!(UInt32, u32),
        Datatype::UInt64 => whole!(UInt64, u64),
        Datatype::Int8 => whole!(Int8, i8),
        Datatype::Int16 => whole!(Int16, i16),
        Datatype::Int32 => whole!(Int32, i32),
        Datatype::Int64 => whole!(Int64, i64),
        Datatype::Fp16 => TensorData::Float16(list(cursor, shape, count, |c| decimal(c, datatype, half_of))?),
        Datatype::Fp32 => TensorData::Float32(list(cursor, shape, count, |c| decimal(c, datatype, finite::<f32>))?),
        Datatype::Fp64 => TensorData::Float64(list(cursor, shape, count, |c| decimal(c, datatype, finite::<f64>))?),
        Datatype::Bytes => TensorData::Text(list(cursor, shape, count, word)?),
    })
}

/// A list of values with all its brackets.
fn list<T>(
    mut cursor: Cursor<'_>,
    shape: &[usize],
    count: usize,
    one: impl Fn(&mut Cursor<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    // A value takes a digit and a comma at least, so the shape cannot claim more room than the text could fill.
    let mut values = Vec::with_capacity(count.min(cursor.left() / 2 + 1));
    cursor.need(b'[')?;
    if shape.len() > 1 && cursor.peek() == Some(b'[') {
        nested(&mut cursor, shape, &mut values, &one)?;
    } else {
        row(&mut cursor, count, &mut values, &one)?;
    }
    cursor.end()?;
    Ok(values)
}

/// The lists within a list whose opening bracket was read; as deep as the shape has axes.
fn nested<T>(
    cursor: &mut Cursor<'_>,
    shape: &[usize],
    values: &mut Vec<T>,
    one: &impl Fn(&mut Cursor<'_>) -> Result<T, Fault>,
) -> Result<(), Fault> {
    let Some((size, within)) = shape.split_first() else { return Ok(()) };
    if within.is_empty() {
        return row(cursor, *size, values, one);
    }
    let mut lists = 0;
    loop {
        cursor.need(b'[')?;
        if lists == *size {
            return Err(cursor.fault(format!("more than {size} lists where the shape has {size}")));
        }
        nested(cursor, within, values, one)?;
        lists += 1;
        if !cursor.goes_on(b']')? {
            break;
        }
    }
    if lists < *size {
        return Err(cursor.fault(format!("{lists} lists where the shape has {size}")));
    }
    Ok(())
}

/// Exactly `count` values and the closing bracket.
fn row<T>(
    cursor: &mut Cursor<'_>,
    count: usize,
    values: &mut Vec<T>,
    one: &impl Fn(&mut Cursor<'_>) -> Result<T, Fault>,
) -> Result<(), Fault> {
    let before = values.len();
    if !cursor.take(b']') {
        loop {
            if values.len() - before == count {
                return Err(cursor.fault(format!("more than {count} values where the shape has {count}")));
            }
            let value = one(cursor).map_err(|fault| Fault {
                at: fault.at,
                what: format!("{} (value {}, counted from 0)", fault.what, values.len()),
            })?;
            values.push(value);
            if !cursor.goes_on(b']')? {
                break;
            }
        }
    }
    let read = values.len() - before;
    if read < count {
        return Err(cursor.fault(format!("{read} values where the shape has {count}")));
    }
    Ok(())
}

fn truth(cursor: &mut Cursor<'_>) -> Result<bool, Fault> {
    if cursor.word("true") {
        return Ok(true);
    }
    if cursor.word("false") {
        return Ok(false);
    }
    match cursor.number("true or false")? {
        "0" => Ok(false),
        "1" => Ok(true),
        other => Err(cursor.fault(format!("“{other}” where true or false belongs"))),
    }
}

/// A whole number; one that is written as a decimal number is taken when it is whole.
fn whole<T: FromStr + TryFrom<i64>>(cursor: &mut Cursor<'_>, datatype: Datatype) -> Result<T, Fault> {
    let written = cursor.number("a whole number")?;
    if let Ok(value) = written.parse::<T>() {
        return Ok(value);
    }
    if written.bytes().any(|b| matches!(b, b'.' | b'e' | b'E')) {
        let value = written.parse::<f64>().ok().filter(|x| x.is_finite());
        return match value {
            Some(x) if x.fract() == 0.0 && x.abs() <= EXACT => {
                T::try_from(x as i64).map_err(|_error| beyond(cursor, written, datatype))
            }
            Some(x) if x.fract() == 0.0 => Err(beyond(cursor, written, datatype)),
            _ => Err(cursor.fault(format!("“{written}” where a whole number belongs"))),
        };
    }
    // A minus before a zero is no number of an unsigned type by Rust's grammar, but one by JSON's.
    if written == "-0"
        && let Ok(zero) = T::try_from(0)
    {
        return Ok(zero);
    }
    Err(beyond(cursor, written, datatype))
}

fn beyond(cursor: &Cursor<'_>, written: &str, datatype: Datatype) -> Fault {
    let shown: String = written.chars().take(40).collect();
    cursor.fault(format!("{shown} is beyond the range of {}", datatype.word()))
}

/// A decimal number; null is a missing one.
fn decimal<T>(cursor: &mut Cursor<'_>, datatype: Datatype, of: impl Fn(&str) -> Option<T>) -> Result<T, Fault> {
    if cursor.word("null") {
        return of("nan").ok_or_else(|| cursor.fault("null"));
    }
    let wanted = "a number (null for a missing one; JSON knows no NaN and no infinity, binary tensors do)";
    let written = cursor.number(wanted)?;
    of(written).ok_or_else(|| beyond(cursor, written, datatype))
}

trait Decimal: FromStr + Copy {
    fn infinite(self) -> bool;
}

impl Decimal for f32 {
    fn infinite(self) -> bool {
        self.is_infinite()
    }
}

impl Decimal for f64 {
    fn infinite(self) -> bool {
        self.is_infinite()
    }
}

fn finite<T: Decimal>(written: &str) -> Option<T> {
    written.parse::<T>().ok().filter(|x| !x.infinite())
}

fn half_of(written: &str) -> Option<u16> {
    written.parse::<f64>().ok().and_then(half::from_f64)
}

fn word(cursor: &mut Cursor<'_>) -> Result<String, Fault> {
    let text = cursor.string()?;
    if text.contains('\0') {
        return Err(cursor.fault("a text with a NUL character, which a model cannot take"));
    }
    Ok(text.into_owned())
}
