//! Which column feeds which input, and the ways to change it.

use std::sync::Arc;

use eframe::egui::{Margin, ScrollArea, TextEdit, Ui};

use super::setup::Setup;
use crate::app::context::PanelContext;
use crate::app::theme::SPACE_XS;
use crate::app::widgets::{Button, Card, Column, Explainer, Table, choice_named, format, text};
use crate::backend::Command;
use crate::backend::event::JobTopic;
use crate::backend::state::{Categories, DatasetView, ModelView, Preparation};
use crate::model::DType;
use crate::model::binding::{Fill, InputLoss};

/// Height of the table's rows in points; more scroll.
const HEIGHT: f32 = 230.0;
/// Height of the list of renamed values in points; more scroll.
const RENAMED_HEIGHT: f32 = 160.0;

struct Line {
    /// As the backend calls it: the input, or `input[3]`.
    input: String,
    column: Option<String>,
    words: String,
    /// The input, on its first line: what stands in for missing values is said once an input.
    fill: Option<FillDraft>,
}

/// What stands in for missing values of an input, as it is typed.
struct FillDraft {
    input: String,
    dtype: DType,
    words: String,
    kept: String,
}

/// The lines of the last preparation, so that they are not made anew each frame.
#[derive(Default)]
pub(super) struct Cache {
    of: Option<Arc<Preparation>>,
    lines: Vec<Line>,
    /// What is lost, as sentences.
    losses: Vec<String>,
    /// The input whose values are being renamed.
    renaming: Option<String>,
    /// Why what was typed is no value for an input.
    wrong: Option<String>,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} lines", self.lines.len())
    }
}

fn fill_words(fill: Option<&Fill>) -> String {
    match fill {
        None => String::new(),
        Some(Fill::Bool(value)) => value.to_string(),
        Some(Fill::Number(value)) => value.to_string(),
        Some(Fill::Text(value)) => value.clone(),
    }
}

/// A fill as it is typed: nothing for none, else a value of the input's type.
fn read_fill(words: &str, dtype: &DType) -> Result<Option<Fill>, String> {
    let words = words.trim();
    if words.is_empty() {
        return Ok(None);
    }
    let number = || format::parse(words).filter(|n| !dtype.is_whole() || n.fract() == 0.0);
    let fill = match dtype {
        DType::String => Some(Fill::Text(words.to_owned())),
        DType::Bool => words.to_lowercase().parse().ok().map(Fill::Bool),
        _ => number().map(Fill::Number),
    };
    fill.map(Some)
        .ok_or_else(|| format!("“{words}” cannot stand in for a missing value: a {} is asked for.", dtype.word()))
}

fn lines(model: &ModelView, prepared: &Preparation) -> Vec<Line> {
    let mut lines = Vec::new();
    for port in &model.inspection.inputs {
        let Some(bound) = prepared.binding.get(&port.name).filter(|b| !b.columns.is_empty()) else {
            let (input, words) = (port.name.clone(), "no column".to_owned());
            lines.push(Line { input, column: None, words, fill: None });
            continue;
        };
        let kept = fill_words(bound.fill.as_ref());
        let mut fill =
            Some(FillDraft { input: port.name.clone(), dtype: port.dtype.clone(), words: kept.clone(), kept });
        let cast = bound.cast.words();
        let words = [bound.how.words(), cast].into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" · ");
        let matrix = bound.columns.len() > 1;
        lines.extend(bound.columns.iter().enumerate().map(|(place, used)| Line {
            input: if matrix { format!("{}[{place}]", port.name) } else { port.name.clone() },
            column: Some(used.column.clone()),
            words: words.clone(),
            fill: fill.take(),
        }));
    }
    lines
}

