//! A deployment: its threads from start to end, and the hand on its feed.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use parking_lot::{Condvar, Mutex};

use super::engine::EngineFactory;
use super::error::DeployError;
use super::feed::{Feed, Pace};
use super::recorder::Recorder;
use super::settings::{FeedSettings, WorkerSettings};
use super::sink::{DeployEvent, Sink};
use super::stats::{DeploymentState, DeploymentStats, Gauge};
use super::worker::Worker;
use crate::data::Table;

const EVENTS_QUEUED: usize = 64;

/// What a deployment is to do.
pub struct DeploymentPlan {
    /// Its key, also part of its threads' names.
    pub id: String,
    /// The rows to feed.
    pub table: Arc<Table>,
    /// Looks whether the table's file is still what was read; a sentence when not.
    pub still_there: Box<dyn Fn() -> Result<(), String> + Send>,
    /// Threads and queue.
    pub worker: WorkerSettings,
    /// Rate and place.
    pub feed: FeedSettings,
    /// Opens the model for each worker.
    pub engines: Arc<dyn EngineFactory>,
    /// Where answers go.
    pub sink: Box<dyn Sink>,
    /// Hears the numbers, at most ten times a second while it works.
    pub on_stats: Arc<dyn Fn(Arc<DeploymentStats>) + Send + Sync>,
}

/// What the feed is to do next.
pub(super) enum Wish {
    /// Feed a batch at a rate.
    Feed { rate: Option<f64> },
    /// End.
    Stop,
}

#[derive(Debug, Default)]
struct Hand {
    rate: Option<f64>,
    paused: bool,
    steps: u64,
    stopping: bool,
    /// Grows with every change, so that a wait can see one.
    turn: u64,
}

/// The hand on the feed.
#[derive(Debug, Default)]
pub(super) struct Control {
    hand: Mutex<Hand>,
    moved: Condvar,
}

impl Control {
    fn change(&self, change: impl FnOnce(&mut Hand)) {
        let mut hand = self.hand.lock();
        change(&mut hand);
        hand.turn += 1;
        drop(hand);
        self.moved.notify_all();
    }

    pub(super) fn pause(&self) {
        self.change(|hand| hand.paused = true);
    }

    pub(super) fn stopping(&self) -> bool {
        self.hand.lock().stopping
    }

    /// Waits while the feed is held; a step lets one batch through at any rate.
    pub(super) fn next(&self, pace: &mut Pace) -> Wish {
        let mut hand = self.hand.lock();
        while hand.paused && hand.steps == 0 && !hand.stopping {
            self.moved.wait(&mut hand);
            pace.restart();
        }
        if hand.stopping {
            return Wish::Stop;
        }
        if hand.paused {
            hand.steps -= 1;
            return Wish::Feed { rate: None };
        }
        Wish::Feed { rate: hand.rate }
    }

    /// Waits; `true` when something changed meanwhile.
    pub(super) fn changed_within(&self, wait: Duration) -> bool {
        let mut hand = self.hand.lock();
        let turn = hand.turn;
        let until = Instant::now() + wait;
        while hand.turn == turn {
            if self.moved.wait_until(&mut hand, until).timed_out() {
                return hand.turn != turn;
            }
        }
        true
    }

    /// Waits until a person goes on; `false` when the deployment is to stop.
    pub(super) fn wait_for_resume(&self) -> bool {
        let mut hand = self.hand.lock();
        while hand.paused && !hand.stopping {
            self.moved.wait(&mut hand);
        }
        !hand.stopping
    }
}

/// What all threads of a deployment share.
pub(super) struct Shared {
    pub(super) table: Arc<Table>,
    pub(super) control: Control,
    pub(super) gauge: Mutex<Gauge>,
    pub(super) on_stats: Arc<dyn Fn(Arc<DeploymentStats>) + Send + Sync>,
    events: Sender<DeployEvent>,
    depth: Box<dyn Fn() -> usize + Send + Sync>,
}

impl Shared {
    pub(super) fn say(&self, event: DeployEvent) {
        // Events repeat themselves in the numbers; a flood of them must not hold up the work.
        self.events.try_send(event).ok();
    }

    pub(super) fn queue_depth(&self) -> usize {
        (self.depth)()
    }

    pub(super) fn set_state(&self, state: DeploymentState) {
        let stats = {
            let mut gauge = self.gauge.lock();
            if gauge.set_state(state) { gauge.due() } else { None }
        };
        if let Some(stats) = stats {
            (self.on_stats)(stats);
        }
    }

    /// Ends everything for a reason.
    pub(super) fn fail(&self, why: String) {
        self.set_state(DeploymentState::Failed { why });
        self.control.change(|hand| hand.stopping = true);
    }
}

/// A running deployment. Dropping it stops it.
pub struct Deployment {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Deployment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deployment").field("state", self.shared.gauge.lock().state()).finish_non_exhaustive()
    }
}

fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, DeployError> {
    std::thread::Builder::new().name(name).spawn(work).map_err(|error| DeployError::Thread(error.to_string()))
}

