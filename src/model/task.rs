//! What a model answers, told from its graph: the task, its classes, and whether its scores are probabilities.

use super::onnx::{Attribute, Graph, Node};
use super::signature::{DType, Port, Signature, Task};
use std::collections::HashMap;

/// What the graph tells about the answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// The task.
    pub task: Task,
    /// The classes in the order of the scores, when the graph names them.
    pub classes: Option<Vec<String>>,
}

/// Reads task and classes from the graph.
pub fn read(graph: &Graph, signature: &Signature) -> Answers {
    let classes = classes(graph);
    let has = |names: &[&str]| graph.node.iter().any(|n| names.contains(&n.op_type()));
    let label = signature.outputs.iter().find(|p| is_label(p));
    let scores = signature.outputs.iter().find(|p| p.dtype.is_decimal() && !p.shape.is_empty());

    if let Some(classes) = classes {
        let task = match classes.len() {
            2 => Task::Binary,
            n if n > 2 => Task::Multiclass,
            _ => Task::Unknown,
        };
        return Answers { task, classes: Some(classes) };
    }
    let task = match (label, scores) {
        (Some(_), Some(_)) if has(&["ArgMin"]) => Task::Clustering,
        (Some(_), Some(scores)) => by_width(scores.width()),
        (None, Some(scores)) => match (last_operator(graph, &scores.name), scores.width()) {
            (Some("Softmax" | "LogSoftmax"), width) => by_width(width),
            (Some("Sigmoid"), Some(1)) => Task::Binary,
            // Converters leave the width of a regressor's output open when they do not track shapes.
            (_, Some(1)) => Task::Regression,
            (_, None) if has(&["TreeEnsembleRegressor", "LinearRegressor", "SVMRegressor"]) => Task::Regression,
            _ => Task::Unknown,
        },
        (_, None) => Task::Unknown,
    };
    Answers { task, classes: None }
}

/// Whether a port can hold one class a row.
pub fn is_label(port: &Port) -> bool {
    (port.dtype.is_whole() || matches!(port.dtype, DType::String | DType::Bool))
        && port.shape.len() <= 2
        && port.width().is_none_or(|w| w == 1)
}

fn by_width(width: Option<usize>) -> Task {
    match width {
        // One or two columns: a score for the positive class, or one for each.
        Some(2) => Task::Binary,
        Some(n) if n > 2 => Task::Multiclass,
        _ => Task::Unknown,
    }
}

/// The operator that writes a value, seen through those that only pass it on.
fn last_operator<'g>(graph: &'g Graph, value: &str) -> Option<&'g str> {
    let mut wanted = value;
    for node in graph.node.iter().rev() {
        if node.output.iter().any(|o| o == wanted) {
            match node.op_type() {
                "Identity" | "Cast" | "Reshape" | "Squeeze" | "Flatten" => wanted = node.input.first()?,
                operator => return Some(operator),
            }
        }
    }
    None
}

/// Class names, from the places converters write them, the most certain first.
fn classes(graph: &Graph) -> Option<Vec<String>> {
    let named = |operators: &[&str]| {
        graph.node.iter().rev().filter(|n| operators.contains(&n.op_type())).find_map(class_attribute)
    };
    named(&["ZipMap"])
        .or_else(|| label_encoder(graph))
        .or_else(|| named(&["TreeEnsembleClassifier", "LinearClassifier", "SVMClassifier"]))
        .or_else(|| picked_from_list(graph))
}

fn class_attribute(node: &Node) -> Option<Vec<String>> {
    node.attribute
        .iter()
        .filter(|a| a.name().starts_with("classlabels_") || a.name() == "classes_strings")
        .find_map(attribute_texts)
}

fn attribute_texts(attribute: &Attribute) -> Option<Vec<String>> {
    if !attribute.ints.is_empty() {
        Some(attribute.ints.iter().map(ToString::to_string).collect())
    } else if !attribute.strings.is_empty() {
        Some(attribute.strings.iter().map(|s| String::from_utf8_lossy(s).into_owned()).collect())
    } else {
        None
    }
}

