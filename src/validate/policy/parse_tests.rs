//! What a policy file may say, and how each mistake in one is answered.

use super::*;

/// The mistakes of a text, each with its line.
fn mistakes(text: &str) -> Vec<String> {
    match parse(text) {
        Ok(policy) => vec![format!("read as {policy:?}")],
        Err(error) => error.problems.iter().map(ToString::to_string).collect(),
    }
}

/// The mistakes of a policy with one gate, whose first line is line 4.
fn of_gate(gate: &str) -> Vec<String> {
    mistakes(&format!("name = \"P\"\n\n[[gate]]\n{gate}"))
}

const GOOD: &str = r#"
name = "Careful"
description = "For trying out"
required_card_fields = ["purpose", "limits"]

[[gate]]
name = "Ranks well"
metric = "roc_auc"
at_least = 0.70
bound = "low"

[[gate]]
name = "No collapse after training"
metric = "roc_auc"
against = "training"
lose_at_most = 0.10      # relative

[[gate]]
name = "Better than guessing"
metric = "f1"
against = "baseline"
gain_at_least = 0.05
required = false

[[gate]]
name = "Everywhere"
metric = "recall"
at_least = 0.5
segments = ["origin", "carrier"]
min_rows = 200

[[gate]]
metric = "log_loss"
at_most = 1
bound = "high"

[[gate]]
name = "As agreed"
metric = "brier"
against = 0.2
within_share = 0.1
segments = ["origin"]

[[gate]]
name = "Beats today's"
metric = "log_loss"
against = "champion"
gain_share_at_least = 0.02
"#;

#[test]
fn a_policy_is_read_with_all_that_it_says() {
    let policy = parse(GOOD).unwrap();
    assert_eq!((policy.name.as_str(), policy.description.as_str()), ("Careful", "For trying out"));
    assert_eq!(policy.required_card_fields, ["purpose", "limits"]);
    let conditions: Vec<Condition> = policy.gates.iter().map(|g| g.condition).collect();
    assert_eq!(
        conditions,
        [
            Condition::AtLeast(0.7),
            Condition::LoseAtMost { share: 0.1, against: Against::Training },
            Condition::GainAtLeast { gain: 0.05, against: Against::Baseline },
            Condition::AtLeast(0.5),
            Condition::AtMost(1.0),
            Condition::WithinShare { share: 0.1, against: Against::Constant(0.2) },
            Condition::GainShareAtLeast { share: 0.02, against: Against::Champion },
        ]
    );
    let bounds: Vec<Bound> = policy.gates.iter().map(|g| g.bound).collect();
    assert_eq!(bounds[..5], [Bound::Low, Bound::Point, Bound::Point, Bound::Point, Bound::High]);
    let required: Vec<bool> = policy.gates.iter().map(|g| g.required).collect();
    assert_eq!(required, [true, true, false, true, true, true, true]);
    let columns = vec!["origin".to_owned(), "carrier".to_owned()];
    assert_eq!(policy.gates[3].on, On::Segments { columns, min_rows: 200 });
    assert_eq!(policy.gates[4].name, "Log loss at most 1 at the upper bound");
    let columns = vec!["origin".to_owned()];
    assert_eq!(policy.gates[5].on, On::Segments { columns, min_rows: DEFAULT_MIN_ROWS });
    assert_eq!(parse(&policy.to_toml()), Ok(policy));
}

#[test]
fn carriage_returns_and_a_byte_order_mark_do_not_matter() {
    let windows = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
    assert_eq!(parse(&windows), parse(GOOD));
    let wrong = windows.replace("\"f1\"", "\"f2x\"");
    assert_eq!(mistakes(&wrong).len(), 1);
    assert!(mistakes(&wrong)[0].starts_with("line 20: "), "{:?}", mistakes(&wrong));
}

