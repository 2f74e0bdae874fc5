//! Data checks, robustness and comparison on the sample models: what is known of the stories must be found.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "common/runtime.rs"]
mod common;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use modeldeck::data::{Column, Dataset, NoWatch, ReadOptions, Table, Values, Watch, read_table};
use modeldeck::model::binding::propose;
use modeldeck::model::runtime::ensure_loaded;
use modeldeck::model::{BoundModel, ModelFile, Runtime};
use modeldeck::stats::random::SplitMix64;
use modeldeck::validate::checks::{Check, CheckSettings, Severity, check};
use modeldeck::validate::robustness::{FeatureRobustness, RobustnessSettings, robustness, scorings};
use modeldeck::validate::{Candidate, Data, Plan, ValidateError, run};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_models").join(name)
}

fn read(name: &str) -> Dataset {
    read_table(&sample(name), &ReadOptions::default(), &NoWatch).unwrap()
}

fn runtime() -> &'static Runtime {
    ensure_loaded(&common::runtime()).unwrap()
}

fn candidate(name: &str, table: &Table) -> Candidate {
    let file = ModelFile::open(&sample(name)).unwrap();
    let proposal = propose(&file.inspection, file.card.as_deref(), table);
    Candidate::of_model(BoundModel::bind(file, proposal.binding, table).unwrap())
}

#[test]
fn flights_are_fit_to_validate_on() {
    let april = read("flights/april.parquet");
    let model = candidate("flights/gradient_boosting.onnx", &april.table);
    let features = model.fed_by();
    let checks = check(&april.table, "late", &features, None, &CheckSettings::default(), &NoWatch).unwrap();
    assert!(checks.worst() < Severity::Severe, "{:#?}", checks.findings);
    assert_eq!(checks.of(Check::TargetLeakage).next().map(|f| f.severity), Some(Severity::Ok));
    assert_eq!(checks.predictive.len(), 10);
    assert_eq!(checks.classes.iter().map(|c| c.class.as_str()).collect::<Vec<_>>(), ["0", "1"]);
    let with_id = [features.as_slice(), &["id"]].concat();
    let told = check(&april.table, "late", &with_id, None, &CheckSettings::default(), &NoWatch).unwrap();
    assert!(told.of(Check::Identifier).any(|f| f.column.as_deref() == Some("id")));
    let same = check(&april.table, "late", &features, Some(&april.table), &CheckSettings::default(), &NoWatch).unwrap();
    assert_eq!(
        same.of(Check::ReferenceOverlap).next().map(|f| (f.severity, f.value)),
        Some((Severity::Severe, Some(1.0)))
    );
}

#[test]
fn what_a_flight_model_rests_on_falls_and_what_it_never_sees_does_not() {
    let april = read("flights/april.parquet");
    let model = candidate("flights/gradient_boosting.onnx", &april.table);
    let mut columns: Vec<String> = model.fed_by().into_iter().map(str::to_owned).collect();
    columns.push("id".to_owned());
    let settings = RobustnessSettings { columns: columns.clone(), ..RobustnessSettings::default() };
    let plan = Plan::new("late");
    let watch = Counting::default();
    let result = robustness(&model, &plan, &april, &settings, runtime(), &watch).unwrap();
    assert_eq!(
        (result.metric.as_str(), result.smaller_is_better, result.features.len()),
        ("roc_auc", false, columns.len())
    );
    assert!(result.rows > 4_500 && result.value > 0.6, "{result:?}");
    assert_eq!(result.scorings, scorings(columns.len(), &settings));
    assert_eq!(watch.heard.load(Ordering::Relaxed), result.scorings);
    let first = &result.features[0];
    assert!(first.swap.fall.unwrap() > 0.02 && first.swap.low.unwrap() > 0.0, "{first:?}");
    let fall = |f: &FeatureRobustness| f.swap.fall.unwrap_or(f64::NEG_INFINITY);
    assert!(result.features.windows(2).all(|w| fall(&w[0]) >= fall(&w[1])), "sorted by fall");
    let id = result.features.iter().find(|f| f.column == "id").unwrap();
    for effect in [&id.noise, &id.missing, &id.swap] {
        assert_eq!((effect.fall, effect.skipped), (Some(0.0), 0), "{effect:?}");
    }
    let hour = result.features.iter().find(|f| f.column == "hour").unwrap();
    assert!(hour.swap.fall.unwrap() > 0.01, "{hour:?}");
    assert!(hour.missing.value.is_some() || hour.missing.reason.is_some(), "{hour:?}");
    let again = robustness(&model, &plan, &april, &settings, runtime(), &NoWatch).unwrap();
    assert_eq!(again, result, "the same seed gives the same numbers");
}

