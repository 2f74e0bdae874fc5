//! The categories that a model knows of its text inputs, where the file tells them.

use crate::model::inspect::ModelFile;
use crate::model::onnx::{Graph, Model, Node};
use crate::model::signature::DType;
use prost::Message as _;
use std::collections::BTreeMap;

/// Steps that hand a single column on without changing its texts.
const HANDS_ON: [&str; 7] =
    ["ArrayFeatureExtractor", "Flatten", "Gather", "Identity", "Reshape", "Squeeze", "Unsqueeze"];
/// Longest way from an input to its encoder; also keeps a graph with a circle from being followed for ever.
const LONGEST_WAY: usize = 8;

/// The categories of each text input of one column that goes into an encoder, in the encoder's order.
///
/// Read from `OneHotEncoder` and `CategoryMapper` (`cats_strings`) and `LabelEncoder` (`keys_strings`) of the file,
/// directly behind the input or behind steps that only reshape it. Inputs that are not in the result may have
/// categories too: a file need not tell them, for example when several columns are joined before they are encoded.
pub fn known_categories(file: &ModelFile) -> BTreeMap<String, Vec<String>> {
    let Ok(model) = Model::decode(file.bytes.as_ref()) else { return BTreeMap::new() };
    let Some(graph) = &model.graph else { return BTreeMap::new() };
    let texts = file.inspection.inputs.iter().filter(|p| p.dtype == DType::String && p.width() == Some(1));
    texts.filter_map(|port| Some((port.name.clone(), behind(graph, &port.name, LONGEST_WAY)?))).collect()
}

/// The categories of the first encoder behind a value.
fn behind(graph: &Graph, value: &str, steps: usize) -> Option<Vec<String>> {
    let steps = steps.checked_sub(1)?;
    // What is handed on stands first among the inputs of a step; behind it stand shapes and places.
    let readers = || graph.node.iter().filter(|node| node.input.first().is_some_and(|input| input == value));
    let encoded = readers().find_map(encoder);
    encoded.or_else(|| {
        let on = readers().filter(|node| HANDS_ON.contains(&node.op_type()));
        on.filter_map(|node| node.output.first()).find_map(|output| behind(graph, output, steps))
    })
}

fn encoder(node: &Node) -> Option<Vec<String>> {
    let attribute = match node.op_type() {
        "OneHotEncoder" | "CategoryMapper" => "cats_strings",
        "LabelEncoder" => "keys_strings",
        _ => return None,
    };
    let texts = &node.attribute(attribute)?.strings;
    let readable: Vec<String> = texts.iter().filter_map(|t| String::from_utf8(t.clone()).ok()).collect();
    (!readable.is_empty() && readable.len() == texts.len()).then_some(readable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::onnx::Attribute;

    fn node(op: &str, from: &str, to: &str, texts: Option<(&str, &[&str])>) -> Node {
        let attribute = texts.map(|(name, texts)| Attribute {
            name: Some(name.to_owned()),
            strings: texts.iter().map(|t| t.as_bytes().to_vec()).collect(),
            ..Attribute::default()
        });
        Node {
            input: vec![from.to_owned()],
            output: vec![to.to_owned()],
            op_type: Some(op.to_owned()),
            attribute: attribute.into_iter().collect(),
            ..Node::default()
        }
    }

    #[test]
    fn encoders_are_found_behind_steps_that_change_nothing() {
        let cats: (&str, &[&str]) = ("cats_strings", &["b", "a"]);
        let keys: (&str, &[&str]) = ("keys_strings", &["x"]);
        let graph = Graph {
            node: vec![
                node("Reshape", "far", "mid", None),
                node("Identity", "mid", "near", None),
                node("OneHotEncoder", "near", "out", Some(cats)),
                node("LabelEncoder", "direct", "out2", Some(keys)),
                node("StringNormalizer", "lower", "lowered", None),
                node("OneHotEncoder", "lowered", "out3", Some(cats)),
                node("Identity", "circle", "circle", None),
                node("OneHotEncoder", "numbers", "out4", None),
            ],
            ..Graph::default()
        };
        let found = |name: &str| behind(&graph, name, LONGEST_WAY);
        assert_eq!(found("far"), Some(vec!["b".to_owned(), "a".to_owned()]));
        assert_eq!(found("direct"), Some(vec!["x".to_owned()]));
        assert_eq!((found("lower"), found("circle"), found("numbers"), found("none")), (None, None, None, None));
    }
}
