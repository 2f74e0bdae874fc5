//! The model card: what the trainer wrote about a model, kept as JSON beside the model file.

use super::inspect::hex_sha256;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write as _;
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
    /// The person or team that answers for it.
    pub owner: Option<String>,
    /// The role that answers for it.
    pub owner_role: Option<String>,
    /// How the owner is reached.
    pub contact: Option<String>,
    /// What it was trained on.
    pub training_data: Option<String>,
    /// Where the training data came from, such as the system or the supplier.
    pub training_source: Option<String>,
    /// The period the training data covers.
    pub training_period: Option<String>,
    /// Rows it was trained on.
    pub training_rows: Option<u64>,
    /// The column it predicts.
    pub target: Option<String>,
    /// What the target means: which event, seen when, counted how.
    pub target_definition: Option<String>,
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
    /// What it must not be used for.
    pub out_of_scope: Vec<String>,
    /// Where it is known to fail.
    pub limits: Vec<String>,
    /// The sensitive attributes that were looked at, used or not.
    pub sensitive_attributes: Vec<String>,
    /// How fairness between groups was checked, and what was found.
    pub fairness: Option<String>,
    /// When it must be looked at again, such as `2026-06-30`.
    pub review_date: Option<String>,
    /// Licence of the model and its data.
    pub licence: Option<String>,
    /// Fields of the file that have no place above; they are kept when the card is written again.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
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
    /// Fields of the file that have no place above; they are kept when the card is written again.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
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

/// Which state of which card file was read, so that nobody's later change is written over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardStamp {
    /// The card file.
    pub path: PathBuf,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
}

