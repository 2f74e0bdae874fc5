//! The numbers of the stats room against their sources: scikit-learn, scipy and NannyML, on small committed cases.
//! `tests/golden/make_*.py` say how the numbers came to be; nothing here needs Python.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail like tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use modeldeck::stats::binary::BinaryCounts;
use modeldeck::stats::delong::Placements;
use modeldeck::stats::multiclass::{self, ConfusionMatrix};
use modeldeck::stats::ranked::{CurvePoint, RankedScores};
use modeldeck::stats::regression::RegressionMetrics;
use modeldeck::stats::threshold::std_threshold;
use modeldeck::stats::{distance, histogram, intervals, paired, probability};
use serde_json::Value;

const TOLERANCE: f64 = 1e-9;

fn golden(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The cases under a key; that there are some is part of the test.
fn cases(file: &Value, key: &str) -> Vec<Value> {
    let cases = file[key].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "no case of {key}");
    cases
}

fn name(case: &Value) -> &str {
    case["name"].as_str().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().filter_map(Value::as_f64).collect()
}

fn labels(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as u32).collect()
}

fn check(what: &str, ours: Option<f64>, theirs: &Value) {
    check_within(what, ours, theirs, TOLERANCE);
}

fn check_within(what: &str, ours: Option<f64>, theirs: &Value, tolerance: f64) {
    match (ours, theirs.as_f64()) {
        (None, None) => assert!(theirs.is_null(), "{what}: {theirs} is no number"),
        (Some(a), Some(b)) if (a - b).abs() <= tolerance * b.abs().max(1.0) => {}
        (ours, theirs) => assert_eq!(ours, theirs, "{what}"),
    }
}

fn check_all(what: &str, ours: &[f64], theirs: &Value) {
    let theirs = theirs.as_array().unwrap();
    assert_eq!(ours.len(), theirs.len(), "{what}: length");
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        check(&format!("{what} at {i}"), Some(*a), b);
    }
}

/// Scores and truth of a binary case without the rows whose score is missing.
fn known_rows(case: &Value) -> (Vec<f64>, Vec<bool>) {
    let scores = case["score"].as_array().unwrap();
    let truth = case["truth"].as_array().unwrap();
    scores.iter().zip(truth).filter_map(|(s, t)| Some((s.as_f64()?, t.as_u64()? == 1))).unzip()
}

fn check_curves(case: &Value, ranked: &RankedScores, scores: &[f64], truth: &[bool]) {
    let at = |points: &[CurvePoint], pick: fn(&CurvePoint) -> f64| points.iter().map(pick).collect::<Vec<_>>();
    let curves = &case["curves"];
    let roc = ranked.roc_curve();
    check_all("fpr", &at(&roc, |p| p.x), &curves["roc"]["fpr"]);
    check_all("tpr", &at(&roc, |p| p.y), &curves["roc"]["tpr"]);
    // scikit-learn's first threshold is infinite, which JSON does not know.
    assert!(roc[0].threshold.is_infinite() && curves["roc"]["thresholds"][0].is_null());
    let theirs = Value::from(numbers(&curves["roc"]["thresholds"]));
    check_all("ROC thresholds", &at(&roc[1..], |p| p.threshold), &theirs);

    let pr = ranked.precision_recall_curve();
    check_all("precision", &at(&pr, |p| p.y), &curves["precision_recall"]["precision"]);
    check_all("recall", &at(&pr, |p| p.x), &curves["precision_recall"]["recall"]);
    let thresholds = at(&pr[..pr.len() - 1], |p| p.threshold);
    check_all("precision-recall thresholds", &thresholds, &curves["precision_recall"]["thresholds"]);

    let bins = probability::calibration(scores, truth, 10);
    let filled: Vec<_> = bins.iter().filter(|b| b.rows > 0).collect();
    let predicted: Vec<f64> = filled.iter().map(|b| b.predicted).collect();
    let observed: Vec<f64> = filled.iter().map(|b| b.observed).collect();
    check_all("calibration, predicted", &predicted, &curves["calibration"]["predicted"]);
    check_all("calibration, observed", &observed, &curves["calibration"]["observed"]);
}

