//! A worker's thread: takes requests that go together, runs the model once, keeps the answers and gives them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::call::{Answer, Call, CallRecord, Refusal};
use super::engine::{EngineError, TensorEngine};
use super::event::Happening;
use super::job::{Answered, Job, Purpose};
use super::model::Model;
use super::shadow::Pair;
use super::version::Version;
use crate::deploy::worker::panic_text;
use crate::model::stack;
use crate::model::tensor::NamedTensor;

/// All outputs for one request, or why there are none.
type Outcome = Result<Vec<NamedTensor>, Refusal>;

/// Why a worker cannot go on.
struct Lost(String);

/// A worker before its thread runs.
pub(super) struct Worker {
    model: Arc<Model>,
    version: Arc<Version>,
    index: usize,
    /// Whether the version waits for it to be ready.
    first: bool,
    /// Requests taken and answered since the queue was last asked.
    finished: usize,
}

impl Worker {
    pub(super) fn new(model: Arc<Model>, version: Arc<Version>, index: usize, first: bool) -> Self {
        Self { model, version, index, first, finished: 0 }
    }

    pub(super) fn run(mut self) {
        loop {
            // Only this program's own mistakes come here: engines, recorders and callers are caught where they are called.
            match catch_unwind(AssertUnwindSafe(|| self.serve())) {
                Ok(()) => return,
                Err(panic) => self.restarted(panic_text(&*panic)),
            }
        }
    }

    fn restarted(&self, why: String) {
        self.version.meter.lock().restarts += 1;
        self.model.say(Happening::WorkerRestarted { version: Arc::clone(&self.version.name), why });
    }

    fn open(&self) -> Result<Box<dyn TensorEngine>, String> {
        let threads = self.version.settings().intra_threads;
        catch_unwind(AssertUnwindSafe(|| self.version.factory.open(threads)))
            .unwrap_or_else(|panic| Err(panic_text(&*panic)))
    }

    fn serve(&mut self) {
        let mut generation = self.version.generation.load(Ordering::Acquire);
        let mut engine = match self.open() {
            Ok(engine) => engine,
            Err(why) if self.first => {
                // In this order, so that nobody loads it again before it is said to have failed.
                self.version.fail(&self.model, why);
                self.version.queue.leave(self.index);
                return;
            }
            Err(why) => return self.lost(why),
        };
        if std::mem::take(&mut self.first) {
            self.version.loaded(&self.model);
        }
        let mut jobs = Vec::new();
        loop {
            let joint = !self.version.apart.load(Ordering::Relaxed);
            let finished = std::mem::take(&mut self.finished);
            if !self.version.queue.take(self.index, finished, joint, &mut jobs) {
                return;
            }
            self.finished = jobs.len();
            let newest = self.version.generation.load(Ordering::Acquire);
            if newest != generation {
                generation = newest;
                match self.open() {
                    Ok(fresh) => close(std::mem::replace(&mut engine, fresh)),
                    Err(error) => tracing::warn!(%error, "a worker goes on with the settings it had"),
                }
            }
            let lost = self.answer(&mut engine, &mut jobs).err();
            if let Some(Lost(why)) = lost {
                return self.lost(why);
            }
        }
    }

    /// Ends without an engine; when nobody else is left, neither is the version.
    fn lost(&mut self, why: String) {
        self.version.queue.finished(std::mem::take(&mut self.finished));
        let why = format!("A worker panicked and could not load the model again: {why}");
        if self.version.queue.leave(self.index) == 0 {
            self.version.fail(&self.model, why);
        } else {
            self.model.say(Happening::WorkerLost { version: Arc::clone(&self.version.name), why });
        }
    }

    /// Answers what was taken.
    fn answer(&mut self, engine: &mut Box<dyn TensorEngine>, jobs: &mut Vec<Job>) -> Result<(), Lost> {
        let now = Instant::now();
        let late = |job: &Job| job.call.deadline.is_some_and(|deadline| deadline <= now);
        let given = if jobs.iter().any(late) {
            let (live, gone): (Vec<Job>, Vec<Job>) = jobs.drain(..).partition(|job| !late(job));
            let outcomes = gone.iter().map(|_| Err(Refusal::TooLate)).collect();
            self.give(gone, outcomes);
            live
        } else {
            std::mem::take(jobs)
        };
        if given.is_empty() {
            return Ok(());
        }
        let mut lost = None;
        let outcomes = self.run_all(engine, &given).unwrap_or_else(|Lost(why)| {
            let refusal = Refusal::Failed { why: why.clone() };
            lost = Some(Lost(why));
            given.iter().map(|_| Err(refusal.clone())).collect()
        });
        if matches!(given.first(), Some(Job { purpose: Purpose::Copy { .. }, .. })) {
            self.compare(given, outcomes);
        } else {
            self.give(given, outcomes);
        }
        lost.map_or(Ok(()), Err)
    }

