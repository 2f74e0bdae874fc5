//! The series of a snapshot as points of the charts; remade only when a newer snapshot arrives.

use std::sync::Arc;

use chrono::DateTime;

use crate::app::panels::words::data_date;
use crate::app::widgets::format;
use crate::monitor::{ChunkReport, MonitorSnapshot, Series};
use crate::report::csv;

/// One series, ready to draw: x is the chunk's place.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) points: Vec<[f64; 2]>,
    pub(super) alerts: Vec<[f64; 2]>,
    pub(super) threshold: Option<f64>,
    pub(super) level: Option<f64>,
    /// What the threshold would have done in the reference.
    pub(super) note: String,
}

impl Line {
    fn of(series: &Series) -> Self {
        let points = points(&series.values);
        let alerts = points.iter().zip(&series.alerts).filter(|(p, a)| **a && p[1].is_finite()).map(|(p, _)| *p);
        let alerts = alerts.collect();
        let note = series
            .threshold
            .map_or_else(|| "No threshold could be learned from the reference".to_owned(), |t| t.false_alarms());
        Self {
            name: series.name.clone(),
            label: series.label.clone(),
            points,
            alerts,
            threshold: series.threshold.and_then(|t| t.line()),
            level: series.level,
            note,
        }
    }
}

/// Everything that the charts draw of one snapshot.
#[derive(Debug, Default)]
pub(super) struct Lines {
    of: Option<Arc<MonitorSnapshot>>,
    pub(super) metrics: Vec<Line>,
    pub(super) drift: Vec<Line>,
    pub(super) prediction: Line,
    pub(super) missing: Vec<Line>,
    pub(super) unseen: Vec<Line>,
    /// Median, 95th and 99th percentile, seconds.
    pub(super) latency: [Vec<[f64; 2]>; 3],
    pub(super) rate: Vec<[f64; 2]>,
    /// A label for each chunk.
    pub(super) chunks: Vec<String>,
}

impl Lines {
    pub(super) fn turn_to(&mut self, snapshot: &Arc<MonitorSnapshot>) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, snapshot)) {
            return;
        }
        let views = &snapshot.views;
        let all = |series: &[Series]| series.iter().map(Line::of).collect();
        self.metrics = all(&views.metrics);
        self.drift = all(&views.drift);
        self.prediction = Line::of(&views.prediction_drift);
        self.missing = all(&views.missing);
        self.unseen = all(&views.unseen);
        for line in &mut self.unseen {
            "Any unseen value raises an alert".clone_into(&mut line.note);
        }
        self.latency = views
            .latency_ms
            .each_ref()
            .map(|values| points(values).into_iter().map(|p| [p[0], p[1] / 1_000.0]).collect());
        self.rate = points(&views.rows_per_second);
        self.chunks =
            (0..snapshot.chunk_count()).map(|p| snapshot.chunk(p).map_or_else(String::new, |c| label(c))).collect();
        self.of = Some(Arc::clone(snapshot));
    }

    /// The words at a place of the x axis; nothing between two chunks.
    pub(super) fn x(&self, x: f64) -> String {
        if x < -0.01 || (x - x.round()).abs() > 0.01 {
            return String::new();
        }
        self.chunks.get(x.round() as usize).cloned().unwrap_or_default()
    }

    /// A line as a table for a file.
    pub(super) fn csv(&self, line: &Line) -> String {
        let head = ["chunk", "start_row", "start", "value", "threshold", "alert"];
        let rows = line.points.iter().filter_map(|point| {
            let alert = line.alerts.iter().any(|a| a[0] == point[0]);
            let rest = [csv::number(Some(point[1])), csv::number(line.threshold), alert.to_string()];
            Some(self.place(point[0] as usize)?.into_iter().chain(rest).collect::<Vec<_>>())
        });
        csv::table(&head, rows)
    }

    /// Several lines, named, side by side as a table for a file.
    pub(super) fn columns_csv(&self, columns: &[(&str, &[[f64; 2]])]) -> String {
        let head: Vec<&str> =
            ["chunk", "start_row", "start"].into_iter().chain(columns.iter().map(|(name, _)| *name)).collect();
        let rows = (0..self.chunks.len()).filter_map(|place| {
            let values = columns
                .iter()
                .map(|(_, points)| points.get(place).map_or_else(String::new, |p| csv::number(Some(p[1]))));
            Some(self.place(place)?.into_iter().chain(values).collect::<Vec<_>>())
        });
        csv::table(&head, rows)
    }

    /// Number, first row and first day of the chunk at a place.
    fn place(&self, place: usize) -> Option<[String; 3]> {
        let chunk = self.of.as_ref()?.chunk(place)?;
        Some([place.to_string(), chunk.start_row.to_string(), chunk.start_ms.map(data_date).unwrap_or_default()])
    }
}

fn points(values: &[Option<f64>]) -> Vec<[f64; 2]> {
    values.iter().enumerate().map(|(x, y)| [x as f64, y.unwrap_or(f64::NAN)]).collect()
}

/// What a chunk is called: its first day, else its first row.
pub(super) fn label(chunk: &ChunkReport) -> String {
    chunk
        .start_ms
        .and_then(DateTime::from_timestamp_millis)
        .map_or_else(|| format!("row {}", format::count(chunk.start_row)), |at| at.format("%-d %b").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_stand_on_values_only() {
        let series =
            Series { values: vec![Some(1.0), None, Some(3.0)], alerts: vec![false, true, true], ..Series::default() };
        let line = Line::of(&series);
        assert_eq!(line.alerts, [[2.0, 3.0]]);
        assert!(line.points[1][1].is_nan());
    }
}
