//! Comparing shadows with their champion while they answer.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::compare::{CompareSettings, Comparer, Comparison};
use super::front::Label;
use super::shadow::{Pair, ShadowSink};
use crate::model::{ModelError, ModelFile, ScoreReader, Scores};

/// One challenger's readers and its comparison.
struct Side {
    champion: ScoreReader,
    challenger: ScoreReader,
    comparer: Comparer,
}

/// Compares shadows with their champion as they answer: a [`ShadowSink`].
pub struct ShadowComparer {
    settings: CompareSettings,
    /// By version, the model's file: what its outputs mean.
    files: Mutex<BTreeMap<String, ModelFile>>,
    /// By champion and challenger.
    sides: Mutex<BTreeMap<(String, String), Side>>,
}

impl ShadowComparer {
    /// A comparer that knows no version yet.
    pub fn new(settings: CompareSettings) -> Self {
        Self { settings, files: Mutex::default(), sides: Mutex::default() }
    }

    /// Says what a version's model is; requests to versions that are not known count as failed.
    pub fn know(&self, version: &str, file: ModelFile) {
        self.files.lock().insert(version.to_owned(), file);
    }

    /// Forgets all comparisons with a version.
    pub fn forget(&self, version: &str) {
        self.files.lock().remove(version);
        self.sides.lock().retain(|(champion, challenger), _| champion != version && challenger != version);
    }

    /// Forgets what was said of predictions, as request id and row; what they added to counts stays.
    pub fn forget_rows(&self, predictions: &[(String, u32)]) {
        let mut sides = self.sides.lock();
        for side in sides.values_mut() {
            side.comparer.forget_rows(predictions);
        }
    }

    /// All comparisons so far, by champion and challenger.
    pub fn comparisons(&self) -> Vec<Comparison> {
        self.sides.lock().values().map(|side| side.comparer.comparison()).collect()
    }

    fn side(&self, champion: &str, challenger: &str) -> Result<Side, ModelError> {
        let files = self.files.lock();
        let reader = |version: &str| {
            let unknown = || ModelError::NoUsableOutput { found: format!("version “{version}” is not known") };
            ScoreReader::new(files.get(version).ok_or_else(unknown)?)
        };
        Ok(Side {
            champion: reader(champion)?,
            challenger: reader(challenger)?,
            comparer: Comparer::new(champion, challenger, self.settings.clone()),
        })
    }
}

impl ShadowSink for ShadowComparer {
    fn compared(&self, pair: &Pair<'_>) {
        let key = (pair.champion.to_owned(), pair.challenger.to_owned());
        let mut sides = self.sides.lock();
        let side = match sides.entry(key) {
            std::collections::btree_map::Entry::Occupied(side) => side.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => match self.side(pair.champion, pair.challenger) {
                Ok(side) => place.insert(side),
                Err(error) => {
                    tracing::warn!(%error, "answers of a shadow cannot be compared");
                    return;
                }
            },
        };
        let Ok(other) = pair.other else { return side.comparer.failed() };
        let (mut a, mut b) = (Scores::default(), Scores::default());
        let read =
            side.champion.read(pair.given, pair.rows, &mut a).and(side.challenger.read(other, pair.rows, &mut b));
        match read {
            Ok(()) => {
                let latencies = [pair.champion_latency, pair.challenger_latency];
                side.comparer.observe(&pair.call.id, &a, &b, latencies);
            }
            Err(error) => {
                tracing::debug!(%error, "an answer of a shadow cannot be read");
                side.comparer.failed();
            }
        }
    }

    fn labelled(&self, labels: &[Label]) {
        let mut sides = self.sides.lock();
        for side in sides.values_mut() {
            for label in labels {
                side.comparer.label(label);
            }
        }
    }
}