/// A card that could not be written. The old file is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardWriteError {
    /// The file is another one than was read.
    #[error("The model card was not saved, because its file was {what} since it was opened. Open the card again and repeat your changes. File: {}", .path.display())]
    Changed {
        /// What happened to it: `changed`, `removed` or `made`.
        what: &'static str,
        /// The card file.
        path: PathBuf,
    },
    /// A card without a name cannot be read back.
    #[error("The model card was not saved, because it has no name. Give the model a name. File: {}", .path.display())]
    NoName {
        /// The card file.
        path: PathBuf,
    },
    /// The system refused to write.
    #[error("The model card was not saved ({reason}). Check the folder's permissions and the disk. File: {}", .path.display())]
    Io {
        /// The system's words.
        reason: String,
        /// The card file.
        path: PathBuf,
    },
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
        Ok(Self::stamped_beside(model)?.map(|(card, _)| card))
    }

    /// As [`Self::beside`], with the state of the file, which [`Self::write_beside`] asks for.
    ///
    /// # Errors
    /// When a `NAME.card.json` is there and cannot be used.
    pub fn stamped_beside(model: &Path) -> Result<Option<(Self, CardStamp)>, CardError> {
        for (ending, is_surely_a_card) in [("card.json", true), ("json", false)] {
            let path = model.with_extension(ending);
            let outcome = match std::fs::read_to_string(&path) {
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
                Err(e) => Err(e.to_string()),
                Ok(text) => Self::parse(&text).map(|card| (card, hex_sha256(text.as_bytes()))),
            };
            match outcome {
                Ok((card, sha256)) => return Ok(Some((card, CardStamp { path, sha256 }))),
                Err(reason) if is_surely_a_card => return Err(CardError { reason, path }),
                Err(reason) => tracing::debug!(path = %path.display(), reason, "not a model card"),
            }
        }
        Ok(None)
    }

    /// Writes the card into the file it was read from, or as `NAME.card.json` beside the model `NAME.onnx` when `read`
    /// is `None`, and gives the new state of the file. The file is written whole or not at all.
    ///
    /// # Errors
    /// When the file is no longer the one that was read, the card has no name, or the system refuses.
    pub fn write_beside(&self, model: &Path, read: Option<&CardStamp>) -> Result<CardStamp, CardWriteError> {
        let path = read.map_or_else(|| model.with_extension("card.json"), |stamp| stamp.path.clone());
        if self.name.trim().is_empty() {
            return Err(CardWriteError::NoName { path });
        }
        let failed = |e: &std::io::Error| CardWriteError::Io { reason: e.to_string(), path: path.clone() };
        let changed = |what| CardWriteError::Changed { what, path: path.clone() };
        match (std::fs::read(&path), read) {
            (Ok(bytes), Some(stamp)) if hex_sha256(&bytes) == stamp.sha256 => {}
            (Ok(_), Some(_)) => return Err(changed("changed")),
            (Ok(_), None) => return Err(changed("made")),
            (Err(e), read) if e.kind() == std::io::ErrorKind::NotFound => {
                if read.is_some() {
                    return Err(changed("removed"));
                }
            }
            (Err(e), _) => return Err(failed(&e)),
        }
        let text = self.to_json().map_err(|reason| CardWriteError::Io { reason, path: path.clone() })?;
        // A link stays one, and what it leads to is replaced.
        let target = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        let folder = target.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| failed(&e))?;
        file.write_all(text.as_bytes()).map_err(|e| failed(&e))?;
        // A temporary file can be read by its maker only; who may read the model may read its card.
        let like = std::fs::metadata(&target).or_else(|_| std::fs::metadata(model));
        if let Ok(like) = like {
            file.as_file().set_permissions(like.permissions()).map_err(|e| failed(&e))?;
        }
        file.as_file().sync_all().map_err(|e| failed(&e))?;
        file.persist(&target).map_err(|e| failed(&e.error))?;
        Ok(CardStamp { path, sha256: hex_sha256(text.as_bytes()) })
    }

    /// The card as the text of its file: indented JSON with the fields in the order above, without those that say
    /// nothing, and with the fields of the file it was read from that have no place in a card.
    ///
    /// # Errors
    /// When a number of the card is none that JSON can hold.
    pub fn to_json(&self) -> Result<String, String> {
        let mut known = Self { schema_version: self.schema_version.max(1), ..self.clone() };
        let other = std::mem::take(&mut known.other);
        let value = serde_json::to_value(&known).map_err(|e| e.to_string())?;
        let fields = value.as_object().cloned().unwrap_or_default();
        let says = |value: &serde_json::Value| match value {
            serde_json::Value::Null => false,
            serde_json::Value::Array(list) => !list.is_empty(),
            serde_json::Value::Object(map) => !map.is_empty(),
            _ => true,
        };
        let mut lines = Vec::new();
        let mut line = |name: &str, value: &serde_json::Value| -> Result<(), String> {
            let pretty = serde_json::to_string_pretty(value).map_err(|e| e.to_string())?;
            let name = serde_json::to_string(name).map_err(|e| e.to_string())?;
            lines.push(format!("  {name}: {}", pretty.replace('\n', "\n  ")));
            Ok(())
        };
        for name in FIRST_FIELDS.into_iter().chain(CARD_FIELDS) {
            if let Some(value) = fields.get(name).filter(|value| says(value)) {
                line(name, value)?;
            }
        }
        for (name, value) in &other {
            line(name, value)?;
        }
        Ok(format!("{{\n{}\n}}\n", lines.join(",\n")))
    }

    /// Feature names in training order.
    pub fn feature_names(&self) -> Vec<&str> {
        self.features.iter().map(|f| f.name.as_str()).collect()
    }
}

/// The fields that stand first in a card's file; every card has them.
const FIRST_FIELDS: [&str; 2] = ["schema_version", "name"];

