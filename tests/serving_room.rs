//! Serving answers every request once, keeps it first, and lets versions take over while requests flow, whatever
//! engines, recorders and people do.

#![expect(clippy::panic, reason = "a test may end")]

#[path = "common/serving.rs"]
mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{Gate, PATIENCE, adding, call, scripted, setup, setup_with, until, y};
use modeldeck::deploy::serve::{
    Call, EngineError, Front as _, Happening, Label, Overflow, Pair, Part, Refusal, RollbackRule, Rollout,
    ServeSettings, ShadowSink, VersionState,
};
use modeldeck::model::tensor::NamedTensor;
use parking_lot::Mutex;

fn failed(why: &str) -> EngineError {
    EngineError::Failed { why: why.to_owned() }
}

#[test]
fn calls_that_wait_together_are_run_together_and_answered_each() {
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sizes);
    let engine = scripted(0.5, move |x| {
        seen.lock().push(x.len());
        Ok(())
    });
    let setup = setup().serve("1", engine, ServeSettings { max_batch: 10, ..ServeSettings::default() });
    setup.hub.pause("m", true).unwrap();
    let waiting: Vec<_> = [3, 3, 3, 12, 1, 1]
        .iter()
        .enumerate()
        .map(|(at, rows)| setup.send(call(&format!("{at}"), &vec![at as f32; *rows])))
        .collect();
    setup.hub.pause("m", false).unwrap();
    for (at, answer) in waiting.iter().enumerate() {
        let answer = answer.recv_timeout(PATIENCE).unwrap().unwrap();
        assert_eq!((&*answer.id, &*answer.version), (format!("{at}").as_str(), "1"));
        assert_eq!(y(&answer), vec![at as f32 + 0.5; [3, 3, 3, 12, 1, 1][at]]);
    }
    assert_eq!(*sizes.lock(), [9, 12, 2], "up to ten rows at once, and a larger request alone");
    assert!(setup.memory.in_order().iter().all(|kept| kept.outcome == Ok(1)));
    let figures = &setup.hub.figures().models[0].versions[0];
    assert_eq!((figures.requests, figures.rows, figures.batches, figures.queue_depth), (6, 23, 3, 0));
}

#[test]
fn a_call_waits_for_others_as_long_as_it_may() {
    let settings = ServeSettings { max_batch: 4, max_wait_us: 10_000_000, ..ServeSettings::default() };
    let setup = setup().serve("1", adding(1.0), settings);
    let first = setup.send(call("a", &[1.0]));
    until("the worker has it in hand", || setup.hub.figures().models[0].versions[0].queue_depth == 0);
    let second = setup.send(call("b", &[2.0, 3.0]));
    let third = setup.send(call("c", &[4.0]));
    // Long before ten seconds: the batch is full.
    for given in [first, second, third] {
        given.recv_timeout(Duration::from_secs(5)).unwrap().unwrap();
    }
    assert_eq!(setup.hub.figures().models[0].versions[0].batches, 1);
    setup
        .hub
        .configure("m", "1", ServeSettings { max_batch: 4, max_wait_us: 2_000, ..ServeSettings::default() })
        .unwrap();
    let alone = setup.hub.ask(call("d", &[5.0])).unwrap();
    assert!(alone.latency >= Duration::from_millis(2), "{:?}", alone.latency);
}

