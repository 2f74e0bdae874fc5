//! The fields of a model card as text that a person can write, and back.

use std::collections::BTreeMap;

use crate::app::widgets::format;
use crate::model::ModelCard;
use crate::model::card::CardFeature;

/// Whether a field is a sentence or more, which one line would cut.
pub(super) fn is_prose(field: &str) -> bool {
    matches!(field, "purpose" | "training_data" | "training_source" | "target_definition" | "fairness")
}

/// Whether a field holds one entry a line.
pub(super) fn is_list(field: &str) -> bool {
    matches!(
        field,
        "allowed_use"
            | "out_of_scope"
            | "limits"
            | "sensitive_attributes"
            | "features"
            | "training_metrics"
            | "class_names"
            | "classes"
    )
}

fn text_of<'a>(card: &'a mut ModelCard, field: &str) -> Option<&'a mut Option<String>> {
    Some(match field {
        "version" => &mut card.version,
        "task" => &mut card.task,
        "purpose" => &mut card.purpose,
        "owner" => &mut card.owner,
        "owner_role" => &mut card.owner_role,
        "contact" => &mut card.contact,
        "training_data" => &mut card.training_data,
        "training_source" => &mut card.training_source,
        "training_period" => &mut card.training_period,
        "target" => &mut card.target,
        "target_definition" => &mut card.target_definition,
        "positive" => &mut card.positive,
        "fairness" => &mut card.fairness,
        "review_date" => &mut card.review_date,
        "licence" => &mut card.licence,
        "story" => &mut card.story,
        _ => return None,
    })
}

fn list_of<'a>(card: &'a mut ModelCard, field: &str) -> Option<&'a mut Vec<String>> {
    Some(match field {
        "allowed_use" => &mut card.allowed_use,
        "out_of_scope" => &mut card.out_of_scope,
        "limits" => &mut card.limits,
        "sensitive_attributes" => &mut card.sensitive_attributes,
        _ => return None,
    })
}

