//! Every condition and bound in both directions, ties, and everything that can be missing.

use super::super::parse::parse;
use super::*;
use crate::model::{Binding, Task};
use crate::validate::report::{Baseline, Timing};

fn metric(value: f64, low: f64, high: f64) -> MetricValue {
    let [value, low, high] = [value, low, high].map(|v| v.is_finite().then_some(v));
    MetricValue { value, low, high, level: 0.95, interval: low.map(|_| "some".to_owned()), reason: None }
}

fn figures(metrics: &[(&str, MetricValue)]) -> BTreeMap<String, MetricValue> {
    metrics.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn result(task: Task, metrics: &[(&str, MetricValue)]) -> ModelResult {
    // From JSON, so that a field added to results does not touch these tests.
    let mut result: ModelResult = serde_json::from_value(serde_json::json!({
        "name": "M", "path": "m.onnx", "sha256": "", "rows": 1000, "rows_without_target": 0, "skipped": [],
        "task": task, "classes": [], "positive": null, "threshold": null, "metrics": {},
        "baseline": Baseline::default(), "per_class": [], "confusion": null, "curves": null, "segments": [],
        "weak_segments": [], "gates": [], "verdict": "none", "binding": Binding::default(),
        "timing": Timing::default(), "rows_per_second": 0.0
    }))
    .unwrap();
    result.metrics = figures(metrics);
    result
}

fn policy(gates: &str) -> Policy {
    parse(&format!("name = \"P\"\n{gates}")).unwrap()
}

fn gate(metric: &str, rest: &str) -> Policy {
    policy(&format!("[[gate]]\nname = \"G\"\nmetric = \"{metric}\"\n{rest}\n"))
}

/// A binary result with F1 `value` in an interval of ± 0.02 and a log loss of the same.
fn of(value: f64) -> ModelResult {
    let m = metric(value, value - 0.02, value + 0.02);
    result(Task::Binary, &[("f1", m.clone()), ("log_loss", m)])
}

fn one(policy: &Policy, result: &ModelResult) -> GateResult {
    let verdict = judge(policy, &Evidence::of(result));
    assert_eq!(verdict.gates.len(), 1, "{verdict:?}");
    let only = verdict.gates.into_iter().next().unwrap();
    let expected = match (only.applies, only.passed) {
        (false, _) => Decision::None,
        (true, true) => Decision::Pass,
        (true, false) => Decision::Fail,
    };
    assert_eq!(verdict.verdict, expected);
    only
}

fn close(found: Option<f64>, wanted: f64) -> bool {
    found.is_some_and(|f| (f - wanted).abs() < 1e-12)
}

#[test]
fn constants_hold_at_the_limit_and_not_beyond() {
    for (rest, passes, fails) in [
        ("at_least = 0.7", [0.7, 0.9], 0.699_999_9),
        ("at_most = 0.7", [0.7, 0.1], 0.700_000_1),
        // 0.02 lies between the value and each end of its interval.
        ("at_least = 0.7\nbound = \"low\"", [0.72, 0.9], 0.719),
        ("at_least = 0.7\nbound = \"high\"", [0.68, 0.9], 0.679),
        ("at_most = 0.7\nbound = \"low\"", [0.72, 0.1], 0.721),
        ("at_most = 0.7\nbound = \"high\"", [0.68, 0.1], 0.681),
    ] {
        for metric in ["f1", "log_loss"] {
            let policy = gate(metric, rest);
            for value in passes {
                let found = one(&policy, &of(value));
                assert!(found.passed && found.margin >= Some(0.0), "{rest} {value} {found:?}");
                assert_eq!((found.limit, found.reason, found.rows), (Some(0.7), None, 1000));
            }
            let tie = one(&policy, &of(passes[0]));
            assert_eq!(tie.margin, Some(0.0), "{rest}");
            let found = one(&policy, &of(fails));
            assert!(!found.passed && found.margin < Some(0.0), "{rest} {fails} {found:?}");
        }
    }
}

#[test]
fn the_value_told_is_the_bound_that_was_asked_for() {
    let found = one(&gate("f1", "at_least = 0.7\nbound = \"low\""), &of(0.8));
    assert!(close(found.value, 0.78) && close(found.margin, 0.08));
    assert_eq!((found.bound_used, found.condition.as_str()), (Bound::Low, "at least 0.70 at the lower bound"));
    assert_eq!((found.name.as_str(), found.metric.as_str(), found.required), ("G", "f1", true));
}

#[test]
fn relative_conditions_follow_the_direction_of_the_metric() {
    // The other value is 0.8 for all; each condition with its limit for F1 and for log loss.
    for (condition, f1_limit, loss_limit) in [
        ("lose_at_most = 0.1", 0.72, 0.88),
        ("lose_at_most = 0.0", 0.8, 0.8),
        ("gain_at_least = 0.05", 0.85, 0.75),
        ("gain_share_at_least = 0.1", 0.88, 0.72),
    ] {
        for against in ["\"training\"", "\"baseline\"", "\"champion\"", "0.8"] {
            for (metric, limit, better) in [("f1", f1_limit, 1.0), ("log_loss", loss_limit, -1.0)] {
                let policy = gate(metric, &format!("against = {against}\n{condition}"));
                let champion = of(0.8);
                for (offset, passes) in [(0.0, true), (0.001, true), (-0.001, false)] {
                    let mut model = of(limit + better * offset);
                    model.training.insert(metric.to_owned(), 0.8);
                    model.baseline.metrics.insert(metric.to_owned(), Some(0.8));
                    let evidence = Evidence { champion: Some((&champion, &[])), ..Evidence::of(&model) };
                    let verdict = judge(&policy, &evidence);
                    let found = &verdict.gates[0];
                    assert_eq!(found.passed, passes, "{metric} {against} {condition} {offset}: {found:?}");
                    assert!(close(found.limit, limit) && close(found.margin, offset), "{found:?}");
                    assert_eq!(verdict.verdict, if passes { Decision::Pass } else { Decision::Fail });
                }
            }
        }
    }
}

#[test]
fn within_a_share_looks_both_ways() {
    let policy = gate("f1", "against = 0.5\nwithin_share = 0.1");
    for (value, limit, margin) in [
        (0.45, 0.45, 0.0),
        (0.55, 0.55, 0.0),
        (0.5, 0.45, 0.05),
        (0.52, 0.55, 0.03),
        (0.44, 0.45, -0.01),
        (0.6, 0.55, -0.05),
    ] {
        let found = one(&policy, &of(value));
        assert!(close(found.limit, limit) && close(found.margin, margin), "{value}: {found:?}");
        assert_eq!(found.passed, margin >= 0.0, "{value}");
    }
    let high = gate("f1", "against = 0.5\nwithin_share = 0.1\nbound = \"high\"");
    assert!(!one(&high, &of(0.54)).passed && one(&high, &of(0.53)).passed);
}

#[test]
fn a_share_of_a_negative_value_is_a_share_of_its_size() {
    let policy = gate("mcc", "against = \"training\"\nlose_at_most = 0.5");
    let mut model = result(Task::Binary, &[("mcc", metric(-0.3, -0.4, -0.2))]);
    model.training.insert("mcc".to_owned(), -0.2);
    assert!(one(&policy, &model).passed);
    model.training.insert("mcc".to_owned(), -0.1);
    assert!(!one(&policy, &model).passed);
}

#[test]
fn the_mean_error_is_held_between_two_numbers() {
    let policy =
        policy("[[gate]]\nmetric = \"mean_error\"\nat_least = -5\n[[gate]]\nmetric = \"mean_error\"\nat_most = 5.0\n");
    for (value, held) in [(0.0, 2), (-5.0, 2), (5.0, 2), (-5.1, 1), (5.1, 1)] {
        let verdict =
            judge(&policy, &Evidence::of(&result(Task::Regression, &[("mean_error", metric(value, -9.0, 9.0))])));
        assert_eq!(verdict.held(), (held, 2), "{value}");
        assert_eq!(verdict.failures().count(), 2 - held);
    }
}

#[test]
fn what_is_missing_fails_with_a_reason() {
    let reason = |rest: &str, model: &ModelResult| {
        let found = one(&gate("f1", rest), model);
        assert!(found.applies && !found.passed && found.margin.is_none(), "{found:?}");
        found.reason.unwrap_or_default()
    };
    let nothing = result(Task::Binary, &[]);
    assert_eq!(reason("at_least = 0.0", &nothing), "F1 was not measured");
    let mut empty = metric(f64::NAN, f64::NAN, f64::NAN);
    let no_value = result(Task::Binary, &[("f1", empty.clone())]);
    assert_eq!(reason("at_least = 0.0", &no_value), "F1 has no value here");
    empty.reason = Some("One class only.".to_owned());
    let why = result(Task::Binary, &[("f1", empty)]);
    assert_eq!(reason("at_least = 0.0", &why), "F1 has no value here: One class only.");
    let infinite = MetricValue { value: Some(f64::INFINITY), ..MetricValue::default() };
    assert_eq!(reason("at_least = 0.0", &result(Task::Binary, &[("f1", infinite)])), "F1 has no value here");
    let no_interval = result(Task::Binary, &[("f1", metric(0.9, f64::NAN, f64::NAN))]);
    assert_eq!(
        reason("at_least = 0.0\nbound = \"low\"", &no_interval),
        "F1 has no interval, so its lower bound is unknown"
    );
    assert_eq!(
        reason("at_most = 1.0\nbound = \"high\"", &no_interval),
        "F1 has no interval, so its upper bound is unknown"
    );
    let mut model = of(0.9);
    let lose = |against: &str| format!("against = \"{against}\"\nlose_at_most = 0.1");
    assert_eq!(reason(&lose("training"), &model), "The model card names no training value of F1");
    model.training.insert("f1".to_owned(), f64::NAN);
    assert_eq!(reason(&lose("training"), &model), "The model card names no training value of F1");
    assert_eq!(reason(&lose("baseline"), &model), "F1 of the naive baseline has no value here");
    model.baseline.metrics.insert("f1".to_owned(), None);
    assert_eq!(reason(&lose("baseline"), &model), "F1 of the naive baseline has no value here");
    assert_eq!(reason(&lose("champion"), &model), "No champion was validated on the same rows");
    let champion = Evidence { champion: Some((&nothing, &[])), ..Evidence::of(&model) };
    let found = judge(&gate("f1", &lose("champion")), &champion);
    assert_eq!(found.gates[0].reason.as_deref(), Some("Of the champion: F1 was not measured"));
    assert_eq!(found.verdict, Decision::Fail);
}

#[test]
fn no_share_is_taken_of_zero_but_nothing_may_be_lost_of_it() {
    let mut model = of(0.9);
    model.baseline.metrics.insert("f1".to_owned(), Some(0.0));
    for condition in ["gain_share_at_least = 0.1", "within_share = 0.1"] {
        let found = one(&gate("f1", &format!("against = \"baseline\"\n{condition}")), &model);
        assert!(!found.passed);
        assert_eq!(found.reason.as_deref(), Some("The naive baseline is zero, of which no share can be taken"));
    }
    model.training.insert("log_loss".to_owned(), 0.0);
    let lose = gate("log_loss", "against = \"training\"\nlose_at_most = 0.5");
    assert_eq!(one(&lose, &model).limit, Some(0.0));
    assert!(!one(&lose, &model).passed);
}

#[test]
fn a_weak_interval_is_told_but_only_where_it_was_used() {
    let weak = MetricValue { reason: Some("Only 3 positives.".to_owned()), ..metric(0.8, 0.7, 0.9) };
    let model = result(Task::Binary, &[("f1", weak)]);
    let low = one(&gate("f1", "at_least = 0.7\nbound = \"low\""), &model);
    assert_eq!((low.passed, low.reason.as_deref()), (true, Some("Only 3 positives.")));
    assert_eq!(one(&gate("f1", "at_least = 0.7"), &model).reason, None);
}

#[test]
fn a_metric_of_another_task_is_told_and_not_counted() {
    let found = one(&gate("rmse", "at_most = 3"), &of(0.9));
    assert!(!found.applies && !found.passed && !found.fails());
    assert_eq!(found.reason.as_deref(), Some("A binary model has no RMSE"));
    let both = policy("[[gate]]\nmetric = \"rmse\"\nat_most = 3\n[[gate]]\nmetric = \"f1\"\nat_least = 0.5\n");
    let verdict = judge(&both, &Evidence::of(&of(0.9)));
    assert_eq!((verdict.verdict, verdict.held()), (Decision::Pass, (1, 1)));
}

#[test]
fn a_gate_that_is_not_sound_fails() {
    let mut policy = gate("f1", "at_least = 0.5");
    policy.gates[0].metric = "roc_acu".to_owned();
    let found = one(&policy, &of(0.9));
    assert_eq!(found.reason.as_deref(), Some("The gate is not sound: no metric is called “roc_acu”"));
    let mut policy = gate("f1", "at_least = 0.5");
    policy.gates[0].condition = Condition::AtLeast(f64::NAN);
    assert!(!one(&policy, &of(0.9)).passed);
}

#[test]
fn advisory_gates_do_not_fail_the_verdict_and_no_gate_decides_nothing() {
    let advisory = gate("f1", "at_least = 0.95\nrequired = false");
    let verdict = judge(&advisory, &Evidence::of(&of(0.9)));
    assert_eq!((verdict.verdict, verdict.held()), (Decision::Pass, (0, 1)));
    assert_eq!(verdict.failures().count(), 0);
    let empty = judge(&Policy::default(), &Evidence::of(&of(0.9)));
    assert_eq!((empty.verdict, empty.gates.len()), (Decision::None, 0));
    assert_eq!([Decision::Pass, Decision::Fail, Decision::None].map(Decision::word), ["pass", "fail", "none"]);
}

fn cut<'a>(value: &'a str, rows: usize, metrics: &'a BTreeMap<String, MetricValue>) -> SegmentFigures<'a> {
    SegmentFigures { column: "origin", value, rows, metrics }
}

#[test]
fn a_gate_on_segments_holds_in_each_that_is_large_enough() {
    let (good, bad) = (figures(&[("f1", metric(0.8, 0.7, 0.9))]), figures(&[("f1", metric(0.4, 0.3, 0.5))]));
    let policy = gate("f1", "at_least = 0.5\nsegments = [\"origin\"]\nmin_rows = 200");
    let model = of(0.7);
    let judged = |segments: &[SegmentFigures<'_>]| judge(&policy, &Evidence { segments, ..Evidence::of(&model) });

    let verdict = judged(&[cut("JFK", 200, &good), cut("LGA", 500, &bad), cut("EWR", 199, &bad)]);
    assert_eq!((verdict.verdict, verdict.held()), (Decision::Fail, (1, 2)));
    let failed: Vec<&GateResult> = verdict.failures().collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].segment, Some(("origin".to_owned(), "LGA".to_owned())));
    assert_eq!((failed[0].rows, failed[0].value), (500, Some(0.4)));
    let told = &verdict.gates[2];
    assert_eq!((told.applies, told.rows), (false, 199));
    assert_eq!(told.reason.as_deref(), Some("1 of 3 segments of “origin” with fewer than 200 rows were not judged"));

    let verdict = judged(&[cut("JFK", 200, &good), cut("EWR", 199, &bad)]);
    assert_eq!(verdict.verdict, Decision::Pass);

    let verdict = judged(&[cut("EWR", 199, &good)]);
    assert_eq!(verdict.verdict, Decision::Fail);
    assert_eq!(
        verdict.gates[0].reason.as_deref(),
        Some("No segment of “origin” has 200 rows, so nothing is shown; take more data")
    );

    let verdict = judged(&[]);
    assert_eq!(verdict.verdict, Decision::Fail);
    assert_eq!(
        verdict.gates[0].reason.as_deref(),
        Some("There are no segments of “origin”; validate again with this column as a segment")
    );

    let unmeasured = BTreeMap::new();
    let verdict = judged(&[cut("JFK", 300, &unmeasured)]);
    assert_eq!((verdict.verdict, verdict.gates[0].reason.as_deref()), (Decision::Fail, Some("F1 was not measured")));
}

