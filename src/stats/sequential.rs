//! A paired comparison that may be looked at after every row.
//!
//! Two classifiers answer the same rows. Rows on which both are right or both wrong say nothing about which is better;
//! on the others, exactly one is right. Under the hypothesis that the challenger is not better, the chance that it is
//! the one is at most ½ each time, whatever came before.
//!
//! For any θ > ½ the product of 2θ for each row that the challenger wins and 2(1−θ) for each that it loses is then a
//! non-negative supermartingale that starts at 1, and so is its mean over θ, uniform on (½, 1):
//!
//! E = 2 ∫ (2θ)^w (2(1−θ))^l dθ over (½, 1) = 2^(w+l+1) · B(w+1, l+1) · I½(l+1, w+1)
//!
//! with the beta function B and the regularised incomplete beta function I (method of mixtures: Robbins 1970,
//! “Statistical methods related to the law of the iterated logarithm”; test martingales: Shafer, Shen, Vereshchagin and
//! Vovk 2011). By Ville's inequality (1939) the chance that E ever reaches 1/α is at most α, however often one looks.
//! Two such tests, one for each direction with α/2 each, make the test two-sided.

use std::f64::consts::LN_2;

use serde::{Deserialize, Serialize};
use statrs::function::beta::{beta_reg, ln_beta};

/// Beyond so many more rows nothing is foretold.
const FAR: f64 = 10_000_000.0;

/// What the rows so far say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Evidence {
    /// The challenger is better.
    Better,
    /// The challenger is worse.
    Worse,
    /// Neither is shown yet.
    NotYet {
        /// About how many more rows are needed if things go on as they did; `None` when they may never be enough, or
        /// there is nothing to go by.
        more: Option<u64>,
    },
}

/// A sequential test of which of two answers is right more often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedTest {
    /// The chance of a false verdict, over all looks.
    pub alpha: f64,
    /// Rows seen.
    pub rows: u64,
    /// Rows on which only the challenger was right.
    pub wins: u64,
    /// Rows on which only the champion was right.
    pub losses: u64,
    /// What was shown first; it stays, because stopping there is what the test allows.
    shown: Option<bool>,
}

/// The natural logarithm of the evidence that wins are more frequent than losses.
pub fn log_evidence(wins: f64, losses: f64) -> f64 {
    let tail = beta_reg(losses + 1.0, wins + 1.0, 0.5);
    (wins + losses + 1.0) * LN_2 + ln_beta(wins + 1.0, losses + 1.0) + tail.max(f64::MIN_POSITIVE).ln()
}

impl PairedTest {
    /// A test whose chance of ever giving a false verdict is at most `alpha`, kept between 10⁻⁹ and ½.
    pub fn new(alpha: f64) -> Self {
        let alpha = if alpha.is_nan() { 0.05 } else { alpha.clamp(1e-9, 0.5) };
        Self { alpha, rows: 0, wins: 0, losses: 0, shown: None }
    }

    /// Adds a row.
    pub fn add(&mut self, champion_right: bool, challenger_right: bool) {
        self.rows += 1;
        match (champion_right, challenger_right) {
            (false, true) => self.wins += 1,
            (true, false) => self.losses += 1,
            _ => return,
        }
        if self.shown.is_none() {
            let (better, worse) = self.logs();
            let bar = self.bar();
            if better >= bar {
                self.shown = Some(true);
            } else if worse >= bar {
                self.shown = Some(false);
            }
        }
    }

    fn logs(&self) -> (f64, f64) {
        let (wins, losses) = (self.wins as f64, self.losses as f64);
        (log_evidence(wins, losses), log_evidence(losses, wins))
    }

    fn bar(&self) -> f64 {
        (2.0 / self.alpha).ln()
    }

    /// What is shown; once something is, it stays.
    pub fn evidence(&self) -> Evidence {
        match self.shown {
            Some(true) => Evidence::Better,
            Some(false) => Evidence::Worse,
            None => Evidence::NotYet { more: self.more() },
        }
    }

    /// How far the evidence for the likelier direction is on the way to a verdict, 0 to 1, by its logarithm.
    pub fn progress(&self) -> f64 {
        let (better, worse) = self.logs();
        if self.shown.is_some() { 1.0 } else { (better.max(worse) / self.bar()).clamp(0.0, 1.0) }
    }

