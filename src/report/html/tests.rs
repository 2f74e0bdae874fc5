use std::collections::BTreeMap;

use super::{MOST_BYTES, MOST_ROWS, document, validation_html, validation_html_signed, write};
use crate::data::{Column, NoWatch, Values};
use crate::model::Task;
use crate::model::binding::InputLoss;
use crate::model::binding::{Binding, How};
use crate::stats::random::SplitMix64;
use crate::validate::checks::{Check, Checks, ClassCount, Finding, Measure, Predictive, Severity};
use crate::validate::compare::{Win, Wins};
use crate::validate::governance::{self, Proxy, UseFinding, UseRule};
use crate::validate::measure::{Answers, measure};
use crate::validate::policy::Action;
use crate::validate::policy::{Bound, GateResult};
use crate::validate::report::{
    AgainstTraining, Comparison, DataInfo, PerClass, Recommendation, Report, SCHEMA_VERSION, SkippedRows, Timing,
};
use crate::validate::robustness::{Effect, FeatureRobustness, Robustness};
use crate::validate::segments::{
    CutSettings, Judged, SegmentResult, Segmentation, WeakSegment, cut, fairness, measure_segments,
};
use crate::validate::signoff::{Hashes, SignOff};
use crate::validate::views::{Looked, views};
use crate::validate::{ModelResult, Plan};

/// What must never be seen as it stands.
pub(in crate::report) const NASTY: &str = "<script>&\"'";
const ROWS: usize = 3_000;

fn answers(task: Task) -> Answers {
    let mut random = SplitMix64::new(5);
    match task {
        Task::Regression => {
            let target: Vec<f64> = (0..ROWS).map(|_| 40.0 + 30.0 * random.unit()).collect();
            let prediction = target.iter().map(|t| t + 12.0 * (random.unit() + random.unit() - 1.0)).collect();
            Answers::Regression { target, prediction }
        }
        Task::Multiclass => {
            let truth: Vec<u32> = (0..ROWS).map(|_| random.below(3) as u32).collect();
            let said: Vec<u32> =
                truth.iter().map(|t| if random.unit() < 0.7 { *t } else { random.below(3) as u32 }).collect();
            let probabilities =
                said.iter().flat_map(|s| (0..3).map(|c| if *s == c { 0.6 } else { 0.2 }).collect::<Vec<_>>()).collect();
            Answers::Multiclass { truth, said, probabilities, k: 3 }
        }
        _ => {
            let positive: Vec<bool> = (0..ROWS).map(|_| random.unit() < 0.3).collect();
            let scores = positive.iter().map(|p| {
                let signal = if *p { 0.55 } else { 0.25 };
                (signal + 0.8 * (random.unit() - 0.5)).clamp(0.01, 0.99)
            });
            Answers::Binary { scores: scores.collect(), positive, probabilities: true }
        }
    }
}

fn gate(passed: bool) -> GateResult {
    GateResult {
        name: format!("Good enough {NASTY}"),
        metric: "roc_auc".to_owned(),
        condition: "at least 0.70 at the lower bound".to_owned(),
        value: Some(0.812),
        bound_used: Bound::Low,
        limit: Some(0.7),
        margin: Some(0.112),
        passed,
        applies: true,
        required: true,
        rows: ROWS,
        segment: None,
        reason: None,
    }
}

fn regions() -> Segmentation {
    let names = ["north", "south", NASTY];
    let column = Column::new("region", Values::text((0..ROWS).map(|i| names.get(i % 3).copied())));
    cut(&column, CutSettings::default())
}

fn robustness() -> Robustness {
    let effect = |fall: f64| Effect {
        value: Some(0.8 - fall),
        fall: Some(fall),
        low: Some(fall - 0.01),
        high: Some(fall + 0.01),
        method: Some("paired bootstrap".to_owned()),
        rows: 2_000,
        ..Effect::default()
    };
    let refused = Effect { reason: Some(format!("The input {NASTY} has no gap.")), ..Effect::default() };
    Robustness {
        model: "forest".to_owned(),
        metric: "roc_auc".to_owned(),
        smaller_is_better: false,
        value: 0.8,
        rows: 2_000,
        level: 0.95,
        seed: 0,
        scorings: 11,
        features: vec![
            FeatureRobustness { column: NASTY.to_owned(), noise: effect(0.01), missing: refused, swap: effect(0.15) },
            FeatureRobustness {
                column: "temp".to_owned(),
                noise: effect(-0.001),
                missing: Effect { skipped: 123, ..effect(0.05) },
                swap: effect(0.03),
            },
        ],
    }
}

