//! A policy as the TOML text that a person can read, change and have read again.

use std::fmt::Write as _;

use super::data_rules::DataRules;
use super::gate::{Against, Bound, Condition, Gate, On, Policy};

impl Policy {
    /// The policy as TOML; [`super::parse()`] makes the same policy of it, if it is a sound one. The same policy always
    /// gives the same bytes, so that a hash of the text is a hash of the policy.
    pub fn to_toml(&self) -> String {
        let mut lines = vec![format!("name = {}", text(&self.name))];
        if !self.description.is_empty() {
            lines.push(format!("description = {}", text(&self.description)));
        }
        if !self.required_card_fields.is_empty() {
            lines.push(format!("required_card_fields = {}", list(&self.required_card_fields)));
        }
        if self.require_sign_off {
            lines.push("require_sign_off = true".to_owned());
        }
        lines.extend(data_lines(&self.data));
        for gate in &self.gates {
            lines.push(String::new());
            lines.push("[[gate]]".to_owned());
            lines.extend(gate_lines(gate));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

/// The table of the rules about data; nothing where all of them are the default.
fn data_lines(rules: &DataRules) -> Vec<String> {
    let usual = DataRules::default();
    if *rules == usual {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "[data]".to_owned()];
    for ((field, action), (_, default)) in rules.actions().into_iter().zip(usual.actions()) {
        if action != default {
            lines.push(format!("{field} = {}", text(action.word())));
        }
    }
    lines.extend(rules.purpose.as_ref().map(|purpose| format!("purpose = {}", text(purpose))));
    lines
}

fn gate_lines(gate: &Gate) -> Vec<String> {
    let mut lines = vec![format!("name = {}", text(&gate.name)), format!("metric = {}", text(&gate.metric))];
    if !matches!(gate.condition, Condition::AtLeast(_) | Condition::AtMost(_)) {
        let against = match gate.condition.against() {
            Against::Constant(value) => number(value),
            named => text(named.word().unwrap_or_default()),
        };
        lines.push(format!("against = {against}"));
    }
    lines.push(format!("{} = {}", gate.condition.key(), number(gate.condition.number())));
    if gate.bound != Bound::Point {
        lines.push(format!("bound = {}", text(gate.bound.word())));
    }
    if let On::Segments { columns, min_rows } = &gate.on {
        lines.push(format!("segments = {}", list(columns)));
        lines.push(format!("min_rows = {min_rows}"));
    }
    if !gate.required {
        lines.push("required = false".to_owned());
    }
    lines
}

/// The shortest number that reads back as the same one.
fn number(value: f64) -> String {
    if value.is_nan() { "nan".to_owned() } else { format!("{value:?}") }
}

pub(in crate::validate) fn list(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| text(word)).collect();
    format!("[{}]", quoted.join(", "))
}

pub(in crate::validate) fn text(word: &str) -> String {
    let mut quoted = String::with_capacity(word.len() + 2);
    quoted.push('"');
    for letter in word.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => {
                // Writing into a string cannot fail.
                write!(quoted, "\\u{:04X}", control as u32).ok();
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::super::card::CARD_FIELDS;
    use super::super::data_rules::Action;
    use super::super::gate::metrics;
    use super::super::parse::parse;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_policy_is_written_as_a_person_would() {
        let condition = Condition::LoseAtMost { share: 0.1, against: Against::Training };
        let gate = Gate {
            name: "Holds".to_owned(),
            metric: "roc_auc".to_owned(),
            condition,
            bound: Bound::Low,
            on: On::Segments { columns: vec!["origin".to_owned()], min_rows: 200 },
            required: false,
        };
        let policy = Policy {
            name: "A \"quoted\" name".to_owned(),
            required_card_fields: vec!["purpose".to_owned()],
            gates: vec![gate],
            ..Policy::default()
        };
        let expected = r#"name = "A \"quoted\" name"
required_card_fields = ["purpose"]

[[gate]]
name = "Holds"
metric = "roc_auc"
against = "training"
lose_at_most = 0.1
bound = "low"
segments = ["origin"]
min_rows = 200
required = false
"#;
        assert_eq!(policy.to_toml(), expected);
        assert_eq!(parse(expected), Ok(policy));
    }

    fn against() -> impl Strategy<Value = Against> {
        prop_oneof![
            (0.01_f64..1.0).prop_map(Against::Constant),
            Just(Against::Training),
            Just(Against::Baseline),
            Just(Against::Champion)
        ]
    }

    fn condition() -> impl Strategy<Value = Condition> {
        prop_oneof![
            (0.0_f64..=1.0).prop_map(Condition::AtLeast),
            (0.0_f64..=1.0).prop_map(Condition::AtMost),
            (0.0_f64..=1.0, against()).prop_map(|(share, against)| Condition::WithinShare { share, against }),
            (0.0_f64..=1.0, against()).prop_map(|(share, against)| Condition::LoseAtMost { share, against }),
            (0.0_f64..=1.0, against()).prop_map(|(gain, against)| Condition::GainAtLeast { gain, against }),
            (0.0_f64..=1.0, against()).prop_map(|(share, against)| Condition::GainShareAtLeast { share, against }),
        ]
    }

    /// Any letters at all, but not only blanks.
    fn word() -> impl Strategy<Value = String> {
        proptest::collection::vec(any::<char>(), 0..12).prop_map(|letters| format!("x{}", String::from_iter(letters)))
    }

    fn gate() -> impl Strategy<Value = Gate> {
        let on = prop_oneof![
            Just(On::AllRows),
            (proptest::collection::btree_set(word(), 1..4), 1_usize..1_000_000)
                .prop_map(|(columns, min_rows)| On::Segments { columns: columns.into_iter().collect(), min_rows })
        ];
        let bound = prop_oneof![Just(Bound::Point), Just(Bound::Low), Just(Bound::High)];
        (word(), proptest::sample::select(metrics()), condition(), bound, on, any::<bool>()).prop_map(
            |(name, metric, condition, bound, on, required)| Gate {
                name,
                metric: metric.to_owned(),
                condition,
                bound,
                on,
                required,
            },
        )
    }

    fn data() -> impl Strategy<Value = DataRules> {
        let action = || proptest::sample::select(Action::ALL.to_vec());
        (action(), action(), action(), action(), proptest::option::of(word())).prop_map(
            |(on_forbidden, on_unregistered, on_sensitive, on_proxy, purpose)| DataRules {
                on_forbidden,
                on_unregistered,
                on_sensitive,
                on_proxy,
                purpose,
            },
        )
    }

    fn policy() -> impl Strategy<Value = Policy> {
        let fields = proptest::sample::subsequence(CARD_FIELDS.to_vec(), 0..4);
        let gates = proptest::collection::vec(gate(), 1..6);
        (word(), prop_oneof![Just(String::new()), word()], fields, any::<bool>(), data(), gates).prop_map(
            |(name, description, fields, require_sign_off, data, mut gates)| {
                gates.retain(|g| g.problem().is_none());
                for (place, gate) in gates.iter_mut().enumerate() {
                    gate.name.push_str(&place.to_string());
                    gate.name.insert(0, (b'a' + place as u8) as char);
                }
                let required_card_fields = fields.into_iter().map(str::to_owned).collect();
                Policy { name, description, required_card_fields, data, require_sign_off, gates }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_sound_policy_reads_back_as_it_was_written(policy in policy()) {
            prop_assume!(!policy.gates.is_empty());
            let written = policy.to_toml();
            prop_assert_eq!(parse(&written), Ok(policy), "{}", written);
        }

        #[test]
        fn any_text_is_read_or_refused_in_words(text in "(?s).{0,200}") {
            if let Err(error) = parse(&text) {
                prop_assert!(!error.problems.is_empty() && !error.to_string().is_empty());
            }
        }
    }
}