#[test]
fn one_bad_call_spoils_no_other() {
    let engine = scripted(1.0, |x| {
        if x.contains(&13.0) {
            return Err(EngineError::Input { field: "x".to_owned(), why: "Thirteen.".to_owned() });
        }
        if x.contains(&14.0) { Err(failed("Fourteen.")) } else { Ok(()) }
    });
    let setup = setup().serve("1", engine, ServeSettings::default());
    setup.hub.pause("m", true).unwrap();
    let waiting: Vec<_> = (11..16).map(|at| setup.send(call(&format!("{at}"), &[at as f32]))).collect();
    setup.hub.pause("m", false).unwrap();
    let answers: Vec<_> = waiting.iter().map(|answer| answer.recv_timeout(PATIENCE).unwrap()).collect();
    let bad = Refusal::BadInput { field: "x".to_owned(), why: "Thirteen.".to_owned() };
    assert_eq!(answers[2], Err(bad));
    assert_eq!(answers[3], Err(Refusal::Failed { why: "Fourteen.".to_owned() }));
    for at in [0, 1, 4] {
        assert_eq!(y(answers[at].as_ref().unwrap()), [at as f32 + 12.0]);
    }
    let kept = setup.memory.in_order();
    assert_eq!(kept[2].outcome, Err("“x”: Thirteen.".to_owned()), "failures are recorded too");
    assert_eq!(kept[3].outcome, Err("The model failed: Fourteen.".to_owned()));
}

#[test]
fn an_output_for_all_rows_at_once_makes_calls_run_one_by_one() {
    let mut engine = adding(0.0);
    engine.one_for_all = true;
    let setup = setup().serve("1", engine, ServeSettings::default());
    for _ in 0..2 {
        setup.hub.pause("m", true).unwrap();
        let waiting: Vec<_> = (1..4).map(|at| setup.send(call("a", &[at as f32, 1.0]))).collect();
        setup.hub.pause("m", false).unwrap();
        for (at, answer) in waiting.iter().enumerate() {
            assert_eq!(y(&answer.recv_timeout(PATIENCE).unwrap().unwrap()), [at as f32 + 2.0]);
        }
    }
    let batches = setup.hub.figures().models[0].versions[0].batches;
    assert_eq!(batches, 1 + 3 + 3, "tried once together, and never again");
}

#[test]
fn a_version_takes_over_under_load_and_nobody_notices() {
    const EACH: usize = 1_500;
    let settings = ServeSettings { workers: 2, ..ServeSettings::default() };
    let setup = setup().serve("1", adding(1.0), settings.clone());
    setup.add("2", adding(2.0), settings.clone());
    setup.add("3", adding(3.0), settings);
    let (give, given) = crossbeam_channel::bounded(4 * EACH * 2);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (setup, give) = (&setup, give.clone());
            scope.spawn(move || {
                for at in 0..EACH {
                    let id = format!("{thread}-{at}");
                    let (give, expected) = (give.clone(), id.clone());
                    let reply = Box::new(move |answer| give.send((expected, answer)).unwrap());
                    setup.hub.submit(call(&id, &[0.0]), reply);
                    if at % 16 == 0 {
                        std::thread::yield_now();
                    }
                }
            });
        }
        scope.spawn(|| {
            for version in ["2", "3", "1", "3"] {
                std::thread::sleep(Duration::from_millis(3));
                setup.hub.promote("m", version, None).unwrap();
            }
        });
    });
    assert!(setup.hub.drain("m", PATIENCE).unwrap());
    let mut by_id = BTreeMap::new();
    while let Ok((id, answer)) = given.try_recv() {
        let answer = answer.unwrap();
        assert_eq!((&*answer.id, format!("{:.0}", y(&answer)[0])), (id.as_str(), answer.version.to_string()));
        assert!(by_id.insert(id, answer.version.to_string()).is_none(), "answered twice");
    }
    assert_eq!(by_id.len(), 4 * EACH);
    let kept = setup.memory.in_order();
    assert_eq!(kept.len(), 4 * EACH);
    let mut order: Vec<&str> = Vec::new();
    for kept in &kept {
        assert_eq!(by_id[&kept.id], kept.version);
        if order.last() != Some(&kept.version.as_str()) {
            order.push(&kept.version);
        }
    }
    // Each run of equal versions is one promotion: none comes back in between. A promotion may have met no request.
    let mut expected = ["1", "2", "3", "1", "3"].iter();
    assert!(order.iter().all(|version| expected.any(|next| next == version)), "{order:?}");
}

