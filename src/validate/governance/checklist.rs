//! What a reviewer needs to find in a model card, and why.

use super::super::policy::card::is_filled;
use crate::model::ModelCard;

/// The part of the card that an item belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Which model it is and who answers for it.
    Identity,
    /// What it is for and what not.
    Use,
    /// What it learned from.
    Training,
    /// How its answers become decisions.
    Answers,
    /// Where it fails and whom it may wrong.
    Limits,
    /// When it is looked at again.
    Review,
}

impl Section {
    /// The title shown on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Identity => "Identity and owner",
            Self::Use => "Use",
            Self::Training => "Training",
            Self::Answers => "Answers",
            Self::Limits => "Limits and fairness",
            Self::Review => "Review",
        }
    }
}

/// One thing a reviewer looks for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ChecklistItem {
    /// The field's name in the card's JSON, which is also its name in a policy's `required_card_fields`.
    pub field: String,
    /// What people call it.
    pub title: String,
    /// Why a reviewer needs it.
    pub why: String,
    /// Whether the card says something there; blanks and empty lists say nothing.
    pub filled: bool,
    /// Where in the card it stands.
    pub section: Section,
    /// What an answer looks like.
    pub example: String,
}

type Row = (&'static str, Section, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const ITEMS: [Row; 21] = [
    ("name", Section::Identity, "Name", "So that everyone speaks of the same model.", "Flight delay, winter"),
    ("version", Section::Identity, "Version", "A sign-off holds for one version only.", "1.4"),
    ("owner", Section::Identity, "Owner", "Somebody must decide when the model fails.", "Operations analytics"),
    ("contact", Section::Identity, "Contact", "An alert at night must reach somebody.", "A mailbox or a telephone number"),
    ("purpose", Section::Use, "Purpose", "Good enough means good enough for this.", "Tells two hours before departure whether a flight will be late"),
    ("allowed_use", Section::Use, "Allowed use", "Who reads the answers must know what they may decide with them.", "Planning of gates and crews"),
    ("out_of_scope", Section::Use, "Out-of-scope use", "The use nobody tested is where models do harm.", "Compensation of passengers"),
    ("training_data", Section::Training, "Training data", "The model knows nothing that is not in it.", "All departures from three airports"),
    ("training_source", Section::Training, "Source of the training data", "Rights and quality depend on where the data came from.", "Public on-time statistics"),
    ("training_period", Section::Training, "Training period", "Tells how old its knowledge is, and whether new data really is new.", "2013-01-01 to 2013-03-31"),
    ("training_rows", Section::Training, "Training rows", "Few rows learn little and promise much.", "78112"),
    ("target", Section::Training, "Target column", "The truth that the answers are held against.", "late"),
    ("target_definition", Section::Training, "Definition of the target", "The same word can mean another event in the new data.", "Arrived 15 or more minutes after schedule"),
    ("training_metrics", Section::Training, "Training metrics", "A drop is seen only beside what was promised.", "roc_auc 0.77"),
    ("features", Section::Training, "Features", "Tells whether the columns mean the same in the new data.", "dep_delay, number, minutes"),
    ("positive", Section::Answers, "Positive class", "Precision and recall turn around with it.", "1"),
    ("threshold", Section::Answers, "Threshold", "Decides who is called positive.", "0.35"),
    ("limits", Section::Limits, "Known limits", "What the trainer knows to fail need not be found by its victims.", "Trained on winter months only"),
    ("sensitive_attributes", Section::Limits, "Sensitive attributes", "Leaving a column out does not remove it from the others.", "age, gender"),
    ("fairness", Section::Limits, "Fairness", "Says which groups were compared, and what was found.", "Recall by age group differs by less than 0.03"),
    ("review_date", Section::Review, "Review date", "Every model ages; the date keeps it from being forgotten.", "2026-06-30"),
];

/// What a reviewer needs to find in the card, in the order in which it is read; without a card nothing is filled.
///
/// Positive class and threshold are asked only of a model whose card does not say that it answers a number, a group,
/// or one of many classes.
pub fn checklist(card: Option<&ModelCard>) -> Vec<ChecklistItem> {
    let task = card.and_then(|card| card.task.as_deref()).map(str::trim).unwrap_or_default();
    let decides = !["regression", "clustering", "multiclass"].iter().any(|other| task.eq_ignore_ascii_case(other));
    let has_target = !task.eq_ignore_ascii_case("clustering");
    let filled = |field: &str| {
        card.is_some_and(|card| match field {
            "name" => !card.name.trim().is_empty(),
            _ => is_filled(card, field).unwrap_or(false),
        })
    };
    ITEMS
        .iter()
        .filter(|(field, section, ..)| match *field {
            "target" | "target_definition" => has_target,
            _ => decides || *section != Section::Answers,
        })
        .map(|(field, section, title, why, example)| ChecklistItem {
            field: (*field).to_owned(),
            title: (*title).to_owned(),
            why: (*why).to_owned(),
            filled: filled(field),
            section: *section,
            example: (*example).to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::policy::CARD_FIELDS;

    #[test]
    fn every_item_is_a_field_that_a_policy_can_require() {
        for item in checklist(None) {
            assert!(item.field == "name" || CARD_FIELDS.contains(&item.field.as_str()), "{}", item.field);
            assert!(!item.filled && item.why.ends_with('.') && !item.example.is_empty(), "{}", item.field);
        }
    }

    #[test]
    fn items_are_ticked_by_what_the_card_says() {
        let card = ModelCard {
            name: "m".to_owned(),
            owner: Some(" ".to_owned()),
            limits: vec!["winter".to_owned()],
            threshold: Some(0.5),
            ..ModelCard::default()
        };
        let items = checklist(Some(&card));
        let ticked: Vec<&str> = items.iter().filter(|i| i.filled).map(|i| i.field.as_str()).collect();
        assert_eq!(ticked, ["name", "threshold", "limits"]);
        let of = |task: &str| {
            let card = ModelCard { task: Some(task.to_owned()), ..card.clone() };
            checklist(Some(&card)).into_iter().map(|i| i.field).collect::<Vec<_>>()
        };
        assert!(of("binary").iter().any(|f| f == "threshold"));
        assert!(!of("regression").iter().any(|f| f == "threshold" || f == "positive"));
        assert!(of("regression").iter().any(|f| f == "target") && !of("clustering").iter().any(|f| f == "target"));
    }
}
