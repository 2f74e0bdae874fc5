//! What the pages of Overview, Models and Deploy share: the head with its hint, a job in its place, words for times.

use eframe::egui::{Align, Layout, Response, RichText, ScrollArea, Ui, vec2};

use crate::app::context::PanelContext;
use crate::app::theme::{ROW_HEIGHT, SPACE_M, SPACE_S, Status};
use crate::app::widgets::{JobAction, JobRow, format, job_row, text};
use crate::backend::Command;
use crate::backend::event::{JobTopic, JobView};

/// The panel's title, controls at the right end (laid out from right to left), and one line on what to do here
/// while the samples are open.
pub(in crate::app::panels) fn head(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    title: &str,
    hint: &str,
    right: impl FnOnce(&mut Ui),
) {
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
pub(in crate::app::panels) fn body(ui: &mut Ui, id_salt: &str, content: impl FnOnce(&mut Ui)) {
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
pub(in crate::app::panels) fn jobs_here(ui: &mut Ui, ctx: &PanelContext<'_>, topics: &[JobTopic]) -> bool {
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

/// Height of a table's row that holds two lines, in points.
pub(in crate::app::panels) const TALL_ROW: f32 = 44.0;
/// Height of two lines, in points.
const TWO_LINES: f32 = 31.0;

/// Two lines in the middle of a row of [`TALL_ROW`], the second small and secondary.
pub(in crate::app::panels) fn two_lines(ui: &mut Ui, first: impl Into<RichText>, second: &str) -> Response {
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
pub(in crate::app::panels) fn tall(ui: &mut Ui, height: f32, content: impl FnOnce(&mut Ui)) {
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), content);
}

/// How long ago something was, or its date; both times in milliseconds since 1970.
pub(in crate::app::panels) fn ago(at_ms: i64, now_ms: i64) -> String {
    let minutes = now_ms.saturating_sub(at_ms).max(0) / 60_000;
    match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..1_440 => format!("{} h ago", minutes / 60),
        _ => date(at_ms),
    }
}

/// The local date of a time in milliseconds since 1970.
pub(in crate::app::panels) fn date(at_ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at_ms)
        .map_or_else(|| format::NONE.to_owned(), |at| at.with_timezone(&chrono::Local).format("%Y-%m-%d").to_string())
}

/// What a metric is called on screen; names that are not known stay as they are.
pub(in crate::app::panels) fn metric_name(key: &str) -> &str {
    match key {
        "roc_auc" => "ROC AUC",
        "roc_auc_ovr_macro" => "ROC AUC, macro",
        "roc_auc_ovr_weighted" => "ROC AUC, weighted",
        "average_precision" => "Average precision",
        "f1" => "F1",
        "f1_macro" => "F1, macro",
        "f1_weighted" => "F1, weighted",
        "precision" => "Precision",
        "precision_macro" => "Precision, macro",
        "precision_weighted" => "Precision, weighted",
        "recall" => "Recall",
        "recall_macro" => "Recall, macro",
        "recall_weighted" => "Recall, weighted",
        "accuracy" => "Accuracy",
        "balanced_accuracy" => "Balanced accuracy",
        "specificity" => "Specificity",
        "log_loss" => "Log loss",
        "brier" => "Brier score",
        "ece" => "Calibration error",
        "mcc" => "Matthews correlation",
        "cohen_kappa" => "Cohen's kappa",
        "mae" => "MAE",
        "mse" => "MSE",
        "rmse" => "RMSE",
        "r2" => "R²",
        "mape" => "MAPE",
        "median_ae" => "Median absolute error",
        "max_error" => "Largest error",
        "explained_variance" => "Explained variance",
        "mean_error" => "Mean error",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        assert_eq!(ago(1_000, 500), "just now");
        assert_eq!(ago(0, 59_999), "just now");
        assert_eq!(ago(0, 3 * 60_000), "3 min ago");
        assert_eq!(ago(0, 5 * 3_600_000), "5 h ago");
        assert!(ago(0, 90_000_000).starts_with("19"));
        assert_eq!(date(i64::MAX), format::NONE);
    }

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
