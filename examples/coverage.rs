//! Measures how often the intervals beside the metrics hold the truth, and writes `docs/coverage.md`.
//!
//! `cargo run --release --example coverage` takes some minutes on one core; `-- 2000` draws fewer samples.

#![expect(clippy::unwrap_used, reason = "a page that cannot be made ends the program")]

#[path = "coverage/simulation.rs"]
mod simulation;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use modeldeck::stats::grouped::grouped;
use modeldeck::stats::metric::title;
use modeldeck::stats::random::SplitMix64;
use simulation::{Seen, WORLDS, World, simulate};

/// Rows of a sample.
const ROWS: [usize; 3] = [200, 1_000, 5_000];
/// Samples where the caller asks for no other number.
const DRAWS: u32 = 10_000;

const INTRODUCTION: &str = "\
# How often the intervals hold the truth

A 95 % interval should hold the true value in 95 of 100 samples. Whether the intervals beside ModelDeck's metrics do is \
measured here, by drawing samples from worlds whose metrics are known and measuring each sample with the same function \
that measures a model (`validate::measure::measure`).

- **Binary worlds.** A hidden normal number is larger for positive rows, by 1.5 or, where the classes are nearly \
separable, by 3.3 standard deviations (an area under the ROC curve of 0.856 or 0.990). Half or 5 % of the rows are positive. \
The score is the true probability, or its log odds times 1.2, 1.8 or 1.5 (nearly separable): overconfident. The threshold \
is 0.5 for balanced rows, else 0.2 (0.3 where nearly separable).
- **Four classes**, with 40, 35, 22 and 3 % of the rows, along a hidden normal number, 1.8 standard deviations apart.
- **Regression.** Targets spread evenly from 20 to 80; errors with mean 0.5 around them: normal, or Student's t with 5 \
degrees of freedom (their squares have a variance, but no skewness) or 3 (their squares have no variance).

**The truth** is no sample's: metrics of decisions and areas come in closed form, the others from integrals over the \
hidden number in steps of 0.0002.

**To make this page again**, run `cargo run --release --example coverage`. The seed is fixed. A small version of it \
runs with the tests (`tests/interval_coverage.rs`).
";

const READING: &str = include_str!("coverage/reading.md");

fn percent(part: u32, whole: u32) -> f64 {
    100.0 * f64::from(part) / f64::from(whole.max(1))
}

/// Covered share and mean width, and what was not given or came with a warning.
fn cell(seen: &Seen) -> String {
    let Some(coverage) = seen.coverage() else { return "none".to_owned() };
    let mut text = format!("{:.1} · {:.4}", 100.0 * coverage, seen.width / f64::from(seen.given));
    let (given, warned) = (percent(seen.given, seen.draws), percent(seen.warned, seen.given));
    if given < 99.95 {
        write!(text, " · given {given:.1}").unwrap();
    }
    if warned >= 0.05 {
        write!(text, " · warned {warned:.1}").unwrap();
    }
    text
}

fn table(name: &str, world: &World, found: &[BTreeMap<String, Seen>; 3]) -> String {
    let truth = world.truth();
    let mut text =
        format!("\n### {name}\n\n| Metric | Truth | 200 rows | 1,000 rows | 5,000 rows |\n|---|---|---|---|---|\n");
    for metric in found[0].keys() {
        let value = truth.get(metric.as_str()).map_or_else(|| "–".to_owned(), |v| format!("{v:.4}"));
        let cells: Vec<String> =
            found.iter().map(|of_rows| of_rows.get(metric).map(cell).unwrap_or_default()).collect();
        writeln!(text, "| {} | {value} | {} |", title(metric), cells.join(" | ")).unwrap();
    }
    text
}

/// The metrics of a world outside the goal: 93 to 98 % at 1,000 rows, 94 to 96 % at 5,000.
fn outside(name: &str, found: &[BTreeMap<String, Seen>; 3], goals: &mut [(u32, u32); 2]) -> Vec<String> {
    let mut text = Vec::new();
    let limits = [(1, 0.93, 0.98), (2, 0.94, 0.96)];
    for ((place, low, high), goal) in limits.into_iter().zip(goals) {
        for (metric, seen) in &found[place] {
            let Some(coverage) = seen.coverage() else { continue };
            goal.1 += 1;
            if (low..=high).contains(&coverage) {
                goal.0 += 1;
                continue;
            }
            let rows = grouped(&ROWS[place].to_string());
            let warned = percent(seen.warned, seen.given);
            text.push(format!("| {name} | {} | {rows} | {:.1} | {warned:.1} |", title(metric), 100.0 * coverage));
        }
    }
    text
}

fn methods() -> String {
    let mut text = "\n## Methods\n\n| Task | Metric | Interval at 5,000 rows |\n|---|---|---|\n".to_owned();
    for (task, place) in [("Binary", 0), ("Multiclass", 7), ("Regression", 8)] {
        let world = &WORLDS[place].1;
        for (metric, value) in world.measure(&world.draw(5_000, &mut SplitMix64::new(1))).metrics {
            let method = value.interval.or(value.reason).unwrap_or_default();
            writeln!(text, "| {task} | {} | {method} |", title(&metric)).unwrap();
        }
    }
    text
}

fn main() {
    let draws = std::env::args().nth(1).map_or(DRAWS, |n| n.parse().unwrap());
    let (mut tables, mut exceptions, mut goals) = (String::new(), Vec::new(), [(0, 0); 2]);
    for (name, world) in &WORLDS {
        let found = ROWS.map(|rows| simulate(world, rows, draws, rows as u64));
        tables += &table(name, world, &found);
        exceptions.extend(outside(name, &found, &mut goals));
    }
    let mut page = INTRODUCTION.to_owned();
    page += READING;
    let [(fine, all), (fine_large, all_large)] = goals;
    write!(
        page,
        "\n## Outside the goal\n\nThe goal is 93 to 98 % at 1,000 rows, which {fine} of {all} intervals keep, and 94 to 96 % at \
         5,000, which {fine_large} of {all_large} keep. The others, with the share of them that come with a warning:\n\n\
         | World | Metric | Rows | Covered, % | Warned, % |\n|---|---|---|---|---|\n{}\n",
        exceptions.join("\n")
    )
    .unwrap();
    page += &methods();
    write!(
        page,
        "\n## Tables\n\n{} samples each, so that a share of 95 % is known to ±{:.1} (95 %). A cell shows the share of \
         intervals that hold the truth in percent, then the mean width; where it is not every sample, the percentage of \
         samples that have an interval (given), and of intervals that come with a warning not to trust them (warned). \
         Intervals with a warning are counted with the others.\n{tables}",
        grouped(&draws.to_string()),
        196.0 * (0.95_f64 * 0.05 / f64::from(draws)).sqrt()
    )
    .unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("coverage.md"), page).unwrap();
}
