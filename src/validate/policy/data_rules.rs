//! What a policy says about the columns a model may use: the table `[data]`.

use super::fields::{Fields, Notes, kind};

/// What happens when a rule about a column is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The model is not scored.
    Refuse,
    /// The person is told.
    Warn,
    /// Nothing.
    #[default]
    Ignore,
}

impl Action {
    /// Every action, the strictest first.
    pub const ALL: [Self; 3] = [Self::Refuse, Self::Warn, Self::Ignore];

    /// The word in a policy file: `refuse`, `warn` or `ignore`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Warn => "warn",
            Self::Ignore => "ignore",
        }
    }
}

/// What a policy asks of the columns that a model uses, held against the data-use register.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct DataRules {
    /// When a column is marked as forbidden, or its allowed purposes do not contain [`Self::purpose`].
    pub on_forbidden: Action,
    /// When a column has no entry in the register.
    pub on_unregistered: Action,
    /// When a column is marked as sensitive.
    pub on_sensitive: Action,
    /// When a column is a likely proxy of a sensitive one.
    pub on_proxy: Action,
    /// What the model is used for, as the word of the register's allowed purposes; `None` asks for no purpose.
    pub purpose: Option<String>,
}

impl Default for DataRules {
    fn default() -> Self {
        Self {
            on_forbidden: Action::Refuse,
            on_unregistered: Action::Ignore,
            on_sensitive: Action::Ignore,
            on_proxy: Action::Ignore,
            purpose: None,
        }
    }
}

/// The fields of `[data]`, by their names in a policy file, with what each is for.
pub const DATA_FIELDS: [(&str, &str); 5] = [
    ("on_forbidden", "When the model uses a column that the register forbids, or not for the policy's purpose."),
    ("on_unregistered", "When the model uses a column that is not in the register."),
    ("on_sensitive", "When the model uses a column that the register marks as sensitive."),
    ("on_proxy", "When a column that the model uses goes together strongly with a sensitive one (0.5 or more)."),
    ("purpose", "What the model is used for; a column is allowed when the register lists this purpose for it."),
];

impl DataRules {
    /// The actions by the names of their fields.
    pub fn actions(&self) -> [(&'static str, Action); 4] {
        [
            ("on_forbidden", self.on_forbidden),
            ("on_unregistered", self.on_unregistered),
            ("on_sensitive", self.on_sensitive),
            ("on_proxy", self.on_proxy),
        ]
    }

    /// Whether likely proxies must be looked for, which reads the data.
    pub fn needs_proxies(&self) -> bool {
        self.on_proxy != Action::Ignore
    }
}

/// The rules of the table `[data]`; those of a policy without one are the default.
pub(super) fn data_rules(fields: &Fields<'_, '_>, notes: &mut Notes<'_>) -> DataRules {
    let mut rules = DataRules::default();
    let Some((value, span)) = fields.get("data") else { return rules };
    let Some(table) = value.as_table() else {
        let instead = if value.is_array() { "data stands in one pair of brackets" } else { "data is a table" };
        notes.say(span.start, format!("{instead}; begin with [data], but this is {}", kind(value)));
        return rules;
    };
    let known = DATA_FIELDS.map(|(field, _)| field);
    let fields = Fields::new(table, span.start, &known, "[data]", notes);
    let words = Action::ALL.map(|action| (action.word(), action));
    for (key, place) in [
        ("on_forbidden", &mut rules.on_forbidden),
        ("on_unregistered", &mut rules.on_unregistered),
        ("on_sensitive", &mut rules.on_sensitive),
        ("on_proxy", &mut rules.on_proxy),
    ] {
        if let Some(action) = fields.word(key, &words, notes) {
            *place = action;
        }
    }
    rules.purpose = fields.text("purpose", notes).map(|(purpose, _)| purpose);
    rules
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn mistakes(data: &str) -> Vec<String> {
        let text = format!("name = \"P\"\nrequired_card_fields = [\"purpose\"]\n{data}");
        parse(&text).map_or_else(|e| e.problems.iter().map(ToString::to_string).collect(), |_| Vec::new())
    }

    #[test]
    fn what_is_not_said_is_the_default_and_what_is_said_reads_back() {
        let text = "name = \"P\"\n\n[data]\non_sensitive = \"warn\"\non_proxy = \"warn\"\npurpose = \"credit\"\n";
        let policy = parse(text).unwrap();
        let expected = DataRules {
            on_sensitive: Action::Warn,
            on_proxy: Action::Warn,
            purpose: Some("credit".to_owned()),
            ..DataRules::default()
        };
        assert_eq!(policy.data, expected);
        assert!(policy.data.needs_proxies() && !DataRules::default().needs_proxies());
        assert_eq!(parse(&policy.to_toml()), Ok(policy));
        let plain = parse("name = \"P\"\nrequired_card_fields = [\"purpose\"]").unwrap();
        assert_eq!(plain.data, DataRules::default());
        assert!(!plain.to_toml().contains("[data]"));
    }

    #[test]
    fn mistakes_name_the_line_and_the_right_word() {
        assert_eq!(
            mistakes("[data]\non_forbiden = \"warn\"\non_proxy = \"warning\"\npurpose = \" \""),
            [
                "line 4: [data] has no “on_forbiden”; perhaps “on_forbidden” is meant",
                "line 5: on_proxy cannot be “warning”; it can be refuse, warn, ignore",
                "line 6: purpose is empty",
            ]
        );
        let list = mistakes("[[data]]\non_proxy = \"warn\"");
        assert_eq!(list, ["line 3: data stands in one pair of brackets; begin with [data], but this is a list"]);
        assert_eq!(mistakes("data = 1"), ["line 3: data is a table; begin with [data], but this is the number 1"]);
        assert_eq!(mistakes("[data]\non_proxy = true"), ["line 4: on_proxy must be text in quotes, but is true"]);
        assert!(mistakes("[datta]\non_proxy = \"warn\"").iter().any(|m| m.contains("perhaps “data” is meant")));
    }

    #[test]
    fn every_field_has_a_sentence() {
        let rules = DataRules::default().actions().map(|(field, _)| field);
        assert!(rules.iter().all(|rule| DATA_FIELDS.iter().any(|(field, _)| field == rule)));
        assert!(DATA_FIELDS.iter().all(|(_, help)| help.ends_with('.')));
    }
}