/// The other fields of a card by their names in its JSON, in the order in which they are written. A policy can require
/// each of them.
pub const CARD_FIELDS: [&str; 26] = [
    "version",
    "story",
    "task",
    "purpose",
    "owner",
    "owner_role",
    "contact",
    "training_data",
    "training_source",
    "training_period",
    "training_rows",
    "target",
    "target_definition",
    "positive",
    "classes",
    "class_names",
    "threshold",
    "features",
    "training_metrics",
    "allowed_use",
    "out_of_scope",
    "limits",
    "sensitive_attributes",
    "fairness",
    "review_date",
    "licence",
];

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

    /// Every field filled, from JSON as a trainer writes it.
    const FULL: &str = r#"{"schema_version": 2, "name": "Delay", "version": "3", "story": "s", "task": "binary",
        "purpose": "p", "owner": "o", "owner_role": "r", "contact": "c", "training_data": "d", "training_source": "t",
        "training_period": "2013", "training_rows": 5, "target": "late", "target_definition": "15 minutes",
        "positive": "1", "classes": ["0", "1"], "class_names": {"0": "on time"}, "threshold": 0.35,
        "features": [{"name": "x", "kind": "number", "description": null, "unit": "km", "source": "radar"}],
        "training_metrics": {"f1": 0.5, "ece": null}, "allowed_use": ["planning"], "out_of_scope": ["fines"],
        "limits": ["winter"], "sensitive_attributes": ["age"], "fairness": "checked", "review_date": "2026-06-30",
        "licence": "CC0", "house": {"approved": true, "list": []}, "zeal": null}"#;

    #[test]
    fn a_card_is_written_as_it_was_read_with_what_it_does_not_know() {
        let card = ModelCard::parse(FULL).unwrap();
        let text = card.to_json().unwrap();
        assert_eq!(ModelCard::parse(&text), Ok(card.clone()));
        assert!(
            text.contains(r#""house": {"#) && text.contains(r#""zeal": null"#) && text.contains(r#""source": "radar""#)
        );
        assert!(text.starts_with("{\n  \"schema_version\": 2,\n  \"name\": \"Delay\",\n"), "{text}");
        // A field that is not in the order of writing would be lost.
        let known = ModelCard { other: BTreeMap::new(), ..card };
        let value = serde_json::to_value(&known).unwrap();
        let fields: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields.len(), FIRST_FIELDS.len() + CARD_FIELDS.len());
        assert!(fields.iter().all(|field| FIRST_FIELDS.contains(field) || CARD_FIELDS.contains(field)));
        let bare = ModelCard { name: "m".to_owned(), ..ModelCard::default() };
        assert_eq!(bare.to_json().unwrap(), "{\n  \"schema_version\": 1,\n  \"name\": \"m\"\n}\n");
    }

    #[test]
    fn a_card_that_changed_meanwhile_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("m.onnx");
        let card = ModelCard { name: "First".to_owned(), ..ModelCard::default() };
        let stamp = card.write_beside(&model, None).unwrap();
        assert_eq!(
            ModelCard::stamped_beside(&model),
            Ok(Some((ModelCard { schema_version: 1, ..card.clone() }, stamp.clone())))
        );
        let second = ModelCard { name: "Second".to_owned(), ..card.clone() };
        assert!(matches!(second.write_beside(&model, None), Err(CardWriteError::Changed { what: "made", .. })));
        let next = second.write_beside(&model, Some(&stamp)).unwrap();
        assert!(matches!(
            card.write_beside(&model, Some(&stamp)),
            Err(CardWriteError::Changed { what: "changed", .. })
        ));
        assert_eq!(ModelCard::beside(&model).map(|c| c.map(|c| c.name)), Ok(Some("Second".to_owned())));
        assert!(matches!(ModelCard::default().write_beside(&model, Some(&next)), Err(CardWriteError::NoName { .. })));
        std::fs::remove_file(&next.path).unwrap();
        assert!(matches!(
            second.write_beside(&model, Some(&next)),
            Err(CardWriteError::Changed { what: "removed", .. })
        ));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_card_is_written_into_the_file_it_was_read_from() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("m.onnx");
        std::fs::write(folder.path().join("m.json"), r#"{"name":"M"}"#).unwrap();
        let (card, stamp) = ModelCard::stamped_beside(&model).unwrap().unwrap();
        let card = ModelCard { owner: Some("Risk".to_owned()), ..card };
        assert_eq!(card.write_beside(&model, Some(&stamp)).map(|s| s.path), Ok(folder.path().join("m.json")));
        assert!(!folder.path().join("m.card.json").exists());
        assert_eq!(ModelCard::beside(&model).map(|c| c.and_then(|c| c.owner)), Ok(Some("Risk".to_owned())));
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
