//! How well each single feature tells the target.
//!
//! A feature is cut into bins (its categories, or ranges of about equally many rows), and each bin's mean of the target
//! is learned on four fifths of the rows and tried on the fifth: a column with a value of its own in each row learns
//! nothing then, however well it seems to fit. For numbers the order counts too.

use super::{Checks, Looked, leakage_words};
use crate::data::table::MISSING_CODE;
use crate::data::target::{Labels, class_labels, numbers};
use crate::data::{Column, Kind, Values};
use crate::stats::radix::sort_by_key;
use crate::stats::random::SplitMix64;
use crate::stats::ranked::key;
use crate::validate::ValidateError;
use crate::validate::parallel::map;

/// Distinct whole numbers up to which a target counts as classes.
const CLASSES: usize = 20;
/// Ranges a number is cut into.
const BINS: usize = 50;
/// Parts of which each is tried on what was learned on the others.
const FOLDS: usize = 5;
/// Classes tried one against the rest, the most frequent.
const TRIED: usize = 10;
/// Features kept of the list.
const KEPT: usize = 10;

/// How a feature's power is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Area under the ROC curve of the best ordering, 0.5 is nothing and 1 everything; of several classes the mean of
    /// each against the rest, weighted by rows.
    RocAuc,
    /// Share of the target's spread that is explained, 0 is nothing and 1 everything: the larger of R² of the bins' means
    /// and Spearman's rank correlation squared.
    R2,
}

/// What one feature alone says of the target.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Predictive {
    /// The feature.
    pub column: String,
    /// How its power is measured.
    pub measure: Measure,
    /// Its power; see [`Measure`].
    pub value: f64,
    /// Rows it was measured on.
    pub rows: usize,
}

/// The target as it is told.
pub(super) enum Truth {
    Classes(Labels),
    Numbers(Vec<f64>),
}

/// Whether a target is a number.
pub(super) fn is_number(column: &Column, settings: &super::CheckSettings) -> bool {
    if let Some(decided) = settings.numeric_target {
        return decided && column.kind() != Kind::Bool;
    }
    if column.kind() != Kind::Number {
        return column.kind() == Kind::Time;
    }
    let mut seen: Vec<u64> = Vec::new();
    for x in (0..column.len()).filter_map(|row| column.number(row)) {
        if x.fract() != 0.0 {
            return true;
        }
        let bits = (x + 0.0).to_bits();
        if !seen.contains(&bits) {
            seen.push(bits);
            if seen.len() > CLASSES {
                return true;
            }
        }
    }
    false
}

impl Truth {
    /// Reads the target; `None` when it should be a number and is not.
    pub(super) fn of(column: &Column, settings: &super::CheckSettings) -> Option<Self> {
        if is_number(column, settings) {
            numbers(column).ok().map(Self::Numbers)
        } else {
            Some(Self::Classes(class_labels(column)))
        }
    }
}

/// The rows that are looked at, with their target.
struct Sample {
    rows: Vec<u32>,
    folds: Vec<u8>,
    told: Told,
}

enum Told {
    /// One class a row, and the classes tried with their rows.
    Classes { codes: Vec<u32>, tried: Vec<(u32, f64)> },
    /// The target less its mean, its ranks, and the sum of its squares.
    Numbers { centred: Vec<f64>, ranks: Vec<f64>, squares: f64 },
}