    /// One run for all, and one each when that does not work.
    fn run_all(&self, engine: &mut Box<dyn TensorEngine>, jobs: &[Job]) -> Result<Vec<Outcome>, Lost> {
        let rows: usize = jobs.iter().map(|job| job.rows).sum();
        if let [only] = jobs {
            self.version.meter.lock().batch(rows);
            return Ok(vec![self.run_alone(engine, only, 2)?]);
        }
        let mut tries = 2;
        if let Some(inputs) = joined(jobs) {
            self.version.meter.lock().batch(rows);
            match caught(engine, &inputs) {
                Ok(Ok(outputs)) => match parted(outputs, jobs) {
                    Some(parts) => return Ok(parts.into_iter().map(Ok).collect()),
                    None => self.version.apart.store(true, Ordering::Relaxed),
                },
                // Whose fault it is shows when each runs alone.
                Ok(Err(_)) => {}
                Err(panic) => {
                    self.reopen(engine, panic)?;
                    tries = 1;
                }
            }
        }
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            self.version.meter.lock().batch(job.rows);
            outcomes.push(self.run_alone(engine, job, tries)?);
        }
        Ok(outcomes)
    }

    fn run_alone(&self, engine: &mut Box<dyn TensorEngine>, job: &Job, tries: usize) -> Result<Outcome, Lost> {
        for _ in 0..tries {
            match caught(engine, &job.call.inputs) {
                Ok(Ok(outputs)) => return Ok(Ok(outputs)),
                Ok(Err(EngineError::Input { field, why })) => return Ok(Err(Refusal::BadInput { field, why })),
                Ok(Err(EngineError::Failed { why })) => return Ok(Err(Refusal::Failed { why })),
                Err(panic) => self.reopen(engine, panic)?,
            }
        }
        let why = "its worker panicked on this request twice. Look at the request's values.".to_owned();
        Ok(Err(Refusal::Failed { why }))
    }

    fn reopen(&self, engine: &mut Box<dyn TensorEngine>, panic: String) -> Result<(), Lost> {
        self.restarted(panic);
        let fresh = self.open().map_err(Lost)?;
        close(std::mem::replace(engine, fresh));
        Ok(())
    }

    /// Keeps the answers, then gives them.
    fn give(&self, jobs: Vec<Job>, mut outcomes: Vec<Outcome>) {
        let now = Instant::now();
        for (job, outcome) in jobs.iter().zip(&mut outcomes) {
            if outcome.is_ok() && job.call.deadline.is_some_and(|deadline| deadline <= now) {
                *outcome = Err(Refusal::TooLate);
            }
        }
        self.keep(&jobs, &mut outcomes, now);
        {
            let mut meter = self.version.meter.lock();
            for (job, outcome) in jobs.iter().zip(&outcomes) {
                match outcome {
                    Ok(_) => meter.answered(now, now.saturating_duration_since(job.call.received), job.rows),
                    Err(refusal) => meter.refused(refusal),
                }
            }
        }
        let watched = self.model.is_watched().then(|| watched(&jobs, &outcomes, now));
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            let latency = now.saturating_duration_since(job.call.received);
            let Purpose::Answer { reply, shadows } = job.purpose else { continue };
            let outputs = match outcome {
                Ok(outputs) => outputs,
                Err(refusal) => {
                    reply.give(Err(refusal));
                    continue;
                }
            };
            self.model.answered(&job.call.id, job.rows);
            let copied = shadows.map(|shadows| (shadows, outputs.clone()));
            reply.give(Ok(Answer {
                id: Arc::clone(&job.call.id),
                model: Arc::clone(&job.call.model),
                version: Arc::clone(&self.version.name),
                outputs: wanted(outputs, &job.call),
                latency,
            }));
            if let Some((shadows, outputs)) = copied {
                let champion = Arc::new(Answered { version: Arc::clone(&self.version.name), outputs, latency });
                copy(&shadows, &job.call, (job.sequence, job.rows), &champion);
            }
        }
        if let Some(watched) = watched {
            self.model.observe(&self.version.name, &watched);
        }
    }

    /// Hands all outcomes to the recorder; what it cannot keep is not given.
    fn keep(&self, jobs: &[Job], outcomes: &mut [Outcome], now: Instant) {
        let failures: Vec<String> = outcomes.iter().filter_map(|o| o.as_ref().err().map(ToString::to_string)).collect();
        let mut failures_left = failures.iter();
        let records: Vec<CallRecord<'_>> = jobs
            .iter()
            .zip(outcomes.iter())
            .map(|(job, outcome)| CallRecord {
                sequence: job.sequence,
                call: &job.call,
                version: &self.version.name,
                outcome: match outcome {
                    Ok(outputs) => Ok(outputs.as_slice()),
                    Err(_) => Err(failures_left.next().map_or("", String::as_str)),
                },
                latency: now.saturating_duration_since(job.call.received),
            })
            .collect();
        let kept = self.model.keep(&records);
        drop(records);
        if let Err(why) = kept {
            for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_ok()) {
                *outcome = Err(Refusal::NotKept { why: why.clone() });
            }
        }
    }

    /// Tells the sink what the shadow said.
    fn compare(&self, jobs: Vec<Job>, outcomes: Vec<Outcome>) {
        let now = Instant::now();
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            let Purpose::Copy { champion } = job.purpose else { continue };
            let latency = now.saturating_duration_since(job.queued_at);
            {
                let mut meter = self.version.meter.lock();
                match &outcome {
                    Ok(_) => meter.copied(now, latency),
                    Err(_) => meter.copies_failed += 1,
                }
            }
            let failure = outcome.as_ref().err().map(ToString::to_string);
            self.model.compared(&Pair {
                call: &job.call,
                rows: job.rows,
                champion: &champion.version,
                given: &champion.outputs,
                champion_latency: champion.latency,
                challenger: &self.version.name,
                other: match &outcome {
                    Ok(outputs) => Ok(outputs.as_slice()),
                    Err(_) => Err(failure.as_deref().unwrap_or_default()),
                },
                challenger_latency: latency,
            });
        }
    }
}

