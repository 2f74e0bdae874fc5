//! Which alerts there are: chunks are judged by the lines of their reference, and crossings in a row are one alert.
//!
//! Until a person has acknowledged an alert, the same number crossing again after a quiet time extends it too: a number
//! that hovers around its line is one thing to look at, not a new one every other chunk.

use super::alert::{Alert, AlertKind, AlertState, Severity};
use super::chunk::{ChunkReport, ColumnChunk};
use super::profile::{ReferenceProfile, Threshold};
use crate::stats::{grouped, metric};

/// What became of an alert.
#[derive(Clone, Debug, PartialEq)]
pub enum AlertEvent {
    /// A new one.
    Raised(Alert),
    /// Another chunk crosses, or the same thing happened again.
    Extended(Alert),
    /// The number is back within its line.
    Ended(Alert),
}

impl AlertEvent {
    /// The alert as it is now.
    pub fn alert(&self) -> &Alert {
        match self {
            Self::Raised(alert) | Self::Extended(alert) | Self::Ended(alert) => alert,
        }
    }
}

/// All alerts of a deployment, in the order in which they began.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AlertBook {
    alerts: Vec<Alert>,
}

/// One number of a chunk, judged.
struct Finding {
    kind: AlertKind,
    severity: Severity,
    value: f64,
    threshold: Option<f64>,
    is_crossed: bool,
    /// What happened; asked for only when it is crossed.
    message: String,
}

impl AlertBook {
    /// A book from kept alerts.
    pub fn from_alerts(alerts: Vec<Alert>) -> Self {
        Self { alerts }
    }

    /// All alerts, the oldest first.
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// Alerts that nobody has acknowledged.
    pub fn open(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.iter().filter(|a| a.state == AlertState::Open)
    }

    /// Judges an analysis chunk; chunks must come in order. A number without a meaning in this chunk (no labels, no
    /// values) neither extends nor ends an alert.
    pub fn update(&mut self, chunk: &ChunkReport, profile: &ReferenceProfile) -> Vec<AlertEvent> {
        findings(chunk, profile).into_iter().filter_map(|finding| self.take(finding, chunk)).collect()
    }

    fn take(&mut self, finding: Finding, chunk: &ChunkReport) -> Option<AlertEvent> {
        let known = self.alerts.iter_mut().rev().find(|a| a.kind == finding.kind);
        let known = known.filter(|a| a.ongoing || a.state == AlertState::Open);
        match (known, finding.is_crossed) {
            (Some(alert), true) => {
                alert.ongoing = true;
                alert.last_chunk = chunk.index;
                alert.chunks += 1;
                alert.value = Some(finding.value);
                alert.threshold = finding.threshold;
                alert.message = finding.message;
                Some(AlertEvent::Extended(alert.clone()))
            }
            (Some(alert), false) if alert.ongoing => {
                alert.ongoing = false;
                Some(AlertEvent::Ended(alert.clone()))
            }
            (None, true) => {
                let alert = Alert {
                    kind: finding.kind,
                    severity: finding.severity,
                    state: AlertState::Open,
                    first_chunk: chunk.index,
                    last_chunk: chunk.index,
                    chunks: 1,
                    value: Some(finding.value),
                    threshold: finding.threshold,
                    message: finding.message,
                    ongoing: true,
                    since_ms: chunk.start_ms,
                };
                self.alerts.push(alert.clone());
                Some(AlertEvent::Raised(alert))
            }
            (_, false) => None,
        }
    }

    /// Notes what happened to the deployment itself (a worker panicked, the queue was full, the feed broke) during
    /// the chunk of that index. Again before it was acknowledged, it extends the same alert and `value` counts.
    pub fn note(
        &mut self,
        kind: AlertKind,
        severity: Severity,
        message: impl Into<String>,
        chunk: usize,
        at_ms: Option<i64>,
    ) -> AlertEvent {
        let message = message.into();
        if let Some(alert) = self.alerts.iter_mut().rev().find(|a| a.kind == kind && a.state == AlertState::Open) {
            if alert.last_chunk != chunk {
                alert.last_chunk = chunk;
                alert.chunks += 1;
            }
            alert.severity = alert.severity.max(severity);
            alert.value = Some(alert.value.unwrap_or_default() + 1.0);
            alert.message = message;
            return AlertEvent::Extended(alert.clone());
        }
        let alert = Alert {
            kind,
            severity,
            state: AlertState::Open,
            first_chunk: chunk,
            last_chunk: chunk,
            chunks: 1,
            value: Some(1.0),
            threshold: None,
            message,
            ongoing: false,
            since_ms: at_ms,
        };
        self.alerts.push(alert.clone());
        AlertEvent::Raised(alert)
    }

    /// A person has seen the alert of this kind that began in this chunk. It stays in the list and may still be
    /// extended. `false` when there is no such open alert.
    pub fn acknowledge(&mut self, kind: &AlertKind, first_chunk: usize) -> bool {
        let found = self
            .alerts
            .iter_mut()
            .find(|a| a.kind == *kind && a.first_chunk == first_chunk && a.state == AlertState::Open);
        if let Some(alert) = found {
            alert.state = AlertState::Acknowledged;
            return true;
        }
        false
    }
}

