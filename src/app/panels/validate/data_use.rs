//! What the data-use register and the policy say of a model's columns, and a validation that came to no result.

use eframe::egui::Ui;

use crate::app::context::PanelContext;
use crate::app::panels::page::chart_card;
use crate::app::theme::{SPACE_S, Status};
use crate::app::widgets::{Card, Column, Explainer, Table, error_state, format, status_chip, text};
use crate::report::csv;
use crate::validate::ModelResult;
use crate::validate::governance::{LIKELY_PROXY, LISTED_PROXY};
use crate::validate::policy::Action;

/// Height of the table of proxies in points; more scroll.
const HEIGHT: f32 = 180.0;

/// Why the last validation on this dataset came to no result.
pub(super) fn refused(ui: &mut Ui, ctx: &PanelContext<'_>, dataset: Option<&str>) {
    if let Some(refused) = ctx.state.refused.as_ref().filter(|r| Some(r.dataset.as_str()) == dataset) {
        error_state(ui, "The validation came to no result", &refused.sentence, "", None);
        ui.add_space(SPACE_S);
    }
}

fn numbers(model: &ModelResult) -> String {
    let head = ["column", "action_or_sensitive_column", "strength", "measure", "rows", "sentence"];
    let findings = model.data_use.iter().map(|f| {
        let none = String::new;
        [f.column.clone(), f.action.word().to_owned(), none(), none(), none(), f.sentence.clone()]
    });
    let proxies = model.proxies.iter().map(|p| {
        [
            p.feature.clone(),
            p.sensitive.clone(),
            csv::number(Some(p.strength)),
            p.measure.words().to_owned(),
            p.rows.to_string(),
            String::new(),
        ]
    });
    csv::table(&head, findings.chain(proxies))
}

/// Findings with their action, then the columns that go with sensitive ones; nothing when there is neither.
pub(super) fn card(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelResult) {
    if model.data_use.is_empty() && model.proxies.is_empty() {
        return;
    }
    let help = Explainer::new(
        "Data use",
        "The columns that the model uses, held against the data-use register of the dataset by the rules of the policy. \
         A proxy is a column that goes together with a sensitive one, so that leaving the sensitive one out does not \
         remove it.",
    )
    .formula("Spearman’s ρ of two numbers, Cramér’s V of two categories, η of a number by category; 0 to 1")
    .convention(format!("Listed from {LISTED_PROXY}, called likely from {LIKELY_PROXY}"));
    let likely = model.proxies.iter().filter(|p| p.is_likely()).count();
    let subtitle = format!(
        "{} · {}",
        format::counted(model.data_use.len() as u64, "finding"),
        format::counted(likely as u64, "likely proxy").replace("proxys", "proxies"),
    );
    let card = Card::new("Data use").subtitle(&subtitle).explain(&help).rows(model.rows as u64);
    chart_card(
        ui,
        ctx,
        card,
        "data use",
        || numbers(model),
        |ui| {
            for finding in &model.data_use {
                ui.horizontal_wrapped(|ui| {
                    let status = if finding.action == Action::Refuse { Status::Alert } else { Status::Warning };
                    status_chip(ui, status, finding.action.word());
                    text::note(ui, &finding.sentence);
                });
            }
            if model.proxies.is_empty() {
                return;
            }
            let heads = [
                Column::words("column", 1.3).min_width(90.0),
                Column::words("goes with", 1.3).min_width(90.0),
                Column::numbers("strength", 0.8).min_width(64.0),
                Column::words("measure", 1.2).min_width(90.0),
                Column::numbers("rows", 0.8).min_width(60.0),
            ];
            Table::new("proxies", &heads).max_height(HEIGHT).show(ui, model.proxies.len(), |ui, row, column| {
                let Some(proxy) = model.proxies.get(row) else { return };
                let words = match column {
                    0 => proxy.feature.clone(),
                    1 => proxy.sensitive.clone(),
                    2 => format::metric(Some(proxy.strength), None),
                    3 => proxy.measure.words().to_owned(),
                    _ => format::count(proxy.rows as u64),
                };
                text::elided(ui, words);
                if column == 2 && proxy.is_likely() {
                    status_chip(ui, Status::Warning, "likely");
                }
            });
        },
    );
    ui.add_space(SPACE_S);
}
