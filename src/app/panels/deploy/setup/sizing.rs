//! How much the workers carry: measured with several settings, shown beside what is wanted, taken over in one click.

use eframe::egui::{Label, RichText, Ui};

use crate::app::context::PanelContext;
use crate::app::panels::deploy::draft::{Draft, Origin};
use crate::app::panels::deploy::terms;
use crate::app::panels::page::{chart_card, jobs_here};
use crate::app::panels::words::ago;
use crate::app::theme::{SPACE_S, Status, body_font, tokens};
use crate::app::widgets::{
    self, Button, Card, Column, Icon, ScatterChart, Table, format, number_field, reflow, status_chip, text,
};
use crate::backend::Command;
use crate::backend::command::ModelId;
use crate::backend::event::JobTopic;
use crate::backend::state::{RuntimeView, SizingView};
use crate::deploy::readiness::Consumer;
use crate::deploy::sizing::{Point, Setting, Sizing, SizingPlan, Target};
use crate::report::csv;

/// Height of the chart, in points.
const CHART: f32 = 236.0;
/// Settings that are shown before the table scrolls.
const SHOWN: usize = 9;
/// Seconds that starting a setting, its two loads and the last answers take together.
const SECONDS_EACH: f64 = 2.4;

/// What the sizing is for, as far as a person said, and the setting that is looked at.
#[derive(Clone, Debug, Default)]
pub(in crate::app::panels::deploy) struct Aim {
    of: ModelId,
    /// Requests a second; 0 for no target, `None` for what the consumers ask for.
    requests: Option<f64>,
    /// Milliseconds; 0 for no target, `None` for what the consumers ask for.
    p95_ms: Option<f64>,
    chosen: Option<usize>,
}

impl Aim {
    /// What was said, else what the consumers need together.
    fn wanted(&self, draft: &Draft) -> (f64, f64) {
        let consumers: &[Consumer] = if draft.origin == Origin::Http { &draft.http.consumers } else { &[] };
        let asked: f64 = consumers.iter().map(|c| c.per_second).sum();
        let within = consumers.iter().filter_map(|c| c.answer_within_ms).fold(f64::INFINITY, f64::min);
        let within = if within.is_finite() { within } else { 0.0 };
        (self.requests.unwrap_or(asked), self.p95_ms.unwrap_or(within))
    }
}

fn target((requests, p95_ms): (f64, f64)) -> Target {
    let some = |value: f64| (value.is_finite() && value > 0.0).then_some(value);
    Target { requests_per_second: some(requests), p95_ms: some(p95_ms) }
}

/// Draws the card.
pub(in crate::app::panels::deploy) fn card(ui: &mut Ui, ctx: &PanelContext<'_>, draft: &mut Draft, aim: &mut Aim) {
    if aim.of != draft.model {
        *aim = Aim { of: draft.model.clone(), ..Aim::default() };
    }
    let view = ctx.state.sizing.get(&draft.model);
    let when = view.filter(|v| v.sizing.is_some()).map(|v| format!("measured {}", ago(v.at_ms, ctx.now_ms)));
    let subtitle = when.as_deref().unwrap_or("not measured yet");
    Card::new("Sizing").subtitle(subtitle).explain(&terms::SIZING).show(ui, |ui| {
        ask(ui, ctx, draft, aim);
        jobs_here(ui, ctx, &[JobTopic::Size]);
        let Some(view) = view else { return };
        if let Some(why) = &view.failed {
            widgets::error_state(ui, "The sizing came to nothing", why, "Mend the cause, then size again.", None);
        }
        if let Some(sizing) = &view.sizing {
            found(ui, ctx, draft, aim, view, sizing);
        }
    });
}

/// What it is to carry, and the button that measures.
fn ask(ui: &mut Ui, ctx: &PanelContext<'_>, draft: &Draft, aim: &mut Aim) {
    let (mut requests, mut p95) = aim.wanted(draft);
    ui.horizontal_wrapped(|ui| {
        text::caption(ui, "Wanted");
        if number_field(ui, "Requests a second", &mut requests, 0.0..=1_000_000.0, "").changed() {
            aim.requests = Some(requests);
        }
        if number_field(ui, "p95 within", &mut p95, 0.0..=600_000.0, "ms").changed() {
            aim.p95_ms = Some(p95);
        }
        text::caption(ui, "0 is no target");
        let running = ctx.job(&JobTopic::Size).is_some().then_some("A sizing runs");
        let runtime = (!matches!(ctx.state.runtime, RuntimeView::Ready { .. })).then_some("ONNX Runtime is not ready");
        let model = draft.result(ctx.state).is_none().then_some("Choose a validated model");
        let why = running.or(runtime).or(model);
        if Button::secondary("Size on this machine").icon(Icon::Monitor).disabled_because(why).show(ui).clicked() {
            let request = Box::new(draft.built());
            ctx.command(Command::SizeModel { request, target: target((requests, p95)) });
        }
    });
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let settings = SizingPlan::usual(cores, Target::default()).settings.len();
    let words = format!(
        "{} are tried on the rows of the validation, about {}. Other work on this machine makes the figures worse.",
        format::counted(settings as u64, "setting"),
        format::seconds((settings as f64 * SECONDS_EACH).round()),
    );
    text::note(ui, &words);
}

