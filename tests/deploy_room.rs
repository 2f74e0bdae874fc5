//! A deployment answers every row once and in order, whatever its engine, its sink or a person does.
#![expect(clippy::unwrap_used, reason = "a test may end")]

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use modeldeck::data::{Column, Table, Values};
use modeldeck::deploy::{
    AnsweredBatch, DeployError, DeployEvent, Deployment, DeploymentPlan, DeploymentState, Engine, EngineFactory,
    FeedSettings, Sink, WorkerSettings,
};
use modeldeck::model::Scores;
use parking_lot::{Condvar, Mutex};

/// Far more than any step takes: a test that comes near it hangs.
const PATIENCE: Duration = Duration::from_secs(30);

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Holds engines until it is opened.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    moved: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut open = self.open.lock();
        while !*open {
            self.moved.wait(&mut open);
        }
    }

    fn open(&self) {
        *self.open.lock() = true;
        self.moved.notify_all();
    }
}

type Script = dyn Fn(&Range<usize>) -> Result<(), String> + Send + Sync;
type Opening = dyn Fn(usize) -> Result<(), String> + Send + Sync;

/// Engines that answer each row with its value in the table, after a script had its say.
struct Scripted {
    script: Arc<Script>,
    opening: Box<Opening>,
    opened: AtomicUsize,
}

struct Echo(Arc<Script>);

impl Engine for Echo {
    fn score(&mut self, table: &Table, rows: Range<usize>, out: &mut Scores) -> Result<(), String> {
        (self.0)(&rows)?;
        let column = table.column("row").unwrap();
        for row in rows {
            out.values.push(column.number(row).unwrap());
            out.rows += 1;
        }
        Ok(())
    }
}

impl EngineFactory for Scripted {
    fn open(&self) -> Result<Box<dyn Engine>, String> {
        (self.opening)(self.opened.fetch_add(1, Ordering::SeqCst))?;
        Ok(Box::new(Echo(Arc::clone(&self.script))))
    }
}

fn engines(script: impl Fn(&Range<usize>) -> Result<(), String> + Send + Sync + 'static) -> Scripted {
    Scripted { script: Arc::new(script), opening: Box::new(|_| Ok(())), opened: AtomicUsize::new(0) }
}

#[derive(Default)]
struct Seen {
    rows: Vec<Range<u64>>,
    values: Vec<f64>,
    skipped: Vec<(usize, String)>,
    events: Vec<DeployEvent>,
    finished: usize,
}

impl Seen {
    /// Rows from the first on, without a gap and none twice.
    fn kept(&self) -> u64 {
        self.rows.iter().fold(0, |end, rows| {
            assert_eq!(rows.start, end, "a batch is missing, doubled or out of order: {:?}", self.rows);
            rows.end
        })
    }
}

type Refusal = dyn FnMut(&AnsweredBatch) -> Result<(), String> + Send;

struct Collector {
    seen: Arc<Mutex<Seen>>,
    refuse: Box<Refusal>,
}

impl Sink for Collector {
    fn record(&mut self, batch: &AnsweredBatch) -> Result<(), String> {
        (self.refuse)(batch)?;
        let mut seen = self.seen.lock();
        seen.rows.push(batch.first_row..batch.first_row + batch.rows.len() as u64);
        seen.values.extend(&batch.scores.values);
        seen.skipped.extend(batch.scores.skipped.iter().map(|s| (s.row, s.why.to_string())));
        Ok(())
    }

    fn event(&mut self, event: DeployEvent) {
        self.seen.lock().events.push(event);
    }

    fn finished(&mut self) {
        self.seen.lock().finished += 1;
    }
}

struct Setup {
    plan: DeploymentPlan,
    seen: Arc<Mutex<Seen>>,
    told: Arc<AtomicUsize>,
}

