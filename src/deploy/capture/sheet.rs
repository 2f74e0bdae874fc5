//! Requests laid out as lines with columns: those with the same columns together.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use polars::prelude::{DataFrame, PolarsResult};

use super::cells::Cells;
use super::layout::CaptureLayout;
use super::record::KeptCall;
use crate::model::signature::DType;
use crate::model::tensor::NamedTensor;

/// The most values a row that a tensor has a column each for.
pub const MOST_COLUMNS: usize = 2_000;

/// What decides on the columns of a tensor.
#[derive(Clone, Debug, PartialEq)]
struct TensorShape {
    name: String,
    dtype: DType,
    width: usize,
}

impl TensorShape {
    fn of(named: &NamedTensor) -> Self {
        Self { name: named.name.to_string(), dtype: named.tensor.data().dtype(), width: named.tensor.width() }
    }

    fn fits(&self, named: &NamedTensor) -> bool {
        *self.name == *named.name && self.width == named.tensor.width() && self.dtype == named.tensor.data().dtype()
    }
}

fn all_fit(shapes: &[TensorShape], tensors: &[NamedTensor]) -> bool {
    shapes.len() == tensors.len() && shapes.iter().zip(tensors).all(|(shape, named)| shape.fits(named))
}

/// Requests that share their columns.
pub(super) struct Group<'a> {
    layout: Option<&'a CaptureLayout>,
    inputs: Vec<TensorShape>,
    /// Unknown while no request of it was answered.
    outputs: Option<Vec<TensorShape>>,
    pub(super) calls: Vec<&'a KeptCall>,
}

/// Requests by their columns, in the order in which columns first come.
pub(super) fn groups<'a>(calls: &'a [KeptCall], layouts: &'a BTreeMap<String, CaptureLayout>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for call in calls {
        let layout = layouts.get(&call.version);
        let outputs = call.outcome.as_ref().ok();
        let fits = |group: &&mut Group<'_>| {
            group.layout == layout
                && all_fit(&group.inputs, &call.inputs)
                && match (&group.outputs, outputs) {
                    (Some(shapes), Some(tensors)) => all_fit(shapes, tensors),
                    _ => true,
                }
        };
        let known = || outputs.map(|tensors| tensors.iter().map(TensorShape::of).collect::<Vec<_>>());
        match groups.iter_mut().find(fits) {
            Some(group) => {
                if group.outputs.is_none() {
                    group.outputs = known();
                }
                group.calls.push(call);
            }
            None => groups.push(Group {
                layout,
                inputs: call.inputs.iter().map(TensorShape::of).collect(),
                outputs: known(),
                calls: vec![call],
            }),
        }
    }
    groups
}

/// Some rows of a request; without rows it still has one line.
pub(super) type Piece<'a> = (&'a KeptCall, Range<usize>);

impl<'a> Group<'a> {
    /// The lines of the group, in portions of at most so many.
    pub(super) fn portions(&self, lines: usize) -> Vec<Vec<Piece<'a>>> {
        let most = lines.max(1);
        let (mut portions, mut portion, mut room) = (Vec::new(), Vec::new(), most);
        for call in &self.calls {
            let rows = call.rows();
            let mut start = 0;
            loop {
                if room == 0 {
                    portions.push(std::mem::take(&mut portion));
                    room = most;
                }
                let end = rows.min(start + room);
                portion.push((*call, start..end));
                room -= (end - start).max(1);
                start = end;
                if start >= rows {
                    break;
                }
            }
        }
        if !portion.is_empty() {
            portions.push(portion);
        }
        portions
    }

    /// The columns of a portion, as the room's doc lists them.
    pub(super) fn frame(&self, pieces: &[Piece<'a>]) -> PolarsResult<DataFrame> {
        let mut columns = fixed(pieces);
        let mut taken: HashSet<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        let lines = columns.first().map_or(0, |(_, cells)| cells.len());
        for (at, shape) in self.inputs.iter().enumerate() {
            let names = self.layout.and_then(|layout| layout.of_input(&shape.name));
            let tensor = |call: &'a KeptCall| call.inputs.get(at);
            columns.extend(tensor_columns(shape, names, "input_", &mut taken, pieces, lines, tensor));
        }
        for (at, shape) in self.outputs.iter().flatten().enumerate() {
            let names = self.layout.and_then(|layout| layout.of_output(&shape.name));
            let tensor = |call: &'a KeptCall| call.outcome.as_ref().ok().and_then(|outputs| outputs.get(at));
            columns.extend(tensor_columns(shape, names, "output_", &mut taken, pieces, lines, tensor));
        }
        let columns = columns.into_iter().map(|(name, cells)| cells.into_column(&name));
        DataFrame::new(lines, columns.collect::<PolarsResult<_>>()?)
    }
}

