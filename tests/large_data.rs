//! A dataset whose table is too large to be held gives the answers of one that is held, from a file read in parts.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[path = "common/listener.rs"]
mod listener;
#[path = "common/runtime.rs"]
mod runtime;

use std::sync::Arc;

use listener::{Listener, options};
use modeldeck::backend::Command;
use modeldeck::backend::command::{Preparing, WhichRows};
use modeldeck::backend::rows::RowsView;
use modeldeck::backend::state::{RunView, State};
use modeldeck::validate::report::Timing;
use modeldeck::validate::{Plan, Report};

/// Far below any of the samples.
const SMALL: u64 = 100_000;

fn opened(folder: &std::path::Path, held_bytes: u64) -> Listener {
    let mut options = options(folder, runtime::runtime(), true);
    options.held_bytes = held_bytes;
    let mut listener = Listener::open(options);
    listener.samples();
    listener
}

fn comparable(run: &RunView) -> Report {
    let mut report = Report::clone(&run.report);
    report.created_at_ms = 0;
    for model in &mut report.models {
        model.timing = Timing::default();
        model.rows_per_second = 0.0;
    }
    report
}

/// A cell of the matrix of the first model, and the rows of its worst errors.
fn looked(listener: &mut Listener, run: &RunView) -> (Arc<RowsView>, Arc<RowsView>) {
    let model = run.report.models[0].sha256.clone();
    for which in [WhichRows::Cell { was: 1, said: 0, threshold: None }, WhichRows::Worst] {
        listener.backend.send(Command::ShowRows { run: run.id, model: model.clone(), which });
    }
    listener.until("the rows", |s: &State| s.looked.cell.is_some() && s.looked.worst.is_some());
    (listener.state.looked.cell.clone().unwrap(), listener.state.looked.worst.clone().unwrap())
}

#[test]
fn a_table_that_is_not_held_is_prepared_validated_looked_at_and_verified_in_parts() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut held = opened(folders[0].path(), u64::MAX);
    let mut parts = opened(folders[1].path(), SMALL);
    let named = |s: &State, end: &str| s.datasets.iter().find(|d| d.path.ends_with(end)).cloned().unwrap();
    for end in ["flights/april.parquet", "flights/stream.parquet"] {
        let (whole, cut) = (named(&held.state, end), named(&parts.state, end));
        assert_eq!((whole.one_in, whole.rows, &whole.id), (None, cut.rows, &cut.id));
        let kinds = |d: &modeldeck::backend::state::DatasetView| {
            d.schema.iter().map(|c| (c.name.clone(), c.kind, c.role)).collect::<Vec<_>>()
        };
        assert_eq!((kinds(&whole), &whole.target), (kinds(&cut), &cut.target), "{end}");
        assert!(cut.notes.iter().any(|note| note.contains("too large to be held")), "{:?}", cut.notes);
    }
    // Every row of April fits the sample; of the year only some do.
    assert_eq!(named(&parts.state, "flights/april.parquet").one_in, Some(1));
    assert_eq!(named(&parts.state, "flights/stream.parquet").one_in, Some(2));

    let asked = Preparing {
        model: parts.story("flights")[0].clone(),
        dataset: parts.dataset("flights/stream.parquet"),
        target: Some("late".to_owned()),
    };
    parts.backend.send(Command::Prepare(asked));
    parts.until("the preparation", |s| s.preparation.is_some());
    let prepared = parts.state.preparation.clone().unwrap();
    assert!(prepared.ready && prepared.one_in == 2, "{prepared:?}");

    let (whole, cut) = (held.validate_flights(), parts.validate_flights());
    assert_eq!(comparable(&cut), comparable(&whole));
    assert_eq!(looked(&mut parts, &cut), looked(&mut held, &whole));

    let model = cut.report.models[0].sha256.clone();
    parts.backend.send(Command::Reverify { run: cut.id, model });
    parts.until("the verification", |s| !s.rechecks.is_empty());
    assert_eq!(parts.state.rechecks[0].outcome.as_deref(), Ok(&[][..]));

    // Weak segments of the year are looked for in the drawn rows, the metrics come from all.
    parts.backend.send(Command::Validate {
        models: vec![cut.report.models[0].sha256.clone()],
        said: None,
        dataset: parts.dataset("flights/stream.parquet"),
        reference: None,
        plan: Box::new(Plan::new("late")),
    });
    parts.until("the validation of the year", |s| s.runs.len() == 2);
    let year = Arc::clone(&parts.state.runs[0]);
    assert_eq!(year.report.data.one_in, Some(2));
    assert_eq!(year.report.data.rows, named(&parts.state, "flights/stream.parquet").rows);
    parts.backend.send(Command::Reverify { run: year.id, model: year.report.models[0].sha256.clone() });
    parts.until("the second verification", |s| s.rechecks.len() == 2);
    assert_eq!(parts.state.rechecks[0].outcome.as_deref(), Ok(&[][..]));
    held.close();
    parts.close();
}
