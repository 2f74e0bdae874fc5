//! A challenger beside the champion on the same requests.

use eframe::egui::Ui;

use crate::app::context::PanelContext;
use crate::app::panels::deploy::terms;
use crate::app::theme::dim;
use crate::app::widgets::{Button, Card, Column, Icon, Table, format, key_value, progress_bar, text};
use crate::deploy::serve::Comparison;
use crate::report::csv;

const ROW: f32 = 28.0;
/// Disagreements that are shown before the table scrolls.
const SHOWN: usize = 6;

/// Draws the card.
pub(super) fn card(ui: &mut Ui, ctx: &PanelContext<'_>, found: &Comparison) {
    let title = format!("Version {} beside {}", found.challenger, found.champion);
    let right = format::counted(found.rows, "row");
    let mut export = false;
    let head = |ui: &mut Ui| {
        text::caption(ui, &right);
        export = Button::quiet("CSV").name("Export the disagreements as CSV").icon(Icon::Export).show(ui).clicked();
    };
    Card::new(&title).subtitle("the same live requests").explain(&terms::COMPARISON).show_with(ui, head, |ui| {
        let agreement = format::percent_opt(found.agreement);
        let shift = format::number_opt(found.mean_shift);
        let spread = found.shift_quantiles.map_or_else(
            || format::NONE.to_owned(),
            |[low, middle, high]| {
                format!("{} · {} · {}", format::number(low), format::number(middle), format::number(high))
            },
        );
        let ms = |ms: Option<f64>| ms.map_or_else(|| format::NONE.to_owned(), |ms| format::seconds(ms / 1_000.0));
        let latency = format!("{} and {}", ms(found.champion_latency.p95_ms), ms(found.challenger_latency.p95_ms));
        let failed = format::count(found.failed);
        key_value(
            ui,
            &title,
            &[
                ("Same class", &agreement),
                ("Mean shift of the score", &shift),
                ("5 %, 50 %, 95 % of it", &spread),
                ("Latency p95, champion and challenger", &latency),
                ("Challenger failed", &failed),
            ],
        );
        match &found.labelled {
            None => {
                text::note(
                    ui,
                    "No labels yet. They come by POST /v2/models/…/feedback and say which of the two is right.",
                );
            }
            Some(labelled) => {
                let right = format!(
                    "Right on {} of {}: champion {}, challenger {}",
                    format::counted(labelled.rows, "labelled row"),
                    format::count(found.rows),
                    format::percent(labelled.champion_right),
                    format::percent(labelled.challenger_right)
                );
                text::note(ui, &right);
                progress_bar(ui, "Evidence", Some(labelled.progress as f32));
                text::caption(ui, &labelled.sentence);
            }
        }
        worst(ui, found);
    });
    if export {
        let lines = found.worst.iter().map(|row| {
            [row.id.clone(), row.row.to_string(), row.champion.clone(), row.challenger.clone(), csv::number(row.shift)]
        });
        let text = csv::table(&["id", "row", "champion", "challenger", "shift"], lines);
        ctx.save(format!("disagreements-{}-{}.csv", found.champion, found.challenger), text);
    }
}

fn worst(ui: &mut Ui, found: &Comparison) {
    if found.worst.is_empty() {
        return;
    }
    let columns = [
        Column::words("request", 1.6).min_width(110.0),
        Column::numbers("row", 0.4).min_width(44.0),
        Column::words("champion", 0.8).min_width(80.0),
        Column::words("challenger", 0.8).min_width(80.0),
        Column::numbers("shift", 0.6).min_width(64.0),
    ];
    let mut table = Table::new("worst disagreements", &columns).row_height(ROW);
    if found.worst.len() > SHOWN {
        table = table.max_height(SHOWN as f32 * ROW);
    }
    table.show(ui, found.worst.len(), |ui, row, column| {
        let Some(one) = found.worst.get(row) else { return };
        let words = match column {
            0 => one.id.clone(),
            1 => format::count(one.row as u64),
            2 => one.champion.clone(),
            3 => one.challenger.clone(),
            _ => format::number_opt(one.shift),
        };
        let words = dim(ui, words);
        text::elided(ui, words);
    });
}