/// Every number of a chunk that has a line and a meaning.
fn findings(chunk: &ChunkReport, profile: &ReferenceProfile) -> Vec<Finding> {
    let mut found = Vec::new();
    for metric in &profile.metrics {
        let (Some(value), Some(threshold)) = (chunk.metric(&metric.name), metric.threshold) else { continue };
        let label = metric::title(&metric.name);
        found.push(judged(
            AlertKind::Metric(metric.name.clone()),
            Severity::Severe,
            value,
            &threshold,
            |shown, line| {
                let (verb, side) = if threshold.upper.is_some() { ("rose", "above") } else { ("fell", "below") };
                format!("{label} {verb} to {shown}, {side} {line} {}", threshold.origin())
            },
        ));
    }
    let drift = |kind: AlertKind, subject: &str, value: Option<f64>, threshold: Option<Threshold>| {
        let (value, threshold) = (value?, threshold?);
        Some(judged(kind, Severity::Warning, value, &threshold, |shown, line| {
            format!("{subject} drifted to {shown}, above {line} {}", threshold.origin())
        }))
    };
    found.extend(drift(AlertKind::PredictionDrift, "The prediction", chunk.prediction.drift, profile.prediction.drift));
    for (reference, column) in profile.columns.iter().zip(&chunk.columns) {
        let name = &reference.name;
        found.extend(drift(AlertKind::Drift(name.clone()), &quoted(name), column.drift, reference.drift));
        if let (Some(share), Some(threshold)) = (column.missing_share(), reference.missing) {
            let kind = AlertKind::Missing(name.clone());
            found.push(judged(kind, Severity::Warning, share, &threshold, |_, _| {
                let line = threshold.line().unwrap_or_default();
                let (shown, line) = apart(share * 100.0, line * 100.0, 1);
                format!("{shown} % of {} is missing, above {line} % {}", quoted(name), threshold.origin())
            }));
        }
        found.push(Finding {
            kind: AlertKind::Unseen(name.clone()),
            severity: Severity::Warning,
            value: column.unseen as f64,
            threshold: Some(0.0),
            is_crossed: column.unseen > 0,
            message: unseen_message(name, column),
        });
    }
    found
}

fn judged(
    kind: AlertKind,
    severity: Severity,
    value: f64,
    threshold: &Threshold,
    message: impl Fn(&str, &str) -> String,
) -> Finding {
    let is_crossed = threshold.is_crossed(value);
    let line = threshold.line();
    let message = if is_crossed {
        let (shown, line) = apart(value, line.unwrap_or_default(), 2);
        message(&shown, &line)
    } else {
        String::new()
    };
    Finding { kind, severity, value, threshold: line, is_crossed, message }
}

fn unseen_message(name: &str, column: &ColumnChunk) -> String {
    let verb = if column.unseen == 1 { "has" } else { "have" };
    let rows = grouped::rows(column.unseen);
    let examples: Vec<String> = column.unseen_examples.iter().take(3).map(|e| quoted(e)).collect();
    let such = if examples.is_empty() { String::new() } else { format!(", such as {}", examples.join(", ")) };
    format!("{rows} {verb} a value of {} that the reference does not have{such}", quoted(name))
}

fn quoted(name: &str) -> String {
    format!("“{name}”")
}

/// Two different numbers with as many digits as it takes to tell them apart: at least `decimals` after the point for
/// numbers below 100, none from 1,000 on.
fn apart(a: f64, b: f64, decimals: usize) -> (String, String) {
    let size = a.abs().max(b.abs());
    let least = if size >= 1000.0 {
        0
    } else if size >= 100.0 {
        decimals.min(1)
    } else {
        decimals
    };
    for decimals in least..=least + 8 {
        let pair = (format!("{a:.decimals$}"), format!("{b:.decimals$}"));
        if pair.0 != pair.1 {
            return pair;
        }
    }
    (a.to_string(), b.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_apart() {
        let pair = |a, b, d| {
            let (a, b) = apart(a, b, d);
            format!("{a} {b}")
        };
        assert_eq!(pair(0.4123, 0.4712, 2), "0.41 0.47");
        assert_eq!(pair(0.46951, 0.47, 2), "0.4695 0.4700");
        assert_eq!(pair(1234.6, 1100.2, 2), "1235 1100");
        assert_eq!(pair(0.02, 0.0, 1), "0.02 0.00");
    }

    #[test]
    fn what_happens_to_the_deployment_is_counted_until_it_is_seen() {
        let mut book = AlertBook::default();
        let full = || AlertKind::QueueFull;
        assert!(matches!(book.note(full(), Severity::Warning, "a", 3, Some(5)), AlertEvent::Raised(_)));
        let again = book.note(full(), Severity::Severe, "b", 4, Some(9));
        let alert = again.alert();
        assert_eq!((alert.chunks, alert.value, alert.severity), (2, Some(2.0), Severity::Severe));
        assert_eq!((alert.since_ms, alert.message.as_str()), (Some(5), "b"));
        assert!(book.acknowledge(&full(), 3));
        assert!(!book.acknowledge(&full(), 3));
        assert!(matches!(book.note(full(), Severity::Warning, "c", 5, None), AlertEvent::Raised(_)));
        assert_eq!((book.alerts().len(), book.open().count()), (2, 1));
    }
}
