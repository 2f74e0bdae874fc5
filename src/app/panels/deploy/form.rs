//! The form of a new deployment.

use eframe::egui::Ui;

use super::draft::{Cut, Draft, Field, Origin, USUAL_RATE};
use super::setup::{Setup, consumers, endpoint, readiness, sizing};
use super::{rate, terms};
use crate::app::action::Action;
use crate::app::context::{PanelContext, Subject};
use crate::app::panels::validate::signoff::signed_words;
use crate::app::theme::{SPACE_M, SPACE_XS, Status, dim, tokens};
use crate::app::widgets::{
    Button, Card, Icon, choice, choice_named, explainer_mark, format, number_field, reflow, segmented, text, text_field,
};
use crate::backend::Approval;
use crate::backend::command::{ModelId, RunId};
use crate::backend::event::JobTopic;
use crate::data::Kind;
use crate::stats::metric;
use crate::validate::report::main_metric;

/// From this width on the cards stand in one row, in points.
const WIDE: f32 = 980.0;
/// Most workers, and most threads of one; a range this wide is dragged in whole steps.
const MOST: f64 = 512.0;
const WHAT: &str = "Model and reference";
const FEED: &str = "Feed";
const ENDPOINT: &str = "Endpoint";
const WORK: &str = "Workers and queue";

/// What a person did with the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Start,
    PutAside,
}

pub(super) fn ui(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    draft: &mut Draft,
    setup: &mut Setup,
    can_put_aside: bool,
) -> Option<Done> {
    setup.checker.follow(ui, ctx, draft);
    ui.horizontal(|ui| {
        let words = dim(ui, "Requests come from");
        ui.label(words);
        let origins = [(Origin::Replay, "Replay a dataset"), (Origin::Http, "HTTP calls")];
        segmented(ui, "Requests come from", &mut draft.origin, &origins);
    });
    if draft.origin == Origin::Http && matches!(draft.cut, Cut::Day | Cut::Week | Cut::Month) {
        draft.cut = Cut::Usual;
    }
    ui.add_space(SPACE_XS);
    let problems = draft.problems(ctx.state);
    let say = |ui: &mut Ui, field: Field| {
        for (_, words) in problems.iter().filter(|(f, _)| *f == field) {
            problem(ui, words);
        }
    };
    if ui.available_width() < WIDE {
        reflow(ui, "narrow deploy form", 2, 300.0, &[], |ui, place| {
            if place == 0 {
                what(ui, ctx, draft, &say, Card::new(WHAT));
                ui.add_space((SPACE_M - ui.spacing().item_spacing.y).max(0.0));
                work(ui, draft, &say, Card::new(WORK));
            } else {
                source(ui, ctx, draft, &say, false);
            }
        });
    } else {
        reflow(ui, "deploy form", 3, 300.0, &[1.2, 1.0, 0.8], |ui, place| match place {
            0 => what(ui, ctx, draft, &say, Card::new(WHAT).fill()),
            1 => source(ui, ctx, draft, &say, true),
            _ => work(ui, draft, &say, Card::new(WORK).fill()),
        });
    }
    say(ui, Field::All);
    let mut done = None;
    ui.horizontal(|ui| {
        let starting = ctx.job(&JobTopic::Deploy).is_some().then_some("A deployment is being prepared");
        let question = draft.question();
        let blocked = readiness::in_the_way(ctx.state, &question);
        let why = starting.or_else(|| problems.first().map(|(_, words)| words.as_str())).or(blocked.as_deref());
        let start = Action::StartDeployment.text();
        if Button::primary(&start).icon(Icon::Play).disabled_because(why).show(ui).clicked() {
            done = Some(Done::Start);
        }
        if can_put_aside && Button::quiet("Put aside").show(ui).clicked() {
            done = Some(Done::PutAside);
        }
        let none = draft.result(ctx.state).is_none().then_some("Choose a validated model");
        let export = Button::quiet("Export for a cluster…").icon(Icon::Export).disabled_because(none);
        let files = "Writes a Triton model repository and a KServe manifest into a folder";
        if export.hover(files).show(ui).clicked() {
            ctx.export_cluster(draft.built());
        }
        if let Some(why) = why {
            text::caption(ui, why);
        }
    });
    let gap = (SPACE_M - ui.spacing().item_spacing.y).max(0.0);
    ui.add_space(gap);
    readiness::card(ui, ctx, draft, &mut setup.checker);
    ui.add_space(gap);
    if draft.origin == Origin::Http {
        consumers::card(ui, ctx, draft, &mut setup.editing, &say);
        ui.add_space(gap);
    }
    sizing::card(ui, ctx, draft, &mut setup.aim);
    ui.add_space(gap);
    done
}

/// Where requests come from: the feed, or the endpoint.
fn source(ui: &mut Ui, ctx: &PanelContext<'_>, draft: &mut Draft, say: &dyn Fn(&mut Ui, Field), fill: bool) {
    let card = |title| if fill { Card::new(title).fill() } else { Card::new(title) };
    match draft.origin {
        Origin::Replay => feed(ui, ctx, draft, say, card(FEED)),
        Origin::Http => endpoint::ui(ui, ctx, draft, say, card(ENDPOINT)),
    }
}

