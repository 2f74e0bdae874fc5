use super::*;
use crate::data::watch::NoWatch;
use crate::data::{Column, Values};
use crate::validate::report::Confusion;

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|n| (*n).to_owned()).collect()
}

fn binary(scores: &[f64], positive: &[bool]) -> Answers {
    Answers::Binary { scores: scores.to_vec(), positive: positive.to_vec(), probabilities: true }
}

struct Stopped;

impl Watch for Stopped {
    fn progress(&self, _done: f32) {}

    fn cancelled(&self) -> bool {
        true
    }
}

fn looked<'a>(
    answers: &'a Answers,
    ranked: Option<&'a RankedScores>,
    rows: &'a [u32],
    classes: &'a [String],
    positive: usize,
) -> Looked<'a> {
    Looked { answers, ranked, rows, classes, positive, threshold: 0.5 }
}

#[test]
fn scores_are_counted_by_true_class() {
    let found = scores(&binary(&[0.0, 0.01, 1.0, 0.99], &[false, false, true, false]), &names(&["no", "yes"]), 1);
    let found = found.unwrap();
    assert_eq!((found.edges.len(), found.edges[0], found.edges[40]), (41, 0.0, 1.0));
    assert_eq!((found.groups[0].name.as_str(), found.groups[0].total()), ("yes", 1));
    assert_eq!((found.groups[1].rows[0], found.groups[1].rows[39]), (2, 1));
}

#[test]
fn scores_beyond_zero_and_one_get_their_own_range() {
    let found = scores(&binary(&[-3.0, 5.0], &[false, true]), &names(&["no", "yes"]), 1).unwrap();
    assert_eq!((found.edges[0], found.edges[40]), (-3.0, 5.0));
    assert_eq!(found.groups.iter().map(ScoreGroup::total).sum::<u64>(), 2);
    let one = scores(&binary(&[7.0, 7.0], &[false, true]), &[], 1).unwrap();
    assert_eq!((one.edges[0], one.edges[40]), (6.5, 7.5));
    assert_eq!(scores(&binary(&[], &[]), &[], 1), None);
}

#[test]
fn probabilities_of_the_truth_are_counted_by_right_and_wrong() {
    let answers = Answers::Multiclass {
        truth: vec![0, 1, 2],
        said: vec![0, 0, 2],
        probabilities: vec![0.8, 0.1, 0.1, 0.5, 0.4, 0.1, 0.2, 0.2, 0.6],
        k: 3,
    };
    let found = scores(&answers, &names(&["a", "b", "c"]), 1).unwrap();
    assert_eq!(found.groups.iter().map(ScoreGroup::total).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(found.groups[1].rows[16], 1);
}

#[test]
fn a_det_curve_has_no_place_for_certainty_on_probit_axes() {
    let curve = det(&RankedScores::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])).unwrap();
    assert_eq!((curve.fpr.as_slice(), curve.fnr.as_slice()), ([0.5, 0.5, 0.0].as_slice(), [0.0, 0.5, 0.5].as_slice()));
    assert_eq!(curve.probit_fnr[0], None);
    assert!(curve.probit_fpr[0].unwrap().abs() < 1e-12);
    assert_eq!(det(&RankedScores::new(&[0.1, 0.2], &[true, true])), None);
}

#[test]
fn the_worst_rows_lose_most_and_ties_keep_their_order() {
    let answers = binary(&[0.9, 0.2, 0.9, 0.999, 1.0], &[false, true, false, false, true]);
    let found = worst(&answers, &[10, 20, 30, 40, 50], &names(&["no", "yes"]), 1, 0.5, 3);
    assert_eq!(found.iter().map(|r| r.row).collect::<Vec<_>>(), [40, 10, 30]);
    assert_eq!((found[0].truth.as_str(), found[0].prediction.as_str()), ("no", "yes"));
    assert!((found[0].truth_probability.unwrap() - 0.001).abs() < 1e-12);
    assert!((found[1].loss - 10.0_f64.ln()).abs() < 1e-9);
}

#[test]
fn right_labels_and_exact_numbers_are_no_errors() {
    let labels = Answers::Multiclass { truth: vec![0, 1, 2], said: vec![0, 2, 2], probabilities: Vec::new(), k: 3 };
    let found = worst(&labels, &[5, 6, 7], &names(&["a", "b", "c"]), 0, 0.5, 50);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].row, found[0].prediction.as_str(), found[0].truth_probability), (6, "c", None));
    let numbers = Answers::Regression { target: vec![1.0, 2.0], prediction: vec![1.0, -2.5] };
    let found = worst(&numbers, &[0, 1], &[], 0, 0.5, 50);
    assert_eq!((found.len(), found[0].loss, found[0].prediction.as_str()), (1, 4.5, "-2.5"));
}

