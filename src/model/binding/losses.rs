//! What a binding loses of a table on its way into the model, counted cell by cell before the run.
//!
//! It is counted from the table and not while scoring, so that scoring keeps its speed, the preview shows the same
//! numbers as the run, and the chunks of a long file add up. The rules are those of the session's cells, and a test
//! there holds the two against each other.

use super::{Binding, Fill, InputBinding, text_to_bool, text_to_number};
use crate::data::table::MISSING_TIME;
use crate::data::{Column, Table, Values, Watch};
use crate::model::inspect::Inspection;
use crate::model::signature::DType;
use crate::stats::grouped::grouped;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A decimal number that becomes another one counts as changed from this share of its size on. Rounding to the nearest
/// 32-bit number stays well below, so that what counts is overflow and underflow.
pub const INEXACT_FROM: f64 = 1e-6;
/// Values shown as examples, and their longest length in characters.
const EXAMPLES: usize = 5;
const LONGEST_EXAMPLE: usize = 40;
/// Rows between two looks at the watch.
const STEP: usize = 65_536;
/// Numbers that are looked at together; a part of the rows between two looks.
const BLOCK: usize = 1_024;

/// What one input loses. Counts are cells, of all its columns together, unless they say rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct InputLoss {
    /// The input.
    pub input: String,
    /// Rows looked at.
    pub rows: usize,
    /// Missing values replaced by the binding's fill.
    pub filled: usize,
    /// Missing values left to the model, as NaN or empty text.
    pub left_missing: usize,
    /// Texts replaced by the binding's category mapping.
    pub mapped: usize,
    /// Numbers that become another number: whole ones the type cannot hold exactly, decimal ones that overflow or
    /// change by more than [`INEXACT_FROM`] of their size.
    pub inexact: usize,
    /// Numbers, times, and true or false written as text, whose form may differ from that of the training.
    pub written_as_text: usize,
    /// Rows skipped because of this input: a value that does not fit, or none where the type has no gap.
    pub skipped_rows: usize,
    /// Texts that the model has never seen, where its categories are known.
    pub unseen: usize,
    /// Some of the values that do not fit, change or were never seen, in the order in which they first occur.
    pub examples: Vec<String>,
}

impl InputLoss {
    /// Whether anything is lost or changed; missing values left to a model that takes them are not.
    pub fn is_nothing(&self) -> bool {
        self.filled + self.mapped + self.inexact + self.written_as_text + self.skipped_rows + self.unseen == 0
    }

    /// Adds what the next rows lose.
    pub fn add(&mut self, next: &Self) {
        self.rows += next.rows;
        self.filled += next.filled;
        self.left_missing += next.left_missing;
        self.mapped += next.mapped;
        self.inexact += next.inexact;
        self.written_as_text += next.written_as_text;
        self.skipped_rows += next.skipped_rows;
        self.unseen += next.unseen;
        for example in &next.examples {
            self.example(example);
        }
    }

    /// What is lost, as a sentence; `None` when nothing is.
    pub fn sentence(&self) -> Option<String> {
        let cells = [
            (self.filled, "missing replaced"),
            (self.mapped, "mapped"),
            (self.inexact, "not exact in the model's type"),
            (self.written_as_text, "written as text"),
            (self.unseen, "never seen by the model"),
        ];
        let mut parts: Vec<String> = cells
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{} {words}", counted(*count)))
            .collect();
        if self.skipped_rows > 0 {
            let rows = if self.skipped_rows == 1 { "row" } else { "rows" };
            parts.push(format!("{} {rows} skipped", counted(self.skipped_rows)));
        }
        if parts.is_empty() {
            return None;
        }
        let examples: Vec<String> = self.examples.iter().map(|e| format!("“{e}”")).collect();
        let such = if examples.is_empty() { String::new() } else { format!(", such as {}", examples.join(", ")) };
        Some(format!("Input “{}”, of {} rows: {}{such}.", self.input, counted(self.rows), parts.join(", ")))
    }

    fn example(&mut self, value: &str) {
        if self.examples.len() < EXAMPLES {
            let mut shown = value.to_owned();
            if shown.chars().count() > LONGEST_EXAMPLE {
                shown = shown.chars().take(LONGEST_EXAMPLE - 1).chain(['…']).collect();
            }
            if !self.examples.contains(&shown) {
                self.examples.push(shown);
            }
        }
    }
}

fn counted(count: usize) -> String {
    grouped(&count.to_string())
}

/// What becomes of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Exact,
    Inexact,
    Gap,
    Unfit,
}

