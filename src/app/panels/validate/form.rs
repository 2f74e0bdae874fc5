//! The card in which a validation is set up.

use eframe::egui::{Checkbox, Ui};

use super::binding::bound_words;
use super::policy::Wish;
use super::setup::Setup;
use crate::app::action::Action;
use crate::app::context::PanelContext;
use crate::app::theme::{SPACE_S, Status};
use crate::app::widgets::{Button, Card, Icon, choice, choices, error_state, format, number_field, status_chip, text};
use crate::backend::state::ModelView;
use crate::data::schema::{ColumnSchema, Role};
use crate::model::Task;

/// The levels of intervals to choose from.
const LEVELS: [f64; 3] = [0.9, 0.95, 0.99];

/// The card's words for a model; unique also where two models share a name.
fn model_words(models: &[std::sync::Arc<ModelView>], model: &ModelView) -> String {
    let twin = models.iter().any(|m| m.id != model.id && m.name == model.name);
    let short = model.id.get(..8).unwrap_or(&model.id);
    if twin { format!("{} · {short}", model.name) } else { model.name.clone() }
}

/// Draws the card; gives whether the person wants to run.
pub(super) fn ui(ui: &mut Ui, ctx: &PanelContext<'_>, setup: &mut Setup) -> bool {
    let state = ctx.state;
    let mut run = false;
    Card::new("Set-up").subtitle("candidates and the data they never saw").fill().show(ui, |ui| {
        text::caption(ui, "Candidates");
        for model in &state.models {
            let unfit = setup.unfit(state, model);
            let mut on = setup.ticked.contains(&model.id);
            let words = model_words(&state.models, model);
            ui.horizontal(|ui| {
                let response = ui.add_enabled(unfit.is_none() || on, Checkbox::new(&mut on, words));
                let changed = response.changed();
                if let Some(reason) = &unfit {
                    response.on_hover_text(reason).on_disabled_hover_text(reason);
                }
                text::caption(ui, model.inspection.task.word());
                if changed {
                    setup.touched = true;
                    if on {
                        setup.ticked.insert(model.id.clone());
                    } else {
                        setup.ticked.remove(&model.id);
                    }
                }
            });
        }
        let hover = "Judges answers of any model, in columns of the dataset, beside or instead of a model that is run";
        if ui.checkbox(&mut setup.said, "Predictions in the data").on_hover_text(hover).changed() {
            setup.touched = true;
            setup.guess_predictions(state);
        }
        ui.add_space(SPACE_S);
        data(ui, ctx, setup);
        rules(ui, ctx, setup);
        ui.add_space(SPACE_S);
        run = foot(ui, ctx, setup);
    });
    run
}

fn data(ui: &mut Ui, ctx: &PanelContext<'_>, setup: &mut Setup) {
    let state = ctx.state;
    let words: Vec<(Option<String>, String)> = state
        .datasets
        .iter()
        .map(|d| (Some(d.id.clone()), format!("{} · {}", d.name, format::counted(d.rows as u64, "row"))))
        .collect();
    let options: Vec<(Option<String>, &str)> = words.iter().map(|(id, w)| (id.clone(), w.as_str())).collect();
    if choice(ui, "Dataset", &mut setup.dataset, &options) {
        setup.touched = true;
        setup.target = None;
    }
    let Some(data) = setup.data(state) else {
        super::problem(ui, "Add a dataset that the models never saw.");
        if Button::secondary(&Action::AddDataset.text()).icon(Icon::Add).show(ui).clicked() {
            ctx.action(Action::AddDataset);
        }
        return;
    };
    if let Some(why) = &data.problem {
        let way_out = "Then try again.";
        if error_state(ui, &format!("{} cannot be used", data.name), why, way_out, Some("Try again")) {
            setup.prepare_again();
        }
    }
    let mut target = setup.target(state);
    let columns: Vec<(Option<String>, &str)> =
        data.schema.iter().map(|c| (Some(c.name.clone()), c.name.as_str())).collect();
    if choice(ui, "Target", &mut target, &columns) {
        setup.touched = true;
        setup.target = target;
    }
    reference(ui, ctx, setup);
    if setup.said {
        let none = (None, "none");
        let options: Vec<(Option<String>, &str)> = std::iter::once(none).chain(columns.iter().cloned()).collect();
        let said = choice(ui, "Prediction", &mut setup.prediction, &options);
        if said | choice(ui, "Score", &mut setup.score, &options) {
            setup.touched = true;
        }
    }
    if setup.task(state) == Some(Task::Binary) {
        ui.horizontal_wrapped(|ui| {
            if ui.checkbox(&mut setup.own_threshold, "Own threshold").changed() {
                setup.touched = true;
            }
            if setup.own_threshold {
                number_field(ui, "Threshold", &mut setup.threshold, 0.0..=1.0, "");
            } else {
                text::caption(ui, "the card's, else 0.5");
            }
        });
    }
    level(ui, setup);
}

