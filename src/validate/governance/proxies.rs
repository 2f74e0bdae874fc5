//! Which of a model's columns give a sensitive one away.

use crate::data::table::{MISSING_CODE, MISSING_TIME};
use crate::data::{Column, Table, Values, Watch};
use crate::stats::association::{correlation_ratio_corrected, cramers_v, quantile_bins, spearman};

/// From this strength on a column is called a likely proxy.
pub const LIKELY_PROXY: f64 = 0.5;
/// From this strength on a column is listed.
pub const LISTED_PROXY: f64 = 0.3;
/// The most rows that are looked at, drawn evenly over the table.
pub const PROXY_SAMPLE: usize = 100_000;

/// Whole numbers of at most so many distinct values are taken as codes without an order.
const MOST_CODES: usize = 10;
/// Bins of a number that is held against a category.
const BINS: u32 = 10;
/// Fewer rows say nothing.
const FEWEST_ROWS: usize = 20;

/// How the strength was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Cramér's V with bias correction (Bergsma 2013): two categories, or a category and a number in ten bins.
    CramersV,
    /// The correlation ratio η, corrected for the number of groups: a number by category.
    CorrelationRatio,
    /// Spearman's rank correlation without its sign: two numbers.
    Spearman,
}

impl Measure {
    /// The name shown on screen.
    pub fn words(self) -> &'static str {
        match self {
            Self::CramersV => "Cramér’s V",
            Self::CorrelationRatio => "correlation ratio η",
            Self::Spearman => "Spearman’s ρ",
        }
    }
}

/// How strongly a model's column goes together with a sensitive one.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Proxy {
    /// The column that the model uses.
    pub feature: String,
    /// The sensitive column.
    pub sensitive: String,
    /// From 0 (independent) to 1 (one gives the other away).
    pub strength: f64,
    /// How it was measured.
    pub measure: Measure,
    /// Rows in which both have a value.
    pub rows: usize,
}

impl Proxy {
    /// Whether it is strong enough to be called a likely proxy ([`LIKELY_PROXY`]).
    pub fn is_likely(&self) -> bool {
        self.strength >= LIKELY_PROXY
    }
}

pub(super) fn strength_in_words(proxy: &Proxy) -> String {
    format!("{} {:.2} over {} rows", proxy.measure.words(), proxy.strength, proxy.rows)
}

/// The columns among `features` that go together with a column of `sensitive` at [`LISTED_PROXY`] or more, the
/// strongest first; `None` when cancelled.
///
/// Texts, true/false, and whole numbers of at most 10 distinct values are categories; other numbers and times are
/// numbers. A number and a category are measured twice, by the correlation ratio and by Cramér's V over ten bins of
/// about equal counts, and the stronger one is given, because a group can differ in its spread or a few outliers hide
/// its mean. Columns that the table does not have, and a column against itself, are passed over; so are pairs with
/// fewer than 20 rows in which both have a value. Of a table above [`PROXY_SAMPLE`] rows so many are drawn evenly.
pub fn proxies(table: &Table, sensitive: &[&str], features: &[&str], watch: &dyn Watch) -> Option<Vec<Proxy>> {
    let rows = sample(table.rows());
    let read = |names: &[&str]| -> Vec<(String, Sample)> {
        let mut seen: Vec<&str> = Vec::new();
        let mut columns = Vec::new();
        for name in names {
            if let Some(column) = table.column(name).filter(|_| !seen.contains(name)) {
                columns.push((column.name.clone(), Sample::of(column, &rows)));
                seen.push(name);
            }
        }
        columns
    };
    let (sensitive, features) = (read(sensitive), read(features));
    let pairs = (sensitive.len() * features.len()).max(1) as f32;
    let mut found = Vec::new();
    let mut done = 0.0;
    for (hidden, secret) in &sensitive {
        for (feature, open) in &features {
            if watch.cancelled() {
                return None;
            }
            if let Some((strength, measure, rows)) = together(open, secret).filter(|_| feature != hidden)
                && strength >= LISTED_PROXY
            {
                found.push(Proxy { feature: feature.clone(), sensitive: hidden.clone(), strength, measure, rows });
            }
            done += 1.0;
            watch.progress(done / pairs);
        }
    }
    found.sort_by(|a, b| {
        b.strength.total_cmp(&a.strength).then_with(|| (&a.feature, &a.sensitive).cmp(&(&b.feature, &b.sensitive)))
    });
    Some(found)
}

