use super::*;
use crate::validate::governance::checklist;

fn machine() -> Machine {
    Machine { cores: 4, memory_bytes: 8 << 30, available_bytes: 4 << 30 }
}

fn facts<'a>(model: &'a Inspection, columns: &'a [String]) -> Facts<'a> {
    Facts {
        model,
        runtime: Ok("1.28.0"),
        machine: machine(),
        workers: (2, 1),
        measured: Some(Measured { peak_bytes: 100 << 20, requests_per_second: 1_000.0, rows: 1, p95_ms: 4.0 }),
        approved: Approved::Signed { who: "Ada".to_owned() },
        needs_sign_off: true,
        card: &[],
        columns,
        feeds: &[],
        endpoint: None,
        capture: None,
        consumers: &[],
    }
}

fn line<'a>(list: &'a Readiness, what: &str) -> &'a Line {
    list.lines.iter().find(|line| line.what == what).unwrap_or_else(|| panic!("no line {what}"))
}

#[test]
fn every_line_that_is_not_ready_says_what_to_do() {
    let (model, columns) = (Inspection::default(), ["a".to_owned(), "b".to_owned()]);
    let card = checklist(None);
    let feeds = [FeedFacts {
        name: "year".to_owned(),
        problem: None,
        columns: Some(vec!["a".to_owned()]),
        every_s: Some(60.0),
    }];
    let consumers = [Consumer { name: "CRM".to_owned(), per_second: 2_000.0, rows: 1, ..Consumer::default() }];
    let list = Readiness::of(&Facts {
        runtime: Err("ONNX Runtime is not there."),
        workers: (8, 2),
        measured: None,
        approved: Approved::Refused { policy: "Strict".to_owned() },
        card: &card,
        feeds: &feeds,
        endpoint: Some(("127.0.0.1:80".parse().unwrap(), Err("Another program listens on port 80.".to_owned()))),
        capture: Some(CaptureFacts {
            free_bytes: Some(1 << 20),
            row_bytes: 200.0,
            rows_per_second: 1_000.0,
            can_wait: false,
        }),
        consumers: &consumers,
        ..facts(&model, &columns)
    });
    assert_eq!(list.fitness(), Fitness::Blocked);
    for line in &list.lines {
        assert!(line.why.ends_with('.'), "{line:?}");
        assert_eq!(line.mend.is_none(), line.fitness == Fitness::Ready, "{line:?}");
    }
    let blocked: Vec<&str> = list.in_the_way().map(|line| line.what.as_str()).collect();
    assert_eq!(blocked, ["Runtime", "Validation", "Feed “year”", "Endpoint", "Disk for the capture"]);
    assert!(line(&list, "Feed “year”").why.contains("1 of 2 columns"));
    assert_eq!(line(&list, "Cores").fitness, Fitness::Caution);
}

#[test]
fn a_sign_off_is_in_the_way_only_where_the_policy_asks_for_it() {
    let model = Inspection::default();
    let of = |approved, needs_sign_off| {
        let list = Readiness::of(&Facts { approved, needs_sign_off, ..facts(&model, &[]) });
        line(&list, "Validation").fitness
    };
    let unsigned = || Approved::Unsigned { policy: "Strict".to_owned() };
    assert_eq!(of(unsigned(), true), Fitness::Blocked);
    assert_eq!(of(unsigned(), false), Fitness::Caution);
    assert_eq!(of(Approved::Signed { who: "Ada".to_owned() }, true), Fitness::Ready);
    let overridden = Approved::Overridden { who: "Ada".to_owned(), reason: "pilot".to_owned() };
    assert_eq!(of(overridden, true), Fitness::Caution);
    assert_eq!(of(Approved::Refused { policy: "Strict".to_owned() }, false), Fitness::Blocked);
}

#[test]
fn consumers_are_held_against_feed_latency_and_load() {
    let (model, columns) = (Inspection::default(), ["age".to_owned(), "plan".to_owned()]);
    let feeds = [FeedFacts {
        name: "nightly".to_owned(),
        problem: None,
        columns: Some(columns.to_vec()),
        every_s: Some(86_400.0),
    }];
    let consumer = |name: &str| Consumer { name: name.to_owned(), per_second: 100.0, rows: 1, ..Consumer::default() };
    let consumers = [
        Consumer { answer_within_ms: Some(2.0), ..consumer("fast") },
        Consumer { answer_within_ms: Some(20.0), ..consumer("patient") },
        Consumer { fresh_within_s: Some(60.0), ..consumer("fresh") },
        Consumer { per_second: 600.0, ..consumer("busy") },
    ];
    let list = Readiness::of(&Facts { feeds: &feeds, consumers: &consumers, ..facts(&model, &columns) });
    let of = |what: &str| line(&list, what).fitness;
    assert_eq!(of("Consumer “fast”"), Fitness::Blocked);
    assert_eq!(of("Consumer “patient”"), Fitness::Ready);
    assert_eq!(of("Consumer “fresh”"), Fitness::Blocked);
    // 900 of 1,000 a second leave too little for a busy hour.
    assert_eq!(of("Load of all consumers"), Fitness::Caution);
    let sends = [Consumer { sends: vec!["age".to_owned()], ..consumer("half") }];
    let alone = Readiness::of(&Facts { consumers: &sends, ..facts(&model, &columns) });
    assert!(line(&alone, "Consumer “half”").why.contains("plan"));
    let fed = Readiness::of(&Facts { feeds: &feeds, consumers: &sends, ..facts(&model, &columns) });
    assert_eq!(line(&fed, "Consumer “half”").fitness, Fitness::Ready);
}

#[test]
fn a_full_disk_is_in_the_way_only_where_answers_would_be_refused() {
    let model = Inspection::default();
    let of = |can_wait| {
        let capture = CaptureFacts { free_bytes: Some(1 << 20), row_bytes: 200.0, rows_per_second: 1_000.0, can_wait };
        let list = Readiness::of(&Facts { capture: Some(capture), ..facts(&model, &[]) });
        line(&list, "Disk for the capture").fitness
    };
    assert_eq!((of(false), of(true)), (Fitness::Blocked, Fitness::Caution));
}

#[test]
fn a_replay_needs_no_consumers_and_an_endpoint_does() {
    let model = Inspection::default();
    let endpoint = Some(("127.0.0.1:80".parse().unwrap(), Ok(())));
    let named = |endpoint| {
        let list = Readiness::of(&Facts { endpoint, ..facts(&model, &[]) });
        list.lines.iter().any(|line| line.what == "Consumers")
    };
    assert!(!named(None) && named(endpoint));
}

#[test]
fn memory_that_the_system_does_not_tell_is_not_in_the_way() {
    let model = Inspection::default();
    let machine = Machine { cores: 1, memory_bytes: 0, available_bytes: 0 };
    let list = Readiness::of(&Facts { machine, ..facts(&model, &[]) });
    assert_eq!(line(&list, "Memory").fitness, Fitness::Caution);
}

#[test]
fn a_taken_port_is_seen() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    assert!(try_address(address).unwrap_err().contains(&address.port().to_string()));
    drop(taken);
    assert_eq!(try_address("127.0.0.1:0".parse().unwrap()), Ok(()));
}

#[test]
fn a_consumer_without_a_name_or_with_a_negative_load_is_told() {
    let wrong = Consumer { per_second: -1.0, answer_within_ms: Some(0.0), ..Consumer::default() };
    let fields: Vec<&str> = wrong.problems().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["name", "per_second", "answer_within_ms"]);
}