#[test]
fn prices_of_diamonds_rest_on_their_size_and_a_cancel_is_heard() {
    let data = read("diamonds/validate.parquet");
    let model = candidate("diamonds/gradient_boosting.onnx", &data.table);
    let plan = Plan::new("price");
    let settings = RobustnessSettings { rows: 1_500, ..RobustnessSettings::default() };
    let by_r2 = robustness(&model, &plan, &data, &settings, runtime(), &NoWatch).unwrap();
    assert_eq!((by_r2.metric.as_str(), by_r2.rows), ("r2", 1_500));
    assert!(["carat", "y", "x", "z"].contains(&by_r2.features[0].column.as_str()), "{:?}", by_r2.features[0]);
    let metric = RobustnessSettings { metric: Some("mae".to_owned()), ..settings.clone() };
    let by_mae = robustness(&model, &plan, &data, &metric, runtime(), &NoWatch).unwrap();
    let first = &by_mae.features[0];
    assert!(by_mae.smaller_is_better && first.swap.fall.unwrap() > 100.0, "{first:?}");
    assert!(first.swap.low.unwrap() > 0.0 && first.swap.value.unwrap() > by_mae.value);
    let cancelled = robustness(&model, &plan, &data, &settings, runtime(), &Counting::after(3));
    assert_eq!(cancelled.unwrap_err(), ValidateError::Cancelled);
    let odd = RobustnessSettings { metric: Some("roc_auc".to_owned()), ..settings.clone() };
    assert!(matches!(robustness(&model, &plan, &data, &odd, runtime(), &NoWatch), Err(ValidateError::Setting(_))));
    let missing = RobustnessSettings { columns: vec!["colour".to_owned()], ..settings };
    assert!(matches!(robustness(&model, &plan, &data, &missing, runtime(), &NoWatch), Err(ValidateError::Data(_))));
}

#[test]
fn candidates_are_compared_by_a_margin_and_by_segment() {
    let april = read("flights/april.parquet");
    let names = ["gradient_boosting", "logistic", "overfitted"];
    let models: Vec<Candidate> =
        names.iter().map(|name| candidate(&format!("flights/{name}.onnx"), &april.table)).collect();
    let plan = Plan { segments: vec!["origin".to_owned()], weak_segments: false, ..Plan::new("late") };
    let report = run(&plan, &models, Data::new(&april, 0.0), Some(runtime()), &NoWatch).unwrap();
    assert_eq!(report.wins.len(), 3);
    for wins in &report.wins {
        assert_eq!((wins.metric.as_str(), wins.segments), ("roc_auc", 3), "{wins:?}");
        assert!(wins.a_better + wins.b_better <= 3 && wins.clear.len() == wins.a_clear + wins.b_clear);
    }
    for c in &report.comparison {
        let (better, equal, worse) = (c.p_better_by_margin.unwrap(), c.p_equal.unwrap(), c.p_worse_by_margin.unwrap());
        assert!((better + equal + worse - 1.0).abs() < 1e-9, "{c:?}");
        assert!(better <= c.p_better.unwrap() + 1e-9, "{c:?}");
    }
    let metrics: Vec<&str> = report
        .comparison
        .iter()
        .filter(|c| c.a == report.models[0].name && c.b == report.models[1].name)
        .map(|c| c.metric.as_str())
        .collect();
    assert_eq!(metrics, ["roc_auc", "f1", "accuracy", "log_loss", "brier"]);
    let twice =
        run(&plan, &[models[0].clone(), models[0].clone()], Data::new(&april, 0.0), Some(runtime()), &NoWatch).unwrap();
    let reason = twice.recommendation.unwrap().reason;
    assert!(reason.contains("no real difference (more than 99.9 % sure that it is 0.01 at most)"), "{reason}");
}

