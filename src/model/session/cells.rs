//! Converting table cells into tensor elements, column by column, without allocating per row.

use crate::data::table::{MISSING_CODE, MISSING_TIME};
use crate::data::{Column, Values};
use crate::model::binding::{text_to_bool, text_to_number};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Why a cell could not be fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// No value, and the type has no gap.
    Gap,
    /// A value the type cannot hold.
    Value,
}

/// An element of a number or bool tensor.
pub(super) trait Cell: Copy + 'static {
    /// What is fed where nothing can be: ignored when the row is skipped.
    const BLANK: Self;
    /// A missing value, when the type has one.
    const GAP: Option<Self>;
    /// Whether every decimal number fits, NaN for a missing one included.
    const IS_DECIMAL: bool;
    /// From a decimal number; `None` when it does not fit.
    fn from_decimal(x: f64) -> Option<Self>;
    /// From a whole number; `None` when it does not fit.
    fn from_whole(x: i64) -> Option<Self>;
    /// From true or false.
    fn from_bool(x: bool) -> Self;
    /// From text; `None` when it does not fit.
    fn from_text(text: &str) -> Option<Self> {
        text_to_number(text).and_then(Self::from_decimal)
    }
}

macro_rules! decimal_cell {
    ($t:ty) => {
        impl Cell for $t {
            const BLANK: Self = 0.0;
            const GAP: Option<Self> = Some(<$t>::NAN);
            const IS_DECIMAL: bool = true;
            fn from_decimal(x: f64) -> Option<Self> {
                Some(x as $t)
            }
            fn from_whole(x: i64) -> Option<Self> {
                Some(x as $t)
            }
            fn from_bool(x: bool) -> Self {
                if x { 1.0 } else { 0.0 }
            }
        }
    };
}
decimal_cell!(f32);
decimal_cell!(f64);

macro_rules! whole_cell {
    ($($t:ty),*) => {$(
        impl Cell for $t {
            const BLANK: Self = 0;
            const GAP: Option<Self> = None;
            const IS_DECIMAL: bool = false;
            fn from_decimal(x: f64) -> Option<Self> {
                // Every whole number up to 2^53 is exact as a decimal; beyond, the nearest is another number.
                (x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_992.0).then_some(x as i64).and_then(Self::from_whole)
            }
            fn from_whole(x: i64) -> Option<Self> {
                Self::try_from(x).ok()
            }
            fn from_bool(x: bool) -> Self {
                Self::from(x)
            }
        }
    )*};
}
whole_cell!(i8, i16, i32, i64, u8, u16, u32, u64);

