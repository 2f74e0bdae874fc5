//! Choosing a model's outputs: which one is the label, which the probabilities, and in what layout they come.

use crate::model::error::ModelError;
use crate::model::inspect::Inspection;
use crate::model::signature::{DType, Port, Task};
use crate::model::task::is_label;

/// Which outputs are read and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One number a row.
    Value(String),
    /// A class a row, scores for each class, or both.
    Classes { label: Option<String>, scores: Option<ScoreForm> },
}

/// In what layout scores come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ScoreForm {
    /// One matrix: `[N,k]`, or `[N,1]` and `[N]` for the positive of two classes.
    Matrix(String),
    /// A sequence of one map a row, from class to score.
    Maps(String),
    /// One output a class.
    Columns(Vec<String>),
}

/// Chooses the outputs to read by their types and shapes, because their names follow no rule.
pub(super) fn plan(inspection: &Inspection, task: Task, classes: Option<&[String]>) -> Result<Form, ModelError> {
    let outputs = &inspection.outputs;
    let label = outputs.iter().find(|p| is_label(p)).map(|p| p.name.clone());
    let maps = outputs.iter().find(|p| matches!(p.dtype, DType::Sequence(_)));
    let numbers: Vec<&Port> =
        outputs.iter().filter(|p| matches!(p.dtype, DType::Float32 | DType::Float64) && p.shape.len() <= 2).collect();
    let no_usable_output = || ModelError::NoUsableOutput {
        found: outputs.iter().map(|o| format!("“{}” is {}", o.name, o.describe())).collect::<Vec<_>>().join(", "),
    };
    let single = numbers.iter().find(|p| p.width().is_none_or(|w| w == 1));
    match (task, single) {
        (Task::Regression, Some(value)) => return Ok(Form::Value(value.name.clone())),
        (Task::Regression, None) => return Err(no_usable_output()),
        (Task::Unknown, Some(value))
            if label.is_none() && maps.is_none() && numbers.len() == 1 && value.width() == Some(1) =>
        {
            return Ok(Form::Value(value.name.clone()));
        }
        // Distances to the centres are no probabilities.
        (Task::Clustering, _) if label.is_some() => return Ok(Form::Classes { label, scores: None }),
        _ => {}
    }
    let count = classes.map_or(0, <[String]>::len);
    let scores = if let Some(maps) = maps {
        Some(ScoreForm::Maps(maps.name.clone()))
    } else if numbers.len() >= 2 && numbers.len() == count && numbers.iter().all(|p| p.width().is_none_or(|w| w == 1)) {
        Some(ScoreForm::Columns(numbers.iter().map(|p| p.name.clone()).collect()))
    } else {
        let fits = |p: &&&Port| p.width().is_none_or(|w| w == count || (w == 1 && count == 2) || count == 0);
        let named = |p: &&&Port| p.name.to_lowercase().contains("prob");
        let best = numbers.iter().filter(fits).find(named).or_else(|| numbers.iter().find(fits));
        best.map(|p| ScoreForm::Matrix(p.name.clone()))
    };
    if label.is_none() && scores.is_none() {
        return Err(no_usable_output());
    }
    Ok(Form::Classes { label, scores })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: &str, dtype: DType, shape: &[Option<i64>]) -> Port {
        Port { name: name.to_owned(), dtype, shape: shape.to_vec() }
    }

    fn planned(task: Task, classes: usize, outputs: Vec<Port>) -> Result<Form, ModelError> {
        let classes: Vec<String> = (0..classes).map(|c| c.to_string()).collect();
        plan(&Inspection { outputs, ..Inspection::default() }, task, (!classes.is_empty()).then_some(&classes))
    }

    #[test]
    fn outputs_are_chosen_by_type_and_shape() {
        let label = || port("a", DType::Int64, &[None]);
        let matrix = |w| port("b", DType::Float32, &[None, w]);
        let with = |scores| Ok(Form::Classes { label: Some("a".to_owned()), scores });
        assert_eq!(
            planned(Task::Binary, 2, vec![label(), matrix(Some(2))]),
            with(Some(ScoreForm::Matrix("b".to_owned())))
        );
        assert_eq!(
            planned(Task::Binary, 2, vec![label(), matrix(Some(1))]),
            with(Some(ScoreForm::Matrix("b".to_owned())))
        );
        assert_eq!(
            planned(
                Task::Binary,
                2,
                vec![label(), port("i0", DType::Float32, &[None]), port("i1", DType::Float32, &[None])]
            ),
            with(Some(ScoreForm::Columns(vec!["i0".to_owned(), "i1".to_owned()])))
        );
        let map = DType::Sequence(Box::new(DType::Map(Box::new(DType::Int64), Box::new(DType::Float32))));
        assert_eq!(
            planned(Task::Binary, 2, vec![label(), port("m", map, &[])]),
            with(Some(ScoreForm::Maps("m".to_owned())))
        );
        assert_eq!(planned(Task::Clustering, 0, vec![label(), matrix(Some(3))]), with(None));
        assert_eq!(planned(Task::Regression, 0, vec![matrix(Some(1))]), Ok(Form::Value("b".to_owned())));
        assert!(planned(Task::Multiclass, 3, vec![port("b", DType::Float32, &[None, Some(2), Some(2)])]).is_err());
    }
}