impl Sample {
    fn of(truth: &Truth, rows: usize, settings: &super::CheckSettings) -> Self {
        let usable = |row: &u32| match truth {
            Truth::Classes(labels) => labels.codes.get(*row as usize).is_some_and(|code| *code != MISSING_CODE),
            Truth::Numbers(list) => list.get(*row as usize).is_some_and(|x| x.is_finite()),
        };
        let all: Vec<u32> = (0..rows as u32).filter(usable).collect();
        let mut random = SplitMix64::new(settings.seed);
        let most = settings.leak_sample.max(1);
        let rows: Vec<u32> = if all.len() <= most {
            all
        } else {
            // One row at random out of each of as many equal runs: spread over the table, and in its order.
            let at = |part: usize| (part as u128 * all.len() as u128 / most as u128) as usize;
            let pick = |part| all.get(at(part) + random.below(at(part + 1) - at(part))).copied();
            (0..most).filter_map(pick).collect()
        };
        let folds = rows.iter().map(|_| random.below(FOLDS) as u8).collect();
        let told = match truth {
            Truth::Classes(labels) => {
                let codes: Vec<u32> = rows.iter().filter_map(|row| labels.codes.get(*row as usize).copied()).collect();
                let mut counts = vec![0_usize; labels.names.len()];
                for code in &codes {
                    if let Some(count) = counts.get_mut(*code as usize) {
                        *count += 1;
                    }
                }
                let mut tried: Vec<(u32, f64)> =
                    (0..).zip(counts).filter(|(_, n)| *n > 0).map(|(class, n)| (class, n as f64)).collect();
                tried.sort_by(|a, b| b.1.total_cmp(&a.1));
                // One of two classes says all of the other.
                tried.truncate(if tried.len() == 2 { 1 } else { TRIED });
                Told::Classes { codes, tried }
            }
            Truth::Numbers(list) => {
                let values: Vec<f64> = rows.iter().filter_map(|row| list.get(*row as usize).copied()).collect();
                let n = values.len().max(1) as f64;
                let mean: f64 = values.iter().map(|x| x / n).sum();
                let centred: Vec<f64> = values.iter().map(|x| x - mean).collect();
                let squares = centred.iter().map(|x| x * x).sum();
                Told::Numbers { ranks: ranks(&values), centred, squares }
            }
        };
        Self { rows, folds, told }
    }

    /// Whether there is something to tell.
    fn varies(&self) -> bool {
        match &self.told {
            Told::Classes { codes, .. } => codes.iter().zip(codes.iter().skip(1)).any(|(a, b)| a != b),
            Told::Numbers { squares, .. } => *squares > 0.0 && squares.is_finite(),
        }
    }
}

/// Order of finite values with their places.
fn ordered(values: impl Iterator<Item = (u32, f64)>) -> Vec<(f64, u32)> {
    let mut order: Vec<(f64, u32)> = values.map(|(place, x)| (x + 0.0, place)).collect();
    // Places ascend, and equal values keep their order.
    sort_by_key(&mut order, |(x, _)| key(*x));
    order
}

/// Ranks in the order of the values; equal ones share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let order = ordered((0..).zip(values.iter().copied()));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for ties in order.chunk_by(|a, b| a.0 == b.0) {
        let rank = before as f64 + (ties.len() as f64 - 1.0) / 2.0;
        for (_, place) in ties {
            if let Some(slot) = ranks.get_mut(*place as usize) {
                *slot = rank;
            }
        }
        before += ties.len();
    }
    ranks
}

/// A feature cut into bins; a missing value is a bin of its own.
struct Cut {
    bins: Vec<u32>,
    count: usize,
    /// For numbers: the sampled places in the order of the values.
    order: Vec<(f64, u32)>,
}

fn cut(column: &Column, rows: &[u32]) -> Cut {
    if let Values::Text { codes, dictionary } = &column.values {
        let mut dense = vec![u32::MAX; dictionary.len()];
        let mut count = 1;
        let bins = rows
            .iter()
            .map(|row| {
                let code = codes.get(*row as usize).copied().unwrap_or(MISSING_CODE);
                let Some(slot) = dense.get_mut(code as usize) else { return 0 };
                if *slot == u32::MAX {
                    *slot = count;
                    count += 1;
                }
                *slot
            })
            .collect();
        return Cut { bins, count: count as usize, order: Vec::new() };
    }
    let number = |row: &u32| column.number(*row as usize).filter(|x| !x.is_nan());
    let order = ordered((0..).zip(rows).filter_map(|(place, row)| Some((place, number(row)?))));
    let mut bins = vec![0; rows.len()];
    let (mut before, mut bin, mut part) = (0_usize, 0_u32, usize::MAX);
    for ties in order.chunk_by(|a, b| a.0 == b.0) {
        // Where its middle lies decides, so that a frequent value has a bin of its own.
        let now = (before + ties.len() / 2) * BINS / order.len().max(1);
        if now != part {
            part = now;
            bin += 1;
        }
        for (_, place) in ties {
            if let Some(slot) = bins.get_mut(*place as usize) {
                *slot = bin;
            }
        }
        before += ties.len();
    }
    Cut { bins, count: bin as usize + 1, order }
}

