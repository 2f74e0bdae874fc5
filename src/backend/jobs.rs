//! Work that takes longer than a moment: a named thread each, with progress, cancel and an end that is applied once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use crossbeam_channel::Sender;

use super::command::JobId;
use super::event::{JobTopic, JobView};
use super::service::{Internal, Service};
use crate::data::watch::Watch;

/// What a finished job does to the state, on the backend's thread.
pub(super) type Outcome = Box<dyn FnOnce(&mut Service) + Send>;

const UNKNOWN_PROGRESS: u32 = u32::MAX;

/// The job's side: progress out, cancel in.
#[derive(Clone, Debug)]
pub(super) struct JobHandle {
    progress: Arc<AtomicU32>,
    cancelled: Arc<AtomicBool>,
}

impl Watch for JobHandle {
    fn progress(&self, done: f32) {
        self.progress.store((done.clamp(0.0, 1.0) * 1e6) as u32, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

struct Job {
    id: JobId,
    name: String,
    topic: JobTopic,
    began: Instant,
    handle: JobHandle,
}

/// The jobs that run now.
#[derive(Default)]
pub(super) struct Jobs {
    next: JobId,
    running: Vec<Job>,
}

impl Jobs {
    /// Starts `work` on a thread of its own; its outcome comes back as [`Internal::JobDone`].
    pub fn start(
        &mut self,
        done: &Sender<Internal>,
        topic: JobTopic,
        name: impl Into<String>,
        work: impl FnOnce(&JobHandle) -> Outcome + Send + 'static,
    ) -> JobId {
        self.next += 1;
        let id = self.next;
        let handle = JobHandle {
            progress: Arc::new(AtomicU32::new(UNKNOWN_PROGRESS)),
            cancelled: Arc::new(AtomicBool::new(false)),
        };
        let name = name.into();
        self.running.push(Job { id, name: name.clone(), topic, began: Instant::now(), handle: handle.clone() });
        let sender = done.clone();
        let spawned = std::thread::Builder::new().name(format!("job-{id}")).spawn(move || {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&handle)));
            let outcome = outcome.unwrap_or_else(|panic| {
                let why = crate::backend::service::panic_text(&panic);
                Box::new(move |service: &mut Service| {
                    service.error(format!("“{name}” ended unexpectedly: {why}. Nothing was changed; try again."));
                })
            });
            // The backend may have gone while the job ran; then nobody waits for the outcome.
            sender.send(Internal::JobDone(id, outcome)).ok();
        });
        if let Err(error) = spawned {
            let outcome: Outcome = Box::new(move |service: &mut Service| {
                service.error(format!("No thread could be started: {error}. Close other programs and try again."));
            });
            done.try_send(Internal::JobDone(id, outcome)).ok();
        }
        id
    }

    /// Asks a job to end.
    pub fn cancel(&self, id: JobId) {
        if let Some(job) = self.running.iter().find(|job| job.id == id) {
            job.handle.cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Asks all jobs to end.
    pub fn cancel_all(&self) {
        for job in &self.running {
            job.handle.cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Asks all jobs of a topic to end, for example when a newer question makes an older one pointless.
    pub fn cancel_topic(&self, topic: &JobTopic) {
        for job in self.running.iter().filter(|job| &job.topic == topic) {
            job.handle.cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Takes a job off the list; `true` when it was there and nobody cancelled it.
    pub fn finish(&mut self, id: JobId) -> bool {
        let Some(place) = self.running.iter().position(|job| job.id == id) else { return false };
        let job = self.running.remove(place);
        !job.handle.cancelled()
    }

    /// Whether no job runs.
    pub fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Whether a job of a topic runs.
    pub fn is_running(&self, topic: &JobTopic) -> bool {
        self.running.iter().any(|job| &job.topic == topic)
    }

    /// The jobs as the window shows them.
    pub fn view(&self) -> Vec<JobView> {
        self.running
            .iter()
            .map(|job| {
                let millionths = job.handle.progress.load(Ordering::Relaxed);
                let progress = (millionths != UNKNOWN_PROGRESS).then_some(millionths as f32 / 1e6);
                let seconds = job.began.elapsed().as_secs_f64();
                let left_s = progress
                    .filter(|p| *p > 0.02 && seconds > 0.3)
                    .map(|p| seconds * (1.0 - f64::from(p)) / f64::from(p));
                JobView {
                    id: job.id,
                    name: job.name.clone(),
                    topic: job.topic.clone(),
                    progress,
                    seconds,
                    left_s,
                    cancelling: job.handle.cancelled(),
                }
            })
            .collect()
    }
}