#[test]
fn an_unknown_metric_is_named_with_its_line_and_the_nearest() {
    let wrong = |metric: &str| of_gate(&format!("metric = \"{metric}\"\nat_least = 0.7"));
    assert_eq!(wrong("roc_acu"), ["line 4: no metric is called “roc_acu”; perhaps “roc_auc” is meant"]);
    assert_eq!(wrong("sensitivity"), ["line 4: no metric is called “sensitivity”; perhaps “recall” is meant"]);
    let far = wrong("customers");
    assert!(far[0].starts_with("line 4: no metric is called “customers”; there are roc_auc, f1, "), "{far:?}");
    assert_eq!(wrong(""), ["line 4: metric is empty"]);
}

#[test]
fn unknown_keys_are_mistakes() {
    assert_eq!(
        of_gate("metric = \"f1\"\nat_leest = 0.7\nat_least = 0.5"),
        ["line 5: a gate has no “at_leest”; perhaps “at_least” is meant"]
    );
    let far = of_gate("metric = \"f1\"\nat_least = 0.5\ncolour = 1");
    assert!(far[0].starts_with("line 6: a gate has no “colour”; it can have name, metric, at_least, "), "{far:?}");
    assert_eq!(
        mistakes("name = \"P\"\n[[gates]]\nmetric = \"f1\"\nat_least = 0.5"),
        ["line 2: a policy has no “gates”; perhaps “gate” is meant"]
    );
    assert_eq!(
        mistakes("name = \"P\"\nowner = \"x\"\nrequired_card_fields = [\"limits\"]"),
        ["line 2: a policy has no “owner”; it can have name, description, required_card_fields, require_sign_off, \
          data, gate"]
    );
}

#[test]
fn a_gate_has_one_condition_and_a_metric() {
    assert_eq!(
        of_gate("name = \"A\"\nmetric = \"f1\""),
        [
            "line 3: gate “A” has no condition; add one of at_least, at_most, within_share, lose_at_most, gain_at_least, \
             gain_share_at_least"
        ]
    );
    assert_eq!(
        of_gate("name = \"A\"\nmetric = \"f1\"\nat_most = 0.9\nat_least = 0.5"),
        ["line 7: gate “A” has two conditions, at_most and at_least; write a gate for each"]
    );
    assert_eq!(of_gate("at_least = 0.5"), ["line 3: this gate has no metric; add metric = \"…\""]);
}

#[test]
fn a_relative_condition_needs_something_to_be_compared_with() {
    assert_eq!(
        of_gate("metric = \"f1\"\nlose_at_most = 0.1"),
        ["line 5: lose_at_most = 0.10 is compared with nothing; add against = \"training\", \"baseline\", \
             \"champion\" or a number"]
    );
    assert_eq!(
        of_gate("metric = \"f1\"\nagainst = \"training\"\nat_least = 0.1"),
        ["line 5: at_least is a limit of its own and takes no against, which goes with within_share, lose_at_most, \
             gain_at_least, gain_share_at_least"]
    );
    assert_eq!(
        of_gate("metric = \"f1\"\nagainst = \"trainning\"\nlose_at_most = 0.1"),
        ["line 5: against cannot be “trainning”; perhaps “training” is meant"]
    );
    assert_eq!(
        of_gate("metric = \"f1\"\nagainst = \"yesterday\"\nlose_at_most = 0.1"),
        ["line 5: against cannot be “yesterday”; it can be training, baseline, champion"]
    );
    assert_eq!(
        of_gate("metric = \"f1\"\nagainst = true\nlose_at_most = 0.1"),
        ["line 5: against must be \"training\", \"baseline\", \"champion\" or a number, but is true"]
    );
    assert_eq!(
        of_gate("metric = \"f1\"\nagainst = nan\nlose_at_most = 0.1"),
        ["line 6: against is not a finite number"]
    );
}

