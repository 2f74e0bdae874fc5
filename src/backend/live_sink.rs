//! What takes the answers of a deployment: captured first, then measured, on the recorder's thread.

use crossbeam_channel::Sender;

use super::command::DeploymentId;
use super::service::Internal;
use crate::deploy::{AnsweredBatch, DeployEvent, Sink};
use crate::monitor::{ChunkReport, Monitor, ScoredBatch};
use crate::workspace::capture::{CaptureWriter, CapturedRows};

/// What a monitor found since it last reported.
pub(super) struct FinishedChunks {
    pub(super) reports: Vec<ChunkReport>,
    pub(super) rows_seen: u64,
}

/// Takes answers on the recorder's thread: captures them, then measures them.
pub(super) struct LiveSink {
    pub(super) id: DeploymentId,
    pub(super) internal: Sender<Internal>,
    pub(super) capture: Option<CaptureWriter>,
    pub(super) monitor: Monitor,
    pub(super) rows_seen: u64,
}

impl LiveSink {
    fn report(&self, reports: Vec<ChunkReport>) {
        if !reports.is_empty() {
            let chunks = Box::new(FinishedChunks { reports, rows_seen: self.rows_seen });
            self.internal.send(Internal::Chunks(self.id.clone(), chunks)).ok();
        }
    }
}

impl Sink for LiveSink {
    fn record(&mut self, batch: &AnsweredBatch) -> Result<(), String> {
        if let Some(capture) = &mut self.capture {
            let skipped: Vec<(u32, String)> = batch
                .scores
                .skipped
                .iter()
                .map(|s| (s.row.saturating_sub(batch.rows.start) as u32, s.why.to_string()))
                .collect();
            capture
                .append(&CapturedRows {
                    first_row: batch.first_row,
                    rows: batch.rows.len() as u32,
                    labels: &batch.scores.labels,
                    width: batch.scores.width as u32,
                    probabilities: &batch.scores.probabilities,
                    values: &batch.scores.values,
                    skipped: &skipped,
                    latency_ms: batch.latency_ms,
                    answered_at_ms: batch.answered_at_ms,
                })
                .map_err(|error| error.to_string())?;
        }
        self.rows_seen = batch.first_row + batch.rows.len() as u64;
        let reports = self.monitor.push(&ScoredBatch {
            table: &batch.table,
            rows: batch.rows.clone(),
            scores: &batch.scores,
            first_row: batch.first_row,
            latency_ms: Some(batch.latency_ms),
            answered_at: batch.answered_at,
        });
        self.report(reports);
        Ok(())
    }

    fn event(&mut self, event: DeployEvent) {
        self.internal.send(Internal::Deployment(self.id.clone(), event)).ok();
    }

    fn finished(&mut self) {
        let last = self.monitor.finish();
        self.report(last.into_iter().collect());
        self.internal.send(Internal::SinkClosed(self.id.clone())).ok();
    }
}
