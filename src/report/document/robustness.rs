//! How far the main metric falls when a feature is disturbed.

use super::blocks::{Block, Cell, Span, sentence, table};
use super::words::{count, level, number};
use crate::stats::metric::title;
use crate::validate::ModelResult;
use crate::validate::robustness::{Effect, FeatureRobustness};

/// A fall with its interval, a bar of its size, and what limits it.
fn fall(effect: &Effect, largest: f64) -> Cell {
    let reason = effect.reason.as_deref();
    let Some(fall) = effect.fall.filter(|f| f.is_finite()) else {
        return Cell::missing(reason.unwrap_or("Not measured"));
    };
    let mut cell = Cell::with_interval(fall, effect.low, effect.high);
    if let (Some(reason), Some(first)) = (reason, cell.spans.first_mut()) {
        first.text.push('*');
        first.hover = Some(reason.to_owned());
    }
    if effect.skipped > 0 {
        cell.spans.push(Span::warning(format!("{} rows no longer answered", count(effect.skipped as u64))));
    }
    if largest > 0.0 { cell.bar(fall / largest) } else { cell }
}

/// The features, the one whose swap costs most first; nothing when it was not tested.
pub(super) fn robustness(result: &ModelResult, most: usize) -> Vec<Block> {
    let Some(found) = &result.robustness else { return Vec::new() };
    let effects = |f: &FeatureRobustness| [f.noise.fall, f.missing.fall, f.swap.fall];
    let largest = found.features.iter().flat_map(effects).flatten().filter(|f| f.is_finite()).fold(0.0, f64::max);
    let metric = title(&found.metric);
    let words = format!(
        "{metric} is {} on an unchanged sample of {} rows, scored {} times. Below each fall its {} interval.",
        number(found.value),
        count(found.rows as u64),
        count(found.scorings as u64),
        level(found.level)
    );
    let mut blocks = vec![Block::Line(vec![Span::plain(words)])];
    if found.features.is_empty() {
        blocks.extend(sentence("No column feeds the model, so nothing was disturbed."));
        return blocks;
    }
    let head = [("Feature", false), ("Falls by noise", true), ("When missing", true), ("When swapped", true)];
    let rows = found.features.iter().map(|f| {
        vec![Cell::name(&f.column), fall(&f.noise, largest), fall(&f.missing, largest), fall(&f.swap, largest)]
    });
    blocks.extend(table(&head, rows, most, "features whose swap costs most"));
    blocks.extend(sentence(
        "A positive fall is for the worse. Noise: a little on each number, or another value in some rows of a text. \
         Missing: every value. Swapped: values exchanged among the rows (permutation importance, Breiman 2001).",
    ));
    blocks
}
