//! Worlds whose metrics are known exactly, samples drawn from them, and how often an interval holds the truth.

use std::collections::BTreeMap;

use modeldeck::stats::binary::BinaryCounts;
use modeldeck::stats::intervals::normal_cdf;
use modeldeck::stats::multiclass::ConfusionMatrix;
use modeldeck::stats::probability::log_loss_of;
use modeldeck::stats::random::SplitMix64;
use modeldeck::validate::measure::{Answers, Measured, measure};
use statrs::distribution::{Continuous as _, ContinuousCDF as _, Normal, StudentsT};

/// Level of all intervals.
pub const LEVEL: f64 = 0.95;
/// Distance of the points at which a density is summed up.
const STEP: f64 = 2e-4;
/// Rows that stand for all rows, so that shares become the counts that a metric is defined on.
const ALL: f64 = 1e15;

/// Where rows come from.
#[derive(Clone, Copy, Debug)]
pub enum World {
    /// A hidden normal number, larger by `apart` for positive rows. The score is the true probability when `sharpness`
    /// is 1; else its log odds are that many times as large.
    Binary {
        /// Share of positive rows.
        share: f64,
        /// Distance of the two classes in standard deviations.
        apart: f64,
        /// Factor on the log odds.
        sharpness: f64,
        /// Score from which a row counts as positive.
        threshold: f64,
    },
    /// A hidden normal number that grows by `apart` from class to class; probabilities as above.
    Classes {
        /// Share of each class.
        shares: [f64; 4],
        /// Distance of neighbouring classes in standard deviations.
        apart: f64,
        /// Factor on the log probabilities.
        sharpness: f64,
    },
    /// Targets spread evenly from 20 to 80, and errors with mean 0.5 and scale 4 around them.
    Numbers {
        /// Degrees of freedom of Student's t; `None` for normal errors.
        freedom: Option<u32>,
    },
}

/// The worlds that are looked at, with what is special about each.
pub const WORLDS: [(&str, World); 11] = [
    ("Binary, balanced, calibrated", World::Binary { share: 0.5, apart: 1.5, sharpness: 1.0, threshold: 0.5 }),
    ("Binary, 5 % positive, calibrated", World::Binary { share: 0.05, apart: 1.5, sharpness: 1.0, threshold: 0.2 }),
    (
        "Binary, balanced, slightly overconfident",
        World::Binary { share: 0.5, apart: 1.5, sharpness: 1.2, threshold: 0.5 },
    ),
    ("Binary, balanced, overconfident", World::Binary { share: 0.5, apart: 1.5, sharpness: 1.8, threshold: 0.5 }),
    ("Binary, 5 % positive, overconfident", World::Binary { share: 0.05, apart: 1.5, sharpness: 1.8, threshold: 0.2 }),
    ("Binary, balanced, nearly separable", World::Binary { share: 0.5, apart: 3.3, sharpness: 1.5, threshold: 0.5 }),
    (
        "Binary, 5 % positive, nearly separable",
        World::Binary { share: 0.05, apart: 3.3, sharpness: 1.5, threshold: 0.3 },
    ),
    ("Four classes, one with 3 %", World::Classes { shares: [0.4, 0.35, 0.22, 0.03], apart: 1.8, sharpness: 1.3 }),
    ("Regression, normal errors", World::Numbers { freedom: None }),
    ("Regression, heavy tails (Student's t, 5 degrees)", World::Numbers { freedom: Some(5) }),
    ("Regression, very heavy tails (Student's t, 3 degrees)", World::Numbers { freedom: Some(3) }),
];

const LOWEST: f64 = 20.0;
const HIGHEST: f64 = 80.0;
const BIAS: f64 = 0.5;
const SCALE: f64 = 4.0;

fn expit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

/// The middles of small steps from `from` to `to`.
fn grid(from: f64, to: f64) -> impl Iterator<Item = f64> {
    (0..((to - from) / STEP) as usize).map(move |i| from + (i as f64 + 0.5) * STEP)
}

/// Probabilities of four classes at a hidden number.
fn posterior(x: f64, shares: &[f64; 4], apart: f64, sharpness: f64) -> [f64; 4] {
    let mut logs = [0.0; 4];
    for (class, (log, share)) in logs.iter_mut().zip(shares).enumerate() {
        *log = sharpness * (share.ln() - (x - apart * class as f64).powi(2) / 2.0);
    }
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let odds = logs.map(|log| (log - top).exp());
    let sum: f64 = odds.iter().sum();
    odds.map(|o| o / sum)
}

fn likeliest(probabilities: &[f64; 4]) -> usize {
    (0..4).max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b])).unwrap_or(0)
}

/// The class that a number between 0 and 1 draws.
fn class_at(unit: f64, shares: &[f64; 4]) -> usize {
    let mut sum = 0.0;
    shares
        .iter()
        .take(3)
        .take_while(|share| {
            sum += **share;
            unit >= sum
        })
        .count()
}

