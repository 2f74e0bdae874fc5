//! One gate of the form: what is measured, what is asked of it, on which rows.

use std::collections::BTreeSet;

use eframe::egui::{Frame, Margin, Stroke, TextEdit, Ui};

use crate::app::theme::{CONTROL_RADIUS, LINE_WIDTH, SPACE_XS, tokens};
use crate::app::widgets::{Button, Icon, choice_named, text};
use crate::model::Task;
use crate::stats::metric::title;
use crate::validate::policy::gate::{DEFAULT_MIN_ROWS, metrics};
use crate::validate::policy::{Against, Bound, Condition, Gate, On, range};
use crate::validate::report::metric_order;

/// The greatest number that can be asked where a metric has no end.
const GREATEST: f64 = 1e12;

/// What is to happen to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowAction {
    Up,
    Down,
    Duplicate,
    Remove,
}

/// Kinds of conditions, to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    AtLeast,
    AtMost,
    Within,
    LoseAtMost,
    GainAtLeast,
    GainShareAtLeast,
}

const KINDS: [(Kind, &str); 6] = [
    (Kind::AtLeast, "at least"),
    (Kind::AtMost, "at most"),
    (Kind::Within, "within a share of"),
    (Kind::LoseAtMost, "loses at most a share of"),
    (Kind::GainAtLeast, "better by at least"),
    (Kind::GainShareAtLeast, "better by at least a share of"),
];

fn kind(condition: Condition) -> Kind {
    match condition {
        Condition::AtLeast(_) => Kind::AtLeast,
        Condition::AtMost(_) => Kind::AtMost,
        Condition::WithinShare { .. } => Kind::Within,
        Condition::LoseAtMost { .. } => Kind::LoseAtMost,
        Condition::GainAtLeast { .. } => Kind::GainAtLeast,
        Condition::GainShareAtLeast { .. } => Kind::GainShareAtLeast,
    }
}

/// A condition of a kind; number and other value are kept as far as they have a meaning there.
fn condition(kind: Kind, number: f64, against: Against) -> Condition {
    let share = number.clamp(0.0, 1.0);
    match kind {
        Kind::AtLeast => Condition::AtLeast(number),
        Kind::AtMost => Condition::AtMost(number),
        Kind::Within => Condition::WithinShare { share, against },
        Kind::LoseAtMost => Condition::LoseAtMost { share, against },
        Kind::GainAtLeast => Condition::GainAtLeast { gain: number.max(0.0), against },
        Kind::GainShareAtLeast => Condition::GainShareAtLeast { share, against },
    }
}

/// The metrics to choose from with their words: those of a task, or of all.
fn offered(task: Option<Task>, now: &str) -> Vec<(String, String)> {
    let names = task.map_or_else(metrics, |task| metric_order(task).to_vec());
    let tasks = |name: &str| {
        let of =
            [Task::Binary, Task::Multiclass, Task::Regression].into_iter().filter(|t| metric_order(*t).contains(&name));
        of.map(Task::word).collect::<Vec<_>>().join(", ")
    };
    let mut all: Vec<(String, String)> = names
        .iter()
        .map(|name| {
            let words =
                if task.is_some() { title(name).to_owned() } else { format!("{} · {}", title(name), tasks(name)) };
            ((*name).to_owned(), words)
        })
        .collect();
    if !now.is_empty() && !all.iter().any(|(name, _)| name == now) {
        all.push((now.to_owned(), format!("{} · {}", title(now), tasks(now))));
    }
    all
}

/// A new gate for a task.
pub(super) fn new_gate(task: Option<Task>, place: usize) -> Gate {
    let metric = task.and_then(|task| metric_order(task).first().copied()).unwrap_or("accuracy");
    let smaller = crate::validate::report::smaller_is_better(metric);
    let condition = if smaller { Condition::AtMost(1.0) } else { Condition::AtLeast(0.7) };
    Gate {
        name: format!("Gate {place}"),
        metric: metric.to_owned(),
        condition,
        bound: Bound::Point,
        on: On::AllRows,
        required: true,
    }
}

fn number(ui: &mut Ui, name: &str, value: &mut f64, least: f64, most: f64) {
    let span = most - least;
    let speed = if span <= 2.0 { 0.005 } else { 0.1 };
    let range = least.max(-GREATEST)..=most.min(GREATEST);
    ui.add(eframe::egui::DragValue::new(value).range(range).speed(speed).max_decimals(6)).accessible_name(name);
}