/// At most [`PROXY_SAMPLE`] rows, evenly over the table.
fn sample(rows: usize) -> Vec<usize> {
    if rows <= PROXY_SAMPLE {
        return (0..rows).collect();
    }
    (0..PROXY_SAMPLE).map(|i| ((i as u128 * rows as u128) / PROXY_SAMPLE as u128) as usize).collect()
}

/// A column's sampled rows.
enum Sample {
    /// Codes, [`MISSING_CODE`] where there is no value.
    Categories(Vec<u32>),
    /// Numbers, NaN where there is no value.
    Numbers(Vec<f64>),
}

impl Sample {
    fn of(column: &Column, rows: &[usize]) -> Self {
        match &column.values {
            Values::Text { codes, .. } => {
                Self::Categories(rows.iter().map(|row| codes.get(*row).copied().unwrap_or(MISSING_CODE)).collect())
            }
            Values::Bool(values) => Self::Categories(
                rows.iter()
                    .map(|row| values.get(*row).filter(|x| **x < 2).map_or(MISSING_CODE, |x| u32::from(*x)))
                    .collect(),
            ),
            Values::Time(values) => Self::Numbers(
                rows.iter()
                    .map(|row| values.get(*row).filter(|t| **t != MISSING_TIME).map_or(f64::NAN, |t| *t as f64))
                    .collect(),
            ),
            Values::Float(_) | Values::Int { .. } => {
                let finite = |row: &usize| column.number(*row).filter(|x| x.is_finite()).unwrap_or(f64::NAN);
                let numbers: Vec<f64> = rows.iter().map(finite).collect();
                codes(&numbers).map_or(Self::Numbers(numbers), Self::Categories)
            }
        }
    }
}

/// Whole numbers of few distinct values as categories.
fn codes(numbers: &[f64]) -> Option<Vec<u32>> {
    let mut distinct: Vec<f64> = Vec::new();
    let mut codes = Vec::with_capacity(numbers.len());
    for x in numbers {
        if x.is_nan() {
            codes.push(MISSING_CODE);
            continue;
        }
        let known = distinct.iter().position(|y| y == x);
        if known.is_none() {
            if x.fract() != 0.0 || distinct.len() == MOST_CODES {
                return None;
            }
            distinct.push(*x);
        }
        codes.push(known.unwrap_or(distinct.len() - 1) as u32);
    }
    Some(codes)
}

fn together(open: &Sample, secret: &Sample) -> Option<(f64, Measure, usize)> {
    match (open, secret) {
        (Sample::Categories(a), Sample::Categories(b)) => {
            let (a, b): (Vec<u32>, Vec<u32>) =
                a.iter().zip(b).filter(|(a, b)| **a != MISSING_CODE && **b != MISSING_CODE).unzip();
            enough(a.len())?;
            cramers_v(&a, &b).map(|v| (v, Measure::CramersV, a.len()))
        }
        (Sample::Numbers(a), Sample::Numbers(b)) => {
            let (a, b): (Vec<f64>, Vec<f64>) = a.iter().zip(b).filter(|(a, b)| !a.is_nan() && !b.is_nan()).unzip();
            enough(a.len())?;
            spearman(&a, &b).map(|rho| (rho.abs(), Measure::Spearman, a.len()))
        }
        (Sample::Numbers(numbers), Sample::Categories(groups))
        | (Sample::Categories(groups), Sample::Numbers(numbers)) => {
            let (groups, numbers): (Vec<u32>, Vec<f64>) =
                groups.iter().zip(numbers).filter(|(g, x)| **g != MISSING_CODE && !x.is_nan()).unzip();
            enough(groups.len())?;
            let ratio = correlation_ratio_corrected(&groups, &numbers).unwrap_or(0.0);
            let binned = cramers_v(&groups, &quantile_bins(&numbers, BINS)).unwrap_or(0.0);
            let stronger =
                if binned > ratio { (binned, Measure::CramersV) } else { (ratio, Measure::CorrelationRatio) };
            Some((stronger.0, stronger.1, groups.len()))
        }
    }
}