#[test]
fn digits_and_diamonds_are_compared_in_all_their_metrics() {
    for (story, target, models, expected) in [
        ("digits", "digit", ["logistic", "mlp"], vec!["accuracy", "f1_macro", "log_loss"]),
        ("diamonds", "price", ["gradient_boosting", "linear"], vec!["r2", "mae", "rmse", "mse"]),
    ] {
        let data = read(&format!("{story}/validate.parquet"));
        let models = models.map(|name| candidate(&format!("{story}/{name}.onnx"), &data.table));
        let plan = Plan { weak_segments: false, ..Plan::new(target) };
        let report = run(&plan, &models, Data::new(&data, 0.0), Some(runtime()), &NoWatch).unwrap();
        let mut metrics: Vec<&str> = report.comparison.iter().map(|c| c.metric.as_str()).collect();
        let mut expected = expected;
        metrics.sort_unstable();
        expected.sort_unstable();
        assert_eq!(metrics, expected);
        for c in &report.comparison {
            let gap = report.models[0].value(&c.metric).unwrap() - report.models[1].value(&c.metric).unwrap();
            assert!((gap - c.difference).abs() < 1e-9 * gap.abs().max(1.0), "{c:?} {gap}");
            assert!(
                c.margin.is_some_and(|m| m > 0.0) && c.low.unwrap() <= c.difference && c.difference <= c.high.unwrap()
            );
        }
    }
}

/// A million rows of twenty features; run with `--release -- --ignored`.
#[test]
#[ignore = "a measurement, not a test"]
fn a_million_rows_are_checked_in_two_seconds() {
    let rows = 1_000_000;
    let mut random = SplitMix64::new(1);
    let mut columns: Vec<Column> = (0..10)
        .map(|c| Column::new(format!("n{c}"), Values::Float((0..rows).map(|_| random.unit()).collect())))
        .collect();
    columns.extend(
        (0..6).map(|c| {
            Column::new(format!("i{c}"), Values::ints((0..rows).map(|_| random.below(1_000) as i64).collect()))
        }),
    );
    columns.extend((0..4).map(|c| {
        Column::new(format!("t{c}"), Values::text((0..rows).map(|_| Some(format!("v{}", random.below(50))))))
    }));
    columns.push(Column::new("y", Values::ints((0..rows).map(|_| random.below(2) as i64).collect())));
    let table = Table::new(columns).unwrap();
    let names: Vec<&str> = table.columns().iter().map(|c| c.name.as_str()).filter(|n| *n != "y").collect();
    for reference in [None, Some(&table)] {
        let began = Instant::now();
        let checks = check(&table, "y", &names, reference, &CheckSettings::default(), &NoWatch).unwrap();
        let seconds = began.elapsed().as_secs_f64();
        assert!(seconds < 2.0 && checks.rows == rows, "{seconds:.2} s");
    }
}

/// Counts what it hears, and cancels after so much.
struct Counting {
    heard: AtomicUsize,
    cancels_after: usize,
}

impl Default for Counting {
    fn default() -> Self {
        Self::after(usize::MAX)
    }
}

impl Counting {
    fn after(cancels_after: usize) -> Self {
        Self { heard: AtomicUsize::new(0), cancels_after }
    }
}

impl Watch for Counting {
    fn progress(&self, done: f32) {
        assert!((0.0..=1.0).contains(&done));
        self.heard.fetch_add(1, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.heard.load(Ordering::Relaxed) >= self.cancels_after
    }
}
