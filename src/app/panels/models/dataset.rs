//! A dataset: how it was read, its columns, the values of one of them.

use eframe::egui::{Ui, vec2};

use super::data_use::Draft;
use crate::app::context::PanelContext;
use crate::app::panels::words::data_date;
use crate::app::theme::{SPACE_M, Status, dim};
use crate::app::widgets::histogram::BarColor;
use crate::app::widgets::{
    self, Bar, Button, Card, Column, Explainer, Icon, Table, bar_chart, format, key_value, reflow, sparkline,
    status_chip, tag, text,
};
use crate::backend::Command;
use crate::backend::state::DatasetView;
use crate::data::Kind;
use crate::data::profile::ColumnProfile;
use crate::data::schema::ColumnSchema;

/// Rows of the table of columns before it scrolls.
const COLUMNS_HEIGHT: f32 = 380.0;

pub(super) fn ui(ui: &mut Ui, ctx: &PanelContext<'_>, dataset: &DatasetView, shown: &mut usize, data_use: &mut Draft) {
    head(ui, ctx, dataset);
    let gap = (SPACE_M - ui.spacing().item_spacing.y).max(0.0);
    ui.add_space(gap);
    if let Some(problem) = &dataset.problem {
        let way_out = "Add the changed file as a new dataset, or put the old one back.";
        widgets::error_state(ui, "The dataset cannot be used", problem, way_out, None);
        ui.add_space(gap);
    }
    columns(ui, dataset, shown);
    ui.add_space(gap);
    super::data_use::ui(ui, ctx, dataset, data_use);
    ui.add_space(gap);
    let profile = dataset.profile.as_ref().and_then(|p| p.get(*shown));
    if let Some(profile) = profile {
        reflow(ui, "column detail", 2, 300.0, &[1.0, 1.4], |ui, place| match place {
            0 => facts(ui, profile),
            _ => values(ui, profile),
        });
    }
}

fn head(ui: &mut Ui, ctx: &PanelContext<'_>, dataset: &DatasetView) {
    let words = format!(
        "{} · {}",
        format::counted(dataset.rows as u64, "row"),
        format::counted(dataset.schema.len() as u64, "column")
    );
    Card::new(&dataset.name).subtitle(&words).show_with(
        ui,
        |ui| {
            if dataset.problem.is_some() {
                status_chip(ui, Status::Alert, "cannot be used");
            }
        },
        |ui| {
            let path = dataset.path.display().to_string();
            let size = format::bytes(dataset.size_bytes);
            key_value(
                ui,
                "dataset facts",
                &[
                    ("Target", dataset.target.as_deref().unwrap_or(format::NONE)),
                    ("Time", dataset.time_column.as_deref().unwrap_or(format::NONE)),
                    ("Size", &size),
                    ("File", &path),
                ],
            );
            for note in &dataset.notes {
                text::note(ui, note);
            }
            let name = format!("Remove dataset {}", dataset.name);
            let used = ctx.state.deployments.iter().any(|d| d.live && d.request.feed_dataset == dataset.id);
            let busy = used.then_some("It feeds a deployment. Stop the deployment first.");
            if Button::quiet("Remove…").icon(Icon::Remove).name(&name).disabled_because(busy).show(ui).clicked() {
                ctx.confirm(
                    format!("Remove “{}” from this workspace? The file itself stays where it is.", dataset.name),
                    "Remove",
                    Command::RemoveDataset(dataset.id.clone()),
                );
            }
        },
    );
}

fn columns(ui: &mut Ui, dataset: &DatasetView, shown: &mut usize) {
    let help = Explainer::new(
        "Role",
        "What a column is for: features may feed a model, the target is the outcome that predictions are compared \
         with, the timestamp orders the rows. Roles are guessed from names and values.",
    );
    let schema = &dataset.schema;
    let counted = dataset.profile.as_ref().and_then(|p| p.first()).map_or(dataset.rows, |p| p.rows);
    Card::new("Columns").explain(&help).rows(counted as u64).show(ui, |ui| {
        let columns = [
            Column::words("column", 1.8).min_width(100.0),
            Column::words("kind", 0.9).min_width(64.0),
            Column::words("role", 1.1).min_width(98.0),
            Column::numbers("missing", 0.9).min_width(64.0),
            Column::numbers("distinct", 0.9).min_width(64.0),
            Column::words("values", 2.2).min_width(120.0),
        ];
        let name = |row: usize| schema.get(row).map(|c| format!("Column {}", c.name)).unwrap_or_default();
        let clicked = Table::new("dataset columns", &columns)
            .max_height(COLUMNS_HEIGHT)
            .selectable(Some(*shown), &name)
            .show(ui, schema.len(), |ui, row, column| {
                let Some(schema) = schema.get(row) else { return };
                let profile = dataset.profile.as_ref().and_then(|p| p.get(row));
                cell(ui, schema, profile, dataset.rows, column);
            });
        if let Some(row) = clicked {
            *shown = row;
        }
    });
}

fn share(part: usize, whole: usize) -> String {
    if whole == 0 { format::NONE.to_owned() } else { format::percent(part as f64 / whole as f64) }
}

