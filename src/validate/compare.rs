//! Candidates on the rows that all of a pair answered.

use super::aligned::Aligned;
use super::measure::Answers;
use super::plan::Plan;
use super::report::{Comparison, ModelResult, Recommendation, main_metric, smaller_is_better};
use crate::stats::delong::Placements;
use crate::stats::metric::title;
use crate::stats::moments::Moments;
use crate::stats::paired::{self, Difference};

/// Resamples of the paired bootstrap.
const DRAWS: usize = 2_000;
/// p value below which a difference is taken for real.
const REAL: f64 = 0.05;

/// Pairs of places in two ascending lists that hold the same row.
fn common(a: &[u32], b: &[u32]) -> Vec<(usize, usize)> {
    let (mut i, mut j, mut both) = (0, 0, Vec::new());
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                both.push((i, j));
                i += 1;
                j += 1;
            }
        }
    }
    both
}

fn row(a: &ModelResult, b: &ModelResult, metric: &str, d: Difference) -> Comparison {
    let p_better = if smaller_is_better(metric) { 1.0 - d.p_larger } else { d.p_larger };
    Comparison {
        a: a.name.clone(),
        b: b.name.clone(),
        metric: metric.to_owned(),
        difference: d.value,
        low: Some(d.low),
        high: Some(d.high),
        p_value: Some(d.p_value),
        p_better: Some(p_better),
        method: d.method.to_owned(),
    }
}

/// F1 of each of two decisions, from the eight joint counts: truth × said by a × said by b.
fn f1_gap(c: &[f64]) -> Option<f64> {
    let at = |truth: usize, a: usize, b: usize| c.get(truth * 4 + a * 2 + b).copied().unwrap_or(0.0);
    let f1 = |tp: f64, fp: f64, fn_: f64| {
        let below = 2.0 * tp + fp + fn_;
        (below > 0.0).then(|| 2.0 * tp / below)
    };
    let a = f1(at(1, 1, 0) + at(1, 1, 1), at(0, 1, 0) + at(0, 1, 1), at(1, 0, 0) + at(1, 0, 1))?;
    let b = f1(at(1, 0, 1) + at(1, 1, 1), at(0, 0, 1) + at(0, 1, 1), at(1, 0, 0) + at(1, 1, 0))?;
    Some(a - b)
}

fn pair(a: (&ModelResult, &Aligned), b: (&ModelResult, &Aligned), plan: &Plan) -> Vec<Comparison> {
    let both = common(&a.1.rows, &b.1.rows);
    let level = plan.level;
    let mut found = Vec::new();
    match (&a.1.answers, &b.1.answers) {
        (
            Answers::Binary { scores: sa, positive, probabilities: pa },
            Answers::Binary { scores: sb, probabilities: pb, .. },
        ) => {
            let pick = |values: &[f64], first: bool| -> Vec<f64> {
                both.iter().filter_map(|(i, j)| values.get(if first { *i } else { *j }).copied()).collect()
            };
            let (sa, sb) = (pick(sa, true), pick(sb, false));
            let truth: Vec<bool> = both.iter().filter_map(|(i, _)| positive.get(*i).copied()).collect();
            let (ta, tb) = (a.0.threshold.unwrap_or(0.5), b.0.threshold.unwrap_or(0.5));
            if *pa
                && *pb
                && let (Some(x), Some(y)) = (Placements::of(&sa, &truth), Placements::of(&sb, &truth))
            {
                found.extend(paired::delong(&x, &y, level).map(|d| row(a.0, b.0, "roc_auc", d)));
            }
            let mut joint = [0_u64; 8];
            for ((x, y), t) in sa.iter().zip(&sb).zip(&truth) {
                let place = usize::from(*t) * 4 + usize::from(*x >= ta) * 2 + usize::from(*y >= tb);
                if let Some(count) = joint.get_mut(place) {
                    *count += 1;
                }
            }
            found.extend(paired::bootstrap(&joint, DRAWS, plan.seed, level, f1_gap).map(|d| row(a.0, b.0, "f1", d)));
            let [_, n01, n10, _, _, p01, p10, _] = joint;
            // Right only by a: said positive on a positive row, or negative on a negative one.
            let difference = paired::mcnemar(p10 + n01, p01 + n10, truth.len() as u64, level);
            found.extend(difference.map(|d| row(a.0, b.0, "accuracy", d)));
        }
        (Answers::Multiclass { truth, said: x, .. }, Answers::Multiclass { said: y, .. }) => {
            let (mut only_a, mut only_b) = (0, 0);
            for (i, j) in &both {
                let right_a = truth.get(*i) == x.get(*i);
                let right_b = truth.get(*i) == y.get(*j);
                only_a += u64::from(right_a && !right_b);
                only_b += u64::from(right_b && !right_a);
            }
            let difference = paired::mcnemar(only_a, only_b, both.len() as u64, level);
            found.extend(difference.map(|d| row(a.0, b.0, "accuracy", d)));
        }
        (Answers::Regression { target, prediction: x }, Answers::Regression { prediction: y, .. }) => {
            let errors = |loss: fn(f64) -> f64| -> Moments {
                both.iter()
                    .filter_map(|(i, j)| {
                        let t = target.get(*i)?;
                        Some(loss(x.get(*i)? - t) - loss(y.get(*j)? - t))
                    })
                    .collect()
            };
            for (metric, loss) in [("mae", f64::abs as fn(f64) -> f64), ("mse", |e| e * e)] {
                found.extend(paired::mean_difference(&errors(loss), level).map(|d| row(a.0, b.0, metric, d)));
            }
        }
        _ => {}
    }
    found
}

