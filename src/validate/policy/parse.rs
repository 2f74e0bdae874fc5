//! TOML text to a policy. Every mistake is named with its line, the wrong word and the nearest right one.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::card::CARD_FIELDS;
use super::data_rules::data_rules;
use super::fields::{Fields, Notes, PolicyError, as_number, kind};
use super::gate::{Against, Bound, Condition, DEFAULT_MIN_ROWS, Gate, On, Policy, metrics, number};
use super::near::{nearest, nearest_metric};

const POLICY_KEYS: [&str; 6] = ["name", "description", "required_card_fields", "require_sign_off", "data", "gate"];
const CONDITIONS: [&str; 6] =
    ["at_least", "at_most", "within_share", "lose_at_most", "gain_at_least", "gain_share_at_least"];
const GATE_KEYS: [&str; 13] = [
    "name",
    "metric",
    "at_least",
    "at_most",
    "within_share",
    "lose_at_most",
    "gain_at_least",
    "gain_share_at_least",
    "against",
    "bound",
    "segments",
    "min_rows",
    "required",
];

/// Reads a policy from TOML text.
///
/// # Errors
/// When the text is no TOML, or says something that is no sound policy; all mistakes at once.
pub fn parse(text: &str) -> Result<Policy, PolicyError> {
    let mut notes = Notes { text, problems: Vec::new() };
    let policy = match DeTable::parse(text) {
        Ok(document) => policy(document.get_ref(), &mut notes),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            notes.say(at, format!("this is not TOML: {}", error.message()));
            Policy::default()
        }
    };
    if notes.problems.is_empty() {
        Ok(policy)
    } else {
        notes.problems.sort_by_key(|p| p.line);
        Err(PolicyError { problems: notes.problems })
    }
}

fn policy(document: &DeTable<'_>, notes: &mut Notes<'_>) -> Policy {
    if document.is_empty() {
        notes.say_of_file("the policy is empty; give it a name and at least one [[gate]]");
        return Policy::default();
    }
    let fields = Fields::new(document, 0, &POLICY_KEYS, "a policy", notes);
    let name = fields.text("name", notes).map(|(name, _)| name);
    if name.is_none() && fields.get("name").is_none() {
        notes.say_of_file("the policy has no name; begin with name = \"…\"");
    }
    let description = fields.typed("description", "text in quotes", |v| v.as_str().map(str::to_owned), notes);
    let mut required_card_fields = Vec::new();
    for (field, at) in fields.texts("required_card_fields", notes).map(|(words, _)| words).unwrap_or_default() {
        if !CARD_FIELDS.contains(&field.as_str()) && !field.trim().is_empty() {
            let way_out = match nearest(&field, &CARD_FIELDS) {
                Some(near) => format!("perhaps “{near}” is meant"),
                None => format!("it has {}", CARD_FIELDS.join(", ")),
            };
            notes.say(at, format!("a model card has no “{field}”; {way_out}"));
        }
        required_card_fields.push(field);
    }
    let require_sign_off =
        fields.typed("require_sign_off", "true or false", DeValue::as_bool, notes).is_some_and(|(yes, _)| yes);
    let data = data_rules(&fields, notes);
    let gates = gates(&fields, notes);
    let holds_nothing = match fields.get("gate") {
        Some((value, _)) => value.as_array().is_some_and(|list| list.is_empty()),
        None => !document.keys().any(|key| near_gate(key.get_ref())),
    };
    let asks_of_data = fields.get("data").is_some_and(|(value, _)| value.as_table().is_none_or(|t| !t.is_empty()));
    if holds_nothing && required_card_fields.is_empty() && !asks_of_data && !require_sign_off {
        notes.say_of_file("the policy asks for nothing; add at least one [[gate]] with a metric and a condition");
    }
    Policy {
        name: name.unwrap_or_default(),
        description: description.map(|(text, _)| text).unwrap_or_default(),
        required_card_fields,
        data,
        require_sign_off,
        gates,
    }
}

/// A misspelt `gate` is named once, as an unknown key, and not a second time as a missing gate.
fn near_gate(key: &str) -> bool {
    nearest(key, &POLICY_KEYS) == Some("gate")
}

fn gates(fields: &Fields<'_, '_>, notes: &mut Notes<'_>) -> Vec<Gate> {
    let Some((value, span)) = fields.get("gate") else { return Vec::new() };
    let Some(list) = value.as_array() else {
        let instead =
            if value.is_table() { "[[gate]] stands in two brackets" } else { "a gate is written as [[gate]]" };
        notes.say(span.start, format!("{instead}, with its fields on the lines below"));
        return Vec::new();
    };
    let mut gates = Vec::new();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for entry in list {
        let at = entry.span().start;
        let Some(table) = entry.get_ref().as_table() else {
            notes
                .say(at, format!("a gate must be a table that begins with [[gate]], but is {}", kind(entry.get_ref())));
            continue;
        };
        let fields = Fields::new(table, at, &GATE_KEYS, "a gate", notes);
        if let Some(gate) = gate(&fields, notes) {
            let line = notes.line(at);
            if let Some(first) = lines.insert(gate.name.clone(), line) {
                notes.say(
                    at,
                    format!("a gate called “{}” stands already in line {first}; names must differ", gate.name),
                );
            }
            gates.push(gate);
        }
    }
    gates
}

