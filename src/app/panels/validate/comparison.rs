//! Candidates beside each other: paired tests on the same rows, and where each of two wins.

use eframe::egui::Ui;

use crate::app::context::PanelContext;
use crate::app::panels::page::chart_card;
use crate::app::widgets::{Card, Column, Explainer, Table, format, text};
use crate::report::tables;
use crate::stats::metric;
use crate::validate::compare::Wins;
use crate::validate::report::{Comparison, Report};

/// Height of the rows of a table in points; more scroll.
const HEIGHT: f32 = 224.0;
/// Most points that a name takes of a table; a longer one ends in "…".
const NAME_WIDTH: f32 = 190.0;
/// Most points that the clearest win takes.
const CLEAREST_WIDTH: f32 = 440.0;

/// What tells the models apart: their names without the words all begin with.
pub(in crate::app::panels) fn short_names(report: &Report) -> Vec<String> {
    let names: Vec<&str> = report.models.iter().map(|m| m.name.as_str()).collect();
    let Some(first) = names.first().filter(|_| names.len() > 1) else {
        return names.iter().map(|n| (*n).to_owned()).collect();
    };
    let shared = |end: &usize| first.get(..*end).is_some_and(|head| names.iter().all(|name| name.starts_with(head)));
    let ends = first.match_indices(' ').map(|(at, _)| at + 1);
    let cut = ends.filter(shared).max().unwrap_or(0);
    names.iter().map(|name| name.get(cut..).unwrap_or(name).to_owned()).collect()
}

/// A model's name without what all share.
fn short<'a>(report: &Report, names: &'a [String], whole: &'a str) -> &'a str {
    let place = report.models.iter().position(|m| m.name == whole);
    place.and_then(|place| names.get(place)).map_or(whole, String::as_str)
}

/// A model's name without what all share; the whole one is on hover.
fn name(ui: &mut Ui, report: &Report, names: &[String], whole: &str) {
    let shown = short(report, names, whole);
    let response = text::elided(ui, shown);
    if shown != whole {
        response.on_hover_text(whole);
    }
}

/// A p value or a probability of being better, in words.
fn probability(value: Option<f64>) -> String {
    match value {
        Some(p) if p < 0.001 => "< 0.001".to_owned(),
        Some(p) if p > 0.999 => "> 0.999".to_owned(),
        Some(p) => format::decimal(p, 3),
        None => format::NONE.to_owned(),
    }
}

/// The margin of every line, when it is the same.
fn one_margin(report: &Report) -> Option<f64> {
    let mut margins = report.comparison.iter().filter_map(|c| c.margin);
    let first = margins.next()?;
    margins.all(|margin| margin == first).then_some(first)
}

fn difference(line: &Comparison) -> String {
    let ends = line.low.zip(line.high);
    let value = format::metric(Some(line.difference), ends);
    let decimals = format::metric_decimals(line.difference, ends);
    ends.map_or_else(|| value.clone(), |_| format!("{value}  ({})", format::interval(ends, decimals)))
}

