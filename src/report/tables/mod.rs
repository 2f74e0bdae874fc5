//! Every table of a report as CSV at full precision, for whoever computes on.
//!
//! Each table of models begins with the column `model`, the model's name. Numbers without meaning are empty.

mod data;
mod models;
mod parts;

use crate::report::csv;
use crate::validate::{ModelResult, Report};

/// All tables of a report, as (file name, CSV text), in a fixed order; what the report does not have is left out.
/// Files: `metrics per_class confusion roc precision_recall calibration det score_histogram error_histogram
/// normal_quantiles one_vs_rest one_vs_rest_roc one_vs_rest_precision_recall segments weak_segments fairness gates
/// losses robustness worst_rows data_use proxies comparison wins clear_wins checks predictors classes`, each `.csv`.
/// Worst rows are row numbers and losses, without the rows' data.
pub fn all(report: &Report) -> Vec<(String, String)> {
    let mut tables = models::tables(report);
    tables.extend(parts::tables(report));
    tables.extend(data::tables(report));
    tables.retain(|table| !table.rows.is_empty());
    tables.into_iter().map(|t| (format!("{}.csv", t.name), t.text())).collect()
}

/// The paired comparisons of a report as CSV, as in [`all`]; only a head when there are none.
pub fn comparison(report: &Report) -> String {
    data::comparison(report).text()
}

/// The segments in which one of two models is better beyond doubt as CSV, as in [`all`]; only a head when there are none.
pub fn clear_wins(report: &Report) -> String {
    data::clear_wins(report).text()
}

/// A table on its way to text.
struct Table {
    name: &'static str,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(name: &'static str, head: &[&'static str], rows: Vec<Vec<String>>) -> Self {
        Self { name, head: head.to_vec(), rows }
    }

    fn text(self) -> String {
        csv::table(&self.head, self.rows)
    }

    /// A table with rows of each model, its name before them.
    fn of_models(
        report: &Report,
        name: &'static str,
        head: &[&'static str],
        rows: impl Fn(&ModelResult) -> Vec<Vec<String>>,
    ) -> Self {
        let named = |model: &ModelResult| {
            let name = model.name.clone();
            rows(model).into_iter().map(move |row| [vec![name.clone()], row].concat()).collect::<Vec<_>>()
        };
        let head = [&["model"], head].concat();
        Self { name, head, rows: report.models.iter().flat_map(named).collect() }
    }
}

/// A number at full precision; empty without meaning.
fn number(value: f64) -> String {
    csv::number(Some(value))
}

/// A truth as `true` or `false`.
fn truth(value: bool) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests;
