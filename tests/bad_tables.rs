//! Tables that do not fit, through the whole program without a window: a clear sentence, nothing lost, every row that is
//! left out counted.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "common/listener.rs"]
mod listener;
#[path = "common/runtime.rs"]
mod runtime;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use listener::{Listener, options};
use modeldeck::backend::Command;
use modeldeck::backend::State;
use modeldeck::backend::command::{DeployRequest, Preparing};
use modeldeck::backend::state::{AlertView, DeploymentStateView, Preparation, RuntimeView};
use modeldeck::deploy::{FeedSettings, WorkerSettings};
use modeldeck::monitor::AlertKind;
use modeldeck::validate::{ModelResult, Plan};

/// A workspace with one model of two classes that takes a colour, a size and a count.
struct Bench {
    folder: tempfile::TempDir,
    listener: Listener,
    model: String,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = options(&folder.path().join("workspace"), runtime::runtime(), false);
        let mut listener = Listener::open(options).expect_errors();
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models/strings.onnx");
        listener.backend.send(Command::AddModels(vec![model]));
        let ready = |s: &State| s.models.len() == 1 && matches!(s.runtime, RuntimeView::Ready { .. });
        listener.until("the model and ONNX Runtime", ready);
        let model = listener.state.models.first().unwrap().id.clone();
        Self { folder, listener, model }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("table.csv")
    }

    /// Adds a table and gives its key.
    fn add(&mut self, text: &str) -> String {
        std::fs::write(self.file(), text).unwrap();
        self.listener.backend.send(Command::AddDataset(self.file()));
        self.listener.until("the table", |s| s.datasets.first().is_some_and(|d| d.profile.is_some()));
        self.listener.state.datasets.first().unwrap().id.clone()
    }

    /// How the table fits.
    fn prepare(&mut self, dataset: &str, target: Option<&str>) -> Arc<Preparation> {
        let target = target.map(str::to_owned);
        let asked = Preparing { model: self.model.clone(), dataset: dataset.to_owned(), target };
        self.listener.backend.send(Command::Prepare(asked));
        self.listener.until("the binding", |s| s.preparation.is_some());
        Arc::clone(self.listener.state.preparation.as_ref().unwrap())
    }

    fn send_run(&self, dataset: &str) {
        let (models, dataset) = (vec![self.model.clone()], dataset.to_owned());
        self.listener.backend.send(Command::Validate {
            models,
            said: None,
            dataset,
            reference: None,
            plan: Box::new(Plan::new("late")),
        });
    }

    /// The result of a run that must succeed.
    fn result(&mut self, text: &str) -> ModelResult {
        let dataset = self.add(text);
        self.send_run(&dataset);
        self.listener.until("the result", |s| !s.runs.is_empty());
        self.listener.state.runs.first().unwrap().report.models.first().unwrap().clone()
    }

    /// What is said of a run that must fail.
    fn refusal(&mut self, text: &str) -> String {
        let dataset = self.add(text);
        self.send_run(&dataset);
        let said = self.listener.next_told("the refusal");
        assert!(self.listener.state.runs.is_empty());
        said
    }
}

/// Rows of a usable table: colours, sizes, counts, and who was late.
fn rows(n: usize, late: impl Fn(usize) -> &'static str) -> String {
    let mut text = "colour,size,count,late\n".to_owned();
    for row in 0..n {
        let colour = ["red", "green", "blue"][row % 3];
        writeln!(text, "{colour},{},{},{}", row as f64 / 7.0 - 2.0, row % 15, late(row)).unwrap();
    }
    text
}

fn by_turns(row: usize) -> &'static str {
    if row.is_multiple_of(3) { "1" } else { "0" }
}

fn has_way_out(sentence: &str) {
    assert!(sentence.trim_end_matches('.').contains(". "), "no way out: {sentence}");
}

#[test]
fn without_the_target_the_columns_that_are_there_are_named() {
    let text = rows(40, by_turns).replacen("late", "delayed", 1);
    let mut bench = Bench::new();
    let dataset = bench.add(&text);
    let problem = bench.prepare(&dataset, Some("late")).target_problem.clone().unwrap();
    assert!(problem.contains("late") && problem.contains("delayed"), "{problem}");
    bench.send_run(&dataset);
    let said = bench.listener.next_told("the refusal");
    has_way_out(&said);
}

#[test]
fn without_an_input_it_is_named_and_nothing_runs() {
    let text = rows(40, by_turns).replacen("size", "weight", 1);
    let mut bench = Bench::new();
    let dataset = bench.add(&text);
    let prepared = bench.prepare(&dataset, Some("late"));
    assert_eq!((prepared.unbound.as_slice(), prepared.ready), (["size".to_owned()].as_slice(), false));
    bench.send_run(&dataset);
    let said = bench.listener.next_told("the refusal");
    assert!(said.contains("size"), "{said}");
    has_way_out(&said);
}

#[test]
fn a_text_where_a_number_must_be_costs_its_row_only() {
    let text = rows(40, by_turns).replacen("green,", "green,heavy ", 1);
    let mut bench = Bench::new();
    let dataset = bench.add(&text);
    let prepared = bench.prepare(&dataset, Some("late"));
    assert!(
        !prepared.ready && prepared.problems.iter().any(|p| p.blocks && p.rows_only && p.sentence.contains("heavy"))
    );
    bench.send_run(&dataset);
    has_way_out(&bench.listener.next_told("the refusal"));
    let (model, input) = (bench.model.clone(), "size".to_owned());
    bench.listener.backend.send(Command::SkipRows { model, dataset: dataset.clone(), input, skip: true });
    bench.listener.until("the new binding", |s| s.preparation.as_ref().is_some_and(|p| p.ready));
    bench.send_run(&dataset);
    bench.listener.until("the result", |s| !s.runs.is_empty());
    let result = bench.listener.state.runs.first().unwrap().report.models.first().unwrap().clone();
    assert_eq!(result.rows, 39);
    let [skipped] = result.skipped.as_slice() else { panic!("{:?}", result.skipped) };
    assert_eq!(skipped.rows, 1);
    assert!(skipped.reason.contains("size"), "{}", skipped.reason);
}