#[test]
fn binary_metrics_are_scikit_learns() {
    let mut with_curves = 0;
    for case in cases(&golden("metrics.json"), "binary") {
        let (scores, truth) = known_rows(&case);
        assert_eq!(scores.len() as u64, case["rows"].as_u64().unwrap(), "{}", name(&case));
        let threshold = case["threshold"].as_f64().unwrap();
        let ranked = RankedScores::new(&scores, &truth);
        let counts = ranked.counts_at(threshold);
        assert_eq!(counts, BinaryCounts::at(&scores, &truth, threshold), "{}", name(&case));
        let matrix = [[counts.tn, counts.fp], [counts.fn_, counts.tp]];
        assert_eq!(serde_json::json!(matrix), case["confusion"], "{}", name(&case));

        for (metric, theirs) in case["metrics"].as_object().unwrap() {
            let ours = match metric.as_str() {
                "roc_auc" => ranked.roc_auc(),
                "average_precision" => ranked.average_precision(),
                "log_loss" => probability::log_loss(&scores, &truth),
                "brier" => probability::brier(&scores, &truth),
                "ece" => probability::expected_calibration_error(&probability::calibration(&scores, &truth, 10)),
                of_counts => counts.metric(of_counts),
            };
            check(&format!("{}: {metric}", name(&case)), ours, theirs);
        }
        if case.get("curves").is_some() {
            check_curves(&case, &ranked, &scores, &truth);
            with_curves += 1;
        }
    }
    assert!(with_curves > 0, "no case with curves");
}

#[test]
fn multiclass_metrics_are_scikit_learns() {
    for case in cases(&golden("metrics.json"), "multiclass") {
        let k = case["classes"].as_array().unwrap().len();
        let (truth, said) = (labels(&case["truth"]), labels(&case["predicted"]));
        // A case of labels only has none, and no metric that needs them.
        let probabilities: Vec<f64> =
            case["probabilities"].as_array().iter().flat_map(|p| p.iter()).flat_map(numbers).collect();
        let matrix = ConfusionMatrix::of(&truth, &said, k);
        let theirs: Vec<f64> = case["confusion"].as_array().unwrap().iter().flat_map(numbers).collect();
        assert_eq!(matrix.counts(), theirs, "{}", name(&case));

        let classes = matrix.per_class();
        let support: Vec<f64> = classes.iter().map(|c| c.support).collect();
        let of_class = |pick: fn(&multiclass::ClassQuality) -> f64| classes.iter().map(pick).collect::<Vec<_>>();
        let theirs = &case["per_class"];
        check_all("precision", &of_class(|c| c.precision), &theirs["precision"]);
        check_all("recall", &of_class(|c| c.recall), &theirs["recall"]);
        check_all("f1", &of_class(|c| c.f1), &theirs["f1"]);
        check_all("support", &support, &theirs["support"]);

        let areas = multiclass::roc_auc_one_vs_rest(&truth, &probabilities, k);
        for (metric, theirs) in case["metrics"].as_object().unwrap() {
            let ours = match metric.as_str() {
                "log_loss" => multiclass::log_loss(&truth, &probabilities, k),
                "roc_auc_ovr_macro" => multiclass::macro_area(&areas),
                "roc_auc_ovr_weighted" => multiclass::weighted_area(&areas, &support),
                of_matrix => matrix.metric(of_matrix),
            };
            check(&format!("{}: {metric}", name(&case)), ours, theirs);
        }
    }
}

#[test]
fn regression_metrics_are_scikit_learns() {
    for case in cases(&golden("metrics.json"), "regression") {
        let ours = RegressionMetrics::of(&numbers(&case["target"]), &numbers(&case["prediction"])).unwrap();
        assert_eq!(ours.rows, case["rows"].as_u64().unwrap());
        for (metric, theirs) in case["metrics"].as_object().unwrap() {
            check(&format!("{}: {metric}", name(&case)), ours.metric(metric), theirs);
        }
    }
}

