//! Whether a feed still beats: how often it should bring something, when it last did, and whether that changed its form.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::data::fingerprint::sha256_of;
use crate::data::{Kind, Table};

/// Gaps between arrivals from which the rhythm is told.
const GAPS: usize = 32;
/// Gaps that are needed before a rhythm is believed.
const ENOUGH: usize = 5;
/// A feed whose rhythm was learned is late after so many of its usual gaps: they are never all alike.
const LEARNED_SLACK: f64 = 3.0;
/// A feed is silent after so many times what makes it late.
const SILENT: f64 = 2.0;
/// Changes of the columns that are named.
const NAMED: usize = 10;

/// How a feed fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beat {
    /// Nothing came yet, and it is not yet late.
    Waiting,
    /// The last arrival is not longer ago than expected.
    OnTime,
    /// It is longer ago than expected.
    Late,
    /// It is more than twice as long ago as expected: an alert.
    Silent,
    /// No rhythm was set, and too little came to learn one.
    Unknown,
}

/// What is known of a feed at one moment.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct HeartbeatStatus {
    /// How it fares.
    pub beat: Beat,
    /// The longest gap that is as it should be, in milliseconds: as set, or three times the usual one.
    pub expected_ms: Option<f64>,
    /// The usual gap (median of the last 32), in milliseconds.
    pub usual_ms: Option<f64>,
    /// When something came last, in milliseconds since 1970-01-01 UTC.
    pub last_at_ms: Option<i64>,
    /// How long ago that was, or the start when nothing came yet, in milliseconds.
    pub quiet_ms: f64,
    /// How much longer than expected, in milliseconds; 0 when it is not late.
    pub late_ms: f64,
    /// Arrivals.
    pub arrivals: u64,
    /// Rows of these.
    pub rows: u64,
    /// SHA-256 over names and kinds of the columns that came last.
    pub schema: Option<String>,
    /// What changed at the last change of the columns, as sentences; empty when they never changed.
    pub schema_changes: Vec<String>,
    /// How often the columns changed.
    pub schema_changed: u64,
}

/// The heartbeat of a feed. Waits are measured by the monotonic clock, so a clock that is set does no harm.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    expected: Option<Duration>,
    start: Instant,
    last: Option<Instant>,
    last_at_ms: Option<i64>,
    gaps: VecDeque<f64>,
    arrivals: u64,
    rows: u64,
    columns: Vec<(String, Kind)>,
    schema: Option<String>,
    changes: Vec<String>,
    changed: u64,
}

impl Heartbeat {
    /// A feed that should bring something at least this often; without, the rhythm is learned.
    pub fn new(expected: Option<Duration>, now: Instant) -> Self {
        Self {
            expected,
            start: now,
            last: None,
            last_at_ms: None,
            gaps: VecDeque::new(),
            arrivals: 0,
            rows: 0,
            columns: Vec::new(),
            schema: None,
            changes: Vec::new(),
            changed: 0,
        }
    }

    /// Something came: so many rows, at a wall time that is only shown.
    pub fn arrived(&mut self, now: Instant, now_ms: i64, rows: u64) {
        if let Some(last) = self.last {
            if self.gaps.len() == GAPS {
                self.gaps.pop_front();
            }
            self.gaps.push_back(now.saturating_duration_since(last).as_secs_f64() * 1e3);
        }
        self.last = Some(now);
        self.last_at_ms = Some(now_ms);
        self.arrivals += 1;
        self.rows += rows;
    }

    /// Remembers when something came before this run, to be shown.
    pub fn came_before(&mut self, at_ms: i64) {
        self.last_at_ms = Some(at_ms);
    }

    /// Takes note of the columns that came; gives whether they differ from those before.
    pub fn saw(&mut self, table: &Table) -> bool {
        let now: Vec<(String, Kind)> = table.columns().iter().map(|c| (c.name.clone(), c.kind())).collect();
        if now == self.columns {
            return false;
        }
        let first = self.schema.is_none();
        self.schema = Some(schema_fingerprint(&now));
        let before = std::mem::replace(&mut self.columns, now);
        if !first {
            self.changed += 1;
            self.changes = differences(&before, &self.columns);
        }
        !first
    }

    /// What is known of it now.
    pub fn status(&self, now: Instant) -> HeartbeatStatus {
        let usual_ms = median(&self.gaps);
        let expected_ms =
            self.expected.map(|d| d.as_secs_f64() * 1e3).or_else(|| usual_ms.map(|usual| usual * LEARNED_SLACK));
        let quiet_ms = now.saturating_duration_since(self.last.unwrap_or(self.start)).as_secs_f64() * 1e3;
        let beat = match expected_ms {
            None => Beat::Unknown,
            Some(expected) if quiet_ms > expected * SILENT => Beat::Silent,
            Some(expected) if quiet_ms > expected => Beat::Late,
            Some(_) if self.last.is_none() => Beat::Waiting,
            Some(_) => Beat::OnTime,
        };
        HeartbeatStatus {
            beat,
            expected_ms,
            usual_ms,
            last_at_ms: self.last_at_ms,
            quiet_ms,
            late_ms: expected_ms.map_or(0.0, |expected| (quiet_ms - expected).max(0.0)),
            arrivals: self.arrivals,
            rows: self.rows,
            schema: self.schema.clone(),
            schema_changes: self.changes.clone(),
            schema_changed: self.changed,
        }
    }
}