#[test]
fn a_panic_restarts_the_worker_and_loses_no_request() {
    let panicked = Arc::new(AtomicBool::new(false));
    let once = Arc::clone(&panicked);
    let engine = scripted(1.0, move |x| {
        assert!(!x.contains(&3.0) || once.swap(true, Ordering::SeqCst), "division by a cat");
        assert!(!x.contains(&7.0), "again and again");
        Ok(())
    });
    let setup = setup().serve("1", engine, ServeSettings::default());
    assert_eq!(y(&setup.hub.ask(call("3", &[3.0])).unwrap()), [4.0]);
    setup.hub.pause("m", true).unwrap();
    let waiting: Vec<_> = (5..9).map(|at| setup.send(call(&format!("{at}"), &[at as f32]))).collect();
    setup.hub.pause("m", false).unwrap();
    let answers: Vec<_> = waiting.iter().map(|answer| answer.recv_timeout(PATIENCE).unwrap()).collect();
    for at in [0, 1, 3] {
        assert_eq!(y(answers[at].as_ref().unwrap()), [at as f32 + 6.0]);
    }
    assert!(matches!(&answers[2], Err(Refusal::Failed { why }) if why.contains("twice")), "{:?}", answers[2]);
    let restarts = |why: &str| {
        let events = setup.events.lock();
        let is = |what: &Happening| matches!(what, Happening::WorkerRestarted { why: said, .. } if said.contains(why));
        events.iter().filter(|event| is(&event.what)).count()
    };
    assert_eq!((restarts("division by a cat"), restarts("again and again")), (1, 2));
    assert_eq!(setup.hub.figures().models[0].versions[0].restarts, 3);
    assert_eq!(setup.memory.in_order().len(), 5);
}

#[test]
fn a_version_without_workers_refuses_and_can_be_loaded_again() {
    let broken = Arc::new(AtomicBool::new(true));
    let (gone, breaks) = (Arc::clone(&broken), Arc::clone(&broken));
    let mut engine = scripted(1.0, move |_| {
        assert!(!breaks.load(Ordering::SeqCst), "no more");
        Ok(())
    });
    engine.opening =
        Box::new(
            move |times| {
                if times > 0 && gone.load(Ordering::SeqCst) { Err("the file is gone".to_owned()) } else { Ok(()) }
            },
        );
    let setup = setup().serve("1", engine, ServeSettings::default());
    setup.hub.pause("m", true).unwrap();
    let waiting: Vec<_> = (0..3).map(|at| setup.send(call(&format!("{at}"), &[1.0]))).collect();
    setup.hub.pause("m", false).unwrap();
    for answer in waiting {
        let why = answer.recv_timeout(PATIENCE).unwrap().unwrap_err().to_string();
        assert!(why.contains("the file is gone"), "{why}");
    }
    until("the version has failed", || {
        matches!(setup.hub.model("m").unwrap().versions[0].state, VersionState::Failed { .. })
    });
    assert!(matches!(setup.hub.ask(call("x", &[1.0])), Err(Refusal::NotReady { .. })));
    broken.store(false, Ordering::SeqCst);
    setup.hub.load("m").unwrap();
    assert_eq!(y(&setup.hub.ask(call("y", &[1.0])).unwrap()), [2.0]);
    assert_eq!(setup.memory.in_order().len(), 4, "what was admitted was recorded, what was not has no number");
}

#[test]
fn a_version_that_does_not_load_says_why() {
    let setup = setup();
    let mut engine = adding(1.0);
    engine.opening = Box::new(|times| if times == 1 { Err("not enough memory".to_owned()) } else { Ok(()) });
    setup
        .hub
        .add_version("m", "1", Arc::new(engine), ServeSettings { workers: 3, ..ServeSettings::default() })
        .unwrap();
    let failed = VersionState::Failed { why: "not enough memory".to_owned() };
    assert_eq!(setup.hub.wait_loaded("m", "1", PATIENCE).unwrap(), failed);
    let refused = setup.hub.promote("m", "1", None).unwrap_err();
    assert_eq!(refused.to_string(), "Model “m” cannot answer now: not enough memory");
    let asked = setup.hub.ask(call("a", &[1.0])).unwrap_err();
    assert!(asked.to_string().contains("no version has been promoted"), "{asked}");
    setup.hub.load("m").unwrap();
    setup.hub.promote("m", "1", None).unwrap();
    setup.hub.ask(call("a", &[1.0])).unwrap();
}