/// How sure the intervals are.
fn level(ui: &mut Ui, setup: &mut Setup) {
    let mut levels = LEVELS.to_vec();
    if !levels.contains(&setup.level) {
        levels.push(setup.level);
    }
    let words: Vec<String> = levels.iter().map(|level| format::level(*level)).collect();
    let options: Vec<(f64, &str)> = levels.iter().copied().zip(words.iter().map(String::as_str)).collect();
    if choice(ui, "Intervals", &mut setup.level, &options) {
        setup.touched = true;
    }
}

/// Data that the dataset is compared with.
fn reference(ui: &mut Ui, ctx: &PanelContext<'_>, setup: &mut Setup) {
    let others = ctx.state.datasets.iter().filter(|d| Some(&d.id) != setup.dataset.as_ref() && d.problem.is_none());
    let none = std::iter::once((None, "none"));
    let options: Vec<(Option<String>, &str)> =
        none.chain(others.map(|d| (Some(d.id.clone()), d.name.as_str()))).collect();
    let mut chosen = setup.reference.clone().filter(|id| Some(id) != setup.dataset.as_ref());
    if choice(ui, "Reference", &mut chosen, &options) {
        setup.touched = true;
        setup.reference = chosen;
    }
}

/// Rules and parts, for whoever wants more than the whole.
fn rules(ui: &mut Ui, ctx: &PanelContext<'_>, setup: &mut Setup) {
    let names: Vec<(Option<String>, &str)> = std::iter::once((None, "no gates"))
        .chain(ctx.state.policies.iter().map(|p| (Some(p.policy.name.clone()), p.policy.name.as_str())))
        .collect();
    if choice(ui, "Policy", &mut setup.policy, &names) {
        setup.touched = true;
    }
    ui.horizontal_wrapped(|ui| {
        let none = setup.policy.is_none().then_some("Choose a policy to edit");
        if Button::quiet("Edit policy…").disabled_because(none).show(ui).clicked() {
            setup.policy_wish = setup.policy.clone().map(Wish::Edit);
        }
        if Button::quiet("New policy…").icon(Icon::Add).show(ui).clicked() {
            setup.policy_wish = Some(Wish::New);
        }
    });
    let Some(data) = setup.data(ctx.state) else { return };
    // Every id is its own, and a segment by the truth would only repeat the confusion matrix.
    let target = setup.target(ctx.state);
    let parts = |c: &&ColumnSchema| c.role != Role::Id && Some(&c.name) != target.as_ref();
    let columns: Vec<&str> = data.schema.iter().filter(parts).map(|c| c.name.as_str()).collect();
    if choices(ui, "Segments", &mut setup.segments, &columns, "by no column") {
        setup.touched = true;
    }
}

fn foot(ui: &mut Ui, ctx: &PanelContext<'_>, setup: &Setup) -> bool {
    if let Some(prepared) = setup.prepared(ctx.state) {
        ui.horizontal_wrapped(|ui| {
            let status = if prepared.unbound.is_empty() { Status::Ok } else { Status::Warning };
            status_chip(ui, status, &bound_words(prepared));
            if let Some(seconds) = prepared.seconds {
                let models = setup.ticked.len().max(1) as f64;
                let memory = format::bytes(prepared.memory_bytes);
                text::caption(ui, &format!("about {}, {memory}", format::seconds(seconds * models)));
            }
        });
    }
    let why = setup.problem(ctx);
    let words = Action::RunValidation.text();
    let clicked = Button::primary(&words).icon(Icon::Play).disabled_because(why.as_deref()).show(ui).clicked();
    if let Some(why) = &why {
        text::note(ui, why);
    }
    clicked
}