#[test]
fn every_named_column_is_looked_at() {
    let good = figures(&[("f1", metric(0.8, 0.7, 0.9))]);
    let policy = gate("f1", "at_least = 0.5\nsegments = [\"origin\", \"carrier\"]\nmin_rows = 1");
    let (model, segments) = (of(0.7), [cut("JFK", 5, &good)]);
    let verdict = judge(&policy, &Evidence { segments: &segments, ..Evidence::of(&model) });
    assert_eq!((verdict.verdict, verdict.held()), (Decision::Fail, (1, 2)));
}

#[test]
fn a_segment_is_compared_with_the_same_segment_of_the_champion() {
    let (ours, theirs) = (figures(&[("f1", metric(0.8, 0.7, 0.9))]), figures(&[("f1", metric(0.85, 0.8, 0.9))]));
    let policy = gate("f1", "against = \"champion\"\nlose_at_most = 0.0\nsegments = [\"origin\"]\nmin_rows = 1");
    // On all rows the champion is the worse one.
    let (model, champion, segments) = (of(0.9), of(0.5), [cut("JFK", 50, &ours)]);
    let against = |others: &[SegmentFigures<'_>]| {
        judge(&policy, &Evidence { segments: &segments, champion: Some((&champion, others)), ..Evidence::of(&model) })
    };
    let verdict = against(&[cut("LGA", 50, &ours), cut("JFK", 50, &theirs)]);
    assert_eq!((verdict.verdict, verdict.gates[0].limit), (Decision::Fail, Some(0.85)));
    let reason = against(&[cut("LGA", 50, &ours)]).gates[0].reason.clone();
    assert_eq!(reason.as_deref(), Some("The champion has no segment “JFK” of “origin”"));
}

