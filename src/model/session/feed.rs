//! Filling one model input from the columns bound to it.

use super::cells::{Cell, Lookup, TILE, Unfit, write_column, write_texts, write_tile};
use crate::data::{Column, Table, Values};
use crate::model::binding::{Fill, InputBinding, text_to_bool, text_to_number};
use crate::model::error::ModelError;
use crate::model::signature::{DType, Port};
use crate::model::tensor::{NamedTensor, Tensor as Owned, TensorData};
use ort::session::SessionInputValue;
use ort::value::{PrimitiveTensorElementType, Tensor, TensorRef};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

/// Rows of a matrix written before going on: enough that columns are read in long runs, few enough that what is written
/// stays in the processor's cache.
const BLOCK: usize = 512;

/// One input, its columns and its buffer.
#[derive(Debug)]
pub(super) struct Feed {
    port: Port,
    columns: Vec<Source>,
    buffer: Buffer,
}

/// A bound column and where it was found last.
#[derive(Debug)]
struct Source {
    name: String,
    hint: usize,
    gap: Arc<str>,
    unfit: Arc<str>,
}

/// The elements of the last batch, by type.
#[derive(Debug)]
enum Buffer {
    Float32(Cells<f32>),
    Float64(Cells<f64>),
    Int8(Cells<i8>),
    Int16(Cells<i16>),
    Int32(Cells<i32>),
    Int64(Cells<i64>),
    UInt8(Cells<u8>),
    UInt16(Cells<u16>),
    UInt32(Cells<u32>),
    UInt64(Cells<u64>),
    Bool(Cells<bool>),
    Text { cells: Vec<Arc<str>>, lookups: Vec<Lookup<Arc<str>>>, fill: Arc<str> },
}

#[derive(Debug)]
struct Cells<T> {
    written: Vec<T>,
    lookups: Vec<Lookup<T>>,
    fill: Option<T>,
}

fn lookups<T>(columns: usize, map: &Arc<BTreeMap<String, String>>) -> Vec<Lookup<T>> {
    (0..columns).map(|_| Lookup::mapping(Arc::clone(map))).collect()
}

impl<T: Cell> Cells<T> {
    fn new(columns: usize, fill: Option<&Fill>, map: &Arc<BTreeMap<String, String>>) -> Self {
        let fill = fill.and_then(|fill| match fill {
            Fill::Number(x) => T::from_decimal(*x),
            Fill::Bool(x) => Some(T::from_bool(*x)),
            Fill::Text(text) => T::from_text(text),
        });
        Self { written: Vec::new(), lookups: lookups(columns, map), fill }
    }

    fn write(&mut self, columns: &[&Column], batch: &Batch, mut unfit: impl FnMut(usize, usize, Unfit)) {
        let width = columns.len();
        self.written.resize(batch.fed * width, T::BLANK);
        let step = if width == 1 { batch.len().max(1) } else { BLOCK };
        for from in (0..batch.len()).step_by(step) {
            let to = (from + step).min(batch.len());
            let Some(out) = self.written.get_mut(from * width..to * width) else { return };
            let rows = batch.rows.start + from..batch.rows.start + to;
            let tiles = columns.chunks(TILE).zip(self.lookups.chunks_mut(TILE));
            for (tile, (columns, lookups)) in tiles.enumerate() {
                let first = tile * TILE;
                if self.fill.is_none() && write_tile(columns, rows.clone(), out, (width, first)) {
                    continue;
                }
                for (index, (column, lookup)) in columns.iter().zip(lookups).enumerate() {
                    let index = first + index;
                    write_column(column, rows.clone(), self.fill, lookup, out, (width, index), |row, why| {
                        unfit(from + row, index, why);
                    });
                }
            }
        }
        pad(&mut self.written, batch, width);
    }
}

/// Rows added to reach a fixed batch repeat the last real one, so that they are as harmless as it is.
fn pad<T: Clone>(cells: &mut [T], batch: &Batch, width: usize) {
    let real = batch.len() * width;
    if batch.fed > batch.len()
        && let Some((done, rest)) = cells.split_at_mut_checked(real)
        && let Some(last) = done.len().checked_sub(width).and_then(|from| done.get(from..))
    {
        for (slot, cell) in rest.iter_mut().zip(last.iter().cycle()) {
            *slot = cell.clone();
        }
    }
}

/// The rows of one call of the model.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// Rows of the table.
    pub rows: Range<usize>,
    /// Rows given to the model: more than there are when its batch is fixed.
    pub fed: usize,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

