//! Champion and challenger on the same requests: how often they agree, how far apart their scores are, and, when labels
//! come, which of them is right more often.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::front::Label;
use crate::model::Scores;
use crate::model::session::NO_LABEL;
use crate::stats::random::SplitMix64;
use crate::stats::sequential::{Evidence, PairedTest};

/// How a comparison works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompareSettings {
    /// The worst disagreements that are named.
    pub worst: usize,
    /// Rows that wait for their labels; the oldest are forgotten first.
    pub remember: usize,
    /// Shifts of scores of which quantiles are taken: a uniform sample once there are more.
    pub sample: usize,
    /// The chance of a false verdict, over all looks.
    pub alpha: f64,
    /// For numbers: how far from the truth an answer may lie and still be right, as a share of the truth's size.
    pub tolerance: f64,
}

impl Default for CompareSettings {
    fn default() -> Self {
        Self { worst: 20, remember: 100_000, sample: 10_000, alpha: 0.05, tolerance: 0.1 }
    }
}

/// A row on which the two are far apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disagreement {
    /// The request.
    pub id: String,
    /// Its row, from 0.
    pub row: usize,
    /// What the champion said: a class or a number.
    pub champion: String,
    /// What the challenger said.
    pub challenger: String,
    /// The challenger's score less the champion's; see [`Comparison::mean_shift`].
    pub shift: Option<f64>,
    /// Whether they said different classes.
    pub labels_differ: bool,
}

/// Latencies of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SideLatency {
    /// Median, milliseconds; `None` without a request.
    pub p50_ms: Option<f64>,
    /// 95th percentile, milliseconds.
    pub p95_ms: Option<f64>,
}

/// What labels say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Labelled {
    /// Rows with a label.
    pub rows: u64,
    /// Share on which the champion was right.
    pub champion_right: f64,
    /// Share on which the challenger was right.
    pub challenger_right: f64,
    /// Rows on which only the challenger was right.
    pub only_challenger: u64,
    /// Rows on which only the champion was right.
    pub only_champion: u64,
    /// What they show, however often one looks.
    pub evidence: Evidence,
    /// How far on the way to a verdict it is, 0 to 1.
    pub progress: f64,
    /// The same in words.
    pub sentence: String,
}

/// Champion and challenger so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Version of this layout.
    pub schema_version: u32,
    /// The champion.
    pub champion: String,
    /// The challenger.
    pub challenger: String,
    /// Requests that both answered.
    pub requests: u64,
    /// Rows that both answered.
    pub rows: u64,
    /// Requests that the challenger could not answer, or whose answers could not be read.
    pub failed: u64,
    /// Share of rows with the same class; `None` for numbers or without rows.
    pub agreement: Option<f64>,
    /// Mean of the challenger's score less the champion's: for two classes the probability of the second, for more that of
    /// the champion's class, for numbers the number. `None` without scores.
    pub mean_shift: Option<f64>,
    /// 5th, 50th and 95th percentile of it.
    pub shift_quantiles: Option<[f64; 3]>,
    /// The worst first: different classes before equal ones, then by the size of the shift.
    pub worst: Vec<Disagreement>,
    /// The champion's latency.
    pub champion_latency: SideLatency,
    /// The challenger's, from the copy's arrival.
    pub challenger_latency: SideLatency,
    /// What labels say; `None` before the first.
    pub labelled: Option<Labelled>,
}

/// What one row got from one side.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    class: Option<Arc<str>>,
    number: Option<f64>,
}

impl Said {
    fn of(scores: &Scores, row: usize, classes: &mut BTreeMap<String, Arc<str>>) -> Option<Self> {
        if scores.labels.is_empty() {
            let number = scores.values.get(row).copied().filter(|value| value.is_finite())?;
            return Some(Self { class: None, number: Some(number) });
        }
        if scores.labels.get(row) == Some(&NO_LABEL) {
            return None;
        }
        let class = scores.label(row)?;
        // Few classes, many rows: each name is kept once. A model that answers ever new ones is not remembered.
        let shared = if let Some(shared) = classes.get(class) {
            Arc::clone(shared)
        } else {
            let shared: Arc<str> = class.into();
            if classes.len() < 10_000 {
                classes.insert(class.to_owned(), Arc::clone(&shared));
            }
            shared
        };
        Some(Self { class: Some(shared), number: None })
    }

    fn words(&self) -> String {
        match (&self.class, self.number) {
            (Some(class), _) => class.to_string(),
            (None, Some(number)) => format!("{number}"),
            (None, None) => String::new(),
        }
    }

    fn is_right(&self, truth: &str, tolerance: f64) -> Option<bool> {
        if let Some(class) = &self.class {
            return Some(same_class(class, truth));
        }
        let truth: f64 = truth.trim().parse().ok().filter(|truth: &f64| truth.is_finite())?;
        self.number.map(|number| (number - truth).abs() <= tolerance * truth.abs())
    }
}