fn setup(rows: usize, engines: Scripted) -> Setup {
    let values = (0..rows).map(|row| row as f64).collect();
    let table = Table::new(vec![Column::new("row", Values::Float(values))]).unwrap();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let told = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&told);
    let plan = DeploymentPlan {
        id: "t".to_owned(),
        table: Arc::new(table),
        still_there: Box::new(|| Ok(())),
        worker: WorkerSettings { workers: 1, intra_threads: 1, batch_rows: 10, queue_batches: 4 },
        feed: FeedSettings { rows_per_second: None, repeat: false, start_row: 0 },
        engines: Arc::new(engines),
        sink: Box::new(Collector { seen: Arc::clone(&seen), refuse: Box::new(|_| Ok(())) }),
        on_stats: Arc::new(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
        }),
    };
    Setup { plan, seen, told }
}

impl Setup {
    fn refusing(mut self, refuse: impl FnMut(&AnsweredBatch) -> Result<(), String> + Send + 'static) -> Self {
        self.plan.sink = Box::new(Collector { seen: Arc::clone(&self.seen), refuse: Box::new(refuse) });
        self
    }

    fn start(self) -> (Deployment, Arc<Mutex<Seen>>) {
        (Deployment::start(self.plan).unwrap(), self.seen)
    }

    /// Runs to the end of the feed.
    fn run(self) -> (modeldeck::deploy::DeploymentStats, Arc<Mutex<Seen>>) {
        let (deployment, seen) = self.start();
        until("the feed is answered", || deployment.is_over());
        let stats = deployment.stats();
        assert!(deployment.stop(PATIENCE));
        assert_eq!(seen.lock().finished, 1);
        (stats, seen)
    }
}

#[test]
fn order_is_kept_with_several_workers() {
    let mut setup = setup(
        1_003,
        engines(|rows| {
            // Later requests are often quicker, so that answers overtake each other.
            std::thread::sleep(Duration::from_micros(((rows.start * 7919) % 13) as u64 * 40));
            Ok(())
        }),
    );
    setup.plan.worker = WorkerSettings { workers: 4, batch_rows: 7, ..setup.plan.worker };
    let (stats, seen) = setup.run();
    let seen = seen.lock();
    assert_eq!(seen.kept(), 1_003);
    assert_eq!(seen.values, (0..1_003).map(f64::from).collect::<Vec<_>>());
    assert_eq!((stats.rows_fed, stats.rows_answered, stats.rows_skipped), (1_003, 1_003, 0));
    assert_eq!((stats.batches, stats.rows_total, stats.queue_depth), (144, Some(1_003), 0));
    assert_eq!(stats.state, DeploymentState::Finished);
    assert!(stats.latency_p50_ms > 0.0 && stats.latency_max_ms >= stats.latency_p50_ms);
    assert_eq!(seen.events, [DeployEvent::FeedEnded]);
}

#[test]
fn a_panicking_worker_is_started_again_and_loses_nothing() {
    let panicked = AtomicBool::new(false);
    let mut setup = setup(
        200,
        engines(move |rows| {
            assert!(rows.start != 50 || panicked.swap(true, Ordering::SeqCst), "division by a cat");
            Ok(())
        }),
    );
    setup.plan.worker.workers = 2;
    let (stats, seen) = setup.run();
    let seen = seen.lock();
    assert_eq!(seen.kept(), 200);
    assert_eq!((stats.rows_answered, stats.rows_skipped, stats.worker_restarts), (200, 0, 1));
    let said = DeployEvent::WorkerRestarted { why: "division by a cat".to_owned() };
    assert_eq!(seen.events, [said, DeployEvent::FeedEnded]);
}

#[test]
fn rows_that_cannot_be_answered_are_skipped_with_a_reason() {
    let setup = setup(
        100,
        engines(|rows| match rows.start {
            20 => panic!("again"),
            60 => Err("a text stands where a number must be".to_owned()),
            _ => Ok(()),
        }),
    );
    let (stats, seen) = setup.run();
    let seen = seen.lock();
    assert_eq!(seen.kept(), 100);
    assert_eq!((stats.rows_answered, stats.rows_skipped, stats.worker_restarts), (100, 20, 2));
    let reasons: BTreeSet<&str> = seen.skipped.iter().map(|(_, why)| why.as_str()).collect();
    assert_eq!(
        reasons.into_iter().collect::<Vec<_>>(),
        ["a text stands where a number must be", "the worker panicked on these rows twice"]
    );
    assert_eq!(seen.values.len(), 100, "a skipped row keeps its place");
    assert!(seen.values.iter().enumerate().all(|(row, v)| v.is_nan() == matches!(row, 20..30 | 60..70)));
}