fn checks() -> Checks {
    let finding = |check: Check, severity: Severity, sentence: String| Finding {
        check,
        severity,
        sentence,
        column: Some(NASTY.to_owned()),
        value: Some(0.1),
        rows: Some(77),
        examples: vec![3, 1_234],
    };
    Checks {
        rows: ROWS,
        reference_rows: Some(9_999),
        findings: vec![
            finding(Check::TargetLeakage, Severity::Severe, format!("The column {NASTY} alone tells the target.")),
            finding(Check::Duplicates, Severity::Warning, "77 rows stand more than once.".to_owned()),
            finding(Check::Constant, Severity::Ok, "No column is constant.".to_owned()),
        ],
        predictive: vec![Predictive { column: NASTY.to_owned(), measure: Measure::RocAuc, value: 0.97, rows: ROWS }],
        classes: vec![
            ClassCount { class: NASTY.to_owned(), rows: 2_000, share: 0.66, reference_share: Some(0.5) },
            ClassCount { class: "other".to_owned(), rows: 1_000, share: 0.34, reference_share: None },
        ],
        notes: vec!["Leakage was looked for in a sample.".to_owned()],
    }
}

fn wins(a: &ModelResult, b: &ModelResult) -> Wins {
    Wins {
        a: a.name.clone(),
        b: b.name.clone(),
        metric: "roc_auc".to_owned(),
        segments: 3,
        a_better: 2,
        b_better: 1,
        a_clear: 1,
        b_clear: 0,
        clear: vec![Win {
            column: "region".to_owned(),
            value: NASTY.to_owned(),
            a_wins: true,
            a: 0.8,
            b: 0.7,
            gap: 0.03,
            rows: 1_000,
        }],
    }
}

pub(in crate::report) fn sign_off(report: &Report) -> SignOff {
    SignOff {
        schema_version: 1,
        who: format!("Reviewer {NASTY}"),
        at_ms: 1_700_000_100_000,
        note: "Looked at every segment.".to_owned(),
        model_name: report.models[0].name.clone(),
        hashes: Hashes {
            model: "1a".repeat(32),
            data: "2b".repeat(32),
            binding: "3c".repeat(32),
            policy: Some("4d".repeat(32)),
            result: "5e".repeat(32),
        },
        verdict: "fail".to_owned(),
        failed_gates: vec![format!("Good enough {NASTY}")],
        override_reason: Some("Only for the trial in one region.".to_owned()),
        metrics: BTreeMap::new(),
    }
}

