//! The tiles: how the last chunk stands beside the reference.

use eframe::egui::Ui;

use super::View;
use super::terms;
use crate::app::theme::Status;
use crate::app::widgets::{Explainer, StatTile, format, reflow};
use crate::stats::metric;

struct Tile {
    title: String,
    value: String,
    interval: String,
    comparison: String,
    chip: Option<(Status, &'static str)>,
    help: Option<Explainer>,
}

pub(super) fn tiles(ui: &mut Ui, view: &View<'_, '_>) {
    let tiles = make(view);
    reflow(ui, "monitor tiles", tiles.len(), 150.0, &[], |ui, at| {
        let Some(tile) = tiles.get(at) else { return };
        let mut shown = StatTile::new(&tile.title, &tile.value).interval(&tile.interval).comparison(&tile.comparison);
        if let Some((status, word)) = tile.chip {
            shown = shown.chip(status, word);
        }
        if let Some(help) = &tile.help {
            shown = shown.explain(help);
        }
        shown.show(ui);
    });
}

fn make(view: &View<'_, '_>) -> Vec<Tile> {
    let snapshot = view.snapshot;
    let reference = snapshot.reference_chunks();
    let mut tiles = Vec::new();
    for name in ["f1", "f1_macro", "accuracy", "mae", "r2"] {
        let Some(series) = snapshot.metric(name) else { continue };
        if tiles.len() == 2 {
            break;
        }
        let last = series.last(reference);
        let change = last.zip(series.level).map(|((_, value), level)| value - level);
        let crossed = last.and_then(|(place, _)| series.alerts.get(place).copied());
        let arrow = if change.is_some_and(|c| c < 0.0) { "▼" } else { "▲" };
        tiles.push(Tile {
            title: format!("{}, last chunk", metric::title(name)),
            value: format::metric(last.map(|l| l.1), None),
            interval: format!("reference {}", format::metric(series.level, None)),
            comparison: change
                .map(|c| format!("{arrow} {} against reference", format::metric(Some(c.abs()), None)))
                .unwrap_or_default(),
            chip: crossed.map(|c| match (c, series.threshold.is_some_and(|t| t.is_mute())) {
                (true, _) => (Status::Alert, "past threshold"),
                (false, true) => (Status::Neutral, "no usable threshold"),
                (false, false) => (Status::Ok, "within"),
            }),
            help: Some(terms::performance(name)),
        });
    }
    let Some(chunk) = snapshot.last_chunk() else { return tiles };
    let place = snapshot.chunk_count().saturating_sub(1);
    let drifting: Vec<&str> = snapshot.drifting_columns(place).collect();
    tiles.push(Tile {
        title: "Columns drifting".to_owned(),
        value: format!("{} of {}", drifting.len(), snapshot.views.drift.len()),
        interval: "in the last chunk".to_owned(),
        comparison: drifting.iter().take(3).copied().collect::<Vec<_>>().join(", "),
        chip: Some(if drifting.is_empty() { (Status::Ok, "none") } else { (Status::Warning, "look") }),
        help: Some(terms::DRIFT.clone()),
    });
    let columns = || snapshot.profile.columns.iter().map(|c| &c.whole);
    let missing: u64 = columns().map(|c| c.missing).sum();
    let cells: u64 = columns().map(|c| c.values() + c.missing).sum();
    let before = (cells > 0).then(|| missing as f64 / cells as f64);
    let now = snapshot.views.missing_overall.get(place).copied().flatten();
    let gaps = snapshot.views.missing.iter().filter(|s| s.alerts.get(place).copied().unwrap_or(false));
    let gaps: Vec<&str> = gaps.map(|s| s.name.as_str()).collect();
    tiles.push(Tile {
        title: "Missing values".to_owned(),
        value: format::percent_opt(now),
        interval: format!("reference {}", format::percent_opt(before)),
        comparison: gaps.iter().take(3).copied().collect::<Vec<_>>().join(", "),
        chip: Some(if gaps.is_empty() { (Status::Ok, "as reference") } else { (Status::Warning, "look") }),
        help: Some(terms::MISSING.clone()),
    });
    let unseen: u64 = chunk.columns.iter().map(|c| c.unseen).sum();
    tiles.push(Tile {
        title: "Unseen values".to_owned(),
        value: format::count(unseen),
        interval: "in the last chunk".to_owned(),
        comparison: String::new(),
        chip: Some(if unseen == 0 { (Status::Ok, "none") } else { (Status::Warning, "look") }),
        help: Some(terms::UNSEEN.clone()),
    });
    if let Some(latency) = chunk.latency {
        tiles.push(Tile {
            title: "Latency p95, last chunk".to_owned(),
            value: format::seconds(latency.p95_ms / 1_000.0),
            interval: format::rate(latency.rows_per_second, "rows"),
            comparison: String::new(),
            chip: None,
            help: Some(terms::LATENCY.clone()),
        });
    }
    tiles.push(Tile {
        title: "Rows seen".to_owned(),
        value: format::count(snapshot.rows_seen),
        interval: format!("{} with a known target", format::count(snapshot.rows_labelled)),
        comparison: format!("{} skipped", format::count(snapshot.rows_skipped)),
        chip: None,
        help: None,
    });
    tiles
}