#[test]
fn many_rows_leave_only_the_largest_losses() {
    let target = vec![0.0; 10_000];
    let prediction: Vec<f64> = (0..10_000).map(|i| f64::from(i * 7919 % 10_000)).collect();
    let rows: Vec<u32> = (0..10_000).collect();
    let found = worst(&Answers::Regression { target, prediction }, &rows, &[], 0, 0.5, 50);
    assert_eq!(found.len(), 50);
    assert!(found.iter().enumerate().all(|(i, row)| row.loss == 9_999.0 - i as f64));
}

#[test]
fn a_cell_gives_its_rows_the_surest_first() {
    let answers = binary(&[0.6, 0.9, 0.2, 0.7, 0.5], &[false, false, false, true, false]);
    let (total, found) = cell_rows(&answers, &[1, 2, 3, 4, 5], 1, 0.5, 0, 1, 2);
    assert_eq!((total, found.iter().map(|r| r.row).collect::<Vec<_>>()), (3, vec![2, 1]));
    let (total, found) = cell_rows(&answers, &[1, 2, 3, 4, 5], 1, 0.5, 0, 0, 9);
    assert_eq!((total, found[0].confidence), (1, Some(0.8)));
    let labels = Answers::Multiclass { truth: vec![0, 0], said: vec![1, 1], probabilities: Vec::new(), k: 2 };
    let (total, found) = cell_rows(&labels, &[8, 9], 0, 0.5, 0, 1, 9);
    assert_eq!((total, found[0].row, found[0].confidence), (2, 8, None));
}

#[test]
fn labels_only_have_micro_averages_equal_to_accuracy() {
    let answers =
        Answers::Multiclass { truth: vec![0, 1, 2, 2], said: vec![0, 1, 2, 0], probabilities: Vec::new(), k: 3 };
    let found = one_vs_rest(&answers, &names(&["a", "b", "c"]), 0.95, &NoWatch).unwrap();
    assert_eq!((found.micro.precision.value, found.micro.f1.value), (Some(0.75), Some(0.75)));
    assert!(found.classes.is_empty() && found.micro.roc_auc.value.is_none() && found.micro.roc_auc.reason.is_some());
}

#[test]
fn only_the_most_frequent_classes_get_curves() {
    let k = 20;
    let truth: Vec<u32> = (0..2_000_u32).map(|i| (i * i) % 20).collect();
    let probabilities: Vec<f64> = (0..2_000 * k).map(|i| f64::from((i * 7919 % 1013) as u32) / 1013.0).collect();
    let said = truth.clone();
    let answers = Answers::Multiclass { truth, said, probabilities, k };
    let found = one_vs_rest(&answers, &[], 0.95, &NoWatch).unwrap();
    assert_eq!(found.classes.len(), k);
    assert!(found.classes.iter().filter(|c| c.roc.is_some()).count() <= 12);
    for class in &found.classes {
        assert_eq!(class.roc_auc.value.is_some(), class.rows > 0);
        assert!(class.rows == 0 || class.roc_auc.low < class.roc_auc.high);
        assert!(class.rows > 0 || class.roc_auc.reason.is_some());
        assert!(class.roc.as_ref().is_none_or(|roc| roc.fpr.len() <= 200));
    }
    assert_eq!(found.average_precision_macro.value, None);
}

#[test]
fn ten_thousand_classes_of_labels_are_no_trouble() {
    let truth: Vec<u32> = (0..100_000).map(|i| i % 10_000).collect();
    let said: Vec<u32> = (0..100_000).map(|i| (i + u32::from(i % 3 == 0)) % 10_000).collect();
    let answers = Answers::Multiclass { truth, said, probabilities: Vec::new(), k: 10_000 };
    let rows: Vec<u32> = (0..100_000).collect();
    let found = views(looked(&answers, answers.ranked().as_ref(), &rows, &[], 0), 0.95, &NoWatch).unwrap();
    assert_eq!(found.worst.len(), WORST_ROWS);
    assert_eq!(found.worst[1].row, 3);
}

#[test]
fn errors_of_a_regression_are_spread_out() {
    let target: Vec<f64> = (0..1_000).map(f64::from).collect();
    let prediction: Vec<f64> = (0..1_000).map(|i| f64::from(i) + f64::from(i * 31 % 101) - 50.0).collect();
    let found = residual_views(&Answers::Regression { target, prediction }).unwrap();
    assert_eq!(found.normal_quantiles.len(), 200);
    assert!(found.normal_quantiles.windows(2).all(|w| w[0][0] < w[1][0] && w[0][1] <= w[1][1]));
    let histogram = &found.histogram;
    assert_eq!(histogram.rows.iter().sum::<u64>() + histogram.below + histogram.above, 1_000);
}