#[test]
fn delong_is_its_definition_over_all_pairs() {
    for case in cases(&golden("metrics.json"), "delong") {
        let truth: Vec<bool> = labels(&case["truth"]).iter().map(|t| *t == 1).collect();
        let a = Placements::of(&numbers(&case["score_a"]), &truth).unwrap();
        let b = Placements::of(&numbers(&case["score_b"]), &truth).unwrap();
        let difference = paired::delong(&a, &b, case["level"].as_f64().unwrap()).unwrap();
        for (what, ours) in [
            ("auc_a", a.auc),
            ("auc_b", b.auc),
            ("variance_a", a.variance().unwrap()),
            ("variance_b", b.variance().unwrap()),
            ("covariance", a.covariance(&b).unwrap()),
            ("difference", difference.value),
            ("low", difference.low),
            ("high", difference.high),
            ("p_value", difference.p_value),
        ] {
            check(&format!("{}: {what}", name(&case)), Some(ours), &case[what]);
        }
    }
}

#[test]
fn wilsons_interval_is_scipys() {
    for case in cases(&golden("metrics.json"), "wilson") {
        let at = |key: &str| case[key].as_f64().unwrap();
        let ours = intervals::wilson(at("hits"), at("rows"), at("level")).unwrap();
        check(&format!("{case}: low"), Some(ours.low), &case["low"]);
        check(&format!("{case}: high"), Some(ours.high), &case["high"]);
    }
}

#[test]
fn mcnemars_p_is_exact_for_few_and_corrected_for_many() {
    for case in cases(&golden("metrics.json"), "mcnemar") {
        let (a, b) = (case["only_a_right"].as_u64().unwrap(), case["only_b_right"].as_u64().unwrap());
        let theirs = if a + b < 25 { &case["exact_p"] } else { &case["corrected_p"] };
        check(&case.to_string(), Some(paired::mcnemar_p(a, b)), theirs);
        check(&case.to_string(), Some(paired::mcnemar_p(b, a)), theirs);
    }
}

/// Numbers of a drift case by chunk, null left out.
fn numeric_chunks(case: &Value, which: &str) -> Vec<Vec<f64>> {
    let size = case["chunk_size"].as_u64().unwrap() as usize;
    case[which].as_array().unwrap().chunks(size).map(|c| c.iter().filter_map(Value::as_f64).collect()).collect()
}

fn names(values: &[Value]) -> Vec<&str> {
    values.iter().filter_map(Value::as_str).collect()
}

/// NannyML takes what is left of 1 after floating sums for a share of unseen values, so its zeros may be 1e-8.
const NANNYML_ZERO: f64 = 2e-8;

fn check_drift(what: &str, ours: Option<f64>, theirs: &Value) {
    let zero = theirs.as_f64().is_some_and(|x| x < NANNYML_ZERO);
    check_within(what, ours, theirs, if zero { NANNYML_ZERO } else { TOLERANCE });
}

/// Values of all chunks, then NannyML's limits from the reference's and its alerts on the current ones.
fn check_method(what: &str, theirs: &Value, reference: &[Option<f64>], current: &[Option<f64>]) {
    for (which, ours) in [("reference", reference), ("current", current)] {
        let theirs = theirs[which].as_array().unwrap();
        assert_eq!(ours.len(), theirs.len(), "{what}: chunks of {which}");
        for (chunk, (a, b)) in ours.iter().zip(theirs).enumerate() {
            check_drift(&format!("{what}: {which} chunk {chunk}"), *a, b);
        }
    }
    // The chi-squared test has no limits. Its alerts in the file are no source either: NannyML's method remembers the
    // last p value, and the file was written after all chunks were measured.
    if theirs["upper"].is_null() {
        return;
    }
    let known: Vec<f64> = reference.iter().copied().flatten().collect();
    let (low, high) = std_threshold(&known, 3.0).unwrap();
    // A distance is never below 0, and NannyML draws the limit there.
    let low = low.max(0.0);
    check_drift(&format!("{what}: lower"), Some(low), &theirs["lower"]);
    check_drift(&format!("{what}: upper"), Some(high), &theirs["upper"]);
    for (chunk, (value, alert)) in current.iter().zip(theirs["alerts"].as_array().unwrap()).enumerate() {
        let ours = value.is_some_and(|v| v < low || v > high);
        // On the limit itself rounding decides, on either side.
        let on_it = value.is_some_and(|v| (v - low).abs() < NANNYML_ZERO || (v - high).abs() < NANNYML_ZERO);
        assert!(on_it || alert.as_bool() == Some(ours), "{what}: alert of chunk {chunk}");
    }
}

