//! A workspace with invented figures, for the tests of the panels.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{CentralPanel, Ui};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use crate::app::context::{Live, PanelContext, Request};
use crate::app::theme;
use crate::backend::State;
use crate::backend::command::DeployRequest;
use crate::backend::event::{JobTopic, JobView};
use crate::backend::state::{
    AlertView, DatasetView, DeploymentStateView, DeploymentView, ModelView, RunView, RuntimeView, Stage,
};
use crate::data::profile::profile;
use crate::data::schema::infer_roles;
use crate::data::{Column, Table, Values};
use crate::deploy::{FeedSettings, WorkerSettings};
use crate::model::signature::{DType, Port, Task};
use crate::model::{Inspection, ModelCard};
use crate::monitor::{Alert, AlertKind, AlertState, Severity};
use crate::validate::report::{AgainstTraining, DataInfo, Recommendation};
use crate::validate::{MetricValue, ModelResult, Report};

/// What a panel draws from, and what it asked for.
#[derive(Debug, Default)]
pub(in crate::app::panels) struct World {
    pub(in crate::app::panels) state: State,
    pub(in crate::app::panels) jobs: Vec<JobView>,
    pub(in crate::app::panels) live: Live,
    pub(in crate::app::panels) requests: RefCell<Vec<Request>>,
}

const DAY: i64 = 86_400_000;
const NOW: i64 = 20_000 * DAY;

impl World {
    /// A workspace without anything.
    pub(in crate::app::panels) fn empty() -> Self {
        let mut world = Self::default();
        world.state.workspace.ready = true;
        world.state.samples = true;
        world.state.runtime = RuntimeView::Ready {
            version: "1.28.0".to_owned(),
            path: PathBuf::from("lib"),
            source: "installed".to_owned(),
        };
        world
    }

    /// Two models validated on April, one of them deployed on what comes after, with open alerts.
    pub(in crate::app::panels) fn full() -> Self {
        let mut world = Self::empty();
        let state = &mut world.state;
        state.models = vec![model("a", "logistic regression"), model("b", "gradient boosting")];
        state.datasets = vec![
            dataset("april", "flights_2013_04.parquet", 15_796 * DAY, 300, true),
            dataset("year", "flights_2013_05_to_12.parquet", 15_826 * DAY, 900, true),
            dataset("bare", "no_origin.csv", 15_826 * DAY, 1_200, false),
        ];
        state.runs = vec![Arc::new(run())];
        state.deployments = vec![deployment("d1", true), deployment("d0", false)];
        state.alerts =
            vec![alert(7, Severity::Severe), alert(8, Severity::Warning)].into_iter().map(Arc::new).collect();
        world
    }

    /// A job that runs.
    pub(in crate::app::panels) fn with_job(mut self, topic: JobTopic, name: &str) -> Self {
        self.jobs.push(JobView {
            id: 5,
            name: name.to_owned(),
            topic,
            progress: Some(0.4),
            seconds: 2.0,
            left_s: Some(3.0),
            cancelling: false,
        });
        self
    }

    /// What was asked for so far.
    pub(in crate::app::panels) fn asked(&self) -> Vec<Request> {
        self.requests.borrow().clone()
    }

    /// What the panel sees.
    pub(in crate::app::panels) fn context(&self) -> PanelContext<'_> {
        PanelContext { state: &self.state, jobs: &self.jobs, live: &self.live, now_ms: NOW, requests: &self.requests }
    }
}

/// A panel drawn without a window.
pub(in crate::app::panels) fn harness(
    size: [f32; 2],
    world: World,
    mut draw: impl FnMut(&mut Ui, &PanelContext<'_>) + 'static,
) -> Harness<'static, World> {
    let mut harness =
        Harness::builder().with_size(size).with_max_steps(20).with_context_setup(theme::install).build_ui_state(
            move |ui, world: &mut World| {
                CentralPanel::default().show(ui, |ui| draw(ui, &world.context()));
            },
            world,
        );
    harness.run();
    harness
}

