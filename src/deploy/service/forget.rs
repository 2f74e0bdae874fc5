//! Deletion of kept rows on demand, with the labels that hang on them.

use std::path::Path;

use super::Service;
use crate::data::Watch;
use crate::deploy::capture::{Capture, CaptureSettings, Deleted, Selection};
use crate::deploy::labels::{LabelSettings, Labels};

/// Hears of predictions, as request id and row, that were just deleted.
pub type Gone<'a> = &'a mut dyn FnMut(&[(String, u32)]);

fn delete(
    capture: &Capture,
    labels: &Labels,
    which: &Selection,
    gone: Gone<'_>,
    watch: &dyn Watch,
) -> Result<Deleted, String> {
    let mut with_labels = |predictions: &[(String, u32)]| {
        labels.delete(predictions).map_err(|error| error.to_string())?;
        gone(predictions);
        Ok(())
    };
    // A label may have come before its prediction, or without one.
    if let Selection::Request { id } = which {
        labels.delete_request(id).map_err(|error| error.to_string())?;
    }
    capture.delete(std::slice::from_ref(which), &mut with_labels, watch).map_err(|error| error.to_string())
}

impl Service {
    /// Deletes kept rows of a model with their labels, while it goes on answering.
    ///
    /// # Errors
    /// When nothing of the model is kept, a file cannot be read or written, or `watch` cancels, as a sentence.
    pub fn delete_rows(
        &self,
        model: &str,
        which: &Selection,
        gone: Gone<'_>,
        watch: &dyn Watch,
    ) -> Result<Deleted, String> {
        match (self.capture(model), self.truths.of(model)) {
            (Some(capture), Some(labels)) => delete(capture, labels, which, gone, watch),
            _ => Err(format!("Nothing of “{model}” is kept here, so there is nothing to delete.")),
        }
    }
}

/// Deletes rows with their labels from a capture that no service writes.
///
/// # Errors
/// When there is no capture, another program writes it, a file cannot be read or written, or `watch` cancels.
pub fn delete_kept(folder: &Path, which: &Selection, watch: &dyn Watch) -> Result<Deleted, String> {
    if !folder.is_dir() {
        return Err(format!("No answers are kept in this folder. {}", folder.display()));
    }
    let capture = Capture::open(folder, CaptureSettings::default()).map_err(|error| error.to_string())?;
    let labels = Labels::open(folder, LabelSettings::default()).map_err(|error| error.to_string())?;
    delete(&capture, &labels, which, &mut |_| {}, watch)
}
