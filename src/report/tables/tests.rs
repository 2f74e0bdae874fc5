use super::all;
use crate::model::Task;
use crate::report::html::tests::{NASTY, report};
use crate::validate::Report;

fn cells(line: &str) -> usize {
    let mut quoted = false;
    1 + line
        .chars()
        .filter(|c| {
            quoted ^= *c == '"';
            *c == ',' && !quoted
        })
        .count()
}

#[test]
fn every_table_is_rectangular_and_named_once() {
    for task in [Task::Binary, Task::Multiclass, Task::Regression] {
        let tables = all(&report(task));
        let names: std::collections::BTreeSet<&String> = tables.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), tables.len());
        for (name, text) in &tables {
            let mut lines = text.lines();
            let head = lines.next().map(cells).unwrap_or_default();
            assert!(lines.clone().count() > 0, "{name} is empty");
            assert!(lines.all(|line| cells(line) == head), "{name}: {text:.300}");
            let mut cells = text.lines().flat_map(|line| line.split(','));
            assert!(!cells.any(|cell| matches!(cell, "NaN" | "inf" | "-inf")), "{name}");
        }
    }
}

#[test]
fn numbers_are_at_full_precision_and_names_are_quoted() {
    let report = report(Task::Binary);
    let tables = all(&report);
    let text = |name: &str| &tables.iter().find(|(file, _)| file == name).unwrap().1;
    let auc = report.models[0].value("roc_auc").unwrap();
    assert!(text("metrics.csv").contains(&format!("forest,roc_auc,{auc},")));
    assert!(text("segments.csv").contains(&NASTY.replace('"', "\"\"")));
    assert!(text("comparison.csv").starts_with("a,b,metric,difference,low,high,p_value,p_better,method,margin,"));
    for file in
        ["per_class.csv", "confusion.csv", "roc.csv", "gates.csv", "fairness.csv", "worst_rows.csv", "checks.csv"]
    {
        assert!(!text(file).is_empty(), "{file}");
    }
}

#[test]
fn an_empty_report_has_no_tables() {
    assert!(all(&Report::default()).is_empty());
}