/// Rows of a bin in a fold, and the sum of the target there.
#[derive(Clone, Copy, Default)]
struct Cell {
    rows: f64,
    sum: f64,
}

/// Gathers a value by bin and fold, and tells for each of these cells what the other folds have learned of its bin; one
/// row of the `prior` is added, so that a bin that only one fold has says nothing.
fn learned(cut: &Cut, folds: &[u8], value: impl Fn(usize) -> f64, prior: f64) -> Vec<(f64, Cell)> {
    let mut cells = vec![Cell::default(); cut.count * FOLDS];
    for (place, (bin, fold)) in cut.bins.iter().zip(folds).enumerate() {
        if let Some(cell) = cells.get_mut(*bin as usize * FOLDS + usize::from(*fold)) {
            cell.rows += 1.0;
            cell.sum += value(place);
        }
    }
    let mut told = Vec::new();
    for bin in cells.chunks_exact(FOLDS) {
        let (rows, sum) = bin.iter().fold((0.0, 0.0), |(rows, sum), cell| (rows + cell.rows, sum + cell.sum));
        let filled = bin.iter().filter(|cell| cell.rows > 0.0);
        told.extend(filled.map(|cell| ((sum - cell.sum + prior) / (rows - cell.rows + 1.0), *cell)));
    }
    told
}

/// Area under the ROC curve of groups of rows, each with a score, its rows and the positive ones among them, ascending.
fn area(groups: impl Iterator<Item = (f64, Cell)>) -> Option<f64> {
    let (mut won, mut negatives, mut positives) = (0.0, 0.0, 0.0);
    let mut open: Option<(f64, Cell)> = None;
    let mut close = |group: Cell| {
        let negative = group.rows - group.sum;
        won += group.sum * (negatives + negative / 2.0);
        negatives += negative;
        positives += group.sum;
    };
    for (score, cell) in groups {
        match &mut open {
            Some((last, sum)) if *last == score => {
                sum.rows += cell.rows;
                sum.sum += cell.sum;
            }
            _ => {
                if let Some((_, done)) = open.replace((score, cell)) {
                    close(done);
                }
            }
        }
    }
    if let Some((_, done)) = open {
        close(done);
    }
    (positives > 0.0 && negatives > 0.0).then(|| won / positives / negatives)
}

fn auc_of(cut: &Cut, sample: &Sample, codes: &[u32], class: u32, rows: f64) -> f64 {
    let is = |place: usize| f64::from(u8::from(codes.get(place) == Some(&class)));
    let by_order = area(cut.order.iter().map(|(x, place)| (*x, Cell { rows: 1.0, sum: is(*place as usize) })));
    let prior = rows / codes.len().max(1) as f64;
    let mut cells = learned(cut, &sample.folds, is, prior);
    cells.sort_by(|a, b| a.0.total_cmp(&b.0));
    let by_bins = area(cells.into_iter());
    // An order may point either way; what was learned may not.
    let either = by_order.map_or(0.5, |a| a.max(1.0 - a));
    either.max(by_bins.unwrap_or(0.5)).max(0.5)
}

fn r2_of(cut: &Cut, sample: &Sample, centred: &[f64], rank: &[f64], squares: f64) -> f64 {
    let value = |place: usize| centred.get(place).copied().unwrap_or_default();
    let cells = learned(cut, &sample.folds, value, 0.0);
    // Σ (y − ŷ)² − Σ y² over the cells.
    let gained: f64 = cells.iter().map(|(told, cell)| told * (2.0 * cell.sum - told * cell.rows)).sum();
    let by_bins = (gained / squares).clamp(0.0, 1.0);
    by_bins.max(spearman(cut, rank).map_or(0.0, |r| r * r))
}