#[test]
fn what_comes_too_late_is_refused_and_recorded() {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let engine = scripted(1.0, move |_| {
        held.pass();
        Ok(())
    });
    let setup = setup().serve("1", engine, ServeSettings { max_batch: 1, ..ServeSettings::default() });
    let soon = Some(Instant::now() + Duration::from_millis(20));
    let in_hand = setup.send(Call { deadline: soon, ..call("in hand", &[1.0]) });
    until("the worker has it", || gate.came() == 1);
    let queued = setup.send(Call { deadline: soon, ..call("queued", &[1.0]) });
    let patient = setup.send(Call { deadline: Some(Instant::now() + PATIENCE), ..call("patient", &[1.0]) });
    std::thread::sleep(Duration::from_millis(25));
    gate.open();
    assert_eq!(in_hand.recv_timeout(PATIENCE).unwrap(), Err(Refusal::TooLate));
    assert_eq!(queued.recv_timeout(PATIENCE).unwrap(), Err(Refusal::TooLate));
    patient.recv_timeout(PATIENCE).unwrap().unwrap();
    assert_eq!(gate.came(), 2, "what was too late in the queue was never run");
    let outcomes: Vec<bool> = setup.memory.in_order().iter().map(|kept| kept.outcome.is_ok()).collect();
    assert_eq!(outcomes, [false, false, true]);
    let errors = &setup.hub.figures().models[0].versions[0].errors;
    assert_eq!((errors[0].kind.as_str(), errors[0].count), ("too_late", 2));
}

#[test]
fn a_full_queue_refuses_or_lets_wait() {
    for (overflow, bound) in [(Overflow::Refuse, 4), (Overflow::Wait, 7)] {
        let settings =
            ServeSettings { queue_calls: 4, waiting_calls: 3, overflow, max_batch: 1, ..ServeSettings::default() };
        let setup = setup().serve("1", adding(1.0), settings);
        setup.hub.pause("m", true).unwrap();
        let waiting: Vec<_> = (0..10).map(|at| setup.send(call(&format!("{at}"), &[1.0]))).collect();
        for refused in &waiting[bound..] {
            assert_eq!(refused.try_recv().unwrap(), Err(Refusal::QueueFull), "refused at once");
        }
        assert!(waiting[..bound].iter().all(|answer| answer.try_recv().is_err()));
        setup.hub.pause("m", false).unwrap();
        for answer in &waiting[..bound] {
            answer.recv_timeout(PATIENCE).unwrap().unwrap();
        }
        let said = setup.events.lock().iter().filter(|e| matches!(e.what, Happening::QueueFull { .. })).count();
        assert_eq!(said, 1, "said once");
        assert_eq!(setup.memory.in_order().len(), bound);
        assert_eq!(setup.hub.figures().models[0].next_sequence, bound as u64);
    }
}

#[test]
fn what_cannot_be_kept_is_not_given() {
    let setup = setup().serve("1", adding(1.0), ServeSettings::default());
    setup.hub.ask(call("a", &[1.0])).unwrap();
    setup.memory.broken.store(true, Ordering::SeqCst);
    for id in ["b", "c"] {
        let refused = setup.hub.ask(call(id, &[1.0])).unwrap_err();
        assert_eq!(refused, Refusal::NotKept { why: "The disk is full.".to_owned() });
    }
    assert_eq!(setup.hub.figures().models[0].not_kept.as_deref(), Some("The disk is full."));
    setup.memory.broken.store(false, Ordering::SeqCst);
    setup.hub.ask(call("d", &[1.0])).unwrap();
    assert_eq!(setup.hub.figures().models[0].not_kept, None);
    let ids: Vec<String> = setup.memory.kept.lock().iter().map(|kept| kept.id.clone()).collect();
    assert_eq!(ids, ["a", "d"]);
    let told: Vec<Happening> = setup.events.lock().iter().map(|event| event.what.clone()).skip(2).collect();
    assert_eq!(told, [Happening::NotKept { why: "The disk is full.".to_owned() }, Happening::KeptAgain]);
}

