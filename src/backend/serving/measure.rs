//! The thread that measures what a served model answered: requests back into rows, then into the monitor.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use parking_lot::Mutex;

use super::BY_HAND;
use crate::backend::command::DeploymentId;
use crate::backend::live_sink::FinishedChunks;
use crate::backend::service::Internal;
use crate::data::{Column, Table, Values};
use crate::deploy::service::Kept;
use crate::model::binding::Cast;
use crate::model::session::ScoreReader;
use crate::model::tensor::{NamedTensor, TensorData};
use crate::model::{BoundModel, ModelFile, Scores};
use crate::monitor::{Monitor, ScoredBatch};

/// Requests that wait to be measured.
pub(super) const WAITING: usize = 1_024;
/// Rows that are measured together at most.
const TOGETHER: usize = 2_048;
/// What is there is measured after this at the latest.
const AT_LEAST_EVERY: Duration = Duration::from_millis(200);

/// How each version's tensors are read.
#[derive(Default)]
pub(super) struct Versions(Mutex<HashMap<String, Arc<BoundModel>>>);

impl Versions {
    pub(super) fn add(&self, version: &str, bound: BoundModel) {
        self.0.lock().insert(version.to_owned(), Arc::new(bound));
    }

    pub(super) fn file(&self, version: &str) -> Option<ModelFile> {
        self.get(version).map(|bound| bound.file().clone())
    }

    fn get(&self, version: &str) -> Option<Arc<BoundModel>> {
        self.0.lock().get(version).cloned()
    }
}

pub(super) struct Measuring {
    pub(super) id: DeploymentId,
    pub(super) internal: Sender<Internal>,
    pub(super) kept: Receiver<Kept>,
    pub(super) versions: Arc<Versions>,
    pub(super) monitor: Monitor,
    /// Disconnects when the service is gone and its files are closed.
    pub(super) bolted: Receiver<()>,
}

