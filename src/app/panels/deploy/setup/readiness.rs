//! The readiness list: asked for while a deployment is set up, shown line by line, and kept with what was started.

use std::time::Duration;

use eframe::egui::{Align, Label, Layout, RichText, Ui, vec2};

use crate::app::context::PanelContext;
use crate::app::panels::deploy::draft::Draft;
use crate::app::panels::deploy::terms;
use crate::app::panels::words::{ago, moment};
use crate::app::theme::{SPACE_M, SPACE_XS, Status, body_font, small_font, strong, tokens};
use crate::app::widgets::{Button, Card, Icon, status_chip, text};
use crate::backend::command::DeployRequest;
use crate::backend::state::{DeploymentView, RuntimeView};
use crate::backend::{Command, State};
use crate::deploy::readiness::{Fitness, Line, Readiness};

/// Seconds without a change before the list is asked for again.
const PAUSE: f64 = 0.4;
/// Widths of the words that stand before a sentence, in points.
const STATUS_WIDTH: f32 = 108.0;
const WHAT_WIDTH: f32 = 176.0;
/// From this width on what to do stands beside what was seen, in points.
const WIDE: f32 = 860.0;

/// What the list is about: the deployment, and what else it is judged by, as far as a change of it can be seen.
#[derive(Clone, Debug, PartialEq)]
struct Question {
    request: DeployRequest,
    runtime: bool,
    sign_offs: usize,
    sized_at_ms: Option<i64>,
    live: usize,
    /// Where the model's entry lies: another place when its card was changed.
    model: usize,
}

impl Question {
    fn of(state: &State, draft: &Draft) -> Self {
        let model = state.models.iter().find(|m| m.id == draft.model);
        Self {
            request: draft.question(),
            runtime: matches!(state.runtime, RuntimeView::Ready { .. }),
            sign_offs: state.sign_offs.len(),
            sized_at_ms: state.sizing.get(&draft.model).map(|view| view.at_ms),
            live: state.deployments.iter().filter(|d| d.live).count(),
            model: model.map_or(0, |m| std::sync::Arc::as_ptr(m) as usize),
        }
    }
}

/// Asks for the list when what it is about has changed and rested for a moment.
#[derive(Debug, Default)]
pub(in crate::app::panels::deploy) struct Checker {
    asked: Option<Question>,
    waiting: Option<(Question, f64)>,
}

impl Checker {
    /// Looks at the draft; the first question is asked at once.
    pub(in crate::app::panels::deploy) fn follow(&mut self, ui: &Ui, ctx: &PanelContext<'_>, draft: &Draft) {
        let question = Question::of(ctx.state, draft);
        let Some(asked) = &self.asked else { return self.ask(ctx, question) };
        if *asked == question {
            self.waiting = None;
            return;
        }
        let now = ui.input(|i| i.time);
        let since = match &self.waiting {
            Some((waiting, since)) if *waiting == question => *since,
            _ => now,
        };
        let left = PAUSE - (now - since);
        if left <= 0.0 {
            return self.ask(ctx, question);
        }
        self.waiting = Some((question, since));
        ui.ctx().request_repaint_after(Duration::try_from_secs_f64(left).unwrap_or_default());
    }

    fn ask(&mut self, ctx: &PanelContext<'_>, question: Question) {
        ctx.command(Command::CheckReadiness(Box::new(question.request.clone())));
        self.asked = Some(question);
        self.waiting = None;
    }
}

/// What keeps a deployment from starting, as its list says; `None` while there is no list for it.
pub(in crate::app::panels::deploy) fn in_the_way(state: &State, question: &DeployRequest) -> Option<String> {
    let view = state.readiness.as_ref().filter(|view| view.request == *question)?;
    view.list.in_the_way().next().map(|line| format!("{}: {}", line.what, line.why))
}

fn status(fitness: Fitness) -> Status {
    match fitness {
        Fitness::Ready => Status::Ok,
        Fitness::Caution => Status::Warning,
        Fitness::Blocked => Status::Alert,
    }
}

/// How the whole list stands, with how many lines make it so.
fn whole(list: &Readiness) -> (Status, String) {
    let fitness = list.fitness();
    let count = list.lines.iter().filter(|line| line.fitness == fitness).count();
    let words = match fitness {
        Fitness::Ready => "all ready".to_owned(),
        Fitness::Caution => format!("{count} to look at"),
        Fitness::Blocked => format!("{count} in the way"),
    };
    (status(fitness), words)
}