/// Id, what the champion said, the shadow, and what it said.
type Compared = (String, String, String, Result<f32, String>);

#[derive(Default)]
struct Pairs {
    seen: Mutex<Vec<Compared>>,
    labels: AtomicUsize,
}

fn first(outputs: &[NamedTensor]) -> f32 {
    let modeldeck::model::tensor::TensorData::Float32(y) = outputs[0].tensor.data() else { panic!("{outputs:?}") };
    y[0]
}

impl ShadowSink for Pairs {
    fn compared(&self, pair: &Pair<'_>) {
        let other = pair.other.map(first).map_err(str::to_owned);
        assert_eq!(pair.rows, 1);
        self.seen.lock().push((
            pair.call.id.to_string(),
            format!("{}:{}", pair.champion, first(pair.given)),
            pair.challenger.to_owned(),
            other,
        ));
    }

    fn labelled(&self, labels: &[Label]) {
        self.labels.fetch_add(labels.len(), Ordering::SeqCst);
    }
}

#[test]
fn a_shadow_sees_copies_and_answers_nobody() {
    let pairs = Arc::new(Pairs::default());
    let sink = Arc::clone(&pairs);
    let setup = setup_with(move |plan| plan.shadow_sink = Some(sink)).serve("1", adding(1.0), ServeSettings::default());
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let shadow = scripted(2.0, move |x| {
        held.pass();
        if x.contains(&2.0) { Err(failed("Two.")) } else { Ok(()) }
    });
    setup.add("2", shadow, ServeSettings { shadow_calls: 3, max_batch: 1, ..ServeSettings::default() });
    setup.hub.set_shadow("m", "2", true).unwrap();
    assert_eq!(setup.hub.model("m").unwrap().versions[1].part, Part::Shadow);
    // The shadow stands still, and callers do not notice.
    assert_eq!(&*setup.hub.ask(call("0", &[0.0])).unwrap().version, "1");
    until("the shadow has the first", || gate.came() == 1);
    for at in 1..6 {
        let answer = setup.hub.ask(call(&format!("{at}"), &[at as f32])).unwrap();
        assert_eq!((&*answer.version, y(&answer)), ("1", vec![at as f32 + 1.0]));
    }
    let named = setup.send(Call { version: Some("2".into()), ..call("named", &[9.0]) });
    until("the last copy was dropped", || setup.hub.figures().models[0].versions[1].copies_dropped == 2);
    gate.open();
    assert_eq!(&*named.recv_timeout(PATIENCE).unwrap().unwrap().version, "2", "it answers those who name it");
    until("the shadow is through", || pairs.seen.lock().len() == 4);
    let seen = pairs.seen.lock();
    let expected = |at: usize| {
        let other = if at == 2 { Err("The model failed: Two.".to_owned()) } else { Ok(at as f32 + 2.0) };
        (format!("{at}"), format!("1:{}", at + 1), "2".to_owned(), other)
    };
    assert_eq!(*seen, (0..4).map(expected).collect::<Vec<_>>());
    let figures = &setup.hub.figures().models[0].versions[1];
    assert_eq!((figures.copies, figures.copies_failed, figures.requests), (3, 1, 1));
    assert!(setup.memory.in_order().iter().all(|kept| (kept.version == "2") == (kept.id == "named")));
    setup.hub.feedback("m", &[Label { id: "1".to_owned(), row: 0, truth: "2".to_owned() }]).unwrap();
    assert_eq!(pairs.labels.load(Ordering::SeqCst), 1);
}