fn gate(fields: &Fields<'_, '_>, notes: &mut Notes<'_>) -> Option<Gate> {
    let name = fields.text("name", notes).map(|(name, _)| name);
    let called = name.as_ref().map_or_else(|| "this gate".to_owned(), |name| format!("gate “{name}”"));
    let metric = metric(fields, &called, notes);
    let condition = condition(fields, &called, notes);
    let bounds = [Bound::Point, Bound::Low, Bound::High].map(|bound| (bound.word(), bound));
    let bound = fields.word("bound", &bounds, notes).unwrap_or_default();
    let on = on(fields, notes);
    let required = fields.typed("required", "true or false", DeValue::as_bool, notes).is_none_or(|(yes, _)| yes);
    let ((metric, _), (condition, at)) = (metric?, condition?);
    let mut gate = Gate { name: String::new(), metric, condition, bound, on, required };
    if let Some(problem) = gate.problem() {
        notes.say(at, problem);
    }
    gate.name = name.unwrap_or_else(|| {
        let title = crate::stats::metric::title(&gate.metric);
        [Some(format!("{title} {}", gate.sentence())), gate.scope()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    });
    Some(gate)
}

fn metric(fields: &Fields<'_, '_>, called: &str, notes: &mut Notes<'_>) -> Option<(String, usize)> {
    if fields.get("metric").is_none() {
        notes.say(fields.at, format!("{called} has no metric; add metric = \"…\""));
    }
    let (metric, at) = fields.text("metric", notes)?;
    let known = metrics();
    if known.contains(&metric.as_str()) {
        return Some((metric, at));
    }
    let way_out = match nearest_metric(&metric, &known) {
        Some(near) => format!("perhaps “{near}” is meant"),
        None => format!("there are {}", known.join(", ")),
    };
    notes.say(at, format!("no metric is called “{metric}”; {way_out}"));
    None
}

/// The one condition of a gate, and where its number stands.
fn condition(fields: &Fields<'_, '_>, called: &str, notes: &mut Notes<'_>) -> Option<(Condition, usize)> {
    let mut found: Vec<(&str, usize)> =
        CONDITIONS.iter().filter_map(|key| fields.get(key).map(|(_, span)| (*key, span.start))).collect();
    found.sort_by_key(|(_, at)| *at);
    let against = against(fields, notes);
    let Some((key, _)) = found.first().copied() else {
        notes.say(fields.at, format!("{called} has no condition; add one of {}", CONDITIONS.join(", ")));
        return None;
    };
    if let Some((second, at)) = found.get(1).copied() {
        notes.say(at, format!("{called} has two conditions, {key} and {second}; write a gate for each"));
        return None;
    }
    let (asked, at) = fields.number(key, notes)?;
    let place = fields.get("against").map(|(_, span)| span.start);
    let alone = match key {
        "at_least" => Some(Condition::AtLeast(asked)),
        "at_most" => Some(Condition::AtMost(asked)),
        _ => None,
    };
    if let Some(alone) = alone {
        if let Some(place) = place {
            let relative = CONDITIONS.get(2..).unwrap_or_default().join(", ");
            notes.say(place, format!("{key} is a limit of its own and takes no against, which goes with {relative}"));
        }
        return Some((alone, at));
    }
    if place.is_none() {
        let known = "\"training\", \"baseline\", \"champion\" or a number";
        notes.say(at, format!("{key} = {} is compared with nothing; add against = {known}", number(asked)));
    }
    let against = against?;
    let condition = match key {
        "within_share" => Condition::WithinShare { share: asked, against },
        "lose_at_most" => Condition::LoseAtMost { share: asked, against },
        "gain_at_least" => Condition::GainAtLeast { gain: asked, against },
        _ => Condition::GainShareAtLeast { share: asked, against },
    };
    Some((condition, at))
}

fn against(fields: &Fields<'_, '_>, notes: &mut Notes<'_>) -> Option<Against> {
    let (value, _) = fields.get("against")?;
    if let Some(constant) = as_number(value) {
        return Some(Against::Constant(constant));
    }
    if !value.is_str() {
        let wanted = "\"training\", \"baseline\", \"champion\" or a number";
        fields.typed("against", wanted, |_| None::<()>, notes);
        return None;
    }
    let words = [("training", Against::Training), ("baseline", Against::Baseline), ("champion", Against::Champion)];
    fields.word("against", &words, notes)
}

fn on(fields: &Fields<'_, '_>, notes: &mut Notes<'_>) -> On {
    let segments = fields.texts("segments", notes);
    let whole = |value: &DeValue<'_>| match value {
        DeValue::Integer(whole) => usize::from_str_radix(whole.as_str(), whole.radix()).ok().filter(|n| *n > 0),
        _ => None,
    };
    let min_rows = fields.typed("min_rows", "a whole number from 1", whole, notes);
    match (segments, min_rows) {
        (None, Some((_, at))) if fields.get("segments").is_none() => {
            notes.say(at, "min_rows is about segments; add segments = [\"column\"] or take it away".to_owned());
            On::AllRows
        }
        (None, _) => On::AllRows,
        (Some((columns, at)), min_rows) => {
            if columns.is_empty() {
                notes.say(at, "segments names no column; name one or take it away for all rows".to_owned());
            }
            On::Segments {
                columns: columns.into_iter().map(|(column, _)| column).collect(),
                min_rows: min_rows.map_or(DEFAULT_MIN_ROWS, |(rows, _)| rows),
            }
        }
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