    /// The rows missing if shares stay as they are, by bisection.
    fn more(&self) -> Option<u64> {
        let (high, low) = (self.wins.max(self.losses) as f64, self.wins.min(self.losses) as f64);
        let seen = high + low;
        if seen < 1.0 || high == low {
            return None;
        }
        // Shrunk towards ½, because a few rows in a row are no trend.
        let share = (high + 1.0) / (seen + 2.0);
        let enough = |more: f64| log_evidence(high + more * share, low + more * (1.0 - share)) >= self.bar();
        let per_row = seen / self.rows as f64;
        let (mut from, mut to) = (0.0, 1.0);
        while !enough(to) {
            (from, to) = (to, to * 2.0);
            if to > FAR {
                return None;
            }
        }
        while to - from > 0.5 {
            let middle = f64::midpoint(from, to);
            if enough(middle) { to = middle } else { from = middle }
        }
        let rows = (to.ceil() / per_row).ceil();
        (rows <= FAR).then_some(rows as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::SplitMix64;

    #[test]
    fn the_closed_form_is_the_integral() {
        for (wins, losses) in [(0, 0), (1, 0), (0, 1), (5, 2), (2, 5), (30, 11)] {
            let steps = 200_000;
            let width = 0.5 / f64::from(steps);
            let sum: f64 = (0..steps)
                .map(|step| {
                    let theta = 0.5 + (f64::from(step) + 0.5) * width;
                    2.0 * (2.0 * theta).powi(wins) * (2.0 * (1.0 - theta)).powi(losses) * width
                })
                .sum();
            let closed = log_evidence(f64::from(wins), f64::from(losses));
            assert!((closed - sum.ln()).abs() < 1e-6, "{wins}, {losses}: {closed} is not {}", sum.ln());
        }
    }

    #[test]
    fn it_is_a_martingale_where_chances_are_even() {
        for (wins, losses) in [(0, 0), (3, 1), (1, 3), (20, 25)] {
            let (wins, losses) = (f64::from(wins), f64::from(losses));
            let next = f64::midpoint(log_evidence(wins + 1.0, losses).exp(), log_evidence(wins, losses + 1.0).exp());
            assert!((next / log_evidence(wins, losses).exp() - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn false_alarms_stay_below_alpha_though_every_row_is_looked_at() {
        let alpha = 0.05;
        let mut alarms = 0;
        for seed in 0..1_000 {
            let mut random = SplitMix64::new(seed);
            let mut test = PairedTest::new(alpha);
            for _ in 0..1_000 {
                let (champion, challenger) = (random.unit() < 0.8, random.unit() < 0.8);
                test.add(champion, challenger);
                if test.shown.is_some() {
                    alarms += 1;
                    break;
                }
            }
        }
        assert!(f64::from(alarms) / 1_000.0 <= alpha, "{alarms} of 1,000 streams without a difference");
        assert!(alarms > 0, "a test that never fires says nothing");
    }

    #[test]
    fn a_difference_is_found_and_about_when_it_was_foretold() {
        let (mut found, mut foretold) = (Vec::new(), Vec::new());
        for seed in 0..100 {
            let mut random = SplitMix64::new(seed);
            let mut test = PairedTest::new(0.05);
            while test.shown.is_none() && test.rows < 20_000 {
                test.add(random.unit() < 0.80, random.unit() < 0.88);
                if test.rows == 100
                    && let Evidence::NotYet { more: Some(more) } = test.evidence()
                {
                    foretold.push(more as f64 + 100.0);
                }
            }
            assert_eq!(test.evidence(), Evidence::Better, "seed {seed} after {} rows", test.rows);
            found.push(test.rows as f64);
        }
        found.sort_by(f64::total_cmp);
        foretold.sort_by(f64::total_cmp);
        let ratio = foretold[foretold.len() / 2] / found[50];
        assert!((0.3..3.0).contains(&ratio), "foretold {} and found {}", foretold[foretold.len() / 2], found[50]);
    }

    #[test]
    fn a_verdict_stays_and_nothing_is_foretold_from_nothing() {
        let mut test = PairedTest::new(0.05);
        assert_eq!(test.evidence(), Evidence::NotYet { more: None });
        test.add(true, true);
        assert_eq!((test.evidence(), test.progress()), (Evidence::NotYet { more: None }, 0.0));
        for _ in 0..20 {
            test.add(true, false);
        }
        assert_eq!((test.evidence(), test.progress()), (Evidence::Worse, 1.0));
        for _ in 0..100 {
            test.add(false, true);
        }
        assert_eq!(test.evidence(), Evidence::Worse);
    }
}