/// A `LabelEncoder` that turns class numbers into the label output names the classes.
fn label_encoder(graph: &Graph) -> Option<Vec<String>> {
    let outputs: Vec<&str> = graph.output.iter().map(super::onnx::ValueInfo::name).collect();
    let node = graph
        .node
        .iter()
        .rev()
        .find(|n| n.op_type() == "LabelEncoder" && n.output.iter().any(|o| outputs.contains(&o.as_str())))?;
    let list = |prefix: &str| node.attribute.iter().filter(|a| a.name().starts_with(prefix)).find_map(attribute_texts);
    let (keys, values) = (list("keys_")?, list("values_")?);
    if keys.len() != values.len() {
        return None;
    }
    let by_key: HashMap<&str, &String> = keys.iter().map(String::as_str).zip(&values).collect();
    (0..keys.len()).map(|i| by_key.get(i.to_string().as_str()).map(|v| (*v).clone())).collect()
}

/// An `ArrayFeatureExtractor` that picks from a constant list of labels, as converters write for nets and boosters.
fn picked_from_list(graph: &Graph) -> Option<Vec<String>> {
    graph.node.iter().rev().filter(|n| n.op_type() == "ArrayFeatureExtractor").find_map(|node| {
        let list = node.input.first()?;
        let tensor = graph.initializer.iter().find(|t| t.name() == list)?;
        tensor.labels().filter(|labels| labels.len() >= 2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::onnx::{Tensor, ValueInfo};

    fn node(operator: &str, input: &str, output: &str) -> Node {
        Node {
            op_type: Some(operator.to_owned()),
            input: vec![input.to_owned()],
            output: vec![output.to_owned()],
            ..Node::default()
        }
    }

    fn port(name: &str, dtype: DType, shape: &[Option<i64>]) -> Port {
        Port { name: name.to_owned(), dtype, shape: shape.to_vec() }
    }

    #[test]
    fn softmax_sigmoid_and_plain_numbers_are_told_apart() {
        for (operator, width, task) in [
            ("Softmax", Some(3), Task::Multiclass),
            ("Softmax", Some(2), Task::Binary),
            ("Sigmoid", Some(1), Task::Binary),
            ("Gemm", Some(1), Task::Regression),
            ("Gemm", Some(3), Task::Unknown),
        ] {
            let graph = Graph { node: vec![node(operator, "x", "a"), node("Identity", "a", "y")], ..Graph::default() };
            let signature = Signature { inputs: Vec::new(), outputs: vec![port("y", DType::Float32, &[None, width])] };
            assert_eq!(read(&graph, &signature).task, task, "{operator} {width:?}");
        }
    }

    #[test]
    fn a_label_encoder_at_the_end_names_the_classes() {
        let mut encoder = node("LabelEncoder", "i", "label");
        encoder.attribute = vec![
            Attribute { name: Some("keys_int64s".to_owned()), ints: vec![1, 0], ..Attribute::default() },
            Attribute {
                name: Some("values_strings".to_owned()),
                strings: vec![b"late".to_vec(), b"on time".to_vec()],
                ..Attribute::default()
            },
        ];
        let graph = Graph {
            node: vec![encoder],
            output: vec![ValueInfo { name: Some("label".to_owned()), ..ValueInfo::default() }],
            ..Graph::default()
        };
        let answers = read(&graph, &Signature::default());
        assert_eq!(answers.classes, Some(vec!["on time".to_owned(), "late".to_owned()]));
        assert_eq!(answers.task, Task::Binary);
    }

    #[test]
    fn a_constant_list_names_the_classes() {
        let graph = Graph {
            node: vec![node("ArrayFeatureExtractor", "classes", "label")],
            initializer: vec![Tensor {
                name: Some("classes".to_owned()),
                dims: vec![3],
                data_type: Some(7),
                int64_data: vec![3, 5, 9],
                ..Tensor::default()
            }],
            ..Graph::default()
        };
        let answers = read(&graph, &Signature::default());
        assert_eq!(answers.task, Task::Multiclass);
        assert_eq!(answers.classes.map(|c| c.join(" ")).as_deref(), Some("3 5 9"));
    }
}