fn result(task: Task, name: &str) -> ModelResult {
    let answers = answers(task);
    let classes: Vec<String> = match task {
        Task::Binary => vec!["0".to_owned(), "1".to_owned()],
        Task::Multiclass => vec!["setosa".to_owned(), NASTY.to_owned(), "virginica".to_owned()],
        _ => Vec::new(),
    };
    let measured = measure(&answers, &classes, 1, 0.4, 0.95);
    let rows: Vec<u32> = (0..ROWS as u32).collect();
    let judged = Judged { answers: &answers, rows: &rows, threshold: 0.4 };
    let mut binding = Binding::default();
    binding.set("temp", "Temp (°F)");
    binding.set_columns("matrix", vec!["a".to_owned(), NASTY.to_owned()], How::Card);
    let is_binary = task == Task::Binary;
    ModelResult {
        name: name.to_owned(),
        sha256: "ab".repeat(32),
        rows: ROWS,
        rows_without_target: 12,
        skipped: vec![SkippedRows { reason: format!("The label {NASTY} is unknown."), rows: 1_234 }],
        task,
        class_names: if is_binary { vec!["on time".to_owned(), "late".to_owned()] } else { Vec::new() },
        positive: is_binary.then(|| "1".to_owned()),
        threshold: is_binary.then_some(0.4),
        metrics: measured.metrics,
        baseline: measured.baseline,
        training: BTreeMap::from([("roc_auc".to_owned(), 0.77), ("r2".to_owned(), 0.9)]),
        against_training: Some(AgainstTraining {
            metric: crate::validate::report::main_metric(task).to_owned(),
            training: 0.77,
            value: 0.8,
            holds: true,
        }),
        per_class: measured.per_class,
        confusion: measured.confusion,
        curves: measured.curves,
        decisions: measured.decisions,
        residuals: measured.residuals,
        segments: measure_segments(judged, &[regions()], 0.95, &NoWatch).unwrap(),
        weak_segments: vec![WeakSegment {
            columns: vec![("origin".to_owned(), NASTY.to_owned()), ("temp".to_owned(), "> 60".to_owned())],
            rows: 321,
            share: 0.107,
            loss: 0.41,
            loss_elsewhere: 0.2,
            p_value: 1e-9,
            p_corrected: 2e-7,
            looked_at: 1_204,
        }],
        fairness: fairness(judged, &regions(), 0.95).into_iter().collect(),
        gates: vec![gate(true), gate(false)],
        verdict: "fail".to_owned(),
        binding,
        notes: vec![format!("A sigmoid was applied to {NASTY}.")],
        timing: Timing { read_s: 0.21, predict_s: 1.3, metrics_s: 0.043, total_s: 1.56 },
        rows_per_second: 251_123.4,
        views: views(
            Looked {
                answers: &answers,
                ranked: answers.ranked().as_ref(),
                rows: &rows,
                classes: &classes,
                positive: 1,
                threshold: 0.4,
            },
            0.95,
            &NoWatch,
        ),
        losses: vec![InputLoss {
            input: NASTY.to_owned(),
            rows: ROWS,
            filled: 17,
            unseen: 4_321,
            ..InputLoss::default()
        }],
        robustness: Some(robustness()),
        data_use: vec![UseFinding {
            column: NASTY.to_owned(),
            rule: UseRule::Sensitive,
            action: Action::Warn,
            sentence: format!("The column {NASTY} is marked as sensitive."),
        }],
        proxies: vec![Proxy {
            feature: "zip".to_owned(),
            sensitive: NASTY.to_owned(),
            strength: 0.62,
            measure: governance::Measure::CramersV,
            rows: ROWS,
        }],
        classes,
        ..ModelResult::default()
    }
}

pub(in crate::report) fn report(task: Task) -> Report {
    let first = result(task, "forest");
    let second = result(task, &format!("boosted {NASTY}"));
    Report {
        schema_version: SCHEMA_VERSION,
        created_at_ms: 1_700_000_000_000,
        comparison: vec![Comparison {
            a: first.name.clone(),
            b: second.name.clone(),
            metric: crate::validate::report::main_metric(task).to_owned(),
            difference: -0.0123,
            low: Some(-0.02),
            high: Some(0.001),
            p_value: Some(0.00001),
            p_better: Some(0.04),
            method: "DeLong".to_owned(),
            margin: Some(0.01),
            p_better_by_margin: Some(0.001),
            p_equal: Some(0.345),
            p_worse_by_margin: Some(0.654),
        }],
        wins: vec![wins(&first, &second)],
        checks: Some(checks()),
        plan: Some(Plan { segments: vec![NASTY.to_owned()], threads: 4, ..Plan::new("late") }),
        recommendation: Some(Recommendation {
            model: 1,
            name: second.name.clone(),
            reason: "Its ROC AUC is higher by more than chance.".to_owned(),
        }),
        models: vec![first, second],
        data: DataInfo {
            path: format!("data/{NASTY}/flights.csv"),
            sha256: "cd".repeat(32),
            rows: 1_234_567,
            columns: 20,
            one_in: None,
        },
        policy: Some(format!("Careful {NASTY}")),
        target: format!("late {NASTY}"),
        level: 0.95,
        ..Report::default()
    }
}

