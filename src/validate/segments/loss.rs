//! The loss of each row, its tally over a set of rows, and the test whether one set loses more than another.

use statrs::distribution::{ContinuousCDF as _, StudentsT};
use statrs::function::factorial::ln_binomial;

use super::Judged;
use crate::stats::intervals::normal_cdf;
use crate::validate::measure::Answers;

/// Expected rows in the rarest cell below which two shares are compared exactly: with more, the normal tail is right
/// within a small factor even far out.
const EXACT_BELOW: f64 = 50.0;

/// What each answer costs.
pub(super) struct Losses {
    /// One loss an answer, less `centre`.
    pub(super) values: Vec<f64>,
    /// Whether a loss is 1 for wrong and 0 for right; else it is an absolute error.
    pub(super) zero_one: bool,
    /// What was taken off, so that sums of squares keep their digits.
    pub(super) centre: f64,
}

impl Losses {
    /// Wrong = 1 for classes, |prediction − target| for numbers.
    pub(super) fn of(judged: &Judged<'_>) -> Self {
        let wrong = |is: bool| f64::from(u8::from(is));
        let zero_one = |values| Self { values, zero_one: true, centre: 0.0 };
        match judged.answers {
            Answers::Binary { scores, positive, .. } => {
                let pairs = scores.iter().zip(positive);
                zero_one(pairs.map(|(score, is)| wrong((*score >= judged.threshold) != *is)).collect())
            }
            Answers::Multiclass { truth, said, .. } => {
                zero_one(truth.iter().zip(said).map(|(truth, said)| wrong(truth != said)).collect())
            }
            Answers::Regression { target, prediction } => {
                let mut values: Vec<f64> = target.iter().zip(prediction).map(|(t, p)| (p - t).abs()).collect();
                let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
                let centre = if mean.is_finite() { mean } else { 0.0 };
                for loss in &mut values {
                    *loss -= centre;
                }
                Self { values, zero_one: false, centre }
            }
        }
    }
}

/// Rows, and sum and squares of their losses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) rows: f64,
    pub(super) sum: f64,
    squares: f64,
}

impl Tally {
    pub(super) fn add(&mut self, loss: f64) {
        self.rows += 1.0;
        self.sum += loss;
        self.squares += loss * loss;
    }

    /// The rows of this that are not among `part`, a subset.
    pub(super) fn without(&self, part: &Self) -> Self {
        Self { rows: self.rows - part.rows, sum: self.sum - part.sum, squares: self.squares - part.squares }
    }

    /// Mean loss less the centre; NaN without rows.
    pub(super) fn mean(&self) -> f64 {
        self.sum / self.rows
    }

    /// Sample variance, divided by n − 1; NaN below two rows.
    pub(super) fn variance(&self) -> f64 {
        let variance = (self.squares - self.sum * self.mean()) / (self.rows - 1.0);
        // Rounding may leave less than nothing; NaN stays, where `max` would hide it.
        if variance < 0.0 { 0.0 } else { variance }
    }
}

/// One-sided p value of “these rows lose no more than those others”; 1 where nothing can be told.
pub(super) fn p_worse(own: &Tally, others: &Tally, zero_one: bool) -> f64 {
    if own.rows < 2.0 || others.rows < 2.0 {
        return 1.0;
    }
    let p = if zero_one { shares(own, others) } else { welch(own, others) };
    if p.is_nan() { 1.0 } else { p.clamp(0.0, 1.0) }
}

/// Welch's test (1947) with the degrees of freedom of Satterthwaite (1946).
fn welch(own: &Tally, others: &Tally) -> f64 {
    let (a, b) = (own.variance() / own.rows, others.variance() / others.rows);
    let gap = own.mean() - others.mean();
    if a + b <= 0.0 {
        return if gap > 0.0 { 0.0 } else { 1.0 };
    }
    let t = gap / (a + b).sqrt();
    let freedom = (a + b).powi(2) / (a * a / (own.rows - 1.0) + b * b / (others.rows - 1.0));
    if freedom >= 1000.0 {
        return normal_cdf(-t);
    }
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |student| student.cdf(-t))
}

/// The two-proportion z test with the pooled share; Fisher's exact test (1935) where a cell of the table is rare, since
/// the normal tail calls a few errors in a small segment far too unlikely.
fn shares(own: &Tally, others: &Tally) -> f64 {
    let rows = own.rows + others.rows;
    let wrong = own.sum + others.sum;
    let share = wrong / rows;
    if own.rows.min(others.rows) * share.min(1.0 - share) < EXACT_BELOW {
        // When it is not worse, the tail is long to sum and above one half anyway.
        let worse = own.mean() > others.mean();
        return if worse { fisher(own.sum as u64, own.rows as u64, wrong as u64, rows as u64) } else { 1.0 };
    }
    let error = (share * (1.0 - share) * (1.0 / own.rows + 1.0 / others.rows)).sqrt();
    normal_cdf(-(own.mean() - others.mean()) / error)
}

/// Upper tail of the hypergeometric distribution: at least `hits` among `drawn` of `rows`, of which `wrong` are hits.
fn fisher(hits: u64, drawn: u64, wrong: u64, rows: u64) -> f64 {
    let most = drawn.min(wrong);
    let Some(right_drawn) = drawn.checked_sub(hits) else { return 1.0 };
    let right = rows.saturating_sub(wrong);
    let mut term = (ln_binomial(wrong, hits) + ln_binomial(right, right_drawn) - ln_binomial(rows, drawn)).exp();
    let mut tail = 0.0;
    for k in hits..=most {
        tail += term;
        if term <= tail * 1e-17 {
            break;
        }
        let (k, drawn, wrong) = (k as f64, drawn as f64, wrong as f64);
        term *= (wrong - k) * (drawn - k) / ((k + 1.0) * (right as f64 - drawn + k + 1.0));
    }
    tail
}