fn cell(ui: &mut Ui, schema: &ColumnSchema, profile: Option<&ColumnProfile>, rows: usize, column: usize) {
    let quiet = |ui: &mut Ui, words: String| {
        let words = dim(ui, words);
        text::elided(ui, words);
    };
    match column {
        0 => {
            text::elided(ui, schema.name.as_str());
        }
        1 => quiet(ui, schema.kind.word().to_owned()),
        2 => {
            tag(ui, schema.role.word());
        }
        // Of a large table both are counted in the same drawn rows.
        3 => quiet(ui, share(schema.missing, profile.map_or(rows, |p| p.rows))),
        4 => {
            let distinct = profile.map(|p| p.distinct).or(schema.distinct);
            quiet(ui, format::count_opt(distinct.map(|n| n as u64)));
        }
        _ => match profile {
            Some(profile) if profile.top.is_empty() && profile.histogram.len() > 1 => {
                let counts: Vec<f64> = profile.histogram.iter().map(|bin| bin.2 as f64).collect();
                let size = vec2(ui.available_width().min(140.0), ui.available_height() - 4.0);
                sparkline(ui, &format!("Histogram of {}", profile.name), &counts, size, Status::Neutral);
            }
            Some(profile) => quiet(ui, top_words(profile)),
            None => quiet(ui, format::NONE.to_owned()),
        },
    }
}

/// The three most frequent values with their share.
fn top_words(profile: &ColumnProfile) -> String {
    let words: Vec<String> = profile
        .top
        .iter()
        .take(3)
        .map(|(value, rows)| format!("{value}: {}", share(*rows as usize, profile.rows)))
        .collect();
    if words.is_empty() { format::NONE.to_owned() } else { words.join(", ") }
}

/// A value of a column in words: times as dates.
fn value_words(kind: Kind, value: Option<f64>) -> String {
    match (kind, value) {
        (Kind::Time, Some(ms)) if ms.is_finite() => data_date(ms as i64),
        (_, value) => format::number_opt(value),
    }
}

fn facts(ui: &mut Ui, profile: &ColumnProfile) {
    Card::new(&profile.name).subtitle(profile.kind.word()).fill().show(ui, |ui| {
        let words = |value| value_words(profile.kind, value);
        let quantile = |at: usize| words(profile.quantiles.and_then(|q| q.get(at).copied()));
        let missing = format!("{} · {}", format::count(profile.missing as u64), share(profile.missing, profile.rows));
        let distinct = format::count(profile.distinct as u64);
        let numeric = matches!(profile.kind, Kind::Number | Kind::Time);
        let std = if profile.kind == Kind::Number { format::number_opt(profile.std) } else { format::NONE.to_owned() };
        let range = format!("{} to {}", words(profile.min), words(profile.max));
        let middle = format!("{} to {}", quantile(1), quantile(3));
        let (mean, median) = (words(profile.mean), quantile(2));
        let mut rows: Vec<(&str, &str)> = vec![("Missing", &missing), ("Distinct", &distinct)];
        if numeric {
            rows.extend([
                ("Range", range.as_str()),
                ("Middle half", &middle),
                ("Median", &median),
                ("Mean", &mean),
                ("Standard deviation", &std),
            ]);
        }
        key_value(ui, "column facts", &rows);
    });
}

/// Neighbouring bins two by two, as name and rows: twenty bars are more than a card needs.
fn bars(profile: &ColumnProfile) -> Vec<(String, u64)> {
    if !profile.top.is_empty() {
        return profile.top.clone();
    }
    profile
        .histogram
        .chunks(2)
        .filter_map(|pair| {
            let (first, last) = (pair.first()?, pair.last()?);
            let rows = pair.iter().map(|bin| bin.2).sum();
            let words = |value| value_words(profile.kind, Some(value));
            Some((format!("{} to {}", words(first.0), words(last.1)), rows))
        })
        .collect()
}

fn values(ui: &mut Ui, profile: &ColumnProfile) {
    let title = if profile.top.is_empty() { "Distribution" } else { "Most frequent values" };
    Card::new(title).rows(profile.rows.saturating_sub(profile.missing) as u64).fill().show(ui, |ui| {
        let counted: Vec<(String, u64, String)> = bars(profile)
            .into_iter()
            .map(|(name, rows)| {
                let text = format!("{} · {}", format::count(rows), share(rows as usize, profile.rows));
                (name, rows, text)
            })
            .collect();
        if counted.is_empty() {
            text::note(ui, "The column has no values");
            return;
        }
        let bars: Vec<Bar<'_>> = counted
            .iter()
            .map(|(name, rows, text)| Bar { name, value: *rows as f64, text, color: BarColor::Series(0) })
            .collect();
        bar_chart(ui, &format!("{title} of {}", profile.name), &bars);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::profile::profile_column;
    use crate::data::{Column as Data, Values};

    #[test]
    fn bins_are_joined_and_no_row_is_lost() {
        let many: Vec<f64> = (0..1_000).map(f64::from).collect();
        let profile = profile_column(&Data::new("x", Values::Float(many)));
        let made = bars(&profile);
        assert_eq!(made.len(), 10);
        assert_eq!(made.iter().map(|b| b.1).sum::<u64>(), 1_000);
    }

    #[test]
    fn shares_of_nothing_have_no_value() {
        assert_eq!(share(0, 0), format::NONE);
        assert_eq!(share(1, 4), "25.0 %");
        let empty = profile_column(&Data::new("x", Values::Float(Vec::new())));
        assert!(bars(&empty).is_empty());
        assert_eq!(top_words(&empty), format::NONE);
    }
}
