//! The application map: who will call an endpoint, and what each needs.

use std::collections::BTreeSet;

use eframe::egui::Ui;

use super::endpoint::whole;
use crate::app::context::PanelContext;
use crate::app::panels::deploy::draft::{Draft, Field};
use crate::app::panels::deploy::terms;
use crate::app::theme::{SPACE_S, dim};
use crate::app::widgets::{Button, Card, Column, Icon, Table, choices, format, number_field, reflow, text, text_field};
use crate::deploy::readiness::Consumer;

/// Height of a row, in points.
const ROW: f32 = 34.0;
/// Consumers that are shown before the table scrolls.
const SHOWN: usize = 6;

/// Draws the map; `editing` is the place of the consumer whose fields are open.
pub(in crate::app::panels::deploy) fn card(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    draft: &mut Draft,
    editing: &mut Option<usize>,
    say: &dyn Fn(&mut Ui, Field),
) {
    let rows: f64 = draft.http.consumers.iter().map(Consumer::rows_per_second).sum();
    let right = format!("{} in all", format::rate(rows, "rows"));
    let mut add = false;
    let head = |ui: &mut Ui| {
        add = Button::quiet("Add consumer").icon(Icon::Add).show(ui).clicked();
        if rows > 0.0 {
            text::caption(ui, &right);
        }
    };
    Card::new("Application map").subtitle("who will call").explain(&terms::CONSUMERS).show_with(ui, head, |ui| {
        if draft.http.consumers.is_empty() {
            text::note(ui, "Nobody is named yet. Add the applications that will call: then load, latency and freshness are checked.");
            return;
        }
        table(ui, &mut draft.http.consumers, editing);
        let columns = draft.columns(ctx.state);
        if let Some(consumer) = editing.and_then(|place| draft.http.consumers.get_mut(place)) {
            ui.add_space(SPACE_S);
            if editor(ui, consumer, &columns) {
                *editing = None;
            }
        }
        say(ui, Field::Consumers);
    });
    if add {
        let consumer = Consumer { per_second: 1.0, rows: 1, ..Consumer::default() };
        draft.http.consumers.push(consumer);
        *editing = Some(draft.http.consumers.len() - 1);
    }
}

fn name_of(consumer: &Consumer, place: usize) -> String {
    match consumer.name.trim() {
        "" => format!("consumer {}", place + 1),
        name => name.to_owned(),
    }
}

fn table(ui: &mut Ui, consumers: &mut Vec<Consumer>, editing: &mut Option<usize>) {
    let columns = [
        Column::words("consumer", 1.5).min_width(110.0),
        Column::words("sends", 1.6).min_width(100.0),
        Column::numbers("requests/s", 0.8).min_width(78.0),
        Column::numbers("rows each", 0.7).min_width(72.0),
        Column::numbers("answer within", 0.9).min_width(92.0),
        Column::numbers("fresh within", 0.9).min_width(84.0),
        Column::words("contact", 1.4).min_width(90.0),
        Column::numbers("", 0.8).min_width(84.0),
    ];
    let names: Vec<String> = consumers.iter().enumerate().map(|(place, c)| name_of(c, place)).collect();
    let name = |row: usize| names.get(row).map(|name| format!("Edit {name}")).unwrap_or_default();
    let mut table = Table::new("consumers", &columns).row_height(ROW).selectable(*editing, &name);
    if consumers.len() > SHOWN {
        table = table.max_height(SHOWN as f32 * ROW);
    }
    let mut removed = None;
    let clicked = table.show(ui, consumers.len(), |ui, row, column| {
        let Some(consumer) = consumers.get(row) else { return };
        let called = names.get(row).map_or("", String::as_str);
        if column == 7 {
            let name = format!("Remove {called}");
            if Button::quiet("Remove").name(&name).show(ui).clicked() {
                removed = Some(row);
            }
            return;
        }
        let within = |value: Option<f64>| value.map_or_else(|| format::NONE.to_owned(), format::seconds);
        let words = match column {
            0 => called.to_owned(),
            1 if consumer.sends.is_empty() => "all columns".to_owned(),
            1 => consumer.sends.join(", "),
            2 => format::number(consumer.per_second),
            3 => format::count(consumer.rows.max(1)),
            4 => within(consumer.answer_within_ms.map(|ms| ms / 1_000.0)),
            5 => within(consumer.fresh_within_s),
            _ => consumer.contact.clone(),
        };
        if column == 0 {
            text::elided(ui, words);
        } else {
            let words = dim(ui, words);
            text::elided(ui, words);
        }
    });
    if let Some(row) = removed {
        consumers.remove(row);
        *editing = None;
    } else if clicked.is_some() {
        *editing = if *editing == clicked { None } else { clicked };
    }
}

/// The fields of a consumer; gives whether a person is done with it.
fn editor(ui: &mut Ui, consumer: &mut Consumer, columns: &[String]) -> bool {
    let mut done = false;
    reflow(ui, "consumer editor", 3, 240.0, &[1.2, 0.9, 1.0], |ui, place| match place {
        0 => {
            let width = (ui.available_width() - 100.0).max(80.0);
            text_field(ui, "Consumer", &mut consumer.name, "Its name", width);
            text_field(ui, "Contact", &mut consumer.contact, "Who runs it", width);
            let options: Vec<&str> = columns.iter().map(String::as_str).collect();
            let mut ticked: BTreeSet<String> = consumer.sends.iter().cloned().collect();
            if choices(ui, "Sends", &mut ticked, &options, "all columns") {
                // In the order of the model's columns.
                consumer.sends = columns.iter().filter(|column| ticked.contains(*column)).cloned().collect();
            }
        }
        1 => {
            number_field(ui, "Requests", &mut consumer.per_second, 0.0..=1_000_000.0, "a second");
            let mut rows = usize::try_from(consumer.rows.max(1)).unwrap_or(usize::MAX);
            whole(ui, "Rows", &mut rows, 1..=100_000, "each");
            consumer.rows = rows as u64;
        }
        _ => {
            limit(ui, "Needs answers within", "Answer within", &mut consumer.answer_within_ms, 100.0, "ms");
            limit(ui, "Needs fresh data", "Fresh within", &mut consumer.fresh_within_s, 3_600.0, "s");
            done = Button::secondary("Done").name("Done with the consumer").show(ui).clicked();
        }
    });
    done
}

/// A limit that may be left out: ticked, it begins with `usual`.
fn limit(ui: &mut Ui, words: &str, name: &str, value: &mut Option<f64>, usual: f64, unit: &str) {
    ui.horizontal(|ui| {
        let mut on = value.is_some();
        if ui.checkbox(&mut on, words).changed() {
            *value = on.then_some(usual);
        }
        if let Some(value) = value {
            let field =
                eframe::egui::DragValue::new(value).range(0.1..=31_536_000.0).speed(1.0).suffix(format!(" {unit}"));
            ui.add(field).accessible_name(name);
        }
    });
}
