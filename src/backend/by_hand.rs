//! What a person changed about a binding, kept for a model and every dataset of the same layout.

use std::collections::{BTreeMap, BTreeSet};

use super::service::Service;
use crate::data::Table;
use crate::model::binding::{Fill, How, propose_without};
use crate::model::{BindingProposal, ModelFile};

/// The mark of the older form that the columns are taken in file order.
const OLD_BY_ORDER: &str = "\u{0}by order";
/// The mark of the older form of an input whose unreadable rows are skipped; the input stood in the column's place.
const OLD_SKIP_ROWS: &str = "\u{0}skip rows";

/// The person's changes to a proposal.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(super) struct ByHand {
    /// Whether columns are taken in file order where names say nothing.
    pub(super) by_order: bool,
    /// Input, or `input[3]` for the fourth column of a matrix → column.
    pub(super) columns: BTreeMap<String, String>,
    /// Inputs whose unreadable rows are skipped.
    pub(super) skip: BTreeSet<String>,
    /// Input → what stands in for a missing value.
    pub(super) fill: BTreeMap<String, Fill>,
    /// Input → text of the data → text that the model gets.
    pub(super) map: BTreeMap<String, BTreeMap<String, String>>,
}

impl ByHand {
    /// Reads what was kept, also in the older form of pairs; what cannot be read is nothing.
    pub(super) fn read(value: serde_json::Value) -> Self {
        if value.is_array() {
            let pairs: Vec<(String, String)> = serde_json::from_value(value).unwrap_or_default();
            let mut changes = Self::default();
            for (input, column) in pairs {
                match input.as_str() {
                    OLD_BY_ORDER => changes.by_order = true,
                    OLD_SKIP_ROWS => {
                        changes.skip.insert(column);
                    }
                    _ => {
                        changes.columns.insert(input, column);
                    }
                }
            }
            return changes;
        }
        serde_json::from_value(value).unwrap_or_default()
    }
}

/// The binding that would be used: the proposal, changed by hand.
pub(super) fn bound_by_hand(
    file: &ModelFile,
    table: &Table,
    target: Option<&str>,
    by_hand: &ByHand,
) -> BindingProposal {
    let left_out: Vec<&str> = target.into_iter().collect();
    let mut proposal = propose_without(&file.inspection, file.card.as_deref(), table, &left_out);
    if *by_hand == ByHand::default() {
        return proposal;
    }
    if by_hand.by_order
        && let Some(agreed) = proposal.agree_to_order()
    {
        proposal.binding = agreed;
    }
    for (input, column) in &by_hand.columns {
        // A choice for a column that this file does not have leaves the proposal as it is.
        if table.column(column).is_none() {
            continue;
        }
        if let Some((matrix, place)) = matrix_place(input) {
            let mut columns: Vec<String> = proposal
                .binding
                .get(matrix)
                .map(|bound| bound.columns.iter().map(|c| c.column.clone()).collect())
                .unwrap_or_default();
            if let Some(there) = columns.get_mut(place) {
                column.clone_into(there);
                proposal.binding.set_columns(matrix, columns, How::Person);
            }
        } else {
            proposal.binding.set(input, column);
        }
    }
    for input in &by_hand.skip {
        proposal.binding.set_skip_unreadable(input, true);
    }
    for (input, fill) in &by_hand.fill {
        proposal.binding.set_fill(input, Some(fill.clone()));
    }
    for (input, map) in &by_hand.map {
        for (from, to) in map {
            proposal.binding.set_map(input, from, Some(to.clone()));
        }
    }
    let mut problems = proposal.binding.settle(&file.inspection, table);
    proposal.unbound = proposal.binding.unbound(&file.inspection);
    // What could not be proposed is still open where the person chose nothing.
    let open = proposal.problems.iter().filter(|p| proposal.unbound.contains(&p.input)).cloned();
    problems.extend(open);
    proposal.problems = problems;
    let used: Vec<String> = proposal.binding.columns().map(ToOwned::to_owned).collect();
    proposal.unused.retain(|column| !used.contains(column));
    proposal
}

/// `name[3]` → the matrix and the place of a column in it.
fn matrix_place(input: &str) -> Option<(&str, usize)> {
    let (name, rest) = input.rsplit_once('[')?;
    Some((name, rest.strip_suffix(']')?.parse().ok()?))
}