impl Deployment {
    /// Starts the threads and waits until every worker has loaded the model.
    ///
    /// # Errors
    /// When a setting is wrong, there is nothing to feed, a worker cannot load the model, or there are no threads.
    pub fn start(plan: DeploymentPlan) -> Result<Self, DeployError> {
        if let Some((field, why)) = plan.worker.problems().into_iter().chain(plan.feed.problems()).next() {
            return Err(DeployError::Setting(format!("The setting {field} cannot be used. {why}.")));
        }
        let rows = plan.table.rows() as u64;
        if plan.feed.start_row >= rows {
            return Err(DeployError::NothingToFeed { start_row: plan.feed.start_row });
        }
        let (queue_in, queue_out) = crossbeam_channel::bounded(plan.worker.queue_batches);
        let (answers_in, answers) = crossbeam_channel::bounded(plan.worker.workers * 2);
        let (events_in, events) = crossbeam_channel::bounded(EVENTS_QUEUED);
        let (loaded_in, loaded) = crossbeam_channel::bounded(plan.worker.workers);
        let watched = queue_out.clone();
        let total = (!plan.feed.repeat).then(|| rows - plan.feed.start_row);
        let shared = Arc::new(Shared {
            table: plan.table,
            control: Control::default(),
            gauge: Mutex::new(Gauge::new(plan.worker.queue_batches, total)),
            on_stats: plan.on_stats,
            events: events_in,
            // The watcher must not keep the queue alive, or workers would wait for ever; a receiver does not.
            depth: Box::new(move || watched.len()),
        });
        shared.control.change(|hand| hand.rate = plan.feed.rows_per_second);
        let mut deployment = Self { shared: Arc::clone(&shared), threads: Vec::new() };
        for number in 0..plan.worker.workers {
            let worker = Worker {
                shared: Arc::clone(&shared),
                engines: Arc::clone(&plan.engines),
                queue: queue_out.clone(),
                answers: answers_in.clone(),
                loaded: loaded_in.clone(),
            };
            let name = format!("worker-{}-{number}", plan.id);
            deployment.threads.push(spawn(name, move || worker.run())?);
        }
        drop((answers_in, queue_out, loaded_in));
        Self::wait_for_workers(&loaded, plan.worker.workers)?;
        let recorder = Recorder { shared: Arc::clone(&shared), answers, events, sink: plan.sink };
        deployment.threads.push(spawn(format!("recorder-{}", plan.id), move || recorder.run())?);
        shared.set_state(DeploymentState::Running);
        let feed = Feed {
            shared: Arc::clone(&shared),
            queue: queue_in,
            batch_rows: plan.worker.batch_rows,
            repeat: plan.feed.repeat,
            start_row: plan.feed.start_row as usize,
            still_there: plan.still_there,
        };
        deployment.threads.push(spawn(format!("feed-{}", plan.id), move || feed.run())?);
        Ok(deployment)
    }

    fn wait_for_workers(loaded: &Receiver<Result<(), String>>, workers: usize) -> Result<(), DeployError> {
        for _ in 0..workers {
            match loaded.recv() {
                Ok(Ok(())) => {}
                Ok(Err(why)) => return Err(DeployError::Engine(why)),
                Err(_) => return Err(DeployError::Engine("a worker ended before it had loaded".to_owned())),
            }
        }
        Ok(())
    }

    /// Holds the feed; what is queued is still answered.
    pub fn pause(&self) {
        self.shared.control.pause();
        self.shared.set_state(DeploymentState::Paused);
    }

    /// Goes on.
    pub fn resume(&self) {
        self.shared.control.change(|hand| hand.paused = false);
        self.shared.set_state(DeploymentState::Running);
    }

    /// Holds the feed and lets one more batch through.
    pub fn step(&self) {
        self.shared.control.change(|hand| {
            hand.paused = true;
            hand.steps += 1;
        });
        self.shared.set_state(DeploymentState::Paused);
    }

    /// Changes the rate; `None` is as fast as rows are answered.
    pub fn set_rate(&self, rows_per_second: Option<f64>) {
        let rate = rows_per_second.filter(|r| r.is_finite() && *r > 0.0);
        self.shared.control.change(|hand| hand.rate = rate);
    }

    /// The numbers now.
    pub fn stats(&self) -> DeploymentStats {
        self.shared.gauge.lock().snapshot()
    }

    /// Whether all threads have ended.
    pub fn is_over(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Ends the feed, lets queued rows be answered, and waits for the threads at most `limit`; `true` when they ended.
    pub fn stop(mut self, limit: Duration) -> bool {
        self.end(limit)
    }

    fn end(&mut self, limit: Duration) -> bool {
        self.shared.control.change(|hand| hand.stopping = true);
        let until = Instant::now() + limit;
        while !self.is_over() {
            if Instant::now() > until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.threads.drain(..).all(|thread| thread.join().is_ok())
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        self.end(Duration::from_secs(5));
    }
}
