//! Every metric the command line promises, through `measure` as a run calls it, against scikit-learn, and the views
//! beside them. `tests/golden/make_metrics.py` says how the numbers came to be; nothing here needs Python.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail like tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use modeldeck::data::format::Format;
use modeldeck::data::{Column, Dataset, Fingerprint, NoWatch, Table, Values};
use modeldeck::model::Task;
use modeldeck::stats::det::det_curve;
use modeldeck::stats::one_vs_rest::rankings;
use modeldeck::stats::ranked::{CurvePoint, RankedScores};
use modeldeck::validate::measure::{Answers, Measured, measure};
use modeldeck::validate::predictions::ClassScore;
use modeldeck::validate::report::metric_order;
use modeldeck::validate::views::{self, Views};
use modeldeck::validate::{Candidate, Data, Plan, Predictions, run};
use serde_json::Value;

const TOLERANCE: f64 = 1e-9;
const LEVEL: f64 = 0.95;

fn cases(key: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/metrics.json");
    let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    file[key].as_array().unwrap().clone()
}

fn case(key: &str, name: &str) -> Value {
    cases(key).into_iter().find(|c| c["name"] == name).unwrap_or_else(|| Value::from(format!("no case {name}")))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().filter_map(Value::as_f64).collect()
}

fn labels(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as u32).collect()
}

fn check(what: &str, ours: Option<f64>, theirs: &Value) {
    match (ours, theirs.as_f64()) {
        (None, None) => assert!(theirs.is_null(), "{what}: {theirs} is no number"),
        (Some(a), Some(b)) if (a - b).abs() <= TOLERANCE * b.abs().max(1.0) => {}
        (ours, theirs) => assert_eq!(ours, theirs, "{what}"),
    }
}

/// Values, and that what has none says why, that every interval holds its value, and that no promised metric is
/// missing or was never compared.
fn check_measured(case: &Value, task: Task, measured: &Measured) {
    let name = case["name"].as_str().unwrap();
    let promised: BTreeSet<&str> = metric_order(task).iter().copied().collect();
    let given: BTreeSet<&str> = measured.metrics.keys().map(String::as_str).collect();
    assert_eq!(promised, given, "{name}: metrics");
    for (metric, theirs) in case["metrics"].as_object().unwrap() {
        let ours = &measured.metrics[metric];
        let what = format!("{name}: {metric}");
        check(&what, ours.value, theirs);
        assert!(ours.value.is_some() || ours.reason.is_some(), "{what}: no value and no reason");
        if let (Some(value), Some(low), Some(high)) = (ours.value, ours.low, ours.high) {
            assert!(low <= value + 1e-12 && value <= high + 1e-12, "{what}: {value} outside {low} to {high}");
        }
    }
    // What scikit-learn cannot be asked without scores has no value here either.
    for metric in promised.iter().filter(|m| case["metrics"].get(**m).is_none()) {
        assert!(measured.metrics[*metric].value.is_none(), "{name}: {metric} without scores");
        assert!(measured.metrics[*metric].reason.is_some(), "{name}: {metric} without a reason");
    }
}

fn binary_answers(case: &Value) -> Answers {
    let scores = case["score"].as_array().unwrap();
    let truth = case["truth"].as_array().unwrap();
    // A missing score never reaches `measure`: alignment leaves the row out.
    let (scores, positive) =
        scores.iter().zip(truth).filter_map(|(s, t)| Some((s.as_f64()?, t.as_u64()? == 1))).unzip();
    Answers::Binary { scores, positive, probabilities: case.get("labels_only").is_none() }
}

fn class_names(case: &Value, key: &str) -> Vec<String> {
    case.get(key).map_or_else(
        || vec!["0".to_owned(), "1".to_owned()],
        |names| names.as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_owned()).collect(),
    )
}

fn multiclass_answers(case: &Value) -> Answers {
    let k = case["classes"].as_array().unwrap().len();
    let probabilities = case
        .get("probabilities")
        .map_or_else(Vec::new, |rows| rows.as_array().unwrap().iter().flat_map(numbers).collect());
    Answers::Multiclass { truth: labels(&case["truth"]), said: labels(&case["predicted"]), probabilities, k }
}

fn regression_answers(case: &Value) -> Answers {
    Answers::Regression { target: numbers(&case["target"]), prediction: numbers(&case["prediction"]) }
}

