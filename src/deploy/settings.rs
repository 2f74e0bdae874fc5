//! How a deployment works, as plain data.

/// Threads, batches and the queue between them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct WorkerSettings {
    /// Worker threads, each with a session of its own.
    pub workers: usize,
    /// Threads inside one call of the model.
    pub intra_threads: usize,
    /// Rows in one request; fewer at a rate below that many a second, so that no request takes longer to fill.
    pub batch_rows: usize,
    /// Requests that may wait; when it is full the feed waits.
    pub queue_batches: usize,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self { workers: 1, intra_threads: 1, batch_rows: 500, queue_batches: 64 }
    }
}

/// A field's name and what is wrong with it.
pub type Problem = (&'static str, String);

fn within(problems: &mut Vec<Problem>, field: &'static str, value: usize, low: usize, high: usize) {
    if !(low..=high).contains(&value) {
        problems.push((field, format!("Between {low} and {high}, not {value}")));
    }
}

impl WorkerSettings {
    /// What is wrong, by field.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        within(&mut problems, "workers", self.workers, 1, 64);
        within(&mut problems, "intra_threads", self.intra_threads, 1, 64);
        within(&mut problems, "batch_rows", self.batch_rows, 1, 100_000);
        within(&mut problems, "queue_batches", self.queue_batches, 1, 10_000);
        problems
    }
}

/// Where requests come from: a dataset replayed at a rate.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct FeedSettings {
    /// Rows a second; `None` is as fast as they are answered.
    pub rows_per_second: Option<f64>,
    /// Whether to begin again at the end.
    pub repeat: bool,
    /// The first row to feed.
    pub start_row: u64,
}

impl Default for FeedSettings {
    fn default() -> Self {
        Self { rows_per_second: Some(5_000.0), repeat: false, start_row: 0 }
    }
}

impl FeedSettings {
    /// What is wrong, by field.
    pub fn problems(&self) -> Vec<Problem> {
        match self.rows_per_second {
            Some(rate) if !(0.1..=10_000_000.0).contains(&rate) => {
                vec![("rows_per_second", format!("Between 0.1 and 10,000,000 rows a second, not {rate}"))]
            }
            _ => Vec::new(),
        }
    }
}
