//! Holds the columns a model uses against the register, by the rules of a policy.

use super::super::policy::{Action, Policy};
use super::proxies::{Proxy, strength_in_words};
use super::register::Register;

/// Which rule of a policy a column breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UseRule {
    /// The register forbids the column.
    Forbidden,
    /// The register does not list the policy's purpose for it.
    Purpose,
    /// The register has no entry for it.
    Unregistered,
    /// The register marks it as sensitive.
    Sensitive,
    /// It is a likely proxy of a sensitive column.
    Proxy,
}

/// A column that is used against a rule.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UseFinding {
    /// The column that the model uses.
    pub column: String,
    /// The rule.
    pub rule: UseRule,
    /// [`Action::Refuse`] or [`Action::Warn`].
    pub action: Action,
    /// What is wrong and what to do.
    pub sentence: String,
}

/// What a policy says about the columns a model uses; refusals first, then in the order of `used` and of the rules.
///
/// Of `proxies` only the likely ones count (see [`Proxy::is_likely`]), each column with its strongest. A rule whose
/// action is to ignore finds nothing.
pub fn judge_use(policy: &Policy, register: &Register, used: &[&str], proxies: &[Proxy]) -> Vec<UseFinding> {
    let rules = &policy.data;
    let mut findings: Vec<UseFinding> = Vec::new();
    for (place, column) in used.iter().enumerate() {
        if used.iter().take(place).any(|before| before == column) {
            continue;
        }
        let mut find = |rule: UseRule, action: Action, sentence: String| {
            if action != Action::Ignore {
                findings.push(UseFinding { column: (*column).to_owned(), rule, action, sentence });
            }
        };
        match register.get(column) {
            None => find(
                UseRule::Unregistered,
                rules.on_unregistered,
                format!(
                    "The model uses column “{column}”, which is not in the data-use register. Add an entry for it, or use a model without it."
                ),
            ),
            Some(entry) if entry.forbidden => find(
                UseRule::Forbidden,
                rules.on_forbidden,
                format!(
                    "The model uses column “{column}”, which the data-use register forbids{}. Use a model without it, or have the entry changed by whoever answers for the data.",
                    because(&entry.note)
                ),
            ),
            Some(entry) => {
                if let Some(purpose) = rules.purpose.as_ref().filter(|purpose| !entry.allows(purpose)) {
                    let allowed = match entry.purpose.as_slice() {
                        [] => "no purpose is agreed for it".to_owned(),
                        words => format!("it may be used for {}", words.join(", ")),
                    };
                    find(
                        UseRule::Purpose,
                        rules.on_forbidden,
                        format!(
                            "The model uses column “{column}” for “{purpose}”, which the data-use register does not allow: {allowed}. Use a model without it, or have the purpose agreed and added."
                        ),
                    );
                }
            }
        }
        if let Some(entry) = register.get(column).filter(|entry| entry.sensitive) {
            let kind = Some(entry.kind.trim()).filter(|k| !k.is_empty()).map(|k| format!(" ({k})")).unwrap_or_default();
            find(
                UseRule::Sensitive,
                rules.on_sensitive,
                format!(
                    "The model uses column “{column}”, which is sensitive{kind}. Use a model without it, or write down in the card why it is needed and how fairness was checked."
                ),
            );
        }
        // Sorted by strength, so that the first one is the strongest.
        if let Some(proxy) = proxies.iter().find(|p| p.feature == *column && p.is_likely()) {
            find(
                UseRule::Proxy,
                rules.on_proxy,
                format!(
                    "Column “{column}” is a likely proxy of the sensitive column “{}” ({}). Look at the metrics by group of “{}”, or use a model without it.",
                    proxy.sensitive,
                    strength_in_words(proxy),
                    proxy.sensitive
                ),
            );
        }
    }
    // Stable, so that the order of columns and rules stays.
    findings.sort_by_key(|finding| finding.action != Action::Refuse);
    findings
}

fn because(note: &str) -> String {
    let note = note.trim();
    if note.is_empty() { String::new() } else { format!(" ({})", note.trim_end_matches('.')) }
}

