//! A worker's thread: owns a session, answers requests, starts again after a panic.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};

use super::engine::{Engine, EngineFactory};
use super::shared::Shared;
use super::sink::{AnsweredBatch, DeployEvent};
use crate::model::session::{NO_LABEL, SkippedRow};
use crate::model::{Scores, Task};

/// Rows waiting for an answer.
pub(super) struct Request {
    pub(super) sequence: u64,
    pub(super) rows: Range<usize>,
    pub(super) first_row: u64,
    pub(super) queued_at: Instant,
}

pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) engines: Arc<dyn EngineFactory>,
    pub(super) queue: Receiver<Request>,
    pub(super) answers: Sender<AnsweredBatch>,
    /// Told once whether the model could be loaded.
    pub(super) loaded: Sender<Result<(), String>>,
}

impl Worker {
    pub(super) fn run(self) {
        let mut engine = match self.open() {
            Ok(engine) => {
                self.loaded.send(Ok(())).ok();
                engine
            }
            Err(why) => {
                self.loaded.send(Err(why)).ok();
                return;
            }
        };
        let mut last = Scores::default();
        for request in &self.queue {
            if self.shared.control.abandoned() {
                return;
            }
            let answer = self.answer(&mut engine, &request);
            let goes_on = answer.is_ok();
            let scores = match answer {
                Ok(Answer::Given(scores)) => scores,
                Ok(Answer::Skipped(why)) => {
                    if !form_is_known(&last) {
                        last = self.form(&mut engine);
                    }
                    without_answer(&request, &last, &why)
                }
                Err(why) => without_answer(&request, &last, &why),
            };
            // The form of an answer, for rows that get none.
            last =
                Scores { task: scores.task, classes: scores.classes.clone(), width: scores.width, ..Scores::default() };
            if !self.give(request, scores) {
                return;
            }
            if !goes_on {
                break;
            }
        }
        // Without an engine in any worker, nobody else takes what is queued: its rows are counted as skipped.
        if self.shared.working.fetch_sub(1, Ordering::AcqRel) == 1 {
            for request in &self.queue {
                let scores = without_answer(&request, &last, "no worker could load the model again");
                if !self.give(request, scores) {
                    return;
                }
            }
        }
    }

    /// Hands the answers on; `false` when nobody takes them any more.
    fn give(&self, request: Request, scores: Scores) -> bool {
        let batch = AnsweredBatch {
            sequence: request.sequence,
            table: Arc::clone(&self.shared.table),
            rows: request.rows,
            first_row: request.first_row,
            scores,
            latency_ms: request.queued_at.elapsed().as_secs_f64() * 1000.0,
            answered_at: Instant::now(),
            answered_at_ms: chrono::Utc::now().timestamp_millis(),
        };
        self.answers.send(batch).is_ok()
    }

    fn open(&self) -> Result<Box<dyn Engine>, String> {
        catch_unwind(AssertUnwindSafe(|| self.engines.open())).unwrap_or_else(|panic| Err(panic_text(&*panic)))
    }

    /// The answers; after a second panic on the same rows they are skipped.
    ///
    /// # Errors
    /// When no engine can be had any more; the deployment has then failed.
    fn answer(&self, engine: &mut Box<dyn Engine>, request: &Request) -> Result<Answer, String> {
        for _ in 0..2 {
            let mut scores = Scores::default();
            let scored =
                catch_unwind(AssertUnwindSafe(|| engine.score(&self.shared.table, request.rows.clone(), &mut scores)));
            match scored {
                Ok(Ok(())) if scores.rows == request.rows.len() => return Ok(Answer::Given(scores)),
                Ok(Ok(())) => {
                    let why = "the model did not give one answer for each row";
                    return Ok(Answer::Skipped(why.to_owned()));
                }
                Ok(Err(why)) => return Ok(Answer::Skipped(why)),
                Err(panic) => {
                    let why = panic_text(&*panic);
                    self.shared.gauge.lock().restarted();
                    self.shared.say(DeployEvent::WorkerRestarted { why });
                    match self.open() {
                        Ok(fresh) => {
                            let broken = std::mem::replace(engine, fresh);
                            // Nothing can be expected of it, not even that it can be closed.
                            catch_unwind(AssertUnwindSafe(move || drop(broken))).ok();
                        }
                        Err(why) => {
                            self.shared.fail(format!("A worker panicked and could not load the model again: {why}"));
                            return Err(why);
                        }
                    }
                }
            }
        }
        Ok(Answer::Skipped("the worker panicked on these rows twice".to_owned()))
    }

    /// What an answer would look like: that to no row at all.
    fn form(&self, engine: &mut Box<dyn Engine>) -> Scores {
        let mut form = Scores::default();
        match catch_unwind(AssertUnwindSafe(|| engine.score(&self.shared.table, 0..0, &mut form))) {
            Ok(Ok(())) => form,
            _ => Scores::default(),
        }
    }
}

enum Answer {
    Given(Scores),
    /// The rows get none, for this reason.
    Skipped(String),
}

fn form_is_known(form: &Scores) -> bool {
    form.task != Task::Unknown || !form.classes.is_empty()
}

fn without_answer(request: &Request, form: &Scores, why: &str) -> Scores {
    let rows = request.rows.len();
    let why: Arc<str> = why.into();
    let classification = form.task.is_classification() || !form.classes.is_empty();
    Scores {
        task: form.task,
        classes: form.classes.clone(),
        width: form.width,
        rows,
        labels: if classification { vec![NO_LABEL; rows] } else { Vec::new() },
        probabilities: vec![f32::NAN; rows * form.width],
        values: if classification { Vec::new() } else { vec![f64::NAN; rows] },
        skipped: request.rows.clone().map(|row| SkippedRow { row, why: Arc::clone(&why) }).collect(),
        raw_scores: false,
        notes: Vec::new(),
    }
}

pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
        .unwrap_or_else(|| "a panic without words".to_owned())
}