impl Measuring {
    /// Measures until the service is gone, then reports the last chunk.
    pub(super) fn run(mut self) {
        let mut waiting: Vec<Kept> = Vec::new();
        let mut rows = 0;
        let mut since = Instant::now();
        loop {
            let patience = if waiting.is_empty() { None } else { Some(AT_LEAST_EVERY.saturating_sub(since.elapsed())) };
            let next = match patience {
                None => self.kept.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(patience) => self.kept.recv_timeout(patience),
            };
            match next {
                Ok(kept) if *kept.feed == *BY_HAND => {}
                Ok(kept) => {
                    if waiting.is_empty() {
                        since = Instant::now();
                    }
                    // A batch is read by one version's outputs.
                    if waiting.first().is_some_and(|first| first.version != kept.version) {
                        self.measure(&mut waiting, &mut rows);
                    }
                    rows += rows_of(&kept);
                    waiting.push(kept);
                    if rows >= TOGETHER {
                        self.measure(&mut waiting, &mut rows);
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.measure(&mut waiting, &mut rows),
                Err(RecvTimeoutError::Disconnected) => {
                    self.measure(&mut waiting, &mut rows);
                    break;
                }
            }
        }
        let reports = self.monitor.finish().into_iter().collect();
        // Told even without a chunk: the rows of the last, unfinished one count too.
        let chunks = Box::new(FinishedChunks { reports, rows_seen: self.monitor.rows_seen() });
        self.internal.send(Internal::Chunks(self.id.clone(), chunks)).ok();
        // Whoever hears of the end may remove the folder.
        self.bolted.recv().ok();
        self.internal.send(Internal::SinkClosed(self.id.clone())).ok();
    }

    fn measure(&mut self, waiting: &mut Vec<Kept>, rows: &mut usize) {
        let batch = std::mem::take(waiting);
        *rows = 0;
        let Some(first) = batch.first() else { return };
        let Some(bound) = self.versions.get(&first.version) else { return };
        let read = ScoreReader::new(bound.file()).map_err(|error| error.to_string()).and_then(|mut reader| {
            let mut scores = Scores::default();
            for kept in &batch {
                reader.read(&kept.outputs, rows_of(kept), &mut scores).map_err(|error| error.to_string())?;
            }
            Ok((table(&bound, &batch)?, scores))
        });
        let (table, scores) = match read {
            Ok(read) => read,
            Err(why) => return tracing::warn!("answers of {} could not be measured: {why}", self.id),
        };
        let latency = batch.iter().map(|kept| kept.latency_ms).sum::<f64>() / batch.len() as f64;
        let reports = self.monitor.push(&ScoredBatch {
            table: &table,
            rows: 0..table.rows(),
            scores: &scores,
            first_row: self.monitor.rows_seen(),
            latency_ms: Some(latency),
            answered_at: Instant::now(),
        });
        self.report(reports);
    }

    fn report(&self, reports: Vec<crate::monitor::ChunkReport>) {
        if !reports.is_empty() {
            let chunks = Box::new(FinishedChunks { reports, rows_seen: self.monitor.rows_seen() });
            self.internal.send(Internal::Chunks(self.id.clone(), chunks)).ok();
        }
    }
}

fn rows_of(kept: &Kept) -> usize {
    kept.inputs.first().map_or(0, |input| input.tensor.rows())
}

/// The columns that fed the inputs, as far as the tensors still tell them.
fn table(bound: &BoundModel, batch: &[Kept]) -> Result<Table, String> {
    let mut columns = Vec::new();
    for input in &bound.binding().inputs {
        let tensors: Vec<&NamedTensor> =
            batch.iter().filter_map(|kept| kept.inputs.iter().find(|t| *t.name == *input.input)).collect();
        let width = input.columns.len().max(1);
        for (place, used) in input.columns.iter().enumerate() {
            let values = column(&tensors, place, width, input.cast);
            if !columns.iter().any(|known: &Column| known.name == used.column) {
                columns.push(Column::new(used.column.clone(), values));
            }
        }
    }
    Table::new(columns).map_err(|error| error.to_string())
}

/// The values at one place of every row.
fn column(tensors: &[&NamedTensor], place: usize, width: usize, cast: Cast) -> Values {
    let texts = tensors.iter().any(|t| matches!(t.tensor.data(), TensorData::Text(_)));
    if texts {
        let all = tensors.iter().flat_map(|t| match t.tensor.data() {
            TensorData::Text(values) => values.iter().skip(place).step_by(width).map(String::as_str).collect(),
            _ => Vec::new(),
        });
        if cast == Cast::NumberToText {
            return Values::Float(all.map(|text| text.parse().unwrap_or(f64::NAN)).collect());
        }
        return Values::text(all.map(|text| (!text.is_empty()).then_some(text)));
    }
    if tensors.iter().all(|t| matches!(t.tensor.data(), TensorData::Bool(_))) && cast == Cast::None {
        let all = tensors.iter().flat_map(|t| match t.tensor.data() {
            TensorData::Bool(values) => values.iter().skip(place).step_by(width).map(|v| u8::from(*v)).collect(),
            _ => Vec::new(),
        });
        return Values::Bool(all.collect());
    }
    let mut numbers = Vec::new();
    for tensor in tensors {
        numbers.extend((0..tensor.tensor.rows()).map(|row| number(tensor.tensor.data(), row * width + place)));
    }
    Values::Float(numbers)
}

fn number(data: &TensorData, at: usize) -> f64 {
    let found = match data {
        TensorData::Bool(v) => v.get(at).map(|v| f64::from(u8::from(*v))),
        TensorData::UInt8(v) => v.get(at).map(|v| f64::from(*v)),
        TensorData::UInt16(v) => v.get(at).map(|v| f64::from(*v)),
        TensorData::UInt32(v) => v.get(at).map(|v| f64::from(*v)),
        TensorData::UInt64(v) => v.get(at).map(|v| *v as f64),
        TensorData::Int8(v) => v.get(at).map(|v| f64::from(*v)),
        TensorData::Int16(v) => v.get(at).map(|v| f64::from(*v)),
        TensorData::Int32(v) => v.get(at).map(|v| f64::from(*v)),
        TensorData::Int64(v) => v.get(at).map(|v| *v as f64),
        TensorData::Float32(v) => v.get(at).map(|v| f64::from(*v)),
        TensorData::Float64(v) => v.get(at).copied(),
        // No column of a table feeds these.
        TensorData::Float16(_) | TensorData::Text(_) => None,
    };
    found.unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tensor::Tensor;

    fn tensor(shape: Vec<usize>, data: TensorData) -> NamedTensor {
        NamedTensor { name: "x".into(), tensor: Tensor::new(shape, data).unwrap() }
    }

    #[test]
    fn the_columns_of_a_matrix_are_told_apart() {
        let one = tensor(vec![2, 2], TensorData::Float32(vec![1.0, 2.0, 3.0, f32::NAN]));
        let two = tensor(vec![1, 2], TensorData::Float32(vec![5.0, 6.0]));
        let all = [&one, &two];
        assert_eq!(column(&all, 0, 2, Cast::None), Values::Float(vec![1.0, 3.0, 5.0]));
        let Values::Float(second) = column(&all, 1, 2, Cast::None) else { panic!() };
        assert!(second[1].is_nan() && second[2] == 6.0);
    }

    #[test]
    fn texts_that_were_numbers_are_numbers_again() {
        let texts = tensor(vec![3], TensorData::Text(vec!["1".to_owned(), String::new(), "2.5".to_owned()]));
        let Values::Float(numbers) = column(&[&texts], 0, 1, Cast::NumberToText) else { panic!() };
        assert!(numbers[0] == 1.0 && numbers[1].is_nan() && numbers[2] == 2.5);
        assert_eq!(column(&[&texts], 0, 1, Cast::None), Values::text([Some("1"), None, Some("2.5")]));
        let bools = tensor(vec![2], TensorData::Bool(vec![true, false]));
        assert_eq!(column(&[&bools], 0, 1, Cast::None), Values::Bool(vec![1, 0]));
        assert_eq!(column(&[&bools], 0, 1, Cast::BoolToNumber), Values::Float(vec![1.0, 0.0]));
    }
}