impl Cache {
    fn settle(&mut self, model: &ModelView, prepared: &Arc<Preparation>) {
        if !self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, prepared)) {
            self.lines = lines(model, prepared);
            self.losses = prepared.losses.iter().filter_map(InputLoss::sentence).collect();
            self.wrong = None;
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
         punctuation; what you choose by hand is kept for this model and every file with the same columns. A value in \
         “missing” stands in where the column has none: whole numbers and true/false have no gap of their own.",
    );
    let models = setup.models(ctx.state);
    let (model, data) = (setup.bound_model(ctx.state), setup.data(ctx.state));
    let subtitle = model.map_or(String::new(), |m| m.name.clone());
    Card::new("Binding").subtitle(&subtitle).explain(&help).fill().show(ui, |ui| {
        let (Some(model), Some(data)) = (model, data) else {
            text::note(ui, "Tick a candidate and choose a dataset to see which column feeds which input.");
            return;
        };
        if models.len() > 1 {
            let words: Vec<(String, String)> =
                models.iter().map(|m| (m.id.clone(), format!("Inputs of {}", m.name))).collect();
            let options: Vec<(String, &str)> = words.iter().map(|(id, w)| (id.clone(), w.as_str())).collect();
            let mut chosen = model.id.clone();
            ui.horizontal(|ui| {
                text::caption(ui, "Candidate");
                if choice_named(ui, "Candidate to bind", &mut chosen, &options, 220.0) {
                    setup.bound = Some(chosen);
                    cache.renaming = None;
                }
            });
        }
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
        // A choice in this frame is drawn in the next one.
        let Some(model) = setup.bound_model(ctx.state) else { return };
        cache.settle(model, prepared);
        table(ui, ctx, model, data, prepared, cache);
        if let Some(wrong) = &cache.wrong {
            super::problem(ui, wrong);
        }
        renamed(ui, ctx, model, data, prepared, cache);
        if prepared.by_order_possible {
            ui.add_space(SPACE_XS);
            let hover = "Feeds the columns to the model in the order of the file";
            if Button::secondary("Take file order").hover(hover).show(ui).clicked() {
                ctx.command(Command::BindByOrder { model: model.id.clone(), dataset: data.id.clone() });
            }
        }
        problems(ui, ctx, model, data, prepared);
        if !cache.losses.is_empty() {
            ui.add_space(SPACE_XS);
            let words = "What is lost or changed on the way into the model";
            match prepared.one_in {
                0 | 1 => text::caption(ui, words),
                n => text::caption(ui, &format!("{words}, counted in one row of {}", format::count(n as u64))),
            };
            for loss in &cache.losses {
                text::note(ui, loss);
            }
        }
        if !prepared.unused.is_empty() {
            text::caption(ui, &format!("Not used: {}", prepared.unused.join(", ")));
        }
    });
}

fn problems(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelView, data: &DatasetView, prepared: &Preparation) {
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
}

/// The inputs whose values may have other names in the data, and the editor of the one that is open.
fn renamed(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    model: &ModelView,
    data: &DatasetView,
    prepared: &Preparation,
    cache: &mut Cache,
) {
    let mapped = |input: &str| prepared.binding.get(input).map_or(0, |b| b.map.len());
    let open: Vec<(&String, &Categories)> =
        prepared.categories.iter().filter(|(input, c)| !c.unseen.is_empty() || mapped(input) > 0).collect();
    if open.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for (input, _) in &open {
            let words = format!("Renamed values of {input}…");
            let selected = cache.renaming.as_ref() == Some(*input);
            if Button::secondary(&words).selected(selected).show(ui).clicked() {
                cache.renaming = (!selected).then(|| (*input).clone());
            }
        }
    });
    let Some((input, categories)) = open.into_iter().find(|(input, _)| cache.renaming.as_ref() == Some(*input)) else {
        return;
    };
    let Some(bound) = prepared.binding.get(input) else { return };
    let gone = bound.map.keys().filter(|from| !categories.unseen.contains(from));
    let texts: Vec<&String> = categories.unseen.iter().chain(gone).collect();
    let mut options: Vec<(Option<String>, &str)> = vec![(None, "as it is, never seen")];
    options.extend(categories.known.iter().map(|k| (Some(k.clone()), k.as_str())));
    ScrollArea::vertical().id_salt("renamed values").max_height(RENAMED_HEIGHT).show(ui, |ui| {
        for from in texts {
            ui.horizontal(|ui| {
                text::elided(ui, format!("“{from}” is"));
                let mut to = bound.map.get(from).cloned();
                if choice_named(ui, &format!("Known value for {from}"), &mut to, &options, 200.0) {
                    ctx.command(Command::SetMap {
                        model: model.id.clone(),
                        dataset: data.id.clone(),
                        input: input.clone(),
                        from: from.clone(),
                        to,
                    });
                }
            });
        }
    });
    if categories.more_unseen > 0 {
        text::note(
            ui,
            &format!("and {} more that the model has never seen", format::count(categories.more_unseen as u64)),
        );
    }
}

