//! How a version is served, as plain data.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::deploy::settings::Problem;

/// What becomes of a request when the queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// It waits, as long as no more than [`ServeSettings::waiting_calls`] do. No thread of the caller is held: its
    /// answer comes later.
    #[default]
    Wait,
    /// It is refused at once.
    Refuse,
}

/// Threads, batches and the queue of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServeSettings {
    /// Worker threads, each with a session of its own.
    pub workers: usize,
    /// Threads inside one call of the model.
    pub intra_threads: usize,
    /// Rows that are run at once at most; a request of more rows is run alone.
    pub max_batch: usize,
    /// How long after its arrival a request may wait for others to be run with, microseconds; with 0 those that are
    /// there are run together and nobody waits.
    pub max_wait_us: u64,
    /// How long a worker that has just answered looks busily for the next request before it sleeps, microseconds. It saves
    /// a caller that asks again at once a wake-up, where cores are free; where they are not, it takes from the caller
    /// what it saves.
    pub look_us: u64,
    /// Requests in the queue.
    pub queue_calls: usize,
    /// Requests that may wait for the queue, with [`Overflow::Wait`]; more are refused.
    pub waiting_calls: usize,
    /// What becomes of a request when the queue is full.
    pub overflow: Overflow,
    /// Copies of requests that may wait while the version is a shadow; more are dropped and counted.
    pub shadow_calls: usize,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            workers: 1,
            intra_threads: 1,
            max_batch: 256,
            max_wait_us: 0,
            look_us: 0,
            queue_calls: 256,
            waiting_calls: 4_096,
            overflow: Overflow::Wait,
            shadow_calls: 256,
        }
    }
}

impl ServeSettings {
    /// What is wrong, by field.
    pub fn problems(&self) -> Vec<Problem> {
        let limits = [
            ("workers", self.workers, 1, 64),
            ("intra_threads", self.intra_threads, 1, 64),
            ("max_batch", self.max_batch, 1, 100_000),
            ("max_wait_us", usize::try_from(self.max_wait_us).unwrap_or(usize::MAX), 0, 10_000_000),
            ("look_us", usize::try_from(self.look_us).unwrap_or(usize::MAX), 0, 1_000),
            ("queue_calls", self.queue_calls, 1, 100_000),
            ("waiting_calls", self.waiting_calls, 0, 1_000_000),
            ("shadow_calls", self.shadow_calls, 0, 100_000),
        ];
        limits
            .into_iter()
            .filter(|(_, value, low, high)| value < low || value > high)
            .map(|(field, value, low, high)| (field, format!("Between {low} and {high}, not {value}")))
            .collect()
    }

    /// The longest a request waits for others.
    pub fn max_wait(&self) -> Duration {
        Duration::from_micros(self.max_wait_us)
    }

    /// How long a worker looks for the next request.
    pub fn look(&self) -> Duration {
        Duration::from_micros(self.look_us)
    }

    /// Requests that may be there at once, in the queue or waiting for it.
    pub fn bound(&self) -> usize {
        match self.overflow {
            Overflow::Wait => self.queue_calls.saturating_add(self.waiting_calls),
            Overflow::Refuse => self.queue_calls,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_told_by_field() {
        assert_eq!(ServeSettings::default().problems(), []);
        let wrong = ServeSettings { workers: 0, max_batch: 1_000_000, look_us: 5_000, ..ServeSettings::default() };
        let fields: Vec<&str> = wrong.problems().iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["workers", "max_batch", "look_us"]);
        let read: ServeSettings = serde_json::from_str("{\"workers\":2,\"overflow\":\"refuse\"}").unwrap();
        assert_eq!((read.workers, read.bound()), (2, 256));
    }
}