#[test]
fn numeric_drift_is_nannymls() {
    let mut seen = 0;
    for case in cases(&golden("drift.json"), "columns").iter().filter(|c| c["kind"] == "numeric") {
        let all: Vec<f64> = numbers(&case["reference"]);
        let edges = histogram::doane_edges(&all).unwrap();
        check_all(&format!("{}: edges", name(case)), &edges, &case["doane_edges"]);
        let (known, outside) = histogram::count(&edges, &all);
        assert_eq!(serde_json::json!(known), case["reference_counts"], "{}", name(case));
        assert_eq!(outside, 0);

        for (method, theirs) in case["methods"].as_object().unwrap() {
            let measure = |chunk: &Vec<f64>| {
                let (inside, outside) = histogram::count(&edges, chunk);
                match method.as_str() {
                    "js/nannyml" => {
                        let ours = distance::js_nannyml(&known, &inside, outside);
                        assert_eq!(ours, distance::js_nannyml_numeric(&all, chunk));
                        ours
                    }
                    "hellinger/nannyml" => distance::hellinger_nannyml(&known, &inside, outside),
                    "ks/nannyml" => distance::kolmogorov_smirnov(&all, chunk),
                    "wasserstein/nannyml" => distance::wasserstein(&all, chunk),
                    other => untested(other),
                }
            };
            let by_chunk = |which| numeric_chunks(case, which).iter().map(measure).collect::<Vec<_>>();
            let what = format!("{}: {method}", name(case));
            check_method(&what, theirs, &by_chunk("reference"), &by_chunk("current"));
            seen += 1;
        }
        let exact = numeric_chunks(case, "current");
        for (chunk, theirs) in exact.iter().zip(case["ks_statistic_scipy"].as_array().unwrap()) {
            check(name(case), distance::kolmogorov_smirnov(&all, chunk), theirs);
        }
    }
    assert!(seen > 0);
}

#[test]
fn categorical_drift_is_nannymls() {
    let mut seen = 0;
    for case in cases(&golden("drift.json"), "columns").iter().filter(|c| c["kind"] == "categorical") {
        let (reference, current) = (case["reference"].as_array().unwrap(), case["current"].as_array().unwrap());
        let size = case["chunk_size"].as_u64().unwrap() as usize;
        // Each category of either side has a place; those of the reference come first.
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for category in names(reference) {
            let next = places.len();
            places.entry(category).or_insert(next);
        }
        let of_reference = places.len();
        for category in names(current) {
            let next = places.len();
            places.entry(category).or_insert(next);
        }
        let tally = |values: &[Value]| {
            let mut counts = vec![0_u64; places.len()];
            for category in names(values) {
                counts[places[category]] += 1;
            }
            counts
        };
        let known = tally(reference);
        for (method, theirs) in case["methods"].as_object().unwrap() {
            let measure = |chunk: &[Value]| {
                let counts = tally(chunk);
                let (inside, unseen) = counts.split_at(of_reference);
                let outside = unseen.iter().sum();
                match method.as_str() {
                    "js/nannyml" => distance::js_nannyml(&known[..of_reference], inside, outside),
                    "hellinger/nannyml" => distance::hellinger_nannyml(&known[..of_reference], inside, outside),
                    "linf/nannyml" => distance::l_infinity(&known, &counts),
                    "chi2/nannyml" => distance::chi_squared(&known, &counts).map(|test| test.statistic),
                    other => untested(other),
                }
            };
            let what = format!("{}: {method}", name(case));
            let by_chunk = |values: &[Value]| values.chunks(size).map(measure).collect::<Vec<_>>();
            check_method(&what, theirs, &by_chunk(reference), &by_chunk(current));
            seen += 1;
        }
    }
    assert!(seen > 0);
}

/// A method that the golden file has and no test knows is a gap in the test.
fn untested(method: &str) -> Option<f64> {
    assert_eq!(method, "", "a golden method without a test");
    None
}

#[test]
fn thresholds_are_nannymls() {
    for case in cases(&golden("drift.json"), "std_thresholds") {
        let (low, high) = std_threshold(&numbers(&case["values"]), 3.0).unwrap();
        check("lower", Some(low), &case["lower"]);
        check("upper", Some(high), &case["upper"]);
    }
}
