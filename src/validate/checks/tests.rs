use super::*;
use crate::data::{NoWatch, Values};
use crate::stats::random::SplitMix64;

fn run(table: &Table, features: &[&str], reference: Option<&Table>) -> Checks {
    check(table, "y", features, reference, &CheckSettings::default(), &NoWatch).unwrap()
}

fn one(checks: &Checks, check: Check) -> &Finding {
    checks.of(check).next().unwrap_or_else(|| panic!("{check:?} is not in {checks:?}"))
}

fn table(columns: Vec<(&str, Values)>) -> Table {
    Table::new(columns.into_iter().map(|(name, values)| Column::new(name, values)).collect()).unwrap()
}

/// A sound table: an honest number, a category, and a binary target that depends on the first.
fn sound(seed: u64, rows: usize) -> Vec<(&'static str, Values)> {
    let mut random = SplitMix64::new(seed);
    let x: Vec<f64> = (0..rows).map(|_| random.unit()).collect();
    let c: Vec<Option<&str>> = (0..rows).map(|_| Some(["red", "green", "blue"][random.below(3)])).collect();
    let y: Vec<i64> = x.iter().map(|x| i64::from(random.unit() < 0.2 + 0.6 * x)).collect();
    vec![("x", Values::Float(x)), ("c", Values::text(c)), ("y", Values::ints(y))]
}

#[test]
fn sound_data_is_looked_at_and_fine() {
    let (here, there) = (table(sound(1, 2_000)), table(sound(2, 3_000)));
    let checks = run(&here, &["x", "c"], Some(&there));
    assert_eq!(checks.worst(), Severity::Ok, "{:#?}", checks.findings);
    let looked: Vec<Check> = checks.findings.iter().map(|f| f.check).collect();
    for check in Check::ALL {
        assert!(looked.contains(&check), "{check:?}");
    }
    assert!(looked.is_sorted());
    assert_eq!((checks.rows, checks.reference_rows), (2_000, Some(3_000)));
    let told: Vec<_> = checks.predictive.iter().map(|p| p.column.as_str()).collect();
    assert_eq!(told, ["x", "c"]);
    assert!(checks.predictive[0].value > 0.6 && checks.predictive[1].value < 0.55, "{:?}", checks.predictive);
    let shares: f64 = checks.classes.iter().map(|c| c.share).sum();
    assert!((shares - 1.0).abs() < 1e-12 && checks.classes.iter().all(|c| c.reference_share.is_some()));
    let json = serde_json::to_string(&checks).unwrap();
    assert_eq!(serde_json::from_str::<Checks>(&json).unwrap(), checks);
}

#[test]
fn repeated_and_contradicting_rows_are_counted() {
    // Rows 0, 3 and 4 are one; 1 and 5 contradict each other; 6 has no target; −0 and 0, 1 and 1.0 are the same.
    let data = table(vec![
        ("a", Values::Float(vec![0.0, 1.0, 2.0, -0.0, 0.0, 1.0, 2.0])),
        ("b", Values::text([Some("u"), None, Some("v"), Some("u"), Some("u"), None, Some("v")])),
        (
            "y",
            Values::Int {
                values: vec![1, 0, 1, 1, 1, 1, 0],
                valid: Some(vec![true, true, true, true, true, true, false]),
            },
        ),
    ]);
    let checks = run(&data, &["a", "b"], None);
    let twice = one(&checks, Check::Duplicates);
    assert_eq!((twice.rows, twice.examples.as_slice(), twice.severity), (Some(2), &[3, 4][..], Severity::Warning));
    let conflict = one(&checks, Check::ConflictingLabels);
    assert_eq!((conflict.rows, conflict.examples.as_slice()), (Some(2), &[1, 5][..]));
    assert!(conflict.sentence.contains("2 rows (28.6 %)") && conflict.severity == Severity::Warning);
    assert!(checks.notes.iter().any(|n| n.contains("leakage is not judged")));
    let whole = table(vec![
        ("a", Values::ints(vec![0, 2])),
        ("b", Values::text([Some("u"), Some("v")])),
        ("y", Values::Float(vec![1.0, 1.0])),
    ]);
    let overlap = run(&data, &["a", "b"], Some(&whole));
    // Rows 0, 2, 3 and 4; the data repeats itself so much that this says nothing.
    assert_eq!(one(&overlap, Check::ReferenceOverlap).rows, Some(4));
    assert_eq!(one(&overlap, Check::ReferenceOverlap).severity, Severity::Info);
}

