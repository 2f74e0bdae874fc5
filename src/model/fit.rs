//! Whether tensors fit a model's inputs, before anything is run.

use super::signature::Port;
use super::tensor::{NamedTensor, Tensor};

/// A tensor that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The input.
    pub input: String,
    /// What is wrong and what would be right; a sentence.
    pub why: String,
}

/// The rows of inputs that are in the model's order and of its types and shapes; `None` when anything is otherwise.
pub fn rows_of(ports: &[Port], inputs: &[NamedTensor]) -> Option<usize> {
    let rows = inputs.first()?.tensor.rows();
    let fits = |(port, input): (&Port, &NamedTensor)| {
        *input.name == *port.name
            && input.tensor.data().dtype() == port.dtype
            && input.tensor.rows() == rows
            && same_row(port, input.tensor.shape())
    };
    (rows > 0 && inputs.len() == ports.len() && ports.iter().zip(inputs).all(fits)).then_some(rows)
}

/// Puts inputs into the model's order, makes `[n]` and `[n,1]` what the model takes, and gives the number of rows.
///
/// # Errors
/// When an input is missing, unknown, doubled, empty, or of another type, shape or number of rows.
pub fn fit(ports: &[Port], inputs: &mut [NamedTensor]) -> Result<usize, Misfit> {
    if let Some(rows) = rows_of(ports, inputs) {
        return Ok(rows);
    }
    for (at, port) in ports.iter().enumerate() {
        let found = inputs.iter().skip(at).position(|input| *input.name == *port.name);
        let Some(found) = found else {
            return Err(misfit(&port.name, format!("This input is missing. It takes {}.", port.describe())));
        };
        inputs.swap(at, at + found);
    }
    if let Some(extra) = inputs.get(ports.len()) {
        let why = if ports.iter().any(|port| *port.name == *extra.name) {
            "This input is there twice. Send it once.".to_owned()
        } else {
            let names = ports.iter().map(|port| format!("“{}”", port.name)).collect::<Vec<_>>().join(", ");
            format!("The model has no such input. It takes {names}.")
        };
        return Err(misfit(&extra.name, why));
    }
    let rows = inputs.first().map_or(0, |input| input.tensor.rows());
    for (port, input) in ports.iter().zip(inputs.iter_mut()) {
        let given = input.tensor.data().dtype();
        if given != port.dtype {
            let why = format!("The model takes {} here, not {given}.", port.describe());
            return Err(misfit(&port.name, why));
        }
        if input.tensor.rows() != rows || input.tensor.shape().is_empty() {
            let why = format!(
                "It has {} rows where the first input has {rows}. Send the same number of rows for all.",
                input.tensor.rows()
            );
            return Err(misfit(&port.name, why));
        }
        if rows == 0 {
            return Err(misfit(&port.name, "It has no row. Send at least one.".to_owned()));
        }
        if !same_row(port, input.tensor.shape()) {
            let reshaped = reshaped(port, &input.tensor).ok_or_else(|| {
                misfit(
                    &port.name,
                    format!("The model takes {} here, not the shape {:?}.", port.describe(), input.tensor.shape()),
                )
            })?;
            input.tensor.reshape(reshaped);
        }
    }
    Ok(rows)
}

fn misfit(input: &str, why: String) -> Misfit {
    Misfit { input: input.to_owned(), why }
}

/// Whether every size after the first axis is what the model takes.
fn same_row(port: &Port, shape: &[usize]) -> bool {
    let taken = |(wanted, size): (&Option<i64>, &usize)| wanted.is_none_or(|w| usize::try_from(w) == Ok(*size));
    shape.len() == port.shape.len() && port.shape.iter().zip(shape).skip(1).all(taken)
}

/// The model's shape for a tensor of one value a row that has another number of axes.
fn reshaped(port: &Port, tensor: &Tensor) -> Option<Vec<usize>> {
    let one = |size: &Option<i64>| size.is_none_or(|n| n == 1);
    let sizes = port.shape.get(1..)?;
    (tensor.width() == 1 && tensor.shape().len() != port.shape.len() && sizes.iter().all(one))
        .then(|| std::iter::once(tensor.rows()).chain(sizes.iter().map(|_| 1)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::signature::DType;
    use crate::model::tensor::TensorData;

    fn ports() -> Vec<Port> {
        vec![
            Port { name: "x".to_owned(), dtype: DType::Float32, shape: vec![None, Some(2)] },
            Port { name: "n".to_owned(), dtype: DType::Int64, shape: vec![None, Some(1)] },
        ]
    }

    fn named(name: &str, shape: &[usize], data: TensorData) -> NamedTensor {
        NamedTensor { name: name.into(), tensor: Tensor::new(shape.to_vec(), data).unwrap() }
    }

    fn x(rows: usize) -> NamedTensor {
        named("x", &[rows, 2], TensorData::Float32(vec![0.5; rows * 2]))
    }

    #[test]
    fn order_and_flat_columns_are_mended() {
        let mut inputs = vec![named("n", &[3], TensorData::Int64(vec![1, 2, 3])), x(3)];
        assert_eq!(rows_of(&ports(), &inputs), None);
        assert_eq!(fit(&ports(), &mut inputs), Ok(3));
        assert_eq!((&*inputs[0].name, inputs[1].tensor.shape()), ("x", &[3, 1][..]));
        assert_eq!(rows_of(&ports(), &inputs), Some(3));
    }

    #[test]
    fn what_does_not_fit_names_its_input() {
        let n = || named("n", &[1, 1], TensorData::Int64(vec![1]));
        let say = |mut inputs: Vec<NamedTensor>| {
            let misfit = fit(&ports(), &mut inputs).unwrap_err();
            format!("{}: {}", misfit.input, misfit.why)
        };
        assert_eq!(say(vec![x(1)]), "n: This input is missing. It takes int64 [N, 1].");
        assert_eq!(say(vec![]), "x: This input is missing. It takes float32 [N, 2].");
        assert_eq!(say(vec![x(1), n(), n()]), "n: This input is there twice. Send it once.");
        let other = named("y", &[1], TensorData::Bool(vec![true]));
        assert_eq!(say(vec![x(1), n(), other]), "y: The model has no such input. It takes “x”, “n”.");
        assert!(say(vec![x(2), n()]).starts_with("n: It has 1 rows where the first input has 2"));
        assert!(say(vec![x(0), named("n", &[0, 1], TensorData::Int64(vec![]))]).contains("no row"));
        let text = named("n", &[1, 1], TensorData::Text(vec!["1".to_owned()]));
        assert_eq!(say(vec![x(1), text]), "n: The model takes int64 [N, 1] here, not string.");
        let wide = named("x", &[1, 3], TensorData::Float32(vec![0.0; 3]));
        assert_eq!(say(vec![wide, n()]), "x: The model takes float32 [N, 2] here, not the shape [1, 3].");
        let scalar = named("n", &[], TensorData::Int64(vec![1]));
        assert!(say(vec![x(1), scalar]).starts_with("n: "));
    }
}
