//! Which column moved, when, and how it looks beside the reference.

use eframe::egui::Ui;

use super::View;
use super::charts;
use super::lines::label;
use super::terms;
use crate::app::panels::page::chart_card;
use crate::app::widgets::{Card, Heatmap, HistogramPair, format, key_value, text};
use crate::monitor::{Bins, ColumnDetail};

/// Features by chunks.
pub(super) fn heatmap(ui: &mut Ui, view: &mut View<'_, '_>) {
    let snapshot = view.snapshot;
    let views = &snapshot.views;
    let rows: Vec<&str> =
        views.by_drift.iter().filter_map(|at| views.drift.get(*at)).map(|s| s.name.as_str()).collect();
    let columns: Vec<&str> = view.lines.chunks.iter().map(String::as_str).collect();
    let series = |row: usize| views.by_drift.get(row).and_then(|at| views.drift.get(*at));
    let value = |row: usize, place: usize| series(row).and_then(|s| s.values.get(place).copied().flatten());
    let alert = |row: usize, place: usize| series(row).is_some_and(|s| s.alerts.get(place).copied().unwrap_or(false));
    let max = views.drift.iter().flat_map(|s| s.values.iter().flatten()).copied().fold(0.1, f64::max);
    let row = rows.iter().position(|name| *name == view.column);
    let title = "Drift by column and chunk";
    let card = Card::new(title)
        .subtitle("js/nannyml")
        .explain(&terms::DRIFT)
        .footnote("Cells with a diamond cross their column's threshold. Click a cell to see what moved.");
    let lines = view.lines;
    let numbers = || {
        let found: Vec<(&str, &[[f64; 2]])> =
            lines.drift.iter().map(|l| (l.name.as_str(), l.points.as_slice())).collect();
        lines.columns_csv(&found)
    };
    chart_card(ui, view.ctx, card, title, numbers, |ui| {
        let map = Heatmap::new(title, &rows, &columns, max, &value);
        let out = map.alerts(&alert).selected(row.zip(view.place)).unit("js").show(ui);
        if let Some((row, place)) = out.clicked {
            view.chosen = Some(place);
            view.chosen_column = rows.get(row).map(|name| (*name).to_owned());
        }
    });
}

/// The chosen column, or the prediction, in the chosen chunk.
pub(super) fn detail(ui: &mut Ui, view: &View<'_, '_>, prediction: bool) {
    let Some(place) = view.place else { return };
    let found = if prediction {
        view.snapshot.prediction_detail(place)
    } else {
        view.snapshot.column_detail(&view.column, place)
    };
    let Some(chunk) = view.snapshot.chunk(place) else { return };
    let when = label(chunk);
    let name = if prediction { "Prediction" } else { &view.column };
    let title = format!("{name}: {when} against reference");
    let footnote = format!("reference {}", format::counted(view.snapshot.profile.rows, "row"));
    let right =
        found.as_ref().and_then(|d| d.drift).map(|d| format!("js {}", format::decimal(d, 3))).unwrap_or_default();
    Card::new(&title).right(&right).rows(chunk.rows).footnote(&footnote).fill().show(ui, |ui| match &found {
        Some(detail) => {
            histogram(ui, detail, &title, &when);
            facts(ui, detail, &title);
        }
        None => {
            text::note(ui, "This chunk has nothing on it");
        }
    });
}

fn histogram(ui: &mut Ui, detail: &ColumnDetail, name: &str, when: &str) {
    let (reference, now) = (&detail.reference_shares, &detail.chunk_shares);
    match &detail.bins {
        Bins::Edges(edges) => {
            HistogramPair::numeric(name, edges, reference, now).names("reference", when).height(150.0).show(ui);
        }
        Bins::Categories(names) => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            HistogramPair::categorical(name, &names, reference, now).names("reference", when).height(150.0).show(ui);
        }
    }
}

fn facts(ui: &mut Ui, detail: &ColumnDetail, id: &str) {
    let (a, b) = (&detail.reference, &detail.chunk);
    let pair = |a: String, b: String| format!("{a} → {b}");
    let numbers = |a, b| pair(format::number_opt(a), format::number_opt(b));
    let counts = |a, b| pair(format::count(a), format::count(b));
    let median = numbers(a.median, b.median);
    let mean = numbers(a.mean, b.mean);
    let missing = pair(format::percent_opt(a.missing_share()), format::percent_opt(b.missing_share()));
    let unseen = counts(a.unseen, b.unseen);
    let outside = counts(a.out_of_range, b.out_of_range);
    text::caption(ui, "Reference → chunk");
    let rows: &[(&str, &str)] = match &detail.bins {
        Bins::Edges(_) => &[("Median", &median), ("Mean", &mean), ("Missing", &missing), ("Out of range", &outside)],
        Bins::Categories(_) => &[("Missing", &missing), ("Unseen", &unseen)],
    };
    key_value(ui, id, rows);
}

/// Drift of the chosen column.
pub(super) fn column(ui: &mut Ui, view: &mut View<'_, '_>) {
    let lines = view.lines;
    let Some(line) = lines.drift.iter().find(|l| l.name == view.column) else { return };
    let title = format!("Drift of {}", view.column);
    charts::card(ui, view, &title, &terms::DRIFT, line, charts::plain, |_| {});
}