/// A run, or the words of a panic.
fn caught(
    engine: &mut Box<dyn TensorEngine>,
    inputs: &[NamedTensor],
) -> Result<Result<Vec<NamedTensor>, EngineError>, String> {
    catch_unwind(AssertUnwindSafe(|| engine.run(inputs))).map_err(|panic| panic_text(&*panic))
}

/// Nothing can be expected of an engine that panicked, not even that it can be closed.
fn close(engine: Box<dyn TensorEngine>) {
    if catch_unwind(AssertUnwindSafe(move || drop(engine))).is_err() {
        tracing::warn!("an engine panicked while it was closed");
    }
}

/// Which requests count for the roll-back rule, each with whether it failed.
fn watched(jobs: &[Job], outcomes: &[Outcome], now: Instant) -> Vec<(bool, Duration)> {
    let latency = |job: &Job| now.saturating_duration_since(job.call.received);
    jobs.iter()
        .zip(outcomes)
        .filter_map(|(job, outcome)| match outcome {
            Ok(_) => Some((false, latency(job))),
            Err(Refusal::Failed { .. } | Refusal::TooLate) => Some((true, latency(job))),
            Err(_) => None,
        })
        .collect()
}

/// The inputs of all requests, row over row.
fn joined(jobs: &[Job]) -> Option<Vec<NamedTensor>> {
    let first = jobs.first()?;
    let column = |at: usize| jobs.iter().filter_map(move |job| job.call.inputs.get(at)).map(|input| &input.tensor);
    let joined = |(at, input): (usize, &NamedTensor)| {
        Some(NamedTensor { name: Arc::clone(&input.name), tensor: stack::concat(column(at))? })
    };
    first.call.inputs.iter().enumerate().map(joined).collect()
}

/// The outputs of each request; `None` when some output has not one row for each of theirs.
fn parted(outputs: Vec<NamedTensor>, jobs: &[Job]) -> Option<Vec<Vec<NamedTensor>>> {
    let rows: Vec<usize> = jobs.iter().map(|job| job.rows).collect();
    let mut parts: Vec<Vec<NamedTensor>> = jobs.iter().map(|_| Vec::with_capacity(outputs.len())).collect();
    for output in outputs {
        let cut = stack::cut(output.tensor, &rows).ok()?;
        for (part, tensor) in parts.iter_mut().zip(cut) {
            part.push(NamedTensor { name: Arc::clone(&output.name), tensor });
        }
    }
    Some(parts)
}

fn wanted(mut outputs: Vec<NamedTensor>, call: &Call) -> Vec<NamedTensor> {
    if !call.wanted.is_empty() {
        outputs.retain(|output| call.wanted.contains(&output.name));
    }
    outputs
}

/// Hands a request to the shadows, behind everything that callers wait for.
fn copy(shadows: &[Arc<Version>], call: &Arc<Call>, (sequence, rows): (u64, usize), champion: &Arc<Answered>) {
    for shadow in shadows {
        let purpose = Purpose::Copy { champion: Arc::clone(champion) };
        let job = Job { sequence, call: Arc::clone(call), rows, queued_at: Instant::now(), purpose };
        if !(shadow.is_ready() && shadow.queue.push_copy(job)) {
            shadow.meter.lock().copies_dropped += 1;
        }
    }
}
