//! What a model's file tells: signature, facts, operators, metadata, problems.

use eframe::egui::{RichText, Ui};

use super::{list, table, trainer};
use crate::app::context::{PanelContext, Subject};
use crate::app::panels::words::{date, kind_words, stage_status};
use crate::app::theme::{SPACE_M, SPACE_XS, Status, dim, strong};
use crate::app::widgets::histogram::BarColor;
use crate::app::widgets::{
    self, Bar, Button, Card, Column, Explainer, Icon, bar_chart, explainer_mark, format, key_value, reflow,
    status_chip, text,
};
use crate::backend::Command;
use crate::backend::state::ModelView;
use crate::model::signature::Port;

/// The operators of the model that is shown, the most frequent first; worked out once, not in every frame.
#[derive(Debug, Default)]
pub(super) struct Cache {
    model: String,
    operators: Vec<(String, u64, String)>,
}

/// Operators beyond these are summed up in a line.
const OPERATORS: usize = 12;

impl Cache {
    fn turn_to(&mut self, model: &ModelView) {
        if self.model == model.id {
            return;
        }
        self.model.clone_from(&model.id);
        self.operators =
            model.inspection.operators.iter().map(|(name, n)| (name.clone(), *n, format::count(*n))).collect();
        self.operators.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    }
}

/// Draws the detail; gives whether the person wants to edit the card.
pub(super) fn ui(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelView, cache: &mut Cache) -> bool {
    cache.turn_to(model);
    let edit = head(ui, ctx, model);
    let gap = (SPACE_M - ui.spacing().item_spacing.y).max(0.0);
    ui.add_space(gap);
    if let Some(problem) = &model.problem {
        let way_out = "";
        widgets::error_state(ui, "The model cannot be used", problem, way_out, None);
        ui.add_space(gap);
    }
    problems(ui, model);
    reflow(ui, "signature", 2, 300.0, &[], |ui, place| match place {
        0 => ports(ui, "Inputs", &model.inspection.inputs),
        _ => ports(ui, "Outputs", &model.inspection.outputs),
    });
    trainer::ui(ui, model);
    let metadata = usize::from(!model.inspection.metadata.is_empty());
    reflow(ui, "file", 2 + metadata, 300.0, &[], |ui, place| match place {
        0 => facts(ui, model),
        1 => operators(ui, model, cache),
        _ => metadata_card(ui, model),
    });
    edit
}

fn head(ui: &mut Ui, ctx: &PanelContext<'_>, model: &ModelView) -> bool {
    let mut edit = false;
    let trouble = list::trouble(model);
    Card::new(&model.name).subtitle(&kind_words(model)).show_with(
        ui,
        |ui| match trouble {
            Some(_) => {
                status_chip(ui, Status::Alert, "cannot be used");
            }
            None => {
                status_chip(ui, stage_status(model.stage), model.stage.word());
            }
        },
        |ui| {
            if let Some(description) = &model.inspection.description {
                ui.label(dim(ui, description));
            }
            ui.horizontal_wrapped(|ui| {
                let why = trouble.as_deref();
                let validate = Button::primary("Validate this model").icon(Icon::Validate).disabled_because(why);
                if validate.show(ui).clicked() {
                    ctx.show(Subject::Validation(model.id.clone()));
                }
                let run = ctx.state.runs.iter().find(|r| r.report.models.iter().any(|m| m.sha256 == model.id));
                let no_run = run.is_none().then_some("Validate the model first: its run becomes the reference.");
                let deploy = Button::secondary("Deploy this model").icon(Icon::Deploy).disabled_because(why.or(no_run));
                if deploy.show(ui).clicked()
                    && let Some(run) = run
                {
                    ctx.show(Subject::Deploy(run.id, model.id.clone()));
                }
                edit = Button::secondary("Edit card…").hover("What a reviewer needs to find").show(ui).clicked();
                let name = format!("Remove model {}", model.name);
                let live = ctx.state.deployments.iter().any(|d| d.live && d.request.model == model.id);
                let busy = live.then_some("A deployment of it is at work. Stop the deployment first.");
                if Button::quiet("Remove…").icon(Icon::Remove).name(&name).disabled_because(busy).show(ui).clicked() {
                    ctx.confirm(
                        format!(
                            "Remove “{}” with its validations and stopped deployments from this workspace? The file it \
                             was added from stays where it is.",
                            model.name
                        ),
                        "Remove",
                        Command::RemoveModel(model.id.clone()),
                    );
                }
            });
        },
    );
    edit
}

fn problems(ui: &mut Ui, model: &ModelView) {
    let problems = &model.inspection.problems;
    if problems.is_empty() {
        return;
    }
    let refused = model.inspection.refusal.is_some();
    let title = if refused { "Why it cannot run" } else { "Worth knowing" };
    let status = if refused { Status::Alert } else { Status::Warning };
    Card::new(title).show(ui, |ui| {
        for problem in problems {
            ui.horizontal_wrapped(|ui| {
                let color = status.text_color(crate::app::theme::tokens(ui));
                status.icon().show(ui, 16.0, color);
                ui.label(problem);
            });
        }
    });
    ui.add_space((SPACE_M - ui.spacing().item_spacing.y).max(0.0));
}

