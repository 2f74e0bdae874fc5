//! The model card: what the trainer wrote about a model, kept as JSON beside the model file.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What its trainer wrote about a model. Everything but the name may be missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelCard {
    /// Version of this JSON layout.
    pub schema_version: u32,
    /// Name of the model.
    pub name: String,
    /// Version of the model, as its trainer counts.
    pub version: Option<String>,
    /// The sample story it belongs to.
    pub story: Option<String>,
    /// `binary`, `multiclass`, `regression` or `clustering`.
    pub task: Option<String>,
    /// What the model is for.
    pub purpose: Option<String>,
    /// The role that answers for it.
    pub owner_role: Option<String>,
    /// What it was trained on.
    pub training_data: Option<String>,
    /// The period the training data covers.
    pub training_period: Option<String>,
    /// Rows it was trained on.
    pub training_rows: Option<u64>,
    /// The column it predicts.
    pub target: Option<String>,
    /// The class that counts as positive.
    #[serde(deserialize_with = "text_or_number")]
    pub positive: Option<String>,
    /// The classes in the order of the model.
    #[serde(deserialize_with = "texts_or_numbers")]
    pub classes: Option<Vec<String>>,
    /// A readable name for each class.
    pub class_names: Option<BTreeMap<String, String>>,
    /// The probability from which on a row counts as positive.
    pub threshold: Option<f64>,
    /// The columns it was trained on, in order.
    pub features: Vec<CardFeature>,
    /// Metrics on the training data, by name.
    pub training_metrics: BTreeMap<String, Option<f64>>,
    /// What it may be used for.
    pub allowed_use: Vec<String>,
    /// Where it is known to fail.
    pub limits: Vec<String>,
    /// Licence of the model and its data.
    pub licence: Option<String>,
}

/// A column the model was trained on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardFeature {
    /// Column name in the training data.
    pub name: String,
    /// `number`, `text`, `bool` or `time`.
    pub kind: Option<String>,
    /// What it means.
    pub description: Option<String>,
    /// Its unit.
    pub unit: Option<String>,
}

/// A card file that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The model card beside the model could not be read: {reason}. The model works without it; repair or remove the card. File: {}", .path.display())]
pub struct CardError {
    /// What is wrong.
    pub reason: String,
    /// The card file.
    pub path: PathBuf,
}

impl ModelCard {
    /// Reads a card from JSON text.
    ///
    /// # Errors
    /// When the text is not JSON, a field has another type than promised, or the name is missing.
    pub fn parse(json: &str) -> Result<Self, String> {
        let card: Self = serde_json::from_str(json).map_err(|e| e.to_string())?;
        if card.name.trim().is_empty() { Err("the name is missing".to_owned()) } else { Ok(card) }
    }

    /// The card beside a model: `NAME.card.json`, else `NAME.json`, for `NAME.onnx`; `None` when there is none.
    ///
    /// A `NAME.json` that is no card is taken for some other file and passed over.
    ///
    /// # Errors
    /// When a `NAME.card.json` is there and cannot be used.
    pub fn beside(model: &Path) -> Result<Option<Self>, CardError> {
        for (ending, is_surely_a_card) in [("card.json", true), ("json", false)] {
            let path = model.with_extension(ending);
            let outcome = match std::fs::read_to_string(&path) {
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
                Err(e) => Err(e.to_string()),
                Ok(text) => Self::parse(&text),
            };
            match outcome {
                Ok(card) => return Ok(Some(card)),
                Err(reason) if is_surely_a_card => return Err(CardError { reason, path }),
                Err(reason) => tracing::debug!(path = %path.display(), reason, "not a model card"),
            }
        }
        Ok(None)
    }

    /// Feature names in training order.
    pub fn feature_names(&self) -> Vec<&str> {
        self.features.iter().map(|f| f.name.as_str()).collect()
    }
}

fn as_text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<serde_json::Value>::deserialize(from)?.as_ref().and_then(as_text))
}

fn texts_or_numbers<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    let values = Option::<Vec<serde_json::Value>>::deserialize(from)?;
    Ok(values.map(|v| v.iter().filter_map(as_text).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_is_needed_and_classes_may_be_numbers() {
        let card = ModelCard::parse(r#"{"name":"m","classes":[0,1],"positive":1,"extra":{"a":1}}"#);
        let card = card.unwrap_or_default();
        assert_eq!(card.name, "m");
        assert_eq!(card.classes, Some(vec!["0".to_owned(), "1".to_owned()]));
        assert_eq!(card.positive.as_deref(), Some("1"));
        assert!(ModelCard::parse("{}").is_err());
        assert!(ModelCard::parse("[").is_err());
    }

    #[test]
    fn a_card_is_found_beside_the_model() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("m.onnx");
        assert_eq!(ModelCard::beside(&model), Ok(None));
        std::fs::write(folder.path().join("m.json"), "[1]").unwrap();
        assert_eq!(ModelCard::beside(&model), Ok(None));
        std::fs::write(folder.path().join("m.card.json"), "{").unwrap();
        assert!(ModelCard::beside(&model).is_err());
        std::fs::write(folder.path().join("m.card.json"), r#"{"name":"M"}"#).unwrap();
        assert_eq!(ModelCard::beside(&model).map(|c| c.map(|c| c.name)), Ok(Some("M".to_owned())));
    }
}
