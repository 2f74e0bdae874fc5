//! The lists of models and datasets.

use eframe::egui::Ui;

use super::Shown;
use crate::app::action::Action;
use crate::app::context::PanelContext;
use crate::app::panels::page::{TALL_ROW, two_lines};
use crate::app::panels::words::{kind_words, stage_status};
use crate::app::theme::{SPACE_M, Status, strong};
use crate::app::widgets::{Button, Card, Column, Table, format, status_chip, text};
use crate::backend::state::{DatasetView, ModelView};

pub(super) fn ui(ui: &mut Ui, ctx: &PanelContext<'_>, shown: &mut Shown) {
    models(ui, ctx, shown);
    ui.add_space(SPACE_M - ui.spacing().item_spacing.y);
    datasets(ui, ctx, shown);
}

/// Why a model cannot be used, if it cannot.
pub(super) fn trouble(model: &ModelView) -> Option<String> {
    model.problem.clone().or_else(|| model.inspection.refusal.as_ref().map(ToString::to_string))
}

fn models(ui: &mut Ui, ctx: &PanelContext<'_>, shown: &mut Shown) {
    let models = &ctx.state.models;
    Card::new("Models in this workspace").right(&format::count(models.len() as u64)).show(ui, |ui| {
        if models.is_empty() {
            text::note(ui, "No model yet");
            if Button::primary(&Action::AddModel.text()).show(ui).clicked() {
                ctx.action(Action::AddModel);
            }
            return;
        }
        let columns = [Column::words("model", 3.0).min_width(120.0), Column::numbers("stage", 1.1).min_width(104.0)];
        let name = |row: usize| models.get(row).map(|m| format!("Model {}", m.name)).unwrap_or_default();
        let selected = models.iter().position(|m| *shown == Shown::Model(m.id.clone()));
        let clicked = Table::new("models", &columns).row_height(TALL_ROW).selectable(selected, &name).show(
            ui,
            models.len(),
            |ui, row, column| {
                let Some(model) = models.get(row) else { return };
                if column == 0 {
                    let size = format::bytes(model.inspection.size_bytes);
                    two_lines(ui, strong(&model.name), &format!("{} · {size}", kind_words(model)));
                } else if let Some(why) = trouble(model) {
                    status_chip(ui, Status::Alert, "problem").on_hover_text(why);
                } else {
                    status_chip(ui, stage_status(model.stage), model.stage.word());
                }
            },
        );
        if let Some(model) = clicked.and_then(|row| models.get(row)) {
            *shown = Shown::Model(model.id.clone());
        }
    });
}

fn dataset_words(dataset: &DatasetView) -> String {
    let target = dataset.target.as_ref().map(|t| format!(" · target {t}")).unwrap_or_default();
    format!(
        "{} · {} · {}{target}",
        format::counted(dataset.rows as u64, "row"),
        format::counted(dataset.schema.len() as u64, "column"),
        format::bytes(dataset.size_bytes),
    )
}

fn datasets(ui: &mut Ui, ctx: &PanelContext<'_>, shown: &mut Shown) {
    let datasets = &ctx.state.datasets;
    Card::new("Datasets").right(&format::count(datasets.len() as u64)).show(ui, |ui| {
        if datasets.is_empty() {
            text::note(ui, "No dataset yet: a Parquet or CSV file with known outcomes");
            if Button::secondary(&Action::AddDataset.text()).name("Add the first dataset").show(ui).clicked() {
                ctx.action(Action::AddDataset);
            }
            return;
        }
        let marked = datasets.iter().any(|d| d.problem.is_some() || !d.notes.is_empty());
        let mut columns = vec![Column::words("dataset", 4.0).min_width(160.0)];
        if marked {
            columns.push(Column::numbers("", 1.0).min_width(100.0));
        }
        let name = |row: usize| datasets.get(row).map(|d| format!("Dataset {}", d.name)).unwrap_or_default();
        let selected = datasets.iter().position(|d| *shown == Shown::Dataset(d.id.clone()));
        let clicked = Table::new("datasets", &columns).row_height(TALL_ROW).selectable(selected, &name).show(
            ui,
            datasets.len(),
            |ui, row, column| {
                let Some(dataset) = datasets.get(row) else { return };
                if column == 0 {
                    two_lines(ui, strong(&dataset.name), &dataset_words(dataset));
                } else if let Some(why) = &dataset.problem {
                    status_chip(ui, Status::Alert, "problem").on_hover_text(why);
                } else if !dataset.notes.is_empty() {
                    let notes = format::counted(dataset.notes.len() as u64, "note");
                    status_chip(ui, Status::Neutral, &notes).on_hover_text(dataset.notes.join("\n"));
                }
            },
        );
        if let Some(dataset) = clicked.and_then(|row| datasets.get(row)) {
            *shown = Shown::Dataset(dataset.id.clone());
        }
    });
}
