//! How the classes are spread, here and in the reference.

use std::collections::BTreeMap;

use super::find::{Check, Finding, Severity, percent};
use super::{Checks, Looked};
use crate::data::target::{Labels, class_labels};
use crate::stats::distance::{chi_squared, l_infinity};
use crate::stats::grouped;

/// Classes kept of the list.
const KEPT: usize = 100;

/// Rows of one class.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ClassCount {
    /// The class.
    pub class: String,
    /// Its rows.
    pub rows: u64,
    /// Their share of the rows with a class, 0 to 1.
    pub share: f64,
    /// The share in the reference, when there is one with the target.
    pub reference_share: Option<f64>,
}

/// Rows by class: here, and in the reference.
fn counts<'a>(here: &'a Labels, there: Option<&'a Labels>) -> BTreeMap<&'a str, [u64; 2]> {
    let mut counts: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for (side, labels) in [Some(here), there].into_iter().enumerate() {
        for (name, rows) in labels.into_iter().flat_map(|l| l.names.iter().zip(l.counts())) {
            if let Some(count) = counts.entry(name).or_default().get_mut(side) {
                *count = rows as u64;
            }
        }
    }
    counts
}

/// Adds the classes and what is to be said of them.
pub(super) fn look(looked: &Looked<'_>, labels: &Labels, checks: &mut Checks) {
    let there = looked.reference.and_then(|r| r.column(&looked.target.name)).map(class_labels);
    let by_class = counts(labels, there.as_ref());
    let (here, reference): (Vec<u64>, Vec<u64>) = by_class.values().map(|[h, r]| (*h, *r)).unzip();
    let (total, of_reference) = (here.iter().sum::<u64>(), reference.iter().sum::<u64>());
    let share = |rows: u64, of: u64| rows as f64 / of.max(1) as f64;
    let one = |(class, [rows, before]): (&&str, &[u64; 2])| ClassCount {
        class: (*class).to_owned(),
        rows: *rows,
        share: share(*rows, total),
        reference_share: (of_reference > 0).then(|| share(*before, of_reference)),
    };
    // As the labels are sorted, numbers by size; those of the reference only come after.
    let mut classes: Vec<ClassCount> =
        labels.names.iter().filter_map(|name| by_class.get_key_value(name.as_str())).map(one).collect();
    classes.extend(by_class.iter().filter(|(_, [rows, _])| *rows == 0).map(one));
    if total == 0 {
        let sentence = format!(
            "The target “{}” is missing in every row, so nothing can be judged. Choose the column that holds the truth.",
            looked.target.name
        );
        checks.findings.push(Finding::new(Check::ClassBalance, Severity::Severe, sentence));
        return;
    }
    checks.findings.push(spread(looked, &classes));
    if of_reference > 0 {
        checks.findings.push(against(looked, &classes, &here, &reference));
        checks.findings.extend(new_labels(&classes));
    }
    if classes.len() > KEPT {
        let mut by_rows: Vec<u64> = classes.iter().map(|c| c.rows).collect();
        by_rows.sort_unstable_by(|a, b| b.cmp(a));
        let least = by_rows.get(KEPT - 1).copied().unwrap_or_default();
        classes.retain(|c| c.rows >= least);
        classes.truncate(KEPT);
    }
    checks.classes = classes;
}

/// The rarest class.
fn spread(looked: &Looked<'_>, classes: &[ClassCount]) -> Finding {
    let occurring = || classes.iter().filter(|c| c.rows > 0);
    let Some(rarest) = occurring().min_by_key(|c| c.rows) else {
        return Finding::fine(Check::ClassBalance, "There is no class.");
    };
    let made = |severity, sentence: String| Finding {
        value: Some(rarest.share),
        rows: Some(rarest.rows as usize),
        ..Finding::new(Check::ClassBalance, severity, sentence)
    };
    let settings = looked.settings;
    let words = format!("“{}” in {} ({})", rarest.class, grouped::rows(rarest.rows), percent(rarest.share));
    if occurring().count() == 1 {
        let sentence = format!(
            "Only one class occurs: {words}. Most metrics have no meaning then; use data in which every class occurs."
        );
        return made(Severity::Severe, sentence);
    }
    if rarest.rows < settings.rare_rows as u64 {
        let sentence =
            format!("The rarest class is {words}: too few for its metrics to be trusted. Use more rows of it.");
        return made(Severity::Warning, sentence);
    }
    if rarest.share < settings.rare_share {
        let sentence = format!(
            "The rarest class is {words}. Accuracy hides what happens to it; look at its recall and precision, or average precision."
        );
        return made(Severity::Info, sentence);
    }
    made(Severity::Ok, format!("The rarest class is {words}."))
}

/// The classes' shares here and in the reference.
fn against(looked: &Looked<'_>, classes: &[ClassCount], here: &[u64], reference: &[u64]) -> Finding {
    let change = l_infinity(reference, here).unwrap_or_default();
    let p = chi_squared(reference, here).map_or(1.0, |test| test.p_value);
    let gap = |c: &ClassCount| (c.share - c.reference_share.unwrap_or_default()).abs();
    let most = classes.iter().max_by(|a, b| gap(a).total_cmp(&gap(b)));
    let words = most.map_or_else(String::new, |c| {
        let before = percent(c.reference_share.unwrap_or_default());
        format!("“{}” makes up {}, in the reference {before}", c.class, percent(c.share))
    });
    let p_words = if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") };
    let (severity, sentence) = if p >= looked.settings.p_value {
        (Severity::Ok, format!("The classes are spread as in the reference (chi-squared test, {p_words})."))
    } else if change < looked.settings.class_change {
        let sentence = format!("{words}: a small change, though more than chance (chi-squared test, {p_words}).");
        (Severity::Info, sentence)
    } else {
        let sentence = format!(
            "{words} (chi-squared test, {p_words}). Precision, accuracy and calibration depend on these shares: compare them with training only with care, and look whether the threshold still fits."
        );
        (Severity::Warning, sentence)
    };
    Finding { value: Some(change), ..Finding::new(Check::ClassBalance, severity, sentence) }
}

/// Classes that the reference does not know.
fn new_labels(classes: &[ClassCount]) -> Option<Finding> {
    let new: Vec<&ClassCount> =
        classes.iter().filter(|c| c.rows > 0 && c.reference_share.is_some_and(|share| share <= 0.0)).collect();
    if new.is_empty() {
        return None;
    }
    let shown: Vec<String> = new.iter().take(5).map(|c| format!("“{}”", c.class)).collect();
    let more = if new.len() > shown.len() { ", …" } else { "" };
    let rows: u64 = new.iter().map(|c| c.rows).sum();
    let sentence = format!(
        "The target has classes that the reference does not know: {}{more} in {}. A model trained on the reference can never be right there: correct the labels or leave these rows out.",
        shown.join(", "),
        grouped::rows(rows)
    );
    let share = new.iter().map(|c| c.share).sum();
    let finding = Finding::new(Check::ClassBalance, Severity::Warning, sentence);
    Some(Finding { value: Some(share), rows: Some(rows as usize), ..finding })
}
