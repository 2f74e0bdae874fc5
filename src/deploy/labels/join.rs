//! Predictions with their truth.

use super::error::LabelError;
use super::store::{Labels, Truth};
use crate::data::table::{MISSING_TIME, Values};
use crate::data::{Column, Table, Watch};
use crate::deploy::capture::Chunks;

/// What a truth is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruthKind {
    /// A class.
    #[default]
    Text,
    /// A number; a truth that is none is missing.
    Number,
}

/// The tables of a capture with the columns `truth`, `truth_first_at` and `truth_last_at` behind the others.
pub struct Labelled<'a> {
    chunks: Chunks,
    labels: &'a Labels,
    kind: TruthKind,
    /// Whether lines without truth are left out.
    with_truth_only: bool,
}

impl<'a> Labelled<'a> {
    /// Joins chunks of a capture to labels; `only_with_truth` leaves out lines without truth.
    pub fn new(chunks: Chunks, labels: &'a Labels, kind: TruthKind, only_with_truth: bool) -> Self {
        Self { chunks, labels, kind, with_truth_only: only_with_truth }
    }

    /// The next table that is not empty; `None` after the last.
    ///
    /// # Errors
    /// When capture or labels cannot be read, and when `watch` cancels.
    pub fn next(&mut self, watch: &dyn Watch) -> Result<Option<Table>, LabelError> {
        while let Some(table) = self.chunks.next(watch)? {
            let (table, labelled) = join(&table, self.labels, self.kind)?;
            let table = if self.with_truth_only { table.take(&labelled)? } else { table };
            if table.rows() > 0 {
                return Ok(Some(table));
            }
        }
        Ok(None)
    }
}

/// A table of a capture with the columns `truth`, `truth_first_at` and `truth_last_at`; a name that is taken gets an
/// underscore behind it.
///
/// # Errors
/// When the labels cannot be read.
pub fn with_truth(table: &Table, labels: &Labels, kind: TruthKind) -> Result<Table, LabelError> {
    join(table, labels, kind).map(|(table, _)| table)
}

/// The table with truth, and the lines that have one.
fn join(table: &Table, labels: &Labels, kind: TruthKind) -> Result<(Table, Vec<usize>), LabelError> {
    let texts: Vec<Option<String>> =
        (0..table.rows()).map(|line| table.column("id").and_then(|column| column.display(line))).collect();
    let row = |line: usize| table.column("row").and_then(|column| column.number(line)).map(|row| row as u32);
    let wanted = texts.iter().enumerate().map(|(line, id)| Some((id.as_deref()?, row(line)?)));
    let truths = labels.truths(wanted)?;
    let time = |of: fn(&Truth) -> i64| {
        Values::Time(truths.iter().map(|truth| truth.as_ref().map_or(MISSING_TIME, of)).collect())
    };
    let said = || truths.iter().map(|truth| truth.as_ref().map(|truth| truth.truth.as_str()));
    let truth = match kind {
        TruthKind::Text => Values::text(said()),
        TruthKind::Number => Values::Float(said().map(|text| text.and_then(number).unwrap_or(f64::NAN)).collect()),
    };
    let mut columns = table.columns().to_vec();
    for (name, values) in [
        ("truth", truth),
        ("truth_first_at", time(|truth| truth.first_at_ms)),
        ("truth_last_at", time(|truth| truth.last_at_ms)),
    ] {
        let mut name = name.to_owned();
        while columns.iter().any(|column| column.name == name) {
            name.push('_');
        }
        columns.push(Column::new(name, values));
    }
    let labelled = truths.iter().enumerate().filter(|(_, truth)| truth.is_some()).map(|(line, _)| line).collect();
    Ok((Table::new(columns)?, labelled))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}