fn found(ui: &mut Ui, ctx: &PanelContext<'_>, draft: &mut Draft, aim: &mut Aim, view: &SizingView, sizing: &Sizing) {
    ui.add_space(SPACE_S);
    let advised = sizing.advice.setting.and_then(|s| sizing.points.iter().position(|p| p.setting == s));
    let shown = aim.chosen.filter(|place| *place < sizing.points.len()).or(advised);
    ui.horizontal_top(|ui| {
        let (status, word) =
            if sizing.advice.reached { (Status::Ok, "this will do") } else { (Status::Warning, "not reached") };
        status_chip(ui, status, word);
        let words = RichText::new(&sizing.advice.sentence).font(body_font()).color(tokens(ui).text);
        ui.add(Label::new(words).wrap());
    });
    if let Some(point) = shown.and_then(|place| sizing.points.get(place)) {
        ui.horizontal_wrapped(|ui| {
            let same = uses(draft, &point.setting).then_some("The form has these settings already");
            let button = Button::secondary("Use these settings").icon(Icon::Check).disabled_because(same);
            if button.show(ui).clicked() {
                draft.take_setting(&point.setting);
            }
            text::caption(ui, &setting_words(&point.setting));
        });
    }
    ui.add_space(SPACE_S);
    let name = "Requests a second against p95";
    let footnote =
        format!("{} each, measured {}", format::counted(sizing.rows as u64, "row"), ago(view.at_ms, ctx.now_ms));
    let mut chosen = None;
    reflow(ui, "sizing figures", 2, 340.0, &[1.0, 2.05], |ui, place| {
        if place == 0 {
            chart_card(
                ui,
                ctx,
                Card::new("What each setting carries").footnote(&footnote),
                name,
                || numbers(sizing),
                |ui| {
                    let points: Vec<[f64; 2]> =
                        sizing.points.iter().map(|p| [p.requests_per_second, p.p95_ms]).collect();
                    let chart = ScatterChart::new(name, &points).axes("requests a second at full load", "p95, ms");
                    let (_, clicked) = chart.height(CHART).selected(shown).show(ui);
                    chosen = chosen.or(clicked);
                },
            );
        } else {
            let clicked = table(ui, sizing, shown);
            chosen = chosen.or(clicked);
        }
    });
    if chosen.is_some() {
        aim.chosen = chosen;
    }
}

fn uses(draft: &Draft, setting: &Setting) -> bool {
    let mut taken = draft.clone();
    taken.take_setting(setting);
    taken == *draft
}

fn setting_words(setting: &Setting) -> String {
    format!(
        "{} with {} each, batches of up to {}",
        format::counted(setting.workers as u64, "worker"),
        format::counted(setting.threads as u64, "thread"),
        format::counted(setting.max_batch as u64, "row"),
    )
}

fn table(ui: &mut Ui, sizing: &Sizing, shown: Option<usize>) -> Option<usize> {
    let titles = [
        ("workers", 62.0),
        ("threads", 58.0),
        ("batch", 50.0),
        ("requests/s", 78.0),
        ("rows/s", 70.0),
        ("at req/s", 64.0),
        ("p50", 66.0),
        ("p95", 66.0),
        ("p99", 66.0),
        ("memory", 66.0),
        ("start", 58.0),
    ];
    let columns = titles.map(|(title, width)| Column::numbers(title, width).min_width(width));
    let name = |row: usize| sizing.points.get(row).map(|p| setting_words(&p.setting)).unwrap_or_default();
    let mut table = Table::new("sizing", &columns).selectable(shown, &name);
    if sizing.points.len() > SHOWN {
        table = table.max_height(SHOWN as f32 * crate::app::theme::ROW_HEIGHT);
    }
    table.show(ui, sizing.points.len(), |ui, row, column| {
        if let Some(point) = sizing.points.get(row) {
            text::elided(ui, value(point, column));
        }
    })
}

fn value(point: &Point, column: usize) -> String {
    let ms = |value: f64| format::seconds(value / 1_000.0);
    let count = |value: f64| format::count(value.max(0.0).round() as u64);
    match column {
        0 => format::count(point.setting.workers as u64),
        1 => format::count(point.setting.threads as u64),
        2 => format::count(point.setting.max_batch as u64),
        3 => count(point.requests_per_second),
        4 => count(point.rows_per_second),
        5 => count(point.load),
        6 => ms(point.p50_ms),
        7 => ms(point.p95_ms),
        8 => ms(point.p99_ms),
        9 => format::bytes(point.peak_bytes),
        _ => ms(point.start_ms),
    }
}

fn numbers(sizing: &Sizing) -> String {
    let head = [
        "workers",
        "threads",
        "max_batch",
        "max_wait_us",
        "start_ms",
        "requests_per_second",
        "rows_per_second",
        "load",
        "p50_ms",
        "p95_ms",
        "p99_ms",
        "peak_bytes",
    ];
    let lines = sizing.points.iter().map(|p| {
        let number = |value: f64| csv::number(Some(value));
        [
            p.setting.workers.to_string(),
            p.setting.threads.to_string(),
            p.setting.max_batch.to_string(),
            p.setting.max_wait_us.to_string(),
            number(p.start_ms),
            number(p.requests_per_second),
            number(p.rows_per_second),
            number(p.load),
            number(p.p50_ms),
            number(p.p95_ms),
            number(p.p99_ms),
            p.peak_bytes.to_string(),
        ]
    });
    csv::table(&head, lines)
}