const VOID: [&str; 2] = ["meta", "!DOCTYPE"];

/// Every tag is closed in order and every attribute is quoted; or what is not.
fn unbalanced(html: &str) -> Option<String> {
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        if rest[..at].contains('>') && open.last().is_none_or(|tag| tag != "style") {
            return Some(format!("a bare > before {:.40}", &rest[at..]));
        }
        rest = &rest[at + 1..];
        let mut quoted = false;
        let end = rest.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let Some(end) = end else { return Some("an open tag".to_owned()) };
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if tag.contains('<') || !tag.matches('"').count().is_multiple_of(2) {
            return Some(format!("<{tag}>"));
        }
        let name: String = tag.chars().take_while(|c| !c.is_whitespace()).collect();
        if let Some(closed) = name.strip_prefix('/') {
            if open.pop().as_deref() != Some(closed) {
                return Some(format!("</{closed}> closes another"));
            }
        } else if !tag.ends_with('/') && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    open.pop().map(|tag| format!("<{tag}> stays open"))
}

fn assert_stands_alone(html: &str) {
    for foreign in ["http", "src=", "<script", "@import", "url(", "<link", "javascript:", "onload", "NaN"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    assert_eq!(unbalanced(html), None);
    assert!(html.len() < MOST_BYTES, "{} bytes", html.len());
    let ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
    let unique: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    for part in html.split("href=\"").skip(1) {
        let goal = part.split('"').next().and_then(|href| href.strip_prefix('#')).unwrap();
        assert!(ids.contains(&goal), "{goal}");
    }
}

#[test]
fn the_balance_is_really_looked_at() {
    assert_eq!(unbalanced("<p a=\"x>y\">a<br/></p>"), None);
    for wrong in ["<p>", "<p></b>", "<p>a > b</p>", "<p a=\"><b></p>"] {
        assert!(unbalanced(wrong).is_some(), "{wrong}");
    }
}

#[test]
fn a_binary_report_has_every_section_and_no_raw_name() {
    let html = validation_html(&report(Task::Binary));
    assert_stands_alone(&html);
    assert!(!html.contains(NASTY) && html.contains("&lt;script&gt;&amp;&quot;&#39;"));
    for section in [
        "Dataset and run",
        "Recommendation",
        "Candidates",
        "Paired comparison",
        "Verdict and gates",
        "Metrics",
        "Threshold",
        "Confusion matrix",
        "Curves",
        "Segments",
        "Weakest segments",
        "Groups",
        "Rows left out",
        "Notes",
        "Binding",
        "Hashes",
        "Timing",
        "Sign-off",
        "What was asked",
        "Data checks",
        "Where each wins",
        "Scores",
        "Largest losses",
        "Robustness",
        "Use of data",
        "What binding changed",
    ] {
        assert!(html.contains(&format!("<h3>{section}</h3>")), "{section}");
        assert!(html.matches(&format!(">{section}</a>")).count() > 0, "{section} is not in the contents");
    }
    for told in [
        "2023-11-14 22:13:20 UTC",
        "1,234,567",
        "95 % interval",
        "✗ fails",
        "1 of 2 gates",
        "ROC AUC 0.",
        "threshold 0.4",
        "share of positives",
        "late (1)",
        "Temp (°F)",
        "chosen by you",
        "&lt; 0.0001",
        "DeLong",
        "1,204 segments",
        "251,123",
        "Demographic parity difference",
        "@media print",
        "✗ severe",
        "! warning",
        "row numbers, from 0: 3, 1,234",
        "34.5 %",
        "Segments with a clear winner",
        "Detection error tradeoff",
        "permutation importance",
        "likely proxy",
        "4,321",
        "No sign-off goes with this report.",
    ] {
        assert!(html.contains(told), "{told}");
    }
    assert_eq!(html.matches("<figure>").count(), 10);
    assert_eq!(
        html.matches("<svg").count(),
        html.matches("role=\"img\" aria-labelledby=").count() + html.matches("aria-hidden").count()
    );
    assert!(!html.contains("<h3>Errors</h3>"));
}

#[test]
fn a_regression_report_shows_errors_and_no_row() {
    let mut report = report(Task::Regression);
    for model in &mut report.models {
        model.residuals.as_mut().unwrap().sample = vec![[987_654.321, 13.579_135_79]];
    }
    let html = validation_html(&report);
    assert_stands_alone(&html);
    assert!(html.contains("Errors against a normal distribution") && html.contains("Standard deviation"));
    for told in ["<h3>Errors</h3>", "Histogram of prediction less target", "Mean absolute error", "R²", "MAE"] {
        assert!(html.contains(told), "{told}");
    }
    for absent in ["987,654", "13.58", "<h3>Threshold</h3>", "<h3>Confusion matrix</h3>", "<h3>Groups</h3>"] {
        assert!(!html.contains(absent), "{absent}");
    }
}

#[test]
fn a_multiclass_report_shows_each_class() {
    let html = validation_html(&report(Task::Multiclass));
    assert_stands_alone(&html);
    for told in [
        "<h3>Classes</h3>",
        "<h3>Confusion matrix</h3>",
        "virginica",
        "F1, macro",
        "ROC AUC, macro",
        "<h3>One against the rest</h3>",
    ] {
        assert!(html.contains(told), "{told}");
    }
    assert!(!html.contains("<h3>Threshold</h3>") && !html.contains(NASTY));
}

#[test]
fn what_has_no_value_says_why() {
    let mut report = report(Task::Binary);
    let one_class = Answers::Binary { scores: vec![0.2, 0.7], positive: vec![true, true], probabilities: true };
    for model in &mut report.models {
        let measured = measure(&one_class, &model.classes, 1, 0.4, 0.95);
        (model.metrics, model.curves, model.confusion) = (measured.metrics, measured.curves, measured.confusion);
        model.decisions = measured.decisions;
    }
    report.created_at_ms = i64::MAX;
    report.policy = None;
    let html = validation_html(&report);
    assert_stands_alone(&html);
    assert!(html.contains("title=\"Only one class occurs in the target, so this has no meaning.\">–</span>"));
    assert!(html.contains("title=\"No policy was named, so nothing was judged\">–"));
}

#[test]
fn numbers_out_of_range_and_an_empty_report_are_drawn_too() {
    let mut report = report(Task::Binary);
    for model in &mut report.models {
        for metric in model.metrics.values_mut() {
            (metric.value, metric.low) = (Some(f64::NAN), Some(f64::NEG_INFINITY));
        }
        let curves = model.curves.as_mut().unwrap();
        curves.roc.fpr = vec![f64::NAN, 1e300, -5.0];
        curves.calibration.predicted = vec![f64::INFINITY];
        model.confusion.as_mut().unwrap().matrix = vec![vec![u64::MAX; 2]; 2];
        model.timing.read_s = f64::NAN;
    }
    assert_stands_alone(&validation_html(&report));
    report.models.clear();
    report.comparison.clear();
    let html = validation_html(&report);
    assert_stands_alone(&html);
    assert!(html.contains("No model was validated."));
}

fn crowded(report: &mut Report) {
    for model in &mut report.models {
        let segment = model.segments[0].clone();
        model.segments = (0..10_000)
            .map(|i| SegmentResult { value: format!("value {i}"), rows: i, few: i < 30, ..segment.clone() })
            .collect();
        model.gates = (0..10_000).map(|i| GateResult { name: format!("gate {i}"), ..gate(i != 9_999) }).collect();
        model.classes = (0..10_000).map(|i| format!("class {i}")).collect();
        let class = |class: &String| PerClass {
            class: class.clone(),
            precision: Some(0.5),
            recall: None,
            f1: Some(0.5),
            support: 3,
        };
        model.per_class = model.classes.iter().map(class).collect();
        let mut group = model.fairness[0].groups[0].clone();
        model.fairness[0].groups = (0..10_000)
            .map(|i| {
                group.group = format!("group {i}");
                group.clone()
            })
            .collect();
        let confusion = model.confusion.as_mut().unwrap();
        confusion.labels.clone_from(&model.classes);
        confusion.matrix = (0..10_000).map(|i| if i < 50 { vec![1; 10_000] } else { Vec::new() }).collect();
    }
}

#[test]
fn ten_thousand_of_everything_stay_small_and_say_what_is_left_out() {
    let mut report = report(Task::Binary);
    crowded(&mut report);
    let html = validation_html(&report);
    assert_stands_alone(&html);
    for told in [
        "The 200 segments with most rows are shown; 9,800 more are left out.",
        "The 200 classes with most rows are shown; 9,800 more are left out.",
        "The 20 classes with most rows are shown; 9,980 more are left out.",
        "value 9999",
        "gate 9999",
    ] {
        assert!(html.contains(told), "{told}");
    }
}

#[test]
fn many_models_and_endless_names_stay_small() {
    let mut report = report(Task::Binary);
    crowded(&mut report);
    let mut model = report.models[0].clone();
    model.confusion = None;
    model.decisions = None;
    model.segments.truncate(300);
    model.gates.truncate(300);
    model.per_class.truncate(300);
    model.fairness[0].groups.truncate(300);
    model.classes.truncate(2);
    model.name = "&\"".repeat(100_000);
    model.notes = vec!["\"".repeat(5_000); 500];
    report.models = vec![model; 40];
    let html = validation_html(&report);
    assert_stands_alone(&html);
    assert!(html.contains("more are left out"));
    assert!(write::page(&document(&report, &[], MOST_ROWS[MOST_ROWS.len() - 1])).len() < MOST_BYTES / 2);
}

#[test]
fn who_signed_stands_with_all_five_hashes() {
    let report = report(Task::Binary);
    let html = validation_html_signed(&report, &[sign_off(&report)]);
    assert_stands_alone(&html);
    assert!(!html.contains(NASTY));
    for hash in ["1a", "2b", "3c", "4d", "5e"] {
        assert!(html.contains(&hash.repeat(32)), "{hash}");
    }
    for told in ["2023-11-14 22:15:00 UTC", "Looked at every segment.", "Only for the trial", "Failed gates"] {
        assert!(html.contains(told), "{told}");
    }
}

#[test]
fn the_worst_rows_are_numbers_of_rows_and_never_their_data() {
    let mut report = report(Task::Binary);
    for row in &mut report.models[0].views.as_mut().unwrap().worst {
        (row.truth, row.prediction, row.row) = ("SECRET".to_owned(), "SECRET".to_owned(), 987_654);
    }
    let losses = &mut report.models[0].losses[0];
    losses.examples = vec!["SECRET".to_owned()];
    let html = validation_html(&report);
    assert!(html.contains("987654") && !html.contains("SECRET"));
}

#[test]
fn ten_models_of_a_hundred_segments_and_a_thousand_classes_stay_small() {
    let mut report = report(Task::Multiclass);
    let mut model = report.models[0].clone();
    let names: Vec<String> = (0..1_000).map(|i| format!("class number {i}")).collect();
    let per_class = model.per_class[0].clone();
    model.per_class = names.iter().map(|class| PerClass { class: class.clone(), ..per_class.clone() }).collect();
    let rest = model.views.as_mut().unwrap().one_vs_rest.as_mut().unwrap();
    let one = rest.classes[0].clone();
    rest.classes = names
        .iter()
        .map(|class| {
            let mut one = one.clone();
            one.class.clone_from(class);
            one
        })
        .collect();
    let segment = model.segments[0].clone();
    model.segments = (0..100).map(|i| SegmentResult { value: format!("value {i}"), ..segment.clone() }).collect();
    let confusion = model.confusion.as_mut().unwrap();
    confusion.labels.clone_from(&names);
    confusion.matrix = vec![vec![1; 1_000]; 1_000];
    model.classes = names;
    report.models = vec![model; 10];
    let html = validation_html(&report);
    assert_stands_alone(&html);
    assert!(html.contains("classes with most rows are shown;"));
    assert_eq!(html.matches("<section class=\"model\"").count(), 10);
}
