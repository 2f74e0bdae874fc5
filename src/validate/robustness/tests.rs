use super::*;
use crate::data::Values;
use crate::data::table::MISSING_CODE;

fn int(values: Vec<i64>) -> Column {
    Column::new("x", Values::ints(values))
}

#[test]
fn a_sample_is_spread_over_the_rows_and_repeats_none() {
    let mut random = SplitMix64::new(1);
    assert_eq!(disturb::some_rows(3, 5, &mut random), [0, 1, 2]);
    let rows = disturb::some_rows(1_000, 100, &mut random);
    assert_eq!(rows.len(), 100);
    assert!(rows.windows(2).all(|w| w[0] < w[1]) && rows[99] >= 990 && rows[0] < 10);
    assert_eq!(scorings(4, &RobustnessSettings::default()), 21);
}

#[test]
fn noise_is_a_tenth_of_the_spread_and_stays_in_range() {
    let mut random = SplitMix64::new(2);
    let values: Vec<f64> = (0..2_000).map(|_| 10.0 * random.unit() + 0.25).chain([f64::NAN, f64::INFINITY]).collect();
    let column = Column::new("x", Values::Float(values.clone()));
    let noisy = disturb::noise(&column, &RobustnessSettings::default(), &mut random).unwrap();
    let Values::Float(noisy) = noisy.values else { panic!("another kind") };
    let moved: crate::stats::moments::Moments =
        values.iter().zip(&noisy).map(|(a, b)| b - a).filter(|d| d.is_finite()).collect();
    let size = moved.sample_variance().unwrap().sqrt();
    // A tenth of 10 / √12, a little less for what was kept in range.
    assert!((size / 0.2887 - 1.0).abs() < 0.1, "{size}");
    assert!(noisy.iter().filter(|x| x.is_finite()).all(|x| (0.25..10.25).contains(x)));
    assert!(noisy[2_000].is_nan() && noisy[2_001] == f64::INFINITY);
}

#[test]
fn whole_numbers_stay_whole_and_few_values_are_exchanged() {
    let settings = RobustnessSettings::default();
    let mut random = SplitMix64::new(3);
    let wide = disturb::noise(&int((0..500).collect()), &settings, &mut random).unwrap();
    let changed = (0..500).filter(|row| wide.number(*row) != Some(*row as f64)).count();
    assert!(changed > 400, "{changed}");
    let binary = int((0..1_000).map(|x| x % 2).collect());
    let exchanged = disturb::noise(&binary, &settings, &mut random).unwrap();
    let changed = (0..1_000).filter(|row| exchanged.number(*row) != binary.number(*row)).count();
    assert!((60..140).contains(&changed), "{changed}");
    let decimals = Column::new("x", Values::Float((0..100).map(f64::from).collect()));
    let noisy = disturb::noise(&decimals, &settings, &mut random).unwrap();
    assert!((0..100).all(|row| noisy.number(row).unwrap().fract() == 0.0));
    assert!(disturb::noise(&int(vec![7; 10]), &settings, &mut random).is_err());
    assert!(disturb::noise(&int(Vec::new()), &settings, &mut random).is_err());
}

#[test]
fn texts_are_exchanged_for_others_of_the_column() {
    let texts = (0..1_000).map(|i| (i % 10 > 0).then_some(["a", "b", "c"][i % 3]));
    let column = Column::new("x", Values::text(texts));
    let mut random = SplitMix64::new(4);
    let other = disturb::noise(&column, &RobustnessSettings::default(), &mut random).unwrap();
    let changed = (0..1_000).filter(|row| other.display(*row) != column.display(*row)).count();
    assert!((60..130).contains(&changed), "{changed}");
    assert!((0..1_000).step_by(10).all(|row| other.is_missing(row)), "gaps stay");
}

#[test]
fn swapping_keeps_the_values_and_missing_leaves_none() {
    let mut random = SplitMix64::new(5);
    let column = Column::new("x", Values::text((0..50).map(|i| (i > 4).then(|| i.to_string()))));
    let swapped = disturb::swapped(&column, &mut random);
    let sorted = |c: &Column| {
        let mut all: Vec<_> = (0..50).map(|row| c.display(row)).collect();
        all.sort();
        all
    };
    assert!(sorted(&swapped) == sorted(&column) && swapped != column);
    for values in [
        Values::Float(vec![1.0]),
        Values::ints(vec![1]),
        Values::Bool(vec![1]),
        Values::text([Some("a")]),
        Values::Time(vec![5]),
    ] {
        let gone = disturb::missing(&Column::new("x", values));
        assert!(gone.len() == 1 && gone.is_missing(0));
    }
    let Values::Text { codes, .. } = disturb::missing(&column).values else { panic!("another kind") };
    assert!(codes.iter().all(|c| *c == MISSING_CODE));
}

#[test]
fn rows_that_are_no_longer_answered_are_left_out_on_both_sides() {
    let aligned = |rows: Vec<u32>, prediction: Vec<f64>| Aligned {
        answers: Answers::Regression { target: rows.iter().map(|r| f64::from(*r)).collect(), prediction },
        rows,
        without_target: 0,
        skipped: Vec::new(),
        classes: Vec::new(),
        positive: None,
        threshold: 0.5,
        notes: Vec::new(),
    };
    let before = Before {
        answers: aligned(vec![0, 1, 2, 3], vec![0.0, 1.0, 2.0, 13.0]),
        metric: "mae".to_owned(),
        level: 0.95,
        seed: 0,
    };
    let effect = before.effect(&aligned(vec![0, 1, 2, 5], vec![1.0, 2.0, 3.0, 100.0]));
    assert_eq!((effect.rows, effect.skipped, effect.value, effect.fall), (3, 1, Some(1.0), Some(1.0)));
    assert!(effect.reason.is_some_and(|r| r.starts_with("1 row ")));
    assert_eq!((effect.low, effect.high), (Some(1.0), Some(1.0)));
    let none = before.effect(&aligned(Vec::new(), Vec::new()));
    assert!(none.value.is_none() && none.skipped == 4 && none.reason.is_some());
    let mean =
        mean_of(&[Effect { fall: Some(1.0), ..Effect::default() }, Effect { fall: Some(3.0), ..Effect::default() }]);
    assert_eq!((mean.fall, mean.low), (Some(2.0), None));
}