#[test]
fn a_number_as_target_may_differ_for_equal_features() {
    let data = table(vec![
        ("a", Values::ints((0..100).map(|i| i / 2 * i64::from(i < 4) + i * i64::from(i >= 4)).collect())),
        ("y", Values::Float((0..100).map(|i| f64::from(i) + 0.5).collect())),
    ]);
    let conflict = run(&data, &["a"], None).findings.into_iter().find(|f| f.check == Check::ConflictingLabels).unwrap();
    assert_eq!((conflict.rows, conflict.severity), (Some(4), Severity::Info));
}

#[test]
fn rows_of_the_reference_are_found() {
    let mut here = sound(1, 1_000);
    let there = table(sound(1, 100));
    let checks = run(&table(here.clone()), &["x", "c"], Some(&there));
    let overlap = one(&checks, Check::ReferenceOverlap);
    // The first numbers drawn are the same, the categories and targets only by chance.
    assert!(overlap.rows.unwrap() < 100);
    here.truncate(3);
    let same = run(&table(here.clone()), &["x", "c"], Some(&table(here)));
    let overlap = one(&same, Check::ReferenceOverlap);
    assert_eq!((overlap.rows, overlap.value, overlap.severity), (Some(1_000), Some(1.0), Severity::Severe));
    assert_eq!(overlap.examples, [0, 1, 2, 3, 4]);
    let lacking = table(vec![("x", Values::Float(vec![0.5]))]);
    let told = run(&table(sound(3, 100)), &["x", "c"], Some(&lacking));
    assert!(one(&told, Check::ReferenceOverlap).sentence.contains("no column “c”"));
    assert!(told.notes.iter().any(|n| n.contains("lacks “c”")));
}

#[test]
fn columns_that_say_nothing_or_too_much_are_named() {
    let rows = 2_000;
    let mut columns = sound(4, rows);
    columns.extend([
        ("empty", Values::Float(vec![f64::NAN; rows])),
        ("one", Values::text((0..rows).map(|_| Some("x")))),
        ("nearly", Values::ints((0..rows).map(|i| i64::from(i == 7)).collect())),
        ("id", Values::text((0..rows).map(|i| Some(format!("id {i}"))))),
        ("number", Values::ints((0..rows as i64).collect())),
        ("gaps", Values::Float((0..rows).map(|i| if i % 4 == 0 { f64::NAN } else { (i % 9) as f64 }).collect())),
        ("inf", Values::Float((0..rows).map(|i| if i == 5 { f64::INFINITY } else { (i % 7) as f64 }).collect())),
    ]);
    let data = table(columns);
    let features = ["x", "c", "empty", "one", "nearly", "id", "number", "gaps", "inf"];
    let checks = run(&data, &features, None);
    let named = |check: Check| -> Vec<_> { checks.of(check).filter_map(|f| f.column.as_deref()).collect() };
    assert_eq!(named(Check::AllMissing), ["empty"]);
    assert_eq!(named(Check::Constant), ["one", "nearly"]);
    assert_eq!(named(Check::Identifier), ["id", "number"]);
    assert_eq!(named(Check::MissingValues), ["gaps"]);
    assert_eq!(named(Check::InfiniteValues), ["inf"]);
    assert_eq!(one(&checks, Check::InfiniteValues).examples, [5]);
    assert_eq!(one(&checks, Check::MissingValues).value, Some(0.25));
    let nearly = checks.of(Check::Constant).nth(1).unwrap();
    assert_eq!((nearly.severity, nearly.examples.as_slice()), (Severity::Info, &[7][..]));
    // Neither a name of each row nor a count of rows tells the target.
    assert!(checks.predictive.iter().filter(|p| p.column != "x").all(|p| p.value < 0.56), "{:?}", checks.predictive);
    assert_eq!(one(&checks, Check::TargetLeakage).severity, Severity::Ok);
}