impl Feed {
    pub(super) fn new(port: &Port, bound: &InputBinding) -> Result<Self, ModelError> {
        let columns: Vec<Source> = bound
            .columns
            .iter()
            .map(|used| Source {
                name: used.column.clone(),
                hint: 0,
                gap: format!("no value in “{}”", used.column).into(),
                unfit: format!("a value in “{}” that is not {}", used.column, article(&port.dtype)).into(),
            })
            .collect();
        let (n, fill) = (columns.len(), bound.fill.as_ref());
        let map = Arc::new(bound.map.clone());
        let buffer = match port.dtype {
            DType::Float32 => Buffer::Float32(Cells::new(n, fill, &map)),
            DType::Float64 => Buffer::Float64(Cells::new(n, fill, &map)),
            DType::Int8 => Buffer::Int8(Cells::new(n, fill, &map)),
            DType::Int16 => Buffer::Int16(Cells::new(n, fill, &map)),
            DType::Int32 => Buffer::Int32(Cells::new(n, fill, &map)),
            DType::Int64 => Buffer::Int64(Cells::new(n, fill, &map)),
            DType::UInt8 => Buffer::UInt8(Cells::new(n, fill, &map)),
            DType::UInt16 => Buffer::UInt16(Cells::new(n, fill, &map)),
            DType::UInt32 => Buffer::UInt32(Cells::new(n, fill, &map)),
            DType::UInt64 => Buffer::UInt64(Cells::new(n, fill, &map)),
            DType::Bool => Buffer::Bool(Cells::new(n, fill, &map)),
            DType::String => Buffer::Text {
                cells: Vec::new(),
                lookups: lookups(n, &map),
                fill: match fill {
                    None => "".into(),
                    Some(Fill::Text(text)) => text.as_str().into(),
                    Some(Fill::Number(x)) => x.to_string().into(),
                    Some(Fill::Bool(x)) => if *x { "True" } else { "False" }.into(),
                },
            },
            _ => {
                return Err(ModelError::UnsupportedInput { input: port.name.clone(), dtype: port.describe() });
            }
        };
        Ok(Self { port: port.clone(), columns, buffer })
    }

    /// The input's name.
    pub(super) fn input(&self) -> &str {
        &self.port.name
    }

    /// Writes a batch into the buffer and adds the rows that must be skipped, by their place in the batch.
    pub(super) fn fill(
        &mut self,
        table: &Table,
        batch: &Batch,
        skips: &mut Vec<(usize, Arc<str>)>,
    ) -> Result<(), ModelError> {
        let mut columns: Vec<&Column> = Vec::with_capacity(self.columns.len());
        for source in &mut self.columns {
            columns.push(locate(table, source).ok_or_else(|| ModelError::MissingColumn {
                column: source.name.clone(),
                input: self.port.name.clone(),
            })?);
        }
        let sources = &self.columns;
        let unfit = |row: usize, column: usize, why: Unfit| {
            if let Some(source) = sources.get(column) {
                let why = match why {
                    Unfit::Gap => &source.gap,
                    Unfit::Value => &source.unfit,
                };
                skips.push((row, Arc::clone(why)));
            }
        };
        match &mut self.buffer {
            // Sixty-four-bit columns without gaps are fed from the table itself, see `value`.
            Buffer::Float64(b) if direct_f64(&columns, batch, b.fill).is_some() => {}
            Buffer::Int64(_) if direct_i64(&columns, batch).is_some() => {}
            Buffer::Float32(b) => b.write(&columns, batch, unfit),
            Buffer::Float64(b) => b.write(&columns, batch, unfit),
            Buffer::Int8(b) => b.write(&columns, batch, unfit),
            Buffer::Int16(b) => b.write(&columns, batch, unfit),
            Buffer::Int32(b) => b.write(&columns, batch, unfit),
            Buffer::Int64(b) => b.write(&columns, batch, unfit),
            Buffer::UInt8(b) => b.write(&columns, batch, unfit),
            Buffer::UInt16(b) => b.write(&columns, batch, unfit),
            Buffer::UInt32(b) => b.write(&columns, batch, unfit),
            Buffer::UInt64(b) => b.write(&columns, batch, unfit),
            Buffer::Bool(b) => b.write(&columns, batch, unfit),
            Buffer::Text { cells, lookups, fill } => {
                let mut unfit = unfit;
                cells.resize(batch.fed * columns.len(), Arc::clone(fill));
                for (index, (column, lookup)) in columns.iter().zip(lookups).enumerate() {
                    let place = (columns.len(), index);
                    write_texts(column, batch.rows.clone(), fill, lookup, cells, place, |row, why| {
                        unfit(row, index, why);
                    });
                }
                pad(cells, batch, columns.len());
            }
        }
        Ok(())
    }