fn enough(rows: usize) -> Option<()> {
    (rows >= FEWEST_ROWS).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::NoWatch;

    struct Stopped;
    impl Watch for Stopped {
        fn progress(&self, _done: f32) {}
        fn cancelled(&self) -> bool {
            true
        }
    }

    /// A number from 0 to 1 that looks like chance.
    fn chance(i: usize, salt: usize) -> f64 {
        let mixed = (i as u64 * 2 + salt as u64 * 97 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 32)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn table(rows: usize) -> Table {
        let gender: Vec<usize> = (0..rows).map(|i| usize::from(chance(i, 1) < 0.4)).collect();
        let age: Vec<f64> = (0..rows).map(|i| 18.0 + 60.0 * chance(i, 2)).collect();
        let title = |i: usize| if chance(i, 3) < 0.05 { None } else { Some(["Mr", "Ms"][gender[i]].to_owned()) };
        let height = |i: usize| 178.0 - 13.0 * gender[i] as f64 + 12.0 * (chance(i, 4) - 0.5);
        // Not another mean but another spread.
        let spread = |i: usize| (chance(i, 5) - 0.5) * [1.0, 30.0][gender[i]];
        Table::new(vec![
            Column::new("gender", Values::text((0..rows).map(|i| Some(["m", "f"][gender[i]])))),
            Column::new("age", Values::Float(age.clone())),
            Column::new("title", Values::text((0..rows).map(title))),
            Column::new("code", Values::ints(gender.iter().map(|g| *g as i64 + 1).collect())),
            Column::new("height", Values::Float((0..rows).map(height).collect())),
            Column::new("spread", Values::Float((0..rows).map(spread).collect())),
            Column::new("tenure", Values::Float(age.iter().map(|a| (a - 18.0).powi(2)).collect())),
            Column::new("noise", Values::Float((0..rows).map(|i| chance(i, 6)).collect())),
            Column::new("id", Values::text((0..rows).map(|i| Some(format!("c{i}"))))),
            Column::new("rare", Values::text((0..rows).map(|i| (i < 5).then_some(["x", "y"][gender[i]])))),
        ])
        .unwrap()
    }

    const FEATURES: [&str; 10] =
        ["gender", "title", "code", "height", "spread", "tenure", "noise", "id", "rare", "not there"];

    #[test]
    fn proxies_of_every_kind_are_found_and_noise_is_not() {
        let found = proxies(&table(2000), &["gender", "age", "none"], &FEATURES, &NoWatch).unwrap();
        let of = |feature: &str| found.iter().find(|p| p.feature == feature);
        let title = of("title").unwrap();
        assert!((title.strength - 1.0).abs() < 1e-9 && title.measure == Measure::CramersV && title.rows < 2000);
        assert!(of("code").is_some_and(|p| p.strength > 0.999 && p.measure == Measure::CramersV));
        assert!(of("height").is_some_and(Proxy::is_likely));
        assert!(of("spread").is_some_and(|p| p.is_likely() && p.measure == Measure::CramersV));
        let tenure = of("tenure").unwrap();
        assert_eq!((tenure.sensitive.as_str(), tenure.measure), ("age", Measure::Spearman));
        assert!((tenure.strength - 1.0).abs() < 1e-9);
        assert_eq!(found.len(), 5, "{found:?}");
        assert!(found.windows(2).all(|pair| pair[0].strength >= pair[1].strength));
    }

    #[test]
    fn big_tables_are_sampled_evenly_and_cancelling_gives_nothing() {
        assert_eq!(sample(3), [0, 1, 2]);
        let rows = sample(PROXY_SAMPLE * 2 + 1);
        assert_eq!((rows.len(), rows[0], rows[1]), (PROXY_SAMPLE, 0, 2));
        assert!(rows.last().is_some_and(|last| *last <= PROXY_SAMPLE * 2));
        assert_eq!(proxies(&table(100), &["gender"], &FEATURES, &Stopped), None);
        assert_eq!(proxies(&Table::default(), &["gender"], &FEATURES, &NoWatch), Some(Vec::new()));
    }

    #[test]
    fn whole_numbers_are_codes_only_when_they_are_few() {
        assert_eq!(codes(&[1.0, 5.0, f64::NAN, 1.0]), Some(vec![0, 1, MISSING_CODE, 0]));
        assert_eq!(codes(&[1.5]), None);
        assert_eq!(codes(&(0..11).map(f64::from).collect::<Vec<_>>()), None);
    }
}
