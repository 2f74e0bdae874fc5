//! Stacking tensors row over row, and cutting them apart again.

use std::ops::Range;

use super::tensor::{Tensor, TensorData};

/// Runs the same expression on the values of any type and keeps the type.
macro_rules! with_type {
    ($data:expr, $values:ident, $variant:ident => $do:expr) => {{
        use TensorData as T;
        match $data {
            T::Bool($values) => {
                let $variant = T::Bool;
                $do
            }
            T::UInt8($values) => {
                let $variant = T::UInt8;
                $do
            }
            T::UInt16($values) => {
                let $variant = T::UInt16;
                $do
            }
            T::UInt32($values) => {
                let $variant = T::UInt32;
                $do
            }
            T::UInt64($values) => {
                let $variant = T::UInt64;
                $do
            }
            T::Int8($values) => {
                let $variant = T::Int8;
                $do
            }
            T::Int16($values) => {
                let $variant = T::Int16;
                $do
            }
            T::Int32($values) => {
                let $variant = T::Int32;
                $do
            }
            T::Int64($values) => {
                let $variant = T::Int64;
                $do
            }
            T::Float16($values) => {
                let $variant = T::Float16;
                $do
            }
            T::Float32($values) => {
                let $variant = T::Float32;
                $do
            }
            T::Float64($values) => {
                let $variant = T::Float64;
                $do
            }
            T::Text($values) => {
                let $variant = T::Text;
                $do
            }
        }
    }};
}

/// One tensor of all rows, in order; `None` when there is no part, types or row shapes differ, or a part has no axis.
pub fn concat<'t>(parts: impl Iterator<Item = &'t Tensor> + Clone) -> Option<Tensor> {
    let first = parts.clone().next()?;
    let (_, row) = first.shape().split_first()?;
    let mut rows = 0_usize;
    for part in parts.clone() {
        let (own, shape) = part.shape().split_first()?;
        if shape != row {
            return None;
        }
        rows = rows.checked_add(*own)?;
    }
    let size = rows.checked_mul(first.width())?;
    macro_rules! join {
        ($($variant:ident),*) => {
            match first.data() {
                $(TensorData::$variant(_) => {
                    let mut all = Vec::with_capacity(size);
                    for part in parts {
                        let TensorData::$variant(values) = part.data() else { return None };
                        all.extend_from_slice(values);
                    }
                    TensorData::$variant(all)
                })*
            }
        };
    }
    let data = join!(Bool, UInt8, UInt16, UInt32, UInt64, Int8, Int16, Int32, Int64, Float16, Float32, Float64, Text);
    let shape = std::iter::once(rows).chain(row.iter().copied()).collect();
    Tensor::new(shape, data)
}

/// Cuts a tensor into parts of these numbers of rows.
///
/// # Errors
/// The tensor itself, when its first axis has another number of rows than the parts together.
pub fn cut(tensor: Tensor, rows: &[usize]) -> Result<Vec<Tensor>, Tensor> {
    let total = rows.iter().try_fold(0_usize, |sum, n| sum.checked_add(*n));
    if tensor.shape().is_empty() || total != Some(tensor.rows()) {
        return Err(tensor);
    }
    let width = tensor.width();
    let (shape, data) = tensor.into_parts();
    let row = shape.get(1..).unwrap_or_default();
    Ok(with_type!(data, values, variant => {
        let mut values = values.into_iter();
        rows.iter()
            .filter_map(|n| {
                let shape = std::iter::once(*n).chain(row.iter().copied()).collect();
                Tensor::new(shape, variant(values.by_ref().take(n * width).collect()))
            })
            .collect()
    }))
}

/// Rows of a tensor, copied; with `fill_to`, the last one repeated up to that many. `None` past its end.
pub fn rows(tensor: &Tensor, range: Range<usize>, fill_to: Option<usize>) -> Option<Tensor> {
    let (_, row) = tensor.shape().split_first()?;
    let width = tensor.width();
    let count = fill_to.unwrap_or(0).max(range.len());
    let data = with_type!(tensor.data(), values, variant => {
        let mut copied = values.get(range.start * width..range.end * width)?.to_vec();
        let last = copied.len().checked_sub(width)?;
        for _ in range.len()..count {
            copied.extend_from_within(last..last + width);
        }
        variant(copied)
    });
    Tensor::new(std::iter::once(count).chain(row.iter().copied()).collect(), data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(values: &[f32], width: usize) -> Tensor {
        Tensor::new(vec![values.len() / width, width], TensorData::Float32(values.to_vec())).unwrap()
    }

    #[test]
    fn what_is_stacked_comes_apart_again() {
        let parts = [matrix(&[1.0, 2.0], 2), matrix(&[3.0, 4.0, 5.0, 6.0], 2)];
        let all = concat(parts.iter()).unwrap();
        assert_eq!(all, matrix(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2));
        assert_eq!(cut(all.clone(), &[1, 2]).unwrap(), parts);
        assert!(cut(all.clone(), &[1, 1]).is_err(), "a row would be lost");
        assert_eq!(cut(all, &[0, 3]).unwrap()[0].shape(), [0, 2]);
    }

    #[test]
    fn unlike_rows_do_not_stack() {
        let wide = matrix(&[1.0, 2.0, 3.0], 3);
        assert!(concat([&wide, &matrix(&[1.0, 2.0], 2)].into_iter()).is_none());
        let whole = Tensor::new(vec![1, 3], TensorData::Int64(vec![1, 2, 3])).unwrap();
        assert!(concat([&wide, &whole].into_iter()).is_none());
        let scalar = Tensor::new(Vec::new(), TensorData::Bool(vec![true])).unwrap();
        assert!(concat([&scalar].into_iter()).is_none());
        assert!(cut(scalar, &[1]).is_err());
    }

    #[test]
    fn rows_are_copied_and_the_last_repeated() {
        let texts = Tensor::new(vec![3], TensorData::Text(["a", "b", "c"].map(str::to_owned).to_vec())).unwrap();
        let two = rows(&texts, 1..3, None).unwrap();
        assert_eq!(two.data(), &TensorData::Text(vec!["b".to_owned(), "c".to_owned()]));
        assert_eq!(rows(&texts, 2..3, Some(3)).unwrap().data(), &TensorData::Text(vec!["c".to_owned(); 3]));
        assert!(rows(&texts, 2..4, None).is_none());
    }
}
