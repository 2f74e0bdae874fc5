//! Proposing a binding from names, the model card and the model's metadata.

use super::{Binding, BindingProblem, Cast, ColumnUse, How, InputBinding};
use crate::data::{Column, Kind, Table};
use crate::model::card::ModelCard;
use crate::model::error::ModelError;
use crate::model::inspect::Inspection;
use crate::model::signature::{DType, Port};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// A proposed binding and what is left to decide.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BindingProposal {
    /// What was found.
    pub binding: Binding,
    /// Inputs without a column.
    pub unbound: Vec<String>,
    /// Columns that feed no input.
    pub unused: Vec<String>,
    /// What does not fit or should be known.
    pub problems: Vec<BindingProblem>,
    /// Columns by file order for each unbound input, when their number fits; for the person to agree to.
    pub by_order: Option<Vec<(String, Vec<String>)>>,
}

impl BindingProposal {
    /// Whether the binding can be used as it is.
    pub fn is_complete(&self) -> bool {
        self.unbound.is_empty() && !self.problems.iter().any(|p| p.blocks)
    }

    /// The binding with the columns by file order agreed to; `None` when there is no such offer.
    pub fn agree_to_order(&self) -> Option<Binding> {
        let mut binding = self.binding.clone();
        for (input, columns) in self.by_order.as_ref()? {
            binding.set_columns(input, columns.clone(), How::ByOrder);
        }
        Some(binding)
    }
}

/// Proposes a binding of a table's columns to a model's inputs.
///
/// Columns are found by name, then by normalised name; those of a matrix by the card, then by the metadata key
/// `feature_names`. By file order only an offer is made, because a wrong order goes unnoticed.
pub fn propose(inspection: &Inspection, card: Option<&ModelCard>, table: &Table) -> BindingProposal {
    propose_without(inspection, card, table, &[])
}

/// As [`propose`], leaving out columns that cannot be features, such as the target.
pub fn propose_without(
    inspection: &Inspection,
    card: Option<&ModelCard>,
    table: &Table,
    left_out: &[&str],
) -> BindingProposal {
    let target = card.and_then(|c| c.target.as_deref());
    let columns: Vec<&Column> = table
        .columns()
        .iter()
        .filter(|c| !left_out.contains(&c.name.as_str()) && target != Some(c.name.as_str()))
        .collect();
    let names = Names::new(&columns);
    let lists = feature_lists(inspection, card);
    let mut proposal = BindingProposal::default();
    for port in &inspection.inputs {
        let list = lists.iter().find(|l| l.input == port.name);
        let outcome = match list {
            // A list for one column is only a hint; the input's own name comes first.
            Some(list) if list.names.len() == 1 => {
                names.find(&port.name).or_else(|unnamed| by_list(&names, port, list).map_err(|_| unnamed))
            }
            Some(list) => by_list(&names, port, list),
            None if port.width() == Some(1) => names.find(&port.name),
            None => Err(Unfound::NoNames),
        };
        match outcome {
            Ok((columns, how)) => proposal.binding.inputs.push(InputBinding {
                input: port.name.clone(),
                columns,
                how,
                cast: Cast::None,
                fill: None,
                skip_unreadable: false,
                map: BTreeMap::new(),
            }),
            Err(unfound) => {
                proposal.unbound.push(port.name.clone());
                proposal.problems.push(unfound.explain(port, &columns));
            }
        }
    }
    let settled = proposal.binding.settle(inspection, table);
    proposal.problems.extend(settled);
    let used: HashSet<&str> = proposal.binding.columns().collect();
    proposal.unused =
        table.columns().iter().filter(|c| !used.contains(c.name.as_str())).map(|c| c.name.clone()).collect();
    proposal.by_order = by_order(inspection, &proposal, &columns);
    proposal
}

/// The column order of an input, from the card or the metadata.
struct FeatureList {
    input: String,
    names: Vec<String>,
    how: How,
}