/// Threads and what waits before them.
fn work(ui: &mut Ui, draft: &mut Draft, say: &dyn Fn(&mut Ui, Field), card: Card<'_>) {
    match draft.origin {
        Origin::Replay => worker(ui, draft, say, card),
        Origin::Http => endpoint::workers(ui, draft, say, card),
    }
}

/// How the model stands with its sign-off; why it is refused is said as a problem of the form.
fn approved(ui: &mut Ui, ctx: &PanelContext<'_>, approval: &Approval, draft: &Draft, other_threshold: bool) {
    match approval {
        Approval::Signed(signed) => {
            let status = if signed.signed.override_reason.is_some() { Status::Warning } else { Status::Ok };
            let color = status.text_color(tokens(ui));
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = SPACE_XS;
                status.icon().show(ui, 14.0, color);
                ui.colored_label(color, signed_words(signed));
            });
            if let Some(reason) = &signed.signed.override_reason {
                text::note(ui, &format!("It fails its gates, which was overridden: {reason}"));
            }
            if other_threshold {
                text::note(ui, "The numbers were signed at another threshold than the one chosen here.");
            }
        }
        Approval::Unsigned(policy) => {
            text::note(ui, &format!("Not signed off yet. No gate of “{policy}” stands in its way."));
        }
        Approval::Unjudged => {
            text::note(ui, "Not signed off. It was validated without a policy, so no gate stands in its way.");
        }
        Approval::Refused(_) => {
            if Button::secondary("Sign off in Validate").icon(Icon::Lock).show(ui).clicked() {
                ctx.show(Subject::Run(draft.run, Some(draft.model.clone())));
            }
        }
    }
}

/// What is wrong with a field, below it.
pub(super) fn problem(ui: &mut Ui, words: &str) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = SPACE_XS;
        let color = Status::Alert.text_color(tokens(ui));
        Icon::Alert.show(ui, 14.0, color);
        ui.colored_label(color, words);
    });
}

pub(super) fn term(ui: &mut Ui, label: &str, help: &crate::app::widgets::Explainer) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = SPACE_XS;
        let words = dim(ui, label);
        ui.label(words);
        explainer_mark(ui, help);
    });
}

/// Every validated model with its run, the newest run and the recommended model first.
fn candidates(ctx: &PanelContext<'_>) -> Vec<((RunId, ModelId), String)> {
    let state = ctx.state;
    let mut found = Vec::new();
    for run in &state.runs {
        let recommended = run.report.recommendation.as_ref().map(|r| r.model);
        let mut of_run: Vec<_> = run
            .report
            .models
            .iter()
            .enumerate()
            .filter(|(_, result)| state.models.iter().any(|m| m.id == result.sha256))
            .map(|(place, result)| {
                let metric = main_metric(result.task);
                let value = format::metric(result.value(metric), None);
                let mark = if recommended == Some(place) { " · recommended" } else { "" };
                let words =
                    format!("{} · {} {value} on {}{mark}", result.name, metric::title(metric), run.dataset_name);
                (recommended != Some(place), ((run.id, result.sha256.clone()), words))
            })
            .collect();
        of_run.sort_by_key(|(rest, _)| *rest);
        found.extend(of_run.into_iter().map(|(_, candidate)| candidate));
    }
    found
}

fn what(ui: &mut Ui, ctx: &PanelContext<'_>, draft: &mut Draft, say: &dyn Fn(&mut Ui, Field), card: Card<'_>) {
    card.explain(&terms::REFERENCE).show(ui, |ui| {
        text::caption(ui, "Validated model");
        let candidates = candidates(ctx);
        let options: Vec<((RunId, ModelId), &str)> =
            candidates.iter().map(|(key, words)| (key.clone(), words.as_str())).collect();
        let mut chosen = (draft.run, draft.model.clone());
        let width = ui.available_width();
        if choice_named(ui, "Validated model", &mut chosen, &options, width) {
            let before = draft.clone();
            *draft = Draft::new(ctx.state, chosen.0, &chosen.1);
            // What does not hang on the model stays as it was set.
            *draft = Draft {
                name: draft.name.clone(),
                run: draft.run,
                model: draft.model.clone(),
                feed: draft.feed.clone(),
                time: draft.time.clone(),
                threshold: draft.threshold,
                ..before
            };
        }
        say(ui, Field::Model);
        text_field(ui, "Name", &mut draft.name, "A name for people", (width - 110.0).max(80.0));
        say(ui, Field::Name);
        if let Some((run, result)) = draft.result(ctx.state) {
            let rows = format::counted(result.rows as u64, "row");
            text::caption(ui, &format!("Reference: {} · {rows}", run.dataset_name));
            if let Some(threshold) = draft.threshold.or(result.threshold) {
                let origin = if draft.threshold.is_some() { "chosen in Validate" } else { "as validated" };
                text::caption(ui, &format!("Threshold: {} · {origin}", format::decimal(threshold, 3)));
            }
            if let Some(approval) = Approval::of(ctx.state, draft.run, &draft.model) {
                let moved = draft.threshold.is_some_and(|t| Some(t) != result.threshold);
                approved(ui, ctx, &approval, draft, moved);
            }
            let reason = run
                .report
                .recommendation
                .as_ref()
                .filter(|r| run.report.models.get(r.model).is_some_and(|m| m.sha256 == draft.model));
            if let Some(recommendation) = reason {
                text::note(ui, &recommendation.reason);
            } else if let Some(against) = result.against_training.as_ref().filter(|a| !a.holds) {
                let words = format!(
                    "This model does not hold up: {} was {} in training and is {} here.",
                    metric::title(&against.metric),
                    format::metric(Some(against.training), None),
                    format::metric(Some(against.value), None),
                );
                problem(ui, &words);
            }
        }
    });
}

