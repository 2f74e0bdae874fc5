//! Which column feeds which input, and the ways to change it.

use std::sync::Arc;

use eframe::egui::Ui;

use super::setup::Setup;
use crate::app::context::PanelContext;
use crate::app::theme::SPACE_XS;
use crate::app::widgets::{Button, Card, Column, Explainer, Table, choice_named, format, text};
use crate::backend::Command;
use crate::backend::event::JobTopic;
use crate::backend::state::{DatasetView, ModelView, Preparation};

/// Height of the table's rows in points; more scroll.
const HEIGHT: f32 = 230.0;

struct Line {
    /// As the backend calls it: the input, or `input[3]`.
    input: String,
    column: Option<String>,
    words: String,
}

/// The lines of the last preparation, so that they are not made anew each frame.
#[derive(Default)]
pub(super) struct Cache {
    of: Option<Arc<Preparation>>,
    lines: Vec<Line>,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} lines", self.lines.len())
    }
}

fn lines(model: &ModelView, prepared: &Preparation) -> Vec<Line> {
    let mut lines = Vec::new();
    for port in &model.inspection.inputs {
        let Some(bound) = prepared.binding.get(&port.name).filter(|b| !b.columns.is_empty()) else {
            lines.push(Line { input: port.name.clone(), column: None, words: "no column".to_owned() });
            continue;
        };
        let cast = bound.cast.words();
        let words = [bound.how.words(), cast].into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" · ");
        let matrix = bound.columns.len() > 1;
        lines.extend(bound.columns.iter().enumerate().map(|(place, used)| Line {
            input: if matrix { format!("{}[{place}]", port.name) } else { port.name.clone() },
            column: Some(used.column.clone()),
            words: words.clone(),
        }));
    }
    lines
}

impl Cache {
    fn settle(&mut self, model: &ModelView, prepared: &Arc<Preparation>) {
        if !self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, prepared)) {
            self.lines = lines(model, prepared);
            self.of = Some(Arc::clone(prepared));
        }
    }
}

/// The chip's words: how many inputs have a column, or how many have none.
pub(super) fn bound_words(prepared: &Preparation) -> String {
    match prepared.unbound.len() {
        0 => {
            let columns = prepared.binding.columns().count();
            format!("{} bound", format::counted(columns as u64, "input"))
        }
        open => format!("{} unbound", format::counted(open as u64, "input")),
    }
}

pub(super) fn ui(ui: &mut Ui, ctx: &PanelContext<'_>, setup: &mut Setup, cache: &mut Cache) {
    let help = Explainer::new(
        "Binding",
        "Which column of the dataset feeds which input of the model. Names are matched exactly, then without case and \
         punctuation; what you choose by hand is kept for this model and dataset.",
    );
    let models = setup.models(ctx.state);
    let (model, data) = (models.first().copied(), setup.data(ctx.state));
    let subtitle = model.map_or(String::new(), |m| m.name.clone());
    Card::new("Binding").subtitle(&subtitle).explain(&help).fill().show(ui, |ui| {
        let (Some(model), Some(data)) = (model, data) else {
            text::note(ui, "Tick a candidate and choose a dataset to see which column feeds which input.");
            return;
        };
        let Some(prepared) = setup.prepared(ctx.state) else {
            if ctx.job(&JobTopic::Prepare).is_some() || data.problem.is_none() {
                text::note(ui, "Working out which column feeds which input");
            } else {
                text::note(ui, "The dataset could not be read.");
            }
            if ctx.job(&JobTopic::Prepare).is_none() && Button::quiet("Look again").show(ui).clicked() {
                setup.prepare_again();
            }
            return;
        };
        cache.settle(model, prepared);
        table(ui, ctx, model, data, prepared, cache);
        if prepared.by_order_possible {
            ui.add_space(SPACE_XS);
            let hover = "Feeds the columns to the model in the order of the file";
            if Button::secondary("Take file order").hover(hover).show(ui).clicked() {
                ctx.command(Command::BindByOrder { model: model.id.clone(), dataset: data.id.clone() });
            }
        }
        for problem in &prepared.problems {
            if problem.blocks {
                super::problem(ui, &problem.sentence);
            } else {
                text::note(ui, &problem.sentence);
            }
            if problem.rows_only {
                let words = if problem.blocks { "Skip such rows" } else { "Do not skip them" };
                let name = format!("{words} of {}", problem.input);
                if Button::secondary(words).name(&name).show(ui).clicked() {
                    ctx.command(Command::SkipRows {
                        model: model.id.clone(),
                        dataset: data.id.clone(),
                        input: problem.input.clone(),
                        skip: problem.blocks,
                    });
                }
            }
        }
        if !prepared.unused.is_empty() {
            text::caption(ui, &format!("Not used: {}", prepared.unused.join(", ")));
        }
    });
}

fn table(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    model: &ModelView,
    data: &DatasetView,
    prepared: &Preparation,
    cache: &Cache,
) {
    let mut options: Vec<(Option<String>, &str)> = vec![(None, "as proposed")];
    let columns = data.schema.iter().filter(|c| Some(&c.name) != prepared.target.as_ref());
    options.extend(columns.map(|c| (Some(c.name.clone()), c.name.as_str())));
    let heads = [
        Column::words("Input", 1.0).min_width(90.0),
        Column::words("Column", 1.3).min_width(140.0),
        Column::words("How", 1.2).min_width(90.0),
    ];
    Table::new("binding", &heads).max_height(HEIGHT).row_height(32.0).show(ui, cache.lines.len(), |ui, row, column| {
        let Some(line) = cache.lines.get(row) else { return };
        match column {
            0 => {
                text::elided(ui, line.input.as_str());
            }
            1 => {
                let mut chosen = line.column.clone();
                let width = (ui.available_width() - 8.0).max(60.0);
                if choice_named(ui, &format!("Column for {}", line.input), &mut chosen, &options, width) {
                    ctx.command(Command::Bind {
                        model: model.id.clone(),
                        dataset: data.id.clone(),
                        input: line.input.clone(),
                        column: chosen,
                    });
                }
            }
            _ => {
                text::caption(ui, &line.words);
            }
        }
    });
}