/// The list of a deployment that is being set up.
pub(in crate::app::panels::deploy) fn card(ui: &mut Ui, ctx: &PanelContext<'_>, draft: &Draft, checker: &mut Checker) {
    let question = draft.question();
    let view = ctx.state.readiness.as_ref();
    let fresh = view.is_some_and(|view| view.request == question);
    let seen = match view {
        Some(view) if fresh => format!("looked {}", ago(view.at_ms, ctx.now_ms)),
        _ => "Looking…".to_owned(),
    };
    let mut again = false;
    let head = |ui: &mut Ui| {
        again = Button::quiet("Check again").icon(Icon::Refresh).show(ui).clicked();
        if let Some(view) = view.filter(|_| fresh) {
            let (status, words) = whole(&view.list);
            status_chip(ui, status, &words);
        }
    };
    Card::new("Readiness").subtitle(&seen).explain(&terms::READINESS).show_with(ui, head, |ui| match view {
        Some(view) => {
            // What was found for the draft as it was a moment ago stays in sight until the new list is there.
            ui.add_enabled_ui(fresh, |ui| lines(ui, &view.list));
        }
        None => {
            text::note(ui, "Runtime, memory, approval, card, feed and disk are looked at before anything starts.");
        }
    });
    if again {
        checker.ask(ctx, Question::of(ctx.state, draft));
    }
}

/// The list as it was when a deployment started, folded in until it is asked for.
pub(in crate::app::panels::deploy) fn at_start(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    deployment: &DeploymentView,
    open: &mut bool,
) {
    let list = deployment.readiness.as_deref();
    let when = moment(deployment.started_at_ms);
    let (mut turned, mut export) = (false, false);
    let head = |ui: &mut Ui| {
        let button = Button::quiet("Export for a cluster…").icon(Icon::Export);
        let files = "Writes a Triton model repository and a KServe manifest into a folder";
        export = button.hover(files).show(ui).clicked();
        if list.is_some() {
            let (words, icon) = if *open { ("Hide", Icon::ChevronDown) } else { ("Show", Icon::ChevronRight) };
            let name = format!("{words} the readiness at the start");
            turned = Button::quiet(words).name(&name).icon(icon).show(ui).clicked();
        }
        if let Some(list) = list {
            let (status, words) = whole(list);
            status_chip(ui, status, &words);
        }
    };
    let card = Card::new("Readiness at the start").subtitle(&when).explain(&terms::READINESS);
    card.show_with(ui, head, |ui| match list {
        Some(list) if *open => lines(ui, list),
        Some(_) => {}
        None => {
            text::note(ui, "No list was kept: it was started by an earlier version.");
        }
    });
    if turned {
        *open = !*open;
    }
    if export {
        ctx.export_cluster((*deployment.request).clone());
    }
}

fn lines(ui: &mut Ui, list: &Readiness) {
    ui.spacing_mut().item_spacing.y = SPACE_XS;
    for (place, line) in list.lines.iter().enumerate() {
        if place > 0 {
            let t = tokens(ui);
            let y = ui.cursor().top();
            ui.painter().hline(ui.max_rect().x_range(), y, eframe::egui::Stroke::new(1.0, t.grid));
            ui.add_space(SPACE_XS);
        }
        one(ui, line);
    }
}

fn one(ui: &mut Ui, line: &Line) {
    let room = ui.available_width();
    let wide = room >= WIDE;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = SPACE_M;
        fixed(ui, STATUS_WIDTH, |ui| {
            status_chip(ui, status(line.fitness), line.fitness.word());
        });
        fixed(ui, WHAT_WIDTH, |ui| {
            text::elided(ui, strong(line.what.as_str()));
        });
        let left = room - STATUS_WIDTH - WHAT_WIDTH - 2.0 * SPACE_M;
        if wide {
            let half = (left - SPACE_M) / 2.0;
            sentence(ui, half, |ui| why(ui, line));
            sentence(ui, half, |ui| mend(ui, line));
        } else {
            sentence(ui, left, |ui| {
                why(ui, line);
                mend(ui, line);
            });
        }
    });
}

fn why(ui: &mut Ui, line: &Line) {
    let words = RichText::new(&line.why).font(body_font()).color(tokens(ui).text);
    ui.add(Label::new(words).wrap());
}

fn mend(ui: &mut Ui, line: &Line) {
    if let Some(mend) = &line.mend {
        let words = RichText::new(mend).font(small_font()).color(tokens(ui).dim);
        ui.add(Label::new(words).wrap());
    }
}

/// A part of a line as wide as that of the lines above and below.
fn fixed(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, 20.0), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        ui.set_max_width(width);
        content(ui);
    });
}

fn sentence(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, 20.0), Layout::top_down(Align::Min), |ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.add_space(1.0);
        content(ui);
    });
}
