//! When signing is refused, what the hashes hold, and that they survive saving.

use super::super::policy::{self, Policy};
use super::super::report::{MetricValue, Report};
use super::*;
use serde_json::{Value, json};

/// A report on one model whose F1 is an inconvenient number, judged by `policy()`.
fn report() -> Report {
    let metric =
        |value: f64| json!({"value": value, "low": value - 0.1, "high": value + 0.1, "level": 0.95, "interval": "x"});
    serde_json::from_value(json!({
        "schema_version": 1, "created_at_ms": 5, "comparison": [], "recommendation": null, "target": "y", "level": 0.95,
        "seed": 7, "policy": "P", "data": {"path": "d.csv", "sha256": "dd", "rows": 10, "columns": 3},
        "models": [{
            "name": "M", "path": "m.onnx", "sha256": "aa", "rows": 10, "rows_without_target": 0, "skipped": [],
            "task": "binary", "classes": ["0", "1"], "positive": "1", "threshold": 0.1 + 0.2,
            "metrics": {"f1": metric(1.0 / 3.0), "log_loss": metric(1e-17), "mcc": {"value": null, "low": null,
                "high": null, "level": 0.95, "interval": null, "reason": "one class"}},
            "baseline": {"strategy": "mean", "metrics": {}}, "per_class": [],
            "confusion": {"labels": ["0", "1"], "matrix": [[4, 1], [2, 3]]}, "curves": null, "segments": [],
            "weak_segments": [], "gates": [], "verdict": "pass",
            "binding": {"inputs": [{"input": "x", "columns": [{"column": "a"}], "how": "exact"}]},
            "timing": {"read_s": 0.1, "predict_s": 0.2, "metrics_s": 0.3, "total_s": 0.6}, "rows_per_second": 50.0
        }]
    }))
    .unwrap()
}

fn policy() -> Policy {
    policy::parse("name = \"P\"\n[[gate]]\nname = \"Good\"\nmetric = \"f1\"\nat_least = 0.5\n").unwrap()
}

/// The report with the result of `policy()`'s gate.
fn judged(passed: bool, required: bool, applies: bool) -> Report {
    let mut report = report();
    let model = &mut report.models[0];
    model.gates = serde_json::from_value(json!([{
        "name": "Good", "metric": "f1", "condition": policy().gates[0].sentence(), "value": 0.3, "bound_used": "point",
        "limit": 0.5, "margin": -0.2, "passed": passed, "applies": applies, "required": required, "rows": 10,
        "segment": null, "reason": null
    }]))
    .unwrap();
    let fails = applies && required && !passed;
    model.verdict = if fails { "fail" } else { "pass" }.to_owned();
    report
}

fn signed(report: &Report, reason: Option<&str>) -> Result<SignOff, Refusal> {
    sign(report, 0, Some(&policy()), " Reviewer ", " fine ", reason, 99)
}

#[test]
fn a_result_that_passes_is_signed_as_it_is() {
    let report = judged(true, true, true);
    let signed = signed(&report, None).unwrap();
    assert_eq!((signed.who.as_str(), signed.note.as_str(), signed.at_ms), ("Reviewer", "fine", 99));
    assert_eq!((signed.hashes.model.as_str(), signed.hashes.data.as_str()), ("aa", "dd"));
    assert_eq!(signed.hashes.policy, Some(crate::data::fingerprint::sha256_of(policy().to_toml().as_bytes())));
    assert_eq!((signed.metrics["f1"], signed.metrics["mcc"]), (Some(1.0 / 3.0), None));
    assert!(signed.failed_gates.is_empty() && signed.override_reason.is_none());
    let saved = serde_json::to_string(&signed).unwrap();
    assert_eq!(serde_json::from_str::<SignOff>(&saved).unwrap(), signed);
    assert_eq!(recheck(&signed, &report, 0, Some(&policy())), Ok(Vec::new()));
}

#[test]
fn nobody_signs_nothing_and_no_model_that_is_not_there() {
    let report = judged(true, true, true);
    for who in ["", "  \t", "-"] {
        assert_eq!(sign(&report, 0, Some(&policy()), who, "", None, 0), Err(Refusal::NoName));
    }
    let refused = sign(&report, 1, Some(&policy()), "R", "", None, 0).unwrap_err();
    assert_eq!(refused, Refusal::NoSuchModel { model: 1, models: 1 });
    assert!(refused.to_string().contains("number 2"), "{refused}");
}

