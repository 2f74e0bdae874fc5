//! Labels that come for earlier predictions.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;

use super::front::{Label, LabelsTaken};

/// Unknown ids that are named.
const NAMED: usize = 100;

/// Joins labels to predictions.
pub trait LabelStore: Send + Sync {
    /// Hears that a request was answered, before its answer is given. A store that looks ids up elsewhere needs none of
    /// it.
    fn answered(&self, _model: &str, _id: &Arc<str>, _rows: usize) {}

    /// Takes labels. The same label may come again, and in any order.
    ///
    /// # Errors
    /// When they cannot be kept, as a sentence.
    fn take(&self, model: &str, labels: &[Label]) -> Result<LabelsTaken, String>;
}

/// Keeps the last predictions and their labels in memory.
#[derive(Debug)]
pub struct MemoryLabels {
    bound: usize,
    inner: Mutex<Inner>,
}

/// By model and id: the truth of each row.
type Given = BTreeMap<(Arc<str>, Arc<str>), Vec<Option<String>>>;

#[derive(Debug, Default)]
struct Inner {
    given: Given,
    order: VecDeque<(Arc<str>, Arc<str>)>,
}

impl MemoryLabels {
    /// A store of the last `bound` requests.
    pub fn new(bound: usize) -> Self {
        Self { bound: bound.max(1), inner: Mutex::default() }
    }
}

impl Default for MemoryLabels {
    fn default() -> Self {
        Self::new(10_000)
    }
}

impl LabelStore for MemoryLabels {
    fn answered(&self, model: &str, id: &Arc<str>, rows: usize) {
        let key = (Arc::from(model), Arc::clone(id));
        let mut inner = self.inner.lock();
        // A thousand rows a request are more than anyone labels one by one.
        if inner.given.insert(key.clone(), vec![None; rows.min(1_000)]).is_none() {
            inner.order.push_back(key);
        }
        while inner.order.len() > self.bound {
            if let Some(oldest) = inner.order.pop_front() {
                inner.given.remove(&oldest);
            }
        }
    }

    fn take(&self, model: &str, labels: &[Label]) -> Result<LabelsTaken, String> {
        let mut taken = LabelsTaken::default();
        let mut inner = self.inner.lock();
        for label in labels {
            let key = (Arc::from(model), Arc::from(label.id.as_str()));
            if let Some(slot) = inner.given.get_mut(&key).and_then(|rows| rows.get_mut(label.row)) {
                match slot.replace(label.truth.clone()) {
                    None => taken.joined += 1,
                    Some(_) => taken.repeated += 1,
                }
                continue;
            }
            taken.unknown_count += 1;
            if taken.unknown.len() < NAMED {
                taken.unknown.push(label.id.clone());
            }
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(id: &str, row: usize, truth: &str) -> Label {
        Label { id: id.to_owned(), row, truth: truth.to_owned() }
    }

    #[test]
    fn labels_join_once_and_unknown_ones_are_told() {
        let store = MemoryLabels::new(2);
        for id in ["a", "b", "c"] {
            store.answered("m", &id.into(), 2);
        }
        let taken = store.take("m", &[label("b", 1, "x"), label("b", 1, "y"), label("c", 2, "x"), label("a", 0, "x")]);
        let expected =
            LabelsTaken { joined: 1, repeated: 1, unknown: vec!["c".to_owned(), "a".to_owned()], unknown_count: 2 };
        assert_eq!(taken, Ok(expected));
    }
}
