//! Which column feeds which model input, and how.
//!
//! A binding is plain data: it is proposed from names, corrected by a person, saved, and checked against a table.

mod categories;
mod fit;
mod losses;
mod propose;

pub use categories::known_categories;
pub(crate) use fit::{text_to_bool, text_to_number};
pub use losses::{INEXACT_FROM, InputLoss, add_losses, losses_in};
pub use propose::{BindingProposal, propose, propose_without};

use super::error::ModelError;
use super::inspect::Inspection;
use super::signature::Port;
use crate::data::Table;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which column feeds which input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// One entry a bound input.
    pub inputs: Vec<InputBinding>,
}

/// The columns that feed one input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputBinding {
    /// The input.
    pub input: String,
    /// The columns in order; several for a matrix input.
    pub columns: Vec<ColumnUse>,
    /// How they were found.
    pub how: How,
    /// How their values become the input's type.
    #[serde(default)]
    pub cast: Cast,
    /// What stands in for missing values; `None` leaves them to the model, or skips rows where the type has no gap.
    #[serde(default)]
    pub fill: Option<Fill>,
    /// Whether rows whose value does not fit the type are skipped and counted, instead of refused beforehand.
    #[serde(default)]
    pub skip_unreadable: bool,
    /// A text of the columns → the text that the model gets, before any cast; other texts go as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
}

/// One column of a binding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnUse {
    /// The column's name in the table.
    pub column: String,
    /// Whether the name matched only after normalising, as `Age (yrs)` matches `Age__yrs_`.
    #[serde(default)]
    pub normalised: bool,
}

/// How the columns of an input were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Column and input have the same name.
    Exact,
    /// They have after normalising.
    Normalised,
    /// The model card gives the order.
    Card,
    /// The model's metadata gives the order.
    Metadata,
    /// By their order in the file, which a person agreed to.
    ByOrder,
    /// A person chose them.
    Person,
}

impl How {
    /// The words shown on screen.
    pub fn words(self) -> &'static str {
        match self {
            Self::Exact => "same name",
            Self::Normalised => "similar name",
            Self::Card => "by the model card",
            Self::Metadata => "by the model's metadata",
            Self::ByOrder => "by order",
            Self::Person => "chosen by you",
        }
    }
}

/// How values become an input's type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cast {
    /// As they are, at most with another number of bits.
    #[default]
    None,
    /// Text that holds numbers is read.
    TextToNumber,
    /// Text such as `true` and `no` is read.
    TextToBool,
    /// Numbers are written out: whole ones as `5`, decimal ones as `5.0`.
    NumberToText,
    /// True is 1, false is 0.
    BoolToNumber,
    /// True is `True`, false is `False`.
    BoolToText,
    /// 1 is true, 0 is false.
    NumberToBool,
    /// Moments are written out as `2013-01-31 17:05:00`.
    TimeToText,
}

impl Cast {
    /// The words shown on screen; empty when nothing is cast.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "",
            Self::TextToNumber => "text read as numbers",
            Self::TextToBool => "text read as true/false",
            Self::NumberToText => "numbers written as text",
            Self::BoolToNumber => "true/false as 1 and 0",
            Self::BoolToText => "true/false as text",
            Self::NumberToBool => "1 and 0 as true/false",
            Self::TimeToText => "times written as text",
        }
    }
}

/// What stands in for a missing value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fill {
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// Something about a binding that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindingProblem {
    /// The input.
    pub input: String,
    /// The column, when one is bound.
    pub column: Option<String>,
    /// Whether it must be solved before scoring.
    pub blocks: bool,
    /// Whether it concerns some rows only, which can be skipped: see [`Binding::set_skip_unreadable`].
    #[serde(default)]
    pub rows_only: bool,
    /// What is wrong and what to do.
    pub sentence: String,
}

impl Binding {
    /// The columns of an input.
    pub fn get(&self, input: &str) -> Option<&InputBinding> {
        self.inputs.iter().find(|b| b.input == input)
    }

    /// Feeds an input with one column, by a person's choice.
    pub fn set(&mut self, input: &str, column: &str) {
        self.set_columns(input, vec![column.to_owned()], How::Person);
    }

