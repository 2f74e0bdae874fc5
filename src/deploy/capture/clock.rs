//! Wall time that neither jumps nor runs backwards while the program runs.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The wall time at the start plus the time that has passed since by the monotonic clock, so that a clock that is set
/// meanwhile neither empties a capture nor keeps it for ever.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SteadyClock {
    wall_ms: i64,
    start: Instant,
}

impl SteadyClock {
    pub(crate) fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall_ms: i64::try_from(since.as_millis()).unwrap_or(i64::MAX), start: Instant::now() }
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) fn now_ms(&self) -> i64 {
        self.wall_ms.saturating_add(i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}