/// The shape in ONNX's way: `N` where any size goes.
fn shape(port: &Port) -> String {
    if port.shape.is_empty() {
        return format::NONE.to_owned();
    }
    let axes: Vec<String> =
        port.shape.iter().map(|axis| axis.map_or_else(|| "N".to_owned(), |size| size.to_string())).collect();
    axes.join(" × ")
}

fn ports(ui: &mut Ui, title: &str, ports: &[Port]) {
    let help = Explainer::new(
        title,
        "Name, element type and size along each axis, as the file declares them. N stands for any size; the first \
         axis is the rows.",
    );
    Card::new(title).right(&format::count(ports.len() as u64)).explain(&help).fill().show(ui, |ui| {
        if ports.is_empty() {
            text::note(ui, "The file declares none");
            return;
        }
        let columns = [
            Column::words("name", 2.0).min_width(90.0),
            Column::words("type", 1.2).min_width(70.0),
            Column::words("shape", 1.0).min_width(60.0),
        ];
        table(ui, title, &columns, ports.len(), |ui, row, column| {
            let Some(port) = ports.get(row) else { return };
            match column {
                0 => text::elided(ui, port.name.as_str()),
                1 => {
                    let words = dim(ui, port.dtype.to_string());
                    text::elided(ui, words).on_hover_text(port.dtype.word())
                }
                _ => {
                    let words = dim(ui, shape(port));
                    text::elided(ui, words)
                }
            };
        });
    });
}

fn facts(ui: &mut Ui, model: &ModelView) {
    let seen = &model.inspection;
    let opsets: Vec<String> = seen.opsets.iter().map(|(domain, version)| format!("{domain} {version}")).collect();
    let classes = seen.classes.as_deref().or_else(|| model.card.as_ref().and_then(|c| c.classes.as_deref()));
    let classes = classes.map_or_else(|| format::NONE.to_owned(), |c| c.join(", "));
    let opsets = opsets.join(", ");
    let parameters = format::count(seen.parameters);
    let size = format::bytes(seen.size_bytes);
    let ir = seen.ir_version.to_string();
    let version = seen.model_version.map_or_else(|| format::NONE.to_owned(), |v| v.to_string());
    let added = date(model.added_at_ms);
    let path = model.original_path.display().to_string();
    Card::new("File").fill().show(ui, |ui| {
        key_value(
            ui,
            "file facts",
            &[
                ("Task", seen.task.word()),
                ("Classes", &classes),
                ("Parameters", &parameters),
                ("Size", &size),
                ("Operator sets", &opsets),
                ("Format version", &ir),
                ("Producer", seen.producer.as_deref().unwrap_or(format::NONE)),
                ("Model version", &version),
                ("Added", &added),
                ("From", &path),
            ],
        );
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = SPACE_XS;
            ui.label(dim(ui, "SHA-256"));
            explainer_mark(
                ui,
                &Explainer::new(
                    "SHA-256",
                    "A fingerprint of the file's bytes. Two files with the same fingerprint are the same model, whatever \
                     they are called; a changed file is another model.",
                ),
            );
            let short = model.id.get(..12).unwrap_or(&model.id);
            ui.label(RichText::new(format!("{short}…")).monospace()).on_hover_text(&model.id);
            if Button::icon_only(Icon::Copy, "Copy the SHA-256").show(ui).clicked() {
                ui.ctx().copy_text(model.id.clone());
            }
        });
    });
}

fn operators(ui: &mut Ui, model: &ModelView, cache: &Cache) {
    let total: u64 = model.inspection.operators.values().sum();
    let help = Explainer::new(
        "Operators",
        "The steps of the model's graph and how often each occurs, those in branches and loops included. A tree \
         ensemble is one operator, however many trees it holds.",
    );
    Card::new("Operators").right(&format::count(total)).explain(&help).fill().show(ui, |ui| {
        let bars: Vec<Bar<'_>> = cache
            .operators
            .iter()
            .take(OPERATORS)
            .map(|(name, n, text)| Bar { name, value: *n as f64, text, color: BarColor::Series(0) })
            .collect();
        bar_chart(ui, "Operators by count", &bars);
        let rest = cache.operators.len().saturating_sub(OPERATORS);
        if rest > 0 {
            let names: Vec<&str> = cache.operators.iter().skip(OPERATORS).map(|o| o.0.as_str()).collect();
            let words = format!("and {} less frequent", format::count(rest as u64));
            text::caption(ui, &words).on_hover_text(names.join(", "));
        }
    });
}

fn metadata_card(ui: &mut Ui, model: &ModelView) {
    let pairs: Vec<(&String, &String)> = model.inspection.metadata.iter().collect();
    Card::new("Metadata").subtitle("as its trainer wrote it").fill().show(ui, |ui| {
        let columns = [Column::words("key", 1.0).min_width(90.0), Column::words("value", 2.0).min_width(120.0)];
        table(ui, "metadata", &columns, pairs.len(), |ui, row, column| {
            let Some((key, value)) = pairs.get(row) else { return };
            if column == 0 {
                text::elided(ui, strong(key.as_str()));
            } else {
                text::elided(ui, value.as_str());
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DType;

    #[test]
    fn open_axes_are_n() {
        let port = |shape: &[Option<i64>]| Port { name: String::new(), dtype: DType::Float32, shape: shape.to_vec() };
        assert_eq!(shape(&port(&[None, Some(64)])), "N × 64");
        assert_eq!(shape(&port(&[])), format::NONE);
    }
}