/// Why the run is refused, in one text: the first refusal and how many more there are; `None` when nothing refuses.
pub fn refusal(findings: &[UseFinding]) -> Option<String> {
    let refusals: Vec<&UseFinding> = findings.iter().filter(|f| f.action == Action::Refuse).collect();
    let first = &refusals.first()?.sentence;
    Some(match refusals.len() {
        1 => first.clone(),
        2 => format!("{first} (One more rule about data is broken.)"),
        n => format!("{first} ({} more rules about data are broken.)", n - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::super::proxies::Measure;
    use super::super::register::ColumnUse;
    use super::*;
    use crate::validate::policy::DataRules;

    fn register() -> Register {
        let column = |purpose: &[&str]| ColumnUse {
            purpose: purpose.iter().map(|p| (*p).to_owned()).collect(),
            ..ColumnUse::default()
        };
        let forbidden = ColumnUse { forbidden: true, note: "Agreed in 2021.".to_owned(), ..column(&[]) };
        let sensitive = ColumnUse { sensitive: true, kind: "age".to_owned(), ..column(&["credit"]) };
        Register {
            columns: [
                ("religion".to_owned(), forbidden),
                ("age".to_owned(), sensitive),
                ("income".to_owned(), column(&["credit"])),
                ("clicks".to_owned(), column(&["marketing"])),
                ("shoe".to_owned(), column(&[])),
            ]
            .into(),
        }
    }

    fn policy(data: DataRules) -> Policy {
        Policy { data, ..Policy::default() }
    }

    fn found(findings: &[UseFinding]) -> Vec<(&str, UseRule, Action)> {
        findings.iter().map(|f| (f.column.as_str(), f.rule, f.action)).collect()
    }

    #[test]
    fn a_plain_policy_refuses_forbidden_columns_only() {
        let used = ["income", "religion", "age", "unknown", "clicks", "religion"];
        let findings = judge_use(&Policy::default(), &register(), &used, &[]);
        assert_eq!(found(&findings), [("religion", UseRule::Forbidden, Action::Refuse)]);
        assert!(findings[0].sentence.contains("forbids (Agreed in 2021)"), "{}", findings[0].sentence);
        assert_eq!(refusal(&findings), Some(findings[0].sentence.clone()));
        assert_eq!(refusal(&[]), None);
    }

    #[test]
    fn every_rule_finds_its_columns_and_refusals_come_first() {
        let data = DataRules {
            on_forbidden: Action::Refuse,
            on_unregistered: Action::Warn,
            on_sensitive: Action::Warn,
            on_proxy: Action::Refuse,
            purpose: Some("Credit".to_owned()),
        };
        let proxy = |feature: &str, strength| Proxy {
            feature: feature.to_owned(),
            sensitive: "age".to_owned(),
            strength,
            measure: Measure::Spearman,
            rows: 100,
        };
        let proxies = [proxy("income", 0.7), proxy("shoe", 0.49)];
        let used = ["age", "unknown", "income", "clicks", "shoe", "religion"];
        let findings = judge_use(&policy(data), &register(), &used, &proxies);
        let (refuse, warn) = (Action::Refuse, Action::Warn);
        assert_eq!(
            found(&findings),
            [
                ("income", UseRule::Proxy, refuse),
                ("clicks", UseRule::Purpose, refuse),
                ("shoe", UseRule::Purpose, refuse),
                ("religion", UseRule::Forbidden, refuse),
                ("age", UseRule::Sensitive, warn),
                ("unknown", UseRule::Unregistered, warn),
            ]
        );
        let said = |place: usize| findings[place].sentence.as_str();
        assert!(said(1).contains("it may be used for marketing") && said(2).contains("no purpose is agreed"));
        assert!(said(4).contains("sensitive (age)"));
        assert!(refusal(&findings).is_some_and(|text| text.ends_with("(3 more rules about data are broken.)")));
    }

    #[test]
    fn what_is_ignored_is_not_found() {
        let data = DataRules { on_forbidden: Action::Ignore, ..DataRules::default() };
        assert!(judge_use(&policy(data), &register(), &["religion", "age", "none"], &[]).is_empty());
    }
}