/// A field as text; lists have an entry a line.
pub(super) fn get(card: &ModelCard, field: &str) -> String {
    let mut copy = card.clone();
    if let Some(text) = text_of(&mut copy, field) {
        return text.take().unwrap_or_default();
    }
    if let Some(list) = list_of(&mut copy, field) {
        return list.join("\n");
    }
    match field {
        "name" => copy.name,
        "training_rows" => card.training_rows.map(|n| n.to_string()).unwrap_or_default(),
        "threshold" => card.threshold.map(|t| t.to_string()).unwrap_or_default(),
        "classes" => card.classes.clone().unwrap_or_default().join("\n"),
        "class_names" => {
            let names = card.class_names.iter().flatten();
            names.map(|(class, name)| format!("{class} = {name}")).collect::<Vec<_>>().join("\n")
        }
        "training_metrics" => {
            let said = |value: &Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
            let lines = card.training_metrics.iter().map(|(name, value)| format!("{name} = {}", said(value)));
            lines.collect::<Vec<_>>().join("\n")
        }
        "features" => card.features.iter().map(feature_line).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

/// `name | kind | unit | description`, as far as something is said.
fn feature_line(feature: &CardFeature) -> String {
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let parts = [feature.name.clone(), said(&feature.kind), said(&feature.unit), said(&feature.description)];
    parts.join(" | ").trim_end_matches([' ', '|']).to_owned()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn number(text: &str, what: &str) -> Result<f64, String> {
    format::parse(text)
        .filter(|n| n.is_finite())
        .ok_or_else(|| format!("{what} must be a number, and “{text}” is none"))
}

/// `name = value` lines.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    lines(text)
        .map(|line| {
            let (name, value) =
                line.split_once('=').ok_or_else(|| format!("“{line}” must be written as name = value, one a line"))?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
}

/// Writes a text into a field of the card.
///
/// # Errors
/// Why the text cannot be the field's value, as a sentence; the card is then as it was.
pub(super) fn set(card: &mut ModelCard, field: &str, text: &str) -> Result<(), String> {
    let trimmed = text.trim();
    if let Some(place) = text_of(card, field) {
        *place = (!trimmed.is_empty()).then(|| trimmed.to_owned());
        return Ok(());
    }
    if let Some(list) = list_of(card, field) {
        *list = lines(text).map(ToOwned::to_owned).collect();
        return Ok(());
    }
    match field {
        "name" => trimmed.clone_into(&mut card.name),
        "training_rows" if trimmed.is_empty() => card.training_rows = None,
        "training_rows" => {
            let rows = number(trimmed, "The number of rows")?;
            if rows < 0.0 || rows.fract() != 0.0 || rows > 9e15 {
                return Err(format!("The number of rows must be a whole number, and “{trimmed}” is none"));
            }
            card.training_rows = Some(rows as u64);
        }
        "threshold" if trimmed.is_empty() => card.threshold = None,
        "threshold" => {
            let threshold = number(trimmed, "The threshold")?;
            if !(0.0..=1.0).contains(&threshold) {
                return Err(format!("The threshold lies between 0 and 1, and “{trimmed}” does not"));
            }
            card.threshold = Some(threshold);
        }
        "classes" => {
            let classes: Vec<String> = lines(text).map(ToOwned::to_owned).collect();
            card.classes = (!classes.is_empty()).then_some(classes);
        }
        "class_names" => {
            let names: BTreeMap<String, String> = pairs(text)?.into_iter().collect();
            card.class_names = (!names.is_empty()).then_some(names);
        }
        "training_metrics" => {
            let mut metrics = BTreeMap::new();
            for (name, value) in pairs(text)? {
                let value = if value.is_empty() { None } else { Some(number(&value, &name)?) };
                metrics.insert(name, value);
            }
            card.training_metrics = metrics;
        }
        "features" => {
            let known = std::mem::take(&mut card.features);
            card.features = lines(text).map(|line| feature(line, &known)).collect();
        }
        _ => {}
    }
    Ok(())
}

/// A feature of a line; what the line does not tell is taken from the known feature of the same name.
fn feature(line: &str, known: &[CardFeature]) -> CardFeature {
    let mut parts = line.splitn(4, '|').map(|part| Some(part.trim().to_owned()).filter(|p| !p.is_empty()));
    let name = parts.next().flatten().unwrap_or_default();
    let other = known.iter().find(|f| f.name == name).map(|f| f.other.clone()).unwrap_or_default();
    let mut next = || parts.next().flatten();
    let (kind, unit) = (next(), next());
    CardFeature { name, kind, unit, description: next(), other }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::governance::checklist;
    use crate::validate::policy::CARD_FIELDS;

    fn card() -> ModelCard {
        ModelCard::parse(
            r#"{"name": "m", "version": "3", "purpose": "p", "training_rows": 78112, "threshold": 0.35, "classes": ["0", "1"],
            "class_names": {"1": "late"}, "features": [{"name": "x", "kind": "number", "unit": "km", "source": "radar"}],
            "training_metrics": {"f1": 0.5, "ece": null}, "allowed_use": ["a", "b"], "limits": ["w"], "licence": "CC0"}"#,
        )
        .unwrap()
    }

    #[test]
    fn every_field_comes_back_as_it_was_written() {
        let card = card();
        let mut copy = card.clone();
        for field in CARD_FIELDS.into_iter().chain(["name"]) {
            let text = get(&card, field);
            assert_eq!(set(&mut copy, field, &text), Ok(()), "{field}");
        }
        assert_eq!(copy, card);
        for item in checklist(Some(&ModelCard::default())) {
            let mut empty = ModelCard::default();
            let text = if item.field == "training_metrics" { "f1 = 0.5" } else { "1" };
            set(&mut empty, &item.field, text).unwrap();
            assert!(!get(&empty, &item.field).is_empty(), "{} can be filled", item.field);
        }
    }

    #[test]
    fn what_is_no_number_is_said_and_changes_nothing() {
        let mut card = card();
        let before = card.clone();
        assert!(set(&mut card, "threshold", "1.5").unwrap_err().contains("between 0 and 1"));
        assert!(set(&mut card, "training_rows", "many").unwrap_err().contains("“many”"));
        assert!(set(&mut card, "training_metrics", "f1").unwrap_err().contains("name = value"));
        assert_eq!(card, before);
        set(&mut card, "threshold", " ").unwrap();
        set(&mut card, "limits", "one\n\n two ").unwrap();
        assert_eq!((card.threshold, card.limits.len()), (None, 2));
    }
}