#[test]
fn values_have_a_type() {
    let rest = "metric = \"f1\"\nat_least = 0.5\n";
    let one = |line: &str| of_gate(&format!("{rest}{line}"));
    assert_eq!(
        of_gate("metric = \"f1\"\nat_least = \"0.5\""),
        ["line 5: at_least must be a number without quotes, but is the text “0.5”"]
    );
    assert_eq!(of_gate("metric = 7\nat_least = 0.5"), ["line 4: metric must be text in quotes, but is the number 7"]);
    assert_eq!(one("name = 1.5"), ["line 6: name must be text in quotes, but is the number 1.5"]);
    assert_eq!(one("required = \"no\""), ["line 6: required must be true or false, but is the text “no”"]);
    assert_eq!(one("bound = \"lower\""), ["line 6: bound cannot be “lower”; it can be point, low, high"]);
    assert_eq!(one("bound = \"hihg\""), ["line 6: bound cannot be “hihg”; perhaps “high” is meant"]);
    assert_eq!(
        one("segments = \"origin\""),
        ["line 6: segments must be a list of texts, such as [\"one\", \"two\"], but is the text “origin”"]
    );
    assert_eq!(one("segments = []"), ["line 6: segments names no column; name one or take it away for all rows"]);
    assert_eq!(one("segments = [\"a\",\n\"a\"]"), ["line 7: segments names “a” twice"]);
    assert_eq!(one("segments = [\" \"]"), ["line 6: segments has an empty entry"]);
    assert_eq!(
        one("min_rows = 20"),
        ["line 6: min_rows is about segments; add segments = [\"column\"] or take it away"]
    );
    for (rows, is) in
        [("0", "the number 0"), ("-5", "the number -5"), ("2.5", "the number 2.5"), ("1979-05-27", "a date")]
    {
        let said = one(&format!("segments = [\"a\"]\nmin_rows = {rows}"));
        assert_eq!(said, [format!("line 7: min_rows must be a whole number from 1, but is {is}")]);
    }
    assert_eq!(
        mistakes("name = [1]\nrequired_card_fields = [\"limits\"]"),
        ["line 1: name must be text in quotes, but is a list"]
    );
    assert_eq!(
        mistakes("name = \"P\"\ndescription = 3\nrequired_card_fields = [\"limits\"]"),
        ["line 2: description must be text in quotes, but is the number 3"]
    );
}

#[test]
fn whole_numbers_may_have_separators_and_be_long() {
    let text = "name = \"P\"\n[[gate]]\nmetric = \"mse\"\nat_most = 100_000_000_000_000_000_000\nsegments = [\"a\"]\nmin_rows = 1_000";
    let gate = parse(text).unwrap().gates.remove(0);
    assert_eq!(gate.condition, Condition::AtMost(1e20));
    assert_eq!(gate.on, On::Segments { columns: vec!["a".to_owned()], min_rows: 1000 });
}

#[test]
fn numbers_without_sense_are_named() {
    assert_eq!(of_gate("metric = \"f1\"\nat_least = nan"), ["line 5: at_least is not a finite number"]);
    assert_eq!(of_gate("metric = \"mae\"\nat_most = inf"), ["line 5: at_most is not a finite number"]);
    assert_eq!(
        of_gate("at_least = 70\nmetric = \"roc_auc\""),
        ["line 4: roc_auc is never above 1, so 70 decides nothing; 70 % is written 0.70"]
    );
}

#[test]
fn a_policy_asks_for_something() {
    assert_eq!(mistakes(""), ["the policy is empty; give it a name and at least one [[gate]]"]);
    assert_eq!(mistakes("# nothing\n\n"), mistakes(""));
    assert_eq!(
        mistakes("name = \"P\""),
        ["the policy asks for nothing; add at least one [[gate]] with a metric and a condition"]
    );
    assert_eq!(mistakes("name = \"P\"\ngate = []"), mistakes("name = \"P\""));
    assert_eq!(
        mistakes("[[gate]]\nmetric = \"f1\"\nat_least = 0.5"),
        ["the policy has no name; begin with name = \"…\""]
    );
    assert_eq!(mistakes("name = \" \"\n[[gate]]\nmetric = \"f1\"\nat_least = 0.5"), ["line 1: name is empty"]);
    let only_card = parse("name = \"P\"\nrequired_card_fields = [\"limits\"]").unwrap();
    assert!(only_card.gates.is_empty());
}