fn median(gaps: &VecDeque<f64>) -> Option<f64> {
    if gaps.len() < ENOUGH {
        return None;
    }
    let mut sorted: Vec<f64> = gaps.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted.get((sorted.len() - 1) / 2)?, sorted.get(sorted.len() / 2)?);
    Some(f64::midpoint(*low, *high))
}

/// SHA-256 over names and kinds of columns, in their order.
pub fn schema_fingerprint(columns: &[(String, Kind)]) -> String {
    // The length before each name keeps names with line breaks apart.
    let lines: Vec<String> =
        columns.iter().map(|(name, kind)| format!("{}:{name}:{}\n", name.len(), kind.word())).collect();
    let text = lines.concat();
    sha256_of(text.as_bytes())
}

fn differences(before: &[(String, Kind)], now: &[(String, Kind)]) -> Vec<String> {
    let kind = |list: &[(String, Kind)], name: &str| list.iter().find(|(n, _)| n == name).map(|(_, kind)| *kind);
    let gone = before.iter().filter(|(name, _)| kind(now, name).is_none()).map(|(n, _)| format!("“{n}” is gone."));
    let other = now.iter().filter_map(|(name, is)| match kind(before, name) {
        None => Some(format!("“{name}” is new.")),
        Some(was) if was != *is => Some(format!("“{name}” was {} and is {} now.", was.word(), is.word())),
        Some(_) => None,
    });
    let mut all: Vec<String> = gone.chain(other).collect();
    if all.is_empty() {
        all.push("The columns stand in another order.".to_owned());
    }
    let more = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    if more > 0 {
        all.push(format!("And {more} more."));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, Values};

    #[test]
    fn a_feed_is_on_time_then_late_then_silent() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut heart = Heartbeat::new(Some(Duration::from_secs(10)), start);
        assert_eq!(heart.status(at(5)).beat, Beat::Waiting);
        assert_eq!(heart.status(at(25)).beat, Beat::Silent, "a feed that never began is silent too");
        heart.arrived(at(30), 1_000, 7);
        assert_eq!(heart.status(at(39)).beat, Beat::OnTime);
        let late = heart.status(at(45));
        assert_eq!((late.beat, late.late_ms, late.rows, late.last_at_ms), (Beat::Late, 5_000.0, 7, Some(1_000)));
        assert_eq!(heart.status(at(51)).beat, Beat::Silent);
        assert_eq!(heart.status(start).beat, Beat::OnTime, "a moment before the last one is no panic");
    }

    #[test]
    fn a_rhythm_is_learned_from_what_came() {
        let start = Instant::now();
        let mut heart = Heartbeat::new(None, start);
        for beat in 0..6 {
            assert_eq!(heart.status(start).beat, Beat::Unknown);
            heart.arrived(start + Duration::from_secs(beat * 4), 0, 1);
        }
        let status = heart.status(start + Duration::from_secs(30));
        assert_eq!((status.usual_ms, status.expected_ms, status.beat), (Some(4_000.0), Some(12_000.0), Beat::OnTime));
        assert_eq!(heart.status(start + Duration::from_secs(33)).beat, Beat::Late);
        assert_eq!(heart.status(start + Duration::from_mins(1)).beat, Beat::Silent);
    }

    #[test]
    fn changes_of_the_columns_are_named() {
        let table = |columns: &[(&str, Values)]| {
            Table::new(columns.iter().map(|(name, values)| Column::new(*name, values.clone())).collect()).unwrap()
        };
        let numbers = Values::Float(vec![1.0]);
        let texts = Values::text([Some("a")]);
        let mut heart = Heartbeat::new(None, Instant::now());
        assert!(!heart.saw(&table(&[("a", numbers.clone()), ("b", numbers.clone())])), "the first is no change");
        assert!(!heart.saw(&table(&[("a", numbers.clone()), ("b", numbers.clone())])));
        let before = heart.status(Instant::now()).schema;
        assert!(heart.saw(&table(&[("a", texts), ("c", numbers.clone())])));
        let status = heart.status(Instant::now());
        assert_ne!(status.schema, before);
        assert_eq!(status.schema_changes, ["“b” is gone.", "“a” was number and is text now.", "“c” is new."]);
    }
}
