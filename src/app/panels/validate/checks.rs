//! What the checks of the data found, before any model is judged: findings, single predictors, class balance.

use eframe::egui::{Label, Ui};

use crate::app::context::PanelContext;
use crate::app::panels::page::chart_card;
use crate::app::theme::{SPACE_S, Status};
use crate::app::widgets::histogram::BarColor;
use crate::app::widgets::{
    Bar, Card, Column, Explainer, Table, bar_chart, explainer_mark, format, reflow, status_chip, text,
};
use crate::report::csv;
use crate::validate::checks::{Checks, Finding, Measure, Severity};

/// Findings that are drawn; all are in the CSV.
const SHOWN: usize = 30;
/// Single predictors that are drawn.
const PREDICTORS: usize = 10;
/// Height of the table of classes in points; more scroll.
const CLASSES_HEIGHT: f32 = 220.0;

fn look(severity: Severity) -> (Status, &'static str) {
    match severity {
        Severity::Ok => (Status::Ok, "fine"),
        Severity::Info => (Status::Neutral, "note"),
        Severity::Warning => (Status::Warning, "warning"),
        Severity::Severe => (Status::Alert, "severe"),
    }
}

/// The worst first; within a severity in the order of the checks.
fn sorted(checks: &Checks) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = checks.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// How many findings are of a severity.
fn count(checks: &Checks, severity: Severity) -> u64 {
    checks.findings.iter().filter(|finding| finding.severity == severity).count() as u64
}

/// Row numbers as a person counts them: from 1, without the header.
fn examples(finding: &Finding) -> Option<String> {
    if finding.examples.is_empty() {
        return None;
    }
    let rows: Vec<String> = finding.examples.iter().map(|row| format::count(u64::from(*row) + 1)).collect();
    Some(format!("For example row {}", rows.join(", ")))
}

fn numbers(checks: &Checks) -> String {
    let head = ["kind", "severity", "check", "column", "value", "reference", "rows", "sentence"];
    let findings = sorted(checks).into_iter().map(|finding| {
        [
            "finding".to_owned(),
            look(finding.severity).1.to_owned(),
            finding.check.title().to_owned(),
            finding.column.clone().unwrap_or_default(),
            csv::number(finding.value),
            String::new(),
            finding.rows.map(|rows| rows.to_string()).unwrap_or_default(),
            finding.sentence.clone(),
        ]
    });
    let predictors = checks.predictive.iter().map(|predictor| {
        [
            "single predictor".to_owned(),
            String::new(),
            measure(predictor.measure).to_owned(),
            predictor.column.clone(),
            csv::number(Some(predictor.value)),
            String::new(),
            predictor.rows.to_string(),
            String::new(),
        ]
    });
    let classes = checks.classes.iter().map(|class| {
        [
            "class".to_owned(),
            String::new(),
            "share of rows".to_owned(),
            class.class.clone(),
            csv::number(Some(class.share)),
            csv::number(class.reference_share),
            class.rows.to_string(),
            String::new(),
        ]
    });
    csv::table(&head, findings.chain(predictors).chain(classes))
}

fn measure(measure: Measure) -> &'static str {
    match measure {
        Measure::RocAuc => "ROC AUC",
        Measure::R2 => "R²",
    }
}

/// Says in the head of the results that something is severe, when it is.
pub(super) fn chip(ui: &mut Ui, checks: &Checks) {
    let severe = count(checks, Severity::Severe);
    if severe > 0 {
        let words = format!("data: {}", format::counted(severe, "severe finding"));
        let hover = "The checks of the data found something that makes results untrustworthy; see Data checks";
        status_chip(ui, Status::Alert, &words).on_hover_text(hover);
    }
}

