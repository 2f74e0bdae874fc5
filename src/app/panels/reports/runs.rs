//! The kept validations: each with its verdict and signatures, to be saved, opened and verified.

use std::sync::Arc;

use eframe::egui::{Align, Layout, Ui, vec2};

use crate::app::action::{Action, Panel};
use crate::app::context::{PanelContext, Saved, Subject};
use crate::app::panels::page;
use crate::app::panels::validate::comparison::short_names;
use crate::app::panels::validate::signoff;
use crate::app::panels::words::{ago, moment};
use crate::app::theme::{ROW_HEIGHT, SPACE_S, Status, dim};
use crate::app::widgets::{
    Button, Card, Column, Explainer, Icon, Table, empty_state, error_state, format, status_chip, text,
};
use crate::backend::command::RunId;
use crate::backend::event::JobTopic;
use crate::backend::state::{RecheckView, RunView};
use crate::backend::{Approval, Command};
use crate::validate::ModelResult;
use crate::validate::again::places;

/// Most points that a model's name takes before its verdict.
const NAME_WIDTH: f32 = 320.0;
const ROW: f32 = 34.0;
/// Validations that are shown before the list scrolls.
const LISTED: usize = 8;
/// Differences that are listed; the rest is counted.
const TOLD: usize = 40;

/// What is chosen.
#[derive(Debug, Default)]
pub(super) struct Runs {
    chosen: Option<RunId>,
}

impl Runs {
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        let runs = &ctx.state.runs;
        page::jobs_here(ui, ctx, &[JobTopic::Validate, JobTopic::Reverify]);
        if runs.is_empty() {
            let sentence = "No validation is kept yet. Run one to save its report and to sign it.";
            if ctx.job(&JobTopic::Validate).is_none()
                && empty_state(ui, Icon::Reports, sentence, Some("Go to Validate"))
            {
                ctx.action(Action::GoTo(Panel::Validate));
            }
            return;
        }
        self.list(ui, ctx);
        ui.add_space(SPACE_S);
        let chosen = runs.iter().find(|run| Some(run.id) == self.chosen).or_else(|| runs.first());
        if let Some(run) = chosen {
            detail(ui, ctx, run);
        }
    }

    fn list(&mut self, ui: &mut Ui, ctx: &PanelContext<'_>) {
        let runs = &ctx.state.runs;
        let right = format::counted(runs.len() as u64, "validation");
        Card::new("Validations").right(&right).show(ui, |ui| {
            let columns = [
                Column::words("when", 0.9).min_width(90.0),
                Column::words("data", 1.6).min_width(120.0),
                Column::words("models", 2.0).min_width(140.0),
                Column::words("policy", 1.2).min_width(100.0),
                Column::words("verdict", 1.4).min_width(150.0),
                Column::words("signed", 1.2).min_width(110.0),
            ];
            let selected = runs.iter().position(|run| Some(run.id) == self.chosen).unwrap_or(0);
            let name = |row: usize| {
                runs.get(row)
                    .map_or_else(String::new, |run| format!("Show validation {} on {}", run.id, run.dataset_name))
            };
            let mut table = Table::new("kept validations", &columns).row_height(ROW).selectable(Some(selected), &name);
            if runs.len() > LISTED {
                table = table.max_height(LISTED as f32 * ROW);
            }
            let clicked = table.show(ui, runs.len(), |ui, row, column| {
                if let Some(run) = runs.get(row) {
                    cell(ui, ctx, run, column);
                }
            });
            if let Some(run) = clicked.and_then(|row| runs.get(row)) {
                self.chosen = Some(run.id);
            }
        });
    }
}

fn cell(ui: &mut Ui, ctx: &PanelContext<'_>, run: &RunView, column: usize) {
    let report = &run.report;
    match column {
        0 => {
            text::elided(ui, ago(run.created_at_ms, ctx.now_ms)).on_hover_text(moment(run.created_at_ms));
        }
        1 => {
            let words = dim(ui, run.dataset_name.as_str());
            text::elided(ui, words);
        }
        2 => {
            let whole: Vec<&str> = report.models.iter().map(|m| m.name.as_str()).collect();
            let shown = short_names(report).join(", ");
            let is_whole = shown == whole.join(", ");
            let response = text::elided(ui, shown);
            if !is_whole {
                response.on_hover_text(whole.join(", "));
            }
        }
        3 => {
            let words = dim(ui, report.policy.as_deref().unwrap_or("none"));
            text::elided(ui, words);
        }
        4 => {
            let failing = report.models.iter().filter(|m| m.verdict == "fail").count();
            let all = report.models.len();
            match (failing, &report.policy) {
                (_, None) => status_chip(ui, Status::Neutral, "not judged"),
                (0, _) if all == 1 => status_chip(ui, Status::Ok, "passes"),
                (0, _) => status_chip(ui, Status::Ok, "all pass"),
                (1, _) if all == 1 => status_chip(ui, Status::Alert, "fails"),
                (failing, _) => status_chip(ui, Status::Alert, &format!("{failing} of {all} fail")),
            };
        }
        _ => {
            let signed = ctx.state.sign_offs.iter().filter(|s| s.run == run.id).count();
            match signed {
                0 => status_chip(ui, Status::Neutral, "not signed"),
                n if n == report.models.len() => status_chip(ui, Status::Ok, "signed off"),
                n => status_chip(ui, Status::Ok, &format!("{n} of {} signed", report.models.len())),
            };
        }
    }
}