/// P values corrected for their number, so that at most a share of those below it are false (Benjamini and Hochberg
/// 1995); in the order given.
pub(super) fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut ranked: Vec<(f64, usize)> = p_values.iter().copied().zip(0..).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let n = p_values.len();
    let mut corrected = vec![1.0; n];
    let mut least: f64 = 1.0;
    for (after, (p, place)) in ranked.into_iter().enumerate() {
        least = least.min(p * n as f64 / (n - after) as f64);
        if let Some(slot) = corrected.get_mut(place) {
            *slot = least;
        }
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(losses: &[f64]) -> Tally {
        let mut tally = Tally::default();
        for loss in losses {
            tally.add(*loss);
        }
        tally
    }

    fn counted(wrong: u32, rows: u32) -> Tally {
        let mut tally = Tally::default();
        (0..rows).for_each(|row| tally.add(f64::from(u8::from(row < wrong))));
        tally
    }

    #[test]
    fn losses_are_wrong_answers_or_absolute_errors() {
        let answers =
            Answers::Binary { scores: vec![0.5, 0.4, 0.4], positive: vec![true, true, false], probabilities: true };
        let judged = Judged { answers: &answers, rows: &[0, 1, 2], threshold: 0.5 };
        assert_eq!(Losses::of(&judged).values, [0.0, 1.0, 0.0]);
        let answers = Answers::Regression { target: vec![1.0, 5.0], prediction: vec![2.0, 2.0] };
        let losses = Losses::of(&Judged { answers: &answers, rows: &[0, 1], threshold: 0.5 });
        assert_eq!((losses.values, losses.centre, losses.zero_one), (vec![-1.0, 1.0], 2.0, false));
        let answers = Answers::Multiclass { truth: vec![2, 1], said: vec![2, 0], probabilities: Vec::new(), k: 3 };
        assert_eq!(Losses::of(&Judged { answers: &answers, rows: &[0, 1], threshold: 0.5 }).values, [0.0, 1.0]);
    }

    #[test]
    fn welch_by_hand() {
        // Means 4 and 2, variances 1 and 4 over 3 rows each: t = 2 / √(5/3), freedom = 50/17; SciPy's ttest_ind.
        let p = p_worse(&of(&[3.0, 4.0, 5.0]), &of(&[0.0, 2.0, 4.0]), false);
        assert!((p - 0.11044042024704796).abs() < 1e-9, "{p}");
        assert!((p + p_worse(&of(&[0.0, 2.0, 4.0]), &of(&[3.0, 4.0, 5.0]), false) - 1.0).abs() < 1e-9);
        assert_eq!(p_worse(&of(&[2.0, 2.0]), &of(&[1.0, 1.0]), false), 0.0);
        assert_eq!(p_worse(&of(&[1.0, 1.0]), &of(&[1.0, 1.0]), false), 1.0);
        assert_eq!(p_worse(&of(&[1.0]), &of(&[1.0, 1.0]), false), 1.0);
        assert_eq!(p_worse(&of(&[f64::INFINITY, 1.0]), &of(&[1.0, 1.0]), false), 1.0);
    }

    #[test]
    fn the_tea_lady_is_tested_exactly() {
        // Fisher's table: 3 of 4 right among 8 cups, 4 of each kind: 17/70.
        assert!((p_worse(&counted(3, 4), &counted(1, 4), true) - 17.0 / 70.0).abs() < 1e-12);
        assert!((p_worse(&counted(4, 4), &counted(0, 4), true) - 1.0 / 70.0).abs() < 1e-12);
        // SciPy's fisher_exact.
        let p = p_worse(&counted(3, 50), &counted(20, 4950), true);
        assert!((p / 0.0014476876046349977 - 1.0).abs() < 1e-9, "{p}");
        assert_eq!(p_worse(&counted(0, 50), &counted(10, 5000), true), 1.0);
    }

    #[test]
    fn common_errors_are_tested_by_the_normal_tail_close_to_the_exact_one() {
        let (own, others) = (counted(260, 1000), counted(4000, 20_000));
        let share: f64 = 4260.0 / 21_000.0;
        let z = 0.06 / (share * (1.0 - share) * (1.0 / 1000.0 + 1.0 / 20_000.0)).sqrt();
        let p = p_worse(&own, &others, true);
        assert!((p / normal_cdf(-z) - 1.0).abs() < 1e-9);
        let exact = fisher(260, 1000, 4260, 21_000);
        assert!((exact / 4.532871151798692e-6 - 1.0).abs() < 1e-9, "{exact}");
        assert!(p < exact && exact < 3.0 * p, "{p}");
        assert!(p_worse(&others, &own, true) > 0.99);
    }

    #[test]
    fn what_is_taken_away_leaves_the_rest() {
        let rest = of(&[1.0, 2.0, 4.0, 9.0]).without(&of(&[2.0, 9.0]));
        assert_eq!((rest.rows, rest.mean(), rest.variance()), (2.0, 2.5, 4.5));
    }

    #[test]
    fn corrected_p_values_as_published() {
        // R's p.adjust(c(0.01, 0.04, 0.03, 0.5), "BH").
        let corrected = benjamini_hochberg(&[0.01, 0.04, 0.03, 0.5]);
        for (ours, theirs) in corrected.iter().zip([0.04, 0.16 / 3.0, 0.16 / 3.0, 0.5]) {
            assert!((ours - theirs).abs() < 1e-12, "{corrected:?}");
        }
        assert!(benjamini_hochberg(&[]).is_empty());
    }
}