/// What a binding loses of a table, one entry an input in the order of the model; `None` when cancelled.
///
/// `known` holds the categories of inputs whose model tells them (see [`super::known_categories`]); other inputs have
/// no unseen ones. Inputs without a column, and columns that the table does not have, lose nothing here: binding
/// refuses them.
pub fn losses_in(
    table: &Table,
    binding: &Binding,
    inspection: &Inspection,
    known: &BTreeMap<String, Vec<String>>,
    watch: &dyn Watch,
) -> Option<Vec<InputLoss>> {
    let mut losses = Vec::new();
    for port in &inspection.inputs {
        let Some(bound) = binding.get(&port.name) else { continue };
        let mut loss = InputLoss { input: port.name.clone(), rows: table.rows(), ..InputLoss::default() };
        // Made only when a row is skipped, which is the exception.
        let mut skipped: Vec<bool> = Vec::new();
        let known: Option<BTreeSet<&str>> = known.get(&port.name).map(|k| k.iter().map(String::as_str).collect());
        for used in &bound.columns {
            if let Some(column) = table.column(&used.column) {
                column_losses(column, bound, &port.dtype, known.as_ref(), &mut loss, &mut skipped, watch)?;
            }
        }
        loss.skipped_rows = skipped.iter().filter(|row| **row).count();
        losses.push(loss);
    }
    Some(losses)
}

fn column_losses(
    column: &Column,
    bound: &InputBinding,
    dtype: &DType,
    known: Option<&BTreeSet<&str>>,
    loss: &mut InputLoss,
    skipped: &mut Vec<bool>,
    watch: &dyn Watch,
) -> Option<()> {
    if let Values::Text { codes, dictionary } = &column.values {
        // A dictionary may hold far more texts than these rows do.
        let mut entries: Vec<Option<Entry>> = vec![None; dictionary.len()];
        for (row, code) in codes.iter().enumerate() {
            if row % STEP == 0 && watch.cancelled() {
                return None;
            }
            let entry = entries.get_mut(*code as usize).zip(dictionary.get(*code as usize));
            let entry = entry
                .map(|(known_entry, text)| *known_entry.get_or_insert_with(|| Entry::of(text, bound, dtype, known)));
            let fate = entry.map_or(Fate::Gap, |e| e.fate);
            if let Some(entry) = entry {
                loss.mapped += usize::from(entry.mapped);
                loss.unseen += usize::from(entry.unseen);
                if (entry.unseen || matches!(fate, Fate::Unfit | Fate::Inexact)) && loss.examples.len() < EXAMPLES {
                    dictionary.get(*code as usize).map(String::as_str).into_iter().for_each(|t| loss.example(t));
                }
            }
            tally(fate, row, column.len(), bound.fill.as_ref(), dtype, loss, skipped);
        }
        return Some(());
    }
    let is_text = *dtype == DType::String;
    let mut count = |row: usize, fate: Fate| {
        if fate == Fate::Exact {
            loss.written_as_text += usize::from(is_text);
            return;
        }
        if fate != Fate::Gap && loss.examples.len() < EXAMPLES {
            column.display(row).iter().for_each(|value| loss.example(value));
        }
        tally(fate, row, column.len(), bound.fill.as_ref(), dtype, loss, skipped);
    };
    if let Values::Float(values) = &column.values {
        for (block, cells) in values.chunks(BLOCK).enumerate() {
            let from = block * BLOCK;
            if from.is_multiple_of(STEP) && watch.cancelled() {
                return None;
            }
            if !is_text && all_exact(cells, dtype) {
                continue;
            }
            for (row, x) in (from..).zip(cells) {
                count(row, if x.is_nan() { Fate::Gap } else { decimal(*x, dtype) });
            }
        }
        return Some(());
    }
    let mut each = |fate: &dyn Fn(usize) -> Fate| {
        for row in 0..column.len() {
            if row % STEP == 0 && watch.cancelled() {
                return None;
            }
            count(row, fate(row));
        }
        Some(())
    };
    match &column.values {
        Values::Int { values, .. } => each(&|row| match values.get(row) {
            Some(x) if !column.is_missing(row) => whole(*x, dtype),
            _ => Fate::Gap,
        }),
        Values::Bool(values) => each(&|row| match values.get(row) {
            Some(0 | 1) => Fate::Exact,
            _ => Fate::Gap,
        }),
        Values::Time(values) => each(&|row| match values.get(row) {
            Some(t) if *t != MISSING_TIME => {
                if is_text {
                    Fate::Exact
                } else {
                    Fate::Unfit
                }
            }
            _ => Fate::Gap,
        }),
        Values::Float(_) | Values::Text { .. } => Some(()),
    }
}

