//! When a rollout is taken back by itself.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What ends a rollout: looked at for versions that came into their part by the last rollout, over their last requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RollbackRule {
    /// Requests that are looked at.
    pub window: usize,
    /// Requests that must be there before anything is judged.
    pub at_least: usize,
    /// The share of requests, 0 to 1, that may fail or come too late.
    pub error_rate: Option<f64>,
    /// The 95th percentile of latency that may be reached, milliseconds.
    pub p95_ms: Option<f64>,
    /// Whether an open severe alert ends it.
    pub severe_alert: bool,
}

impl Default for RollbackRule {
    fn default() -> Self {
        Self { window: 500, at_least: 50, error_rate: Some(0.05), p95_ms: None, severe_alert: true }
    }
}

/// A version on trial.
#[derive(Debug)]
struct Trial {
    version: Arc<str>,
    /// The last requests: whether they failed, and their latency in milliseconds.
    last: VecDeque<(bool, f32)>,
    seen: usize,
}

/// Watches the versions that came by the last rollout.
#[derive(Debug, Default)]
pub(super) struct Guard {
    rule: Option<RollbackRule>,
    trials: Vec<Trial>,
    /// The rollout they came by.
    rollout: u64,
}

impl Guard {
    pub(super) fn set_rule(&mut self, rule: Option<RollbackRule>) {
        self.rule = rule;
    }

    /// Another rollout holds; `fresh` are the versions that came into their part by it.
    pub(super) fn begin(&mut self, rollout: u64, fresh: Vec<Arc<str>>) {
        self.rollout = rollout;
        self.trials = fresh.into_iter().map(|version| Trial { version, last: VecDeque::new(), seen: 0 }).collect();
    }

    /// Whether there is anything to watch.
    pub(super) fn watches(&self) -> bool {
        self.rule.is_some() && !self.trials.is_empty()
    }

    /// Hears of requests; gives why the rollout, by its number, is to be taken back.
    pub(super) fn observe(&mut self, version: &str, answers: &[(bool, Duration)]) -> Option<(u64, String)> {
        let rule = self.rule.as_ref()?;
        let trial = self.trials.iter_mut().find(|trial| *trial.version == *version)?;
        let window = rule.window.clamp(1, 100_000);
        for (failed, latency) in answers {
            trial.last.push_back((*failed, latency.as_secs_f32() * 1_000.0));
            trial.seen += 1;
        }
        while trial.last.len() > window {
            trial.last.pop_front();
        }
        let why = trial.judge(rule)?;
        self.trials.clear();
        Some((self.rollout, why))
    }

    /// Hears of a severe alert; gives the rollout to be taken back.
    pub(super) fn alert(&mut self, why: &str) -> Option<(u64, String)> {
        if !self.watches() || !self.rule.as_ref().is_some_and(|rule| rule.severe_alert) {
            return None;
        }
        self.trials.clear();
        Some((self.rollout, format!("A severe alert is open: {why}")))
    }
}

impl Trial {
    fn judge(&mut self, rule: &RollbackRule) -> Option<String> {
        let count = self.last.len();
        if count < rule.at_least.clamp(1, rule.window.max(1)) {
            return None;
        }
        let version = &self.version;
        if let Some(most) = rule.error_rate {
            let failed = self.last.iter().filter(|(failed, _)| *failed).count();
            let rate = failed as f64 / count as f64;
            if rate > most {
                return Some(format!(
                    "{failed} of the last {count} requests to version “{version}” failed, more than {:.1} %.",
                    most * 100.0
                ));
            }
        }
        // Percentiles are worth looking at only after a good part of the window is new.
        if let Some(most) = rule.p95_ms
            && self.seen >= (rule.window / 10).max(1)
        {
            self.seen = 0;
            let mut latencies: Vec<f32> = self.last.iter().map(|(_, ms)| *ms).collect();
            let rank = (count * 95).div_ceil(100).saturating_sub(1).min(count - 1);
            let (_, p95, _) = latencies.select_nth_unstable_by(rank, f32::total_cmp);
            if f64::from(*p95) > most {
                return Some(format!(
                    "The 95th percentile of version “{version}” was {p95:.1} ms over the last {count} requests, more than {most} ms."
                ));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(rule: RollbackRule) -> Guard {
        let mut guard = Guard::default();
        guard.set_rule(Some(rule));
        guard.begin(3, vec!["2".into()]);
        guard
    }

    #[test]
    fn errors_end_a_trial_once() {
        let mut guard = guard(RollbackRule { window: 20, at_least: 10, ..RollbackRule::default() });
        let (good, bad) = ((false, Duration::from_millis(1)), (true, Duration::from_millis(1)));
        assert_eq!(guard.observe("2", &[bad; 5]), None, "too few to judge");
        assert_eq!(guard.observe("1", &[bad; 50]), None, "another version");
        let (rollout, why) = guard.observe("2", &[good; 5]).unwrap();
        assert_eq!(rollout, 3);
        assert_eq!(why, "5 of the last 10 requests to version “2” failed, more than 5.0 %.");
        assert_eq!(guard.observe("2", &[bad; 20]), None);
        assert!(!guard.watches());
    }

    #[test]
    fn slowness_ends_a_trial_and_old_requests_are_forgotten() {
        let rule =
            RollbackRule { window: 40, at_least: 10, error_rate: None, p95_ms: Some(20.0), ..RollbackRule::default() };
        let mut guard = guard(rule);
        let ms = |ms| (false, Duration::from_millis(ms));
        assert_eq!(guard.observe("2", &[ms(5); 40]), None);
        assert_eq!(guard.observe("2", &[ms(50); 2]), None, "five percent of forty");
        assert!(guard.observe("2", &[ms(50); 8]).unwrap().1.contains("50.0 ms"));
    }

    #[test]
    fn a_severe_alert_ends_a_trial_if_the_rule_says_so() {
        let mut strict = guard(RollbackRule::default());
        assert_eq!(strict.alert("drift of age"), Some((3, "A severe alert is open: drift of age".to_owned())));
        let mut lax = guard(RollbackRule { severe_alert: false, ..RollbackRule::default() });
        assert_eq!(lax.alert("drift of age"), None);
    }
}