    /// The filled buffer as a tensor, borrowed wherever the runtime can borrow.
    pub(super) fn value<'v>(&'v self, table: &'v Table, batch: &Batch) -> Result<SessionInputValue<'v>, ort::Error> {
        let dims = self.dims(batch.fed);
        let only = match self.columns.as_slice() {
            [only] => table.columns().get(only.hint).filter(|c| c.name == only.name),
            _ => None,
        };
        match &self.buffer {
            Buffer::Float32(b) => view(dims, &b.written),
            Buffer::Float64(b) => {
                let direct = only.and_then(|c| direct_f64(&[c], batch, b.fill));
                view(dims, direct.unwrap_or(&b.written))
            }
            Buffer::Int64(b) => {
                let direct = only.and_then(|c| direct_i64(&[c], batch));
                view(dims, direct.unwrap_or(&b.written))
            }
            Buffer::Int8(b) => view(dims, &b.written),
            Buffer::Int16(b) => view(dims, &b.written),
            Buffer::Int32(b) => view(dims, &b.written),
            Buffer::UInt8(b) => view(dims, &b.written),
            Buffer::UInt16(b) => view(dims, &b.written),
            Buffer::UInt32(b) => view(dims, &b.written),
            Buffer::UInt64(b) => view(dims, &b.written),
            Buffer::Bool(b) => view(dims, &b.written),
            Buffer::Text { cells, .. } => Ok(Tensor::from_string_array((dims, cells.as_slice()))?.into()),
        }
    }

    /// The filled buffer as a tensor of its own; `None` when the model's sizes are not those of the columns.
    pub(super) fn into_tensor(self, table: &Table, batch: &Batch) -> Option<NamedTensor> {
        let shape =
            self.dims(batch.fed).into_iter().map(|n| usize::try_from(n).ok()).collect::<Option<Vec<usize>>>()?;
        let only = match self.columns.as_slice() {
            [only] => table.columns().get(only.hint).filter(|c| c.name == only.name),
            _ => None,
        };
        let data = match self.buffer {
            Buffer::Float32(b) => TensorData::Float32(b.written),
            Buffer::Float64(b) => {
                let direct = only.and_then(|c| direct_f64(&[c], batch, b.fill));
                TensorData::Float64(direct.map_or(b.written, <[f64]>::to_vec))
            }
            Buffer::Int64(b) => {
                let direct = only.and_then(|c| direct_i64(&[c], batch));
                TensorData::Int64(direct.map_or(b.written, <[i64]>::to_vec))
            }
            Buffer::Int8(b) => TensorData::Int8(b.written),
            Buffer::Int16(b) => TensorData::Int16(b.written),
            Buffer::Int32(b) => TensorData::Int32(b.written),
            Buffer::UInt8(b) => TensorData::UInt8(b.written),
            Buffer::UInt16(b) => TensorData::UInt16(b.written),
            Buffer::UInt32(b) => TensorData::UInt32(b.written),
            Buffer::UInt64(b) => TensorData::UInt64(b.written),
            Buffer::Bool(b) => TensorData::Bool(b.written),
            Buffer::Text { cells, .. } => TensorData::Text(cells.iter().map(|text| (**text).to_owned()).collect()),
        };
        Some(NamedTensor { name: self.port.name.as_str().into(), tensor: Owned::new(shape, data)? })
    }

    /// The tensor's shape for a number of rows.
    fn dims(&self, rows: usize) -> Vec<i64> {
        let mut dims = Vec::with_capacity(self.port.shape.len());
        dims.push(rows as i64);
        match self.port.shape.get(1..) {
            None | Some([]) => {}
            Some(rest) if rest.iter().all(Option::is_some) => dims.extend(rest.iter().flatten()),
            // Where the file leaves sizes open, the columns of a row lie along the last axis.
            Some(rest) => {
                dims.extend(std::iter::repeat_n(1, rest.len() - 1));
                dims.push(self.columns.len() as i64);
            }
        }
        dims
    }
}

fn article(dtype: &DType) -> &'static str {
    match dtype {
        DType::String => "plain text",
        DType::Bool => "true or false",
        t if t.is_whole() => "a whole number",
        _ => "a number",
    }
}

fn locate<'t>(table: &'t Table, source: &mut Source) -> Option<&'t Column> {
    if let Some(column) = table.columns().get(source.hint).filter(|c| c.name == source.name) {
        return Some(column);
    }
    source.hint = table.columns().iter().position(|c| c.name == source.name)?;
    table.columns().get(source.hint)
}