#[test]
fn a_feature_that_tells_the_target_is_severe() {
    let rows = 3_000;
    let mut random = SplitMix64::new(6);
    let mut columns = sound(5, rows);
    let y: Vec<bool> = (0..rows).map(|row| Column::new("y", columns[2].1.clone()).number(row) == Some(1.0)).collect();
    let down = y.iter().map(|y| -f64::from(u8::from(*y)) + 0.3 * random.unit()).collect();
    let curved = y.iter().map(|y| (random.unit() + f64::from(u8::from(*y))) * [-1.0, 1.0][random.below(2)]).collect();
    let said =
        y.iter().map(|y| Some(if *y { ["paid", "settled"][random.below(2)] } else { "open" })).collect::<Vec<_>>();
    columns.extend([("down", Values::Float(down)), ("curved", Values::Float(curved)), ("said", Values::text(said))]);
    let checks = run(&table(columns), &["x", "c", "down", "curved", "said", "y"], None);
    let severe: Vec<_> = checks
        .of(Check::TargetLeakage)
        .filter(|f| f.severity == Severity::Severe)
        .filter_map(|f| f.column.as_deref())
        .collect();
    assert!(["down", "curved", "said", "y"].iter().all(|name| severe.contains(name)), "{severe:?}");
    assert_eq!(severe.len(), 4);
    assert!(checks.of(Check::TargetLeakage).any(|f| f.sentence.contains("“x”")), "the next one is named");
}

#[test]
fn many_classes_and_numbers_leak_too() {
    let rows = 4_000;
    let mut random = SplitMix64::new(7);
    let class: Vec<i64> = (0..rows).map(|_| random.below(5) as i64).collect();
    let noise: Vec<f64> = (0..rows).map(|_| random.unit()).collect();
    let codes: Vec<i64> = class.iter().map(|c| [3, 1, 4, 0, 2][*c as usize]).collect();
    let price: Vec<f64> = noise.iter().zip(&class).map(|(n, c)| (4.0 * n).exp() * 50.0 + *c as f64).collect();
    let data = table(vec![
        ("code", Values::ints(codes)),
        ("noise", Values::Float((0..rows).map(|_| random.unit()).collect())),
        ("log", Values::Float(noise.iter().map(|n| -n).collect())),
        ("y", Values::ints(class)),
        ("price", Values::Float(price)),
    ]);
    let checks = run(&data, &["code", "noise"], None);
    let leak = one(&checks, Check::TargetLeakage);
    assert_eq!((leak.column.as_deref(), leak.severity), (Some("code"), Severity::Severe));
    assert!(checks.predictive[0].value > 0.999 && checks.predictive[1].value < 0.55, "{:?}", checks.predictive);
    assert_eq!(checks.classes.len(), 5);
    let numbers = check(&data, "price", &["log", "noise", "code"], None, &CheckSettings::default(), &NoWatch).unwrap();
    let leak = one(&numbers, Check::TargetLeakage);
    assert_eq!((leak.column.as_deref(), leak.severity), (Some("log"), Severity::Severe));
    assert_eq!(numbers.predictive[0].measure, Measure::R2);
    assert!(numbers.predictive[1].value < 0.02, "{:?}", numbers.predictive);
    assert!(numbers.classes.is_empty() && numbers.of(Check::ClassBalance).next().is_none());
}

#[test]
fn a_sample_is_told_and_says_the_same() {
    let data = table(sound(8, 20_000));
    let whole = run(&data, &["x", "c"], None);
    let settings = CheckSettings { leak_sample: 5_000, ..CheckSettings::default() };
    let part = check(&data, "y", &["x", "c"], None, &settings, &NoWatch).unwrap();
    assert!((whole.predictive[0].value - part.predictive[0].value).abs() < 0.02);
    assert!(part.notes.iter().any(|n| n.contains("5,000 rows drawn at random")) && whole.notes.is_empty());
    assert_eq!(part, check(&data, "y", &["x", "c"], None, &settings, &NoWatch).unwrap());
}

