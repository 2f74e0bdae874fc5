//! Paired tests of two lists of answers, metric by metric.

use std::collections::BTreeMap;

use crate::stats::delong::Placements;
use crate::stats::moments::Moments;
use crate::stats::paired::{self, Difference};
use crate::stats::probability::log_loss_of;
use crate::validate::aligned::Aligned;
use crate::validate::measure::Answers;

/// Resamples of the paired bootstrap.
const DRAWS: usize = 2_000;
/// Joint categories up to which F1 of many classes is resampled; beyond, the influence function takes its place, whose
/// cost does not grow with the draws.
const CELLS: usize = 1_000;

/// How pairs are tested.
#[derive(Clone, Copy, Debug)]
pub(in crate::validate) struct Tests<'a> {
    /// Level of the intervals.
    pub level: f64,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// The one metric that is wanted; `None` tests all.
    pub only: Option<&'a str>,
}

impl Tests<'_> {
    fn wants(&self, metric: &str) -> bool {
        self.only.is_none_or(|only| only == metric)
    }
}

/// The tests found so far.
struct Found<'a> {
    tests: &'a Tests<'a>,
    list: Vec<(&'static str, Difference)>,
}

impl Found<'_> {
    fn put(&mut self, metric: &'static str, difference: impl FnOnce(&Tests<'_>) -> Option<Difference>) {
        if self.tests.wants(metric) {
            self.list.extend(difference(self.tests).map(|d| (metric, d)));
        }
    }
}

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

fn taken<T: Copy>(values: &[T], places: impl Iterator<Item = usize>) -> Vec<T> {
    places.filter_map(|place| values.get(place).copied()).collect()
}

/// First minus second of each metric that has a paired test, on the rows both answered; nothing where the two do not
/// answer the same question. Each side comes with its threshold (0.5 when it has none).
pub(in crate::validate) fn differences(
    a: (&Aligned, Option<f64>),
    b: (&Aligned, Option<f64>),
    tests: &Tests<'_>,
) -> Vec<(&'static str, Difference)> {
    let both = common(&a.0.rows, &b.0.rows);
    let (first, second) = (|| both.iter().map(|pair| pair.0), || both.iter().map(|pair| pair.1));
    let mut found = Found { tests, list: Vec::new() };
    match (&a.0.answers, &b.0.answers) {
        (
            Answers::Binary { scores: sa, positive, probabilities: pa },
            Answers::Binary { scores: sb, positive: other, probabilities: pb },
        ) => {
            let truth = taken(positive, first());
            // Different positive classes cannot be compared.
            if truth == taken(other, second()) {
                let scores = (taken(sa, first()), taken(sb, second()));
                let thresholds = (a.1.unwrap_or(0.5), b.1.unwrap_or(0.5));
                binary(&mut found, &truth, (&scores.0, &scores.1), thresholds, *pa && *pb);
            }
        }
        (
            Answers::Multiclass { truth: ta, said: xa, probabilities: pa, k: ka },
            Answers::Multiclass { truth: tb, said: xb, probabilities: pb, k: kb },
        ) => {
            let (ta, tb) = (taken(ta, first()), taken(tb, second()));
            let (xa, xb) = (taken(xa, first()), taken(xb, second()));
            let renamed = in_the_first(&ta, &tb, (&a.0.classes, &b.0.classes));
            multiclass(&mut found, (&ta, &xa), (&tb, &xb), &renamed);
            if !pa.is_empty() && !pb.is_empty() {
                let loss = |p: &[f64], k: usize, place: usize, class: u32| {
                    p.get(place * k + class as usize).copied().map(log_loss_of)
                };
                let gaps: Moments = both
                    .iter()
                    .zip(ta.iter().zip(&tb))
                    .filter_map(|((i, j), (t, u))| Some(loss(pa, *ka, *i, *t)? - loss(pb, *kb, *j, *u)?))
                    .collect();
                found.put("log_loss", |tests| paired::mean_difference(&gaps, tests.level));
            }
        }
        (Answers::Regression { target, prediction: x }, Answers::Regression { prediction: y, .. }) => {
            regression(&mut found, &taken(target, first()), &taken(x, first()), &taken(y, second()));
        }
        _ => {}
    }
    found.list
}

