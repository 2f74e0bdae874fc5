use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::data::format::Format;
use crate::data::{Fingerprint, NoWatch};
use crate::validate::{Candidate, Data, Report, run};

fn dataset(columns: Vec<Column>) -> Dataset {
    Dataset {
        table: Arc::new(Table::new(columns).unwrap()),
        path: PathBuf::from("said.csv"),
        fingerprint: Fingerprint { sha256: "ab".repeat(32), size_bytes: 1, modified_ms: None },
        format: Format::Text,
        notes: Vec::new(),
    }
}

fn ints(name: &str, values: &[i64]) -> Column {
    Column::new(name, Values::ints(values.to_vec()))
}

fn floats(name: &str, values: &[f64]) -> Column {
    Column::new(name, Values::Float(values.to_vec()))
}

fn texts(name: &str, values: &[&str]) -> Column {
    Column::new(name, Values::text(values.iter().map(|v| (!v.is_empty()).then_some(*v))))
}

fn scores(list: &[(Option<&str>, &str)]) -> Vec<ClassScore> {
    list.iter()
        .map(|(class, column)| ClassScore { class: class.map(ToOwned::to_owned), column: (*column).to_owned() })
        .collect()
}

fn judge(plan: &Plan, predictions: Predictions, dataset: &Dataset) -> Result<Report, ValidateError> {
    run(plan, &[Candidate::of_columns(predictions)], Data::new(dataset, 0.0), None, &NoWatch)
}

fn value(report: &Report, metric: &str) -> Option<f64> {
    report.models.first().and_then(|m| m.value(metric))
}

#[test]
fn scores_of_one_class_are_judged_without_a_model() {
    let data = dataset(vec![ints("y", &[0, 0, 1, 1, 1, 0]), floats("p", &[0.1, 0.4, 0.35, 0.8, f64::NAN, 0.2])]);
    let report =
        judge(&Plan::new("y"), Predictions { scores: scores(&[(None, "p")]), ..Predictions::default() }, &data)
            .unwrap();
    let model = &report.models[0];
    assert_eq!((model.task, model.rows, model.positive.as_deref()), (Task::Binary, 5, Some("1")));
    assert_eq!(model.skipped[0].rows, 1);
    // Worked out by hand: of six pairs one is in the wrong order.
    assert!((value(&report, "roc_auc").unwrap() - 5.0 / 6.0).abs() < 1e-12);
    assert_eq!(model.name, "Predictions in “p”");
    assert_eq!(model.sha256.len(), 64);
}

#[test]
fn the_score_of_the_negative_class_is_mirrored() {
    let data = dataset(vec![texts("y", &["no", "yes", "yes", "no"]), floats("p", &[0.9, 0.2, 0.1, 0.6])]);
    let mut plan = Plan::new("y");
    plan.positive = Some("yes".to_owned());
    let said = Predictions { scores: scores(&[(Some("no"), "p")]), ..Predictions::default() };
    let report = judge(&plan, said, &data).unwrap();
    assert_eq!(value(&report, "roc_auc"), Some(1.0));
    assert_eq!(value(&report, "accuracy"), Some(1.0));
}

#[test]
fn a_predicted_class_gives_the_threshold_that_explains_it() {
    let columns =
        |said: &[i64]| dataset(vec![ints("y", &[0, 1, 1, 0]), ints("said", said), floats("p", &[0.1, 0.3, 0.6, 0.2])]);
    let said =
        Predictions { prediction: Some("said".to_owned()), scores: scores(&[(None, "p")]), ..Predictions::default() };
    let low = judge(&Plan::new("y"), said.clone(), &columns(&[0, 1, 1, 0])).unwrap();
    assert_eq!(low.models[0].threshold, Some(0.3));
    assert_eq!(value(&low, "recall"), Some(1.0));
    let usual = judge(&Plan::new("y"), said.clone(), &columns(&[0, 0, 1, 0])).unwrap();
    assert_eq!(usual.models[0].threshold, Some(0.5));
    let odd = judge(&Plan::new("y"), said, &columns(&[1, 0, 1, 0])).unwrap();
    assert_eq!(odd.models[0].threshold, Some(0.5));
    assert!(odd.models[0].notes[0].contains("disagrees"), "{:?}", odd.models[0].notes);
}

