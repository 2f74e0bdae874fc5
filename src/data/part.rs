//! A listener to a part of some work.

use super::Watch;

/// Tells the progress of one part as progress of the whole, and passes on cancel.
pub(crate) struct Part<'a> {
    pub(crate) watch: &'a dyn Watch,
    /// Progress of the whole where the part begins, and the share of the whole that it is.
    pub(crate) from: f32,
    pub(crate) span: f32,
}

impl<'a> Part<'a> {
    /// Passes on cancel, but no progress: for work that is not the whole.
    pub(crate) fn quiet(watch: &'a dyn Watch) -> Self {
        Self { watch, from: 0.0, span: 0.0 }
    }
}

impl Watch for Part<'_> {
    fn progress(&self, done: f32) {
        if self.span > 0.0 {
            self.watch.progress(self.from + self.span * done.clamp(0.0, 1.0));
        }
    }

    fn cancelled(&self) -> bool {
        self.watch.cancelled()
    }
}