/// Divides the known feature order among the inputs, when their widths add up to it.
fn feature_lists(inspection: &Inspection, card: Option<&ModelCard>) -> Vec<FeatureList> {
    let from_card = card.map(|c| c.feature_names().into_iter().map(str::to_owned).collect::<Vec<_>>());
    let sources = [(from_card, How::Card), (inspection.feature_names(), How::Metadata)];
    for (names, how) in sources {
        let Some(names) = names.filter(|n| !n.is_empty()) else { continue };
        // One matrix of open width takes them all.
        if let [only] = inspection.inputs.as_slice()
            && only.width().is_none_or(|w| w == names.len())
        {
            return vec![FeatureList { input: only.name.clone(), names, how }];
        }
        let widths: Option<Vec<usize>> = inspection.inputs.iter().map(Port::width).collect();
        let Some(widths) = widths.filter(|w| w.iter().sum::<usize>() == names.len()) else { continue };
        let mut rest = names.into_iter();
        return inspection
            .inputs
            .iter()
            .zip(widths)
            .map(|(port, width)| FeatureList {
                input: port.name.clone(),
                names: rest.by_ref().take(width).collect(),
                how,
            })
            .collect();
    }
    Vec::new()
}

fn by_list(names: &Names<'_>, port: &Port, list: &FeatureList) -> Result<(Vec<ColumnUse>, How), Unfound> {
    let mut columns = Vec::with_capacity(list.names.len());
    for name in &list.names {
        let (found, _) = names.find(name).map_err(|unfound| match unfound {
            Unfound::NoColumn { .. } | Unfound::NoNames => {
                Unfound::NoColumn { wanted: name.clone(), is_input: *name == port.name }
            }
            other @ Unfound::Ambiguous { .. } => other,
        })?;
        columns.extend(found);
    }
    Ok((columns, list.how))
}

/// A name with everything but letters, digits and `_` of ASCII replaced by `_`, as converters from pandas do.
fn normalised(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

struct Names<'t> {
    columns: &'t [&'t Column],
}

impl<'t> Names<'t> {
    fn new(columns: &'t [&'t Column]) -> Self {
        Self { columns }
    }

    fn find(&self, wanted: &str) -> Result<(Vec<ColumnUse>, How), Unfound> {
        if self.columns.iter().any(|c| c.name == wanted) {
            return Ok((vec![ColumnUse { column: wanted.to_owned(), normalised: false }], How::Exact));
        }
        let plain = normalised(wanted);
        let loose = plain.to_lowercase();
        let same = |c: &&&Column| normalised(&c.name) == plain;
        let similar = |c: &&&Column| normalised(&c.name).to_lowercase() == loose;
        let mut found: Vec<&str> = self.columns.iter().filter(same).map(|c| c.name.as_str()).collect();
        if found.is_empty() {
            found = self.columns.iter().filter(similar).map(|c| c.name.as_str()).collect();
        }
        // Names in another script normalise to nothing but underscores and would match anything of their length.
        let is_telling = plain.chars().any(|c| c.is_ascii_alphanumeric());
        match found.as_slice() {
            [one] if is_telling => {
                Ok((vec![ColumnUse { column: (*one).to_owned(), normalised: true }], How::Normalised))
            }
            [one, two, ..] if is_telling => Err(Unfound::Ambiguous {
                wanted: wanted.to_owned(),
                columns: vec![(*one).to_owned(), (*two).to_owned()],
            }),
            _ => Err(Unfound::NoColumn { wanted: wanted.to_owned(), is_input: true }),
        }
    }
}

enum Unfound {
    /// No column of this name.
    NoColumn { wanted: String, is_input: bool },
    /// Several columns are as good.
    Ambiguous { wanted: String, columns: Vec<String> },
    /// Nothing says which columns a matrix takes.
    NoNames,
}

impl Unfound {
    fn explain(&self, port: &Port, columns: &[&Column]) -> BindingProblem {
        let (column, sentence) = match self {
            Self::NoColumn { wanted, is_input } => {
                let near = nearest(wanted, columns);
                let hint = near.map(|n| format!(" Perhaps “{n}” is meant.")).unwrap_or_default();
                let sentence = if *is_input {
                    format!("The table has no column for the model's input “{wanted}”. Choose one.{hint}")
                } else {
                    let error = ModelError::MissingColumn { column: wanted.clone(), input: port.name.clone() };
                    format!("{error}{hint}")
                };
                (Some(wanted.clone()), sentence)
            }
            Self::Ambiguous { wanted, columns } => (
                None,
                format!(
                    "Both {} could be meant by “{wanted}”. Choose one.",
                    columns.iter().map(|c| format!("“{c}”")).collect::<Vec<_>>().join(" and ")
                ),
            ),
            Self::NoNames => {
                let width = port.width().map_or_else(|| "columns".to_owned(), |w| format!("{w} columns"));
                (
                    None,
                    format!(
                        "The model takes {width} as one matrix, “{}”, and does not say in which order. Choose the columns in the order of training, or agree to the order of the file.",
                        port.name
                    ),
                )
            }
        };
        BindingProblem { input: port.name.clone(), column, blocks: true, rows_only: false, sentence }
    }
}

