//! A register as a TOML file that can be handed around: one `[[column]]` an entry.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::super::policy::fields::{Fields, Notes, kind};
use super::super::policy::near::nearest;
use super::super::policy::write::{list, text};
use super::super::policy::{PolicyError, Problem};
use super::register::{ColumnUse, Register};

/// The fields of a `[[column]]`, in the order in which they are written.
pub const REGISTER_FIELDS: [&str; 8] =
    ["column", "purpose", "source", "sensitive", "kind", "retention", "forbidden", "note"];

const FILE_KEYS: [&str; 1] = ["column"];

/// Reads a register from TOML text; a text without any entry is an empty register.
///
/// # Errors
/// When the text is no TOML or an entry says something unknown or contradictory; all mistakes at once, each with its
/// line and the nearest right name.
pub fn parse_register(source: &str) -> Result<Register, PolicyError> {
    let mut notes = Notes { text: source, problems: Vec::new() };
    let register = match DeTable::parse(source) {
        Ok(document) => register(document.get_ref(), &mut notes),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            notes.say(at, format!("this is not TOML: {}", error.message()));
            Register::default()
        }
    };
    let mut problems: Vec<Problem> = notes.problems;
    if problems.is_empty() {
        return Ok(register);
    }
    problems.sort_by_key(|p| p.line);
    Err(PolicyError { problems })
}

fn register(document: &DeTable<'_>, notes: &mut Notes<'_>) -> Register {
    let fields = Fields::new(document, 0, &FILE_KEYS, "a register", notes);
    let mut register = Register::default();
    let Some((value, span)) = fields.get("column") else { return register };
    let Some(entries) = value.as_array() else {
        let instead =
            if value.is_table() { "[[column]] stands in two brackets" } else { "an entry is written as [[column]]" };
        notes.say(span.start, format!("{instead}, with its fields on the lines below"));
        return register;
    };
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for item in entries {
        let at = item.span().start;
        let Some(table) = item.get_ref().as_table() else {
            let found = kind(item.get_ref());
            notes.say(at, format!("an entry must be a table that begins with [[column]], but is {found}"));
            continue;
        };
        let fields = Fields::new(table, at, &REGISTER_FIELDS, "an entry", notes);
        if fields.get("column").is_none() {
            let misspelt = table.keys().any(|key| nearest(key.get_ref(), &REGISTER_FIELDS) == Some("column"));
            if !misspelt {
                notes.say(at, "this entry names no column; add column = \"…\"".to_owned());
            }
        }
        let name = fields.text("column", notes).map(|(name, _)| name);
        let before = notes.problems.len();
        let entry = entry(&fields, notes);
        let Some(name) = name else { continue };
        if let Some(problem) = entry.problem().filter(|_| notes.problems.len() == before) {
            notes.say(at, format!("column “{name}”: {problem}"));
        }
        if let Some(first) = lines.insert(name.clone(), notes.line(at)) {
            notes.say(at, format!("column “{name}” stands already in line {first}; write one entry for each column"));
        }
        register.columns.insert(name, entry);
    }
    register
}

fn entry(fields: &Fields<'_, '_>, notes: &mut Notes<'_>) -> ColumnUse {
    let words = |key: &str, notes: &mut Notes<'_>| {
        let taken = fields.typed(key, "text in quotes", |v| v.as_str().map(str::to_owned), notes);
        taken.map(|(text, _)| text).unwrap_or_default()
    };
    let (source, kind) = (words("source", notes), words("kind", notes));
    let (retention, note) = (words("retention", notes), words("note", notes));
    let flag = |key: &str, notes: &mut Notes<'_>| {
        fields.typed(key, "true or false", DeValue::as_bool, notes).is_some_and(|(yes, _)| yes)
    };
    let (sensitive, forbidden) = (flag("sensitive", notes), flag("forbidden", notes));
    let purpose = fields.texts("purpose", notes).map(|(words, _)| words).unwrap_or_default();
    ColumnUse {
        purpose: purpose.into_iter().map(|(word, _)| word).collect(),
        source,
        sensitive,
        kind,
        retention,
        forbidden,
        note,
    }
}

