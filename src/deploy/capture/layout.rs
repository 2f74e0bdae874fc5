//! What the columns of a model's tensors are called.

use crate::model::signature::{DType, Port};

/// The columns of one input or output.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TensorColumns {
    /// The input or output of the model.
    pub tensor: String,
    /// A name for each value of a row; used when there are as many as the tensor has.
    pub columns: Vec<String>,
}

/// The names of the columns of a version; what it does not name is called after its tensor.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct CaptureLayout {
    /// The inputs.
    pub inputs: Vec<TensorColumns>,
    /// The outputs.
    pub outputs: Vec<TensorColumns>,
}

impl CaptureLayout {
    /// Names the values of a row of an input.
    pub fn input(mut self, tensor: &str, columns: &[String]) -> Self {
        self.inputs.push(TensorColumns { tensor: tensor.to_owned(), columns: columns.to_vec() });
        self
    }

    /// Calls an output `label`.
    pub fn label(mut self, tensor: &str) -> Self {
        self.outputs.push(TensorColumns { tensor: tensor.to_owned(), columns: vec!["label".to_owned()] });
        self
    }

    /// Calls the values of a row of an output `probability_<class>`.
    pub fn probabilities(mut self, tensor: &str, classes: &[String]) -> Self {
        let columns = classes.iter().map(|class| format!("probability_{class}")).collect();
        self.outputs.push(TensorColumns { tensor: tensor.to_owned(), columns });
        self
    }

    /// Names the outputs of a classifier by their types: the decimal output with a value a class holds its
    /// probabilities, the first output with one whole number, text or true/false a row its label.
    pub fn classifier(mut self, outputs: &[Port], classes: &[String]) -> Self {
        let scores = outputs.iter().find(|port| port.dtype.is_decimal() && port.width() == Some(classes.len()));
        if let Some(port) = scores {
            self = self.probabilities(&port.name, classes);
        }
        let label = outputs.iter().find(|port| {
            (port.dtype.is_whole() || matches!(port.dtype, DType::String | DType::Bool)) && port.width() == Some(1)
        });
        match label {
            Some(port) => self.label(&port.name),
            None => self,
        }
    }

    pub(super) fn of_input(&self, tensor: &str) -> Option<&[String]> {
        named(&self.inputs, tensor)
    }

    pub(super) fn of_output(&self, tensor: &str) -> Option<&[String]> {
        named(&self.outputs, tensor)
    }
}

fn named<'a>(list: &'a [TensorColumns], tensor: &str) -> Option<&'a [String]> {
    list.iter().find(|columns| columns.tensor == tensor).map(|columns| columns.columns.as_slice())
}