impl Service {
    /// The person's changes for a model and a dataset's layout, as kept.
    pub(super) fn by_hand(&mut self, model: &str, dataset: &str) -> ByHand {
        let layout = self.layout_of(dataset).unwrap_or_else(|| dataset.to_owned());
        let key = (model.to_owned(), layout.clone());
        if let Some(known) = self.by_hand.get(&key) {
            return known.clone();
        }
        // What an earlier version kept for one file holds until it is changed.
        let of = |key: &str| self.workspace.as_ref().and_then(|w| w.binding(model, key).ok().flatten());
        let kept = of(&layout).or_else(|| of(dataset)).map(ByHand::read).unwrap_or_default();
        self.by_hand.insert(key, kept.clone());
        kept
    }

    /// Changes what is kept for a model and a layout, and looks again.
    pub(super) fn change_by_hand(&mut self, model: &str, dataset: &str, change: impl FnOnce(&mut ByHand)) {
        let Some(layout) = self.layout_of(dataset) else { return };
        let mut changes = self.by_hand(model, dataset);
        change(&mut changes);
        if let (Some(workspace), Ok(value)) = (self.workspace.as_mut(), serde_json::to_value(&changes))
            && let Err(error) = workspace.set_binding(model, &layout, &value)
        {
            self.warn(format!("The binding is used, but not kept: {error}"));
        }
        self.by_hand.insert((model.to_owned(), layout), changes);
        self.prepare_again(model, dataset);
    }

    /// Binds a column to an input by hand, or goes back to the proposal.
    pub(super) fn bind(&mut self, model: &str, dataset: &str, input: String, column: Option<String>) {
        self.change_by_hand(model, dataset, |changes| {
            match column {
                Some(column) => changes.columns.insert(input, column),
                None => changes.columns.remove(&input),
            };
        });
    }

    /// Skips rows with a value that an input cannot take, or no longer.
    pub(super) fn skip_rows(&mut self, model: &str, dataset: &str, input: String, skip: bool) {
        self.change_by_hand(model, dataset, |changes| {
            if skip {
                changes.skip.insert(input);
            } else {
                changes.skip.remove(&input);
            }
        });
    }

    /// Takes the columns of a one-matrix model in file order.
    pub(super) fn bind_by_order(&mut self, model: &str, dataset: &str) {
        self.change_by_hand(model, dataset, |changes| {
            changes.by_order = true;
            changes.columns.clear();
        });
    }

    /// Sets what stands in for missing values of an input.
    pub(super) fn set_fill(&mut self, model: &str, dataset: &str, input: String, fill: Option<Fill>) {
        self.change_by_hand(model, dataset, |changes| {
            match fill {
                Some(fill) => changes.fill.insert(input, fill),
                None => changes.fill.remove(&input),
            };
        });
    }

    /// Sets which text the model gets for a text of the data.
    pub(super) fn set_map(&mut self, model: &str, dataset: &str, input: String, from: String, to: Option<String>) {
        self.change_by_hand(model, dataset, |changes| {
            let map = changes.map.entry(input.clone()).or_default();
            match to {
                Some(to) => map.insert(from, to),
                None => map.remove(&from),
            };
            if map.is_empty() {
                changes.map.remove(&input);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_form_is_read_and_the_present_one_comes_back() {
        let old = serde_json::json!([["\u{0}by order", ""], ["x", "col"], ["\u{0}skip rows", "n"], ["m[3]", "d"]]);
        let read = ByHand::read(old);
        assert!(read.by_order && read.skip.contains("n"));
        assert_eq!(read.columns.get("m[3]").map(String::as_str), Some("d"));
        let full = ByHand {
            fill: [("n".to_owned(), Fill::Number(0.0)), ("t".to_owned(), Fill::Text("none".to_owned()))].into(),
            map: [("t".to_owned(), [("a".to_owned(), "b".to_owned())].into())].into(),
            ..read
        };
        assert_eq!(ByHand::read(serde_json::to_value(&full).unwrap()), full);
        assert_eq!(ByHand::read(serde_json::json!(5)), ByHand::default());
        assert_eq!(matrix_place("m[3]"), Some(("m", 3)));
        assert_eq!(matrix_place("m"), None);
    }
}