impl World {
    /// Draws `n` rows.
    pub fn draw(&self, n: usize, random: &mut SplitMix64) -> Answers {
        match *self {
            Self::Binary { share, apart, sharpness, .. } => {
                let positive: Vec<bool> = (0..n).map(|_| random.unit() < share).collect();
                let score = |is: &bool| {
                    let x = random.normal() + if *is { apart } else { 0.0 };
                    Self::score(x, share, apart, sharpness)
                };
                Answers::Binary { scores: positive.iter().map(score).collect(), positive, probabilities: true }
            }
            Self::Classes { shares, apart, sharpness } => {
                let (mut truth, mut said, mut probabilities) = (Vec::new(), Vec::new(), Vec::new());
                for _ in 0..n {
                    let class = class_at(random.unit(), &shares);
                    let row = posterior(random.normal() + apart * class as f64, &shares, apart, sharpness);
                    truth.push(class as u32);
                    said.push(likeliest(&row) as u32);
                    probabilities.extend(row);
                }
                Answers::Multiclass { truth, said, probabilities, k: 4 }
            }
            Self::Numbers { freedom } => {
                let target: Vec<f64> = (0..n).map(|_| LOWEST + (HIGHEST - LOWEST) * random.unit()).collect();
                let error = |random: &mut SplitMix64| {
                    let z = random.normal();
                    let squares =
                        |k: u32, random: &mut SplitMix64| (0..k).map(|_| random.normal().powi(2)).sum::<f64>();
                    freedom.map_or(z, |k| z / (squares(k, random) / f64::from(k)).sqrt())
                };
                let prediction = target.iter().map(|t| t + BIAS + SCALE * error(random)).collect();
                Answers::Regression { target, prediction }
            }
        }
    }

    fn score(x: f64, share: f64, apart: f64, sharpness: f64) -> f64 {
        expit(sharpness * (apart * x - apart * apart / 2.0 + (share / (1.0 - share)).ln()))
    }

    /// Measures rows as the program does.
    pub fn measure(&self, answers: &Answers) -> Measured {
        let classes: Vec<String> = (0..4).map(|class| class.to_string()).collect();
        let (classes, threshold) = match self {
            Self::Binary { threshold, .. } => (classes.get(..2).unwrap_or_default(), *threshold),
            Self::Classes { .. } => (classes.as_slice(), 0.5),
            Self::Numbers { .. } => (&[][..], 0.5),
        };
        measure(answers, classes, 1, threshold, LEVEL)
    }

    /// What each metric would be over endlessly many rows: in closed form, or as an integral over the hidden number.
    pub fn truth(&self) -> BTreeMap<&'static str, f64> {
        match *self {
            Self::Binary { share, apart, sharpness, threshold } => binary_truth(share, apart, sharpness, threshold),
            Self::Classes { shares, apart, sharpness } => classes_truth(&shares, apart, sharpness),
            Self::Numbers { freedom } => numbers_truth(freedom),
        }
    }
}

fn binary_truth(share: f64, apart: f64, sharpness: f64, threshold: f64) -> BTreeMap<&'static str, f64> {
    let cut =
        ((threshold / (1.0 - threshold)).ln() / sharpness - (share / (1.0 - share)).ln() + apart * apart / 2.0) / apart;
    let (yes_above, no_above) = (1.0 - normal_cdf(cut - apart), 1.0 - normal_cdf(cut));
    let all = |part: f64| (part * ALL) as u64;
    let counts = BinaryCounts {
        tp: all(share * yes_above),
        fp: all((1.0 - share) * no_above),
        fn_: all(share * (1.0 - yes_above)),
        tn: all((1.0 - share) * (1.0 - no_above)),
    };
    let names = ["accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "mcc", "cohen_kappa"];
    let mut truth: BTreeMap<&'static str, f64> =
        names.into_iter().filter_map(|n| Some((n, counts.metric(n)?))).collect();

    let (mut precision, mut loss, mut squares) = (0.0, 0.0, 0.0);
    let mut gaps = [0.0; 10];
    for x in grid(-9.0, 9.0 + apart) {
        let (yes, no) = (share * density(x - apart) * STEP, (1.0 - share) * density(x) * STEP);
        let score = World::score(x, share, apart, sharpness);
        let (tp, fp) = (share * normal_cdf(apart - x), (1.0 - share) * normal_cdf(-x));
        precision += yes * tp / (tp + fp);
        loss += yes * log_loss_of(score) + no * log_loss_of(1.0 - score);
        squares += yes * (1.0 - score).powi(2) + no * score * score;
        if let Some(gap) = gaps.get_mut(((score * 10.0) as usize).min(9)) {
            *gap += score * (yes + no) - yes;
        }
    }
    truth.insert("roc_auc", normal_cdf(apart / 2.0_f64.sqrt()));
    truth.insert("average_precision", precision / share);
    truth.insert("log_loss", loss);
    truth.insert("brier", squares);
    truth.insert("ece", gaps.iter().map(|gap: &f64| gap.abs()).sum());
    truth
}

