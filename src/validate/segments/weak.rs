//! A search for weak segments: parts of the data, told by one or two columns, where a model loses more than elsewhere.
//!
//! Everything looked at enters the correction, so that a search over noise finds nothing (but for the level's share).

use super::loss::{Losses, Tally, benjamini_hochberg, p_worse};
use super::{Judged, Segmentation};
use crate::data::Watch;
use crate::validate::ValidateError;
use crate::validate::parallel::map;

/// Significant segments, the strongest first, that are looked at for being the same rows as another.
const MOST_COMPARED: usize = 300;

/// Bounds of the search.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WeakSearch {
    /// Fewest rows of a segment.
    pub min_rows: usize,
    /// Fewest rows of a segment, as a share of all.
    pub min_share: f64,
    /// A segment counts as weak below this corrected p value.
    pub alpha: f64,
    /// Most columns whose pairs are looked at: those whose segments differ most in loss.
    pub pair_columns: usize,
    /// Two segments are the same beyond this share of common rows (Jaccard 1901: common rows / rows of either).
    pub same_rows: f64,
    /// A pair of columns must lose this much more, as a share, than each of its two single segments.
    pub gain: f64,
    /// Most segments told.
    pub most: usize,
}

impl Default for WeakSearch {
    fn default() -> Self {
        Self { min_rows: 50, min_share: 0.01, alpha: 0.05, pair_columns: 15, same_rows: 0.8, gain: 0.1, most: 20 }
    }
}

/// A part of the data where a model loses more than elsewhere.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct WeakSegment {
    /// One or two (column, value); a row is in the segment when all hold.
    pub columns: Vec<(String, String)>,
    /// Measured rows in it.
    pub rows: usize,
    /// Their share of all measured rows, 0 to 1.
    pub share: f64,
    /// Mean loss in it: the share of wrong answers, or for regression the mean absolute error.
    pub loss: f64,
    /// Mean loss of all other rows.
    pub loss_elsewhere: f64,
    /// One-sided p value of “it loses no more than the other rows”: Welch's test for absolute errors; for wrong answers
    /// the two-proportion z test, or Fisher's exact one where errors are rare.
    pub p_value: f64,
    /// The same, corrected for `looked_at` after Benjamini and Hochberg (1995).
    pub p_corrected: f64,
    /// How many segments were looked at.
    pub looked_at: usize,
}

impl WeakSegment {
    /// The segment in words: `origin = LGA and temp > 60`.
    pub fn place(&self) -> String {
        self.columns.iter().map(|(column, value)| super::place(column, value)).collect::<Vec<_>>().join(" and ")
    }
}

/// A segment of one column.
type Part = (usize, usize);

/// A segment that is large enough to be looked at.
struct Seen {
    first: Part,
    second: Option<Part>,
    tally: Tally,
    p: f64,
    /// Mean loss less that of the other rows.
    effect: f64,
    /// For a pair: the larger p value of “it loses no more than the rest of its single segment”.
    p_beyond: f64,
    /// For a pair: the larger effect of its single segments.
    of_parents: f64,
}

/// Finds weak segments over all `features` and pairs of them, the strongest (by difference of mean loss) first.
///
/// A pair of columns is told only when it is worse than the rest of both its single segments by more than chance
/// (corrected for the number of pairs) and loses [`WeakSearch::gain`] more than either. Of segments with nearly the
/// same rows the strongest stays. Nothing is drawn by chance: the same input gives the same result.
///
/// # Errors
/// [`ValidateError::Cancelled`] when `watch` says so; it is asked before each pass over the rows.
pub fn weak_segments(
    judged: Judged<'_>,
    features: &[Segmentation],
    settings: WeakSearch,
    watch: &dyn Watch,
) -> Result<Vec<WeakSegment>, ValidateError> {
    let losses = Losses::of(&judged);
    let mut all = Tally::default();
    losses.values.iter().for_each(|loss| all.add(*loss));
    let least = (settings.min_share * all.rows).ceil().max(settings.min_rows as f64).max(2.0);
    let search = Search { judged, features, losses, all, least, watch };

    let singles: Vec<Vec<Tally>> =
        map("weak-single", features, |feature| search.single(feature)).into_iter().collect::<Result<_, _>>()?;
    let mut seen: Vec<Seen> = Vec::new();
    for (column, tallies) in singles.iter().enumerate() {
        for (segment, tally) in tallies.iter().enumerate() {
            seen.extend(search.look((column, segment), tally));
        }
    }
    let columns = search.strongest_columns(&singles, settings.pair_columns);
    let ahead = |(at, a): (usize, &usize)| columns.iter().skip(at + 1).map(|b| (*a, *b)).collect::<Vec<_>>();
    let pairs: Vec<(usize, usize)> = columns.iter().enumerate().flat_map(ahead).collect();
    for found in map("weak-pairs", &pairs, |pair| search.look_at_pairs(*pair, &singles)) {
        seen.extend(found?);
    }
    let looked_at = seen.len();
    let kept = search.strongest(weak_ones(seen, &settings), &settings)?;
    Ok(kept.into_iter().map(|(seen, corrected)| search.told(&seen, corrected, looked_at)).collect())
}