#[test]
fn a_worker_that_cannot_load_again_ends_the_deployment_and_accounts_for_every_row() {
    let mut engines = engines(|rows| if rows.start == 30 { panic!("broken") } else { Ok(()) });
    engines.opening = Box::new(|times| if times == 0 { Ok(()) } else { Err("the file is gone".to_owned()) });
    let (stats, seen) = setup(1_000, engines).run();
    let seen = seen.lock();
    assert_eq!(seen.kept(), stats.rows_fed);
    assert_eq!(stats.rows_answered, stats.rows_fed);
    assert_eq!(stats.rows_skipped, stats.rows_fed - 30);
    let Some(DeployEvent::Failed { why }) = seen.events.last() else { panic!("{:?}", seen.events) };
    assert!(why.contains("the file is gone"), "{why}");
}

#[test]
fn a_start_that_fails_leaves_no_thread() {
    let mut scripted = engines(|_| Ok(()));
    scripted.opening = Box::new(|times| if times == 1 { Err("not enough memory".to_owned()) } else { Ok(()) });
    let mut setup = setup(10, scripted);
    setup.plan.worker.workers = 3;
    let shared = Arc::clone(&setup.plan.engines);
    let error = Deployment::start(setup.plan).unwrap_err();
    assert_eq!(error, DeployError::Engine("not enough memory".to_owned()));
    assert_eq!(Arc::strong_count(&shared), 1, "a worker still holds it");
    assert_eq!(setup.told.load(Ordering::SeqCst), 0);
}

#[test]
fn settings_that_cannot_work_are_refused_with_a_sentence() {
    let mut bad = setup(10, engines(|_| Ok(())));
    bad.plan.worker.queue_batches = 0;
    let said = Deployment::start(bad.plan).unwrap_err().to_string();
    assert_eq!(said, "The setting queue_batches cannot be used. Between 1 and 10000, not 0.");
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut bad = setup(10, engines(|_| Ok(())));
        bad.plan.feed.rows_per_second = Some(rate);
        assert!(matches!(Deployment::start(bad.plan), Err(DeployError::Setting(_))), "{rate}");
    }
    let mut bad = setup(10, engines(|_| Ok(())));
    bad.plan.feed.start_row = 10;
    assert_eq!(Deployment::start(bad.plan).unwrap_err(), DeployError::NothingToFeed { start_row: 10 });
    assert!(matches!(Deployment::start(setup(0, engines(|_| Ok(()))).plan), Err(DeployError::NothingToFeed { .. })));
}

#[test]
fn a_full_queue_holds_the_feed_is_counted_and_said_once() {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let mut setup = setup(
        1_000,
        engines(move |_| {
            held.pass();
            Ok(())
        }),
    );
    setup.plan.feed.rows_per_second = Some(1_000_000.0);
    let (deployment, seen) = setup.start();
    // Four in the queue and one with the worker.
    until("the feed waits", || deployment.stats().waits_for_queue > 0 && deployment.stats().rows_fed == 50);
    let stats = deployment.stats();
    assert_eq!((stats.queue_depth, stats.queue_bound, stats.rows_answered), (4, 4, 0));
    gate.open();
    until("the feed is answered", || deployment.is_over());
    assert_eq!(seen.lock().kept(), 1_000);
    assert!(seen.lock().events.contains(&DeployEvent::QueueFull));
    assert!(deployment.stop(PATIENCE));
}

#[test]
fn one_slow_worker_does_not_let_answers_pile_up() {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let mut setup = setup(
        10_000,
        engines(move |rows| {
            if rows.start == 0 {
                held.pass();
            }
            Ok(())
        }),
    );
    setup.plan.worker.workers = 2;
    let (deployment, seen) = setup.start();
    // The queue's bound and eight for each worker.
    until("the feed waits for the slow one", || deployment.stats().rows_fed == 200);
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(deployment.stats().rows_fed, 200);
    gate.open();
    until("the feed is answered", || deployment.is_over());
    assert_eq!(seen.lock().kept(), 10_000);
}