#[test]
fn classes_are_compared_with_the_reference() {
    let of = |list: &[(&'static str, usize)]| {
        let y: Vec<Option<&str>> = list.iter().flat_map(|(c, n)| std::iter::repeat_n(Some(*c), *n)).collect();
        let x = Values::Float((0..y.len()).map(|i| (i * 7919 % 1_009) as f64 + i as f64 / 1e6).collect());
        table(vec![("x", x), ("y", Values::text(y))])
    };
    let moved = run(&of(&[("a", 500), ("b", 500)]), &["x"], Some(&of(&[("a", 800), ("b", 200)])));
    let worst = moved.of(Check::ClassBalance).max_by_key(|f| f.severity).unwrap();
    assert!(worst.severity == Severity::Warning && worst.sentence.contains("50.0 %"), "{}", worst.sentence);
    assert!(worst.sentence.contains("p < 0.001"), "{}", worst.sentence);
    let new = run(&of(&[("a", 500), ("b", 490), ("z", 10)]), &["x"], Some(&of(&[("a", 500), ("b", 500)])));
    assert!(new.of(Check::ClassBalance).any(|f| f.sentence.contains("“z”") && f.rows == Some(10)));
    let rare = run(&of(&[("a", 1_000), ("b", 4)]), &["x"], None);
    assert_eq!(one(&rare, Check::ClassBalance).severity, Severity::Warning);
    let single = run(&of(&[("a", 100)]), &["x"], None);
    assert_eq!(one(&single, Check::ClassBalance).severity, Severity::Severe);
}

#[test]
fn new_categories_are_named_by_their_rows() {
    let c = |list: Vec<&'static str>| {
        let rows = list.len();
        table(vec![
            ("c", Values::text(list.into_iter().map(Some))),
            ("y", Values::ints((0..rows as i64).map(|i| i % 2).collect())),
        ])
    };
    let here = c([vec!["red"; 60], vec!["Red"; 30], vec!["blue"; 10]].concat());
    let there = c([vec!["red"; 50], vec!["green"; 50]].concat());
    let checks = run(&here, &["c"], Some(&there));
    let new = one(&checks, Check::NewCategories);
    assert_eq!((new.rows, new.severity, new.column.as_deref()), (Some(40), Severity::Warning, Some("c")));
    assert!(new.sentence.contains("“Red”, “blue”."), "{}", new.sentence);
}

#[test]
fn odd_tables_get_a_sentence() {
    struct Stopped;
    impl Watch for Stopped {
        fn progress(&self, _done: f32) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let data = table(sound(9, 50));
    let settings = CheckSettings::default();
    assert!(matches!(check(&data, "z", &["x"], None, &settings, &NoWatch), Err(ValidateError::Data(_))));
    assert!(matches!(check(&data, "y", &["z"], None, &settings, &NoWatch), Err(ValidateError::Data(_))));
    assert_eq!(check(&data, "y", &["x"], None, &settings, &Stopped), Err(ValidateError::Cancelled));
    assert!(!run(&data, &[], None).notes.is_empty());
    let none = table(vec![("x", Values::Float(Vec::new())), ("y", Values::ints(Vec::new()))]);
    assert_eq!(run(&none, &["x"], Some(&none)).rows, 0);
    let blank = table(vec![
        ("x", Values::Float(vec![f64::NAN])),
        ("y", Values::Int { values: vec![0], valid: Some(vec![false]) }),
    ]);
    assert_eq!(run(&blank, &["x"], None).worst(), Severity::Severe);
    let words = table(vec![("x", Values::ints(vec![1, 2])), ("y", Values::text([Some("a"), Some("b")]))]);
    let numbers = CheckSettings { numeric_target: Some(true), ..settings };
    assert!(
        check(&words, "y", &["x"], None, &numbers, &NoWatch)
            .unwrap()
            .notes
            .iter()
            .any(|n| n.contains("not all numbers"))
    );
    let huge = table(vec![
        ("x", Values::Float(vec![1e308; 60])),
        ("y", Values::Float((0..60).map(|i| f64::from(i) * 1e306 + 0.1).collect())),
    ]);
    assert!(run(&huge, &["x"], None).predictive.iter().all(|p| p.value.is_finite()));
}
