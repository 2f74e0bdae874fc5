use super::*;
use crate::stats::multiclass::ConfusionMatrix;
use crate::stats::random::SplitMix64;

fn aligned(answers: Answers, classes: &[&str]) -> Aligned {
    Aligned {
        rows: (0..answers.rows() as u32).collect(),
        answers,
        without_target: 0,
        skipped: Vec::new(),
        classes: classes.iter().map(|c| (*c).to_owned()).collect(),
        positive: None,
        threshold: 0.5,
        notes: Vec::new(),
    }
}

fn all() -> Tests<'static> {
    Tests { level: 0.95, seed: 3, only: None }
}

fn of<'a>(found: &'a [(&'static str, Difference)], metric: &str) -> &'a Difference {
    &found.iter().find(|(name, _)| *name == metric).unwrap().1
}

#[test]
fn rows_are_matched_by_their_number() {
    assert_eq!(common(&[1, 3, 5], &[2, 3, 5, 7]), [(1, 1), (2, 2)]);
}

#[test]
fn the_gap_of_f1_is_zero_for_equal_decisions() {
    assert_eq!(f1_gap(&[50.0, 0.0, 0.0, 5.0, 7.0, 0.0, 0.0, 20.0]), Some(0.0));
}

#[test]
fn other_positive_classes_are_not_compared() {
    let answers = |positive| Answers::Binary { scores: vec![0.1, 0.8], positive, probabilities: true };
    let (a, b) = (aligned(answers(vec![false, true]), &[]), aligned(answers(vec![true, false]), &[]));
    assert_eq!(differences((&a, None), (&b, None), &all()), []);
    let same = differences((&a, None), (&a, None), &all());
    let names: Vec<_> = same.iter().map(|(name, _)| *name).collect();
    assert!(names.contains(&"f1") && names.contains(&"brier") && names.contains(&"accuracy"), "{names:?}");
    assert!(same.iter().all(|(_, d)| d.value == 0.0));
    let one = differences((&a, None), (&a, None), &Tests { only: Some("brier"), ..all() });
    assert_eq!(one.len(), 1);
}

/// Answers of a model that is right with a given chance.
fn said(truth: &[u32], k: u32, right: f64, random: &mut SplitMix64) -> Vec<u32> {
    truth.iter().map(|t| if random.unit() < right { *t } else { random.below(k as usize) as u32 }).collect()
}

#[test]
fn many_classes_by_resampling_and_by_influence_agree() {
    let mut random = SplitMix64::new(5);
    let k = 4;
    let truth: Vec<u32> = (0..4_000).map(|_| (random.unit().powi(2) * f64::from(k)) as u32).collect();
    let (x, y) = (said(&truth, k, 0.8, &mut random), said(&truth, k, 0.76, &mut random));
    let multi = |said: &[u32]| Answers::Multiclass {
        truth: truth.clone(),
        said: said.to_vec(),
        probabilities: Vec::new(),
        k: k as usize,
    };
    let names = ["a", "b", "c", "d"];
    let found = differences((&aligned(multi(&x), &names), None), (&aligned(multi(&y), &names), None), &all());
    let f1 = |said: &[u32]| ConfusionMatrix::of(&truth, said, k as usize).metric("f1_macro").unwrap();
    let resampled = of(&found, "f1_macro");
    assert!((resampled.value - (f1(&x) - f1(&y))).abs() < 1e-12);
    let cells: Vec<[usize; 3]> =
        truth.iter().zip(&x).zip(&y).map(|((t, x), y)| [*t as usize, *x as usize, *y as usize]).collect();
    let influence = by_influence(&cells, &vec![1; cells.len()], k as usize, 0.95).unwrap();
    assert!((influence.value - resampled.value).abs() < 1e-12);
    assert!((influence.low - resampled.low).abs() < 0.003 && (influence.high - resampled.high).abs() < 0.003);
}

#[test]
fn classes_in_another_order_are_the_same_classes() {
    let (truth, x) = (vec![0, 1, 2, 1, 0, 2], vec![0, 1, 1, 1, 2, 2]);
    let multi = |truth: Vec<u32>, said: Vec<u32>| Answers::Multiclass { truth, said, probabilities: Vec::new(), k: 3 };
    let turned = |list: &[u32]| list.iter().map(|c| 2 - c).collect::<Vec<u32>>();
    let a = aligned(multi(truth.clone(), x.clone()), &["a", "b", "c"]);
    let b = aligned(multi(turned(&truth), turned(&x)), &["c", "b", "a"]);
    let found = differences((&a, None), (&b, None), &all());
    assert_eq!(of(&found, "accuracy").value, 0.0);
    assert_eq!((of(&found, "f1_macro").value, of(&found, "f1_macro").high), (0.0, 0.0));
}

#[test]
fn errors_are_compared_in_every_metric() {
    let mut random = SplitMix64::new(9);
    let noise = |random: &mut SplitMix64| random.unit() + random.unit() + random.unit() - 1.5;
    let target: Vec<f64> = (0..2_000).map(|_| 4.0 * noise(&mut random)).collect();
    let x: Vec<f64> = target.iter().map(|t| t + 1.0 * noise(&mut random)).collect();
    let y: Vec<f64> = target.iter().map(|t| t + 1.3 * noise(&mut random)).collect();
    let answers = |p: &[f64]| Answers::Regression { target: target.clone(), prediction: p.to_vec() };
    let (a, b) = (aligned(answers(&x), &[]), aligned(answers(&y), &[]));
    let found = differences((&a, None), (&b, None), &all());
    let metric =
        |p: &[f64], name| crate::stats::regression::RegressionMetrics::of(&target, p).unwrap().metric(name).unwrap();
    for name in ["r2", "mae", "rmse", "mse"] {
        let d = of(&found, name);
        assert!((d.value - (metric(&x, name) - metric(&y, name))).abs() < 1e-12, "{name}");
        assert!(d.p_value < 0.001 && d.low < d.value && d.value < d.high, "{name} {d:?}");
    }
    // The influence function beside resampling of the rows themselves.
    let mut gaps: Vec<f64> = Vec::new();
    for _ in 0..400 {
        let places: Vec<usize> = (0..target.len()).map(|_| random.below(target.len())).collect();
        let take = |list: &[f64]| places.iter().map(|p| list[*p]).collect::<Vec<f64>>();
        let r2 =
            |p: &[f64]| crate::stats::regression::RegressionMetrics::of(&take(&target), &take(p)).unwrap().r2.unwrap();
        gaps.push(r2(&x) - r2(&y));
    }
    let moments: Moments = gaps.into_iter().collect();
    let error = moments.sample_variance().unwrap().sqrt();
    let d = of(&found, "r2");
    assert!(((d.high - d.low) / 2.0 / 1.96 / error - 1.0).abs() < 0.15, "{d:?} {error}");
}