/// Whether two words mean the same class: `1` and `1.0` do.
fn same_class(class: &str, truth: &str) -> bool {
    let truth = truth.trim();
    class == truth || matches!((class.parse::<f64>(), truth.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

/// Compares a champion with one challenger, request by request, in bounded memory.
#[derive(Debug)]
pub struct Comparer {
    settings: CompareSettings,
    champion: String,
    challenger: String,
    requests: u64,
    rows: u64,
    failed: u64,
    with_classes: u64,
    agreed: u64,
    shifts: u64,
    shift_sum: f64,
    sample: Vec<f64>,
    random: SplitMix64,
    worst: Vec<Disagreement>,
    latencies: [Option<Histogram<u64>>; 2],
    classes: BTreeMap<String, Arc<str>>,
    waiting: BTreeMap<(Arc<str>, usize), (Said, Said)>,
    order: VecDeque<(Arc<str>, usize)>,
    right: [u64; 2],
    test: PairedTest,
}

impl Comparer {
    /// An empty comparison of two versions.
    pub fn new(champion: impl Into<String>, challenger: impl Into<String>, settings: CompareSettings) -> Self {
        let histogram = || Histogram::new_with_bounds(1, 3_600_000_000, 2).ok();
        Self {
            champion: champion.into(),
            challenger: challenger.into(),
            requests: 0,
            rows: 0,
            failed: 0,
            with_classes: 0,
            agreed: 0,
            shifts: 0,
            shift_sum: 0.0,
            sample: Vec::new(),
            random: SplitMix64::new(0),
            worst: Vec::new(),
            latencies: [histogram(), histogram()],
            classes: BTreeMap::new(),
            waiting: BTreeMap::new(),
            order: VecDeque::new(),
            right: [0; 2],
            test: PairedTest::new(settings.alpha),
            settings,
        }
    }

    /// A request that the challenger could not answer.
    pub fn failed(&mut self) {
        self.failed += 1;
    }

    /// A request that both answered, with their latencies.
    pub fn observe(&mut self, id: &str, champion: &Scores, challenger: &Scores, latencies: [Duration; 2]) {
        self.requests += 1;
        for (histogram, latency) in self.latencies.iter_mut().zip(latencies) {
            if let Some(histogram) = histogram {
                histogram.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
            }
        }
        let id: Arc<str> = id.into();
        for row in 0..champion.rows.min(challenger.rows) {
            let a = Said::of(champion, row, &mut self.classes);
            let b = Said::of(challenger, row, &mut self.classes);
            let (Some(a), Some(b)) = (a, b) else { continue };
            let shift = shift(champion, challenger, row, &a, &b);
            self.row(&id, row, a, b, shift);
        }
    }

    fn row(&mut self, id: &Arc<str>, row: usize, a: Said, b: Said, shift: Option<f64>) {
        self.rows += 1;
        let mut labels_differ = false;
        if let (Some(a), Some(b)) = (&a.class, &b.class) {
            self.with_classes += 1;
            labels_differ = !same_class(a, b);
            self.agreed += u64::from(!labels_differ);
        }
        if let Some(shift) = shift {
            self.shifts += 1;
            self.shift_sum += shift;
            if self.sample.len() < self.settings.sample {
                self.sample.push(shift);
            } else {
                // Algorithm R (Vitter 1985): every shift so far is in the sample with the same chance.
                let at = self.random.below(usize::try_from(self.shifts).unwrap_or(usize::MAX));
                if let Some(slot) = self.sample.get_mut(at) {
                    *slot = shift;
                }
            }
        }
        self.name(id, row, &a, &b, shift, labels_differ);
        let key = (Arc::clone(id), row);
        if self.waiting.insert(key.clone(), (a, b)).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > self.settings.remember {
            if let Some(oldest) = self.order.pop_front() {
                self.waiting.remove(&oldest);
            }
        }
    }

    /// Puts a row among the worst, if it is.
    fn name(&mut self, id: &str, row: usize, a: &Said, b: &Said, shift: Option<f64>, labels_differ: bool) {
        let size = shift.map_or(0.0, f64::abs);
        if !labels_differ && size == 0.0 {
            return;
        }
        let badness = |worst: &Disagreement| (worst.labels_differ, worst.shift.map_or(0.0, f64::abs));
        let at = self.worst.partition_point(|worst| badness(worst) >= (labels_differ, size));
        if at < self.settings.worst {
            self.worst.truncate(self.settings.worst.saturating_sub(1));
            let (champion, challenger) = (a.words(), b.words());
            self.worst.insert(at, Disagreement { id: id.to_owned(), row, champion, challenger, shift, labels_differ });
        }
    }

    /// A label for a row seen before; `false` when it was not seen, was labelled already, or the label says nothing.
    pub fn label(&mut self, label: &Label) -> bool {
        let key = (Arc::from(label.id.as_str()), label.row);
        let Some((a, b)) = self.waiting.get(&key) else { return false };
        let tolerance = self.settings.tolerance;
        let (Some(a), Some(b)) = (a.is_right(&label.truth, tolerance), b.is_right(&label.truth, tolerance)) else {
            return false;
        };
        // The place in the order stays, and means nothing once the row is gone.
        self.waiting.remove(&key);
        for (count, right) in self.right.iter_mut().zip([a, b]) {
            *count += u64::from(right);
        }
        self.test.add(a, b);
        true
    }

    /// Forgets what was said of predictions, as request id and row; what they added to counts stays.
    pub fn forget_rows(&mut self, predictions: &[(String, u32)]) {
        for (id, row) in predictions {
            // The place in the order stays, and means nothing once the row is gone.
            self.waiting.remove(&(Arc::from(id.as_str()), *row as usize));
        }
        self.worst.retain(|worst| !predictions.iter().any(|(id, row)| *id == worst.id && *row as usize == worst.row));
    }

    /// What is known so far.
    pub fn comparison(&self) -> Comparison {
        let share = |part: u64, all: u64| (all > 0).then(|| part as f64 / all as f64);
        let mut sample = self.sample.clone();
        sample.sort_by(f64::total_cmp);
        let quantile = |q: f64| sample.get(((sample.len().checked_sub(1)?) as f64 * q).round() as usize).copied();
        let [champion_latency, challenger_latency] = self.latencies.each_ref().map(|histogram| {
            let histogram = histogram.as_ref().filter(|histogram| !histogram.is_empty());
            let ms = |q| histogram.map(|histogram| histogram.value_at_quantile(q) as f64 / 1_000.0);
            SideLatency { p50_ms: ms(0.5), p95_ms: ms(0.95) }
        });
        Comparison {
            schema_version: 1,
            champion: self.champion.clone(),
            challenger: self.challenger.clone(),
            requests: self.requests,
            rows: self.rows,
            failed: self.failed,
            agreement: share(self.agreed, self.with_classes),
            mean_shift: (self.shifts > 0).then(|| self.shift_sum / self.shifts as f64),
            shift_quantiles: match (quantile(0.05), quantile(0.5), quantile(0.95)) {
                (Some(low), Some(middle), Some(high)) => Some([low, middle, high]),
                _ => None,
            },
            worst: self.worst.clone(),
            champion_latency,
            challenger_latency,
            labelled: (self.test.rows > 0).then(|| self.labelled()),
        }
    }

    fn labelled(&self) -> Labelled {
        let rows = self.test.rows;
        let [champion_right, challenger_right] = self.right.map(|right| right as f64 / rows as f64);
        let evidence = self.test.evidence();
        let sentence = match evidence {
            Evidence::Better => format!("Enough evidence: version “{}” is right more often.", self.challenger),
            Evidence::Worse => format!("Enough evidence: version “{}” is right less often.", self.challenger),
            Evidence::NotYet { more: Some(more) } => {
                format!("Not enough evidence yet. About {more} more labels are needed if things go on like this.")
            }
            Evidence::NotYet { more: None } => {
                "Not enough evidence yet. The two are too alike to say how many more labels are needed.".to_owned()
            }
        };
        Labelled {
            rows,
            champion_right,
            challenger_right,
            only_challenger: self.test.wins,
            only_champion: self.test.losses,
            evidence,
            progress: self.test.progress(),
            sentence,
        }
    }
}

/// The challenger's score of a row less the champion's.
fn shift(champion: &Scores, challenger: &Scores, row: usize, a: &Said, b: &Said) -> Option<f64> {
    if let (Some(a), Some(b)) = (a.number, b.number) {
        return Some(b - a).filter(|shift| shift.is_finite());
    }
    let of = |scores: &Scores, class: &str| {
        let at = scores.classes.iter().position(|own| same_class(own, class))?;
        scores.probabilities_of(row)?.get(at).copied().map(f64::from)
    };
    let class = match champion.classes.as_slice() {
        [_, second] => second.as_str(),
        _ => a.class.as_deref()?,
    };
    Some(of(challenger, class)? - of(champion, class)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Task;

    fn binary(probabilities: &[f32]) -> Scores {
        Scores {
            task: Task::Binary,
            classes: vec!["no".to_owned(), "yes".to_owned()],
            width: 2,
            rows: probabilities.len(),
            labels: probabilities.iter().map(|p| u32::from(*p >= 0.5)).collect(),
            probabilities: probabilities.iter().flat_map(|p| [1.0 - p, *p]).collect(),
            ..Scores::default()
        }
    }

    fn numbers(values: &[f64]) -> Scores {
        Scores { task: Task::Regression, rows: values.len(), values: values.to_vec(), ..Scores::default() }
    }

    fn label(id: &str, row: usize, truth: &str) -> Label {
        Label { id: id.to_owned(), row, truth: truth.to_owned() }
    }

    const FAST: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(4)];

    #[test]
    fn agreement_shift_and_the_worst_are_told() {
        let mut comparer = Comparer::new("1", "2", CompareSettings { worst: 2, ..CompareSettings::default() });
        comparer.observe("a", &binary(&[0.2, 0.9]), &binary(&[0.6, 0.9]), FAST);
        comparer.observe("b", &binary(&[0.1, 0.5]), &binary(&[0.4, 0.25]), FAST);
        comparer.failed();
        let told = comparer.comparison();
        assert_eq!((told.requests, told.rows, told.failed), (2, 4, 1));
        assert_eq!(told.agreement, Some(0.5));
        assert!((told.mean_shift.unwrap() - (0.4 + 0.3 - 0.25) / 4.0).abs() < 1e-6);
        let worst: Vec<(&str, usize, &str, &str)> =
            told.worst.iter().map(|w| (w.id.as_str(), w.row, w.champion.as_str(), w.challenger.as_str())).collect();
        assert_eq!(worst, [("a", 0, "no", "yes"), ("b", 1, "yes", "no")]);
        assert_eq!(told.challenger_latency.p50_ms.map(f64::round), Some(4.0));
        assert_eq!(told.labelled, None);
        let again: Comparison = serde_json::from_str(&serde_json::to_string(&told).unwrap()).unwrap();
        assert_eq!(again, told);
    }

    #[test]
    fn labels_count_once_and_only_for_known_rows() {
        let mut comparer = Comparer::new("1", "2", CompareSettings { remember: 2, ..CompareSettings::default() });
        comparer.observe("a", &binary(&[0.2, 0.9, 0.8]), &binary(&[0.6, 0.9, 0.1]), FAST);
        assert!(!comparer.label(&label("a", 0, "yes")), "only two rows are remembered");
        assert!(comparer.label(&label("a", 1, "yes")) && !comparer.label(&label("a", 1, "no")));
        assert!(comparer.label(&label("a", 2, "no")));
        let labelled = comparer.comparison().labelled.unwrap();
        assert_eq!((labelled.rows, labelled.champion_right, labelled.challenger_right), (2, 0.5, 1.0));
        assert_eq!((labelled.only_challenger, labelled.only_champion), (1, 0));
    }

    #[test]
    fn numbers_are_compared_by_their_distance_from_the_truth() {
        let mut comparer = Comparer::new("1", "2", CompareSettings::default());
        for request in 0..40 {
            comparer.observe(&format!("{request}"), &numbers(&[130.0]), &numbers(&[104.0]), FAST);
            comparer.label(&label(&format!("{request}"), 0, "100"));
        }
        let told = comparer.comparison();
        assert_eq!((told.agreement, told.mean_shift), (None, Some(-26.0)));
        let labelled = told.labelled.unwrap();
        assert_eq!((labelled.evidence, labelled.only_challenger), (Evidence::Better, 40));
        assert_eq!(labelled.sentence, "Enough evidence: version “2” is right more often.");
    }

    #[test]
    fn forgotten_rows_are_named_no_more() {
        let mut comparer = Comparer::new("1", "2", CompareSettings::default());
        comparer.observe("a", &binary(&[0.2, 0.9]), &binary(&[0.6, 0.1]), FAST);
        comparer.forget_rows(&[("a".to_owned(), 0)]);
        let told = comparer.comparison();
        assert_eq!((told.rows, told.worst.len(), told.worst[0].row), (2, 1, 1));
        assert!(!comparer.label(&label("a", 0, "yes")) && comparer.label(&label("a", 1, "yes")));
    }

    #[test]
    fn memory_stays_bounded() {
        let settings = CompareSettings { sample: 100, remember: 50, worst: 5, ..CompareSettings::default() };
        let mut comparer = Comparer::new("1", "2", settings);
        for request in 0..1_000_u32 {
            let p = (request % 100) as f32 / 100.0;
            comparer.observe(&format!("{request}"), &binary(&[p]), &binary(&[1.0 - p]), FAST);
        }
        assert_eq!((comparer.sample.len(), comparer.waiting.len(), comparer.worst.len()), (100, 50, 5));
        let [low, middle, high] = comparer.comparison().shift_quantiles.unwrap();
        assert!(low < -0.7 && middle.abs() < 0.35 && high > 0.7, "{low} {middle} {high}");
    }
}