#[test]
fn a_failed_gate_needs_a_reason_and_a_reason_needs_a_failed_gate() {
    let failing = judged(false, true, true);
    for reason in [None, Some(""), Some("  ")] {
        let refused = signed(&failing, reason).unwrap_err();
        assert!(refused.to_string().contains("“Good”") && refused.to_string().contains("override"), "{refused}");
    }
    for reason in ["ok", "!!! ???", "because"] {
        assert!(matches!(signed(&failing, Some(reason)), Err(Refusal::NoReason { .. })), "{reason}");
    }
    for reason in ["pilot of two weeks", "業務上必要なため"] {
        let overridden = signed(&failing, Some(reason)).unwrap();
        assert_eq!((overridden.verdict.as_str(), overridden.failed_gates.len()), ("fail", 1));
        assert_eq!(overridden.override_reason.as_deref(), Some(reason));
    }
    for (required, applies) in [(false, true), (true, false)] {
        let advisory = judged(false, required, applies);
        let mut policy = policy();
        policy.gates[0].required = required;
        let signed = |reason| sign(&advisory, 0, Some(&policy), "R", "", reason, 0);
        assert!(signed(None).unwrap().failed_gates.is_empty());
        assert_eq!(signed(Some("to be sure")), Err(Refusal::NothingFailed));
        assert_eq!(signed(Some("")), Err(Refusal::NothingFailed));
    }
    // A verdict that says fail is believed even without the gate that caused it, and a gate even against the verdict.
    let mut odd = judged(true, true, true);
    odd.models[0].verdict = "fail".to_owned();
    assert!(matches!(signed(&odd, None), Err(Refusal::Fails { .. })));
    let mut odd = judged(false, true, true);
    odd.models[0].verdict = "pass".to_owned();
    assert!(matches!(signed(&odd, None), Err(Refusal::Fails { .. })));
}

#[test]
fn the_policy_must_be_the_one_that_judged() {
    let report = judged(true, true, true);
    assert_eq!(sign(&report, 0, None, "R", "", None, 0), Err(Refusal::NoPolicy { policy: "P".to_owned() }));
    let stricter = policy::parse(&policy().to_toml().replace("0.5", "0.6")).unwrap();
    assert!(matches!(sign(&report, 0, Some(&stricter), "R", "", None, 0), Err(Refusal::OtherPolicy { .. })));
    let renamed = Policy { name: "Q".to_owned(), ..policy() };
    assert!(matches!(sign(&report, 0, Some(&renamed), "R", "", None, 0), Err(Refusal::OtherPolicy { .. })));
    let mut without = report;
    without.policy = None;
    without.models[0].verdict = "none".to_owned();
    without.models[0].gates.clear();
    assert_eq!(sign(&without, 0, None, "R", "", None, 0).unwrap().hashes.policy, None);
    assert!(matches!(sign(&without, 0, Some(&policy()), "R", "", None, 0), Err(Refusal::OtherPolicy { .. })));
}

#[test]
fn hashes_survive_saving_other_key_orders_and_another_run() {
    let report = report();
    let hashes = Hashes::of(&report, 0, Some(&policy())).unwrap();
    let pretty = serde_json::to_string_pretty(&report).unwrap();
    let loaded: Report = serde_json::from_str(&pretty).unwrap();
    assert_eq!(Hashes::of(&loaded, 0, Some(&policy())).unwrap(), hashes);
    let through_value: Report = serde_json::from_value(reversed(serde_json::from_str(&pretty).unwrap())).unwrap();
    assert_eq!(Hashes::of(&through_value, 0, Some(&policy())).unwrap(), hashes);

    let mut again = report.clone();
    again.created_at_ms = 9;
    again.data.path = "elsewhere.csv".to_owned();
    let model = &mut again.models[0];
    model.timing.total_s = 77.0;
    model.rows_per_second = 1.0;
    model.path = "elsewhere.onnx".to_owned();
    assert_eq!(Hashes::of(&again, 0, Some(&policy())).unwrap(), hashes);
}

/// The same value with every map built in the opposite order.
fn reversed(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries: Vec<_> = map.into_iter().collect();
            Value::Object(entries.into_iter().rev().map(|(key, item)| (key, reversed(item))).collect())
        }
        Value::Array(items) => items.into_iter().map(reversed).collect(),
        plain => plain,
    }
}

#[test]
fn a_recheck_names_what_moved_and_by_how_much() {
    let report = judged(true, true, true);
    let signed = signed(&report, None).unwrap();
    let mut again = report.clone();
    again.data.sha256 = "ee".to_owned();
    again.models[0].metrics.insert("f1".to_owned(), MetricValue { value: Some(0.25), ..MetricValue::default() });
    again.models[0].metrics.remove("log_loss");
    let found = recheck(&signed, &again, 0, Some(&policy())).unwrap();
    let parts: Vec<Part> =
        found.iter().filter_map(|d| if let Difference::Hash { part, .. } = d { Some(*part) } else { None }).collect();
    assert_eq!(parts, [Part::Data, Part::Result]);
    let by = Some(0.25 - 1.0 / 3.0);
    let f1 = Difference::Metric { metric: "f1".to_owned(), was: Some(1.0 / 3.0), now: Some(0.25), by };
    assert!(found.contains(&f1) && f1.sentence().contains("f1 was 0.333"), "{found:?}");
    let gone = Difference::Metric { metric: "log_loss".to_owned(), was: Some(1e-17), now: None, by: None };
    assert!(found.contains(&gone), "{found:?}");
    assert!(recheck(&signed, &again, 3, None).is_err());

    let mut again = report.clone();
    again.models[0].binding.set("x", "b");
    if let Some(confusion) = &mut again.models[0].confusion {
        confusion.matrix[0][0] += 1;
    }
    let found = compare((&report, 0), (&again, 0)).unwrap();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.contains(&Difference::Field { field: "confusion".to_owned() }), "{found:?}");
    assert_eq!(compare((&report, 0), (&report, 0)), Ok(Vec::new()));
}