#[test]
fn card_fields_are_known() {
    assert_eq!(
        mistakes("name = \"P\"\nrequired_card_fields = [\n\"limits\",\n\"purpos\"]"),
        ["line 4: a model card has no “purpos”; perhaps “purpose” is meant"]
    );
    let far = mistakes("name = \"P\"\nrequired_card_fields = [\"colour\"]");
    assert!(far[0].starts_with("line 2: a model card has no “colour”; it has version, "), "{far:?}");
}

#[test]
fn gates_are_written_in_two_brackets_and_named_once() {
    assert_eq!(
        mistakes("name = \"P\"\n\n[gate]\nmetric = \"f1\"\nat_least = 0.5"),
        ["line 3: [[gate]] stands in two brackets, with its fields on the lines below"]
    );
    assert_eq!(
        mistakes("name = \"P\"\ngate = \"f1\""),
        ["line 2: a gate is written as [[gate]], with its fields on the lines below"]
    );
    assert_eq!(
        mistakes("name = \"P\"\ngate = [1]"),
        ["line 2: a gate must be a table that begins with [[gate]], but is the number 1"]
    );
    let twice = "name = \"P\"\n[[gate]]\nmetric = \"f1\"\nat_least = 0.5\n[[gate]]\nmetric = \"f1\"\nat_least = 0.5";
    assert_eq!(
        mistakes(twice),
        ["line 5: a gate called “F1 at least 0.50” stands already in line 2; names must differ"]
    );
}

#[test]
fn text_that_is_no_toml_is_named_with_its_line() {
    let said = mistakes("name = \"P\"\n\nmetric: f1\n");
    assert!(said[0].starts_with("line 3: this is not TOML: "), "{said:?}");
    let said = mistakes("name = \"P\"\nname = \"Q\"\n");
    assert!(said[0].starts_with("line 2: this is not TOML: duplicate key"), "{said:?}");
    let said = mistakes(&"[".repeat(10_000));
    assert!(said[0].starts_with("line 1: this is not TOML: "), "{said:?}");
}

#[test]
fn all_mistakes_are_told_in_order_and_the_error_says_the_first() {
    let text = "name = \"P\"\n[[gate]]\nmetric = \"roc_acu\"\nat_least = \"x\"\n[[gate]]\nmetric = \"f1\"\n";
    let error = parse(text).unwrap_err();
    let lines: Vec<Option<usize>> = error.problems.iter().map(|p| p.line).collect();
    assert_eq!(lines, [Some(3), Some(4), Some(5)]);
    let expected = "line 3: no metric is called “roc_acu”; perhaps “roc_auc” is meant (and 2 more mistakes)";
    assert_eq!(error.to_string(), expected);
    let two = parse("name = \"P\"\n[[gate]]\nmetric = \"f1\"\nat_least = nan\ncolour = 1").unwrap_err();
    assert!(two.to_string().ends_with("(and one more mistake)"), "{two}");
}

#[test]
fn a_sign_off_is_asked_for_only_where_the_policy_says_so() {
    let policy = parse("name = \"P\"\nrequire_sign_off = true").unwrap();
    assert!(policy.require_sign_off && policy.gates.is_empty());
    assert_eq!(parse(&policy.to_toml()), Ok(policy));
    let plain = parse("name = \"P\"\nrequired_card_fields = [\"purpose\"]\nrequire_sign_off = false").unwrap();
    assert!(!plain.require_sign_off && !plain.to_toml().contains("require_sign_off"));
    let said =
        mistakes("required_card_fields = [\"purpose\"]\nname = \"P\"\nrequire_sign_of = true\nrequire_sign_off = 1");
    assert_eq!(
        said,
        [
            "line 3: a policy has no “require_sign_of”; perhaps “require_sign_off” is meant",
            "line 4: require_sign_off must be true or false, but is the number 1",
        ]
    );
}
