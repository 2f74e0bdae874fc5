//! What stands below the choice of a model: the endpoint, who calls it, whether everything is ready, and how much the
//! workers carry.
//!
//! It draws and asks; everything that takes a moment is the backend's.

pub(super) mod consumers;
pub(super) mod endpoint;
pub(super) mod readiness;
pub(super) mod sizing;

use self::readiness::Checker;
use self::sizing::Aim;

/// What the cards remember while a deployment is set up.
#[derive(Debug, Default)]
pub(super) struct Setup {
    pub(super) checker: Checker,
    pub(super) aim: Aim,
    /// Place of the consumer that is edited.
    pub(super) editing: Option<usize>,
    /// Whether the readiness list of a started deployment is unfolded.
    pub(super) open: bool,
}

impl Setup {
    /// Forgets what belonged to a draft that is gone.
    pub(super) fn put_aside(&mut self) {
        self.checker = Checker::default();
        self.editing = None;
    }
}

#[cfg(test)]
mod tests;