fn direct_f64<'t>(columns: &[&'t Column], batch: &Batch, fill: Option<f64>) -> Option<&'t [f64]> {
    match columns {
        [Column { values: Values::Float(values), .. }] if fill.is_none() && batch.fed == batch.len() => {
            values.get(batch.rows.clone())
        }
        _ => None,
    }
}

fn direct_i64<'t>(columns: &[&'t Column], batch: &Batch) -> Option<&'t [i64]> {
    match columns {
        [Column { values: Values::Int { values, valid: None }, .. }] if batch.fed == batch.len() => {
            values.get(batch.rows.clone())
        }
        _ => None,
    }
}

fn view<T: PrimitiveTensorElementType + Debug + Clone + 'static>(
    dims: Vec<i64>,
    cells: &[T],
) -> Result<SessionInputValue<'_>, ort::Error> {
    Ok(TensorRef::from_array_view((dims, cells))?.into())
}

/// Whether a fill can stand in for a value of a type.
pub(super) fn fill_fits(fill: &Fill, dtype: &DType) -> bool {
    match (fill, dtype) {
        (_, DType::String) | (Fill::Bool(_), _) => true,
        (Fill::Number(x), DType::Bool) => *x == 0.0 || *x == 1.0,
        (Fill::Number(x), t) => !t.is_whole() || x.fract() == 0.0,
        (Fill::Text(text), DType::Bool) => text_to_bool(text).is_some(),
        (Fill::Text(text), t) => text_to_number(text).is_some_and(|x| !t.is_whole() || x.fract() == 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::NoWatch;
    use crate::model::binding::{Binding, How, losses_in};
    use crate::model::inspect::Inspection;

    fn gallery() -> Table {
        let big = 9_007_199_254_740_993_i64;
        Table::new(vec![
            Column::new("float", Values::Float(vec![1.5, f64::NAN, 1e300, -1.0, 1e-300, 256.0])),
            Column::new("whole", Values::ints(vec![0, 1, big, -1, 300, 16_777_217])),
            Column::new(
                "gaps",
                Values::Int { values: vec![0, 1, 2, 3, 4, 5], valid: Some(vec![true, false, true, true, false, true]) },
            ),
            Column::new("flag", Values::Bool(vec![0, 1, 2, 1, 0, 1])),
            Column::new("time", Values::Time(vec![0, crate::data::table::MISSING_TIME, 5, 6, 7, 8])),
            Column::new("text", Values::text([Some("1"), Some("yes"), None, Some(" "), Some("1e400"), Some("n\0l")])),
            Column::new("named", Values::text([Some("one"), Some("two"), Some("none"), Some("2.5"), None, Some("x")])),
        ])
        .unwrap()
    }

    #[test]
    fn losses_counted_beforehand_skip_the_rows_that_scoring_skips() {
        let table = gallery();
        let dtypes = [
            DType::Float32,
            DType::Float64,
            DType::Int8,
            DType::Int16,
            DType::Int32,
            DType::Int64,
            DType::UInt8,
            DType::UInt16,
            DType::UInt32,
            DType::UInt64,
            DType::Bool,
            DType::String,
        ];
        let names: Vec<String> = table.columns().iter().map(|c| c.name.clone()).collect();
        let pairs: Vec<Vec<String>> = names.windows(2).map(<[String]>::to_vec).collect();
        for columns in names.iter().map(|n| vec![n.clone()]).chain(pairs) {
            for dtype in &dtypes {
                for fill in [None, Some(Fill::Number(1.0))] {
                    let width = columns.len() as i64;
                    let port = Port { name: "in".to_owned(), dtype: dtype.clone(), shape: vec![None, Some(width)] };
                    let mut binding = Binding::default();
                    binding.set_columns("in", columns.clone(), How::Person);
                    binding.set_fill("in", fill.clone());
                    for (from, to) in [("one", "1"), ("two", "2"), ("none", "")] {
                        binding.set_map("in", from, Some(to.to_owned()));
                    }
                    let inspection = Inspection { inputs: vec![port.clone()], ..Inspection::default() };
                    let losses = losses_in(&table, &binding, &inspection, &BTreeMap::new(), &NoWatch).unwrap();
                    let mut feed = Feed::new(&port, binding.get("in").unwrap()).unwrap();
                    let mut skips = Vec::new();
                    feed.fill(&table, &Batch { rows: 0..6, fed: 6 }, &mut skips).unwrap();
                    let mut rows: Vec<usize> = skips.into_iter().map(|(row, _)| row).collect();
                    rows.sort_unstable();
                    rows.dedup();
                    assert_eq!(losses[0].skipped_rows, rows.len(), "{columns:?} as {dtype:?} with {fill:?}: {rows:?}");
                }
            }
        }
    }
}