#[test]
fn a_canary_answers_its_share_and_keeps_its_callers() {
    let setup = setup().serve("1", adding(1.0), ServeSettings::default());
    setup.add("2", adding(2.0), ServeSettings::default());
    setup.hub.set_canary("m", "2", 0.2).unwrap();
    let versions = |setup: &common::Setup, sticky: bool| -> Vec<String> {
        (0..500)
            .map(|at| {
                let sticky = sticky.then(|| Arc::from(format!("customer {}", at % 50)));
                setup.hub.ask(Call { sticky, ..call("a", &[0.0]) }).unwrap().version.to_string()
            })
            .collect()
    };
    let free = versions(&setup, false);
    assert_eq!(free.iter().filter(|version| *version == "2").count(), 100);
    let sticky = versions(&setup, true);
    for customer in 0..50 {
        let own: BTreeSet<&String> = sticky.iter().skip(customer).step_by(50).collect();
        assert_eq!(own.len(), 1, "customer {customer} met {own:?}");
    }
    assert!(sticky.iter().any(|version| version == "2"));
    setup.hub.unload_version("m", "2").unwrap();
    assert!(versions(&setup, false).iter().all(|version| version == "1"), "better the champion than no answer");
}

#[test]
fn a_roll_back_restores_version_settings_and_threshold() {
    let setup = setup().serve("1", adding(1.0), ServeSettings { max_batch: 7, ..ServeSettings::default() });
    setup.hub.promote("m", "1", Some(0.4)).unwrap();
    setup.add("2", adding(2.0), ServeSettings::default());
    setup.hub.set_canary("m", "2", 0.5).unwrap();
    setup.hub.promote("m", "2", Some(0.6)).unwrap();
    let (held, history) = setup.hub.rollout("m").unwrap();
    assert_eq!(
        (held.champion.as_deref(), held.threshold, held.canaries.len(), history.len()),
        (Some("2"), Some(0.6), 0, 3)
    );
    setup.hub.configure("m", "2", ServeSettings { workers: 3, ..ServeSettings::default() }).unwrap();
    until("three workers are there", || setup.hub.figures().models[0].versions[1].workers == 3);
    setup.hub.roll_back("m", "too many workers").unwrap();
    assert_eq!(setup.hub.figures().models[0].versions[1].workers, 1);
    setup.hub.roll_back("m", "a customer called").unwrap();
    let (held, _) = setup.hub.rollout("m").unwrap();
    assert_eq!((held.champion.as_deref(), held.threshold, held.canaries[0].share), (Some("1"), Some(0.4), 0.5));
    assert_eq!(held.settings.as_ref().map(|settings| settings.max_batch), Some(7));
    let saved: Rollout = serde_json::from_str(&serde_json::to_string(&held).unwrap()).unwrap();
    assert_eq!(saved, held);
    setup.hub.roll_back("m", "").unwrap();
    setup.hub.roll_back("m", "").unwrap();
    let nothing = setup.hub.roll_back("m", "").unwrap_err();
    assert!(nothing.to_string().contains("no earlier rollout"), "{nothing}");
    assert!(
        setup.events.lock().iter().any(|event| event.what
            == Happening::RolledBack { champion: Some("1".into()), why: "a customer called".to_owned() })
    );
    // What is not there or has a part cannot be misused.
    assert!(matches!(setup.hub.promote("m", "9", None), Err(Refusal::UnknownVersion { .. })));
    assert!(matches!(setup.hub.set_canary("m", "2", 1.5), Err(Refusal::BadInput { .. })));
    assert!(setup.hub.remove_version("m", "1").unwrap_err().to_string().contains("part in the rollout"));
    setup.hub.remove_version("m", "2").unwrap();
    assert_eq!(setup.hub.model("m").unwrap().versions.len(), 1);
}