pub(super) fn card(ui: &mut Ui, ctx: &PanelContext<'_>, report: &Report) {
    let names = short_names(report);
    let differences: Vec<String> = report.comparison.iter().map(difference).collect();
    let margin = one_margin(report).map_or_else(|| "margin".to_owned(), format::number);
    let by = format!("P(a > b by {margin})");
    let under = format!("P(b > a by {margin})");
    let heads = [
        Column::words("a", 1.1).fit(ui, names.iter().map(String::as_str), NAME_WIDTH),
        Column::words("b", 1.1).fit(ui, names.iter().map(String::as_str), NAME_WIDTH),
        Column::words("metric", 1.0).fit(ui, report.comparison.iter().map(|c| metric::title(&c.metric)), NAME_WIDTH),
        Column::numbers("a − b", 1.4).fit(ui, differences.iter().map(String::as_str), 220.0),
        Column::numbers("p", 0.5).fit(ui, ["< 0.001"], NAME_WIDTH),
        Column::numbers("P(a better)", 0.7).fit(ui, ["> 0.999"], NAME_WIDTH),
        Column::numbers(&by, 1.0).fit(ui, [], 150.0),
        Column::numbers("P(equal)", 0.6).fit(ui, ["> 0.999"], NAME_WIDTH),
        Column::numbers(&under, 1.0).fit(ui, [], 150.0),
        Column::words("test", 0.9).fit(ui, report.comparison.iter().map(|c| c.method.as_str()), NAME_WIDTH),
    ];
    let help = Explainer::new(
        "Comparison",
        "Both answered the same rows, so each pair is compared row by row. Within the margin two models count as equal in \
         practice, however sure the difference is.",
    )
    .formula("P(a > b by margin) + P(equal) + P(b > a by margin) = 1")
    .convention("margin 0.01, or 1 % of the larger value for errors in the target's unit (region of practical equivalence, Benavoli et al. 2017)");
    let card = Card::new("Comparison").subtitle("on the same rows").explain(&help);
    chart_card(
        ui,
        ctx,
        card,
        "comparison",
        || tables::comparison(report),
        |ui| {
            if report.comparison.is_empty() {
                text::note(ui, "The candidates answered no rows in common.");
                return;
            }
            let table = Table::new("comparison", &heads).max_height(HEIGHT);
            table.show(ui, report.comparison.len(), |ui, row, column| {
                let Some(line) = report.comparison.get(row) else { return };
                let words = match column {
                    0 => return name(ui, report, &names, &line.a),
                    1 => return name(ui, report, &names, &line.b),
                    2 => metric::title(&line.metric).to_owned(),
                    3 => differences.get(row).cloned().unwrap_or_default(),
                    4 => probability(line.p_value),
                    5 => probability(line.p_better),
                    6 => probability(line.p_better_by_margin),
                    7 => probability(line.p_equal),
                    8 => probability(line.p_worse_by_margin),
                    _ => line.method.clone(),
                };
                let response = text::elided(ui, words);
                if let Some(margin) = line.margin.filter(|_| (6..=8).contains(&column)) {
                    response.on_hover_text(format!("margin {}", format::number(margin)));
                } else if column == 4 && !line.method.is_empty() {
                    response.on_hover_text(&line.method);
                }
            });
        },
    );
}

/// The segment in which one of two models is better by the most, of those where that is beyond doubt.
fn clearest(report: &Report, names: &[String], line: &Wins) -> String {
    let Some(win) = line.clear.first() else { return "none beyond doubt".to_owned() };
    let winner = short(report, names, if win.a_wins { &line.a } else { &line.b });
    let [a, b] = [win.a, win.b].map(|v| format::metric(Some(v), None));
    format!("{winner} where {} = {} ({a} against {b})", win.column, win.value)
}

/// Where each of two models wins, segment by segment.
pub(super) fn wins(ui: &mut Ui, ctx: &PanelContext<'_>, report: &Report) {
    let help = Explainer::new(
        "Where each wins",
        "In how many of the segments that were named each of two models is better, and in which beyond doubt: there their \
         intervals do not overlap. Segments of fewer than 30 rows are left out.",
    );
    let card = Card::new("Where each wins").subtitle("by segment").explain(&help);
    chart_card(
        ui,
        ctx,
        card,
        "wins",
        || tables::clear_wins(report),
        |ui| {
            let names = short_names(report);
            let clearest: Vec<String> = report.wins.iter().map(|line| clearest(report, &names, line)).collect();
            let heads = [
                Column::words("a", 1.2).fit(ui, names.iter().map(String::as_str), NAME_WIDTH),
                Column::words("b", 1.2).fit(ui, names.iter().map(String::as_str), NAME_WIDTH),
                Column::words("by", 0.8).min_width(84.0),
                Column::numbers("segments", 0.6).min_width(66.0),
                Column::numbers("a better", 0.9).min_width(84.0),
                Column::numbers("b better", 0.9).min_width(84.0),
                Column::words("the clearest", 2.0).fit(ui, clearest.iter().map(String::as_str), CLEAREST_WIDTH),
            ];
            let sides = |better: usize, clear: usize| {
                if clear > 0 { format!("{better} ({clear} clear)") } else { better.to_string() }
            };
            Table::new("wins", &heads).max_height(HEIGHT).show(ui, report.wins.len(), |ui, row, column| {
                let Some(line) = report.wins.get(row) else { return };
                let words = match column {
                    0 => short(report, &names, &line.a).to_owned(),
                    1 => short(report, &names, &line.b).to_owned(),
                    2 => metric::title(&line.metric).to_owned(),
                    3 => format::count(line.segments as u64),
                    4 => sides(line.a_better, line.a_clear),
                    5 => sides(line.b_better, line.b_clear),
                    _ => clearest.get(row).cloned().unwrap_or_default(),
                };
                text::elided(ui, words).on_hover_text(line.sentence());
            });
        },
    );
}