#[test]
fn every_binary_metric_is_scikit_learns() {
    for case in cases("binary") {
        let (answers, classes) = (binary_answers(&case), class_names(&case, "labels"));
        let threshold = case["threshold"].as_f64().unwrap();
        let measured = measure(&answers, &classes, 1, threshold, LEVEL);
        check_measured(&case, Task::Binary, &measured);
        let confusion = measured.confusion.unwrap();
        assert_eq!(serde_json::json!(confusion.matrix), case["confusion"], "{}", case["name"]);
        assert_eq!(confusion.labels, classes, "{}", case["name"]);
    }
}

#[test]
fn the_positive_class_may_come_first() {
    let case = case("binary", "smooth scores");
    let classes = ["good".to_owned(), "bad".to_owned()];
    let measured = measure(&binary_answers(&case), &classes, 0, case["threshold"].as_f64().unwrap(), LEVEL);
    check_measured(&case, Task::Binary, &measured);
    let theirs = &case["confusion"];
    let ours = measured.confusion.unwrap().matrix;
    assert_eq!(
        serde_json::json!(ours),
        serde_json::json!([[theirs[1][1], theirs[1][0]], [theirs[0][1], theirs[0][0]]])
    );
}

#[test]
fn every_multiclass_metric_is_scikit_learns() {
    for case in cases("multiclass") {
        let classes = class_names(&case, "classes");
        let measured = measure(&multiclass_answers(&case), &classes, 0, 0.5, LEVEL);
        check_measured(&case, Task::Multiclass, &measured);
        for (class, ours) in measured.per_class.iter().enumerate() {
            let theirs = &case["per_class"];
            check("precision of a class", ours.precision, &theirs["precision"][class]);
            check("recall of a class", ours.recall, &theirs["recall"][class]);
            check("F1 of a class", ours.f1, &theirs["f1"][class]);
            assert_eq!(Some(ours.support), theirs["support"][class].as_u64());
        }
        assert_eq!(serde_json::json!(measured.confusion.unwrap().matrix), case["confusion"], "{}", case["name"]);
    }
}

#[test]
fn every_regression_metric_is_scikit_learns() {
    for case in cases("regression") {
        check_measured(&case, Task::Regression, &measure(&regression_answers(&case), &[], 0, 0.5, LEVEL));
    }
}

/// A table in memory, as a reader gives it.
fn dataset(columns: Vec<Column>) -> Dataset {
    Dataset {
        table: Arc::new(Table::new(columns).unwrap()),
        path: PathBuf::from("golden.csv"),
        fingerprint: Fingerprint { sha256: "00".repeat(32), size_bytes: 1, modified_ms: None },
        format: Format::Text,
        notes: Vec::new(),
    }
}

#[test]
fn rows_whose_score_is_not_a_number_are_left_out_and_counted() {
    let case = case("binary", "missing scores");
    let score = case["score"].as_array().unwrap().iter().map(|s| s.as_f64().unwrap_or(f64::NAN)).collect();
    let truth = labels(&case["truth"]).into_iter().map(i64::from).collect();
    let data = dataset(vec![Column::new("y", Values::ints(truth)), Column::new("p", Values::Float(score))]);
    let said =
        Predictions { scores: vec![ClassScore { class: None, column: "p".to_owned() }], ..Predictions::default() };
    let mut plan = Plan::new("y");
    plan.threshold = case["threshold"].as_f64();
    let report = run(&plan, &[Candidate::of_columns(said)], Data::new(&data, 0.0), None, &NoWatch).unwrap();
    let model = &report.models[0];
    assert_eq!(Some(model.rows as u64), case["rows"].as_u64());
    assert_eq!(Some(model.skipped.iter().map(|s| s.rows).sum::<u64>()), case["skipped"].as_u64());
    for (metric, theirs) in case["metrics"].as_object().unwrap() {
        check(metric, model.value(metric), theirs);
    }
}