fn binary(found: &mut Found<'_>, truth: &[bool], scores: (&[f64], &[f64]), at: (f64, f64), probabilities: bool) {
    let (sa, sb) = scores;
    if probabilities {
        found.put("roc_auc", |tests| {
            paired::delong(&Placements::of(sa, truth)?, &Placements::of(sb, truth)?, tests.level)
        });
    }
    let mut joint = [0_u64; 8];
    for ((x, y), t) in sa.iter().zip(sb).zip(truth) {
        let place = usize::from(*t) * 4 + usize::from(*x >= at.0) * 2 + usize::from(*y >= at.1);
        if let Some(count) = joint.get_mut(place) {
            *count += 1;
        }
    }
    found.put("f1", |tests| paired::bootstrap(&joint, DRAWS, tests.seed, tests.level, f1_gap));
    let [_, n01, n10, _, _, p01, p10, _] = joint;
    // Right only by a: said positive on a positive row, or negative on a negative one.
    found.put("accuracy", |tests| paired::mcnemar(p10 + n01, p01 + n10, truth.len() as u64, tests.level));
    if probabilities {
        let gaps = |loss: fn(f64, bool) -> f64| -> Moments {
            sa.iter().zip(sb).zip(truth).map(|((x, y), t)| loss(*x, *t) - loss(*y, *t)).collect()
        };
        found.put("log_loss", |tests| {
            paired::mean_difference(&gaps(|p, t| log_loss_of(if t { p } else { 1.0 - p })), tests.level)
        });
        found.put("brier", |tests| {
            paired::mean_difference(&gaps(|p, t| (p - f64::from(u8::from(t))).powi(2)), tests.level)
        });
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

/// The second model's classes as numbers of the first, which may list or write them otherwise: by the rows on which
/// both know the truth, else by name, else a number of its own.
fn in_the_first(truth: &[u32], other: &[u32], names: (&[String], &[String])) -> BTreeMap<u32, u32> {
    let mut renamed: BTreeMap<u32, u32> = other.iter().copied().zip(truth.iter().copied()).collect();
    let mut own = names.0.len() as u32;
    for (class, name) in (0..).zip(names.1) {
        renamed.entry(class).or_insert_with(|| {
            (0..).zip(names.0).find(|(_, n)| *n == name).map_or_else(
                || {
                    own += 1;
                    own - 1
                },
                |(place, _)| place,
            )
        });
    }
    renamed
}

fn multiclass(found: &mut Found<'_>, a: (&[u32], &[u32]), b: (&[u32], &[u32]), renamed: &BTreeMap<u32, u32>) {
    let (mut only_a, mut only_b) = (0, 0);
    let mut rows: Vec<[u32; 3]> = Vec::with_capacity(a.0.len());
    for ((t, x), (u, y)) in a.0.iter().zip(a.1).zip(b.0.iter().zip(b.1)) {
        only_a += u64::from(t == x && u != y);
        only_b += u64::from(t != x && u == y);
        rows.push([*t, *x, renamed.get(y).copied().unwrap_or(u32::MAX)]);
    }
    found.put("accuracy", |tests| paired::mcnemar(only_a, only_b, rows.len() as u64, tests.level));
    found.put("f1_macro", |tests| {
        rows.sort_unstable();
        let (mut cells, mut counts): (Vec<[u32; 3]>, Vec<u64>) = (Vec::new(), Vec::new());
        for row in &rows {
            if let (Some(last), Some(count)) = (cells.last(), counts.last_mut())
                && last == row
            {
                *count += 1;
            } else {
                cells.push(*row);
                counts.push(1);
            }
        }
        // Classes by a small number each, so that what is counted is a list.
        let mut classes: Vec<u32> = cells.iter().flatten().copied().collect();
        classes.sort_unstable();
        classes.dedup();
        let place = |class: u32| classes.binary_search(&class).unwrap_or_default();
        let cells: Vec<[usize; 3]> = cells.iter().map(|cell| cell.map(place)).collect();
        if cells.len() <= CELLS {
            let gap = |c: &[f64]| {
                let (f, g) = (F1::of(&cells, c, 1, classes.len()), F1::of(&cells, c, 2, classes.len()));
                Some(f.macro_average()? - g.macro_average()?)
            };
            paired::bootstrap(&counts, DRAWS, tests.seed, tests.level, gap)
        } else {
            by_influence(&cells, &counts, classes.len(), tests.level)
        }
    });
}

/// F1 of each class from joint counts.
struct F1 {
    /// Twice the hits.
    hits: Vec<f64>,
    /// Rows of the class and rows called so.
    sums: Vec<f64>,
}

impl F1 {
    /// Of the first model (`side` 1) or the second (2).
    fn of(cells: &[[usize; 3]], counts: &[f64], side: usize, classes: usize) -> Self {
        let (mut hits, mut sums) = (vec![0.0; classes], vec![0.0; classes]);
        let add = |list: &mut [f64], class: usize, rows: f64| {
            if let Some(sum) = list.get_mut(class) {
                *sum += rows;
            }
        };
        for (cell, rows) in cells.iter().zip(counts) {
            let (Some(truth), Some(said)) = (cell.first(), cell.get(side)) else { continue };
            add(&mut sums, *truth, *rows);
            add(&mut sums, *said, *rows);
            if truth == said {
                add(&mut hits, *truth, 2.0 * rows);
            }
        }
        Self { hits, sums }
    }

    fn one(&self, class: usize) -> Option<(f64, f64)> {
        let sum = self.sums.get(class).copied().filter(|sum| *sum > 0.0)?;
        Some((self.hits.get(class)? / sum, sum))
    }

    /// Classes that occur in truth or answers; the others do not count, as scikit-learn.
    fn classes(&self) -> f64 {
        self.sums.iter().filter(|sum| **sum > 0.0).count() as f64
    }

    fn macro_average(&self) -> Option<f64> {
        let sum: f64 = (0..self.sums.len()).filter_map(|class| self.one(class)).map(|(f1, _)| f1).sum();
        Some(self.classes()).filter(|n| *n > 0.0).map(|n| sum / n)
    }

    /// How much one of `rows` rows, of `truth` and called `said`, moves the average over `classes`, times the rows.
    fn influence(&self, truth: usize, said: usize, rows: f64, classes: f64) -> f64 {
        let pull = |class: usize| self.one(class).map_or(0.0, |(f1, sum)| f1 / sum * rows);
        let hit = self.one(truth).filter(|_| truth == said).map_or(0.0, |(_, sum)| 2.0 / sum * rows);
        (hit - pull(truth) - pull(said)) / classes
    }
}

fn by_influence(cells: &[[usize; 3]], counts: &[u64], classes: usize, level: f64) -> Option<Difference> {
    let exact: Vec<f64> = counts.iter().map(|c| *c as f64).collect();
    let rows: f64 = exact.iter().sum();
    let (f, g) = (F1::of(cells, &exact, 1, classes), F1::of(cells, &exact, 2, classes));
    let value = f.macro_average()? - g.macro_average()?;
    let (kf, kg) = (f.classes(), g.classes());
    let mut influences = Moments::default();
    for ([truth, x, y], count) in cells.iter().zip(counts) {
        let moved = f.influence(*truth, *x, rows, kf) - g.influence(*truth, *y, rows, kg);
        influences.merge(&Moments { n: *count, mean: moved, ..Moments::default() });
    }
    paired::influence_difference(value, &influences, level)
}

fn regression(found: &mut Found<'_>, target: &[f64], x: &[f64], y: &[f64]) {
    let errors = |p: &[f64]| -> Vec<f64> { target.iter().zip(p).map(|(t, p)| p - t).collect() };
    let (ex, ey) = (errors(x), errors(y));
    let mean_square = |e: &[f64]| e.iter().map(|e| e * e).sum::<f64>() / e.len().max(1) as f64;
    let (mx, my) = (mean_square(&ex), mean_square(&ey));
    let over_rows = |part: &dyn Fn(f64, f64, f64) -> f64| -> Moments {
        ex.iter().zip(&ey).zip(target).map(|((a, b), t)| part(*a, *b, *t)).collect()
    };
    found.put("r2", |tests| {
        let spread: Moments = target.iter().copied().collect();
        let variance = spread.variance().filter(|v| *v > 0.0)?;
        let value = (my - mx) / variance;
        // The target's variance is estimated from the same rows, and the difference is a ratio to it.
        let influence = |a: f64, b: f64, t: f64| (b * b - a * a - value * (t - spread.mean).powi(2)) / variance;
        paired::influence_difference(value, &over_rows(&influence), tests.level)
    });
    found.put("mae", |tests| paired::mean_difference(&over_rows(&|a, b, _| a.abs() - b.abs()), tests.level));
    found.put("rmse", |tests| {
        let (rx, ry) = (mx.sqrt(), my.sqrt());
        // A root at 0 has no slope; such a model makes no error at all.
        let slope = |square: f64, mean: f64, root: f64| if root > 0.0 { (square - mean) / (2.0 * root) } else { 0.0 };
        let influence = |a: f64, b: f64, _| slope(a * a, mx, rx) - slope(b * b, my, ry);
        paired::influence_difference(rx - ry, &over_rows(&influence), tests.level)
    });
    found.put("mse", |tests| paired::mean_difference(&over_rows(&|a, b, _| a * a - b * b), tests.level));
}

#[cfg(test)]
#[path = "pair_tests.rs"]
mod tests;
