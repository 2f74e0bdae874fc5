//! The feed's thread: cuts a table into requests and puts them into the queue at a rate.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{SendTimeoutError, Sender};

use super::control::{Control, Wish};
use super::shared::Shared;
use super::sink::DeployEvent;
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
        self.feed();
        self.shared.control.feed_is_over();
        self.shared.show_hand();
    }

    fn feed(&self) {
        let total = self.shared.table.rows();
        let mut at = self.start_row;
        let (mut sequence, mut first_row) = (0, self.start_row as u64);
        let mut pace = Pace::new();
        let mut looked_at: Option<Instant> = None;
        let mut full_said = false;
        let mut changed_said = false;
        while let Wish::Feed { rate } = self.shared.control.next(&mut pace) {
            if at >= total {
                if !self.repeat {
                    break;
                }
                at = 0;
            }
            if !changed_said && looked_at.is_none_or(|then| then.elapsed() >= LOOKED_AT_EVERY) {
                looked_at = Some(Instant::now());
                if let Err(why) = (self.still_there)() {
                    changed_said = true;
                    self.shared.say(DeployEvent::FeedChanged { why });
                }
            }
            let end = (at + request_rows(self.batch_rows, rate)).min(total);
            if !pace.wait(&self.shared.control, rate, end - at) {
                continue;
            }
            let request = Request { sequence, rows: at..end, first_row, queued_at: Instant::now() };
            if !self.put(request, rate.is_some(), &mut full_said) {
                break;
            }
            self.shared.gauge.lock().fed(end - at);
            self.shared.tell();
            sequence += 1;
            first_row += (end - at) as u64;
            at = end;
        }
    }

    /// Puts a request into the queue, however long that takes; `false` when the deployment ends before.
    fn put(&self, mut request: Request, paced: bool, full_said: &mut bool) -> bool {
        let mut waited = false;
        loop {
            // One slow worker must not let the answers of the others pile up behind its request.
            if self.shared.has_room(request.sequence) {
                let patience = if waited { NAP } else { Duration::ZERO };
                match self.queue.send_timeout(request, patience) {
                    Ok(()) => break,
                    Err(SendTimeoutError::Disconnected(_)) => return false,
                    Err(SendTimeoutError::Timeout(back)) => request = back,
                }
            } else {
                std::thread::sleep(Duration::from_millis(1));
            }
            if self.shared.control.stopping() {
                return false;
            }
            // Without a rate the queue is meant to be full: it is what sets the pace.
            if paced && !waited {
                self.shared.gauge.lock().waited();
                if !*full_said {
                    *full_said = true;
                    self.shared.say(DeployEvent::QueueFull);
                }
            }
            waited = true;
        }
        // A queue that hovers at its bound is one event, not hundreds.
        if self.queue.len() * 2 < self.queue.capacity().unwrap_or(0) {
            *full_said = false;
        }
        true
    }
}

/// Rows of the next request: at a low rate fewer than were set, so that none takes longer than a second to fill.
fn request_rows(batch_rows: usize, rate: Option<f64>) -> usize {
    rate.map_or(batch_rows, |rate| (rate.ceil() as usize).clamp(1, batch_rows.max(1)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_rate_makes_small_requests() {
        assert_eq!(request_rows(500, None), 500);
        assert_eq!(request_rows(500, Some(5_000.0)), 500);
        assert_eq!(request_rows(500, Some(20.5)), 21);
        assert_eq!(request_rows(500, Some(0.1)), 1);
    }
}
