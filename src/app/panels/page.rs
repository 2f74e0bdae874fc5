//! What the pages of all panels share: the head with its hint, the scrolled body, a job in its place.

use eframe::egui::{Align, Layout, Response, RichText, ScrollArea, Ui, vec2};

use crate::app::context::PanelContext;
use crate::app::theme::{ROW_HEIGHT, SPACE_M, SPACE_S, Status};
use crate::app::widgets::{Button, Card, JobAction, JobRow, format, job_row, text};
use crate::backend::Command;
use crate::backend::event::{JobTopic, JobView};

/// The panel's title, controls at the right end (laid out from right to left), and one line on what to do here
/// while the samples are open.
pub(super) fn head(ui: &mut Ui, ctx: &PanelContext<'_>, title: &str, hint: &str, right: impl FnOnce(&mut Ui)) {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.heading(title);
        ui.with_layout(Layout::right_to_left(Align::Center), right);
    });
    if ctx.state.samples && !hint.is_empty() {
        text::note(ui, &format!("What to do here: {hint}"));
    }
    ui.add_space(SPACE_S);
}

/// The part of a page below its head; it scrolls when it is higher than the window.
pub(super) fn body(ui: &mut Ui, id_salt: &str, content: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().id_salt(id_salt).auto_shrink([false, false]).show(ui, |ui| {
        // The bar floats over the content; the gap keeps it off the cards' right edge.
        ui.set_max_width(ui.available_width() - SPACE_S);
        content(ui);
        ui.add_space(SPACE_M);
    });
}

/// How far a job is, in words.
fn job_words(job: &JobView) -> String {
    if job.cancelling {
        return "ends at its next chunk".to_owned();
    }
    match job.left_s {
        Some(left) => format!("{} left", format::seconds(left)),
        None => format!("{} so far", format::seconds(job.seconds.floor())),
    }
}

/// The running jobs of `topics`, each with its cancel; gives whether there is one.
pub(super) fn jobs_here(ui: &mut Ui, ctx: &PanelContext<'_>, topics: &[JobTopic]) -> bool {
    let mut any = false;
    for job in ctx.jobs.iter().filter(|job| topics.contains(&job.topic)) {
        any = true;
        let detail = job_words(job);
        let row =
            JobRow { name: &job.name, progress: job.progress, detail: &detail, status: Status::Running, word: "" };
        if job_row(ui, &row) == Some(JobAction::Cancel) {
            ctx.command(Command::CancelJob(job.id));
        }
    }
    any
}

/// A card as high as its row whose content can be saved as numbers and as a picture; `name` names both.
pub(super) fn chart_card(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    card: Card<'_>,
    name: &str,
    numbers: impl FnOnce() -> String,
    content: impl FnOnce(&mut Ui),
) {
    let (mut picture, mut table) = (false, false);
    let export = |ui: &mut Ui| {
        picture = Button::quiet("PNG").name(&format!("Export {name} as PNG")).show(ui).clicked();
        table = Button::quiet("CSV").name(&format!("Export {name} as CSV")).show(ui).clicked();
    };
    let rect = card.fill().show_with(ui, export, content).response.rect;
    let file = name.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "-");
    if picture {
        ctx.save_picture(format!("{file}.png"), rect);
    }
    if table {
        ctx.save(format!("{file}.csv"), numbers());
    }
}

/// Height of a table's row that holds two lines, in points.
pub(super) const TALL_ROW: f32 = 44.0;
/// Height of two lines, in points.
const TWO_LINES: f32 = 31.0;

/// Two lines in the middle of a row of [`TALL_ROW`], the second small and secondary.
pub(super) fn two_lines(ui: &mut Ui, first: impl Into<RichText>, second: &str) -> Response {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add_space((TALL_ROW - TWO_LINES) / 2.0);
        text::elided(ui, first);
        text::caption(ui, second);
    })
    .response
}

/// Gives `content` a height of its own. Side by side, cards are drawn as high as their row was in the frame before;
/// what scrolls would never grow beyond that.
pub(super) fn tall(ui: &mut Ui, height: f32, content: impl FnOnce(&mut Ui)) {
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_tells_what_it_knows() {
        let mut job = JobView {
            id: 1,
            name: "Read".to_owned(),
            topic: JobTopic::Dataset,
            progress: None,
            seconds: 2.7,
            left_s: None,
            cancelling: false,
        };
        assert_eq!(job_words(&job), "2.0 s so far");
        job.left_s = Some(4.0);
        assert_eq!(job_words(&job), "4.0 s left");
        job.cancelling = true;
        assert_eq!(job_words(&job), "ends at its next chunk");
    }
}