/// The column whose name is at most two letters away.
fn nearest<'c>(wanted: &str, columns: &[&'c Column]) -> Option<&'c str> {
    let wanted: Vec<char> = wanted.to_lowercase().chars().take(64).collect();
    columns
        .iter()
        .map(|c| (distance(&wanted, &c.name.to_lowercase().chars().take(64).collect::<Vec<_>>()), c.name.as_str()))
        .filter(|(d, _)| *d <= 2 && *d < wanted.len())
        .min_by_key(|(d, _)| *d)
        .map(|(_, name)| name)
}

/// Levenshtein's edit distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let here = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            *cell = here;
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Columns by file order for the unbound inputs, when exactly as many suitable ones are left.
fn by_order(
    inspection: &Inspection,
    proposal: &BindingProposal,
    columns: &[&Column],
) -> Option<Vec<(String, Vec<String>)>> {
    let open: Vec<&Port> = inspection.inputs.iter().filter(|p| proposal.unbound.contains(&p.name)).collect();
    let takes_text = open.iter().any(|p| p.dtype == DType::String);
    let takes_numbers = open.iter().any(|p| p.dtype != DType::String);
    let used: HashSet<&str> = proposal.binding.columns().collect();
    let mut left = columns
        .iter()
        .filter(|c| !used.contains(c.name.as_str()))
        .filter(|c| match c.kind() {
            Kind::Text => takes_text,
            Kind::Number | Kind::Bool => takes_numbers,
            Kind::Time => false,
        })
        .map(|c| c.name.clone())
        .collect::<Vec<_>>()
        .into_iter();
    let widths: Vec<usize> = match open.as_slice() {
        [] => return None,
        [only] => vec![only.width().unwrap_or(left.len())],
        several => several.iter().map(|p| p.width()).collect::<Option<_>>()?,
    };
    if left.len() == 0 || widths.iter().sum::<usize>() != left.len() {
        return None;
    }
    Some(open.iter().zip(widths).map(|(p, w)| (p.name.clone(), left.by_ref().take(w).collect())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Values;
    use crate::model::binding::Fill;

    fn port(name: &str, dtype: DType, width: Option<i64>) -> Port {
        Port { name: name.to_owned(), dtype, shape: vec![None, width] }
    }

    fn model(inputs: Vec<Port>) -> Inspection {
        Inspection { inputs, ..Inspection::default() }
    }

    fn table(columns: &[(&str, Values)]) -> Table {
        Table::new(columns.iter().map(|(n, v)| Column::new(*n, v.clone())).collect()).unwrap()
    }

    fn floats(n: usize) -> Values {
        Values::Float(vec![1.5; n])
    }

    #[test]
    fn columns_are_found_by_name_and_by_normalised_name() {
        let model = model(vec![
            port("fare", DType::Float32, Some(1)),
            port("Age__yrs_", DType::Float32, Some(1)),
            port("dest", DType::String, Some(1)),
        ]);
        let table = table(&[
            ("Age (yrs)", floats(1)),
            ("fare", floats(1)),
            ("Dest", Values::text([Some("AA")])),
            ("id", floats(1)),
        ]);
        let proposal = propose(&model, None, &table);
        assert!(proposal.is_complete(), "{:?}", proposal.problems);
        let hows: Vec<How> = proposal.binding.inputs.iter().map(|b| b.how).collect();
        assert_eq!(hows, [How::Exact, How::Normalised, How::Normalised]);
        assert!(proposal.binding.get("Age__yrs_").unwrap().columns[0].normalised);
        assert_eq!(proposal.unused, ["id"]);
    }

    #[test]
    fn a_matrix_takes_its_order_from_card_then_metadata_then_by_agreement() {
        let mut model = model(vec![port("X", DType::Float32, Some(2))]);
        let table = table(&[("a", floats(1)), ("b", floats(1)), ("y", Values::ints(vec![1]))]);
        let bound = |p: &BindingProposal| p.binding.columns().map(str::to_owned).collect::<Vec<_>>().join(" ");

        let plain = propose_without(&model, None, &table, &["y"]);
        assert_eq!(plain.unbound, ["X"]);
        assert!(plain.problems[0].sentence.contains("in which order"), "{}", plain.problems[0].sentence);
        let agreed = plain.agree_to_order().unwrap();
        assert_eq!(agreed.columns().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(agreed.inputs[0].how, How::ByOrder);
        assert_eq!(propose(&model, None, &table).by_order, None, "three columns do not fit two places");

        model.metadata.insert("feature_names".to_owned(), "b,a".to_owned());
        let told = propose(&model, None, &table);
        assert_eq!((bound(&told).as_str(), told.binding.inputs[0].how), ("b a", How::Metadata));

        let card = ModelCard::parse(r#"{"name":"m","target":"y","features":[{"name":"a"},{"name":"b"}]}"#).unwrap();
        let told = propose(&model, Some(&card), &table);
        assert_eq!((bound(&told).as_str(), told.binding.inputs[0].how), ("a b", How::Card));
    }

    #[test]
    fn a_missing_column_is_named_with_the_nearest_one() {
        let model = model(vec![port("distance", DType::Float32, Some(1))]);
        let proposal = propose(&model, None, &table(&[("distence", floats(1)), ("x", floats(1))]));
        assert_eq!(proposal.unbound, ["distance"]);
        assert_eq!(
            proposal.problems[0].sentence,
            "The table has no column for the model's input “distance”. Choose one. Perhaps “distence” is meant."
        );
    }

    #[test]
    fn text_where_a_number_must_be_names_the_first_bad_value() {
        let model = model(vec![port("x", DType::Float32, Some(1))]);
        let good = propose(&model, None, &table(&[("x", Values::text([Some("1"), None, Some(" 2.5 ")]))]));
        assert!(good.is_complete(), "{:?}", good.problems);
        assert_eq!(good.binding.inputs[0].cast, Cast::TextToNumber);

        let values = Values::text([Some("1"), Some("n/a"), Some("old")]);
        let mut bad = propose(&model, None, &table(&[("x", values.clone())]));
        assert!(!bad.is_complete());
        assert!(
            bad.problems[0]
                .sentence
                .starts_with("Column “x” has “n/a” in row 2, and the model's input “x” takes numbers.")
        );
        assert!(bad.binding.set_skip_unreadable("x", true));
        let problems = bad.binding.settle(&model, &table(&[("x", values)]));
        assert!(problems.iter().all(|p| !p.blocks) && !problems.is_empty());
    }

    #[test]
    fn whole_numbers_have_no_gaps_and_no_decimals() {
        let model = model(vec![port("n", DType::Int64, Some(1))]);
        let gaps = table(&[("n", Values::Int { values: vec![1, 0], valid: Some(vec![true, false]) })]);
        let mut proposal = propose(&model, None, &gaps);
        assert!(proposal.is_complete());
        assert!(proposal.problems[0].sentence.contains("1 of 2 rows have no value"), "{:?}", proposal.problems);
        proposal.binding.set_fill("n", Some(Fill::Number(0.0)));
        assert!(proposal.binding.settle(&model, &gaps).is_empty());
        let decimals = propose(&model, None, &table(&[("n", Values::Float(vec![1.0, 1.5]))]));
        assert!(decimals.problems[0].sentence.contains("“1.5” in row 2"), "{:?}", decimals.problems);
    }

    #[test]
    fn a_binding_is_plain_data() {
        let mut binding = Binding::default();
        binding.set("x", "a");
        binding.set_fill("x", Some(Fill::Number(2.0)));
        binding.set("x", "b");
        let json = serde_json::to_string(&binding).unwrap();
        assert_eq!(serde_json::from_str::<Binding>(&json).unwrap(), binding);
        assert_eq!(binding.get("x").map(|b| (b.how, b.fill.clone())), Some((How::Person, Some(Fill::Number(2.0)))));
        assert_eq!(binding.columns().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn edit_distances_are_right() {
        let d = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!((d("kitten", "sitting"), d("", "ab"), d("same", "same")), (3, 2, 0));
    }
}