/// The card of a run's data checks.
pub(super) fn card(ui: &mut Ui, ctx: &PanelContext<'_>, checks: &Checks) {
    let help = Explainer::new(
        "Data checks",
        "What was looked at before any model: features that alone tell the target, rows that stand twice or contradict \
         each other, rows of the reference, empty, constant or id-like features, missing and infinite values, new \
         categories, class balance. A severe finding should be solved before a result is trusted.",
    );
    let told = [(Severity::Severe, "severe"), (Severity::Warning, "warning"), (Severity::Info, "note")];
    let counts: Vec<String> = told
        .iter()
        .filter(|(severity, _)| count(checks, *severity) > 0)
        .map(|(severity, word)| match (count(checks, *severity), *severity) {
            (n, Severity::Severe) => format!("{n} {word}"),
            (n, _) => format::counted(n, word),
        })
        .collect();
    let mut subtitle = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    if let Some(rows) = checks.reference_rows {
        subtitle = format!("{subtitle} · beside {} of the reference", format::counted(rows as u64, "row"));
    }
    let card = Card::new("Data checks").subtitle(&subtitle).rows(checks.rows as u64).explain(&help);
    chart_card(
        ui,
        ctx,
        card,
        "data checks",
        || numbers(checks),
        |ui| {
            findings(ui, checks);
            for note in &checks.notes {
                text::note(ui, note);
            }
            let parts = usize::from(!checks.predictive.is_empty()) + usize::from(!checks.classes.is_empty());
            if parts == 0 {
                return;
            }
            ui.add_space(SPACE_S);
            reflow(ui, "data check parts", parts, 320.0, &[], |ui, place| {
                if place == 0 && !checks.predictive.is_empty() {
                    predictors(ui, checks);
                } else {
                    classes(ui, checks);
                }
            });
        },
    );
}

fn findings(ui: &mut Ui, checks: &Checks) {
    let sorted = sorted(checks);
    let (fine, told): (Vec<&Finding>, Vec<&Finding>) =
        sorted.into_iter().partition(|finding| finding.severity == Severity::Ok);
    for finding in told.iter().take(SHOWN) {
        let (status, word) = look(finding.severity);
        ui.horizontal_top(|ui| {
            status_chip(ui, status, word);
            ui.vertical(|ui| {
                ui.add(Label::new(finding.sentence.as_str()).wrap());
                if let Some(examples) = examples(finding) {
                    text::caption(ui, &examples);
                }
            });
        });
    }
    if told.len() > SHOWN {
        let more = format::counted((told.len() - SHOWN) as u64, "more finding");
        text::note(ui, &format!("{more}: all are in the CSV"));
    }
    if !fine.is_empty() {
        let mut titles: Vec<&str> = fine.iter().map(|finding| finding.check.title()).collect();
        titles.dedup();
        ui.horizontal_top(|ui| {
            status_chip(ui, Status::Ok, "fine");
            ui.add(Label::new(format!("Nothing found: {}", titles.join(", "))).wrap());
        });
    }
}

fn predictors(ui: &mut Ui, checks: &Checks) {
    let kind = checks.predictive.first().map_or(Measure::RocAuc, |predictor| predictor.measure);
    let help = match kind {
        Measure::RocAuc => Explainer::new(
            "Best single predictors",
            "How well each feature alone orders the rows by the target, tried on rows it did not learn from. 0.5 says \
             nothing, 1 everything; what is near 1 may know the outcome.",
        )
        .formula("ROC AUC of the best ordering; several classes: each against the rest, weighted by rows"),
        Measure::R2 => Explainer::new(
            "Best single predictors",
            "The share of the target's spread that each feature alone explains, tried on rows it did not learn from. \
             What is near 1 may know the outcome.",
        )
        .formula("the larger of R² of the bins' means and Spearman's rank correlation squared"),
    };
    ui.horizontal(|ui| {
        text::caption(ui, &format!("Best single predictors by {}", measure(kind)));
        explainer_mark(ui, &help);
    });
    let shown: Vec<(&str, f64, String)> = checks
        .predictive
        .iter()
        .take(PREDICTORS)
        .map(|predictor| {
            let value = format::metric(Some(predictor.value), None);
            let rows = format::counted(predictor.rows as u64, "row");
            (predictor.column.as_str(), predictor.value, format!("{value} · {rows}"))
        })
        .collect();
    let bars: Vec<Bar<'_>> =
        shown.iter().map(|(name, value, text)| Bar { name, value: *value, text, color: BarColor::Series(0) }).collect();
    bar_chart(ui, "Best single predictors", &bars);
}