#[test]
fn the_champion_of_a_run_is_the_measure_of_the_others_and_not_of_itself() {
    let policy = gate("f1", "against = \"champion\"\nlose_at_most = 0.0");
    let keyed = |key: &str, value: f64| ModelResult { sha256: key.to_owned(), ..of(value) };
    let models = [keyed("a", 0.9), keyed("b", 0.5), keyed("c", 0.4)];
    let words = |champion: Option<&str>| -> Vec<&str> {
        judge_models(&policy, &models, &[None, None, None], champion).iter().map(|v| v.verdict.word()).collect()
    };
    assert_eq!(words(Some("b")), ["pass", "fail", "fail"]);
    let alone = judge_models(&policy, &models, &[], Some("b"));
    assert_eq!(alone[1].gates[0].reason.as_deref(), Some("No champion was validated on the same rows"));
    assert_eq!(words(None), words(Some("not there")));
}

#[test]
fn a_required_card_field_must_be_filled_in() {
    let policy = policy("required_card_fields = [\"purpose\", \"limits\"]");
    let model = of(0.9);
    let judged = |card: Option<&ModelCard>| judge(&policy, &Evidence { card, ..Evidence::of(&model) });
    let none = judged(None);
    assert_eq!((none.verdict, none.gates[0].reason.as_deref()), (Decision::Fail, Some("The model has no card")));
    let mut card =
        ModelCard { purpose: Some("Planning".to_owned()), limits: vec![" ".to_owned()], ..ModelCard::default() };
    let half = judged(Some(&card));
    assert_eq!((half.verdict, half.held()), (Decision::Fail, (1, 2)));
    assert_eq!(half.gates[1].reason.as_deref(), Some("The model card says nothing under “limits”"));
    assert_eq!((half.gates[1].metric.as_str(), half.gates[1].name.as_str()), ("card.limits", "Model card: limits"));
    card.limits = vec!["Not at night".to_owned()];
    assert_eq!(judged(Some(&card)).verdict, Decision::Pass);
}

