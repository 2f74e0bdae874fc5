//! What is said the same way on every panel: times, metrics, and the looks of stages and states.

use crate::app::theme::Status;
use crate::app::widgets::format;
use crate::backend::state::{DeploymentStateView, ModelView, Stage};

/// How long ago something was, or its date; both times in milliseconds since 1970.
pub(super) fn ago(at_ms: i64, now_ms: i64) -> String {
    let minutes = now_ms.saturating_sub(at_ms).max(0) / 60_000;
    match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..1_440 => format!("{} h ago", minutes / 60),
        _ => date(at_ms),
    }
}

/// The local date of a moment of this workspace, in milliseconds since 1970.
pub(super) fn date(at_ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at_ms)
        .map_or_else(|| format::NONE.to_owned(), |at| at.with_timezone(&chrono::Local).format("%Y-%m-%d").to_string())
}

/// The local date and time of a moment of this workspace, to the minute; milliseconds since 1970.
pub(super) fn moment(at_ms: i64) -> String {
    let local =
        |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M").to_string();
    chrono::DateTime::from_timestamp_millis(at_ms).map_or_else(|| format::NONE.to_owned(), local)
}

/// The date of a time in the data, in milliseconds since 1970; never shifted by this machine's time zone.
pub(super) fn data_date(at_ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at_ms)
        .map_or_else(|| format::NONE.to_owned(), |at| at.format("%Y-%m-%d").to_string())
}

/// How a deployment's state is shown.
pub(super) fn deployment_status(state: &DeploymentStateView) -> Status {
    match state {
        DeploymentStateView::Running => Status::Running,
        DeploymentStateView::Paused => Status::Warning,
        DeploymentStateView::Finished => Status::Ok,
        DeploymentStateView::Stopped => Status::Neutral,
        DeploymentStateView::Failed(_) => Status::Alert,
    }
}

/// The story and the task of a model, as one line.
pub(super) fn kind_words(model: &ModelView) -> String {
    let task = model.inspection.task.word();
    match model.card.as_ref().and_then(|c| c.story.as_deref()) {
        Some(story) => format!("{} · {task}", story.replace('_', " ")),
        None => task.to_owned(),
    }
}

/// How a stage is shown.
pub(super) fn stage_status(stage: Stage) -> Status {
    match stage {
        Stage::Added => Status::Neutral,
        Stage::Validated => Status::Ok,
        Stage::Deployed => Status::Running,
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
        assert_eq!(data_date(1_364_774_400_000), "2013-04-01");
    }
}
