//! The hand on the feed: what a person or a failure asks of a deployment's threads.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::feed::Pace;
use super::stats::DeploymentState;

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
    /// Queued requests are not answered any more.
    abandoned: bool,
    feed_over: bool,
    /// Grows with every change, so that a wait can see one.
    turn: u64,
}

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

    /// Holds everything, for a failure.
    pub(super) fn hold(&self) {
        self.change(|hand| hand.paused = true);
    }

    /// Holds the feed; one that is over cannot be held.
    pub(super) fn pause(&self) {
        self.change(|hand| hand.paused |= !hand.feed_over);
    }

    /// Goes on; steps that were asked for and not yet taken are part of it.
    pub(super) fn resume(&self) {
        self.change(|hand| {
            hand.paused = false;
            hand.steps = 0;
        });
    }

    pub(super) fn step(&self) {
        self.change(|hand| {
            if !hand.feed_over {
                hand.paused = true;
                hand.steps += 1;
            }
        });
    }

    pub(super) fn set_rate(&self, rate: Option<f64>) {
        self.change(|hand| hand.rate = rate);
    }

    /// Ends the feed; what is queued is still answered.
    pub(super) fn stop(&self) {
        self.change(|hand| hand.stopping = true);
    }

    /// Ends the feed and leaves what is queued.
    pub(super) fn abandon(&self) {
        self.change(|hand| {
            hand.stopping = true;
            hand.abandoned = true;
        });
    }

    pub(super) fn feed_is_over(&self) {
        self.change(|hand| hand.feed_over = true);
    }

    pub(super) fn stopping(&self) -> bool {
        self.hand.lock().stopping
    }

    pub(super) fn abandoned(&self) -> bool {
        self.hand.lock().abandoned
    }

    /// Shows the state that follows from the hand; no change comes between the look and the show.
    pub(super) fn show<T>(&self, show: impl FnOnce(DeploymentState) -> T) -> T {
        let hand = self.hand.lock();
        show(match (hand.stopping, hand.paused, hand.feed_over) {
            (false, true, _) => DeploymentState::Paused,
            (false, false, false) => DeploymentState::Running,
            _ => DeploymentState::Draining,
        })
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

    /// Waits until a person goes on or the deployment is to stop.
    pub(super) fn wait_for_resume(&self) {
        let mut hand = self.hand.lock();
        while hand.paused && !hand.stopping {
            self.moved.wait(&mut hand);
        }
    }
}
