//! The model card: what its trainer wrote.

use eframe::egui::Ui;

use super::{paragraphs, table};
use crate::app::theme::{SPACE_M, dim};
use crate::app::widgets::{Card, Column, Explainer, format, key_value, reflow, text};
use crate::backend::state::ModelView;
use crate::model::ModelCard;
use crate::stats::metric;

pub(super) fn ui(ui: &mut Ui, model: &ModelView) {
    let Some(card) = &model.card else {
        let help = Explainer::new(
            "Model card",
            "A JSON file beside the model, named like it with the ending .card.json: purpose, owner, training data and \
             metrics, allowed use and limits. Without it nothing can be said against training.",
        );
        Card::new("Model card").explain(&help).show(ui, |ui| {
            text::note(ui, "There is no card beside this model. It works without one; add the model again with its card to see how it held against training.");
        });
        ui.add_space((SPACE_M - ui.spacing().item_spacing.y).max(0.0));
        return;
    };
    let features = usize::from(!card.features.is_empty());
    reflow(ui, "model card", 3 + features, 300.0, &[], |ui, place| match place {
        0 => purpose(ui, card),
        1 => training(ui, card),
        2 => limits(ui, card),
        _ => features_card(ui, card),
    });
}

fn purpose(ui: &mut Ui, card: &ModelCard) {
    let of = |text: &Option<String>| text.clone().unwrap_or_default();
    paragraphs(
        ui,
        "Model card",
        &[
            ("Purpose", of(&card.purpose)),
            ("Owner", of(&card.owner_role)),
            ("Version", of(&card.version)),
            ("Predicts", of(&card.target)),
            ("Classes", classes(card)),
            ("Licence", of(&card.licence)),
        ],
    );
}

/// Every class with its name for people.
fn classes(card: &ModelCard) -> String {
    let names = card.class_names.as_ref();
    let Some(classes) = &card.classes else { return String::new() };
    let words: Vec<String> = classes
        .iter()
        .map(|class| match names.and_then(|n| n.get(class)).filter(|name| *name != class) {
            Some(name) => format!("{class} = {name}"),
            None => class.clone(),
        })
        .collect();
    words.join(", ")
}

fn training(ui: &mut Ui, card: &ModelCard) {
    let help = Explainer::new(
        "Training metrics",
        "What the trainer measured on the data the model learned from. A model can know that data by heart: only a \
         validation on data it never saw tells how good it is.",
    );
    Card::new("Training").explain(&help).fill().show(ui, |ui| {
        let rows = format::count_opt(card.training_rows);
        let threshold = card.threshold.map_or_else(|| format::NONE.to_owned(), |t| format::metric(Some(t), None));
        let none = format::NONE;
        key_value(
            ui,
            "training facts",
            &[
                ("Data", card.training_data.as_deref().unwrap_or(none)),
                ("Period", card.training_period.as_deref().unwrap_or(none)),
                ("Rows", &rows),
                ("Positive class", card.positive.as_deref().unwrap_or(none)),
                ("Threshold", &threshold),
            ],
        );
        let metrics: Vec<(&String, &Option<f64>)> = card.training_metrics.iter().collect();
        if metrics.is_empty() {
            text::note(ui, "The card names no training metrics");
            return;
        }
        let columns = [Column::words("training metric", 2.0).min_width(120.0), Column::numbers("value", 1.0)];
        table(ui, "training metrics", &columns, metrics.len(), |ui, row, column| {
            let Some((name, value)) = metrics.get(row) else { return };
            if column == 0 {
                text::elided(ui, metric::title(name));
            } else {
                text::elided(ui, format::metric(**value, None));
            }
        });
    });
}

fn limits(ui: &mut Ui, card: &ModelCard) {
    Card::new("Use and limits").fill().show(ui, |ui| {
        for (head, lines) in [("Allowed use", &card.allowed_use), ("Limits", &card.limits)] {
            text::caption(ui, head);
            if lines.is_empty() {
                let words = dim(ui, "Not said");
                ui.label(words);
            }
            for line in lines {
                ui.label(format!("– {line}"));
            }
        }
    });
}

fn features_card(ui: &mut Ui, card: &ModelCard) {
    let count = format::count(card.features.len() as u64);
    Card::new("Features").subtitle("in the order of training").right(&count).fill().show(ui, |ui| {
        let columns = [
            Column::words("name", 1.4).min_width(90.0),
            Column::words("kind", 0.8).min_width(74.0),
            Column::words("meaning", 2.0).min_width(100.0),
        ];
        table(ui, "features", &columns, card.features.len(), |ui, row, column| {
            let Some(feature) = card.features.get(row) else { return };
            let kind = feature.kind.as_deref().unwrap_or(format::NONE);
            match column {
                0 => text::elided(ui, feature.name.as_str()),
                1 => {
                    let words = dim(ui, kind);
                    text::elided(ui, words)
                }
                _ => {
                    let unit = feature.unit.as_ref().map(|u| format!(", {u}")).unwrap_or_default();
                    let words = dim(ui, format!("{}{unit}", feature.description.as_deref().unwrap_or(format::NONE)));
                    text::elided(ui, words)
                }
            };
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_carry_their_names() {
        let mut card = ModelCard { classes: Some(vec!["0".to_owned(), "1".to_owned()]), ..ModelCard::default() };
        card.class_names = Some([("1".to_owned(), "late".to_owned()), ("0".to_owned(), "0".to_owned())].into());
        assert_eq!(classes(&card), "0, 1 = late");
        assert_eq!(classes(&ModelCard::default()), "");
    }
}