#[test]
fn an_input_without_any_value_is_said_or_skipped_and_never_guessed() {
    let mut text = "colour,size,count,late\n".to_owned();
    for row in 0..40 {
        writeln!(text, "red,{},,{}", row as f64 / 7.0, by_turns(row)).unwrap();
    }
    let said = Bench::new().refusal(&text);
    assert!(said.contains("count"), "{said}");
    has_way_out(&said);
}

#[test]
fn labels_the_model_does_not_know_are_refused_by_name() {
    let said = Bench::new().refusal(&rows(40, |row| if row.is_multiple_of(2) { "early" } else { "late" }));
    assert!(said.contains("early"), "{said}");
    has_way_out(&said);
}

#[test]
fn rows_without_a_truth_are_counted_and_left_out() {
    let result = Bench::new().result(&rows(40, |row| if row < 4 { "" } else { by_turns(row) }));
    assert_eq!((result.rows, result.rows_without_target), (36, 4));
}

#[test]
fn a_target_without_any_truth_is_refused() {
    let said = Bench::new().refusal(&rows(40, |_| ""));
    assert!(said.contains("late"), "{said}");
    has_way_out(&said);
}

#[test]
fn with_one_class_only_what_needs_two_has_no_value_and_says_why() {
    let result = Bench::new().result(&rows(40, |_| "0"));
    let auc = &result.metrics["roc_auc"];
    assert_eq!((auc.value, auc.low), (None, None));
    assert!(auc.reason.as_ref().is_some_and(|r| !r.is_empty()));
    assert!(result.metrics["accuracy"].value.is_some());
}

#[test]
fn one_row_is_measured_without_a_false_certainty() {
    let result = Bench::new().result(&rows(1, by_turns));
    assert_eq!(result.rows, 1);
    let accuracy = &result.metrics["accuracy"];
    let (low, high) = accuracy.low.zip(accuracy.high).unwrap();
    assert!(high - low > 0.5, "{low} to {high}");
}

#[test]
fn a_table_that_vanishes_or_changes_after_it_was_added_is_told() {
    let mut bench = Bench::new();
    let dataset = bench.add(&rows(40, by_turns));
    std::fs::remove_file(bench.file()).unwrap();
    bench.send_run(&dataset);
    let said = bench.listener.next_told("the refusal");
    assert!(said.contains("gone"), "{said}");
    has_way_out(&said);

    let mut bench = Bench::new();
    let dataset = bench.add(&rows(40, by_turns));
    std::fs::write(bench.file(), rows(60, by_turns)).unwrap();
    bench.send_run(&dataset);
    let said = bench.listener.next_told("the refusal");
    assert!(said.contains("changed"), "{said}");
    has_way_out(&said);
}

impl Bench {
    /// Deploys the model on a table of its own, again and again.
    fn deploy(&mut self, rows_per_second: Option<f64>, worker: WorkerSettings) {
        let dataset = self.add(&rows(1_200, by_turns));
        self.send_run(&dataset);
        self.listener.until("the result", |s| !s.runs.is_empty());
        self.listener.backend.send(Command::Deploy(DeployRequest {
            source: modeldeck::backend::serving::Source::Replay,
            name: "strings".to_owned(),
            run: self.listener.state.runs.first().unwrap().id,
            model: self.model.clone(),
            feed_dataset: dataset,
            worker,
            feed: FeedSettings { rows_per_second, repeat: true, start_row: 0 },
            chunking: None,
            time_column: None,
            threshold: None,
        }));
        self.listener.until("the deployment", |s| s.deployments.iter().any(|d| d.live));
    }

    fn until_alert(&mut self, kind: &AlertKind) -> String {
        let is_it = |a: &Arc<AlertView>| a.alert.kind == *kind;
        self.listener.until("the alert", |s| s.alerts.iter().any(is_it));
        self.listener.state.alerts.iter().find(|a| is_it(a)).unwrap().alert.message.clone()
    }
}

#[test]
fn a_feed_whose_file_vanishes_goes_on_and_an_alert_says_so() {
    let mut bench = Bench::new();
    bench.deploy(Some(2_000.0), WorkerSettings { batch_rows: 100, ..WorkerSettings::default() });
    std::fs::remove_file(bench.file()).unwrap();
    let message = bench.until_alert(&AlertKind::Feed);
    assert!(message.contains("gone"), "{message}");
    let answered = |l: &Listener| l.answered.values().sum::<u64>();
    let before = answered(&bench.listener);
    bench.listener.wait("more answers", |l| answered(l) > before + 200);
    bench.listener.close();
}

#[test]
fn a_queue_that_is_full_is_an_alert_and_loses_nothing() {
    let mut bench = Bench::new();
    bench.deploy(Some(1_000_000.0), WorkerSettings { workers: 1, intra_threads: 1, batch_rows: 1, queue_batches: 1 });
    let message = bench.until_alert(&AlertKind::QueueFull);
    has_way_out(&message);
    let id = bench.listener.state.deployments.first().unwrap().id.clone();
    bench.listener.backend.send(Command::StopDeployment(id));
    bench.listener.until("the stop", |s| s.deployments.iter().all(|d| d.state == DeploymentStateView::Stopped));
    bench.listener.close();
}
