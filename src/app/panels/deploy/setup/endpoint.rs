//! The endpoint of a deployment that is being set up, and the workers behind it.

use std::ops::RangeInclusive;

use eframe::egui::{DragValue, Ui};

use crate::app::context::PanelContext;
use crate::app::panels::deploy::draft::{Cut, Draft, Field};
use crate::app::panels::deploy::form::{crowded, term};
use crate::app::panels::deploy::terms;
use crate::app::theme::Status;
use crate::app::widgets::{
    Button, Card, Icon, format, labelled, number_field, segmented, status_chip, text, text_field,
};
use crate::deploy::serve::Overflow;

/// A whole number with its unit.
pub(super) fn whole(ui: &mut Ui, label: &str, value: &mut usize, range: RangeInclusive<usize>, unit: &str) {
    let suffix = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    labelled(ui, label, |ui, name| {
        let field = DragValue::new(value).range(range).speed(0.25).suffix(suffix);
        let field = field.custom_formatter(|v, _| format::count(v.max(0.0) as u64)).custom_parser(format::parse);
        ui.add(field).labelled_by(name);
    });
}

/// The fields of an endpoint.
pub(in crate::app::panels::deploy) fn ui(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    draft: &mut Draft,
    say: &dyn Fn(&mut Ui, Field),
    card: Card<'_>,
) {
    card.subtitle("other programs call").explain(&terms::ENDPOINT).show(ui, |ui| {
        let width = (ui.available_width() - 110.0).max(80.0);
        let http = &mut draft.http;
        text_field(ui, "Called as", &mut http.name, "The name that callers use", width);
        say(ui, Field::Http("name"));
        text_field(ui, "Address", &mut http.address, "127.0.0.1", width);
        say(ui, Field::Http("address"));
        labelled(ui, "Port", |ui, name| {
            // A port is no amount: its digits stand together.
            let field = ui.add(DragValue::new(&mut http.port).speed(0.25)).labelled_by(name);
            field.on_hover_text("0 takes any port that is free");
        });
        if ui.checkbox(&mut http.open_to_network, "Let other machines call").changed() {
            // The addresses that go with the choice; one that a person wrote stays.
            match (http.open_to_network, http.address.trim()) {
                (true, "127.0.0.1") => "0.0.0.0".clone_into(&mut http.address),
                (false, "0.0.0.0") => "127.0.0.1".clone_into(&mut http.address),
                _ => {}
            }
        }
        token(ui, ctx, draft);
        say(ui, Field::Http("token_file"));
        term(ui, "Chunks", &terms::CHUNKS);
        segmented(ui, "Chunks", &mut draft.cut, &[(Cut::Usual, "default"), (Cut::Rows, "rows")]);
        if draft.cut == Cut::Rows {
            number_field(ui, "Rows a chunk", &mut draft.cut_rows, 200.0..=1_000_000.0, "");
        }
        say(ui, Field::Chunking);
    });
}

/// The file with the token: what was chosen, and the way to choose.
fn token(ui: &mut Ui, ctx: &PanelContext<'_>, draft: &mut Draft) {
    let http = &mut draft.http;
    labelled(ui, "Token", |ui, _| {
        if Button::secondary("Choose token file…").icon(Icon::Lock).show(ui).clicked() {
            ctx.pick_token();
        }
        if http.token_file.is_some() && Button::quiet("Without").name("Without a token").show(ui).clicked() {
            http.token_file = None;
        }
    });
    match &http.token_file {
        Some(path) => {
            let name =
                path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
            text::caption(ui, &format!("Callers show the token in {name}")).on_hover_text(path.display().to_string());
            text::note(ui, "This program reads the file at the start, so it must stay readable here.");
        }
        None if http.open_to_network => {
            let words = "A text file with a token of 16 or more letters and digits. This program reads it, and callers \
                         send it with each request.";
            text::note(ui, words);
        }
        None => {
            text::note(ui, "Without a token, every program on this machine can call.");
        }
    }
}

/// Workers, batches and queue of an endpoint.
pub(in crate::app::panels::deploy) fn workers(
    ui: &mut Ui,
    draft: &mut Draft,
    say: &dyn Fn(&mut Ui, Field),
    card: Card<'_>,
) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    card.explain(&terms::SERVING).show(ui, |ui| {
        let settings = &mut draft.http.settings;
        whole(ui, "Workers", &mut settings.workers, 1..=64, "");
        say(ui, Field::Http("workers"));
        whole(ui, "Threads", &mut settings.intra_threads, 1..=64, "");
        say(ui, Field::Http("intra_threads"));
        whole(ui, "Batch", &mut settings.max_batch, 1..=100_000, "rows");
        say(ui, Field::Http("max_batch"));
        let mut wait = settings.max_wait_us as f64 / 1_000.0;
        if number_field(ui, "Wait", &mut wait, 0.0..=10_000.0, "ms").changed() {
            settings.max_wait_us = (wait * 1_000.0).round().max(0.0) as u64;
        }
        say(ui, Field::Http("max_wait_us"));
        whole(ui, "Queue", &mut settings.queue_calls, 1..=100_000, "requests");
        say(ui, Field::Http("queue_calls"));
        term(ui, "When the queue is full", &terms::FULL_QUEUE);
        let ways = [(Overflow::Wait, "wait"), (Overflow::Refuse, "refuse")];
        segmented(ui, "When the queue is full", &mut settings.overflow, &ways);
        let asked = settings.workers.saturating_mul(settings.intra_threads);
        let words = format!(
            "{} of {} asked for · at most {} at once",
            format::count(asked as u64),
            format::counted(cores as u64, "core"),
            format::counted(settings.bound() as u64, "request"),
        );
        text::note(ui, &words);
        crowded(ui, asked, cores);
        if draft.http.open_to_network && draft.http.token_file.is_some() {
            status_chip(ui, Status::Warning, "open to the network");
        }
    });
}
