//! The feed's thread: cuts a table into requests and puts them into the queue at a rate.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, TrySendError};

use super::running::{Control, Shared, Wish};
use super::sink::DeployEvent;
use super::stats::DeploymentState;
use super::worker::Request;

/// The dataset's file is looked at this often.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(5);
/// A long wait is cut into pieces, so that a stop is heard.
const NAP: Duration = Duration::from_millis(50);

pub(super) struct Feed {
    pub(super) shared: Arc<Shared>,
    pub(super) queue: Sender<Request>,
    pub(super) batch_rows: usize,
    pub(super) repeat: bool,
    pub(super) start_row: usize,
    pub(super) still_there: Box<dyn Fn() -> Result<(), String> + Send>,
}

impl Feed {
    pub(super) fn run(self) {
        let total = self.shared.table.rows();
        let mut at = self.start_row;
        let (mut sequence, mut first_row) = (0, self.start_row as u64);
        let mut pace = Pace::new();
        let mut looked_at = Instant::now();
        let mut full_said = false;
        let mut changed_said = false;
        loop {
            let rate = match self.shared.control.next(&mut pace) {
                Wish::Stop => break,
                Wish::Feed { rate } => rate,
            };
            if at >= total {
                if !self.repeat {
                    break;
                }
                at = 0;
            }
            let end = (at + self.batch_rows).min(total);
            if !changed_said && looked_at.elapsed() >= LOOKED_AT_EVERY {
                looked_at = Instant::now();
                if let Err(why) = (self.still_there)() {
                    changed_said = true;
                    self.shared.say(DeployEvent::FeedChanged { why });
                }
            }
            if !pace.wait(&self.shared.control, rate, end - at) {
                continue;
            }
            let mut request = Request { sequence, rows: at..end, first_row, queued_at: Instant::now() };
            let mut waited = false;
            let sent = loop {
                match self.queue.try_send(request) {
                    Ok(()) => break true,
                    Err(TrySendError::Disconnected(_)) => break false,
                    Err(TrySendError::Full(back)) => {
                        // Without a rate the queue is meant to be full: it is what sets the pace.
                        if !waited && rate.is_some() {
                            self.shared.gauge.lock().waited();
                            if !full_said {
                                full_said = true;
                                self.shared.say(DeployEvent::QueueFull);
                            }
                        }
                        waited = true;
                        request = back;
                        if self.shared.control.stopping() {
                            break false;
                        }
                        std::thread::sleep(Duration::from_micros(200));
                    }
                }
            };
            if !sent {
                break;
            }
            if !waited {
                full_said = false;
            }
            self.shared.gauge.lock().fed(end - at);
            sequence += 1;
            first_row += (end - at) as u64;
            at = end;
        }
        if !self.shared.control.stopping() {
            self.shared.set_state(DeploymentState::Draining);
        }
    }
}

/// Spreads rows over time: a budget that fills at the rate.
pub(super) struct Pace {
    since: Instant,
    budget: f64,
}

impl Pace {
    fn new() -> Self {
        Self { since: Instant::now(), budget: 0.0 }
    }

    /// Forgets the past, after a pause.
    pub(super) fn restart(&mut self) {
        *self = Self::new();
    }

    /// Waits until `rows` may go; `false` when the wish changed meanwhile.
    fn wait(&mut self, control: &Control, rate: Option<f64>, rows: usize) -> bool {
        let Some(rate) = rate else { return true };
        let need = rows as f64;
        loop {
            self.budget += self.since.elapsed().as_secs_f64() * rate;
            self.since = Instant::now();
            if self.budget >= need {
                // A late feed may catch up by a second, not by all that was missed.
                self.budget = (self.budget - need).min(rate);
                return true;
            }
            let left = Duration::try_from_secs_f64((need - self.budget) / rate).unwrap_or(NAP);
            if control.changed_within(left.min(NAP)) {
                return false;
            }
        }
    }
}