#[test]
fn equal_errors_have_no_quantile_plot() {
    let same = Answers::Regression { target: vec![1.0, 2.0], prediction: vec![2.0, 3.0] };
    let found = residual_views(&same).unwrap();
    assert_eq!((found.mean, found.deviation, found.normal_quantiles.len()), (1.0, Some(0.0), 0));
    assert_eq!(found.histogram.rows.iter().sum::<u64>(), 2);
    assert_eq!(residual_views(&Answers::Regression { target: Vec::new(), prediction: Vec::new() }), None);
}

#[test]
fn errors_along_a_number_lie_in_bins() {
    let n = 5_000;
    let target = vec![0.0; n];
    let x: Vec<f64> = (0..n).map(|i| if i == 7 { f64::NAN } else { (i % 500) as f64 }).collect();
    let prediction: Vec<f64> = (0..n).map(|i| if i % 500 < 250 { 1.0 } else { -1.0 }).collect();
    let rows: Vec<u32> = (0..n as u32).collect();
    let answers = Answers::Regression { target, prediction };
    let found = residuals_against(&answers, &rows, &Column::new("x", Values::Float(x)), 0.95).unwrap();
    let ResidualsAgainst::Numeric { sample, bins, missing, .. } = found else { panic!("a number is numeric") };
    assert!(sample.len() <= 2_000 && sample.len() > 1_000);
    assert_eq!((missing, bins.len(), bins.iter().map(|b| b.rows).sum::<u64>()), (1, 20, 4_999));
    assert!(bins.windows(2).all(|w| w[0].to < w[1].from));
    assert_eq!((bins[0].mean, bins[19].mean, bins[0].low), (1.0, -1.0, Some(1.0)));
}

#[test]
fn errors_along_a_text_are_by_value() {
    let answers = Answers::Regression { target: vec![0.0; 4], prediction: vec![1.0, 3.0, -1.0, 5.0] };
    // Answers of table rows 1 to 4; row 0 had no target.
    let column = Column::new("c", Values::text([Some("z"), Some("a"), Some("a"), Some("b"), None]));
    let found = residuals_against(&answers, &[1, 2, 3, 4], &column, 0.95).unwrap();
    let ResidualsAgainst::Text { values, other, missing, .. } = found else { panic!("a text is text") };
    assert_eq!((other, missing, values.len()), (0, 1, 2));
    assert_eq!((values[0].value.as_str(), values[0].rows, values[0].mean), ("a", 2, 2.0));
    assert_eq!((values[1].mean, values[1].low), (-1.0, None));
    assert_eq!(residuals_against(&binary(&[0.5], &[true]), &[0], &column, 0.95), None);
}

#[test]
fn a_column_of_one_value_is_one_bin() {
    let answers = Answers::Regression { target: vec![0.0; 3], prediction: vec![1.0; 3] };
    let found = residuals_against(&answers, &[0, 1, 2], &Column::new("x", Values::ints(vec![4; 3])), 0.95).unwrap();
    let ResidualsAgainst::Numeric { bins, .. } = found else { panic!("a number is numeric") };
    assert_eq!((bins.len(), bins[0].rows, bins[0].from, bins[0].to), (1, 3, 4.0, 4.0));
}

#[test]
fn shares_of_a_confusion_matrix_add_up_by_row_and_by_column() {
    let confusion = Confusion { labels: names(&["a", "b"]), matrix: vec![vec![3, 1], vec![0, 0]] };
    assert_eq!(row_shares(&confusion), [[Some(0.75), Some(0.25)], [None, None]]);
    assert_eq!(column_shares(&confusion), [[Some(1.0), Some(1.0)], [Some(0.0), Some(0.0)]]);
}

#[test]
fn all_views_together_survive_json_and_stop_when_told() {
    let answers = binary(&[0.9, 0.2, 0.6], &[true, false, false]);
    let classes = names(&["no", "yes"]);
    let found = views(looked(&answers, answers.ranked().as_ref(), &[0, 1, 2], &classes, 1), 0.95, &NoWatch).unwrap();
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Views>(&text).unwrap(), found);
    assert!(found.scores.is_some() && found.det.is_some() && found.one_vs_rest.is_none());
    assert_eq!(views(looked(&answers, answers.ranked().as_ref(), &[0, 1, 2], &classes, 1), 0.95, &Stopped), None);
}