fn model(letter: &str, name: &str) -> Arc<ModelView> {
    let port = |name: &str, dtype| Port { name: name.to_owned(), dtype, shape: vec![None, Some(1)] };
    let inspection = Inspection {
        size_bytes: 1_240_000,
        ir_version: 8,
        opsets: [("ai.onnx".to_owned(), 17), ("ai.onnx.ml".to_owned(), 3)].into(),
        producer: Some("skl2onnx 1.19".to_owned()),
        inputs: vec![port("origin", DType::String), port("temp", DType::Float32), port("hour", DType::Int64)],
        outputs: vec![port("label", DType::Int64), port("probabilities", DType::Float32)],
        metadata: [("trained_by".to_owned(), "the operations team".to_owned())].into(),
        task: Task::Binary,
        classes: Some(vec!["0".to_owned(), "1".to_owned()]),
        operators: [("TreeEnsembleClassifier".to_owned(), 1), ("Cast".to_owned(), 4), ("Concat".to_owned(), 2)].into(),
        parameters: 182_044,
        problems: vec!["The output “probabilities” has no fixed width; it is read from the first batch.".to_owned()],
        ..Inspection::default()
    };
    let card = ModelCard {
        name: name.to_owned(),
        story: Some("flight_delays".to_owned()),
        purpose: Some(
            "Tells two hours before departure whether a flight will arrive 15 or more minutes late.".to_owned(),
        ),
        owner_role: Some("Operations analytics".to_owned()),
        training_data: Some("Departures of January to March 2013".to_owned()),
        training_period: Some("2013-01-01 to 2013-03-31".to_owned()),
        training_rows: Some(78_112),
        training_metrics: [("roc_auc".to_owned(), Some(0.77)), ("f1".to_owned(), Some(0.52))].into(),
        allowed_use: vec!["Planning of gates and crews".to_owned()],
        limits: vec!["Trained on winter months only".to_owned()],
        classes: Some(vec!["0".to_owned(), "1".to_owned()]),
        class_names: Some([("1".to_owned(), "late".to_owned()), ("0".to_owned(), "on time".to_owned())].into()),
        threshold: Some(0.35),
        licence: Some("CC0".to_owned()),
        ..ModelCard::default()
    };
    Arc::new(ModelView {
        id: letter.repeat(64),
        name: name.to_owned(),
        original_path: PathBuf::from("models/model.onnx"),
        added_at_ms: NOW - DAY,
        inspection: Arc::new(inspection),
        card: Some(Arc::new(card)),
        stage: if letter == "b" { Stage::Deployed } else { Stage::Validated },
        problem: None,
    })
}

fn dataset(id: &str, name: &str, first_ms: i64, rows: i32, origin: bool) -> Arc<DatasetView> {
    let count = 0..rows;
    let mut columns = vec![
        Column::new("time", Values::Time(count.clone().map(|i| first_ms + i64::from(i) * DAY / 50).collect())),
        Column::new("temp", Values::Float(count.clone().map(|i| 50.0 + 20.0 * (f64::from(i) / 40.0).sin()).collect())),
        Column::new("hour", Values::ints(count.clone().map(|i| i64::from(i % 24)).collect())),
        Column::new("late", Values::ints(count.clone().map(|i| i64::from(i % 4 == 0)).collect())),
    ];
    if origin {
        let names = ["JFK", "LGA", "EWR"];
        columns.push(Column::new("origin", Values::text(count.map(|i| names.get(i as usize % 3).copied()))));
    }
    let table = Table::new(columns).unwrap();
    Arc::new(DatasetView {
        id: id.to_owned(),
        name: name.to_owned(),
        path: PathBuf::from(name),
        rows: rows as usize,
        size_bytes: 2_100_000,
        schema: Arc::new(infer_roles(&table)),
        profile: Some(Arc::new(profile(&table))),
        notes: Vec::new(),
        problem: None,
        target: Some("late".to_owned()),
        time_column: Some("time".to_owned()),
    })
}

