//! The labels of every served model, each beside its capture.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::deploy::capture::Capture;
use crate::deploy::labels::{LabelSettings, Labels};
use crate::deploy::serve::{Label, LabelStore, LabelsTaken, MemoryLabels};

/// Joins labels to what the captures hold; a model without a capture has its last predictions in memory.
pub(super) struct Truths {
    kept: BTreeMap<String, (Labels, Arc<Capture>)>,
    passing: MemoryLabels,
}

impl Truths {
    /// Opens the labels beside each capture.
    ///
    /// # Errors
    /// When one cannot be opened, as a sentence.
    pub(super) fn open(captures: &[(String, Arc<Capture>)]) -> Result<Self, String> {
        let mut kept = BTreeMap::new();
        for (name, capture) in captures {
            let labels = Labels::open(capture.folder(), LabelSettings::default()).map_err(|error| error.to_string())?;
            kept.insert(name.clone(), (labels, Arc::clone(capture)));
        }
        Ok(Self { kept, passing: MemoryLabels::default() })
    }

    /// The labels beside a model's capture.
    pub(super) fn of(&self, model: &str) -> Option<&Labels> {
        self.kept.get(model).map(|(labels, _)| labels)
    }
}

impl LabelStore for Truths {
    fn answered(&self, model: &str, id: &Arc<str>, rows: usize) {
        if !self.kept.contains_key(model) {
            self.passing.answered(model, id, rows);
        }
    }

    fn take(&self, model: &str, labels: &[Label]) -> Result<LabelsTaken, String> {
        match self.kept.get(model) {
            Some((kept, capture)) => kept.take(labels, &**capture).map_err(|error| error.to_string()),
            None => self.passing.take(model, labels),
        }
    }
}
