//! What the columns of a served model are called in its capture, and the columns that a model without data is bound to.

use crate::data::{Column, Table, Values};
use crate::deploy::capture::CaptureLayout;
use crate::model::binding::propose_without;
use crate::model::session::served_outputs;
use crate::model::signature::{DType, Port};
use crate::model::{BoundModel, ModelFile};

/// The names of a version's columns: those of its binding, else of its card or metadata.
pub(super) fn layout(file: &ModelFile, bound: Option<&BoundModel>) -> CaptureLayout {
    let mut layout = CaptureLayout::default();
    for port in &file.inspection.inputs {
        let used: Vec<String> = match bound.and_then(|bound| bound.binding().get(&port.name)) {
            Some(bound) => bound.columns.iter().map(|used| used.column.clone()).collect(),
            None => feature_names(file, port).unwrap_or_default(),
        };
        if !used.is_empty() {
            layout = layout.input(&port.name, &used);
        }
    }
    layout.classifier(&served_outputs(file), &file.classes().unwrap_or_default())
}

fn feature_names(file: &ModelFile, port: &Port) -> Option<Vec<String>> {
    let card =
        file.card.as_ref().map(|card| card.feature_names().into_iter().map(ToOwned::to_owned).collect::<Vec<_>>());
    [card, file.inspection.feature_names()].into_iter().flatten().find(|names| Some(names.len()) == port.width())
}

/// A model bound to the columns that its inputs, card or metadata name, without any data; `None` when they name none.
pub fn bound_by_names(file: &ModelFile) -> Option<BoundModel> {
    let mut columns = Vec::new();
    for port in &file.inspection.inputs {
        let names = match port.width() {
            Some(1) => vec![port.name.clone()],
            _ => feature_names(file, port)?,
        };
        columns.extend(names.into_iter().map(|name| Column::new(name, no_values(&port.dtype))));
    }
    let table = Table::new(columns).ok()?;
    let proposal = propose_without(&file.inspection, file.card.as_deref(), &table, &[]);
    BoundModel::bind(file.clone(), proposal.binding, &table).ok()
}

fn no_values(dtype: &DType) -> Values {
    match dtype {
        DType::String => Values::text(std::iter::empty::<Option<String>>()),
        DType::Bool => Values::Bool(Vec::new()),
        dtype if dtype.is_whole() => Values::ints(Vec::new()),
        _ => Values::Float(Vec::new()),
    }
}