/// Those that are worse by more than chance, pairs only where they add to their single segments; with corrected p.
fn weak_ones(seen: Vec<Seen>, settings: &WeakSearch) -> Vec<(Seen, f64)> {
    let p_values: Vec<f64> = seen.iter().map(|s| s.p).collect();
    let beyond: Vec<f64> = seen.iter().filter(|s| s.second.is_some()).map(|s| s.p_beyond).collect();
    let mut beyond = benjamini_hochberg(&beyond).into_iter();
    let mut weak = Vec::new();
    for (seen, corrected) in seen.into_iter().zip(benjamini_hochberg(&p_values)) {
        let adds = seen.second.is_none_or(|_| {
            let by_chance = beyond.next().unwrap_or(1.0) >= settings.alpha;
            !by_chance && seen.effect >= (1.0 + settings.gain) * seen.of_parents
        });
        if adds && seen.effect > 0.0 && corrected < settings.alpha {
            weak.push((seen, corrected));
        }
    }
    weak.sort_by(|(a, _), (b, _)| {
        let rank = b.effect.total_cmp(&a.effect).then(a.p.total_cmp(&b.p));
        rank.then_with(|| (a.first, a.second).cmp(&(b.first, b.second)))
    });
    weak
}

struct Search<'a> {
    judged: Judged<'a>,
    features: &'a [Segmentation],
    losses: Losses,
    all: Tally,
    least: f64,
    watch: &'a dyn Watch,
}

impl Search<'_> {
    fn go_on(&self) -> Result<(), ValidateError> {
        if self.watch.cancelled() { Err(ValidateError::Cancelled) } else { Ok(()) }
    }

    fn single(&self, feature: &Segmentation) -> Result<Vec<Tally>, ValidateError> {
        self.go_on()?;
        let mut tallies = vec![Tally::default(); feature.labels.len()];
        for (row, loss) in self.judged.rows.iter().zip(&self.losses.values) {
            if let Some(tally) = feature.segment_of(*row).and_then(|segment| tallies.get_mut(segment)) {
                tally.add(*loss);
            }
        }
        Ok(tallies)
    }

    /// A single segment as it is looked at; `None` when it, or what is left without it, is too small.
    fn look(&self, first: Part, tally: &Tally) -> Option<Seen> {
        let others = self.all.without(tally);
        (tally.rows >= self.least && others.rows >= 2.0).then(|| Seen {
            first,
            second: None,
            tally: *tally,
            p: p_worse(tally, &others, self.losses.zero_one),
            effect: tally.mean() - others.mean(),
            p_beyond: 0.0,
            of_parents: f64::NEG_INFINITY,
        })
    }

    fn look_at_pairs(&self, (a, b): (usize, usize), singles: &[Vec<Tally>]) -> Result<Vec<Seen>, ValidateError> {
        self.go_on()?;
        let mut seen = Vec::new();
        let (Some(first), Some(second)) = (self.features.get(a), self.features.get(b)) else { return Ok(seen) };
        let (Some(of_first), Some(of_second)) = (singles.get(a), singles.get(b)) else { return Ok(seen) };
        let width = second.labels.len().max(1);
        let mut tallies = vec![Tally::default(); first.labels.len() * width];
        for (row, loss) in self.judged.rows.iter().zip(&self.losses.values) {
            let (Some(x), Some(y)) = (first.segment_of(*row), second.segment_of(*row)) else { continue };
            if let Some(tally) = tallies.get_mut(x * width + y) {
                tally.add(*loss);
            }
        }
        let effect_of = |tally: &Tally| tally.mean() - self.all.without(tally).mean();
        for (x, (row, parent)) in tallies.chunks_exact(width).zip(of_first).enumerate() {
            for (y, (tally, other_parent)) in row.iter().zip(of_second).enumerate() {
                let Some(single) = self.look((a, x), tally) else { continue };
                let beyond = |parent: &Tally| p_worse(tally, &parent.without(tally), self.losses.zero_one);
                seen.push(Seen {
                    second: Some((b, y)),
                    p_beyond: beyond(parent).max(beyond(other_parent)),
                    of_parents: effect_of(parent).max(effect_of(other_parent)),
                    ..single
                });
            }
        }
        Ok(seen)
    }

    /// The columns whose segments differ most in mean loss: the squares between segments beyond what chance alone
    /// gives, (k − 1) · variance, the numerator of omega squared (Hays 1963). In the order of the features.
    fn strongest_columns(&self, singles: &[Vec<Tally>], most: usize) -> Vec<usize> {
        let (mean, variance) = (self.all.mean(), self.all.variance());
        let mut ranked: Vec<(f64, usize)> = Vec::new();
        for (column, tallies) in singles.iter().enumerate() {
            let filled = tallies.iter().filter(|t| t.rows > 0.0);
            let between: f64 = filled.clone().map(|t| t.rows * (t.mean() - mean).powi(2)).sum();
            let segments = filled.count() as f64;
            if segments > 1.0 {
                ranked.push((between - (segments - 1.0) * variance, column));
            }
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut columns: Vec<usize> = ranked.into_iter().take(most).map(|(_, column)| column).collect();
        columns.sort_unstable();
        columns
    }

    /// The first of the ranked segments, without those that are nearly the same rows as one before.
    fn strongest(&self, ranked: Vec<(Seen, f64)>, settings: &WeakSearch) -> Result<Vec<(Seen, f64)>, ValidateError> {
        let mut kept: Vec<(Seen, f64)> = Vec::new();
        let mut rows_of: Vec<Vec<u64>> = Vec::new();
        for (seen, corrected) in ranked.into_iter().take(MOST_COMPARED) {
            if kept.len() == settings.most {
                break;
            }
            self.go_on()?;
            let rows = self.rows_of(&seen);
            if rows_of.iter().all(|other| jaccard(&rows, other) <= settings.same_rows) {
                kept.push((seen, corrected));
                rows_of.push(rows);
            }
        }
        Ok(kept)
    }

    /// The answers of a segment, one bit each.
    fn rows_of(&self, seen: &Seen) -> Vec<u64> {
        let mut bits = vec![0_u64; self.judged.rows.len().div_ceil(64)];
        let holds = |(column, segment): Part, row: u32| {
            self.features.get(column).and_then(|f| f.segment_of(row)) == Some(segment)
        };
        for (word, rows) in bits.iter_mut().zip(self.judged.rows.chunks(64)) {
            for (bit, row) in rows.iter().enumerate() {
                let inside = holds(seen.first, *row) && seen.second.is_none_or(|part| holds(part, *row));
                *word |= u64::from(inside) << bit;
            }
        }
        bits
    }

    fn told(&self, seen: &Seen, p_corrected: f64, looked_at: usize) -> WeakSegment {
        let named = |(column, segment): Part| {
            self.features.get(column).map(|f| (f.column.clone(), f.label(segment).to_owned()))
        };
        WeakSegment {
            columns: named(seen.first).into_iter().chain(seen.second.and_then(named)).collect(),
            rows: seen.tally.rows as usize,
            share: seen.tally.rows / self.all.rows,
            loss: self.losses.centre + seen.tally.mean(),
            loss_elsewhere: self.losses.centre + self.all.without(&seen.tally).mean(),
            p_value: seen.p,
            p_corrected,
            looked_at,
        }
    }
}

fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut both, mut either) = (0_u64, 0_u64);
    for (a, b) in a.iter().zip(b) {
        both += u64::from((a & b).count_ones());
        either += u64::from((a | b).count_ones());
    }
    both as f64 / either.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, NoWatch, Values};
    use crate::stats::random::SplitMix64;
    use crate::validate::measure::Answers;
    use crate::validate::segments::{CutSettings, cut};

    /// Features of `rows` rows without any signal: two categories, a number, one with missing values, a constant, ids.
    fn features(rows: usize, random: &mut SplitMix64) -> Vec<Column> {
        let mut pick = |of: &[&str]| Values::text((0..rows).map(|_| of.get(random.below(of.len())).copied()));
        let (region, plan) = (pick(&["north", "south", "east", "west"]), pick(&["basic", "plus", "pro"]));
        let number = Values::Float((0..rows).map(|_| random.unit() * 100.0).collect());
        let gaps = (0..rows).map(|_| if random.unit() < 0.3 { f64::NAN } else { random.unit() }).collect();
        vec![
            Column::new("region", region),
            Column::new("plan", plan),
            Column::new("age", number),
            Column::new("income", Values::Float(gaps)),
            Column::new("constant", Values::ints(vec![1; rows])),
            Column::new("id", Values::text((0..rows).map(|i| Some(format!("id{i}"))))),
        ]
    }

    fn search(answers: &Answers, columns: &[Column]) -> Vec<WeakSegment> {
        let cuts: Vec<Segmentation> = columns.iter().map(|c| cut(c, CutSettings::default())).collect();
        let rows: Vec<u32> = (0..answers.rows() as u32).collect();
        let judged = Judged { answers, rows: &rows, threshold: 0.5 };
        weak_segments(judged, &cuts, WeakSearch::default(), &NoWatch).unwrap()
    }

    /// Answers that are wrong with the probability told for a row.
    fn wrong_with(rows: usize, random: &mut SplitMix64, share: impl Fn(usize) -> f64) -> Answers {
        let wrong: Vec<bool> = (0..rows).map(|row| random.unit() < share(row)).collect();
        let positive: Vec<bool> = (0..rows).map(|_| random.unit() < 0.5).collect();
        let scores = wrong.iter().zip(&positive).map(|(wrong, is)| if wrong == is { 0.2 } else { 0.8 }).collect();
        Answers::Binary { scores, positive, probabilities: true }
    }

    fn pair(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn a_planted_pair_is_found_and_leads() {
        let mut random = SplitMix64::new(11);
        let columns = features(6_000, &mut random);
        let planted = |row: usize| {
            columns[0].display(row).as_deref() == Some("south") && columns[1].display(row).as_deref() == Some("pro")
        };
        let answers = wrong_with(6_000, &mut random, |row| if planted(row) { 0.5 } else { 0.1 });
        let found = search(&answers, &columns);
        let first = found.first().unwrap();
        assert_eq!(first.columns, pair(&[("region", "south"), ("plan", "pro")]));
        assert_eq!(first.rows, (0..6_000).filter(|row| planted(*row)).count());
        assert!((first.share - first.rows as f64 / 6_000.0).abs() < 1e-12);
        assert!((first.loss - 0.5).abs() < 0.06 && (first.loss_elsewhere - 0.1).abs() < 0.02, "{first:?}");
        assert!(first.p_corrected < 1e-20 && first.p_corrected >= first.p_value && first.looked_at > 50);
        let named = found.iter().all(|w| w.columns.iter().any(|(_, value)| value == "south" || value == "pro"));
        assert!(named, "only it and the single segments that hold it: {found:?}");
        assert_eq!(found, search(&answers, &columns));
    }

    #[test]
    fn a_planted_single_segment_is_not_told_again_as_pairs() {
        let mut random = SplitMix64::new(12);
        let columns = features(6_000, &mut random);
        let missing = |row: usize| columns[3].is_missing(row);
        let answers = wrong_with(6_000, &mut random, |row| if missing(row) { 0.3 } else { 0.1 });
        let found = search(&answers, &columns);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].columns, pair(&[("income", "missing")]));
        let target: Vec<f64> = (0..6_000).map(|_| random.unit()).collect();
        let error = |row: usize, random: &mut SplitMix64| random.unit() * if missing(row) { 2.0 } else { 1.0 };
        let prediction = target.iter().enumerate().map(|(row, t)| t + error(row, &mut random)).collect();
        let found = search(&Answers::Regression { target, prediction }, &columns);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!((found[0].loss - 1.0).abs() < 0.05 && (found[0].loss_elsewhere - 0.5).abs() < 0.02, "{found:?}");
    }

    #[test]
    fn noise_has_no_weak_segment() {
        let mut with = 0;
        for seed in 0..20 {
            let mut random = SplitMix64::new(seed);
            let columns = features(3_000, &mut random);
            let rare = wrong_with(3_000, &mut random, |_| if seed % 2 == 0 { 0.01 } else { 0.2 });
            with += usize::from(!search(&rare, &columns).is_empty());
        }
        assert!(with <= 2, "found something in {with} of 20, where 1 is to be expected");
        let right = wrong_with(3_000, &mut SplitMix64::new(1), |_| 0.0);
        assert_eq!(search(&right, &features(3_000, &mut SplitMix64::new(2))), []);
    }

    #[test]
    fn the_same_rows_under_another_name_are_told_once() {
        let mut random = SplitMix64::new(5);
        let group: Vec<Option<&str>> = (0..2_000).map(|_| Some(["a", "b", "c"][random.below(3)])).collect();
        let twin = group.iter().map(|g| g.filter(|_| random.unit() < 0.98)).collect::<Vec<_>>();
        let answers = wrong_with(2_000, &mut random, |row| if group[row] == Some("a") { 0.5 } else { 0.1 });
        let columns = [Column::new("group", Values::text(group)), Column::new("twin", Values::text(twin))];
        let found = search(&answers, &columns);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!((jaccard(&[0b0111], &[0b1110]) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_found_in_nothing_or_in_too_little() {
        let mut random = SplitMix64::new(1);
        let empty = Answers::Regression { target: Vec::new(), prediction: Vec::new() };
        assert_eq!(search(&empty, &features(0, &mut random)), []);
        let few = wrong_with(49, &mut random, |row| f64::from(u8::from(row % 2 == 0)));
        assert_eq!(search(&few, &[Column::new("c", Values::ints((0..49).map(|i| i % 2).collect()))]), []);
        let one = wrong_with(500, &mut random, |_| 0.5);
        assert_eq!(search(&one, &[Column::new("c", Values::ints(vec![1; 500]))]), []);
        assert_eq!(search(&one, &[]), []);
    }
}
