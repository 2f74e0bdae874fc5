//! Looking at a file before it is read, and what a person corrected for files of a layout.

use std::path::PathBuf;
use std::sync::Arc;

use super::event::JobTopic;
use super::jobs::Outcome;
use super::models::file_name;
use super::service::Service;
use super::state::PreviewView;
use crate::data::preview::preview;
use crate::data::read::ReadOptions;
use crate::data::schema::Role;

/// How a dataset is read, as far as a person decided it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Reading {
    /// What overrides detection.
    pub options: ReadOptions,
    /// Roles of columns, where they are not the guessed ones.
    pub roles: Vec<(String, Role)>,
}

/// The setting under which the corrections of a layout are kept; see [`crate::data::layout::layout_key`].
fn setting(layout: &str) -> String {
    format!("layout:{layout}")
}

impl Service {
    /// Looks at a file as a job; the answer is the state's `preview`. Without options it is the first look, at which
    /// the corrections that are kept for its layout are offered.
    pub(super) fn preview_dataset(&mut self, path: PathBuf, options: Option<Box<ReadOptions>>) {
        // A newer question makes an older one pointless.
        self.jobs.cancel_topic(&JobTopic::Preview);
        let first = options.is_none();
        let options = options.map(|options| *options).unwrap_or_default();
        let mut view = match self.state.preview.take() {
            Some(before) if before.path == path && !first => PreviewView::clone(&before),
            _ => PreviewView::of(path.clone()),
        };
        view.asked = options.clone();
        view.pending = true;
        self.state.preview = Some(Arc::new(view));
        self.touch();
        let name = format!("Looking at {}", file_name(&path));
        self.start_job(JobTopic::Preview, name, move |_handle| -> Outcome {
            let seen = preview(&path, &options);
            Box::new(move |service| {
                let Some(view) = service.state.preview.as_ref().filter(|view| view.path == path) else { return };
                let mut view = PreviewView::clone(view);
                view.pending = false;
                match seen {
                    Ok(seen) => {
                        if first {
                            view.layout.clone_from(&seen.layout);
                            view.kept = service.kept_reading(&seen.layout);
                        }
                        view.failed = None;
                        view.seen = Some(Arc::new(seen));
                    }
                    Err(error) => view.failed = Some(error.to_string()),
                }
                let again = view.kept.as_ref().filter(|kept| first && kept.options != view.asked);
                let again = again.map(|kept| Box::new(kept.options.clone()));
                service.state.preview = Some(Arc::new(view));
                service.touch();
                if again.is_some() {
                    service.preview_dataset(path, again);
                }
            })
        });
    }

    /// Ends the look at a file.
    pub(super) fn close_preview(&mut self) {
        self.jobs.cancel_topic(&JobTopic::Preview);
        if self.state.preview.take().is_some() {
            self.touch();
        }
    }

    /// Reads the file that is looked at as a person decided, and keeps the decision for files of its layout.
    pub(super) fn add_previewed(&mut self, path: PathBuf, reading: Reading) {
        let layout = self.state.preview.as_ref().filter(|view| view.path == path).map(|view| view.layout.clone());
        if let Some(layout) = layout.filter(|layout| !layout.is_empty()) {
            let before = self.kept_reading(&layout).unwrap_or_default();
            if before != reading {
                // Nothing decided is nothing to keep.
                let value = if reading == Reading::default() { None } else { serde_json::to_value(&reading).ok() };
                self.set_setting(setting(&layout), value.unwrap_or_default());
            }
        }
        self.close_preview();
        self.read_dataset(path, reading);
    }

    fn kept_reading(&self, layout: &str) -> Option<Reading> {
        let value = self.state.settings.get(&setting(layout)).filter(|value| !value.is_null())?;
        serde_json::from_value(value.clone()).ok()
    }
}
