//! How a capture keeps.

use std::time::Duration;

use super::retention::Retention;

/// What a kept record survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// The end of the process at any moment, also by force: the operating system has the bytes.
    #[default]
    Process,
    /// Power loss too: the disk has the bytes. Each [`keep`](crate::deploy::serve::Recorder::keep) waits for it once.
    Power,
}

/// Settings of a capture.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct CaptureSettings {
    /// What a kept record survives.
    pub durability: Durability,
    /// A journal of this size becomes segments, in bytes.
    pub roll_bytes: u64,
    /// A journal with this many rows does.
    pub roll_rows: u64,
    /// A journal of this age does, in seconds.
    pub roll_seconds: u64,
    /// What must stay free on the disk, in bytes; below it nothing is kept and so nothing answered.
    pub free_floor_bytes: u64,
    /// What is kept for how long.
    pub retention: Retention,
}

impl Default for CaptureSettings {
    fn default() -> Self {
        Self {
            durability: Durability::Process,
            roll_bytes: 32 << 20,
            roll_rows: 1_000_000,
            roll_seconds: 15 * 60,
            free_floor_bytes: 256 << 20,
            retention: Retention::default(),
        }
    }
}

impl CaptureSettings {
    pub(super) fn roll_age(&self) -> Duration {
        Duration::from_secs(self.roll_seconds.max(1))
    }
}