/// Spearman's rank correlation over the rows that have a value.
fn spearman(cut: &Cut, rank: &[f64]) -> Option<f64> {
    let of_target = |place: u32| rank.get(place as usize).copied().unwrap_or_default();
    let targets: Vec<f64> = cut.order.iter().map(|(_, place)| of_target(*place)).collect();
    // Without gaps the ranks are known; else they are those among the rows left.
    let again = (targets.len() < rank.len()).then(|| ranks(&targets));
    let y = again.as_ref().unwrap_or(&targets);
    let n = y.len() as f64;
    let middle = (n - 1.0) / 2.0;
    let (mut xy, mut xx, mut yy, mut before) = (0.0, 0.0, 0.0, 0);
    for ties in cut.order.chunk_by(|a, b| a.0 == b.0) {
        let x = before as f64 + (ties.len() as f64 - 1.0) / 2.0 - middle;
        for y in y.iter().skip(before).take(ties.len()) {
            xy += x * (y - middle);
            xx += x * x;
            yy += (y - middle).powi(2);
        }
        before += ties.len();
    }
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}

fn power(column: &Column, sample: &Sample) -> (Measure, f64) {
    let cut = cut(column, &sample.rows);
    match &sample.told {
        Told::Classes { codes, tried } => {
            let total: f64 = tried.iter().map(|(_, rows)| rows).sum();
            let each = tried.iter().map(|(class, rows)| rows / total * auc_of(&cut, sample, codes, *class, *rows));
            (Measure::RocAuc, each.sum())
        }
        Told::Numbers { centred, ranks, squares } => (Measure::R2, r2_of(&cut, sample, centred, ranks, *squares)),
    }
}

/// Adds how well each feature tells the target, and which ones do so suspiciously well.
pub(super) fn look(looked: &Looked<'_>, truth: Option<&Truth>, checks: &mut Checks) -> Result<(), ValidateError> {
    let Some(truth) = truth else {
        checks.notes.push(leakage_words::not_numbers(&looked.target.name));
        return Ok(());
    };
    let sample = Sample::of(truth, looked.table.rows(), looked.settings);
    if !sample.varies() {
        let sentence = format!("The target “{}” does not vary, so nothing can tell it.", looked.target.name);
        checks.notes.push(sentence);
        return Ok(());
    }
    let mut all = Vec::new();
    let powers = map("check-leakage", &looked.features, |column| {
        if looked.watch.cancelled() { Err(ValidateError::Cancelled) } else { Ok(power(column, &sample)) }
    });
    for (column, power) in looked.features.iter().zip(powers) {
        let (measure, value) = power?;
        if value.is_finite() {
            let value = value.clamp(0.0, 1.0);
            all.push(Predictive { column: column.name.clone(), measure, value, rows: sample.rows.len() });
        }
    }
    // A stable sort: equal powers stay in the order of the features.
    all.sort_by(|a, b| b.value.total_cmp(&a.value));
    if sample.rows.len() >= looked.settings.leak_rows {
        leakage_words::judge(&all, looked.settings, &mut checks.findings);
    } else {
        checks.notes.push(leakage_words::too_few(sample.rows.len(), looked.settings.leak_rows));
    }
    if sample.rows.len() == looked.settings.leak_sample && looked.table.rows() > sample.rows.len() {
        checks.notes.push(leakage_words::sampled(sample.rows.len()));
    }
    all.truncate(KEPT);
    checks.predictive = all;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_of_groups_are_those_of_rows() {
        let cell = |rows: f64, sum: f64| Cell { rows, sum };
        let groups = [(0.1, cell(1.0, 0.0)), (0.35, cell(1.0, 1.0)), (0.4, cell(1.0, 0.0)), (0.8, cell(1.0, 1.0))];
        assert_eq!(area(groups.into_iter()), Some(0.75));
        let tied = [(0.5, cell(1.0, 1.0)), (0.5, cell(1.0, 0.0))];
        assert_eq!(area(tied.into_iter()), Some(0.5));
        assert_eq!(area([(0.5, cell(3.0, 3.0))].into_iter()), None);
    }

    #[test]
    fn ranks_of_ties_are_their_mean() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, -0.0, 0.0]), [3.5, 2.0, 3.5, 0.5, 0.5]);
    }
}