#[test]
fn the_shipped_policies_tell_a_good_model_from_one_that_learnt_by_heart() {
    let shipped = |file: &str| parse(super::super::SHIPPED.iter().find(|s| s.file == file).unwrap().text).unwrap();
    let card = ModelCard {
        purpose: Some("p".to_owned()),
        training_data: Some("t".to_owned()),
        training_metrics: [("roc_auc".to_owned(), Some(0.8))].into(),
        allowed_use: vec!["a".to_owned()],
        limits: vec!["l".to_owned()],
        ..ModelCard::default()
    };
    let mut model = result(
        Task::Binary,
        &[
            ("roc_auc", metric(0.79, 0.77, 0.81)),
            ("average_precision", metric(0.5, 0.45, 0.55)),
            ("brier", metric(0.13, 0.12, 0.14)),
            ("ece", metric(0.02, 0.01, 0.03)),
            ("f1", metric(0.5, 0.45, 0.55)),
        ],
    );
    model.training = [("roc_auc".to_owned(), 0.8), ("f1".to_owned(), 0.52)].into();
    let naive = [("average_precision", 0.2), ("brier", 0.16), ("f1", 0.0)];
    model.baseline.metrics = naive.map(|(name, value)| (name.to_owned(), Some(value))).into();
    for file in ["careful_binary.toml", "not_worse_than_training.toml"] {
        let policy = shipped(file);
        let good = judge(&policy, &Evidence { card: Some(&card), ..Evidence::of(&model) });
        assert_eq!(good.verdict, Decision::Pass, "{good:#?}");
        let by_heart = ModelResult { training: [("roc_auc".to_owned(), 1.0)].into(), ..model.clone() };
        let fallen = judge(&policy, &Evidence { card: Some(&card), ..Evidence::of(&by_heart) });
        assert_eq!(fallen.failures().map(|g| g.metric.as_str()).collect::<Vec<_>>(), ["roc_auc"]);
    }
    let basics = judge(&shipped("regression_basics.toml"), &Evidence { card: Some(&card), ..Evidence::of(&model) });
    assert_eq!((basics.verdict, basics.held()), (Decision::None, (3, 3)), "only the card applies to a binary model");
}

#[test]
fn a_verdict_is_plain_data() {
    let mut model = of(0.9);
    model.training.insert("f1".to_owned(), 0.91);
    let verdict =
        judge(&gate("f1", "against = \"training\"\nlose_at_most = 0.1\nbound = \"low\""), &Evidence::of(&model));
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!((json["verdict"].as_str(), json["gates"][0]["bound_used"].as_str()), (Some("pass"), Some("low")));
    for field in ["name", "metric", "condition", "value", "limit", "margin", "passed", "required", "rows"] {
        assert!(!json["gates"][0][field].is_null(), "{field}");
    }
    assert_eq!(serde_json::from_value::<Verdict>(json).unwrap(), verdict);
}