#[test]
fn pause_step_rate_and_resume_move_the_feed() {
    let mut setup = setup(100, engines(|_| Ok(())));
    // So slow that nothing comes by itself within this test.
    setup.plan.feed.rows_per_second = Some(0.1);
    let told = Arc::clone(&setup.told);
    let (deployment, seen) = setup.start();
    deployment.pause();
    assert_eq!(deployment.stats().state, DeploymentState::Paused);
    for steps in 1..=3 {
        deployment.step();
        until("a step is answered", || deployment.stats().rows_answered >= steps * 10);
        assert_eq!((seen.lock().kept(), deployment.stats().rows_fed), (steps * 10, steps * 10));
    }
    // Longer than the last numbers take to be told.
    std::thread::sleep(Duration::from_millis(400));
    let before = told.load(Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(250));
    assert_eq!(told.load(Ordering::SeqCst), before, "a held deployment is silent");
    deployment.set_rate(None);
    assert_eq!(seen.lock().kept(), 30, "a rate alone does not move a held feed");
    deployment.resume();
    until("the feed is answered", || deployment.is_over());
    assert_eq!(deployment.stats().state, DeploymentState::Finished);
    assert_eq!(seen.lock().kept(), 100);
}

#[test]
fn steps_not_yet_taken_are_forgotten_by_a_resume() {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let mut setup = setup(
        100_000,
        engines(move |_| {
            held.pass();
            Ok(())
        }),
    );
    setup.plan.worker.queue_batches = 1;
    let (deployment, seen) = setup.start();
    until("the queue is full", || deployment.stats().rows_fed == 20);
    for _ in 0..50 {
        deployment.step();
    }
    deployment.resume();
    deployment.pause();
    gate.open();
    // Two were under way and the feed had a third in its hand; a fourth may slip in while the feed is not held.
    until("what was under way is answered", || seen.lock().kept() >= 30);
    std::thread::sleep(Duration::from_millis(30));
    assert!(deployment.stats().rows_fed <= 40, "{}", deployment.stats().rows_fed);
    assert!(deployment.stop(PATIENCE));
}

#[test]
fn a_stop_answers_what_is_queued() {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let (deployment, seen) = setup(
        1_000,
        engines(move |_| {
            held.pass();
            Ok(())
        }),
    )
    .start();
    until("the queue is full", || deployment.stats().rows_fed == 50);
    deployment.begin_stop();
    assert_eq!(deployment.stats().state, DeploymentState::Draining);
    gate.open();
    until("the threads end", || deployment.is_over());
    let stats = deployment.stats();
    assert_eq!((stats.state, stats.rows_answered), (DeploymentState::Stopped, stats.rows_fed));
    assert!(deployment.stop(PATIENCE));
    let seen = seen.lock();
    assert_eq!(seen.kept(), stats.rows_fed);
    assert!(seen.kept() >= 50 && seen.finished == 1);
    assert!(seen.events.is_empty(), "a stop is no event: {:?}", seen.events);
}

#[test]
fn a_stop_ends_in_time_however_long_the_queue_is() {
    let mut setup = setup(
        100_000,
        engines(|_| {
            std::thread::sleep(Duration::from_millis(20));
            Ok(())
        }),
    );
    setup.plan.worker.queue_batches = 5_000;
    let (deployment, seen) = setup.start();
    until("the queue is full", || deployment.stats().rows_fed >= 50_000);
    assert!(deployment.stop(Duration::from_secs(1)), "a hundred seconds of work were queued");
    let seen = seen.lock();
    assert!(seen.kept() < 50_000);
    assert_eq!(seen.finished, 1);
}

