use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::data::{NoWatch, Table};
use crate::deploy::serve::{Answer, Call, Label, LabelsTaken, ModelInfo, Refusal, Reply};
use crate::model::tensor::{Tensor, TensorData};

fn point(workers: usize, threads: usize, max_batch: usize, rate: f64, p95_ms: f64) -> Point {
    Point {
        setting: Setting { workers, threads, max_batch, max_wait_us: 0 },
        start_ms: 5.0,
        requests_per_second: rate,
        rows_per_second: rate,
        load: rate * 0.7,
        p50_ms: p95_ms / 2.0,
        p95_ms,
        p99_ms: p95_ms * 2.0,
        peak_bytes: (workers as u64) << 24,
    }
}

fn machine() -> Machine {
    Machine { cores: 4, memory_bytes: 8 << 30, available_bytes: 4 << 30 }
}

fn points() -> Vec<Point> {
    vec![
        point(1, 1, 1, 400.0, 3.0),
        point(1, 1, 64, 900.0, 12.0),
        point(2, 1, 64, 1_700.0, 14.0),
        point(4, 1, 64, 3_000.0, 18.0),
    ]
}

fn target(rate: Option<f64>, p95_ms: Option<f64>) -> Target {
    Target { requests_per_second: rate, p95_ms }
}

#[test]
fn the_thriftiest_setting_with_a_margin_is_advised() {
    let of = |rate, p95| advise(&points(), target(rate, p95), machine());
    let small = of(Some(500.0), Some(20.0));
    assert_eq!(small.setting, Some(points()[1].setting));
    assert!(small.reached && small.sentence.contains("500 requests a second"), "{}", small.sentence);
    // 800 is carried by one worker, but without a quarter to spare.
    assert_eq!(of(Some(800.0), None).setting, Some(points()[2].setting));
    assert_eq!(of(None, Some(5.0)).setting, Some(points()[0].setting));
    assert_eq!(of(None, None).setting, Some(points()[3].setting));
}

#[test]
fn a_target_out_of_reach_says_what_it_would_take() {
    let many = advise(&points(), target(Some(12_000.0), Some(20.0)), machine());
    assert!(!many.reached);
    assert_eq!(many.cores_needed, Some(20));
    let quick = advise(&points(), target(Some(100.0), Some(1.0)), machine());
    assert!(!quick.reached && quick.setting.is_none() && quick.sentence.contains("3.0 ms"), "{}", quick.sentence);
    assert_eq!(advise(&[], target(None, None), machine()).setting, None);
}

#[test]
fn the_usual_plan_never_asks_for_more_threads_than_cores() {
    for cores in [1, 2, 6, 32] {
        let plan = SizingPlan::usual(cores, Target::default());
        assert!(plan.settings.iter().all(|s| s.cores() <= cores), "{cores}");
        assert!(plan.settings.iter().any(|s| s.workers == cores) && plan.settings.iter().any(|s| s.threads == cores));
    }
}

/// Answers at once, or refuses.
struct Instantly {
    refuses: bool,
    asked: AtomicU64,
}

impl Front for Instantly {
    fn models(&self) -> Vec<ModelInfo> {
        Vec::new()
    }

    fn submit(&self, call: Call, reply: Reply) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let version = "1".into();
        reply(if self.refuses {
            Err(Refusal::QueueFull)
        } else {
            let latency = call.received.elapsed();
            Ok(Answer { id: call.id, model: call.model, version, outputs: call.inputs, latency })
        });
    }

    fn encode(&self, _: &str, _: Option<&str>, _: &Table) -> Result<Vec<NamedTensor>, Refusal> {
        Ok(Vec::new())
    }

    fn load(&self, _: &str) -> Result<(), Refusal> {
        Ok(())
    }

    fn unload(&self, _: &str) -> Result<(), Refusal> {
        Ok(())
    }

    fn feedback(&self, _: &str, _: &[Label]) -> Result<LabelsTaken, Refusal> {
        Ok(LabelsTaken::default())
    }

    fn prometheus(&self) -> String {
        String::new()
    }
}

fn requests() -> Vec<Vec<NamedTensor>> {
    let tensor = Tensor::new(vec![2, 1], TensorData::Float32(vec![0.5, 1.5])).unwrap();
    vec![vec![NamedTensor { name: "x".into(), tensor }]]
}

#[test]
fn every_setting_is_measured() {
    let plan = SizingPlan { seconds: 0.02, ..SizingPlan::usual(2, target(Some(100.0), None)) };
    let sizing = size(
        &plan,
        "m",
        &requests(),
        &|_| Ok(Arc::new(Instantly { refuses: false, asked: AtomicU64::new(0) })),
        &NoWatch,
    )
    .unwrap();
    assert_eq!((sizing.points.len(), sizing.rows), (plan.settings.len(), 2));
    assert!(sizing.advice.reached);
    for point in &sizing.points {
        let enough = (LEAST_PACED / plan.seconds).min(point.requests_per_second * USUAL_LOAD);
        assert_eq!(point.load, enough.max(100.0), "a latency of a few requests would be none");
        assert_eq!(point.rows_per_second, point.requests_per_second * 2.0);
    }
    let json = serde_json::to_value(&sizing).unwrap();
    assert!(json["points"][0]["workers"].is_u64() && json["advice"]["sentence"].is_string(), "{json}");
}

#[test]
fn a_refusal_ends_the_sizing_with_its_sentence() {
    let plan = SizingPlan { seconds: 0.02, ..SizingPlan::usual(1, Target::default()) };
    let refusing: Start<'_> = &|_| Ok(Arc::new(Instantly { refuses: true, asked: AtomicU64::new(0) }));
    let why = size(&plan, "m", &requests(), refusing, &NoWatch).unwrap_err();
    assert_eq!(why, Refusal::QueueFull.to_string());
    assert!(size(&plan, "m", &[], refusing, &NoWatch).unwrap_err().contains("no row"));
}