fn classes(ui: &mut Ui, checks: &Checks) {
    text::caption(ui, "Class balance");
    let mut heads = vec![
        Column::words("class", 1.4).min_width(90.0),
        Column::numbers("rows", 1.0).min_width(70.0),
        Column::numbers("share", 0.8).min_width(60.0),
    ];
    if checks.reference_rows.is_some() {
        heads.push(Column::numbers("in the reference", 1.0).min_width(96.0));
    }
    Table::new("class balance", &heads).max_height(CLASSES_HEIGHT).show(ui, checks.classes.len(), |ui, row, column| {
        let Some(class) = checks.classes.get(row) else { return };
        let words = match column {
            0 => class.class.clone(),
            1 => format::count(class.rows),
            2 => format::percent(class.share),
            _ => class.reference_share.map_or_else(|| format::NONE.to_owned(), format::percent),
        };
        text::elided(ui, words);
    });
}

#[cfg(test)]
mod tests {
    use eframe::egui::accesskit::Role;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::app::context::Request;
    use crate::app::panels::fixture::{World, harness};
    use crate::validate::checks::{Check, ClassCount, Predictive};

    fn finding(check: Check, severity: Severity, sentence: &str, examples: &[u32]) -> Finding {
        Finding {
            check,
            severity,
            sentence: sentence.to_owned(),
            column: None,
            value: Some(0.5),
            rows: Some(2),
            examples: examples.to_vec(),
        }
    }

    fn found() -> Checks {
        let class = |class: &str, share: f64| ClassCount {
            class: class.to_owned(),
            rows: 50,
            share,
            reference_share: Some(0.5),
        };
        Checks {
            rows: 100,
            reference_rows: Some(80),
            findings: vec![
                finding(Check::Duplicates, Severity::Warning, "2 rows stand twice.", &[4, 1_233]),
                finding(Check::ConflictingLabels, Severity::Ok, "No conflict.", &[]),
                finding(Check::TargetLeakage, Severity::Severe, "“delay” alone tells the target.", &[]),
            ],
            predictive: vec![Predictive {
                column: "delay".to_owned(),
                measure: Measure::RocAuc,
                value: 0.999,
                rows: 100,
            }],
            classes: vec![class("late", 0.25), class("on time", 0.75)],
            notes: vec!["One row in 2 was looked at.".to_owned()],
        }
    }

    #[test]
    fn the_worst_comes_first_with_its_rows() {
        let checks = found();
        let order: Vec<Severity> = sorted(&checks).iter().map(|f| f.severity).collect();
        assert_eq!(order, [Severity::Severe, Severity::Warning, Severity::Ok]);
        assert_eq!(examples(&checks.findings[0]).as_deref(), Some("For example row 5, 1,234"));
        assert_eq!(examples(&checks.findings[1]), None);
        let text = numbers(&checks);
        assert_eq!(text.lines().count(), 1 + 3 + 1 + 2);
        assert!(text.contains("class,,share of rows,late,0.25,0.5,50,"), "{text}");
    }

    #[test]
    fn the_card_says_what_was_found_and_gives_its_numbers() {
        let mut page = harness([1000.0, 900.0], World::full(), |ui, ctx| {
            chip(ui, &found());
            card(ui, ctx, &found());
        });
        page.run();
        for words in [
            "data: 1 severe finding",
            "1 severe, 1 warning · beside 80 rows of the reference",
            "“delay” alone tells the target.",
            "For example row 5, 1,234",
            "Nothing found: Conflicting labels",
            "One row in 2 was looked at.",
            "Best single predictors by ROC AUC",
            "on time",
        ] {
            assert!(page.query_all_by_label_contains(words).next().is_some(), "{words}");
        }
        page.get_by_role_and_label(Role::Button, "Export data checks as CSV").click();
        page.run();
        let asked = page.state().asked();
        assert!(asked.iter().any(|r| matches!(r, Request::Save { suggested, .. } if suggested == "data-checks.csv")));
    }
}
