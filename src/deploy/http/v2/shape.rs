//! Whether the shape of a request fits the input of a model.

use crate::model::signature::Port;

use super::datatype::Datatype;

/// Axes that a shape may have at most; no model has more.
pub(super) const MAX_AXES: usize = 16;

/// The shape that the model takes for a shape of a request: the same, or `[n]` for `[n, 1]` and the other way round.
///
/// The first axis is the caller's business: how many rows a call of the model must have is known to who calls it.
///
/// # Errors
/// A sentence that says both shapes.
pub(super) fn fit(port: &Port, mut shape: Vec<usize>) -> Result<Vec<usize>, String> {
    let refuse = |shape: &[usize]| {
        Err(format!(
            "the shape {} does not fit {}. Send that shape, one row per prediction.",
            written(shape),
            wanted(port)
        ))
    };
    if shape.contains(&0) {
        return Err(format!("the shape {} holds no values. Send at least one row.", written(&shape)));
    }
    let one_or_any = |axis: Option<&Option<i64>>| matches!(axis, Some(None | Some(1)));
    match (port.shape.len(), shape.len()) {
        (2, 1) if one_or_any(port.shape.get(1)) => shape.push(1),
        (1, 2) if shape.last() == Some(&1) => {
            shape.pop();
        }
        (0, 1) if shape.first() == Some(&1) => shape.clear(),
        (wanted, sent) if wanted == sent => {}
        _ => return refuse(&shape),
    }
    let fits = port.shape.iter().zip(&shape).skip(1).all(|(wanted, sent)| {
        wanted.is_none_or(|wanted| wanted <= 0 || usize::try_from(wanted).is_ok_and(|wanted| wanted == *sent))
    });
    if fits { Ok(shape) } else { refuse(&shape) }
}

/// Type and shape of an input in the protocol's words: `FP32 [-1, 4]`.
pub(super) fn wanted(port: &Port) -> String {
    let word = Datatype::of(&port.dtype).map_or_else(|| port.dtype.to_string(), |datatype| datatype.word().to_owned());
    let sizes: Vec<String> = port.shape.iter().map(|size| size.unwrap_or(-1).to_string()).collect();
    format!("{word} [{}]", sizes.join(", "))
}

fn written(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("[{}]", sizes.join(", "))
}