fn feed(ui: &mut Ui, ctx: &PanelContext<'_>, draft: &mut Draft, say: &dyn Fn(&mut Ui, Field), card: Card<'_>) {
    card.subtitle("replay of a dataset").explain(&terms::FEED).show(ui, |ui| {
        let words: Vec<_> = ctx
            .state
            .datasets
            .iter()
            .map(|d| (d.id.clone(), format!("{} · {}", d.name, format::counted(d.rows as u64, "row"))))
            .collect();
        let mut options = vec![(None, "choose a dataset")];
        options.extend(words.iter().map(|(id, words)| (Some(id.clone()), words.as_str())));
        if choice(ui, "Dataset", &mut draft.feed, &options) {
            draft.feed_changed(ctx.state);
        }
        say(ui, Field::Feed);
        let mut times: Vec<(Option<String>, &str)> = vec![(None, "none: rows are numbered")];
        if let Some(feed) = draft.feed_view(ctx.state) {
            let columns = feed.schema.iter().filter(|c| c.kind == Kind::Time);
            times.extend(columns.map(|c| (Some(c.name.clone()), c.name.as_str())));
        }
        choice(ui, "Time", &mut draft.time, &times);
        say(ui, Field::Time);
        text::caption(ui, "Rows a second");
        rate::presets(ui, "Rate of the draft", &mut draft.rate);
        ui.horizontal_wrapped(|ui| {
            let mut value = draft.rate.unwrap_or(USUAL_RATE);
            ui.add_enabled_ui(draft.rate.is_some(), |ui| {
                if number_field(ui, "Rate", &mut value, 1.0..=1_000_000.0, "rows/s").changed() {
                    draft.rate = Some(value.round());
                }
            });
            ui.checkbox(&mut draft.repeat, "Repeat at the end");
        });
        term(ui, "Chunks", &terms::CHUNKS);
        let by_rows = [(Cut::Usual, "default"), (Cut::Rows, "rows")];
        let by_date = [
            (Cut::Usual, "default"),
            (Cut::Rows, "rows"),
            (Cut::Day, "day"),
            (Cut::Week, "week"),
            (Cut::Month, "month"),
        ];
        let cuts: &[(Cut, &str)] = if draft.time.is_some() { &by_date } else { &by_rows };
        segmented(ui, "Chunks", &mut draft.cut, cuts);
        if draft.cut == Cut::Rows {
            number_field(ui, "Rows a chunk", &mut draft.cut_rows, 200.0..=1_000_000.0, "");
        }
        say(ui, Field::Chunking);
    });
}

fn worker(ui: &mut Ui, draft: &mut Draft, say: &dyn Fn(&mut Ui, Field), card: Card<'_>) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    card.explain(&terms::WORKERS).show(ui, |ui| {
        number_field(ui, "Workers", &mut draft.workers, 1.0..=MOST, "");
        number_field(ui, "Threads", &mut draft.threads, 1.0..=MOST, "");
        number_field(ui, "Batch", &mut draft.batch_rows, 1.0..=65_536.0, "rows");
        number_field(ui, "Queue", &mut draft.queue_batches, 1.0..=4_096.0, "batches");
        for value in [&mut draft.workers, &mut draft.threads, &mut draft.batch_rows, &mut draft.queue_batches] {
            *value = value.round().max(1.0);
        }
        say(ui, Field::Worker);
        let used = draft.workers * draft.threads;
        let bound = (draft.batch_rows * draft.queue_batches) as u64;
        let words = format!(
            "{} of {} asked for · up to {} wait",
            format::count(used as u64),
            format::counted(cores as u64, "core"),
            format::counted(bound, "row"),
        );
        text::note(ui, &words);
        crowded(ui, used as usize, cores);
    });
}

/// Says that more threads are asked for than there are cores.
pub(super) fn crowded(ui: &mut Ui, asked: usize, cores: usize) {
    if asked > cores {
        ui.horizontal_wrapped(|ui| {
            let color = Status::Warning.text_color(tokens(ui));
            Icon::Warning.show(ui, 14.0, color);
            ui.colored_label(color, "More threads than cores: they will wait for each other");
        });
    }
}