#[test]
fn a_bad_version_is_taken_back_by_the_rule() {
    let rule = RollbackRule { window: 40, at_least: 10, ..RollbackRule::default() };
    let setup = setup_with(|plan| plan.rollback = Some(rule)).serve("1", adding(1.0), ServeSettings::default());
    setup.add(
        "2",
        scripted(2.0, |x| if x.contains(&1.0) { Err(failed("One.")) } else { Ok(()) }),
        ServeSettings::default(),
    );
    let champion = || setup.hub.rollout("m").unwrap().0.champion.unwrap();
    setup.hub.promote("m", "2", None).unwrap();
    for at in 0..10 {
        setup.hub.ask(call("a", &[(at % 5) as f32])).ok();
    }
    until("it is taken back", || champion() == "1");
    assert_eq!(&*setup.hub.ask(call("b", &[1.0])).unwrap().version, "1");
    let why = setup.events.lock().iter().find_map(|event| match &event.what {
        Happening::RolledBack { why, .. } => Some(why.clone()),
        _ => None,
    });
    assert_eq!(why.unwrap(), "2 of the last 10 requests to version “2” failed, more than 5.0 %.");
    // And by an alert, but only while it is on trial.
    setup.hub.severe_alert("m", "drift of age").unwrap();
    assert_eq!(champion(), "1");
    setup.hub.promote("m", "2", None).unwrap();
    setup.hub.severe_alert("m", "drift of age").unwrap();
    assert_eq!(champion(), "1");
}

#[test]
fn an_unloaded_model_answers_what_it_has_taken() {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let engine = scripted(1.0, move |_| {
        held.pass();
        Ok(())
    });
    let setup = setup().serve("1", engine, ServeSettings { workers: 2, max_batch: 1, ..ServeSettings::default() });
    let waiting: Vec<_> = (0..20).map(|at| setup.send(call(&format!("{at}"), &[at as f32]))).collect();
    until("both workers have one", || gate.came() == 2);
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| setup.hub.unload("m"));
        until("it takes nothing more", || setup.hub.model("m").unwrap().versions[0].state == VersionState::Unloading);
        assert!(matches!(setup.hub.ask(call("late", &[1.0])), Err(Refusal::NotReady { .. })));
        gate.open();
        unloading.join().unwrap().unwrap();
    });
    for (at, answer) in waiting.iter().enumerate() {
        assert_eq!(y(&answer.try_recv().unwrap().unwrap()), [at as f32 + 1.0]);
    }
    assert_eq!(setup.hub.model("m").unwrap().versions[0].state, VersionState::Unloaded);
    setup.hub.unload("m").unwrap();
    setup.hub.load("m").unwrap();
    setup.hub.ask(call("again", &[1.0])).unwrap();
    assert_eq!(setup.memory.in_order().len(), 21);
}

#[test]
fn loading_and_unloading_under_load_answers_or_refuses_everyone_once() {
    let setup = setup().serve("1", adding(1.0), ServeSettings { workers: 2, ..ServeSettings::default() });
    let (give, given) = crossbeam_channel::bounded(8_000);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (setup, give) = (&setup, give.clone());
            scope.spawn(move || {
                for at in 0..1_000 {
                    let give = give.clone();
                    let id = format!("{thread}-{at}");
                    setup.hub.submit(call(&id, &[1.0]), Box::new(move |answer| give.send(answer.is_ok()).unwrap()));
                    std::thread::yield_now();
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..5 {
                setup.hub.unload("m").unwrap();
                setup.hub.load("m").unwrap();
            }
        });
    });
    assert!(setup.hub.drain("m", PATIENCE).unwrap());
    let answers: Vec<bool> = given.try_iter().collect();
    assert_eq!(answers.len(), 2_000);
    let kept = setup.memory.in_order();
    assert_eq!(kept.iter().filter(|kept| kept.outcome.is_ok()).count(), answers.iter().filter(|ok| **ok).count());
}