fn result(letter: &str, name: &str, value: f64, holds: bool) -> ModelResult {
    let metric = MetricValue {
        value: Some(value),
        low: Some(value - 0.007),
        high: Some(value + 0.007),
        level: 0.95,
        ..MetricValue::default()
    };
    ModelResult {
        name: name.to_owned(),
        path: String::new(),
        sha256: letter.repeat(64),
        rows: 300,
        rows_without_target: 0,
        skipped: Vec::new(),
        task: Task::Binary,
        classes: Vec::new(),
        class_names: Vec::new(),
        positive: None,
        threshold: None,
        metrics: BTreeMap::from([("roc_auc".to_owned(), metric)]),
        baseline: crate::validate::report::Baseline::default(),
        training: BTreeMap::new(),
        against_training: Some(AgainstTraining { metric: "roc_auc".to_owned(), training: 0.77, value, holds }),
        per_class: Vec::new(),
        confusion: None,
        curves: None,
        residuals: None,
        segments: Vec::new(),
        weak_segments: Vec::new(),
        gates: Vec::new(),
        verdict: "none".to_owned(),
        binding: crate::model::Binding::default(),
        notes: Vec::new(),
        timing: crate::validate::report::Timing::default(),
        rows_per_second: 100_000.0,
    }
}

fn run() -> RunView {
    RunView {
        id: 1,
        dataset: "april".to_owned(),
        dataset_name: "flights_2013_04.parquet".to_owned(),
        created_at_ms: NOW - 3 * 60_000,
        report: Arc::new(Report {
            schema_version: 1,
            created_at_ms: NOW - 3 * 60_000,
            models: vec![
                result("a", "logistic regression", 0.61, false),
                result("b", "gradient boosting", 0.742, true),
            ],
            comparison: Vec::new(),
            recommendation: Some(Recommendation {
                model: 1,
                name: "gradient boosting".to_owned(),
                reason: "ROC AUC 0.742 is 0.132 above logistic regression on the same rows.".to_owned(),
            }),
            data: DataInfo { path: String::new(), sha256: String::new(), rows: 300, columns: 5 },
            target: "late".to_owned(),
            level: 0.95,
            seed: 0,
        }),
    }
}

fn deployment(id: &str, live: bool) -> Arc<DeploymentView> {
    Arc::new(DeploymentView {
        id: id.to_owned(),
        request: Arc::new(DeployRequest {
            name: if live { "gradient boosting" } else { "gradient boosting #2" }.to_owned(),
            run: 1,
            model: "b".repeat(64),
            feed_dataset: "year".to_owned(),
            worker: WorkerSettings { workers: 1, intra_threads: 1, batch_rows: 512, queue_batches: 8 },
            feed: FeedSettings { rows_per_second: Some(5_000.0), repeat: false, start_row: 0 },
            chunking: None,
            time_column: Some("time".to_owned()),
        }),
        model_name: "gradient boosting".to_owned(),
        feed_name: "flights_2013_05_to_12.parquet".to_owned(),
        feed_rows: 227_000,
        live,
        state: if live { DeploymentStateView::Running } else { DeploymentStateView::Finished },
        started_at_ms: NOW - 60_000,
        captured: 84_200,
        monitor: None,
    })
}

fn alert(id: i64, severity: Severity) -> AlertView {
    AlertView {
        id,
        deployment: "d1".to_owned(),
        deployment_name: "gradient boosting".to_owned(),
        alert: Alert {
            kind: AlertKind::Metric("f1".to_owned()),
            severity,
            state: AlertState::Open,
            first_chunk: 12,
            last_chunk: 14,
            chunks: 3,
            value: Some(0.41),
            threshold: Some(0.45),
            message: format!("F1 fell to 0.41, below its threshold of 0.45 (number {id})"),
            ongoing: true,
            since_ms: Some(15_890 * DAY),
        },
    }
}

/// Clicks what has a name, wherever the page must scroll to, and gives what the panel asked for.
pub(in crate::app::panels) fn click(page: &mut Harness<'static, World>, name: &str) -> Vec<Request> {
    page.state_mut().requests.borrow_mut().clear();
    page.get_by_label(name).scroll_to_me();
    page.run();
    page.get_by_label(name).click();
    page.run();
    page.state().asked()
}