fn table(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    model: &ModelView,
    data: &DatasetView,
    prepared: &Preparation,
    cache: &mut Cache,
) {
    let mut options: Vec<(Option<String>, &str)> = vec![(None, "as proposed")];
    let columns = data.schema.iter().filter(|c| Some(&c.name) != prepared.target.as_ref());
    options.extend(columns.map(|c| (Some(c.name.clone()), c.name.as_str())));
    let heads = [
        Column::words("Input", 1.0).min_width(80.0),
        Column::words("Column", 1.3).min_width(120.0),
        Column::words("Missing", 0.8).min_width(76.0),
        Column::words("How", 1.1).min_width(80.0),
    ];
    let Cache { lines, wrong, .. } = cache;
    Table::new("binding", &heads).max_height(HEIGHT).row_height(32.0).show(ui, lines.len(), |ui, row, column| {
        let Some(line) = lines.get_mut(row) else { return };
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
            2 => {
                if let Some(draft) = &mut line.fill
                    && let Some(typed) = fill(ui, draft)
                {
                    match typed {
                        Ok(fill) => {
                            *wrong = None;
                            ctx.command(Command::SetFill {
                                model: model.id.clone(),
                                dataset: data.id.clone(),
                                input: draft.input.clone(),
                                fill,
                            });
                        }
                        Err(why) => *wrong = Some(why),
                    }
                }
            }
            _ => {
                text::caption(ui, &line.words);
            }
        }
    });
}

/// The field of a fill; gives what was typed once the person is done with it.
fn fill(ui: &mut Ui, draft: &mut FillDraft) -> Option<Result<Option<Fill>, String>> {
    let width = (ui.available_width() - 8.0).max(40.0);
    let field = TextEdit::singleline(&mut draft.words).hint_text("none").desired_width(width);
    let hover = "What stands in for a missing value of this input; empty leaves it to the model";
    let field = ui.add(field.margin(Margin::symmetric(6, 4))).accessible_name(format!("Fill for {}", draft.input));
    let done = field.on_hover_text(hover).lost_focus() && draft.words.trim() != draft.kept;
    if !done {
        return None;
    }
    let typed = read_fill(&draft.words, &draft.dtype);
    match &typed {
        Ok(fill) => draft.kept = fill_words(fill.as_ref()),
        Err(_) => draft.words.clone_from(&draft.kept),
    }
    Some(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fill_is_a_value_of_the_type_or_none() {
        assert_eq!(read_fill(" ", &DType::Int64), Ok(None));
        assert_eq!(read_fill("0", &DType::Int64), Ok(Some(Fill::Number(0.0))));
        assert_eq!(read_fill("1.5", &DType::Float32), Ok(Some(Fill::Number(1.5))));
        assert_eq!(read_fill("True", &DType::Bool), Ok(Some(Fill::Bool(true))));
        assert_eq!(read_fill("none", &DType::String), Ok(Some(Fill::Text("none".to_owned()))));
        assert!(read_fill("1.5", &DType::Int64).unwrap_err().contains("whole number"));
        assert!(read_fill("x", &DType::Float32).is_err());
    }
}