    /// Feeds an input with columns in order. Fill, skipping and mapping, if chosen before, stay.
    pub fn set_columns(&mut self, input: &str, columns: Vec<String>, how: How) {
        let columns: Vec<ColumnUse> =
            columns.into_iter().map(|column| ColumnUse { column, normalised: false }).collect();
        if let Some(bound) = self.inputs.iter_mut().find(|b| b.input == input) {
            bound.columns = columns;
            bound.how = how;
        } else {
            self.inputs.push(InputBinding {
                input: input.to_owned(),
                columns,
                how,
                cast: Cast::None,
                fill: None,
                skip_unreadable: false,
                map: BTreeMap::new(),
            });
        }
    }

    /// Frees an input.
    pub fn clear(&mut self, input: &str) {
        self.inputs.retain(|b| b.input != input);
    }

    /// Sets what stands in for missing values of an input; `false` when the input is not bound.
    pub fn set_fill(&mut self, input: &str, fill: Option<Fill>) -> bool {
        self.inputs.iter_mut().find(|b| b.input == input).map(|b| b.fill = fill).is_some()
    }

    /// Sets whether rows whose value does not fit are skipped; `false` when the input is not bound.
    pub fn set_skip_unreadable(&mut self, input: &str, skip: bool) -> bool {
        self.inputs.iter_mut().find(|b| b.input == input).map(|b| b.skip_unreadable = skip).is_some()
    }

    /// Maps a text of an input's columns to the text that the model gets, or gives it to the model as it is again with
    /// `None`; `false` when the input is not bound.
    pub fn set_map(&mut self, input: &str, from: &str, to: Option<String>) -> bool {
        let Some(bound) = self.inputs.iter_mut().find(|b| b.input == input) else { return false };
        match to.filter(|to| to != from) {
            Some(to) => bound.map.insert(from.to_owned(), to),
            None => bound.map.remove(from),
        };
        true
    }

    /// All columns in use.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().flat_map(|b| &b.columns).map(|c| c.column.as_str())
    }

    /// Compares the binding with a table, works out the casts, and says what does not fit.
    pub fn settle(&mut self, inspection: &Inspection, table: &Table) -> Vec<BindingProblem> {
        let mut problems = Vec::new();
        for port in &inspection.inputs {
            if let Some(bound) = self.inputs.iter_mut().find(|b| b.input == port.name) {
                settle_input(bound, port, table, &mut problems);
            }
        }
        problems
    }

    /// Inputs without a column.
    pub fn unbound(&self, inspection: &Inspection) -> Vec<String> {
        inspection
            .inputs
            .iter()
            .filter(|p| self.get(&p.name).is_none_or(|b| b.columns.is_empty()))
            .map(|p| p.name.clone())
            .collect()
    }
}

fn settle_input(bound: &mut InputBinding, port: &Port, table: &Table, problems: &mut Vec<BindingProblem>) {
    let blocks = |column: Option<&str>, error: ModelError| BindingProblem {
        input: port.name.clone(),
        column: column.map(str::to_owned),
        blocks: true,
        rows_only: false,
        sentence: error.to_string(),
    };
    if let Some(expected) = port.width().filter(|w| *w != bound.columns.len()) {
        problems.push(blocks(
            None,
            ModelError::WrongWidth {
                input: port.name.clone(),
                expected: expected as i64,
                found: bound.columns.len() as i64,
            },
        ));
    }
    bound.cast = Cast::None;
    for used in &bound.columns {
        let Some(column) = table.column(&used.column) else {
            let error = ModelError::MissingColumn { column: used.column.clone(), input: port.name.clone() };
            problems.push(blocks(Some(&used.column), error));
            continue;
        };
        let fit = fit::fit(column, port, bound.fill.is_some(), &bound.map);
        if bound.cast == Cast::None {
            bound.cast = fit.cast;
        }
        problems.extend(fit.misfit.map(|sentence| BindingProblem {
            input: port.name.clone(),
            column: Some(column.name.clone()),
            blocks: true,
            rows_only: false,
            sentence,
        }));
        problems.extend(fit.misfit_rows.map(|sentence| {
            let rest = if bound.skip_unreadable {
                "Such rows are skipped and counted."
            } else {
                "Repair the value, choose another column, or skip such rows."
            };
            BindingProblem {
                input: port.name.clone(),
                column: Some(column.name.clone()),
                blocks: !bound.skip_unreadable,
                rows_only: true,
                sentence: format!("{sentence} {rest}"),
            }
        }));
        problems.extend(fit.note.map(|sentence| BindingProblem {
            input: port.name.clone(),
            column: Some(column.name.clone()),
            blocks: false,
            rows_only: false,
            sentence,
        }));
    }
}
