//! How far a model falls when a feature is swapped among rows, disturbed or missing.

use eframe::egui::Ui;

use super::looks::{Change, Looks};
use super::problem;
use super::view::View;
use crate::app::context::PanelContext;
use crate::app::panels::page::{self, chart_card, tall};
use crate::app::widgets::{
    Button, Card, Column, Explainer, Icon, IntervalDot, Table, format, interval_dots, segmented, text,
};
use crate::backend::Command;
use crate::backend::event::JobTopic;
use crate::backend::state::RunView;
use crate::report::csv;
use crate::stats::metric::title;
use crate::validate::report::ModelResult;
use crate::validate::robustness::{Effect, FeatureRobustness, Robustness, RobustnessSettings, scorings};

/// Features that are drawn; the table has all.
const DRAWN: usize = 15;
/// Height of the table in points; more scroll.
const HEIGHT: f32 = 320.0;
/// Most points that a fall with its interval takes.
const FALL_WIDTH: f32 = 230.0;

impl Change {
    const ALL: [(Self, &'static str); 3] = [(Self::Swap, "Swap"), (Self::Noise, "Noise"), (Self::Missing, "Missing")];

    pub(super) fn of(self, feature: &FeatureRobustness) -> &Effect {
        match self {
            Self::Swap => &feature.swap,
            Self::Noise => &feature.noise,
            Self::Missing => &feature.missing,
        }
    }

    /// Places of the features, the largest fall first, those without one last.
    pub(super) fn order(self, found: &Robustness) -> Vec<usize> {
        let mut places: Vec<usize> = (0..found.features.len()).collect();
        let fall =
            |place: &usize| found.features.get(*place).and_then(|f| self.of(f).fall).unwrap_or(f64::NEG_INFINITY);
        places.sort_by(|a, b| fall(b).total_cmp(&fall(a)));
        places
    }

    pub(super) fn place(self) -> usize {
        self as usize
    }
}

pub(super) fn ui(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    run: &RunView,
    model: &ModelResult,
    view: &View,
    looks: &mut Looks,
) {
    let help = Explainer::new(
        "Robustness",
        "A sample of rows is scored again with one feature changed: its values swapped among the rows, a little noise \
         added, or all missing. The fall of the metric says how much the model rests on the feature and how badly it \
         takes errors in it.",
    )
    .formula("fall = metric before − metric after, positive for the worse")
    .convention("swap: permutation importance (Breiman 2001), the mean of 3; noise: 0.1 standard deviations, or another value in 10 % of the rows");
    let words = model.robustness.as_ref().map_or_else(
        || "not tested yet".to_owned(),
        |found| {
            let rows = format::counted(found.rows as u64, "row");
            format!("{} {} on {rows}", title(&found.metric), format::metric(Some(found.value), None))
        },
    );
    let card = Card::new("Robustness").subtitle(&words).explain(&help);
    let numbers = || model.robustness.as_ref().map(numbers).unwrap_or_default();
    let content = |ui: &mut Ui| {
        ask(ui, ctx, run, model);
        page::jobs_here(ui, ctx, &[JobTopic::Robustness]);
        let failure = ctx.state.looked.robustness.as_ref();
        if let Some(failure) = failure.filter(|f| f.run == run.id && f.model == model.sha256) {
            problem(ui, &failure.why);
        }
        let Some(found) = &model.robustness else { return };
        let features = |change: Change| {
            let order = view.falls.get(change.place()).map_or(&[][..], Vec::as_slice);
            order.iter().filter_map(|place| found.features.get(*place))
        };
        segmented(ui, "Change", &mut looks.change, &Change::ALL);
        let change = looks.change;
        let with_fall = || features(change).filter(|f| change.of(f).fall.is_some());
        let dots: Vec<IntervalDot<'_>> = with_fall()
            .take(DRAWN)
            .map(|feature| {
                let effect = change.of(feature);
                let interval = effect.low.zip(effect.high);
                IntervalDot { name: &feature.column, value: effect.fall, interval, color: 0 }
            })
            .collect();
        if dots.is_empty() {
            text::note(ui, "This change could not be tested on any feature; the table says why.");
        } else {
            text::caption(ui, &format!("fall of {}, the largest first", title(&found.metric)));
            interval_dots(ui, "Fall by feature", &dots, None);
        }
        let (drawn, all) = (dots.len(), with_fall().count());
        if all > drawn {
            text::note(ui, &format!("The {drawn} largest of {all} are drawn"));
        }
        let listed: Vec<&FeatureRobustness> = features(change).collect();
        table(ui, &listed, found.value);
    };
    if model.robustness.is_some() {
        chart_card(ui, ctx, card, "robustness", numbers, content);
    } else {
        card.fill().show(ui, content);
    }
}

/// The button with what the test will take.
fn ask(ui: &mut Ui, ctx: &PanelContext<'_>, run: &RunView, model: &ModelResult) {
    let settings = RobustnessSettings::default();
    let mut features: Vec<&str> = model.binding.columns().collect();
    features.sort_unstable();
    features.dedup();
    let count = scorings(features.len(), &settings);
    let rows = settings.rows.min(run.report.data.rows);
    let seconds = (count * rows) as f64 / model.rows_per_second;
    let why = if features.is_empty() {
        Some("Predictions in columns cannot be asked again with other values")
    } else if run.report.plan.is_none() {
        Some("The validation was made by an older version; run it again first")
    } else if ctx.job(&JobTopic::Robustness).is_some() {
        Some("A test runs already")
    } else {
        None
    };
    ui.horizontal_wrapped(|ui| {
        let words = if model.robustness.is_some() { "Test again" } else { "Test robustness" };
        if Button::secondary(words).icon(Icon::Play).disabled_because(why).show(ui).clicked() {
            ctx.command(Command::TestRobustness { run: run.id, model: model.sha256.clone() });
        }
        let scorings = format::counted(count as u64, "scoring");
        let time = if seconds.is_finite() { format!(", about {}", format::seconds(seconds)) } else { String::new() };
        text::caption(ui, &format!("{scorings} of {}{time}", format::counted(rows as u64, "row")));
        if let (Some(why), true) = (why, features.is_empty() || run.report.plan.is_none()) {
            text::note(ui, why);
        }
    });
}

fn words(effect: &Effect, decimals: usize) -> String {
    let ends = effect.low.zip(effect.high);
    let interval = ends.map(|_| format!("  ({})", format::interval(ends, decimals))).unwrap_or_default();
    let fall = effect.fall.map_or_else(|| format::NONE.to_owned(), |fall| format::decimal(fall, decimals));
    format!("{fall}{interval}")
}

/// Why a change has no fall, or what limits it.
fn notes(feature: &FeatureRobustness) -> String {
    let of =
        |(change, name): &(Change, &str)| change.of(feature).reason.as_ref().map(|reason| format!("{name}: {reason}"));
    Change::ALL.iter().filter_map(of).collect::<Vec<_>>().join(" ")
}

fn table(ui: &mut Ui, features: &[&FeatureRobustness], before: f64) {
    // A fall is told as exactly as the metric that falls.
    let decimals = format::metric_decimals(before, None);
    let falls = |change: Change| features.iter().map(|f| words(change.of(f), decimals)).collect::<Vec<_>>();
    let columns = [("swap", falls(Change::Swap)), ("noise", falls(Change::Noise)), ("missing", falls(Change::Missing))];
    let [swap, noise, missing] = columns
        .each_ref()
        .map(|(title, falls)| Column::numbers(title, 1.2).fit(ui, falls.iter().map(String::as_str), FALL_WIDTH));
    let heads = [
        Column::words("feature", 1.2).min_width(100.0),
        swap,
        noise,
        missing,
        Column::words("what limits it", 2.4).min_width(200.0),
    ];
    let height = HEIGHT.min(24.0 + 28.0 * features.len() as f32 + 20.0);
    tall(ui, height, |ui| {
        Table::new("robustness", &heads).max_height(HEIGHT - 44.0).show(ui, features.len(), |ui, row, column| {
            let Some(feature) = features.get(row) else { return };
            let effect = match column {
                0 => {
                    text::elided(ui, feature.column.as_str());
                    return;
                }
                1 => &feature.swap,
                2 => &feature.noise,
                3 => &feature.missing,
                _ => {
                    text::elided(ui, notes(feature));
                    return;
                }
            };
            let cell = text::elided(ui, words(effect, decimals));
            if let Some(reason) = effect.reason.as_ref().or(effect.method.as_ref()) {
                cell.on_hover_text(reason);
            }
        });
    });
}

fn numbers(found: &Robustness) -> String {
    let head = ["feature", "change", "value", "fall", "low", "high", "rows", "skipped", "method", "reason"];
    let rows = found.features.iter().flat_map(|feature| {
        Change::ALL.map(|(change, name)| {
            let e = change.of(feature);
            [
                feature.column.clone(),
                name.to_lowercase(),
                csv::number(e.value),
                csv::number(e.fall),
                csv::number(e.low),
                csv::number(e.high),
                e.rows.to_string(),
                e.skipped.to_string(),
                e.method.clone().unwrap_or_default(),
                e.reason.clone().unwrap_or_default(),
            ]
        })
    });
    csv::table(&head, rows)
}