impl Register {
    /// The register as TOML; [`parse_register`] makes the same register of it, if it is a sound one. The same register
    /// always gives the same bytes, so that a hash of the text is a hash of the register.
    pub fn to_toml(&self) -> String {
        let entries: Vec<String> = self.columns.iter().map(|(name, entry)| entry_text(name, entry)).collect();
        entries.join("\n")
    }
}

fn entry_text(name: &str, entry: &ColumnUse) -> String {
    let mut lines = vec!["[[column]]".to_owned(), format!("column = {}", text(name))];
    if !entry.purpose.is_empty() {
        lines.push(format!("purpose = {}", list(&entry.purpose)));
    }
    let mut say = |key: &str, words: &str| {
        if !words.is_empty() {
            lines.push(format!("{key} = {}", text(words)));
        }
    };
    say("source", &entry.source);
    say("kind", &entry.kind);
    say("retention", &entry.retention);
    say("note", &entry.note);
    for (key, flag) in [("sensitive", entry.sensitive), ("forbidden", entry.forbidden)] {
        if flag {
            lines.push(format!("{key} = true"));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mistakes(text: &str) -> Vec<String> {
        parse_register(text).map_or_else(|e| e.problems.iter().map(ToString::to_string).collect(), |_| Vec::new())
    }

    #[test]
    fn a_register_is_read_and_written_as_a_person_would() {
        let source = r#"[[column]]
column = "Age (yrs)"
purpose = ["credit", "fraud"]
source = "application form"
kind = "age"
retention = "10 years"
note = "asked since 2019"
sensitive = true

[[column]]
column = "religion"
forbidden = true
"#;
        let register = parse_register(source).unwrap();
        let age = register.get("Age (yrs)").unwrap();
        assert!(age.sensitive && age.kind == "age" && age.allows("fraud") && !age.allows("marketing"));
        assert!(register.get("religion").unwrap().forbidden);
        assert_eq!(register.sensitive(), ["Age (yrs)"]);
        assert_eq!(register.to_toml(), source);
        assert_eq!(parse_register(""), Ok(Register::default()));
    }

    #[test]
    fn mistakes_name_the_line_and_the_nearest_right_name() {
        let found = mistakes(
            "[[column]]\ncolumn = \"a\"\nsensitiv = true\n\n[[column]]\ncolumn = \"a\"\nforbidden = 1\n\n[[column]]\nnote = \"x\"",
        );
        assert_eq!(
            found,
            [
                "line 3: an entry has no “sensitiv”; perhaps “sensitive” is meant",
                "line 5: column “a” stands already in line 1; write one entry for each column",
                "line 7: forbidden must be true or false, but is the number 1",
                "line 9: this entry names no column; add column = \"…\"",
            ]
        );
        assert_eq!(
            mistakes("[[colum]]\nnote = \"x\""),
            ["line 1: a register has no “colum”; perhaps “column” is meant"]
        );
        assert_eq!(
            mistakes("[column]\ncolumn = \"a\""),
            ["line 1: [[column]] stands in two brackets, with its fields on the lines below"]
        );
        let both = mistakes("[[column]]\ncolumn = \"a\"\npurpose = [\"x\"]\nforbidden = true");
        assert!(both[0].starts_with("line 1: column “a”: it is forbidden"), "{both:?}");
        assert!(mistakes("[[column]\n")[0].starts_with("line 1: this is not TOML"));
    }

    fn word() -> impl Strategy<Value = String> {
        proptest::collection::vec(any::<char>(), 0..8).prop_map(|letters| format!("x{}", String::from_iter(letters)))
    }

    fn any_entry() -> impl Strategy<Value = ColumnUse> {
        let purposes = proptest::collection::btree_map(0..9_u8, Just(()), 0..3);
        let free = || prop_oneof![Just(String::new()), word()];
        (purposes, free(), any::<bool>(), word(), free(), any::<bool>(), free()).prop_map(
            |(purposes, source, sensitive, kind, retention, forbidden, note)| ColumnUse {
                purpose: purposes.into_keys().filter(|_| !forbidden).map(|n| format!("purpose {n}")).collect(),
                source,
                sensitive,
                kind: if sensitive { kind } else { String::new() },
                retention,
                forbidden,
                note,
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_sound_register_reads_back(columns in proptest::collection::btree_map(word(), any_entry(), 0..5)) {
            let register = Register { columns };
            prop_assert_eq!(parse_register(&register.to_toml()), Ok(register));
        }
    }
}
