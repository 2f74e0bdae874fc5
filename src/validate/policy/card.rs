//! Fields of the model card that a policy can require.

use super::gate::Bound;
use super::judge::{Evidence, GateResult};
use crate::model::ModelCard;

pub use crate::model::card::CARD_FIELDS;

/// Whether a field of the card says something; `None` for a field that cards do not have.
pub(in crate::validate) fn is_filled(card: &ModelCard, field: &str) -> Option<bool> {
    let said = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
    let listed = |texts: &[String]| texts.iter().any(|t| !t.trim().is_empty());
    Some(match field {
        "version" => said(&card.version),
        "story" => said(&card.story),
        "task" => said(&card.task),
        "purpose" => said(&card.purpose),
        "owner" => said(&card.owner),
        "owner_role" => said(&card.owner_role),
        "contact" => said(&card.contact),
        "training_data" => said(&card.training_data),
        "training_source" => said(&card.training_source),
        "training_period" => said(&card.training_period),
        "training_rows" => card.training_rows.is_some(),
        "target" => said(&card.target),
        "target_definition" => said(&card.target_definition),
        "positive" => said(&card.positive),
        "classes" => card.classes.as_ref().is_some_and(|c| !c.is_empty()),
        "class_names" => card.class_names.as_ref().is_some_and(|c| !c.is_empty()),
        "threshold" => card.threshold.is_some(),
        "features" => !card.features.is_empty(),
        "training_metrics" => card.training_metrics.values().any(Option::is_some),
        "allowed_use" => listed(&card.allowed_use),
        "out_of_scope" => listed(&card.out_of_scope),
        "limits" => listed(&card.limits),
        "sensitive_attributes" => listed(&card.sensitive_attributes),
        "fairness" => said(&card.fairness),
        "review_date" => said(&card.review_date),
        "licence" => said(&card.licence),
        _ => return None,
    })
}

/// Whether a required field is filled in, as a gate.
pub(super) fn card_field(field: &str, evidence: &Evidence<'_>) -> GateResult {
    let filled = evidence.card.map(|card| is_filled(card, field));
    let reason = match filled {
        Some(Some(true)) => None,
        Some(Some(false)) => Some(format!("The model card says nothing under “{field}”")),
        Some(None) => Some(format!("A model card has no field “{field}”")),
        None => Some("The model has no card".to_owned()),
    };
    GateResult {
        name: format!("Model card: {}", field.replace('_', " ")),
        metric: format!("card.{field}"),
        condition: "filled in".to_owned(),
        value: None,
        bound_used: Bound::Point,
        limit: None,
        margin: None,
        passed: reason.is_none(),
        applies: true,
        required: true,
        rows: evidence.result.rows,
        segment: None,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_field_that_a_policy_can_name_is_looked_at() {
        for field in CARD_FIELDS {
            assert_eq!(is_filled(&ModelCard::default(), field), Some(false), "{field}");
        }
        assert_eq!(is_filled(&ModelCard::default(), "colour"), None);
    }
}
