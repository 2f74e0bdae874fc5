//! What each column of a dataset may be used for, where it comes from, and how delicate it is.

use std::collections::BTreeMap;

use super::super::policy::near::nearest;

/// Kinds of sensitive data that are offered; any other word may be written.
pub const SENSITIVE_KINDS: [&str; 11] = [
    "age",
    "biometric",
    "disability",
    "family",
    "finances",
    "gender",
    "health",
    "location",
    "origin",
    "political opinion",
    "religion",
];

/// What is agreed about the columns of one dataset layout.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Register {
    /// One entry a column, by its name in the file.
    pub columns: BTreeMap<String, ColumnUse>,
}

/// What is agreed about one column.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct ColumnUse {
    /// The purposes it may be used for, a word or a few each; none when nothing was agreed.
    pub purpose: Vec<String>,
    /// Where it comes from, such as the system or the supplier.
    pub source: String,
    /// Whether it says something about a person that must not decide without a reason.
    pub sensitive: bool,
    /// What kind of sensitive it is, such as `health`; empty when it is not sensitive or nobody said.
    pub kind: String,
    /// How long it may be kept, in free words.
    pub retention: String,
    /// Whether no model may use it.
    pub forbidden: bool,
    /// Anything else.
    pub note: String,
}

impl ColumnUse {
    /// Whether it may be used for a purpose; case and outer blanks do not matter.
    pub fn allows(&self, purpose: &str) -> bool {
        let asked = purpose.trim().to_lowercase();
        !self.forbidden && self.purpose.iter().any(|p| p.trim().to_lowercase() == asked)
    }

    /// Why the entry contradicts itself, as a phrase with a way out; `None` when it is sound.
    pub fn problem(&self) -> Option<String> {
        let mut seen: Vec<String> = Vec::new();
        for word in &self.purpose {
            let plain = word.trim().to_lowercase();
            if plain.is_empty() {
                return Some("an allowed purpose is empty; write a word or take it away".to_owned());
            }
            if seen.contains(&plain) {
                return Some(format!("the purpose “{}” stands twice; take one away", word.trim()));
            }
            seen.push(plain);
        }
        if self.forbidden && !self.purpose.is_empty() {
            return Some("it is forbidden and yet has allowed purposes; take away one of the two".to_owned());
        }
        if !self.sensitive && !self.kind.trim().is_empty() {
            return Some(format!(
                "it has the sensitive kind “{}” and is not marked as sensitive; mark it or take the kind away",
                self.kind.trim()
            ));
        }
        None
    }
}

impl Register {
    /// The entry of a column.
    pub fn get(&self, column: &str) -> Option<&ColumnUse> {
        self.columns.get(column)
    }

    /// The columns marked as sensitive, in the order of their names.
    pub fn sensitive(&self) -> Vec<&str> {
        self.columns.iter().filter(|(_, entry)| entry.sensitive).map(|(name, _)| name.as_str()).collect()
    }

    /// Entries that contradict themselves, each as a sentence; none when the register is sound.
    pub fn problems(&self) -> Vec<String> {
        let empty = self.columns.contains_key("").then(|| "An entry has no column name; name the column.".to_owned());
        let of = |(name, entry): (&String, &ColumnUse)| entry.problem().map(|p| format!("Column “{name}”: {p}."));
        empty.into_iter().chain(self.columns.iter().filter_map(of)).collect()
    }

    /// Entries for columns that a table does not have, each as a sentence with the column that is probably meant.
    pub fn strangers(&self, columns: &[&str]) -> Vec<String> {
        let unknown = self.columns.keys().filter(|name| !columns.contains(&name.as_str()));
        unknown
            .map(|name| match nearest(name, columns) {
                Some(near) => format!("The data has no column “{name}”; perhaps “{near}” is meant."),
                None => format!("The data has no column “{name}”; its entry is kept and does nothing here."),
            })
            .collect()
    }

    /// Takes over the entries of another register, which win where both have one, and gives the names of the columns
    /// whose entry became another one.
    pub fn merge(&mut self, newer: Self) -> Vec<String> {
        let mut changed = Vec::new();
        for (column, entry) in newer.columns {
            if self.columns.get(&column).is_some_and(|old| *old != entry) {
                changed.push(column.clone());
            }
            self.columns.insert(column, entry);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(purpose: &[&str]) -> ColumnUse {
        ColumnUse { purpose: purpose.iter().map(|p| (*p).to_owned()).collect(), ..ColumnUse::default() }
    }

    #[test]
    fn entries_that_contradict_themselves_are_told() {
        assert_eq!(entry(&["credit", "fraud"]).problem(), None);
        assert!(entry(&["credit", "Credit "]).problem().is_some_and(|p| p.contains("twice")));
        assert!(entry(&[" "]).problem().is_some_and(|p| p.contains("empty")));
        let forbidden = ColumnUse { forbidden: true, ..entry(&["credit"]) };
        assert!(forbidden.problem().is_some_and(|p| p.contains("forbidden")));
        let kind = ColumnUse { kind: "health".to_owned(), ..ColumnUse::default() };
        assert!(kind.problem().is_some_and(|p| p.contains("“health”")));
        let register = Register { columns: [("a".to_owned(), kind), ("b".to_owned(), entry(&[]))].into() };
        assert_eq!(register.problems().len(), 1);
        assert!(entry(&["Credit"]).allows(" credit") && !entry(&[]).allows("credit") && !forbidden.allows("credit"));
    }

    #[test]
    fn merging_lets_the_newer_entry_win_and_says_so() {
        let mut old = Register {
            columns: [("a".to_owned(), entry(&["x"])), ("b".to_owned(), entry(&["x"])), ("c".to_owned(), entry(&[]))]
                .into(),
        };
        let newer = Register {
            columns: [("b".to_owned(), entry(&["y"])), ("c".to_owned(), entry(&[])), ("d".to_owned(), entry(&[]))]
                .into(),
        };
        assert_eq!(old.merge(newer), ["b"]);
        assert_eq!(old.columns.keys().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        assert_eq!(old.get("b").map(|e| e.purpose.clone()), Some(vec!["y".to_owned()]));
    }

    #[test]
    fn entries_for_columns_that_are_not_there_name_the_nearest() {
        let register =
            Register { columns: [("gendre".to_owned(), entry(&[])), ("income".to_owned(), entry(&[]))].into() };
        let said = register.strangers(&["gender", "age"]);
        assert!(said[0].contains("perhaps “gender” is meant") && said[1].contains("does nothing here"), "{said:?}");
        assert!(register.strangers(&["gendre", "income"]).is_empty());
    }
}