/// Compares every pair.
pub(super) fn compare(models: &[ModelResult], aligned: &[Aligned], plan: &Plan) -> Vec<Comparison> {
    let all: Vec<_> = models.iter().zip(aligned).collect();
    let mut found = Vec::new();
    for (place, a) in all.iter().enumerate() {
        for b in all.iter().skip(place + 1) {
            found.extend(pair(*a, *b, plan));
        }
    }
    found
}

/// Names the candidate to take: the best by the main metric, unless that is no more than chance.
pub(super) fn recommend(models: &[ModelResult], comparison: &[Comparison]) -> Option<Recommendation> {
    let first = models.first()?;
    if models.len() < 2 || models.iter().any(|m| m.task != first.task) {
        return None;
    }
    let metric = main_metric(first.task);
    let sign = if smaller_is_better(metric) { -1.0 } else { 1.0 };
    let mut order: Vec<(usize, f64)> =
        models.iter().enumerate().filter_map(|(i, m)| m.value(metric).map(|v| (i, v))).collect();
    order.sort_by(|x, y| (sign * y.1).total_cmp(&(sign * x.1)));
    let (best, value) = *order.first()?;
    let (second, second_value) = *order.get(1)?;
    let (best_model, second_model) = (models.get(best)?, models.get(second)?);
    let pair = |wanted: &str| {
        comparison.iter().find(|c| {
            let names = [&c.a, &c.b];
            names.contains(&&best_model.name) && names.contains(&&second_model.name) && c.metric == wanted
        })
    };
    let compared = pair(metric).or_else(|| pair("mse").filter(|_| metric == "r2"));
    let title = title(metric);
    let numbers = format!("{title} {value:.3} against {second_value:.3} of {}", second_model.name);
    let p = compared.and_then(|c| c.p_value);
    let mut reason = match p {
        Some(p) if p >= REAL => {
            format!("{numbers}: no real difference (p = {p:.2}). Take the simpler or cheaper one.")
        }
        Some(p) if p < 0.001 => format!("{numbers}; the difference is more than chance (p < 0.001)."),
        Some(p) => format!("{numbers}; the difference is more than chance (p = {p:.3})."),
        None => format!("{numbers}."),
    };
    // A ranking may be better while the decisions at the threshold are not.
    if let Some(f1) = pair("f1").filter(|c| c.p_value.is_some_and(|p| p < REAL)) {
        let lead = if f1.a == best_model.name { f1.difference } else { -f1.difference };
        if let (Some(ours), Some(theirs)) = (best_model.value("f1"), second_model.value("f1"))
            && lead < 0.0
        {
            let sentence = format!(
                " At its threshold {} has the better F1, {theirs:.3} against {ours:.3}: prefer it if that threshold stays.",
                second_model.name
            );
            reason.push_str(&sentence);
        }
    }
    for fallen in models.iter().filter(|m| m.against_training.as_ref().is_some_and(|a| !a.holds)) {
        if let Some(a) = &fallen.against_training {
            let sentence =
                format!(" {} does not hold: {title} {:.3} in training, {:.3} here.", fallen.name, a.training, a.value);
            reason.push_str(&sentence);
        }
    }
    Some(Recommendation { model: best, name: best_model.name.clone(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_matched_by_their_number() {
        assert_eq!(common(&[1, 3, 5], &[2, 3, 5, 7]), [(1, 1), (2, 2)]);
    }

    #[test]
    fn the_gap_of_f1_is_zero_for_equal_decisions() {
        assert_eq!(f1_gap(&[50.0, 0.0, 0.0, 5.0, 7.0, 0.0, 0.0, 20.0]), Some(0.0));
    }
}