/// Whether numbers certainly stay what they are, without a look at each; no branch, so that many are looked at at once.
fn all_exact(cells: &[f64], dtype: &DType) -> bool {
    match dtype {
        // False for a gap too, and for infinity, which a closer look finds exact.
        DType::Float32 => {
            cells.iter().fold(true, |all, x| all & ((f64::from(*x as f32) - x).abs() <= INEXACT_FROM * x.abs()))
        }
        DType::Float64 => cells.iter().fold(true, |all, x| all & !x.is_nan()),
        _ => false,
    }
}

/// Counts what becomes of a cell.
fn tally(
    fate: Fate,
    row: usize,
    rows: usize,
    fill: Option<&Fill>,
    dtype: &DType,
    loss: &mut InputLoss,
    skipped: &mut Vec<bool>,
) {
    let mut skip = || {
        skipped.resize(rows, false);
        if let Some(mark) = skipped.get_mut(row) {
            *mark = true;
        }
    };
    match fate {
        Fate::Exact => {}
        Fate::Inexact => loss.inexact += 1,
        Fate::Gap if fill.is_some() => loss.filled += 1,
        Fate::Gap if dtype.is_decimal() || *dtype == DType::String => loss.left_missing += 1,
        Fate::Unfit | Fate::Gap => skip(),
    }
}

/// A text of a dictionary, looked at once for all rows that have it.
#[derive(Clone, Copy)]
struct Entry {
    fate: Fate,
    mapped: bool,
    unseen: bool,
}

impl Entry {
    fn of(text: &str, bound: &InputBinding, dtype: &DType, known: Option<&BTreeSet<&str>>) -> Self {
        let mapping = bound.map.get(text).filter(|to| *to != text);
        let given = mapping.map_or(text, String::as_str);
        let fate = match dtype {
            // The runtime takes texts up to the first NUL only.
            DType::String if given.contains('\0') => Fate::Unfit,
            DType::String => Fate::Exact,
            _ if given.trim().is_empty() => Fate::Gap,
            DType::Bool => text_to_bool(given).map_or(Fate::Unfit, |_| Fate::Exact),
            _ => text_to_number(given).map_or(Fate::Unfit, |x| decimal(x, dtype)),
        };
        let unseen = fate == Fate::Exact && known.is_some_and(|known| !known.contains(given));
        Self { fate, mapped: mapping.is_some(), unseen }
    }
}

fn decimal(x: f64, dtype: &DType) -> Fate {
    match dtype {
        DType::Float32 => {
            let kept = f64::from(x as f32);
            let changed = (x.is_finite() && !kept.is_finite()) || (kept - x).abs() > INEXACT_FROM * x.abs();
            if changed { Fate::Inexact } else { Fate::Exact }
        }
        DType::Bool => {
            if x == 0.0 || x == 1.0 {
                Fate::Exact
            } else {
                Fate::Unfit
            }
        }
        t if t.is_whole() => {
            // As the cells: beyond 2^53 the nearest whole number is another one.
            if x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_992.0 { whole(x as i64, dtype) } else { Fate::Unfit }
        }
        _ => Fate::Exact,
    }
}

fn whole(x: i64, dtype: &DType) -> Fate {
    let fits = |ok: bool| if ok { Fate::Exact } else { Fate::Unfit };
    let exact = |kept: f64| if kept as i128 == i128::from(x) { Fate::Exact } else { Fate::Inexact };
    match dtype {
        DType::Float32 => exact(f64::from(x as f32)),
        DType::Float64 => exact(x as f64),
        DType::Bool => fits(x == 0 || x == 1),
        DType::Int8 => fits(i8::try_from(x).is_ok()),
        DType::Int16 => fits(i16::try_from(x).is_ok()),
        DType::Int32 => fits(i32::try_from(x).is_ok()),
        DType::UInt8 => fits(u8::try_from(x).is_ok()),
        DType::UInt16 => fits(u16::try_from(x).is_ok()),
        DType::UInt32 => fits(u32::try_from(x).is_ok()),
        DType::UInt64 => fits(x >= 0),
        _ => Fate::Exact,
    }
}

/// Adds the losses of the next chunk of a file to those so far, input by input.
pub fn add_losses(so_far: &mut Vec<InputLoss>, next: Vec<InputLoss>) {
    let mut places: HashMap<String, usize> = HashMap::new();
    for (place, loss) in so_far.iter().enumerate() {
        places.insert(loss.input.clone(), place);
    }
    for loss in next {
        match places.get(&loss.input).and_then(|place| so_far.get_mut(*place)) {
            Some(known) => known.add(&loss),
            None => so_far.push(loss),
        }
    }
}

#[cfg(test)]
#[path = "losses_tests.rs"]
mod tests;
