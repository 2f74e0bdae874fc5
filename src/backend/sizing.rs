//! Sizing a validated model on its own validation data, and what is kept of it.

use std::sync::Arc;

use serde_json::Value;

use super::by_hand::{ByHand, bound_by_hand};
use super::command::DeployRequest;
use super::datasets::Source;
use super::event::JobTopic;
use super::jobs::{JobHandle, Outcome};
use super::service::{Service, now_ms};
use super::serving::Source as RequestSource;
use super::state::SizingView;
use crate::deploy::machine::Machine;
use crate::deploy::readiness::Measured;
use crate::deploy::service::{SIZED, sized};
use crate::deploy::sizing::{Point, Setting, Sizing, SizingPlan, Target, size};
use crate::model::{BoundModel, ModelFile, Runtime};

/// The settings that keep the newest sizing of each model begin with this.
const KEPT: &str = "sizing/";
/// Rows of the data that are asked about, in turn.
const ASKED: usize = 1_024;

/// What is kept of a sizing.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Kept {
    at_ms: i64,
    sizing: Sizing,
}

/// What a job needs to size a model.
struct Wanted {
    file: ModelFile,
    target_column: String,
    data: (Source, ByHand),
    rows: usize,
    target: Target,
    runtime: &'static Runtime,
}

fn measured(wanted: Wanted, handle: &JobHandle) -> Result<Sizing, String> {
    let Wanted { file, target_column, data: (source, by_hand), rows, target, runtime } = wanted;
    let table = source.dataset(handle)?.table;
    let binding = bound_by_hand(&file, &table, Some(&target_column), &by_hand).binding;
    let bound = BoundModel::bind(file.clone(), binding, &table).map_err(|error| error.to_string())?;
    let asked = table.rows().min(ASKED.max(rows));
    let mut requests = Vec::new();
    for from in (0..asked.saturating_sub(rows - 1)).step_by(rows) {
        requests.push(bound.tensors(&table, from..from + rows).map_err(|error| error.to_string())?);
    }
    let plan = SizingPlan::usual(Machine::look().cores, target);
    let start = |setting: &Setting| sized(&file, setting, runtime);
    size(&plan, SIZED, &requests, &start, handle)
}

/// What was measured of a model with settings like these: the same workers and threads, and of those the batch that
/// is nearest to what is wanted.
pub(super) fn measured_with(sizing: &Sizing, (workers, threads): (usize, usize), max_batch: usize) -> Option<Measured> {
    let same = |point: &&Point| (point.setting.workers, point.setting.threads) == (workers, threads);
    let point = sizing.points.iter().filter(same).min_by_key(|point| point.setting.max_batch.abs_diff(max_batch))?;
    Some(Measured {
        peak_bytes: point.peak_bytes,
        requests_per_second: point.requests_per_second,
        rows: sizing.rows as u64,
        p95_ms: point.p95_ms,
    })
}

impl Service {
    /// Sizes a model as a job.
    pub(super) fn size_model(&mut self, request: &DeployRequest, target: Target) {
        if self.jobs.is_running(&JobTopic::Size) {
            return self.warn("A sizing runs already. Wait for it, or cancel it first.");
        }
        if !self.runtime_ready() {
            return;
        }
        let Some(runtime) = Runtime::loaded() else { return };
        let Some(run) = self.state.runs.iter().find(|r| r.id == request.run).cloned() else {
            return self
                .error("That validation is no longer in this workspace. Validate the model again, then size it.");
        };
        let found = self.open_kept_model(&request.model).and_then(|file| Ok((file, self.source(&run.dataset)?)));
        let (file, source) = match found {
            Ok(found) => found,
            Err(why) => return self.sizing_failed(&request.model, why),
        };
        let rows = match &request.source {
            RequestSource::Http(http) => http.consumers.iter().map(|c| c.rows).max().unwrap_or(1),
            RequestSource::Replay => 1,
        };
        let wanted = Wanted {
            file,
            target_column: run.report.target.clone(),
            data: (source, self.by_hand(&request.model, &run.dataset)),
            rows: usize::try_from(rows).unwrap_or(ASKED).clamp(1, ASKED),
            target,
            runtime,
        };
        let model = request.model.clone();
        let name = format!("Sizing {}", self.model_name(&model));
        self.start_job(JobTopic::Size, name, move |handle| -> Outcome {
            let found = measured(wanted, handle);
            Box::new(move |service| match found {
                Ok(sizing) => service.keep_sizing(&model, sizing),
                Err(why) => service.sizing_failed(&model, why),
            })
        });
    }

    fn sizing_failed(&mut self, model: &str, why: String) {
        let view = self.state.sizing.entry(model.to_owned()).or_default();
        Arc::make_mut(view).failed = Some(why);
        self.touch();
    }

    fn keep_sizing(&mut self, model: &str, sizing: Sizing) {
        let kept = Kept { at_ms: now_ms(), sizing };
        if let Ok(value) = serde_json::to_value(&kept) {
            self.set_setting(format!("{KEPT}{model}"), value);
        }
        self.info(format!("Sized “{}”", self.model_name(model)));
        self.show_sizing(model, kept);
    }

    fn show_sizing(&mut self, model: &str, kept: Kept) {
        let view = SizingView { at_ms: kept.at_ms, sizing: Some(Arc::new(kept.sizing)), failed: None };
        self.state.sizing.insert(model.to_owned(), Arc::new(view));
        self.touch();
    }

    /// The kept sizings; one that this version cannot read is measured again when it is wanted.
    pub(super) fn load_sizings(&mut self) {
        let kept: Vec<(String, Value)> = self
            .state
            .settings
            .iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(KEPT)?.to_owned(), value.clone())))
            .collect();
        for (model, value) in kept {
            if let Ok(kept) = serde_json::from_value::<Kept>(value) {
                self.show_sizing(&model, kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::sizing::advise;

    fn point(workers: usize, threads: usize, max_batch: usize) -> Point {
        Point {
            setting: Setting { workers, threads, max_batch, max_wait_us: 0 },
            start_ms: 1.0,
            requests_per_second: 100.0 * workers as f64,
            rows_per_second: 100.0 * workers as f64,
            load: 70.0,
            p50_ms: 1.0,
            p95_ms: 2.0,
            p99_ms: 3.0,
            peak_bytes: max_batch as u64,
        }
    }

    fn sizing() -> Sizing {
        let points = vec![point(1, 1, 1), point(1, 1, 64), point(2, 1, 8)];
        let machine = Machine { cores: 2, memory_bytes: 8 << 30, available_bytes: 4 << 30 };
        let advice = advise(&points, Target::default(), machine);
        Sizing { schema_version: 1, machine, rows: 3, target: Target::default(), points, advice }
    }

    #[test]
    fn what_was_measured_is_that_of_the_same_workers_and_the_nearest_batch() {
        let of = |workers, threads, batch| measured_with(&sizing(), (workers, threads), batch);
        assert_eq!(of(1, 1, 256).map(|m| (m.peak_bytes, m.rows)), Some((64, 3)));
        assert_eq!(of(1, 1, 2).map(|m| m.peak_bytes), Some(1));
        assert_eq!(of(2, 1, 1).map(|m| m.requests_per_second), Some(200.0));
        assert_eq!(of(2, 2, 1), None);
    }

    #[test]
    fn a_kept_sizing_reads_back() {
        let kept = Kept { at_ms: 5, sizing: sizing() };
        let value = serde_json::to_value(&kept).unwrap();
        assert_eq!(serde_json::from_value::<Kept>(value).unwrap().sizing, kept.sizing);
    }
}