#[test]
fn a_stop_ends_in_time_though_an_engine_hangs() {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let engine = scripted(1.0, move |_| {
        held.pass();
        Ok(())
    });
    let setup = setup().serve("1", engine, ServeSettings { max_batch: 1, ..ServeSettings::default() });
    let waiting: Vec<_> = (0..3).map(|at| setup.send(call(&format!("{at}"), &[1.0]))).collect();
    until("the worker has one", || gate.came() == 1);
    assert!(!setup.hub.stop(Duration::from_millis(20)), "a worker hangs");
    for refused in &waiting[1..] {
        assert!(matches!(refused.recv_timeout(PATIENCE).unwrap(), Err(Refusal::NotReady { .. })));
    }
    gate.open();
    waiting[0].recv_timeout(PATIENCE).unwrap().unwrap();
    assert!(setup.hub.stop(PATIENCE));
    assert_eq!(setup.memory.in_order().len(), 3);
}

#[test]
fn the_door_names_what_does_not_fit() {
    let setup = setup().serve("1", adding(1.0), ServeSettings::default());
    let say = |call: Call| setup.hub.ask(call).unwrap_err().to_string();
    assert!(say(Call { model: "n".into(), ..call("a", &[1.0]) }).starts_with("There is no model “n” here."));
    let unknown = say(Call { version: Some("7".into()), ..call("a", &[1.0]) });
    assert_eq!(unknown, "Model “m” has no version “7”. It has “1”.");
    let wanted = say(Call { wanted: vec!["z".into()], ..call("a", &[1.0]) });
    assert_eq!(wanted, "“z”: The model has no such output. It gives “y”.");
    assert!(say(Call { inputs: Vec::new(), ..call("a", &[1.0]) }).starts_with("“x”: This input is missing."));
    let given = setup.hub.ask(Call { wanted: vec!["y".into()], ..call("a", &[1.0]) }).unwrap();
    assert_eq!(given.outputs.len(), 1);
    let errors = &setup.hub.figures().models[0];
    assert_eq!((errors.errors[0].kind.as_str(), errors.versions[0].errors[0].count), ("unknown_version", 2));
    assert_eq!(setup.memory.in_order().len(), 1, "what is turned away has no number");
}

#[test]
fn a_callers_panic_is_its_own() {
    let setup = setup().serve("1", adding(1.0), ServeSettings::default());
    setup.hub.submit(call("a", &[1.0]), Box::new(|_| panic!("my own fault")));
    setup.hub.ask(call("b", &[1.0])).unwrap();
    assert_eq!(setup.hub.figures().models[0].versions[0].restarts, 0);
}

#[test]
fn prometheus_text_is_well_formed() {
    let setup = setup().serve("a\"b\\c", adding(1.0), ServeSettings::default());
    for _ in 0..3 {
        setup.hub.ask(call("a", &[1.0, 2.0])).unwrap();
    }
    setup.hub.ask(Call { inputs: Vec::new(), ..call("a", &[1.0]) }).unwrap_err();
    let text = setup.hub.prometheus();
    let labels = "model=\"m\",version=\"a\\\"b\\\\c\"";
    for line in [
        format!("modeldeck_requests_total{{{labels}}} 3"),
        format!("modeldeck_rows_total{{{labels}}} 6"),
        format!("modeldeck_errors_total{{{labels},kind=\"bad_input\"}} 1"),
        format!("modeldeck_batch_rows_bucket{{{labels},le=\"2\"}} 3"),
        format!("modeldeck_batch_rows_sum{{{labels}}} 6"),
        format!("modeldeck_request_seconds_bucket{{{labels},le=\"+Inf\"}} 3"),
        "modeldeck_answers_kept{model=\"m\"} 1".to_owned(),
    ] {
        assert!(text.lines().any(|own| own == line), "{line} is missing in\n{text}");
    }
    let mut typed = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert!(typed.insert(rest.split(' ').next().unwrap().to_owned()), "typed twice: {line}");
        } else if !line.starts_with('#') {
            let name = line.split('{').next().unwrap();
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            assert!(typed.contains(family), "{line} has no type");
            let value = line.rsplit(' ').next().unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
}