fn fixed<'a>(pieces: &[Piece<'a>]) -> Vec<(String, Cells<'a>)> {
    let lines = || {
        pieces.iter().flat_map(|(call, rows)| {
            let rows = rows.clone();
            let alone = rows.is_empty().then_some((*call, None));
            rows.map(move |row| (*call, Some(row))).chain(alone)
        })
    };
    let text = |of: fn(&'a KeptCall) -> Option<&'a str>| Cells::Text(lines().map(|(call, _)| of(call)).collect());
    let whole = |of: fn(&'a KeptCall) -> i64| -> Vec<Option<i64>> { lines().map(|(call, _)| Some(of(call))).collect() };
    let prediction = lines().map(|(call, row)| row.map(|row| format!("{}:{row}", call.id)));
    let columns = [
        ("id", text(|call| Some(&call.id))),
        ("row", Cells::Int32(lines().map(|(_, row)| row.and_then(|row| i32::try_from(row).ok())).collect())),
        ("prediction_id", Cells::Made(prediction.collect())),
        ("sequence", Cells::Int64(whole(|call| i64::try_from(call.sequence).unwrap_or(i64::MAX)))),
        ("time", Cells::Time(whole(|call| call.received_at_ms))),
        ("model", text(|call| Some(&call.model))),
        ("version", text(|call| Some(&call.version))),
        ("feed", text(|call| Some(&call.feed))),
        ("consumer", text(|call| call.consumer.as_deref())),
        ("latency_ms", Cells::Float64(lines().map(|(call, _)| Some(call.latency.as_secs_f64() * 1e3)).collect())),
        ("outcome", text(|call| Some(if call.outcome.is_ok() { "answered" } else { "failed" }))),
        ("error", text(|call| call.outcome.as_ref().err().map(String::as_str))),
    ];
    columns.into_iter().map(|(name, cells)| (name.to_owned(), cells)).collect()
}

fn tensor_columns<'a>(
    shape: &TensorShape,
    names: Option<&[String]>,
    prefix: &str,
    taken: &mut HashSet<String>,
    pieces: &[Piece<'a>],
    lines: usize,
    tensor: impl Fn(&'a KeptCall) -> Option<&'a NamedTensor>,
) -> Vec<(String, Cells<'a>)> {
    let wide = shape.width > MOST_COLUMNS;
    let count = if wide { 1 } else { shape.width };
    (0..count)
        .map(|k| {
            let given = names.filter(|names| names.len() == count).and_then(|names| names.get(k));
            let name = match given {
                Some(name) => name.clone(),
                None if count == 1 => shape.name.clone(),
                None => format!("{}_{k}", shape.name),
            };
            let mut cells = if wide { Cells::List(shape.dtype.clone(), Vec::new()) } else { Cells::of(&shape.dtype) };
            for (call, rows) in pieces {
                let goal = cells.len() + rows.len().max(1);
                if let Some(named) = tensor(call) {
                    let there = rows.start..rows.end.min(named.tensor.rows());
                    if !there.is_empty() {
                        // The shapes were compared when the request came to this group.
                        let added = cells.extend(named.tensor.data(), shape.width, k, there);
                        debug_assert!(added, "a column takes another type");
                    }
                }
                cells.fill(goal);
            }
            cells.fill(lines);
            (free_name(name, prefix, taken), cells)
        })
        .collect()
}

/// The name, changed until no other column has it.
fn free_name(name: String, prefix: &str, taken: &mut HashSet<String>) -> String {
    let with_prefix = format!("{prefix}{name}");
    let numbered = (2_usize..).map(|n| format!("{with_prefix}_{n}"));
    let found = [name.clone(), with_prefix.clone()].into_iter().chain(numbered).find(|name| !taken.contains(name));
    let name = found.unwrap_or(name);
    taken.insert(name.clone());
    name
}
