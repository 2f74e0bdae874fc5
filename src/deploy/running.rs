//! A deployment: its threads from start to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use parking_lot::Mutex;

use super::control::Control;
use super::engine::EngineFactory;
use super::error::DeployError;
use super::feed::Feed;
use super::recorder::Recorder;
use super::settings::{FeedSettings, WorkerSettings};
use super::shared::Shared;
use super::sink::Sink;
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
    /// Hears the numbers when they change, at most ten times a second and at once when the state does; never while
    /// nothing happens. It is called on the deployment's threads and must not call the deployment.
    pub on_stats: Arc<dyn Fn(Arc<DeploymentStats>) + Send + Sync>,
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
            telling: Mutex::new(()),
            events: events_in,
            // The watcher must not keep the queue alive, or workers would wait for ever; a receiver does not.
            depth: Box::new(move || watched.len()),
            next_kept: AtomicU64::new(0),
            window: (plan.worker.queue_batches + 8 * plan.worker.workers) as u64,
            working: AtomicUsize::new(plan.worker.workers),
        });
        shared.control.set_rate(plan.feed.rows_per_second);
        let mut deployment = Self { shared: Arc::clone(&shared), threads: Vec::new() };
        // Bound again, so that after a failure it goes before `deployment`, whose workers wait for its end.
        let queue_in = queue_in;
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
        let recorder = Recorder { shared: Arc::clone(&shared), answers, events, sink: plan.sink, unkept: None };
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
        self.shared.show_hand();
    }

    /// Goes on, also after answers could not be kept: the batch is offered again.
    pub fn resume(&self) {
        self.shared.control.resume();
        self.shared.show_hand();
    }

    /// Holds the feed and lets one more batch through.
    pub fn step(&self) {
        self.shared.control.step();
        self.shared.show_hand();
    }

    /// Changes the rate; `None` is as fast as rows are answered, and so is what cannot be a rate.
    pub fn set_rate(&self, rows_per_second: Option<f64>) {
        self.shared.control.set_rate(rows_per_second.filter(|r| r.is_finite() && *r > 0.0));
    }

    /// The numbers now.
    pub fn stats(&self) -> DeploymentStats {
        let mut stats = self.shared.gauge.lock().snapshot();
        stats.queue_depth = self.shared.queue_depth();
        stats
    }

    /// Whether all threads have ended.
    pub fn is_over(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Asks the feed to end; queued rows are still answered. Does not wait.
    pub fn begin_stop(&self) {
        self.shared.control.stop();
        // What never ran has nothing to tell.
        let ran = *self.shared.gauge.lock().state() != DeploymentState::Starting;
        if ran {
            self.shared.show_hand();
        }
    }

    /// Ends the feed and waits for the threads at most `limit`; `true` when they ended.
    ///
    /// Queued rows are answered in the first half of that time; what is still queued then is left unanswered. A call
    /// of the model that has begun cannot be ended: its thread goes on after the limit and ends by itself.
    pub fn stop(mut self, limit: Duration) -> bool {
        let ended = self.end(limit);
        // The drop that follows must not wait for them a second time.
        self.threads.clear();
        ended
    }

    fn end(&mut self, limit: Duration) -> bool {
        if !self.is_over() {
            self.begin_stop();
        }
        if !self.over_within(limit / 2) {
            self.shared.control.abandon();
        }
        self.over_within(limit / 2) && self.threads.drain(..).all(|thread| thread.join().is_ok())
    }

    fn over_within(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        while !self.is_over() {
            if Instant::now() > until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        true
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        if !self.end(Duration::from_secs(5)) {
            tracing::error!("a deployment's threads did not end in time");
        }
    }
}
