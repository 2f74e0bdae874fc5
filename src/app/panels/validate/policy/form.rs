//! A policy as a form: its name, what the card and the data must say, and its gates.

use std::collections::BTreeSet;

use eframe::egui::{ComboBox, PopupCloseBehavior, TextEdit, Ui};

use super::gate_form::{self, RowAction};
use crate::app::theme::{SPACE_S, SPACE_XS};
use crate::app::widgets::text::room;
use crate::app::widgets::{Button, Card, Explainer, Icon, choice, choice_named, labelled, text, text_field};
use crate::model::Task;
use crate::validate::policy::{Action, CARD_FIELDS, DATA_FIELDS, DataRules, Gate, Policy};

/// A list from which any number can be ticked, without a visible label; `name` is its accessible name.
pub(super) fn ticks(ui: &mut Ui, name: &str, ticked: &mut BTreeSet<String>, options: &[&str], none: &str, width: f32) {
    let words: Vec<&str> = ticked.iter().map(String::as_str).collect();
    let shown = if words.is_empty() { none.to_owned() } else { words.join(", ") };
    ComboBox::from_id_salt(("ticks", name))
        .selected_text(shown.as_str())
        .truncate()
        .width(width.min(room(ui)))
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .icon(|ui, rect, visuals, _| Icon::ChevronDown.paint(ui.painter(), rect.expand(1.0), visuals.text_color()))
        .show_ui(ui, |ui| {
            for option in options {
                let mut on = ticked.contains(*option);
                if ui.checkbox(&mut on, *option).changed() {
                    if on {
                        ticked.insert((*option).to_owned());
                    } else {
                        ticked.remove(*option);
                    }
                }
            }
        })
        .response
        .accessible_name(name)
        .on_hover_text(shown);
}

/// Draws the form over a copy of the policy, which it changes.
pub(super) fn ui(ui: &mut Ui, policy: &mut Policy, task: &mut Option<Task>, columns: &[&str]) {
    Card::new("Policy").show(ui, |ui| {
        text_field(ui, "Name", &mut policy.name, "What people call it", 260.0);
        labelled(ui, "Description", |ui, name| {
            ui.add(TextEdit::multiline(&mut policy.description).desired_rows(2).desired_width(f32::INFINITY))
                .labelled_by(name);
        });
        labelled(ui, "Card fields", |ui, _| {
            let mut ticked: BTreeSet<String> = policy.required_card_fields.iter().cloned().collect();
            let before = ticked.clone();
            ticks(ui, "Required card fields", &mut ticked, &CARD_FIELDS, "nothing", 220.0);
            if ticked != before {
                // In the order of the card, which is also the order in which they are read.
                let order = CARD_FIELDS.iter().filter(|f| ticked.contains(**f));
                policy.required_card_fields = order.map(|f| (*f).to_owned()).collect();
            }
        });
        ui.checkbox(&mut policy.require_sign_off, "Sign-off before deployment")
            .on_hover_text("A model that nobody signed off in Validate is not deployed");
    });
    ui.add_space(SPACE_S);
    gates(ui, &mut policy.gates, task, columns);
    ui.add_space(SPACE_S);
    data(ui, &mut policy.data);
}

fn gates(ui: &mut Ui, gates: &mut Vec<Gate>, task: &mut Option<Task>, columns: &[&str]) {
    let help = Explainer::new(
        "Gate",
        "A condition on a metric that holds or does not. A share is a fraction: 0.10 is ten percent of the value it is \
         compared with. The lower bound of the interval asks that the metric is surely that good, not only by luck.",
    );
    let words = format!("{} in this policy", gates.len());
    Card::new("Gates").subtitle(&words).explain(&help).show(ui, |ui| {
        let tasks = [
            (Some(Task::Binary), "two classes"),
            (Some(Task::Multiclass), "many classes"),
            (Some(Task::Regression), "numbers"),
            (None, "every task"),
        ];
        choice(ui, "Metrics for", task, &tasks);
        ui.add_space(SPACE_XS);
        let mut wish = None;
        let of = gates.len();
        for (place, gate) in gates.iter_mut().enumerate() {
            ui.push_id(("gate", place), |ui| {
                if let Some(action) = gate_form::ui(ui, gate, place, of, *task, columns) {
                    wish = Some((place, action));
                }
            });
        }
        if let Some((place, action)) = wish {
            arrange(gates, place, action);
        }
        if Button::secondary("Add gate").icon(Icon::Add).show(ui).clicked() {
            gates.push(gate_form::new_gate(*task, gates.len() + 1));
        }
    });
}

/// Moves, doubles or takes away a row; a place that is not there changes nothing.
fn arrange(gates: &mut Vec<Gate>, place: usize, action: RowAction) {
    match action {
        RowAction::Up if place > 0 && place < gates.len() => gates.swap(place, place - 1),
        RowAction::Down if place + 1 < gates.len() => gates.swap(place, place + 1),
        RowAction::Duplicate => {
            if let Some(gate) = gates.get(place).cloned() {
                let mut name = format!("{} (copy)", gate.name);
                while gates.iter().any(|g| g.name == name) {
                    name.push_str(" (copy)");
                }
                gates.insert(place + 1, Gate { name, ..gate });
            }
        }
        RowAction::Remove if place < gates.len() => {
            gates.remove(place);
        }
        _ => {}
    }
}

fn data(ui: &mut Ui, rules: &mut DataRules) {
    let help = Explainer::new(
        "Data rules",
        "What happens when a model uses a column that the data-use register of the dataset does not allow. Refuse stops \
         the validation before it scores; warn is told with the result.",
    );
    Card::new("Data rules").explain(&help).show(ui, |ui| {
        let DataRules { on_forbidden, on_unregistered, on_sensitive, on_proxy, purpose } = rules;
        let actions = Action::ALL.map(|action| (action, action.word()));
        let places = [
            ("on_forbidden", "Forbidden column", on_forbidden),
            ("on_unregistered", "Unregistered column", on_unregistered),
            ("on_sensitive", "Sensitive column", on_sensitive),
            ("on_proxy", "Likely proxy", on_proxy),
        ];
        for (field, words, value) in places {
            ui.horizontal_top(|ui| {
                choice_named(ui, words, value, &actions, 90.0);
                let why = DATA_FIELDS.iter().find(|(name, _)| *name == field).map_or("", |(_, why)| *why);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 2.0;
                    text::elided(ui, words);
                    text::note(ui, why);
                });
            });
        }
        let mut words = purpose.clone().unwrap_or_default();
        if text_field(ui, "Purpose", &mut words, "none is asked for", 220.0).changed() {
            *purpose = (!words.is_empty()).then_some(words);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_move_double_and_go() {
        let mut gates: Vec<Gate> = (1..=3).map(|place| gate_form::new_gate(None, place)).collect();
        let names = |gates: &[Gate]| gates.iter().map(|g| g.name.clone()).collect::<Vec<_>>().join(" | ");
        arrange(&mut gates, 2, RowAction::Up);
        arrange(&mut gates, 0, RowAction::Up);
        arrange(&mut gates, 0, RowAction::Duplicate);
        assert_eq!(names(&gates), "Gate 1 | Gate 1 (copy) | Gate 3 | Gate 2");
        arrange(&mut gates, 3, RowAction::Down);
        arrange(&mut gates, 0, RowAction::Down);
        arrange(&mut gates, 9, RowAction::Remove);
        arrange(&mut gates, 0, RowAction::Remove);
        assert_eq!(names(&gates), "Gate 1 | Gate 3 | Gate 2");
    }
}