fn detail(ui: &mut Ui, ctx: &PanelContext<'_>, run: &Arc<RunView>) {
    let help = Explainer::new(
        "Verify again",
        "Reads the data and the models anew from their files, runs the kept plan again and holds every number and every \
         hash against what was kept and signed. Nothing is tolerated: the same files give the same numbers.",
    );
    let subtitle = format!("{} · {}", run.dataset_name, moment(run.created_at_ms));
    Card::new("Report").subtitle(&subtitle).explain(&help).rows(run.report.data.rows as u64).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            if Button::secondary("Open in Validate").icon(Icon::Validate).show(ui).clicked() {
                ctx.show(Subject::Run(run.id, None));
            }
            let formats = [
                ("Save as HTML…", "html", "One page with charts and tables, without a row of data"),
                ("Save as JSON…", "json", "Everything, as “modeldeck verify” reads it"),
                ("Save as PDF…", "pdf", "The same on A4 pages, for signing and filing"),
                ("Save as CSV…", "zip", "Every table as CSV, in one zip"),
            ];
            for (words, ending, hover) in formats {
                if Button::secondary(words).icon(Icon::Export).hover(hover).show(ui).clicked() {
                    ctx.save_by(format!("validation.{ending}"), Saved::Report(run.id));
                }
            }
        });
        ui.add_space(SPACE_S);
        let wide = |model: &ModelResult| text::width(ui, &model.name);
        let width = run.report.models.iter().map(wide).fold(0.0, f32::max).min(NAME_WIDTH);
        for model in &run.report.models {
            model_row(ui, ctx, run, model, width);
        }
    });
}

/// One model of a report; its name takes `width` points, so that what is said of the models stands in columns.
fn model_row(ui: &mut Ui, ctx: &PanelContext<'_>, run: &RunView, model: &ModelResult, width: f32) {
    let at = |m: &ModelResult| m.sha256 == model.sha256;
    let place = run.report.models.iter().position(at).unwrap_or(usize::MAX);
    ui.horizontal_wrapped(|ui| {
        ui.allocate_ui_with_layout(vec2(width, ROW_HEIGHT), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(width);
            text::elided(ui, model.name.as_str());
        });
        match model.verdict.as_str() {
            "pass" => status_chip(ui, Status::Ok, "passes its gates"),
            "fail" => status_chip(ui, Status::Alert, "fails its gates"),
            _ => status_chip(ui, Status::Neutral, "not judged"),
        };
        if let Some(approval) = Approval::of(ctx.state, run.id, &model.sha256) {
            signoff::chip(ui, &approval);
        }
        let columns = (!places(&run.report).contains(&place))
            .then_some("The report does not say which columns the predictions were in");
        let busy = ctx.job(&JobTopic::Reverify).is_some().then_some("A validation is being verified");
        let old = run.report.plan.is_none().then_some("The report was kept by an older version, without its plan");
        let name = format!("Verify {} again", model.name);
        let button = Button::quiet("Verify again").name(&name).icon(Icon::Refresh);
        if button.disabled_because(columns.or(old).or(busy)).show(ui).clicked() {
            ctx.command(Command::Reverify { run: run.id, model: model.sha256.clone() });
        }
    });
    if let Some(check) = ctx.state.rechecks.iter().find(|c| c.run == run.id && c.model == model.sha256) {
        rechecked(ui, ctx, check);
    }
}

fn rechecked(ui: &mut Ui, ctx: &PanelContext<'_>, check: &RecheckView) {
    match &check.outcome {
        Ok(differences) if differences.is_empty() => {
            ui.horizontal_wrapped(|ui| {
                status_chip(ui, Status::Ok, "verified");
                let against = if check.against_signature { "as it was signed" } else { "as it was kept" };
                text::caption(ui, &format!("Same hashes, same numbers, {against} · {}", ago(check.at_ms, ctx.now_ms)));
            });
        }
        Ok(differences) => {
            ui.horizontal_wrapped(|ui| {
                status_chip(ui, Status::Alert, "not as it was");
                let words = format::counted(differences.len() as u64, "difference");
                text::caption(ui, &format!("{words} · {}", ago(check.at_ms, ctx.now_ms)));
            });
            for difference in differences.iter().take(TOLD) {
                text::note(ui, &difference.sentence());
            }
            if differences.len() > TOLD {
                text::note(ui, &format!("and {} more", differences.len() - TOLD));
            }
        }
        Err(why) => {
            let way_out = "Put the file back where it was, or validate again.";
            error_state(ui, "It could not be verified", why, way_out, None);
        }
    }
}