#[test]
fn a_sink_that_fails_holds_the_deployment_and_loses_nothing() {
    let mut left = 2;
    let setup = setup(200, engines(|_| Ok(()))).refusing(move |batch| {
        if batch.first_row == 50 && left > 0 {
            left -= 1;
            return Err("The disk is full.".to_owned());
        }
        Ok(())
    });
    let (deployment, seen) = setup.start();
    let refusals = || seen.lock().events.iter().filter(|e| matches!(e, DeployEvent::SinkFailed { .. })).count();
    for times in 1..=2 {
        until("the sink fails", || refusals() == times && deployment.stats().state == DeploymentState::Paused);
        assert_eq!(seen.lock().kept(), 50);
        deployment.resume();
    }
    until("the feed is answered", || deployment.is_over());
    assert_eq!(deployment.stats().state, DeploymentState::Finished);
    assert_eq!((refusals(), deployment.stats().rows_answered), (2, 200));
    assert_eq!(seen.lock().kept(), 200);
}

#[test]
fn a_stop_while_the_sink_fails_ends_and_counts_what_was_not_kept() {
    let setup = setup(1_000, engines(|_| Ok(())))
        .refusing(|batch| if batch.first_row == 50 { Err("The disk is full.".to_owned()) } else { Ok(()) });
    let (deployment, seen) = setup.start();
    until("the sink fails", || deployment.stats().state == DeploymentState::Paused);
    deployment.begin_stop();
    until("the threads end", || deployment.is_over());
    let stats = deployment.stats();
    let DeploymentState::Failed { why } = &stats.state else { panic!("{:?}", stats.state) };
    let lost = stats.rows_fed - stats.rows_answered;
    assert!(lost >= 10);
    assert_eq!(*why, format!("{lost} rows of answers could not be kept. The disk is full."));
    let seen = seen.lock();
    assert_eq!((seen.kept(), stats.rows_answered, seen.finished), (50, 50, 1), "nothing is kept beyond the gap");
}

#[test]
fn a_sink_that_panics_ends_the_deployment_with_a_reason() {
    let setup = setup(100_000, engines(|_| Ok(()))).refusing(|batch| {
        assert!(batch.first_row != 50, "no such chunk");
        Ok(())
    });
    let (stats, seen) = setup.run();
    let DeploymentState::Failed { why } = stats.state else { panic!("{:?}", stats.state) };
    assert!(why.contains("no such chunk"), "{why}");
    assert_eq!(seen.lock().kept(), 50);
}

#[test]
fn a_dataset_that_changes_is_said_once_and_fed_as_it_was_read() {
    let mut setup = setup(500, engines(|_| Ok(())));
    setup.plan.still_there = Box::new(|| Err("The file has changed since it was read: a.csv".to_owned()));
    let (_, seen) = setup.run();
    let seen = seen.lock();
    assert_eq!(seen.kept(), 500);
    let why = "The file has changed since it was read: a.csv".to_owned();
    assert_eq!(seen.events, [DeployEvent::FeedChanged { why }, DeployEvent::FeedEnded]);
}

#[test]
fn a_repeated_feed_goes_on_counting() {
    let mut setup = setup(25, engines(|_| Ok(())));
    setup.plan.feed.repeat = true;
    let (deployment, seen) = setup.start();
    until("the feed came round twice", || seen.lock().kept() >= 75);
    assert_eq!(deployment.stats().rows_total, None);
    assert!(deployment.stop(PATIENCE));
    let seen = seen.lock();
    seen.kept();
    assert!(seen.values.iter().enumerate().all(|(at, value)| *value == (at % 25) as f64));
}

#[test]
fn a_feed_may_begin_in_the_middle() {
    let mut setup = setup(100, engines(|_| Ok(())));
    setup.plan.feed.start_row = 95;
    let (deployment, seen) = setup.start();
    until("the feed is answered", || deployment.is_over());
    let seen = seen.lock();
    assert_eq!(seen.rows.first(), Some(&(95..100)));
    assert_eq!(seen.values, [95.0, 96.0, 97.0, 98.0, 99.0]);
    assert_eq!(deployment.stats().rows_total, Some(5));
}

#[test]
fn a_dropped_deployment_ends_its_threads() {
    let setup = setup(100, engines(|_| Ok(())));
    let shared = Arc::clone(&setup.plan.engines);
    let mut setup = setup;
    setup.plan.feed.repeat = true;
    let (deployment, seen) = setup.start();
    until("it works", || !seen.lock().rows.is_empty());
    drop(deployment);
    assert_eq!((Arc::strong_count(&shared), seen.lock().finished), (1, 1));
}