impl Cell for bool {
    const BLANK: Self = false;
    const GAP: Option<Self> = None;
    const IS_DECIMAL: bool = false;
    fn from_decimal(x: f64) -> Option<Self> {
        if x == 0.0 { Some(false) } else { (x == 1.0).then_some(true) }
    }
    fn from_whole(x: i64) -> Option<Self> {
        match x {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
    fn from_bool(x: bool) -> Self {
        x
    }
    fn from_text(text: &str) -> Option<Self> {
        text_to_bool(text)
    }
}

/// The texts of a dictionary as cells; mapped and read once for each dictionary, so that rows cost nothing more.
#[derive(Debug)]
pub(super) struct Lookup<T> {
    dictionary: Option<Arc<Vec<String>>>,
    cells: Vec<Result<T, Unfit>>,
    map: Arc<BTreeMap<String, String>>,
}

impl<T> Default for Lookup<T> {
    fn default() -> Self {
        Self::mapping(Arc::default())
    }
}

impl<T> Lookup<T> {
    /// A lookup that reads a text of the map as the text it leads to.
    pub(super) fn mapping(map: Arc<BTreeMap<String, String>>) -> Self {
        Self { dictionary: None, cells: Vec::new(), map }
    }

    /// The cells of a dictionary. Holding the dictionary keeps its address from being used for another one.
    fn of(&mut self, dictionary: &Arc<Vec<String>>, read: impl Fn(&str) -> Result<T, Unfit>) -> &[Result<T, Unfit>] {
        if !self.dictionary.as_ref().is_some_and(|d| Arc::ptr_eq(d, dictionary)) {
            self.cells.clear();
            let map = &self.map;
            self.cells.extend(dictionary.iter().map(|t| read(map.get(t).unwrap_or(t))));
            self.dictionary = Some(Arc::clone(dictionary));
        }
        &self.cells
    }
}

/// Every `stride`-th element from `offset` on.
fn every<T>(out: &mut [T], stride: usize, offset: usize) -> impl Iterator<Item = &mut T> {
    out.get_mut(offset..).unwrap_or_default().chunks_mut(stride.max(1)).filter_map(<[T]>::first_mut)
}

/// Writes the cells of one column into every `stride`-th element from `offset` on. `unfit` hears of rows by their place in
/// the range.
pub(super) fn write_column<T: Cell>(
    column: &Column,
    rows: Range<usize>,
    fill: Option<T>,
    lookup: &mut Lookup<T>,
    out: &mut [T],
    (stride, offset): (usize, usize),
    mut unfit: impl FnMut(usize, Unfit),
) {
    let gap: Result<T, Unfit> = fill.or(T::GAP).ok_or(Unfit::Gap);
    let slots = every(out, stride, offset).enumerate();
    let mut put = |(row, slot): (usize, &mut T), cell: Result<T, Unfit>| match cell {
        Ok(cell) => *slot = cell,
        Err(why) => {
            *slot = T::BLANK;
            unfit(row, why);
        }
    };
    let fits = |cell: Option<T>| cell.ok_or(Unfit::Value);
    match &column.values {
        // The most frequent case by far, with nothing in the way of the processor's vector units.
        Values::Float(values) if T::IS_DECIMAL && fill.is_none() => {
            for ((_, slot), x) in slots.zip(values.get(rows).unwrap_or_default()) {
                *slot = T::from_decimal(*x).unwrap_or(T::BLANK);
            }
        }
        Values::Float(values) => {
            for (slot, x) in slots.zip(values.get(rows).unwrap_or_default()) {
                put(slot, if x.is_nan() { gap } else { fits(T::from_decimal(*x)) });
            }
        }
        Values::Int { values, valid: None } => {
            for (slot, x) in slots.zip(values.get(rows).unwrap_or_default()) {
                put(slot, fits(T::from_whole(*x)));
            }
        }
        Values::Int { values, valid: Some(valid) } => {
            let cells = values.get(rows.clone()).unwrap_or_default().iter();
            for (slot, (x, valid)) in slots.zip(cells.zip(valid.get(rows).unwrap_or_default())) {
                put(slot, if *valid { fits(T::from_whole(*x)) } else { gap });
            }
        }
        Values::Bool(values) => {
            for (slot, x) in slots.zip(values.get(rows).unwrap_or_default()) {
                put(slot, if *x > 1 { gap } else { Ok(T::from_bool(*x == 1)) });
            }
        }
        Values::Time(values) => {
            for (slot, t) in slots.zip(values.get(rows).unwrap_or_default()) {
                put(slot, if *t == MISSING_TIME { gap } else { Err(Unfit::Value) });
            }
        }
        Values::Text { codes, dictionary } => {
            let cells = lookup
                .of(dictionary, |text| if text.trim().is_empty() { Err(Unfit::Gap) } else { fits(T::from_text(text)) });
            for (slot, code) in slots.zip(codes.get(rows).unwrap_or_default()) {
                let cell = if *code == MISSING_CODE { None } else { cells.get(*code as usize).copied() };
                put(
                    slot,
                    match cell {
                        None | Some(Err(Unfit::Gap)) => gap,
                        Some(cell) => cell,
                    },
                );
            }
        }
    }
}

/// Columns that [`write_tile`] writes at once.
pub(super) const TILE: usize = 8;

/// As [`write_column`] for [`TILE`] columns side by side, row by row, so that a matrix is written in order; gives
/// whether it could, which takes columns of decimal numbers and an element type that holds them all.
pub(super) fn write_tile<T: Cell>(
    columns: &[&Column],
    rows: Range<usize>,
    out: &mut [T],
    (stride, offset): (usize, usize),
) -> bool {
    let mut values = [&[][..]; TILE];
    if !T::IS_DECIMAL || columns.len() != TILE {
        return false;
    }
    for (slot, column) in values.iter_mut().zip(columns) {
        let Values::Float(column) = &column.values else { return false };
        *slot = column.get(rows.clone()).unwrap_or_default();
    }
    let [a, b, c, d, e, f, g, h] = values;
    let cells = a.iter().zip(b).zip(c).zip(d).zip(e).zip(f).zip(g).zip(h);
    for (row, (((((((a, b), c), d), e), f), g), h)) in out.chunks_mut(stride.max(1)).zip(cells) {
        let Some(row) = row.get_mut(offset..offset + TILE) else { return false };
        for (slot, x) in row.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *slot = T::from_decimal(*x).unwrap_or(T::BLANK);
        }
    }
    true
}

/// As [`write_column`], for text tensors.
pub(super) fn write_texts(
    column: &Column,
    rows: Range<usize>,
    fill: &Arc<str>,
    lookup: &mut Lookup<Arc<str>>,
    out: &mut [Arc<str>],
    (stride, offset): (usize, usize),
    mut unfit: impl FnMut(usize, Unfit),
) {
    let slots = every(out, stride, offset).enumerate();
    if let Values::Text { codes, dictionary } = &column.values {
        // The runtime takes texts up to the first NUL only, so one inside would be cut silently.
        let cells = lookup.of(dictionary, |t| if t.contains('\0') { Err(Unfit::Value) } else { Ok(t.into()) });
        for ((row, slot), code) in slots.zip(codes.get(rows).unwrap_or_default()) {
            let cell = if *code == MISSING_CODE { None } else { cells.get(*code as usize) };
            *slot = match cell {
                None => Arc::clone(fill),
                Some(Ok(text)) => Arc::clone(text),
                Some(Err(why)) => {
                    unfit(row, *why);
                    Arc::clone(fill)
                }
            };
        }
        return;
    }
    for ((row, slot), at) in slots.zip(rows) {
        let text = match &column.values {
            Values::Bool(v) => match v.get(at) {
                Some(0) => Some("False".to_owned()),
                Some(1) => Some("True".to_owned()),
                _ => None,
            },
            // Python writes 5.0 where a whole number became decimal, and models learned it so.
            Values::Float(v) => v.get(at).filter(|x| !x.is_nan()).map(|x| format!("{x:?}")),
            _ => column.display(at),
        };
        *slot = match text {
            Some(text) if text.contains('\0') => {
                unfit(row, Unfit::Value);
                Arc::clone(fill)
            }
            Some(text) => text.into(),
            None => Arc::clone(fill),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write<T: Cell + PartialEq + std::fmt::Debug>(values: Values, fill: Option<T>) -> (Vec<T>, Vec<(usize, Unfit)>) {
        let column = Column::new("c", values);
        let mut out = vec![T::BLANK; column.len()];
        let mut unfit = Vec::new();
        let rows = 0..column.len();
        write_column(&column, rows, fill, &mut Lookup::default(), &mut out, (1, 0), |r, w| unfit.push((r, w)));
        (out, unfit)
    }

    #[test]
    fn gaps_are_kept_filled_or_skipped_by_type() {
        let (out, unfit) = write::<f32>(Values::Float(vec![1.5, f64::NAN]), None);
        assert!(out[0] == 1.5 && out[1].is_nan() && unfit.is_empty());
        let ints = Values::Int { values: vec![7, 9], valid: Some(vec![true, false]) };
        assert_eq!(write::<i64>(ints.clone(), None), (vec![7, 0], vec![(1, Unfit::Gap)]));
        assert_eq!(write::<i64>(ints, Some(-1)), (vec![7, -1], vec![]));
        assert_eq!(write::<bool>(Values::Bool(vec![1, 2]), None), (vec![true, false], vec![(1, Unfit::Gap)]));
    }

    #[test]
    fn values_that_do_not_fit_are_told() {
        assert_eq!(write::<i64>(Values::Float(vec![2.0, 2.5]), None), (vec![2, 0], vec![(1, Unfit::Value)]));
        assert_eq!(write::<u8>(Values::ints(vec![255, 256, -1]), None).1, [(1, Unfit::Value), (2, Unfit::Value)]);
        let texts = Values::text([Some("3"), Some("x"), Some(" "), None]);
        let (out, unfit) = write::<f32>(texts, None);
        assert!(out[0] == 3.0 && out[2].is_nan() && out[3].is_nan());
        assert_eq!(unfit, [(1, Unfit::Value)]);
        assert_eq!(write::<f64>(Values::Time(vec![0]), None).1, [(0, Unfit::Value)]);
    }

    #[test]
    fn texts_are_mapped_before_they_are_read() {
        let map: BTreeMap<String, String> =
            [("three", "3"), ("n/a", ""), ("m", "male")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        let map = Arc::new(map);
        let column = Column::new("c", Values::text([Some("three"), Some("n/a"), Some("7"), Some("m")]));
        let (mut out, mut unfit) = (vec![0_i64; 4], Vec::new());
        let mut lookup = Lookup::mapping(Arc::clone(&map));
        write_column(&column, 0..4, Some(-1), &mut lookup, &mut out, (1, 0), |r, w| unfit.push((r, w)));
        assert_eq!((out, unfit), (vec![3, -1, 7, 0], vec![(3, Unfit::Value)]));
        let empty: Arc<str> = "".into();
        let mut texts = vec![Arc::clone(&empty); 4];
        write_texts(&column, 0..4, &empty, &mut Lookup::mapping(map), &mut texts, (1, 0), |_, _| {});
        assert_eq!(texts.iter().map(|t| &**t).collect::<Vec<_>>(), ["3", "", "7", "male"]);
    }

    #[test]
    fn columns_interleave_into_a_matrix() {
        let mut out = vec![0.0_f32; 4];
        for (offset, values) in [(0, vec![1.0, 2.0]), (1, vec![3.0, 4.0])] {
            let column = Column::new("c", Values::Float(values));
            write_column(&column, 0..2, None, &mut Lookup::default(), &mut out, (2, offset), |_, _| {});
        }
        assert_eq!(out, [1.0, 3.0, 2.0, 4.0]);
    }

    #[test]
    fn a_tile_is_what_its_columns_are_one_by_one() {
        let columns: Vec<Column> = (0..TILE)
            .map(|c| {
                Column::new(
                    "c",
                    Values::Float((0..5).map(|r| if r == c { f64::NAN } else { (c * 10 + r) as f64 }).collect()),
                )
            })
            .collect();
        let columns: Vec<&Column> = columns.iter().collect();
        let width = TILE + 2;
        let mut at_once = vec![-1.0_f32; 3 * width];
        let mut one_by_one = at_once.clone();
        assert!(write_tile(&columns, 1..4, &mut at_once, (width, 1)));
        for (index, column) in columns.iter().enumerate() {
            write_column(column, 1..4, None, &mut Lookup::default(), &mut one_by_one, (width, 1 + index), |_, _| {});
        }
        let bits = |cells: &[f32]| cells.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&at_once), bits(&one_by_one));
        assert!(!write_tile(&columns, 1..4, &mut vec![0_i64; 3 * width], (width, 1)));
        assert!(!write_tile(&columns[1..], 1..4, &mut at_once, (width, 1)));
    }

    #[test]
    fn texts_come_from_the_dictionary_once() {
        let column = Column::new("c", Values::text([Some("a"), None, Some("a"), Some("n\0l")]));
        let empty: Arc<str> = "".into();
        let mut out = vec![Arc::clone(&empty); 4];
        let mut unfit = Vec::new();
        let mut lookup = Lookup::default();
        write_texts(&column, 0..4, &empty, &mut lookup, &mut out, (1, 0), |r, w| unfit.push((r, w)));
        assert_eq!(out.iter().map(|t| &**t).collect::<Vec<_>>(), ["a", "", "a", ""]);
        assert!(Arc::ptr_eq(&out[0], &out[2]));
        assert_eq!(unfit, [(3, Unfit::Value)]);
    }
}