fn classes_truth(shares: &[f64; 4], apart: f64, sharpness: f64) -> BTreeMap<&'static str, f64> {
    let mut matrix = ConfusionMatrix::new(4);
    let mut loss = 0.0;
    let mut points = Vec::new();
    for x in grid(-8.0, 8.0 + 3.0 * apart) {
        let probabilities = posterior(x, shares, apart, sharpness);
        let said = likeliest(&probabilities);
        let mut rows = [0.0; 4];
        for (class, row) in rows.iter_mut().enumerate() {
            *row = shares[class] * density(x - apart * class as f64) * STEP;
            matrix.add(class, said, *row);
            loss -= *row * probabilities[class].max(f64::MIN_POSITIVE).ln();
        }
        points.push((probabilities, rows));
    }
    let names = [
        "accuracy",
        "balanced_accuracy",
        "f1_macro",
        "precision_macro",
        "recall_macro",
        "f1_weighted",
        "precision_weighted",
        "recall_weighted",
        "mcc",
        "cohen_kappa",
    ];
    let mut truth: BTreeMap<&'static str, f64> =
        names.into_iter().filter_map(|n| Some((n, matrix.metric(n)?))).collect();
    truth.insert("log_loss", loss);
    let areas: Vec<f64> = (0..4)
        .map(|class| {
            points.sort_unstable_by(|a, b| a.0[class].total_cmp(&b.0[class]));
            let (mut below, mut won) = (0.0, 0.0);
            for (_, rows) in &points {
                let rest = rows.iter().sum::<f64>() - rows[class];
                won += rows[class] * (below + rest / 2.0);
                below += rest;
            }
            won / shares[class] / (1.0 - shares[class])
        })
        .collect();
    truth.insert("roc_auc_ovr_macro", areas.iter().sum::<f64>() / 4.0);
    truth.insert("roc_auc_ovr_weighted", areas.iter().zip(shares).map(|(a, s)| a * s).sum());
    truth
}

fn numbers_truth(freedom: Option<u32>) -> BTreeMap<&'static str, f64> {
    let student = freedom.and_then(|k| StudentsT::new(0.0, 1.0, f64::from(k)).ok());
    let density = |e: f64| student.map_or_else(|| Normal::standard().pdf(e), |t| t.pdf(e));
    let below = |e: f64| student.map_or_else(|| Normal::standard().cdf(e), |t| t.cdf(e));
    let (mut absolute, mut squared) = (0.0, 0.0);
    // The hyperbolic sine reaches far into the tails in few steps.
    for u in grid(-30.0, 30.0) {
        let e = u.sinh();
        let rows = density(e) * u.cosh() * STEP;
        absolute += rows * (BIAS + SCALE * e).abs();
        squared += rows * (BIAS + SCALE * e).powi(2);
    }
    let (mut low, mut high) = (0.0, 100.0);
    while high - low > 1e-12 {
        let middle: f64 = f64::midpoint(low, high);
        let inside = below((middle - BIAS) / SCALE) - below((-middle - BIAS) / SCALE);
        if inside < 0.5 { low = middle } else { high = middle }
    }
    let width = HIGHEST - LOWEST;
    let spread = width * width / 12.0;
    BTreeMap::from([
        ("mae", absolute),
        ("mse", squared),
        ("rmse", squared.sqrt()),
        ("r2", 1.0 - squared / spread),
        ("explained_variance", 1.0 - (squared - BIAS * BIAS) / spread),
        ("mape", absolute * (HIGHEST / LOWEST).ln() / width),
        ("median_ae", low),
        ("mean_error", BIAS),
    ])
}

/// What was seen of one metric's intervals over many samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Samples drawn.
    pub draws: u32,
    /// Samples with an interval.
    pub given: u32,
    /// Of these, with a warning that it is not to be trusted.
    pub warned: u32,
    /// Intervals that hold the truth.
    pub held: u32,
    /// Intervals that lie below the truth.
    pub below: u32,
    /// Sum of the intervals' widths.
    pub width: f64,
}

impl Seen {
    /// Share of given intervals that hold the truth.
    pub fn coverage(&self) -> Option<f64> {
        (self.given > 0).then(|| f64::from(self.held) / f64::from(self.given))
    }
}

/// Draws samples of `n` rows and looks whether each metric's interval holds the truth.
pub fn simulate(world: &World, n: usize, draws: u32, seed: u64) -> BTreeMap<String, Seen> {
    let truth = world.truth();
    let mut random = SplitMix64::new(seed);
    let mut found: BTreeMap<String, Seen> = BTreeMap::new();
    for _ in 0..draws {
        for (name, value) in world.measure(&world.draw(n, &mut random)).metrics {
            let truth = truth.get(name.as_str());
            let seen = found.entry(name).or_default();
            seen.draws += 1;
            let (Some(low), Some(high), Some(truth)) = (value.low, value.high, truth) else { continue };
            let held = u32::from(low <= *truth && *truth <= high);

            seen.given += 1;
            seen.warned += u32::from(value.reason.is_some());
            seen.held += held;
            seen.below += u32::from(high < *truth);
            seen.width += high - low;
        }
    }
    found
}