#[test]
fn det_curves_are_scikit_learns() {
    let mut seen = 0;
    for case in cases("binary") {
        let Some(theirs) = case.get("curves").map(|c| &c["det"]) else { continue };
        seen += 1;
        let Answers::Binary { scores, positive, .. } = binary_answers(&case) else { continue };
        let points = det_curve(&RankedScores::new(&scores, &positive));
        let curve = views::det(&RankedScores::new(&scores, &positive)).unwrap();
        let all = |ours: &[Option<f64>], key: &str| {
            let theirs = theirs[key].as_array().unwrap();
            assert_eq!(ours.len(), theirs.len(), "{}: {key}", case["name"]);
            for (a, b) in ours.iter().zip(theirs) {
                check(&format!("{}: {key}", case["name"]), *a, b);
            }
        };
        let some = |pick: fn(&CurvePoint) -> f64| points.iter().map(|p| Some(pick(p))).collect::<Vec<_>>();
        all(&some(|p| p.x), "fpr");
        all(&some(|p| p.y), "fnr");
        // Curves as short as these are drawn whole.
        all(&curve.thresholds, "thresholds");
        all(&curve.probit_fpr, "probit_fpr");
        all(&curve.probit_fnr, "probit_fnr");
    }
    assert!(seen > 2, "too few curves");
}

#[test]
fn one_against_rest_is_scikit_learns() {
    for case in cases("multiclass") {
        let answers = multiclass_answers(&case);
        let classes = class_names(&case, "classes");
        let ours = views::one_vs_rest(&answers, &classes, LEVEL, &NoWatch).unwrap();
        let theirs = &case["one_vs_rest"];
        let what = |metric: &str| format!("{}: {metric}", case["name"]);
        for (metric, value) in [
            ("precision_micro", &ours.micro.precision),
            ("recall_micro", &ours.micro.recall),
            ("f1_micro", &ours.micro.f1),
        ] {
            check(&what(metric), value.value, &theirs[metric]);
        }
        let Answers::Multiclass { truth, probabilities, k, .. } = &answers else { continue };
        if probabilities.is_empty() {
            assert!(ours.micro.roc_auc.reason.is_some() && ours.classes.is_empty());
            continue;
        }
        check(&what("roc_auc_micro"), ours.micro.roc_auc.value, &theirs["roc_auc_micro"]);
        check(&what("average_precision_macro"), ours.average_precision_macro.value, &theirs["average_precision_macro"]);
        let rankings = rankings(truth, probabilities, *k, &mut || true).unwrap();
        assert_eq!((ours.classes.len(), rankings.len()), (*k, *k));
        for (class, (ours, ranking)) in ours.classes.iter().zip(&rankings).enumerate() {
            check(&what("roc_auc"), ours.roc_auc.value, &theirs["roc_auc"][class]);
            check(&what("variance"), ranking.variance, &theirs["delong_variance"][class]);
            check(&what("average_precision"), ours.average_precision.value, &theirs["average_precision"][class]);
            assert!(ours.roc_auc.value.is_some() || ours.roc_auc.reason.is_some());
        }
    }
}

/// JSON writes what is not finite as null, and a null does not read back as a number.
fn check_finite(views: &Views) {
    let text = serde_json::to_string(views).unwrap();
    assert_eq!(&serde_json::from_str::<Views>(&text).unwrap(), views);
}

#[test]
fn views_of_every_case_are_finite_and_small() {
    let of = |answers: &Answers, classes: &[String]| {
        let rows: Vec<u32> = (0..answers.rows() as u32).collect();
        let ranked = answers.ranked();
        let looked =
            views::Looked { answers, ranked: ranked.as_ref(), rows: &rows, classes, positive: 1, threshold: 0.5 };
        let views = views::views(looked, LEVEL, &NoWatch).unwrap();
        check_finite(&views);
        assert!(views.worst.len() <= views::WORST_ROWS);
    };
    for case in cases("binary") {
        of(&binary_answers(&case), &class_names(&case, "labels"));
    }
    for case in cases("multiclass") {
        of(&multiclass_answers(&case), &class_names(&case, "classes"));
    }
    for case in cases("regression") {
        of(&regression_answers(&case), &[]);
    }
}

#[test]
fn the_promised_cases_are_there() {
    for (key, names) in [
        (
            "binary",
            &[
                "smooth scores",
                "tied scores",
                "rare class",
                "string labels",
                "all scores equal, at the threshold",
                "perfect",
                "only negatives",
                "only positives",
                "labels only",
                "missing scores",
            ][..],
        ),
        ("multiclass", &["four classes", "class that never occurs", "labels only", "five classes, many ties"][..]),
        ("regression", &["with negative targets", "constant target, missed", "zero targets"][..]),
    ] {
        for name in names {
            assert!(case(key, name).is_object(), "{key}: {name}");
        }
    }
}
