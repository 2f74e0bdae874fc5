//! How work that takes time says how far it is and hears that it shall stop.

/// The listener of one piece of work.
pub trait Watch: Sync {
    /// The share that is done, 0 to 1, never falling.
    fn progress(&self, done: f32);

    /// Whether the work shall stop; looked at every few milliseconds.
    fn cancelled(&self) -> bool;
}

/// A listener that hears nothing and never stops the work.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoWatch;

impl Watch for NoWatch {
    fn progress(&self, _done: f32) {}

    fn cancelled(&self) -> bool {
        false
    }
}
