//! What is said of features that tell the target.

use super::CheckSettings;
use super::find::{Check, Finding, Severity};
use super::leakage::{Measure, Predictive};
use crate::stats::grouped;

fn named(measure: Measure) -> &'static str {
    match measure {
        Measure::RocAuc => "ROC AUC",
        Measure::R2 => "R²",
    }
}

/// Adds the suspicious ones of features in descending order of their power, or that there are none.
pub(super) fn judge(all: &[Predictive], settings: &CheckSettings, findings: &mut Vec<Finding>) {
    let limit = |p: &Predictive| match p.measure {
        Measure::RocAuc => settings.leak_auc,
        Measure::R2 => settings.leak_r2,
    };
    let usual = all.iter().find(|p| p.value < limit(p));
    let suspicious = all.iter().take_while(|p| p.value >= limit(p));
    let mut found = Vec::new();
    for one in suspicious {
        let nothing = if one.measure == Measure::RocAuc { 0.5 } else { 0.0 };
        let clear = one.value - usual.map_or(nothing, |p| p.value) >= settings.leak_gap;
        let beside = usual.map(|p| format!("; the next, “{}”, has {:.3}", p.column, p.value)).unwrap_or_default();
        let sentence = format!(
            "“{}” alone tells the target with {} {:.3}{beside}. Look whether it is known before the outcome is; if it comes from the outcome, leave it out, for no metric here will hold later.",
            one.column,
            named(one.measure),
            one.value
        );
        let severity = if clear { Severity::Severe } else { Severity::Warning };
        let finding = Finding::new(Check::TargetLeakage, severity, sentence).of_column(&one.column);
        found.push(Finding { value: Some(one.value), rows: Some(one.rows), ..finding });
    }
    let fine = all.first().map_or_else(
        || "No feature is known.".to_owned(),
        |best| {
            format!(
                "No feature alone tells the target suspiciously well; the best, “{}”, has {} {:.3}.",
                best.column,
                named(best.measure),
                best.value
            )
        },
    );
    let best = all.first().map(|p| p.value);
    if found.is_empty() {
        findings.push(Finding { value: best, ..Finding::fine(Check::TargetLeakage, &fine) });
    } else {
        super::find::put_columns(findings, found, Check::TargetLeakage, &fine);
    }
}

pub(super) fn too_few(rows: usize, least: usize) -> String {
    format!(
        "Only {} with a target: below {least} a single feature may tell it well by chance, so leakage is not judged.",
        grouped::rows(rows as u64)
    )
}

pub(super) fn sampled(rows: usize) -> String {
    format!("How well single features tell the target was measured on {} drawn at random.", grouped::rows(rows as u64))
}

pub(super) fn not_numbers(target: &str) -> String {
    format!("The target “{target}” is not all numbers, so it was not looked at which feature tells it.")
}