#[test]
fn raw_scores_are_refused_until_a_person_says_what_they_are() {
    let data = dataset(vec![ints("y", &[0, 1, 1, 0]), floats("z", &[-2.0, 1.5, 0.5, -0.1])]);
    let mut said = Predictions { scores: scores(&[(None, "z")]), ..Predictions::default() };
    let refused = judge(&Plan::new("y"), said.clone(), &data).unwrap_err();
    let expected = ValidateError::NoProbabilities { column: "z".to_owned(), outside: 3, low: -2.0, high: 1.5 };
    assert_eq!(refused, expected);
    said.transform = Some(Transform::Sigmoid);
    let report = judge(&Plan::new("y"), said.clone(), &data).unwrap();
    assert_eq!(value(&report, "accuracy"), Some(1.0));
    assert!(report.models[0].notes[0].contains("logistic"));
    said.transform = Some(Transform::Softmax);
    assert!(matches!(judge(&Plan::new("y"), said, &data), Err(ValidateError::Setting(_))));
}

#[test]
fn many_classes_take_the_named_class_or_the_largest_score() {
    let data = dataset(vec![
        texts("y", &["a", "b", "c", "c", ""]),
        texts("said", &["a", "b", "b", "c", "a"]),
        floats("pa", &[0.8, 0.1, 0.2, 0.1, 0.3]),
        floats("pb", &[0.1, 0.7, 0.5, 0.2, 0.3]),
        floats("pc", &[0.1, 0.2, 0.3, 0.7, 0.4]),
    ]);
    let all = scores(&[(Some("c"), "pc"), (Some("a"), "pa"), (Some("b"), "pb")]);
    for prediction in [None, Some("said".to_owned())] {
        let said = Predictions { prediction, scores: all.clone(), transform: None };
        let report = judge(&Plan::new("y"), said, &data).unwrap();
        let model = &report.models[0];
        assert_eq!((model.task, model.rows, model.rows_without_target), (Task::Multiclass, 4, 1));
        assert_eq!(value(&report, "accuracy"), Some(0.75));
        let loss = -(0.8_f64.ln() + 0.7_f64.ln() + 0.3_f64.ln() + 0.7_f64.ln()) / 4.0;
        assert!((value(&report, "log_loss").unwrap() - loss).abs() < 1e-12);
    }
    let mut few = Predictions { prediction: Some("said".to_owned()), ..Predictions::default() };
    let labels = judge(&Plan::new("y"), few.clone(), &data).unwrap();
    assert_eq!((value(&labels, "accuracy"), value(&labels, "log_loss")), (Some(0.75), None));
    few.scores = all[..2].to_vec();
    let mut plan = Plan::new("y");
    plan.task = Some(Task::Multiclass);
    let missing = judge(&plan, few, &data).unwrap_err();
    assert!(missing.to_string().contains("--score b=COLUMN"), "{missing}");
}

#[test]
fn numbers_are_judged_as_numbers() {
    let data = dataset(vec![floats("y", &[1.5, -2.0, f64::NAN, 4.0]), floats("p", &[1.0, -2.0, 3.0, f64::INFINITY])]);
    let said = Predictions { prediction: Some("p".to_owned()), ..Predictions::default() };
    let report = judge(&Plan::new("y"), said, &data).unwrap();
    let model = &report.models[0];
    assert_eq!((model.task, model.rows, model.rows_without_target), (Task::Regression, 2, 1));
    assert_eq!(value(&report, "mae"), Some(0.25));
    assert_eq!(model.skipped[0].rows, 1);
}

#[test]
fn a_target_of_one_class_and_wrong_names_are_sentences_or_reasons() {
    let data = dataset(vec![ints("y", &[1, 1, 1]), floats("p", &[0.9, 0.2, 0.7])]);
    let said = Predictions { scores: scores(&[(None, "p")]), ..Predictions::default() };
    let report = judge(&Plan::new("y"), said, &data).unwrap();
    assert_eq!(report.models[0].classes, ["0", "1"]);
    assert_eq!(value(&report, "roc_auc"), None);
    assert!(report.models[0].metrics["roc_auc"].reason.is_some());

    let lost = Predictions { prediction: Some("q".to_owned()), ..Predictions::default() };
    let error = judge(&Plan::new("y"), lost, &data).unwrap_err().to_string();
    assert!(error.contains('q') && error.contains('p'), "names what is there: {error}");
    let none = judge(&Plan::new("y"), Predictions::default(), &data).unwrap_err().to_string();
    assert!(none.contains("Name a column"), "{none}");
    let mut plan = Plan::new("y");
    plan.positive = Some("2".to_owned());
    let said = Predictions { scores: scores(&[(None, "p")]), ..Predictions::default() };
    assert!(matches!(judge(&plan, said, &data), Err(ValidateError::Positive { .. })));
}

#[test]
fn a_column_whose_name_holds_an_equals_sign_is_found() {
    let table = Table::new(vec![floats("p=1", &[0.5])]).unwrap();
    assert_eq!(ClassScore::parse("p=1", &table), ClassScore { class: None, column: "p=1".to_owned() });
    let named = ClassScore { class: Some("yes".to_owned()), column: "p".to_owned() };
    assert_eq!(ClassScore::parse("yes=p", &table), named);
}