/// Draws a gate; gives what is to happen to its row. `columns` are those that can be segments.
pub(super) fn ui(
    ui: &mut Ui,
    gate: &mut Gate,
    place: usize,
    of: usize,
    task: Option<Task>,
    columns: &[&str],
) -> Option<RowAction> {
    let t = tokens(ui);
    let name = |what: &str| format!("{what} of gate {}", place + 1);
    let mut action = None;
    Frame::new()
        .stroke(Stroke::new(LINE_WIDTH, t.line))
        .corner_radius(CONTROL_RADIUS)
        .inner_margin(Margin::same(8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_wrapped(|ui| {
                ui.add(TextEdit::singleline(&mut gate.name).desired_width(260.0).margin(Margin::symmetric(8, 5)))
                    .accessible_name(name("Name"));
                let buttons = [
                    (Icon::ArrowUp, RowAction::Up, "Move up gate", (place == 0).then_some("It is the first")),
                    (Icon::ArrowDown, RowAction::Down, "Move down gate", (place + 1 >= of).then_some("It is the last")),
                    (Icon::Copy, RowAction::Duplicate, "Duplicate gate", None),
                    (Icon::Remove, RowAction::Remove, "Remove gate", None),
                ];
                for (icon, what, words, why) in buttons {
                    let words = format!("{words} {}", place + 1);
                    if Button::icon_only(icon, &words).disabled_because(why).show(ui).clicked() {
                        action = Some(what);
                    }
                }
                ui.checkbox(&mut gate.required, "required")
                    .on_hover_text(
                        "A required gate that does not hold fails the verdict; without the tick it is only told",
                    )
                    .accessible_name(name("Required"));
            });
            ui.horizontal_wrapped(|ui| {
                let offered = offered(task, &gate.metric);
                let options: Vec<(String, &str)> = offered.iter().map(|(n, w)| (n.clone(), w.as_str())).collect();
                choice_named(ui, &name("Metric"), &mut gate.metric, &options, 150.0);
                asked(ui, gate, &name);
            });
            ui.horizontal_wrapped(|ui| rows(ui, gate, &name, columns));
        });
    ui.add_space(SPACE_XS);
    action
}

fn asked(ui: &mut Ui, gate: &mut Gate, name: &dyn Fn(&str) -> String) {
    let mut chosen = kind(gate.condition);
    let (mut value, mut against) = (gate.condition.number(), gate.condition.against());
    let (least, most) = range(&gate.metric);
    choice_named(ui, &name("Condition"), &mut chosen, &KINDS, 190.0);
    let (from, to) = match chosen {
        Kind::AtLeast | Kind::AtMost => (least, most),
        Kind::GainAtLeast => (0.0, most - least),
        _ => (0.0, 1.0),
    };
    if kind(gate.condition) != chosen {
        let absolute = |k| matches!(k, Kind::AtLeast | Kind::AtMost);
        if absolute(kind(gate.condition)) && !absolute(chosen) {
            (value, against) = (0.05, Against::Training);
        } else if absolute(chosen) && !absolute(kind(gate.condition)) {
            value = if most <= 1.0 { 0.7 } else { 1.0 };
        }
    }
    number(ui, &name("Value"), &mut value, from, to);
    if !matches!(chosen, Kind::AtLeast | Kind::AtMost) {
        let constant = match against {
            Against::Constant(value) => value,
            _ => most.clamp(0.0, 1.0),
        };
        let options = [
            (Against::Training, "the training value"),
            (Against::Champion, "the champion"),
            (Against::Baseline, "the naive baseline"),
            (Against::Constant(constant), "a number"),
        ];
        if chosen == Kind::GainAtLeast {
            text::caption(ui, "than");
        }
        choice_named(ui, &name("Against"), &mut against, &options, 130.0);
        if let Against::Constant(value) = &mut against {
            number(ui, &name("Number against"), value, least, most);
        }
    }
    gate.condition = condition(chosen, value, against);
}

fn rows(ui: &mut Ui, gate: &mut Gate, name: &dyn Fn(&str) -> String, columns: &[&str]) {
    let bounds = [(Bound::Point, "the value"), (Bound::Low, "the lower bound"), (Bound::High, "the upper bound")];
    choice_named(ui, &name("Bound"), &mut gate.bound, &bounds, 120.0);
    let mut parts = matches!(gate.on, On::Segments { .. });
    let options = [(false, "on all rows"), (true, "in every segment of")];
    if choice_named(ui, &name("Rows"), &mut parts, &options, 130.0) {
        gate.on = if parts {
            let first = columns.first().map(|c| (*c).to_owned()).into_iter().collect();
            On::Segments { columns: first, min_rows: DEFAULT_MIN_ROWS }
        } else {
            On::AllRows
        };
    }
    if let On::Segments { columns: named, min_rows } = &mut gate.on {
        let before: BTreeSet<String> = named.iter().cloned().collect();
        let mut ticked = before.clone();
        let all: BTreeSet<&str> = columns.iter().copied().chain(named.iter().map(String::as_str)).collect();
        let all: Vec<&str> = all.into_iter().collect();
        super::form::ticks(ui, &name("Segment columns"), &mut ticked, &all, "no column", 130.0);
        if ticked != before {
            *named = ticked.into_iter().collect();
        }
        text::caption(ui, "with at least");
        ui.add(eframe::egui::DragValue::new(min_rows).range(1..=1_000_000_000).speed(5.0).suffix(" rows"))
            .accessible_name(name("Least rows"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_is_one_that_can_be_chosen_and_comes_back() {
        let against = Against::Champion;
        for made in [
            Condition::AtLeast(0.7),
            Condition::AtMost(0.2),
            Condition::WithinShare { share: 0.1, against },
            Condition::LoseAtMost { share: 0.1, against },
            Condition::GainAtLeast { gain: 0.1, against },
            Condition::GainShareAtLeast { share: 0.1, against },
        ] {
            assert_eq!(condition(kind(made), made.number(), made.against()), made);
        }
    }

    #[test]
    fn metrics_of_a_task_are_offered_and_the_one_in_use_stays() {
        let of = offered(Some(Task::Regression), "roc_auc");
        assert!(of.iter().any(|(n, _)| n == "rmse") && !of.iter().any(|(n, _)| n == "f1"));
        assert_eq!(of.last().map(|(_, w)| w.as_str()), Some("ROC AUC · binary"));
        assert_eq!(new_gate(Some(Task::Regression), 2).problem(), None);
        assert_eq!(new_gate(None, 1).problem(), None);
    }
}
